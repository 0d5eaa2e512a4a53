package mask

import (
	"bytes"
	"context"
	"fmt"
	"image"
	jpg "image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/intake"
	"safehouse/internal/media"
	"safehouse/internal/queue"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

var words = evidence.Protect("a passphrase that is long enough")

// A room is a vault with a desk in it.
type room struct {
	t    *testing.T
	dir  string
	v    *vault.Vault
	desk *Desk
}

func newRoom(t *testing.T) *room {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := vault.Found(t.Context(), dir, "safehouse/test", false, &evidence.Member{Name: evidence.Protect("A")}, words); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Enter(t.Context(), dir, "", words)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return &room{t, dir, v, &Desk{DB: v.DB, Originals: v.Originals, Renditions: v.Renditions, Studio: studio(t)}}
}

func (r *room) receive(f *os.File) evidence.ItemID {
	r.t.Helper()
	in := &intake.Desk{DB: r.v.DB, Originals: r.v.Originals}
	got, err := in.Receive(r.t.Context(), r.v.Actor, intake.Parcel{Name: filepath.Base(f.Name()), Content: f})
	if err != nil {
		r.t.Fatal(err)
	}
	return got.Item.ID
}

// crew is who does the jobs of a vault, as main puts it together.
func crew(v *vault.Vault, d *Desk) *queue.Crew {
	return &queue.Crew{DB: v.DB, Dir: v.Dir, Actor: v.Actor, Works: []queue.Work{
		queue.On(func(ctx context.Context, job evidence.ProposeMask, p queue.Progress) error {
			_, err := d.ProposeOnce(ctx, v.Actor, job.Item, Progress(p))
			return err
		}),
		queue.On(func(ctx context.Context, job evidence.MakePreview, p queue.Progress) error {
			_, err := d.Preview(ctx, v.Actor, job.Plan, Progress(p))
			return err
		}),
	}}
}

func (r *room) drain() queue.Tally {
	r.t.Helper()
	tally, err := crew(r.v, r.desk).Drain(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return tally
}

func (r *room) made(id evidence.ItemID) (plans []evidence.Plan, made []evidence.Rendition) {
	r.t.Helper()
	err := r.v.DB.View(r.t.Context(), r.v.Actor.ID, func(v *store.View) (err error) {
		if plans, err = v.Plans(id); err != nil {
			return err
		}
		made, err = v.Renditions(id)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return plans, made
}

// one is the one plan and the one preview of an item.
func (r *room) one(id evidence.ItemID) (evidence.Plan, []byte) {
	r.t.Helper()
	plans, made := r.made(id)
	if len(plans) != 1 || len(made) != 1 || made[0].Kind != evidence.Preview || made[0].Plan != plans[0].ID || made[0].Media != "image/jpeg" {
		r.t.Fatalf("%d plans, renditions %+v", len(plans), made)
	}
	return plans[0], r.content(made[0].ID)
}

func (r *room) content(id evidence.RenditionID) []byte {
	r.t.Helper()
	c, err := r.v.Renditions.Open(r.t.Context(), r.v.Actor, id)
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	b, err := io.ReadAll(c.Reader())
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// faces are what the detectors see in a photo.
func faces(t *testing.T, photo []byte) (hits []evidence.Box) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(name, photo, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := studio(t).Media.Detect(t.Context(), open(t, name), media.Detection{Every: 1, Both: true, Min: seedScore}, func(l media.Look) error {
		for _, h := range l.Hits {
			hits = append(hits, h.Box)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return hits
}

// inMask says how much of a box is painted in the masks' colour.
func inMask(p image.Image, b evidence.Box) float64 {
	n, under := 0, 0
	for y := max(0, int(b[1])); y < min(int(b[3]), p.Bounds().Dy()); y++ {
		for x := max(0, int(b[0])); x < min(int(b[2]), p.Bounds().Dx()); x++ {
			n++
			r, g, blue, _ := p.At(x, y).RGBA()
			if near(r>>8, 70) && near(g>>8, 90) && near(blue>>8, 110) {
				under++
			}
		}
	}
	return float64(under) / float64(max(n, 1))
}

func near(a uint32, b int) bool { return abs(int(a)-b) < 16 }

func exposed(t *testing.T, photo []byte) (n int) {
	t.Helper()
	p, err := jpg.Decode(bytes.NewReader(photo))
	if err != nil {
		t.Fatal(err)
	}
	if s := p.Bounds().Size(); max(s.X, s.Y) > previewSide {
		t.Errorf("a preview of %v", s)
	}
	for _, b := range faces(t, photo) {
		if inMask(p, b) < hiddenShare {
			n++
		}
	}
	return n
}

// short is the start of the example's clip, and how many frames it has.
func short(t *testing.T) (*os.File, int) {
	t.Helper()
	f := recording(t, "-t", "0.5", "-c", "copy", "short.mp4")
	clip, err := studio(t).Media.Probe(t.Context(), f)
	if err != nil || clip.Frames < 8 {
		t.Fatalf("%+v: %v", clip, err)
	}
	return f, clip.Frames
}

// middle is the clip's middle frame as it is.
func middle(t *testing.T, clip string, frames int) []byte {
	t.Helper()
	pick := fmt.Sprintf(`select=eq(n\,%d),scale=480:-2`, frames/2)
	out, err := exec.Command("ffmpeg", "-v", "error", "-i", clip, "-vf", pick, "-frames:v", "1", "-f", "mjpeg", "-q:v", "2", "pipe:1").Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAVideoHandedInGetsAPlanAndAPreviewOnce(t *testing.T) {
	r := newRoom(t)
	clip, frames := short(t)
	id := r.receive(clip)
	if tally := r.drain(); tally != (queue.Tally{Done: 2}) {
		t.Fatal(tally)
	}
	p, still := r.one(id)
	if p.Mask.Source.Frames != frames || len(p.Mask.Tracks) == 0 {
		t.Fatalf("the plan: %d frames, %d tracks", p.Mask.Source.Frames, len(p.Mask.Tracks))
	}
	if n := len(faces(t, middle(t, clip.Name(), frames))); n == 0 {
		t.Fatal("there is no face on the middle frame: this test sees nothing")
	}
	if n := exposed(t, still); n != 0 {
		t.Errorf("%d bare faces in the preview", n)
	}
	again, err := r.desk.ProposeOnce(t.Context(), r.v.Actor, id, quiet)
	if err != nil || again.ID != p.ID {
		t.Fatalf("proposed again: %s after %s: %v", again.ID, p.ID, err)
	}
	if _, err := r.desk.Preview(t.Context(), r.v.Actor, p.ID, quiet); err != nil {
		t.Fatal(err)
	}
	r.one(id)
}

func TestPreviewCoversWhatThePlanLeftBare(t *testing.T) {
	r := newRoom(t)
	clip, frames := short(t)
	id := r.receive(clip)
	sum, err := fileDigest(clip)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.desk.keep(t.Context(), r.v.Actor, evidence.Plan{Item: id, Mask: evidence.MaskPlan{
		Source: evidence.PlanSource{SHA256: sum, Width: 640, Height: 360, Frames: frames, FPS: 24},
	}}, always)
	if err != nil {
		t.Fatal(err)
	}
	made, err := r.desk.Preview(t.Context(), r.v.Actor, p.ID, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if n := exposed(t, r.content(made.ID)); n != 0 {
		t.Errorf("%d bare faces", n)
	}
	p.Mask.WholeFrames = []int{frames / 2}
	out := create(t, "whole.jpg")
	if _, err := r.desk.Studio.preview(t.Context(), clip, p.Mask, out, quiet); err != nil {
		t.Fatal(err)
	}
	whole, err := jpg.Decode(io.NewSectionReader(out, 0, 1<<20))
	if err != nil || inMask(whole, evidence.Box{0, 0, 480, 270}) < .999 {
		t.Errorf("a frame that is covered whole is not: %v", err)
	}
}

func TestPlanMadeByHandLeavesNothingForTheWaitingJob(t *testing.T) {
	r, photo := newRoom(t), open(t, "../../node_modules/@vladmandic/face-api/demo/sample1.jpg")
	id := r.receive(photo)
	p, err := r.desk.Propose(t.Context(), r.v.Actor, id, Options{}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if tally := r.drain(); tally != (queue.Tally{Done: 2}) {
		t.Fatal(tally)
	}
	got, still := r.one(id)
	if got.ID != p.ID || exposed(t, still) != 0 {
		t.Errorf("plan %s, not %s; %d bare", got.ID, p.ID, exposed(t, still))
	}
}

// drainIn does the jobs of a vault, to be killed at it.
func drainIn(dir, share string) error {
	v, err := vault.Enter(context.Background(), dir, "", words)
	if err != nil {
		return err
	}
	defer v.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r := media.Runner{Program: self, Share: share}
	r.FFmpeg, _ = exec.LookPath("ffmpeg")
	r.FFprobe, _ = exec.LookPath("ffprobe")
	fmt.Println("entered")
	_, err = crew(v, &Desk{DB: v.DB, Originals: v.Originals, Renditions: v.Renditions, Studio: Studio{Media: r}}).Drain(context.Background())
	return err
}

// Killed twice, at moments of chance and of the whole work, there is one plan, one
// preview and nothing that doctor would not know.
func TestKilledAtItsWorkTheDeskMakesOneOfEach(t *testing.T) {
	r := newRoom(t)
	clip, _ := short(t)
	share, err := filepath.Abs("../../share")
	if err != nil {
		t.Fatal(err)
	}
	id := r.receive(clip)
	for _, after := range []time.Duration{200 * time.Millisecond, 1500 * time.Millisecond} {
		killed(t, after, "crew", r.dir, share)
	}
	r.drain()
	r.one(id)
	health, err := r.v.Check(t.Context(), quiet)
	if err != nil || len(health.Faults) > 0 {
		t.Errorf("%+v: %v", health, err)
	}
}

func killed(t *testing.T, after time.Duration, args ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}
