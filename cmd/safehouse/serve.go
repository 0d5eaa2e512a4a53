package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"safehouse/internal/evidence"
	"safehouse/internal/mask"
	"safehouse/internal/vault"
	"safehouse/internal/web"
)

type serveCmd struct {
	Listen string        `help:"${help_serve_listen}" default:"127.0.0.1:7070" placeholder:"ADDRESS"`
	Bundle string        `help:"${help_serve_bundle}" type:"path" placeholder:"DIR"`
	Idle   time.Duration `help:"${help_serve_idle}" default:"10m" placeholder:"TIME"`
	Demo   bool          `help:"${help_serve_demo}"`
}

// Run serves until it is stopped. It starts locked, but for a demonstration.
func (c *serveCmd) Run(a *app) error {
	if c.Idle <= 0 {
		return &evidence.Problem{Code: "web.idle"}
	}
	if err := vault.Here(a.flags.Data); err != nil {
		return err
	}
	studio, err := a.studio()
	if err != nil {
		return err
	}
	l, again, err := c.listen()
	if err != nil {
		return err
	}
	defer l.Close()
	s := &web.Server{Data: a.flags.Data, Bundles: c.Bundle, Idle: c.Idle, Machine: studio.Media.Parts, Work: jobsOf(studio), Renew: anew}
	if again { // it was locked: a demonstration too
		return s.Serve(a.ctx, l)
	}
	if c.Demo {
		v, err := a.demo()
		if err != nil {
			return err
		}
		s.Show(v)
	}
	a.line("web.serving", "http://"+l.Addr().String()+"/")
	return s.Serve(a.ctx, l)
}

// jobsOf does the jobs of an open vault in the name of a member who may.
func jobsOf(s mask.Studio) func(ctx context.Context, v *vault.Vault, actor evidence.Actor) {
	return func(ctx context.Context, v *vault.Vault, actor evidence.Actor) {
		d := &mask.Desk{DB: v.DB, Originals: v.Originals, Renditions: v.Renditions, Studio: s}
		c := crew(v, actor, d, func(string, int, int) {})
		c.Wait = true
		if err := c.Run(ctx); err != nil {
			slog.Error("the jobs are not done", "err", err)
		}
	}
}

// demo enters a throw-away vault. Any other is not shown without asking, whoever
// knows its passphrase.
func (a *app) demo() (*vault.Vault, error) {
	v, err := a.enter()
	if err != nil {
		return nil, err
	}
	if !v.DB.Demo() {
		return nil, errors.Join(&evidence.Problem{Code: "web.not_demo", Args: []any{a.flags.Data}}, v.Close())
	}
	return v, nil
}

// listenerFD tells the program that was started anew where the listener is.
const listenerFD = "SAFEHOUSE_SERVE_FD"

// listen gives the listener, and says whether it is that of a program that was locked
// and started anew.
func (c *serveCmd) listen() (l net.Listener, again bool, err error) {
	text, again := os.LookupEnv(listenerFD)
	if !again {
		l, err = web.Listen(c.Listen)
		return l, false, err
	}
	fd, err := strconv.Atoi(text)
	if err != nil {
		return nil, true, fmt.Errorf("%s: %w", listenerFD, err)
	}
	if err := os.Unsetenv(listenerFD); err != nil { // it is for this program alone
		return nil, true, err
	}
	unix.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close() // the listener has a copy
	l, err = net.FileListener(f)
	return l, true, err
}

// anew puts this program, called as it was, in the place of itself: the same process
// with other memory.
func anew(listener *os.File) error {
	fd, err := unix.Dup(int(listener.Fd())) // unlike the original it is handed on
	if err != nil {
		return os.NewSyscallError("dup", err)
	}
	env := append(os.Environ(), listenerFD+"="+strconv.Itoa(fd))
	return os.NewSyscallError("exec", unix.Exec("/proc/self/exe", os.Args, env))
}
