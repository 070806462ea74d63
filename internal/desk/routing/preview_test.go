package routing_test

import (
	"testing"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/routing"
	"zhidan/internal/desk/ticket"
)

// Who would have a ticket is known before it is opened; nothing is made for the
// answer, and when the ticket is opened it is as was said.
func TestATicketIsPreviewed(t *testing.T) {
	each(t, 2, 1, func(t *testing.T, s *scene) {
		in := obj{"body": "洗衣机脱水时漏水", "requester": obj{"phone": "13800138000", "name": "演示客户"}, "type": "enquiry", "channel": "phone"}
		preview := func(token string) (p routing.PreviewJSON) {
			t.Helper()
			a := s.Call("POST", "/routing/preview", in, "Authorization", "Bearer "+token)
			a.JSON(t, &p)
			if a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			return p
		}
		// The first text that is read waits for the models, longer than a request may take.
		_, err := s.Desk.Try(ctx, s.Admin, ticket.NewTicket{Body: "演示", Requester: customer.Contact{Name: "演示客户"}})
		s.must(err)
		p := preview(s.Token)
		if p.Outcome != routing.Queued || p.Agent != 0 || p.Eligible != 0 || p.Excluded[routing.NotOnline] < 2 {
			t.Errorf("nobody is there: %+v", p)
		}
		s.state(1, roster.Online)
		p = preview(s.Token)
		if p.Outcome != routing.Assigned || p.Agent != s.agents[1].ID || p.Path[0] != "all" || p.Decision == nil || len(p.Or) != 0 {
			t.Errorf("one is there: %+v", p)
		}
		if q := preview(s.TokenFor(s.agents[0])); q.Agent != p.Agent || q.Decision != nil {
			t.Errorf("somebody who may not assign is told who, not what all carry: %+v", q)
		}
		list, err := s.Desk.List(ctx, s.Admin, ticket.Query{Limit: 5})
		s.must(err)
		if len(list.Items) != 0 {
			t.Fatal("asking has made a ticket")
		}
		if c := s.Call("GET", "/customers", nil); len(c.Body) == 0 || string(c.Body[:12]) != `{"items":[],` && string(c.Body[:12]) != `{"items":[]}` {
			t.Error("asking has made a customer", string(c.Body))
		}
		var made ticket.JSON
		s.Call("POST", "/tickets", in).JSON(t, &made)
		if made.Assignee == nil || made.Assignee.ID != s.agents[1].ID {
			t.Fatalf("the ticket went to %+v", made.Assignee)
		}
		s.Settle()
		if p = preview(s.Token); p.Outcome != routing.Queued || p.Excluded[routing.Full] != 1 {
			t.Errorf("who is there has no room: %+v", p)
		}
		s.state(0, roster.Online)
		if p = preview(s.Token); p.Agent != s.agents[0].ID {
			t.Errorf("%+v", p)
		}
		in["assignee_id"] = s.agents[1].ID
		if p = preview(s.Token); p.Outcome != routing.Kept || p.Agent != s.agents[1].ID {
			t.Errorf("somebody was named: %+v", p)
		}
		delete(in, "assignee_id")
		in["body"] = ""
		refused(t, s.Call("POST", "/routing/preview", in), 422, "required", "body")
	})
}
