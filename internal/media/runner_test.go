package media_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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
	if len(os.Args) > 1 && os.Args[1] == "-hide_banner" { // started in the place of ffprobe
		attack()
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "full" {
		frames, _ := strconv.Atoi(os.Args[3])
		if err := onFullDisk(os.Args[2], frames); err != nil {
			panic(err)
		}
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
	// What it saw comes out as what a decoder complains of: it can write nowhere else.
	r := runner(t, "{ env; pwd; ulimit -v; ulimit -t; ulimit -n; ls /proc/self/fd; cat /proc/net/dev; } >&2\nexit 1\n")
	_, err := r.Probe(t.Context(), clip(t))
	if err == nil {
		t.Fatal("a decoder that failed was believed")
	}
	said := err.Error()
	if strings.Contains(said, "planted") || strings.Contains(said, "SAFEHOUSE") || strings.Contains(said, "HOME=") {
		t.Errorf("its environment is not empty:\n%s", said)
	}
	if strings.Contains(said, "unlimited") || !strings.Contains(said, "PWD=/\n") {
		t.Errorf("it has no limits, or said nothing:\n%s", said)
	}
	if !media.Reached().Full() {
		t.Errorf("this machine confines a worker by %s only", media.Reached())
	}
}

// attack tries what a decoder could that a hostile file took over, and complains of
// whatever it managed to do.
func attack() {
	parent := os.Getppid()
	try := func(what string, do func() error) {
		if err := do(); err == nil {
			fmt.Fprintln(os.Stderr, "MANAGED:", what)
		} else {
			fmt.Fprintln(os.Stderr, "refused:", what)
		}
	}
	open := func(name string, flag int) func() error {
		return func() error {
			f, err := os.OpenFile(name, flag, 0o600)
			if err == nil {
				f.Close()
			}
			return err
		}
	}
	call := func(number uintptr, args ...uintptr) func() error {
		return func() error {
			args = append(args, 0, 0, 0, 0, 0, 0)
			if _, _, e := unix.Syscall6(number, args[0], args[1], args[2], args[3], args[4], args[5]); e != 0 {
				return e
			}
			return nil
		}
	}
	self, _ := os.Executable()
	try("read a file of the system", open("/etc/passwd", os.O_RDONLY))
	try("read a file of the user", open(filepath.Join(filepath.Dir(self), "..", "..", "secret"), os.O_RDONLY))
	try("list the user's folder", func() error { _, err := os.ReadDir(os.TempDir()); return err })
	try("write a file", open(filepath.Join(os.TempDir(), "safehouse-attack"), os.O_WRONLY|os.O_CREATE))
	try("read the memory of the first process", open("/proc/1/mem", os.O_RDONLY))
	try("read the memory of its parent", open(fmt.Sprintf("/proc/%d/mem", parent), os.O_RDONLY))
	try("read its parent's environment", open(fmt.Sprintf("/proc/%d/environ", parent), os.O_RDONLY))
	try("trace its parent", call(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(parent)))
	try("read another's memory by a call", call(unix.SYS_PROCESS_VM_READV, uintptr(parent)))
	try("open a socket to other machines", call(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM))
	try("open a socket on this machine", call(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM))
	try("ask for new namespaces", call(unix.SYS_UNSHARE, unix.CLONE_NEWUSER))
	try("set up a ring", call(unix.SYS_IO_URING_SETUP, 1))
	try("load a program into the kernel", call(unix.SYS_BPF))
	try("ask for keys", call(unix.SYS_KEYCTL))
	os.Exit(1)
}

func TestADecoderThatWasTakenOverCanDoNothing(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := media.Runner{Program: self, FFmpeg: self, FFprobe: self, Strict: true}
	_, err = r.Probe(t.Context(), clip(t))
	if err == nil {
		t.Fatal("it was believed")
	}
	if said := err.Error(); strings.Contains(said, "MANAGED") || strings.Count(said, "refused:") != 15 {
		t.Errorf("it said:\n%s", said)
	}
	if _, err := os.Stat(filepath.Join(os.TempDir(), "safehouse-attack")); err == nil {
		t.Error("it wrote a file")
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
	r := runner(t, "while :; do :; done")
	r.Patience = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := r.Probe(ctx, clip(t)); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	time.Sleep(200 * time.Millisecond)
	if out, err := exec.Command("pgrep", "-f", filepath.Base(filepath.Dir(r.FFprobe))+"/decoder").Output(); err == nil {
		t.Errorf("it still runs: %s", out)
	}
}
