package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"safehouse/internal/evidence"
	"safehouse/internal/locale"
)

// A browser is a real one. It notes what it asks for.
type browser struct {
	context.Context
	mu    sync.Mutex // guards asked
	asked []string
}

// note runs before each page: what breaks its policy is kept where the test can
// read it.
const note = `window.broken=[];document.addEventListener("securitypolicyviolation",e=>window.broken.push(e.violatedDirective+" "+e.blockedURI))`

func newBrowser(t *testing.T) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	tab, end := chromedp.NewContext(alloc)
	t.Cleanup(end)
	b := &browser{Context: tab}
	if err := chromedp.Do(tab, chromedp.Navigate("about:blank")); err != nil { // the first context must have no end
		t.Fatal(err)
	}
	call(t, b, network.Enable, network.EnableParams{})
	call(t, b, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: note})
	events := chromedp.Events(tab, network.RequestWillBeSent)
	go func() {
		for e, err := range events {
			if err != nil {
				return
			}
			b.mu.Lock()
			b.asked = append(b.asked, e.Request.URL)
			b.mu.Unlock()
		}
	}()
	return b
}

func call[P, R any](t *testing.T, b *browser, c cdp.Command[P, R], params P) {
	t.Helper()
	b.run(t, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, c, params)
		return err
	}))
}

func (b *browser) run(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.Context, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// eval gives what an expression is on the page. The policy forbids code of the page,
// not of a test.
func eval[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	out, err := chromedp.Run(b.Context, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%v: %.80s", err, expression)
	}
	return out
}

func (b *browser) open(t *testing.T, url, lang string, width int64) {
	t.Helper()
	call(t, b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}})
	call(t, b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 640})
	b.run(t, chromedp.Navigate(url))
}

// sound says what is wrong with the page that is open: broken policy, a title that
// a script changed, a page wider than the screen.
func (b *browser) sound(t *testing.T, where string) {
	t.Helper()
	if broken := eval[[]string](t, b, "window.broken"); len(broken) > 0 {
		t.Errorf("%s breaks its policy: %v", where, broken)
	}
	if title := eval[string](t, b, "document.title"); !strings.Contains(title, "Safehouse") {
		t.Errorf("%s: the title is %q: a stored script ran", where, title)
	}
	if wide := eval[int](t, b, "document.documentElement.scrollWidth-document.documentElement.clientWidth"); wide > 0 {
		t.Errorf("%s is %d pixels wider than the screen", where, wide)
	}
}

func (b *browser) askedOnly(t *testing.T, url string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.asked) == 0 {
		t.Error("nothing was asked for: this test looks at nothing")
	}
	for _, u := range b.asked {
		if !strings.HasPrefix(u, url) && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "about:") {
			t.Errorf("the page asked for %s", u)
		}
	}
}

func TestAMemberEntersSeesPlaysAndLocks(t *testing.T) {
	s := newSite(t, nil)
	b := newBrowser(t)
	b.open(t, s.url+"/cases/cas_a", "en", 1280)
	b.run(t, chromedp.SendKeys(chromedp.CSS("#passphrase"), passphrase(evidence.Researcher)+"\n"))
	b.run(t, chromedp.WaitVisible(chromedp.CSS("#people")))
	b.sound(t, "the case")
	text := eval[string](t, b, "document.body.innerText")
	for _, want := range []string{"NK-1", "detained, place not disclosed", "overdue", s.release.Digest} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %s", want)
		}
	}
	eval[chromedp.Void](t, b, `document.querySelector("video").muted=true;document.querySelector("video").play();null`)
	for end := time.Now().Add(20 * time.Second); eval[float64](t, b, `document.querySelector("video").currentTime`) == 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the clip does not play: readyState %d", eval[int](t, b, `document.querySelector("video").readyState`))
		}
	}
	b.run(t, chromedp.Click(chromedp.CSS("button.lock")))
	b.run(t, chromedp.WaitVisible(chromedp.CSS("#passphrase")))
	b.run(t, chromedp.NavigateBack())
	b.run(t, chromedp.WaitVisible(chromedp.CSS("#passphrase")))
	if text := eval[string](t, b, "document.body.innerText"); strings.Contains(text, "NK-1") {
		t.Error("the way back shows the case after the lock")
	}
	b.askedOnly(t, s.url)
}

func TestTheLanguageIsChosenWithoutEntering(t *testing.T) {
	s := newSite(t, nil)
	b := newBrowser(t)
	b.open(t, s.url+"/", "en", 360)
	for _, lang := range []string{"ko", "zh", "en"} {
		b.run(t, chromedp.Click(chromedp.CSS(fmt.Sprintf(`button[name=language][value=%s]`, lang))))
		b.run(t, chromedp.WaitVisible(chromedp.CSS(fmt.Sprintf(`html[lang=%s] #passphrase`, lang))))
		want := locale.For(lang).Say("web.unlock_title")
		if got := eval[string](t, b, `document.querySelector("h1").innerText`); got != want {
			t.Errorf("%s: %q, not %q", lang, got, want)
		}
		b.sound(t, "unlock in "+lang)
	}
}

// axe is the program that looks for barriers.
func axe(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("%v: make setup brings it", err)
	}
	return string(b)
}

type barrier struct {
	ID    string `json:"id"`
	Nodes []struct {
		HTML string `json:"html"`
		Why  string `json:"failureSummary"`
	} `json:"nodes"`
}

func (b *browser) barriers(t *testing.T, code string) (out []barrier) {
	t.Helper()
	eval[chromedp.Void](t, b, code)
	found := eval[string](t, b, `axe.run(document).then(r=>JSON.stringify(r.violations))`)
	if err := json.Unmarshal([]byte(found), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPagesHaveNoBarriers(t *testing.T) {
	s := newSite(t, nil)
	b := newBrowser(t)
	code := axe(t)
	look := func(path string) {
		for _, lang := range locale.Languages {
			for _, width := range []int64{360, 1280} {
				for _, scheme := range []string{"light", "dark"} {
					call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
					b.open(t, s.url+path, lang, width)
					where := fmt.Sprintf("%s, %s, %d, %s", path, lang, width, scheme)
					b.sound(t, where)
					for _, v := range b.barriers(t, code) {
						t.Errorf("%s: %s: %s\n%s", where, v.ID, v.Nodes[0].HTML, v.Nodes[0].Why)
					}
				}
			}
		}
	}
	look("/unlock")
	s.as(t, evidence.Researcher)
	for _, path := range []string{"/cases/cas_a", "/cases", "/health", "/no/such/page"} {
		look(path)
	}
	s.as(t, evidence.Field)
	look("/handed-in")
	b.askedOnly(t, s.url)
}

// A look that finds nothing must be able to find something.
func TestBarriersAreFound(t *testing.T) {
	s := newSite(t, nil)
	b := newBrowser(t)
	b.open(t, s.url+"/unlock", "en", 1280)
	eval[chromedp.Void](t, b, `document.querySelector("label").remove();null`)
	if len(b.barriers(t, axe(t))) == 0 {
		t.Error("a field without a label is no barrier")
	}
	if resp, _ := s.do(t, http.MethodGet, "/alive"); resp.StatusCode != http.StatusNoContent {
		t.Errorf("alive: %d", resp.StatusCode)
	}
}
