package vault

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"safehouse/internal/blob/dir"
	"safehouse/internal/evidence"
	"safehouse/internal/seal"
)

// What lies in a folder of backups.
const (
	placeFile    = "place"
	manifestFile = "manifest"
	runsDir      = "runs"
	databaseFile = "database.age"

	placeHeader    = "safehouse place 1"
	manifestHeader = "safehouse backup 1"
	macContext     = "backup/manifest"

	unfinishedCopy = ".new-"
)

// A manifest is the last file of a backup: without it there is none, and the key of
// its database is nowhere else.
type manifest struct {
	ID         evidence.BackupID `json:"id"`
	Place      evidence.PlaceID  `json:"place"`
	Origin     string            `json:"origin"`
	Made       time.Time         `json:"made"`
	Entries    int64             `json:"entries"`
	Checkpoint string            `json:"checkpoint"`
	Key        []byte            `json:"key"` // of database.age, wrapped under the key of the database
	Files      []part            `json:"files"`
	Blobs      int               `json:"blobs"`
	Bytes      int64             `json:"bytes"` // of the blobs
}

// A part is a file of a backup beside its blobs, which vouch for themselves.
type part struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func (m manifest) run() string { return filepath.Join(runsDir, string(m.ID)) }

// encode gives the manifest's one encoding, with the MAC that only members can make.
func (m manifest) encode(key *seal.Key) ([]byte, error) {
	line, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	text := manifestHeader + "\n" + string(line) + "\n"
	return fmt.Appendf(nil, "%smac %x\n", text, key.Mac([]byte(text), macContext)), nil
}

// errManifest is any manifest that encode did not write.
var errManifest = errors.New("not a manifest of this program")

// parseManifest reads a manifest. Whether it is genuine only genuine says.
func parseManifest(b []byte) (manifest, error) {
	var m manifest
	lines := bytes.SplitAfter(b, []byte("\n"))
	if len(lines) != 4 || string(lines[0]) != manifestHeader+"\n" || len(lines[3]) != 0 {
		return m, errManifest
	}
	if err := json.Unmarshal(lines[1], &m); err != nil {
		return m, errManifest
	}
	again, err := json.Marshal(m)
	if err != nil || !bytes.Equal(append(again, '\n'), lines[1]) || !evidence.KnownID(string(m.ID)) || !m.sound() {
		return m, errManifest
	}
	return m, nil
}

// sound says whether every part lies within the run: nothing else is ever opened.
func (m manifest) sound() bool {
	for _, p := range m.Files {
		if !filepath.IsLocal(p.Path) || !strings.HasPrefix(p.Path, m.run()+"/") || filepath.Clean(p.Path) != p.Path {
			return false
		}
	}
	return true
}

// genuine says whether a member of this vault made exactly these bytes.
func genuine(b []byte, key *seal.Key) bool {
	end := bytes.LastIndex(bytes.TrimSuffix(b, []byte("\n")), []byte("\n")) + 1
	text, mac := b[:end], b[end:]
	return hmac.Equal(mac, fmt.Appendf(nil, "mac %x\n", key.Mac(text, macContext)))
}

// A place is a folder that backups are kept in.
type place struct {
	dir    string
	id     evidence.PlaceID
	origin string
	unlock func()
}

func (p place) text() []byte {
	return []byte(placeHeader + "\n" + string(p.id) + "\n" + p.origin + "\n")
}

// openPlace takes a folder for backups of the vault in data: a new one, an empty one,
// or one that has them already. Nobody else can use it until it is unlocked.
func openPlace(path, data, origin string) (p place, err error) {
	if err := apart(path, data); err != nil {
		return p, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return p, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return p, err
	}
	p = place{dir: path, origin: origin}
	if p.unlock, err = lockFolder(path); err != nil {
		return p, err
	}
	if err = p.settle(); err != nil {
		p.unlock()
	}
	return p, err
}

