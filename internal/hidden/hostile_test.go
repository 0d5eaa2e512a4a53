package hidden

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// seeds are small files of every kind, with something hidden in most.
func seeds(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/seeds/*")
	if err != nil || len(names) < 15 {
		t.Fatalf("%d seeds: %v", len(names), err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = b
	}
	return all
}

// look takes bytes apart in every way that the program does without a child process.
// It gives how long that took.
func look(t testing.TB, b []byte) {
	t.Helper()
	started := time.Now()
	whole := newScan(context.Background(), int64(len(b)), nil)
	whole.take(part{r: bytes.NewReader(b), size: int64(len(b))}, whole.sniff(part{r: bytes.NewReader(b), size: int64(len(b))})) // a panic here is not caught
	if whole.err != nil {
		t.Fatal(whole.err)
	}
	r := whole.report
	if len(r.Findings) > maxFindings || len(r.Unread) > maxUnread {
		t.Errorf("%d findings, %d unread", len(r.Findings), len(r.Unread))
	}
	for _, f := range r.Findings {
		if f.Offset < 0 || f.Length < 0 || len([]rune(f.Value)) > maxValue*10 {
			t.Errorf("%+v", f)
		}
	}
	p := part{r: bytes.NewReader(b), size: int64(len(b))}
	s := newScan(context.Background(), p.size, nil)
	switch s.sniff(p).media {
	case "application/pdf":
		s.plainPDF(p, io.Discard, &Result{})
	case "application/zip":
		s.plainDocument(p, io.Discard, &Result{})
	case "audio/mpeg":
		s.plainMP3(p, io.Discard)
	case "audio/flac":
		s.plainFLAC(p, io.Discard)
	case "audio/wav":
		s.plainWAV(p, io.Discard)
	case "audio/ogg":
		s.plainOgg(p, io.Discard)
	default:
		s.plainPicture(p, b)
		s.shape(s.sniff(p).media, b)
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("%d bytes took %s", len(b), took)
	}
}

// A file that is cut off anywhere never ends the program, and is never called clean
// because of it. Nor does one that is changed.
func TestCutAndChangedFilesEndInAnAnswer(t *testing.T) {
	chance := rand.New(rand.NewPCG(20170424, 8))
	for name, b := range seeds(t) {
		for range 40 {
			cut := bytes.Clone(b[:chance.IntN(len(b))])
			look(t, cut)
			if r := inspect(t, cut); r.Status() == statusClean {
				t.Errorf("%s cut to %d of %d bytes hides nothing", name, len(cut), len(b))
			}
			look(t, changed(chance, b))
		}
	}
}

// changed flips, takes out, doubles and fills a few stretches.
func changed(chance *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + chance.IntN(6) {
		i := chance.IntN(len(b))
		near, far := min(len(b), i+4), min(len(b), i+chance.IntN(200))
		switch chance.IntN(5) {
		case 0:
			b[i] ^= byte(1 + chance.IntN(255))
		case 1:
			b = append(b[:i:i], b[near:]...)
		case 2:
			b = slices.Concat(b[:far], b[i:far], b[far:])
		case 3:
			copy(b[i:near], "\xff\xff\xff\xff")
		case 4:
			clear(b[i:near])
		}
		if len(b) == 0 {
			return []byte{0}
		}
	}
	return b
}

func fuzz(f *testing.F, kinds ...string) {
	for name, b := range seeds(f) {
		for _, kind := range kinds {
			if filepath.Ext(name) == "."+kind {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) { look(t, b) })
}

func FuzzPhotos(f *testing.F)    { fuzz(f, "jpg", "png", "gif", "webp", "tiff", "avif") }
func FuzzFilms(f *testing.F)     { fuzz(f, "mp4", "mov", "mkv", "avi") }
func FuzzSound(f *testing.F)     { fuzz(f, "mp3", "flac", "ogg", "wav") }
func FuzzPDF(f *testing.F)       { fuzz(f, "pdf") }
func FuzzDocuments(f *testing.F) { fuzz(f, "docx", "odt") }

func TestAStoppedLookEnds(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	b := pngBytes(t)
	if _, err := Inspect(ctx, bytes.NewReader(b), int64(len(b)), nil); err == nil {
		t.Error("it went on")
	}
}

// A part of zeros that unpacks to far more than memory has is unread, not unpacked.
func TestBombsAreNotUnpacked(t *testing.T) {
	bomb := zlibbed(make([]byte, 300<<20))
	b := withChunk(pngBytes(t), "zTXt", "Comment\x00\x00"+string(bomb))
	if r := inspect(t, b); r.Status() != statusUnread {
		t.Errorf("%+v", r)
	}
	pdf := onePage("/Metadata 6 0 R", "", "", "", "", stream("/Type/Metadata/Filter/FlateDecode", string(bomb)))
	if r := inspect(t, pdf); r.Status() != statusUnread {
		t.Errorf("%+v", r)
	}
}
