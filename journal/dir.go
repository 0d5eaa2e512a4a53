package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

var (
	// ErrBehind is returned by Publish for fewer entries than are published: an
	// older state of the journal, or one that somebody else was quicker with.
	ErrBehind = errors.New("the journal is behind what it published")
	// ErrForked is returned by Publish when what is published is not the
	// beginning of what is to be: somebody rewrote the one or the other.
	ErrForked = errors.New("the journal is not the one it published")
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	entryLevel = -1 // what package tlog calls the level of the entries

	// Unfinished starts the name of a file that Publish is still writing.
	Unfinished = ".new-"
)

// Dir is a folder that holds the journal's public form, in the layout of C2SP
// tlog-tiles: checkpoint, tile/0/…, tile/1/…, tile/entries/…. It can be served as
// it lies, and thrown away and published again. Its checkpoint is written after
// all that it speaks for, so whoever reads finds a whole journal, also after a
// power cut.
type Dir string

// Publish brings the folder from the state it is in to size entries: it writes
// only what is new. Partial tiles stay until the full one is there, for those who
// hold an older checkpoint. Publishing the same twice does nothing. One Publish at
// a time: the caller sees to that.
func (d Dir) Publish(size int64, entry func(i int64) ([]byte, error), r tlog.HashReader, checkpoint []byte) error {
	c, err := checkpointIn(checkpoint)
	if err != nil {
		return fmt.Errorf("publish the journal: %w", err)
	}
	if c.Tree.N != size {
		return fmt.Errorf("publish the journal: %d entries, checkpoint for %d: %w", size, c.Tree.N, ErrMalformed)
	}
	old := d.published()
	if err := continues(old, c, r); err != nil {
		return fmt.Errorf("publish the journal: %w", err)
	}
	tiles := tlog.NewTiles(tileHeight, old.Tree.N, size)
	if err := d.writeTiles(tiles, entry, r); err != nil {
		return fmt.Errorf("publish the journal: %w", err)
	}
	if err := d.writeCheckpoint(checkpoint); err != nil {
		return fmt.Errorf("publish the journal: %w", err)
	}
	return d.dropPartial(tiles)
}

// published gives the state that the folder is in. A checkpoint that cannot be
// read counts as none: then everything is written again.
func (d Dir) published() Checkpoint {
	b, err := os.ReadFile(filepath.Join(string(d), "checkpoint"))
	if err != nil {
		return Checkpoint{}
	}
	c, err := checkpointIn(b)
	if err != nil {
		return Checkpoint{}
	}
	return c
}

// continues refuses a new state that does not have the old one as its beginning,
// and one whose own checkpoint does not fit the stored hashes.
func continues(old, c Checkpoint, r tlog.HashReader) error {
	if old.Tree.N > c.Tree.N {
		return fmt.Errorf("%d entries, %d published: %w", c.Tree.N, old.Tree.N, ErrBehind)
	}
	for _, t := range []tlog.Tree{old.Tree, c.Tree} {
		if t.N == 0 {
			continue
		}
		root, err := tlog.TreeHash(t.N, r)
		if err != nil {
			return err
		}
		if root != t.Hash {
			return fmt.Errorf("at %d entries: %w", t.N, ErrForked)
		}
	}
	return nil
}

// writeTiles brings tiles and entries to disk: when it returns nil they survive a
// power cut.
func (d Dir) writeTiles(tiles []tlog.Tile, entry func(i int64) ([]byte, error), r tlog.HashReader) error {
	folders := make(map[string]bool)
	files, folder := newGroup(), newGroup()
	write := func(t tlog.Tile, b []byte) {
		name := filepath.Join(string(d), filepath.FromSlash(tilePath(t)))
		for f := filepath.Dir(name); ; f = filepath.Dir(f) { // each may be new in the one above
			folders[f] = true
			if f == filepath.Clean(string(d)) {
				break
			}
		}
		files.do(func() error { return writeFile(name, b) })
	}
	err := makeTiles(tiles, entry, r, write)
	if err := errors.Join(err, files.wait()); err != nil {
		return err
	}
	for f := range folders {
		folder.do(func() error { return syncFolder(f) })
	}
	return folder.wait()
}

