package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/term"

	"safehouse/internal/evidence"
	"safehouse/internal/vault"
)

// Where passphrases are read from when there is no terminal. Only the names of
// files are in the environment, never a passphrase.
const (
	passphraseFile    = "SAFEHOUSE_PASSPHRASE_FILE"
	newPassphraseFile = "SAFEHOUSE_NEW_PASSPHRASE_FILE"
	recoveryFile      = "SAFEHOUSE_RECOVERY_FILE"
)

// seenFolder names the folder for what members saw last of the journal; "off" keeps
// that within the vault only.
const seenFolder = "SAFEHOUSE_SEEN"

// outside is a folder beside the vault: the user's own, if there is one.
func outside() string {
	folder := os.Getenv(seenFolder)
	if folder == "off" {
		return ""
	}
	if folder == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return ""
		}
		folder = filepath.Join(config, "safehouse", "seen")
	}
	if os.MkdirAll(folder, 0o700) != nil {
		return "" // a user without a place of their own still works
	}
	return folder
}

// enter opens the vault for the member who runs the program.
func (a *app) enter() (*vault.Vault, error) { return a.enterBy(vault.EnterWith) }

// enterBy is enter by vault.EnterWith or vault.Inspect.
func (a *app) enterBy(door func(context.Context, string, vault.Entry) (*vault.Vault, error)) (*vault.Vault, error) {
	passphrase, err := a.passphrase(passphraseFile, "passphrase.ask", false)
	if err != nil {
		return nil, err
	}
	v, err := door(a.ctx, a.flags.Data, a.entry(passphrase))
	debug.FreeOSMemory() // trying a passphrase took 128 MiB, and they were full of it
	return v, err
}

func (a *app) entry(passphrase evidence.Secret) vault.Entry {
	return vault.Entry{
		Member: evidence.MemberID(a.flags.As), Passphrase: passphrase, Accept: evidence.Protect(a.flags.AcceptRollback), Seen: outside(),
	}
}

// with enters, works, and forgets the keys.
func (a *app) with(f func(v *vault.Vault) error) error {
	v, err := a.enter()
	if err != nil {
		return err
	}
	return errors.Join(f(v), v.Close())
}

// withPassphrase is with for a command that has asked already.
func (a *app) withPassphrase(passphrase evidence.Secret, f func(v *vault.Vault) error) error {
	v, err := vault.EnterWith(a.ctx, a.flags.Data, a.entry(passphrase))
	if err != nil {
		return err
	}
	return errors.Join(f(v), v.Close())
}

// passphrase reads from the file that the variable names, or asks. A new one is
// asked for twice.
func (a *app) passphrase(variable, question string, twice bool) (evidence.Secret, error) {
	if name := os.Getenv(variable); name != "" {
		b, err := os.ReadFile(name)
		if err != nil {
			return evidence.Secret{}, err
		}
		line, _, _ := bytes.Cut(b, []byte("\n"))
		return notEmpty(bytes.TrimSuffix(line, []byte("\r")))
	}
	first, err := a.ask(question, variable)
	if err != nil || !twice {
		return first, err
	}
	again, err := a.ask("passphrase.again", variable)
	if err == nil && !again.Same(first) {
		err = &evidence.Problem{Code: "passphrase.differs"}
	}
	return first, err
}

func (a *app) ask(question, variable string) (evidence.Secret, error) {
	f, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return evidence.Secret{}, &evidence.Problem{Code: "passphrase.no_terminal", Args: []any{variable}}
	}
	fmt.Fprint(a.err, a.say.Say(question), " ")
	b, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(a.err)
	if err != nil {
		return evidence.Secret{}, err
	}
	return notEmpty(b)
}

// sure asks whether to go on. Where nobody can answer it is a problem that says
// what to do.
func (a *app) sure(yes bool, question string, args ...any) error {
	if yes {
		return nil
	}
	f, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &evidence.Problem{Code: "answer.no_terminal"}
	}
	fmt.Fprint(a.err, a.say.Say(question, args...), " ")
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil || !slices.Contains([]string{"y", "yes", "예", "네", "是"}, strings.ToLower(strings.TrimSpace(line))) {
		return &evidence.Problem{Code: "answer.no"}
	}
	return nil
}

func notEmpty(b []byte) (evidence.Secret, error) {
	if len(b) == 0 {
		return evidence.Secret{}, &evidence.Problem{Code: "passphrase.empty"}
	}
	return evidence.Protect(string(b)), nil
}

// text reads a whole file of words, or standard input for "-".
func (a *app) text(name string) (string, error) {
	var r io.Reader = bufio.NewReader(a.in)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err == nil && len(b) > maxText {
		err = &evidence.Problem{Code: "text.too_long", Args: []any{name, maxText >> 20}}
	}
	return string(b), err
}

// maxText is the longest text that a command reads whole, in bytes.
const maxText = 4 << 20
