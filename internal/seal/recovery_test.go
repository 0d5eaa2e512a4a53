package seal

import (
	"strings"
	"testing"
)

// The value was computed with another program, from docs/formats/vault.md.
func TestRecoveryCodeIsThatOfTheDocument(t *testing.T) {
	b := make([]byte, recoverySize)
	for i := range b {
		b[i] = byte(i)
	}
	if got := recoveryCode(b); got != "aaaq-eaye-auda-ocaj-bifq-ydio-b4ib-ceqt-zbbt" {
		t.Error(got)
	}
}

func TestRecoveryCodeIsTakenHoweverItWasCopied(t *testing.T) {
	code := NewRecoveryCode()
	for _, s := range []string{code, strings.ToUpper(code), strings.ReplaceAll(code, "-", ""), strings.ReplaceAll(code, "-", " ") + "\r\n"} {
		if got, err := ParseRecoveryCode(s); err != nil || got != code {
			t.Errorf("%q of %q, %v", got, s, err)
		}
	}
	if NewRecoveryCode() == code {
		t.Error("the same twice")
	}
}

func TestEachSlipOfThePenInARecoveryCodeIsSeen(t *testing.T) {
	code := NewRecoveryCode()
	missed := 0
	for i := range code {
		if code[i] == '-' {
			continue
		}
		for _, c := range "abcdefghijklmnopqrstuvwxyz234567" {
			if byte(c) == code[i] {
				continue
			}
			if _, err := ParseRecoveryCode(code[:i] + string(c) + code[i+1:]); err == nil {
				missed++
			}
		}
	}
	if missed > 1 { // one in a million is expected to pass
		t.Errorf("%d wrong letters were taken", missed)
	}
	for _, s := range []string{"", code[1:], code + "a", strings.Replace(code, code[:1], "0", 1), strings.Replace(code, code[:1], "é", 1)} {
		if _, err := ParseRecoveryCode(s); err != ErrTypo {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func FuzzRecoveryCode(f *testing.F) {
	f.Add("aaaq-eaye-auda-ocaj-bifq-ydio-b4ib-ceqt-zbbt")
	f.Fuzz(func(t *testing.T, s string) {
		code, err := ParseRecoveryCode(s)
		if err != nil {
			return
		}
		if again, err := ParseRecoveryCode(code); err != nil || again != code {
			t.Errorf("%q is taken and %q is not", s, code)
		}
	})
}
