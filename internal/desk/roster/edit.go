package roster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Bounds of a plan.
const (
	maxDays    = 92
	maxPeople  = 500
	maxEdits   = 5000 // cells in one change
	maxTold    = 50   // conflicts that are told at once
	checkAfter = 8    // days around a change that its conflicts can reach
)

// Edit is what the plan of a person on a day shall be.
type Edit struct {
	User    id.ID  `json:"user_id"`
	Day     Day    `json:"day"`
	Items   []Item `json:"items" maxItems:"3" doc:"empty: nothing is planned"`
	Version *int64 `json:"version,omitempty" doc:"as it was read; 412 when there is a newer one"`
}

// Planned is what a change of the plan did, or would do.
type Planned struct {
	Cells     []CellView `json:"cells"`
	Conflicts []Conflict `json:"conflicts" doc:"of a dry run; else they refuse the change"`
}

// errDry rolls a dry run back.
var errDry = errors.New("roster: dry run")

type cellKey struct {
	user id.ID
	day  Day
}

// planner is a change of a plan under way, with the tenant's plan locked.
type planner struct {
	room      *Room
	tx        *db.Tx
	dir       *staff.Directory
	zone      *time.Location
	set       Settings
	templates map[id.ID]Template
	cells     map[cellKey]Cell
	away      map[id.ID][]stretch
	now       clock.Time
}

// planIn opens the plan of people around some days for a change.
func (m *Room) planIn(ctx context.Context, tx *db.Tx, dir *staff.Directory, users []id.ID, from, to Day) (*planner, error) {
	p := &planner{room: m, tx: tx, dir: dir, zone: zoneOf(dir), templates: map[id.ID]Template{}, cells: map[cellKey]Cell{}, now: m.Clock.Now()}
	tenant := dir.Tenant.ID
	if _, err := raise(ctx, tx, tenant); err != nil {
		return nil, err
	}
	var err error
	if p.set, _, err = readSettings(ctx, tx, tenant); err != nil {
		return nil, err
	}
	list, err := readTemplates(ctx, tx, tenant)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		p.templates[t.ID] = t
	}
	cells, err := readCells(ctx, tx, tenant, from-checkAfter, to+checkAfter, users)
	if err != nil {
		return nil, err
	}
	for _, c := range cells {
		p.cells[cellKey{c.User, c.Day}] = c
	}
	p.away, err = approved(ctx, tx, tenant, int64((from-1).at(0, time.UTC)), int64((to+3).at(0, time.UTC)), users)
	return p, err
}

// resolve gives an item the hours of its template. One that stands in the cell
// already stays as it is, whatever has become of its template.
func (p *planner) resolve(field string, items []Item, c Cell) ([]Item, error) {
	out := make([]Item, len(items))
	for i, it := range items {
		is := func(o Item) bool {
			o.Note = it.Note
			return reflect.DeepEqual(o, it)
		}
		if it.Template != 0 && it.Kind == Shift && !slices.ContainsFunc(c.Published, is) && !slices.ContainsFunc(c.Draft, is) {
			t, ok := p.templates[it.Template]
			if !ok || t.Retired {
				return nil, fault.Bad(fmt.Sprintf("%s[%d].template_id", field, i), "unknown", "there is no such shift")
			}
			note := it.Note
			it = t.item()
			it.Note = note
		}
		out[i] = it
	}
	return out, checkItems(field, out)
}

// draft puts edits into the drafts and gives the cells that are different.
func (p *planner) draft(edits []Edit) (changed []Cell, err error) {
	seen := map[cellKey]bool{}
	for i, e := range edits {
		field := fmt.Sprintf("cells[%d]", i)
		k := cellKey{e.User, e.Day}
		if seen[k] {
			return nil, fault.Bad(field, "unique", "a cell is named twice")
		}
		seen[k] = true
		c, ok := p.cells[k]
		if !ok {
			c = Cell{User: e.User, Day: e.Day}
		}
		if e.Version != nil && *e.Version != c.Version {
			return nil, fault.New(fault.Precondition, "config.changed", "somebody else changed %s meanwhile", e.Day).With("day", e.Day.String())
		}
		items, err := p.resolve(field+".items", e.Items, c)
		if err != nil {
			return nil, err
		}
		next := c
		next.Draft, next.Drafted = items, !same(items, c.Published)
		if !next.Drafted {
			next.Draft = nil
		}
		if next.Drafted == c.Drafted && same(next.Draft, c.Draft) {
			continue
		}
		next.Version++
		p.cells[k] = next
		changed = append(changed, next)
	}
	return changed, nil
}

