package channel_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"zhidan/internal/channel"
	"zhidan/internal/channel/email"
	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

// accept brings a mail to a mailbox and lets it be worked on.
func accept(t *testing.T, h *zhidantest.House, door, raw string) channel.Item {
	t.Helper()
	r, err := h.Intake.Accept(context.Background(), channel.Arrival{Tenant: h.Tenant, Channel: door, Kind: "email", Raw: strings.NewReader(raw)})
	if err != nil {
		t.Fatal(err)
	}
	h.Settle()
	it, err := h.Intake.Item(context.Background(), h.Tenant, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func get(t *testing.T, h *zhidantest.House, tid id.ID) *ticket.Ticket {
	t.Helper()
	tk, err := h.Desk.Get(context.Background(), h.Admin, tid)
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

// said is the conversation of a ticket: "kind: text" a message.
func said(t *testing.T, h *zhidantest.House, tid id.ID) []string {
	t.Helper()
	entries, _, err := h.Desk.Timeline(context.Background(), h.Admin, tid, 200, "")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if e.Message != nil {
			out = append(out, string(e.Message.Kind)+": "+e.Message.Text)
		}
	}
	return out
}

func tickets(t *testing.T, h *zhidantest.House) (n, messages int) {
	t.Helper()
	if err := h.DB.QueryRow(context.Background(), `select count(*), coalesce(sum(message_count), 0) from ticket where tenant_id = $1`, h.Tenant).Scan(&n, &messages); err != nil {
		t.Fatal(err)
	}
	return n, messages
}

func mail(id, from, subject, more, body string) string {
	return "Received: by mx.example.com; Sat, 21 Nov 2026 12:00:00 +0800\r\nFrom: " + from + "\r\nTo: kf@example.com\r\nSubject: " + subject +
		"\r\nDate: Sat, 21 Nov 2026 12:00:00 +0800\r\nMessage-ID: <" + id + ">\r\n" + more + "\r\n" + strings.ReplaceAll(body, "\n", "\r\n")
}

func TestAMailBecomesATicket(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		ctx := context.Background()
		raw := "From: =?utf-8?B?546L5bCP5piO?= <wang@example.com>\nTo: kf@example.com\nSubject: =?gb2312?B?sfnP5LK71sbA5A==?=\nMessage-ID: <1@example.com>\n" +
			"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain; charset=gb2312\nContent-Transfer-Encoding: base64\n\nx+u+ob/s1/a31tDe\n" +
			"--x\nContent-Type: image/png; name=\"=?utf-8?B?54Wn54mHLnBuZw==?=\"\nContent-Transfer-Encoding: base64\n\niVBORw0KGgoAAAANSUhEUg==\n--x--\n"
		it := accept(t, h, "kf@example.com", raw)
		if it.State != channel.Done || it.Ticket == 0 || it.Message == 0 {
			t.Fatalf("item %+v", it)
		}
		tk := get(t, h, it.Ticket)
		if tk.Subject != "冰箱不制冷" || tk.Channel != "email" || tk.Status != ticket.New || tk.MessageCount != 1 {
			t.Errorf("ticket %+v", tk)
		}
		c, err := h.Customers.Lookup(ctx, h.DB, h.Tenant, customer.KindEmail, "wang@example.com")
		if err != nil || c == nil || c.ID != tk.Requester || c.Name != "王小明" {
			t.Errorf("requester %+v %v", c, err)
		}
		entries, _, err := h.Desk.Timeline(ctx, h.Admin, tk.ID, 10, "")
		if err != nil {
			t.Fatal(err)
		}
		var name, sum string
		for _, e := range entries {
			if e.Message != nil {
				if err := h.DB.QueryRow(ctx, `select name, sha256 from ticket_attachment where tenant_id = $1 and ticket_id = $2 and message_id = $3`, h.Tenant, tk.ID, e.Message.ID).Scan(&name, &sum); err != nil {
					t.Fatal(err)
				}
			}
		}
		f, err := h.Blobs.Open(ctx, sum)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if b, _ := io.ReadAll(f); name != "照片.png" || !strings.HasPrefix(string(b), "\x89PNG") {
			t.Errorf("attachment %q %q", name, b)
		}
		kept, err := h.Intake.Raw(ctx, h.Tenant, it.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer kept.Close()
		if b, _ := io.ReadAll(kept); string(b) != raw {
			t.Error("the raw mail is not what came in")
		}
		// The mailbox is read again after a crash: the same mail comes again.
		again, err := h.Intake.Accept(ctx, channel.Arrival{Tenant: h.Tenant, Channel: "kf@example.com", Kind: "email", Raw: strings.NewReader(raw)})
		h.Settle()
		if err != nil || !again.Again || again.ID != it.ID {
			t.Errorf("again: %+v %v", again, err)
		}
		if n, m := tickets(t, h); n != 1 || m != 1 {
			t.Errorf("%d tickets with %d messages", n, m)
		}
	})
}

func TestAnswersJoinTheirTicket(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		first := accept(t, h, "kf", mail("1@c.cn", "li@c.cn", "洗衣机漏水", "", "洗衣机漏水了"))
		byReply := accept(t, h, "kf", mail("2@c.cn", "li@c.cn", "Re: 洗衣机漏水", "In-Reply-To: <1@c.cn>\r\n", "还没有人来\n\n在 2026年11月21日，客服 <kf@example.com> 写道：\n> 您好"))
		byReference := accept(t, h, "kf", mail("3@c.cn", "li@c.cn", "完全不同的主题", "In-Reply-To: <lost@c.cn>\r\nReferences: <1@c.cn> <lost@c.cn>\r\n", "第三封"))
		other := accept(t, h, "kf", mail("4@c.cn", "li@c.cn", "Re: 洗衣机漏水", "", "没有引用的另一封"))
		if byReply.Ticket != first.Ticket || byReference.Ticket != first.Ticket {
			t.Errorf("the answers went to %s and %s, not to %s", byReply.Ticket, byReference.Ticket, first.Ticket)
		}
		if other.Ticket == first.Ticket {
			t.Error("an equal subject is not a thread")
		}
		want := "customer: 洗衣机漏水了|customer: 还没有人来|customer: 第三封"
		if got := strings.Join(said(t, h, first.Ticket), "|"); got != want {
			t.Errorf("said %q, want %q", got, want)
		}
		number := get(t, h, first.Ticket).Number
		own := accept(t, h, "kf", mail("5@c.cn", "LI@c.cn", "关于工单 "+number, "", "我的工单怎么样了"))
		if own.Ticket != first.Ticket {
			t.Error("the customer's own number did not find the ticket")
		}
		stranger := accept(t, h, "kf", mail("6@evil.cn", "x@evil.cn", "["+number+"]", "", "把内容给我"))
		if stranger.Ticket == first.Ticket {
			t.Error("a stranger joined a ticket by its number")
		}
		// Long after it was closed, an answer is a new matter that knows the old.
		for _, to := range []ticket.Status{ticket.Cancelled} {
			if _, err := h.Desk.Do(context.Background(), h.Admin, first.Ticket, "status", &ticket.StatusInput{Status: to, Reason: "withdrawn"}, 0); err != nil {
				t.Fatal(err)
			}
		}
		late := accept(t, h, "kf", mail("7@c.cn", "li@c.cn", "Re: 洗衣机漏水", "In-Reply-To: <1@c.cn>\r\n", "又漏了"))
		if late.State != channel.Done || late.Ticket == first.Ticket {
			t.Errorf("a late answer: %+v", late)
		}
	})
}

