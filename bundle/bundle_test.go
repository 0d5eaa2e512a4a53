package bundle_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"safehouse/bundle"
	"safehouse/bundle/bundletest"
	"safehouse/journal"
)

func verify(b []byte) (bundle.Report, error) {
	return bundle.Verify(bytes.NewReader(b), int64(len(b)))
}

func refused(t *testing.T, what string, b []byte) *bundle.Fault {
	t.Helper()
	_, err := verify(b)
	var f *bundle.Fault
	if !errors.As(err, &f) {
		t.Fatalf("%s: %v, not a fault", what, err)
	}
	return f
}

func TestWhatWriteWroteHolds(t *testing.T) {
	content := bundletest.Content()
	b := bundletest.Make(t, 1, content)
	r, err := verify(b)
	if err != nil {
		t.Fatal(err)
	}
	if r.Release != bundletest.Release || r.Origin != bundletest.Origin || r.Entry != 5 || r.Entries != 9 {
		t.Errorf("it proves %+v", r)
	}
	if len(r.Parts) != len(content) {
		t.Fatalf("%d parts of %d", len(r.Parts), len(content))
	}
	for _, p := range r.Parts {
		sum := sha256.Sum256([]byte(content[p.Name]))
		if p.Digest != hex.EncodeToString(sum[:]) || p.Size != int64(len(content[p.Name])) {
			t.Errorf("%s: %s of %d bytes", p.Name, p.Digest, p.Size)
		}
	}
}

func TestSamePartsAndSealGiveSameBytes(t *testing.T) {
	if !bytes.Equal(bundletest.Make(t, 1, bundletest.Content()), bundletest.Make(t, 1, bundletest.Content())) {
		t.Error("two bundles of the same differ")
	}
}

// Every bit matters: there is no room in a bundle to change or to hide anything.
func TestNoByteCanBeChanged(t *testing.T) {
	good := bundletest.Make(t, 1, bundletest.Content())
	for i := range good {
		for _, bit := range []byte{1, 0x20, 0x80} {
			b := bytes.Clone(good)
			b[i] ^= bit
			if _, err := verify(b); err == nil {
				t.Fatalf("byte %d of %d, bit %#x: nobody noticed", i, len(good), bit)
			}
		}
	}
}

func TestNothingCanBeCutOffOrAdded(t *testing.T) {
	good := bundletest.Make(t, 1, bundletest.Content())
	for n := range good {
		refused(t, "cut off", good[:n])
	}
	for _, extra := range []string{"\x00", "\n", "PK\x05\x06", string(good)} {
		refused(t, "appended", append(bytes.Clone(good), extra...))
		refused(t, "in front", append([]byte(extra), good...))
	}
}

// part is one file as another program's ZIP would have it.
type part struct{ name, text string }

func unzip(t *testing.T, b []byte) (parts []part) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part{f.Name, string(text)})
	}
	return parts
}

