package understand

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
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
		touched := map[string]clock.Time{}
		by := id.ID(0)
		for _, e := range o.Events {
			switch {
			case e.Name == ticket.EventCreated:
				if o.Ticket.Channel != "import" {
					born = append(born, o.Ticket)
				}
			case (e.Name == ticket.EventChange || e.Name == ticket.EventJudged) && e.ActorKind == string(staff.KindStaff):
				for _, c := range e.Data.Changes {
					if slices.Contains(Fields, c.Field) {
						touched[c.Field], by = e.At, e.Actor
					}
				}
			case e.Name == ticket.EventStatus && (o.Ticket.Status == ticket.Solved || o.Ticket.Status == ticket.Closed):
				solved = append(solved, o.Ticket)
			}
		}
		for field, at := range touched {
			verdicts = append(verdicts, verdict{o.Ticket, field, by, at})
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

// verdict is a field of a ticket that a person has given a value, or agreed to.
type verdict struct {
	ticket *ticket.Ticket
	field  string
	by     id.ID
	at     clock.Time
}

func (m *Mind) learnFrom(ctx context.Context, verdicts []verdict, learned map[id.ID]bool) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, v := range verdicts {
			t := v.ticket
			decisions, err := m.Desk.Decisions(ctx, t.Tenant, t.ID)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(decisions, func(d ticket.Decision) bool { return d.Field == v.field })
			if i >= 0 {
				d := decisions[i]
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
			if err := addExample(ctx, tx, t.Tenant, v.field, Example{ID: m.IDs.Next(), Label: value, Source: "correction", Ticket: t.ID, At: int64(v.at)}); err != nil {
				return err
			}
			learned[t.Tenant] = true
		}
		return nil
	})
}

// outcome is what became of a decision by the time its ticket was solved.
type outcome struct {
	Week       int64   `json:"week"` // the Monday it began on, in UTC milliseconds
	Channel    string  `json:"channel"`
	Language   string  `json:"language"`
	Category   id.ID   `json:"category"`
	Tier       string  `json:"tier"`
	Bin        int     `json:"bin"` // tenth of the confidence
	Applied    bool    `json:"applied"`
	Right      bool    `json:"right"`
	Confidence float64 `json:"confidence"`
}

const week = 7 * 24 * 60 * 60 * 1000

// weekOf is the Monday 00:00 UTC before a moment. (1970-01-05 was a Monday.)
func weekOf(at clock.Time) int64 {
	const monday = 4 * 24 * 60 * 60 * 1000
	return (int64(at)-monday)/week*week + monday
}

// count adds what became of the decisions of solved tickets to the figures. A
// ticket that is solved again is taken out of them first.
func (m *Mind) count(ctx context.Context, solved []*ticket.Ticket) error {
	var customers []id.ID
	for _, t := range solved {
		customers = append(customers, t.Requester)
	}
	tiers := map[id.ID]string{}
	if len(solved) > 0 {
		names, err := m.Customers.Names(ctx, m.DB, solved[0].Tenant, customers)
		if err != nil {
			return err
		}
		for c, b := range names {
			tiers[c] = b.Tier
		}
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, t := range solved {
			decisions, err := m.Desk.Decisions(ctx, t.Tenant, t.ID)
			if err != nil {
				return err
			}
			for _, d := range decisions {
				o := outcome{Week: weekOf(d.At), Channel: t.Channel, Language: t.Language, Category: t.Category, Tier: tiers[t.Requester],
					Bin: min(9, int(d.Confidence*10)), Applied: d.Before != "" || d.State == ticket.DecisionSet, Right: m.Desk.Value(t, d.Field) == d.Value, Confidence: d.Confidence}
				if d.Field == "priority" && d.State != ticket.DecisionCorrected && d.State != ticket.DecisionUndone && d.State != ticket.DecisionSuggested {
					o.Right = true // a later rise by another message does not make the first word wrong
				}
				if err := m.countOne(ctx, tx, t, d.Field, o); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (m *Mind) countOne(ctx context.Context, tx *db.Tx, t *ticket.Ticket, field string, o outcome) error {
	var raw string
	err := tx.QueryRow(ctx, `select data from understand_outcome where tenant_id = $1 and ticket_id = $2 and field = $3`, t.Tenant, t.ID, field).Scan(&raw)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	default:
		var old outcome
		if err := json.Unmarshal([]byte(raw), &old); err != nil {
			return err
		}
		if old == o {
			return nil
		}
		if err := score(ctx, tx, t.Tenant, field, old, -1); err != nil {
			return err
		}
	}
	now, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `insert into understand_outcome (tenant_id, ticket_id, field, data) values ($1, $2, $3, $4)
		on conflict (tenant_id, ticket_id, field) do update set data = excluded.data`, t.Tenant, t.ID, field, string(now)); err != nil {
		return err
	}
	return score(ctx, tx, t.Tenant, field, o, 1)
}

func score(ctx context.Context, tx *db.Tx, tenant id.ID, field string, o outcome, n int) error {
	b := func(v bool) int {
		if v {
			return n
		}
		return 0
	}
	_, err := tx.Exec(ctx, `insert into understand_score (tenant_id, week, field, channel, language, category_id, tier, bin, n, applied, correct, confidence)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict (tenant_id, week, field, channel, language, category_id, tier, bin) do update set n = understand_score.n + excluded.n,
			applied = understand_score.applied + excluded.applied, correct = understand_score.correct + excluded.correct, confidence = understand_score.confidence + excluded.confidence`,
		tenant, o.Week, field, o.Channel, o.Language, int64(o.Category), o.Tier, o.Bin, n, b(o.Applied), b(o.Right), int64(float64(n)*o.Confidence*1e6))
	return err
}
