package staff

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/sheet"
	"zhidan/internal/platform/web"
)

// EventJSON is a deed on the wire, with names as they are now.
type EventJSON struct {
	ID         id.ID           `json:"id"`
	At         clock.Time      `json:"at"`
	ActorKind  Kind            `json:"actor_kind"`
	Actor      id.ID           `json:"actor_id,omitzero"`
	ActorName  string          `json:"actor_name,omitempty"`
	Kind       string          `json:"kind"`
	Subject    id.ID           `json:"subject_id,omitzero"`
	Name       string          `json:"name,omitempty" doc:"what it was done to"`
	Operation  string          `json:"operation,omitempty"`
	Addr       string          `json:"addr,omitempty"`
	Credential string          `json:"credential,omitempty" doc:"session or token"`
	Data       json.RawMessage `json:"data"`
}

func (h *House) eventJSON(dir *Directory, e Event) EventJSON {
	j := EventJSON{ID: e.ID, At: e.At, ActorKind: e.ActorKind, Actor: e.Actor, Kind: e.Kind, Subject: e.Subject, Name: e.Name,
		Operation: e.Operation, Addr: e.Addr, Credential: e.Credential, Data: e.Data}
	if p, ok := dir.User(e.Actor); ok {
		j.ActorName = p.Name
	}
	if p, ok := dir.User(e.Subject); ok && j.Name == "" { // names of people are not kept, only looked up
		j.Name = p.Name
	}
	return j
}

// EventQuery says which deeds are asked for.
type EventQuery struct {
	Actor   web.ID   `query:"actor_id"`
	Subject web.ID   `query:"subject_id"`
	Kind    string   `query:"kind" maxLength:"100" doc:"such as type.updated, or type. for all that is done to types"`
	From    web.Time `query:"from"`
	To      web.Time `query:"to"`
}

func (q EventQuery) filter() EventFilter {
	return EventFilter{Actor: q.Actor.ID, Subject: q.Subject.ID, Kind: q.Kind, From: q.From.Time, To: q.To.Time}
}

// mostExported bounds one file; who needs more takes it by spans of time.
const mostExported = 50_000

func (h *House) registerTrail(api *web.API) {
	may, tags := string(AuditRead), []string{"Audit"}
	type listIn struct {
		web.Page
		EventQuery
	}
	web.Register(api, web.Op{Method: "GET", Path: "/audit", ID: "audit-list", Summary: "What was done to people, rights and settings", Permission: may, Tags: tags},
		func(ctx context.Context, in *listIn) (*struct{ Body web.List[EventJSON] }, error) {
			f := in.filter()
			if _, err := web.ParseCursor(in.Cursor, &f.Before); err != nil {
				return nil, err
			}
			dir, err := h.Directory(ctx, From(ctx).Tenant)
			if err != nil {
				return nil, err
			}
			events, err := h.Events(ctx, From(ctx).Tenant, f, in.Limit+1)
			cut := web.Cut(events, in.Limit, func(e Event) id.ID { return e.ID })
			out := web.List[EventJSON]{Items: []EventJSON{}, NextCursor: cut.NextCursor}
			for _, e := range cut.Items {
				out.Items = append(out.Items, h.eventJSON(dir, e))
			}
			return &struct{ Body web.List[EventJSON] }{out}, err
		})
	web.Handle(api, web.Op{Method: "GET", Path: "/audit.csv", ID: "audit-export", Summary: "The same as a table, at most 50,000 rows", Permission: may, Tags: tags, Timeout: 2 * time.Minute},
		h.exportTrail)
}

func (h *House) exportTrail(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a := From(ctx)
	f, err := filterOf(r)
	if err != nil {
		return err
	}
	dir, err := h.Directory(ctx, a.Tenant)
	if err != nil {
		return err
	}
	if err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return h.event(ctx, tx, a, "audit.exported", 0, nil) }); err != nil {
		return err
	}
	events, err := h.Events(ctx, a.Tenant, f, 500)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="audit.csv"`)
	out, err := sheet.NewWriter(w, sheet.CSV, sheet.Options{BOM: true})
	if err != nil {
		return err
	}
	if err := out.Row([]any{"id", "at", "actor_kind", "actor_id", "actor_name", "kind", "subject_id", "name", "operation", "addr", "credential", "data"}); err != nil {
		return err
	}
	for n := 0; len(events) > 0 && n < mostExported; n += len(events) {
		for _, e := range events {
			j := h.eventJSON(dir, e)
			if err := out.Row([]any{j.ID.String(), j.At.Std().Format(time.RFC3339), string(j.ActorKind), told(j.Actor), j.ActorName, j.Kind, told(j.Subject), j.Name, j.Operation, j.Addr, j.Credential, string(j.Data)}); err != nil {
				return err
			}
		}
		f.Before = events[len(events)-1].ID
		if events, err = h.Events(ctx, a.Tenant, f, 500); err != nil {
			return err
		}
	}
	return out.Close()
}

func told(i id.ID) string {
	if i == 0 {
		return ""
	}
	return i.String()
}

func filterOf(r *http.Request) (EventFilter, error) {
	q := r.URL.Query()
	f := EventFilter{Kind: q.Get("kind")}
	for name, to := range map[string]*id.ID{"actor_id": &f.Actor, "subject_id": &f.Subject} {
		if v := q.Get(name); v != "" {
			x, err := id.Parse(v)
			if err != nil {
				return f, fault.Bad(name, "invalid", "this is not a value for %s", name)
			}
			*to = x
		}
	}
	for name, to := range map[string]*clock.Time{"from": &f.From, "to": &f.To} {
		if v := q.Get(name); v != "" {
			if err := to.UnmarshalText([]byte(v)); err != nil {
				return f, fault.Bad(name, "invalid", "this is not a value for %s", name)
			}
		}
	}
	return f, nil
}
