package schema_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/schema"
)

var bg = context.Background()

// system are the tables that belong to no tenant: what nodes share, and the
// tenants themselves. The queue is read by shard, whoever's job it is; the
// set-up token is there before the first tenant.
var system = map[string]bool{"tenant": true, "lease": true, "job": true, "setup_token": true}

// systemIndex are indexes by which the product itself looks across tenants.
var systemIndex = map[string]bool{"idempotency_age": true}

// table is what both engines must agree on.
type table struct {
	columns map[string]string // name → type class and nullability
	key     []string          // primary key, in order
	indexes map[string]string // name → columns, or unique over columns
}

func TestParity(t *testing.T) {
	s, p := describeSQLite(t, dbtest.SQLite(t)), describePostgres(t, dbtest.Postgres(t))
	for _, name := range slices.Sorted(maps.Keys(merged(s, p))) {
		a, b := s[name], p[name]
		switch {
		case shadow(name):
		case a == nil:
			t.Errorf("table %s is not on SQLite", name)
		case b == nil:
			t.Errorf("table %s is not on PostgreSQL", name)
		default:
			differ(t, name+": column", a.columns, b.columns)
			differ(t, name+": index", a.indexes, b.indexes)
			if !slices.Equal(a.key, b.key) {
				t.Errorf("%s: primary key %v on SQLite, %v on PostgreSQL", name, a.key, b.key)
			}
		}
	}
}

// TestTenantFirst: a primary key that begins with the tenant is what lets rows
// of tenants lie together, and be spread over servers.
func TestTenantFirst(t *testing.T) {
	for name, tab := range describeSQLite(t, dbtest.SQLite(t)) {
		if shadow(name) || system[name] {
			continue
		}
		if len(tab.key) == 0 {
			t.Errorf("table %s has no primary key", name)
		} else if tab.key[0] != "tenant_id" {
			t.Errorf("the primary key of %s is %v: tenant_id must be first", name, tab.key)
		}
		for ix, cols := range tab.indexes {
			if !strings.HasPrefix(strings.TrimPrefix(cols, "unique "), "tenant_id") && !systemIndex[ix] {
				t.Errorf("index %s of %s is over %s: tenant_id must be first", ix, name, cols)
			}
		}
	}
}

// TestDownAndUp: every migration can be taken back and applied again.
func TestDownAndUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := schema.Up(bg, d); err != nil {
			t.Errorf("a second Up: %v", err)
		}
		h, err := d.OpenStd()
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		p, err := schema.Provider(d.Engine(), h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.DownTo(bg, 0); err != nil {
			t.Fatalf("down: %v", err)
		}
		describe := describeSQLite
		if d.Engine() == db.Postgres {
			describe = describePostgres
		}
		for name := range describe(t, d) {
			if !strings.HasPrefix(name, "goose_") && !strings.HasPrefix(name, "sqlite_") {
				t.Errorf("table %s is still there after Down", name)
			}
		}
		if err := schema.Up(bg, d); err != nil {
			t.Errorf("up again: %v", err)
		}
	})
}

