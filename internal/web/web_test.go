package web

import (
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
)

// one house for the tests that only look: to build it takes many passphrases.
var one = struct {
	sync.Once
	h *house
}{}

func shared(t *testing.T) *house {
	t.Helper()
	one.Do(func() { one.h = build(keeper{t}) })
	if one.h == nil {
		t.Fatal("the house was not built")
	}
	return one.h
}

// keeper keeps the folders until all tests have run.
type keeper struct{ *testing.T }

var kept []string

func (k keeper) TempDir() string {
	dir, err := os.MkdirTemp("", "safehouse-web")
	if err != nil {
		k.Fatal(err)
	}
	kept = append(kept, dir)
	return dir
}

func TestMain(m *testing.M) {
	status := m.Run()
	for _, dir := range kept {
		os.RemoveAll(dir)
	}
	os.Exit(status)
}

// path fills a pattern of the table with what is in the house.
func (h *house) path(pattern string) string {
	return strings.NewReplacer("{$}", "", "{case}", string(h.cs), "{rendition}", string(h.clip), "{release}", string(h.rel)).Replace(pattern)
}

func TestNothingIsShownBeforeSomebodyEntered(t *testing.T) {
	v := serve(t, shared(t), nil)
	for _, r := range inside {
		for _, cookie := range []string{"", "made up"} {
			v.cookie = cookie
			a := v.get(v.h.path(r.pattern))
			if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/unlock" {
				t.Errorf("%s answers %s", r.pattern, a.Status)
			}
		}
	}
	if a := v.get("/no/such/page"); a.Header.Get("Location") != "/unlock" {
		t.Errorf("an unknown page answers %s: it tells that it is none", a.Status)
	}
	if a := v.get("/unlock"); a.StatusCode != http.StatusOK || !strings.Contains(a.text, `type="password"`) {
		t.Errorf("the unlock page: %s", a.Status)
	}
	if a := v.get("/static/style.css"); a.StatusCode != http.StatusOK {
		t.Errorf("styles: %s", a.Status)
	}
	if a := v.get("/static/"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a folder is listed: %s", a.Status)
	}
}

func TestMembersEnterAndLockForEverybody(t *testing.T) {
	v := serve(t, shared(t), nil)
	if a := v.enter(firstWords); a.StatusCode != http.StatusSeeOther || v.cookie == "" {
		t.Fatalf("the first: %s", a.Status)
	}
	second := *v
	if a := second.enter(secondWords); a.StatusCode != http.StatusSeeOther || second.cookie == v.cookie {
		t.Fatalf("the second: %s", a.Status)
	}
	place := v.h.path("/cases/{case}")
	if a := v.get(place); !strings.Contains(a.text, "NK-2017-04") || !strings.Contains(a.text, ">administrator<") && !strings.Contains(a.text, "administrator") {
		t.Errorf("the first sees %s", a.Status)
	}
	if a := second.get(place); a.StatusCode != http.StatusOK || !strings.Contains(a.text, "reviewer") {
		t.Errorf("the second sees %s", a.Status)
	}
	if a := second.ask("POST", "/lock", "", nil); a.Header.Get("Location") != "/unlock" {
		t.Errorf("locking: %s", a.Status)
	}
	for name, who := range map[string]*visitor{"first": v, "second": &second} {
		if a := who.get(place); a.Header.Get("Location") != "/unlock" {
			t.Errorf("after locking the %s sees %s", name, a.Status)
		}
	}
	v.enter(firstWords)
	if a := v.get(place); a.StatusCode != http.StatusOK {
		t.Errorf("after entering again: %s", a.Status)
	}
	if a := second.get(place); a.Header.Get("Location") != "/unlock" {
		t.Errorf("a session outlived the lock: %s", a.Status)
	}
}

