package notify

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

const (
	maxAttempts = 8 // of one message; the pauses add up to about an hour
	firstPause  = 10 * time.Second
	maxPause    = 30 * time.Minute
	maxGroup    = 100 // notifications in one message
	listed      = 20  // of them, those that are named
)

// flush lets out what was held for a person and has come due: as one message.
func (m *Room) flush(ctx context.Context, j job.Job) error {
	var in flushing
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return err
	}
	done := job.Done(ctx)
	now := m.Clock.Now()
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := done(ctx, tx); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select id from notify_delivery where tenant_id = $1 and user_id = $2 and channel = $3 and state = 1 and due_at <= $4
			order by due_at, id limit `+strconv.Itoa(maxGroup), j.Tenant, in.User, in.Channel, now)
		due, err := db.Each(rows, err, scanID)
		if err != nil {
			return err
		}
		var jobs []job.New
		if len(due) > 0 {
			lead := slices.Min(due)
			if _, err := tx.Exec(ctx, `update notify_delivery set lead_id = $2, state = 0 where tenant_id = $1 and id `+tx.Engine().InIDs("$3"), j.Tenant, lead, idList(due)); err != nil {
				return err
			}
			jobs = append(jobs, sendJob(j.Tenant, lead, 0))
		}
		at, err := nextHeld(ctx, tx, j.Tenant, in.User, in.Channel)
		if err != nil {
			return err
		}
		if at != 0 {
			jobs = append(jobs, job.New{Tenant: j.Tenant, Kind: kindFlush, Key: j.Key, DueAt: at, Replace: true, Payload: in})
		}
		return m.Jobs.Add(ctx, tx, jobs...)
	})
}

// send sends one message and records it. Between the two it can die: then the
// message is sent again, with the same key for what can tell it by that.
func (m *Room) send(ctx context.Context, j job.Job) error {
	lead, err := id.Parse(j.Key)
	if err != nil {
		return err
	}
	rows, err := m.DB.Query(ctx, `select `+deliveryColumns+` from notify_delivery d where d.tenant_id = $1 and d.lead_id = $2 and d.state in (0, 2) order by d.id`, j.Tenant, lead)
	list, err := db.Each(rows, err, scanDelivery)
	if err != nil || len(list) == 0 {
		return err
	}
	done := job.Done(ctx)
	k, err := m.fresh(ctx, j.Tenant)
	if err != nil {
		return err
	}
	c := k.channel(list[0].Channel)
	if c == nil || !c.Active {
		return m.record(ctx, done, j.Tenant, lead, result{state: deliveryDropped, err: "the channel is off"})
	}
	out, err := m.compose(ctx, j.Tenant, k, c, list)
	if err != nil {
		return err
	}
	if out == nil {
		return m.record(ctx, done, j.Tenant, lead, result{state: deliveryDropped, err: "nobody needs it any more"})
	}
	attempt := list[0].Attempts + 1
	if err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update notify_delivery set state = 2, attempts = $3 where tenant_id = $1 and lead_id = $2 and state in (0, 2)`, j.Tenant, lead, attempt)
		return err
	}); err != nil {
		return err
	}
	receipt, err := c.kind().send(ctx, m, c, out)
	if err == nil && m.sent != nil {
		if err := m.sent(lead); err != nil {
			return err
		}
	}
	if err == nil {
		return m.record(ctx, done, j.Tenant, lead, result{state: deliverySent, receipt: receipt, dropped: out.dropped})
	}
	if ctx.Err() != nil {
		return ctx.Err() // the node stops: another tries again
	}
	var f *refusal
	if !errors.As(err, &f) {
		f = &refusal{Why: err.Error()}
	}
	if f.Permanent || attempt >= maxAttempts {
		m.Log.WarnContext(ctx, "a notification could not be sent", "channel", c.Key, "attempts", attempt, "error", f.Why)
		return m.record(ctx, done, j.Tenant, lead, result{state: deliveryFailed, err: f.Why, failing: c.Key})
	}
	return m.record(ctx, done, j.Tenant, lead, result{state: deliveryWaiting, err: f.Why, again: m.Clock.Now().Add(max(pause(attempt), min(f.After, maxPause)))})
}

// pause is how long to wait after so many attempts.
func pause(attempts int) time.Duration {
	return min(firstPause<<min(attempts-1, 20), maxPause)
}

// result is how an attempt ended.
type result struct {
	state   int
	receipt string
	err     string
	again   clock.Time
	dropped []id.ID // parts that were not wanted any more
	failing string  // a channel that gave up
}

// record writes how an attempt ended and ends its job in the same commit.
func (m *Room) record(ctx context.Context, done func(context.Context, *db.Tx) error, tenant, lead id.ID, r result) error {
	now := m.Clock.Now()
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := done(ctx, tx); err != nil {
			return err
		}
		if len(r.dropped) > 0 {
			if _, err := tx.Exec(ctx, `update notify_delivery set state = 5, ended_at = $3 where tenant_id = $1 and lead_id = $2 and state in (0, 2) and id `+tx.Engine().InIDs("$4"),
				tenant, lead, now, idList(r.dropped)); err != nil {
				return err
			}
		}
		var ended any
		if r.state != deliveryWaiting {
			ended = int64(now)
		}
		due := r.again
		if due == 0 {
			due = now
		}
		if _, err := tx.Exec(ctx, `update notify_delivery set state = $3, ended_at = $4, due_at = $5, receipt = $6, error = $7
			where tenant_id = $1 and lead_id = $2 and state in (0, 2)`, tenant, lead, r.state, ended, due, cut(r.receipt, 200), cut(oneLine(r.err), 500)); err != nil {
			return err
		}
		if r.failing != "" {
			if err := m.tellFailing(ctx, tx, tenant, r.failing, now); err != nil {
				return err
			}
		}
		if r.state != deliveryWaiting {
			return nil
		}
		return m.Jobs.Add(ctx, tx, sendJob(tenant, lead, r.again))
	})
}

