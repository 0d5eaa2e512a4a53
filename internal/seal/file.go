package seal

import (
	"bytes"
	"errors"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
)

// Small secrets lie in standard age files of one chunk. Their headers are made and
// read by age; the one chunk is sealed and opened here, because age would leave
// the plain bytes in buffers that nobody can overwrite.

const (
	maxFile      = 64 << 10 // bytes of content: one chunk of an age file
	ageNonceSize = 16
)

// remember is a recipient that lets the file's key be seen while the header is
// made.
type remember struct {
	age.Recipient
	key []byte
}

func (r *remember) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	r.key = bytes.Clone(fileKey)
	if l, ok := r.Recipient.(age.RecipientWithLabels); ok {
		return l.WrapWithLabels(fileKey)
	}
	stanzas, err := r.Wrap(fileKey)
	return stanzas, nil, err
}

// sealFile gives an age file that the recipients can open.
func sealFile(plain []byte, to ...age.Recipient) ([]byte, error) {
	if len(to) == 0 || len(plain) > maxFile {
		return nil, errors.New("not a small file for somebody")
	}
	first := &remember{Recipient: to[0]}
	defer func() { clear(first.key) }()
	var out bytes.Buffer
	// What age gives to write to is not used: header and nonce are out by then.
	if _, err := age.Encrypt(&out, append([]age.Recipient{first}, to[1:]...)...); err != nil {
		return nil, err
	}
	head := out.Bytes()
	var stream [32]byte
	defer clear(stream[:])
	hkdf(&stream, first.key, head[len(head)-ageNonceSize:], "payload")
	aead, err := chacha20poly1305.New(stream[:])
	if err != nil {
		return nil, err
	}
	return aead.Seal(head, lastChunk[:], plain, nil), nil
}

// lastChunk is the nonce of an age file's first chunk when it is the last too.
var lastChunk = [chacha20poly1305.NonceSize]byte{chacha20poly1305.NonceSize - 1: 1}

// openFile gives the content of an age file of one chunk, or ErrSealed. The caller
// overwrites it.
func openFile(file []byte, with age.Identity) ([]byte, error) {
	head, err := age.ExtractHeader(bytes.NewReader(file))
	if err != nil || len(file) < len(head)+ageNonceSize || len(file) > len(head)+ageNonceSize+maxFile+chacha20poly1305.Overhead {
		return nil, ErrSealed
	}
	key, err := age.DecryptHeader(head, with)
	if err != nil {
		return nil, ErrSealed
	}
	defer clear(key)
	nonce, chunk := file[len(head):][:ageNonceSize], file[len(head)+ageNonceSize:]
	var stream [32]byte
	defer clear(stream[:])
	hkdf(&stream, key, nonce, "payload")
	aead, err := chacha20poly1305.New(stream[:])
	if err != nil {
		return nil, ErrSealed
	}
	plain, err := aead.Open(make([]byte, 0, len(chunk)), lastChunk[:], chunk, nil)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
