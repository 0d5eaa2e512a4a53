package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"safehouse/internal/evidence"
)

// Jobs lie in tables of the engine that runs them (River), in the same database:
// so one transaction holds the data and the job that it asks for. This file asks
// for jobs and shows them; package queue does them.

// MaxTries is how often a job is tried before it counts as failed.
const MaxTries = 3

// The engine's tables are our migration 2. A newer engine that wants other tables
// gets a migration of its own: a test compares.
const (
	jobsMigration = 2
	jobsSchema    = 8 // the engine's own count
)

// An engine asks for jobs within our transactions. It has no connection of its own
// and starts nothing.
type engine = JobClient

func newEngine() (*engine, error) {
	return river.NewClient(riversqlite.New(nil), &river.Config{
		Logger:      slog.New(slog.DiscardHandler),
		MaxAttempts: MaxTries,
	})
}

// migrateJobs makes the engine's tables. It has its own steps; interrupted between
// two it goes on from there.
func migrateJobs(ctx context.Context, db *sql.DB) error {
	m, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: jobsSchema})
	return err
}

// The engine's own types, for package queue alone.
type (
	JobDriver = riverdriver.Driver[*sql.Tx]
	JobClient = river.Client[*sql.Tx]
)

// OpenJobs gives the engine that does jobs a connection of its own: one, since it
// calls itself from many sides and SQLite has one writer. Only package queue uses
// it. Close it when the engine has stopped.
func (db *DB) OpenJobs() (JobDriver, io.Closer, error) {
	b, err := db.again()
	if err != nil {
		return nil, nil, fmt.Errorf("open the database for jobs: %w", err)
	}
	b.DB.SetMaxOpenConns(1)
	return riversqlite.New(b.DB), b, nil
}

// Enqueue asks for a job: it is there if this transaction commits, and only then.
// While one of the same kind about the same thing waits or is at work, that one is
// enough.
func (tx *Tx) Enqueue(job evidence.Job) error {
	if err := idsOnly(job); err != nil {
		return fmt.Errorf("enqueue %s: %w", job.Kind(), err)
	}
	_, err := tx.engine.InsertTx(tx.ctx, tx.tx.Tx, job, &river.InsertOpts{UniqueOpts: river.UniqueOpts{
		ByArgs: true,
		ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateScheduled,
			rivertype.JobStateRetryable, rivertype.JobStateRunning,
		},
	}})
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", job.Kind(), err)
	}
	return nil
}

// errTelling is a job that would tell something to whoever reads it.
var errTelling = errors.New("a job holds IDs and numbers only")

// idsOnly looks at every field of a job: its type, and that an ID is one.
func idsOnly(job evidence.Job) error {
	v := reflect.ValueOf(job)
	if v.Kind() != reflect.Struct {
		return errTelling
	}
	for i := range v.NumField() {
		f := v.Field(i)
		switch {
		case isID(f.Type()) && evidence.KnownID(f.String()):
		case f.CanInt(), f.CanUint(), f.CanFloat(), f.Kind() == reflect.Bool:
		default:
			return fmt.Errorf("%s: %w", v.Type().Field(i).Name, errTelling)
		}
	}
	return nil
}

func isID(t reflect.Type) bool {
	return t.Kind() == reflect.String && strings.HasSuffix(t.Name(), "ID") && t.PkgPath() == reflect.TypeFor[evidence.ItemID]().PkgPath()
}

// A JobState says how far a job is. It is a key of the catalogues under "job.state.".
type JobState string

// The states of a job.
const (
	JobWaits     JobState = "waits"
	JobRuns      JobState = "runs"
	JobAgain     JobState = "again" // it failed and will be tried again
	JobDone      JobState = "done"
	JobFailed    JobState = "failed" // MaxTries times: a person has to look
	JobCancelled JobState = "cancelled"
)

var jobStates = map[rivertype.JobState]JobState{
	rivertype.JobStateAvailable: JobWaits, rivertype.JobStatePending: JobWaits, rivertype.JobStateScheduled: JobWaits,
	rivertype.JobStateRunning: JobRuns, rivertype.JobStateRetryable: JobAgain, rivertype.JobStateCompleted: JobDone,
	rivertype.JobStateDiscarded: JobFailed, rivertype.JobStateCancelled: JobCancelled,
}

