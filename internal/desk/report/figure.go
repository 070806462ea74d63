package report

import (
	"math"
	"slices"
)

// Keys of figures, and of the lists of tickets behind them.
const (
	KeyCreated       = "created"
	KeySolved        = "solved"
	KeyBacklog       = "backlog"
	KeyOverdue       = "overdue"
	KeyFirstResponse = "first_response"
	KeySlowest       = "first_response_p90"
	KeySLA           = "sla"
	KeyRepeat        = "repeat"
	KeyReopened      = "reopened"
	KeyTransferred   = "transferred"
	KeyReturned      = "returned"
	KeyMessageIn     = "message_in"
	KeyMessageOut    = "message_out"
)

// Definitions are the versions of what the figures mean (口径): a change of
// meaning is a new version. The words are the reader's, in the catalogues of
// the interface.
var Definitions = map[string]int{
	KeyCreated: 1, KeySolved: 1, KeyBacklog: 1, KeyOverdue: 1, KeyFirstResponse: 1, KeySlowest: 1, KeySLA: 1, KeyRepeat: 1, KeyReopened: 1,
	KeyTransferred: 1, KeyReturned: 1, KeyMessageIn: 1, KeyMessageOut: 1,
}

// order is how a board lists its figures.
var order = []string{KeyCreated, KeySolved, KeyBacklog, KeyOverdue, KeyFirstResponse, KeySlowest, KeySLA, KeyReopened, KeyRepeat, KeyTransferred, KeyReturned, KeyMessageIn, KeyMessageOut}

// kindOf is the fact that a figure counts.
var kindOf = map[string]Kind{KeyCreated: Created, KeySolved: Solved, KeyFirstResponse: FirstResponse, KeySlowest: FirstResponse, KeyRepeat: Repeat,
	KeyReopened: Reopened, KeyTransferred: Transferred, KeyReturned: Returned, KeyMessageIn: MessageIn, KeyMessageOut: MessageOut}

// BoardFigure is one number of a board.
type BoardFigure struct {
	Key        string   `json:"key" enum:"created,solved,backlog,overdue,first_response,first_response_p90,sla,reopened,repeat,transferred,returned,message_in,message_out"`
	Unit       string   `json:"unit" enum:"tickets,messages,seconds,share"`
	Value      *float64 `json:"value,omitempty" doc:"absent where there is nothing to count"`
	Part       *int64   `json:"part,omitempty" doc:"of a share, what is counted …"`
	Whole      *int64   `json:"whole,omitempty" doc:"… of so many"`
	Business   *float64 `json:"business_seconds,omitempty" doc:"the same in business time, where clocks measured it"`
	Original   *float64 `json:"original,omitempty" doc:"of SLA attainment: as if nothing had been extended"`
	Previous   *float64 `json:"previous,omitempty" doc:"of the day that is compared with, until the same time of day"`
	Tickets    int64    `json:"tickets" doc:"how many tickets its list has"`
	Definition int      `json:"definition" doc:"version of what it means"`
}

func number[T ~int | ~int64 | ~float64](v T) *float64 { f := float64(v); return &f }

// share is part ÷ whole, to a hundredth of a per cent; absent of nothing.
func share(part, whole int64) *float64 {
	if whole == 0 {
		return nil
	}
	return number(math.Round(float64(part)/float64(whole)*1e4) / 1e4)
}

// rank is the smallest value that at least a share p of all do not exceed
// (nearest rank). It sorts the list, which is not empty.
func rank(millis []int64, p float64) int64 {
	slices.Sort(millis)
	return millis[max(int(math.Ceil(p*float64(len(millis))))-1, 0)]
}

// quantile is the same in seconds; absent of nothing.
func quantile(millis []int64, p float64) *float64 {
	if len(millis) == 0 {
		return nil
	}
	return number(float64(rank(millis, p)) / 1000)
}

// slower is how many values are at least the 90 % quantile.
func slower(millis []int64) int64 {
	if len(millis) == 0 {
		return 0
	}
	at, _ := slices.BinarySearch(millis, rank(millis, .9))
	return int64(len(millis) - at)
}

// tally is what was counted of a day, of a department or of a person.
type tally struct {
	tickets          map[Kind]int64 // distinct ones
	acts             map[Kind]int64
	contacts         int64 // tickets on which the customer was heard
	took, counted    []int64
	met, broken      int64
	originalMet      int64
	backlog, overdue int64
	brokenTickets    int64
	recent           []int64 // tickets that came in the last hours, oldest first
}

func newTally() *tally { return &tally{tickets: map[Kind]int64{}, acts: map[Kind]int64{}} }

// value is the number itself.
func (t *tally) value(key string) *float64 {
	switch key {
	case KeyBacklog:
		return number(t.backlog)
	case KeyOverdue:
		return number(t.overdue)
	case KeyFirstResponse:
		return quantile(t.took, .5)
	case KeySlowest:
		return quantile(t.took, .9)
	case KeySLA:
		return share(t.met, t.met+t.broken)
	case KeyReopened:
		return share(t.tickets[Reopened], t.tickets[Solved])
	case KeyRepeat:
		return share(t.tickets[Repeat], t.contacts)
	case KeyMessageIn, KeyMessageOut:
		return number(t.acts[kindOf[key]])
	}
	return number(t.tickets[kindOf[key]])
}

// figure is the number with all that belongs to it. Before may be nil.
func (t *tally) figure(key string, before *tally) BoardFigure {
	f := BoardFigure{Key: key, Unit: "tickets", Value: t.value(key), Tickets: t.tickets[kindOf[key]], Definition: Definitions[key]}
	parts := func(part, whole int64) { f.Unit, f.Part, f.Whole = "share", &part, &whole }
	switch key {
	case KeyBacklog:
		f.Tickets = t.backlog
	case KeyOverdue:
		f.Tickets = t.overdue
	case KeyFirstResponse:
		f.Unit, f.Business = "seconds", quantile(t.counted, .5)
	case KeySlowest:
		f.Unit, f.Business, f.Tickets = "seconds", quantile(t.counted, .9), slower(t.took)
	case KeySLA:
		parts(t.met, t.met+t.broken)
		f.Tickets, f.Original = t.brokenTickets, share(t.originalMet, t.met+t.broken)
	case KeyReopened:
		parts(t.tickets[Reopened], t.tickets[Solved])
	case KeyRepeat:
		parts(t.tickets[Repeat], t.contacts)
	case KeyMessageIn, KeyMessageOut:
		f.Unit = "messages"
	}
	if before != nil && key != KeyBacklog && key != KeyOverdue { // nobody knows what waited then
		f.Previous = before.value(key)
	}
	return f
}
