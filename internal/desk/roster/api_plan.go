package roster

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// CellView is the plan of a person on a day, as screens show it.
type CellView struct {
	User  id.ID  `json:"user_id"`
	Day   Day    `json:"day"`
	Items []Item `json:"items" doc:"what is planned: the draft for those who plan, else what is published"`
	// Published stands beside a draft.
	Published []Item `json:"published,omitempty"`
	Drafted   bool   `json:"drafted,omitempty" doc:"waits to be published"`
	Version   int64  `json:"version"`
}

func (c Cell) view(planner bool) CellView {
	v := CellView{User: c.User, Day: c.Day, Items: append([]Item{}, c.Published...), Version: c.Version}
	if planner && c.Drafted {
		v.Items, v.Published, v.Drafted = append([]Item{}, c.Draft...), c.Published, true
	}
	return v
}

// PlanView is the plan of some people in a period.
type PlanView struct {
	People []PlannedPerson `json:"people"`
	Cells  []CellView      `json:"cells" doc:"days on which nothing is planned are left out"`
	Leaves []Leave         `json:"leaves" doc:"asked for or granted; without reasons for those who do not decide"`
	Next   string          `json:"next_cursor,omitempty" doc:"more people"`
}

// PlannedPerson is a row of the plan.
type PlannedPerson struct {
	User   id.ID   `json:"user_id"`
	Name   string  `json:"name"`
	Teams  []id.ID `json:"team_ids"`
	Dept   id.ID   `json:"department_id,omitempty"`
	Manage bool    `json:"manage" doc:"I plan this person"`
}

// pageOf cuts a page out of people, in the order in which people read names.
func pageOf(all []*staff.Person, page web.Page) (out []*staff.Person, next string, err error) {
	type key struct {
		Sort string `json:"s"`
		ID   id.ID  `json:"i"`
	}
	var after key
	if _, err := web.ParseCursor(page.Cursor, &after); err != nil {
		return nil, "", err
	}
	for _, p := range all {
		if cmp.Or(cmp.Compare(p.SortKey, after.Sort), cmp.Compare(p.ID, after.ID)) <= 0 {
			continue
		}
		if len(out) == page.Limit {
			last := out[len(out)-1]
			return out, web.Cursor(key{last.SortKey, last.ID}), nil
		}
		out = append(out, p)
	}
	return out, "", nil
}

// Period is what a list over days takes.
type Period struct {
	From string `query:"from" required:"true" maxLength:"10" doc:"2026-11-21"`
	To   string `query:"to" required:"true" maxLength:"10" doc:"at most 92 days"`
}

func (p Period) days() (from, to Day, err error) {
	if from, err = ParseDay("from", p.From); err != nil {
		return 0, 0, err
	}
	if to, err = ParseDay("to", p.To); err != nil {
		return 0, 0, err
	}
	return from, to, checkDays(from, to)
}

// plan shows the plan of people in a period.
func (m *Room) plan(ctx context.Context, a *staff.Actor, who []*staff.Person, from, to Day) (out PlanView, err error) {
	out = PlanView{People: []PlannedPerson{}, Cells: []CellView{}, Leaves: []Leave{}}
	manage := map[id.ID]bool{}
	users := []id.ID{}
	for _, p := range who {
		users = append(users, p.ID)
		manage[p.ID] = within(a, staff.RosterManage, p)
		out.People = append(out.People, PlannedPerson{p.ID, p.Name, append([]id.ID{}, p.Teams...), p.Department, manage[p.ID]})
	}
	cells, err := readCells(ctx, m.DB, a.Tenant, from, to, users)
	if err != nil {
		return out, err
	}
	for _, c := range cells {
		if v := c.view(manage[c.User]); len(v.Items) > 0 || v.Drafted {
			out.Cells = append(out.Cells, v)
		}
	}
	begin, end := windowOf(from, to)
	list, err := text(users)
	if err != nil {
		return out, err
	}
	rows, err := m.DB.Query(ctx, `select `+leaveColumns+` from roster_leave where tenant_id = $1 and to_at > $2 and from_at < $3 and state in ('requested', 'approved')
		and user_id in (select cast(x.value as bigint) from `+m.DB.Engine().JSONEach("$4", "x")+`) order by from_at, id limit 5000`, a.Tenant, begin, end, list)
	leaves, err := db.Each(rows, err, func(r *sql.Rows) (Leave, error) { return scanLeave(r) })
	for _, l := range leaves {
		out.Leaves = append(out.Leaves, l.seenBy(a, manage[l.User]))
	}
	return out, err
}

// seenBy leaves out what concerns only the person and those who decide.
func (l Leave) seenBy(a *staff.Actor, manage bool) Leave {
	if l.User != a.ID && !manage {
		l.Kind, l.Reason, l.Answer = "other", "", ""
	}
	return l
}

