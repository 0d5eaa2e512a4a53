package mask

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
	"safehouse/journal"
)

// twoTracks makes a plan of two tracks, with a doubt about each and one more.
func twoTracks(plan evidence.MaskPlan) evidence.MaskPlan {
	track := func(id int, b evidence.Box) evidence.Track {
		t := evidence.Track{ID: id, Kind: evidence.FaceTrack, To: plan.Source.Frames - 1, Boxes: map[int]evidence.Box{}}
		for n := range plan.Source.Frames {
			t.Boxes[n] = b
		}
		return t
	}
	plan.Tracks = []evidence.Track{track(1, evidence.Box{10, 10, 60, 60}), track(2, evidence.Box{100, 100, 200, 220})}
	plan.Queue = []evidence.Doubt{{Track: 1, Frame: 0, Why: doubtEnds}, {Track: 2, Frame: 0, Why: doubtGap}, {Track: noTrack, Frame: 0, Why: doubtDark}}
	return plan
}

// editing is a room with a photo, and a plan of two tracks for it.
func editing(t *testing.T) (*room, evidence.Plan) {
	t.Helper()
	r, photo := newRoom(t), open(t, "../../node_modules/@vladmandic/face-api/demo/sample1.jpg")
	id := r.receive(photo)
	p, err := r.desk.keep(t.Context(), r.v.Actor, evidence.Plan{Item: id, Mask: twoTracks(planFor(t, photo))}, always)
	if err != nil {
		t.Fatal(err)
	}
	return r, p
}

