package leak

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"safehouse/internal/evidence"
)

// Terms is what must not go out.
type Terms struct {
	People []Person
	Terms  []Term
}

// A Person is protected under every one of the names.
type Person struct {
	ID     string
	Names  []Name
	Traits []Trait // what tells the person when enough of it stands together
}

// A Name is one spelling. Script is ISO 15924, empty where not said.
type Name struct {
	Text   evidence.Secret
	Script string
}

// A Term is anything else that must not go out. Kind is one of Kinds.
type Term struct {
	ID, Kind string
	Text     evidence.Secret
}

// The kinds of term. The first three are matched as numbers, in any grouping.
const (
	phone    = "phone"
	idNumber = "id_number"
	account  = "account"
)

// Kinds lists the kinds of term.
var Kinds = []string{phone, idNumber, account, "address", "place", "other"}

// A Policy says how finely dates and places may be told. What it does not allow is
// denied.
type Policy struct {
	Date    string `json:"date"`
	Place   string `json:"place"`
	Default string `json:"default"`

	// Looked names who looked at the pictures that could not be read.
	Looked string `json:"looked_by"`

	// Exceptions are signed notes, and Key is the note verifier of who may sign them.
	Exceptions []string `json:"exceptions"`
	Key        string   `json:"key"`
}

type termsJSON struct {
	People []struct {
		ID    string `json:"id"`
		Names []struct {
			Text   string `json:"text"`
			Script string `json:"script"`
		} `json:"names"`
		Traits []struct {
			Kind  string   `json:"kind"`
			Texts []string `json:"texts"`
		} `json:"traits"`
	} `json:"people"`
	Terms []struct {
		ID   string `json:"id"`
		Text string `json:"text"`
		Kind string `json:"kind"`
	} `json:"terms"`
}

// ReadTerms reads the JSON form of Terms. What it does not know, or cannot match
// later, is a Problem: a list that is half understood protects half the people.
func ReadTerms(r io.Reader) (Terms, error) {
	var in termsJSON
	if err := decode(r, &in); err != nil {
		return Terms{}, &evidence.Problem{Code: "leak.terms", Args: []any{"-"}, Err: err}
	}
	var t Terms
	for _, p := range in.People {
		person := Person{ID: p.ID}
		for _, n := range p.Names {
			person.Names = append(person.Names, Name{evidence.Protect(n.Text), n.Script})
		}
		for _, x := range p.Traits {
			person.Traits = append(person.Traits, Trait{x.Kind, x.Texts})
		}
		t.People = append(t.People, person)
	}
	for _, e := range in.Terms {
		t.Terms = append(t.Terms, Term{e.ID, e.Kind, evidence.Protect(e.Text)})
	}
	return t, t.check()
}

// check refuses what could not be found: an empty name, a number without digits.
func (t Terms) check() error {
	for i, p := range t.People {
		if p.ID == "" || len(p.Names) == 0 {
			return badTerm(i)
		}
		for _, n := range p.Names {
			if len(compact(n.Text.Reveal())) == 0 {
				return badTerm(i)
			}
		}
		for _, x := range p.Traits {
			nothing := func(text string) bool { return len(compact(text)) == 0 }
			if !slices.Contains(traitKinds, x.Kind) || len(x.Texts) == 0 || slices.ContainsFunc(x.Texts, nothing) {
				return badTerm(i)
			}
		}
	}
	for i, e := range t.Terms {
		if e.ID == "" || !slices.Contains(Kinds, e.Kind) || len(compact(e.Text.Reveal())) == 0 {
			return badTerm(len(t.People) + i)
		}
	}
	return nil
}

var errTerm = errors.New("no ID, no name, nothing to look for, or an unknown kind")

// badTerm says which entry it is by its number: its text is nobody's business.
func badTerm(i int) error {
	return &evidence.Problem{Code: "leak.terms", Args: []any{i + 1}, Err: errTerm}
}

var (
	dates  = []string{"", "day", "month", "year"}
	places = []string{"", "exact", "vicinity", "locality", "city", "province", "country"}
)

// ReadPolicy reads the JSON form of a Policy.
func ReadPolicy(r io.Reader) (Policy, error) {
	var p Policy
	if err := decode(r, &p); err != nil {
		return p, &evidence.Problem{Code: "leak.policy", Err: err}
	}
	if p.Default == "" {
		p.Default = Block
	}
	return p, p.check()
}

func (p Policy) check() error {
	if !slices.Contains(dates, p.Date) || !slices.Contains(places, p.Place) || p.Default != "" && p.Default != Block {
		return &evidence.Problem{Code: "leak.policy"}
	}
	for i, text := range p.Exceptions { // one that is no good would only seem to help
		if _, _, err := openException(text, p.Key); err != nil {
			return &evidence.Problem{Code: "leak.exception", Args: []any{i + 1}, Err: err}
		}
	}
	return nil
}

// looks says whether the policy has the gate look for what nobody listed. The zero
// policy protects the list and nothing else.
func (p Policy) looks() bool { return p.Default != "" || p.Date != "" || p.Place != "" }

// Strict is the policy where nobody chose one: what is certain to give somebody away
// does not pass.
var Strict = Policy{Default: Block}

// decode reads exactly one JSON document without unknown fields. Its errors hold
// no content: encoding/json quotes at most a field's name or a character.
func decode(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errors.New("not the form that is expected: " + kindOf(err))
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one document")
	}
	return nil
}

// kindOf keeps of an error what says nothing of the content.
func kindOf(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return "syntax"
	case errors.As(err, &kind):
		return "type of " + kind.Field
	case strings.Contains(err.Error(), "unknown field"):
		return "unknown field"
	}
	return "incomplete"
}
