package evidence

import "time"

// Material is the type of material of an item [MT16].
type Material string

// The materials that the program knows what to do with.
const (
	Video    Material = "video"
	Photo    Material = "photo"
	Document Material = "document" // text that a person can read as it stands
	Other    Material = "other"    // kept, not processed
)

// An Item is evidence as received (Berkeley Protocol: the evidentiary copy). It
// is never altered.
type Item struct {
	ID       ItemID
	Case     CaseID // may be empty: not every item belongs to a case yet
	Material Material
	Size     int64     // bytes
	Received time.Time // when this vault received it
	By       MemberID
	Digest   Secret // SHA-256 of the content in lower-case hex: a digest identifies content that others hold
	Name     Secret // the file's name as it came
	From     Secret // who handed it over, as far as known
}

// RenditionKind says what a rendition is for.
type RenditionKind string

// The kinds of rendition.
const (
	Masked     RenditionKind = "masked"
	Preview    RenditionKind = "preview" // a small covered still, for the team's own lists: it is never released
	Transcript RenditionKind = "transcript"
)

// A Rendition is a copy made from an item (Berkeley Protocol: a working copy).
type Rendition struct {
	ID     RenditionID
	Item   ItemID
	Kind   RenditionKind
	Plan   PlanID
	Tool   string // program and version, detectors that looked
	Media  string // MIME type
	Size   int64  // bytes
	Made   time.Time
	By     MemberID
	Digest string // SHA-256, lower-case hex: this is what a release publishes
}
