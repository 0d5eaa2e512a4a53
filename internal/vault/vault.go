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
	"errors"
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

// Batch starts several puts that are kept together.
func (o *Originals) Batch() *Batch { return &Batch{o, o.Blobs.Group()} }

// A Batch is several originals that are brought to disk at once.
type Batch struct {
	originals *Originals
	group     blob.Group
}

// Put seals what it reads for an item that is about to be recorded. It is safe
// when Keep has returned nil. When it fails the others are as they were.
func (b *Batch) Put(ctx context.Context, id evidence.ItemID, r io.Reader) (Stored, error) {
	return put(ctx, b.group.Put, b.originals.Key, string(id), r)
}

// Keep brings all to disk, or none.
func (b *Batch) Keep(ctx context.Context) error { return b.group.Keep(ctx) }

// Drop forgets what was not kept.
func (b *Batch) Drop() { b.group.Drop() }

// Put seals what it reads for an item that is about to be recorded.
func (o *Originals) Put(ctx context.Context, id evidence.ItemID, r io.Reader) (Stored, error) {
	return put(ctx, o.Blobs.Put, o.Key, string(id), r)
}

// Discard removes what a Put kept when its item was not recorded after all.
func (o *Originals) Discard(ctx context.Context, s Stored) error {
	return o.Blobs.Delete(ctx, s.Where.Blob)
}

// Open opens an original. That it was opened, by whom and why, is in the journal
// before it returns.
func (o *Originals) Open(ctx context.Context, actor evidence.Actor, id evidence.ItemID, reason string) (*Content, error) {
	it, where, err := o.announce(ctx, actor, id, "item.open", reason)
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

// Export opens an original as it lies, still sealed: an age file, and the identity
// that opens it with the standard age program. Who took both along and why is in
// the journal before it returns.
func (o *Originals) Export(ctx context.Context, actor evidence.Actor, id evidence.ItemID, reason string) (*Content, evidence.Secret, error) {
	it, where, err := o.announce(ctx, actor, id, "item.export_sealed", reason)
	if err != nil {
		return nil, evidence.Secret{}, err
	}
	bk, err := seal.UnwrapBlobKey(o.Key, where.Key, string(id))
	if err != nil {
		return nil, evidence.Secret{}, fmt.Errorf("open %s: %w", id, err)
	}
	b, err := o.Blobs.Open(ctx, where.Blob)
	if err != nil {
		return nil, evidence.Secret{}, fmt.Errorf("open %s: %w", id, err)
	}
	return &Content{b, b.Size(), it.Digest.Reveal(), b.Close}, evidence.Protect(bk.Identity()), nil
}

// announce puts into the journal that an original is about to be opened.
func (o *Originals) announce(ctx context.Context, actor evidence.Actor, id evidence.ItemID, action, reason string) (it evidence.Item, where store.Sealed, err error) {
	if err := access.Check(actor, access.OpenOriginal); err != nil {
		return it, where, err
	}
	if strings.TrimSpace(reason) == "" {
		return it, where, &evidence.Problem{Code: "item.no_reason", Args: []any{id}}
	}
	err = o.DB.Update(ctx, actor.ID, func(tx *store.Tx) (err error) {
		if it, where, err = tx.Item(id); err != nil {
			return withdrawn(&tx.View, id, err)
		}
		tx.RecordWhy(action, string(id), evidence.Protect(reason), it.Digest.Reveal())
		return nil
	})
	return it, where, err
}

// withdrawn says that an item which is not there was withdrawn, where it was.
func withdrawn(v *store.View, id evidence.ItemID, err error) error {
	if _, gone := v.Erasure(id); errors.Is(err, evidence.ErrNotFound) && gone == nil {
		return &evidence.Problem{Code: "item.withdrawn", Args: []any{id}, Err: err}
	}
	return err
}

// Renditions keeps working copies: masked ones may leave, after review.
type Renditions struct {
	Blobs blob.Store
	DB    *store.DB
	Key   *seal.Key
}

// Put seals what it reads for a rendition that is about to be recorded.
func (r *Renditions) Put(ctx context.Context, id evidence.RenditionID, src io.Reader) (Stored, error) {
	return put(ctx, r.Blobs.Put, r.Key, string(id), src)
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

func put(ctx context.Context, keep putting, key *seal.Key, id string, r io.Reader) (Stored, error) {
	bk, err := seal.NewBlobKey()
	if err != nil {
		return Stored{}, err
	}
	s := Stored{Where: store.Sealed{Blob: blob.NewName(), Key: bk.Wrap(key, id)}}
	sealed, passed := sealing(bk, r)
	defer sealed.Close()
	if err := keep(ctx, s.Where.Blob, sealed); err != nil {
		return Stored{}, fmt.Errorf("put %s: %w", id, err)
	}
	p := <-passed
	s.Size, s.Digest = p.size, p.digest
	return s, nil
}

// putting is what a store and a group have in common.
type putting func(ctx context.Context, name string, r io.Reader) error

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
