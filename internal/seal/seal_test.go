package seal

import (
	"bytes"
	stdhkdf "crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"
	"pgregory.net/rapid"
)

// counting is the root whose bytes are 0, 1, 2 … 31.
func counting() *Root {
	r := NewRoot()
	for i := range r.secrets[0] {
		r.secrets[0][i] = byte(i)
	}
	return r
}

// The values were computed with another program, from docs/formats/vault.md.
func TestKeysAreThoseOfTheDocument(t *testing.T) {
	want := map[Purpose]string{ // the raw keys
		Originals:  "ec1f2b8b63d27f0a34e5fe5ac03bef46eff95d42872519e20af975a9312802a6",
		Renditions: "ae73c2999f6b05d5ab89b025fb7535960e03d0ee64fcb5bea0f8ddcf45e4f112",
		Database:   "f89c01fb63345718883ad2ecc4175f4c9682e837c86e9eb50e73042933b8a2a5",
		Fields:     "b71146362b825a3f6815416c9c2f9d78ee07da3d946f045b7796a394b3d4db38",
		Index:      "c346b2e282254079b79aa9b93b8bdaed3355f229fcd72f1072b6122e2f403cbd",
		Journal:    "59b8a3c48221f0db8b7c375aeedae9b9aba88f7e869c83fa0688cf28d43621d5",
		Identities: "30c7b29d77a2f296e392e5dfad694ceea22934b445e548533c42b95a72a9e205",
		Seen:       "7f65f2910947bc6fbd80f837337f558c380c0ff8d58cecadfa41c6216b1d12bc",
	}
	if len(want) != len(purposes) {
		t.Errorf("%d purposes, %d of them checked", len(purposes), len(want))
	}
	r := counting()
	for p, hexed := range want {
		r.Key(p).Raw(1, func(got *[keySize]byte) {
			if hex.EncodeToString(got[:]) != hexed {
				t.Errorf("%s: %x", p, *got)
			}
		})
	}
	k := r.Key(Fields)
	for _, c := range []struct {
		what string
		got  []byte
		want string
	}{
		{"seal", k.parts[0].seal[:], "63e91d5a833bcf2487d663a597fccfdcc4885f011e4596c9e705c093d1b703a7"},
		{"wrap", k.parts[0].wrap[:], "250c79b9b90557a2dff83e250c0722da5947aada022b07654d757f18940c09e9"},
		{"mac of abc", k.Mac([]byte("abc"), "digest"), "b763b610f5c65972ca30371905b344be1afda535ebac13ed1f0abe3f914e30a9"},
	} {
		if hex.EncodeToString(c.got) != c.want {
			t.Errorf("%s: %x", c.what, c.got)
		}
	}
}

func TestUnknownPurposePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a key for a purpose that nobody wrote down")
		}
	}()
	NewRoot().Key("everything")
}

func TestSealedOpensOnlyUnderItsKeyAndContext(t *testing.T) {
	r := NewRoot()
	k := r.Key(Fields)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		context := rapid.String().Draw(t, "context")
		sealed := k.Seal(plain, context)
		got, err := k.Open(sealed, context)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("opened %x, %v", got, err)
		}
		if _, err := k.Open(sealed, context+"x"); !errors.Is(err, ErrSealed) {
			t.Fatalf("opened under another context: %v", err)
		}
		if _, err := r.Key(Index).Open(sealed, context); !errors.Is(err, ErrSealed) {
			t.Fatalf("opened under another purpose: %v", err)
		}
		if _, err := NewRoot().Key(Fields).Open(sealed, context); !errors.Is(err, ErrSealed) {
			t.Fatalf("opened under another root: %v", err)
		}
	})
}

