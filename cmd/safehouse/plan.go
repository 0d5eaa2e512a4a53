package main

import (
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

type planJSON struct {
	ID        evidence.PlanID `json:"id"`
	Item      evidence.ItemID `json:"item"`
	Frames    int             `json:"frames"`
	Tracks    int             `json:"tracks"`
	Detectors []string        `json:"detectors"`
	Queue     []doubtJSON     `json:"queue"`
	Open      int             `json:"open"`
	Accepted  bool            `json:"accepted"`
}

type doubtJSON struct {
	evidence.Doubt
	Seen bool `json:"seen"`
}

func showPlan(p evidence.Plan) planJSON {
	open := p.Open()
	out := planJSON{
		ID: p.ID, Item: p.Item, Frames: p.Mask.Source.Frames, Tracks: len(p.Mask.Tracks), Detectors: p.Mask.Detectors,
		Queue: []doubtJSON{}, Open: len(open), Accepted: !p.Accepted.IsZero(),
	}
	waiting := make(map[int]bool)
	for _, i := range open {
		waiting[i] = true
	}
	for i, d := range p.Mask.Queue {
		out.Queue = append(out.Queue, doubtJSON{d, !waiting[i]})
	}
	return out
}

func (a *app) plan(p evidence.Plan) error {
	out := showPlan(p)
	return a.show(out, func() {
		a.line("plan.shown", p.ID, out.Tracks, out.Frames, len(out.Queue), out.Open)
		for i, d := range out.Queue {
			seen := a.say.Say("plan.open")
			if d.Seen {
				seen = a.say.Say("plan.seen")
			}
			a.line("plan.doubt", i, d.Frame, d.Track, a.say.Say(d.Why), seen)
		}
		if out.Accepted {
			a.line("plan.accepted", p.ID)
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

type planListCmd struct{}

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
		return a.show(each(plans, showPlan), func() {
			if len(plans) == 0 {
				a.line("plan.none")
			}
			for _, p := range plans {
				a.line("plan.shown", p.ID, len(p.Mask.Tracks), p.Mask.Source.Frames, len(p.Mask.Queue), len(p.Open()))
			}
		})
	})
}

type planShowCmd struct {
	Plan string `arg:"" help:"${help_plan_id}"`
}

func (c *planShowCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		if err := access.Check(v.Actor, access.ReadItem); err != nil {
			return err
		}
		var p evidence.Plan
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) (err error) {
			p, err = view.Plan(evidence.PlanID(c.Plan))
			return err
		})
		if err != nil {
			return err
		}
		return a.plan(p)
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

type planAcceptCmd struct {
	Plan string `arg:"" help:"${help_plan_id}"`
}

func (c *planAcceptCmd) Run(a *app) error {
	return a.desk(func(v *vault.Vault, d *mask.Desk) error {
		p, err := d.Accept(a.ctx, v.Actor, evidence.PlanID(c.Plan))
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
