package email

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-message/mail"

	"zhidan/internal/platform/clock"
)

// Most values a field may hold; what is beyond is cut, not refused.
const (
	maxAddresses  = 1000
	maxReferences = 200
	maxSubject    = 2000 // runes
)

// fields fills the mail from its header.
func (p *parser) fields(m *Mail, h *header) {
	m.Subject = truncate(h.text("Subject"), maxSubject)
	m.To = addresses(h, "To")
	m.Cc = addresses(h, "Cc")
	m.ReplyTo = addresses(h, "Reply-To")
	for _, name := range []string{"From", "Sender", "Reply-To", "X-Sender", "Return-Path"} {
		if as := addresses(h, name); len(as) > 0 && (as[0].Address != "" || m.From.Name == "") {
			if m.From.Name != "" && as[0].Name == "" {
				as[0].Name = m.From.Name
			}
			if m.From = as[0]; m.From.Address != "" {
				break
			}
		}
	}
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "Apparently-To", "Resent-To"} {
		m.Recipients = append(m.Recipients, addresses(h, name)...)
	}
	m.Date = date(h)
	if ids := messageIDs(h, "Message-ID"); len(ids) > 0 {
		m.MessageID = ids[0]
	}
	if ids := messageIDs(h, "In-Reply-To"); len(ids) > 0 {
		m.InReplyTo = ids[0]
	}
	m.References = append(m.References, messageIDs(h, "References")...)
	m.Mailer = h.text("X-Mailer")
	if m.Mailer == "" {
		m.Mailer = h.text("User-Agent")
	}
}

func truncate(s string, runes int) string {
	n := 0
	for i := range s {
		if n == runes {
			return s[:i]
		}
		n++
	}
	return s
}

// addresses reads every field of that name.
func addresses(h *header, name string) []Address {
	out := []Address{}
	for _, v := range h.all(name) {
		out = append(out, parseAddresses(clean(decodeBytes(v, h.charset)), maxAddresses-len(out))...)
		if len(out) >= maxAddresses {
			break
		}
	}
	return out
}

// parseAddresses reads a list of mailboxes and groups as people and programs
// write them: RFC 5322 with its obsolete forms, and without commas or quotes
// where they are missing.
func parseAddresses(s string, limit int) []Address {
	var out []Address
	add := func(name, addr string) {
		addr = strings.Map(func(r rune) rune {
			if r <= ' ' || r == 0x7f {
				return -1
			}
			return r
		}, stripComments(addr))
		if i := strings.LastIndexByte(addr, ':'); i >= 0 && strings.HasPrefix(addr, "@") {
			addr = addr[i+1:] // a source route
		}
		addr = strings.TrimPrefix(addr, "mailto:")
		name = displayName(name)
		if len(addr) > 320 {
			name, addr = strings.TrimSpace(name+" "+addr), ""
		}
		if strings.EqualFold(name, addr) {
			name = ""
		}
		if (name != "" || addr != "") && len(out) < limit {
			out = append(out, Address{truncate(name, 300), addr})
		}
	}
	if openComment(s) {
		s = strings.ReplaceAll(s, "(", " ") // a comment that never closes hides nothing
	}
	for len(s) > 0 && len(out) < limit {
		var item string
		item, s = cutAddress(s)
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		if strings.IndexByte(item, '@') < 0 && strings.Contains(item, "=?") {
			if d := decodeWords([]byte(item), "utf-8"); strings.IndexByte(d, '@') >= 0 && !strings.Contains(d, "=?") {
				out = append(out, parseAddresses(d, limit-len(out))...) // all of it in an encoded word
				continue
			}
		}
		rest, found := item, false
		for {
			open := indexOutside(rest, '<')
			if open < 0 {
				break
			}
			shut := strings.IndexByte(rest[open:], '>')
			if shut < 0 {
				shut = len(rest) - open
			}
			addr := rest[open+1 : open+shut]
			if inner := strings.LastIndexByte(addr, '<'); inner >= 0 {
				addr = addr[inner+1:]
			}
			name := rest[:open]
			rest = rest[min(len(rest), open+shut+1):]
			if strings.TrimSpace(addr) != "" || strings.TrimSpace(name) != "" {
				add(name, addr)
			}
			found = true
		}
		if found {
			continue
		}
		bare, comment := stripComments(item), commentOf(item)
		if strings.HasPrefix(bare, `"`) && strings.IndexByte(bare, '@') < strings.LastIndexByte(bare, '"') {
			add(bare, "")
			continue
		}
		var words []string
		at := false
		bare = strings.ReplaceAll(bare, " @", "@")
		for _, w := range strings.Fields(strings.ReplaceAll(bare, "@ ", "@")) {
			switch {
			case w[0] == '.' && at && len(out) > 0 && len(words) == 0: // "test   . example"
				out[len(out)-1].Address += w
			case at && len(words) == 0 && len(out) > 0 && strings.HasSuffix(out[len(out)-1].Address, "."):
				out[len(out)-1].Address += w
			case strings.IndexByte(w, '@') > 0:
				name := strings.Join(words, " ")
				if name == "" {
					name = comment
				}
				add(name, strings.Trim(w, `"'[]()`))
				words, at = nil, true
			default:
				words = append(words, w)
			}
		}
		if !at {
			add(strings.Join(words, " "), "")
		}
	}
	return out
}