func TestWrongPassphrasesMakeTheNextOneWait(t *testing.T) {
	v := serve(t, shared(t), nil)
	for i := range freeTry {
		if a := v.enter(fmt.Sprintf("wrong passphrase %d", i)); a.StatusCode != http.StatusForbidden {
			t.Fatalf("wrong passphrase %d: %s", i, a.Status)
		}
	}
	a := v.enter(firstWords)
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if a.StatusCode != http.StatusTooManyRequests || err != nil || seconds < 1 || v.cookie != "" {
		t.Fatalf("%s after %q seconds, cookie %q", a.Status, a.Header.Get("Retry-After"), v.cookie)
	}
	if !strings.Contains(a.text, strconv.Itoa(seconds)) {
		t.Error("the page does not say how long")
	}
	v.s.door.mu.Lock()
	first := v.s.door.until
	v.s.door.until = time.Time{}
	v.s.door.mu.Unlock()
	began := time.Now()
	v.enter("wrong once more")
	v.s.door.mu.Lock()
	second := v.s.door.until
	v.s.door.until = time.Time{}
	v.s.door.mu.Unlock()
	if second.Sub(began) < first.Sub(began)+firstGap {
		t.Errorf("the wait does not grow: %v, then %v", time.Until(first), time.Until(second))
	}
	if a := v.enter(firstWords); a.StatusCode != http.StatusSeeOther {
		t.Errorf("after the wait: %s", a.Status)
	}
	if v.s.door.fails != 0 {
		t.Error("the right passphrase does not clear the count")
	}
}

// Whoever sends many at once must not get more tries than one after the other.
func TestManyAtOnceGetNoMoreTries(t *testing.T) {
	v := serve(t, shared(t), nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := make(map[int]int)
	for i := range 12 {
		wg.Go(func() {
			a := v.ask("POST", "/unlock", fmt.Sprintf("passphrase=guess+number+%d", i), nil)
			mu.Lock()
			defer mu.Unlock()
			got[a.StatusCode]++
		})
	}
	wg.Wait()
	if tried := got[http.StatusForbidden]; tried < 1 || tried > freeTry+maxTries-1 || tried+got[http.StatusTooManyRequests] != 12 {
		t.Errorf("tried and refused: %v", got)
	}
}

func TestItAnswersOnlyToItsOwnName(t *testing.T) {
	v := serve(t, shared(t), nil)
	v.enter(firstWords)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(v.url, "http://"))
	for _, host := range []string{"evil.example:" + port, "localhost:" + port, "127.0.0.1", "127.0.0.1:1", "127.0.0.1.nip.example:" + port} {
		for _, path := range []string{"/", v.h.path("/cases/{case}"), "/unlock", "/static/style.css"} {
			a := v.ask("GET", path, "", func(r *http.Request) { r.Host = host })
			if a.StatusCode != http.StatusMisdirectedRequest || strings.Contains(a.text, "NK-2017") {
				t.Errorf("%s at %s: %s", path, host, a.Status)
			}
		}
	}
}

func TestNoOtherSiteCanSendAForm(t *testing.T) {
	v := serve(t, shared(t), nil)
	v.enter(firstWords)
	for name, change := range map[string]func(*http.Request){
		"cross-site":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"same-site":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"other port":  func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "http://127.0.0.1:1") },
		"null origin": func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "null") },
	} {
		for _, path := range []string{"/lock", "/unlock", "/language"} {
			if a := v.ask("POST", path, "lang=ko&passphrase=x", change); a.StatusCode != http.StatusForbidden || len(a.Cookies()) > 0 {
				t.Errorf("%s from %s: %s", path, name, a.Status)
			}
		}
	}
	if a := v.get(v.h.path("/cases/{case}")); a.StatusCode != http.StatusOK {
		t.Errorf("it was locked: %s", a.Status)
	}
}

func TestABodyThatIsTooLongIsRefused(t *testing.T) {
	v := serve(t, shared(t), nil)
	a := v.ask("POST", "/unlock", "passphrase="+strings.Repeat("x", 2*maxBody), nil)
	if a.StatusCode != http.StatusUnprocessableEntity || v.s.door.fails != 0 {
		t.Errorf("%s, %d tried", a.Status, v.s.door.fails)
	}
}

