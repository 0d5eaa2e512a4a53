package journal_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"safehouse/journal"
)

// A stranger reads a published folder with x/mod alone: C2SP tlog-tiles, signed-note
// and tlog-checkpoint, from their specifications. Nothing here is this package's.
type stranger struct {
	folder string
	tree   tlog.Tree
}

func newStranger(t *testing.T, folder, key string) stranger {
	t.Helper()
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(n.Text, "\n")
	size, err1 := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := tlog.ParseHash(lines[2])
	if lines[0] != v.Name() || err1 != nil || err2 != nil {
		t.Fatalf("%q", lines)
	}
	return stranger{folder, tlog.Tree{N: size, Hash: root}}
}

func (s stranger) Height() int { return 8 }

// ReadTiles implements tlog.TileReader: the hash of each tile is checked by tlog
// against the signed root.
func (s stranger) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, t := range tiles {
		b, err := os.ReadFile(filepath.Join(s.folder, "tile", strings.TrimPrefix(t.Path(), "tile/8/")))
		if err != nil {
			return nil, err
		}
		data = append(data, b)
	}
	return data, nil
}

func (s stranger) SaveTiles([]tlog.Tile, [][]byte) {}

// entry reads one entry out of its bundle.
func (s stranger) entry(t *testing.T, i int64) []byte {
	t.Helper()
	tile := tlog.Tile{H: 8, L: 0, N: i / 256, W: int(min(256, s.tree.N-i/256*256))}
	b, err := os.ReadFile(filepath.Join(s.folder, "tile/entries", strings.TrimPrefix(tile.Path(), "tile/8/0/")))
	if err != nil {
		t.Fatal(err)
	}
	for range i % 256 {
		b = b[2+binary.BigEndian.Uint16(b):]
	}
	return b[2 : 2+binary.BigEndian.Uint16(b)]
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(at []int64) (out []tlog.Hash, err error) {
	for _, i := range at {
		out = append(out, h[i])
	}
	return out, nil
}

// publishSteps publishes a journal of so many entries in several steps.
func publishSteps(t *testing.T, folder string, sizes ...int64) (key string) {
	t.Helper()
	signer, key, err := journal.NewSigner("reader.test", [32]byte{3})
	if err != nil {
		t.Fatal(err)
	}
	var stored hashes
	var entries [][]byte
	for _, size := range sizes {
		for i := int64(len(entries)); i < size; i++ {
			e := journal.Entry{Time: time.Unix(i, 0), Actor: "mem_a", Action: "test.step", Subject: fmt.Sprint("itm_", i)}.Encode()
			more, err := journal.Append(i, e, stored)
			if err != nil {
				t.Fatal(err)
			}
			entries, stored = append(entries, e), append(stored, more...)
		}
		root, err := tlog.TreeHash(size, stored)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := journal.SignCheckpoint("reader.test", tlog.Tree{N: size, Hash: root}, signer)
		if err != nil {
			t.Fatal(err)
		}
		err = journal.Dir(folder).Publish(size, func(i int64) ([]byte, error) { return entries[i], nil }, stored, signed)
		if err != nil {
			t.Fatal(err)
		}
	}
	return key
}

func TestStrangersReadTheFolderWithTheirOwnProgram(t *testing.T) {
	folder := t.TempDir()
	key := publishSteps(t, folder, 1, 255, 300, 70_000)
	s := newStranger(t, folder, key)
	if s.tree.N != 70_000 {
		t.Fatal(s.tree)
	}
	r := tlog.TileHashReader(s.tree, s)
	for _, i := range []int64{0, 1, 255, 256, 299, 65_535, 65_536, 69_887, 69_888, 69_999} {
		e := s.entry(t, i)
		if !strings.Contains(string(e), fmt.Sprintf("\nsubject itm_%d\n", i)) {
			t.Fatalf("entry %d: %s", i, e)
		}
		proof, err := tlog.ProveRecord(s.tree.N, i, r)
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		if err := tlog.CheckRecord(proof, s.tree.N, s.tree.Hash, i, tlog.RecordHash(e)); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
	}
}

// Whoever kept an older checkpoint can see that the newer journal only grew.
func TestStrangersSeeThatTheJournalOnlyGrew(t *testing.T) {
	folder := t.TempDir()
	key := publishSteps(t, folder, 300)
	old := newStranger(t, folder, key).tree
	publishSteps(t, folder, 300, 5_000)
	s := newStranger(t, folder, key)
	r := tlog.TileHashReader(s.tree, s)
	proof, err := tlog.ProveTree(s.tree.N, old.N, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckTree(proof, s.tree.N, s.tree.Hash, old.N, old.Hash); err != nil {
		t.Error(err)
	}
	old.Hash[0] ^= 1
	if tlog.CheckTree(proof, s.tree.N, s.tree.Hash, old.N, old.Hash) == nil {
		t.Error("the referee believes anything")
	}
}

// A damaged tile does not get past them.
func TestStrangersNoticeADamagedTile(t *testing.T) {
	folder := t.TempDir()
	key := publishSteps(t, folder, 1_000)
	name := filepath.Join(folder, "tile/0/001")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[7] ^= 1
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStranger(t, folder, key)
	if _, err := tlog.ProveRecord(s.tree.N, 256, tlog.TileHashReader(s.tree, s)); err == nil {
		t.Error("nobody noticed")
	}
	var d *journal.Damage
	if _, err := journal.Dir(folder).Verify(key); !errors.As(err, &d) || d.Place != "tile/0/001" || d.Kind != journal.Changed {
		t.Error(err)
	}
}
