package casefile

import (
	"context"
	"slices"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
)

// Members gives who is in a case, longest first.
func (c *Cabinet) Members(ctx context.Context, actor evidence.Actor, idOrRef string) (out []store.CaseMember, err error) {
	if err := access.Check(actor, access.ReadCase); err != nil {
		return nil, err
	}
	err = c.DB.View(ctx, actor.ID, func(v *store.View) error {
		id, err := v.Shared(idOrRef)
		if err != nil {
			return err
		}
		out, err = v.CaseMembers(id)
		return err
	})
	return out, err
}

// AddMember lets somebody into a case. A researcher can where they are in it
// themself; an administrator everywhere, for themself too: nobody is in every case,
// and who let whom in is in the journal, the latter for the case's members only.
func (c *Cabinet) AddMember(ctx context.Context, actor evidence.Actor, idOrRef string, m evidence.MemberID) error {
	return c.share(ctx, actor, idOrRef, func(tx *store.Tx, id evidence.CaseID, in []store.CaseMember) error {
		if _, err := tx.Member(m); err != nil {
			return err
		}
		if isIn(in, m) {
			return &evidence.Problem{Code: "case.member_already", Args: []any{m}}
		}
		tx.RecordWhy("case.member.add", string(id), evidence.Protect(string(m)))
		return tx.AddCaseMember(id, m)
	})
}

// RemoveMember takes somebody out of a case, but never the last one: what nobody
// is in nobody looks after.
func (c *Cabinet) RemoveMember(ctx context.Context, actor evidence.Actor, idOrRef string, m evidence.MemberID) error {
	return c.share(ctx, actor, idOrRef, func(tx *store.Tx, id evidence.CaseID, in []store.CaseMember) error {
		switch {
		case !isIn(in, m):
			return &evidence.Problem{Code: "case.member_not", Args: []any{m}, Err: evidence.ErrNotFound}
		case len(in) == 1:
			return &evidence.Problem{Code: "case.member_last", Args: []any{m}}
		}
		tx.RecordWhy("case.member.remove", string(id), evidence.Protect(string(m)))
		return tx.RemoveCaseMember(id, m)
	})
}

func (c *Cabinet) share(ctx context.Context, actor evidence.Actor, idOrRef string, f func(tx *store.Tx, id evidence.CaseID, in []store.CaseMember) error) error {
	if err := access.Check(actor, access.ShareCase); err != nil {
		return err
	}
	return c.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
		id, err := tx.Shared(idOrRef)
		if err != nil {
			return err
		}
		in, err := tx.CaseMembers(id)
		if err != nil {
			return err
		}
		return f(tx, id, in)
	})
}

func isIn(in []store.CaseMember, m evidence.MemberID) bool {
	return slices.ContainsFunc(in, func(c store.CaseMember) bool { return c.Member == m })
}