func TestOneMailThroughTwoMailboxes(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		raw := mail("1@c.cn", "li@c.cn", "坏了", "", "坏了")
		one := accept(t, h, "kf@example.com", "Delivered-To: kf@example.com\r\n"+raw)
		two := accept(t, h, "info@example.com", "Delivered-To: info@example.com\r\n"+raw)
		if one.State != channel.Done || two.State != channel.Duplicate || two.Ticket != one.Ticket {
			t.Errorf("first %+v\nsecond %+v", one, two)
		}
		if n, m := tickets(t, h); n != 1 || m != 1 {
			t.Errorf("%d tickets with %d messages", n, m)
		}
	})
}

func TestMachinesOpenNoTickets(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		ctx := context.Background()
		first := accept(t, h, "kf", mail("1@c.cn", "li@c.cn", "坏了", "", "坏了"))
		h.Call("POST", "/tickets/"+first.Ticket.String()+"/status", map[string]any{"status": "pending"})
		before := get(t, h, first.Ticket).Status
		away := accept(t, h, "kf", mail("2@c.cn", "li@c.cn", "自动回复: 坏了", "Auto-Submitted: auto-replied\r\nIn-Reply-To: <1@c.cn>\r\n", "我在休假"))
		if away.State != channel.Done || away.Ticket != first.Ticket {
			t.Errorf("an automatic answer: %+v", away)
		}
		bounce := accept(t, h, "kf", "From: MAILER-DAEMON@mx.cn\r\nReturn-Path: <>\r\nSubject: Undelivered Mail\r\nMessage-ID: <b@mx.cn>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"+
			"--x\r\n\r\nCould not deliver.\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; li@c.cn\r\nAction: failed\r\nStatus: 5.1.1\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <1@c.cn>\r\nSubject: x\r\n\r\ny\r\n--x--\r\n")
		if bounce.State != channel.Done || bounce.Ticket != first.Ticket {
			t.Errorf("a bounce: %+v", bounce)
		}
		got := strings.Join(said(t, h, first.Ticket), "|")
		if got != "customer: 坏了|note: 我在休假|note: Could not deliver." {
			t.Errorf("said %q", got)
		}
		if now := get(t, h, first.Ticket).Status; now != before {
			t.Errorf("a machine moved the ticket from %s to %s", before, now)
		}
		unknown := accept(t, h, "kf", mail("3@c.cn", "zhang@c.cn", "Out of Office", "Auto-Submitted: auto-replied\r\n", "away"))
		if unknown.State != channel.Quarantined || unknown.Reason != "auto_reply" {
			t.Errorf("an unknown automatic answer: %+v", unknown)
		}
		alarm := accept(t, h, "kf", mail("4@c.cn", "alarm@c.cn", "温度过高", "Auto-Submitted: auto-generated\r\n", "80°"))
		if alarm.State != channel.Done || strings.Join(get(t, h, alarm.Ticket).Tags, " ") != "auto" {
			t.Errorf("an alarm: %+v", alarm)
		}
		if n, err := h.Intake.Waiting(ctx, h.Tenant, channel.Quarantined); n != 1 || err != nil {
			t.Errorf("%d waiting, %v", n, err)
		}
	})
}

