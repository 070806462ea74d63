// Package email is the mail room: it turns the raw bytes of a message into
// what a person wrote, walks mail files, and hands messages to the intake.
//
// Promises:
//   - Parse never panics, and never fails on a message merely because it is
//     broken: missing separators, wrong charset labels, damaged encodings and
//     odd structure still give up their text and their attachments.
//   - Parse is bounded in time, memory, parts and depth. A message beyond a
//     bound is a *Quarantine with the bound's name; its raw bytes stay with the
//     caller.
//   - Nothing is thrown away: a part that is not shown as text is an
//     attachment, byte for byte as it was after its transfer encoding.
//
// The package reads structure itself, on slices of the raw message, because a
// strict reader stops at the first fault and a streaming one can be made to
// scan the same bytes again and again. Dates, message ids and the writing of
// mail come from emersion/go-message, which the tests also use as the second
// opinion on well-formed mail. Formats: RFC 5322, RFC 2045–2049, RFC 2231,
// RFC 3676, RFC 6532; loops: RFC 3834, RFC 3464.
package email

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"zhidan/internal/platform/clock"
)

// Address is one mailbox.
type Address struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// Attachment is one file of a message. SHA256 is hex, of Content.
type Attachment struct {
	Name      string `json:"name"`
	Type      string `json:"type"` // media type, lower case, without parameters
	Size      int    `json:"size"`
	SHA256    string `json:"sha256"`
	Inline    bool   `json:"inline"`
	ContentID string `json:"content_id,omitempty"` // without angle brackets
	Text      string `json:"text,omitempty"`       // subject and text of an embedded message
	Content   []byte `json:"-"`
}

// Mail is a parsed message. All strings are valid UTF-8 without NUL, lines end
// in \n.
type Mail struct {
	Subject     string       `json:"subject"`
	From        Address      `json:"from"`
	To          []Address    `json:"to"`
	Cc          []Address    `json:"cc,omitempty"`
	ReplyTo     []Address    `json:"reply_to,omitempty"`
	Date        clock.Time   `json:"date"` // of the Date field, else of the newest Received field, else 0
	MessageID   string       `json:"message_id"`
	InReplyTo   string       `json:"in_reply_to"`
	References  []string     `json:"references"`
	Text        string       `json:"text"`
	HTML        string       `json:"html"`
	NewText     string       `json:"new_text"` // Text without quotation and signature
	Attachments []Attachment `json:"attachments"`
	Auto        bool         `json:"auto"` // written by a machine: never answer it automatically
	Origin      Origin       `json:"origin,omitempty"`
	Bounce      *Bounce      `json:"bounce,omitempty"`
	Charset     string       `json:"charset,omitempty"` // that the text was written in
	Mailer      string       `json:"-"`
	Recipients  []Address    `json:"-"` // every address that shows where the message was delivered
}

// Limits bound one Parse. A zero field takes its default.
type Limits struct {
	Size   int64         // bytes of the raw message; 50 MiB
	Time   time.Duration // 2 s
	Extra  int64         // bytes held above Size; 64 MiB
	Parts  int           // 1000, those of embedded messages included
	Depth  int           // 50 levels of nesting
	Header int           // bytes of all header fields together; 1 MiB
	Text   int           // bytes of Text and of HTML; a longer part is cut there and kept whole as an attachment; 4 MiB
}

func (l Limits) withDefaults() Limits {
	set := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	if l.Size <= 0 {
		l.Size = 50 << 20
	}
	if l.Time <= 0 {
		l.Time = 2 * time.Second
	}
	if l.Extra <= 0 {
		l.Extra = 64 << 20
	}
	set(&l.Parts, 1000)
	set(&l.Depth, 50)
	set(&l.Header, 1<<20)
	set(&l.Text, 4<<20)
	return l
}

// Quarantine says why a message was not taken in. Reason is stable and short:
// size, time, memory, parts, depth, header, internal.
type Quarantine struct {
	Reason string
	Detail string
}

func (q *Quarantine) Error() string { return "mail quarantined (" + q.Reason + "): " + q.Detail }

// Read reads a message of at most Limits.Size bytes and parses it.
func Read(ctx context.Context, r io.Reader, l Limits) (*Mail, error) {
	l = l.withDefaults()
	raw, err := io.ReadAll(io.LimitReader(r, l.Size+1))
	if err != nil {
		return nil, err
	}
	return Parse(ctx, raw, l)
}

