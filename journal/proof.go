package journal

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	maxPath     = 63      // hashes: a tree is no higher
	maxProof    = 1 << 18 // bytes
)

// A Proof shows that Entry was the journal's entry number Index, counted from 0,
// when Checkpoint was signed. It is all that a stranger needs beside the key.
type Proof struct {
	Entry      []byte
	Index      int64
	Path       tlog.RecordProof
	Checkpoint []byte
}

// Prove makes the proof for one entry under a checkpoint, from stored hashes. It
// gives none that would not hold.
func Prove(index int64, entry, checkpoint []byte, r tlog.HashReader) (Proof, error) {
	c, err := checkpointIn(checkpoint)
	if err != nil {
		return Proof{}, fmt.Errorf("prove entry %d: %w", index, err)
	}
	path, err := tlog.ProveRecord(c.Tree.N, index, r)
	if err != nil {
		return Proof{}, fmt.Errorf("prove entry %d: %w", index, err)
	}
	p := Proof{Entry: entry, Index: index, Path: path, Checkpoint: checkpoint}
	if _, err := p.under(c.Tree); err != nil {
		return Proof{}, fmt.Errorf("prove entry %d: %w", index, err)
	}
	return p, nil
}

// checkpointIn reads a checkpoint without asking who signed it.
func checkpointIn(b []byte) (Checkpoint, error) {
	end := bytes.LastIndex(b, []byte("\n\n"))
	if end < 0 || len(b) > maxNote {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", ErrMalformed)
	}
	return parseCheckpoint(string(b[:end+1]))
}

// Verify checks the proof against the journal's key alone, offline, and gives
// the entry.
func (p Proof) Verify(verifierKey string) (Entry, error) {
	c, err := OpenCheckpoint(p.Checkpoint, verifierKey)
	if err != nil {
		return Entry{}, fmt.Errorf("proof of entry %d: %w", p.Index, err)
	}
	e, err := p.under(c.Tree)
	if err != nil {
		return Entry{}, fmt.Errorf("proof of entry %d: %w", p.Index, err)
	}
	return e, nil
}

func (p Proof) under(t tlog.Tree) (Entry, error) {
	if p.Index < 0 || p.Index >= t.N {
		return Entry{}, fmt.Errorf("not in a journal of %d entries: %w", t.N, ErrMalformed)
	}
	if err := tlog.CheckRecord(p.Path, t.N, t.Hash, p.Index, Leaf(p.Entry)); err != nil {
		return Entry{}, err
	}
	return ParseEntry(p.Entry)
}

// Encode gives the proof as a C2SP tlog-proof whose extra data is the entry.
func (p Proof) Encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nextra %s\nindex %d\n", proofHeader, base64.StdEncoding.EncodeToString(p.Entry), p.Index)
	for _, h := range p.Path {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteByte('\n')
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// ParseProof reads what Encode wrote and refuses any other bytes. It does not say
// that the proof holds: Verify does.
func ParseProof(b []byte) (Proof, error) {
	bad := fmt.Errorf("proof: %w", ErrMalformed)
	head, checkpoint, ok := strings.Cut(string(b), "\n\n")
	if !ok || len(b) > maxProof {
		return Proof{}, bad
	}
	l := lines{rest: head + "\n"}
	l.exact(proofHeader)
	extra, index := l.field("extra "), l.field("index ")
	p := Proof{Checkpoint: []byte(checkpoint)}
	for l.rest != "" && !l.bad && len(p.Path) < maxPath {
		h, err := tlog.ParseHash(l.next())
		l.bad = l.bad || err != nil
		p.Path = append(p.Path, h)
	}
	var err1, err2 error
	p.Entry, err1 = base64.StdEncoding.DecodeString(extra)
	p.Index, err2 = strconv.ParseInt(index, 10, 64)
	if l.bad || err1 != nil || err2 != nil || p.Index < 0 || !bytes.Equal(p.Encode(), b) {
		return Proof{}, bad
	}
	if _, err := ParseEntry(p.Entry); err != nil {
		return Proof{}, err
	}
	if _, err := checkpointIn(p.Checkpoint); err != nil {
		return Proof{}, err
	}
	return p, nil
}
