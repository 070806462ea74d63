package server

import (
	"context"
	"database/sql"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/channel"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/web"
)

// systemJSON is how the installation stands. Figures of jobs are of all
// companies on it: numbers by kind, nothing of what they are about.
type systemJSON struct {
	Version   string     `json:"version"`
	StartedAt clock.Time `json:"started_at" doc:"this node"`
	Now       clock.Time `json:"now"`
	Engine    string     `json:"engine" enum:"sqlite,postgres"`
	Database  int64      `json:"database_bytes"`
	Disks     []diskJSON `json:"disks" doc:"of this node; the files stand with the database when there is one"`
	Memory    int64      `json:"memory_bytes" doc:"that this node has from the operating system"`
	Runtime   string     `json:"runtime"`
	Parts     []partJSON `json:"parts"`
	Nodes     []nodeJSON `json:"nodes"`
	Jobs      []jobJSON  `json:"jobs"`
	// Behind is how long the oldest event has waited to reach search, screens
	// and rules.
	Behind      int64 `json:"events_behind_seconds"`
	SearchLag   int   `json:"search_lagging" doc:"of those, tickets that search does not know as they are"`
	LagTickets  int   `json:"reactions_lagging" doc:"tickets of the company on which a reaction has failed and will be caught up"`
	Quarantined int   `json:"quarantined" doc:"of the company; at most 1000"`
	Parked      int   `json:"parked" doc:"jobs of the company that wait for a decision; at most 1000"`
}

type partJSON struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
	Millis int64  `json:"millis"`
}

type diskJSON struct {
	Name  string `json:"name" enum:"data,files"`
	Total int64  `json:"total_bytes"`
	Free  int64  `json:"free_bytes"`
	Low   bool   `json:"low" doc:"less than a tenth is free"`
}

type nodeJSON struct {
	Number string `json:"number"`
	Host   string `json:"host"`
	Own    bool   `json:"own" doc:"the node that answers"`
}

type jobJSON struct {
	Kind    string `json:"kind"`
	Waiting int    `json:"waiting"`
	Later   int    `json:"later"`
	Failed  int    `json:"failed"`
	Parked  int    `json:"parked"`
	Oldest  int64  `json:"oldest_seconds"`
}

// registerSystem adds the page of how the installation stands.
func (s *Server) registerSystem() {
	started := s.Clock.Now()
	web.Register(s.API, web.Op{Method: http.MethodGet, Path: "/system", ID: "system", Summary: "Version, health, database, nodes and jobs", Permission: string(staff.JobManage), Tags: []string{"Operations"}},
		func(ctx context.Context, _ *struct{}) (*struct{ Body systemJSON }, error) {
			j, err := s.system(ctx, staff.From(ctx), started)
			return &struct{ Body systemJSON }{j}, err
		})
}

func (s *Server) system(ctx context.Context, a *staff.Actor, started clock.Time) (systemJSON, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	j := systemJSON{Version: Version, StartedAt: started, Now: s.Clock.Now(), Engine: "sqlite", Memory: int64(m.Sys), Runtime: runtime.Version(), Jobs: []jobJSON{}}
	if s.DB.Engine() == db.Postgres {
		j.Engine = "postgres"
	}
	j.Parts = []partJSON{
		probe("database", func() error { _, err := s.DB.Size(ctx); return err }),
		probe("write", func() error {
			return s.DB.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `update lease set beat = beat where name = 'node/next'`)
				return err
			})
		}),
		probe("files", s.Blobs.Check),
	}
	size, err := s.DB.Size(ctx)
	if err != nil {
		return j, err
	}
	j.Database = size
	j.Disks = s.disks()
	stats, err := s.Jobs.Stats(ctx)
	if err != nil {
		return j, err
	}
	for _, k := range stats {
		j.Jobs = append(j.Jobs, jobJSON{k.Kind, k.Waiting, k.Later, k.Failed, k.Parked, int64(k.Oldest / time.Second)})
		if k.Kind == "ticket.event" {
			j.Behind = int64(k.Oldest / time.Second)
		}
	}
	if j.Nodes, err = s.nodes(ctx); err != nil {
		return j, err
	}
	if j.Quarantined, err = s.Intake.Waiting(ctx, a.Tenant, channel.Quarantined); err != nil {
		return j, err
	}
	if err := s.DB.QueryRow(ctx, `select count(*) from (select 1 from ticket_reaction_lag where tenant_id = $1 limit 1000) x`, a.Tenant).Scan(&j.LagTickets); err != nil {
		return j, err
	}
	if err := s.DB.QueryRow(ctx, `select count(*) from (select 1 from ticket_reaction_lag where tenant_id = $1 and reaction = 'search' limit 1000) x`, a.Tenant).Scan(&j.SearchLag); err != nil {
		return j, err
	}
	return j, s.DB.QueryRow(ctx, `select count(*) from (select 1 from job_parked where tenant_id = $1 and error is not null limit 1000) x`, a.Tenant).Scan(&j.Parked)
}

// disks are those that this node stores on: of the data and of the attachments,
// once when both stand on one.
func (s *Server) disks() []diskJSON {
	out := []diskJSON{}
	for _, d := range []struct{ name, dir string }{{"data", s.Config.Data}, {"files", filepath.Join(s.Config.Data, "blobs")}} {
		total, free, ok := space(d.dir)
		if !ok || len(out) > 0 && out[0].Total == total && out[0].Free == free {
			continue
		}
		out = append(out, diskJSON{d.name, total, free, free < total/10})
	}
	return out
}

// probe does a small thing and says whether it went well, and how long it took.
func probe(name string, do func() error) partJSON {
	begin := time.Now()
	err := do()
	p := partJSON{Name: name, OK: err == nil, Millis: time.Since(begin).Milliseconds()}
	if err != nil {
		p.Detail = err.Error()
	}
	return p
}

// nodes are those that hold a number.
func (s *Server) nodes(ctx context.Context) ([]nodeJSON, error) {
	rows, err := s.DB.Query(ctx, `select name, holder from lease where name >= 'node/0' and name < 'node/n' order by name`)
	type row struct{ name, holder string }
	list, err := db.Each(rows, err, func(r *sql.Rows) (row, error) {
		var x row
		return x, r.Scan(&x.name, &x.holder)
	})
	if err != nil {
		return nil, err
	}
	out := []nodeJSON{}
	for _, x := range list {
		number := strings.TrimLeft(strings.TrimPrefix(x.name, "node/"), "0")
		host, _, _ := strings.Cut(x.holder, "#")
		own := s.node != nil && number == strconv.Itoa(s.node.Number)
		out = append(out, nodeJSON{number, host, own})
	}
	slices.SortFunc(out, func(a, b nodeJSON) int { return strings.Compare(a.Number, b.Number) })
	return out, nil
}
