package store

import (
	"github.com/uptrace/bun"

	"safehouse/internal/evidence"
)

type memberRow struct {
	bun.BaseModel `bun:"table:members"`
	ID            string `bun:"id,pk"`
	Role          string `bun:"role"`
	Added         string `bun:"added"`
	Sealed        []byte `bun:"sealed"`
}

type memberSecrets struct {
	Name string `json:"name"`
}

// AddMember adds m as of now.
func (tx *Tx) AddMember(m *evidence.Member) error {
	m.Added = tx.Now
	sealed, err := tx.sealed("members", string(m.ID), memberSecrets{m.Name.Reveal()})
	if err != nil {
		return err
	}
	return tx.insert(&memberRow{ID: string(m.ID), Role: string(m.Role), Added: formatTime(m.Added), Sealed: sealed})
}

// Member gives one member.
func (v *View) Member(id evidence.MemberID) (evidence.Member, error) {
	var row memberRow
	if err := v.tx.NewSelect().Model(&row).Where("id = ?", string(id)).Scan(v.ctx); err != nil {
		return evidence.Member{}, found(string(id), err)
	}
	return v.member(row)
}

// Members gives every member, oldest first.
func (v *View) Members() ([]evidence.Member, error) {
	var rows []memberRow
	if err := v.tx.NewSelect().Model(&rows).Order("added", "id").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, v.member)
}

func (v *View) member(row memberRow) (evidence.Member, error) {
	var s memberSecrets
	if err := v.open("members", row.ID, row.Sealed, &s); err != nil {
		return evidence.Member{}, err
	}
	return evidence.Member{
		ID:    evidence.MemberID(row.ID),
		Name:  evidence.Protect(s.Name),
		Role:  evidence.Role(row.Role),
		Added: parseTime(row.Added),
	}, nil
}

// each turns rows into what they hold.
func each[R, T any](rows []R, turn func(R) (T, error)) ([]T, error) {
	out := make([]T, 0, len(rows))
	for _, r := range rows {
		t, err := turn(r)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}
