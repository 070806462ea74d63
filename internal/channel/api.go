package channel

import (
	"context"
	"io"
	"net/http"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// itemJSON is something in quarantine on the wire.
type itemJSON struct {
	ID         id.ID      `json:"id"`
	Channel    string     `json:"channel"`
	Kind       string     `json:"kind"`
	Reason     string     `json:"reason"`
	Detail     string     `json:"detail,omitempty"`
	Size       int64      `json:"size"`
	ReceivedAt clock.Time `json:"received_at"`
}

// Register adds the operations on the quarantine (隔离区): what came in and
// could not be taken in safely waits there for a person.
func (in *Intake) Register(api *web.API) {
	may, tags := string(staff.QuarantineManage), []string{"Quarantine"}
	type listOut struct{ Body web.List[itemJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/quarantine", ID: "quarantine-list", Summary: "What could not be taken in", Permission: may, Tags: tags},
		func(ctx context.Context, page *web.Page) (*listOut, error) {
			var after id.ID
			if _, err := web.ParseCursor(page.Cursor, &after); err != nil {
				return nil, err
			}
			items, err := in.Items(ctx, staff.From(ctx).Tenant, Quarantined, after, page.Limit+1)
			if err != nil {
				return nil, err
			}
			rows := make([]itemJSON, len(items))
			for i, it := range items {
				rows[i] = itemJSON{it.ID, it.Channel, it.Kind, it.Reason, it.Detail, it.Size, it.ReceivedAt}
			}
			return &listOut{web.Cut(rows, page.Limit, func(i itemJSON) id.ID { return i.ID })}, nil
		})
	web.Handle(api, web.Op{Method: http.MethodGet, Path: "/quarantine/{id}/raw", ID: "quarantine-raw", Summary: "The raw bytes, as a download", Permission: may, Tags: tags},
		func(w http.ResponseWriter, r *http.Request) error {
			item, err := id.Parse(r.PathValue("id"))
			if err != nil {
				return fault.Missing("inbound")
			}
			raw, err := in.Raw(r.Context(), staff.From(r.Context()).Tenant, item)
			if err != nil {
				return err
			}
			defer raw.Close()
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Disposition", `attachment; filename="`+item.String()+`.bin"`)
			w.Header().Set("X-Content-Type-Options", "nosniff")
			_, err = io.Copy(w, raw)
			return err
		})
	type one struct {
		ID web.ID `path:"id"`
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/quarantine/{id}/retry", ID: "quarantine-retry", Summary: "Try to take it in again", Permission: may, Tags: tags},
		func(ctx context.Context, o *one) (*struct{}, error) {
			return nil, in.Retry(ctx, staff.From(ctx).Tenant, o.ID.ID)
		})
	web.Register(api, web.Op{Method: http.MethodDelete, Path: "/quarantine/{id}", ID: "quarantine-discard", Summary: "Give it up", Permission: may, Tags: tags},
		func(ctx context.Context, o *one) (*struct{}, error) {
			return nil, in.Discard(ctx, staff.From(ctx).Tenant, o.ID.ID)
		})
}
