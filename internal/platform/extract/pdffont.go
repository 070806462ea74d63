package extract

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
)

const (
	maxMapped = 200_000 // codes that a font may map and measure
	maxDst    = 64      // bytes that one code stands for
)

// pdfFont turns codes into text (ISO 32000-1, 9.10) and tells their widths.
type pdfFont struct {
	composite bool
	toUnicode map[uint32]string
	simple    [256]string
	multi     encoding.Encoding // of a composite font with a known map
	utf16     bool
	widths    map[uint32]float64
	def       float64
	work      int // codes mapped and measured, those done twice too
}

// more says whether the font may have yet another code.
func (f *pdfFont) more() bool { f.work++; return f.work <= maxMapped }

// font reads a font, once.
func (p *pdf) font(v any) *pdfFont {
	ref, isRef := v.(pdfRef)
	if isRef {
		if f, ok := p.fonts[int(ref)]; ok {
			return f
		}
	}
	d := p.dict(v)
	if d == nil {
		return nil
	}
	f := &pdfFont{toUnicode: map[uint32]string{}, widths: map[uint32]float64{}, def: 0.5}
	if st, ok := p.get(d["ToUnicode"]).(*pdfStream); ok {
		if data, err := p.decode(st); err == nil {
			f.readMap(data, p.b)
		}
	}
	if p.get(d["Subtype"]) == pdfName("Type0") {
		f.composite = true
		p.compositeFont(f, d)
	} else {
		p.simpleFont(f, d)
	}
	if isRef {
		p.fonts[int(ref)] = f
	}
	return f
}

func (p *pdf) compositeFont(f *pdfFont, d pdfDict) {
	name, _ := p.get(d["Encoding"]).(pdfName)
	switch n := string(name); {
	case strings.Contains(n, "UCS2"), strings.Contains(n, "UTF16"):
		f.utf16 = true
	case strings.HasPrefix(n, "GBK"), strings.HasPrefix(n, "GB-EUC"), strings.HasPrefix(n, "GBpc"):
		f.multi = simplifiedchinese.GB18030
	case strings.HasPrefix(n, "ETen"), strings.HasPrefix(n, "B5"), strings.HasPrefix(n, "HKscs"):
		f.multi = traditionalchinese.Big5
	case strings.Contains(n, "RKSJ"):
		f.multi = japanese.ShiftJIS
	case strings.HasPrefix(n, "KSC"):
		f.multi = korean.EUCKR
	}
	if l := p.list(d["DescendantFonts"]); len(l) > 0 {
		cid := p.dict(l[0])
		f.def = 1
		if dw, ok := p.num(cid["DW"]); ok {
			f.def = dw / 1000
		}
		w := p.list(cid["W"])
		for i := 0; i+1 < len(w); {
			first, ok := p.num(w[i])
			if !ok || first < 0 || first > 0xffff {
				return
			}
			if l := p.list(w[i+1]); l != nil {
				for k, v := range l {
					if n, ok := p.num(v); ok && k < maxMapped && f.more() {
						f.widths[uint32(first)+uint32(k)] = n / 1000
					}
				}
				i += 2
				continue
			}
			if i+2 >= len(w) {
				return
			}
			last, ok1 := p.num(w[i+1])
			n, ok2 := p.num(w[i+2])
			if !ok1 || !ok2 || last > 0xffff {
				return
			}
			for c := uint32(first); c <= uint32(max(last, 0)) && f.more(); c++ {
				f.widths[c] = n / 1000
			}
			i += 3
		}
	}
}

