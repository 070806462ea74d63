package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// unit is a department; its parent stands before it.
type unit struct{ key, parent, name string }

var units = []unit{
	{"service", "", "客服中心"}, {"east", "service", "华东一线组"}, {"south", "service", "华南一线组"}, {"english", "service", "英文组"}, {"care", "service", "投诉处理组"},
	{"repair", "", "维修部"}, {"shop", "", "电商售后部"}, {"logistics", "", "物流部"}, {"quality", "", "质量部"},
}

// teams have the keys of their departments.
var teams = []struct{ key, name string }{
	{"east", "华东一线组"}, {"south", "华南一线组"}, {"english", "英文组"}, {"care", "投诉处理组"},
	{"repair", "维修调度组"}, {"shop", "电商售后组"}, {"logistics", "物流协调组"},
}

var skills = []string{"冰箱", "洗衣机", "空调", "燃气", "英语", "投诉处理", "退款"}

// member is somebody who works there.
type member struct {
	email, name, locale, role string
	department                string
	teams                     string // keys
	skills                    string
	shown                     bool
}

var members = []member{
	{"admin@demo.example", "顾云", "zh-CN", staff.Administrator, "service", "care", "投诉处理", true},
	{"lead@demo.example", "林晓", "zh-CN", staff.Supervisor, "service", "care", "投诉处理 冰箱", true},
	{"chenjing@demo.example", "陈静", "zh-CN", staff.Agent, "east", "east care", "冰箱 洗衣机", true},
	{"wanglei@demo.example", "王磊", "zh-CN", staff.Agent, "east", "east", "空调 燃气", false},
	{"lisiyuan@demo.example", "李思源", "zh-CN", staff.Agent, "east", "east", "冰箱 燃气", false},
	{"huangjiahao@demo.example", "黄家豪", "zh-CN", staff.Agent, "south", "south", "冰箱 空调", true},
	{"liangjiayi@demo.example", "梁嘉怡", "zh-CN", staff.Agent, "south", "south", "洗衣机", false},
	{"hezhiqiang@demo.example", "何志强", "zh-CN", staff.Agent, "south", "south", "空调", false},
	{"emma@demo.example", "Emma Clarke", "en", staff.Agent, "english", "english", "英语 冰箱", true},
	{"daniel@demo.example", "Daniel Osei", "en", staff.Agent, "english", "english", "英语 洗衣机", false},
	{"sophie@demo.example", "苏菲 Sophie", "zh-CN", staff.Agent, "english", "english south", "英语 退款", false},
	{"sunguoqiang@demo.example", "孙国强", "zh-CN", staff.Agent, "repair", "repair", "冰箱 洗衣机 空调 燃气", true},
	{"zhoumin@demo.example", "周敏", "zh-CN", staff.Agent, "repair", "repair", "冰箱", false},
	{"wuqian@demo.example", "吴倩", "zh-CN", staff.Agent, "shop", "shop", "退款", false},
	{"zhengkai@demo.example", "郑凯", "zh-CN", staff.Agent, "shop", "shop", "退款", false},
	{"fangting@demo.example", "方婷", "zh-CN", staff.Agent, "logistics", "logistics", "", false},
	{"audit@demo.example", "徐岚", "zh-CN", staff.Auditor, "quality", "", "", true},
}

