package vault

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lukechampine.com/adiantum"
	"lukechampine.com/adiantum/hbsh"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
	"safehouse/journal"
)

// A grown vault has one item with everything that can rest on one, and another item
// that must stay as it is.
type grown struct {
	*Vault
	t         *testing.T
	dir       string
	identity  *seal.Identity // of the member, so that entering again takes no scrypt
	item      evidence.ItemID
	other     evidence.ItemID
	plan      evidence.PlanID
	rendition evidence.RenditionID
	claim     evidence.ClaimID
	cites     evidence.DraftID // drafts: one cites the claim, one shows the rendition, one neither
	shows     evidence.DraftID
	neither   evidence.DraftID
	release   evidence.ReleaseID
}

func grow(t *testing.T) *grown {
	t.Helper()
	v, dir := newVault(t)
	g := &grown{Vault: v, t: t, dir: dir, plan: "pln_a", rendition: "ren_a", claim: "clm_a", cites: "drf_a", shows: "drf_b", neither: "drf_c", release: "rel_a"}
	var err error
	if g.identity, err = openSlot(v.slot(v.Actor.ID), firstWords); err != nil {
		t.Fatal(err)
	}
	g.item, g.other = keep(t, v, []byte("what she withdrew")), keep(t, v, []byte("what stays"))
	made, err := v.Renditions.Put(t.Context(), g.rendition, strings.NewReader("her face, masked"))
	if err != nil {
		t.Fatal(err)
	}
	g.update(func(tx *store.Tx) error {
		c := evidence.Case{ID: "cas_a", Ref: "A", By: v.Actor.ID}
		s := evidence.Source{ID: "src_a", Case: c.ID, Public: "a witness", Reliability: "unsure"}
		p := evidence.Plan{ID: g.plan, Item: g.item, By: v.Actor.ID}
		r := evidence.Rendition{ID: g.rendition, Item: g.item, Kind: evidence.Masked, Plan: p.ID, Size: made.Size, By: v.Actor.ID, Digest: made.Digest}
		err := errors.Join(
			tx.AddCase(&c), tx.MoveItem(g.item, c.ID), tx.MoveItem(g.other, c.ID), tx.AddSource(&s), tx.AddPlan(&p), tx.AddRendition(&r, made.Where),
		)
		for _, cl := range []evidence.Claim{{ID: g.claim, Item: g.item}, {ID: "clm_b", Item: g.other}} {
			cl.Case, cl.Source, cl.Form, cl.By, cl.Content = c.ID, s.ID, evidence.Asserts, v.Actor.ID, evidence.Protect("her words")
			err = errors.Join(err, tx.AddClaim(&cl))
			tx.Record("claim.accept", string(cl.ID))
		}
		st := evidence.Status{ID: "sta_a", Case: c.ID, Subject: "grp_a", Code: "detained", Owner: v.Actor.ID, By: v.Actor.ID, Claims: []evidence.ClaimID{g.claim, "clm_b"}}
		for _, d := range []evidence.Draft{
			{ID: g.cites, Claims: []evidence.ClaimID{g.claim}}, {ID: g.shows, Claims: []evidence.ClaimID{"clm_b"}, Renditions: []evidence.RenditionID{g.rendition}},
			{ID: g.neither, Claims: []evidence.ClaimID{"clm_b"}},
		} {
			d.Case, d.Author, d.Language, d.State, d.Text = c.ID, v.Actor.ID, "en", evidence.Released, evidence.Protect("it quotes her words")
			err = errors.Join(err, tx.AddDraft(&d))
			tx.Record("draft.new", string(d.ID), made.Digest)
		}
		w := store.Verdict{ID: "apr_a", Draft: g.cites, Digest: "abcd", Granted: true, By: v.Actor.ID, Reason: evidence.Protect("her words are clear")}
		rel := evidence.Release{ID: g.release, Draft: g.cites, Approval: w.ID, Digest: "abcd", By: v.Actor.ID}
		tx.Record("mask.render", string(g.rendition), made.Digest)
		return errors.Join(err, tx.AddStatus(&st), tx.AddVerdict(&w), tx.AddRelease(&rel))
	})
	return g
}

