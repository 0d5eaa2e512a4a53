package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	"safehouse/internal/evidence"
	"safehouse/internal/mask"
	"safehouse/internal/media"
)

// studio wires what masks: where this program, ffmpeg and the models are.
func (a *app) studio() (mask.Studio, error) {
	self, err := os.Executable()
	if err != nil {
		return mask.Studio{}, err
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	runner := media.Runner{
		Program: self,
		Share:   filepath.Join(filepath.Dir(filepath.Dir(self)), "share"),
		Strict:  os.Getenv("SAFEHOUSE_ISOLATION") == "full",
	}
	if runner.Models, err = absolute(os.Getenv("SAFEHOUSE_MODELS")); err != nil {
		return mask.Studio{}, err
	}
	runner.FFmpeg, _ = exec.LookPath("ffmpeg")   // absent: the runner says so when it is needed
	runner.FFprobe, _ = exec.LookPath("ffprobe") // likewise
	runner.Heif, _ = exec.LookPath("heif-convert")
	return mask.Studio{Media: runner, Tool: "safehouse " + version()}, nil
}

// confined says so, loudly, when recordings were opened by a process that this
// machine confined by less than the program asked for.
func (a *app) confined() {
	if l := media.Reached(); l != (media.Level{}) && !l.Full() {
		a.tell(&evidence.Problem{Code: "media.not_isolated", Args: []any{l.String()}})
	}
}

// version names this build.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}

// absolute makes a name that a worker understands too: it runs elsewhere.
func absolute(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	return filepath.Abs(name)
}

type maskCmd struct {
	In      string `arg:"" help:"${help_mask_in}"`
	Out     string `help:"${help_mask_out}" short:"o" required:"" placeholder:"OUT"`
	Profile string `help:"${help_mask_profile}" default:"standard" enum:"fast,standard,thorough"`
	PlanOut string `help:"${help_mask_plan_out}" placeholder:"P"`
	Plan    string `help:"${help_mask_plan}" placeholder:"P"`
	Follow  bool   `help:"${help_mask_follow}"`
	Model   string `help:"${help_mask_model}" placeholder:"FILE"`
	Audio   string `help:"${help_mask_audio}" default:"remove" enum:"remove,keep"`
	Style   string `help:"${help_mask_style}" default:"solid" enum:"solid,mosaic"`
	Strict  bool   `help:"${help_mask_strict}"`
	Force   bool   `help:"${help_force}"`
}

type maskJSON struct {
	Out string `json:"out"`
	mask.Summary
}

// Run masks one file. It needs no vault.
func (c *maskCmd) Run(a *app) error {
	s, err := a.studio()
	if err != nil {
		return err
	}
	opt, given, err := c.options()
	if err != nil {
		return err
	}
	in, err := openFile(c.In)
	if err != nil {
		return err
	}
	defer in.Close()
	steps := a.steps()
	defer steps.done()
	var plan evidence.MaskPlan
	var done mask.Summary
	err = writeWhole(c.Out, c.Force, func(out *os.File) (err error) {
		if c.Follow {
			if *given, err = s.Follow(a.ctx, in, *given, steps.at); err != nil {
				return err
			}
		}
		plan, done, err = s.Mask(a.ctx, in, out, given, opt, steps.at)
		return err
	})
	steps.done()
	a.confined()
	if c.PlanOut != "" && plan.Source.Frames > 0 { // also when it went wrong: a person may want to edit it
		err = errors.Join(err, writePlan(c.PlanOut, plan, c.Force))
	}
	if err != nil {
		return seen(err)
	}
	return a.show(maskJSON{c.Out, done}, func() {
		a.line("mask.done", c.Out, done.Tracks, done.Frames, done.FPS, done.Queue)
		if done.Whole > 0 {
			a.line("mask.whole_frames", done.Whole)
		}
	})
}

func (c *maskCmd) options() (opt mask.Options, given *evidence.MaskPlan, err error) {
	opt = mask.Options{Profile: c.Profile, Audio: c.Audio, Style: c.Style, Still: still(c.Out), Strict: c.Strict}
	if opt.Model, err = absolute(c.Model); err != nil {
		return opt, nil, err
	}
	if c.Plan == "" && c.Follow {
		return opt, nil, &evidence.Problem{Code: "mask.follow_what"}
	}
	if c.Plan == "" {
		return opt, nil, nil
	}
	f, err := os.Open(c.Plan)
	if err != nil {
		return opt, nil, err
	}
	defer f.Close()
	plan, err := mask.ParsePlan(f)
	return opt, &plan, err
}

// still is what a photo is written as under a name.
func still(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".png":
		return media.PNG
	case ".jpg", ".jpeg":
		return media.JPEG
	}
	return ""
}

func writePlan(name string, plan evidence.MaskPlan, force bool) error {
	return writeWhole(name, force, func(f *os.File) error { return json.NewEncoder(f).Encode(plan) })
}

// seen gives the second look's no the status of a check that found something.
func seen(err error) error {
	var bare *mask.Exposed
	if errors.As(err, &bare) {
		return &evidence.Refusal{Problem: bare.Problem, Status: statusFound}
	}
	return err
}
