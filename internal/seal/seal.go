// Package seal turns readable bytes into sealed ones and back. It does not know
// what it seals, reads no file and keeps nothing on disk.
//
// A passphrase opens a slot, and a slot holds one member's Identity. Identities
// open key files, and a key file holds a Root: 32 random bytes for each of its
// generations. From the root come purpose keys, each for one kind of thing, so
// that one key never opens another's. When somebody leaves, a new generation
// begins: the newest seals, all of them open. Content is not sealed by a purpose
// key: every blob has a key of its own, and a purpose key wraps only that. Whoever
// destroys the wrapped key has destroyed the blob, wherever copies of it lie.
//
// There is nothing to choose: one algorithm for each task, one encoding of each
// thing. Whatever a key does not open is ErrSealed, whatever the reason. The bytes
// on disk are described in docs/formats/vault.md.
package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrSealed is returned for bytes that this key does not open, whatever the
// reason: a caller must not learn why.
var ErrSealed = errors.New("sealed: this key does not open it")

// keySize is the length of every secret here.
const keySize = 32

// domain starts the label of every derived key. A change of meaning is a new
// version, never the same label.
const domain = "safehouse/v1/"

// A Key is one purpose key through all generations. It is safe for concurrent use.
// When its root is forgotten it opens nothing any more, and to seal with it is a
// mistake in the program: it panics, because bytes under a forgotten key would be
// lost.
type Key struct {
	root    *Root // its lock guards what follows
	purpose Purpose
	parts   []*parts // of generation 1, 2, …
}

// parts are the keys of one generation. The purpose key itself is only in memory
// while they are derived from it.
type parts struct {
	raw  [keySize]byte // what Raw shows
	seal [keySize]byte
	mac  [keySize]byte
	wrap [keySize]byte
}

// grow derives what is missing. It is called by the root under its lock.
func (k *Key) grow() {
	var secret [keySize]byte
	defer clear(secret[:])
	for _, root := range k.root.secrets[len(k.parts):] {
		p := new(parts)
		derive(&secret, root[:], "purpose/"+string(k.purpose))
		derive(&p.raw, secret[:], "key/raw")
		derive(&p.seal, secret[:], "key/seal")
		derive(&p.mac, secret[:], "key/mac")
		derive(&p.wrap, secret[:], "key/wrap")
		k.parts = append(k.parts, p)
	}
}

// overwrite is called by the root under its lock.
func (k *Key) overwrite() {
	for _, p := range k.parts {
		*p = parts{}
	}
}

// Generation is the newest: under which this key seals.
func (k *Key) Generation() int { return k.root.Generation() }

// Raw shows f the key of one generation itself, for what needs a raw one: the
// database's pages, the journal's signer. A copy that f takes is its own to
// overwrite. Nobody who is given these bytes opens what Seal and Wrap sealed.
func (k *Key) Raw(generation int, f func(raw *[keySize]byte)) {
	defer k.use()()
	f(&k.parts[generation-1].raw)
}

// Seal seals plain so that only this key opens it, and only with the same
// context: a sealed field that is moved to another row does not open there.
func (k *Key) Seal(plain []byte, context string) []byte {
	defer k.use()()
	return seal(&k.newest().seal, len(k.parts), plain, context)
}

func (k *Key) newest() *parts { return k.parts[len(k.parts)-1] }

// Open gives what was sealed under this context, or ErrSealed.
func (k *Key) Open(sealed []byte, context string) ([]byte, error) {
	return k.open(func(p *parts) *[keySize]byte { return &p.seal }, sealed, context)
}

// Mac gives 32 bytes that stand for b under this key and context, so that a
// digest can be looked up without being stored.
func (k *Key) Mac(b []byte, context string) []byte {
	defer k.use()()
	return mac(&k.newest().mac, b, context)
}

// Macs gives what Mac gave in each generation, oldest first: to look up what was
// stored before the newest began.
func (k *Key) Macs(b []byte, context string) [][]byte {
	defer k.use()()
	var out [][]byte
	for _, p := range k.parts {
		out = append(out, mac(&p.mac, b, context))
	}
	return out
}

func mac(with *[keySize]byte, b []byte, context string) []byte {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(context)))
	out := new([32]byte)
	mac256(out, with[:], n[:], []byte(context), b)
	return out[:]
}

// Format hides the key however it is printed.
func (k *Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, protected) }

// use holds the root until the returned function is called.
func (k *Key) use() (done func()) {
	k.root.lock.RLock()
	if k.root.gone {
		k.root.lock.RUnlock()
		panic("seal: used a key after it was forgotten")
	}
	return k.root.lock.RUnlock
}

func (k *Key) open(which func(*parts) *[keySize]byte, sealed []byte, context string) ([]byte, error) {
	k.root.lock.RLock()
	defer k.root.lock.RUnlock()
	g := generationOf(sealed)
	if k.root.gone || g < 1 || g > len(k.parts) {
		return nil, ErrSealed
	}
	return unseal(which(k.parts[g-1]), sealed, context)
}
