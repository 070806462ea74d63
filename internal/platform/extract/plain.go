package extract

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"zhidan/internal/platform/guard"
)

func readPlain(b *budget, r io.ReaderAt, size int64) error {
	// No character takes more than four bytes: the rest cannot be wanted.
	cut := min(size, 4*int64(b.limits.Text)+1024)
	data, err := all(r, cut)
	if err != nil {
		return err
	}
	if err := b.write(decode(data, cut < size)); err != nil {
		return err
	}
	if cut < size {
		return errFull
	}
	return b.check()
}

func readHTML(b *budget, r io.ReaderAt, size int64) error {
	cut := min(size, 1<<20) // what guard.Text reads
	data, err := all(r, cut)
	if err != nil {
		return err
	}
	enc, _, certain := charset.DetermineEncoding(data[:min(len(data), 1024)], "")
	text := ""
	if certain && !utf8.Valid(data) {
		text = decodeWith(enc, data)
	} else {
		text = decode(data, cut < size)
	}
	if err := b.write(guard.Text(text)); err != nil {
		return err
	}
	if cut < size {
		return errFull
	}
	return b.check()
}

func decodeWith(e encoding.Encoding, data []byte) string {
	out, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return strings.ToValidUTF8(string(data), "")
	}
	return string(out)
}

// decode finds the charset of a text: by its mark, by being valid UTF-8, by the
// zero bytes of UTF-16, else by what reads most like a language.
func decode(data []byte, cut bool) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}):
		return strings.ToValidUTF8(string(data[3:]), "\ufffd")
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return decodeWith(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), data)
	}
	whole := data
	if cut { // the end may stand inside a character
		for i := 0; i < 3 && len(whole) > 0 && !utf8.Valid(whole[max(0, len(whole)-4):]); i++ {
			whole = whole[:len(whole)-1]
		}
	}
	if utf8.Valid(whole) && bytes.IndexByte(whole, 0) < 0 {
		return string(whole)
	}
	sample := data[:min(len(data), 16<<10)]
	var zero [2]int
	for i, c := range sample {
		if c == 0 {
			zero[i%2]++
		}
	}
	if n := len(sample) / 2; zero[1] > n/4 && zero[0] < n/20 {
		return decodeWith(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), data)
	} else if zero[0] > n/4 && zero[1] < n/20 {
		return decodeWith(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), data)
	}
	var best encoding.Encoding = charmap.Windows1252
	most := 0
	for _, c := range []struct {
		enc    encoding.Encoding
		common string
	}{
		{simplifiedchinese.GB18030, "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运退款单号您请谢货修坏客服快递"},
		{traditionalchinese.Big5, "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加退款單號您請謝貨修壞客服快遞"},
		{japanese.ShiftJIS, "のにはをたがでてとしれさあいうかくけこそちつなぬねひふへほまみむめもやゆよらりるろわんアイウエオカキクケコサシスセソタチツテトナニノハヒフマミムメモラリルレロワンー、。"},
		{korean.EUCKR, "이다는을가의에하고은한를지로도기사서리어자인시해나그있아수게대들정부일보라만스니요습까주"},
	} {
		score := 0
		for _, r := range decodeWith(c.enc, sample) {
			switch {
			case r == utf8.RuneError:
				score -= 20
			case r < 0x80:
			case strings.ContainsRune(c.common, r):
				score += 5
			case r >= 0xe000 && r <= 0xf8ff:
				score -= 10
			}
		}
		if score > most {
			best, most = c.enc, score
		}
	}
	return decodeWith(best, data)
}
