package sla_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
)

// TestAMillionOpenClocks measures what is due among a million clocks that are
// not, and how late the warnings of 200 tickets are told beside them. It runs
// with ZHIDAN_TEST_SOAK.
func TestAMillionOpenClocks(t *testing.T) {
	if os.Getenv("ZHIDAN_TEST_SOAK") == "" {
		t.Skip("only in the soak: ZHIDAN_TEST_SOAK")
	}
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		const many = 1_000_000
		later := s.Clock.Now().Add(48 * time.Hour)
		s.must(s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			series := `with recursive n(i) as (select 1 union all select i + 1 from n where i < ` + fmt.Sprint(many) + `)`
			if _, err := tx.Exec(ctx, series+` insert into sla_clock (tenant_id, ticket_id, metric, round, state, started_at, due_at, target, elapsed, body)
				select cast($1 as bigint), i, 'resolution', 1, 'running', cast($2 as bigint), $2 + i * 40, 172800000, 0, '{}' from n`, s.Tenant, later); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, series+` insert into job (shard, due_at, pos, id, tenant_id, kind, key, timer, payload)
				select i % 64, cast($2 as bigint) + i * 40, i, i, cast($1 as bigint), 'sla.step', cast(i as text), true, '{}' from n`, s.Tenant, later)
			return err
		}))
		if s.DB.Engine() == db.Postgres {
			s.must(s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, `analyze`); return err }))
		}
		var tickets []*ticket.Ticket
		known := s.person()
		for i := range 200 {
			tk, err := s.Desk.Create(ctx, s.Admin, ticket.NewTicket{Subject: fmt.Sprint("演示 ", i), Priority: ticket.Urgent, Requester: known})
			s.must(err)
			tickets = append(tickets, tk)
		}
		s.patience()
		scan := func(name string, one func() int, want int) {
			var took []time.Duration
			for range 100 {
				start := time.Now()
				if n := one(); n != want {
					t.Fatalf("%s found %d, not %d", name, n, want)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			t.Logf("%s among %d: p50 %v, p99 %v", name, many, took[50], took[98])
			if took[50] > 50*time.Millisecond {
				t.Errorf("%s takes %v", name, took[50])
			}
		}
		until := s.Clock.Now().Add(time.Hour)
		scan("the list of what is due within the hour", func() int {
			list, _, err := s.room.Soon(ctx, s.Admin, until, 50)
			s.must(err)
			return len(list)
		}, 50)
		// As the queue asks for what is due, of all its shards.
		at := s.Clock.Now().Add(23 * time.Minute)
		shards := make([]string, 64)
		for i := range shards {
			shards[i] = fmt.Sprint(i)
		}
		scan("the timers that are due", func() (n int) {
			s.must(s.DB.QueryRow(ctx, `select count(*) from (select payload from job where shard in (`+strings.Join(shards, ", ")+`) and due_at <= $1
				and (retry_at <= $1 or retry_at > $2) and due_at >= 0 order by shard, due_at, pos, id limit 5000) d where payload <> ''`, at, at.Add(time.Hour)).Scan(&n))
			return n
		}, len(tickets)+s.others(at))
		s.Clock.Set(at)
		start := time.Now()
		s.Jobs.Wake()
		told := 0
		for told < len(tickets) && time.Since(start) < time.Minute {
			time.Sleep(10 * time.Millisecond) // polling the store, as for any end of work
			s.must(s.DB.QueryRow(ctx, `select count(*) from sla_step where tenant_id = $1`, s.Tenant).Scan(&told))
		}
		t.Logf("%d warnings told within %v", told, time.Since(start))
		for _, tk := range tickets {
			if got := s.told(tk); len(got) != 1 {
				t.Fatalf("told %v", got)
			}
		}
	})
}

// others is how many jobs of other rooms are due then.
func (s *scene) others(at clock.Time) (n int) {
	s.must(s.DB.QueryRow(ctx, `select count(*) from job where kind <> 'sla.step' and due_at <= $1`, at).Scan(&n))
	return n
}
