// Package phrase keeps the words that people put into what they write: quick
// replies (快捷回复), inserted while writing, and signatures (签名), which go
// under mail to customers.
//
// It promises:
//   - A phrase belongs to a person, to a team or to everybody. Everybody has
//     their own; those of a team or of all are made by whom a role lets.
//   - A placeholder that nobody could fill in is refused when the phrase is
//     saved, not when a customer would read it.
//   - What is filled in is plain text and is filled in once: a customer whose
//     name is "{agent}" stays that. Whoever shows it escapes it.
//   - The ticket that a phrase is filled in for is read with the reader's reach.
//   - Of signatures one goes under a mail: the person's own, else their team's,
//     else the company's.
package phrase

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// Kind is what a phrase is for.
type Kind string

// Kinds.
const (
	QuickReply Kind = "quick_reply"
	Signature  Kind = "signature"
)

// Scopes: whose it is.
const (
	Own    = "own"
	Team   = "team"
	Shared = "shared"
)

// Limits.
const (
	MaxOwn   = 500  // of one person, or of one team
	MaxAll   = 2000 // for everybody
	maxName  = 100
	maxShort = 32
	maxBody  = 5000
	maxSign  = 1000
)

// Phrase is one text in both languages; one of them may be empty, then the
// other serves.
type Phrase struct {
	ID        id.ID
	Kind      Kind
	Scope     string
	Owner     id.ID
	Team      id.ID
	Name      string
	Shortcut  string // typed after "/"
	ZH, EN    string
	UpdatedAt clock.Time
	Version   int64
}

// Placeholders are what a phrase may name in braces, in the order of screens.
var Placeholders = []string{"customer", "number", "subject", "agent", "team", "company", "date"}

var (
	holder   = regexp.MustCompile(`\{([A-Za-z_]{1,40})\}`)
	shortcut = regexp.MustCompile(`^[\p{L}\p{N}_-]+$`)
)

// check cleans a phrase and refuses what cannot be used, every field at once.
func (p *Phrase) check() error {
	var bad fault.List
	p.Name = strings.Join(strings.Fields(text.Clean(p.Name)), " ")
	p.Shortcut = strings.ToLower(strings.TrimSpace(text.Clean(p.Shortcut)))
	if p.Name == "" {
		bad = append(bad, fault.Bad("name", "required", "a name is needed"))
	} else if utf8.RuneCountInString(p.Name) > maxName {
		bad = append(bad, fault.Bad("name", "too_long", "at most %d characters", maxName))
	}
	if p.Shortcut != "" && (p.Kind == Signature || !shortcut.MatchString(p.Shortcut) || utf8.RuneCountInString(p.Shortcut) > maxShort) {
		bad = append(bad, fault.Bad("shortcut", "shortcut", "a shortcut is one word of at most %d letters and digits", maxShort))
	}
	most := maxBody
	if p.Kind == Signature {
		most = maxSign
	}
	for _, b := range []struct {
		field string
		text  *string
	}{{"zh", &p.ZH}, {"en", &p.EN}} {
		*b.text = strings.Trim(text.Clean(strings.ReplaceAll(*b.text, "\r\n", "\n")), " \t\n")
		if utf8.RuneCountInString(*b.text) > most {
			bad = append(bad, fault.Bad(b.field, "too_long", "at most %d characters", most))
		}
		for _, m := range holder.FindAllStringSubmatch(*b.text, -1) {
			if !slices.Contains(Placeholders, m[1]) {
				bad = append(bad, fault.Bad(b.field, "placeholder", "there is no placeholder {%s}", m[1]).With("name", m[1]))
				break
			}
		}
	}
	if p.ZH == "" && p.EN == "" {
		bad = append(bad, fault.Bad("zh", "required", "a text is needed in at least one language"))
	}
	return bad.Err()
}

// in is the text for a customer's language; what is not written in it is taken
// from the other.
func (p *Phrase) in(language string) string {
	if strings.HasPrefix(strings.ToLower(language), "en") && p.EN != "" || p.ZH == "" {
		return p.EN
	}
	return p.ZH
}

// Fill puts values in the place of what stands in braces, each once: what a
// value holds is not looked at again. A placeholder without a value leaves
// nothing behind.
func Fill(s string, values map[string]string) string {
	return holder.ReplaceAllStringFunc(s, func(m string) string {
		name := m[1 : len(m)-1]
		if !slices.Contains(Placeholders, name) {
			return m
		}
		return values[name]
	})
}

// seenBy says who may use a phrase.
func (p *Phrase) seenBy(a *staff.Actor) bool {
	switch p.Scope {
	case Own:
		return p.Owner == a.ID
	case Team:
		return a.InTeam(p.Team)
	}
	return true
}

// mayShape says who may make, change and delete a phrase; department is that of
// its team.
func (p *Phrase) mayShape(a *staff.Actor, department id.ID) bool {
	switch p.Scope {
	case Own:
		return p.Owner == a.ID
	case Team:
		return a.Scope(staff.PhraseShare) > staff.ScopeOwn && a.In(staff.PhraseShare, 0, p.Team, department)
	}
	return a.Scope(staff.PhraseShare) == staff.ScopeAll
}
