// Package edtf reads imprecise dates, in English, Korean and Chinese words or as
// ISO 8601-2 (EDTF), and says on which days they can have begun and ended. It
// never makes a date more precise than the words: what it recognises but cannot
// place ("every year", "mid-March" with no day to count from) keeps its words
// and has no EDTF, and what it does not recognise is a Problem.
//
// EDTF has no word for "mid-March". The house rule: early is the days 1–10, mid
// 11–20, late 21–end, written 2017-03-11~/2017-03-20~. Of a year, early is
// January–April, mid May–August, late September–December; of a decade, the years
// 0–3, 4–6 and 7–9.
//
// Words that name no year ("on Monday", "in December") mean, in a report about
// the past, the latest such day or month that had begun when they were said.
package edtf
