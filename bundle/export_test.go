package bundle

import (
	"bytes"
	"hash/crc32"
	"io"
	"iter"
)

// WriteZip writes any parts in the one form of a ZIP, for tests of what Verify
// refuses within it.
func WriteZip(dst io.Writer, parts iter.Seq2[string, string]) error {
	var b bytes.Buffer
	var files []file
	for name, text := range parts {
		f := file{name, int64(len(text)), crc32.ChecksumIEEE([]byte(text)), int64(b.Len())}
		b.Write(f.local())
		b.WriteString(text)
		files = append(files, f)
	}
	for _, f := range files {
		b.Write(f.central())
	}
	b.Write(end(files))
	_, err := dst.Write(b.Bytes())
	return err
}
