package calendar

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Save makes a calendar, or changes or retires one: its id and version say
// which. The key never changes. A calendar that somebody works by cannot be
// retired.
func (c *Cache) Save(ctx context.Context, by *staff.Actor, in Entry) (out Entry, err error) {
	err = c.edit(ctx, by, func(ctx context.Context, e *editor) (err error) {
		if out, err = e.save(ctx, in); err != nil {
			return err
		}
		before, what := any(nil), "created"
		if old, ok := e.Entry(in.ID); ok {
			before, what = old, "updated"
		}
		return e.record(ctx, by, staff.Act{Kind: "calendar." + what, Subject: out.ID, Name: out.Name.either(), Changes: staff.Changes(before, out, "id", "version")})
	})
	return out, err
}

func (e *editor) save(ctx context.Context, in Entry) (Entry, error) {
	if err := checkKey("key", in.Key); err != nil {
		return in, err
	}
	if err := in.Name.check(); err != nil {
		return in, err
	}
	same := func(x Entry) bool { return x.Key == in.Key }
	if in.ID == 0 {
		if len(e.entries) >= maxCalendars {
			return in, fault.Bad("key", "too_many", "there are at most %d calendars", maxCalendars)
		}
		if slices.ContainsFunc(e.entries, same) {
			return in, fault.Bad("key", "taken", "the key %q is in use", in.Key)
		}
	} else {
		old, ok := e.Entry(in.ID)
		if !ok {
			return in, fault.Missing("calendar")
		}
		if old.Key != in.Key {
			return in, fault.Bad("key", "fixed", "the key of a calendar never changes")
		}
		if err := stale(in.Version, old.Version); err != nil {
			return in, err
		}
		if in.Retired && e.used(in.ID) {
			return in, fault.New(fault.Conflict, "calendar.in_use", "somebody works by this calendar; assign another one first")
		}
	}
	t, ok := e.Table(in.Table)
	if in.Table != "" && !ok {
		return in, fault.Bad("table", "unknown", "there is no holiday table %q", in.Table)
	}
	if _, err := Compile(in.Spec, t.Years...); err != nil {
		return in, err
	}
	for d, w := range in.Week {
		if w == nil {
			in.Week[d] = []Range{}
		}
	}
	in.Version = e.next
	var err error
	in.ID, err = e.put(ctx, kindCalendar, in.ID, in.Key, in.Retired, in.Settings)
	return in, err
}

func (s *Set) used(calendar id.ID) bool {
	a := s.assignment
	return a.Tenant == calendar || slices.Contains(slices.Collect(maps.Values(a.Departments)), calendar) ||
		slices.Contains(slices.Collect(maps.Values(a.Teams)), calendar)
}

// Assign says who works by which calendar, all at once.
func (c *Cache) Assign(ctx context.Context, by *staff.Actor, in Assignment) (out Assignment, err error) {
	var dir *staff.Directory
	if c.Staff != nil {
		if dir, err = c.Staff.Directory(ctx, by.Tenant); err != nil {
			return in, err
		}
	}
	if len(in.Departments)+len(in.Teams) > maxAssignments {
		return in, fault.Bad("teams", "too_many", "at most %d departments and teams", maxAssignments)
	}
	err = c.edit(ctx, by, func(ctx context.Context, e *editor) error {
		if err := stale(in.Version, e.assignment.Version); err != nil {
			return err
		}
		usable := func(field string, calendar id.ID) error {
			if x, ok := e.Entry(calendar); !ok || x.Retired {
				return fault.Bad(field, "unknown", "there is no such calendar in use")
			}
			return nil
		}
		if err := usable("tenant", in.Tenant); err != nil {
			return err
		}
		for unit, calendar := range in.Departments {
			at := fmt.Sprintf("departments.%s", unit)
			if dir != nil {
				if _, ok := dir.Department(unit); !ok {
					return fault.Bad(at, "unknown", "there is no such department")
				}
			}
			if err := usable(at, calendar); err != nil {
				return err
			}
		}
		for team, calendar := range in.Teams {
			at := fmt.Sprintf("teams.%s", team)
			if dir != nil {
				if _, ok := dir.Team(team); !ok {
					return fault.Bad(at, "unknown", "there is no such team")
				}
			}
			if err := usable(at, calendar); err != nil {
				return err
			}
		}
		out = in
		out.Version = e.next
		if _, err := e.put(ctx, kindAssignment, assignmentID, kindAssignment, false, in); err != nil {
			return err
		}
		return e.record(ctx, by, staff.Act{Kind: "calendar.assigned", Changes: staff.Changes(e.named(e.assignment), e.named(in))})
	})
	return out, err
}

// Import is what changes a holiday table.
type Import struct {
	Table string // its key; a new one makes a table
	Name  Label  // of a new table, or a new name
	Years []Year // take the place of the years of the same number
	// DryRun only says what would change.
	DryRun bool
}

// Imported is what an import did, or would do.
type Imported struct {
	Table       Table        `json:"table"`
	Differences []Difference `json:"differences"`
}

// errDry rolls a dry run back.
var errDry = errors.New("calendar: dry run")

