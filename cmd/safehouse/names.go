package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/names"
)

type namesCmd struct {
	Match    namesMatchCmd    `cmd:"" help:"${help_names_match}"`
	Variants namesVariantsCmd `cmd:"" help:"${help_names_variants}"`
	Find     namesFindCmd     `cmd:"" help:"${help_names_find}"`
}

type namesMatchCmd struct {
	TSV   bool     `help:"${help_names_tsv}" name:"tsv"`
	Names []string `arg:"" optional:"" name:"name" help:"${help_names_two}"`
}

// Validate wants two names, or none and a list of pairs.
func (c *namesMatchCmd) Validate() error {
	if c.TSV && len(c.Names) > 0 || !c.TSV && len(c.Names) != 2 {
		return errors.New("two names, or --tsv")
	}
	return nil
}

type whyJSON struct {
	Code   string   `json:"code"`
	Values []string `json:"values"`
	Cost   float64  `json:"cost"`
	Text   string   `json:"text"`
}

type matchJSON struct {
	Score float64   `json:"score"`
	Band  string    `json:"band"`
	Why   []whyJSON `json:"why"`
}

// Run compares two names, or the pairs of names on standard input.
func (c *namesMatchCmd) Run(a *app) error {
	if c.TSV {
		return a.matchLines()
	}
	m, err := names.Compare(c.Names[0], c.Names[1])
	if err != nil {
		return err
	}
	out := matchJSON{m.Score, m.Band, each(m.Why, a.reason)}
	return a.show(out, func() {
		a.line("names.score", fmt.Sprintf("%.3f", m.Score), a.say.Say("names.band."+m.Band))
		for _, w := range out.Why {
			fmt.Fprintln(a.out, "  "+w.Text)
		}
	})
}

func (a *app) reason(r names.Reason) whyJSON {
	args := make([]any, len(r.Values))
	for i, v := range r.Values {
		args[i] = v
	}
	values := append([]string{}, r.Values...)
	return whyJSON{r.Code, values, float64(r.Cost) / 100, a.say.Say("names.why."+r.Code, args...)}
}

// matchLines answers each pair with a score. A pair that is none, or holds no
// name, scores nothing, is named on standard error, and counts as unread.
func (a *app) matchLines() error {
	in := bufio.NewReaderSize(a.in, 1<<16)
	out := bufio.NewWriter(a.out)
	defer out.Flush()
	known := parsed{}
	unread := 0
	for n := 1; ; n++ {
		line, err := in.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); err == nil || line != "" {
			score, problem := known.score(line)
			if problem != nil {
				unread++
				fmt.Fprintln(a.err, a.say.Say("names.line", n, a.sentence(problem)))
			}
			fmt.Fprintf(out, "%.3f\n", score)
		}
		switch {
		case errors.Is(err, io.EOF) && unread > 0:
			return &evidence.Refusal{Problem: &evidence.Problem{Code: "names.unread", Args: []any{unread}}, Status: statusUnread}
		case errors.Is(err, io.EOF):
			return out.Flush()
		case err != nil:
			return err
		}
	}
}

// statusUnread is for what a check could not read, which counts as found.
const statusUnread = 4

// parsed keeps the names that came already: lists repeat them.
type parsed map[string]*names.Name

const mostParsed = 20_000

func (p parsed) name(text string) (*names.Name, error) {
	if n := p[text]; n != nil {
		return n, nil
	}
	n, err := names.Parse(text)
	if err == nil && len(p) < mostParsed {
		p[text] = n
	}
	return n, err
}

func (p parsed) score(line string) (float64, error) {
	left, right, ok := strings.Cut(line, "\t")
	if !ok || strings.Contains(right, "\t") {
		return 0, &evidence.Problem{Code: "names.no_pair"}
	}
	x, err := p.name(left)
	if err != nil {
		return 0, err
	}
	y, err := p.name(right)
	if err != nil {
		return 0, err
	}
	return x.Match(y).Score, nil
}