// compose makes the message of some deliveries that go out together; nil when
// nobody needs it any more: it was read, or taken out of reach.
func (m *Room) compose(ctx context.Context, tenant id.ID, k *resident, c *Channel, list []*delivery) (*Message, error) {
	items := make([]of, len(list))
	for i, d := range list {
		items[i] = of{User: d.User, ID: d.Notification}
	}
	rows, err := loadNotifications(ctx, m.DB, tenant, items)
	if err != nil {
		return nil, err
	}
	x, err := m.look(ctx, tenant, rows)
	if err != nil {
		return nil, err
	}
	byID := map[id.ID]*notification{}
	for _, n := range rows {
		byID[n.ID] = n
	}
	group := c.kind().Means == ""
	out := &Message{Tenant: tenant, ID: list[0].Lead, Locale: x.dir.Tenant.Locale}
	var said []Template
	for _, d := range list {
		n := byID[d.Notification]
		wanted := n != nil
		if wanted && !group {
			read := n.State == stateShown && n.ReadAt != 0
			ok, err := m.may(ctx, x, n)
			if err != nil {
				return nil, err
			}
			wanted = ok && !read
		}
		if !wanted {
			out.dropped = append(out.dropped, d.ID)
			continue
		}
		if !group {
			user, _ := x.dir.User(n.User)
			out.User, out.Locale = n.User, user.Locale
			out.To = x.prefs[n.User].Addresses.of(c.kind().Means, user.Email)
		}
		values := m.values(x, n, out.Locale)
		if !c.showsSubject() {
			delete(values, "subject")
		}
		out.Event, out.Urgent, out.Ticket = n.Event, out.Urgent || n.Urgent, n.Ticket
		out.Values = values
		said = append(said, k.template(n.Event, out.Locale).fill(values))
	}
	switch {
	case len(said) == 0:
		return nil, nil
	case len(said) == 1:
		out.Title, out.Text, out.URL = said[0].Title, said[0].Text, out.Values["url"]
		return out, nil
	}
	var b strings.Builder
	for i, s := range said {
		if i == listed {
			b.WriteString("…\n")
			break
		}
		b.WriteString("• " + s.Title + "\n")
		if first, _, _ := strings.Cut(s.Text, "\n"); first != "" && !strings.Contains(first, "://") {
			b.WriteString("  " + first + "\n")
		}
	}
	count := strconv.Itoa(len(said))
	t := k.template(eventDigest, out.Locale)
	out.Event, out.Ticket, out.Title, out.URL = eventDigest, 0, t.fill(map[string]string{"count": count}).Title, m.link("", 0)
	out.Text = cut(strings.TrimSpace(b.String()), maxText)
	out.Values = map[string]string{"count": count, "url": out.URL, "number": ""}
	return out, nil
}

// values are what the placeholders of a notification stand for.
func (m *Room) values(x *reading, n *notification, locale string) map[string]string {
	zone := x.zone
	if p := x.prefs[n.User]; p != nil {
		zone = p.Quiet.location(x.zone)
	}
	v := map[string]string{"time": moment(n.CreatedAt, zone), "url": m.link(n.Event, n.Ticket), "actor": pick([2]string{"系统", "the system"}, locale)}
	for key, s := range n.Data {
		var at clock.Time
		if strings.ContainsRune(s, 'T') && at.UnmarshalText([]byte(s)) == nil && at != 0 {
			v[key] = moment(at, zone)
			continue
		}
		v[key] = said(s, locale)
		if name := m.named(x, key, s); name != "" {
			v[key] = name
		}
	}
	if p, ok := x.dir.User(n.Actor); ok {
		v["actor"] = p.Name
	}
	t := x.tickets[n.Ticket]
	if t == nil {
		if n.Event == QueueWaits && v["team"] == "" {
			v["team"] = pick(everybody, locale)
		}
		return v
	}
	v["number"], v["subject"] = t.Number, oneLine(t.Subject)
	v["status"], v["priority"] = pick(statusWords[t.Status], locale), pick(priorityWords[t.Priority], locale)
	if p, ok := x.dir.User(t.Assignee); ok {
		v["assignee"] = p.Name
	}
	if v["team"] == "" {
		if team, ok := x.dir.Team(t.Team); ok {
			v["team"] = team.Name
		}
	}
	return v
}

// named is the name of a team or person whose id stands in a notice's data.
func (m *Room) named(x *reading, key, s string) string {
	if key != "team" && key != "assignee" && key != "person" {
		return ""
	}
	i, err := id.Parse(s)
	if err != nil {
		return ""
	}
	if t, ok := x.dir.Team(i); ok {
		return t.Name
	}
	if p, ok := x.dir.User(i); ok {
		return p.Name
	}
	return ""
}

// link is where a notification leads.
func (m *Room) link(event string, ticket id.ID) string {
	base := strings.TrimSuffix(m.URL, "/")
	switch {
	case base == "":
		return ""
	case ticket != 0:
		return base + "/inbox/all/" + ticket.String()
	case event == IncidentProposed:
		return base + "/incidents"
	case event == QueueWaits:
		return base + "/queue"
	case event == LeaveAsked || event == LeaveDecided:
		return base + "/roster/requests"
	case event == HandedOver:
		return base + "/roster/handovers"
	case event == RosterPublished:
		return base + "/roster/mine"
	}
	return base + "/"
}
