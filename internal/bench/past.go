package bench

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// planned is what must be decided in the order of time.
type planned struct {
	index  int
	at     clock.Time
	kind   *kind
	number string
}

// kind is a ticket type with what its tickets have.
type kind struct {
	typ        string
	share      int
	categories []id.ID
	fields     func(r *rand.Rand) map[string]any
}

var models = []string{"BCD-520WK", "BCD-402WP", "XQG100-14B", "KFR-35GW", "JSQ30-16T", "YL-R10", "WQP12-S6", "65U7"}

func kinds(categories []id.ID) []*kind {
	model := func(r *rand.Rand) string { return models[r.IntN(len(models))] }
	order := func(r *rand.Rand) string { return fmt.Sprintf("YL%012d", r.Int64N(1_000_000_000_000)) }
	return []*kind{
		{"enquiry", 40, categories, func(r *rand.Rand) map[string]any {
			if r.IntN(2) == 0 {
				return map[string]any{"order_no": order(r)}
			}
			return nil
		}},
		{"repair", 28, categories, func(r *rand.Rand) map[string]any {
			f := map[string]any{"product_model": model(r)}
			if r.IntN(3) == 0 {
				f["fault_code"] = []string{"E4", "E1", "F2", "E5-0032"}[r.IntN(4)]
			}
			if r.IntN(3) == 0 {
				f["serial_no"] = fmt.Sprintf("SN%010d", r.Int64N(10_000_000_000))
			}
			return f
		}},
		{"return", 18, categories, func(r *rand.Rand) map[string]any {
			return map[string]any{"order_no": order(r), "return_reason": "quality"}
		}},
		{"complaint", 10, categories, func(r *rand.Rand) map[string]any { return map[string]any{"product_model": model(r)} }},
		{"suggestion", 3, categories, func(*rand.Rand) map[string]any { return nil }},
		{"praise", 1, categories, func(*rand.Rand) map[string]any { return nil }},
	}
}

var (
	channels = []string{"chat", "chat", "wechat", "wechat", "phone", "email", "web", "api"}
	tagWords = []string{"加急", "回访", "老客户", "批次", "vip", "follow-up", "b2b", "换货", "安装", "发票"}
	codes    = []string{"answered", "repaired", "replaced", "refunded", "guided"}
)

// maker makes tickets with their past; each goroutine has its own.
type maker struct {
	*seeding
	r *rand.Rand
	w *writer
}

// past makes one ticket: it comes, somebody takes it, words go to and fro, it is
// solved and closed. A few of the newest stand still somewhere on that way.
func (m *maker) past(p planned) ticket.Past {
	r := m.r
	zh := r.IntN(100) < 70
	who := m.customerOf(r, p.index)
	place := m.places[r.IntN(len(m.places))]
	agent := place.agents[r.IntN(len(place.agents))]
	t := &ticket.Ticket{
		Tenant: m.tenant, ID: idAt(p.at, p.index), Number: p.number, Status: ticket.New, Priority: priorities[r.IntN(len(priorities))], Type: p.kind.typ,
		Category: p.kind.categories[r.IntN(len(p.kind.categories))], Channel: channels[r.IntN(len(channels))], Language: "zh-CN",
		Requester: who, CreatorKind: string(staff.KindSystem), Team: place.team, Department: place.department,
		Fields: p.kind.fields(r), CreatedAt: p.at,
	}
	if !zh {
		t.Language = "en"
	}
	if r.IntN(3) == 0 {
		t.Tags = []string{tagWords[r.IntN(len(tagWords))]}
	}
	var also []string
	if m.rare > 0 && p.index%m.rare == m.rare/2 {
		also = []string{RareZH, RareEN}
	}
	if r.IntN(8) == 0 {
		also = append(also, models[r.IntN(len(models))])
	}
	h := &history{maker: m, zh: zh, at: p.at, seq: p.index}
	h.Ticket, h.Requester = t, customerName(m.indexOf(who))
	body := h.words(9, also...)
	t.Subject = excerpt(body, 30)

	h.event(staff.KindSystem, 0, ticket.EventCreated, ticket.EventData{Changes: []ticket.FieldChange{
		{Field: "type", To: t.Type}, {Field: "priority", To: t.Priority}, {Field: "channel", To: t.Channel},
		{Field: "category", To: t.Category}, {Field: "team", To: t.Team}, {Field: "department", To: t.Department}}})
	h.say(ticket.FromCustomer, staff.KindSystem, 0, body)

	steps, asks := 5, r.IntN(100) < 45 // a little more than half are solved with the first answer
	if newest := float64(p.index) / float64(m.total); newest > 0.85 && r.IntN(100) < 20 {
		steps, asks = r.IntN(5), true // 3 % of all stand still
	}
	if steps > 0 {
		h.wait(2*time.Minute, 4*time.Hour)
		h.claim(agent)
	}
	if steps > 1 && asks {
		h.wait(time.Minute, time.Hour)
		h.say(ticket.Reply, staff.KindStaff, agent, h.words(7))
		h.move(staff.KindStaff, agent, ticket.Pending)
	}
	if steps > 2 && asks {
		h.wait(5*time.Minute, 20*time.Hour)
		h.say(ticket.FromCustomer, staff.KindSystem, 0, h.words(4))
		h.move(staff.KindSystem, 0, ticket.Open)
	}
	if steps == 4 && r.IntN(2) == 0 {
		h.wait(time.Minute, time.Hour)
		t.HoldReason = "part"
		h.move(staff.KindStaff, agent, ticket.OnHold)
	}
	if steps == 5 {
		h.finish(agent)
	} else if t.Status == ticket.Open && r.IntN(5) == 0 {
		h.wait(time.Minute, time.Hour)
		t.SnoozedUntil = m.now.Add(time.Duration(1+r.IntN(14*24)) * time.Hour)
		h.event(staff.KindStaff, agent, ticket.EventSnooze, ticket.EventData{Changes: []ticket.FieldChange{{Field: "snoozed_until", From: clock.Time(0), To: t.SnoozedUntil}}})
	}
	t.UpdatedAt = h.at
	return h.Past
}

