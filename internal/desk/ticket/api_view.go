package ticket

import (
	"context"
	"encoding/json"
	"net/http"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// ViewJSON is a saved list on the wire.
type ViewJSON struct {
	ID       id.ID    `json:"id"`
	Name     Words    `json:"name"`
	Scope    string   `json:"scope" enum:"shipped,own,team,role,shared"`
	Owner    id.ID    `json:"owner_id,omitzero"`
	SeenBy   []id.ID  `json:"seen_by" doc:"the teams, or the roles, that it is shared with"`
	Filter   string   `json:"filter"`
	Sort     string   `json:"sort"`
	Columns  []Column `json:"columns" doc:"of the table; none: the usual ones"`
	Folder   string   `json:"folder,omitempty"`
	Position int      `json:"position"`
	Retired  bool     `json:"retired" doc:"kept, but in nobody's column"`
	Version  int64    `json:"version"`
}

func (v View) json() ViewJSON {
	j := ViewJSON(v)
	if j.Columns == nil {
		j.Columns = []Column{}
	}
	if j.SeenBy == nil {
		j.SeenBy = []id.ID{}
	}
	return j
}

type viewBody struct {
	Name     Words    `json:"name"`
	Scope    string   `json:"scope" enum:"own,team,role,shared"`
	SeenBy   []id.ID  `json:"seen_by,omitempty" maxItems:"50" doc:"of a team view the teams, of a role view the roles"`
	Filter   string   `json:"filter" maxLength:"4096"`
	Columns  []Column `json:"columns,omitempty" maxItems:"30"`
	Folder   string   `json:"folder,omitempty" maxLength:"60"`
	Sort     string   `json:"sort,omitempty" enum:"updated,-updated,created,-created,priority,-priority,due,-due"`
	Position int      `json:"position,omitempty" minimum:"0" maximum:"100000"`
	Retired  bool     `json:"retired,omitempty"`
}

func (b viewBody) view() View {
	return View{Name: b.Name, Scope: b.Scope, SeenBy: b.SeenBy, Filter: b.Filter, Sort: b.Sort, Columns: b.Columns, Folder: b.Folder, Position: b.Position, Retired: b.Retired}
}

func (d *Desk) registerViews(api *web.API) {
	viewTags := []string{"Views"}
	read := string(staff.TicketRead)
	type listOut struct{ Body []ViewJSON }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/views", ID: "view-list", Summary: "The lists one sees", Permission: read, Tags: viewTags},
		func(ctx context.Context, _ *struct{}) (*listOut, error) {
			views, err := d.Views(ctx, actor(ctx))
			out := &listOut{Body: []ViewJSON{}}
			for _, v := range views {
				out.Body = append(out.Body, v.json())
			}
			return out, err
		})
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/views/shared", ID: "view-shared", Summary: "The lists shared with others that one may change, retired ones among them", Permission: string(staff.ViewShare), Tags: viewTags},
		func(ctx context.Context, _ *struct{}) (*listOut, error) {
			views, err := d.SharedViews(ctx, actor(ctx))
			out := &listOut{Body: []ViewJSON{}}
			for _, v := range views {
				out.Body = append(out.Body, v.json())
			}
			return out, err
		})
	type countsOut struct{ Body map[string]Count }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/views/counts", ID: "view-counts", Summary: "How many tickets each list holds, up to a cap", Permission: read, Tags: viewTags},
		func(ctx context.Context, in *struct {
			IDs []string `query:"ids" maxItems:"60" doc:"of these views; default: all shipped ones but the whole list"`
		}) (*countsOut, error) {
			a := actor(ctx)
			views, err := d.Views(ctx, a)
			if err != nil {
				return nil, err
			}
			wanted := map[string]bool{}
			for _, v := range in.IDs {
				wanted[v] = true
			}
			out := &countsOut{Body: map[string]Count{}}
			for _, v := range views {
				if len(wanted) > 0 && !wanted[v.ID.String()] || len(wanted) == 0 && v.Filter == "" || len(out.Body) >= 60 {
					continue
				}
				n, err := d.Count(ctx, a, v.Filter)
				if err != nil {
					return nil, err
				}
				out.Body[v.ID.String()] = n
			}
			return out, nil
		})
	type viewOut struct{ Body ViewJSON }
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/views", ID: "view-create", Summary: "Save a list", Permission: read, Tags: viewTags, Status: http.StatusCreated},
		func(ctx context.Context, in *struct{ Body viewBody }) (*viewOut, error) {
			v, err := d.SaveView(ctx, actor(ctx), in.Body.view())
			return &viewOut{v.json()}, err
		})
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/views/{id}", ID: "view-update", Summary: "Change a saved list", Permission: read, Tags: viewTags},
		func(ctx context.Context, in *struct {
			TicketID
			web.IfMatch
			Body viewBody
		}) (*viewOut, error) {
			v := in.Body.view()
			v.ID, v.Version = in.ID.ID, in.IfMatch.Version()
			v, err := d.SaveView(ctx, actor(ctx), v)
			return &viewOut{v.json()}, err
		})
	web.Register(api, web.Op{Method: http.MethodDelete, Path: "/views/{id}", ID: "view-delete", Summary: "Delete a saved list", Permission: read, Tags: viewTags},
		func(ctx context.Context, in *TicketID) (*struct{}, error) {
			return nil, d.DeleteView(ctx, actor(ctx), in.ID.ID)
		})
}