func (g *grown) update(f func(tx *store.Tx) error) {
	g.t.Helper()
	if err := g.DB.Update(g.t.Context(), g.Actor.ID, f); err != nil {
		g.t.Fatal(err)
	}
}

func (g *grown) view(f func(v *store.View) error) {
	g.t.Helper()
	if err := g.DB.Unscoped(g.t.Context(), "test", f); err != nil {
		g.t.Fatal(err)
	}
}

// marks are bytes of the item that lie in the pages until it is withdrawn: its wrapped
// keys, and what finds its content again. The random names of its
// blobs stay in the list of what had to be deleted, and say nothing.
func (g *grown) marks() map[string][]byte {
	g.t.Helper()
	out := make(map[string][]byte)
	g.view(func(v *store.View) error {
		it, where, err := v.Item(g.item)
		if err != nil {
			return err
		}
		_, made, err := v.Rendition(g.rendition)
		if err != nil {
			return err
		}
		out["key of the original"], out["key of the copy"] = where.Key, made.Key
		out["hash of the content"] = g.root.Key(seal.Fields).Mac([]byte(it.Digest.Reveal()), "items.same")
		return nil
	})
	return out
}

// plain decrypts every page of the database and of its log, used or not.
func (g *grown) plain() []byte {
	g.t.Helper()
	var cipher *hbsh.HBSH
	g.root.Key(seal.Database).Raw(1, func(raw *[32]byte) { cipher = adiantum.New(raw[:]) })
	var all []byte
	for _, name := range []string{"safehouse.db", "safehouse.db-wal"} {
		b, err := os.ReadFile(filepath.Join(g.dir, name))
		if err != nil {
			g.t.Fatal(err)
		}
		for at := 0; at+4096 <= len(b); at += 4096 {
			var tweak [8]byte
			binary.LittleEndian.PutUint64(tweak[:], uint64(at))
			all = append(all, cipher.Decrypt(b[at:at+4096], tweak[:])...)
		}
	}
	if !bytes.HasPrefix(all, []byte("SQLite format 3")) {
		g.t.Fatal("the pages did not decrypt: this test looks at noise")
	}
	return all
}

// gone checks that nothing of the item is left, and that all else is.
func (g *grown) gone(marks map[string][]byte) {
	g.t.Helper()
	pages := g.plain()
	for name, mark := range marks {
		if len(mark) == 0 || bytes.Contains(pages, mark) {
			g.t.Errorf("the %s is still in the pages", name)
		}
	}
	if names := blobNames(g.t, g.dir); len(names) != 1 {
		g.t.Errorf("%d blobs are left", len(names))
	}
	if h := check(g.t, g.Vault); len(h.Faults) != 0 || h.Items != 1 || h.Renditions != 0 || len(h.Leftovers) != 0 {
		g.t.Errorf("the doctor says %+v", h)
	}
	_, err := g.Originals.Open(g.t.Context(), g.Actor, g.item, "to see")
	problem(g.t, err, "item.withdrawn")
	c, err := g.Originals.Open(g.t.Context(), g.Actor, g.other, "to see")
	if err != nil {
		g.t.Fatal(err)
	}
	c.Close()
	g.view(func(v *store.View) error {
		claims, err := v.Claims("")
		if err != nil || len(claims) != 1 || claims[0].ID != "clm_b" {
			g.t.Errorf("claims: %+v %v", claims, err)
		}
		statuses, err := v.Statuses("")
		if err != nil || len(statuses) != 1 || len(statuses[0].Claims) != 1 {
			g.t.Errorf("statuses: %+v %v", statuses, err)
		}
		for id, void := range map[evidence.DraftID]bool{g.cites: true, g.shows: true, g.neither: false} {
			d, err := v.Draft(id)
			if err != nil || (d.State == evidence.Void) != void || d.Text.Empty() != void {
				g.t.Errorf("draft %s: %+v %v", id, d, err)
			}
		}
		w, err := v.Verdict(g.cites)
		if err != nil || !w.Reason.Empty() || w.Digest != "" {
			g.t.Errorf("verdict: %+v %v", w, err)
		}
		return nil
	})
}