// finish solves and closes, or cancels, as far as there was time for it.
func (h *history) finish(agent id.ID) {
	t := h.Ticket
	h.wait(10*time.Minute, 30*time.Hour)
	if h.over() {
		return
	}
	if h.r.IntN(100) < 3 {
		t.CancelReason = "withdrawn"
		h.move(staff.KindStaff, agent, ticket.Cancelled)
		return
	}
	t.Resolution = &ticket.Resolution{Code: codes[h.r.IntN(len(codes))], Cause: "other", Responsible: "none"}
	h.say(ticket.Reply, staff.KindStaff, agent, h.words(7))
	h.move(staff.KindStaff, agent, ticket.Solved)
	if closing := h.at.Add(72 * time.Hour); closing < h.now {
		h.at = closing
		h.move(staff.KindSystem, 0, ticket.Closed)
		h.Events[len(h.Events)-1].Cause = "timer"
	}
}

var priorities = []ticket.Priority{ticket.Low, ticket.Normal, ticket.Normal, ticket.Normal, ticket.Normal, ticket.Normal, ticket.High, ticket.Normal, ticket.Normal, ticket.Urgent}

// history is a ticket whose past is being written.
type history struct {
	*maker
	ticket.Past
	zh  bool
	at  clock.Time
	seq int
}

// wait lets time pass, but never past the present.
func (h *history) wait(from, to time.Duration) {
	f := h.r.Float64()
	if next := h.at.Add(from + time.Duration(f*f*float64(to-from))); next < h.now {
		h.at = next
	}
}

// over says that the story has come to the present.
func (h *history) over() bool { return h.now.Sub(h.at) < time.Minute }

func (h *history) words(n int, also ...string) string {
	n += h.r.IntN(n)
	if !h.zh {
		n = n * 3 / 2
	}
	return h.w.text(h.zh, n, also...)
}

func (h *history) event(kind staff.Kind, actor id.ID, name string, data ticket.EventData) {
	t := h.Ticket
	t.Version++
	h.Events = append(h.Events, ticket.Event{Tenant: t.Tenant, Ticket: t.ID, Seq: t.Version, At: h.at, ActorKind: string(kind), Actor: actor, Name: name, Data: data})
}

func (h *history) say(kind ticket.MessageKind, actorKind staff.Kind, actor id.ID, words string) {
	t := h.Ticket
	h.seq++
	m := &ticket.Message{ID: idAt(h.at, h.seq), Ticket: t.ID, Seq: t.Version + 1, Kind: kind, AuthorKind: string(actorKind), Author: actor,
		Channel: t.Channel, Text: words, CreatedAt: h.at}
	if kind == ticket.FromCustomer {
		m.AuthorKind, m.Author = string(staff.KindCustomer), t.Requester
	} else {
		m.UndoUntil = h.at.Add(10 * time.Second)
		if t.FirstReplied == 0 {
			t.FirstReplied = h.at
		}
	}
	h.event(actorKind, actor, ticket.EventMessage, ticket.EventData{Message: m.ID, Kind: string(kind)})
	h.Messages = append(h.Messages, m)
	t.MessageCount++
	t.LastMessage = &ticket.LastMessage{Kind: string(kind), Excerpt: excerpt(words, 120), At: h.at, FromCustomer: kind == ticket.FromCustomer}
}

func (h *history) claim(agent id.ID) {
	h.Ticket.Assignee = agent
	h.event(staff.KindStaff, agent, ticket.EventAssign, ticket.EventData{Kind: "claim", Changes: []ticket.FieldChange{{Field: "assignee", From: id.ID(0), To: agent}}})
	h.move(staff.KindStaff, agent, ticket.Open)
}

func (h *history) move(kind staff.Kind, actor id.ID, to ticket.Status) {
	t := h.Ticket
	changes := []ticket.FieldChange{{Field: "status", From: t.Status, To: to}}
	switch to {
	case ticket.OnHold:
		changes = append(changes, ticket.FieldChange{Field: "hold_reason", To: t.HoldReason})
	case ticket.Cancelled:
		changes = append(changes, ticket.FieldChange{Field: "cancel_reason", To: t.CancelReason})
	case ticket.Solved:
		t.SolvedAt = h.at
		changes = append(changes, ticket.FieldChange{Field: "resolution", To: t.Resolution.Code})
	case ticket.Closed:
		t.ClosedAt = h.at
	}
	t.Status = to
	h.event(kind, actor, ticket.EventStatus, ticket.EventData{Changes: changes})
}

// node is the number in the ids of what was seeded: no running process has it,
// and its moments are past.
const node = id.Nodes - 2

func idAt(at clock.Time, seq int) id.ID { return id.At(int64(at)) + id.ID(node<<12|seq&4095) }

func excerpt(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:n-1])) + "…"
}
