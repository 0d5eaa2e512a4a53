// Package release lets approved bytes leave, and nothing else. Make composes the
// draft again and stops unless the bytes are those that were approved, every
// mask has been looked at, and the leak gate has read every part and found
// nothing. That it left is in the journal before a byte of the bundle is
// written, and the bundle proves it.
package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"safehouse/bundle"
	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/leak"
	"safehouse/internal/review"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

// A Press makes bundles.
type Press struct {
	DB         *store.DB
	Renditions *vault.Renditions
}

// A Refusal is the gate's no, with all that it found.
type Refusal struct {
	Report leak.Report
	*evidence.Problem
	Status int // the exit status that CLI.md gives it: 3 found, 4 unread
}

// Unwrap gives the problem.
func (r *Refusal) Unwrap() error { return r.Problem }

// Make writes the bundle of an approved draft to dst and records the release.
// Making the same approved draft again writes the same release again. When Make
// fails after it began to write, dst holds rubbish: the caller must not keep it.
func (p *Press) Make(ctx context.Context, actor evidence.Actor, ok review.Approval, dst io.Writer) (evidence.Release, error) {
	if err := access.Check(actor, access.Release); err != nil {
		return evidence.Release{}, err
	}
	sheet, gate, err := p.prepare(ctx, actor, ok)
	if err != nil {
		return evidence.Release{}, err
	}
	if err := check(ctx, gate, sheet.Parts); err != nil {
		return evidence.Release{}, errors.Join(err, p.refused(ctx, actor, ok, err))
	}
	rel, err := p.record(ctx, actor, ok, sheet)
	if err != nil {
		return evidence.Release{}, err
	}
	seal, err := p.seal(ctx, actor, rel, sheet)
	if err != nil {
		return evidence.Release{}, err
	}
	return rel, bundle.Write(dst, sheet.Parts, seal)
}

// refused puts the gate's no into the journal: what nearly left is part of what
// happened.
func (p *Press) refused(ctx context.Context, actor evidence.Actor, ok review.Approval, err error) error {
	var no *Refusal
	if !errors.As(err, &no) {
		return nil
	}
	return p.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
		tx.Record("release.refuse", string(ok.Draft()))
		return nil
	})
}

// Check runs the gate over an approved or unapproved draft without releasing it.
func (p *Press) Check(ctx context.Context, actor evidence.Actor, id evidence.DraftID) (leak.Report, error) {
	if err := access.Check(actor, access.ReadDraft); err != nil {
		return leak.Report{}, err
	}
	var sheet review.Sheet
	err := p.DB.View(ctx, actor.ID, func(v *store.View) (err error) {
		sheet, err = review.Compose(v, id)
		return err
	})
	if err != nil {
		return leak.Report{}, err
	}
	gate, err := p.gate(ctx, actor)
	if err != nil {
		return leak.Report{}, err
	}
	p.attach(ctx, actor, &sheet)
	return gate.look(ctx, sheet.Parts)
}

// prepare composes what was approved and refuses whatever is not ready.
func (p *Press) prepare(ctx context.Context, actor evidence.Actor, ok review.Approval) (review.Sheet, *gate, error) {
	var sheet review.Sheet
	err := p.DB.View(ctx, actor.ID, func(v *store.View) (err error) {
		if sheet, err = review.Compose(v, ok.Draft()); err != nil {
			return err
		}
		if !ok.Covers(sheet) {
			return &evidence.Problem{Code: "release.other_bytes", Args: []any{ok.Draft()}}
		}
		return masksSeen(v, sheet)
	})
	if err != nil {
		return sheet, nil, err
	}
	p.attach(ctx, actor, &sheet)
	gate, err := p.gate(ctx, actor)
	return sheet, gate, err
}

