package nlp

import (
	"math"
	"strings"
	"sync"
	"unicode"

	"zhidan/internal/platform/text"

	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/unicode/norm"
)

// Unknown is the tag of a text in which nothing speaks: numbers, links,
// pictures, names only.
const Unknown = "und"

// languageRunes is how much of a text is looked at to name its language.
const languageRunes = 2000

// Language names the main language of a text by a BCP 47 tag ("en", "zh-Hans",
// "zh-Hant", "ja" …, "und") and says how sure that is, from 0 to 1.
//
// Script decides first. Languages of one script are told apart by their common
// words and by runs of one to three letters (Cavnar and Trenkle, N-gram-based text
// categorization, 1994; here as a naive Bayes model). In a text of Chinese and
// Latin words the one that carries the sentence counts, not the one that names
// things: links, addresses and codes do not count at all.
func Language(s string) (tag string, confidence float64) {
	original := []rune(text.Cap(s, 8*languageRunes))
	return language(original, normalise(original).Runes)
}

type script uint8

const (
	noScript script = iota
	latin
	han
	kana
	hangul
	cyrillic
	arabic
	devanagari
	greek
	hebrew
	thai
	lao
	khmer
	burmese
	bengali
	tamil
	telugu
	gujarati
	georgian
	armenian
	scripts
)

var onlyTongue = [scripts]string{hangul: "ko", kana: "ja", greek: "el", hebrew: "he", thai: "th", lao: "lo", khmer: "km", burmese: "my", bengali: "bn", tamil: "ta", telugu: "te", gujarati: "gu", georgian: "ka", armenian: "hy"}

func scriptOf(r rune) script {
	switch {
	case r < 0x80:
		if r >= 'a' && r <= 'z' {
			return latin
		}
		return noScript
	case r < 0x370:
		if isLatin(r) || r >= 0x300 {
			return latin
		}
		return noScript
	case r < 0x400:
		return greek
	case r < 0x530:
		return cyrillic
	case r < 0x590:
		return armenian
	case r < 0x600:
		return hebrew
	case r < 0x780:
		if unicode.IsLetter(r) {
			return arabic
		}
		return noScript
	case r < 0x900:
		return noScript
	case r < 0x980:
		return devanagari
	case r < 0xa00:
		return bengali
	case r >= 0xa80 && r < 0xb00:
		return gujarati
	case r >= 0xb80 && r < 0xc00:
		return tamil
	case r >= 0xc00 && r < 0xc80:
		return telugu
	case r >= 0xe00 && r < 0xe80:
		return thai
	case r >= 0xe80 && r < 0xf00:
		return lao
	case r >= 0x1000 && r < 0x10a0:
		return burmese
	case r >= 0x10a0 && r < 0x1100:
		return georgian
	case r >= 0x1100 && r < 0x1200, r >= 0xac00 && r <= 0xd7a3, r >= 0x3130 && r < 0x3190:
		return hangul
	case r >= 0x1780 && r < 0x1800:
		return khmer
	case r >= 0x1e00 && r < 0x1f00:
		return latin
	case r >= 0x1f00 && r < 0x2000:
		return greek
	case r >= 0x3041 && r < 0x3100 && r != '・', r >= 0x31f0 && r < 0x3200:
		return kana
	case isHan(r):
		return han
	}
	return noScript
}

func language(original, normal []rune) (string, float64) {
	t := readWords(normal)
	tag := t.decide()
	if t.letters[latin] > 0 && machineLine(original, t.words[latin]) && tag != "zh" {
		return Unknown, 0
	}
	if tag == "zh" {
		var sure float64
		tag, sure = chineseForm(original[:min(len(original), 2*languageRunes)])
		t.confidence *= sure
	}
	return tag, t.confidence
}

// wordsOf is what the language of a text is told from.
type wordsOf struct {
	letters    [scripts]int
	words      [scripts][]string
	sentence   int // Chinese characters that only hold sentences together
	all        []rune
	confidence float64
}

func readWords(normal []rune) *wordsOf {
	t := &wordsOf{all: normal}
	if len(normal) > languageRunes {
		t.all = normal[:languageRunes]
	}
	for i := 0; i < len(t.all); {
		if isSpace(t.all[i]) {
			i++
			continue
		}
		j := i
		for j < len(t.all) && !isSpace(t.all[j]) {
			j++
		}
		t.chunk(t.all[i:j])
		i = j
	}
	return t
}

