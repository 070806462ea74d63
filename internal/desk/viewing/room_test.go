package viewing_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"zhidan/internal/desk/staff"
	"zhidan/internal/zhidantest"
)

type M = map[string]any

func open(t *testing.T, h *zhidantest.House) string {
	t.Helper()
	h.Mind.Warm(context.Background(), h.Tenant)
	var made struct{ ID string }
	h.Call("POST", "/tickets", M{"body": "空调不制冷", "requester": M{"name": "王"}}).JSON(t, &made)
	return made.ID
}

// beat says what somebody does and answers who else is there.
func beat(t *testing.T, h *zhidantest.House, token, ticket, doing string) string {
	t.Helper()
	r := h.Call("POST", "/tickets/"+ticket+"/viewing", M{"screen": "s", "doing": doing}, "Authorization", "Bearer "+token)
	if r.Status != 200 {
		return fmt.Sprint(r.Status)
	}
	var got struct {
		People []struct{ Name, Typing string }
	}
	r.JSON(t, &got)
	out := []string{}
	for _, p := range got.People {
		out = append(out, strings.TrimSuffix(p.Name+":"+p.Typing, ":"))
	}
	return strings.Join(out, " ")
}

// heard reads a person's stream until a line holds the words; the test's own
// time is the bound.
func heard(t *testing.T, h *zhidantest.House, token string) func(words string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, "GET", h.URL+"/api/v1/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	return func(words string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), words) {
				return
			}
		}
		t.Fatalf("the stream ended without %q: %v", words, lines.Err())
	}
}

func TestTwoOnATicket(t *testing.T) {
	h := zhidantest.New(t)
	ticket := open(t, h)
	li, chen := h.User("li@example.com", "李", staff.Administrator), h.User("chen@example.com", "陈", staff.Administrator)
	far := h.TokenFor(h.User("far@example.com", "远", staff.Agent)) // of no team
	a, b := h.TokenFor(li), h.TokenFor(chen)
	stream := heard(t, h, a)
	stream("hello")
	for i, step := range [][4]string{
		{a, "viewing", "", ""},
		{b, "viewing", "李", `"name":"陈"`},
		{b, "reply", "李", `"typing":"reply"`},
		{a, "viewing", "陈:reply", ""},
		{far, "viewing", "404", ""},
		{b, "gone", "李", `"people":[{"id":"` + li.ID.String() + `","name":"李"}]`},
		{a, "viewing", "", ""},
	} {
		if got := beat(t, h, step[0], ticket, step[1]); got != step[2] {
			t.Fatalf("step %d: %q, not %q", i, got, step[2])
		}
		if step[3] != "" {
			stream(step[3])
		}
	}
}

// Somebody on another node is seen, and told.
func TestOnTwoNodes(t *testing.T) {
	zhidantest.OnPostgres(t, func(t *testing.T, h *zhidantest.House) {
		ticket := open(t, h)
		a, b := h.TokenFor(h.User("li@example.com", "李", staff.Administrator)), h.TokenFor(h.User("chen@example.com", "陈", staff.Administrator))
		other := h.Second()
		ctx := context.Background()
		for _, n := range []*zhidantest.House{h, other} {
			if err := n.Bus.Ready(ctx); err != nil {
				t.Fatal(err)
			}
		}
		stream := heard(t, h, a)
		stream("hello")
		beat(t, h, a, ticket, "viewing")
		for got := ""; got != "李"; { // until the other node has heard
			if got = beat(t, other, b, ticket, "viewing"); got != "" && got != "李" {
				t.Fatal(got)
			}
		}
		beat(t, other, b, ticket, "note")
		stream(`"typing":"note"`)
	})
}
