package roster

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
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

// Publication is a plan that was made known.
type Publication struct {
	ID     id.ID      `json:"id"`
	From   Day        `json:"from"`
	To     Day        `json:"to"`
	Cells  int        `json:"cells"`
	By     id.ID      `json:"by_id,omitempty"`
	At     clock.Time `json:"at"`
	Undone clock.Time `json:"undone_at,omitempty"`
}

// Publish makes the drafts of people in a period count.
func (m *Room) Publish(ctx context.Context, a *staff.Actor, users []id.ID, from, to Day) (out Publication, err error) {
	if err := checkDays(from, to); err != nil {
		return out, err
	}
	if len(users) == 0 || len(users) > maxPeople {
		return out, fault.Bad("user_ids", "range", "1 to %d people", maxPeople)
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	for i, u := range users {
		if err := inCharge(dir, a, fmt.Sprintf("user_ids[%d]", i), u); err != nil {
			return out, err
		}
	}
	users = unique(slices.Clone(users))
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := m.planIn(ctx, tx, dir, users, from, to)
		if err != nil {
			return err
		}
		var changed []Cell
		before := map[cellKey][]Item{}
		for k, c := range p.cells {
			if c.Day < from || c.Day > to || !c.Drafted {
				continue
			}
			before[k] = c.Published
			c.Published, c.Draft, c.Drafted = c.Draft, nil, false
			c.Version++
			p.cells[k] = c
			changed = append(changed, c)
		}
		if len(changed) == 0 {
			return fault.New(fault.Conflict, "roster.nothing_drafted", "nothing of this period waits to be published")
		}
		if len(changed) > maxEdits {
			return fault.Bad("to", "too_many", "at most %d days of people at once; publish in parts", maxEdits)
		}
		slices.SortFunc(changed, func(x, y Cell) int { return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.User, y.User)) })
		if err := refuse(p.conflicts(changed, func(c Cell) []Item { return c.Published }), func(Conflict) int { return -1 }); err != nil {
			return err
		}
		out = Publication{ID: m.IDs.Next(), From: from, To: to, Cells: len(changed), By: a.ID, At: p.now}
		if _, err := tx.Exec(ctx, `insert into roster_publication (tenant_id, id, from_day, to_day, cells, by_id, at) values ($1, $2, $3, $4, $5, $6, $7)`,
			a.Tenant, out.ID, int64(from), int64(to), int64(len(changed)), null(a.ID), out.At); err != nil {
			return err
		}
		for part := range slices.Chunk(changed, cellsAtOnce) {
			var args []any
			for _, c := range part {
				text, err := pack(before[cellKey{c.User, c.Day}])
				if err != nil {
					return err
				}
				args = append(args, a.Tenant, out.ID, int64(c.Day), c.User, text, c.Version)
			}
			if _, err := tx.Exec(ctx, `insert into roster_publication_cell (tenant_id, publication_id, day, user_id, before, version) values `+db.Values(len(part), 6), args...); err != nil {
				return err
			}
		}
		return p.told(ctx, a, changed, out.ID)
	})
	return out, err
}

// publish writes cells whose published part has changed, and what follows.
func (p *planner) publish(ctx context.Context, changed []Cell) error {
	m, tenant := p.room, p.dir.Tenant.ID
	if err := writeCells(ctx, p.tx, tenant, changed); err != nil {
		return err
	}
	var users []id.ID
	for _, c := range changed {
		users = append(users, c.User)
	}
	if err := m.schedule(ctx, p.tx, tenant, unique(users), p.zone, p.now); err != nil {
		return err
	}
	p.tx.AfterCommit(func() { m.planChanged(tenant) })
	return nil
}

// told publishes cells and tells whose they are.
func (p *planner) told(ctx context.Context, a *staff.Actor, changed []Cell, publication id.ID) error {
	if err := p.publish(ctx, changed); err != nil {
		return err
	}
	var to []id.ID
	for _, c := range changed {
		to = append(to, c.User)
	}
	return p.room.notice(ctx, p.tx, a.Tenant, Notice{Event: ToldPublished, To: to, By: a.ID, Subject: publication})
}

