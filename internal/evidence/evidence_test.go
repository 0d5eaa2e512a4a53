package evidence

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const planted = "김철수 Kim Chol-su"

func TestSecretShowsNothingHoweverItIsPrinted(t *testing.T) {
	type holder struct {
		Name   Secret
		hidden Secret
		Many   []Secret
		Deep   map[string]*Secret
	}
	s := Protect(planted)
	h := holder{Name: s, hidden: s, Many: []Secret{s}, Deep: map[string]*Secret{"k": &s}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v"} {
		for _, v := range []any{s, &s, h, &h, []any{s}, fmt.Errorf("wrapped: %v", s)} {
			args := []any{v}
			if strings.Contains(verb, "%T") {
				args = []any{v, v}
			}
			if out := fmt.Sprintf(verb, args...); leaks(out) {
				t.Errorf("%s shows %s", verb, out)
			}
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "name", s, "holder", h)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "name", s, "holder", h)
	if leaks(log.String()) {
		t.Errorf("a log shows %s", &log)
	}
}

func leaks(out string) bool {
	hex := fmt.Sprintf("%x", planted)
	return strings.Contains(out, "철수") || strings.Contains(out, "Chol") || strings.Contains(strings.ToLower(out), hex[:12])
}

func TestSecretWillNotEncode(t *testing.T) {
	s := Protect(planted)
	if _, err := json.Marshal(struct{ S Secret }{s}); !errors.Is(err, ErrSecret) {
		t.Errorf("json: %v", err)
	}
	if err := gob.NewEncoder(&bytes.Buffer{}).Encode(struct{ S Secret }{s}); err == nil {
		t.Error("gob encodes a secret")
	}
}

func TestIDsAreKnownByTheirForm(t *testing.T) {
	for _, p := range prefixes {
		if id := NewID[ItemID](p); !KnownID(string(id)) {
			t.Errorf("%s is not known", id)
		}
	}
	for _, bad := range []string{"", "itm", "itm_", "itm_0000000000000000", "xyz_" + strings.Repeat("a", 16), "itm_" + strings.Repeat("a", 17), "../itm_" + strings.Repeat("a", 16)} {
		if KnownID(bad) {
			t.Errorf("%q is taken for an ID", bad)
		}
	}
}

func TestOpenDoubtsAreThoseNobodySaw(t *testing.T) {
	p := Plan{Mask: MaskPlan{Queue: make([]Doubt, 3)}, Seen: []int{1, 7}}
	if got := p.Open(); len(got) != 2 || got[0] != 0 || got[1] != 2 {
		t.Errorf("open: %v", got)
	}
}
