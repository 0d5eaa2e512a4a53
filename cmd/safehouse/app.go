package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/release"
)

// The exit statuses of every command.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
	statusFound  = 3 // a check ran and found something
)

// commands is the whole command line: a field a command, in the order of the
// work. The help texts are in the catalogues.
type commands struct {
	Data string `help:"${help_data}" default:"./data" env:"SAFEHOUSE_DATA" type:"path" placeholder:"DIR"`
	As   string `help:"${help_as}" env:"SAFEHOUSE_MEMBER" placeholder:"MEMBER"`
	Lang string `help:"${help_lang}" env:"SAFEHOUSE_LANG" placeholder:"en|ko|zh"`
	JSON bool   `help:"${help_json}" name:"json"`

	AcceptRollback string `help:"${help_accept_rollback}" name:"accept-rollback" placeholder:"REASON"`

	Init    initCmd    `cmd:"" help:"${help_init}"`
	Member  memberCmd  `cmd:"" help:"${help_member}"`
	Case    caseCmd    `cmd:"" help:"${help_case}"`
	Item    itemCmd    `cmd:"" help:"${help_item}"`
	Mask    maskCmd    `cmd:"" help:"${help_mask}"`
	Inspect inspectCmd `cmd:"" help:"${help_inspect}"`
	Clean   cleanCmd   `cmd:"" help:"${help_clean}"`
	Plan    planCmd    `cmd:"" help:"${help_plan}"`
	Jobs    jobsCmd    `cmd:"" help:"${help_jobs}"`
	Report  reportCmd  `cmd:"" help:"${help_report}"`
	Person  personCmd  `cmd:"" help:"${help_person}"`
	Group   groupCmd   `cmd:"" help:"${help_group}"`
	Source  sourceCmd  `cmd:"" help:"${help_source}"`
	Claim   claimCmd   `cmd:"" help:"${help_claim}"`
	Draft   draftCmd   `cmd:"" help:"${help_draft}"`
	Review  reviewCmd  `cmd:"" help:"${help_review}"`
	Names   namesCmd   `cmd:"" help:"${help_names}"`
	Leak    leakCmd    `cmd:"" help:"${help_leak}"`
	Release releaseCmd `cmd:"" help:"${help_release}"`
	Status  statusCmd  `cmd:"" help:"${help_status}"`
	Next    nextCmd    `cmd:"" help:"${help_next}"`
	Journal journalCmd `cmd:"" help:"${help_journal}"`
	Doctor  doctorCmd  `cmd:"" help:"${help_doctor}"`
	Backup  backupCmd  `cmd:"" help:"${help_backup}"`
	Restore restoreCmd `cmd:"" help:"${help_restore}"`
	Serve   serveCmd   `cmd:"" help:"${help_serve}"`
}

// An app is one run of the program.
type app struct {
	ctx      context.Context
	in       io.Reader
	out, err io.Writer
	say      *locale.Printer
	flags    commands
}

// exit is how kong's wish to end the program reaches run.
type exit int

func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) (status int) {
	a := &app{ctx: ctx, in: in, out: out, err: errw, say: locale.For(language(args))}
	parser, err := kong.New(&a.flags, kong.Name("safehouse"), kong.Writers(out, errw), a.vars(),
		kong.Exit(func(code int) { panic(exit(code)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		panic(err) // the command line itself is wrong: a mistake of ours
	}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			status = int(e)
		default:
			panic(e)
		}
	}()
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(errw, a.say.Say("cli.usage", err.Error()))
		return statusUsage
	}
	if a.flags.Lang != "" {
		a.say = locale.For(a.flags.Lang)
	}
	return a.status(parsed.Run(a))
}

// language finds the language before the command line is read: its help texts
// need it.
func language(args []string) string {
	for i, arg := range args {
		if lang, ok := strings.CutPrefix(arg, "--lang="); ok {
			return lang
		}
		if arg == "--lang" && i+1 < len(args) {
			return args[i+1]
		}
	}
	for _, name := range []string{"SAFEHOUSE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if lang := os.Getenv(name); lang != "" {
			return lang
		}
	}
	return "en"
}

// vars gives kong the help texts: the key help.init is ${help_init} there.
func (a *app) vars() kong.Vars {
	vars := kong.Vars{}
	for _, code := range locale.Codes() {
		if strings.HasPrefix(code, "help.") {
			vars[strings.ReplaceAll(code, ".", "_")] = a.say.Say(code)
		}
	}
	return vars
}

// status tells the user how it went and the caller as a number.
func (a *app) status(err error) int {
	var refusal *evidence.Refusal
	var gate *release.Refusal
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &gate):
		a.tell(gate.Problem)
		return gate.Status
	case errors.As(err, &refusal):
		a.tell(refusal.Problem)
		return refusal.Status
	}
	a.tell(err)
	return statusFailed
}

// tell shows an error on standard error.
func (a *app) tell(err error) { fmt.Fprintln(a.err, a.sentence(err)) }

// sentence says what happened and what to do.
func (a *app) sentence(err error) string {
	code, args := sentence(err)
	return a.say.Say(code, args...)
}

// isProblem says whether err is the problem with this code.
func isProblem(err error, code string) bool {
	var p *evidence.Problem
	return errors.As(err, &p) && p.Code == code
}

// sentence finds the key of the catalogues for an error.
func sentence(err error) (code string, args []any) {
	var p *evidence.Problem
	code, args = "error.unforeseen", []any{err}
	switch {
	case errors.As(err, &p):
		code, args = p.Code, p.Args
	case errors.Is(err, context.Canceled):
		code, args = "error.cancelled", nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		code, args = "error.disk_full", nil
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		code, args = "error.permission", []any{path(err)}
	case errors.Is(err, evidence.ErrNotFound), errors.Is(err, evidence.ErrForbidden):
		code, args = "error.not_found", nil // whether it exists is not for everyone to know
	case errors.Is(err, fs.ErrNotExist):
		code, args = "error.no_file", []any{path(err)}
	}
	return code, args
}

// path is the file that an error is about.
func path(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Path
	}
	return ""
}

// show prints v as the one JSON document, or else in words.
func (a *app) show(v any, words func()) error {
	if !a.flags.JSON {
		words()
		return nil
	}
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// line prints one sentence of the catalogues.
func (a *app) line(code string, args ...any) { fmt.Fprintln(a.out, a.say.Say(code, args...)) }
