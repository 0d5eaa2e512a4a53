// Package review is where one person's draft meets another person's eyes. Only
// this package can make an [Approval], only for someone who did not write the
// draft, and only over the digest of exactly the bytes that were composed from
// it: whatever changes afterwards, a claim, a name, one letter, is not approved.
package review

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/store"
)

// A Board is where drafts hang.
type Board struct {
	DB *store.DB
}

// An Approval is a second person's word on exactly these bytes. The zero
// Approval approves nothing.
type Approval struct {
	id     evidence.ApprovalID
	draft  evidence.DraftID
	digest string
	by     evidence.MemberID
}

// ID identifies the approval.
func (a Approval) ID() evidence.ApprovalID { return a.id }

// Draft is what was approved.
func (a Approval) Draft() evidence.DraftID { return a.draft }

// By is who approved it.
func (a Approval) By() evidence.MemberID { return a.by }

// Covers says whether these are the bytes that were approved.
func (a Approval) Covers(s Sheet) bool {
	return a.id != "" && a.draft == s.Draft.ID && a.digest != "" && a.digest == s.Digest
}

// New hangs up a draft. Its citations must lead to claims that it names.
func (b *Board) New(ctx context.Context, actor evidence.Actor, d evidence.Draft) (evidence.Draft, error) {
	if err := access.Check(actor, access.WriteDraft); err != nil {
		return d, err
	}
	d.ID, d.Author, d.State = evidence.NewID[evidence.DraftID]("drf"), actor.ID, evidence.Writing
	if err := wellFormed(d); err != nil {
		return d, err
	}
	err := b.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
		if err := tx.AddDraft(&d); err != nil {
			return err
		}
		sheet, err := compose(&tx.View, d)
		if err != nil {
			return err
		}
		tx.Record("draft.new", string(d.ID), sheet.Digest)
		return nil
	})
	return d, err
}

func wellFormed(d evidence.Draft) error {
	switch {
	case strings.TrimSpace(d.Headline.Reveal()) == "":
		return &evidence.Problem{Code: "draft.no_headline"}
	case strings.TrimSpace(d.Text.Reveal()) == "":
		return &evidence.Problem{Code: "draft.no_text"}
	case len(d.Claims) == 0:
		return &evidence.Problem{Code: "draft.no_claims"}
	case !locale.Known(d.Language):
		return &evidence.Problem{Code: "draft.language", Args: []any{d.Language}}
	}
	cited := false
	for _, m := range citation.FindAllStringSubmatch(d.Text.Reveal(), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil || n < 1 || n > len(d.Claims) {
			return &evidence.Problem{Code: "draft.citation", Args: []any{m[1], len(d.Claims)}}
		}
		cited = true
	}
	if !cited {
		return &evidence.Problem{Code: "draft.cites_nothing"}
	}
	return nil
}

// citation is how a text cites the n-th claim of its draft: [n].
var citation = regexp.MustCompile(`\[(\d{1,4})\]`)

// Show composes a draft as it would go out now.
func (b *Board) Show(ctx context.Context, actor evidence.Actor, id evidence.DraftID) (Sheet, error) {
	if err := access.Check(actor, access.ReadDraft); err != nil {
		return Sheet{}, err
	}
	var s Sheet
	err := b.DB.View(ctx, actor.ID, func(v *store.View) (err error) {
		s, err = Compose(v, id)
		return err
	})
	return s, err
}

// Submit hands a draft to whoever reviews it. Only its author can.
func (b *Board) Submit(ctx context.Context, actor evidence.Actor, id evidence.DraftID) (Sheet, error) {
	if err := access.Check(actor, access.WriteDraft); err != nil {
		return Sheet{}, err
	}
	return b.move(ctx, actor, id, func(tx *store.Tx, s Sheet) error {
		if s.Draft.Author != actor.ID {
			return &evidence.Problem{Code: "draft.not_yours", Args: []any{id}}
		}
		if s.Draft.State != evidence.Writing {
			return wrongState(s.Draft)
		}
		tx.Record("draft.submit", string(id), s.Digest)
		return tx.SetDraftState(id, evidence.Submitted)
	})
}

