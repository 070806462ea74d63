package email

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode/utf32"
)

// A label is a claim, not a fact: mail that says gb2312 is GB18030, iso-8859-1
// is windows-1252, and us-ascii may be anything. decodeBytes takes the label's
// decoding when it fits the bytes, and looks at the bytes when it does not.

// labels that the WHATWG and IANA tables lack or read too narrowly.
var labels = map[string]encoding.Encoding{}

func init() {
	add := func(e encoding.Encoding, names string) {
		for _, n := range strings.Fields(names) {
			labels[n] = e
		}
	}
	add(simplifiedchinese.GB18030, "gb2312 gb_2312 gb_2312-80 gb2312-80 gb-2312 gbk gb-k x-gbk cp936 ms936 windows-936 x-cp936 936 gb18030 gb-18030 gb18030-2000 gb18030-2005 gb18030-2022 chinese csgb2312 euc-cn x-euc-cn cn-gb gb iso-ir-58 hz-gb2312")
	add(simplifiedchinese.HZGB2312, "hz hz-gb-2312")
	add(traditionalchinese.Big5, "big5 big5-hkscs big5hkscs cn-big5 csbig5 x-x-big5 cp950 ms950 windows-950 950 big-5 big5-eten x-big5")
	add(japanese.ShiftJIS, "shift_jis shift-jis shiftjis sjis x-sjis ms_kanji cp932 ms932 windows-31j cswindows31j windows-932 x-ms-cp932")
	add(japanese.EUCJP, "euc-jp eucjp x-euc-jp x-euc ujis")
	add(japanese.ISO2022JP, "iso-2022-jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 iso-2022-jp-2004 iso-2022-jp-ms csiso2022jp iso2022jp jis cp50220 cp50221 cp50222")
	add(korean.EUCKR, "euc-kr euckr ks_c_5601-1987 ks_c_5601-1989 ks_c_5601 ksc5601 ksc_5601 ks_c-5601-1987 cp949 ms949 windows-949 uhc x-windows-949 korean 949 cseuckr")
	add(utf32.UTF32(utf32.BigEndian, utf32.UseBOM), "utf-32 utf32")
	add(utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), "utf-32le utf32le")
	add(utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), "utf-32be utf32be")
}

// openLabels say nothing: the bytes decide.
var openLabels = map[string]bool{
	"": true, "us-ascii": true, "ascii": true, "ansi_x3.4-1968": true, "utf-8": true, "utf8": true, "utf-8n": true,
	"unknown-8bit": true, "x-unknown": true, "unknown": true, "default": true, "default_charset": true,
	"_autodetect": true, "_autodetect_all": true, "none": true, "8bit": true, "7bit": true, "binary": true, "x-user-defined": true,
	"iso-10646-ucs-2": true, "ansi": true, "iso-8859-1-unicode": true,
}

func labelName(label string) string {
	l := strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'=;, `))
	if i := strings.IndexAny(l, " \t;*"); i > 0 {
		l = l[:i]
	}
	return strings.TrimPrefix(l, "charset=")
}

