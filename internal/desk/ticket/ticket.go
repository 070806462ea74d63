// Package ticket is the core of Zhidan: the Ticket, its Messages and Events,
// and every operation on them.
//
// It promises:
//   - One way to write. Every operation is load, change, save, append Events
//     and enqueue their dispatch in a single transaction (Desk.Write); nothing
//     is published before that has committed, and no side effect is called
//     inline.
//   - The rules hold in the domain. Transitions, required reasons, forms and
//     the reach of the actor are checked here, whatever door the call came by.
//   - Events are append-only: per ticket `seq` counts up without gaps, the
//     newest is the ticket's version and its ETag. Personal values never stand
//     in an event: it names the field and holds a keyed commitment, the words
//     live in a row that can be erased.
//   - Reads carry tenant and scope inside the filter, so they cannot be
//     forgotten.
package ticket

import (
	"encoding/json"
	"fmt"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Status is where a ticket stands. The first four are active: someone still
// has to act. Stored as a small number, spoken as a word.
type Status int16

// The seven statuses of the glossary, in the order of a ticket's life.
const (
	New       Status = iota + 1 // 待受理: nobody has acted yet
	Open                        // 处理中: our side must act
	Pending                     // 待客户反馈: the customer must act
	OnHold                      // 挂起: waits for a third party or a date, with reason
	Solved                      // 已解决: a solution was given
	Closed                      // 已关闭: final
	Cancelled                   // 已撤销: withdrawn or invalid, with reason; never counted as solved
)

var statusNames = [...]string{"", "new", "open", "pending", "on_hold", "solved", "closed", "cancelled"}

// Active reports whether someone still has to act.
func (s Status) Active() bool { return s >= New && s <= OnHold }

func (s Status) String() string { return name(statusNames[:], int(s)) }

// MarshalText speaks the status as its word.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word.
func (s *Status) UnmarshalText(b []byte) error {
	n, err := index(statusNames[:], "status", string(b))
	*s = Status(n)
	return err
}

// transitions lists where each status may go. Closed is final: a later contact
// makes a linked ticket instead.
var transitions = map[Status][]Status{
	New:       {Open, Pending, OnHold, Solved, Cancelled},
	Open:      {Pending, OnHold, Solved, Cancelled},
	Pending:   {Open, OnHold, Solved, Cancelled},
	OnHold:    {Open, Pending, Solved, Cancelled},
	Solved:    {Open, Closed},
	Cancelled: {Open},
}

// Priority is the order of work: 1 low … 4 urgent.
type Priority int16

// Priorities.
const (
	Low Priority = iota + 1
	Normal
	High
	Urgent
)

var priorityNames = [...]string{"", "low", "normal", "high", "urgent"}

func (p Priority) String() string { return name(priorityNames[:], int(p)) }

// MarshalText speaks the priority as its word.
func (p Priority) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the word.
func (p *Priority) UnmarshalText(b []byte) error {
	n, err := index(priorityNames[:], "priority", string(b))
	*p = Priority(n)
	return err
}

func name(names []string, n int) string {
	if n <= 0 || n >= len(names) {
		return ""
	}
	return names[n]
}

func index(names []string, field, word string) (int, error) {
	for i, s := range names {
		if i > 0 && s == word {
			return i, nil
		}
	}
	return 0, fault.Bad(field, "choice", "%s %q is not one of %v", field, word, names[1:])
}

// Ticket is one matter of one customer from first contact to archive. Optional
// references are zero when absent.
type Ticket struct {
	Tenant, ID   id.ID
	Number       string
	Subject      string
	Status       Status
	Substatus    id.ID
	Priority     Priority
	Type         string // key of the ticket type
	Category     id.ID
	Channel      string
	Language     string
	Requester    id.ID
	Company      id.ID
	CreatorKind  string
	Creator      id.ID
	Assignee     id.ID
	Team         id.ID
	Department   id.ID
	Tags         []string
	Fields       map[string]any
	HoldReason   string
	CancelReason string
	SnoozedUntil clock.Time
	Parent       id.ID
	MergedInto   id.ID
	Resolution   *Resolution
	ReopenCount  int
	RepeatCount  int // contacts of the same customer on the same matter after the first
	ReturnCount  int // how often it was given back to who had handed it on
	Handed       []Place
	RulingAsked  clock.Time // since when it waits for a ruling; zero when it does not
	Ruling       *Ruling    // the last one
	Assists      []Assist   // the parts of other teams
	MessageCount int
	ChildCount   int
	OpenChildren int
	LastMessage  *LastMessage
	FirstReplied clock.Time
	SolvedAt     clock.Time
	ClosedAt     clock.Time
	CreatedAt    clock.Time
	UpdatedAt    clock.Time
	Sentiment    *int       // -2 … 2 as understood, nil when nobody has said
	Risk         int        // 0 … MaxRisk: how gravely the customer's words sound
	Weight       int        // how much of the assignee's capacity it takes, in hundredths
	Unsure       bool       // a suggested type or category waits for a person
	DueAt        clock.Time // when the next promise falls due; zero when none does
	SLA          SLA        // how the promises stand
	SLAMetric    string     // whose due date and standing these are
	SLAFrom      clock.Time // when that promise began
	WarnAt       clock.Time // when its first warning is or was due; zero when none is
	Version      int64      // seq of the newest event; the ETag
}

// Resolution is what is filled in on solving (结案信息).
type Resolution struct {
	Code         string        `json:"code" maxLength:"64" doc:"result code of the tenant's list"`
	Cause        string        `json:"cause,omitempty" maxLength:"64"`
	Responsible  string        `json:"responsible,omitempty" maxLength:"64" doc:"responsible party"`
	Compensation *Compensation `json:"compensation,omitempty"`
	Note         string        `json:"note,omitempty" maxLength:"4000"`
}

// Compensation is money given to the customer, in minor units.
type Compensation struct {
	AmountMinor int64  `json:"amount_minor" minimum:"0" maximum:"100000000000"`
	Currency    string `json:"currency" pattern:"^[A-Z]{3}$"`
}

// LastMessage is what a list row shows of the conversation.
type LastMessage struct {
	Kind         string     `json:"kind"`
	Excerpt      string     `json:"excerpt"`
	At           clock.Time `json:"at"`
	FromCustomer bool       `json:"from_customer"`
}

// MessageKind says who hears a message.
type MessageKind string

// Kinds of message.
const (
	FromCustomer MessageKind = "customer"
	Reply        MessageKind = "reply" // public, to the customer
	Note         MessageKind = "note"  // colleagues only
)

// ChannelEmail is the channel whose replies carry a signature.
const ChannelEmail = "email"

// Message is one thing said on a ticket.
type Message struct {
	ID          id.ID
	Ticket      id.ID
	Seq         int64 // of the event that added it
	Kind        MessageKind
	AuthorKind  string
	Author      id.ID
	Channel     string
	Text        string
	HTML        string // sanitised; empty when the text says it all
	Signature   string // goes under it when it is sent by mail
	ExternalID  string // of the channel, for threading
	CreatedAt   clock.Time
	UndoUntil   clock.Time
	WithdrawnAt clock.Time
}

// Event is one recorded act: timeline, audit trail and source of push in one.
type Event struct {
	Tenant    id.ID
	Ticket    id.ID
	Seq       int64
	At        clock.Time
	ActorKind string
	Actor     id.ID
	Name      string
	Data      EventData
	Cause     string // parent event, rule or model version; empty for a person's own act
	Depth     int16  // how many events in a row caused this one; stops loops
}

// EventData is the body of an event. It holds ids, keys and commitments only.
type EventData struct {
	Changes []FieldChange `json:"changes,omitempty"`
	Message id.ID         `json:"message,omitzero"`
	Kind    string        `json:"kind,omitempty"`   // of the message or link
	Ref     id.ID         `json:"ref,omitzero"`     // another ticket
	Users   []id.ID       `json:"users,omitempty"`  // people added or removed
	Reason  string        `json:"reason,omitempty"` // commitment; the words are in ticket_event_text
}

// KindBack is the kind of an EventChange by which somebody takes back what they
// have just done.
const KindBack = "back"

// FieldChange is one field before and after. For a field that may hold personal
// data From and To are absent and Commit proves the value without telling it.
type FieldChange struct {
	Field  string `json:"field"`
	From   any    `json:"from,omitempty"`
	To     any    `json:"to,omitempty"`
	Commit string `json:"commit,omitempty"`
}

// Names of events. The rest of the system keys on them.
const (
	EventCreated      = "created"
	EventMessage      = "message"
	EventWithdrawn    = "withdrawn"
	EventStatus       = "status"
	EventAssign       = "assign"
	EventTransfer     = "transfer"
	EventChange       = "change" // properties
	EventSnooze       = "snooze"
	EventWake         = "wake"
	EventMerged       = "merged"     // on the one that went
	EventMergeIn      = "merge_in"   // on the one that stays
	EventSplit        = "split"      // on the one that gave messages
	EventSplitFrom    = "split_from" // on the new one
	EventLink         = "link"
	EventUnlink       = "unlink"
	EventParent       = "parent"
	EventChild        = "child"
	EventChildrenDone = "children_done" // the last active child ended
	EventPeople       = "people"
	EventRepeat       = "repeat_contact"
	EventAssist       = "assist" // the part of another team was proposed, asked for, answered or taken back
	EventRuling       = "ruling" // it was lifted; what was ruled is a transfer
	EventUndo         = "undo"
	EventJudged       = "judged" // a decision, without a change of its value
	EventSLA          = "sla"    // what time does to a promise
)

// Limits of what a ticket may hold.
const (
	MaxSubject  = 300     // runes
	MaxBody     = 500_000 // bytes of text
	MaxHTML     = 2 << 20 // bytes
	MaxTags     = 50
	MaxTag      = 64 // runes
	MaxPeople   = 50
	MaxMentions = 200 // a whole team
	MaxLinks    = 200
	MaxChildren = MaxBulk // one bulk change reaches all of them
	MaxFiles    = 50      // attachments of one message
	maxReason   = 2000
	maxWord     = 64 // bytes of a channel or language
)

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("ticket: value cannot be JSON: %v", err)) // only our own types come here
	}
	return string(b)
}
