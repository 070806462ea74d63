package notify

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
)

// Template is what is said of an event in one language. Placeholders stand in
// braces: {number}.
type Template struct {
	Title string `json:"title" minLength:"1" maxLength:"200"`
	Text  string `json:"text" maxLength:"2000"`
}

// Limits of what is rendered: a subject may be long, a message need not be.
const (
	maxTitle = 300
	maxText  = 4000
)

// words of the shipped templates: event → language → template. Events that
// concern a ticket say which in their title.
type words struct{ zh, en Template }

const onTicketZH, onTicketEN = "{subject}\n{url}", "{subject}\n{url}"

var shipped = map[string]words{
	Assigned:         {Template{"新派工单 {number}", "{subject}\n派单人：{actor}　优先级：{priority}\n{url}"}, Template{"{number} is yours", "{subject}\nAssigned by: {actor}. Priority: {priority}\n{url}"}},
	Offered:          {Template{"待接单 {number}", "{subject}\n优先级：{priority}\n{url}"}, Template{"{number} is offered to you", "{subject}\nPriority: {priority}\n{url}"}},
	Mentioned:        {Template{"{actor} 在 {number} 中提到您", onTicketZH}, Template{"{actor} mentioned you on {number}", onTicketEN}},
	CustomerReplied:  {Template{"客户回复了 {number}", onTicketZH}, Template{"The customer replied on {number}", onTicketEN}},
	ScheduledFailed:  {Template{"{number} 的定时回复未能发送", onTicketZH}, Template{"A scheduled reply on {number} could not be sent", onTicketEN}},
	Reopened:         {Template{"{number} 已重开", onTicketZH}, Template{"{number} was reopened", onTicketEN}},
	Collaborating:    {Template{"{actor} 请您协办 {number}", onTicketZH}, Template{"{actor} asks for your help on {number}", onTicketEN}},
	Chased:           {Template{"{actor} 催办 {number}", onTicketZH}, Template{"{actor} chases {number}", onTicketEN}},
	Urged:            {Template{"客户催单 {number}", onTicketZH}, Template{"The customer urges on {number}", onTicketEN}},
	Watched:          {Template{"您关注的 {number} 有更新", "{subject}\n当前状态：{status}\n{url}"}, Template{"{number}, which you watch, has changed", "{subject}\nStatus: {status}\n{url}"}},
	HandedOver:       {Template{"{actor} 的工单交接给您", "共 {count} 张\n{url}"}, Template{"Tickets of {actor} are handed over to you", "Tickets: {count}\n{url}"}},
	TeamReceived:     {Template{"{number} 转到了 {team}", "{subject}\n转派人：{actor}\n{url}"}, Template{"{number} was passed to {team}", "{subject}\nPassed on by: {actor}\n{url}"}},
	Returned:         {Template{"{number} 已被退回 {count} 次", "{subject}\n退回人：{actor}　现在在：{team}\n{url}"}, Template{"{number} was returned, time {count}", "{subject}\nBy: {actor}. Now with: {team}\n{url}"}},
	AssistAsked:      {Template{"{actor} 请你们班组协办 {number}", "{subject}\n优先级：{priority}\n{url}"}, Template{"{actor} asks your team for its part in {number}", "{subject}\nPriority: {priority}\n{url}"}},
	AssistDone:       {Template{"{actor} 已完成 {number} 的协办", onTicketZH}, Template{"{actor} answered for their part in {number}", onTicketEN}},
	RulingAsked:      {Template{"{number} 待您裁定（第 {count} 次退回）", "{subject}\n退回人：{actor}　优先级：{priority}\n{url}"}, Template{"{number} awaits your ruling (return {count})", "{subject}\nReturned by: {actor}. Priority: {priority}\n{url}"}},
	QueueWaits:       {Template{"{team} 的待分配队列积压", "等待中：{count}\n{url}"}, Template{"The queue of {team} waits", "Waiting: {count}\n{url}"}},
	AbnormalTicket:   {Template{"异常工单 {number} 需闭环处理", "{subject}\n优先级：{priority}\n{url}"}, Template{"{number} needs a closed loop", "{subject}\nPriority: {priority}\n{url}"}},
	SeriousTicket:    {Template{"严重工单 {number}，请立即确认", "{subject}\n优先级：{priority}\n{url}"}, Template{"{number} is serious: acknowledge now", "{subject}\nPriority: {priority}\n{url}"}},
	Acknowledged:     {Template{"{actor} 已接手严重工单 {number}", onTicketZH}, Template{"{actor} has {number} in hand", onTicketEN}},
	IncidentProposed: {Template{"疑似共性事件", "相关工单：{count}\n{url}"}, Template{"A major incident is suspected", "Tickets: {count}\n{url}"}},
	SLAWarning:       {Template{"{number} 的{metric}即将超时", "{subject}\n到期：{due}\n{url}"}, Template{"{number}: {metric} is about to breach", "{subject}\nDue: {due}\n{url}"}},
	SLABreach:        {Template{"{number} 的{metric}已超时", "{subject}\n到期：{due}\n{url}"}, Template{"{number}: {metric} was breached", "{subject}\nDue: {due}\n{url}"}},
	SLAEscalated:     {Template{"{number} 升级：{metric}未处理", "{subject}\n到期：{due}\n{url}"}, Template{"{number} escalated: {metric}", "{subject}\nDue: {due}\n{url}"}},
	Supervised:       {Template{"{actor} 督办 {number}", "{subject}\n期限：{due}\n{url}"}, Template{"{actor} supervises {number}", "{subject}\nDue: {due}\n{url}"}},
	SupervisedReply:  {Template{"{actor} 答复了 {number} 的督办", onTicketZH}, Template{"{actor} answered the supervision of {number}", onTicketEN}},
	CardGiven:        {Template{"{number} 督办未按期答复：{kind}", "{subject}\n期限：{due}\n{url}"}, Template{"{number}: no reply to a supervision, {kind}", "{subject}\nDue: {due}\n{url}"}},
	ExtensionAsked:   {Template{"{actor} 申请 {number} 延期", "{subject}\n延期至：{due}\n{url}"}, Template{"{actor} asks to extend {number}", "{subject}\nUntil: {due}\n{url}"}},
	ExtensionJudged:  {Template{"{number} 的延期申请{kind}", "{subject}\n审批人：{actor}　到期：{due}\n{url}"}, Template{"{number}: extension {kind}", "{subject}\nBy: {actor}. Due: {due}\n{url}"}},
	LeaveAsked:       {Template{"{person} 的{kind}申请待您处理", "{url}"}, Template{"{person}: a {kind} request awaits your answer", "{url}"}},
	LeaveDecided:     {Template{"{person} 的{kind}申请{state}", "处理人：{actor}\n{url}"}, Template{"{person}: {kind} request {state}", "By: {actor}\n{url}"}},
	RosterPublished:  {Template{"排班已发布", "{url}"}, Template{"The roster was published", "{url}"}},
	StateForced:      {Template{"{actor} 调整了您的坐席状态", "{state}\n{url}"}, Template{"{actor} set your state", "{state}\n{url}"}},
	ExportReady:      {Template{"导出已完成，可以下载", "共 {count} 行\n{url}"}, Template{"Your export is ready", "Rows: {count}\n{url}"}},
	ImportEnded:      {Template{"导入已完成", "共处理 {count} 行\n{url}"}, Template{"Your import has ended", "Rows: {count}\n{url}"}},
	DeliveryFailed:   {Template{"通知渠道 {channel} 发送失败", "{url}"}, Template{"Notifications through {channel} fail", "{url}"}},
}

