package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

type itemWithdrawCmd struct {
	Item   string `arg:"" help:"${help_item_id}"`
	Reason string `help:"${help_reason}" placeholder:"WHY"`
	Yes    bool   `help:"${help_yes}"`
	Out    string `help:"${help_certificate_out}" short:"o" placeholder:"FILE"`
	Force  bool   `help:"${help_force}"`
}

// Run asks first, unless it was begun before: then it goes on.
func (c *itemWithdrawCmd) Run(a *app) error {
	if _, err := os.Lstat(c.Out); c.Out != "" && !c.Force && err == nil {
		return &evidence.Problem{Code: "file.exists", Args: []any{c.Out}}
	}
	return a.with(func(v *vault.Vault) error {
		id := evidence.ItemID(c.Item)
		w, err := v.Weigh(a.ctx, id)
		begun := isProblem(err, "item.withdrawn")
		if err != nil && !begun {
			return err
		}
		if !begun {
			if err := c.ask(a, w); err != nil {
				return err
			}
		}
		erased, err := v.Withdraw(a.ctx, id, c.Reason)
		if err != nil {
			return err
		}
		return c.report(a, v, erased)
	})
}

// ask shows what will be gone and wants the item's ID typed. Nobody types that by
// accident, and it is the same in every language.
func (c *itemWithdrawCmd) ask(a *app, w vault.Withdrawal) error {
	if strings.TrimSpace(c.Reason) == "" {
		return &evidence.Problem{Code: "item.withdraw_no_reason", Args: []any{c.Item}}
	}
	if c.Yes {
		return nil
	}
	f, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &evidence.Problem{Code: "item.withdraw_ask", Args: []any{c.Item}}
	}
	for _, line := range weighed(a.say, w) {
		fmt.Fprintln(a.err, line)
	}
	fmt.Fprint(a.err, a.say.Say("item.withdraw_type", c.Item), " ")
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != c.Item {
		return &evidence.Problem{Code: "item.withdraw_not", Args: []any{c.Item}, Err: err}
	}
	return nil
}

// weighed says what would be destroyed, and what cannot be.
func weighed(say *locale.Printer, w vault.Withdrawal) []string {
	lines := []string{
		say.Say("withdraw.name", w.Item.Name.Reveal()), // whoever asks may see it
		say.Say("withdraw.will", len(w.Renditions), len(w.Plans), len(w.Claims), len(w.Drafts)),
	}
	return append(lines, rest(say, w.Moved, w.Alike, w.Releases, w.Backups)...)
}

// rest says what stays: claims that others support, the same content from others,
// what left, and what lies in backups.
func rest(say *locale.Printer, moved []evidence.ClaimID, alike []evidence.ItemID, released []evidence.ReleaseID, backups []store.Backup) (lines []string) {
	if len(moved) > 0 {
		lines = append(lines, say.Say("withdraw.moved", len(moved)))
	}
	for _, id := range alike {
		lines = append(lines, say.Say("withdraw.alike", id))
	}
	for _, id := range released {
		lines = append(lines, say.Say("withdraw.released", id))
	}
	for _, b := range backups {
		lines = append(lines, say.Say("withdraw.backup", b.Made.Format(time.RFC3339), b.Where.Reveal(), b.ID))
	}
	return lines
}

type withdrawnJSON struct {
	Certificate vault.Certificate `json:"certificate"`
	Backups     []heldJSON        `json:"backups"` // that hold it still
	Signed      string            `json:"signed"`
	Key         string            `json:"key"`
}

// heldJSON is a backup that holds something that was withdrawn.
type heldJSON struct {
	ID    evidence.BackupID `json:"id"`
	Where string            `json:"where"`
	Made  time.Time         `json:"made"`
}

func held(backups []store.Backup) []heldJSON {
	return each(backups, func(b store.Backup) heldJSON { return heldJSON{b.ID, b.Where.Reveal(), b.Made} })
}

func (c *itemWithdrawCmd) report(a *app, v *vault.Vault, e vault.Erased) error {
	signed, err := v.Certify(e.Certificate, certificate(e.Certificate))
	if err != nil {
		return err
	}
	if c.Out != "" {
		err := writeWhole(c.Out, c.Force, func(w *os.File) error {
			_, err := w.Write(signed)
			return err
		})
		if err != nil {
			return err
		}
	}
	out := withdrawnJSON{e.Certificate, held(e.Backups), string(signed), v.DB.Verifier()}
	return a.show(out, func() {
		a.line("withdraw.done", e.Item, e.Entry)
		d := e.Destroyed
		for _, line := range rest(a.say, d.Moved, d.Alike, d.Releases, e.Backups) {
			fmt.Fprintln(a.out, line)
		}
		if c.Out != "" {
			a.line("withdraw.written", c.Out)
			return
		}
		fmt.Fprintf(a.out, "\n%s", signed)
	})
}

// certificate says in every language what the certificate says.
func certificate(c vault.Certificate) string {
	var b strings.Builder
	for _, lang := range locale.Languages {
		say, d := locale.For(lang), c.Destroyed
		for _, line := range []string{
			say.Say("certificate.item", c.Item, c.Withdrawn.Format(time.RFC3339), c.By, c.Entry, c.Origin),
			say.Say("certificate.gone", d.Contents, len(d.Renditions), len(d.Plans), len(d.Claims), len(d.Drafts), d.Salts),
			say.Say("certificate.stays", len(d.Moved), len(d.Alike), len(d.Releases), len(c.Backups)),
			say.Say("certificate.finished", c.Finished.Format(time.RFC3339)),
		} {
			b.WriteString(line + "\n")
		}
		b.WriteByte('\n')
	}
	return b.String()
}
