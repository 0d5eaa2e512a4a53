package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A token is a word, a mark, or a whole quotation.
type token struct {
	stretch
	kind kind
	low  string // a word in small letters; a mark as it is
}

type kind int

const (
	word kind = iota
	mark
	quote
)

// tokens cuts a sentence; what stands between two quotations' marks is one token.
func (d *document) tokens(s sentence) []token {
	var out []token
	next := 0
	for at := s.from; at < s.to; {
		if next < len(s.quotes) && at >= s.quotes[next].from {
			q := s.quotes[next]
			out = append(out, token{q, quote, ""})
			at = q.to
			next++
			continue
		}
		end := s.to
		if next < len(s.quotes) {
			end = s.quotes[next].from
		}
		t, ok := d.token(at, end)
		if ok {
			out = append(out, t)
		}
		at = t.to
	}
	return out
}

// token reads the next one; not ok is a blank.
func (d *document) token(at, end int) (token, bool) {
	r, n := utf8.DecodeRuneInString(d.text[at:end])
	switch {
	case inWord(r):
		to := d.wordEnd(at, end)
		return token{stretch{at, to}, word, strings.ToLower(strings.ReplaceAll(d.text[at:to], "’", "'"))}, true
	case (r == '\'' || r == '’') && d.possessive(at+n, end):
		return token{stretch{at, at + n + 1}, word, "'s"}, true
	}
	return token{stretch{at, at + n}, mark, string(r)}, !blank(r)
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

func (d *document) possessive(at, end int) bool {
	if at >= end || d.text[at] != 's' {
		return false
	}
	r, _ := utf8.DecodeRuneInString(d.text[at+1 : end])
	return at+1 == end || !inWord(r)
}

// wordEnd goes to the end of a word: hyphens, apostrophes, the points of U.S. and
// the commas of 30,000 are in it, the 's is not.
func (d *document) wordEnd(at, end int) int {
	begin := at
	for at < end {
		r, n := utf8.DecodeRuneInString(d.text[at:end])
		next, _ := utf8.DecodeRuneInString(d.text[at+n : end])
		switch {
		case inWord(r):
		case r == '-' && inWord(next):
		case (r == '\'' || r == '’') && unicode.IsLetter(next) && !d.possessive(at+n, end):
		case (r == ',' || r == '.') && unicode.IsDigit(next) && unicode.IsDigit(rune(d.text[at-1])):
		case r == '.' && d.initial(begin, at) && at+1 < end:
		case r == '.' && at+1 < end && abbreviated.MatchString(" "+d.text[begin:at+1]):
			return at + 1
		default:
			return at
		}
		at += n
	}
	return at
}

// initial says whether the letter before at is one of U.S. or of Ada J. Brook.
func (d *document) initial(begin, at int) bool {
	before, n := utf8.DecodeLastRuneInString(d.text[begin:at])
	if !unicode.IsUpper(before) {
		return false
	}
	earlier, _ := utf8.DecodeLastRuneInString(d.text[begin : at-n])
	return at-n == begin || earlier == '.'
}

// upper says whether a word begins with a capital.
func (d *document) upper(t token) bool {
	r, _ := utf8.DecodeRuneInString(d.text[t.from:t.to])
	return t.kind == word && unicode.IsUpper(r)
}
