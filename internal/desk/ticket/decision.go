package ticket

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// A Decision is a value that a model has set or suggests (AI 判断), with what
// is needed to explain it, to judge it and to take it back. A ticket has at
// most one for each field.
type Decision struct {
	Field      string        `json:"field" doc:"type, category, priority, language, sentiment, risk"`
	Value      string        `json:"value" doc:"as the field's own JSON value, ids and numbers as text"`
	State      DecisionState `json:"state" enum:"set,suggested,accepted,corrected,undone"`
	Confidence float64       `json:"confidence" doc:"calibrated probability that the value is right"`
	Reason     string        `json:"reason,omitempty" doc:"a stable word for why, such as safety"`
	Evidence   []Evidence    `json:"evidence,omitempty"`
	Runners    []Scored      `json:"runners,omitempty" doc:"the next best values"`
	Model      string        `json:"model" doc:"what decided, with its version"`
	At         clock.Time    `json:"at"`
	Before     string        `json:"before,omitempty" doc:"the value that it replaced"`
	After      string        `json:"after,omitempty" doc:"the value that a person gave instead"`
	Applied    bool          `json:"applied,omitempty" doc:"of a judged one: the model had set the value, not only suggested it"`
	By         id.ID         `json:"by,omitzero" doc:"who judged it"`
	JudgedAt   clock.Time    `json:"judged_at,omitzero"`
	Prior      *Judgement    `json:"prior,omitempty" doc:"of a judged one: how it stood before, for when the judgement is taken back"`
}

// Judgement is what a person has made of a decision.
type Judgement struct {
	State    DecisionState `json:"state"`
	After    string        `json:"after,omitempty"`
	Applied  bool          `json:"applied,omitempty"`
	By       id.ID         `json:"by,omitzero"`
	JudgedAt clock.Time    `json:"judged_at,omitzero"`
	Held     string        `json:"held,omitempty" doc:"the value that the ticket had then"`
}

// Scored is a value with its confidence.
type Scored struct {
	Value      string  `json:"value"`
	Confidence float64 `json:"confidence"`
}

// Evidence is a piece of the customer's words that counted. It is a place, not
// the words, so that erasing a message leaves nothing behind here. Offsets are
// in characters (runes), end exclusive.
type Evidence struct {
	In      string  `json:"in" enum:"subject,body"`
	Message id.ID   `json:"message_id,omitzero" doc:"with in = body"`
	Start   int     `json:"start"`
	End     int     `json:"end"`
	Weight  float32 `json:"weight" doc:"share of the decision, negative when it spoke against"`
	Text    string  `json:"text,omitempty" doc:"the words, when a single ticket is read"`
}

// DecisionState says what became of a decision.
type DecisionState string

// States of a decision. The first two are the model's; in the others a person
// has judged, and no model changes the field again.
const (
	DecisionSet       DecisionState = "set"
	DecisionSuggested DecisionState = "suggested"
	DecisionAccepted  DecisionState = "accepted"
	DecisionCorrected DecisionState = "corrected"
	DecisionUndone    DecisionState = "undone"
)

// Judged reports whether a person has spoken.
func (d *Decision) Judged() bool { return d.State != DecisionSet && d.State != DecisionSuggested }

// judge notes what a person made of the decision: held is what the ticket had
// before, now what it has.
func (d *Decision) judge(by id.ID, at clock.Time, verdict, held, now string) {
	d.Prior = &Judgement{d.State, d.After, d.Applied, d.By, d.JudgedAt, held}
	if !d.Judged() {
		d.Applied = d.State == DecisionSet
	}
	d.By, d.JudgedAt, d.After = by, at, ""
	switch {
	case verdict == "undo":
		d.State, d.After = DecisionUndone, now
	case now == d.Value:
		d.State = DecisionAccepted
	default:
		d.State, d.After = DecisionCorrected, now
	}
}

