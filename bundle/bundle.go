// Package bundle is the file format of a release: what leaves, and all that a
// stranger needs to check it offline. It imports nothing of ours but journal.
//
// A bundle is a ZIP of stored parts. SHA256SUMS lists the content; a signed note
// binds its digest to the release; a proof shows that the release is an entry of
// the journal whose key signed that note. unzip, sha256sum and any program for
// C2SP notes and proofs check the same things without this package.
//
// The same parts and the same seal always give the same bytes. Every byte of a
// bundle is either computed from others or covered by a digest, so there is no
// room to change or to hide anything. The bytes are described in
// docs/formats/bundle.md.
package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"safehouse/journal"
)

// Action is what the journal calls a release: the entry that proves a bundle has
// this action, the release as its subject, and one digest.
const Action = "release.make"

// The parts that are not content, in the order in which they follow it.
const (
	sumsName       = "SHA256SUMS"
	checkpointName = "journal/checkpoint"
	keyName        = "journal/key"
	proofName      = "journal/proof.txt"
	saltName       = "journal/salt"
	signatureName  = "signature"
)

var sealNames = []string{sumsName, checkpointName, keyName, proofName, saltName, signatureName}

// required content: a release without its claims is none.
var required = []string{"claims.json", "index.html"}

const (
	maxParts  = 1000
	maxName   = 100     // bytes
	maxSmall  = 1 << 18 // bytes: of each part that is not content
	signed    = "safehouse release 1"
	saltBytes = 16
)

// A Part is one file of the content. Open may be called more than once, and gives
// the same bytes each time.
type Part struct {
	Name   string
	Size   int64  // bytes
	Digest string // SHA-256 in lower-case hexadecimal
	Open   func() (io.ReadCloser, error)
}

// A Seal is all that proves the content.
type Seal struct {
	Release    string   // its ID
	Proof      []byte   // journal.Proof, encoded
	Checkpoint []byte   // the one within Proof
	Key        []byte   // verifier key, without a newline
	Signature  []byte   // what Sign gave
	Salt       [16]byte // of the entry's digest
}

// Sums gives SHA256SUMS over the content, as sha256sum -c reads it, sorted by
// name. It covers bytes and names; whether the names may stand in a bundle is
// for Write to say.
func Sums(parts []Part) []byte {
	var b bytes.Buffer
	for _, p := range sorted(parts) {
		fmt.Fprintf(&b, "%s  %s\n", p.Digest, p.Name)
	}
	return b.Bytes()
}

func sorted(parts []Part) []Part {
	parts = slices.Clone(parts)
	slices.SortFunc(parts, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	return parts
}

// Digest is the digest of SHA256SUMS: one number that stands for the content.
func Digest(sums []byte) string {
	sum := sha256.Sum256(sums)
	return hex.EncodeToString(sum[:])
}

// Sign binds the content to the release, under the journal's key.
func Sign(release string, sums []byte, s note.Signer) ([]byte, error) {
	if !releaseID.MatchString(release) {
		return nil, fmt.Errorf("sign release: not a release ID: %w", ErrRefused)
	}
	b, err := note.Sign(&note.Note{Text: signedText(release, Digest(sums))}, s)
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", release, err)
	}
	return b, nil
}

// signedText is what the signature says. Its first line has a space, so no
// checkpoint reads like it.
func signedText(release, digest string) string {
	return fmt.Sprintf("%s\n%s\n%s\n", signed, release, digest)
}

// ErrRefused is wrapped by the errors of Sign and Write for what must not stand
// in a bundle.
var ErrRefused = errors.New("refused")

var (
	releaseID   = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	contentName = regexp.MustCompile(`^(media/)?[a-z0-9]+([._-][a-z0-9]+)*$`)
)

// isContent says whether name may be one of the content: lower-case, in no
// folder but media, not ours, and not a folder of ours.
func isContent(name string) bool {
	switch name {
	case signatureName, "journal", "media":
		return false
	}
	return len(name) <= maxName && contentName.MatchString(name)
}

// parseSums reads what Sums wrote and refuses any other bytes.
func parseSums(b []byte) ([]Part, error) {
	var parts []Part
	rest := string(b)
	for rest != "" {
		line, after, ok := strings.Cut(rest, "\n")
		digest, name, two := strings.Cut(line, "  ")
		if !ok || !two || !isDigest(digest) || !isContent(name) || len(parts) == maxParts {
			return nil, journal.ErrMalformed
		}
		if n := len(parts); n > 0 && parts[n-1].Name >= name {
			return nil, journal.ErrMalformed
		}
		parts, rest = append(parts, Part{Name: name, Digest: digest}), after
	}
	for _, name := range required {
		if !slices.ContainsFunc(parts, func(p Part) bool { return p.Name == name }) {
			return nil, journal.ErrMalformed
		}
	}
	return parts, nil
}

func isDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && hex.EncodeToString(b) == s
}
