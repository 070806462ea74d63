package calendar

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Label is a name in both languages; one of them may be empty.
type Label struct {
	ZH string `json:"zh" maxLength:"100"`
	EN string `json:"en" maxLength:"100"`
}

// Entry is a calendar as a tenant keeps it.
type Entry struct {
	ID id.ID `json:"id"`
	Settings
	Version int64 `json:"version"`
}

// Settings are what a tenant says of a calendar.
type Settings struct {
	Key      string `json:"key" maxLength:"64" doc:"by which policies name it; never changes"`
	Name     Label  `json:"name"`
	Position int    `json:"position,omitempty"`
	Table    string `json:"table,omitempty" maxLength:"64" doc:"the holiday table that it follows; empty for none"`
	Spec
	Retired bool `json:"retired,omitempty"`
}

// Table is a holiday table, shared by the calendars that name it.
type Table struct {
	ID      id.ID      `json:"id"`
	Key     string     `json:"key"`
	Name    Label      `json:"name"`
	Years   []Year     `json:"years"`
	Version int64      `json:"version"`
	At      clock.Time `json:"updated_at"`
	// Undoable says that there is an import to take back.
	Undoable bool `json:"undoable"`
}

// Assignment says who works by which calendar.
type Assignment struct {
	Tenant      id.ID           `json:"tenant" doc:"the calendar of everybody else"`
	Departments map[id.ID]id.ID `json:"departments" doc:"department to calendar; holds for those below it too"`
	Teams       map[id.ID]id.ID `json:"teams" doc:"team to calendar"`
	Version     int64           `json:"-"`
}

// Limits of a tenant.
const (
	maxCalendars   = 200
	maxTables      = 50
	maxAssignments = 2000
)

// Set is all calendars of a tenant at one revision. It does not change.
type Set struct {
	Revision int64

	entries    []Entry
	tables     []Table
	assignment Assignment
	compiled   map[id.ID]*Calendar
}

// Entries are the calendars in their order, retired ones too.
func (s *Set) Entries() []Entry { return slices.Clone(s.entries) }

// Tables are the holiday tables.
func (s *Set) Tables() []Table { return slices.Clone(s.tables) }

// Assignment says who works by which calendar.
func (s *Set) Assignment() Assignment { return s.assignment }

// Entry finds a calendar's settings.
func (s *Set) Entry(calendar id.ID) (Entry, bool) {
	for _, e := range s.entries {
		if e.ID == calendar && calendar != 0 {
			return e, true
		}
	}
	return Entry{}, false
}

// Calendar finds a calendar, retired ones too.
func (s *Set) Calendar(calendar id.ID) (*Calendar, bool) {
	c, ok := s.compiled[calendar]
	return c, ok
}

// ByKey finds a calendar by its key, retired ones too.
func (s *Set) ByKey(key string) (*Calendar, bool) {
	for _, e := range s.entries {
		if e.Key == key {
			return s.Calendar(e.ID)
		}
	}
	return nil, false
}

// Table finds a holiday table.
func (s *Set) Table(key string) (Table, bool) {
	for _, t := range s.tables {
		if t.Key == key {
			return t, true
		}
	}
	return Table{}, false
}

// For is the calendar by which a team of a department works: that of the team,
// else of the department or the nearest one above it, else the tenant's. Both
// may be zero; a team without a department given stands in its own. The
// directory may be nil: then only the department itself counts.
func (s *Set) For(dir *staff.Directory, team, department id.ID) *Calendar {
	return s.compiled[s.Assigned(dir, team, department)]
}

// Assigned names the calendar that For gives.
func (s *Set) Assigned(dir *staff.Directory, team, department id.ID) id.ID {
	if c, ok := s.assignment.Teams[team]; ok {
		return c
	}
	if dir != nil && department == 0 {
		if t, ok := dir.Team(team); ok {
			department = t.Department
		}
	}
	for range 100 { // deeper than any tree of departments
		if c, ok := s.assignment.Departments[department]; ok {
			return c
		}
		if dir == nil {
			break
		}
		d, ok := dir.Department(department)
		if !ok {
			break
		}
		department = d.Parent
	}
	return s.assignment.Tenant
}

// compile makes the calendars.
func (s *Set) compile() error {
	s.compiled = map[id.ID]*Calendar{}
	for _, e := range s.entries {
		t, _ := s.Table(e.Table)
		c, err := Compile(e.Spec, t.Years...)
		if err != nil {
			return err
		}
		s.compiled[e.ID] = c
	}
	return nil
}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func checkKey(field, key string) error {
	if !keyForm.MatchString(key) {
		return fault.Bad(field, "invalid", "a key has small letters, digits and _, begins with a letter, and has at most 64 characters")
	}
	return nil
}

func (l Label) check() error {
	if strings.TrimSpace(l.ZH) == "" && strings.TrimSpace(l.EN) == "" {
		return fault.Bad("name", "required", "a name is needed in Chinese or English")
	}
	if utf8.RuneCountInString(l.ZH) > maxName || utf8.RuneCountInString(l.EN) > maxName {
		return fault.Bad("name", "too_long", "a name has at most %d characters", maxName)
	}
	return nil
}

// seeds are the calendars of the first day.
func seeds(zone string) []Settings {
	if zone == "" {
		zone = "Asia/Shanghai"
	}
	office := Settings{Key: "standard", Name: Label{"标准工作日", "Business hours"}, Position: 1, Spec: Spec{Zone: zone}}
	always := Settings{Key: "always", Name: Label{"7×24 小时", "Around the clock"}, Position: 2, Spec: Spec{Zone: zone}}
	switch zone {
	case "Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "PRC":
		office.Table = China
	}
	for d := range 7 {
		office.Week[d], always.Week[d] = []Range{}, []Range{{"00:00", "24:00"}}
		if d >= 1 && d <= 5 {
			office.Week[d] = []Range{{"09:00", "18:00"}}
		}
	}
	return []Settings{office, always}
}
