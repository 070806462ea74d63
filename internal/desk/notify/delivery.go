package notify

import (
	"context"
	"database/sql"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// delivery is one message to one address, or the part of one that stands for
// one notification: all with the same Lead go out together.
type delivery struct {
	ID, Lead     id.ID
	User         id.ID
	Notification id.ID
	Channel      string
	Event        string
	Ticket       id.ID
	State        int
	Attempts     int
	DueAt        clock.Time
	CreatedAt    clock.Time
	EndedAt      clock.Time
	Receipt      string
	Error        string
}

// States of a delivery.
const (
	deliveryWaiting = iota
	deliveryHeld
	deliverySending
	deliverySent
	deliveryFailed
	deliveryDropped
)

var deliveryStates = []string{"waiting", "held", "sending", "sent", "failed", "dropped"}

const deliveryColumns = `d.id, d.lead_id, d.user_id, d.notification_id, d.channel, d.event, coalesce(d.ticket_id, 0), d.state, d.attempts, d.due_at, d.created_at,
	coalesce(d.ended_at, 0), d.receipt, d.error`

func scanDelivery(r *sql.Rows) (*delivery, error) {
	d := &delivery{}
	return d, r.Scan(&d.ID, &d.Lead, &d.User, &d.Notification, &d.Channel, &d.Event, &d.Ticket, &d.State, &d.Attempts, &d.DueAt, &d.CreatedAt, &d.EndedAt, &d.Receipt, &d.Error)
}

// sendName is where something was sent about a ticket.
type sendName struct {
	user    id.ID
	channel string
	ticket  id.ID
}

// recentSends says when people were last sent something about a ticket, as far
// as it matters for grouping.
func recentSends(ctx context.Context, r db.Reader, tenant id.ID, items []of, now clock.Time) (map[sendName]clock.Time, error) {
	users := make([]id.ID, len(items))
	for i, x := range items {
		users[i] = x.User
	}
	rows, err := r.Query(ctx, `select d.user_id, d.channel, d.ticket_id, d.created_at from notify_delivery d where d.tenant_id = $1 and d.id >= $2
		and d.ticket_id is not null and d.state in (0, 2, 3) and d.user_id `+r.Engine().InIDs("$3")+` order by d.id`,
		tenant, id.At(int64(now.Add(-groupWindow))), idList(users))
	out := map[sendName]clock.Time{}
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var n sendName
		var at clock.Time
		err := r.Scan(&n.user, &n.channel, &n.ticket, &at)
		out[n] = at
		return struct{}{}, err
	})
	return out, err
}

// flushing is the payload of a flush job.
type flushing struct {
	User    id.ID  `json:"user"`
	Channel string `json:"channel"`
}

func flushKey(user id.ID, channel string) string { return user.String() + " " + channel }

// nextHeld is when the first of what is held for a person falls due; zero:
// nothing is.
func nextHeld(ctx context.Context, r db.Reader, tenant, user id.ID, channel string) (at clock.Time, err error) {
	err = r.QueryRow(ctx, `select coalesce(min(due_at), 0) from notify_delivery where tenant_id = $1 and user_id = $2 and channel = $3 and state = 1`,
		tenant, user, channel).Scan(&at)
	return at, err
}

func sendJob(tenant, lead id.ID, at clock.Time) job.New {
	return job.New{Tenant: tenant, Kind: kindSend, Key: lead.String(), DueAt: at, Payload: struct{}{}}
}
