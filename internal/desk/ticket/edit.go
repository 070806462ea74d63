package ticket

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"unicode/utf8"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// change records one field of the ticket in the next event. Fields that may
// hold personal data are recorded by commitment, their words beside it.
func (c *Change) field(field string, from, to any, personal bool) FieldChange {
	if !personal {
		return FieldChange{Field: field, From: from, To: to}
	}
	c.say(field+".from", words(from))
	return FieldChange{Field: field, Commit: c.say(field+".to", words(to))}
}

func words(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return encode(v)
}

// Place is who is to act: a person, a team, a department.
type Place struct {
	Assignee   id.ID `json:"assignee_id,omitzero"`
	Team       id.ID `json:"team_id,omitzero"`
	Department id.ID `json:"department_id,omitzero"`
}

// AssignInput gives the ticket to somebody; all empty puts it back in the pool.
type AssignInput struct{ Place }

// Whole completes a place. Naming only a person keeps the team when the person
// is in it, and otherwise takes the person's first team, so that colleagues see
// what their team has to do; naming nobody goes back to the pool of the team.
func (p Place) Whole(dir *staff.Directory, now Place) Place {
	if p == (Place{}) {
		return Place{Team: now.Team, Department: now.Department}
	}
	if p.Assignee != 0 && p.Team == 0 {
		u, _ := dir.User(p.Assignee)
		p.Team = now.Team
		if !slices.Contains(u.Teams, p.Team) {
			p.Team = 0
			if len(u.Teams) > 0 {
				p.Team = u.Teams[0]
			}
		}
		if p.Department == 0 {
			p.Department = u.Department
		}
	}
	if p.Department == 0 && p.Team != 0 {
		if x, ok := dir.Team(p.Team); ok {
			p.Department = x.Department
		}
	}
	return p
}

// place moves the ticket and tells what that changed.
func (d *Desk) place(ctx context.Context, c *Change, p Place) ([]FieldChange, error) {
	t := c.Ticket
	if err := d.checkPlace(ctx, t.Tenant, p.Assignee, p.Team, p.Department); err != nil {
		return nil, err
	}
	dir, err := d.Staff.Directory(ctx, t.Tenant)
	if err != nil {
		return nil, err
	}
	p = p.Whole(dir, t.place())
	if t.Bound() && !t.Ruling.keeps(dir, p) {
		return nil, d.boundBy(ctx, t)
	}
	c.dropAssist(p.Team) // who leads from now on answers for the whole
	return t.goTo(p), nil
}

// goTo puts the ticket somewhere and tells what that changed.
func (t *Ticket) goTo(p Place) (changes []FieldChange) {
	for _, x := range []struct {
		field string
		from  *id.ID
		to    id.ID
	}{{"assignee", &t.Assignee, p.Assignee}, {"team", &t.Team, p.Team}, {"department", &t.Department, p.Department}} {
		if *x.from != x.to {
			changes = append(changes, FieldChange{Field: x.field, From: *x.from, To: x.to})
			*x.from = x.to
		}
	}
	return changes
}

func (d *Desk) assign(ctx context.Context, w *Write, c *Change, in AssignInput) (Outcome, error) {
	changes, err := d.place(ctx, c, in.Place)
	if err == nil && len(changes) > 0 {
		c.Append(EventAssign, EventData{Changes: changes})
	}
	return Outcome{}, err
}

// ClaimInput is empty: claiming takes the ticket for oneself.
type ClaimInput struct{}

// claim takes a ticket from the pool (抢单). Whoever comes second is told.
func (d *Desk) claim(ctx context.Context, w *Write, c *Change, _ ClaimInput) (Outcome, error) {
	t := c.Ticket
	if t.Assignee != 0 {
		return Outcome{}, fault.New(fault.Conflict, "ticket.claimed", "somebody else has claimed this ticket")
	}
	changes, err := d.place(ctx, c, Place{Assignee: w.Actor.ID})
	if err != nil {
		return Outcome{}, err
	}
	c.Append(EventAssign, EventData{Kind: "claim", Changes: changes})
	if t.Status == New {
		d.moveTo(c, Open, nil)
	}
	return Outcome{}, nil
}

