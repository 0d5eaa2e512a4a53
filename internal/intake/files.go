package intake

import (
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"safehouse/internal/evidence"
)

// A File is one that was found where somebody pointed. Err says why it cannot be
// handed in.
type File struct {
	Path string
	Name string // what it is to be called: within a folder its path there
	Size int64  // bytes
	Err  error

	follow bool // a link that somebody named
}

// Find lists the files at these paths, folders all the way down, in the order of
// their names. It follows no symbolic link that it finds in a folder, and does not
// look into vault, which would swallow itself. What cannot be handed in is listed
// too: somebody may believe that it was kept.
func Find(paths []string, vault string) []File {
	var out []File
	for _, path := range paths {
		info, err := os.Stat(path) // whoever names a link means what it leads to
		switch {
		case err != nil:
			out = append(out, File{Path: path, Name: filepath.Base(path), Err: unusable(path, err)})
		case info.IsDir():
			out = append(out, walk(path, vault)...)
		default:
			f := found(path, filepath.Base(path), info)
			f.follow = true
			out = append(out, f)
		}
	}
	return out
}

func walk(folder, vault string) (out []File) {
	// The function never fails: whatever goes wrong is one file's outcome.
	_ = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(folder, path)
		switch {
		case errors.Join(err, relErr) != nil:
			out = append(out, File{Path: path, Name: name, Err: unusable(path, errors.Join(err, relErr))})
			if e != nil && e.IsDir() {
				return fs.SkipDir
			}
		case e.IsDir() && same(path, vault):
			out = append(out, File{Path: path, Name: name, Err: &evidence.Problem{Code: "item.vault_itself", Args: []any{path}}})
			return fs.SkipDir
		case !e.IsDir():
			info, err := e.Info()
			if err != nil {
				out = append(out, File{Path: path, Name: name, Err: unusable(path, err)})
				return nil
			}
			out = append(out, found(path, name, info))
		}
		return nil
	})
	return out
}

// same says whether two paths lead to one folder.
func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

func found(path, name string, info fs.FileInfo) File {
	f := File{Path: path, Name: name, Size: info.Size()}
	if code := kind(info.Mode()); code != "" {
		f.Size, f.Err = 0, &evidence.Problem{Code: code, Args: []any{path}}
	}
	return f
}

// kind says what stands in the way of reading a file to its end: nothing, for an
// ordinary one.
func kind(m fs.FileMode) (code string) {
	switch {
	case m.IsRegular():
		return ""
	case m&fs.ModeSymlink != 0:
		code = "item.link"
	case m&fs.ModeNamedPipe != 0:
		code = "item.pipe"
	case m&fs.ModeDevice != 0:
		code = "item.device"
	default:
		code = "item.not_a_file"
	}
	return code
}

// unusable turns what the system says about a file into what a person can do.
func unusable(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &evidence.Problem{Code: "item.vanished", Args: []any{path}, Err: err}
	case errors.Is(err, fs.ErrPermission):
		return &evidence.Problem{Code: "item.unreadable", Args: []any{path}, Err: err}
	case errors.Is(err, unix.ELOOP):
		return &evidence.Problem{Code: "item.link", Args: []any{path}, Err: err}
	}
	return err
}

// Parcels opens one file after the other. Meanwhile hears of every byte read.
func Parcels(files []File, like Parcel, meanwhile func(io.Reader) io.Reader) iter.Seq2[Parcel, error] {
	return func(yield func(Parcel, error) bool) {
		for _, f := range files {
			p := like
			p.Name, p.Size = f.Name, f.Size
			if !hand(f, p, meanwhile, yield) {
				return
			}
		}
	}
}

func hand(f File, p Parcel, meanwhile func(io.Reader) io.Reader, yield func(Parcel, error) bool) bool {
	if f.Err != nil {
		return yield(p, f.Err)
	}
	content, err := open(f.Path, f.follow)
	if err != nil {
		return yield(p, err)
	}
	defer content.Close()
	p.Content = meanwhile(content)
	return yield(p, nil)
}

// steady reads a file and fails at its end when somebody wrote to it meanwhile: what
// was read is then neither the file before nor the file after.
type steady struct {
	*os.File
	before stamp
	read   int64
}

// stamp is what changes when a file is written to.
type stamp struct {
	size     int64
	modified time.Time
}

// open opens an ordinary file, and nothing that would wait for somebody to write
// into it.
func open(path string, follow bool) (*steady, error) {
	// What was a file when it was listed may be a pipe by now.
	how := unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC | unix.O_NOCTTY
	if !follow {
		how |= unix.O_NOFOLLOW
	}
	fd, err := unix.Open(path, how, 0)
	if err != nil {
		return nil, unusable(path, err)
	}
	s := &steady{File: os.NewFile(uintptr(fd), path)}
	info, err := s.Stat()
	if err == nil {
		if code := kind(info.Mode()); code != "" {
			err = &evidence.Problem{Code: code, Args: []any{path}}
		}
	}
	if err == nil {
		s.before, err = s.stamp()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *steady) stamp() (stamp, error) {
	info, err := s.Stat()
	if err != nil {
		return stamp{}, err
	}
	return stamp{info.Size(), info.ModTime()}, nil
}

func (s *steady) Read(p []byte) (int, error) {
	n, err := s.File.Read(p)
	s.read += int64(n)
	if err != io.EOF {
		return n, err
	}
	after, err := s.stamp()
	if err == nil && (after != s.before || s.read != after.size) {
		err = &evidence.Problem{Code: "item.changed", Args: []any{s.Name()}}
	}
	if err == nil {
		err = io.EOF
	}
	return n, err
}
