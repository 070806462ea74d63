package understand_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/retrieve"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

// wave makes tickets that say the same.
func wave(t *testing.T, h *zhidantest.House, n int) []id.ID {
	t.Helper()
	var out []id.ID
	for i := range n {
		x, err := h.Desk.Create(t.Context(), staff.System(h.Tenant), ticket.NewTicket{Subject: "付款失败", Body: "付款失败", Channel: "import", Requester: customer.Contact{Name: "W", Email: strconv.Itoa(i) + "@example.com"}})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, x.ID)
	}
	return out
}

// Two nodes see one wave at the same moment, each a part of it. The second one
// comes while the first has written and not committed.
func TestTwoNodesProposeAnIncidentOnce(t *testing.T) {
	zhidantest.OnPostgres(t, func(t *testing.T, h *zhidantest.House) {
		n := h.Second()
		all := wave(t, h, 12)
		proposal := func(members []id.ID) *retrieve.Proposal {
			return &retrieve.Proposal{Key: members[0], Title: "付款失败", Members: members, Customers: len(members), Since: h.Clock.Now()}
		}
		second := make(chan error, 1)
		tell := h.Mind.Proposed
		h.Mind.Proposed = func(ctx context.Context, tx *db.Tx, tenant, incident id.ID, tickets []id.ID) error {
			go func() { second <- n.Mind.Propose(t.Context(), h.Tenant, proposal(all[2:])) }()
			for len(second) == 0 { // until it is done or waits for this one
				var waiting int
				if err := h.DB.QueryRow(ctx, `select count(*) from pg_locks l join pg_database d on d.oid = l.database or l.database is null
					where not l.granted and d.datname = current_database()`).Scan(&waiting); err != nil || waiting > 0 {
					return err
				}
				runtime.Gosched()
			}
			return tell(ctx, tx, tenant, incident, tickets)
		}
		if err := h.Mind.Propose(t.Context(), h.Tenant, proposal(all[:6])); err != nil {
			t.Fatal(err)
		}
		if err := <-second; err != nil {
			t.Fatal(err)
		}
		var list struct{ Items []struct{ Count int } }
		h.Call("GET", "/incidents", nil).JSON(t, &list)
		if len(list.Items) != 1 || list.Items[0].Count != 12 {
			t.Errorf("one wave of 12 is %+v", list.Items)
		}
	})
}

// While the first proposal is written the wave grows to many times its size.
func TestAWaveThatOutrunsItsProposalIsOneIncident(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		var all []id.ID
		for _, more := range []int{5, 35, 0} {
			all = append(all, wave(t, h, more)...)
			p := &retrieve.Proposal{Key: all[0], Title: "付款失败", Members: all, Customers: len(all), Since: h.Clock.Now()}
			if err := h.Mind.Propose(t.Context(), h.Tenant, p); err != nil {
				t.Fatal(err)
			}
		}
		var list struct{ Items []struct{ Count int } }
		h.Call("GET", "/incidents", nil).JSON(t, &list)
		if len(list.Items) != 1 || list.Items[0].Count != 40 {
			t.Errorf("%+v", list.Items)
		}
	})
}

// incidentOf stores a proposal with n tickets.
func incidentOf(t *testing.T, h *zhidantest.House, n int) id.ID {
	t.Helper()
	incident, now := h.IDs.Next(), h.Clock.Now()
	var members []id.ID
	for i := range n {
		x, err := h.Desk.Create(t.Context(), staff.System(h.Tenant), ticket.NewTicket{Subject: "x", Body: "x" + strconv.Itoa(i), Channel: "import", Requester: customer.Contact{Name: "W", Email: strconv.Itoa(i) + "@example.com"}})
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, x.ID)
	}
	err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `insert into understand_incident (tenant_id, id, state, title, words, count, customers, expected, score, since, parent_id, judged_by, created_at, updated_at)
			values ($1, $2, 'proposed', 'x', '[]', $3, 1, 0, 1, $4, null, null, $4, $4)`, h.Tenant, incident, n, now); err != nil {
			return err
		}
		for _, of := range members {
			if _, err := tx.Exec(ctx, `insert into understand_incident_ticket (tenant_id, incident_id, ticket_id) values ($1, $2, $3)`, h.Tenant, incident, of); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return incident
}

