package ticket_test

import (
	"strings"
	"testing"
	"time"

	"zhidan/client"
	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

// Somebody calls again on a matter that is there: it counts, at once, and takes
// a solved ticket up again while its window is open.
func TestTheCallerRingsAgain(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		// nothing closes by itself here: what is solved stays so, however late it is
		_, err := s.c.Call(ctx, "PUT", "/config/rules", M{"number_pattern": "{seq:6}", "undo_send_seconds": 10, "undo_hours": 24, "auto_close_hours": 0, "reopen_days": 7, "repeat_days": 7, "demands": []M{}}, nil)
		must(t, err)
		tk := s.open("冰箱不制冷")
		again := func() error {
			_, err := s.c.Call(ctx, "POST", "/tickets/"+tk.ID+"/messages", M{"kind": "customer", "body": "又打来了", "channel": "phone", "again": true}, nil)
			return err
		}
		must(t, again())
		must(t, again())
		got := s.get(tk.ID)
		want(t, "repeat contacts", got.RepeatCount, 2)
		want(t, "fired", s.fired(tk.ID, got.Version-2), "message/customer repeat_contact")
		s.solve(tk.ID)
		must(t, again())
		want(t, "status", s.get(tk.ID).Status, "open")
		want(t, "repeat contacts", s.get(tk.ID).RepeatCount, 3)
		_, err = s.c.Call(ctx, "POST", "/tickets/"+tk.ID+"/messages", M{"kind": "note", "body": "x", "again": true}, nil)
		refused(t, err, "422 again invalid")
		s.solve(tk.ID)
		s.Clock.Advance(60 * 24 * time.Hour)
		refused(t, again(), "409 ticket.reopen_over")
		s.act(tk.ID, "status", ask("closed"))
		refused(t, again(), "409 ticket.closed")
	})
}

// What is typed for a caller is kept for its author alone, and not in the open.
func TestDraftOfANewTicket(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		type draft struct {
			Form      M      `json:"form"`
			UpdatedAt string `json:"updated_at"`
		}
		var out draft
		_, err := s.c.Call(ctx, "GET", "/me/new-ticket", nil, &out)
		must(t, err)
		want(t, "nothing yet", len(out.Form), 0)
		_, err = s.c.Call(ctx, "PUT", "/me/new-ticket", M{"form": M{"words": "13800138000", "body": "洗衣机漏水"}}, nil)
		must(t, err)
		_, err = s.c.Call(ctx, "GET", "/me/new-ticket", nil, &out)
		must(t, err)
		if out.Form["words"] != "13800138000" || out.Form["body"] != "洗衣机漏水" || out.UpdatedAt == "" {
			t.Errorf("%+v", out)
		}
		var sealed []byte
		must(t, s.DB.QueryRow(ctx, `select sealed from ticket_new_draft where tenant_id = $1`, s.Tenant).Scan(&sealed))
		if strings.Contains(string(sealed), "13800138000") {
			t.Error("the number lies in the open")
		}
		other := draft{}
		_, err = s.as(s.person("别人", staff.NewUser{}, staff.Agent)).Call(ctx, "GET", "/me/new-ticket", nil, &other)
		must(t, err)
		want(t, "somebody else's", len(other.Form), 0)
		_, err = s.c.Call(ctx, "PUT", "/me/new-ticket", M{"form": M{"body": strings.Repeat("长", 30_000)}}, nil)
		refused(t, err, "422 form too_long")
		_, err = s.c.Call(ctx, "DELETE", "/me/new-ticket", nil, nil)
		must(t, err)
		out = draft{}
		_, err = s.c.Call(ctx, "GET", "/me/new-ticket", nil, &out)
		must(t, err)
		want(t, "thrown away", len(out.Form), 0)
	})
}

