package store

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"safehouse/internal/evidence"
	"safehouse/journal"
)

// walled is a vault with two cases and the members of each: everything that can
// hang on a case hangs on the first one.
type walled struct {
	db              *DB
	insider, second evidence.Member // the second is in the other case
	in, other       evidence.Case
	entries         []int64 // of the journal, about the first case
}

// theirs are the IDs in the first case.
var theirs = []string{"itm_aaaaaaaaaaaaaaaa", "pln_in", "ren_in", "per_in", "grp_in", "src_in", "clm_in", "sta_in", "drf_in", "apr_in", "rel_in", "itm_gone"}

// firstJob is about the item: a job takes no ID that is not written as one.
const firstJob = int64(1)

func newWalled(t *testing.T) walled {
	t.Helper()
	db, m, _, _ := founded(t)
	w := walled{db: db, insider: m}
	w.second = evidence.Member{ID: evidence.NewID[evidence.MemberID]("mem"), Role: evidence.Researcher}
	w.update(t, m.ID, func(tx *Tx) error { tx.Record("member.add", string(w.second.ID)); return tx.AddMember(&w.second) })
	w.in, w.other = addCase(t, db, m.ID, "IN"), addCase(t, db, w.second.ID, "OTHER")
	w.update(t, m.ID, func(tx *Tx) error { return w.fill(tx) })
	w.update(t, m.ID, func(tx *Tx) error {
		r, err := tx.Reach("itm_gone")
		tx.RecordWhy("item.withdraw", "itm_gone", evidence.Protect("because"))
		return errors.Join(err, tx.Erase(r, m.ID))
	})
	w.update(t, w.second.ID, func(tx *Tx) error {
		tx.Record("person.new", "per_other")
		return tx.AddPerson(&evidence.Person{ID: "per_other", Case: w.other.ID, Pseudonym: "p"})
	})
	err := db.Unscoped(t.Context(), "test", func(v *View) error {
		for _, id := range append([]string{string(w.in.ID)}, theirs...) {
			seqs, err := v.JournalOf(id)
			if err != nil || len(seqs) == 0 {
				return fmt.Errorf("journal of %s: %v %w", id, seqs, err)
			}
			w.entries = append(w.entries, seqs...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w walled) update(t *testing.T, by evidence.MemberID, f func(tx *Tx) error) {
	t.Helper()
	if err := w.db.Update(t.Context(), by, f); err != nil {
		t.Fatal(err)
	}
}

func (w walled) fill(tx *Tx) error {
	for _, id := range theirs {
		tx.RecordWhy("test", id, evidence.Protect("because of "+id))
	}
	return errors.Join(w.evidence(tx), w.people(tx), w.drafts(tx))
}

func (w walled) evidence(tx *Tx) error {
	return errors.Join(
		tx.AddItem(&evidence.Item{ID: "itm_aaaaaaaaaaaaaaaa", Case: w.in.ID, Material: evidence.Video, By: w.insider.ID, Digest: evidence.Protect("d")}, Sealed{"b1", []byte("k")}),
		tx.AddItem(&evidence.Item{ID: "itm_gone", Case: w.in.ID, By: w.insider.ID, Digest: evidence.Protect("e")}, Sealed{"b3", []byte("k")}),
		tx.AddPlan(&evidence.Plan{ID: "pln_in", Item: "itm_aaaaaaaaaaaaaaaa", By: w.insider.ID}),
		tx.AddRendition(&evidence.Rendition{ID: "ren_in", Item: "itm_aaaaaaaaaaaaaaaa", Plan: "pln_in", Kind: evidence.Masked, By: w.insider.ID}, Sealed{"b2", []byte("k")}),
		tx.Enqueue(evidence.ProposeMask{Item: "itm_aaaaaaaaaaaaaaaa"}),
	)
}

func (w walled) people(tx *Tx) error {
	return errors.Join(
		tx.AddPerson(&evidence.Person{ID: "per_in", Case: w.in.ID, Pseudonym: "p"}),
		tx.AddGroup(&evidence.Group{ID: "grp_in", Case: w.in.ID, Label: "g", Min: 1, Max: 1}),
		tx.AddSource(&evidence.Source{ID: "src_in", Case: w.in.ID, Public: "s"}),
		tx.AddClaim(&evidence.Claim{ID: "clm_in", Case: w.in.ID, Source: "src_in", Item: "itm_aaaaaaaaaaaaaaaa", By: w.insider.ID}),
		tx.AddStatus(&evidence.Status{ID: "sta_in", Case: w.in.ID, Subject: "per_in", Code: "unknown", Owner: w.insider.ID, By: w.insider.ID}),
	)
}

func (w walled) drafts(tx *Tx) error {
	return errors.Join(
		tx.AddDraft(&evidence.Draft{ID: "drf_in", Case: w.in.ID, Author: w.insider.ID, Language: "en", Renditions: []evidence.RenditionID{"ren_in"}}),
		tx.AddVerdict(&Verdict{ID: "apr_in", Draft: "drf_in", Digest: "d", By: w.insider.ID}),
		tx.AddRelease(&evidence.Release{ID: "rel_in", Draft: "drf_in", Approval: "apr_in", By: w.insider.ID}),
	)
}

// forAll are the queries that say nothing of a case, each with the reason.
var forAll = map[string]string{
	"Member":      "the team knows itself",
	"Members":     "the team knows itself",
	"JournalSize": "published",
	"ReadHashes":  "published",
	"Checkpoint":  "published",
	"Blobs":       "a blob's name says nothing",
	"Kept":        "refused without an unscoped view: see its own test",
	"Backups":     "each holds every case",
	"Holding":     "each holds every case",
	"State":       "published",
	"Extends":     "published",
	"JournalKeys": "published",
	"KeyState":    "numbers, and whom the recovery code is",
	"PersonsFor":  "asked by way of Persons",

	"SealedIdentity": "sealed bytes, by the same scope: see the test of custodians",

	"HandedIn": "the actor's own, whichever case it went to: see its own test",
}

// arguments gives what a query could be asked about the first case with, by the type
// of its parameter. The last one asks for everything.
func (w walled) arguments(t reflect.Type) []reflect.Value {
	var out []reflect.Value
	is := func(values ...any) []reflect.Value {
		for _, v := range values {
			out = append(out, reflect.ValueOf(v))
		}
		return out
	}
	switch t {
	case reflect.TypeFor[evidence.CaseID]():
		return is(w.in.ID, evidence.CaseID(""))
	case reflect.TypeFor[evidence.ItemID]():
		return is(evidence.ItemID("itm_aaaaaaaaaaaaaaaa"), evidence.ItemID("itm_gone"), evidence.ItemID(""))
	case reflect.TypeFor[evidence.PlanID]():
		return is(evidence.PlanID("pln_in"))
	case reflect.TypeFor[evidence.RenditionID]():
		return is(evidence.RenditionID("ren_in"))
	case reflect.TypeFor[evidence.DraftID]():
		return is(evidence.DraftID("drf_in"))
	case reflect.TypeFor[evidence.Secret]():
		return is(evidence.Protect("d"))
	case reflect.TypeFor[int64]():
		return is(w.entries[0], w.entries[len(w.entries)-1])
	case reflect.TypeFor[string]():
		return is(string(w.in.ID), w.in.Ref, "itm_aaaaaaaaaaaaaaaa", "drf_in", "")
	}
	return nil
}

// eachEntry is what a query of the journal is given to tell its entries to.
var eachEntry = reflect.TypeFor[func(int64, journal.Entry)]()

// asked calls a query and writes down what it told.
func asked(v *View, name string, arg reflect.Value) (told string, err error) {
	m := reflect.ValueOf(v).MethodByName(name)
	var args []reflect.Value
	if arg.IsValid() {
		args = append(args, arg)
	}
	if m.Type().NumIn() > 1 {
		args = append(args, reflect.ValueOf(func(_ int64, e journal.Entry) { told += e.Subject + " " }))
	}
	out := m.Call(args)
	if last := out[len(out)-1]; !last.IsNil() {
		return "", last.Interface().(error)
	}
	for _, o := range out[:len(out)-1] {
		switch x := o.Interface().(type) {
		case []byte:
			told += string(x)
		case []int64:
			told += "entries" + fmt.Sprint(x)
		default:
			if !o.IsZero() && !(o.Kind() == reflect.Slice && o.Len() == 0) {
				told += fmt.Sprintf("%+v", x)
			}
		}
	}
	return strings.TrimPrefix(told, "entries[]"), nil
}

// tells says whether what was told is about the first case.
func (w walled) tells(told string) bool {
	for _, id := range append([]string{string(w.in.ID)}, theirs...) {
		if strings.Contains(told, id) {
			return true
		}
	}
	if seqs, ok := strings.CutPrefix(told, "entries"); ok {
		for _, s := range strings.Fields(strings.Trim(seqs, "[]")) {
			if slices.Contains(w.entries, number(s)) {
				return true
			}
		}
	}
	return false
}

func number(s string) (n int64) { _, _ = fmt.Sscan(s, &n); return n }

// A new query without a scope fails here: either it tells the second member, or the
// test does not know how to ask it.
func TestNoQueryTellsOfACaseThatTheActorIsNotIn(t *testing.T) {
	w := newWalled(t)
	views := reflect.TypeFor[*View]()
	if views.NumMethod() < 20 {
		t.Fatalf("View has %d methods: this test looked at something else", views.NumMethod())
	}
	for i := range views.NumMethod() {
		m := views.Method(i)
		if forAll[m.Name] != "" {
			continue
		}
		args := []reflect.Value{{}}
		if m.Type.NumIn() > 1 {
			args = w.arguments(m.Type.In(1))
		}
		if m.Name == "Job" { // its number is none of the journal's
			args = []reflect.Value{reflect.ValueOf(firstJob)}
		}
		if len(args) == 0 || m.Type.NumIn() > 2 && m.Type.In(2) != eachEntry {
			t.Errorf("teach this test how %s is asked", m.Name)
			continue
		}
		answered := false
		for _, arg := range args {
			answered = w.compare(t, m.Name, arg) || answered
		}
		if !answered {
			t.Errorf("%s tells nobody anything: give the first case something for it to find", m.Name)
		}
	}
}

// compare asks as the insider and as the second member. It says whether the insider
// got an answer.
func (w walled) compare(t *testing.T, name string, arg reflect.Value) (answered bool) {
	ask := func(by evidence.MemberID) (told string, err error) {
		_ = w.db.View(t.Context(), by, func(v *View) error { told, err = asked(v, name, arg); return nil })
		return told, err
	}
	told, err := ask(w.insider.ID)
	answered = err == nil && told != ""
	hidden, err := ask(w.second.ID)
	all := !arg.IsValid() || arg.IsZero()
	switch {
	case err != nil && !errors.Is(err, evidence.ErrNotFound):
		t.Errorf("%s(%v) to the second member: %v", name, arg, err)
	case w.tells(hidden), !all && hidden != "":
		t.Errorf("%s(%v) tells the second member: %s", name, arg, hidden)
	}
	return answered && (w.tells(told) || !all)
}

func TestAForbiddenThingIsAbsentWordForWord(t *testing.T) {
	w := newWalled(t)
	words := func(f func(v *View) error) string {
		err := w.db.View(t.Context(), w.second.ID, f)
		if !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("not absent: %v", err)
			return ""
		}
		return err.Error()
	}
	for name, ask := range map[string]func(v *View, id string) error{
		"itm_aaaaaaaaaaaaaaaa": func(v *View, id string) error { _, _, err := v.Item(evidence.ItemID(id)); return err },
		"pln_in":               func(v *View, id string) error { _, err := v.Plan(evidence.PlanID(id)); return err },
		"ren_in":               func(v *View, id string) error { _, _, err := v.Rendition(evidence.RenditionID(id)); return err },
		"drf_in":               func(v *View, id string) error { _, err := v.Draft(evidence.DraftID(id)); return err },
		string(w.in.ID):        func(v *View, id string) error { _, err := v.Case(id); return err },
		w.in.Ref:               func(v *View, id string) error { _, err := v.Shared(id); return err },
		"drf_in verdict": func(v *View, id string) error {
			_, err := v.Verdict(evidence.DraftID(strings.Fields(id)[0]))
			return err
		},
	} {
		forbidden := words(func(v *View) error { return ask(v, name) })
		absent := words(func(v *View) error { return ask(v, "absent") })
		if strings.ReplaceAll(forbidden, strings.Fields(name)[0], "absent") != absent {
			t.Errorf("%q is not %q", forbidden, absent)
		}
	}
}

func TestNothingIsWrittenIntoACaseThatTheActorIsNotIn(t *testing.T) {
	w := newWalled(t)
	writes := map[string]func(tx *Tx) error{
		"AddItem": func(tx *Tx) error {
			return tx.AddItem(&evidence.Item{ID: "itm_x", Case: w.in.ID, By: w.second.ID}, Sealed{"x", []byte("k")})
		},
		"MoveItem": func(tx *Tx) error { return tx.MoveItem("itm_aaaaaaaaaaaaaaaa", w.other.ID) },
		"AddPlan": func(tx *Tx) error {
			return tx.AddPlan(&evidence.Plan{ID: "pln_x", Item: "itm_aaaaaaaaaaaaaaaa", By: w.second.ID})
		},
		"SetPlan": func(tx *Tx) error {
			return tx.SetPlan(evidence.Plan{ID: "pln_in", Item: "itm_aaaaaaaaaaaaaaaa", By: w.second.ID})
		},
		"AddRendition": func(tx *Tx) error {
			return tx.AddRendition(&evidence.Rendition{ID: "ren_x", Item: "itm_aaaaaaaaaaaaaaaa", Plan: "pln_in", By: w.second.ID}, Sealed{"x", []byte("k")})
		},
		"AddPerson": func(tx *Tx) error { return tx.AddPerson(&evidence.Person{ID: "per_x", Case: w.in.ID}) },
		"AddGroup":  func(tx *Tx) error { return tx.AddGroup(&evidence.Group{ID: "grp_x", Case: w.in.ID}) },
		"AddSource": func(tx *Tx) error { return tx.AddSource(&evidence.Source{ID: "src_x", Case: w.in.ID}) },
		"AddClaim": func(tx *Tx) error {
			return tx.AddClaim(&evidence.Claim{ID: "clm_x", Case: w.in.ID, Item: "itm_aaaaaaaaaaaaaaaa", Source: "src_in", By: w.second.ID})
		},
		"AddStatus": func(tx *Tx) error {
			return tx.AddStatus(&evidence.Status{ID: "sta_x", Case: w.in.ID, Owner: w.second.ID, By: w.second.ID})
		},
		"AddDraft": func(tx *Tx) error {
			return tx.AddDraft(&evidence.Draft{ID: "drf_x", Case: w.in.ID, Author: w.second.ID})
		},
		"SetDraftState": func(tx *Tx) error { return tx.SetDraftState("drf_in", evidence.Submitted) },
		"AddVerdict":    func(tx *Tx) error { return tx.AddVerdict(&Verdict{ID: "apr_x", Draft: "drf_in", By: w.second.ID}) },
		"AddRelease": func(tx *Tx) error {
			return tx.AddRelease(&evidence.Release{ID: "rel_x", Draft: "drf_in", Approval: "apr_in", By: w.second.ID})
		},
		"RetryJob":  func(tx *Tx) error { _, err := tx.RetryJob(firstJob); return err },
		"CancelJob": func(tx *Tx) error { _, err := tx.CancelJob(firstJob); return err },
		"Erase": func(tx *Tx) error {
			return tx.Erase(Reach{Item: evidence.Item{ID: "itm_aaaaaaaaaaaaaaaa"}}, w.second.ID)
		},
		"FinishErasure":    func(tx *Tx) error { _, err := tx.FinishErasure("itm_gone"); return err },
		"AddCaseMember":    func(tx *Tx) error { return tx.AddCaseMember(w.in.ID, w.second.ID) },
		"RemoveCaseMember": func(tx *Tx) error { return tx.RemoveCaseMember(w.in.ID, w.insider.ID) },
	}
	noCase := strings.Fields("AddCase AddMember ChangeMember SetRecovery WantKeys Record RecordWhy Next AddBackup FinishBackup Enqueue") // a job asked for tells and changes nothing by itself
	for i := range reflect.TypeFor[*Tx]().NumMethod() {
		name := reflect.TypeFor[*Tx]().Method(i).Name
		_, reads := reflect.TypeFor[*View]().MethodByName(name)
		if _, known := writes[name]; !known && !reads && !slices.Contains(noCase, name) {
			t.Errorf("teach this test how %s writes", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(writes)) {
		err := w.db.Update(t.Context(), w.second.ID, func(tx *Tx) error { tx.Record("test", "x"); return writes[name](tx) })
		if !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsInNoCaseIsSeenByWhoSortsIt(t *testing.T) {
	w := newWalled(t)
	field := evidence.Member{ID: "mem_field", Role: evidence.Field}
	reviewer := evidence.Member{ID: "mem_reviewer", Role: evidence.Reviewer}
	w.update(t, w.insider.ID, func(tx *Tx) error {
		tx.Record("member.add", "mem_field")
		return errors.Join(tx.AddMember(&field), tx.AddMember(&reviewer))
	})
	w.update(t, field.ID, func(tx *Tx) error {
		tx.Record("item.receive", "itm_loose")
		return tx.AddItem(&evidence.Item{ID: "itm_loose", By: field.ID, Name: evidence.Protect("n")}, Sealed{"l", []byte("k")})
	})
	sees := func(by evidence.MemberID) (all, own int) {
		err := w.db.View(t.Context(), by, func(v *View) error {
			items, err := v.Items("")
			for _, it := range items {
				if it.ID == "itm_loose" {
					all++
				}
			}
			handed, err2 := v.HandedIn()
			own = len(handed)
			return errors.Join(err, err2)
		})
		if err != nil {
			t.Fatal(err)
		}
		return all, own
	}
	for by, want := range map[evidence.MemberID][2]int{w.insider.ID: {1, 1}, w.second.ID: {1, 0}, reviewer.ID: {0, 0}, field.ID: {0, 1}} {
		if all, own := sees(by); [2]int{all, own} != want {
			t.Errorf("%s sees %d, handed in %d; want %v", by, all, own, want)
		}
	}
	w.update(t, w.insider.ID, func(tx *Tx) error { tx.Record("item.move", "itm_loose"); return tx.MoveItem("itm_loose", w.in.ID) })
	if all, _ := sees(w.second.ID); all != 0 {
		t.Error("an item that went into a case is still in the inbox")
	}
	err := w.db.View(t.Context(), field.ID, func(v *View) error {
		handed, err := v.HandedIn()
		if err != nil || len(handed) != 1 || handed[0].Case != "" {
			t.Errorf("who handed it in learns where it went: %+v %v", handed, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPartIsNeverTakenForTheWhole(t *testing.T) {
	w := newWalled(t)
	err := w.db.View(t.Context(), w.second.ID, func(v *View) error { _, err := v.Kept(); return err })
	if !errors.Is(err, errPart) {
		t.Fatalf("a member's view lists a part of what is kept: %v", err)
	}
	err = w.db.Unscoped(t.Context(), "test", func(v *View) error {
		kept, err := v.Kept()
		if len(kept) != 2 {
			t.Errorf("%v", kept)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhoLeavesACaseSeesNothingOfItAtOnce(t *testing.T) {
	w := newWalled(t)
	w.update(t, w.insider.ID, func(tx *Tx) error { tx.Record("test", "cas_in"); return tx.AddCaseMember(w.in.ID, w.second.ID) })
	has := func() bool {
		err := w.db.View(t.Context(), w.second.ID, func(v *View) error { _, _, err := v.Item("itm_aaaaaaaaaaaaaaaa"); return err })
		if err != nil && !errors.Is(err, evidence.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	if !has() {
		t.Fatal("a member of the case sees nothing of it")
	}
	w.update(t, w.insider.ID, func(tx *Tx) error { tx.Record("test", "cas_in"); return tx.RemoveCaseMember(w.in.ID, w.second.ID) })
	if has() {
		t.Fatal("who was taken out of the case still sees it")
	}
}

// A version of a plan goes on from one that the actor sees, about the same item, and
// that nobody has gone on from.
func TestAVersionHasOneSuccessor(t *testing.T) {
	w := newWalled(t)
	next := func(id, of evidence.PlanID, item evidence.ItemID) func(tx *Tx) error {
		return func(tx *Tx) error {
			tx.Record("test", string(id))
			return tx.AddPlan(&evidence.Plan{ID: id, Item: item, Of: of, By: w.insider.ID})
		}
	}
	w.update(t, w.second.ID, func(tx *Tx) error {
		tx.Record("test", "itm_other")
		return tx.AddItem(&evidence.Item{ID: "itm_other", Case: w.other.ID, By: w.second.ID}, Sealed{"b9", []byte("k")})
	})
	for name, of := range map[string]evidence.PlanID{"of another case": "pln_in", "that is none": "pln_none"} {
		err := w.db.Update(t.Context(), w.second.ID, next("pln_x", of, "itm_other"))
		if !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("a version of a plan %s: %v", name, err)
		}
	}
	w.update(t, w.insider.ID, func(tx *Tx) error {
		tx.Record("test", "itm_mine")
		return tx.AddItem(&evidence.Item{ID: "itm_mine", Case: w.in.ID, By: w.insider.ID}, Sealed{"b8", []byte("k")})
	})
	if err := w.db.Update(t.Context(), w.insider.ID, next("pln_x", "pln_in", "itm_mine")); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("a version of a plan for another item: %v", err)
	}
	w.update(t, w.insider.ID, next("pln_two", "pln_in", "itm_aaaaaaaaaaaaaaaa"))
	err := w.db.Update(t.Context(), w.insider.ID, next("pln_too", "pln_in", "itm_aaaaaaaaaaaaaaaa"))
	var p *evidence.Problem
	if !errors.As(err, &p) || p.Code != "plan.newer" || p.Args[1] != evidence.PlanID("pln_two") {
		t.Errorf("a second successor: %v", err)
	}
	err = w.db.Update(t.Context(), w.insider.ID, func(tx *Tx) error { // as if two had asked at once
		tx.Record("test", "pln_too")
		row, err := tx.planRow(evidence.Plan{ID: "pln_too", Item: "itm_aaaaaaaaaaaaaaaa", Of: "pln_in", Version: 2, By: w.insider.ID})
		return errors.Join(err, tx.insert(&row))
	})
	if err == nil {
		t.Error("the engine takes a second successor")
	}
	err = w.db.View(t.Context(), w.insider.ID, func(v *View) error {
		one, err := v.Plan("pln_in")
		all, err2 := v.Plans("")
		two, err3 := v.Plan("pln_two")
		if one.Next != "pln_two" || one.Version != 1 || two.Version != 2 || two.Of != "pln_in" || two.Next != "" {
			t.Errorf("%+v, then %+v", one, two)
		}
		if len(all) != 2 || all[0].Next != "pln_two" || all[1].Next != "" {
			t.Errorf("%+v", all)
		}
		return errors.Join(err, err2, err3)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What a version masks, and why not, is as it was made: only what a person did with it
// may be added.
func TestWhatAVersionMasksNeverChanges(t *testing.T) {
	w := newWalled(t)
	made := evidence.Plan{ID: "pln_two", Item: "itm_aaaaaaaaaaaaaaaa", Of: "pln_in", By: w.insider.ID,
		Mask: evidence.MaskPlan{WholeFrames: []int{3}}, Reasons: map[int]evidence.Secret{4: evidence.Protect("a portrait")}, Tool: "test"}
	w.update(t, w.insider.ID, func(tx *Tx) error { tx.Record("test", "pln_two"); return tx.AddPlan(&made) })
	w.update(t, w.insider.ID, func(tx *Tx) error {
		tx.Record("test", "pln_two")
		return tx.SetPlan(evidence.Plan{ID: "pln_two", Item: "itm_gone", Seen: []int{1}, Accepted: tx.Now, AcceptBy: w.insider.ID})
	})
	err := w.db.View(t.Context(), w.insider.ID, func(v *View) error {
		p, err := v.Plan("pln_two")
		if !slices.Equal(p.Mask.WholeFrames, []int{3}) || p.Reasons[4].Reveal() != "a portrait" || p.Item != made.Item || p.Of != "pln_in" || p.Tool != "test" {
			t.Errorf("it was %+v, it is %+v", made, p)
		}
		if !slices.Equal(p.Seen, []int{1}) || p.AcceptBy != w.insider.ID || p.Accepted.IsZero() {
			t.Errorf("what was done with it is lost: %+v", p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatACaseRestsOnIsInThatCase(t *testing.T) {
	w := newWalled(t)
	w.update(t, w.insider.ID, func(tx *Tx) error { tx.Record("test", "x"); return tx.AddCaseMember(w.in.ID, w.second.ID) })
	for name, write := range map[string]func(tx *Tx) error{
		"a claim": func(tx *Tx) error {
			return errors.Join(tx.AddSource(&evidence.Source{ID: "src_o", Case: w.other.ID}),
				tx.AddClaim(&evidence.Claim{ID: "clm_o", Case: w.other.ID, Source: "src_o", Item: "itm_aaaaaaaaaaaaaaaa", By: w.second.ID}))
		},
		"a draft": func(tx *Tx) error {
			return tx.AddDraft(&evidence.Draft{ID: "drf_o", Case: w.other.ID, Author: w.second.ID, Renditions: []evidence.RenditionID{"ren_in"}})
		},
	} {
		var p *evidence.Problem
		err := w.db.Update(t.Context(), w.second.ID, func(tx *Tx) error { tx.Record("test", "x"); return write(tx) })
		if !errors.As(err, &p) || p.Code != "item.other_case" {
			t.Errorf("%s rests on another case's item: %v", name, err)
		}
	}
}

// Absent and forbidden are one statement; what it costs may differ by the row that is
// read and not by a query more. The medians of many are compared with what a
// statement costs at all.
func TestForbiddenAndAbsentTakeTheSameTime(t *testing.T) {
	w := newWalled(t)
	var forbidden, absent []time.Duration
	err := w.db.View(t.Context(), w.second.ID, func(v *View) error {
		for range 400 {
			for _, id := range []evidence.ItemID{"itm_aaaaaaaaaaaaaaaa", "itm_no"} {
				began := time.Now()
				if _, _, err := v.Item(id); !errors.Is(err, evidence.ErrNotFound) {
					t.Fatal(err)
				}
				took := time.Since(began)
				if id == "itm_aaaaaaaaaaaaaaaa" {
					forbidden = append(forbidden, took)
				} else {
					absent = append(absent, took)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(forbidden)
	slices.Sort(absent)
	a, b := forbidden[len(forbidden)/2], absent[len(absent)/2]
	t.Logf("forbidden %v, absent %v", a, b)
	if a > 2*b || b > 2*a {
		t.Errorf("forbidden takes %v, absent %v", a, b)
	}
}

func TestSealedIdentityIsNotEvenThereForWhoIsNotInTheCase(t *testing.T) {
	w := newWalled(t)
	ask := func(by evidence.MemberID) (err error) {
		_ = w.db.View(t.Context(), by, func(v *View) error { _, err = v.SealedIdentity("per_in"); return nil })
		return err
	}
	if err := ask(w.insider.ID); err != nil {
		t.Error(err)
	}
	if err := ask(w.second.ID); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("told the second member: %v", err)
	}
}
