package routing

import (
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
	fields := append(ticket.ConditionFields(catalog),
		expr.Field{Name: "agent.languages", Type: expr.StringList}, expr.Field{Name: "agent.regions", Type: expr.StringList},
		expr.Field{Name: "agent.on_shift", Type: expr.Bool}, expr.Field{Name: "agent.online", Type: expr.Bool})
	add := func(t expr.Type, names ...string) {
		for _, n := range names {
			fields = append(fields, expr.Field{Name: n, Type: t})
		}
	}
	add(expr.String, "tier", "region", "agent.state")
	add(expr.Int, "agent.seniority", "agent.open", "agent.today", "agent.week", "agent.cost")
	add(expr.Number, "value", "confidence", "waited", "agent.load")
	add(expr.Bool, "special_care")
	add(expr.Timestamp, "due_at")
	add(expr.ID, "agent.id", "agent.department")
	add(expr.IDList, "agent.skills", "agent.teams", "agent.companies")
	return expr.NewSchema("when", fields, nil)
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
		case "special_care":
			return m.Care
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
		if m.Row != nil {
			return m.Row(field)
		}
		return m.Ticket.Value(field)
	}
}
