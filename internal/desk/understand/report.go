package understand

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// names gives values by the names that people write: "报修", "Repair", a path
// of categories with / or ›.
func names(field string, catalog *form.Catalog) map[string]string {
	out := map[string]string{}
	switch field {
	case "type":
		for _, t := range catalog.Types() {
			out[t.Name.ZH], out[t.Name.EN] = t.Key, t.Key
		}
	case "category":
		by := map[id.ID]form.Category{}
		for _, c := range catalog.Categories() {
			by[c.ID] = c
		}
		for _, c := range catalog.Categories() {
			zh, en := c.Name.ZH, c.Name.EN
			out[zh], out[en] = c.ID.String(), c.ID.String()
			for p, n := c.Parent, 0; p != 0 && n < 10; n++ {
				zh, en = by[p].Name.ZH+"/"+zh, by[p].Name.EN+"/"+en
				p = by[p].Parent
			}
			for _, path := range []string{zh, en} {
				out[path] = c.ID.String()
				out[strings.ReplaceAll(path, "/", " › ")] = c.ID.String()
			}
		}
	}
	delete(out, "")
	return out
}

// FigureJSON is how good decisions were, for one key.
type FigureJSON struct {
	Key       string  `json:"key"`
	N         int     `json:"n" doc:"decisions on tickets that were solved"`
	Applied   int     `json:"set" doc:"of them, set without asking"`
	Right     int     `json:"right" doc:"of all, still so when the ticket was solved: nobody has objected"`
	Kept      float64 `json:"kept" doc:"share of all that was still so"`
	Judged    int     `json:"judged" doc:"of all, those on which a person has spoken"`
	Agreed    int     `json:"agreed" doc:"of the judged, those that were right"`
	Accuracy  float64 `json:"accuracy" doc:"share of the judged that was right; 0 with none judged. People speak up more often where something is wrong, so the truth lies between this and kept"`
	Coverage  float64 `json:"coverage" doc:"share that was set without asking"`
	ECE       float64 `json:"ece" doc:"mean difference of confidence and kept, weighted by tenths of confidence"`
	Uncertain float64 `json:"uncertain" doc:"half width of the 95 % interval of the accuracy (Wilson 1927); 1 with none judged"`
}

// BinJSON is a tenth of the confidence.
type BinJSON struct {
	Low        float64 `json:"low"`
	N          int     `json:"n"`
	Judged     int     `json:"judged" doc:"of all, those on which a person has spoken"`
	Agreed     int     `json:"agreed" doc:"of the judged, those that were right"`
	Confidence float64 `json:"confidence" doc:"mean of all"`

	kept int
}

// DriftJSON compares the last two weeks with the six before.
type DriftJSON struct {
	Field  string  `json:"field"`
	Now    float64 `json:"now"`
	Before float64 `json:"before"`
	P      float64 `json:"p" doc:"how likely a fall like this is by chance (two-proportion z test)"`
	Alarm  bool    `json:"alarm"`
}

type scoreRow struct {
	week                           int64
	field, channel, language, tier string
	region                         string
	category                       id.ID
	bin, n, applied, right         int
	judged, agreed                 int
	confidence                     float64
}

// maxScores bounds what one report reads; the newest weeks come first.
const maxScores = 200_000

func (m *Mind) scores(ctx context.Context, tenant id.ID, since int64, field string) ([]scoreRow, error) {
	rows, err := m.DB.Query(ctx, fmt.Sprintf(`select week, field, channel, language, category_id, tier, region, bin, n, applied, correct, judged, judged_correct, confidence from understand_score
		where tenant_id = $1 and week >= $2 and ($3 = '' or field = $3) and n > 0 order by week desc limit %d`, maxScores), tenant, since, field)
	return db.Each(rows, err, func(r *sql.Rows) (scoreRow, error) {
		var s scoreRow
		var confidence int64
		err := r.Scan(&s.week, &s.field, &s.channel, &s.language, &s.category, &s.tier, &s.region, &s.bin, &s.n, &s.applied, &s.right, &s.judged, &s.agreed, &confidence)
		s.confidence = float64(confidence) / 1e6
		return s, err
	})
}

