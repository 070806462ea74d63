package db

import (
	"slices"
	"testing"
)

func TestPlaceholdersBecomePositions(t *testing.T) {
	for _, x := range []struct {
		q, want string
		order   []int
	}{
		{`select 1`, `select 1`, nil},
		{`insert into t values ($1, $2, $10)`, `insert into t values (?, ?, ?)`, []int{0, 1, 9}},
		{`insert into t values ($1,$2),($3,$4)`, `insert into t values (?,?),(?,?)`, nil},
		{`select $2 where a = $1 or $2 = 0`, `select ? where a = ? or ? = 0`, []int{1, 0, 1}},
		{`select '$1 it''s $2', "$3" where a = $1`, `select '$1 it''s $2', "$3" where a = ?`, nil},
		{"select 1 -- $1\n where a = $2", "select 1 -- $1\n where a = ?", []int{1}},
		{`select /* $1 */ $1`, `select /* $1 */ ?`, nil},
		{`select $1, ?`, `select $1, ?`, nil},
		{`select $1, :name`, `select $1, :name`, nil},
		{`select $1; select $1`, `select $1; select $1`, nil},
		{`select $name`, `select $name`, nil},
		{`select '$1`, `select '$1`, nil},
		{`select $1 /*`, `select ? /*`, nil},
	} {
		got, order := positional(x.q)
		if got != x.want || !slices.Equal(order, x.order) {
			t.Errorf("%s\n got %s %v\nwant %s %v", x.q, got, order, x.want, x.order)
		}
	}
}

// What is bound is the same, in whatever order and however often it is named.
func TestArgumentsFindTheirPlaces(t *testing.T) {
	d, err := Open(t.Context(), Config{URL: "sqlite:" + t.TempDir() + "/x.db"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var a, b, c string
	if err := d.QueryRow(t.Context(), `select $3, $1, $1 || '$2' || $2`, "x", "y", "z").Scan(&a, &b, &c); err != nil || a != "z" || b != "x" || c != "x$2y" {
		t.Errorf("%q %q %q %v", a, b, c, err)
	}
	if err := d.QueryRow(t.Context(), `select $2`, "x").Scan(&a); err == nil {
		t.Error("a missing argument was not noticed")
	}
	if err := d.QueryRow(t.Context(), `select $1, $2`, "x").Scan(&a, &b); err == nil {
		t.Error("a missing argument was not noticed")
	}
}
