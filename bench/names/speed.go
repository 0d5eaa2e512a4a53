package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"

	"safehouse/internal/names"
)

const (
	many      = 100_000
	rounds    = 5
	mostPair  = 100 * time.Microsecond
	mostFind  = 50 * time.Millisecond
	leastFind = .97 // of the other spellings of a name are found among many
)

// speed times pairs and searches in time of the processor, all threads together:
// other work on the machine must not decide. The fastest of a few rounds counts.
func (b *bench) speed(people []person) error {
	best := time.Hour
	for range rounds {
		began, n := processor(), 0
		for _, p := range people {
			for _, l := range p.latin {
				if _, err := names.Compare(p.hangul, l); err != nil {
					return err
				}
				n++
			}
		}
		best = min(best, (processor()-began)/time.Duration(n))
	}
	b.limit("a pair, both names parsed", best, mostPair)
	x, err := crowd(people)
	if err != nil {
		return err
	}
	return b.find(x, people)
}

func processor() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err) // it cannot fail for the process itself
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// crowd is an index of the lists and of names made of their parts, as often as
// they occur: half in Hangul, half in the spellings that people use.
func crowd(people []person) (*names.Index, error) {
	var x names.Index
	for i, p := range people {
		for _, text := range append([]string{p.hangul}, p.latin...) {
			if err := x.Add(fmt.Sprint(i), text); err != nil {
				return nil, err
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	part := func(at int) string {
		h := []rune(people[r.IntN(len(people))].hangul)
		return string(h[min(at, len(h)-1)])
	}
	families, given, err := parts(people)
	if err != nil {
		return nil, err
	}
	for x.Len() < many {
		text := part(0) + part(1) + part(2)
		if x.Len()%2 == 0 {
			text = families[r.IntN(len(families))] + " " + given[r.IntN(len(given))]
		}
		if err := x.Add("-", text); err != nil {
			return nil, err
		}
	}
	return &x, nil
}

// parts are the family and given names of the lists in several spellings.
func parts(people []person) (families, given []string, err error) {
	for _, p := range people {
		all, err := names.Variants(p.hangul, 8)
		if err != nil {
			return nil, nil, err
		}
		for _, v := range all {
			if f, g, ok := strings.Cut(v.Text, " "); ok {
				families, given = append(families, f), append(given, g)
			}
		}
	}
	return families, given, nil
}

func (b *bench) find(x *names.Index, people []person) error {
	var slowest time.Duration
	var sum time.Duration
	asked, found := 0, 0
	for i, p := range people {
		for _, text := range append([]string{p.hangul}, p.latin...) {
			fastest := time.Hour
			var hits []names.Hit
			for range 3 {
				began := processor()
				var err error
				if hits, err = x.Search(text, names.FromPossible); err != nil {
					return err
				}
				fastest = min(fastest, processor()-began)
			}
			slowest = max(slowest, fastest)
			sum += fastest
			asked++
			for _, h := range hits {
				if h.ID == fmt.Sprint(i) && h.Text != text {
					found++
					break
				}
			}
		}
	}
	b.limit(fmt.Sprintf("one name among %d, mean of %d", x.Len(), asked), sum/time.Duration(asked), mostFind)
	b.limit("the slowest of them", slowest, mostFind)
	share := float64(found) / float64(asked)
	fmt.Printf("%-44s %.3f (at least %.2f)", "found under another spelling", share, leastFind)
	if share < leastFind {
		b.below++
		fmt.Print("  BELOW")
	}
	fmt.Println()
	return nil
}