// Companies reach as far as their tickets do; tickets follow their customer to
// another company.
func TestCompaniesAndTheirTickets(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		mine, theirs := s.team("我们组", 0), s.team("他们组", 0)
		role := s.role("只看本组", staff.Grants{staff.TicketRead: staff.ScopeTeam, staff.CustomerRead: staff.ScopeTeam, staff.CustomerUpdate: staff.ScopeOwn})
		a := s.person("组员", staff.NewUser{Teams: []id.ID{mine}, Roles: []id.ID{role}})
		narrow := s.as(a)
		type item struct {
			ID      string `json:"id"`
			Tickets int    `json:"ticket_count"`
			Open    int    `json:"open_ticket_count"`
		}
		make := func(path string, in M) string {
			var out item
			_, err := s.c.Call(ctx, "POST", path, in, &out)
			must(t, err)
			return out.ID
		}
		seen, hidden := make("/companies", M{"name": "看得见的公司"}), make("/companies", M{"name": "看不见的公司"})
		who := make("/customers", M{"name": "王小明", "company_id": seen, "tier": "vip"})
		other := make("/customers", M{"name": "李小明", "company_id": hidden, "tier": "vip"})
		one := s.open("冰箱", func(n *client.NewTicket) { n.Requester = client.Requester{ID: who}; n.Team = mine.String() })
		s.open("空调", func(n *client.NewTicket) { n.Requester = client.Requester{ID: other}; n.Team = theirs.String() })
		list := func(c *client.Client, path string) (ids []string) {
			var out struct{ Items []item }
			_, err := c.Call(ctx, "GET", path, nil, &out)
			must(t, err)
			for _, x := range out.Items {
				ids = append(ids, x.ID)
			}
			return ids
		}
		for path, only := range map[string]string{"/companies": seen, "/companies?q=公司": seen, "/customers?tier=vip": who, "/customers?q=小明": who, "/customers?company=" + seen: who} {
			if got := list(narrow, path); len(got) != 1 || got[0] != only {
				t.Errorf("%s shows %v", path, got)
			}
		}
		for _, path := range []string{"/companies/" + hidden + "/tickets", "/customers?company=" + hidden, "/customers/" + other + "/tickets", "/customers/" + other + "/timeline"} {
			if got := list(narrow, path); len(got) != 0 {
				t.Errorf("%s shows %v", path, got)
			}
		}
		for _, path := range []string{"/companies/" + hidden, "/companies/" + hidden + "/contacts", "/customers/" + other, "/customers/" + other + "/merges"} {
			if _, err := narrow.Call(ctx, "GET", path, nil, nil); err == nil {
				t.Errorf("%s can be read", path)
			}
		}
		_, err := narrow.Call(ctx, "PATCH", "/companies/"+seen, M{"note": "x"}, nil)
		refused(t, err, "403 forbidden")

		var out item
		_, err = s.c.Call(ctx, "GET", "/companies/"+seen, nil, &out)
		must(t, err)
		want(t, "tickets", out.Tickets, 1)
		want(t, "open tickets", out.Open, 1)
		_, err = s.c.Call(ctx, "PATCH", "/customers/"+who, M{"company_id": hidden}, nil)
		must(t, err)
		s.Settle()
		want(t, "company of the ticket", s.get(one.ID).Company.ID, hidden)
		want(t, "tickets of the former", len(list(s.c, "/companies/"+seen+"/tickets")), 0)
		want(t, "tickets of the new", len(list(s.c, "/companies/"+hidden+"/tickets")), 2)
		_, err = s.c.Call(ctx, "PATCH", "/customers/"+who, M{"company_id": nil}, nil)
		must(t, err)
		s.Settle()
		if c := s.get(one.ID).Company; c != nil {
			t.Errorf("%+v", c)
		}
	})
}

// Special care is a fact for views.
func TestSpecialCareIsAFact(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		tk := s.open("x")
		count := func() int {
			n, err := s.Desk.Count(ctx, s.Admin, `special_care`)
			must(t, err)
			return n.Count
		}
		want(t, "before", count(), 0)
		who := number(t, s.get(tk.ID).Requester.ID)
		must(t, s.Customers.SetCare(ctx, s.Admin, who, "媒体从业者", s.Clock.Now().Add(time.Hour)))
		want(t, "while it holds", count(), 1)
		c, err := s.Customers.Get(ctx, s.DB, s.Tenant, who)
		must(t, err)
		want(t, "reason", c.Care, customer.Care{Reason: "媒体从业者", By: s.Admin.ID, Since: s.Clock.Now()})
		s.Clock.Advance(time.Hour)
		want(t, "after its end", count(), 0)
	})
}