// digestWords stand over several notifications in one message.
var digestWords = words{zh: Template{Title: "{count} 条通知"}, en: Template{Title: "{count} notifications"}}

// testWords are what "send a test" says.
var testWords = words{Template{"智单通知测试", "如果您收到这条消息，说明该渠道可以使用。"}, Template{"Zhidan test notification", "If you receive this, the channel works."}}

func (w words) in(locale string) Template {
	if locale == "en" {
		return w.en
	}
	return w.zh
}

var holder = regexp.MustCompile(`\{([a-z_]*)\}`)

// check refuses a template that names what the event does not have.
func (t Template) check(field string, e Event) error {
	if strings.TrimSpace(t.Title) == "" {
		return fault.Bad(field+".title", "required", "a title is needed")
	}
	if utf8.RuneCountInString(t.Title) > 200 || utf8.RuneCountInString(t.Text) > 2000 {
		return fault.Bad(field+".text", "too_long", "at most 200 characters of title and 2,000 of text")
	}
	for part, s := range map[string]string{"title": t.Title, "text": t.Text} {
		for _, m := range holder.FindAllStringSubmatch(s, -1) {
			if !slices.Contains(e.Holders, m[1]) {
				return fault.Bad(field+"."+part, "placeholder", "there is no {%s} here; there are %s", m[1], strings.Join(e.Holders, ", ")).With("placeholder", m[1])
			}
		}
	}
	return nil
}

