package web

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/store"
)

// shown are the kinds of content that a page may hold. Whatever else a rendition is
// would have to be interpreted by the browser.
var shown = map[string]bool{"video/mp4": true, "image/jpeg": true, "image/png": true}

// sendRendition sends a masked copy, or a part of it. Never anything else: what is
// not masked has no URL.
func sendRendition(v *visit) error {
	id := evidence.RenditionID(v.r.PathValue("id"))
	var made evidence.Rendition
	err := v.read(func(view *store.View) (err error) {
		made, _, err = view.Rendition(id)
		return err
	})
	if err != nil {
		return err
	}
	if made.Kind != evidence.Masked || !shown[made.Media] {
		return fmt.Errorf("rendition %s is not shown: %w", id, evidence.ErrNotFound)
	}
	content, err := v.vault.Renditions.Open(v.r.Context(), v.actor, id)
	if err != nil {
		return err
	}
	defer content.Close()
	v.w.Header().Set("Content-Type", made.Media)
	http.ServeContent(v.w, v.r, "", time.Time{}, io.NewSectionReader(content, 0, content.Size))
	return nil
}
