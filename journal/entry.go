// Package journal proves what was done and in which order. It is for outsiders:
// it imports nothing of ours, and what it writes can be checked with programs
// that others wrote.
//
// Each step is an Entry. Entries are the leaves of a Merkle tree (RFC 6962), the
// state of the tree is signed in a checkpoint, and a Proof shows that an entry is
// in it (C2SP tlog-checkpoint, signed-note, tlog-proof). A Dir lays the whole
// journal out for others to fetch and to check (C2SP tlog-tiles).
//
// A journal never forgets, so it is never told a name: entries hold random IDs
// and salted digests only. Drop the salt, and a digest means nothing any more.
//
// There is one encoding of each thing. What parses encodes back to the same
// bytes; all else is refused. The bytes are described in docs/formats/journal.md.
package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrMalformed is wrapped by every error about bytes that are not what they are
// taken for.
var ErrMalformed = errors.New("malformed")

const (
	entryHeader = "safehouse entry 1"
	saltHeader  = "safehouse salted digest 1"
	timeForm    = "2006-01-02T15:04:05.000000000Z"
	maxEntry    = 1<<16 - 1 // bytes: tlog-tiles gives the length two bytes
	maxWord     = 100       // bytes
)

// An Entry is one step. Actor and Subject are random IDs, Action is what was
// done, as "item.receive". Digests are what Salted gives.
type Entry struct {
	Time    time.Time
	Actor   string
	Action  string
	Subject string
	Digests []string
}

// Check says why an entry cannot be written: it is the program's mistake.
func (e Entry) Check() error {
	for _, w := range []string{e.Actor, e.Action, e.Subject} {
		if !isWord(w) {
			return fmt.Errorf("journal entry: a field is no ID: %w", ErrMalformed)
		}
	}
	for _, d := range e.Digests {
		if !isDigest(d) {
			return fmt.Errorf("journal entry: a digest is no salted digest: %w", ErrMalformed)
		}
	}
	if y := e.Time.UTC().Year(); y < 1 || y > 9999 {
		return fmt.Errorf("journal entry: year %d: %w", y, ErrMalformed)
	}
	if len(e.encode()) > maxEntry {
		return fmt.Errorf("journal entry: %d digests are too many: %w", len(e.Digests), ErrMalformed)
	}
	return nil
}

// Encode gives the entry's one encoding. It panics on an entry that Check
// refuses: nobody could read it again, and a journal cannot be mended.
func (e Entry) Encode() []byte {
	if err := e.Check(); err != nil {
		panic(err)
	}
	return e.encode()
}

func (e Entry) encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\ntime %s\nactor %s\naction %s\nsubject %s\n",
		entryHeader, e.Time.UTC().Format(timeForm), e.Actor, e.Action, e.Subject)
	for _, d := range e.Digests {
		fmt.Fprintf(&b, "digest %s\n", d)
	}
	return b.Bytes()
}

// ParseEntry reads what Encode wrote and refuses any other bytes.
func ParseEntry(b []byte) (Entry, error) {
	if len(b) > maxEntry {
		return Entry{}, fmt.Errorf("journal entry: too long: %w", ErrMalformed)
	}
	l := lines{rest: string(b)}
	var e Entry
	l.exact(entryHeader)
	at := l.field("time ")
	e.Actor, e.Action, e.Subject = l.field("actor "), l.field("action "), l.field("subject ")
	for l.rest != "" && !l.bad {
		e.Digests = append(e.Digests, l.field("digest "))
	}
	t, err := time.Parse(timeForm, at)
	if l.bad || err != nil {
		return Entry{}, fmt.Errorf("journal entry: %w", ErrMalformed)
	}
	e.Time = t
	if err := e.Check(); err != nil {
		return Entry{}, err
	}
	if !bytes.Equal(e.encode(), b) {
		return Entry{}, fmt.Errorf("journal entry: not its one encoding: %w", ErrMalformed)
	}
	return e, nil
}

// isWord says whether s can stand in an entry: letters, digits and _ . - only, so
// that no name with a space in it, and none in another script, ever gets there.
func isWord(s string) bool {
	if s == "" || len(s) > maxWord {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}

// isDigest says whether s is 32 bytes in lower-case hexadecimal.
func isDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && hex.EncodeToString(b) == s
}

// Salted gives what an entry says of a digest (SHA-256, lower-case hexadecimal):
// whoever is told the salt can check it, with sha256sum if they like; whoever is
// not learns nothing, even with the content in hand.
func Salted(salt [16]byte, digest string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%x\n%s\n", saltHeader, salt, digest))
	return hex.EncodeToString(sum[:])
}

// Leaf is the hash of an entry as a leaf of the tree.
func Leaf(entry []byte) tlog.Hash { return tlog.RecordHash(entry) }

// Append gives the hashes to store, from index tlog.StoredHashCount(size) on,
// when entry becomes the next leaf of a journal with size entries.
func Append(size int64, entry []byte, r tlog.HashReader) ([]tlog.Hash, error) {
	if _, err := ParseEntry(entry); err != nil {
		return nil, err
	}
	hashes, err := tlog.StoredHashes(size, entry, r)
	if err != nil {
		return nil, fmt.Errorf("append journal entry %d: %w", size, err)
	}
	return hashes, nil
}

// lines reads a text line by line and remembers whether anything was amiss.
type lines struct {
	rest string
	bad  bool
}

func (l *lines) next() string {
	line, rest, ok := strings.Cut(l.rest, "\n")
	if !ok {
		l.bad = true
	}
	l.rest = rest
	return line
}

func (l *lines) exact(want string) {
	if l.next() != want {
		l.bad = true
	}
}

func (l *lines) field(prefix string) string {
	value, ok := strings.CutPrefix(l.next(), prefix)
	if !ok {
		l.bad = true
	}
	return value
}
