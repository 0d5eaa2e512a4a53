package worker

import (
	"bytes"
	"encoding/binary"
)

// exifHead is what stands before EXIF data in a JPEG, and in some WebPs.
const exifHead = "Exif\x00\x00"

// orientation reads how a JPEG is to be turned (EXIF tag 274); 1 where it does
// not say.
func orientation(jpeg []byte) int {
	for at := 2; at+4 <= len(jpeg) && jpeg[at] == 0xff && jpeg[at+1] != 0xda; {
		size := int(binary.BigEndian.Uint16(jpeg[at+2:]))
		if at+2+size > len(jpeg) || size < 2 {
			return 1
		}
		body := jpeg[at+4 : at+2+size]
		if tiff, ok := bytes.CutPrefix(body, []byte(exifHead)); ok && jpeg[at+1] == 0xe1 {
			return tiffOrientation(tiff)
		}
		at += 2 + size
	}
	return 1
}

// tiffOrientation is orientation where EXIF data stands by itself.
func tiffOrientation(b []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(b, []byte("II")) {
		order = binary.LittleEndian
	}
	if len(b) < 8 {
		return 1
	}
	at := int(order.Uint32(b[4:]))
	if at < 8 || at+2 > len(b) {
		return 1
	}
	for i := range int(order.Uint16(b[at:])) {
		entry := at + 2 + 12*i
		if entry+12 > len(b) {
			return 1
		}
		if order.Uint16(b[entry:]) == 274 {
			return int(order.Uint16(b[entry+8:]))
		}
	}
	return 1
}
