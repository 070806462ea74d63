package guard

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

const (
	maxHTML     = 1 << 20 // bytes read
	maxHTMLOut  = 2 << 20 // bytes written
	maxElements = 20_000
	maxNesting  = 100
)

// HTML cleans HTML of a mail or a user for display in our own page.
//
// Formatting, tables, lists and links stay. Links open elsewhere and carry
// neither referrer nor opener. No image is loaded: an outside one keeps its
// address in data-src, for the reader to ask for it. Scripts, forms, frames,
// ids, classes and styles that could leave the box are gone. Every element is
// closed, so that the result can stand inside any other. More than 1 MiB is
// cut off.
func HTML(s string) string { return HTMLWith(s, nil) }

// HTMLWith is HTML with images of the message itself: cid turns a content id
// into the path of the attachment; "" when there is none.
func HTMLWith(s string, cid func(id string) string) string {
	if len(s) > maxHTML {
		s = trimBroken(s[:maxHTML])
	}
	w := htmlWriter{cid: cid}
	w.run(structure().Sanitize(strings.ToValidUTF8(s, "\ufffd")))
	return w.b.String()
}

func trimBroken(s string) string {
	for len(s) > 0 {
		if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}

// structure is the first of two passes: elements and attributes by a list. The
// second pass, htmlWriter, rewrites what needs judgement: styles, links and
// images.
var structure = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "div", "span", "br", "hr", "wbr", "h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "i", "em", "u", "s", "strike",
		"del", "ins", "sub", "sup", "small", "big", "tt", "code", "pre", "kbd", "samp", "var", "blockquote", "q", "cite", "abbr", "mark",
		"address", "center", "font", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "colgroup", "col", "thead", "tbody", "tfoot",
		"tr", "td", "th", "figure", "figcaption")
	p.AllowNoAttrs().OnElements("span", "font", "a", "img")
	p.AllowAttrs("style").Globally()
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`^(?i:ltr|rtl|auto)$`)).Globally()
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[A-Za-z0-9-]{1,35}$`)).Globally()
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(?i:left|right|center|justify)$`)).Globally()
	p.AllowAttrs("valign").Matching(regexp.MustCompile(`^(?i:top|middle|bottom|baseline)$`)).Globally()
	size := regexp.MustCompile(`^([0-9]{1,3}|1[0-9]{3}|[0-9]{1,2}%|100%)$`)
	p.AllowAttrs("width", "height").Matching(size).OnElements("table", "td", "th", "col", "img", "hr")
	p.AllowAttrs("bgcolor", "color").Matching(regexp.MustCompile(`^(#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,20})$`)).OnElements("table", "tr", "td", "th", "font")
	small := regexp.MustCompile(`^[0-9]{1,2}$`)
	p.AllowAttrs("colspan", "rowspan", "span", "border", "cellpadding", "cellspacing").Matching(small).OnElements("table", "td", "th", "col", "colgroup")
	p.AllowAttrs("size").Matching(regexp.MustCompile(`^[+-]?[1-7]$`)).OnElements("font")
	p.AllowAttrs("start", "value").Matching(regexp.MustCompile(`^[0-9]{1,9}$`)).OnElements("ol", "li")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^[1aAiI]$`)).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src", "alt", "data-src").OnElements("img")
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.AllowDataURIImages()
	p.RequireParseableURLs(true)
	p.SkipElementsContent("title", "template", "svg", "math", "applet", "audio", "video", "canvas", "select")
	return p
})

var void = map[string]bool{"br": true, "hr": true, "img": true, "col": true, "wbr": true}

// htmlWriter is the second pass, over HTML that only has listed elements and
// attributes, none of which holds raw text.
type htmlWriter struct {
	b     strings.Builder
	open  []string
	count int
	cid   func(string) string
}

func (w *htmlWriter) run(s string) {
	z := html.NewTokenizer(strings.NewReader(s))
	for w.b.Len() < maxHTMLOut-8*maxNesting {
		switch z.Next() {
		case html.ErrorToken:
			w.closeTo(0)
			return
		case html.TextToken:
			text := z.Token().Data
			if room := maxHTMLOut - 8*maxNesting - w.b.Len(); len(text) > room/5 { // escaped five times as long at most
				text = trimBroken(text[:room/5])
			}
			textEscape.WriteString(&w.b, text)
		case html.StartTagToken, html.SelfClosingTagToken:
			w.start(z.Token())
		case html.EndTagToken:
			w.end(z.Token().Data)
		}
	}
	w.closeTo(0)
}

var (
	textEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	attrEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "`", "&#96;")
)

func (w *htmlWriter) start(t html.Token) {
	if w.count++; w.count > maxElements || len(w.open) >= maxNesting && !void[t.Data] {
		return // its text stays; an end tag without a start is dropped
	}
	w.b.WriteByte('<')
	w.b.WriteString(t.Data)
	seen := map[string]bool{}
	for _, a := range t.Attr {
		if seen[a.Key] {
			continue
		}
		seen[a.Key] = true
		switch {
		case a.Key == "style":
			if s := style(a.Val); s != "" {
				w.attr("style", s)
			}
		case t.Data == "img" && (a.Key == "src" || a.Key == "data-src"):
			w.image(a)
		case t.Data == "a" && a.Key == "href":
			if linkScheme.MatchString(a.Val) {
				w.attr("href", a.Val)
				w.attr("rel", "noopener noreferrer nofollow")
				w.attr("target", "_blank")
			}
		case a.Key == "alt":
			w.attr("alt", cut(a.Val, 300, 1200))
		default:
			w.attr(a.Key, a.Val)
		}
	}
	w.b.WriteByte('>')
	if !void[t.Data] {
		w.open = append(w.open, t.Data)
	}
}

func (w *htmlWriter) attr(key, value string) {
	w.b.WriteByte(' ')
	w.b.WriteString(key)
	w.b.WriteString(`="`)
	attrEscape.WriteString(&w.b, value)
	w.b.WriteByte('"')
}

func (w *htmlWriter) end(name string) {
	for i := len(w.open) - 1; i >= 0; i-- {
		if w.open[i] == name {
			w.closeTo(i)
			return
		}
	}
}

func (w *htmlWriter) closeTo(n int) {
	for i := len(w.open) - 1; i >= n; i-- {
		w.b.WriteString("</")
		w.b.WriteString(w.open[i])
		w.b.WriteByte('>')
	}
	w.open = w.open[:n]
}

var (
	linkScheme  = regexp.MustCompile(`^(?i:https?://|mailto:|tel:)`)
	outsideURL  = regexp.MustCompile(`^(?i:https?://)[^\s]`)
	dataImage   = regexp.MustCompile(`^data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*$`)
	ownFilePath = regexp.MustCompile(`^/[A-Za-z0-9][A-Za-z0-9/._~?=&%-]*$`)
)

func (w *htmlWriter) image(a html.Attribute) {
	switch {
	case outsideURL.MatchString(a.Val) && len(a.Val) <= 4096:
		w.attr("data-src", a.Val)
	case a.Key == "data-src":
	case len(a.Val) > 4 && strings.EqualFold(a.Val[:4], "cid:"):
		if w.cid == nil {
			return
		}
		if p := w.cid(unescapeCID(a.Val[4:])); ownFilePath.MatchString(p) {
			w.attr("src", p)
		}
	case dataImage.MatchString(a.Val):
		w.attr("src", a.Val)
	}
}

// unescapeCID undoes the percent-encoding of a cid URL (RFC 2392).
func unescapeCID(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
