package roster_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/zhidantest"
)

func TestTablesComeBackAsTheyWent(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		evil := h.User("a@example.com", "=HYPERLINK(1)", staff.Agent)
		b := h.User("b@example.com", "坐席乙", staff.Agent)
		h.Call("POST", "/roster/templates", m{"name": "早班", "from": "08:00", "to": "16:00"})
		publish(t, h, evil.ID, map[string][]m{"2026-11-23": {{"kind": "shift", "name": "@SUM(1)", "from": "08:00", "to": "12:00"}, shift("14:00", "18:00")[0]}, "2026-11-24": {{"kind": "off"}}})
		before := planOf(t, h, evil.ID)
		raw := h.Call("GET", "/roster/export?from=2026-11-23&to=2026-11-25", nil)
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw.Body, []byte("\ufeff")))).ReadAll()
		ok(t, err)
		for _, row := range rows {
			for _, cell := range row {
				if strings.IndexAny(cell, "=+-@") == 0 {
					t.Errorf("%q is a formula", cell)
				}
			}
		}
		i := slices.IndexFunc(rows, func(r []string) bool { return r[1] == "a@example.com" })
		if i < 0 || rows[i][0] != "'=HYPERLINK(1)" || rows[i][2] != "'@SUM(1) 08:00-12:00; 14:00-18:00" || rows[i][3] != "休" || rows[i][4] != "" {
			t.Fatalf("%q", rows)
		}
		sheet := h.Call("GET", "/roster/export?from=2026-11-23&to=2026-11-25&format=xlsx", nil)
		f, err := excelize.OpenReader(bytes.NewReader(sheet.Body))
		ok(t, err)
		again, err := f.GetRows("Sheet1")
		ok(t, err)
		if again[i][2] != "@SUM(1) 08:00-12:00; 14:00-18:00" { // there the type of the cell says that it is text
			t.Errorf("%q", again)
		}
		if formula, err := f.GetCellFormula("Sheet1", fmt.Sprintf("C%d", i+1)); err != nil || formula != "" {
			t.Errorf("the formula %q, %v", formula, err)
		}
		// What went out comes in and changes nothing.
		for _, file := range [][]byte{raw.Body, sheet.Body} {
			var out roster.Imported
			got := h.Call("POST", "/roster/import", file, "Content-Type", "application/octet-stream")
			got.JSON(t, &out)
			if got.Status != 200 || len(out.Cells) != 0 || len(out.Problems) != 0 {
				t.Errorf("%d %s", got.Status, got.Body)
			}
		}
		if !reflect.DeepEqual(planOf(t, h, evil.ID), before) {
			t.Errorf("%v", planOf(t, h, evil.ID))
		}
		file := "姓名,邮箱,2026-11-23,2026/11/24,x\n坐席乙,,早班,9:00-17:00,\n坐席丁,,早班,,\n,a@example.com,,早班,\n坐席乙,b@example.com,中班,,\n"
		var out roster.Imported
		got := h.Call("POST", "/roster/import?dry_run=true", file)
		got.JSON(t, &out)
		var codes []string
		for _, p := range out.Problems {
			codes = append(codes, fmt.Sprintf("%d,%d %s", p.Row, p.Column, p.Code))
		}
		if want := "1,5 bad_date|3,1 unknown_person|5,3 unknown_shift"; strings.Join(codes, "|") != want || len(out.Cells) != 3 {
			t.Errorf("%d cells, %v", len(out.Cells), codes)
		}
		problem(t, h.Call("POST", "/roster/import", file), 422, "roster.problems")
		if len(planOf(t, h, b.ID)) != 0 {
			t.Error("part of a bad file was taken")
		}
		if got := h.Call("POST", "/roster/import", "姓名,邮箱,2026-11-23,2026/11/24\n坐席乙,,早班,9:00-17:00\n"); got.Status != 200 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if p := planOf(t, h, b.ID); p["2026-11-23"] != "shift 08:00-16:00 draft" || p["2026-11-24"] != "shift 09:00-17:00 draft" {
			t.Errorf("%v", p)
		}
		problem(t, h.Call("POST", "/roster/import", []byte("PK\x03\x04nonsense")), 422, "broken")
	})
}

func TestAdherenceOfPeople(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		publish(t, h, who.ID, map[string][]m{"2026-11-21": shift("13:00", "17:00")})
		h.Clock.Set(at(t, "2026-11-21 13:10"))
		set := func(s roster.State) {
			_, err := h.Roster.SetOwn(bg, who, roster.NewState{State: s})
			ok(t, err)
		}
		set(roster.Online)
		h.Clock.Set(at(t, "2026-11-21 15:00"))
		set(roster.Offline)
		h.Clock.Set(at(t, "2026-11-21 15:30"))
		set(roster.Busy)
		h.Clock.Set(at(t, "2026-11-21 18:00"))
		set(roster.Offline)
		h.Clock.Set(at(t, "2026-11-22 09:00"))
		var list struct{ Items []roster.Adherence }
		h.Call("GET", "/roster/adherence?from=2026-11-20&to=2026-11-22", nil).JSON(t, &list)
		if len(list.Items) != 1 {
			t.Fatalf("%+v", list.Items)
		}
		x := list.Items[0]
		if x.User != who.ID || x.Planned != 240 || x.Kept != 110+90 || x.Worked != 110+150 || x.Late != 10 || x.Seconds[roster.Busy] != 150*60 || x.Seconds[roster.Online] != 110*60 {
			t.Errorf("%+v", x)
		}
		problem(t, h.Call("GET", "/roster/adherence?from=2026-01-20&to=2026-11-22", nil), 422, "to")
	})
}