// Parse reads one message. The Mail may share memory with raw, which must not
// change afterwards. The error is a *Quarantine or the context's.
func Parse(ctx context.Context, raw []byte, l Limits) (m *Mail, err error) {
	l = l.withDefaults()
	if int64(len(raw)) > l.Size {
		return nil, &Quarantine{"size", fmt.Sprintf("larger than %d bytes", l.Size)}
	}
	p := &parser{
		ctx: ctx, limits: l, deadline: time.Now().Add(l.Time),
		memory: l.Extra, parts: l.Parts, header: l.Header,
	}
	defer func() {
		if r := recover(); r != nil {
			// A fault of ours must not stop the mailbox: the message waits in
			// quarantine for a newer version.
			m, err = nil, &Quarantine{"internal", fmt.Sprint(r)}
		}
	}()
	m = p.message(raw)
	if p.err != nil {
		return nil, p.err
	}
	return m, nil
}

// parser carries the budgets of one Parse. The first exhausted budget sets err,
// and everything below returns early without harm.
type parser struct {
	ctx      context.Context
	limits   Limits
	deadline time.Time
	memory   int64 // bytes that may still be allocated for decoded content
	parts    int   // entities left
	header   int   // header bytes left
	err      error
}

// ok checks the clock and the context; it is called once per piece of work that
// is linear in at most a few megabytes.
func (p *parser) ok() bool {
	if p.err != nil {
		return false
	}
	if err := p.ctx.Err(); err != nil {
		p.err = err
	} else if time.Now().After(p.deadline) {
		p.stop("time", "took longer than %s", p.limits.Time)
	}
	return p.err == nil
}

func (p *parser) stop(reason, format string, args ...any) {
	if p.err == nil {
		p.err = &Quarantine{reason, fmt.Sprintf(format, args...)}
	}
}

// take pays for n bytes of decoded content.
func (p *parser) take(n int) bool {
	if p.memory -= int64(n); p.memory < 0 {
		p.stop("memory", "decoded content needs more than %d bytes above the message", p.limits.Extra)
	}
	return p.ok()
}

// message parses a whole message.
func (p *parser) message(raw []byte) *Mail {
	raw = normalise(raw)
	h, body := p.readHeader(raw)
	m := &Mail{To: []Address{}, References: []string{}, Attachments: []Attachment{}}
	if p.err != nil {
		return m
	}
	p.fields(m, h)
	b := &build{parser: p, mail: m, root: h}
	b.entity(h, body, place{}, 0)
	if p.err != nil {
		return m
	}
	b.finish()
	if !p.ok() {
		return m
	}
	m.Origin = origin(h, m)
	m.Auto = m.Origin != ""
	m.NewText = p.newText(m, b.fromHTML)
	return m
}

// normalise removes what stands before the header in files and mailboxes (byte
// order marks, an mbox envelope line) and turns lone CR line ends into LF when
// the message has no others.
func normalise(raw []byte) []byte {
	switch {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		raw = raw[3:]
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		raw = []byte(decodeUTF16(raw))
	}
	head := raw[:min(len(raw), 4096)]
	if cr := bytes.IndexByte(head, '\r'); cr >= 0 && cr+1 < len(head) && bytes.IndexByte(head[:cr], '\n') < 0 && head[cr+1] != '\n' && head[cr+1] != '\r' {
		raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	}
	// Blank lines and an envelope line before the first field.
	for i := 0; i < 4; i++ {
		trimmed := bytes.TrimLeft(raw, "\r\n")
		if !isEnvelope(trimmed) {
			if i == 0 && len(trimmed) < len(raw) && looksLikeField(trimmed) || i > 0 {
				return trimmed
			}
			return raw
		}
		nl := bytes.IndexByte(trimmed, '\n')
		if nl < 0 {
			return nil
		}
		raw = trimmed[nl+1:]
		if len(raw) > 0 && (raw[0] == '\n' || raw[0] == '\r') && !looksLikeField(bytes.TrimLeft(raw, "\r\n")) {
			return raw // an envelope line, no header, a body
		}
	}
	return raw
}

// isEnvelope says whether the first line is mbox's "From " line.
func isEnvelope(b []byte) bool {
	return (bytes.HasPrefix(b, []byte("From ")) || bytes.HasPrefix(b, []byte(">From "))) && !looksLikeField(b)
}

func newAttachment(name, mediaType string, content []byte) Attachment {
	sum := sha256.Sum256(content)
	return Attachment{Name: name, Type: mediaType, Size: len(content), SHA256: hex.EncodeToString(sum[:]), Content: content}
}

// clean makes text storable and line-wise: valid UTF-8, no NUL, \n line ends.
func clean(s string) string {
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.ReplaceAll(s, "\r", "\n")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
