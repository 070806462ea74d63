package email

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"zhidan/internal/channel"
)

// Kind is mail in the table of kinds.
func Kind() channel.Kind {
	limits := Limits{}.withDefaults()
	return channel.Kind{
		Name:   "email",
		Caps:   channel.Caps{HTML: true, Files: true, MaxFile: 20 << 20},
		MaxRaw: limits.Size,
		Read: func(ctx context.Context, raw []byte) (*channel.Inbound, error) {
			m, err := Parse(ctx, raw, limits)
			var q *Quarantine
			if errors.As(err, &q) {
				return nil, &channel.Unreadable{Reason: q.Reason, Detail: q.Detail}
			}
			if err != nil {
				return nil, err
			}
			return inbound(m), nil
		},
		Envelope: envelope,
	}
}

// envelope reads the header alone, of a mail whose rest nobody could read.
func envelope(head []byte) (sender, subject string) {
	for _, end := range []string{"\r\n\r\n", "\n\n"} {
		if i := bytes.Index(head, []byte(end)); i >= 0 {
			head = head[:i]
		}
	}
	m, err := Parse(context.Background(), append(bytes.Clone(head), "\r\n\r\n"...), Limits{})
	if err != nil {
		return "", ""
	}
	if m.From.Name != "" && m.From.Address != "" {
		return m.From.Name + " <" + m.From.Address + ">", m.Subject
	}
	return m.From.Name + m.From.Address, m.Subject
}

func inbound(m *Mail) *channel.Inbound {
	in := &channel.Inbound{
		Sender:  channel.Sender{Name: m.From.Name, Email: m.From.Address},
		Subject: bareSubject(m.Subject), Text: m.Text, NewText: m.NewText, HTML: m.HTML,
		SentAt: m.Date, Origin: channel.Origin(m.Origin), Key: m.MessageID, Fingerprint: m.fingerprint(),
	}
	for _, a := range m.Attachments {
		in.Files = append(in.Files, channel.File{Name: a.Name, Type: a.Type, ContentID: a.ContentID, Inline: a.Inline, Content: a.Content})
	}
	// The nearest first: what it answers, then back along the references. A
	// bounce answers the mail that could not be delivered.
	add := func(key string) {
		if key != "" && key != m.MessageID && !slices.Contains(in.After, key) {
			in.After = append(in.After, key)
		}
	}
	if m.Bounce != nil {
		add(m.Bounce.MessageID)
	}
	add(m.InReplyTo)
	for _, ref := range slices.Backward(m.References) {
		add(ref)
	}
	return in
}

// fingerprint is equal for one mail that came through two mailboxes, whose raw
// bytes differ in the fields that servers add. A mail without an id has none:
// two equal short mails may be two cries for help.
func (m *Mail) fingerprint() string {
	if m.MessageID == "" {
		return ""
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %d %q", m.MessageID, strings.ToLower(m.From.Address), m.Subject, m.Date, strings.Join(strings.Fields(m.Text), " "))
	for _, a := range m.Attachments {
		fmt.Fprintf(h, " %q %s", a.Name, a.SHA256)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// replyMark is what mail programs put before the subject of an answer, in the
// languages that we know, with the counters of some ("Re[2]:", "AW(3):").
var replyMark = regexp.MustCompile(`(?i)^\s*(?:re|aw|antw|sv|vs|ref|rif|res|odp|回复|回覆|答复|答覆|返信|回信)\s*(?:\[\d+\]|\(\d+\)|\^\d+)?\s*[:：]\s*`)

// bareSubject is the matter itself: an answer that opens a ticket, because what
// it answers is not here, is titled by what it is about.
func bareSubject(s string) string {
	for range 20 {
		cut := replyMark.FindString(s)
		if cut == "" || len(cut) == len(s) {
			break
		}
		s = s[len(cut):]
	}
	return s
}
