package ticket

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/id"
)

// schemas keeps, per tenant, the names that views and filters may use: the
// ticket's own and the tenant's custom fields.
type schemas struct {
	mu       sync.Mutex
	byTenant map[id.ID]tenantSchema
}

type tenantSchema struct {
	version int64
	schema  *expr.Schema
}

var statusCodes, priorityCodes = codes(statusNames[:]), codes(priorityNames[:])

func codes(names []string) map[string]int64 {
	m := map[string]int64{}
	for i, n := range names[1:] {
		m[n] = int64(i + 1)
	}
	return m
}

// Schema is what a filter of the tenant may say.
func (d *Desk) Schema(ctx context.Context, tenant id.ID) (*expr.Schema, error) {
	catalog, err := d.Forms.Get(ctx, tenant)
	if err != nil {
		return nil, err
	}
	d.schemas.mu.Lock()
	defer d.schemas.mu.Unlock()
	if s, ok := d.schemas.byTenant[tenant]; ok && s.version == catalog.Version() {
		return s.schema, nil
	}
	s, err := newSchema(d.DB.Engine(), catalog)
	if err != nil {
		return nil, err
	}
	if d.schemas.byTenant == nil || len(d.schemas.byTenant) > 10_000 {
		d.schemas.byTenant = map[id.ID]tenantSchema{}
	}
	d.schemas.byTenant[tenant] = tenantSchema{catalog.Version(), s}
	return s, nil
}

func newSchema(engine db.Engine, catalog *form.Catalog) (*expr.Schema, error) {
	// The few tickets of a person lead; walking all active ones to test each
	// took 12 ms at 100,000 tickets and grew with them.
	person := func(role string) string {
		return `t.id in (select p.ticket_id from ticket_person p where p.tenant_id = {tenant} and p.user_id = {me} and p.role = '` + role + `')`
	}
	fields := []expr.Field{
		{Name: "status", Type: expr.String, Codes: statusCodes, Column: "t.status", NotNull: true, Indexed: true},
		{Name: "active", Type: expr.Bool, Column: "t.status <= 4", NotNull: true, Indexed: true},
		{Name: "substatus", Type: expr.ID, Column: "t.substatus_id"},
		{Name: "priority", Type: expr.String, Codes: priorityCodes, Column: "t.priority", NotNull: true},
		{Name: "type", Type: expr.String, Column: "t.type", NotNull: true},
		{Name: "category", Type: expr.ID, Column: "t.category_id"},
		{Name: "channel", Type: expr.String, Column: "t.channel", NotNull: true},
		{Name: "language", Type: expr.String, Column: "t.language", NotNull: true},
		{Name: "subject", Type: expr.String, Column: "t.subject", NotNull: true},
		{Name: "number", Type: expr.String, Column: "t.number", NotNull: true, Indexed: true},
		{Name: "assignee", Type: expr.ID, Column: "t.assignee_id", Indexed: true},
		{Name: "team", Type: expr.ID, Column: "t.team_id", Indexed: true},
		{Name: "department", Type: expr.ID, Column: "t.department_id"},
		{Name: "requester", Type: expr.ID, Column: "t.requester_id", Indexed: true},
		{Name: "company", Type: expr.ID, Column: "t.company_id", Indexed: true},
		{Name: "parent", Type: expr.ID, Column: "t.parent_id", Indexed: true},
		{Name: "tier", Type: expr.String, Column: `(select c.tier from customer c where c.tenant_id = t.tenant_id and c.id = t.requester_id)`},
		{Name: "special_care", Type: expr.Bool, NotNull: true, Column: `exists (select 1 from customer c where c.tenant_id = t.tenant_id and c.id = t.requester_id and c.care_until > {now})`},
		{Name: "tags", Type: expr.StringList, Members: &expr.Members{From: "ticket_tag g", Where: "g.tenant_id = t.tenant_id and g.ticket_id = t.id", Elem: "g.tag"}},
		{Name: "created_at", Type: expr.Timestamp, Column: "t.created_at", NotNull: true},
		{Name: "updated_at", Type: expr.Timestamp, Column: "t.updated_at", NotNull: true},
		{Name: "solved_at", Type: expr.Timestamp, Column: "t.solved_at"},
		{Name: "closed_at", Type: expr.Timestamp, Column: "t.closed_at"},
		{Name: "first_replied_at", Type: expr.Timestamp, Column: "t.first_replied_at"},
		{Name: "snoozed", Type: expr.Bool, Column: "t.snoozed_until is not null", NotNull: true},
		{Name: "merged", Type: expr.Bool, Column: "t.merged_into is not null", NotNull: true},
		{Name: "sentiment", Type: expr.Int, Column: "t.sentiment"},
		{Name: "risk", Type: expr.Int, Column: "t.risk", NotNull: true},
		{Name: "at_risk", Type: expr.Bool, Column: "t.risk >= 2", NotNull: true, Indexed: true},
		{Name: "to_classify", Type: expr.Bool, Column: "t.unsure > 0", NotNull: true, Indexed: true},
		{Name: "due_at", Type: expr.Timestamp, Column: "t.due_at", NotNull: true},
		{Name: "sla", Type: expr.String, Codes: slaCodes, Column: "t.sla", NotNull: true},
		{Name: "sla_metric", Type: expr.String, Column: "t.sla_metric", NotNull: true},
		{Name: "hold_reason", Type: expr.String, Column: "t.hold_reason", NotNull: true},
		{Name: "reopen_count", Type: expr.Int, Column: "t.reopen_count", NotNull: true},
		{Name: "repeat_count", Type: expr.Int, Column: "t.repeat_count", NotNull: true},
		{Name: "return_count", Type: expr.Int, Column: "t.return_count", NotNull: true},
		{Name: "awaiting_ruling", Type: expr.Bool, Column: "t.ruling_asked_at is not null", NotNull: true, Indexed: true},
		{Name: "message_count", Type: expr.Int, Column: "t.message_count", NotNull: true},
		{Name: "watching", Type: expr.Bool, Column: person("watcher"), NotNull: true},
		{Name: "mentioned", Type: expr.Bool, Column: person("mention"), NotNull: true},
		{Name: "unread", Type: expr.Bool, Column: "(" + unreadSQL + ")", NotNull: true},
		{Name: "assisting", Type: expr.Bool, NotNull: true, Column: `t.id in (select s.ticket_id from staff_team_member m, ticket_assist s
			where m.tenant_id = {tenant} and m.user_id = {me} and s.tenant_id = {tenant} and s.team_id = m.team_id)`},
		{Name: "collaborating", Type: expr.Bool, Column: person("collaborator"), NotNull: true},
	}
	for _, f := range catalog.Fields() {
		x := expr.Field{Name: "fields." + f.Key, Type: expr.String, Indexed: f.Indexed,
			Column: engine.JSONText("t.fields", "'"+f.Key+"'")}
		if f.Indexed {
			x.Column = `(select x.value from ticket_field x where x.tenant_id = t.tenant_id and x.field = '` + f.Key + `' and x.ticket_id = t.id limit 1)`
		}
		switch f.Kind {
		case form.Text, form.Choice, form.Date:
		case form.Number:
			x.Type, x.Column = expr.Number, "cast("+x.Column+" as double precision)"
		case form.Boolean:
			x.Type, x.Column = expr.Bool, x.Column+" in ('true', '1')"
		case form.Person:
			x.Type, x.Column = expr.ID, "cast("+x.Column+" as bigint)"
		default: // money, cascade and attachments have no single value to compare
			continue
		}
		fields = append(fields, x)
	}
	return expr.NewSchema("filter", fields, []expr.Func{
		{Name: "me", Type: expr.ID}, {Name: "my_teams", Type: expr.IDList}, {Name: "now", Type: expr.Timestamp},
		{Name: "tenant", Type: expr.ID, Hidden: true},
	})
}

