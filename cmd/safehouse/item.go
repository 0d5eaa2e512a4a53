package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/term"

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
	Show    itemShowCmd    `cmd:"" help:"${help_item_show}"`
	Open    itemOpenCmd    `cmd:"" help:"${help_item_open}"`
	Custody itemCustodyCmd `cmd:"" help:"${help_item_custody}"`
	Move    itemMoveCmd    `cmd:"" help:"${help_item_move}"`

	Withdraw itemWithdrawCmd `cmd:"" help:"${help_item_withdraw}"`
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

	Withdrawn *time.Time `json:"withdrawn,omitempty"` // then all else but the ID and the case is gone, and By withdrew it
}

func showItem(it evidence.Item) itemJSON {
	return itemJSON{
		ID: it.ID, Case: it.Case, Material: string(it.Material), Size: it.Size,
		Received: it.Received, By: it.By, Name: it.Name.Reveal(), SHA256: it.Digest.Reveal(),
	}
}

// gone shows an item that was withdrawn: all that is left to show.
func gone(e store.Erasure) itemJSON {
	return itemJSON{ID: e.Item, Case: e.Case, By: e.By, Withdrawn: &e.Made}
}

type itemAddCmd struct {
	Paths []string `arg:"" name:"path" help:"${help_item_files}"`
	Case  string   `help:"${help_case_name}" placeholder:"CASE"`
	From  string   `help:"${help_item_from}" placeholder:"WHO"`
}

// outcomeJSON is what became of one file: an item, or why not.
type outcomeJSON struct {
	File string `json:"file"`
	*itemJSON
	Error *errorJSON `json:"error,omitempty"`
}

type errorJSON struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (c *itemAddCmd) Run(a *app) error {
	return a.cabinet(func(v *vault.Vault, cab *casefile.Cabinet) error {
		id, err := c.caseID(a, v, cab)
		if err != nil {
			return err
		}
		files := intake.Find(c.Paths, a.flags.Data)
		outcomes, err := c.receive(a, v, id, files)
		if err != nil {
			return err
		}
		return c.report(a, files, outcomes)
	})
}

func (c *itemAddCmd) receive(a *app, v *vault.Vault, id evidence.CaseID, files []intake.File) (out []intake.Outcome, err error) {
	total := int64(0)
	for _, f := range files {
		total += f.Size
	}
	bar := a.progress("progress.sealing", total)
	defer bar.done()
	desk := &intake.Desk{DB: v.DB, Originals: v.Originals}
	parcels := intake.Parcels(files, intake.Parcel{Case: id, From: c.From}, bar.reader)
	err = desk.ReceiveAll(a.ctx, v.Actor, parcels, func(o intake.Outcome) { out = append(out, o) })
	return out, err
}

// report says of each file what became of it. One that failed does not stop the
// others, but the command fails.
func (c *itemAddCmd) report(a *app, files []intake.File, outcomes []intake.Outcome) error {
	shown := []outcomeJSON{}
	var failed []error
	for i, o := range outcomes {
		s := outcomeJSON{File: files[i].Path}
		if o.Err != nil {
			failed = append(failed, o.Err)
			s.Error = a.errorJSON(o.Err)
		} else {
			it := showItem(o.Receipt.Item)
			it.Same = o.Receipt.Same
			s.itemJSON = &it
		}
		shown = append(shown, s)
	}
	err := a.show(shown, func() { a.receipts(shown) })
	switch {
	case len(outcomes) == 0:
		return errors.Join(&evidence.Problem{Code: "item.no_files"}, err)
	case len(outcomes) == 1 && len(failed) == 1:
		return failed[0]
	}
	for _, e := range failed {
		a.tell(e)
	}
	if len(failed) > 0 {
		return &evidence.Problem{Code: "item.some_failed", Args: []any{len(failed), len(outcomes)}, Err: err}
	}
	return err
}

func (a *app) receipts(all []outcomeJSON) {
	for _, o := range all {
		if o.itemJSON == nil {
			continue // standard error says why
		}
		a.line("item.added", o.Name, o.ID, a.say.Say("material."+o.Material), o.Size)
		if len(o.Same) > 0 {
			a.line("item.same", o.Same[0])
		}
		if o.Material == string(evidence.Video) || o.Material == string(evidence.Photo) {
			a.line("item.waits")
		}
	}
}

// errorJSON is an error as JSON documents have it.
func (a *app) errorJSON(err error) *errorJSON {
	code, args := sentence(err)
	return &errorJSON{code, a.say.Say(code, args...)}
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
		items := []itemJSON{}
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) (err error) {
			items, err = c.list(view)
			return err
		})
		if err != nil {
			return err
		}
		return a.items(items)
	})
}

