//go:build crash

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The calls to the kernel after which something is on disk that was not before.
const durable = "fsync,fdatasync,linkat,renameat,renameat2,unlinkat,mkdirat"

// killedAt runs a command under strace and kills it after its n-th durable step. It
// says how many steps there were, and whether the command had ended before.
func (d desk) killedAt(n int, args ...string) (steps int, ended bool) {
	d.t.Helper()
	said, told, err := os.Pipe()
	if err != nil {
		d.t.Fatal(err)
	}
	defer said.Close()
	plain := d.command(args...)
	traced := []string{"-f", "-qq", "--seccomp-bpf", "-e", "signal=none", "-e", "trace=" + durable,
		"-e", "inject=" + durable + ":delay_exit=5000", // µs: what comes next has not begun when it is killed
		"-o", "/proc/self/fd/3", plain.Path}
	cmd := exec.Command("strace", append(traced, plain.Args[1:]...)...)
	cmd.Dir, cmd.Env = plain.Dir, plain.Env
	cmd.ExtraFiles = []*os.File{told}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	told.Close()
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if strings.Contains(lines.Text(), "unfinished") {
			continue // it is told again when it has returned
		}
		if steps++; steps == n {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
	}
	err = cmd.Wait()
	if cmd.ProcessState.ExitCode() > 0 {
		d.t.Fatalf("%v at step %d: %v: %s", args, n, err, wrong.Bytes())
	}
	return steps, err == nil
}

// A power cut may come after any step that brings something to disk, and again when the
// work is tried anew. Then the vault is whole, and what was acknowledged is there.
func TestKilledAtEachDurableStepTwiceTheVaultIsWhole(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	mark := []byte("a mark that lies nowhere plain 7c0ffee7")
	from := t.TempDir()
	write := func(name string, b []byte) string {
		name = filepath.Join(from, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	file := write("evidence.bin", bytes.Repeat(append(mark, make([]byte, 1<<12)...), 50))
	d.run("item", "add", write("before.bin", []byte("what was acknowledged")))
	for name, args := range map[string]func(n int) []string{
		"a file": func(int) []string { return []string{"item", "add", file} },
		"a case": func(n int) []string { return []string{"case", "new", fmt.Sprint("C-", n), "--title", "A case"} },
	} {
		n := 1
		for ended := false; !ended; n += 2 {
			_, first := d.killedAt(n, args(n)...)
			_, second := d.killedAt(n+1, args(n+1)...)
			ended = first || second
			d.run("doctor")
		}
		d.plain(mark, "")
		t.Logf("%s: killed at %d durable steps", name, n-1)
		if n < 4 {
			t.Errorf("%s: killed at %d steps only", name, n-1)
		}
	}
	var items []struct{ ID string }
	if err := json.Unmarshal(d.run("item", "list", "--json"), &items); err != nil || len(items) == 0 {
		t.Errorf("what was acknowledged is gone: %v", err)
	}
}
