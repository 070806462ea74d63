package exchange

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// kind is what the cells of a column are.
type kind byte

const (
	text kind = iota
	number
	moment
)

// column is one column of a table that goes out. Its cells are text, whole
// numbers, or moments in milliseconds (zero: none).
type column[T any] struct {
	key    string
	name   form.Name
	kind   kind
	plain  bool // left out unless asked for
	of     func(w *words, x *T) any
	always bool // cannot be left out
}

// words are what a table is written with: language, names and zone.
type words struct {
	locale  string
	catalog *form.Catalog
	dir     *staff.Directory
	zone    *time.Location
}

func (w *words) pick(n form.Name) string {
	if w.locale == "en" && n.EN != "" || n.ZH == "" {
		return n.EN
	}
	return n.ZH
}

func name(zh, en string) form.Name { return form.Name{ZH: zh, EN: en} }

var statusNames = map[ticket.Status]form.Name{
	ticket.New: name("待受理", "New"), ticket.Open: name("处理中", "Open"), ticket.Pending: name("待客户反馈", "Pending customer"), ticket.OnHold: name("挂起", "On hold"),
	ticket.Solved: name("已解决", "Solved"), ticket.Closed: name("已关闭", "Closed"), ticket.Cancelled: name("已撤销", "Cancelled"),
}

var priorityNames = map[ticket.Priority]form.Name{
	ticket.Urgent: name("紧急", "Urgent"), ticket.High: name("高", "High"), ticket.Normal: name("普通", "Normal"), ticket.Low: name("低", "Low"),
}

var slaNames = map[string]form.Name{
	"none": name("无承诺", "None"), "running": name("计时中", "Running"), "paused": name("已暂停", "Paused"), "breached": name("已超时", "Breached"), "met": name("已达成", "Met"),
}

func at(t clock.Time) any { return int64(t) }

func ref(r *ticket.Ref) any {
	if r == nil {
		return ""
	}
	return r.Name
}

