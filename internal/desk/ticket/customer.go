package ticket

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/web"
)

// What tickets mean for customers: who may see a customer, how many tickets one
// has, what a merge moves, and the one timeline over all of them.

const (
	kindRequester = "ticket.requester" // the rest of a merge of customers
	kindCompany   = "ticket.company"   // tickets follow their customer to another company
)

func (d *Desk) joinCustomers() {
	d.Customers.ReachWith(customer.Reach{Among: d.customersAmong, Before: d.customersBefore, Companies: d.companiesAmong})
	d.Customers.CountWith(d.customerCounts, d.companyCounts)
	d.Customers.OnCompany(d.companyMoved)
	d.Jobs.Handle(job.Kind{Name: kindCompany, Concurrency: 1, MaxAttempts: 12}, each(d.followCompany))
	d.Customers.OnMerge(d.moveCustomer)
	d.Jobs.Handle(job.Kind{Name: kindRequester, Concurrency: 1, MaxAttempts: 12}, each(func(ctx context.Context, j job.Job) error {
		var in customerMove
		if err := json.Unmarshal(j.Payload, &in); err != nil {
			return err
		}
		done := job.Done(ctx)
		return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := d.moveSome(ctx, tx, staff.System(j.Tenant), in); err != nil {
				return err
			}
			return done(ctx, tx)
		})
	}))
}

// scoped starts a condition with another permission's scope than that of
// reading tickets.
func scoped(a *staff.Actor, s staff.Scope) *where {
	b := *a
	b.Grants = map[staff.Permission]staff.Scope{staff.TicketRead: s}
	return newWhere(&b)
}

func (d *Desk) customersAmong(ctx context.Context, r db.Reader, a *staff.Actor, s staff.Scope, customers []id.ID) ([]id.ID, error) {
	if len(customers) == 0 {
		return nil, nil
	}
	w := scoped(a, s)
	w.sql.WriteString(" and t.requester_id " + inIDs(r, w.arg(idList(customers))))
	rows, err := r.Query(ctx, `select distinct t.requester_id from ticket t where `+w.sql.String(), w.args...)
	return db.Each(rows, err, scanOne)
}

func (d *Desk) customersBefore(ctx context.Context, r db.Reader, a *staff.Actor, s staff.Scope, before id.ID, limit int) ([]id.ID, error) {
	w := scoped(a, s)
	w.and("t.requester_id < %s", before)
	rows, err := r.Query(ctx, fmt.Sprintf(`select distinct t.requester_id from ticket t where %s order by t.requester_id desc limit %d`, &w.sql, limit), w.args...)
	return db.Each(rows, err, scanOne)
}

func scanOne(r rower) (id.ID, error) {
	var x id.ID
	return x, r.Scan(&x)
}

func (d *Desk) customerCounts(ctx context.Context, r db.Reader, a *staff.Actor, customers []id.ID) (map[id.ID]customer.Count, error) {
	out := map[id.ID]customer.Count{}
	if len(customers) == 0 {
		return out, nil
	}
	w := newWhere(a)
	w.sql.WriteString(" and t.requester_id " + inIDs(r, w.arg(idList(customers))))
	rows, err := r.Query(ctx, `select t.requester_id, count(*), sum(case when t.status <= 4 then 1 else 0 end), max(t.updated_at)
		from ticket t where `+w.sql.String()+` group by t.requester_id`, w.args...)
	_, err = db.Each(rows, err, func(r rower) (struct{}, error) {
		var who id.ID
		var c customer.Count
		err := r.Scan(&who, &c.Tickets, &c.Open, &c.LastContact)
		out[who] = c
		return struct{}{}, err
	})
	return out, err
}

func (d *Desk) companiesAmong(ctx context.Context, r db.Reader, a *staff.Actor, s staff.Scope, companies []id.ID) ([]id.ID, error) {
	if len(companies) == 0 {
		return nil, nil
	}
	w := scoped(a, s)
	w.sql.WriteString(" and t.company_id " + inIDs(r, w.arg(idList(companies))))
	rows, err := r.Query(ctx, `select distinct t.company_id from ticket t where `+w.sql.String(), w.args...)
	return db.Each(rows, err, scanOne)
}

// companyCounts walks along the company's own index, and no further than the cap.
func (d *Desk) companyCounts(ctx context.Context, r db.Reader, a *staff.Actor, companies []id.ID) (map[id.ID]customer.Count, error) {
	out := map[id.ID]customer.Count{}
	for _, company := range companies {
		var c customer.Count
		for also, n := range map[string]*int{"": &c.Tickets, " and t.status <= 4": &c.Open} {
			w := newWhere(a)
			w.and("t.company_id = %s", company)
			err := r.QueryRow(ctx, fmt.Sprintf(`select count(*) from (select 1 from ticket t where %s%s limit %d) x`, &w.sql, also, customer.CountCap), w.args...).Scan(n)
			if err != nil {
				return nil, err
			}
		}
		out[company] = c
	}
	return out, nil
}