// masksSeen refuses a mask with a doubt that nobody has looked at, and one that somebody
// has changed since: they saw something in it.
func masksSeen(v *store.View, s review.Sheet) error {
	for _, name := range slices.Sorted(maps.Keys(s.Media)) {
		r, _, err := v.Rendition(s.Media[name])
		if err != nil {
			return err
		}
		plan, err := v.Plan(r.Plan)
		if err != nil {
			return err
		}
		if plan.Next != "" {
			return &evidence.Problem{Code: "release.plan_edited", Args: []any{r.ID, plan.ID, plan.Next}}
		}
		if n := len(plan.Open()); n > 0 {
			return &evidence.Problem{Code: "release.queue_open", Args: []any{plan.ID, n}}
		}
		if plan.Accepted.IsZero() {
			return &evidence.Problem{Code: "release.plan_not_accepted", Args: []any{plan.ID}}
		}
	}
	return nil
}

// attach lets the parts be read: the media from the vault.
func (p *Press) attach(ctx context.Context, actor evidence.Actor, s *review.Sheet) {
	for i, part := range s.Parts {
		id, ok := s.Media[part.Name]
		if !ok {
			continue
		}
		s.Parts[i].Open = func() (io.ReadCloser, error) {
			c, err := p.Renditions.Open(ctx, actor, id)
			if err != nil {
				return nil, err
			}
			return content{io.NewSectionReader(c, 0, c.Size), c}, nil
		}
	}
}

// content reads in order and in place.
type content struct {
	*io.SectionReader
	io.Closer
}

// record puts the release into the journal, once.
func (p *Press) record(ctx context.Context, actor evidence.Actor, ok review.Approval, s review.Sheet) (evidence.Release, error) {
	rel, err := p.made(ctx, actor, ok)
	if err == nil || !errors.Is(err, evidence.ErrNotFound) {
		return rel, err
	}
	rel = evidence.Release{
		ID: evidence.NewID[evidence.ReleaseID]("rel"), Draft: ok.Draft(), Approval: ok.ID(), Digest: s.Digest, By: actor.ID,
	}
	return rel, p.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
		now, err := review.Compose(&tx.View, ok.Draft())
		if err != nil {
			return err
		}
		if !ok.Covers(now) {
			return &evidence.Problem{Code: "release.other_bytes", Args: []any{ok.Draft()}}
		}
		tx.Record("release.make", string(rel.ID), rel.Digest)
		if err := tx.AddRelease(&rel); err != nil {
			return err
		}
		return tx.SetDraftState(rel.Draft, evidence.Released)
	})
}

// made gives the release that this approval already led to.
func (p *Press) made(ctx context.Context, actor evidence.Actor, ok review.Approval) (evidence.Release, error) {
	var rel evidence.Release
	err := p.DB.View(ctx, actor.ID, func(v *store.View) error {
		all, err := v.Releases()
		if err != nil {
			return err
		}
		for _, r := range all {
			if r.Approval == ok.ID() {
				rel = r
				return nil
			}
		}
		return evidence.ErrNotFound
	})
	return rel, err
}

// seal collects what proves the release: its journal entry, the proof that the
// entry is in the journal, and the vault's signature.
func (p *Press) seal(ctx context.Context, actor evidence.Actor, rel evidence.Release, s review.Sheet) (bundle.Seal, error) {
	out := bundle.Seal{Release: string(rel.ID), Key: []byte(p.DB.Verifier())}
	err := p.DB.View(ctx, actor.ID, func(v *store.View) error {
		entries, err := v.JournalOf(string(rel.ID))
		if err != nil || len(entries) == 0 {
			return fmt.Errorf("journal of %s: %w", rel.ID, errors.Join(err, evidence.ErrNotFound))
		}
		note, err := v.JournalNote(entries[0])
		if err != nil {
			return err
		}
		proof, err := v.Prove(entries[0])
		if err != nil {
			return err
		}
		out.Salt, out.Proof, out.Checkpoint = note.Salt, proof.Encode(), proof.Checkpoint
		return nil
	})
	if err != nil {
		return bundle.Seal{}, err
	}
	out.Signature, err = bundle.Sign(out.Release, bundle.Sums(s.Parts), p.DB.Signer())
	return out, err
}
