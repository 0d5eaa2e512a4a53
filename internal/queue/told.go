package queue

import (
	"encoding/json"
	"errors"
	"strings"

	"safehouse/internal/evidence"
)

// A told is what is kept of an error: its code, and of its arguments the IDs and
// numbers. All else may be content.
type told struct {
	Code string `json:"code"`
	Args []any  `json:"args,omitempty"`
}

// Error is what the engine writes down.
func (t told) Error() string {
	b, _ := json.Marshal(t) // strings and numbers always encode
	return string(b)
}

// unknown is the code of what is no Problem.
const unknown = "job.unforeseen"

// hidden stands for an argument that is not kept.
const hidden = "…"

func tell(err error) told {
	var p *evidence.Problem
	switch {
	case errors.As(err, &p):
	case errors.Is(err, evidence.ErrNotFound):
		return told{Code: "job.gone"}
	case errors.Is(err, evidence.ErrForbidden):
		return told{Code: "job.forbidden"}
	default:
		return told{Code: unknown}
	}
	t := told{Code: p.Code}
	for _, a := range p.Args {
		t.Args = append(t.Args, harmless(a))
	}
	return t
}

// harmless keeps an ID or a number.
func harmless(arg any) any {
	b, err := json.Marshal(arg)
	if err != nil {
		return hidden
	}
	var plain any
	if err := json.Unmarshal(b, &plain); err != nil {
		return hidden
	}
	switch v := plain.(type) {
	case float64, bool:
		return v
	case string:
		if evidence.KnownID(v) {
			return v
		}
	}
	return hidden
}

// problem reads what was written down. The engine's own words, of a job that was
// cancelled at work or that no worker knows, are not repeated.
func problem(s string) *evidence.Problem {
	if s == "" {
		return nil
	}
	var t told
	start := strings.IndexByte(s, '{') // the engine may put a word of its own before it
	if start < 0 || json.Unmarshal([]byte(s[start:]), &t) != nil || t.Code == "" {
		return &evidence.Problem{Code: unknown}
	}
	return &evidence.Problem{Code: t.Code, Args: t.Args}
}
