package retrieve

// stem cuts the endings of an English word, so that "refunds", "refunded" and
// "refunding" are one: M. F. Porter, "An algorithm for suffix stripping",
// Program 14(3), 1980. w is lower case; words with anything but a–z come back
// unchanged.
func stem(w string) string {
	if len(w) < 3 || len(w) > 40 {
		return w
	}
	for i := range len(w) {
		if w[i] < 'a' || w[i] > 'z' {
			return w
		}
	}
	s := stemmer{b: []byte(w)}
	s.plural()
	s.pastAndGerund()
	if s.hasSuffix("y") && s.vowelBefore(1) {
		s.b[len(s.b)-1] = 'i'
	}
	s.replaceFirst(step2, 0)
	s.replaceFirst(step3, 0)
	s.dropSuffix()
	s.tidy()
	return string(s.b)
}

type stemmer struct{ b []byte }

type ending struct{ from, to string }

var step2 = []ending{
	{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
	{"abli", "able"}, {"alli", "al"}, {"entli", "ent"}, {"eli", "e"}, {"ousli", "ous"},
	{"ization", "ize"}, {"ation", "ate"}, {"ator", "ate"}, {"alism", "al"}, {"iveness", "ive"},
	{"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"}, {"iviti", "ive"}, {"biliti", "ble"},
}

var step3 = []ending{
	{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""}, {"ness", ""},
}

var step4 = []string{
	"ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize",
	"ion", "al", "er", "ic", "ou",
}

func (s *stemmer) consonant(i int) bool {
	switch s.b[i] {
	case 'a', 'e', 'i', 'o', 'u':
		return false
	case 'y':
		return i == 0 || !s.consonant(i-1)
	}
	return true
}

// measure counts the vowel-consonant sequences of the first n letters.
func (s *stemmer) measure(n int) (m int) {
	i := 0
	for i < n && s.consonant(i) {
		i++
	}
	for i < n {
		for i < n && !s.consonant(i) {
			i++
		}
		if i >= n {
			return m
		}
		m++
		for i < n && s.consonant(i) {
			i++
		}
	}
	return m
}

func (s *stemmer) hasSuffix(x string) bool {
	return len(s.b) >= len(x) && string(s.b[len(s.b)-len(x):]) == x
}

// vowelBefore says whether a vowel stands before the last n letters.
func (s *stemmer) vowelBefore(n int) bool {
	for i := range len(s.b) - n {
		if !s.consonant(i) {
			return true
		}
	}
	return false
}

func (s *stemmer) double() bool {
	n := len(s.b)
	return n >= 2 && s.b[n-1] == s.b[n-2] && s.consonant(n-1)
}

// shortEnd says whether the first n letters end consonant, vowel, consonant,
// the last of them not w, x or y.
func (s *stemmer) shortEnd(n int) bool {
	if n < 3 || !s.consonant(n-3) || s.consonant(n-2) || !s.consonant(n-1) {
		return false
	}
	return s.b[n-1] != 'w' && s.b[n-1] != 'x' && s.b[n-1] != 'y'
}

func (s *stemmer) cut(n int) { s.b = s.b[:len(s.b)-n] }

func (s *stemmer) plural() {
	switch {
	case s.hasSuffix("sses"), s.hasSuffix("ies"):
		s.cut(2)
	case s.hasSuffix("ss"):
	case s.hasSuffix("s"):
		s.cut(1)
	}
}

func (s *stemmer) pastAndGerund() {
	switch {
	case s.hasSuffix("eed"):
		if s.measure(len(s.b)-3) > 0 {
			s.cut(1)
		}
		return
	case s.hasSuffix("ed") && s.vowelBefore(2):
		s.cut(2)
	case s.hasSuffix("ing") && s.vowelBefore(3):
		s.cut(3)
	default:
		return
	}
	switch {
	case s.hasSuffix("at"), s.hasSuffix("bl"), s.hasSuffix("iz"):
		s.b = append(s.b, 'e')
	case s.double() && !s.hasSuffix("l") && !s.hasSuffix("s") && !s.hasSuffix("z"):
		s.cut(1)
	case s.measure(len(s.b)) == 1 && s.shortEnd(len(s.b)):
		s.b = append(s.b, 'e')
	}
}

// replaceFirst takes the first ending that fits; it is replaced when the rest
// has a measure above min.
func (s *stemmer) replaceFirst(endings []ending, min int) {
	for _, e := range endings {
		if s.hasSuffix(e.from) {
			if n := len(s.b) - len(e.from); s.measure(n) > min {
				s.b = append(s.b[:n], e.to...)
			}
			return
		}
	}
}

func (s *stemmer) dropSuffix() {
	for _, x := range step4 {
		if !s.hasSuffix(x) {
			continue
		}
		n := len(s.b) - len(x)
		if x == "ion" && (n == 0 || s.b[n-1] != 's' && s.b[n-1] != 't') {
			return
		}
		if s.measure(n) > 1 {
			s.b = s.b[:n]
		}
		return
	}
}

func (s *stemmer) tidy() {
	if n := len(s.b) - 1; s.hasSuffix("e") {
		if m := s.measure(n); m > 1 || m == 1 && !s.shortEnd(n) {
			s.cut(1)
		}
	}
	if s.hasSuffix("l") && s.double() && s.measure(len(s.b)) > 1 {
		s.cut(1)
	}
}
