package evidence

import "time"

// A Box is a region in source pixels: left, top, right, bottom. It may reach
// outside the picture: a mask is not clipped at the frame's edge.
type Box [4]float64

// TrackKind says what a track follows.
type TrackKind string

// The kinds of track.
const (
	FaceTrack   TrackKind = "face"
	PersonTrack TrackKind = "person"
	ManualTrack TrackKind = "manual"
)

// A Track is one masked thing through its frames. Frames count from 0; From and
// To are its first and last frame.
type Track struct {
	ID           int             `json:"id"`
	Kind         TrackKind       `json:"kind"`
	From         int             `json:"from"`
	To           int             `json:"to"`
	Boxes        map[int]Box     `json:"boxes"`        // the masked region on each frame
	Scores       map[int]float64 `json:"scores"`       // the detector's score, where it saw something
	Interpolated []int           `json:"interpolated"` // frames whose box was not seen but inferred
}

// A Doubt is a moment that a person must look at before the plan is good.
type Doubt struct {
	Track int    `json:"track"` // -1 where it is about the whole frame
	Frame int    `json:"frame"`
	Why   string `json:"why"` // a key of the catalogues: "doubt.ends_mid_picture"
}

// PlanSource identifies the file that a plan was made for.
type PlanSource struct {
	SHA256 string  `json:"sha256"`
	Width  int     `json:"width"`
	Height int     `json:"height"`
	Frames int     `json:"frames"`
	FPS    float64 `json:"fps"`
}

// A MaskPlan says which regions of which frames are covered. It is data: made
// once, editable, and rendering is a pure function of the source and it.
type MaskPlan struct {
	Source      PlanSource `json:"source"`
	Profile     string     `json:"profile"`
	Detectors   []string   `json:"detectors"` // which detectors looked
	Cuts        []int      `json:"cuts"`      // first frames of new shots
	Tracks      []Track    `json:"tracks"`
	Queue       []Doubt    `json:"queue"`
	WholeFrames []int      `json:"whole_frames"` // frames that are covered whole

	// Unmasked are tracks that a person took out, whole: they cover nothing, and the
	// second look lets them be seen. Tracks and these have no ID in common.
	Unmasked []Track `json:"unmasked,omitempty"`
}

// A Plan is one version of a mask plan as the vault keeps it. What it masks never
// changes: an edit makes the next version, with an ID of its own, which nobody has
// accepted yet. Open counts the doubts that nobody has looked at; a release waits until
// it is 0.
type Plan struct {
	ID       PlanID
	Item     ItemID
	Of       PlanID // the version before; empty in the first
	Version  int    // from 1
	Next     PlanID // the version after; empty in the newest. The store fills it in
	Mask     MaskPlan
	Reasons  map[int]Secret // why each track of Mask.Unmasked is one, by its ID
	Seen     []int          // indices into Mask.Queue that a person has looked at
	Made     time.Time
	By       MemberID
	Tool     string    // what it was made with
	Accepted time.Time // zero: not accepted
	AcceptBy MemberID
}

// Open lists the indices of the doubts that nobody has looked at.
func (p Plan) Open() []int {
	seen := make(map[int]bool, len(p.Seen))
	for _, i := range p.Seen {
		seen[i] = true
	}
	var open []int
	for i := range p.Mask.Queue {
		if !seen[i] {
			open = append(open, i)
		}
	}
	return open
}
