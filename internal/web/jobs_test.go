package web

import (
	"context"
	"net/http"
	"testing"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

// The jobs are done while the vault is open, by somebody who may, and have let go of it
// before its keys are forgotten.
func TestJobsAreDoneWhileSomebodyWhoMayIsThere(t *testing.T) {
	began, ended := make(chan evidence.Actor, 9), make(chan error, 9)
	s := newSite(t, func(s *Server) {
		s.Work = func(ctx context.Context, v *vault.Vault, actor evidence.Actor) {
			began <- actor
			<-ctx.Done()
			time.Sleep(100 * time.Millisecond) // work lets go, and writes what it has
			ended <- v.DB.Update(context.WithoutCancel(ctx), actor.ID, func(tx *store.Tx) error {
				tx.Record("mask.look", "cas_a")
				return nil
			})
		}
	})
	s.unlock(t, passphrase(evidence.Reviewer))
	select {
	case actor := <-began:
		t.Fatalf("a %s does jobs", actor.Role)
	case <-time.After(300 * time.Millisecond):
	}
	for range 2 {
		s.unlock(t, passphrase(evidence.Researcher))
		select {
		case actor := <-began:
			if actor.ID != s.members[evidence.Researcher] {
				t.Errorf("done by %s", actor.Role)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("nobody does the jobs")
		}
		s.unlock(t, passphrase(evidence.Administrator)) // one crew is enough
		if resp, _ := s.do(t, http.MethodPost, "/lock"); resp.StatusCode != http.StatusSeeOther {
			t.Fatalf("lock: %d", resp.StatusCode)
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("its last word: %v", err)
			}
		default:
			t.Fatal("it was locked while the jobs were at work")
		}
		if len(began) > 0 {
			t.Error("two crews are at work")
		}
	}
}
