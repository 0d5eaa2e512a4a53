package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
	sqlitedriver "github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/vfs"
	"github.com/ncruces/go-sqlite3/vfs/adiantum"
	"github.com/uptrace/bun"
	"lukechampine.com/adiantum/hbsh"

	cipher "lukechampine.com/adiantum"

	"safehouse/internal/seal"
)

// The names by which an address asks for a key of the pages.
const (
	keyNow  = "now"  // that the file is encrypted with
	keyNext = "next" // the newest: that a new file gets
)

var (
	// ErrBusy is returned when somebody else holds the database open, or reads what
	// is to be overwritten.
	ErrBusy = errors.New("somebody else has the database open")
	// ErrPages is returned when no generation of the key opens the pages.
	ErrPages = errors.New("no key opens the database")
)

// pages is the database file, and the only way to it: SQLite knows it by a name of
// its own, under which keys never pass through an address or a statement.
type pages struct {
	path string
	vfs  string

	lock   sync.Mutex // guards the rest
	keys   [][]byte   // of generation 1, 2, …; ours to overwrite
	at     int        // the generation that the file is encrypted with
	moving bool       // nobody may open it now
	open   int        // connections
}

// newPages looks at the file without opening it as a database: to open one with
// the wrong key could cost what lies in its log.
func newPages(path string, key *seal.Key) (*pages, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	p := &pages{path: abs, vfs: "safehouse-" + rand.Text()}
	p.grow(key)
	if p.at, err = p.find(); err != nil {
		p.wipe()
		return nil, err
	}
	vfs.Register(p.vfs, adiantum.Wrap(vfs.Find(""), p))
	return p, nil
}

// grow takes the raw keys of generations that are new.
func (p *pages) grow(key *seal.Key) {
	for g := len(p.keys) + 1; g <= key.Generation(); g++ {
		key.Raw(g, func(raw *[32]byte) { p.keys = append(p.keys, bytes.Clone(raw[:])) })
	}
}

const pageSize = 4096

// find gives the generation whose key opens the first page, and the newest for a
// file that is not there yet.
func (p *pages) find() (int, error) {
	f, err := os.Open(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return len(p.keys), nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	first := make([]byte, pageSize)
	if _, err := io.ReadFull(f, first); err == io.EOF {
		return len(p.keys), nil
	} else if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrPages, err)
	}
	for g := len(p.keys); g >= 1; g-- {
		plain := cipher.New(p.keys[g-1]).Decrypt(bytes.Clone(first), make([]byte, 8))
		ours := bytes.HasPrefix(plain, []byte("SQLite format 3\x00"))
		clear(plain)
		if ours {
			return g, nil
		}
	}
	return 0, ErrPages
}

// KDF and HBSH are how the file system asks for a key: by its name.
func (p *pages) KDF(name string) []byte {
	if name == "" { // a temporary file
		key := make([]byte, 32)
		rand.Read(key)
		return key
	}
	return []byte(name)
}

// HBSH gives the cipher. It holds our piece of memory, not a copy.
func (p *pages) HBSH(name []byte) *hbsh.HBSH {
	p.lock.Lock()
	defer p.lock.Unlock()
	switch {
	case len(name) == 32:
		return cipher.New(name)
	case string(name) == keyNow && p.at >= 1:
		return cipher.New(p.keys[p.at-1])
	case string(name) == keyNext:
		return cipher.New(p.keys[len(p.keys)-1])
	}
	return nil
}

func (p *pages) address(path, key string) string {
	return (&url.URL{Scheme: "file", Path: path, RawQuery: "vfs=" + p.vfs + "&textkey=" + key + "&_txlock=immediate"}).String()
}

// enter counts a connection. While the file is being replaced it is sent back to
// try again: it holds the old file.
func (p *pages) enter() error {
	for range 500 {
		p.lock.Lock()
		if !p.moving {
			p.open++
			p.lock.Unlock()
			return nil
		}
		p.lock.Unlock()
		time.Sleep(10 * time.Millisecond)
		if p.done() {
			return driver.ErrBadConn
		}
	}
	return ErrBusy
}

func (p *pages) done() bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	return !p.moving
}

func (p *pages) leave() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.open--
}

func (p *pages) current() bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.at == len(p.keys)
}

// rekey writes a whole new file under the newest key and puts it in the old one's
// place. Until the rename there is the old file, from then on the new one; a power
// cut leaves one of the two, and what else is left is removed the next time.
func (p *pages) rekey(ctx context.Context, db *bun.DB, step func(string) error) error {
	if err := p.drain(db); err != nil {
		return err
	}
	defer p.resume(db)
	next := p.path + ".new"
	if err := removeAll(next, next+"-journal", next+"-wal", next+"-shm"); err != nil {
		return err
	}
	if err := step("drained"); err != nil {
		return err
	}
	if err := p.copyTo(ctx, next); err != nil {
		return errors.Join(err, removeAll(next, next+"-journal"))
	}
	if err := step("copied"); err != nil {
		return err
	}
	if err := p.alone(); err != nil {
		return errors.Join(err, removeAll(next))
	}
	if err := errors.Join(syncPath(next), syncPath(filepath.Dir(p.path))); err != nil {
		return err
	}
	if err := os.Rename(next, p.path); err != nil {
		return err
	}
	p.lock.Lock()
	p.at = len(p.keys)
	p.lock.Unlock()
	return errors.Join(syncPath(filepath.Dir(p.path)), step("renamed"))
}

// drain waits until nobody holds the file open, and keeps it so.
func (p *pages) drain(db *bun.DB) error {
	p.lock.Lock()
	p.moving = true
	p.lock.Unlock()
	db.SetMaxIdleConns(0)
	for range 300 {
		p.lock.Lock()
		open := p.open
		p.lock.Unlock()
		if open == 0 {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.resume(db)
	return ErrBusy
}

func (p *pages) resume(db *bun.DB) {
	p.lock.Lock()
	p.moving = false
	p.lock.Unlock()
	db.SetMaxIdleConns(2) // the standard library's own number
}

// copyTo writes the whole database to another file, under the newest key, without
// what was deleted. When it ends, the old file has no log any more.
func (p *pages) copyTo(ctx context.Context, path string) error {
	db, err := sqlitedriver.Open(p.address(p.path, keyNow), func(c *sqlite3.Conn) error { return c.Exec(pragmas) })
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", p.address(path, keyNext))
	if err == nil {
		_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
	return errors.Join(err, db.Close())
}

// alone says whether the old file's log is gone: the last to close it removes it.
func (p *pages) alone() error {
	for range 100 {
		switch info, err := os.Stat(p.path + "-wal"); {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case info.Size() == 0:
			return removeAll(p.path+"-wal", p.path+"-shm")
		}
		time.Sleep(10 * time.Millisecond)
	}
	return ErrBusy
}

// forget overwrites the keys. Nobody may have the file open.
func (p *pages) forget() {
	vfs.Unregister(p.vfs)
	p.wipe()
}

func (p *pages) wipe() {
	p.lock.Lock()
	defer p.lock.Unlock()
	for _, k := range p.keys {
		clear(k)
	}
}

func removeAll(names ...string) error {
	for _, n := range names {
		if err := os.Remove(n); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("clear up: %w", err)
		}
	}
	return nil
}

func syncPath(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
