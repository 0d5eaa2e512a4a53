package store

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"safehouse/internal/evidence"
)

// A case is a compartment. Whoever is not in it sees nothing of it and of what
// hangs on it, and cannot tell that from its absence: what the actor may see is
// asked in the same statement as the thing itself. It is decided here and nowhere
// else. A new table gets its line in hangsOn and a new query begins with one of
// the functions below; without, the test that walks every method of View fails.

// hanging says by which column a table's rows hang on which other table. In the
// end all hang on who is in a case.
type hanging struct{ column, table string }

var hangsOn = map[string]hanging{
	"cases":         {"id", ""},
	"items":         {"case_id", ""}, // or on no case yet: the inbox
	"erasures":      {"case_id", ""}, // what was an item
	"plans":         {"item_id", "items"},
	"renditions":    {"item_id", "items"},
	"persons":       {"case_id", "cases"},
	"person_groups": {"case_id", "cases"},
	"sources":       {"case_id", "cases"},
	"claims":        {"case_id", "cases"},
	"statuses":      {"case_id", "cases"},
	"drafts":        {"case_id", "cases"},
	"approvals":     {"draft_id", "drafts"},
	"releases":      {"draft_id", "drafts"},
}

// sorters see the inbox: the items that are in no case yet.
var sorters = []evidence.Role{evidence.Administrator, evidence.Researcher}

// Unscoped is View over every case. Why is for whoever reviews the few places that
// may call it, which are in a table of internal/layers.
func (db *DB) Unscoped(ctx context.Context, why string, f func(v *View) error) error {
	slog.Debug("a view of every case", "why", why)
	return db.view(ctx, View{all: true}, f)
}

// rows begins a query for what the actor may see of a table.
func (v *View) rows(table string, into any) *bun.SelectQuery {
	q := v.tx.NewSelect().Model(into)
	if v.all {
		return q
	}
	return q.Where("?", v.visible(table))
}

// ofCase is rows narrowed to one case, unless id is empty.
func (v *View) ofCase(table string, into any, id evidence.CaseID) *bun.SelectQuery {
	q := v.rows(table, into)
	if id == "" {
		return q
	}
	return q.Where("case_id = ?", string(id))
}

// visible is the condition on a row of a table that the actor may see it.
func (v *View) visible(table string) schema.QueryWithArgs {
	on, ok := hangsOn[table]
	if !ok {
		panic("no line in hangsOn: " + table) // a mistake of ours, which must not show a row
	}
	if on.table != "" {
		return v.refers(bun.Ident(on.column), on.table)
	}
	mine := bun.SafeQuery("? IN (SELECT case_id FROM case_members WHERE member_id = ?)", bun.Ident(on.column), string(v.actor))
	if table != "items" && table != "erasures" {
		return mine
	}
	return bun.SafeQuery("(? OR ? IS NULL AND ?)", mine, bun.Ident(on.column), v.is(sorters...))
}

// refers is the condition that a column names a row of table that the actor may see.
// It is asked row by row, by the primary key: what the actor may see of a large table
// would take long to list.
func (v *View) refers(column bun.Ident, table string) schema.QueryWithArgs {
	return bun.SafeQuery("EXISTS (SELECT 1 FROM ?1 WHERE ?1.id = ?0 AND ?2)", column, bun.Ident(table), v.visible(table))
}

// is is the condition that the actor has one of these roles now.
func (v *View) is(roles ...evidence.Role) schema.QueryWithArgs {
	return bun.SafeQuery("EXISTS (SELECT 1 FROM members WHERE id = ? AND removed = '' AND role IN (?))", string(v.actor), bun.List(roles))
}

// entries begins a query for the journal entries that the actor may see: those
// about what they may see, about members and backups, and about the vault itself, whose
// subjects are not written like IDs.
func (v *View) entries(into any) *bun.SelectQuery {
	q := v.tx.NewSelect().Model(into)
	if v.all {
		return q
	}
	return q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("subject NOT LIKE '___!_%' ESCAPE '!'").WhereOr("EXISTS (SELECT 1 FROM members WHERE members.id = subject)").
			WhereOr("EXISTS (SELECT 1 FROM backups WHERE backups.id = subject)")
		for _, table := range slices.Sorted(maps.Keys(hangsOn)) {
			q = q.WhereOr("?", v.refers("subject", table))
		}
		return q
	})
}

// sees returns ErrNotFound unless the actor may see that row.
func (v *View) sees(table, id string) error {
	var n int
	q := v.tx.NewSelect().Table(table).ColumnExpr("1").Where("id = ?", id)
	if !v.all {
		q = q.Where("?", v.visible(table))
	}
	if err := q.Scan(v.ctx, &n); err != nil {
		return found(id, err)
	}
	return nil
}

// into refuses a case that the actor is not in.
func (v *View) into(id evidence.CaseID) error { return v.sees("cases", string(id)) }
