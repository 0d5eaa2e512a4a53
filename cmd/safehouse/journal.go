package main

import (
	"fmt"
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

type journalShowCmd struct{}

type entryJSON struct {
	Index   int64     `json:"index"`
	Time    time.Time `json:"time"`
	Actor   string    `json:"actor"`
	Action  string    `json:"action"`
	Subject string    `json:"subject"`
	Digests []string  `json:"digests"`
}

func (c *journalShowCmd) Run(a *app) error {
	return a.journal(func(_ *vault.Vault, view *store.View) error {
		entries, err := entries(view)
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

func entries(view *store.View) ([]entryJSON, error) {
	seqs, err := view.JournalOf("")
	if err != nil {
		return nil, err
	}
	out := make([]entryJSON, 0, len(seqs))
	for _, i := range seqs {
		b, err := view.JournalEntry(i)
		if err != nil {
			return nil, err
		}
		e, err := journal.ParseEntry(b)
		if err != nil {
			return nil, err
		}
		out = append(out, entryJSON{i, e.Time, e.Actor, e.Action, e.Subject, append([]string{}, e.Digests...)})
	}
	return out, nil
}

type journalProveCmd struct {
	ID string `arg:"" help:"${help_journal_id}"`
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