// takeBack takes the last judgement back with the change that made it; false
// when the ticket does not stand as it did before.
func (d *Decision) takeBack(now string) bool {
	p := d.Prior
	if p == nil || p.Held != now {
		return false
	}
	d.State, d.After, d.Applied, d.By, d.JudgedAt, d.Prior = p.State, p.After, p.Applied, p.By, p.JudgedAt, nil
	return true
}

// outweighs reports whether a decision that has changed the ticket would be
// lost under a mere suggestion of the same field: it could no longer be taken
// back.
func (d *Decision) outweighs(x Decision) bool {
	return d.State == DecisionSet && d.Value != d.Before && x.State == DecisionSuggested
}

// decidable are the fields on which there may be decisions.
var decidable = []string{"type", "category", "priority", "language", "sentiment", "risk"}

// MaxRisk is the gravest level of risk; from AtRisk on somebody is alerted.
const (
	MaxRisk = 3
	AtRisk  = 2
)

// value is what the ticket holds in a decidable field, as text.
func (t *Ticket) value(field string) string {
	switch field {
	case "type":
		return t.Type
	case "category":
		if t.Category == 0 {
			return ""
		}
		return t.Category.String()
	case "priority":
		return t.Priority.String()
	case "language":
		return t.Language
	case "sentiment":
		if t.Sentiment == nil {
			return ""
		}
		return strconv.Itoa(*t.Sentiment)
	case "risk":
		return strconv.Itoa(t.Risk)
	}
	return ""
}

// setValue puts a value into a decidable field and tells what it changed.
func (d *Desk) setValue(ctx context.Context, t *Ticket, field, value string) (FieldChange, error) {
	catalog, err := d.Forms.Get(ctx, t.Tenant)
	if err != nil {
		return FieldChange{}, err
	}
	change := FieldChange{Field: field}
	number := func(low, high int) (n int) {
		n, err = strconv.Atoi(value)
		if err != nil || n < low || n > high {
			err = fault.Bad("value", "range", "%s is a whole number from %d to %d", field, low, high)
		}
		return n
	}
	switch field {
	case "type":
		if typ, ok := catalog.Type(value); !ok || typ.Retired {
			return change, fault.Bad("value", "unknown", "there is no ticket type %q", value)
		}
		change.From, change.To = t.Type, value
		t.Type = value
	case "category":
		var category id.ID
		if value != "" {
			if category, err = id.Parse(value); err != nil {
				return change, fault.Bad("value", "unknown", "there is no such category")
			}
		}
		if err := checkCategory(catalog, category); err != nil {
			return change, err
		}
		change.From, change.To = t.Category, category
		t.Category = category
	case "priority":
		var p Priority
		if err := p.UnmarshalText([]byte(value)); err != nil {
			return change, err
		}
		change.From, change.To = t.Priority, p
		t.Priority = p
	case "language":
		value = oneLine(value)
		if len(value) > maxWord {
			return change, fault.Bad("value", "too_long", "a language has at most %d bytes", maxWord)
		}
		change.From, change.To = t.Language, value
		t.Language = value
	case "sentiment":
		n := number(-2, 2)
		if err != nil {
			return change, err
		}
		if t.Sentiment != nil {
			change.From = *t.Sentiment
		}
		change.To, t.Sentiment = n, &n
	case "risk":
		n := number(0, MaxRisk)
		if err != nil {
			return change, err
		}
		change.From, change.To = t.Risk, n
		t.Risk = n
	default:
		return change, fault.Bad("field", "choice", "%q is not one of %v", field, decidable)
	}
	return change, nil
}

// DecideInput judges what a model said of a field: accepts it, takes it back,
// or gives another value.
type DecideInput struct {
	Field   string `json:"field" enum:"type,category,priority,language,sentiment,risk"`
	Verdict string `json:"verdict" enum:"accept,undo,correct"`
	Value   string `json:"value,omitempty" maxLength:"64" doc:"with correct"`
}

