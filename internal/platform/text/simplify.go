package text

// simplified is traditional as a table for the characters of the basic plane:
// one look-up a rune. A simplified form beyond that plane, and every
// traditional character beyond it, are in simplifiedRare.
var simplified, simplifiedRare = simplifiedTables()

const (
	simplifiedFrom, simplifiedTo = 0x3400, 0x9fff
	inRare                       = 1
)

// variants are pairs, as in traditional, of forms written in Hong Kong, Taiwan
// and by habit that people do not tell apart when they search.
const variants = "妳你著着瞭了痺痹簷檐粧妆衞卫敍叙糉粽糭粽枱台黏粘"

func simplifiedTables() (*[simplifiedTo - simplifiedFrom + 1]uint16, map[rune]rune) {
	table := new([simplifiedTo - simplifiedFrom + 1]uint16)
	rare := map[rune]rune{}
	var from rune
	for _, r := range traditional + variants {
		switch {
		case from == 0:
			from = r
			continue
		case from < simplifiedFrom || from > simplifiedTo:
			rare[from] = r
		case r > 0xffff:
			rare[from] = r
			table[from-simplifiedFrom] = inRare
		default:
			table[from-simplifiedFrom] = uint16(r)
		}
		from = 0
	}
	return table, rare
}

// simplify gives the simplified form of a traditional character, and every
// other rune unchanged.
func simplify(r rune) rune {
	if r < simplifiedFrom {
		return r
	}
	if r <= simplifiedTo {
		switch s := simplified[r-simplifiedFrom]; s {
		case 0:
			return r
		case inRare:
		default:
			return rune(s)
		}
	}
	if s, ok := simplifiedRare[r]; ok {
		return s
	}
	return r
}