func (p *pdf) simpleFont(f *pdfFont, d pdfDict) {
	table := charmap.Windows1252
	base, _ := p.get(d["Encoding"]).(pdfName)
	enc, _ := p.get(d["Encoding"]).(pdfDict)
	if n, ok := p.get(enc["BaseEncoding"]).(pdfName); ok {
		base = n
	}
	if base == "MacRomanEncoding" {
		table = charmap.Macintosh
	}
	for c := 32; c < 256; c++ {
		if r := table.DecodeByte(byte(c)); r != utf8.RuneError && r >= ' ' {
			f.simple[c] = string(r)
		}
	}
	if n, ok := p.get(d["BaseFont"]).(pdfName); ok && base == "" && enc == nil && (strings.Contains(string(n), "Symbol") || strings.Contains(string(n), "Dingbats")) {
		f.simple = [256]string{}
	}
	c := 0
	for _, v := range p.list(enc["Differences"]) {
		switch v := p.get(v).(type) {
		case float64:
			c = int(v)
		case pdfName:
			if c >= 0 && c < 256 {
				f.simple[c] = glyph(string(v))
			}
			c++
		}
	}
	first, _ := p.num(d["FirstChar"])
	for i, v := range p.list(d["Widths"]) {
		if w, ok := p.num(v); ok && i < 256 {
			f.widths[uint32(first)+uint32(i)] = w / 1000
		}
	}
}

// next takes one code from a string: its length, text and width in ems.
func (f *pdfFont) next(s pdfString) (n int, text string, width float64) {
	n = 1
	switch {
	case f.composite && f.multi != nil:
		if s[0] >= 0x80 && len(s) > 1 {
			n = 2
		}
	case f.composite:
		n = min(len(s), 2)
	}
	c := code(s[:n])
	width = f.def
	if w, ok := f.widths[c]; ok {
		width = w
	}
	if t, ok := f.toUnicode[c]; ok {
		return n, t, width
	}
	switch {
	case !f.composite:
		text = f.simple[s[0]]
	case f.utf16:
		if n == 2 && utf16.IsSurrogate(rune(c)) && len(s) >= 4 {
			return 4, decodeWith(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), s[:4]), width
		}
		text = decodeWith(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), s[:n])
	case f.multi != nil:
		text = decodeWith(f.multi, s[:n])
		if n == 1 {
			width = f.def / 2
		}
	}
	return n, text, width
}

func code(s []byte) uint32 {
	c := uint32(0)
	for _, b := range s {
		c = c<<8 | uint32(b)
	}
	return c
}

// readMap reads a ToUnicode map. How long codes are is a matter of the font:
// maps often tell it wrong.
func (f *pdfFont) readMap(data []byte, b *budget) {
	s := &scanner{s: data, b: b}
	put := func(n int, c uint32, dst []byte) {
		if n < 1 || n > 4 || len(dst) > maxDst || !f.more() {
			return
		}
		u := make([]uint16, 0, len(dst)/2)
		if len(dst) == 1 {
			u = append(u, uint16(dst[0]))
		}
		for i := 0; i+1 < len(dst); i += 2 {
			u = append(u, uint16(dst[i])<<8|uint16(dst[i+1]))
		}
		f.toUnicode[c] = string(utf16.Decode(u))
	}
	var args []any
	for {
		v, ok := s.next(0)
		if !ok {
			return
		}
		op, isOp := v.(pdfOp)
		if !isOp {
			if len(args) < 3*maxMapped {
				args = append(args, v)
			}
			continue
		}
		switch op {
		case "beginbfchar", "beginbfrange":
			args = args[:0]
		case "endbfchar":
			for i := 0; i+1 < len(args); i += 2 {
				src, ok1 := args[i].(pdfString)
				dst, ok2 := args[i+1].(pdfString)
				if ok1 && ok2 {
					put(len(src), code(src[:min(len(src), 4)]), dst)
				}
			}
		case "endbfrange":
			for i := 0; i+2 < len(args); i += 3 {
				lo, ok1 := args[i].(pdfString)
				hi, ok2 := args[i+1].(pdfString)
				if !ok1 || !ok2 || len(lo) == 0 || len(lo) > 4 || len(lo) != len(hi) {
					continue
				}
				a, z := code(lo), code(hi)
				if z < a || z-a > 0xffff {
					continue
				}
				switch dst := args[i+2].(type) {
				case []any:
					for k, e := range dst {
						if d, ok := e.(pdfString); ok && uint32(k) <= z-a {
							put(len(lo), a+uint32(k), d)
						}
					}
				case pdfString:
					if len(dst) == 0 || len(dst) > maxDst {
						continue
					}
					d := append([]byte(nil), dst...)
					for c := a; c <= z && f.work < maxMapped; c++ {
						put(len(lo), c, d)
						for k := len(d) - 1; k >= 0; k-- { // the next one
							if d[k]++; d[k] != 0 {
								break
							}
						}
						if c == z { // z may be the last number there is
							break
						}
					}
				}
			}
		}
	}
}

