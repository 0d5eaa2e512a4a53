package main

import (
	"os"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
	"safehouse/internal/vault"
)

type doctorCmd struct{}

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
	Orphans    int         `json:"orphans"`
	Faults     []faultJSON `json:"faults"`
}

type faultJSON struct {
	Code string `json:"code"`
	ID   string `json:"id"`
	Why  string `json:"why"`
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
		err = a.with(func(v *vault.Vault) error {
			out.Vault, err = a.vaultHealth(v)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := a.show(out, func() { out.words(a) }); err != nil {
		return err
	}
	if n := out.faults(); n > 0 {
		return &evidence.Refusal{Problem: &evidence.Problem{Code: "doctor.found", Args: []any{n}}, Status: 3}
	}
	return nil
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
	bar := a.progress("progress.checking", 1)
	defer bar.done()
	h, err := v.Check(a.ctx, func(done, total int) {
		bar.total = int64(total)
		bar.set(int64(done))
	})
	if err != nil {
		return nil, err
	}
	out := &vaultJSON{h.Entries, h.Items, h.Renditions, h.Orphans, []faultJSON{}}
	for _, f := range h.Faults {
		out.Faults = append(out.Faults, faultJSON{f.Code, f.ID, f.Err.Error()})
	}
	return out, nil
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
	if d.Vault.Orphans > 0 {
		a.line("doctor.orphans", d.Vault.Orphans)
	}
	for _, f := range d.Vault.Faults {
		a.line(f.Code, f.ID, f.Why)
	}
}
