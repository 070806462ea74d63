package staff

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
	"zhidan/internal/platform/web"
)

// The trail (审计记录) keeps what was done to people, rights and settings, and
// what concerns safety: who, what, when, by which operation and from where, in
// the transaction of the deed. A room that has more to tell than the door can
// see (what the thing is called, what it was before) records an Act; of every
// other operation that administers, the door records that it was done.

// Act is one deed for the trail.
type Act struct {
	Kind    string // "type.updated": the thing and what became of it
	Subject id.ID
	// Name is what the thing is called; never of a person.
	Name    string
	Changes []FieldChange
	Data    map[string]any
}

// Record keeps what another room did, in its transaction.
func (h *House) Record(ctx context.Context, tx *db.Tx, a *Actor, act Act) error {
	data := map[string]any{}
	for k, v := range act.Data {
		data[k] = v
	}
	if len(act.Changes) > 0 {
		data["changes"] = act.Changes
	}
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	addr, credential := "", a.Credential
	if where := web.Address(ctx); where.IsValid() {
		addr = where.String()
	}
	by, kind := a.ID, a.Kind
	if a.viewer != 0 {
		by = a.viewer
	}
	web.Recorded(ctx, tx)
	_, err = tx.Exec(ctx, `insert into staff_event (tenant_id, id, at, actor_kind, actor_id, kind, subject_id, data, name, operation, addr, credential) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)`,
		a.Tenant, h.IDs.Next(), h.Clock.Millis(), string(kind), null(by), act.Kind, null(act.Subject), string(b), text.Clean(act.Name), web.Operation(ctx), addr, credential)
	return err
}

// event is Record for this room's own deeds.
func (h *House) event(ctx context.Context, tx *db.Tx, a *Actor, kind string, subject id.ID, data map[string]any) error {
	return h.Record(ctx, tx, a, Act{Kind: kind, Subject: subject, Data: data})
}

// Audited says of which operations the door makes sure that they leave a trace:
// those that administer.
func Audited(op web.Op) bool {
	if op.Method == "GET" {
		return false
	}
	for _, e := range Catalogue {
		if string(e.Name) == op.Permission {
			return e.Group == "admin"
		}
	}
	return false
}

// Witness records an operation of which no room has told more.
func (h *House) Witness(ctx context.Context, tx *db.Tx, seen web.Seen) error {
	a := From(ctx)
	if a == nil {
		return nil
	}
	var data map[string]any
	if len(seen.Fields) > 0 {
		data = map[string]any{"fields": seen.Fields}
	}
	subject, err := id.Parse(seen.Subject)
	if err != nil && seen.Subject != "" {
		if data == nil {
			data = map[string]any{}
		}
		data["of"] = seen.Subject
	}
	return h.Record(ctx, tx, a, Act{Kind: seen.Operation, Subject: subject, Data: data})
}

// Event is one deed as it is read.
type Event struct {
	ID         id.ID
	At         clock.Time
	ActorKind  Kind
	Actor      id.ID
	Kind       string
	Subject    id.ID
	Name       string
	Operation  string
	Addr       string
	Credential string
	Data       json.RawMessage
}

// EventFilter says which deeds are asked for; zero values ask for all.
type EventFilter struct {
	Actor    id.ID
	Subject  id.ID
	Kind     string // whole, or up to a dot: "type." for all that is done to types
	From, To clock.Time
	Before   id.ID // the last one of the page before
}

// Events are the deeds that fit, newest first.
func (h *House) Events(ctx context.Context, tenant id.ID, f EventFilter, limit int) ([]Event, error) {
	before := id.ID(1<<63 - 1)
	if f.Before != 0 {
		before = f.Before
	}
	q := `select id, at, actor_kind, actor_id, kind, subject_id, data, name, operation, addr, credential from staff_event where tenant_id = $1 and id < $2`
	args := []any{tenant, before}
	and := func(text string, arg any) {
		args = append(args, arg)
		q += " and " + text + "$" + strconv.Itoa(len(args))
	}
	if f.Actor != 0 {
		and("actor_id = ", f.Actor)
	}
	if f.Subject != 0 {
		and("subject_id = ", f.Subject)
	}
	if n := len(f.Kind); n > 0 && f.Kind[n-1] == '.' {
		and("kind >= ", f.Kind)
		and("kind < ", f.Kind[:n-1]+"/") // the character after the dot
	} else if n > 0 {
		and("kind = ", f.Kind)
	}
	if f.From != 0 { // ids keep the order of time, but for moments
		and("id >= ", id.At(int64(f.From.Add(-time.Minute))))
		and("at >= ", int64(f.From))
	}
	if f.To != 0 {
		and("id < ", id.At(int64(f.To.Add(time.Minute))))
		and("at < ", int64(f.To))
	}
	args = append(args, limit)
	rows, err := h.DB.Query(ctx, q+` order by id desc limit `+"$"+strconv.Itoa(len(args)), args...)
	return db.Each(rows, err, func(r *sql.Rows) (Event, error) {
		var e Event
		var actor, subject sql.NullInt64
		var data string
		err := r.Scan(&e.ID, (*int64)(&e.At), &e.ActorKind, &actor, &e.Kind, &subject, &data, &e.Name, &e.Operation, &e.Addr, &e.Credential)
		e.Actor, e.Subject, e.Data = id.ID(actor.Int64), id.ID(subject.Int64), json.RawMessage(data)
		return e, err
	})
}
