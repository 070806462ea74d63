package ticket

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"unicode/utf8"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// View is a saved list: a condition, an order, and who sees it.
type View struct {
	ID       id.ID
	Name     Words
	Scope    string // shipped, own, team, role, shared
	Owner    id.ID
	SeenBy   []id.ID // the teams, or the roles, that it is shared with
	Filter   string
	Sort     string
	Columns  []Column // of the table; none: the usual ones
	Folder   string   // "" lies beside the folders
	Position int
	Retired  bool // kept, but in nobody's column
	Version  int64
}

// Column is one column of a view's table.
type Column struct {
	Key   string `json:"key" maxLength:"80" doc:"a property of the ticket, or fields. and the key of a custom field"`
	Width int    `json:"width,omitempty" minimum:"0" maximum:"1200" doc:"in pixels; 0: as wide as usual"`
}

const (
	maxColumns = 30
	maxSeenBy  = 50
	maxFolder  = 60 // characters
)

var columnKey = regexp.MustCompile(`^[a-z_]+(\.[a-z][a-z0-9_]*)?$`)

// Words is a text of the tenant's configuration in both languages; one of them
// may be empty, then the other serves.
type Words struct {
	ZH string `json:"zh" maxLength:"100"`
	EN string `json:"en" maxLength:"100"`
}

// Scopes of views.
const (
	Shipped   = "shipped"
	OwnView   = "own"
	TeamView  = "team"
	RoleView  = "role"
	ShareView = "shared"
)

// MaxViews bounds what one person can see in the column.
const MaxViews = 200

// ShippedViews are there from the first day. Their ids are small, so that they
// never meet those of saved views. Each is answered by an index whatever the
// number of tickets.
var ShippedViews = []View{
	{ID: 1, Name: Words{"我处理的", "Assigned to me"}, Filter: `active && assignee == me() && !snoozed`, Sort: "-updated"},
	{ID: 2, Name: Words{"我关注的", "Watched by me"}, Filter: `active && watching`, Sort: "-updated"},
	{ID: 3, Name: Words{"提到我的", "Mentioning me"}, Filter: `active && mentioned`, Sort: "-updated"},
	{ID: 4, Name: Words{"我协办的", "Collaborating"}, Filter: `active && collaborating`, Sort: "-updated"},
	{ID: 23, Name: Words{"我们协办的", "We assist"}, Filter: `active && assisting`, Sort: "-updated"},
	{ID: 5, Name: Words{"稍后提醒", "Snoozed"}, Filter: `active && assignee == me() && snoozed`, Sort: "-updated"},
	{ID: 6, Name: Words{"未读", "Unread"}, Filter: `active && unread`, Sort: "-updated"},
	{ID: 10, Name: Words{"全部处理中", "All active"}, Filter: `active`, Sort: "-updated"},
	{ID: 11, Name: Words{"待受理", "New"}, Filter: `active && status == "new"`, Sort: "-updated"},
	{ID: 12, Name: Words{"待分配", "Unassigned"}, Filter: `active && assignee == ""`, Sort: "-updated"},
	{ID: 13, Name: Words{"待客户反馈", "Pending customer"}, Filter: `active && status == "pending"`, Sort: "-updated"},
	{ID: 14, Name: Words{"挂起", "On hold"}, Filter: `active && status == "on_hold"`, Sort: "-updated"},
	{ID: 15, Name: Words{"紧急", "Urgent"}, Filter: `active && priority == "urgent"`, Sort: "-updated"},
	{ID: 16, Name: Words{"待分类", "To be classified"}, Filter: `active && to_classify`, Sort: "-updated"},
	{ID: 17, Name: Words{"风险", "At risk"}, Filter: `active && at_risk`, Sort: "-updated"},
	{ID: 22, Name: Words{"待裁定", "Awaiting a ruling"}, Filter: `active && awaiting_ruling`, Sort: "-updated"},
	// The walk in the order of what is due begins and ends at a moment: what is
	// overdue and breached long ago lies before it.
	{ID: 18, Name: Words{"即将超时", "About to breach"}, Filter: `active && sla == "running" && due_at >= now() && due_at < now() + duration("1h")`, Sort: "due"},
	{ID: 19, Name: Words{"已超时", "Breached"}, Filter: `active && sla == "breached" && due_at < now()`, Sort: "due"},
	{ID: 20, Name: Words{"已解决", "Solved"}, Filter: `status == "solved"`, Sort: "-updated"},
	{ID: 21, Name: Words{"全部工单", "All tickets"}, Filter: ``, Sort: "-updated"},
}