// chunk reads what stands between two spaces.
func (t *wordsOf) chunk(c []rune) {
	for i := 0; i < len(c); {
		s := scriptOf(c[i])
		if s == han || s == kana || s == hangul || s == thai || s == noScript && c[i] >= 0x80 {
			t.letters[s]++
			if s == han && isSentenceChar(c[i]) {
				t.sentence++
			}
			i++
			continue
		}
		// A run of one script that writes words, with digits and signs in
		// between: a link, an address or a code says nothing.
		j := i
		code := false
		for j < len(c) {
			s := scriptOf(c[j])
			if s == han || s == kana || s == hangul || s == thai || s == noScript && c[j] >= 0x80 {
				break
			}
			switch r := c[j]; {
			case r >= '0' && r <= '9', r == '@', r == '_', r == '/' && j+1 < len(c) && c[j+1] == '/', r == '\\', r == '=', r == '#':
				code = true
			case r == '.' && j > i && j+1 < len(c) && scriptOf(c[j+1]) == latin && j+2 < len(c) && c[i] != '.' && dotted(c[j+1:]):
				code = true
			}
			j++
		}
		if !code {
			t.run(c[i:j])
		}
		i = j
	}
}

// dotted says whether what follows a dot looks like the end of a host or file
// name rather than a sentence begun without a space.
func dotted(rest []rune) bool {
	n := 0
	for n < len(rest) && scriptOf(rest[n]) == latin {
		n++
	}
	switch string(rest[:n]) {
	case "com", "cn", "net", "org", "io", "co", "de", "fr", "uk", "jp", "kr", "ru", "info", "html", "htm", "php", "jpg", "png", "pdf", "doc", "docx", "xlsx", "exe", "zip", "app", "dev", "eu", "it", "es", "br", "nl", "tr", "pl", "vn", "id", "my", "th":
		return true
	}
	return false
}

func (t *wordsOf) run(c []rune) {
	for i := 0; i < len(c); {
		s := scriptOf(c[i])
		if s == noScript {
			i++
			continue
		}
		j := i + 1
		for j < len(c) && (scriptOf(c[j]) == s || c[j] == '\'' && j+1 < len(c) && scriptOf(c[j+1]) == s) {
			j++
		}
		t.letters[s] += j - i
		if len(t.words[s]) < 400 && j-i <= 40 {
			t.words[s] = append(t.words[s], string(c[i:j]))
		}
		i = j
	}
}

// decide names the language of the normal text; Chinese is "zh".
func (t *wordsOf) decide() string {
	weight := [scripts]float64{}
	total := 0.0
	for s := latin; s < scripts; s++ {
		w := float64(t.letters[s])
		switch s {
		case han, kana:
			w *= 2.2 // a character says more than a letter
		case hangul:
			w *= 2
		}
		weight[s] = w
		total += w
	}
	if total == 0 {
		return Unknown
	}
	// Japanese writes kana between ideographs; a Chinese text may hold a kana
	// sign for decoration.
	if k, h := t.letters[kana], t.letters[han]; k > 0 && (k >= 3 || k*4 >= h) && k*12 >= h {
		weight[kana] += weight[han]
		weight[han] = 0
	}
	best := latin
	for s := latin; s < scripts; s++ {
		if weight[s] > weight[best] {
			best = s
		}
	}
	tag, conf, known := "", 0.0, 0.0
	if t.letters[latin] > 0 && best != latin && weight[latin] > 0.3*total || best == latin {
		tag, conf, known = classifyWords(latinModel(), t.words[latin])
	}
	if best == latin || weight[latin] > weight[best]*0.8 {
		// Latin words in a text that another script holds together are names
		// of things; and the other way round.
		other := noScript
		for s := han; s < scripts; s++ {
			if weight[s] > 0 && (other == noScript || weight[s] > weight[other]) {
				other = s
			}
		}
		if other != noScript {
			functional := known * float64(len(t.words[latin]))
			glue := float64(t.sentence)
			if other != han {
				glue = float64(t.letters[other]) / 4
			}
			if functional <= glue && weight[other] > 0.12*total || functional < 1.5 && weight[other] > 0.2*total {
				best = other
			} else {
				best = latin
			}
		}
	}
	share := weight[best] / total
	switch best {
	case latin:
		t.confidence = conf * (0.5 + 0.5*share)
		return tag
	case han:
		t.confidence = 0.6 + 0.39*saturate(float64(t.letters[han]), 3)
		if share < 0.5 {
			t.confidence *= 0.85
		}
		if isJapaneseHan(t.all) {
			t.confidence = 0.7
			return "ja"
		}
		return "zh"
	case cyrillic, arabic, devanagari:
		model := cyrillicModel
		switch best {
		case arabic:
			model = arabicModel
		case devanagari:
			model = devanagariModel
		}
		tag, conf, _ := classifyWords(model(), t.words[best])
		if tag == Unknown {
			tag, conf = map[script]string{cyrillic: "ru", arabic: "ar", devanagari: "hi"}[best], 0.5
		}
		t.confidence = conf * (0.6 + 0.4*share)
		return tag
	}
	t.confidence = (0.75 + 0.24*saturate(float64(t.letters[best]), 4)) * (0.7 + 0.3*share)
	return onlyTongue[best]
}

