// Package seal turns readable bytes into sealed ones and back. It does not know
// what it seals, reads no file and keeps nothing on disk.
//
// Everything hangs on one Root of 32 random bytes. A passphrase opens a slot, and
// a slot holds the root. From the root come purpose keys, each for one kind of
// thing, so that one key never opens another's. Content is not sealed by a
// purpose key: every blob has a key of its own, and a purpose key wraps only that.
// Whoever destroys the wrapped key has destroyed the blob, wherever copies of it
// lie.
//
// There is nothing to choose: one algorithm for each task, one encoding of each
// thing. Whatever a key does not open is ErrSealed, whatever the reason. The bytes
// on disk are described in docs/formats/vault.md.
package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// ErrSealed is returned for bytes that this key does not open, whatever the
// reason: a caller must not learn why.
var ErrSealed = errors.New("sealed: this key does not open it")

// keySize is the length of every secret here.
const keySize = 32

// domain starts the label of every derived key. A change of meaning is a new
// version, never the same label.
const domain = "safehouse/v1/"

// A Key is one purpose key. It is safe for concurrent use. When its root is
// forgotten it opens nothing any more, and to seal with it is a mistake in the
// program: it panics, because bytes under a forgotten key would be lost.
type Key struct {
	root *Root // its lock guards what follows

	secret [keySize]byte // what Bytes gives; the three below are derived from it
	seal   [keySize]byte
	mac    [keySize]byte
	wrap   [keySize]byte
}

// derive makes the secret that label names from another secret.
func derive(from *[keySize]byte, label string) (out [keySize]byte) {
	b, err := hkdf.Key(sha256.New, from[:], nil, domain+label, keySize)
	if err != nil {
		panic(err) // only for lengths that HKDF cannot make
	}
	copy(out[:], b)
	clear(b)
	return out
}

func (k *Key) derive() {
	k.seal = derive(&k.secret, "key/seal")
	k.mac = derive(&k.secret, "key/mac")
	k.wrap = derive(&k.secret, "key/wrap")
}

// overwrite is called by the root under its lock.
func (k *Key) overwrite() {
	clear(k.secret[:])
	clear(k.seal[:])
	clear(k.mac[:])
	clear(k.wrap[:])
}

// Bytes gives the key itself, for what needs a raw one: the database's page key,
// the seed of the journal's signing key. Seal, Mac and Wrap use keys derived from
// it, so that nobody who is given these bytes opens anything else by accident.
func (k *Key) Bytes() [keySize]byte {
	defer k.use()()
	return k.secret
}

// Seal seals plain so that only this key opens it, and only with the same
// context: a sealed field that is moved to another row does not open there.
func (k *Key) Seal(plain []byte, context string) []byte {
	defer k.use()()
	return seal(&k.seal, plain, context)
}

// Open gives what was sealed under this context, or ErrSealed.
func (k *Key) Open(sealed []byte, context string) ([]byte, error) {
	return k.open(&k.seal, sealed, context)
}

// Mac gives 32 bytes that stand for b under this key and context, so that a
// digest can be looked up without being stored.
func (k *Key) Mac(b []byte, context string) []byte {
	defer k.use()()
	h := hmac.New(sha256.New, k.mac[:])
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(context)))
	h.Write(n[:])
	h.Write([]byte(context))
	h.Write(b)
	return h.Sum(nil)
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

func (k *Key) open(with *[keySize]byte, sealed []byte, context string) ([]byte, error) {
	k.root.lock.RLock()
	defer k.root.lock.RUnlock()
	if k.root.gone || len(sealed) < chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead {
		return nil, ErrSealed
	}
	nonce, box := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
	aead, err := chacha20poly1305.NewX(with[:])
	if err != nil {
		return nil, ErrSealed
	}
	plain, err := aead.Open([]byte{}, nonce, box, []byte(context))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// seal gives nonce ‖ ciphertext ‖ tag. The nonce is random: 24 bytes are enough
// that two never meet.
func seal(with *[keySize]byte, plain []byte, context string) []byte {
	aead, err := chacha20poly1305.NewX(with[:])
	if err != nil {
		panic(err) // only for another key length
	}
	out := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	rand.Read(out) // never fails: crypto/rand ends the program instead
	return aead.Seal(out, out, plain, []byte(context))
}
