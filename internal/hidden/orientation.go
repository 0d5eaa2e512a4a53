package hidden

import (
	"encoding/binary"
	"errors"
)

var errDamaged = errors.New("damaged")

// orientation reads how a picture is to be turned from its EXIF data; 1 where that
// does not say.
func orientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = be
	if b[0] == 'I' {
		order = le
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 1
	}
	for i := range int64(order.Uint16(b[at:])) {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(b)) {
			return 1
		}
		if order.Uint16(b[entry:]) == 0x0112 {
			return int(order.Uint16(b[entry+8:]))
		}
	}
	return 1
}
