package web

import (
	"net/http"
)

type part struct {
	Name   string
	Detail string
	Fault  string // a sentence; empty where it is there
}

// showHealth shows what this machine has for masking, and how far it confines the
// process that opens recordings.
func showHealth(v *visit) error {
	var parts []part
	for _, p := range v.Machine(v.r.Context()) {
		out := part{Name: p.Name, Detail: p.Detail}
		if p.Err != nil {
			out.Fault = v.sentence(p.Err)
		}
		parts = append(parts, out)
	}
	v.show(http.StatusOK, "health", "web.health_title", parts)
	return nil
}
