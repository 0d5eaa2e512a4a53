// Package queue does the jobs that stages ask for. A job is committed together
// with the data that asks for it ([store.Tx.Enqueue]), so that none is lost and none
// is done for what never happened.
//
// It promises this. One process at a time does the jobs of a vault. What it was
// doing when it died is begun again as soon as the next one starts, so work must be
// the same done twice: it commits its result in one Update that looks whether the
// result is there already. A job that fails is tried again after growing waits,
// store.MaxTries times in all, and then stands in the list as failed until a person
// looks. The list shows a member only jobs about what they may see. A job and its
// error hold IDs, numbers and codes of the catalogues, never content. A clean stop
// lets go of what is at work and does not count it as a try.
//
// It knows nothing of the stages: main gives it a function for each kind of job. On
// disk it has the engine's tables in safehouse.db, and jobs.lock, which is empty.
package queue

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
)

// A Crew does the jobs of one vault. It is at work once: in Run or in Drain.
type Crew struct {
	DB    *store.DB
	Dir   string         // the vault's folder: the lock lies there
	Actor evidence.Actor // in whose name the work is done
	Works []Work         // one for each kind of job
	Wait  bool           // for another process that is at work, and not give up

	mu      sync.Mutex
	working map[int64]Working // guarded by mu
	tally   Tally             // guarded by mu

	retry  func(tries int) time.Duration // tests are in a hurry; nil: after
	others time.Duration                 // and here too; 0: forOthers
}

// A Tally counts what a crew did.
type Tally struct {
	Done   int `json:"done"`
	Failed int `json:"failed"` // for good
}

// lookEvery is how often the engine looks for jobs: often enough that one begins at
// once to a person's eye, and seldom enough that looking costs next to nothing. It
// could be told of new ones instead, but asks the database for that 20 times a second.
const lookEvery = 200 * time.Millisecond

// How long jobs stay in the list when they have ended.
const (
	keepDone   = 24 * time.Hour
	keepFailed = 90 * 24 * time.Hour
)

// never is longer than any job takes: the engine must not take one for lost, as only
// we know whether it is.
const never = 10 * 365 * 24 * time.Hour

// patience is how long a stop waits for work to let go.
const patience = 30 * time.Second

// after is how long a failed job waits for its next try.
func after(tries int) time.Duration {
	if tries <= 1 {
		return 15 * time.Second
	}
	return 2 * time.Minute
}

// Run does jobs until ctx ends, and returns nil then.
func (c *Crew) Run(ctx context.Context) error {
	return c.work(ctx, func(riverdriver.Executor) error {
		<-ctx.Done()
		return nil
	})
}

// Drain does jobs until none is left that waits, will be tried again or is at work.
func (c *Crew) Drain(ctx context.Context) (Tally, error) {
	err := c.work(ctx, func(jobs riverdriver.Executor) error { return drained(ctx, jobs) })
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tally, err
}

func drained(ctx context.Context, jobs riverdriver.Executor) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		n, err := jobs.JobCountByAllStates(ctx, &riverdriver.JobCountByAllStatesParams{})
		if err != nil {
			return fmt.Errorf("count the jobs: %w", err)
		}
		left := 0
		for _, state := range unfinished {
			left += n[state]
		}
		if left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// unfinished are the states of a job that is still to be done. Scheduled is not one of
// them: such a job waits for somebody else, see forOthers.
var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning,
}

// work has the engine do jobs while until runs.
func (c *Crew) work(ctx context.Context, until func(riverdriver.Executor) error) (err error) {
	if err := access.Check(c.Actor, access.PlanMask); err != nil {
		return err // or each job would fail of it
	}
	lock, err := c.lock(ctx)
	if err != nil || lock == nil {
		return err
	}
	defer lock.Close()
	driver, connection, err := c.DB.OpenJobs()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	lasting := context.WithoutCancel(ctx) // what is at work is let go in order, see below
	if err := resume(lasting, driver); err != nil {
		return fmt.Errorf("resume the jobs: %w", err)
	}
	client, err := c.client(driver)
	if err != nil {
		return err
	}
	if err := client.Start(lasting); err != nil {
		return fmt.Errorf("start the jobs: %w", err)
	}
	err = until(driver.GetExecutor())
	lasting, cancel := context.WithTimeout(lasting, patience)
	defer cancel()
	return errors.Join(err, client.StopAndCancel(lasting))
}

