package main

import (
	"fmt"
	"math"
	"slices"

	"safehouse/internal/evidence"
)

// What a scene lasts and how large it is, unless it says otherwise.
const (
	sceneFrames = 50
	sceneW      = 640
	sceneH      = 360
)

// scenes are what goes wrong with masks: each is one way in which a face comes,
// goes, hides, or is hard to see.
func scenes(p []*photo) []scene {
	all := []scene{
		pan(p[5]), zoom(p[4]), spin(p[5]), tilt(p[2], 90), tilt(p[2], 180), turnAway(p),
		entering(p[5]), cuts(p), smeared(p[4]), dark(p[3]), squeezed(p[3]), crossing(p), crowd(p), poster(p), small(p[4]),
		stored(p[3], 90), stored(p[3], 270), uneven(p[4]), odd(p[5]), empty(p[0]),
	}
	for _, n := range []int{1, 3, 10, 25, 60} {
		all = append(all, hidden(p[5], n))
	}
	return all
}

// made makes a scene of n frames.
func made(name string, n int, f func(i int, t float64) frame) scene {
	s := scene{name: name, w: sceneW, h: sceneH}
	for i := range n {
		fr := f(i, float64(i)/float64(max(1, n-1)))
		if fr.light == 0 {
			fr.light = 1
		}
		if fr.noise == 0 {
			fr.noise = 2
		}
		s.frames = append(s.frames, fr)
	}
	return s
}

// whole is the part of a photo that is all of it.
func (p *photo) whole() evidence.Box {
	b := p.levels[0].Bounds()
	return evidence.Box{0, 0, float64(b.Dx()), float64(b.Dy())}
}

// look shows a photo so that its point (x, y) is in the middle of the frame.
func look(p *photo, x, y, scale, turn float64) layer {
	all := p.whole()
	sin, cos := math.Sincos(turn)
	u, v := (all[2]/2-x)*scale, (all[3]/2-y)*scale
	return layer{photo: p, part: all, x: sceneW/2 + u*cos - v*sin, y: sceneH/2 + u*sin + v*cos, scale: scale, turn: turn}
}

// head is a face of a photo with its hair, as a cut-out.
func head(p *photo, face int, x, y, width float64) layer {
	b := p.faces[face]
	w, h := b[2]-b[0], b[3]-b[1]
	return layer{photo: p, part: evidence.Box{b[0] - .45*w, b[1] - .55*h, b[2] + .45*w, b[3] + .35*h}, x: x, y: y, scale: width / w, round: true}
}

// backdrop is a part of a photo without a face.
func backdrop(p *photo) layer {
	return layer{photo: p, part: evidence.Box{0, 900, 1900, 1280}, x: sceneW / 2, y: sceneH / 2, scale: 1, bare: true}
}

func pan(p *photo) scene {
	return made("pan", sceneFrames, func(_ int, t float64) frame {
		return frame{layers: []layer{look(p, 300+1300*t, 560, .55, 0)}}
	})
}

func zoom(p *photo) scene {
	return made("zoom", sceneFrames, func(_ int, t float64) frame {
		return frame{layers: []layer{look(p, 900+300*t, 500-150*t, .2*math.Pow(8, t), 0)}}
	})
}

func spin(p *photo) scene {
	return made("spin_0_360", 75, func(_ int, t float64) frame {
		return frame{layers: []layer{look(p, 1000, 520, .32, 2*math.Pi*t)}}
	})
}

// tilt is a camera held on its side: faces lie the whole time.
func tilt(p *photo, degrees float64) scene {
	return made(fmt.Sprintf("turned_%g", degrees), 30, func(_ int, t float64) frame {
		return frame{layers: []layer{look(p, 1150+60*t, 420, .34, degrees*math.Pi/180)}}
	})
}

// turnAway has a head turn away, as a face that becomes narrow and gives way to hair,
// and back: what is under the hair is no face.
func turnAway(p []*photo) scene {
	return made("turn_away", 60, func(i int, t float64) frame {
		face := head(p[5], 0, 320+40*math.Sin(6*t), 180, 90)
		f := frame{layers: []layer{backdrop(p[0]), face}}
		if away := math.Sin(math.Pi * t); away > .5 {
			over := face.place(face.part)
			share := min(1, (away-.5)*3)
			f.hides = []evidence.Box{{over[0], over[1], over[0] + share*(over[2]-over[0]), over[3]}}
		}
		return f
	})
}

func hidden(p *photo, frames int) scene {
	return made(fmt.Sprintf("hidden_%d", frames), 30+frames, func(i int, t float64) frame {
		f := frame{layers: []layer{look(p, 1000+80*t, 520, .45, 0)}}
		if i >= 15 && i < 15+frames {
			for _, b := range p.faces {
				o := f.layers[0].place(b)
				f.hides = append(f.hides, evidence.Box{o[0] - 12, o[1] - 12, o[2] + 12, o[3] + 12})
			}
		}
		return f
	})
}

