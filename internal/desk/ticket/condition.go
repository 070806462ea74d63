package ticket

import (
	"strings"

	"zhidan/internal/desk/form"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/id"
)

// ConditionFields are the fields of a ticket of which the conditions of policies
// and rules may speak in memory; Value gives what they hold.
func ConditionFields(catalog *form.Catalog) []expr.Field {
	codes := func(next func(int) string) map[string]int64 {
		m := map[string]int64{}
		for i := 1; next(i) != ""; i++ {
			m[next(i)] = int64(i)
		}
		return m
	}
	fields := []expr.Field{
		{Name: "status", Type: expr.String, Codes: codes(func(i int) string { return Status(i).String() })},
		{Name: "priority", Type: expr.String, Codes: codes(func(i int) string { return Priority(i).String() })},
	}
	add := func(t expr.Type, names ...string) {
		for _, n := range names {
			fields = append(fields, expr.Field{Name: n, Type: t})
		}
	}
	add(expr.String, "type", "channel", "language", "subject", "number", "hold_reason")
	add(expr.Int, "sentiment", "risk", "reopen_count", "repeat_count", "return_count")
	add(expr.Bool, "snoozed", "awaiting_ruling")
	add(expr.StringList, "tags")
	add(expr.Timestamp, "created_at")
	add(expr.ID, "category", "substatus", "assignee", "team", "department", "requester", "company")
	if catalog != nil {
		for _, f := range catalog.Fields() {
			switch f.Kind { // money, cascade and attachments have no single value to compare
			case form.Text, form.Choice, form.Date:
				add(expr.String, "fields."+f.Key)
			case form.Number:
				add(expr.Number, "fields."+f.Key)
			case form.Boolean:
				add(expr.Bool, "fields."+f.Key)
			case form.Person:
				add(expr.ID, "fields."+f.Key)
			}
		}
	}
	return fields
}

// Value is what one of the ConditionFields holds; nil: nothing.
func (t *Ticket) Value(field string) any {
	ref := func(v id.ID) any {
		if v == 0 {
			return nil
		}
		return v
	}
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
		return ref(t.Category)
	case "substatus":
		return ref(t.Substatus)
	case "assignee":
		return ref(t.Assignee)
	case "team":
		return ref(t.Team)
	case "department":
		return ref(t.Department)
	case "requester":
		return ref(t.Requester)
	case "company":
		return ref(t.Company)
	case "tags":
		return t.Tags
	case "risk":
		return int64(t.Risk)
	case "sentiment":
		if t.Sentiment != nil {
			return int64(*t.Sentiment)
		}
	case "reopen_count":
		return int64(t.ReopenCount)
	case "repeat_count":
		return int64(t.RepeatCount)
	case "return_count":
		return int64(t.ReturnCount)
	case "snoozed":
		return t.SnoozedUntil != 0
	case "awaiting_ruling":
		return t.RulingAsked != 0
	case "created_at":
		return t.CreatedAt
	}
	if key, ok := strings.CutPrefix(field, "fields."); ok {
		return t.Fields[key]
	}
	return nil
}
