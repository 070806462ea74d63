package exchange

import (
	"context"
	"io"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/fault"
)

// Order is an import that is done at once, by a command: the same work as by the
// screens, without a queue.
type Order struct {
	What       string
	Name       string            // of the source
	Meaning    map[string]string // heading → what it means, or skip; nil: by the headings
	Duplicates string
	DryRun     bool
	Progress   func(Report)
}

// Report is how an import went.
type Report struct {
	Rows    int64          `json:"rows"`
	Created int64          `json:"created"`
	Updated int64          `json:"updated"`
	Skipped int64          `json:"known"` // here already
	Failed  int64          `json:"failed"`
	Errors  []RowErrorJSON `json:"errors"` // the first 1000
}

// Take brings a table in and waits for the end. Nothing of it is kept but the
// record and what it brought.
func (m *Room) Take(ctx context.Context, a *staff.Actor, in io.Reader, o Order) (Report, error) {
	rep := Report{Errors: []RowErrorJSON{}}
	i, err := m.Upload(ctx, a, o.What, o.Name, in)
	if err != nil {
		return rep, err
	}
	columns := i.Columns
	if o.Meaning != nil {
		left := map[string]string{}
		for h, c := range o.Meaning {
			left[h] = c
		}
		for n, h := range i.Head {
			if columns[n] = left[h]; columns[n] == "skip" {
				columns[n] = ""
			}
			delete(left, h)
		}
		for h := range left {
			return rep, fault.Bad("mapping", "unknown", "the table has no heading %q", h)
		}
	}
	if o.Duplicates == "" {
		o.Duplicates = Skip
	}
	if i, err = m.SetColumns(ctx, a, i.ID, columns, Options{Duplicates: o.Duplicates, Source: o.Name}); err != nil {
		return rep, err
	}
	i.State = Running
	if o.DryRun {
		i.State = Checking
	}
	if o.Progress == nil {
		o.Progress = func(Report) {}
	}
	if err := m.begin(ctx, i); err != nil {
		return rep, err
	}
	err = m.work(ctx, a.Tenant, i.ID, func(i *Import) {
		if c := i.Checked; c != nil && o.DryRun {
			o.Progress(Report{Rows: c.Created + c.Updated + c.Skipped + c.Failed, Created: c.Created, Updated: c.Updated, Skipped: c.Skipped, Failed: c.Failed})
		} else {
			o.Progress(Report{Rows: i.Created + i.Updated + i.Skipped + i.Failed, Created: i.Created, Updated: i.Updated, Skipped: i.Skipped, Failed: i.Failed})
		}
	})
	if i, e := readImport(context.WithoutCancel(ctx), m.DB, a.Tenant, i.ID); e == nil {
		rep.Rows, rep.Created, rep.Updated, rep.Skipped, rep.Failed = i.Total, i.Created, i.Updated, i.Skipped, i.Failed
		if c := i.Checked; c != nil && o.DryRun {
			rep.Created, rep.Updated, rep.Skipped, rep.Failed = c.Created, c.Updated, c.Skipped, c.Failed
		}
		if list, e := m.Errors(context.WithoutCancel(ctx), i, 0, 1000); e == nil {
			rep.Errors = append(rep.Errors, list...)
		}
		if i.State == Failed && err == nil {
			err = fault.New(fault.Invalid, i.ErrorCode, "the import has failed: %s", strings.ReplaceAll(i.ErrorCode, "_", " "))
		}
	}
	return rep, err
}
