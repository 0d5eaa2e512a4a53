package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"safehouse/internal/names"
)

// A pair is two names, whether they are one person's, and their score.
type pair struct {
	a, b  string
	same  bool
	score float64
	even  bool // both rows are
	odd   bool
}

// pairs compares every name of one kind with every one of the other, of all
// persons. Persons of the same Hangul name count as one.
func pairs(people []person, left, right func(person) []string) (all []pair) {
	type named struct {
		text string
		row  int
		name *names.Name
	}
	list := func(of func(person) []string) (out []named) {
		for i, p := range people {
			for _, text := range of(p) {
				n, err := names.Parse(text)
				if err != nil {
					panic(err) // the lists hold names only
				}
				out = append(out, named{text, i, n})
			}
		}
		return out
	}
	same := right == nil
	if same {
		right = left
	}
	as, bs := list(left), list(right)
	for i, a := range as {
		for j, b := range bs {
			if same && (j <= i || a.text == b.text) {
				continue
			}
			all = append(all, pair{
				a: a.text, b: b.text, same: people[a.row].hangul == people[b.row].hangul, score: a.name.Match(b.name).Score,
				even: a.row%2 == 0 && b.row%2 == 0, odd: a.row%2 == 1 && b.row%2 == 1,
			})
		}
	}
	return all
}

// figures are precision, recall and F1 of the pairs that use allows.
func figures(all []pair, at float64, use func(pair) bool) (p, r, f float64) {
	var hit, false_, missed float64
	for _, x := range all {
		switch found := x.score >= at; {
		case !use(x):
		case found && x.same:
			hit++
		case found:
			false_++
		case x.same:
			missed++
		}
	}
	p, r = hit/max(1, hit+false_), hit/max(1, hit+missed)
	return p, r, 2 * p * r / max(1e-9, p+r)
}

// threshold is the best on the even rows, the middle of them where several are.
func threshold(all []pair) float64 {
	best, from, to := -1.0, 0.0, 0.0
	for t := .45; t < 1; t += .01 {
		switch _, _, f := figures(all, t, func(p pair) bool { return p.even }); {
		case f > best:
			best, from, to = f, t, t
		case f == best:
			to = t
		}
	}
	return math.Round(50*(from+to)) / 100
}

func (b *bench) score(title string, people []person, left, right func(person) []string, floor float64) {
	all := pairs(people, left, right)
	at := threshold(all)
	fmt.Printf("%-26s %5.2f |", title, at)
	var f float64
	for _, use := range []func(pair) bool{
		func(p pair) bool { return p.even }, func(p pair) bool { return p.odd }, func(pair) bool { return true },
	} {
		var p, r float64
		p, r, f = figures(all, at, use)
		fmt.Printf("      %.3f %.3f %.3f|", p, r, f)
	}
	fmt.Printf(" %.2f", floor)
	if f < floor {
		b.below++
		fmt.Print("  BELOW")
	}
	fmt.Println()
	if b.errors {
		wrong(all, at)
	}
}

func wrong(all []pair, at float64) {
	slices.SortFunc(all, func(a, b pair) int { return int(1000*b.score) - int(1000*a.score) })
	for _, p := range all {
		if p.even && p.same != (p.score >= at) {
			fmt.Printf("    %.3f %s  %s  %s\n", p.score, map[bool]string{true: "missed", false: "false"}[p.same], p.a, p.b)
		}
	}
}

func (b *bench) limit(title string, got, most time.Duration) {
	fmt.Printf("%-44s %v (at most %v)", title, got.Round(time.Microsecond/10), most)
	if got > most {
		b.below++
		fmt.Print("  ABOVE")
	}
	fmt.Println()
}
