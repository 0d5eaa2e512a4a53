package queue

import (
	"context"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
)

// A Job is one in the list, with why its last try failed.
type Job struct {
	store.Job
	Problem *evidence.Problem // nil: none did
}

// List gives the jobs, oldest first.
func List(ctx context.Context, db *store.DB, actor evidence.Actor) ([]Job, error) {
	if err := access.Check(actor, access.ReadItem); err != nil {
		return nil, err
	}
	var jobs []store.Job
	err := db.View(ctx, actor.ID, func(v *store.View) (err error) {
		jobs, err = v.Jobs()
		return err
	})
	out := make([]Job, len(jobs))
	for i, j := range jobs {
		out[i] = read(j)
	}
	return out, err
}

func read(j store.Job) Job { return Job{j, problem(j.Error)} }

// Retry lets a job that failed or was cancelled be tried once more, at once.
func Retry(ctx context.Context, db *store.DB, actor evidence.Actor, id int64) (Job, error) {
	return change(ctx, db, actor, "job.retry", func(tx *store.Tx) (store.Job, error) { return tx.RetryJob(id) })
}

// Cancel ends a job: at once when it waits, soon when it is at work.
func Cancel(ctx context.Context, db *store.DB, actor evidence.Actor, id int64) (Job, error) {
	return change(ctx, db, actor, "job.cancel", func(tx *store.Tx) (store.Job, error) { return tx.CancelJob(id) })
}

func change(ctx context.Context, db *store.DB, actor evidence.Actor, action string, f func(tx *store.Tx) (store.Job, error)) (Job, error) {
	if err := access.Check(actor, access.PlanMask); err != nil {
		return Job{}, err
	}
	var j store.Job
	err := db.Update(ctx, actor.ID, func(tx *store.Tx) (err error) {
		if j, err = f(tx); err != nil {
			return err
		}
		tx.Record(action, j.Subject)
		return nil
	})
	return read(j), err
}
