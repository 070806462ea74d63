// Package report counts what a desk has done and shows it: the Today board
// (今日看板). It promises:
//
//   - Facts (事实) are made from the events of tickets by a Reaction, each once
//     however often its event is seen, and say where the ticket stood and who
//     had it at that moment: a figure of a past moment stays as it was when the
//     ticket goes elsewhere. They hold ids and the customer's tier, nothing
//     personal.
//   - Every figure has a definition (口径) and opens the tickets behind it. A
//     figure that counts tickets is exactly as long as their list; those that
//     have since left the reader's reach are counted there, not shown.
//   - The data scope of report.read is part of every statement.
//   - Nothing is kept in sums: a day's rows are few, read in the order of their
//     key, and writing one never waits for another.
//
// SLA attainment is read from the clocks (sla), the backlog from the tickets as
// they are, who is online from roster: those rooms keep them already.
//
// fact.go has the rules without I/O, store.go their rows, react.go how they
// come to be, backfill.go those of tickets that were there before; board.go and
// figure.go are what a board shows, behind.go the tickets of a figure, sheet.go
// the tables of an export, api.go the operations on the wire. Figures of past
// days are counted when they are asked for; they are not frozen.
package report

import (
	"context"
	"sync"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/live"
)

// Config is what the room stands on. Hub may be nil.
type Config struct {
	DB        *db.DB
	IDs       *id.Source
	Clock     *clock.Clock
	Jobs      *job.Queue
	Hub       *live.Hub
	Customers *customer.Book
	Staff     *staff.House
	Roster    *roster.Room
	Desk      *ticket.Desk
	SLA       *sla.Room
}

// Room makes facts and counts them. It is safe for concurrent use.
type Room struct {
	Config
	mu     sync.Mutex
	filled map[id.ID]bool // tenants whose facts are known to be whole
}

// New makes the room and registers its jobs, so it comes before the queue's
// Start.
func New(c Config) *Room {
	m := &Room{Config: c, filled: map[id.ID]bool{}}
	m.Jobs.Handle(job.Kind{Name: kindBackfill, Concurrency: 1, MaxAttempts: 12, Timeout: backfillLimit}, func(ctx context.Context, jobs []job.Job) error {
		for _, j := range jobs {
			if err := m.backfill(ctx, j); err != nil {
				return err
			}
		}
		return nil
	})
	return m
}