func saturate(x, half float64) float64 { return x / (x + half) }

// isSentenceChar says whether a Chinese character mostly holds sentences
// together.
func isSentenceChar(r rune) bool {
	switch r {
	case '的', '了', '我', '你', '们', '是', '不', '没', '在', '有', '还', '就', '也', '都', '吗', '呢', '吧', '啊', '把', '被', '给', '让', '这', '那', '和', '跟', '要', '会', '能', '可', '请', '怎', '么', '什', '为', '但', '而', '到', '得', '着', '过', '从', '对', '很', '太', '咋', '想', '之', '与', '嘅', '係', '唔', '咗', '啲', '冇', '您', '他', '她', '它', '个', '又', '再', '已', '说', '去', '来', '用', '上', '好':
		return true
	}
	return false
}

// isJapaneseHan knows Japanese written without kana by characters that only
// Japan writes so.
func isJapaneseHan(normal []rune) bool {
	n := 0
	for _, r := range normal {
		switch r {
		case '気', '対', '応', '売', '発', '変', '駅', '図', '価', '払', '込', '円', '済', '検', '権', '験', '読', '鉄', '伝', '転', '歩', '毎', '様', '働', '匂', '畑', '枠', '仮', '悪', '継', '経', '剤', '処', '渋', '渉', '焼', '浅', '巻', '総', '徴', '徳', '縄', '県', '斉', '択', '拡':
			n++
		}
	}
	return n >= 1
}

// chineseForm tells by the original characters whether Chinese is written in
// simplified or traditional form.
func chineseForm(original []rune) (tag string, sure float64) {
	table := plainRunes()
	marks := chineseMarks()
	simple, trad := 0, 0
	for _, r := range original {
		if r < 0x3400 || r > 0x9fff {
			continue
		}
		if to := table.to[r]; to != 0 && rune(to) != r {
			trad++
		} else if marks.simple[(r-0x3400)>>6]&(1<<((r-0x3400)&63)) != 0 {
			simple++
		}
		switch r {
		case '嘅', '咗', '啲', '冇', '嚟', '佢', '哋', '喺': // written Cantonese
			trad++
		}
	}
	switch {
	case trad > simple:
		return "zh-Hant", float64(trad+1) / float64(trad+simple+1)
	case simple > 0:
		return "zh-Hans", float64(simple+1) / float64(trad+simple+1)
	}
	return "zh-Hans", 0.8 // what both write alike
}

type chineseTable struct {
	simple [(0xa000 - 0x3400) / 64]uint64 // only the simplified form
}

// rareInTraditional are simplified forms that Big5 has as old characters, but
// that hardly anybody writes in a traditional text.
const rareInTraditional = "厂广儿虫气丝体"

// chineseMarks collects the simplified forms that traditional texts do not use
// as characters of their own: those outside Big5.
var chineseMarks = sync.OnceValue(func() *chineseTable {
	t := new(chineseTable)
	table := plainRunes()
	big5 := traditionalchinese.Big5.NewEncoder()
	for r := 0x3400; r < 0xa000; r++ {
		to := rune(table.to[r])
		if to == 0 || to == rune(r) || to < 0x3400 || to >= 0xa000 {
			continue
		}
		if _, err := big5.String(string(to)); err != nil || strings.ContainsRune(rareInTraditional, to) {
			t.simple[(to-0x3400)>>6] |= 1 << ((to - 0x3400) & 63)
		}
	}
	return t
})

// tongueModel is a naive Bayes model of letters and words.
type tongueModel struct {
	tags  []string
	grams map[[3]rune][]float32 // log-likelihood by tongue
	words map[string]uint32     // bits of the tongues that list the word
}

var (
	latinModel      = sync.OnceValue(func() *tongueModel { return newTongueModel(latinTongues) })
	cyrillicModel   = sync.OnceValue(func() *tongueModel { return newTongueModel(cyrillicTongues) })
	arabicModel     = sync.OnceValue(func() *tongueModel { return newTongueModel(arabicTongues) })
	devanagariModel = sync.OnceValue(func() *tongueModel { return newTongueModel(devanagariTongues) })
)