// ticketColumns are those that every tenant has.
var ticketColumns = []column[ticket.JSON]{
	{key: "number", name: name("工单编号", "Number"), always: true, of: func(_ *words, t *ticket.JSON) any { return t.Number }},
	{key: "subject", name: name("标题", "Subject"), of: func(_ *words, t *ticket.JSON) any { return t.Subject }},
	{key: "status", name: name("状态", "Status"), of: func(w *words, t *ticket.JSON) any { return w.pick(statusNames[t.Status]) }},
	{key: "substatus", name: name("子状态", "Sub-status"), plain: true, of: func(w *words, t *ticket.JSON) any {
		s, _ := w.catalog.Substatus(t.Substatus)
		return w.pick(s.Name)
	}},
	{key: "priority", name: name("优先级", "Priority"), of: func(w *words, t *ticket.JSON) any { return w.pick(priorityNames[t.Priority]) }},
	{key: "type", name: name("工单类型", "Type"), of: func(w *words, t *ticket.JSON) any {
		x, ok := w.catalog.Type(t.Type)
		if !ok {
			return t.Type
		}
		return w.pick(x.Name)
	}},
	{key: "category", name: name("业务分类", "Category"), of: func(w *words, t *ticket.JSON) any { return w.path(t.Category) }},
	{key: "requester", name: name("诉求人", "Requester"), of: func(_ *words, t *ticket.JSON) any {
		if t.Requester == nil {
			return ""
		}
		return t.Requester.Name
	}},
	{key: "tier", name: name("客户等级", "Tier"), plain: true, of: func(w *words, t *ticket.JSON) any {
		if t.Requester == nil {
			return ""
		}
		return w.tier(t.Requester.Tier)
	}},
	{key: "company", name: name("企业客户", "Company"), of: func(_ *words, t *ticket.JSON) any { return ref(t.Company) }},
	{key: "assignee", name: name("处理人", "Assignee"), of: func(_ *words, t *ticket.JSON) any { return ref(t.Assignee) }},
	{key: "team", name: name("班组", "Team"), of: func(_ *words, t *ticket.JSON) any { return ref(t.Team) }},
	{key: "department", name: name("部门", "Department"), plain: true, of: func(_ *words, t *ticket.JSON) any { return ref(t.Department) }},
	{key: "channel", name: name("渠道", "Channel"), of: func(_ *words, t *ticket.JSON) any { return t.Channel }},
	{key: "language", name: name("语言", "Language"), plain: true, of: func(_ *words, t *ticket.JSON) any { return t.Language }},
	{key: "tags", name: name("标签", "Tags"), of: func(_ *words, t *ticket.JSON) any { return strings.Join(t.Tags, "; ") }},
	{key: "created_at", name: name("创建时间", "Created"), kind: moment, of: func(_ *words, t *ticket.JSON) any { return at(t.CreatedAt) }},
	{key: "updated_at", name: name("更新时间", "Updated"), kind: moment, of: func(_ *words, t *ticket.JSON) any { return at(t.UpdatedAt) }},
	{key: "first_replied_at", name: name("首次响应时间", "First reply"), kind: moment, of: func(_ *words, t *ticket.JSON) any { return at(t.FirstReplied) }},
	{key: "solved_at", name: name("解决时间", "Solved"), kind: moment, of: func(_ *words, t *ticket.JSON) any { return at(t.SolvedAt) }},
	{key: "closed_at", name: name("关闭时间", "Closed"), kind: moment, plain: true, of: func(_ *words, t *ticket.JSON) any { return at(t.ClosedAt) }},
	{key: "due_at", name: name("到期时间", "Due"), kind: moment, plain: true, of: func(_ *words, t *ticket.JSON) any { return at(t.DueAt) }},
	{key: "sla", name: name("SLA", "SLA"), plain: true, of: func(w *words, t *ticket.JSON) any { return w.pick(slaNames[said(t.SLA)]) }},
	{key: "resolution", name: name("处理结果", "Resolution"), plain: true, of: func(w *words, t *ticket.JSON) any {
		if t.Resolution == nil {
			return ""
		}
		return w.code(form.ResolutionCodes, t.Resolution.Code)
	}},
	{key: "cause", name: name("原因", "Cause"), plain: true, of: func(w *words, t *ticket.JSON) any {
		if t.Resolution == nil {
			return ""
		}
		return w.code(form.Causes, t.Resolution.Cause)
	}},
	{key: "message_count", name: name("消息数", "Messages"), kind: number, plain: true, of: func(_ *words, t *ticket.JSON) any { return int64(t.MessageCount) }},
	{key: "reopen_count", name: name("重开次数", "Reopened"), kind: number, plain: true, of: func(_ *words, t *ticket.JSON) any { return int64(t.ReopenCount) }},
	{key: "repeat_count", name: name("重复进线", "Repeat contacts"), kind: number, plain: true, of: func(_ *words, t *ticket.JSON) any { return int64(t.RepeatCount) }},
	{key: "last_message", name: name("最近一条消息", "Last message"), plain: true, of: func(_ *words, t *ticket.JSON) any {
		if t.LastMessage == nil {
			return ""
		}
		return t.LastMessage.Excerpt
	}},
}

// said is a value as its JSON says it.
func said(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	s := ""
	_ = json.Unmarshal(b, &s)
	return s
}

func (w *words) path(category id.ID) string {
	var parts []string
	for range 16 {
		c, ok := w.catalog.Category(category)
		if !ok {
			break
		}
		parts = append(parts, w.pick(c.Name))
		category = c.Parent
	}
	slices.Reverse(parts)
	return strings.Join(parts, " / ")
}

func (w *words) code(list, key string) string {
	for _, c := range w.catalog.Codes(list) {
		if c.Key == key {
			return w.pick(c.Name)
		}
	}
	return key
}

func (w *words) tier(key string) string {
	for _, t := range customer.Tiers() {
		if t.Key == key {
			return w.pick(form.Name{ZH: t.ZH, EN: t.EN})
		}
	}
	return key
}

