package demo

import (
	"bytes"
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"zhidan/internal/desk/calendar"
	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/server"
)

// teller tells all stories in the order of time: each has beats, and whichever
// beat of all stories comes next is carried out with the clock at its moment.
// What lies after the present is not told, so that the newest stories are left
// in the middle, as on a real desk.
type teller struct {
	ctx      context.Context
	s        *server.Server
	progress func(float64)
	rng      *rand.Rand
	clock    *clock.Clock
	ids      *id.Source
	start    clock.Time
	now      clock.Time

	forms *form.Cache
	staff *staff.House
	book  *customer.Book
	desk  *ticket.Desk
	sla   *sla.Room
	jobs  *job.Queue

	tenant      id.ID
	system      *staff.Actor
	departments map[string]id.ID
	teams       map[string]id.ID
	crew        map[string][]string // team → addresses of its members
	actors      map[string]*staff.Actor
	firms       map[int]id.ID
	castOf      map[string][]*person // by language
	categories  map[string]id.ID     // by path of Chinese names

	next agenda
	// reminded is which warning or breach of a ticket stands on the agenda.
	reminded map[id.ID]clock.Time
	counter  int
	photo    ticket.File
}

// newTeller wires rooms of its own on the server's store: the same code, with
// a clock and ids of the past. Their queue is never started; what they add to
// it the server finds when it starts.
func newTeller(ctx context.Context, s *server.Server, progress func(float64)) *teller {
	now := clock.From(time.Now())
	c := clock.At(now.Add(-past))
	ids := id.NewSource(node, c.Millis)
	t := &teller{
		ctx: ctx, s: s, ids: ids, progress: progress, rng: rand.New(rand.NewPCG(seed, 1)), clock: c, start: now.Add(-past), now: now,
		departments: map[string]id.ID{}, teams: map[string]id.ID{}, crew: map[string][]string{}, actors: map[string]*staff.Actor{},
		firms: map[int]id.ID{}, castOf: map[string][]*person{}, categories: map[string]id.ID{}, reminded: map[id.ID]clock.Time{},
	}
	t.forms = form.NewCache(form.Config{DB: s.DB, IDs: ids, Clock: c})
	t.staff = staff.New(staff.Config{DB: s.DB, IDs: ids, Clock: c, Log: s.Log,
		Seed: func(ctx context.Context, tx *db.Tx, tenant staff.Tenant) error {
			return t.forms.Seed(ctx, tx, tenant.ID)
		}})
	t.book = customer.New(customer.Config{DB: s.DB, IDs: ids, Clock: c, Vault: s.Vault})
	jobs := job.New_(job.Config{DB: s.DB, IDs: ids, Clock: c, Log: s.Log, Node: "demo"})
	t.jobs = jobs
	t.desk = ticket.NewDesk(ticket.Config{
		DB: s.DB, IDs: ids, Clock: c, Log: s.Log, Vault: s.Vault, Forms: t.forms, Customers: t.book, Staff: t.staff,
		Index: s.Index, Blobs: s.Blobs, Hub: s.Hub, Jobs: jobs, Passes: slices.Clone(s.Desk.Passes),
	})
	// Warnings and breaches of the past are told by this room, at their time.
	t.sla = sla.New(sla.Config{DB: s.DB, IDs: ids, Clock: c, Jobs: jobs, Forms: t.forms, Staff: t.staff, Desk: t.desk,
		Calendars: calendar.NewCache(calendar.Config{DB: s.DB, IDs: ids, Clock: c, Staff: t.staff})})
	for i, p := range t.desk.Passes {
		for _, now := range []ticket.Pass{t.sla.Pass(), t.sla.LastPass()} {
			if p.Name == now.Name {
				t.desk.Passes[i] = now
			}
		}
	}
	return t
}

// beat is one thing that happens in a story, some time after the one before.
type beat struct {
	wait time.Duration
	do   func() error
}

// entry is the next beat of a story.
type entry struct {
	at    clock.Time
	order int
	tale  *tale
}

type agenda []entry

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if a[i].at != a[j].at {
		return a[i].at < a[j].at
	}
	return a[i].order < a[j].order
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(entry)) }
func (a *agenda) Pop() any {
	old := *a
	x := old[len(old)-1]
	*a = old[:len(old)-1]
	return x
}

func (t *teller) schedule(x *tale, at clock.Time) {
	if at > t.now || len(x.beats) == 0 {
		return
	}
	t.counter++
	heap.Push(&t.next, entry{at, t.counter, x})
}

// tell runs all stories to the present.
func (t *teller) tell() error {
	catalog, err := t.forms.Get(t.ctx, t.tenant)
	if err != nil {
		return err
	}
	names := map[id.ID]string{}
	for _, c := range catalog.Categories() { // parents before children
		path := c.Name.ZH
		if c.Parent != 0 {
			path = names[c.Parent] + "/" + path
		}
		names[c.ID], t.categories[path] = path, c.ID
	}
	content := panel("E4")
	ref, err := t.s.Blobs.Put(t.ctx, bytes.NewReader(content), ticket.MaxFile)
	if err != nil {
		return err
	}
	t.photo = ticket.File{Name: "面板照片.png", Type: "image/png", SHA256: ref.SHA256, Size: ref.Size}
	t.cast()
	t.plot()
	for told := 0; t.next.Len() > 0; told++ {
		e := heap.Pop(&t.next).(entry)
		t.clock.Set(e.at)
		b := e.tale.beats[0]
		e.tale.beats = e.tale.beats[1:]
		if err := b.do(); err != nil {
			return fmt.Errorf("%s at %s: %w", e.tale.topic.key, e.at, err)
		}
		if len(e.tale.beats) > 0 {
			t.schedule(e.tale, e.at.Add(e.tale.beats[0].wait))
		}
		if err := t.remind(e.tale); err != nil {
			return err
		}
		if t.progress != nil && told%100 == 0 {
			t.progress(float64(e.at-t.start) / float64(t.now-t.start))
		}
	}
	if t.progress != nil {
		t.progress(1)
	}
	return t.ctx.Err()
}

