package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// What is done about a row whose person, company or ticket is here already.
const (
	Skip   = "skip"
	Update = "update"
	Create = "create"
)

// What becomes of a row.
const (
	created = "created"
	updated = "updated"
	skipped = "skipped"
	failed  = "failed"
)

// plan is what a row will do.
type plan struct {
	act    string
	match  string // who or what is here already
	object id.ID
	// do carries it out. The first transaction of the context is that of the
	// effect: the item is written there. It gives the version that came of it.
	do func(ctx context.Context) (version int64, err error)
	// before is how the object stood, for undoing an update.
	before any
	keys   []string // by which the table itself may name the same again
}

// planner turns rows into plans, for one import.
type planner struct {
	m       *Room
	a       *staff.Actor
	catalog *form.Catalog
	dir     *staff.Directory
	zone    *time.Location
	source  string // of the refs of tickets
	o       Options
	dry     bool
}

// Options steer an import.
type Options struct {
	Duplicates string `json:"duplicates"`       // skip, update, create
	Source     string `json:"source,omitempty"` // tickets: whose numbers stand in ref; default the file's name
	DayFirst   bool   `json:"day_first,omitempty"`
}

func (p *planner) plan(ctx context.Context, what string, v map[string]string) (*plan, error) {
	switch what {
	case Customers:
		return p.customer(ctx, v)
	case Companies:
		return p.company(ctx, v)
	}
	return p.ticket(ctx, v)
}

var separators = func(r rune) bool { return strings.ContainsRune(";；、|\n", r) }

func several(s string) []string {
	var out []string
	for _, x := range strings.FieldsFunc(s, separators) {
		if x = strings.TrimSpace(x); x != "" && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func tagsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",，", r) || separators(r) })
}

func tierOf(s string) string {
	for _, t := range customer.Tiers() {
		if strings.EqualFold(s, t.Key) || s == t.ZH || strings.EqualFold(s, t.EN) {
			return t.Key
		}
	}
	switch strings.ToLower(s) {
	case "vip", "贵宾":
		return "vip"
	case "重要", "important":
		return "important"
	case "普通", "normal", "一般":
		return customer.TierNormal
	}
	return strings.ToLower(s)
}

func ptr[T any](v T) *T { return &v }

func (p *planner) customer(ctx context.Context, v map[string]string) (*plan, error) {
	m, a := p.m, p.a
	var addresses []customer.NewIdentity
	fields := map[string]string{}
	for _, x := range [][2]string{{"phone", customer.KindPhone}, {"email", customer.KindEmail}, {"wechat", "wechat"}, {"external", "external"}} {
		for _, s := range several(v[x[0]]) {
			addresses = append(addresses, customer.NewIdentity{Kind: x[1], Value: s})
			fields[x[1]] = x[0]
		}
	}
	c := customer.Change{}
	if s := v["name"]; s != "" {
		c.Name = &s
	}
	if s := v["tier"]; s != "" {
		c.Tier = ptr(tierOf(s))
	}
	if s := v["tags"]; s != "" {
		c.Tags = ptr(tagsOf(s))
	}
	if s := v["note"]; s != "" {
		c.Note = &s
	}
	if s := v["language"]; s != "" {
		c.Language = &s
	}
	var bad fault.List
	if s := v["company"]; s != "" {
		company, err := p.companyNamed(ctx, s)
		if err != nil {
			return nil, err
		}
		if company == nil {
			bad = append(bad, fault.Bad("company", "unknown", "there is no company %q: import the companies first", s))
		} else {
			c.Company = &company.ID
		}
	}
	if c.Name == nil && len(addresses) == 0 {
		bad = append(bad, fault.Bad("name", "required", "a customer needs a name or an address"))
	}
	var known *customer.Customer
	var fresh []customer.NewIdentity
	for _, x := range addresses {
		owner, err := m.Customers.Lookup(ctx, m.DB, a.Tenant, x.Kind, x.Value)
		if f := (*fault.Error)(nil); errors.As(err, &f) && f.Kind == fault.Invalid {
			bad = append(bad, &fault.Error{Kind: f.Kind, Code: f.Code, Field: fields[x.Kind], Message: f.Message})
			continue
		} else if err != nil {
			return nil, err
		}
		switch {
		case owner == nil:
			fresh = append(fresh, x)
		case known != nil && known.ID != owner.ID:
			bad = append(bad, fault.Bad(fields[x.Kind], "several", "the addresses of this row belong to different customers: %s and %s", known.Name, owner.Name))
		default:
			known = owner
		}
	}
	if err := c.Check(); err != nil {
		bad = append(bad, faults(err)...)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	out := &plan{act: created, keys: keysOf(addresses)}
	if known != nil {
		out.match, out.object = known.Name, known.ID
		switch p.o.Duplicates {
		case Skip:
			out.act = skipped
			return out, nil
		case Create:
			return nil, fault.New(fault.Conflict, "identity.taken", "an address of this row belongs to %s: one address is one customer's", known.Name)
		}
		if err := m.Customers.May(ctx, m.DB, a, customer.Update, known.ID); err != nil {
			return nil, err
		}
		out.act = updated
		old, err := m.Customers.Get(ctx, m.DB, a.Tenant, known.ID)
		if err != nil {
			return nil, err
		}
		out.before = customer.Change{Name: &old.Name, Tier: &old.Tier, Company: &old.Company, Tags: &old.Tags, Note: &old.Note, Language: &old.Language, Version: old.Version}
		out.do = func(ctx context.Context) (int64, error) {
			quiet := db.WithoutTxHook(ctx)
			for _, x := range fresh {
				_, err := m.Customers.AddIdentity(quiet, a, known.ID, x)
				if f := (*fault.Error)(nil); errors.As(err, &f) && f.Code == "duplicate" {
					continue // of a run before this one was stopped
				} else if err != nil {
					return 0, err
				}
			}
			c, err := m.Customers.Update(ctx, a, known.ID, c)
			if err != nil {
				return 0, err
			}
			return c.Version, nil
		}
		return out, nil
	}
	c.ID = m.IDs.Next()
	out.object = c.ID
	out.do = func(ctx context.Context) (int64, error) {
		made, err := m.Customers.Create(ctx, a, c, addresses)
		if err != nil {
			return 0, err
		}
		return made.Version, nil
	}
	return out, nil
}

func keysOf(addresses []customer.NewIdentity) []string {
	var out []string
	for _, x := range addresses {
		out = append(out, x.Kind+":"+strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(x.Value)))
	}
	return out
}

