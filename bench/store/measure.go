package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"safehouse/internal/blob/dir"
	"safehouse/internal/evidence"
	"safehouse/internal/intake"
	"safehouse/internal/seal"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

const (
	rounds   = 5       // of what is compared; the best of each side counts
	compared = 500e6   // bytes sealed and opened in a round
	manyRows = 100_000 // items and entries
	rangeLen = 100_000 // bytes
)

// A bench is a vault and what was measured in it.
type bench struct {
	ctx   context.Context
	s     settings
	dir   string
	notes []string
	vault *place

	sealed evidence.ItemID // what sealing sealed, for opening
	plain  string          // the same bytes, sealed by plain age
	with   *age.X25519Identity
	many   bool // the rows are there
}

// A place is a vault's parts, put together without a passphrase: to derive the root
// from one takes half a second and 128 MiB by intention.
type place struct {
	path      string
	root      *seal.Root
	db        *store.DB
	originals *vault.Originals
	actor     evidence.Actor
}

func newBench(ctx context.Context, s settings) (*bench, error) {
	folder, err := os.MkdirTemp(s.dir, "safehouse-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{ctx: ctx, s: s, dir: folder}
	room, err := free(folder)
	if err == nil && b.s.size+4e9 > room {
		b.s.size = max(room-4e9, 1e8)
		b.notes = append(b.notes, fmt.Sprintf("the large stream is only %.1f GB: the disk has no room for %.1f GB", float64(b.s.size)/1e9, float64(s.size)/1e9))
	}
	if err == nil {
		b.vault, err = found(ctx, filepath.Join(folder, "vault"), seal.NewRoot())
	}
	if err != nil {
		b.remove()
		return nil, err
	}
	return b, nil
}

func (b *bench) remove() {
	if b.vault != nil {
		b.vault.db.Close()
	}
	os.RemoveAll(b.dir)
}

func found(ctx context.Context, path string, root *seal.Root) (*place, error) {
	if err := os.MkdirAll(filepath.Join(path, "blobs"), 0o700); err != nil {
		return nil, err
	}
	p := &place{path: path, root: root}
	blobs, err := dir.Open(filepath.Join(path, "blobs"))
	if err != nil {
		return nil, err
	}
	if err := p.open(ctx); err != nil {
		return nil, err
	}
	m := evidence.Member{ID: evidence.NewID[evidence.MemberID]("mem"), Role: evidence.Administrator}
	p.actor = m.Actor()
	p.originals = &vault.Originals{Blobs: blobs, DB: p.db, Key: root.Key(seal.Originals)}
	return p, p.db.Found(ctx, "safehouse/bench", false, m)
}

func (p *place) open(ctx context.Context) (err error) {
	p.db, err = store.Open(ctx, p.path, store.Keys{
		Pages: p.root.Key(seal.Database), Fields: p.root.Key(seal.Fields), Journal: p.root.Key(seal.Journal),
	})
	return err
}

func (p *place) receive(ctx context.Context, r io.Reader) (evidence.ItemID, error) {
	desk := intake.Desk{DB: p.db, Originals: p.originals}
	got, err := desk.Receive(ctx, p.actor, intake.Parcel{Name: "bench.bin", Content: r})
	return got.Item.ID, err
}

// stream is as many bytes as wanted, made fast and never the same block twice.
type stream struct {
	left  int64
	block []byte
	n     uint64
}

func newStream(size int64) *stream {
	s := &stream{left: size, block: make([]byte, 1<<20)}
	random := rand.NewChaCha8([32]byte{1})
	random.Read(s.block)
	return s
}

func (s *stream) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), s.left)], s.block)
	for i := 0; i+8 <= n && i < 64; i += 8 {
		s.n++
		p[i] ^= byte(s.n)
	}
	s.left -= int64(n)
	return n, nil
}

// timed is how long f takes.
func timed(f func() error) (time.Duration, error) {
	began := time.Now()
	err := f()
	return time.Since(began), err
}

