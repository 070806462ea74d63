package fulltext

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// tenantTag stands before each term, so that the lists of tenants do not meet
// in the index. It need not be unique: the tenant is compared as well.
func tenantTag(tenant id.ID) string {
	h := fnv.New32a()
	fmt.Fprint(h, int64(tenant))
	return strconv.FormatUint(uint64(h.Sum32()%(36*36*36*36*36)), 36) + "_"
}

// Documents go as arrays: one text for any number of them is planned once on a
// connection, and each number would be a text of its own.
func putPostgres(ctx context.Context, tx *db.Tx, tenant id.ID, docs []Doc) error {
	tag := tenantTag(tenant)
	ids, terms := make([]int64, len(docs)), make([]string, len(docs))
	for i, d := range docs {
		ids[i], terms[i] = int64(d.ID), tagged(tag, d.Terms)
	}
	return tx.Queue(ctx, `insert into fts_doc (tenant_id, ticket_id, terms)
		select $1::bigint, x.ticket_id, array_to_tsvector(string_to_array(x.terms, ' ')) from unnest($2::bigint[], $3::text[]) as x(ticket_id, terms)
		on conflict (tenant_id, ticket_id) do update set terms = excluded.terms where fts_doc.terms <> excluded.terms`, int64(tenant), ids, terms)
}

func deletePostgres(ctx context.Context, tx *db.Tx, tenant id.ID, ids []id.ID) error {
	list := make([]int64, len(ids))
	for i, v := range ids {
		list[i] = int64(v)
	}
	return tx.Queue(ctx, `delete from fts_doc where tenant_id = $1 and ticket_id = any($2::bigint[])`, int64(tenant), list)
}

const (
	// newest is how many tickets are read one by one before the index is
	// asked. A common word is found often enough among them; through the
	// index, which knows no order, every ticket with the word would be read.
	newest = 2000
	// maxScan is how many more are read so when that will do.
	maxScan = 8000
)

func (s *search) postgres(ctx context.Context) error {
	tag := tenantTag(s.tenant)
	query := expression(s.q, " & ", " | ", " & !", func(t text.Term) string {
		w := "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(tag+t.Text) + "'"
		if t.Prefix {
			w += ":*"
		}
		return w
	})
	for n := newest; n > 0; {
		read, lowest, err := s.scanNewest(ctx, query, n)
		if err != nil {
			return err
		}
		if s.searched(lowest) {
			return nil
		}
		found, missing := len(s.hits.IDs), s.limit-len(s.hits.IDs)
		if found == 0 {
			break
		}
		n = missing * read / found * 11 / 10
		if n > maxScan {
			break
		}
	}
	// The key of a week must not tempt the planner: it does not know how rare
	// the terms are, and would read the whole key of every week beside the few
	// places in the index of terms (62 ms for 48 weeks instead of 1.5). With
	// the tenant as an expression only the latter will do.
	for weeks := 4; ; {
		from := s.weeksBack(weeks)
		rows, err := s.r.Query(ctx, `with hit as materialized (
				select ticket_id from fts_doc where tenant_id + 0 = $1 and ticket_id >= $2 and ticket_id < $3 and terms @@ $4::tsquery
			) select ticket_id from hit order by ticket_id desc limit $5`,
			int64(s.tenant), int64(from), int64(s.w.To), query, s.limit-len(s.hits.IDs))
		ids, err := db.Each(rows, err, scanID)
		if err != nil {
			return err
		}
		s.hits.IDs = append(s.hits.IDs, ids...)
		if s.searched(from) {
			return nil
		}
		if len(ids) < s.limit/4 {
			weeks *= 4
		}
	}
}

// weeksBack is where a window of whole weeks begins that ends with what is
// still to be searched. Each week is a table of its own, and to plan a query
// over a hundred of them takes longer than most queries: a few at a time, and
// more when they hold little.
func (s *search) weeksBack(n int) id.ID {
	return max(weekStart(weekOf(s.w.To-1)-n+1), s.w.From)
}