// house makes the tenant with its people, views and companies.
func (t *teller) house() error {
	ctx := t.ctx
	t.clock.Set(t.start)
	if err := t.s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { // where words of the past go
		return t.s.Index.EnsurePartitions(ctx, tx, int64(t.start), int64(t.now))
	}); err != nil {
		return err
	}
	tenant, err := t.staff.CreateTenant(ctx, staff.NewTenant{Name: Company})
	if err != nil {
		return err
	}
	t.tenant, t.system = tenant.ID, staff.System(tenant.ID)
	if err := t.s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into demo (tenant_id, created_at) values ($1, $2)`, int64(tenant.ID), clock.From(time.Now()))
		return err
	}); err != nil {
		return err
	}
	for _, u := range units {
		parent := t.departments[u.parent]
		d, err := t.staff.CreateDepartment(ctx, t.system, staff.DepartmentChange{Name: &u.name, Parent: &parent})
		if err != nil {
			return err
		}
		t.departments[u.key] = d.ID
	}
	for _, x := range teams {
		department := t.departments[x.key]
		made, err := t.staff.CreateTeam(ctx, t.system, staff.TeamChange{Name: &x.name, Department: &department})
		if err != nil {
			return err
		}
		t.teams[x.key] = made.ID
	}
	known := map[string]id.ID{}
	for _, name := range skills {
		s, err := t.staff.SaveSkill(ctx, t.system, 0, 0, name)
		if err != nil {
			return err
		}
		known[name] = s.ID
	}
	if err := t.people(known); err != nil {
		return err
	}
	if err := t.views(); err != nil {
		return err
	}
	if err := t.promises(); err != nil {
		return err
	}
	if err := t.phrases(); err != nil {
		return err
	}
	return t.companies()
}

func (t *teller) people(skill map[string]id.ID) error {
	dir, err := t.staff.Directory(t.ctx, t.tenant)
	if err != nil {
		return err
	}
	for i := range members {
		m := &members[i]
		role, _ := dir.RoleByKey(m.role)
		n := staff.NewUser{Email: m.email, Name: m.name, Locale: m.locale, Department: t.departments[m.department], Roles: []id.ID{role.ID}, Password: Password}
		for _, key := range strings.Fields(m.teams) {
			n.Teams = append(n.Teams, t.teams[key])
			t.crew[key] = append(t.crew[key], m.email)
		}
		for j, name := range strings.Fields(m.skills) {
			n.Skills = append(n.Skills, staff.SkillLevel{Skill: skill[name], Level: 4 - j%2})
		}
		p, err := t.staff.CreateUser(t.ctx, t.system, n)
		if err != nil {
			return fmt.Errorf("%s: %w", m.email, err)
		}
		if t.actors[m.email], err = t.staff.Actor(t.ctx, t.tenant, p.ID); err != nil {
			return err
		}
	}
	for key, who := range map[string]string{"east": "chenjing", "south": "huangjiahao", "english": "emma", "care": "lead", "repair": "sunguoqiang", "shop": "wuqian"} {
		var list []staff.Member
		for _, email := range t.crew[key] {
			list = append(list, staff.Member{User: t.actors[email].ID, Lead: strings.HasPrefix(email, who+"@")})
		}
		if _, err := t.staff.UpdateTeam(t.ctx, t.system, t.teams[key], 0, staff.TeamChange{Members: &list}); err != nil {
			return err
		}
	}
	return nil
}

func (t *teller) views() error {
	for _, v := range []ticket.View{
		{Name: ticket.Words{ZH: "VIP 未结", EN: "Open VIP"}, Scope: ticket.ShareView, Filter: `active && tier == "vip"`, Sort: "-priority"},
		{Name: ticket.Words{ZH: "E4 报警", EN: "E4 alarms"}, Scope: ticket.ShareView, Filter: `fields.fault_code == "E4"`, Sort: "-created"},
		{Name: ticket.Words{ZH: "退换货待处理", EN: "Returns to do"}, Scope: ticket.TeamView, SeenBy: []id.ID{t.teams["shop"]}, Filter: `active && type == "return"`, Sort: "created"},
		{Name: ticket.Words{ZH: "今天的投诉", EN: "Complaints of today"}, Scope: ticket.OwnView, Filter: `type == "complaint" && created_at > now() - duration("24h")`, Sort: "-created"},
	} {
		if _, err := t.desk.SaveView(t.ctx, t.actors["admin@demo.example"], v); err != nil {
			return fmt.Errorf("view %s: %w", v.Name.EN, err)
		}
	}
	return nil
}

// promises are the company's policies beside the shipped one.
func (t *teller) promises() error {
	in := func(minutes int, calendar string) *sla.Promise {
		return &sla.Promise{Minutes: minutes, Calendar: calendar}
	}
	vip := sla.Policy{
		Name: "VIP 客户", When: `tier == "vip"`, Reopen: sla.Continue, Extensions: 2,
		Targets: []sla.Target{
			{Metric: sla.FirstResponse, Urgent: in(15, sla.Always), High: in(30, sla.Always), Normal: in(60, sla.Always), Low: in(60, sla.Always)},
			{Metric: sla.NextResponse, Urgent: in(60, sla.Always), High: in(120, sla.Always), Normal: in(4*60, sla.Always), Low: in(4*60, sla.Always)},
			{Metric: sla.Resolution, Urgent: in(8*60, sla.Always), High: in(24*60, sla.Always), Normal: in(36*60, sla.Always), Low: in(48*60, sla.Always)},
		},
		Pauses:   []sla.Pause{{Statuses: []string{"pending", "on_hold"}, Metrics: []sla.Metric{sla.Update, sla.Resolution}}},
		Warnings: []sla.Warning{{Percent: 50}, {Percent: 75}},
		Chain: []sla.Link{{On: sla.OnWarning, To: sla.ToAssignee}, {On: sla.OnBreach, To: sla.ToTeam},
			{On: sla.OnBreach, After: 30, To: sla.ToPeople, People: []id.ID{t.actors["lead@demo.example"].ID}, Every: 60, Times: 2}},
	}
	// A visit is promised from the moment it is agreed on, until the engineer is there.
	visit := sla.Policy{
		Name: "上门维修", When: `type == "repair"`, Reopen: sla.Continue, Extensions: 2,
		Targets: []sla.Target{
			{Metric: sla.FirstResponse, Urgent: in(30, sla.Always), High: in(60, sla.Always), Normal: in(120, sla.Always), Low: in(8*60, "")},
			{Metric: sla.Arrival, Urgent: in(4*60, sla.Always), High: in(24*60, sla.Always), Normal: in(48*60, sla.Always), Low: in(72*60, sla.Always), Start: `"已约上门" in tags`, Stop: `"已到场" in tags`},
			{Metric: sla.Resolution, Urgent: in(24*60, sla.Always), High: in(36*60, sla.Always), Normal: in(48*60, sla.Always), Low: in(5*9*60, "")},
		},
		Pauses:   []sla.Pause{{Statuses: []string{"pending", "on_hold"}, Metrics: []sla.Metric{sla.Update, sla.Resolution}}},
		Warnings: []sla.Warning{{Percent: 75}},
		Units: []sla.Unit{
			{Kind: sla.OfDepartment, Unit: t.departments["repair"], Urgent: in(8*60, sla.Always), High: in(24*60, sla.Always), Normal: in(36*60, sla.Always), Low: in(48*60, sla.Always)},
			{Kind: sla.OfDepartment, Unit: t.departments["logistics"], Urgent: in(4*60, sla.Always), High: in(8*60, sla.Always), Normal: in(24*60, sla.Always), Low: in(24*60, sla.Always)},
		},
	}
	for i, p := range []sla.Policy{vip, visit} {
		if _, err := t.sla.Save(t.ctx, t.actors["admin@demo.example"], sla.Entry{Policy: p, Position: i + 1}); err != nil {
			return fmt.Errorf("policy %s: %w", p.Name, err)
		}
	}
	return nil
}

var firms = []struct{ name, domain, tier, lang, note string }{
	{"示例酒店管理有限公司", "hotel.example", "vip", "zh-CN", "框架协议客户，四小时内响应。"},
	{"样板物业服务有限公司", "property.example", "important", "zh-CN", "统一由物业前台报修。"},
	{"演示连锁公寓", "apartments.example", "normal", "zh-CN", ""},
	{"Sample Kitchens Ltd", "kitchens.example", "important", "en", "Dealer; orders in bulk."},
}

func (t *teller) companies() error {
	for i, f := range firms {
		c, err := t.book.CreateCompany(t.ctx, t.system, customer.CompanyChange{Name: &f.name, Domains: &[]string{f.domain}, Tier: &f.tier, Note: &f.note})
		if err != nil {
			return err
		}
		t.firms[i] = c.ID
	}
	return nil
}

// person is a customer of the story; the customer is made with the first ticket.
type person struct {
	name, lang, tier string
	phone, email     string
	city, region     string
	firm             int // of firms, -1: none
	note             string
	id               id.ID
}

var (
	surnames = []string{"张", "刘", "杨", "朱", "许", "韩", "曹", "彭", "蒋", "沈", "卢", "姚", "邹", "熊", "白", "欧阳", "司徒", "石", "龙", "万"}
	given    = []string{"一诺", "子涵", "建国", "淑芬", "浩然", "梓萱", "志远", "美玲", "伟", "晓燕", "俊杰", "秀英", "宇航", "欣怡", "国庆", "丽", "天佑", "若溪", "明辉", "桂兰", "思齐"}
	firstEN  = []string{"Alice", "Ben", "Carla", "David", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kim", "Laura", "Marco", "Nora", "Oscar", "Priya"}
	lastEN   = []string{"Sample", "Example", "Testa", "Muster", "Doe", "Placeholder", "Demos"}
	places   = []struct{ city, region string }{
		{"上海", "east shanghai"}, {"杭州", "east zhejiang"}, {"宁波", "east zhejiang"}, {"南京", "east jiangsu"}, {"苏州", "east jiangsu"},
		{"广州", "south guangdong"}, {"深圳", "south guangdong"}, {"厦门", "south fujian"}, {"北京", "north beijing"}, {"天津", "north tianjin"},
	}
)

// cast makes up the customers. Chinese numbers lie in 138 0000 xxxx, British
// ones in the block that Ofcom keeps for fiction (07700 900xxx).
func (t *teller) cast() {
	for i := range 122 {
		zh := i%4 != 3
		p := &person{tier: customer.TierNormal, firm: -1, lang: "zh-CN"}
		if zh {
			place := places[t.rng.IntN(len(places))]
			p.name = surnames[i%len(surnames)] + given[(i*7+i/20)%len(given)]
			p.phone, p.city, p.region = fmt.Sprintf("138-0000-%04d", 1000+i*13), place.city, place.region
			if i%3 == 0 {
				p.email = fmt.Sprintf("kehu%03d@example.%s", i, []string{"com", "net", "org"}[i%3])
			}
		} else {
			p.lang, p.city, p.region = "en", "London", "abroad"
			p.name = firstEN[i/4%len(firstEN)] + " " + lastEN[(i/4+i/64)%len(lastEN)]
			p.email = fmt.Sprintf("%s.%03d@example.org", strings.ToLower(firstEN[i/4%len(firstEN)]), i)
			if i%8 == 3 {
				p.phone = fmt.Sprintf("+44 7700 900%03d", i)
			}
		}
		switch {
		case i%17 == 2:
			p.tier, p.note = "vip", "购买过整套家电，请优先处理。"
		case i%11 == 5:
			p.tier = "important"
		}
		if i%13 == 4 {
			for f := range firms {
				if firms[f].lang == p.lang && (i/13)%3 == f%3 {
					p.firm = f
					p.email = fmt.Sprintf("contact%03d@%s", i, firms[f].domain)
				}
			}
		}
		t.castOf[p.lang] = append(t.castOf[p.lang], p)
	}
}

// meet makes the customer when the story comes to them first.
func (t *teller) meet(p *person) (id.ID, error) {
	if p.id != 0 {
		return p.id, nil
	}
	c := customer.Change{Name: &p.name, Tier: &p.tier, Language: &p.lang, Note: &p.note}
	if p.firm >= 0 {
		firm := t.firms[p.firm]
		c.Company = &firm
	}
	if p.tier == "vip" {
		c.Tags = &[]string{"老客户"}
	}
	var addresses []customer.NewIdentity
	if p.phone != "" {
		addresses = append(addresses, customer.NewIdentity{Kind: customer.KindPhone, Value: p.phone})
	}
	if p.email != "" {
		addresses = append(addresses, customer.NewIdentity{Kind: customer.KindEmail, Value: p.email})
	}
	made, err := t.book.Create(t.ctx, t.system, c, addresses)
	if err != nil {
		return 0, fmt.Errorf("customer %s: %w", p.name, err)
	}
	p.id = made.ID
	return p.id, nil
}
