package release

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"safehouse/bundle"
	"safehouse/internal/evidence"
	"safehouse/internal/review"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

// A room is a vault with two members, a case with one claim by a protected source,
// a protected person in another case, and a masked photo.
type room struct {
	*Press
	v        *vault.Vault
	board    *review.Board
	reviewer evidence.Actor
	plan     evidence.PlanID
}

const words = "correct horse battery staple"

func newRoom(t *testing.T, photo []byte, doubts ...evidence.Doubt) room {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := vault.Found(t.Context(), dir, "safehouse/test", false, &evidence.Member{Name: evidence.Protect("Founder Planted")}, evidence.Protect(words)); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Enter(t.Context(), dir, "", evidence.Protect(words))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	second := evidence.Member{ID: "mem_second", Name: evidence.Protect("Second Planted"), Role: evidence.Reviewer}
	stored, err := v.Renditions.Put(t.Context(), "ren_a", bytes.NewReader(photo))
	if err != nil {
		t.Fatal(err)
	}
	by := v.Actor.ID
	err = v.DB.Update(t.Context(), by, func(tx *store.Tx) error {
		tx.Record("test", "cas_a")
		return errors.Join(
			tx.AddMember(&second),
			tx.AddCase(&evidence.Case{ID: "cas_a", Ref: "A", By: by}),
			tx.AddCaseMember("cas_a", second.ID),
			tx.AddCase(&evidence.Case{ID: "cas_b", Ref: "B", By: by}),
			tx.AddItem(&evidence.Item{ID: "itm_a", Case: "cas_a", Material: evidence.Photo, By: by}, store.Sealed{Blob: "b", Key: []byte("k")}),
			tx.AddSource(&evidence.Source{ID: "src_a", Case: "cas_a", Name: evidence.Protect("Jonah Calder"), Public: "a pastor", Protected: true, Reliability: "unsure"}),
			tx.AddPerson(&evidence.Person{ID: "per_b", Case: "cas_b", Pseudonym: "the driver", Names: []evidence.Name{
				{Text: evidence.Protect("박철수")}, {Text: evidence.Protect("Pak Chol-su")},
			}}),
			tx.AddClaim(&evidence.Claim{ID: "clm_a", Case: "cas_a", Source: "src_a", Item: "itm_a", Form: evidence.Asserts,
				Content: evidence.Protect("they were detained"), SaidWhen: evidence.When{Words: "on Monday"}, By: by}),
			tx.AddClaim(&evidence.Claim{ID: "clm_b", Case: "cas_a", Source: "src_a", Item: "itm_a", Form: evidence.Asserts,
				Content: evidence.Protect("Jonah Calder saw it"), By: by}),
			tx.AddPlan(&evidence.Plan{ID: "pln_a", Item: "itm_a", Mask: evidence.MaskPlan{Queue: doubts}, By: by}),
			tx.AddRendition(&evidence.Rendition{ID: "ren_a", Item: "itm_a", Kind: evidence.Masked, Plan: "pln_a", Media: "image/png",
				Size: stored.Size, Digest: stored.Digest, By: by}, stored.Where),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return room{&Press{DB: v.DB, Renditions: v.Renditions}, v, &review.Board{DB: v.DB}, second.Actor(), "pln_a"}
}

// accept says that the plan is good, whether or not it is.
func (r room) accept(t *testing.T) {
	t.Helper()
	err := r.DB.Update(t.Context(), r.v.Actor.ID, func(tx *store.Tx) error {
		p, err := tx.Plan(r.plan)
		if err != nil {
			return err
		}
		p.Accepted, p.AcceptBy = tx.Now, r.v.Actor.ID
		tx.Record("mask.accept", string(r.plan))
		return tx.SetPlan(p)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (r room) draft(text string, claims ...evidence.ClaimID) evidence.Draft {
	if len(claims) == 0 {
		claims = []evidence.ClaimID{"clm_a"}
	}
	return evidence.Draft{Case: "cas_a", Language: "en", Headline: evidence.Protect("Say where they are"),
		Text: evidence.Protect(text), Claims: claims, Renditions: []evidence.RenditionID{"ren_a"}}
}

// approved is a draft that the other member put their word under.
func (r room) approved(t *testing.T, d evidence.Draft) review.Approval {
	t.Helper()
	d, err := r.board.New(t.Context(), r.v.Actor, d)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.board.Submit(t.Context(), r.v.Actor, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	ok, err := r.board.Approve(t.Context(), r.reviewer, d.ID, s.Digest)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func (r room) releases(t *testing.T) (n int) {
	t.Helper()
	err := r.DB.Unscoped(t.Context(), "test", func(v *store.View) error {
		all, err := v.Releases()
		n = len(all)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// refused makes a release that must not be, and sees that nothing happened.
func (r room) refused(t *testing.T, ok review.Approval, code string) error {
	t.Helper()
	var out bytes.Buffer
	_, err := r.Make(t.Context(), r.v.Actor, ok, &out)
	var p *evidence.Problem
	if code != "" && (!errors.As(err, &p) || p.Code != code) {
		t.Errorf("want %s, got %v", code, err)
	}
	if err == nil || out.Len() > 0 || r.releases(t) > 0 {
		t.Errorf("%d bytes left, %d releases: %v", out.Len(), r.releases(t), err)
	}
	return err
}

const plainText = "They were detained [1]. Say where they are."

func TestWhatWasApprovedLeavesAndHolds(t *testing.T) {
	r := newRoom(t, picture(t))
	r.accept(t)
	ok := r.approved(t, r.draft(plainText))
	var out bytes.Buffer
	rel, err := r.Make(t.Context(), r.v.Actor, ok, &out)
	if err != nil {
		t.Fatal(err)
	}
	report, err := bundle.Verify(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil || report.Release != string(rel.ID) {
		t.Fatalf("%+v: %v", report, err)
	}
	for _, name := range []string{"Calder", "Jonah", "박철수", "Planted", "itm_", "clm_", "per_"} {
		if bytes.Contains(out.Bytes(), []byte(name)) {
			t.Errorf("%s is in the bundle", name)
		}
	}
}

func TestTheSameApprovalGivesTheSameRelease(t *testing.T) {
	r := newRoom(t, picture(t))
	r.accept(t)
	ok := r.approved(t, r.draft(plainText))
	var ids []evidence.ReleaseID
	for range 2 {
		var out bytes.Buffer
		rel, err := r.Make(t.Context(), r.v.Actor, ok, &out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bundle.Verify(bytes.NewReader(out.Bytes()), int64(out.Len())); err != nil {
			t.Error(err)
		}
		ids = append(ids, rel.ID)
	}
	if ids[0] != ids[1] || r.releases(t) != 1 {
		t.Errorf("%v, %d releases", ids, r.releases(t))
	}
}

func TestNothingLeavesWithoutAnApproval(t *testing.T) {
	r := newRoom(t, picture(t))
	r.accept(t)
	r.refused(t, review.Approval{}, "")
}

func TestNothingLeavesWithAnOpenDoubt(t *testing.T) {
	r := newRoom(t, picture(t), evidence.Doubt{Track: -1, Why: "doubt.maybe_face"})
	r.accept(t)
	r.refused(t, r.approved(t, r.draft(plainText)), "release.queue_open")
}

func TestNothingLeavesUnderAPlanThatNobodyAccepted(t *testing.T) {
	r := newRoom(t, picture(t))
	r.refused(t, r.approved(t, r.draft(plainText)), "release.plan_not_accepted")
}

// Whoever edits a plan has seen something in it: the copy that was made by it stays.
func TestNothingLeavesUnderAPlanThatWasEditedSince(t *testing.T) {
	r := newRoom(t, picture(t))
	r.accept(t)
	err := r.DB.Update(t.Context(), r.v.Actor.ID, func(tx *store.Tx) error {
		tx.Record("mask.edit", "pln_next")
		return tx.AddPlan(&evidence.Plan{ID: "pln_next", Item: "itm_a", Of: r.plan, By: r.v.Actor.ID})
	})
	if err != nil {
		t.Fatal(err)
	}
	r.refused(t, r.approved(t, r.draft(plainText)), "release.plan_edited")
}

func TestAReviewerReleasesNothing(t *testing.T) {
	r := newRoom(t, picture(t))
	r.accept(t)
	ok := r.approved(t, r.draft(plainText))
	if _, err := r.Make(t.Context(), r.reviewer, ok, io.Discard); !errors.Is(err, evidence.ErrForbidden) {
		t.Error(err)
	}
}

// A name that one case hides must not leave through another, however it is written.
func TestNoProtectedNameLeaves(t *testing.T) {
	r := newRoom(t, picture(t))
	r.accept(t)
	for _, text := range []string{
		"Thanks to Jonah Calder [1].", "Thanks to JONAH  CALDER [1].", "Thanks to Jonah-Cal\u200bder [1].", "Thanks to Calder Jonah [1].",
		"박철수는 운전했다 [1].", "박 철 수 [1].", "By PAK CHOLSU [1].", "By Ｐａｋ Ｃｈｏｌ-ｓｕ [1].", "Founder Planted wrote this [1].",
	} {
		err := r.refused(t, r.approved(t, r.draft(text)), "release.leak")
		var gate *Refusal
		if !errors.As(err, &gate) || gate.Status != 3 || len(gate.Report.Findings) == 0 || gate.Report.Findings[0].File != "index.html" {
			t.Errorf("%s: %+v", text, gate)
			continue
		}
		for _, name := range []string{"Calder", "철수", "Cholsu", "Planted"} {
			if strings.Contains(err.Error(), name) {
				t.Errorf("the refusal says it: %v", err)
			}
		}
	}
}

// The gate knows every case's names, and says of one that is not the actor's where it
// stands and not whose it is.
func TestAFindingTellsNobodyOfACaseThatTheyAreNotIn(t *testing.T) {
	r := newRoom(t, picture(t))
	r.accept(t)
	third := evidence.Member{ID: "mem_third", Name: evidence.Protect("Third Planted"), Role: evidence.Researcher}
	add := func(by evidence.MemberID, f func(tx *store.Tx) error) {
		t.Helper()
		if err := r.DB.Update(t.Context(), by, func(tx *store.Tx) error { tx.Record("test", "x"); return f(tx) }); err != nil {
			t.Fatal(err)
		}
	}
	add(r.v.Actor.ID, func(tx *store.Tx) error { return tx.AddMember(&third) })
	add(third.ID, func(tx *store.Tx) error {
		return errors.Join(tx.AddCase(&evidence.Case{ID: "cas_c", Ref: "C", By: third.ID}),
			tx.AddPerson(&evidence.Person{ID: "per_c", Case: "cas_c", Pseudonym: "a witness", Names: []evidence.Name{{Text: evidence.Protect("Isolde Marchetti")}}}))
	})
	err := r.refused(t, r.approved(t, r.draft("Isolde Marchetti and Jonah Calder were there [1].")), "release.leak")
	var no *Refusal
	if !errors.As(err, &no) {
		t.Fatal(err)
	}
	own, masked := 0, 0
	for _, f := range no.Report.Findings {
		switch {
		case f.Term == "src_a" && f.Surface != mask:
			own++
		case f.Term == "" && f.Surface == mask && f.End > f.Start:
			masked++
		default:
			t.Errorf("%+v", f)
		}
	}
	if own == 0 || masked == 0 {
		t.Errorf("%d of the own case, %d of the other: %+v", own, masked, no.Report.Findings)
	}
}

func TestNoProtectedNameLeavesInTheWordsOfAClaim(t *testing.T) {
	r := newRoom(t, picture(t))
	r.accept(t)
	err := r.refused(t, r.approved(t, r.draft(plainText, "clm_b")), "release.leak")
	var gate *Refusal
	if !errors.As(err, &gate) {
		t.Fatal(err)
	}
	in := map[string]bool{}
	for _, f := range gate.Report.Findings {
		in[f.File] = true
	}
	if !in["index.html"] || !in["claims.json"] {
		t.Errorf("%v", in)
	}
}

func TestNoProtectedNameLeavesInsideAPicture(t *testing.T) {
	b := picture(t)
	chunk := []byte("\x00\x00\x00\x14tEXtAuthor\x00Jonah Calder\x00") // its checksum is wrong; it is read all the same, or not at all
	photo := append(append(bytes.Clone(b[:33]), append(chunk[:8+20], 0, 0, 0, 0)...), b[33:]...)
	r := newRoom(t, photo)
	r.accept(t)
	r.refused(t, r.approved(t, r.draft(plainText)), "")
}

func TestWhatCannotBeReadDoesNotLeave(t *testing.T) {
	whole := picture(t)
	for name, photo := range map[string][]byte{
		"cut off": whole[:len(whole)-15], "another format": []byte("%PDF-1.7\n1 0 obj"),
	} {
		r := newRoom(t, photo)
		r.accept(t)
		err := r.refused(t, r.approved(t, r.draft(plainText)), "release.unread")
		var gate *Refusal
		if !errors.As(err, &gate) || gate.Status != 4 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// full is a disk that takes n bytes.
type full struct{ n int }

func (f *full) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, syscall.ENOSPC
	}
	return len(p), nil
}

// The journal knows of a release before a byte of it is written, and a release that
// could not be written is made again as the same one.
func TestTheJournalKnowsBeforeTheFirstByte(t *testing.T) {
	r := newRoom(t, picture(t))
	r.accept(t)
	ok := r.approved(t, r.draft(plainText))
	if _, err := r.Make(t.Context(), r.v.Actor, ok, &full{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("a full disk: %v", err)
	}
	if r.releases(t) != 1 {
		t.Fatal("bytes were written that the journal does not know of")
	}
	var out bytes.Buffer
	if _, err := r.Make(t.Context(), r.v.Actor, ok, &out); err != nil || r.releases(t) != 1 {
		t.Fatalf("%d releases: %v", r.releases(t), err)
	}
	if _, err := bundle.Verify(bytes.NewReader(out.Bytes()), int64(out.Len())); err != nil {
		t.Error(err)
	}
}

func TestWhereNamesAreSealedOnlyACustodianMakesARelease(t *testing.T) {
	r := newRoom(t, picture(t))
	r.accept(t)
	err := r.DB.Update(t.Context(), r.v.Actor.ID, func(tx *store.Tx) error {
		tx.Record("person.new", "per_sealed")
		return tx.AddPerson(&evidence.Person{ID: "per_sealed", Case: "cas_b", Pseudonym: "the guide", Sealed: true,
			Names: []evidence.Name{{Text: evidence.Protect("Rowan Ashdown")}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	ok := r.approved(t, r.draft("They ask for help [1]."))
	other := r.v.Actor
	other.Custodian = false
	var p *evidence.Problem
	if _, err := r.Make(t.Context(), other, ok, io.Discard); !errors.As(err, &p) || p.Code != "release.needs_custodian" {
		t.Errorf("without a custodian: %v", err)
	}
	if _, err := r.Check(t.Context(), other, ok.Draft()); !errors.As(err, &p) || p.Code != "release.needs_custodian" {
		t.Errorf("a look without a custodian: %v", err)
	}
	if r.releases(t) != 0 {
		t.Error("it left")
	}
	slip := r.approved(t, r.draft("ROWAN ASHDOWN asks for help [1]."))
	var no *Refusal
	if _, err := r.Make(t.Context(), r.v.Actor, slip, io.Discard); !errors.As(err, &no) || no.Code != "release.leak" {
		t.Errorf("a custodian's gate does not know the sealed name: %v", err)
	}
	if _, err := r.Make(t.Context(), r.v.Actor, ok, io.Discard); err != nil {
		t.Errorf("a custodian: %v", err)
	}
}
