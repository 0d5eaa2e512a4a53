package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"filippo.io/age"
)

// protected is what a key shows however it is printed.
const protected = "[protected]"

// ErrNewer is returned for a key file that a newer program wrote.
var ErrNewer = errors.New("written by a newer program")

// A Purpose names what a key is for. Each has its own key.
type Purpose string

// The purposes. A name here is part of the format: it never changes.
const (
	Originals  Purpose = "originals"  // wraps the keys of originals
	Renditions Purpose = "renditions" // wraps the keys of renditions
	Database   Purpose = "database"   // encrypts the database's pages
	Fields     Purpose = "fields"     // seals names and words within the database
	Index      Purpose = "index"      // encrypts the search index
	Journal    Purpose = "journal"    // seed of the key that signs checkpoints
	Identities Purpose = "identities" // of a compartment: seals who somebody is
	Seen       Purpose = "seen"       // of one member: what they saw last
)

var purposes = []Purpose{Originals, Renditions, Database, Fields, Index, Journal, Identities, Seen}

// A Kind is what a key file is for. One is not taken for another.
type Kind string

// The kinds of key file.
const (
	VaultRoot   Kind = "root"        // the vault's: every member is a recipient
	Compartment Kind = "compartment" // a compartment's: its custodians are
)

// maxGenerations keeps a key file within one chunk with its recipients.
const maxGenerations = 400

// A Root is a root key through all its generations: the newest seals, all open.
// It lives in memory only. It is safe for concurrent use.
type Root struct {
	lock    sync.RWMutex // guards the rest, and the keys' bytes
	gone    bool
	secrets []*[keySize]byte // oldest first: generation 1 is secrets[0]
	keys    map[Purpose]*Key
}

// NewRoot makes a random root of one generation.
func NewRoot() *Root {
	r := &Root{keys: make(map[Purpose]*Key)}
	r.secrets = append(r.secrets, randomSecret())
	return r
}

func randomSecret() *[keySize]byte {
	s := new([keySize]byte)
	rand.Read(s[:]) // never fails: crypto/rand ends the program instead
	return s
}

// Generation is the number of the newest one; the oldest is 1.
func (r *Root) Generation() int {
	r.lock.RLock()
	defer r.lock.RUnlock()
	return len(r.secrets)
}

// Renew brings the root to that many generations, and gives write its new key file,
// see MakeFile. Only when write has returned nil, and the file is where it will be
// found again, is anything sealed under what is new, by the keys too that were
// given out before. Whoever seals meanwhile waits.
func (r *Root) Renew(generations int, kind Kind, recipients []string, write func(file []byte) error) error {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.mustBeThere()
	if generations > maxGenerations {
		return fmt.Errorf("renew a root: %d generations are the most", maxGenerations)
	}
	before := len(r.secrets)
	for len(r.secrets) < generations {
		r.secrets = append(r.secrets, randomSecret())
	}
	file, err := r.makeFile(kind, recipients)
	if err == nil {
		err = write(file)
	}
	if err != nil {
		for _, s := range r.secrets[before:] {
			clear(s[:])
		}
		r.secrets = r.secrets[:before]
		return err
	}
	for _, k := range r.keys {
		k.grow()
	}
	return nil
}

func (r *Root) mustBeThere() {
	if r.gone {
		panic("seal: used a root after it was forgotten")
	}
}

// MakeFile gives a standard age file that the recipients can open, with all
// generations and the list of those recipients.
func (r *Root) MakeFile(kind Kind, recipients []string) ([]byte, error) {
	r.lock.RLock()
	defer r.lock.RUnlock()
	r.mustBeThere()
	return r.makeFile(kind, recipients)
}

func (r *Root) makeFile(kind Kind, recipients []string) ([]byte, error) {
	recipients = slices.Compact(slices.Sorted(slices.Values(recipients)))
	var to []age.Recipient
	for _, text := range recipients {
		one, err := age.ParseX25519Recipient(text)
		if err != nil || one.String() != text {
			return nil, fmt.Errorf("make a %s file: a recipient is not one", kind)
		}
		to = append(to, one)
	}
	content := r.content(kind, recipients)
	defer clear(content)
	file, err := sealFile(content, to...)
	if err != nil {
		return nil, fmt.Errorf("make a %s file: %w", kind, err)
	}
	return file, nil
}

