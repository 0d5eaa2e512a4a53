package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"time"

	"safehouse/journal"
)

// Why a bundle does not hold.
const (
	CodeZip       = "zip"       // not a ZIP in its one form
	CodeMissing   = "missing"   // a part is not there
	CodeUnlisted  = "unlisted"  // a part that SHA256SUMS does not list, or not in its place
	CodeMalformed = "malformed" // a part is not written as it must be
	CodeSum       = "sum"       // bytes that are not those of the digest
	CodeSignature = "signature" // the key did not sign this
	CodeProof     = "proof"     // the entry is not in the signed journal
	CodeEntry     = "entry"     // the journal's entry is not about this release
)

// A Fault is the first thing in a bundle that does not hold. Part is empty where
// it is the container.
type Fault struct {
	Part string
	Code string
	Err  error // for the log; may be nil
}

// Error names the part and the reason.
func (f *Fault) Error() string {
	s := "bundle"
	if f.Part != "" {
		s += ": " + f.Part
	}
	s += ": " + f.Code
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// A Report is what a bundle proves. It is all there only when Verify gave no
// error.
type Report struct {
	Release     string    // ID
	Made        time.Time // according to the journal
	Origin      string    // the journal's name
	Entry       int64     // which entry of the journal, from 0
	Entries     int64     // how many the journal had when it was signed
	Digest      string    // of SHA256SUMS
	Key         string    // verifier key that everything was checked with
	Fingerprint string    // of Key
	Parts       []Part    // the content; Open is nil
}

func report(release, key string, p journal.Proof, e journal.Entry) Report {
	c, _ := journal.OpenCheckpoint(p.Checkpoint, key) // p.Verify has opened it
	return Report{
		Release: release, Made: e.Time, Origin: c.Origin, Entry: p.Index, Entries: c.Tree.N,
		Key: key, Fingerprint: journal.Fingerprint(key),
	}
}

// Verify checks everything that a bundle says about itself, offline. A *Fault is
// something that does not hold; any other error is src's. What it cannot know is
// whose key it is: compare the report's Fingerprint with what they publish.
func Verify(src io.ReaderAt, size int64) (Report, error) {
	files, err := readDirectory(src, size)
	if errors.Is(err, errZip) {
		return Report{}, &Fault{Code: CodeZip}
	}
	if err != nil {
		return Report{}, fmt.Errorf("verify: %w", err)
	}
	seal, sums, content, err := readSeal(src, files)
	if err != nil {
		return Report{}, err
	}
	parts, err := parseSums(sums)
	if err != nil {
		return Report{}, malformed(sumsName, err)
	}
	if err := sameNames(parts, content); err != nil {
		return Report{}, err
	}
	r, err := prove(seal, sums)
	if err != nil {
		return Report{}, err
	}
	r.Digest, r.Parts = Digest(sums), parts
	for i, f := range content {
		if err := verifyPart(src, f, parts[i].Digest); err != nil {
			return Report{}, err
		}
		r.Parts[i].Size = f.size
	}
	return r, nil
}

// readSeal reads the parts that are not content: they are the last, in order.
func readSeal(src io.ReaderAt, files []file) (s Seal, sums []byte, content []file, err error) {
	n := len(files) - len(sealNames)
	if n < 0 {
		return s, nil, nil, &Fault{Part: missing(files), Code: CodeMissing}
	}
	read := make([][]byte, len(sealNames))
	for i, f := range files[n:] {
		if f.name != sealNames[i] {
			return s, nil, nil, misplaced(files, f)
		}
		if read[i], err = readSmall(src, f); err != nil {
			return s, nil, nil, err
		}
	}
	sums, s.Checkpoint, s.Proof, s.Signature = read[0], read[1], read[3], read[5]
	key, ok := bytes.CutSuffix(read[2], []byte("\n"))
	if !ok {
		return s, nil, nil, malformed(keyName, journal.ErrMalformed)
	}
	s.Key = key
	if s.Salt, ok = parseSalt(read[4]); !ok {
		return s, nil, nil, malformed(saltName, journal.ErrMalformed)
	}
	return s, sums, files[:n], nil
}

func missing(files []file) string {
	have := make(map[string]bool)
	for _, f := range files {
		have[f.name] = true
	}
	for _, name := range sealNames {
		if !have[name] {
			return name
		}
	}
	return ""
}

// misplaced names what is missing, or else what stands where it must not.
func misplaced(files []file, f file) error {
	if name := missing(files); name != "" {
		return &Fault{Part: name, Code: CodeMissing}
	}
	return &Fault{Part: printable(f.name), Code: CodeUnlisted}
}

// printable is a name as it may be shown: it comes from a stranger.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, name)
}

func parseSalt(b []byte) (salt [saltBytes]byte, ok bool) {
	raw, err := hex.DecodeString(strings.TrimSuffix(string(b), "\n"))
	if err != nil || len(raw) != saltBytes {
		return salt, false
	}
	copy(salt[:], raw)
	return salt, fmt.Sprintf("%x\n", salt) == string(b)
}

// sameNames wants the content to be what SHA256SUMS lists, in its order.
func sameNames(parts []Part, content []file) error {
	listed := make(map[string]bool)
	for _, p := range parts {
		listed[p.Name] = true
	}
	for i, f := range content {
		if !listed[f.name] || i >= len(parts) {
			return &Fault{Part: printable(f.name), Code: CodeUnlisted}
		}
		if parts[i].Name != f.name {
			return &Fault{Part: parts[i].Name, Code: CodeMissing}
		}
	}
	if len(content) < len(parts) {
		return &Fault{Part: parts[len(content)].Name, Code: CodeMissing}
	}
	return nil
}

// readSignature gives the release that the key signed this digest for.
func readSignature(b []byte, key, digest string) (release string, err error) {
	text, err := journal.OpenNote(b, key)
	if err != nil {
		return "", &Fault{Part: signatureName, Code: CodeSignature, Err: err}
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || !releaseID.MatchString(lines[1]) || lines[0] != signed {
		return "", malformed(signatureName, journal.ErrMalformed)
	}
	if signedText(lines[1], digest) != text {
		return "", &Fault{Part: sumsName, Code: CodeSum}
	}
	return lines[1], nil
}

// readSmall reads a part that is not content.
func readSmall(src io.ReaderAt, f file) ([]byte, error) {
	if f.size > maxSmall {
		return nil, malformed(f.name, journal.ErrMalformed)
	}
	b, err := io.ReadAll(f.open(src))
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", f.name, err)
	}
	if int64(len(b)) != f.size || crc32.ChecksumIEEE(b) != f.crc {
		return nil, &Fault{Part: f.name, Code: CodeZip}
	}
	return b, nil
}

func (f file) open(src io.ReaderAt) io.Reader {
	return io.NewSectionReader(src, f.offset+localSize+int64(len(f.name)), f.size)
}

func verifyPart(src io.ReaderAt, f file, digest string) error {
	sum, crc := sha256.New(), crc32.NewIEEE()
	n, err := io.Copy(io.MultiWriter(sum, crc), f.open(src))
	if err != nil {
		return fmt.Errorf("verify %s: %w", f.name, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != digest {
		return &Fault{Part: f.name, Code: CodeSum}
	}
	if n != f.size || crc.Sum32() != f.crc {
		return &Fault{Part: f.name, Code: CodeZip}
	}
	return nil
}
