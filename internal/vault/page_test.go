package vault

import (
	"os"
	"testing"

	"lukechampine.com/adiantum"
)

// firstPage decrypts a database's first page with what others wrote.
func firstPage(t *testing.T, path string, key [32]byte) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || len(b) < 4096 {
		t.Fatalf("%d bytes: %v", len(b), err)
	}
	return adiantum.New(key[:]).Decrypt(b[:4096], make([]byte, 8))
}
