package phrase

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Config is what the room stands on.
type Config struct {
	DB        *db.DB
	IDs       *id.Source
	Clock     *clock.Clock
	Staff     *staff.House
	Customers *customer.Book
	Desk      *ticket.Desk
}

// Room keeps the phrases. It is safe for concurrent use.
type Room struct{ Config }

// New makes the room.
func New(c Config) *Room { return &Room{c} }

const columns = `p.id, p.kind, p.scope, p.owner_id, coalesce(p.team_id, 0), p.name, p.shortcut, p.zh, p.en, p.updated_at, p.version`

func scan(r interface{ Scan(...any) error }, more ...any) (*Phrase, error) {
	p := &Phrase{}
	return p, r.Scan(append([]any{&p.ID, &p.Kind, &p.Scope, &p.Owner, &p.Team, &p.Name, &p.Shortcut, &p.ZH, &p.EN, &p.UpdatedAt, &p.Version}, more...)...)
}

// used is a phrase with how often it was used.
type used struct {
	*Phrase
	Mine, All int64
}

// mine is the condition for what an actor may use: $1 the tenant, $2 the actor,
// $3 their teams, $4 the kind.
func mine(e db.Engine) string {
	return `p.tenant_id = $1 and p.kind = $4 and (p.scope = 'shared' or p.scope = 'own' and p.owner_id = $2 or p.scope = 'team' and p.team_id ` + e.InIDs("$3") + `)`
}

// list reads what the actor may use or shape, a page in the order of ids.
func (m *Room) list(ctx context.Context, a *staff.Actor, kind Kind, after id.ID, limit int) ([]used, error) {
	where := mine(m.DB.Engine())
	if a.Scope(staff.PhraseShare) == staff.ScopeAll { // who looks after all of them sees those of all teams
		where = `p.tenant_id = $1 and p.kind = $4 and (p.scope <> 'own' or p.owner_id = $2 or p.team_id ` + m.DB.Engine().InIDs("$3") + `)`
	}
	rows, err := m.DB.Query(ctx, `select `+columns+`, coalesce(u.uses, 0),
			(select cast(coalesce(sum(o.uses), 0) as bigint) from phrase_use o where o.tenant_id = p.tenant_id and o.phrase_id = p.id)
		from phrase p left join phrase_use u on u.tenant_id = p.tenant_id and u.user_id = $2 and u.phrase_id = p.id
		where `+where+` and p.id > $5 order by p.id limit $6`, a.Tenant, a.ID, idList(a.Teams), kind, after, limit)
	return db.Each(rows, err, func(r *sql.Rows) (u used, err error) {
		u.Phrase, err = scan(r, &u.Mine, &u.All)
		return u, err
	})
}

// usable reads what the actor may use, those that they use most first.
func (m *Room) usable(ctx context.Context, r db.Reader, a *staff.Actor, kind Kind, limit int) ([]used, error) {
	rows, err := r.Query(ctx, `select `+columns+`, coalesce(u.uses, 0), 0
		from phrase p left join phrase_use u on u.tenant_id = p.tenant_id and u.user_id = $2 and u.phrase_id = p.id
		where `+mine(r.Engine())+` order by coalesce(u.uses, 0) desc, p.name, p.id limit $5`, a.Tenant, a.ID, idList(a.Teams), kind, limit)
	return db.Each(rows, err, func(r *sql.Rows) (u used, err error) {
		u.Phrase, err = scan(r, &u.Mine, &u.All)
		return u, err
	})
}

func find(ctx context.Context, r db.Reader, tenant id.ID, kind Kind, phrase id.ID) (*Phrase, error) {
	p, err := scan(r.QueryRow(ctx, `select `+columns+` from phrase p where p.tenant_id = $1 and p.id = $2 and p.kind = $3`, tenant, phrase, kind))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Missing("quick_reply")
	}
	return p, err
}