// Views lists what the actor sees: shipped, own, their teams' and shared ones.
func (d *Desk) Views(ctx context.Context, a *staff.Actor) ([]View, error) {
	saved, err := d.savedViews(ctx, a, `retired = $2 and (scope <> 'own' or owner_id = $3)`, false, a.ID)
	if err != nil {
		return nil, err
	}
	roles, err := d.rolesOf(ctx, a)
	if err != nil {
		return nil, err
	}
	views := slices.Clone(ShippedViews)
	for i := range views {
		views[i].Scope, views[i].Position = Shipped, i+1
	}
	for _, v := range saved {
		if v.seenBy(a, roles) && len(views) < MaxViews+len(ShippedViews) {
			views = append(views, v)
		}
	}
	return views, nil
}

// SharedViews are those that others see too and that the actor may change, the
// retired ones among them.
func (d *Desk) SharedViews(ctx context.Context, a *staff.Actor) ([]View, error) {
	if a.Scope(staff.ViewShare) == staff.ScopeAll {
		return d.savedViews(ctx, a, `scope <> 'own'`)
	}
	return d.savedViews(ctx, a, `scope <> 'own' and owner_id = $2`, a.ID)
}

func (d *Desk) savedViews(ctx context.Context, a *staff.Actor, where string, args ...any) ([]View, error) {
	rows, err := d.DB.Query(ctx, `select `+viewColumns+` from ticket_view where tenant_id = $1 and `+where+` order by position, id limit 2000`, append([]any{a.Tenant}, args...)...)
	return db.Each(rows, err, func(r rower) (View, error) { return scanView(r) })
}

// rolesOf are the actor's roles: an Actor carries only what they grant.
func (d *Desk) rolesOf(ctx context.Context, a *staff.Actor) ([]id.ID, error) {
	dir, err := d.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	p, _ := dir.User(a.ID)
	return p.Roles, nil
}

const viewColumns = "id, name, scope, owner_id, seen_by, filter, sort, columns, folder, position, retired, version"

func scanView(r scanner) (View, error) {
	var v View
	var name, columns, seenBy string
	err := r.Scan(&v.ID, &name, &v.Scope, zero(&v.Owner), &seenBy, &v.Filter, &v.Sort, &columns, &v.Folder, &v.Position, &v.Retired, &v.Version)
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(name), &v.Name), json.Unmarshal([]byte(columns), &v.Columns), json.Unmarshal([]byte(seenBy), &v.SeenBy))
	}
	return v, err
}

func (v View) seenBy(a *staff.Actor, roles []id.ID) bool {
	switch v.Scope {
	case OwnView:
		return v.Owner == a.ID
	case TeamView:
		return slices.ContainsFunc(v.SeenBy, a.InTeam) || v.Owner == a.ID || a.Scope(staff.TicketRead) == staff.ScopeAll
	case RoleView:
		return slices.ContainsFunc(v.SeenBy, func(r id.ID) bool { return slices.Contains(roles, r) }) || v.Owner == a.ID || a.Scope(staff.ViewShare) == staff.ScopeAll
	}
	return true
}

// View finds one that the actor sees.
func (d *Desk) View(ctx context.Context, a *staff.Actor, view id.ID) (View, error) {
	for _, v := range ShippedViews {
		if v.ID == view {
			v.Scope = Shipped
			return v, nil
		}
	}
	v, err := d.savedView(ctx, d.DB, a, view)
	if err == nil && v.Retired {
		return v, fault.Missing("view")
	}
	return v, err
}

func (d *Desk) savedView(ctx context.Context, r db.Reader, a *staff.Actor, view id.ID) (View, error) {
	v, err := scanView(r.QueryRow(ctx, `select `+viewColumns+` from ticket_view where tenant_id = $1 and id = $2`, a.Tenant, view))
	if isNoRows(err) {
		return v, fault.Missing("view")
	}
	if err != nil {
		return v, err
	}
	roles, err := d.rolesOf(ctx, a)
	if err == nil && !v.seenBy(a, roles) {
		err = fault.Missing("view")
	}
	return v, err
}

