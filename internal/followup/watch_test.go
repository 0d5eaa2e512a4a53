package followup

import (
	"path/filepath"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

func TestWhoHasNoStatusIsOnTheListAndOverdueComesFirst(t *testing.T) {
	all := map[string]subject{"grp_eight": {Label: "the eight"}, "per_new": {Label: "new"}, "per_safe": {Label: "safe"}, "per_risk": {Label: "risk"}}
	statuses := []evidence.Status{
		{Subject: "grp_eight", Code: "detained", Next: "2017-05-01"},
		{Subject: "per_safe", Code: "detained", Next: "2017-05-01"},
		{Subject: "per_safe", Code: "resettled"},
		{Subject: "per_risk", Code: "detained", AtRisk: true, Next: "2017-06-01"},
		{Subject: "grp_eight", Code: "whereabouts_unknown", Next: "2017-07-01"},
	}
	got := due(all, statuses, "2017-05-15")
	var order []string
	for _, d := range got {
		order = append(order, d.Subject)
	}
	if len(order) != 3 || order[0] != "per_new" || order[1] != "per_risk" || order[2] != "grp_eight" {
		t.Fatalf("order %v", order)
	}
	if !got[0].Overdue || got[0].Status.Code != "unknown" || got[1].Overdue || got[2].History != 1 {
		t.Fatalf("%+v", got)
	}
}

func TestRefouledDoesNotEndTheWatch(t *testing.T) {
	got := due(map[string]subject{"per_a": {}}, []evidence.Status{{Subject: "per_a", Code: "refouled", Next: "2017-05-01"}}, "2017-04-01")
	if len(got) != 1 {
		t.Fatal("a person who was sent back is forgotten")
	}
}

func TestStatusesStandBesideEachOther(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	words := evidence.Protect("correct horse battery staple")
	if err := vault.Found(t.Context(), dir, "safehouse/test", false, &evidence.Member{}, words); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Enter(t.Context(), dir, "", words)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	err = v.DB.Update(t.Context(), v.Actor.ID, func(tx *store.Tx) error {
		tx.Record("test", "grp_a")
		if err := tx.AddCase(&evidence.Case{ID: "cas_a", Ref: "A", By: v.Actor.ID}); err != nil {
			return err
		}
		return tx.AddGroup(&evidence.Group{ID: "grp_a", Case: "cas_a", Label: "eight", Min: 8, Max: 8})
	})
	if err != nil {
		t.Fatal(err)
	}
	outside := evidence.Member{ID: "mem_outside", Role: evidence.Researcher}
	err = v.DB.Update(t.Context(), v.Actor.ID, func(tx *store.Tx) error { tx.Record("member.add", "mem_outside"); return tx.AddMember(&outside) })
	if err != nil {
		t.Fatal(err)
	}
	w := &Watch{DB: v.DB}
	for _, code := range []evidence.StatusCode{"detained", "whereabouts_unknown"} {
		if _, err := w.SetStatus(t.Context(), v.Actor, evidence.Status{Subject: "grp_a", Code: code, Next: "2017-05-15"}); err != nil {
			t.Fatal(err)
		}
	}
	due, err := w.Next(t.Context(), v.Actor, "2017-05-16")
	if err != nil || len(due) != 1 || due[0].Status.Code != "whereabouts_unknown" || due[0].History != 1 || !due[0].Overdue {
		t.Fatalf("%+v: %v", due, err)
	}
	for _, bad := range []evidence.Status{{Subject: "grp_a", Code: "happy"}, {Subject: "grp_none", Code: "detained"},
		{Subject: "grp_a", Code: "detained", Next: "soon"}, {Subject: "grp_a", Code: "detained", Claims: []evidence.ClaimID{"clm_none"}},
		{Subject: "grp_a", Code: "detained", Owner: "mem_none"}, {Subject: "grp_a", Code: "detained", Owner: "mem_outside"}} {
		if _, err := w.SetStatus(t.Context(), v.Actor, bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}
