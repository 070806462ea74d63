package routing

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"zhidan/internal/platform/id"
)

// Pool is everybody of a tenant as they stand at a moment, at hand by team,
// department and company. It does not change and is safe for concurrent use.
type Pool struct {
	people   []*member // by id
	index    map[id.ID]int32
	teams    map[id.ID][]int32
	units    map[id.ID][]int32 // by department, with all below it
	clients  map[id.ID][]int32 // who serves a company by name
	inactive int
	past     *past
}

// member is a person with what every decision would otherwise work out again.
type member struct {
	*Agent
	active    bool
	senior    float64
	languages []string // primary subtags, in small letters
	unit      [3]float64
	placed    bool
	digest    [16]byte // of all that decisions look at, but for the records
	boxed     atomic.Pointer[boxed]
}

// NewPool makes a pool. Who is named twice counts as named last.
func NewPool(agents []*Agent) *Pool {
	p := &Pool{people: make([]*member, 0, len(agents)), past: &past{}}
	for _, a := range agents {
		p.people = append(p.people, newMember(a))
	}
	p.arrange()
	return p
}

// With is the pool with some people replaced or added. It shares what has not
// changed, so that it costs little after a local assignment.
func (p *Pool) With(changed ...*Agent) *Pool {
	q := *p
	q.people = slices.Clone(p.people)
	again := false
	for _, a := range changed {
		i, ok := p.index[a.ID]
		if !ok {
			q.people, again = append(q.people, newMember(a)), true
			q.past = &past{}
			continue
		}
		old, now := q.people[i], newMember(a)
		q.people[i] = now
		again = again || !slices.Equal(old.Teams, a.Teams) || old.Department != a.Department || !slices.Equal(old.Above, a.Above) ||
			!slices.Equal(old.Profile.Companies, a.Profile.Companies)
		if !sameMap(old.Records, a.Records) {
			q.past = &past{}
		}
		if old.active != now.active {
			q.inactive++
			if now.active {
				q.inactive -= 2
			}
		}
	}
	if again {
		q.arrange()
	}
	return &q
}

// Renew makes a pool of people who were read again. What their records say is
// kept from before when they are the same maps, for the same people.
func (p *Pool) Renew(agents []*Agent) *Pool {
	q := NewPool(agents)
	if p == nil || len(p.people) != len(q.people) {
		return q
	}
	for i, a := range q.people {
		if b := p.people[i]; a.ID != b.ID || !sameMap(a.Records, b.Records) {
			return q
		}
	}
	q.past = p.past
	return q
}

func sameMap(a, b map[id.ID]Record) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// Len is how many people there are.
func (p *Pool) Len() int { return len(p.people) }

// Agents are all of them.
func (p *Pool) Agents() []*Agent {
	out := make([]*Agent, len(p.people))
	for i, x := range p.people {
		out[i] = x.Agent
	}
	return out
}

// Agent finds a person as the pool has them; nil when it does not.
func (p *Pool) Agent(person id.ID) *Agent {
	if i, ok := p.index[person]; ok {
		return p.people[i].Agent
	}
	return nil
}

// arrange sorts people and makes the indexes.
func (p *Pool) arrange() {
	slices.SortStableFunc(p.people, func(a, b *member) int { return cmp.Compare(a.ID, b.ID) })
	kept := p.people[:0]
	for i, a := range p.people {
		if i+1 == len(p.people) || p.people[i+1].ID != a.ID {
			kept = append(kept, a)
		}
	}
	p.people = kept
	p.index = make(map[id.ID]int32, len(p.people))
	p.teams, p.units, p.clients, p.inactive = map[id.ID][]int32{}, map[id.ID][]int32{}, map[id.ID][]int32{}, 0
	for n, a := range p.people {
		i := int32(n)
		p.index[a.ID] = i
		for _, t := range a.Teams {
			put(p.teams, t, i)
		}
		for _, d := range a.Above {
			put(p.units, d, i)
		}
		put(p.units, a.Department, i)
		for _, c := range a.Profile.Companies {
			put(p.clients, c, i)
		}
		if !a.active {
			p.inactive++
		}
	}
}

func put(m map[id.ID][]int32, key id.ID, i int32) {
	list := m[key]
	if n := len(list); key != 0 && (n == 0 || list[n-1] != i) { // a department may end its own path
		m[key] = append(list, i)
	}
}

func newMember(a *Agent) *member {
	x := &member{Agent: a, active: a.May && !a.Profile.Stopped, senior: float64(min(max(a.Profile.Seniority, 0), 5)) / 5}
	if n := len(a.Profile.Languages); n > 0 {
		x.languages = make([]string, n)
		for i, l := range a.Profile.Languages {
			x.languages[i] = primary(l)
		}
	}
	if a.Profile.Place != nil {
		x.unit, x.placed = unit(a.Profile.Place), true
	}
	x.digest = digest(a)
	return x
}

