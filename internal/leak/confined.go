package leak

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// confined runs a program on hostile bytes: they come through a pipe and as file 3,
// which is in memory only, and its answer leaves by a pipe. It has no environment, no
// network, no file that it may make longer, and bounds of memory and time. Where the
// kernel gives no namespaces it is not run at all.
func confined(ctx context.Context, program string, in []byte, args ...string) ([]byte, error) {
	memory, err := inMemory(in)
	if err != nil {
		return nil, err
	}
	defer memory.Close()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"OMP_THREAD_LIMIT=1"} // one core, and nothing else of ours
	cmd.Dir = "/"
	cmd.Stdin = bytes.NewReader(in)
	cmd.ExtraFiles = []*os.File{memory}
	out := &bounded{left: mostAnswer}
	cmd.Stdout = out
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
		Setpgid:     true,
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	limited := limit(cmd.Process.Pid)
	if limited != nil {
		_ = cmd.Cancel()
	}
	if err := errors.Join(limited, cmd.Wait()); err != nil {
		return nil, fmt.Errorf("run %s: %w", program, err)
	}
	if out.left < 0 {
		return nil, errors.New("an answer without end")
	}
	return out.b.Bytes(), nil
}

// What a program may use.
const (
	mostMemory  = 4 << 30
	mostSeconds = 120
	mostAnswer  = 512 << 20
)

func limit(pid int) error {
	for what, most := range map[int]uint64{unix.RLIMIT_AS: mostMemory, unix.RLIMIT_CPU: mostSeconds, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_CORE: 0} {
		if err := unix.Prlimit(pid, what, &unix.Rlimit{Cur: most, Max: most}, nil); err != nil {
			return fmt.Errorf("limit: %w", err)
		}
	}
	return nil
}

// inMemory puts bytes into a file that is on no disk.
func inMemory(b []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("a file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "memory")
	if _, err := f.Write(b); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := f.Seek(0, 0); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// A bounded keeps what is written to it, up to a bound.
type bounded struct {
	b    bytes.Buffer
	left int
}

// Write takes p.
func (w *bounded) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errors.New("too much")
	}
	return w.b.Write(p)
}
