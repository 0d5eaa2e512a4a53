package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"safehouse/internal/evidence"
)

// A Backup is one run of it, as the vault's own list has it.
type Backup struct {
	ID      evidence.BackupID
	Place   evidence.PlaceID
	Where   evidence.Secret // the place as whoever made it called it
	Begun   int64           // its first entry in the journal
	Entries int64           // of the journal, in what it holds; 0 until it is whole
	Made    time.Time
	By      evidence.MemberID
}

type backupRow struct {
	bun.BaseModel `bun:"table:backups"`
	ID            string `bun:"id,pk"`
	Place         string `bun:"place"`
	Begun         int64  `bun:"begun"`
	Entries       int64  `bun:"entries"`
	Made          string `bun:"made"`
	ByID          string `bun:"by_id"`
	Sealed        []byte `bun:"sealed"`
}

type backupSecrets struct {
	Where string `json:"where"`
}

// AddBackup notes that a backup begins now.
func (tx *Tx) AddBackup(b *Backup) (err error) {
	if b.Begun, err = tx.Next(); err != nil {
		return err
	}
	b.Made = tx.Now
	sealed, err := tx.sealed("backups", string(b.ID), backupSecrets{b.Where.Reveal()})
	if err != nil {
		return err
	}
	return tx.insert(&backupRow{
		ID: string(b.ID), Place: string(b.Place), Begun: b.Begun, Made: formatTime(b.Made), ByID: string(b.By), Sealed: sealed,
	})
}

// FinishBackup notes that a backup is whole and holds this many entries.
func (tx *Tx) FinishBackup(id evidence.BackupID, entries int64) error {
	_, err := tx.tx.NewUpdate().Model((*backupRow)(nil)).Set("entries = ?", entries).Set("made = ?", formatTime(tx.Now)).
		Where("id = ?", string(id)).Exec(tx.ctx)
	return err
}

// Backups gives every backup that was begun, oldest first.
func (v *View) Backups() ([]Backup, error) {
	var rows []backupRow
	if err := v.tx.NewSelect().Model(&rows).Order("begun").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, func(row backupRow) (Backup, error) {
		var s backupSecrets
		err := v.open("backups", row.ID, row.Sealed, &s)
		return Backup{
			ID: evidence.BackupID(row.ID), Place: evidence.PlaceID(row.Place), Where: evidence.Protect(s.Where), Begun: row.Begun,
			Entries: row.Entries, Made: parseTime(row.Made), By: evidence.MemberID(row.ByID),
		}, err
	})
}

// Holding lists the places that may still hold what the journal received with one
// entry and withdrew with another, each by its newest backup that does. A later
// backup to the same place takes the earlier one's room.
func (v *View) Holding(received, withdrawn int64) ([]Backup, error) {
	all, err := v.Backups()
	if err != nil {
		return nil, err
	}
	var order []evidence.PlaceID
	last := make(map[evidence.PlaceID]*Backup)
	for i := range all {
		b := &all[i]
		if _, ok := last[b.Place]; !ok {
			order = append(order, b.Place)
		}
		switch {
		case b.Entries == 0 && b.Begun < withdrawn: // nobody knows how far it came
			last[b.Place] = b
		case b.Entries == 0:
		case b.Entries > received && b.Entries <= withdrawn:
			last[b.Place] = b
		default:
			last[b.Place] = nil
		}
	}
	var out []Backup
	for _, p := range order {
		if last[p] != nil {
			out = append(out, *last[p])
		}
	}
	return out, nil
}

// Snapshot writes the whole database to a new file at path, under the key that it has now. Tell
// is called with exactly the state that is written, of every case, before it is. Others
// may write meanwhile; what they write is not in it.
func (db *DB) Snapshot(ctx context.Context, path string, tell func(v *View) error) error {
	conn, err := db.bun.Conn(ctx)
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	view := &View{ctx: ctx, tx: tx, fields: db.keys.Fields, all: true}
	if _, err := view.JournalSize(); err != nil { // from the first read on, the state stands still
		return fmt.Errorf("copy the database: %w", err)
	}
	if err := tell(view); err != nil {
		return err
	}
	if err := copySQLite(conn.Conn, db.pages.address(path, keyNow)); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return nil
}
