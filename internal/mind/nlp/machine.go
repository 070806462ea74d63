package nlp

// machineLine says that a text in capitals with signs and numbers between is
// what a machine prints ("ERR 404 | VALVE | OPEN"): its words are of no
// language that one would answer in.
func machineLine(original []rune, words []string) bool {
	upper, lower, signs := 0, 0, 0
	for i, r := range original {
		switch {
		case i >= 400:
			return false
		case r >= 'A' && r <= 'Z':
			upper++
		case r >= 'a' && r <= 'z':
			lower++
		case r == '|' || r == '=' || r == '_' || r == '#' || r >= '0' && r <= '9':
			signs++
		case r >= 0x80:
			return false
		}
	}
	if upper < 2 || lower*8 > upper || signs == 0 {
		return false
	}
	for _, w := range words {
		switch w {
		case "the", "is", "my", "not", "has", "have", "where", "please", "help", "i", "you", "your", "me", "it", "and", "for", "what", "when", "how", "was", "are", "this", "with", "do", "can", "we", "be", "why", "want", "need":
			return false
		}
	}
	return true
}
