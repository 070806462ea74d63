package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/unicode/norm"
)

// maxSortKey is how long a sort key gets, in bytes.
const maxSortKey = 256

// SortKey gives the key by which names of people and things are put in order
// as a reader of Chinese expects: Chinese by pinyin, syllable by syllable, the
// rest lower case without accents, and names that sound alike by their
// characters. "张伟" gives "zhang wei 张伟", "Sam O'Neil" gives "sam o'neil".
// Keys are compared byte by byte.
func SortKey(s string) string {
	name := strings.Join(strings.Fields(Normalize(Cap(s, maxSortKey))), " ")
	var b strings.Builder
	spell := false
	for i, r := range name {
		sound := syllable(r)
		if i == 0 {
			if s := surname(name); s != "" {
				sound = s
			}
		}
		switch {
		case sound != "":
			if b.Len() > 0 && !strings.HasSuffix(b.String(), " ") {
				b.WriteByte(' ')
			}
			b.WriteString(sound)
			b.WriteByte(' ')
			spell = true
		case r == ' ' && strings.HasSuffix(b.String(), " "):
		default:
			b.WriteRune(unaccent(r))
		}
	}
	key := strings.TrimSpace(b.String())
	if spell {
		key += " " + name
	}
	return Cap(key, maxSortKey)
}

// syllable is the most common reading of a character without its tone; ü is
// v, as it is typed.
func syllable(r rune) string {
	if !unicode.Is(unicode.Han, r) {
		return ""
	}
	reading, _, _ := strings.Cut(pinyin.PinyinDict[int(r)], ",")
	if reading == "" {
		return ""
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(reading) {
		switch {
		case r == '\u0308': // the dots of ü
			bare := strings.TrimSuffix(b.String(), "u")
			b.Reset()
			b.WriteString(bare + "v")
		case r >= 'a' && r <= 'z':
			b.WriteRune(r)
		}
	}
	return b.String()
}

// surname is the reading of the first character where a family name is read
// otherwise than the word. Simplified forms, as Normalize leaves them.
func surname(name string) string {
	r, _ := utf8.DecodeRuneInString(name)
	switch r {
	case '单':
		if strings.HasPrefix(name, "单于") {
			return "chan"
		}
		return "shan"
	case '万':
		if strings.HasPrefix(name, "万俟") {
			return "mo"
		}
	case '尉':
		if strings.HasPrefix(name, "尉迟") {
			return "yu"
		}
	case '长':
		if strings.HasPrefix(name, "长孙") {
			return "zhang"
		}
	}
	return surnames[r]
}

var surnames = map[rune]string{
	'曾': "zeng", '解': "xie", '仇': "qiu", '区': "ou", '查': "zha", '盖': "ge", '朴': "piao",
	'翟': "zhai", '缪': "miao", '覃': "qin", '员': "yun", '冼': "xian", '种': "chong", '召': "shao",
	'繁': "po", '秘': "bi", '折': "she", '逄': "pang", '郇': "xun", '佴': "nai", '乐': "yue",
	'重': "chong", '任': "ren", '华': "hua", '宿': "su", '洗': "xian", '隗': "wei", '乜': "nie",
	'呙': "guo", '俞': "yu", '尹': "yin", '石': "shi", '沈': "shen", '贾': "jia", '柏': "bai",
}