func TestWhatIsWithdrawnOpensToNobody(t *testing.T) {
	g := grow(t)
	marks := g.marks()
	for name, mark := range marks {
		if !bytes.Contains(g.plain(), mark) {
			t.Fatalf("the %s was never in the pages: this test proves nothing", name)
		}
	}
	e, err := g.Withdraw(t.Context(), g.item, "she asked for it")
	if err != nil {
		t.Fatal(err)
	}
	g.gone(marks)
	d := e.Destroyed
	if d.Contents != 2 || len(d.Plans) != 1 || len(d.Renditions) != 1 || len(d.Claims) != 1 || len(d.Drafts) != 2 || len(d.Releases) != 1 ||
		d.Releases[0] != g.release || e.Finished.Before(e.Withdrawn) || e.By != g.Actor.ID {
		t.Errorf("%+v", e)
	}
	if got := actions(t, g.Vault, string(g.item)); strings.Join(got, " ") != "item.receive item.withdraw item.erased" {
		t.Errorf("journal: %v", got)
	}
}

func TestSaltsAndReasonsGoAndTheJournalStaysWhole(t *testing.T) {
	g := grow(t)
	if _, err := g.Originals.Open(t.Context(), g.Actor, g.item, "her name is Planted"); err != nil {
		t.Fatal(err)
	}
	before := entries(g)
	if _, err := g.Withdraw(t.Context(), g.item, "she asked for it"); err != nil {
		t.Fatal(err)
	}
	after := entries(g)
	if !bytes.Equal(bytes.Join(after[:len(before)], nil), bytes.Join(before, nil)) || len(after) != len(before)+2 {
		t.Errorf("%d entries became %d, or others", len(before), len(after))
	}
	if h := check(t, g.Vault); len(h.Faults) != 0 {
		t.Errorf("the journal is not whole: %+v", h)
	}
	g.view(func(v *store.View) error {
		for subject, destroyed := range map[string]int{
			string(g.item): 2, string(g.rendition): 1, string(g.claim): 1, string(g.cites): 1, string(g.shows): 1, string(g.neither): 0, string(g.other): 0,
		} {
			seqs, err := v.JournalOf(subject)
			if err != nil {
				return err
			}
			for i, seq := range seqs {
				n, err := v.JournalNote(seq)
				if err != nil || n.Destroyed != (i < destroyed) || n.Destroyed != (n.Salt == [16]byte{}) || n.Destroyed && !n.Why.Empty() {
					t.Errorf("%s, entry %d: %+v %v", subject, seq, n, err)
				}
			}
		}
		e, err := v.Erasure(g.item)
		if err != nil {
			return err
		}
		n, err := v.JournalNote(e.Entry)
		if err != nil || n.Why.Reveal() != "she asked for it" {
			t.Errorf("why: %+v %v", n, err)
		}
		p, err := v.Prove(e.Entry)
		if err != nil {
			return err
		}
		entry, err := p.Verify(g.DB.Verifier())
		if err != nil || entry.Action != "item.withdraw" || entry.Subject != string(g.item) {
			t.Errorf("proof: %+v %v", entry, err)
		}
		return nil
	})
}

func entries(g *grown) (all [][]byte) {
	g.view(func(v *store.View) error {
		size, err := v.JournalSize()
		for i := range size {
			b, err := v.JournalEntry(i)
			if err != nil {
				return err
			}
			all = append(all, b)
		}
		return err
	})
	return all
}

// stopAt runs f and stands still for ever at the n-th step, as a process does that was
// killed there: nothing that was to come happens, no clean-up either. It says which
// step that was, or nothing when f was done before.
func stopAt(t *testing.T, v *Vault, n int, f func() error) (step string) {
	t.Helper()
	stopped, done := make(chan string), make(chan error, 1)
	v.step = func(name string) {
		if n--; n == 0 {
			stopped <- name
			select {}
		}
	}
	go func() { done <- f() }()
	select {
	case step = <-stopped:
		return step
	case err := <-done:
		v.step = nil
		if err != nil {
			t.Error(err)
		}
		return ""
	case <-time.After(time.Minute):
		t.Fatal("neither stopped nor done")
		return ""
	}
}

