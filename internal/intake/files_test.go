package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

func same1(r io.Reader) io.Reader { return r }

// handIn hands in what lies at the paths and gives the outcomes by name.
func handIn(t *testing.T, d *Desk, v *vault.Vault, files []File) map[string]Outcome {
	t.Helper()
	out := make(map[string]Outcome)
	err := d.ReceiveAll(t.Context(), v.Actor, Parcels(files, Parcel{}, same1), func(o Outcome) { out[o.Name] = o })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func code(err error) string {
	var p *evidence.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return fmt.Sprint(err)
}

func TestFoldersAreTakenInAllTheWayDownWithTheirPaths(t *testing.T) {
	d, v := desk(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.txt"), "a")
	write(t, filepath.Join(dir, "깊은\n곳", "더", strings.Repeat("가", 85)), "b")
	out := handIn(t, d, v, Find([]string{dir}, v.Dir))
	for _, name := range []string{"a.txt", "깊은\n곳/더/" + strings.Repeat("가", 85)} {
		if o, ok := out[name]; !ok || o.Err != nil || o.Receipt.Item.Name.Reveal() != name {
			t.Errorf("%q: %+v", name, o)
		}
	}
	if len(out) != 2 {
		t.Errorf("%d outcomes", len(out))
	}
}

func TestEachBadFileHasItsOwnMessageAndStopsNoOther(t *testing.T) {
	d, v := desk(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "good"), "good")
	write(t, filepath.Join(dir, "empty"), "")
	write(t, filepath.Join(dir, "secret"), "s")
	write(t, filepath.Join(dir, "vanishing"), "v")
	write(t, filepath.Join(dir, "turned"), "t")
	write(t, filepath.Join(dir, "zlast"), "last")
	for _, err := range []error{
		os.Chmod(filepath.Join(dir, "secret"), 0), unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600),
		os.Symlink("good", filepath.Join(dir, "link")), os.Symlink("/", filepath.Join(dir, "root")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	files := Find([]string{dir, "/dev/zero", filepath.Join(dir, "never")}, v.Dir)
	for _, err := range []error{
		os.Remove(filepath.Join(dir, "vanishing")), os.Remove(filepath.Join(dir, "turned")),
		unix.Mkfifo(filepath.Join(dir, "turned"), 0o600), // what was a file when it was listed
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	out := handIn(t, d, v, files)
	secret, blobs := "item.unreadable", 2
	if _, err := os.ReadFile(filepath.Join(dir, "secret")); err == nil { // the system lets root read everything
		secret, blobs = "<nil>", 3
	}
	if err := unusable("x", &fs.PathError{Err: fs.ErrPermission}); code(err) != "item.unreadable" {
		t.Errorf("without permission: %v", err)
	}
	for name, want := range map[string]string{
		"good": "<nil>", "zlast": "<nil>", "empty": "item.empty", "secret": secret, "fifo": "item.pipe", "turned": "item.pipe",
		"link": "item.link", "root": "item.link", "vanishing": "item.vanished", "never": "item.vanished", "zero": "item.device",
	} {
		if got := code(out[name].Err); got != want {
			t.Errorf("%s: %s, not %s", name, got, want)
		}
	}
	if _, b := state(t, v); b != blobs || len(out) != 11 {
		t.Errorf("%d blobs, %d outcomes", b, len(out))
	}
}

func TestALinkThatSomebodyNamedIsFollowed(t *testing.T) {
	d, v := desk(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "content")
	link := filepath.Join(dir, "link")
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	if o := handIn(t, d, v, Find([]string{link}, v.Dir))["link"]; o.Err != nil || o.Receipt.Item.Size != 7 {
		t.Errorf("%+v", o)
	}
}

func TestAFileThatChangesWhileItIsReadIsNotKept(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"grows": func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.WriteString("more")
			return err
		},
		"shrinks":             func(path string) error { return os.Truncate(path, 100) },
		"is written in place": func(path string) error { return os.Chtimes(path, time.Time{}, time.Now().Add(time.Second)) },
	} {
		d, v := desk(t)
		entries, blobs := state(t, v)
		path := write(t, filepath.Join(t.TempDir(), "file"), strings.Repeat("x", 1<<20))
		once := func(r io.Reader) io.Reader { return &hook{r, func() error { return change(path) }} }
		var got error
		err := d.ReceiveAll(t.Context(), v.Actor, Parcels(Find([]string{path}, v.Dir), Parcel{}, once), func(o Outcome) { got = o.Err })
		if err != nil || code(got) != "item.changed" {
			t.Errorf("%s: %v %v", name, got, err)
		}
		if e, b := state(t, v); e != entries || b != blobs {
			t.Errorf("%s: something was kept", name)
		}
	}
}

// hook does something after the first read.
type hook struct {
	io.Reader
	then func() error
}

func (h *hook) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if h.then != nil {
		err = errors.Join(err, h.then())
		h.then = nil
	}
	return n, err
}

