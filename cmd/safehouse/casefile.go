package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/casefile"
	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

// cabinet opens the case files for f.
func (a *app) cabinet(f func(v *vault.Vault, c *casefile.Cabinet) error) error {
	return a.with(func(v *vault.Vault) error {
		return f(v, &casefile.Cabinet{DB: v.DB, Originals: v.Originals})
	})
}

// inCase is cabinet with the case that the user named.
func (a *app) inCase(name string, f func(v *vault.Vault, c *casefile.Cabinet, cs evidence.Case) error) error {
	return a.cabinet(func(v *vault.Vault, c *casefile.Cabinet) error {
		cs, err := c.Case(a.ctx, v.Actor, name)
		if err != nil {
			return err
		}
		return f(v, c, cs)
	})
}

type caseCmd struct {
	New  caseNewCmd  `cmd:"" help:"${help_case_new}"`
	List caseListCmd `cmd:"" help:"${help_case_list}"`
	Show caseShowCmd `cmd:"" help:"${help_case_show}"`

	Member caseMemberCmd `cmd:"" help:"${help_case_member}"`
}

type caseJSON struct {
	ID       evidence.CaseID `json:"id"`
	Ref      string          `json:"ref"`
	Title    string          `json:"title"`
	Status   string          `json:"status"`
	Priority string          `json:"priority"`
}

func showCase(c evidence.Case) caseJSON {
	return caseJSON{c.ID, c.Ref, c.Title.Reveal(), c.Status, c.Priority}
}

type caseNewCmd struct {
	Ref      string `arg:"" help:"${help_case_ref}"`
	Title    string `help:"${help_case_title}" placeholder:"TITLE"`
	Priority string `help:"${help_case_priority}" default:"normal" enum:"urgent,high,normal,low"`
}

func (c *caseNewCmd) Run(a *app) error {
	return a.cabinet(func(v *vault.Vault, cab *casefile.Cabinet) error {
		cs, err := cab.NewCase(a.ctx, v.Actor, evidence.Case{Ref: c.Ref, Title: evidence.Protect(c.Title), Priority: c.Priority})
		if err != nil {
			return err
		}
		return a.show(showCase(cs), func() { a.line("case.added", cs.Ref, cs.ID) })
	})
}

type caseListCmd struct{}

func (c *caseListCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		if err := access.Check(v.Actor, access.ReadCase); err != nil {
			return err
		}
		var cases []evidence.Case
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) (err error) {
			cases, err = view.Cases()
			return err
		})
		if err != nil {
			return err
		}
		out := []caseJSON{}
		for _, c := range cases {
			out = append(out, showCase(c))
		}
		return a.show(out, func() {
			if len(out) == 0 {
				a.line("case.none")
			}
			for _, c := range out {
				fmt.Fprintf(a.out, "%s  %s  %s  %s\n", c.ID, c.Ref, a.say.Say("priority."+c.Priority), locale.Safe(c.Title))
			}
		})
	})
}

type caseShowCmd struct {
	Case string `arg:"" help:"${help_case_name}"`
}

// caseContentsJSON is all that a case holds. Names stay behind their pseudonyms.
type caseContentsJSON struct {
	Case    caseJSON     `json:"case"`
	Items   []itemJSON   `json:"items"`
	Persons []personJSON `json:"persons"`
	Groups  []groupJSON  `json:"groups"`
	Sources []sourceJSON `json:"sources"`
	Claims  []claimJSON  `json:"claims"`
}

func (c *caseShowCmd) Run(a *app) error {
	return a.inCase(c.Case, func(v *vault.Vault, _ *casefile.Cabinet, cs evidence.Case) error {
		out := caseContentsJSON{Case: showCase(cs)}
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) error { return out.read(view, cs.ID) })
		if err != nil {
			return err
		}
		return a.show(out, func() { out.words(a) })
	})
}

func (c *caseContentsJSON) read(view *store.View, id evidence.CaseID) error {
	items, err := view.Items(id)
	if err != nil {
		return err
	}
	c.Items = each(items, showItem)
	persons, err := view.Persons(id)
	if err != nil {
		return err
	}
	c.Persons = each(persons, showPerson)
	groups, err := view.Groups(id)
	if err != nil {
		return err
	}
	c.Groups = each(groups, showGroup)
	sources, err := view.Sources(id)
	if err != nil {
		return err
	}
	c.Sources = each(sources, showSource)
	claims, err := view.Claims(id)
	c.Claims = each(claims, showClaim)
	return err
}

