package mask

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
)

func somePlan(t *testing.T) string {
	t.Helper()
	s := scene{}
	for n := 10; n < 13; n++ {
		s[n] = []face.Hit{hit(300, 150, 50, .9, face.SSD)}
	}
	tracks, queue := s.planned(t)
	b, err := json.Marshal(evidence.MaskPlan{
		Source: source, Profile: Standard, Detectors: []string{face.SSD}, Cuts: []int{}, Tracks: tracks, Queue: queue, WholeFrames: []int{7},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAPlanComesBackAsItWasWritten(t *testing.T) {
	text := somePlan(t)
	p, err := ParsePlan(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var want evidence.MaskPlan
	if err := json.Unmarshal([]byte(text), &want); err != nil || !reflect.DeepEqual(p, want) {
		t.Errorf("%+v", p)
	}
}

// An edited plan that would quietly leave a face bare is refused.
func TestAPlanThatCannotBeMeantIsRefused(t *testing.T) {
	text := somePlan(t)
	for name, edit := range map[string][2]string{
		"a misspelt field":         {`"tracks"`, `"track"`},
		"a hole in a track":        {`"11":[`, `"99":[`},
		"an unknown kind":          {`"kind":"face"`, `"kind":"foot"`},
		"frames outside":           {`"frames":100`, `"frames":9`},
		"a whole frame outside":    {`"whole_frames":[7]`, `"whole_frames":[100]`},
		"a doubt about nothing":    {`"queue":[{"track":1`, `"queue":[{"track":9`},
		"no digest of the source":  {source.SHA256, "abc"},
		"a box of no size":         {`"11":[282.5,125,367.5,217.5]`, `"11":[282.5,125,282.5,217.5]`},
		"a box beyond all bounds":  {`"11":[282.5,125,`, `"11":[-1e9,125,`},
		"something after it":       {`"whole_frames":[7]}`, `"whole_frames":[7]} {}`},
		"a track that is cut off":  {`"whole_frames"`, ``},
		"a track of no frames":     {`"from":`, `"from":90,"x":`},
		"the same track's ID back": {`"tracks":[{`, `"tracks":[{"id":1,"kind":"face","from":1,"to":1,"boxes":{"1":[1,1,2,2]}},{`},
	} {
		changed := strings.Replace(text, edit[0], edit[1], 1)
		if changed == text {
			t.Errorf("%s: the plan has no %s", name, edit[0])
			continue
		}
		_, err := ParsePlan(strings.NewReader(changed))
		var p *evidence.Problem
		if !errors.As(err, &p) || p.Code != "mask.plan" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParsePlan(f *testing.F) {
	f.Add([]byte(`{"source":{"sha256":"` + source.SHA256 + `","width":2,"height":2,"frames":1,"fps":1},"tracks":[]}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePlan(strings.NewReader(string(b)))
		if err != nil {
			return
		}
		if again := validPlan(p); again != nil {
			t.Error(again)
		}
	})
}
