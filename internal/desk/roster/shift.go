package roster

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Hours are those of a shift by the clock on the wall. A shift whose end is not
// after its beginning reaches into the next day.
type Hours struct {
	From   string  `json:"from" maxLength:"5" doc:"09:00"`
	To     string  `json:"to" maxLength:"5" doc:"18:00; 24:00 is the end of the day; before from: on the next day"`
	Breaks []Pause `json:"breaks,omitempty" maxItems:"10" doc:"within the shift, not counted as work"`
	Zone   string  `json:"zone,omitempty" maxLength:"64" doc:"IANA name; empty: the company's"`
}

// Pause is a break that is planned in a shift.
type Pause struct {
	From string `json:"from" maxLength:"5"`
	To   string `json:"to" maxLength:"5"`
}

// Template is a shift that is planned again and again (班次).
type Template struct {
	ID      id.ID  `json:"id" readOnly:"true"`
	Version int64  `json:"version" readOnly:"true"`
	Name    string `json:"name" minLength:"1" maxLength:"40"`
	Color   string `json:"color,omitempty" maxLength:"7" doc:"#rrggbb"`
	Hours
	Night   bool `json:"night,omitempty" doc:"night duty 夜班"`
	Retired bool `json:"retired,omitempty"`
}

// Kind is what an item of a plan is.
type Kind string

// Kinds.
const (
	Shift Kind = "shift"
	Off   Kind = "off" // 休息, planned
)

// Item is a shift, or a day off, of one person on one day.
type Item struct {
	Kind     Kind   `json:"kind" enum:"shift,off"`
	Template id.ID  `json:"template_id,omitempty" doc:"hours, name and colour are those of the template at the time of planning; absent: they are given"`
	Name     string `json:"name,omitempty" maxLength:"40"`
	Color    string `json:"color,omitempty" maxLength:"7"`
	From     string `json:"from,omitempty" maxLength:"5"`
	To       string `json:"to,omitempty" maxLength:"5"`
	// Breaks and the rest are as in a template.
	Breaks []Pause `json:"breaks,omitempty" maxItems:"10"`
	Zone   string  `json:"zone,omitempty" maxLength:"64"`
	Night  bool    `json:"night,omitempty"`
	Note   string  `json:"note,omitempty" maxLength:"200"`
}

// maxItems is how many shifts a person has on a day.
const maxItems = 3

var colorForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// check refuses hours that make no sense.
func (h Hours) check(field string) error {
	at := func(name string) string { return strings.TrimPrefix(field+"."+name, ".") }
	from, ok := parseMinute(h.From)
	if !ok || from == 1440 {
		return fault.Bad(at("from"), "time", "a time is written 09:00")
	}
	to, ok := parseMinute(h.To)
	if !ok {
		return fault.Bad(at("to"), "time", "a time is written 18:00, and 24:00 is the end of the day")
	}
	if to == from {
		return fault.Bad(at("to"), "empty", "the shift is empty; a whole day is 00:00 to 24:00")
	}
	if h.Zone != "" {
		if l, err := time.LoadLocation(h.Zone); err != nil || l == time.Local {
			return fault.Bad(at("zone"), "time_zone", "this is not a time zone such as Asia/Shanghai")
		}
	}
	_, to = h.minutes()
	last := from
	for i, p := range h.pauses() {
		name := at(fmt.Sprintf("breaks[%d]", i))
		switch {
		case p[0] < 0:
			return fault.Bad(name, "time", "a time is written 12:00")
		case p[0] < last || p[1] <= p[0] || p[1] > to:
			return fault.Bad(name, "range", "breaks lie within the shift, one after the other")
		}
		last = p[1]
	}
	return nil
}

// minutes are beginning and end, counted from the midnight before the shift.
func (h Hours) minutes() (from, to int) {
	from, _ = parseMinute(h.From)
	to, _ = parseMinute(h.To)
	if to <= from {
		to += 1440
	}
	return from, to
}

