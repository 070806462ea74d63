package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/web"
)

// shop is an API whose one POST has an effect that can be counted.
type shop struct {
	*web.API
	d     *db.DB
	runs  atomic.Int64
	keep  atomic.Bool
	after func() // runs between the commit and the answer
}

func newShop(t testing.TB, d *db.DB, c *clock.Clock) *shop {
	s := &shop{d: d, API: web.New(quiet(web.Config{DB: d, Clock: c, Limits: web.Limits{Principal: web.Rate{PerSecond: -1}}}))}
	web.Register(s.API, web.Op{Method: "POST", Path: "/effects", ID: "effect", Summary: "Have an effect", Permission: "thing.write", Status: 201},
		func(ctx context.Context, in *thingIn) (*struct {
			Location string `header:"Location"`
			Body     map[string]any
		}, error) {
			n := s.runs.Add(1)
			if in.Body.Name == "refused" {
				return nil, fault.New(fault.Conflict, "refused", "no")
			}
			out := &struct {
				Location string `header:"Location"`
				Body     map[string]any
			}{Location: fmt.Sprint("/effects/", n), Body: map[string]any{"run": n, "name": in.Body.Name}}
			err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				if _, err := tx.Exec(ctx, `insert into effect (name) values ($1)`, in.Body.Name); err != nil {
					return err
				}
				if s.keep.Load() {
					return web.Keep(ctx, 201, out.Body, "Location", out.Location)
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
			if s.after != nil {
				s.after()
			}
			if in.Body.Name == "late" {
				return nil, errors.New("failed after its effect")
			}
			return out, nil
		})
	web.Register(s.API, web.Op{Method: "POST", Path: "/once", ID: "once", Summary: "Can be done once", Permission: "thing.write"},
		func(ctx context.Context, _ *struct{}) (*struct{ Body string }, error) {
			if s.effects(t, "once") > 0 {
				return nil, fault.New(fault.Conflict, "already", "it was done before")
			}
			return &struct{ Body string }{"done"}, d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `insert into effect (name) values ('once')`)
				return err
			})
		})
	return s
}

