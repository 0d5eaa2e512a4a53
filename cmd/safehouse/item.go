package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/casefile"
	"safehouse/internal/evidence"
	"safehouse/internal/intake"
	"safehouse/internal/store"
	"safehouse/internal/vault"
	"safehouse/journal"
)

type itemCmd struct {
	Add     itemAddCmd     `cmd:"" help:"${help_item_add}"`
	List    itemListCmd    `cmd:"" help:"${help_item_list}"`
	Open    itemOpenCmd    `cmd:"" help:"${help_item_open}"`
	Custody itemCustodyCmd `cmd:"" help:"${help_item_custody}"`
	Move    itemMoveCmd    `cmd:"" help:"${help_item_move}"`
}

type itemJSON struct {
	ID       evidence.ItemID   `json:"id"`
	Case     evidence.CaseID   `json:"case,omitempty"`
	Material string            `json:"material"`
	Size     int64             `json:"size"`
	Received time.Time         `json:"received"`
	By       evidence.MemberID `json:"by"`
	Name     string            `json:"name"`
	SHA256   string            `json:"sha256"`
	Same     []evidence.ItemID `json:"same,omitempty"` // items with the same content that were there before
}

func showItem(it evidence.Item) itemJSON {
	return itemJSON{
		ID: it.ID, Case: it.Case, Material: string(it.Material), Size: it.Size,
		Received: it.Received, By: it.By, Name: it.Name.Reveal(), SHA256: it.Digest.Reveal(),
	}
}

type itemAddCmd struct {
	Files []string `arg:"" help:"${help_item_files}"`
	Case  string   `help:"${help_case_name}" placeholder:"CASE"`
	From  string   `help:"${help_item_from}" placeholder:"WHO"`
}

func (c *itemAddCmd) Run(a *app) error {
	return a.cabinet(func(v *vault.Vault, cab *casefile.Cabinet) error {
		desk := &intake.Desk{DB: v.DB, Originals: v.Originals}
		id, err := c.caseID(a, v, cab)
		if err != nil {
			return err
		}
		out := []itemJSON{}
		failures := 0
		for _, name := range c.Files {
			receipt, err := receive(a, desk, v.Actor, id, name, c.From)
			if err != nil && len(c.Files) == 1 {
				return err
			}
			if err != nil { // each file has its own outcome
				a.tell(err)
				failures++
				continue
			}
			shown := showItem(receipt.Item)
			shown.Same = receipt.Same
			out = append(out, shown)
		}
		err = a.show(out, func() { receipts(a, out) })
		if failures > 0 {
			return &evidence.Problem{Code: "item.some_failed", Args: []any{failures, len(c.Files)}, Err: err}
		}
		return err
	})
}

// caseID finds the case that the user named. Whoever may only hand in names the
// case by its ID and is not told whether it exists.
func (c *itemAddCmd) caseID(a *app, v *vault.Vault, cab *casefile.Cabinet) (evidence.CaseID, error) {
	if c.Case == "" {
		return "", nil
	}
	if access.Check(v.Actor, access.ReadCase) != nil {
		return evidence.CaseID(c.Case), nil
	}
	cs, err := cab.Case(a.ctx, v.Actor, c.Case)
	return cs.ID, err
}

func receive(a *app, desk *intake.Desk, actor evidence.Actor, id evidence.CaseID, name, from string) (intake.Receipt, error) {
	f, err := openFile(name)
	if err != nil {
		return intake.Receipt{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return intake.Receipt{}, err
	}
	bar := a.progress("progress.sealing", info.Size())
	defer bar.done()
	return desk.Receive(a.ctx, actor, intake.Parcel{Case: id, Name: filepath.Base(name), From: from, Content: bar.reader(f)})
}

func receipts(a *app, items []itemJSON) {
	for _, it := range items {
		a.line("item.added", it.Name, it.ID, a.say.Say("material."+it.Material), it.Size)
		if len(it.Same) > 0 {
			a.line("item.same", it.Same[0])
		}
		if it.Material == string(evidence.Video) || it.Material == string(evidence.Photo) {
			a.line("item.waits")
		}
	}
}

type itemListCmd struct {
	Case string `help:"${help_case_name}" placeholder:"CASE"`
}

func (c *itemListCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		if c.Case == "" && access.Check(v.Actor, access.ReadItem) != nil {
			return a.handedIn(v)
		}
		if err := access.Check(v.Actor, access.ReadItem); err != nil {
			return err
		}
		var items []evidence.Item
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) (err error) {
			var cs evidence.Case
			if c.Case != "" {
				if cs, err = view.Case(c.Case); err != nil {
					return err
				}
			}
			items, err = view.Items(cs.ID)
			return err
		})
		if err != nil {
			return err
		}
		return a.items(each(items, showItem))
	})
}

type itemOpenCmd struct {
	Item   string `arg:"" help:"${help_item_id}"`
	Reason string `help:"${help_reason}" required:"" placeholder:"WHY"`
	Out    string `help:"${help_open_out}" short:"o" required:"" placeholder:"FILE"`
}

func (c *itemOpenCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		content, err := v.Originals.Open(a.ctx, v.Actor, evidence.ItemID(c.Item), c.Reason)
		if err != nil {
			return err
		}
		defer content.Close()
		if c.Out == "-" {
			_, err = io.Copy(a.out, content.Reader())
			return err
		}
		if err := writeWhole(c.Out, false, func(w *os.File) error {
			_, err := io.Copy(w, content.Reader())
			return err
		}); err != nil {
			return err
		}
		fmt.Fprintln(a.err, a.say.Say("item.opened", c.Item, c.Out))
		return nil
	})
}

type itemCustodyCmd struct {
	Item string `arg:"" help:"${help_item_id}"`
}

type custodyJSON struct {
	Entry  int64     `json:"entry"` // its place in the journal
	Time   time.Time `json:"time"`
	Actor  string    `json:"actor"`
	Action string    `json:"action"`
	Why    string    `json:"why,omitempty"`
}

func (c *itemCustodyCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		if err := access.Check(v.Actor, access.ReadItem); err != nil {
			return err
		}
		var chain []custodyJSON
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) (err error) {
			if _, _, err = view.Item(evidence.ItemID(c.Item)); err != nil {
				return err
			}
			chain, err = custody(view, c.Item)
			return err
		})
		if err != nil {
			return err
		}
		return a.show(chain, func() {
			for _, e := range chain {
				a.line("item.custody", e.Entry, e.Time.Format(time.RFC3339), e.Actor, e.Action, e.Why)
			}
		})
	})
}

func custody(view *store.View, subject string) ([]custodyJSON, error) {
	seqs, err := view.JournalOf(subject)
	if err != nil {
		return nil, err
	}
	out := make([]custodyJSON, 0, len(seqs))
	for _, seq := range seqs {
		b, err := view.JournalEntry(seq)
		if err != nil {
			return nil, err
		}
		e, err := journal.ParseEntry(b)
		if err != nil {
			return nil, err
		}
		note, err := view.JournalNote(seq)
		if err != nil {
			return nil, err
		}
		out = append(out, custodyJSON{seq, e.Time, e.Actor, e.Action, note.Why.Reveal()})
	}
	return out, nil
}
