package seal

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"filippo.io/age"
)

var phrase = []byte("correct horse battery staple")

func TestSlotOpensWithItsPassphraseAndNoOther(t *testing.T) {
	r := NewRoot()
	slot, err := r.MakeSlot(phrase)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenSlot(slot, phrase)
	if err != nil || again.Key(Fields).Bytes() != r.Key(Fields).Bytes() {
		t.Fatalf("another root, or none: %v", err)
	}
	for _, wrong := range []string{"", "correct horse battery staplE"} {
		if _, err := OpenSlot(slot, []byte(wrong)); err != ErrSealed {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestSlotIsAnAgeFileOfThirtyTwoBytes(t *testing.T) {
	r := NewRoot()
	slot, err := r.MakeSlot(phrase)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(slot, []byte("\n-> scrypt ")) || !bytes.Contains(slot, []byte(" 17\n")) {
		t.Errorf("another cost than the document's: %q", slot[:60])
	}
	with, _ := age.NewScryptIdentity(string(phrase))
	plain, err := age.Decrypt(bytes.NewReader(slot), with)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(plain); err != nil || !bytes.Equal(b, r.secret[:]) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestDamagedSlotIsSealed(t *testing.T) {
	slot, err := NewRoot().MakeSlot(phrase)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(i int) []byte {
		b := bytes.Clone(slot)
		b[i] ^= 1
		return b
	}
	for what, bad := range map[string][]byte{
		"empty": nil, "cut": slot[:len(slot)-1], "half": slot[:len(slot)/2], "longer": append(bytes.Clone(slot), 0),
		"version": flip(3), "salt": flip(35), "nonce": flip(len(slot) - 50), "last": flip(len(slot) - 1),
		"huge": append(bytes.Clone(slot), make([]byte, maxSlot)...),
	} {
		if _, err := OpenSlot(bad, phrase); err != ErrSealed {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAbsurdWorkIsRefusedBeforeItIsDone(t *testing.T) {
	slot, err := NewRoot().MakeSlot(phrase)
	if err != nil {
		t.Fatal(err)
	}
	for _, cost := range []string{"18", "30", "99", "-1", "017"} {
		start := time.Now()
		_, err := OpenSlot(bytes.Replace(slot, []byte(" 17\n"), []byte(" "+cost+"\n"), 1), phrase)
		if err != ErrSealed || time.Since(start) > 100*time.Millisecond {
			t.Errorf("cost %s: %v after %v", cost, err, time.Since(start))
		}
	}
}

func TestOtherAgeFilesAreNoSlots(t *testing.T) {
	cheap, _ := age.NewScryptRecipient(string(phrase))
	cheap.SetWorkFactor(1)
	someone, _ := age.GenerateX25519Identity()
	for what, c := range map[string]struct {
		to age.Recipient
		n  int
	}{"short": {cheap, 31}, "long": {cheap, 33}, "none": {cheap, 0}, "for a key": {someone.Recipient(), 32}} {
		var b bytes.Buffer
		w, err := age.Encrypt(&b, c.to)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(make([]byte, c.n)) //nolint:errcheck // to memory
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenSlot(b.Bytes(), phrase); err != ErrSealed {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestSlotNeedsAPassphrase(t *testing.T) {
	if slot, err := NewRoot().MakeSlot(nil); err == nil || errors.Is(err, ErrSealed) {
		t.Errorf("a slot for everybody: %d bytes, %v", len(slot), err)
	}
}

func BenchmarkOpenSlot(b *testing.B) {
	slot, err := NewRoot().MakeSlot(phrase)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := OpenSlot(slot, phrase); err != nil {
			b.Fatal(err)
		}
	}
}
