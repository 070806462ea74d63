package demo

import (
	"strings"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

const (
	ordinary = 325 // stories spread over the two months
	recent   = 34  // of the last day and a half
)

// fresh are the minutes before now at which tickets came that nobody has taken yet.
var fresh = []int{2, 4, 7, 11, 16, 23, 31, 44, 58, 75, 96, 130}

// plot puts all stories on the agenda.
func (t *teller) plot() {
	for range ordinary {
		age := 36*time.Hour + time.Duration(t.rng.Int64N(int64(past-40*time.Hour)))
		t.any(t.atDay(t.now.Add(-age)))
	}
	for range recent {
		t.any(t.now.Add(-2*time.Hour - time.Duration(t.rng.Int64N(int64(33*time.Hour)))))
	}
	for _, minutes := range fresh {
		topic := t.pickTopic(true)
		x := t.new(topic, t.somebody(topic.lang))
		x.channel = one(x.rng, x.words([]string{"web", "chat", "wechat"}, []string{"email", "email", "web"}))
		x.then(0, 1, x.open)
		x.starting(t.now.Add(-time.Duration(minutes) * time.Minute))
	}
	t.burst()
	for i := range 5 {
		t.duplicate(t.now.Add(-time.Duration(5+i*190) * time.Hour))
	}
	for i := range 4 {
		t.family(t.now.Add(-time.Duration(9+i*130) * time.Hour))
	}
	for i := range 3 {
		t.twoMatters(t.now.Add(-time.Duration(7+i*260) * time.Hour))
	}
	for i := range 3 {
		t.comingAgain(t.now.Add(-time.Duration(100+i*300) * time.Hour))
	}
	for i := range 4 {
		t.later(t.now.Add(-time.Duration(4+i*6) * time.Hour))
	}
	for i := range 9 {
		t.nothing(t.now.Add(-time.Duration(3+i*150)*time.Hour), []string{"spam", "withdrawn", "invalid", "withdrawn", "test"}[i%5])
	}
	for i := range 3 {
		t.mine(t.now.Add(-time.Duration(2+i*3) * time.Hour))
	}
}

// atDay moves a moment to an hour at which people write, in Shanghai.
func (t *teller) atDay(at clock.Time) clock.Time {
	const zone = 8 * time.Hour
	local := at.Add(zone).Std().Truncate(24 * time.Hour)
	hour := []int{7, 8, 9, 9, 9, 10, 10, 10, 11, 11, 12, 13, 14, 14, 15, 15, 16, 17, 18, 19, 20, 20, 21, 22}[t.rng.IntN(24)]
	moved := clock.From(local).Add(time.Duration(hour)*time.Hour + time.Duration(t.rng.IntN(3600))*time.Second - zone)
	if moved > t.now.Add(-30*time.Hour) || moved < t.start {
		return at
	}
	return moved
}

func (t *teller) pickTopic(busy bool) *topic {
	list := topicsZH
	if t.rng.IntN(100) < 27 {
		list = topicsEN
	}
	total := 0
	for i := range list {
		total += list[i].weight
	}
	n := t.rng.IntN(total)
	for i := range list {
		if n -= list[i].weight; n < 0 {
			if busy && list[i].quick {
				return &list[0]
			}
			return &list[i]
		}
	}
	return &list[0]
}

// somebody is a customer who speaks the language; a few come more often.
func (t *teller) somebody(lang string) *person {
	list := t.castOf[lang]
	if t.rng.IntN(9) == 0 {
		list = list[:max(1, len(list)/8)]
	}
	return list[t.rng.IntN(len(list))]
}

// any is one of the usual stories.
func (t *teller) any(at clock.Time) {
	topic := t.pickTopic(false)
	x := t.new(topic, t.somebody(topic.lang))
	x.then(0, 1, x.open)
	x.then(2*time.Minute, 100*time.Minute, x.take)
	if topic.quick {
		x.then(time.Minute, time.Hour, x.ask(ticket.Open))
		x.then(time.Minute, 20*time.Minute, x.solve)
		x.then(72*time.Hour, 72*time.Hour+time.Second, x.close)
		x.starting(at)
		return
	}
	x.middle()
	x.end()
	x.starting(at)
}

// middle is what happens between taking a ticket and solving it.
func (x *tale) middle() {
	if x.maybe(22) {
		x.then(time.Minute, 20*time.Minute, func() error { return x.note(one(x.rng, x.topic.notes)) })
	}
	if x.maybe(30) {
		x.then(20*time.Second, 5*time.Minute, x.tidy)
	}
	if x.maybe(2) {
		x.slip()
	}
	if x.maybe(65) {
		x.then(2*time.Minute, 40*time.Minute, x.ask(ticket.Pending))
		x.then(8*time.Minute, 20*time.Hour, func() error {
			if x.topic.photo || x.maybe(8) {
				return x.customer(x.say(x.topic.answers), x.photo)
			}
			return x.customer(x.say(x.topic.answers))
		})
	} else {
		x.then(2*time.Minute, 50*time.Minute, x.ask(ticket.Open))
	}
	if x.maybe(18) { // the customer comes again while we owe an answer
		x.then(70*time.Minute, 14*time.Hour, func() error { return x.customer(x.say(x.words(chaseZH, chaseEN))) })
		x.then(3*time.Minute, 50*time.Minute, func() error { return x.reply(x.say(x.words(waitZH, waitEN)), nil) })
	}
	switch {
	case x.topic.repair && x.team != "english" && x.maybe(35):
		x.handOver("repair")
	case x.topic.typ == "return" && x.team != "shop" && x.team != "english" && x.maybe(50):
		x.handOver("shop")
	case x.topic.key == "damaged" && x.maybe(25):
		x.handOver("logistics")
	}
	if x.maybe(14) {
		reason := one(x.rng, []string{"part", "part", "third_party", "appointment", "department"})
		if x.topic.typ == "return" || strings.HasPrefix(x.topic.key, "lost") {
			reason = one(x.rng, []string{"logistics", "third_party", "department"})
		}
		x.then(10*time.Minute, 3*time.Hour, x.hold(reason))
		x.then(20*time.Hour, 96*time.Hour, func() error { return x.act("", "status", &ticket.StatusInput{Status: ticket.Open}) })
	}
	if x.maybe(25) {
		x.then(5*time.Minute, 2*time.Hour, func() error { return x.note(one(x.rng, x.topic.notes)) })
	}
}

func (x *tale) handOver(team string) {
	x.then(5*time.Minute, time.Hour, x.move(team))
	x.then(5*time.Minute, 90*time.Minute, func() error { return x.act("", "claim", &ticket.ClaimInput{}) })
}

// slip is a reply that is taken back within its ten seconds.
func (x *tale) slip() {
	var sent id.ID
	x.then(time.Minute, 10*time.Minute, func() error {
		_, m, err := x.desk.Say(x.ctx, x.agent, x.ticket, ticket.NewMessage{Kind: ticket.Reply, Body: "。"})
		if err == nil {
			sent = m.ID
		}
		return err
	})
	x.then(4*time.Second, 5*time.Second, func() error {
		_, err := x.desk.Withdraw(x.ctx, x.agent, x.ticket, sent)
		return err
	})
}

// end solves the ticket; some come back, some never hear from the customer.
func (x *tale) end() {
	if x.maybe(9) { // the customer does not answer any more
		x.then(20*time.Minute, 10*time.Hour, x.ask(ticket.Pending))
		x.then(44*time.Hour, 60*time.Hour, func() error { return x.reply(x.say(x.words(waitZH, waitEN)), nil) })
		x.then(40*time.Hour, 72*time.Hour, x.solve)
	} else {
		if x.maybe(35) {
			x.then(10*time.Minute, 26*time.Hour, func() error { return x.customer(x.say(x.words(confirmZH, confirmEN))) })
		}
		x.then(10*time.Minute, 30*time.Hour, x.solve)
	}
	if x.maybe(9) {
		x.then(4*time.Hour, 60*time.Hour, func() error { return x.customer(x.say(x.words(reopenZH, reopenEN))) })
		x.then(5*time.Minute, 2*time.Hour, func() error { return x.reply(x.say(x.words(waitZH, waitEN)), nil) })
		x.then(2*time.Hour, 40*time.Hour, x.solve)
	}
	x.then(72*time.Hour, 72*time.Hour+time.Second, x.close)
}

// burst is the morning on which one fault comes from everywhere.
func (t *teller) burst() {
	topic, admin := topicOf("e4"), t.actors["admin@demo.example"]
	var first id.ID
	for i, minutes := range []int{26, 22, 18, 13, 8, 3} {
		x := t.new(topic, t.castOf["zh-CN"][40+i*5])
		x.slots["model"], x.fields["product_model"] = "BCD-520WK", "BCD-520WK"
		x.channel = []string{"chat", "wechat", "web", "chat", "wechat", "chat"}[i]
		x.then(0, 1, func() error {
			err := x.open()
			if first == 0 {
				first = x.ticket
			}
			return err
		})
		switch {
		case i < 3:
			x.then(3*time.Minute, 9*time.Minute, func() error { return x.act("", "claim", &ticket.ClaimInput{}) })
			x.then(2*time.Minute, 6*time.Minute, x.ask(ticket.Pending))
			if i == 0 {
				x.then(time.Minute, 2*time.Minute, func() error { return x.act("admin@demo.example", "watch", &ticket.WatchInput{On: true}) })
			}
			if i == 1 {
				x.then(time.Minute, 2*time.Minute, func() error {
					return x.act("lead@demo.example", "collaborator", &ticket.PeopleInput{Add: []id.ID{admin.ID}})
				})
			}
			if i > 0 {
				x.then(time.Minute, 2*time.Minute, func() error { return x.act("", "link", &ticket.LinkInput{Ticket: first, Kind: "related"}) })
			}
			x.then(4*time.Minute, 12*time.Minute, func() error { return x.customer(x.say(x.topic.answers)) })
		case i == 3:
			x.then(4*time.Minute, 6*time.Minute, func() error { return x.act("", "claim", &ticket.ClaimInput{}) })
			x.then(time.Minute, 2*time.Minute, func() error {
				_, _, err := x.desk.Say(x.ctx, x.agent, x.ticket, ticket.NewMessage{Kind: ticket.Note, Mentions: []id.ID{admin.ID, x.actors["lead@demo.example"].ID},
					Body: "@顾云 @林晓 半小时内第 4 个 E4，全部是 BCD-520WK，疑似批次问题，请通知质量部，后面的先关联到第一张工单。"})
				return err
			})
			x.then(time.Minute, 2*time.Minute, func() error { return x.act("", "link", &ticket.LinkInput{Ticket: first, Kind: "related"}) })
			x.then(time.Minute, 2*time.Minute, func() error { return x.act("", "priority", &ticket.PriorityInput{Priority: ticket.High}) })
		}
		x.starting(t.now.Add(-time.Duration(minutes) * time.Minute))
	}
}

// duplicate is one matter that came by two ways and is made one.
func (t *teller) duplicate(at clock.Time) {
	topic := topicOf([]string{"lost", "refund", "fridge", "lost-en", "invoice"}[t.rng.IntN(5)])
	who := t.somebody(topic.lang)
	x, y := t.new(topic, who), t.new(topic, who)
	x.channel, y.channel = "web", "chat"
	y.slots, y.fields, y.agent = x.slots, x.fields, x.agent
	x.then(0, 1, x.open)
	x.then(30*time.Minute, 40*time.Minute, x.take)
	x.then(3*time.Minute, 9*time.Minute, func() error {
		if _, err := x.desk.Do(x.ctx, x.agent, y.ticket, "merge", &ticket.MergeInput{Into: x.ticket}, 0); err != nil {
			return err
		}
		return x.note("客户重复提交，已合并。")
	})
	x.then(3*time.Minute, 20*time.Minute, x.ask(ticket.Pending))
	x.then(time.Hour, 9*time.Hour, func() error { return x.customer(x.say(x.topic.answers)) })
	x.end()
	y.then(0, 1, y.open)
	x.starting(at)
	y.starting(at.Add(11 * time.Minute))
}

// family is a complaint of which others have to do a part.
func (t *teller) family(at clock.Time) {
	x := t.new(topicOf("engineer"), t.somebody("zh-CN"))
	x.channel, x.agent = "phone", x.actors["lead@demo.example"]
	parts := []struct{ team, subject, body string }{
		{"repair", "更换师傅重新上门", "请换一位师傅，明天 9:00-12:00 上门，到之前先给客户打电话。"},
		{"shop", "补偿 200 元", "请按投诉处理意见补偿 200 元到原支付账户。"},
	}
	x.then(0, 1, x.open)
	x.then(time.Minute, 4*time.Minute, x.ask(ticket.Open))
	for _, p := range parts {
		c := t.new(topicOf("engineer"), x.who)
		c.team, c.slots = p.team, x.slots
		c.pickAgent()
		x.then(time.Minute, 3*time.Minute, func() error {
			made, err := x.desk.Create(x.ctx, x.agent, ticket.NewTicket{
				Subject: p.subject, Body: p.body, Kind: ticket.Note, Requester: customer.Contact{ID: x.who.id}, Type: "complaint", Channel: "phone",
				Category: x.categories[x.topic.category], Team: x.teams[p.team], Department: x.departments[p.team], Language: "zh-CN", Priority: ticket.High,
			})
			if err != nil {
				return err
			}
			c.ticket = made.ID
			c.schedule(c, c.clock.Now().Add(20*time.Minute))
			_, err = x.desk.Do(x.ctx, x.agent, c.ticket, "parent", &ticket.ParentInput{Parent: x.ticket}, 0)
			return err
		})
		c.then(0, 1, func() error { return c.act("", "claim", &ticket.ClaimInput{}) })
		c.then(time.Hour, 20*time.Hour, func() error {
			_, _, err := c.desk.Say(c.ctx, c.agent, c.ticket, ticket.NewMessage{Kind: ticket.Note, Body: "已办理完成。",
				Status: &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "answered"}}})
			return err
		})
		c.then(72*time.Hour, 72*time.Hour+time.Second, c.close)
	}
	x.then(24*time.Hour, 30*time.Hour, x.solve)
	x.then(72*time.Hour, 72*time.Hour+time.Second, x.close)
	x.starting(at)
}

