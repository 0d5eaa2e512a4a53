package seal

import (
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

func newFile(t testing.TB, r *Root, kind Kind, to ...*Identity) []byte {
	t.Helper()
	var recipients []string
	for _, i := range to {
		recipients = append(recipients, i.Recipient())
	}
	file, err := r.MakeFile(kind, recipients)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestKeyFileOpensForEachRecipientAndNobodyElse(t *testing.T) {
	r, a, b, c := NewRoot(), newIdentity(t), newIdentity(t), newIdentity(t)
	if err := renew(r); err != nil {
		t.Fatal(err)
	}
	sealed := r.Key(Fields).Seal([]byte("x"), "c")
	file := newFile(t, r, VaultRoot, a, b)
	for _, i := range []*Identity{a, b} {
		again, to, err := OpenFile(VaultRoot, file, i)
		if err != nil || again.Generation() != 2 || len(to) != 2 {
			t.Fatalf("%v to %v: %v", again, to, err)
		}
		if _, err := again.Key(Fields).Open(sealed, "c"); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := OpenFile(VaultRoot, file, c); err != ErrSealed {
		t.Errorf("somebody else: %v", err)
	}
	if _, _, err := OpenFile(Compartment, file, a); err != ErrSealed {
		t.Errorf("as a compartment: %v", err)
	}
}

func TestKeyFileOpensWithTheStandardProgram(t *testing.T) {
	dir := t.TempDir()
	r, a, b := counting(), newIdentity(t), newIdentity(t)
	if err := renew(r); err != nil {
		t.Fatal(err)
	}
	path, key := filepath.Join(dir, "root"), filepath.Join(dir, "id")
	for name, content := range map[string][]byte{path: newFile(t, r, VaultRoot, a, b), key: b.text()} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("age", "-d", "-i", key, path).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	if len(lines) != 6 || lines[0] != "safehouse root 1" ||
		lines[1] != "generation 1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" ||
		lines[2] != "generation 2 "+hex.EncodeToString(r.secrets[1][:]) || lines[5] != "" {
		t.Errorf("age gave %q", lines)
	}
	// And what the program sealed opens here.
	cmd := exec.Command("age", "-r", a.Recipient())
	cmd.Stdin = bytes.NewReader(out)
	theirs, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if again, _, err := OpenFile(VaultRoot, theirs, a); err != nil || again.Generation() != 2 {
		t.Errorf("what age sealed: %v", err)
	}
}

func TestDamagedKeyFileIsSealed(t *testing.T) {
	a := newIdentity(t)
	file := newFile(t, NewRoot(), VaultRoot, a, newIdentity(t))
	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 1
		if _, _, err := OpenFile(VaultRoot, bad, a); err != ErrSealed {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, _, err := OpenFile(VaultRoot, file[:i], a); err != ErrSealed {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if _, _, err := OpenFile(VaultRoot, append(bytes.Clone(file), 0), a); err != ErrSealed {
		t.Errorf("longer: %v", err)
	}
}

func TestKeyFileHasOneEncodingAndAVersion(t *testing.T) {
	const g = "generation 1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
	for content, want := range map[string]error{
		"safehouse root 1\n" + g + "to x\n":                                     nil,
		"safehouse root 2\nwhatever":                                            ErrNewer,
		"safehouse root 02\n" + g + "to x\n":                                    ErrSealed,
		"safehouse root 0\n" + g + "to x\n":                                     ErrSealed,
		"safehouse compartment 1\n" + g + "to x\n":                              ErrSealed,
		"safehouse root 1\n" + g:                                                ErrSealed,
		"safehouse root 1\nto x\n":                                              ErrSealed,
		"safehouse root 1\n" + g + g + "to x\n":                                 ErrSealed,
		"safehouse root 1\n" + g + "to x":                                       ErrSealed,
		"safehouse root 1\n" + g + "to x\nto x\n":                               ErrSealed,
		"safehouse root 1\n" + g + "to y\nto x\n":                               ErrSealed,
		"safehouse root 1\nto x\n" + g:                                          ErrSealed,
		"safehouse root 1\n" + strings.ToUpper(g[:14]) + g[14:] + "to x\n":      ErrSealed,
		"safehouse root 1\n" + strings.Replace(g, "1 ", "2 ", 1) + "to x\n":     ErrSealed,
		"safehouse root 1\n" + strings.Replace(g, "0a0b", "0A0B", 1) + "to x\n": ErrSealed,
		"": ErrSealed,
	} {
		if _, _, err := parseRoot(VaultRoot, []byte(content)); err != want {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func TestKeyFileIsForSomebody(t *testing.T) {
	for _, to := range [][]string{nil, {"age1x"}, {strings.ToUpper(newIdentity(t).Recipient())}} {
		if file, err := NewRoot().MakeFile(VaultRoot, to); err == nil {
			t.Errorf("%v: %d bytes", to, len(file))
		}
	}
}

func FuzzKeyFile(f *testing.F) {
	i, _ := NewIdentity()
	r := NewRoot()
	file, err := r.MakeFile(VaultRoot, []string{i.Recipient()})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add(r.content(VaultRoot, []string{"x", "y"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := OpenFile(VaultRoot, b, i); err == nil && !bytes.Equal(b, file) {
			t.Error("opened what was never sealed")
		}
		root, to, err := parseRoot(VaultRoot, b)
		switch {
		case err == ErrSealed || err == ErrNewer:
		case err != nil:
			t.Errorf("told more: %v", err)
		case !bytes.Equal(root.content(VaultRoot, to), b):
			t.Error("two ways to write one root")
		}
	})
}

// The blobs' streams are age's alone: this holds it against plain age.
func BenchmarkStream(b *testing.B) {
	plain := random(8 << 20)
	key := newBlobKey(b)
	b.Run("seal/ours", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		for b.Loop() {
			w, err := key.Seal(io.Discard)
			write(b, w, err, plain)
		}
	})
	b.Run("seal/age", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		for b.Loop() {
			w, err := age.Encrypt(io.Discard, key.identity.Recipient())
			write(b, w, err, plain)
		}
	})
	file := sealed(b, key, plain)
	b.Run("open/ours", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		for b.Loop() {
			r, err := key.Open(bytes.NewReader(file))
			read(b, r, err)
		}
	})
	b.Run("open/age", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		for b.Loop() {
			r, err := age.Decrypt(bytes.NewReader(file), key.identity)
			read(b, r, err)
		}
	})
}

func write(b *testing.B, w io.WriteCloser, err error, plain []byte) {
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
}

func read(b *testing.B, r io.Reader, err error) {
	if err == nil {
		_, err = io.Copy(struct{ io.Writer }{io.Discard}, r)
	}
	if err != nil {
		b.Fatal(err)
	}
}
