package routing

import (
	"strings"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/id"
)

// agentPrefix begins the fields of a person, which only Prefer may speak of.
const agentPrefix = "agent."

// NewSchema is what conditions of rules may speak of, in memory: the ticket as
// it stands, what is known of its customer and how long it has waited, and in
// Prefer the person as well.
func NewSchema(catalog *form.Catalog) (*expr.Schema, error) {
	codes := func(next func(int) string) map[string]int64 {
		m := map[string]int64{}
		for i := 1; next(i) != ""; i++ {
			m[next(i)] = int64(i)
		}
		return m
	}
	fields := []expr.Field{
		{Name: "status", Type: expr.String, Codes: codes(func(i int) string { return ticket.Status(i).String() })},
		{Name: "priority", Type: expr.String, Codes: codes(func(i int) string { return ticket.Priority(i).String() })},
		{Name: "snoozed", Type: expr.Bool},
		{Name: "tags", Type: expr.StringList},
		{Name: "agent.languages", Type: expr.StringList},
		{Name: "agent.regions", Type: expr.StringList},
		{Name: "agent.on_shift", Type: expr.Bool},
		{Name: "agent.online", Type: expr.Bool},
	}
	add := func(t expr.Type, names ...string) {
		for _, n := range names {
			fields = append(fields, expr.Field{Name: n, Type: t})
		}
	}
	add(expr.String, "type", "channel", "language", "subject", "number", "hold_reason", "tier", "region", "agent.state")
	add(expr.Int, "sentiment", "risk", "reopen_count", "repeat_count", "agent.seniority", "agent.open", "agent.today", "agent.week", "agent.cost")
	add(expr.Number, "value", "confidence", "waited", "agent.load")
	add(expr.Timestamp, "created_at", "due_at")
	add(expr.ID, "category", "substatus", "assignee", "team", "department", "requester", "company", "agent.id", "agent.department")
	add(expr.IDList, "agent.skills", "agent.teams", "agent.companies")
	if catalog != nil {
		for _, f := range catalog.Fields() {
			if t := cellType(f.Kind); t != 0 {
				add(t, "fields."+f.Key)
			}
		}
	}
	return expr.NewSchema("when", fields, nil)
}

// cellType is how conditions see a custom field; zero: not at all.
func cellType(k form.Kind) expr.Type {
	switch k {
	case form.Text, form.Choice, form.Date:
		return expr.String
	case form.Number:
		return expr.Number
	case form.Boolean:
		return expr.Bool
	case form.Person:
		return expr.ID
	}
	return 0 // money, cascade and attachments have no single value to compare
}

// Nearby lists the categories next to one in the tree, of which experience
// counts a little as well: its parent, its children and its siblings, at most
// sixteen.
func Nearby(catalog *form.Catalog, category id.ID) []id.ID {
	c, ok := catalog.Category(category)
	if !ok {
		return nil
	}
	var out []id.ID
	if c.Parent != 0 {
		out = append(out, c.Parent)
	}
	for _, x := range catalog.Categories() {
		if len(out) == 16 {
			break
		}
		if x.ID != category && (x.Parent == category || c.Parent != 0 && x.Parent == c.Parent) {
			out = append(out, x.ID)
		}
	}
	return out
}

// row gives a ticket's fields to conditions.
func (p *Plan) row(m *Matter) expr.Row {
	return func(field string) any {
		switch field {
		case "tier":
			return m.Tier
		case "value":
			return m.Value
		case "region":
			return m.Region
		case "confidence":
			return m.Confidence
		case "waited":
			return m.Waited.Minutes()
		case "due_at":
			return m.DueAt
		}
		var v any
		if m.Row != nil {
			v = m.Row(field)
		} else {
			v = ticketField(m.Ticket, field)
		}
		if s, ok := v.(string); ok && strings.HasPrefix(field, "fields.") {
			if f, _ := p.schema.Field(field); f.Type == expr.ID { // a person stands in the ticket as a string
				person, err := id.Parse(s)
				if err != nil {
					return nil
				}
				return person
			}
		}
		return v
	}
}

func ticketField(t *ticket.Ticket, field string) any {
	switch field {
	case "status":
		return t.Status.String()
	case "priority":
		return t.Priority.String()
	case "type":
		return t.Type
	case "channel":
		return t.Channel
	case "language":
		return t.Language
	case "subject":
		return t.Subject
	case "number":
		return t.Number
	case "hold_reason":
		return t.HoldReason
	case "category":
		return t.Category
	case "substatus":
		return t.Substatus
	case "assignee":
		return t.Assignee
	case "team":
		return t.Team
	case "department":
		return t.Department
	case "requester":
		return t.Requester
	case "company":
		return t.Company
	case "tags":
		return t.Tags
	case "risk":
		return int64(t.Risk)
	case "sentiment":
		if t.Sentiment != nil {
			return int64(*t.Sentiment)
		}
		return nil
	case "reopen_count":
		return int64(t.ReopenCount)
	case "repeat_count":
		return int64(t.RepeatCount)
	case "snoozed":
		return t.SnoozedUntil != 0
	case "created_at":
		return t.CreatedAt
	}
	if key, ok := strings.CutPrefix(field, "fields."); ok {
		return t.Fields[key]
	}
	return nil
}