func (x *member) in(department id.ID) bool {
	return x.Department == department || slices.Contains(x.Above, department)
}

func (x *member) level(skill id.ID) int {
	for i := range x.Skills {
		if x.Skills[i].Skill == skill {
			return x.Skills[i].Level
		}
	}
	return 0
}

// primary is the language of a BCP 47 tag without script and region.
func primary(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	return strings.ToLower(tag)
}

// unit is a place as a point on the unit sphere: distances need no more
// trigonometry.
func unit(p *Place) [3]float64 {
	lat, lon := p.Lat*math.Pi/180, p.Lon*math.Pi/180
	return [3]float64{math.Cos(lat) * math.Cos(lon), math.Cos(lat) * math.Sin(lon), math.Sin(lat)}
}

const earthKM = 6371.0088 // mean radius

// kilometres is the distance of two points of the unit sphere straight through
// the earth: shorter than the way along it by a thousandth at a thousand
// kilometres, and without an arc sine for each person.
func kilometres(a, b [3]float64) float64 {
	x, y, z := a[0]-b[0], a[1]-b[1], a[2]-b[2]
	return earthKM * math.Sqrt(x*x+y*y+z*z)
}

// past holds, by category, what the records of a pool's people say.
type past struct {
	mu    sync.Mutex
	known map[id.ID]*experience
	cells int
}

// maxCells bounds what is kept: people times categories.
const maxCells = 1 << 20

// experience is what everybody's records say about one category, in the order
// of the pool: each from 0 to 1, a half where nothing is known.
type experience struct {
	nearby []id.ID
	rows   []experienceOf
}

type experienceOf struct{ time, rating, reopen, product float32 }

// Strength of what all people together have shown, as so many tickets of a
// person: with n of their own the person's mean counts n/(n+k).
const (
	kTime    = 10
	kRating  = 5
	kReopen  = 20
	kProduct = 10
)

// experience is worked out when a category is first asked for.
func (p *Pool) experience(category id.ID, nearby []id.ID) *experience {
	p.past.mu.Lock()
	defer p.past.mu.Unlock()
	if e := p.past.known[category]; e != nil && slices.Equal(e.nearby, nearby) && len(e.rows) == len(p.people) {
		return e
	}
	e := &experience{nearby: slices.Clone(nearby), rows: make([]experienceOf, len(p.people))}
	from, mean := category, p.mean(category)
	if mean.Solved == 0 && category != 0 { // nobody has had one: what they do in general
		from, mean = 0, p.mean(0)
	}
	for i, a := range p.people {
		r := a.Records[from]
		near := 0.0
		if category != 0 {
			near = float64(a.Records[category].Solved)
		}
		for _, c := range nearby {
			near += 0.3 * float64(a.Records[c].Solved)
		}
		e.rows[i] = experienceOf{
			time:    float32(against(shrink(r.Minutes, r.Solved, mean.Minutes, kTime), mean.Minutes)),
			rating:  float32(shrink(r.Rating, r.Rated, mean.Rating, kRating)),
			reopen:  float32(against(shrink(share(r.Reopened, r.Solved), r.Solved, share(mean.Reopened, mean.Solved), kReopen), share(mean.Reopened, mean.Solved))),
			product: float32(near / (near + kProduct)),
		}
	}
	if p.past.cells += len(p.people); p.past.known == nil || p.past.cells > maxCells {
		p.past.known, p.past.cells = map[id.ID]*experience{}, len(p.people)
	}
	p.past.known[category] = e
	return e
}

// mean is the record of all people together.
func (p *Pool) mean(category id.ID) Record {
	var all Record
	var minutes, rating float64
	for _, a := range p.people {
		r, ok := a.Records[category]
		if !ok {
			continue
		}
		all.Solved += r.Solved
		all.Reopened += r.Reopened
		all.Rated += r.Rated
		minutes += r.Minutes * float64(r.Solved)
		rating += r.Rating * float64(r.Rated)
	}
	all.Rating = 0.5
	if all.Rated > 0 {
		all.Rating = rating / float64(all.Rated)
	}
	if all.Solved > 0 {
		all.Minutes = minutes / float64(all.Solved)
	}
	return all
}

// shrink is the empirical-Bayes estimate of a mean: n of one's own against the
// mean of all, which counts as k.
func shrink(own float64, n int, all float64, k float64) float64 {
	return (own*float64(n) + all*k) / (float64(n) + k)
}

// against is how much better than the mean something is of which less is
// better: a half at the mean, towards 1 at none.
func against(x, mean float64) float64 {
	if mean <= 0 {
		return 0.5
	}
	return clamp(mean / (mean + x))
}

func share(n, of int) float64 {
	if of <= 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func clamp(x float64) float64 {
	if !(x > 0) { // also when it is no number
		return 0
	}
	return min(x, 1)
}
