package web

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/store"
)

func TestOnlyLoopbackIsListenedOn(t *testing.T) {
	for address, want := range map[string]string{
		"0.0.0.0:0": "web.not_loopback", ":7070": "web.not_loopback", "[::]:0": "web.not_loopback", "192.0.2.1:0": "web.not_loopback",
		"example.org:80": "web.not_loopback", "localhost:0": "web.not_loopback", "127.0.0.1": "web.address", "127.0.0.1:x": "web.address",
	} {
		l, err := Listen(address)
		var p *evidence.Problem
		if !errors.As(err, &p) || p.Code != want {
			t.Errorf("%s: %v", address, err)
		}
		if err == nil {
			l.Close()
		}
	}
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var p *evidence.Problem
	if _, err := Listen(l.Addr().String()); !errors.As(err, &p) || p.Code != "web.port_taken" {
		t.Errorf("a port that is taken: %v", err)
	}
}

// concrete gives the request of a route with IDs that exist.
func (s site) concrete(r route) (method, path string) {
	method, path, ok := strings.Cut(r.pattern, " ")
	if !ok {
		method, path = http.MethodGet, "/no/such/page"
	}
	id := "cas_a"
	switch {
	case strings.Contains(path, "renditions"):
		id = "ren_clip"
	case strings.Contains(path, "releases"):
		id = string(s.release.ID)
	}
	return method, strings.NewReplacer("{id}", id, "{$}", "", "{file}", "safehouse.css").Replace(path)
}

func TestEveryRouteAsksWhoMay(t *testing.T) {
	s := newSite(t, nil)
	members := 0
	for _, r := range routes {
		method, path := s.concrete(r)
		if r.anyone != nil {
			continue
		}
		members++
		resp, body := s.do(t, method, path)
		if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(resp.Header.Get("Location"), "/unlock") || strings.Contains(body, "NK-1") {
			t.Errorf("locked, %s: %d", r.pattern, resp.StatusCode)
		}
	}
	if members == 0 {
		t.Fatal("no route is a member's")
	}
	for _, role := range evidence.Roles {
		s.as(t, role)
		for _, r := range routes {
			if r.anyone != nil {
				continue
			}
			method, path := s.concrete(r)
			resp, body := s.do(t, method, path)
			may := r.action != everyMember && access.Check(evidence.Actor{Role: role}, r.action) == nil || r.pattern == "GET /{$}"
			if got := resp.StatusCode < 400; got != may {
				t.Errorf("%s, %s: %d", role, r.pattern, resp.StatusCode)
			}
			if !may && resp.StatusCode != http.StatusNotFound {
				t.Errorf("%s, %s: what is forbidden does not look absent: %d", role, r.pattern, resp.StatusCode)
			}
			if role == evidence.Field && strings.Contains(body, "NK-1") {
				t.Errorf("field sees the case at %s", path)
			}
		}
	}
}

func TestACaseOfOthersIsAsAbsentAsNone(t *testing.T) {
	s := newSite(t, nil)
	s.as(t, evidence.Administrator)
	resp, other := s.do(t, http.MethodGet, "/cases/cas_other")
	if resp.StatusCode != http.StatusNotFound {
		t.Fatalf("another's case: %d", resp.StatusCode)
	}
	_, none := s.do(t, http.MethodGet, "/cases/cas_never")
	if strings.ReplaceAll(other, "cas_other", "") != strings.ReplaceAll(none, "cas_never", "") {
		t.Error("forbidden and absent look different")
	}
	if resp, _ := s.do(t, http.MethodGet, "/cases/NK-1"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a case by its reference: %d", resp.StatusCode)
	}
	if resp, _ := s.do(t, http.MethodGet, "/renditions/ren_page"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a rendition that a browser would interpret: %d", resp.StatusCode)
	}
}

func TestEveryAnswerForbidsToKeepAndToRun(t *testing.T) {
	s := newSite(t, nil)
	s.as(t, evidence.Administrator)
	for _, r := range routes {
		method, path := s.concrete(r)
		if r.pattern == "POST /lock" {
			continue // below: the others would be locked
		}
		resp, _ := s.do(t, method, path)
		wantHeaders(t, r.pattern, resp)
	}
	resp, _ := s.do(t, http.MethodPost, "/lock")
	wantHeaders(t, "POST /lock", resp)
}

