package access

import (
	"errors"
	"testing"

	"safehouse/internal/evidence"
)

func TestUnknownActionIsForbiddenToEveryRole(t *testing.T) {
	for _, role := range append(evidence.Roles, "", "root") {
		err := Check(evidence.Actor{ID: "mem_x", Role: role}, "vault.burn")
		if !errors.Is(err, evidence.ErrForbidden) {
			t.Errorf("%q may do what nobody wrote down: %v", role, err)
		}
	}
}

func TestRoleNotInTheTableMayDoNothing(t *testing.T) {
	for _, a := range may[evidence.Administrator] {
		if Check(evidence.Actor{ID: "mem_x", Role: "visitor"}, a) == nil {
			t.Errorf("a visitor may %s", a)
		}
	}
}

func TestFieldHandsInAndSeesNothingElse(t *testing.T) {
	for _, a := range may[evidence.Administrator] {
		err := Check(evidence.Actor{ID: "mem_x", Role: evidence.Field}, a)
		if (err == nil) != (a == HandIn || a == ReadHandedIn) {
			t.Errorf("field, %s: %v", a, err)
		}
	}
}

func TestReviewerWritesNothing(t *testing.T) {
	for _, a := range []Action{AddMember, HandIn, OpenOriginal, WithdrawItem, Backup, PlanMask, EditMask, RenderMask, WriteCase, ShareCase, MoveItem, WriteDraft, Release} {
		if Check(evidence.Actor{ID: "mem_x", Role: evidence.Reviewer}, a) == nil {
			t.Errorf("a reviewer may %s", a)
		}
	}
}