func TestNoByteOfSealedCanChange(t *testing.T) {
	k := NewRoot().Key(Fields)
	sealed := k.Seal([]byte("a name"), "people/per_1")
	for i := range sealed {
		for bit := range 8 {
			bad := bytes.Clone(sealed)
			bad[i] ^= 1 << bit
			if _, err := k.Open(bad, "people/per_1"); !errors.Is(err, ErrSealed) {
				t.Fatalf("byte %d bit %d: %v", i, bit, err)
			}
		}
		if _, err := k.Open(sealed[:i], "people/per_1"); !errors.Is(err, ErrSealed) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if _, err := k.Open(append(sealed, 0), "people/per_1"); !errors.Is(err, ErrSealed) {
		t.Errorf("with a byte more: %v", err)
	}
}

func TestSameBytesNeverSealTheSameTwice(t *testing.T) {
	k := NewRoot().Key(Fields)
	seen := make(map[string]bool)
	for range 1000 {
		s := string(k.Seal([]byte("김철수"), "x"))
		if seen[s[4:28]] || seen[s[28:]] || strings.Contains(s, "김철수") {
			t.Fatal("the sealed bytes tell something")
		}
		seen[s[4:28]], seen[s[28:]] = true, true
	}
}

func TestMacTellsContextFromContent(t *testing.T) {
	k := NewRoot().Key(Fields)
	a, b := k.Mac([]byte("bc"), "a"), k.Mac([]byte("c"), "ab")
	if bytes.Equal(a, b) {
		t.Error("moved a letter from the content to the context")
	}
	if !bytes.Equal(a, k.Mac([]byte("bc"), "a")) {
		t.Error("not the same twice")
	}
	if bytes.Equal(a, NewRoot().Key(Fields).Mac([]byte("bc"), "a")) {
		t.Error("does not depend on the root")
	}
}

func TestForgottenKeysOpenNothingAndAreOverwritten(t *testing.T) {
	r := NewRoot()
	k := r.Key(Fields)
	sealed := k.Seal([]byte("x"), "c")
	b, _ := NewBlobKey()
	wrapped := b.Wrap(k, "c")
	id, _ := NewIdentity()
	who := id.Recipient()
	r.Forget()
	zero := [keySize]byte{}
	if *r.secrets[0] != zero || *k.parts[0] != (parts{}) {
		t.Error("bytes of a forgotten key are still there")
	}
	if _, err := k.Open(sealed, "c"); !errors.Is(err, ErrSealed) {
		t.Errorf("open: %v", err)
	}
	if _, err := UnwrapBlobKey(k, wrapped, "c"); !errors.Is(err, ErrSealed) {
		t.Errorf("unwrap: %v", err)
	}
	for what, f := range map[string]func(){
		"Seal":     func() { k.Seal([]byte("x"), "c") },
		"Mac":      func() { k.Mac([]byte("x"), "c") },
		"Macs":     func() { k.Macs([]byte("x"), "c") },
		"Raw":      func() { k.Raw(1, func(*[keySize]byte) {}) },
		"Renew":    func() { renew(r) }, //nolint:errcheck // it must not return
		"Wrap":     func() { b.Wrap(k, "c") },
		"Key":      func() { r.Key(Fields) },
		"MakeFile": func() { r.MakeFile(VaultRoot, []string{who}) }, //nolint:errcheck // it must not return
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s used a forgotten key", what)
				}
			}()
			f()
		}()
	}
}

func TestForgettingWaitsForThoseInUse(t *testing.T) {
	r := NewRoot()
	k := r.Key(Fields)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			defer func() { recover() }() //nolint:errcheck // once forgotten, sealing panics
			for {
				s := k.Seal([]byte("x"), "c")
				if _, err := unseal(&[keySize]byte{}, s, "c"); err == nil {
					t.Error("sealed under an overwritten key")
				}
			}
		})
	}
	r.Forget()
	all.Wait()
}

func TestKeysShowNothingHoweverTheyArePrinted(t *testing.T) {
	r := counting()
	b, _ := NewBlobKey()
	id, _ := NewIdentity()
	for _, v := range []any{r, r.Key(Fields), b, id, []any{r}, struct{ K *Key }{r.Key(Fields)}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, "AGE-") || strings.Contains(out, "1, 2, 3") || strings.Contains(out, "1 2 3") || strings.Contains(out, "0102") {
				t.Errorf("%s of %T shows %s", verb, v, out)
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	k := counting().Key(Fields)
	f.Add(k.Seal([]byte("x"), "c"), "c")
	f.Fuzz(func(t *testing.T, sealed []byte, context string) {
		if _, err := k.Open(sealed, context); err != nil && err != ErrSealed {
			t.Errorf("told more than that it is sealed: %v", err)
		}
		if _, err := UnwrapBlobKey(k, sealed, context); err != nil && err != ErrSealed {
			t.Errorf("told more than that it is sealed: %v", err)
		}
	})
}

func BenchmarkSealField(b *testing.B) {
	k := NewRoot().Key(Fields)
	plain := make([]byte, 64)
	for b.Loop() {
		k.Seal(plain, "people/per_aaaaaaaaaaaaaaaa")
	}
}

func TestWhatIsWrittenOutHereIsWhatOthersCompute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "key")
		msg := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "msg")
		info := rapid.String().Draw(t, "info")
		var got [32]byte
		mac256(&got, key, msg[:len(msg)/2], msg[len(msg)/2:])
		want := hmac.New(sha256.New, key)
		want.Write(msg)
		if !bytes.Equal(got[:], want.Sum(nil)) {
			t.Fatal("another HMAC")
		}
		hkdf(&got, msg, key, info)
		if b, err := stdhkdf.Key(sha256.New, msg, key, info, 32); err != nil || !bytes.Equal(b, got[:]) {
			t.Fatalf("another HKDF: %v", err)
		}
		with := [32]byte(append(bytes.Clone(key), make([]byte, 32)...))
		sealed := seal(&with, 7, msg, info)
		x, err := chacha20poly1305.NewX(with[:])
		if err != nil {
			t.Fatal(err)
		}
		plain, err := x.Open(nil, sealed[4:28], sealed[28:], append([]byte{0, 0, 0, 7}, info...))
		if err != nil || !bytes.Equal(plain, msg) {
			t.Fatalf("another XChaCha20-Poly1305: %v", err)
		}
	})
}

