package routing

import (
	"context"
	"net/http"

	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

type simulationOut struct{ Body *Simulation }

func (m *Room) registerSimulations(api *web.API) {
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/routing/simulations", ID: "routing-simulate", Summary: "Replay the tickets of the last days against other rules, in the background", Permission: mayManage,
		Tags: tags, Status: http.StatusAccepted, MaxBody: maxBody},
		func(ctx context.Context, in *struct {
			Body struct {
				Rules   *RuleSet `json:"rules,omitempty" doc:"either these"`
				Version int64    `json:"version,omitempty" minimum:"0" doc:"or a stored set"`
				Days    int      `json:"days" minimum:"1" maximum:"30"`
			}
		}) (*simulationOut, error) {
			s, err := m.StartSimulation(ctx, actor(ctx), in.Body.Rules, in.Body.Version, min(in.Body.Days, maxDays))
			return &simulationOut{s}, err
		})
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/simulations", ID: "routing-simulations", Summary: "List the simulations that are kept, newest first", Permission: mayRead, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*struct{ Body web.List[*Simulation] }, error) {
			list, err := m.Simulations(ctx, actor(ctx).Tenant)
			return &struct{ Body web.List[*Simulation] }{web.List[*Simulation]{Items: orEmpty(list)}}, err
		})
	type one struct{ web.PathID }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/simulations/{id}", ID: "routing-simulation", Summary: "Read a simulation", Permission: mayRead, Tags: tags},
		func(ctx context.Context, in *one) (*simulationOut, error) {
			s, err := m.Simulation(ctx, actor(ctx).Tenant, in.ID.ID)
			return &simulationOut{s}, err
		})
	web.Register(api, web.Op{Method: http.MethodDelete, Path: "/routing/simulations/{id}", ID: "routing-simulation-cancel", Summary: "Stop a simulation", Permission: mayManage, Tags: tags,
		Status: http.StatusNoContent},
		func(ctx context.Context, in *one) (*struct{}, error) {
			return nil, m.CancelSimulation(ctx, actor(ctx).Tenant, in.ID.ID)
		})
}

func (m *Room) registerReports(api *web.API) {
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/shadow", ID: "routing-shadow", Summary: "What the rules beside the active ones would have done otherwise", Permission: mayRead, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*struct{ Body ShadowJSON }, error) {
			out, err := m.shadowReport(ctx, actor(ctx).Tenant)
			return &struct{ Body ShadowJSON }{out}, err
		})
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/balance", ID: "routing-balance", Summary: "Who was given how much, by week, of those in one's reach", Permission: mayRead, Tags: tags},
		func(ctx context.Context, in *struct {
			From web.Time `query:"from" required:"true" doc:"RFC 3339"`
			To   web.Time `query:"to" required:"true"`
			Team web.ID   `query:"team"`
		}) (*struct{ Body BalanceJSON }, error) {
			out, err := m.balance(ctx, actor(ctx), in.From.Time, in.To.Time, id.ID(in.Team.ID))
			return &struct{ Body BalanceJSON }{out}, err
		})
}
