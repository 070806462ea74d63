package fulltext

import (
	"context"

	"zhidan/internal/platform/db"
)

// Bytes of terms that FTS5 gathers in memory before it writes them out: its
// default, and what suits the filling of an index. Either way they are written
// at the end of each transaction.
const (
	hashDefault = 1 << 20
	hashBulk    = 64 << 20
)

// Bulk begins or ends the filling of an index with very many documents. While
// it is on, transactions of BulkDocs documents are the cheapest: each then
// writes one long sorted run instead of many short ones that have to be merged.
// It is a matter of speed and memory only. PostgreSQL needs nothing.
func (x *Index) Bulk(ctx context.Context, tx *db.Tx, on bool) error {
	if tx.Engine() != db.SQLite {
		return nil
	}
	size := hashDefault
	if on {
		size = hashBulk
	}
	_, err := tx.Exec(ctx, `insert into fts (fts, rank) values ('hashsize', $1)`, size)
	return err
}

// BulkDocs is the number of documents of a bucket.
const BulkDocs = bucketDocs
