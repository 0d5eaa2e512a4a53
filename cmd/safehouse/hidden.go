package main

import (
	"errors"
	"os"

	"safehouse/internal/evidence"
	"safehouse/internal/hidden"
)

type inspectCmd struct {
	Files []string `arg:"" help:"${help_inspect_files}"`
}

type inspectedJSON struct {
	File string `json:"file"`
	hidden.Report
}

type inspectJSON struct {
	Files []inspectedJSON `json:"files"`
}

// Run names what is hidden in files. It needs no vault.
func (c *inspectCmd) Run(a *app) error {
	all, status := inspectJSON{Files: []inspectedJSON{}}, statusDone
	for _, name := range c.Files {
		report, err := a.inspect(name)
		if err != nil {
			return err
		}
		all.Files = append(all.Files, inspectedJSON{name, report})
		status = max(status, report.Status())
	}
	err := a.show(all, func() {
		for _, f := range all.Files {
			a.inspected(f.File, f.Report)
		}
	})
	if err == nil && status != statusDone {
		found, unread := all.count()
		err = &evidence.Refusal{Problem: &evidence.Problem{Code: "hidden.found", Args: []any{found, unread}}, Status: status}
	}
	return err
}

func (all inspectJSON) count() (found, unread int) {
	for _, f := range all.Files {
		found += len(f.Findings) + f.More
		unread += len(f.Unread)
	}
	return found, unread
}

func (a *app) inspect(name string) (report hidden.Report, err error) {
	f, err := openFile(name)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return report, err
	}
	bar := a.progress("progress.inspect", info.Size())
	defer bar.done()
	return hidden.Inspect(a.ctx, f, info.Size(), bar.of)
}

// inspected shows what one file hides, a line each.
func (a *app) inspected(name string, r hidden.Report) {
	media := r.Media
	if media == "" {
		media = "?"
	}
	a.line("hidden.file", name, media, r.Size, r.Read)
	for _, f := range r.Findings {
		a.line("hidden.finding", a.say.Say("hidden.kind."+f.Kind), f.Where, f.Name, f.Value, f.Offset, f.Length)
	}
	if r.More > 0 {
		a.line("hidden.more", r.More)
	}
	for _, u := range r.Unread {
		a.line("hidden.unread", u.Where, a.say.Say(u.Why))
	}
	if r.Status() == statusDone {
		a.line("hidden.nothing", name)
	}
}

type cleanCmd struct {
	In    string `arg:"" help:"${help_clean_in}"`
	Out   string `help:"${help_clean_out}" short:"o" required:"" placeholder:"OUT"`
	Force bool   `help:"${help_force}"`
}

type cleanJSON struct {
	Out string `json:"out"`
	hidden.Result
}

// Run writes the same content without what is hidden. It needs no vault.
func (c *cleanCmd) Run(a *app) error {
	s, err := a.studio()
	if err != nil {
		return err
	}
	in, err := openFile(c.In)
	if err != nil {
		return err
	}
	defer in.Close()
	steps := a.steps()
	defer steps.done()
	var made hidden.Result
	err = writeWhole(c.Out, c.Force, func(out *os.File) (err error) {
		made, err = hidden.Cleaner{Media: s.Media}.Clean(a.ctx, in, out, func(stage string, done, total int64) {
			steps.at(stage, int(done), int(total))
		})
		return a.telling(err)
	})
	steps.done()
	a.confined()
	if err != nil {
		return err
	}
	return a.show(cleanJSON{c.Out, made}, func() {
		a.line("hidden.cleaned", c.Out, made.Media, made.Removed)
		for _, note := range made.Notes {
			a.line(note)
		}
	})
}

// telling puts the reason that a part is unread into the user's language.
func (a *app) telling(err error) error {
	var p *evidence.Problem
	if errors.As(err, &p) && p.Code == "hidden.unread_part" && len(p.Args) == 2 {
		if why, ok := p.Args[1].(string); ok {
			p.Args[1] = a.say.Say(why)
		}
	}
	return err
}