// TransferInput hands the ticket on (转派); a reason is owed.
type TransferInput struct {
	Place
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
}

func (d *Desk) transfer(ctx context.Context, w *Write, c *Change, in TransferInput) (Outcome, error) {
	in.Reason = oneLine(in.Reason)
	if in.Reason == "" {
		return Outcome{}, fault.Bad("reason", "required", "a transfer needs a reason")
	}
	if in.Place == (Place{}) {
		return Outcome{}, fault.Bad("assignee_id", "required", "a transfer needs a person, team or department")
	}
	from := c.Ticket.place()
	changes, err := d.place(ctx, c, in.Place)
	if err != nil {
		return Outcome{}, err
	}
	if len(changes) == 0 {
		return Outcome{}, fault.New(fault.Conflict, "ticket.same_place", "the ticket is already there")
	}
	c.Ticket.hand(from)
	c.Append(EventTransfer, EventData{Changes: changes, Reason: c.say("reason", in.Reason)})
	return Outcome{}, nil
}

// PriorityInput sets the order of work.
type PriorityInput struct {
	Priority Priority `json:"priority" enum:"low,normal,high,urgent"`
}

func (d *Desk) setPriority(_ context.Context, _ *Write, c *Change, in PriorityInput) (Outcome, error) {
	if in.Priority < Low || in.Priority > Urgent {
		return Outcome{}, fault.Bad("priority", "required", "priority is missing")
	}
	if t := c.Ticket; t.Priority != in.Priority {
		c.Append(EventChange, EventData{Changes: []FieldChange{c.field("priority", t.Priority, in.Priority, false)}})
		t.Priority = in.Priority
	}
	return Outcome{}, nil
}

// TypeInput changes the type; fields that the new form does not know stay as
// they are and are no longer shown.
type TypeInput struct {
	Type string `json:"type" minLength:"1" maxLength:"64"`
}

func (d *Desk) setType(ctx context.Context, _ *Write, c *Change, in TypeInput) (Outcome, error) {
	catalog, err := d.Forms.Get(ctx, c.Ticket.Tenant)
	if err != nil {
		return Outcome{}, err
	}
	if typ, ok := catalog.Type(in.Type); !ok || typ.Retired {
		return Outcome{}, fault.Bad("type", "unknown", "there is no ticket type %q", in.Type)
	}
	if t := c.Ticket; t.Type != in.Type {
		c.Append(EventChange, EventData{Changes: []FieldChange{c.field("type", t.Type, in.Type, false)}})
		t.Type = in.Type
	}
	return Outcome{}, nil
}

// CategoryInput places the ticket in the tree of subjects; empty takes it out.
type CategoryInput struct {
	Category id.ID `json:"category_id" nullable:"true"`
}

func (d *Desk) setCategory(ctx context.Context, _ *Write, c *Change, in CategoryInput) (Outcome, error) {
	catalog, err := d.Forms.Get(ctx, c.Ticket.Tenant)
	if err != nil {
		return Outcome{}, err
	}
	if err := checkCategory(catalog, in.Category); err != nil {
		return Outcome{}, err
	}
	if t := c.Ticket; t.Category != in.Category {
		c.Append(EventChange, EventData{Changes: []FieldChange{c.field("category", t.Category, in.Category, false)}})
		t.Category = in.Category
	}
	return Outcome{}, nil
}

// TagsInput adds and removes tags.
type TagsInput struct {
	Add    []string `json:"add,omitempty" maxItems:"50"`
	Remove []string `json:"remove,omitempty" maxItems:"50"`
}

func (d *Desk) editTags(_ context.Context, _ *Write, c *Change, in TagsInput) (Outcome, error) {
	t := c.Ticket
	tags, err := cleanTags(append(slices.DeleteFunc(slices.Clone(t.Tags), func(s string) bool { return slices.Contains(in.Remove, s) }), in.Add...))
	if err != nil {
		return Outcome{}, err
	}
	d.replaceTags(c, tags)
	return Outcome{}, nil
}

func (d *Desk) replaceTags(c *Change, tags []string) {
	if !slices.Equal(c.Ticket.Tags, tags) {
		c.Append(EventChange, EventData{Changes: []FieldChange{c.field("tags", c.Ticket.Tags, tags, false)}})
		c.Ticket.Tags = tags
	}
}

