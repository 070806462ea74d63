package routing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/routing"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

type obj = map[string]any

// refused wants a problem with a status, a code and, if given, a field.
func refused(t *testing.T, a zhidantest.Answer, status int, code, field string) {
	t.Helper()
	if a.Status != status || !strings.Contains(string(a.Body), code) || !strings.Contains(string(a.Body), field) {
		t.Errorf("%d %s; want %d with %s and %s", a.Status, a.Body, status, code, field)
	}
}

func TestVersionsOfTheRules(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		list := func() (out routing.SetsJSON) {
			h.Call("GET", "/routing/sets", nil).JSON(t, &out)
			return out
		}
		if l := list(); len(l.Items) != 1 || l.Items[0].Version != 1 || l.Items[0].State != routing.Active || l.Active != 1 || l.Shadow != 0 {
			t.Fatalf("%+v", l)
		}
		var shipped routing.SetJSON
		h.Call("GET", "/routing/sets/1", nil).JSON(t, &shipped)
		if len(shipped.Problems) != 0 || shipped.Set.Rules[0].Rules[0].Response != routing.Serious || shipped.State != routing.Active {
			t.Fatalf("%+v", shipped)
		}

		save := func(name string) int64 {
			var made routing.SetJSON
			a := h.Call("POST", "/routing/sets", obj{"name": name, "rules": []obj{{"name": "All", "strategy": "round_robin"}}})
			a.JSON(t, &made)
			if a.Status != http.StatusCreated || made.State != routing.Draft || made.Set.Rules[0].ID == "" || made.Author != h.Admin.ID {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			return made.Version
		}
		state := func(version int64, to routing.State) zhidantest.Answer {
			return h.Call("POST", fmt.Sprintf("/routing/sets/%d/state", version), obj{"state": to})
		}
		states := func() string {
			var out []string
			for _, s := range list().Items {
				out = append(out, fmt.Sprint(s.Version, s.State))
			}
			return strings.Join(out, " ")
		}
		two, three := save("Two"), save("Three")
		if two != 2 || three != 3 {
			t.Fatal(two, three)
		}
		state(2, routing.Shadow)
		if s := states(); s != "3draft 2shadow 1active" {
			t.Error(s)
		}
		state(3, routing.Shadow) // there is one shadow
		if s := states(); s != "3shadow 2draft 1active" {
			t.Error(s)
		}
		state(2, routing.Active) // and one active
		if s := states(); s != "3shadow 2active 1past" {
			t.Error(s)
		}
		state(3, routing.Active)
		if s := states(); s != "3active 2past 1past" {
			t.Error(s)
		}
		if l := list(); l.Active != 3 || l.Shadow != 0 {
			t.Errorf("%+v", l)
		}
		// The new rules decide from the next ticket on.
		tk := h.Call("POST", "/tickets", obj{"subject": "x", "body": "y", "requester": obj{"name": "演示客户", "email": "a@example.com"}})
		var made struct{ ID string }
		tk.JSON(t, &made)
		var why struct{ Items []routing.DecisionJSON }
		h.Call("GET", "/tickets/"+made.ID+"/routing", nil).JSON(t, &why)
		if len(why.Items) == 0 || why.Items[0].Version != 3 || why.Items[0].Strategy != routing.RoundRobin {
			t.Errorf("%+v", why)
		}
		state(1, routing.Active) // back to the first day
		if s := states(); s != "3past 2past 1active" {
			t.Error(s)
		}
		refused(t, state(1, routing.Draft), 409, "rule_set.active", "")
		refused(t, state(2, routing.Draft), 409, "rule_set.past", "")
		refused(t, state(99, routing.Active), 404, "rule_set.not_found", "")
		refused(t, h.Call("POST", "/routing/sets", obj{"name": "x", "rules": []obj{{"name": "a", "when": "status =="}}}), 422, "condition", "rules[0].when")
		refused(t, h.Call("POST", "/routing/sets", obj{"name": "x", "rules": []obj{{"name": "a", "team_id": "12345"}}}), 422, "unknown", "rules[0].team_id")
		var few routing.SetsJSON
		h.Call("GET", "/routing/sets?limit=2", nil).JSON(t, &few)
		if len(few.Items) != 2 || !few.More {
			t.Errorf("%+v", few)
		}
		few = routing.SetsJSON{}
		h.Call("GET", "/routing/sets?limit=2&before=2", nil).JSON(t, &few)
		if len(few.Items) != 1 || few.More {
			t.Errorf("%+v", few)
		}
	})
}