// Undo takes a publication back: what it made known is a draft again. Nothing
// of it may have changed since.
func (m *Room) Undo(ctx context.Context, a *staff.Actor, publication id.ID) (out Publication, err error) {
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	var users []id.ID
	rows, err := m.DB.Query(ctx, `select distinct user_id from roster_publication_cell where tenant_id = $1 and publication_id = $2`, a.Tenant, publication)
	if users, err = db.Each(rows, err, func(r *sql.Rows) (u id.ID, err error) { return u, r.Scan(&u) }); err != nil {
		return out, err
	}
	for _, u := range users {
		if inCharge(dir, a, "", u) != nil {
			return out, fault.Missing("publication")
		}
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = readPublication(tx.QueryRow(ctx, `select `+publicationColumns+` from roster_publication where tenant_id = $1 and id = $2`, a.Tenant, publication))
		if err != nil {
			return missing(err, "publication")
		}
		p, err := m.planIn(ctx, tx, dir, users, out.From, out.To)
		if err != nil {
			return err
		}
		if out.Undone != 0 {
			return fault.New(fault.Conflict, "roster.undone", "this publication has been taken back")
		}
		type old struct {
			cellKey
			before  string
			version int64
		}
		rows, err := tx.Query(ctx, `select user_id, day, before, version from roster_publication_cell where tenant_id = $1 and publication_id = $2 order by day, user_id`, a.Tenant, publication)
		list, err := db.Each(rows, err, func(r *sql.Rows) (o old, err error) {
			return o, r.Scan(&o.user, (*int64)(&o.day), &o.before, &o.version)
		})
		if err != nil {
			return err
		}
		var changed []Cell
		for _, o := range list {
			c := p.cells[o.cellKey]
			if c.Version != o.version {
				return fault.New(fault.Conflict, "roster.changed_since", "%s was changed after it was published", o.day).With("day", o.day.String()).With("user_id", o.user.String())
			}
			items, err := unpack(o.before)
			if err != nil {
				return err
			}
			c.Draft, c.Drafted, c.Published = c.Published, true, items
			c.Version++
			p.cells[o.cellKey] = c
			changed = append(changed, c)
		}
		if err := refuse(p.conflicts(changed, func(c Cell) []Item { return c.Published }), func(Conflict) int { return -1 }); err != nil {
			return err
		}
		out.Undone = p.now
		if _, err := tx.Exec(ctx, `update roster_publication set undone_at = $3 where tenant_id = $1 and id = $2`, a.Tenant, publication, out.Undone); err != nil {
			return err
		}
		return p.told(ctx, a, changed, out.ID)
	})
	return out, err
}

const publicationColumns = `id, from_day, to_day, cells, by_id, at, undone_at`

func readPublication(r interface{ Scan(...any) error }) (p Publication, err error) {
	var by, undone sql.NullInt64
	err = r.Scan(&p.ID, (*int64)(&p.From), (*int64)(&p.To), &p.Cells, &by, &p.At, &undone)
	p.By, p.Undone = id.ID(by.Int64), clock.Time(undone.Int64)
	return p, err
}

// saveTemplate makes a template (id 0) or changes one. What is planned keeps
// its hours.
func (m *Room) SaveTemplate(ctx context.Context, a *staff.Actor, t Template) (Template, error) {
	t.Name = strings.TrimSpace(t.Name)
	if err := t.Check(); err != nil {
		return t, err
	}
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err := readTemplates(ctx, tx, a.Tenant)
		if err != nil {
			return err
		}
		for _, o := range list {
			if o.ID != t.ID && strings.EqualFold(o.Name, t.Name) && !o.Retired && !t.Retired {
				return fault.Bad("name", "taken", "there is a shift of this name")
			}
		}
		return saveItem(ctx, tx, m, a, kindTemplate, &t.ID, &t.Version, t.Retired, func() any { return t })
	})
	return t, err
}

// SaveRotation makes a rotation (id 0) or changes one.
func (m *Room) SaveRotation(ctx context.Context, a *staff.Actor, r Rotation) (Rotation, error) {
	r.Name = strings.TrimSpace(r.Name)
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err := readTemplates(ctx, tx, a.Tenant)
		if err != nil {
			return err
		}
		if err := r.Check(func(t id.ID) bool {
			return slices.ContainsFunc(list, func(x Template) bool { return x.ID == t && !x.Retired })
		}); err != nil {
			return err
		}
		return saveItem(ctx, tx, m, a, kindRotation, &r.ID, &r.Version, r.Retired, func() any { return r })
	})
	return r, err
}

const maxKept = 500 // templates, rotations: of each

func saveItem(ctx context.Context, tx *db.Tx, m *Room, a *staff.Actor, kind string, item *id.ID, version *int64, retired bool, body func() any) error {
	if _, err := raise(ctx, tx, a.Tenant); err != nil {
		return err
	}
	list, err := readItems(ctx, tx, a.Tenant, kind)
	if err != nil {
		return err
	}
	s := stored{id: *item, retired: retired, version: 1}
	var before any
	if s.id == 0 {
		if len(list) >= maxKept {
			return fault.New(fault.Conflict, "roster.too_many", "at most %d", maxKept)
		}
		s.id = m.IDs.Next()
	} else {
		i := slices.IndexFunc(list, func(o stored) bool { return o.id == s.id })
		if i < 0 {
			return fault.Missing(kind)
		}
		if *version != 0 && *version != list[i].version {
			return fault.New(fault.Precondition, "config.changed", "somebody else changed it meanwhile")
		}
		s.version, before = list[i].version+1, json.RawMessage(list[i].body)
	}
	if s.body, err = text(body()); err != nil {
		return err
	}
	if err := writeItem(ctx, tx, a.Tenant, kind, s); err != nil {
		return err
	}
	*item, *version = s.id, s.version
	return m.Staff.Record(ctx, tx, a, staff.Act{Kind: "roster." + kind, Subject: s.id, Changes: staff.Changes(before, json.RawMessage(s.body), "id", "version")})
}
