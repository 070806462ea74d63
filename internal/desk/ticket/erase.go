package ticket

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// When a customer is erased, so is what was said on their tickets, by anybody:
// subjects, messages, fields, files, reasons, drafts. What was done stays, with
// its events, which hold no words. A room that keeps words about tickets
// registers with OnErase and erases its own in the same transaction.

// EraseHook erases what a room keeps of the words of tickets.
type EraseHook func(ctx context.Context, tx *db.Tx, tenant id.ID, tickets []id.ID) error

// OnErase adds a hook. Call it before serving.
func (d *Desk) OnErase(h EraseHook) { d.eraseHooks = append(d.eraseHooks, h) }

// KeepsFiles adds a room that names stored content: what it still names is not
// deleted. Call it before serving.
func (d *Desk) KeepsFiles(names func(ctx context.Context, hash string) (bool, error)) {
	d.namesFile = append(d.namesFile, names)
}

// kindErased does what cannot be done inside the transaction that erases:
// files, and the index of tickets that others' words stay on.
const kindErased = "ticket.erased"

type erased struct {
	Files   []string `json:",omitempty"` // hashes
	Reindex []id.ID  `json:",omitempty"`
}

const eraseBatch = 500

// eraseCustomers erases the words on the tickets of customers, and theirs on
// tickets of others into which their own were merged.
func (d *Desk) eraseCustomers(ctx context.Context, tx *db.Tx, tenant id.ID, customers []id.ID) error {
	who := idList(customers)
	for after := id.ID(0); ; {
		rows, err := tx.Query(ctx, fmt.Sprintf(`select id from ticket where tenant_id = $1 and requester_id %s and id > $3 order by id limit %d`, inIDs(tx, "$2"), eraseBatch), tenant, who, after)
		tickets, err := db.Each(rows, err, scanOne)
		if err != nil || len(tickets) == 0 {
			return err
		}
		after = tickets[len(tickets)-1]
		if err := d.eraseTickets(ctx, tx, tenant, tickets); err != nil {
			return err
		}
		if err := d.eraseMerged(ctx, tx, tenant, who, tickets); err != nil {
			return err
		}
		for _, h := range d.eraseHooks {
			if err := h(ctx, tx, tenant, tickets); err != nil {
				return err
			}
		}
	}
}

func (d *Desk) eraseTickets(ctx context.Context, tx *db.Tx, tenant id.ID, tickets []id.ID) error {
	list, in := idList(tickets), inIDs(tx, "$2")
	if err := d.eraseRows(ctx, tx, tenant, tickets); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `select sha256 from ticket_attachment where tenant_id = $1 and ticket_id `+in, tenant, list)
	files, err := db.Each(rows, err, func(r rower) (string, error) {
		var hash string
		return hash, r.Scan(&hash)
	})
	if err != nil {
		return err
	}
	for _, q := range []string{
		`update ticket_message set text = '', html = '', external_id = '' where tenant_id = $1 and ticket_id ` + in,
		`delete from ticket_attachment where tenant_id = $1 and ticket_id ` + in,
		`delete from ticket_event_text where tenant_id = $1 and ticket_id ` + in,
		`delete from ticket_field where tenant_id = $1 and ticket_id ` + in,
		`delete from ticket_draft where tenant_id = $1 and ticket_id ` + in,
		`delete from ticket_undo_item where tenant_id = $1 and ticket_id ` + in,
	} {
		if _, err := tx.Exec(ctx, q, tenant, list); err != nil {
			return err
		}
	}
	if err := d.eraseUndo(ctx, tx, tenant, tickets); err != nil {
		return err
	}
	if err := d.Index.Delete(ctx, tx, tenant, tickets...); err != nil {
		return err
	}
	return d.EraseFiles(ctx, tx, tenant, files)
}

