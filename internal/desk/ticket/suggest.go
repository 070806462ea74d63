package ticket

import (
	"context"
	"strings"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Suggestions is what the one search box offers while somebody types: a few
// tickets, customers and companies, each only as far as the reader reaches.
type Suggestions struct {
	Tickets   []TicketHit   `json:"tickets"`
	Customers []CustomerHit `json:"customers"`
	Companies []Ref         `json:"companies"`
}

// TicketHit is a ticket with the places where the words stand.
type TicketHit struct {
	Brief
	Requester string         `json:"requester,omitempty"`
	Highlight *HighlightJSON `json:"highlight,omitempty"`
}

// CustomerHit is a customer as a suggestion: no address, not even a masked one.
type CustomerHit struct {
	Ref
	Tier    string `json:"tier"`
	Company string `json:"company,omitempty"`
}

const (
	suggestedTickets = 6
	suggestedOthers  = 4
)

// Suggest finds a few of each kind.
func (d *Desk) Suggest(ctx context.Context, a *staff.Actor, typed string) (Suggestions, error) {
	out := Suggestions{[]TicketHit{}, []CustomerHit{}, []Ref{}}
	if typed = strings.TrimSpace(typed); typed == "" {
		return out, nil
	}
	p, err := d.List(ctx, a, Query{Text: typed, Limit: suggestedTickets})
	if err != nil {
		return out, err
	}
	list, err := d.render(ctx, d.DB, a.Tenant, p.Items)
	if err != nil {
		return out, err
	}
	for _, j := range list {
		hit := TicketHit{Brief: Brief{ID: j.ID, Number: j.Number, Subject: j.Subject, Status: j.Status, Assignee: j.Assignee}}
		if j.Requester != nil {
			hit.Requester = j.Requester.Name
		}
		if h, ok := p.Hits[j.ID]; ok {
			hit.Highlight = &HighlightJSON{h.Subject, h.Excerpt}
		}
		out.Tickets = append(out.Tickets, hit)
	}
	if a.Scope(staff.CustomerRead) == staff.ScopeNone {
		return out, nil
	}
	people, err := d.Customers.Search(ctx, d.DB, a, customer.Query{Q: typed, Limit: suggestedOthers})
	if err != nil {
		return out, notInput(err)
	}
	names, err := d.Customers.CompanyNames(ctx, d.DB, a.Tenant, companiesOf(people.Items))
	if err != nil {
		return out, err
	}
	for _, c := range people.Items[:min(len(people.Items), suggestedOthers)] {
		out.Customers = append(out.Customers, CustomerHit{Ref{c.ID, c.Name}, c.Tier, names[c.Company]})
	}
	firms, err := d.Customers.Companies(ctx, d.DB, a, customer.CompanyQuery{Query: customer.Query{Q: typed, Limit: suggestedOthers}})
	if fault.KindOf(err) == fault.Invalid {
		return out, nil
	}
	for _, c := range firms.Items {
		out.Companies = append(out.Companies, Ref{c.ID, c.Name})
	}
	return out, err
}

func companiesOf(list []customer.Customer) []id.ID {
	var out []id.ID
	for _, c := range list {
		if c.Company != 0 {
			out = append(out, c.Company)
		}
	}
	return out
}