// Import puts years into a holiday table; all calendars that follow it move.
func (c *Cache) Import(ctx context.Context, by *staff.Actor, in Import) (out Imported, err error) {
	if err := checkKey("table", in.Table); err != nil {
		return out, err
	}
	if err := checkYears(in.Years); err != nil {
		return out, err
	}
	err = c.edit(ctx, by, func(ctx context.Context, e *editor) error {
		old, ok := e.Table(in.Table)
		name := in.Name
		if name == (Label{}) {
			name = old.Name
		}
		if !ok && len(e.tables) >= maxTables {
			return fault.Bad("table", "too_many", "there are at most %d holiday tables", maxTables)
		}
		if err := name.check(); err != nil {
			return err
		}
		next := replace(old.Years, in.Years)
		out.Differences = Differences(old.Years, next)
		out.Table = Table{ID: old.ID, Key: in.Table, Name: name, Years: next, Version: old.Version, At: old.At, Undoable: old.Undoable}
		if len(next) > maxYears {
			return fault.Bad("data", "too_many", "a table has at most %d years", maxYears)
		}
		if err := e.fits(out.Table); err != nil {
			return err
		}
		if in.DryRun {
			return errDry
		}
		if err := e.putTable(ctx, &out.Table, old.Version); err != nil {
			return err
		}
		return e.recordDays(ctx, by, "imported", &out)
	})
	if errors.Is(err, errDry) {
		return out, nil
	}
	return out, err
}

// putTable writes a table; back is the revision that an undo brings back.
func (e *editor) putTable(ctx context.Context, t *Table, back int64) (err error) {
	t.Version, t.At, t.Undoable = e.next, e.cache.Clock.Now(), back > 0
	t.ID, err = e.put(ctx, kindTable, t.ID, t.Key, false, tableBody{t.Name, t.Years, back})
	return err
}

// fits says whether all calendars can follow a table.
func (e *editor) fits(t Table) error {
	for _, x := range e.entries {
		if x.Table == t.Key {
			if _, err := Compile(x.Spec, t.Years...); err != nil {
				return err
			}
		}
	}
	return nil
}

// UndoImport takes the last import back; doing it again takes back the one
// before.
func (c *Cache) UndoImport(ctx context.Context, by *staff.Actor, table string) (out Imported, err error) {
	err = c.edit(ctx, by, func(ctx context.Context, e *editor) error {
		now, ok := e.Table(table)
		if !ok {
			return fault.Missing("table")
		}
		read := func(revision int64) (b tableBody, err error) {
			var raw string
			if err := e.tx.QueryRow(ctx, `select body from calendar_item where tenant_id = $1 and kind = $2 and id = $3 and revision = $4`,
				e.tenant, kindTable, now.ID, revision).Scan(&raw); err != nil {
				return b, err
			}
			return b, json.Unmarshal([]byte(raw), &b)
		}
		present, err := read(now.Version)
		if err != nil {
			return err
		}
		if present.Back == 0 {
			return fault.New(fault.Conflict, "calendar.nothing_to_undo", "there is no import to take back")
		}
		before, err := read(present.Back)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.New(fault.Conflict, "calendar.nothing_to_undo", "there is no import to take back")
		}
		if err != nil {
			return err
		}
		out = Imported{Table{ID: now.ID, Key: table, Name: before.Name, Years: before.Years}, Differences(now.Years, before.Years)}
		if err := e.fits(out.Table); err != nil {
			return err
		}
		if err := e.putTable(ctx, &out.Table, before.Back); err != nil {
			return err
		}
		return e.recordDays(ctx, by, "undone", &out)
	})
	return out, err
}

// record keeps a change in the trail.
func (e *editor) record(ctx context.Context, by *staff.Actor, act staff.Act) error {
	if e.cache.Staff == nil {
		return nil
	}
	return e.cache.Staff.Record(ctx, e.tx, by, act)
}

func (e *editor) recordDays(ctx context.Context, by *staff.Actor, what string, x *Imported) error {
	act := staff.Act{Kind: "holidays." + what, Subject: x.Table.ID, Name: x.Table.Name.either()}
	for i, d := range x.Differences {
		if i == 100 {
			act.Changes = append(act.Changes, staff.FieldChange{Field: "more", To: len(x.Differences) - i})
			break
		}
		act.Changes = append(act.Changes, staff.FieldChange{Field: d.Date, From: d.Before.told(), To: d.After.told()})
	}
	return e.record(ctx, by, act)
}

// told is what a table says of a date, for the trail.
func (d TableDate) told() any {
	if d.Kind == "" {
		return nil
	}
	return []string{string(d.Kind), d.Name}
}

// named is an assignment with the names of its calendars.
func (s *Set) named(a Assignment) map[string]any {
	name := func(calendar id.ID) any {
		if x, ok := s.Entry(calendar); ok {
			return x.Name
		}
		return nil
	}
	out := map[string]any{"tenant": name(a.Tenant)}
	for field, of := range map[string]map[id.ID]id.ID{"departments": a.Departments, "teams": a.Teams} {
		units := map[id.ID]any{}
		for unit, calendar := range of {
			units[unit] = name(calendar)
		}
		out[field] = units
	}
	return out
}

func (l Label) either() string { return cmp.Or(l.ZH, l.EN) }
