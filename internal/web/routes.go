package web

import (
	"net/http"

	"safehouse/internal/access"
)

// A route is one row of the table of all pages: nothing answers that is not in it.
type route struct {
	pattern string
	action  access.Action        // what the member must be allowed to do
	handle  func(v *visit) error // for somebody who has entered
	anyone  func(v *visit)       // for everybody, also while the vault is locked
}

// routes is every page. Those of members are asked about by the table itself: a
// handler cannot forget it.
var routes = []route{
	{pattern: "GET /unlock", anyone: askPassphrase},
	{pattern: "POST /unlock", anyone: unlock},
	{pattern: "POST /lock", anyone: lock},
	{pattern: "POST /language", anyone: chooseLanguage},
	{pattern: "GET /static/{file}", anyone: sendStatic},
	{pattern: "GET /alive", anyone: alive},

	{pattern: "GET /{$}", action: everyMember, handle: home},
	{pattern: "GET /cases", action: access.ReadCase, handle: listCases},
	{pattern: "GET /cases/{id}", action: access.ReadCase, handle: showCase},
	{pattern: "GET /renditions/{id}", action: access.ReadDraft, handle: sendRendition},
	{pattern: "GET /releases/{id}/bundle", action: access.ReadDraft, handle: sendBundle},
	{pattern: "GET /handed-in", action: access.ReadHandedIn, handle: listHandedIn},
	{pattern: "GET /health", action: access.ReadJournal, handle: showHealth},
	{pattern: "/", action: everyMember, handle: nothing},
}

// everyMember is for pages that say nothing of the vault and are every member's.
const everyMember access.Action = ""

func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) {
			v := &visit{Server: s, w: w, r: req, say: printer(req)}
			if r.anyone != nil {
				r.anyone(v)
				return
			}
			s.member(v, r)
		})
	}
	return mux
}

// member answers somebody who has entered, and leads everybody else to the door.
func (s *Server) member(v *visit, r route) {
	leave, ok := s.door.enter(v)
	if !ok {
		http.Redirect(v.w, v.r, unlockPath(v.r), http.StatusSeeOther)
		return
	}
	defer leave()
	if r.action != everyMember {
		if err := access.Check(v.actor, r.action); err != nil {
			v.fail(err)
			return
		}
	}
	if err := r.handle(v); err != nil {
		v.fail(err)
	}
}