// twoMatters is a ticket in which the customer begins to speak of another thing.
func (t *teller) twoMatters(at clock.Time) {
	x := t.new(topicOf("fridge"), t.somebody("zh-CN"))
	x.channel = "wechat"
	x.then(0, 1, x.open)
	x.then(3*time.Minute, 30*time.Minute, x.take)
	x.then(3*time.Minute, 20*time.Minute, x.ask(ticket.Pending))
	x.then(20*time.Minute, time.Hour, func() error {
		if err := x.customer(x.say(x.topic.answers)); err != nil {
			return err
		}
		return x.customer("对了，还想问一下，上个月买的电饭煲发票一直没收到，订单号 " + x.slots["order"] + "。")
	})
	x.then(3*time.Minute, 30*time.Minute, func() error {
		return x.act("", "split", &ticket.SplitInput{Messages: []id.ID{x.last}, Subject: "补开电饭煲发票", Type: "enquiry"})
	})
	x.end()
	x.starting(at)
}

// comingAgain is the same matter three times within a week.
func (t *teller) comingAgain(at clock.Time) {
	topic := topicOf(one(t.rng, []string{"washer", "robot", "refund"}))
	who := t.somebody("zh-CN")
	for i := range 3 {
		x := t.new(topic, who)
		x.then(0, 1, x.open)
		x.then(3*time.Minute, 30*time.Minute, x.take)
		x.then(3*time.Minute, 20*time.Minute, x.ask(ticket.Open))
		x.then(time.Hour, 9*time.Hour, x.solve)
		x.then(72*time.Hour, 72*time.Hour+time.Second, x.close)
		x.starting(at.Add(time.Duration(i*30) * time.Hour))
	}
}

