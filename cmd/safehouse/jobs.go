package main

import (
	"context"
	"fmt"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/mask"
	"safehouse/internal/queue"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

type jobsCmd struct {
	List   jobsListCmd   `cmd:"" default:"1" help:"${help_jobs_list}"`
	Run    jobsRunCmd    `cmd:"" help:"${help_jobs_run}"`
	Retry  jobsRetryCmd  `cmd:"" help:"${help_jobs_retry}"`
	Cancel jobsCancelCmd `cmd:"" help:"${help_jobs_cancel}"`
}

// crew does the jobs of a vault in the name of a member who entered it. Show hears
// how far each is.
func crew(v *vault.Vault, actor evidence.Actor, d *mask.Desk, show mask.Progress) *queue.Crew {
	both := func(p queue.Progress) mask.Progress {
		return func(stage string, done, total int) {
			p(stage, done, total)
			show(stage, done, total)
		}
	}
	return &queue.Crew{DB: v.DB, Dir: v.Dir, Actor: actor, Works: []queue.Work{
		queue.On(func(ctx context.Context, job evidence.ProposeMask, p queue.Progress) error {
			_, err := d.ProposeOnce(ctx, actor, job.Item, both(p))
			return err
		}),
		queue.On(func(ctx context.Context, job evidence.MakePreview, p queue.Progress) error {
			_, err := d.Preview(ctx, actor, job.Plan, both(p))
			return err
		}),
	}}
}

type jobJSON struct {
	ID      int64          `json:"id"`
	Kind    string         `json:"kind"`
	Subject string         `json:"subject"`
	State   store.JobState `json:"state"`
	Tries   int            `json:"tries"`
	Asked   time.Time      `json:"asked"`
	Due     *time.Time     `json:"due,omitempty"`
	Ended   *time.Time     `json:"ended,omitempty"`
	Error   *jobErrorJSON  `json:"error,omitempty"` // of the last try that failed
}

type jobErrorJSON struct {
	Code     string `json:"code"`
	Sentence string `json:"sentence"`
}

func (a *app) showJob(j queue.Job) jobJSON {
	out := jobJSON{ID: j.ID, Kind: j.Kind, Subject: j.Subject, State: j.State, Tries: j.Tries, Asked: j.Asked}
	if j.State == store.JobAgain {
		out.Due = &j.Due
	}
	if !j.Ended.IsZero() {
		out.Ended = &j.Ended
	}
	if j.Problem != nil {
		out.Error = &jobErrorJSON{j.Problem.Code, a.sentence(j.Problem)}
	}
	return out
}

type jobsListCmd struct{}

func (c *jobsListCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		jobs, err := queue.List(a.ctx, v.DB, v.Actor)
		if err != nil {
			return err
		}
		out := each(jobs, a.showJob)
		return a.show(out, func() {
			if len(out) == 0 {
				a.line("job.none")
			}
			for _, j := range out {
				a.job(j)
			}
		})
	})
}

// job shows a job, and of one that is not done why and what to do.
func (a *app) job(j jobJSON) {
	a.line("job.row", j.ID, a.say.Say("job.is."+j.Kind), j.Subject, a.say.Say("job.state."+string(j.State)), j.Tries, j.Asked.Format(time.DateTime))
	if j.State == store.JobDone || j.Error == nil {
		return
	}
	fmt.Fprintf(a.out, "    %s\n", j.Error.Sentence)
	switch j.State {
	case store.JobAgain:
		a.line("job.row_due", j.Due.Format(time.DateTime))
	case store.JobFailed:
		a.line("job.row_retry", j.ID)
	}
}

type jobsRunCmd struct {
	UntilEmpty bool `help:"${help_jobs_until_empty}"`
}

func (c *jobsRunCmd) Run(a *app) error {
	return a.desk(func(v *vault.Vault, d *mask.Desk) error {
		steps := a.steps()
		defer steps.done()
		crew := crew(v, v.Actor, d, steps.at)
		if !c.UntilEmpty {
			return crew.Run(a.ctx)
		}
		tally, err := crew.Drain(a.ctx)
		if err != nil {
			return err
		}
		steps.done()
		err = a.show(tally, func() { a.line("job.tally", tally.Done, tally.Failed) })
		if err == nil && tally.Failed > 0 {
			err = &evidence.Problem{Code: "job.some_failed", Args: []any{tally.Failed}}
		}
		return err
	})
}

type jobsRetryCmd struct {
	Job int64 `arg:"" help:"${help_jobs_id}"`
}

func (c *jobsRetryCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		j, err := queue.Retry(a.ctx, v.DB, v.Actor, c.Job)
		if err != nil {
			return err
		}
		return a.show(a.showJob(j), func() { a.line("job.retried", j.ID) })
	})
}

type jobsCancelCmd struct {
	Job int64 `arg:"" help:"${help_jobs_id}"`
}

func (c *jobsCancelCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		j, err := queue.Cancel(a.ctx, v.DB, v.Actor, c.Job)
		if err != nil {
			return err
		}
		return a.show(a.showJob(j), func() { a.line("job.cancelled", j.ID) })
	})
}
