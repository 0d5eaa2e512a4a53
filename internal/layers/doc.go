// Package layers is the test of who may import whom. It holds the table and
// nothing that runs.
package layers
