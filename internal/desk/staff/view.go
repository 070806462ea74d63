package staff

import (
	"context"
	"database/sql"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// To view as somebody (以此身份查看) is to see the workspace as another person, or
// as oneself with nothing but one role, would see it. It belongs to one session,
// ends by itself, and only reads: the door refuses every write meanwhile, and
// nothing that the viewed person would leave by looking (presence, last use) is
// left. Nobody views as somebody who holds more than they do. Beginning and end
// stand in the trail.

// viewFor is how long a view lasts.
const viewFor = time.Hour

// View is who is looking as whom.
type View struct {
	By    Named      `json:"by"`
	User  *Named     `json:"user,omitempty"`
	Role  *Named     `json:"role,omitempty"`
	Until clock.Time `json:"until"`
}

// ReadOnly says that the actor only looks.
func (a *Actor) ReadOnly() bool { return a.viewer != 0 }

var errViewHigher error = fault.New(fault.Forbidden, "role.higher", "nobody views as somebody who has rights that they do not hold")

// lens is the actor by which a session sees: the person's own while the view is
// over or not allowed any more.
func (d *Directory) lens(p *Person, user, role id.ID) *Actor {
	own := d.actor(p)
	seen := own
	if role != 0 {
		r, ok := d.roles[role]
		if !ok {
			return own
		}
		seen = d.actor(p)
		seen.Grants = r.Grants
	} else {
		target, ok := d.users[user]
		if !ok || !target.Active {
			return own
		}
		seen = d.actor(target)
		seen.Locale = p.Locale
	}
	if !own.covers(seen.Grants) {
		return own
	}
	seen.viewer = p.ID
	return seen
}

// ViewAs makes a session see as a person or as a role would (one of the two is
// zero), or as itself again (both are).
func (h *House) ViewAs(ctx context.Context, a *Actor, user, role id.ID) error {
	if !a.OnScreen() && !a.ReadOnly() {
		return fault.New(fault.Conflict, "session.token", "a token is no session")
	}
	who := a.ID
	if a.viewer != 0 {
		who = a.viewer
	}
	if user != 0 && role != 0 {
		return fault.Bad("role_id", "invalid", "a person or a role, not both")
	}
	return h.change(ctx, a, func(ctx context.Context, tx *db.Tx, dir *Directory) error {
		me, ok := dir.users[who]
		if !ok {
			return fault.Missing("user")
		}
		act := Act{Kind: "view.ended"}
		until := int64(0)
		if user != 0 || role != 0 {
			target, person := dir.users[user]
			r, some := dir.roles[role]
			switch {
			case user != 0 && (!person || !target.Active):
				return fault.Bad("user_id", "unknown", "there is no such active person")
			case role != 0 && !some:
				return fault.Bad("role_id", "unknown", "there is no such role")
			case user == who:
				return fault.Bad("user_id", "invalid", "that is yourself")
			}
			if dir.lens(me, user, role).viewer == 0 {
				return errViewHigher
			}
			until = int64(h.Clock.Now().Add(viewFor))
			act = Act{Kind: "view.started", Subject: user}
			if some {
				act.Subject, act.Name = role, r.Name
			}
		}
		n, err := tx.Exec(ctx, `update staff_session set as_user = $3, as_role = $4, as_until = $5 where tenant_id = $1 and id = $2`, a.Tenant, a.credentialID, null(user), null(role), until)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Missing("session")
		}
		return h.Record(ctx, tx, a, act)
	})
}

// viewing is what a session's view is, for the screen; nil when there is none.
func (h *House) viewing(ctx context.Context, dir *Directory, a *Actor) (*View, error) {
	if a.viewer == 0 {
		return nil, nil
	}
	var user, role sql.NullInt64
	v := &View{}
	err := h.DB.QueryRow(ctx, `select as_user, as_role, as_until from staff_session where tenant_id = $1 and id = $2`, a.Tenant, a.credentialID).Scan(&user, &role, (*int64)(&v.Until))
	if err != nil {
		return nil, err
	}
	if p, ok := dir.User(a.viewer); ok {
		v.By = Named{p.ID, p.Name}
	}
	if p, ok := dir.User(id.ID(user.Int64)); ok {
		v.User = &Named{p.ID, p.Name}
	}
	if r, ok := dir.Role(id.ID(role.Int64)); ok {
		v.Role = &Named{r.ID, r.Name}
	}
	return v, nil
}