// remind puts the next warning or breach of a story's ticket on the agenda.
func (t *teller) remind(x *tale) error {
	if x.ticket == 0 {
		return nil
	}
	at, err := t.sla.Next(t.ctx, t.tenant, x.ticket)
	if err != nil || at == 0 || at == t.reminded[x.ticket] {
		return err
	}
	t.reminded[x.ticket] = at
	t.schedule(&tale{teller: t, topic: x.topic, ticket: x.ticket, beats: []beat{{do: func() error { return t.sla.Tell(t.ctx, t.tenant, x.ticket) }}}}, at)
	return nil
}

// tale is the story of one ticket.
type tale struct {
	*teller
	rng     *rand.Rand
	topic   *topic
	who     *person
	team    string
	agent   *staff.Actor
	channel string
	slots   map[string]string
	fields  map[string]any
	ticket  id.ID
	last    id.ID // the newest message of the customer
	beats   []beat
}

// new begins a story; nothing of it has happened yet.
func (t *teller) new(topic *topic, who *person) *tale {
	x := &tale{teller: t, topic: topic, who: who, team: topic.place, rng: rand.New(rand.NewPCG(seed, t.rng.Uint64()))}
	x.pickAgent()
	channels := []string{"web", "web", "chat", "chat", "wechat", "wechat", "phone", "phone"}
	if who.lang == "en" {
		channels = []string{"email", "email", "email", "web", "chat", "api"}
	} else if who.email != "" {
		channels = append(channels, "email", "email")
	}
	x.channel = one(x.rng, channels)
	model := one(x.rng, topic.models)
	months := 1 + x.rng.IntN(22)
	amount := []int{50, 68, 99, 129, 199, 260, 349, 520, 899, 1299}[x.rng.IntN(10)]
	order := fmt.Sprintf("YL2026%02d%02d%06d", 1+x.rng.IntN(11), 1+x.rng.IntN(28), x.rng.IntN(1_000_000))
	serial := fmt.Sprintf("SN26%010d", x.rng.Int64N(10_000_000_000))
	x.slots = map[string]string{"model": model, "days": fmt.Sprint(months), "amount": fmt.Sprint(amount), "order": order, "sn": serial,
		"city": who.city, "name": who.name, "code": topic.code}
	x.fields = map[string]any{}
	switch topic.typ {
	case "repair":
		x.fields["product_model"] = model
		x.fields["warranty"] = "in"
		if months > 12 {
			x.fields["warranty"] = "out"
		}
		if x.rng.IntN(2) == 0 {
			x.fields["serial_no"] = serial
		}
		if topic.code != "" {
			x.fields["fault_code"] = topic.code
		}
		if topic.safety {
			x.fields["safety"] = true
		}
		if who.region != "" {
			x.fields["region"] = region(who)
		}
	case "return":
		x.fields["order_no"], x.fields["product_model"] = order, model
		if topic.money {
			x.fields["refund_amount"] = map[string]any{"amount_minor": float64(amount * 100), "currency": "CNY"}
		}
	case "complaint":
		x.fields["product_model"] = model
		if who.region != "" {
			x.fields["region"] = region(who)
		}
	case "enquiry":
		if topic.order {
			x.fields["order_no"] = order
		}
		x.fields["product_model"] = model
	}
	return x
}

func region(p *person) []any {
	var out []any
	for _, s := range strings.Fields(p.region) {
		out = append(out, s)
	}
	return out
}

// pickAgent chooses who acts from now on: a member of the team.
func (x *tale) pickAgent() { x.agent = x.actors[one(x.rng, x.crew[x.team])] }

// colleague is somebody else, to be mentioned.
func (x *tale) colleague() *staff.Actor {
	for _, email := range []string{one(x.rng, x.crew[x.team]), one(x.rng, []string{"admin@demo.example", "lead@demo.example", "lead@demo.example"})} {
		if a := x.actors[email]; a != x.agent {
			return a
		}
	}
	return x.actors["chenjing@demo.example"]
}

// fill puts the story's values into the slots of a text.
func (x *tale) fill(s string, also ...string) string {
	pairs := append([]string{"{agent}", shortName(x.agent.Name)}, also...)
	for k, v := range x.slots {
		pairs = append(pairs, "{"+k+"}", v)
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

func shortName(s string) string {
	first, _, _ := strings.Cut(s, " ")
	return first
}

func (x *tale) say(words []string) string { return x.fill(one(x.rng, words)) }

func (x *tale) zh() bool { return x.topic.lang != "en" }

func (x *tale) words(zh, en []string) []string {
	if x.zh() {
		return zh
	}
	return en
}

func one[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// within is a random time from a to b, more often near a.
func within(r *rand.Rand, a, b time.Duration) time.Duration {
	f := r.Float64()
	return (a + time.Duration(f*f*float64(b-a))).Round(time.Second)
}

// then adds a beat.
func (x *tale) then(from, to time.Duration, do func() error) {
	x.beats = append(x.beats, beat{within(x.rng, from, to), do})
}

// starting puts the story on the agenda.
func (x *tale) starting(at clock.Time) { x.schedule(x, at) }

// maybe says yes in so many of a hundred stories.
func (x *tale) maybe(percent int) bool { return x.rng.IntN(100) < percent }
