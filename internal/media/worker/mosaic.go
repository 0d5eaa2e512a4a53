package worker

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"safehouse/internal/media"
)

// A mosaic is cells across a face whatever its size. What they show is made up: one
// colour of the covered region, rounded to one of [mosaicTones], and noise that is the
// same for every recording. The colour is taken once, on the track's first frame. So
// out of all frames of a face no more than log2(36) = 5.2 bits get into the copy, too
// few to tell one person from another among skins alike.
const (
	mosaicCells = 6
	lightLevels = 4
	hueLevels   = 3
	mosaicTones = lightLevels * hueLevels * hueLevels
)

// inks are what each track is painted with.
type inks struct {
	mosaic  bool
	byTrack map[int]ink
}

func inksOf(style string) inks { return inks{style == media.Mosaic, map[int]ink{}} }

// mix makes a track's ink when it is met first.
func (k inks) mix(s surface, p patch) {
	if _, there := k.byTrack[p.track]; there || !k.mosaic {
		return
	}
	k.byTrack[p.track] = mosaicInk(p.track, coarse(s.mean(p.box)))
}

func (k inks) of(track int) ink {
	if !k.mosaic {
		return solidInk
	}
	return k.byTrack[track]
}

// coarse rounds a colour to one of few.
func coarse(y, u, v float64) tone {
	return tone{level(y, 16, 235, lightLevels), level(u, 96, 160, hueLevels), level(v, 96, 160, hueLevels)}
}

// level is the middle of that one of n equal parts of from..to in which a value lies,
// or to which it is nearest.
func level(value, from, to float64, n int) byte {
	part := (to - from) / float64(n)
	at := min(max(math.Floor((value-from)/part), 0), float64(n-1))
	return byte(from + (at+.5)*part)
}

// mosaicInk is cells around a colour. The noise goes by the track's number and by
// nothing else: not by the picture, which it would then tell of.
func mosaicInk(track int, around tone) ink {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], uint64(track))
	r := rand.New(rand.NewChaCha8(seed))
	near := func(v byte, by int) byte { return byte(int(v) + r.IntN(2*by+1) - by) }
	k := ink{mosaicCells, make([]tone, mosaicCells*mosaicCells)}
	for i := range k.cells {
		k.cells[i] = tone{near(around.y, 26), near(around.u, 6), near(around.v, 6)}
	}
	return k
}
