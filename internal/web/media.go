package web

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"safehouse/bundle"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
)

// shown are the types that a browser may show as what they are. All were written by
// us: nothing that a stranger sent is ever served.
var shown = []string{"video/mp4", "image/png", "image/jpeg"}

// showRendition gives a covered copy, whole or in part.
func showRendition(q *request) error {
	id := evidence.RenditionID(q.PathValue("rendition"))
	var r evidence.Rendition
	err := q.v.DB.View(q.Context(), q.actor.ID, func(v *store.View) (err error) {
		r, _, err = v.Rendition(id)
		return err
	})
	if err == nil && !slices.Contains(shown, r.Media) {
		err = fmt.Errorf("show %s: %w", id, evidence.ErrNotFound)
	}
	if err != nil {
		return err
	}
	c, err := q.v.Renditions.Open(q.Context(), q.actor, id)
	if err != nil {
		return err
	}
	defer c.Close()
	q.w.Header().Set("Content-Type", r.Media)
	q.w.Header().Set("ETag", `"`+string(id)+`"`) // it never changes
	http.ServeContent(unkept{q.w}, q.Request, "", time.Time{}, io.NewSectionReader(c, 0, c.Size))
	return nil
}

// unkept says no-store once more when the answer begins: the standard library takes
// it away from the refusal of a range.
type unkept struct{ http.ResponseWriter }

func (w unkept) WriteHeader(status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.ResponseWriter.WriteHeader(status)
}

// A shelf remembers what was found in the folder of bundles.
type shelf struct {
	mu   sync.Mutex // guards the rest, and is held while reading
	seen map[string]book
}

// A book is a file of the folder. Its report is empty where it is no whole bundle.
type book struct {
	info   os.FileInfo
	report bundle.Report
}

// find gives the file that is the bundle of a release, by what is in it and never by
// its name. Empty: there is none.
func (s *Server) find(rel evidence.Release, key string) string {
	if s.Bundles == "" {
		return ""
	}
	entries, err := os.ReadDir(s.Bundles)
	if err != nil {
		return ""
	}
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	seen := make(map[string]book)
	found := ""
	for _, e := range entries {
		path := filepath.Join(s.Bundles, e.Name())
		b, ok := s.shelf.look(path)
		if !ok {
			continue
		}
		seen[path] = b
		if is(b.report, rel, key) {
			found = path
		}
	}
	s.shelf.seen = seen
	return found
}

func is(r bundle.Report, rel evidence.Release, key string) bool {
	return rel.Digest != "" && r.Digest == rel.Digest && r.Release == string(rel.ID) && r.Key == key
}

// look reads a file unless it is the one that was read before.
func (s *shelf) look(path string) (book, bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return book{}, false
	}
	if b, ok := s.seen[path]; ok && os.SameFile(b.info, info) && b.info.Size() == info.Size() && b.info.ModTime().Equal(info.ModTime()) {
		return b, true
	}
	f, err := os.Open(path)
	if err != nil {
		return book{}, false
	}
	defer f.Close()
	report, err := bundle.Verify(f, info.Size())
	if err != nil {
		report = bundle.Report{} // some other file
	}
	return book{info, report}, true
}

// giveBundle gives the bundle of a release, after checking once more the very file
// that it gives.
func giveBundle(q *request) error {
	rel, err := q.release(evidence.ReleaseID(q.PathValue("release")))
	if err != nil {
		return err
	}
	path := q.s.find(rel, q.v.DB.Verifier())
	if path == "" {
		return fmt.Errorf("bundle of %s: %w", rel.ID, evidence.ErrNotFound)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	report, err := bundle.Verify(f, info.Size())
	if err != nil || !is(report, rel, q.v.DB.Verifier()) {
		return fmt.Errorf("bundle of %s: %w", rel.ID, evidence.ErrNotFound)
	}
	q.w.Header().Set("Content-Type", "application/zip")
	q.w.Header().Set("Content-Disposition", `attachment; filename="`+string(rel.ID)+`.zip"`)
	http.ServeContent(unkept{q.w}, q.Request, "", time.Time{}, io.NewSectionReader(f, 0, info.Size()))
	return nil
}

func (q *request) release(id evidence.ReleaseID) (rel evidence.Release, err error) {
	err = q.v.DB.View(q.Context(), q.actor.ID, func(v *store.View) error {
		all, err := v.Releases()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(r evidence.Release) bool { return r.ID == id })
		if i < 0 {
			return fmt.Errorf("%s: %w", id, evidence.ErrNotFound)
		}
		rel = all[i]
		return nil
	})
	return rel, err
}
