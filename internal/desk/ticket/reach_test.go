package ticket_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/client"
	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// reads is the rule of reach in a few plain words, against which every door is
// held: the scope of ticket.read, or a part in the ticket, one's own or one's
// team's.
func reads(a *staff.Actor, t *ticket.Ticket, people map[id.ID]bool) bool {
	s := a.Scope(staff.TicketRead)
	if s == staff.ScopeNone || a.Tenant != t.Tenant {
		return false
	}
	return s == staff.ScopeAll || people[a.ID] || t.Assignee == a.ID || t.Creator == a.ID ||
		slices.ContainsFunc(t.Assists, func(x ticket.Assist) bool {
			return x.State != ticket.AssistProposed && slices.Contains(a.Teams, x.Team)
		}) ||
		s >= staff.ScopeTeam && slices.Contains(a.Teams, t.Team) && t.Team != 0 ||
		s == staff.ScopeDepartment && slices.Contains(a.Departments, t.Department) && t.Department != 0
}

// foreigner is the administrator of another company on the same house.
func (s *scene) foreigner() *staff.Actor {
	s.t.Helper()
	other, err := s.Staff.CreateTenant(ctx, staff.NewTenant{Name: "别家公司", Host: "other.example.com"})
	must(s.t, err)
	h := *s.House
	h.Tenant = other.ID
	return (&scene{&h, s.t, s.c}).person("外人", staff.NewUser{}, staff.Administrator)
}

// tokenOf is a token of anybody, whatever their company and rights.
func (s *scene) tokenOf(a *staff.Actor) string {
	s.t.Helper()
	token, _, err := s.Staff.CreateToken(ctx, staff.System(a.Tenant), a.ID, staff.NewToken{Name: "t"})
	must(s.t, err)
	return token
}

func codeOf(err error) string {
	var f *fault.Error
	errors.As(err, &f)
	if f == nil {
		return ""
	}
	return f.Code
}

