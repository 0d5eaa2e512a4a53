// Package evidence is the vocabulary that every other package speaks: items and
// renditions, mask plans, cases, people, claims, statuses, drafts and releases,
// under the field's standard terms (HURIDOCS Events Standard Formats, Berkeley
// Protocol, ISO 8601-2). It holds types and pure rules on them; it opens
// nothing, stores nothing and imports nothing of ours.
//
// Two kinds of value here protect people by their type alone. A [Secret] cannot
// be printed or encoded by accident. An ID is random and says nothing about what
// it names, so that journals, logs and queues may hold it for ever.
package evidence
