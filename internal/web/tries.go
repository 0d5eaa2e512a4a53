package web

import (
	"sync"
	"time"
)

// How passphrases may be guessed: a few at once for slips of the hand, then ever
// more slowly. Each try costs half a second and 128 MiB, so few run together.
const (
	freeTries  = 3
	firstDelay = 2 * time.Second
	maxDelay   = 5 * time.Minute
	maxRunning = 2
)

// tries counts for the whole server: there is no telling who is who before they
// have entered.
type tries struct {
	mu      sync.Mutex // guards the rest
	failed  int
	running int
	until   time.Time
}

// begin takes leave to try once, or says how long to wait.
func (t *tries) begin(now time.Time) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case now.Before(t.until):
		return t.until.Sub(now)
	case t.running >= maxRunning, t.running > 0 && t.failed >= freeTries:
		return time.Second
	}
	t.running++
	return 0
}

// end says how the try went.
func (t *tries) end(now time.Time, entered bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	if entered {
		t.failed, t.until = 0, time.Time{}
		return
	}
	t.failed++
	if t.failed < freeTries {
		return
	}
	delay := firstDelay
	for range t.failed - freeTries {
		if delay *= 2; delay > maxDelay {
			delay = maxDelay
			break
		}
	}
	t.until = now.Add(delay)
}
