package dir

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"safehouse/internal/blob"
	"safehouse/internal/blob/blobtest"
)

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t, t.TempDir()) })
}

// files lists every file under path.
func files(t *testing.T, path string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			all = append(all, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestBlobLiesWhereTheDocumentSays(t *testing.T) {
	path := t.TempDir()
	s, name := open(t, path), blob.NewName()
	if err := s.Put(t.Context(), name, strings.NewReader("sealed")); err != nil {
		t.Fatal(err)
	}
	if all := files(t, path); len(all) != 1 || all[0] != filepath.Join(path, name[:2], name) {
		t.Errorf("files: %v", all)
	}
	info, err := os.Stat(s.file(name))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
}

func TestLeftoversOfACrashGoWhenTheFolderIsOpened(t *testing.T) {
	path := t.TempDir()
	s, name := open(t, path), blob.NewName()
	if err := s.Put(t.Context(), name, strings.NewReader("sealed")); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(path, name[:2], unfinished+"123")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	if all := files(t, path); len(all) != 1 || filepath.Base(all[0]) != name {
		t.Errorf("files: %v", all)
	}
}

func TestOpeningLeavesAloneWhatIsBeingPut(t *testing.T) {
	path := t.TempDir()
	s, name := open(t, path), blob.NewName()
	pr, pw := io.Pipe()
	done := make(chan error)
	go func() { done <- s.Put(t.Context(), name, pr) }()
	pw.Write([]byte("the first half,")) //nolint:errcheck // it returns once the store has read it
	open(t, path)
	pw.Write([]byte(" the second")) //nolint:errcheck // as above
	pw.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(s.file(name)); err != nil || string(b) != "the first half, the second" {
		t.Errorf("%q, %v", b, err)
	}
}

// full makes the disk full: the kernel refuses every byte with ENOSPC.
func full(folder string) (*os.File, error) {
	name := filepath.Join(folder, unfinished+"full")
	if err := os.Symlink("/dev/full", name); err != nil {
		return nil, err
	}
	return os.OpenFile(name, os.O_WRONLY, 0)
}

func TestFullDiskIsSaidAndLeavesNothing(t *testing.T) {
	path := t.TempDir()
	s, name := open(t, path), blob.NewName()
	s.create = full
	if err := s.Put(t.Context(), name, bytes.NewReader(make([]byte, 1<<20))); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("put: %v", err)
	}
	if all := files(t, path); len(all) != 0 {
		t.Errorf("left behind: %v", all)
	}
}

func TestNameInAnErrorIsTheBlobsOnly(t *testing.T) {
	s := open(t, t.TempDir())
	name := blob.NewName()
	if _, err := s.Open(t.Context(), name); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("which blob? %v", err)
	}
}

func TestStrangeFilesAreNoBlobs(t *testing.T) {
	path := t.TempDir()
	s, name := open(t, path), blob.NewName()
	for _, f := range []string{"ab/notes.txt", "zz/" + name, name, "ab/" + strings.Repeat("G", 32)} {
		if err := os.MkdirAll(filepath.Join(path, filepath.Dir(f)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, f), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(s.file(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if b, err := s.Open(t.Context(), name); err == nil {
		t.Errorf("opened a folder of %d bytes", b.Size())
	}
	err := s.List(t.Context(), func(got string, _ int64) error {
		if got != name { // the folder under a blob's name is doctor's to find
			t.Errorf("listed %s", got)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAFolderThatIsNotThereIsNotMade(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open: %v", err)
	}
}

func BenchmarkPut(b *testing.B) {
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	content := make([]byte, 1<<20)
	b.SetBytes(1 << 20)
	for b.Loop() {
		if err := s.Put(b.Context(), blob.NewName(), bytes.NewReader(content)); err != nil {
			b.Fatal(err)
		}
	}
}
