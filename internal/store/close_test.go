package store

import (
	"context"
	"sync"
	"testing"
)

// Whoever is cut off in the middle of reading lets go of the file a moment later. The
// keys of its pages must last until then: the last one to go still writes.
func TestClosingWaitsForWhoWasCutOff(t *testing.T) {
	for range 40 {
		db, m, _, _ := founded(t)
		addCase(t, db, m.ID, "S-1")
		ctx, cancel := context.WithCancel(t.Context())
		var inside, gone sync.WaitGroup
		for range 4 {
			inside.Add(1)
			gone.Go(func() {
				_ = db.View(ctx, m.ID, func(v *View) error {
					_, err := v.Cases()
					inside.Done()
					<-ctx.Done()
					return err
				})
			})
		}
		inside.Wait()
		cancel()
		gone.Wait()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if n := db.bun.Stats().OpenConnections; n != 0 {
			t.Fatalf("%d connections outlive the keys", n)
		}
	}
}
