package evidence

import "time"

// DraftState is where a draft stands.
type DraftState string

// The states of a draft, in the order of the work.
const (
	Writing   DraftState = "writing"
	Submitted DraftState = "submitted"
	Approved  DraftState = "approved"
	Refused   DraftState = "refused"
	Released  DraftState = "released"
	Void      DraftState = "void" // what it cites was withdrawn: nothing more happens to it
)

// A Draft is what is prepared for publication: a text that cites claims, and
// the renditions that go with it.
type Draft struct {
	ID         DraftID
	Case       CaseID
	Author     MemberID
	Language   string // en, ko, zh
	State      DraftState
	Headline   Secret // until it is released it is nobody's business
	Text       Secret // paragraphs separated by an empty line; [clm_…] cites a claim
	Claims     []ClaimID
	Renditions []RenditionID
	Made       time.Time
}

// A Release is the frozen set that left.
type Release struct {
	ID       ReleaseID
	Draft    DraftID
	Approval ApprovalID
	Digest   string // SHA-256 of SHA256SUMS, lower-case hex: what was approved
	Made     time.Time
	By       MemberID
}
