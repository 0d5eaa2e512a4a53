package main

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var programs string // a folder with the real programs, beside a share folder

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "safehouse")
	if err != nil {
		panic(err)
	}
	status := 1
	if err := build(folder); err == nil {
		status = m.Run()
	} else {
		os.Stderr.WriteString(err.Error() + "\n")
	}
	os.RemoveAll(folder)
	os.Exit(status)
}

func build(folder string) error {
	share, err := filepath.Abs("../../share")
	if err != nil {
		return err
	}
	programs = filepath.Join(folder, "bin")
	out, err := exec.Command("go", "build", "-o", programs+"/", ".", "../safehouse-verify").CombinedOutput()
	if err != nil {
		return errors.Join(err, errors.New(string(out)))
	}
	return os.Symlink(share, filepath.Join(folder, "share"))
}

// Each script runs the real program in a folder of its own. There, "exits N
// COMMAND…" wants exactly that exit status, and "vault" makes a vault with two
// members, whose passphrases are in one.txt and two.txt; "taken" holds a port, whose
// address it puts into TAKEN. When a script has ended the doctor must find nothing in
// its vault, unless it said "broken".
func TestScripts(t *testing.T) {
	home, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			broken := new(bool)
			env.Values[brokenKey] = broken
			env.Defer(func() {
				if !*broken {
					healthy(env)
				}
			})
			env.Setenv("PATH", programs+":"+env.Getenv("PATH"))
			env.Setenv("PROGRAMS", programs)
			env.Setenv("HOME_OF_SAFEHOUSE", home)
			env.Setenv("SAFEHOUSE_DATA", filepath.Join(env.WorkDir, "data"))
			env.Setenv("SAFEHOUSE_SEEN", filepath.Join(env.WorkDir, "seen"))
			env.Setenv("SAFEHOUSE_LANG", "en")
			env.Setenv("SAFEHOUSE_PASSPHRASE_FILE", filepath.Join(env.WorkDir, "one.txt"))
			env.Setenv("SAFEHOUSE_NEW_PASSPHRASE_FILE", filepath.Join(env.WorkDir, "two.txt"))
			return errors.Join(
				os.WriteFile(filepath.Join(env.WorkDir, "one.txt"), []byte("the first long passphrase\n"), 0o600),
				os.WriteFile(filepath.Join(env.WorkDir, "two.txt"), []byte("the second long passphrase\n"), 0o600),
			)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits, "vault": newVault, "set": set, "broken": broken, "taken": taken},
	})
}

// brokenKey is where a script's wish not to have its vault looked at is kept.
const brokenKey = "broken"

// broken says that the script leaves a vault which is not whole.
func broken(ts *testscript.TestScript, _ bool, _ []string) { *ts.Value(brokenKey).(*bool) = true }

// healthy has the doctor look at the vault that a script leaves, if it made one.
func healthy(env *testscript.Env) {
	data := filepath.Join(env.WorkDir, "data")
	if slots, err := filepath.Glob(filepath.Join(data, "keys", "*")); err != nil || len(slots) == 0 {
		return
	}
	cmd := exec.Command(filepath.Join(programs, "safehouse"), "--data", data, "doctor", "--json")
	cmd.Env = append(os.Environ(), "SAFEHOUSE_PASSPHRASE_FILE="+filepath.Join(env.WorkDir, "one.txt"), "SAFEHOUSE_LANG=en", "SAFEHOUSE_SEEN=off")
	said, err := cmd.Output()
	var found struct {
		Vault *struct {
			Faults []struct{ Code, ID, Why string }
		}
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || json.Unmarshal(said, &found) != nil || found.Vault == nil {
		env.T().Fatal("the doctor could not look at the vault: ", err, string(said))
	}
	if len(found.Vault.Faults) > 0 {
		env.T().Fatal("the vault is not whole: ", found.Vault.Faults)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got, err = exit.ExitCode(), nil
	}
	ts.Check(err)
	if got != want {
		ts.Fatalf("exit status %d, not %d", got, want)
	}
}

func newVault(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(ts.Exec("safehouse", "init", "--name", "Founder"))
	ts.Check(ts.Exec("safehouse", "member", "add", "--name", "Second", "--role", "reviewer"))
}

// set gives a variable the last line that a command printed.
func set(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: set NAME COMMAND…")
	}
	ts.Check(ts.Exec(args[1], args[2:]...))
	out := []rune(ts.ReadFile("stdout"))
	for len(out) > 0 && out[len(out)-1] == '\n' {
		out = out[:len(out)-1]
	}
	ts.Setenv(args[0], string(out))
}

func taken(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("TAKEN", l.Addr().String())
}
