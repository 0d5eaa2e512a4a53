package edtf

import "time"

// pick gives the year that a month (and day) without one belongs to: the latest
// that had begun when it was said, or the first still to come.
func (at moment) pick(m, d int) (int, bool) {
	if at.said.IsZero() {
		return 0, false
	}
	y := at.said.Year()
	begun := !date(y, m, d).After(at.today())
	switch {
	case at.future && begun && int(at.said.Month()) != m:
		return y + 1, true
	case !at.future && !begun:
		return y - 1, true
	}
	return y, true
}

// today is the day as a date of ours: the clock's zone must not move it.
func (at moment) today() time.Time {
	return date(at.said.Year(), int(at.said.Month()), at.said.Day())
}

// yearOf reads "last", "this" or "next" year.
func (at moment) yearOf(step int) int { return at.said.Year() + step }

// monthOf is the month so many from the one it was said in.
func (at moment) monthOf(step int) (y, m int) {
	t := date(at.said.Year(), int(at.said.Month())+step, 1)
	return t.Year(), int(t.Month())
}

// week gives Monday to Sunday of the week so many from this one.
func (at moment) week(step int) string {
	monday := at.monday(step)
	return day(monday) + "/" + day(monday.AddDate(0, 0, 6))
}

func (at moment) monday(step int) time.Time {
	t := at.today()
	return t.AddDate(0, 0, 7*step-(int(t.Weekday())+6)%7)
}

func (at moment) weekend(step int) string {
	saturday := at.monday(step).AddDate(0, 0, 5)
	return day(saturday) + "/" + day(saturday.AddDate(0, 0, 1))
}

// pastWeekend is the last weekend that had begun.
func (at moment) pastWeekend() string {
	if wd := at.said.Weekday(); wd == time.Saturday || wd == time.Sunday {
		return at.weekend(0)
	}
	return at.weekend(-1)
}

// weekday is the latest such day not after the day it was said; in a sentence
// about what is to come, the first after it.
func (at moment) weekday(wd time.Weekday) time.Time {
	back := (int(at.said.Weekday()) - int(wd) + 7) % 7
	if at.future {
		return at.today().AddDate(0, 0, 7-back)
	}
	return at.today().AddDate(0, 0, -back)
}

// earlierWeekday is "last Monday": never the day itself.
func (at moment) earlierWeekday(wd time.Weekday) time.Time {
	t := moment{said: at.said}.weekday(wd)
	if t.Equal(at.today()) {
		return t.AddDate(0, 0, -7)
	}
	return t
}

// weekdayOf is that day of the week so many from this one.
func (at moment) weekdayOf(wd time.Weekday, step int) time.Time {
	return at.monday(step).AddDate(0, 0, (int(wd)+6)%7)
}

// A unit of counting back.
type unit int

const (
	days1 unit = iota
	weeks
	months
	years
)

// shift is the day that many units away.
func (at moment) shift(n int, u unit) time.Time {
	t := at.today()
	switch u {
	case days1:
		return t.AddDate(0, 0, n)
	case weeks:
		return t.AddDate(0, 0, 7*n)
	case months:
		first := date(t.Year(), int(t.Month())+n, 1)
		return first.AddDate(0, 0, min(t.Day(), first.AddDate(0, 1, -1).Day())-1)
	}
	return t.AddDate(n, 0, 0)
}

// ago is as fine as its unit: two days ago is a day, two years ago a year.
func (at moment) ago(n int, u unit) string {
	t := at.shift(-n, u)
	switch u {
	case days1:
		return day(t)
	case weeks:
		return day(t) + "~"
	case months:
		return month(t.Year(), int(t.Month())) + "~"
	}
	return year(t.Year()) + "~"
}

// past is the stretch of so many units up to the day it was said.
func (at moment) past(n int, u unit) string {
	return day(at.shift(-n, u)) + "/" + day(at.today())
}

// known says whether there is a day to count from.
func (at moment) known() bool { return !at.said.IsZero() }

// dayOff is a day so many from the one it was said on.
func (at moment) dayOff(n int) string {
	if !at.known() {
		return ""
	}
	return day(at.shift(n, days1))
}
