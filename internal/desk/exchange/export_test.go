package exchange_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/exchange"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/sheet"
)

func TestExportTickets(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.ticket("=cmd|' /C calc'!A0", M{"tags": []string{"急", "vip"}, "priority": "urgent", "type": "repair", "fields": M{"fault_code": "-E5"}})
		s.ticket("冰箱不制冷", nil)
		s.ticket("洗衣机, 漏水\n第二行", M{"priority": "low"})
		for _, format := range []string{"csv", "xlsx"} {
			e := s.export(s.Token, M{"what": "ticket", "format": format, "bom": true, "columns": []string{"number", "subject", "priority", "requester", "tags", "created_at", "fields.fault_code"}})
			rows := s.table(s.Token, e)
			want(t, "rows", e.Done, 3)
			want(t, "head", strings.Join(rows[0], "|"), "工单编号|标题|优先级|诉求人|标签|创建时间|故障代码")
			want(t, "subjects", strings.Join(column(rows, "标题"), "|"), "洗衣机, 漏水 第二行|冰箱不制冷|=cmd|' /C calc'!A0")
			want(t, "priorities", strings.Join(column(rows, "优先级"), "|"), "低|普通|紧急")
			want(t, "tags", column(rows, "标签")[2], "急; vip")
			want(t, "time", column(rows, "创建时间")[0], "2026-11-21 12:00:00")
			want(t, "field", column(rows, "故障代码")[2], "-E5")
		}
		// In a text file nothing is a formula.
		e := s.export(s.Token, M{"what": "ticket", "format": "csv", "locale": "en"})
		raw := s.Call("GET", strings.TrimPrefix(e.URL, "/api/v1"), nil)
		if !strings.Contains(string(raw.Body), `,'=cmd|' /C calc'!A0,`) || strings.HasPrefix(string(raw.Body), "\ufeff") {
			t.Errorf("%s", raw.Body)
		}
		want(t, "English", strings.HasPrefix(string(raw.Body), "Number,Subject,Status,Priority,"), true)
		want(t, "name of the file", raw.Header.Get("Content-Disposition"), `attachment; filename="tickets-20261121-120000.csv"`)

		want(t, "a condition", len(s.table(s.Token, s.export(s.Token, M{"what": "ticket", "format": "csv", "filter": `priority == "urgent"`})))-1, 1)
		list := s.Call("GET", "/tickets?sort=created", nil)
		var page struct{ Items []struct{ ID, Number string } }
		list.JSON(t, &page)
		chosen := s.export(s.Token, M{"what": "ticket", "format": "csv", "ids": []string{page.Items[0].ID, page.Items[2].ID}})
		want(t, "a choice", strings.Join(column(s.table(s.Token, chosen), "工单编号"), " "), page.Items[2].Number+" "+page.Items[0].Number)
		s.Settle()
		want(t, "a search", len(s.table(s.Token, s.export(s.Token, M{"what": "ticket", "format": "csv", "q": "冰箱"})))-1, 1)

		for body, code := range map[string]string{
			`{"what":"ticket","format":"csv","columns":["nope"]}`:  "unknown",
			`{"what":"ticket","format":"csv","filter":"nope = 1"}`: "",
			`{"what":"money","format":"csv"}`:                      "",
			`{"what":"ticket","format":"pdf"}`:                     "",
		} {
			if a := s.Call("POST", "/exports", body); a.Status != http.StatusUnprocessableEntity || !strings.Contains(string(a.Body), code) {
				t.Errorf("%s: %d %s", body, a.Status, a.Body)
			}
		}
	})
}

