package routing

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"zhidan/internal/platform/id"
)

// Reasons for which people are left out, in the order in which they are tried:
// the first counts.
var Reasons = []string{NotActive, NotMember, Barred, Conflict, NoChannel, NoSkill, NoLevel, NoLanguage, NoRegion, NoContract, OffShift, NotOnline, Full}

// demands are what a course asks of a person for one ticket at one moment:
// what has been given up by now is no longer in them.
type demands struct {
	c         *Course
	m         *Matter
	needs     []Need
	language  string // primary subtag; empty: any
	region    string
	shift     bool
	online    bool
	dedicated bool    // the company is served by name by somebody who may have it
	spill     []id.ID // teams that help out by now
	relaxed   []string
	weight    int
}

func (c *Course) demands(m *Matter, pool *Pool) *demands {
	r := c.Rule
	d := &demands{c: c, m: m, needs: r.Needs, shift: *r.Shift, online: *r.Online, weight: c.Plan.Weight(m.Ticket.Channel)}
	if *r.Language {
		d.language = primary(m.Ticket.Language)
	}
	if *r.Region {
		d.region = m.Region
	}
	for _, x := range c.relax {
		if m.Waited < time.Duration(x.After)*time.Second {
			break
		}
		d.drop(x.Drop)
	}
	// Looked up before other teams join: who joins later must not shut out those
	// who were asked first.
	if m.Ticket.Company != 0 {
		for _, i := range pool.clients[m.Ticket.Company] {
			if a := pool.people[i]; a.active && d.member(a) {
				d.dedicated = true
				break
			}
		}
	}
	for _, x := range c.spill {
		if m.Waited < time.Duration(x.After)*time.Second {
			break
		}
		d.spill = append(d.spill, x.Team)
		d.relaxed = append(d.relaxed, "overflow:"+x.Team.String())
	}
	return d
}

func (d *demands) drop(what string) {
	d.relaxed = append(d.relaxed, what)
	switch what {
	case DropLevel:
		d.needs = slices.Clone(d.needs)
		for i := range d.needs {
			d.needs[i].Level = max(d.needs[i].Level-1, 1)
		}
	case DropSkill:
		d.needs = nil
	case DropLanguage:
		d.language = ""
	case DropRegion:
		d.region = ""
	case DropShift:
		d.shift = false
	}
}

// member says whether a person is among those whom the rule means, or of a
// team that helps out.
func (d *demands) member(a *member) bool {
	c := d.c
	if len(d.m.Only) > 0 {
		return slices.Contains(d.m.Only, a.ID)
	}
	if (c.Team == 0 || slices.Contains(a.Teams, c.Team)) && (c.Department == 0 || a.in(c.Department)) &&
		(len(c.agents) == 0 || slices.Contains(c.agents, a.ID)) {
		return true
	}
	for _, t := range d.spill {
		if slices.Contains(a.Teams, t) {
			return true
		}
	}
	return false
}

// candidates are those of the pool who may be members, found by index.
func (d *demands) candidates(pool *Pool, out []int32) []int32 {
	c := d.c
	switch {
	case len(d.m.Only) > 0:
		for _, a := range d.m.Only {
			if i, ok := pool.index[a]; ok {
				out = append(out, i)
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	case len(c.agents) > 0:
		for _, a := range c.agents {
			if i, ok := pool.index[a]; ok {
				out = append(out, i)
			}
		}
	case c.Team != 0:
		out = append(out, pool.teams[c.Team]...)
	case c.Department != 0:
		out = append(out, pool.units[c.Department]...)
	default:
		for i := range pool.people {
			out = append(out, int32(i))
		}
		return out
	}
	if len(d.spill) == 0 && len(c.agents) == 0 {
		return out
	}
	for _, t := range d.spill {
		out = append(out, pool.teams[t]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// refuses is the reason for which a person cannot have the ticket; empty: they
// can.
func (d *demands) refuses(a *member) string {
	m, t := d.m, d.m.Ticket
	switch {
	case !a.active:
		return NotActive
	case !d.member(a):
		return NotMember
	case slices.Contains(m.Barred, a.ID):
		return Barred
	case len(a.Profile.Conflicts) > 0 && (t.Requester != 0 && slices.Contains(a.Profile.Conflicts, t.Requester) ||
		t.Company != 0 && slices.Contains(a.Profile.Conflicts, t.Company)):
		return Conflict
	case len(a.Profile.Channels) > 0 && t.Channel != "" && !slices.Contains(a.Profile.Channels, t.Channel):
		return NoChannel
	}
	low := false
	for i := range d.needs {
		switch n := a.level(d.needs[i].Skill); {
		case n == 0:
			return NoSkill
		case n < d.needs[i].Level:
			low = true
		}
	}
	switch {
	case low:
		return NoLevel
	case d.language != "" && len(a.languages) > 0 && !slices.Contains(a.languages, d.language):
		return NoLanguage
	case d.region != "" && len(a.Profile.Regions) > 0 && serves(a.Profile.Regions, d.region) == 0:
		return NoRegion
	case d.dedicated && !slices.Contains(a.Profile.Companies, t.Company):
		return NoContract
	case d.shift && !a.OnShift:
		return OffShift
	case d.online && !a.Online:
		return NotOnline
	case a.Load+d.weight > d.c.Plan.Capacity(a.Capacity):
		return Full
	}
	if limit, ok := a.Profile.Limits[t.Channel]; ok && a.Channels[t.Channel] >= limit {
		return Full
	}
	return ""
}

// Refuses is the reason for which a person cannot have the ticket now; empty:
// they can. It is for those who claim one and for those who drag one.
func (c *Course) Refuses(m *Matter, pool *Pool, person id.ID) string {
	i, ok := pool.index[person]
	if !ok {
		return NotActive
	}
	return c.demands(m, pool).refuses(pool.people[i])
}

// serves is how closely the nearest of the regions fits: the share of the
// place's name that it covers; 0: none serves it.
func serves(regions []string, place string) float64 {
	best := 0
	for _, r := range regions {
		if len(r) > best && strings.HasPrefix(place, r) && ends(place, len(r)) {
			best = len(r)
		}
	}
	return float64(best) / float64(max(len(place), 1))
}

// ends says whether a name may end there: York does not serve Yorkshire. Names
// without spaces between words end anywhere.
func ends(s string, at int) bool {
	if at == len(s) {
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(s[:at])
	next, _ := utf8.DecodeRuneInString(s[at:])
	return last >= utf8.RuneSelf || !unicode.IsLetter(last) || !unicode.IsLetter(next) && !unicode.IsDigit(next)
}
