package understand

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/nlp/entity"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// outcome is what became of a decision by the time its ticket was solved.
type outcome struct {
	Week       int64   `json:"week"` // the Monday it began on, in UTC milliseconds
	Channel    string  `json:"channel"`
	Language   string  `json:"language"`
	Category   id.ID   `json:"category"`
	Tier       string  `json:"tier"`
	Region     string  `json:"region,omitempty"`
	Bin        int     `json:"bin"` // tenth of the confidence
	Applied    bool    `json:"applied"`
	Right      bool    `json:"right"`
	Judged     bool    `json:"judged,omitempty"` // a person has spoken
	Confidence float64 `json:"confidence"`
}

const week = 7 * 24 * 60 * 60 * 1000

// weekOf is the Monday 00:00 UTC before a moment. (1970-01-05 was a Monday.)
func weekOf(at clock.Time) int64 {
	const monday = 4 * 24 * 60 * 60 * 1000
	return (int64(at)-monday)/week*week + monday
}

// outcomeOf says what became of a decision on a ticket that is solved with
// now in its field.
func outcomeOf(d ticket.Decision, t *ticket.Ticket, now string, catalog *form.Catalog) outcome {
	value := d.Value
	if d.Field == "category" { // a merge of categories proves nobody wrong
		value, now = current(value, catalog), current(now, catalog)
	}
	o := outcome{Week: weekOf(d.At), Channel: t.Channel, Language: t.Language, Category: t.Category, Bin: min(9, int(d.Confidence*10)),
		Applied: d.State == ticket.DecisionSet || d.State == ticket.DecisionUndone || d.Applied,
		Right:   value == now, Judged: d.Judged(), Confidence: d.Confidence}
	if d.Field == "priority" && (d.State == ticket.DecisionSet || d.State == ticket.DecisionAccepted) {
		o.Right = true // a later rise by another message does not make the first word wrong
	}
	return o
}

// count adds what became of the decisions of solved tickets to the figures. A
// ticket that is solved again is taken out of them first.
func (m *Mind) count(ctx context.Context, solved []*ticket.Ticket) error {
	byTenant := map[id.ID][]*ticket.Ticket{}
	for _, t := range solved {
		byTenant[t.Tenant] = append(byTenant[t.Tenant], t)
	}
	for tenant, list := range byTenant {
		if err := m.countOf(ctx, tenant, list); err != nil {
			return err
		}
	}
	return nil
}

func (m *Mind) countOf(ctx context.Context, tenant id.ID, solved []*ticket.Ticket) error {
	var customers, ids []id.ID
	for _, t := range solved {
		customers, ids = append(customers, t.Requester), append(ids, t.ID)
	}
	who, err := m.Customers.Names(ctx, m.DB, tenant, customers)
	if err != nil {
		return err
	}
	words, err := m.Desk.FirstWords(ctx, tenant, ids)
	if err != nil {
		return err
	}
	catalog, err := m.Forms.Get(ctx, tenant)
	if err != nil {
		return err
	}
	// Tickets and figures in one order everywhere: two that write at once then
	// wait for each other and do not lock each other out.
	slices.SortFunc(solved, func(a, b *ticket.Ticket) int { return cmp.Compare(a.ID, b.ID) })
	type counted struct {
		ticket id.ID
		field  string
		outcome
	}
	var list []counted
	for _, t := range solved {
		decisions, err := m.Desk.Decisions(ctx, tenant, t.ID)
		if err != nil {
			return err
		}
		region := regionOf(t, words[t.ID].Text)
		for _, d := range decisions {
			o := outcomeOf(d, t, m.Desk.Value(t, d.Field), catalog)
			o.Tier, o.Region = who[t.Requester].Tier, region
			list = append(list, counted{t.ID, d.Field, o})
		}
	}
	if len(list) == 0 {
		return nil
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		sums := scores{}
		for _, c := range list {
			old, err := keepOutcome(ctx, tx, tenant, c.ticket, c.field, c.outcome)
			if err != nil {
				return err
			}
			if old != nil {
				sums.add(c.field, *old, -1)
			}
			sums.add(c.field, c.outcome, 1)
		}
		return sums.write(ctx, tx, tenant)
	})
}