func same(a, b []Item) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

// conflicts of the cells that were changed. layer says what of a cell counts.
func (p *planner) conflicts(changed []Cell, layer func(Cell) []Item) []Conflict {
	touched := map[id.ID]map[Day]bool{}
	for _, c := range changed {
		if touched[c.User] == nil {
			touched[c.User] = map[Day]bool{}
		}
		touched[c.User][c.Day] = true
	}
	days := map[id.ID]map[Day][]Item{}
	for k, c := range p.cells {
		if touched[k.user] == nil {
			continue
		}
		if days[k.user] == nil {
			days[k.user] = map[Day][]Item{}
		}
		days[k.user][k.day] = layer(c)
	}
	var out []Conflict
	for u, t := range touched {
		out = append(out, conflicts(u, days[u], t, p.away[u], p.set, p.zone)...)
	}
	slices.SortFunc(out, func(a, b Conflict) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.User, b.User), cmp.Compare(a.Code, b.Code))
	})
	return out
}

// refuse makes an error of conflicts; index finds the place of a cell in what
// was sent.
func refuse(list []Conflict, index func(Conflict) int) error {
	var bad fault.List
	for _, c := range list[:min(len(list), maxTold)] {
		field := "cells"
		if i := index(c); i >= 0 {
			field = fmt.Sprintf("cells[%d]", i)
		}
		bad = append(bad, fault.Bad(field, c.Code, "%s", c.Text).With("user_id", c.User.String()).With("day", c.Day.String()))
	}
	return bad.Err()
}

