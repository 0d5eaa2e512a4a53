package vault

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"safehouse/internal/evidence"
)

// patience is how long somebody waits for a lock that another program has.
const patience = 3 * time.Second

// A hold is a lock on a vault: shared for ordinary work, alone for what changes the
// keys. It lies on the keys' folder. Whoever wants to be alone first locks the
// vault's folder too: so that nobody else becomes alone while the first lock is
// changed, which the system does in two steps.
type hold struct {
	keys, vault *os.File

	one sync.Mutex // one change of keys at a time in this program
}

func holdShared(ctx context.Context, dir string) (*hold, error) {
	keys, err := os.Open(filepath.Join(dir, keysDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &evidence.Problem{Code: "vault.none", Args: []any{dir}, Err: err}
	}
	if err != nil {
		return nil, err
	}
	vault, err := os.Open(dir)
	if err != nil {
		return nil, errors.Join(err, keys.Close())
	}
	h := &hold{keys: keys, vault: vault}
	if err := flock(ctx, keys, syscall.LOCK_SH, dir); err != nil {
		return nil, errors.Join(err, h.release())
	}
	return h, nil
}

// alone runs f while nobody else has the vault open, in this program or another.
func (h *hold) alone(ctx context.Context, f func() error) error {
	h.one.Lock()
	defer h.one.Unlock()
	dir := h.vault.Name()
	if err := flock(ctx, h.vault, syscall.LOCK_EX, dir); err != nil {
		return err
	}
	defer syscall.Flock(int(h.vault.Fd()), syscall.LOCK_UN) //nolint:errcheck // what is held can be let go
	err := flock(ctx, h.keys, syscall.LOCK_EX, dir)
	if err == nil {
		err = f()
	}
	// Nobody can be alone now, so this waits for no one.
	return errors.Join(err, flock(context.WithoutCancel(ctx), h.keys, syscall.LOCK_SH, dir))
}

func (h *hold) release() error { return errors.Join(h.keys.Close(), h.vault.Close()) }

// Hold keeps everybody else out of a vault until release is called: to back it up
// (with others reading on, not alone) or to put another in its place (alone).
func Hold(ctx context.Context, dir string, alone bool) (release func() error, err error) {
	h, err := holdShared(ctx, dir)
	if err != nil || !alone {
		if err != nil {
			return nil, err
		}
		return h.release, nil
	}
	err = flock(ctx, h.vault, syscall.LOCK_EX, dir)
	if err == nil {
		err = flock(ctx, h.keys, syscall.LOCK_EX, dir)
	}
	if err != nil {
		return nil, errors.Join(err, h.release())
	}
	return h.release, nil
}

// flock waits a little, and then says that the vault is in use.
func flock(ctx context.Context, f *os.File, how int, dir string) error {
	for end := time.Now().Add(patience); ; {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
		case time.Now().After(end):
			return &evidence.Problem{Code: "vault.busy", Args: []any{dir}}
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
