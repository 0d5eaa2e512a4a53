package media

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
)

// A Part is something that masking needs. Err is nil where it is there, and a
// Problem where it is not.
type Part struct {
	Name   string // a key of the catalogues under "doctor.part."
	Detail string
	Err    error
}

// Parts looks at each thing that masking needs. YuNet may be absent: SSD finds most
// faces alone, and a plan says who looked.
func (r Runner) Parts(ctx context.Context) []Part {
	return []Part{r.ffmpeg(ctx), r.heif(), r.model("runtime", face.RuntimeFile), r.model("ssd", face.SSDInUse()), r.yunet(), r.isolation(ctx)}
}

func (r Runner) ffmpeg(ctx context.Context) Part {
	p := Part{Name: "ffmpeg"}
	if r.FFmpeg == "" || r.FFprobe == "" {
		p.Err = &evidence.Problem{Code: "media.no_ffmpeg"}
		return p
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.FFmpeg, "-hide_banner", "-encoders")
	cmd.Env = []string{}
	out, err := cmd.Output()
	switch {
	case err != nil:
		p.Err = &evidence.Problem{Code: "media.no_ffmpeg", Err: err}
	case !strings.Contains(string(out), " libx264 "):
		p.Err = &evidence.Problem{Code: "media.no_encoder"}
	}
	p.Detail = r.FFmpeg
	return p
}

func (r Runner) heif() Part {
	p := Part{Name: "heif", Detail: r.Heif}
	if r.Heif == "" {
		p.Err = &evidence.Problem{Code: "media.no_heif"}
	}
	return p
}

func (r Runner) model(name, file string) Part {
	p := Part{Name: name, Detail: file}
	if _, err := os.Stat(filepath.Join(r.Share, file)); err != nil {
		p.Err = &evidence.Problem{Code: "media.model", Args: []any{file}, Err: err}
	}
	return p
}

func (r Runner) yunet() Part {
	p := Part{Name: "yunet", Detail: "–"}
	path, err := face.FindYuNet(r.Models, r.Share)
	switch {
	case err != nil:
		p.Err = &evidence.Problem{Code: "media.model", Args: []any{face.YuNetFile}, Err: err}
	case path != "":
		p.Detail = filepath.Base(path)
	}
	return p
}

// isolation starts a worker on nothing, to see how far this kernel takes it away
// from the rest.
func (r Runner) isolation(ctx context.Context) Part {
	p := Part{Name: "isolation"}
	fd, err := unix.MemfdCreate("nothing", unix.MFD_CLOEXEC)
	if err != nil {
		p.Err = err
		return p
	}
	f := os.NewFile(uintptr(fd), "nothing")
	defer f.Close()
	_, err = r.Probe(ctx, f)
	var told *evidence.Problem
	switch {
	case errors.As(err, &told) && told.Code == "media.no_ffmpeg": // said already
		p.Detail = "–"
	case !errors.As(err, &told) || told.Code != "media.empty":
		p.Err = err
	default:
		p.Detail = Reached().String()
		if !Reached().Full() {
			p.Err = &evidence.Problem{Code: "media.not_isolated", Args: []any{p.Detail}}
		}
	}
	return p
}
