// Command leaks measures the gate: how fast it is, what it needs, how often it stops
// prose that names nobody, and how much it finds of names that are written otherwise.
// It ends with status 1 when a figure is missed or what it measures on is not there.
//
//	go run ./bench/leaks [-data ../shared/names] [-long 256]
//
// Speeds are by the time that this process had of a core, not by the clock, so that
// other work on the machine does not count. The names of the list were read before the
// gate was written, its obfuscations were not tuned on them one by one.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
)

func main() {
	var b bench
	flag.StringVar(&b.data, "data", "../shared/names", "folder with kr-assembly20.tsv and nk-wikidata.tsv")
	flag.Int64Var(&b.long, "long", 256, "megabytes of the text that is read in constant memory")
	flag.BoolVar(&b.misses, "misses", false, "print what is missed")
	flag.Parse()
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "leaks:", err)
		os.Exit(1)
	}
	if b.missed > 0 {
		fmt.Printf("%d figures are missed\n", b.missed)
		os.Exit(1)
	}
	fmt.Println("every figure is met")
}

type bench struct {
	data   string
	long   int64
	misses bool
	missed int
}

func (b *bench) run() error {
	people, err := b.people()
	if err != nil {
		return err
	}
	texts, err := proses()
	if err != nil {
		return err
	}
	fmt.Printf("%d cores, %s\n", runtime.NumCPU(), runtime.Version())
	for _, measure := range []func([]person, []prose) error{b.automaton, b.gate, b.memory, b.matrix, b.attested} {
		if err := measure(people, texts); err != nil {
			return err
		}
	}
	return nil
}

// say prints a figure beside its floor or ceiling.
func (b *bench) say(title string, got float64, unit string, floor float64, atMost bool) {
	word, bad := "met", got < floor
	sign := "≥"
	if atMost {
		sign, bad = "≤", got > floor
	}
	if bad {
		word = "MISSED"
		b.missed++
	}
	fmt.Printf("%-58s %10.2f %-10s %s %-7g %s\n", title, got, unit, sign, floor, word)
}
