// Package vault keeps content: originals as they were received, and renditions
// made from them. They are two types under two keys, so that the wrong one
// cannot be passed on and one key does not open the other.
//
// When a Put returns nil the bytes are sealed and survive a power cut; until a
// row in the store names them they are an orphan, which Check counts.
// Opening an original takes an actor and a reason and is in the journal before
// the first byte is read.
package vault

import (
	"context"
	"fmt"
	"io"
	"strings"

	"safehouse/internal/access"
	"safehouse/internal/blob"
	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

// Stored says what a Put kept: where it lies, how long it is (bytes) and its
// SHA-256 in lower-case hex.
type Stored struct {
	Where  store.Sealed
	Size   int64
	Digest string
}

// Content is opened content: read it anywhere, close it when done.
type Content struct {
	io.ReaderAt
	Size   int64
	Digest string
	close  func() error
}

// Close lets go of it.
func (c *Content) Close() error { return c.close() }

// Reader reads the whole from the start.
func (c *Content) Reader() io.Reader {
	if o, ok := c.ReaderAt.(*opened); ok {
		return &inOrder{opened: o}
	}
	return io.NewSectionReader(c, 0, c.Size)
}

// Originals keeps evidentiary copies.
type Originals struct {
	Blobs blob.Store
	DB    *store.DB
	Key   *seal.Key
}

// Put seals what it reads for an item that is about to be recorded.
func (o *Originals) Put(ctx context.Context, id evidence.ItemID, r io.Reader) (Stored, error) {
	return put(ctx, o.Blobs, o.Key, string(id), r)
}

// Discard removes what a Put kept when its item was not recorded after all.
func (o *Originals) Discard(ctx context.Context, s Stored) error {
	return o.Blobs.Delete(ctx, s.Where.Blob)
}

// Open opens an original. That it was opened, by whom and why, is in the journal
// before it returns.
func (o *Originals) Open(ctx context.Context, actor evidence.Actor, id evidence.ItemID, reason string) (*Content, error) {
	if err := access.Check(actor, access.OpenOriginal); err != nil {
		return nil, err
	}
	if strings.TrimSpace(reason) == "" {
		return nil, &evidence.Problem{Code: "item.no_reason", Args: []any{id}}
	}
	var it evidence.Item
	var where store.Sealed
	err := o.DB.Update(ctx, actor.ID, func(tx *store.Tx) (err error) {
		if it, where, err = tx.Item(id); err != nil {
			return err
		}
		tx.RecordWhy("item.open", string(id), evidence.Protect(reason), it.Digest.Reveal())
		return nil
	})
	if err != nil {
		return nil, err
	}
	c, err := open(ctx, o.Blobs, o.Key, string(id), where)
	if err != nil {
		return nil, err
	}
	c.Digest = it.Digest.Reveal()
	return c, nil
}

// Renditions keeps working copies: masked ones may leave, after review.
type Renditions struct {
	Blobs blob.Store
	DB    *store.DB
	Key   *seal.Key
}

// Put seals what it reads for a rendition that is about to be recorded.
func (r *Renditions) Put(ctx context.Context, id evidence.RenditionID, src io.Reader) (Stored, error) {
	return put(ctx, r.Blobs, r.Key, string(id), src)
}

// Discard removes what a Put kept when its rendition was not recorded after all.
func (r *Renditions) Discard(ctx context.Context, s Stored) error {
	return r.Blobs.Delete(ctx, s.Where.Blob)
}

// Open opens a rendition.
func (r *Renditions) Open(ctx context.Context, actor evidence.Actor, id evidence.RenditionID) (*Content, error) {
	if err := access.Check(actor, access.ReadDraft); err != nil {
		return nil, err
	}
	var made evidence.Rendition
	var where store.Sealed
	err := r.DB.View(ctx, actor.ID, func(v *store.View) (err error) {
		made, where, err = v.Rendition(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	c, err := open(ctx, r.Blobs, r.Key, string(id), where)
	if err != nil {
		return nil, err
	}
	c.Digest = made.Digest
	return c, nil
}

func put(ctx context.Context, blobs blob.Store, key *seal.Key, id string, r io.Reader) (Stored, error) {
	bk, err := seal.NewBlobKey()
	if err != nil {
		return Stored{}, err
	}
	s := Stored{Where: store.Sealed{Blob: blob.NewName(), Key: bk.Wrap(key, id)}}
	sealed, passed := sealing(bk, r)
	defer sealed.Close()
	if err := blobs.Put(ctx, s.Where.Blob, sealed); err != nil {
		return Stored{}, fmt.Errorf("put %s: %w", id, err)
	}
	p := <-passed
	s.Size, s.Digest = p.size, p.digest
	return s, nil
}

func open(ctx context.Context, blobs blob.Store, key *seal.Key, id string, where store.Sealed) (*Content, error) {
	bk, err := seal.UnwrapBlobKey(key, where.Key, id)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", id, err)
	}
	b, err := blobs.Open(ctx, where.Blob)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", id, err)
	}
	plain, size, err := bk.OpenAt(b, b.Size())
	if err != nil {
		b.Close()
		return nil, fmt.Errorf("open %s: %w", id, err)
	}
	return &Content{ReaderAt: &opened{plain, bk, b}, Size: size, close: b.Close}, nil
}
