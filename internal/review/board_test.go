package review

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

type room struct {
	*Board
	author, second evidence.Actor
	v              *vault.Vault
}

// newRoom is a vault with two members, a case and one claim.
func newRoom(t *testing.T) room {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	words := evidence.Protect("correct horse battery staple")
	if err := vault.Found(t.Context(), dir, "safehouse/test", false, &evidence.Member{}, words); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Enter(t.Context(), dir, "", words)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	second := evidence.Member{ID: "mem_second", Role: evidence.Reviewer}
	by, blob := v.Actor.ID, strings.Repeat("b", 32)
	err = v.DB.Update(t.Context(), by, func(tx *store.Tx) error {
		tx.Record("test", "cas_a")
		return errors.Join(
			tx.AddMember(&second),
			tx.AddCase(&evidence.Case{ID: "cas_a", Ref: "A", By: by}),
			tx.AddCaseMember("cas_a", second.ID),
			tx.AddItem(&evidence.Item{ID: "itm_a", Case: "cas_a", Material: evidence.Document, By: by}, store.Sealed{Blob: blob, Key: []byte("k")}),
			tx.AddSource(&evidence.Source{ID: "src_a", Case: "cas_a", Name: evidence.Protect("Real Name"), Public: "a pastor", Protected: true, Reliability: "unsure"}),
			tx.AddClaim(&evidence.Claim{ID: "clm_a", Case: "cas_a", Source: "src_a", Item: "itm_a", Form: evidence.Asserts,
				Content: evidence.Protect("they <b>were</b> detained"), SaidWhen: evidence.When{Words: "on Monday", EDTF: "2017-04-24"}, By: by}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return room{&Board{DB: v.DB}, v.Actor, second.Actor(), v}
}

func (r room) draft() evidence.Draft {
	return evidence.Draft{Case: "cas_a", Language: "en", Headline: evidence.Protect("Eight people"),
		Text: evidence.Protect("They were detained [1].\n\nPlease ask."), Claims: []evidence.ClaimID{"clm_a"}}
}

func (r room) submitted(t *testing.T) Sheet {
	t.Helper()
	d, err := r.New(t.Context(), r.author, r.draft())
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Submit(t.Context(), r.author, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wants(t *testing.T, err error, code string) {
	t.Helper()
	var p *evidence.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Fatalf("want problem %s, got %v", code, err)
	}
}

func TestNobodyApprovesTheirOwnDraft(t *testing.T) {
	r := newRoom(t)
	s := r.submitted(t)
	_, err := r.Approve(t.Context(), r.author, s.Draft.ID, s.Digest)
	wants(t, err, "review.own_draft")
	_, err = r.Approval(t.Context(), r.author, s.Draft.ID)
	wants(t, err, "release.not_approved")
	if waiting, err := r.Waiting(t.Context(), r.author); err != nil || len(waiting) != 0 {
		t.Fatalf("the author is asked to review: %v %v", waiting, err)
	}
}

func TestApprovalCoversExactlyTheBytesThatWereSeen(t *testing.T) {
	r := newRoom(t)
	s := r.submitted(t)
	_, err := r.Approve(t.Context(), r.second, s.Draft.ID, strings.Repeat("0", 64))
	wants(t, err, "review.other_bytes")
	ok, err := r.Approve(t.Context(), r.second, s.Draft.ID, s.Digest)
	if err != nil || !ok.Covers(s) {
		t.Fatal(ok, err)
	}
	other := s
	other.Digest = strings.Repeat("0", 64)
	if ok.Covers(other) {
		t.Fatal("an approval covers other bytes")
	}
	again, err := r.Approval(context.Background(), r.author, s.Draft.ID)
	if err != nil || again != ok {
		t.Fatalf("the stored approval is %+v: %v", again, err)
	}
}

func TestTheZeroApprovalApprovesNothing(t *testing.T) {
	if (Approval{}).Covers(Sheet{}) {
		t.Fatal("it does")
	}
}

func TestOnlyASubmittedDraftIsJudgedAndOnlyOnce(t *testing.T) {
	r := newRoom(t)
	d, err := r.New(t.Context(), r.author, r.draft())
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Show(t.Context(), r.second, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Approve(t.Context(), r.second, d.ID, s.Digest)
	wants(t, err, "draft.state.writing")
	_, err = r.Submit(t.Context(), evidence.Actor{ID: r.second.ID, Role: evidence.Researcher}, d.ID)
	wants(t, err, "draft.not_yours")
	if _, err = r.Submit(t.Context(), r.author, d.ID); err != nil {
		t.Fatal(err)
	}
	wants(t, r.Refuse(t.Context(), r.second, d.ID, evidence.Secret{}), "review.no_reason")
	if err := r.Refuse(t.Context(), r.second, d.ID, evidence.Protect("a date is wrong")); err != nil {
		t.Fatal(err)
	}
	_, err = r.Approve(t.Context(), r.second, d.ID, s.Digest)
	wants(t, err, "draft.state.refused")
	_, err = r.Approval(t.Context(), r.author, d.ID)
	wants(t, err, "release.not_approved")
}

func TestDraftThatCitesNothingKnownIsRefused(t *testing.T) {
	r := newRoom(t)
	for code, change := range map[string]func(*evidence.Draft){
		"draft.no_headline":   func(d *evidence.Draft) { d.Headline = evidence.Secret{} },
		"draft.no_text":       func(d *evidence.Draft) { d.Text = evidence.Protect(" \n") },
		"draft.no_claims":     func(d *evidence.Draft) { d.Claims = nil },
		"draft.language":      func(d *evidence.Draft) { d.Language = "xx" },
		"draft.citation":      func(d *evidence.Draft) { d.Text = evidence.Protect("see [2]") },
		"draft.cites_nothing": func(d *evidence.Draft) { d.Text = evidence.Protect("no source") },
		"draft.unknown_claim": func(d *evidence.Draft) { d.Claims = []evidence.ClaimID{"clm_other"} },
	} {
		d := r.draft()
		change(&d)
		_, err := r.New(t.Context(), r.author, d)
		wants(t, err, code)
	}
}

func TestThePageShowsTheSourceInPublicAndNoInternalID(t *testing.T) {
	r := newRoom(t)
	s := r.submitted(t)
	for _, name := range []string{"index.html", "claims.json"} {
		b, err := s.Text(name)
		if err != nil {
			t.Fatal(err)
		}
		page := string(b)
		for _, wrong := range []string{"Real Name", "clm_", "src_", "mem_", "cas_", "itm_", "<b>were</b>"} {
			if strings.Contains(page, wrong) && !(name == "claims.json" && wrong == "<b>were</b>") {
				t.Errorf("%s shows %q", name, wrong)
			}
		}
		if !strings.Contains(page, "a pastor") || !strings.Contains(page, "2017-04-24") {
			t.Errorf("%s lacks the source or the date:\n%s", name, page)
		}
	}
}

func TestADraftWhoseGroundWasWithdrawnGoesNoFurther(t *testing.T) {
	r := newRoom(t)
	s := r.submitted(t)
	ok, err := r.Approve(t.Context(), r.second, s.Draft.ID, s.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.v.Withdraw(t.Context(), "itm_a", "the witness asked"); err != nil {
		t.Fatal(err)
	}
	id := s.Draft.ID
	for name, try := range map[string]func() error{
		"show":    func() error { _, err := r.Show(t.Context(), r.author, id); return err },
		"submit":  func() error { _, err := r.Submit(t.Context(), r.author, id); return err },
		"approve": func() error { _, err := r.Approve(t.Context(), r.second, id, s.Digest); return err },
		"refuse":  func() error { return r.Refuse(t.Context(), r.second, id, evidence.Protect("why")) },
		"compose": func() error {
			return r.DB.View(t.Context(), r.author.ID, func(v *store.View) error { _, err := Compose(v, ok.Draft()); return err })
		},
	} {
		t.Run(name, func(t *testing.T) { wants(t, try(), "draft.state.void") })
	}
	if all, err := r.Waiting(t.Context(), r.second); err != nil || len(all) != 0 {
		t.Errorf("waiting: %v %v", all, err)
	}
}