func lookup(name string) encoding.Encoding {
	if e := labels[name]; e != nil {
		return e
	}
	name = strings.ReplaceAll(name, "_", "-")
	for _, alias := range []string{name, strings.Replace(name, "cp", "windows-", 1), strings.Replace(name, "iso8859", "iso-8859", 1)} {
		if e := labels[alias]; e != nil {
			return e
		}
		if e, err := htmlindex.Get(alias); err == nil && e != encoding.Replacement {
			return e
		}
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil {
		return e
	}
	if e, err := ianaindex.IANA.Encoding(name); err == nil && e != nil {
		return e
	}
	return nil
}

// decodeBytes makes UTF-8 of b, which claims to be in the labelled charset.
func decodeBytes(b []byte, label string) string {
	s, _ := decodeCharset(b, label)
	return s
}

// decodeCharset also says which charset it took.
func decodeCharset(b []byte, label string) (text, charset string) {
	name := labelName(label)
	switch name {
	case "utf-7", "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7":
		return decodeUTF7(b), "utf-7"
	case "iso-2022-kr", "iso2022-kr", "csiso2022kr":
		return decodeShifted(b, korean.EUCKR), "iso-2022-kr"
	case "iso-2022-cn", "iso-2022-cn-ext":
		return decodeShifted(b, simplifiedchinese.GB18030), "iso-2022-cn"
	case "utf-16", "utf16", "utf-16le", "utf16le", "utf-16be", "utf16be", "unicode", "ucs-2", "iso-10646-ucs-2":
		if looksUTF16(b) {
			return decodeUTF16(b, strings.HasSuffix(name, "le")), "utf-16"
		}
		return detect(b)
	}
	if isASCII(b) && !escapes(b) {
		if name != "hz" && name != "hz-gb-2312" {
			return string(b), orASCII(name)
		}
	}
	if openLabels[name] {
		return detect(b)
	}
	enc := lookup(name)
	if enc == nil {
		return detect(b)
	}
	s := decodeWith(enc, b)
	bad := strings.Count(s, "\uFFFD")
	high := highBytes(b)
	if utf8.Valid(b) && high > 0 {
		// Text that is valid UTF-8 by accident is rare; in one-byte charsets it
		// does not happen in words. For two-byte charsets compare how likely
		// each reading is.
		if bad > 0 || !multibyte(enc) || plausible(string(b)) > plausible(s)+0.15 {
			return string(b), "utf-8"
		}
		return s, name
	}
	if bad > 0 && bad*20 > high {
		if d, cs := detect(b); strings.Count(d, "\uFFFD") < bad {
			return d, cs
		}
	}
	if bad == 0 && high == 0 && escapes(b) && !strings.HasPrefix(name, "iso-2022") && name != "jis" {
		return detect(b)
	}
	return s, name
}

func orASCII(name string) string {
	if name == "" || openLabels[name] && name != "utf-8" {
		return "us-ascii"
	}
	return name
}

func multibyte(e encoding.Encoding) bool {
	switch e {
	case simplifiedchinese.GB18030, simplifiedchinese.GBK, traditionalchinese.Big5, japanese.ShiftJIS, japanese.EUCJP, korean.EUCKR:
		return true
	}
	return false
}

func decodeWith(e encoding.Encoding, b []byte) string {
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		// The decoders replace what they cannot read; an error is unexpected, and
		// the bytes are worth more than the error.
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}

func isASCII(b []byte) bool { return highBytes(b) == 0 }

func highBytes(b []byte) int {
	n := 0
	for _, c := range b {
		if c >= 0x80 {
			n++
		}
	}
	return n
}

// escapes says whether b switches charsets by ISO 2022 escapes.
func escapes(b []byte) bool {
	return bytes.Contains(b, []byte("\x1b$")) || bytes.Contains(b, []byte("\x1b(J")) || bytes.Contains(b, []byte("\x1b(I"))
}

// plausible is the share of non-ASCII characters that are common in real text,
// from −1 to 1.
func plausible(s string) float64 {
	good, all := 0.0, 0.0
	for i, r := range s {
		if i > 64<<10 {
			break
		}
		if r < 0x80 {
			continue
		}
		all++
		switch {
		case r == utf8.RuneError, r >= 0xE000 && r <= 0xF8FF, r < 0xA0:
			good--
		case r >= 0x4E00 && r <= 0x9FFF:
			if commonHan(r) {
				good++
			} else {
				good -= 0.5
			}
		case r >= 0x3000 && r <= 0x30FF, r >= 0xFF00 && r <= 0xFFEF, r >= 0xAC00 && r <= 0xD7A3, r >= 0x400 && r <= 0x45F, r >= 0x2010 && r <= 0x203A, r >= 0x1F300 && r <= 0x1FAFF:
			good++
		case r >= 0xC0 && r <= 0x17F:
			good += 0.8
		}
	}
	if all == 0 {
		return 0
	}
	return good / all
}

// commonHan says whether r is in the first level of GB 2312 (3755 characters,
// chosen by frequency) or in the first level of Big5.
func commonHan(r rune) bool {
	var buf [4]byte
	n := utf8.EncodeRune(buf[:], r)
	if g, err := simplifiedchinese.GBK.NewEncoder().Bytes(buf[:n]); err == nil && len(g) == 2 && g[0] >= 0xB0 && g[0] <= 0xD7 && g[1] >= 0xA1 {
		return true
	}
	b, err := traditionalchinese.Big5.NewEncoder().Bytes(buf[:n])
	return err == nil && len(b) == 2 && b[0] >= 0xA4 && b[0] <= 0xC6
}

// detect reads bytes without a trustworthy label.
func detect(b []byte) (string, string) {
	switch {
	case escapes(b):
		if bytes.Contains(b, []byte("\x1b$)C")) {
			return decodeShifted(b, korean.EUCKR), "iso-2022-kr"
		}
		if bytes.Contains(b, []byte("\x1b$)A")) {
			return decodeShifted(b, simplifiedchinese.GB18030), "iso-2022-cn"
		}
		return decodeWith(japanese.ISO2022JP, b), "iso-2022-jp"
	case bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")):
		return decodeUTF16(b), "utf-16"
	case utf8.Valid(b):
		return string(b), "utf-8"
	}
	sample := b[:min(len(b), 32<<10)]
	if n := broken8(sample); n*8 < highBytes(sample) {
		// UTF-8 with a few damaged characters.
		return strings.ToValidUTF8(string(b), "\uFFFD"), "utf-8"
	}
	best, bestScore := "windows-1252", latinScore(sample)
	for _, c := range []struct {
		name  string
		bonus float64 // how much mail of this product is in it
	}{{"gb18030", 0.12}, {"big5", 0.05}, {"shift_jis", 0.03}, {"euc-jp", 0.03}, {"euc-kr", 0.02}, {"windows-1251", 0}, {"koi8-r", 0}} {
		var score float64
		switch c.name {
		case "windows-1251", "koi8-r":
			score = cyrillicScore(decodeWith(lookup(c.name), sample))
		default:
			score = pairScore(c.name, sample)
			if frequent := frequentOf[c.name]; frequent != "" && score > 0.3 {
				score += 0.5 * share(decodeWith(lookup(c.name), sample), frequent)
			}
		}
		if score += c.bonus; score > bestScore {
			best, bestScore = c.name, score
		}
	}
	return decodeWith(lookup(best), b), best
}

// The characters that text of a language uses most; they decide between
// charsets whose everyday rows overlap.
var frequentOf = map[string]string{
	"gb18030": "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实",
	"big5":    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實",
	"euc-kr":  "이다는을가에의하고를은도로지기한사시있어해나아인서대자보니습요안세그라리수일면주정만거게들으여것과오부전와스무제상되저까고중",
}

func share(s, of string) float64 {
	hit, all := 0, 0
	for _, r := range s {
		if r < 0x2E80 {
			continue
		}
		if all++; strings.ContainsRune(of, r) {
			hit++
		}
	}
	if all == 0 {
		return 0
	}
	return float64(hit) / float64(all)
}

// broken8 counts the bytes that are not part of valid UTF-8.
func broken8(b []byte) int {
	bad := 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			bad++
		}
		b = b[n:]
	}
	return bad
}

