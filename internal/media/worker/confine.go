package worker

import (
	"fmt"
	"os"
	"strings"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/landlock-lsm/go-landlock/landlock"
	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"

	"safehouse/internal/media"
)

// confine takes from this process, and from every program that it starts, what a
// decoder never needs: all files but the system's programs and the few it is given,
// every socket, other processes' memory, and the parts of the kernel that lead to
// more rights. It cannot be undone. It says how far this kernel let it.
func (w *worker) confine() (media.Level, error) {
	level := media.Level{Namespaces: w.job.Namespaces}
	if err := w.fewFiles(); err != nil {
		return level, err
	}
	level.Landlock, _ = landlocksys.LandlockGetABIVersion() // 0: this kernel has none
	if seccomp.Supported() {
		if err := fewCalls(); err != nil {
			return level, err
		}
		level.Seccomp = true
	}
	return level, nil
}

// fewFiles leaves by Landlock (Linux 5.13 and newer) what programs need to start,
// to be read, the models, and the two files of this job. On an older kernel it does
// less or nothing; the level says so.
func (w *worker) fewFiles() error {
	rules := []landlock.Rule{
		landlock.RODirs("/usr", "/lib", "/lib64", "/bin", w.job.Share, "/sys/devices/system/cpu").IgnoreIfMissing(),
		landlock.ROFiles("/etc/ld.so.cache", "/proc/cpuinfo", "/dev/urandom", "/dev/random", "/dev/zero").IgnoreIfMissing(),
		landlock.RWFiles("/dev/null").IgnoreIfMissing(),
		landlock.ROFiles(w.job.FFmpeg, w.job.FFprobe).IgnoreIfMissing(),
	}
	if w.job.Passage != "" {
		rules = append(rules, landlock.ROFiles(w.job.Heif).IgnoreIfMissing(), landlock.RWFiles(w.job.Passage))
	}
	if w.job.YuNet != "" {
		rules = append(rules, landlock.ROFiles(w.job.YuNet).IgnoreIfMissing())
	}
	if onDisk(inFile) {
		rules = append(rules, landlock.ROFiles(fdPath(inFile)))
	}
	if onDisk(outFile) {
		rules = append(rules, landlock.RWFiles(fdPath(outFile)))
	}
	if err := landlock.V8.BestEffort().Restrict(rules...); err != nil {
		return fmt.Errorf("confine by landlock: %w", err)
	}
	return nil
}

// onDisk says whether a file that we were given has a name: memory has none, and
// needs no rule.
func onDisk(fd int) bool {
	name, err := os.Readlink(fdPath(fd))
	return err == nil && strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "/memfd:")
}

// refused are the system calls that no decoder makes: ways to other machines, to
// other processes, to new rights, and to code in the kernel that few programs ever
// test.
var refused = []string{
	"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4",
	"ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "process_madvise",
	"mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "open_by_handle_at", "name_to_handle_at",
	"open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
	"add_key", "request_key", "keyctl", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module",
	"reboot", "swapon", "swapoff", "syslog", "acct", "quotactl", "personality", "settimeofday", "clock_settime", "adjtimex",
	"clock_adjtime", "sethostname", "setdomainname", "vhangup",
}

// fewCalls refuses them by seccomp, for every thread: they return EPERM.
func fewCalls() error {
	err := seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionAllow,
			Syscalls:      []seccomp.SyscallGroup{{Action: seccomp.ActionErrno, Names: refused}},
		},
	})
	if err != nil {
		return fmt.Errorf("confine by seccomp: %w", err)
	}
	return nil
}
