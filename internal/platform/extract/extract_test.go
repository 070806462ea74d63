package extract

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

func read(t testing.TB, name string, data []byte) (Result, error) {
	t.Helper()
	return Text(t.Context(), name, "", bytes.NewReader(data), int64(len(data)), Limits{})
}

func want(t *testing.T, name string, data []byte, kind Kind, words ...string) Result {
	t.Helper()
	r, err := read(t, name, data)
	if err != nil || r.Kind != kind {
		t.Fatalf("%s: kind %q, %v", name, r.Kind, err)
	}
	for _, w := range words {
		if !strings.Contains(r.Text, w) {
			t.Errorf("%s: no %q in %q", name, w, r.Text)
		}
	}
	return r
}

func zipped(files ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, _ := w.Create(files[i])
		_, _ = f.Write([]byte(files[i+1]))
	}
	_ = w.Close()
	return b.Bytes()
}

func docx(body string) []byte {
	return zipped("[Content_Types].xml", "<Types/>", "word/document.xml",
		`<?xml version="1.0"?><w:document xmlns:w="w"><w:body>`+body+`</w:body></w:document>`)
}

func TestDOCX(t *testing.T) {
	data := zipped("word/document.xml", `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="w" xmlns:mc="mc"><w:body>
		<w:p><w:r><w:t>退款</w:t></w:r><w:r><w:t>申请书</w:t></w:r></w:p>
		<w:p><w:r><w:t xml:space="preserve">Order </w:t><w:tab/><w:t>E5-0032 &amp; more</w:t><w:delText>deleted</w:delText><w:instrText>PAGE</w:instrText></w:r></w:p>
		<w:tbl><w:tr><w:tc><w:p><w:r><w:t>金额</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>199.00</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
		<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>box</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>box again</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>
		</w:body></w:document>`,
		"word/footnotes.xml", `<w:footnotes xmlns:w="w"><w:p><w:r><w:t>a note</w:t></w:r></w:p></w:footnotes>`,
		"word/embeddings/evil.docx", "PK\x03\x04")
	r := want(t, "申请.docx", data, DOCX, "退款申请书\n", "Order \tE5-0032 & more", "金额 \t199.00", "box", "a note")
	for _, no := range []string{"deleted", "PAGE", "again"} {
		if strings.Contains(r.Text, no) {
			t.Errorf("%q in %q", no, r.Text)
		}
	}
}

