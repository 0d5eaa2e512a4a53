package report

import (
	"cmp"
	"slices"

	"safehouse/internal/edtf"
	"safehouse/internal/evidence"
)

// A dated is a date of the text in its place. Said is set once a claim was said on it.
type dated struct {
	stretch
	evidence.When
	role string
	said bool
}

// findDates reads the dates of the text, once for all.
func (d *document) findDates() {
	add := func(s stretch, role string) {
		for _, f := range edtf.Find(d.cut(s), d.language, d.published) {
			if role == "published" && f.When.EDTF == "" {
				continue
			}
			d.found = append(d.found, dated{stretch: stretch{s.from + f.Start, s.from + f.End}, When: f.When, role: role})
		}
	}
	for _, l := range d.aside {
		if l.Kind == published {
			add(d.at(l.Span), "published")
		}
	}
	add(d.dateline, "published")
	for _, p := range d.paragraphs {
		add(p, "event")
	}
	slices.SortStableFunc(d.found, func(a, b dated) int { return cmp.Compare(a.from, b.from) })
	d.dateStart, d.dateEnd = map[int]int{}, map[int]int{}
	for _, f := range d.found {
		d.dateStart[f.from], d.dateEnd[f.to] = f.to, f.from
	}
}

// findQuotes keeps where quotations are.
func (d *document) findQuotes() {
	single := d.singleQuotes()
	for _, p := range append([]stretch{d.headline}, d.paragraphs...) {
		d.quotes = append(d.quotes, quotations(d.text, p, single)...)
	}
	slices.SortStableFunc(d.quotes, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
}