func TestExportOthers(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		var company struct{ ID string }
		s.call(s.Token, "POST", "/companies", M{"name": "+远大", "domains": []string{"yuanda.example.com"}}, 201, &company)
		s.call(s.Token, "POST", "/customers", M{"name": "王芳", "tier": "vip", "company_id": company.ID, "note": "来电 13900139000",
			"identities": []M{{"kind": "phone", "value": "13912345678"}, {"kind": "email", "value": "wangfang@yuanda.example.com"}}}, 201, nil)
		rows := s.table(s.Token, s.export(s.Token, M{"what": "customer", "format": "xlsx"}))
		want(t, "customer", strings.Join(rows[1][:6], "|"), "王芳|139****5678|w***@yuanda.example.com|VIP 客户|+远大|")
		rows = s.table(s.Token, s.export(s.Token, M{"what": "company", "format": "csv"}))
		want(t, "company", strings.Join(rows[1][:2], "|"), "+远大|yuanda.example.com")
		// As the list is narrowed, so is the file.
		s.call(s.Token, "POST", "/customers", M{"name": "李明", "tags": []string{"批发"}}, 201, nil)
		s.call(s.Token, "POST", "/companies", M{"name": "甲公司", "tier": "vip", "parent_id": company.ID}, 201, nil)
		for narrow, who := range map[string]string{`{"tier":"vip"}`: "王芳", `{"company_id":"` + company.ID + `"}`: "王芳", `{"tag":"批发"}`: "李明", `{"tag":"批发","tier":"vip"}`: "", `{"care":true}`: ""} {
			e := s.export(s.Token, M{"what": "customer", "format": "csv", "customers": json.RawMessage(narrow)})
			want(t, narrow, strings.Join(column(s.table(s.Token, e), "姓名"), "|"), who)
			want(t, "said in the record", e.Narrowed, true)
		}
		for narrow, who := range map[string]string{`{"tier":"vip"}`: "甲公司", `{"parent_id":"` + company.ID + `"}`: "甲公司", `{"tier":"normal"}`: "+远大"} {
			want(t, narrow, strings.Join(column(s.table(s.Token, s.export(s.Token, M{"what": "company", "format": "csv", "companies": json.RawMessage(narrow)})), "企业名称"), "|"), who)
		}
		for what, field := range map[string]string{"ticket": "customers", "customer": "companies", "staff": "customers"} {
			s.call(s.Token, "POST", "/exports", M{"what": what, "format": "csv", field: M{"tier": "vip"}}, 422, nil)
		}
		rows = s.table(s.Token, s.export(s.Token, M{"what": "staff", "format": "csv"}))
		want(t, "staff", strings.Join(rows[1][:2], "|"), "管理员|admin@example.com")
		for _, what := range []string{"ticket", "customer", "company", "staff"} {
			var list struct{ Items []exchange.ColumnJSON }
			s.call(s.Token, "GET", "/exports/columns?what="+what, nil, 200, &list)
			var keys []string
			for _, c := range list.Items {
				keys = append(keys, c.Key)
			}
			rows := s.table(s.Token, s.export(s.Token, M{"what": what, "format": "csv", "columns": keys}))
			want(t, "all columns of "+what, len(rows[0]), len(keys))
		}
	})
}

// Somebody with a narrow reach finds nothing else in their file, on any way.
func TestExportKeepsToReach(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		mine, other := s.team("甲组"), s.team("乙组")
		ours := s.ticket("甲组的工单", M{"team_id": mine.String(), "requester": M{"name": "甲客户", "phone": "13800000001"}})
		theirs := s.ticket("乙组的工单", M{"team_id": other.String(), "requester": M{"name": "乙客户", "phone": "13800000002"}})
		s.Settle()
		grants := func(read, export staff.Scope) staff.Grants {
			return staff.Grants{staff.TicketRead: read, staff.CustomerRead: read, staff.StaffRead: staff.ScopeAll, staff.Export: export}
		}
		for _, x := range []struct {
			name         string
			read, export staff.Scope
		}{{"只看本组", staff.ScopeTeam, staff.ScopeAll}, {"只导出本组", staff.ScopeAll, staff.ScopeTeam}} {
			a, token := s.someone(x.name, grants(x.read, x.export), staff.NewUser{Teams: []id.ID{mine}})
			for _, in := range []M{{}, {"filter": `subject.contains("组")`}, {"q": "工单"}, {"ids": []string{ours, theirs}}, {"filter": `team == "` + other.String() + `" || team == "` + mine.String() + `"`}} {
				in["what"], in["format"] = "ticket", "csv"
				rows := s.table(token, s.export(token, in))
				want(t, fmt.Sprint(x.name, in), strings.Join(column(rows, "标题"), "|"), "甲组的工单")
			}
			rows := s.table(token, s.export(token, M{"what": "customer", "format": "csv"}))
			want(t, x.name+": customers", strings.Join(column(rows, "姓名"), "|"), "甲客户")
			if x.export == staff.ScopeTeam {
				rows = s.table(token, s.export(token, M{"what": "staff", "format": "csv"}))
				want(t, "staff", strings.Join(column(rows, "姓名"), "|"), a.Name+"|只看本组")
				s.call(token, "POST", "/exports", M{"what": "company", "format": "csv"}, 403, nil)
			}
		}
		_, token := s.someone("不能导出", staff.Grants{staff.TicketRead: staff.ScopeAll}, staff.NewUser{})
		s.call(token, "POST", "/exports", M{"what": "ticket", "format": "csv"}, 403, nil)
		_, token = s.someone("不看客户", staff.Grants{staff.Export: staff.ScopeAll, staff.TicketRead: staff.ScopeAll}, staff.NewUser{})
		s.call(token, "POST", "/exports", M{"what": "customer", "format": "csv"}, 403, nil)
		s.call(token, "POST", "/exports", M{"what": "staff", "format": "csv"}, 403, nil)
	})
}

