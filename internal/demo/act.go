package demo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// The acts of which stories are made. Each is one operation of the desk.

// open is the first contact. By telephone an agent types it in; all other
// channels bring it by themselves.
func (x *tale) open() error {
	who, err := x.meet(x.who)
	if err != nil {
		return err
	}
	body := one(x.rng, x.words(helloZH, helloEN)) + one(x.rng, x.topic.opens)
	for range x.rng.IntN(3) {
		if d := one(x.rng, x.topic.details); !strings.Contains(body, d) {
			body += x.words([]string{"", "\n"}, []string{" ", "\n\n"})[x.rng.IntN(2)] + d
		}
	}
	n := ticket.NewTicket{
		Subject: x.say(x.topic.subjects), Body: x.fill(body), Requester: customer.Contact{ID: who}, Type: x.topic.typ,
		Priority: ticket.Priority(x.topic.priority), Category: x.categories[x.topic.category], Tags: x.topic.tags, Fields: x.fields,
		Team: x.teams[x.team], Department: x.departments[x.team], Channel: x.channel, Language: x.topic.lang,
	}
	if n.Category == 0 {
		return fmt.Errorf("there is no category %q", x.topic.category)
	}
	if n.Priority == 0 {
		n.Priority = []ticket.Priority{ticket.Low, ticket.Normal, ticket.Normal, ticket.Normal, ticket.Normal, ticket.High}[x.rng.IntN(6)]
		if x.who.tier == "vip" {
			n.Priority = max(n.Priority, ticket.High)
		}
	}
	if x.channel != "phone" { // nobody has looked at it yet: it is born as it is understood
		n.Type, n.Category = "", 0
		if x.topic.priority == 0 && x.who.tier != "vip" {
			n.Priority = 0
		}
	}
	if x.topic.photo && x.maybe(60) {
		n.Files = []ticket.File{x.photo}
	}
	actor := x.system
	if x.channel == "phone" {
		actor, n.Assignee = x.agent, x.agent.ID
	}
	t, err := x.desk.Create(x.ctx, actor, n)
	if err != nil {
		return err
	}
	x.ticket = t.ID
	return nil
}

func (x *tale) act(who string, name string, in any) error {
	a := x.agent
	if who != "" {
		a = x.actors[who]
	}
	_, err := x.desk.Do(x.ctx, a, x.ticket, name, in, 0)
	return err
}

// take gives the ticket to the story's agent: by claiming, or from the lead.
func (x *tale) take() error {
	t, err := x.desk.Get(x.ctx, x.system, x.ticket)
	if err != nil || t.Assignee == x.agent.ID {
		return err
	}
	if !x.front() || !x.maybe(25) {
		if err := x.act("", "claim", &ticket.ClaimInput{}); err != nil {
			return err
		}
		return x.classify()
	}
	return x.act("lead@demo.example", "assign", &ticket.AssignInput{Place: ticket.Place{Assignee: x.agent.ID, Team: x.teams[x.team]}})
}

// classify puts right what was not understood, as whoever reads the ticket does.
func (x *tale) classify() error {
	t, err := x.desk.Get(x.ctx, x.system, x.ticket)
	if err != nil || t.MergedInto != 0 {
		return err
	}
	if want := x.categories[x.topic.category]; t.Category != want {
		if err := x.act("", "category", &ticket.CategoryInput{Category: want}); err != nil {
			return err
		}
	}
	if t.Type != x.topic.typ {
		return x.act("", "type", &ticket.TypeInput{Type: x.topic.typ})
	}
	return nil
}

// customer brings the customer's next words, as a channel would.
func (x *tale) customer(body string, files ...ticket.File) error {
	r, err := x.desk.PrepareContact(x.ctx, x.tenant, ticket.Contact{Known: x.ticket, NewTicket: ticket.NewTicket{
		Body: body, Requester: customer.Contact{ID: x.who.id}, Channel: x.channel, Files: files}})
	if err != nil {
		return err
	}
	return x.s.DB.Tx(x.ctx, func(ctx context.Context, tx *db.Tx) error {
		t, m, err := x.desk.ReceiveIn(ctx, tx, x.tenant, r)
		if err == nil {
			x.ticket, x.last = t.ID, m.ID
		}
		return err
	})
}

// reply answers the customer, and may move the ticket with it.
func (x *tale) reply(body string, status *ticket.StatusInput) error {
	n := ticket.NewMessage{Kind: ticket.Reply, Body: body, Status: status}
	if x.maybe(3) {
		report := fmt.Sprintf("检测记录 %s\n型号 %s\n结论：见回复。\n（演示数据）\n", x.clock.Now().Std().Format("2006-01-02"), x.slots["model"])
		a, err := x.desk.Upload(x.ctx, x.agent, "检测记录.txt", "text/plain", bytes.NewReader([]byte(report)))
		if err != nil {
			return err
		}
		n.Attachments = []id.ID{a.ID}
	}
	_, _, err := x.desk.Say(x.ctx, x.agent, x.ticket, n)
	return err
}

