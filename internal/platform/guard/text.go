package guard

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// Text turns HTML into plain text that reads the same: paragraphs and line
// breaks, lists with dashes or numbers, table cells beside each other, quoted
// parts with "> ", links with their address, images by their description. It
// reads at most 1 MiB.
func Text(s string) string {
	if len(s) > maxHTML {
		s = trimBroken(s[:maxHTML])
	}
	w := textWriter{}
	z := html.NewTokenizer(strings.NewReader(strings.ToValidUTF8(s, "\ufffd")))
	for w.b.Len() < maxHTMLOut {
		switch z.Next() {
		case html.ErrorToken:
			return w.String()
		case html.TextToken:
			if w.skip == "" {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			w.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(string(name))
		}
	}
	return w.String()
}

type textWriter struct {
	b      strings.Builder
	skip   string // the element whose content is no text
	pre    int
	quote  int
	last   int   // the quote of the last line
	lists  []int // -1: dashes; else the last number
	href   string
	linkAt int  // where the link's text starts
	lines  int  // newlines owed
	space  bool // a blank owed
	wrote  bool
	cell   bool // a cell of this row was written
}

func (w *textWriter) String() string { return strings.TrimRight(w.b.String(), " \n\t") }

// breakTo asks for at least n newlines before the next text.
func (w *textWriter) breakTo(n int) {
	w.lines = max(w.lines, n)
	w.space = false
}

// flush writes what is owed before text.
func (w *textWriter) flush() {
	if w.wrote {
		for i := range min(w.lines, 2) {
			w.b.WriteByte('\n')
			if i == 0 && w.lines > 1 {
				w.b.WriteString(strings.TrimRight(prefix(min(w.quote, w.last)), " "))
			}
		}
		if w.lines > 0 {
			w.b.WriteString(prefix(w.quote))
		} else if w.space {
			w.b.WriteByte(' ')
		}
	} else {
		w.b.WriteString(prefix(w.quote))
	}
	w.wrote, w.lines, w.space, w.last = true, 0, false, w.quote
}

func prefix(quote int) string { return strings.Repeat("> ", min(quote, 10)) }

func (w *textWriter) text(raw string) {
	s := html.UnescapeString(raw)
	if w.pre > 0 {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				w.lines++
			}
			if line = strings.TrimRight(line, "\r"); line != "" {
				w.flush()
				w.b.WriteString(line)
			}
		}
		return
	}
	word := -1
	for i, r := range s {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			if word >= 0 {
				w.flush()
				w.b.WriteString(s[word:i])
				word = -1
			}
			w.space = w.space || w.lines == 0
		} else if word < 0 {
			word = i
		}
	}
	if word >= 0 {
		w.flush()
		w.b.WriteString(s[word:])
	}
}

// blocks says how many newlines stand around an element.
var blocks = map[string]int{"p": 2, "div": 1, "h1": 2, "h2": 2, "h3": 2, "h4": 2, "h5": 2, "h6": 2, "blockquote": 2, "pre": 2, "ul": 1,
	"ol": 1, "dl": 1, "dt": 1, "dd": 1, "table": 2, "tr": 1, "caption": 1, "center": 1, "address": 1, "figure": 1, "figcaption": 1,
	"section": 1, "article": 1, "header": 1, "footer": 1, "main": 1, "nav": 1, "form": 1, "fieldset": 1, "body": 1, "hr": 1, "li": 1, "option": 1}

var noText = map[string]bool{"script": true, "style": true, "title": true, "noscript": true, "noembed": true, "noframes": true, "iframe": true, "template": true}

func (w *textWriter) start(t html.Token) {
	if w.skip != "" {
		return
	}
	if noText[t.Data] {
		if t.Type == html.StartTagToken {
			w.skip = t.Data
		}
		return
	}
	w.breakTo(blocks[t.Data])
	switch t.Data {
	case "br":
		w.lines++
		w.space = false
	case "hr":
		w.flush()
		w.b.WriteString("---")
		w.breakTo(1)
	case "ul", "ol":
		n := -1
		if t.Data == "ol" {
			n = 0
			if v, err := strconv.ParseUint(attrOf(t, "start"), 10, 16); err == nil && v > 0 {
				n = int(v) - 1
			}
		}
		if len(w.lists) < 20 {
			w.lists = append(w.lists, n)
		}
	case "li":
		w.flush()
		mark := "- "
		if n := len(w.lists); n > 0 {
			w.b.WriteString(strings.Repeat("  ", n-1))
			if w.lists[n-1] >= 0 {
				w.lists[n-1]++
				mark = strconv.Itoa(w.lists[n-1]) + ". "
			}
		}
		w.b.WriteString(mark)
	case "tr":
		w.cell = false
	case "td", "th":
		if w.cell {
			w.lines = 0
			w.flush()
			w.b.WriteString("\t")
		}
		w.cell = true
		w.space = false
	case "blockquote":
		w.quote++
	case "pre":
		w.pre++
	case "a":
		w.href, w.linkAt = attrOf(t, "href"), w.b.Len()
	case "img":
		if alt := strings.TrimSpace(attrOf(t, "alt")); alt != "" {
			w.flush()
			w.b.WriteString("[" + cut(strings.Join(strings.Fields(alt), " "), 200, 800) + "]")
		}
	}
}

func (w *textWriter) end(name string) {
	if w.skip != "" {
		if name == w.skip {
			w.skip = ""
		}
		return
	}
	switch name {
	case "ul", "ol":
		if n := len(w.lists); n > 0 {
			w.lists = w.lists[:n-1]
		}
	case "blockquote":
		w.breakTo(2)
		w.quote = max(w.quote-1, 0)
	case "pre":
		w.pre = max(w.pre-1, 0)
	case "a":
		w.link()
	case "tr", "table":
		w.cell = false
	}
	w.breakTo(blocks[name])
}

// link adds the address of a link when its text does not show it already.
func (w *textWriter) link() {
	href := strings.TrimSpace(w.href)
	w.href = ""
	if !linkScheme.MatchString(href) || len(href) > 2048 || strings.ContainsFunc(href, unicode.IsControl) {
		return
	}
	shown := strings.TrimSpace(w.b.String()[w.linkAt:])
	bare := href
	for _, p := range []string{"mailto:", "tel:", "https://", "http://"} {
		bare = strings.TrimPrefix(bare, p)
	}
	if shown == "" || strings.Contains(shown, strings.TrimSuffix(bare, "/")) {
		return
	}
	w.flush()
	w.b.WriteString(" (" + href + ")")
}

func attrOf(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
