package queue

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
	"golang.org/x/sys/unix"

	"safehouse/internal/evidence"
	"safehouse/internal/store"
)

// lockFile is held by the process that does jobs. The kernel lets go of it when that
// process ends, however it ends.
const lockFile = "jobs.lock"

// lock takes the lock. When another process holds it the crew waits for it, or says
// so. Nil and no error mean that ctx ended first.
func (c *Crew) lock(ctx context.Context) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(c.Dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return f, nil
		case err == unix.EINTR:
			continue
		case err != unix.EWOULDBLOCK:
			f.Close()
			return nil, err
		case !c.Wait:
			f.Close()
			return nil, &evidence.Problem{Code: "job.other_process"}
		}
		select {
		case <-ctx.Done():
			return nil, f.Close()
		case <-time.After(lookEvery):
		}
	}
}

// resume lets go of what a process left that died at work: only one is at work at a
// time, and we are it. A job that died store.MaxTries times has failed: it may be
// what kills.
func resume(ctx context.Context, driver store.JobDriver) error {
	tx, err := driver.GetExecutor().Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx) //nolint:errcheck // after a commit it does nothing
	now := time.Now()
	left, err := tx.JobGetStuck(ctx, &riverdriver.JobGetStuckParams{Max: 1000, StuckHorizon: now.Add(never)})
	if err != nil {
		return err
	}
	rescue := riverdriver.JobRescueManyParams{StuckHorizon: now.Add(never)}
	for _, job := range left {
		if err := release(&rescue, job, now); err != nil {
			return err
		}
	}
	if len(left) > 0 {
		if _, err := tx.JobRescueMany(ctx, &rescue); err != nil {
			return err
		}
	}
	ever := now.Add(never)
	if _, err := tx.LeaderDeleteExpired(ctx, &riverdriver.LeaderDeleteExpiredParams{Now: &ever}); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// release says what becomes of a job that was at work when its process died.
func release(r *riverdriver.JobRescueManyParams, job *rivertype.JobRow, now time.Time) error {
	state, ended := rivertype.JobStateAvailable, (*time.Time)(nil)
	var asked struct {
		Cancel string `json:"cancel_attempted_at"` // the engine's own mark
	}
	if err := json.Unmarshal(job.Metadata, &asked); err != nil {
		return err
	}
	switch {
	case asked.Cancel != "":
		state, ended = rivertype.JobStateCancelled, &now
	case job.Attempt >= job.MaxAttempts:
		state, ended = rivertype.JobStateDiscarded, &now
	}
	said, err := json.Marshal(rivertype.AttemptError{At: now, Attempt: job.Attempt, Error: told{Code: "job.interrupted"}.Error()})
	if err != nil {
		return err
	}
	r.ID = append(r.ID, job.ID)
	r.Error = append(r.Error, said)
	r.FinalizedAt = append(r.FinalizedAt, ended)
	r.ScheduledAt = append(r.ScheduledAt, now)
	r.State = append(r.State, string(state))
	return nil
}
