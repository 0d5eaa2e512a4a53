package names

import (
	"encoding/json"
	"errors"
	"io"

	"safehouse/internal/evidence"
)

// A Person is somebody to look for, under every one of the names.
type Person struct {
	ID    string
	Names []evidence.Secret
}

// ReadPeople reads the people of a list of protected terms; the other terms of the
// list are none of this package's. What it does not know is a Problem: a list that is
// half understood finds half of the people.
func ReadPeople(r io.Reader) ([]Person, error) {
	var in struct {
		People []struct {
			ID    string `json:"id"`
			Names []struct {
				Text   string `json:"text"`
				Script string `json:"script"`
			} `json:"names"`
		} `json:"people"`
		Terms []struct {
			ID   string `json:"id"`
			Text string `json:"text"`
			Kind string `json:"kind"`
		} `json:"terms"`
	}
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil {
		return nil, problem("names.terms") // the cause could quote a name
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, problem("names.terms")
	}
	var all []Person
	for i, p := range in.People {
		if p.ID == "" || len(p.Names) == 0 {
			return nil, problem("names.term", i+1)
		}
		person := Person{ID: p.ID}
		for _, n := range p.Names {
			if _, err := Parse(n.Text); err != nil {
				return nil, problem("names.term", i+1)
			}
			person.Names = append(person.Names, evidence.Protect(n.Text))
		}
		all = append(all, person)
	}
	if len(all) == 0 {
		return nil, problem("names.nobody")
	}
	return all, nil
}