// department is that of a phrase's team; a team that does not exist is refused.
func (m *Room) department(ctx context.Context, tenant id.ID, p *Phrase) (id.ID, error) {
	if p.Scope != Team {
		p.Team = 0
		return 0, nil
	}
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return 0, err
	}
	g, ok := dir.Team(p.Team)
	if !ok || g.Retired {
		return 0, fault.Bad("team_id", "unknown", "there is no such team")
	}
	return g.Department, nil
}

// Save makes a phrase (ID zero) or changes one. Version, when not zero, is the
// one that the change was made for.
func (m *Room) Save(ctx context.Context, a *staff.Actor, p Phrase) (*Phrase, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	department, err := m.department(ctx, a.Tenant, &p)
	if err != nil {
		return nil, err
	}
	refused := fault.New(fault.Forbidden, "forbidden", "you may not change what a team or everybody uses").With("permission", string(staff.PhraseShare))
	var out *Phrase
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		next := p
		next.UpdatedAt, next.Version = m.Clock.Now(), 1
		if next.ID == 0 {
			next.ID, next.Owner = m.IDs.Next(), a.ID
		} else {
			old, err := find(ctx, tx, a.Tenant, p.Kind, p.ID)
			if err != nil {
				return err
			}
			before, err := m.department(ctx, a.Tenant, old)
			if err != nil && old.Scope != Team {
				return err
			}
			if !old.mayShape(a, before) {
				if !old.seenBy(a) {
					return fault.Missing("quick_reply")
				}
				return refused
			}
			if p.Version != 0 && p.Version != old.Version {
				return fault.New(fault.Precondition, "precondition", "somebody else has changed this; read it again")
			}
			next.Owner, next.Version = old.Owner, old.Version+1
			if next.Scope == Own { // it becomes that of who took it back
				next.Owner = a.ID
			}
		}
		if !next.mayShape(a, department) {
			return refused
		}
		if err := m.room(ctx, tx, a.Tenant, &next); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into phrase (tenant_id, id, kind, scope, owner_id, team_id, name, shortcut, zh, en, created_at, updated_at, version)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)
			on conflict (tenant_id, id) do update set scope = excluded.scope, owner_id = excluded.owner_id, team_id = excluded.team_id, name = excluded.name,
			shortcut = excluded.shortcut, zh = excluded.zh, en = excluded.en, updated_at = excluded.updated_at, version = excluded.version`,
			a.Tenant, next.ID, next.Kind, next.Scope, next.Owner, null(next.Team), next.Name, next.Shortcut, next.ZH, next.EN, next.UpdatedAt, next.Version)
		if err != nil {
			return err
		}
		out = &next
		return m.trace(ctx, tx, a, &next, "saved")
	})
	return out, err
}

// trace records what is done to the words of a team or of all. One's own are
// nobody else's business.
func (m *Room) trace(ctx context.Context, tx *db.Tx, a *staff.Actor, p *Phrase, what string) error {
	if p.Scope == Own {
		return nil
	}
	return m.Staff.Record(ctx, tx, a, staff.Act{Kind: string(p.Kind) + "." + what, Subject: p.ID, Name: p.Name})
}

// room refuses one too many, a shortcut that is taken beside it, and a second
// signature of the same owner.
func (m *Room) room(ctx context.Context, tx *db.Tx, tenant id.ID, p *Phrase) error {
	where, arg, most := `p.scope = 'own' and p.owner_id = $3`, p.Owner, MaxOwn
	switch p.Scope {
	case Team:
		where, arg = `p.scope = 'team' and p.team_id = $3`, p.Team
	case Shared:
		where, arg, most = `p.scope = 'shared' and p.owner_id <> $3`, 0, MaxAll // nobody's id is zero
	}
	var n, taken int
	err := tx.QueryRow(ctx, `select count(*), coalesce(sum(case when p.shortcut = $5 and p.shortcut <> '' then 1 else 0 end), 0)
		from phrase p where p.tenant_id = $1 and p.kind = $2 and `+where+` and p.id <> $4`, tenant, p.Kind, arg, p.ID, p.Shortcut).Scan(&n, &taken)
	switch {
	case err != nil:
		return err
	case taken > 0:
		return fault.Bad("shortcut", "taken", "another quick reply has this shortcut")
	case p.Kind == Signature && n > 0:
		return fault.New(fault.Conflict, "signature.exists", "there is a signature already; change that one")
	case n >= most:
		return fault.Bad("name", "too_many", "there are %d already", n)
	}
	return nil
}

// Delete takes a phrase away; how often it was used goes with it.
func (m *Room) Delete(ctx context.Context, a *staff.Actor, kind Kind, phrase id.ID) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := find(ctx, tx, a.Tenant, kind, phrase)
		if err != nil {
			return err
		}
		department := id.ID(0)
		if p.Scope == Team { // a team that is gone has no department
			department, _ = m.department(ctx, a.Tenant, p)
		}
		if !p.mayShape(a, department) {
			if !p.seenBy(a) {
				return fault.Missing("quick_reply")
			}
			return fault.New(fault.Forbidden, "forbidden", "you may not delete what a team or everybody uses").With("permission", string(staff.PhraseShare))
		}
		if err := m.trace(ctx, tx, a, p, "deleted"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from phrase_use where tenant_id = $1 and phrase_id = $2`, a.Tenant, phrase); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `delete from phrase where tenant_id = $1 and id = $2`, a.Tenant, phrase)
		return err
	})
}

