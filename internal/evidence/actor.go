package evidence

import "time"

// Role is what a member does in the team.
type Role string

// The roles. A member has one.
const (
	Administrator Role = "administrator" // members, keys, backups; and all that a researcher does
	Researcher    Role = "researcher"    // cases, claims, drafts
	Reviewer      Role = "reviewer"      // reads cases, approves what others prepared
	Field         Role = "field"         // hands in items, sees nothing else
)

// Roles lists every role, most powerful first.
var Roles = []Role{Administrator, Researcher, Reviewer, Field}

// An Actor is a member at work: whoever a change is recorded under.
//
// Custodian is set by the vault alone, when the member's own key opened the
// compartment: it says nothing about what the team's list says.
type Actor struct {
	ID        MemberID
	Role      Role
	Custodian bool // may open sealed identities
}

// A Member is one of the team. Name is protected like any other: a go-between is
// a member too.
type Member struct {
	ID        MemberID
	Name      Secret
	Role      Role
	Recipient string // to whom key files are addressed, age1…; not secret
	Custodian bool   // on the team's list of custodians
	Added     time.Time
	Removed   time.Time // zero while one of the team
}

// Actor is the member at work, as no custodian.
func (m Member) Actor() Actor { return Actor{ID: m.ID, Role: m.Role} }
