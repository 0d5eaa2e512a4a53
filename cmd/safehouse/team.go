package main

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

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
	ID        evidence.MemberID `json:"id"`
	Role      evidence.Role     `json:"role"`
	Name      string            `json:"name,omitempty"`
	Custodian bool              `json:"custodian"`
	Seen      string            `json:"seen,omitempty"` // the day
}

func (c *initCmd) Run(a *app) error {
	passphrase, err := a.passphrase(passphraseFile, "passphrase.new", true)
	if err != nil {
		return err
	}
	first := evidence.Member{Name: evidence.Protect(c.Name)}
	code, err := vault.Begin(a.ctx, a.flags.Data, origin(), c.Demo, &first, passphrase)
	if err != nil {
		return err
	}
	out := map[string]any{
		"data": a.flags.Data, "member": memberJSON{ID: first.ID, Role: first.Role, Custodian: first.Custodian}, "recovery": code.Reveal(),
	}
	return a.show(out, func() {
		a.line("init.done", a.flags.Data, first.ID)
		a.recovery(code)
		a.line("init.next")
	})
}

// recovery shows a recovery code, once.
func (a *app) recovery(code evidence.Secret) {
	a.line("recovery.code")
	fmt.Fprintf(a.out, "\n    %s\n\n", code.Reveal())
	a.line("recovery.keep")
}

// origin names a journal in public. It is random: a vault's name tells nothing.
func origin() string { return "safehouse/" + rand.Text()[:16] }

type memberCmd struct {
	Add        memberAddCmd        `cmd:"" help:"${help_member_add}"`
	List       memberListCmd       `cmd:"" help:"${help_member_list}"`
	Remove     memberRemoveCmd     `cmd:"" help:"${help_member_remove}"`
	Passphrase memberPassphraseCmd `cmd:"" help:"${help_member_passphrase}"`
	Custodian  custodianCmd        `cmd:"" help:"${help_custodian}"`
	Recover    memberRecoverCmd    `cmd:"" help:"${help_member_recover}"`
	Recovery   memberRecoveryCmd   `cmd:"" help:"${help_member_recovery}"`
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
		members, err := team(a, v)
		if err != nil {
			return err
		}
		out := []memberJSON{}
		for _, m := range members {
			if m.Removed.IsZero() {
				out = append(out, memberJSON{m.ID, m.Role, m.Name.Reveal(), m.Custodian, v.LastSeen(m.ID)}) // members know each other
			}
		}
		return a.show(out, func() {
			for _, m := range out {
				line := fmt.Sprintf("%s  %s  %s  %s", m.ID, a.say.Say("role."+string(m.Role)), locale.Safe(m.Name), a.say.Say("member.seen", m.Seen))
				if m.Custodian {
					line += "  " + a.say.Say("member.is_custodian")
				}
				fmt.Fprintln(a.out, line)
			}
		})
	})
}

func team(a *app, v *vault.Vault) (members []evidence.Member, err error) {
	if err := access.Check(v.Actor, access.ListMembers); err != nil {
		return nil, err
	}
	err = v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) error {
		members, err = view.Members()
		return err
	})
	return members, err
}

type memberRemoveCmd struct {
	ID  string `arg:"" help:"${help_member_id}"`
	Yes bool   `help:"${help_yes}"`
}

func (c *memberRemoveCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		if err := access.Check(v.Actor, access.RemoveMember); err != nil {
			return err
		}
		id := evidence.MemberID(c.ID)
		var m evidence.Member
		err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) (err error) {
			m, err = view.Member(id)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Fprintln(a.err, couldRead(a, m))
		if !c.Yes {
			if err := a.confirm("member.remove_ask", id); err != nil {
				return err
			}
		}
		if err := v.RemoveMember(a.ctx, v.Actor, id); err != nil {
			return err
		}
		out := map[string]any{"id": id, "removed": true, "custodian": m.Custodian, "key": v.DB.Verifier()}
		return a.show(out, func() { a.line("member.removed", id) })
	})
}

