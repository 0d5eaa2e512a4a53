package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"

	"safehouse/journal"
)

// Write writes the bundle of these parts. Every part is read twice: once to see
// that its bytes are those of its digest, before anything is written, and once to
// write them. The seal must prove exactly these parts. When Write fails after it
// began to write, dst holds no bundle.
func Write(dst io.Writer, parts []Part, seal Seal) error {
	parts = sorted(parts)
	sums := Sums(parts)
	if _, err := parseSums(sums); err != nil {
		return fmt.Errorf("write %s: the parts' names or digests: %w", seal.Release, ErrRefused)
	}
	if err := seal.check(sums); err != nil {
		return fmt.Errorf("write %s: %w", seal.Release, err)
	}
	all := append(parts, seal.parts(sums)...)
	files, err := measure(all)
	if err != nil {
		return fmt.Errorf("write %s: %w", seal.Release, err)
	}
	if err := write(dst, all, files); err != nil {
		return fmt.Errorf("write %s: %w", seal.Release, err)
	}
	return nil
}

// check refuses a seal that a reader would refuse.
func (s Seal) check(sums []byte) error {
	p, err := prove(s, sums)
	if err != nil {
		return err
	}
	if p.Release != s.Release {
		return fmt.Errorf("the signature is for another release: %w", ErrRefused)
	}
	return nil
}

// parts are those that are not content, in order.
func (s Seal) parts(sums []byte) []Part {
	content := [][]byte{
		sums, s.Checkpoint, append(bytes.Clone(s.Key), '\n'), s.Proof, fmt.Appendf(nil, "%x\n", s.Salt), s.Signature,
	}
	parts := make([]Part, len(sealNames))
	for i, name := range sealNames {
		sum := sha256.Sum256(content[i])
		parts[i] = Part{name, int64(len(content[i])), hex.EncodeToString(sum[:]), func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(content[i])), nil
		}}
	}
	return parts
}

// measure reads every part and lays out the file.
func measure(parts []Part) ([]file, error) {
	files := make([]file, len(parts))
	offset := int64(0)
	for i, p := range parts {
		crc, err := copyPart(io.Discard, p)
		if err != nil {
			return nil, err
		}
		files[i] = file{p.Name, p.Size, crc, offset}
		offset = files[i].after()
	}
	if n := total(files); n > maxZip {
		return nil, fmt.Errorf("%d bytes are more than a bundle holds (%d): %w", n, int64(maxZip), ErrRefused)
	}
	return files, nil
}

func write(dst io.Writer, parts []Part, files []file) error {
	for i, p := range parts {
		if _, err := dst.Write(files[i].local()); err != nil {
			return err
		}
		if _, err := copyPart(dst, p); err != nil {
			return err
		}
	}
	for _, f := range files {
		if _, err := dst.Write(f.central()); err != nil {
			return err
		}
	}
	_, err := dst.Write(end(files))
	return err
}

// copyPart copies a part and refuses one whose bytes are not those of its digest.
func copyPart(dst io.Writer, p Part) (crc uint32, err error) {
	r, err := p.Open()
	if err != nil {
		return 0, fmt.Errorf("part %s: %w", p.Name, err)
	}
	defer r.Close() //nolint:errcheck // only read from
	digest, sum := sha256.New(), crc32.NewIEEE()
	n, err := io.Copy(io.MultiWriter(dst, digest, sum), io.LimitReader(r, p.Size+1))
	if err != nil {
		return 0, fmt.Errorf("part %s: %w", p.Name, err)
	}
	if n != p.Size || hex.EncodeToString(digest.Sum(nil)) != p.Digest {
		return 0, fmt.Errorf("part %s: its bytes are not those of its digest: %w", p.Name, ErrRefused)
	}
	return sum.Sum32(), nil
}

// malformed makes a fault of an error about bytes that are not what they must be.
func malformed(part string, err error) error {
	return &Fault{Part: part, Code: CodeMalformed, Err: err}
}

// prove checks all that can be known without the content: that the key signed
// this SHA256SUMS for this release, and that the journal has it.
func prove(s Seal, sums []byte) (Report, error) {
	key := string(s.Key)
	if err := journal.CheckKey(key); err != nil {
		return Report{}, malformed(keyName, err)
	}
	release, err := readSignature(s.Signature, key, Digest(sums))
	if err != nil {
		return Report{}, err
	}
	if _, err := journal.OpenCheckpoint(s.Checkpoint, key); err != nil {
		return Report{}, &Fault{Part: checkpointName, Code: CodeSignature, Err: err}
	}
	p, err := journal.ParseProof(s.Proof)
	if err != nil {
		return Report{}, malformed(proofName, err)
	}
	if !bytes.Equal(p.Checkpoint, s.Checkpoint) {
		return Report{}, &Fault{Part: proofName, Code: CodeProof}
	}
	entry, err := p.Verify(key)
	if err != nil {
		return Report{}, &Fault{Part: proofName, Code: CodeProof, Err: err}
	}
	salted := journal.Salted(s.Salt, Digest(sums))
	if entry.Action != Action || entry.Subject != release || len(entry.Digests) != 1 || entry.Digests[0] != salted {
		return Report{}, &Fault{Part: proofName, Code: CodeEntry}
	}
	return report(release, key, p, entry), nil
}