// content is written into one piece of memory, so that it can be overwritten.
func (r *Root) content(kind Kind, recipients []string) []byte {
	const line = 128 // longer than any
	b := make([]byte, 0, line*(1+len(r.secrets)+len(recipients)))
	b = append(b, title(kind)...)
	for i, s := range r.secrets {
		b = append(b, "generation "...)
		b = strconv.AppendInt(b, int64(i+1), 10)
		b = append(b, ' ')
		b = hex.AppendEncode(b, s[:])
		b = append(b, '\n')
	}
	for _, to := range recipients {
		b = append(b, "to "+to+"\n"...)
	}
	return b
}

func title(kind Kind) string { return "safehouse " + string(kind) + " 1\n" }

// OpenFile gives the root that a key file holds and the recipients that it was
// made for. A file that is damaged, of another kind or for others is ErrSealed;
// one of a newer format is ErrNewer.
func OpenFile(kind Kind, file []byte, with *Identity) (*Root, []string, error) {
	content, err := openFile(file, with.own)
	if err != nil {
		return nil, nil, ErrSealed
	}
	defer clear(content)
	return parseRoot(kind, content)
}

func parseRoot(kind Kind, content []byte) (*Root, []string, error) {
	head, rest, _ := bytes.Cut(content, []byte("\n"))
	if string(head)+"\n" != title(kind) {
		if n, ok := bytes.CutPrefix(head, []byte("safehouse "+string(kind)+" ")); ok && newer(n) {
			return nil, nil, ErrNewer
		}
		return nil, nil, ErrSealed
	}
	r := &Root{keys: make(map[Purpose]*Key)}
	var recipients []string
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if to, ok := bytes.CutPrefix(line, []byte("to ")); ok {
			recipients = append(recipients, string(to))
			continue
		}
		if len(recipients) > 0 || !r.parseGeneration(line) {
			r.Forget()
			return nil, nil, ErrSealed
		}
	}
	again := r.content(kind, recipients)
	defer clear(again)
	// One encoding: what would not be written so is refused.
	if len(r.secrets) == 0 || len(recipients) == 0 || !sorted(recipients) || !bytes.Equal(again, content) {
		r.Forget()
		return nil, nil, ErrSealed
	}
	return r, recipients, nil
}

// parseGeneration reads "generation N HEX"; that N is the next is seen when the
// content is compared with its one encoding.
func (r *Root) parseGeneration(line []byte) bool {
	space := bytes.LastIndexByte(line, ' ')
	if space < 0 || len(line)-space-1 != 2*keySize || len(r.secrets) >= maxGenerations {
		return false
	}
	s := new([keySize]byte)
	r.secrets = append(r.secrets, s)
	_, err := hex.Decode(s[:], line[space+1:])
	return err == nil
}

func newer(n []byte) bool {
	v, err := strconv.Atoi(string(n))
	return err == nil && v > 1 && strconv.Itoa(v) == string(n)
}

func sorted(texts []string) bool {
	return slices.IsSorted(texts) && len(slices.Compact(slices.Clone(texts))) == len(texts)
}

// Key gives the key for one purpose: the same one every time.
func (r *Root) Key(p Purpose) *Key {
	if !slices.Contains(purposes, p) {
		panic("seal: unknown purpose " + string(p))
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	r.mustBeThere()
	if k, ok := r.keys[p]; ok {
		return k
	}
	k := &Key{root: r, purpose: p}
	k.grow()
	r.keys[p] = k
	return k
}

// Forget overwrites the root and every key that came from it. It waits for those
// in use. Copies that others took with Raw are theirs to overwrite.
func (r *Root) Forget() {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.gone = true
	for _, s := range r.secrets {
		clear(s[:])
	}
	for _, k := range r.keys {
		k.overwrite()
	}
	scrub()
}

// Format hides the root however it is printed.
func (r *Root) Format(f fmt.State, _ rune) { fmt.Fprint(f, protected) }
