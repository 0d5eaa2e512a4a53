package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// A Succession says that another key signs from now on. The key before it signs
// that, so that whoever knows the old key can follow to the new one.
type Succession struct {
	Origin string
	Since  int64  // the old key signed no state with more entries than this
	Key    string // the new verifier key
}

const successionTitle = "safehouse journal key 1"

func (s Succession) text() string {
	return fmt.Sprintf("%s\n%s\n%d\n%s\n", successionTitle, s.Origin, s.Since, s.Key)
}

// SignSuccession lets the old key say which one comes after it.
func SignSuccession(s Succession, old note.Signer) ([]byte, error) {
	if s.Origin != old.Name() || s.Since < 0 || CheckKey(s.Key) != nil || !strings.HasPrefix(s.Key, s.Origin+"+") {
		return nil, fmt.Errorf("sign a succession: %w", ErrMalformed)
	}
	b, err := note.Sign(&note.Note{Text: s.text()}, old)
	if err != nil {
		return nil, fmt.Errorf("sign a succession: %w", err)
	}
	return b, nil
}

// OpenSuccession reads a succession that oldKey signed, and only it.
func OpenSuccession(b []byte, oldKey string) (Succession, error) {
	text, err := OpenNote(b, oldKey)
	if err != nil {
		return Succession{}, fmt.Errorf("succession: %w", err)
	}
	l := lines{rest: text}
	title, origin, since, key := l.next(), l.next(), l.next(), l.next()
	n, err := strconv.ParseInt(since, 10, 64)
	s := Succession{origin, n, key}
	name, _, _ := strings.Cut(oldKey, "+")
	if l.bad || l.rest != "" || err != nil || n < 0 || title != successionTitle || s.text() != text ||
		origin != name || CheckKey(key) != nil || !strings.HasPrefix(key, origin+"+") {
		return Succession{}, fmt.Errorf("succession: %w", ErrMalformed)
	}
	return s, nil
}

// Succession reads the n-th key's; the first is the second's.
func (d Dir) Succession(n int) ([]byte, error) { return os.ReadFile(d.succession(n)) }

// isSuccession says whether a file of the folder is one by its name.
func isSuccession(name string) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(name, "key/"))
	return err == nil && n >= 2 && name == "key/"+strconv.Itoa(n)
}

func (d Dir) succession(n int) string { return filepath.Join(string(d), "key", strconv.Itoa(n)) }

// PublishKeys writes the successions beside the checkpoint, the first as key/2. What
// is published is never replaced by another: ErrForked.
func (d Dir) PublishKeys(notes [][]byte) error {
	for i, b := range notes {
		name := d.succession(i + 2)
		switch old, err := os.ReadFile(name); {
		case err == nil && string(old) == string(b):
			continue
		case err == nil:
			return fmt.Errorf("publish the journal's key %d: %w", i+2, ErrForked)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		if err := writeFile(name, b); err != nil {
			return fmt.Errorf("publish the journal's key %d: %w", i+2, err)
		}
	}
	if len(notes) == 0 {
		return nil
	}
	return errors.Join(syncFolder(filepath.Join(string(d), "key")), syncFolder(string(d)))
}

// Follow gives the key that signs today for whoever knows any earlier one, and
// the successions on the way. It believes only what the known key, and then each
// next one, has signed.
func (d Dir) Follow(known string) (key string, way []Succession, err error) {
	key = known
	for n := 2; ; n++ {
		b, err := os.ReadFile(d.succession(n))
		if errors.Is(err, fs.ErrNotExist) {
			return key, way, nil
		}
		if err != nil {
			return "", nil, err
		}
		s, err := OpenSuccession(b, key)
		switch {
		case err == nil:
			key, way = s.Key, append(way, s)
		case len(way) > 0:
			return "", nil, fmt.Errorf("key/%d: %w", n, err)
		} // before the known key came: not for it to say
	}
}
