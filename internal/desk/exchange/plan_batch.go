package exchange

import (
	"context"
	"strings"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// Batch is a table of work on tickets: a row with a number answers, changes or
// ends that ticket, a row without one opens a new ticket for its customer. Other
// than tickets that are imported these are of today: they are promised, given
// out and told of as if they were made by hand, one by one, by who brings the
// table.
const Batch = "batch"

// MaxBatch is how many rows such a table has: as many as any other bulk change.
const MaxBatch = ticket.MaxBulk

// solvedWords are what people write in a table for a ticket that they have
// solved; among tickets from elsewhere the same words mean closed.
var solvedWords = map[string]bool{"done": true, "已完成": true, "完成": true, "已结案": true, "结案": true}

func (p *planner) batch(ctx context.Context, v map[string]string) (*plan, error) {
	var bad fault.List
	wrong := func(field, code, format string, args ...any) {
		bad = append(bad, fault.Bad(field, code, format, args...))
	}
	x := p.properties(v, wrong)
	if v["number"] == "" {
		for _, field := range []string{"reply", "note", "status", "reason", "code", "cause", "responsible", "resolution_note"} {
			if v[field] != "" {
				wrong(field, "batch.number", "a row without a ticket number opens a new ticket: it has nothing to answer or end yet")
			}
		}
		out := &plan{act: created}
		return out, p.birth(ctx, out, x.new(v), "", bad)
	}
	t, err := p.m.Desk.Number(ctx, p.a, v["number"])
	if fault.KindOf(err) == fault.NotFound {
		return nil, append(bad, fault.Bad("number", "unknown", "there is no ticket %q", v["number"])).Err()
	}
	if err != nil {
		return nil, err
	}
	if v["body"] != "" {
		wrong("body", "batch.body", "the text is that of a new ticket: to answer this one, use the reply")
	}
	r := ticket.Row{Note: v["note"], Reply: v["reply"], Patch: x.patch(v["subject"]), Needs: staff.TicketBulk}
	if x.assignee != 0 {
		r.Patch.Assignee = web.Maybe[id.ID]{Set: true, Value: x.assignee}
	}
	if x.team != 0 {
		r.Patch.Team = web.Maybe[id.ID]{Set: true, Value: x.team}
	}
	p.end(v, &r.Patch, wrong)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	out := &plan{object: t.ID, match: t.Number + " " + t.Subject}
	return out, p.change(ctx, out, r)
}

// end reads where a ticket shall stand. A result without a status solves it.
func (p *planner) end(v map[string]string, b *ticket.PatchBody, wrong wrong) {
	status, said := ticket.Solved, strings.ToLower(v["status"])
	switch s, ok := statusWords[said]; {
	case said == "" && v["code"] == "":
		for _, field := range []string{"reason", "cause", "responsible", "resolution_note"} {
			if v[field] != "" {
				wrong("status", "required", "%s belongs to a status", field)
				return
			}
		}
		return
	case said == "" || solvedWords[said]:
	case !ok || s == ticket.New:
		wrong("status", "choice", "%q is not a status that a ticket can be given", v["status"])
		return
	default:
		status = s
	}
	b.Status = &status
	find := func(list, field string) string {
		if v[field] == "" {
			return ""
		}
		key := p.code(list, v[field])
		if key == "" {
			wrong(field, "unknown", "there is no %q in the list", v[field])
		}
		return key
	}
	switch status {
	case ticket.Solved:
		b.Resolution = &ticket.Resolution{Code: find(form.ResolutionCodes, "code"), Cause: find(form.Causes, "cause"),
			Responsible: find(form.Responsibilities, "responsible"), Note: v["resolution_note"]}
	case ticket.OnHold:
		b.Reason = find(form.HoldReasons, "reason")
	case ticket.Cancelled:
		b.Reason = find(form.CancelReasons, "reason")
	default:
		b.Reason = v["reason"]
	}
}
