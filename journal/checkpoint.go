package journal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	ed25519Note = 1       // the algorithm byte of a note's key
	maxNote     = 1 << 16 // bytes: far above any note of ours
)

// A Checkpoint is a signed state of the journal: its name, how many entries it
// has, and the root of their tree.
type Checkpoint struct {
	Origin string
	Tree   tlog.Tree
}

// NewSigner makes the journal's Ed25519 signer from a seed, and the verifier key
// to publish. The origin is the journal's name and its key's: printable ASCII
// without a space or a plus.
func NewSigner(origin string, seed [32]byte) (s *Signer, verifierKey string, err error) {
	if !isOrigin(origin) {
		return nil, "", fmt.Errorf("journal origin: %w", ErrMalformed)
	}
	key := ed25519.NewKeyFromSeed(seed[:])
	clear(seed[:])
	verifierKey, err = note.NewEd25519VerifierKey(origin, key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, "", fmt.Errorf("journal key: %w", err)
	}
	id, err := strconv.ParseUint(strings.Split(verifierKey, "+")[1], 16, 32)
	if err != nil {
		return nil, "", fmt.Errorf("journal key: %w", ErrMalformed)
	}
	return &Signer{name: origin, hash: uint32(id), key: key}, verifierKey, nil
}

// A Signer is a note.Signer whose key can be overwritten: that of package note
// keeps the key as text too.
type Signer struct {
	name string
	hash uint32

	lock sync.RWMutex // guards key
	key  ed25519.PrivateKey
}

// Name is the journal's.
func (s *Signer) Name() string { return s.name }

// KeyHash tells the key from others of the same name.
func (s *Signer) KeyHash() uint32 { return s.hash }

// Sign signs, until the key is forgotten.
func (s *Signer) Sign(msg []byte) ([]byte, error) {
	s.lock.RLock()
	defer s.lock.RUnlock()
	if len(s.key) == 0 {
		return nil, fmt.Errorf("sign for %s: the key was forgotten", s.name)
	}
	return ed25519.Sign(s.key, msg), nil
}

// Forget overwrites the key. It waits for who is signing.
func (s *Signer) Forget() {
	s.lock.Lock()
	defer s.lock.Unlock()
	clear(s.key)
	s.key = nil
}

func isOrigin(s string) bool {
	if s == "" || len(s) > maxWord {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || c == '+' {
			return false
		}
	}
	return true
}

// Fingerprint is the SHA-256, in lower-case hexadecimal, of a verifier key and
// the newline after it: what sha256sum says of a file with the key in it.
func Fingerprint(verifierKey string) string {
	sum := sha256.Sum256([]byte(verifierKey + "\n"))
	return hex.EncodeToString(sum[:])
}

// SignCheckpoint signs a state of the journal.
func SignCheckpoint(origin string, t tlog.Tree, s note.Signer) ([]byte, error) {
	if origin != s.Name() || t.N < 0 {
		return nil, fmt.Errorf("sign checkpoint %d: %w", t.N, ErrMalformed)
	}
	b, err := note.Sign(&note.Note{Text: checkpointText(origin, t)}, s)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint %d: %w", t.N, err)
	}
	return b, nil
}

func checkpointText(origin string, t tlog.Tree) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, t.N, t.Hash)
}

// OpenCheckpoint reads a checkpoint that verifierKey signed, and only it. Other
// signatures and extension lines, which C2SP allows, are refused: nothing in the
// bytes may go unchecked.
func OpenCheckpoint(b []byte, verifierKey string) (Checkpoint, error) {
	text, err := OpenNote(b, verifierKey)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	c, err := parseCheckpoint(text)
	if err != nil {
		return Checkpoint{}, err
	}
	if name, _, _ := strings.Cut(verifierKey, "+"); c.Origin != name {
		return Checkpoint{}, fmt.Errorf("checkpoint: of another journal than its key: %w", ErrMalformed)
	}
	return c, nil
}

// parseCheckpoint reads the text of a checkpoint, without its signature.
func parseCheckpoint(text string) (Checkpoint, error) {
	l := lines{rest: text}
	origin, size, root := l.next(), l.next(), l.next()
	n, err1 := strconv.ParseInt(size, 10, 64)
	hash, err2 := tlog.ParseHash(root)
	c := Checkpoint{origin, tlog.Tree{N: n, Hash: hash}}
	if l.bad || l.rest != "" || err1 != nil || err2 != nil || n < 0 || !isOrigin(origin) || checkpointText(origin, c.Tree) != text {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", ErrMalformed)
	}
	return c, nil
}

// OpenNote gives the text of a note that has exactly one signature, by
// verifierKey, in its one encoding.
func OpenNote(b []byte, verifierKey string) (text string, err error) {
	if len(b) > maxNote {
		return "", fmt.Errorf("note: too long: %w", ErrMalformed)
	}
	if err := CheckKey(verifierKey); err != nil {
		return "", err
	}
	v, err := note.NewVerifier(verifierKey)
	if err != nil {
		return "", fmt.Errorf("verifier key: %w", ErrMalformed)
	}
	n, err := note.Open(b, note.VerifierList(v))
	if err != nil {
		return "", fmt.Errorf("note: %w", err)
	}
	// What note.Open forgives: further signatures, and base64 that decodes to the
	// same bytes as another.
	raw, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	again := n.Text + "\n— " + v.Name() + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
	if err != nil || again != string(b) {
		return "", fmt.Errorf("note: not its one encoding: %w", ErrMalformed)
	}
	return n.Text, nil
}

// CheckKey refuses a verifier key that is not in its one encoding.
func CheckKey(verifierKey string) error {
	parts := strings.Split(verifierKey, "+")
	if len(parts) < 3 || !isOrigin(parts[0]) {
		return fmt.Errorf("verifier key: %w", ErrMalformed)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(parts[2:], "+")) // base64 has a plus too
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != ed25519Note {
		return fmt.Errorf("verifier key: %w", ErrMalformed)
	}
	again, err := note.NewEd25519VerifierKey(parts[0], raw[1:])
	if err != nil || again != verifierKey {
		return fmt.Errorf("verifier key: not its one encoding: %w", ErrMalformed)
	}
	return nil
}
