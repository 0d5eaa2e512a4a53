package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"safehouse/bundle/bundletest"
)

var program string // the real one

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "verify")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(folder, "safehouse-verify")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		panic(string(out))
	}
	status := m.Run()
	os.RemoveAll(folder)
	os.Exit(status)
}

type result struct {
	status   int
	out, err string
}

func start(t *testing.T, env []string, args ...string) result {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = env
	var out, errw bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errw
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errw.String()}
}

func file(t *testing.T, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "release.zip")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func refuses(t *testing.T, what string, b []byte) {
	t.Helper()
	r := start(t, nil, "--json", file(t, b))
	var d document
	if err := json.Unmarshal([]byte(r.out), &d); err != nil {
		t.Fatalf("%s: %v in %s", what, err, r.out)
	}
	if r.status != statusNot || d.Holds || d.Code == "" || d.Release != "" {
		t.Errorf("%s: status %d, %+v", what, r.status, d)
	}
}

func TestWholeBundleHolds(t *testing.T) {
	name := file(t, bundletest.Make(t, 1, bundletest.Content()))
	r := start(t, nil, name)
	if r.status != statusHolds || r.err != "" {
		t.Fatalf("%+v", r)
	}
	for _, want := range append(slices.Collect(maps.Keys(bundletest.Content())), bundletest.Release, bundletest.Origin) {
		if !strings.Contains(r.out, want) {
			t.Errorf("it does not say %s:\n%s", want, r.out)
		}
	}
	var d document
	if err := json.Unmarshal([]byte(start(t, nil, name, "--json").out), &d); err != nil || !d.Holds || len(d.Parts) != 4 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestAByteChangedInAnyPartIsSeen(t *testing.T) {
	good := bundletest.Make(t, 1, bundletest.Content())
	z, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		at, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		places := map[string]int64{"the header of " + f.Name: at - 1}
		if n := int64(f.UncompressedSize64); n > 0 {
			places["the first byte of "+f.Name] = at
			places["the last byte of "+f.Name] = at + n - 1
		}
		for what, i := range places {
			b := bytes.Clone(good)
			b[i] ^= 1
			refuses(t, what, b)
		}
	}
	for _, back := range []int{1, 10, 22, 60} {
		b := bytes.Clone(good)
		b[len(b)-back] ^= 1
		refuses(t, "the directory", b)
	}
}

func TestACutOrLongerFileIsSeen(t *testing.T) {
	good := bundletest.Make(t, 1, bundletest.Content())
	for _, n := range []int{0, 1, 22, len(good) / 2, len(good) - 1} {
		refuses(t, "cut off", good[:n])
	}
	refuses(t, "longer", append(bytes.Clone(good), 0))
}

