package leak_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/leak"
	"safehouse/internal/leak/leaktest"
)

func reported(t testing.TB, g *leak.Gate, file string, b []byte) leak.Report {
	t.Helper()
	r, err := g.Check(context.Background(), file, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// unreadable wants a file refused, for a reason if one is given.
func unreadable(t testing.TB, g *leak.Gate, file string, b []byte, why string) {
	t.Helper()
	r := reported(t, g, file, b)
	if r.Status() != 4 {
		t.Errorf("%s passed: %+v", file, r)
	}
	for _, u := range r.Unread {
		if u.Why == why || why == "" {
			return
		}
	}
	t.Errorf("%s: not %s but %+v", file, why, r.Unread)
}

func TestEncryptedIsUnread(t *testing.T) {
	g := protecting(t, "김철수")
	p := &leaktest.PDF{}
	p.Object(1, "<</Type/Catalog>>")
	p.End("/Encrypt 2 0 R")
	unreadable(t, g, "paper.pdf", p.Bytes(), "leak.unread.encrypted")
	name := []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
	unreadable(t, g, "letter.docx", append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), append(make([]byte, 2000), name...)...), "leak.unread.encrypted")
}

func TestGlyphsWithoutLettersAreUnread(t *testing.T) {
	unreadable(t, protecting(t, "김철수"), "paper.pdf", leaktest.WithoutLetters("김철수"), "leak.unread.glyphs")
}

func TestBrokenNameIsUnread(t *testing.T) {
	g := protecting(t, "Kim Chol-su")
	unreadable(t, g, "a.txt", []byte("Kim \xff\xfe Chol-su"), "")
	unreadable(t, g, "b.txt", []byte("it was \xea\xb9\x80\xec\xb2 \xff now and \x00"), "")
}

// What a file says of its own size, how it nests, and what it refers to does not
// decide how long the gate takes.
func TestHostileFilesEndSoon(t *testing.T) {
	g := protecting(t, "김철수")
	revisions := &leaktest.PDF{}
	revisions.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
	revisions.Object(2, "<</Type/Pages/Kids[3 0 R]/Count 1/Parent 2 0 R>>")
	for i := range 10_000 {
		revisions.Object(3, fmt.Sprintf("<</Type/Page/Parent 2 0 R/Contents[3 0 R 4 0 R]/Resources 3 0 R/V %d>>", i))
		revisions.End("/Prev 1")
	}
	nested := strings.Repeat("[", 1<<20) + strings.Repeat("<<", 1<<20)
	zeros := string(make([]byte, 8<<20))
	bomb := leaktest.Archive("a", zeros, "b", zeros, "c", zeros)
	for range 2 {
		bomb = leaktest.Archive("a.zip", string(bomb), "b.zip", string(bomb), "c.zip", string(bomb), "d.zip", string(bomb))
	}
	for name, b := range map[string][]byte{
		"revisions.pdf": revisions.Bytes(), "nested.pdf": []byte("%PDF-1.7\n1 0 obj " + nested), "bomb.zip": bomb,
		"tags.html": []byte(strings.Repeat("<", 1<<20)), "json.json": []byte(strings.Repeat(`{"a":[`, 1<<18)), "escapes.txt": []byte(strings.Repeat(`\\`, 1<<19)),
		"percent.txt": []byte(strings.Repeat("%25", 1<<18)), "base64.txt": []byte(strings.Repeat("QUFB", 1<<18)), "letters.txt": []byte(strings.Repeat("a o i e u ", 1<<16)),
		"names.txt": []byte(strings.Repeat("Kim Chol Kim ", 1<<16)), "digits.txt": []byte(strings.Repeat("1 2 ", 1<<18)), "words.txt": []byte(strings.Repeat("one two ", 1<<17)),
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		start := time.Now()
		r, err := g.Check(ctx, name, bytes.NewReader(b), int64(len(b)))
		cancel()
		if err != nil {
			t.Errorf("%s took more than %v: %v", name, time.Since(start), err)
		}
		if name == "bomb.zip" && r.Status() != 4 {
			t.Error("the archive passed although nobody unpacked all of it")
		}
	}
}

