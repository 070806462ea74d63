package staff

// Permission names one thing that a role may allow. The catalogue with words
// and groups for the screen, and the shipped roles, are in catalogue.go.
type Permission string

// Permissions on tickets. Scoped ones reach as far as the role says.
const (
	TicketRead   Permission = "ticket.read"
	TicketCreate Permission = "ticket.create"
	TicketReply  Permission = "ticket.reply"
	TicketNote   Permission = "ticket.note"
	TicketUpdate Permission = "ticket.update" // properties, people, links, snooze
	TicketAssign Permission = "ticket.assign" // assign to others, transfer
	TicketClaim  Permission = "ticket.claim"
	TicketSolve  Permission = "ticket.solve" // solve, cancel, reopen, close
	TicketMerge  Permission = "ticket.merge" // merge and split
	TicketBulk   Permission = "ticket.bulk"
	SLAApprove   Permission = "sla.approve"   // answer requests for more time
	SLASupervise Permission = "sla.supervise" // give orders with a deadline
)

// Permissions beside tickets.
const (
	CustomerRead     Permission = "customer.read"
	CustomerUpdate   Permission = "customer.update"
	CustomerReveal   Permission = "customer.reveal" // see masked addresses in full
	CustomerMerge    Permission = "customer.merge"
	CustomerBlock    Permission = "customer.block" // keep the blocklist
	ViewShare        Permission = "view.share"
	PhraseShare      Permission = "phrase.share" // quick replies and signatures of a team, or of all
	ReportRead       Permission = "report.read"
	Export           Permission = "export"
	Import           Permission = "import" // bring customers, companies and tickets in from files
	StaffRead        Permission = "staff.read"
	StaffManage      Permission = "staff.manage"   // people, departments, teams, skills
	RosterRead       Permission = "roster.read"    // how people stand, and the plan
	RosterManage     Permission = "roster.manage"  // set others' states, plan, approve leave
	RoutingRead      Permission = "routing.read"   // rule sets, simulations, the balance of those in reach
	RoutingManage    Permission = "routing.manage" // make, try and switch rule sets
	RoleManage       Permission = "role.manage"
	ConfigManage     Permission = "config.manage"
	JobManage        Permission = "job.manage"
	QuarantineManage Permission = "quarantine.manage"
	AuditRead        Permission = "audit.read"
	UnderstandRead   Permission = "understand.read"   // how good the understanding is
	UnderstandManage Permission = "understand.manage" // fields, lists, training, language models
	NotifyManage     Permission = "notify.manage"     // channels, templates and log of notifications
	TokenOwn         Permission = "token.own"         // have API tokens of one's own
)