// fieldColumn is a custom field of the tenant.
func fieldColumn(f form.Field) column[ticket.JSON] {
	k := text
	if f.Kind == form.Number {
		k = number
	}
	return column[ticket.JSON]{key: "fields." + f.Key, name: f.Name, kind: k, plain: true, of: func(w *words, t *ticket.JSON) any {
		v, ok := t.Fields[f.Key]
		if !ok || v == nil {
			return ""
		}
		return w.field(f, v)
	}}
}

// field writes a value so that form.Field.Cell reads it again.
func (w *words) field(f form.Field, v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return w.pick(name("是", "yes"))
		}
		return w.pick(name("否", "no"))
	case float64:
		return v
	case string:
		switch f.Kind {
		case form.Choice:
			return w.option(f.Options, v)
		case form.Person:
			if u, err := id.Parse(v); err == nil {
				p, _ := w.dir.User(u)
				return p.Name
			}
		}
		return v
	case []any:
		var parts []string
		options := f.Options
		for _, x := range v {
			s := fmt.Sprint(x)
			parts = append(parts, w.option(options, s))
			if i := slices.IndexFunc(options, func(o form.Option) bool { return o.Key == s }); i >= 0 {
				options = options[i].Children
			}
		}
		return strings.Join(parts, "/")
	case map[string]any:
		minor, _ := v["amount_minor"].(float64)
		unit, _ := v["currency"].(string)
		return strings.TrimSpace(strconv.FormatFloat(minor/100, 'f', 2, 64) + " " + unit)
	}
	return fmt.Sprint(v)
}

func (w *words) option(options []form.Option, key string) string {
	for _, o := range options {
		if o.Key == key {
			return w.pick(o.Name)
		}
	}
	return key
}

var customerColumns = []column[customer.JSON]{
	{key: "name", name: name("姓名", "Name"), always: true, of: func(_ *words, c *customer.JSON) any { return c.Name }},
	{key: "phone", name: name("电话", "Phone"), of: func(_ *words, c *customer.JSON) any { return addresses(c, customer.KindPhone) }},
	{key: "email", name: name("邮箱", "Email"), of: func(_ *words, c *customer.JSON) any { return addresses(c, customer.KindEmail) }},
	{key: "other", name: name("其他联系方式", "Other addresses"), plain: true, of: func(_ *words, c *customer.JSON) any {
		var out []string
		for _, x := range c.Identities {
			if x.Kind != customer.KindPhone && x.Kind != customer.KindEmail {
				out = append(out, x.Kind+": "+x.Display)
			}
		}
		return strings.Join(out, "; ")
	}},
	{key: "tier", name: name("客户等级", "Tier"), of: func(w *words, c *customer.JSON) any { return w.tier(c.Tier) }},
	{key: "company", name: name("企业客户", "Company"), of: func(_ *words, c *customer.JSON) any {
		if c.Company == nil {
			return ""
		}
		return c.Company.Name
	}},
	{key: "tags", name: name("标签", "Tags"), of: func(_ *words, c *customer.JSON) any { return strings.Join(c.Tags, "; ") }},
	{key: "language", name: name("语言", "Language"), plain: true, of: func(_ *words, c *customer.JSON) any { return c.Language }},
	{key: "note", name: name("备注", "Note"), plain: true, of: func(_ *words, c *customer.JSON) any { return c.Note }},
	{key: "fields", name: name("其他资料", "Fields"), plain: true, of: func(_ *words, c *customer.JSON) any { return pairs(c.Fields) }},
	{key: "ticket_count", name: name("工单数", "Tickets"), kind: number, of: func(_ *words, c *customer.JSON) any { return int64(c.Tickets) }},
	{key: "open_ticket_count", name: name("未完结工单", "Open tickets"), kind: number, of: func(_ *words, c *customer.JSON) any { return int64(c.Open) }},
	{key: "last_contact_at", name: name("最近联系", "Last contact"), kind: moment, of: func(_ *words, c *customer.JSON) any { return at(c.Last) }},
	{key: "created_at", name: name("创建时间", "Created"), kind: moment, of: func(_ *words, c *customer.JSON) any { return at(c.CreatedAt) }},
}

