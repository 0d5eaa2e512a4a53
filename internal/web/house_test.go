package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"safehouse/internal/casefile"
	"safehouse/internal/evidence"
	"safehouse/internal/followup"
	"safehouse/internal/intake"
	"safehouse/internal/release"
	"safehouse/internal/review"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

const (
	firstWords  = "correct horse battery staple"
	secondWords = "another long passphrase here"
)

// planted are names and notes that no answer may ever hold.
var planted = []string{"Planted-Admin", "Planted-Second", "Planted-Person", "박심은", "Planted-Group", "Planted-Source", "Planted-File", "Planted-From", "Planted-Note", "Planted-Reason", "Planted-Speaker"}

// script is stored in every field that pages show.
const script = `<script>document.title="ran"</script><img src=x onerror="document.title='ran'">`

// A house is a vault in a folder: a case that went all the way from a film to a
// bundle, and another that only its opener is in.
type house struct {
	dir, bundles string
	members      map[evidence.Role]evidence.MemberID // one of each role, all in the case but the one in the field
	stranger     evidence.MemberID                   // a reviewer who is in no case
	cs, other    evidence.CaseID
	items        []evidence.ItemID
	clip, page   evidence.RenditionID
	foreign      evidence.RenditionID // in the other case
	rel          evidence.ReleaseID
	plan         evidence.Plan
	film         []byte
}

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// film makes a small film.
func film(t testing.TB) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "film.mp4")
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=2", "-c:v", "libx264",
		"-pix_fmt", "yuv420p", "-movflags", "+faststart", name)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v %s", err, out)
	}
	return must(os.ReadFile(name))(t)
}

func build(t testing.TB) *house {
	t.Helper()
	ctx := context.Background()
	h := &house{dir: filepath.Join(t.TempDir(), "data"), bundles: t.TempDir(), members: make(map[evidence.Role]evidence.MemberID), film: film(t)}
	if err := vault.Found(ctx, h.dir, "safehouse/test", false, &evidence.Member{Name: evidence.Protect("Planted-Admin")}, evidence.Protect(firstWords)); err != nil {
		t.Fatal(err)
	}
	v := must(vault.Enter(ctx, h.dir, "", evidence.Protect(firstWords)))(t)
	defer v.Close()
	h.team(ctx, t, v)
	h.fill(ctx, t, v)
	h.hide(ctx, t, v)
	return h
}

