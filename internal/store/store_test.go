package store

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/journal"
)

func keys(root *seal.Root) Keys {
	return Keys{Pages: root.Key(seal.Database), Fields: root.Key(seal.Fields), Journal: root.Key(seal.Journal)}
}

// founded opens a new vault's database with one member.
func founded(t *testing.T) (*DB, evidence.Member, string, *seal.Root) {
	t.Helper()
	dir, root := t.TempDir(), seal.NewRoot()
	db, err := Open(t.Context(), dir, keys(root))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	m := evidence.Member{ID: evidence.NewID[evidence.MemberID]("mem"), Name: evidence.Protect("김철수 Chol-su"), Role: evidence.Researcher}
	if err := db.Found(t.Context(), "safehouse/test", false, m); err != nil {
		t.Fatal(err)
	}
	return db, m, dir, root
}

func addCase(t *testing.T, db *DB, by evidence.MemberID, ref string) evidence.Case {
	t.Helper()
	c := evidence.Case{ID: evidence.NewID[evidence.CaseID]("cas"), Ref: ref, Title: evidence.Protect("심양 Shenyang eight"), By: by}
	err := db.Update(t.Context(), by, func(tx *Tx) error {
		tx.Record("case.new", string(c.ID))
		return tx.AddCase(&c)
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func size(t *testing.T, db *DB) (n int64) {
	t.Helper()
	if err := db.Unscoped(t.Context(), "test", func(v *View) (err error) { n, err = v.JournalSize(); return err }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestUpdateRefusesSilentChange(t *testing.T) {
	db, m, _, _ := founded(t)
	c := evidence.Case{ID: "cas_x", Ref: "S-1", By: m.ID}
	err := db.Update(t.Context(), m.ID, func(tx *Tx) error { return tx.AddCase(&c) })
	if !errors.Is(err, ErrSilent) {
		t.Fatalf("a silent change: %v", err)
	}
	err = db.View(t.Context(), m.ID, func(v *View) error { _, err := v.Case("S-1"); return err })
	if !errors.Is(err, evidence.ErrNotFound) {
		t.Fatalf("the silent change is there: %v", err)
	}
}

func TestUpdateThatFailsLeavesNoRowAndNoEntry(t *testing.T) {
	db, m, _, _ := founded(t)
	before, stop := size(t, db), errors.New("stop")
	err := db.Update(t.Context(), m.ID, func(tx *Tx) error {
		tx.Record("case.new", "cas_x")
		if err := tx.AddCase(&evidence.Case{ID: "cas_x", Ref: "S-1", By: m.ID}); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) || size(t, db) != before {
		t.Fatalf("%v, journal grew from %d to %d", err, before, size(t, db))
	}
	if err := db.View(t.Context(), m.ID, func(v *View) error { _, err := v.Case("S-1"); return err }); !errors.Is(err, evidence.ErrNotFound) {
		t.Fatalf("the row stayed: %v", err)
	}
}

func TestNothingPlainIsOnDisk(t *testing.T) {
	db, m, dir, _ := founded(t)
	addCase(t, db, m.ID, "NK-PLANTED-REF")
	marks := []string{"김철수", "Chol-su", "심양", "Shenyang", "SQLite format 3"}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		for _, mark := range marks {
			if bytes.Contains(b, []byte(mark)) {
				t.Errorf("%s is plain in %s", mark, filepath.Base(path))
			}
		}
		return err
	})
	if err != nil || files < 3 {
		t.Fatalf("looked into %d files: %v", files, err)
	}
}

func TestSealedFieldOpensInItsOwnRowOnly(t *testing.T) {
	db, m, _, _ := founded(t)
	a, b := addCase(t, db, m.ID, "A"), addCase(t, db, m.ID, "B")
	_, err := db.bun.Exec(`UPDATE cases SET sealed = (SELECT sealed FROM cases WHERE id = ?) WHERE id = ?`, string(a.ID), string(b.ID))
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), m.ID, func(v *View) error { _, err := v.Case("B"); return err })
	if !errors.Is(err, seal.ErrSealed) {
		t.Fatalf("a value moved to another row: %v", err)
	}
}

func TestOtherKeyOpensNothing(t *testing.T) {
	db, _, dir, _ := founded(t)
	db.Close()
	if other, err := Open(context.Background(), dir, keys(seal.NewRoot())); err == nil {
		other.Close()
		t.Fatal("another key opens the database")
	}
}

func TestReopeningFindsEverythingAndPublishesWhatIsMissing(t *testing.T) {
	db, m, dir, root := founded(t)
	addCase(t, db, m.ID, "A")
	want, verifier := size(t, db), db.Verifier()
	db.Close()
	if err := os.RemoveAll(filepath.Join(dir, "journal")); err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), dir, keys(root))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got, err := journal.Dir(filepath.Join(dir, "journal")).Verify(verifier); err != nil || got != want {
		t.Fatalf("published %d of %d: %v", got, want, err)
	}
}

