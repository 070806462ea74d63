package db

// Engine is the kind of store. Its methods are the few places where the SQL of
// the two differs.
type Engine int

// The two engines.
const (
	SQLite Engine = iota
	Postgres
)

func (e Engine) String() string {
	if e == Postgres {
		return "postgres"
	}
	return "sqlite"
}

// ForUpdate locks the rows that a select reads until the end of the
// transaction. SQLite has one writer and needs no lock.
func (e Engine) ForUpdate() string {
	if e == Postgres {
		return " for update"
	}
	return ""
}

// SkipLocked is ForUpdate that passes over rows another transaction holds.
func (e Engine) SkipLocked() string {
	if e == Postgres {
		return " for update skip locked"
	}
	return ""
}

// Greatest is the larger of two expressions.
func (e Engine) Greatest(a, b string) string {
	if e == Postgres {
		return "greatest(" + a + "," + b + ")"
	}
	return "max(" + a + "," + b + ")"
}

// Least is the smaller of two expressions.
func (e Engine) Least(a, b string) string {
	if e == Postgres {
		return "least(" + a + "," + b + ")"
	}
	return "min(" + a + "," + b + ")"
}

// JSONText is the member of the JSON object in a text column, as text; null
// when it is not there. The key is a placeholder or a literal and has no
// quotes or backslashes in it. A boolean is true/false on PostgreSQL and 1/0
// on SQLite.
func (e Engine) JSONText(column, key string) string {
	if e == Postgres {
		return "(" + column + "::jsonb ->> " + key + ")"
	}
	// ->> reads a bare label as a key, also one with dots.
	return "cast(" + column + " ->> " + key + " as text)"
}

// JSONEach makes a table from the strings of the JSON array in a text column,
// to stand after "from" or "join": its one column is alias.value.
func (e Engine) JSONEach(column, alias string) string {
	if e == Postgres {
		return "jsonb_array_elements_text(" + column + "::jsonb) as " + alias + "(value)"
	}
	return "json_each(" + column + ") as " + alias
}

// InIDs stands after a column that is to be one of the numbers in a JSON array
// of numbers or of decimal strings. PostgreSQL gets an array and not a table:
// it plans for some ten rows then and takes the index, where it would guess a
// hundred rows of a table and read all tickets while they seem few. The array
// is made once, by a select of its own: as a plain cast it was read anew for
// each row whenever the plan, before a table was first analysed, held it against
// all rows of the tenant.
func (e Engine) InIDs(mark string) string {
	if e == Postgres {
		return "= any((select cast(translate(" + mark + ", '[]\"', '{}') as bigint[]))::bigint[])"
	}
	return "in (select cast(x.value as bigint) from " + e.JSONEach(mark, "x") + ")"
}

// InPairs says that two columns are one of the pairs in two lists of equal
// length (see InIDs), of which the second column alone names the row already.
// PostgreSQL would otherwise look for each of the one with each of the other.
func (e Engine) InPairs(a, b, markA, markB string) string {
	if e == Postgres {
		list := func(mark string) string { return "cast(translate(" + mark + ", '[]\"', '{}') as bigint[])" }
		return "(" + a + ", " + b + ") in (select x.a, x.b from unnest(" + list(markA) + ", " + list(markB) + ") as x(a, b))"
	}
	return a + " " + e.InIDs(markA) + " and " + b + " " + e.InIDs(markB)
}
