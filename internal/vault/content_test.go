package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"safehouse/internal/blob"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/journal"
)

func TestSealedExportIsJournaledAndOpensWithTheAgeProgram(t *testing.T) {
	v, _ := newVault(t)
	id := keep(t, v, []byte("what the witness filmed"))
	_, _, err := v.Originals.Export(t.Context(), v.Actor, id, "")
	problem(t, err, "item.no_reason")
	c, identity, err := v.Originals.Export(t.Context(), v.Actor, id, "for the court")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	dir := t.TempDir()
	sealed, err := io.ReadAll(c.Reader())
	if err != nil || bytes.Contains(sealed, []byte("witness")) {
		t.Fatalf("%d bytes: %v", len(sealed), err)
	}
	write(t, create(t, dir, "sealed"), sealed)
	write(t, create(t, dir, "identity"), []byte(identity.Reveal()+"\n"))
	out, err := exec.Command("age", "-d", "-i", filepath.Join(dir, "identity"), filepath.Join(dir, "sealed")).CombinedOutput()
	if err != nil || string(out) != "what the witness filmed" {
		t.Fatalf("age says %q: %v", out, err)
	}
	if got := actions(t, v, string(id)); !slices.Equal(got, []string{"item.receive", "item.export_sealed"}) {
		t.Errorf("journal: %v", got)
	}
}

func create(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// actions lists what the journal says about a subject.
func actions(t *testing.T, v *Vault, subject string) (all []string) {
	t.Helper()
	err := v.DB.Unscoped(t.Context(), "test", func(view *store.View) error {
		seqs, err := view.JournalOf(subject)
		for _, seq := range seqs {
			b, err := view.JournalEntry(seq)
			if err != nil {
				return err
			}
			e, err := journal.ParseEntry(b)
			if err != nil {
				return err
			}
			all = append(all, e.Action)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// counted counts what is read of a blob.
type counted struct {
	blob.Blob
	read *int64
}

func (c counted) ReadAt(p []byte, off int64) (int, error) {
	*c.read += int64(len(p))
	return c.Blob.ReadAt(p, off)
}

type counting struct {
	blob.Store
	read int64
}

func (c *counting) Open(ctx context.Context, name string) (blob.Blob, error) {
	b, err := c.Store.Open(ctx, name)
	return counted{b, &c.read}, err
}

func TestARangeIsReadWithoutTheRest(t *testing.T) {
	v, _ := newVault(t)
	id := keep(t, v, bytes.Repeat([]byte("evidence "), 2<<20))
	count := &counting{Store: v.Originals.Blobs}
	v.Originals.Blobs = count
	c, err := v.Originals.Open(t.Context(), v.Actor, id, "to see the middle")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	part := make([]byte, 100_000)
	if _, err := c.ReadAt(part, 9<<20); err != nil || !bytes.HasPrefix(part, []byte("evidence ")) {
		t.Fatalf("%q %v", part[:9], err)
	}
	if count.read > 500_000 {
		t.Errorf("read %d bytes for 100,000", count.read)
	}
}

// BenchmarkRange opens 100 kB anywhere in a sealed gigabyte.
func BenchmarkRange(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "data")
	first := evidence.Member{}
	if err := Found(b.Context(), dir, "safehouse/test", false, &first, firstWords); err != nil {
		b.Fatal(err)
	}
	v, err := Enter(b.Context(), dir, "", firstWords)
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	const size = 1 << 30
	sum := sha256.New()
	stored, err := v.Originals.Put(b.Context(), "itm_bench", io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{}), size), sum))
	if err != nil || stored.Digest != hex.EncodeToString(sum.Sum(nil)) {
		b.Fatal(err)
	}
	part := make([]byte, 100_000)
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		c, err := open(b.Context(), v.Originals.Blobs, v.Originals.Key, "itm_bench", stored.Where)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.ReadAt(part, rand.Int64N(size-int64(len(part)))); err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
}
