package leak_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/leak"
	"safehouse/internal/leak/leaktest"
)

// drawn makes a picture, or a film, of words.
func drawn(t *testing.T, words, kind string) []byte {
	t.Helper()
	font := "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
	args := []string{"-v", "error", "-nostdin", "-f", "lavfi", "-i", "color=white:s=640x160:d=3:r=5",
		"-vf", "drawtext=fontfile=" + font + ":text=" + words + ":fontsize=48:x=20:y=50", "-bitexact", "-map_metadata", "-1"}
	if kind == "png" {
		args = append(args, "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "pipe:1")
	} else {
		args = append(args, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-bsf:v", "filter_units=remove_types=6", "-f", "mp4", t.TempDir()+"/film.mp4")
	}
	cmd := exec.Command("ffmpeg", args...)
	var failed bytes.Buffer
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, failed.String())
	}
	if kind != "png" {
		out, err = exec.Command("cat", args[len(args)-1]).Output()
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func eyed(t *testing.T, policy leak.Policy, eye *leak.Eye) *leak.Gate {
	t.Helper()
	terms := leak.Terms{People: []leak.Person{{ID: "per_1", Names: []leak.Name{{Text: evidence.Protect("김철수")}}}}}
	g, err := leak.New(terms, policy)
	if err != nil {
		t.Fatal(err)
	}
	return g.Reading(eye)
}

func TestWordsInPicturesAreRead(t *testing.T) {
	eye := leak.FindEye(context.Background())
	if eye == nil {
		t.Fatal("tesseract with eng, kor and chi_sim is not there: run scripts/setup.sh test")
	}
	g := eyed(t, leak.Strict, eye)
	for _, words := range []string{"Kim Cheolsu was here", "김철수 여기"} {
		for _, kind := range []string{"png", "mp4"} {
			if b := drawn(t, words, kind); !caught(t, g, "picture."+kind, b) {
				t.Errorf("%q in a %s was not found", words, kind)
			}
		}
	}
	if b := drawn(t, "Nobody is named", "png"); caught(t, g, "picture.png", b) {
		t.Error("somebody was found in a picture of nobody's name")
	}
}

func TestPicturesThatNobodyReadAreUnread(t *testing.T) {
	b := leaktest.PNG()
	r, err := eyed(t, leak.Strict, nil).Check(context.Background(), "picture.png", bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if r.Status() != 4 || len(r.Unread) != 1 || r.Unread[0].Why != "leak.unread.picture" {
		t.Fatalf("a picture passed unread: %+v", r)
	}
	policy := leak.Strict
	policy.Looked = "mem_7"
	r, err = eyed(t, policy, nil).Check(context.Background(), "picture.png", bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if r.Status() != 0 || len(r.Looked) != 1 || r.Looked[0].By != "mem_7" || r.Looked[0].File != "picture.png" {
		t.Fatalf("who looked is not in the report: %+v", r)
	}
}

// A page that a browser prints is a PDF as people make them: fonts in parts, glyphs by
// number, nothing where one would look for it.
func TestPagesPrintedByABrowser(t *testing.T) {
	g := eyed(t, leak.Strict, nil)
	for text, want := range map[string]int{"Nobody is named. 아무도 없다.": 0, "Gim <b>Cheol</b>su": 3, "그때 김철수는": 3, "<span style='color:white'>Kim Chul Soo</span>": 3} {
		dir := t.TempDir()
		page := "<meta charset=utf-8><body style=\"font-family:'Noto Sans CJK KR'\"><h1>Report</h1><p>" + text + "</p>"
		if err := os.WriteFile(dir+"/page.html", []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+dir, "--print-to-pdf="+dir+"/page.pdf", dir+"/page.html").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b, err := os.ReadFile(dir + "/page.pdf")
		if err != nil {
			t.Fatal(err)
		}
		if r := reported(t, g, "page.pdf", b); r.Status() != want {
			t.Errorf("%q: status %d, not %d: %+v", text, r.Status(), want, r)
		}
	}
}
