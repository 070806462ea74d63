package staff

// Permission names one thing that a role may allow. The catalogue with words
// and groups for the screen is in permissions.go beside the shipped roles.
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
)
