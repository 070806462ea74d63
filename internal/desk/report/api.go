package report

import (
	"context"
	"net/http"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/web"
)

// QuestionIn is what all operations on a day take.
type QuestionIn struct {
	Day        string `query:"day" maxLength:"10" doc:"such as 2026-11-21, in the company's time zone; default today"`
	Compare    string `query:"compare" maxLength:"10" doc:"the day to compare with; default a week before"`
	Department web.ID `query:"department" doc:"with all below it"`
	Team       web.ID `query:"team"`
	Agent      web.ID `query:"agent"`
	Channel    string `query:"channel" maxLength:"64"`
	Type       string `query:"type" maxLength:"64"`
	Without    string `query:"without" enum:"department,agent" doc:"only what no department, or nobody, has"`
	Until      string `query:"until" maxLength:"5" doc:"such as 18:00: the day as of this time, by what had happened before it; the backlog stays that of now"`
}

func (in QuestionIn) question() Question {
	return Question{in.Day, in.Compare, in.Department.ID, in.Team.ID, in.Agent.ID, in.Channel, in.Type, in.Without, in.Until}
}

type behindIn struct {
	QuestionIn
	Figure string   `query:"figure" required:"true" enum:"created,solved,backlog,overdue,first_response,first_response_p90,sla,reopened,repeat,transferred,returned,message_in,message_out"`
	Hour   web.Time `query:"hour" doc:"only the hour that begins here, of what counts acts"`
	Age    string   `query:"age" enum:"1h,4h,24h,3d,7d,older" doc:"only this bar of the backlog"`
	web.Page
}

// Register adds the operations on figures.
func (m *Room) Register(api *web.API) {
	op := func(method, path, name, summary string, p staff.Permission) web.Op {
		return web.Op{Method: method, Path: path, ID: "report-" + name, Summary: summary, Permission: string(p), Tags: []string{"Reports"}}
	}
	web.Register(api, op("GET", "/report/today", "today", "The Today board: a day's figures within reach, by hour, channel, department and person", staff.ReportRead),
		func(ctx context.Context, in *QuestionIn) (*struct{ Body *Board }, error) {
			b, err := m.Today(ctx, staff.From(ctx), in.question())
			return &struct{ Body *Board }{b}, err
		})
	web.Register(api, op("GET", "/report/today/tickets", "today-tickets", "The tickets behind a figure of the Today board, newest first", staff.ReportRead),
		func(ctx context.Context, in *behindIn) (*struct{ Body *BoardTickets }, error) {
			t, err := m.BehindOf(ctx, staff.From(ctx), Behind{Question: in.question(), Figure: in.Figure, Hour: in.Hour.Time, Age: in.Age}, in.Page)
			return &struct{ Body *BoardTickets }{t}, err
		})
	web.Handle(api, op("GET", "/report/today/export", "today-export", "The Today board as a table (query: as of the board, format xlsx or csv; csv also table figures, hours, ages, departments or agents)", staff.Export), m.export)
	web.Register(api, op("GET", "/report/facts", "facts", "How far the figures of older tickets have been made", staff.ConfigManage),
		func(ctx context.Context, _ *struct{}) (*struct{ Body Filling }, error) {
			p, _, err := m.progress(ctx, m.DB, staff.From(ctx).Tenant)
			return &struct{ Body Filling }{p}, err
		})
	renew := op("POST", "/report/facts", "facts-renew", "Make the figures of all tickets that are there, in the background; what is there stays", staff.ConfigManage)
	renew.Status = http.StatusAccepted
	web.Register(api, renew, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		return nil, m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return m.Adopt(ctx, tx, staff.From(ctx).Tenant) })
	})
}
