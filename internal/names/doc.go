// Package names compares one person's name in all scripts and spellings: Hangul,
// Hanja and Hanzi in every form, Latin after any romanisation or none, Cyrillic.
//
// A name becomes a few readings, each a row of syllables of which every one holds
// the Hangul syllables, or the Chinese sounds, that it may stand for, with a cost.
// Two names are as near as the cheapest way through both rows. Every score
// comes with its reasons as codes and values; the sentences are in the catalogues.
//
// Matching proposes and a person decides: nothing here merges anything. Scores
// are symmetric and need no case data. A name of any length and of any bytes ends
// quickly, with an answer or a Problem. Nothing is stored or logged.
package names

//go:generate go run ./tables -out tables.txt
