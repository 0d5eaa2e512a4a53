package leak

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// An Exception lets one finding in one document pass until a day. It is a signed note
// of somebody other than the author, whose key the policy names.
type Exception struct {
	Finding  string // its fingerprint
	Document string // the digest of the file, SHA-256
	Until    string // the last day, in UTC
}

// exceptionHead is the first line of the note, so that no other note that the same key
// signs can be taken for one.
const exceptionHead = "safehouse leak exception v1"

const dayForm = "2006-01-02"

// text is what is signed.
func (e Exception) text() string {
	return fmt.Sprintf("%s\nfinding %s\ndocument %s\nuntil %s\n", exceptionHead, e.Finding, e.Document, e.Until)
}

var errException = errors.New("no exception: two digests and a day")

func (e Exception) check() error {
	if !isDigest(e.Finding) || !isDigest(e.Document) {
		return errException
	}
	if _, err := time.Parse(dayForm, e.Until); err != nil {
		return errException
	}
	return nil
}

func isDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && s == strings.ToLower(s)
}

// Sign makes the note.
func (e Exception) Sign(signer note.Signer) (string, error) {
	if err := e.check(); err != nil {
		return "", err
	}
	b, err := note.Sign(&note.Note{Text: e.text()}, signer)
	return string(b), err
}

// openException reads a note that the key has signed. What is signed must be the one
// form that Sign writes.
func openException(text, key string) (e Exception, by string, err error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return e, "", errException
	}
	n, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return e, "", errException
	}
	if _, err := fmt.Sscanf(n.Text, exceptionHead+"\nfinding %s\ndocument %s\nuntil %s\n", &e.Finding, &e.Document, &e.Until); err != nil {
		return e, "", errException
	}
	if e.text() != n.Text {
		return e, "", errException
	}
	return e, verifier.Name(), e.check()
}

// An Excepted is a finding that somebody let pass.
type Excepted struct {
	Finding
	By    string `json:"by"`
	Until string `json:"until"`
}

// fingerprint names a finding without saying what was found: where it is in which
// document, by what rule and about whom.
func fingerprint(f Finding, document string) string {
	h := sha256.New()
	for _, s := range []string{exceptionHead, f.Rule, f.Term, f.Severity, f.Part, itoa(f.Start), itoa(f.End), f.Why, document} {
		fmt.Fprintf(h, "%d:%s,", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// digest is that of the whole file.
func digest(r io.ReaderAt, size int64) (string, error) {
	h := sha256.New()
	if n, err := io.Copy(h, io.NewSectionReader(r, 0, size)); err != nil || n != size {
		return "", fmt.Errorf("digest of %d bytes: %w", size, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// except takes out of a report what the policy's exceptions let pass today.
func (p Policy) except(r *Report, today string) {
	allowed := map[[2]string]Excepted{}
	for _, text := range p.Exceptions {
		if e, by, err := openException(text, p.Key); err == nil && e.Until >= today {
			allowed[[2]string{e.Finding, e.Document}] = Excepted{By: by, Until: e.Until}
		}
	}
	kept := r.Findings[:0]
	for _, f := range r.Findings {
		if e, ok := allowed[[2]string{f.Fingerprint, f.Document}]; ok {
			e.Finding = f
			r.Excepted = append(r.Excepted, e)
			continue
		}
		kept = append(kept, f)
	}
	r.Findings = kept
}
