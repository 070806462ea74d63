package exchange

import (
	"context"
	"slices"
	"strings"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

var priorityWords = map[string]ticket.Priority{"low": ticket.Low, "低": ticket.Low, "normal": ticket.Normal, "medium": ticket.Normal, "普通": ticket.Normal, "中": ticket.Normal, "一般": ticket.Normal,
	"high": ticket.High, "高": ticket.High, "urgent": ticket.Urgent, "紧急": ticket.Urgent, "critical": ticket.Urgent}

var statusWords = map[string]ticket.Status{"new": ticket.New, "待受理": ticket.New, "新建": ticket.New, "open": ticket.Open, "处理中": ticket.Open, "进行中": ticket.Open, "in progress": ticket.Open,
	"pending": ticket.Pending, "pending customer": ticket.Pending, "待客户反馈": ticket.Pending, "待反馈": ticket.Pending, "on_hold": ticket.OnHold, "on hold": ticket.OnHold, "hold": ticket.OnHold, "挂起": ticket.OnHold,
	"solved": ticket.Solved, "resolved": ticket.Solved, "已解决": ticket.Solved, "closed": ticket.Closed, "done": ticket.Closed, "已关闭": ticket.Closed, "已完成": ticket.Closed, "完成": ticket.Closed, "已结案": ticket.Closed,
	"cancelled": ticket.Cancelled, "canceled": ticket.Cancelled, "已撤销": ticket.Cancelled, "已取消": ticket.Cancelled}

// stamps are how moments are written in tables.
var stamps = []string{"2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly, "2006/1/2 15:04:05", "2006/1/2 15:04", "2006/1/2", "2006-1-2 15:04:05", "2006-1-2 15:04", "2006-1-2",
	"2006年1月2日 15:04:05", "2006年1月2日 15:04", "2006年1月2日", "2006.1.2 15:04", "2006.1.2", "20060102150405", "20060102", "2006-01-02T15:04:05", "2006-01-02 15:04:05.999", "Jan 2, 2006 15:04", "Jan 2, 2006", "2 Jan 2006 15:04", "2 Jan 2006"}

var (
	monthFirst = []string{"1/2/2006 15:04:05", "1/2/2006 15:04", "1/2/2006 3:04 PM", "1/2/2006"}
	dayFirst   = []string{"2/1/2006 15:04:05", "2/1/2006 15:04", "2/1/2006", "2.1.2006 15:04", "2.1.2006"}
)

func parseMoment(s string, zone *time.Location, days bool) (clock.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return clock.From(t), true
	}
	local := monthFirst
	if days {
		local = dayFirst
	}
	for _, layout := range append(slices.Clip(stamps), local...) {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return clock.From(t), true
		}
	}
	return 0, false
}

// properties are what a row says of a ticket, whether it comes or is here.
type properties struct {
	typ            string
	category       id.ID
	priority       ticket.Priority
	assignee, team id.ID
	tags           []string
	fields         map[string]any
}

// wrong notes what a column of a row should not say.
type wrong func(field, code, format string, args ...any)

func (p *planner) properties(v map[string]string, wrong wrong) properties {
	x := properties{fields: map[string]any{}}
	if s := v["tags"]; s != "" {
		x.tags = tagsOf(s)
	}
	if s := v["type"]; s != "" {
		i := slices.IndexFunc(p.catalog.Types(), func(t form.Type) bool { return named(t.Name, t.Key, s) })
		if i < 0 {
			wrong("type", "unknown", "there is no ticket type %q", s)
		} else {
			x.typ = p.catalog.Types()[i].Key
		}
	}
	if s := v["category"]; s != "" {
		if x.category = p.category(s); x.category == 0 {
			wrong("category", "unknown", "there is no category %q", s)
		}
	}
	if s := v["priority"]; s != "" {
		var ok bool
		if x.priority, ok = priorityWords[strings.ToLower(s)]; !ok {
			wrong("priority", "choice", "%q is not a priority", s)
		}
	}
	if s := v["assignee"]; s != "" {
		if x.assignee = p.person(s); x.assignee == 0 {
			wrong("assignee", "unknown", "there is no active person %q", s)
		}
	}
	if s := v["team"]; s != "" {
		i := slices.IndexFunc(p.dir.Teams(), func(t *staff.Team) bool { return strings.EqualFold(t.Name, s) && !t.Retired })
		if i < 0 {
			wrong("team", "unknown", "there is no team %q", s)
		} else {
			x.team = p.dir.Teams()[i].ID
		}
	}
	for key, s := range v {
		if key, ok := strings.CutPrefix(key, "field:"); ok && s != "" {
			f, _ := p.catalog.Field(key)
			if x.fields[key] = f.Cell(s); f.Kind == form.Person {
				if u := p.person(s); u != 0 {
					x.fields[key] = u.String()
				}
			}
		}
	}
	return x
}

// new is a ticket that a row describes.
func (x properties) new(v map[string]string) ticket.NewTicket {
	n := ticket.NewTicket{Channel: "import", Kind: ticket.FromCustomer, Subject: v["subject"], Body: v["body"], Language: v["language"],
		Requester: customer.Contact{Name: v["requester_name"], Email: v["requester_email"], Phone: v["requester_phone"], Attach: true},
		Type:      x.typ, Category: x.category, Priority: x.priority, Tags: x.tags, Fields: x.fields, Assignee: x.assignee, Team: x.team}
	if s := v["channel"]; s != "" {
		n.Channel = s
	}
	return n
}

