package channel

import (
	"context"
	"io"
	"net/http"
	"strings"
	"unicode"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// ItemJSON is something in quarantine on the wire.
type ItemJSON struct {
	ID         id.ID      `json:"id"`
	Channel    string     `json:"channel"`
	Kind       string     `json:"kind"`
	Reason     string     `json:"reason"`
	Detail     string     `json:"detail,omitempty"`
	Size       int64      `json:"size"`
	ReceivedAt clock.Time `json:"received_at"`
}

// heldJSON is one item with what can be shown of it safely: characters, never
// markup, and not all of something large.
type heldJSON struct {
	ItemJSON
	Sender  string `json:"sender,omitempty" doc:"as the content says, if it can be read that far"`
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text"`
	Cut     bool   `json:"cut" doc:"there is more of it"`
}

// shownRaw is how much of raw content is shown.
const shownRaw = 64 << 10

func (in *Intake) look(ctx context.Context, tenant, item id.ID) (j heldJSON, err error) {
	it, err := in.Item(ctx, tenant, item)
	if err == nil && it.State != Quarantined {
		err = fault.Missing("inbound")
	}
	if err != nil {
		return j, err
	}
	j.ItemJSON = ItemJSON{it.ID, it.Channel, it.Kind, it.Reason, it.Detail, it.Size, it.ReceivedAt}
	raw, err := in.Raw(ctx, tenant, item)
	if err != nil {
		return j, err
	}
	defer raw.Close()
	head, err := io.ReadAll(io.LimitReader(raw, shownRaw+1))
	if err != nil {
		return j, err
	}
	j.Cut = len(head) > shownRaw
	head = head[:min(len(head), shownRaw)]
	j.Text = plain(head)
	if k := in.kinds[it.Kind]; k.Envelope != nil {
		j.Sender, j.Subject = k.Envelope(head)
	}
	return j, nil
}

// plain is bytes as text that does nothing on a screen: what is no UTF-8 and
// what controls a terminal or turns the direction of writing becomes a mark.
func plain(raw []byte) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(string(raw), "\ufffd"))
}

// Register adds the operations on the quarantine (隔离区): what came in and
// could not be taken in safely waits there for a person.
func (in *Intake) Register(api *web.API) {
	may, tags := string(staff.QuarantineManage), []string{"Quarantine"}
	type listOut struct{ Body web.List[ItemJSON] }
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
			rows := make([]ItemJSON, len(items))
			for i, it := range items {
				rows[i] = ItemJSON{it.ID, it.Channel, it.Kind, it.Reason, it.Detail, it.Size, it.ReceivedAt}
			}
			return &listOut{web.Cut(rows, page.Limit, func(i ItemJSON) id.ID { return i.ID })}, nil
		})
	type one struct {
		ID web.ID `path:"id"`
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/quarantine/{id}", ID: "quarantine-read", Summary: "One of them, with the beginning of its raw content as plain text", Permission: may, Tags: tags},
		func(ctx context.Context, o *one) (*struct{ Body heldJSON }, error) {
			j, err := in.look(ctx, staff.From(ctx).Tenant, o.ID.ID)
			return &struct{ Body heldJSON }{j}, err
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
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/quarantine/{id}/retry", ID: "quarantine-retry", Summary: "Try to take it in again", Permission: may, Tags: tags},
		func(ctx context.Context, o *one) (*struct{}, error) {
			return nil, in.Retry(ctx, staff.From(ctx).Tenant, o.ID.ID)
		})
	web.Register(api, web.Op{Method: http.MethodDelete, Path: "/quarantine/{id}", ID: "quarantine-discard", Summary: "Give it up", Permission: may, Tags: tags},
		func(ctx context.Context, o *one) (*struct{}, error) {
			return nil, in.Discard(ctx, staff.From(ctx).Tenant, o.ID.ID)
		})
}
