package email

import (
	"bytes"
	"fmt"
	"html"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// text takes in a leaf that is shown.
func (b *build) text(kind string, params map[string]string, data []byte, at place) {
	label := params["charset"]
	if label == "" {
		label = params["charest"] // a real spelling
	}
	if label == "" && kind == "text/html" {
		label = metaCharset(data)
	}
	if label == "" {
		label = b.root.charset
	}
	if kind == "text/plain" && !b.inner {
		for n := 0; n < 20; n++ {
			name, file, rest, ok := cutUU(data)
			if !ok || !b.take(len(file)+len(rest)) {
				break
			}
			b.attach(newAttachment(fileName(name, "application/octet-stream"), typeByName(name), file))
			data = rest
		}
	}
	full := data
	cut := false
	if len(data) > b.limits.Text {
		// Cut at a line end, so that no character is split.
		data, cut = data[:b.limits.Text], true
		if nl := bytes.LastIndexByte(data, '\n'); nl > len(data)/2 {
			data = data[:nl+1]
		}
	}
	if !b.take(len(data) * 2) {
		return
	}
	s, cs := decodeCharset(data, label)
	s = clean(s)
	if b.mail.Charset == "" && strings.TrimSpace(s) != "" {
		b.mail.Charset = cs
	}
	if kind == "text/plain" && strings.EqualFold(params["format"], "flowed") {
		s = unflow(s, strings.EqualFold(params["delsp"], "yes"))
	}
	if room := b.limits.Text - b.shown(); len(s) > room {
		s, cut = s[:cutRune(s, max(0, room))], true
	}
	if cut && !b.inner {
		name := "text.txt"
		if kind == "text/html" {
			name = "text.html"
		}
		b.attach(newAttachment(name, kind, full))
	}
	p := at.alternative
	if p == nil {
		b.pieces = append(b.pieces, piece{})
		p = &b.pieces[len(b.pieces)-1]
	}
	if kind == "text/html" {
		p.html = joinText(p.html, s)
		return
	}
	p.plain, p.hasPlain = joinText(p.plain, s), true
}

// shown is how much text is there already.
func (b *build) shown() int {
	n := 0
	for _, p := range b.pieces {
		n += max(len(p.plain), len(p.html))
	}
	return n
}

func joinText(a, b string) string {
	if strings.TrimSpace(a) == "" {
		return b
	}
	if strings.TrimSpace(b) == "" || a == b {
		return a
	}
	return strings.TrimRight(a, "\n") + "\n\n" + b
}

// cutRune is the largest cut ≤ n that splits no character.
func cutRune(s string, n int) int {
	if n >= len(s) {
		return len(s)
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return n
}

// unflow joins the soft-broken lines of format=flowed (RFC 3676) that are not
// quotations.
func unflow(s string, delSpace bool) string {
	lines := strings.Split(s, "\n")
	var out strings.Builder
	out.Grow(len(s))
	for i, l := range lines {
		l = strings.TrimPrefix(l, " ") // space-stuffing
		soft := strings.HasSuffix(l, " ") && l != "-- " && !strings.HasPrefix(l, ">") &&
			i+1 < len(lines) && !strings.HasPrefix(lines[i+1], ">") && strings.TrimSpace(lines[i+1]) != "" && strings.TrimSpace(l) != ""
		if soft {
			if delSpace {
				l = l[:len(l)-1]
			}
			out.WriteString(l)
			continue
		}
		out.WriteString(l)
		if i+1 < len(lines) {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

var metaCharsetRE = regexp.MustCompile(`(?i)<meta[^>]{0,200}charset\s*=\s*["']?\s*([a-z0-9_\-:]{2,30})`)

func metaCharset(b []byte) string {
	if m := metaCharsetRE.FindSubmatch(b[:min(len(b), 4096)]); m != nil {
		return string(m[1])
	}
	return ""
}

func looksHTML(b []byte) bool {
	s := bytes.ToLower(bytes.TrimSpace(b[:min(len(b), 512)]))
	return bytes.HasPrefix(s, []byte("<html")) || bytes.HasPrefix(s, []byte("<!doctype html"))
}

// embedded takes in a message inside the message: a file, whose text can be
// read and searched without opening it.
func (b *build) embedded(h *header, name string, data []byte, depth int) {
	inner := &build{parser: b.parser, mail: &Mail{}, inner: true}
	raw := normalise(data)
	ih, body := b.readHeader(raw)
	inner.root = ih
	inner.entity(ih, body, place{}, depth+1)
	if b.err != nil {
		return
	}
	inner.finish()
	subject := ih.text("Subject")
	if b.about == "" {
		if ids := messageIDs(ih, "Message-ID"); len(ids) > 0 {
			b.about = ids[0]
		}
	}
	if b.inner {
		b.spare = append(b.spare, joinText(subject, inner.mail.Text))
		return
	}
	if name == "" {
		name = subject
		if name == "" {
			name = "message"
		}
		name = truncate(name, 80) + ".eml"
	}
	a := newAttachment(fileName(name, "message/rfc822"), "message/rfc822", data)
	a.ContentID = contentID(h)
	a.Text = strings.TrimSpace(joinText(subject, inner.mail.Text))
	a.Text = a.Text[:cutRune(a.Text, 256<<10)]
	b.attach(a)
}

// file takes in a leaf that is not shown.
func (b *build) file(h *header, kind, name, disposition string, data []byte, at place) {
	switch {
	case kind == "message/delivery-status" || kind == "message/global-delivery-status":
		b.status = data
	case (kind == "text/rfc822-headers" || kind == "message/rfc822-headers") && b.about == "":
		ih, _ := b.readHeader(normalise(data))
		if ids := messageIDs(ih, "Message-ID"); len(ids) > 0 {
			b.about = ids[0]
		}
	}
	if kind == "text/x-amp-html" && at.direct {
		return // a third form of the same text
	}
	if b.inner {
		return
	}
	if len(data) == 0 && name == "" {
		return
	}
	if name == "" {
		name = fmt.Sprintf("part-%d", len(b.mail.Attachments)+1)
		switch kind {
		case "message/delivery-status":
			name = "delivery-status"
		case "text/rfc822-headers", "message/rfc822-headers":
			name = "headers"
		case "text/calendar":
			name = "invite"
		case "application/pgp-signature":
			name = "signature"
		}
	}
	a := newAttachment(fileName(name, kind), kind, data)
	a.ContentID = contentID(h)
	a.Inline = disposition == "inline" && (a.ContentID != "" || strings.HasPrefix(kind, "image/"))
	b.attach(a)
}

func (b *build) attach(a Attachment) {
	if b.inner {
		return
	}
	b.mail.Attachments = append(b.mail.Attachments, a)
}

func contentID(h *header) string {
	return strings.Trim(h.get("Content-ID"), "<> \t")
}

// partName is the file name that an entity carries, and its disposition
// ("attachment", "inline" or "").
func partName(h *header, ctParams map[string]string) (name, disposition string) {
	for _, v := range h.all("Content-Disposition") {
		d, params := parseParams(v, h.charset)
		if strings.HasPrefix(d, "attach") {
			disposition = "attachment"
		} else if strings.HasPrefix(d, "inline") && disposition == "" {
			disposition = "inline"
		}
		if name == "" {
			name = params["filename"]
		}
		if name == "" {
			name = params["name"]
		}
	}
	if name == "" {
		name = ctParams["name"]
	}
	if name == "" {
		name = ctParams["filename"]
	}
	if name == "" {
		kind, _ := h.contentType()
		if loc := h.text("Content-Location"); loc != "" && !strings.HasPrefix(kind, "text/") && !strings.HasPrefix(kind, "multipart/") {
			loc, _, _ = strings.Cut(loc, "?")
			if base := path.Base(loc); base != "." && base != "/" && !strings.HasPrefix(loc, "cid:") {
				name = base
			}
		}
	}
	return strings.TrimSpace(name), disposition
}

var extensions = map[string]string{
	"image/jpeg": ".jpg", "image/jpg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp",
	"image/bmp": ".bmp", "image/svg+xml": ".svg", "image/heic": ".heic", "image/tiff": ".tif",
	"application/pdf": ".pdf", "application/zip": ".zip", "application/json": ".json", "text/calendar": ".ics",
	"text/csv": ".csv", "text/plain": ".txt", "text/html": ".html", "message/rfc822": ".eml", "text/vcard": ".vcf", "text/x-vcard": ".vcf",
	"application/pgp-signature": ".asc", "application/pkcs7-signature": ".p7s", "application/x-pkcs7-signature": ".p7s",
	"application/pkcs7-mime": ".p7m", "message/delivery-status": ".txt", "text/rfc822-headers": ".txt", "application/ms-tnef": ".dat",
	"audio/mpeg": ".mp3", "audio/amr": ".amr", "audio/wav": ".wav", "video/mp4": ".mp4", "text/xml": ".xml", "application/xml": ".xml",
	"application/msword": ".doc", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
	"application/vnd.ms-excel": ".xls", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}

// fileName makes a name safe to show and to save: no folders, no control or
// direction characters, at most 200 bytes, never empty. It is still a label,
// never a path.
func fileName(name, kind string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	if i := strings.LastIndexByte(strings.TrimRight(name, "/"), '/'); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '/' || r == utf8.RuneError || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, name)
	name = strings.Trim(strings.TrimSpace(name), ".")
	if name == "" {
		name = "file"
	}
	ext := path.Ext(name)
	if ext == "" || len(ext) > 12 {
		if e := extensions[kind]; e != "" && ext == "" {
			name += e
		}
		ext = path.Ext(name)
	}
	if len(name) > 200 {
		if len(ext) > 20 {
			ext = ""
		}
		name = name[:cutRune(name, 200-len(ext))] + ext
	}
	return name
}

// typeByName names a type by the file's extension, for parts that only say
// "octet-stream".
func typeByName(name string) string {
	ext := strings.ToLower(path.Ext(name))
	for t, e := range extensions {
		if e == ext && t != "image/jpg" && t != "application/x-pkcs7-signature" && !strings.HasPrefix(t, "message/") && t != "text/rfc822-headers" && t != "text/x-vcard" && t != "text/xml" && ext != ".dat" {
			return t
		}
	}
	return "application/octet-stream"
}

// finish puts the pieces together.
func (b *build) finish() {
	m := b.mail
	var text, rich []string
	anyHTML := false
	for _, p := range b.pieces {
		anyHTML = anyHTML || strings.TrimSpace(p.html) != ""
	}
	for _, p := range b.pieces {
		plain := p.plain
		if strings.TrimSpace(plain) == "" && p.html != "" {
			if !b.take(len(p.html)) {
				return
			}
			plain = htmlText(p.html, false, b.ok)
			b.fromHTML = true
		}
		if strings.TrimSpace(plain) != "" {
			text = append(text, plain)
		}
		if !anyHTML || b.inner {
			continue
		}
		switch {
		case strings.TrimSpace(p.html) != "":
			rich = append(rich, p.html)
		case strings.TrimSpace(p.plain) != "":
			rich = append(rich, `<div style="white-space:pre-wrap">`+html.EscapeString(strings.TrimSpace(p.plain))+"</div>")
		}
	}
	if len(text) == 0 {
		for _, s := range b.spare {
			if low := strings.ToLower(s); len(s) < 400 && strings.Contains(low, "mime") {
				continue // "This is a multi-part message in MIME format."
			}
			text = append(text, s)
		}
	}
	if len(text) == 0 {
		// A forwarded message without a word of its own speaks by its content.
		for _, a := range m.Attachments {
			if a.Type == "message/rfc822" && a.Text != "" {
				text = append(text, a.Text)
				break
			}
		}
	}
	for i := range text {
		text[i] = strings.Trim(text[i], "\n")
	}
	m.Text = strings.Join(text, "\n\n")
	m.HTML = strings.Join(rich, "\n")
	shown := map[string]bool{}
	for rest := m.HTML; len(m.Attachments) > 0 && len(shown) < 2000; {
		i := strings.Index(rest, "cid:")
		if i < 0 {
			break
		}
		rest = rest[i+4:]
		if end := strings.IndexAny(rest[:min(len(rest), 300)], "\"'<> )"); end > 0 {
			shown[rest[:end]] = true
		}
	}
	for i := range m.Attachments {
		if a := &m.Attachments[i]; a.ContentID != "" && shown[a.ContentID] {
			a.Inline = true
		}
	}
	if b.status != nil || b.about != "" && strings.HasPrefix(rootKind(b.root), "multipart/report") {
		m.Bounce = readBounce(b.status, b.about)
	}
}

func rootKind(h *header) string {
	k, _ := h.contentType()
	return k
}