// pauses are the breaks, counted like minutes; -1 where one cannot be read.
func (h Hours) pauses() [][2]int {
	start, _ := h.minutes()
	out := make([][2]int, len(h.Breaks))
	for i, p := range h.Breaks {
		a, ok1 := parseMinute(p.From)
		b, ok2 := parseMinute(p.To)
		if !ok1 || !ok2 {
			out[i] = [2]int{-1, -1}
			continue
		}
		if a < start {
			a += 1440
		}
		if b < start || b <= a-1440 {
			b += 1440
		}
		out[i] = [2]int{a, b}
	}
	return out
}

// Check refuses a template that cannot be planned.
func (t Template) Check() error {
	name := strings.TrimSpace(t.Name)
	if name == "" {
		return fault.Bad("name", "required", "a name is needed")
	}
	if err := cleanText("name", t.Name, 40); err != nil {
		return err
	}
	if t.Color != "" && !colorForm.MatchString(t.Color) {
		return fault.Bad("color", "color", "a colour is written #1a2b3c")
	}
	return t.Hours.check("")
}

// item is a shift by the template.
func (t Template) item() Item {
	return Item{Kind: Shift, Template: t.ID, Name: t.Name, Color: t.Color, From: t.From, To: t.To, Breaks: slices.Clone(t.Breaks), Zone: t.Zone, Night: t.Night}
}

func (it Item) hours() Hours { return Hours{it.From, it.To, it.Breaks, it.Zone} }

func (it Item) check(field string) error {
	if err := cleanText(field+".note", it.Note, 200); err != nil {
		return err
	}
	if err := cleanText(field+".name", it.Name, 40); err != nil {
		return err
	}
	switch {
	case it.Color != "" && !colorForm.MatchString(it.Color):
		return fault.Bad(field+".color", "color", "a colour is written #1a2b3c")
	case it.Kind == Off && (it.From != "" || it.To != "" || it.Template != 0):
		return fault.Bad(field+".kind", "off", "a day off has no hours")
	case it.Kind == Off:
		return nil
	case it.Kind != Shift:
		return fault.Bad(field+".kind", "unknown", "shift or off")
	}
	return it.hours().check(field)
}

// window is when a shift begins and ends. zone is the company's.
func (it Item) window(day Day, zone *time.Location) (from, to clock.Time) {
	a, b := it.hours().minutes()
	z := it.zone(zone)
	return day.at(a, z), day.at(b, z)
}

// pauses are the planned breaks as moments.
func (it Item) pauses(day Day, zone *time.Location) []stretch {
	z := it.zone(zone)
	var out []stretch
	for _, p := range it.hours().pauses() {
		out = append(out, stretch{day.at(p[0], z), day.at(p[1], z)})
	}
	return out
}

func (it Item) zone(company *time.Location) *time.Location {
	if it.Zone != "" {
		if z, err := time.LoadLocation(it.Zone); err == nil {
			return z
		}
	}
	return company
}

// work is the time that a shift really has, without its breaks.
func (it Item) work(day Day, zone *time.Location) time.Duration {
	if it.Kind != Shift {
		return 0
	}
	from, to := it.window(day, zone)
	d := to.Sub(from)
	for _, p := range it.pauses(day, zone) {
		d -= p.to.Sub(p.from)
	}
	return max(d, 0)
}

// stretch is an interval of time.
type stretch struct{ from, to clock.Time }

// without cuts the holes out of stretches; both are in order and do not
// overlap among themselves.
func without(list, holes []stretch) []stretch {
	var out []stretch
	for _, s := range list {
		for _, h := range holes {
			if h.to <= s.from || h.from >= s.to {
				continue
			}
			if h.from > s.from {
				out = append(out, stretch{s.from, h.from})
			}
			s.from = min(max(s.from, h.to), s.to)
		}
		if s.from < s.to {
			out = append(out, s)
		}
	}
	return out
}