func (m *Room) registerPlan(api *web.API) {
	m.registerKept(api)
	type planIn struct {
		Period
		Team       web.ID `query:"team"`
		Department web.ID `query:"department"`
		Limit      int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"how many people"`
		Cursor     string `query:"cursor" maxLength:"1024"`
	}
	type planOut struct{ Body PlanView }
	web.Register(api, web.Op{Method: "GET", Path: "/roster/plan", ID: "roster-plan", Summary: "The plan of the people within reach", Permission: string(staff.RosterRead), Tags: tags},
		func(ctx context.Context, in *planIn) (*planOut, error) {
			a := staff.From(ctx)
			from, to, err := in.days()
			if err != nil {
				return nil, err
			}
			dir, err := m.Staff.Directory(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			who, next, err := pageOf(people(dir, a, staff.RosterRead, in.Team.ID, in.Department.ID), web.Page{Limit: in.Limit, Cursor: in.Cursor})
			if err != nil {
				return nil, err
			}
			out, err := m.plan(ctx, a, who, from, to)
			out.Next = next
			return &planOut{out}, err
		})
	web.Register(api, web.Op{Method: "GET", Path: "/me/plan", ID: "me-plan", Summary: "My shifts and leaves", Permission: web.SignedIn, Tags: tags},
		func(ctx context.Context, in *struct{ Period }) (*planOut, error) {
			a := staff.From(ctx)
			from, to, err := in.days()
			if err != nil {
				return nil, err
			}
			dir, err := m.Staff.Directory(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			p, ok := dir.User(a.ID)
			if !ok {
				return nil, fault.Missing("user")
			}
			out, err := m.plan(ctx, a, []*staff.Person{&p}, from, to)
			return &planOut{out}, err
		})
	type plannedOut struct{ Body Planned }
	manage := func(method, path, name, summary string) web.Op {
		return web.Op{Method: method, Path: "/roster" + path, ID: "roster-" + name, Summary: summary, Permission: string(staff.RosterManage), Tags: tags, MaxBody: 4 << 20}
	}
	web.Register(api, manage("PUT", "/cells", "cells", "Draft the plan of people on days"), func(ctx context.Context, in *struct {
		Body struct {
			Cells  []Edit `json:"cells" minItems:"1" maxItems:"5000"`
			DryRun bool   `json:"dry_run,omitempty" doc:"only say what would change and which rules it breaks"`
		}
	}) (*plannedOut, error) {
		out, err := m.Save(ctx, staff.From(ctx), in.Body.Cells, in.Body.DryRun)
		return &plannedOut{out}, err
	})
	web.Register(api, manage("POST", "/fill", "fill", "Draft a period by a rotation"), func(ctx context.Context, in *struct{ Body Fill }) (*plannedOut, error) {
		out, err := m.Fill(ctx, staff.From(ctx), in.Body)
		return &plannedOut{out}, err
	})
	web.Register(api, manage("POST", "/copy", "copy", "Draft days as other days are planned"), func(ctx context.Context, in *struct{ Body Copy }) (*plannedOut, error) {
		out, err := m.Copy(ctx, staff.From(ctx), in.Body)
		return &plannedOut{out}, err
	})
	type publish struct {
		Body struct {
			From       Day     `json:"from"`
			To         Day     `json:"to"`
			Users      []id.ID `json:"user_ids,omitempty" maxItems:"500" doc:"absent: those of the team or department, or all in my charge"`
			Team       id.ID   `json:"team_id,omitempty"`
			Department id.ID   `json:"department_id,omitempty"`
		}
	}
	type publicationOut struct{ Body Publication }
	op := manage("POST", "/publish", "publish", "Make drafts count")
	op.Status = http.StatusCreated
	web.Register(api, op, func(ctx context.Context, in *publish) (*publicationOut, error) {
		a, b := staff.From(ctx), in.Body
		if len(b.Users) == 0 {
			dir, err := m.Staff.Directory(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			for _, p := range people(dir, a, staff.RosterManage, b.Team, b.Department) {
				b.Users = append(b.Users, p.ID)
			}
		}
		out, err := m.Publish(ctx, a, b.Users, b.From, b.To)
		return &publicationOut{out}, err
	})
	web.Register(api, manage("GET", "/publications", "publications", "What was published, newest first"), func(ctx context.Context, in *struct{ web.Page }) (*struct{ Body web.List[Publication] }, error) {
		before := id.ID(1<<63 - 1)
		if _, err := web.ParseCursor(in.Cursor, &before); err != nil {
			return nil, err
		}
		rows, err := m.DB.Query(ctx, `select `+publicationColumns+` from roster_publication where tenant_id = $1 and id < $2 order by id desc limit $3`, staff.From(ctx).Tenant, before, in.Limit+1)
		list, err := db.Each(rows, err, func(r *sql.Rows) (Publication, error) { return readPublication(r) })
		if list == nil {
			list = []Publication{}
		}
		return &struct{ Body web.List[Publication] }{web.Cut(list, in.Limit, func(p Publication) id.ID { return p.ID })}, err
	})
	web.Register(api, manage("POST", "/publications/{id}/undo", "publication-undo", "Take a publication back"), func(ctx context.Context, in *struct{ web.PathID }) (*publicationOut, error) {
		out, err := m.Undo(ctx, staff.From(ctx), in.ID.ID)
		return &publicationOut{out}, err
	})
	type adherenceIn struct {
		web.Page
		Period
		Team       web.ID `query:"team"`
		Department web.ID `query:"department"`
	}
	web.Register(api, web.Op{Method: "GET", Path: "/roster/adherence", ID: "roster-adherence", Summary: "Plan and time by person and day; a page is a number of people", Permission: string(staff.RosterRead), Tags: tags},
		func(ctx context.Context, in *adherenceIn) (*struct{ Body web.List[Adherence] }, error) {
			from, to, err := in.days()
			if err != nil {
				return nil, err
			}
			l, err := m.Adherence(ctx, staff.From(ctx), from, to, in.Team.ID, in.Department.ID, in.Page)
			return &struct{ Body web.List[Adherence] }{l}, err
		})
}

// registerKept adds the operations on templates and rotations.
func (m *Room) registerKept(api *web.API) {
	registerItems(api, m, "template", [...]string{"The shifts that can be planned", "Make a shift", "Change or retire a shift; what is planned keeps its hours"},
		readTemplates, m.SaveTemplate, func(t *Template) (*id.ID, *int64) { return &t.ID, &t.Version })
	registerItems(api, m, "rotation", [...]string{"The patterns that can fill a period", "Make a rotation", "Change or retire a rotation"},
		readRotations, m.SaveRotation, func(r *Rotation) (*id.ID, *int64) { return &r.ID, &r.Version })
}

// registerItems adds the three operations on what is kept to plan with: list,
// make, change. Everybody reads them.
func registerItems[T any](api *web.API, m *Room, name string, says [3]string, read func(context.Context, db.Reader, id.ID) ([]T, error),
	save func(context.Context, *staff.Actor, T) (T, error), mark func(*T) (*id.ID, *int64)) {
	type itemOut struct {
		ETag string `header:"ETag"`
		Body T
	}
	path, mayPlan := "/roster/"+name+"s", string(staff.RosterManage)
	put := func(ctx context.Context, item T, itemID id.ID, version int64) (*itemOut, error) {
		at, v := mark(&item)
		*at, *v = itemID, version
		out, err := save(ctx, staff.From(ctx), item)
		_, v = mark(&out)
		return &itemOut{web.ETag(*v), out}, err
	}
	web.Register(api, web.Op{Method: "GET", Path: path, ID: "roster-" + name + "s", Summary: says[0], Permission: web.SignedIn, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*struct{ Body web.List[T] }, error) {
			l, err := read(ctx, m.DB, staff.From(ctx).Tenant)
			return &struct{ Body web.List[T] }{web.List[T]{Items: l}}, err
		})
	web.Register(api, web.Op{Method: "POST", Path: path, ID: "roster-" + name + "-create", Summary: says[1], Permission: mayPlan, Tags: tags, Status: http.StatusCreated},
		func(ctx context.Context, in *struct{ Body T }) (*itemOut, error) { return put(ctx, in.Body, 0, 0) })
	web.Register(api, web.Op{Method: "PUT", Path: path + "/{id}", ID: "roster-" + name + "-update", Summary: says[2], Permission: mayPlan, Tags: tags},
		func(ctx context.Context, in *struct {
			web.PathID
			web.IfMatch
			Body T
		}) (*itemOut, error) {
			if in.ID.ID == 0 {
				return nil, fault.Missing(name)
			}
			return put(ctx, in.Body, in.ID.ID, in.IfMatch.Version())
		})
}

// reachable are the ids of those whom roster.read or roster.manage reaches and
// of oneself; nil is everybody.
func (m *Room) reachable(ctx context.Context, a *staff.Actor) ([]id.ID, error) {
	if a.Scope(staff.RosterRead) == staff.ScopeAll {
		return nil, nil
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	out := []id.ID{a.ID}
	for _, p := range dir.Users() {
		if within(a, staff.RosterRead, p) || within(a, staff.RosterManage, p) {
			out = append(out, p.ID)
		}
	}
	return unique(out), nil
}

// where collects the conditions of a list.
type where struct {
	engine db.Engine
	text   string
	args   []any
}

func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
}

func (w *where) in(column string, users []id.ID) string {
	list, _ := text(slices.Clone(users))
	return column + ` in (select cast(x.value as bigint) from ` + w.engine.JSONEach(w.arg(list), "x") + `)`
}