func wantHeaders(t *testing.T, pattern string, resp *http.Response) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
	} {
		if name == "Cache-Control" && strings.Contains(pattern, "static") {
			continue
		}
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %s is %q", pattern, name, got)
		}
	}
	if resp.Header.Get("Permissions-Policy") == "" {
		t.Errorf("%s: no Permissions-Policy", pattern)
	}
}

func TestPolicyHasNoWayForInlineCode(t *testing.T) {
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("%s", policy)
	}
	names, err := files.ReadDir("templates")
	if err != nil || len(names) == 0 {
		t.Fatal(err)
	}
	for _, n := range names {
		b, _ := files.ReadFile("templates/" + n.Name())
		for _, bad := range []string{"<script", "style=", "<style", " on", "javascript:"} {
			if i := strings.Index(string(b), bad); i >= 0 && (bad != " on" || strings.Contains(string(b), " onclick") || strings.Contains(string(b), " onload")) {
				t.Errorf("%s holds %s", n.Name(), bad)
			}
		}
	}
}

func TestAnotherHostIsRefused(t *testing.T) {
	s := newSite(t, nil)
	s.as(t, evidence.Administrator)
	_, port, _ := net.SplitHostPort(s.host)
	for _, host := range []string{"evil.example", "evil.example:" + port, "localhost:" + port, "127.0.0.1", "127.0.0.2:" + port} {
		resp, body := s.do(t, http.MethodGet, "/cases/cas_a", "Host", host)
		if resp.StatusCode != http.StatusMisdirectedRequest || strings.Contains(body, "NK-1") {
			t.Errorf("%s: %d", host, resp.StatusCode)
		}
	}
}

func TestAnotherSiteCanDoNothing(t *testing.T) {
	s := newSite(t, nil)
	s.as(t, evidence.Administrator)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "http://evil.example"}, {"Origin", "null"}} {
		for _, path := range []string{"/lock", "/language", "/unlock"} {
			if resp, _ := s.do(t, http.MethodPost, path, headers...); resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s %v: %d", path, headers, resp.StatusCode)
			}
		}
	}
	if resp, _ := s.do(t, http.MethodGet, "/cases"); resp.StatusCode != http.StatusOK {
		t.Error("another site locked the vault")
	}
	if resp, _ := s.do(t, http.MethodPost, "/lock", "Sec-Fetch-Site", "same-origin", "Origin", s.url); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("our own page: %d", resp.StatusCode)
	}
}

func TestProtectedNamesAreInNoAnswer(t *testing.T) {
	s := newSite(t, nil)
	for _, role := range evidence.Roles {
		s.as(t, role)
		for _, r := range routes {
			if strings.HasPrefix(r.pattern, "POST") || strings.Contains(r.pattern, "renditions") || strings.Contains(r.pattern, "bundle") {
				continue
			}
			for _, lang := range locale.Languages {
				method, path := s.concrete(r)
				_, body := s.do(t, method, path, "Accept-Language", lang)
				for _, name := range planted {
					if strings.Contains(body, name) {
						t.Errorf("%s, %s, %s: holds %s", role, lang, path, name)
					}
				}
			}
		}
	}
}

func TestWhatWasSaidIsShownAroundASealedName(t *testing.T) {
	s := newSite(t, nil)
	s.as(t, evidence.Reviewer)
	for lang, want := range map[string][]string{
		"en": {`Words of <span class="chip sealed">`, "also <span", "who spoke", "detained, place not disclosed", "15 May 2017", "mid-March 2017", "11 Mar 2017", "2017-03-11~/2017-03-20~", "burned in", "plan", "7–8", "says it is not aware", s.release.Digest},
		"ko": {"봉인됨", "2017년 5월 15일", `<html lang="ko">`, `lang="zh">不了解有关情况`, "새겨 넣음"},
		"zh": {"已封存", "2017年5月15日", `<html lang="zh">`, `lang="ko">차에 탄 사람들`, "已烧录"},
	} {
		_, body := s.do(t, http.MethodGet, "/cases/cas_a", "Accept-Language", lang)
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: no %q", lang, w)
			}
		}
		if title, _, _ := strings.Cut(body, "</title>"); strings.Contains(title, "Words") || strings.Contains(title, "NK-1") {
			t.Errorf("%s: the title names the case", lang)
		}
	}
}

