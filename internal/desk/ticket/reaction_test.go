package ticket_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhidan/client"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
	"zhidan/internal/zhidantest"
)

// recorder is a reaction that notes the seqs it has seen of each ticket. It
// fails on tickets for as long as they are broken.
type recorder struct {
	mu     sync.Mutex
	seen   map[id.ID][]int64
	broken map[id.ID]bool
	panics bool
}

func newRecorder() *recorder { return &recorder{seen: map[id.ID][]int64{}, broken: map[id.ID]bool{}} }

func (r *recorder) reaction(name string) ticket.Reaction {
	return ticket.Reaction{Name: name, React: func(_ ctxT, batch []ticket.Occurrence) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, o := range batch {
			if r.broken[o.Ticket.ID] {
				if r.panics {
					panic("broken")
				}
				return errors.New("broken")
			}
		}
		for _, o := range batch {
			for _, e := range o.Events {
				r.seen[o.Ticket.ID] = append(r.seen[o.Ticket.ID], e.Seq)
			}
		}
		return nil
	}}
}

func (r *recorder) set(tid id.ID, broken bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken[tid] = broken
}

func (r *recorder) of(tid id.ID) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprint(r.seen[tid])
}

// first is the same without what was told again.
func (r *recorder) first(tid id.ID) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []int64
	for _, seq := range r.seen[tid] {
		if !slices.Contains(out, seq) {
			out = append(out, seq)
		}
	}
	return fmt.Sprint(out)
}

// upTo is 1 … n as a recorder tells it.
func upTo(n int64) string {
	var all []int64
	for i := int64(1); i <= n; i++ {
		all = append(all, i)
	}
	return fmt.Sprint(all)
}

func (s *scene) note(tid id.ID) {
	s.t.Helper()
	_, _, err := s.Desk.Say(ctx, s.Admin, tid, ticket.NewMessage{Kind: ticket.Note, Body: "x"})
	must(s.t, err)
}

func TestAReactionThatFailsCatchesUpAlone(t *testing.T) {
	for _, panics := range []bool{false, true} {
		t.Run(fmt.Sprint("panics ", panics), func(t *testing.T) {
			var fragile, sound *recorder
			zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
				s := &scene{h, t, client.New(h.URL, h.Token)}
				fragile.panics = panics
				var ids []id.ID
				for range 3 {
					ids = append(ids, create(t, h, "x", "x", "13812345678").ID)
				}
				s.Settle()
				bad := ids[1]
				fragile.set(bad, true)
				for range 3 {
					for _, tid := range ids {
						s.note(tid)
					}
					s.Settle()
					s.Clock.Advance(5 * time.Second) // catching up is tried, in vain
				}
				version := func(tid id.ID) int64 {
					tk, err := h.Desk.Get(ctx, h.Admin, tid)
					must(t, err)
					return tk.Version
				}
				for _, tid := range ids {
					want(t, "the sound reaction", sound.of(tid), upTo(version(tid)))
					if tid != bad {
						want(t, "neighbours", fragile.of(tid), upTo(version(tid)))
					}
				}
				seen := version(bad) - 3
				want(t, "stands still", fragile.of(bad), upTo(seen))
				fragile.set(bad, false)
				s.note(bad) // comes while it is behind: it may not overtake
				for range 5 {
					s.Settle()
					s.Clock.Advance(time.Hour)
				}
				s.Settle()
				// An event that comes in just then may be told by both ways: at least once, in order.
				want(t, "caught up in order", fragile.first(bad), upTo(version(bad)))
				want(t, "nothing repeated", sound.of(bad), upTo(version(bad)))
				var lag int
				must(t, h.DB.QueryRow(ctx, `select count(*) from ticket_reaction_lag`).Scan(&lag))
				want(t, "lag", lag, 0)
				s.note(bad)
				s.Settle()
				want(t, "and goes on as before", fragile.first(bad), upTo(version(bad)))
			}, func(srv *server.Server) {
				fragile, sound = newRecorder(), newRecorder()
				srv.Desk.Reactions = append(srv.Desk.Reactions, fragile.reaction("fragile"), sound.reaction("sound"))
			})
		})
	}
}

// Two nodes on one store: both write, either may react; the events of a ticket
// keep their order, push crosses, and what a node that goes away leaves behind
// is done by the other.
func TestTwoNodes(t *testing.T) {
	rec := newRecorder()
	zhidantest.OnPostgres(t, func(t *testing.T, h *zhidantest.House) {
		s := &scene{h, t, client.New(h.URL, h.Token)}
		n := h.Second()
		two := &scene{n, t, client.New(n.URL, h.Token)}
		far := two.listen(h.Admin)

		var ids []id.ID
		for i := range 4 {
			ids = append(ids, create(t, h, "x", "x", fmt.Sprint(13812345670+i)).ID)
		}
		var writers sync.WaitGroup
		for _, node := range []*scene{s, two} {
			writers.Go(func() {
				for i := range 40 {
					_, _, err := node.Desk.Say(ctx, node.Admin, ids[i%4], ticket.NewMessage{Kind: ticket.Note, Body: "x"})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		s.Settle()
		for _, tid := range ids {
			want(t, "order", rec.of(tid), upTo(22))
			want(t, "history", len(s.history(tid.String(), 0)), 22)
		}
		last := create(t, h, "最后", "x", "13812345679")
		s.Settle()
		for line := range far {
			if strings.Contains(line, last.ID.String()) {
				last = nil
				break
			}
		}
		want(t, "push crosses", last == nil, true)

		// The other node knows within seconds whom this one has made.
		mate := s.person("新人", staff.NewUser{}, staff.Administrator)
		s.Clock.Advance(10 * time.Second)
		_, err := two.Staff.Actor(ctx, s.Tenant, mate.ID)
		must(t, err)

		for range 5 {
			for _, tid := range ids {
				two.note(tid)
			}
		}
		n.Jobs.Stop()
		s.Settle()
		for _, tid := range ids {
			want(t, "after one has gone", rec.first(tid), upTo(27))
		}
	}, func(srv *server.Server) {
		srv.Desk.Reactions = append(srv.Desk.Reactions, rec.reaction("record"))
	})
}
