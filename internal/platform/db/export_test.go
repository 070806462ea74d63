package db

// Queued is how many transactions wait for the group committer.
func (d *DB) Queued() int { return len(d.commit.queue) }

// MaxStatements is the bound of the statement cache.
const MaxStatements = maxStatements