func (d *Desk) binds(a *staff.Actor) expr.Binds {
	return expr.Binds{"me": a.ID, "my_teams": a.Teams, "now": d.Clock.Now(), "tenant": a.Tenant}
}

// where is a condition under construction: its SQL and the arguments so far.
type where struct {
	sql  strings.Builder
	args []any
}

func newWhere(a *staff.Actor) *where {
	w := &where{args: []any{a.Tenant}}
	w.sql.WriteString("t.tenant_id = $1")
	w.scope(a)
	return w
}

func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
}

func (w *where) and(format string, args ...any) {
	marks := make([]any, len(args))
	for i, a := range args {
		marks[i] = w.arg(a)
	}
	w.sql.WriteString(" and " + fmt.Sprintf(format, marks...))
}

func (w *where) list(ids []id.ID) string {
	marks := make([]string, len(ids))
	for i, v := range ids {
		marks[i] = w.arg(v)
	}
	return strings.Join(marks, ", ")
}

// scope is the same rule as reach, as SQL.
func (w *where) scope(a *staff.Actor) {
	s := a.Scope(staff.TicketRead)
	if s == staff.ScopeAll {
		return
	}
	if s == staff.ScopeNone {
		w.sql.WriteString(" and 1 = 0")
		return
	}
	me := w.arg(a.ID)
	or := []string{"t.assignee_id = " + me, "t.creator_id = " + me + " and t.creator_kind = " + w.arg(string(a.Kind)),
		"exists (select 1 from ticket_person p where p.tenant_id = t.tenant_id and p.user_id = " + me + " and p.ticket_id = t.id)"}
	if len(a.Teams) > 0 {
		or = append(or, "t.id in (select s.ticket_id from ticket_assist s where s.tenant_id = $1 and s.team_id in ("+w.list(a.Teams)+"))")
	}
	if s >= staff.ScopeTeam && len(a.Teams) > 0 {
		or = append(or, "t.team_id in ("+w.list(a.Teams)+")")
	}
	if s >= staff.ScopeDepartment && len(a.Departments) > 0 {
		or = append(or, "t.department_id in ("+w.list(a.Departments)+")")
	}
	w.sql.WriteString(" and (" + strings.Join(or, " or ") + ")")
}
