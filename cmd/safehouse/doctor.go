package main

import (
	"errors"
	"fmt"
	"os"

	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/media"
	"safehouse/internal/vault"
)

type doctorCmd struct {
	Clean bool `help:"${help_doctor_clean}"`
	Yes   bool `help:"${help_yes}"`
}

type doctorJSON struct {
	Machine []machineJSON `json:"machine"`
	Vault   *vaultJSON    `json:"vault"` // null where there is none
}

// machineJSON is one thing that masking needs. Missing is a sentence, empty where
// it is there.
type machineJSON struct {
	Part    string `json:"part"`
	Detail  string `json:"detail"`
	Missing string `json:"missing,omitempty"`
}

type vaultJSON struct {
	Entries    int         `json:"entries"`
	Items      int         `json:"items"`
	Renditions int         `json:"renditions"`
	Orphans    int         `json:"orphans"` // files that belong to nothing, of any age
	Removed    int         `json:"removed"` // of them, with --clean
	Notes      []faultJSON `json:"notes"`   // nothing is wrong
	Faults     []faultJSON `json:"faults"`

	health vault.Health
}

// faultJSON is one finding. ID is its place: an ID, a file of the vault, or a table
// and the key of a row.
type faultJSON struct {
	Code string `json:"code"`
	ID   string `json:"id"`
	Why  string `json:"why,omitempty"`
}

// Run looks at the machine, and at the vault if there is one. Status 3 says that
// something is wrong.
func (c *doctorCmd) Run(a *app) error {
	s, err := a.studio()
	if err != nil {
		return err
	}
	out := doctorJSON{Machine: a.machine(s.Media)}
	if _, err := os.Stat(a.flags.Data); err == nil {
		v, err := a.enterBy(vault.Inspect)
		if err != nil {
			return err
		}
		out.Vault, err = c.vault(a, v)
		if err = errors.Join(err, v.Close()); err != nil {
			return err
		}
	}
	if err := a.show(out, func() { out.words(a) }); err != nil {
		return err
	}
	if n := out.faults(); n > 0 {
		return &evidence.Refusal{Problem: &evidence.Problem{Code: "doctor.found", Args: []any{n}}, Status: statusFound}
	}
	return nil
}

// vault looks at the vault, and cleans it when that is wanted.
func (c *doctorCmd) vault(a *app, v *vault.Vault) (*vaultJSON, error) {
	out, err := a.vaultHealth(v)
	if err != nil || !c.Clean {
		return out, err
	}
	var old []vault.Leftover
	for _, l := range out.health.Leftovers {
		if l.Old() {
			old = append(old, l)
			fmt.Fprintln(a.err, locale.Safe(l.Path))
		}
	}
	if len(old) == 0 {
		return out, nil
	}
	if err := a.sure(c.Yes, "doctor.clean_sure", len(old)); err != nil {
		return nil, err
	}
	removed, err := v.Clean(a.ctx, out.health)
	if err != nil {
		return nil, err
	}
	out, err = a.vaultHealth(v)
	if err == nil {
		out.Removed = removed
	}
	return out, err
}

func (a *app) machine(r media.Runner) []machineJSON {
	var out []machineJSON
	for _, part := range r.Parts(a.ctx) {
		m := machineJSON{Part: part.Name, Detail: part.Detail}
		if part.Err != nil {
			m.Missing = a.sentence(part.Err)
		}
		out = append(out, m)
	}
	return out
}

func (a *app) vaultHealth(v *vault.Vault) (*vaultJSON, error) {
	steps := a.steps()
	defer steps.done()
	h, err := v.Check(a.ctx, steps.at)
	if err != nil {
		return nil, err
	}
	return &vaultJSON{
		Entries: h.Entries, Items: h.Items, Renditions: h.Renditions, Orphans: len(h.Leftovers),
		Notes: findings(h.Notes), Faults: findings(h.Faults), health: h,
	}, nil
}

func findings(problems []*evidence.Problem) []faultJSON {
	out := []faultJSON{}
	for _, p := range problems {
		f := faultJSON{Code: p.Code}
		if len(p.Args) > 0 {
			f.ID = fmt.Sprint(p.Args[0])
		}
		if p.Err != nil {
			f.Why = p.Err.Error()
		}
		out = append(out, f)
	}
	return out
}

func (d doctorJSON) faults() (n int) {
	for _, m := range d.Machine {
		if m.Missing != "" {
			n++
		}
	}
	if d.Vault != nil {
		n += len(d.Vault.Faults)
	}
	return n
}

func (d doctorJSON) words(a *app) {
	for _, m := range d.Machine {
		part := a.say.Say("doctor.part." + m.Part)
		if m.Missing != "" {
			a.line("doctor.missing", part, m.Missing)
			continue
		}
		a.line("doctor.there", part, m.Detail)
	}
	if d.Vault == nil {
		a.line("doctor.no_vault", a.flags.Data)
		return
	}
	a.line("doctor.vault", d.Vault.Entries, d.Vault.Items, d.Vault.Renditions)
	if d.Vault.Removed > 0 {
		a.line("doctor.cleaned", d.Vault.Removed)
	}
	if d.Vault.Orphans > 0 {
		a.line("doctor.orphans", d.Vault.Orphans)
	}
	for _, p := range append(d.Vault.health.Notes, d.Vault.health.Faults...) {
		a.line(p.Code, p.Args...)
	}
}