type namesVariantsCmd struct {
	Name  string `arg:"" help:"${help_names_name}"`
	Limit int    `help:"${help_names_limit}" default:"20"`
}

// Validate refuses a limit that means nothing.
func (c *namesVariantsCmd) Validate() error {
	if c.Limit < 1 {
		return errors.New("--limit < 1")
	}
	return nil
}

type variantJSON struct {
	Text  string  `json:"text"`
	Kind  string  `json:"kind"`
	Score float64 `json:"score"`
}

// Run lists other ways to write a name.
func (c *namesVariantsCmd) Run(a *app) error {
	all, err := names.Variants(c.Name, c.Limit)
	if err != nil {
		return err
	}
	out := each(all, func(v names.Variant) variantJSON { return variantJSON(v) })
	return a.show(out, func() {
		if len(out) == 0 {
			a.line("names.no_variants")
		}
		for _, v := range out {
			a.line("names.variant", fmt.Sprintf("%.3f", v.Score), v.Text, a.say.Say("names.kind."+v.Kind))
		}
	})
}

type namesFindCmd struct {
	Terms string   `help:"${help_names_terms}" required:"" placeholder:"T"`
	Files []string `arg:"" help:"${help_names_files}"`
}

type foundJSON struct {
	File    string  `json:"file"`
	Start   int     `json:"start"`
	End     int     `json:"end"`
	Surface string  `json:"surface"`
	Term    string  `json:"term"`
	Score   float64 `json:"score"`
	Band    string  `json:"band"`
}

type namesFoundJSON struct {
	Findings []foundJSON `json:"findings"`
	Unread   []string    `json:"unread"`
}

// Run looks for people in text files, in any script.
func (c *namesFindCmd) Run(a *app) error {
	finder, err := c.finder()
	if err != nil {
		return err
	}
	all := namesFoundJSON{[]foundJSON{}, []string{}}
	bar := a.progress("progress.files", int64(len(c.Files)))
	defer bar.done()
	for i, name := range c.Files {
		found, err := findIn(finder, name)
		var p *evidence.Problem
		if errors.As(err, &p) {
			all.Unread = append(all.Unread, name)
			fmt.Fprintln(a.err, a.say.Say("names.unread_file", name))
		} else if err != nil {
			return err
		}
		all.Findings = append(all.Findings, found...)
		bar.set(int64(i + 1))
	}
	bar.done()
	err = a.show(all, func() { a.namesFound(all.Findings) })
	if err == nil && len(all.Findings)+len(all.Unread) > 0 {
		status := statusFound
		if len(all.Unread) > 0 {
			status = statusUnread
		}
		err = &evidence.Refusal{
			Problem: &evidence.Problem{Code: "names.found", Args: []any{len(all.Findings), len(all.Unread)}}, Status: status,
		}
	}
	return err
}

func (a *app) namesFound(all []foundJSON) {
	if len(all) == 0 {
		a.line("names.nothing")
	}
	for _, f := range all {
		a.line("names.finding", f.File, f.Start, f.Surface, f.Term, fmt.Sprintf("%.3f", f.Score), a.say.Say("names.band."+f.Band))
	}
}

func (c *namesFindCmd) finder() (*names.Finder, error) {
	f, err := os.Open(c.Terms)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	people, err := names.ReadPeople(f)
	if err != nil {
		return nil, err
	}
	return names.NewFinder(people)
}

// findIn looks into one file. What is no text of a size to read is a Problem.
func findIn(finder *names.Finder, name string) ([]foundJSON, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxText {
		return nil, &evidence.Problem{Code: "names.not_text"}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	found, err := finder.Find(text)
	return each(found, func(f names.Found) foundJSON {
		return foundJSON{locale.Safe(name), f.Start, f.End, f.Surface, f.ID, f.Score, f.Band}
	}), err
}
