package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
)

// A Fault is something in the vault that is not as it should be. Code is a key of
// the catalogues, ID says of what, and Err why.
type Fault struct {
	Code, ID string
	Err      error
}

// A Health is what a check looked at and found.
type Health struct {
	Entries, Items, Renditions, Orphans int
	Faults                              []Fault
}

// errOther is content that is not what was sealed.
var errOther = errors.New("the content is another than was recorded")

// Check reads everything: the journal is computed again from its entries, and each
// original and rendition is opened and compared with its recorded digest. Nothing
// of their content is kept or shown. An orphan is sealed bytes that no row names:
// what an interrupted work left, or another program is writing just now.
func (v *Vault) Check(ctx context.Context, progress func(done, total int)) (Health, error) {
	if err := access.Check(v.Actor, access.ReadJournal); err != nil {
		return Health{}, err
	}
	var h Health
	size, err := v.DB.VerifyJournal(ctx)
	if h.Entries = int(size); err != nil {
		h.Faults = append(h.Faults, Fault{"doctor.journal", "journal", err})
	}
	contents, err := v.contents(ctx, &h)
	if err != nil {
		return h, err
	}
	for i, c := range contents {
		if err := ctx.Err(); err != nil {
			return h, err
		}
		if err := c.compare(ctx); err != nil {
			h.Faults = append(h.Faults, Fault{"doctor.content", c.id, err})
		}
		progress(i+1, len(contents))
	}
	return h, v.orphans(ctx, &h)
}

// kept is one sealed content and what was recorded of it.
type kept struct {
	id, digest string
	size       int64
	open       func(ctx context.Context) (*Content, error)
}

func (v *Vault) contents(ctx context.Context, h *Health) ([]kept, error) {
	var out []kept
	err := v.DB.Unscoped(ctx, "whether all content is whole", func(view *store.View) error {
		items, err := view.Items("")
		if err != nil {
			return err
		}
		for _, it := range items {
			_, where, err := view.Item(it.ID)
			if err != nil {
				return err
			}
			out = append(out, kept{string(it.ID), it.Digest.Reveal(), it.Size, func(ctx context.Context) (*Content, error) {
				return open(ctx, v.Originals.Blobs, v.Originals.Key, string(it.ID), where)
			}})
			if err := v.renditions(view, it.ID, &out); err != nil {
				return err
			}
		}
		h.Items = len(items)
		h.Renditions = len(out) - len(items)
		return nil
	})
	return out, err
}

func (v *Vault) renditions(view *store.View, id evidence.ItemID, out *[]kept) error {
	made, err := view.Renditions(id)
	if err != nil {
		return err
	}
	for _, r := range made {
		_, where, err := view.Rendition(r.ID)
		if err != nil {
			return err
		}
		*out = append(*out, kept{string(r.ID), r.Digest, r.Size, func(ctx context.Context) (*Content, error) {
			return open(ctx, v.Renditions.Blobs, v.Renditions.Key, string(r.ID), where)
		}})
	}
	return nil
}

// compare reads the whole content.
func (k kept) compare(ctx context.Context) error {
	c, err := k.open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, c.Reader()); err != nil {
		return err
	}
	if c.Size != k.size || hex.EncodeToString(sum.Sum(nil)) != k.digest {
		return errOther
	}
	return nil
}

// orphans counts the blobs that no row names.
func (v *Vault) orphans(ctx context.Context, h *Health) error {
	var named map[string]bool
	err := v.DB.Unscoped(ctx, "which blobs no row names", func(view *store.View) (err error) {
		named, err = view.Blobs()
		return err
	})
	if err != nil {
		return err
	}
	return v.Originals.Blobs.List(ctx, func(name string, _ int64) error {
		if !named[name] {
			h.Orphans++
		}
		return nil
	})
}
