// Package entity finds the things that a customer names in a message: phones,
// addresses, order numbers, amounts, dates and the like, in Chinese and
// English.
//
// Each finding says what it is, where it stands (runes of the original), its
// normalised value, its parts, how sure it is and why. Where a checksum exists
// it was computed. Findings never overlap: of two that do, the one with the
// stronger proof (checksum, then a cue word beside it) stays, then the longer.
//
// The rules are hand-written scanners that look only a bounded way around a
// place, so that the cost is linear in the text, and the same words give the
// same findings wherever in a text they stand. At most MaxRunes are read.
// An administrator's own numbers are learned from examples as patterns; where
// labelled texts are given, a tagger is trained that takes the rules' findings
// as features.
//
// Everything is a pure function of its arguments and safe for concurrent use.
package entity

import (
	"slices"
	"strings"
	"time"

	"zhidan/internal/platform/clock"
)

// Type is what a finding is.
type Type string

// The types. Those of a trained tagger may be others.
const (
	Person   Type = "person"
	Company  Type = "company"
	Phone    Type = "phone"   // Value in E.164, ";ext=" for an extension; hotlines and short numbers as digits
	Email    Type = "email"   // Value in lower case
	URL      Type = "url"     // Value with a scheme
	IDCard   Type = "id_card" // 18 characters after GB 11643
	BankCard Type = "bank_card"
	Plate    Type = "plate"
	Address  Type = "address"  // Parts: province, city, district, street, detail, postcode
	Order    Type = "order"    // order number
	Tracking Type = "tracking" // courier's tracking number; Parts: carrier
	Serial   Type = "serial"   // serial number of a device
	Model    Type = "model"    // model of a product
	Amount   Type = "amount"   // Value "1299.00 CNY"; Parts: amount, currency, and min, max of a range
	Date     Type = "date"     // grain of a day or more; From, To; Parts: grain
	Time     Type = "time"     // grain of an hour or less; From, To; Parts: grain
	Duration Type = "duration" // Value in ISO 8601
	Error    Type = "error_code"
	Quantity Type = "quantity" // Value "3 台"; Parts: number, unit
)

// MaxRunes is how much of a text is read; what comes after is not looked at.
const MaxRunes = 64 << 10

// maxFound bounds the findings of one text.
const maxFound = 4096

// Options say from where and when a text is read.
type Options struct {
	Now      clock.Time     // what "tomorrow" counts from; zero: dates that need it are found without From and To
	Zone     *time.Location // nil: UTC
	Patterns []Pattern      // the tenant's own numbers
	Country  string         // ISO 3166 of numbers without country code; empty: CN
}

// Entity is one finding: the runes [Start, End) of the original.
type Entity struct {
	Type       Type              `json:"type"`
	Start      int               `json:"start"`
	End        int               `json:"end"`
	Value      string            `json:"value"`
	Parts      map[string]string `json:"parts,omitempty"`
	From       clock.Time        `json:"from,omitzero"` // of times: the first moment
	To         clock.Time        `json:"to,omitzero"`   // and the first moment after
	Confidence float64           `json:"confidence"`
	Why        string            `json:"why"` // the rule, checksum or cue that spoke for it
}

// Extract gives the findings of a text in their order, without overlaps.
func Extract(text string, o Options) []Entity {
	d := newDoc(text, o)
	if len(d.r) == 0 {
		return nil
	}
	d.findCues()
	d.web()
	d.patterns(o.Patterns)
	d.phones()
	d.cards()
	d.plates()
	d.codes()
	d.money()
	d.quantities()
	d.times()
	d.addresses()
	d.companies()
	d.people()
	return d.resolve()
}

// candidate is a finding before overlaps are resolved.
type candidate struct {
	Entity
	weight int
}

// Weights of candidates. Two that overlap are told apart by the weight first.
const (
	weightGuess  = 1 // the form alone, and others have it too
	weightForm   = 2 // the form is its own
	weightStrong = 3 // the form is its own and rare
	weightCue    = 4 // a cue word stands beside it
	weightCheck  = 5 // a checksum holds, or a form that contains the others (URL)
)

func (d *doc) add(t Type, start, end, weight int, confidence float64, value, why string, parts map[string]string) {
	if len(d.found) >= maxFound || start >= end || value == "" {
		return
	}
	d.found = append(d.found, candidate{Entity{Type: t, Start: start, End: end, Value: value, Parts: parts, Confidence: confidence, Why: why}, weight})
}

// resolve keeps, of candidates that overlap, the one of greater weight, then
// the longer, then the first.
func (d *doc) resolve() []Entity {
	if len(d.found) == 0 {
		return nil
	}
	slices.SortStableFunc(d.found, func(a, b candidate) int {
		if a.weight != b.weight {
			return b.weight - a.weight
		}
		if la, lb := a.End-a.Start, b.End-b.Start; la != lb {
			return lb - la
		}
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return strings.Compare(string(a.Type), string(b.Type))
	})
	taken := make([]uint64, len(d.r)/64+1)
	var out []Entity
next:
	for _, c := range d.found {
		for i := c.Start; i < c.End; i++ {
			if taken[i>>6]>>(i&63)&1 != 0 {
				continue next
			}
		}
		for i := c.Start; i < c.End; i++ {
			taken[i>>6] |= 1 << (i & 63)
		}
		out = append(out, c.Entity)
	}
	slices.SortFunc(out, func(a, b Entity) int { return a.Start - b.Start })
	return out
}
