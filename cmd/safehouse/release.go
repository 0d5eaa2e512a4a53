package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/leak"
	"safehouse/internal/release"
	"safehouse/internal/review"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

type releaseCmd struct {
	Make releaseMakeCmd `cmd:"" help:"${help_release_make}"`
	List releaseListCmd `cmd:"" help:"${help_release_list}"`
}

type releaseJSON struct {
	ID     evidence.ReleaseID `json:"id"`
	Draft  evidence.DraftID   `json:"draft"`
	Digest string             `json:"digest"`
	Made   time.Time          `json:"made"`
	By     evidence.MemberID  `json:"by"`
	Bundle string             `json:"bundle,omitempty"`
	Key    string             `json:"key"`
}

type releaseMakeCmd struct {
	Draft string `arg:"" help:"${help_draft_id}"`
	Out   string `help:"${help_release_out}" short:"o" required:"" placeholder:"FILE.zip"`
	Force bool   `help:"${help_force}"`
}

func (c *releaseMakeCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		ok, err := (&review.Board{DB: v.DB}).Approval(a.ctx, v.Actor, evidence.DraftID(c.Draft))
		if err != nil {
			return err
		}
		press := &release.Press{DB: v.DB, Renditions: v.Renditions}
		var made evidence.Release
		err = writeWhole(c.Out, c.Force, func(f *os.File) (err error) {
			made, err = press.Make(a.ctx, v.Actor, ok, f)
			return err
		})
		if err != nil {
			return a.refused(err)
		}
		out := releaseJSON{made.ID, made.Draft, made.Digest, made.Made, made.By, c.Out, v.DB.Verifier()}
		return a.show(out, func() { a.line("release.made", made.ID, c.Out, made.Digest) })
	})
}

// refused shows what the gate found before the refusal itself.
func (a *app) refused(err error) error {
	var r *release.Refusal
	if errors.As(err, &r) {
		a.findings(r.Report)
	}
	return err
}

// findings shows a leak report: as JSON on standard output when that was asked
// for, else a line a finding on standard error.
func (a *app) findings(r leak.Report) {
	if a.flags.JSON {
		_ = a.show(showLeaks(r), nil)
		return
	}
	for _, f := range r.Findings {
		fmt.Fprintln(a.err, a.say.Say("leak.finding", f.File, f.Part, f.Start, f.Surface, a.say.Say(f.Why)))
	}
	for _, u := range r.Unread {
		fmt.Fprintln(a.err, a.say.Say("leak.unread", u.File, u.Part, a.say.Say(u.Why)))
	}
	for _, l := range r.Looked {
		fmt.Fprintln(a.err, a.say.Say("leak.looked", l.File, l.Part, l.By))
	}
	for _, e := range r.Excepted {
		fmt.Fprintln(a.err, a.say.Say("leak.excepted", e.File, e.Part, e.Start, e.By, e.Until))
	}
}

type releaseListCmd struct{}

func (c *releaseListCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		if err := access.Check(v.Actor, access.ReadDraft); err != nil {
			return err
		}
		var releases []evidence.Release
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) (err error) {
			releases, err = view.Releases()
			return err
		})
		if err != nil {
			return err
		}
		out := each(releases, func(r evidence.Release) releaseJSON {
			return releaseJSON{ID: r.ID, Draft: r.Draft, Digest: r.Digest, Made: r.Made, By: r.By, Key: v.DB.Verifier()}
		})
		return a.show(out, func() {
			if len(out) == 0 {
				a.line("release.none")
			}
			for _, r := range out {
				fmt.Fprintf(a.out, "%s  %s  %s  %s\n", r.ID, r.Made.Format(time.RFC3339), r.Draft, r.Digest)
			}
		})
	})
}
