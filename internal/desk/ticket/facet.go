package ticket

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// FacetCount is how many of the hits have a value. The empty value stands for
// those that have none.
type FacetCount struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// Facets is what the newest hits of a search are like: of each property the
// values with their counts, the most frequent first.
type Facets struct {
	Hits     int                     `json:"hits" doc:"how many hits were counted: at most the newest 500 within reach"`
	Further  bool                    `json:"further" doc:"there are older hits, which are not counted"`
	Property map[string][]FacetCount `json:"property" doc:"by status, type, category, team, assignee, channel, priority and age"`
}

const maxFacetValues = 50

// ages are the steps of the facet by time: younger than this.
var ages = []struct {
	name string
	d    time.Duration
}{{"day", 24 * time.Hour}, {"week", 7 * 24 * time.Hour}, {"month", 30 * 24 * time.Hour}, {"quarter", 90 * 24 * time.Hour}}

func ageOf(at, now clock.Time) string {
	for _, x := range ages {
		if now.Sub(at) < x.d {
			return x.name
		}
	}
	return "older"
}

// FacetsOf counts over the newest hits within the actor's reach, or without
// words over the newest tickets that meet the filter.
func (d *Desk) FacetsOf(ctx context.Context, a *staff.Actor, typed, filter string) (Facets, error) {
	if strings.TrimSpace(typed) == "" { // a condition alone: the newest tickets that meet it
		f, err := d.filter(ctx, a, filter)
		if err != nil {
			return Facets{}, err
		}
		newest, _ := sortOf("-created")
		p, err := d.windows(ctx, a, f, newest, nil, searchHits)
		return facets(p.Items, p.Next != "", d.Clock.Now()), err
	}
	found, further, err := d.found(ctx, a, text.ParseQuery(typed), typed, filter, newest)
	if err != nil {
		return Facets{}, err
	}
	return facets(found, further != 0, d.Clock.Now()), nil
}

func facets(list []*Ticket, further bool, now clock.Time) Facets {
	f := Facets{Hits: len(list), Further: further, Property: map[string][]FacetCount{}}
	for name, of := range map[string]func(*Ticket) string{
		"status":   func(t *Ticket) string { return t.Status.String() },
		"priority": func(t *Ticket) string { return t.Priority.String() },
		"type":     func(t *Ticket) string { return t.Type },
		"category": func(t *Ticket) string { return idText(t.Category) },
		"team":     func(t *Ticket) string { return idText(t.Team) },
		"assignee": func(t *Ticket) string { return idText(t.Assignee) },
		"channel":  func(t *Ticket) string { return t.Channel },
		"age":      func(t *Ticket) string { return ageOf(t.CreatedAt, now) },
	} {
		n := map[string]int{}
		for _, t := range list {
			n[of(t)]++
		}
		counts := make([]FacetCount, 0, len(n))
		for v, c := range n {
			counts = append(counts, FacetCount{v, c})
		}
		slices.SortFunc(counts, func(a, b FacetCount) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value)) })
		f.Property[name] = counts[:min(len(counts), maxFacetValues)]
	}
	return f
}

func idText(v id.ID) string {
	if v == 0 {
		return ""
	}
	return v.String()
}
