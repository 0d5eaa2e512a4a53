package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"lukechampine.com/adiantum"
	"lukechampine.com/adiantum/hbsh"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
)

// allPages decrypts every page of the database and of its log, used or not.
func allPages(t *testing.T, dir string, root *seal.Root) (all []byte) {
	t.Helper()
	var cipher *hbsh.HBSH
	root.Key(seal.Database).Raw(1, func(raw *[32]byte) { cipher = adiantum.New(raw[:]) })
	for _, name := range []string{"safehouse.db", "safehouse.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at+4096 <= len(b); at += 4096 {
			var tweak [8]byte
			binary.LittleEndian.PutUint64(tweak[:], uint64(at))
			all = append(all, cipher.Decrypt(b[at:at+4096], tweak[:])...)
		}
	}
	if !bytes.HasPrefix(all, []byte("SQLite format 3")) {
		t.Fatal("the pages did not decrypt: this test looks at noise")
	}
	return all
}

// Whoever has every key finds in no page, used or not, what was sealed in the rows of
// an item and in those that rested on it.
func TestErasedFieldsAreInNoPage(t *testing.T) {
	db, m, dir, root := founded(t)
	c := addCase(t, db, m.ID, "A")
	it := evidence.Item{ID: "itm_a", Case: c.ID, By: m.ID, Name: evidence.Protect("her name"), Digest: evidence.Protect("abcd")}
	err := db.Update(t.Context(), m.ID, func(tx *Tx) error {
		tx.RecordWhy("item.receive", string(it.ID), evidence.Protect("she came herself"), "abcd")
		return errors.Join(tx.AddItem(&it, Sealed{"b1", []byte("the wrapped key of her recording")}),
			tx.AddSource(&evidence.Source{ID: "src_a", Case: c.ID, Public: "p", Reliability: "unsure"}),
			tx.AddPlan(&evidence.Plan{ID: "pln_b", Item: it.ID, By: m.ID}),
			tx.AddPlan(&evidence.Plan{ID: "pln_a", Of: "pln_b", Item: it.ID, By: m.ID, Reasons: map[int]evidence.Secret{1: evidence.Protect("her portrait")}}),
			tx.AddRendition(&evidence.Rendition{ID: "ren_a", Item: it.ID, Plan: "pln_a", By: m.ID}, Sealed{"b2", []byte("the wrapped key of her copy")}),
			tx.AddClaim(&evidence.Claim{ID: "clm_a", Case: c.ID, Source: "src_a", Item: it.ID, By: m.ID, Content: evidence.Protect("her words")}),
			tx.AddDraft(&evidence.Draft{ID: "drf_a", Case: c.ID, Author: m.ID, Text: evidence.Protect("on her words"), Claims: []evidence.ClaimID{"clm_a"}}),
			tx.AddVerdict(&Verdict{ID: "apr_a", Draft: "drf_a", By: m.ID, Digest: "the digest of her words", Reason: evidence.Protect("they are hers")}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	marks := make(map[string][]byte)
	for name, query := range map[string]string{
		"key of the item":   `SELECT blob_key FROM items WHERE id = 'itm_a'`,
		"hash of its bytes": `SELECT same FROM items WHERE id = 'itm_a'`,
		"item":              `SELECT sealed FROM items WHERE id = 'itm_a'`,
		"salt and reason":   `SELECT sealed FROM journal_entries WHERE subject = 'itm_a'`,
		"plan":              `SELECT sealed FROM plans WHERE id = 'pln_b'`,
		"plan's version":    `SELECT sealed FROM plans WHERE id = 'pln_a'`,
		"key of the copy":   `SELECT blob_key FROM renditions WHERE id = 'ren_a'`,
		"copy":              `SELECT sealed FROM renditions WHERE id = 'ren_a'`,
		"claim":             `SELECT sealed FROM claims WHERE id = 'clm_a'`,
		"draft":             `SELECT sealed FROM drafts WHERE id = 'drf_a'`,
		"verdict":           `SELECT sealed FROM approvals WHERE id = 'apr_a'`,
		"approved digest":   `SELECT digest FROM approvals WHERE id = 'apr_a'`,
	} {
		var b []byte
		if err := db.bun.QueryRow(query).Scan(&b); err != nil || len(b) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		marks[name] = b
	}
	before := allPages(t, dir, root)
	for name, mark := range marks {
		if !bytes.Contains(before, mark) {
			t.Errorf("the %s was never there: this test proves nothing", name)
		}
	}
	err = db.Update(t.Context(), m.ID, func(tx *Tx) error {
		r, err := tx.Reach(it.ID)
		if err != nil {
			return err
		}
		tx.Record("item.withdraw", string(it.ID))
		return tx.Erase(r, m.ID)
	})
	if err == nil {
		err = db.Wipe(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	after := allPages(t, dir, root)
	for name, mark := range marks {
		if bytes.Contains(after, mark) {
			t.Errorf("the %s is still in a page", name)
		}
	}
}

func TestWhoIsNotInTheCaseSeesNoWithdrawal(t *testing.T) {
	db, m, _, _ := founded(t)
	c := addCase(t, db, m.ID, "A")
	other := evidence.Member{ID: "mem_other", Role: evidence.Researcher}
	it := evidence.Item{ID: "itm_a", Case: c.ID, By: m.ID}
	for _, f := range []func(tx *Tx) error{
		func(tx *Tx) error { tx.Record("member.add", string(other.ID)); return tx.AddMember(&other) },
		func(tx *Tx) error {
			tx.Record("item.receive", "itm_a")
			return tx.AddItem(&it, Sealed{"b", []byte("k")})
		},
		func(tx *Tx) error {
			r, err := tx.Reach(it.ID)
			tx.Record("item.withdraw", "itm_a")
			return errors.Join(err, tx.Erase(r, m.ID))
		},
	} {
		if err := db.Update(t.Context(), m.ID, f); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[evidence.MemberID]int{m.ID: 1, other.ID: 0} {
		if err := db.View(t.Context(), id, func(v *View) error {
			all, err := v.Erasures()
			_, one := v.Erasure("itm_a")
			seqs, _ := v.JournalOf("itm_a")
			if err != nil || len(all) != want || (one == nil) != (want == 1) || (len(seqs) > 0) != (want == 1) {
				t.Errorf("%s sees %d, %v, %v: %v", id, len(all), one, seqs, err)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
}