func (d *Desk) decide(ctx context.Context, w *Write, c *Change, in DecideInput) (Outcome, error) {
	list, err := loadDecisions(ctx, w.Tx, c.Ticket.Tenant, c.Ticket.ID)
	if err != nil {
		return Outcome{}, err
	}
	i := slices.IndexFunc(list, func(x Decision) bool { return x.Field == in.Field })
	if i < 0 && in.Verdict != "correct" {
		return Outcome{}, fault.Missing("decision")
	}
	value := in.Value
	switch in.Verdict {
	case "accept":
		value = list[i].Value
	case "undo":
		if list[i].State != DecisionSet {
			return Outcome{}, fault.New(fault.Conflict, "decision.not_set", "only a value that a model has set can be taken back")
		}
		value = list[i].Before
		if in.Field == "sentiment" { // it had none before
			value = "0"
		}
	}
	c.verdict = map[string]string{in.Field: in.Verdict}
	if c.Ticket.value(in.Field) == value {
		c.Append(EventJudged, EventData{Kind: in.Verdict, Changes: []FieldChange{{Field: in.Field}}})
		return Outcome{}, nil
	}
	change, err := d.setValue(ctx, c.Ticket, in.Field, value)
	if err == nil {
		c.Append(EventChange, EventData{Kind: in.Verdict, Changes: []FieldChange{change}})
	}
	return Outcome{}, err
}

// Decide lets a model speak on a ticket that exists. It sets or suggests, and
// never touches a field on which a person has spoken: not one that was judged,
// and not one whose value is no longer the one the decision was made for.
func (d *Desk) Decide(ctx context.Context, tenant, ticket id.ID, decisions []Decision) error {
	return d.Write(ctx, staff.AI(tenant), func(ctx context.Context, w *Write) error {
		c, err := w.related(ctx, ticket)
		if err != nil {
			return err
		}
		return d.decideIn(ctx, w, c, decisions)
	})
}

func (d *Desk) decideIn(ctx context.Context, w *Write, c *Change, decisions []Decision) error {
	if len(decisions) == 0 || c.Ticket.MergedInto != 0 {
		return nil
	}
	old, err := loadDecisions(ctx, w.Tx, c.Ticket.Tenant, c.Ticket.ID)
	if err != nil {
		return err
	}
	for _, x := range decisions {
		i := slices.IndexFunc(old, func(o Decision) bool { return o.Field == x.Field })
		if i >= 0 && old[i].Judged() && !d.alarms(c.Ticket, x) || x.Before != c.Ticket.value(x.Field) && (x.State == DecisionSet || i < 0) {
			continue
		}
		if x.At == 0 {
			x.At = c.At
		}
		if x.State == DecisionSet && x.Value != x.Before {
			change, err := d.setValue(ctx, c.Ticket, x.Field, x.Value)
			if err != nil {
				continue // what it speaks of was retired meanwhile
			}
			c.Append(EventChange, EventData{Kind: "model", Changes: []FieldChange{change}})
			e := &c.Events[len(c.Events)-1]
			e.ActorKind, e.Actor, e.Cause = string(staff.KindAI), 0, x.Model
		}
		c.Decisions = append(c.Decisions, x)
	}
	if len(c.Decisions) > 0 && len(c.Events) == 0 {
		c.Append(EventJudged, EventData{Kind: "suggested", Changes: []FieldChange{{Field: c.Decisions[0].Field}}})
	}
	return nil
}

// cloneDecisions lets a write be run again from what was prepared once.
func cloneDecisions(list []Decision) []Decision {
	list = slices.Clone(list)
	for i := range list {
		list[i].Evidence = slices.Clone(list[i].Evidence)
	}
	return list
}

// alarms tells whether a decision speaks of newer words that are graver than
// what a person has said: a judged risk must not silence the next alarm.
func (d *Desk) alarms(t *Ticket, x Decision) bool {
	switch x.Field {
	case "risk":
		return x.State == DecisionSet && x.Value >= strconv.Itoa(AtRisk) && (x.Value > x.Before || x.Value == t.value("risk") && x.Before < x.Value)
	case "priority":
		var now, before Priority
		return x.State == DecisionSet && now.UnmarshalText([]byte(x.Value)) == nil && before.UnmarshalText([]byte(x.Before)) == nil && now > before && t.Risk >= AtRisk
	}
	return false
}

