// Package media is the boundary that hostile files do not cross. Every decoder
// runs in a child process: this program started anew as a worker, with an empty
// environment, no keys, limits on memory, processor time and silence, and only two
// files: the one to read and the one to write. Namespaces take its network away,
// Landlock every other file, seccomp the calls that no decoder makes; [Level] says
// how far this machine's kernel goes along. What comes back is numbers and boxes.
//
// The input must be a file that can be read anywhere: an ordinary one, or memory
// from memfd_create(2) for what may not lie on a disk. When a call returns an
// error the output holds rubbish, and whoever made it throws it away.
package media

import (
	"fmt"
	"strings"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
)

// A Clip describes a video as it is shown: after rotation.
type Clip struct {
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Frames   int     `json:"frames"`
	FPS      float64 `json:"fps"` // average
	Codec    string  `json:"codec"`
	Rotation int     `json:"rotation"` // degrees that the container asks for
	Sound    bool    `json:"sound"`
	Still    bool    `json:"still"` // a photo: one frame
	Streams  int     `json:"streams"`

	// Frames of which nobody can say what they show, because they or what they are made
	// out of do not decode. Rendering covers them whole, whatever the plan says.
	Broken []int `json:"broken,omitempty"`
}

// A Look is one decoded frame, in order.
type Look struct {
	Frame  int        `json:"frame"`
	Of     int        `json:"of"`    // frames that the file says it has
	Cut    float64    `json:"cut"`   // how far it is from the frame before: > .30 is a new shot
	Luma   float64    `json:"luma"`  // mean, 0–255
	Sharp  float64    `json:"sharp"` // mean difference of neighbouring luma values, 0–255
	Looked bool       `json:"looked"`
	Hits   []face.Hit `json:"hits,omitempty"` // in pixels of the clip
}

// Detection says how to look.
type Detection struct {
	Every  int     `json:"every"`  // look at each n-th frame
	Offset int     `json:"offset"` // starting with this one
	Both   bool    `json:"both"`   // the picture and its equalised copy, not in turn
	Min    float64 `json:"min"`    // lowest score worth telling
	Turn   int     `json:"turn"`   // which of picture and copy comes first

	// Careful goes on where a frame does not decode, and says in Clip.Broken which
	// ones did not. Without it the first such frame is the problem media.damaged.
	Careful bool `json:"careful,omitempty"`

	// On each Key-th frame that is looked at, and on the first, the picture is also
	// turned by 90°, 180° and 270°, and looked at part by part; 0 is never. Where a
	// turned face was found, that turn is looked at on every frame for a while.
	Key   int `json:"key"`
	Parts int `json:"parts"` // along the picture's longer side; 0 or 1: it is not parted
}

// Detected says what looked.
type Detected struct {
	Clip      Clip     `json:"clip"`
	Detectors []string `json:"detectors"`
}

// The styles of a mask.
const (
	Solid  = "solid"
	Mosaic = "mosaic"
)

// Rendering says how to burn a plan in.
type Rendering struct {
	KeepSound bool   `json:"keep_sound"`
	Style     string `json:"style"` // Solid or Mosaic; empty is Solid
	Still     string `json:"still"` // what a photo becomes: PNG or JPEG; empty is PNG where it was one
}

// Cleaning says how to copy a recording without what it does not show.
type Cleaning struct {
	Recode      bool `json:"recode"`       // decode and encode the picture: frames that are not played lie between
	RecodeSound bool `json:"recode_sound"` // likewise the sound
}

// What a masked photo is written as.
const (
	PNG  = "png"
	JPEG = "jpeg"
)

// A Glimpse asks for one frame as a small covered photo.
type Glimpse struct {
	Frame   int `json:"frame"`
	Longest int `json:"longest"` // side, in pixels
}

// A Seed is where something is to be seen on one frame, and for how many frames before
// and after it is to be followed at most.
type Seed struct {
	Frame int          `json:"frame"`
	Box   evidence.Box `json:"box"` // in pixels of the clip
	Back  int          `json:"back"`
	Ahead int          `json:"ahead"`
}

