package routing

import (
	"context"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// presence tells who is at work now, as the roster knows it.
func (m *Room) presence(ctx context.Context, tenant id.ID, at clock.Time) (func(user id.ID, a *Agent), error) {
	states, err := m.Roster.States(ctx, tenant)
	if err != nil {
		return nil, err
	}
	shifts, err := m.Roster.Shifts(ctx, tenant, at)
	if err != nil {
		return nil, err
	}
	return func(user id.ID, a *Agent) {
		a.State, a.Online = string(states.Of(user).State), states.TakesWork(user)
		a.OnShift, a.ShiftEnd, a.Planned = shifts.On(user, at)
	}, nil
}