// allowed says who may see what: every line of the table has one here.
var allowed = map[string][]evidence.Role{
	"GET /{$}":                       evidence.Roles,
	"GET /cases/{case}":              {evidence.Administrator, evidence.Researcher, evidence.Reviewer},
	"GET /renditions/{rendition}":    {evidence.Administrator, evidence.Researcher, evidence.Reviewer},
	"GET /releases/{release}/bundle": {evidence.Administrator, evidence.Researcher, evidence.Reviewer},
	"GET /journal":                   {evidence.Administrator, evidence.Researcher, evidence.Reviewer},
	"GET /health":                    evidence.Roles,
}

func TestEachRoleSeesWhatItMay(t *testing.T) {
	v := serve(t, shared(t), nil)
	v.enter(firstWords)
	if len(allowed) != len(inside) {
		t.Errorf("%d lines here, %d in the table", len(allowed), len(inside))
	}
	for _, r := range inside {
		roles, ok := allowed[r.method+" "+r.pattern]
		if !ok {
			t.Errorf("nobody said who may see %s %s", r.method, r.pattern)
		}
		for _, role := range evidence.Roles {
			want := http.StatusNotFound
			for _, may := range roles {
				if may == role {
					want = http.StatusOK
				}
			}
			a := v.as(v.h.members[role]).get(v.h.path(r.pattern))
			if r.pattern == "/{$}" && a.StatusCode == http.StatusSeeOther { // one case: straight to it
				a.StatusCode = http.StatusOK
			}
			if a.StatusCode != want {
				t.Errorf("%s as %s: %s, not %d", r.pattern, role, a.Status, want)
			}
			if r.action != anyone && (access.Check(evidence.Actor{Role: role}, r.action) == nil) != (want == http.StatusOK) {
				t.Errorf("%s asks for %s, which %s has or lacks otherwise", r.pattern, r.action, role)
			}
		}
	}
}

func TestForbiddenLooksLikeAbsent(t *testing.T) {
	v := serve(t, shared(t), nil)
	v.enter(firstWords)
	admin, reviewer, stranger := v, v.as(v.h.members[evidence.Reviewer]), v.as(v.h.stranger)
	for _, look := range []struct{ pattern, forbidden, absent string }{
		{"/cases/%s", string(v.h.other), "cas_" + strings.Repeat("a", 16)},
		{"/renditions/%s", string(v.h.foreign), "ren_" + strings.Repeat("a", 16)},
	} {
		if a := admin.get(fmt.Sprintf(look.pattern, look.forbidden)); look.pattern != "/cases/%s" && a.StatusCode != http.StatusOK {
			t.Errorf("%s is not there at all: %s", look.forbidden, a.Status)
		}
		same(t, reviewer, fmt.Sprintf(look.pattern, look.forbidden), fmt.Sprintf(look.pattern, look.absent))
	}
	same(t, stranger, v.h.path("/releases/{release}/bundle"), "/releases/rel_"+strings.Repeat("a", 16)+"/bundle")
	same(t, stranger, v.h.path("/cases/{case}"), "/cases/cas_"+strings.Repeat("a", 16))
	if a := admin.get("/cases/NK-2017-04"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a reference works as an address: %s", a.Status)
	}
	if a := stranger.get("/journal"); strings.Contains(a.text, string(v.h.cs)) || strings.Contains(a.text, string(v.h.items[0])) {
		t.Error("the journal tells a stranger of the case")
	}
}

// same compares two answers but for the address in them.
func same(t *testing.T, v *visitor, one, two string) {
	t.Helper()
	a, b := v.get(one), v.get(two)
	if a.StatusCode != http.StatusNotFound || a.StatusCode != b.StatusCode || strings.ReplaceAll(a.text, one, two) != b.text {
		t.Errorf("%s answers %s, %s answers %s", one, a.Status, two, b.Status)
	}
	for key := range a.Header {
		if key != "Date" && a.Header.Get(key) != b.Header.Get(key) {
			t.Errorf("%s tells them apart", key)
		}
	}
}

