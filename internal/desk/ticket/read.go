package ticket

import (
	"context"
	"net/http"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/live"
	"zhidan/internal/platform/web"
)

// MaxRead is how many read marks a person keeps. Who has opened more tickets
// since then finds the oldest unread again, if they still concern them.
const MaxRead = 5000

// A ticket is unread for a person whom it concerns (its assignee while it is
// active; collaborators, watchers and who was mentioned) when it holds words of
// somebody else that were not on their screen yet. {tenant} and {me} are
// the reader's.
const (
	concernsMe = `t.id in (select a.id from ticket a where a.tenant_id = {tenant} and a.assignee_id = {me} and a.status <= 4
		union select p.ticket_id from ticket_person p where p.tenant_id = {tenant} and p.user_id = {me})`
	holdsNews = `exists (select 1 from ticket_message m where m.tenant_id = t.tenant_id and m.ticket_id = t.id and m.withdrawn_at is null
		and (m.author_id is null or m.author_id <> {me}) and m.id > coalesce((select r.message_id from ticket_read r
			where r.tenant_id = t.tenant_id and r.user_id = {me} and r.ticket_id = t.id), 0))`
	unreadSQL = concernsMe + ` and ` + holdsNews
	// The same for few tickets that are known: a person's whole work need not be
	// gone through.
	concernsOne = `(t.assignee_id = {me} and t.status <= 4
		or exists (select 1 from ticket_person p where p.tenant_id = t.tenant_id and p.user_id = {me} and p.ticket_id = t.id))`
)

// Read notes that the messages up to one were on the actor's screen; zero means
// all there are. A mark only moves forward.
func (d *Desk) Read(ctx context.Context, a *staff.Actor, ticket, message id.ID) error {
	if _, err := d.Get(ctx, a, ticket); err != nil {
		return err
	}
	var newest id.ID
	if err := d.DB.QueryRow(ctx, `select max(id) from ticket_message where tenant_id = $1 and ticket_id = $2`, a.Tenant, ticket).Scan(zero(&newest)); err != nil {
		return err
	}
	if message == 0 || message > newest {
		message = newest
	}
	at := d.Clock.Now()
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `insert into ticket_read (tenant_id, user_id, ticket_id, message_id, at) values ($1, $2, $3, $4, $5)
			on conflict (tenant_id, user_id, ticket_id) do update set at = excluded.at,
			message_id = case when excluded.message_id > ticket_read.message_id then excluded.message_id else ticket_read.message_id end`,
			a.Tenant, a.ID, ticket, message, at); err != nil {
			return err
		}
		d.announceRead(ctx, tx, a, ticket, message < newest)
		// Now and then: counting a person's marks at each opening is not worth it.
		if int64(at)%64 != 0 {
			return nil
		}
		_, err := tx.Exec(ctx, `delete from ticket_read where tenant_id = $1 and user_id = $2 and at <
			(select r.at from ticket_read r where r.tenant_id = $1 and r.user_id = $2 order by r.at desc limit 1 offset $3)`, a.Tenant, a.ID, MaxRead)
		return err
	})
}

// Unread takes the actor's mark away, so that the ticket waits to be read again.
func (d *Desk) Unread(ctx context.Context, a *staff.Actor, ticket id.ID) error {
	if _, err := d.Get(ctx, a, ticket); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `delete from ticket_read where tenant_id = $1 and user_id = $2 and ticket_id = $3`, a.Tenant, a.ID, ticket)
		d.announceRead(ctx, tx, a, ticket, true)
		return err
	})
}

// announceRead lets the actor's other screens know.
func (d *Desk) announceRead(ctx context.Context, tx *db.Tx, a *staff.Actor, ticket id.ID, unread bool) {
	tx.AfterCommit(func() {
		_ = d.Hub.Publish(context.WithoutCancel(ctx), live.Event{ID: d.IDs.Next(), Tenant: a.Tenant, Name: "read",
			Data: map[string]any{"id": ticket, "unread": unread}, Audience: live.Audience{Users: []id.ID{a.ID}}}) // a hint: the next reading of the list says it too
	})
}

// mark fills in what the reader has not read of the tickets of a page.
func (d *Desk) mark(ctx context.Context, a *staff.Actor, items []JSON) error {
	if len(items) == 0 || a.ID == 0 {
		return nil
	}
	ids := make([]id.ID, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	rows, err := d.DB.Query(ctx, marksSQL(d.DB.Engine()), a.Tenant, a.ID, idList(ids))
	type news struct {
		ticket    id.ID
		mentioned clock.Time
	}
	list, err := db.Each(rows, err, func(r rower) (n news, err error) { return n, r.Scan(&n.ticket, zero(&n.mentioned)) })
	for _, n := range list {
		for i := range items {
			if items[i].ID == n.ticket {
				items[i].Unread, items[i].Mentioned = true, n.mentioned != 0
			}
		}
	}
	return err
}

// marksSQL asks which of some tickets ($3) are unread, and since when the
// reader is mentioned in what they have not read.
func marksSQL(e db.Engine) string {
	return ofReader.Replace(`select t.id, (select p.at from ticket_person p where p.tenant_id = t.tenant_id and p.user_id = {me} and p.role = 'mention' and p.ticket_id = t.id
			and p.at > coalesce((select r.at from ticket_read r where r.tenant_id = t.tenant_id and r.user_id = {me} and r.ticket_id = t.id), 0))
		from ticket t where t.tenant_id = {tenant} and t.id ` + e.InIDs("$3") + ` and ` + concernsOne + ` and ` + holdsNews)
}

var ofReader = strings.NewReplacer("{tenant}", "$1", "{me}", "$2")

func (d *Desk) registerRead(api *web.API) {
	type in struct {
		TicketID
		Body struct {
			Message id.ID `json:"message_id,omitzero" doc:"the newest message that was on the screen; absent: all"`
			Unread  bool  `json:"unread,omitempty" doc:"wait to be read again"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets/{id}/read", ID: "ticket-read-mark", Summary: "Note how far one has read",
		Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *in) (*struct{}, error) {
			if in.Body.Unread {
				if in.Body.Message != 0 {
					return nil, fault.Bad("message_id", "unknown", "unread takes no message")
				}
				return nil, d.Unread(ctx, actor(ctx), in.ID.ID)
			}
			return nil, d.Read(ctx, actor(ctx), in.ID.ID, in.Body.Message)
		})
}