func (h *house) team(ctx context.Context, t testing.TB, v *vault.Vault) {
	second := evidence.Member{Name: evidence.Protect("Planted-Second"), Role: evidence.Reviewer}
	if err := v.AddMember(ctx, &second, evidence.Protect(secondWords)); err != nil {
		t.Fatal(err)
	}
	h.members[evidence.Administrator], h.members[evidence.Reviewer] = v.Actor.ID, second.ID
	err := v.DB.Update(ctx, v.Actor.ID, func(tx *store.Tx) error {
		var errs []error
		for _, role := range []evidence.Role{evidence.Researcher, evidence.Field, evidence.Reviewer} {
			m := evidence.Member{ID: evidence.NewID[evidence.MemberID]("mem"), Name: evidence.Protect("Planted-Second"), Role: role}
			if _, ok := h.members[role]; ok {
				h.stranger = m.ID
			} else {
				h.members[role] = m.ID
			}
			tx.Record("member.add", string(m.ID))
			errs = append(errs, tx.AddMember(&m))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) fill(ctx context.Context, t testing.TB, v *vault.Vault) {
	cab := &casefile.Cabinet{DB: v.DB, Originals: v.Originals}
	cs := must(cab.NewCase(ctx, v.Actor, evidence.Case{Ref: "NK-2017-04", Title: evidence.Protect("Eight " + script), Priority: "urgent"}))(t)
	h.cs = cs.ID
	for _, role := range []evidence.Role{evidence.Researcher, evidence.Reviewer} {
		if err := cab.AddMember(ctx, v.Actor, string(cs.ID), h.members[role]); err != nil {
			t.Fatal(err)
		}
	}
	desk := &intake.Desk{DB: v.DB, Originals: v.Originals}
	for name, content := range map[string]string{"Planted-File.mp4": string(h.film), "Planted-File.txt": "They were detained on Monday."} {
		got := must(desk.Receive(ctx, v.Actor, intake.Parcel{Case: cs.ID, Name: name, From: "Planted-From", Content: strings.NewReader(content)}))(t)
		h.items = append(h.items, got.Item.ID)
	}
	c := must(v.Originals.Open(ctx, v.Actor, h.items[0], "Planted-Reason"))(t)
	c.Close()
	names := []evidence.Name{{Text: evidence.Protect("박심은")}, {Text: evidence.Protect("Planted-Person")}}
	p := must(cab.NewPerson(ctx, v.Actor, evidence.Person{Case: cs.ID, Pseudonym: "the driver " + script, Names: names, Note: evidence.Protect("Planted-Note")}))(t)
	g := must(cab.NewGroup(ctx, v.Actor, evidence.Group{Case: cs.ID, Label: "the people in the vehicle " + script, Min: 7, Max: 8,
		Names: []evidence.Name{{Text: evidence.Protect("Planted-Group")}}}))(t)
	src := must(cab.NewSource(ctx, v.Actor, evidence.Source{Case: cs.ID, Name: evidence.Protect("Planted-Source"), Public: "a go-between " + script,
		Protected: true, Reliability: "unsure"}))(t)
	when := evidence.When{Words: "mid-March 2017 " + script, Language: "en", EDTF: "2017-03-11~/2017-03-20~" + script, Earliest: "2017-03-11", Latest: "2017-03-20"}
	plain := must(cab.NewSource(ctx, v.Actor, evidence.Source{Case: cs.ID, Public: "a newspaper", Reliability: "likely_reliable"}))(t)
	claims := []evidence.Claim{
		{ID: evidence.NewID[evidence.ClaimID]("clm"), Case: cs.ID, Source: src.ID, Item: h.items[1], Span: evidence.Span{0, 29}, Form: evidence.Asserts,
			SaidWhen: when, Speaker: evidence.Protect("Planted-Speaker"), Content: evidence.Protect("they were detained " + script), By: v.Actor.ID},
		{ID: evidence.NewID[evidence.ClaimID]("clm"), Case: cs.ID, Source: plain.ID, Item: h.items[1], Span: evidence.Span{5, 18}, Form: evidence.NotAware,
			SaidWhen: evidence.When{Words: "월요일", Language: "ko", Earliest: "2017-04-24", Latest: "2017-04-24"}, Content: evidence.Protect("구금되었다"), By: v.Actor.ID},
	}
	h.masks(ctx, t, v, claims)
	watch := &followup.Watch{DB: v.DB}
	must(watch.SetStatus(ctx, v.Actor, evidence.Status{Subject: string(g.ID), Code: "detained_undisclosed", Since: when, AtRisk: true, RefoulExpected: when,
		Next: "2017-05-15", Note: evidence.Protect("Planted-Note"), Claims: []evidence.ClaimID{claims[0].ID}}))(t)
	must(watch.SetStatus(ctx, v.Actor, evidence.Status{Subject: string(p.ID), Code: "in_hiding", Next: "2099-01-01"}))(t)
	h.publish(ctx, t, v, claims[1].ID)
	must(cab.NewCase(ctx, v.Actor, evidence.Case{Ref: "OTHER", Title: evidence.Protect("The other one"), Priority: "low"}))(t)
}

// masks stores a plan and what was burned in by it, as the mask desk does after its
// work.
func (h *house) masks(ctx context.Context, t testing.TB, v *vault.Vault, claims []evidence.Claim) {
	plan := evidence.Plan{ID: evidence.NewID[evidence.PlanID]("pln"), Item: h.items[0], By: v.Actor.ID,
		Mask: evidence.MaskPlan{Source: evidence.PlanSource{Frames: 20}, Tracks: make([]evidence.Track, 1)}}
	h.clip = h.burn(ctx, t, v, plan, evidence.Masked, "video/mp4", h.film, func(tx *store.Tx) error {
		tx.Record("mask.plan", string(plan.ID))
		tx.Record("mask.accept", string(plan.ID))
		if err := tx.AddPlan(&plan); err != nil {
			return err
		}
		plan.Accepted, plan.AcceptBy = tx.Now, v.Actor.ID
		errs := []error{tx.SetPlan(plan)}
		for i := range claims {
			tx.Record("claim.accept", string(claims[i].ID))
			errs = append(errs, tx.AddClaim(&claims[i]))
		}
		return errors.Join(errs...)
	})
	h.page = h.burn(ctx, t, v, plan, evidence.Transcript, "text/html", []byte(script), nil)
	h.plan = plan
}

func (h *house) burn(ctx context.Context, t testing.TB, v *vault.Vault, plan evidence.Plan, kind evidence.RenditionKind, media string, content []byte, also func(tx *store.Tx) error) evidence.RenditionID {
	id := evidence.NewID[evidence.RenditionID]("ren")
	stored := must(v.Renditions.Put(ctx, id, bytes.NewReader(content)))(t)
	err := v.DB.Update(ctx, v.Actor.ID, func(tx *store.Tx) error {
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		tx.Record("mask.render", string(id), stored.Digest)
		return tx.AddRendition(&evidence.Rendition{ID: id, Item: plan.Item, Kind: kind, Plan: plan.ID, Media: media,
			Size: stored.Size, Digest: stored.Digest, By: v.Actor.ID}, stored.Where)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// publish writes a draft, has the second member approve it, and releases it.
func (h *house) publish(ctx context.Context, t testing.TB, v *vault.Vault, cites evidence.ClaimID) {
	board := &review.Board{DB: v.DB}
	d := must(board.New(ctx, v.Actor, evidence.Draft{Case: h.cs, Language: "en", Headline: evidence.Protect("Say where they are " + script),
		Text: evidence.Protect("Say where they are [1]."), Claims: []evidence.ClaimID{cites}}))(t)
	s := must(board.Submit(ctx, v.Actor, d.ID))(t)
	ok := must(board.Approve(ctx, evidence.Actor{ID: h.members[evidence.Reviewer], Role: evidence.Reviewer}, d.ID, s.Digest))(t)
	f := must(os.Create(filepath.Join(h.bundles, "holiday.jpg")))(t) // what it is called says nothing
	defer f.Close()
	rel, err := (&release.Press{DB: v.DB, Renditions: v.Renditions}).Make(ctx, v.Actor, ok, f)
	var no *release.Refusal
	if errors.As(err, &no) {
		t.Fatalf("%+v", no.Report)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.rel = rel.ID
	if err := os.WriteFile(filepath.Join(h.bundles, string(rel.ID)+".zip"), []byte("not a bundle: "+script), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hide makes a case that the reviewer is not in, with a copy in it.
func (h *house) hide(ctx context.Context, t testing.TB, v *vault.Vault) {
	var id evidence.CaseID
	err := v.DB.View(ctx, v.Actor.ID, func(view *store.View) error {
		c, err := view.Case("OTHER")
		id = c.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.other = id
	desk := &intake.Desk{DB: v.DB, Originals: v.Originals}
	got := must(desk.Receive(ctx, v.Actor, intake.Parcel{Case: id, Name: "Planted-File.mp4", Content: bytes.NewReader(append(bytes.Clone(h.film), 0))}))(t)
	plan := evidence.Plan{ID: evidence.NewID[evidence.PlanID]("pln"), Item: got.Item.ID, By: v.Actor.ID}
	h.foreign = h.burn(ctx, t, v, plan, evidence.Masked, "video/mp4", h.film, func(tx *store.Tx) error {
		tx.Record("mask.plan", string(plan.ID))
		return tx.AddPlan(&plan)
	})
}

// A visitor asks a server that runs as it does in earnest.
type visitor struct {
	t      testing.TB
	h      *house
	s      *Server
	url    string
	cookie string
	stop   func() error
}

// serve runs the server for a house.
func serve(t testing.TB, h *house, change func(s *Server)) *visitor {
	t.Helper()
	s := &Server{Dir: h.dir, Listen: "127.0.0.1:0", Bundles: h.bundles}
	if change != nil {
		change(s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- s.Run(ctx, func(url string) { ready <- url }) }()
	v := &visitor{t: t, h: h, s: s}
	var stopped bool
	v.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}
	select {
	case url := <-ready:
		v.url = strings.TrimSuffix(url, "/")
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.stop(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// An answer is what came back, read to its end.
type answer struct {
	*http.Response
	text string
}

// ask sends a request with the visitor's cookie, looks at what every answer must
// have, and at what none may hold.
func (v *visitor) ask(method, path, form string, change func(r *http.Request)) answer {
	v.t.Helper()
	r, err := http.NewRequest(method, v.url+path, strings.NewReader(form))
	if err != nil {
		v.t.Fatal(err)
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if v.cookie != "" {
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: v.cookie})
	}
	if change != nil {
		change(r)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	a := answer{resp, string(body)}
	v.look(method+" "+path, a)
	return a
}

func (v *visitor) look(what string, a answer) {
	v.t.Helper()
	head := new(strings.Builder)
	_ = a.Header.Write(head)
	for _, name := range planted {
		if strings.Contains(a.text, name) || strings.Contains(head.String(), name) {
			v.t.Errorf("%s holds %s", what, name)
		}
	}
	if strings.Contains(a.Header.Get("Content-Type"), "text/html") && strings.Contains(a.text, "<script") {
		v.t.Errorf("%s has a script", what)
	}
	if !strings.Contains(what, "/static/") && a.Header.Get("Cache-Control") != "no-store" {
		v.t.Errorf("%s may be kept: %q", what, a.Header.Get("Cache-Control"))
	}
	for key, want := range map[string]string{"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
		if got := a.Header.Get(key); got != want {
			v.t.Errorf("%s: %s is %q", what, key, got)
		}
	}
}

func (v *visitor) get(path string) answer { v.t.Helper(); return v.ask("GET", path, "", nil) }

// enter gives the passphrase and keeps the cookie.
func (v *visitor) enter(words string) answer {
	v.t.Helper()
	a := v.ask("POST", "/unlock", "passphrase="+strings.ReplaceAll(words, " ", "+"), nil)
	for _, c := range a.Cookies() {
		if c.Name == sessionCookie {
			if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
				v.t.Errorf("the cookie is %s", c)
			}
			v.cookie = c.Value
		}
	}
	return a
}

// as is a visitor who has entered as that member. The door must be open.
func (v *visitor) as(id evidence.MemberID) *visitor {
	v.t.Helper()
	other := *v
	other.cookie = must(v.s.door.admit(evidence.Actor{ID: id}))(v.t)
	return &other
}

// eventually waits for what must come soon.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

// slow gives the address of a copy that is longer than all buffers on the way.
func (v *visitor) slow(h *house) string {
	v.t.Helper()
	v.s.door.mu.Lock()
	vault := v.s.door.room.v
	v.s.door.mu.Unlock()
	id := h.burn(context.Background(), v.t, vault, h.plan, evidence.Masked, "video/mp4", make([]byte, slowSize), nil)
	return "/renditions/" + string(id)
}

const slowSize = 64 << 20