func (c *caseContentsJSON) words(a *app) {
	a.line("case.title", c.Case.Ref, c.Case.Title, a.say.Say("priority."+c.Case.Priority))
	for _, i := range c.Items {
		a.line("case.item", i.ID, a.say.Say("material."+i.Material), i.Size)
	}
	for _, p := range c.Persons {
		a.line("case.person", p.ID, p.Pseudonym, p.Names)
	}
	for _, g := range c.Groups {
		a.line("case.group", g.ID, g.Label, count(g.Min, g.Max))
	}
	who := make(map[evidence.SourceID]string)
	for _, s := range c.Sources {
		who[s.ID] = s.Public
		a.line("case.source", s.ID, s.Public, a.say.Say("reliability."+s.Reliability))
	}
	for _, cl := range c.Claims {
		a.line("case.claim", cl.ID, who[cl.Source], a.say.Say("form."+string(cl.Form)), cl.Content)
	}
}

// count prints how many people a group is.
func count(min, max int) string {
	if min == max {
		return strconv.Itoa(min)
	}
	return fmt.Sprintf("%d–%d", min, max)
}

// each turns values into what is shown of them: never nil, so that JSON has [].
func each[T, J any](in []T, show func(T) J) []J {
	out := make([]J, 0, len(in))
	for _, t := range in {
		out = append(out, show(t))
	}
	return out
}

type personCmd struct {
	New personNewCmd `cmd:"" help:"${help_person_new}"`
}

// personJSON counts the names and does not tell them.
type personJSON struct {
	ID        evidence.PersonID `json:"id"`
	Pseudonym string            `json:"pseudonym"`
	Names     int               `json:"names"`
	Sealed    bool              `json:"sealed"`
}

func showPerson(p evidence.Person) personJSON {
	return personJSON{p.ID, p.Pseudonym, max(len(p.Names), p.SealedNames), p.Sealed}
}

type personNewCmd struct {
	Case      string `help:"${help_case_name}" required:"" placeholder:"CASE"`
	Pseudonym string `help:"${help_pseudonym}" required:"" placeholder:"PSEUDONYM"`
	NamesFile string `help:"${help_names_file}" placeholder:"FILE"`
	Seal      bool   `help:"${help_person_seal}"`
}

func (c *personNewCmd) Run(a *app) error {
	return a.inCase(c.Case, func(v *vault.Vault, cab *casefile.Cabinet, cs evidence.Case) error {
		names, err := a.names(c.NamesFile)
		if err != nil {
			return err
		}
		p, err := cab.NewPerson(a.ctx, v.Actor, evidence.Person{Case: cs.ID, Pseudonym: c.Pseudonym, Names: names, Sealed: c.Seal})
		if err != nil {
			return err
		}
		return a.show(showPerson(p), func() { a.line("person.added", p.Pseudonym, p.ID, len(p.Names)) })
	})
}

// names reads protected names, one a line. They come from a file or standard
// input, never from an argument: other users of the machine can read those.
func (a *app) names(file string) ([]evidence.Name, error) {
	if file == "" {
		return nil, nil
	}
	text, err := a.text(file)
	if err != nil {
		return nil, err
	}
	var out []evidence.Name
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, evidence.Name{Text: evidence.Protect(line)})
		}
	}
	return out, nil
}

type groupCmd struct {
	New groupNewCmd `cmd:"" help:"${help_group_new}"`
}

type groupJSON struct {
	ID       evidence.GroupID `json:"id"`
	Label    string           `json:"label"`
	Min      int              `json:"min"`
	Max      int              `json:"max"`
	Estimate bool             `json:"estimate"`
	Names    int              `json:"names"`
}

func showGroup(g evidence.Group) groupJSON {
	return groupJSON{g.ID, g.Label, g.Min, g.Max, g.Estimate, len(g.Names)}
}

type groupNewCmd struct {
	Case      string `help:"${help_case_name}" required:"" placeholder:"CASE"`
	Label     string `help:"${help_group_label}" required:"" placeholder:"LABEL"`
	Min       int    `help:"${help_group_min}" required:"" placeholder:"N"`
	Max       int    `help:"${help_group_max}" placeholder:"N"`
	Estimate  bool   `help:"${help_group_estimate}"`
	NamesFile string `help:"${help_names_file}" placeholder:"FILE"`
}

func (c *groupNewCmd) Run(a *app) error {
	return a.inCase(c.Case, func(v *vault.Vault, cab *casefile.Cabinet, cs evidence.Case) error {
		names, err := a.names(c.NamesFile)
		if err != nil {
			return err
		}
		g := evidence.Group{Case: cs.ID, Label: c.Label, Min: c.Min, Max: c.Max, Estimate: c.Estimate, Names: names}
		if g.Max == 0 {
			g.Max = g.Min
		}
		if g, err = cab.NewGroup(a.ctx, v.Actor, g); err != nil {
			return err
		}
		return a.show(showGroup(g), func() { a.line("group.added", g.Label, g.ID, count(g.Min, g.Max)) })
	})
}