// settle reads whose place it is, or makes it ours when it is nobody's.
func (p *place) settle() error {
	b, err := os.ReadFile(filepath.Join(p.dir, placeFile))
	if err == nil {
		id, rest, _ := strings.Cut(strings.TrimPrefix(string(b), placeHeader+"\n"), "\n")
		p.id = evidence.PlaceID(id)
		if !bytes.Equal(b, p.text()) || !evidence.KnownID(id) {
			return &evidence.Problem{Code: "backup.other_vault", Args: []any{p.dir, strings.TrimSuffix(rest, "\n")}}
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), unfinishedCopy) {
			return &evidence.Problem{Code: "backup.not_empty", Args: []any{p.dir}}
		}
	}
	p.id = evidence.NewID[evidence.PlaceID]("plc")
	return writeCopy(filepath.Join(p.dir, placeFile), p.text())
}

// apart refuses a folder within the vault's own, or around it.
func apart(path, data string) error {
	a, err := resolve(path)
	if err != nil {
		return err
	}
	b, err := resolve(data)
	if err != nil {
		return err
	}
	if a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/") {
		return &evidence.Problem{Code: "backup.within", Args: []any{path}}
	}
	return nil
}

// resolve follows the links of as much of a path as there is.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(abs)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(abs) != abs {
		parent, err := resolve(filepath.Dir(abs))
		return filepath.Join(parent, filepath.Base(abs)), err
	}
	return real, err
}

// lockFolder keeps others out of a folder. The system lets go of it when the process
// dies.
func lockFolder(path string) (unlock func(), err error) {
	d, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = &evidence.Problem{Code: "backup.busy", Args: []any{path}}
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return func() { d.Close() }, nil
}

// A copier writes files so that each is under its name only when it is whole and on
// disk, many at a time. Unlike a blob store it needs no hard links: a stick may have
// none.
type copier struct {
	ctx   context.Context
	files map[string]string // temporary name by its own
	bytes int64
}

func newCopier(ctx context.Context) *copier { return &copier{ctx: ctx, files: make(map[string]string)} }

// add copies one file, and gives its length and SHA-256.
func (c *copier) add(name string, r io.Reader) (part, error) {
	if len(c.files) >= maxCopies || c.bytes >= maxCopied {
		if err := c.flush(); err != nil {
			return part{}, err
		}
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return part{}, err
	}
	f, err := os.CreateTemp(filepath.Dir(name), unfinishedCopy)
	if err != nil {
		return part{}, err
	}
	c.files[name] = f.Name()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), patient{c.ctx, r})
	c.bytes += n
	return part{name, n, hex.EncodeToString(sum.Sum(nil))}, errors.Join(err, f.Close())
}

// The same bounds as a batch of intake has.
const (
	maxCopies = 256
	maxCopied = 64 << 20
)

// flush brings what was added to disk and gives it its names.
func (c *copier) flush() error {
	defer c.drop()
	var temporary []string
	folders := make(map[string]bool)
	for name, tmp := range c.files {
		temporary = append(temporary, tmp)
		folders[filepath.Dir(name)], folders[filepath.Dir(filepath.Dir(name))] = true, true
	}
	if err := dir.Sync(temporary); err != nil {
		return err
	}
	for name, tmp := range c.files {
		if err := os.Rename(tmp, name); err != nil {
			return err
		}
	}
	var all []string
	for folder := range folders {
		all = append(all, folder)
	}
	return dir.Sync(all)
}

// drop forgets what was not flushed.
func (c *copier) drop() {
	for _, tmp := range c.files {
		_ = os.Remove(tmp) // after a rename there is nothing under this name
	}
	clear(c.files)
	c.bytes = 0
}

// writeCopy writes one small file whole.
func writeCopy(name string, b []byte) error {
	c := newCopier(context.Background())
	defer c.drop()
	if _, err := c.add(name, bytes.NewReader(b)); err != nil {
		return err
	}
	return c.flush()
}

// patient stops when the caller has given up.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}
