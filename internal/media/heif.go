package media

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// heifBrands are what a file's first box calls itself that holds photos as phones
// write them: HEVC or AV1 pictures in ISO/IEC 23008-12.
var heifBrands = []string{"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis"}

// IsHEIF says whether the first bytes of a file are those of such a photo.
func IsHEIF(head []byte) bool {
	return len(head) >= 12 && string(head[4:8]) == "ftyp" && slices.Contains(heifBrands, string(head[8:12]))
}

// passage gives the worker that is to open a HEIF photo a named pipe: libheif's tool
// writes to files with names only, and what it writes may lie on no disk. Nothing is
// in the pipe's folder but the pipe, and nothing is in the pipe when nobody reads it.
func passage(in *os.File, job *Job) (remove func() error, err error) {
	head := make([]byte, 12)
	if _, err := in.ReadAt(head, 0); err != nil || !IsHEIF(head) || job.Heif == "" {
		return func() error { return nil }, nil // the worker says what is wrong with it
	}
	folder, err := os.MkdirTemp("", "safehouse-")
	if err != nil {
		return nil, err
	}
	job.Passage = filepath.Join(folder, "photo.jpg")
	if err := unix.Mkfifo(job.Passage, 0o600); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return func() error { return os.RemoveAll(folder) }, nil
}
