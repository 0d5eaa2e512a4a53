package seal

import (
	"bytes"
	"fmt"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
)

// workFactor is the cost of trying one passphrase: scrypt with N = 2^17, r = 8,
// p = 1 takes 128 MiB of memory and 0.4 s on the machine in
// docs/formats/vault.md. Twice that would make a small server with several people
// entering at once run out of memory; half of it would halve the price of guessing.
const workFactor = 17

// maxSlot is far above the size of any slot that we make.
const maxSlot = 4096

// An Identity is what a member's passphrase opens: the key of one person, to which
// the vault's files are addressed. Use it and let it go.
type Identity struct {
	own *age.X25519Identity
}

// NewIdentity makes a random one.
func NewIdentity() (*Identity, error) {
	own, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("make an identity: %w", err)
	}
	return &Identity{own}, nil
}

// Recipient is the public side, age1…: not secret.
func (i *Identity) Recipient() string { return i.own.Recipient().String() }

// MakeSlot gives a slot: a standard age file that the passphrase opens and that
// holds the identity as the age program takes it.
func (i *Identity) MakeSlot(passphrase []byte) ([]byte, error) {
	to, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, fmt.Errorf("make a slot: %w", err)
	}
	to.SetWorkFactor(workFactor)
	text := i.text()
	defer clear(text)
	slot, err := sealFile(text, to)
	if err != nil {
		return nil, fmt.Errorf("make a slot: %w", err)
	}
	return slot, nil
}

func (i *Identity) text() []byte { return []byte(i.own.String() + "\n") }

// OpenSlot gives the identity that the slot holds. A wrong passphrase, a damaged
// slot and one that asks for more work than we ever do are all ErrSealed.
func OpenSlot(slot, passphrase []byte) (*Identity, error) {
	with, err := age.NewScryptIdentity(string(passphrase))
	if err != nil || len(slot) > maxSlot {
		return nil, ErrSealed
	}
	with.SetMaxWorkFactor(workFactor)
	text, err := openFile(slot, with)
	if err != nil {
		return nil, ErrSealed
	}
	defer clear(text)
	return parseIdentity(text)
}

func parseIdentity(text []byte) (*Identity, error) {
	line, rest, ok := bytes.Cut(text, []byte("\n"))
	if !ok || len(rest) > 0 {
		return nil, ErrSealed
	}
	own, err := age.ParseX25519Identity(string(line))
	if err != nil {
		return nil, ErrSealed
	}
	i := &Identity{own}
	again := i.text()
	defer clear(again)
	if !bytes.Equal(again, text) {
		return nil, ErrSealed
	}
	return i, nil
}

// Own gives keys that hang on this identity alone, for what a member keeps for
// themselves.
func (i *Identity) Own() *Root {
	text := i.text()
	defer clear(text)
	r := &Root{keys: make(map[Purpose]*Key)}
	own := new([keySize]byte)
	derive(own, text, "identity")
	r.secrets = append(r.secrets, own)
	return r
}

// Format hides the identity however it is printed.
func (i *Identity) Format(f fmt.State, _ rune) { fmt.Fprint(f, protected) }

// WholeSlot says whether the bytes are a slot from the first to the last, as far as
// that can be seen without the passphrase.
func WholeSlot(slot []byte) bool {
	head, err := age.ExtractHeader(bytes.NewReader(slot))
	return err == nil && len(slot) == len(head)+ageNonceSize+identityLength+chacha20poly1305.Overhead
}

// identityLength is that of AGE-SECRET-KEY-1… and a newline.
const identityLength = 75