func (r *room) edit(id evidence.PlanID, e Edit) evidence.Plan {
	r.t.Helper()
	p, err := r.desk.Edit(r.t.Context(), r.v.Actor, id, e, quiet)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

func (r *room) accept(p evidence.Plan) evidence.Plan {
	r.t.Helper()
	d, err := Digest(p.Mask)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.desk.Look(r.t.Context(), r.v.Actor, p.ID, nil); err != nil && !errors.Is(err, store.ErrSilent) {
		r.t.Fatal(err)
	}
	p, err = r.desk.Accept(r.t.Context(), r.v.Actor, p.ID, d)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

var (
	portrait = evidence.Protect("The portrait of a minister on the wall")
	takenOut = Edit{Unmask: []int{2}, Reason: portrait}
)

func TestATrackIsLeftUnmaskedWholeAndForAReason(t *testing.T) {
	r, one := editing(t)
	for name, e := range map[string]Edit{
		"without a reason":       {Unmask: []int{2}},
		"a reason for nothing":   {Whole: [][2]int{{0, 0}}, Reason: portrait},
		"nothing":                {},
		"a track that is not":    {Unmask: []int{3}, Reason: portrait},
		"the same twice":         {Unmask: []int{2, 2}, Reason: portrait},
		"back what is not out":   {Mask: []int{2}},
		"a frame that is not":    {Whole: [][2]int{{0, 1}}},
		"a box on no frame":      {Boxes: []Box{{Frame: 1, Box: evidence.Box{1, 1, 9, 9}}}},
		"a box of nothing":       {Boxes: []Box{{Box: evidence.Box{9, 1, 9, 9}}}},
		"a box beside the photo": {Boxes: []Box{{Box: evidence.Box{-9, 1, -2, 9}}}},
	} {
		var p *evidence.Problem
		if _, err := r.desk.Edit(t.Context(), r.v.Actor, one.ID, e, quiet); !errors.As(err, &p) {
			t.Errorf("%s: %v", name, err)
		}
	}
	two := r.edit(one.ID, takenOut)
	if len(two.Mask.Tracks) != 1 || two.Mask.Tracks[0].ID != 1 || len(two.Mask.Unmasked) != 1 || len(two.Mask.Unmasked[0].Boxes) != len(one.Mask.Tracks[1].Boxes) {
		t.Fatalf("tracks %v, unmasked %v", two.Mask.Tracks, two.Mask.Unmasked)
	}
	if d := two.Mask.Queue[0]; d != (evidence.Doubt{Track: 2, Frame: 0, Why: doubtUnmasked}) || slices.Contains(two.Seen, 0) {
		t.Errorf("nobody is asked about it: %v", two.Mask.Queue)
	}
	kept, err := r.desk.plan(t.Context(), r.v.Actor, two.ID)
	if err != nil || kept.Reasons[2].Reveal() != portrait.Reveal() || fmt.Sprint(kept.Reasons) != "map[2:[protected]]" {
		t.Errorf("the reason: %v, %v", kept.Reasons, err)
	}
	three := r.edit(two.ID, Edit{Mask: []int{2}})
	was, _ := Digest(one.Mask)
	back := three.Mask
	slices.SortFunc(back.Tracks, func(a, b evidence.Track) int { return a.ID - b.ID })
	if is, _ := Digest(back); is != was || len(three.Reasons) != 0 {
		t.Errorf("put back, it is not as it was: %+v, reasons %v", three.Mask, three.Reasons)
	}
}

// In a file too a track is masked or not, never both.
func TestATrackIsNotUnmaskedInPart(t *testing.T) {
	f := open(t, "../../node_modules/@vladmandic/face-api/demo/sample1.jpg")
	plan := twoTracks(planFor(t, f))
	plan.Unmasked = []evidence.Track{plan.Tracks[1]}
	if err := validPlan(plan); !isProblem(err, "mask.plan") {
		t.Errorf("masked and unmasked at once: %v", err)
	}
	plan.Tracks = plan.Tracks[:1]
	if err := validPlan(plan); err != nil {
		t.Errorf("unmasked whole: %v", err)
	}
}

func TestAnEditNeedsANewAcceptance(t *testing.T) {
	r, one := editing(t)
	one = r.accept(one)
	two := r.edit(one.ID, Edit{Whole: [][2]int{{0, 0}}})
	if !two.Accepted.IsZero() || two.AcceptBy != "" || two.Version != 2 || two.Of != one.ID {
		t.Fatalf("%+v", two)
	}
	digest, _ := Digest(one.Mask)
	if _, err := r.desk.Accept(t.Context(), r.v.Actor, two.ID, digest); !isProblem(err, "plan.other_digest") {
		t.Errorf("accepted by the digest of what it was before: %v", err)
	}
	if _, err := r.desk.Accept(t.Context(), r.v.Actor, one.ID, digest); !isProblem(err, "plan.newer") {
		t.Errorf("accepted what was edited since: %v", err)
	}
	if one, err := r.desk.plan(t.Context(), r.v.Actor, one.ID); err != nil || one.Accepted.IsZero() || one.Next != two.ID {
		t.Errorf("the first version is not as it was: %+v, %v", one, err)
	}
}

func TestWhatWasLookedAtStaysSoWhereItIsAsItWas(t *testing.T) {
	r, one := editing(t)
	if _, err := r.desk.Look(t.Context(), r.v.Actor, one.ID, []int{0, 2}); err != nil {
		t.Fatal(err)
	}
	two := r.edit(one.ID, takenOut)
	seen := map[string]bool{}
	for _, i := range two.Seen {
		seen[two.Mask.Queue[i].Why] = true
	}
	if len(two.Seen) != 2 || !seen[doubtEnds] || !seen[doubtDark] {
		t.Errorf("seen %v of %v", two.Seen, two.Mask.Queue)
	}
	changed := two.Mask
	changed.Tracks = slices.Clone(changed.Tracks)
	changed.Tracks[0] = lengthened(changed.Tracks[0], map[int]evidence.Box{0: {0, 0, 300, 300}})
	for _, i := range carrySeen(two, changed) {
		if changed.Queue[i].Track == 1 {
			t.Error("a doubt about a track that changed stays looked at")
		}
	}
}

// Two edit one version at once: one makes the next, the other is told which it is, and
// makes the edit there. Looks that came in between are kept.
func TestTwoWhoEditAtOnceLoseNothing(t *testing.T) {
	r, one := editing(t)
	edits := []Edit{{Boxes: []Box{{Box: evidence.Box{300, 300, 400, 400}}}}, {Boxes: []Box{{Box: evidence.Box{500, 300, 600, 400}}}}}
	var wait sync.WaitGroup
	made, errs := make([]evidence.Plan, 2), make([]error, 2)
	for i := range edits {
		wait.Go(func() { made[i], errs[i] = r.desk.Edit(t.Context(), r.v.Actor, one.ID, edits[i], quiet) })
	}
	wait.Wait()
	first, second := 0, 1
	if errs[0] != nil {
		first, second = 1, 0
	}
	var p *evidence.Problem
	if errs[first] != nil || !errors.As(errs[second], &p) || p.Code != "plan.newer" || p.Args[1] != made[first].ID {
		t.Fatalf("%v, %v", errs[first], errs[second])
	}
	three := r.edit(made[first].ID, edits[second])
	for i, e := range edits {
		if !masked(three.Mask.Tracks, 0, e.Boxes[0].Box) {
			t.Errorf("the box of edit %d is lost", i)
		}
	}
	if _, err := r.desk.Look(t.Context(), r.v.Actor, made[first].ID, nil); !isProblem(err, "plan.newer") {
		t.Errorf("the first is not told: %v", err)
	}
	plans, _ := r.made(one.Item)
	if len(plans) != 3 {
		t.Errorf("%d versions", len(plans))
	}
}

func TestOneGoesBackToAnEarlierVersionForAReason(t *testing.T) {
	r, one := editing(t)
	two := r.edit(one.ID, takenOut)
	three := r.edit(two.ID, Edit{Mask: []int{2}, Whole: [][2]int{{0, 0}}})
	other, err := r.desk.keep(t.Context(), r.v.Actor, evidence.Plan{Item: one.Item, Mask: one.Mask}, always)
	if err != nil {
		t.Fatal(err)
	}
	back := func(id, to evidence.PlanID, why evidence.Secret) error {
		_, err := r.desk.Back(t.Context(), r.v.Actor, id, to, why)
		return err
	}
	for name, err := range map[string]error{
		"without a reason":   back(three.ID, two.ID, evidence.Secret{}),
		"to itself":          back(three.ID, three.ID, portrait),
		"to another plan":    back(three.ID, other.ID, portrait),
		"from what is older": back(two.ID, one.ID, portrait),
	} {
		var p *evidence.Problem
		if !errors.As(err, &p) {
			t.Errorf("%s: %v", name, err)
		}
	}
	four, err := r.desk.Back(t.Context(), r.v.Actor, three.ID, two.ID, portrait)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := Digest(two.Mask)
	if got, _ := Digest(four.Mask); got != want || four.Version != 4 || four.Reasons[2].Reveal() != portrait.Reveal() || !four.Accepted.IsZero() {
		t.Errorf("%+v", four)
	}
}

func TestWhoMayNotEditLearnsNothing(t *testing.T) {
	r, one := editing(t)
	reviewer := evidence.Member{Name: evidence.Protect("B"), Role: evidence.Reviewer}
	researcher := evidence.Member{Name: evidence.Protect("C"), Role: evidence.Researcher}
	for _, m := range []*evidence.Member{&reviewer, &researcher} {
		if err := r.v.AddMember(t.Context(), m, evidence.Protect("another passphrase, long enough "+string(m.Role))); err != nil {
			t.Fatal(err)
		}
	}
	err := r.v.DB.Update(t.Context(), r.v.Actor.ID, func(tx *store.Tx) error {
		tx.Record("test", "cas_a")
		return errors.Join(tx.AddCase(&evidence.Case{ID: "cas_a", Ref: "A", By: r.v.Actor.ID}), tx.MoveItem(one.Item, "cas_a"))
	})
	if err != nil {
		t.Fatal(err)
	}
	try := func(actor evidence.Actor, id evidence.PlanID) map[string]error {
		_, edit := r.desk.Edit(t.Context(), actor, id, takenOut, quiet)
		_, back := r.desk.Back(t.Context(), actor, id, one.ID, portrait)
		_, accept := r.desk.Accept(t.Context(), actor, id, "")
		_, versions := r.desk.Versions(t.Context(), actor, id)
		return map[string]error{"edit": edit, "back": back, "accept": accept, "versions": versions}
	}
	absent := try(researcher.Actor(), "pln_absent")
	for name, err := range try(researcher.Actor(), one.ID) {
		if !errors.Is(err, evidence.ErrNotFound) || absent[name] == nil || !errors.Is(absent[name], evidence.ErrNotFound) {
			t.Errorf("%s in a foreign case: %v; absent: %v", name, err, absent[name])
		}
	}
	for name, err := range try(reviewer.Actor(), one.ID) {
		if name != "versions" && !errors.Is(err, evidence.ErrForbidden) {
			t.Errorf("%s by a reviewer: %v", name, err)
		}
	}
	if plans, _ := r.made(one.Item); len(plans) != 1 {
		t.Errorf("%d versions", len(plans))
	}
}

// The copy is a function of the recording and of the version: made twice it is the same,
// and the journal has who, by which version and with what.
func TestOneVersionGivesOneCopy(t *testing.T) {
	r, one := editing(t)
	two := r.edit(one.ID, Edit{Whole: [][2]int{{0, 0}}}) // nothing is bare, so the second look passes
	two = r.accept(two)
	var made []evidence.Rendition
	for range 2 {
		c, err := r.desk.Render(t.Context(), r.v.Actor, two.ID, Options{}, quiet)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, c)
	}
	if made[0].Digest != made[1].Digest || made[0].ID == made[1].ID || made[0].Plan != two.ID || made[0].Tool != "test" {
		t.Errorf("%+v", made)
	}
	if a, b := r.content(made[0].ID), r.content(made[1].ID); !bytes.Equal(a, b) {
		t.Error("the copies differ")
	}
	plan, _ := Digest(two.Mask)
	r.recorded("mask.edit", string(two.ID), plan, textDigest("test"))
	r.recorded("mask.accept", string(two.ID), plan, textDigest("test"))
	r.recorded("mask.render", string(made[1].ID), made[1].Digest, plan, textDigest("test"))
	health, err := r.v.Check(t.Context(), quiet)
	if err != nil || len(health.Faults) > 0 {
		t.Errorf("%+v: %v", health, err)
	}
}

// recorded wants an entry of the journal with what was done by whom to what, and the
// digests in it.
func (r *room) recorded(action, subject string, digests ...string) {
	r.t.Helper()
	found := false
	err := r.v.DB.View(r.t.Context(), r.v.Actor.ID, func(v *store.View) error {
		return v.Journal(subject, func(n int64, e journal.Entry) {
			note, err := v.JournalNote(n)
			if err != nil {
				r.t.Error(err)
			}
			var want []string
			for _, d := range digests {
				want = append(want, journal.Salted(note.Salt, d))
			}
			found = found || e.Action == action && e.Actor == string(r.v.Actor.ID) && slices.Equal(e.Digests, want)
		})
	})
	if err != nil || !found {
		r.t.Errorf("the journal does not say %s of %s with these digests: %v", action, subject, err)
	}
}

// What the second look finds under a plan becomes its next version, for a person to look
// at; the one that was rendered stays as it was.
func TestWhatTheSecondLookFindsIsTheNextVersion(t *testing.T) {
	r, photo := newRoom(t), open(t, "../../node_modules/@vladmandic/face-api/demo/sample1.jpg")
	id := r.receive(photo)
	one, err := r.desk.keep(t.Context(), r.v.Actor, evidence.Plan{Item: id, Mask: planFor(t, photo)}, always)
	if err != nil {
		t.Fatal(err)
	}
	one = r.accept(one)
	if _, err := r.desk.Render(t.Context(), r.v.Actor, one.ID, Options{}, quiet); !isProblem(err, "mask.mended") {
		t.Fatalf("rendered with bare faces: %v", err)
	}
	plans, made := r.made(id)
	if len(plans) != 2 || len(made) != 0 || plans[1].Of != one.ID || len(plans[1].Mask.Tracks) == 0 || len(plans[1].Open()) == 0 || !plans[1].Accepted.IsZero() {
		t.Errorf("%d copies, versions %+v", len(made), plans)
	}
}

// What a person took out may be seen, and nothing else.
func TestTheSecondLookAllowsWhatAPersonTookOut(t *testing.T) {
	photo := open(t, "../../node_modules/@vladmandic/face-api/demo/sample1.jpg")
	s := studio(t)
	plan, err := s.Propose(t.Context(), photo, Options{}, quiet)
	if err != nil || len(plan.Tracks) < 2 {
		t.Fatalf("%d tracks: %v", len(plan.Tracks), err)
	}
	out, err := s.Edited(t.Context(), photo, plan, Edit{Unmask: []int{plan.Tracks[0].ID}, Reason: portrait}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Render(t.Context(), photo, out, create(t, "out.jpg"), Options{}, quiet); err != nil {
		t.Errorf("a portrait that was taken out: %v", err)
	}
	out.Unmasked = nil
	var bare *Exposed
	if _, err := s.Render(t.Context(), photo, out, create(t, "bare.jpg"), Options{}, quiet); !errors.As(err, &bare) {
		t.Errorf("a face that is in no track: %v", err)
	}
}

// editIn edits a plan of a vault again and again, to be killed at it.
func editIn(dir, id string) error {
	ctx := context.Background()
	v, err := vault.Enter(ctx, dir, "", words)
	if err != nil {
		return err
	}
	defer v.Close()
	d := &Desk{DB: v.DB, Originals: v.Originals, Renditions: v.Renditions}
	fmt.Println("entered")
	for plan := evidence.PlanID(id); ; {
		p, err := d.Edit(ctx, v.Actor, plan, Edit{Boxes: []Box{{Box: evidence.Box{1, 1, 50, 50}}}}, quiet)
		if err != nil {
			return err
		}
		plan = p.ID
	}
}

// Killed at any moment, every version is whole, follows the one before, and is in the
// journal.
func TestKilledAtItsWorkNoEditIsHalfDone(t *testing.T) {
	r, one := editing(t)
	killed(t, 300*time.Millisecond, "edit", r.dir, string(one.ID))
	plans, _ := r.made(one.Item)
	for i, p := range plans {
		if p.Version != i+1 || len(p.Mask.Tracks) != 2+i || i > 0 && (p.Of != plans[i-1].ID || plans[i-1].Next != p.ID) {
			t.Errorf("version %d of %d: %+v", i, len(plans), p)
		}
	}
	health, err := r.v.Check(t.Context(), quiet)
	if err != nil || len(health.Faults) > 0 {
		t.Errorf("%+v: %v", health, err)
	}
	r.edit(plans[len(plans)-1].ID, takenOut)
}
