package db

import (
	"context"
	"errors"
	"os"
)

// Unsynced makes the writes that follow return before they are synced to disk,
// until sync is called, which syncs all of them. It is for filling a store that
// nobody uses yet, and takes more memory meanwhile (130 MB): when the machine dies before sync, the store may be damaged.
// (When only the process dies, nothing is lost.) PostgreSQL goes on as before.
func (d *DB) Unsynced(ctx context.Context) (sync func() error, err error) {
	if d.engine == Postgres {
		return func() error { return nil }, nil
	}
	if err := d.commit.between(ctx, "pragma synchronous = off", "pragma cache_size = -131072"); err != nil {
		return nil, err
	}
	return func() error {
		ctx := context.WithoutCancel(ctx)
		return errors.Join(d.commit.between(ctx, "pragma synchronous = full", "pragma cache_size = "+writerCache, "pragma wal_checkpoint(truncate)"), syncFile(d.commit.path))
	}, nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// errand is what the committer does between two groups, when no transaction is
// open.
type errand struct {
	do   []string
	done chan error
}

func (k *committer) between(ctx context.Context, do ...string) error {
	e := errand{do, make(chan error, 1)}
	select {
	case k.errands <- e:
		return <-e.done
	case <-ctx.Done():
		return ctx.Err()
	case <-k.stop:
		return errClosed
	}
}

func (k *committer) errand(e errand) {
	var err error
	for _, q := range e.do {
		if err == nil {
			err = k.exec(q)
		}
	}
	k.raw.broken = nil
	e.done <- err
}
