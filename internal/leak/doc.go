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
// A name is found in every spelling and script that internal/names holds for the same,
// whichever one was listed. Under a policy the gate also looks for numbers and places
// that nobody listed, and for dates and places finer than the policy allows; and it
// counts traits that tell together who it is, over this release and earlier ones.
//
// Words in pictures and in the pictures of films are read by tesseract where there is
// one. A picture that was not read is unread, unless the policy names who looked. Nobody
// listens to sound. What a font of a PDF says falsely of its glyphs is believed, and a
// face is no word: that no face shows is the masking's to prove.
//
// The list lives in memory only. Whatever breaks while a file is taken apart makes the
// file unread, and says nothing of it.
package leak

//go:generate python3 lookalikes.py