func (c *Crew) client(driver store.JobDriver) (*store.JobClient, error) {
	workers := river.NewWorkers()
	for _, w := range c.Works {
		if err := w.add(c, workers); err != nil {
			return nil, err
		}
	}
	return river.NewClient(driver, &river.Config{
		ID:                          rand.Text(), // the engine's own choice would name this machine
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 1}},
		Workers:                     workers,
		FetchCooldown:               10 * time.Millisecond,
		FetchPollInterval:           lookEvery,
		JobTimeout:                  -1, // a long recording takes long; who decodes it has a watch of its own
		RescueStuckJobsAfter:        never,
		MaxAttempts:                 store.MaxTries,
		RetryPolicy:                 c,
		CompletedJobRetentionPeriod: keepDone,
		CancelledJobRetentionPeriod: keepDone,
		DiscardedJobRetentionPeriod: keepFailed,
		PollOnly:                    true,
		Logger:                      slog.New(slog.DiscardHandler), // it would speak English to people; what matters is in the list
	})
}

// NextRetry is when the engine tries a failed job again.
func (c *Crew) NextRetry(job *rivertype.JobRow) time.Time {
	wait := c.retry
	if wait == nil {
		wait = after
	}
	return time.Now().Add(wait(job.Attempt))
}

// A Working is a job at work in this process. Stage is a key of the catalogues.
type Working struct {
	Job         int64
	Kind, Stage string
	Done, Total int
}

// Working lists what is at work now.
func (c *Crew) Working() []Working {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []Working{}
	for _, w := range c.working {
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b Working) int { return int(a.Job - b.Job) })
	return out
}

func (c *Crew) at(w Working) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.working == nil {
		c.working = make(map[int64]Working)
	}
	c.working[w.Job] = w
}

// ended notes how a try ended: last says that there is no other.
func (c *Crew) ended(id int64, err error, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.working, id)
	switch {
	case err == nil:
		c.tally.Done++
	case last:
		c.tally.Failed++
	}
}

// A Work does one kind of job.
type Work struct {
	add func(c *Crew, workers *river.Workers) error
}

// Progress hears how far the work is: a key of the catalogues, and steps.
type Progress func(stage string, done, total int)

// On does each job of a kind by do. It may be called again for a job that it did,
// and must let go when ctx ends.
func On[J evidence.Job](do func(ctx context.Context, job J, progress Progress) error) Work {
	return Work{func(c *Crew, workers *river.Workers) error {
		return river.AddWorkerSafely(workers, &worker[J]{crew: c, do: do})
	}}
}

type worker[J evidence.Job] struct {
	river.WorkerDefaults[J]
	crew *Crew
	do   func(ctx context.Context, job J, progress Progress) error
}

// Work is called by the engine.
func (w *worker[J]) Work(ctx context.Context, job *river.Job[J]) error {
	return w.crew.try(ctx, job.JobRow, func(progress Progress) error { return w.do(ctx, job.Args, progress) })
}

// forOthers is how long a job about a case that we are not in waits until somebody
// looks at it again: it is for a crew of that case's members, and no try of ours counts.
const forOthers = time.Minute

// ours says whether whoever we work for may see what a job is about.
func (c *Crew) ours(ctx context.Context, id int64) (bool, error) {
	err := c.DB.View(ctx, c.Actor.ID, func(v *store.View) error {
		_, err := v.Job(id)
		return err
	})
	if errors.Is(err, evidence.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (c *Crew) try(ctx context.Context, row *rivertype.JobRow, do func(Progress) error) error {
	switch ours, err := c.ours(ctx, row.ID); {
	case err != nil:
		return tell(err)
	case !ours:
		return river.JobSnooze(cmp.Or(c.others, forOthers))
	}
	at := Working{Job: row.ID, Kind: row.Kind}
	c.at(at)
	err := whole(func() error {
		return do(func(stage string, done, total int) {
			at.Stage, at.Done, at.Total = stage, done, total
			c.at(at)
		})
	})
	if err != nil && ctx.Err() != nil {
		c.ended(row.ID, err, false)
		return context.Canceled // the engine knows why: we stop, or somebody cancelled the job
	}
	c.ended(row.ID, err, row.Attempt >= row.MaxAttempts)
	if err == nil {
		return nil
	}
	told := tell(err)
	if told.Code == unknown {
		slog.Warn("a job failed", "job", row.ID, "kind", row.Kind, "err", err) // the list has no more than "unforeseen"
	}
	return told // of ErrNotFound too: it may be there, and only not for whom we work
}

// errPanicked is work that broke down. What it said is not kept: it may be content.
var errPanicked = &evidence.Problem{Code: "job.broke"}

// whole turns a panic into an error.
func whole(do func() error) (err error) {
	defer func() {
		if recover() != nil {
			slog.Error("a job broke down", "at", where())
			err = errPanicked
		}
	}()
	return do()
}

// where is the line that panicked, asked by the function that recovers.
func where() string {
	calls := make([]uintptr, 16)
	frames := runtime.CallersFrames(calls[:runtime.Callers(3, calls)])
	for {
		f, more := frames.Next()
		if !more || !strings.HasPrefix(f.Function, "runtime.") {
			return fmt.Sprint(f.Function, ":", f.Line)
		}
	}
}