func TestStoredScriptsAreText(t *testing.T) {
	s := newSite(t, nil)
	s.as(t, evidence.Administrator)
	for _, path := range []string{"/cases", "/cases/cas_a"} {
		_, body := s.do(t, http.MethodGet, path)
		if strings.Contains(body, "<script") || strings.Contains(body, "<img src=x") {
			t.Errorf("%s: a script that was stored is code", path)
		}
		if !strings.Contains(body, "&lt;script&gt;") {
			t.Errorf("%s: the planted script is not shown: this test looks at something else", path)
		}
	}
}

func TestAClipIsSentInParts(t *testing.T) {
	s := newSite(t, nil)
	s.as(t, evidence.Reviewer)
	want, err := testClip()
	if err != nil {
		t.Fatal(err)
	}
	resp, whole := s.do(t, http.MethodGet, "/renditions/ren_clip")
	if resp.StatusCode != 200 || whole != string(want) || resp.Header.Get("Content-Type") != "video/mp4" || resp.Header.Get("Accept-Ranges") != "bytes" {
		t.Fatalf("whole: %d, %d of %d bytes, %v", resp.StatusCode, len(whole), len(want), resp.Header)
	}
	resp, part := s.do(t, http.MethodGet, "/renditions/ren_clip", "Range", "bytes=100-199")
	if resp.StatusCode != http.StatusPartialContent || part != whole[100:200] {
		t.Errorf("part: %d, %d bytes", resp.StatusCode, len(part))
	}
	resp, none := s.do(t, http.MethodHead, "/renditions/ren_clip")
	if resp.StatusCode != 200 || none != "" || resp.Header.Get("Content-Length") != strconv.Itoa(len(want)) {
		t.Errorf("HEAD: %d %v", resp.StatusCode, resp.Header)
	}
}

func TestBrokenRangesHarmNothing(t *testing.T) {
	s := newSite(t, nil)
	s.as(t, evidence.Reviewer)
	_, whole := s.do(t, http.MethodGet, "/renditions/ren_clip")
	letters := []rune("bytes=-,0123456789 \tx%+")
	dice := rand.New(rand.NewPCG(1, 2))
	broken := []string{"bytes=", "bytes=-", "bytes=5-1", "bytes=-0", "bytes=99999999999999999999-", "bytes=0-,0-,0-,0-", "bits=0-1", "bytes=-1-", "bytes=1--1", "bytes=\u0661-2"}
	for len(broken) < 100 {
		b := []rune("bytes=")
		for range dice.IntN(20) {
			b = append(b, letters[dice.IntN(len(letters))])
		}
		broken = append(broken, strings.TrimSpace(string(b)))
	}
	for _, r := range broken {
		resp, body := s.do(t, http.MethodGet, "/renditions/ren_clip", "Range", r)
		if !slices.Contains([]int{200, 206, 416}, resp.StatusCode) {
			t.Errorf("%q: %d", r, resp.StatusCode)
		}
		if len(body) > 2*len(whole) {
			t.Errorf("%q: %d bytes", r, len(body))
		}
	}
	if resp, _ := s.do(t, http.MethodGet, "/cases"); resp.StatusCode != 200 {
		t.Error("the server does not answer any more")
	}
}

