package report

// asian drafts what a Korean or Chinese paragraph attributes.
func (l *listener) asian(p stretch) {}

func (d *document) countAsian(p stretch) []count { return nil }
