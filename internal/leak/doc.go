// Package leak is the gate that a release passes last. It assumes that all masking
// before it failed: it reads the final bytes of every part, shown and hidden, and
// reports where a protected name, number or term stands in them, however it is
// written or encoded.
//
// When Check returns without an error, every byte was either read or is reported as
// unread, and what was not read counts as found. The gate never says that
// something is clean because it did not understand it. A report holds no secret:
// it names the protected person or term by ID and shows a first letter and a
// length.
//
// Pixels and sound are not read. Neither are, yet: romanised spellings that are not
// among the given names, patterns of numbers that nobody listed, dates and places
// finer than a policy, and people who can be told from several facts together.
package leak

//go:generate python3 lookalikes.py
