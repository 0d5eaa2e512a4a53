package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
)

// A Withdrawal is what going through with it takes along, and which backups will
// still hold it.
type Withdrawal struct {
	store.Reach
	Backups []store.Backup
}

// Weigh finds what withdrawing an item would destroy. It changes nothing.
func (v *Vault) Weigh(ctx context.Context, id evidence.ItemID) (Withdrawal, error) {
	if err := access.Check(v.Actor, access.WithdrawItem); err != nil {
		return Withdrawal{}, err
	}
	var w Withdrawal
	err := v.DB.View(ctx, v.Actor.ID, func(view *store.View) (err error) {
		if w.Reach, err = view.Reach(id); err != nil {
			return withdrawn(view, id, err)
		}
		now, err := view.JournalSize()
		if err != nil {
			return err
		}
		w.Backups, err = view.Holding(w.Entry, now)
		return err
	})
	return w, err
}

// A Certificate says what a withdrawal destroyed. It holds IDs, numbers and times,
// and no name.
type Certificate struct {
	Item      evidence.ItemID     `json:"item"`
	Origin    string              `json:"origin"`
	Entry     int64               `json:"entry"` // of the journal
	By        evidence.MemberID   `json:"by"`
	Withdrawn time.Time           `json:"withdrawn"`
	Finished  time.Time           `json:"finished"`
	Destroyed store.Lost          `json:"destroyed"`
	Backups   []evidence.BackupID `json:"backups"` // earlier ones that still held it when this was made
}

// An Erased is what a withdrawal came to. Backups are those that hold it now.
type Erased struct {
	Certificate
	Backups []store.Backup
}

// Withdraw destroys an item: its content and key, all that was made of it, the
// claims that stand in it and nowhere else, the text of drafts that cite it, and the
// salts and reasons of its entries in the journal, which stay. When it returns nil
// nothing in the vault's folder opens to any of it. Whoever was interrupted asks
// again, and the work goes on from where it was.
func (v *Vault) Withdraw(ctx context.Context, id evidence.ItemID, reason string) (Erased, error) {
	if err := access.Check(v.Actor, access.WithdrawItem); err != nil {
		return Erased{}, err
	}
	if err := v.erase(ctx, id, reason); err != nil {
		return Erased{}, err
	}
	if err := v.finish(ctx, id); err != nil {
		return Erased{}, err
	}
	return v.erased(ctx, id)
}

// erase takes the rows out, once.
func (v *Vault) erase(ctx context.Context, id evidence.ItemID, reason string) error {
	var done error
	err := v.DB.View(ctx, v.Actor.ID, func(view *store.View) error {
		_, done = view.Erasure(id)
		return nil
	})
	if err != nil || done == nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return &evidence.Problem{Code: "item.withdraw_no_reason", Args: []any{id}}
	}
	v.at("erase rows")
	err = v.DB.Update(ctx, v.Actor.ID, func(tx *store.Tx) error {
		r, err := tx.Reach(id)
		if err != nil {
			return err
		}
		if err := tx.Erase(r, v.Actor.ID); err != nil {
			return fmt.Errorf("withdraw %s: %w", id, err)
		}
		tx.RecordWhy("item.withdraw", string(id), evidence.Protect(reason))
		for _, c := range r.Moved {
			tx.Record("claim.move", string(c))
		}
		return nil
	})
	v.at("rows erased")
	return err
}

// finish brings to its end what the rows ask for: without keys the blobs are noise,
// but they take room, and the old pages may still be read.
func (v *Vault) finish(ctx context.Context, id evidence.ItemID) error {
	var e store.Erasure
	var blobs []string
	err := v.DB.Unscoped(ctx, "to finish a withdrawal", func(view *store.View) (err error) {
		if e, err = view.Erasure(id); err != nil {
			return err
		}
		blobs, err = view.Erasing(id)
		return err
	})
	if err != nil || !e.Finished.IsZero() {
		return err
	}
	for _, b := range blobs {
		v.at("delete blob")
		if err := v.Originals.Blobs.Delete(ctx, b); err != nil {
			return err
		}
		v.at("blob deleted")
	}
	v.at("wipe")
	if err := v.DB.Wipe(ctx); errors.Is(err, store.ErrBusy) {
		return &evidence.Problem{Code: "item.withdraw_busy", Args: []any{id}, Err: err}
	} else if err != nil {
		return err
	}
	v.at("wiped")
	return v.finished(ctx, id)
}

// errFinished is how a withdrawal that another process finished leaves Update.
var errFinished = errors.New("finished by another")

func (v *Vault) finished(ctx context.Context, id evidence.ItemID) error {
	err := v.DB.Update(ctx, v.Actor.ID, func(tx *store.Tx) error {
		tx.Record("item.erased", string(id))
		first, err := tx.FinishErasure(id)
		if err == nil && !first {
			err = errFinished
		}
		return err
	})
	v.at("finished")
	if errors.Is(err, errFinished) {
		return nil
	}
	return err
}

func (v *Vault) erased(ctx context.Context, id evidence.ItemID) (Erased, error) {
	var out Erased
	err := v.DB.View(ctx, v.Actor.ID, func(view *store.View) error {
		e, err := view.Erasure(id)
		if err != nil {
			return err
		}
		out.Backups, err = view.Holding(e.Lost.Received, e.Entry)
		out.Certificate = Certificate{
			Item: id, Origin: v.DB.Origin(), Entry: e.Entry, By: e.By, Withdrawn: e.Made, Finished: e.Finished, Destroyed: e.Lost,
			Backups: []evidence.BackupID{},
		}
		for _, b := range out.Backups {
			out.Certificate.Backups = append(out.Certificate.Backups, b.ID)
		}
		return err
	})
	return out, err
}

// certificateHeader is the first line of a certificate.
const certificateHeader = "safehouse certificate of erasure 1"

// Certify signs a certificate with the key of the vault's journal: a C2SP signed
// note that holds the certificate as one line of JSON, and the same in words.
func (v *Vault) Certify(c Certificate, words string) ([]byte, error) {
	line, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	text := certificateHeader + "\n" + string(line) + "\n\n" + strings.TrimSpace(words) + "\n"
	signed, err := note.Sign(&note.Note{Text: text}, v.DB.Signer())
	if err != nil {
		return nil, fmt.Errorf("certify the withdrawal of %s: %w", c.Item, err)
	}
	return signed, nil
}

// at tells the tests that a step which survives a crash is about to be taken, or
// was.
func (v *Vault) at(step string) {
	if v.step != nil {
		v.step(step)
	}
}
