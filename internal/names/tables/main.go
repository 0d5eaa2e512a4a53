// Command tables makes ../tables.txt, all that the package names knows of single
// characters, from the Unihan database of Unicode (Debian package unicode-data) and
// hanja.txt of libhangul (Debian package libhangul-data). The same sources give the
// same bytes. The form of a line is said in ../table.go.
package main

import (
	"bufio"
	"compress/bzip2"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

func main() {
	out := flag.String("out", "tables.txt", "file to write")
	root := flag.String("root", "/usr/share", "folder with unicode/ and libhangul/")
	flag.Parse()
	text, err := generate(*root)
	if err == nil {
		err = os.WriteFile(*out, []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
}

// A source is what the databases say of characters: field, character, values.
type source map[string]map[rune][]string

func generate(root string) (string, error) {
	s := source{}
	for _, part := range []string{"Readings", "Variants", "IRGSources", "OtherMappings"} {
		if err := s.unihan(filepath.Join(root, "unicode", "Unihan_"+part+".txt.bz2")); err != nil {
			return "", err
		}
	}
	if err := s.libhangul(filepath.Join(root, "libhangul", "hanja", "hanja.txt")); err != nil {
		return "", err
	}
	return s.table(), nil
}

func (s source) add(field string, r rune, values ...string) {
	if s[field] == nil {
		s[field] = map[rune][]string{}
	}
	s[field][r] = append(s[field][r], values...)
}

func (s source) unihan(path string) error {
	return lines(path, func(f io.Reader) io.Reader { return bzip2.NewReader(f) }, func(line string) error {
		parts := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || len(parts) != 3 {
			return nil
		}
		r, err := code(parts[0])
		if err != nil {
			return err
		}
		s.add(parts[1], r, strings.Fields(parts[2])...)
		return nil
	})
}

// libhangul reads lines of a reading, a character and a meaning.
func (s source) libhangul(path string) error {
	return lines(path, func(f io.Reader) io.Reader { return f }, func(line string) error {
		parts := strings.SplitN(norm.NFC.String(line), ":", 3)
		if len(parts) == 3 && len([]rune(parts[0])) == 1 && len([]rune(parts[1])) == 1 {
			s.add("hanja", []rune(parts[1])[0], parts[0])
		}
		return nil
	})
}

func lines(path string, unpack func(io.Reader) io.Reader, each func(string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	scan := bufio.NewScanner(unpack(f))
	scan.Buffer(nil, 1<<20)
	n := 0
	for ; scan.Scan(); n++ {
		if err := each(scan.Text()); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if n == 0 && scan.Err() == nil {
		return fmt.Errorf("%s: nothing in it", path)
	}
	return scan.Err()
}

// code reads U+91D1, and what stands behind it in a list of variants is dropped.
func code(s string) (rune, error) {
	s, _, _ = strings.Cut(s, "<")
	n, err := strconv.ParseInt(strings.TrimPrefix(s, "U+"), 16, 32)
	return rune(n), err
}

// table writes one line for each reading and each set of forms.
func (s source) table() string {
	groups := map[string][]rune{}
	for r := rune(0x3400); r <= 0x9FFF; r++ {
		if !s.wanted(r) {
			continue
		}
		for _, key := range s.readings(r) {
			groups[key] = append(groups[key], r)
		}
		for _, key := range s.forms(r) {
			groups[key] = append(groups[key], r)
		}
	}
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		fmt.Fprintf(&b, "%s %s\n", key, string(groups[key]))
	}
	return b.String()
}

// wanted are the characters that Korean reads, that Unicode's list for all of East
// Asia holds, and that China prescribes.
func (s source) wanted(r rune) bool {
	for _, field := range []string{"kHangul", "hanja", "kIICore", "kTGH"} {
		if len(s[field][r]) > 0 {
			return true
		}
	}
	return false
}

// readings are the lines that r stands in: N a Korean reading of a character that
// may be in a name, K another, M the first Mandarin reading, m another, Y Cantonese.
func (s source) readings(r rune) (keys []string) {
	first, more := s.korean(r)
	for h := range first {
		keys = append(keys, "N"+h)
	}
	for h := range more {
		if !first[h] {
			keys = append(keys, "K"+h)
		}
	}
	main := ""
	if all := s["kMandarin"][r]; len(all) > 0 {
		main = plain(all[0])
		keys = append(keys, "M"+main)
	}
	for m := range s.mandarin(r) {
		if m != main {
			keys = append(keys, "m"+m)
		}
	}
	for i, c := range s["kCantonese"][r] {
		if c = strings.TrimRight(c, "123456"); i == 0 {
			keys = append(keys, "Y"+c)
		}
	}
	return keys
}

func (s source) korean(r rune) (first, more map[string]bool) {
	first, more = map[string]bool{}, map[string]bool{}
	for _, v := range s["kHangul"][r] {
		h, kind, _ := strings.Cut(v, ":")
		if len([]rune(h)) != 1 {
			continue
		}
		if strings.ContainsAny(kind, "EN") || len(s["kKoreanName"][r]) > 0 {
			first[h] = true
		} else {
			more[h] = true
		}
	}
	for _, h := range s["hanja"][r] {
		more[h] = true
	}
	return first, more
}

// mandarin are the readings that two dictionaries and a word count give besides.
func (s source) mandarin(r rune) map[string]bool {
	all := map[string]bool{}
	for _, v := range s["kMandarin"][r] {
		all[plain(v)] = true
	}
	for _, v := range s["kHanyuPinlu"][r] {
		v, _, _ = strings.Cut(v, "(")
		all[plain(v)] = true
	}
	for _, v := range s["kTGHZ2013"][r] {
		_, v, _ = strings.Cut(v, ":")
		all[plain(v)] = true
	}
	delete(all, "")
	return all
}

// plain takes the tone off: lǐ is li, lǜ is lv.
func plain(pinyin string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(pinyin)) {
		switch {
		case r == 0x308: // the dots of ü
			s := strings.TrimSuffix(b.String(), "u")
			b.Reset()
			b.WriteString(s + "v")
		case r >= 'a' && r <= 'z':
			b.WriteRune(r)
		}
	}
	return b.String()
}

// forms are the lines of the characters that r is another form of: F what r is the
// simplified form of, V variants that Korean reads alike.
func (s source) forms(r rune) (keys []string) {
	for _, v := range s["kTraditionalVariant"][r] {
		if f, ok := s.form(r, v); ok {
			keys = append(keys, "F"+string(f))
		}
	}
	for _, field := range []string{"kZVariant", "kSemanticVariant", "kSpecializedSemanticVariant"} {
		for _, v := range s[field][r] {
			if f, ok := s.form(r, v); ok && s.sameReading(r, f) {
				keys = append(keys, "V"+string(f))
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func (s source) form(r rune, v string) (rune, bool) {
	f, err := code(v)
	return f, err == nil && f != r && unicode.Is(unicode.Han, f) && f <= 0x9FFF && s.wanted(f)
}

func (s source) sameReading(a, b rune) bool {
	first, more := s.korean(a)
	maps.Copy(first, more)
	other, more := s.korean(b)
	maps.Copy(other, more)
	for h := range first {
		if other[h] {
			return true
		}
	}
	return false
}