func TestWhatWasStoredNeverRuns(t *testing.T) {
	v := serve(t, shared(t), nil)
	v.enter(firstWords)
	a := v.get(v.h.path("/cases/{case}")) // ask looks for scripts in every answer
	if n := strings.Count(a.text, "&lt;script&gt;"); n < 7 {
		t.Errorf("it is shown %d times: this test looks at something else", n)
	}
	if strings.Contains(a.text, "<img src=x") {
		t.Error("what was stored became part of the page")
	}
	if title := a.text[strings.Index(a.text, "<title>"):strings.Index(a.text, "</title>")]; title != "<title>Safehouse" {
		t.Errorf("the title tells: %s", title)
	}
	if a := v.get("/renditions/" + string(v.h.page)); a.StatusCode != http.StatusNotFound {
		t.Errorf("what is no picture and no film is served: %s", a.Status)
	}
}

func TestNoPageShowsAProtectedName(t *testing.T) {
	v := serve(t, shared(t), nil)
	v.enter(firstWords)
	for _, lang := range []string{"en", "ko", "zh"} {
		for _, role := range evidence.Roles {
			who := v.as(v.h.members[role])
			for _, r := range inside {
				who.ask("GET", v.h.path(r.pattern), "", func(r *http.Request) { r.Header.Set("Accept-Language", lang) })
			}
		}
	}
	if a := v.get(v.h.path("/cases/{case}")); !strings.Contains(a.text, "names sealed: 2") {
		t.Error("that names are sealed is not said")
	}
}

func TestAFilmComesInPartsAndNoRangeBreaksIt(t *testing.T) {
	v := serve(t, shared(t), nil)
	v.enter(firstWords)
	path, film := v.h.path("/renditions/{rendition}"), string(v.h.film)
	if a := v.get(path); a.text != film || a.Header.Get("Content-Type") != "video/mp4" || a.Header.Get("Accept-Ranges") != "bytes" {
		t.Fatalf("whole: %s, %d bytes, %s", a.Status, len(a.text), a.Header.Get("Content-Type"))
	}
	if a := v.ask("HEAD", path, "", nil); a.StatusCode != http.StatusOK || a.ContentLength != int64(len(film)) || a.text != "" {
		t.Errorf("HEAD: %s, %d", a.Status, a.ContentLength)
	}
	for _, given := range ranges(len(film)) {
		a := v.ask("GET", path, "", func(r *http.Request) { r.Header.Set("Range", given) })
		switch a.StatusCode {
		case http.StatusOK:
			if a.text != film {
				t.Errorf("%q gives %d bytes of all", given, len(a.text))
			}
		case http.StatusPartialContent:
			if !strings.HasPrefix(a.Header.Get("Content-Type"), "multipart/") && !strings.Contains(film, a.text) {
				t.Errorf("%q gives other bytes", given)
			}
		case http.StatusRequestedRangeNotSatisfiable:
		default:
			t.Errorf("%q: %s", given, a.Status)
		}
	}
	a := v.ask("GET", path, "", func(r *http.Request) { r.Header.Set("Range", "bytes=100-199") })
	if a.StatusCode != http.StatusPartialContent || a.text != film[100:200] {
		t.Errorf("a range in the middle: %s, %d bytes", a.Status, len(a.text))
	}
}

// ranges are a hundred that are wrong in their own ways.
func ranges(size int) []string {
	out := []string{"bytes=", "bytes=-", "bytes=--1", "bytes=a-b", "bytes=1", "bytes=5-1", "octets=0-1", "bytes=0-1,", "bytes=,,,", "bytes=0-1;2-3", "Bytes=0-1",
		"bytes=99999999999999999999-", "bytes=-99999999999999999999", "bytes=0-18446744073709551616", fmt.Sprintf("bytes=%d-", size), fmt.Sprintf("bytes=%d-", size-1),
		"bytes=-0", "bytes= 0 - 1 ", "bytes=0-0,0-0,0-0", "bytes=" + strings.Repeat("0-1,", 200) + "0-1", "0-1", "bytes=٣-٤", "bytes=0x0-0x1", "bytes=1e2-"}
	random := rand.New(rand.NewSource(1))
	signs := []rune("0123456789-,=;bytes ")
	for len(out) < 100 {
		text := []rune("bytes=")
		for range random.Intn(24) {
			text = append(text, signs[random.Intn(len(signs))])
		}
		out = append(out, string(text))
	}
	return out
}

