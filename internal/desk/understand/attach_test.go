package understand_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/desk/understand"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

type extra struct {
	Kind, Ref, Name, Type, Code, Text, Model, To string
	Truncated                                    bool
	Entities                                     []struct{ Type, In, Text, Value string }
}

func upload(t *testing.T, h *zhidantest.House, name, kind string, data []byte) string {
	t.Helper()
	var a struct{ ID string }
	r := h.Call("POST", "/attachments?name="+url.QueryEscape(name), data, "Content-Type", kind)
	if r.Status != 201 {
		t.Fatalf("upload %s: %d %s", name, r.Status, r.Body)
	}
	r.JSON(t, &a)
	return a.ID
}

func openWith(t *testing.T, h *zhidantest.House, body string, files ...string) (x made) {
	t.Helper()
	a := h.Call("POST", "/tickets", map[string]any{"body": body, "requester": map[string]any{"name": "王小芳", "email": "w@example.com"}, "attachment_ids": files})
	if a.Status != 201 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	a.JSON(t, &x)
	return x
}

func extras(t *testing.T, h *zhidantest.House, of id.ID, headers ...string) map[string]extra {
	t.Helper()
	var u struct{ Extras []extra }
	a := h.Call("GET", "/tickets/"+of.String()+"/understanding", nil, headers...)
	if a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	a.JSON(t, &u)
	out := map[string]extra{}
	for _, e := range u.Extras {
		key := e.Name
		if e.Kind != "attachment" {
			key = e.Kind
		}
		out[key] = e
	}
	return out
}

func again(t *testing.T, h *zhidantest.House, of id.ID) (x made) {
	t.Helper()
	h.Call("GET", "/tickets/"+of.String(), nil).JSON(t, &x)
	return x
}

func found(t *testing.T, h *zhidantest.House, words string, of id.ID) bool {
	t.Helper()
	return strings.Contains(string(h.Call("GET", "/tickets?q="+url.QueryEscape(words), nil).Body), `"`+of.String()+`"`)
}

func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range files {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func docx(t *testing.T, text string) []byte {
	return zipped(t, map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"word/document.xml":   `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>` + text + `</w:t></w:r></w:p></w:body></w:document>`,
	})
}

func pdf(text string) []byte {
	var b bytes.Buffer
	var at []int
	put := func(s string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), s)
	}
	b.WriteString("%PDF-1.4\n")
	content := "BT /F1 12 Tf 72 720 Td (" + text + ") Tj ET"
	put("<< /Type /Catalog /Pages 2 0 R >>")
	put("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	put("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>")
	put(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content))
	put("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

const eml = "From: =?UTF-8?B?5p2O5Zub?= <li@example.com>\r\nSubject: =?UTF-8?B?6L2s5Y+R?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nthe porcelain otter arrived broken\r\n" +
	"--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>said twice</p>\r\n--c--\r\n--b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\nUEsDBA==\r\n--b--\r\n"

func TestAttachmentsAreRead(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		ole := append([]byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}, make([]byte, 1024)...)
		x := openWith(t, h, "见附件",
			upload(t, h, "说明.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", docx(t, "紫晶龙虾的保修单")),
			upload(t, h, "letter.pdf", "application/pdf", pdf("the quicksilver pelican clause")),
			upload(t, h, "fwd.eml", "message/rfc822", []byte(eml)),
			upload(t, h, "long.txt", "text/plain", []byte(strings.Repeat("很长的说明。", 5000))),
			upload(t, h, "locked.docx", "application/octet-stream", ole),
			upload(t, h, "all.zip", "application/zip", zipped(t, map[string]string{"a.pdf": string(pdf("x"))})),
			upload(t, h, "photo.png", "image/png", []byte("\x89PNG\r\n\x1a\n0000")))
		h.Settle()
		e := extras(t, h, x.ID)
		for name, want := range map[string]string{"说明.docx": "docx 紫晶龙虾", "letter.pdf": "pdf quicksilver", "fwd.eml": "mail porcelain otter"} {
			kind, words, _ := strings.Cut(want, " ")
			if e[name].Type != kind || !strings.Contains(e[name].Text, words) || e[name].Code != "" {
				t.Errorf("%s: %+v", name, e[name])
			}
		}
		if s := e["fwd.eml"].Text; !strings.Contains(s, "李四") || !strings.Contains(s, "转发") || strings.Contains(s, "said twice") {
			t.Errorf("mail: %q", s)
		}
		if l := e["long.txt"]; !l.Truncated || len([]rune(l.Text)) != 2000 {
			t.Errorf("long: %d %v", len([]rune(l.Text)), l.Truncated)
		}
		if e["locked.docx"].Code != "encrypted" || e["all.zip"].Code != "unsupported" {
			t.Errorf("failures: %+v %+v", e["locked.docx"], e["all.zip"])
		}
		if _, shown := e["photo.png"]; shown {
			t.Error("an image that nobody can look at is shown as a failure")
		}
		for _, words := range []string{"紫晶龙虾", "quicksilver pelican", "porcelain"} {
			if !found(t, h, words, x.ID) {
				t.Errorf("%q is not found", words)
			}
		}
		// It stays found when the ticket is written again, and a later message brings more.
		h.Call("POST", "/tickets/"+x.ID.String()+"/messages", map[string]any{"kind": "note", "body": "看过", "attachment_ids": []string{upload(t, h, "later.txt", "text/plain", []byte("琥珀色的犀牛"))}})
		h.Settle()
		if !found(t, h, "紫晶龙虾", x.ID) || !found(t, h, "琥珀色的犀牛", x.ID) {
			t.Error("words of files were lost by a later message")
		}
	})
}

