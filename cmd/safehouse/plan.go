package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/mask"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

type planCmd struct {
	Propose planProposeCmd `cmd:"" help:"${help_plan_propose}"`
	List    planListCmd    `cmd:"" help:"${help_plan_list}"`
	Show    planShowCmd    `cmd:"" help:"${help_plan_show}"`
	Look    planLookCmd    `cmd:"" help:"${help_plan_look}"`
	Edit    planEditCmd    `cmd:"" help:"${help_plan_edit}"`
	Back    planBackCmd    `cmd:"" help:"${help_plan_back}"`
	Accept  planAcceptCmd  `cmd:"" help:"${help_plan_accept}"`
	Render  planRenderCmd  `cmd:"" help:"${help_plan_render}"`
}

// desk opens the mask desk for f.
func (a *app) desk(f func(v *vault.Vault, d *mask.Desk) error) error {
	return a.with(func(v *vault.Vault) error {
		s, err := a.studio()
		if err != nil {
			return err
		}
		defer a.confined()
		return f(v, &mask.Desk{DB: v.DB, Originals: v.Originals, Renditions: v.Renditions, Studio: s})
	})
}

// planJSON is one version of a plan. Newer is the version after it; Unmasked are the
// tracks that cover nothing, and why.
type planJSON struct {
	ID        evidence.PlanID `json:"id"`
	Item      evidence.ItemID `json:"item"`
	Version   int             `json:"version"`
	Of        evidence.PlanID `json:"of,omitempty"`
	Newer     evidence.PlanID `json:"newer,omitempty"`
	Digest    string          `json:"digest"`
	Tool      string          `json:"tool"`
	Frames    int             `json:"frames"`
	Tracks    int             `json:"tracks"`
	Detectors []string        `json:"detectors"`
	Queue     []doubtJSON     `json:"queue"`
	Open      int             `json:"open"`
	Accepted  bool            `json:"accepted"`
	Unmasked  []unmaskedJSON  `json:"unmasked,omitempty"`
	TrackList []trackJSON     `json:"track_list,omitempty"`
	Versions  []versionJSON   `json:"versions,omitempty"`
}

type doubtJSON struct {
	evidence.Doubt
	Seen bool `json:"seen"`
}

type unmaskedJSON struct {
	Track  int    `json:"track"`
	Reason string `json:"reason"`
}

// trackJSON says where a track is, for a person who looks for it: Box is what it covers
// in the middle of its frames, or would.
type trackJSON struct {
	Track  int                `json:"track"`
	Kind   evidence.TrackKind `json:"kind"`
	From   int                `json:"from"`
	To     int                `json:"to"`
	At     int                `json:"at"` // the frame that box is on
	Box    evidence.Box       `json:"box"`
	Masked bool               `json:"masked"`
}

type versionJSON struct {
	ID       evidence.PlanID   `json:"id"`
	Version  int               `json:"version"`
	Made     time.Time         `json:"made"`
	By       evidence.MemberID `json:"by"`
	Accepted bool              `json:"accepted"`
}

func showPlan(p evidence.Plan) (planJSON, error) {
	digest, err := mask.Digest(p.Mask)
	open := p.Open()
	out := planJSON{
		ID: p.ID, Item: p.Item, Version: p.Version, Of: p.Of, Newer: p.Next, Digest: digest, Tool: p.Tool,
		Frames: p.Mask.Source.Frames, Tracks: len(p.Mask.Tracks), Detectors: p.Mask.Detectors,
		Queue: []doubtJSON{}, Open: len(open), Accepted: !p.Accepted.IsZero(),
	}
	waiting := make(map[int]bool)
	for _, i := range open {
		waiting[i] = true
	}
	for i, d := range p.Mask.Queue {
		out.Queue = append(out.Queue, doubtJSON{d, !waiting[i]})
	}
	for _, t := range p.Mask.Unmasked {
		out.Unmasked = append(out.Unmasked, unmaskedJSON{t.ID, p.Reasons[t.ID].Reveal()})
	}
	return out, err
}

// tracksOf lists every track of a plan, those that cover nothing last.
func tracksOf(p evidence.MaskPlan) []trackJSON {
	all := []trackJSON{}
	for i, t := range slices.Concat(p.Tracks, p.Unmasked) {
		at := slices.Sorted(maps.Keys(t.Boxes))
		n := at[len(at)/2]
		all = append(all, trackJSON{t.ID, t.Kind, t.From, t.To, n, t.Boxes[n], i < len(p.Tracks)})
	}
	return all
}

func (a *app) plan(p evidence.Plan) error {
	out, err := showPlan(p)
	if err != nil {
		return err
	}
	return a.shownPlan(out)
}