// Following says what is to be followed by its appearance.
type Following struct {
	Seeds []Seed `json:"seeds"`
	Cuts  []int  `json:"cuts"` // first frames of new shots: nothing is followed into another
	Lost  int    `json:"lost"` // for how many frames what is hidden is looked for again
}

// A Step is where a seed is on another frame.
type Step struct {
	Seed  int          `json:"seed"` // its place in the list
	Frame int          `json:"frame"`
	Box   evidence.Box `json:"box"`   // in pixels of the clip
	Score float64      `json:"score"` // how like the seed it looks, up to 1
	Sure  bool         `json:"sure"`  // it looks like the seed; else only its points lead there
}

// Rendered says what came out.
type Rendered struct {
	Clip   Clip   `json:"clip"`
	Media  string `json:"media"`  // MIME type
	Copied bool   `json:"copied"` // picture and sound are those of the source, to the bit
	Padded bool   `json:"padded"` // by one column or row: H.264 4:2:0 has even sizes only
}

// Command is the argument that makes this program a worker.
const Command = "media-worker"

// A Job is what a worker is told, as JSON on its standard input. File 3 is what
// it reads, file 4 what it writes.
type Job struct {
	Kind    string             `json:"kind"`
	FFmpeg  string             `json:"ffmpeg"`
	FFprobe string             `json:"ffprobe"`
	Heif    string             `json:"heif,omitempty"`    // libheif's tool
	Passage string             `json:"passage,omitempty"` // a named pipe for what it writes
	Share   string             `json:"share"`
	YuNet   string             `json:"yunet,omitempty"`
	Detect  *Detection         `json:"detect,omitempty"`
	Render  *Rendering         `json:"render,omitempty"`
	Glimpse *Glimpse           `json:"glimpse,omitempty"`
	Clean   *Cleaning          `json:"clean,omitempty"`
	Follow  *Following         `json:"follow,omitempty"`
	Plan    *evidence.MaskPlan `json:"plan,omitempty"`

	Namespaces bool `json:"namespaces"` // it was started with a network and users of its own
	Strict     bool `json:"strict"`     // it is to open nothing unless it is fully confined
}

// The kinds of job.
const (
	ProbeJob   = "probe"
	DetectJob  = "detect"
	RenderJob  = "render"
	GlimpseJob = "glimpse"
	CleanJob   = "clean"
	FollowJob  = "follow"
)

// A Message is what a worker says, a line of JSON each, on its standard output.
// Exactly one of its fields is set.
type Message struct {
	Level    *Level    `json:"level,omitempty"` // the first that it says
	Look     *Look     `json:"look,omitempty"`
	Drawn    int       `json:"drawn,omitempty"` // frames so far
	Step     *Step     `json:"step,omitempty"`
	Followed int       `json:"followed,omitempty"` // frames so far
	Clip     *Clip     `json:"clip,omitempty"`
	Detected *Detected `json:"detected,omitempty"`
	Rendered *Rendered `json:"rendered,omitempty"`
	Failed   *Failure  `json:"failed,omitempty"`
}

// A Level is how far a worker is confined.
type Level struct {
	Namespaces bool `json:"namespaces"` // a network with no way out, and users of its own
	Landlock   int  `json:"landlock"`   // version of the kernel's interface; 0: it has none
	Seccomp    bool `json:"seccomp"`    // system calls that no decoder needs are refused
}

// Full says whether everything is in place. Landlock closes the ways to other files
// from its first version on; later ones close ways that seccomp closes too.
func (l Level) Full() bool { return l.Namespaces && l.Landlock > 0 && l.Seccomp }

// String names what is in place.
func (l Level) String() string {
	have := []string{"limits"}
	if l.Namespaces {
		have = append(have, "network", "users")
	}
	if l.Landlock > 0 {
		have = append(have, fmt.Sprint("landlock ", l.Landlock))
	}
	if l.Seccomp {
		have = append(have, "seccomp")
	}
	return strings.Join(have, ", ")
}

// A Failure is a problem on its way out of the worker: a code of the catalogues,
// and for the log what the decoder said.
type Failure struct {
	Code   string   `json:"code"`
	Args   []string `json:"args,omitempty"`
	Detail string   `json:"detail,omitempty"`
}