// keepOutcome stores what became of a decision and gives what was stored.
func keepOutcome(ctx context.Context, tx *db.Tx, tenant, of id.ID, field string, o outcome) (old *outcome, err error) {
	var raw string
	err = tx.QueryRow(ctx, `select data from understand_outcome where tenant_id = $1 and ticket_id = $2 and field = $3`, tenant, of, field).Scan(&raw)
	if err == nil {
		old = &outcome{}
		err = json.Unmarshal([]byte(raw), old)
	} else if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if err != nil || old != nil && *old == o {
		return old, err
	}
	now, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `insert into understand_outcome (tenant_id, ticket_id, field, data) values ($1, $2, $3, $4)
		on conflict (tenant_id, ticket_id, field) do update set data = excluded.data`, tenant, of, field, string(now))
	return old, err
}

// scores are changes of the figures, each row once.
type scores map[scoreKey]*scoreSum

type scoreKey struct {
	week                                   int64
	field, channel, language, tier, region string
	category                               id.ID
	bin                                    int
}

type scoreSum struct{ n, applied, right, judged, agreed, confidence int64 }

func (s scores) add(field string, o outcome, n int64) {
	k := scoreKey{o.Week, field, o.Channel, o.Language, o.Tier, o.Region, o.Category, o.Bin}
	if s[k] == nil {
		s[k] = &scoreSum{}
	}
	when := func(v bool) int64 {
		if v {
			return n
		}
		return 0
	}
	x := s[k]
	x.n += n
	x.applied += when(o.Applied)
	x.right += when(o.Right)
	x.judged += when(o.Judged)
	x.agreed += when(o.Judged && o.Right)
	x.confidence += n * int64(o.Confidence*1e6)
}

func (k scoreKey) compare(o scoreKey) int {
	return cmp.Or(cmp.Compare(k.week, o.week), cmp.Compare(k.field, o.field), cmp.Compare(k.channel, o.channel), cmp.Compare(k.language, o.language),
		cmp.Compare(k.category, o.category), cmp.Compare(k.tier, o.tier), cmp.Compare(k.region, o.region), cmp.Compare(k.bin, o.bin))
}

// write adds the changes, in the order of their keys.
func (s scores) write(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	keys := make([]scoreKey, 0, len(s))
	for k, x := range s {
		if *x != (scoreSum{}) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, scoreKey.compare)
	for _, k := range keys {
		x := s[k]
		if _, err := tx.Exec(ctx, `insert into understand_score (tenant_id, week, field, channel, language, category_id, tier, region, bin, n, applied, correct, judged, judged_correct, confidence)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
			on conflict (tenant_id, week, field, channel, language, category_id, tier, region, bin) do update set n = understand_score.n + excluded.n,
				applied = understand_score.applied + excluded.applied, correct = understand_score.correct + excluded.correct, judged = understand_score.judged + excluded.judged,
				judged_correct = understand_score.judged_correct + excluded.judged_correct, confidence = understand_score.confidence + excluded.confidence`,
			tenant, k.week, k.field, k.channel, k.language, int64(k.category), k.tier, k.region, k.bin, x.n, x.applied, x.right, x.judged, x.agreed, x.confidence); err != nil {
			return err
		}
	}
	return nil
}

// regionField is the ticket's field that says where; of its levels the first.
const regionField = "region"

// regionOf is where a ticket comes from, as far as it says: its field, else
// the province of the first address in the customer's words.
func regionOf(t *ticket.Ticket, words string) string {
	switch v := t.Fields[regionField].(type) {
	case []any:
		if len(v) > 0 {
			if s, ok := v[0].(string); ok {
				return cut(s, 60)
			}
		}
	case []string:
		if len(v) > 0 {
			return cut(v[0], 60)
		}
	case string:
		return cut(v, 60)
	}
	for _, e := range entity.Extract(firstRunes(words, refineRunes), entity.Options{}) {
		if p := e.Parts["province"]; e.Type == entity.Address && p != "" {
			return cut(p, 60)
		}
	}
	return ""
}