// cutAddress splits off one item of the list; a group's name and its closing
// semicolon vanish.
func cutAddress(s string) (item, rest string) {
	start, depth, quoted, angle := 0, 0, false, false
	sawAt := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			if !quoted && strings.IndexByte(s[i+1:], '"') < 0 {
				continue
			}
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case angle:
			if c == ',' && strings.IndexByte(s[i:], '>') < 0 {
				return s[start:i], s[i+1:]
			}
		case c == '@':
			sawAt = true
		case c == ':' && !sawAt:
			start = i + 1
		case c == ',' || c == ';':
			return s[start:i], s[i+1:]
		}
	}
	return s[start:], ""
}

// openComment says whether a comment in s is never closed.
func openComment(s string) bool {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			depth = max(0, depth-1)
		}
	}
	return depth > 0
}

// indexOutside finds c outside double quotes.
func indexOutside(s string, c byte) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == c && !quoted:
			return i
		}
	}
	if quoted {
		return strings.LastIndexByte(s, c)
	}
	return -1
}

func commentOf(s string) string {
	open, shut := strings.IndexByte(s, '('), strings.LastIndexByte(s, ')')
	if open < 0 || shut < open {
		return ""
	}
	return s[open+1 : shut]
}

func displayName(s string) string {
	s = strings.TrimSpace(s)
	if strings.IndexByte(s, '(') >= 0 {
		if outside := strings.TrimSpace(stripComments(s)); outside != "" {
			s = outside
		}
	}
	if strings.IndexByte(s, '"') >= 0 {
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			if s[i] == '\\' && i+1 < len(s) {
				i++
			} else if s[i] == '"' {
				continue
			}
			b.WriteByte(s[i])
		}
		s = b.String()
	}
	if strings.Contains(s, "=?") {
		s = decodeWords([]byte(s), "utf-8")
	}
	s = oneLine(s)
	if len(s) > 1 && s[0] == '\'' && s[len(s)-1] == '\'' {
		s = s[1 : len(s)-1]
	}
	return strings.Trim(s, `" `)
}

// messageIDs reads the ids of a field, without angle brackets and blanks.
func messageIDs(h *header, name string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(s string) {
		s = strings.Join(strings.Fields(stripComments(s)), "")
		s = strings.Trim(s, "<>,;\"' ")
		if s != "" && len(s) <= 998 && !seen[s] && len(out) < maxReferences {
			seen[s] = true
			out = append(out, s)
		}
	}
	for _, v := range h.all(name) {
		s := clean(decodeBytes(v, h.charset))
		if strings.Contains(s, "=?") {
			s = decodeWords([]byte(s), "utf-8")
		}
		if strings.IndexByte(s, '<') < 0 {
			for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '\t' }) {
				if strings.IndexByte(w, '@') >= 0 || name == "Message-ID" {
					add(w)
				}
			}
			continue
		}
		for {
			open := strings.IndexByte(s, '<')
			if open < 0 {
				break
			}
			s = s[open+1:]
			next := strings.IndexByte(s, '<')
			if next < 0 {
				next = len(s)
			}
			shut := strings.IndexByte(s[:next], '>')
			if shut < 0 && next < len(s) {
				continue // "<broken <next@id>"
			}
			if shut < 0 {
				add(s)
				break
			}
			add(s[:shut])
			s = s[shut+1:]
		}
	}
	return out
}