func newTongueModel(tongues []tongue) *tongueModel {
	m := &tongueModel{grams: map[[3]rune][]float32{}, words: map[string]uint32{}}
	totals := make([]float32, len(tongues))
	for i, t := range tongues {
		m.tags = append(m.tags, t.tag)
		learn := func(s string, weight float32) {
			for _, w := range lettersOf(s) {
				eachGram(w, func(g [3]rune) {
					c := m.grams[g]
					if c == nil {
						c = make([]float32, len(tongues))
						m.grams[g] = c
					}
					c[i] += weight
					totals[i] += weight
				})
			}
		}
		learn(t.lines, 1)
		learn(t.words, 1)
		// People leave accents out.
		if bare := withoutAccents(t.lines); bare != t.lines {
			learn(bare, 0.3)
			learn(withoutAccents(t.words), 0.3)
		}
		for _, w := range lettersOf(t.words) {
			m.words[w] |= 1 << i
		}
	}
	const alpha = 0.3
	v := float32(len(m.grams)) * alpha
	for _, c := range m.grams {
		for i := range c {
			c[i] = float32(math.Log(float64((c[i] + alpha) / (totals[i] + v))))
		}
	}
	return m
}

func lettersOf(s string) []string {
	n := normalise([]rune(s))
	return strings.FieldsFunc(string(n.Runes), func(r rune) bool { return scriptOf(r) == noScript && r != '\'' })
}

func withoutAccents(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.IsMark(r) && r < 0x370:
		case r == 'đ':
			b.WriteByte('d')
		case r == 'ł':
			b.WriteByte('l')
		case r == 'ı':
			b.WriteByte('i')
		case r == 'ø':
			b.WriteByte('o')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// eachGram gives the letters of a word, its pairs and its runs of three, with a
// space before and after the word.
func eachGram(word string, emit func([3]rune)) {
	a, b := rune(' '), rune(' ')
	for _, r := range word {
		emit([3]rune{0, 0, r})
		emit([3]rune{0, b, r})
		emit([3]rune{a, b, r})
		a, b = b, r
	}
	emit([3]rune{0, b, ' '})
	emit([3]rune{a, b, ' '})
}

// classifyWords names the tongue of some words, says how sure that is and how
// large a share of the words is on the tongue's own list.
func classifyWords(m *tongueModel, words []string) (tag string, sure, known float64) {
	if len(words) == 0 {
		return Unknown, 0, 0
	}
	const wordWeight = 4.5
	n := len(m.tags)
	score := make([]float64, n)
	hits := make([]float64, n)
	for i, tag := range m.tags { // how many write so, all else being equal
		switch tag {
		case "en": // also the language of machines and of those who write to strangers
			score[i] = 2
		case "id", "ru", "es", "hi":
			score[i] = 1
		}
	}
	grams, seen, listed := 0, 0, 0
	for _, w := range words {
		if bits := m.words[w]; bits != 0 {
			listed++
			for i := range n {
				if bits&(1<<i) != 0 {
					score[i] += wordWeight
					hits[i]++
				}
			}
		}
		eachGram(w, func(g [3]rune) {
			c := m.grams[g]
			if g[0] != 0 {
				grams++
				if c != nil {
					seen++
				}
			}
			if c != nil {
				for i := range n {
					score[i] += float64(c[i])
				}
			}
		})
	}
	if listed == 0 && (grams < 6 && seen*10 < grams*8 || seen*5 < grams*2) {
		return Unknown, 0, 0
	}
	best, second := 0, -1
	for i := 1; i < n; i++ {
		if score[i] > score[best] {
			best, second = i, best
		} else if second < 0 || score[i] > score[second] {
			second = i
		}
	}
	sum := 0.0
	const heat = 0.25 // neighbouring runs of letters say the same thing thrice
	for i := range n {
		sum += math.Exp(heat * (score[i] - score[best]))
	}
	known = hits[best] / float64(len(words))
	sure = 1 / sum
	// Words that look like no language that is known here do not make one sure.
	fit := float64(seen) / float64(grams)
	sure *= min(1, 0.35+0.65*fit+0.3*known)
	if len(words) < 3 && listed == 0 {
		sure *= 0.7
	}
	if sure < 0.2 {
		return Unknown, 0, 0
	}
	return m.tags[best], min(sure, 0.995), known
}
