package exchange

import (
	"strings"

	"zhidan/internal/desk/form"
	textpkg "zhidan/internal/platform/text"
)

// target is something that a column of a table which comes in can mean.
type target struct {
	key      string
	name     form.Name
	required bool     // one column must mean it
	heads    []string // usual headings beside the names, in normal form
}

// TargetJSON is a target on the wire.
type TargetJSON struct {
	Key      string    `json:"key"`
	Name     form.Name `json:"name"`
	Required bool      `json:"required,omitempty"`
}

var customerTargets = []target{
	{key: "name", name: name("姓名", "Name"), heads: []string{"客户", "客户姓名", "客户名称", "联系人", "名称", "customer", "full name", "contact", "customer name"}},
	{key: "phone", name: name("电话", "Phone"), heads: []string{"手机", "手机号", "手机号码", "联系电话", "电话号码", "mobile", "tel", "telephone", "phone number", "cell"}},
	{key: "email", name: name("邮箱", "Email"), heads: []string{"电子邮箱", "邮件", "电子邮件", "邮箱地址", "mail", "e-mail", "email address"}},
	{key: "wechat", name: name("微信", "WeChat"), heads: []string{"微信号", "wechat id", "weixin"}},
	{key: "external", name: name("外部编号", "External id"), heads: []string{"客户编号", "会员号", "会员编号", "编号", "id", "customer id", "external id", "member id", "ref"}},
	{key: "tier", name: name("客户等级", "Tier"), heads: []string{"等级", "级别", "会员等级", "level", "vip"}},
	{key: "company", name: name("企业客户", "Company"), heads: []string{"公司", "企业", "单位", "公司名称", "organisation", "organization", "account"}},
	{key: "tags", name: name("标签", "Tags"), heads: []string{"tag", "label", "labels"}},
	{key: "language", name: name("语言", "Language"), heads: []string{"lang", "locale"}},
	{key: "note", name: name("备注", "Note"), heads: []string{"说明", "notes", "remark", "comment", "comments"}},
}

var companyTargets = []target{
	{key: "name", name: name("企业名称", "Name"), required: true, heads: []string{"名称", "公司", "企业", "公司名称", "单位", "company", "company name", "organisation", "organization"}},
	{key: "domain", name: name("邮箱域名", "Domain"), heads: []string{"域名", "网站", "website", "mail domain"}},
	{key: "tier", name: name("客户等级", "Tier"), heads: []string{"等级", "级别", "level"}},
	{key: "tags", name: name("标签", "Tags"), heads: []string{"tag", "label", "labels"}},
	{key: "note", name: name("备注", "Note"), heads: []string{"说明", "notes", "remark", "comment"}},
}

var ticketTargets = []target{
	{key: "ref", name: name("原系统编号", "Number elsewhere"), heads: []string{"编号", "工单编号", "单号", "工单号", "id", "number", "ticket", "ticket id", "ticket number", "external id"}},
	{key: "subject", name: name("标题", "Subject"), heads: []string{"主题", "title", "summary"}},
	{key: "body", name: name("描述", "Body"), heads: []string{"内容", "问题描述", "详情", "正文", "description", "content", "text", "message", "detail"}},
	{key: "requester_name", name: name("客户姓名", "Requester"), heads: []string{"客户", "姓名", "诉求人", "联系人", "name", "customer", "contact", "requester name"}},
	{key: "requester_phone", name: name("客户电话", "Requester's phone"), heads: []string{"电话", "手机", "手机号", "联系电话", "phone", "mobile", "tel"}},
	{key: "requester_email", name: name("客户邮箱", "Requester's email"), heads: []string{"邮箱", "电子邮箱", "email", "mail", "e-mail"}},
	{key: "type", name: name("工单类型", "Type"), heads: []string{"类型", "ticket type"}},
	{key: "category", name: name("业务分类", "Category"), heads: []string{"分类", "类别"}},
	{key: "priority", name: name("优先级", "Priority"), heads: []string{"紧急程度", "urgency"}},
	{key: "status", name: name("状态", "Status"), heads: []string{"工单状态", "state"}},
	{key: "assignee", name: name("处理人", "Assignee"), heads: []string{"负责人", "坐席", "客服", "agent", "owner"}},
	{key: "team", name: name("班组", "Team"), heads: []string{"组", "小组", "group"}},
	{key: "tags", name: name("标签", "Tags"), heads: []string{"tag", "label", "labels"}},
	{key: "channel", name: name("渠道", "Channel"), heads: []string{"来源", "source"}},
	{key: "language", name: name("语言", "Language"), heads: []string{"lang", "locale"}},
	{key: "created_at", name: name("创建时间", "Created"), heads: []string{"创建日期", "提交时间", "日期", "created at", "created_at", "date", "time", "opened"}},
	{key: "ended_at", name: name("完结时间", "Ended"), heads: []string{"解决时间", "关闭时间", "完成时间", "solved", "closed", "solved at", "closed at", "ended at", "resolved"}},
	{key: "code", name: name("处理结果", "Resolution"), heads: []string{"结案结果", "原因", "result", "resolution code"}},
}

