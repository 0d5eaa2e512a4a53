package media_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
	"safehouse/internal/media/worker"
)

// The test program is its own worker, as the real one is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == media.Command {
		worker.Main()
		return
	}
	os.Exit(m.Run())
}

// runner has a decoder of ours in the place of ffprobe: what it does, a decoder that a
// hostile file took over could do.
func runner(t *testing.T, script string) media.Runner {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	taken := filepath.Join(t.TempDir(), "decoder")
	if err := os.WriteFile(taken, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return media.Runner{Program: self, FFmpeg: taken, FFprobe: taken, Patience: 2 * time.Second}
}

func clip(t *testing.T) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "clip.mp4")
	if out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=1", name).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func code(err error) string {
	var p *evidence.Problem
	errors.As(err, &p)
	if p == nil {
		return ""
	}
	return p.Code
}

func TestADecoderSeesNoSecretNoNetworkAndItsLimits(t *testing.T) {
	t.Setenv("SAFEHOUSE_PASSPHRASE_FILE", "/planted/passphrase")
	t.Setenv("HOME", "/planted/home")
	seen := filepath.Join(t.TempDir(), "seen")
	r := runner(t, fmt.Sprintf("{ tr '\\0' '\\n' </proc/$$/environ; echo; cat /proc/net/dev /proc/$$/limits; ls -l /proc/$$/fd; pwd; } >%s 2>&1\nexit 1\n", seen))
	_, err := r.Probe(t.Context(), clip(t))
	if err == nil {
		t.Fatal("a decoder that failed was believed")
	}
	b, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	said := string(b)
	if strings.Contains(said, "planted") || strings.Contains(said, "SAFEHOUSE") || strings.Contains(said, "PATH=") {
		t.Errorf("its environment is not empty:\n%s", said)
	}
	for line := range strings.Lines(said) {
		if name, _, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && strings.HasPrefix(name, "eth") {
			t.Errorf("it has a network: %s", line)
		}
		for _, limit := range []string{"Max address space", "Max cpu time", "Max open files"} {
			if strings.HasPrefix(line, limit) && strings.Contains(line[:50], "unlimited") {
				t.Errorf("no limit: %s", line)
			}
		}
	}
	if !media.Isolated() || !strings.Contains(said, "lo:") || !strings.Contains(said, "Max address space") {
		t.Errorf("isolated %v; it saw\n%s", media.Isolated(), said)
	}
}

func TestADecoderThatHangsIsStopped(t *testing.T) {
	began := time.Now()
	_, err := runner(t, "while :; do :; done").Probe(t.Context(), clip(t))
	if code(err) != "media.hung" || time.Since(began) > 20*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}

func TestADecoderThatEatsMemoryIsStopped(t *testing.T) {
	r := runner(t, "x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done")
	r.Patience = time.Minute
	if _, err := r.Probe(t.Context(), clip(t)); err == nil {
		t.Error("it was believed")
	}
}

func TestADecoderThatLiesIsNotBelieved(t *testing.T) {
	for _, lie := range []string{"echo '{'", "head -c 100000 /dev/urandom", "echo '{\"streams\":[{\"width\":-1}]}'", "exit 0", "kill -9 $$"} {
		if clip, err := runner(t, lie).Probe(t.Context(), clip(t)); err == nil {
			t.Errorf("%s: %+v", lie, clip)
		}
	}
}

func TestCancellingStopsTheDecoderToo(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	r := runner(t, "echo $$ >"+pid+"\nwhile :; do :; done")
	r.Patience = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := r.Probe(ctx, clip(t)); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	b, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(b)) + "/stat")
	if err == nil && !strings.Contains(string(stat), ") Z ") {
		t.Errorf("it still runs: %s", stat)
	}
}