type sourceCmd struct {
	New sourceNewCmd `cmd:"" help:"${help_source_new}"`
}

type sourceJSON struct {
	ID          evidence.SourceID `json:"id"`
	Public      string            `json:"public"`
	Protected   bool              `json:"protected"`
	Reliability string            `json:"reliability"`
}

func showSource(s evidence.Source) sourceJSON {
	return sourceJSON{s.ID, s.Public, s.Protected, s.Reliability}
}

type sourceNewCmd struct {
	Case        string `help:"${help_case_name}" required:"" placeholder:"CASE"`
	Public      string `help:"${help_source_public}" required:"" placeholder:"NAME"`
	NameFile    string `help:"${help_source_name_file}" placeholder:"FILE"`
	Reliability string `help:"${help_source_reliability}" default:"unknown" placeholder:"RELIABILITY"`
}

func (c *sourceNewCmd) Run(a *app) error {
	return a.inCase(c.Case, func(v *vault.Vault, cab *casefile.Cabinet, cs evidence.Case) error {
		names, err := a.names(c.NameFile)
		if err != nil {
			return err
		}
		s := evidence.Source{Case: cs.ID, Public: c.Public, Reliability: c.Reliability, Protected: c.NameFile != ""}
		if len(names) > 0 {
			s.Name = names[0].Text
		}
		if s, err = cab.NewSource(a.ctx, v.Actor, s); err != nil {
			return err
		}
		return a.show(showSource(s), func() { a.line("source.added", s.Public, s.ID) })
	})
}

type claimCmd struct {
	Accept claimAcceptCmd `cmd:"" help:"${help_claim_accept}"`
	List   claimListCmd   `cmd:"" help:"${help_claim_list}"`
}

type claimJSON struct {
	ID      evidence.ClaimID  `json:"id"`
	Source  evidence.SourceID `json:"source"`
	Item    evidence.ItemID   `json:"item"`
	Span    evidence.Span     `json:"span"`
	Form    evidence.Form     `json:"form"`
	Type    string            `json:"type"`
	Said    evidence.When     `json:"said"`
	Content string            `json:"content"`
}

func showClaim(c evidence.Claim) claimJSON {
	return claimJSON{c.ID, c.Source, c.Item, c.Span, c.Form, c.Type, c.SaidWhen, c.Content.Reveal()}
}

type claimAcceptCmd struct {
	Item      string   `arg:"" help:"${help_item_id}"`
	Claims    []string `arg:"" help:"${help_claim_ids}"`
	Case      string   `help:"${help_case_name}" required:"" placeholder:"CASE"`
	Source    string   `help:"${help_claim_source}" placeholder:"SOURCE"`
	Published string   `help:"${help_published}" placeholder:"YYYY-MM-DD"`
}

func (c *claimAcceptCmd) Run(a *app) error {
	published, err := day(c.Published)
	if err != nil {
		return err
	}
	return a.inCase(c.Case, func(v *vault.Vault, cab *casefile.Cabinet, cs evidence.Case) error {
		claims, err := cab.Accept(a.ctx, v.Actor, casefile.Acceptance{
			Case: cs.ID, Item: evidence.ItemID(c.Item), Claims: c.Claims, Published: published, Source: evidence.SourceID(c.Source),
		})
		if err != nil {
			return err
		}
		return a.show(each(claims, showClaim), func() {
			for _, cl := range claims {
				a.line("claim.accepted", cl.ID, a.say.Say("form."+string(cl.Form)))
			}
		})
	})
}

type claimListCmd struct {
	Case string `arg:"" help:"${help_case_name}"`
}

func (c *claimListCmd) Run(a *app) error {
	return a.inCase(c.Case, func(v *vault.Vault, _ *casefile.Cabinet, cs evidence.Case) error {
		var claims []evidence.Claim
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) (err error) {
			claims, err = view.Claims(cs.ID)
			return err
		})
		if err != nil {
			return err
		}
		return a.show(each(claims, showClaim), func() {
			for _, cl := range claims {
				fmt.Fprintf(a.out, "%s  %s  %s\n", cl.ID, a.say.Say("form."+string(cl.Form)), locale.Safe(cl.Content.Reveal()))
			}
		})
	})
}

// day reads YYYY-MM-DD; empty is the zero time.
func day(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, &evidence.Problem{Code: "cli.day", Args: []any{s}}
	}
	return t, nil
}
