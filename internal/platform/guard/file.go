package guard

import (
	"bytes"
	"net/http"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName      = 120 // runes
	maxNameBytes = 240 // file systems allow 255
	maxExt       = 16  // runes, with the dot
)

// Filename makes a name that is safe to show, to save under and to put in a
// header: one path element, no control or invisible characters, nothing that
// turns the reading direction (which hides an extension), no name that some
// system reserves, at most 120 characters with the extension kept.
func Filename(s string) string {
	if len(s) > 4096 { // the end has the name and the extension
		s = s[len(s)-4096:]
	}
	s = strings.ToValidUTF8(s, "_")
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	var b strings.Builder
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs), unicode.Is(unicode.Variation_Selector, r), !unicode.IsPrint(r):
			continue
		case strings.ContainsRune(`<>:"|?*`+"\u2044\u2215\u29f8\uff0f\uff3c\u29f5\ufe68", r):
			r = '_'
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	name := strings.TrimRight(strings.TrimLeft(b.String(), ". "), ". ")
	ext := path.Ext(name)
	stem := strings.TrimRight(strings.TrimSuffix(name, ext), ". ")
	if utf8.RuneCountInString(ext) > maxExt || len(ext) > 4*maxExt || ext == "." {
		stem, ext = name, ""
	}
	if stem == "" {
		stem = "file"
	}
	base, _, _ := strings.Cut(stem, ".")
	if reservedName(strings.TrimSpace(base)) {
		stem = "_" + stem
	}
	stem = cut(stem, maxName-utf8.RuneCountInString(ext), maxNameBytes-len(ext))
	return strings.TrimRight(stem, ". ") + ext
}

// cut shortens to a number of runes and bytes.
func cut(s string, runes, size int) string {
	n := 0
	for i, r := range s {
		if n == runes || i+utf8.RuneLen(r) > size {
			return s[:i]
		}
		n++
	}
	return s
}

// reservedName knows the device names of Windows.
func reservedName(s string) bool {
	s = strings.ToUpper(s)
	switch s {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	for _, p := range []string{"COM", "LPT"} {
		if d, ok := strings.CutPrefix(s, p); ok && utf8.RuneCountInString(d) == 1 && strings.ContainsAny(d, "0123456789¹²³") {
			return true
		}
	}
	return false
}

// magic lists signatures that net/http does not know.
var magic = []struct {
	at   int
	sign string
	is   string
}{
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"}, // old Office, Outlook
	{0, "7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"},
	{0, "BZh", "application/x-bzip2"},
	{0, "\xfd7zXZ\x00", "application/x-xz"},
	{0, "\x28\xb5\x2f\xfd", "application/zstd"},
	{257, "ustar", "application/x-tar"},
	{0, "MZ", "application/vnd.microsoft.portable-executable"},
	{0, "\x7fELF", "application/x-executable"},
	{0, "#!AMR", "audio/amr"},
	{0, "\x02#!SILK", "audio/silk"},
	{0, "#!SILK", "audio/silk"},
	{0, "fLaC", "audio/flac"},
	{0, "II*\x00", "image/tiff"},
	{0, "MM\x00*", "image/tiff"},
	{0, "{\\rtf", "application/rtf"},
	{4, "ftypavif", "image/avif"},
	{4, "ftypheic", "image/heic"},
	{4, "ftypheix", "image/heic"},
	{4, "ftypmif1", "image/heic"},
	{4, "ftypqt", "video/quicktime"},
	{4, "ftypM4A", "audio/mp4"},
	{4, "ftyp3g", "video/3gpp"},
}

// inside says what a container holds, by the extension of the name: the bytes
// prove the container, the name only chooses among what is downloaded anyway.
var inside = map[string]map[string]string{
	"application/zip": {
		".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
		".odt":  "application/vnd.oasis.opendocument.text",
		".ods":  "application/vnd.oasis.opendocument.spreadsheet",
		".epub": "application/epub+zip",
		".apk":  "application/vnd.android.package-archive",
	},
	"application/x-ole-storage": {
		".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint",
		".msg": "application/vnd.ms-outlook", ".wps": "application/vnd.ms-works",
	},
	"text/plain": {
		".csv": "text/csv", ".json": "application/json", ".md": "text/markdown", ".ics": "text/calendar", ".vcf": "text/vcard",
		".eml": "message/rfc822", ".log": "text/plain",
	},
}

// plainTypes may be claimed for bytes that are text.
var plainTypes = map[string]bool{"text/plain": true, "text/csv": true, "text/markdown": true, "text/calendar": true,
	"text/vcard": true, "application/json": true, "message/rfc822": true}

// ContentType tells the type of a file by its first bytes (512 are enough).
// What the sender declared, and the name, only choose among types that the
// bytes allow and that are never shown inline.
func ContentType(head []byte, declared, name string) string {
	if len(head) > 4096 {
		head = head[:4096]
	}
	for _, m := range magic {
		if len(head) >= m.at+len(m.sign) && string(head[m.at:m.at+len(m.sign)]) == m.sign {
			return choose(m.is, declared, name)
		}
	}
	is, _, _ := strings.Cut(http.DetectContentType(head), ";")
	if strings.HasPrefix(is, "text/") {
		is = markup(head, is)
	}
	return choose(is, declared, name)
}

func choose(is, declared, name string) string {
	if kind, ok := inside[is][strings.ToLower(path.Ext(name))]; ok {
		return kind
	}
	declared, _, _ = strings.Cut(strings.ToLower(declared), ";")
	if declared = strings.TrimSpace(declared); is == "text/plain" && plainTypes[declared] {
		return declared
	}
	return is
}

// markup finds HTML, SVG and XML that does not begin the way a browser's
// sniffing wants it, but that a browser could still be brought to run.
func markup(head []byte, is string) string {
	low := bytes.ToLower(bytes.ReplaceAll(head, []byte{0}, nil)) // UTF-16 too
	switch {
	case bytes.Contains(low, []byte("<svg")):
		return "image/svg+xml"
	case bytes.Contains(low, []byte("<html")), bytes.Contains(low, []byte("<script")), bytes.Contains(low, []byte("<!doctype html")),
		bytes.Contains(low, []byte("<body")), bytes.Contains(low, []byte("<iframe")):
		return "text/html"
	case bytes.Contains(low, []byte("<?xml")):
		return "text/xml"
	}
	return is
}

// InlineSafe says whether a type may be shown in our own page. SVG never is.
func InlineSafe(contentType string) bool {
	switch contentType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}
