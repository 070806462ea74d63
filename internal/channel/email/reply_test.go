package email

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each case is a reply as a mail program of that language and brand writes it.
var replyCases = []struct{ in, want string }{
	{"好的，谢谢。\n\n发自我的iPhone\n\n> 在 2024年1月2日，上午9:00，客服 <kf@example.com> 写道：\n> \n> 您好\n", "好的，谢谢。"},
	{"收到\n\n\n\n------------------ 原始邮件 ------------------\n发件人: \"客服\" <kf@example.com>;\n发送时间: 2024年1月2日(星期二) 上午9:00\n收件人: \"我\"<me@qq.com>;\n主题: 回复：订单\n\n您好", "收到"},
	{"请尽快处理。\n\n\n张三\n\nFrom: kf\nDate: 2024-01-02 09:00\nTo: me\nSubject: Re: x\n您好", "请尽快处理。\n\n\n张三"},
	{"请尽快处理\n\n\n\n\nzhang@163.com\n \n发件人： 客服\n发送时间： 2024-01-02 09:00\n收件人： me\n主题： Re: x\n您好", "请尽快处理\n\n\n\n\nzhang@163.com"},
	{"冰箱还是不制冷\n\n\n\n在 2024-01-02 09:00:00，\"客服\" <kf@example.com> 写道：\n您好，请问\n", "冰箱还是不制冷"},
	{"还是不行\nAt 2024-01-02 09:00:00, \"kf\" <kf@example.com> wrote:\n>您好", "还是不行"},
	{"知道了\n\n客服 <kf@example.com> 于2024年1月2日周二 09:00写道：\n\n> 您好", "知道了"},
	{"知道了\n\n2024年1月2日(火) 9:00 サポート <kf@example.com>:\n\n> hi", "知道了"},
	{"了解しました。\n\n2024/01/02 9:00、サポート <kf@example.com>のメール:\n\n> hi", "了解しました。"},
	{"네\n\n2024년 1월 2일 (화) 오전 9:00, 지원 <kf@example.com>님이 작성:\n\n> hi", "네"},
	{"Merci\n\nLe mar. 2 janv. 2024 à 09:00, Support <kf@example.com> a écrit :\n\n> hi", "Merci"},
	{"Bedankt\n\nOp di 2 jan. 2024 om 09:00 schreef Support <kf@example.com>:\n\n> hi", "Bedankt"},
	{"Tack\n\nDen tis 2 jan. 2024 kl 09:00 skrev Support <kf@example.com>:\n\n> hi", "Tack"},
	{"Dzięki\n\nwt., 2 sty 2024 o 09:00 Support <kf@example.com> napisał(a):\n\n> hi", "Dzięki"},
	{"Gracias\n\nEl mar, 2 ene 2024 a las 9:00, Support (<kf@example.com>) escribió:\n\n> hi", "Gracias"},
	{"Obrigado\n\nEm ter., 2 de jan. de 2024 às 09:00, Support <kf@example.com> escreveu:\n\n> hi", "Obrigado"},
	{"Danke\n\nAm Di., 2. Jan. 2024 um 09:00 Uhr schrieb Support <\nkf@example.com>:\n\n> hi", "Danke"},
	{"Díky\n\nút 2. 1. 2024 v 9:00 odesílatel Support <kf@example.com> napsal:\n\n> hi", "Díky"},
	{"Hei\n\nti 2. tammik. 2024 klo 9.00 Support (kf@example.com) kirjoitti:\n\n> hi", "Hei"},
	{"Teşekkürler\n\nSupport <kf@example.com>, 2 Oca 2024 Sal, 09:00 tarihinde şunu yazdı:\n\n> hi", "Teşekkürler"},
	{"Спасибо\n\nвт, 2 янв. 2024 г. в 09:00, Support <kf@example.com>:\n\n> hi", "Спасибо"},
	{"Спасибо\n\n02.01.2024 09:00, Support пишет:\n> hi", "Спасибо"},
	{"Grazie\n\nIl giorno mar 2 gen 2024 alle ore 09:00 Support <kf@example.com> ha scritto:\n\n> hi", "Grazie"},
	{"Thanks!\n\n________________________________\nVon: Support\nGesendet: Dienstag, 2. Januar 2024 09:00\nAn: Me\nBetreff: AW: x\n\nhi", "Thanks!"},
	{"Merci.\n\nDe : Support <kf@example.com>\nEnvoyé : mardi 2 janvier 2024 09:00\nÀ : Me\nObjet : RE: x\n\nhi", "Merci."},
	{"Bare\n\n-----Message d'origine-----\nDe : x", "Bare"},
	{"---------- Forwarded message ---------\nFrom: A <a@b.c>\nDate: Tue, Jan 2, 2024 at 9:00\nSubject: broken\nTo: <c@d.e>\n\nMy fridge is broken.\n", "My fridge is broken."},
	{"Here is the list:\n\n1. one\n2. two\n\nOn another note, the customer wrote: please call.\nBye", "Here is the list:\n\n1. one\n2. two\n\nOn another note, the customer wrote: please call.\nBye"},
	{"The invoice says:\n\nTotal\n-----\n100\n", "The invoice says:\n\nTotal\n-----\n100"},
	{"Order details:\n\nFrom: Paris\nTo: London\n\nPlease confirm.", "Order details:\n\nFrom: Paris\nTo: London\n\nPlease confirm."},
	{"Hi,\n\nsee inline.\n\n> Q1?\n\nYes.\n\n> Q2?\n\nNo.\n\n-- \nBob", "Hi,\n\nsee inline.\n\n> Q1?\n\nYes.\n\n> Q2?\n\nNo."},
	{"Ok\n\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: A <a@b.c>\nSent: Tuesday, January 2, 2024 9:00:00 AM\nTo: B\nSubject: Re: x\n\nhi", "Ok"},
	{"可以\n\n获取 Outlook for iOS\n________________________________\n发件人: A <a@b.c>\n发送时间: 2024年1月2日 9:00\n收件人: B\n主题: x\n\nhi", "可以"},
	{"OK\n\n--- Original message ---\nFrom: x\n\nhi", "OK"},
	{"Thanks\n\n> On Jan 2, 2024, at 9:00 AM, Support <kf@example.com> wrote:\n> \n> hi\n\n", "Thanks"},
	{"Please check\n\nOn Tue, Jan 2, 2024 at 9:00 AM Very Long Name Of Some Support Team <\nsupport.team.with.long.name@example.com> wrote:\n\n> hi", "Please check"},
	{"我在 2024年1月2日 买的冰箱，客服来信说：\n保修一年\n是真的吗？", "我在 2024年1月2日 买的冰箱，客服来信说：\n保修一年\n是真的吗？"},
	{"on 1/2/24 9:00 AM, Bob at bob@example.com wrote:\n\n> hi\n\nno\n", "> hi\n\nno"},
	{"Yes.\n\nSupport wrote on 2.1.2024 09:00:\n> hi", "Yes."},
	{"Yes.\n\n\"Support\" <kf@example.com> writes:\n\n> hi", "Yes."},
	{"行\n\n发自我的华为手机\n\n\n-------- 原始邮件 --------\n发件人：客服 <kf@example.com>\n日期：2024年1月2日周二 09:00\n收件人：me\n主题：x\nhi", "行"},
	{"行\n---原始邮件---\n发件人:\"客服\"<kf@example.com>\n发送时间:2024年1月2日\n收件人:me\n主题:x\n", "行"},
	{"好\n\n｜\n客服\n邮箱：kf@x\n\n", "好\n\n｜\n客服\n邮箱：kf@x"},
	{"回复如下\n\n\n---- 回复的原邮件 ----\n| 发件人 | 客服<kf@example.com> |\n| 发送日期 | 2024年1月2日 09:00 |\n| 收件人 | me |\n| 主题 | x |\nhi", "回复如下"},
	{"Text\n\n***\n\nSig", "Text"},
}

