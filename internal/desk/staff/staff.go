// Package staff knows the people of a tenant: users, departments, teams,
// skills, roles, and with what they sign in. It promises:
//
//   - an Actor carries all that a decision about it needs, is found from a
//     session or token in microseconds, and is right: a change of roles, teams
//     or credentials counts at once on this node and within a second on others;
//   - nobody gives rights that they do not hold, governs somebody who holds
//     more, or removes the last administrator;
//   - secrets are stored as hashes, never logged, shown once;
//   - signing in tells nobody which accounts exist, and guessing is slowed by
//     account and address;
//   - every change leaves a row in staff_event.
//
// The rules of values are in this file, scope.go and password.go, without I/O.
package staff

import (
	"encoding/json"
	"net/mail"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones on hosts that have none
	"unicode"
	"unicode/utf8"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Limits of what is stored.
const (
	maxName        = 100
	maxEmail       = 254
	maxPreferences = 16 << 10
	maxUsers       = 20000
	maxUnits       = 5000 // departments, teams, skills, roles: of each
	maxDepth       = 12
	maxMembership  = 100 // roles, teams, skills of one user
)

// Tenant is one company on the system.
type Tenant struct {
	ID       id.ID  `json:"id"`
	Name     string `json:"name"`
	Host     string `json:"-"`
	Locale   string `json:"locale"`
	TimeZone string `json:"time_zone"`
	Brand    Brand  `json:"brand"`
	Version  int64  `json:"version"`
}

// Person is one user with all memberships.
type Person struct {
	ID          id.ID
	Email       string
	Name        string
	SortKey     string
	Locale      string
	Department  id.ID
	Active      bool
	Preferences json.RawMessage
	Picture     string // hash; empty: none
	Roles       []id.ID
	Teams       []id.ID
	Skills      []SkillLevel
	CreatedAt   clock.Time
	SignedInAt  clock.Time
	Version     int64
	Grants      Grants // of all roles together
}

// Face is how somebody is drawn where there is only room for a circle; what is
// zero follows from the name.
type Face struct {
	Hue      int    `json:"hue,omitempty" minimum:"1" maximum:"6"`
	Initials string `json:"initials,omitempty" maxLength:"2"`
	Picture  string `json:"picture,omitempty" doc:"hash of the picture at /staff/users/{id}/picture/{hash}"`
}

func printed(r rune) rune {
	if !unicode.IsPrint(r) {
		return -1
	}
	return r
}

// Face is what the person has chosen. Preferences are the person's own words:
// what is no face in them is none.
func (p Person) Face() *Face {
	var w struct {
		Avatar Face `json:"avatar"`
	}
	if json.Unmarshal(p.Preferences, &w) != nil {
		w.Avatar = Face{}
	}
	f := Face{Initials: strings.TrimSpace(strings.Map(printed, w.Avatar.Initials)), Picture: p.Picture}
	if utf8.RuneCountInString(f.Initials) > 2 {
		f.Initials = ""
	}
	if w.Avatar.Hue >= 1 && w.Avatar.Hue <= 6 {
		f.Hue = w.Avatar.Hue
	}
	if f == (Face{}) {
		return nil
	}
	return &f
}

// SkillLevel is how well somebody masters a skill: 1 to 5.
type SkillLevel struct {
	Skill id.ID `json:"skill_id"`
	Level int   `json:"level" minimum:"1" maximum:"5"`
}

// Department is one unit of the tenant's tree.
type Department struct {
	ID      id.ID
	Parent  id.ID
	Name    string
	SortKey string
	Path    string // /1/5/: the ids from the root
	Retired bool
	Version int64
}

// Team is a group of agents.
type Team struct {
	ID         id.ID
	Name       string
	SortKey    string
	Department id.ID
	Retired    bool
	Members    []Member
	Version    int64
}

// Member is one user of a team.
type Member struct {
	User id.ID `json:"user_id"`
	Lead bool  `json:"lead,omitempty"`
}

// Skill is something that some can do better than others.
type Skill struct {
	ID      id.ID
	Name    string
	SortKey string
	Version int64
}

// Role is a named set of grants.
type Role struct {
	ID      id.ID
	Key     string // of a shipped role
	Name    string
	Grants  Grants
	Version int64
}

// cleanName trims a name and refuses one that is empty, too long or has
// characters that cannot be seen.
func cleanName(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", fault.Bad(field, "required", "a name is needed")
	case utf8.RuneCountInString(s) > maxName:
		return "", fault.Bad(field, "too_long", "at most %d characters", maxName)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }):
		return "", fault.Bad(field, "characters", "the name has characters that cannot be seen")
	}
	return s, nil
}

// cleanEmail is the address as accounts are found by it: lower case, alone.
func cleanEmail(field, s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" {
		return "", fault.Bad(field, "required", "an email address is needed")
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > maxEmail || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", fault.Bad(field, "email", "this is not an email address")
	}
	return s, nil
}

// Locales are the languages that the product speaks.
var Locales = []string{"zh-CN", "en"}

func cleanLocale(field, s, otherwise string) (string, error) {
	if s == "" {
		return otherwise, nil
	}
	if !slices.Contains(Locales, s) {
		return "", fault.Bad(field, "choice", "one of %s", strings.Join(Locales, ", "))
	}
	return s, nil
}

func cleanTimeZone(field, s string) (string, error) {
	if s == "" {
		return "Asia/Shanghai", nil
	}
	if _, err := time.LoadLocation(s); err != nil || s == "Local" || len(s) > 64 {
		return "", fault.Bad(field, "time_zone", "this is not a time zone such as Asia/Shanghai")
	}
	return s, nil
}

func cleanPreferences(field string, p json.RawMessage) (string, error) {
	if len(p) == 0 {
		return "{}", nil
	}
	var m map[string]any
	if len(p) > maxPreferences || json.Unmarshal(p, &m) != nil || m == nil {
		return "", fault.Bad(field, "preferences", "a JSON object of at most %d bytes", maxPreferences)
	}
	return string(p), nil
}

func cleanSkills(field string, list []SkillLevel) error {
	seen := map[id.ID]bool{}
	for _, s := range list {
		if s.Level < 1 || s.Level > 5 {
			return fault.Bad(field, "range", "a level is from 1 to 5")
		}
		if seen[s.Skill] {
			return fault.Bad(field, "unique", "a skill is named twice")
		}
		seen[s.Skill] = true
	}
	return nil
}

// under says whether path lies in the subtree of root's path.
func under(path, root string) bool { return strings.HasPrefix(path, root) }
