package form

import (
	"context"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

type node struct {
	zh, en   string
	children []node
}

// Seed gives a new tenant the shipped set-up, inside the transaction that makes
// the tenant.
func (c *Cache) Seed(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	return c.editIn(ctx, tx, tenant, func(ctx context.Context, e *editor) error {
		e.seeding = true
		for i, f := range shippedFields {
			f.Position = i + 1
			if _, err := e.saveField(ctx, f); err != nil {
				return err
			}
			e.fieldByKey[f.Key] = &f
			e.fields = append(e.fields, f)
		}
		for i, t := range shippedTypes {
			t.Position = i + 1
			if _, err := e.saveType(ctx, t); err != nil {
				return err
			}
			e.typeByKey[t.Key] = &t
		}
		for i, s := range shippedSubstatuses {
			s.Position = i + 1
			if _, err := e.saveSubstatus(ctx, s); err != nil {
				return err
			}
		}
		for i, k := range shippedCodes {
			k.Position = i + 1
			if _, err := e.saveCode(ctx, k); err != nil {
				return err
			}
		}
		for i, s := range shippedScenes {
			s.Position = i + 1
			if _, err := e.saveScene(ctx, s); err != nil {
				return err
			}
		}
		return e.seedTree(ctx, 0, shippedCategories)
	})
}

func (e *editor) seedTree(ctx context.Context, parent id.ID, nodes []node) error {
	for i, n := range nodes {
		k, err := e.saveCategory(ctx, Category{Parent: parent, Name: Name{n.zh, n.en}, Position: i + 1})
		if err != nil {
			return err
		}
		e.categoryBy[k.ID] = &k
		e.categories = append(e.categories, k)
		if err := e.seedTree(ctx, k.ID, n.children); err != nil {
			return err
		}
	}
	return nil
}

var shippedFields = []Field{
	{Key: "order_no", Name: Name{"订单号", "Order number"}, Kind: Text, Indexed: true},
	{Key: "product_model", Name: Name{"产品型号", "Model"}, Kind: Text, Indexed: true},
	{Key: "serial_no", Name: Name{"序列号", "Serial number"}, Kind: Text, Indexed: true},
	{Key: "fault_code", Name: Name{"故障代码", "Fault code"}, Kind: Text, Indexed: true},
	{Key: "purchase_date", Name: Name{"购买日期", "Purchase date"}, Kind: Date},
	{Key: "warranty", Name: Name{"保修状态", "Warranty"}, Kind: Choice, Options: []Option{
		{Key: "in", Name: Name{"保内", "In warranty"}}, {Key: "out", Name: Name{"保外", "Out of warranty"}}, {Key: "unknown", Name: Name{"待核实", "To be checked"}}}},
	{Key: "visit_address", Name: Name{"上门地址", "Address of the visit"}, Kind: Text, Personal: true},
	{Key: "visit_date", Name: Name{"期望上门日期", "Preferred date of the visit"}, Kind: Date},
	{Key: "refund_amount", Name: Name{"退款金额", "Refund"}, Kind: Money},
	{Key: "return_reason", Name: Name{"退换原因", "Reason of the return"}, Kind: Choice, Options: []Option{
		{Key: "quality", Name: Name{"质量问题", "Quality"}}, {Key: "damaged", Name: Name{"运输破损", "Damaged in transit"}},
		{Key: "wrong_item", Name: Name{"发错货", "Wrong item"}}, {Key: "changed_mind", Name: Name{"七天无理由", "Change of mind"}}}},
	{Key: "region", Name: Name{"地区", "Region"}, Kind: Cascade, Options: []Option{
		{Key: "east", Name: Name{"华东", "East"}, Children: []Option{{Key: "shanghai", Name: Name{"上海", "Shanghai"}}, {Key: "zhejiang", Name: Name{"浙江", "Zhejiang"}}, {Key: "jiangsu", Name: Name{"江苏", "Jiangsu"}}}},
		{Key: "south", Name: Name{"华南", "South"}, Children: []Option{{Key: "guangdong", Name: Name{"广东", "Guangdong"}}, {Key: "fujian", Name: Name{"福建", "Fujian"}}}},
		{Key: "north", Name: Name{"华北", "North"}, Children: []Option{{Key: "beijing", Name: Name{"北京", "Beijing"}}, {Key: "tianjin", Name: Name{"天津", "Tianjin"}}}},
		{Key: "abroad", Name: Name{"海外", "Abroad"}}}},
	{Key: "engineer", Name: Name{"工程师", "Field engineer"}, Kind: Person},
	{Key: "complained_about", Name: Name{"被投诉人", "Complained about"}, Kind: Person},
	{Key: "proof", Name: Name{"凭证", "Proof"}, Kind: Attachment},
	{Key: "safety", Name: Name{"涉及安全", "Safety concern"}, Kind: Boolean},
}

func on(stage string, keys ...string) []Item {
	var out []Item
	for _, k := range keys {
		out = append(out, Item{Field: k, On: stage})
	}
	return out
}

var shippedTypes = []Type{
	{Key: "enquiry", Name: Name{"咨询", "Enquiry"}, Prefix: "ZX", Form: Form{on("always", "order_no", "product_model")}},
	{Key: "repair", Name: Name{"报修", "Repair"}, Prefix: "BX", Form: Form{append(on("always", "product_model", "serial_no", "fault_code", "purchase_date", "warranty", "visit_address", "visit_date", "region", "engineer", "safety"),
		Item{Field: "proof", On: "always", Show: `fields.warranty == "in"`})}},
	{Key: "return", Name: Name{"退换货/退款", "Return or refund"}, Prefix: "TH", Form: Form{append(on("always", "order_no", "product_model"),
		Item{Field: "return_reason", On: "solve", Require: "true"}, Item{Field: "refund_amount", On: "always"}, Item{Field: "proof", On: "always"})}},
	{Key: "complaint", Name: Name{"投诉", "Complaint"}, Prefix: "TS", Form: Form{on("always", "order_no", "product_model", "region", "complained_about", "safety")}},
	{Key: "suggestion", Name: Name{"建议", "Suggestion"}, Prefix: "JY", Form: Form{on("always", "product_model")}},
	{Key: "praise", Name: Name{"表扬", "Praise"}, Prefix: "BY", Form: Form{[]Item{}}},
}

var shippedSubstatuses = []Substatus{
	{Status: "open", Name: Name{"排查中", "Investigating"}},
	{Status: "open", Name: Name{"已预约上门", "Visit agreed"}},
	{Status: "pending", Name: Name{"待补充资料", "Waiting for details"}},
	{Status: "pending", Name: Name{"待客户确认", "Waiting for confirmation"}},
	{Status: "on_hold", Name: Name{"等待配件", "Waiting for a part"}},
	{Status: "solved", Name: Name{"待客户验收", "To be accepted"}},
}

var shippedCodes = []Code{
	{List: HoldReasons, Key: "part", Name: Name{"等待配件", "Waiting for a part"}},
	{List: HoldReasons, Key: "third_party", Name: Name{"等待第三方", "Waiting for a third party"}},
	{List: HoldReasons, Key: "appointment", Name: Name{"等待预约时间", "Waiting for the appointment"}},
	{List: HoldReasons, Key: "department", Name: Name{"等待部门处理", "Waiting for a department"}},
	{List: HoldReasons, Key: "logistics", Name: Name{"等待物流", "Waiting for delivery"}},
	{List: CancelReasons, Key: "withdrawn", Name: Name{"客户撤回", "Withdrawn by the customer"}},
	{List: CancelReasons, Key: "invalid", Name: Name{"无效工单", "Invalid"}},
	{List: CancelReasons, Key: "spam", Name: Name{"垃圾信息", "Spam"}},
	{List: CancelReasons, Key: "test", Name: Name{"测试", "Test"}},
	{List: ResolutionCodes, Key: "answered", Name: Name{"已解答", "Answered"}},
	{List: ResolutionCodes, Key: "repaired", Name: Name{"已修复", "Repaired"}},
	{List: ResolutionCodes, Key: "replaced", Name: Name{"已换货", "Replaced"}},
	{List: ResolutionCodes, Key: "refunded", Name: Name{"已退款", "Refunded"}},
	{List: ResolutionCodes, Key: "compensated", Name: Name{"已补偿", "Compensated"}},
	{List: ResolutionCodes, Key: "guided", Name: Name{"已指导自助解决", "Guided to a solution"}},
	{List: ResolutionCodes, Key: "forwarded", Name: Name{"已转相关部门采纳", "Taken up by a department"}},
	{List: ResolutionCodes, Key: "unsolvable", Name: Name{"无法解决", "Cannot be solved"}},
	{List: Causes, Key: "part_defect", Name: Name{"零部件故障", "Defective part"}},
	{List: Causes, Key: "installation", Name: Name{"安装问题", "Installation"}},
	{List: Causes, Key: "usage", Name: Name{"使用不当", "Usage"}},
	{List: Causes, Key: "logistics", Name: Name{"物流原因", "Delivery"}},
	{List: Causes, Key: "software", Name: Name{"软件问题", "Software"}},
	{List: Causes, Key: "information", Name: Name{"信息不清", "Unclear information"}},
	{List: Causes, Key: "service", Name: Name{"服务态度", "Service"}},
	{List: Causes, Key: "other", Name: Name{"其他", "Other"}},
	{List: Responsibilities, Key: "company", Name: Name{"我方", "Our company"}},
	{List: Responsibilities, Key: "supplier", Name: Name{"供应商", "Supplier"}},
	{List: Responsibilities, Key: "carrier", Name: Name{"承运商", "Carrier"}},
	{List: Responsibilities, Key: "outlet", Name: Name{"网点/经销商", "Outlet or dealer"}},
	{List: Responsibilities, Key: "customer", Name: Name{"客户", "Customer"}},
	{List: Responsibilities, Key: "none", Name: Name{"无责", "Nobody"}},
}

var shippedCategories = []node{
	{"冰箱", "Refrigerators", []node{{"制冷", "Cooling", []node{{"冷藏不制冷", "Fridge not cooling", nil}, {"冷冻不制冷", "Freezer not cooling", nil}, {"结冰结霜", "Icing", nil}}}, {"噪音", "Noise", nil}, {"面板报警", "Alarm on the panel", nil}, {"门封漏气", "Door seal", nil}}},
	{"洗衣机", "Washing machines", []node{{"漏水", "Leaking", nil}, {"不脱水", "Not spinning", nil}, {"噪音震动", "Noise and vibration", nil}, {"不进水", "No water inlet", nil}}},
	{"空调", "Air conditioners", []node{{"不制冷", "Not cooling", nil}, {"不制热", "Not heating", nil}, {"漏水", "Dripping", nil}, {"安装移机", "Installation and moving", nil}, {"异味", "Smell", nil}}},
	{"厨房电器", "Kitchen appliances", []node{{"热水器", "Water heaters", []node{{"不出热水", "No hot water", nil}, {"焦糊味", "Burning smell", nil}}}, {"油烟机", "Range hoods", nil}, {"洗碗机", "Dishwashers", nil}, {"燃气灶", "Gas hobs", nil}}},
	{"小家电", "Small appliances", []node{{"扫地机器人", "Robot vacuums", nil}, {"净水器", "Water purifiers", nil}, {"电饭煲", "Rice cookers", nil}}},
	{"电视影音", "TV and audio", []node{{"屏幕", "Screen", nil}, {"联网", "Network", nil}, {"遥控", "Remote control", nil}}},
	{"物流", "Delivery", []node{{"未收到货", "Not received", nil}, {"运输破损", "Damaged in transit", nil}, {"改地址", "Change of address", nil}, {"催发货", "Waiting for dispatch", nil}}},
	{"售后", "After-sales", []node{{"退款进度", "Refund progress", nil}, {"退货", "Returns", nil}, {"换货", "Exchanges", nil}, {"保修政策", "Warranty terms", nil}, {"上门预约", "Visit appointments", nil}}},
	{"订单与发票", "Orders and invoices", []node{{"发票", "Invoices", nil}, {"价格保护", "Price protection", nil}, {"取消订单", "Cancellation", nil}, {"支付", "Payment", nil}}},
	{"账户与会员", "Account and membership", []node{{"登录", "Sign-in", nil}, {"积分", "Points", nil}, {"隐私", "Privacy", nil}}},
	{"服务", "Service", []node{{"工程师服务", "Engineers", nil}, {"客服服务", "Agents", nil}, {"收费争议", "Disputed charges", nil}}},
}
