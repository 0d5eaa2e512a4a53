package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/leak"
	"safehouse/internal/leak/leaktest"
)

// used is the time that this process had of the cores.
func used() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// megabytes is a speed.
func megabytes(n int, d time.Duration) float64 { return float64(n) / 1e6 / d.Seconds() }

// resident is how much memory the process has.
func resident() (float64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return n / 1024, err
		}
	}
	return 0, fmt.Errorf("no VmRSS")
}

func (b *bench) check(g *leak.Gate, name string, text []byte) (leak.Report, error) {
	return g.Check(context.Background(), name, bytes.NewReader(text), int64(len(text)))
}

// automaton is the speed of exact terms alone: 100,000 of them, and no people.
func (b *bench) automaton(_ []person, all []prose) error {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields(string(all[0].text[:1<<20]))
	var t leak.Terms
	for i := range 100_000 {
		text := words[r.IntN(len(words))] + " " + words[r.IntN(len(words))] + " " + strconv.Itoa(r.IntN(1e6))
		t.Terms = append(t.Terms, leak.Term{ID: fmt.Sprint("trm_", i), Kind: "other", Text: evidence.Protect(text)})
	}
	start := time.Now()
	g, err := leak.New(t, leak.Policy{})
	if err != nil {
		return err
	}
	fmt.Printf("100,000 terms: made in %v\n", time.Since(start).Round(time.Millisecond))
	text := all[0].text[:4<<20]
	before := used()
	g.Exact(text)
	b.say("the exact automaton, 100,000 terms, English", megabytes(len(text), used()-before), "MB/s", 50, false)
	runtime.GC()
	size, err := resident()
	b.say("memory with 100,000 terms", size, "MB", 300, true)
	return err
}

// gate is the whole of it on plain text, with 1,000 people, and what it stops there.
func (b *bench) gate(list []person, all []prose) error {
	terms := protected(list, 1000)
	start := time.Now()
	g, err := leak.New(terms, leak.Strict)
	if err != nil {
		return err
	}
	b.say("start with 1,000 people", time.Since(start).Seconds(), "s", 2, true)
	stopped, bytes := 0, 0
	for _, p := range all {
		before := used()
		r, err := b.check(g, "prose.txt", p.text)
		if err != nil {
			return err
		}
		speed := megabytes(len(p.text), used()-before)
		blocks, sorts := 0, map[string]int{}
		for _, f := range r.Findings {
			if f.Severity == leak.Block {
				blocks++
				sorts[f.Why]++
			}
			if b.misses && f.Severity == leak.Block && f.Part == "content" {
				fmt.Printf("    %s %s %q\n", f.Term, f.Why, p.text[f.Start:f.End])
			}
		}
		b.say(fmt.Sprintf("%s, %.1f MB, 1,000 people", p.language, float64(len(p.text))/1e6), speed, "MB/s", 10, false)
		stopped, bytes = stopped+blocks, bytes+len(p.text)
		fmt.Printf("    %d block %v, %d for review, %d unread\n", blocks, sorts, len(r.Findings)-blocks, len(r.Unread))
	}
	b.say("blocks in prose that names nobody, a megabyte", float64(stopped)*1e6/float64(bytes), "", 0.1, true)
	runtime.GC()
	size, err := resident()
	b.say("memory with 1,000 people", size, "MB", 300, true)
	return err
}

// A repeated is a text without end that is nowhere whole.
type repeated struct{ text []byte }

// ReadAt fills p.
func (r repeated) ReadAt(p []byte, at int64) (int, error) {
	for n := 0; n < len(p); {
		n += copy(p[n:], r.text[(at+int64(n))%int64(len(r.text)):])
	}
	return len(p), nil
}

// memory reads a long text, whose size must not matter.
func (b *bench) memory(list []person, all []prose) error {
	g, err := leak.New(protected(list, 1000), leak.Policy{})
	if err != nil {
		return err
	}
	runtime.GC()
	before, err := resident()
	if err != nil {
		return err
	}
	size, start := b.long<<20, used()
	if _, err := g.Check(context.Background(), "long.txt", repeated{all[0].text}, size); err != nil {
		return err
	}
	speed := megabytes(int(size), used()-start)
	after, err := resident()
	b.say(fmt.Sprintf("a text of %d MB: more memory", b.long), after-before, "MB", 200, true)
	fmt.Printf("    at %.1f MB/s\n", speed)
	return err
}

// matrix plants listed forms in every part of every container, hidden in every way.
func (b *bench) matrix(_ []person, _ []prose) error {
	tried, found := 0, 0
	for _, name := range []string{"Kim Chol-su", "김철수", "金哲洙", "Ким Чхоль Су", "王偉", "남궁 민수"} {
		g, err := leak.New(leak.Terms{People: []leak.Person{{ID: "per_1", Names: []leak.Name{{Text: evidence.Protect(name)}}}}}, leak.Policy{})
		if err != nil {
			return err
		}
		for _, o := range leaktest.Obfuscations() {
			text := o.Do(name)
			if text == "" {
				continue
			}
			for _, p := range leaktest.Parts() {
				file := p.Make(text)
				if file == nil {
					continue
				}
				ok, err := b.caught(g, p.File, file)
				if err != nil {
					return err
				}
				if tried++; ok {
					found++
				} else if b.misses {
					fmt.Printf("    %s, %s in %s of %s\n", name, o.Name, p.Part, p.File)
				}
			}
		}
	}
	b.say(fmt.Sprintf("listed forms, %d parts by obfuscations", tried), 100*float64(found)/float64(tried), "%", 100, false)
	return nil
}

func (b *bench) caught(g *leak.Gate, file string, text []byte) (bool, error) {
	r, err := b.check(g, file, text)
	for _, f := range r.Findings {
		if f.Term == "per_1" {
			return true, err
		}
	}
	return false, err
}

// attested looks for the Latin spellings of everybody where only Hangul is listed, or
// only Hanja, under every obfuscation.
func (b *bench) attested(list []person, _ []prose) error {
	for _, from := range []struct {
		script string
		of     func(person) string
	}{{"Hangul", func(p person) string { return p.hangul }}, {"Hanja", func(p person) string { return p.hanja }}} {
		tried, found := map[string]int{}, map[string]int{}
		for _, p := range list {
			listed := from.of(p)
			if listed == "" {
				continue
			}
			g, err := leak.New(leak.Terms{People: []leak.Person{{ID: "per_1", Names: []leak.Name{{Text: evidence.Protect(listed)}}}}}, leak.Policy{})
			if err != nil {
				return err
			}
			if err := b.spellings(g, p, tried, found); err != nil {
				return err
			}
		}
		for _, o := range leaktest.Obfuscations() {
			b.say(fmt.Sprintf("%s listed, %d romanisations: %s", from.script, tried[o.Name], o.Name), 100*float64(found[o.Name])/float64(tried[o.Name]), "%", 97, false)
		}
	}
	return nil
}

func (b *bench) spellings(g *leak.Gate, p person, tried, found map[string]int) error {
	for _, name := range p.latin {
		for _, o := range leaktest.Obfuscations() {
			text := o.Do(name)
			if text == "" {
				continue
			}
			ok, err := b.caught(g, "text.txt", []byte("It was "+text+" they said.\n"))
			if err != nil {
				return err
			}
			if tried[o.Name]++; ok {
				found[o.Name]++
			} else if b.misses {
				fmt.Printf("    %s: %q, %s\n", p.hangul, text, o.Name)
			}
		}
	}
	return nil
}
