package seal

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// counting is the root whose bytes are 0, 1, 2 … 31.
func counting() *Root {
	r := &Root{keys: make(map[Purpose]*Key)}
	for i := range r.secret {
		r.secret[i] = byte(i)
	}
	return r
}

// The values were computed with another program, from docs/formats/vault.md.
func TestKeysAreThoseOfTheDocument(t *testing.T) {
	want := map[Purpose]string{
		Originals:  "cb52f1524578b9daf46ba2d50ad0dee6a2e2166ba756c4635548ab5a9ad186d1",
		Renditions: "06ffee0a6e0eb3d1e293cd0a107d5e3c55f0ebef312761128cf20aff74c22062",
		Database:   "382674ee58041c8363a9a20da0573b4271b92358f9e7eff9995dff47db408850",
		Fields:     "64f368ad47bf602c7655a4dd7907f6eff7030c2eb45f47107f291766e72fbff5",
		Index:      "545ca2f0ae70c2d5ca04c10b6e30f5ad7166a90987005861fc189d042a2e62e0",
		Journal:    "9e9b6d9afa0ba0a0844606c32566e7f2fade94775c8264dcbc36cf61c8c4a9e9",
	}
	r := counting()
	for p, hexed := range want {
		if got := r.Key(p).Bytes(); hex.EncodeToString(got[:]) != hexed {
			t.Errorf("%s: %x", p, got)
		}
	}
	k := r.Key(Fields)
	for _, c := range []struct {
		what string
		got  []byte
		want string
	}{
		{"seal", k.seal[:], "63e91d5a833bcf2487d663a597fccfdcc4885f011e4596c9e705c093d1b703a7"},
		{"wrap", k.wrap[:], "250c79b9b90557a2dff83e250c0722da5947aada022b07654d757f18940c09e9"},
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
		if seen[s[:24]] || seen[s[24:]] || strings.Contains(s, "김철수") {
			t.Fatal("the sealed bytes tell something")
		}
		seen[s[:24]], seen[s[24:]] = true, true
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
	r.Forget()
	zero := [keySize]byte{}
	if r.secret != zero || k.secret != zero || k.seal != zero || k.mac != zero || k.wrap != zero {
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
		"Bytes":    func() { k.Bytes() },
		"Wrap":     func() { b.Wrap(k, "c") },
		"Key":      func() { r.Key(Fields) },
		"MakeSlot": func() { r.MakeSlot([]byte("correct horse")) }, //nolint:errcheck // it must not return
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
	zero := &Key{root: NewRoot()}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			defer func() { recover() }() //nolint:errcheck // once forgotten, sealing panics
			for {
				s := k.Seal([]byte("x"), "c")
				if _, err := zero.open(&[keySize]byte{}, s, "c"); err == nil {
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
	for _, v := range []any{r, r.Key(Fields), b, []any{r}, struct{ K *Key }{r.Key(Fields)}} {
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
