package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A Damage is the first place of a journal that is not as it must be. It wraps
// ErrMalformed, or fs.ErrNotExist where a file is missing.
type Damage struct {
	Place string // a file of the folder, with a space and the entry's number where it is about one
	Kind  Kind
	Err   error
}

// Kind says what is wrong with a place.
type Kind string

// The kinds.
const (
	Missing  Kind = "missing"  // it is not there
	Changed  Kind = "changed"  // it is not what was signed
	Unsigned Kind = "unsigned" // a checkpoint, and not signed by this journal's key
	Stray    Kind = "stray"    // it does not belong there
)

// Error names the place.
func (d *Damage) Error() string { return fmt.Sprintf("%s: %s: %v", d.Place, d.Kind, d.Err) }

// Unwrap gives the cause.
func (d *Damage) Unwrap() error { return d.Err }

// Verify reads the whole folder again and believes nothing but the key: every
// entry is hashed, every tile is computed from the one below and compared, and so
// is the signed root; tiles of older states must be the beginning of the newer
// ones, and nothing else may lie there but what an interrupted Publish wrote ahead
// of its checkpoint. It gives the number of entries, or a Damage: the first place
// that is not as it must be.
func (d Dir) Verify(verifierKey string) (size int64, err error) {
	leaves, err := d.Leaves(func(b []byte) (Checkpoint, error) { return OpenCheckpoint(b, verifierKey) })
	return int64(len(leaves)), err
}

// Leaves is Verify for a caller that knows by itself how to open a checkpoint. It
// gives the hash of every entry.
func (d Dir) Leaves(open func(checkpoint []byte) (Checkpoint, error)) ([]tlog.Hash, error) {
	b, err := d.read("checkpoint")
	if err != nil {
		return nil, err
	}
	c, err := open(b)
	if err != nil {
		return nil, &Damage{"checkpoint", Unsigned, err}
	}
	leaves, err := d.readEntries(c.Tree.N)
	if err != nil {
		return nil, err
	}
	stored, err := d.readTiles(c.Tree.N)
	if err != nil {
		return nil, err
	}
	if err := judge(c.Tree.Hash, leaves, stored); err != nil {
		return nil, err
	}
	levels, err := d.verifyLevels(leaves)
	if err != nil {
		return nil, err
	}
	return leaves, d.verifyRest(levels)
}

// read reads a file of the folder.
func (d Dir) read(name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(string(d), filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Damage{name, Missing, err}
	}
	return b, err
}

// bottom lists the tiles of a level under the tree, without the levels above.
func bottom(level int, size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for at := int64(0); at < size; at += tileWidth {
		tiles = append(tiles, tlog.Tile{H: tileHeight, L: level, N: at / tileWidth, W: int(min(size-at, tileWidth))})
	}
	return tiles
}

// readEntries hashes the entries.
func (d Dir) readEntries(size int64) (leaves []tlog.Hash, err error) {
	for _, t := range bottom(entryLevel, size) {
		hashes, err := d.readBundle(t)
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, hashes...)
	}
	return leaves, nil
}

// readBundle hashes the entries under one tile.
func (d Dir) readBundle(t tlog.Tile) (leaves []tlog.Hash, err error) {
	b, err := d.read(tilePath(t))
	if err != nil {
		return nil, err
	}
	entries, err := parseBundle(b)
	if err != nil || len(entries) != t.W {
		return nil, badEntry(t, min(len(entries), t.W-1))
	}
	for _, e := range entries {
		leaves = append(leaves, Leaf(e))
	}
	return leaves, nil
}

func badEntry(t tlog.Tile, i int) error {
	t.L = entryLevel
	return &Damage{fmt.Sprintf("%s %d", tilePath(t), t.N*tileWidth+int64(i)), Changed, fmt.Errorf("not the entry that was signed: %w", ErrMalformed)}
}

// readTiles gives the hashes of the entries as the lowest tiles have them.
func (d Dir) readTiles(size int64) (stored []tlog.Hash, err error) {
	for _, t := range bottom(0, size) {
		hashes, err := d.readTile(t)
		if err != nil {
			return nil, err
		}
		stored = append(stored, hashes...)
	}
	return stored, nil
}

func (d Dir) readTile(t tlog.Tile) ([]tlog.Hash, error) {
	name := tilePath(t)
	b, err := d.read(name)
	if err != nil {
		return nil, err
	}
	if len(b) != t.W*tlog.HashSize {
		return nil, &Damage{name, Changed, fmt.Errorf("not %d hashes: %w", t.W, ErrMalformed)}
	}
	hashes := make([]tlog.Hash, t.W)
	for i := range hashes {
		copy(hashes[i][:], b[i*tlog.HashSize:])
	}
	return hashes, nil
}

