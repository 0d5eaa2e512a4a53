package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

// A door is open or locked, for everybody at once.
type door struct {
	entering sync.Mutex    // held by who opens the vault: it is opened once
	turn     chan struct{} // at most as many passphrases are tried at once as fit

	mu    sync.Mutex // guards the rest; never held during work
	once  bool       // turn was made
	shut  bool       // for good
	room  *room      // nil: locked
	fails int        // wrong passphrases since the last right one
	until time.Time  // none is tried before
}

// A room is an open vault with those who entered it.
type room struct {
	v      *vault.Vault
	ctx    context.Context // ends when it locks
	cancel context.CancelFunc
	demo   evidence.MemberID // who is there without being asked; empty: nobody

	sessions map[session]evidence.MemberID
	guests   map[*http.ResponseController]bool // answers that are being written
	inside   sync.WaitGroup                    // those, and the jobs
	crew     bool                              // jobs are being done
	idle     *time.Timer                       // nil: it stays open
}

// A session is the digest of a cookie: what is kept opens nothing.
type session [sha256.Size]byte

const (
	maxTries = 2               // passphrases tried at once: each takes 128 MiB
	maxQueue = 6               // that wait for it
	freeTry  = 3               // wrong ones before a wait
	firstGap = 5 * time.Second // the wait after that, doubled by each further one
	maxGap   = 5 * time.Minute
)

// A wait is a door that nobody may try before it ends.
type wait struct{ left time.Duration }

func (w *wait) Error() string { return "too many wrong passphrases" }

// seconds is at least one: nobody is told to come back at once.
func (w *wait) seconds() int { return max(1, int(math.Ceil(w.left.Seconds()))) }

// enter lets in whoever's passphrase it is, and opens the vault when it is locked. It
// gives what the cookie holds.
func (s *Server) enter(ctx context.Context, passphrase evidence.Secret) (cookie string, err error) {
	leave, err := s.door.line(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	actor, err := s.try(ctx, passphrase)
	s.door.count(err)
	if err != nil {
		return "", err
	}
	return s.door.admit(actor)
}

// line waits for a turn, and refuses those who come while a wait lasts.
func (d *door) line(ctx context.Context) (leave func(), err error) {
	d.mu.Lock()
	if !d.once {
		d.once, d.turn = true, make(chan struct{}, maxTries)
	}
	d.mu.Unlock()
	if err := d.waiting(); err != nil {
		return nil, err
	}
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	leave = func() { <-d.turn }
	if err := d.waiting(); err != nil { // somebody before us failed
		leave()
		return nil, err
	}
	return leave, nil
}

func (d *door) waiting() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if left := time.Until(d.until); left > 0 {
		return &wait{left}
	}
	return nil
}

// count remembers how a try went.
func (d *door) count(err error) {
	var p *evidence.Problem
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err == nil:
		d.fails, d.until = 0, time.Time{}
	case errors.As(err, &p) && p.Code == "vault.wrong_passphrase":
		d.fails++
		if n := d.fails - freeTry; n >= 0 {
			d.until = time.Now().Add(min(maxGap, firstGap<<min(n, 10)))
		}
	}
}

// try enters the vault, or lets one more into the open one.
func (s *Server) try(ctx context.Context, passphrase evidence.Secret) (evidence.Actor, error) {
	s.door.entering.Lock()
	if v, leave := s.door.visit(nil); v != nil {
		s.door.entering.Unlock()
		defer leave()
		actor, err := v.Admit(ctx, "", passphrase)
		if err == nil {
			s.work(actor)
		}
		return actor, err
	}
	defer s.door.entering.Unlock()
	v, err := vault.Enter(context.WithoutCancel(ctx), s.Dir, "", passphrase)
	if err != nil {
		return evidence.Actor{}, err
	}
	if err := s.open(v); err != nil {
		return evidence.Actor{}, errors.Join(err, v.Close())
	}
	s.work(v.Actor)
	return v.Actor, nil
}

// open opens the door on an entered vault.
func (s *Server) open(v *vault.Vault) error {
	d := &s.door
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		return context.Canceled
	}
	r := &room{v: v, sessions: make(map[session]evidence.MemberID), guests: make(map[*http.ResponseController]bool)}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	if s.Idle > 0 {
		r.idle = time.AfterFunc(s.Idle, func() { s.lockRoom(r) })
	}
	d.room = r
	return nil
}

