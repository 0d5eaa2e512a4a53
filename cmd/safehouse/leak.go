package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"safehouse/internal/evidence"
	"safehouse/internal/leak"
)

type leakCmd struct {
	Check leakCheckCmd `cmd:"" help:"${help_leak_check}"`
	Key   leakKeyCmd   `cmd:"" help:"${help_leak_key}"`
	Allow leakAllowCmd `cmd:"" help:"${help_leak_allow}"`
}

type leakCheckCmd struct {
	Terms   string   `help:"${help_leak_terms}" required:"" placeholder:"T"`
	Policy  string   `help:"${help_leak_policy}" placeholder:"P"`
	Looked  string   `help:"${help_leak_looked}" placeholder:"WHO"`
	Earlier []string `help:"${help_leak_earlier}" placeholder:"PATH"`
	Paths   []string `arg:"" help:"${help_leak_paths}"`
}

type leaksJSON struct {
	Findings []leak.Finding  `json:"findings"`
	Unread   []leak.Unread   `json:"unread"`
	Looked   []leak.Looked   `json:"looked"`
	Excepted []leak.Excepted `json:"excepted"`
}

func showLeaks(r leak.Report) leaksJSON {
	return leaksJSON{listed(r.Findings), listed(r.Unread), listed(r.Looked), listed(r.Excepted)}
}

// listed is never null in JSON.
func listed[T any](all []T) []T { return append([]T{}, all...) }

// Run looks into files and folders. It needs no vault.
func (c *leakCheckCmd) Run(a *app) error {
	gate, err := c.gate(a.ctx)
	if err != nil {
		return err
	}
	all, files, err := checkAll(a, gate, c.Paths)
	if err != nil {
		return err
	}
	earlier, _, err := checkAll(a, gate, c.Earlier)
	if err != nil {
		return err
	}
	gate.Combine(&all, earlier)
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

// checkAll looks into all files under some paths.
func checkAll(a *app, gate *leak.Gate, paths []string) (all leak.Report, files int, err error) {
	for _, path := range paths {
		err := walk(path, func(name, shown string) error {
			files++
			report, err := checkFile(a, gate, name, shown)
			all.Add(report)
			return err
		})
		if err != nil {
			return all, files, err
		}
	}
	return all, files, nil
}

func (c *leakCheckCmd) gate(ctx context.Context) (*leak.Gate, error) {
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
	if c.Looked != "" {
		policy.Looked = c.Looked
	}
	gate, err := leak.New(terms, policy)
	if err != nil {
		return nil, err
	}
	return gate.Reading(leak.FindEye(ctx)), nil
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

type leakKeyCmd struct {
	Name string `arg:"" help:"${help_leak_key_name}"`
	Out  string `help:"${help_leak_key_out}" short:"o" required:"" placeholder:"FILE"`
}

// Run makes the key of somebody who may let findings pass: the secret half into a new
// file, the other half, for policies, onto standard output.
func (c *leakKeyCmd) Run(a *app) error {
	private, public, err := note.GenerateKey(rand.Reader, c.Name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.WriteString(private + "\n"); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return a.show(map[string]string{"key": public}, func() { fmt.Fprintln(a.out, public) })
}

type leakAllowCmd struct {
	Key      string `help:"${help_leak_allow_key}" required:"" placeholder:"FILE"`
	Finding  string `help:"${help_leak_allow_finding}" required:"" placeholder:"FINGERPRINT"`
	Document string `help:"${help_leak_allow_document}" required:"" placeholder:"SHA256"`
	Until    string `help:"${help_leak_allow_until}" required:"" placeholder:"YYYY-MM-DD"`
}

// Run signs an exception.
func (c *leakAllowCmd) Run(a *app) error {
	private, err := os.ReadFile(c.Key)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(private)))
	if err != nil {
		return &evidence.Problem{Code: "leak.allow_key"} // the cause could quote the key
	}
	e := leak.Exception{Finding: c.Finding, Document: c.Document, Until: c.Until}
	signed, err := e.Sign(signer)
	if err != nil {
		return &evidence.Problem{Code: "leak.allow", Err: err}
	}
	return a.show(map[string]string{"exception": signed}, func() { fmt.Fprint(a.out, signed) })
}