func (a *app) shownPlan(out planJSON) error {
	return a.show(out, func() {
		a.line("plan.shown", out.ID, out.Tracks, out.Frames, len(out.Queue), out.Open)
		a.line("plan.version", out.Version, out.Digest)
		if out.Newer != "" {
			a.line("plan.has_newer", out.Newer)
		}
		for i, d := range out.Queue {
			seen := a.say.Say("plan.open")
			if d.Seen {
				seen = a.say.Say("plan.seen")
			}
			a.line("plan.doubt", i, d.Frame, d.Track, a.say.Say(d.Why), seen)
		}
		for _, u := range out.Unmasked {
			a.line("plan.unmasked", u.Track, u.Reason)
		}
		for _, t := range out.TrackList {
			a.line("plan.track", t.Track, a.say.Say("track."+string(t.Kind)), t.From, t.To, t.At, fmt.Sprintf("%g,%g,%g,%g", t.Box[0], t.Box[1], t.Box[2], t.Box[3]))
		}
		for _, v := range out.Versions {
			a.line("plan.version_row", v.Version, v.ID, v.Made.Format(time.DateTime), v.By)
		}
		if out.Accepted {
			a.line("plan.accepted", out.ID)
		}
	})
}

type planProposeCmd struct {
	Item    string `arg:"" help:"${help_item_id}"`
	Profile string `help:"${help_mask_profile}" default:"standard" enum:"fast,standard,thorough"`
	Model   string `help:"${help_mask_model}" placeholder:"FILE"`
}

func (c *planProposeCmd) Run(a *app) error {
	return a.desk(func(v *vault.Vault, d *mask.Desk) error {
		model, err := absolute(c.Model)
		if err != nil {
			return err
		}
		opt := mask.Options{Profile: c.Profile, Model: model}
		steps := a.steps()
		defer steps.done()
		p, err := d.Propose(a.ctx, v.Actor, evidence.ItemID(c.Item), opt, steps.at)
		if err != nil {
			return err
		}
		return a.plan(p)
	})
}

type planListCmd struct {
	All bool `help:"${help_plan_list_all}"`
}

func (c *planListCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		if err := access.Check(v.Actor, access.ReadItem); err != nil {
			return err
		}
		var plans []evidence.Plan
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) (err error) {
			plans, err = view.Plans("")
			return err
		})
		if err != nil {
			return err
		}
		out := []planJSON{}
		for _, p := range plans {
			if p.Next != "" && !c.All {
				continue
			}
			shown, err := showPlan(p)
			if err != nil {
				return err
			}
			out = append(out, shown)
		}
		return a.show(out, func() {
			if len(out) == 0 {
				a.line("plan.none")
			}
			for _, p := range out {
				a.line("plan.shown", p.ID, p.Tracks, p.Frames, len(p.Queue), p.Open)
			}
		})
	})
}

type planShowCmd struct {
	Plan     string `arg:"" help:"${help_plan_id}"`
	Tracks   bool   `help:"${help_plan_tracks}"`
	Versions bool   `help:"${help_plan_versions}"`
}

func (c *planShowCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		if err := access.Check(v.Actor, access.ReadItem); err != nil {
			return err
		}
		d := &mask.Desk{DB: v.DB}
		versions, err := d.Versions(a.ctx, v.Actor, evidence.PlanID(c.Plan))
		if err != nil {
			return err
		}
		p := versions[len(versions)-1]
		out, err := showPlan(p)
		if err != nil {
			return err
		}
		if c.Tracks {
			out.TrackList = tracksOf(p.Mask)
		}
		if c.Versions {
			out.Versions = each(versions, func(p evidence.Plan) versionJSON {
				return versionJSON{p.ID, p.Version, p.Made, p.By, !p.Accepted.IsZero()}
			})
		}
		return a.shownPlan(out)
	})
}

type planLookCmd struct {
	Plan  string `arg:"" help:"${help_plan_id}"`
	Doubt []int  `arg:"" optional:"" help:"${help_plan_doubts}"`
	All   bool   `help:"${help_plan_all}"`
}

func (c *planLookCmd) Run(a *app) error {
	if c.All == (len(c.Doubt) > 0) {
		return &evidence.Problem{Code: "plan.which_doubts"}
	}
	return a.desk(func(v *vault.Vault, d *mask.Desk) error {
		p, err := d.Look(a.ctx, v.Actor, evidence.PlanID(c.Plan), c.Doubt)
		if err != nil {
			return err
		}
		return a.plan(p)
	})
}

type planEditCmd struct {
	Plan   string   `arg:"" help:"${help_plan_id}"`
	Add    []string `help:"${help_plan_add}" sep:"none" placeholder:"FRAME:X,Y,W,H"`
	Exact  bool     `help:"${help_plan_exact}"`
	Whole  []string `help:"${help_plan_whole}" sep:"none" placeholder:"FRAME[-FRAME]"`
	Unmask []int    `help:"${help_plan_unmask}" placeholder:"TRACK"`
	Reason string   `help:"${help_plan_reason}" placeholder:"WHY"`
	Mask   []int    `help:"${help_plan_mask}" placeholder:"TRACK"`
}

