package routing

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Limits of a rule set.
const (
	MaxRules  = 200 // in the whole tree
	maxLevel  = 6   // of the tree
	maxName   = 100 // characters
	maxScale  = 100 // of a weight
	maxFaults = 50  // that one answer names
)

var (
	modes      = []Mode{Direct, Offer, Pull, Hand}
	responses  = []Response{Standard, Abnormal, Serious}
	droppables = []string{DropLevel, DropSkill, DropLanguage, DropRegion, DropShift}
)

// What can be given up.
const (
	DropLevel    = "level" // one level less of every skill, down to the first
	DropSkill    = "skill"
	DropLanguage = "language"
	DropRegion   = "region"
	DropShift    = "shift"
)

// Compile checks a rule set and makes it ready to be applied. All faults come
// back together as a fault.List, each naming where it is, such as
// rules[0].rules[2].when. The set itself is not changed.
func Compile(s RuleSet, schema *expr.Schema) (*Plan, error) {
	c := &checker{schema: schema, ids: map[string]string{}}
	s.Name = strings.TrimSpace(s.Name)
	c.name("name", s.Name)
	for _, channel := range slices.Sorted(maps.Keys(s.Channels)) {
		if w := s.Channels[channel]; channel == "" || len(channel) > 64 || w < 0 || w > 10000 {
			c.wrong("channels", "range", "a channel has a name of at most 64 bytes and a weight of 0 to 10000")
		}
	}
	if len(s.Channels) > 50 {
		c.wrong("channels", "too_many", "at most 50 channels are weighed")
	}
	c.between("other_channel", s.Other, 0, 10000)
	c.between("capacity", s.Capacity, 0, 1000000)
	if !(s.NearTie >= 0 && s.NearTie <= 0.5) {
		c.wrong("near_tie", "range", "scores are equal within 0 to 0.5")
	}
	s.Rules = cloneRules(s.Rules, 0)
	nameRules(s.Rules)
	p := &Plan{Set: s, schema: schema}
	p.roots = c.rules("rules", s.Rules, nil, nil, 1)
	if err := c.bad.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// cloneRules copies the tree, so that a plan keeps what it was made of. What
// lies deeper than any rule set may go is left out; the checker says so.
func cloneRules(rules []*Rule, depth int) []*Rule {
	if rules == nil || depth > maxLevel {
		return nil
	}
	out := make([]*Rule, len(rules))
	for i, r := range rules {
		if r != nil {
			x := *r
			x.Rules = cloneRules(r.Rules, depth+1)
			out[i] = &x
		}
	}
	return out
}

type checker struct {
	schema *expr.Schema
	bad    fault.List
	ids    map[string]string // of rules, with where they are
	count  int
}

func (c *checker) wrong(field, code, format string, args ...any) {
	if len(c.bad) < maxFaults {
		c.bad = append(c.bad, fault.Bad(field, code, format, args...))
	}
}

func (c *checker) between(field string, n, low, high int) {
	if n < low || n > high {
		c.wrong(field, "range", "from %d to %d", low, high)
	}
}

func (c *checker) name(field, s string) {
	if n := utf8.RuneCountInString(strings.TrimSpace(s)); n == 0 || n > maxName {
		c.wrong(field, "range", "a name has 1 to %d characters", maxName)
	}
}

func (c *checker) most(field string, n, most int) {
	if n > most {
		c.wrong(field, "too_many", "at most %d", most)
	}
}

// oneOf accepts nothing as well: it is had from the rule above.
func oneOf[T ~string](c *checker, field string, v T, all []T) {
	if v != "" && !slices.Contains(all, v) {
		c.wrong(field, "choice", "%q is not one of %v", v, all)
	}
}

func (c *checker) condition(field, text string, agents bool) *expr.Program {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	prog, err := c.schema.Check(text)
	if err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			c.wrong(field, "condition", "%s", f.Message)
			if n := len(c.bad) - 1; n < maxFaults-1 {
				c.bad[n].Params = f.Params
			}
		} else {
			c.wrong(field, "condition", "%v", err)
		}
		return nil
	}
	if i := slices.IndexFunc(prog.Fields(), func(f string) bool { return strings.HasPrefix(f, agentPrefix) }); i >= 0 && !agents {
		c.wrong(field, "agent", "%s is of a person; here only the ticket can be spoken of", prog.Fields()[i])
	}
	return prog
}

