// Package bundletest makes whole, valid bundles for tests: a journal with some
// entries, its checkpoint, a release in it, and the parts of the caller.
package bundletest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"safehouse/bundle"
	"safehouse/journal"
)

// Release is the ID of every release made here.
const Release = "rel_0123456789abcdef"

// Origin is the journal's name.
const Origin = "test.safehouse"

// Content is a small release: two pages of text and two files of media.
func Content() map[string]string {
	return map[string]string{
		"claims.json":     `{"claims":[]}`,
		"index.html":      "<!doctype html><title>An appeal</title>",
		"media/clip.mp4":  "the bytes of a clip",
		"media/photo.jpg": "",
	}
}

// Parts are the parts with this content.
func Parts(content map[string]string) []bundle.Part {
	var parts []bundle.Part
	for name, text := range content {
		sum := sha256.Sum256([]byte(text))
		parts = append(parts, bundle.Part{Name: name, Size: int64(len(text)), Digest: hex.EncodeToString(sum[:]),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader([]byte(text))), nil }})
	}
	return parts
}

// Seal proves the parts under the journal whose key grows from seed. The same
// arguments give the same seal.
func Seal(t testing.TB, seed byte, parts []bundle.Part) bundle.Seal {
	t.Helper()
	signer, key, err := journal.NewSigner(Origin, [32]byte{seed})
	if err != nil {
		t.Fatal(err)
	}
	s := bundle.Seal{Release: Release, Key: []byte(key), Salt: [16]byte{seed, 0xab, 0xcd}}
	sums := bundle.Sums(parts)
	if s.Signature, err = bundle.Sign(Release, sums, signer); err != nil {
		t.Fatal(err)
	}
	digest := journal.Salted(s.Salt, bundle.Digest(sums))
	entries, hashes := grow(t, entry(bundle.Action, Release, digest))
	root, err := tlog.TreeHash(int64(len(entries)), hashes)
	if err != nil {
		t.Fatal(err)
	}
	s.Checkpoint, err = journal.SignCheckpoint(Origin, tlog.Tree{N: int64(len(entries)), Hash: root}, signer)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := journal.Prove(at, entries[at], s.Checkpoint, hashes)
	if err != nil {
		t.Fatal(err)
	}
	s.Proof = proof.Encode()
	return s
}

// Make gives the bundle of this content under the journal whose key grows from seed.
func Make(t testing.TB, seed byte, content map[string]string) []byte {
	t.Helper()
	parts := Parts(content)
	var b bytes.Buffer
	if err := bundle.Write(&b, parts, Seal(t, seed, parts)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	at   = 5 // where the release is in the journal
	size = 9
)

func entry(action, subject string, digests ...string) journal.Entry {
	return journal.Entry{Time: time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC), Actor: "mem_1", Action: action,
		Subject: subject, Digests: digests}
}

// grow makes a journal that has release as its entry number at.
func grow(t testing.TB, release journal.Entry) (entries [][]byte, hashes tlog.HashReader) {
	t.Helper()
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for i := range int64(size) {
		e := entry("item.receive", fmt.Sprintf("itm_%d", i))
		if i == at {
			e = release
		}
		more, err := journal.Append(i, e.Encode(), read)
		if err != nil {
			t.Fatal(err)
		}
		entries, stored = append(entries, e.Encode()), append(stored, more...)
	}
	return entries, read
}
