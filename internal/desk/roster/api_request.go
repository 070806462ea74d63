package roster

import (
	"context"
	"database/sql"
	"net/http"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// Verdict takes a request a step further.
type Verdict struct {
	State  Progress `json:"state" enum:"accepted,approved,refused,withdrawn,taken"`
	Answer string   `json:"answer,omitempty" maxLength:"500"`
}

type verdictIn struct {
	web.PathID
	Body Verdict
}

// registerRequests adds the operations on leaves, swaps and hand-overs. Asking
// needs nothing but to be of the staff; what may be seen and decided is seen to
// by each operation.
func (m *Room) registerRequests(api *web.API) {
	op := func(method, path, name, summary string) web.Op {
		o := web.Op{Method: method, Path: "/roster" + path, ID: "roster-" + name, Summary: summary, Permission: web.SignedIn, Tags: tags}
		return o
	}
	create := func(path, name, summary string) web.Op {
		o := op("POST", path, name, summary)
		o.Status = http.StatusCreated
		return o
	}
	type listIn struct {
		web.Page
		User  web.ID `query:"user"`
		State string `query:"state" enum:"requested,accepted,approved,refused,withdrawn,open,taken"`
	}

	type leaveOut struct{ Body Leave }
	web.Register(api, op("GET", "/leaves", "leaves", "Leaves within reach, newest first; without reasons for those who do not decide"), func(ctx context.Context, in *listIn) (*struct{ Body web.List[Leave] }, error) {
		a := staff.From(ctx)
		w, limit, err := m.listOf(ctx, a, in.Page, in.State, "user_id", "")
		if err != nil {
			return nil, err
		}
		if in.User.ID != 0 {
			w.text += ` and user_id = ` + w.arg(in.User.ID)
		}
		list, err := rowsOf(ctx, m.DB, `select `+leaveColumns+` from roster_leave `, w, limit, scanLeave)
		if err != nil {
			return nil, err
		}
		dir, err := m.Staff.Directory(ctx, a.Tenant)
		if err != nil {
			return nil, err
		}
		for i, l := range list {
			p, _ := dir.User(l.User)
			list[i] = l.seenBy(a, within(a, staff.RosterManage, &p))
		}
		return &struct{ Body web.List[Leave] }{web.Cut(list, in.Limit, func(l Leave) id.ID { return l.ID })}, nil
	})
	web.Register(api, create("/leaves", "leave-create", "Ask for a leave, or write one down for somebody in one's charge"), func(ctx context.Context, in *struct{ Body NewLeave }) (*leaveOut, error) {
		l, err := m.AskLeave(ctx, staff.From(ctx), in.Body)
		return &leaveOut{l}, err
	})
	web.Register(api, op("POST", "/leaves/{id}/judge", "leave-judge", "Approve, refuse or withdraw a leave"), func(ctx context.Context, in *verdictIn) (*leaveOut, error) {
		l, err := m.JudgeLeave(ctx, staff.From(ctx), in.ID.ID, in.Body.State, in.Body.Answer)
		return &leaveOut{l}, err
	})

	type swapOut struct{ Body Swap }
	web.Register(api, op("GET", "/swaps", "swaps", "Swaps within reach, newest first"), func(ctx context.Context, in *listIn) (*struct{ Body web.List[Swap] }, error) {
		w, limit, err := m.listOf(ctx, staff.From(ctx), in.Page, in.State, "user_id", "other_id")
		if err != nil {
			return nil, err
		}
		if in.User.ID != 0 {
			u := w.arg(in.User.ID)
			w.text += ` and (user_id = ` + u + ` or other_id = ` + u + `)`
		}
		list, err := rowsOf(ctx, m.DB, `select `+swapColumns+` from roster_swap `, w, limit, scanSwap)
		return &struct{ Body web.List[Swap] }{web.Cut(list, in.Limit, func(s Swap) id.ID { return s.ID })}, err
	})
	web.Register(api, create("/swaps", "swap-create", "Ask somebody to exchange shifts"), func(ctx context.Context, in *struct{ Body NewSwap }) (*swapOut, error) {
		s, err := m.AskSwap(ctx, staff.From(ctx), in.Body)
		return &swapOut{s}, err
	})
	web.Register(api, op("POST", "/swaps/{id}/judge", "swap-judge", "Accept, approve, refuse or withdraw a swap"), func(ctx context.Context, in *verdictIn) (*swapOut, error) {
		s, err := m.JudgeSwap(ctx, staff.From(ctx), in.ID.ID, in.Body.State, in.Body.Answer)
		return &swapOut{s}, err
	})

	type handoverOut struct{ Body Handover }
	web.Register(api, op("GET", "/handovers", "handovers", "Hand-overs by me, to me or my teams, and of those in my charge"), func(ctx context.Context, in *listIn) (*struct{ Body web.List[Handover] }, error) {
		a := staff.From(ctx)
		w, limit, err := m.begin(in.Page, a, in.State)
		if err != nil {
			return nil, err
		}
		if a.Scope(staff.RosterManage) != staff.ScopeAll {
			dir, err := m.Staff.Directory(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			charge := []id.ID{a.ID}
			for _, p := range dir.Users() {
				if within(a, staff.RosterManage, p) {
					charge = append(charge, p.ID)
				}
			}
			w.text += ` and (` + w.in("user_id", charge) + ` or to_id = ` + w.arg(a.ID) + ` or ` + w.in("team_id", append([]id.ID{}, a.Teams...)) + `)`
		}
		if in.User.ID != 0 {
			u := w.arg(in.User.ID)
			w.text += ` and (user_id = ` + u + ` or to_id = ` + u + `)`
		}
		list, err := rowsOf(ctx, m.DB, `select `+handoverColumns+` from roster_handover `, w, limit, scanHandover)
		return &struct{ Body web.List[Handover] }{web.Cut(list, in.Limit, func(h Handover) id.ID { return h.ID })}, err
	})
	web.Register(api, create("/handovers", "handover-create", "Hand open matters over to a successor or a team"), func(ctx context.Context, in *struct{ Body NewHandover }) (*handoverOut, error) {
		h, err := m.HandOver(ctx, staff.From(ctx), in.Body)
		return &handoverOut{h}, err
	})
	web.Register(api, op("POST", "/handovers/{id}/judge", "handover-judge", "Take a hand-over, or withdraw one's own"), func(ctx context.Context, in *verdictIn) (*handoverOut, error) {
		h, err := m.TakeOver(ctx, staff.From(ctx), in.ID.ID, in.Body.State)
		return &handoverOut{h}, err
	})
}

// begin starts the condition of a list, newest first.
func (m *Room) begin(page web.Page, a *staff.Actor, state string) (*where, int, error) {
	before := id.ID(1<<63 - 1)
	if _, err := web.ParseCursor(page.Cursor, &before); err != nil {
		return nil, 0, err
	}
	w := &where{engine: m.DB.Engine()}
	w.text = `where tenant_id = ` + w.arg(a.Tenant) + ` and id < ` + w.arg(before)
	if state != "" {
		w.text += ` and state = ` + w.arg(state)
	}
	return w, page.Limit, nil
}

// listOf is begin with the reader's reach: one of the two columns names somebody
// whom it covers.
func (m *Room) listOf(ctx context.Context, a *staff.Actor, page web.Page, state, column, other string) (*where, int, error) {
	w, limit, err := m.begin(page, a, state)
	if err != nil {
		return nil, 0, err
	}
	users, err := m.reachable(ctx, a)
	if err != nil || users == nil {
		return w, limit, err
	}
	if other == "" {
		w.text += ` and ` + w.in(column, users)
		return w, limit, nil
	}
	w.text += ` and (` + w.in(column, users) + ` or ` + w.in(other, users) + `)`
	return w, limit, nil
}

func rowsOf[T any](ctx context.Context, d *db.DB, q string, w *where, limit int, scan func(interface{ Scan(...any) error }) (T, error)) ([]T, error) {
	rows, err := d.Query(ctx, q+w.text+` order by id desc limit `+w.arg(limit+1), w.args...)
	list, err := db.Each(rows, err, func(r *sql.Rows) (T, error) { return scan(r) })
	if list == nil {
		list = []T{}
	}
	return list, err
}