func TestANewGenerationSealsAndTheOldStillOpens(t *testing.T) {
	r := NewRoot()
	k, old := r.Key(Fields), r.Key(Index)
	first := k.Seal([]byte("before"), "c")
	mac := k.Mac([]byte("b"), "c")
	if err := renew(r); err != nil {
		t.Fatal(err)
	}
	second := k.Seal([]byte("after"), "c")
	for sealed, want := range map[string]string{string(first): "before", string(second): "after"} {
		if got, err := k.Open([]byte(sealed), "c"); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", want, got, err)
		}
	}
	if first[3] != 1 || second[3] != 2 || old.Generation() != 2 {
		t.Errorf("sealed under %d and %d of %d", first[3], second[3], old.Generation())
	}
	macs := k.Macs([]byte("b"), "c")
	if len(macs) != 2 || !bytes.Equal(macs[0], mac) || !bytes.Equal(macs[1], k.Mac([]byte("b"), "c")) || bytes.Equal(macs[0], macs[1]) {
		t.Errorf("macs %x", macs)
	}
	// Whoever kept the root of before opens what was sealed before, and no more.
	kept := &Root{keys: make(map[Purpose]*Key), secrets: r.secrets[:1]}
	if _, err := kept.Key(Fields).Open(first, "c"); err != nil {
		t.Errorf("the old generation by itself: %v", err)
	}
	if _, err := kept.Key(Fields).Open(second, "c"); err != ErrSealed {
		t.Errorf("a kept root opens what came later: %v", err)
	}
	relabelled := append([]byte{0, 0, 0, 1}, second[4:]...)
	if _, err := k.Open(relabelled, "c"); err != ErrSealed {
		t.Errorf("the generation is not authenticated: %v", err)
	}
}

// renew adds a generation.
func renew(r *Root) error {
	id, err := NewIdentity()
	if err != nil {
		return err
	}
	return r.Renew(r.Generation()+1, VaultRoot, []string{id.Recipient()}, func([]byte) error { return nil })
}

func TestNothingIsSealedUnderAGenerationThatIsNotWritten(t *testing.T) {
	r, id, full := NewRoot(), newIdentity(t), errors.New("the disk is full")
	k := r.Key(Fields)
	var file []byte
	err := r.Renew(3, VaultRoot, []string{id.Recipient()}, func(b []byte) error { file = b; return full })
	if err != full || r.Generation() != 1 || k.Seal([]byte("x"), "c")[3] != 1 {
		t.Fatalf("generation %d: %v", r.Generation(), err)
	}
	err = r.Renew(3, VaultRoot, []string{id.Recipient()}, func(b []byte) error { file = b; return nil })
	if err != nil || r.Generation() != 3 {
		t.Fatalf("generation %d: %v", r.Generation(), err)
	}
	again, _, err := OpenFile(VaultRoot, file, id)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Key(Fields).Open(k.Seal([]byte("x"), "c"), "c"); err != nil || string(got) != "x" {
		t.Errorf("the file is behind: %q, %v", got, err)
	}
}

func TestGenerationsEnd(t *testing.T) {
	r := NewRoot()
	for range maxGenerations - 1 {
		if err := renew(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := renew(r); err == nil {
		t.Error("more than a key file holds")
	}
	id, _ := NewIdentity()
	file, err := r.MakeFile(VaultRoot, []string{id.Recipient()})
	if err != nil {
		t.Fatal(err)
	}
	if again, _, err := OpenFile(VaultRoot, file, id); err != nil || again.Generation() != maxGenerations {
		t.Errorf("the longest file: %v", err)
	}
}
