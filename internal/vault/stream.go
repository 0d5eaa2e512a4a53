package vault

import (
	"bufio"
	"bytes"
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
			size, err = io.CopyBuffer(w, io.TeeReader(plain, sum), make([]byte, ahead))
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
	done chan struct{}
}

func newSummer() *summer {
	s := &summer{sha256.New(), make(chan []byte, 4), make(chan struct{})}
	go func() {
		defer close(s.done)
		for b := range s.todo {
			s.sum.Write(b)
		}
	}()
	return s
}

// Write takes a copy: the bytes are the caller's again when it returns.
func (s *summer) Write(p []byte) (int, error) {
	s.todo <- bytes.Clone(p)
	return len(p), nil
}

// finish gives the sum of all that was written. It must be called once.
func (s *summer) finish() []byte {
	close(s.todo)
	<-s.done
	return s.sum.Sum(nil)
}
