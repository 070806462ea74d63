package demo

import (
	"fmt"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/phrase"
)

// saying is a quick reply or a signature: of everybody, of a team, or of a person.
type saying struct {
	kind           phrase.Kind
	team, owner    string // a team's key or a member's address; neither: everybody's
	name, shortcut string
	zh, en         string
}

var sayings = []saying{
	{kind: phrase.QuickReply, name: "已收到", shortcut: "ok", zh: "{customer}您好，您反映的情况已经收到，单号 {number}。我们会尽快核实，有结果第一时间回复您。",
		en: "Hello {customer}, we have your message under {number}. We are looking into it and will write back as soon as we know more."},
	{kind: phrase.QuickReply, name: "请补充型号和序列号", shortcut: "xh", zh: "为了准确判断，请您提供机身铭牌上的型号和序列号，拍一张清晰的照片发给我们就可以。",
		en: "So that we can tell for certain, please send us the model and serial number from the rating plate; a clear photograph is enough."},
	{kind: phrase.QuickReply, name: "断电重启", shortcut: "cq", zh: "请先拔下电源插头，等 10 分钟后再插上，看看还有没有同样的提示。如果问题还在，请直接回复这条消息。",
		en: "Please pull the plug, wait ten minutes and plug it in again. If the message is still there, just answer this one."},
	{kind: phrase.QuickReply, name: "结束语", shortcut: "end", zh: "问题已经处理完毕，感谢您的耐心。之后有任何问题，直接回复本单即可，{agent}随时为您服务。",
		en: "This is settled now; thank you for your patience. If anything comes up, simply answer this message.\n{agent}"},
	{kind: phrase.QuickReply, name: "抱歉久等", shortcut: "dl", zh: "{customer}您好，非常抱歉让您久等了。目前的进展是：",
		en: "Hello {customer}, I am sorry that this has taken so long. This is where we are:"},
	{kind: phrase.QuickReply, team: "repair", name: "约上门时间", shortcut: "sm", zh: "师傅可以在 {date} 之后的工作日 9:00–18:00 上门，请问您哪个时段方便？上门前会先给您打电话。",
		en: "The engineer can come on any working day after {date}, between 9:00 and 18:00. Which time suits you? You will get a call first."},
	{kind: phrase.QuickReply, team: "repair", name: "等配件", shortcut: "pj", zh: "您的机器需要更换配件，配件已经订货，预计 3 个工作日到仓，到货后马上为您约上门时间。",
		en: "Your appliance needs a part. It is on order and should be here within three working days; we will make an appointment as soon as it is."},
	{kind: phrase.QuickReply, team: "shop", name: "退款时效", shortcut: "tk", zh: "退款已经提交，会原路退回，银行一般在 1–3 个工作日到账，请您留意。",
		en: "The refund is on its way to the account you paid from; banks usually take one to three working days."},
	{kind: phrase.QuickReply, team: "shop", name: "开发票", shortcut: "fp", zh: "请提供发票抬头和税号，电子发票会在 24 小时内发到您的邮箱。",
		en: "Please send us the name and tax number for the invoice; it will be in your mailbox within 24 hours."},
	{kind: phrase.QuickReply, team: "logistics", name: "催件", shortcut: "cj", zh: "已经联系承运商加急派送，预计明天 18:00 前送达，请保持电话畅通。",
		en: "We have asked the carrier to hurry; it should be with you before 18:00 tomorrow. Please keep your phone at hand."},
	{kind: phrase.QuickReply, team: "care", name: "投诉受理", shortcut: "ts", zh: "{customer}您好，我是投诉处理组{agent}。您反映的问题由我全程跟进，最迟明天 18:00 前给您书面答复。",
		en: "Hello {customer}, my name is {agent} and I will look after your complaint to the end. You will have an answer in writing by 18:00 tomorrow."},
	{kind: phrase.QuickReply, owner: "chenjing@demo.example", name: "冰箱 E4 说明", shortcut: "e4", zh: "E4 表示冷藏室温度传感器读数异常，断电重启多数能恢复；恢复不了需要上门检测，保修期内免费。",
		en: "E4 means that the sensor of the fridge compartment reads oddly. A restart mostly helps; if not, an engineer has to look at it, free of charge under warranty."},
	{kind: phrase.Signature, name: "公司签名", zh: "{agent}\n云岭电器（演示）客户服务中心\n本邮件由演示系统发出", en: "{agent}\nYunling Appliances (demo), Customer Service\nSent by a demo system"},
	{kind: phrase.Signature, team: "english", name: "英文组", zh: "{agent}\n云岭电器（演示）英文组", en: "{agent}\nYunling Appliances (demo), English Team\nWe answer in English every day, 9:00–21:00 (UTC+8)"},
	{kind: phrase.Signature, team: "care", name: "投诉处理组", zh: "{agent}\n云岭电器（演示）投诉处理组", en: "{agent}\nYunling Appliances (demo), Complaints"},
}

// scenes are beside the shipped ones.
var scenes = []form.Scene{
	{Name: form.Name{ZH: "安装预约", EN: "Installation"}, Type: "enquiry", Position: 20, Subject: "预约安装", Body: "商品已到货，预约安装。\n楼层与电梯：\n方便的时间：",
		Checks: []string{"订单号", "商品是否完好送达", "楼层、电梯、开孔情况", "方便的时间段", "告知安装免费、辅材按价目表收费"},
		Script: "您好，安装是免费的，如果需要加长管线或打孔，师傅会先报价，您同意了再施工。"},
	{Name: form.Name{ZH: "燃气异味", EN: "Smell of gas"}, Type: "repair", Priority: "urgent", Position: 21, Subject: "燃气热水器有异味",
		Checks: []string{"请客户先关阀、开窗、不开关电器", "确认人员已离开厨房", "有无头晕恶心，需要时拨打 120", "告知加急上门的到达时间"},
		Script: "请您先关闭燃气阀门，打开窗户，不要开关任何电器，离开厨房后我们再继续说。"},
	{Name: form.Name{ZH: "英文来电", EN: "English call"}, Type: "enquiry", Position: 22, Body: "Caller speaks English.\nModel:\nWhat happened:",
		Checks: []string{"Repeat the problem in your own words", "Model and order number", "Mail address for the answer", "Say when we call back, in their time zone"},
		Script: "Thank you for calling. Let me write this down so that you do not have to say it again, and then we will look at it together."},
}

// phrases gives the desk its quick replies, its signatures and its scenes of
// calls. They are the demo's own; nothing of them is shipped.
func (t *teller) phrases() error {
	room := phrase.New(phrase.Config{DB: t.s.DB, IDs: t.ids, Clock: t.clock, Staff: t.staff, Customers: t.book, Desk: t.desk})
	for _, x := range sayings {
		p := phrase.Phrase{Kind: x.kind, Scope: phrase.Shared, Name: x.name, Shortcut: x.shortcut, ZH: x.zh, EN: x.en}
		by := t.actors["admin@demo.example"]
		switch {
		case x.team != "":
			p.Scope, p.Team = phrase.Team, t.teams[x.team]
		case x.owner != "":
			p.Scope, by = phrase.Own, t.actors[x.owner]
		}
		if _, err := room.Save(t.ctx, by, p); err != nil {
			return fmt.Errorf("phrase %s: %w", x.name, err)
		}
	}
	for _, x := range scenes {
		if _, err := t.forms.SaveScene(t.ctx, t.tenant, x); err != nil {
			return fmt.Errorf("scene %s: %w", x.Name.EN, err)
		}
	}
	return nil
}