func TestQuarantine(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		ctx := context.Background()
		var bomb strings.Builder
		bomb.WriteString("From: a@b.cn\r\n")
		for i := range 100 {
			fmt.Fprintf(&bomb, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		it := accept(t, h, "kf", bomb.String())
		after := accept(t, h, "kf", mail("1@c.cn", "li@c.cn", "正常", "", "正常"))
		if it.State != channel.Quarantined || it.Reason != "depth" || after.State != channel.Done {
			t.Fatalf("bomb %+v, next %+v", it, after)
		}
		list, err := h.Intake.Items(ctx, h.Tenant, channel.Quarantined, 0, 10)
		if err != nil || len(list) != 1 || list[0].ID != it.ID {
			t.Fatalf("list %+v %v", list, err)
		}
		f, err := h.Intake.Raw(ctx, h.Tenant, it.ID)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(f)
		f.Close()
		if string(b) != bomb.String() {
			t.Error("the raw content is not what came in")
		}
		if err := h.Intake.Retry(ctx, h.Tenant, it.ID); err != nil {
			t.Fatal(err)
		}
		h.Settle()
		if it, _ = h.Intake.Item(ctx, h.Tenant, it.ID); it.State != channel.Quarantined {
			t.Errorf("after the retry %+v", it)
		}
		if err := h.Intake.Discard(ctx, h.Tenant, it.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Intake.Raw(ctx, h.Tenant, it.ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("discarded content can be read: %v", err)
		}
		if err := h.Intake.Retry(ctx, h.Tenant, it.ID); fault.KindOf(err) != fault.Conflict {
			t.Errorf("a discarded item was retried: %v", err)
		}
		if again := accept(t, h, "kf", bomb.String()); again.ID != it.ID || again.State != channel.Discarded {
			t.Errorf("a discarded item came back: %+v", again)
		}
		other, err := h.Staff.CreateTenant(ctx, staff.NewTenant{Name: "另一家"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Intake.Raw(ctx, other.ID, after.ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another tenant read an item: %v", err)
		}
	})
}

func TestOddMailsAreTakenIn(t *testing.T) {
	h := zhidantest.New(t)
	for name, raw := range map[string]string{
		"no sender":       "Subject: x\n\nbody",
		"bad address":     "From: <nobody at all>\nSubject: x\n\nbody",
		"only a subject":  "From: a@b.cn\nSubject: only this\n\n",
		"nothing at all":  "From: a@b.cn\n\n",
		"long subject":    "From: a@b.cn\nSubject: " + strings.Repeat("长", 1000) + "\n\nbody",
		"long text":       "From: a@b.cn\nSubject: x\n\n" + strings.Repeat("很长的正文。\n", 60000),
		"long HTML":       "From: a@b.cn\nContent-Type: text/html\n\n" + "<p>" + strings.Repeat("long ", 450000),
		"many files":      "From: a@b.cn\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\ntext\n" + strings.Repeat("--x\nContent-Type: application/pdf; name=a.pdf\n\nPDF\n", 200) + "--x--\n",
		"NUL and garbage": "From: a@b.cn\nSubject: a\x00b\xff\n\nbo\x00dy\xfe",
		"script":          "From: \"<script>\" <a@b.cn>\nContent-Type: text/html\n\n<script>alert(1)</script><img src=x onerror=alert(1)>hi",
	} {
		if it := accept(t, h, "kf", raw); it.State != channel.Done {
			t.Errorf("%s: %s %s %s", name, it.State, it.Reason, it.Detail)
		}
	}
}

// Many items of one conversation at once: copies, and answers before what they
// answer. Each mail is one message, the conversation is one ticket.
func TestConcurrentItemsOfOneConversation(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		ctx := context.Background()
		const mails, copies = 12, 3
		var wg sync.WaitGroup
		for i := range mails {
			for c := range copies {
				wg.Add(1)
				go func() {
					defer wg.Done()
					refs := ""
					for k := 0; k < i; k++ {
						refs += fmt.Sprintf(" <%d@c.cn>", k)
					}
					raw := fmt.Sprintf("Delivered-To: %d\r\n", c) + mail(fmt.Sprintf("%d@c.cn", i), "li@c.cn", "x", "References:"+refs+"\r\n", fmt.Sprintf("mail %d", i))
					if _, err := h.Intake.Take(ctx, channel.Arrival{Tenant: h.Tenant, Channel: "import", Kind: "email"}, []byte(raw)); err != nil {
						t.Errorf("mail %d: %v", i, err)
					}
				}()
			}
		}
		wg.Wait()
		if n, m := tickets(t, h); n != 1 || m != mails {
			t.Errorf("%d tickets with %d messages, want 1 with %d", n, m, mails)
		}
	})
}

// Every mail of the shared sets goes through the intake.
func TestSharedMailsAreTakenIn(t *testing.T) {
	root := os.Getenv("ZHIDAN_SHARED")
	if root == "" {
		_, here, _, _ := runtime.Caller(0)
		root = filepath.Join(filepath.Dir(here), "..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(root, "data", "mail-mime-mikel")); err != nil {
		t.Skip("the mail sets are not there; set ZHIDAN_SHARED to the folder that holds data/")
	}
	h := zhidantest.New(t)
	for _, set := range []string{"mail-mime-mikel", "mail-talon", "mail-github-replyparser", "mail-reply-trimmer/emails"} {
		r, err := email.Import(context.Background(), h.Intake, h.Tenant, filepath.Join(root, "data", set), email.ImportOptions{})
		if err != nil || len(r.Failed) > 0 {
			t.Errorf("%s: %+v %v", set, r, err)
		}
		if set == "mail-mime-mikel" && (r.Read < 100 || r.Created+r.Joined < 75 || r.Created+r.Joined+r.Duplicates+r.Quarantined != r.Read) {
			t.Errorf("%s: %+v", set, r)
		}
	}
	list, err := h.Intake.Items(context.Background(), h.Tenant, channel.Quarantined, 0, 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range list {
		if it.Reason != "bounce" && it.Reason != "auto_reply" {
			t.Errorf("quarantined: %s %s", it.Reason, it.Detail)
		}
	}
}

// Who is on the blocklist opens and joins nothing; when the block is lifted the
// mail can be tried again.
func TestBlockedSenders(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		ctx := context.Background()
		mail := func(from, key string) string {
			return "From: " + from + "\r\nTo: desk@example.com\r\nSubject: 优惠活动\r\nMessage-ID: <" + key + "@example.com>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n点击领取\r\n"
		}
		block, err := h.Customers.AddBlock(ctx, h.Admin, customer.NewIdentity{Kind: "email", Value: "ads@example.com"}, "群发广告", 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Customers.AddBlock(ctx, h.Admin, customer.NewIdentity{Kind: "domain", Value: "bad.example"}, "钓鱼", 0); err != nil {
			t.Fatal(err)
		}
		it := accept(t, h, "desk", mail("Ads@Example.com", "1"))
		if it.State != channel.Quarantined || it.Reason != "blocked" || !strings.Contains(it.Detail, "群发广告") {
			t.Errorf("%+v", it)
		}
		if it := accept(t, h, "desk", mail("x@bad.example", "2")); it.State != channel.Quarantined || it.Reason != "blocked" {
			t.Errorf("%+v", it)
		}
		if it := accept(t, h, "desk", mail("friend@example.com", "3")); it.State != channel.Done {
			t.Errorf("%+v", it)
		}
		if err := h.Customers.RemoveBlock(ctx, h.Admin, block.ID); err != nil {
			t.Fatal(err)
		}
		if err := h.Intake.Retry(ctx, h.Tenant, it.ID); err != nil {
			t.Fatal(err)
		}
		h.Settle()
		if again, err := h.Intake.Item(ctx, h.Tenant, it.ID); err != nil || again.State != channel.Done || again.Ticket == 0 {
			t.Errorf("%+v %v", again, err)
		}
	})
}
