package intake

import (
	"context"
	"slices"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
)

// Move puts an item into a case: out of the inbox or out of another case, with what
// was made from it. What a case already cites or shows stays there: its members
// would no longer see what their words rest on.
func (d *Desk) Move(ctx context.Context, actor evidence.Actor, id evidence.ItemID, idOrRef string) (evidence.Item, error) {
	var it evidence.Item
	if err := access.Check(actor, access.MoveItem); err != nil {
		return it, err
	}
	err := d.DB.Update(ctx, actor.ID, func(tx *store.Tx) (err error) {
		if it, _, err = tx.Item(id); err != nil {
			return err
		}
		to, err := tx.Case(idOrRef)
		if err != nil {
			return err
		}
		used, err := rests(&tx.View, it)
		if err != nil {
			return err
		}
		if used && it.Case != to.ID {
			return &evidence.Problem{Code: "item.cited", Args: []any{id}}
		}
		it.Case = to.ID
		tx.Record("item.move", string(id))
		return tx.MoveItem(id, to.ID)
	})
	return it, err
}

// rests says whether a claim or a draft rests on the item.
func rests(v *store.View, it evidence.Item) (bool, error) {
	claims, err := v.Claims(it.Case)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(claims, func(c evidence.Claim) bool { return c.Item == it.ID }) {
		return true, nil
	}
	made, err := v.Renditions(it.ID)
	if err != nil {
		return false, err
	}
	drafts, err := v.Drafts()
	if err != nil {
		return false, err
	}
	for _, r := range made {
		if slices.ContainsFunc(drafts, func(d evidence.Draft) bool { return slices.Contains(d.Renditions, r.ID) }) {
			return true, nil
		}
	}
	return false, nil
}

// HandedIn lists what the actor handed in, oldest first: that it has arrived, and
// nothing that they did not know then.
func (d *Desk) HandedIn(ctx context.Context, actor evidence.Actor) (items []evidence.Item, err error) {
	if err := access.Check(actor, access.ReadHandedIn); err != nil {
		return nil, err
	}
	err = d.DB.View(ctx, actor.ID, func(v *store.View) (err error) {
		items, err = v.HandedIn()
		return err
	})
	return items, err
}