// openDemo enters a throw-away vault for whoever comes, and refuses any other.
func (s *Server) openDemo(ctx context.Context) error {
	if s.Demo == nil {
		return nil
	}
	passphrase, err := s.Demo()
	if err != nil {
		return err
	}
	actor, err := s.try(ctx, passphrase)
	if err != nil {
		return err
	}
	s.door.mu.Lock()
	r := s.door.room
	if r != nil && r.v.DB.Demo() {
		r.demo = actor.ID
		s.door.mu.Unlock()
		return nil
	}
	s.door.mu.Unlock()
	return errors.Join(&evidence.Problem{Code: "serve.no_demo", Args: []any{s.Dir}}, s.lockRoom(r))
}

// admit gives a member a session.
func (d *door) admit(actor evidence.Actor) (cookie string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.room == nil {
		return "", context.Canceled // it was locked in between
	}
	cookie = rand.Text()
	d.room.sessions[sha256.Sum256([]byte(cookie))] = actor.ID
	return cookie, nil
}

// visit gives the open vault, or nil. It stays open until leave is called, or until
// it is locked: then what is being written to w breaks off.
func (d *door) visit(w http.ResponseWriter) (v *vault.Vault, leave func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.room
	if r == nil {
		return nil, nil
	}
	var answer *http.ResponseController
	if w != nil {
		answer = http.NewResponseController(w)
		r.guests[answer] = true
	}
	r.inside.Add(1)
	return r.v, func() {
		d.mu.Lock()
		delete(r.guests, answer)
		d.mu.Unlock()
		r.inside.Done()
	}
}

// who says which member a request comes from, and that somebody is there.
func (s *Server) who(cookie string) (id evidence.MemberID, ctx context.Context) {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	r := s.door.room
	if r == nil {
		return "", nil
	}
	id, ok := r.sessions[sha256.Sum256([]byte(cookie))]
	if !ok {
		id = r.demo
	}
	if id != "" && r.idle != nil {
		r.idle.Reset(s.Idle)
	}
	return id, r.ctx
}

// member reads who a request comes from again: a role may have changed meanwhile, and
// somebody may have gone.
func member(ctx context.Context, v *vault.Vault, id evidence.MemberID) (m evidence.Member, err error) {
	err = v.DB.View(ctx, id, func(view *store.View) error {
		m, err = view.Member(id)
		return err
	})
	return m, err
}

// work has the jobs done while the vault is open, from when somebody is there who may.
func (s *Server) work(actor evidence.Actor) {
	d := &s.door
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.room
	if s.Work == nil || r == nil || r.crew || access.Check(actor, access.PlanMask) != nil {
		return
	}
	r.crew = true
	r.inside.Go(func() {
		if err := s.Work(r.ctx, r.v, actor); err != nil && r.ctx.Err() == nil {
			slog.Warn("the jobs are not being done", "err", err)
		}
	})
}

// lock locks for everybody.
func (s *Server) lock() error {
	s.door.mu.Lock()
	r := s.door.room
	s.door.mu.Unlock()
	return s.lockRoom(r)
}

// lockRoom locks r if it is still the open one: ends the sessions, breaks off what is
// being written, waits for what is at work, and has the vault forget its keys. The
// memory that they lay in goes back to the system, as far as it can be told apart;
// Renew sees to the rest.
func (s *Server) lockRoom(r *room) error {
	s.door.mu.Lock()
	if r == nil || s.door.room != r {
		s.door.mu.Unlock()
		return nil
	}
	s.door.room = nil
	s.door.shut = s.door.shut || s.Renew != nil // what comes next enters the program that is started anew
	clear(r.sessions)
	if r.idle != nil {
		r.idle.Stop()
	}
	r.cancel()
	for answer := range r.guests {
		_ = answer.SetWriteDeadline(time.Now()) // who writes notices by itself at the latest when the server's own ends
	}
	s.door.mu.Unlock()
	r.inside.Wait()
	err := r.v.Close()
	r.v = nil
	debug.FreeOSMemory()
	if s.Renew != nil {
		s.empty <- struct{}{} // it was locked once and is shut: there is room for this
	}
	return err
}

// shut locks for good.
func (s *Server) shut() error {
	s.door.mu.Lock()
	s.door.shut = true
	s.door.mu.Unlock()
	s.door.entering.Lock() // whoever is just entering finds it shut
	defer s.door.entering.Unlock()
	return s.lock()
}
