// Package store keeps what the team knows, in SQL.
//
// It promises three things. [DB.Update] is the only way to write, and rolls back
// whatever recorded nothing: the change, its journal entry and the new signed
// checkpoint commit together or not at all. The engine sees IDs, codes, dates
// and links: names, words and notes are sealed before SQL sees them, each bound
// to its row, so that a copy of the database tells nothing and a value moved to
// another row does not open. And the pages themselves are encrypted on disk
// (Adiantum), so that a stolen file tells not even how much there is of what.
//
// On disk it is one file, safehouse.db, and SQLite's write-ahead log beside it.
// The published form of the journal (see package journal) lies in a folder of
// its own and is made anew from the database whenever it is behind.
package store
