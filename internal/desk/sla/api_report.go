package sla

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/web"
)

type reportIn struct {
	From   time.Time `query:"from" required:"true" doc:"clocks that ended from here on"`
	To     time.Time `query:"to" required:"true" doc:"until before this moment, at most 400 days later"`
	By     string    `query:"by" default:"policy" enum:"policy,team,department,agent,category,week,unit"`
	Metric string    `query:"metric" enum:"first_response,next_response,update,arrival,resolution,department,team" doc:"only this; default all that are promised to customers"`
}

// registerReports adds how promises were kept.
func (m *Room) registerReports(api *web.API, op describe) {
	read := string(staff.ReportRead)
	web.Register(api, op("GET", "/sla/report", "report", "How promises were kept: attainment with and without extensions, pauses, reasons", read),
		func(ctx context.Context, in *reportIn) (*struct{ Body *Report }, error) {
			r, err := m.Report(ctx, staff.From(ctx), clock.From(in.From), clock.From(in.To), By(in.By), Metric(in.Metric))
			return &struct{ Body *Report }{r}, err
		})
	web.Handle(api, op("GET", "/sla/report.csv", "report-csv", "The same as a table (query: from, to, by, metric)", read),
		func(w http.ResponseWriter, r *http.Request) error {
			a, q := staff.From(r.Context()), r.URL.Query()
			from, err := moment("from", q.Get("from"))
			if err != nil {
				return err
			}
			to, err := moment("to", q.Get("to"))
			if err != nil {
				return err
			}
			by := By(q.Get("by"))
			if by == "" {
				by = ByPolicy
			}
			report, err := m.Report(r.Context(), a, from, to, by, Metric(q.Get("metric")))
			if err != nil {
				return err
			}
			dir, err := m.Staff.Directory(r.Context(), a.Tenant)
			if err != nil {
				return err
			}
			zone, err := time.LoadLocation(dir.Tenant.TimeZone)
			if err != nil {
				zone = time.UTC
			}
			w.Header().Set("Content-Type", "text/csv; charset=utf-8")
			w.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote("sla-"+string(by)+".csv"))
			return report.CSV(w, zone)
		})
}

func moment(field, s string) (clock.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0, fault.Bad(field, "invalid", "a moment such as 2026-11-21T00:00:00Z is needed")
	}
	return clock.From(t), nil
}
