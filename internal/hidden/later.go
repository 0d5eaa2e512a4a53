package hidden

func (s *scan) zip(p part) {}
func (s *scan) pdf(p part) {}
