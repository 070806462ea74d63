package db

import (
	"context"
	"database/sql"
	"log/slog"
	"time"
)

// The write-ahead log is copied into the database file beside the writes, by a
// connection of its own, so that no write pays for it: after checkpointRows
// changed rows, or checkpointDelay after a write that was followed by few.
//
// A log that is always being written to never comes to the end that it needs
// to be started over. When it has grown past longLog pages, the committer
// itself copies the rest between two groups; the background has done most of
// it by then.
const (
	checkpointRows  = 4000
	checkpointDelay = 2 * time.Second
	longLog         = 8192 // pages of 4 KB
)

const checkpointSQL = "pragma wal_checkpoint(passive)"

type checkpointer struct {
	db     *sql.DB
	log    *slog.Logger
	kick   chan struct{} // one or more groups were committed
	enough chan struct{} // checkpointRows were changed: do not wait
	finish chan struct{} // to the committer: copy the rest yourself
	stop   chan struct{}
	done   chan struct{}
}

func newCheckpointer(path string, log *slog.Logger) *checkpointer {
	db := sql.OpenDB(&sqliteConnector{dsn: dsn(path, writerPragmas)})
	db.SetMaxOpenConns(1)
	c := &checkpointer{db: db, log: log, kick: make(chan struct{}, 1), enough: make(chan struct{}, 1),
		finish: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	c.kick <- struct{}{} // what a crash may have left
	go c.loop()
	return c
}

// signal leaves word without waiting.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (c *checkpointer) loop() {
	defer close(c.done)
	failing := false
	for {
		select {
		case <-c.kick:
		case <-c.stop:
			return
		}
		delay := time.NewTimer(checkpointDelay)
		select {
		case <-delay.C:
		case <-c.enough:
		case <-c.stop:
			delay.Stop()
			return
		}
		delay.Stop()
		var busy, pages, copied int
		err := c.db.QueryRowContext(context.Background(), checkpointSQL).Scan(&busy, &pages, &copied)
		if err != nil {
			if !failing {
				c.log.Warn("the write-ahead log cannot be copied into the database, trying on", "error", err)
			}
			failing = true
			signal(c.kick)
			continue
		}
		failing = false
		if pages > longLog {
			signal(c.finish)
		}
	}
}

func (c *checkpointer) close() error {
	close(c.stop)
	<-c.done
	return c.db.Close()
}