// A text that is longer than memory should be is read in pieces; what stands where two
// of them meet is found once.
func TestLongTextIsReadInPieces(t *testing.T) {
	g := protecting(t, "김철수")
	filler := strings.Repeat("아무 일도 없었다. ", 1<<20) // some 25 MB
	const piece = 8 << 20
	var b []byte
	for _, at := range []int{piece - 4, piece + 100, 2*piece - (64 << 10) - 5, len(filler) - 20} {
		for !strings.HasPrefix(filler[at:], " ") {
			at++
		}
		b = append(append(b, filler[len(b):at]...), " 김철수."...)
	}
	r := reported(t, g, "long.txt", b)
	if len(r.Unread) != 0 || len(r.Findings) != 4 {
		t.Fatalf("%d findings: %+v", len(r.Findings), r)
	}
	for _, f := range r.Findings {
		if got := string(b[f.Start:f.End]); got != "김철수" {
			t.Errorf("the finding names %q", got)
		}
	}
}

// No part of what the gate keeps or makes shows a name: not a report, not an error, not
// a file, not what is left when it breaks.
func TestNothingShowsTheName(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	const name = "Kim Chol-su"
	g := protecting(t, name)
	for _, p := range leaktest.Parts() {
		b := p.Make(name)
		if b == nil {
			continue
		}
		for cut := 1; cut < len(b); cut += 1 + len(b)/7 { // damaged in every way
			r := reported(t, g, name+"/"+p.File, b[:cut])
			if text := fmt.Sprintf("%+v", r); strings.Contains(text, "Chol") || strings.Contains(text, "Kim") {
				t.Fatalf("%s of %s shows the name: %s", p.Part, p.File, text)
			}
		}
	}
	if _, err := g.Check(context.Background(), name, short{}, 100); err == nil || strings.Contains(err.Error(), "Chol") {
		t.Errorf("a reader's error: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("files were left: %v %v", left, err)
	}
	if text := fmt.Sprintf("%+v", leak.Terms{People: []leak.Person{{ID: "p", Names: []leak.Name{{Text: evidence.Protect(name)}}}}}); strings.Contains(text, "Chol") {
		t.Error("the list shows the name")
	}
	runtime.KeepAlive(g)
}

type short struct{}

func (short) ReadAt([]byte, int64) (int, error) { return 0, os.ErrClosed }

// FuzzCheck: whatever the bytes are, the gate ends, breaks nowhere, and its findings
// are places in the part.
func FuzzCheck(f *testing.F) {
	for _, p := range leaktest.Parts() {
		if b := p.Make("김철수 Kim Chol-su"); b != nil {
			f.Add(b)
		}
	}
	g, err := leak.New(leak.Terms{People: []leak.Person{{ID: "per_1", Names: []leak.Name{{Text: evidence.Protect("김철수")}}}}}, leak.Policy{Date: "month", Place: "city", Looked: "somebody"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := reported(t, g, "x", b)
		for _, x := range r.Findings {
			if x.Start < 0 || x.End < x.Start || x.Part == "content" && x.End > len(b) {
				t.Errorf("a finding outside of the file: %+v", x)
			}
		}
	})
}

// FuzzOffsets: whatever stands around a name, the finding names bytes that hold all of
// it, or the file does not pass.
func FuzzOffsets(f *testing.F) {
	for _, o := range leaktest.Obfuscations() {
		f.Add("They said ", " left "+o.Do("이영희"))
	}
	f.Add("<p a='x'>&amp;%20 ", "</p> =3D \\u0041")
	g, err := leak.New(leak.Terms{People: []leak.Person{{ID: "per_1", Names: []leak.Name{{Text: evidence.Protect("김철수")}}}}}, leak.Policy{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		text := before + " 김철수 " + after
		at := len(before) + 1
		for _, x := range reported(t, g, "x.txt", []byte(text)).Findings {
			if x.Part == "content" && x.Start <= at && at < x.End && x.End >= at+len("김철수") {
				return
			}
		}
		if r := reported(t, g, "x.txt", []byte(text)); r.Status() == 0 {
			t.Errorf("%q: %+v", text, r)
		}
	})
}