// judge says which of two is wrong where entries and tiles differ: the signed root
// knows. Where they agree and the root does not, it is the checkpoint, or all of
// them were made anew.
func judge(signed tlog.Hash, leaves, stored []tlog.Hash) error {
	differs := -1
	for i := range leaves {
		if leaves[i] != stored[i] {
			differs = i
			break
		}
	}
	whole := rootOf(leaves) == signed
	if whole && differs < 0 {
		return nil
	}
	if differs < 0 {
		return &Damage{"checkpoint", Changed, fmt.Errorf("its root is not that of the entries: %w", ErrMalformed)}
	}
	t := bottom(0, int64(len(leaves)))[differs/tileWidth]
	if whole {
		return &Damage{tilePath(t), Changed, fmt.Errorf("hash %d is not that of its entry: %w", differs%tileWidth, ErrMalformed)}
	}
	return badEntry(t, differs%tileWidth)
}

// verifyLevels compares every tile above the lowest ones with what lies below, and
// gives the hashes of all levels.
func (d Dir) verifyLevels(leaves []tlog.Hash) (levels [][]tlog.Hash, err error) {
	for hashes := leaves; len(hashes) > 0; {
		level := len(levels)
		levels = append(levels, hashes)
		var above []tlog.Hash
		for n, part := range slices.Collect(slices.Chunk(hashes, tileWidth)) {
			if level > 0 {
				if err := d.verifyTile(tlog.Tile{H: tileHeight, L: level, N: int64(n), W: len(part)}, part); err != nil {
					return nil, err
				}
			}
			if len(part) == tileWidth {
				above = append(above, rootOf(part))
			}
		}
		hashes = above
	}
	return levels, nil
}

func (d Dir) verifyTile(t tlog.Tile, want []tlog.Hash) error {
	hashes, err := d.readTile(t)
	if err != nil {
		return err
	}
	for i, h := range hashes {
		if i < len(want) && h != want[i] {
			return &Damage{tilePath(t), Changed, fmt.Errorf("hash %d is not that of what lies below: %w", i, ErrMalformed)}
		}
	}
	return nil
}

// verifyRest looks at the files that the newest state does not need.
func (d Dir) verifyRest(levels [][]tlog.Hash) error {
	return filepath.WalkDir(string(d), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(string(d), path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if name == "checkpoint" || isSuccession(name) || strings.HasPrefix(e.Name(), Unfinished) {
			return nil
		}
		t, ok := parsePath(name)
		if !ok || !e.Type().IsRegular() {
			return &Damage{name, Stray, fmt.Errorf("not a file of the journal: %w", ErrMalformed)}
		}
		return d.verifyOld(t, levels)
	})
}

// parsePath reads what tilePath wrote.
func parsePath(name string) (tlog.Tile, bool) {
	rest, ok := strings.CutPrefix(name, "tile/")
	if !ok {
		return tlog.Tile{}, false
	}
	if entries, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + entries
	}
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	return t, err == nil && tilePath(t) == name
}

// verifyOld compares a partial tile of an older state with the newest one. What
// lies beyond the newest state was written ahead of its checkpoint: the next
// Publish vouches for it or writes it anew.
func (d Dir) verifyOld(t tlog.Tile, levels [][]tlog.Hash) error {
	level := max(t.L, 0)
	if level >= len(levels) || t.N > int64(len(levels[level]))/tileWidth {
		return nil
	}
	want := levels[level][t.N*tileWidth:]
	if t.W > len(want) {
		return nil
	}
	if t.L != entryLevel {
		return d.verifyTile(t, want)
	}
	leaves, err := d.readBundle(t)
	if err != nil {
		return err
	}
	for i, h := range leaves {
		if h != want[i] {
			return badEntry(t, i)
		}
	}
	return nil
}

// parseBundle reads a bundle of entries. With an error it gives those before the
// one that cannot be read.
func parseBundle(b []byte) (entries [][]byte, err error) {
	for len(b) > 0 {
		if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
			return entries, ErrMalformed
		}
		end := 2 + int(binary.BigEndian.Uint16(b))
		if _, err := ParseEntry(b[2:end]); err != nil {
			return entries, err
		}
		entries, b = append(entries, b[2:end]), b[end:]
	}
	return entries, nil
}

func rootOf(leaves []tlog.Hash) tlog.Hash {
	var tree heap
	for _, h := range leaves {
		tree.add(h)
	}
	return tree.root()
}

// heap computes the root of a tree from its leaves' hashes in order. It keeps the
// root of each perfect subtree that is not yet part of a higher one, largest
// first: their sizes are the binary digits of count.
type heap struct {
	count int64
	roots []tlog.Hash
}

func (p *heap) add(h tlog.Hash) {
	for n := p.count; n&1 == 1; n >>= 1 {
		last := len(p.roots) - 1
		h = tlog.NodeHash(p.roots[last], h)
		p.roots = p.roots[:last]
	}
	p.roots = append(p.roots, h)
	p.count++
}

func (p *heap) root() tlog.Hash {
	if p.count == 0 {
		root, _ := tlog.TreeHash(0, nil) // the empty tree's: nothing is read
		return root
	}
	last := len(p.roots) - 1
	h := p.roots[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(p.roots[i], h)
	}
	return h
}
