package main

import (
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/intake"
	"safehouse/internal/vault"
)

type itemMoveCmd struct {
	Item string `arg:"" help:"${help_item_id}"`
	Case string `help:"${help_case_name}" required:"" placeholder:"CASE"`
}

func (c *itemMoveCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		it, err := (&intake.Desk{DB: v.DB}).Move(a.ctx, v.Actor, evidence.ItemID(c.Item), c.Case)
		if err != nil {
			return err
		}
		return a.show(showItem(it), func() { a.line("item.moved", it.ID, c.Case) })
	})
}

// handedIn shows somebody who may see nothing else what they handed in themself.
func (a *app) handedIn(v *vault.Vault) error {
	items, err := (&intake.Desk{DB: v.DB}).HandedIn(a.ctx, v.Actor)
	if err != nil {
		return err
	}
	return a.items(each(items, showItem))
}

func (a *app) items(items []itemJSON) error {
	return a.show(items, func() {
		if len(items) == 0 {
			a.line("item.none")
		}
		for _, it := range items {
			if it.Withdrawn != nil {
				a.line("item.row_withdrawn", it.ID, it.Withdrawn.Format(time.RFC3339))
				continue
			}
			a.line("item.row", it.ID, a.say.Say("material."+it.Material), it.Size, it.Name)
		}
	})
}