// Save puts edits into the draft. None is taken when one breaks a rule.
func (m *Room) Save(ctx context.Context, a *staff.Actor, edits []Edit, dry bool) (out Planned, err error) {
	if len(edits) > maxEdits {
		return out, fault.Bad("cells", "too_many", "at most %d at once", maxEdits)
	}
	out = Planned{Cells: []CellView{}, Conflicts: []Conflict{}}
	if len(edits) == 0 {
		return out, nil
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	from, to := edits[0].Day, edits[0].Day
	var users []id.ID
	for i, e := range edits {
		from, to = min(from, e.Day), max(to, e.Day)
		if err := inCharge(dir, a, fmt.Sprintf("cells[%d].user_id", i), e.User); err != nil {
			return out, err
		}
		users = append(users, e.User)
	}
	if err := checkDays(from, to); err != nil {
		return out, err
	}
	users = unique(users)
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := m.planIn(ctx, tx, dir, users, from, to)
		if err != nil {
			return err
		}
		changed, err := p.draft(edits)
		if err != nil {
			return err
		}
		found := p.conflicts(changed, Cell.Items)
		out = Planned{Cells: []CellView{}, Conflicts: []Conflict{}}
		for _, c := range changed {
			out.Cells = append(out.Cells, c.view(true))
		}
		if dry {
			out.Conflicts = append(out.Conflicts, found[:min(len(found), 500)]...)
			return errDry
		}
		if err := refuse(found, func(c Conflict) int {
			return slices.IndexFunc(edits, func(e Edit) bool { return e.User == c.User && e.Day == c.Day })
		}); err != nil {
			return err
		}
		return writeCells(ctx, tx, a.Tenant, changed)
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return out, err
}

// inCharge refuses people who do not exist or whom the actor does not plan.
func inCharge(dir *staff.Directory, a *staff.Actor, field string, user id.ID) error {
	p, ok := dir.User(user)
	if !ok || !within(a, staff.RosterRead, &p) && !within(a, staff.RosterManage, &p) {
		return fault.Bad(field, "unknown", "there is no such person")
	}
	if !within(a, staff.RosterManage, &p) {
		return fault.New(fault.Forbidden, "auth.forbidden", "this person is not in your charge")
	}
	return nil
}

func checkDays(from, to Day) error {
	switch {
	case to < from:
		return fault.Bad("to", "before", "the period ends before it begins")
	case to-from >= maxDays:
		return fault.Bad("to", "too_long", "a period has at most %d days", maxDays)
	}
	return nil
}

func unique(list []id.ID) []id.ID {
	slices.Sort(list)
	return slices.Compact(list)
}

// Fill is a rotation that fills a period.
type Fill struct {
	Rotation id.ID  `json:"rotation_id"`
	Turns    []Turn `json:"people" minItems:"1" maxItems:"500"`
	From     Day    `json:"from"`
	To       Day    `json:"to"`
	Keep     bool   `json:"keep,omitempty" doc:"days on which something is planned stay as they are"`
	DryRun   bool   `json:"dry_run,omitempty"`
}

// Fill drafts the days of a period by a rotation.
func (m *Room) Fill(ctx context.Context, a *staff.Actor, in Fill) (out Planned, err error) {
	if err := checkDays(in.From, in.To); err != nil {
		return out, err
	}
	list, err := readRotations(ctx, m.DB, a.Tenant)
	if err != nil {
		return out, err
	}
	i := slices.IndexFunc(list, func(r Rotation) bool { return r.ID == in.Rotation && !r.Retired })
	if i < 0 {
		return out, fault.Bad("rotation_id", "unknown", "there is no such rotation")
	}
	var users []id.ID
	for _, t := range in.Turns {
		users = append(users, t.User)
	}
	if users = unique(users); len(users) != len(in.Turns) {
		return out, fault.Bad("people", "unique", "somebody is named twice")
	}
	have, err := m.planned(ctx, a, in.From, in.To, users)
	if err != nil {
		return out, err
	}
	var edits []Edit
	for _, t := range in.Turns {
		for day := in.From; day <= in.To; day++ {
			if in.Keep && len(have[cellKey{t.User, day}]) > 0 {
				continue
			}
			item := Item{Kind: Off}
			if x := list[i].on(day, t.Offset); x != 0 {
				item = Item{Kind: Shift, Template: x}
			}
			edits = append(edits, Edit{User: t.User, Day: day, Items: []Item{item}})
		}
	}
	return m.Save(ctx, a, edits, in.DryRun)
}

// planned is what those who plan see of a period.
func (m *Room) planned(ctx context.Context, a *staff.Actor, from, to Day, users []id.ID) (map[cellKey][]Item, error) {
	cells, err := readCells(ctx, m.DB, a.Tenant, from, to, users)
	out := map[cellKey][]Item{}
	for _, c := range cells {
		out[cellKey{c.User, c.Day}] = c.Items()
	}
	return out, err
}

// Copy takes days as they are planned to other days.
type Copy struct {
	From   Day     `json:"from" doc:"first day that is copied"`
	To     Day     `json:"to" doc:"where it goes"`
	Days   int     `json:"days" minimum:"1" maximum:"31" doc:"7 is a week"`
	Users  []id.ID `json:"user_ids" minItems:"1" maxItems:"500"`
	DryRun bool    `json:"dry_run,omitempty"`
}

// Copy drafts days as other days are planned.
func (m *Room) Copy(ctx context.Context, a *staff.Actor, in Copy) (out Planned, err error) {
	last := Day(in.Days) - 1
	if in.To <= in.From+last && in.From <= in.To+last {
		return out, fault.Bad("to", "overlap", "days are not copied onto themselves")
	}
	users := unique(slices.Clone(in.Users))
	have, err := m.planned(ctx, a, in.From, in.From+last, users)
	if err != nil {
		return out, err
	}
	var edits []Edit
	for _, u := range users {
		for d := Day(0); d <= last; d++ {
			items := slices.Clone(have[cellKey{u, in.From + d}])
			for i := range items {
				items[i].Template, items[i].Note = 0, "" // the hours as they were, whatever has become of the template
			}
			edits = append(edits, Edit{User: u, Day: in.To + d, Items: items})
		}
	}
	return m.Save(ctx, a, edits, in.DryRun)
}
