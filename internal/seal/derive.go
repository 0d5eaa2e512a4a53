package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"golang.org/x/crypto/chacha20"
	"golang.org/x/crypto/chacha20poly1305"
)

// HMAC, HKDF and XChaCha20 are written out here, over the hash and the cipher of
// others, for one reason: the usual packages leave copies of the key in memory
// that nobody can reach to overwrite. The tests compare with those packages.

// mac256 is HMAC-SHA256 of the parts one after the other, under a key of at most
// 64 bytes.
func mac256(out *[32]byte, key []byte, parts ...[]byte) {
	var pad [sha256.BlockSize]byte
	h := sha256.New()
	defer wipe(h)
	defer clear(pad[:])
	copy(pad[:], key)
	for i := range pad {
		pad[i] ^= 0x36
	}
	h.Write(pad[:])
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(out[:0])
	h.Reset()
	for i := range pad {
		pad[i] ^= 0x36 ^ 0x5c
	}
	h.Write(pad[:])
	h.Write(out[:])
	h.Sum(out[:0])
}

// wipe overwrites the block that a hash holds, which has the last of what was
// written in it.
func wipe(h hash.Hash) {
	var zero [sha256.BlockSize]byte
	h.Reset()
	h.Write(zero[:sha256.BlockSize-1]) // a whole block would go past the buffer
	h.Write(zero[:1])
}

// hkdf is HKDF-SHA256 for 32 bytes.
func hkdf(out *[32]byte, secret, salt []byte, info string) {
	var prk [32]byte
	defer clear(prk[:])
	mac256(&prk, salt, secret)
	mac256(out, prk[:], []byte(info), []byte{1})
}

// derive makes the secret that label names from another secret.
func derive(out *[keySize]byte, from []byte, label string) {
	hkdf(out, from, nil, domain+label)
	scrub()
}

// scrub overwrites the stack below its caller, where those it called before kept
// copies.
//
//go:noinline
func scrub() {
	var b [8 << 10]byte
	touch(&b)
}

//go:noinline
func touch(b *[8 << 10]byte) { clear(b[:]) }

// xchacha gives the cipher and the nonce that XChaCha20-Poly1305 uses inside. The
// key of that cipher is good for this one nonce only.
func xchacha(with *[keySize]byte, nonce []byte) (cipher.AEAD, []byte, error) {
	one, err := chacha20.HChaCha20(with[:], nonce[:16])
	if err != nil {
		return nil, nil, err
	}
	defer clear(one)
	aead, err := chacha20poly1305.New(one)
	return aead, append(make([]byte, 4, chacha20poly1305.NonceSize), nonce[16:]...), err
}

const (
	nonceSize  = chacha20poly1305.NonceSizeX
	prefixSize = 4 // the generation
	overhead   = prefixSize + nonceSize + chacha20poly1305.Overhead
)

// seal gives generation ‖ nonce ‖ ciphertext ‖ tag. The nonce is random: 24 bytes
// are enough that two never meet. The generation is authenticated with the
// context.
func seal(with *[keySize]byte, generation int, plain []byte, context string) []byte {
	out := make([]byte, prefixSize+nonceSize, overhead+len(plain))
	binary.BigEndian.PutUint32(out, uint32(generation))
	nonce := out[prefixSize:]
	rand.Read(nonce) // never fails: crypto/rand ends the program instead
	aead, inner, err := xchacha(with, nonce)
	if err != nil {
		panic(err) // only for another key length
	}
	return aead.Seal(out, inner, plain, append(out[:prefixSize:prefixSize], context...))
}

// generationOf reads under which generation something was sealed; 0 is none.
func generationOf(sealed []byte) int {
	if len(sealed) < overhead {
		return 0
	}
	return int(binary.BigEndian.Uint32(sealed))
}

// unseal opens what seal gave.
func unseal(with *[keySize]byte, sealed []byte, context string) ([]byte, error) {
	aead, inner, err := xchacha(with, sealed[prefixSize:][:nonceSize])
	if err != nil {
		return nil, ErrSealed
	}
	plain, err := aead.Open([]byte{}, inner, sealed[prefixSize+nonceSize:], append(sealed[:prefixSize:prefixSize], context...))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
