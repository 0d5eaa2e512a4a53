package seal

import (
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// A BlobKey opens one blob and nothing else. It is an age identity, so that the
// sealed blob is a file which the standard age program opens too.
type BlobKey struct {
	identity *age.X25519Identity
}

// NewBlobKey makes a random key.
func NewBlobKey() (*BlobKey, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("make a blob key: %w", err)
	}
	return &BlobKey{id}, nil
}

// Wrap seals the blob key under k. Destroy what it gives, and the blob is gone.
func (b *BlobKey) Wrap(k *Key, context string) []byte {
	defer k.use()()
	return seal(&k.newest().wrap, len(k.parts), []byte(b.Identity()), context)
}

// UnwrapBlobKey gives the blob key that was wrapped under k and this context, or
// ErrSealed.
func UnwrapBlobKey(k *Key, wrapped []byte, context string) (*BlobKey, error) {
	text, err := k.open(func(p *parts) *[keySize]byte { return &p.wrap }, wrapped, context)
	if err != nil {
		return nil, ErrSealed
	}
	defer clear(text)
	id, err := age.ParseX25519Identity(string(text))
	if err != nil || id.String() != string(text) {
		return nil, ErrSealed
	}
	return &BlobKey{id}, nil
}

// Seal writes an age file to dst that holds what is written to the returned
// writer. It is whole when Close has returned nil; Close does not close dst.
func (b *BlobKey) Seal(dst io.Writer) (io.WriteCloser, error) {
	w, err := age.Encrypt(dst, b.identity.Recipient())
	if err != nil {
		return nil, fmt.Errorf("seal a blob: %w", err)
	}
	return w, nil
}

// Open reads what was sealed, from the start. Every byte it gives is authentic,
// but that nothing is missing at the end is known only when Read returns io.EOF.
// An error of src comes through; everything else is ErrSealed.
func (b *BlobKey) Open(src io.Reader) (io.Reader, error) {
	r, err := age.Decrypt(source{r: src}, b.identity)
	if err != nil {
		return nil, verdict(err)
	}
	return opened{r: r}, nil
}

// OpenAt reads what was sealed at any place, and says how long it is. The size is
// authenticated before it returns, every chunk when it is read. It may be read
// from several goroutines if src may.
func (b *BlobKey) OpenAt(src io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	r, n, err := age.DecryptReaderAt(source{at: src}, size, b.identity)
	if err != nil {
		return nil, 0, verdict(err)
	}
	return opened{at: r, size: n}, n, nil
}

// Identity gives the key as text, AGE-SECRET-KEY-1…: with it the standard age
// program opens the blob.
func (b *BlobKey) Identity() string { return b.identity.String() }

// Format hides the key however it is printed.
func (b *BlobKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, protected) }

// source marks errors of the sealed file, so that a disk which cannot be read is
// not taken for a file which does not open.
type source struct {
	r  io.Reader
	at io.ReaderAt
}

func (s source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	return n, marked(err)
}

func (s source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.at.ReadAt(p, off)
	return n, marked(err)
}

type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }

func marked(err error) error {
	if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF {
		return err
	}
	return &sourceError{err}
}

// verdict gives the source's own error, io.EOF, or ErrSealed.
func verdict(err error) error {
	var s *sourceError
	switch {
	case errors.As(err, &s):
		return s.err
	case err == nil || err == io.EOF:
		return err
	}
	return ErrSealed
}

// opened gives verdicts instead of age's errors.
type opened struct {
	r    io.Reader
	at   io.ReaderAt
	size int64
}

func (o opened) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	return n, verdict(err)
}

func (o opened) ReadAt(p []byte, off int64) (int, error) {
	if off >= o.size {
		return 0, io.EOF
	}
	n, err := o.at.ReadAt(p, off)
	return n, verdict(err)
}