// entering has heads come in and leave over each edge.
func entering(p *photo) scene {
	return made("each_edge", 64, func(_ int, t float64) frame {
		away := 260 * math.Abs(math.Cos(math.Pi*t))
		return frame{layers: []layer{
			backdrop(p),
			head(p, 0, 90-away, 180, 80), head(p, 1, 550+away, 180, 80),
			head(p, 2, 260, 70-away, 80), head(p, 3, 400, 290+away, 80),
		}}
	})
}

func cuts(p []*photo) scene {
	return made("cuts", 60, func(i int, _ float64) frame {
		ph := p[(i/7)%len(p)]
		b := ph.faces[(i/7)%len(ph.faces)]
		return frame{layers: []layer{look(ph, (b[0]+b[2])/2, (b[1]+b[3])/2, .5, 0)}}
	})
}

func smeared(p *photo) scene {
	return made("motion_blur", sceneFrames, func(i int, t float64) frame {
		fast := 26 * math.Sin(4*math.Pi*t)
		x := 950 + 420*math.Sin(2*math.Pi*t)
		return frame{layers: []layer{look(p, x, 420, .42, 0)}, smear: [2]float64{fast, 4}}
	})
}

func dark(p *photo) scene {
	return made("dark", 40, func(_ int, t float64) frame {
		return frame{layers: []layer{look(p, 850+80*t, 400, .45, 0)}, light: .13, noise: 4}
	})
}

func squeezed(p *photo) scene {
	s := made("compressed", 40, func(_ int, t float64) frame {
		return frame{layers: []layer{look(p, 800+150*t, 420, .35, 0)}}
	})
	s.encode = []string{"-crf", "42"}
	return s
}

// crossing has one person walk in front of another.
func crossing(p []*photo) scene {
	return made("crossing", 60, func(_ int, t float64) frame {
		return frame{layers: []layer{backdrop(p[0]), head(p[5], 1, 540-440*t, 175, 80), head(p[3], 2, 100+440*t, 190, 90)}}
	})
}

// crowd is thirty people at once: faces of all photos, some twice, seen so small that
// each is 36 pixels wide.
func crowd(p []*photo) scene {
	return made("thirty", 30, func(i int, t float64) frame {
		f := frame{layers: []layer{backdrop(p[0])}}
		n := 0
		for _, ph := range p {
			for fi := range ph.faces {
				x, y := float64(n%8), float64(n/8)
				f.layers = append(f.layers, head(ph, fi, 44+79*x+6*math.Sin(5*t+x), 62+108*y+4*math.Cos(4*t+y), 36))
				n++
			}
		}
		return f
	})
}

// poster is a face on a wall and one on a telephone's screen in somebody's hand.
func poster(p []*photo) scene {
	return made("poster_phone", 40, func(_ int, t float64) frame {
		wall := layer{photo: p[2], part: evidence.Box{520, 260, 860, 700}, x: 130, y: 120, scale: .35}
		screen := layer{photo: p[4], part: evidence.Box{560, 360, 830, 740}, x: 470 + 60*t, y: 220, scale: .3, turn: .2}
		return frame{layers: []layer{backdrop(p[0]), wall, screen}}
	})
}

// small has faces of 12 to 20 pixels.
func small(p *photo) scene {
	return made("small_faces", 30, func(_ int, t float64) frame {
		return frame{layers: []layer{look(p, 960+50*t, 640, .08+.03*t, 0)}}
	})
}

// stored lies on its side in the file.
func stored(p *photo, degrees int) scene {
	s := made(fmt.Sprintf("stored_%d", degrees), 30, func(_ int, t float64) frame {
		return frame{layers: []layer{look(p, 800+150*t, 400, .4, 0)}}
	})
	s.turned = degrees
	return s
}

func uneven(p *photo) scene {
	s := made("uneven_times", 40, func(_ int, t float64) frame {
		return frame{layers: []layer{look(p, 800+300*t, 420, .4, 0)}}
	})
	s.uneven = true
	return s
}

// odd has an odd number of columns and rows, which 4:2:0 has not: 4:4:4 then.
func odd(p *photo) scene {
	s := made("odd_size", 30, func(_ int, t float64) frame {
		return frame{layers: []layer{look(p, 900+200*t, 500, .4, 0)}}
	})
	s.w, s.h = sceneW-3, sceneH-1
	s.encode = []string{"-pix_fmt", "yuv444p"}
	return s
}

// empty is a room with nobody in it: every mask in it is a false one.
func empty(p *photo) scene {
	s := made("nobody", 30, func(_ int, t float64) frame {
		l := backdrop(p)
		l.x += 60 * t
		return frame{layers: []layer{l}}
	})
	s.noFace = true
	return s
}

func byName(all []scene, name string) []scene {
	if name == "" {
		return all
	}
	return slices.DeleteFunc(all, func(s scene) bool { return s.name != name })
}
