package exchange

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// What can be taken out.
const (
	Tickets   = "ticket"
	Customers = "customer"
	Companies = "company"
	Staff     = "staff"
)

// needs is which right somebody must have besides that to export.
var needs = map[string]staff.Permission{Tickets: staff.TicketRead, Customers: staff.CustomerRead, Companies: staff.CustomerRead, Staff: staff.StaffRead}

// Spec says what is wanted.
type Spec struct {
	What      string                 `json:"what"`
	Columns   []string               `json:"columns,omitempty"`
	BOM       bool                   `json:"bom,omitempty"`
	Locale    string                 `json:"locale"`
	Q         string                 `json:"q,omitempty"`
	Filter    string                 `json:"filter,omitempty"`
	View      id.ID                  `json:"view,omitzero"`
	Customers customer.Narrow        `json:"customers,omitzero"`
	Companies customer.CompanyNarrow `json:"companies,omitzero"`
	IDs       []id.ID                `json:"ids,omitempty"`
}

// check refuses conditions that are not those of the table: what is not
// understood must not make the table larger.
func (s Spec) check() error {
	switch {
	case s.What != Tickets && (s.Filter != "" || s.View != 0):
		return fault.Bad("filter", "unknown", "a condition or view is one of tickets")
	case s.What != Customers && s.Customers != (customer.Narrow{}):
		return fault.Bad("customers", "unknown", "this narrows a table of customers")
	case s.What != Companies && s.Companies != (customer.CompanyNarrow{}):
		return fault.Bad("companies", "unknown", "this narrows a table of companies")
	case s.What == Staff && s.Q != "":
		return fault.Bad("q", "unknown", "people are exported whole or one by one")
	case s.What == Companies && len(s.IDs) > 0:
		return fault.Bad("ids", "unknown", "companies are exported by search, not one by one")
	}
	return nil
}

// ColumnJSON is a column that can be asked for.
type ColumnJSON struct {
	Key     string    `json:"key"`
	Name    form.Name `json:"name"`
	Default bool      `json:"default" doc:"part of the table unless columns are chosen"`
	Always  bool      `json:"always,omitempty" doc:"cannot be left out"`
}

// source is a table that can be taken out, for one order.
type source struct {
	names []string
	kinds []kind
	// page gives the next rows after a mark, and the mark to go on from.
	page func(ctx context.Context, mark string) (rows [][]any, next string, err error)
	// total counts the rows as far as the context gives time.
	total func(ctx context.Context) (n int, known bool, err error)
}

// build picks the columns and binds them to where their rows come from.
func build[T any](w *words, all []column[T], wanted []string, page func(ctx context.Context, mark string) ([]T, string, error)) (*source, error) {
	var picked []column[T]
	for _, c := range all {
		if c.always && !slices.Contains(wanted, c.key) || len(wanted) == 0 && !c.plain && !c.always {
			picked = append(picked, c)
		}
	}
	for _, key := range wanted {
		i := slices.IndexFunc(all, func(c column[T]) bool { return c.key == key })
		if i < 0 {
			return nil, fault.Bad("columns", "unknown", "there is no column %q", key)
		}
		picked = append(picked, all[i])
	}
	s := &source{}
	for _, c := range picked {
		s.names = append(s.names, w.pick(c.name))
		s.kinds = append(s.kinds, c.kind)
	}
	s.page = func(ctx context.Context, mark string) ([][]any, string, error) {
		items, next, err := page(ctx, mark)
		if err != nil {
			return nil, "", err
		}
		rows := make([][]any, len(items))
		for i := range items {
			row := make([]any, len(picked))
			for j, c := range picked {
				row[j] = c.of(w, &items[i])
			}
			rows[i] = row
		}
		return rows, next, nil
	}
	s.total = func(context.Context) (int, bool, error) { return 0, false, nil }
	return s, nil
}

func columnsJSON[T any](all []column[T]) []ColumnJSON {
	out := make([]ColumnJSON, len(all))
	for i, c := range all {
		out[i] = ColumnJSON{c.key, c.name, !c.plain, c.always}
	}
	return out
}

// columnsOf lists what a table can have.
func columnsOf(what string, catalog *form.Catalog) ([]ColumnJSON, error) {
	switch what {
	case Tickets:
		return columnsJSON(withFields(catalog)), nil
	case Customers:
		return columnsJSON(customerColumns), nil
	case Companies:
		return columnsJSON(companyColumns), nil
	case Staff:
		return columnsJSON(staffColumns), nil
	}
	return nil, fault.Bad("what", "choice", "there is no table %q", what)
}

