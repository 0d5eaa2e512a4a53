package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/store"
)

// Wrong passphrases are written down in keys/tries, a line each: when, and for
// which member if one was named. Nothing in it is secret. It slows down whoever
// tries here; whoever took a copy of the slots tries at home, and only the cost of
// scrypt slows them.
const (
	triesFile = "tries"
	free      = 3                // failures that cost no waiting
	longest   = 30 * time.Second // wait
	memory    = time.Hour        // for how long a failure counts
	maxTries  = 64 << 10         // bytes: beyond, failures wait but are not written down
	unnamed   = "-"
)

// A refusal is one wrong passphrase.
type refusal struct {
	at     time.Time
	member string
}

// parseTries reads the file. A line that cannot be read counts as a failure just
// now: nobody gains by damaging it.
func parseTries(b []byte, now time.Time) []refusal {
	var out []refusal
	for line := range bytes.Lines(b) {
		at, member, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
		t, err := time.Parse(time.RFC3339, at)
		if err != nil || (member != unnamed && !isMember(member)) {
			t, member = now, unnamed
		}
		out = append(out, refusal{t, member})
	}
	return out
}

func isMember(s string) bool { return strings.HasPrefix(s, "mem_") && evidence.KnownID(s) }

// wait is how long the next try has to wait. A failure in the future counts too:
// the clock may have been put back.
func wait(all []refusal, now time.Time) time.Duration {
	n := 0
	for _, r := range all {
		if now.Sub(r.at) < memory {
			n++
		}
	}
	if n <= free {
		return 0
	}
	return min(time.Second<<min(n-free-1, 10), longest)
}

// try runs open, after the wait that earlier failures have earned, and writes down
// when the passphrase was wrong. One at a time, whichever programs they are.
func try(ctx context.Context, dir string, member evidence.MemberID, open func() error) error {
	f, err := openTries(ctx, dir)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	now := time.Now()
	if err := pause(ctx, wait(parseTries(b, now), now)); err != nil {
		return err
	}
	err = open()
	var p *evidence.Problem
	if !errors.As(err, &p) || p.Code != "vault.wrong_passphrase" && p.Code != "recovery.wrong" || len(b) > maxTries {
		return err
	}
	name := string(member)
	if !isMember(name) {
		name = unnamed
	}
	_, writing := fmt.Fprintf(f, "%s %s\n", time.Now().UTC().Format(time.RFC3339), name)
	return errors.Join(err, writing, f.Sync())
}

func openTries(ctx context.Context, dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, keysDir, triesFile), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(err, f.Close())
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
}

// report puts the failures since the last entry into the journal and forgets them.
func (v *Vault) report(ctx context.Context, actor evidence.MemberID) error {
	f, err := openTries(ctx, v.Dir)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil || len(b) == 0 {
		return err
	}
	var order []string
	count := make(map[string]int)
	for _, r := range parseTries(b, time.Now()) {
		if count[r.member] == 0 {
			order = append(order, r.member)
		}
		count[r.member]++
	}
	err = v.DB.Update(ctx, actor, func(tx *store.Tx) error {
		for _, m := range order {
			subject := m
			if m == unnamed {
				subject = "unnamed"
			}
			tx.RecordWhy("member.refused", subject, evidence.Protect(strconv.Itoa(count[m])))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return f.Truncate(0)
}
