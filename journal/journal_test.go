package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "test.safehouse"

func signer(t testing.TB, seed byte) (note.Signer, string) {
	t.Helper()
	s, key, err := NewSigner(origin, [32]byte{seed})
	if err != nil {
		t.Fatal(err)
	}
	return s, key
}

// memory is a journal in memory.
type memory struct {
	entries [][]byte
	hashes  []tlog.Hash
}

func (m *memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if at >= int64(len(m.hashes)) {
			return nil, fmt.Errorf("no hash %d", at)
		}
		out[i] = m.hashes[at]
	}
	return out, nil
}

func (m *memory) entry(i int64) ([]byte, error) { return m.entries[i], nil }

func (m *memory) add(t testing.TB, e Entry) {
	t.Helper()
	more, err := Append(int64(len(m.entries)), e.Encode(), m)
	if err != nil {
		t.Fatal(err)
	}
	m.entries, m.hashes = append(m.entries, e.Encode()), append(m.hashes, more...)
}

func (m *memory) grow(t testing.TB, size int) *memory {
	t.Helper()
	for i := len(m.entries); i < size; i++ {
		m.add(t, step(i))
	}
	return m
}

func step(i int) Entry {
	return Entry{Time: time.Date(2026, 11, 24, 3, 0, 0, i, time.UTC), Actor: "mem_1", Action: "item.receive",
		Subject: fmt.Sprintf("itm_%d", i), Digests: []string{Salted([16]byte{byte(i)}, strings.Repeat("0", 64))}}
}

