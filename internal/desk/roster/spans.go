package roster

import (
	"context"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// Spans are the stretches of people's states that touch a period, by person,
// whoever asks: for rooms that count over all of them.
func (m *Room) Spans(ctx context.Context, tenant id.ID, users []id.ID, from, to clock.Time) (map[id.ID][]Span, error) {
	return spansOf(ctx, m.DB, tenant, users, "", from, to, m.Clock.Now())
}

// Works reports whether work comes to somebody in a state.
func (s Settings) Works(x State) bool { return !s.stops(x) }
