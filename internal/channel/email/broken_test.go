package email

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

var charsetCases = []struct {
	label string
	enc   encoding.Encoding
	text  string
}{
	{"gb2312", simplifiedchinese.GBK, "您好，我的冰箱不制冷，请尽快安排师傅上门维修。订单号是一二三。"},
	{"GBK", simplifiedchinese.GBK, "我要退货：镕基牌热水器漏水，朱鎔基。"},
	{"gb18030", simplifiedchinese.GB18030, "生僻字：𠮷野家、㐂、龘，以及 emoji 😀。"},
	{"big5", traditionalchinese.Big5, "您好，我的冰箱不製冷，請儘快安排師傅上門維修。"},
	{"iso-2022-jp", japanese.ISO2022JP, "お世話になっております。冷蔵庫が冷えません。"},
	{"shift_jis", japanese.ShiftJIS, "お世話になっております。ｶﾀｶﾅと表示が壊れています。"},
	{"euc-jp", japanese.EUCJP, "お世話になっております。冷蔵庫が冷えません。"},
	{"euc-kr", korean.EUCKR, "안녕하세요. 냉장고가 차갑지 않습니다."},
	{"ks_c_5601-1987", korean.EUCKR, "안녕하세요. 반품하고 싶습니다."},
	{"koi8-r", charmap.KOI8R, "Здравствуйте, холодильник не морозит."},
	{"koi8-u", charmap.KOI8U, "Добрий день, холодильник не працює, її немає."},
	{"windows-1251", charmap.Windows1251, "Здравствуйте, холодильник не морозит."},
	{"windows-1252", charmap.Windows1252, "Größe – “café” costs 5 €"},
	{"windows-1250", charmap.Windows1250, "Příliš žluťoučký kůň, Łódź"},
	{"windows-1253", charmap.Windows1253, "Το ψυγείο δεν παγώνει"},
	{"windows-1254", charmap.Windows1254, "Buzdolabı soğutmuyor, şikâyet"},
	{"windows-1255", charmap.Windows1255, "המקרר לא מקרר"},
	{"windows-1256", charmap.Windows1256, "الثلاجة لا تبرد"},
	{"iso-8859-1", charmap.ISO8859_1, "Réfrigérateur en panne, à réparer"},
	{"iso-8859-2", charmap.ISO8859_2, "Lodówka nie chłodzi, proszę o pomoc"},
	{"iso-8859-5", charmap.ISO8859_5, "Холодильник не морозит"},
	{"iso-8859-15", charmap.ISO8859_15, "Prix : 5 € œuf"},
	{"utf-16", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "冰箱 not cold"},
	{"hz-gb-2312", simplifiedchinese.HZGB2312, "冰箱不制冷"},
}

