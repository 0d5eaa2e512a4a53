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
	"os"
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
	// Renew starts the program anew in this same process, with the listener that it is
	// given, and so overwrites all memory: a library may have left a copy of a key, or
	// the form with a passphrase, where nobody finds it to clear it. It returns only
	// when it cannot. Nil: after it was locked the server goes on.
	Renew func(listener *os.File) error
	// Renewed is the listener of a program that was started anew. It starts locked, a
	// demonstration too.
	Renewed net.Listener
	// Demo gives the passphrase of a throw-away vault, which is then shown without
	// asking who is there. Nil: everybody is asked.
	Demo func() (evidence.Secret, error)

	door   door
	shelf  shelf
	health health
	host   string        // what the Host header must be
	empty  chan struct{} // told when it was locked, where there is a Renew
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
	s.host, s.empty = s.name(ln), make(chan struct{}, 1)
	if s.Renewed == nil {
		if err := s.openDemo(ctx); err != nil {
			return errors.Join(err, ln.Close())
		}
		ready("http://" + s.host + "/")
	}
	return s.serve(ctx, ln)
}

// name is what the Host header must be: the name as it was given, with the port.
func (s *Server) name(ln net.Listener) string {
	host, _, _ := net.SplitHostPort(s.Listen) // listen took it apart before
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return net.JoinHostPort(host, port)
}

func (s *Server) serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: headTime, ReadTimeout: bodyTime, WriteTimeout: writeTime, IdleTimeout: keepTime,
		MaxHeaderBytes: maxHead, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // it would name who asked
	}
	stopped := make(chan error, 1)
	go func() { stopped <- srv.Serve(ln) }()
	renew, err := false, error(nil)
	select {
	case <-ctx.Done():
	case err = <-stopped:
	case <-s.empty:
		renew = true
	}
	locked := s.shut() // first: a film that is being watched must not hold the keys
	var kept *os.File
	if renew {
		kept, err = ln.(*net.TCPListener).File() // whoever comes meanwhile waits
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if srv.Shutdown(late) != nil {
		srv.Close()
	}
	if err = errors.Join(err, locked); err != nil || !renew {
		return err
	}
	return s.Renew(kept)
}

// listen takes the port, on this machine only.
func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	if err := loopback(s.Listen); err != nil {
		return nil, err
	}
	if s.Renewed != nil {
		return s.Renewed, nil
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