// The file is for who ordered it, for a while; the record stays for the audit.
func TestExportFile(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.ticket("x", nil)
		g := staff.Grants{staff.TicketRead: staff.ScopeAll, staff.Export: staff.ScopeAll}
		_, owner := s.someone("甲", g, staff.NewUser{})
		_, other := s.someone("乙", g, staff.NewUser{})
		e := s.export(owner, M{"what": "ticket", "format": "csv"})
		path := strings.TrimPrefix(e.URL, "/api/v1")
		s.table(owner, e)
		s.call(other, "GET", path, nil, 404, nil)
		s.call(s.Token, "GET", path, nil, 404, nil)
		s.call(other, "GET", "/exports/"+e.ID.String(), nil, 404, nil)
		s.call(other, "DELETE", "/exports/"+e.ID.String(), nil, 404, nil)
		if a := s.Call("GET", path, nil, "Authorization", ""); a.Status != 401 {
			t.Errorf("without a caller: %d", a.Status)
		}
		s.call(owner, "GET", path+"x", nil, 403, nil)
		s.Clock.Advance(2 * time.Hour)
		s.call(owner, "GET", path, nil, 403, nil)
		s.call(owner, "GET", "/exports/"+e.ID.String(), nil, 200, &e)
		s.table(owner, e)
		want(t, "downloads", e.Downloads, 1)

		var all struct{ Items []exchange.ExportJSON }
		s.call(other, "GET", "/exports?all=true", nil, 403, nil)
		s.call(s.Token, "GET", "/exports?all=true", nil, 200, &all)
		if len(all.Items) != 1 || all.Items[0].User.Name != "甲" || all.Items[0].Done != 1 || all.Items[0].URL != "" {
			t.Errorf("%+v", all.Items)
		}
		events, err := s.Staff.Events(ctx, s.Tenant, staff.EventFilter{}, 50)
		must(t, err)
		if !slices.ContainsFunc(events, func(x staff.Event) bool { return x.Kind == "exported" && x.Subject == e.ID }) {
			t.Error("the audit trail does not know of it")
		}

		s.Clock.Advance(8 * 24 * time.Hour)
		s.Settle()
		s.call(owner, "GET", "/exports/"+e.ID.String(), nil, 200, &e)
		want(t, "state", e.State, exchange.Expired)
		if n := blobs(t, s); n != 0 {
			t.Errorf("%d files are left", n)
		}
	})
}

// A long export goes on in the background, from where it was when its node
// died, with no row twice; it can be cancelled, and leaves nothing behind.
func TestExportInTheBackground(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		const n = 1203
		s.many(n)
		s.Exchange.Patience = -1
		for _, format := range []sheet.Format{sheet.CSV, sheet.XLSX} {
			e := s.export(s.Token, M{"what": "ticket", "format": string(format)})
			want(t, "state", e.State, exchange.Running)
			want(t, "first piece", e.Done, 500)
			s.Settle()
			s.call(s.Token, "GET", "/exports/"+e.ID.String(), nil, 200, &e)
			want(t, "total", *e.Total, int64(n))
			numbers := column(s.table(s.Token, e), "工单编号")
			slices.Sort(numbers)
			want(t, "rows", len(numbers), n)
			want(t, "different", len(slices.Compact(numbers)), n)
			want(t, "contents kept", blobs(t, s), 1)
			var bell struct {
				Items []struct{ Event, Title string }
			}
			s.call(s.Token, "GET", "/notifications", nil, 200, &bell)
			if !slices.ContainsFunc(bell.Items, func(x struct{ Event, Title string }) bool { return x.Event == "export_ready" }) {
				t.Errorf("not told: %+v", bell.Items)
			}
			s.call(s.Token, "DELETE", "/exports/"+e.ID.String(), nil, 204, nil)
		}
	})
}

func TestExportCancelled(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.many(600)
		s.Jobs.Stop() // nobody goes on
		s.Exchange.Patience = -1
		e := s.export(s.Token, M{"what": "ticket", "format": "csv"})
		want(t, "state", e.State, exchange.Running)
		s.call(s.Token, "DELETE", "/exports/"+e.ID.String(), nil, 409, nil)
		s.call(s.Token, "POST", "/exports/"+e.ID.String()+"/cancel", nil, 200, &e)
		want(t, "state", e.State, exchange.Cancelled)
		want(t, "contents kept", blobs(t, s), 0)
		// A right that is gone in between counts.
		a, token := s.someone("甲", staff.Grants{staff.TicketRead: staff.ScopeAll, staff.Export: staff.ScopeAll}, staff.NewUser{})
		e = s.export(token, M{"what": "ticket", "format": "csv"})
		off := false
		_, err := s.Staff.UpdateUser(ctx, staff.System(s.Tenant), a.ID, 0, staff.UserChange{Active: &off})
		must(t, err)
		must(t, s.Exchange.GoOn(ctx, s.Tenant, e.ID))
		s.call(s.Token, "GET", "/exports/"+e.ID.String(), nil, 200, &e)
		want(t, "of who has left", e.State+" "+e.ErrorCode, "failed exchange.gone")
		want(t, "contents kept", blobs(t, s), 0)
		for range 5 {
			s.export(s.Token, M{"what": "ticket", "format": "csv"})
		}
		s.call(s.Token, "POST", "/exports", M{"what": "ticket", "format": "csv"}, 409, nil)
	})
}
