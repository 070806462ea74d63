package exchange

import (
	"context"
	"time"

	"zhidan/internal/platform/id"
)

// GoOn does what the job of an export does.
func (m *Room) GoOn(ctx context.Context, tenant, export id.ID) error {
	e, err := readExport(ctx, m.DB, tenant, export)
	if err != nil {
		return err
	}
	_, err = m.carryOut(ctx, e, time.Time{})
	return err
}

// OnLot is called before each lot, with how many lots this run has settled.
func (m *Room) OnLot(f func(lots int)) { onLot = f }

// Interrupt runs an import in the hands of the test.
func (m *Room) Interrupt(ctx context.Context, tenant, imp id.ID, with func(run func(context.Context) error)) {
	i, err := readImport(ctx, m.DB, tenant, imp)
	if err != nil {
		panic(err)
	}
	i.State = Running
	if err := m.begin(ctx, i); err != nil {
		panic(err)
	}
	with(func(ctx context.Context) error { return m.Work(ctx, tenant, imp) })
}
