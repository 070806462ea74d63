package exchange

import (
	"context"
	"database/sql"
	"fmt"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// listIn asks for a page of orders: exports or imports.
type listIn struct {
	web.Page
	All bool `query:"all" doc:"everybody's, for who reads the audit trail"`
}

// registerList adds the list of what people have ordered, the newest first:
// one's own, or everybody's for who reads the audit trail. Then each says whose
// it is.
func registerList[T, J any](m *Room, api *web.API, op web.Op, scan func(r scanner, tenant id.ID) (*T, error), key func(*T) id.ID,
	wire func(ctx context.Context, a *staff.Actor, dir *staff.Directory, x *T) (J, error), table, columns string) {
	type listOut struct{ Body web.List[J] }
	q := `select ` + columns + ` from ` + table + ` where x.tenant_id = $1 and x.id < $2%s order by x.id desc limit $3`
	web.Register(api, op, func(ctx context.Context, in *listIn) (*listOut, error) {
		a := staff.From(ctx)
		var before id.ID = 1<<62 - 1
		if _, err := web.ParseCursor(in.Cursor, &before); err != nil {
			return nil, err
		}
		whose, args := ` and x.user_id = $4`, []any{a.Tenant, before, in.Limit + 1, a.ID}
		var dir *staff.Directory
		if in.All {
			if a.Scope(staff.AuditRead) == staff.ScopeNone {
				return nil, fault.New(fault.Forbidden, "forbidden", "who took or brought what is for who reads the audit trail").With("permission", string(staff.AuditRead))
			}
			var err error
			if dir, err = m.Staff.Directory(ctx, a.Tenant); err != nil {
				return nil, err
			}
			whose, args = "", args[:3]
		}
		rows, err := m.DB.Query(ctx, fmt.Sprintf(q, whose), args...)
		list, err := db.Each(rows, err, func(r *sql.Rows) (*T, error) { return scan(r, a.Tenant) })
		if err != nil {
			return nil, err
		}
		page := web.Cut(list, in.Limit, key)
		out := &listOut{web.List[J]{Items: []J{}, NextCursor: page.NextCursor}}
		for _, x := range page.Items {
			j, err := wire(ctx, a, dir, x)
			if err != nil {
				return nil, err
			}
			out.Body.Items = append(out.Body.Items, j)
		}
		return out, nil
	})
}
