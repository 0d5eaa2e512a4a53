package seal

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"sync"

	"filippo.io/age"
)

// protected is what a key shows however it is printed.
const protected = "[protected]"

// workFactor is the cost of trying one passphrase: scrypt with N = 2^17, r = 8,
// p = 1 takes 128 MiB of memory and 0.4 s on the machine in
// docs/formats/vault.md. Twice that would make a small server with several people
// entering at once run out of memory; half of it would halve the price of guessing.
const workFactor = 17

// maxSlot is far above the size of any slot that we make.
const maxSlot = 4096

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
)

// A Root is the vault's root key. It lives in memory only. It is safe for
// concurrent use.
type Root struct {
	lock   sync.RWMutex // guards the rest, and the keys' bytes
	gone   bool
	secret [keySize]byte
	keys   map[Purpose]*Key
}

// NewRoot makes a random root.
func NewRoot() *Root {
	r := &Root{keys: make(map[Purpose]*Key)}
	rand.Read(r.secret[:]) // never fails: crypto/rand ends the program instead
	return r
}

// MakeSlot gives a slot: a standard age file that the passphrase opens and that
// holds the root's 32 bytes and nothing else.
func (r *Root) MakeSlot(passphrase []byte) ([]byte, error) {
	to, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, fmt.Errorf("make a slot: %w", err)
	}
	to.SetWorkFactor(workFactor)
	r.lock.RLock()
	defer r.lock.RUnlock()
	if r.gone {
		panic("seal: used a root after it was forgotten")
	}
	var slot bytes.Buffer
	w, err := age.Encrypt(&slot, to)
	if err == nil {
		_, err = w.Write(r.secret[:])
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("make a slot: %w", err)
	}
	return slot.Bytes(), nil
}

// OpenSlot gives the root that the slot holds. A wrong passphrase, a damaged slot
// and one that asks for more work than we ever do are all ErrSealed.
func OpenSlot(slot, passphrase []byte) (*Root, error) {
	with, err := age.NewScryptIdentity(string(passphrase))
	if err != nil || len(slot) > maxSlot {
		return nil, ErrSealed
	}
	with.SetMaxWorkFactor(workFactor)
	plain, err := age.Decrypt(bytes.NewReader(slot), with)
	if err != nil {
		return nil, ErrSealed
	}
	b, err := io.ReadAll(plain)
	defer clear(b)
	if err != nil || len(b) != keySize {
		return nil, ErrSealed
	}
	r := &Root{keys: make(map[Purpose]*Key)}
	copy(r.secret[:], b)
	return r, nil
}

// Key gives the key for one purpose: the same one every time.
func (r *Root) Key(p Purpose) *Key {
	switch p {
	case Originals, Renditions, Database, Fields, Index, Journal:
	default:
		panic("seal: unknown purpose " + string(p))
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.gone {
		panic("seal: used a root after it was forgotten")
	}
	if k, ok := r.keys[p]; ok {
		return k
	}
	k := &Key{root: r, secret: derive(&r.secret, "purpose/"+string(p))}
	k.derive()
	r.keys[p] = k
	return k
}

// Forget overwrites the root and every key that came from it. It waits for those
// in use. Copies that others took with Bytes are theirs to overwrite.
func (r *Root) Forget() {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.gone = true
	clear(r.secret[:])
	for _, k := range r.keys {
		k.overwrite()
	}
}

// Format hides the root however it is printed.
func (r *Root) Format(f fmt.State, _ rune) { fmt.Fprint(f, protected) }
