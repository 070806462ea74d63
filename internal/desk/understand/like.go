package understand

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/retrieve"
	"zhidan/internal/platform/id"
)

// sameMatter is the score from which on two texts are offered as one matter.
const sameMatter = .5

// duplicates are the open tickets of a customer that are about the same, the
// best first.
func (m *Mind) duplicates(ctx context.Context, a *staff.Actor, who, except id.ID, words string) ([]LikeJSON, error) {
	out := []LikeJSON{}
	if who == 0 {
		return out, nil
	}
	open, err := m.Desk.OpenOf(ctx, a, who, 20)
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	for _, t := range open {
		if t.ID != except {
			ids = append(ids, t.ID)
		}
	}
	others, err := m.Desk.FirstWords(ctx, a.Tenant, ids)
	if err != nil {
		return nil, err
	}
	scores := map[id.ID]float64{}
	said := retrieve.NewSaid(words)
	var hits []id.ID
	for _, t := range ids {
		o := others[t]
		if s := said.Same(retrieve.NewSaid(o.Subject + "\n" + o.Text)); s >= sameMatter {
			scores[t] = s
			hits = append(hits, t)
		}
	}
	briefs, err := m.Desk.Briefs(ctx, a, hits)
	for _, b := range briefs {
		out = append(out, LikeJSON{Ticket: b, Score: round(scores[b.ID])})
	}
	sortLikes(out)
	return out[:min(len(out), 5)], err
}

const (
	maxLikes = 6 // similar tickets that a page shows
	// leastLike is the likeness below which a ticket is not shown. A page can
	// bear one that is beside the matter better than it can miss one that tells
	// the answer.
	leastLike = .2
)

// likes are those of the tickets like a text that the actor may read, the
// closest first.
func (m *Mind) likes(ctx context.Context, a *staff.Actor, words string, hits []retrieve.Hit) ([]LikeJSON, error) {
	ids := make([]id.ID, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	list, err := m.Desk.Reachable(ctx, a, ids)
	if err != nil {
		return nil, err
	}
	seen := map[id.ID]*ticket.Ticket{}
	for _, t := range list {
		if t.MergedInto == 0 && t.Status != ticket.Cancelled {
			seen[t.ID] = t
		}
	}
	hits = slices.DeleteFunc(hits, func(h retrieve.Hit) bool { return seen[h.ID] == nil })
	others, err := m.Desk.FirstWords(ctx, a.Tenant, slices.Collect(maps.Keys(seen)))
	if err != nil {
		return nil, err
	}
	retrieve.Closer(words, hits, func(t id.ID) string { return others[t].Subject + "\n" + others[t].Text })
	out := []LikeJSON{}
	for _, h := range hits[:min(len(hits), maxLikes)] {
		t := seen[h.ID]
		l := LikeJSON{Ticket: ticket.Brief{ID: t.ID, Number: t.Number, Subject: t.Subject, Status: t.Status}, Score: round(h.Score)}
		if t.Resolution != nil {
			l.Resolution = t.Resolution.Code
		}
		out = append(out, l)
	}
	return out, nil
}

func sortLikes(list []LikeJSON) {
	slices.SortStableFunc(list, func(a, b LikeJSON) int { return cmp.Compare(b.Score, a.Score) })
}
