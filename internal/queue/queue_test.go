package queue

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

const words = "a passphrase that is long enough"

// The test program is also the process that is killed at its work.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "crew" {
		if err := child(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func openAs(dir string, root *seal.Root) (*store.DB, error) {
	return store.Open(context.Background(), dir, store.Keys{
		Pages: root.Key(seal.Database), Fields: root.Key(seal.Fields), Journal: root.Key(seal.Journal),
	})
}

// A house is a vault's database with one member.
type house struct {
	t      *testing.T
	db     *store.DB
	dir    string
	root   *seal.Root
	member evidence.Actor
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), root: seal.NewRoot()}
	var err error
	if h.db, err = openAs(h.dir, h.root); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	m := evidence.Member{ID: evidence.NewID[evidence.MemberID]("mem"), Name: evidence.Protect("김철수 Planted-Name"), Role: evidence.Researcher}
	if err := h.db.Found(t.Context(), "safehouse/test", false, m); err != nil {
		t.Fatal(err)
	}
	h.member = m.Actor()
	return h
}

func newItem() evidence.ItemID { return evidence.NewID[evidence.ItemID]("itm") }

// there makes the item if it is not there: jobs are listed to whom may see what they are
// about.
func there(tx *store.Tx, by evidence.MemberID, id evidence.ItemID) error {
	_, _, err := tx.Item(id)
	if !errors.Is(err, evidence.ErrNotFound) {
		return err
	}
	return tx.AddItem(&evidence.Item{ID: id, Material: evidence.Video, By: by}, store.Sealed{Blob: rand.Text(), Key: []byte("k")})
}