// The proof is checked with the reference implementation alone.
func TestProofHoldsInTheEyesOfOthers(t *testing.T) {
	db, m, _, _ := founded(t)
	for range 5 {
		addCase(t, db, m.ID, string(evidence.NewID[evidence.CaseID]("cas"))[4:])
	}
	c := addCase(t, db, m.ID, "LAST")
	err := db.View(t.Context(), m.ID, func(v *View) error {
		seqs, err := v.JournalOf(string(c.ID))
		if err != nil || len(seqs) != 1 {
			t.Fatalf("entries of %s: %v, %v", c.ID, seqs, err)
		}
		p, err := v.Prove(seqs[0])
		if err != nil {
			return err
		}
		verifier, err := note.NewVerifier(db.Verifier())
		if err != nil {
			return err
		}
		n, err := note.Open(p.Checkpoint, note.VerifierList(verifier))
		if err != nil {
			return err
		}
		tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + n.Text[bytes.IndexByte([]byte(n.Text), '\n')+1:]))
		if err != nil {
			return err
		}
		return tlog.CheckRecord(p.Path, tree.N, tree.Hash, p.Index, tlog.RecordHash(p.Entry))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsStoredComesBack(t *testing.T) {
	db, m, _, _ := founded(t)
	c := addCase(t, db, m.ID, "A")
	it := evidence.Item{ID: "itm_a", Case: c.ID, Material: evidence.Video, Size: 9, By: m.ID,
		Digest: evidence.Protect("abcd"), Name: evidence.Protect("영상\n1.mp4"), From: evidence.Protect("목사")}
	s := evidence.Source{ID: "src_a", Case: c.ID, Name: evidence.Protect("진짜"), Public: "a pastor", Protected: true, Reliability: "unsure"}
	cl := evidence.Claim{ID: "clm_a", Case: c.ID, Source: s.ID, Item: it.ID, Span: evidence.Span{3, 9}, Form: evidence.NotAware, Type: "direct",
		SaidWhen: evidence.When{Words: "on Monday", Language: "en", EDTF: "2017-04-24", Earliest: "2017-04-24", Latest: "2017-04-24"},
		Speaker:  evidence.Protect("who"), Content: evidence.Protect("what"), By: m.ID}
	g := evidence.Group{ID: "grp_a", Case: c.ID, Label: "the eight", Min: 7, Max: 8, Names: []evidence.Name{{Text: evidence.Protect("n"), Script: "Latn"}}}
	st := evidence.Status{ID: "sta_a", Case: c.ID, Subject: "grp_a", Code: "detained", AtRisk: true, Owner: m.ID, Next: "2017-05-15", By: m.ID, Claims: []evidence.ClaimID{cl.ID}}
	err := db.Update(t.Context(), m.ID, func(tx *Tx) error {
		tx.RecordWhy("test", "itm_a", evidence.Protect("because"), "00ff")
		return errors.Join(tx.AddItem(&it, Sealed{"b1", []byte("k")}), tx.AddSource(&s), tx.AddClaim(&cl), tx.AddGroup(&g), tx.AddStatus(&st))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), m.ID, func(v *View) error {
		got, where, err := v.Item("itm_a")
		if err != nil || !got.Name.Same(it.Name) || !got.From.Same(it.From) || !got.Received.Equal(it.Received) || where.Blob != "b1" {
			t.Errorf("item: %+v %v %v", got, where, err)
		}
		if like, err := v.ItemsLike(evidence.Protect("abcd")); err != nil || len(like) != 1 {
			t.Errorf("same content: %v %v", like, err)
		}
		claims, err := v.Claims(c.ID)
		if err != nil || len(claims) != 1 || claims[0].SaidWhen != cl.SaidWhen || claims[0].Span != cl.Span || !claims[0].Content.Same(cl.Content) {
			t.Errorf("claims: %+v %v", claims, err)
		}
		sources, err := v.Sources("")
		if err != nil || len(sources) != 1 || !sources[0].Protected || !sources[0].Name.Same(s.Name) {
			t.Errorf("sources: %+v %v", sources, err)
		}
		statuses, err := v.Statuses(c.ID)
		if err != nil || len(statuses) != 1 || len(statuses[0].Claims) != 1 || !statuses[0].AtRisk {
			t.Errorf("statuses: %+v %v", statuses, err)
		}
		seqs, _ := v.JournalOf("itm_a")
		note, err := v.JournalNote(seqs[0])
		if err != nil || note.Why.Reveal() != "because" {
			t.Errorf("note: %v %v", note, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
