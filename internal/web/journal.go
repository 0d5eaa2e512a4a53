package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/journal"
)

// A step is one entry of the journal in words.
type step struct {
	Number  int64
	Time    time.Time
	Who     who
	Did     string
	Subject string
}

// did says what an entry's action was.
func (q *request) did(action string) string {
	if code := "journal.did." + action; q.say.Has(code) {
		return q.say.Say(code)
	}
	return q.say.Say("journal.other", action)
}

// steps gives the newest entries that about says yes to, newest first, at most limit
// of them with a number below before, and how many there are.
func (q *request) steps(v *store.View, team team, before int64, limit int, about func(subject string) bool) (steps []step, all int, err error) {
	err = v.Journal("", func(i int64, e journal.Entry) {
		if !about(e.Subject) {
			return
		}
		all++
		if i >= before {
			return
		}
		steps = append(steps, step{i, e.Time, team.who(evidence.MemberID(e.Actor)), e.Action, e.Subject})
		if len(steps) > 2*limit {
			steps = slices.Delete(steps, 0, len(steps)-limit)
		}
	})
	steps = steps[max(0, len(steps)-limit):]
	slices.Reverse(steps)
	for i := range steps {
		steps[i].Did = q.did(steps[i].Did)
	}
	return steps, all, err
}

// A journalPage is a stretch of the journal.
type journalPage struct {
	Steps      []step
	All        int
	Checkpoint string
	Older      int64 // the number to go on before; 0: there is nothing older
}

const stepsOnPage = 100

func showJournal(q *request) error {
	before, err := strconv.ParseInt(q.URL.Query().Get("before"), 10, 64)
	if err != nil || before < 1 {
		before = 1 << 62
	}
	var page journalPage
	err = q.v.DB.View(q.Context(), q.actor.ID, func(v *store.View) error {
		team, err := q.team(v)
		if err != nil {
			return err
		}
		page.Steps, page.All, err = q.steps(v, team, before, stepsOnPage, func(string) bool { return true })
		if err != nil {
			return err
		}
		page.Checkpoint, err = checkpoint(v)
		return err
	})
	if err != nil {
		return err
	}
	if len(page.Steps) == stepsOnPage {
		page.Older = page.Steps[stepsOnPage-1].Number
	}
	q.render(http.StatusOK, "journal.html", page)
	return nil
}

func checkpoint(v *store.View) (string, error) {
	b, err := v.Checkpoint()
	if errors.Is(err, evidence.ErrNotFound) {
		err = nil
	}
	return string(b), err
}

// A team is everybody by their ID. Names stay sealed: a page may be seen over
// somebody's shoulder.
type team struct {
	members map[evidence.MemberID]evidence.Member
	me      evidence.MemberID
}

func (q *request) team(v *store.View) (team, error) {
	all, err := v.Members()
	t := team{make(map[evidence.MemberID]evidence.Member, len(all)), q.actor.ID}
	for _, m := range all {
		t.members[m.ID] = m
	}
	return t, err
}

// who is a member as pages show one.
type who struct {
	ID   evidence.MemberID // empty: nobody
	Role evidence.Role     // empty: not in the team any more
	Me   bool
}

func (t team) who(id evidence.MemberID) who {
	return who{id, t.members[id].Role, id == t.me}
}
