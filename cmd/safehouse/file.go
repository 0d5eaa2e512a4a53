package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"safehouse/internal/evidence"
)

// openFile opens an ordinary file, and nothing that would wait for somebody to
// write into it.
func openFile(name string) (*os.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &evidence.Problem{Code: "item.not_a_file", Args: []any{name}}
	}
	return os.Open(name)
}

// writeWhole lets write fill a file that has no name until it is whole and on
// disk: whatever stops the program before, nothing of it is left.
func writeWhole(name string, force bool, write func(f *os.File) error) (err error) {
	if _, err := os.Lstat(name); err == nil && !force {
		return &evidence.Problem{Code: "file.exists", Args: []any{name}}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, temporary, err := draft(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if temporary != "" {
			_ = os.Remove(temporary) // after a rename there is nothing under this name
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if force {
		return replace(f, temporary, name)
	}
	return link(f, temporary, name)
}

// draft makes a file without a name, or with a temporary one on the file systems
// that cannot do that.
func draft(folder string) (f *os.File, temporary string, err error) {
	fd, err := unix.Open(folder, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	switch {
	case err == nil:
		return os.NewFile(uintptr(fd), folder), "", nil
	case !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.EINVAL):
		return nil, "", &fs.PathError{Op: "write", Path: folder, Err: err}
	}
	if f, err = os.CreateTemp(folder, ".safehouse-"); err != nil {
		return nil, "", err
	}
	return f, f.Name(), nil
}

// link gives a file its name. Unlike a rename it never replaces.
func link(f *os.File, temporary, name string) error {
	if temporary == "" {
		temporary = fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	}
	err := unix.Linkat(unix.AT_FDCWD, temporary, unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
	if errors.Is(err, fs.ErrExist) {
		return &evidence.Problem{Code: "file.exists", Args: []any{name}}
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: name, Err: err}
	}
	return nil
}

// replace gives a file its name in one step, whether or not another has it.
func replace(f *os.File, temporary, name string) error {
	if temporary != "" {
		return os.Rename(temporary, name)
	}
	folder, err := os.MkdirTemp(filepath.Dir(name), ".safehouse-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	whole := filepath.Join(folder, "whole")
	if err := link(f, "", whole); err != nil {
		return err
	}
	return os.Rename(whole, name)
}
