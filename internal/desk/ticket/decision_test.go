package ticket_test

import (
	"context"
	"strings"
	"testing"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
	"zhidan/internal/zhidantest"
)

// parrot is a pass that decides what the text tells it to, so that the rules of
// decisions are tested without any model.
func parrot(s *server.Server) {
	s.Desk.Passes = []ticket.Pass{{Name: "parrot", Prepare: func(_ context.Context, c *ticket.Change) error {
		m := c.Messages[0]
		i := strings.Index(m.Text, "fridge")
		at := []ticket.Evidence{{In: "body", Start: i, End: i + 6, Weight: 1}}
		if !c.Born() {
			if strings.Contains(m.Text, "FIRE") {
				c.Decisions = append(c.Decisions, ticket.Decision{Field: "risk", Value: "3", Before: "0", State: ticket.DecisionSet, Confidence: 1, Model: "parrot"},
					ticket.Decision{Field: "priority", Value: "urgent", Before: c.Ticket.Priority.String(), State: ticket.DecisionSet, Confidence: 1, Model: "parrot"})
			}
			return nil
		}
		c.Ticket.Type = "repair"
		c.Decisions = []ticket.Decision{
			{Field: "type", Value: "repair", Before: "enquiry", State: ticket.DecisionSet, Confidence: .9, Evidence: at, Model: "parrot"},
			{Field: "priority", Value: "high", Before: "normal", State: ticket.DecisionSuggested, Confidence: .4, Model: "parrot"},
		}
		if strings.Contains(m.Text, "what") {
			c.Ticket.Type = "enquiry"
			c.Decisions[0].State = ticket.DecisionSuggested
		}
		return nil
	}}}
}

type decidedTicket struct {
	ID         id.ID             `json:"id"`
	Number     string            `json:"number"`
	Type       string            `json:"type"`
	Priority   string            `json:"priority"`
	Risk       int               `json:"risk"`
	Unsure     bool              `json:"to_classify"`
	Decisions  []ticket.Decision `json:"decisions"`
	ModifiedAt clock.Time        `json:"updated_at"`
}

func (t decidedTicket) decision(field string) ticket.Decision {
	for _, d := range t.Decisions {
		if d.Field == field {
			return d
		}
	}
	return ticket.Decision{}
}

func newDecided(t *testing.T, h *zhidantest.House, body string) (made decidedTicket) {
	t.Helper()
	a := h.Call("POST", "/tickets", map[string]any{"body": body, "requester": map[string]any{"name": "W", "email": "w@example.com"}})
	if a.Status != 201 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	a.JSON(t, &made)
	return made
}

func readDecided(t *testing.T, h *zhidantest.House, ticket id.ID) (x decidedTicket) {
	t.Helper()
	h.Call("GET", "/tickets/"+ticket.String(), nil).JSON(t, &x)
	return x
}

func TestTicketIsBornDecided(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		made := newDecided(t, h, "my fridge is warm")
		if made.Type != "repair" || !strings.HasPrefix(made.Number, "BX") || made.Priority != "normal" || made.Unsure {
			t.Errorf("born as %+v", made)
		}
		if d := made.decision("type"); d.State != ticket.DecisionSet || d.Confidence != .9 {
			t.Errorf("the answer tells %+v", d)
		}
		// On its own page the evidence is quoted, and stored without the words.
		x := readDecided(t, h, made.ID)
		if e := x.decision("type").Evidence; len(e) != 1 || e[0].Text != "fridge" || e[0].Message == 0 {
			t.Errorf("evidence %+v", e)
		}
		var raw string
		if err := h.DB.QueryRow(t.Context(), `select decisions from ticket_decision where tenant_id = $1 and ticket_id = $2`, h.Tenant, made.ID).Scan(&raw); err != nil || strings.Contains(raw, "fridge") {
			t.Errorf("stored: %v %s", err, raw)
		}

		// A suggestion is accepted with one call.
		do := func(in map[string]any) decidedTicket {
			t.Helper()
			if a := h.Call("POST", "/tickets/"+made.ID.String()+"/decide", in); a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			return readDecided(t, h, made.ID)
		}
		x = do(map[string]any{"field": "priority", "verdict": "accept"})
		if d := x.decision("priority"); x.Priority != "high" || d.State != ticket.DecisionAccepted || d.By == 0 {
			t.Errorf("accepted: %+v", x)
		}
		// What was set is taken back.
		x = do(map[string]any{"field": "type", "verdict": "undo"})
		if d := x.decision("type"); x.Type != "enquiry" || d.State != ticket.DecisionUndone || d.After != "enquiry" {
			t.Errorf("undone: %+v", x)
		}
		// No model speaks on a field that a person has judged.
		if err := h.Desk.Decide(t.Context(), h.Tenant, made.ID, []ticket.Decision{{Field: "type", Value: "complaint", Before: "enquiry", State: ticket.DecisionSet}}); err != nil {
			t.Fatal(err)
		}
		if x = readDecided(t, h, made.ID); x.Type != "enquiry" || x.decision("type").State != ticket.DecisionUndone {
			t.Errorf("after the model spoke again: %+v", x)
		}
		for in, want := range map[string]map[string]any{
			"404 decision.not_found": {"field": "sentiment", "verdict": "accept"},
			"409 decision.not_set":   {"field": "type", "verdict": "undo"},
			"422 unknown":            {"field": "type", "verdict": "correct", "value": "nope"},
			"422 range":              {"field": "risk", "verdict": "correct", "value": "9"},
		} {
			a := h.Call("POST", "/tickets/"+made.ID.String()+"/decide", want)
			if status, code, _ := strings.Cut(in, " "); !strings.HasPrefix(in, status) || a.Status != atoi(status) || !strings.Contains(string(a.Body), code) {
				t.Errorf("%v: %d %s, not %s", want, a.Status, a.Body, in)
			}
		}
	}, parrot)
}