// copy is the same vault in another folder, which saves making it.
func (g *grown) copy() *grown {
	g.t.Helper()
	c := *g
	c.dir = filepath.Join(g.t.TempDir(), "data")
	if err := os.CopyFS(c.dir, os.DirFS(g.dir)); err != nil {
		g.t.Fatal(err)
	}
	_ = os.Remove(filepath.Join(c.dir, "safehouse.db-shm")) // where it is: SQLite makes it anew
	c.Vault = c.again()
	return &c
}

// again is the vault as the next process finds it.
func (g *grown) again() *Vault {
	g.t.Helper()
	v, err := unseal(g.t.Context(), g.dir, g.identity)
	if err != nil {
		g.t.Fatal(err)
	}
	err = errors.Join(v.DB.GoOn(g.t.Context()), v.show(g.t.Context(), g.Actor.ID, g.identity, evidence.Secret{}))
	if err != nil {
		g.t.Fatal(err)
	}
	return v
}

func TestAWithdrawalThatWasKilledAnywhereTwiceIsFinishedByTheNext(t *testing.T) {
	steps, whole := 0, grow(t)
	for n := 1; ; n++ {
		g := whole.copy()
		marks := g.marks()
		withdraw := func(v *Vault) func() error {
			return func() error { _, err := v.Withdraw(t.Context(), g.item, "she asked for it"); return err }
		}
		step := stopAt(t, g.Vault, n, withdraw(g.Vault))
		if step == "" {
			break
		}
		steps++
		second := g.again()
		stopAt(t, second, 1, withdraw(second))
		third := g.again()
		if h := check(t, third); len(h.Faults) != 0 {
			t.Errorf("%s: the doctor says %+v", step, h)
		}
		if err := withdraw(third)(); err != nil {
			t.Errorf("%s: %v", step, err)
		}
		g.Vault = third
		g.gone(marks)
		if t.Failed() {
			t.Fatalf("killed at %q", step)
		}
		third.DB.Close()
	}
	if steps < 9 {
		t.Errorf("only %d steps", steps)
	}
}

func TestAWithdrawalHappensOnce(t *testing.T) {
	g := grow(t)
	first, err := g.Withdraw(t.Context(), g.item, "she asked for it")
	if err != nil {
		t.Fatal(err)
	}
	size := len(entries(g))
	again, err := g.Withdraw(t.Context(), g.item, "once more")
	if err != nil || len(entries(g)) != size {
		t.Fatalf("the journal grew from %d to %d: %v", size, len(entries(g)), err)
	}
	one, err1 := g.Certify(first.Certificate, "words")
	two, err2 := g.Certify(again.Certificate, "words")
	if err := errors.Join(err1, err2); err != nil || !bytes.Equal(one, two) {
		t.Errorf("another certificate: %v", err)
	}
}

func TestACertificateIsSignedAndNamesNobody(t *testing.T) {
	g := grow(t)
	e, err := g.Withdraw(t.Context(), g.item, "Planted reason")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := g.Certify(e.Certificate, "In words.\n\n말로.\n")
	if err != nil {
		t.Fatal(err)
	}
	text, err := journal.OpenNote(signed, g.DB.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(text, "\n")
	var c Certificate
	if err := json.Unmarshal([]byte(lines[1]), &c); err != nil || lines[0] != certificateHeader || c.Item != g.item || c.Entry != e.Entry {
		t.Errorf("%s: %v", text, err)
	}
	for _, secret := range []string{"Planted", "withdrew", "her words", "null"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in it", secret)
		}
	}
	if _, err := journal.OpenNote(bytes.Replace(signed, []byte("말로"), []byte("달로"), 1), g.DB.Verifier()); err == nil {
		t.Error("changed words hold")
	}
}

