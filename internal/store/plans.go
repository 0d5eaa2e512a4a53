package store

import (
	"github.com/uptrace/bun"

	"safehouse/internal/evidence"
)

type planRow struct {
	bun.BaseModel `bun:"table:plans"`
	ID            string `bun:"id,pk"`
	ItemID        string `bun:"item_id"`
	Made          string `bun:"made"`
	ByID          string `bun:"by_id"`
	Accepted      string `bun:"accepted"`
	AcceptID      string `bun:"accept_id"`
	Sealed        []byte `bun:"sealed"`
}

// planSecrets holds the plan itself: where faces are tells who sat where.
type planSecrets struct {
	Mask evidence.MaskPlan `json:"mask"`
	Seen []int             `json:"seen"`
}

func (v *View) planRow(p evidence.Plan) (planRow, error) {
	sealed, err := v.sealed("plans", string(p.ID), planSecrets{p.Mask, p.Seen})
	return planRow{
		ID: string(p.ID), ItemID: string(p.Item), Made: formatTime(p.Made), ByID: string(p.By),
		Accepted: formatTime(p.Accepted), AcceptID: string(p.AcceptBy), Sealed: sealed,
	}, err
}

// AddPlan adds p as made now.
func (tx *Tx) AddPlan(p *evidence.Plan) error {
	if err := tx.sees("items", string(p.Item)); err != nil {
		return err
	}
	p.Made = tx.Now
	row, err := tx.planRow(*p)
	if err != nil {
		return err
	}
	return tx.insert(&row)
}

// SetPlan keeps what a person did with p: looked at doubts, accepted it.
func (tx *Tx) SetPlan(p evidence.Plan) error {
	if err := tx.sees("plans", string(p.ID)); err != nil {
		return err
	}
	row, err := tx.planRow(p)
	if err != nil {
		return err
	}
	_, err = tx.tx.NewUpdate().Model(&row).WherePK().Exec(tx.ctx)
	return err
}

// Plan gives one plan.
func (v *View) Plan(id evidence.PlanID) (evidence.Plan, error) {
	var row planRow
	if err := v.rows("plans", &row).Where("id = ?", string(id)).Scan(v.ctx); err != nil {
		return evidence.Plan{}, found(string(id), err)
	}
	return v.plan(row)
}

// Plans gives the plans for an item, oldest first; of all that the actor sees when id is empty.
func (v *View) Plans(id evidence.ItemID) ([]evidence.Plan, error) {
	var rows []planRow
	q := v.rows("plans", &rows).Order("made", "id")
	if id != "" {
		q = q.Where("item_id = ?", string(id))
	}
	if err := q.Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, v.plan)
}

func (v *View) plan(row planRow) (evidence.Plan, error) {
	var s planSecrets
	if err := v.open("plans", row.ID, row.Sealed, &s); err != nil {
		return evidence.Plan{}, err
	}
	return evidence.Plan{
		ID: evidence.PlanID(row.ID), Item: evidence.ItemID(row.ItemID), Mask: s.Mask, Seen: s.Seen,
		Made: parseTime(row.Made), By: evidence.MemberID(row.ByID),
		Accepted: parseTime(row.Accepted), AcceptBy: evidence.MemberID(row.AcceptID),
	}, nil
}