func TestNewTextInManyLanguages(t *testing.T) {
	for _, c := range replyCases {
		if got := TrimReply(c.in); !sameWords(got, c.want) {
			t.Errorf("reply %q\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestReplyTrimmerFixtures(t *testing.T) {
	score, err := EvalReplies(shared(t, "mail-reply-trimmer"))
	if err != nil {
		t.Fatal(err)
	}
	if score.Total != 32 || score.Exact < 30 {
		t.Fatalf("exact %d of %d, missed %v; want at least 30 of 32", score.Exact, score.Total, score.Missed)
	}
}

// What a reader of the mails of email_reply_parser's fixtures calls new.
func TestReplyParserFixtures(t *testing.T) {
	dir := shared(t, "mail-github-replyparser")
	for name, want := range map[string]string{
		"correct_sig.txt":      "this is an email with a correct -- signature.",
		"email_1_1.txt":        "Hi folks What is the best way to clear a Riak bucket of all key, values after running a test? I am currently using the Java HTTP API. -Abhishek Kona",
		"email_1_3.txt":        "Oh thanks. Having the function would be great. -Abhishek Kona",
		"email_1_4.txt":        "Awesome! I haven't had another problem with it.",
		"email_1_6.txt":        "I get proper rendering as well.",
		"email_1_7.txt":        ":+1:",
		"email_2_1.txt":        "Outlook with a reply",
		"email_2_2.txt":        "Outlook with a reply directly above line",
		"email_2_3.txt":        "Outlook with a reply directly above line",
		"email_BlackBerry.txt": "Here is another email",
		"email_iPhone.txt":     "Here is another email",
		"email_multi_word_sent_from_my_mobile_device.txt": "Here is another email",
		"email_bullets.txt":                         "test 2 this should list second and have spaces and retain this formatting - how about bullets - and another",
		"email_one_is_not_on.txt":                   "Thank, this is really helpful. One outstanding question I had: Locally (on development), when I run...",
		"email_sent_from_my_not_signature.txt":      "Here is another email Sent from my desk, is much easier then my mobile phone.",
		"email_sig_delimiter_in_middle_of_line.txt": "Hi there! Stuff happened. And here is a fix -- this is not a signature. kthxbai",
		"greedy_on.txt":                             "On your remote host you can run: telnet 127.0.0.1 52698 This should connect to TextMate (on your Mac, via the tunnel). If that fails, the tunnel is not working.",
		"pathological.txt":                          "I think you're onto something. I will try to fix the problem as soon as I get back to a computer.",
	} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := TrimReply(string(b)); !sameWords(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	// Answers between the lines of the original keep what they answer.
	for name, parts := range map[string][]string{
		"email_1_8.txt": {"I will reply under this one", "and under this.", "> okay?"},
		"email_1_2.txt": {"You can list the keys for the bucket", "you’ll need to delete them all individually."},
		"email_1_5.txt": {"One: Here's what I've got.", "for a while."},
	} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got := TrimReply(string(b))
		for _, p := range parts {
			if !strings.Contains(got, p) {
				t.Errorf("%s: %q is missing in %q", name, p, got)
			}
		}
		if strings.Contains(got, "this is my signature") || strings.Contains(got, "mailing list") {
			t.Errorf("%s: the signature stayed: %q", name, got)
		}
	}
}

func TestTalonFixtures(t *testing.T) {
	dir := shared(t, "mail-talon")
	mails, _ := filepath.Glob(filepath.Join(dir, "standard_replies", "*.eml"))
	for _, f := range mails {
		if filepath.Base(f) == "thunderbird.eml" {
			continue // a quotation above the answer stays: it is what is answered
		}
		if got := parseFile(t, f).NewText; got != "Hello" {
			t.Errorf("%s: got %q, want Hello", filepath.Base(f), got)
		}
	}
	pages, _ := filepath.Glob(filepath.Join(dir, "html_replies", "*.html"))
	if len(mails) < 10 || len(pages) < 8 {
		t.Fatalf("found %d mails and %d pages", len(mails), len(pages))
	}
	for _, f := range pages {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		m := parse(t, "From: a@b.c\nContent-Type: text/html; charset=utf-8\n\n"+string(b))
		if !sameWords(m.NewText, "Hi. I am fine. Thanks, Alex") {
			t.Errorf("%s: got %q", filepath.Base(f), m.NewText)
		}
		if !strings.Contains(m.Text, "Sasha.") && !strings.Contains(m.Text, "How are you?") {
			t.Errorf("%s: the quotation is missing in the whole text", filepath.Base(f))
		}
	}
	for name, want := range map[string]string{"OLK_SRC_BODY_SECTION.html": "Reply", "reply-separated-by-hr.html": "Hi there Bob"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if m := parse(t, "From: a@b.c\nContent-Type: text/html\n\n"+string(b)); !sameWords(m.NewText, want) {
			t.Errorf("%s: got %q, want %q", name, m.NewText, want)
		}
	}
	got := parseFile(t, filepath.Join(dir, "reply-quotations-share-block.eml")).NewText
	if !strings.HasPrefix(got, "Hi Katharine.") || !strings.HasSuffix(got, "Joe XXX") {
		t.Errorf("share block: got %q", got)
	}
	// A signature that says how to reach its writer goes with the writer's name.
	body, _ := os.ReadFile(filepath.Join(dir, "signature/emails/stripped/long_body"))
	sender, _ := os.ReadFile(filepath.Join(dir, "signature/emails/stripped/long_sender"))
	if got, _ := trimReply(string(body), string(sender), func() bool { return true }); strings.Contains(got, "gina@example.com") || !strings.Contains(got, "aliquam lacus.") {
		t.Errorf("named signature: got %q", got)
	}
}

func TestNewTextFromHTMLOfChineseMail(t *testing.T) {
	for name, body := range map[string]string{
		"QQ":      `<div>还是不制冷</div><div><br></div><div style="font-size:12px;font-family:Arial Narrow;padding:2px 0 2px 0;">------------------&nbsp;原始邮件&nbsp;------------------</div><div style="font-size:12px;background:#efefef;padding:8px;"><div><b>发件人:</b>&nbsp;"客服"&lt;kf@example.com&gt;;</div><div><b>发送时间:</b>&nbsp;2024年1月2日</div><div><b>收件人:</b>&nbsp;"我"&lt;me@qq.com&gt;;</div><div><b>主题:</b>&nbsp;回复</div></div><div>您好</div>`,
		"NetEase": `<div>还是不制冷</div><br/><br/><br/><div></div><div id="divNeteaseMailCard"></div><br/>At 2024-01-02 09:00:00, "客服" &lt;kf@example.com&gt; wrote:<br/> <blockquote id="isReplyContent" style="PADDING-LEFT: 1ex">您好</blockquote>`,
		"Foxmail": `<html><body><div>还是不制冷</div><div><br></div><hr style="width: 210px; height: 1px;" color="#b5c4df" size="1" align="left"><blockquote style="margin-top: 0px;"><div>&nbsp;</div><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><div style="background:#EFEFEF; padding:8px;"><div><b>发件人：</b>&nbsp;客服</div><div><b>发送时间：</b>&nbsp;2024-01-02</div><div><b>收件人：</b>&nbsp;我</div><div><b>主题：</b>&nbsp;回复</div></div></div><div>您好</div></blockquote></body></html>`,
		"Alibaba": `<div class="__aliyun_email_body_block"><div>还是不制冷</div><div class="__aliyun_previous_history_wrap"><div>------------------------------------------------------------------</div><div>发件人：客服</div><div>您好</div></div></div>`,
		"Feishu":  `<p>还是不制冷</p><div class="history-quote-wrapper"><div>发件人: 客服</div><div>您好</div></div>`,
		"Outlook": `<p>还是不制冷</p><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>发件人:</b> 客服</div><div>您好</div>`,
		"Gmail":   `<div dir="ltr">还是不制冷</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">客服 &lt;kf@example.com&gt; 于2024年1月2日周二 09:00写道：<br></div><blockquote class="gmail_quote">您好</blockquote></div>`,
		"Apple":   `<html><body>还是不制冷<br><br><div dir="ltr">发自我的 iPhone</div><div dir="ltr"><br><blockquote type="cite">在 2024年1月2日，09:00，客服 &lt;kf@example.com&gt; 写道：<br><br></blockquote></div><blockquote type="cite"><div>您好</div></blockquote></body></html>`,
	} {
		m := parse(t, "From: me@qq.com\nContent-Type: text/html; charset=utf-8\n\n"+body)
		if m.NewText != "还是不制冷" {
			t.Errorf("%s: got %q", name, m.NewText)
		}
		if !strings.Contains(m.Text, "您好") {
			t.Errorf("%s: the original is missing in %q", name, m.Text)
		}
	}
}

func TestBottomSignatureMarkedByItsProgram(t *testing.T) {
	m := parse(t, "From: a@b.c\nContent-Type: text/html\n\n<div>Yes, please.</div><div class=\"gmail_signature\"><div>Ann</div><div>+1 555 0100</div></div>")
	if m.NewText != "Yes, please." {
		t.Errorf("got %q", m.NewText)
	}
}

func FuzzTrimReply(f *testing.F) {
	for _, c := range replyCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := TrimReply(s)
		have := map[string]bool{}
		for _, l := range strings.Split(clean(s), "\n") {
			have[strings.TrimSpace(strings.TrimPrefix(strings.TrimLeft(strings.TrimSpace(l), "\x01\x02\x03"), "- "))] = true
			have[strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(l), "\x01\x02\x03"))] = true
		}
		for _, l := range strings.Split(got, "\n") {
			if l = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(l), "\x01\x02\x03")); l != "" && !have[l] {
				t.Fatalf("%q is in the new text of %q, but in no line of it", l, s)
			}
		}
	})
}
