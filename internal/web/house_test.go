package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
	"safehouse/internal/release"
	"safehouse/internal/review"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

// What is planted: names that must be in no answer, and a script that must not run.
var planted = []string{"Kim Chol-su", "KIM CHOL SU", "김철수", "金哲洙", "Informant Yun"}

const script = `<script>document.title="ran"</script><img src=x onerror="document.title='ran'">`

// A house is a vault with a whole case in it, made once and copied for each test.
type house struct {
	dir, bundles string
	members      map[evidence.Role]evidence.MemberID
	release      evidence.Release
}

func passphrase(role evidence.Role) string { return "the long words of " + string(role) }

var theHouse = sync.OnceValues(buildHouse)

func buildHouse() (h house, err error) {
	ctx := context.Background()
	top, err := os.MkdirTemp("", "house")
	if err != nil {
		return h, err
	}
	h = house{dir: filepath.Join(top, "data"), bundles: filepath.Join(top, "bundles"), members: make(map[evidence.Role]evidence.MemberID)}
	first := evidence.Member{Name: evidence.Protect("Founder")}
	admin := evidence.Protect(passphrase(evidence.Administrator))
	if err := errors.Join(vault.Found(ctx, h.dir, "safehouse/test", true, &first, admin), os.Mkdir(h.bundles, 0o700)); err != nil {
		return h, err
	}
	v, err := vault.Enter(ctx, h.dir, "", admin)
	if err != nil {
		return h, err
	}
	defer v.Close()
	h.members[evidence.Administrator] = first.ID
	for _, role := range evidence.Roles[1:] {
		m := evidence.Member{Name: evidence.Protect("Member " + string(role)), Role: role}
		if err := v.AddMember(ctx, &m, evidence.Protect(passphrase(role))); err != nil {
			return h, err
		}
		h.members[role] = m.ID
	}
	return h, errors.Join(h.fill(ctx, v), h.publish(ctx, v))
}

// fill puts a case with everything in it into the vault, and a second one that
// nobody but its owner is in.
func (h house) fill(ctx context.Context, v *vault.Vault) error {
	recording, err := testClip()
	if err != nil {
		return err
	}
	content, err := v.Renditions.Put(ctx, "ren_clip", bytes.NewReader(recording))
	if err != nil {
		return err
	}
	other, err := v.Renditions.Put(ctx, "ren_page", strings.NewReader("<script>document.title='ran'</script>"))
	if err != nil {
		return err
	}
	named := evidence.Protect("Words of 김철수, also KIM CHOL SU, who spoke. " + script)
	by := v.Actor.ID
	when := evidence.When{Words: "mid-March 2017", Language: "en", EDTF: "2017-03-11~/2017-03-20~", Earliest: "2017-03-11", Latest: "2017-03-20"}
	mask := evidence.MaskPlan{Source: evidence.PlanSource{Frames: 50}, Tracks: make([]evidence.Track, 2), Queue: make([]evidence.Doubt, 1)}
	return v.DB.Update(ctx, by, func(tx *store.Tx) error {
		for _, action := range []string{"case.new", "item.receive", "mask.plan", "claim.accept", "status.set"} {
			tx.Record(action, "cas_a")
		}
		return errors.Join(
			tx.AddCase(&evidence.Case{ID: "cas_a", Ref: "NK-1", Title: named, Status: "active", Priority: "urgent", By: by}),
			tx.AddCase(&evidence.Case{ID: "cas_other", Ref: "NK-2", Title: evidence.Protect("another's"), Status: "active", Priority: "low", By: h.members[evidence.Field]}),
			tx.AddCaseMember("cas_a", h.members[evidence.Researcher]), tx.AddCaseMember("cas_a", h.members[evidence.Reviewer]),
			tx.AddItem(&evidence.Item{ID: "itm_a", Case: "cas_a", Material: evidence.Video, Size: 5 << 20, By: by, Name: named, From: evidence.Protect("Informant Yun")}, store.Sealed{Blob: "b", Key: []byte("k")}),
			tx.AddPerson(&evidence.Person{ID: "per_a", Case: "cas_a", Pseudonym: "the go-between " + script, Note: named, Names: []evidence.Name{
				{Text: evidence.Protect("Kim Chol-su"), Script: "Latn"}, {Text: evidence.Protect("김철수"), Script: "Hang"}, {Text: evidence.Protect("金哲洙"), Script: "Hani"},
			}}),
			tx.AddGroup(&evidence.Group{ID: "grp_a", Case: "cas_a", Label: "차에 탄 사람들 " + script, Min: 7, Max: 8}),
			tx.AddSource(&evidence.Source{ID: "src_a", Case: "cas_a", Name: evidence.Protect("Informant Yun"), Public: "a go-between " + script, Protected: true, Reliability: "unsure"}),
			tx.AddSource(&evidence.Source{ID: "src_b", Case: "cas_a", Name: evidence.Protect("新华社"), Public: "新华社", Reliability: "unknown"}),
			tx.AddClaim(&evidence.Claim{ID: "clm_a", Case: "cas_a", Source: "src_a", Item: "itm_a", Span: evidence.Span{3, 40}, Form: evidence.Asserts, Type: "indirect", SaidWhen: when, Speaker: named, Content: named, By: by}),
			tx.AddClaim(&evidence.Claim{ID: "clm_b", Case: "cas_a", Source: "src_b", Item: "itm_a", Span: evidence.Span{50, 60}, Form: evidence.NotAware, Type: "direct", Speaker: evidence.Protect("外交部"), Content: evidence.Protect("不了解有关情况"), By: by}),
			tx.AddStatus(&evidence.Status{ID: "sta_a", Case: "cas_a", Subject: "grp_a", Code: "detained_undisclosed", Since: when, AtRisk: true, RefoulExpected: when, Owner: by, Next: "2017-05-15", Note: named, Claims: []evidence.ClaimID{"clm_a"}, By: by}),
			tx.AddPlan(&evidence.Plan{ID: "pln_a", Item: "itm_a", Mask: mask, By: by}),
			tx.AddPlan(&evidence.Plan{ID: "pln_b", Item: "itm_a", Mask: mask, Seen: []int{0}, By: by, Accepted: tx.Now, AcceptBy: by}),
			tx.AddRendition(&evidence.Rendition{ID: "ren_clip", Item: "itm_a", Kind: evidence.Masked, Plan: "pln_b", Media: "video/mp4", Size: content.Size, Digest: content.Digest, By: by}, content.Where),
			tx.AddRendition(&evidence.Rendition{ID: "ren_page", Item: "itm_a", Kind: evidence.Masked, Plan: "pln_b", Media: "text/html", Size: other.Size, Digest: other.Digest, By: by}, other.Where),
			tx.AddDraft(&evidence.Draft{ID: "drf_a", Case: "cas_a", Author: by, Language: "en", State: evidence.Writing, Headline: named, Text: named, Claims: []evidence.ClaimID{"clm_a"}}),
		)
	})
}