// companyNamed finds a company by its whole name.
func (p *planner) companyNamed(ctx context.Context, s string) (*customer.CompanyJSON, error) {
	list, _, err := p.m.Customers.CompanyRows(ctx, p.a, customer.Query{Q: s, Limit: 50})
	if f := (*fault.Error)(nil); errors.As(err, &f) && f.Kind == fault.Invalid {
		return nil, nil
	}
	for i := range list {
		if normal(list[i].Name) == normal(s) {
			return &list[i], err
		}
	}
	return nil, err
}

func (p *planner) company(ctx context.Context, v map[string]string) (*plan, error) {
	m, a := p.m, p.a
	c := customer.CompanyChange{}
	if s := v["name"]; s != "" {
		c.Name = &s
	} else {
		return nil, fault.Bad("name", "required", "a company needs a name")
	}
	if s := v["domain"]; s != "" {
		s = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(s), "https://"), "http://"), "www.")
		s, _, _ = strings.Cut(s, "/")
		c.Domains = &[]string{s}
	}
	if s := v["tier"]; s != "" {
		c.Tier = ptr(tierOf(s))
	}
	if s := v["tags"]; s != "" {
		c.Tags = ptr(tagsOf(s))
	}
	if s := v["note"]; s != "" {
		c.Note = &s
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	known, err := p.companyNamed(ctx, *c.Name)
	if err != nil {
		return nil, err
	}
	out := &plan{act: created, keys: []string{"company:" + normal(*c.Name)}}
	if known != nil && p.o.Duplicates != Create {
		out.match, out.object, out.act = known.Name, known.ID, skipped
		if p.o.Duplicates == Skip {
			return out, nil
		}
		out.act = updated
		out.before = customer.CompanyChange{Name: &known.Name, Tier: &known.Tier, Tags: &known.Tags, Note: &known.Note, Version: known.Version}
		out.do = func(ctx context.Context) (int64, error) {
			x, err := m.Customers.UpdateCompany(ctx, a, known.ID, c)
			if err != nil {
				return 0, err
			}
			return x.Version, nil
		}
		return out, nil
	}
	c.ID = m.IDs.Next()
	out.object = c.ID
	out.do = func(ctx context.Context) (int64, error) {
		x, err := m.Customers.CreateCompany(ctx, a, c)
		if err != nil {
			return 0, err
		}
		return x.Version, nil
	}
	return out, nil
}

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

