package report

import (
	"cmp"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// Kind is what sort of thing happened. Stored as a small number.
type Kind int16

// Kinds of fact.
const (
	Created       Kind = iota + 1 // a ticket came
	FirstResponse                 // a person answered it for the first time
	Solved
	Reopened    // solved, and active again
	Repeat      // the same customer came again on the same matter
	Transferred // handed on, counted where it left
	MessageIn   // the customer said something
	MessageOut  // we answered
	Returned    // given back, counted where it left
)

// Place is where a ticket stood at a moment, and what it was.
type Place struct {
	Channel                           string
	Type                              string
	Category, Department, Team, Agent id.ID
	Priority                          ticket.Priority
}

// Fact is one thing that happened on a ticket.
type Fact struct {
	Kind   Kind
	At     clock.Time
	Ticket id.ID
	Seq    int64 // of the event that tells it
	Place
	Took clock.Time // of a first response: since the ticket was created, in milliseconds
}

// compare is the order of their rows.
func (f Fact) compare(o Fact) int {
	return cmp.Or(cmp.Compare(f.Kind, o.Kind), cmp.Compare(f.At, o.At), cmp.Compare(f.Ticket, o.Ticket), cmp.Compare(f.Seq, o.Seq))
}

// Facts tells what happened on a ticket from all its events so far, oldest
// first. Void are those that an earlier part of the same events told and that
// were taken back since: a reply that was withdrawn, a solving that was undone.
//
// A fact stands where the ticket stood after the moment of its event, so that a
// new one stands where it was assigned at its birth; a transferred one stands
// where it left. Who is credited is the assignee, of an answer its author.
func Facts(events []ticket.Event) (facts, void []Fact) {
	withdrawn := map[id.ID]bool{}
	for _, e := range events {
		if e.Name == ticket.EventWithdrawn {
			withdrawn[e.Data.Message] = true
		}
	}
	w := &history{}
	after := settled(events)
	for i := range events {
		e := &events[i]
		before := w.raw
		w.raw.follow(e)
		w.now = after[i]
		switch e.Name {
		case ticket.EventCreated:
			w.born = e.At
			w.add(Created, e, w.now)
		case ticket.EventMessage:
			w.message(e, withdrawn[e.Data.Message])
		case ticket.EventStatus:
			switch from, to := moved(e.Data.Changes); {
			case to == ticket.Solved:
				place := w.now
				if place.Agent == 0 && e.ActorKind == string(staff.KindStaff) {
					place.Agent = e.Actor
				}
				w.add(Solved, e, place)
			case from == ticket.Solved && to.Active():
				w.add(Reopened, e, w.now)
			}
		case ticket.EventUndo:
			switch from, to := moved(e.Data.Changes); {
			case from == ticket.Solved && to.Active():
				w.takeBack(Solved)
			case from.Active() && to == ticket.Solved:
				w.takeBack(Reopened)
			}
		case ticket.EventRepeat:
			w.add(Repeat, e, w.now)
		case ticket.EventTransfer:
			if e.ActorKind == string(staff.KindStaff) && e.Data.Kind != ticket.KindRuling { // to rule is not to hand on
				k := Transferred
				if e.Data.Kind == ticket.KindReturn {
					k = Returned
				}
				w.add(k, e, before)
			}
		}
	}
	return w.facts, w.void
}

// settled is where a ticket stood after the moment of each event: what one write
// does is several events of one moment.
func settled(events []ticket.Event) []Place {
	after := make([]Place, len(events))
	var now Place
	for i := range events {
		now.follow(&events[i])
		after[i] = now
	}
	for i := len(events) - 2; i >= 0; i-- {
		if events[i].At == events[i+1].At {
			after[i] = after[i+1]
		}
	}
	return after
}

// takesBack says that an event may make facts void that were told before.
func takesBack(e ticket.Event) bool {
	return e.Name == ticket.EventWithdrawn || e.Name == ticket.EventUndo
}

// history is a ticket on the way through its events.
type history struct {
	raw, now    Place // after the event at hand, and after all of its moment
	born        clock.Time
	answered    bool // by a reply that stands
	facts, void []Fact
}

func (w *history) add(k Kind, e *ticket.Event, at Place) {
	w.facts = append(w.facts, Fact{Kind: k, At: e.At, Ticket: e.Ticket, Seq: e.Seq, Place: at})
}

// takeBack makes the newest fact of a kind void.
func (w *history) takeBack(k Kind) {
	for i := len(w.facts) - 1; i >= 0; i-- {
		if w.facts[i].Kind == k {
			w.void = append(w.void, w.facts[i])
			w.facts = append(w.facts[:i], w.facts[i+1:]...)
			return
		}
	}
}

func (w *history) message(e *ticket.Event, withdrawn bool) {
	switch ticket.MessageKind(e.Data.Kind) {
	case ticket.FromCustomer:
		w.add(MessageIn, e, w.now)
	case ticket.Reply:
		place, person := w.now, e.ActorKind == string(staff.KindStaff)
		if person {
			place.Agent = e.Actor
		}
		told := []Fact{{Kind: MessageOut, At: e.At, Ticket: e.Ticket, Seq: e.Seq, Place: place}}
		if person && !w.answered {
			told = append(told, Fact{Kind: FirstResponse, At: e.At, Ticket: e.Ticket, Seq: e.Seq, Place: place, Took: e.At - w.born})
		}
		if withdrawn {
			w.void = append(w.void, told...)
			return
		}
		w.answered = w.answered || person
		w.facts = append(w.facts, told...)
	}
}

// moves says that the changes of an event are changes of the ticket. Others
// name fields to tell of something: a promise, somebody who was told.
func moves(e *ticket.Event) bool {
	switch e.Name {
	case ticket.EventCreated, ticket.EventAssign, ticket.EventTransfer, ticket.EventChange, ticket.EventUndo:
		return true
	}
	return false
}

// follow keeps up with what a fact says of its ticket.
func (p *Place) follow(e *ticket.Event) {
	if !moves(e) {
		return
	}
	for _, c := range e.Data.Changes {
		word, _ := c.To.(string)
		switch c.Field {
		case "assignee":
			p.Agent = reference(c.To)
		case "team":
			p.Team = reference(c.To)
		case "department":
			p.Department = reference(c.To)
		case "category":
			p.Category = reference(c.To)
		case "channel":
			p.Channel = word
		case "type":
			p.Type = word
		case "priority":
			_ = p.Priority.UnmarshalText([]byte(word))
		}
	}
}

// moved finds the status before and after; zero when it did not change.
func moved(changes []ticket.FieldChange) (from, to ticket.Status) {
	for _, c := range changes {
		if c.Field == "status" {
			a, _ := c.From.(string)
			b, _ := c.To.(string)
			if from.UnmarshalText([]byte(a)) != nil || to.UnmarshalText([]byte(b)) != nil {
				return 0, 0
			}
			return from, to
		}
	}
	return 0, 0
}

func reference(v any) id.ID {
	word, _ := v.(string)
	if word == "" {
		return 0
	}
	i, _ := id.Parse(word)
	return i
}
