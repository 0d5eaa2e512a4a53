package evidence

import "time"

// When is a point or stretch of time as somebody said it: four things, so that
// no precision is ever invented.
type When struct {
	Words    string `json:"text"`     // as said
	Language string `json:"language"` // of the words: en, ko, zh
	EDTF     string `json:"edtf"`     // ISO 8601-2; empty where it could not be resolved
	Earliest string `json:"earliest"` // YYYY-MM-DD, for sorting and counting
	Latest   string `json:"latest"`   // YYYY-MM-DD
}

// A Case is the compartment that people get access to.
type Case struct {
	ID       CaseID
	Ref      string // the team's own reference; names nobody
	Title    Secret
	Status   string // active, pending, not_active
	Priority string // urgent, high, normal, low
	Opened   time.Time
	By       MemberID
}

// A Name is one spelling of what a person or group is called.
type Name struct {
	Text     Secret
	Script   string // ISO 15924: Hang, Hani, Latn, Cyrl; empty where not said
	Language string // BCP 47; empty where not said
}

// A Person is a natural person in any role [09xx]: a role is a link, never a
// kind of person. Names are protected; Pseudonym may be shown. Where the identity
// is sealed, Names and Note are there for a custodian only: for everybody else
// they are empty, and SealedNames says how many names there are.
type Person struct {
	ID          PersonID
	Case        CaseID
	Pseudonym   string
	Names       []Name
	Note        Secret
	Sealed      bool
	SealedNames int
	Added       time.Time
}

// A Group is several people counted together [0930], named or not.
type Group struct {
	ID       GroupID
	Case     CaseID
	Label    string // how it may be called in public
	Min, Max int    // how many people
	Estimate bool
	Names    []Name // protected, if it has any
	Added    time.Time
}

// A Source is a person, organisation or document that says something [25xx].
type Source struct {
	ID          SourceID
	Case        CaseID
	Name        Secret
	Public      string // what the source is called in public
	Protected   bool   // the name must never leave
	Reliability string // [MT42]: highly_reliable, likely_reliable, unsure, likely_unreliable, highly_unreliable, unknown
	Added       time.Time
}

// Form is how a source put a claim.
type Form string

// The forms of a claim. NotAware and NoComment are neither denial nor
// confirmation.
const (
	Asserts   Form = "asserts"
	Denies    Form = "denies"
	Demands   Form = "demands"
	Pleads    Form = "pleads"
	NotAware  Form = "not_aware"
	NoComment Form = "no_comment"
	Reports   Form = "reports" // reports that another said
)

// Forms lists every form.
var Forms = []Form{Asserts, Denies, Demands, Pleads, NotAware, NoComment, Reports}

// Span is a stretch of a text in Unicode code points: [start, end).
type Span [2]int

// A Claim is one statement by one source about one thing.
type Claim struct {
	ID       ClaimID
	Case     CaseID
	Source   SourceID
	Item     ItemID // where it stands
	Span     Span   // and where in it: the content
	Form     Form
	Type     string // direct, indirect, mixed
	SaidWhen When
	Speaker  Secret // the words that name the speaker
	Content  Secret // the words of the claim
	Added    time.Time
	By       MemberID
}

// StatusCode says how things stand with a person or group at risk.
type StatusCode string

// StatusCodes lists every code. Only resettled and deceased end the watch.
var StatusCodes = []StatusCode{
	"in_hiding", "in_transit", "detained", "detained_undisclosed", "detention_denied",
	"transferred", "whereabouts_unknown", "refouled", "released_unsafe", "escaped",
	"in_third_country", "resettled", "deceased", "unknown",
}

// EndsWatch says whether nobody needs to ask any more.
func (c StatusCode) EndsWatch() bool { return c == "resettled" || c == "deceased" }

// A Status is one entry in the dated, sourced history of a person or group at
// risk. It is never overwritten: a later one stands beside it.
type Status struct {
	ID             StatusID
	Case           CaseID
	Subject        string // a PersonID or a GroupID
	Code           StatusCode
	Since          When
	AtRisk         bool // of refoulement
	RefoulExpected When // when that is expected
	Owner          MemberID
	Next           string // YYYY-MM-DD: when somebody must ask again; empty: nothing planned
	Note           Secret
	Claims         []ClaimID
	Added          time.Time
	By             MemberID
}