// eraseRows takes the words out of the tickets' own rows.
func (d *Desk) eraseRows(ctx context.Context, tx *db.Tx, tenant id.ID, tickets []id.ID) error {
	list, err := d.LoadForUpdate(ctx, tx, tenant, tickets)
	if err != nil {
		return err
	}
	for _, t := range list {
		var resolution, last any
		if t.Resolution != nil {
			r := *t.Resolution
			r.Note = ""
			resolution = encode(r)
		}
		if t.LastMessage != nil {
			l := *t.LastMessage
			l.Excerpt = ""
			last = encode(l)
		}
		if err := tx.Queue(ctx, `update ticket set subject = '', fields = '{}', resolution = $3, last_message = $4 where tenant_id = $1 and id = $2`,
			tenant, t.ID, resolution, last); err != nil {
			return err
		}
	}
	return nil
}

// eraseMerged erases what the customers said on tickets of others, into which
// theirs were merged.
func (d *Desk) eraseMerged(ctx context.Context, tx *db.Tx, tenant id.ID, who string, tickets []id.ID) error {
	rows, err := tx.Query(ctx, `select distinct merged_into from ticket where tenant_id = $1 and merged_into is not null and id `+inIDs(tx, "$2"), tenant, idList(tickets))
	into, err := db.Each(rows, err, scanOne)
	if err != nil || len(into) == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, `update ticket_message set text = '', html = '', external_id = '' where tenant_id = $1 and ticket_id `+inIDs(tx, "$2")+`
		and author_kind = 'customer' and author_id `+inIDs(tx, "$3"), tenant, idList(into), who); err != nil {
		return err
	}
	for _, t := range into {
		last, err := lastMessage(ctx, tx, tenant, t)
		if err != nil {
			return err
		}
		var row any
		if last != nil {
			row = encode(last)
		}
		if err := tx.Queue(ctx, `update ticket set last_message = $3 where tenant_id = $1 and id = $2`, tenant, t, row); err != nil {
			return err
		}
	}
	return d.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindErased, Key: into[0].String(), Payload: erased{Reindex: into}})
}

// eraseUndo takes away what would bring words back: how merged tickets stood
// before. What can no longer be undone needs none of it.
func (d *Desk) eraseUndo(ctx context.Context, tx *db.Tx, tenant id.ID, tickets []id.ID) error {
	now := d.Clock.Now()
	if _, err := tx.Exec(ctx, `update ticket_undo set data = '{}' where tenant_id = $1 and kind = 'merge' and expires_at <= $2 and data <> '{}'`, tenant, now); err != nil {
		return err
	}
	type undo struct {
		id   id.ID
		data string
	}
	rows, err := tx.Query(ctx, `select id, data from ticket_undo where tenant_id = $1 and kind = 'merge' and expires_at > $2`, tenant, now)
	open, err := db.Each(rows, err, func(r rower) (u undo, err error) { return u, r.Scan(&u.id, &u.data) })
	if err != nil {
		return err
	}
	for _, u := range open {
		for _, t := range tickets {
			if strings.Contains(u.data, t.String()) {
				if _, err := tx.Exec(ctx, `update ticket_undo set data = '{}', done_at = $3 where tenant_id = $1 and id = $2`, tenant, u.id, now); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// EraseFiles orders that stored content goes which nothing names any more once
// the transaction has committed.
func (d *Desk) EraseFiles(ctx context.Context, tx *db.Tx, tenant id.ID, hashes []string) error {
	for i := 0; i < len(hashes); i += 200 {
		part := hashes[i:min(i+200, len(hashes))]
		if err := d.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindErased, Key: part[0], Payload: erased{Files: part}}); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) attached(ctx context.Context, hash string) (yes bool, err error) {
	return yes, d.DB.QueryRow(ctx, `select exists (select 1 from ticket_attachment where sha256 = $1)`, hash).Scan(&yes)
}

func (d *Desk) afterErase(ctx context.Context, j job.Job) error {
	var in erased
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return err
	}
	for _, hash := range in.Files {
		before := time.Now() // of the file system's clock; see blob.Store.Delete
		named := false       // by somebody else who sent the same
		for _, names := range d.namesFile {
			yes, err := names(ctx, hash)
			if err != nil {
				return err
			}
			named = named || yes
		}
		if named {
			continue
		}
		if _, err := d.Blobs.Delete(ctx, hash, before); err != nil {
			return err
		}
	}
	return d.Reindex(ctx, j.Tenant, in.Reindex)
}
