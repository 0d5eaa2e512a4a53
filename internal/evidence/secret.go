package evidence

import (
	"errors"
	"fmt"
	"log/slog"
)

// protected is what a Secret shows however it is printed.
const protected = "[protected]"

// ErrSecret is returned when something tries to encode a Secret.
var ErrSecret = errors.New("a secret is not encoded: reveal it where that is meant")

// A Secret is a name, a word or a note that must not slip out. It prints as
// "[protected]" under every verb and will not encode; Reveal is the one way in,
// and reviewers search for it. The zero Secret is the empty text.
type Secret struct {
	text *string // a pointer: fmt would print a string through an unexported field
}

// Protect makes a Secret of text.
func Protect(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal gives the text. Every call is a place to look at in review.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty says whether there is no text.
func (s Secret) Empty() bool { return s.text == nil }

// Same compares two secrets without showing either.
func (s Secret) Same(t Secret) bool { return s.Reveal() == t.Reveal() }

// String hides the text.
func (s Secret) String() string { return protected }

// GoString hides the text from %#v.
func (s Secret) GoString() string { return protected }

// Format hides the text under every other verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, protected) }

// LogValue hides the text from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(protected) }

// MarshalJSON refuses.
func (s Secret) MarshalJSON() ([]byte, error) { return nil, ErrSecret }

// MarshalText refuses.
func (s Secret) MarshalText() ([]byte, error) { return nil, ErrSecret }

// MarshalBinary refuses; encoding/gob asks for it.
func (s Secret) MarshalBinary() ([]byte, error) { return nil, ErrSecret }