func TestABundleIsKnownByWhatIsInIt(t *testing.T) {
	s := newSite(t, nil)
	s.as(t, evidence.Reviewer)
	path := "/releases/" + string(s.release.ID) + "/bundle"
	resp, body := s.do(t, http.MethodGet, path)
	if resp.StatusCode != 200 || resp.Header.Get("Content-Disposition") != `attachment; filename="`+string(s.release.ID)+`.zip"` {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	file := filepath.Join(s.bundles, "anything")
	if b, err := os.ReadFile(file); err != nil || string(b) != body {
		t.Errorf("other bytes than those of the bundle: %v", err)
	}
	b := []byte(body)
	b[len(b)/2] ^= 1
	name := filepath.Join(s.bundles, string(s.release.ID)+".zip") // the right name, other bytes
	if err := errors.Join(os.WriteFile(name, b, 0o600), os.Remove(file)); err != nil {
		t.Fatal(err)
	}
	if resp, _ := s.do(t, http.MethodGet, path); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a bundle that was changed: %d", resp.StatusCode)
	}
	if _, page := s.do(t, http.MethodGet, "/cases/cas_a"); strings.Contains(page, path) {
		t.Error("a bundle that was changed is offered")
	}
}

func TestMembersEnterOneOpenVault(t *testing.T) {
	s := newSite(t, nil)
	if resp := s.unlock(t, passphrase(evidence.Reviewer)); resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("first: %d", resp.StatusCode)
	}
	cookie := s.Jar.Cookies(mustURL(t, s.url))
	if len(cookie) != 1 || len(cookie[0].Value) < 20 {
		t.Fatalf("session: %v", cookie)
	}
	opened := s.door.open
	s.Jar.SetCookies(mustURL(t, s.url), []*http.Cookie{{Name: sessionCookie, MaxAge: -1}})
	if resp, _ := s.do(t, http.MethodGet, "/cases"); resp.StatusCode != http.StatusSeeOther {
		t.Error("somebody without a session sees an open vault")
	}
	resp := s.unlock(t, passphrase(evidence.Field))
	if resp.StatusCode != http.StatusSeeOther || s.door.open != opened {
		t.Errorf("second: %d", resp.StatusCode)
	}
	c := resp.Cookies()
	if len(c) != 1 || !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode {
		t.Errorf("cookie: %v", c)
	}
	if resp, _ := s.do(t, http.MethodGet, "/cases"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("the second member has the first one's role: %d", resp.StatusCode)
	}
	s.do(t, http.MethodPost, "/lock")
	s.Jar.SetCookies(mustURL(t, s.url), cookie)
	if resp, _ := s.do(t, http.MethodGet, "/cases/cas_a"); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("a session outlives the lock: %d", resp.StatusCode)
	}
}