type companyMove struct{ Customer, After id.ID }

// companyMoved lets the tickets of a customer follow to another company.
func (d *Desk) companyMoved(ctx context.Context, tx *db.Tx, a *staff.Actor, who id.ID) error {
	return d.Jobs.Add(ctx, tx, job.New{Tenant: a.Tenant, Kind: kindCompany, Key: who.String(), Payload: companyMove{Customer: who}})
}

func (d *Desk) followCompany(ctx context.Context, j job.Job) error {
	var in companyMove
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return err
	}
	done := job.Done(ctx)
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		who, err := d.Customers.Find(ctx, tx, j.Tenant, in.Customer)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, fmt.Sprintf(`select id from ticket where tenant_id = $1 and requester_id = $2 and id > $3 and coalesce(company_id, 0) <> $4
			order by id limit %d`, moveBatch), j.Tenant, in.Customer, in.After, who.Company)
		tickets, err := db.Each(rows, err, scanOne)
		if err != nil {
			return err
		}
		err = d.WriteIn(ctx, tx, staff.System(j.Tenant), func(ctx context.Context, w *Write) error {
			for _, t := range tickets {
				c, err := w.related(ctx, t)
				if err != nil {
					return err
				}
				c.Append(EventChange, EventData{Changes: []FieldChange{{Field: "company", From: c.Ticket.Company, To: who.Company}}})
				c.Ticket.Company = who.Company
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(tickets) == moveBatch {
			in.After = tickets[len(tickets)-1]
			if err := d.Jobs.Add(ctx, tx, job.New{Tenant: j.Tenant, Kind: kindCompany, Key: in.Customer.String(), Payload: in}); err != nil {
				return err
			}
		}
		return done(ctx, tx)
	})
}

type customerMove struct {
	Merge customer.Merge
	Undo  bool
	After id.ID
}

const moveBatch = 100

func (d *Desk) moveCustomer(ctx context.Context, tx *db.Tx, a *staff.Actor, m customer.Merge, undo bool) error {
	return d.moveSome(ctx, tx, a, customerMove{Merge: m, Undo: undo})
}