// A Job is one as the list shows it. Error is what package queue wrote of the last
// try that failed: a code and IDs.
type Job struct {
	ID      int64
	Kind    string
	Subject string // the first ID that it is about
	State   JobState
	Tries   int
	Asked   time.Time
	Due     time.Time // the earliest time of the next try
	Ended   time.Time
	Error   string
}

// maxJobs is the longest list: the newest.
const maxJobs = 1000

// Jobs gives the jobs about what the actor may see, oldest first.
func (v *View) Jobs() ([]Job, error) {
	list, err := v.engine.JobListTx(v.ctx, v.tx.Tx, river.NewJobListParams().
		OrderBy(river.JobListOrderByID, river.SortOrderDesc).First(maxJobs))
	if err != nil {
		return nil, fmt.Errorf("list the jobs: %w", err)
	}
	out := []Job{}
	for _, row := range slices.Backward(list.Jobs) {
		j := jobOf(row)
		switch err := v.seesSubject(j.Subject); {
		case err == nil:
			out = append(out, j)
		case !errors.Is(err, evidence.ErrNotFound):
			return nil, err
		}
	}
	return out, nil
}

// subjects are the tables that a job may be about a row of, by the prefix of its ID.
var subjects = map[string]string{"itm": "items", "pln": "plans"}

// seesSubject returns ErrNotFound unless the actor may see what a job is about.
func (v *View) seesSubject(id string) error {
	prefix, _, _ := strings.Cut(id, "_")
	table, ok := subjects[prefix]
	if !ok {
		return fmt.Errorf("%s: %w", id, evidence.ErrNotFound)
	}
	return v.sees(table, id)
}

// Job gives one job about what the actor may see.
func (v *View) Job(id int64) (Job, error) {
	row, err := v.engine.JobGetTx(v.ctx, v.tx.Tx, id)
	if errors.Is(err, rivertype.ErrNotFound) {
		err = evidence.ErrNotFound
	}
	if err != nil {
		return Job{}, fmt.Errorf("job %d: %w", id, err)
	}
	j := jobOf(row)
	if err := v.seesSubject(j.Subject); err != nil {
		return Job{}, fmt.Errorf("job %d: %w", id, evidence.ErrNotFound)
	}
	return j, nil
}

func jobOf(row *rivertype.JobRow) Job {
	j := Job{
		ID: row.ID, Kind: row.Kind, Subject: subject(row.EncodedArgs), State: jobStates[row.State], Tries: row.Attempt,
		Asked: row.CreatedAt.UTC(), Due: row.ScheduledAt.UTC(),
	}
	if j.State == JobWaits && len(row.Errors) > 0 {
		j.State = JobAgain // the engine knows a short wait by another name
	}
	if row.FinalizedAt != nil {
		j.Ended = row.FinalizedAt.UTC()
	}
	if n := len(row.Errors); n > 0 {
		j.Error = row.Errors[n-1].Error
	}
	return j
}

// subject is the first ID among a job's arguments, in the order of its fields.
func subject(args []byte) string {
	for d := json.NewDecoder(bytes.NewReader(args)); ; {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		if s, ok := token.(string); ok && evidence.KnownID(s) {
			return s
		}
	}
}

// RetryJob lets a job be tried once more, at once.
func (tx *Tx) RetryJob(id int64) (Job, error) {
	j, err := tx.Job(id)
	if err != nil {
		return j, err
	}
	if j.State == JobRuns || j.State == JobWaits || j.State == JobDone {
		return j, &evidence.Problem{Code: "job.no_retry", Args: []any{id}}
	}
	row, err := tx.engine.JobRetryTx(tx.ctx, tx.tx.Tx, id)
	if err != nil {
		return j, fmt.Errorf("retry job %d: %w", id, err)
	}
	return jobOf(row), nil
}

// CancelJob ends a job: at once when it waits, soon when it is at work.
func (tx *Tx) CancelJob(id int64) (Job, error) {
	j, err := tx.Job(id)
	if err != nil {
		return j, err
	}
	if !j.Ended.IsZero() {
		return j, &evidence.Problem{Code: "job.ended", Args: []any{id}}
	}
	row, err := tx.engine.JobCancelTx(tx.ctx, tx.tx.Tx, id)
	if err != nil {
		return j, fmt.Errorf("cancel job %d: %w", id, err)
	}
	return jobOf(row), nil
}
