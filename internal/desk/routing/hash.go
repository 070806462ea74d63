package routing

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"zhidan/internal/platform/id"
)

// pen writes a canonical binary form: every text and list has its length
// before it, so that no two different inputs have the same form.
type pen struct{ b []byte }

func (p *pen) int(n int64)   { p.b = binary.AppendVarint(p.b, n) }
func (p *pen) bool(v bool)   { p.b = append(p.b, byte(one(v))) }
func (p *pen) num(v float64) { p.b = binary.LittleEndian.AppendUint64(p.b, math.Float64bits(v)) }

func (p *pen) text(s string) {
	p.int(int64(len(s)))
	p.b = append(p.b, s...)
}

func (p *pen) ids(list []id.ID) {
	p.int(int64(len(list)))
	for _, x := range list {
		p.int(int64(x))
	}
}

func (p *pen) texts(list []string) {
	p.int(int64(len(list)))
	for _, x := range list {
		p.text(x)
	}
}

func (p *pen) counts(m map[string]int) {
	p.int(int64(len(m)))
	if len(m) == 0 {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		p.text(k)
		p.int(int64(m[k]))
	}
}

func (p *pen) place(x *Place) {
	p.bool(x != nil)
	if x != nil {
		p.num(x.Lat)
		p.num(x.Lon)
	}
}

// digest is of everything about a person that a decision looks at, but for
// their records: of those the figures for the ticket's category go into the
// hash of the decision itself.
func digest(a *Agent) [16]byte {
	var room [512]byte
	p := pen{room[:0]}
	p.int(int64(a.ID))
	p.ids(a.Teams)
	p.int(int64(a.Department))
	p.ids(a.Above)
	p.int(int64(len(a.Skills)))
	for _, s := range a.Skills {
		p.int(int64(s.Skill))
		p.int(int64(s.Level))
	}
	f := &a.Profile
	p.texts(f.Languages)
	p.texts(f.Regions)
	p.texts(f.Channels)
	p.counts(f.Limits)
	p.ids(f.Companies)
	p.ids(f.Conflicts)
	p.int(int64(f.Seniority))
	p.int(f.Cost)
	p.place(f.Place)
	p.ids(f.Learning)
	p.bool(f.Stopped)
	p.bool(a.May)
	p.bool(a.Online)
	p.text(a.State)
	p.bool(a.OnShift)
	p.int(int64(a.ShiftEnd))
	p.int(int64(a.Capacity))
	p.int(int64(a.Load))
	p.counts(a.Channels)
	p.int(int64(a.Open))
	p.int(int64(a.DueSoon))
	p.int(int64(a.Today))
	p.int(int64(a.Week))
	p.int(int64(a.LastGiven))
	sum := sha256.Sum256(p.b)
	return [16]byte(sum[:16])
}

// matter writes the ticket's side: what the factors and demands look at. Of what
// conditions looked at the rule stands for When, and each person's answer for
// Prefer.
func (p *pen) matter(s *scene) {
	m, t := s.m, s.t
	p.int(int64(t.ID))
	p.int(int64(m.At))
	p.int(int64(m.Waited))
	p.text(t.Channel)
	p.text(t.Language)
	p.text(m.Region)
	p.text(m.Tier)
	p.int(int64(t.Priority))
	p.int(int64(t.Risk))
	p.bool(t.Sentiment != nil)
	if t.Sentiment != nil {
		p.int(int64(*t.Sentiment))
	}
	p.int(int64(t.Category))
	p.ids(m.Nearby)
	p.int(int64(t.Requester))
	p.int(int64(t.Company))
	p.num(m.Value)
	p.num(m.Confidence)
	p.place(m.Place)
	p.int(int64(m.DueAt))
	p.int(int64(m.LastAgent))
	p.int(int64(m.Former))
	p.ids(m.Barred)
	p.int(int64(m.Team))
	p.ids(m.Only)
}

// course writes which rule of which set counts, and what has been given up.
func (p *pen) course(c *Course, d *demands) {
	p.int(int64(c.Plan.Set.ID))
	p.int(c.Plan.Set.Version)
	p.text(c.Rule.ID)
	p.int(int64(c.Team))
	p.int(int64(c.Department))
	p.texts(d.relaxed)
}
