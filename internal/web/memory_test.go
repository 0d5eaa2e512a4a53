package web

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"safehouse/internal/evidence"
)

// root opens the vault's files as anybody with the age program could, and gives the
// 32 bytes on which everything hangs, and the member's own key, which opens them.
func root(t *testing.T, h house, role evidence.Role) (root, own []byte) {
	t.Helper()
	slot, err := age.NewScryptIdentity(passphrase(role))
	if err != nil {
		t.Fatal(err)
	}
	text := decrypt(t, filepath.Join(h.dir, "keys", string(h.members[role])+".slot"), slot)
	mine, err := age.ParseX25519Identity(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(decrypt(t, filepath.Join(h.dir, "keys", "root"), mine)) {
		if digits, ok := strings.CutPrefix(line, "generation 1 "); ok {
			b, err := hex.DecodeString(strings.TrimSpace(digits))
			if err != nil || len(b) != 32 {
				t.Fatalf("%d bytes, %v", len(b), err)
			}
			return b, []byte(strings.TrimSpace(text))
		}
	}
	t.Fatal("no root")
	return nil, nil
}

func decrypt(t *testing.T, name string, with age.Identity) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := age.Decrypt(f, with)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// inMemory counts how often what stands in the writable memory of a process.
func inMemory(t *testing.T, pid int, what []byte) (n int) {
	t.Helper()
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer maps.Close()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	read := 0
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uint64
		var rights string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &rights); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(rights, "rw") {
			continue
		}
		const step uint64 = 1 << 20
		for at := from; at < to; at += step {
			b := make([]byte, min(to-at, step+uint64(len(what))-1))
			got, err := mem.ReadAt(b, int64(at))
			if err != nil && got == 0 {
				continue // pages that were never touched, or the kernel's own
			}
			read += got
			n += bytes.Count(b[:got], what)
		}
	}
	if read < 1<<20 {
		t.Fatalf("only %d bytes of memory were read", read)
	}
	return n
}

// program builds the real program once for this test and starts it on the house.
func program(t *testing.T, h house) (pid int, address string) {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "safehouse")
	if out, err := exec.Command("go", "build", "-o", bin, "safehouse/cmd/safehouse").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(bin, "--data", h.dir, "--lang", "en", "serve", "--listen", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the program's end: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(line, "http://")
	address, _, _ = strings.Cut(rest, "/")
	return cmd.Process.Pid, address
}

func TestLockingForgetsTheKeys(t *testing.T) {
	s := newSite(t, nil) // its server stays locked: what is wanted is a copy of the house
	h := s.house
	pid, address := program(t, h)
	jar, _ := cookiejar.New(nil)
	there := site{h, nil, "http://" + address, &http.Client{Jar: jar, CheckRedirect: s.CheckRedirect}}
	role := evidence.Researcher
	secret, own := root(t, h, role)
	words := []byte(passphrase(role))
	if n := inMemory(t, pid, secret); n != 0 {
		t.Fatalf("the root is in memory %d times before anybody entered", n)
	}
	if resp := there.unlock(t, passphrase(role)); resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("unlock: %d", resp.StatusCode)
	}
	if resp, body := there.do(t, http.MethodGet, "/cases/cas_a"); resp.StatusCode != 200 || !strings.Contains(body, "NK-1") {
		t.Fatalf("the case: %d", resp.StatusCode)
	}
	if inMemory(t, pid, secret) == 0 {
		t.Fatal("the root is not in memory while the vault is open: this test looks in the wrong place")
	}
	if n := inMemory(t, pid, words); n > 0 {
		t.Errorf("after entering the passphrase is in memory %d times", n)
	}
	if resp, _ := there.do(t, http.MethodPost, "/lock"); resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("lock: %d", resp.StatusCode)
	}
	if resp, _ := there.do(t, http.MethodGet, "/unlock"); resp.StatusCode != http.StatusOK { // whoever comes at once is answered, by the program that began anew
		t.Fatalf("after the lock: %d", resp.StatusCode)
	}
	for what, b := range map[string][]byte{"the root": secret, "the passphrase": words, "the member's own key": own} {
		if n := inMemory(t, pid, b); n > 0 {
			t.Errorf("after the lock %s is in memory %d times", what, n)
		}
	}
	if resp := there.unlock(t, passphrase(role)); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("it does not open again: %d", resp.StatusCode)
	}
}