// ratio compares two ways of the same work, one after the other in each round, and
// gives what share of theirs our speed is.
func ratio(ours, theirs func() error) (float64, error) {
	us, them := time.Hour, time.Hour
	for range rounds {
		a, err1 := timed(ours)
		b, err2 := timed(theirs)
		if err := errors.Join(err1, err2); err != nil {
			return 0, err
		}
		us, them = min(us, a), min(them, b)
	}
	return 100 * float64(them) / float64(us), nil
}

// sealing takes a file in, which hashes, seals, brings to disk and records it;
// plain age seals the same bytes into a file and brings that to disk.
func (b *bench) sealing() (float64, error) {
	var err error
	if b.with, err = age.GenerateX25519Identity(); err != nil {
		return 0, err
	}
	b.plain = filepath.Join(b.dir, "plain.age")
	return ratio(func() (err error) {
		b.sealed, err = b.vault.receive(b.ctx, newStream(compared))
		return err
	}, func() error {
		f, err := os.Create(b.plain)
		if err != nil {
			return err
		}
		w, err := age.Encrypt(f, b.with.Recipient())
		if err == nil {
			_, err = io.Copy(w, newStream(compared))
		}
		if err == nil {
			err = w.Close()
		}
		return errors.Join(err, f.Sync(), f.Close())
	})
}

// opening reads it back, journaled, from start to end.
func (b *bench) opening() (float64, error) {
	if b.sealed == "" {
		if _, err := b.sealing(); err != nil {
			return 0, err
		}
	}
	return ratio(func() error { return b.vault.read(b.ctx, b.sealed) }, func() error {
		f, err := os.Open(b.plain)
		if err != nil {
			return err
		}
		defer f.Close()
		r, err := age.Decrypt(f, b.with)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, r)
		return err
	})
}

func (p *place) read(ctx context.Context, id evidence.ItemID) error {
	c, err := p.originals.Open(ctx, p.actor, id, "bench")
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, c.Reader())
	return errors.Join(err, c.Close())
}

// ranges reads places of a large original, as a player does that jumps about.
func (b *bench) ranges() (float64, error) {
	const size = 1e9
	id, err := b.vault.receive(b.ctx, newStream(size))
	if err != nil {
		return 0, err
	}
	c, err := b.vault.originals.Open(b.ctx, b.vault.actor, id, "bench")
	if err != nil {
		return 0, err
	}
	defer c.Close()
	part := make([]byte, rangeLen)
	return median(500, func() error {
		_, err := c.ReadAt(part, rand.Int64N(size-rangeLen))
		return err
	})
}

// median is of the milliseconds that f takes.
func median(times int, f func() error) (float64, error) {
	var all []time.Duration
	for range times {
		d, err := timed(f)
		if err != nil {
			return 0, err
		}
		all = append(all, d)
	}
	slices.Sort(all)
	return float64(all[len(all)/2]) / float64(time.Millisecond), nil
}

func (b *bench) memoryAdding() (float64, error)  { return b.child("add") }
func (b *bench) memoryOpening() (float64, error) { return b.child("open") }

// child has another process do it, so that only that is measured.
func (b *bench) child(what string) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	folder := filepath.Join(b.dir, what)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	cmd := exec.CommandContext(b.ctx, self, "-child", what, "-dir", folder, "-size", fmt.Sprint(float64(b.s.size)/1e9))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	kib, err := strconv.Atoi(strings.TrimSpace(string(out)))
	return float64(kib) / 1024, err
}

// peak is the child.
func peak(ctx context.Context, what string, s settings) error {
	p, err := found(ctx, filepath.Join(s.dir, "vault"), seal.NewRoot())
	if err != nil {
		return err
	}
	defer p.db.Close()
	id, err := p.receive(ctx, newStream(s.size))
	if err != nil {
		return err
	}
	if what == "open" {
		// What adding took is forgotten: from here on the kernel measures anew.
		if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200); err != nil {
			return err
		}
		if err := p.read(ctx, id); err != nil {
			return err
		}
	}
	kib, err := highWater()
	fmt.Println(kib)
	return err
}

// parcels are files of 4 kB.
func parcels(files int) iter.Seq2[intake.Parcel, error] {
	random := rand.NewChaCha8([32]byte{2})
	return func(yield func(intake.Parcel, error) bool) {
		for range files {
			content := make([]byte, 4096)
			random.Read(content)
			if !yield(intake.Parcel{Name: "small.bin", Size: int64(len(content)), Content: bytes.NewReader(content)}, nil) {
				return
			}
		}
	}
}

