package worker

import (
	"safehouse/internal/media"

	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sort"
	"strconv"
	"sync"
)

// pieced is frames for a recording that is damaged. It gives a frame for each time at
// which one is shown: where none decodes, a black one. A frame that may not be what was
// recorded is in the clip's Broken before it is given: one that the decoder complained
// of, one that is missing, and all that follow up to the next picture that needs
// none before it, because they were made out of what is not there.
//
// The decoder works with one thread, so that what it says comes in the order in which
// it works: the packet that it takes, its complaints, the frame that it gives.
func (w *worker) pieced(filter, layout string, r, pw *os.File) (*tool, io.ReadCloser, error) {
	if len(w.video.packets) == 0 {
		r.Close()
		return nil, nil, &problem{code: "media.damaged", detail: "and its packets have no times"}
	}
	args := []string{"-hide_banner", "-nostats", "-loglevel", "level+info", "-debug_ts", "-copyts", "-nostdin", "-threads", "1", "-err_detect", "explode"}
	a := newAccount(w.video.packets)
	t := &tool{cmd: exec.Command(w.job.FFmpeg, append(args, w.decoding(filter, layout)...)...), stderr: &tail{}, hand: w.hand, lenient: true, ended: make(chan error, 1)}
	t.cmd.Env, t.cmd.Dir = []string{}, "/"
	t.cmd.Stdout, t.cmd.Stderr, t.cmd.ExtraFiles = pw, io.MultiWriter(t.stderr, a), []*os.File{w.in}
	if err := t.run(); err != nil {
		r.Close()
		return nil, nil, err
	}
	go func() {
		err := t.cmd.Wait()
		a.close()
		t.ended <- err
	}()
	w.video.clip.Broken = nil
	return t, &pieces{a: a, raw: r, clip: &w.video.clip, times: shownTimes(w.video.packets)}, nil
}

// pieces reads a damaged recording frame by frame. Each Read must ask for a whole
// frame.
type pieces struct {
	a     *account
	raw   *os.File
	clip  *media.Clip
	times []int64 // at which frames are shown, rising
	next  int     // place in times
	given *given  // what the decoder gave and nobody has read
}

// Read gives the next frame.
func (p *pieces) Read(frame []byte) (int, error) {
	if p.next == len(p.times) {
		if 2*len(p.clip.Broken) > len(p.times) {
			return 0, &problem{code: "media.damaged", detail: fmt.Sprint(len(p.clip.Broken), " of ", len(p.times), " frames")}
		}
		return 0, io.EOF
	}
	if err := p.upTo(p.times[p.next], frame); err != nil {
		return 0, err
	}
	broken := true
	if p.given != nil && p.given.at == p.times[p.next] {
		if _, err := io.ReadFull(p.raw, frame); err != nil {
			return 0, fmt.Errorf("half a frame: %w", err)
		}
		broken, p.given = p.given.broken, nil
	} else {
		clear(frame)
	}
	if broken {
		p.clip.Broken = append(p.clip.Broken, p.next)
	}
	p.next++
	return len(frame), nil
}

// upTo passes over what the decoder gives for times at which nothing is shown, up to
// a frame of this time or of a later one.
func (p *pieces) upTo(at int64, scratch []byte) error {
	for {
		if p.given == nil {
			if p.given = p.a.take(); p.given == nil {
				return nil // it has ended
			}
		}
		if p.given.at >= at {
			return nil
		}
		if _, err := io.ReadFull(p.raw, scratch); err != nil {
			return fmt.Errorf("half a frame: %w", err)
		}
		p.given = nil
	}
}

// Close closes the decoder's pipe.
func (p *pieces) Close() error { return p.raw.Close() }

// A given is a frame that the decoder gave.
type given struct {
	at     int64
	broken bool
}