// rules checks one level of the tree and makes its branches. Rules that are off
// are checked as well, so that switching one on brings no surprise.
func (c *checker) rules(path string, rules []*Rule, above *Rule, names []string, level int) []*branch {
	if level > maxLevel && len(rules) > 0 {
		c.wrong(path, "too_deep", "the tree has at most %d levels", maxLevel)
		return nil
	}
	var out []*branch
	for i, r := range rules {
		at := fmt.Sprintf("%s[%d]", path, i)
		if c.count++; c.count > MaxRules {
			if c.count == MaxRules+1 {
				c.wrong(path, "too_many", "there are at most %d rules", MaxRules)
			}
			return out
		}
		if r == nil {
			c.wrong(at, "required", "a rule is needed here")
			continue
		}
		r.Name = strings.TrimSpace(r.Name)
		when, prefer := c.rule(at, r)
		whole := inherit(*r, above)
		if prefer == nil && r.Prefer == "" && whole.Prefer != "" {
			prefer, _ = c.schema.Check(whole.Prefer) // checked where it stands
		}
		trail := append(slices.Clone(names), r.Name)
		b := &branch{when: when, course: course(whole, trail, prefer)}
		b.rules = c.rules(at+".rules", r.Rules, whole, trail, level+1)
		if !r.Off {
			out = append(out, b)
		}
	}
	return out
}

func (c *checker) rule(at string, r *Rule) (when, prefer *expr.Program) {
	c.name(at+".name", r.Name)
	if len(r.ID) > 40 {
		c.wrong(at+".id", "too_long", "at most 40 bytes")
	}
	if other, ok := c.ids[r.ID]; ok {
		c.wrong(at+".id", "unique", "%s has this id already", other)
	}
	c.ids[r.ID] = at
	when = c.condition(at+".when", r.When, false)
	prefer = c.condition(at+".prefer", r.Prefer, true)
	c.ranges(at, r)
	oneOf(c, at+".mode", r.Mode, modes)
	oneOf(c, at+".strategy", r.Strategy, Strategies)
	oneOf(c, at+".response", r.Response, responses)
	c.most(at+".agent_ids", len(r.Agents), 500)
	c.most(at+".supervisor_ids", len(r.Supervisor), 20)
	c.most(at+".needs", len(r.Needs), 20)
	c.most(at+".assist_team_ids", len(r.Assist), ticket.MaxAssists)
	c.most(at+".relax", len(r.Relax), 10)
	c.most(at+".overflow", len(r.Overflow), 10)
	seen := map[id.ID]bool{}
	for i, n := range r.Needs {
		where := fmt.Sprintf("%s.needs[%d]", at, i)
		if n.Skill == 0 || seen[n.Skill] {
			c.wrong(where+".skill_id", "unique", "every need names a skill, each skill once")
		}
		seen[n.Skill] = true
		c.between(where+".level", n.Level, 1, 5)
	}
	for i, x := range r.Relax {
		where := fmt.Sprintf("%s.relax[%d]", at, i)
		c.between(where+".after_seconds", x.After, 1, 604800)
		if !slices.Contains(droppables, x.Drop) {
			c.wrong(where+".drop", "choice", "%q is not one of %v", x.Drop, droppables)
		}
	}
	for i, x := range r.Overflow {
		where := fmt.Sprintf("%s.overflow[%d]", at, i)
		c.between(where+".after_seconds", x.After, 1, 604800)
		if x.Team == 0 {
			c.wrong(where+".team_id", "required", "overflow goes to a team")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.Weights)) {
		w := r.Weights[key]
		switch {
		case factorIndex(key) < 0:
			c.wrong(at+".weights."+key, "unknown", "there is no factor %q", key)
		case math.IsNaN(w) || w < 0 || w > maxScale:
			c.wrong(at+".weights."+key, "range", "a weight is from 0 to %d", maxScale)
		}
	}
	if r.Strategy == RoundRobin && len(r.Weights) > 0 {
		c.wrong(at+".weights", "unused", "people in turn are not weighed")
	}
	return when, prefer
}

func (c *checker) ranges(at string, r *Rule) {
	if r.OfferFor != 0 {
		c.between(at+".offer_seconds", r.OfferFor, 5, 86400)
	}
	if r.Within != 0 {
		c.between(at+".within_minutes", r.Within, 1, 10080)
	}
}