// keepDecisions stores what models said in this write and what people did to
// what was said before.
func (d *Desk) keepDecisions(ctx context.Context, tx *db.Tx, c *Change) error {
	t := c.Ticket
	for i := range c.Decisions {
		for k := range c.Decisions[i].Evidence {
			if e := &c.Decisions[i].Evidence[k]; e.In == "body" && e.Message == 0 && len(c.Messages) > 0 {
				e.Message = c.Messages[0].ID
			}
		}
	}
	if c.Born() {
		if len(c.Decisions) == 0 {
			return nil
		}
		t.Unsure = unsure(c.Decisions)
		return saveDecisions(ctx, tx, t, c.Decisions)
	}
	touched, back := map[string]bool{}, map[string]bool{}
	if c.Actor.Kind == staff.KindStaff {
		for i, e := range c.Events {
			if e.Name != EventChange && e.Name != EventJudged && e.Name != EventUndo {
				continue
			}
			if c.back && e.Name == EventChange {
				c.Events[i].Data.Kind = KindBack
			}
			for _, x := range e.Data.Changes {
				if slices.Contains(decidable, x.Field) {
					touched[x.Field], back[x.Field] = true, c.back || e.Name == EventUndo
				}
			}
		}
	}
	if len(c.Decisions) == 0 && !anyTrue(touched) {
		return nil
	}
	list, err := loadDecisions(ctx, tx, t.Tenant, t.ID)
	if err != nil {
		return err
	}
	for _, x := range c.Decisions {
		if i := slices.IndexFunc(list, func(o Decision) bool { return o.Field == x.Field }); i < 0 {
			list = append(list, x)
		} else if (!list[i].Judged() || d.alarms(c.Ticket, x)) && !list[i].outweighs(x) {
			list[i] = x
		}
	}
	for i := range list {
		x := &list[i]
		if !touched[x.Field] {
			continue
		}
		now := t.value(x.Field)
		if back[x.Field] && (x.takeBack(now) || !x.Judged()) {
			continue
		}
		x.judge(c.Actor.ID, c.At, c.verdict[x.Field], c.Before.value(x.Field), now)
	}
	t.Unsure = unsure(list)
	if len(list) == 0 {
		return nil
	}
	return saveDecisions(ctx, tx, t, list)
}

// unsure reports whether a person still has to say what the ticket is about.
func unsure(list []Decision) bool {
	return slices.ContainsFunc(list, func(x Decision) bool {
		return x.State == DecisionSuggested && (x.Field == "type" || x.Field == "category")
	})
}

func anyTrue(m map[string]bool) bool {
	for _, v := range m {
		if v {
			return true
		}
	}
	return false
}

func saveDecisions(ctx context.Context, tx *db.Tx, t *Ticket, list []Decision) error {
	return tx.Queue(ctx, `insert into ticket_decision (tenant_id, ticket_id, decisions) values ($1, $2, $3)
		on conflict (tenant_id, ticket_id) do update set decisions = excluded.decisions`, t.Tenant, t.ID, encode(list))
}

func loadDecisions(ctx context.Context, r db.Reader, tenant, ticket id.ID) ([]Decision, error) {
	var raw string
	err := r.QueryRow(ctx, `select decisions from ticket_decision where tenant_id = $1 and ticket_id = $2`, tenant, ticket).Scan(&raw)
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Decision
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		return nil, fmt.Errorf("decisions of ticket %s: %w", ticket, err)
	}
	return list, nil
}

// Decisions reads what models have said of a ticket. Reach is the caller's
// business.
func (d *Desk) Decisions(ctx context.Context, tenant, ticket id.ID) ([]Decision, error) {
	return loadDecisions(ctx, d.DB, tenant, ticket)
}