// FieldsInput sets custom fields; null clears one.
type FieldsInput struct {
	Fields map[string]any `json:"fields"`
}

func (d *Desk) editFields(ctx context.Context, _ *Write, c *Change, in FieldsInput) (Outcome, error) {
	t := c.Ticket
	catalog, err := d.Forms.Get(ctx, t.Tenant)
	if err != nil {
		return Outcome{}, err
	}
	next := cloneFields(t.Fields)
	if next == nil {
		next = map[string]any{}
	}
	for k, v := range in.Fields {
		if v == nil {
			delete(next, k)
		} else {
			next[k] = v
		}
	}
	normal, err := catalog.Validate(t.Type, form.StageUpdate, t.Fields, next)
	if err != nil {
		return Outcome{}, err
	}
	d.replaceFields(c, catalog, normal)
	return Outcome{}, nil
}

func (d *Desk) replaceFields(c *Change, catalog *form.Catalog, next map[string]any) {
	t := c.Ticket
	var keys []string
	for k := range next {
		keys = append(keys, k)
	}
	for k := range t.Fields {
		if _, ok := next[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	var changes []FieldChange
	for _, k := range keys {
		if reflect.DeepEqual(plain(t.Fields[k]), plain(next[k])) {
			continue
		}
		f, _ := catalog.Field(k)
		changes = append(changes, c.field("fields."+k, t.Fields[k], next[k], f.Personal || f.Kind == form.Text))
	}
	if len(changes) > 0 {
		c.Append(EventChange, EventData{Changes: changes})
		t.Fields = next
	}
}

// plain makes values comparable whether they came from Go or from JSON.
func plain(v any) any {
	var out any
	_ = json.Unmarshal([]byte(encode(v)), &out)
	return out
}

// setFields keeps the rows by which lists find values of indexed fields.
func (d *Desk) setFields(ctx context.Context, tx *db.Tx, t *Ticket, old map[string]any) error {
	if len(old) == 0 && len(t.Fields) == 0 {
		return nil
	}
	catalog, err := d.Forms.Get(ctx, t.Tenant)
	if err != nil {
		return err
	}
	var fresh []any
	for _, f := range catalog.Fields() {
		if !f.Indexed {
			continue
		}
		from, to := words(old[f.Key]), words(t.Fields[f.Key])
		if from == to {
			continue
		}
		if from != "" {
			if err := tx.Queue(ctx, `delete from ticket_field where tenant_id = $1 and field = $2 and value = $3 and ticket_id = $4`, t.Tenant, f.Key, from, t.ID); err != nil {
				return err
			}
		}
		if to != "" {
			fresh = append(fresh, int64(t.Tenant), f.Key, to, int64(t.ID))
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return tx.Queue(ctx, `insert into ticket_field (tenant_id, field, value, ticket_id) values `+db.Values(len(fresh)/4, 4)+` on conflict do nothing`, fresh...)
}

// SubjectInput renames the ticket.
type SubjectInput struct {
	Subject string `json:"subject" minLength:"1" maxLength:"300"`
}

func (d *Desk) setSubject(_ context.Context, _ *Write, c *Change, in SubjectInput) (Outcome, error) {
	s := oneLine(in.Subject)
	if s == "" {
		return Outcome{}, fault.Bad("subject", "required", "a ticket needs a subject")
	}
	if utf8.RuneCountInString(s) > MaxSubject {
		return Outcome{}, fault.Bad("subject", "too_long", "the subject has more than %d characters", MaxSubject)
	}
	if t := c.Ticket; t.Subject != s {
		c.Append(EventChange, EventData{Changes: []FieldChange{c.field("subject", t.Subject, s, true)}})
		t.Subject = s
	}
	return Outcome{}, nil
}

// RequesterInput says for whom the ticket exists.
type RequesterInput struct {
	Customer id.ID `json:"customer_id"`
}

func (d *Desk) setRequester(ctx context.Context, w *Write, c *Change, in RequesterInput) (Outcome, error) {
	who, err := d.Customers.Find(ctx, w.Tx, c.Ticket.Tenant, in.Customer)
	if err != nil {
		return Outcome{}, fault.Bad("customer_id", "unknown", "there is no such customer")
	}
	if t := c.Ticket; t.Requester != who.ID {
		c.Append(EventChange, EventData{Changes: []FieldChange{
			c.field("requester", t.Requester, who.ID, false), c.field("company", t.Company, who.Company, false)}})
		t.Requester, t.Company = who.ID, who.Company
	}
	return Outcome{}, nil
}

// PeopleInput adds and removes collaborators (协办人).
type PeopleInput struct {
	Add    []id.ID `json:"add,omitempty" maxItems:"50"`
	Remove []id.ID `json:"remove,omitempty" maxItems:"50"`
}

func (d *Desk) collaborate(ctx context.Context, w *Write, c *Change, in PeopleInput) (Outcome, error) {
	dir, err := d.Staff.Directory(ctx, c.Ticket.Tenant)
	if err != nil {
		return Outcome{}, err
	}
	for _, u := range in.Add {
		if p, ok := dir.User(u); !ok || !p.Active {
			return Outcome{}, fault.Bad("add", "unknown", "there is no active person with the id %s", u)
		}
	}
	return Outcome{}, d.people(ctx, w, c, "collaborator", in.Add, in.Remove)
}

// WatchInput follows a ticket, or lets a colleague follow it.
type WatchInput struct {
	On   bool  `json:"on"`
	User id.ID `json:"user_id,omitzero" doc:"default: oneself"`
}

func (d *Desk) watch(ctx context.Context, w *Write, c *Change, in WatchInput) (Outcome, error) {
	user := in.User
	if user == 0 {
		user = w.Actor.ID
	}
	if user != w.Actor.ID {
		if err := d.mayChange(ctx, w.Tx, w.Actor, c.Ticket, staff.TicketUpdate); err != nil {
			return Outcome{}, err
		}
		dir, err := d.Staff.Directory(ctx, c.Ticket.Tenant)
		if err != nil {
			return Outcome{}, err
		}
		if p, ok := dir.User(user); !ok || !p.Active {
			return Outcome{}, fault.Bad("user_id", "unknown", "there is no active person with this id")
		}
	}
	if in.On {
		return Outcome{}, d.people(ctx, w, c, "watcher", []id.ID{user}, nil)
	}
	return Outcome{}, d.people(ctx, w, c, "watcher", nil, []id.ID{user})
}

func (d *Desk) people(ctx context.Context, w *Write, c *Change, role string, add, remove []id.ID) error {
	t := c.Ticket
	now, err := persons(ctx, w.Tx, t.Tenant, t.ID, role)
	if err != nil {
		return err
	}
	var came, went []id.ID
	for _, u := range add {
		if !slices.Contains(now, u) && !slices.Contains(came, u) {
			came = append(came, u)
		}
	}
	for _, u := range remove {
		if slices.Contains(now, u) {
			went = append(went, u)
		}
	}
	if len(now)+len(came)-len(went) > MaxPeople {
		return fault.Bad("add", "too_many", "a ticket has at most %d people in one role", MaxPeople)
	}
	for _, u := range came {
		if err := setPerson(ctx, w.Tx, t.Tenant, t.ID, u, role, c.At, true); err != nil {
			return err
		}
	}
	for _, u := range went {
		if err := setPerson(ctx, w.Tx, t.Tenant, t.ID, u, role, c.At, false); err != nil {
			return err
		}
	}
	if len(came) > 0 {
		c.Append(EventPeople, EventData{Kind: role, Users: came})
	}
	if len(went) > 0 {
		c.Append(EventPeople, EventData{Kind: role + "_left", Users: went})
	}
	return nil
}

func persons(ctx context.Context, r db.Reader, tenant, ticket id.ID, role string) ([]id.ID, error) {
	rows, err := r.Query(ctx, fmt.Sprintf(`select user_id from ticket_person where tenant_id = $1 and ticket_id = $2 and role = $3 order by at, user_id limit %d`, 4*MaxPeople),
		tenant, ticket, role)
	return db.Each(rows, err, func(r rower) (id.ID, error) {
		var u id.ID
		return u, r.Scan(&u)
	})
}