// Waiting lists what this actor could review now: submitted by somebody else.
func (b *Board) Waiting(ctx context.Context, actor evidence.Actor) ([]Sheet, error) {
	if err := access.Check(actor, access.Review); err != nil {
		return nil, err
	}
	var out []Sheet
	err := b.DB.View(ctx, actor.ID, func(v *store.View) error {
		drafts, err := v.Drafts()
		if err != nil {
			return err
		}
		for _, d := range drafts {
			if d.State != evidence.Submitted || d.Author == actor.ID {
				continue
			}
			s, err := compose(v, d)
			if err != nil {
				return err
			}
			out = append(out, s)
		}
		return nil
	})
	return out, err
}

// Approve puts the actor's word under exactly the bytes with this digest. The
// author's own word is refused, whatever their role.
func (b *Board) Approve(ctx context.Context, actor evidence.Actor, id evidence.DraftID, digest string) (Approval, error) {
	word := store.Verdict{Granted: true, Digest: digest}
	err := b.judge(ctx, actor, id, &word, evidence.Approved)
	if err != nil {
		return Approval{}, err
	}
	return Approval{id: word.ID, draft: id, digest: digest, by: actor.ID}, nil
}

// Refuse sends a draft back with a reason.
func (b *Board) Refuse(ctx context.Context, actor evidence.Actor, id evidence.DraftID, reason evidence.Secret) error {
	if strings.TrimSpace(reason.Reveal()) == "" {
		return &evidence.Problem{Code: "review.no_reason"}
	}
	return b.judge(ctx, actor, id, &store.Verdict{Reason: reason}, evidence.Refused)
}

func (b *Board) judge(ctx context.Context, actor evidence.Actor, id evidence.DraftID, word *store.Verdict, state evidence.DraftState) error {
	if err := access.Check(actor, access.Review); err != nil {
		return err
	}
	_, err := b.move(ctx, actor, id, func(tx *store.Tx, s Sheet) error {
		switch {
		case s.Draft.Author == actor.ID:
			return &evidence.Problem{Code: "review.own_draft", Args: []any{id}}
		case s.Draft.State != evidence.Submitted:
			return wrongState(s.Draft)
		case word.Granted && word.Digest != s.Digest:
			return &evidence.Problem{Code: "review.other_bytes", Args: []any{id, s.Digest}}
		}
		word.ID, word.Draft, word.Digest, word.By = evidence.NewID[evidence.ApprovalID]("apr"), id, s.Digest, actor.ID
		if word.Granted {
			tx.Record("review.approve", string(id), s.Digest)
		} else {
			tx.RecordWhy("review.refuse", string(id), word.Reason, s.Digest)
		}
		if err := tx.AddVerdict(word); err != nil {
			return err
		}
		return tx.SetDraftState(id, state)
	})
	return err
}

// Approval gives the approval that stands for a draft, to somebody who may read it.
func (b *Board) Approval(ctx context.Context, actor evidence.Actor, id evidence.DraftID) (Approval, error) {
	var a Approval
	err := b.DB.View(ctx, actor.ID, func(v *store.View) error {
		if _, err := v.Draft(id); err != nil {
			return err
		}
		word, err := v.Verdict(id)
		if errors.Is(err, evidence.ErrNotFound) || err == nil && !word.Granted {
			return &evidence.Problem{Code: "release.not_approved", Args: []any{id}}
		}
		if err != nil {
			return err
		}
		a = Approval{id: word.ID, draft: id, digest: word.Digest, by: word.By}
		return nil
	})
	return a, err
}

// move composes a draft and changes its state in one transaction.
func (b *Board) move(ctx context.Context, actor evidence.Actor, id evidence.DraftID, f func(tx *store.Tx, s Sheet) error) (Sheet, error) {
	var s Sheet
	err := b.DB.Update(ctx, actor.ID, func(tx *store.Tx) (err error) {
		if s, err = Compose(&tx.View, id); err != nil {
			return fmt.Errorf("compose %s: %w", id, err)
		}
		return f(tx, s)
	})
	return s, err
}

func wrongState(d evidence.Draft) error {
	return &evidence.Problem{Code: "draft.state." + string(d.State), Args: []any{d.ID}}
}
