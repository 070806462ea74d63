package report

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/sheet"
)

// table is a part of a board as rows of cells: strings, whole numbers and
// fractions.
type table struct {
	key, name string
	rows      [][]any
}

// words are the headings in both languages.
var words = map[string][2]string{
	"figures": {"指标", "Figures"}, "hours": {"每小时进线", "By hour"}, "ages": {"积压时长", "Backlog by age"}, "departments": {"部门", "Departments"}, "agents": {"坐席", "Agents"},
	"figure": {"指标", "Figure"}, "value": {"数值", "Value"}, "part": {"分子", "Part"}, "whole": {"分母", "Whole"}, "previous": {"对比日", "Compared day"},
	"tickets": {"涉及工单", "Tickets"}, "definition": {"口径版本", "Definition"}, "hour": {"小时", "Hour"}, "total": {"合计", "Total"}, "age": {"时长", "Age"}, "name": {"名称", "Name"},
	"state": {"状态", "State"}, "id": {"编号", "ID"},
	KeyCreated: {"进线工单", "Tickets in"}, KeySolved: {"已解决", "Solved"}, KeyBacklog: {"积压", "Backlog"}, KeyOverdue: {"已超时", "Overdue"},
	KeyFirstResponse: {"首次响应时长中位数（秒）", "First response, median (s)"}, KeySlowest: {"首次响应时长 P90（秒）", "First response, 90 % (s)"}, KeySLA: {"SLA 达成率", "SLA attainment"},
	KeyReopened: {"重开率", "Reopen rate"}, KeyRepeat: {"重复进线率", "Repeat contact rate"}, KeyTransferred: {"转派", "Transferred"}, KeyReturned: {"退回", "Returned"},
	KeyMessageIn: {"客户消息", "Messages in"}, KeyMessageOut: {"回复", "Replies"}, "answered": {"首次响应数", "First responses"},
	"1h": {"1 小时内", "Under 1 hour"}, "4h": {"1–4 小时", "1–4 hours"}, "24h": {"4–24 小时", "4–24 hours"}, "3d": {"1–3 天", "1–3 days"}, "7d": {"3–7 天", "3–7 days"}, "older": {"7 天以上", "Over 7 days"},
	"none": {"（无）", "(none)"},
}

// tables are all parts of a board, in the reader's language.
func (b *Board) tables(locale string) []table {
	word := func(key string) any {
		w := words[key]
		if strings.HasPrefix(locale, "en") {
			return w[1]
		}
		return w[0]
	}
	head := func(keys ...string) []any {
		out := make([]any, len(keys))
		for i, k := range keys {
			out[i] = word(k)
		}
		return out
	}
	maybe := func(v *float64) any {
		if v == nil {
			return ""
		}
		return *v
	}
	whole := func(v *int64) any {
		if v == nil {
			return ""
		}
		return *v
	}
	var out []table
	add := func(key string, rows [][]any) { out = append(out, table{key, word(key).(string), rows}) }

	top := head("figure", "value", "part", "whole", "previous", "tickets", "definition")
	day := b.Day
	if b.Until != 0 {
		if zone, err := time.LoadLocation(b.Zone); err == nil {
			day += " " + b.Until.Std().In(zone).Format("15:04")
		}
	}
	top[1], top[4] = fmt.Sprintf("%s (%s)", top[1], day), fmt.Sprintf("%s (%s)", top[4], b.Compare)
	rows := [][]any{top}
	for _, f := range b.Figures {
		rows = append(rows, []any{word(f.Key), maybe(f.Value), whole(f.Part), whole(f.Whole), maybe(f.Previous), f.Tickets, f.Key + "@" + strconv.Itoa(f.Definition)})
	}
	add("figures", rows)

	hours := head("hour")
	for _, c := range b.Channels {
		hours = append(hours, c.Key)
	}
	rows = [][]any{append(hours, word("total"), fmt.Sprintf("%s (%s)", word("previous"), b.Compare))}
	for _, h := range b.Hours {
		row := []any{h.Label}
		for _, c := range b.Channels {
			row = append(row, h.Channels[c.Key])
		}
		rows = append(rows, append(row, h.Created, h.Previous))
	}
	add("hours", rows)

	rows = [][]any{head("age", KeyBacklog)}
	for _, a := range b.Ages {
		rows = append(rows, []any{word(a.Key), a.Count})
	}
	add("ages", rows)

	lines := func(key string, list []BoardLine) {
		rows := [][]any{head("name", "id", KeyCreated, KeySolved, KeyBacklog, KeyOverdue, "answered", KeyFirstResponse, KeySLA, KeyReopened, KeyRepeat, KeyMessageOut)}
		for _, l := range list {
			name := any(l.Name)
			if l.ID == 0 {
				name = word("none")
			}
			rows = append(rows, []any{name, l.ID.String(), l.Created, l.Solved, l.Backlog, l.Overdue, l.Answered, maybe(l.FirstResponse), maybe(l.SLA), maybe(l.ReopenRate), maybe(l.RepeatRate), l.MessageOut})
		}
		add(key, rows)
	}
	lines("departments", b.Departments)
	lines("agents", b.Agents)
	return out
}

func (m *Room) export(w http.ResponseWriter, r *http.Request) error {
	a, q := staff.From(r.Context()), r.URL.Query()
	if !a.Can(string(staff.ReportRead)) {
		return fault.New(fault.Forbidden, "auth.forbidden", "you may not see reports").With("permission", string(staff.ReportRead))
	}
	in := Question{Day: q.Get("day"), Compare: q.Get("compare"), Channel: q.Get("channel"), Type: q.Get("type"), Without: q.Get("without"), Until: q.Get("until")}
	for name, into := range map[string]*id.ID{"department": &in.Department, "team": &in.Team, "agent": &in.Agent} {
		if s := q.Get(name); s != "" {
			v, err := id.Parse(s)
			if err != nil {
				return fault.Bad(name, "id", "this is not an id")
			}
			*into = v
		}
	}
	b, err := m.Today(r.Context(), a, in)
	if err != nil {
		return err
	}
	tables := b.tables(a.Locale)
	day := b.Day
	if b.Until != 0 {
		day += "-" + strings.ReplaceAll(in.Until, ":", "")
	}
	var out bytes.Buffer
	name, kind := "today-"+day+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	switch q.Get("format") {
	case "", "xlsx":
		err = writeXLSX(&out, tables)
	case "csv":
		want := q.Get("table")
		if want == "" {
			want = "figures"
		}
		i := slices.IndexFunc(tables, func(t table) bool { return t.key == want })
		if i < 0 {
			return fault.Bad("table", "choice", "a table is figures, hours, ages, departments or agents")
		}
		name, kind = "today-"+day+"-"+want+".csv", "text/csv; charset=utf-8"
		err = writeCSV(&out, tables[i])
	default:
		return fault.Bad("format", "choice", "a format is xlsx or csv")
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote(name))
	_, err = w.Write(out.Bytes())
	return err
}

func writeCSV(w io.Writer, t table) error {
	out, err := sheet.NewWriter(w, sheet.CSV, sheet.Options{BOM: true})
	if err != nil {
		return err
	}
	for _, row := range t.rows {
		if err := out.Row(row); err != nil {
			return err
		}
	}
	return out.Close()
}

func writeXLSX(w io.Writer, tables []table) error {
	book := make([]sheet.Table, len(tables))
	for i, t := range tables {
		book[i] = sheet.Table{Name: t.name, Rows: t.rows}
	}
	return sheet.WriteBook(w, book)
}
