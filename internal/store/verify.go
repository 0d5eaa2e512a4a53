package store

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"safehouse/journal"
)

// VerifyJournal computes the journal again, entry by entry: in the database, under
// its newest checkpoint, and in the published folder. The error names the first
// place that does not fit. It gives the number of entries.
func (db *DB) VerifyJournal(ctx context.Context) (size int64, err error) {
	err = db.View(ctx, func(v *View) error {
		if size, err = v.JournalSize(); err != nil {
			return err
		}
		if err := v.verifyKeys(db.Verifier()); err != nil {
			return err
		}
		return v.verifyJournal(size, db.Verifier())
	})
	if err != nil {
		return size, err
	}
	published, err := db.public.Verify(db.Verifier())
	if err != nil {
		return size, fmt.Errorf("published journal: %w", err)
	}
	if published < size {
		return size, fmt.Errorf("published journal: %d of %d entries", published, size)
	}
	return size, nil
}

func (v *View) verifyJournal(size int64, verifier string) error {
	note, err := v.Checkpoint()
	if err != nil {
		return err
	}
	c, err := journal.OpenCheckpoint(note, verifier)
	if err != nil {
		return err
	}
	if c.Tree.N != size {
		return fmt.Errorf("journal: %d entries, checkpoint for %d", size, c.Tree.N)
	}
	for i := range size {
		if err := v.verifyEntry(i); err != nil {
			return err
		}
	}
	root, err := tlog.TreeHash(size, v)
	if err != nil {
		return err
	}
	if root != c.Tree.Hash {
		return fmt.Errorf("journal: its entries are not those of the checkpoint")
	}
	return nil
}

func (v *View) verifyEntry(i int64) error {
	entry, err := v.JournalEntry(i)
	if err != nil {
		return err
	}
	if _, err := journal.ParseEntry(entry); err != nil {
		return fmt.Errorf("journal entry %d: %w", i, err)
	}
	kept, err := v.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
	if err != nil {
		return fmt.Errorf("journal entry %d: %w", i, err)
	}
	if kept[0] != journal.Leaf(entry) {
		return fmt.Errorf("journal entry %d is not the one that was recorded", i)
	}
	return nil
}
