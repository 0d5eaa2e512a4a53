package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// However large a file is, handing it in takes little memory. The passphrase takes
// 128 MiB before that, which are given back: so the peak is counted anew from the first
// sealed byte on.
func TestALargeFileIsReceivedInConstantMemory(t *testing.T) {
	d := newDesk(t)
	large := filepath.Join(d.folder, "large.bin")
	const size = 768 << 20
	if err := os.WriteFile(large, []byte("it begins"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, size); err != nil { // a hole: it takes no room
		t.Fatal(err)
	}
	cmd := d.command("item", "add", large)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- cmd.Wait() }()
	peak, reset := 0, false
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d MiB at most for %d MiB", peak>>10, size>>20)
			if peak == 0 || peak > 96<<10 {
				t.Errorf("%d KiB at most: not measured, or too much", peak)
			}
			return
		case <-time.After(20 * time.Millisecond):
			if !reset {
				begun, _ := filepath.Glob(filepath.Join(d.folder, "data", "blobs", "*", ".put-*"))
				if reset = len(begun) > 0; !reset {
					continue
				}
				if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", cmd.Process.Pid), []byte("5"), 0); err != nil {
					t.Fatal(err)
				}
			}
			peak = max(peak, highWater(cmd.Process.Pid))
		}
	}
}

// highWater is the peak of a process's resident memory in KiB, 0 when it has ended.
func highWater(pid int) (kib int) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			fmt.Sscan(rest, &kib) //nolint:errcheck // 0 is said to be not measured
		}
	}
	return kib
}
