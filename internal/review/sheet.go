package review

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"path"
	"strconv"
	"strings"

	"safehouse/bundle"
	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/store"
)

// A Sheet is a draft composed into the parts that would leave, byte for byte.
// Composing the same state twice gives the same bytes.
type Sheet struct {
	Draft  evidence.Draft
	Parts  []bundle.Part // media parts have no Open here: review reads rows, not content
	Media  map[string]evidence.RenditionID
	Digest string // of SHA256SUMS over the parts: what an approval covers
}

// Text gives a part that was written here, such as index.html.
func (s Sheet) Text(name string) ([]byte, error) {
	for _, p := range s.Parts {
		if p.Name == name && p.Open != nil {
			r, err := p.Open()
			if err != nil {
				return nil, err
			}
			defer r.Close()
			return io.ReadAll(r)
		}
	}
	return nil, fmt.Errorf("part %s: %w", name, evidence.ErrNotFound)
}

// Compose makes the parts of a draft from the state that v sees.
func Compose(v *store.View, id evidence.DraftID) (Sheet, error) {
	d, err := v.Draft(id)
	if err != nil {
		return Sheet{}, err
	}
	return compose(v, d)
}

func compose(v *store.View, d evidence.Draft) (Sheet, error) {
	if d.State == evidence.Void {
		return Sheet{}, wrongState(d)
	}
	s := Sheet{Draft: d, Media: make(map[string]evidence.RenditionID)}
	page, err := appeal(v, d)
	if err != nil {
		return Sheet{}, err
	}
	for i, id := range d.Renditions {
		r, _, err := v.Rendition(id)
		if err != nil {
			return Sheet{}, err
		}
		if r.Kind != evidence.Masked { // a preview is for the team's own lists
			return Sheet{}, &evidence.Problem{Code: "draft.not_masked", Args: []any{id}}
		}
		name := mediaName(i, r.Media)
		s.Media[name] = id
		s.Parts = append(s.Parts, bundle.Part{Name: name, Size: r.Size, Digest: r.Digest})
		page.Media = append(page.Media, media{Name: name, Type: r.Media, Video: strings.HasPrefix(r.Media, "video/")})
	}
	if err := s.write("index.html", page.html); err != nil {
		return Sheet{}, err
	}
	if err := s.write("claims.json", page.json); err != nil {
		return Sheet{}, err
	}
	s.Digest = bundle.Digest(bundle.Sums(s.Parts))
	return s, nil
}

func (s *Sheet) write(name string, make func() ([]byte, error)) error {
	b, err := make()
	if err != nil {
		return fmt.Errorf("compose %s: %w", name, err)
	}
	sum := sha256.Sum256(b)
	s.Parts = append(s.Parts, bundle.Part{
		Name: name, Size: int64(len(b)), Digest: hex.EncodeToString(sum[:]),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil },
	})
	return nil
}

// mediaName numbers: a file's own name may name somebody.
func mediaName(i int, mime string) string {
	ext := map[string]string{"video/mp4": ".mp4", "image/jpeg": ".jpg", "image/png": ".png"}[mime]
	return path.Join("media", strconv.Itoa(i+1)+ext)
}

// page is what a reader of the release sees. Nothing in it is an internal ID.
type page struct {
	say        *locale.Printer
	Language   string
	Headline   string
	Paragraphs [][]run
	Claims     []publicClaim
	Media      []media
}

type media struct {
	Name, Type string
	Video      bool
}

// A run is a stretch of a paragraph; Cite is the number of a claim, or 0.
type run struct {
	Text string
	Cite int
}

// publicClaim is a claim as a release shows it: the shape of claims.json.
type publicClaim struct {
	Number int           `json:"number"`
	Source string        `json:"source"`
	Form   evidence.Form `json:"form"`
	Type   string        `json:"type"`
	Words  string        `json:"words"`
	Said   evidence.When `json:"said"`
}

func appeal(v *store.View, d evidence.Draft) (*page, error) {
	claims, err := v.Claims(d.Case)
	if err != nil {
		return nil, err
	}
	sources, err := v.Sources(d.Case)
	if err != nil {
		return nil, err
	}
	p := &page{
		say: locale.For(d.Language), Language: d.Language,
		Headline: d.Headline.Reveal(), Paragraphs: paragraphs(d.Text.Reveal()),
	}
	for i, id := range d.Claims {
		c, err := public(i+1, id, claims, sources)
		if err != nil {
			return nil, err
		}
		p.Claims = append(p.Claims, c)
	}
	return p, nil
}

func public(number int, id evidence.ClaimID, claims []evidence.Claim, sources []evidence.Source) (publicClaim, error) {
	for _, c := range claims {
		if c.ID != id {
			continue
		}
		for _, s := range sources {
			if s.ID == c.Source {
				return publicClaim{number, s.Public, c.Form, c.Type, c.Content.Reveal(), c.SaidWhen}, nil
			}
		}
	}
	// A claim of another case is as absent here as one that never was.
	return publicClaim{}, &evidence.Problem{Code: "draft.unknown_claim", Args: []any{id}, Err: evidence.ErrNotFound}
}

func paragraphs(text string) [][]run {
	var out [][]run
	for _, para := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if para = strings.TrimSpace(para); para != "" {
			out = append(out, runs(para))
		}
	}
	return out
}

func runs(para string) []run {
	var out []run
	at := 0
	for _, m := range citation.FindAllStringSubmatchIndex(para, -1) {
		n, _ := strconv.Atoi(para[m[2]:m[3]]) // the pattern holds digits only
		out = append(out, run{Text: para[at:m[0]]}, run{Cite: n})
		at = m[1]
	}
	return append(out, run{Text: para[at:]})
}

//go:embed templates/appeal.html templates/appeal.css
var templates embed.FS

var appealPage = template.Must(template.New("appeal.html").Funcs(template.FuncMap{
	"style": func() (template.CSS, error) {
		b, err := templates.ReadFile("templates/appeal.css")
		return template.CSS(b), err
	},
}).ParseFS(templates, "templates/appeal.html"))

// Say is for the template: the fixed words of the page in its language.
func (p *page) Say(code string, args ...any) string { return p.say.Say(code, args...) }

func (p *page) html() ([]byte, error) {
	var b bytes.Buffer
	err := appealPage.Execute(&b, p)
	return b.Bytes(), err
}

func (p *page) json() ([]byte, error) {
	b, err := json.MarshalIndent(struct {
		Headline string        `json:"headline"`
		Language string        `json:"language"`
		Claims   []publicClaim `json:"claims"`
	}{p.Headline, p.Language, p.Claims}, "", "  ")
	return append(b, '\n'), err
}