// scanNewest compares the newest n tickets of the window one by one, and gives
// how many it read and from which id on the window is done.
func (s *search) scanNewest(ctx context.Context, query string, n int) (read int, lowest id.ID, err error) {
	to := s.w.To
	defer func() { s.w.To = to }()
	for weeks := 1; ; weeks *= 4 {
		from := s.weeksBack(weeks)
		var part int
		var list string
		err = s.r.QueryRow(ctx, `select count(*), coalesce(min(ticket_id), 0),
				coalesce(string_agg(ticket_id::text, ' ' order by ticket_id desc) filter (where terms @@ $5::tsquery), '')
			from (select ticket_id, terms from fts_doc where tenant_id = $1 and ticket_id >= $2 and ticket_id < $3
				order by ticket_id desc limit $4) t`,
			int64(s.tenant), int64(from), int64(s.w.To), n-read, query).Scan(&part, (*int64)(&lowest), &list)
		if err != nil {
			return 0, 0, err
		}
		for _, f := range strings.Fields(list) {
			v, err := id.Parse(f)
			if err != nil {
				return 0, 0, err
			}
			if len(s.hits.IDs) < s.limit {
				s.hits.IDs = append(s.hits.IDs, v)
			}
		}
		if read += part; read >= n {
			return read, lowest, nil
		}
		if s.w.To = from; from <= max(s.w.From, 1) {
			return read, s.w.From, nil
		}
	}
}

// optimizePostgres sorts in what the indexes of all partitions have collected.
func optimizePostgres(ctx context.Context, tx *db.Tx) error {
	var pages int64
	return tx.QueryRow(ctx, `select coalesce(sum(gin_clean_pending_list(inhrelid::regclass)), 0)::bigint
		from pg_inherits where inhparent = 'fts_doc_terms'::regclass`).Scan(&pages)
}

// A partition holds the tickets of one week, counted from the first id.
const week = 7 * 24 * time.Hour

func weekOf(v id.ID) int { return int((v.Millis() - id.ID(0).Millis()) / week.Milliseconds()) }

func weekStart(w int) id.ID { return id.At(id.ID(0).Millis() + int64(w)*week.Milliseconds()) }

// maxWeeks is how many partitions one call makes; ids end before.
const maxWeeks = 53 * 70

// EnsurePartitions makes the partitions for tickets made between two moments
// (UTC milliseconds) where they are missing. It is called at the start, daily
// for the time to come, and before many tickets of other times are brought in.
// Tickets that came before their partition move into it. On SQLite there is
// nothing to do.
func (x *Index) EnsurePartitions(ctx context.Context, tx *db.Tx, from, to int64) error {
	if tx.Engine() != db.Postgres {
		return nil
	}
	first, last := max(0, weekOf(id.At(max(from, id.ID(0).Millis())))), weekOf(id.At(to))
	if last-first > maxWeeks {
		return fmt.Errorf("full text: %d weeks are too many", last-first)
	}
	for w := first; w <= last; w++ {
		if err := ensurePartition(ctx, tx, w); err != nil {
			return fmt.Errorf("full text: partition of week %d: %w", w, err)
		}
	}
	return nil
}

func ensurePartition(ctx context.Context, tx *db.Tx, w int) error {
	name := fmt.Sprintf("fts_doc_w%04d", w)
	exists := func() (there bool, err error) {
		err = tx.QueryRow(ctx, `select to_regclass($1::text) is not null`, name).Scan(&there)
		return there, err
	}
	if there, err := exists(); there || err != nil {
		return err
	}
	// Two nodes that start together would make the same table; the lock lets
	// the second see it.
	if _, err := tx.Exec(ctx, `lock table fts_doc_rest in access exclusive mode`); err != nil {
		return err
	}
	if there, err := exists(); there || err != nil {
		return err
	}
	from, to := int64(weekStart(w)), int64(weekStart(w+1))
	for _, q := range []string{
		`create table ` + name + ` (like fts_doc including defaults including constraints)`,
		fmt.Sprintf(`with moved as (delete from fts_doc_rest where ticket_id >= %d and ticket_id < %d returning tenant_id, ticket_id, terms)
			insert into %s (tenant_id, ticket_id, terms) select tenant_id, ticket_id, terms from moved`, from, to, name),
		fmt.Sprintf(`alter table fts_doc attach partition %s for values from (%d) to (%d)`, name, from, to),
	} {
		if _, err := tx.Exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}