func atoi(s string) (n int) {
	for _, r := range s {
		n = n*10 + int(r-'0')
	}
	return n
}

func TestPlainEditJudgesTheDecision(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		made := newDecided(t, h, "what is a fridge")
		if made.Type != "enquiry" || !made.Unsure {
			t.Fatalf("born as %+v", made)
		}
		var list struct{ Items []decidedTicket }
		h.Call("GET", "/tickets?view=16", nil).JSON(t, &list)
		if len(list.Items) != 1 || list.Items[0].ID != made.ID {
			t.Errorf("to be classified: %+v", list.Items)
		}
		if a := h.Call("PATCH", "/tickets/"+made.ID.String(), map[string]any{"type": "complaint"}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		x := readDecided(t, h, made.ID)
		if d := x.decision("type"); d.State != ticket.DecisionCorrected || d.After != "complaint" || x.Unsure {
			t.Errorf("corrected: %+v", x)
		}
	}, parrot)
}

func TestAnExplicitTypeIsKept(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		var given []string
		h.Desk.Passes = []ticket.Pass{{Name: "spy", Prepare: func(_ context.Context, c *ticket.Change) error { given = c.Given; return nil },
			Apply: func(context.Context, *db.Tx, *ticket.Change) error { return nil }}}
		a := h.Call("POST", "/tickets", map[string]any{"body": "b", "type": "praise", "requester": map[string]any{"name": "W"}})
		if a.Status != 201 || len(given) != 1 || given[0] != "type" {
			t.Errorf("%d given %v", a.Status, given)
		}
	})
}

// A further message of the customer can raise the alarm on a ticket that was
// harmless when it was born.
func TestALaterMessageDecides(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		made := newDecided(t, h, "my fridge is warm")
		r, err := h.Desk.PrepareContact(t.Context(), h.Tenant, ticket.Contact{Known: made.ID, NewTicket: ticket.NewTicket{Body: "it is on FIRE", Channel: "email"}})
		if err != nil {
			t.Fatal(err)
		}
		err = h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, _, err := h.Desk.ReceiveIn(ctx, tx, h.Tenant, r)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		x := readDecided(t, h, made.ID)
		if x.Risk != 3 || x.Priority != "urgent" || x.decision("risk").State != ticket.DecisionSet {
			t.Errorf("after the message: %+v", x)
		}
		var list struct{ Items []decidedTicket }
		h.Call("GET", "/tickets?view=17", nil).JSON(t, &list)
		if len(list.Items) != 1 {
			t.Errorf("at risk: %+v", list.Items)
		}
		_ = staff.KindAI
	}, parrot)
}

// A suggestion does not bury what was set: it could no longer be taken back.
func TestASuggestionLeavesWhatWasSet(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		a := h.Call("POST", "/tickets", map[string]any{"body": "x", "requester": map[string]any{"name": "W", "email": "w@example.com"}})
		var x decidedTicket
		if a.JSON(t, &x); a.Status != 201 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		for _, d := range []ticket.Decision{
			{Field: "priority", Value: "high", Before: "normal", State: ticket.DecisionSet, Confidence: .9, Model: "m"},
			{Field: "priority", Value: "urgent", Before: "high", State: ticket.DecisionSuggested, Confidence: .4, Model: "m"},
		} {
			if err := h.Desk.Decide(context.Background(), h.Tenant, x.ID, []ticket.Decision{d}); err != nil {
				t.Fatal(err)
			}
		}
		a = h.Call("POST", "/tickets/"+x.ID.String()+"/decide", map[string]any{"field": "priority", "verdict": "undo"})
		if a.JSON(t, &x); a.Status != 200 || x.Priority != "normal" {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}, func(s *server.Server) { s.Desk.Passes = nil })
}

