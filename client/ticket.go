package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Ref is something with a name.
type Ref struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Tier string `json:"tier,omitempty"` // of a customer
	Kind string `json:"kind,omitempty"` // of who did something: staff, customer, system, ai
}

// Brief is another ticket as far as a link shows it.
type Brief struct {
	ID       string `json:"id"`
	Number   string `json:"number"`
	Subject  string `json:"subject"`
	Status   string `json:"status"`
	Assignee *Ref   `json:"assignee"`
}

// Link is a tie to another ticket.
type Link struct {
	Kind      string `json:"kind"`
	Direction string `json:"direction"` // out, in
	Ticket    Brief  `json:"ticket"`
}

// Money is an amount in minor units.
type Money struct {
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
}

// Resolution is what is filled in on solving.
type Resolution struct {
	Code         string `json:"code"`
	Cause        string `json:"cause,omitempty"`
	Responsible  string `json:"responsible,omitempty"`
	Compensation *Money `json:"compensation,omitempty"`
	Note         string `json:"note,omitempty"`
}

// LastMessage is the end of the conversation, as a list shows it.
type LastMessage struct {
	Kind         string    `json:"kind"`
	Excerpt      string    `json:"excerpt"`
	At           time.Time `json:"at"`
	FromCustomer bool      `json:"from_customer"`
}

// Highlight shows where a search found its words: escaped HTML with <mark>.
type Highlight struct {
	Subject string `json:"subject"`
	Excerpt string `json:"excerpt"`
}

// Place is who is or was to act on a ticket.
type Place struct {
	Assignee   *Ref `json:"assignee"`
	Team       *Ref `json:"team"`
	Department *Ref `json:"department"`
}

// Assist is the part of another team: proposed, asked or done.
type Assist struct {
	Team  Ref       `json:"team"`
	State string    `json:"state"`
	By    *Ref      `json:"by"` // nil: a rule
	At    time.Time `json:"at"`
}

