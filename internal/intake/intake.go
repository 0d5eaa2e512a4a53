// Package intake receives files. When Receive returns nil the file is sealed, on
// disk, and in the journal; when it fails, nothing of the file is kept.
package intake

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

// A Desk is where files are handed in.
type Desk struct {
	DB        *store.DB
	Originals *vault.Originals
}

// A Parcel is a file as it is handed in.
type Parcel struct {
	Case    evidence.CaseID // may be empty
	Name    string          // as it came; kept exactly, sealed
	From    string          // who handed it over, as far as known
	Content io.Reader
}

// A Receipt is what the one who handed it in is told. Same lists items that were
// there before with the same content.
type Receipt struct {
	Item evidence.Item
	Same []evidence.ItemID
}

// Receive takes one file in.
func (d *Desk) Receive(ctx context.Context, actor evidence.Actor, p Parcel) (Receipt, error) {
	if err := access.Check(actor, access.HandIn); err != nil {
		return Receipt{}, err
	}
	content := bufio.NewReaderSize(p.Content, sniffed)
	start, err := content.Peek(sniffed)
	switch {
	case len(start) == 0 && errors.Is(err, io.EOF):
		return Receipt{}, &evidence.Problem{Code: "item.empty", Args: []any{filepath.Base(p.Name)}}
	case err != nil && !errors.Is(err, io.EOF):
		return Receipt{}, err
	}
	it := evidence.Item{
		ID: evidence.NewID[evidence.ItemID]("itm"), Case: p.Case, Material: material(p.Name, start), By: actor.ID,
		Name: evidence.Protect(p.Name), From: evidence.Protect(p.From),
	}
	stored, err := d.Originals.Put(ctx, it.ID, content)
	if err != nil {
		return Receipt{}, err
	}
	it.Size, it.Digest = stored.Size, evidence.Protect(stored.Digest)
	receipt, err := d.record(ctx, actor, it, stored.Where)
	if err != nil {
		return Receipt{}, errors.Join(err, d.Originals.Discard(context.WithoutCancel(ctx), stored))
	}
	return receipt, nil
}

func (d *Desk) record(ctx context.Context, actor evidence.Actor, it evidence.Item, where store.Sealed) (Receipt, error) {
	var same []evidence.ItemID
	err := d.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
		before, err := tx.ItemsLike(it.Digest)
		if err != nil {
			return err
		}
		for _, b := range before {
			same = append(same, b.ID)
		}
		tx.Record("item.receive", string(it.ID), it.Digest.Reveal())
		if err := tx.AddItem(&it, where); err != nil {
			return err
		}
		if it.Material == evidence.Video || it.Material == evidence.Photo {
			return tx.Enqueue(evidence.ProposeMask{Item: it.ID})
		}
		return nil
	})
	return Receipt{Item: it, Same: same}, err
}

const sniffed = 4096 // bytes looked at to tell what a file is

// material tells by the first bytes, and by the name only where they say nothing.
func material(name string, start []byte) evidence.Material {
	kind := http.DetectContentType(start)
	switch {
	case strings.HasPrefix(kind, "video/"), isMatroska(start), isISOMedia(start):
		return evidence.Video
	case strings.HasPrefix(kind, "image/"):
		return evidence.Photo
	case isText(start):
		return evidence.Document
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".mp4", ".mov", ".m4v", ".3gp", ".avi", ".mkv", ".webm":
		return evidence.Video
	}
	return evidence.Other
}

func isMatroska(b []byte) bool { return len(b) > 4 && string(b[:4]) == "\x1aE\xdf\xa3" }

// isISOMedia knows the QuickTime family by its second word (ISO/IEC 14496-12).
func isISOMedia(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	switch string(b[4:8]) {
	case "ftyp", "moov", "mdat", "wide", "free", "skip":
		return true
	}
	return false
}

// isText forgives a letter that the end of the sniffed bytes cut in two.
func isText(b []byte) bool {
	for i := 0; i < utf8.UTFMax && len(b) > 0; i++ {
		if utf8.Valid(b) {
			return !strings.ContainsRune(string(b), 0)
		}
		b = b[:len(b)-1]
	}
	return false
}