func withFields(catalog *form.Catalog) []column[ticket.JSON] {
	out := slices.Clone(ticketColumns)
	for _, f := range catalog.Fields() {
		if f.Kind != form.Attachment {
			out = append(out, fieldColumn(f))
		}
	}
	return out
}

// mayExport refuses who may not take this out at all.
func mayExport(a *staff.Actor, what string) error {
	p, ok := needs[what]
	if !ok {
		return fault.Bad("what", "choice", "there is no table %q", what)
	}
	for _, p := range []staff.Permission{staff.Export, p} {
		if a.Scope(p) == staff.ScopeNone {
			return fault.New(fault.Forbidden, "forbidden", "you may not export this").With("permission", string(p))
		}
	}
	return nil
}

const listPage = 200

// source makes ready what somebody wants, within their reach.
func (m *Room) source(ctx context.Context, a *staff.Actor, spec Spec) (*source, error) {
	if err := mayExport(a, spec.What); err != nil {
		return nil, err
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	catalog, err := m.Forms.Get(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	w := &words{locale: spec.Locale, catalog: catalog, dir: dir, zone: m.zone(dir)}
	export := a.Scope(staff.Export)
	reader := narrowed(a, func(p staff.Permission, s staff.Scope) staff.Scope {
		if p == staff.TicketRead || p == staff.CustomerRead {
			return min(s, export)
		}
		return s
	})
	ids := slices.Clone(spec.IDs)
	slices.SortFunc(ids, func(a, b id.ID) int { return cmp.Compare(b, a) })
	ids = slices.Compact(ids)
	switch spec.What {
	case Tickets:
		take := ticket.Take{Text: spec.Q, Filter: spec.Filter, View: spec.View, IDs: ids}
		if err := m.Desk.CheckTake(ctx, reader, take); err != nil {
			return nil, err
		}
		s, err := build(w, withFields(catalog), spec.Columns, func(ctx context.Context, mark string) ([]ticket.JSON, string, error) {
			return m.Desk.TakeRows(ctx, reader, take, mark)
		})
		if err == nil {
			s.total = func(ctx context.Context) (int, bool, error) { return m.Desk.TakeTotal(ctx, reader, take) }
		}
		return s, err
	case Customers:
		return build(w, customerColumns, spec.Columns, func(ctx context.Context, mark string) ([]customer.JSON, string, error) {
			if len(ids) > 0 {
				part, next, err := slice(ids, mark)
				if err != nil {
					return nil, "", err
				}
				rows, _, err := m.Customers.Rows(ctx, reader, customer.Query{}, part)
				return rows, next, err
			}
			return m.Customers.Rows(ctx, reader, customer.Query{Q: spec.Q, Narrow: spec.Customers, Cursor: mark, Limit: listPage}, nil)
		})
	case Companies:
		// Companies are everybody's who may read customers; the right to export
		// them must not be narrower.
		if export != staff.ScopeAll {
			return nil, fault.New(fault.Forbidden, "forbidden", "companies belong to everybody: exporting them takes the right to export all").With("permission", string(staff.Export))
		}
		return build(w, companyColumns, spec.Columns, func(ctx context.Context, mark string) ([]customer.CompanyJSON, string, error) {
			return m.Customers.CompanyRows(ctx, reader, customer.CompanyQuery{Query: customer.Query{Q: spec.Q, Cursor: mark, Limit: listPage}, CompanyNarrow: spec.Companies})
		})
	}
	return build(w, staffColumns, spec.Columns, func(context.Context, string) ([]staff.Person, string, error) {
		var out []staff.Person
		for _, p := range dir.Users() {
			in := a.In(staff.Export, p.ID, 0, p.Department)
			for _, t := range p.Teams {
				in = in || a.In(staff.Export, p.ID, t, p.Department)
			}
			if in && (len(ids) == 0 || slices.Contains(ids, p.ID)) {
				out = append(out, *p)
			}
		}
		return out, "", nil
	})
}

// slice is the next of some chosen rows after a mark.
func slice(ids []id.ID, mark string) ([]id.ID, string, error) {
	from := 0
	if mark != "" {
		n, err := strconv.Atoi(mark)
		if err != nil || n < 0 || n > len(ids) {
			return nil, "", fault.Bad("cursor", "invalid", "this mark does not belong here")
		}
		from = n
	}
	to := min(from+listPage, len(ids))
	next := ""
	if to < len(ids) {
		next = strconv.Itoa(to)
	}
	return ids[from:to], next, nil
}