// moveSome gives a batch of tickets their new requester, with an event each,
// and orders the next batch.
func (d *Desk) moveSome(ctx context.Context, tx *db.Tx, a *staff.Actor, in customerMove) error {
	m := in.Merge
	to := m.Into
	var tickets []id.ID
	var err error
	if in.Undo {
		to = m.From
		tickets, err = customer.MovedItems(ctx, tx, m, "ticket", in.After, moveBatch)
	} else {
		rows, qerr := tx.Query(ctx, fmt.Sprintf(`select id from ticket where tenant_id = $1 and requester_id = $2 order by id limit %d`, moveBatch), m.Tenant, m.From)
		tickets, err = db.Each(rows, qerr, scanOne)
	}
	if err != nil || len(tickets) == 0 {
		return err
	}
	who, err := d.Customers.Get(ctx, tx, m.Tenant, to)
	if err != nil {
		return err
	}
	err = d.WriteIn(ctx, tx, a, func(ctx context.Context, w *Write) error {
		for _, t := range tickets {
			c, err := w.related(ctx, t)
			if err != nil {
				return err
			}
			if in.Undo && c.Ticket.Requester != m.Into { // given to somebody else meanwhile
				continue
			}
			c.Append(EventChange, EventData{Changes: []FieldChange{{Field: "requester", From: c.Ticket.Requester, To: to}}})
			c.Ticket.Requester, c.Ticket.Company = to, who.Company
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !in.Undo {
		if err := customer.Moved(ctx, tx, m, "ticket", tickets); err != nil {
			return err
		}
	}
	if len(tickets) < moveBatch {
		return nil
	}
	in.After = tickets[len(tickets)-1]
	return d.Jobs.Add(ctx, tx, job.New{Tenant: m.Tenant, Kind: kindRequester, Key: m.ID.String(), Payload: in})
}

// ContactJSON is one line of a customer's timeline: a ticket that was opened or
// a message of any ticket.
type ContactJSON struct {
	At      clock.Time  `json:"at"`
	Kind    string      `json:"kind" enum:"ticket,message"`
	Ticket  Brief       `json:"ticket"`
	Message MessageKind `json:"message_kind,omitempty"`
	Excerpt string      `json:"excerpt,omitempty"`
}

func (d *Desk) registerCustomers(api *web.API) {
	type pageIn struct {
		TicketID
		web.Page
	}
	type ticketsOut struct{ Body web.List[JSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/customers/{id}/tickets", ID: "customer-tickets", Summary: "A customer's tickets, newest first",
		Permission: string(staff.TicketRead), Tags: []string{"Customers"}},
		func(ctx context.Context, in *pageIn) (*ticketsOut, error) {
			list, err := d.ticketsOf(ctx, actor(ctx), "t.requester_id", in.ID.ID, in.Page)
			return &ticketsOut{list}, err
		})
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/companies/{id}/tickets", ID: "company-tickets", Summary: "The tickets of a company's customers, newest first",
		Permission: string(staff.TicketRead), Tags: []string{"Companies"}},
		func(ctx context.Context, in *pageIn) (*ticketsOut, error) {
			list, err := d.ticketsOf(ctx, actor(ctx), "t.company_id", in.ID.ID, in.Page)
			return &ticketsOut{list}, err
		})

	type timelineOut struct{ Body web.List[ContactJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/customers/{id}/timeline", ID: "customer-timeline", Summary: "All that was said with a customer, over all tickets, newest first",
		Permission: string(staff.TicketRead), Tags: []string{"Customers"}},
		func(ctx context.Context, in *pageIn) (*timelineOut, error) {
			a := actor(ctx)
			var before id.ID = 1<<62 - 1
			if _, err := web.ParseCursor(in.Cursor, &before); err != nil {
				return nil, err
			}
			list, err := d.contacts(ctx, a, in.ID.ID, before, in.Limit+1)
			if err != nil {
				return nil, err
			}
			cut := web.Cut(list, in.Limit, func(c contact) id.ID { return c.key })
			out := &timelineOut{web.List[ContactJSON]{Items: []ContactJSON{}, NextCursor: cut.NextCursor}}
			for _, c := range cut.Items {
				out.Body.Items = append(out.Body.Items, c.json)
			}
			return out, nil
		})
}

// ticketsOf lists the tickets within reach that a column ties to something.
func (d *Desk) ticketsOf(ctx context.Context, a *staff.Actor, column string, of id.ID, p web.Page) (out web.List[JSON], err error) {
	var before id.ID = 1<<62 - 1
	if _, err := web.ParseCursor(p.Cursor, &before); err != nil {
		return out, err
	}
	w := newWhere(a)
	w.and(column+" = %s and t.id < %s", of, before)
	rows, err := d.DB.Query(ctx, fmt.Sprintf(`select %s from ticket t where %s order by t.id desc limit %d`, columns, &w.sql, p.Limit+1), w.args...)
	list, err := db.Each(rows, err, func(r rower) (*Ticket, error) { return scanTicket(r) })
	if err != nil {
		return out, err
	}
	cut := web.Cut(list, p.Limit, func(t *Ticket) id.ID { return t.ID })
	items, err := d.render(ctx, d.DB, a.Tenant, cut.Items)
	return web.List[JSON]{Items: items, NextCursor: cut.NextCursor}, err
}

type contact struct {
	key  id.ID // ids of tickets and messages come from one source, so they share an order
	json ContactJSON
}

// contacts reads the newest births and messages of the customer's 200 newest
// tickets within the actor's reach.
func (d *Desk) contacts(ctx context.Context, a *staff.Actor, who, before id.ID, limit int) ([]contact, error) {
	w := newWhere(a)
	w.and("t.requester_id = %s", who)
	mark := w.arg(before)
	rows, err := d.DB.Query(ctx, fmt.Sprintf(`with mine as (select t.id, t.number, t.subject, t.status, t.created_at from ticket t where %s order by t.id desc limit 200)
		select t.id, t.created_at, 'ticket', t.id, t.number, t.subject, t.status, '', '' from mine t where t.id < %s
		union all
		select m.id, m.created_at, 'message', t.id, t.number, t.subject, t.status, m.kind, substr(m.text, 1, 400) from mine t
			join ticket_message m on m.tenant_id = $1 and m.ticket_id = t.id where m.id < %s and m.withdrawn_at is null
		order by 1 desc limit %d`, &w.sql, mark, mark, limit), w.args...)
	return db.Each(rows, err, func(r rower) (contact, error) {
		var c contact
		j := &c.json
		err := r.Scan(&c.key, &j.At, &j.Kind, &j.Ticket.ID, &j.Ticket.Number, &j.Ticket.Subject, &j.Ticket.Status, &j.Message, &j.Excerpt)
		j.Excerpt = excerpt(j.Excerpt, 160)
		return c, err
	})
}
