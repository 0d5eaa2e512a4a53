package main

import (
	"fmt"
	"time"

	"safehouse/internal/casefile"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

type caseMemberCmd struct {
	Add    caseMemberAddCmd    `cmd:"" help:"${help_case_member_add}"`
	Remove caseMemberRemoveCmd `cmd:"" help:"${help_case_member_remove}"`
	List   caseMemberListCmd   `cmd:"" help:"${help_case_member_list}"`
}

type caseMemberJSON struct {
	Member evidence.MemberID `json:"member"`
	Added  time.Time         `json:"added"`
	By     evidence.MemberID `json:"by"`
}

func showCaseMember(m store.CaseMember) caseMemberJSON {
	return caseMemberJSON{m.Member, m.Added, m.By}
}

// caseMembers shows who is in a case after something was done.
func (a *app) caseMembers(v *vault.Vault, cab *casefile.Cabinet, name, code string, args ...any) error {
	in, err := cab.Members(a.ctx, v.Actor, name)
	if err != nil {
		return err
	}
	return a.show(each(in, showCaseMember), func() { a.line(code, args...) })
}

type caseMemberAddCmd struct {
	Case   string `arg:"" help:"${help_case_name}"`
	Member string `arg:"" help:"${help_member_id}"`
}

func (c *caseMemberAddCmd) Run(a *app) error {
	return a.cabinet(func(v *vault.Vault, cab *casefile.Cabinet) error {
		if err := cab.AddMember(a.ctx, v.Actor, c.Case, evidence.MemberID(c.Member)); err != nil {
			return err
		}
		return a.caseMembers(v, cab, c.Case, "case.member_added", c.Member)
	})
}

type caseMemberRemoveCmd struct {
	Case   string `arg:"" help:"${help_case_name}"`
	Member string `arg:"" help:"${help_member_id}"`
}

func (c *caseMemberRemoveCmd) Run(a *app) error {
	return a.cabinet(func(v *vault.Vault, cab *casefile.Cabinet) error {
		if err := cab.RemoveMember(a.ctx, v.Actor, c.Case, evidence.MemberID(c.Member)); err != nil {
			return err
		}
		return a.show(map[string]any{"removed": c.Member}, func() { a.line("case.member_removed", c.Member) })
	})
}

type caseMemberListCmd struct {
	Case string `arg:"" help:"${help_case_name}"`
}

func (c *caseMemberListCmd) Run(a *app) error {
	return a.cabinet(func(v *vault.Vault, cab *casefile.Cabinet) error {
		in, err := cab.Members(a.ctx, v.Actor, c.Case)
		if err != nil {
			return err
		}
		return a.show(each(in, showCaseMember), func() {
			for _, m := range in {
				fmt.Fprintf(a.out, "%s  %s  %s\n", m.Member, m.Added.Format(time.RFC3339), m.By)
			}
		})
	})
}