func TestXLSX(t *testing.T) {
	data := zipped(
		"xl/workbook.xml", `<workbook xmlns:r="r"><sheets><sheet name="退货" sheetId="1" r:id="rId2"/><sheet name="Second" sheetId="2" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="rId1" Target="worksheets/b.xml"/><Relationship Id="rId2" Target="/xl/worksheets/a.xml"/></Relationships>`,
		"xl/sharedStrings.xml", `<sst><si><t>订单号</t></si><si><r><t>rich </t></r><r><t>text</t></r><rPh><t>phonetic</t></rPh></si></sst>`,
		"xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/><numFmt numFmtId="165" formatCode="[Red]0.00&quot;days&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>`,
		"xl/worksheets/a.xml", `<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>99</v></c></row><row><c><v>12345</v></c><c s="1"><v>45292</v></c><c s="2"><v>45292.5</v></c><c s="3"><v>7</v></c><c t="b"><v>1</v></c><c t="inlineStr"><is><t>inline</t></is></c><c><f>SUM(A1)</f><v>3</v></c></row></sheetData></worksheet>`,
		"xl/worksheets/b.xml", `<worksheet><sheetData><row><c t="str"><v>last</v></c></row></sheetData></worksheet>`)
	r := want(t, "a.xlsx", data, XLSX, "退货\n订单号\trich text\n", "12345\t2024-01-01\t2024-01-01 12:00:00\t7\tTRUE\tinline\t3", "Second\nlast")
	if r.Pages != 2 || strings.Contains(r.Text, "SUM") || strings.Contains(r.Text, "phonetic") {
		t.Errorf("%d %q", r.Pages, r.Text)
	}
}

func TestPlainTextInItsCharset(t *testing.T) {
	zh := "您好，我的冰箱不制冷，请尽快安排师傅上门维修。订单号是 12345，谢谢。"
	tw := "您好，我的訂單還沒有收到，請問什麼時候會送達？謝謝您的幫忙。"
	ja := "商品がまだ届いていません。いつごろ届きますか。よろしくお願いします。"
	gbk, _ := simplifiedchinese.GBK.NewEncoder().String(zh)
	big5, _ := traditionalchinese.Big5.NewEncoder().String(tw)
	sjis, _ := japanese.ShiftJIS.NewEncoder().String(ja)
	u16, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(zh)
	u16be, _ := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().String("Order 12345 was not delivered to the customer")
	for name, c := range map[string]struct {
		in, out string
		kind    Kind
	}{
		"a.txt": {zh, zh, Plain}, "gbk.txt": {gbk, zh, Plain}, "big5.csv": {big5, tw, CSV}, "sjis.md": {sjis, ja, Markdown}, "bom.txt": {u16, zh, Plain},
		"u16be.txt": {u16be, "Order 12345 was not delivered to the customer", Plain}, "bom8.txt": {"\xef\xbb\xbf" + zh, zh, Plain},
		"latin.txt": {"Gr\xfc\xdfe, die Rechnung f\xfcr M\xe4rz fehlt", "Grüße, die Rechnung für März fehlt", Plain},
		"ctl.txt":   {"a\x00b\x1b[31mc\r\n\r\n\r\n\r\nd  e", "ab[31mc\n\nd e", Plain},
	} {
		t.Run(name, func(t *testing.T) {
			if r := want(t, name, []byte(c.in), c.kind); r.Text != c.out {
				t.Errorf("%q", r.Text)
			}
		})
	}
	html, _ := simplifiedchinese.GBK.NewEncoder().String(`<html><head><meta charset="gbk"><title>x</title><script>evil()</script></head><body><p>退款<b>申请</b></p><p>第二段</p></body></html>`)
	if r := want(t, "a.html", []byte(html), HTML, "退款申请", "第二段"); strings.Contains(r.Text, "evil") {
		t.Error(r.Text)
	}
}

// A PDF as a test writes it.
type pdfFile struct{ objects []string }

func deflate(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func stream(dict, data string) string {
	return fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

func (f pdfFile) bytes(trailer string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	for i, o := range f.objects {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	fmt.Fprintf(&b, "trailer\n<</Root 1 0 R %s>>\nstartxref\n9\n%%%%EOF\n", trailer)
	return b.Bytes()
}

const cmap = `/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange
2 beginbfchar <0001> <9000> <0002> <6B3E> endbfchar 2 beginbfrange <0010> <0012> <7533> <0020> <0021> [<D842DFB7> <00660069>] endbfrange endcmap`

// one page, a Latin font F1 and a Chinese one F2
func onePage(content string, more ...string) pdfFile {
	return pdfFile{append([]string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1/Resources<</Font<</F1 5 0 R/F2 6 0 R>>/XObject<</X1 9 0 R>>>>>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>", stream("/Filter/FlateDecode", deflate(content)),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</BaseEncoding/WinAnsiEncoding/Differences[1/eacute/uni20AC 3/fi]>>>>",
		"<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[7 0 R]/ToUnicode 8 0 R>>",
		"<</Type/Font/Subtype/CIDFontType2/DW 1000/W[16[500 500] 32 33 800]>>", stream("/Filter/FlateDecode", deflate(cmap)),
	}, more...)}
}

func TestPDF(t *testing.T) {
	f := onePage(`BT /F1 12 Tf 72 700 Td (Refund \(order\) caf\001 \002 of) Tj 0 -14 Td [(Hel) 20 (lo) -600 (world)] TJ
		/F2 12 Tf 0 -14 Td <00010002> Tj <0010> Tj <0020> Tj 0 -40 Td <00010002> Tj ET
		q 1 0 0 1 0 0 cm BI /W 1 /H 1 ID \377(EI) Tj EI Q /X1 Do`,
		stream("/Type/XObject/Subtype/Form/Resources<</Font<</F1 5 0 R>>>>", "BT /F1 10 Tf 72 400 Td (in a form) Tj ET"))
	r := want(t, "a.pdf", f.bytes(""), PDF, "Refund (order) café € of\nHello world\n退款申𠮷\n\n退款", "in a form")
	if r.Pages != 1 || r.Truncated {
		t.Errorf("%+v", r)
	}
}

func TestPDFOfObjectStreams(t *testing.T) {
	inner := []string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]>>", "<</Type/Page/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>", "", "<</Type/Font/Subtype/Type1>>"}
	var head, body string
	n := 0
	for i, o := range inner {
		if o == "" {
			continue
		}
		head += fmt.Sprintf("%d %d ", i+1, len(body))
		body += o + " "
		n++
	}
	// PNG predictor "up" over rows of 8 bytes.
	plain := head + body
	for len(plain)%8 != 0 {
		plain += " "
	}
	var rows []byte
	prev := make([]byte, 8)
	for i := 0; i < len(plain); i += 8 {
		rows = append(rows, 2)
		for k := range 8 {
			rows = append(rows, plain[i+k]-prev[k])
		}
		prev = []byte(plain[i : i+8])
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.5\n")
	fmt.Fprintf(&b, "4 0 obj\n%s\nendobj\n", stream("", "BT /F1 9 Tf (packed) Tj ET"))
	fmt.Fprintf(&b, "10 0 obj\n%s\nendobj\n", stream(fmt.Sprintf("/Type/ObjStm/N %d/First %d/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 8>>", n, len(head)), deflate(string(rows))))
	fmt.Fprintf(&b, "11 0 obj\n%s\nendobj\n", stream("/Type/XRef/Root 1 0 R/W[1 2 1]/Size 12", "xxxx"))
	want(t, "a.pdf", b.Bytes(), PDF, "packed")
}

func TestPDFOddities(t *testing.T) {
	plain := "BT /F1 12 Tf 72 700 Td (found) Tj ET"
	f := onePage(plain)
	whole := f.bytes("")
	for name, data := range map[string][]byte{
		"no trailer":     whole[:bytes.LastIndex(whole, []byte("trailer"))],
		"junk in front":  append([]byte("HTTP junk\r\n"), whole...),
		"wrong length":   bytes.Replace(whole, []byte("/Length "), []byte("/Length 9"), 1),
		"carriage":       bytes.ReplaceAll(whole, []byte(" 0 obj\n"), []byte(" 0 obj\r")),
		"newer object":   append(whole, []byte("\n4 0 obj\n"+stream("", "BT /F1 12 Tf (found later) Tj ET")+"\nendobj\n")...),
		"ascii filters":  onePageRaw(stream("/Filter[/ASCIIHexDecode/FlateDecode]", fmt.Sprintf("%x>", deflate(plain)))),
		"lzw":            onePageRaw(stream("/Filter/LZWDecode", earlyLZWOf(plain))),
		"several pieces": onePageWith("/Contents[9 0 R 4 0 R]", plain, stream("", "q Q")),
	} {
		t.Run(name, func(t *testing.T) { want(t, "a.pdf", data, PDF, "found") })
	}
	gb := onePage("BT /F3 12 Tf <CDCBBFEE> Tj ET")
	gb.objects[1] = strings.Replace(gb.objects[1], "/F1 5 0 R", "/F3<</Type/Font/Subtype/Type0/Encoding/GBK-EUC-H>>", 1)
	want(t, "gb.pdf", gb.bytes(""), PDF, "退款")
	if r := want(t, "scan.pdf", onePage("q 10 0 0 10 0 0 cm /Im1 Do Q").bytes(""), PDF); r.Text != "" || r.Pages != 1 {
		t.Errorf("%+v", r)
	}
}

func onePageRaw(contents string) []byte {
	f := onePage("")
	f.objects[3] = contents
	return f.bytes("")
}

func onePageWith(contents, content string, more ...string) []byte {
	f := onePage(content, more...)
	f.objects[2] = strings.Replace(f.objects[2], "/Contents 4 0 R", contents, 1)
	return f.bytes("")
}

// earlyLZWOf writes literals alone, with a clear code before the codes widen.
func earlyLZWOf(s string) string {
	var out []byte
	var acc uint32
	n := uint(0)
	put := func(c uint32) {
		acc, n = acc<<9|c, n+9
		for n >= 8 {
			out = append(out, byte(acc>>(n-8)))
			n -= 8
		}
	}
	for i := range len(s) {
		if i%100 == 0 {
			put(lzwClear)
		}
		put(uint32(s[i]))
	}
	put(lzwEnd)
	return string(append(out, byte(acc<<(8-n))))
}

func TestRefusals(t *testing.T) {
	f := onePage("BT ET")
	locked := zipped("word/document.xml", "<x/>")
	binary.LittleEndian.PutUint16(locked[bytes.LastIndex(locked, []byte("PK\x01\x02"))+8:], 1)
	for name, c := range map[string]struct {
		data []byte
		err  error
	}{
		"locked.pdf": {f.bytes("/Encrypt<</Filter/Standard>>"), ErrEncrypted}, "locked.docx": {locked, ErrEncrypted},
		"ole.docx": {append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...), ErrEncrypted},
		"old.doc":  {append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...), ErrUnsupported},
		"a.zip":    {zipped("a.txt", "x"), ErrUnsupported}, "a.png": {[]byte("\x89PNG\r\n\x1a\n"), ErrUnsupported},
		"short.docx": {locked[:40], ErrBroken}, "empty.pdf": {[]byte("%PDF-1.7\n"), ErrBroken},
		"broken.docx": {zipped("word/document.xml", "<a><b"), ErrBroken},
		"mail.eml":    {[]byte("\x00\x01\x02"), ErrUnsupported},
	} {
		if _, err := read(t, name, c.data); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Text(t.Context(), "a.txt", "", bytes.NewReader(nil), 1<<40, Limits{}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	data := f.bytes("")
	if _, err := Text(ctx, "a.pdf", "", bytes.NewReader(data), int64(len(data)), Limits{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestLimitsOfText(t *testing.T) {
	for name, data := range map[string][]byte{
		"a.txt": []byte(strings.Repeat("长", 5000)), "a.docx": docx("<w:p><w:t>" + strings.Repeat("长", 5000) + "</w:t></w:p>"),
		"a.html": []byte("<html><p>" + strings.Repeat("长", 5000)), "a.pdf": onePage("BT /F2 9 Tf <" + strings.Repeat("0001", 5000) + "> Tj ET").bytes(""),
	} {
		r, err := Text(t.Context(), name, "", bytes.NewReader(data), int64(len(data)), Limits{Text: 100})
		if err != nil || !r.Truncated || len([]rune(r.Text)) != 100 {
			t.Errorf("%s: %v, truncated %v, %d characters", name, err, r.Truncated, len([]rune(r.Text)))
		}
	}
}

// bombs are small files that want to be large or slow.
func bombs() map[string][]byte {
	zeros := deflate(strings.Repeat("\x00", 80<<20))
	twice := deflate(deflate(strings.Repeat("\x00", 80<<20)))
	var kids strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&kids, "%d 0 R ", i%3+1)
	}
	form := func(n int) string {
		return stream(fmt.Sprintf("/Subtype/Form/Resources<</XObject<</X1 %d 0 R>>>>", n), strings.Repeat("/X1 Do ", 200))
	}
	many := make([]string, 0, 2*60_000)
	for i := range 60_000 {
		many = append(many, fmt.Sprintf("%d", i), "")
	}
	out := map[string][]byte{
		"zip.docx":      docx("<w:t>" + strings.Repeat("a", 80<<20) + "</w:t>"),
		"tags.docx":     docx(strings.Repeat("<w:p/>", 7<<20)),
		"deep.docx":     docx(strings.Repeat("<a>", 1<<20)),
		"attributes":    docx("<a " + strings.Repeat(`x="y" `, 3<<20) + "/>"),
		"entries.docx":  zipped(many...),
		"entities.docx": zipped("word/document.xml", `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><w:t>&b;&b;</w:t>`),
		"strings.xlsx":  zipped("xl/workbook.xml", "<a/>", "xl/sharedStrings.xml", "<sst>"+strings.Repeat("<si/>", 3<<20)+"</sst>"),
		"zeros.pdf":     onePageRaw(stream("/Filter/FlateDecode", zeros)),
		"twice.pdf":     onePageRaw(stream("/Filter[/FlateDecode/FlateDecode]", twice)),
		"again.pdf":     onePageWith("/Contents["+strings.Repeat("4 0 R ", 50_000)+"]", strings.Repeat("q Q ", 50_000)),
		"kids.pdf":      pdfFile{[]string{"<</Type/Catalog/Pages 2 0 R>>", "<</Kids[" + kids.String() + "]>>", "<</Kids[" + kids.String() + "]>>"}}.bytes(""),
		"forms.pdf":     onePage("/X1 Do", form(10), form(11), form(12), form(9)).bytes(""),
		"arrays.pdf":    onePageRaw(strings.Repeat("[", 30<<20)),
		"dicts.pdf":     onePageRaw(strings.Repeat("<</a ", 1<<20)),
		"chain.pdf": []byte("%PDF-1.7\n" + func() string {
			var b strings.Builder
			for i := range 150_000 {
				fmt.Fprintf(&b, "%d 0 obj<</Type/ObjStm/Length %d 0 R>>stream\n", i, i+1)
			}
			return b.String()
		}()),
		"self.pdf":   onePageRaw("4 0 R"),
		"length.pdf": onePageRaw("<</Length 4 0 R>>\nstream\nx\nendstream"),
		"no-end.pdf": []byte("%PDF-1.7\n" + strings.Repeat("1 0 obj<</Type/ObjStm>>stream\n", 200_000)),
		"objects.pdf": []byte("%PDF-1.7\n" + func() string {
			var b strings.Builder
			for i := range 300_000 {
				fmt.Fprintf(&b, "%d 0 obj null ", i)
			}
			return b.String()
		}()),
		"operators.pdf": onePage(strings.Repeat("BT /F2 9 Tf 0 0 Td <0001> Tj 9 9 Td ET ", 500_000)).bytes(""),
		"maps.pdf":      pdfFile{append(onePage(strings.Repeat("/F2 1 Tf ", 100_000)).objects[:7], stream("", "beginbfrange "+strings.Repeat("<0000><FFFF><0000> ", 100_000)+"endbfrange"))}.bytes(""),
		"predictor.pdf": onePageRaw(stream("/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 65536/Colors 65536>>", deflate("xyz"))),
		"literal.pdf":   onePageRaw(stream("", strings.Repeat("(", 8<<20))),
		"space.txt":     bytes.Repeat([]byte(" "), 30<<20),
		"nul.txt":       append([]byte("abc"), make([]byte, 30<<20)...),
		"open.html":     bytes.Repeat([]byte("<html><b"), 3<<20),
		"emoji.txt":     bytes.Repeat([]byte("😀"), 7<<20),
	}
	return out
}

func TestBombs(t *testing.T) {
	var worst time.Duration
	for name, data := range bombs() {
		start := time.Now()
		r, err := read(t, name, data)
		d := time.Since(start)
		// Other work on the machine may take some of it too.
		if d > 4*time.Second {
			t.Errorf("%s: %v", name, d)
		}
		if n := len([]rune(r.Text)); n > 200_000 {
			t.Errorf("%s: %d characters", name, n)
		}
		worst = max(worst, d)
		t.Logf("%-15s %8d bytes %8v %d characters, truncated %v, %v", name, len(data), d.Round(time.Millisecond), len([]rune(r.Text)), r.Truncated, err)
	}
	t.Log("worst", worst)
}

// The list of entries lies about how many there are: 65,536 more.
func TestLyingDirectory(t *testing.T) {
	var b bytes.Buffer
	name := "a"
	entry := make([]byte, 46+len(name))
	binary.LittleEndian.PutUint32(entry, 0x02014b50)
	binary.LittleEndian.PutUint16(entry[28:], uint16(len(name)))
	copy(entry[46:], name)
	for range 3*65536 + 2 {
		b.Write(entry)
	}
	size := b.Len()
	end := make([]byte, 22)
	binary.LittleEndian.PutUint32(end, 0x06054b50)
	binary.LittleEndian.PutUint16(end[8:], 2)
	binary.LittleEndian.PutUint16(end[10:], 2)
	binary.LittleEndian.PutUint32(end[12:], uint32(size))
	b.Write(end)
	data := append([]byte("PK\x03\x04"), b.Bytes()...)
	binary.LittleEndian.PutUint32(data[len(data)-6:], 4)
	if _, err := read(t, "a.docx", data); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func FuzzText(f *testing.F) {
	for name, data := range map[string][]byte{
		"a.pdf":  onePage("BT /F1 9 Tf (x) Tj /F2 9 Tf <00010020> Tj ET /X1 Do", stream("/Subtype/Form", "(y) Tj")).bytes(""),
		"a.docx": docx("<w:p><w:t>x</w:t></w:p>"), "a.txt": []byte("abc\xff"), "a.html": []byte("<html>x"), "a.csv": []byte("a,b"),
		"a.xlsx": zipped("xl/workbook.xml", `<a><sheet name="x"/></a>`, "xl/worksheets/sheet1.xml", `<row><c t="s"><v>0</v></c></row>`, "xl/sharedStrings.xml", "<si><t>x</t></si>"),
	} {
		f.Add(name, data)
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		r, err := Text(t.Context(), name, "", bytes.NewReader(data), int64(len(data)), Limits{Text: 1000, Inflated: 1 << 20, Time: time.Second})
		if err == nil && len([]rune(r.Text)) > 1000 || strings.ContainsAny(r.Text, "\x00\x1b\r") {
			t.Fatalf("%+v", r)
		}
	})
}

// FuzzPDF runs the parser without the net under it.
func FuzzPDF(f *testing.F) {
	f.Add("BT /F1 9 Tf (x) Tj [(a) -900 <0001>] TJ /F2 9 Tf <00010020> ' ET /X1 Do", cmap)
	f.Add("BI /W 1 ID xx EI q Q 1 0 0 1 0 0 cm", "beginbfrange <00> <ff> <0041> endbfrange")
	f.Add("[[[<</a(\\777)>>", "<</N 3/First 2>>")
	f.Fuzz(func(t *testing.T, content, second string) {
		p := onePage(content, stream("/Subtype/Form", content))
		p.objects[3] = stream("", content)
		p.objects[7] = stream("", second)
		p.objects = append(p.objects, second, stream("/Type/ObjStm/N 3/First 4", second), stream("/Filter/LZWDecode", second))
		data := p.bytes("")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		b := &budget{ctx: ctx, inflated: 1 << 20, text: 1000, limits: Limits{}.withDefaults()}
		var r Result
		_ = readPDF(b, bytes.NewReader(data), int64(len(data)), &r)
		_, _ = (&pdf{b: b, at: map[int]place{}}).inflate(&earlyLZW{in: []byte(second)})
	})
}
