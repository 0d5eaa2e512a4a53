package vault

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
)

// newTeam is an open vault with a second member.
func newTeam(t *testing.T) (v *Vault, second evidence.Member) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	first := evidence.Protect("the first long passphrase")
	if err := Found(t.Context(), dir, "safehouse/test", false, &evidence.Member{}, first); err != nil {
		t.Fatal(err)
	}
	v, err := Enter(t.Context(), dir, "", first)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	second.Role = evidence.Reviewer
	if err := v.AddMember(t.Context(), &second, evidence.Protect("the second long passphrase")); err != nil {
		t.Fatal(err)
	}
	return v, second
}

func wantWrong(t *testing.T, err error) {
	t.Helper()
	var p *evidence.Problem
	if !errors.As(err, &p) || p.Code != "vault.wrong_passphrase" {
		t.Errorf("error %v", err)
	}
}

func TestAdmitLetsAMemberInByTheirOwnPassphrase(t *testing.T) {
	v, second := newTeam(t)
	got, err := v.Admit(t.Context(), "", evidence.Protect("the second long passphrase"))
	if err != nil || got != second.Actor() {
		t.Errorf("%v %v, not %v", got, err, second.Actor())
	}
	if v.Actor.ID == second.ID {
		t.Error("the vault is another's now")
	}
	_, err = v.Admit(t.Context(), second.ID, evidence.Protect("the first long passphrase"))
	wantWrong(t, err)
	_, err = v.Admit(t.Context(), "", evidence.Protect("no passphrase of anybody"))
	wantWrong(t, err)
}

func TestAdmitTakesNoSlotOfAnotherVaultOrOfNobody(t *testing.T) {
	v, second := newTeam(t)
	other, stranger := newTeam(t)
	slot, err := os.ReadFile(other.slot(stranger.ID))
	if err != nil {
		t.Fatal(err)
	}
	words := evidence.Protect("the second long passphrase")
	if err := os.WriteFile(v.slot("mem_zzzz"), slot, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = v.Admit(t.Context(), "mem_zzzz", words)
	wantWrong(t, err)
	nobody, err := seal.NewIdentity()
	if err == nil {
		_, err = v.addSlot("mem_nobody", nobody, words)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Admit(t.Context(), "mem_nobody", words)
	wantWrong(t, err)
	// A member's own slot under the name of another.
	if slot, err = os.ReadFile(v.slot(second.ID)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(v.slot(v.Actor.ID), slot, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = v.Admit(t.Context(), v.Actor.ID, words)
	wantWrong(t, err)
}
