package web

import (
	"errors"
	"net"
	"syscall"

	"safehouse/internal/evidence"
)

// Listen listens on a loopback address, and refuses every other: whoever can reach
// the port is asked for a passphrase, and it crosses the wire as it is.
func Listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &evidence.Problem{Code: "web.address", Args: []any{address}, Err: err}
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, &evidence.Problem{Code: "web.not_loopback", Args: []any{address}}
	}
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &evidence.Problem{Code: "web.port_taken", Args: []any{address}, Err: err}
	case err != nil:
		return nil, &evidence.Problem{Code: "web.address", Args: []any{address}, Err: err}
	}
	return l, nil
}