func TestRiskInAnAttachmentAlerts(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		grave := []byte("昨晚插座冒烟起火，孩子触电了，再不处理我就打12315投诉你们。")
		x := openWith(t, h, "具体情况请看附件", upload(t, h, "情况.txt", "text/plain", grave))
		if x.Risk != 0 {
			t.Fatalf("born at risk: %+v", x)
		}
		h.Settle()
		y := again(t, h, x.ID)
		if y.Risk != ticket.MaxRisk || y.Priority != "urgent" {
			t.Fatalf("after the file was read: risk %d, %s", y.Risk, y.Priority)
		}
		for _, d := range y.Decisions {
			if d.Field == "risk" && (!strings.HasPrefix(d.Reason, "attachment: ") || len(d.Evidence) > 0) {
				t.Errorf("decision: %+v", d)
			}
		}
		// Our own files say nothing of the customer's risk.
		z := openWith(t, h, "请问怎么安装")
		h.Call("POST", "/tickets/"+z.ID.String()+"/messages", map[string]any{"kind": "reply", "body": "见附件", "attachment_ids": []string{upload(t, h, "安全须知.txt", "text/plain", grave)}})
		h.Settle()
		if y := again(t, h, z.ID); y.Risk != 0 {
			t.Errorf("a reply's file raised the risk to %d", y.Risk)
		}
		if _, ok := extras(t, h, z.ID)["安全须知.txt"]; !ok {
			t.Error("a reply's file was not read")
		}
	})
}

func TestAttachedMail(t *testing.T) {
	read := func(s string) (string, bool, error) {
		r, err := understand.MailText(context.Background(), strings.NewReader(s), int64(len(s)))
		return r.Text, r.Truncated, err
	}
	if text, _, err := read("Subject: x\r\nContent-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: base64\r\n\r\nxOO6ww==\r\n"); err != nil || !strings.Contains(text, "你好") {
		t.Errorf("%q %v", text, err)
	}
	if _, _, err := read("\x00\x01 no mail"); err == nil {
		t.Error("no mail was read as one")
	}
	deep := "Subject: deep\r\n"
	for i := range 200 {
		deep += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	if text, cut, err := read(deep + "Content-Type: text/plain\r\n\r\nx"); err != nil || !cut || !strings.Contains(text, "deep") {
		t.Errorf("deep: %q %v %v", text, cut, err)
	}
}

func FuzzMailText(f *testing.F) {
	f.Add([]byte(eml))
	f.Add([]byte("Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n--b--"))
	f.Add([]byte("Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\nSubject: =?gbk?B?xOO6ww==?=\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		res, err := understand.MailText(t.Context(), bytes.NewReader(data), int64(len(data)))
		if err == nil && len([]rune(res.Text)) > 250_000 {
			t.Errorf("%d runes", len([]rune(res.Text)))
		}
	})
}