// patch changes a ticket that is here to what a row says.
func (x properties) patch(subject string) ticket.PatchBody {
	b := ticket.PatchBody{}
	if subject != "" {
		b.Subject = &subject
	}
	if x.typ != "" {
		b.Type = &x.typ
	}
	if x.priority != 0 {
		b.Priority = &x.priority
	}
	if x.category != 0 {
		b.Category = web.Maybe[id.ID]{Set: true, Value: x.category}
	}
	if x.tags != nil {
		b.Tags = &x.tags
	}
	if len(x.fields) > 0 {
		b.Fields = x.fields
	}
	return b
}

// code finds a code of a list by its name or key.
func (p *planner) code(list, s string) string {
	for _, c := range p.catalog.Codes(list) {
		if named(c.Name, c.Key, s) {
			return c.Key
		}
	}
	return ""
}

func (p *planner) ticket(ctx context.Context, v map[string]string) (*plan, error) {
	var bad fault.List
	wrong := func(field, code, format string, args ...any) {
		bad = append(bad, fault.Bad(field, code, format, args...))
	}
	x := p.properties(v, wrong)
	n := x.new(v)
	n.Origin, n.Cause = &ticket.Origin{}, ticket.CauseImport
	if s := v["status"]; s != "" {
		var ok bool
		if n.Origin.Status, ok = statusWords[strings.ToLower(s)]; !ok {
			wrong("status", "choice", "%q is not a status", s)
		}
	}
	for field, into := range map[string]*clock.Time{"created_at": &n.Origin.CreatedAt, "ended_at": &n.Origin.EndedAt} {
		if s := v[field]; s != "" {
			var ok bool
			if *into, ok = parseMoment(s, p.zone, p.o.DayFirst); !ok {
				wrong(field, "date", "%q is not a time such as 2026-11-21 12:30", s)
			}
		}
	}
	if s := v["code"]; s != "" {
		list := map[ticket.Status]string{ticket.OnHold: form.HoldReasons, ticket.Cancelled: form.CancelReasons}[n.Origin.Status]
		if list == "" {
			list = form.ResolutionCodes
		}
		if n.Origin.Code = p.code(list, s); n.Origin.Code == "" {
			wrong("code", "unknown", "there is no result %q", s)
		}
	}
	ref := v["ref"]
	if len(ref) > 200 {
		wrong("ref", "too_long", "a number has at most 200 bytes")
	}
	out := &plan{act: created}
	if ref != "" && len(bad) == 0 {
		known, err := p.m.Desk.Brought(ctx, p.m.DB, p.a.Tenant, p.source, ref)
		if err != nil {
			return nil, err
		}
		if known != 0 && p.o.Duplicates != Create {
			out.act, out.object = skipped, known
			if p.o.Duplicates == Skip {
				return out, nil
			}
			old, err := p.m.Desk.Get(ctx, p.a, known)
			if err != nil {
				return nil, err
			}
			out.match = old.Number
			return out, p.change(ctx, out, ticket.Row{Patch: x.patch(v["subject"])})
		}
	}
	return out, p.birth(ctx, out, n, ref, bad)
}

// birth plans a new ticket.
func (p *planner) birth(ctx context.Context, out *plan, n ticket.NewTicket, ref string, bad fault.List) error {
	if n.Requester.Name == "" && n.Requester.Email == "" && n.Requester.Phone == "" {
		bad = append(bad, fault.Bad("requester_name", "required", "the row names no customer"))
	}
	if err := bad.Err(); err != nil {
		return err
	}
	if p.dry {
		_, err := p.m.Desk.Try(ctx, p.a, n)
		return err
	}
	draft, err := p.m.Desk.Prepare(ctx, p.a, n)
	if err != nil {
		return err
	}
	out.object = draft.ID()
	out.do = func(ctx context.Context) error {
		return p.m.Desk.Bring(ctx, draft, p.source, ref, p.o.Duplicates == Create, &out.version)
	}
	return nil
}

// change plans what a row does to a ticket that is here. A row that would
// change nothing is skipped.
func (p *planner) change(ctx context.Context, out *plan, r ticket.Row) error {
	became := func(t ticket.Trace) {
		out.act, out.said, out.before = updated, t.Reply != 0, t
		if t.None() {
			out.act, out.before = skipped, nil
		}
	}
	if p.dry {
		t, err := p.m.Desk.TryRow(ctx, p.a, out.object, r)
		became(t)
		return err
	}
	out.do = func(ctx context.Context) error {
		return p.m.Desk.ApplyRow(ctx, p.a, out.object, r, became)
	}
	return nil
}

func named(n form.Name, key, s string) bool {
	return strings.EqualFold(key, s) || n.ZH == s || strings.EqualFold(n.EN, s)
}

// category finds one by its name, or by the names from the top with / between.
func (p *planner) category(s string) id.ID {
	var found id.ID
	for _, c := range p.catalog.Categories() {
		if c.Retired {
			continue
		}
		zh, en := &words{locale: "zh-CN", catalog: p.catalog}, &words{locale: "en", catalog: p.catalog}
		if normal(zh.path(c.ID)) == normal(s) || normal(en.path(c.ID)) == normal(s) || normal(strings.ReplaceAll(zh.path(c.ID), " / ", "/")) == normal(s) {
			return c.ID
		}
		if named(c.Name, "", s) {
			found = c.ID
		}
	}
	return found
}

func (p *planner) person(s string) id.ID {
	if u, ok := p.dir.UserByEmail(s); ok && u.Active {
		return u.ID
	}
	var found id.ID
	for _, u := range p.dir.Users() {
		if u.Name == s && u.Active {
			if found != 0 {
				return 0 // two of that name: the address says which
			}
			found = u.ID
		}
	}
	return found
}
