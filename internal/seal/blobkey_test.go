package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"filippo.io/age"
)

const chunk = 64 << 10 // of an age file

func sealed(t testing.TB, b *BlobKey, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := b.Seal(&out)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func newBlobKey(t testing.TB) *BlobKey {
	t.Helper()
	b, err := NewBlobKey()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBlobOpensWholeAndInPlaces(t *testing.T) {
	for _, n := range []int{0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, 3*chunk + 7} {
		b, plain := newBlobKey(t), random(n)
		file := sealed(t, b, plain)
		r, err := b.Open(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %d, %v", n, len(got), err)
		}
		at, size, err := b.OpenAt(bytes.NewReader(file), int64(len(file)))
		if err != nil || size != int64(n) {
			t.Fatalf("%d bytes: %d, %v", n, size, err)
		}
		if got, err := io.ReadAll(io.NewSectionReader(at, size/3, size)); err != nil || !bytes.Equal(got, plain[n/3:]) {
			t.Errorf("%d bytes from a third on: %d, %v", n, len(got), err)
		}
		if k, err := at.ReadAt(make([]byte, 1), size+5); k != 0 || err != io.EOF {
			t.Errorf("%d bytes, past the end: %d, %v", n, k, err)
		}
	}
}

func TestBlobOpensWithTheStandardProgram(t *testing.T) {
	dir := t.TempDir()
	b, plain := newBlobKey(t), random(2*chunk+5)
	file, key := filepath.Join(dir, "blob"), filepath.Join(dir, "key")
	for name, content := range map[string][]byte{file: sealed(t, b, plain), key: []byte(b.Identity() + "\n")} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := exec.Command("age", "-d", "-i", key, file).Output()
	if err != nil || !bytes.Equal(got, plain) {
		t.Errorf("age gave %d bytes, %v", len(got), err)
	}
	cmd := exec.Command("age", "-r", b.identity.Recipient().String())
	cmd.Stdin = bytes.NewReader(plain)
	theirs, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Open(bytes.NewReader(theirs))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("of what age sealed: %d bytes, %v", len(got), err)
	}
}

func TestWrappedBlobKeyOpensOnlyUnderItsKeyAndContext(t *testing.T) {
	r := NewRoot()
	k, b := r.Key(Originals), newBlobKey(t)
	wrapped := b.Wrap(k, "itm_1")
	again, err := UnwrapBlobKey(k, wrapped, "itm_1")
	if err != nil || again.Identity() != b.Identity() {
		t.Fatalf("another key, or none: %v", err)
	}
	for what, err := range map[string]error{
		"another item":    second(UnwrapBlobKey(k, wrapped, "itm_2")),
		"another purpose": second(UnwrapBlobKey(r.Key(Renditions), wrapped, "itm_1")),
		"as a field":      second(k.Open(wrapped, "itm_1")),
		"a field":         second(UnwrapBlobKey(k, k.Seal([]byte(b.Identity()), "itm_1"), "itm_1")),
		"no key":          second(UnwrapBlobKey(k, seal(&k.parts[0].wrap, 1, []byte("AGE-SECRET-KEY-1X"), "c"), "c")),
		"other letters":   second(UnwrapBlobKey(k, seal(&k.parts[0].wrap, 1, bytes.ToLower([]byte(b.Identity())), "c"), "c")),
	} {
		if err != ErrSealed {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestNoByteOfABlobCanChange(t *testing.T) {
	b, plain := newBlobKey(t), random(2*chunk+9)
	file := sealed(t, b, plain)
	for i := 0; i < len(file); i += 1 + i/40 { // every byte of the header, then ever fewer
		bad := bytes.Clone(file)
		bad[i] ^= 0x10
		if got, err := readBoth(b, bad); err != ErrSealed {
			t.Fatalf("byte %d of %d: %d bytes, %v", i, len(file), got, err)
		}
	}
}

func TestABlobCannotBeCutOrGrow(t *testing.T) {
	b := newBlobKey(t)
	file := sealed(t, b, random(2*chunk))
	cuts := []int{0, 1, 30, 100, len(file) - 1, len(file) - 16, len(file) - chunk - 16, len(file) - chunk - 17}
	for _, n := range cuts {
		if _, err := readBoth(b, file[:n]); err != ErrSealed {
			t.Errorf("cut at %d of %d: %v", n, len(file), err)
		}
	}
	if _, err := readBoth(b, append(bytes.Clone(file), 0)); err != ErrSealed {
		t.Errorf("a byte more: %v", err)
	}
	other := sealed(t, b, random(2*chunk))
	swapped := append(bytes.Clone(file[:len(file)-chunk-16]), other[len(other)-chunk-16:]...)
	if _, err := readBoth(b, swapped); err != ErrSealed {
		t.Errorf("a chunk of another file under the same key: %v", err)
	}
	if _, err := readBoth(newBlobKey(t), file); err != ErrSealed {
		t.Errorf("another key: %v", err)
	}
}

// readBoth reads a file both ways and gives an error only if both do.
func readBoth(b *BlobKey, file []byte) (n int, err error) {
	r, err1 := b.Open(bytes.NewReader(file))
	if err1 == nil {
		_, err1 = io.Copy(io.Discard, r)
	}
	at, size, err2 := b.OpenAt(bytes.NewReader(file), int64(len(file)))
	if err2 == nil {
		_, err2 = io.Copy(io.Discard, io.NewSectionReader(at, 0, size))
	}
	switch {
	case err1 == nil || err2 == nil:
		return 0, nil
	case err1 != err2:
		return 0, errors.Join(err1, err2)
	}
	return 0, err1
}

var errDisk = errors.New("the disk cannot be read")

// brokenAfter fails from a place on, as a dying disk does.
type brokenAfter struct {
	b  []byte
	ok int64
}

func (d *brokenAfter) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > d.ok {
		return 0, errDisk
	}
	return bytes.NewReader(d.b).ReadAt(p, off)
}

func TestADyingDiskIsNotTakenForAWrongKey(t *testing.T) {
	b := newBlobKey(t)
	file := sealed(t, b, random(3*chunk))
	for _, ok := range []int64{0, 100, chunk} {
		disk := &brokenAfter{file, ok}
		r, err := b.Open(io.NewSectionReader(disk, 0, int64(len(file))))
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err != errDisk {
			t.Errorf("Open, broken at %d: %v", ok, err)
		}
		if _, _, err := b.OpenAt(disk, int64(len(file))); err != errDisk {
			t.Errorf("OpenAt, broken at %d: %v", ok, err)
		}
	}
}

func FuzzBlobOpen(f *testing.F) {
	b := newBlobKey(f)
	f.Add(sealed(f, b, []byte("x")))
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := readBoth(b, file); err != nil && err != ErrSealed {
			t.Errorf("told more than that it is sealed: %v", err)
		}
	})
}

const benchSize = 64 << 20

func BenchmarkBlobSeal(b *testing.B) {
	k, plain := newBlobKey(b), random(benchSize)
	b.SetBytes(benchSize)
	for b.Loop() {
		w, _ := k.Seal(io.Discard)
		w.Write(plain) //nolint:errcheck // to nowhere
		w.Close()
	}
}

func BenchmarkPlainAgeSeal(b *testing.B) {
	id, _ := age.GenerateX25519Identity()
	plain := random(benchSize)
	b.SetBytes(benchSize)
	for b.Loop() {
		w, _ := age.Encrypt(io.Discard, id.Recipient())
		w.Write(plain) //nolint:errcheck // to nowhere
		w.Close()
	}
}

func BenchmarkBlobOpen(b *testing.B) {
	k := newBlobKey(b)
	file := sealed(b, k, random(benchSize))
	b.SetBytes(benchSize)
	for b.Loop() {
		r, _ := k.Open(bytes.NewReader(file))
		if _, err := io.Copy(io.Discard, r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlainAgeOpen(b *testing.B) {
	id, _ := age.GenerateX25519Identity()
	file := sealed(b, &BlobKey{id}, random(benchSize))
	b.SetBytes(benchSize)
	for b.Loop() {
		r, _ := age.Decrypt(bytes.NewReader(file), id)
		if _, err := io.Copy(io.Discard, r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBlobRange(b *testing.B) {
	k := newBlobKey(b)
	file := sealed(b, k, random(benchSize))
	part := make([]byte, 100_000)
	i := int64(0)
	for b.Loop() {
		at, size, err := k.OpenAt(bytes.NewReader(file), int64(len(file)))
		if err == nil {
			_, err = at.ReadAt(part, i*7_654_321%(size-int64(len(part))))
		}
		if err != nil {
			b.Fatal(err)
		}
		i++
	}
}