func (p *planner) ticket(ctx context.Context, v map[string]string) (*plan, error) {
	n := ticket.NewTicket{Channel: "import", Kind: ticket.FromCustomer, Origin: &ticket.Origin{}, Fields: map[string]any{},
		Subject: v["subject"], Body: v["body"], Language: v["language"], Cause: ticket.CauseImport,
		Requester: customer.Contact{Name: v["requester_name"], Email: v["requester_email"], Phone: v["requester_phone"], Attach: true}}
	var bad fault.List
	wrong := func(field, code, format string, args ...any) {
		bad = append(bad, fault.Bad(field, code, format, args...))
	}
	if s := v["channel"]; s != "" {
		n.Channel = s
	}
	if s := v["tags"]; s != "" {
		n.Tags = tagsOf(s)
	}
	if s := v["type"]; s != "" {
		i := slices.IndexFunc(p.catalog.Types(), func(t form.Type) bool { return named(t.Name, t.Key, s) })
		if i < 0 {
			wrong("type", "unknown", "there is no ticket type %q", s)
		} else {
			n.Type = p.catalog.Types()[i].Key
		}
	}
	if s := v["category"]; s != "" {
		if n.Category = p.category(s); n.Category == 0 {
			wrong("category", "unknown", "there is no category %q", s)
		}
	}
	if s := v["priority"]; s != "" {
		var ok bool
		if n.Priority, ok = priorityWords[strings.ToLower(s)]; !ok {
			wrong("priority", "choice", "%q is not a priority", s)
		}
	}
	if s := v["status"]; s != "" {
		var ok bool
		if n.Origin.Status, ok = statusWords[strings.ToLower(s)]; !ok {
			wrong("status", "choice", "%q is not a status", s)
		}
	}
	if s := v["assignee"]; s != "" {
		if n.Assignee = p.person(s); n.Assignee == 0 {
			wrong("assignee", "unknown", "there is no active person %q", s)
		}
	}
	if s := v["team"]; s != "" {
		i := slices.IndexFunc(p.dir.Teams(), func(t *staff.Team) bool { return strings.EqualFold(t.Name, s) && !t.Retired })
		if i < 0 {
			wrong("team", "unknown", "there is no team %q", s)
		} else {
			n.Team = p.dir.Teams()[i].ID
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
		lists := map[ticket.Status][]string{ticket.OnHold: {form.HoldReasons}, ticket.Cancelled: {form.CancelReasons}}[n.Origin.Status]
		if lists == nil {
			lists = []string{form.ResolutionCodes}
		}
		for _, c := range p.catalog.Codes(lists[0]) {
			if named(c.Name, c.Key, s) {
				n.Origin.Code = c.Key
			}
		}
		if n.Origin.Code == "" {
			wrong("code", "unknown", "there is no result %q", s)
		}
	}
	for key, s := range v {
		if key, ok := strings.CutPrefix(key, "field:"); ok && s != "" {
			f, _ := p.catalog.Field(key)
			if n.Fields[key] = f.Cell(s); f.Kind == form.Person {
				if u := p.person(s); u != 0 {
					n.Fields[key] = u.String()
				}
			}
		}
	}
	ref := v["ref"]
	if len(ref) > 200 {
		wrong("ref", "too_long", "a number has at most 200 bytes")
	}
	out := &plan{act: created}
	if ref != "" && len(bad) == 0 {
		out.keys = []string{"ref:" + ref}
		known, err := p.m.Desk.Brought(ctx, p.m.DB, p.a.Tenant, p.source, ref)
		if err != nil {
			return nil, err
		}
		if known != 0 && p.o.Duplicates != Create {
			return p.ticketAgain(ctx, out, known, &n)
		}
	}
	if n.Requester.Name == "" && n.Requester.Email == "" && n.Requester.Phone == "" {
		wrong("requester_name", "required", "the row names no customer")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if p.dry {
		_, err := p.m.Desk.Try(ctx, p.a, n)
		return out, err
	}
	draft, err := p.m.Desk.Prepare(ctx, p.a, n)
	if err != nil {
		return nil, err
	}
	out.object = draft.ID()
	out.do = func(ctx context.Context) (int64, error) {
		t, err := p.m.Desk.Bring(ctx, draft, p.source, ref, p.o.Duplicates == Create)
		if err != nil {
			return 0, err
		}
		return t.Version, nil
	}
	return out, nil
}

// ticketAgain is a row whose ticket is here already.
func (p *planner) ticketAgain(ctx context.Context, out *plan, known id.ID, n *ticket.NewTicket) (*plan, error) {
	out.act, out.object = skipped, known
	if p.o.Duplicates == Skip {
		return out, nil
	}
	old, err := p.m.Desk.Get(ctx, p.a, known)
	if err != nil {
		return nil, err
	}
	out.act, out.match = updated, old.Number
	b := ticket.PatchBody{}
	if n.Subject != "" {
		b.Subject = &n.Subject
	}
	if n.Type != "" {
		b.Type = &n.Type
	}
	if n.Priority != 0 {
		b.Priority = &n.Priority
	}
	if n.Category != 0 {
		b.Category = web.Maybe[id.ID]{Set: true, Value: n.Category}
	}
	if n.Tags != nil {
		b.Tags = &n.Tags
	}
	if len(n.Fields) > 0 {
		b.Fields = n.Fields
	}
	out.do = func(ctx context.Context) (int64, error) {
		t, err := p.m.Desk.Patch(ctx, p.a, known, b, 0)
		if err != nil {
			return 0, err
		}
		return t.Version, nil
	}
	return out, nil
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

// faults takes an error of a check apart.
func faults(err error) fault.List {
	var l fault.List
	var f *fault.Error
	switch {
	case errors.As(err, &l):
		return l
	case errors.As(err, &f):
		return fault.List{f}
	}
	return fault.List{{Kind: fault.Internal, Code: "internal", Message: fmt.Sprint(err), Cause: err}}
}
