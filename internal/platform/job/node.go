package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Node is the number that one process holds for id.NewSource. Numbers are given
// out in turn, so that one comes back only after all others were used: even a
// process that starts with its clock set back, or one that was cut off for
// long, makes no id a second time.
type Node struct {
	Number int

	db     *db.DB
	holder string
	log    *slog.Logger
	lost   chan struct{}
	quit   chan struct{}
	once   sync.Once
	wg     sync.WaitGroup
}

// numberLease is how long the number of a silent process is kept from others.
const numberLease = time.Minute

func numberName(n int) string { return fmt.Sprintf("node/%04d", n) }

// LeaseNode takes a number for this process and keeps it until Close. name is
// for people who read the table.
func LeaseNode(ctx context.Context, d *db.DB, log *slog.Logger, name string) (*Node, error) {
	if log == nil {
		log = slog.Default()
	}
	n := &Node{db: d, holder: incarnation(name), log: log, lost: make(chan struct{}), quit: make(chan struct{})}
	ctx = db.WithoutTxHook(ctx)
	err := d.Tx(ctx, n.take)
	if errors.Is(err, errNumbersTaken) {
		// Some of them may be of processes that died: see which stand still.
		if err = n.reclaim(ctx); err == nil {
			err = d.Tx(ctx, n.take)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("take a node number: %w", err)
	}
	n.wg.Add(1)
	go n.keep()
	return n, nil
}

var errNumbersTaken error = fault.New(fault.Unavailable, "job.nodes", "all %d node numbers are in use", id.Nodes)

// take finds the next number that nobody holds.
func (n *Node) take(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, "insert into lease (name, holder, epoch, beat) values ('node/next', '', 0, 0) on conflict do nothing"); err != nil {
		return err
	}
	var next int64
	if err := tx.QueryRow(ctx, "select epoch from lease where name = 'node/next'"+tx.Engine().ForUpdate()).Scan(&next); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, "select name from lease where name >= 'node/0' and name < 'node/n'")
	names, err := db.Each(rows, err, func(rows *sql.Rows) (s string, err error) {
		err = rows.Scan(&s)
		return s, err
	})
	if err != nil {
		return err
	}
	held := map[string]bool{}
	for _, s := range names {
		held[s] = true
	}
	for range id.Nodes {
		next++
		number := int(next % id.Nodes)
		if held[numberName(number)] {
			continue
		}
		if _, err := tx.Exec(ctx, "insert into lease (name, holder, epoch, beat) values ($1, $2, 0, 0)", numberName(number), n.holder); err != nil {
			return err
		}
		n.Number = number
		_, err := tx.Exec(ctx, "update lease set epoch = $1 where name = 'node/next'", next)
		return err
	}
	return errNumbersTaken
}

type beat struct {
	name string
	beat int64
}

func (n *Node) beats(ctx context.Context) (map[string]int64, error) {
	rows, err := n.db.Query(ctx, "select name, beat from lease where name >= 'node/0' and name < 'node/n'")
	list, err := db.Each(rows, err, func(rows *sql.Rows) (b beat, err error) {
		err = rows.Scan(&b.name, &b.beat)
		return b, err
	})
	out := map[string]int64{}
	for _, b := range list {
		out[b.name] = b.beat
	}
	return out, err
}

// reclaim waits for the length of a lease and frees the numbers that stood
// still meanwhile.
func (n *Node) reclaim(ctx context.Context) error {
	before, err := n.beats(ctx)
	if err != nil {
		return err
	}
	select {
	case <-time.After(numberLease):
	case <-ctx.Done():
		return ctx.Err()
	}
	return n.free(ctx, before)
}

func (n *Node) free(ctx context.Context, still map[string]int64) error {
	return n.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for name, beat := range still {
			if _, err := tx.Exec(ctx, "delete from lease where name = $1 and beat = $2 and holder <> $3", name, beat, n.holder); err != nil {
				return err
			}
		}
		return nil
	})
}

// keep beats, and frees the numbers of processes that died.
func (n *Node) keep() {
	defer n.wg.Done()
	t := time.NewTicker(numberLease / 4)
	defer t.Stop()
	seen := map[string]sight{}
	for {
		select {
		case <-n.quit:
			return
		case <-t.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), numberLease/4)
		mine, err := n.renew(ctx)
		if err == nil && !mine {
			n.log.Error("the node number of this process was taken by another", "number", n.Number)
			close(n.lost)
			cancel()
			return
		}
		if err == nil {
			err = n.sweep(ctx, seen)
		}
		cancel()
		if err != nil {
			n.log.Warn("the node number cannot be renewed, trying again", "error", err)
		}
	}
}

func (n *Node) renew(ctx context.Context) (mine bool, err error) {
	err = n.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		k, err := tx.Exec(ctx, "update lease set beat = beat + 1 where name = $1 and holder = $2", numberName(n.Number), n.holder)
		mine = k == 1
		return err
	})
	return mine, err
}

func (n *Node) sweep(ctx context.Context, seen map[string]sight) error {
	now, err := n.beats(ctx)
	if err != nil {
		return err
	}
	still := map[string]int64{}
	for name, b := range now {
		s, ok := seen[name]
		if !ok || s.beat != b {
			seen[name] = sight{leaseRow{name: name, beat: b}, time.Now()}
		} else if time.Since(s.since) >= numberLease {
			still[name] = b
		}
	}
	for name := range seen {
		if _, ok := now[name]; !ok {
			delete(seen, name)
		}
	}
	if len(still) == 0 {
		return nil
	}
	return n.free(ctx, still)
}

// Lost is closed when another process holds the number: this one must stop.
func (n *Node) Lost() <-chan struct{} { return n.lost }

// Close gives the number back.
func (n *Node) Close() {
	n.once.Do(func() {
		close(n.quit)
		n.wg.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := n.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "delete from lease where name = $1 and holder = $2", numberName(n.Number), n.holder)
			return err
		}); err != nil {
			n.log.Warn("the node number was not given back, its lease ends by itself", "error", err)
		}
	})
}