// pairScore walks b as one of the two-byte charsets and weighs where the pairs
// fall: +1 for the rows of everyday characters, little for the others, much
// against for what the charset cannot hold.
func pairScore(name string, b []byte) float64 {
	good, all := 0.0, 0.0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c < 0x80 {
			continue
		}
		var d byte
		if i+1 < len(b) {
			d = b[i+1]
		} else {
			break // cut in the middle of a character
		}
		all++
		two, common := false, 0.0
		switch name {
		case "gb18030":
			two = c >= 0x81 && c != 0xFF && d >= 0x40 && d != 0x7F && d != 0xFF
			switch {
			case c >= 0xB0 && c <= 0xD7 && d >= 0xA1:
				common = 1
			case (c == 0xA1 || c == 0xA3) && d >= 0xA1:
				common = 0.9 // punctuation, full-width forms
			case c >= 0xD8 && c <= 0xF7 && d >= 0xA1:
				common = 0.2
			case c >= 0xA4 && c <= 0xA9 && d >= 0xA1:
				common = 0.3
			}
		case "big5":
			two = c >= 0x81 && c != 0xFF && (d >= 0x40 && d <= 0x7E || d >= 0xA1 && d <= 0xFE)
			switch {
			case c >= 0xA4 && c <= 0xC6:
				common = 1
			case c == 0xA1:
				common = 0.8
			case c >= 0xC9 && c <= 0xF9:
				common = 0.1
			}
		case "shift_jis":
			if c >= 0xA1 && c <= 0xDF { // half-width katakana
				good += 0.3
				continue
			}
			two = (c >= 0x81 && c <= 0x9F || c >= 0xE0 && c <= 0xFC) && d >= 0x40 && d != 0x7F && d <= 0xFC
			switch {
			case c == 0x82 && d >= 0x9F && d <= 0xF1, c == 0x83 && d <= 0x96, c == 0x81:
				common = 1
			case c >= 0x88 && c <= 0x97:
				common = 0.8
			}
		case "euc-jp":
			two = c >= 0xA1 && c != 0xFF && d >= 0xA1 && d != 0xFF || c == 0x8E && d >= 0xA1
			switch {
			case c == 0xA4 && d <= 0xF3, c == 0xA5 && d <= 0xF6, c == 0xA1:
				common = 1.15
			case c >= 0xB0 && c <= 0xCF:
				common = 0.7 // half of the text is kana; alone this is Chinese
			}
		case "euc-kr":
			two = c >= 0x81 && c != 0xFF && d >= 0x41 && d != 0xFF
			switch {
			case c >= 0xB0 && c <= 0xC8 && d >= 0xA1:
				common = 0.9 // Hangul; the same rows hold Chinese in GB 2312
			case c == 0xA1 && d >= 0xA1:
				common = 0.5
			case d >= 0xA1:
				common = -0.3
			}
		}
		if !two {
			good -= 3
			continue
		}
		good += common
		i++
	}
	if all == 0 {
		return 0
	}
	return good / all
}

