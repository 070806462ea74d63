// Package viewing knows who looks at a ticket now (正在查看) and who writes on
// it (正在输入), so that two people do not answer the same customer unawares.
//
// It promises:
//   - Only who may read a ticket is seen on it, and only they are told who is.
//   - Who closes the page is gone at once; who vanishes without a word is gone
//     after Stay, and stops writing after Pause.
//   - It is a hint in memory, by node, and never a lock: nothing is written to
//     the store and nobody is kept from working. Nodes tell each other over the
//     bus; a node that heard nothing (it was cut off) knows again with the next
//     beat of each screen.
//
// board.go is the rule without I/O; this file carries it.
package viewing

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/live"
	"zhidan/internal/platform/web"
)

// Config is what the room stands on. Bus may be nil.
type Config struct {
	Clock *clock.Clock
	IDs   *id.Source
	Bus   *bus.Bus
	Hub   *live.Hub
	Staff *staff.House
	Desk  *ticket.Desk
}

// Room knows who is where. It is safe for concurrent use.
type Room struct {
	Config
	mu    sync.Mutex
	board board
}

const topic = "viewing"

// New makes the room.
func New(c Config) *Room {
	m := &Room{Config: c, board: board{}}
	c.Bus.Subscribe(topic, m.heard, nil)
	return m
}

// heard takes a beat of another node.
func (m *Room) heard(text string) {
	var b beat
	if json.Unmarshal([]byte(text), &b) != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.board.take(b, m.Clock.Now())
}

// Person is somebody on a ticket.
type Person struct {
	ID     id.ID  `json:"id"`
	Name   string `json:"name"`
	Typing string `json:"typing,omitempty" enum:"reply,note" doc:"what they are writing"`
}

// Beat notes what a screen of the actor does on a ticket and answers who is
// there, the actor left out.
func (m *Room) Beat(ctx context.Context, a *staff.Actor, on id.ID, screen string, d Doing) ([]Person, error) {
	if _, err := m.Desk.Get(ctx, a, on); err != nil {
		return nil, err
	}
	b := beat{Tenant: a.Tenant, Ticket: on, User: a.ID, Screen: screen, Doing: d}
	now := m.Clock.Now()
	m.mu.Lock()
	changed := m.board.take(b, now)
	there := m.board.at(a.Tenant, on, now)
	m.mu.Unlock()
	if text, err := json.Marshal(b); err == nil {
		_ = m.Bus.Send(topic, string(text)) // the next beat says it again
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	people := []Person{}
	var others []id.ID
	var all []Person
	for _, s := range there {
		p, _ := dir.User(s.user)
		who := Person{s.user, p.Name, s.doing.typing()}
		if all = append(all, who); s.user != a.ID {
			people, others = append(people, who), append(others, s.user)
		}
	}
	// Writing is told at each beat, so that it ends by itself where none follows.
	if len(others) > 0 && (changed || d.typing() != "") {
		_ = m.Hub.Publish(ctx, live.Event{ID: m.IDs.Next(), Tenant: a.Tenant, Name: "viewing",
			Data: map[string]any{"id": on, "people": all}, Audience: live.Audience{Users: others}}) // likewise
	}
	return people, nil
}

// Register adds the operation on the wire.
func (m *Room) Register(api *web.API) {
	type in struct {
		web.PathID
		Body struct {
			Screen string `json:"screen" minLength:"1" maxLength:"32" doc:"made by the page: one person may have several"`
			Doing  Doing  `json:"doing" enum:"viewing,reply,note,gone" doc:"viewing, writing a reply or a note, or gone"`
		}
	}
	type out struct {
		Body struct {
			People []Person `json:"people" doc:"the others"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets/{id}/viewing", ID: "ticket-viewing", Summary: "Say that one looks at a ticket, and hear who else does",
		Permission: string(staff.TicketRead), Tags: []string{"Tickets"}},
		func(ctx context.Context, in *in) (*out, error) {
			people, err := m.Beat(ctx, staff.From(ctx), in.ID.ID, in.Body.Screen, in.Body.Doing)
			o := &out{}
			o.Body.People = people
			return o, err
		})
}