// couldRead says plainly what somebody who leaves may have taken along.
func couldRead(a *app, m evidence.Member) string {
	if m.Custodian {
		return a.say.Say("member.could_read_all", m.ID)
	}
	return a.say.Say("member.could_read", m.ID)
}

// confirm asks on the terminal. A script says --yes.
func (a *app) confirm(question string, args ...any) error {
	f, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &evidence.Problem{Code: "confirm.no_terminal"}
	}
	fmt.Fprint(a.err, a.say.Say(question, args...), " ")
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil {
		return err
	}
	if strings.TrimSpace(line) != fmt.Sprint(args[0]) { // what is asked for is typed, so that no slip agrees
		return &evidence.Problem{Code: "confirm.no"}
	}
	return nil
}

type memberPassphraseCmd struct{}

func (c *memberPassphraseCmd) Run(a *app) error {
	now, err := a.passphrase(passphraseFile, "passphrase.ask", false)
	if err != nil {
		return err
	}
	return a.withPassphrase(now, func(v *vault.Vault) error {
		next, err := a.passphrase(newPassphraseFile, "passphrase.new", true)
		if err != nil {
			return err
		}
		if err := v.ChangePassphrase(a.ctx, v.Actor, now, next); err != nil {
			return err
		}
		return a.show(map[string]any{"id": v.Actor.ID, "changed": true}, func() { a.line("member.passphrase_changed", v.Actor.ID) })
	})
}

type custodianCmd struct {
	Add    custodianAddCmd    `cmd:"" help:"${help_custodian_add}"`
	Remove custodianRemoveCmd `cmd:"" help:"${help_custodian_remove}"`
}

type custodianAddCmd struct {
	ID string `arg:"" help:"${help_member_id}"`
}

func (c *custodianAddCmd) Run(a *app) error { return a.custodian(c.ID, true) }

type custodianRemoveCmd struct {
	ID string `arg:"" help:"${help_member_id}"`
}

func (c *custodianRemoveCmd) Run(a *app) error { return a.custodian(c.ID, false) }

func (a *app) custodian(id string, is bool) error {
	return a.with(func(v *vault.Vault) error {
		if err := v.SetCustodian(a.ctx, v.Actor, evidence.MemberID(id), is); err != nil {
			return err
		}
		return a.show(map[string]any{"id": id, "custodian": is}, func() {
			if is {
				a.line("member.custodian_added", id)
			} else {
				a.line("member.custodian_removed", id)
			}
		})
	})
}

type memberRecoverCmd struct {
	Member string `help:"${help_recover_member}" placeholder:"MEMBER"`
	Name   string `help:"${help_recover_name}" placeholder:"NAME"`
}

func (c *memberRecoverCmd) Run(a *app) error {
	if (c.Member == "") == (c.Name == "") {
		return &evidence.Problem{Code: "recovery.who"}
	}
	code, err := a.passphrase(recoveryFile, "recovery.ask", false)
	if err != nil {
		return err
	}
	passphrase, err := a.passphrase(newPassphraseFile, "passphrase.new", true)
	if err != nil {
		return err
	}
	m, next, err := vault.Recover(a.ctx, a.flags.Data, vault.Recovery{
		Code: code, Member: evidence.MemberID(c.Member), Name: evidence.Protect(c.Name), Passphrase: passphrase, Seen: outside(),
	})
	if err != nil {
		return err
	}
	out := map[string]any{"id": m.ID, "role": m.Role, "custodian": m.Custodian, "recovery": next.Reveal()}
	return a.show(out, func() {
		a.line("recovery.done", m.ID, a.say.Say("role."+string(m.Role)))
		a.recovery(next)
	})
}

type memberRecoveryCmd struct{}

func (c *memberRecoveryCmd) Run(a *app) error {
	return a.with(func(v *vault.Vault) error {
		code, err := v.NewRecovery(a.ctx, v.Actor)
		if err != nil {
			return err
		}
		return a.show(map[string]any{"recovery": code.Reveal()}, func() { a.recovery(code) })
	})
}
