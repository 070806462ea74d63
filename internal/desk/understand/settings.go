package understand

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"zhidan/internal/desk/staff"
	"zhidan/internal/mind/nlp"
	"zhidan/internal/mind/nlp/entity"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Settings are what a tenant tells its understanding.
type Settings struct {
	Fields   map[string]Rule `json:"fields,omitempty"`
	Risk     nlp.RiskEdits   `json:"risk,omitzero"`
	Patterns []Pattern       `json:"patterns,omitempty"`
	Labels   []LabelWords    `json:"labels,omitempty"`
	Retrain  *Retraining     `json:"retrain,omitempty"`
	Version  int64           `json:"-"`
}

// Rule says when a field is set, when only suggested.
type Rule struct {
	Off       bool    `json:"off"`
	Threshold float64 `json:"threshold" minimum:"0" maximum:"1" doc:"from this confidence on the value is set"`
	Suggest   float64 `json:"suggest" minimum:"0" maximum:"1" doc:"from this confidence on it is suggested"`
}

// Retraining says when a field is trained anew by itself: after so many new
// examples, or so many days after the oldest of them.
type Retraining struct {
	Off   bool `json:"off"`
	After int  `json:"after" minimum:"20" maximum:"30000" doc:"new examples of a field"`
	Days  int  `json:"days" minimum:"0" maximum:"365" doc:"or so long after the oldest of at least 20 new ones; 0: never"`
}

var shippedRetraining = Retraining{After: 200, Days: 7}

// Retraining is what the tenant says of it, or what is shipped.
func (s *Settings) Retraining() Retraining {
	if s.Retrain != nil {
		return *s.Retrain
	}
	return shippedRetraining
}

// Pattern is a number of the tenant's own, learned from examples.
type Pattern struct {
	entity.Pattern
	Examples []string `json:"examples,omitempty" maxItems:"50"`
	Off      bool     `json:"off"`
}

// LabelWords describe a type or category to the models.
type LabelWords struct {
	Field string `json:"field" enum:"type,category"`
	Value string `json:"value" maxLength:"64"`
	ZH    string `json:"zh" maxLength:"500"`
	EN    string `json:"en" maxLength:"500"`
}

// shippedRules hold until a tenant says otherwise.
var shippedRules = map[string]Rule{
	"type":      {Threshold: .7, Suggest: .3},
	"category":  {Threshold: .75, Suggest: .25},
	"priority":  {Threshold: .6, Suggest: .4},
	"language":  {Threshold: .5, Suggest: .5},
	"sentiment": {Threshold: .3, Suggest: .3},
	"risk":      {Threshold: .3, Suggest: .3},
}

// Fields are those on which the understanding speaks, in the order of screens.
var Fields = []string{"type", "category", "priority", "language", "sentiment", "risk"}

// Rule is the tenant's rule for a field.
func (s *Settings) Rule(field string) Rule {
	if r, ok := s.Fields[field]; ok {
		return r
	}
	return shippedRules[field]
}

// Limits of settings.
const (
	MaxPatterns = 100
	MaxLabels   = 4000
)

const settingName = "understanding"

// Settings reads what the tenant has told; a new tenant has told nothing.
func (m *Mind) Settings(ctx context.Context, tenant id.ID) (*Settings, error) {
	s := &Settings{}
	version, err := readSetting(ctx, m.DB, tenant, settingName, s)
	s.Version = version
	return s, err
}

func readSetting(ctx context.Context, r db.Reader, tenant id.ID, name string, into any) (version int64, err error) {
	var raw string
	err = r.QueryRow(ctx, `select data, version from understand_setting where tenant_id = $1 and name = $2`, tenant, name).Scan(&raw, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(raw), into)
	}
	if err != nil {
		err = fmt.Errorf("understand: setting %s: %w", name, err)
	}
	return version, err
}

func writeSetting(ctx context.Context, tx *db.Tx, tenant id.ID, name string, data any, version int64) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into understand_setting (tenant_id, name, data, version) values ($1, $2, $3, $4)
		on conflict (tenant_id, name) do update set data = excluded.data, version = excluded.version`, tenant, name, string(raw), version)
	return err
}

// Change edits the settings: fn gets those that hold now. ifVersion, when not
// negative, refuses when somebody else was faster.
func (m *Mind) Change(ctx context.Context, tenant id.ID, ifVersion int64, fn func(s *Settings) error) (*Settings, error) {
	var s *Settings
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		s = &Settings{}
		version, err := readSetting(ctx, tx, tenant, settingName, s)
		if err != nil {
			return err
		}
		if ifVersion >= 0 && ifVersion != version {
			return fault.New(fault.Precondition, "version", "somebody else has changed this meanwhile; look again")
		}
		if s.Fields == nil {
			s.Fields = map[string]Rule{}
		}
		before, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if err := fn(s); err != nil {
			return err
		}
		if err := s.check(); err != nil {
			return err
		}
		s.Version = version + 1
		if err := writeSetting(ctx, tx, tenant, settingName, s, s.Version); err != nil {
			return err
		}
		return m.recordSetting(ctx, tx, "understanding.updated", json.RawMessage(before), s)
	})
	if err == nil {
		m.changed(tenant)
	}
	return s, err
}

// recordSetting keeps in the trail who changed what; what the system changes by
// itself is no deed of anybody.
func (m *Mind) recordSetting(ctx context.Context, tx *db.Tx, kind string, before, after any) error {
	by := staff.From(ctx)
	if by == nil {
		return nil
	}
	return m.Staff.Record(ctx, tx, by, staff.Act{Kind: kind, Changes: staff.Changes(before, after, "version")})
}

func (s *Settings) check() error {
	for field, r := range s.Fields {
		if !slices.Contains(Fields, field) {
			return fault.Bad("field", "choice", "%q is not one of %v", field, Fields)
		}
		if r.Threshold < 0 || r.Threshold > 1 || r.Suggest < 0 || r.Suggest > r.Threshold {
			return fault.Bad("suggest", "range", "0 ≤ suggest ≤ threshold ≤ 1")
		}
	}
	if len(s.Patterns) > MaxPatterns {
		return fault.Bad("patterns", "too_many", "at most %d patterns", MaxPatterns)
	}
	if len(s.Labels) > MaxLabels {
		return fault.Bad("labels", "too_many", "at most %d descriptions", MaxLabels)
	}
	if r := s.Retraining(); r.After < minExamples || r.After > trainTickets || r.Days < 0 || r.Days > 365 {
		return fault.Bad("after", "range", "a training takes %d to %d new examples, and at most 365 days", minExamples, trainTickets)
	}
	_, err := nlp.CompileRisk(s.Risk)
	return err
}

// checkPatterns refuses what could never be found, so that whoever types it
// learns of it and not a ticket.
func checkPatterns(list []Pattern) error {
	for i, p := range list {
		at := "patterns[" + strconv.Itoa(i) + "]"
		if strings.TrimSpace(p.Name) == "" || utf8.RuneCountInString(p.Name) > 100 {
			return fault.Bad(at+".name", "required", "a pattern has a name of at most 100 characters")
		}
		if _, err := entity.Compile(p.Name, p.Type, p.Expr); err != nil {
			return fault.Bad(at+".expr", "pattern", "%s", err)
		}
	}
	return nil
}
