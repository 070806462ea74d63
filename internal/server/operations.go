package server

import (
	"context"
	"net/http"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/live"
	"zhidan/internal/platform/web"
)

// registerOperations adds what an operator needs: the jobs that failed too
// often, to be tried again or skipped.
func (s *Server) registerOperations() {
	type parkedJSON struct {
		ID       id.ID      `json:"id"`
		Kind     string     `json:"kind"`
		Key      string     `json:"key"`
		Attempts int        `json:"attempts"`
		Error    string     `json:"error"`
		ParkedAt clock.Time `json:"parked_at"`
		Behind   int        `json:"behind" doc:"jobs of the same key that wait for it"`
	}
	type listOut struct{ Body web.List[parkedJSON] }
	may, tags := string(staff.JobManage), []string{"Operations"}
	web.Register(s.API, web.Op{Method: http.MethodGet, Path: "/jobs/parked", ID: "job-parked", Summary: "Jobs that failed too often", Permission: may, Tags: tags},
		func(ctx context.Context, in *web.Page) (*listOut, error) {
			var after id.ID
			if _, err := web.ParseCursor(in.Cursor, &after); err != nil {
				return nil, err
			}
			parked, err := s.Jobs.Parked(ctx, s.DB, staff.From(ctx).Tenant, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			rows := make([]parkedJSON, len(parked))
			for i, p := range parked {
				rows[i] = parkedJSON{p.ID, p.Kind, p.Key, p.Attempt, p.Error, p.ParkedAt, 0}
			}
			return &listOut{web.Cut(rows, in.Limit, func(p parkedJSON) id.ID { return p.ID })}, nil
		})
	type jobID struct {
		ID web.ID `path:"id"`
	}
	for name, do := range map[string]func(ctx context.Context, tx *db.Tx, tenant, job id.ID) error{"retry": s.Jobs.Retry, "skip": s.Jobs.Skip} {
		web.Register(s.API, web.Op{Method: http.MethodPost, Path: "/jobs/parked/{id}/" + name, ID: "job-" + name, Summary: map[string]string{
			"retry": "Try a parked job again", "skip": "Give a parked job up, so that what waits behind it goes on"}[name], Permission: may, Tags: tags},
			func(ctx context.Context, in *jobID) (*struct{}, error) {
				return nil, s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					return do(ctx, tx, staff.From(ctx).Tenant, in.ID.ID)
				})
			})
	}
}

// configChanged tells all screens of a company to read its set-up again.
func (s *Server) configChanged(ctx context.Context, tenant id.ID) {
	_ = s.Hub.Publish(ctx, live.Event{ID: s.IDs.Next(), Tenant: tenant, Name: "config", Data: struct{}{}, Audience: live.Audience{All: true}})
}