func TestRulesAreCheckedAndTried(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		agent := h.User("agent@example.com", "演示坐席", staff.Agent)
		tk, err := h.Desk.Create(t.Context(), h.Admin, ticket.NewTicket{Subject: "打印机", Body: "坏了", Type: "repair", Requester: customer.Contact{Name: "演示客户"}})
		if err != nil {
			t.Fatal(err)
		}
		var c routing.CheckJSON
		h.Call("POST", "/routing/check", obj{"name": "x", "rules": []obj{{"name": "Repairs", "when": `type == "repair"`}}}).JSON(t, &c)
		if len(c.Problems) != 0 || c.Looked != 1 || c.Unwanted != 0 || len(c.Matches) != 1 || c.Matches[0].Tickets != 1 || c.Matches[0].Path[0] != "Repairs" {
			t.Errorf("%+v", c)
		}
		h.Call("POST", "/routing/check", obj{"name": "x", "rules": []obj{{"name": "Repairs", "when": `nonsense`, "needs": []obj{{"skill_id": "7", "level": 1}}}}}).JSON(t, &c)
		if len(c.Problems) != 1 || c.Problems[0].Path != "rules[0].when" || c.Problems[0].Params["line"] != "1" {
			t.Errorf("%+v", c)
		}
		var d routing.Decision
		h.Call("POST", "/routing/try", obj{"ticket_id": tk.ID, "rules": obj{"name": "x", "rules": []obj{{"name": "One", "agent_ids": []id.ID{agent.ID}, "online": false}}}}).JSON(t, &d)
		if d.Outcome != routing.Assigned || d.Agent != agent.ID || d.Eligible != 1 || d.Excluded[routing.NotMember] != 1 {
			t.Errorf("%+v", d)
		}
		again, err := h.Desk.Get(t.Context(), h.Admin, tk.ID)
		if err != nil || again.Version != tk.Version {
			t.Error("trying has changed the ticket", err)
		}
		d = routing.Decision{}
		h.Call("POST", "/routing/try", obj{"ticket_id": tk.ID, "rules": obj{"name": "x", "rules": []obj{}}}).JSON(t, &d)
		if d.Outcome != routing.Kept || d.Eligible != 0 {
			t.Errorf("%+v", d)
		}
		refused(t, h.Call("POST", "/routing/try", obj{"ticket_id": "77"}), 404, "not_found", "")
		refused(t, h.Call("POST", "/routing/try", obj{"ticket_id": tk.ID, "version": 9}), 422, "unknown", "version")
		var f routing.FactorsJSON
		h.Call("GET", "/routing/factors", nil).JSON(t, &f)
		if len(f.Items) < 20 || f.Strategies[routing.Cheapest]["cost"] == 0 {
			t.Errorf("%+v", f)
		}
	})
}