// latinScore is high when bytes above 0x7F stand alone, or two together, inside
// Latin words.
func latinScore(b []byte) float64 {
	letter := func(i int) bool {
		return i >= 0 && i < len(b) && (b[i]|0x20 >= 'a' && b[i]|0x20 <= 'z')
	}
	low := func(i int) bool { return i < 0 || i >= len(b) || b[i] < 0x80 }
	good, all := 0.0, 0.0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c < 0x80 {
			continue
		}
		all++
		special := c >= 0xC0 || c == 0x8A || c == 0x8C || c == 0x8E || c == 0x9A || c == 0x9C || c == 0x9E || c == 0x9F
		switch {
		case low(i-1) && low(i+1): // alone
			if special && (letter(i-1) || letter(i+1)) {
				good += 1.3
			} else {
				good += 0.6
			}
		case low(i-1) && low(i+2) && c >= 0xE0 && b[i+1] >= 0xE0 && letter(i-1): // "\u00e7\u00e3" in a word
			good += 2.4
			all++
			i++
		case c >= 0xC0:
			good += 0.1
		case c == 0x81 || c == 0x8D || c == 0x8F || c == 0x90 || c == 0x9D:
			good--
		}
	}
	if all == 0 {
		return 0
	}
	return good / all
}

// cyrillicScore is high for words in lower case with an upper-case first letter
// and the letters that Russian really uses most.
func cyrillicScore(s string) float64 {
	good, all := 0.0, 0.0
	var prev rune
	for _, r := range s {
		if r >= 0x80 {
			all++
			switch {
			case strings.ContainsRune("оеаинтсрвлкмдпу", r):
				good += 1.25
			case r >= 'а' && r <= 'я' || r == 'ё':
				good += 0.8
			case r >= 'А' && r <= 'Я':
				if prev >= 'а' && prev <= 'я' {
					good -= 1.5 // capitals inside a word: the other charset
				} else {
					good += 0.5
				}
			default:
				good -= 0.8
			}
		}
		prev = r
	}
	if all == 0 {
		return 0
	}
	return good / all
}

// decodeShifted reads ISO-2022-KR and -CN (RFC 1557, RFC 1922): escapes
// announce a set, SO and SI switch to it and back.
func decodeShifted(b []byte, e encoding.Encoding) string {
	out := make([]byte, 0, len(b))
	shifted := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == 0x1b && i+3 < len(b) && b[i+1] == '$':
			i += 3
		case c == 0x0e:
			shifted = true
		case c == 0x0f:
			shifted = false
		case c == '\n':
			shifted = false
			out = append(out, c)
		case shifted && c > 0x20 && c < 0x7f:
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	return decodeWith(e, out)
}

// decodeUTF7 reads RFC 2152.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] != '+' {
			if b[i] < 0x80 {
				out.WriteByte(b[i])
			} else {
				out.WriteString(string(rune(b[i])))
			}
			continue
		}
		j := i + 1
		for j < len(b) && (b[j] >= 'A' && b[j] <= 'Z' || b[j] >= 'a' && b[j] <= 'z' || b[j] >= '0' && b[j] <= '9' || b[j] == '+' || b[j] == '/') {
			j++
		}
		if j == i+1 {
			out.WriteByte('+')
			if j < len(b) && b[j] == '-' {
				i = j
			}
			continue
		}
		code := b[i+1 : j]
		if len(code)%4 == 1 {
			code = code[:len(code)-1]
		}
		raw := make([]byte, base64.RawStdEncoding.DecodedLen(len(code)))
		n, err := base64.RawStdEncoding.Decode(raw, code)
		if err != nil && n == 0 {
			out.Write(b[i:j])
			i = j - 1
			continue
		}
		units := make([]uint16, 0, n/2)
		for k := 0; k+1 < n; k += 2 {
			units = append(units, uint16(raw[k])<<8|uint16(raw[k+1]))
		}
		out.WriteString(string(utf16.Decode(units)))
		i = j - 1
		if j < len(b) && b[j] == '-' {
			i = j
		}
	}
	return out.String()
}

// looksUTF16 wants a byte order mark or zero bytes on one side of the pairs.
func looksUTF16(b []byte) bool {
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return true
	}
	return !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0
}

func decodeUTF16(b []byte, little ...bool) string {
	le := len(little) > 0 && little[0]
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		le, b = true, b[2:]
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		le, b = false, b[2:]
	default:
		even, odd := 0, 0
		for i, c := range b[:min(len(b), 2048)] {
			if c == 0 {
				if i%2 == 0 {
					even++
				} else {
					odd++
				}
			}
		}
		if even != odd {
			le = odd > even
		}
	}
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		if le {
			units = append(units, uint16(b[i+1])<<8|uint16(b[i]))
		} else {
			units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
		}
	}
	return string(utf16.Decode(units))
}
