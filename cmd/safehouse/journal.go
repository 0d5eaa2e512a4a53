package main

import (
	"fmt"
	"os"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
	"safehouse/journal"
)

type journalCmd struct {
	Show       journalShowCmd       `cmd:"" help:"${help_journal_show}"`
	Prove      journalProveCmd      `cmd:"" help:"${help_journal_prove}"`
	Checkpoint journalCheckpointCmd `cmd:"" help:"${help_journal_checkpoint}"`
}

// journal opens the journal for f.
func (a *app) journal(f func(v *vault.Vault, view *store.View) error) error {
	return a.with(func(v *vault.Vault) error {
		if err := access.Check(v.Actor, access.ReadJournal); err != nil {
			return err
		}
		return v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) error { return f(v, view) })
	})
}

type journalShowCmd struct {
	Subject string `help:"${help_journal_subject}" placeholder:"ID"`
	Since   string `help:"${help_journal_since}" placeholder:"TIME"`
}

type entryJSON struct {
	Index   int64     `json:"index"`
	Time    time.Time `json:"time"`
	Actor   string    `json:"actor"`
	Action  string    `json:"action"`
	Subject string    `json:"subject"`
	Digests []string  `json:"digests"`
}

func (c *journalShowCmd) Run(a *app) error {
	since, err := instant(c.Since)
	if err != nil {
		return err
	}
	return a.journal(func(_ *vault.Vault, view *store.View) error {
		entries := []entryJSON{}
		err := view.Journal(c.Subject, func(i int64, e journal.Entry) {
			if !e.Time.Before(since) {
				entries = append(entries, entryJSON{i, e.Time, e.Actor, e.Action, e.Subject, append([]string{}, e.Digests...)})
			}
		})
		if err != nil {
			return err
		}
		return a.show(entries, func() {
			for _, e := range entries {
				fmt.Fprintf(a.out, "%6d  %s  %-20s  %-16s  %s\n", e.Index, e.Time.Format(time.RFC3339), e.Actor, e.Action, e.Subject)
			}
		})
	})
}

// instant reads a day or a time; nothing is the beginning of time.
func instant(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.DateOnly, time.RFC3339Nano} {
		if t, err := time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &evidence.Problem{Code: "journal.since", Args: []any{s}}
}

type journalProveCmd struct {
	ID  string `arg:"" help:"${help_journal_id}"`
	Out string `help:"${help_journal_out}" name:"out" short:"o" placeholder:"FILE"`
}

// Run writes a proof for the newest entry about the ID, as others can check it.
func (c *journalProveCmd) Run(a *app) error {
	return a.journal(func(v *vault.Vault, view *store.View) error {
		seqs, err := view.JournalOf(c.ID)
		if err != nil {
			return err
		}
		if len(seqs) == 0 {
			return fmt.Errorf("journal of %s: %w", c.ID, evidence.ErrNotFound)
		}
		proof, err := view.Prove(seqs[len(seqs)-1])
		if err != nil {
			return err
		}
		text := string(proof.Encode())
		if c.Out != "" {
			if err := writeWhole(c.Out, false, func(f *os.File) error { _, err := f.WriteString(text); return err }); err != nil {
				return err
			}
			return a.show(map[string]any{"id": c.ID, "index": proof.Index, "file": c.Out, "key": v.DB.Verifier()}, func() {
				a.line("journal.written", c.Out, v.DB.Verifier())
			})
		}
		return a.show(map[string]any{"id": c.ID, "index": proof.Index, "proof": text, "key": v.DB.Verifier()}, func() { fmt.Fprint(a.out, text) })
	})
}

type journalCheckpointCmd struct{}

func (c *journalCheckpointCmd) Run(a *app) error {
	return a.journal(func(v *vault.Vault, view *store.View) error {
		note, err := view.Checkpoint()
		if err != nil {
			return err
		}
		return a.show(map[string]any{"checkpoint": string(note), "key": v.DB.Verifier()}, func() { fmt.Fprintf(a.out, "%s", note) })
	})
}
