package ticket_test

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// model is what the reference knows of a ticket.
type model struct {
	status   ticket.Status
	assignee id.ID
	messages int
	parent   int // index, -1 none
	merged   bool
}

var goes = map[ticket.Status][]ticket.Status{
	ticket.New:  {ticket.Open, ticket.Pending, ticket.OnHold, ticket.Solved, ticket.Cancelled},
	ticket.Open: {ticket.Pending, ticket.OnHold, ticket.Solved, ticket.Cancelled}, ticket.Pending: {ticket.Open, ticket.OnHold, ticket.Solved, ticket.Cancelled},
	ticket.OnHold: {ticket.Open, ticket.Pending, ticket.Solved, ticket.Cancelled}, ticket.Solved: {ticket.Open, ticket.Closed}, ticket.Cancelled: {ticket.Open},
}

// Random people do random things to a few tickets; a reference of a few lines
// says what must come of it, and the stored rows must agree with themselves.
func TestRandomHistories(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		people := []*staff.Actor{s.Admin, s.person("甲", staff.NewUser{}, staff.Administrator), s.person("乙", staff.NewUser{}, staff.Administrator)}
		rapid.Check(t, func(r *rapid.T) {
			var ids []id.ID
			var ref []*model
			for i := range 4 {
				tk, err := s.Desk.Create(ctx, s.Admin, ticket.NewTicket{Body: fmt.Sprint("史 ", i), Requester: customer.Contact{Name: "客户"}})
				must(t, err)
				ids, ref = append(ids, tk.ID), append(ref, &model{status: ticket.New, messages: 1, parent: -1})
			}
			children := func(p int, active bool) (n int) {
				for _, m := range ref {
					if m.parent == p && (!active || m.status.Active()) {
						n++
					}
				}
				return n
			}
			for range rapid.IntRange(5, 25).Draw(r, "steps") {
				i := rapid.IntRange(0, 3).Draw(r, "ticket")
				a := people[rapid.IntRange(0, 2).Draw(r, "who")]
				m, tid := ref[i], ids[i]
				ended := m.merged
				allowed := false
				var err error
				do := func(name string, in any) { _, err = s.Desk.Do(ctx, a, tid, name, in, 0) }
				switch what := rapid.SampledFrom([]string{"claim", "status", "say", "note", "tags", "fields", "parent", "orphan", "assign", "wait", "merge"}).Draw(r, "what"); what {
				case "claim":
					do("claim", &ticket.ClaimInput{})
					if allowed = m.status.Active() && m.assignee == 0; allowed {
						m.assignee = a.ID
						if m.status == ticket.New {
							m.status = ticket.Open
						}
					}
				case "status":
					to := rapid.SampledFrom([]ticket.Status{ticket.Open, ticket.Pending, ticket.OnHold, ticket.Solved, ticket.Closed, ticket.Cancelled}).Draw(r, "to")
					in := &ticket.StatusInput{Status: to}
					switch to {
					case ticket.OnHold:
						in.Reason = "part"
					case ticket.Cancelled:
						in.Reason = "test"
					case ticket.Solved:
						in.Resolution = &ticket.Resolution{Code: "answered"}
					}
					do("status", in)
					allowed = !ended && (to == m.status || slices.Contains(goes[m.status], to) && (to != ticket.Solved || children(i, true) == 0))
					if allowed {
						m.status = to
					}
				case "say":
					_, _, err = s.Desk.Say(ctx, a, tid, ticket.NewMessage{Kind: ticket.Reply, Body: "答"})
					if allowed = m.status != ticket.Closed; allowed {
						m.messages++
						if m.status == ticket.New {
							m.status = ticket.Open
						}
					}
				case "note":
					_, _, err = s.Desk.Say(ctx, a, tid, ticket.NewMessage{Kind: ticket.Note, Body: "记"})
					allowed = true
					m.messages++
				case "tags":
					do("tags", &ticket.TagsInput{Add: []string{rapid.SampledFrom([]string{"甲", "乙", "丙"}).Draw(r, "tag")}, Remove: []string{rapid.SampledFrom([]string{"甲", "乙", "丙"}).Draw(r, "untag")}})
					allowed = !ended
				case "fields":
					var v any
					if rapid.Bool().Draw(r, "set") {
						v = rapid.SampledFrom([]string{"A1", "B2"}).Draw(r, "value")
					}
					do("fields", &ticket.FieldsInput{Fields: M{"order_no": v}})
					allowed = !ended
				case "parent":
					p := rapid.IntRange(0, 3).Draw(r, "parent")
					do("parent", &ticket.ParentInput{Parent: ids[p]})
					same := m.parent == p
					if allowed = !ended && (same || p != i && ref[p].parent < 0 && children(i, false) == 0 && ref[p].status.Active() && !ref[p].merged); allowed {
						m.parent = p
					}
				case "orphan":
					do("parent", &ticket.ParentInput{})
					if allowed = !ended; allowed {
						m.parent = -1
					}
				case "assign":
					to := people[rapid.IntRange(0, 2).Draw(r, "to")]
					do("assign", &ticket.AssignInput{Place: ticket.Place{Assignee: to.ID}})
					if allowed = m.status.Active(); allowed {
						m.assignee = to.ID
					}
				case "wait":
					s.Clock.Advance(time.Duration(rapid.IntRange(1, 80).Draw(r, "minutes")) * time.Minute)
					allowed = true
				case "merge":
					to := rapid.IntRange(0, 3).Draw(r, "into")
					other := ref[to]
					do("merge", &ticket.MergeInput{Into: ids[to]})
					allowed = !ended && m.status != ticket.Closed && to != i && !other.merged && other.status != ticket.Closed && other.status != ticket.Cancelled &&
						children(i, false) == 0 && m.parent != to && other.parent != i
					if allowed {
						if other.status == ticket.Pending && (m.status == ticket.New || m.status == ticket.Open) {
							other.status = ticket.Open
						}
						other.messages += m.messages
						m.messages, m.merged, m.status = 0, true, ticket.Closed
					}
				}
				if (err == nil) != allowed {
					r.Fatalf("ticket %d: allowed %v, got %v", i, allowed, err)
				}
			}
			for i, m := range ref {
				tk, err := s.Desk.Get(ctx, s.Admin, ids[i])
				must(t, err)
				got := fmt.Sprintln(tk.Status, tk.Assignee, tk.MessageCount, tk.ChildCount, tk.OpenChildren, tk.MergedInto != 0)
				if ref := fmt.Sprintln(m.status, m.assignee, m.messages, children(i, false), children(i, true), m.merged); got != ref {
					r.Fatalf("ticket %d is %swant %s", i, got, ref)
				}
				s.history(ids[i].String(), 0) // gapless
				s.consistent(r, tk)
			}
		})
		s.Settle()
		var lag int
		must(t, s.DB.QueryRow(ctx, `select count(*) from ticket_reaction_lag`).Scan(&lag))
		want(t, "reactions that lag behind", lag, 0)
	})
}

