// Package channel is where the outside comes in. It holds the contract that
// every channel keeps, and the intake that all of them share.
//
// Promises of the intake:
//
//   - the raw content and its de-duplication key are on disk before Accept
//     returns; the channel acknowledges to the sender only then;
//   - an item becomes exactly one message on exactly one ticket: the ticket's
//     rows, the item's state and its thread keys are written in one transaction,
//     so that a kill at any point neither loses nor doubles it, and the same
//     item seen through two doors is recognised;
//   - what cannot be understood, or is refused, waits in quarantine with its
//     reason and its raw content, and blocks nothing behind it.
//
// What a machine wrote by itself: a bounce or an automatic answer joins the
// ticket it belongs to as a note, and otherwise goes to quarantine, because a
// ticket that nobody asked for would start a loop. Notifications and lists open
// tickets, since web forms and alarms come that way, and carry the tag "auto".
//
// The room knows tickets only through the ticket desk. A channel of its own
// folder reads one kind of raw content; the table of kinds stands in server.
package channel

import (
	"context"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// Kind is one way of coming in: mail, chat, a web form.
type Kind struct {
	Name   string
	Caps   Caps
	MaxRaw int64 // bytes of one raw item
	// Read understands raw content. It is bounded in time and memory, has no
	// outside effects, and returns *Unreadable for what must wait for a person.
	Read func(ctx context.Context, raw []byte) (*Inbound, error)
	// Envelope is who sent it and what it is about, from its beginning and as far
	// as it can be read; nil: the kind has none.
	Envelope func(head []byte) (sender, subject string)
}

// Caps says what answers over a kind can carry.
type Caps struct {
	HTML        bool
	Files       bool
	MaxFile     int64         // bytes; 0: no limit of its own
	MaxText     int           // runes; 0: no limit
	ReplyWindow time.Duration // how long after the customer's words we may answer; 0: always
	Receipts    bool          // it tells what was delivered and read
	Typing      bool
}

// Origin says what wrote an item.
type Origin string

// Origins; empty is a person.
const (
	Person    Origin = ""
	AutoReply Origin = "reply"
	Bounce    Origin = "bounce"
	Generated Origin = "generated"
	Bulk      Origin = "bulk"
)

// Inbound is an item as its kind understood it. Strings are clean UTF-8.
type Inbound struct {
	Sender   Sender
	Subject  string
	Text     string // all of it
	NewText  string // without what the reader has already; empty: same as Text
	HTML     string
	Files    []File
	SentAt   clock.Time
	Language string
	Origin   Origin

	// Key is the item's own name in its kind's outside world (a message id),
	// After the names of what it answers, the nearest first. Fingerprint is
	// equal for the same item that came by another door.
	Key         string
	After       []string
	Fingerprint string
}

// Sender is who the item says it is from. Nothing about it is proven.
type Sender struct {
	Name  string
	Email string
}

// File is an attachment.
type File struct {
	Name      string
	Type      string
	ContentID string
	Inline    bool
	Content   []byte
}

// Unreadable is why an item goes to quarantine instead of the desk.
type Unreadable struct {
	Reason string // stable and short: size, time, parts, bounce, auto_reply …
	Detail string
}

func (u *Unreadable) Error() string { return u.Reason + ": " + u.Detail }

// State of an item.
type State string

// The states: received → done, duplicate or quarantined; quarantined →
// received (tried again) or discarded.
const (
	Received    State = "received"
	Done        State = "done"
	Duplicate   State = "duplicate"
	Quarantined State = "quarantined"
	Discarded   State = "discarded"
)

// Item is the record of something that came in.
type Item struct {
	ID         id.ID
	Tenant     id.ID
	Channel    string // the configured door: one mailbox, "import"
	Kind       string
	State      State
	Reason     string
	Detail     string
	Blob       string // where large raw content is; empty: beside the record
	Size       int64
	Ticket     id.ID
	Message    id.ID
	ReceivedAt clock.Time
	DoneAt     clock.Time

	dedup string
	raw   []byte // small content on its way into the store
}

// Bounds.
const (
	MaxChannel = 100
	MaxDedup   = 200
	maxDetail  = 2000
	// smallRaw is up to which size raw content goes into the database: one
	// commit instead of that and a file with its folders.
	smallRaw = 64 << 10
	maxAfter = 30 // thread keys looked up for one item
)
