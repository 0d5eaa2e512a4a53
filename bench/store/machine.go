package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// machine says what the figures were measured on.
func machine(dir string) string {
	var u unix.Utsname
	kernel := "?"
	if unix.Uname(&u) == nil {
		kernel = unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
	}
	return fmt.Sprintf("%s: %d cores (%s), %s, %s %s, disk of %s: %s", time.Now().Format(time.DateOnly),
		runtime.NumCPU(), field("/proc/cpuinfo", "model name"), kernel, runtime.Version(), runtime.GOARCH, dir, disk(dir))
}

// field gives what stands behind a name and a colon in a file of the kernel's.
func field(file, name string) string {
	b, _ := os.ReadFile(file)
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return "?"
}

// disk gives the file system that a folder is on, its device, and whether that
// turns.
func disk(dir string) string {
	b, _ := os.ReadFile("/proc/self/mounts")
	device, point, kind := "?", "", "?"
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 3 || len(f[1]) < len(point) {
			continue
		}
		if rel, err := filepath.Rel(f[1], dir); err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
			device, point, kind = f[0], f[1], f[2]
		}
	}
	turns, err := os.ReadFile(filepath.Join("/sys/class/block", filepath.Base(device), "queue/rotational"))
	medium := "medium unknown"
	if err == nil {
		medium = map[bool]string{true: "turning", false: "not turning"}[strings.TrimSpace(string(turns)) == "1"]
	}
	return fmt.Sprintf("%s on %s, %s", kind, device, medium)
}

// free is how many bytes there are for us.
func free(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, nil
}

// highWater is the most memory that this process had at once, in KiB.
func highWater() (int, error) {
	return strconv.Atoi(strings.TrimSuffix(field("/proc/self/status", "VmHWM"), " kB"))
}
