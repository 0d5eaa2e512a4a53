package store

import (
	"fmt"

	"github.com/uptrace/bun"

	"safehouse/internal/evidence"
)

type planRow struct {
	bun.BaseModel `bun:"table:plans"`
	ID            string  `bun:"id,pk"`
	ItemID        string  `bun:"item_id"`
	OfID          *string `bun:"of_id"`
	Version       int     `bun:"version"`
	Made          string  `bun:"made"`
	ByID          string  `bun:"by_id"`
	Accepted      string  `bun:"accepted"`
	AcceptID      string  `bun:"accept_id"`
	Sealed        []byte  `bun:"sealed"`
}

// planSecrets holds the plan itself: where faces are tells who sat where.
type planSecrets struct {
	Mask    evidence.MaskPlan `json:"mask"`
	Reasons map[int]string    `json:"reasons,omitempty"`
	Seen    []int             `json:"seen"`
	Tool    string            `json:"tool,omitempty"`
}

func (v *View) planRow(p evidence.Plan) (planRow, error) {
	s := planSecrets{Mask: p.Mask, Seen: p.Seen, Tool: p.Tool, Reasons: map[int]string{}}
	for track, why := range p.Reasons {
		s.Reasons[track] = why.Reveal() // sealed with the rest, below
	}
	sealed, err := v.sealed("plans", string(p.ID), s)
	row := planRow{
		ID: string(p.ID), ItemID: string(p.Item), Version: p.Version, Made: formatTime(p.Made), ByID: string(p.By),
		Accepted: formatTime(p.Accepted), AcceptID: string(p.AcceptBy), Sealed: sealed,
	}
	if p.Of != "" {
		row.OfID = (*string)(&p.Of)
	}
	return row, err
}

// AddPlan adds p as made now. It is the first version of a plan, or the one after p.Of,
// unless there is one after that already: then somebody was quicker, and nothing of
// theirs may be lost.
func (tx *Tx) AddPlan(p *evidence.Plan) error {
	if err := tx.sees("items", string(p.Item)); err != nil {
		return err
	}
	p.Made, p.Version = tx.Now, 1
	if p.Of != "" {
		before, err := tx.Plan(p.Of)
		if err != nil {
			return err
		}
		if before.Item != p.Item {
			return fmt.Errorf("%s: %w", p.Of, evidence.ErrNotFound)
		}
		if err := Newest(before); err != nil {
			return err
		}
		p.Version = before.Version + 1
	}
	row, err := tx.planRow(*p)
	if err != nil {
		return err
	}
	return tx.insert(&row)
}

// Newest is a problem where a version of a plan is not the newest: what was to be done
// with it must be done with that.
func Newest(p evidence.Plan) error {
	if p.Next == "" {
		return nil
	}
	return &evidence.Problem{Code: "plan.newer", Args: []any{p.ID, p.Next}}
}

// SetPlan keeps what a person did with p: looked at doubts, accepted it. What it masks
// and why not stay as they were made.
func (tx *Tx) SetPlan(p evidence.Plan) error {
	made, err := tx.Plan(p.ID)
	if err != nil {
		return err
	}
	made.Seen, made.Accepted, made.AcceptBy = p.Seen, p.Accepted, p.AcceptBy
	row, err := tx.planRow(made)
	if err != nil {
		return err
	}
	_, err = tx.tx.NewUpdate().Model(&row).WherePK().Exec(tx.ctx)
	return err
}

// Plan gives one version of a plan.
func (v *View) Plan(id evidence.PlanID) (evidence.Plan, error) {
	var row planRow
	if err := v.rows("plans", &row).Where("id = ?", string(id)).Scan(v.ctx); err != nil {
		return evidence.Plan{}, found(string(id), err)
	}
	p, err := v.plan(row)
	if err != nil {
		return p, err
	}
	var next []planRow
	err = v.rows("plans", &next).Column("id").Where("of_id = ?", string(id)).Scan(v.ctx)
	for _, n := range next {
		p.Next = evidence.PlanID(n.ID)
	}
	return p, err
}

// Plans gives the versions of the plans for an item, oldest first; of all that the actor
// sees when id is empty.
func (v *View) Plans(id evidence.ItemID) ([]evidence.Plan, error) {
	var rows []planRow
	q := v.rows("plans", &rows).Order("made", "version", "id")
	if id != "" {
		q = q.Where("item_id = ?", string(id))
	}
	if err := q.Scan(v.ctx); err != nil {
		return nil, err
	}
	after := map[evidence.PlanID]evidence.PlanID{}
	for _, row := range rows {
		if row.OfID != nil {
			after[evidence.PlanID(*row.OfID)] = evidence.PlanID(row.ID)
		}
	}
	return each(rows, func(row planRow) (evidence.Plan, error) {
		p, err := v.plan(row)
		p.Next = after[p.ID]
		return p, err
	})
}

func (v *View) plan(row planRow) (evidence.Plan, error) {
	var s planSecrets
	if err := v.open("plans", row.ID, row.Sealed, &s); err != nil {
		return evidence.Plan{}, err
	}
	p := evidence.Plan{
		ID: evidence.PlanID(row.ID), Item: evidence.ItemID(row.ItemID), Version: row.Version, Mask: s.Mask, Seen: s.Seen, Tool: s.Tool,
		Made: parseTime(row.Made), By: evidence.MemberID(row.ByID),
		Accepted: parseTime(row.Accepted), AcceptBy: evidence.MemberID(row.AcceptID),
	}
	if row.OfID != nil {
		p.Of = evidence.PlanID(*row.OfID)
	}
	for track, why := range s.Reasons {
		if p.Reasons == nil {
			p.Reasons = map[int]evidence.Secret{}
		}
		p.Reasons[track] = evidence.Protect(why)
	}
	return p, nil
}