// SaveView makes a view (ID zero) or changes one. Version, when not zero, is
// the one that the change was made for.
func (d *Desk) SaveView(ctx context.Context, a *staff.Actor, v View) (View, error) {
	if err := d.checkView(ctx, a, &v); err != nil {
		return v, err
	}
	saved := v
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if v.ID != 0 && !fromStore(v.ID) {
			return fault.New(fault.Forbidden, "view.shipped", "a shipped view cannot be changed")
		}
		if v.ID == 0 {
			var n int
			if err := tx.QueryRow(ctx, `select count(*) from ticket_view where tenant_id = $1 and owner_id = $2`, a.Tenant, a.ID).Scan(&n); err != nil {
				return err
			}
			if n >= MaxViews {
				return fault.Bad("name", "too_many", "a person has at most %d views", MaxViews)
			}
			made := v
			made.ID, made.Owner, made.Version = d.IDs.Next(), a.ID, 1
			if made.Position == 0 {
				made.Position = 100 + n
			}
			_, err := tx.Exec(ctx, `insert into ticket_view (tenant_id, id, name, scope, owner_id, seen_by, filter, sort, columns, folder, position, retired, created_at, version)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)`,
				a.Tenant, made.ID, encode(made.Name), made.Scope, a.ID, encode(made.SeenBy), made.Filter, made.Sort, encode(made.Columns), made.Folder, made.Position, made.Retired, d.Clock.Now())
			if err != nil {
				return err
			}
			saved = made
			return d.recordView(ctx, tx, a, "created", View{}, made)
		}
		old, err := d.savedView(ctx, tx, a, v.ID)
		if err != nil {
			return err
		}
		if err := mayShape(a, old); err != nil {
			return err
		}
		if v.Version != 0 && v.Version != old.Version {
			return fault.New(fault.Precondition, "view.changed", "the view has changed since version %d", v.Version)
		}
		next := v
		next.Owner, next.Version = old.Owner, old.Version+1
		_, err = tx.Exec(ctx, `update ticket_view set name = $3, scope = $4, seen_by = $5, filter = $6, sort = $7, columns = $8, folder = $9, position = $10, retired = $11, version = $12
			where tenant_id = $1 and id = $2`, a.Tenant, v.ID, encode(v.Name), v.Scope, encode(v.SeenBy), v.Filter, v.Sort, encode(v.Columns), v.Folder, v.Position, v.Retired, next.Version)
		if err != nil {
			return err
		}
		saved = next
		return d.recordView(ctx, tx, a, "updated", old, next)
	})
	return saved, err
}

// recordView keeps in the trail what became of a view that others see.
func (d *Desk) recordView(ctx context.Context, tx *db.Tx, a *staff.Actor, what string, old, now View) error {
	if (old.ID == 0 || old.Scope == OwnView) && (now.ID == 0 || now.Scope == OwnView) {
		return nil
	}
	of, before, after := now, any(nil), any(nil)
	if now.ID == 0 {
		of = old
	} else {
		after = now.json()
	}
	if old.ID != 0 {
		before = old.json()
	}
	return d.Staff.Record(ctx, tx, a, staff.Act{Kind: "ticket_view." + what, Subject: of.ID, Name: cmp.Or(of.Name.ZH, of.Name.EN),
		Changes: staff.Changes(before, after, "id", "version", "owner_id", "position")})
}

func fromStore(view id.ID) bool { return view > 1<<20 }

func mayShape(a *staff.Actor, v View) error {
	if v.Owner != a.ID && a.Scope(staff.ViewShare) != staff.ScopeAll {
		return fault.New(fault.Forbidden, "view.not_yours", "only its owner can change this view")
	}
	return nil
}

func (d *Desk) checkView(ctx context.Context, a *staff.Actor, v *View) error {
	v.Name.ZH, v.Name.EN = oneLine(v.Name.ZH), oneLine(v.Name.EN)
	if v.Name.ZH == "" && v.Name.EN == "" || utf8.RuneCountInString(v.Name.ZH) > 100 || utf8.RuneCountInString(v.Name.EN) > 100 {
		return fault.Bad("name", "required", "a view needs a name of at most 100 characters")
	}
	if v.Folder = oneLine(v.Folder); utf8.RuneCountInString(v.Folder) > maxFolder {
		return fault.Bad("folder", "too_long", "a folder has at most %d characters", maxFolder)
	}
	if err := checkColumns(v); err != nil {
		return err
	}
	if err := d.checkSeenBy(ctx, a, v); err != nil {
		return err
	}
	if _, err := d.filter(ctx, a, v.Filter); err != nil {
		return err
	}
	s, err := sortOf(v.Sort)
	v.Sort = s.name
	return err
}

