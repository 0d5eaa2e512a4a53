package web

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"unsafe"

	"safehouse/internal/evidence"
)

// A passphrase must not lie around in memory after it was used. The standard forms
// make strings, which nobody can overwrite, so that one form is read by hand into
// bytes that are cleared; and what the connection's buffer holds is cleared too.

const formType = "application/x-www-form-urlencoded"

// readPassphrase gives the field of that name of a form, and how to forget it.
func readPassphrase(r *http.Request, field string) (secret evidence.Secret, forget func(), err error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != formType {
		return secret, func() {}, &evidence.Problem{Code: "passphrase.empty", Err: err}
	}
	body := make([]byte, maxForm)
	forget = func() { clear(body); wipe(r.Context()) }
	n, err := io.ReadFull(r.Body, body)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return secret, forget, &evidence.Problem{Code: "passphrase.empty", Err: err}
	}
	for pair := range bytes.SplitSeq(body[:n], []byte("&")) {
		name, value, _ := bytes.Cut(pair, []byte("="))
		if string(name) != field {
			continue
		}
		value, ok := unescape(value)
		if !ok || len(value) == 0 {
			break
		}
		// A string over our own bytes, which forget clears: a copy could not be cleared.
		return evidence.Protect(unsafe.String(&value[0], len(value))), forget, nil
	}
	return secret, forget, &evidence.Problem{Code: "passphrase.empty"}
}

// unescape decodes a form's value in place.
func unescape(b []byte) ([]byte, bool) {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%':
			if i+2 >= len(b) {
				return nil, false
			}
			high, ok1 := digit(b[i+1])
			low, ok2 := digit(b[i+2])
			if !ok1 || !ok2 {
				return nil, false
			}
			c = high<<4 | low
			i += 2
		}
		out = append(out, c)
	}
	return out, true
}

func digit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// A wipingListener's connections can clear what was read through them.
type wipingListener struct{ net.Listener }

func (l wipingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &wipingConn{Conn: c}, nil
}

// A wipingConn remembers into which buffers it has read since the last wipe. They
// are net/http's, which keeps and reuses them.
type wipingConn struct {
	net.Conn
	mu   sync.Mutex // guards into
	into [][]byte
}

// keptReads bounds what is remembered; a form is read in a few pieces.
const keptReads = 64

func (c *wipingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.mu.Lock()
		if c.into = append(c.into, p[:n]); len(c.into) > keptReads {
			c.into = c.into[1:]
		}
		c.mu.Unlock()
	}
	return n, err
}

type connKey struct{}

func keepConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// wipe clears what was read through the request's connection. The request must be
// read to its end, and the connection is closed after the answer.
func wipe(ctx context.Context) {
	if c, ok := ctx.Value(connKey{}).(*wipingConn); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, b := range c.into {
			clear(b)
		}
		c.into = nil
	}
}

// overwritten is how much memory overwriteFree asks for, in bytes: more than a heap
// of this program has free in pieces of one size.
const overwritten = 16 << 20

// overwriteFree overwrites what lies free in pieces of this size. Libraries that are
// given a passphrase copy it, where nobody can reach the copy; it becomes garbage,
// and garbage keeps what it held until the runtime hands it out again, zeroed.
func overwriteFree(size int) {
	size = max(size, 16) // smaller ones share pieces of this size
	debug.FreeOSMemory() // collects now, and sweeps to the end
	held := make([][]byte, overwritten/size)
	for i := range held {
		held[i] = make([]byte, size)
	}
	runtime.KeepAlive(held)
}
