package evidence

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// IDs are typed so that one cannot be passed for another. Each is a prefix that
// names the type, an underscore, and 80 random bits in lower-case base 32.
type (
	MemberID    string // mem_…
	CaseID      string // cas_…
	ItemID      string // itm_…
	RenditionID string // ren_…
	PlanID      string // pln_…
	PersonID    string // per_…
	GroupID     string // grp_…
	SourceID    string // src_…
	ClaimID     string // clm_…
	StatusID    string // sta_…
	DraftID     string // drf_…
	ApprovalID  string // apr_…
	ReleaseID   string // rel_…
	BackupID    string // bak_…
	PlaceID     string // plc_…: where backups are kept
)

var idText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const (
	idRandom = 10 // bytes
	idLength = 16 // letters that they make
)

// prefixes lists every type of ID once; NewID and KnownID agree through it.
var prefixes = []string{"mem", "cas", "itm", "ren", "pln", "per", "grp", "src", "clm", "sta", "drf", "apr", "rel", "bak", "plc"}

// NewID makes a random ID of the type that I names.
func NewID[I ~string](prefix string) I {
	b := make([]byte, idRandom)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return I(prefix + "_" + idText.EncodeToString(b))
}

// KnownID says whether s is written as one of our IDs: it does not say that
// the thing exists.
func KnownID(s string) bool {
	prefix, rest, ok := strings.Cut(s, "_")
	if !ok || len(rest) != idLength {
		return false
	}
	for _, p := range prefixes {
		if p == prefix {
			b, err := idText.DecodeString(rest)
			return err == nil && idText.EncodeToString(b) == rest
		}
	}
	return false
}