func TestABundleIsKnownByWhatIsInIt(t *testing.T) {
	v := serve(t, shared(t), nil)
	v.enter(firstWords)
	want, err := os.ReadFile(v.h.bundles + "/holiday.jpg")
	if err != nil {
		t.Fatal(err)
	}
	a := v.get(v.h.path("/releases/{release}/bundle"))
	if a.text != string(want) || a.Header.Get("Content-Type") != "application/zip" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%s, %d bytes, %s", a.Status, len(a.text), a.Header.Get("Content-Disposition"))
	}
	w := serve(t, v.h, func(s *Server) { s.Bundles = "" })
	w.enter(firstWords)
	if a := w.get(v.h.path("/releases/{release}/bundle")); a.StatusCode != http.StatusNotFound {
		t.Errorf("without a folder: %s", a.Status)
	}
}

func TestEachLanguageCanBeChosenWithoutEntering(t *testing.T) {
	v := serve(t, shared(t), nil)
	for lang, word := range map[string]string{"ko": "암호문", "zh": "口令", "en": "passphrase", "zh-TW, en;q=0.1": "口令", "fr, ko;q=0.5": "암호문", "": "passphrase"} {
		a := v.ask("GET", "/unlock", "", func(r *http.Request) { r.Header.Set("Accept-Language", lang) })
		if !strings.Contains(a.text, word) {
			t.Errorf("%q is not answered in its language", lang)
		}
	}
	a := v.ask("POST", "/language", "lang=ko&back=/unlock", nil)
	if a.Header.Get("Location") != "/unlock" || len(a.Cookies()) != 1 || a.Cookies()[0].Value != "ko" {
		t.Fatalf("%s %v", a.Status, a.Cookies())
	}
	b := v.ask("GET", "/unlock", "", func(r *http.Request) { r.AddCookie(a.Cookies()[0]) })
	if !strings.Contains(b.text, `<html lang="ko">`) {
		t.Error("the choice is not kept")
	}
	for _, back := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "evil", ""} {
		if a := v.ask("POST", "/language", "lang=zh&back="+back, nil); a.Header.Get("Location") != "/" {
			t.Errorf("%q leads to %q", back, a.Header.Get("Location"))
		}
	}
}

func TestItLocksByItselfWhenNobodyAsks(t *testing.T) {
	v := serve(t, shared(t), func(s *Server) { s.Idle = 1500 * time.Millisecond })
	v.enter(firstWords)
	for range 4 { // longer than it stays open unused
		time.Sleep(500 * time.Millisecond)
		if a := v.get("/journal"); a.StatusCode != http.StatusOK {
			t.Fatalf("it locked while somebody worked: %s", a.Status)
		}
	}
	eventually(t, "it stays open", func() bool {
		v.s.door.mu.Lock()
		defer v.s.door.mu.Unlock()
		return v.s.door.room == nil
	})
	if a := v.get("/journal"); a.Header.Get("Location") != "/unlock" {
		t.Errorf("afterwards: %s", a.Status)
	}
}

// What is half sent when it locks must not go on.
func TestLockingBreaksOffAFilm(t *testing.T) {
	h := build(t)
	v := serve(t, h, nil)
	v.enter(firstWords)
	c, err := net.Dial("tcp", strings.TrimPrefix(v.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.(*net.TCPConn).SetReadBuffer(4096)
	path := v.slow(h)
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\n\r\n", path, v.s.host, sessionCookie, v.cookie)
	if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	done := make(chan answer, 1)
	go func() { done <- v.ask("POST", "/lock", "", nil) }()
	select {
	case a := <-done:
		if a.Header.Get("Location") != "/unlock" {
			t.Error(a.Status)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("whoever reads slowly keeps it open")
	}
	rest, err := io.ReadAll(c)
	if err == nil && len(rest) >= slowSize-1000 {
		t.Errorf("%d bytes came after it was locked", len(rest))
	}
}
