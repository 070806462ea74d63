package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zhidan/client"
)

// server answers the n-th request with the n-th answer and notes the keys.
func server(t *testing.T, answers ...func(w http.ResponseWriter, r *http.Request)) (*client.Client, *[]string) {
	t.Helper()
	var keys []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		if len(keys) > len(answers) {
			t.Errorf("request %d was not expected", len(keys))
			return
		}
		answers[len(keys)-1](w, r)
	}))
	t.Cleanup(s.Close)
	c := client.New(s.URL+"/", "secret")
	c.Pause = time.Microsecond
	return c, &keys
}

func status(code int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// cut breaks the connection in the middle.
func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestAWriteIsRepeatedUnderOneKey(t *testing.T) {
	c, keys := server(t, status(503, ""), cut, status(429, ""), status(201, `{"id":"7","version":2}`))
	made, err := c.CreateTicket(context.Background(), client.NewTicket{Body: "x"})
	if err != nil || made.ID != "7" || made.Version != 2 {
		t.Fatalf("%+v %v", made, err)
	}
	if k := *keys; len(k) != 4 || k[0] == "" || k[0] != k[1] || k[1] != k[2] || k[2] != k[3] {
		t.Fatalf("keys %q", k)
	}
}

func TestTheCallersKeyCounts(t *testing.T) {
	c, keys := server(t, status(201, `{}`), status(201, `{}`))
	for range 2 {
		if _, err := c.CreateTicket(context.Background(), client.NewTicket{}, client.WithKey("order-1")); err != nil {
			t.Fatal(err)
		}
	}
	if k := *keys; k[0] != "order-1" || k[1] != "order-1" {
		t.Fatalf("keys %q", k)
	}
}

func TestARefusalIsAnErrorWithItsCodeAndIsNotRepeated(t *testing.T) {
	c, keys := server(t, status(409, `{"status":409,"code":"ticket.claimed","detail":"taken","errors":[{"field":"reason","code":"required","message":"needed"}]}`))
	_, err := c.Act(context.Background(), "7", "claim", nil)
	if !client.IsCode(err, "ticket.claimed") {
		t.Fatalf("%v", err)
	}
	var e *client.Error
	if !errors.As(err, &e) || e.Status != 409 || len(e.Fields) != 1 || e.Fields[0].Field != "reason" {
		t.Fatalf("%+v", e)
	}
	if len(*keys) != 1 {
		t.Fatal("a refusal was repeated")
	}
}

func TestItGivesUp(t *testing.T) {
	c, keys := server(t, status(503, "down"), status(503, "down"), status(503, "down"))
	c.Retries = 2
	_, err := c.Tickets(context.Background(), client.Query{})
	var e *client.Error
	if !errors.As(err, &e) || e.Status != 503 || len(*keys) != 3 {
		t.Fatalf("%v after %d", err, len(*keys))
	}
}

func TestAChangeWhoseAnswerIsLostIsNotMadeTwice(t *testing.T) {
	c, keys := server(t, cut)
	if _, err := c.UpdateTicket(context.Background(), "7", map[string]any{"priority": "high"}); err == nil || len(*keys) != 1 {
		t.Fatalf("%v after %d", err, len(*keys))
	}
}

func TestItStopsWaitingWhenTheCallerDoes(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c, _ := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(429)
		cancel()
	})
	start := time.Now()
	if _, err := c.Tickets(ctx, client.Query{}); !errors.Is(err, context.Canceled) || time.Since(start) > 20*time.Second {
		t.Fatalf("%v after %v", err, time.Since(start))
	}
}

func TestWhatIsSent(t *testing.T) {
	c, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" || r.Header.Get("If-Match") != `"3"` || r.Method != "PATCH" || r.URL.Path != "/api/v1/tickets/7" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		_, _ = io.WriteString(w, `{}`)
	}, func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.RawQuery; got != "limit=2&q=%E5%86%B0%E7%AE%B1+%22x%22" {
			t.Errorf("query %s", got)
		}
		_, _ = io.WriteString(w, `{"items":[{"id":"1"}],"next_cursor":"n","partial":true}`)
	}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != "file" || r.Header.Get("Content-Type") != "text/plain" || r.URL.Query().Get("name") != "a b.txt" {
			t.Errorf("%q %v", body, r.URL)
		}
		_, _ = io.WriteString(w, `{"id":"9"}`)
	})
	ctx := context.Background()
	if _, err := c.UpdateTicket(ctx, "7", map[string]any{"priority": "high"}, client.IfVersion(3)); err != nil {
		t.Fatal(err)
	}
	l, err := c.Tickets(ctx, client.Query{Q: `冰箱 "x"`, Limit: 2})
	if err != nil || len(l.Items) != 1 || l.Next != "n" || !l.Partial {
		t.Fatalf("%+v %v", l, err)
	}
	if a, err := c.Upload(ctx, "a b.txt", "text/plain", strings.NewReader("file")); err != nil || a.ID != "9" {
		t.Fatalf("%+v %v", a, err)
	}
}
