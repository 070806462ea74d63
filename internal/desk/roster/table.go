package roster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/sheet"
	"zhidan/internal/platform/web"
)

// A plan as a table has a row for each person and a column for each day: name,
// email address, then the dates. A cell has the names of shifts or their hours
// (09:00-18:00), several with a semicolon between them, or 休.

const offWord = "休"

var offWords = []string{offWord, "休息", "off", "rest"}

// Bounds of a file.
const (
	maxFile = 2 << 20
	maxRows = maxPeople + 1
	maxCols = maxDays + 2
)

// cellText is a day as the table has it.
func cellText(items []Item) string {
	var parts []string
	for _, it := range items {
		switch {
		case it.Kind == Off:
			parts = append(parts, offWord)
		case it.Name != "":
			parts = append(parts, fmt.Sprintf("%s %s-%s", it.Name, it.From, it.To))
		default:
			parts = append(parts, it.From+"-"+it.To)
		}
	}
	return strings.Join(parts, "; ")
}

// parseCell reads it again: by a template's name, with or without hours after
// it, or by hours alone. old is what stands there, which keeps what a table
// cannot say.
func parseCell(text string, templates []Template, old []Item) ([]Item, bool) {
	var out []Item
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "；", ";"), ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if i := slices.IndexFunc(old, func(it Item) bool { return cellText([]Item{it}) == part }); i >= 0 {
			out = append(out, old[i])
			continue
		}
		if slices.ContainsFunc(offWords, func(w string) bool { return strings.EqualFold(w, part) }) {
			out = append(out, Item{Kind: Off})
			continue
		}
		byName := func(name string) *Item {
			for _, t := range templates {
				if strings.EqualFold(t.Name, name) && !t.Retired {
					return &Item{Kind: Shift, Template: t.ID}
				}
			}
			return nil
		}
		if it := byName(part); it != nil {
			out = append(out, *it)
			continue
		}
		hours := part[strings.LastIndexAny(part, " \u3000")+1:]
		name := strings.TrimSpace(strings.TrimSuffix(part, hours))
		from, to, cut := strings.Cut(strings.NewReplacer("–", "-", "—", "-", "~", "-", "～", "-", "：", ":").Replace(hours), "-")
		if _, ok := parseMinute(pad(from)); !ok || !cut {
			return nil, false
		}
		if _, ok := parseMinute(pad(to)); !ok {
			return nil, false
		}
		it := Item{Kind: Shift, Name: name, From: pad(from), To: pad(to)}
		if t := byName(name); name != "" && t != nil {
			i := slices.IndexFunc(templates, func(x Template) bool { return x.ID == t.Template })
			if templates[i].From == it.From && templates[i].To == it.To {
				it = *t
			}
		}
		out = append(out, it)
	}
	return out, true
}

// pad makes 9:00 of people 09:00.
func pad(s string) string {
	if s = strings.TrimSpace(s); len(s) == 4 {
		return "0" + s
	}
	return s
}

