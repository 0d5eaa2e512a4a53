package main

import (
	"io"
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// A bar shows how far some work is and how long it may still take, on standard
// error when that is a terminal, and only once the work has taken a second.
type bar struct {
	pool  *mpb.Progress
	bar   *mpb.Bar
	since time.Time
	name  string
	total int64
	at    int64
	out   io.Writer
}

// progress starts a bar of total steps under a word of the catalogues.
func (a *app) progress(code string, total int64) *bar {
	b := &bar{since: time.Now(), name: a.say.Say(code), total: total}
	if f, ok := a.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.out = f
	}
	return b
}

func (b *bar) set(at int64) {
	b.at = at
	if b.out == nil || time.Since(b.since) < time.Second {
		return
	}
	if b.bar == nil {
		b.pool = mpb.New(mpb.WithOutput(b.out), mpb.WithWidth(48))
		b.bar = b.pool.AddBar(b.total, mpb.PrependDecorators(decor.Name(b.name+" ")),
			mpb.AppendDecorators(decor.Percentage(), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_GO)))
	}
	b.bar.SetCurrent(at)
}

// of is set for work whose size shows only while it goes on.
func (b *bar) of(at, total int64) {
	if b.total = total; b.bar != nil {
		b.bar.SetTotal(total, false)
	}
	b.set(at)
}

// done takes the bar away. It may be called again.
func (b *bar) done() {
	if b.bar != nil {
		b.bar.Abort(true)
		b.pool.Wait()
		b.bar = nil
	}
	b.out = nil
}

// reader moves the bar by what is read through it.
func (b *bar) reader(r io.Reader) io.Reader { return &barReader{r, b} }

type barReader struct {
	r io.Reader
	b *bar
}

func (r *barReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.b.set(r.b.at + int64(n))
	return n, err
}

// steps shows work of several stages, a bar each.
type steps struct {
	a     *app
	stage string
	bar   *bar
}

func (a *app) steps() *steps { return &steps{a: a} }

// at is a mask.Progress: the stage is a key of the catalogues.
func (s *steps) at(stage string, done, total int) {
	if stage != s.stage {
		s.done()
		s.stage, s.bar = stage, s.a.progress(stage, int64(total))
	}
	s.bar.set(int64(done))
}

// done takes the bar away. It may be called again.
func (s *steps) done() {
	if s.bar != nil {
		s.bar.done()
		s.bar = nil
	}
	s.stage = ""
}