func (s scoreRow) key(by string, catalog *form.Catalog) string {
	switch by {
	case "week":
		return time.UnixMilli(s.week).UTC().Format("2006-01-02")
	case "category":
		if s.category == 0 {
			return ""
		}
		return catalog.Final(s.category).String() // where it went, however often it was merged
	case "channel":
		return s.channel
	case "language":
		return s.language
	case "tier":
		return s.tier
	case "region":
		return s.region
	}
	return s.field
}

func bins(rows []scoreRow) []BinJSON {
	out := make([]BinJSON, 10)
	for i := range out {
		out[i].Low = float64(i) / 10
	}
	for _, s := range rows {
		b := &out[min(max(s.bin, 0), 9)]
		b.N += s.n
		b.Judged += s.judged
		b.Agreed += s.agreed
		b.kept += s.right
		b.Confidence += s.confidence
	}
	for i := range out {
		if out[i].N > 0 {
			out[i].Confidence = round(out[i].Confidence / float64(out[i].N))
		}
	}
	return out
}

func figure(key string, rows []scoreRow) FigureJSON {
	f := FigureJSON{Key: key}
	for _, s := range rows {
		f.N += s.n
		f.Applied += s.applied
		f.Right += s.right
		f.Judged += s.judged
		f.Agreed += s.agreed
	}
	if f.N == 0 {
		return f
	}
	n := float64(f.N)
	f.Kept, f.Coverage, f.Uncertain = round(float64(f.Right)/n), round(float64(f.Applied)/n), 1
	for _, b := range bins(rows) {
		if b.N > 0 {
			f.ECE += math.Abs(b.Confidence-float64(b.kept)/float64(b.N)) * float64(b.N) / n
		}
	}
	f.ECE = round(f.ECE)
	if f.Judged > 0 {
		const z = 1.96
		n := float64(f.Judged)
		p := float64(f.Agreed) / n
		f.Accuracy = round(p)
		f.Uncertain = round(z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n)) / (1 + z*z/n))
	}
	return f
}

// driftWeeks are those that drift looks at, whatever a report shows.
const driftWeeks = 8

// drift tells whether a field has become worse.
func drift(field string, rows []scoreRow, now int64) DriftJSON {
	var a, b [2]float64 // right, n: lately and before
	for _, s := range rows {
		if s.field != field || s.week < now-(driftWeeks-1)*week {
			continue
		}
		x := &b
		if s.week >= now-week {
			x = &a
		}
		x[0] += float64(s.right)
		x[1] += float64(s.n)
	}
	d := DriftJSON{Field: field, P: 1}
	if a[1] > 0 {
		d.Now = round(a[0] / a[1])
	}
	if b[1] > 0 {
		d.Before = round(b[0] / b[1])
	}
	if a[1] >= 30 && b[1] >= 30 {
		p := (a[0] + b[0]) / (a[1] + b[1])
		if se := math.Sqrt(p * (1 - p) * (1/a[1] + 1/b[1])); se > 0 {
			d.P = math.Erfc((b[0]/b[1]-a[0]/a[1])/se/math.Sqrt2) / 2
		}
		d.Alarm = d.P < .01 && d.Before-d.Now >= .03
	}
	return d
}

