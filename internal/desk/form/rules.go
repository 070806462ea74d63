package form

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Rules are what a tenant has decided about all its tickets alike.
type Rules struct {
	NumberPattern   string `json:"number_pattern" minLength:"1" maxLength:"60" doc:"{type} {yyyy} {yy} {mm} {dd} {yymmdd} {yyyymmdd} and one {seq} or {seq:4}"`
	UndoSendSeconds int    `json:"undo_send_seconds" minimum:"0" maximum:"60" doc:"how long a reply can be taken back before it leaves"`
	UndoHours       int    `json:"undo_hours" minimum:"1" maximum:"720" doc:"how long merging, splitting and bulk changes can be undone"`
	AutoCloseHours  int    `json:"auto_close_hours" minimum:"0" maximum:"8760" doc:"from solved to closed; 0: never"`
	ReopenDays      int    `json:"reopen_days" minimum:"0" maximum:"365" doc:"a contact within it reopens a solved ticket, a later one makes a linked ticket"`
	RepeatDays      int    `json:"repeat_days" minimum:"1" maximum:"90" doc:"another ticket on the same matter within it is a repeat contact"`
	// Demands are what must be filled in before a ticket may take a status.
	Demands []Demand `json:"demands" maxItems:"20"`
	Version int64    `json:"version,omitempty"`
}

// Demand is what a status asks for: names of fields as Demandable has them, or
// "fields." and the key of a custom one.
type Demand struct {
	Status string   `json:"status" enum:"open,pending,on_hold,solved,closed,cancelled"`
	Fields []string `json:"fields" maxItems:"50" minItems:"1"`
}

// Demandable are the fields of a ticket itself that a status may ask for. The
// result code of solving and the reasons of holding and cancelling are asked
// for always.
var Demandable = []string{"category", "assignee", "team", "requester", "substatus", "resolution.cause", "resolution.responsible", "resolution.note"}

// ShippedRules hold until a tenant decides otherwise.
func ShippedRules() Rules {
	return Rules{NumberPattern: "{type}{yymmdd}-{seq:4}", UndoSendSeconds: 10, UndoHours: 24, AutoCloseHours: 72, ReopenDays: 7, RepeatDays: 7, Demands: []Demand{}}
}

// Rules are the tenant's rules about all tickets.
func (c *Catalog) Rules() Rules { return c.rulesOfAll }

// Demands are the fields that a status asks for.
func (c *Catalog) Demands(status string) []string {
	for _, d := range c.rulesOfAll.Demands {
		if d.Status == status {
			return d.Fields
		}
	}
	return nil
}

// Shown says whether the form of a type shows a field, as the values stand.
func (c *Catalog) Shown(typ, field string, values map[string]any) bool {
	for _, r := range c.rules[typ] {
		if r.item.Field != field {
			continue
		}
		if r.show == nil {
			return true
		}
		ok, err := r.show.Eval(ruleRow(typ, values), nil)
		return err == nil && ok
	}
	return false
}

// SaveRules changes the rules about all tickets. The new ones hold for what
// happens from then on: timers that run already keep their time.
func (c *Cache) SaveRules(ctx context.Context, tenant id.ID, in Rules) (out Rules, err error) {
	err = c.edit(ctx, tenant, func(ctx context.Context, e *editor) (err error) {
		out, err = e.saveRules(ctx, in)
		return err
	})
	return out, err
}

func (e *editor) saveRules(ctx context.Context, r Rules) (Rules, error) {
	if err := CheckPattern(r.NumberPattern); err != nil {
		return r, err
	}
	seen := map[string]bool{}
	for i, d := range r.Demands {
		at := fmt.Sprintf("demands[%d]", i)
		if seen[d.Status] || !slices.Contains(statuses[1:], d.Status) {
			return r, fault.Bad(at+".status", "choice", "each status but new once")
		}
		seen[d.Status] = true
		for _, f := range d.Fields {
			key, custom := strings.CutPrefix(f, "fields.")
			if x := e.fieldByKey[key]; custom && (x == nil || x.Retired) || !custom && !slices.Contains(Demandable, f) {
				return r, fault.Bad(at+".fields", "unknown", "there is no field %q to ask for", f)
			}
			if strings.HasPrefix(f, "resolution.") && d.Status != "solved" {
				return r, fault.Bad(at+".fields", "invalid", "only solving asks for a resolution")
			}
		}
	}
	if r.Demands == nil {
		r.Demands = []Demand{}
	}
	var err error
	_, r.Version, err = e.put(ctx, item{kind: kindRules, id: e.rulesID, key: "tickets"}, e.rulesOfAll, r, r.Version)
	return r, err
}