// repack makes a ZIP of the parts as any program would.
func repack(t *testing.T, good []byte, change func([]*zip.File) []*zip.File, more ...string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range change(z.File) {
		if err := w.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range more {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPartsMovedAddedOrTakenAreSeen(t *testing.T) {
	good := bundletest.Make(t, 1, bundletest.Content())
	same := func(f []*zip.File) []*zip.File { return f }
	refuses(t, "added", repack(t, good, same, "media/more.mp4"))
	refuses(t, "moved", repack(t, good, func(f []*zip.File) []*zip.File {
		slices.Reverse(f)
		return f
	}))
	refuses(t, "taken", repack(t, good, func(f []*zip.File) []*zip.File { return f[1:] }))
}

func TestAnotherKeyIsSeenByItsFingerprint(t *testing.T) {
	var ours document
	r := start(t, nil, "--json", file(t, bundletest.Make(t, 1, bundletest.Content())))
	if err := json.Unmarshal([]byte(r.out), &ours); err != nil {
		t.Fatal(err)
	}
	// Somebody made the same bundle again, whole, under a key of their own.
	theirs := file(t, bundletest.Make(t, 2, bundletest.Content()))
	if r := start(t, nil, theirs, "--fingerprint", ours.Fingerprint); r.status != statusNot || !strings.Contains(r.out, "NOT") {
		t.Errorf("%+v", r)
	}
	mine := file(t, bundletest.Make(t, 1, bundletest.Content()))
	if r := start(t, nil, "--fingerprint="+strings.ToUpper(ours.Fingerprint), mine); r.status != statusHolds {
		t.Errorf("%+v", r)
	}
}

func TestWhatCannotBeReadIsSaidAndShowsItsNameSafely(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{pipe, t.TempDir(), "absent", "김\n\x1b[31m"} {
		r := start(t, nil, name)
		if r.status != statusNot || r.out != "" || r.err == "" || strings.Count(r.err, "\n") != 1 || strings.Contains(r.err, "\x1b") {
			t.Errorf("%q: %+v", name, r)
		}
	}
}

func TestResultThatNobodyCanReadIsNoVerdict(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	cmd := exec.Command(program, file(t, bundletest.Make(t, 1, bundletest.Content())))
	cmd.Stdout = full
	if cmd.Run(); cmd.ProcessState.ExitCode() != statusNot {
		t.Errorf("status %d", cmd.ProcessState.ExitCode())
	}
}

func TestWrongUsageIsTwo(t *testing.T) {
	for _, args := range [][]string{{}, {""}, {"a", "b"}, {"--what", "a"}, {"--json"}, {"a", "--fingerprint"}, {"--fingerprint=", "a"}} {
		if r := start(t, nil, args...); r.status != statusUsage || r.out != "" || r.err == "" {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if r := start(t, nil, "--help"); r.status != 0 || r.out == "" {
		t.Errorf("help: %+v", r)
	}
}

func TestItSpeaksTheLanguageOfTheEnvironment(t *testing.T) {
	name := file(t, bundletest.Make(t, 1, bundletest.Content()))
	for lang, script := range map[string]*unicode.RangeTable{"LANG=ko_KR.UTF-8": unicode.Hangul, "LC_ALL=zh_CN": unicode.Han} {
		if r := start(t, []string{lang}, name); strings.IndexFunc(r.out, func(c rune) bool { return unicode.Is(script, c) }) < 0 {
			t.Errorf("%s: %s", lang, r.out)
		}
	}
	for _, lang := range []string{"", "LANG=C", "LANG=fr_FR", "LANG=k", "LANG=kok"} {
		if r := start(t, []string{lang}, name); !strings.Contains(r.out, "Everything") {
			t.Errorf("%s: %s", lang, r.out)
		}
	}
}

// Every key is in the three languages, with the same gaps, and all are used.
func TestWordsAgree(t *testing.T) {
	gaps := regexp.MustCompile(`\{\d\}`)
	source := ""
	for _, name := range []string{"main.go", "show.go", "../../bundle/verify.go"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source += string(b)
	}
	if len(words) != 3 {
		t.Fatalf("%d languages", len(words))
	}
	for key, text := range words["en"] {
		want := gaps.FindAllString(text, -1)
		slices.Sort(want)
		for lang, catalogue := range words {
			got := gaps.FindAllString(catalogue[key], -1)
			slices.Sort(got)
			if catalogue[key] == "" || !slices.Equal(got, want) || len(catalogue) != len(words["en"]) {
				t.Errorf("%s: %s: %q", lang, key, catalogue[key])
			}
		}
		if !strings.Contains(source, `"`+strings.TrimPrefix(key, "fault.")+`"`) && !strings.Contains(source, `"`+key+`"`) {
			t.Errorf("nobody says %s", key)
		}
	}
	for _, code := range regexp.MustCompile(`Code\w+\s+= "(\w+)"`).FindAllStringSubmatch(source, -1) {
		if words["en"]["fault."+code[1]] == "" {
			t.Errorf("there is no sentence for the fault %s", code[1])
		}
	}
}

// Programs that others wrote see the same damage in the content.
func TestOtherProgramsAgree(t *testing.T) {
	good := bundletest.Make(t, 1, bundletest.Content())
	if out, err := exec.Command("unzip", "-tqq", file(t, good)).CombinedOutput(); err != nil {
		t.Errorf("unzip: %v\n%s", err, out)
	}
	bad := bytes.Replace(good, []byte("a clip"), []byte("a clap"), 1)
	refuses(t, "changed content", bad)
	if exec.Command("unzip", "-tqq", file(t, bad)).Run() == nil {
		t.Error("unzip does not see it: it is no referee")
	}
}