// Use counts that the actor has put a quick reply into something.
func (m *Room) Use(ctx context.Context, a *staff.Actor, phrase id.ID) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := find(ctx, tx, a.Tenant, QuickReply, phrase)
		if err != nil {
			return err
		}
		if !p.seenBy(a) {
			return fault.Missing("quick_reply")
		}
		_, err = tx.Exec(ctx, `insert into phrase_use (tenant_id, user_id, phrase_id, uses, used_at) values ($1, $2, $3, 1, $4)
			on conflict (tenant_id, user_id, phrase_id) do update set uses = phrase_use.uses + 1, used_at = excluded.used_at`, a.Tenant, a.ID, phrase, m.Clock.Now())
		return err
	})
}

// Signature is what goes under a mail that the actor sends on a ticket, filled
// in; empty when there is none.
func (m *Room) Signature(ctx context.Context, r db.Reader, a *staff.Actor, t *ticket.Ticket) (string, error) {
	list, err := m.usable(ctx, r, a, Signature, MaxOwn)
	if err != nil || len(list) == 0 {
		return "", err
	}
	rank := func(p *Phrase) int {
		switch {
		case p.Scope == Own:
			return 0
		case p.Scope == Team && p.Team == t.Team:
			return 1
		case p.Scope == Team:
			return 2
		}
		return 3
	}
	best := list[0].Phrase
	for _, p := range list[1:] {
		if rank(p.Phrase) < rank(best) {
			best = p.Phrase
		}
	}
	values, language, err := m.values(ctx, r, a, t)
	return Fill(best.in(language), values), err
}

// values are what placeholders stand for on a ticket, and the language in which
// its customer is spoken to.
func (m *Room) values(ctx context.Context, r db.Reader, a *staff.Actor, t *ticket.Ticket) (map[string]string, string, error) {
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, "", err
	}
	zone, err := time.LoadLocation(dir.Tenant.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	v := map[string]string{"number": t.Number, "subject": t.Subject, "agent": a.Name, "company": dir.Tenant.Name,
		"date": m.Clock.Now().Std().In(zone).Format(time.DateOnly)}
	if g, ok := dir.Team(t.Team); ok {
		v["team"] = g.Name
	}
	if t.Requester != 0 {
		who, err := m.Customers.Names(ctx, r, a.Tenant, []id.ID{t.Requester})
		if err != nil {
			return nil, "", err
		}
		v["customer"] = who[t.Requester].Name
	}
	language := t.Language
	if language == "" {
		language = dir.Tenant.Locale
	}
	return v, language, nil
}

func null(v id.ID) any {
	if v == 0 {
		return nil
	}
	return v
}

func idList(ids []id.ID) string {
	raw, err := json.Marshal(ids)
	if err != nil || len(ids) == 0 {
		return "[]"
	}
	return string(raw)
}
