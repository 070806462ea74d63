package db

import "context"

// Size is how many bytes the store takes: the file of SQLite without its log,
// the database of PostgreSQL with its indexes.
func (d *DB) Size(ctx context.Context) (bytes int64, err error) {
	q := `select page_count * page_size from pragma_page_count(), pragma_page_size()`
	if d.engine == Postgres {
		q = `select pg_database_size(current_database())`
	}
	err = d.QueryRow(ctx, q).Scan(&bytes)
	return bytes, err
}