func effectTable(t *testing.T, d *db.DB) {
	t.Helper()
	if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `create table effect (name text not null)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) effects(t testing.TB, name string) (n int) {
	t.Helper()
	if err := s.d.QueryRow(context.Background(), `select count(*) from effect where name = $1`, name).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (s *shop) post(t *testing.T, key, name string) answer {
	t.Helper()
	return do(t, s, "POST", web.Base+"/effects", `{"name":"`+name+`"}`, "Authorization", all, "Idempotency-Key", key)
}

func TestARepeatedPostHasOneEffect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		effectTable(t, d)
		for _, keep := range []bool{false, true} {
			s := newShop(t, d, nil)
			s.keep.Store(keep)
			name := fmt.Sprint("keep", keep)
			first := s.post(t, name, name)
			second := s.post(t, name, name)
			other := newShop(t, d, nil).post(t, name, name) // another node
			if first.StatusCode != 201 || first.Header.Get("Idempotency-Replayed") != "" {
				t.Fatalf("first: %d %s", first.StatusCode, first.body)
			}
			for _, again := range []answer{second, other} {
				if again.StatusCode != 201 || string(again.body) != string(first.body) || again.Header.Get("Idempotency-Replayed") != "true" ||
					again.Header.Get("Location") != first.Header.Get("Location") || again.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
					t.Errorf("keep=%v: repeated: %d %s %v\nfirst: %s", keep, again.StatusCode, again.body, again.Header, first.body)
				}
			}
			if n := s.effects(t, name); n != 1 {
				t.Errorf("keep=%v: %d effects", keep, n)
			}
		}
	})
}

func TestAKeyIsForOneRequest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		effectTable(t, d)
		s := newShop(t, d, nil)
		s.post(t, "k", "a")
		if got := s.post(t, "k", "b"); got.StatusCode != 422 || got.problem.Code != "idempotency.mismatch" {
			t.Errorf("another body: %d %s", got.StatusCode, got.body)
		}
		if n := s.effects(t, "b"); n != 0 {
			t.Errorf("the mismatch had %d effects", n)
		}
		// The same key of another caller is another key.
		if got := do(t, s, "POST", web.Base+"/effects", `{"name":"b"}`, "Authorization", "Bearer thing.write/2", "Idempotency-Key", "k"); got.StatusCode != 201 {
			t.Errorf("another caller: %d %s", got.StatusCode, got.body)
		}
		for _, key := range []string{strings.Repeat("x", 256), "a b", "é"} {
			if got := s.post(t, key, "c"); got.StatusCode != 422 || got.problem.Errors[0].Field != "Idempotency-Key" {
				t.Errorf("key %q: %d %s", key, got.StatusCode, got.body)
			}
		}
	})
}

func TestAFailureWithoutEffectIsNotKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		effectTable(t, d)
		s := newShop(t, d, nil)
		for range 2 {
			if got := s.post(t, "r", "refused"); got.problem.Code != "refused" || got.Header.Get("Idempotency-Replayed") != "" {
				t.Errorf("refused: %d %s", got.StatusCode, got.body)
			}
		}
		if s.runs.Load() != 2 {
			t.Errorf("ran %d times, want 2", s.runs.Load())
		}
		// A failure after the effect is kept: the effect must not come twice.
		for range 2 {
			if got := s.post(t, "l", "late"); got.StatusCode != 500 {
				t.Errorf("late: %d %s", got.StatusCode, got.body)
			}
		}
		if n := s.effects(t, "late"); n != 1 {
			t.Errorf("%d effects, want 1", n)
		}
	})
}

func TestARepetitionThatTheDomainWouldRefuseGetsTheFirstAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		effectTable(t, d)
		s := newShop(t, d, nil)
		once := func(key string) answer {
			return do(t, s, "POST", web.Base+"/once", "", "Authorization", all, "Idempotency-Key", key)
		}
		if got := once("x"); got.StatusCode != 200 {
			t.Fatalf("%d %s", got.StatusCode, got.body)
		}
		if got := once("x"); got.StatusCode != 200 || string(got.body) != "\"done\"\n" {
			t.Errorf("repeated: %d %s", got.StatusCode, got.body)
		}
		if got := once("y"); got.problem.Code != "already" {
			t.Errorf("with a new key: %d %s", got.StatusCode, got.body)
		}
	})
}

// A node dies between the commit and the answer.
func TestDeathAfterTheCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		effectTable(t, d)
		c := clock.At(1_800_000_000_000)
		die := func(keep bool, name string) {
			s := newShop(t, d, c)
			s.keep.Store(keep)
			s.after = func() { panic(http.ErrAbortHandler) } // the connection is cut, nothing is written
			defer func() { recover() }()
			s.post(t, name, name)
		}
		s := newShop(t, d, c)
		die(true, "kept")
		if got := s.post(t, "kept", "kept"); got.StatusCode != 201 || !strings.Contains(string(got.body), `"name":"kept"`) {
			t.Errorf("kept answer: %d %s", got.StatusCode, got.body)
		}
		die(false, "lost")
		c.Advance(31 * time.Second)
		if got := s.post(t, "lost", "lost"); got.StatusCode != 409 || got.problem.Code != "idempotency.answer_lost" {
			t.Errorf("lost answer: %d %s", got.StatusCode, got.body)
		}
		for _, name := range []string{"kept", "lost"} {
			if n := s.effects(t, name); n != 1 {
				t.Errorf("%s: %d effects", name, n)
			}
		}
	})
}

func TestWhoComesWhileTheFirstRunsWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		effectTable(t, d)
		s := newShop(t, d, nil)
		inside, goOn := make(chan struct{}), make(chan struct{})
		var once sync.Once
		s.after = func() { once.Do(func() { close(inside); <-goOn }) }
		first, second, foreign := make(chan answer), make(chan answer), make(chan answer)
		go func() { first <- s.post(t, "w", "w") }()
		<-inside
		go func() { second <- s.post(t, "w", "w") }()
		other := newShop(t, d, nil)
		go func() { foreign <- other.post(t, "w", "w") }()
		// The other node sees the effect without its answer and gives up first.
		if got := <-foreign; got.StatusCode != 409 || got.problem.Code != "idempotency.in_progress" || got.Header.Get("Retry-After") == "" {
			t.Errorf("other node: %d %s", got.StatusCode, got.body)
		}
		close(goOn)
		a, b := <-first, <-second
		if a.StatusCode != 201 || b.StatusCode != 201 || string(a.body) != string(b.body) || b.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("first %d %s, second %d %s", a.StatusCode, a.body, b.StatusCode, b.body)
		}
	})
}

func TestThousandKeysTwentyTimesAtOnce(t *testing.T) {
	keys := 1000
	if testing.Short() {
		keys = 100
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		effectTable(t, d)
		nodes := []*shop{newShop(t, d, nil), newShop(t, d, nil)}
		for _, s := range nodes {
			s.keep.Store(true)
		}
		var bad atomic.Int64
		var wg sync.WaitGroup
		for g := range 20 {
			wg.Go(func() {
				for k := range keys {
					name := fmt.Sprint("n", k)
					if got := nodes[g%2].post(t, fmt.Sprint("key", k), name); got.StatusCode != 201 || !strings.Contains(string(got.body), `"name":"`+name+`"`) {
						bad.Add(1)
						t.Errorf("%d %s", got.StatusCode, got.body)
					}
				}
			})
		}
		wg.Wait()
		var all, distinct int
		if err := d.QueryRow(context.Background(), `select count(*), count(distinct name) from effect`).Scan(&all, &distinct); err != nil {
			t.Fatal(err)
		}
		if all != keys || distinct != keys || bad.Load() != 0 {
			t.Errorf("%d keys had %d effects on %d names, %d bad answers", keys, all, distinct, bad.Load())
		}
	})
}

func TestPurgeIdempotency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		effectTable(t, d)
		c := clock.At(1_800_000_000_000)
		s := newShop(t, d, c)
		for i := range 5 {
			s.post(t, fmt.Sprint(i), "a")
			c.Advance(time.Hour)
		}
		purge := func(before clock.Time, limit int) (n int64) {
			if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) (err error) {
				n, err = web.PurgeIdempotency(ctx, tx, before, limit)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := c.Now().Add(-150 * time.Minute) // after the first three
		if a, b, z := purge(before, 2), purge(before, 2), purge(before, 2); a != 2 || b != 1 || z != 0 {
			t.Errorf("purged %d, %d, %d, want 2, 1, 0", a, b, z)
		}
		if got := s.post(t, "4", "a"); got.Header.Get("Idempotency-Replayed") != "true" {
			t.Error("a young key was forgotten")
		}
	})
}
