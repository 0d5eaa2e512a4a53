package seal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"
)

// A recovery code is 160 random bits and 20 bits that show a slip of the pen, as
// nine groups of four letters and digits: abcd-efgh-…. There is no 0, 1, 8 or 9 in
// it, so that none is taken for a letter.

// ErrTypo is returned for a recovery code that was not copied right.
var ErrTypo = errors.New("not a recovery code: mistyped")

const (
	recoverySize   = 20 // bytes
	recoveryLength = 36 // letters, with the four that check
	recoveryGroup  = 4
)

var recoveryText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewRecoveryCode makes a random one.
func NewRecoveryCode() string {
	b := make([]byte, recoverySize)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return recoveryCode(b)
}

func recoveryCode(b []byte) string {
	sum := sha256.Sum256(append([]byte("safehouse recovery 1"), b...))
	letters := recoveryText.EncodeToString(b) + recoveryText.EncodeToString(sum[:])[:recoveryGroup]
	var groups []string
	for i := 0; i < len(letters); i += recoveryGroup {
		groups = append(groups, letters[i:i+recoveryGroup])
	}
	return strings.Join(groups, "-")
}

// ParseRecoveryCode gives the code as NewRecoveryCode wrote it, however it was
// spaced, hyphenated or capitalised, or ErrTypo.
func ParseRecoveryCode(s string) (string, error) {
	letters := strings.ToLower(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, s))
	if len(letters) != recoveryLength {
		return "", ErrTypo
	}
	b, err := recoveryText.DecodeString(letters[:recoveryLength-recoveryGroup])
	if err != nil {
		return "", ErrTypo
	}
	code := recoveryCode(b)
	if strings.ReplaceAll(code, "-", "") != letters {
		return "", ErrTypo
	}
	return code, nil
}