// ask enqueues a proposal for each item in one Update.
func (h *house) ask(items ...evidence.ItemID) {
	h.t.Helper()
	err := h.db.Update(h.t.Context(), h.member.ID, func(tx *store.Tx) error {
		tx.Record("test.ask", string(h.member.ID))
		for _, id := range items {
			if err := there(tx, h.member.ID, id); err != nil {
				return err
			}
			if err := tx.Enqueue(evidence.ProposeMask{Item: id}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) jobs() []Job {
	h.t.Helper()
	jobs, err := List(h.t.Context(), h.db, h.member)
	if err != nil {
		h.t.Fatal(err)
	}
	return jobs
}

// only is the one job that there is.
func (h *house) only(state store.JobState) Job {
	h.t.Helper()
	jobs := h.jobs()
	if len(jobs) != 1 || jobs[0].State != state {
		h.t.Fatalf("want one job that %s, got %+v", state, jobs)
	}
	return jobs[0]
}

type proposal func(ctx context.Context, job evidence.ProposeMask, p Progress) error

// crew works by do and is in a hurry.
func (h *house) crew(do proposal) *Crew {
	return &Crew{DB: h.db, Dir: h.dir, Actor: h.member, Works: []Work{On(do)}, retry: func(int) time.Duration { return 10 * time.Millisecond }}
}

func (h *house) drain(do proposal) Tally {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	tally, err := h.crew(do).Drain(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	return tally
}

// started runs a crew until the test ends or stop is called.
func (h *house) started(c *Crew) (stop func() error) {
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	return func() error { cancel(); return <-ended }
}

func (h *house) eventually(what string, f func() bool) {
	h.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if f() {
			return
		}
	}
	h.t.Fatalf("%s: never; jobs %+v", what, h.jobs())
}

// finish is how work must end: one Update that looks whether it is done already.
func finish(ctx context.Context, db *store.DB, by evidence.MemberID, id evidence.ItemID) error {
	done := errors.New("done already")
	err := db.Update(ctx, by, func(tx *store.Tx) error {
		if seqs, err := tx.JournalOf(string(id)); err != nil || len(seqs) > 0 {
			return errors.Join(err, done)
		}
		tx.Record("test.result", string(id))
		return nil
	})
	if errors.Is(err, done) {
		return nil
	}
	return err
}

func (h *house) results(id evidence.ItemID) (n int) {
	h.t.Helper()
	err := h.db.View(h.t.Context(), h.member.ID, func(v *store.View) error {
		seqs, err := v.JournalOf(string(id))
		n = len(seqs)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestJobIsThereIfTheDataIsAndOnlyThen(t *testing.T) {
	h, stop := newHouse(t), errors.New("stop")
	err := h.db.Update(t.Context(), h.member.ID, func(tx *store.Tx) error {
		tx.Record("test.ask", string(h.member.ID))
		return errors.Join(tx.Enqueue(evidence.ProposeMask{Item: newItem()}), stop)
	})
	if jobs := h.jobs(); !errors.Is(err, stop) || len(jobs) != 0 {
		t.Fatalf("%v; after an Update that failed: %+v", err, jobs)
	}
	err = h.db.Update(t.Context(), h.member.ID, func(tx *store.Tx) error { return tx.Enqueue(evidence.ProposeMask{Item: newItem()}) })
	if jobs := h.jobs(); !errors.Is(err, store.ErrSilent) || len(jobs) != 0 {
		t.Fatalf("%v; after a silent Update: %+v", err, jobs)
	}
	id := newItem()
	h.ask(id)
	if j := h.only(store.JobWaits); j.Kind != "mask.propose" || j.Subject != string(id) || j.Tries != 0 || j.Asked.IsZero() || j.Problem != nil {
		t.Fatalf("%+v", j)
	}
}

func TestSameJobWaitsOnce(t *testing.T) {
	h, id := newHouse(t), newItem()
	h.ask(id, id)
	h.ask(id)
	h.only(store.JobWaits)
	if tally := h.drain(func(context.Context, evidence.ProposeMask, Progress) error { return nil }); tally != (Tally{Done: 1}) {
		t.Fatal(tally)
	}
	h.ask(id) // it is done: it may be asked for anew
	if jobs := h.jobs(); len(jobs) != 2 || jobs[0].State != store.JobDone || jobs[1].State != store.JobWaits {
		t.Fatalf("%+v", jobs)
	}
}

func TestJobsRunAtOnceInARunningCrew(t *testing.T) {
	h := newHouse(t)
	begun := make(chan time.Time, 1)
	stop := h.started(h.crew(func(context.Context, evidence.ProposeMask, Progress) error { begun <- time.Now(); return nil }))
	time.Sleep(300 * time.Millisecond) // it is at work
	var waits []time.Duration
	for range 11 {
		asked := time.Now()
		h.ask(newItem())
		waits = append(waits, (<-begun).Sub(asked))
	}
	slices.Sort(waits)
	t.Logf("from asking to the job's begin: median %v, worst %v", waits[5], waits[10])
	if waits[5] > 300*time.Millisecond { // the median: a busy machine may be slow once
		t.Errorf("%v until a job begins", waits[5])
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestFailedJobIsTriedAgainAndThenStandsAsFailed(t *testing.T) {
	h, id, tries := newHouse(t), newItem(), 0
	h.ask(id)
	tally := h.drain(func(context.Context, evidence.ProposeMask, Progress) error {
		tries++
		return &evidence.Problem{Code: "media.worker_died", Args: []any{id, 7, "목격자 in the kitchen.mp4"}, Err: errors.New("Witness Kim said")}
	})
	j := h.only(store.JobFailed)
	if tries != store.MaxTries || tally != (Tally{Failed: 1}) || j.Tries != tries || j.Problem == nil || j.Problem.Code != "media.worker_died" {
		t.Fatalf("%d tries, %v: %+v", tries, tally, j)
	}
	if got := fmt.Sprint(j.Problem.Args); got != fmt.Sprintf("[%s 7 …]", id) {
		t.Fatalf("arguments %s", got)
	}
	if _, err := Retry(t.Context(), h.db, h.member, j.ID); err != nil {
		t.Fatal(err)
	}
	if tally = h.drain(func(context.Context, evidence.ProposeMask, Progress) error { tries++; return nil }); tally != (Tally{Done: 1}) || tries != store.MaxTries+1 {
		t.Fatalf("%d tries, %v", tries, tally)
	}
	_, err := Retry(t.Context(), h.db, h.member, j.ID)
	var p *evidence.Problem
	if !errors.As(err, &p) || p.Code != "job.no_retry" {
		t.Fatalf("retry of what is done: %v", err)
	}
}

func TestWaitsGrow(t *testing.T) {
	for tries := 1; tries < store.MaxTries; tries++ {
		if after(tries) <= after(tries-1) && tries > 1 {
			t.Errorf("after try %d %v, before that %v", tries, after(tries), after(tries-1))
		}
	}
	if after(1) < time.Second {
		t.Error("the first wait is no wait")
	}
}

func TestPanicIsAFailedTryThatTellsNothing(t *testing.T) {
	h, tries := newHouse(t), 0
	h.ask(newItem())
	tally := h.drain(func(context.Context, evidence.ProposeMask, Progress) error {
		if tries++; tries == 1 {
			panic("Planted-Panic 김철수")
		}
		return nil
	})
	if j := h.only(store.JobDone); tries != 2 || tally != (Tally{Done: 1}) || j.Problem == nil || j.Problem.Code != "job.broke" {
		t.Fatalf("%d tries, %v: %+v", tries, tally, j)
	}
}

func TestListShowsOnlyJobsAboutWhatTheMemberSees(t *testing.T) {
	h := newHouse(t)
	h.ask(newItem())
	other := evidence.Member{ID: evidence.NewID[evidence.MemberID]("mem"), Role: evidence.Reviewer}
	err := h.db.Update(t.Context(), h.member.ID, func(tx *store.Tx) error {
		tx.Record("member.add", string(other.ID))
		return tx.AddMember(&other)
	})
	if err != nil {
		t.Fatal(err)
	}
	if jobs, err := List(t.Context(), h.db, other.Actor()); err != nil || len(jobs) != 0 {
		t.Fatalf("a member who sees no item sees %+v: %v", jobs, err)
	}
	outsider := evidence.Actor{ID: other.ID, Role: evidence.Researcher}
	if _, err := Cancel(t.Context(), h.db, outsider, h.only(store.JobWaits).ID); !errors.Is(err, evidence.ErrNotFound) {
		t.Fatalf("cancelled by somebody who does not see it: %v", err)
	}
}

func TestJobOfACaseOfOthersWaitsForThem(t *testing.T) {
	h := newHouse(t)
	other := evidence.Member{ID: evidence.NewID[evidence.MemberID]("mem"), Role: evidence.Reviewer} // sees no item that is in no case
	err := h.db.Update(t.Context(), h.member.ID, func(tx *store.Tx) error {
		tx.Record("member.add", string(other.ID))
		return tx.AddMember(&other)
	})
	if err != nil {
		t.Fatal(err)
	}
	h.ask(newItem())
	done := 0
	do := func(context.Context, evidence.ProposeMask, Progress) error { done++; return nil }
	theirs := h.crew(do)
	theirs.Actor, theirs.others = evidence.Actor{ID: other.ID, Role: evidence.Researcher}, 6*time.Second // less would be no wait to the engine
	if tally, err := theirs.Drain(t.Context()); err != nil || tally != (Tally{}) || done != 0 {
		t.Fatalf("they did %d of it: %+v %v", done, tally, err)
	}
	if j := h.only(store.JobWaits); j.Problem != nil {
		t.Fatalf("it counts as a try: %+v", j)
	}
	stop := h.started(h.crew(do))
	h.eventually("done", func() bool { return h.jobs()[0].State == store.JobDone })
	if err := stop(); err != nil || done != 1 {
		t.Fatalf("done %d times: %v", done, err)
	}
}

func TestCancelledJobDoesNotRun(t *testing.T) {
	h := newHouse(t)
	h.ask(newItem())
	j, err := Cancel(t.Context(), h.db, h.member, h.only(store.JobWaits).ID)
	if err != nil || j.State != store.JobCancelled {
		t.Fatalf("%+v: %v", j, err)
	}
	h.drain(func(context.Context, evidence.ProposeMask, Progress) error { t.Error("it ran"); return nil })
	var p *evidence.Problem
	if _, err := Cancel(t.Context(), h.db, h.member, j.ID); !errors.As(err, &p) || p.Code != "job.ended" {
		t.Fatalf("cancelled twice: %v", err)
	}
	if _, err := Cancel(t.Context(), h.db, h.member, 99); !errors.Is(err, evidence.ErrNotFound) {
		t.Fatalf("a job that is not there: %v", err)
	}
}

func TestCancelReachesAJobAtWork(t *testing.T) {
	h := newHouse(t)
	h.ask(newItem())
	c := h.crew(func(ctx context.Context, _ evidence.ProposeMask, p Progress) error {
		p("progress.detect", 3, 9)
		<-ctx.Done()
		return ctx.Err()
	})
	stop := h.started(c)
	h.eventually("work", func() bool { w := c.Working(); return len(w) == 1 && w[0].Done == 3 && w[0].Total == 9 })
	if _, err := Cancel(t.Context(), h.db, h.member, h.only(store.JobRuns).ID); err != nil {
		t.Fatal(err)
	}
	h.eventually("cancelled", func() bool { return h.jobs()[0].State == store.JobCancelled })
	if err := stop(); err != nil || len(c.Working()) != 0 {
		t.Fatalf("%v, %v", err, c.Working())
	}
}

func TestOnlyWhoPlansMasksMayDoJobsOrChangeThem(t *testing.T) {
	h := newHouse(t)
	h.ask(newItem())
	field := evidence.Actor{ID: h.member.ID, Role: evidence.Field}
	_, listed := List(t.Context(), h.db, field)
	_, retried := Retry(t.Context(), h.db, field, 1)
	_, cancelled := Cancel(t.Context(), h.db, field, 1)
	c := h.crew(func(context.Context, evidence.ProposeMask, Progress) error { t.Error("it ran"); return nil })
	c.Actor = field
	_, worked := c.Drain(t.Context())
	for _, err := range []error{listed, retried, cancelled, worked} {
		if !errors.Is(err, evidence.ErrForbidden) {
			t.Errorf("%v", err)
		}
	}
	h.only(store.JobWaits)
}

func TestCleanStopLetsGoAndCountsNoTry(t *testing.T) {
	h, id := newHouse(t), newItem()
	h.ask(id)
	var begun atomic.Int32
	for round := range int32(store.MaxTries + 2) {
		stop := h.started(h.crew(func(ctx context.Context, _ evidence.ProposeMask, _ Progress) error {
			begun.Add(1)
			<-ctx.Done()
			return ctx.Err()
		}))
		h.eventually("work", func() bool { return begun.Load() == round+1 })
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if j := h.only(store.JobWaits); j.Tries != 0 || j.Problem != nil {
			t.Fatalf("round %d: %+v", round, j)
		}
	}
}

func TestStopLeavesNoGoroutine(t *testing.T) {
	h := newHouse(t)
	round := func() {
		stop := h.started(h.crew(func(context.Context, evidence.ProposeMask, Progress) error { return nil }))
		h.ask(newItem())
		h.eventually("done", func() bool { jobs := h.jobs(); return jobs[len(jobs)-1].State == store.JobDone })
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	round() // what starts once and stays
	before := runtime.NumGoroutine()
	for range 3 {
		round()
	}
	h.eventually("goroutines end", func() bool { return runtime.NumGoroutine() <= before })
}

func TestSecondCrewSaysThatAnotherIsAtWorkOrWaits(t *testing.T) {
	h := newHouse(t)
	done := func(context.Context, evidence.ProposeMask, Progress) error { return nil }
	first := h.crew(done)
	stop := h.started(first)
	h.ask(newItem())
	h.eventually("at work", func() bool { return h.jobs()[0].State == store.JobDone })
	var p *evidence.Problem
	if _, err := h.crew(done).Drain(t.Context()); !errors.As(err, &p) || p.Code != "job.other_process" {
		t.Fatalf("a second crew: %v", err)
	}
	patient := h.crew(done)
	patient.Wait = true
	stopPatient := h.started(patient)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	h.ask(newItem())
	h.eventually("taken over", func() bool { return h.jobs()[1].State == store.JobDone })
	if err := stopPatient(); err != nil {
		t.Fatal(err)
	}
	impatient := h.crew(done)
	impatient.Wait = true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := impatient.Run(ctx); err != nil {
		t.Fatalf("told to stop before it began: %v", err)
	}
}

// The stages at which a process is killed.
var stages = []string{"begun", "worked", "committed"}

// child does jobs and stops still at one stage, for its parent to kill it there.
func child(dir, stage string) error {
	slot, err := os.ReadFile(filepath.Join(dir, "slot"))
	if err != nil {
		return err
	}
	identity, err := seal.OpenSlot(slot, []byte(words))
	if err != nil {
		return err
	}
	file, err := os.ReadFile(filepath.Join(dir, "root"))
	if err != nil {
		return err
	}
	root, _, err := seal.OpenFile(seal.VaultRoot, file, identity)
	if err != nil {
		return err
	}
	db, err := openAs(dir, root)
	if err != nil {
		return err
	}
	defer db.Close()
	at := func(s string) {
		if s == stage {
			fmt.Println(s)
			select {}
		}
	}
	by := evidence.MemberID(os.Getenv("MEMBER"))
	_, err = (&Crew{DB: db, Dir: dir, Actor: evidence.Actor{ID: by, Role: evidence.Researcher}, Works: []Work{On(func(ctx context.Context, job evidence.ProposeMask, _ Progress) error {
		at("begun")
		time.Sleep(20 * time.Millisecond)
		at("worked")
		if err := finish(ctx, db, by, job.Item); err != nil {
			return err
		}
		at("committed")
		return nil
	})}}).Drain(context.Background())
	return err
}

// killedAt runs a child until it is at a stage, and kills it there.
func (h *house) killedAt(stage string) {
	h.t.Helper()
	cmd := exec.Command(os.Args[0], "crew", h.dir, stage)
	cmd.Env = append(os.Environ(), "MEMBER="+string(h.member.ID))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err != nil || strings.TrimSpace(line) != stage {
		h.t.Fatalf("the child said %q: %v", line, err)
	}
}

// handKeys leaves the root for a child that knows the passphrase.
func (h *house) handKeys() {
	h.t.Helper()
	identity, err := seal.NewIdentity()
	if err != nil {
		h.t.Fatal(err)
	}
	slot, err1 := identity.MakeSlot([]byte(words))
	file, err2 := h.root.MakeFile(seal.VaultRoot, []string{identity.Recipient()})
	err = errors.Join(err1, err2, os.WriteFile(filepath.Join(h.dir, "slot"), slot, 0o600), os.WriteFile(filepath.Join(h.dir, "root"), file, 0o600))
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestKilledTwiceAtAnyStageTheJobEndsOnceAndSoon(t *testing.T) {
	h := newHouse(t)
	h.handKeys()
	for _, stage := range stages {
		id := newItem()
		h.ask(id)
		for range 2 {
			h.killedAt(stage)
			if jobs := h.jobs(); jobs[len(jobs)-1].State != store.JobRuns {
				t.Fatalf("killed at %s: %+v", stage, jobs[len(jobs)-1])
			}
		}
		began := time.Now()
		tally := h.drain(func(ctx context.Context, job evidence.ProposeMask, _ Progress) error {
			return finish(ctx, h.db, h.member.ID, job.Item)
		})
		jobs := h.jobs()
		if j := jobs[len(jobs)-1]; tally != (Tally{Done: 1}) || j.State != store.JobDone || j.Tries != 3 || h.results(id) != 1 {
			t.Errorf("killed twice at %s: %v, %d results, %+v", stage, tally, h.results(id), j)
		}
		if took := time.Since(began); took > 10*time.Second { // the engine alone would wait for an hour
			t.Errorf("killed at %s: resumed and done after %v", stage, took)
		}
	}
}

func TestJobThatKillsItsProcessIsNotTriedForEver(t *testing.T) {
	h := newHouse(t)
	h.handKeys()
	h.ask(newItem())
	for range store.MaxTries {
		h.killedAt("begun")
	}
	h.drain(func(context.Context, evidence.ProposeMask, Progress) error { t.Error("tried once more"); return nil })
	if j := h.only(store.JobFailed); j.Problem == nil || j.Problem.Code != "job.interrupted" {
		t.Fatalf("%+v", j)
	}
}

// What a job leaves in the database, read with the key as SQL sees it.
func TestJobRowsTellNothing(t *testing.T) {
	h, ids := newHouse(t), []evidence.ItemID{newItem(), newItem(), newItem(), newItem()}
	h.ask(ids...)
	h.drain(func(ctx context.Context, job evidence.ProposeMask, p Progress) error {
		p("Planted-Stage", 1, 2)
		switch job.Item {
		case ids[0]:
			panic(fmt.Sprint("Planted-Panic 김철수 ", ctx))
		case ids[1]:
			return &evidence.Problem{Code: "media.damaged", Args: []any{"Planted-File.mp4", []string{"목격자"}}, Err: errors.New("Planted-Cause")}
		case ids[2]:
			return errors.New("Planted-Error")
		}
		return fmt.Errorf("Planted-Gone: %w", evidence.ErrNotFound)
	})
	all := h.dump()
	for _, id := range ids {
		if !strings.Contains(all, string(id)) {
			t.Errorf("%s is not in what was read: this test looks at something else", id)
		}
	}
	for _, code := range []string{"job.broke", "media.damaged", "job.unforeseen", "job.gone"} {
		if !strings.Contains(all, code) {
			t.Errorf("%s is not in what was read", code)
		}
	}
	name, _ := os.Hostname()
	for _, mark := range []string{"Planted", "김철수", "목격자", "goroutine", h.dir, name} {
		if strings.Contains(all, mark) {
			t.Errorf("%q is in the job tables", mark)
		}
	}
}

// dump is every value in the tables of the engine.
func (h *house) dump() string {
	h.t.Helper()
	driver, connection, err := h.db.OpenJobs()
	if err != nil {
		h.t.Fatal(err)
	}
	defer connection.Close()
	ask := func(query string, args ...any) (out string) {
		if err := driver.GetExecutor().QueryRow(h.t.Context(), query, args...).Scan(&out); err != nil {
			h.t.Fatalf("%s: %v", query, err)
		}
		return out
	}
	var all strings.Builder
	tables := ask(`SELECT group_concat(name) FROM sqlite_master WHERE type = 'table' AND name LIKE 'river%'`)
	for _, table := range strings.Split(tables, ",") {
		columns := ask(`SELECT group_concat('coalesce(cast(' || name || ' AS TEXT), '''')', ' || ') FROM pragma_table_info(?)`, table)
		all.WriteString(ask(`SELECT coalesce(group_concat(` + columns + `), '') FROM ` + table))
	}
	return all.String()
}

func TestIdleCrewCostsNextToNothing(t *testing.T) {
	h := newHouse(t)
	stop := h.started(h.crew(func(context.Context, evidence.ProposeMask, Progress) error { return nil }))
	time.Sleep(time.Second) // it has begun
	before, began := spent(t), time.Now()
	time.Sleep(3 * time.Second)
	share := float64(spent(t)-before) / float64(time.Since(began))
	t.Logf("%.1f %% of one core", share*100)
	if share > .10 { // a busy machine doubles it
		t.Errorf("an idle crew takes %.1f %% of a core", share*100)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func spent(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