func (m *Mind) registerFigures(api *web.API) {
	type accuracyIn struct {
		Weeks int    `query:"weeks" default:"8" minimum:"1" maximum:"52"`
		By    string `query:"by" default:"field" enum:"field,week,category,channel,language,tier,region"`
		Field string `query:"field" enum:"type,category,priority,language,sentiment,risk"`
	}
	type accuracyOut struct {
		Body struct {
			Rows  []FigureJSON `json:"rows"`
			Bins  []BinJSON    `json:"bins"`
			Drift []DriftJSON  `json:"drift"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding/accuracy", ID: "understanding-accuracy", Summary: "How often decisions were right, by groups", Permission: mayRead, Tags: tags},
		func(ctx context.Context, in *accuracyIn) (*accuracyOut, error) {
			now, tenant := weekOf(m.Clock.Now()), actor(ctx).Tenant
			all, err := m.scores(ctx, tenant, now-int64(max(in.Weeks, driftWeeks)-1)*week, in.Field)
			if err != nil {
				return nil, err
			}
			catalog, err := m.Forms.Get(ctx, tenant)
			if err != nil {
				return nil, err
			}
			rows := slices.DeleteFunc(slices.Clone(all), func(s scoreRow) bool { return s.week < now-int64(in.Weeks-1)*week })
			groups := map[string][]scoreRow{}
			for _, s := range rows {
				key := s.key(in.By, catalog)
				groups[key] = append(groups[key], s)
			}
			out := &accuracyOut{}
			out.Body.Rows, out.Body.Bins, out.Body.Drift = []FigureJSON{}, bins(rows), []DriftJSON{}
			for key, list := range groups {
				out.Body.Rows = append(out.Body.Rows, figure(key, list))
			}
			slices.SortFunc(out.Body.Rows, func(a, b FigureJSON) int {
				if in.By == "week" {
					return strings.Compare(a.Key, b.Key)
				}
				return b.N - a.N
			})
			out.Body.Rows = out.Body.Rows[:min(len(out.Body.Rows), 500)]
			for _, field := range Fields {
				if in.Field == "" || in.Field == field {
					out.Body.Drift = append(out.Body.Drift, drift(field, all, now))
				}
			}
			return out, nil
		})

	type correctionsIn struct {
		web.Page
		Since web.Time `query:"since" doc:"default: a day ago"`
		Field string   `query:"field" enum:"type,category,priority,language,sentiment,risk"`
	}
	type correctionJSON struct {
		ID         id.ID        `json:"id"`
		Ticket     ticket.Brief `json:"ticket"`
		Field      string       `json:"field"`
		From       string       `json:"from"`
		To         string       `json:"to"`
		Confidence float64      `json:"confidence"`
		By         ticket.Ref   `json:"by"`
		At         clock.Time   `json:"at"`
		Text       string       `json:"text"`
	}
	type correctionsOut struct{ Body web.List[correctionJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/understanding/corrections", ID: "understanding-corrections", Summary: "What people corrected", Permission: mayRead, Tags: tags},
		func(ctx context.Context, in *correctionsIn) (*correctionsOut, error) {
			a := actor(ctx)
			// By the moment, not by the id: a reaction that was late wrote late.
			type place struct {
				At clock.Time `json:"at"`
				ID id.ID      `json:"id"`
			}
			before := place{1 << 62, 1 << 62}
			if _, err := web.ParseCursor(in.Cursor, &before); err != nil {
				return nil, err
			}
			since := in.Since.Time
			if since == 0 {
				since = m.Clock.Now().Add(-24 * time.Hour)
			}
			type row struct {
				correctionJSON
				ticket, by id.ID
			}
			rows, err := m.DB.Query(ctx, fmt.Sprintf(`select id, ticket_id, field, was, became, confidence, coalesce(by_id, 0), at from understand_correction
				where tenant_id = $1 and at >= $3 and (at < $2 or at = $2 and id < $5) and ($4 = '' or field = $4) order by at desc, id desc limit %d`, in.Limit+1), a.Tenant, before.At, since, in.Field, before.ID)
			list, err := db.Each(rows, err, func(r *sql.Rows) (row, error) {
				var x row
				return x, r.Scan(&x.ID, &x.ticket, &x.Field, &x.From, &x.To, &x.Confidence, &x.by, &x.At)
			})
			if err != nil {
				return nil, err
			}
			var ids []id.ID
			for _, x := range list {
				ids = append(ids, x.ticket)
			}
			briefs, err := m.briefs(ctx, a, ids)
			if err != nil {
				return nil, err
			}
			words, err := m.Desk.FirstWords(ctx, a.Tenant, ids)
			if err != nil {
				return nil, err
			}
			dir, err := m.Staff.Directory(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			out := []correctionJSON{}
			for _, x := range list {
				b, ok := briefs[x.ticket]
				if !ok {
					b = ticket.Brief{ID: x.ticket}
				}
				x.Ticket = b
				who, _ := dir.User(x.by)
				x.By = ticket.Ref{ID: x.by, Name: who.Name}
				if b.Subject != "" {
					x.Text = cut(words[x.ticket].Text, 300)
				}
				out = append(out, x.correctionJSON)
			}
			return &correctionsOut{web.Cut(out, in.Limit, func(c correctionJSON) place { return place{c.At, c.ID} })}, nil
		})
}
