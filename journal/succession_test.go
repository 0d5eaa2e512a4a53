package journal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func signers(t testing.TB, n int) (out []*Signer, keys []string) {
	t.Helper()
	for i := range n {
		s, key, err := NewSigner("safehouse/test", [32]byte{byte(i + 1)})
		if err != nil {
			t.Fatal(err)
		}
		out, keys = append(out, s), append(keys, key)
	}
	return out, keys
}

func handOver(t testing.TB, old *Signer, since int64, key string) []byte {
	t.Helper()
	b, err := SignSuccession(Succession{"safehouse/test", since, key}, old)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhoKnowsAnyKeyFollowsToTheNewest(t *testing.T) {
	s, keys := signers(t, 4)
	dir := Dir(t.TempDir())
	var notes [][]byte
	for i := range 3 {
		notes = append(notes, handOver(t, s[i], int64(10*i), keys[i+1]))
	}
	if err := dir.PublishKeys(notes); err != nil {
		t.Fatal(err)
	}
	if err := dir.PublishKeys(notes); err != nil {
		t.Errorf("the same again: %v", err)
	}
	for i, known := range keys {
		got, way, err := dir.Follow(known)
		if err != nil || got != keys[3] || len(way) != 3-i {
			t.Errorf("from key %d: %s by %v, %v", i+1, got, way, err)
		}
	}
	_, theirs, err := NewSigner("safehouse/test", [32]byte{99})
	if err != nil {
		t.Fatal(err)
	}
	if got, way, err := dir.Follow(theirs); err != nil || got != theirs || len(way) != 0 {
		t.Errorf("from a stranger's key: %s by %v, %v", got, way, err)
	}
	other := [][]byte{notes[0], handOver(t, s[1], 5, keys[3])}
	if err := dir.PublishKeys(other); !errors.Is(err, ErrForked) {
		t.Errorf("another succession in place of the published one: %v", err)
	}
	if err := os.WriteFile(filepath.Join(string(dir), "key", "3"), notes[0], 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _, err := dir.Follow(keys[0]); err == nil {
		t.Errorf("a way that breaks off leads to %s", got)
	}
}

func TestOnlyTheKeyBeforeHandsOver(t *testing.T) {
	s, keys := signers(t, 3)
	b := handOver(t, s[0], 7, keys[1])
	if got, err := OpenSuccession(b, keys[0]); err != nil || got != (Succession{"safehouse/test", 7, keys[1]}) {
		t.Fatalf("%v, %v", got, err)
	}
	if _, err := OpenSuccession(b, keys[1]); err == nil {
		t.Error("by another key")
	}
	for i := range b {
		bad := append([]byte(nil), b...)
		bad[i] ^= 1
		if _, err := OpenSuccession(bad, keys[0]); err == nil {
			t.Fatalf("byte %d was changed", i)
		}
	}
	_, elsewhere, err := NewSigner("safehouse/other", [32]byte{5})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []Succession{{"safehouse/other", 1, keys[1]}, {"safehouse/test", -1, keys[1]}, {"safehouse/test", 1, "x"}, {"safehouse/test", 1, elsewhere}} {
		if _, err := SignSuccession(bad, s[0]); err == nil {
			t.Errorf("signed %v", bad)
		}
	}
	// A checkpoint is no succession, whoever signed it, nor the other way.
	if _, err := OpenCheckpoint(b, keys[0]); err == nil {
		t.Error("a succession was taken for a checkpoint")
	}
	for _, text := range []string{"safehouse/test\n3\n", strings.Replace(string(b[:strings.Index(string(b), "\n\n")+1]), "\n7\n", "\n07\n", 1)} {
		signed, err := note.Sign(&note.Note{Text: text}, s[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := OpenSuccession(signed, keys[0]); err == nil {
			t.Errorf("taken: %q", text)
		}
	}
}

func TestForgottenSignerSignsNothing(t *testing.T) {
	s, _ := signers(t, 1)
	key := s[0].key
	s[0].Forget()
	if _, err := s[0].Sign([]byte("x")); err == nil {
		t.Error("signed")
	}
	for _, b := range key {
		if b != 0 {
			t.Fatal("its key is still there")
		}
	}
}

func FuzzSuccession(f *testing.F) {
	s, keys := signers(f, 2)
	f.Add(handOver(f, s[0], 7, keys[1]))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := OpenSuccession(b, keys[0])
		if err != nil {
			return
		}
		again, err := SignSuccession(got, s[0])
		if err != nil || string(again) != string(b) {
			t.Error("two ways to write it")
		}
	})
}
