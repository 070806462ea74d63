package email

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Marks that htmlText sets at the start of a line when it is asked to: mail
// programs name the parts of a reply by class and id, which says more than the
// words do.
const (
	markCut  = '\x01' // the original message starts here
	markAttr = '\x02' // "On … wrote:"
	markSign = '\x03' // signature
)

// cutNames are ids and classes of the element that begins the original message.
var cutNames = map[string]bool{
	"divrplyfwdmsg": true, "x_divrplyfwdmsg": true, "appendonsend": true, "olk_src_body_section": true, // Outlook
	"mail-editor-reference-message-container": true, "outlookmessageheader": true,
	"stopspelling": true, "zwchr": true, // Hotmail, Zimbra
	"yahoo_quoted": true, "ydp_quoted": true, "protonmail_quote": true, "tutanota_quote": true,
	"moz-forward-container": true, "isforwardcontent": true, "isreplycontent": true, // Thunderbird, NetEase
	"__aliyun_previous_history_wrap": true, "history-quote-wrapper": true, // Alibaba, Feishu
	"zmail_extra": true, "zmail_extra_hr": true, "mailbutlerquote": true, "fmoriginalcontent": true,
	"qm_reply_original": true, "ntes_reply_quote": true, "reply-intro": true,
}

var attrNames = map[string]bool{"gmail_attr": true, "moz-cite-prefix": true, "moz-email-headers-table": true}

var signNames = map[string]bool{
	"gmail_signature": true, "moz-signature": true, "protonmail_signature_block": true, "signature": true,
	"ms-outlook-mobile-signature": true, "ntes-pcmac-signature": true, "spnetease_mail_footer": true,
	"yahoo-signature": true, "mail-signature": true, "applemailsignature": true, "applelinksignature": true, "fmsigseperator": true,
}

type element struct {
	name             string
	quote, attr, sig bool
	pre, hidden      bool
}

// htmlWriter turns a stream of tags into lines. It builds no tree: a tree of
// hostile HTML costs more than its text is worth.
type htmlWriter struct {
	out     strings.Builder
	line    strings.Builder
	space   bool
	blank   int // empty lines written in a row
	started bool
	marks   bool
	stack   []element
	quote   int
	attr    int
	sig     int
	pre     int
	hidden  int
	cut     bool // a cut mark waits for the next line
}

// htmlText is the text of an HTML body: blocks and rows are lines, quotations
// begin with ">". With marks, lines carry the marks above. It ends early when ok
// says so.
func htmlText(s string, marks bool, ok func() bool) string {
	w := &htmlWriter{marks: marks}
	z := html.NewTokenizer(strings.NewReader(s))
	z.SetMaxBuf(8 << 20)
	for n := 1; ; n++ {
		if n%2048 == 0 && !ok() {
			return ""
		}
		switch z.Next() {
		case html.ErrorToken:
			w.flush(false)
			return strings.TrimRight(w.out.String(), "\n") + "\n"
		case html.TextToken:
			if w.hidden == 0 {
				w.text(string(z.Text()))
			}
		case html.StartTagToken:
			w.start(z, false)
		case html.SelfClosingTagToken:
			w.start(z, true)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(string(name))
		}
	}
}

var voidTags = map[atom.Atom]bool{atom.Br: true, atom.Hr: true, atom.Img: true, atom.Meta: true, atom.Link: true, atom.Input: true, atom.Base: true, atom.Col: true, atom.Area: true, atom.Wbr: true, atom.Param: true, atom.Source: true, atom.Embed: true}

func blockTag(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Li, atom.Table, atom.Tr, atom.Blockquote,
		atom.Pre, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Address, atom.Dl, atom.Dt, atom.Dd, atom.Form, atom.Fieldset,
		atom.Center, atom.Body, atom.Tbody, atom.Thead, atom.Figure, atom.Main, atom.Nav, atom.Aside, atom.Option, atom.Caption:
		return true
	}
	return false
}

