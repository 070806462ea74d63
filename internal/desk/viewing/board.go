package viewing

import (
	"cmp"
	"slices"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// Doing is what a screen does on a ticket.
type Doing string

// What it can do.
const (
	Looking Doing = "viewing"
	Reply   Doing = "reply"
	Note    Doing = "note"
	Gone    Doing = "gone"
)

func (d Doing) typing() string {
	if d == Reply || d == Note {
		return string(d)
	}
	return ""
}

// Limits. Screens beat every Stay/2 or less, and every Pause/2 while somebody
// writes.
const (
	Stay      = 45 * time.Second
	Pause     = 10 * time.Second
	maxOn     = 50     // screens on one ticket; more are not shown
	maxBoards = 20_000 // tickets looked at; then what is old is swept out
)

// beat is one sign of life, as nodes tell each other.
type beat struct {
	Tenant id.ID  `json:"t"`
	Ticket id.ID  `json:"k"`
	User   id.ID  `json:"u"`
	Screen string `json:"s"`
	Doing  Doing  `json:"d"`
}

type place struct{ tenant, ticket id.ID }

// seen is one screen on a ticket.
type seen struct {
	user   id.ID
	screen string
	doing  Doing
	at     clock.Time // of the last beat
	wrote  clock.Time // of the last beat of writing
}

// board is who is on which ticket. It is not safe for concurrent use.
type board map[place][]seen

// take notes a beat and reports whether the ticket shows something else now.
func (b board) take(x beat, now clock.Time) (changed bool) {
	if len(b) > maxBoards {
		for p := range b {
			b.sweep(p, now)
		}
	}
	p := place{x.Tenant, x.Ticket}
	b.sweep(p, now)
	list := b[p]
	before := shown(list, now)
	i := slices.IndexFunc(list, func(s seen) bool { return s.user == x.User && s.screen == x.Screen })
	switch {
	case x.Doing == Gone:
		if i >= 0 {
			list = slices.Delete(list, i, i+1)
		}
	case i < 0 && len(list) >= maxOn:
	case i < 0:
		list = append(list, seen{user: x.User, screen: x.Screen, doing: x.Doing, at: now, wrote: now})
	default:
		s := &list[i]
		s.doing, s.at = x.Doing, now
		if x.Doing.typing() != "" {
			s.wrote = now
		}
	}
	if b[p] = list; len(list) == 0 {
		delete(b, p)
	}
	return !slices.Equal(before, shown(list, now))
}

// sweep forgets screens that have not been heard of.
func (b board) sweep(p place, now clock.Time) {
	list := slices.DeleteFunc(b[p], func(s seen) bool { return now.Sub(s.at) > Stay })
	if b[p] = list; len(list) == 0 {
		delete(b, p)
	}
}

// person is somebody as they are shown: whoever writes on one screen writes.
type person struct {
	user  id.ID
	doing Doing
}

// at is who is on a ticket, each once, in the order of their coming.
func (b board) at(tenant, ticket id.ID, now clock.Time) []person {
	p := place{tenant, ticket}
	b.sweep(p, now)
	return shown(b[p], now)
}

func shown(list []seen, now clock.Time) []person {
	var out []person
	for _, s := range list {
		d := s.doing
		if d.typing() != "" && now.Sub(s.wrote) > Pause {
			d = Looking
		}
		i := slices.IndexFunc(out, func(p person) bool { return p.user == s.user })
		if i < 0 {
			out = append(out, person{s.user, d})
		} else if cmp.Compare(out[i].doing.typing(), d.typing()) < 0 {
			out[i].doing = d
		}
	}
	return out
}