// note tells colleagues; who is named in it is mentioned.
func (x *tale) note(body string) error {
	n := ticket.NewMessage{Kind: ticket.Note, Body: body}
	if strings.Contains(body, "{colleague}") {
		c := x.colleague()
		n.Body = strings.ReplaceAll(body, "{colleague}", c.Name)
		n.Mentions = []id.ID{c.ID}
	}
	n.Body = x.fill(n.Body)
	_, _, err := x.desk.Say(x.ctx, x.agent, x.ticket, n)
	return err
}

func (x *tale) ask(s ticket.Status) func() error {
	return func() error {
		return x.reply(x.say(x.topic.asks), &ticket.StatusInput{Status: s, Substatus: x.substatus(s)})
	}
}

// substatus is one of the shipped ones, in two of three cases.
func (x *tale) substatus(s ticket.Status) id.ID {
	catalog, err := x.forms.Get(x.ctx, x.tenant)
	if err != nil || x.maybe(33) {
		return 0
	}
	var fit []form.Substatus
	for _, sub := range catalog.Substatuses() {
		if sub.Status == s.String() {
			fit = append(fit, sub)
		}
	}
	if len(fit) == 0 {
		return 0
	}
	return one(x.rng, fit).ID
}

// solve gives the answer and the closing information.
func (x *tale) solve() error {
	in := ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: one(x.rng, x.topic.codes), Note: ""}}
	r := in.Resolution
	if len(x.topic.causes) > 0 && x.maybe(85) {
		r.Cause = one(x.rng, x.topic.causes)
		r.Responsible = map[string]string{"part_defect": "supplier", "logistics": "carrier", "installation": "outlet", "usage": "customer", "service": "outlet"}[r.Cause]
		if r.Responsible == "" {
			r.Responsible = "none"
		}
	}
	if r.Code == "compensated" {
		r.Compensation = &ticket.Compensation{AmountMinor: int64(50*(1+x.rng.IntN(5))) * 100, Currency: "CNY"}
	}
	if x.topic.typ == "return" {
		reason := x.topic.reason
		if x.maybe(20) {
			reason = one(x.rng, []string{"quality", "wrong_item"})
		}
		in.Fields = map[string]any{"return_reason": reason}
	}
	return x.reply(x.say(x.topic.finals), &in)
}

// close is what the timer does three days after solving. The timer itself fires
// when the server starts, and finds its work done.
func (x *tale) close() error {
	_, err := x.desk.Do(x.ctx, x.system, x.ticket, "status", &ticket.StatusInput{Status: ticket.Closed}, 0)
	return err
}

// hold waits for somebody or something, and says so.
func (x *tale) hold(reason string) func() error {
	return func() error {
		words := onHoldZH[reason]
		if !x.zh() {
			words = onHoldEN[reason]
		}
		if err := x.reply(words, nil); err != nil {
			return err
		}
		if err := x.act("", "status", &ticket.StatusInput{Status: ticket.OnHold, Reason: reason}); err != nil {
			return err
		}
		return x.note(holdZH[reason])
	}
}

// move hands the ticket to another team, whose member goes on with it.
func (x *tale) move(team string) func() error {
	return func() error {
		err := x.act("", "transfer", &ticket.TransferInput{Place: ticket.Place{Team: x.teams[team]}, Reason: one(x.rng, moveZH)})
		x.team = team
		x.pickAgent()
		return err
	}
}

func (x *tale) snooze(until clock.Time) func() error {
	return func() error { return x.act("", "snooze", &ticket.SnoozeInput{Until: &until}) }
}

// tidy is one of the small things that agents do to a ticket on the way.
func (x *tale) tidy() error {
	switch x.rng.IntN(6) {
	case 0:
		return x.act("", "priority", &ticket.PriorityInput{Priority: ticket.High})
	case 1:
		return x.act("", "tags", &ticket.TagsInput{Add: []string{one(x.rng, []string{"回访", "加急", "批次问题", "老客户", "follow-up"})}})
	case 2:
		return x.act("", "watch", &ticket.WatchInput{On: true})
	case 3:
		return x.act("", "collaborator", &ticket.PeopleInput{Add: []id.ID{x.colleague().ID}})
	case 4:
		if x.topic.typ != "repair" {
			return nil
		}
		day := x.clock.Now().Add(time.Duration(24+x.rng.IntN(72)) * time.Hour).Std().Format("2006-01-02")
		return x.act("", "fields", &ticket.FieldsInput{Fields: map[string]any{"visit_date": day, "visit_address": "演示路 " + fmt.Sprint(1+x.rng.IntN(200)) + " 号"}})
	}
	if !x.front() {
		return nil
	}
	return x.act("lead@demo.example", "watch", &ticket.WatchInput{On: true})
}

// front says whether the ticket is with the service centre, which the lead heads.
func (x *tale) front() bool { return x.team != "repair" && x.team != "shop" && x.team != "logistics" }
