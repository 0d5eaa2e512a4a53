package vault

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	"safehouse/internal/blob"
	"safehouse/internal/seal"
)

// ahead is how much is worked on at a time, in bytes: enough that handing over costs
// nothing, little enough that several files at once fit into memory.
const ahead = 256 << 10

// A passage is what went through when all had gone through.
type passage struct {
	size   int64
	digest string
}

// sealing turns a reader of plain bytes into a reader of sealed ones. What passed is
// sent when the last of them was read. Whoever stops reading before closes it.
func sealing(bk *seal.BlobKey, plain io.Reader) (*io.PipeReader, <-chan passage) {
	pr, pw := io.Pipe()
	passed := make(chan passage, 1) // nobody may be there to take it
	go func() {
		sum := newSummer()
		out := bufio.NewWriterSize(pw, ahead)
		var size int64
		w, err := bk.Seal(out)
		if err == nil {
			size, err = sum.copy(w, plain)
		}
		if err == nil {
			err = w.Close()
		}
		if err == nil {
			err = out.Flush()
		}
		passed <- passage{size, hex.EncodeToString(sum.finish())}
		pw.CloseWithError(err)
	}()
	return pr, passed
}

// An opened content can be read at any place, or from its start: that is several
// times as fast, because each part is opened in the memory of the one before it.
type opened struct {
	io.ReaderAt
	key    *seal.BlobKey
	sealed blob.Blob
}

// inOrder reads from the start. Nothing is opened before the first Read.
type inOrder struct {
	opened *opened
	plain  io.Reader
}

func (r *inOrder) Read(p []byte) (n int, err error) {
	if r.plain == nil {
		o := r.opened
		if r.plain, err = o.key.Open(io.NewSectionReader(o.sealed, 0, o.sealed.Size())); err != nil {
			return 0, err
		}
	}
	return r.plain.Read(p)
}

// A summer computes a SHA-256 beside the work that it is told of: to hash takes as
// long as to seal.
type summer struct {
	sum  hash.Hash
	todo chan []byte
	free chan []byte // buffers that were hashed
	made int
	done chan struct{}
}

// summed is how many buffers there are at most: one that is read into and sealed, the
// others wait to be hashed.
const summed = 3

func newSummer() *summer {
	s := &summer{sum: sha256.New(), todo: make(chan []byte, summed), free: make(chan []byte, summed), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for b := range s.todo {
			s.sum.Write(b)
			s.free <- b[:cap(b)]
		}
	}()
	return s
}

// copy is io.Copy, and sums up what passes. A buffer that was hashed is taken again
// only by this same loop: then it was written too.
func (s *summer) copy(w io.Writer, r io.Reader) (size int64, err error) {
	for err == nil {
		b := s.buffer()
		n := 0
		for n < len(b) && err == nil {
			var more int
			more, err = r.Read(b[n:])
			n += more
		}
		s.todo <- b[:n]
		size += int64(n)
		if _, failed := w.Write(b[:n]); failed != nil {
			return size, failed
		}
	}
	if err == io.EOF {
		return size, nil
	}
	return size, err
}

func (s *summer) buffer() []byte {
	if s.made < summed {
		s.made++
		return make([]byte, ahead)
	}
	return <-s.free
}

// finish gives the sum of all that was written. It must be called once.
func (s *summer) finish() []byte {
	close(s.todo)
	<-s.done
	return s.sum.Sum(nil)
}
