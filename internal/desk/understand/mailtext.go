package understand

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"path"
	"strings"

	"golang.org/x/net/html/charset"

	"zhidan/internal/platform/extract"
)

// A mail that is attached to a message (EML: RFC 5322, RFC 2045 to 2047) is
// read for its words only: subject, sender, and the parts that are text. Files
// inside it are left alone.

// Bounds of an attached mail.
const (
	mailInput = 32 << 20 // bytes
	mailPart  = 4 << 20  // bytes of one text
	mailParts = 100
	mailDepth = 5
	mailRunes = 200_000
)

const kindMail extract.Kind = "mail"

func isMail(name, declared string) bool {
	return strings.EqualFold(path.Ext(name), ".eml") || declared == "message/rfc822"
}

type mailReader struct {
	ctx   context.Context
	parts int
	left  int // runes
	out   strings.Builder
	cut   bool
}

var errMailFull = errors.New("enough of the mail was read")

// mailText gives the words of a mail.
func mailText(ctx context.Context, r io.ReaderAt, size int64) (extract.Result, error) {
	if size > mailInput {
		return extract.Result{}, extract.ErrTooLarge
	}
	m := &mailReader{ctx: ctx, left: mailRunes}
	err := m.message(io.NewSectionReader(r, 0, size), 0)
	if err == errMailFull || errors.Is(err, extract.ErrTooLong) && m.out.Len() > 0 {
		m.cut, err = true, nil
	}
	if err != nil && m.out.Len() > 0 && ctx.Err() == nil { // broken further down: what came before is good
		m.cut, err = true, nil
	}
	if ctx.Err() != nil && m.out.Len() == 0 {
		err = extract.ErrTooLong
	}
	return extract.Result{Text: strings.TrimSpace(m.out.String()), Kind: kindMail, Truncated: m.cut}, err
}

func (m *mailReader) write(s string) error {
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	if r := []rune(s); len(r) > m.left {
		s = string(r[:m.left])
		m.left = 0
	} else {
		m.left -= len(r)
	}
	m.out.WriteString(s + "\n")
	if m.left == 0 {
		return errMailFull
	}
	return nil
}

func (m *mailReader) message(r io.Reader, depth int) error {
	msg, err := mail.ReadMessage(r)
	if err != nil {
		return extract.ErrBroken
	}
	if len(msg.Header) == 0 {
		return extract.ErrBroken
	}
	words := &mime.WordDecoder{CharsetReader: func(label string, r io.Reader) (io.Reader, error) { return charset.NewReaderLabel(label, r) }}
	for _, name := range []string{"Subject", "From", "Date"} {
		v := msg.Header.Get(name)
		if d, err := words.DecodeHeader(v); err == nil {
			v = d
		}
		if v != "" {
			if err := m.write(name + ": " + cut(v, 1000)); err != nil {
				return err
			}
		}
	}
	return m.part(textproto.MIMEHeader(msg.Header), msg.Body, depth)
}

// part takes in one part and tells of the first that cannot be read on.
func (m *mailReader) part(h textproto.MIMEHeader, body io.Reader, depth int) error {
	if m.ctx.Err() != nil {
		return extract.ErrTooLong
	}
	if m.parts++; m.parts > mailParts || depth > mailDepth {
		return errMailFull
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind, params = "text/plain", nil
	}
	switch {
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "":
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return extract.ErrBroken
			}
			before := m.out.Len()
			if err := m.part(p.Header, p, depth+1); err != nil {
				return err
			}
			if kind == "multipart/alternative" && m.out.Len() > before {
				return nil // the others say the same
			}
		}
	case kind == "message/rfc822":
		return m.message(decoded(h, body), depth+1)
	case kind == "text/plain" || kind == "text/html":
		data, err := io.ReadAll(io.LimitReader(decoded(h, body), mailPart+1))
		if len(data) > mailPart {
			data, m.cut = data[:mailPart], true
		}
		if err != nil && len(data) == 0 {
			return extract.ErrBroken
		}
		if label := params["charset"]; label != "" {
			if r, err := charset.NewReaderLabel(label, bytes.NewReader(data)); err == nil {
				if d, err := io.ReadAll(io.LimitReader(r, 3*mailPart)); err == nil {
					data = d
				}
			}
		}
		name := "part.txt"
		if kind == "text/html" {
			name = "part.html"
		}
		res, err := extract.Text(m.ctx, name, kind, bytes.NewReader(data), int64(len(data)), extract.Limits{Text: m.left})
		if err != nil && !errors.Is(err, extract.ErrUnsupported) {
			return err
		}
		m.cut = m.cut || res.Truncated
		return m.write(res.Text)
	}
	return nil
}

// decoded undoes the transfer encoding. What is no base64 ends the part.
func decoded(h textproto.MIMEHeader, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}