var (
	looseDate = regexp.MustCompile(`(?i)(\d{1,2})[ \-/.]+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ \-/.,]+(\d{4}|\d{2})[ ,T]+(\d{1,2})\s*[:.]\s*(\d{2})(?:\s*[:.]\s*(\d{2}))?(?:[.,]\d+)?\s*(am|pm)?\s*([+\-]\d{4}|[a-z]{1,5})?`)
	usDate    = regexp.MustCompile(`(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ ]+(\d{1,2})[ ,]+(?:(\d{4})[ ,]+)?(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*(am|pm))?(?:\s*([+\-]\d{4}|[a-z]{1,5}))?(?:\s+(\d{4}))?`)
	isoDate   = regexp.MustCompile(`(\d{4})[\-/.](\d{1,2})[\-/.](\d{1,2})[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*(Z|[+\-]\d{2}:?\d{2})?`)
)

// date is that of the Date field; when it cannot be read, of the newest
// Received field; else of Resent-Date or Delivery-Date.
func date(h *header) clock.Time {
	if v := h.get("Date"); v != "" {
		if t, ok := parseDate(v); ok {
			return t
		}
	}
	for _, v := range h.all("Received") {
		s := string(v)
		if i := strings.LastIndexByte(s, ';'); i >= 0 {
			if t, ok := parseDate(s[i+1:]); ok {
				return t
			}
		}
	}
	for _, name := range []string{"Resent-Date", "Delivery-Date", "X-Original-Date"} {
		if v := h.get(name); v != "" {
			if t, ok := parseDate(v); ok {
				return t
			}
		}
	}
	return 0
}

func parseDate(s string) (clock.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 200 {
		s = s[:200]
	}
	// The strict reading, by go-message.
	strict := mail.HeaderFromMap(map[string][]string{"Date": {s}})
	if t, err := strict.Date(); err == nil && !t.IsZero() {
		if name, offset := t.Zone(); offset == 0 && name != "UTC" && name != "GMT" && name != "" {
			// The library does not know the old American names.
			_, secs := t.In(zone(name)).Zone()
			t = t.Add(-time.Duration(secs) * time.Second)
		}
		return sane(t)
	}
	s = strings.Join(strings.Fields(stripComments(s)), " ")
	num := func(v string) int { n, _ := strconv.Atoi(v); return n }
	month := func(v string) time.Month {
		return time.Month(strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(v))/3 + 1)
	}
	hour := func(h, ampm string) int {
		n := num(h)
		switch strings.ToLower(ampm) {
		case "pm":
			if n < 12 {
				n += 12
			}
		case "am":
			if n == 12 {
				n = 0
			}
		}
		return n
	}
	year := func(v string) int {
		n := num(v)
		switch {
		case len(v) > 2:
			return n
		case n < 50:
			return 2000 + n
		default:
			return 1900 + n
		}
	}
	var t time.Time
	if m := looseDate.FindStringSubmatch(s); m != nil {
		if num(m[4]) > 23 || num(m[5]) > 59 || num(m[1]) > 31 {
			return 0, false
		}
		t = time.Date(year(m[3]), month(m[2]), num(m[1]), hour(m[4], m[7]), num(m[5]), num(m[6]), 0, zone(m[8]))
	} else if m := usDate.FindStringSubmatch(s); m != nil {
		y := m[3]
		if y == "" {
			y = m[9]
		}
		if y == "" {
			return 0, false
		}
		t = time.Date(num(y), month(m[1]), num(m[2]), hour(m[4], m[7]), num(m[5]), num(m[6]), 0, zone(m[8]))
	} else if m := isoDate.FindStringSubmatch(s); m != nil {
		t = time.Date(num(m[1]), time.Month(num(m[2])), num(m[3]), num(m[4]), num(m[5]), num(m[6]), 0, zone(strings.ReplaceAll(m[7], ":", "")))
	} else {
		return 0, false
	}
	return sane(t)
}

// sane refuses years that only a broken clock shows; the store's time is 64-bit
// milliseconds, and lists sort by it.
func sane(t time.Time) (clock.Time, bool) {
	if t.Year() < 1969 || t.Year() > 9999 {
		return 0, false
	}
	return clock.From(t), true
}

// zone reads +hhmm and the names of RFC 5322 §4.3; any other name is UTC.
func zone(s string) *time.Location {
	s = strings.ToUpper(s)
	if len(s) == 5 && (s[0] == '+' || s[0] == '-') {
		n, err := strconv.Atoi(s[1:])
		if err == nil {
			secs := (n/100*60 + n%100) * 60
			if s[0] == '-' {
				secs = -secs
			}
			return time.FixedZone(s, secs)
		}
	}
	if h, ok := map[string]int{"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "CET": 1, "CEST": 2, "MSK": 3, "JST": 9, "KST": 9, "HKT": 8}[s]; ok {
		return time.FixedZone(s, h*3600)
	}
	return time.UTC
}
