package evidence

import (
	"errors"
	"fmt"
)

// A Problem is something that a person can act on. Code is a key of the
// catalogues in internal/locale, where the sentence is; Args fill its places and
// never hold a Secret. Err is the cause, for the log.
type Problem struct {
	Code string
	Args []any
	Err  error
}

// Error shows the code and the arguments, for logs and tests; people are shown
// the catalogue's sentence.
func (p *Problem) Error() string {
	s := p.Code
	if len(p.Args) > 0 {
		s += fmt.Sprintf(" %v", p.Args)
	}
	if p.Err != nil {
		s += ": " + p.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Err }

// A Refusal is the wrong side of a check that ran: the command ends with status
// 3 where something was found, 4 where something could not be read.
type Refusal struct {
	*Problem
	Status int
}

// Unwrap gives the problem.
func (r *Refusal) Unwrap() error { return r.Problem }

var (
	// ErrNotFound is returned for what does not exist.
	ErrNotFound = errors.New("not found")
	// ErrForbidden is returned for what the actor may not do. From outside it
	// must look like ErrNotFound wherever existence itself tells something.
	ErrForbidden = errors.New("forbidden")
)
