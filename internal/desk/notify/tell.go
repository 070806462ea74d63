package notify

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// Kinds of job of the room.
const (
	kindPlan  = "notify.plan"  // what becomes of new notifications
	kindFlush = "notify.flush" // timer by person and way: what was held goes out
	kindSend  = "notify.send"  // one message
	kindClean = "notify.clean" // timer by tenant: what is old goes
)

// notification is one row of somebody's bell.
type notification struct {
	Tenant, User, ID id.ID
	Event            string
	Ticket           id.ID
	Actor            id.ID
	Urgent           bool
	Data             map[string]string
	Key              string
	State            int
	CreatedAt        clock.Time
	ReadAt           clock.Time
}

// States of a notification.
const (
	stateNew    = 0
	stateShown  = 1
	stateHidden = 2
)

// of names one notification. Those of one telling have the same Group.
type of struct {
	User  id.ID `json:"u"`
	ID    id.ID `json:"n"`
	Group int   `json:"g,omitempty"`
}

// planning is the payload of a plan job.
type planning struct {
	Items []of `json:"items"`
}

// telling is one row that is to be told.
type telling struct {
	*Notice
	user  id.ID
	group int
}

// Tell tells, when the caller's transaction commits: it writes a row for each
// recipient and orders the rest. Somebody who was told the same key before, and
// who did it, is left out. It may be called again in a transaction that is run
// again.
func (m *Room) Tell(ctx context.Context, tx *db.Tx, notices ...Notice) error {
	byTenant := map[id.ID][]telling{}
	for i := range notices {
		n := notices[i]
		if err := n.check(); err != nil {
			return err
		}
		to := slices.Clone(n.To)
		slices.Sort(to)
		to = slices.DeleteFunc(slices.Compact(to), func(u id.ID) bool { return u == 0 || u == n.By })
		if n.Key == "" {
			n.Key = "#" + m.IDs.Next().String()
		}
		for _, u := range to {
			byTenant[n.Tenant] = append(byTenant[n.Tenant], telling{&n, u, i})
		}
	}
	for _, tenant := range slices.Sorted(maps.Keys(byTenant)) {
		if err := m.insert(ctx, tx, tenant, byTenant[tenant]); err != nil {
			return err
		}
	}
	return nil
}

// insert writes the rows and orders their planning. Rows of one statement never
// have the same person and key.
func (m *Room) insert(ctx context.Context, tx *db.Tx, tenant id.ID, list []telling) error {
	slices.SortStableFunc(list, func(a, b telling) int { return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.Key, b.Key)) })
	list = slices.CompactFunc(list, func(a, b telling) bool { return a.user == b.user && a.Key == b.Key })
	now := m.Clock.Millis()
	made := map[id.ID]telling{}
	var fresh []of
	for part := range slices.Chunk(list, 50) {
		args := make([]any, 0, len(part)*12)
		for _, t := range part {
			data := "{}"
			if len(t.Data) > 0 {
				raw, err := json.Marshal(t.Data)
				if err != nil {
					return err
				}
				data = string(raw)
			}
			event, _ := eventOf(t.Event)
			row := m.IDs.Next()
			made[row] = t
			args = append(args, int64(tenant), int64(t.user), int64(row), t.Event, null(t.Ticket), null(t.By),
				t.Urgent || event.Urgent, data, t.Key, int64(stateNew), now, nil)
		}
		rows, err := tx.Query(ctx, `insert into notification (tenant_id, user_id, id, event, ticket_id, actor_id, urgent, data, key, state, created_at, read_at)
			values `+db.Values(len(part), 12)+` on conflict (tenant_id, user_id, key) do nothing returning user_id, id`, args...)
		found, err := db.Each(rows, err, scanOf)
		if err != nil {
			return err
		}
		for _, x := range found {
			x.Group = made[x.ID].group
			fresh = append(fresh, x)
		}
	}
	var jobs []job.New
	for part := range slices.Chunk(fresh, planMost) {
		jobs = append(jobs, job.New{Tenant: tenant, Kind: kindPlan, Key: part[0].ID.String(), Payload: planning{part}})
	}
	return m.Jobs.Add(ctx, tx, jobs...)
}

// planMost is how many notifications one plan job takes: its payload is
// bounded, and those of one telling rarely are more.
const planMost = 500

func scanOf(r *sql.Rows) (of, error) {
	var x of
	return x, r.Scan(&x.User, &x.ID)
}

const notificationColumns = `n.tenant_id, n.user_id, n.id, n.event, coalesce(n.ticket_id, 0), coalesce(n.actor_id, 0), n.urgent,
	n.data, n.key, n.state, n.created_at, coalesce(n.read_at, 0)`

func scanNotification(r *sql.Rows) (*notification, error) {
	n := &notification{}
	var data string
	if err := r.Scan(&n.Tenant, &n.User, &n.ID, &n.Event, &n.Ticket, &n.Actor, &n.Urgent, &data, &n.Key, &n.State,
		&n.CreatedAt, &n.ReadAt); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(data), &n.Data); err != nil {
		return nil, fmt.Errorf("notification %s: %w", n.ID, err)
	}
	return n, nil
}

// loadNotifications reads some by their names.
func loadNotifications(ctx context.Context, r db.Reader, tenant id.ID, items []of) ([]*notification, error) {
	ids := make([]id.ID, len(items))
	users := make([]id.ID, len(items))
	for i, x := range items {
		ids[i], users[i] = x.ID, x.User
	}
	rows, err := r.Query(ctx, `select `+notificationColumns+` from notification n where n.tenant_id = $1 and `+r.Engine().InPairs("n.user_id", "n.id", "$2", "$3")+
		` order by n.id`, tenant, idList(users), idList(ids))
	return db.Each(rows, err, scanNotification)
}

// idList is a set of ids as one argument, for Engine.InIDs.
func idList(ids []id.ID) string {
	raw, err := json.Marshal(ids)
	if err != nil || len(ids) == 0 {
		return "[]"
	}
	return string(raw)
}

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