func allComeUnderTheParent(t *testing.T, h *zhidantest.House, n int) {
	t.Helper()
	incident := incidentOf(t, h, n)
	a := h.Call("POST", "/incidents/"+incident.String()+"/accept", map[string]any{"subject": "x"})
	var accepted struct{ Ticket struct{ ID string } }
	if a.JSON(t, &accepted); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	h.Settle()
	var parent struct {
		ChildCount int `json:"child_count"`
	}
	h.Call("GET", "/tickets/"+accepted.Ticket.ID, nil).JSON(t, &parent)
	var i struct {
		Count, Hung int
		Tickets     []ticket.Brief
	}
	h.Call("GET", "/incidents/"+incident.String(), nil).JSON(t, &i)
	if parent.ChildCount != n || i.Count != n || i.Hung != n || len(i.Tickets) != 20 {
		t.Errorf("of %d: %d under the parent; %d, %d of them done, %d named", n, parent.ChildCount, i.Count, i.Hung, len(i.Tickets))
	}
	b := h.Call("POST", "/tickets/"+accepted.Ticket.ID+"/reply-children", map[string]any{"body": "已经修复"})
	var bulk struct{ Total int }
	if b.JSON(t, &bulk); b.Status != 202 || bulk.Total != n {
		t.Errorf("one reply to all: %d %s", b.Status, b.Body)
	}
}

func TestAnIncidentOfManyComesUnderOneParent(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) { allComeUnderTheParent(t, h, 120) })
	t.Run("more than 500", func(t *testing.T) { allComeUnderTheParent(t, zhidantest.New(t), 520) })
}

// A node dies between the acceptance and the tickets: the job does the rest.
func TestTicketsComeUnderTheParentAfterACrash(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		incident := incidentOf(t, h, 5)
		ctx, cancel := context.WithCancel(t.Context())
		parent, err := h.Desk.Create(ctx, h.Admin, ticket.NewTicket{Subject: "x", Body: "x", Kind: ticket.Note, Channel: "api", Requester: customer.Contact{Name: "W", Email: "w@example.com"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `update understand_incident set state = 'accepted', parent_id = $3 where tenant_id = $1 and id = $2`, h.Tenant, incident, parent.ID); err != nil {
				return err
			}
			return h.Mind.HangLater(ctx, tx, h.Tenant, incident)
		}); err != nil {
			t.Fatal(err)
		}
		cancel()
		h.Settle()
		var x struct {
			ChildCount int `json:"child_count"`
		}
		h.Call("GET", "/tickets/"+parent.ID.String(), nil).JSON(t, &x)
		if x.ChildCount != 5 {
			t.Errorf("%d of 5", x.ChildCount)
		}
	})
}

func TestWhyAnIncidentWasDismissedIsKept(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		incident := incidentOf(t, h, 2)
		var i struct{ State, Reason string }
		a := h.Call("POST", "/incidents/"+incident.String()+"/dismiss", map[string]any{"reason": "促销，不是故障"})
		if a.JSON(t, &i); a.Status != 200 || i.State != "dismissed" || i.Reason != "促销，不是故障" {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if a := h.Call("POST", "/incidents/"+incidentOf(t, h, 2).String()+"/dismiss", nil); a.Status != 200 { // without a reason
			t.Errorf("%d %s", a.Status, a.Body)
		}
	})
}

func TestWhatIsComparedStaysWithinBounds(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		h.Mind.CompareAtMost(10)
		open(t, h, "a@example.com", "空调外机噪音很大，晚上睡不着，请安排检查")
		for range 7 {
			open(t, h, "a@example.com", "冰箱不制冷了")
		}
		h.Settle()
		first := h.Tenant
		if got := h.Mind.Compared(); got[first] != 8 {
			t.Fatalf("%v", got)
		}
		// Another company comes in: the first one has not been asked for since.
		other, err := h.Staff.CreateTenant(t.Context(), staff.NewTenant{Name: "另一家"})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, err := h.Desk.Create(t.Context(), staff.System(other.ID), ticket.NewTicket{Body: "洗衣机漏水", Channel: "api", Requester: customer.Contact{Name: "V", Email: "v@example.com"}}); err != nil {
				t.Fatal(err)
			}
		}
		h.Settle()
		x := open(t, h, "b@example.com", "空调外机噪音很大，晚上睡不着，请安排检查") // and back
		h.Settle()
		if got := h.Mind.Compared(); got[first] != 9 || got[other.ID] != 0 {
			t.Errorf("%v", got)
		}
		var u struct{ Similar []struct{ Score float64 } }
		h.Call("GET", "/tickets/"+x.ID.String()+"/understanding", nil).JSON(t, &u)
		if len(u.Similar) == 0 {
			t.Error("what was let go is not found again")
		}
	})
}
