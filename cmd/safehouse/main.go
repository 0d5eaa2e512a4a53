// Command safehouse takes a case from the raw recording to the published appeal
// and the follow-up. This package wires: it reads the configuration once, gives
// each part what it needs, and shows what the parts say in the user's language.
// Its exit statuses and JSON are contracts.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"safehouse/internal/media"
	"safehouse/internal/media/worker"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == media.Command {
		worker.Main() // the child that opens hostile files: it has no keys and reads no configuration
		return
	}
	noCore()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// noCore keeps keys and plain content out of core dumps.
func noCore() {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) // lowering one's own limit is always allowed
}
