package leak

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// An Eye reads what is written in pictures: tesseract, in a process without files to
// write, network, or environment.
type Eye struct {
	program   string
	ffmpeg    string // for the frames of films; empty: not installed
	languages string
}

// eyeLanguages are those that the gate knows names in.
var eyeLanguages = []string{"eng", "kor", "chi_sim"}

// FindEye looks for the programs. Without tesseract, or without one of the languages,
// there is no eye: half an eye would say that a picture was read.
func FindEye(ctx context.Context) *Eye {
	program, err := exec.LookPath("tesseract")
	if err != nil {
		return nil
	}
	out, err := exec.CommandContext(ctx, program, "--list-langs").Output()
	if err != nil {
		return nil
	}
	have := strings.Fields(string(out))
	for _, l := range eyeLanguages {
		if !slices.Contains(have, l) {
			return nil
		}
	}
	ffmpeg, _ := exec.LookPath("ffmpeg")
	return &Eye{program, ffmpeg, strings.Join(eyeLanguages, "+")}
}

const (
	eyePatience = time.Minute // for one picture
	mostFrames  = 120         // of a film
	mostPicture = 64 << 20    // bytes of a picture or a film that are looked at
)

var errNoEye = errors.New("the picture was not read")

// How tesseract is told to look: for blocks of text, and for words anywhere.
const (
	lookForBlocks = "3"
	lookForWords  = "11"
)

// read gives what is written in a picture, after each way to look.
func (e *Eye) read(ctx context.Context, picture []byte, modes ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, eyePatience)
	defer cancel()
	var all []string
	for _, mode := range modes {
		out, err := confined(ctx, e.program, picture, "stdin", "stdout", "-l", e.languages, "--psm", mode)
		if err != nil {
			return "", fmt.Errorf("read a picture: %w", errNoEye) // what the program said may quote it
		}
		all = append(all, string(out))
	}
	return strings.Join(all, "\n"), nil
}

// frames gives pictures of a film: one each two seconds, and at least one.
func (e *Eye) frames(ctx context.Context, film []byte) ([][]byte, error) {
	if e.ffmpeg == "" {
		return nil, errNoEye
	}
	out, err := confined(ctx, e.ffmpeg, film, "-v", "error", "-nostdin", "-i", "/dev/fd/3", "-vf", "fps=1/2:start_time=0:round=up", "-frames:v", itoa(mostFrames+1),
		"-f", "image2pipe", "-c:v", "png", "pipe:1")
	if err != nil {
		return nil, fmt.Errorf("take pictures out of a film: %w", errNoEye)
	}
	var all [][]byte
	for _, piece := range bytes.Split(out, []byte(pngMark))[1:] {
		all = append(all, append([]byte(pngMark), piece...))
	}
	if len(all) == 0 || len(all) > mostFrames {
		return nil, errNoEye
	}
	return all, nil
}

// picture reads what is written in a picture, or says that nobody did.
func (l *look) picture(label string, b []byte) { l.seen(label, b, lookForBlocks, lookForWords) }

func (l *look) seen(label string, b []byte, modes ...string) {
	if !l.gate.policy.looks() || l.gate.eye == nil || len(b) > mostPicture {
		l.picturesUnread(label, "leak.unread.picture")
		return
	}
	text, err := l.gate.eye.read(l.ctx, b, modes...)
	if err != nil {
		l.picturesUnread(label, "leak.unread.picture")
		return
	}
	l.read(label+"#text", &view{b: []byte(text)}, maxDepth)
}

// frames reads what is written in the pictures of a film.
func (l *look) frames(label string, p part) error {
	if !l.gate.policy.looks() {
		return nil
	}
	if l.gate.eye == nil || p.size > mostPicture {
		l.picturesUnread(label, "leak.unread.picture")
		return nil
	}
	b, err := l.bytes(p, 0, p.size)
	if err != nil {
		return err
	}
	all, err := l.gate.eye.frames(l.ctx, b)
	if err != nil {
		l.picturesUnread(label, "leak.unread.picture")
		return l.ctx.Err()
	}
	for i, frame := range all {
		l.seen(label+"#frame"+itoa(i+1), frame, lookForWords)
	}
	return l.ctx.Err()
}

// picturesUnread says that a picture was not read. It counts as found, unless somebody
// is named who looked at it.
func (l *look) picturesUnread(label, why string) {
	switch by := l.gate.policy.Looked; {
	case !l.gate.policy.looks():
	case by != "":
		l.report.Looked = append(l.report.Looked, Looked{Part: label, By: by})
	default:
		l.unread(label, why)
	}
}