func encodeText(t testing.TB, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every charset, in a subject, a name, a file name and a body, by label.
func TestCharsetsByLabel(t *testing.T) {
	for _, c := range charsetCases {
		raw := encodeText(t, c.enc, c.text)
		b64 := base64.StdEncoding.EncodeToString(raw)
		msg := "From: =?" + c.label + "?B?" + b64 + "?= <a@b.cn>\r\nSubject: =?" + c.label + "?B?" + b64 + "?=\r\n" +
			"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=\"" + c.label + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64 +
			"\r\n--x\r\nContent-Type: application/pdf; name=\"=?" + c.label + "?B?" + b64 + "?=.pdf\"\r\nContent-Disposition: attachment\r\n\r\nPDF\r\n--x--\r\n"
		m := parse(t, msg)
		if m.Text != c.text || m.Subject != c.text || m.From.Name != c.text {
			t.Errorf("%s: text %q, subject %q, name %q; want %q", c.label, m.Text, m.Subject, m.From.Name, c.text)
		}
		if len(m.Attachments) != 1 || m.Attachments[0].Name != strings.ReplaceAll(c.text, "/", "")+".pdf" {
			t.Errorf("%s: attachments %+v", c.label, m.Attachments)
		}
	}
}

// Without a label, or with a wrong one, the bytes decide.
func TestCharsetsWithoutTrustworthyLabel(t *testing.T) {
	for _, c := range charsetCases {
		switch c.label {
		case "gb2312", "GBK", "big5", "iso-2022-jp", "shift_jis", "euc-jp", "euc-kr", "ks_c_5601-1987", "koi8-r", "windows-1251", "windows-1252", "iso-8859-1":
		default:
			continue // not told apart by their bytes
		}
		raw := string(encodeText(t, c.enc, c.text))
		for _, label := range []string{"", "; charset=utf-8", "; charset=us-ascii", "; charset=x-unknown", "; charset=no-such-charset"} {
			m := parse(t, "From: a@b.cn\nContent-Type: text/plain"+label+"\nContent-Transfer-Encoding: 8bit\n\n"+raw)
			if m.Text != c.text {
				t.Errorf("%s labelled %q: got %q (%s), want %q", c.label, label, m.Text, m.Charset, c.text)
			}
		}
	}
	for _, c := range charsetCases { // UTF-8 under any other name
		if c.label == "utf-16" || strings.HasPrefix(c.label, "iso-2022") || c.label == "hz-gb-2312" {
			continue
		}
		m := parse(t, "From: a@b.cn\nContent-Type: text/plain; charset="+c.label+"\n\n"+c.text+"，售后")
		if m.Text != c.text+"，售后" {
			t.Errorf("UTF-8 labelled %s: got %q", c.label, m.Text)
		}
	}
}

func TestUTF7AndISO2022KR(t *testing.T) {
	if m := parse(t, "From: a@b.c\nContent-Type: text/plain; charset=utf-7\n\nHi +T2BZfQ- 1 +- 1 +2D3eAA-"); m.Text != "Hi 你好 1 + 1 😀" {
		t.Errorf("utf-7: %q", m.Text)
	}
	kr := encodeText(t, korean.EUCKR, "냉장고")
	for i := range kr {
		kr[i] &= 0x7f
	}
	if m := parse(t, "From: a@b.c\nContent-Type: text/plain; charset=iso-2022-kr\n\n\x1b$)C\x0e"+string(kr)+"\x0f ok"); m.Text != "냉장고 ok" {
		t.Errorf("iso-2022-kr: %q", m.Text)
	}
}

func TestRaw8BitHeaders(t *testing.T) {
	for _, c := range []struct {
		enc  encoding.Encoding
		text string
	}{{simplifiedchinese.GBK, "冰箱不制冷，请处理"}, {unicode.UTF8, "冰箱不制冷"}, {traditionalchinese.Big5, "冰箱不製冷請處理"}, {charmap.Windows1252, "Kühlschrank défectueux"}} {
		raw := string(encodeText(t, c.enc, c.text))
		m := parse(t, "From: \""+raw+"\" <a@b.cn>\nSubject: "+raw+"\nTo: "+raw+" <c@d.cn>\n\nx")
		if m.Subject != c.text || m.From.Name != c.text || m.To[0].Name != c.text || m.To[0].Address != "c@d.cn" {
			t.Errorf("got %q, %+v, %+v; want %q", m.Subject, m.From, m.To, c.text)
		}
	}
}

func TestEncodedWordsInOddPlaces(t *testing.T) {
	utf := []byte("冰箱不制冷")
	w := func(b []byte) string { return "=?utf-8?B?" + base64.StdEncoding.EncodeToString(b) + "?=" }
	for in, want := range map[string]string{
		w(utf[:4]) + "\r\n " + w(utf[4:]):            "冰箱不制冷", // a character split between words
		`"` + w(utf) + `"`:                           `"冰箱不制冷"`,
		"Re: " + w(utf) + "tail":                     "Re: 冰箱不制冷tail",
		"=?utf-8?Q?=E5=86=B0=E7=AE=B1_ok?=":          "冰箱 ok",
		"=?utf-8?Q?=E5=86=B0=E7=AE=B1 with blanks?=": "冰箱 with blanks",
		"=?UTF-8*zh?B?5Yaw566x?=":                    "冰箱",
		"=?gb2312?B?" + base64.StdEncoding.EncodeToString(encodeText(t, simplifiedchinese.GBK, "退货")) + "?= =?utf-8?B?5Yaw566x?=": "退货冰箱",
		"=?utf-8?B?5Yaw566x":       "冰箱", // cut off
		"=?utf-8?X?abc?= =?broken": "=?utf-8?X?abc?= =?broken",
		"a =?= b":                  "a =?= b",
		"=?utf-8?Q??= x":           "x",
	} {
		if m := parse(t, "From: a@b.c\r\nSubject: "+in+"\r\n\r\nx"); m.Subject != want {
			t.Errorf("%q: got %q, want %q", in, m.Subject, want)
		}
	}
}

func TestFileNames(t *testing.T) {
	for in, want := range map[string]string{
		"Content-Disposition: attachment; filename=\"报价单.pdf\"":                                                       "报价单.pdf",
		"Content-Disposition: attachment; filename*=utf-8''%E6%8A%A5%E4%BB%B7.pdf":                                    "报价.pdf",
		"Content-Disposition: attachment; filename*=GB2312'zh'%B1%A8%BC%DB.pdf":                                       "报价.pdf",
		"Content-Disposition: attachment;\n filename*0*=utf-8''%E6%8A;\n filename*1*=%A5%E4%BB%B7;\n filename*2=.pdf": "报价.pdf",
		"Content-Disposition: attachment;\n filename*1=b.pdf;\n filename*0=\"a \"":                                    "a b.pdf",
		"Content-Disposition: attachment; filename==?utf-8?B?5oql5Lu3LnBkZg==?=":                                      "报价.pdf",
		"Content-Disposition: attachment; filename=\"=?utf-8?B?5oql?=\n =?utf-8?B?5Lu3LnBkZg==?=\"":                   "报价.pdf",
		"Content-Disposition: attachment; filename=a b c.pdf":                                                         "a b c.pdf",
		"Content-Disposition: attachment; filename=\"C:\\\\Users\\\\me\\\\report.pdf\"":                               "report.pdf",
		"Content-Disposition: attachment; filename=\"../../etc/passwd\"":                                              "passwd.pdf",
		"Content-Disposition: attachment; filename=\"a;b.pdf\"":                                                       "a;b.pdf",
		"Content-Disposition: attachment; filename=\"evil\u202efdp.exe\"":                                             "evilfdp.exe",
		"Content-Disposition: attachment":                                                                             "part-1.pdf",
		"Content-Disposition: filename=x.pdf":                                                                         "part-1.pdf",
	} {
		m := parse(t, "From: a@b.c\nContent-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: application/pdf\n"+in+"\n\nPDF\n--q--\n")
		if len(m.Attachments) != 1 || m.Attachments[0].Name != want || string(m.Attachments[0].Content) != "PDF" {
			t.Errorf("%q: got %+v, want %q", in, m.Attachments, want)
		}
	}
}

// Broken structure still yields its text and files.
func TestBrokenStructure(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString([]byte("file content"))
	for name, c := range map[string]struct{ raw, text, file string }{
		"no closing boundary":     {"From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nhello\n--x\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n" + b64, "hello", "file content"},
		"boundary parameter lost": {"From: a@b.c\nContent-Type: multipart/mixed\n\n--abcdef\nContent-Type: text/plain\n\nhello\n--abcdef\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n" + b64 + "\n--abcdef--\n", "hello", "file content"},
		"wrong boundary":          {"From: a@b.c\nContent-Type: multipart/mixed; boundary=other\n\n--abcdef\nContent-Type: text/plain\n\nhello\n--abcdef\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n" + b64 + "\n--abcdef--\n", "hello", "file content"},
		"no parts at all":         {"From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\nhello there", "hello there", ""},
		"parts after the close":   {"From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nhello\n--x--\n--x\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n" + b64 + "\n--x--\n", "hello", "file content"},
		"encoded multipart":       {"From: a@b.c\nContent-Type: multipart/mixed; boundary=x\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("--x\n\nhello\n--x\nContent-Type: application/pdf; name=a.pdf\n\nfile content\n--x--\n")), "hello", "file content"},
		"part without a header":   {"From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n--x\nNote: hello\n--x--\n", "Note: hello", ""},
		"no separator":            {"From: a@b.c\nSubject: x\nhello there\nsecond line", "hello there\nsecond line", ""},
		"no header":               {"hello there\n\nsecond", "hello there\n\nsecond", ""},
		"only a body":             {"\n\nhello there", "hello there", ""},
		"CR line ends":            {"From: a@b.c\rSubject: x\r\rhello\rthere", "hello\nthere", ""},
		"mbox line":               {"From a@b.c Tue Jan  2 09:00:00 2024\nFrom: a@b.c\nSubject: x\n\nhello", "hello", ""},
		"byte order mark":         {"\xef\xbb\xbfFrom: a@b.c\nSubject: x\n\nhello", "hello", ""},
		"text named as a file":    {"From: a@b.c\nSubject: x\nContent-Type: text/plain; name=body.txt\n\nhello", "hello", ""},
		"bad base64":              {"From: a@b.c\nSubject: x\nContent-Transfer-Encoding: base64\n\nThis is no base64 at all, but it says so.", "This is no base64 at all, but it says so.", ""},
		"base64 with garbage":     {"From: a@b.c\nSubject: x\nContent-Transfer-Encoding: base64\n\naGVs\n!!bG8gd29ybGQ", "hello world", ""},
		"base64 in chunks":        {"From: a@b.c\nSubject: x\nContent-Transfer-Encoding: base64\n\naGVsbG8=\nIHdvcmxk", "hello world", ""},
		"bad quoted-printable":    {"From: a@b.c\nSubject: x\nContent-Transfer-Encoding: Quoted_Printable\n\n100 = hundred =ZZ =e5=86=b0 soft=\n line=", "100 = hundred =ZZ 冰 soft line", ""},
		"uuencoded file in text":  {"From: a@b.c\nSubject: x\n\nhello\nbegin 644 a.txt\n,9FEL92!C;VYT96YT\n`\nend\n", "hello", "file content"},
		"plain and file":          {"From: a@b.c\nSubject: x\nContent-Type: multipart/mixed; boundary=\"x\"\n\n--x\nContent-Type: text/plain\n\nhello\n--x\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nfile content\n--x--", "hello", "file content"},
		"two texts":               {"From: a@b.c\nSubject: x\nContent-Type: multipart/mixed; boundary=\"x\"\n\n--x\nContent-Type: text/plain\n\nhello\n--x\nContent-Type: application/pdf\n\nfile content\n--x\nContent-Type: text/plain\n\nthere\n--x--", "hello\n\nthere", "file content"},
		"HTML only":               {"From: a@b.c\nSubject: x\nContent-Type: text/html\n\n<html><head><title>no</title><style>p{}</style></head><body><p>hello&nbsp;&amp; <b>there</b></p><script>x()</script></body></html>", "hello & there", ""},
		"empty plain, full HTML":  {"From: a@b.c\nSubject: x\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\n \n--x\nContent-Type: text/html\n\n<p>hello</p>\n--x--", "hello", ""},
		"empty":                   {"", "", ""},
		"empty body":              {"From: a@b.c\nSubject: x\n\n", "", ""},
		"winmail.dat":             {"From: a@b.c\nSubject: x\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nhello\n--x\nContent-Type: application/ms-tnef; name=winmail.dat\n\nfile content\n--x--", "hello", "file content"},
	} {
		m := parse(t, c.raw)
		if strings.TrimSpace(m.Text) != c.text {
			t.Errorf("%s: text %q, want %q", name, m.Text, c.text)
		}
		switch {
		case c.file == "" && len(m.Attachments) > 0:
			t.Errorf("%s: unexpected attachments %+v", name, m.Attachments)
		case c.file != "" && (len(m.Attachments) != 1 || string(m.Attachments[0].Content) != c.file):
			t.Errorf("%s: attachments %+v, want one with %q", name, m.Attachments, c.file)
		}
	}
}

func TestEmbeddedMailIsAFileWithItsText(t *testing.T) {
	m := parse(t, "From: a@b.c\nSubject: Fwd\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nplease see\n--x\nContent-Type: message/rfc822\n\nFrom: z@y.x\nSubject: =?utf-8?B?5Yaw566x?=\nContent-Type: text/html; charset=gb2312\n\n<p>"+string(encodeText(t, simplifiedchinese.GBK, "不制冷"))+"</p>\n--x--\n")
	if m.Text != "please see" || len(m.Attachments) != 1 {
		t.Fatalf("text %q, %d attachments", m.Text, len(m.Attachments))
	}
	if a := m.Attachments[0]; a.Name != "冰箱.eml" || a.Type != "message/rfc822" || a.Text != "冰箱\n\n不制冷" {
		t.Errorf("got %q %q %q", a.Name, a.Type, a.Text)
	}
}

func TestOrigins(t *testing.T) {
	for in, want := range map[string]Origin{
		"Subject: hello":                                                          "",
		"Auto-Submitted: no\nSubject: hello":                                      "",
		"Auto-Submitted: auto-replied (vacation)":                                 OriginReply,
		"Auto-Submitted: auto-generated":                                          OriginGenerated,
		"Precedence: bulk":                                                        OriginBulk,
		"List-Id: <x.example.com>":                                                OriginBulk,
		"X-Autoreply: yes":                                                        OriginReply,
		"Subject: 自动回复: 您好":                                                       OriginReply,
		"Subject: =?utf-8?B?6Ieq5Yqo5Zue5aSNOg==?= Re: ticket":                    OriginReply,
		"Subject: Out of Office: back on Monday":                                  OriginReply,
		"Return-Path: <>\nSubject: Undelivered Mail Returned to Sender":           OriginBounce,
		"Return-Path: <>":                                                         OriginGenerated,
		"Content-Type: multipart/report; report-type=delivery-status; boundary=x": OriginBounce,
		"Content-Type: multipart/report; report-type=disposition-notification; boundary=x": OriginReply,
	} {
		if m := parse(t, "From: a@b.c\n"+in+"\n\nx"); m.Origin != want || m.Auto != (want != "") {
			t.Errorf("%q: origin %q, auto %v; want %q", in, m.Origin, m.Auto, want)
		}
	}
}

func TestDates(t *testing.T) {
	for in, want := range map[string]string{
		"Tue, 2 Jan 2024 09:00:00 +0800":          "2024-01-02T01:00:00.000Z",
		"2 Jan 2024 09:00 +0800":                  "2024-01-02T01:00:00.000Z",
		"Tue, 2 Jan 24 09:00:00 PST":              "2024-01-02T17:00:00.000Z",
		"Tue Jan  2 09:00:00 2024":                "2024-01-02T09:00:00.000Z",
		"Tue, 02 Jan 2024 9:00:00 PM +0000":       "2024-01-02T21:00:00.000Z",
		"2024-01-02 09:00:00 +08:00":              "2024-01-02T01:00:00.000Z",
		"Tue, 02-Jan-2024 09.00.00 GMT":           "2024-01-02T09:00:00.000Z",
		"Tue, 2 Jan 2024 09:00:00 +0800 (中国标准时间)": "2024-01-02T01:00:00.000Z",
		"yesterday": "",
	} {
		if m := parse(t, "From: a@b.c\nDate: "+in+"\n\nx"); m.Date.String() != want {
			t.Errorf("%q: got %q, want %q", in, m.Date, want)
		}
	}
}

func TestFlowedText(t *testing.T) {
	m := parse(t, "From: a@b.c\nContent-Type: text/plain; format=flowed; delsp=yes\n\nsome long li \nne here\n>quoted \n-- \nme")
	if m.Text != "some long line here\n>quoted \n-- \nme" {
		t.Errorf("got %q", m.Text)
	}
}

// A long text is cut for the screen and kept whole as a file.
func TestLongTextIsKeptWhole(t *testing.T) {
	body := strings.Repeat("line of text\n", 1000)
	m, err := Parse(context.Background(), []byte("From: a@b.c\n\n"+body), Limits{Text: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Text) > 1000 || len(m.Attachments) != 1 || string(m.Attachments[0].Content) != body {
		t.Errorf("text %d bytes, %d attachments", len(m.Text), len(m.Attachments))
	}
}

// go-message is the second opinion: what it writes, and what it reads of
// well-formed mail, must be what we read.
func TestSameAsGoMessageOnWellFormedMail(t *testing.T) {
	var buf bytes.Buffer
	var h mail.Header
	h.SetDate(time.Date(2024, 1, 2, 9, 0, 0, 0, time.UTC))
	h.SetAddressList("From", []*mail.Address{{Name: "王小明, 先生", Address: "wang@example.com"}})
	h.SetAddressList("To", []*mail.Address{{Name: "客服", Address: "kf@example.com"}, {Address: "b@example.com"}})
	h.SetSubject("冰箱不制冷，保修期内，请尽快安排师傅上门维修，谢谢，地址见正文（第二次催促）")
	h.SetMessageID("1@example.com")
	h.SetMsgIDList("References", []string{"0@example.com", "00@example.com"})
	w, err := mail.CreateWriter(&buf, h)
	if err != nil {
		t.Fatal(err)
	}
	iw, _ := w.CreateInline()
	for _, kind := range []string{"text/plain", "text/html"} {
		var ih mail.InlineHeader
		ih.SetContentType(kind, map[string]string{"charset": "utf-8"})
		p, _ := iw.CreatePart(ih)
		io.WriteString(p, map[string]string{"text/plain": "正文 = 100%\n第二行", "text/html": "<p>正文</p>"}[kind])
		p.Close()
	}
	iw.Close()
	content := bytes.Repeat([]byte{0, 1, 2, 0xff, '\n', '\r'}, 500)
	var ah mail.AttachmentHeader
	ah.SetContentType("application/octet-stream", nil)
	ah.SetFilename("报价单 2024.bin")
	p, _ := w.CreateAttachment(ah)
	p.Write(content)
	p.Close()
	w.Close()

	m := parse(t, buf.String())
	e, err := message.Read(bytes.NewReader(buf.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	r := mail.NewReader(e)
	subject, _ := r.Header.Subject()
	from, _ := r.Header.AddressList("From")
	refs, _ := r.Header.MsgIDList("References")
	if m.Subject != subject || m.From.Name != from[0].Name || m.From.Address != from[0].Address || strings.Join(m.References, " ") != strings.Join(refs, " ") {
		t.Errorf("header: %q %+v %q; want %q %+v %q", m.Subject, m.From, m.References, subject, from[0], refs)
	}
	for {
		part, err := r.NextPart()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(part.Body)
		switch ph := part.Header.(type) {
		case *mail.InlineHeader:
			kind, _, _ := ph.ContentType()
			got := map[string]string{"text/plain": m.Text, "text/html": m.HTML}[kind]
			if got != strings.ReplaceAll(string(body), "\r\n", "\n") {
				t.Errorf("%s: %q, want %q", kind, got, body)
			}
		case *mail.AttachmentHeader:
			name, _ := ph.Filename()
			if a := m.Attachments[0]; a.Name != name || !bytes.Equal(a.Content, body) || !bytes.Equal(body, content) {
				t.Errorf("attachment %q %d bytes, want %q %d", a.Name, a.Size, name, len(body))
			}
		}
	}
}

// Structured bombs: each ends within its time and memory, taken in or
// quarantined, and never panics.
func TestBombs(t *testing.T) {
	nested := func(depth int, closed bool) string {
		var b strings.Builder
		b.WriteString("From: a@b.c\n")
		for i := 0; i < depth; i++ {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		b.WriteString("\ncore\n")
		for i := depth - 1; closed && i >= 0; i-- {
			fmt.Fprintf(&b, "--b%d--\n", i)
		}
		return b.String()
	}
	rfc822 := func(depth int) string {
		return "From: a@b.c\n" + strings.Repeat("Content-Type: message/rfc822\n\nFrom: a@b.c\n", depth) + "\ncore"
	}
	onion := "core"
	for i := 0; i < 40; i++ {
		onion = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(onion))
		if len(onion) > 8<<20 {
			break
		}
	}
	big := 8 << 20
	for name, c := range map[string]struct {
		raw    string
		reason string // "" when it is taken in, "*" for either
	}{
		"deep multiparts":            {nested(2000, true), "depth"},
		"deep open multiparts":       {nested(2000, false), "depth"},
		"same boundary all the way":  {"From: a@b.c\n" + strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 2000) + "\ncore", "parts"},
		"deep embedded mails":        {rfc822(2000), "depth"},
		"onion of base64":            {"From: a@b.c\n" + onion, "*"},
		"10000 parts":                {"From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\n\na\n", 10000) + "--x--", "parts"},
		"a million delimiters":       {"From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\n", 1<<20), "parts"},
		"endless header":             {"From: a@b.c\n" + strings.Repeat("X-Field: value\n", big/15), "header"},
		"endless header line":        {"From: a@b.c\nX-Field: " + strings.Repeat("v", big), "header"},
		"endless folding":            {"From: a@b.c\nSubject: a\n" + strings.Repeat(" b\n", big/3), "header"},
		"huge encoded word":          {"From: a@b.c\nSubject: =?utf-8?B?" + strings.Repeat("YWFh", 200000) + "?=\n\nx", ""},
		"many encoded words":         {"From: a@b.c\nSubject: " + strings.Repeat("=?utf-8?Q?a?= ", 60000) + "\n\nx", ""},
		"many open encoded words":    {"From: a@b.c\nSubject: " + strings.Repeat("=?utf-8?Q?a ", 80000) + "\n\nx", ""},
		"many word starts":           {"From: a@b.c\nSubject: " + strings.Repeat("=?", 400000) + "\n\nx", ""},
		"many addresses":             {"From: a@b.c\nTo: " + strings.Repeat("a@b.c,", 150000) + "\n\nx", ""},
		"many quotes in addresses":   {"From: a@b.c\nTo: " + strings.Repeat(`"`, 500001) + "\n\nx", ""},
		"many open comments":         {"From: a@b.c\nTo: " + strings.Repeat("(", 500000) + "\n\nx", ""},
		"many open comments, commas": {"From: a@b.c\nTo: " + strings.Repeat("(,", 250000) + "\n\nx", ""},
		"many angles":                {"From: a@b.c\nTo: " + strings.Repeat("<", 500000) + "\n\nx", ""},
		"many commas":                {"From: a@b.c\nTo: " + strings.Repeat(",", 900000) + "\n\nx", ""},
		"many open angles in ids":    {"From: a@b.c\nReferences: " + strings.Repeat("<a", 400000) + "\n\nx", ""},
		"many parameters":            {"From: a@b.c\nContent-Type: text/plain" + strings.Repeat("; a*9=b", 100000) + "\n\nx", ""},
		"many continuations":         {"From: a@b.c\nContent-Type: text/plain; " + strings.Repeat("name*99999999999=b;", 40000) + "\n\nx", ""},
		"deep HTML":                  {"From: a@b.c\nContent-Type: text/html\n\n" + strings.Repeat("<div>", big/5) + "x", "*"},
		"deep HTML quotes":           {"From: a@b.c\nContent-Type: text/html\n\n" + strings.Repeat("<blockquote>a", big/13) + "x", "*"},
		"unclosed HTML tags":         {"From: a@b.c\nContent-Type: text/html\n\n" + strings.Repeat("<a href=\"", big/9), "*"},
		"HTML with a huge attribute": {"From: a@b.c\nContent-Type: text/html\n\n<p class=\"" + strings.Repeat("a ", big/2) + "\">x", "*"},
		"closing tags only":          {"From: a@b.c\nContent-Type: text/html\n\n" + strings.Repeat("</div>", big/6), "*"},
		"many reply lines":           {"From: a@b.c\n\n" + strings.Repeat("On Jan 2, 2024 x@y.z wrote:\n", big/28), "*"},
		"many header-like lines":     {"From: a@b.c\n\nhi\n" + strings.Repeat("To: me\n", big/7), "*"},
		"many colons":                {"From: a@b.c\n\n" + strings.Repeat(":\n", big/2), "*"},
		"one endless line":           {"From: a@b.c\n\n" + strings.Repeat("On 2024 wrote ", big/14) + ":", "*"},
		"many uuencoded files":       {"From: a@b.c\n\n" + strings.Repeat("begin 644 a\n#86)C\n`\nend\n", 100000), "*"},
		"uuencode starts":            {"From: a@b.c\n\n" + strings.Repeat("begin 644 a\n", big/12), "*"},
		"quoted-printable":           {"From: a@b.c\nContent-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("=", big), "*"},
		"base64 padding":             {"From: a@b.c\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat("A=", big/2), "*"},
		"utf-7":                      {"From: a@b.c\nContent-Type: text/plain; charset=utf-7\n\n" + strings.Repeat("+", big), "*"},
		"iso-2022 escapes":           {"From: a@b.c\nContent-Type: text/plain; charset=iso-2022-jp\n\n" + strings.Repeat("\x1b$B", big/3), "*"},
		"many cids":                  {"From: a@b.c\nContent-Type: text/html\n\n" + strings.Repeat("cid:a ", big/6), "*"},
		"40 MiB file":                {"From: a@b.c\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\n", 40<<20/77), ""},
		"40 MiB text":                {"From: a@b.c\n\n" + strings.Repeat("冰箱不制冷\n", 40<<20/16), ""},
	} {
		raw := []byte(c.raw)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		m, err := Parse(context.Background(), raw, Limits{})
		took := time.Since(start)
		runtime.GC()
		runtime.ReadMemStats(&after)
		var q *Quarantine
		switch {
		case err != nil && !errors.As(err, &q):
			t.Errorf("%s: %v", name, err)
		case q != nil && q.Reason == "internal":
			t.Errorf("%s: a fault inside: %v", name, err)
		case q != nil && q.Reason == "time" && slow > 1:
		case q != nil && c.reason != "*" && q.Reason != c.reason, q == nil && c.reason != "" && c.reason != "*":
			t.Errorf("%s: got %v, want %q", name, err, c.reason)
		}
		t.Logf("%-28s %8s %v", name, took.Round(time.Millisecond), err)
		// The limit is 2 s of an idle machine; a busy one gets some more.
		if took > slow*3*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
		if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 64<<20 {
			t.Errorf("%s: keeps %d MiB above the message", name, kept>>20)
		}
		runtime.KeepAlive(m)
		runtime.KeepAlive(raw)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("From: a@b.c\nSubject: =?utf-8?B?5Yaw566x?=\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nhi\n--x\nContent-Type: message/rfc822\n\nSubject: y\n\nz\n--x--"))
	f.Add([]byte("From a@b Tue Jan  2 09:00:00 2024\nTo: A (x) <a@b>, g: c@d;\nContent-Type: text/html; charset=gb2312\n\n<blockquote>x</blockquote>y"))
	f.Add([]byte("\xff\xfeF\x00r\x00"))
	f.Add([]byte("A:b\r\r\n \t\nContent-Disposition: attachment; filename*0*=a''%ff; filename*1=b\n\nbegin 644 x\n#86)C\nend"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(context.Background(), raw, Limits{})
		var q *Quarantine
		if errors.As(err, &q) && q.Reason == "internal" {
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		for _, s := range []string{m.Subject, m.Text, m.HTML, m.NewText, m.From.Name, m.From.Address} {
			if strings.ToValidUTF8(s, "?") != s || strings.IndexByte(s, 0) >= 0 {
				t.Fatalf("not storable: %q", s)
			}
		}
		for _, a := range m.Attachments {
			if a.Name == "" || strings.ContainsAny(a.Name, "/\\\x00\n") || a.Size != len(a.Content) {
				t.Fatalf("attachment %+v", a)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	var body bytes.Buffer
	w := quotedprintable.NewWriter(&body)
	io.WriteString(w, strings.Repeat("您好，我的冰箱不制冷，请安排师傅上门维修。\n", 20)+"\n\n在 2024年1月2日，客服 <kf@example.com> 写道：\n> 您好\n")
	w.Close()
	raw := []byte("From: =?utf-8?B?5Yaw566x?= <a@b.c>\nTo: kf@example.com\nSubject: =?utf-8?B?5Yaw566x?=\nDate: Tue, 2 Jan 2024 09:00:00 +0800\nMessage-ID: <1@b.c>\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n" + body.String() + "\n--x\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\n", 200) + "--x--\n")
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := Parse(context.Background(), raw, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