func TestReachIsTheSameThroughEveryDoor(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		rnd := rand.New(rand.NewPCG(7, 11))
		head := s.department("总部", 0)
		depts := []id.ID{0, head, s.department("分部", head), s.department("别部", 0)}
		teams := []id.ID{0, s.team("一组", depts[1]), s.team("二组", depts[2]), s.team("三组", depts[3])}
		pick := func(from []id.ID) id.ID { return from[rnd.IntN(len(from))] }
		var actors []*staff.Actor
		for i, scope := range []staff.Scope{staff.ScopeOwn, staff.ScopeOwn, staff.ScopeTeam, staff.ScopeTeam, staff.ScopeTeam, staff.ScopeDepartment, staff.ScopeDepartment, staff.ScopeAll, staff.ScopeNone} {
			g := staff.Grants{staff.TicketRead: scope, staff.TicketCreate: staff.ScopeAll, staff.TicketUpdate: scope, staff.TicketBulk: scope, staff.TokenOwn: staff.ScopeAll}
			in := staff.NewUser{Department: pick(depts), Roles: []id.ID{s.role(fmt.Sprint("角色", i), g)}}
			if team := pick(teams); team != 0 {
				in.Teams = []id.ID{team}
			}
			actors = append(actors, s.person(fmt.Sprint("人", i), in))
		}
		actors = append(actors, s.foreigner())

		var all []*ticket.Ticket
		files := map[id.ID]id.ID{}
		people := map[id.ID]map[id.ID]bool{}
		for i := range 60 {
			by := actors[rnd.IntN(len(actors)-1)]
			if i%2 == 0 {
				by = s.Admin
			}
			file, err := s.Desk.Upload(ctx, by, "a.txt", "text/plain", strings.NewReader(fmt.Sprint(i)))
			must(t, err)
			n := ticket.NewTicket{Body: fmt.Sprint("试探 ", i), Requester: customer.Contact{Name: "客户"}, Team: pick(teams), Attachments: []id.ID{file.ID}}
			if rnd.IntN(2) == 0 {
				n.Department = pick(depts)
			}
			if rnd.IntN(4) == 0 {
				n.Assignee, n.Team = actors[rnd.IntN(len(actors)-1)].ID, 0
			}
			tk, err := s.Desk.Create(ctx, by, n)
			must(t, err)
			files[tk.ID], people[tk.ID] = file.ID, map[id.ID]bool{}
			add := func(action string, in any, who id.ID) {
				_, err := s.Desk.Do(ctx, s.Admin, tk.ID, action, in, 0)
				must(t, err)
				people[tk.ID][who] = true
			}
			who := actors[rnd.IntN(len(actors)-1)].ID
			switch rnd.IntN(5) {
			case 0:
				add("collaborator", &ticket.PeopleInput{Add: []id.ID{who}}, who)
			case 1:
				add("watch", &ticket.WatchInput{On: true, User: who}, who)
			case 2:
				_, _, err := s.Desk.Say(ctx, s.Admin, tk.ID, ticket.NewMessage{Kind: ticket.Note, Body: "@", Mentions: []id.ID{who}})
				if i := slices.IndexFunc(actors, func(a *staff.Actor) bool { return a.ID == who }); actors[i].Scope(staff.TicketRead) == staff.ScopeNone {
					want(t, "mentioned without a right to read", codeOf(err), "may_not_read")
					break
				}
				must(t, err)
				people[tk.ID][who] = true
			}
			if team := teams[1+rnd.IntN(3)]; rnd.IntN(5) == 0 && team != tk.Team {
				_, err := s.Desk.Do(ctx, s.Admin, tk.ID, "assist", &ticket.AssistInput{Ask: []id.ID{team}}, 0)
				must(t, err)
			}
			tk, err = s.Desk.Get(ctx, s.Admin, tk.ID)
			must(t, err)
			all = append(all, tk)
		}
		s.Settle()

		for i, a := range actors {
			t.Run(fmt.Sprint(a.Name, a.Scope(staff.TicketRead)), func(t *testing.T) {
				s := s.in(t)
				c := s.c.With(s.tokenOf(a))
				none := a.Scope(staff.TicketRead) == staff.ScopeNone
				var may []string
				changes := 0 // who only assists reads, and changes nothing
				for _, tk := range all {
					if reads(a, tk, people[tk.ID]) {
						may = append(may, tk.ID.String())
						alone := *tk
						alone.Assists = nil
						if reads(a, &alone, people[tk.ID]) {
							changes++
						}
					}
				}
				if i < 7 && (len(may) == 0 || len(may) == len(all)) {
					t.Fatalf("reads %d of %d: this says nothing", len(may), len(all))
				}
				for what, q := range map[string]client.Query{"list": {}, "filter": {Filter: `status in ["new","open"]`}, "slow filter": {Filter: `subject.startsWith("试探")`}, "search": {Q: "试探"}} {
					q.Limit = 200
					l, err := c.Tickets(ctx, q)
					if none {
						refused(t, err, "403 auth.forbidden")
						continue
					}
					must(t, err)
					var got []string
					for _, x := range l.Items {
						got = append(got, x.ID)
					}
					slices.Sort(got)
					want(t, what, strings.Join(got, " "), strings.Join(may, " "))
				}
				if !none {
					n, err := c.CountTickets(ctx, "")
					must(t, err)
					want(t, "count", n.Count, len(may))
					v, err := c.ViewCounts(ctx)
					must(t, err)
					want(t, "count of a view", v["10"].Count, len(may))
				}
				denied := "404 ticket.not_found"
				if none {
					denied = "403 auth.forbidden"
				}
				for _, tk := range all {
					tid := tk.ID.String()
					_, err1 := c.Ticket(ctx, tid)
					_, err2 := c.TicketByNumber(ctx, tk.Number)
					_, err3 := c.Timeline(ctx, tid, 0, "")
					file, err4 := c.Download(ctx, files[tk.ID].String())
					if err4 == nil {
						file.Close()
					}
					if slices.Contains(may, tid) {
						must(t, err1)
						must(t, err2)
						must(t, err3)
						must(t, err4)
						continue
					}
					refused(t, err1, denied)
					refused(t, err2, denied)
					refused(t, err3, denied)
					refused(t, err4, strings.ReplaceAll(denied, "ticket", "attachment"))
					_, err := c.UpdateTicket(ctx, tid, M{"priority": "high"})
					refused(t, err, denied)
				}
				if none {
					return
				}
				var ids []string
				for _, tk := range all {
					ids = append(ids, tk.ID.String())
				}
				b, err := c.StartBulk(ctx, client.NewBulk{Action: "watch", Input: M{"on": false}, IDs: ids})
				must(t, err)
				s.Settle()
				b, err = c.Bulk(ctx, b.ID)
				must(t, err)
				want(t, "bulk", fmt.Sprint(b.Done, b.Failed), fmt.Sprint(changes, len(all)-changes))
				if a.Tenant == s.Tenant {
					for _, tk := range all { // put back what the reference says
						for who := range people[tk.ID] {
							_, err := s.Desk.Do(ctx, s.Admin, tk.ID, "watch", &ticket.WatchInput{On: true, User: who}, 0)
							must(t, err)
						}
					}
					s.Settle()
				}
			})
		}

		t.Run("push", func(t *testing.T) {
			s := s.in(t)
			heard := map[id.ID]chan string{}
			for _, a := range actors {
				if a.Scope(staff.TicketRead) != staff.ScopeNone {
					heard[a.ID] = s.listen(a)
				}
			}
			for _, tk := range all[:20] {
				_, err := s.Desk.Do(ctx, s.Admin, tk.ID, "priority", &ticket.PriorityInput{Priority: ticket.Urgent}, 0)
				must(t, err)
			}
			s.Settle()
			// A last ticket that everybody of the house hears of ends the reading.
			for _, a := range actors {
				ch, ok := heard[a.ID]
				if !ok {
					continue
				}
				last, err := s.Desk.Create(ctx, a, ticket.NewTicket{Body: "终", Requester: customer.Contact{Name: "客户"}})
				must(t, err)
				got := map[string]bool{}
				for line := range ch {
					if strings.Contains(line, last.ID.String()) {
						break
					}
					for _, tk := range all {
						if strings.Contains(line, `"id":"`+tk.ID.String()) {
							got[tk.ID.String()] = true
						}
					}
				}
				for _, tk := range all[:20] {
					want(t, a.Name+" hears of "+tk.Number, got[tk.ID.String()], reads(a, tk, people[tk.ID]))
				}
			}
		})
	})
}

// listen opens the event stream of somebody and hands on its data lines.
func (s *scene) listen(a *staff.Actor) chan string {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", s.URL+"/api/v1/live", nil)
	must(s.t, err)
	req.Header.Set("Authorization", "Bearer "+s.tokenOf(a))
	res, err := http.DefaultClient.Do(req)
	must(s.t, err)
	s.t.Cleanup(func() { res.Body.Close() })
	want(s.t, "stream", res.StatusCode, 200)
	return lines(res.Body, time.Minute)
}
