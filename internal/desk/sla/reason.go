package sla

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Reasons are why a promise was broken (超时原因).
var Reasons = []string{"staffing", "waiting_customer", "waiting_supplier", "complex", "system", "handover", "forgotten", "other"}

// ReasonInput says why a promise was broken.
type ReasonInput struct {
	Metric Metric `json:"metric" enum:"first_response,next_response,update,arrival,resolution,department,team"`
	Unit   id.ID  `json:"unit_id,omitzero" doc:"of a department's or a team's clock"`
	Round  int    `json:"round,omitempty" minimum:"0" doc:"default the newest that is broken"`
	Reason string `json:"reason" enum:"staffing,waiting_customer,waiting_supplier,complex,system,handover,forgotten,other"`
	Note   string `json:"note,omitempty" maxLength:"500"`
}

// EventReason is the kind of EventStep by which somebody says why a promise was
// broken.
const EventReason = "breach_reason"

// Explain says why a promise was broken.
func (m *Room) Explain(ctx context.Context, a *staff.Actor, ticketID id.ID, in ReasonInput) error {
	note, err := words("note", in.Note, false, 500)
	if err != nil {
		return err
	}
	if !slices.Contains(Reasons, in.Reason) {
		return fault.Bad("reason", "choice", "a reason is one of %v", Reasons)
	}
	metric := of(in.Metric, in.Unit)
	return m.on(ctx, a, ticketID, staff.TicketUpdate, func(ctx context.Context, o *opened) error {
		round := in.Round
		if round == 0 {
			var last sql.NullInt64
			if err := o.Tx.QueryRow(ctx, `select max(round) from sla_clock where tenant_id = $1 and ticket_id = $2 and metric = $3 and state = 'breached'`,
				a.Tenant, ticketID, string(metric)).Scan(&last); err != nil {
				return err
			}
			round = int(last.Int64)
		}
		var ended sql.NullInt64
		err := o.Tx.QueryRow(ctx, `update sla_clock set reason = $5, reason_note = $6 where tenant_id = $1 and ticket_id = $2 and metric = $3 and round = $4 and state = 'breached'
			returning ended_at`, a.Tenant, ticketID, string(metric), round, in.Reason, note).Scan(&ended)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.New(fault.Conflict, "sla.not_broken", "no promise was broken there")
		}
		if err != nil {
			return err
		}
		var days touched
		days.at(clock.Time(ended.Int64))
		if err := m.mark(ctx, o.Tx, a.Tenant, days); err != nil {
			return err
		}
		o.c.Append(EventStep, ticket.EventData{Kind: EventReason, Reason: o.c.Say("reason", note), Changes: []ticket.FieldChange{{Field: string(metric), To: in.Reason}}})
		return nil
	})
}

// reasons reads why promises on a ticket were broken, with a note.
func (m *Room) reasons(ctx context.Context, tenant, of id.ID) (map[clockKey][2]string, error) {
	rows, err := m.DB.Query(ctx, `select metric, round, reason, reason_note from sla_clock where tenant_id = $1 and ticket_id = $2 and reason <> ''`, tenant, of)
	out := map[clockKey][2]string{}
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var k clockKey
		var why [2]string
		err := r.Scan(&k.metric, &k.round, &why[0], &why[1])
		out[k] = why
		return struct{}{}, err
	})
	return out, err
}
