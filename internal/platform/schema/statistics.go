package schema

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// SQLite plans without statistics as if every column were selective. Ours is
// not so: nearly all rows have the same tenant_id, which leads every key. Left
// alone it walks a whole table in the order of its key instead of seeking a few
// rows by an index, or sorts what an index holds in order (a create took three
// times as long, the list of active tickets grew with the archive). So each
// index that has no measured statistics gets assumed ones, in the form of
// sqlite_stat1 (https://sqlite.org/fileformat2.html#the_sqlite_stat1_table):
// the number of rows, then how many of them share the first column, the first
// two, and so on. A later `analyze` puts measured ones in their place.
func assumeStatistics(ctx context.Context, h *sql.DB) error {
	var made bool
	if err := h.QueryRowContext(ctx, `select count(*) > 0 from sqlite_schema where name = 'sqlite_stat1'`).Scan(&made); err != nil {
		return err
	}
	if !made { // a store that was never analysed: analysing makes the tables
		if _, err := h.ExecContext(ctx, `analyze`); err != nil {
			return err
		}
		// Histograms would make SQLite plan a statement anew for each value
		// that is bound (12 % of the time of a create).
		if _, err := h.ExecContext(ctx, `delete from sqlite_stat4`); err != nil {
			return err
		}
	}
	// Of a partial index without rows it notes that it is empty, and of a table
	// without an index how few rows it has today: no measure of what they will
	// hold. (With two rows in the table of the full-text index, each merge of
	// two small segments walked through all of it: 10 s a commit with a million
	// tickets.) A command beside a busy server writes nothing here when there is
	// nothing to write: it would wait for its turn.
	const misleading = `(stat like '0 %' or idx is null)`
	var misled bool
	if err := h.QueryRowContext(ctx, `select count(*) > 0 from sqlite_stat1 where `+misleading).Scan(&misled); err != nil {
		return err
	}
	if misled {
		if _, err := h.ExecContext(ctx, `delete from sqlite_stat1 where `+misleading); err != nil {
			return err
		}
	}
	// The key of a clustered table (without rowid) is called after the table there.
	rows, err := h.QueryContext(ctx, `select t.name, case when l.origin = 'pk' and t.wr then t.name else l.name end, l."unique", case when not l.partial then $1
				when exists (select 1 from sqlite_schema s where s.name = l.name and s.sql like '% is not null') then $2 else $3 end,
			(select group_concat(i.name) from (select name from pragma_index_info(l.name) order by seqno) i)
		from pragma_table_list t join pragma_index_list(t.name) l where t.schema = 'main' and t.type = 'table' and t.name not like 'sqlite_%'
		and not exists (select 1 from sqlite_stat1 s where s.tbl = t.name and (s.idx = l.name or l.origin = 'pk' and s.idx = t.name))`, allRows, rowsWith, rowsInUse)
	if err != nil {
		return err
	}
	defer rows.Close()
	type line struct{ table, index, stat string }
	var lines []line
	for rows.Next() {
		var table, index, columns string
		var unique bool
		var size int
		if err := rows.Scan(&table, &index, &unique, &size, &columns); err != nil {
			return err
		}
		names := strings.Split(columns, ",")
		if names[0] != "tenant_id" || len(names) < 2 {
			continue
		}
		lines = append(lines, line{table, index, assumed(names, unique || names[len(names)-1] == "id", size)})
	}
	if err := rows.Err(); err != nil || len(lines) == 0 && !misled {
		return err
	}
	rows.Close()
	for _, l := range lines {
		if _, err := h.ExecContext(ctx, `insert into sqlite_stat1 (tbl, idx, stat) values (?, ?, ?)`, l.table, l.index, l.stat); err != nil {
			return err
		}
	}
	// A change of the schema makes the connections that are open read them.
	for _, q := range []string{`create table statistics_changed (x)`, `drop table statistics_changed`} {
		if _, err := h.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// How many rows an index is assumed to hold: of a whole table, of those that a
// partial index takes (what is in use), or of those that have a rare value.
const (
	allRows   = 1_000_000
	rowsInUse = 30_000
	rowsWith  = 3_000
)

// assumed is the statistic of an index of so many rows that begins with tenant_id.
func assumed(columns []string, unique bool, all int) string {
	out, least := []string{fmt.Sprint(all), fmt.Sprint(all)}, all
	for i := 1; i < len(columns); i++ {
		left := len(columns) - 1 - i
		share := 10
		switch {
		case left == 0 && unique:
			share = 1
		case left > 0 && few[columns[i]]:
			share = all / 7
		case left == 1:
			share = 20
		case left > 1:
			share = all / 500
		}
		least = min(least, share)
		out = append(out, fmt.Sprint(least))
	}
	return strings.Join(out, " ")
}

// few are columns with a handful of values.
var few = map[string]bool{"status": true, "state": true, "kind": true, "role": true}