// later is a ticket that its agent has put out of sight for a while.
func (t *teller) later(at clock.Time) {
	x := t.new(topicOf(one(t.rng, []string{"aircon", "install", "heater", "engineer"})), t.somebody("zh-CN"))
	if x.team == "care" {
		x.agent = x.actors["admin@demo.example"]
	}
	x.then(0, 1, x.open)
	x.then(3*time.Minute, 30*time.Minute, func() error { return x.act("", "claim", &ticket.ClaimInput{}) })
	x.then(3*time.Minute, 20*time.Minute, x.ask(ticket.Open))
	x.then(10*time.Minute, time.Hour, x.snooze(t.now.Add(time.Duration(2+x.rng.IntN(40))*time.Hour)))
	x.starting(at)
	if x.channel == "phone" {
		x.channel = "wechat"
	}
}

// nothing is a ticket that is cancelled.
func (t *teller) nothing(at clock.Time, reason string) {
	topic := topicOf(one(t.rng, []string{"install", "points", "lost", "robot"}))
	x := t.new(topic, t.somebody("zh-CN"))
	x.channel = "web"
	if reason == "spam" {
		copied := *topic
		copied.subjects, copied.opens, copied.details, copied.tags = spamZH, spamZH, spamZH, nil
		x.topic = &copied
	}
	x.then(0, 1, x.open)
	x.then(5*time.Minute, time.Hour, func() error { return x.note(cancelZH[reason]) })
	x.then(5*time.Second, time.Minute, func() error {
		return x.act("", "status", &ticket.StatusInput{Status: ticket.Cancelled, Reason: reason})
	})
	x.starting(at)
}

// mine is on the desk of the first person who signs in, with a draft.
func (t *teller) mine(at clock.Time) {
	x := t.new(topicOf(one(t.rng, []string{"engineer", "fee"})), t.somebody("zh-CN"))
	x.agent, x.channel = x.actors["admin@demo.example"], "web"
	x.then(0, 1, x.open)
	x.then(3*time.Minute, 20*time.Minute, func() error { return x.act("", "claim", &ticket.ClaimInput{}) })
	x.then(3*time.Minute, 10*time.Minute, x.ask(ticket.Pending))
	x.then(5*time.Minute, 40*time.Minute, func() error { return x.customer(x.say(x.topic.answers)) })
	x.then(time.Minute, 9*time.Minute, func() error {
		body := x.fill("您好，已与网点核实，我们的处理方案是：")
		_, err := x.desk.SaveDraft(x.ctx, x.agent, x.ticket, "reply", body, "")
		return err
	})
	x.starting(at)
}
