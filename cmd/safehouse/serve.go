package main

import (
	"context"
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
	Listen string         `help:"${help_serve_listen}" default:"127.0.0.1:7070" placeholder:"ADDRESS:PORT"`
	Bundle string         `help:"${help_serve_bundle}" type:"path" placeholder:"DIR"`
	Demo   bool           `help:"${help_serve_demo}"`
	Idle   *time.Duration `help:"${help_serve_idle}" placeholder:"10m"`
}

// Run shows the vault until it is stopped. It starts locked, but for a demonstration.
func (c *serveCmd) Run(a *app) error {
	studio, err := a.studio()
	if err != nil {
		return err
	}
	if err := c.folders(a); err != nil {
		return err
	}
	s := &web.Server{Dir: a.flags.Data, Listen: c.Listen, Bundles: c.Bundle, Idle: c.idle(), Parts: studio.Media.Parts}
	s.Work = func(ctx context.Context, v *vault.Vault, actor evidence.Actor) error {
		defer a.confined()
		d := &mask.Desk{DB: v.DB, Originals: v.Originals, Renditions: v.Renditions, Studio: studio}
		crew := crew(v, actor, d, func(string, int, int) {})
		crew.Wait = true
		return crew.Run(ctx)
	}
	s.Renew = anew
	if s.Renewed, err = renewed(); err != nil {
		return err
	}
	if c.Demo {
		s.Demo = func() (evidence.Secret, error) { return a.passphrase(passphraseFile, "passphrase.ask", false) }
	}
	return s.Run(a.ctx, func(url string) { a.line("serve.ready", url) })
}

// idle is how long the vault stays open unused. A demonstration has nothing to lock.
func (c *serveCmd) idle() time.Duration {
	switch {
	case c.Idle != nil:
		return *c.Idle
	case c.Demo:
		return 0
	}
	return web.Idle
}

// folders refuses what would be missed only later.
func (c *serveCmd) folders(a *app) error {
	if _, err := os.Stat(a.flags.Data); err != nil {
		return &evidence.Problem{Code: "vault.none", Args: []any{a.flags.Data}, Err: err}
	}
	if c.Bundle == "" {
		return nil
	}
	if info, err := os.Stat(c.Bundle); err != nil || !info.IsDir() {
		return &evidence.Problem{Code: "serve.no_folder", Args: []any{c.Bundle}, Err: err}
	}
	return nil
}

// listenerFD tells the program that was started anew where the listener is.
const listenerFD = "SAFEHOUSE_SERVE_FD"

// anew puts this program, as it was called, in the place of itself: the same process
// with new memory.
func anew(listener *os.File) error {
	fd, err := unix.Dup(int(listener.Fd())) // unlike the original it survives
	if err != nil {
		return err
	}
	env := append(os.Environ(), listenerFD+"="+strconv.Itoa(fd))
	return os.NewSyscallError("exec", unix.Exec("/proc/self/exe", os.Args, env))
}

// renewed gives the listener of a program that was started anew, and nil to another.
func renewed() (net.Listener, error) {
	text, ok := os.LookupEnv(listenerFD)
	if !ok {
		return nil, nil
	}
	if err := os.Unsetenv(listenerFD); err != nil { // it is for this program alone
		return nil, err
	}
	fd, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	unix.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close() // the listener has a copy
	return net.FileListener(f)
}
