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
	Removed       string `bun:"removed"`
	Custodian     bool   `bun:"custodian"`
	Sealed        []byte `bun:"sealed"`
}

type memberSecrets struct {
	Name      string `json:"name"`
	Recipient string `json:"recipient"` // sealed although not secret: nobody may put another in
}

// AddMember adds m as of now.
func (tx *Tx) AddMember(m *evidence.Member) error {
	m.Added = tx.Now
	sealed, err := tx.sealed("members", string(m.ID), memberSecrets{m.Name.Reveal(), m.Recipient})
	if err != nil {
		return err
	}
	return tx.insert(&memberRow{
		ID: string(m.ID), Role: string(m.Role), Added: formatTime(m.Added), Custodian: m.Custodian, Sealed: sealed,
	})
}

// ChangeMember writes a member's recipient, custodianship and removal anew.
func (tx *Tx) ChangeMember(m evidence.Member) error {
	sealed, err := tx.sealed("members", string(m.ID), memberSecrets{m.Name.Reveal(), m.Recipient})
	if err != nil {
		return err
	}
	_, err = tx.tx.NewUpdate().Model((*memberRow)(nil)).Set("custodian = ?", m.Custodian).Set("removed = ?", formatTime(m.Removed)).
		Set("sealed = ?", sealed).Where("id = ?", string(m.ID)).Exec(tx.ctx)
	if err == nil && !m.Removed.IsZero() { // who is no member is in no case
		_, err = tx.tx.NewDelete().Model((*caseMemberRow)(nil)).Where("member_id = ?", string(m.ID)).Exec(tx.ctx)
	}
	return err
}

// Member gives one member.
func (v *View) Member(id evidence.MemberID) (evidence.Member, error) {
	var row memberRow
	if err := v.tx.NewSelect().Model(&row).Where("id = ?", string(id)).Scan(v.ctx); err != nil {
		return evidence.Member{}, found(string(id), err)
	}
	return v.member(row)
}

// Members gives every member, oldest first, those too who were removed.
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

		Recipient: s.Recipient,
		Custodian: row.Custodian,
		Removed:   parseTime(row.Removed),
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
