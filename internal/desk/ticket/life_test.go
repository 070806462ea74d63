package ticket_test

import (
	"slices"
	"testing"
	"time"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/zhidantest"
)

// The first complete way: a customer's words become a ticket, it is claimed,
// answered, noted on, solved with its form, and closes by itself.
func TestLifeOfATicket(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
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