// quote fills in the words of the evidence, for one ticket on its own page.
func (d *Desk) quote(ctx context.Context, t *Ticket, list []Decision) error {
	texts := map[id.ID][]rune{}
	subject := []rune(t.Subject)
	for i := range list {
		for k := range list[i].Evidence {
			e := &list[i].Evidence[k]
			words := subject
			if e.In == "body" {
				if _, ok := texts[e.Message]; !ok {
					m, err := getMessage(ctx, d.DB, t.Tenant, t.ID, e.Message)
					if err != nil && fault.KindOf(err) != fault.NotFound {
						return err
					}
					if m != nil {
						texts[e.Message] = []rune(m.Text)
					} else {
						texts[e.Message] = nil
					}
				}
				words = texts[e.Message]
			}
			if e.Start >= 0 && e.Start < e.End && e.End <= len(words) {
				e.Text = string(words[e.Start:e.End])
			}
		}
	}
	return nil
}

// Value is what a ticket holds in a field on which there may be decisions, as
// Decision.Value has it.
func (d *Desk) Value(t *Ticket, field string) string { return t.value(field) }

// SetValue puts a value into such a field of a ticket that is being prepared.
func (d *Desk) SetValue(ctx context.Context, t *Ticket, field, value string) error {
	_, err := d.setValue(ctx, t, field, value)
	return err
}

// FirstWords are what a ticket was opened with.
type FirstWords struct {
	Subject string
	Text    string
	Message id.ID
}

// FirstWords reads subject and first message of the customer of several
// tickets, for those who learn from them. Reach is the caller's business.
func (d *Desk) FirstWords(ctx context.Context, tenant id.ID, ids []id.ID) (map[id.ID]FirstWords, error) {
	out := make(map[id.ID]FirstWords, len(ids))
	for part := range slices.Chunk(ids, 500) {
		rows, err := d.DB.Query(ctx, `select t.id, t.subject, substr(coalesce(m.text, ''), 1, 20000), coalesce(m.id, 0) from ticket t
			left join ticket_message m on m.tenant_id = t.tenant_id and m.ticket_id = t.id and m.id = (
				select min(f.id) from ticket_message f where f.tenant_id = t.tenant_id and f.ticket_id = t.id and f.kind = 'customer' and f.withdrawn_at is null)
			where t.tenant_id = $1 and t.id `+inIDs(d.DB, "$2"), tenant, idList(part))
		type row struct {
			ticket id.ID
			words  FirstWords
		}
		list, err := db.Each(rows, err, func(r rower) (row, error) {
			var x row
			return x, r.Scan(&x.ticket, &x.words.Subject, &x.words.Text, &x.words.Message)
		})
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			out[x.ticket] = x.words
		}
	}
	return out, nil
}

// Opening is a ticket as it came: what a comparison with others needs.
type Opening struct {
	Ticket, Requester id.ID
	At                clock.Time
	FirstWords
}

// Openings reads the tickets with after < id ≤ last in order. Reach is the
// caller's business.
func (d *Desk) Openings(ctx context.Context, tenant, after, last id.ID, limit int) ([]Opening, error) {
	rows, err := d.DB.Query(ctx, fmt.Sprintf(`select t.id, t.requester_id, t.created_at from ticket t
		where t.tenant_id = $1 and t.id > $2 and t.id <= $3 order by t.id limit %d`, limit), tenant, after, last)
	list, err := db.Each(rows, err, func(r rower) (Opening, error) {
		var o Opening
		return o, r.Scan(&o.Ticket, zero(&o.Requester), &o.At)
	})
	if err != nil {
		return nil, err
	}
	ids := make([]id.ID, len(list))
	for i, o := range list {
		ids[i] = o.Ticket
	}
	words, err := d.FirstWords(ctx, tenant, ids)
	for i := range list {
		list[i].FirstWords = words[list[i].Ticket]
	}
	return list, err
}

// Load reads tickets whoever may see them: for the engines.
func (d *Desk) Load(ctx context.Context, tenant id.ID, ids []id.ID) ([]*Ticket, error) {
	return loadMany(ctx, d.DB, tenant, ids)
}