func (w *htmlWriter) start(z *html.Tokenizer, selfClosing bool) {
	nameBytes, hasAttr := z.TagName()
	name := string(nameBytes)
	tag := atom.Lookup(nameBytes)
	e := element{name: name}
	alt := ""
	cut := false
	for n := 0; hasAttr && n < 64; n++ {
		var k, v []byte
		k, v, hasAttr = z.TagAttr()
		switch string(k) {
		case "class", "id":
			if len(v) > 500 {
				continue
			}
			for _, c := range strings.Fields(strings.ToLower(string(v))) {
				cut = cut || cutNames[c]
				e.attr = e.attr || attrNames[c]
				e.sig = e.sig || signNames[c]
			}
		case "data-signatureblock":
			e.sig = true
		case "alt":
			alt = string(v)
		}
	}
	if w.hidden > 0 && tag != atom.Script && tag != atom.Style && tag != atom.Title && tag != atom.Head && tag != atom.Body {
		if tag != 0 || name == "" {
			return
		}
	}
	switch tag {
	case atom.Br:
		w.flush(true)
		return
	case atom.Hr:
		w.flush(false)
		if cut {
			w.cut = w.marks
		} else {
			w.text("________________")
		}
		w.flush(false)
		return
	case atom.Img:
		if alt = strings.TrimSpace(alt); alt != "" && len(alt) < 120 && !strings.Contains(alt, ".") {
			w.text(alt)
		}
		return
	case atom.Blockquote:
		e.quote = true
	case atom.Pre, atom.Textarea:
		e.pre = true
	case atom.Script, atom.Style, atom.Title, atom.Head, atom.Template:
		e.hidden = true
	case atom.Body:
		w.unwindHidden()
	case atom.Td, atom.Th:
		w.closeOpen("td", "th")
		w.space = w.space || w.line.Len() > 0
	case atom.P, atom.Li, atom.Tr, atom.Option, atom.Dt, atom.Dd:
		w.closeOpen(name)
	}
	if name == "includetail" { // QQ Mail's own tag around the original
		cut = true
	}
	if blockTag(tag) || cut || e.attr || e.sig && tag != atom.Span {
		w.flush(false)
		if tag == atom.P || tag >= atom.H1 && tag <= atom.H6 || tag == atom.Table {
			w.paragraph()
		}
	}
	if cut && w.marks {
		w.cut = true
	}
	if tag == atom.Li {
		w.text("- ")
	}
	if selfClosing || voidTags[tag] || len(w.stack) >= 1000 {
		return
	}
	w.push(e)
}

func (w *htmlWriter) push(e element) {
	w.count(e, 1)
	w.stack = append(w.stack, e)
}

func (w *htmlWriter) count(e element, by int) {
	add := func(on bool, n *int) {
		if on {
			*n += by
		}
	}
	add(e.quote, &w.quote)
	add(e.attr, &w.attr)
	add(e.sig, &w.sig)
	add(e.pre, &w.pre)
	add(e.hidden, &w.hidden)
}

func (w *htmlWriter) pop() {
	e := w.stack[len(w.stack)-1]
	if e.quote || e.attr || e.sig {
		w.flush(false)
	}
	w.count(e, -1)
	w.stack = w.stack[:len(w.stack)-1]
}

// closeOpen ends an element whose end tag HTML lets people leave out.
func (w *htmlWriter) closeOpen(names ...string) {
	if n := len(w.stack); n > 0 {
		for _, name := range names {
			if w.stack[n-1].name == name {
				w.pop()
				return
			}
		}
	}
}

// unwindHidden leaves a head that was never closed.
func (w *htmlWriter) unwindHidden() {
	for w.hidden > 0 && len(w.stack) > 0 {
		w.pop()
	}
}

func (w *htmlWriter) end(name string) {
	tag := atom.Lookup([]byte(name))
	if blockTag(tag) && w.hidden == 0 {
		w.flush(false)
		if tag == atom.P || tag >= atom.H1 && tag <= atom.H6 {
			w.paragraph()
		}
	}
	for i := len(w.stack) - 1; i >= 0 && i >= len(w.stack)-100; i-- {
		if w.stack[i].name != name {
			if w.stack[i].quote && name != "body" && name != "html" {
				return // a stray end tag does not end a quotation
			}
			continue
		}
		for len(w.stack) > i {
			w.pop()
		}
		return
	}
}

// paragraph asks for an empty line before the next one.
func (w *htmlWriter) paragraph() {
	if w.started && w.blank == 0 {
		w.flush(true)
	}
}

// flush writes the current line; an empty one only when forced.
func (w *htmlWriter) flush(force bool) {
	l := strings.TrimRight(w.line.String(), " ")
	w.line.Reset()
	w.space = false
	if l == "" {
		if !force || w.blank >= 2 || !w.started {
			return
		}
		w.blank++
	} else {
		w.blank = 0
		w.started = true
	}
	if w.marks && l != "" {
		switch {
		case w.cut:
			w.out.WriteByte(markCut)
			w.out.WriteByte('\n')
			w.cut = false
		case w.attr > 0:
			w.out.WriteByte(markAttr)
		case w.sig > 0:
			w.out.WriteByte(markSign)
		}
	}
	if w.quote > 0 {
		w.out.WriteString(strings.Repeat(">", min(w.quote, 20)))
		if l != "" {
			w.out.WriteByte(' ')
		}
	}
	w.out.WriteString(l)
	w.out.WriteByte('\n')
}

func (w *htmlWriter) text(s string) {
	for _, r := range s {
		switch r {
		case '\n':
			if w.pre > 0 {
				w.flush(true)
				continue
			}
			w.space = w.space || w.line.Len() > 0
		case ' ', '\t', '\r', '\f':
			if w.pre > 0 {
				w.line.WriteRune(r)
				continue
			}
			w.space = w.space || w.line.Len() > 0
		case '\u200b', '\ufeff', 0, markCut, markAttr, markSign:
		default:
			if w.space {
				w.line.WriteByte(' ')
				w.space = false
			}
			if r == '\u00a0' {
				r = ' '
			}
			w.line.WriteRune(r)
		}
	}
}