// fill puts values in. What is not known is left out; a line of which nothing
// is left goes with it. A value is put in once and not looked at again, so that
// braces in a subject stay braces.
func (t Template) fill(values map[string]string) Template {
	put := func(s string) string {
		return holder.ReplaceAllStringFunc(s, func(m string) string { return values[m[1:len(m)-1]] })
	}
	var lines []string
	for line := range strings.SplitSeq(t.Text, "\n") {
		filled := strings.TrimSpace(put(line))
		if filled != "" || strings.TrimSpace(line) == "" {
			lines = append(lines, filled)
		}
	}
	return Template{cut(oneLine(put(t.Title)), maxTitle), cut(strings.TrimSpace(strings.Join(lines, "\n")), maxText)}
}

// oneLine keeps a title from making headers or lines of its own.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 }), " ")
}

func cut(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes-1]) + "…"
}

// everybody stands for the team of the queue that has none.
var everybody = [2]string{"公共", "everybody"}

var statusWords = map[ticket.Status][2]string{
	ticket.New: {"待受理", "new"}, ticket.Open: {"处理中", "open"}, ticket.Pending: {"待客户反馈", "pending customer"}, ticket.OnHold: {"挂起", "on hold"},
	ticket.Solved: {"已解决", "solved"}, ticket.Closed: {"已关闭", "closed"}, ticket.Cancelled: {"已撤销", "cancelled"},
}

var priorityWords = map[ticket.Priority][2]string{
	ticket.Urgent: {"紧急", "urgent"}, ticket.High: {"高", "high"}, ticket.Normal: {"普通", "normal"}, ticket.Low: {"低", "low"},
}

// keyWords are the words for keys that stand in the data of notices.
var keyWords = map[string][2]string{
	"first_response": {"首次响应时长", "first response"}, "next_response": {"后续响应时长", "next response"}, "update": {"进展同步", "update"},
	"resolution": {"解决时长", "resolution"}, "arrival": {"上门到达时限", "on-site arrival"}, "department": {"部门时限", "department time"}, "queue": {"队列时限", "queue time"},
	"yellow_card": {"黄牌", "yellow card"}, "red_card": {"红牌", "red card"},
	"extension_approved": {"已批准", "approved"}, "extension_refused": {"未通过", "refused"},
	"supervision": {"督办期限", "supervision"},
	"online":      {"在线", "online"}, "busy": {"忙碌", "busy"}, "break": {"小休", "break"}, "meal": {"用餐", "meal"}, "training": {"培训", "training"},
	"after_call": {"话后整理", "after-call"}, "offline": {"离线", "offline"},
	"leave": {"请假", "leave"}, "swap": {"换班", "swap"},
	"approved": {"已批准", "approved"}, "refused": {"未通过", "refused"}, "withdrawn": {"已撤回", "withdrawn"},
}

func pick(pair [2]string, locale string) string {
	if locale == "en" {
		return pair[1]
	}
	return pair[0]
}

// said is a key of a notice's data as people read it.
func said(key, locale string) string {
	if w, ok := keyWords[key]; ok {
		return pick(w, locale)
	}
	return key
}

// moment is a time as people read it where they are.
func moment(t clock.Time, zone *time.Location) string {
	if t == 0 {
		return ""
	}
	return t.Std().In(zone).Format("2006-01-02 15:04")
}
