package routing

import (
	"cmp"
	"math"
	"slices"
	"time"

	"zhidan/internal/platform/id"
)

// measures are the figures of a run that has ended.
func (x *simulation) measures() Measures {
	m := Measures{Version: x.plan.Set.Version, Unwanted: x.unwant, Waiting: len(x.wait), Longest: x.most, Queue: orEmpty(x.hours)}
	type group struct {
		waits            []float64
		promised, intime int
	}
	all, teams, given := group{}, map[id.ID]*group{}, map[id.ID]int{}
	waiting := make([]bool, len(x.given))
	for _, n := range x.wait {
		waiting[n] = true
	}
	var skills, used float64
	for n := range x.h.Arrivals {
		a := &x.h.Arrivals[n]
		g := teams[x.team[n]]
		if g == nil {
			g = &group{}
			teams[x.team[n]] = g
		}
		if a.Promise > 0 && (x.given[n] || waiting[n]) {
			ok := x.given[n] && x.waited[n] <= a.Promise
			late := !x.given[n] && x.h.To.Sub(a.Matter.Ticket.CreatedAt) <= a.Promise // not yet known
			if !late {
				all.promised++
				g.promised++
				if ok {
					all.intime++
					g.intime++
				}
			}
		}
		if !x.given[n] {
			continue
		}
		m.Given++
		given[x.who[n]]++
		w := x.waited[n].Seconds()
		if w == 0 {
			m.AtOnce++
		}
		all.waits, g.waits = append(all.waits, w), append(g.waits, w)
		m.WaitMean += w
		if x.skill[n] >= 0 {
			m.Skilled++
			skills += x.skill[n]
		}
		used += x.used[n]
	}
	n := float64(max(m.Given, 1))
	m.AtOnce, m.WaitMean, m.Practised = round(m.AtOnce/n), round(m.WaitMean/n), round(used/n)
	m.Skill = round(skills / float64(max(m.Skilled, 1)))
	m.WaitP50, m.WaitP90 = quantile(all.waits, .5), quantile(all.waits, .9)
	m.InTime = round(share(all.intime, all.promised))
	var rates []float64
	m.Agents = []AgentMeasures{}
	for _, a := range x.h.Agents {
		work := within(x.work[a.ID], x.h.From, x.h.To)
		if work <= 0 && given[a.ID] == 0 {
			continue
		}
		y := AgentMeasures{Agent: a.ID, Given: given[a.ID], Minutes: int(work.Minutes())}
		if work > 0 {
			y.Busy = round(x.busy[a.ID] / (work.Minutes() * float64(x.plan.Capacity(a.Capacity))))
			if a.May && !a.Profile.Stopped {
				rates = append(rates, float64(y.Given)/work.Hours())
			}
		}
		m.Agents = append(m.Agents, y)
	}
	m.Spread, m.Gini = spread(rates), gini(rates)
	m.Teams = []TeamMeasures{}
	for team, g := range teams {
		if len(g.waits) == 0 && x.longest[team] == 0 {
			continue
		}
		m.Teams = append(m.Teams, TeamMeasures{Team: team, Given: len(g.waits), WaitP50: quantile(g.waits, .5), WaitP90: quantile(g.waits, .9),
			InTime: round(share(g.intime, g.promised)), Longest: x.longest[team]})
	}
	slices.SortFunc(m.Teams, func(a, b TeamMeasures) int { return cmp.Or(b.Given-a.Given, cmp.Compare(a.Team, b.Team)) })
	return m
}

// quantile is the smallest of the values that the share of them does not
// exceed.
func quantile(list []float64, q float64) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(int(math.Ceil(q*float64(len(list))))-1, len(list)-1)]
}

// spread is the coefficient of variation: the standard deviation in terms of
// the mean.
func spread(list []float64) float64 {
	mean, n := 0.0, float64(max(len(list), 1))
	for _, v := range list {
		mean += v / n
	}
	if mean == 0 {
		return 0
	}
	sq := 0.0
	for _, v := range list {
		sq += (v - mean) * (v - mean) / n
	}
	return round(math.Sqrt(sq) / mean)
}

// gini is the Gini coefficient of inequality: 0 when all are alike, near 1 when
// one has everything.
func gini(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	total, weighted := 0.0, 0.0
	for i, v := range s {
		total += v
		weighted += float64(i+1) * v
	}
	if total == 0 {
		return 0
	}
	n := float64(len(s))
	return round(2*weighted/(n*total) - (n+1)/n)
}

// median is the middle of some durations.
func median(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}
