package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/vault"
)

// The keys lie in the memory of the real program while it is open, and nowhere in it
// any more when it has been locked.
func TestWhatIsLockedHasNoKeysInMemory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	words := "the first long passphrase"
	if err := vault.Found(t.Context(), dir, "safehouse/test", false, &evidence.Member{}, evidence.Protect(words)); err != nil {
		t.Fatal(err)
	}
	keys := keysOf(t, dir, words)
	page, pid := serving(t, dir)
	if n := inMemory(t, pid, keys); n != 0 {
		t.Fatalf("%d of the keys are there before anybody entered", n)
	}
	session := post(t, page, "unlock", url.Values{"passphrase": {words}}, nil)
	if session == nil {
		t.Fatal("the passphrase did not open it")
	}
	if n := inMemory(t, pid, append(keys, []byte(words))); n < len(keys) {
		t.Fatal("no key is found while it is open: this test looks at the wrong thing")
	}
	post(t, page, "lock", nil, session)
	resp, err := http.Get(page + "unlock") // whoever comes at once is answered
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("after it was locked: %v %v", resp, err)
	}
	resp.Body.Close()
	if n := inMemory(t, pid, append(keys, []byte(words))); n != 0 {
		t.Errorf("%d of %d keys are in memory after it was locked", n, len(keys))
	}
	if post(t, page, "unlock", url.Values{"passphrase": {words}}, nil) == nil {
		t.Error("it does not open again")
	}
}

// keysOf opens the slot as the vault does.
func keysOf(t *testing.T, dir, words string) (keys [][]byte) {
	t.Helper()
	slots, err := filepath.Glob(filepath.Join(dir, "keys", "*.slot"))
	if err != nil || len(slots) != 1 {
		t.Fatalf("slots %v: %v", slots, err)
	}
	slot, err := os.ReadFile(slots[0])
	if err != nil {
		t.Fatal(err)
	}
	root, err := seal.OpenSlot(slot, []byte(words))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []seal.Purpose{seal.Originals, seal.Renditions, seal.Database, seal.Fields, seal.Journal} {
		key := root.Key(p).Bytes()
		keys = append(keys, key[:])
	}
	return keys
}

// serving starts the real program and gives its address.
func serving(t *testing.T, dir string) (page string, pid int) {
	t.Helper()
	cmd := exec.Command(filepath.Join(programs, "safehouse"), "--data", dir, "--lang", "en", "serve", "--listen", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("it did not stop in order: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	_, rest, ok := strings.Cut(line, "http://")
	if err != nil || !ok {
		t.Fatalf("it says %q: %v", line, err)
	}
	address, _, _ := strings.Cut(rest, "/")
	return "http://" + address + "/", cmd.Process.Pid
}

func post(t *testing.T, page, path string, form url.Values, session *http.Cookie) *http.Cookie {
	t.Helper()
	r, err := http.NewRequest("POST", page+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if session != nil {
		r.AddCookie(session)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s: %s", path, resp.Status)
	}
	for _, c := range resp.Cookies() {
		if c.Value != "" {
			return c
		}
	}
	return nil
}

// inMemory counts which of the keys lie anywhere in what a process has mapped.
func inMemory(t *testing.T, pid int, keys [][]byte) int {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	found, read := make(map[int]bool), 0
	for _, line := range strings.Split(string(maps), "\n") {
		var from, to int64
		var rights string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); n != 3 || !strings.HasPrefix(rights, "rw") || to-from > 4<<30 {
			continue
		}
		part := make([]byte, to-from)
		n, err := mem.ReadAt(part, from)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		read += n
		for i, key := range keys {
			if bytes.Contains(part[:n], key) {
				found[i] = true
			}
		}
	}
	if read < 1<<20 {
		t.Fatalf("only %d bytes of memory were read", read)
	}
	return len(found)
}