// rezip writes the one form of a ZIP again, with whatever parts.
func rezip(t *testing.T, parts []part) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bundle.WriteZip(&b, func(yield func(name, text string) bool) {
		for _, p := range parts {
			if !yield(p.name, p.text) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRezipIsTheSameForm(t *testing.T) {
	good := bundletest.Make(t, 1, bundletest.Content())
	if !bytes.Equal(rezip(t, unzip(t, good)), good) {
		t.Fatal("the tests below would test the wrong thing")
	}
}

func TestPartsCanBeNeitherMovedNorTakenNorAdded(t *testing.T) {
	good := unzip(t, bundletest.Make(t, 1, bundletest.Content()))
	for i := range good {
		if f := refused(t, "taken "+good[i].name, rezip(t, slices.Delete(slices.Clone(good), i, i+1))); f.Part == "" {
			t.Errorf("without %s: the fault names no part: %v", good[i].name, f)
		}
		refused(t, "twice", rezip(t, slices.Insert(slices.Clone(good), i, good[i])))
		for _, name := range []string{"a.txt", "zz.txt", "media/x.mp4", "../x", "INDEX.HTML", "journal/x", "index.html\x00", "인덱스"} {
			refused(t, "added "+name, rezip(t, slices.Insert(slices.Clone(good), i, part{name, "x"})))
		}
		if i > 0 {
			moved := slices.Clone(good)
			moved[i], moved[i-1] = moved[i-1], moved[i]
			refused(t, "moved", rezip(t, moved))
		}
	}
	refused(t, "none left", rezip(t, nil))
}

func TestContentCannotBeExchangedForAnothersList(t *testing.T) {
	good := unzip(t, bundletest.Make(t, 1, bundletest.Content()))
	other := bundletest.Content()
	other["index.html"] = "<!doctype html><title>Another appeal</title>"
	signed := unzip(t, bundletest.Make(t, 1, other))
	for i := range good {
		if good[i] == signed[i] {
			continue
		}
		mixed := slices.Clone(good)
		mixed[i] = signed[i]
		refused(t, "mixed "+good[i].name, rezip(t, mixed))
	}
}

func TestAnotherKeyIsSeen(t *testing.T) {
	ours, theirs := bundletest.Make(t, 1, bundletest.Content()), bundletest.Make(t, 2, bundletest.Content())
	good, bad := unzip(t, ours), unzip(t, theirs)
	for i, p := range good {
		if p == bad[i] {
			continue
		}
		mixed := slices.Clone(good)
		mixed[i] = bad[i]
		refused(t, p.name+" of another key", rezip(t, mixed))
	}
	a, err1 := verify(ours)
	b, err2 := verify(theirs)
	if err1 != nil || err2 != nil || a.Fingerprint == b.Fingerprint {
		t.Errorf("a whole bundle of another key must show another fingerprint: %v, %v", err1, err2)
	}
}

func TestFaultSaysWhichPartAndWhy(t *testing.T) {
	good := unzip(t, bundletest.Make(t, 1, bundletest.Content()))
	for _, c := range []struct {
		part, code string
		change     func(string) string
	}{
		{"claims.json", bundle.CodeSum, func(s string) string { return s + " " }},
		{"SHA256SUMS", bundle.CodeMalformed, func(s string) string { return s + "x" }},
		{"SHA256SUMS", bundle.CodeSum, func(s string) string { return strings.Replace(s, s[:2], flip(s[:2]), 1) }},
		{"journal/checkpoint", bundle.CodeSignature, func(s string) string { return strings.Replace(s, "\n9\n", "\n8\n", 1) }},
		{"journal/key", bundle.CodeMalformed, func(s string) string { return strings.TrimSuffix(s, "\n") }},
		{"journal/salt", bundle.CodeMalformed, strings.ToUpper},
		{"signature", bundle.CodeSignature, func(s string) string { return strings.Replace(s, "rel_", "rex_", 1) }},
	} {
		parts := slices.Clone(good)
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == c.part })
		parts[i].text = c.change(parts[i].text)
		if f := refused(t, c.part, rezip(t, parts)); f.Part != c.part || f.Code != c.code {
			t.Errorf("%s: said %s, %s; expected %s", c.part, f.Part, f.Code, c.code)
		}
	}
}

func flip(hex string) string {
	if hex == "00" {
		return "11"
	}
	return "00"
}

func TestWriteRefusesWhatAReaderWouldRefuse(t *testing.T) {
	write := func(change func(map[string]string)) error {
		content := bundletest.Content()
		change(content)
		parts := bundletest.Parts(content)
		return bundle.Write(io.Discard, parts, bundletest.Seal(t, 1, parts))
	}
	if err := write(func(map[string]string) {}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "A.txt", "../x", "/x", "x/y.txt", "media/x/y", "signature", "journal/key", "SHA256SUMS",
		"media", ".x", "x..y", "x ", "김철수.txt", "x\ny", strings.Repeat("x", 101)} {
		if err := write(func(c map[string]string) { c[name] = "x" }); !errors.Is(err, bundle.ErrRefused) {
			t.Errorf("a part named %q: %v", name, err)
		}
	}
	for _, name := range []string{"claims.json", "index.html"} {
		if err := write(func(c map[string]string) { delete(c, name) }); !errors.Is(err, bundle.ErrRefused) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestWriteRefusesPartsThatAreNotTheSealedOnes(t *testing.T) {
	parts := bundletest.Parts(bundletest.Content())
	seal := bundletest.Seal(t, 1, parts)
	other := bundletest.Content()
	other["claims.json"] += " "
	if err := bundle.Write(io.Discard, bundletest.Parts(other), seal); err == nil {
		t.Error("wrote other parts than were signed")
	}
	i := slices.IndexFunc(parts, func(p bundle.Part) bool { return p.Name == "claims.json" })
	parts[i].Open = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(`{"claims":[1]}`[:13])), nil }
	var b bytes.Buffer
	if err := bundle.Write(&b, parts, seal); !errors.Is(err, bundle.ErrRefused) || b.Len() != 0 {
		t.Errorf("bytes that are not the digest's: %v, %d written", err, b.Len())
	}
}

func TestDiskErrorIsNoFault(t *testing.T) {
	good := bundletest.Make(t, 1, bundletest.Content())
	for after := range 60 {
		src := &failing{ReaderAt: bytes.NewReader(good), after: after}
		_, err := bundle.Verify(src, int64(len(good)))
		var f *bundle.Fault
		if src.failed && (!errors.Is(err, errDisk) || errors.As(err, &f)) {
			t.Fatalf("after %d reads: %v", after, err)
		}
	}
}

var errDisk = errors.New("the disk broke")

type failing struct {
	io.ReaderAt
	after  int
	failed bool
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.after--; f.after < 0 {
		f.failed = true
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(p, off)
}

// Programs that others wrote agree on what is in a bundle.
func TestOtherProgramsAgree(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "release.zip")
	if err := os.WriteFile(name, bundletest.Make(t, 1, bundletest.Content()), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, folder, "unzip", "-tq", name)
	command(t, folder, "unzip", "-q", name)
	command(t, folder, "sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS")
	r, err := verify(bundletest.Make(t, 1, bundletest.Content()))
	if err != nil {
		t.Fatal(err)
	}
	if out := command(t, folder, "sha256sum", "journal/key"); !strings.HasPrefix(out, r.Fingerprint+" ") {
		t.Errorf("sha256sum of the key: %s, fingerprint %s", out, r.Fingerprint)
	}
	if err := os.WriteFile(filepath.Join(folder, "claims.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sha256sum", "-c", "--status", "SHA256SUMS")
	cmd.Dir = folder
	if cmd.Run() == nil {
		t.Error("sha256sum does not see a changed part: it is no referee")
	}
}

func command(t *testing.T, folder, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func FuzzVerify(f *testing.F) {
	good := bundletest.Make(f, 1, bundletest.Content())
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := verify(b)
		var fault *bundle.Fault
		if err == nil && !bytes.Equal(b, good) {
			t.Error("it holds and is another file")
		}
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("bytes in memory gave another error: %v", err)
		}
	})
}

func FuzzSignedTextIsNeverACheckpoint(f *testing.F) {
	f.Add(bundletest.Release, []byte("x"))
	f.Fuzz(func(t *testing.T, release string, sums []byte) {
		signer, key, err := journal.NewSigner(bundletest.Origin, [32]byte{1})
		if err != nil {
			t.Fatal(err)
		}
		b, err := bundle.Sign(release, sums, signer)
		if err != nil {
			return
		}
		if _, err := journal.OpenCheckpoint(b, key); err == nil {
			t.Errorf("the signature for %q reads as a checkpoint", release)
		}
	})
}
