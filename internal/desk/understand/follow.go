package understand

import (
	"context"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// Reaction follows tickets after their commit: what people corrected becomes
// an example, what became of a decision is counted when the ticket is solved,
// a new ticket joins those that are compared, and what a language model or an
// attachment can add is ordered.
func (m *Mind) Reaction() ticket.Reaction {
	return ticket.Reaction{Name: "understand", React: m.react}
}

func (m *Mind) react(ctx context.Context, batch []ticket.Occurrence) error {
	var born []*ticket.Ticket
	learned := map[id.ID]bool{}
	var verdicts []verdict
	var solved []*ticket.Ticket
	for _, o := range batch {
		touched, back := map[string]clock.Time{}, map[string]bool{}
		by := id.ID(0)
		for _, e := range o.Events {
			switch {
			case e.Name == ticket.EventCreated:
				if o.Ticket.Channel != "import" {
					born = append(born, o.Ticket)
				}
			case (e.Name == ticket.EventChange || e.Name == ticket.EventJudged || e.Name == ticket.EventUndo) && e.ActorKind == string(staff.KindStaff):
				for _, c := range e.Data.Changes {
					if slices.Contains(Fields, c.Field) {
						touched[c.Field], by = e.At, e.Actor
						back[c.Field] = e.Name == ticket.EventUndo || e.Data.Kind == ticket.KindBack
					}
				}
			case e.Name == ticket.EventStatus && (o.Ticket.Status == ticket.Solved || o.Ticket.Status == ticket.Closed):
				solved = append(solved, o.Ticket)
			}
		}
		for field, at := range touched {
			verdicts = append(verdicts, verdict{o.Ticket, field, by, at, back[field]})
		}
	}
	if len(verdicts) > 0 {
		if err := m.learnFrom(ctx, verdicts, learned); err != nil {
			return err
		}
	}
	if len(solved) > 0 {
		if err := m.count(ctx, solved); err != nil {
			return err
		}
	}
	if len(born) > 0 {
		if err := m.gather(ctx, born); err != nil {
			return err
		}
	}
	if err := m.order(ctx, batch, born); err != nil {
		return err
	}
	for tenant := range learned {
		m.changed(tenant)
	}
	return nil
}

// verdict is a field of a ticket that a person has given a value, or agreed to,
// or about which they have taken back what they said.
type verdict struct {
	ticket *ticket.Ticket
	field  string
	by     id.ID
	at     clock.Time
	back   bool
}

func (m *Mind) learnFrom(ctx context.Context, verdicts []verdict, learned map[id.ID]bool) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		taught := map[taughtField]bool{}
		for _, v := range verdicts {
			t := v.ticket
			decisions, err := m.Desk.Decisions(ctx, t.Tenant, t.ID)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(decisions, func(d ticket.Decision) bool { return d.Field == v.field })
			if v.back && (i < 0 || !decisions[i].Judged()) {
				if err := m.unlearn(ctx, tx, t, v.field, 0); err != nil {
					return err
				}
				continue
			}
			if i >= 0 {
				d := decisions[i]
				if v.back { // what was said before holds again
					v.at = d.JudgedAt
					if err := m.unlearn(ctx, tx, t, v.field, d.JudgedAt); err != nil {
						return err
					}
				}
				if d.State == ticket.DecisionCorrected || d.State == ticket.DecisionUndone {
					// The reaction may come twice; the moment and the field tell.
					if _, err := tx.Exec(ctx, `delete from understand_correction where tenant_id = $1 and ticket_id = $2 and field = $3 and at = $4`, t.Tenant, t.ID, v.field, d.JudgedAt); err != nil {
						return err
					}
					if _, err := tx.Exec(ctx, `insert into understand_correction (tenant_id, id, ticket_id, field, was, became, confidence, by_id, at)
						values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, t.Tenant, m.IDs.Next(), t.ID, v.field, d.Value, d.After, d.Confidence, int64(d.By), d.JudgedAt); err != nil {
						return err
					}
				}
				if d.State == ticket.DecisionUndone {
					continue // that it is not this is no word for what it is
				}
			}
			value := m.Desk.Value(t, v.field)
			if !slices.Contains(Learned, v.field) || value == "" {
				continue
			}
			fresh, err := addExample(ctx, tx, t.Tenant, v.field, Example{ID: m.IDs.Next(), Label: value, Source: "correction", Ticket: t.ID, At: int64(v.at)})
			if err != nil {
				return err
			}
			if fresh {
				taught[taughtField{t.Tenant, v.field}] = true
			}
			learned[t.Tenant] = true
		}
		return m.tendLater(ctx, tx, taught)
	})
}

// unlearn forgets what people said of a field of a ticket after a moment. A
// model that has learned it already keeps it until it is trained the next time,
// as with any example that is taken out.
func (m *Mind) unlearn(ctx context.Context, tx *db.Tx, t *ticket.Ticket, field string, after clock.Time) error {
	if _, err := tx.Exec(ctx, `delete from understand_correction where tenant_id = $1 and ticket_id = $2 and field = $3 and at > $4`, t.Tenant, t.ID, field, after); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `delete from understand_example where tenant_id = $1 and field = $2 and ticket_id = $3 and source = 'correction' and at > $4`, t.Tenant, field, t.ID, after)
	return err
}
