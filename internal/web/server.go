// Package web shows a vault in a browser on the machine that it lies on. It promises
// this. It listens on a loopback address only and answers only to the name it was
// asked to listen on. Nothing but the unlock page, the styles and the choice of a
// language is shown before a member has given their passphrase; when it locks, no
// page is being written any more, every session has ended, and the vault has
// forgotten its keys. What a member may not see looks as if it were not there.
//
// No page needs a script, and none may run: the policy in every answer forbids
// them. Nothing that is shown is kept by the browser, and no address and no title of
// a page names anybody.
//
// The pages make the calls that the commands make, and keep nothing of their own.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
	"safehouse/internal/vault"
)

// Idle is how long a vault stays open while nobody asks for anything.
const Idle = 10 * time.Minute

// A Server shows one vault.
type Server struct {
	Dir     string        // the vault's folder
	Listen  string        // address and port
	Bundles string        // a folder with bundles that may be downloaded; empty: none
	Idle    time.Duration // after this long without a request it locks; 0: never
	// Work does the jobs of the vault in the name of actor until ctx ends. Nil: no
	// jobs are done.
	Work func(ctx context.Context, v *vault.Vault, actor evidence.Actor) error
	// Parts looks at what the machine needs.
	Parts func(ctx context.Context) []media.Part
	// Demo gives the passphrase of a throw-away vault, which is then shown without
	// asking who is there. Nil: everybody is asked.
	Demo func() (evidence.Secret, error)

	door   door
	shelf  shelf
	health health
	host   string // what the Host header must be
}

// How long the other side may take. An answer may be a film that somebody watches.
const (
	headTime  = 10 * time.Second
	bodyTime  = 30 * time.Second
	writeTime = 10 * time.Minute
	keepTime  = 2 * time.Minute
	stopTime  = 5 * time.Second
)

const (
	maxHead = 16 << 10 // bytes of a request's head
	maxBody = 16 << 10 // bytes of a form
)

// Run serves until ctx ends. Ready hears the address once it answers there. When Run
// returns the vault is locked.
func (s *Server) Run(ctx context.Context, ready func(url string)) error {
	ln, err := s.listen(ctx)
	if err != nil {
		return err
	}
	s.host = ln.Addr().String()
	if name, _, err := net.SplitHostPort(s.Listen); err == nil && name == "localhost" {
		_, port, _ := net.SplitHostPort(s.host)
		s.host = net.JoinHostPort(name, port)
	}
	if err := s.openDemo(ctx); err != nil {
		return errors.Join(err, ln.Close())
	}
	srv := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: headTime, ReadTimeout: bodyTime, WriteTimeout: writeTime, IdleTimeout: keepTime,
		MaxHeaderBytes: maxHead, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // it would name who asked
	}
	stopped := make(chan error, 1)
	go func() { stopped <- srv.Serve(ln) }()
	ready("http://" + s.host + "/")
	select {
	case <-ctx.Done():
		err = nil
	case err = <-stopped:
	}
	locked := s.shut() // first: a film that is being watched must not hold the keys
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if srv.Shutdown(late) != nil {
		srv.Close()
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, locked)
}

// listen takes the port, on this machine only.
func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	if err := loopback(s.Listen); err != nil {
		return nil, err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &evidence.Problem{Code: "serve.port_taken", Args: []any{s.Listen}, Err: err}
	case errors.Is(err, syscall.EACCES):
		return nil, &evidence.Problem{Code: "serve.port_forbidden", Args: []any{s.Listen}, Err: err}
	case err != nil:
		return nil, &evidence.Problem{Code: "serve.address", Args: []any{s.Listen}, Err: err}
	}
	return ln, nil
}

// loopback refuses an address that other machines can reach: there is no encryption
// on the way.
func loopback(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return &evidence.Problem{Code: "serve.address", Args: []any{address}, Err: err}
	}
	if host == "localhost" {
		return nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.Unmap().IsLoopback() || strings.Contains(host, "%") {
		return &evidence.Problem{Code: "serve.not_loopback", Args: []any{address}, Err: err}
	}
	return nil
}