// consistent holds a ticket's row against what stands beside it.
func (s *scene) consistent(t interface{ Fatalf(string, ...any) }, tk *ticket.Ticket) {
	column := func(q string) []string {
		rows, err := s.DB.Query(ctx, q, tk.Tenant, tk.ID)
		out, err := db.Each(rows, err, func(r *sql.Rows) (string, error) {
			var v string
			return v, r.Scan(&v)
		})
		if err != nil {
			t.Fatalf("%v", err)
		}
		slices.Sort(out)
		return out
	}
	if n := len(column(`select text from ticket_message where tenant_id = $1 and ticket_id = $2 and withdrawn_at is null`)); n != tk.MessageCount {
		t.Fatalf("message_count %d, messages %d", tk.MessageCount, n)
	}
	tags := slices.Clone(tk.Tags)
	slices.Sort(tags)
	if got := column(`select tag from ticket_tag where tenant_id = $1 and ticket_id = $2`); !slices.Equal(got, tags) {
		t.Fatalf("tags %q, indexed %q", tags, got)
	}
	var fields []string
	if v, is := tk.Fields["order_no"]; is {
		fields = append(fields, fmt.Sprint("order_no=", v))
	}
	if got := column(`select field || '=' || value from ticket_field where tenant_id = $1 and ticket_id = $2`); !slices.Equal(got, fields) {
		t.Fatalf("fields %q, indexed %q", fields, got)
	}
}