func TestAVaultDoesNotSwallowItself(t *testing.T) {
	d, v := desk(t)
	write(t, filepath.Join(filepath.Dir(v.Dir), "beside"), "b")
	out := handIn(t, d, v, Find([]string{filepath.Dir(v.Dir)}, v.Dir))
	if len(out) != 2 || code(out["data"].Err) != "item.vault_itself" || out["beside"].Err != nil {
		t.Errorf("%+v", out)
	}
}

// many makes small parcels with content of their own.
func many(n int) []File {
	files := make([]File, n)
	for i := range files {
		files[i].Name = fmt.Sprint(i)
	}
	return files
}

func small(files []File, content func(i int) io.Reader) func(yield func(Parcel, error) bool) {
	return func(yield func(Parcel, error) bool) {
		for i, f := range files {
			if !yield(Parcel{Name: f.Name, Size: 10, Content: content(i)}, nil) {
				return
			}
		}
	}
}

func TestABatchIsRecordedInOneTransactionOrNotAtAll(t *testing.T) {
	d, v := desk(t)
	content := func(i int) io.Reader { return strings.NewReader(fmt.Sprint("content ", i)) }
	var told []string
	err := d.ReceiveAll(t.Context(), v.Actor, small(many(maxBatch+3), content), func(o Outcome) {
		if o.Err == nil {
			told = append(told, o.Name)
		}
	})
	if err != nil || len(told) != maxBatch+3 || told[maxBatch] != fmt.Sprint(maxBatch) {
		t.Fatalf("%d told: %v", len(told), err)
	}
	times := make(map[time.Time]int)
	if err := v.DB.Unscoped(t.Context(), "test", func(view *store.View) error {
		items, err := view.Items("")
		for _, it := range items {
			times[it.Received]++
		}
		return err
	}); err != nil || len(times) != 2 {
		t.Fatalf("%d transactions: %v", len(times), err)
	}

	entries, blobs := state(t, v)
	failed := 0
	bad := small(many(5), content)
	err = d.ReceiveAll(t.Context(), v.Actor, func(yield func(Parcel, error) bool) {
		for p, err := range bad {
			p.Case = "cas_none" // no row of the batch can be written
			if !yield(p, err) {
				return
			}
		}
	}, func(o Outcome) {
		if o.Err != nil {
			failed++
		}
	})
	if e, b := state(t, v); err != nil || failed != 5 || e != entries || b != blobs {
		t.Errorf("%d failed, %d entries, %d blobs left: %v", failed, e-entries, b-blobs, err)
	}
}

func TestALargeFileWaitsForNoSmallOne(t *testing.T) {
	d, v := desk(t)
	var order []string
	parcels := func(yield func(Parcel, error) bool) {
		for i, n := range []int64{1, maxBatchBytes, 1} {
			order = append(order, fmt.Sprint("read ", i))
			if !yield(Parcel{Name: fmt.Sprint(i), Size: n, Content: io.LimitReader(zeros{}, n)}, nil) {
				return
			}
		}
	}
	if err := d.ReceiveAll(t.Context(), v.Actor, parcels, func(o Outcome) {
		if o.Err != nil {
			t.Error(o.Err)
		}
		order = append(order, "told "+o.Name)
	}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"read 0", "read 1", "told 0", "read 2", "told 1", "told 2"}; !slices.Equal(order, want) {
		t.Errorf("%v", order)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestTheSameContentWithinABatchIsNoticed(t *testing.T) {
	d, v := desk(t)
	var receipts []Receipt
	content := func(int) io.Reader { return bytes.NewReader([]byte("same")) }
	if err := d.ReceiveAll(t.Context(), v.Actor, small(many(2), content), func(o Outcome) { receipts = append(receipts, o.Receipt) }); err != nil {
		t.Fatal(err)
	}
	if len(receipts[0].Same) != 0 || len(receipts[1].Same) != 1 || receipts[1].Same[0] != receipts[0].Item.ID {
		t.Errorf("%+v", receipts)
	}
}

// BenchmarkSmallFiles says how many items a second are received for good.
func BenchmarkSmallFiles(b *testing.B) {
	d, v := desk(b)
	content := func(i int) io.Reader { return strings.NewReader(strings.Repeat(fmt.Sprint(i), 1000)) }
	for b.Loop() {
		if err := d.ReceiveAll(b.Context(), v.Actor, small(many(1024), content), func(o Outcome) {
			if o.Err != nil {
				b.Fatal(o.Err)
			}
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(1024*b.N)/b.Elapsed().Seconds(), "items/s")
}
