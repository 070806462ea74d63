package customer

import (
	"context"
	"math"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Forever is the end of what has no end.
const Forever = clock.Time(math.MaxInt64)

// MaxReason is how long a reason may be, in characters.
const MaxReason = 500

// Care says why a customer is looked after with special care (特别关注), and who
// said so.
type Care struct {
	Reason string     `json:"reason"`
	By     id.ID      `json:"by,omitzero"`
	Since  clock.Time `json:"since,omitzero"`
}

// Cared says whether a customer stands under special care at a moment.
func (c *Customer) Cared(now clock.Time) bool { return c.CareUntil > now }

// cleanEnd checks an end that somebody gave; zero is for good.
func (b *Book) cleanEnd(until clock.Time) (clock.Time, error) {
	if until == 0 {
		return Forever, nil
	}
	if until <= b.Clock.Now() {
		return 0, fault.Bad("until", "past", "the end is over already")
	}
	return until, nil
}

func cleanReason(s string) (string, error) {
	s = oneLine(s)
	switch {
	case s == "":
		return "", fault.Bad("reason", "required", "a reason is needed, so that others know what to do")
	case len([]rune(s)) > MaxReason:
		return "", fault.Bad("reason", "too_long", "a reason has at most %d characters", MaxReason).With("max", "500")
	}
	return s, nil
}

// SetCare puts a customer under special care until a moment (zero: for good),
// or changes why and until when.
func (b *Book) SetCare(ctx context.Context, a *staff.Actor, customer id.ID, reason string, until clock.Time) error {
	reason, err := cleanReason(reason)
	if err != nil {
		return err
	}
	if until, err = b.cleanEnd(until); err != nil {
		return err
	}
	return b.changeCare(ctx, a, customer, EventCare, func(c *Customer) {
		c.CareUntil, c.Care = until, Care{reason, a.ID, b.Clock.Now()}
	})
}

// EndCare ends special care before its time.
func (b *Book) EndCare(ctx context.Context, a *staff.Actor, customer id.ID) error {
	return b.changeCare(ctx, a, customer, EventCareEnded, func(c *Customer) { c.CareUntil, c.Care = 0, Care{} })
}

func (b *Book) changeCare(ctx context.Context, a *staff.Actor, customer id.ID, event string, do func(*Customer)) error {
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	return b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := b.lockForChange(ctx, tx, keys, customer)
		if err != nil {
			return err
		}
		if event == EventCareEnded && c.CareUntil == 0 {
			return nil
		}
		do(c)
		if err := b.update(ctx, tx, keys, c); err != nil {
			return err
		}
		return b.record(ctx, tx, a, customer, event, EventData{})
	})
}

// Narrow says which customers of a list or search are wanted; zero values want
// all. An export of the list keeps it as it is.
type Narrow struct {
	Tier    string `json:"tier,omitempty" maxLength:"32"`
	Company id.ID  `json:"company_id,omitzero"`
	Tag     string `json:"tag,omitempty" maxLength:"256"`
	Care    bool   `json:"care,omitempty" doc:"only those under special care now"`
}

// CompanyNarrow says which companies of a list or search are wanted.
type CompanyNarrow struct {
	Tier  string `json:"tier,omitempty" maxLength:"32"`
	Under id.ID  `json:"parent_id,omitzero" doc:"those directly below this company"`
}

func (n Narrow) none() bool { return n == Narrow{} }

// where adds what is wanted of the customer c to a condition.
func (n Narrow) where(now clock.Time, args *[]any) string {
	var sql strings.Builder
	add := func(text string, v any) {
		*args = append(*args, v)
		sql.WriteString(" and " + strings.ReplaceAll(text, "?", mark(len(*args))))
	}
	if n.Tier != "" {
		add("c.tier = ?", n.Tier)
	}
	if n.Company != 0 {
		add("c.company_id = ?", int64(n.Company))
	}
	if n.Tag != "" {
		add("exists (select 1 from customer_tag g where g.tenant_id = c.tenant_id and g.tag = ? and g.customer_id = c.id)", n.Tag)
	}
	if n.Care {
		add("c.care_until > ?", int64(now))
	}
	return sql.String()
}
