package guard

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestFilename(t *testing.T) {
	for in, want := range map[string]string{
		"报价单.pdf":                      "报价单.pdf",
		"../../etc/passwd":             "passwd",
		`..\..\windows\system32\x.dll`: "x.dll",
		"/etc/passwd\x00.png":          "passwd.png",
		"a/b\\c.txt":                   "c.txt",
		"..":                           "file",
		".":                            "file",
		"":                             "file",
		"   ":                          "file",
		".htaccess":                    "htaccess",
		"invoice\u202efdp.exe":         "invoicefdp.exe",
		"a\u200bb\ufeff.txt":           "ab.txt",
		"a\r\nSet-Cookie: x.txt":       "a Set-Cookie_ x.txt",
		`a"b<c>d|e?f*g:h.txt`:          "a_b_c_d_e_f_g_h.txt",
		"CON":                          "_CON",
		"con.txt":                      "_con.txt",
		"NUL.tar.gz":                   "_NUL.tar.gz",
		"COM1.log":                     "_COM1.log",
		"LPT¹":                         "_LPT¹",
		"console.log":                  "console.log",
		"a.exe. . .":                   "a.exe",
		"a  \t b.txt":                  "a b.txt",
		"..／..／x.png":                  "_.._x.png",
		"\xff\xfe.png":                 "_.png",
		"C:evil.txt":                   "C_evil.txt",
		"a.b.c.tar.gz":                 "a.b.c.tar.gz",
		"图\u3000片.jpg":                 "图 片.jpg",
		".pdf":                         "pdf",
	} {
		if got := Filename(in); got != want {
			t.Errorf("Filename(%q) = %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{strings.Repeat("长", 500) + ".xlsx", strings.Repeat("a", 100_000) + ".xlsx", strings.Repeat("😀", 200) + ".xlsx"} {
		got := Filename(in)
		if n := utf8.RuneCountInString(got); n > 120 || len(got) > 240 || !strings.HasSuffix(got, ".xlsx") || n < 50 {
			t.Errorf("%d runes, %d bytes: %s", n, len(got), got)
		}
	}
}

func FuzzFilename(f *testing.F) {
	for _, s := range []string{"../x", "a\x00b", "CON.txt", ".a.", "x." + strings.Repeat("y", 40), "\u202e", "con .x", "a. .b", "/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Filename(s)
		base, _, _ := strings.Cut(got, ".")
		if got == "" || got != Filename(got) || !utf8.ValidString(got) || utf8.RuneCountInString(got) > 120 || len(got) > 240 ||
			strings.ContainsAny(got, "/\\:\"<>|?*\x00") || strings.HasPrefix(got, ".") || strings.HasSuffix(got, ".") || strings.TrimSpace(got) != got || reservedName(base) ||
			strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Fatalf("Filename(%q) = %q, then %q", s, got, Filename(got))
		}
	})
}

func TestContentType(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	for _, c := range []struct{ head, declared, name, want string }{
		{png, "text/html", "x.html", "image/png"},
		{"\xff\xd8\xff\xe0", "", "x.png", "image/jpeg"},
		{"GIF89a<script>alert(1)</script>", "text/html", "x.html", "image/gif"},
		{"RIFF\x00\x00\x00\x00WEBPVP8 ", "", "", "image/webp"},
		{"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>", "image/png", "x.png", "image/svg+xml"},
		{"<?xml version='1.0'?>\n<!-- c --><svg>", "image/png", "x.png", "image/svg+xml"},
		{"   hello <script>alert(1)</script>", "image/png", "x.png", "text/html"},
		{"<html><body>", "text/plain", "x.txt", "text/html"},
		{"\xff\xfe<\x00s\x00c\x00r\x00i\x00p\x00t\x00>\x00", "text/plain", "x.txt", "text/html"},
		{"hello", "image/png", "x.png", "text/plain"},
		{"hello", "text/html", "x.html", "text/plain"},
		{"a,b\n1,2", "text/csv; charset=utf-8", "x", "text/csv"},
		{"a,b\n1,2", "application/octet-stream", "x.CSV", "text/csv"},
		{"{\"a\":1}", "application/json", "x", "application/json"},
		{"%PDF-1.7", "image/png", "x.png", "application/pdf"},
		{"PK\x03\x04", "image/png", "报价.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		{"PK\x03\x04", "image/png", "x.png", "application/zip"},
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "", "x.doc", "application/msword"},
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "", "x.png", "application/x-ole-storage"},
		{"#!AMR\n", "", "x.amr", "audio/amr"},
		{"\x00\x01\x02\x03", "image/png", "x.png", "application/octet-stream"},
		{"", "image/png", "x.png", "text/plain"},
		{"MZ\x90\x00", "image/png", "x.png", "application/vnd.microsoft.portable-executable"},
		{"\x00\x00\x00\x18ftypheic", "", "", "image/heic"},
	} {
		if got := ContentType([]byte(c.head), c.declared, c.name); got != c.want {
			t.Errorf("%q declared %s named %s: %s, want %s", c.head, c.declared, c.name, got, c.want)
		}
	}
}

func TestInlineSafe(t *testing.T) {
	for kind, want := range map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true,
		"image/svg+xml": false, "text/html": false, "application/pdf": false, "": false, "IMAGE/PNG": false, "image/png; x": false, "image/heic": false} {
		if InlineSafe(kind) != want {
			t.Errorf("InlineSafe(%q) = %v", kind, !want)
		}
	}
}

// Whatever is declared or named, only the bytes of one of four kinds of image
// are ever shown inline.
func FuzzContentType(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n"), "image/png", "x.png")
	f.Add([]byte("<svg>"), "image/png", "x.png")
	f.Fuzz(func(t *testing.T, head []byte, declared, name string) {
		got := ContentType(head, declared, name)
		starts := func(s string) bool { return strings.HasPrefix(string(head), s) }
		if InlineSafe(got) && !starts("\x89PNG\r\n\x1a\n") && !starts("\xff\xd8\xff") && !starts("GIF87a") && !starts("GIF89a") && !starts("RIFF") {
			t.Fatalf("%q is shown inline as %s", head, got)
		}
	})
}