// publish makes a real release, whose bundle lies under a name that says nothing.
func (h *house) publish(ctx context.Context, v *vault.Vault) error {
	board := &review.Board{DB: v.DB}
	d, err := board.New(ctx, v.Actor, evidence.Draft{
		Case: "cas_a", Language: "en", Headline: evidence.Protect("Nobody may be sent back"), Text: evidence.Protect("We ask where they are [1]."), Claims: []evidence.ClaimID{"clm_b"},
	})
	if err != nil {
		return err
	}
	sheet, err := board.Submit(ctx, v.Actor, d.ID)
	if err != nil {
		return err
	}
	ok, err := board.Approve(ctx, evidence.Actor{ID: h.members[evidence.Reviewer], Role: evidence.Reviewer}, d.ID, sheet.Digest)
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(h.bundles, "anything"))
	if err != nil {
		return err
	}
	h.release, err = (&release.Press{DB: v.DB, Renditions: v.Renditions}).Make(ctx, v.Actor, ok, f)
	return errors.Join(err, f.Close())
}

// testClip is two seconds of a test picture.
func testClip() ([]byte, error) {
	f := filepath.Join(os.TempDir(), "house-clip.mp4")
	out, err := exec.Command("ffmpeg", "-y", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=25:duration=2", "-pix_fmt", "yuv420p", "-movflags", "+faststart", f).CombinedOutput()
	if err != nil {
		return nil, errors.Join(err, errors.New(string(out)))
	}
	return os.ReadFile(f)
}

func TestMain(m *testing.M) {
	status := m.Run()
	if h, err := theHouse(); err == nil {
		os.RemoveAll(filepath.Dir(h.dir))
	}
	os.Exit(status)
}

// A site is a running server over a copy of the house.
type site struct {
	house
	*Server
	url string
	*http.Client
}

func newSite(t *testing.T, change func(s *Server)) site {
	t.Helper()
	h, err := theHouse()
	if err != nil {
		t.Fatal(err)
	}
	top := t.TempDir()
	for _, dir := range []*string{&h.dir, &h.bundles} {
		to := filepath.Join(top, filepath.Base(*dir))
		if err := os.CopyFS(to, os.DirFS(*dir)); err != nil {
			t.Fatal(err)
		}
		*dir = to
	}
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Data: h.dir, Bundles: h.bundles, Idle: time.Hour, Machine: func(context.Context) []media.Part {
		return []media.Part{{Name: "ffmpeg", Detail: "there"}, {Name: "isolation", Err: &evidence.Problem{Code: "media.not_isolated", Args: []any{"nothing"}}}}
	}}
	if change != nil {
		change(s)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	jar, _ := cookiejar.New(nil)
	return site{h, s, "http://" + l.Addr().String(), &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// as shows the site's pages as a member of that role sees them.
func (s site) as(t *testing.T, role evidence.Role) {
	t.Helper()
	s.door.lock()
	v, err := vault.Enter(t.Context(), s.dir, s.members[role], evidence.Protect(passphrase(role)))
	if err != nil {
		t.Fatal(err)
	}
	s.Show(v)
}

func (s site) do(t *testing.T, method, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader("")
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if req.Header.Set(headers[i], headers[i+1]); headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	return s.send(t, req)
}

func (s site) send(t *testing.T, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := s.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func (s site) unlock(t *testing.T, words string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/unlock", strings.NewReader(url.Values{"passphrase": {words}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", formType)
	resp, _ := s.send(t, req)
	return resp
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