func TestAnIdleVaultLocksItself(t *testing.T) {
	s := newSite(t, func(s *Server) { s.Idle = 2 * time.Second })
	s.as(t, evidence.Reviewer)
	v := s.door.open.vault
	if resp, _ := s.do(t, http.MethodGet, "/cases"); resp.StatusCode != 200 {
		t.Fatalf("%d", resp.StatusCode)
	}
	for end := time.Now().Add(20 * time.Second); s.door.visit() != nil; {
		s.door.open.inside.Done()
		if time.Now().After(end) {
			t.Fatal("still open")
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.door.lock()
	if resp, _ := s.do(t, http.MethodGet, "/cases"); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("idle: %d", resp.StatusCode)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if err := v.DB.View(t.Context(), "", nil); err != nil { // closed: f is never called
			return
		}
		if time.Now().After(end) {
			t.Fatal("the database is still open")
		}
	}
}

// A reader who takes a clip slowly must not keep the vault open.
func TestLockingCutsOffWhatIsBeingSent(t *testing.T) {
	s := newSite(t, nil)
	s.as(t, evidence.Researcher)
	s.addLongClip(t, 64<<20) // more than the buffers between us hold
	c, err := net.Dial("tcp", s.host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /renditions/ren_long HTTP/1.1\r\nHost: %s\r\n\r\n", s.host)
	start := make([]byte, 15)
	if _, err := io.ReadFull(c, start); err != nil || string(start) != "HTTP/1.1 200 OK" {
		t.Fatalf("%q %v", start, err)
	}
	time.Sleep(500 * time.Millisecond) // until it waits for us
	began := time.Now()
	s.door.lock()
	if took := time.Since(began); took >= leaveTimeout {
		t.Errorf("locking took %s: it waited for a reader", took)
	}
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, _ := io.Copy(io.Discard, c); n >= 64<<20 {
		t.Errorf("all of the clip was sent after the lock")
	}
}

func (s site) addLongClip(t *testing.T, size int64) {
	t.Helper()
	v := s.door.open.vault
	content, err := v.Renditions.Put(t.Context(), "ren_long", io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	err = v.DB.Update(t.Context(), v.Actor.ID, func(tx *store.Tx) error {
		tx.Record("mask.render", "ren_long")
		return tx.AddRendition(&evidence.Rendition{
			ID: "ren_long", Item: "itm_a", Kind: evidence.Masked, Plan: "pln_b", Media: "video/mp4", Size: size, Digest: content.Digest, By: v.Actor.ID,
		}, content.Where)
	})
	if err != nil {
		t.Fatal(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestGuessingIsSlowedDown(t *testing.T) {
	var tr tries
	now := time.Now()
	var waits []time.Duration
	for range freeTries + 12 {
		for {
			wait := tr.begin(now)
			if wait == 0 {
				break
			}
			waits = append(waits, wait)
			now = now.Add(wait)
		}
		tr.end(now, false)
	}
	if len(waits) != 12 || !slices.IsSorted(waits) || waits[0] != firstDelay || waits[11] != maxDelay {
		t.Errorf("waits: %v", waits)
	}
	now = now.Add(maxDelay)
	if tr.begin(now) != 0 {
		t.Fatal("nobody may try any more")
	}
	if tr.begin(now) == 0 {
		t.Error("two at once after many slips: that doubles the pace")
	}
	tr.end(now, true)
	for range 2 {
		if tr.begin(now) != 0 {
			t.Error("after entering, two may enter at once")
		}
	}
	if tr.begin(now) == 0 {
		t.Error("three at once: each takes 128 MiB")
	}
}

func TestWhoGuessesIsToldToWait(t *testing.T) {
	s := newSite(t, nil)
	for range freeTries {
		if resp := s.unlock(t, "not the words of anybody"); resp.StatusCode != http.StatusForbidden {
			t.Errorf("wrong words: %d", resp.StatusCode)
		}
	}
	resp := s.unlock(t, passphrase(evidence.Administrator))
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" || s.door.open != nil {
		t.Errorf("after %d slips: %d %q", freeTries, resp.StatusCode, resp.Header.Get("Retry-After"))
	}
}

func TestFormsOfAnyFormAreReadOrRefused(t *testing.T) {
	for form, want := range map[string]string{
		"passphrase=a+b%20c":                  "a b c",
		"back=%2F&passphrase=%EA%B9%80":       "김",
		"passphrase=%4":                       "",
		"passphrase=%zz":                      "",
		"passphrase=":                         "",
		"other=x":                             "",
		"passphrase=a%26b%3Dc&passphrase=two": "a&b=c",
	} {
		r, err := http.NewRequest(http.MethodPost, "/unlock", strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", formType+"; charset=utf-8")
		got, forget, err := readPassphrase(r, "passphrase")
		if (err == nil) != (want != "") || got.Reveal() != want {
			t.Errorf("%s: %q %v", form, got.Reveal(), err)
		}
		if forget(); strings.Trim(got.Reveal(), "\x00") != "" {
			t.Errorf("%s: not forgotten", form)
		}
	}
}

func TestWhatAConnectionReadCanBeWiped(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	c := &wipingConn{Conn: ours}
	buffer := make([]byte, 64)
	go func() { _, _ = theirs.Write([]byte("passphrase=words")) }()
	n, err := c.Read(buffer)
	if err != nil || n == 0 {
		t.Fatal(err)
	}
	wipe(keepConn(t.Context(), c))
	if strings.Trim(string(buffer), "\x00") != "" {
		t.Errorf("the buffer holds %q", buffer)
	}
}

func TestAWayBackStaysOnThisServer(t *testing.T) {
	for in, want := range map[string]string{"//evil.example": "/evil.example", "https://evil.example": "/https:/evil.example", `/\evil`: "/", "/cases/x": "/cases/x", "": "/", "../..": "/"} {
		if got := local(in); got != want {
			t.Errorf("%q leads to %q", in, got)
		}
	}
}
