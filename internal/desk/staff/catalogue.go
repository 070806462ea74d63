package staff

// Entry describes a permission for the screen where roles are made.
type Entry struct {
	Name   Permission `json:"name"`
	Group  string     `json:"group"`
	ZH     string     `json:"zh"`
	EN     string     `json:"en"`
	Scoped bool       `json:"scoped"` // reaches own, team, department or all; else all or nothing
}

// Catalogue is every permission there is, in the order of the screen.
var Catalogue = []Entry{
	{TicketRead, "ticket", "查看工单", "See tickets", true},
	{TicketCreate, "ticket", "新建工单", "Create tickets", false},
	{TicketReply, "ticket", "回复客户", "Reply to customers", true},
	{TicketNote, "ticket", "添加内部备注", "Add notes", true},
	{TicketUpdate, "ticket", "修改工单属性、协办人、关注人和关联", "Change properties, people and links", true},
	{TicketAssign, "ticket", "派单与转派", "Assign and transfer", true},
	{TicketClaim, "ticket", "抢单", "Claim tickets", true},
	{TicketSolve, "ticket", "解决、撤销、重开和关闭工单", "Solve, cancel, reopen and close", true},
	{TicketMerge, "ticket", "合并与拆分", "Merge and split", true},
	{TicketBulk, "ticket", "批量操作", "Act on many tickets at once", true},
	{SLAApprove, "ticket", "审批延期", "Approve extensions", true},
	{SLASupervise, "ticket", "督办工单", "Supervise tickets", true},
	{CustomerRead, "customer", "查看客户", "See customers", true},
	{CustomerUpdate, "customer", "修改客户资料", "Change customers", true},
	{CustomerReveal, "customer", "查看未脱敏的联系方式", "See contact details unmasked", true},
	{CustomerMerge, "customer", "合并客户", "Merge customers", true},
	{PhraseShare, "work", "管理班组和全员的快捷回复与签名", "Manage quick replies and signatures of teams and of all", true},
	{CustomerBlock, "admin", "管理黑名单", "Keep the blocklist", false},
	{ViewShare, "work", "共享视图", "Share views", true},
	{ReportRead, "work", "查看报表", "See reports", true},
	{Export, "work", "导出数据", "Export data", true},
	{Import, "work", "导入数据", "Import data", false},
	{TokenOwn, "work", "使用自己的 API 令牌", "Have own API tokens", false},
	{UnderstandRead, "work", "查看智能判断的准确率与纠正", "See how well tickets are understood", false},
	{UnderstandManage, "admin", "管理智能判断、训练与大模型", "Manage understanding, training and language models", false},
	{StaffRead, "admin", "查看人员与组织", "See people and teams", false},
	{StaffManage, "admin", "管理人员、部门、班组和技能", "Manage people, departments, teams and skills", false},
	{RosterRead, "admin", "查看坐席状态与排班", "See agent states and rosters", true},
	{RosterManage, "admin", "设置他人状态、排班与审批假期", "Set others' states, plan rosters, approve leave", true},
	{RoutingRead, "admin", "查看派单规则、仿真与均衡度", "See routing rules, simulations and balance", true},
	{RoutingManage, "admin", "管理派单规则", "Manage routing rules", false},
	{RoleManage, "admin", "管理角色", "Manage roles", false},
	{ConfigManage, "admin", "管理系统配置", "Manage settings", false},
	{JobManage, "admin", "处理停滞的后台任务", "Handle parked jobs", false},
	{QuarantineManage, "admin", "处理隔离区", "Handle the quarantine", false},
	{NotifyManage, "admin", "管理通知渠道、模板与发送记录", "Manage channels, templates and the log of notifications", false},
	{AuditRead, "admin", "查看审计记录", "Read the audit trail", false},
}

// Keys of the shipped roles.
const (
	Administrator = "administrator"
	Supervisor    = "supervisor"
	Agent         = "agent"
	Auditor       = "auditor"
)

type shippedRole struct {
	key, zh, en string
	grants      Grants
}

// shipped are the roles that a new tenant begins with. All but the
// administrator's can be changed by the tenant.
func shipped() []shippedRole {
	administrator := Grants{}
	for _, e := range Catalogue {
		administrator[e.Name] = ScopeAll
	}
	supervisor := Grants{TicketCreate: ScopeAll, CustomerRead: ScopeAll, TokenOwn: ScopeAll, StaffRead: ScopeAll, UnderstandRead: ScopeAll, RoutingManage: ScopeAll, CustomerBlock: ScopeAll}
	for _, p := range []Permission{TicketRead, TicketReply, TicketNote, TicketUpdate, TicketAssign, TicketClaim, TicketSolve, TicketMerge, TicketBulk,
		SLAApprove, SLASupervise, CustomerUpdate, CustomerReveal, CustomerMerge, ViewShare, PhraseShare, ReportRead, Export, RosterRead, RosterManage, RoutingRead} {
		supervisor[p] = ScopeDepartment
	}
	agent := Grants{TicketCreate: ScopeAll, CustomerRead: ScopeAll, CustomerUpdate: ScopeTeam, CustomerReveal: ScopeOwn, TokenOwn: ScopeAll, ReportRead: ScopeOwn, RosterRead: ScopeTeam}
	for _, p := range []Permission{TicketRead, TicketReply, TicketNote, TicketUpdate, TicketAssign, TicketClaim, TicketSolve, TicketMerge, TicketBulk} {
		agent[p] = ScopeTeam
	}
	auditor := Grants{TicketRead: ScopeAll, CustomerRead: ScopeAll, ReportRead: ScopeAll, UnderstandRead: ScopeAll, StaffRead: ScopeAll, RosterRead: ScopeAll, RoutingRead: ScopeAll, AuditRead: ScopeAll}
	return []shippedRole{
		{Administrator, "管理员", "Administrator", administrator},
		{Supervisor, "主管", "Supervisor", supervisor},
		{Agent, "坐席", "Agent", agent},
		{Auditor, "审计员", "Auditor", auditor},
	}
}

// scoped says how the catalogue treats a permission.
func scoped(p Permission) (scoped, known bool) {
	for _, e := range Catalogue {
		if e.Name == p {
			return e.Scoped, true
		}
	}
	return false, false
}
