package bundle

import (
	"encoding/binary"
	"errors"
	"io"
)

// A file in a bundle, as the ZIP sees it. Everything else in a ZIP's headers is
// the same for all of them.
type file struct {
	name   string
	size   int64
	crc    uint32
	offset int64 // of its local header
}

const (
	localSize   = 30 // bytes of a local header without the name
	centralSize = 46 // bytes of a central header without the name
	endSize     = 22 // bytes of the end record
	maxZip      = 1<<32 - 1
)

// fixed is the part of both headers that says how a file is kept: version 2.0, no
// flags, stored, 1 January 1980 00:00.
func (f file) fixed(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, 20)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, 1<<5|1)
	b = le.AppendUint32(b, f.crc)
	b = le.AppendUint32(b, uint32(f.size))
	b = le.AppendUint32(b, uint32(f.size))
	b = le.AppendUint16(b, uint16(len(f.name)))
	return le.AppendUint16(b, 0) // no extra field
}

// local is the header before the file's bytes.
func (f file) local() []byte {
	b := f.fixed([]byte("PK\x03\x04"))
	return append(b, f.name...)
}

// central is the header in the directory at the end.
func (f file) central() []byte {
	b := f.fixed([]byte("PK\x01\x02\x14\x00"))
	b = append(b, make([]byte, 10)...) // no comment, first disk, no attributes
	b = binary.LittleEndian.AppendUint32(b, uint32(f.offset))
	return append(b, f.name...)
}

// end is the directory's end, and the file's.
func end(files []file) []byte {
	start, size := int64(0), 0
	for _, f := range files {
		start = f.after()
		size += centralSize + len(f.name)
	}
	le := binary.LittleEndian
	b := []byte("PK\x05\x06\x00\x00\x00\x00")
	b = le.AppendUint16(b, uint16(len(files)))
	b = le.AppendUint16(b, uint16(len(files)))
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, uint32(start))
	return le.AppendUint16(b, 0) // no comment
}

// after is where the next header begins.
func (f file) after() int64 { return f.offset + localSize + int64(len(f.name)) + f.size }

// total is how long a ZIP of these files is.
func total(files []file) int64 {
	n := int64(endSize)
	for _, f := range files {
		n += localSize + centralSize + 2*int64(len(f.name)) + f.size
	}
	return n
}

var errZip = errors.New("not the one form of a ZIP")

// readDirectory gives the files of a ZIP that end, central and local could have
// written, and no other: it takes names, sizes and checksums from the directory,
// and compares every byte that is not content with what it must then be.
func readDirectory(src io.ReaderAt, size int64) ([]file, error) {
	count, start, err := readEnd(src, size)
	if err != nil {
		return nil, err
	}
	b, err := readAt(src, start, size-endSize-start)
	if err != nil {
		return nil, err
	}
	files := make([]file, count)
	offset := int64(0)
	for i := range files {
		if len(b) < centralSize {
			return nil, errZip
		}
		le := binary.LittleEndian
		f := file{size: int64(le.Uint32(b[24:])), crc: le.Uint32(b[16:]), offset: offset}
		n := int(le.Uint16(b[28:]))
		if n > maxName || len(b) < centralSize+n {
			return nil, errZip
		}
		f.name = string(b[centralSize : centralSize+n])
		if string(f.central()) != string(b[:centralSize+n]) || f.after() > start {
			return nil, errZip
		}
		files[i], b, offset = f, b[centralSize+n:], f.after()
	}
	if len(b) != 0 || offset != start {
		return nil, errZip
	}
	last, err := readAt(src, size-endSize, endSize)
	if err == nil && string(last) != string(end(files)) {
		err = errZip
	}
	if err != nil {
		return nil, err
	}
	return files, readLocals(src, files)
}

// readEnd gives the number of files and where their directory starts.
func readEnd(src io.ReaderAt, size int64) (count int, start int64, err error) {
	if size < endSize || size > maxZip {
		return 0, 0, errZip
	}
	b, err := readAt(src, size-endSize, endSize)
	if err != nil {
		return 0, 0, err
	}
	count, start = int(binary.LittleEndian.Uint16(b[10:])), int64(binary.LittleEndian.Uint32(b[16:]))
	longest := int64(count) * (centralSize + maxName)
	if count > maxParts+len(sealNames) || start > size-endSize || size-endSize-start > longest {
		return 0, 0, errZip
	}
	return count, start, nil
}

func readLocals(src io.ReaderAt, files []file) error {
	for _, f := range files {
		want := f.local()
		got, err := readAt(src, f.offset, int64(len(want)))
		if err != nil {
			return err
		}
		if string(got) != string(want) {
			return errZip
		}
	}
	return nil
}

// readAt reads n bytes. A file that ends before its size is no ZIP of ours; any
// other error is the disk's.
func readAt(src io.ReaderAt, off, n int64) ([]byte, error) {
	b := make([]byte, n)
	got, err := src.ReadAt(b, off)
	switch {
	case got == len(b):
		return b, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errZip
	}
	return nil, err
}
