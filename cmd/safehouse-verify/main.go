// Command safehouse-verify checks a release, offline: every part, proof and
// signature. It is made for people who do not trust us: it links journal and
// bundle and nothing else of ours, opens one file, writes none, and knows no
// network.
//
//	safehouse-verify [--json] [--fingerprint HEX] BUNDLE
//
// Its exit status is 0 only when everything holds, 1 when something does not or
// could not be read, 2 for wrong usage. What it cannot know is whose key it is:
// its user compares the fingerprint with the one that the publisher gives.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"safehouse/bundle"
)

const (
	statusHolds = 0
	statusNot   = 1
	statusUsage = 2
)

func main() { os.Exit(run(os.Args[1:], language(os.Getenv), os.Stdout, os.Stderr)) }

// language is what the environment asks for.
func language(env func(string) string) string {
	for _, name := range []string{"SAFEHOUSE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if lang := env(name); lang != "" {
			return lang
		}
	}
	return "en"
}

// options are what the command line says.
type options struct {
	json, help  bool
	fingerprint string // that the user expects; empty when none was given
	bundle      string
}

var errUsage = errors.New("usage")

func parse(args []string) (o options, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		value, given := strings.CutPrefix(arg, "--fingerprint=")
		switch {
		case arg == "--json":
			o.json = true
		case arg == "--help", arg == "-h":
			o.help = true
		case given && value != "":
			o.fingerprint = value
		case arg == "--fingerprint" && len(args) > 0 && args[0] != "":
			o.fingerprint, args = args[0], args[1:]
		case strings.HasPrefix(arg, "-"), arg == "", o.bundle != "":
			return o, errUsage
		default:
			o.bundle = arg
		}
	}
	if o.bundle == "" && !o.help {
		return o, errUsage
	}
	return o, nil
}

func run(args []string, lang string, out, errw io.Writer) int {
	say := speak(lang)
	o, err := parse(args)
	if err != nil {
		fmt.Fprintln(errw, say("usage"))
		return statusUsage
	}
	if o.help {
		fmt.Fprintln(out, say("usage"))
		return statusHolds
	}
	v := look(o)
	if o.json {
		err = v.json(out)
	} else {
		err = v.words(out, say)
	}
	switch {
	case v.err != nil:
		fmt.Fprintln(errw, say("unread", fmt.Sprintf("%q", o.bundle), v.err))
		return statusNot
	case err != nil:
		fmt.Fprintln(errw, say("unwritten", err)) // nobody saw what it said: it has not been checked
		return statusNot
	case v.code != "":
		return statusNot
	}
	return statusHolds
}

// A verdict is what was seen. Only when code is empty and err is nil does
// everything hold.
type verdict struct {
	report bundle.Report
	part   string
	code   string // why not: a bundle.Code, or one of the two below
	err    error  // it could not be read
}

const (
	codeRead  = "read"  // the file could not be read
	codeOther = "other" // everything holds, under another key than the user expects
)

func look(o options) verdict {
	r, err := verify(o.bundle)
	var fault *bundle.Fault
	switch {
	case errors.As(err, &fault):
		return verdict{part: fault.Part, code: fault.Code}
	case err != nil:
		return verdict{code: codeRead, err: err}
	case o.fingerprint != "" && !strings.EqualFold(o.fingerprint, r.Fingerprint):
		return verdict{report: r, code: codeOther}
	}
	return verdict{report: r}
}

func verify(name string) (bundle.Report, error) {
	// Before it is opened: to open a pipe would wait for ever.
	if info, err := os.Stat(name); err != nil {
		return bundle.Report{}, reason(err)
	} else if !info.Mode().IsRegular() {
		return bundle.Report{}, errors.New("not a file")
	}
	f, err := os.Open(name)
	if err != nil {
		return bundle.Report{}, reason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return bundle.Report{}, reason(err)
	}
	r, err := bundle.Verify(f, info.Size())
	return r, reason(err)
}

// reason is an error without the file's name, which may hold anything and is
// shown apart, quoted.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
