// Command store measures the sealed store: how fast it seals, opens, records,
// starts and checks itself, and how much memory that takes. It prints each figure
// with its goal, and ends with status 1 when a goal is missed. It works on a real
// disk, in a folder of its own that it removes.
//
//	go run ./bench/store [-dir DIR] [-size GB] [-only WORD]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

type settings struct {
	dir, only string
	size      int64 // of the large stream, in bytes
}

// A goal is one thing that is measured. A limit of 0 is none: the figure is told
// and nothing is demanded.
type goal struct {
	name, unit string
	limit      float64
	most       bool // else least
	measure    func(b *bench) (float64, error)
}

var goals = []goal{
	{"sealing, share of plain age", "%", 80, false, (*bench).sealing},
	{"opening, share of plain age", "%", 80, false, (*bench).opening},
	{"range of 100 kB of 1 GB, median", "ms", 2, true, (*bench).ranges},
	{"peak memory, adding the large stream", "MiB", 96, true, (*bench).memoryAdding},
	{"peak memory, opening it", "MiB", 96, true, (*bench).memoryOpening},
	{"small files received in batches, each durable", "/s", 300, false, (*bench).batch},
	{"small files received one by one, each durable", "/s", 0, false, (*bench).small},
	{"changes of one entry, each durable and published", "/s", 0, false, (*bench).single},
	{"journal entries in one change", "/s", 2000, false, (*bench).entries},
	{"start with 100,000 items", "ms", 1000, true, (*bench).start},
	{"inclusion proof of 100,000, median", "ms", 1, true, (*bench).proof},
	{"check of 100,000 entries and items", "s", 30, true, (*bench).check},
}

func main() {
	var s settings
	flag.StringVar(&s.dir, "dir", os.TempDir(), "folder on the disk to measure")
	flag.StringVar(&s.only, "only", "", "measure only what has this word in its name")
	gb := flag.Float64("size", 5, "GB of the large stream")
	child := flag.String("child", "", "add or open: do that with a large stream in -dir and print the peak memory in KiB")
	flag.Parse()
	s.size = int64(*gb * 1e9)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *child != "" {
		fatal(peak(ctx, *child, s))
		return
	}
	missed, err := run(ctx, s)
	fatal(err)
	if missed > 0 {
		fmt.Printf("missed: %d\n", missed)
		os.Exit(1)
	}
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "store:", err)
		os.Exit(1)
	}
}

// run measures everything and counts the goals that were missed.
func run(ctx context.Context, s settings) (missed int, err error) {
	b, err := newBench(ctx, s)
	if err != nil {
		return 0, err
	}
	defer b.remove()
	fmt.Println(machine(b.dir))
	for _, note := range b.notes {
		fmt.Println(note)
	}
	fmt.Printf("%-50s %12s %14s\n", "", "measured", "goal")
	measured := 0
	for _, g := range goals {
		if !strings.Contains(g.name, s.only) {
			continue
		}
		got, err := g.measure(b)
		if err != nil {
			return missed, fmt.Errorf("%s: %w", g.name, err)
		}
		measured++
		if g.say(got) {
			missed++
		}
	}
	if measured == 0 {
		return 0, fmt.Errorf("nothing is called %q", s.only)
	}
	return missed, nil
}

// say prints one line, and tells whether the goal was missed.
func (g goal) say(got float64) (missed bool) {
	value := fmt.Sprintf("%.1f %s", got, g.unit)
	if g.limit == 0 {
		fmt.Printf("%-50s %12s %14s\n", g.name, value, "–")
		return false
	}
	word, sign := "pass", "≥"
	if g.most {
		sign = "≤"
	}
	if missed = got < g.limit != g.most && got != g.limit; missed {
		word = "MISSED"
	}
	fmt.Printf("%-50s %12s %14s  %s\n", g.name, value, fmt.Sprintf("%s %g %s", sign, g.limit, g.unit), word)
	return missed
}