// An account is what a decoder says of its work, packet by packet and frame by frame.
// It is written to by one goroutine and taken from by another.
type account struct {
	packets []packet
	place   map[int64]int // of each packet in the order of decoding, by its time
	keys    []int         // places of pictures that need none before them
	line    []byte        // what has no end yet

	at      int   // place of the packet that it works on; -1: it has begun with none
	hurt    []int // places at which something was wrong, rising
	next    bool  // what is wrong is with the next packet
	corrupt bool  // what is wrong is with the next frame

	mu   sync.Mutex
	more sync.Cond
	list []given // guarded by mu
	end  bool    // guarded by mu
}

func newAccount(packets []packet) *account {
	a := &account{packets: packets, place: make(map[int64]int, len(packets)), at: -1}
	a.more.L = &a.mu
	for i, p := range packets {
		a.place[p.at] = i
		if p.key {
			a.keys = append(a.keys, i)
		}
	}
	return a
}

// Write takes in what the decoder says.
func (a *account) Write(b []byte) (int, error) {
	a.line = append(a.line, b...)
	for {
		line, rest, whole := bytes.Cut(a.line, []byte("\n"))
		if !whole {
			if len(a.line) > longestLine {
				return 0, errors.New("a line without an end")
			}
			return len(b), nil
		}
		a.hear(line)
		a.line = append(a.line[:0], rest...)
	}
}

// longestLine is the longest thing that a decoder says at once, in bytes.
const longestLine = 64 << 10

// hear understands one line.
func (a *account) hear(line []byte) {
	switch {
	case bytes.HasPrefix(line, []byte("[info] demuxer+ffmpeg -> ")):
		at, ok := valueOf(line, " pkt_pts:")
		if place, known := a.place[at]; ok && known {
			a.at = place
		}
		if a.next || !ok {
			a.mark(a.at)
		}
		a.next = false
	case bytes.HasPrefix(line, []byte("[info] decoder -> ")):
		at, ok := valueOf(line, " best_effort_ts:")
		if a.corrupt {
			a.mark(a.place[at])
		}
		a.corrupt = false
		a.give(given{at, !ok || a.doubtful(at)})
	case bytes.Contains(line, []byte("corrupt decoded frame")):
		a.corrupt = true
	case bytes.Contains(line, []byte("corrupt input packet")):
		a.next = true
	case bytes.Contains(line, []byte("[error]")), bytes.Contains(line, []byte("[fatal]")):
		a.mark(a.at)
	}
}

// valueOf reads the number after a name.
func valueOf(line []byte, name string) (int64, bool) {
	_, rest, ok := bytes.Cut(line, []byte(name))
	n, err := strconv.ParseInt(string(bytes.TrimRight(bytes.SplitN(rest, []byte(" "), 2)[0], "\r")), 10, 64)
	return n, ok && err == nil
}

// mark notes that something is wrong at a place. What is wrong before the first
// packet is with the file's head: it spoils no frame.
func (a *account) mark(place int) {
	if place < 0 {
		return
	}
	i, there := slices.BinarySearch(a.hurt, place)
	if !there {
		a.hurt = slices.Insert(a.hurt, i, place)
	}
}

// doubtful says whether something was wrong anywhere between the picture that the
// frame of this time goes back to and the frame itself.
func (a *account) doubtful(at int64) bool {
	place, known := a.place[at]
	if !known {
		return true
	}
	k := sort.SearchInts(a.keys, place+1) - 1
	for k >= 0 && a.packets[a.keys[k]].at > at { // it is shown before that picture: it goes back to an earlier one
		k--
	}
	if k < 0 {
		return true
	}
	i, _ := slices.BinarySearch(a.hurt, a.keys[k])
	return i < len(a.hurt) && a.hurt[i] <= place
}

func (a *account) give(g given) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, g)
	a.more.Signal()
}

// take waits for the next frame; nil when there will be none.
func (a *account) take() *given {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.list) == 0 && !a.end {
		a.more.Wait()
	}
	if len(a.list) == 0 {
		return nil
	}
	g := a.list[0]
	a.list = a.list[1:]
	return &g
}

// close says that there will be no more.
func (a *account) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.end = true
	a.more.Signal()
}
