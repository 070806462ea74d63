// Package notify tells people what concerns them, on the ways that they want:
// in the bell of the product, by mail, SMS, chat, web push, and by a signed
// request to another system.
//
// It promises:
//   - Tell is part of the caller's transaction: nothing is told of what did not
//     happen, and nothing is sent before the commit. The same key is told once
//     to the same person.
//   - Nobody is told of a ticket that they may not read, neither when it is
//     told nor when it is read; nobody is told of what they did themselves.
//   - What is stored are ids and keys. Words are made when they are read or
//     sent, so that erasing them in the ticket erases them here.
//   - mute → quiet hours → group and digest → send → record: what a person has
//     switched off is not sent, what is held is sent later with its like, and
//     every message to the outside is a row with its state, attempts and error.
//     A crash between sending and recording sends at most that one again, under
//     the same idempotency key.
//
// What has to be acknowledged is told one by one by the rooms that know when it
// is over: assignment its responses, SLA its chains.
//
// notify.go, event.go, plan.go, preference.go, word.go and check.go hold the
// rules and do no I/O; tell.go, pipeline.go and send.go carry them out;
// channel.go is the contract of the ways to the outside, with the table of
// their kinds, and each has a file of its own.
package notify

import (
	"regexp"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Notice is something to tell.
type Notice struct {
	Tenant id.ID
	Event  string  // key in Events
	To     []id.ID // users
	By     id.ID   // who did it, and is not told; zero: nobody of the staff
	Ticket id.ID   // zero: it concerns no ticket
	// Data fills the event's own placeholders: ids, keys, numbers and times,
	// never words that somebody wrote.
	Data map[string]string
	// Key names what is told: the same key is told once to the same person.
	// Empty: this telling is like no other.
	Key string
	// Urgent passes by quiet hours, grouping and digests.
	Urgent bool
}

// Limits of a notice.
const (
	MaxRecipients = 500
	MaxUnread     = 1000 // of one person; older ones count as read
	maxData       = 20
	maxKey        = 160
)

var (
	dataName  = regexp.MustCompile(`^[a-z][a-z_]{0,31}$`)
	dataValue = regexp.MustCompile(`^[A-Za-z0-9_.:+,/@-]{0,64}$`)
)

// check refuses a notice that the program has put together wrongly.
func (n *Notice) check() error {
	e, ok := eventOf(n.Event)
	switch {
	case n.Tenant <= 0:
		return fault.Bad("tenant", "notify.tenant", "a notice belongs to a tenant")
	case !ok:
		return fault.Bad("event", "notify.event", "there is no event %q", n.Event)
	case len(n.To) > MaxRecipients:
		return fault.Bad("to", "too_many", "at most %d people", MaxRecipients)
	case len(n.Data) > maxData:
		return fault.Bad("data", "too_many", "at most %d values", maxData)
	case len(n.Key) > maxKey:
		return fault.Bad("key", "too_long", "a key has at most %d bytes", maxKey)
	case e.OfTicket && n.Ticket == 0:
		return fault.Bad("ticket", "required", "%s is about a ticket", n.Event)
	}
	for k, v := range n.Data {
		if !dataName.MatchString(k) || !dataValue.MatchString(v) {
			return fault.Bad("data."+k, "notify.data", "data holds ids, keys and numbers, not words")
		}
	}
	return nil
}
