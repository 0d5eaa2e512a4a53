package vault

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func check(t *testing.T, v *Vault) Health {
	t.Helper()
	h, err := v.Check(t.Context(), func(string, int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestCheckFindsNothingInAWholeVault(t *testing.T) {
	v, _ := newVault(t)
	keep(t, v, []byte("one"))
	keep(t, v, bytes.Repeat([]byte("two"), 100_000))
	h := check(t, v)
	if len(h.Faults) != 0 || h.Items != 2 || len(h.Leftovers) != 0 || h.Entries != 3 {
		t.Fatalf("%+v", h)
	}
}

func TestCheckNamesTheContentThatWasTouched(t *testing.T) {
	v, dir := newVault(t)
	keep(t, v, []byte("untouched"))
	names := blobNames(t, dir)
	id := keep(t, v, bytes.Repeat([]byte("evidence "), 40_000))
	for _, touch := range []func(b []byte) []byte{
		func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		func(b []byte) []byte { return b[:len(b)-1] },
		func([]byte) []byte { return nil },
	} {
		path := only(t, blobNames(t, dir), names)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, touch(bytes.Clone(whole)))
		h := check(t, v)
		if len(h.Faults) != 1 || h.Faults[0].Code != "doctor.content.changed" || h.Faults[0].Args[0] != string(id) {
			t.Errorf("%+v", h)
		}
		write(t, path, whole)
	}
}

func TestCheckCountsWhatNoRowNames(t *testing.T) {
	v, _ := newVault(t)
	if _, err := v.Originals.Put(t.Context(), "itm_interrupted", bytes.NewReader([]byte("interrupted"))); err != nil {
		t.Fatal(err)
	}
	if h := check(t, v); len(h.Leftovers) != 1 || h.Leftovers[0].Old() || len(h.Faults) != 0 {
		t.Fatalf("%+v", h)
	}
}

func TestCheckFindsAJournalThatWasTouched(t *testing.T) {
	v, dir := newVault(t)
	keep(t, v, []byte("one"))
	path := filepath.Join(dir, "journal", "checkpoint")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	write(t, path, b)
	if h := check(t, v); len(h.Faults) != 1 || h.Faults[0].Code != "doctor.public.unsigned" {
		t.Fatalf("%+v", h)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func blobNames(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, blobsDir, "*", "*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%v %v", names, err)
	}
	return names
}

// only gives the one name that was not there before.
func only(t *testing.T, now, before []string) string {
	t.Helper()
	old := map[string]bool{}
	for _, n := range before {
		old[n] = true
	}
	for _, n := range now {
		if !old[n] {
			return n
		}
	}
	t.Fatal("no new blob")
	return ""
}
