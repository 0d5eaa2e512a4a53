package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"safehouse/internal/evidence"
	"safehouse/internal/followup"
	"safehouse/internal/locale"
	"safehouse/internal/store"
	"safehouse/journal"
)

// A casePage is a whole case: what happened, who is at risk, who says what, what it
// rests on, and what has left.
type casePage struct {
	caseRow
	Risks    []risk
	Clips    []clip
	Sources  []source
	Items    []itemRow
	Plans    []plan
	Drafts   []draft
	Releases []releaseRow
	Steps    []step
	Earlier  int // steps before the first one shown

	Checkpoint  string
	Key         string
	Fingerprint string
}

type risk struct {
	Label    words
	Count    string
	Code     evidence.StatusCode
	Since    *when
	AtRisk   bool
	Expected *when
	Owner    string
	Next     moment
	Dated    bool
	Overdue  bool
	History  int
}

type clip struct {
	ID    evidence.RenditionID
	Media string
	Video bool
	Size  string
	Made  moment
	Item  string
}

type source struct {
	Public      words
	Protected   bool
	Reliability string
	Claims      []claim
}

type claim struct {
	ID       string
	Form     evidence.Form
	Speaker  words
	Content  words
	Said     *when
	Item     string
	From, To int
}

type itemRow struct {
	ID       string
	Material evidence.Material
	Size     string
	Received moment
}

type plan struct {
	ID, Item string
	Made     moment
	Tracks   int
	Frames   int
	Open     int
	Accepted bool
	Burned   bool
}

type draft struct {
	ID       string
	Headline words
	State    evidence.DraftState
	Made     moment
	Author   string
	By       string // who judged it
	Judged   moment
	Digest   string
}

type step struct {
	Index   int64
	When    moment
	Who     string
	What    string
	Subject string
}

// maxSteps is how many steps a page shows: the journal has them all.
const maxSteps = 200

func showCase(v *visit) error {
	due, err := v.due()
	if err != nil {
		return err
	}
	var p *casePage
	err = v.read(func(view *store.View) error {
		c, err := view.Case(v.r.PathValue("id"))
		if err != nil {
			return err
		}
		if string(c.ID) != v.r.PathValue("id") { // a reference in a URL would name the case
			return evidence.ErrNotFound
		}
		w, err := v.writer(view)
		if err != nil {
			return err
		}
		p, err = newCasePage(&folder{writer: w, view: view, id: c.ID, in: make(map[string]bool)}, c, due)
		return err
	})
	if err != nil {
		return err
	}
	p.Key = v.vault.DB.Verifier()
	p.Fingerprint = journal.Fingerprint(p.Key)
	v.bundles(p.Releases)
	v.show(http.StatusOK, "case", "web.case_title", p)
	return nil
}

// A folder reads one case.
type folder struct {
	*writer
	view    *store.View
	id      evidence.CaseID
	members map[evidence.MemberID]string
	in      map[string]bool // the IDs of all that belongs to the case
}

func newCasePage(f *folder, c evidence.Case, due []followup.Due) (*casePage, error) {
	p := &casePage{caseRow: caseRow{ID: c.ID, Ref: c.Ref, Title: f.words(c.Title.Reveal()), Priority: c.Priority, Opened: f.moment(c.Opened)}}
	p.count(due)
	f.in[string(c.ID)] = true
	for _, read := range []func(p *casePage) error{f.who, f.evidence, f.claims, f.people, f.drafts, f.releases, f.steps, f.checkpoint} {
		if err := read(p); err != nil {
			return nil, err
		}
	}
	for _, d := range due {
		if d.Case == c.ID {
			p.Risks = append(p.Risks, f.risk(d))
		}
	}
	return p, nil
}

// who reads what the members are called: members know each other.
func (f *folder) who(*casePage) error {
	members, err := f.view.Members()
	f.members = make(map[evidence.MemberID]string, len(members))
	for _, m := range members {
		f.members[m.ID] = locale.Safe(m.Name.Reveal())
	}
	return err
}

func (f *folder) member(id evidence.MemberID) string {
	if name := f.members[id]; name != "" {
		return name
	}
	return short(id)
}

func (f *folder) people(*casePage) error {
	persons, err := f.view.Persons(f.id)
	if err != nil {
		return err
	}
	for _, p := range persons {
		f.in[string(p.ID)] = true
	}
	groups, err := f.view.Groups(f.id)
	for _, g := range groups {
		f.in[string(g.ID)] = true
	}
	return err
}

func (f *folder) risk(d followup.Due) risk {
	count := fmt.Sprint(d.Min)
	if d.Max != d.Min {
		count = fmt.Sprintf("%d–%d", d.Min, d.Max)
	}
	r := risk{
		Label: f.words(d.Label), Count: count, Code: d.Status.Code, Since: f.when(d.Status.Since), AtRisk: d.Status.AtRisk,
		Expected: f.when(d.Status.RefoulExpected), Overdue: d.Overdue, History: d.History,
	}
	if d.Status.Owner != "" {
		r.Owner = f.member(d.Status.Owner)
	}
	if d.Status.Next != "" {
		r.Next, r.Dated = f.day(d.Status.Next), true
	}
	return r
}

