package evidence

// A Job asks for work in the background. It is a struct of IDs, numbers and yes or
// no: what waits on disk must tell nothing, and what it is about is read again when
// its turn comes. Kind names the work: "mask.propose".
type Job interface{ Kind() string }

// ProposeMask asks for a mask plan for an item that has none.
type ProposeMask struct {
	Item ItemID `json:"item"`
}

// Kind names the work.
func (ProposeMask) Kind() string { return "mask.propose" }

// MakePreview asks for a small covered still of the item that a plan is for.
type MakePreview struct {
	Plan PlanID `json:"plan"`
}

// Kind names the work.
func (MakePreview) Kind() string { return "mask.preview" }
