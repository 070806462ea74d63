package roster

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Cell is the plan of one person on one day.
type Cell struct {
	User      id.ID
	Day       Day
	Published []Item
	Draft     []Item // what shall be published next
	Drafted   bool   // Draft says something, be it nothing
	Version   int64
}

// Items is what the one who plans sees.
func (c Cell) Items() []Item {
	if c.Drafted {
		return c.Draft
	}
	return c.Published
}

// checkItems refuses a day that cannot be one.
func checkItems(field string, items []Item) error {
	if len(items) > maxItems {
		return fault.Bad(field, "too_many", "at most %d shifts a day", maxItems)
	}
	for i, it := range items {
		if err := it.check(fmt.Sprintf("%s[%d]", field, i)); err != nil {
			return err
		}
		if it.Kind == Off && len(items) > 1 {
			return fault.Bad(field, "off", "a day off has no shifts")
		}
	}
	return nil
}

// Conflict is a rule that a plan breaks.
type Conflict struct {
	User id.ID  `json:"user_id"`
	Day  Day    `json:"day"`
	Code string `json:"code" enum:"roster.overlap,roster.rest,roster.too_long,roster.week,roster.on_leave"`
	Text string `json:"text"`
}

// placed is a shift of a day in time.
type placed struct {
	stretch
	day  Day
	item Item
}

// place puts the shifts of days into time, in their order.
func place(days map[Day][]Item, zone *time.Location) []placed {
	var out []placed
	for day, items := range days {
		for _, it := range items {
			if it.Kind == Shift {
				from, to := it.window(day, zone)
				out = append(out, placed{stretch{from, to}, day, it})
			}
		}
	}
	slices.SortFunc(out, func(a, b placed) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	return out
}

// conflicts are the rules that a person's days break where one of the touched
// days has a part in it. away are the leaves that are approved.
func conflicts(user id.ID, days map[Day][]Item, touched map[Day]bool, away []stretch, set Settings, zone *time.Location) []Conflict {
	var out []Conflict
	add := func(day Day, code, format string, args ...any) {
		out = append(out, Conflict{user, day, code, fmt.Sprintf(format, args...)})
	}
	all := place(days, zone)
	var last *placed   // of those before, the one that ends last
	var run clock.Time // since when there has been no gap
	for i := range all {
		p := &all[i]
		if touched[p.day] {
			if d := p.to.Sub(p.from); d > time.Duration(set.Longest)*time.Minute {
				add(p.day, "roster.too_long", "a shift of %s is longer than %d minutes", d, set.Longest)
			}
			for _, a := range away {
				if a.from < p.to && a.to > p.from {
					add(p.day, "roster.on_leave", "there is an approved leave on %s", p.day)
					break
				}
			}
		}
		follows := last != nil && p.from == last.to
		if !follows {
			run = p.from
		}
		if last != nil && (touched[p.day] || touched[last.day]) {
			where := p.day
			if !touched[where] {
				where = last.day
			}
			switch rest := p.from.Sub(last.to); {
			case rest < 0:
				add(where, "roster.overlap", "shifts of %s and %s overlap", last.day, p.day)
			case follows: // one long shift
				if d := p.to.Sub(run); d > time.Duration(set.Longest)*time.Minute && p.to.Sub(p.from) <= time.Duration(set.Longest)*time.Minute {
					add(where, "roster.too_long", "%s without a pause until %s, longer than %d minutes", d, p.day, set.Longest)
				}
			case p.day != last.day && rest < time.Duration(set.Rest)*time.Minute:
				add(where, "roster.rest", "only %s of rest between %s and %s", rest, last.day, p.day)
			}
		}
		if last == nil || p.to > last.to {
			last = p
		}
	}
	if set.PerWeek > 0 {
		weeks := map[Day]time.Duration{}
		for _, p := range all {
			weeks[p.day.monday()] += p.item.work(p.day, zone)
		}
		for monday, d := range weeks {
			if d <= time.Duration(set.PerWeek)*time.Minute {
				continue
			}
			for day := monday; day < monday+7; day++ {
				if touched[day] && len(days[day]) > 0 {
					add(day, "roster.week", "%s in the week of %s", d, monday)
					break
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Conflict) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Code, b.Code)) })
	return out
}

func (d Day) monday() Day { return d - Day(d.weekday()) }

// Rotation is a pattern of days that repeats.
type Rotation struct {
	ID      id.ID  `json:"id" readOnly:"true"`
	Version int64  `json:"version" readOnly:"true"`
	Name    string `json:"name" minLength:"1" maxLength:"40"`
	// Pattern has a template for each day; 0 is a day off.
	Pattern []id.ID `json:"pattern" minItems:"1" maxItems:"60" doc:"templates day after day; an empty id is a day off"`
	Anchor  Day     `json:"anchor" doc:"a date on which the pattern begins"`
	Retired bool    `json:"retired,omitempty"`
}

// Turn is a person of a rotation.
type Turn struct {
	User   id.ID `json:"user_id"`
	Offset int   `json:"offset" minimum:"-60" maximum:"60" doc:"how many days further in the pattern"`
}

// on is the template of a day for somebody so many days further.
func (r Rotation) on(day Day, offset int) id.ID {
	n := int64(len(r.Pattern))
	i := (int64(day-r.Anchor) + int64(offset)) % n
	if i < 0 {
		i += n
	}
	return r.Pattern[i]
}

// Check refuses a rotation that cannot be.
func (r Rotation) Check(known func(id.ID) bool) error {
	if err := cleanText("name", r.Name, 40); err != nil {
		return err
	}
	switch {
	case r.Name == "":
		return fault.Bad("name", "required", "a name is needed")
	case len(r.Pattern) == 0 || len(r.Pattern) > 60:
		return fault.Bad("pattern", "range", "a pattern has 1 to 60 days")
	}
	for i, t := range r.Pattern {
		if t != 0 && !known(t) {
			return fault.Bad(fmt.Sprintf("pattern[%d]", i), "unknown", "there is no such shift")
		}
	}
	return nil
}
