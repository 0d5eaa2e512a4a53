// Package access says who may do what; in which cases is the store's to say, which
// shows nobody what they are not in. It is a table and one pure function: no clock,
// no database, no side effect. What is not in the table is forbidden,
// and an action that nobody wrote down is an action that nobody may do.
package access

import (
	"fmt"
	"slices"

	"safehouse/internal/evidence"
)

// An Action is what somebody wants to do.
type Action string

// The actions. Each stage asks about its own before it does anything.
const (
	AddMember    Action = "member.add"
	RemoveMember Action = "member.remove"
	Custodians   Action = "member.custodian" // who may be one; the actor must be one too
	Recovery     Action = "member.recovery"
	ListMembers  Action = "member.list"
	HandIn       Action = "item.receive"
	ReadHandedIn Action = "item.handed_in" // that what one handed in oneself has arrived
	MoveItem     Action = "item.move"
	ReadItem     Action = "item.read" // that it is there, when it came, its chain of custody
	OpenOriginal Action = "item.open"
	WithdrawItem Action = "item.withdraw"
	Backup       Action = "backup.make"
	PlanMask     Action = "mask.plan"
	EditMask     Action = "mask.edit" // a box of one's own; a track taken out; back to an earlier version
	RenderMask   Action = "mask.render"
	ReadCase     Action = "case.read"
	WriteCase    Action = "case.write"
	ShareCase    Action = "case.share" // who is in it
	WriteDraft   Action = "draft.write"
	ReadDraft    Action = "draft.read"
	Review       Action = "draft.review"
	Release      Action = "release.make"
	ReadJournal  Action = "journal.read"
	Clean        Action = "vault.clean" // removes what belongs to nothing
)

var may = map[evidence.Role][]Action{
	evidence.Administrator: {
		AddMember, RemoveMember, Custodians, Recovery, ListMembers, HandIn, ReadItem, OpenOriginal, WithdrawItem, PlanMask, EditMask, RenderMask, ReadCase, WriteCase,
		ReadHandedIn, MoveItem, ShareCase,
		WriteDraft, ReadDraft, Review, Release, ReadJournal, Clean, Backup,
	},
	evidence.Researcher: {
		ListMembers, HandIn, ReadItem, OpenOriginal, WithdrawItem, PlanMask, EditMask, RenderMask, ReadCase, WriteCase,
		ReadHandedIn, MoveItem, ShareCase, WriteDraft, ReadDraft, Review, Release, ReadJournal,
	},
	evidence.Reviewer: {ListMembers, ReadItem, ReadCase, ReadDraft, Review, ReadJournal},
	evidence.Field:    {HandIn, ReadHandedIn},
}

// Check returns nil when actor may do action, and evidence.ErrForbidden
// otherwise.
func Check(actor evidence.Actor, action Action) error {
	if slices.Contains(may[actor.Role], action) {
		return nil
	}
	return fmt.Errorf("%s by %s: %w", action, actor.ID, evidence.ErrForbidden)
}
