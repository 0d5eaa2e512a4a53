package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

// What each member saw last of the journal lies in keys/MEMBER.seen, sealed under
// the member's own identity, and in a folder outside of the vault if there is one:
// whoever puts back the whole vault does not put that back.
const (
	seenExt  = ".seen"
	seenHead = "safehouse seen 1"
)

var errSeen = errors.New("not what a member saw")

func seenText(s store.State) string {
	return fmt.Sprintf("%s\ngeneration %d\nsize %d\nroot %s\n", seenHead, s.Generation, s.Size, s.Root)
}

func parseSeen(b []byte) (store.State, error) {
	var s store.State
	lines := strings.Split(string(b), "\n")
	if len(lines) != 5 {
		return s, errSeen
	}
	generation, err1 := strconv.Atoi(strings.TrimPrefix(lines[1], "generation "))
	size, err2 := strconv.ParseInt(strings.TrimPrefix(lines[2], "size "), 10, 64)
	root, err3 := tlog.ParseHash(strings.TrimPrefix(lines[3], "root "))
	s = store.State{Size: size, Root: root, Generation: generation}
	if err1 != nil || err2 != nil || err3 != nil || generation < 1 || size < 0 || seenText(s) != string(b) {
		return store.State{}, errSeen
	}
	return s, nil
}

func (v *Vault) seenPaths(id evidence.MemberID) []string {
	paths := []string{filepath.Join(v.Dir, keysDir, string(id)+seenExt)}
	if v.seen != "" {
		paths = append(paths, filepath.Join(v.seen, string(id)+seenExt))
	}
	return paths
}

// saw writes down what a member has seen. The copy outside is a second chance: that
// it cannot be written stops nobody.
func (v *Vault) saw(id evidence.MemberID, own *seal.Root, s store.State) error {
	paths := v.seenPaths(id)
	sealed := own.Key(seal.Seen).Seal([]byte(seenText(s)), "seen/"+string(id))
	if err := writeWhole(paths[0], sealed); err != nil {
		return err
	}
	for _, path := range paths[1:] {
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = writeWhole(path, sealed)
		}
		if err != nil {
			slog.Warn("what was seen is kept within the vault only", "err", err)
		}
	}
	return nil
}

// changed is told of each change: its author has seen the state after it.
func (v *Vault) changed(actor evidence.MemberID, s store.State) {
	v.lock.Lock()
	defer v.lock.Unlock()
	own, ok := v.own[actor]
	if !ok {
		return
	}
	if err := v.saw(actor, own, s); err != nil {
		slog.Warn("what was seen is not written down", "err", err) // the change itself is safe
	}
}

// recall compares what the member saw last with what is there now, and refuses a
// vault that somebody put back, unless the member gives a reason to go on.
func (v *Vault) recall(ctx context.Context, id evidence.MemberID, own *seal.Root, reason evidence.Secret) error {
	back, err := v.rolledBack(ctx, id, own)
	if err != nil || back == nil {
		return err
	}
	if strings.TrimSpace(reason.Reveal()) == "" {
		return back
	}
	return v.DB.Update(ctx, id, func(tx *store.Tx) error {
		tx.RecordWhy("vault.rollback", string(id), reason)
		return nil
	})
}

// rolledBack says what is wrong with the journal in the eyes of a member.
func (v *Vault) rolledBack(ctx context.Context, id evidence.MemberID, own *seal.Root) (*evidence.Problem, error) {
	now, err := v.DB.State(ctx)
	if err != nil {
		return nil, err
	}
	for i, path := range v.seenPaths(id) {
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && i > 0 {
			continue // outside: never entered from here
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		seen, err := openSeen(b, id, own)
		if err != nil { // gone or damaged: what could not be looked at counts as found
			return &evidence.Problem{Code: "vault.seen_lost", Args: []any{path, now.Size}, Err: err}, nil
		}
		ok := false
		err = v.DB.View(ctx, id, func(view *store.View) (err error) {
			ok, err = view.Extends(seen)
			return err
		})
		if err != nil || !ok {
			return &evidence.Problem{Code: "vault.rolled_back", Args: []any{seen.Size, now.Size}, Err: err}, nil
		}
	}
	return nil, nil
}

func openSeen(b []byte, id evidence.MemberID, own *seal.Root) (store.State, error) {
	plain, err := own.Key(seal.Seen).Open(b, "seen/"+string(id))
	if err != nil {
		return store.State{}, err
	}
	return parseSeen(plain)
}

// setAside keeps a public journal that is not this vault's beginning, and makes
// room for a new one.
func (v *Vault) setAside() error {
	from := filepath.Join(v.Dir, "journal")
	for n := 1; ; n++ {
		to := filepath.Join(v.Dir, fmt.Sprint(asidePrefix, n))
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			return os.Rename(from, to)
		} else if err != nil {
			return err
		}
	}
}