// list gives the items, and after them those that were withdrawn.
func (c *itemListCmd) list(view *store.View) ([]itemJSON, error) {
	var cs evidence.Case
	if c.Case != "" {
		var err error
		if cs, err = view.Case(c.Case); err != nil {
			return nil, err
		}
	}
	items, err := view.Items(cs.ID)
	if err != nil {
		return nil, err
	}
	out := each(items, showItem)
	erasures, err := view.Erasures()
	for _, e := range erasures {
		if c.Case == "" || e.Case == cs.ID {
			out = append(out, gone(e))
		}
	}
	return out, err
}

type itemOpenCmd struct {
	Item     string `arg:"" help:"${help_item_id}"`
	Reason   string `help:"${help_reason}" required:"" placeholder:"WHY"`
	Out      string `help:"${help_open_out}" short:"o" default:"-" placeholder:"FILE"`
	Sealed   bool   `help:"${help_open_sealed}"`
	Identity string `help:"${help_open_identity}" placeholder:"FILE"`
	Force    bool   `help:"${help_force}"`
}

func (c *itemOpenCmd) Run(a *app) error {
	if err := c.ready(a); err != nil {
		return err
	}
	return a.with(func(v *vault.Vault) error {
		if c.Sealed {
			return c.export(a, v)
		}
		content, err := v.Originals.Open(a.ctx, v.Actor, evidence.ItemID(c.Item), c.Reason)
		if err != nil {
			return err
		}
		defer content.Close()
		if err := c.write(a, content); err != nil || c.Out == "-" {
			return err
		}
		return c.done(a, "item.opened", content)
	})
}

// ready finds what cannot work before an opening is journaled for nothing.
func (c *itemOpenCmd) ready(a *app) error {
	if c.Sealed != (c.Identity != "") || c.Sealed && c.Out == "-" {
		return &evidence.Problem{Code: "item.open_sealed_how"}
	}
	if f, ok := a.out.(*os.File); c.Out == "-" && (a.flags.JSON || ok && term.IsTerminal(int(f.Fd()))) {
		return &evidence.Problem{Code: "item.open_where"}
	}
	for _, name := range []string{c.Out, c.Identity} {
		if name == "-" || name == "" || c.Force {
			continue
		}
		if _, err := os.Lstat(name); err == nil {
			return &evidence.Problem{Code: "file.exists", Args: []any{name}}
		}
	}
	return nil
}

// export writes the sealed file, and beside it the one identity that opens it.
func (c *itemOpenCmd) export(a *app, v *vault.Vault) error {
	content, identity, err := v.Originals.Export(a.ctx, v.Actor, evidence.ItemID(c.Item), c.Reason)
	if err != nil {
		return err
	}
	defer content.Close()
	if err := c.write(a, content); err != nil {
		return err
	}
	err = writeWhole(c.Identity, c.Force, func(w *os.File) error {
		_, err := fmt.Fprintln(w, identity.Reveal()) // this is what the command is for
		return err
	})
	if err != nil {
		return err
	}
	return c.done(a, "item.exported", content)
}

func (c *itemOpenCmd) write(a *app, content *vault.Content) error {
	bar := a.progress("progress.opening", content.Size)
	defer bar.done()
	if c.Out == "-" {
		_, err := io.Copy(a.out, bar.reader(content.Reader()))
		return err
	}
	return writeWhole(c.Out, c.Force, func(w *os.File) error {
		_, err := io.Copy(w, bar.reader(content.Reader()))
		return err
	})
}

type openedJSON struct {
	Item     string `json:"item"`
	File     string `json:"file"`
	Size     int64  `json:"size"`               // of the file, in bytes
	SHA256   string `json:"sha256"`             // of the original, unsealed
	Identity string `json:"identity,omitempty"` // the file that holds it
}

func (c *itemOpenCmd) done(a *app, code string, content *vault.Content) error {
	return a.show(openedJSON{c.Item, c.Out, content.Size, content.Digest, c.Identity}, func() {
		fmt.Fprintln(a.err, a.say.Say(code, c.Item, c.Out, c.Identity))
	})
}

type itemShowCmd struct {
	Item string `arg:"" help:"${help_item_id}"`
}

// shownJSON is an item with what was made of it.
type shownJSON struct {
	itemJSON
	From       string                 `json:"from,omitempty"`
	Plans      []evidence.PlanID      `json:"plans"`
	Renditions []evidence.RenditionID `json:"renditions"`
}

func (c *itemShowCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		if err := access.Check(v.Actor, access.ReadItem); err != nil {
			return err
		}
		out := shownJSON{Plans: []evidence.PlanID{}, Renditions: []evidence.RenditionID{}}
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) error { return out.read(view, evidence.ItemID(c.Item)) })
		if err != nil {
			return err
		}
		return a.show(out, func() { out.words(a) })
	})
}

