package ticket

import (
	"context"
	"encoding/json"
	"net/http"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/web"
)

// MaxNewDraft is how long what is typed for a caller may be, as JSON.
const MaxNewDraft = 64 << 10

// NewDraft is what somebody has typed for a caller and not yet saved. The
// client alone knows its form.
type NewDraft struct {
	Form      json.RawMessage
	UpdatedAt clock.Time
}

const newDraftPurpose = "ticket.new_draft"

// SaveNewDraft keeps one's own draft of a new ticket, sealed: it holds a number
// and a name that belong to nobody's row yet.
func (d *Desk) SaveNewDraft(ctx context.Context, a *staff.Actor, form json.RawMessage) (clock.Time, error) {
	if len(form) > MaxNewDraft {
		return 0, fault.Bad("form", "too_long", "a draft has at most %d bytes", MaxNewDraft)
	}
	keys, err := d.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return 0, err
	}
	sealed, err := keys.Seal(newDraftPurpose+":"+a.ID.String(), form)
	if err != nil {
		return 0, err
	}
	at := d.Clock.Now()
	return at, d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into ticket_new_draft (tenant_id, user_id, sealed, updated_at) values ($1, $2, $3, $4)
			on conflict (tenant_id, user_id) do update set sealed = excluded.sealed, updated_at = excluded.updated_at`, a.Tenant, a.ID, sealed, at)
		return err
	})
}

// NewDraft reads one's own draft of a new ticket; an empty one when there is
// none.
func (d *Desk) NewDraft(ctx context.Context, a *staff.Actor) (NewDraft, error) {
	var out NewDraft
	var sealed []byte
	err := d.DB.QueryRow(ctx, `select sealed, updated_at from ticket_new_draft where tenant_id = $1 and user_id = $2`, a.Tenant, a.ID).Scan(&sealed, &out.UpdatedAt)
	if isNoRows(err) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	keys, err := d.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	out.Form, err = keys.Open(newDraftPurpose+":"+a.ID.String(), sealed)
	return out, err
}

// DropNewDraft throws one's own draft of a new ticket away.
func (d *Desk) DropNewDraft(ctx context.Context, a *staff.Actor) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `delete from ticket_new_draft where tenant_id = $1 and user_id = $2`, a.Tenant, a.ID)
		return err
	})
}

type newDraftJSON struct {
	Form      map[string]any `json:"form,omitempty" doc:"as the client made it"`
	UpdatedAt clock.Time     `json:"updated_at,omitzero" readOnly:"true"`
}

func (d *Desk) registerNewDraft(api *web.API) {
	type out struct{ Body newDraftJSON }
	op := func(method, name, summary string) web.Op {
		return web.Op{Method: method, Path: "/me/new-ticket", ID: "new-ticket-draft-" + name, Summary: summary, Permission: string(staff.TicketCreate), Tags: tags, MaxBody: 2 * MaxNewDraft}
	}
	web.Register(api, op(http.MethodGet, "read", "Read what one has typed of a new ticket"), func(ctx context.Context, _ *struct{}) (*out, error) {
		x, err := d.NewDraft(ctx, actor(ctx))
		if err != nil || x.Form == nil {
			return &out{}, err
		}
		o := &out{newDraftJSON{UpdatedAt: x.UpdatedAt}}
		return o, json.Unmarshal(x.Form, &o.Body.Form)
	})
	web.Register(api, op(http.MethodPut, "save", "Keep what one types of a new ticket"), func(ctx context.Context, in *struct{ Body newDraftJSON }) (*out, error) {
		raw, err := json.Marshal(in.Body.Form)
		if err != nil {
			return nil, err
		}
		in.Body.UpdatedAt, err = d.SaveNewDraft(ctx, actor(ctx), raw)
		return &out{in.Body}, err
	})
	web.Register(api, op(http.MethodDelete, "drop", "Throw it away"), func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		return nil, d.DropNewDraft(ctx, actor(ctx))
	})
}
