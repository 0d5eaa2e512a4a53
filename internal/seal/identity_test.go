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

func newIdentity(t testing.TB) *Identity {
	t.Helper()
	i, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func newSlot(t testing.TB, i *Identity) []byte {
	t.Helper()
	slot, err := i.MakeSlot(phrase)
	if err != nil {
		t.Fatal(err)
	}
	return slot
}

func TestSlotOpensWithItsPassphraseAndNoOther(t *testing.T) {
	i := newIdentity(t)
	slot := newSlot(t, i)
	again, err := OpenSlot(slot, phrase)
	if err != nil || again.Recipient() != i.Recipient() {
		t.Fatalf("another identity, or none: %v", err)
	}
	for _, wrong := range []string{"", "correct horse battery staplE"} {
		if _, err := OpenSlot(slot, []byte(wrong)); err != ErrSealed {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestSlotIsAnAgeFileWithAnIdentity(t *testing.T) {
	i := newIdentity(t)
	slot := newSlot(t, i)
	if !bytes.Contains(slot, []byte("\n-> scrypt ")) || !bytes.Contains(slot, []byte(" 17\n")) {
		t.Errorf("another cost than the document's: %q", slot[:60])
	}
	with, _ := age.NewScryptIdentity(string(phrase))
	plain, err := age.Decrypt(bytes.NewReader(slot), with)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(plain); err != nil || string(b) != i.own.String()+"\n" {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestDamagedSlotIsSealed(t *testing.T) {
	slot := newSlot(t, newIdentity(t))
	flip := func(i int) []byte {
		b := bytes.Clone(slot)
		b[i] ^= 1
		return b
	}
	for what, bad := range map[string][]byte{
		"empty": nil, "cut": slot[:len(slot)-1], "half": slot[:len(slot)/2], "longer": append(bytes.Clone(slot), 0),
		"version": flip(3), "salt": flip(35), "nonce": flip(len(slot) - 95), "last": flip(len(slot) - 1),
		"huge": append(bytes.Clone(slot), make([]byte, maxSlot)...),
	} {
		if _, err := OpenSlot(bad, phrase); err != ErrSealed {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAbsurdWorkIsRefusedBeforeItIsDone(t *testing.T) {
	slot := newSlot(t, newIdentity(t))
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
	i := newIdentity(t)
	text := i.own.String()
	for what, c := range map[string]struct {
		to      age.Recipient
		content string
	}{
		"no newline": {cheap, text}, "none": {cheap, ""}, "two": {cheap, text + "\n" + text + "\n"},
		"small letters": {cheap, string(bytes.ToLower([]byte(text))) + "\n"}, "a comment": {cheap, "# x\n" + text + "\n"},
		"for a key": {i.own.Recipient(), text + "\n"},
	} {
		var b bytes.Buffer
		w, err := age.Encrypt(&b, c.to)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, c.content) //nolint:errcheck // to memory
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenSlot(b.Bytes(), phrase); err != ErrSealed {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestSlotNeedsAPassphrase(t *testing.T) {
	if slot, err := newIdentity(t).MakeSlot(nil); err == nil || errors.Is(err, ErrSealed) {
		t.Errorf("a slot for everybody: %d bytes, %v", len(slot), err)
	}
}

func TestWhatIsOnesOwnOpensForNobodyElse(t *testing.T) {
	i := newIdentity(t)
	slot := newSlot(t, i)
	sealed := i.Own().Key(Seen).Seal([]byte("x"), "mem_1")
	again, err := OpenSlot(slot, phrase)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Own().Key(Seen).Open(sealed, "mem_1"); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := newIdentity(t).Own().Key(Seen).Open(sealed, "mem_1"); err != ErrSealed {
		t.Errorf("another identity: %v", err)
	}
}

func FuzzSlot(f *testing.F) {
	i, _ := NewIdentity()
	cheap, _ := age.NewScryptRecipient("x")
	cheap.SetWorkFactor(1)
	slot, err := sealFile(i.text(), cheap)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(slot)
	f.Add(i.text())
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := OpenSlot(b, []byte("wrong")); err != ErrSealed && !bytes.Equal(b, slot) {
			t.Errorf("a wrong passphrase: %v", err)
		}
		if i, err := parseIdentity(b); err == nil && !bytes.Equal(i.text(), b) {
			t.Error("two ways to write one identity")
		}
	})
}

func BenchmarkOpenSlot(b *testing.B) {
	slot := newSlot(b, newIdentity(b))
	for b.Loop() {
		if _, err := OpenSlot(slot, phrase); err != nil {
			b.Fatal(err)
		}
	}
}