// checkSeenBy says whether the actor may share the view as it wants to be.
func (d *Desk) checkSeenBy(ctx context.Context, a *staff.Actor, v *View) error {
	switch v.Scope {
	case OwnView, TeamView:
	case RoleView, ShareView:
		if a.Scope(staff.ViewShare) == staff.ScopeNone {
			return fault.New(fault.Forbidden, "forbidden", "you may not share views with a role or with everyone").With("permission", string(staff.ViewShare))
		}
	default:
		return fault.Bad("scope", "choice", "a view is own, team, role or shared")
	}
	if v.Scope == OwnView || v.Scope == ShareView {
		v.SeenBy = []id.ID{}
		return nil
	}
	slices.Sort(v.SeenBy)
	if v.SeenBy = slices.Compact(v.SeenBy); len(v.SeenBy) == 0 || len(v.SeenBy) > maxSeenBy {
		return fault.Bad("seen_by", "required", "a view is shared with one to %d teams or roles", maxSeenBy)
	}
	dir, err := d.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return err
	}
	for _, x := range v.SeenBy {
		_, team := dir.Team(x)
		_, role := dir.Role(x)
		if v.Scope == TeamView && (!team || !a.InTeam(x) && a.Scope(staff.ViewShare) != staff.ScopeAll) {
			return fault.Bad("seen_by", "unknown", "a team view belongs to your teams")
		}
		if v.Scope == RoleView && !role {
			return fault.Bad("seen_by", "unknown", "there is no such role")
		}
	}
	return nil
}

func checkColumns(v *View) error {
	if v.Columns == nil {
		v.Columns = []Column{}
	}
	if len(v.Columns) > maxColumns {
		return fault.Bad("columns", "too_many", "a table has at most %d columns", maxColumns)
	}
	seen := map[string]bool{}
	for _, c := range v.Columns {
		if !columnKey.MatchString(c.Key) || seen[c.Key] {
			return fault.Bad("columns", "invalid", "%q is no column, or stands there twice", c.Key)
		}
		seen[c.Key] = true
	}
	return nil
}

// Placed says where a view shall stand.
type Placed struct {
	ID     id.ID  `json:"id"`
	Folder string `json:"folder" maxLength:"60"`
}

// ArrangeViews puts saved views in this order and into these folders. Those
// that are not named stay as they are; a view that somebody else shapes may be
// named when nothing about it changes.
func (d *Desk) ArrangeViews(ctx context.Context, a *staff.Actor, list []Placed) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		shared := false
		var folders []staff.FieldChange
		var named []View
		for i, p := range list {
			v, err := d.savedView(ctx, tx, a, p.ID)
			if err != nil {
				return err
			}
			folder, position := oneLine(p.Folder), 100+i
			named = append(named, v)
			if v.Folder == folder && v.Position == position {
				continue
			}
			if err := mayShape(a, v); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `update ticket_view set folder = $3, position = $4, version = version + 1 where tenant_id = $1 and id = $2`,
				a.Tenant, p.ID, folder, position); err != nil {
				return err
			}
			shared = shared || v.Scope != OwnView
			if v.Scope != OwnView && v.Folder != folder {
				folders = append(folders, staff.FieldChange{Field: "folder", Path: []string{called(v)}, From: v.Folder, To: folder})
			}
		}
		if !shared {
			return nil
		}
		return d.Staff.Record(ctx, tx, a, staff.Act{Kind: "ticket_view.ordered", Changes: append(reordered(named), folders...)})
	})
}

// reordered tells the order in which views stood and in which they were named,
// those of their own left out: what somebody keeps for themselves is no deed.
func reordered(now []View) []staff.FieldChange {
	now = slices.DeleteFunc(slices.Clone(now), func(v View) bool { return v.Scope == OwnView })
	was := slices.Clone(now)
	slices.SortStableFunc(was, func(a, b View) int { return a.Position - b.Position })
	names := func(list []View) (out []string) {
		for _, v := range list {
			out = append(out, called(v))
		}
		return out
	}
	before, after := names(was), names(now)
	if slices.Equal(before, after) {
		return nil
	}
	return []staff.FieldChange{{Field: "order", From: before, To: after}}
}

// called is a view's name as the trail tells it.
func called(v View) string { return cmp.Or(v.Name.ZH, v.Name.EN) }

// DeleteView removes a saved view.
func (d *Desk) DeleteView(ctx context.Context, a *staff.Actor, view id.ID) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		v, err := d.savedView(ctx, tx, a, view)
		if err != nil {
			return err
		}
		if err := mayShape(a, v); err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `delete from ticket_view where tenant_id = $1 and id = $2`, a.Tenant, view); err != nil {
			return err
		}
		return d.recordView(ctx, tx, a, "deleted", v, View{})
	})
}