// evidence reads the items with their plans and masked copies.
func (f *folder) evidence(p *casePage) error {
	items, err := f.view.Items(f.id)
	if err != nil {
		return err
	}
	if err := f.withdrawn(); err != nil {
		return err
	}
	for _, it := range items {
		f.in[string(it.ID)] = true
		p.Items = append(p.Items, f.item(it))
		if err := f.masks(p, it.ID); err != nil {
			return err
		}
	}
	return nil
}

// withdrawn reads what is gone: that it was there is still in the history.
func (f *folder) withdrawn() error {
	gone, err := f.view.Erasures()
	for _, e := range gone {
		if e.Case == f.id {
			f.in[string(e.Item)] = true
		}
	}
	return err
}

func (w *writer) item(it evidence.Item) itemRow {
	return itemRow{short(it.ID), it.Material, w.size(it.Size), w.moment(it.Received)}
}

func (f *folder) masks(p *casePage, item evidence.ItemID) error {
	renditions, err := f.view.Renditions(item)
	if err != nil {
		return err
	}
	burned := make(map[evidence.PlanID]bool)
	for _, r := range renditions {
		f.in[string(r.ID)] = true
		if r.Kind != evidence.Masked || !shown[r.Media] {
			continue
		}
		burned[r.Plan] = true
		p.Clips = append(p.Clips, clip{r.ID, r.Media, strings.HasPrefix(r.Media, "video/"), f.size(r.Size), f.moment(r.Made), short(item)})
	}
	plans, err := f.view.Plans(item)
	for _, m := range plans {
		f.in[string(m.ID)] = true
		if m.Next != "" {
			continue // somebody edited it: the newest version is listed
		}
		p.Plans = append(p.Plans, plan{
			short(m.ID), short(item), f.moment(m.Made), len(m.Mask.Tracks), m.Mask.Source.Frames, len(m.Open()), !m.Accepted.IsZero(), burned[m.ID],
		})
	}
	return err
}

// size is in units that a person can compare.
func (w *writer) size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}

// claims puts each claim under who said it.
func (f *folder) claims(p *casePage) error {
	sources, err := f.view.Sources(f.id)
	if err != nil {
		return err
	}
	claims, err := f.view.Claims(f.id)
	if err != nil {
		return err
	}
	for _, s := range sources {
		f.in[string(s.ID)] = true
		out := source{Public: f.words(s.Public), Protected: s.Protected, Reliability: s.Reliability}
		for _, c := range claims {
			f.in[string(c.ID)] = true
			if c.Source == s.ID {
				out.Claims = append(out.Claims, claim{
					short(c.ID), c.Form, f.words(c.Speaker.Reveal()), f.words(c.Content.Reveal()), f.when(c.SaidWhen), short(c.Item), c.Span[0], c.Span[1],
				})
			}
		}
		p.Sources = append(p.Sources, out)
	}
	return nil
}

func (f *folder) drafts(p *casePage) error {
	drafts, err := f.view.Drafts()
	for _, d := range drafts {
		if d.Case != f.id {
			continue
		}
		f.in[string(d.ID)] = true
		out := draft{ID: short(d.ID), Headline: f.words(d.Headline.Reveal()), State: d.State, Made: f.moment(d.Made), Author: f.member(d.Author)}
		if word, err := f.view.Verdict(d.ID); err == nil {
			out.By, out.Judged, out.Digest = f.member(word.By), f.moment(word.Made), word.Digest
		}
		p.Drafts = append(p.Drafts, out)
	}
	return err
}

func (f *folder) releases(p *casePage) error {
	releases, err := f.view.Releases()
	for _, r := range releases {
		if f.in[string(r.Draft)] {
			f.in[string(r.ID)] = true
			p.Releases = append(p.Releases, releaseRow{ID: r.ID, Draft: short(r.Draft), Digest: r.Digest, Made: f.moment(r.Made), By: f.member(r.By)})
		}
	}
	return err
}

// steps reads what was done in this case, and to the vault itself.
func (f *folder) steps(p *casePage) error {
	seqs, err := f.view.JournalOf("")
	if err != nil {
		return err
	}
	for _, i := range seqs {
		b, err := f.view.JournalEntry(i)
		if err != nil {
			return err
		}
		e, err := journal.ParseEntry(b)
		if err != nil {
			return err
		}
		if area, _, _ := strings.Cut(e.Action, "."); !f.in[e.Subject] && area != "vault" && area != "member" {
			continue
		}
		p.Steps = append(p.Steps, step{i, f.moment(e.Time), f.member(evidence.MemberID(e.Actor)), f.did(e.Action), e.Subject})
	}
	if p.Earlier = len(p.Steps) - maxSteps; p.Earlier > 0 {
		p.Steps = slices.Delete(p.Steps, 0, p.Earlier)
	}
	return nil
}

// did says a step in plain words. A step without words shows itself.
func (w *writer) did(action string) string {
	if code := "step." + action; w.say.Has(code) {
		return w.say.Say(code)
	}
	return locale.Safe(action)
}

func (f *folder) checkpoint(p *casePage) error {
	note, err := f.view.Checkpoint()
	p.Checkpoint = string(note)
	return err
}
