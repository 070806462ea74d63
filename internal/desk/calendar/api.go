package calendar

import (
	"context"
	"net/http"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

type (
	entryOut struct {
		ETag string `header:"ETag"`
		Body Entry
	}
	assignmentOut struct {
		ETag string `header:"ETag"`
		Body Assignment
	}
	// TableInfo is a holiday table with the years that the program could add.
	TableInfo struct {
		Table
		Offered []int `json:"offered" doc:"years that are shipped and that the table does not have"`
	}
	yearIn struct {
		web.PathID
		Year int `query:"year" required:"true" minimum:"1970" maximum:"2199"`
	}
	// YearPreview is every day of a year.
	YearPreview struct {
		Year int       `json:"year"`
		Days []DayInfo `json:"days"`
		// Covered says that the calendar follows no table, or one that has the year.
		Covered bool `json:"covered"`
	}
	// TryInput asks when a time would be due.
	TryInput struct {
		Calendar id.ID      `json:"calendar_id"`
		From     clock.Time `json:"from"`
		Hours    float64    `json:"hours" minimum:"0" maximum:"26304" doc:"of business time"`
	}
	// Stretch is an interval of business time.
	Stretch struct {
		From clock.Time `json:"from"`
		To   clock.Time `json:"to"`
	}
	// Tried is when it is due, and by which time.
	Tried struct {
		Due       clock.Time `json:"due" doc:"empty when it is more than three years away"`
		Intervals []Stretch  `json:"intervals" doc:"in which the time passes, at most the first 500"`
		More      bool       `json:"more,omitempty"`
	}
	// ImportInput is a file of holidays.
	ImportInput struct {
		Format string `json:"format" enum:"json,ics,shipped"`
		Data   string `json:"data,omitempty" maxLength:"1048576" doc:"the file; nothing for shipped years"`
		Year   int    `json:"year,omitempty" minimum:"1970" maximum:"2199" doc:"only this year of it"`
		Name   Label  `json:"name,omitzero" doc:"of a new table"`
		DryRun bool   `json:"dry_run,omitempty" doc:"only say what would change"`
	}
)

const maxStretches = 500

// Register adds the operations on calendars. Everybody reads them, because
// what is due is shown to everybody.
func (c *Cache) Register(api *web.API) {
	op := func(method, path, name, summary string) web.Op {
		o := web.Op{Method: method, Path: "/calendars" + path, ID: "calendar-" + name, Summary: summary, Permission: web.SignedIn, Tags: []string{"Calendars"}}
		if method != http.MethodGet {
			o.Permission = string(staff.ConfigManage)
		}
		return o
	}
	set := func(ctx context.Context) (*Set, error) { return c.Get(ctx, staff.From(ctx).Tenant) }
	type list[T any] struct{ Body web.List[T] }
	type path struct{ web.PathID }
	type imported struct{ Body Imported }

	web.Register(api, op("GET", "", "list", "List the business calendars"), func(ctx context.Context, _ *struct{}) (*list[Entry], error) {
		s, err := set(ctx)
		if err != nil {
			return nil, err
		}
		return &list[Entry]{web.List[Entry]{Items: s.Entries()}}, nil
	})
	create := op("POST", "", "create", "Make a business calendar")
	create.Status = http.StatusCreated
	web.Register(api, create, func(ctx context.Context, in *struct{ Body Settings }) (*entryOut, error) {
		return entry(c.Save(ctx, staff.From(ctx), Entry{Settings: in.Body}))
	})
	web.Register(api, op("GET", "/{id}", "read", "Read a business calendar"), func(ctx context.Context, in *path) (*entryOut, error) {
		s, err := set(ctx)
		if err != nil {
			return nil, err
		}
		e, ok := s.Entry(in.ID.ID)
		if !ok {
			return nil, fault.Missing("calendar")
		}
		return entry(e, nil)
	})
	web.Register(api, op("PUT", "/{id}", "update", "Change or retire a business calendar"), func(ctx context.Context, in *struct {
		web.PathID
		web.IfMatch
		Body Settings
	}) (*entryOut, error) {
		if in.ID.ID == 0 {
			return nil, fault.Missing("calendar")
		}
		return entry(c.Save(ctx, staff.From(ctx), Entry{in.ID.ID, in.Body, in.IfMatch.Version()}))
	})
	web.Register(api, op("GET", "/{id}/year", "year", "See every day of a year"), func(ctx context.Context, in *yearIn) (*struct{ Body YearPreview }, error) {
		s, err := set(ctx)
		if err != nil {
			return nil, err
		}
		e, ok := s.Entry(in.ID.ID)
		if !ok {
			return nil, fault.Missing("calendar")
		}
		days, err := s.compiled[e.ID].Year(in.Year)
		out := YearPreview{in.Year, days, e.Table == ""}
		t, _ := s.Table(e.Table)
		for _, y := range t.Years {
			out.Covered = out.Covered || y.Year == in.Year
		}
		return &struct{ Body YearPreview }{out}, err
	})
	try := op("POST", "/test", "test", "Ask when a time would be due")
	try.Permission = web.SignedIn
	web.Register(api, try, func(ctx context.Context, in *struct{ Body TryInput }) (*struct{ Body Tried }, error) {
		s, err := set(ctx)
		if err != nil {
			return nil, err
		}
		k, ok := s.Calendar(in.Body.Calendar)
		if !ok {
			return nil, fault.Bad("calendar_id", "unknown", "there is no such calendar")
		}
		if !known(in.Body.From) || in.Body.From == 0 {
			return nil, fault.Bad("from", "range", "a moment between %d and %d", firstYear, lastYear)
		}
		return &struct{ Body Tried }{k.try(in.Body.From, time.Duration(in.Body.Hours*float64(time.Hour)))}, nil
	})
	web.Register(api, op("GET", "/assignment", "assignment", "See who works by which calendar"), func(ctx context.Context, _ *struct{}) (*assignmentOut, error) {
		s, err := set(ctx)
		if err != nil {
			return nil, err
		}
		return &assignmentOut{web.ETag(s.assignment.Version), s.assignment}, nil
	})
	web.Register(api, op("PUT", "/assignment", "assign", "Say who works by which calendar"), func(ctx context.Context, in *struct {
		web.IfMatch
		Body Assignment
	}) (*assignmentOut, error) {
		in.Body.Version = in.IfMatch.Version()
		a, err := c.Assign(ctx, staff.From(ctx), in.Body)
		return &assignmentOut{web.ETag(a.Version), a}, err
	})
	web.Register(api, op("GET", "/tables", "tables", "List the holiday tables"), func(ctx context.Context, _ *struct{}) (*list[TableInfo], error) {
		s, err := set(ctx)
		if err != nil {
			return nil, err
		}
		out := &list[TableInfo]{web.List[TableInfo]{Items: []TableInfo{}}}
		for _, t := range s.tables {
			out.Body.Items = append(out.Body.Items, TableInfo{t, t.offered()})
		}
		return out, nil
	})
	load := op("POST", "/tables/{table}/import", "import", "Import years of holidays, or see what would change")
	load.MaxBody = 2 * MaxImport
	web.Register(api, load, func(ctx context.Context, in *struct {
		Table string `path:"table" maxLength:"64"`
		Body  ImportInput
	}) (*imported, error) {
		list, err := in.Body.years(in.Table)
		if err != nil {
			return nil, err
		}
		out, err := c.Import(ctx, staff.From(ctx), Import{Table: in.Table, Name: in.Body.Name, Years: list, DryRun: in.Body.DryRun})
		return &imported{out}, err
	})
	web.Register(api, op("POST", "/tables/{table}/undo", "undo", "Take the last import back"), func(ctx context.Context, in *struct {
		Table string `path:"table" maxLength:"64"`
	}) (*imported, error) {
		out, err := c.UndoImport(ctx, staff.From(ctx), in.Table)
		return &imported{out}, err
	})
}

func entry(e Entry, err error) (*entryOut, error) { return &entryOut{web.ETag(e.Version), e}, err }

// offered are the shipped years that the table does not have.
func (t Table) offered() []int {
	out := []int{}
	for _, y := range Shipped(t.Key) {
		if have := replace(t.Years, []Year{y}); len(have) > len(t.Years) {
			out = append(out, y.Year)
		}
	}
	return out
}

// years reads the file of an import.
func (in ImportInput) years(table string) (list []Year, err error) {
	switch in.Format {
	case "ics":
		return ParseICS([]byte(in.Data), in.Year)
	case "shipped":
		list = Shipped(table)
	default:
		if list, err = ParseJSON([]byte(in.Data)); err != nil {
			return nil, err
		}
	}
	var out []Year
	for _, y := range list {
		if in.Year == 0 || y.Year == in.Year {
			out = append(out, y)
		}
	}
	if len(out) == 0 {
		return nil, fault.Bad("year", "unknown", "there is no such year in it")
	}
	return out, nil
}

// try computes a due time with the intervals that lead to it.
func (c *Calendar) try(from clock.Time, d time.Duration) Tried {
	out := Tried{Intervals: []Stretch{}}
	due, ok := c.Add(from, d)
	if !ok {
		return out
	}
	out.Due = due
	for a, b := range c.Intervals(from, due) {
		if len(out.Intervals) == maxStretches {
			out.More = true
			break
		}
		out.Intervals = append(out.Intervals, Stretch{a, b})
	}
	return out
}
