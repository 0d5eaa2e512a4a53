package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"safehouse/internal/blob"
)

// atOnce is how many files are brought to disk at a time: the file system then
// writes its own journal once for several of them. 256 files of 4 kB took 0.36 s one
// after the other and 0.07 s like this (docs/design/erasure-and-backups.md).
const atOnce = 16

// A group holds the folder's lock from its first put until it is kept or dropped, so
// that nobody sweeps what it wrote.
type group struct {
	store  *Store
	unlock func()
	files  []file
}

// A file is one blob of a group that has no name of its own yet.
type file struct {
	name, temporary string
	linked          bool
}

// Group implements blob.Store.
func (s *Store) Group() blob.Group { return &group{store: s} }

// Put implements blob.Group.
func (g *group) Put(ctx context.Context, name string, r io.Reader) error {
	if err := g.put(ctx, name, r); err != nil {
		return fmt.Errorf("put blob %q: %w", name, err)
	}
	return nil
}

func (g *group) put(ctx context.Context, name string, r io.Reader) (err error) {
	if err := blob.CheckName(name); err != nil {
		return err
	}
	if g.unlock == nil {
		if g.unlock, err = g.store.lock(syscall.LOCK_SH); err != nil {
			return err
		}
	}
	if err := os.Mkdir(g.store.folder(name), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(g.store.file(name)); err == nil {
		return blob.ErrExists // Link in Keep would find out too, after all the writing
	}
	tmp, err := g.store.create(g.store.folder(name))
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(onlyWriter{tmp}, reader{ctx, r}, make([]byte, written))
	if err = errors.Join(err, tmp.Close()); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	g.files = append(g.files, file{name: name, temporary: tmp.Name()})
	return nil
}

// written is how much is written at a time, in bytes. An os.File copies by itself, and
// in smaller pieces.
const written = 256 << 10

type onlyWriter struct{ io.Writer }

// Keep implements blob.Group. When a name cannot be brought to disk all are taken
// away again: a Keep that failed leaves nothing.
func (g *group) Keep(ctx context.Context) error {
	defer g.Drop()
	if err := g.keep(ctx); err != nil {
		for _, f := range g.files {
			if f.linked {
				err = errors.Join(err, os.Remove(g.store.file(f.name)))
			}
		}
		return fmt.Errorf("keep %d blobs: %w", len(g.files), err)
	}
	return nil
}

func (g *group) keep(ctx context.Context) error {
	if err := ctx.Err(); err != nil || len(g.files) == 0 {
		return err
	}
	folders := map[string]bool{g.store.path: true} // those of new folders' names too
	temporary := make([]string, len(g.files))
	for i, f := range g.files {
		folders[g.store.folder(f.name)], temporary[i] = true, f.temporary
	}
	if err := Sync(temporary); err != nil {
		return err
	}
	for i := range g.files {
		f := &g.files[i]
		err := os.Link(f.temporary, g.store.file(f.name))
		if errors.Is(err, fs.ErrExist) {
			return blob.ErrExists
		}
		if err != nil {
			return err
		}
		f.linked = true
	}
	all := make([]string, 0, len(folders))
	for folder := range folders {
		all = append(all, folder)
	}
	return Sync(all)
}

// Drop implements blob.Group.
func (g *group) Drop() {
	for _, f := range g.files {
		_ = os.Remove(f.temporary) // what stays, the next sweep takes
	}
	if g.unlock != nil {
		g.unlock()
	}
	g.files, g.unlock = nil, nil
}

// Sync brings files, or the names that folders hold, to disk, several at once.
func Sync(names []string) error {
	todo, failed := make(chan string), make(chan error, len(names))
	var all sync.WaitGroup
	for range min(atOnce, len(names)) {
		all.Go(func() {
			for name := range todo {
				if err := syncPath(name); err != nil {
					failed <- err
				}
			}
		})
	}
	for _, name := range names {
		todo <- name
	}
	close(todo)
	all.Wait()
	close(failed)
	var err error
	for e := range failed {
		err = errors.Join(err, e)
	}
	return err
}
