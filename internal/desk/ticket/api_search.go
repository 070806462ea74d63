package ticket

import (
	"context"
	"net/http"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/web"
)

func (d *Desk) registerSearch(api *web.API) {
	searchTags := []string{"Search"}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/search/suggestions", ID: "search-suggest", Summary: "A few tickets, customers and companies for what is being typed",
		Permission: string(staff.TicketRead), Tags: searchTags},
		func(ctx context.Context, in *struct {
			Q string `query:"q" maxLength:"200" doc:"what has been typed so far"`
		}) (*struct{ Body Suggestions }, error) {
			s, err := d.Suggest(ctx, actor(ctx), in.Q)
			return &struct{ Body Suggestions }{s}, err
		})
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/search/facets", ID: "search-facets", Summary: "What the newest hits of a search are like, with counts",
		Permission: string(staff.TicketRead), Tags: searchTags},
		func(ctx context.Context, in *struct {
			Q      string `query:"q" maxLength:"500" doc:"words to search for"`
			Filter string `query:"filter" maxLength:"4096" doc:"a condition in CEL"`
		}) (*struct{ Body Facets }, error) {
			f, err := d.FacetsOf(ctx, actor(ctx), in.Q, in.Filter)
			return &struct{ Body Facets }{f}, err
		})
}