// batchTargets are those of a table of work on tickets.
var batchTargets = []target{
	{key: "number", name: name("工单编号", "Ticket number"), heads: []string{"编号", "单号", "工单号", "id", "number", "ticket", "ticket id"}},
	{key: "reply", name: name("回复内容", "Reply"), heads: []string{"回复", "答复", "回复客户", "answer", "response"}},
	{key: "note", name: name("内部备注", "Note"), heads: []string{"备注", "notes", "remark", "comment"}},
	{key: "status", name: name("状态", "Status"), heads: []string{"工单状态", "state"}},
	{key: "reason", name: name("挂起、撤销或重开的原因", "Reason"), heads: []string{"挂起原因", "撤销原因", "重开原因"}},
	{key: "code", name: name("处理结果", "Resolution"), heads: []string{"结案结果", "结案", "结果", "result", "resolution code"}},
	{key: "cause", name: name("原因", "Cause"), heads: []string{"问题原因", "根因"}},
	{key: "responsible", name: name("责任方", "Responsible"), heads: []string{"责任", "responsible party"}},
	{key: "resolution_note", name: name("结案说明", "Resolution note"), heads: []string{"处理说明", "处理意见", "小结"}},
	{key: "subject", name: name("标题", "Subject"), heads: []string{"主题", "title", "summary"}},
	{key: "body", name: name("描述（新工单）", "Body of a new ticket"), heads: []string{"描述", "内容", "问题描述", "详情", "description", "body"}},
	{key: "requester_name", name: name("客户姓名", "Requester"), heads: []string{"客户", "姓名", "诉求人", "联系人", "name", "customer"}},
	{key: "requester_phone", name: name("客户电话", "Requester's phone"), heads: []string{"电话", "手机", "手机号", "联系电话", "phone", "mobile", "tel"}},
	{key: "requester_email", name: name("客户邮箱", "Requester's email"), heads: []string{"邮箱", "电子邮箱", "email", "mail", "e-mail"}},
	{key: "type", name: name("工单类型", "Type"), heads: []string{"类型", "ticket type"}},
	{key: "category", name: name("业务分类", "Category"), heads: []string{"分类", "类别"}},
	{key: "priority", name: name("优先级", "Priority"), heads: []string{"紧急程度", "urgency"}},
	{key: "assignee", name: name("处理人", "Assignee"), heads: []string{"负责人", "坐席", "客服", "agent", "owner"}},
	{key: "team", name: name("班组", "Team"), heads: []string{"组", "小组", "group"}},
	{key: "tags", name: name("标签", "Tags"), heads: []string{"tag", "label", "labels"}},
	{key: "channel", name: name("渠道（新工单）", "Channel of a new ticket"), heads: []string{"渠道", "来源", "channel", "source"}},
}

// targetsOf lists what columns can mean.
func targetsOf(what string, catalog *form.Catalog) []target {
	switch what {
	case Customers:
		return customerTargets
	case Companies:
		return companyTargets
	case Tickets, Batch:
		out := append([]target{}, map[string][]target{Tickets: ticketTargets, Batch: batchTargets}[what]...)
		for _, f := range catalog.Fields() {
			if f.Kind != form.Attachment && !f.Retired {
				out = append(out, target{key: "field:" + f.Key, name: f.Name, heads: []string{f.Key}})
			}
		}
		return out
	}
	return nil
}

func normal(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(textpkg.Normalize(strings.NewReplacer("*", "", "_", " ", "（", "(", "）", ")").Replace(s)))), " ")
}

// guess says what each column means by its heading, none twice. An exact name
// goes before a usual one.
func guess(head []string, targets []target) []string {
	out := make([]string, len(head))
	taken := map[string]bool{}
	for _, names := range []func(t target) []string{
		func(t target) []string {
			return []string{t.name.ZH, t.name.EN, t.key, strings.TrimPrefix(t.key, "field:")}
		},
		func(t target) []string { return t.heads },
	} {
		for i, h := range head {
			if h = normal(h); out[i] != "" || h == "" {
				continue
			}
			for _, t := range targets {
				if taken[t.key] {
					continue
				}
				for _, n := range names(t) {
					if normal(n) == h {
						out[i] = t.key
					}
				}
				if out[i] != "" {
					taken[t.key] = true
					break
				}
			}
		}
	}
	return out
}
