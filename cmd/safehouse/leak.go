package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"safehouse/internal/evidence"
	"safehouse/internal/leak"
)

type leakCmd struct {
	Check leakCheckCmd `cmd:"" help:"${help_leak_check}"`
}

type leakCheckCmd struct {
	Terms  string   `help:"${help_leak_terms}" required:"" placeholder:"T"`
	Policy string   `help:"${help_leak_policy}" placeholder:"P"`
	Paths  []string `arg:"" help:"${help_leak_paths}"`
}

type leaksJSON struct {
	Findings []leak.Finding `json:"findings"`
	Unread   []leak.Unread  `json:"unread"`
}

func showLeaks(r leak.Report) leaksJSON {
	same := func(f leak.Finding) leak.Finding { return f }
	return leaksJSON{each(r.Findings, same), each(r.Unread, func(u leak.Unread) leak.Unread { return u })}
}

// Run looks into files and folders. It needs no vault.
func (c *leakCheckCmd) Run(a *app) error {
	gate, err := c.gate()
	if err != nil {
		return err
	}
	var all leak.Report
	files := 0
	for _, path := range c.Paths {
		err := walk(path, func(name, shown string) error {
			files++
			report, err := checkFile(a, gate, name, shown)
			all.Add(report)
			return err
		})
		if err != nil {
			return err
		}
	}
	a.findings(all)
	switch status := all.Status(); {
	case status != statusDone:
		return &evidence.Refusal{
			Problem: &evidence.Problem{Code: "leak.found", Args: []any{len(all.Findings), len(all.Unread)}}, Status: status,
		}
	case !a.flags.JSON:
		a.line("leak.clean", files)
	}
	return nil
}

func (c *leakCheckCmd) gate() (*leak.Gate, error) {
	f, err := os.Open(c.Terms)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	terms, err := leak.ReadTerms(f)
	if err != nil {
		return nil, err
	}
	policy := leak.Strict
	if c.Policy != "" {
		p, err := os.Open(c.Policy)
		if err != nil {
			return nil, err
		}
		defer p.Close()
		if policy, err = leak.ReadPolicy(p); err != nil {
			return nil, err
		}
	}
	return leak.New(terms, policy)
}

// walk calls f for each file under path. What it shows of a file is the path as
// the user wrote it, or below the folder that the user named.
func walk(path string, f func(name, shown string) error) error {
	return filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return f(name, filepath.ToSlash(name))
	})
}

// checkFile looks at one file. What is no ordinary file cannot be read, and counts
// as found.
func checkFile(a *app, gate *leak.Gate, name, shown string) (r leak.Report, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return r, err
	}
	if !info.Mode().IsRegular() {
		return leak.Report{Unread: []leak.Unread{{File: shown, Part: "content", Why: "leak.unread.kind"}}}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return gate.Check(a.ctx, shown, f, info.Size())
}
