package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A desk is a vault and somebody who types.
type desk struct {
	t      *testing.T
	folder string
}

func newDesk(t *testing.T) desk {
	t.Helper()
	d := desk{t, t.TempDir()}
	d.write("words", []byte("a passphrase that is long enough"))
	d.run("init", "--name", "Founder")
	return d
}

func (d desk) write(name string, b []byte) string {
	d.t.Helper()
	name = filepath.Join(d.folder, name)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		d.t.Fatal(err)
	}
	return name
}

func (d desk) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(programs, "safehouse"), args...)
	cmd.Dir = d.folder
	cmd.Env = append(os.Environ(), "SAFEHOUSE_PASSPHRASE_FILE="+filepath.Join(d.folder, "words"), "SAFEHOUSE_LANG=en", "SAFEHOUSE_SEEN="+filepath.Join(d.folder, "seen"), "TMPDIR="+d.folder)
	return cmd
}

func (d desk) run(args ...string) []byte {
	d.t.Helper()
	var said bytes.Buffer
	cmd := d.command(args...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		d.t.Fatalf("%v: %v: %s%s", args, err, out, said.Bytes())
	}
	return out
}

// killed runs a command and kills it after a while, as a power cut would; it says
// whether the command was still at work.
func (d desk) killed(after time.Duration, args ...string) bool {
	d.t.Helper()
	cmd := d.command(args...)
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	time.Sleep(after)
	_ = cmd.Process.Kill()
	return cmd.Wait() != nil
}

// plain looks for a mark in everything below the folder but the named file.
func (d desk) plain(mark []byte, but string) {
	d.t.Helper()
	err := filepath.WalkDir(d.folder, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || name == but {
			return err
		}
		b, err := os.ReadFile(name)
		if bytes.Contains(b, mark) {
			d.t.Errorf("the mark lies plain in %s", name)
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// Whenever it is killed, the vault is whole, what was recorded opens, nothing plain
// is left, and the same work can be done again.
func TestKilledAtAnyMomentTheVaultIsWhole(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	mark := make([]byte, 16)
	rand.Read(mark)
	mark = []byte(hex.EncodeToString(mark))
	file := d.write("evidence.bin", bytes.Repeat(append(mark, make([]byte, 1<<16)...), 1500))
	stopped := 0
	for after := 300 * time.Millisecond; after < 2400*time.Millisecond; after += 350 * time.Millisecond {
		if d.killed(after, "item", "add", file) {
			stopped++
		}
		d.run("doctor")
		d.plain(mark, file)
	}
	if stopped == 0 {
		t.Fatal("it was never at work when it was killed")
	}
	d.run("item", "add", file)
	var items []struct{ ID string }
	if err := json.Unmarshal(d.run("item", "list", "--json"), &items); err != nil || len(items) == 0 {
		t.Fatalf("%v: %v", items, err)
	}
	if leftover, _ := filepath.Glob(filepath.Join(d.folder, ".safehouse-*")); len(leftover) > 0 {
		t.Error(leftover)
	}
}

// While a mask is made within the vault, no plain frame of the recording touches the
// disk: killed in the middle, nothing is there.
func TestKilledWhileMaskingNothingPlainIsLeft(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	clip := filepath.Join(d.folder, "clip.mp4")
	if out, err := exec.Command("../../examples/clip.sh", clip).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(clip)
	if err != nil {
		t.Fatal(err)
	}
	mark := b[len(b)/2 : len(b)/2+24]
	var items []struct{ ID string }
	if err := json.Unmarshal(d.run("item", "add", clip, "--json"), &items); err != nil || len(items) != 1 {
		t.Fatalf("%v: %v", items, err)
	}
	var plan struct{ ID string }
	if err := json.Unmarshal(d.run("plan", "propose", items[0].ID, "--json"), &plan); err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{1200 * time.Millisecond, 2200 * time.Millisecond, 3500 * time.Millisecond} {
		d.killed(after, "plan", "render", plan.ID)
		d.plain(mark, clip)
		d.run("doctor")
		if out := d.run("plan", "list"); !strings.Contains(string(out), plan.ID) {
			t.Errorf("the plan is gone: %s", out)
		}
	}
	d.run("plan", "render", plan.ID)
}
