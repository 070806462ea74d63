package ticket_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

func names(t *testing.T, h *zhidantest.House, tid id.ID) []string {
	t.Helper()
	entries, _, err := h.Desk.Timeline(context.Background(), h.Admin, tid, 200, "")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if e.Message != nil {
			out = append(out, "message:"+string(e.Message.Kind))
		} else {
			out = append(out, e.Event.Name)
		}
	}
	return out
}

func create(t *testing.T, h *zhidantest.House, subject, body, phone string) *ticket.Ticket {
	t.Helper()
	tk, err := h.Desk.Create(context.Background(), h.Admin, ticket.NewTicket{Subject: subject, Body: body, Type: "repair",
		Requester: customer.Contact{Name: "张三", Phone: phone}})
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	for _, f := range faultsOf(err) {
		if f.Code == code {
			return
		}
	}
	t.Fatalf("got %v, want a fault %s", err, code)
}

func faultsOf(err error) fault.List {
	if l, ok := err.(fault.List); ok {
		return l
	}
	if f, ok := err.(*fault.Error); ok {
		return fault.List{f}
	}
	return nil
}

// The first complete way: a customer's words become a ticket, it is claimed,
// answered, noted on, solved with its form, and closes by itself.
func TestLifeOfATicket(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		ctx := context.Background()
		tk := create(t, h, "", "冰箱冷藏室不制冷，面板报 E5-0032。\n请尽快上门。", "13812345678")
		want(t, "subject from the body", tk.Subject, "冰箱冷藏室不制冷，面板报 E5-0032。 请尽快上门。")
		want(t, "status", tk.Status, ticket.New)
		want(t, "number", tk.Number, "BX261121-0001")

		done, err := h.Desk.Do(ctx, h.Admin, tk.ID, "claim", &ticket.ClaimInput{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "assignee", done.Ticket.Assignee, h.Admin.ID)
		want(t, "status after claim", done.Ticket.Status, ticket.Open)
		_, err = h.Desk.Do(ctx, h.User("b@example.com", "乙", "agent"), tk.ID, "claim", &ticket.ClaimInput{}, 0)
		if err == nil {
			t.Fatal("a second claim went through")
		}

		h.Clock.Advance(time.Minute)
		tk, _, err = h.Desk.Say(ctx, h.Admin, tk.ID, ticket.NewMessage{Kind: ticket.Reply, Body: "您好，马上为您安排。"})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "first reply", tk.FirstReplied, zhidantest.Start.Add(time.Minute))
		tk, _, err = h.Desk.Say(ctx, h.Admin, tk.ID, ticket.NewMessage{Kind: ticket.Note, Body: "同批次第三起"})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "a note is not the last word to the customer", tk.LastMessage.Excerpt, "您好，马上为您安排。")

		_, err = h.Desk.Do(ctx, h.Admin, tk.ID, "status", &ticket.StatusInput{Status: ticket.Solved}, 0)
		wantCode(t, err, "required")
		done, err = h.Desk.Do(ctx, h.Admin, tk.ID, "status", &ticket.StatusInput{Status: ticket.Solved,
			Resolution: &ticket.Resolution{Code: "repaired", Cause: "part_defect", Responsible: "company"}}, tk.Version)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "solved", done.Ticket.Status, ticket.Solved)

		want(t, "timeline", slices.Compare(names(t, h, tk.ID), []string{"created", "message:customer", "assign", "status", "message:reply", "message:note", "status"}), 0)

		h.Settle()
		page, err := h.Desk.List(ctx, h.Admin, ticket.Query{Text: "冷藏"})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "found by a two-character word", len(page.Items), 1)
		want(t, "highlight", page.Hits[tk.ID].Subject, "冰箱<mark>冷藏</mark>室不制冷，面板报 E5-0032。 请尽快上门。")

		h.Clock.Advance(72*time.Hour - time.Second)
		h.Settle()
		tk, _ = h.Desk.Get(ctx, h.Admin, tk.ID)
		want(t, "a second before the end", tk.Status, ticket.Solved)
		h.Clock.Advance(time.Second)
		h.Settle()
		tk, _ = h.Desk.Get(ctx, h.Admin, tk.ID)
		want(t, "closes by itself", tk.Status, ticket.Closed)
	})
}
