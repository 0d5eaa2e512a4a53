package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

func desk(t testing.TB) (*Desk, *vault.Vault) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	words := evidence.Protect("correct horse battery staple")
	if err := vault.Found(t.Context(), dir, "safehouse/test", false, &evidence.Member{}, words); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Enter(t.Context(), dir, "", words)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return &Desk{DB: v.DB, Originals: v.Originals}, v
}

// state is what a failed handing-in must leave as it was.
func state(t testing.TB, v *vault.Vault) (entries int64, blobs int) {
	t.Helper()
	err := v.DB.Unscoped(t.Context(), "test", func(view *store.View) (err error) {
		entries, err = view.JournalSize()
		return err
	})
	if err == nil {
		err = v.Originals.Blobs.List(t.Context(), func(string, int64) error { blobs++; return nil })
	}
	if err != nil {
		t.Fatal(err)
	}
	return entries, blobs
}

func TestWhatCannotBeKeptWholeIsNotKeptAtAll(t *testing.T) {
	d, v := desk(t)
	entries, blobs := state(t, v)
	broken := errors.New("the card was pulled out")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, try := range map[string]func() error{
		"empty": func() error {
			_, err := d.Receive(t.Context(), v.Actor, Parcel{Name: "a.mp4", Content: strings.NewReader("")})
			return err
		},
		"breaks at once": func() error {
			_, err := d.Receive(t.Context(), v.Actor, Parcel{Name: "a", Content: iotest.ErrReader(broken)})
			return err
		},
		"breaks later": func() error {
			r := io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), iotest.ErrReader(broken))
			_, err := d.Receive(t.Context(), v.Actor, Parcel{Name: "a", Content: r})
			return err
		},
		"cut off": func() error { // an upload ends like this when the connection does
			r := io.MultiReader(bytes.NewReader(make([]byte, 1<<18+7)), iotest.ErrReader(io.ErrUnexpectedEOF))
			_, err := d.Receive(t.Context(), v.Actor, Parcel{Name: "a", Content: r})
			return err
		},
		"cancelled": func() error {
			_, err := d.Receive(cancelled, v.Actor, Parcel{Name: "a", Content: strings.NewReader("x")})
			return err
		},
		"no such case": func() error {
			_, err := d.Receive(t.Context(), v.Actor, Parcel{Case: "cas_none", Name: "a", Content: strings.NewReader("x")})
			return err
		},
		"forbidden": func() error {
			_, err := d.Receive(t.Context(), evidence.Actor{ID: v.Actor.ID, Role: evidence.Reviewer}, Parcel{Name: "a", Content: strings.NewReader("x")})
			return err
		},
	} {
		if err := try(); err == nil {
			t.Errorf("%s: was received", name)
		}
		if e, b := state(t, v); e != entries || b != blobs {
			t.Errorf("%s: left %d entries and %d blobs", name, e-entries, b-blobs)
		}
	}
}

func TestTheSameContentTwiceIsNoticedAndKept(t *testing.T) {
	d, v := desk(t)
	first, err := d.Receive(t.Context(), v.Actor, Parcel{Name: "a.txt", Content: strings.NewReader("same")})
	if err != nil || len(first.Same) != 0 {
		t.Fatal(first, err)
	}
	again, err := d.Receive(t.Context(), v.Actor, Parcel{Name: "b.txt", Content: strings.NewReader("same")})
	if err != nil || len(again.Same) != 1 || again.Same[0] != first.Item.ID {
		t.Fatalf("%+v: %v", again, err)
	}
}

func TestNamesAreKeptExactly(t *testing.T) {
	d, v := desk(t)
	for _, name := range []string{"영상\n2.mp4", `"quo'te"`, "..", strings.Repeat("가", 85), "\u202egpj.exe"} {
		r, err := d.Receive(t.Context(), v.Actor, Parcel{Name: name, Content: strings.NewReader("x")})
		if err != nil || r.Item.Name.Reveal() != name {
			t.Errorf("%q came back as %q: %v", name, r.Item.Name.Reveal(), err)
		}
	}
}

func TestMaterialIsToldByTheContentFirst(t *testing.T) {
	for want, files := range map[evidence.Material]map[string]string{
		evidence.Video:    {"a.txt": "\x00\x00\x00\x18ftypmp42", "b": "\x1aE\xdf\xa3xxxx", "c.mov": "\x00\x01junk"},
		evidence.Photo:    {"a.mp4": "\x89PNG\r\n\x1a\n0000"},
		evidence.Document: {"a": "서울 (로이터)", "b.mp4": "plain words"},
		evidence.Other:    {"a.bin": "\x00\x01\x02"},
	} {
		for name, start := range files {
			if got := material(name, []byte(start)); got != want {
				t.Errorf("%s %q is %s, want %s", name, start, got, want)
			}
		}
	}
}
