// Package web shows the vault in a browser on the machine that it lies on.
//
// It starts locked and knows nothing then: every page but the one that asks for a
// passphrase leads there. The first member who enters opens the vault, others enter
// the same one with a passphrase of their own. When somebody locks it, or nobody
// has done anything for a while, the keys are forgotten, all sessions end, what is
// being sent is cut off, and no page shows anything any more: nothing was allowed
// to be kept.
//
// Pages work without scripts and fetch nothing from anywhere else. What a member
// may not see is as absent as what never was. Names that are protected are sealed
// on every page, also where a quotation holds them, however they are written there.
// A URL names nobody: it holds random IDs.
package web
