// Package licences is the test of what we may build with: every module and npm
// package has a licence that is read from its own text and stands in a table, and
// what is linked into the programs is named in NOTICE. It holds nothing that runs,
// and needs no network.
package licences