// batch receives small files as "item add" does.
func (b *bench) batch() (float64, error) {
	const files = 2000
	desk := intake.Desk{DB: b.vault.db, Originals: b.vault.originals}
	kept := 0
	var failed error
	took, err := timed(func() error {
		return desk.ReceiveAll(b.ctx, b.vault.actor, parcels(files), func(o intake.Outcome) {
			if o.Err != nil {
				failed = o.Err
				return
			}
			kept++
		})
	})
	if err = errors.Join(err, failed); err == nil && kept != files {
		err = fmt.Errorf("%d of %d files were kept", kept, files)
	}
	return files / took.Seconds(), err
}

// small receives them one by one.
func (b *bench) small() (float64, error) {
	const files = 500
	took, err := timed(func() error {
		for p := range parcels(files) {
			if _, err := b.vault.receive(b.ctx, p.Content); err != nil {
				return err
			}
		}
		return nil
	})
	return files / took.Seconds(), err
}

func (b *bench) single() (float64, error) {
	const changes = 200
	took, err := timed(func() error {
		for range changes {
			if err := b.record(1); err != nil {
				return err
			}
		}
		return nil
	})
	return changes / took.Seconds(), err
}

func (b *bench) entries() (float64, error) {
	const entries = 20_000
	took, err := timed(func() error { return b.record(entries) })
	return entries / took.Seconds(), err
}

func (b *bench) record(n int) error {
	return b.vault.db.Update(b.ctx, b.vault.actor.ID, func(tx *store.Tx) error {
		for range n {
			tx.Record("bench.step", string(b.vault.actor.ID), strings.Repeat("0", 64))
		}
		return nil
	})
}

// fill makes a vault with many items, each with its entry.
func (b *bench) fill() error {
	if b.many {
		return nil
	}
	if err := b.vault.db.Close(); err != nil {
		return err
	}
	var err error
	if b.vault, err = found(b.ctx, filepath.Join(b.dir, "many"), seal.NewRoot()); err != nil {
		return err
	}
	digest := strings.Repeat("ab", 32)
	for at := 0; at < manyRows; at += 1000 {
		err := b.vault.db.Update(b.ctx, b.vault.actor.ID, func(tx *store.Tx) error {
			for i := range 1000 {
				it := evidence.Item{ID: evidence.NewID[evidence.ItemID]("itm"), Material: evidence.Photo, Size: 1, By: b.vault.actor.ID,
					Digest: evidence.Protect(digest), Name: evidence.Protect(fmt.Sprintf("IMG_%d.JPG", at+i))}
				tx.Record("item.receive", string(it.ID), digest)
				if err := tx.AddItem(&it, store.Sealed{Blob: fmt.Sprintf("%032x", at+i), Key: make([]byte, 114)}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	b.many = true
	return nil
}

// start opens a vault of which nobody has read since it was closed.
func (b *bench) start() (float64, error) {
	if err := b.fill(); err != nil {
		return 0, err
	}
	return median(5, func() error { return errors.Join(b.vault.db.Close(), b.vault.open(b.ctx)) })
}

func (b *bench) proof() (float64, error) {
	if err := b.fill(); err != nil {
		return 0, err
	}
	return median(500, func() error {
		return b.vault.db.View(b.ctx, b.vault.actor.ID, func(v *store.View) error {
			_, err := v.Prove(rand.Int64N(manyRows))
			return err
		})
	})
}

// check is the doctor's look at the database and at what was published. The items
// here have no content.
func (b *bench) check() (float64, error) {
	if err := b.fill(); err != nil {
		return 0, err
	}
	took, err := timed(func() error {
		a, err := b.vault.db.Audit(b.ctx, func(string, int, int) {})
		if err == nil && (len(a.Faults) > 0 || a.Entries <= manyRows) {
			err = fmt.Errorf("%d entries, %v", a.Entries, a.Faults)
		}
		return err
	})
	return took.Seconds(), err
}
