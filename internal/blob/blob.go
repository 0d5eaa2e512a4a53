// Package blob stores immutable bytes under random names. The bytes come sealed:
// a store has no key, and neither a name nor a place on disk says anything about
// what lies there.
package blob

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"time"
)

// ErrExists is returned by Put for a name that is taken.
var ErrExists = errors.New("blob exists")

// ErrName is returned for a name that NewName cannot have made.
var ErrName = errors.New("not a blob name")

// A Store keeps blobs. There is one implementation in dir; the second will be S3.
// What both must do is in blobtest, and only what is tested there can be relied
// upon. Methods may be called from several goroutines and processes at once. A
// store never retries: the caller does, and may after any error.
type Store interface {
	// Put stores what it reads from r under name. When Put returns nil the bytes
	// survive a power cut. When it returns an error nothing is under name that
	// was not there before. Until it returns nobody sees the blob. Putting a name
	// twice is ErrExists, and the first stays. A full disk is an error that wraps
	// the system's own.
	Put(ctx context.Context, name string, r io.Reader) error

	// Group starts several puts that are kept together: what many small blobs
	// cost is bringing each to disk, and a group does that once.
	Group() Group

	// Open opens a blob. Absence is evidence.ErrNotFound. A blob that is deleted
	// while it is open may be read to its end.
	Open(ctx context.Context, name string) (Blob, error)

	// Delete removes a blob. When it returns nil the blob stays away after a
	// power cut. Deleting what is not there succeeds: whoever was interrupted
	// asks again. The disk may keep the old bytes for a while; what is gone for
	// good is what nobody has the key of.
	Delete(ctx context.Context, name string) error

	// List calls f once for each blob, in the order of names, until f fails. A
	// blob that is put or deleted meanwhile may be listed or not. What was never
	// wholly put is not listed.
	List(ctx context.Context, f func(name string, size int64) error) error
}

// A Group is several puts that are kept or dropped together. It is not safe for
// concurrent use. After Keep or Drop it is used up.
type Group interface {
	// Put is Store.Put, but the blob is neither seen nor safe before Keep. When
	// it fails, the others of the group are as they were.
	Put(ctx context.Context, name string, r io.Reader) error

	// Keep brings all to disk. When it returns nil they survive a power cut; when
	// it returns an error none of them is there.
	Keep(ctx context.Context) error

	// Drop forgets what was put. After Keep it does nothing.
	Drop()
}

// A Blob is an open blob. It may be read from several goroutines.
type Blob interface {
	io.ReaderAt
	io.Closer
	Size() int64        // bytes
	Written() time.Time // when it got its name
}

// nameBytes is enough that two names never meet.
const nameBytes = 16

// NewName makes a random name: it says nothing about the content.
func NewName() string {
	b := make([]byte, nameBytes)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b)
}

// CheckName returns ErrName unless name is 32 lower-case hexadecimal digits. No
// such name can leave the store's folder.
func CheckName(name string) error {
	if b, err := hex.DecodeString(name); err != nil || len(b) != nameBytes || hex.EncodeToString(b) != name {
		return ErrName
	}
	return nil
}