func addresses(c *customer.JSON, kind string) any {
	var out []string
	for _, x := range c.Identities {
		if x.Kind == kind {
			out = append(out, x.Display)
		}
	}
	return strings.Join(out, "; ")
}

func pairs(fields map[string]any) any {
	keys := make([]string, 0, len(fields))
	for k := range fields {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for i, k := range keys {
		keys[i] = fmt.Sprintf("%s: %v", k, fields[k])
	}
	return strings.Join(keys, "; ")
}

var companyColumns = []column[customer.CompanyJSON]{
	{key: "name", name: name("企业名称", "Name"), always: true, of: func(_ *words, c *customer.CompanyJSON) any { return c.Name }},
	{key: "domain", name: name("邮箱域名", "Domain"), of: func(_ *words, c *customer.CompanyJSON) any { return strings.Join(c.Domains, " ") }},
	{key: "tier", name: name("客户等级", "Tier"), of: func(w *words, c *customer.CompanyJSON) any { return w.tier(c.Tier) }},
	{key: "tags", name: name("标签", "Tags"), of: func(_ *words, c *customer.CompanyJSON) any { return strings.Join(c.Tags, "; ") }},
	{key: "note", name: name("备注", "Note"), of: func(_ *words, c *customer.CompanyJSON) any { return c.Note }},
	{key: "fields", name: name("其他资料", "Fields"), plain: true, of: func(_ *words, c *customer.CompanyJSON) any { return pairs(c.Fields) }},
	{key: "created_at", name: name("创建时间", "Created"), kind: moment, of: func(_ *words, c *customer.CompanyJSON) any { return at(c.CreatedAt) }},
	{key: "updated_at", name: name("更新时间", "Updated"), kind: moment, plain: true, of: func(_ *words, c *customer.CompanyJSON) any { return at(c.UpdatedAt) }},
}

var staffColumns = []column[staff.Person]{
	{key: "name", name: name("姓名", "Name"), always: true, of: func(_ *words, p *staff.Person) any { return p.Name }},
	{key: "email", name: name("邮箱", "Email"), of: func(_ *words, p *staff.Person) any { return p.Email }},
	{key: "department", name: name("部门", "Department"), of: func(w *words, p *staff.Person) any {
		d, _ := w.dir.Department(p.Department)
		return d.Name
	}},
	{key: "teams", name: name("班组", "Teams"), of: func(w *words, p *staff.Person) any {
		return list(p.Teams, func(t id.ID) string { x, _ := w.dir.Team(t); return x.Name })
	}},
	{key: "roles", name: name("角色", "Roles"), of: func(w *words, p *staff.Person) any {
		return list(p.Roles, func(t id.ID) string { x, _ := w.dir.Role(t); return x.Name })
	}},
	{key: "skills", name: name("技能", "Skills"), plain: true, of: func(w *words, p *staff.Person) any {
		return list(p.Skills, func(s staff.SkillLevel) string {
			x, _ := w.dir.Skill(s.Skill)
			return fmt.Sprintf("%s %d", x.Name, s.Level)
		})
	}},
	{key: "active", name: name("在职", "Active"), of: func(w *words, p *staff.Person) any {
		if p.Active {
			return w.pick(name("是", "yes"))
		}
		return w.pick(name("否", "no"))
	}},
	{key: "created_at", name: name("创建时间", "Created"), kind: moment, of: func(_ *words, p *staff.Person) any { return at(p.CreatedAt) }},
	{key: "signed_in_at", name: name("最近登录", "Last sign-in"), kind: moment, plain: true, of: func(_ *words, p *staff.Person) any { return at(p.SignedInAt) }},
}

func list[T any](items []T, one func(T) string) any {
	out := make([]string, len(items))
	for i, x := range items {
		out[i] = one(x)
	}
	return strings.Join(out, "; ")
}