func (c *planEditCmd) Run(a *app) error {
	e, err := c.edit()
	if err != nil {
		return err
	}
	return a.desk(func(v *vault.Vault, d *mask.Desk) error {
		steps := a.steps()
		defer steps.done()
		p, err := d.Edit(a.ctx, v.Actor, evidence.PlanID(c.Plan), e, steps.at)
		if err != nil {
			return err
		}
		steps.done()
		return a.plan(p)
	})
}

func (c *planEditCmd) edit() (mask.Edit, error) {
	e := mask.Edit{Unmask: c.Unmask, Mask: c.Mask, Reason: evidence.Protect(strings.TrimSpace(c.Reason))}
	for _, text := range c.Add {
		frame, box, err := drawnBox(text)
		if err != nil {
			return e, err
		}
		e.Boxes = append(e.Boxes, mask.Box{Frame: frame, Box: box, Exact: c.Exact})
	}
	for _, text := range c.Whole {
		first, last, ranged := strings.Cut(text, "-")
		if !ranged {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, also := strconv.Atoi(last)
		if err != nil || also != nil {
			return e, &evidence.Problem{Code: "plan.frames_form", Args: []any{text}}
		}
		e.Whole = append(e.Whole, [2]int{from, to})
	}
	return e, nil
}

// drawnBox reads FRAME:X,Y,W,H: left, top, width and height in pixels.
func drawnBox(text string) (frame int, b evidence.Box, err error) {
	wrong := &evidence.Problem{Code: "plan.box_form", Args: []any{text}}
	at, numbers, _ := strings.Cut(text, ":")
	parts := strings.Split(numbers, ",")
	if frame, err = strconv.Atoi(at); err != nil || len(parts) != 4 {
		return 0, b, wrong
	}
	for i, part := range parts {
		if b[i], err = strconv.ParseFloat(strings.TrimSpace(part), 64); err != nil {
			return 0, b, wrong
		}
	}
	b[2], b[3] = b[0]+b[2], b[1]+b[3]
	return frame, b, nil
}

type planBackCmd struct {
	Plan   string `arg:"" help:"${help_plan_id}"`
	To     string `help:"${help_plan_to}" required:"" placeholder:"PLAN"`
	Reason string `help:"${help_plan_reason}" required:"" placeholder:"WHY"`
}

func (c *planBackCmd) Run(a *app) error {
	return a.desk(func(v *vault.Vault, d *mask.Desk) error {
		p, err := d.Back(a.ctx, v.Actor, evidence.PlanID(c.Plan), evidence.PlanID(c.To), evidence.Protect(strings.TrimSpace(c.Reason)))
		if err != nil {
			return err
		}
		return a.plan(p)
	})
}

type planAcceptCmd struct {
	Plan   string `arg:"" help:"${help_plan_id}"`
	Digest string `help:"${help_plan_digest}" placeholder:"SHA256"`
}

func (c *planAcceptCmd) Run(a *app) error {
	return a.desk(func(v *vault.Vault, d *mask.Desk) error {
		if c.Digest == "" { // an ID names one version, which never changes
			versions, err := d.Versions(a.ctx, v.Actor, evidence.PlanID(c.Plan))
			if err != nil {
				return err
			}
			if c.Digest, err = mask.Digest(versions[len(versions)-1].Mask); err != nil {
				return err
			}
		}
		p, err := d.Accept(a.ctx, v.Actor, evidence.PlanID(c.Plan), c.Digest)
		if err != nil {
			return err
		}
		return a.plan(p)
	})
}

type planRenderCmd struct {
	Plan  string `arg:"" help:"${help_plan_id}"`
	Audio string `help:"${help_mask_audio}" default:"remove" enum:"remove,keep"`
	Style string `help:"${help_mask_style}" default:"solid" enum:"solid,mosaic"`
}

type renditionJSON struct {
	ID     evidence.RenditionID `json:"id"`
	Item   evidence.ItemID      `json:"item"`
	Plan   evidence.PlanID      `json:"plan"`
	Media  string               `json:"media"`
	Tool   string               `json:"tool"`
	Size   int64                `json:"size"`
	SHA256 string               `json:"sha256"`
}

func (c *planRenderCmd) Run(a *app) error {
	return a.desk(func(v *vault.Vault, d *mask.Desk) error {
		opt := mask.Options{Audio: c.Audio, Style: c.Style}
		steps := a.steps()
		defer steps.done()
		r, err := d.Render(a.ctx, v.Actor, evidence.PlanID(c.Plan), opt, steps.at)
		if err != nil {
			return err
		}
		out := renditionJSON{r.ID, r.Item, r.Plan, r.Media, r.Tool, r.Size, r.Digest}
		return a.show(out, func() { a.line("plan.rendered", r.ID, r.Size, r.Digest) })
	})
}
