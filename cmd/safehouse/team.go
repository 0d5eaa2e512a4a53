package main

import (
	"crypto/rand"
	"fmt"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

type initCmd struct {
	Name string `help:"${help_init_name}" required:"" placeholder:"NAME"`
	Demo bool   `help:"${help_init_demo}"`
}

type memberJSON struct {
	ID   evidence.MemberID `json:"id"`
	Role evidence.Role     `json:"role"`
	Name string            `json:"name,omitempty"`
}

func (c *initCmd) Run(a *app) error {
	passphrase, err := a.passphrase(passphraseFile, "passphrase.new", true)
	if err != nil {
		return err
	}
	first := evidence.Member{Name: evidence.Protect(c.Name)}
	if err := vault.Found(a.ctx, a.flags.Data, origin(), c.Demo, &first, passphrase); err != nil {
		return err
	}
	return a.show(map[string]any{"data": a.flags.Data, "member": memberJSON{ID: first.ID, Role: first.Role}}, func() {
		a.line("init.done", a.flags.Data, first.ID)
		a.line("init.next")
	})
}

// origin names a journal in public. It is random: a vault's name tells nothing.
func origin() string { return "safehouse/" + rand.Text()[:16] }

type memberCmd struct {
	Add  memberAddCmd  `cmd:"" help:"${help_member_add}"`
	List memberListCmd `cmd:"" help:"${help_member_list}"`
}

type memberAddCmd struct {
	Name string `help:"${help_member_name}" required:"" placeholder:"NAME"`
	Role string `help:"${help_member_role}" required:"" enum:"administrator,researcher,reviewer,field" placeholder:"ROLE"`
}

func (c *memberAddCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		passphrase, err := a.passphrase(newPassphraseFile, "passphrase.new_member", true)
		if err != nil {
			return err
		}
		m := evidence.Member{Name: evidence.Protect(c.Name), Role: evidence.Role(c.Role)}
		if err := v.AddMember(a.ctx, &m, passphrase); err != nil {
			return err
		}
		return a.show(memberJSON{ID: m.ID, Role: m.Role}, func() { a.line("member.added", m.ID, a.say.Say("role."+c.Role)) })
	})
}

type memberListCmd struct{}

func (c *memberListCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		if err := access.Check(v.Actor, access.ListMembers); err != nil {
			return err
		}
		var members []evidence.Member
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) (err error) {
			members, err = view.Members()
			return err
		})
		if err != nil {
			return err
		}
		out := []memberJSON{}
		for _, m := range members {
			out = append(out, memberJSON{m.ID, m.Role, m.Name.Reveal()}) // members know each other
		}
		return a.show(out, func() {
			for _, m := range out {
				fmt.Fprintf(a.out, "%s  %s  %s\n", m.ID, a.say.Say("role."+string(m.Role)), locale.Safe(m.Name))
			}
		})
	})
}