// Ruling is what a dispatcher has said of whose a ticket is.
type Ruling struct {
	Place
	By     Ref       `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	Over   bool      `json:"over"`
}

// Ticket is one matter of one customer.
type Ticket struct {
	ID             string         `json:"id"`
	Number         string         `json:"number"`
	Subject        string         `json:"subject"`
	Status         string         `json:"status"`
	Substatus      string         `json:"substatus_id"`
	Priority       string         `json:"priority"`
	Type           string         `json:"type"`
	Category       string         `json:"category_id"`
	Channel        string         `json:"channel"`
	Language       string         `json:"language"`
	Requester      *Ref           `json:"requester"`
	Company        *Ref           `json:"company"`
	Creator        Ref            `json:"creator"`
	Assignee       *Ref           `json:"assignee"`
	Team           *Ref           `json:"team"`
	Department     *Ref           `json:"department"`
	Tags           []string       `json:"tags"`
	Fields         map[string]any `json:"fields"`
	HoldReason     string         `json:"hold_reason"`
	CancelReason   string         `json:"cancel_reason"`
	SnoozedUntil   *time.Time     `json:"snoozed_until"`
	Parent         *Brief         `json:"parent"`
	MergedInto     *Brief         `json:"merged_into"`
	Resolution     *Resolution    `json:"resolution"`
	ReopenCount    int            `json:"reopen_count"`
	RepeatCount    int            `json:"repeat_count"`
	ReturnCount    int            `json:"return_count"`
	RulingAskedAt  *time.Time     `json:"ruling_asked_at"`
	MessageCount   int            `json:"message_count"`
	ChildCount     int            `json:"child_count"`
	OpenChildren   int            `json:"open_child_count"`
	LastMessage    *LastMessage   `json:"last_message"`
	FirstRepliedAt *time.Time     `json:"first_replied_at"`
	SolvedAt       *time.Time     `json:"solved_at"`
	ClosedAt       *time.Time     `json:"closed_at"`
	CreatedAt      time.Time      `json:"created_at"`
	UpdatedAt      time.Time      `json:"updated_at"`
	DueAt          time.Time      `json:"due_at"`
	SLA            string         `json:"sla"`
	SLAMetric      string         `json:"sla_metric"`
	WarnAt         time.Time      `json:"warn_at"`
	Version        int64          `json:"version"`
	Highlight      *Highlight     `json:"highlight"`

	// Of a single ticket only.
	Assists       []Assist `json:"assists"`
	ReturnsTo     *Place   `json:"returns_to"`
	Disputed      []Place  `json:"disputed"`
	Ruling        *Ruling  `json:"ruling"`
	Collaborators []Ref    `json:"collaborators"`
	Watchers      []Ref    `json:"watchers"`
	Links         []Link   `json:"links"`
	Children      []Brief  `json:"children"`
	Actions       []string `json:"actions"`
}

// Requester says for whom a ticket is opened: a known customer, or an address
// by which one is found or made.
type Requester struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// NewTicket opens a ticket.
type NewTicket struct {
	Subject     string         `json:"subject,omitempty"`
	Body        string         `json:"body,omitempty"`
	HTML        string         `json:"html,omitempty"`
	Requester   Requester      `json:"requester"`
	Type        string         `json:"type,omitempty"`
	Priority    string         `json:"priority,omitempty"`
	Category    string         `json:"category_id,omitempty"`
	Tags        []string       `json:"tags,omitempty"`
	Fields      map[string]any `json:"fields,omitempty"`
	Assignee    string         `json:"assignee_id,omitempty"`
	Team        string         `json:"team_id,omitempty"`
	Department  string         `json:"department_id,omitempty"`
	Channel     string         `json:"channel,omitempty"`
	Language    string         `json:"language,omitempty"`
	Kind        string         `json:"kind,omitempty"` // customer, reply, note
	Attachments []string       `json:"attachment_ids,omitempty"`
}

// CreateTicket opens a ticket.
func (c *Client) CreateTicket(ctx context.Context, in NewTicket, o ...Option) (Ticket, error) {
	var t Ticket
	_, err := c.Call(ctx, http.MethodPost, "/tickets", in, &t, o...)
	return t, err
}

// Ticket reads one.
func (c *Client) Ticket(ctx context.Context, ticket string) (Ticket, error) {
	var t Ticket
	_, err := c.Call(ctx, http.MethodGet, "/tickets/"+url.PathEscape(ticket), nil, &t)
	return t, err
}

// TicketByNumber reads one by the number that people read aloud.
func (c *Client) TicketByNumber(ctx context.Context, number string) (Ticket, error) {
	var t Ticket
	_, err := c.Call(ctx, http.MethodGet, "/ticket-numbers/"+url.PathEscape(number), nil, &t)
	return t, err
}

// UpdateTicket changes several properties at once, all or none. Keys are those
// of the API: subject, priority, type, category_id, tags, fields, assignee_id …
func (c *Client) UpdateTicket(ctx context.Context, ticket string, changes map[string]any, o ...Option) (Ticket, error) {
	var t Ticket
	_, err := c.Call(ctx, http.MethodPatch, "/tickets/"+url.PathEscape(ticket), changes, &t, o...)
	return t, err
}

// Query asks for a page of tickets.
type Query struct {
	Q      string // words to search for
	Filter string // a condition in CEL
	View   string
	Sort   string // updated, created, priority; "-" first for descending
	Limit  int
	Cursor string
}

// Tickets lists, filters and searches.
func (c *Client) Tickets(ctx context.Context, q Query) (List[Ticket], error) {
	var l List[Ticket]
	_, err := c.Call(ctx, http.MethodGet, "/tickets"+query("q", q.Q, "filter", q.Filter, "view", q.View, "sort", q.Sort,
		"limit", number(q.Limit), "cursor", q.Cursor), nil, &l)
	return l, err
}

// Count is how many there are, up to a cap.
type Count struct {
	Count  int  `json:"count"`
	Capped bool `json:"capped"`
}

// CountTickets counts those of a condition.
func (c *Client) CountTickets(ctx context.Context, filter string) (Count, error) {
	var n Count
	_, err := c.Call(ctx, http.MethodGet, "/tickets/count"+query("filter", filter), nil, &n)
	return n, err
}

// Undo is the right to take something back until a moment.
type Undo struct {
	ID        string    `json:"id"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Done is what an action led to.
type Done struct {
	Ticket Ticket `json:"ticket"`
	Undo   *Undo  `json:"undo"`
}

// Act carries out an action of the registry (status, assign, claim, merge …)
// with its input.
func (c *Client) Act(ctx context.Context, ticket, action string, in any, o ...Option) (Done, error) {
	if in == nil {
		in = struct{}{}
	}
	var d Done
	_, err := c.Call(ctx, http.MethodPost, "/tickets/"+url.PathEscape(ticket)+"/"+url.PathEscape(action), in, &d, o...)
	return d, err
}

// Undone is what taking back led to.
type Undone struct {
	Tickets []Ticket `json:"tickets"`
	Bulk    string   `json:"bulk_id"`
}

// TakeBack undoes a merge, split or bulk change.
func (c *Client) TakeBack(ctx context.Context, undo string, o ...Option) (Undone, error) {
	var u Undone
	_, err := c.Call(ctx, http.MethodPost, "/undo/"+url.PathEscape(undo), nil, &u, o...)
	return u, err
}

// NewMessage is something to be said on a ticket.
type NewMessage struct {
	Kind        string         `json:"kind"` // reply, note, customer
	Body        string         `json:"body,omitempty"`
	HTML        string         `json:"html,omitempty"`
	Channel     string         `json:"channel,omitempty"`
	Attachments []string       `json:"attachment_ids,omitempty"`
	Mentions    []string       `json:"mentions,omitempty"`
	MentionTeam []string       `json:"mention_teams,omitempty"`
	Seen        string         `json:"seen_message_id,omitempty"` // refused with message.newer when somebody has written since
	Status      string         `json:"status,omitempty"`          // taken with the message: "send and solve"
	Substatus   string         `json:"substatus_id,omitempty"`
	Reason      string         `json:"reason,omitempty"`
	Resolution  *Resolution    `json:"resolution,omitempty"`
	Fields      map[string]any `json:"fields,omitempty"`
}

// Attachment is a file of a message.
type Attachment struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	URL    string `json:"url"`
	Image  bool   `json:"image"`
	Inline bool   `json:"inline"`
}