func (d *Desk) registerArrange(api *web.API) {
	type in struct {
		Body struct {
			Views []Placed `json:"views" minItems:"1" maxItems:"200"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/views/order", ID: "view-arrange", Summary: "Put saved lists in order and into folders",
		Permission: string(staff.TicketRead), Tags: []string{"Views"}},
		func(ctx context.Context, in *in) (*struct{}, error) {
			return nil, d.ArrangeViews(ctx, actor(ctx), in.Body.Views)
		})
}

// BulkJSON is a bulk change on the wire.
type BulkJSON struct {
	ID         id.ID       `json:"id"`
	Action     string      `json:"action"`
	State      string      `json:"state" enum:"running,done,cancelled"`
	Total      int         `json:"total"`
	Done       int         `json:"done"`
	Failed     int         `json:"failed"`
	Errors     []BulkError `json:"errors"`
	Undo       id.ID       `json:"undo_id,omitzero"`
	CreatedAt  clock.Time  `json:"created_at"`
	FinishedAt clock.Time  `json:"finished_at,omitzero"`
}

// Wire is the bulk change as the API shows it.
func (b *Bulk) Wire() BulkJSON { return b.json() }

func (b *Bulk) json() BulkJSON {
	j := BulkJSON{b.ID, b.Action, b.State, b.Total, b.Done, b.Failed, b.Errors, b.Undo, b.CreatedAt, b.FinishedAt}
	if j.Errors == nil {
		j.Errors = []BulkError{}
	}
	return j
}

func (d *Desk) registerBulk(api *web.API) {
	bulkTags := []string{"Bulk"}
	may := string(staff.TicketBulk)
	type bulkBody struct {
		Action string          `json:"action" maxLength:"64"`
		Input  json.RawMessage `json:"input,omitempty"`
		IDs    []id.ID         `json:"ids,omitempty" maxItems:"5000"`
		Filter string          `json:"filter,omitempty" maxLength:"4096" doc:"instead of ids: all tickets of this condition, at most 5000"`
		View   id.ID           `json:"view_id,omitzero"`
		Q      string          `json:"q,omitempty" maxLength:"500"`
	}
	type bulkOut struct{ Body BulkJSON }
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/bulk", ID: "bulk-start", Summary: "Carry out one action on many tickets",
		Permission: may, Tags: bulkTags, Status: http.StatusAccepted},
		func(ctx context.Context, in *struct{ Body bulkBody }) (*bulkOut, error) {
			a := actor(ctx)
			ids := in.Body.IDs
			if len(ids) == 0 && (in.Body.Filter != "" || in.Body.View != 0 || in.Body.Q != "") {
				q := Query{Filter: in.Body.Filter, Text: in.Body.Q, Limit: MaxPage}
				if err := d.byView(ctx, a, in.Body.View, &q); err != nil {
					return nil, err
				}
				for len(ids) < MaxBulk {
					p, err := d.List(ctx, a, q)
					if err != nil {
						return nil, err
					}
					for _, t := range p.Items {
						ids = append(ids, t.ID)
					}
					if q.Cursor = p.Next; p.Next == "" {
						break
					}
				}
				ids = ids[:min(len(ids), MaxBulk)]
			}
			b, err := d.StartBulk(ctx, a, in.Body.Action, in.Body.Input, ids)
			if err != nil {
				return nil, err
			}
			return &bulkOut{b.json()}, nil
		})
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/bulk/{id}", ID: "bulk-read", Summary: "How far a bulk change is", Permission: string(staff.TicketRead), Tags: bulkTags},
		func(ctx context.Context, in *TicketID) (*bulkOut, error) {
			b, err := d.GetBulk(ctx, actor(ctx), in.ID.ID)
			if err != nil {
				return nil, err
			}
			return &bulkOut{b.json()}, nil
		})
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/bulk/{id}/cancel", ID: "bulk-cancel", Summary: "Stop a bulk change", Permission: may, Tags: bulkTags},
		func(ctx context.Context, in *TicketID) (*bulkOut, error) {
			b, err := d.CancelBulk(ctx, actor(ctx), in.ID.ID)
			if err != nil {
				return nil, err
			}
			return &bulkOut{b.json()}, nil
		})
}
