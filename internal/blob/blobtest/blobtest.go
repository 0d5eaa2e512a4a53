// Package blobtest is the contract of blob.Store as tests. Every implementation
// runs it.
package blobtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"safehouse/internal/blob"
	"safehouse/internal/evidence"
)

// Run runs the suite. Each call of open gives an empty store.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	for name, rule := range map[string]func(*testing.T, blob.Store){
		"what was put is read, anywhere":              readsAnywhere,
		"a name is put once":                          putsOnce,
		"of many puts under one name one wins":        oneWins,
		"a put that failed leaves nothing":            failedPut,
		"a put that was given up leaves nothing":      givenUpPut,
		"nobody sees half a blob":                     halfPut,
		"what is absent is not found":                 absent,
		"what is deleted stays away":                  deleted,
		"a deleted blob can be read by who has it":    deletedWhileOpen,
		"names that we did not make are refused":      badNames,
		"the list is whole, in order, with sizes":     lists,
		"the list stops when told, with that error":   listStops,
		"a group is seen when it is kept":             keptGroup,
		"a group that was dropped leaves nothing":     droppedGroup,
		"one bad put leaves the others of a group":    halfGroup,
		"a group with a taken name leaves nothing":    takenGroup,
		"a group that was given up leaves nothing":    givenUpGroup,
		"a blob says when it was put":                 saysWhen,
		"nothing is done for who has given up before": givenUpBefore,
	} {
		t.Run(name, func(t *testing.T) { rule(t, open(t)) })
	}
}