func (s *shownJSON) read(view *store.View, id evidence.ItemID) error {
	it, _, err := view.Item(id)
	if errors.Is(err, evidence.ErrNotFound) {
		e, err := view.Erasure(id)
		s.itemJSON = gone(e)
		return err
	}
	if err != nil {
		return err
	}
	plans, err := view.Plans(id)
	if err != nil {
		return err
	}
	made, err := view.Renditions(id)
	if err != nil {
		return err
	}
	s.itemJSON, s.From = showItem(it), it.From.Reveal()
	for _, p := range plans {
		s.Plans = append(s.Plans, p.ID)
	}
	for _, r := range made {
		s.Renditions = append(s.Renditions, r.ID)
	}
	alike, err := view.ItemsLike(it.Digest)
	for _, other := range alike {
		if other.ID != id {
			s.Same = append(s.Same, other.ID)
		}
	}
	return err
}

func (s *shownJSON) words(a *app) {
	if s.Withdrawn != nil {
		a.line("item.row_withdrawn", s.ID, s.Withdrawn.Format(time.RFC3339))
		return
	}
	a.line("item.shown", s.ID, s.Name, a.say.Say("material."+s.Material), s.Size, s.Received.Format(time.RFC3339), s.By, s.SHA256)
	if s.From != "" {
		a.line("item.shown_from", s.From)
	}
	a.line("item.shown_made", len(s.Plans), len(s.Renditions))
	for _, id := range s.Same {
		a.line("item.shown_same", id)
	}
}

type itemCustodyCmd struct {
	Item  string `arg:"" help:"${help_item_id}"`
	Proof string `help:"${help_custody_proof}" placeholder:"DIR"`
}

// custodyJSON is one step. Who is empty for whoever may not know the members;
// Destroyed says that a withdrawal took the reason and the salt.
type custodyJSON struct {
	Entry     int64     `json:"entry"` // its place in the journal
	Time      time.Time `json:"time"`
	Actor     string    `json:"actor"`
	Who       string    `json:"who,omitempty"`
	Action    string    `json:"action"`
	Why       string    `json:"why,omitempty"`
	Destroyed bool      `json:"destroyed,omitempty"`
	Proof     string    `json:"proof,omitempty"` // the file
}

func (c *itemCustodyCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		if err := access.Check(v.Actor, access.ReadItem); err != nil {
			return err
		}
		var chain []custodyJSON
		var proofs []journal.Proof
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) (err error) {
			if err := known(view, evidence.ItemID(c.Item)); err != nil {
				return err
			}
			if chain, err = custody(view, c.Item); err != nil {
				return err
			}
			if access.Check(v.Actor, access.ListMembers) == nil {
				if err := name(view, chain); err != nil {
					return err
				}
			}
			if c.Proof != "" {
				proofs, err = prove(view, chain)
			}
			return err
		})
		if err != nil {
			return err
		}
		if c.Proof != "" {
			if err := c.write(chain, proofs, v.DB.Verifier()); err != nil {
				return err
			}
		}
		return a.show(chain, func() { a.custody(chain) })
	})
}

// known says whether there is such an item, or was before it was withdrawn.
func known(view *store.View, id evidence.ItemID) error {
	_, _, err := view.Item(id)
	if errors.Is(err, evidence.ErrNotFound) {
		_, err = view.Erasure(id)
	}
	return err
}

func (a *app) custody(chain []custodyJSON) {
	for _, e := range chain {
		who, why := e.Actor, e.Why
		if e.Who != "" {
			who += " (" + e.Who + ")"
		}
		if e.Destroyed {
			why = a.say.Say("item.custody_destroyed")
		}
		a.line("item.custody", e.Entry, e.Time.Format(time.RFC3339), who, e.Action, why)
	}
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
		out = append(out, custodyJSON{
			Entry: seq, Time: e.Time, Actor: e.Actor, Action: e.Action, Why: note.Why.Reveal(), Destroyed: note.Destroyed,
		})
	}
	return out, nil
}

// name adds the members' names.
func name(view *store.View, chain []custodyJSON) error {
	members, err := view.Members()
	if err != nil {
		return err
	}
	for i := range chain {
		for _, m := range members {
			if string(m.ID) == chain[i].Actor {
				chain[i].Who = m.Name.Reveal() // members know each other
			}
		}
	}
	return nil
}

// prove makes a proof for each step, and names its file.
func prove(view *store.View, chain []custodyJSON) ([]journal.Proof, error) {
	out := make([]journal.Proof, 0, len(chain))
	for i, e := range chain {
		p, err := view.Prove(e.Entry)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
		chain[i].Proof = fmt.Sprintf("%06d.%s.tlog-proof", e.Entry, e.Action)
	}
	return out, nil
}

// write leaves the proofs, and the key that they are checked with.
func (c *itemCustodyCmd) write(chain []custodyJSON, proofs []journal.Proof, key string) error {
	if err := os.MkdirAll(c.Proof, 0o700); err != nil {
		return err
	}
	files := map[string][]byte{"key": []byte(key + "\n")}
	for i, p := range proofs {
		files[chain[i].Proof] = p.Encode()
	}
	for file, b := range files {
		err := writeWhole(filepath.Join(c.Proof, file), false, func(w *os.File) error {
			_, err := w.Write(b)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
