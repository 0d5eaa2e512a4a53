package main

import (
	"fmt"

	"safehouse/internal/casefile"
	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/review"
	"safehouse/internal/vault"
)

func (a *app) board(f func(v *vault.Vault, b *review.Board) error) error {
	return a.with(func(v *vault.Vault) error { return f(v, &review.Board{DB: v.DB}) })
}

type draftCmd struct {
	New    draftNewCmd    `cmd:"" help:"${help_draft_new}"`
	Show   draftShowCmd   `cmd:"" help:"${help_draft_show}"`
	Submit draftSubmitCmd `cmd:"" help:"${help_draft_submit}"`
}

type draftJSON struct {
	ID       evidence.DraftID    `json:"id"`
	State    evidence.DraftState `json:"state"`
	Author   evidence.MemberID   `json:"author"`
	Headline string              `json:"headline"`
	Digest   string              `json:"digest"` // what an approval must name
	Parts    []partJSON          `json:"parts"`
}

type partJSON struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func showSheet(s review.Sheet) draftJSON {
	d := draftJSON{ID: s.Draft.ID, State: s.Draft.State, Author: s.Draft.Author, Headline: s.Draft.Headline.Reveal(), Digest: s.Digest}
	for _, p := range s.Parts {
		d.Parts = append(d.Parts, partJSON{p.Name, p.Size, p.Digest})
	}
	return d
}

type draftNewCmd struct {
	Case     string                 `help:"${help_case_name}" required:"" placeholder:"CASE"`
	Headline string                 `help:"${help_headline}" required:"" placeholder:"WORDS"`
	Text     string                 `help:"${help_text_file}" required:"" placeholder:"FILE"`
	Claim    []evidence.ClaimID     `help:"${help_draft_claim}" required:"" placeholder:"CLAIM"`
	Media    []evidence.RenditionID `help:"${help_draft_media}" placeholder:"RENDITION"`
	Language string                 `help:"${help_draft_language}" default:"en" placeholder:"en|ko|zh"`
}

func (c *draftNewCmd) Run(a *app) error {
	return a.inCase(c.Case, func(v *vault.Vault, _ *casefile.Cabinet, cs evidence.Case) error {
		text, err := a.text(c.Text)
		if err != nil {
			return err
		}
		board := &review.Board{DB: v.DB}
		d, err := board.New(a.ctx, v.Actor, evidence.Draft{
			Case: cs.ID, Language: c.Language, Headline: evidence.Protect(c.Headline), Text: evidence.Protect(text),
			Claims: c.Claim, Renditions: c.Media,
		})
		if err != nil {
			return err
		}
		return a.sheet(board, v.Actor, d.ID, "draft.added")
	})
}

// sheet shows a draft as it would go out.
func (a *app) sheet(b *review.Board, actor evidence.Actor, id evidence.DraftID, code string) error {
	s, err := b.Show(a.ctx, actor, id)
	if err != nil {
		return err
	}
	d := showSheet(s)
	return a.show(d, func() {
		a.line(code, d.ID, a.say.Say("draft.is."+string(d.State)), d.Digest)
		for _, p := range d.Parts {
			fmt.Fprintf(a.out, "  %s  %s  %d\n", p.SHA256, p.Name, p.Size)
		}
	})
}

type draftShowCmd struct {
	Draft string `arg:"" help:"${help_draft_id}"`
	Part  string `help:"${help_draft_part}" placeholder:"NAME"`
}

func (c *draftShowCmd) Run(a *app) error {
	return a.board(func(v *vault.Vault, b *review.Board) error {
		if c.Part == "" {
			return a.sheet(b, v.Actor, evidence.DraftID(c.Draft), "draft.shown")
		}
		s, err := b.Show(a.ctx, v.Actor, evidence.DraftID(c.Draft))
		if err != nil {
			return err
		}
		text, err := s.Text(c.Part)
		if err == nil {
			_, err = a.out.Write(text)
		}
		return err
	})
}

type draftSubmitCmd struct {
	Draft string `arg:"" help:"${help_draft_id}"`
}

func (c *draftSubmitCmd) Run(a *app) error {
	return a.board(func(v *vault.Vault, b *review.Board) error {
		if _, err := b.Submit(a.ctx, v.Actor, evidence.DraftID(c.Draft)); err != nil {
			return err
		}
		return a.sheet(b, v.Actor, evidence.DraftID(c.Draft), "draft.submitted")
	})
}

type reviewCmd struct {
	List    reviewListCmd    `cmd:"" help:"${help_review_list}"`
	Approve reviewApproveCmd `cmd:"" help:"${help_review_approve}"`
	Refuse  reviewRefuseCmd  `cmd:"" help:"${help_review_refuse}"`
}

type reviewListCmd struct{}

func (c *reviewListCmd) Run(a *app) error {
	return a.board(func(v *vault.Vault, b *review.Board) error {
		sheets, err := b.Waiting(a.ctx, v.Actor)
		if err != nil {
			return err
		}
		return a.show(each(sheets, showSheet), func() {
			if len(sheets) == 0 {
				a.line("review.none")
			}
			for _, s := range sheets {
				fmt.Fprintf(a.out, "%s  %s  %s\n", s.Draft.ID, s.Digest, locale.Safe(s.Draft.Headline.Reveal()))
			}
		})
	})
}

type reviewApproveCmd struct {
	Draft  string `arg:"" help:"${help_draft_id}"`
	Digest string `help:"${help_digest}" required:"" placeholder:"SHA256"`
}

func (c *reviewApproveCmd) Run(a *app) error {
	return a.board(func(v *vault.Vault, b *review.Board) error {
		ok, err := b.Approve(a.ctx, v.Actor, evidence.DraftID(c.Draft), c.Digest)
		if err != nil {
			return err
		}
		return a.show(map[string]any{"approval": ok.ID(), "draft": ok.Draft(), "digest": c.Digest, "by": ok.By()}, func() {
			a.line("review.approved", c.Draft, c.Digest)
		})
	})
}

type reviewRefuseCmd struct {
	Draft  string `arg:"" help:"${help_draft_id}"`
	Reason string `help:"${help_reason}" required:"" placeholder:"WHY"`
}

func (c *reviewRefuseCmd) Run(a *app) error {
	return a.board(func(v *vault.Vault, b *review.Board) error {
		if err := b.Refuse(a.ctx, v.Actor, evidence.DraftID(c.Draft), evidence.Protect(c.Reason)); err != nil {
			return err
		}
		return a.show(map[string]any{"draft": c.Draft, "state": evidence.Refused}, func() { a.line("review.refused", c.Draft) })
	})
}