func put(t *testing.T, s blob.Store, content []byte) string {
	t.Helper()
	name := blob.NewName()
	if err := s.Put(t.Context(), name, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	return name
}

func get(t *testing.T, s blob.Store, name string) []byte {
	t.Helper()
	b, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	content, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	if err != nil || int64(len(content)) != b.Size() {
		t.Fatalf("read %d of %d bytes: %v", len(content), b.Size(), err)
	}
	return content
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// names lists the store.
func names(t *testing.T, s blob.Store) (all []string) {
	t.Helper()
	err := s.List(t.Context(), func(name string, _ int64) error {
		all = append(all, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantEmpty(t *testing.T, s blob.Store, name string) {
	t.Helper()
	if _, err := s.Open(t.Context(), name); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("open: %v", err)
	}
	if all := names(t, s); len(all) != 0 {
		t.Errorf("still there: %v", all)
	}
	if err := s.Put(t.Context(), name, bytes.NewReader([]byte("again"))); err != nil {
		t.Errorf("put again: %v", err)
	}
}

func readsAnywhere(t *testing.T, s blob.Store) {
	for _, n := range []int{0, 1, 4096, 3 << 20} {
		content := random(n)
		name := put(t, s, content)
		if !bytes.Equal(get(t, s, name), content) {
			t.Fatalf("%d bytes came back different", n)
		}
		b, err := s.Open(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				at := n * i / 5
				got, err := io.ReadAll(io.NewSectionReader(b, int64(at), int64(n)))
				if err != nil || !bytes.Equal(got, content[at:]) {
					t.Errorf("from %d of %d: %v", at, n, err)
				}
			})
		}
		all.Wait()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

func putsOnce(t *testing.T, s blob.Store) {
	name := put(t, s, []byte("first"))
	if err := s.Put(t.Context(), name, bytes.NewReader([]byte("second"))); !errors.Is(err, blob.ErrExists) {
		t.Errorf("the second time: %v", err)
	}
	if got := get(t, s, name); string(got) != "first" {
		t.Errorf("now it holds %q", got)
	}
}

func oneWins(t *testing.T, s blob.Store) {
	name := blob.NewName()
	var all sync.WaitGroup
	won := make(chan byte, 8)
	for i := range byte(8) {
		all.Go(func() {
			err := s.Put(context.Background(), name, bytes.NewReader(bytes.Repeat([]byte{i}, 100_000)))
			switch {
			case err == nil:
				won <- i
			case !errors.Is(err, blob.ErrExists):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(won) != 1 {
		t.Fatalf("%d won", len(won))
	}
	if got := get(t, s, name); !bytes.Equal(got, bytes.Repeat([]byte{<-won}, 100_000)) {
		t.Error("it does not hold what the winner put")
	}
}

var errSource = errors.New("the source broke")

func failedPut(t *testing.T, s blob.Store) {
	name := blob.NewName()
	half := io.MultiReader(bytes.NewReader(random(100_000)), failing{})
	if err := s.Put(t.Context(), name, half); !errors.Is(err, errSource) {
		t.Errorf("put: %v", err)
	}
	wantEmpty(t, s, name)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errSource }

func givenUpPut(t *testing.T, s blob.Store) {
	ctx, giveUp := context.WithCancel(t.Context())
	name := blob.NewName()
	endless := readerFunc(func(p []byte) (int, error) {
		giveUp()
		return len(p), nil
	})
	if err := s.Put(ctx, name, endless); !errors.Is(err, context.Canceled) {
		t.Errorf("put: %v", err)
	}
	wantEmpty(t, s, name)
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func halfPut(t *testing.T, s blob.Store) {
	name := blob.NewName()
	pr, pw := io.Pipe()
	done := make(chan error)
	go func() { done <- s.Put(context.Background(), name, pr) }()
	pw.Write(random(100_000)) //nolint:errcheck // it returns once the store has read it
	if _, err := s.Open(t.Context(), name); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("open: %v", err)
	}
	if all := names(t, s); len(all) != 0 {
		t.Errorf("listed: %v", all)
	}
	pw.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := len(get(t, s, name)); n != 100_000 {
		t.Errorf("then it held %d bytes", n)
	}
}

func absent(t *testing.T, s blob.Store) {
	if _, err := s.Open(t.Context(), blob.NewName()); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("open: %v", err)
	}
	if err := s.Delete(t.Context(), blob.NewName()); err != nil {
		t.Errorf("delete: %v", err)
	}
}

func deleted(t *testing.T, s blob.Store) {
	stays, goes := put(t, s, []byte("stays")), put(t, s, []byte("goes"))
	for range 2 {
		if err := s.Delete(t.Context(), goes); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Open(t.Context(), goes); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("open: %v", err)
	}
	if all := names(t, s); !slices.Equal(all, []string{stays}) {
		t.Errorf("listed: %v", all)
	}
}

func deletedWhileOpen(t *testing.T, s blob.Store) {
	content := random(200_000)
	name := put(t, s, content)
	b, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := s.Delete(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func badNames(t *testing.T, s blob.Store) {
	good := blob.NewName()
	for _, name := range []string{
		"", "a", "..", "../" + good, good + "/x", "/" + good, good[:31], good + "0", "A" + good[1:],
		"g" + good[1:], good[:31] + "\x00", ".put-" + good[5:],
	} {
		if err := s.Put(t.Context(), name, bytes.NewReader(nil)); !errors.Is(err, blob.ErrName) {
			t.Errorf("put %q: %v", name, err)
		}
		if _, err := s.Open(t.Context(), name); !errors.Is(err, blob.ErrName) {
			t.Errorf("open %q: %v", name, err)
		}
		if err := s.Delete(t.Context(), name); !errors.Is(err, blob.ErrName) {
			t.Errorf("delete %q: %v", name, err)
		}
	}
}

func lists(t *testing.T, s blob.Store) {
	want := make(map[string]int64)
	for i := range 50 {
		want[put(t, s, random(i))] = int64(i)
	}
	var order []string
	err := s.List(t.Context(), func(name string, size int64) error {
		if n, ok := want[name]; !ok || n != size {
			t.Errorf("%s: %d bytes, put %d", name, size, n)
		}
		order = append(order, name)
		return nil
	})
	if err != nil || len(order) != len(want) || !slices.IsSorted(order) || len(slices.Compact(order)) != len(want) {
		t.Errorf("%d of %d, sorted %v: %v", len(order), len(want), slices.IsSorted(order), err)
	}
}

func listStops(t *testing.T, s blob.Store) {
	put(t, s, nil)
	put(t, s, nil)
	calls := 0
	err := s.List(t.Context(), func(string, int64) error {
		calls++
		return errSource
	})
	if !errors.Is(err, errSource) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func saysWhen(t *testing.T, s blob.Store) {
	name := put(t, s, []byte("x"))
	b, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if age := time.Since(b.Written()); age < -time.Minute || age > time.Minute {
		t.Errorf("put %v ago", age)
	}
}

func givenUpBefore(t *testing.T, s blob.Store) {
	name := put(t, s, []byte("x"))
	ctx, giveUp := context.WithCancel(t.Context())
	giveUp()
	if err := s.Put(ctx, blob.NewName(), bytes.NewReader(nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("put: %v", err)
	}
	if _, err := s.Open(ctx, name); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	if err := s.Delete(ctx, name); !errors.Is(err, context.Canceled) {
		t.Errorf("delete: %v", err)
	}
	if err := s.List(ctx, func(string, int64) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("list: %v", err)
	}
	if got := get(t, s, name); string(got) != "x" {
		t.Errorf("now it holds %q", got)
	}
}

// group puts n blobs into a new group.
func group(t *testing.T, s blob.Store, n int) (blob.Group, []string) {
	t.Helper()
	g := s.Group()
	var all []string
	for i := range n {
		name := blob.NewName()
		if err := g.Put(t.Context(), name, bytes.NewReader([]byte{byte(i)})); err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
	}
	slices.Sort(all)
	return g, all
}

func keptGroup(t *testing.T, s blob.Store) {
	g, want := group(t, s, 40)
	if all := names(t, s); len(all) != 0 {
		t.Errorf("seen before: %v", all)
	}
	if err := g.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.Drop()
	if all := names(t, s); !slices.Equal(all, want) {
		t.Errorf("%d of %d are there", len(all), len(want))
	}
	if err := s.Group().Keep(t.Context()); err != nil {
		t.Errorf("an empty group: %v", err)
	}
}

func droppedGroup(t *testing.T, s blob.Store) {
	g, all := group(t, s, 3)
	g.Drop()
	wantEmpty(t, s, all[0])
}

func halfGroup(t *testing.T, s blob.Store) {
	g, want := group(t, s, 2)
	if err := g.Put(t.Context(), blob.NewName(), failing{}); !errors.Is(err, errSource) {
		t.Errorf("put: %v", err)
	}
	if err := g.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := names(t, s); !slices.Equal(all, want) {
		t.Errorf("%v, not %v", all, want)
	}
}

func takenGroup(t *testing.T, s blob.Store) {
	g, all := group(t, s, 5)
	if err := s.Put(t.Context(), all[4], bytes.NewReader([]byte("first"))); err != nil {
		t.Fatal(err)
	}
	if err := g.Keep(t.Context()); !errors.Is(err, blob.ErrExists) {
		t.Errorf("keep: %v", err)
	}
	if left := names(t, s); !slices.Equal(left, all[4:]) || string(get(t, s, all[4])) != "first" {
		t.Errorf("left: %v", left)
	}
}

func givenUpGroup(t *testing.T, s blob.Store) {
	ctx, giveUp := context.WithCancel(t.Context())
	g, all := group(t, s, 2)
	giveUp()
	if err := g.Keep(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("keep: %v", err)
	}
	wantEmpty(t, s, all[0])
}