// makeTiles gives what the tiles hold, and below those of leaves the entries.
func makeTiles(tiles []tlog.Tile, entry func(i int64) ([]byte, error), r tlog.HashReader, write func(tlog.Tile, []byte)) error {
	for _, t := range tiles {
		b, err := tlog.ReadTileData(t, r)
		if err != nil {
			return err
		}
		write(t, b)
		if t.L != 0 {
			continue
		}
		if b, err = bundleEntries(t, entry); err != nil {
			return err
		}
		t.L = entryLevel
		write(t, b)
	}
	return nil
}

// A group does several things at once: what is brought to disk together costs the
// disk little more than one.
type group struct {
	room chan struct{}
	all  sync.WaitGroup
	lock sync.Mutex // guards err
	err  error
}

// atOnce is how many files are brought to disk at a time.
const atOnce = 16

func newGroup() *group { return &group{room: make(chan struct{}, atOnce)} }

func (g *group) do(f func() error) {
	g.room <- struct{}{}
	g.all.Go(func() {
		defer func() { <-g.room }()
		if err := f(); err != nil {
			g.lock.Lock()
			defer g.lock.Unlock()
			g.err = errors.Join(g.err, err)
		}
	})
}

func (g *group) wait() error {
	g.all.Wait()
	return g.err
}

func (d Dir) writeCheckpoint(checkpoint []byte) error {
	name := filepath.Join(string(d), "checkpoint")
	if b, err := os.ReadFile(name); err == nil && bytes.Equal(b, checkpoint) {
		return nil
	}
	if err := writeFile(name, checkpoint); err != nil {
		return err
	}
	return syncFolder(string(d))
}

// dropPartial removes the partial forms of tiles that are full now.
func (d Dir) dropPartial(tiles []tlog.Tile) error {
	for _, t := range tiles {
		if t.W != tileWidth {
			continue
		}
		levels := []int{t.L}
		if t.L == 0 {
			levels = append(levels, entryLevel)
		}
		for _, t.L = range levels {
			name := filepath.Join(string(d), filepath.FromSlash(tilePath(t)))
			if err := os.RemoveAll(name + ".p"); err != nil {
				return fmt.Errorf("publish the journal: %w", err)
			}
		}
	}
	return nil
}

// tilePath is where a tile lies: tile/0/x001/234 or, partial, tile/0/x001/234.p/5.
func tilePath(t tlog.Tile) string {
	p := strings.TrimPrefix(t.Path(), "tile/8/") // package tlog writes the height first
	if rest, ok := strings.CutPrefix(p, "data/"); ok {
		p = "entries/" + rest
	}
	return path.Join("tile", p)
}

// bundleEntries gives the entries under a tile of leaves, each after its length
// in two bytes.
func bundleEntries(t tlog.Tile, entry func(i int64) ([]byte, error)) ([]byte, error) {
	var b []byte
	for i := range t.W {
		e, err := entry(t.N*tileWidth + int64(i))
		if err != nil {
			return nil, err
		}
		if len(e) > maxEntry {
			return nil, fmt.Errorf("journal entry %d: too long: %w", t.N*tileWidth+int64(i), ErrMalformed)
		}
		b = binary.BigEndian.AppendUint16(b, uint16(len(e)))
		b = append(b, e...)
	}
	return b, nil
}

// writeFile writes a file so that a power cut leaves it whole or as it was. The
// folder is the caller's to sync.
func writeFile(name string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), Unfinished+"*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // after the rename there is nothing under this name
	_, err = f.Write(b)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func syncFolder(name string) error {
	d, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
