package main

import (
	"os"
	"testing"
)

// scripts/setup.sh test installs the two packages that the table is made from.
func TestTheTableIsWhatItsSourcesGive(t *testing.T) {
	want, err := os.ReadFile("../tables.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := generate("/usr/share")
	if err != nil {
		t.Fatalf("the sources are not there (scripts/setup.sh test brings them): %v", err)
	}
	if got != string(want) {
		t.Error("tables.txt is not what go generate makes")
	}
}

func TestAMissingSourceIsAnError(t *testing.T) {
	if _, err := generate(t.TempDir()); err == nil {
		t.Error("a table was made of nothing")
	}
}
