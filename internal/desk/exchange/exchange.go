// Package exchange takes tables out of the house and brings tables in.
//
// Of what goes out (exports) it promises:
//   - nobody takes out more than they see: the rows are read with the reader's
//     own reach, narrowed by how far the right to export goes, and look as on the
//     screen, masked addresses included. In the background the reach is that of
//     the order or of the present day, whichever is narrower;
//   - a cell is never a formula;
//   - memory does not grow with the number of rows. A node that dies costs the
//     rows since the last safe piece, and another goes on from there;
//   - the file is for the person who ordered it, by a link that expires; the
//     record of who took what, and how much of it, stays.
//
// Of what comes in (imports):
//   - each row is taken once, whatever stops and starts again: what became of it
//     is written in the transaction of its effect;
//   - a row that cannot be taken leaves the others alone, and comes back with the
//     reason in a file that can be mended and brought again;
//   - it is done with the rights of who brings it, by the same doors as by hand;
//   - a ticket keeps its own times and stands where it stood; of what has ended
//     elsewhere nobody is told, and nothing is promised on it;
//   - a table that was taken in before is told by its content, before it is taken
//     in again;
//   - the whole can be taken back, but for what somebody has worked with since,
//     which is named;
//   - a table of work on tickets (a batch) says nothing to a customer that could
//     not be said by hand, and nothing twice.
//
// columns.go and source.go hold the tables that go out, export.go an order and
// its record, run.go its work; target.go and plan*.go say what the columns and
// rows of a table that comes in mean, import.go holds its record, work.go its
// work and undo.go its way back.
package exchange

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/blob"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/live"
	"zhidan/internal/platform/secret"
)

// Config is what the room stands on.
type Config struct {
	DB        *db.DB
	IDs       *id.Source
	Clock     *clock.Clock
	Log       *slog.Logger
	Jobs      *job.Queue
	Hub       *live.Hub
	Vault     *secret.Vault
	Blobs     *blob.Store
	Forms     *form.Cache
	Customers *customer.Book
	Staff     *staff.House
	Desk      *ticket.Desk
	// Told tells somebody, in the transaction, that work in the background has
	// ended; nil: nobody is told.
	Told func(ctx context.Context, tx *db.Tx, n Told) error
	// Patience is how long who orders an export waits for the file; zero: a
	// moment; negative: not at all.
	Patience time.Duration
}

// Told is the end of work in the background.
type Told struct {
	Tenant, To, ID id.ID
	Kind           string // export, import
	Rows           int
}

// Room takes out and brings in. It is safe for concurrent use.
type Room struct {
	Config
	zones sync.Map // name → *time.Location
}

// New makes the room and registers its jobs, so it comes before the queue's
// Start.
func New(c Config) *Room {
	m := &Room{Config: c}
	m.registerExportJobs()
	m.registerImportJobs()
	return m
}

// actor is who ordered something, with the rights of then or of now, whichever
// are narrower: work that lasts shall not outlive a right.
func (m *Room) actor(ctx context.Context, tenant, user id.ID, then staff.Grants) (*staff.Actor, error) {
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return nil, err
	}
	if p, ok := dir.User(user); !ok || !p.Active {
		return nil, fault.New(fault.Forbidden, "exchange.gone", "who ordered this is not here any more")
	}
	a, err := m.Staff.Actor(ctx, tenant, user)
	if err != nil {
		return nil, err
	}
	return narrowed(a, func(p staff.Permission, s staff.Scope) staff.Scope { return min(s, then[p]) }), nil
}

// narrowed is the actor with other grants.
func narrowed(a *staff.Actor, by func(staff.Permission, staff.Scope) staff.Scope) *staff.Actor {
	b := *a
	b.Grants = staff.Grants{}
	for p, s := range a.Grants {
		if s = by(p, s); s != staff.ScopeNone {
			b.Grants[p] = s
		}
	}
	return &b
}

// each makes a handler of what is to be done to one export or import, which the
// key of its job names.
func each(fn func(ctx context.Context, tenant, one id.ID) error) func(ctx context.Context, jobs []job.Job) error {
	return func(ctx context.Context, jobs []job.Job) error {
		var errs error
		for _, j := range jobs {
			one, err := id.Parse(j.Key)
			if err == nil {
				err = fn(ctx, j.Tenant, one)
			}
			errs = errors.Join(errs, err)
		}
		return errs
	}
}

// zone is where the tenant's times are read.
func (m *Room) zone(dir *staff.Directory) *time.Location {
	name := dir.Tenant.TimeZone
	if z, ok := m.zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	m.zones.Store(name, z)
	return z
}

// show tells the screens of a person how far something is. It is a hint: they
// ask by themselves as well.
func (m *Room) show(ctx context.Context, tenant, user id.ID, kind string, body any) {
	_ = m.Hub.Publish(ctx, live.Event{ID: m.IDs.Next(), Tenant: tenant, Name: kind, Data: body, Audience: live.Audience{Users: []id.ID{user}}})
}
