package report

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// row is a fact as it is stored: with what its event does not tell.
type row struct {
	Fact
	tier    string
	counted clock.Time // business time of a first response; negative when no clock knows
}

const factColumns = 15

func (r row) values(tenant id.ID) []any {
	var took, counted any
	if r.Kind == FirstResponse {
		took = int64(r.Took)
		if r.counted >= 0 {
			counted = int64(r.counted)
		}
	}
	return []any{int64(tenant), int64(r.Kind), int64(r.At), int64(r.Ticket), r.Seq, r.Channel, r.Type, int64(r.Category), int64(r.Priority),
		int64(r.Department), int64(r.Team), int64(r.Agent), r.tier, took, counted}
}

// lots are the sizes in which rows are inserted: few texts of statements for
// any number of rows.
var lots = []int{64, 16, 4, 1}

var insertFacts = func() map[int]string {
	m := map[int]string{}
	for _, n := range lots {
		m[n] = `insert into report_fact (tenant_id, kind, at, ticket_id, seq, channel, type, category_id, priority, department_id, team_id, agent_id,
			tier, took, counted) values ` + db.Values(n, factColumns) + ` on conflict do nothing`
	}
	return m
}()

// keep stores facts that are not there yet, and takes out void ones. All
// writers go in the order of the key, so that they never lock each other out.
func keep(ctx context.Context, tx *db.Tx, tenant id.ID, facts []row, void []Fact) error {
	slices.SortFunc(facts, func(a, b row) int { return a.compare(b.Fact) })
	for _, n := range lots {
		for len(facts) >= n {
			args := make([]any, 0, n*factColumns)
			for _, f := range facts[:n] {
				args = append(args, f.values(tenant)...)
			}
			if err := tx.Queue(ctx, insertFacts[n], args...); err != nil {
				return err
			}
			facts = facts[n:]
		}
	}
	slices.SortFunc(void, Fact.compare)
	for _, f := range void {
		if err := tx.Queue(ctx, `delete from report_fact where tenant_id = $1 and kind = $2 and at = $3 and ticket_id = $4 and seq = $5`,
			int64(tenant), int64(f.Kind), int64(f.At), int64(f.Ticket), f.Seq); err != nil {
			return err
		}
	}
	return nil
}

// where is a condition under construction: its SQL and the arguments so far.
// It begins with the tenant.
type where struct {
	sql  strings.Builder
	args []any
}

func newWhere(alias string, tenant id.ID) *where {
	w := &where{args: []any{int64(tenant)}}
	w.sql.WriteString(alias + "tenant_id = $1")
	return w
}

func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return "$" + itoa(len(w.args))
}

func (w *where) and(condition string) { w.sql.WriteString(" and " + condition) }

func (w *where) in(column string, ids []id.ID) string {
	marks := make([]string, len(ids))
	for i, v := range ids {
		marks[i] = w.arg(int64(v))
	}
	return column + " in (" + strings.Join(marks, ", ") + ")"
}

// each reads rows of numbers.
func each[T any](ctx context.Context, r db.Reader, query string, args []any, scan func(*sql.Rows) (T, error)) ([]T, error) {
	rows, err := r.Query(ctx, query, args...)
	return db.Each(rows, err, scan)
}