func TestClaimsStayWhereTheSameContentCameFromSomebodyElse(t *testing.T) {
	g := grow(t)
	twin := keep(t, g.Vault, []byte("what she withdrew"))
	g.update(func(tx *store.Tx) error { tx.Record("item.move", string(twin)); return tx.MoveItem(twin, "cas_a") })
	e, err := g.Withdraw(t.Context(), g.item, "she asked for it")
	if err != nil {
		t.Fatal(err)
	}
	if d := e.Destroyed; len(d.Claims) != 0 || len(d.Moved) != 1 || len(d.Alike) != 1 || d.Alike[0] != twin || len(d.Drafts) != 1 {
		t.Errorf("%+v", d)
	}
	g.view(func(v *store.View) error {
		claims, err := v.Claims("")
		for _, c := range claims {
			if c.ID == g.claim && c.Item != twin {
				t.Errorf("the claim stands in %s", c.Item)
			}
		}
		if d, err := v.Draft(g.cites); err != nil || d.State == evidence.Void {
			t.Errorf("draft: %+v %v", d, err)
		}
		return err
	})
}

func TestNothingRestsOnAnItemAfterItsWithdrawal(t *testing.T) {
	g := grow(t)
	if _, err := g.Withdraw(t.Context(), g.item, "she asked for it"); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func(tx *store.Tx) error{
		"a plan": func(tx *store.Tx) error { return tx.AddPlan(&evidence.Plan{ID: "pln_z", Item: g.item, By: g.Actor.ID}) },
		"a claim": func(tx *store.Tx) error {
			return tx.AddClaim(&evidence.Claim{ID: "clm_z", Case: "cas_a", Source: "src_a", Item: g.item, By: g.Actor.ID})
		},
		"a copy": func(tx *store.Tx) error {
			return tx.AddRendition(&evidence.Rendition{ID: "ren_z", Item: g.item, Plan: g.plan, By: g.Actor.ID}, store.Sealed{Blob: "x", Key: []byte{}})
		},
	} {
		err := g.DB.Update(t.Context(), g.Actor.ID, func(tx *store.Tx) error {
			tx.Record("test", "x")
			return f(tx)
		})
		if err == nil {
			t.Errorf("%s came to rest on it", name)
		}
	}
}

func TestWithdrawingTakesAReasonAndARole(t *testing.T) {
	g := grow(t)
	_, err := g.Withdraw(t.Context(), g.item, " \n")
	problem(t, err, "item.withdraw_no_reason")
	for _, role := range []evidence.Role{evidence.Reviewer, evidence.Field} {
		g.Actor.Role = role
		if _, err := g.Withdraw(t.Context(), g.item, "try"); !errors.Is(err, evidence.ErrForbidden) {
			t.Errorf("%s: %v", role, err)
		}
		if _, err := g.Weigh(t.Context(), g.item); !errors.Is(err, evidence.ErrForbidden) {
			t.Errorf("%s: %v", role, err)
		}
	}
	g.Actor.Role = evidence.Researcher
	if _, err := g.Withdraw(t.Context(), "itm_aaaaaaaaaaaaaaaa", "try"); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("what never was: %v", err)
	}
	w, err := g.Weigh(t.Context(), g.item)
	if err != nil || len(w.Claims) != 1 || len(w.Drafts) != 2 || len(w.Releases) != 1 {
		t.Errorf("%+v %v", w, err)
	}
	if h := check(t, g.Vault); h.Items != 2 || len(h.Faults) != 0 {
		t.Errorf("weighing changed something: %+v", h)
	}
}

func TestAReaderInAnotherProgramDelaysTheEndAndIsNamed(t *testing.T) {
	t.Parallel() // it waits for the database's own patience
	g := grow(t)
	marks := g.marks()
	reader := g.again()
	inside, leave := make(chan bool), make(chan bool)
	go reader.DB.Unscoped(t.Context(), "test", func(v *store.View) error { //nolint:errcheck // it only reads
		_, err := v.JournalSize()
		inside <- true
		<-leave
		return err
	})
	<-inside
	_, err := g.Withdraw(t.Context(), g.item, "she asked for it")
	problem(t, err, "item.withdraw_busy")
	close(leave)
	if _, err := g.Withdraw(t.Context(), g.item, ""); err != nil {
		t.Fatal(err)
	}
	reader.DB.Close()
	g.gone(marks)
}