// A day on which everything went to one team is replayed with rules under which
// the other helps out; it is found better, and is switched on.
func TestTheSimulatorOverTheStore(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		var people []id.ID
		for i := range 4 {
			people = append(people, h.User(fmt.Sprintf("agent%d@example.com", i), "演示坐席", staff.Agent).ID)
		}
		now := h.Clock.Now()
		if err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			for _, p := range people { // at work for eight of the last ten hours
				if _, err := tx.Exec(ctx, `insert into agent_state_span (tenant_id, user_id, from_at, to_at, state, by_id, forced) values ($1, $2, $3, $4, $5, null, $6)`,
					h.Tenant, p, now.Add(-9*time.Hour), now.Add(-time.Hour), string(roster.Online), false); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			tk, err := h.Desk.Create(t.Context(), h.Admin, ticket.NewTicket{Subject: "演示", Body: "演示", Channel: "chat", Requester: customer.Contact{Name: "演示客户"}})
			if err != nil {
				t.Fatal(err)
			}
			born := now.Add(-8*time.Hour + time.Duration(i)*time.Minute)
			if err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `update ticket set created_at = $3 where tenant_id = $1 and id = $2`, h.Tenant, tk.ID, born)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		set := func(name string, agents []id.ID) obj {
			return obj{"name": name, "capacity": 100, "rules": []obj{{"name": name, "agent_ids": agents}}}
		}
		var current, changed routing.SetJSON
		h.Call("POST", "/routing/sets", set("One", people[:1])).JSON(t, &current)
		h.Call("POST", fmt.Sprintf("/routing/sets/%d/state", current.Version), obj{"state": "active"})
		h.Call("POST", "/routing/sets", set("Four", people)).JSON(t, &changed)

		var s routing.Simulation
		a := h.Call("POST", "/routing/simulations", obj{"version": changed.Version, "days": 1})
		a.JSON(t, &s)
		if a.Status != http.StatusAccepted || s.State != "waiting" || s.Name != "Four" {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		h.Settle()
		path := "/routing/simulations/" + s.ID.String()
		h.Call("GET", path, nil).JSON(t, &s)
		if s.State != "done" || s.Result == nil || s.Done != s.Total || s.Result.Tickets != 40 {
			t.Fatalf("%+v", s)
		}
		r := s.Result
		if r.Current.Version != current.Version || r.Changed.Version != changed.Version || !(r.Changed.WaitP90 < r.Current.WaitP90) || !(r.Changed.InTime > r.Current.InTime) ||
			len(r.Changed.Agents) != 4 || r.Other == 0 {
			b, _ := json.Marshal(r)
			t.Errorf("%s", b)
		}
		// The same people, who may carry more at once: nobody waits behind them.
		s = routing.Simulation{}
		roomy := set("Roomy", people[:1])
		roomy["capacity"] = 100_000
		h.Call("POST", "/routing/simulations", obj{"rules": roomy, "days": 1}).JSON(t, &s)
		h.Settle()
		h.Call("GET", "/routing/simulations/"+s.ID.String(), nil).JSON(t, &s)
		if s.Result == nil || s.Result.Changed.WaitP90 != 0 || s.Result.Current.WaitP90 == 0 {
			t.Errorf("%+v", s.Result)
		}
		var all struct{ Items []routing.Simulation }
		h.Call("GET", "/routing/simulations", nil).JSON(t, &all)
		if len(all.Items) != 2 || all.Items[0].Result == nil || len(all.Items[0].Result.Changed.Agents) != 0 {
			t.Errorf("%+v", all)
		}

		// Given rules, stopped at once: it ends and stays ended.
		s = routing.Simulation{}
		h.Call("POST", "/routing/simulations", obj{"rules": set("Two", people[:2]), "days": 30}).JSON(t, &s)
		path = "/routing/simulations/" + s.ID.String()
		if a := h.Call("DELETE", path, nil); a.Status != http.StatusNoContent {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		h.Settle()
		h.Call("GET", path, nil).JSON(t, &s)
		if s.State != "cancelled" && s.State != "done" || s.Version != 0 {
			t.Errorf("%+v", s)
		}
		refused(t, h.Call("POST", "/routing/simulations", obj{"days": 1}), 422, "required", "version")
		refused(t, h.Call("POST", "/routing/simulations", obj{"days": 31, "version": 1}), 422, "", "days")
		refused(t, h.Call("GET", "/routing/simulations/7", nil), 404, "simulation.not_found", "")

		// Who was given how much.
		var b routing.BalanceJSON
		q := fmt.Sprintf("/routing/balance?from=%s&to=%s", now.Add(-24*time.Hour), now.Add(time.Hour))
		h.Call("GET", q, nil).JSON(t, &b)
		if i := slices.IndexFunc(b.Items, func(r routing.BalanceRow) bool { return r.Agent == people[0] }); i < 0 || b.Items[i].Minutes != 480 {
			t.Errorf("%+v", b)
		}
		refused(t, h.Call("GET", "/routing/balance?from=2026-01-01T00:00:00Z&to=2026-11-21T00:00:00Z", nil), 422, "range", "to")
	})
}

func TestTheShadowIsCompared(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		one, two := h.User("one@example.com", "演示坐席", staff.Agent), h.User("two@example.com", "演示坐席", staff.Agent)
		put := func(agent id.ID, to string) {
			var made routing.SetJSON
			h.Call("POST", "/routing/sets", obj{"name": to, "rules": []obj{{"name": "All", "agent_ids": []id.ID{agent}, "online": false}}}).JSON(t, &made)
			if a := h.Call("POST", fmt.Sprintf("/routing/sets/%d/state", made.Version), obj{"state": to}); a.Status != 200 {
				t.Fatal(a.Status, string(a.Body))
			}
		}
		var r routing.ShadowJSON
		if h.Call("GET", "/routing/shadow", nil).JSON(t, &r); r.Version != 0 {
			t.Errorf("%+v", r)
		}
		put(one.ID, "active")
		put(two.ID, "shadow")
		for range 3 {
			tk, err := h.Desk.Create(t.Context(), h.Admin, ticket.NewTicket{Subject: "演示", Body: "演示", Requester: customer.Contact{Name: "演示客户"}})
			if err != nil || tk.Assignee != one.ID {
				t.Fatal(err, tk.Assignee)
			}
		}
		if h.Call("GET", "/routing/shadow", nil).JSON(t, &r); r.Version != 3 || r.Compared != 3 || r.Different != 3 || r.Queued != (routing.Both{}) || len(r.Rules) != 1 {
			t.Errorf("%+v", r)
		}
	})
}