// TestNodesMigrateTogether: on PostgreSQL several nodes may start at once.
func TestNodesMigrateTogether(t *testing.T) {
	url := dbtest.EmptyPostgresURL(t)
	var wg sync.WaitGroup
	for range 3 {
		d := dbtest.Open(t, url)
		wg.Go(func() {
			if err := schema.Up(bg, d); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestRewrite(t *testing.T) {
	const text = "create table x (a ctext not null, context text, b bytea) /*clustered*/;"
	for e, want := range map[db.Engine]string{
		db.SQLite:   "create table x (a text not null, context text, b blob) without rowid;",
		db.Postgres: `create table x (a text collate "C" not null, context text, b bytea) ;`,
	} {
		if got := schema.Rewrite(e, text); got != want {
			t.Errorf("%v: %s", e, got)
		}
	}
}

func TestFilesOfOneEngine(t *testing.T) {
	for e, foreign := range map[db.Engine]string{db.SQLite: ".postgres.sql", db.Postgres: ".sqlite.sql"} {
		fsys, err := schema.Files(e)
		if err != nil {
			t.Fatal(err)
		}
		names, err := fs.Glob(fsys, "*.sql")
		if err != nil || len(names) == 0 {
			t.Fatal(names, err)
		}
		versions := map[string]string{}
		for _, n := range names {
			if strings.HasSuffix(n, foreign) {
				t.Errorf("%v reads %s", e, n)
			}
			v, _, _ := strings.Cut(n, "_")
			if len(v) != 14 {
				t.Errorf("%s: a name begins with YYYYMMDDhhmmss_", n)
			}
			if versions[v] != "" {
				t.Errorf("%s and %s have the same time", n, versions[v])
			}
			versions[v] = n
			b, err := fs.ReadFile(fsys, n)
			if err != nil {
				t.Fatal(err)
			}
			for _, section := range []string{"-- +goose Up", "-- +goose Down"} {
				if !strings.Contains(string(b), section) {
					t.Errorf("%s has no line %q", n, section)
				}
			}
		}
	}
}

// shadow says whether a table is made by goose or by the engine itself, or is
// the full-text index, which each engine has its own way.
func shadow(name string) bool {
	return strings.HasPrefix(name, "goose_") || strings.HasPrefix(name, "sqlite_") || strings.Contains(name, "fts")
}

func merged(a, b map[string]*table) map[string]*table {
	m := maps.Clone(a)
	maps.Copy(m, b)
	return m
}

func differ(t *testing.T, what string, a, b map[string]string) {
	t.Helper()
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, n := range slices.Sorted(maps.Keys(all)) {
		if a[n] != b[n] {
			t.Errorf("%s %s: %q on SQLite, %q on PostgreSQL", what, n, a[n], b[n])
		}
	}
}

// class brings the type names of both engines together.
func class(typ string, notNull bool) string {
	c := map[string]string{"bigint": "int", "integer": "int", "smallint": "int", "int": "int", "text": "text",
		"boolean": "bool", "blob": "bytes", "bytea": "bytes", "double precision": "float", "real": "float"}[strings.ToLower(typ)]
	if c == "" {
		c = "unknown type " + typ
	}
	if notNull {
		c += " not null"
	}
	return c
}

type line [6]sql.NullString

func lines(t *testing.T, d *db.DB, q string, args ...any) []line {
	t.Helper()
	rows, err := d.Query(bg, q, args...)
	out, err := db.Each(rows, err, func(r *sql.Rows) (line, error) {
		var l line
		cols, err := r.Columns()
		if err != nil {
			return l, err
		}
		dest := make([]any, len(cols))
		for i := range dest {
			dest[i] = &l[i]
		}
		return l, r.Scan(dest...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func describeSQLite(t *testing.T, d *db.DB) map[string]*table {
	t.Helper()
	out := map[string]*table{}
	for _, l := range lines(t, d, "select name from sqlite_master where type = 'table'") {
		name := l[0].String
		tab := &table{columns: map[string]string{}, indexes: map[string]string{}}
		out[name] = tab
		keys := map[string]string{}
		for _, c := range lines(t, d, `select name, type, "notnull", pk from pragma_table_info($1) order by cid`, name) {
			// A column of the primary key is never null, said or not.
			tab.columns[c[0].String] = class(c[1].String, c[2].String == "1" || c[3].String != "0")
			if c[3].String != "0" {
				keys[c[3].String] = c[0].String
			}
		}
		for i := 1; keys[fmt.Sprint(i)] != ""; i++ {
			tab.key = append(tab.key, keys[fmt.Sprint(i)])
		}
		for _, ix := range lines(t, d, `select l.name, l."unique", l.origin, l.partial, (select group_concat(coalesce(i.name, 'expression'), ',' order by i.seqno) from pragma_index_info(l.name) i)
			from pragma_index_list($1) l`, name) {
			if ix[2].String == "pk" {
				continue
			}
			tab.indexes[indexName(ix[0].String, ix[2].String == "u", ix[4].String)] = index(ix[1].String == "1", ix[3].String == "1", ix[4].String)
		}
	}
	return out
}

func describePostgres(t *testing.T, d *db.DB) map[string]*table {
	t.Helper()
	out := map[string]*table{}
	for _, l := range lines(t, d, `select table_name::text, column_name::text, data_type::text, is_nullable::text, ordinal_position::text from information_schema.columns where table_schema = 'public'`) {
		tab := out[l[0].String]
		if tab == nil {
			tab = &table{columns: map[string]string{}, indexes: map[string]string{}}
			out[l[0].String] = tab
		}
		tab.columns[l[1].String] = class(l[2].String, l[3].String == "NO")
	}
	for _, l := range lines(t, d, `select t.relname::text, i.relname::text, x.indisunique::text, x.indisprimary::text,
			(select string_agg(coalesce(a.attname::text, 'expression'), ',' order by k.n) from unnest(x.indkey) with ordinality k(col, n)
				left join pg_attribute a on a.attrelid = t.oid and a.attnum = k.col and k.col > 0),
			(exists (select 1 from pg_constraint c where c.conindid = i.oid))::text || (x.indpred is not null)::text
		from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = t.relnamespace
		where n.nspname = 'public'`) {
		tab := out[l[0].String]
		if l[3].String == "true" {
			tab.key = strings.Split(l[4].String, ",")
			continue
		}
		constraint, partial := strings.HasPrefix(l[5].String, "true"), strings.HasSuffix(l[5].String, "true")
		tab.indexes[indexName(l[1].String, constraint, l[4].String)] = index(l[2].String == "true", partial, l[4].String)
	}
	return out
}

// indexName gives the index of a unique constraint, which each engine names
// its own way, the name of its columns.
func indexName(name string, constraint bool, columns string) string {
	if constraint {
		return "unique(" + columns + ")"
	}
	return name
}

func index(unique, partial bool, columns string) string {
	if partial {
		columns += " where …"
	}
	if unique {
		columns = "unique " + columns
	}
	return columns
}
