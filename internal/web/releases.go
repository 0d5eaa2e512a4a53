package web

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"safehouse/bundle"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
)

type releaseRow struct {
	ID     evidence.ReleaseID
	Draft  string
	Digest string
	Made   moment
	By     string
	Bundle bool // it is here to be downloaded
}

// bundles marks the releases whose bundle is here.
func (v *visit) bundles(rows []releaseRow) {
	for i, r := range rows {
		f, err := v.bundle(evidence.Release{ID: r.ID, Digest: r.Digest})
		if err == nil {
			rows[i].Bundle = true
			f.Close()
		}
	}
}

// bundle finds the bundle of a release by what is in it: a name can be anybody's.
func (v *visit) bundle(r evidence.Release) (*os.File, error) {
	none := fmt.Errorf("bundle of %s: %w", r.ID, evidence.ErrNotFound)
	if v.Bundles == "" {
		return nil, none
	}
	entries, err := os.ReadDir(v.Bundles)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, none
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		f, err := os.Open(filepath.Join(v.Bundles, e.Name()))
		if err != nil {
			continue // not ours to read: another file may be it
		}
		if v.holds(f, r) {
			return f, nil
		}
		f.Close()
	}
	return nil, none
}

// holds says whether f is a whole bundle of this release under this vault's key.
func (v *visit) holds(f *os.File, r evidence.Release) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	report, err := bundle.Verify(f, info.Size())
	return err == nil && report.Release == string(r.ID) && report.Digest == r.Digest && report.Key == v.vault.DB.Verifier()
}

// sendBundle sends a release as it left: checked again just before.
func sendBundle(v *visit) error {
	var found evidence.Release
	err := v.read(func(view *store.View) error {
		releases, err := view.Releases()
		for _, r := range releases {
			if string(r.ID) == v.r.PathValue("id") {
				found = r
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if found.ID == "" {
		return evidence.ErrNotFound
	}
	f, err := v.bundle(found)
	if err != nil {
		return err
	}
	defer f.Close()
	v.w.Header().Set("Content-Type", "application/zip")
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+string(found.ID)+`.zip"`)
	http.ServeContent(v.w, v.r, "", time.Time{}, f)
	return nil
}