// Whoever takes a change back has said nothing about what the model thought:
// its decision stands again as it stood before, by whichever way.
func TestTakingAChangeBackTakesTheJudgementBack(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		call := func(method, path string, in any, into any) {
			t.Helper()
			a := h.Call(method, path, in)
			if a.Status/100 != 2 {
				t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
			}
			a.JSON(t, into)
		}
		var none any
		bulk := func(at id.ID, action string, in map[string]any) id.ID {
			t.Helper()
			var b struct {
				ID   id.ID `json:"id"`
				Undo id.ID `json:"undo_id"`
			}
			call("POST", "/bulk", map[string]any{"action": action, "input": in, "ids": []id.ID{at}}, &b)
			h.Settle()
			call("GET", "/bulk/"+b.ID.String(), nil, &b)
			return b.Undo
		}
		same := func(name string, at id.ID, before decidedTicket) {
			t.Helper()
			h.Settle()
			x := readDecided(t, h, at)
			if x.Type != before.Type || x.Priority != before.Priority || x.Unsure != before.Unsure {
				t.Errorf("%s: the ticket is %+v, was %+v", name, x, before)
			}
			for _, field := range []string{"type", "priority"} {
				if d, old := x.decision(field), before.decision(field); d.State != old.State || d.By != old.By || d.JudgedAt != old.JudgedAt || d.After != old.After || d.Applied != old.Applied {
					t.Errorf("%s, %s: %+v, was %+v", name, field, d, old)
				}
			}
		}
		for _, body := range []string{"fridge leaks", "what is a fridge"} { // a type that was set, and one that is suggested
			made := newDecided(t, h, body)
			path := "/tickets/" + made.ID.String()

			undo := bulk(made.ID, "priority", map[string]any{"priority": "urgent"})
			if d := readDecided(t, h, made.ID).decision("priority"); d.State != ticket.DecisionCorrected {
				t.Errorf("%+v", d)
			}
			call("POST", "/undo/"+undo.String(), nil, &none)
			same("bulk", made.ID, made)

			call("POST", path+"/type", map[string]any{"type": "complaint"}, &none)
			call("POST", path+"/type?back=true", map[string]any{"type": made.Type}, &none)
			same("one", made.ID, made)

			call("POST", path+"/decide", map[string]any{"field": "priority", "verdict": "accept"}, &none)
			call("POST", path+"/decide?back=true", map[string]any{"field": "priority", "verdict": "correct", "value": made.Priority}, &none)
			same("a verdict", made.ID, made)

			// a row of a table, and its undoing
			urgent, trace := ticket.Urgent, ticket.Trace{}
			if err := h.Desk.ApplyRow(t.Context(), h.Admin, made.ID, ticket.Row{Patch: ticket.PatchBody{Priority: &urgent}}, func(x ticket.Trace) { trace = x }); err != nil {
				t.Fatal(err)
			}
			if err := h.Desk.PutBack(t.Context(), h.Admin, made.ID, trace, func([]string) {}); err != nil {
				t.Fatal(err)
			}
			same("a row", made.ID, made)

			// what was said before the change that is taken back stays said
			call("POST", path+"/priority", map[string]any{"priority": "low"}, &none)
			low := readDecided(t, h, made.ID)
			undo = bulk(made.ID, "priority", map[string]any{"priority": "high"})
			call("POST", "/undo/"+undo.String(), nil, &none)
			same("bulk after a correction", made.ID, low)

			other := newDecided(t, h, "what is a fridge")
			var merged struct{ Undo ticket.Undo }
			call("POST", path+"/merge", map[string]any{"into": other.ID}, &merged)
			call("POST", "/undo/"+merged.Undo.ID.String(), nil, &none)
			same("merge", made.ID, low)
			same("merge, the other", other.ID, other)

			// without saying so, going back is a judgement like any other
			call("POST", path+"/type", map[string]any{"type": "complaint"}, &none)
			call("POST", path+"/type", map[string]any{"type": "repair"}, &none)
			if d := readDecided(t, h, made.ID).decision("type"); d.State != ticket.DecisionAccepted {
				t.Errorf("%+v", d)
			}
		}
	}, parrot)
}