// checkpoint signs the state at size.
func (m *memory) checkpoint(t testing.TB, size int, s note.Signer) []byte {
	t.Helper()
	root, err := tlog.TreeHash(int64(size), m)
	if err != nil {
		t.Fatal(err)
	}
	b, err := SignCheckpoint(origin, tlog.Tree{N: int64(size), Hash: root}, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// root is RFC 6962's definition, written again without tiles or stored hashes.
func root(entries [][]byte) tlog.Hash {
	switch len(entries) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, entries[0]...))
	}
	k := 1
	for 2*k < len(entries) {
		k *= 2
	}
	left, right := root(entries[:k]), root(entries[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

func TestEntryEncodesToItsOneForm(t *testing.T) {
	e := Entry{Time: time.Date(2026, 11, 24, 12, 0, 0, 5, time.FixedZone("KST", 9*3600)), Actor: "mem_1", Action: "item.receive",
		Subject: "itm_2", Digests: []string{strings.Repeat("ab", 32)}}
	want := "safehouse entry 1\ntime 2026-11-24T03:00:00.000000005Z\nactor mem_1\naction item.receive\nsubject itm_2\ndigest " +
		strings.Repeat("ab", 32) + "\n"
	if got := string(e.Encode()); got != want {
		t.Fatalf("%s", got)
	}
	again, err := ParseEntry([]byte(want))
	if err != nil || !again.Time.Equal(e.Time) || string(again.Encode()) != want {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestEntryTakesNoName(t *testing.T) {
	for _, word := range []string{"", "Kim Chol-su", "김철수", "金哲洙", "a\nb", "a/b", "a@b", strings.Repeat("a", 101)} {
		for field, e := range map[string]Entry{
			"actor":   {Time: time.Now(), Actor: word, Action: "a", Subject: "a"},
			"action":  {Time: time.Now(), Actor: "a", Action: word, Subject: "a"},
			"subject": {Time: time.Now(), Actor: "a", Action: "a", Subject: word},
			"digest":  {Time: time.Now(), Actor: "a", Action: "a", Subject: "a", Digests: []string{word}},
		} {
			if err := e.Check(); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s %q: %v", field, word, err)
			} else if word != "" && strings.Contains(err.Error(), word) {
				t.Errorf("%s: the error repeats the word: %v", field, err)
			}
		}
	}
}

func TestOtherFormsOfAnEntryAreRefused(t *testing.T) {
	good := string(step(1).Encode())
	for what, bad := range map[string]string{
		"empty":         "",
		"cut":           good[:len(good)-1],
		"two newlines":  good + "\n",
		"carriage":      strings.ReplaceAll(good, "\n", "\r\n"),
		"upper case":    strings.ToUpper(good),
		"other zone":    strings.Replace(good, "Z\n", "+00:00\n", 1),
		"short time":    strings.Replace(good, ".000000001Z", "Z", 1),
		"no such day":   strings.Replace(good, "2026-11-24", "2026-11-31", 1),
		"another field": good + "note x\n",
		"two spaces":    strings.Replace(good, "actor ", "actor  ", 1),
		"order":         strings.Replace(strings.Replace(good, "actor", "x", 1), "subject", "actor", 1),
	} {
		if _, err := ParseEntry([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestEncodePanicsOnWhatNobodyCouldRead(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was encoded")
		}
	}()
	Entry{Time: time.Now(), Actor: "a b", Action: "a", Subject: "a"}.Encode()
}

func TestSaltedDigestIsWhatSha256sumSays(t *testing.T) {
	digest := strings.Repeat("cd", 32)
	cmd := exec.Command("sha256sum")
	cmd.Stdin = strings.NewReader("safehouse salted digest 1\n" + strings.Repeat("07", 16) + "\n" + digest + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := Salted([16]byte(bytes.Repeat([]byte{7}, 16)), digest); got != string(out[:64]) {
		t.Errorf("%s, sha256sum says %s", got, out)
	}
}

func TestSaltHidesTheDigest(t *testing.T) {
	seen := make(map[string]bool)
	for i := range 100 {
		seen[Salted([16]byte{byte(i)}, strings.Repeat("0", 64))] = true
	}
	if len(seen) != 100 {
		t.Errorf("100 salts gave %d digests", len(seen))
	}
}

func TestRootIsThatOfRFC6962(t *testing.T) {
	m := &memory{}
	s, key := signer(t, 1)
	for size := range 70 {
		m.grow(t, size)
		c, err := OpenCheckpoint(m.checkpoint(t, size, s), key)
		if err != nil || c.Tree.N != int64(size) || c.Origin != origin {
			t.Fatalf("%d: %+v, %v", size, c, err)
		}
		if want := root(m.entries); c.Tree.Hash != want {
			t.Errorf("%d entries: root %s, by definition %s", size, c.Tree.Hash, want)
		}
	}
}

func TestNoByteOfACheckpointCanChange(t *testing.T) {
	s, key := signer(t, 1)
	good := (&memory{}).grow(t, 5).checkpoint(t, 5, s)
	for i := range good {
		for bit := range 8 {
			b := bytes.Clone(good)
			b[i] ^= 1 << bit
			if _, err := OpenCheckpoint(b, key); err == nil {
				t.Fatalf("byte %d, bit %d of %q", i, bit, good)
			}
		}
	}
	for _, bad := range [][]byte{nil, good[:len(good)-1], append(bytes.Clone(good), '\n'), append([]byte("\n"), good...)} {
		if _, err := OpenCheckpoint(bad, key); err == nil {
			t.Errorf("%q", bad)
		}
	}
}

// C2SP allows both; here they would be bytes that nothing checks.
func TestExtensionLinesAndFurtherSignaturesAreRefused(t *testing.T) {
	s, key := signer(t, 1)
	c := (&memory{}).grow(t, 3).checkpoint(t, 3, s)
	text, _, _ := strings.Cut(string(c), "\n\n")
	extended, err := note.Sign(&note.Note{Text: text + "\nmore\n"}, s)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := NewSigner("other", [32]byte{9})
	if err != nil {
		t.Fatal(err)
	}
	twice, err := note.Sign(&note.Note{Text: text + "\n"}, s, other)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{extended, twice} {
		if _, err := OpenCheckpoint(bad, key); err == nil {
			t.Errorf("%s", bad)
		}
	}
}

func TestCheckpointOfAnotherKeyOrJournalIsRefused(t *testing.T) {
	s, key := signer(t, 1)
	_, theirs := signer(t, 2)
	c := (&memory{}).grow(t, 3).checkpoint(t, 3, s)
	if _, err := OpenCheckpoint(c, theirs); err == nil {
		t.Error("opened under another key")
	}
	if _, err := SignCheckpoint("other", tlog.Tree{}, s); !errors.Is(err, ErrMalformed) {
		t.Errorf("signed for another journal: %v", err)
	}
	lie, err := note.Sign(&note.Note{Text: checkpointText("other", tlog.Tree{N: 1})}, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCheckpoint(lie, key); !errors.Is(err, ErrMalformed) {
		t.Errorf("another journal's name: %v", err)
	}
}

func TestKeyHasOneEncoding(t *testing.T) {
	_, key := signer(t, 1)
	if err := CheckKey(key); err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(key, "+", 3)
	for _, bad := range []string{"", key + "\n", key + "=", " " + key, strings.ToUpper(key), parts[0] + "+" + parts[1],
		parts[0] + "+00000000+" + parts[2], "+" + parts[1] + "+" + parts[2], "a b+" + parts[1] + "+" + parts[2],
		parts[0] + "+" + parts[1] + "+" + base64.StdEncoding.EncodeToString(make([]byte, 33))} {
		if err := CheckKey(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestOriginIsPrintableAndWithoutSpaceOrPlus(t *testing.T) {
	for _, bad := range []string{"", "a b", "a+b", "a\n", "김", strings.Repeat("a", 101)} {
		if _, _, err := NewSigner(bad, [32]byte{}); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// openssl checks the signature without any of our code or Go's.
func TestOpensslAgreesOnTheSignature(t *testing.T) {
	s, key := signer(t, 1)
	c := (&memory{}).grow(t, 4).checkpoint(t, 4, s)
	text, last, _ := strings.Cut(string(c), "\n\n")
	sig, err := base64.StdEncoding.DecodeString(strings.TrimSpace(last[strings.LastIndex(last, " "):]))
	if err != nil {
		t.Fatal(err)
	}
	public, err := base64.StdEncoding.DecodeString(strings.SplitN(key, "+", 3)[2])
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	// SubjectPublicKeyInfo of an Ed25519 key is these 12 bytes and the key.
	der := append([]byte{0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0}, public[1:]...)
	for name, b := range map[string][]byte{"key": der, "sig": sig[4:], "text": []byte(text + "\n"), "other": []byte(text)} {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := func(text string) error {
		cmd := exec.Command("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-keyform", "DER", "-rawin", "-in", text, "-sigfile", "sig")
		cmd.Dir = folder
		return cmd.Run()
	}
	if err := verify("text"); err != nil {
		t.Errorf("openssl: %v", err)
	}
	if verify("other") == nil {
		t.Error("openssl verifies anything: it is no referee")
	}
}

func TestEveryEntryCanBeProvenAtEverySize(t *testing.T) {
	s, key := signer(t, 1)
	m := (&memory{}).grow(t, 40)
	for size := 1; size <= 40; size++ {
		c := m.checkpoint(t, size, s)
		for i := range size {
			p, err := Prove(int64(i), m.entries[i], c, m)
			if err != nil {
				t.Fatal(err)
			}
			p, err = ParseProof(p.Encode())
			if err != nil {
				t.Fatal(err)
			}
			if e, err := p.Verify(key); err != nil || e.Subject != fmt.Sprintf("itm_%d", i) {
				t.Fatalf("entry %d of %d: %v, %v", i, size, e, err)
			}
		}
	}
}

func TestNoProofForWhatIsNotThere(t *testing.T) {
	s, _ := signer(t, 1)
	m := (&memory{}).grow(t, 10)
	c := m.checkpoint(t, 8, s)
	for what, err := range map[string]error{
		"another entry": second(Prove(3, m.entries[4], c, m)),
		"after the end": second(Prove(8, m.entries[8], c, m)),
		"before":        second(Prove(-1, m.entries[0], c, m)),
		"no checkpoint": second(Prove(0, m.entries[0], nil, m)),
	} {
		if err == nil {
			t.Errorf("%s: proven", what)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestNoByteOfAProofCanChange(t *testing.T) {
	s, key := signer(t, 1)
	m := (&memory{}).grow(t, 13)
	p, err := Prove(6, m.entries[6], m.checkpoint(t, 13, s), m)
	if err != nil {
		t.Fatal(err)
	}
	good := p.Encode()
	for i := range good {
		for bit := range 8 {
			b := bytes.Clone(good)
			b[i] ^= 1 << bit
			p, err := ParseProof(b)
			if err == nil {
				_, err = p.Verify(key)
			}
			if err == nil {
				t.Fatalf("byte %d, bit %d", i, bit)
			}
		}
	}
}

func publish(t testing.TB, d Dir, m *memory, size int, s note.Signer) {
	t.Helper()
	if err := d.Publish(int64(size), m.entry, m, m.checkpoint(t, size, s)); err != nil {
		t.Fatal(err)
	}
}

func TestPublishedFolderVerifiesAtEverySize(t *testing.T) {
	s, key := signer(t, 1)
	m := (&memory{}).grow(t, 70_000)
	steps := []int{0, 1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537, 70_000}
	d := Dir(t.TempDir())
	for _, size := range steps {
		publish(t, d, m, size, s)
		if n, err := d.Verify(key); err != nil || n != int64(size) {
			t.Fatalf("%d entries, grown: %d, %v", size, n, err)
		}
	}
	fresh := Dir(t.TempDir())
	publish(t, fresh, m, 70_000, s)
	if n, err := fresh.Verify(key); err != nil || n != 70_000 {
		t.Errorf("at once: %d, %v", n, err)
	}
}

func TestPublishingTwiceDoesNothing(t *testing.T) {
	s, _ := signer(t, 1)
	m := (&memory{}).grow(t, 300)
	d := Dir(t.TempDir())
	publish(t, d, m, 300, s)
	before := tree(t, d)
	publish(t, d, m, 300, s)
	for name, info := range tree(t, d) {
		if !os.SameFile(before[name], info) {
			t.Errorf("%s was written again", name)
		}
	}
}

func tree(t testing.TB, d Dir) map[string]os.FileInfo {
	t.Helper()
	files := make(map[string]os.FileInfo)
	err := filepath.Walk(string(d), func(name string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			files[name] = info
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

func TestPublishNeverGoesBackNorForks(t *testing.T) {
	s, key := signer(t, 1)
	m := (&memory{}).grow(t, 300)
	d := Dir(t.TempDir())
	publish(t, d, m, 300, s)
	if err := d.Publish(200, m.entry, m, m.checkpoint(t, 200, s)); !errors.Is(err, ErrBehind) {
		t.Errorf("back: %v", err)
	}
	other := &memory{}
	other.add(t, step(1000))
	other.grow(t, 400)
	if err := d.Publish(400, other.entry, other, other.checkpoint(t, 400, s)); !errors.Is(err, ErrForked) {
		t.Errorf("forked: %v", err)
	}
	if err := d.Publish(300, m.entry, m, m.checkpoint(t, 299, s)); !errors.Is(err, ErrMalformed) {
		t.Errorf("checkpoint for another size: %v", err)
	}
	if n, err := d.Verify(key); err != nil || n != 300 {
		t.Errorf("what was published is no longer whole: %d, %v", n, err)
	}
}

// An interrupted Publish has written some of the files and no checkpoint.
func TestPublishGoesOnAfterACrash(t *testing.T) {
	s, key := signer(t, 1)
	m := (&memory{}).grow(t, 600)
	d := Dir(t.TempDir())
	publish(t, d, m, 100, s)
	for stop := range int64(600) {
		if stop%37 != 0 {
			continue
		}
		err := d.Publish(600, func(i int64) ([]byte, error) {
			if i == stop {
				return nil, errors.New("power cut")
			}
			return m.entries[i], nil
		}, m, m.checkpoint(t, 600, s))
		if err == nil {
			t.Fatalf("entry %d was not asked for", stop)
		}
		if n, err := d.Verify(key); err != nil || n != 100 {
			t.Fatalf("after a crash at %d: %d, %v", stop, n, err)
		}
	}
	publish(t, d, m, 600, s)
	if n, err := d.Verify(key); err != nil || n != 600 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestFilesLieWhereTheDocumentSays(t *testing.T) {
	s, _ := signer(t, 1)
	m := (&memory{}).grow(t, 300)
	d := Dir(t.TempDir())
	publish(t, d, m, 300, s)
	for _, name := range []string{"checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/entries/000", "tile/entries/001.p/44", "tile/1/000.p/1"} {
		if _, err := os.Stat(filepath.Join(string(d), name)); err != nil {
			t.Error(err)
		}
	}
	if n := len(tree(t, d)); n != 6 {
		t.Errorf("%d files", n)
	}
}

func TestChangeInAnyFileIsFound(t *testing.T) {
	s, key := signer(t, 1)
	m := (&memory{}).grow(t, 300)
	d := Dir(t.TempDir())
	publish(t, d, m, 300, s)
	for name := range tree(t, d) {
		good, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range []int{0, rand.IntN(len(good)), len(good) - 1} {
			bad := bytes.Clone(good)
			bad[i] ^= 1
			damage(t, d, key, name, bad)
		}
		damage(t, d, key, name, good[:len(good)-1])
		damage(t, d, key, name, append(bytes.Clone(good), 0))
		damage(t, d, key, name, nil)
		if err := os.WriteFile(name, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := d.Verify(key); err != nil || n != 300 {
		t.Errorf("put back: %d, %v", n, err)
	}
}

func damage(t *testing.T, d Dir, key, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Verify(key); err == nil {
		t.Errorf("%s: nobody noticed", strings.TrimPrefix(name, string(d)))
	}
}

func TestFingerprintIsWhatSha256sumSays(t *testing.T) {
	_, key := signer(t, 1)
	sum := sha256.Sum256([]byte(key + "\n"))
	if Fingerprint(key) != hex.EncodeToString(sum[:]) {
		t.Error(Fingerprint(key))
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add(step(1).Encode())
	f.Add(Entry{Time: time.Unix(0, 0), Actor: "a", Action: "b", Subject: "c"}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := ParseEntry(b); err == nil && !bytes.Equal(e.Encode(), b) {
			t.Errorf("%q has another form: %q", b, e.Encode())
		}
	})
}

func FuzzParseProof(f *testing.F) {
	s, key := signer(f, 1)
	m := (&memory{}).grow(f, 13)
	p, err := Prove(6, m.entries[6], m.checkpoint(f, 13, s), m)
	if err != nil {
		f.Fatal(err)
	}
	good := p.Encode()
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParseProof(b)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Encode(), b) {
			t.Errorf("%q has another form", b)
		}
		if _, err := p.Verify(key); err == nil && !bytes.Equal(b, good) {
			t.Errorf("%q holds", b)
		}
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	s, key := signer(f, 1)
	good := (&memory{}).grow(f, 5).checkpoint(f, 5, s)
	f.Add(good, key)
	f.Fuzz(func(t *testing.T, b []byte, k string) {
		if _, err := OpenCheckpoint(b, k); err == nil && k == key && !bytes.Equal(b, good) {
			t.Errorf("%q opens", b)
		}
	})
}

func FuzzParseBundle(f *testing.F) {
	e := step(1).Encode()
	f.Add(append([]byte{0, byte(len(e))}, e...))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := parseBundle(b)
		if err != nil {
			return
		}
		again, err := bundleEntries(tlog.Tile{W: len(entries)}, func(i int64) ([]byte, error) { return entries[i], nil })
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q: %q, %v", b, again, err)
		}
	})
}

func BenchmarkVerifyFolder(b *testing.B) {
	s, key := signer(b, 1)
	m := (&memory{}).grow(b, 10_000)
	d := Dir(b.TempDir())
	publish(b, d, m, 10_000, s)
	for b.Loop() {
		if _, err := d.Verify(key); err != nil {
			b.Fatal(err)
		}
	}
}

// What parsePath takes is where tilePath would put it, and nothing else.
func FuzzParsePath(f *testing.F) {
	for _, name := range []string{"tile/0/000", "tile/entries/x001/234.p/5", "tile/1/000.p/1", "tile/data/000", "checkpoint", "tile/0/000.p/256", "tile/8/0/000"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if tile, ok := parsePath(name); ok && (tilePath(tile) != name || tile.L < entryLevel || tile.W < 1 || tile.W > tileWidth || tile.N < 0) {
			t.Errorf("%q is %+v", name, tile)
		}
	})
}

// Whatever lies in the folder, a check says so and does not panic.
func FuzzVerifyFile(f *testing.F) {
	s, key := signer(f, 1)
	m := (&memory{}).grow(f, 300)
	for _, name := range []string{"checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1", "tile/0/001.p/3", "tile/5/000"} {
		f.Add(name, []byte("x"))
	}
	d := Dir(f.TempDir())
	publish(f, d, m, 300, s)
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		if _, ok := parsePath(name); !ok && name != "checkpoint" {
			return
		}
		path := filepath.Join(string(d), name)
		before, err := os.ReadFile(path)
		if os.MkdirAll(filepath.Dir(path), 0o700) != nil || os.WriteFile(path, b, 0o600) != nil {
			return // where a file is a folder cannot be
		}
		if n, damage := d.Verify(key); damage == nil && err == nil && !bytes.Equal(before, b) {
			t.Errorf("%s with other bytes, and %d entries hold", name, n)
		}
		if err == nil {
			err = os.WriteFile(path, before, 0o600)
		} else {
			err = os.Remove(path)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}
