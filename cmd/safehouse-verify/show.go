package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

//go:embed words.json
var wordsFile []byte

// words has for each language the sentence for each key.
var words = read(wordsFile)

func read(b []byte) (w map[string]map[string]string) {
	if err := json.Unmarshal(b, &w); err != nil {
		panic(err) // it is embedded: the tests read it first
	}
	return w
}

// speak gives the sentences of a language as environments write it
// ("ko_KR.UTF-8", "zh-CN"), English where there is none.
func speak(lang string) func(key string, args ...any) string {
	if len(lang) > 2 && strings.ContainsRune("_-.@", rune(lang[2])) {
		lang = lang[:2]
	}
	catalogue, ok := words[strings.ToLower(lang)]
	if !ok {
		catalogue = words["en"]
	}
	return func(key string, args ...any) string {
		pairs := make([]string, 0, 2*len(args))
		for i, a := range args {
			pairs = append(pairs, "{"+strconv.Itoa(i+1)+"}", fmt.Sprint(a))
		}
		return strings.NewReplacer(pairs...).Replace(catalogue[key])
	}
}

// words shows each check in a line of its own. Names in a report have passed
// bundle's rules, and a fault's part is printable: nothing here can play tricks
// on a terminal.
func (v verdict) words(out io.Writer, say func(string, ...any) string) error {
	var b strings.Builder
	line := func(key string, args ...any) { fmt.Fprintln(&b, say(key, args...)) }
	switch {
	case v.err != nil:
		return nil // said on standard error
	case v.code == codeOther:
		line("fault.other", v.report.Fingerprint)
		line("beware")
	case v.code != "":
		if v.part != "" {
			line("at", v.part)
		}
		line("fault." + v.code)
		line("beware")
	default:
		v.held(line)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// held says what was checked, in the order of the format.
func (v verdict) held(line func(string, ...any)) {
	r := v.report
	line("held.zip")
	line("held.parts", len(r.Parts))
	for _, p := range r.Parts {
		line("held.part", p.Digest, p.Size, p.Name)
	}
	line("held.signature", r.Release)
	line("held.checkpoint", r.Origin, r.Entries)
	line("held.entry", r.Entry+1, r.Made.UTC().Format(time.RFC3339))
	line("held.all")
	line("fingerprint", r.Fingerprint)
	line("compare")
}

// The JSON is a contract.
type (
	document struct {
		Holds       bool       `json:"holds"`
		Code        string     `json:"code,omitempty"`
		Part        string     `json:"part,omitempty"`
		Release     string     `json:"release,omitempty"`
		Made        *time.Time `json:"made,omitempty"`
		Journal     *entry     `json:"journal,omitempty"`
		Digest      string     `json:"digest,omitempty"`
		Key         string     `json:"key,omitempty"`
		Fingerprint string     `json:"fingerprint,omitempty"`
		Parts       []part     `json:"parts,omitempty"`
	}
	entry struct {
		Origin  string `json:"origin"`
		Entry   int64  `json:"entry"` // from 0
		Entries int64  `json:"entries"`
	}
	part struct {
		Name   string `json:"name"`
		Size   int64  `json:"size"`
		SHA256 string `json:"sha256"`
	}
)

func (v verdict) json(out io.Writer) error {
	d := document{Holds: v.code == "", Code: v.code, Part: v.part}
	if r := v.report; r.Release != "" {
		made := r.Made.UTC()
		d.Release, d.Made, d.Journal = r.Release, &made, &entry{r.Origin, r.Entry, r.Entries}
		d.Digest, d.Key, d.Fingerprint = r.Digest, r.Key, r.Fingerprint
		for _, p := range r.Parts {
			d.Parts = append(d.Parts, part{p.Name, p.Size, p.Digest})
		}
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}
