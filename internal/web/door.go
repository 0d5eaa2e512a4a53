package web

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

// leaveTimeout is how long a lock waits for answers that are being written. After
// it the keys are forgotten all the same.
const leaveTimeout = 3 * time.Second

// A door is open or locked. All who are inside share one open vault.
type door struct {
	idle   time.Duration
	work   func(ctx context.Context, v *vault.Vault, actor evidence.Actor)
	locked chan struct{} // closed by the first lock, which is the last then; nil: it may open again

	mu   sync.Mutex // guards the rest
	shut bool       // for good
	open *opening   // nil: locked
}

// An opening is the vault from when it is opened until it is locked.
type opening struct {
	vault    *vault.Vault
	sessions map[string]evidence.MemberID // by the random word in the cookie: in memory only
	shown    bool                         // to everybody, as whoever opened it: a demonstration
	ctx      context.Context              // ends when the vault is locked
	cancel   context.CancelFunc
	inside   sync.WaitGroup // answers that are being written
	jobs     sync.WaitGroup // the work beside them, while it is done
	crew     bool           // it is
	timer    *time.Timer    // locks when nothing happens
}

// show opens the door for everybody.
func (d *door) show(v *vault.Vault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o := d.opened(v)
	o.shown = true
	d.begun(o, v.Actor)
}

// opened is called with mu held.
func (d *door) opened(v *vault.Vault) *opening {
	o := &opening{vault: v, sessions: make(map[string]evidence.MemberID)}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	o.timer = time.AfterFunc(d.idle, func() { d.close(o) })
	d.open = o
	return o
}

// admit lets in whoever knows a passphrase and gives their session. The first one
// opens the vault.
func (d *door) admit(ctx context.Context, data string, passphrase evidence.Secret) (session string, err error) {
	if o := d.visit(); o != nil {
		defer o.inside.Done()
		actor, err := o.vault.Admit(ctx, "", passphrase)
		if err != nil {
			return "", err
		}
		return d.begin(o, actor)
	}
	v, err := vault.Enter(ctx, data, "", passphrase)
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	o := d.open
	if o == nil && !d.shut {
		o = d.opened(v)
		d.mu.Unlock()
		return d.begin(o, v.Actor)
	}
	d.mu.Unlock()
	if err := v.Close(); err != nil { // somebody else was quicker: there is one open vault
		return "", err
	}
	if o == nil {
		return "", errLocked
	}
	return d.begin(o, v.Actor)
}

// errLocked is returned to whoever enters while somebody locks.
var errLocked = errors.New("locked meanwhile")

func (d *door) begin(o *opening, actor evidence.Actor) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open != o {
		return "", errLocked
	}
	o.timer.Reset(d.idle)
	session := rand.Text()
	o.sessions[session] = actor.ID
	d.begun(o, actor)
	return session, nil
}

// begun has the jobs done from when somebody is there who may: not only when it is they
// who opened. It is called with mu held.
func (d *door) begun(o *opening, actor evidence.Actor) {
	if d.work == nil || o.crew || access.Check(actor, access.PlanMask) != nil {
		return
	}
	o.crew = true
	o.jobs.Go(func() { d.work(o.ctx, o.vault, actor) })
}

// visit is the opening as it stands, held open until inside.Done.
func (d *door) visit() *opening {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == nil {
		return nil
	}
	d.open.inside.Add(1)
	return d.open
}

// enter makes v the visit of a member who has a session. When the vault is locked
// meanwhile, the visit's context ends and nothing more is sent.
func (d *door) enter(v *visit) (leave func(), ok bool) {
	o := d.visit()
	if o == nil {
		return nil, false
	}
	id, ok := d.known(o, v.r)
	if !ok {
		o.inside.Done()
		return nil, false
	}
	ctx, cancel := context.WithCancel(v.r.Context())
	stop := context.AfterFunc(o.ctx, func() {
		cancel()
		_ = http.NewResponseController(v.w).SetWriteDeadline(time.Now()) // a slow reader must not keep the vault open
	})
	v.r, v.vault, v.demo = v.r.WithContext(ctx), o.vault, o.shown
	leave = func() { stop(); cancel(); o.inside.Done() }
	if err := v.recognise(id); err != nil {
		leave()
		return nil, false
	}
	return leave, true
}

func (d *door) known(o *opening, r *http.Request) (evidence.MemberID, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id, ok := evidence.MemberID(""), false
	if c, err := r.Cookie(sessionCookie); err == nil {
		id, ok = o.sessions[c.Value]
	}
	if !ok && o.shown {
		id, ok = o.vault.Actor.ID, true
	}
	if ok && d.open == o {
		o.timer.Reset(d.idle)
	}
	return id, ok
}

// recognise reads who the member is now: a role can change while they are inside.
func (v *visit) recognise(id evidence.MemberID) error {
	return v.vault.DB.View(v.r.Context(), id, func(view *store.View) error {
		m, err := view.Member(id)
		if err != nil {
			return err
		}
		v.name = m.Name
		v.actor, err = v.vault.As(m)
		return err
	})
}

// lock shuts the door for everybody.
func (d *door) lock() {
	d.mu.Lock()
	o := d.open
	d.mu.Unlock()
	d.close(o)
}

// close ends one opening: not a later one that somebody began meanwhile.
func (d *door) close(o *opening) {
	d.mu.Lock()
	if o == nil || d.open != o {
		d.mu.Unlock()
		return
	}
	d.open, d.shut = nil, d.locked != nil
	d.mu.Unlock()
	o.timer.Stop()
	o.cancel()
	left := make(chan struct{})
	go func() { o.inside.Wait(); close(left) }()
	select {
	case <-left:
	case <-time.After(leaveTimeout):
	}
	o.jobs.Wait() // a crew lets go soon, and must not write with keys that are gone
	if err := o.vault.Close(); err != nil {
		slog.Error("lock the vault", "err", err)
	}
	debug.FreeOSMemory() // what was read is garbage now: give it back rather than keep it
	if d.locked != nil {
		close(d.locked) // it is shut, so that this is done once
	}
}
