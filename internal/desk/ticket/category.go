package ticket

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/web"
)

const kindCategory = "ticket.category" // the rest of a merge of categories

// categoryMoves is the key of all moves of a tenant: one ends before the next
// begins, so that a ticket of a chain of merges reaches its end.
const categoryMoves = "moves"

// categoryMove is how far the tickets of a merged category have been moved.
type categoryMove struct{ From, Into, After id.ID }

// categoryWindow is how many tickets one step of a move looks at.
const categoryWindow = 2000

// MergeCategory retires a category in favour of another one and moves its
// tickets, those that have ended too, in the background.
func (d *Desk) MergeCategory(ctx context.Context, a *staff.Actor, from, into id.ID) error {
	return d.Forms.MergeCategory(ctx, a.Tenant, from, into, func(ctx context.Context, tx *db.Tx) error {
		return d.Jobs.Add(ctx, tx, job.New{Tenant: a.Tenant, Kind: kindCategory, Key: categoryMoves, Payload: categoryMove{From: from, Into: into}})
	})
}

// moveCategory does one window and puts the next one on the queue, in the
// transaction that ends this job.
func (d *Desk) moveCategory(ctx context.Context, j job.Job) error {
	var in categoryMove
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return err
	}
	rows, err := d.DB.Query(ctx, `select id, coalesce(category_id, 0) from ticket where tenant_id = $1 and id > $2 order by id limit `+strconv.Itoa(categoryWindow), j.Tenant, in.After)
	type row struct{ ticket, category id.ID }
	list, err := db.Each(rows, err, func(r rower) (row, error) {
		var x row
		return x, r.Scan(&x.ticket, &x.category)
	})
	if err != nil {
		return err
	}
	catalog, err := d.Forms.Get(ctx, j.Tenant)
	if err != nil {
		return err
	}
	into := catalog.Final(in.Into) // which may have been merged meanwhile
	done := job.Done(ctx)
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := d.WriteIn(ctx, tx, staff.System(j.Tenant), func(ctx context.Context, w *Write) error {
			for _, x := range list {
				if x.category != in.From {
					continue
				}
				c, err := w.related(ctx, x.ticket)
				if err != nil {
					return err
				}
				if c.Ticket.Category == in.From {
					c.Append(EventChange, EventData{Kind: "merged", Changes: []FieldChange{{Field: "category", From: in.From, To: into}}})
					c.Ticket.Category = into
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := done(ctx, tx); err != nil || len(list) < categoryWindow {
			return err
		}
		in.After = list[len(list)-1].ticket
		return d.Jobs.Add(ctx, tx, job.New{Tenant: j.Tenant, Kind: kindCategory, Key: j.Key, Payload: in})
	})
}

func (d *Desk) registerCategories(api *web.API) {
	type mergeIn struct {
		ID   web.ID `path:"id"`
		Body struct {
			Into id.ID `json:"into"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/config/categories/{id}/merge", ID: "category-merge", Summary: "Retire a category in favour of another one and move its tickets",
		Permission: string(staff.ConfigManage), Tags: []string{"Configuration"}, Status: http.StatusAccepted},
		func(ctx context.Context, in *mergeIn) (*struct{}, error) {
			return nil, d.MergeCategory(ctx, actor(ctx), in.ID.ID, in.Body.Into)
		})
}
