// Package dir keeps blobs in a folder: the blob abcd… is the file ab/abcd….
//
// A blob is written under another name in its folder, brought to disk, and only
// then linked to its own name, which never overwrites. So a file under a blob's
// name is whole. What a crash leaves behind is removed when the folder is opened.
// The file system must know hard links.
package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"safehouse/internal/blob"
	"safehouse/internal/evidence"
)

// unfinished starts the name of a file that is still being written.
const unfinished = ".put-"

// A Store keeps blobs in a folder.
type Store struct {
	path   string
	create func(folder string) (*os.File, error) // tests give it a full disk
}

var _ blob.Store = (*Store)(nil)

// Open opens the folder at path, which must exist, and removes what a crash left
// unfinished in it.
func Open(path string) (*Store, error) {
	s := &Store{path: path, create: func(folder string) (*os.File, error) {
		return os.CreateTemp(folder, unfinished+"*")
	}}
	if err := s.sweep(); err != nil {
		return nil, fmt.Errorf("open the blobs: %w", err)
	}
	return s, nil
}

func (s *Store) folder(name string) string { return filepath.Join(s.path, name[:2]) }
func (s *Store) file(name string) string   { return filepath.Join(s.folder(name), name) }

// Put implements blob.Store: it is a group of one.
func (s *Store) Put(ctx context.Context, name string, r io.Reader) error {
	g := s.Group()
	defer g.Drop()
	if err := g.Put(ctx, name, r); err != nil {
		return err
	}
	return g.Keep(ctx)
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, name string) (blob.Blob, error) {
	b, err := s.open(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open blob %q: %w", name, err)
	}
	return b, nil
}

func (s *Store) open(ctx context.Context, name string) (blob.Blob, error) {
	if err := errors.Join(ctx.Err(), blob.CheckName(name)); err != nil {
		return nil, err
	}
	f, err := os.Open(s.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, evidence.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	err = unix.Fstat(int(f.Fd()), &st)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	// To link a file changes it, to write it before that does not count.
	return opened{f, st.Size, time.Unix(st.Ctim.Unix())}, nil
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, name string) error {
	err := errors.Join(ctx.Err(), blob.CheckName(name))
	if err == nil {
		err = s.remove(name)
	}
	if err != nil {
		return fmt.Errorf("delete blob %q: %w", name, err)
	}
	return nil
}

func (s *Store) remove(name string) error {
	if err := os.Remove(s.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Also when it was gone already: the power may have failed between the two.
	err := syncPath(s.folder(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// List implements blob.Store.
func (s *Store) List(ctx context.Context, f func(name string, size int64) error) error {
	return s.walk(func(folder string, e fs.DirEntry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := e.Name()
		if blob.CheckName(name) != nil || name[:2] != folder {
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return fmt.Errorf("list blob %q: %w", name, err)
		}
		return f(name, info.Size())
	})
}

// walk calls f for each entry of each folder that can hold blobs, in order.
func (s *Store) walk(f func(folder string, e fs.DirEntry) error) error {
	folders, err := os.ReadDir(s.path)
	if err != nil {
		return fmt.Errorf("list blobs: %w", err)
	}
	for _, folder := range folders {
		if !folder.IsDir() || len(folder.Name()) != 2 {
			continue
		}
		entries, err := os.ReadDir(filepath.Join(s.path, folder.Name()))
		if err != nil {
			return fmt.Errorf("list blobs: %w", err)
		}
		for _, e := range entries {
			if err := f(folder.Name(), e); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweep removes unfinished files, unless somebody is writing one right now: then
// they wait for the next opening.
func (s *Store) sweep() error {
	unlock, err := s.lock(syscall.LOCK_EX | syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	return s.walk(func(folder string, e fs.DirEntry) error {
		if !strings.HasPrefix(e.Name(), unfinished) {
			return nil
		}
		return os.Remove(filepath.Join(s.path, folder, e.Name()))
	})
}

// lock holds the folder: shared to write, alone to sweep. The system lets go of
// it when the process dies.
func (s *Store) lock(how int) (unlock func(), err error) {
	d, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(d.Fd()), how)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return func() { d.Close() }, nil
}

// syncPath brings to disk a file, or which names a folder holds.
func syncPath(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// reader stops when the caller has given up.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

type opened struct {
	*os.File
	size    int64
	written time.Time
}

// Size is in bytes.
func (o opened) Size() int64 { return o.size }

// Written is when it got its name.
func (o opened) Written() time.Time { return o.written }
