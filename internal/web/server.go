package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
	"safehouse/internal/vault"
)

// Limits of the server. A page is small and a form smaller; only a clip takes long
// to send, and it is cut off when the vault is locked.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	idleTimeout   = 2 * time.Minute
	sendTimeout   = time.Hour
	graceTimeout  = 3 * time.Second
	maxHeader     = 16 << 10
	maxForm       = 4 << 10
)

// A Server shows one vault. Set the fields before Serve.
type Server struct {
	Data    string                                 // where the vault lies
	Bundles string                                 // a folder of bundles to hand out; empty: none
	Idle    time.Duration                          // how long nothing happens before the vault is locked
	Machine func(ctx context.Context) []media.Part // what masking needs and whether it is there
	// Work is done beside the pages in the name of a member, from when one is there who may
	// until ctx ends; the keys are forgotten after it. Nil: nothing.
	Work func(ctx context.Context, v *vault.Vault, actor evidence.Actor)
	// Renew starts the program anew in this same process, with the listener that it is
	// given: all memory is new then, and with it goes every copy of a key that a library
	// made where nobody finds it. It returns only when it cannot. Nil: after a lock the
	// server goes on.
	Renew func(listener *os.File) error

	door    door
	tries   tries
	handler http.Handler
	host    string
}

// Show opens the pages of a throw-away vault without asking who is there, until it
// is locked. The vault is the server's to close from then on.
func (s *Server) Show(v *vault.Vault) {
	s.ready()
	s.door.show(v)
}

// ready gives the door what it needs. It may be called again.
func (s *Server) ready() {
	s.door.idle, s.door.work = s.Idle, s.Work
	if s.Renew != nil && s.door.locked == nil {
		s.door.locked = make(chan struct{})
	}
}

// Serve answers on l until ctx ends, or where there is a Renew until it is locked. When it returns the vault is locked.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	s.ready()
	s.host = l.Addr().String()
	s.handler = s.guard(s.mux())
	h := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      sendTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ConnContext:       keepConn,
		ErrorLog:          log.New(io.Discard, "", 0), // it would hold what strangers send; a panic is logged by guard
	}
	done := make(chan error, 1)
	go func() { done <- h.Serve(wipingListener{l}) }()
	defer s.door.lock()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		s.door.lock() // first: whoever is being sent something must not hold up the end
		return s.stop(h, done)
	case <-s.door.locked:
	}
	kept, err := keep(l)
	if err == nil {
		err = s.stop(h, done)
	}
	if err != nil {
		return err
	}
	return s.Renew(kept)
}

// keep gives a listener's file: whoever comes while nobody answers waits.
func keep(l net.Listener) (*os.File, error) {
	t, ok := l.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("listener %T: %w", l, errors.ErrUnsupported)
	}
	return t.File()
}

// stop ends the server once what it answers is said.
func (s *Server) stop(h *http.Server, done <-chan error) error {
	grace, cancel := context.WithTimeout(context.Background(), graceTimeout)
	defer cancel()
	if err := h.Shutdown(grace); err != nil {
		slog.Warn("connections were cut off", "err", err)
		_ = h.Close() // what is still open then is nobody's any more
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// policy lets a page use what this server gives it and nothing else, and lets
// nothing in it run.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard is what every answer passes: who is asked for, by whom, and what browsers
// must not do with the answer.
func (s *Server) guard(next http.Handler) http.Handler {
	same := http.NewCrossOriginProtection()
	same.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, http.StatusForbidden, "web.other_site")
	}))
	inner := same.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), display-capture=(), clipboard-read=()")
		if r.Host != s.host { // a name that somebody pointed at this machine (DNS rebinding)
			s.refuse(w, r, http.StatusMisdirectedRequest, "web.other_host", s.host)
			return
		}
		defer s.recover(w, r)
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		inner.ServeHTTP(w, r)
	})
}

// recover keeps a mistake of ours from telling more than that there was one.
func (s *Server) recover(w http.ResponseWriter, r *http.Request) {
	switch e := recover().(type) {
	case nil:
	case error:
		if errors.Is(e, http.ErrAbortHandler) {
			panic(e)
		}
		s.unforeseen(w, r, e)
	default:
		s.unforeseen(w, r, errors.New("panic"))
	}
}