// export writes the table of what is published, or of what is planned.
func (m *Room) export(ctx context.Context, a *staff.Actor, who []*staff.Person, from, to Day, drafts bool) ([][]string, error) {
	users := make([]id.ID, len(who))
	for i, p := range who {
		users[i] = p.ID
	}
	cells, err := readCells(ctx, m.DB, a.Tenant, from, to, users)
	if err != nil {
		return nil, err
	}
	at := map[cellKey]Cell{}
	for _, c := range cells {
		at[cellKey{c.User, c.Day}] = c
	}
	head := []string{"姓名 / Name", "邮箱 / Email"}
	for d := from; d <= to; d++ {
		head = append(head, d.String())
	}
	rows := [][]string{head}
	for _, p := range who {
		row := []string{p.Name, p.Email}
		for d := from; d <= to; d++ {
			c := at[cellKey{p.ID, d}]
			items := c.Published
			if drafts && within(a, staff.RosterManage, p) {
				items = c.Items()
			}
			row = append(row, cellText(items))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// readTable reads a CSV or XLSX.
func readTable(data []byte) ([][]string, error) {
	rows, err := sheet.Read(bytes.NewReader(data), int64(len(data)), sheet.Limits{Rows: maxRows, Columns: maxCols, Unpacked: 16 << 20})
	if f := (*fault.Error)(nil); errors.As(err, &f) && (f.Code == "too_many" || f.Code == "too_wide") {
		return nil, fault.Bad("file", "too_many", "at most %d people and %d days", maxPeople, maxDays)
	}
	return rows, err
}

// Problem is a cell of a file that cannot be taken.
type Problem struct {
	Row    int    `json:"row" doc:"from 1, the head is the first"`
	Column int    `json:"column" doc:"from 1"`
	Text   string `json:"text"`
	Code   string `json:"code" enum:"unknown_person,unknown_shift,bad_date,no_date"`
}

// Imported is what a file did, or would do.
type Imported struct {
	Planned
	Problems []Problem `json:"problems"`
}

// edits reads a table. Cells that are empty change nothing.
func edits(rows [][]string, find func(name, email string) (id.ID, bool), templates []Template, have func(id.ID, Day) []Item) (out []Edit, bad []Problem) {
	note := func(row, col int, text, code string) {
		if len(bad) < 200 {
			bad = append(bad, Problem{row + 1, col + 1, cut(text), code})
		}
	}
	plain := strings.TrimSpace
	if len(rows) == 0 {
		return nil, nil
	}
	days := map[int]Day{}
	for col, s := range rows[0] {
		if col < 2 || plain(s) == "" {
			continue
		}
		d, err := ParseDay("", strings.ReplaceAll(plain(s), "/", "-"))
		if err != nil {
			note(0, col, s, "bad_date")
			continue
		}
		days[col] = d
	}
	if len(days) == 0 {
		note(0, 2, "", "no_date")
	}
	for i, row := range rows[1:] {
		if len(row) == 0 || strings.TrimSpace(strings.Join(row, "")) == "" {
			continue
		}
		email := ""
		if len(row) > 1 {
			email = plain(row[1])
		}
		user, ok := find(plain(row[0]), email)
		if !ok {
			note(i+1, 0, row[0], "unknown_person")
			continue
		}
		for col := 2; col < len(row); col++ {
			day, ok := days[col]
			text := plain(row[col])
			if !ok || text == "" {
				continue
			}
			items, ok := parseCell(text, templates, have(user, day))
			if !ok || len(items) == 0 || checkLoose(items) != nil {
				note(i+1, col, row[col], "unknown_shift")
				continue
			}
			out = append(out, Edit{User: user, Day: day, Items: items})
		}
	}
	return out, bad
}

// checkLoose is checkItems for items whose templates are not yet resolved.
func checkLoose(items []Item) error {
	kept := slices.DeleteFunc(slices.Clone(items), func(it Item) bool { return it.Template != 0 })
	if len(items) > maxItems || len(items) > 1 && slices.ContainsFunc(items, func(it Item) bool { return it.Kind == Off }) {
		return fault.Bad("items", "too_many", "too many shifts")
	}
	return checkItems("items", kept)
}

func cut(s string) string {
	r := []rune(s)
	return string(r[:min(len(r), 60)])
}

// Import drafts what a file says. When something of it cannot be taken, nothing
// is, and the problems are told.
func (m *Room) Import(ctx context.Context, a *staff.Actor, file []byte, dry bool) (out Imported, err error) {
	out = Imported{Planned{[]CellView{}, []Conflict{}}, []Problem{}}
	rows, err := readTable(file)
	if err != nil {
		return out, err
	}
	if len(rows) < 2 {
		return out, fault.Bad("file", "empty", "the file has no rows")
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	templates, err := readTemplates(ctx, m.DB, a.Tenant)
	if err != nil {
		return out, err
	}
	from, to := lastDay, firstDay
	for _, s := range rows[0] {
		if d, err := ParseDay("", strings.ReplaceAll(strings.TrimSpace(s), "/", "-")); err == nil {
			from, to = min(from, d), max(to, d)
		}
	}
	have := map[cellKey][]Item{}
	if from <= to {
		if err := checkDays(from, to); err != nil {
			return out, err
		}
		if have, err = m.planned(ctx, a, from, to, nil); err != nil {
			return out, err
		}
	}
	byName, byEmail := map[string][]id.ID{}, map[string]id.ID{}
	for _, p := range people(dir, a, staff.RosterManage, 0, 0) {
		byName[p.Name] = append(byName[p.Name], p.ID)
		byEmail[p.Email] = p.ID
	}
	list, bad := edits(rows, func(name, email string) (id.ID, bool) {
		if email != "" {
			u, ok := byEmail[strings.ToLower(email)]
			return u, ok
		}
		if l := byName[name]; len(l) == 1 {
			return l[0], true
		}
		return 0, false
	}, templates, func(u id.ID, d Day) []Item { return have[cellKey{u, d}] })
	out.Problems = append(out.Problems, bad...)
	if len(bad) > 0 && !dry {
		return out, fault.Bad("file", "roster.problems", "%d cells cannot be taken; a dry run lists them", len(bad)).With("count", fmt.Sprint(len(bad)))
	}
	out.Planned, err = m.Save(ctx, a, list, dry)
	return out, err
}

func (m *Room) registerTable(api *web.API, tags []string) {
	web.Handle(api, web.Op{Method: http.MethodGet, Path: "/roster/export", ID: "roster-export", Summary: "The plan as a table (query: from, to, team, department, format csv or xlsx, drafts)",
		Permission: string(staff.RosterRead), Tags: tags},
		func(w http.ResponseWriter, r *http.Request) error {
			ctx, q, a := r.Context(), r.URL.Query(), staff.From(r.Context())
			from, err := ParseDay("from", q.Get("from"))
			if err != nil {
				return err
			}
			to, err := ParseDay("to", q.Get("to"))
			if err != nil {
				return err
			}
			if err := checkDays(from, to); err != nil {
				return err
			}
			var team, department id.ID
			for name, into := range map[string]*id.ID{"team": &team, "department": &department} {
				if s := q.Get(name); s != "" {
					if *into, err = id.Parse(s); err != nil {
						return fault.Bad(name, "id", "this is not an id")
					}
				}
			}
			dir, err := m.Staff.Directory(ctx, a.Tenant)
			if err != nil {
				return err
			}
			who := people(dir, a, staff.RosterRead, team, department)
			if len(who) > maxPeople {
				return fault.Bad("team", "too_many", "at most %d people; choose a team", maxPeople)
			}
			rows, err := m.export(ctx, a, who, from, to, q.Get("drafts") == "true")
			if err != nil {
				return err
			}
			var b bytes.Buffer
			format := sheet.CSV
			if q.Get("format") == "xlsx" {
				format = sheet.XLSX
			}
			if err := sheet.Write(&b, format, rows); err != nil {
				return err
			}
			w.Header().Set("Content-Type", format.ContentType())
			w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="roster-%s-%s.%s"`, from, to, format))
			_, err = w.Write(b.Bytes())
			return err
		})
	web.Handle(api, web.Op{Method: http.MethodPost, Path: "/roster/import", ID: "roster-import", Summary: "Draft a plan from a CSV or XLSX table like that of the export (query: dry_run)",
		Permission: string(staff.RosterManage), MaxBody: maxFile, Tags: tags},
		func(w http.ResponseWriter, r *http.Request) error {
			file, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFile))
			if err != nil {
				return fault.New(fault.TooLarge, "body.too_large", "the file is larger than %d bytes", maxFile)
			}
			out, err := m.Import(r.Context(), staff.From(r.Context()), file, r.URL.Query().Get("dry_run") == "true")
			if err != nil {
				return err
			}
			b, err := text(out)
			if err != nil {
				return err
			}
			w.Header().Set("Content-Type", "application/json")
			_, err = io.WriteString(w, b)
			return err
		})
}
