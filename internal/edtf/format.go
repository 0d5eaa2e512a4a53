package edtf

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// errForm is returned for what is not EDTF of the kinds that we write.
var errForm = errors.New("not an EDTF date")

// written is one date: a year, month, season or day, unspecified digits as X,
// and one qualifier at its end.
var written = regexp.MustCompile(`^(\d{4}|\d{3}X|\d{2}XX)(?:-(\d{2}|XX)(?:-(\d{2}|XX))?)?[~?%]?$`)

const iso = "2006-01-02"

// Valid says what is wrong with an EDTF string, if anything.
func Valid(edtf string) error {
	_, _, err := Bounds(edtf)
	return err
}

// Bounds gives the earliest and the latest day that an EDTF string allows, as
// YYYY-MM-DD. An open end has none. A qualifier (about, perhaps) does not widen
// them: nobody said by how much.
func Bounds(edtf string) (earliest, latest string, err error) {
	from, to, interval := strings.Cut(edtf, "/")
	if !interval {
		to = from
	}
	if interval && isOpen(from) && isOpen(to) {
		return "", "", errForm
	}
	if earliest, err = bound(from, interval, false); err != nil {
		return "", "", err
	}
	if latest, err = bound(to, interval, true); err != nil {
		return "", "", err
	}
	if earliest != "" && latest != "" && earliest > latest {
		return "", "", fmt.Errorf("%w: it ends before it begins", errForm)
	}
	return earliest, latest, nil
}

func isOpen(s string) bool { return s == "" || s == ".." }

// bound is the first or last day of one date; empty for an open end.
func bound(s string, interval, last bool) (string, error) {
	if interval && isOpen(s) {
		return "", nil
	}
	m := written.FindStringSubmatch(s)
	if m == nil {
		return "", errForm
	}
	first, end, err := days(m[1], m[2], m[3])
	if err != nil {
		return "", err
	}
	if last {
		return end.Format(iso), nil
	}
	return first.Format(iso), nil
}

// days gives the first and last day of a year, month and day as written.
func days(year, month, day string) (first, last time.Time, err error) {
	low, high := digits(year, "0"), digits(year, "9")
	switch {
	case low < 1 || (low != high && month != "") || (month == "XX" && day != "" && day != "XX"):
		return first, last, errForm
	case month == "" || month == "XX":
		return date(low, 1, 1), date(high, 12, 31), nil
	}
	start, months, ok := stretchOf(digits(month, ""))
	if !ok || (day != "" && months != 1) {
		return first, last, errForm
	}
	first = date(low, start, 1)
	if day == "" || day == "XX" {
		return first, first.AddDate(0, months, -1), nil
	}
	d := digits(day, "")
	if first = date(low, start, d); d < 1 || int(first.Month()) != start {
		return first, last, errForm
	}
	return first, first, nil
}

// stretchOf gives the first month and how many months a code stands for: 01–12
// a month, 21–24 a season of the north, 33–36 a quarter, 40 and 41 a half year.
func stretchOf(code int) (start, months int, ok bool) {
	switch {
	case code >= 1 && code <= 12:
		return code, 1, true
	case code >= 21 && code <= 24:
		return 3 * (code - 20), 3, true
	case code >= 33 && code <= 36:
		return 3*(code-33) + 1, 3, true
	case code == 40 || code == 41:
		return 6*(code-40) + 1, 6, true
	}
	return 0, 0, false
}

// digits reads a number whose X stand for the digit x.
func digits(s, x string) int {
	n, _ := strconv.Atoi(strings.ReplaceAll(s, "X", x)) // the pattern left only digits
	return n
}

func date(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

// The writers below make EDTF of numbers; what is no date on the calendar comes
// out as a string that Bounds refuses, and rules check that once.

func year(y int) string { return fmt.Sprintf("%04d", y) }

func month(y, m int) string { return fmt.Sprintf("%04d-%02d", y, m) }

func day(t time.Time) string { return t.Format(iso) }

func ymd(y, m, d int) string { return fmt.Sprintf("%04d-%02d-%02d", y, m, d) }

func about(edtf string) string {
	from, to, interval := strings.Cut(edtf, "/")
	if !interval {
		return strings.TrimRight(from, "~?%") + "~"
	}
	return about(from) + "/" + about(to)
}

func start(edtf string) string {
	from, _, _ := strings.Cut(edtf, "/")
	return from
}

func end(edtf string) string {
	from, to, interval := strings.Cut(edtf, "/")
	if !interval {
		return from
	}
	return to
}

func between(a, b string) string { return start(a) + "/" + end(b) }

// A third of a month, a year or a decade.
type third int

const (
	early third = iota
	mid
	late
)

func partOfMonth(y, m int, p third) string {
	last := date(y, m+1, 0).Day()
	from := []int{1, 11, 21}[p]
	to := []int{10, 20, last}[p]
	return fmt.Sprintf("%s-%02d~/%s-%02d~", month(y, m), from, month(y, m), to)
}

func partOfYear(y int, p third) string {
	return month(y, int(4*p)+1) + "~/" + month(y, int(4*p)+4) + "~"
}

func partOfDecade(y int, p third) string {
	return year(y+[]int{0, 4, 7}[p]) + "~/" + year(y+[]int{3, 6, 9}[p]) + "~"
}