// Message is one thing said.
type Message struct {
	ID          string       `json:"id"`
	Kind        string       `json:"kind"`
	Author      Ref          `json:"author"`
	Channel     string       `json:"channel"`
	Text        string       `json:"text"`
	HTML        string       `json:"html"`
	At          time.Time    `json:"at"`
	UndoUntil   *time.Time   `json:"undo_until"`
	Withdrawn   bool         `json:"withdrawn"`
	Attachments []Attachment `json:"attachments"`
}

// Change is one field before and after.
type Change struct {
	Field string `json:"field"`
	From  any    `json:"from"`
	To    any    `json:"to"`
}

// Event is what was done.
type Event struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Changes []Change `json:"changes"`
	Reason  string   `json:"reason"`
	Ticket  *Brief   `json:"ticket"`
	Users   []Ref    `json:"users"`
	Cause   string   `json:"cause"`
}

// Entry is one line of a timeline: a message or an event.
type Entry struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Actor   Ref       `json:"actor"`
	Kind    string    `json:"kind"`
	Message *Message  `json:"message"`
	Event   *Event    `json:"event"`
}

// Say replies or adds a note.
func (c *Client) Say(ctx context.Context, ticket string, in NewMessage, o ...Option) (Message, error) {
	var m Message
	_, err := c.Call(ctx, http.MethodPost, "/tickets/"+url.PathEscape(ticket)+"/messages", in, &m, o...)
	return m, err
}

// Withdraw takes back one's own reply within its undo time.
func (c *Client) Withdraw(ctx context.Context, ticket, message string, o ...Option) error {
	_, err := c.Call(ctx, http.MethodPost, "/tickets/"+url.PathEscape(ticket)+"/messages/"+url.PathEscape(message)+"/withdraw", nil, nil, o...)
	return err
}

// Timeline reads messages and events: the newest page first, inside a page in
// the order in which they happened.
func (c *Client) Timeline(ctx context.Context, ticket string, limit int, cursor string) (List[Entry], error) {
	var l List[Entry]
	_, err := c.Call(ctx, http.MethodGet, "/tickets/"+url.PathEscape(ticket)+"/timeline"+query("limit", number(limit), "cursor", cursor), nil, &l)
	return l, err
}

// Upload stores a file that a message will name.
func (c *Client) Upload(ctx context.Context, name, contentType string, content io.Reader) (Attachment, error) {
	var a Attachment
	body, err := io.ReadAll(content)
	if err != nil {
		return a, err
	}
	res, err := c.send(ctx, http.MethodPost, "/attachments"+query("name", name), contentType, body, nil)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	return a, json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&a)
}

// Download reads a file; the caller closes it.
func (c *Client) Download(ctx context.Context, attachment string) (io.ReadCloser, error) {
	res, err := c.send(ctx, http.MethodGet, "/attachments/"+url.PathEscape(attachment), "", nil, nil)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}