// glyphs are the names of characters that are no letters, from Adobe's glyph
// list; letters with accents are put together from their names.
var glyphs = map[string]string{
	"space": " ", "exclam": "!", "quotedbl": "\"", "numbersign": "#", "dollar": "$", "percent": "%", "ampersand": "&", "quotesingle": "'",
	"parenleft": "(", "parenright": ")", "asterisk": "*", "plus": "+", "comma": ",", "hyphen": "-", "minus": "−", "period": ".", "slash": "/",
	"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
	"colon": ":", "semicolon": ";", "less": "<", "equal": "=", "greater": ">", "question": "?", "at": "@", "bracketleft": "[", "backslash": "\\",
	"bracketright": "]", "asciicircum": "^", "underscore": "_", "grave": "`", "braceleft": "{", "bar": "|", "braceright": "}", "asciitilde": "~",
	"quoteleft": "‘", "quoteright": "’", "quotedblleft": "“", "quotedblright": "”", "quotesinglbase": "‚", "quotedblbase": "„", "endash": "–", "emdash": "—",
	"bullet": "•", "ellipsis": "…", "fi": "fi", "fl": "fl", "ff": "ff", "ffi": "ffi", "ffl": "ffl", "Euro": "€", "sterling": "£", "yen": "¥", "cent": "¢",
	"section": "§", "paragraph": "¶", "degree": "°", "copyright": "©", "registered": "®", "trademark": "™", "plusminus": "±", "multiply": "×", "divide": "÷",
	"germandbls": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "oslash": "ø", "Oslash": "Ø", "eth": "ð", "Eth": "Ð", "thorn": "þ", "Thorn": "Þ",
	"dotlessi": "ı", "lslash": "ł", "Lslash": "Ł", "guillemotleft": "«", "guillemotright": "»", "guilsinglleft": "‹", "guilsinglright": "›",
	"exclamdown": "¡", "questiondown": "¿", "periodcentered": "·", "onehalf": "½", "onequarter": "¼", "threequarters": "¾", "mu": "µ", "nbspace": " ",
}

var accents = []struct{ name, mark string }{
	{"acute", "\u0301"}, {"grave", "\u0300"}, {"circumflex", "\u0302"}, {"dieresis", "\u0308"}, {"tilde", "\u0303"}, {"ring", "\u030a"},
	{"cedilla", "\u0327"}, {"caron", "\u030c"}, {"macron", "\u0304"}, {"breve", "\u0306"}, {"ogonek", "\u0328"}, {"dotaccent", "\u0307"},
}

// glyph is the text of a glyph's name; empty when it is not known.
func glyph(name string) string {
	name, _, _ = strings.Cut(name, ".") // variants such as a.sc
	if len(name) == 1 {
		return name
	}
	if g, ok := glyphs[name]; ok {
		return g
	}
	for _, prefix := range []string{"uni", "u"} {
		if h, ok := strings.CutPrefix(name, prefix); ok && len(h) >= 4 && len(h) <= 6 {
			if n, err := strconv.ParseUint(h, 16, 32); err == nil && utf8.ValidRune(rune(n)) {
				return string(rune(n))
			}
		}
	}
	for _, a := range accents {
		if base, ok := strings.CutSuffix(name, a.name); ok && len(base) == 1 {
			return norm.NFC.String(base + a.mark)
		}
	}
	return ""
}
