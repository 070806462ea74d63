package ticket

import (
	"context"
	"net/http"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// configJSON is all that a client needs to show tickets in words, in one call.
type configJSON struct {
	Version          int64            `json:"version"`
	Types            []form.Type      `json:"types"`
	Fields           []form.Field     `json:"fields"`
	Categories       []form.Category  `json:"categories"`
	Substatuses      []form.Substatus `json:"substatuses"`
	HoldReasons      []form.Code      `json:"hold_reasons"`
	CancelReasons    []form.Code      `json:"cancel_reasons"`
	ResolutionCodes  []form.Code      `json:"resolution_codes"`
	Causes           []form.Code      `json:"causes"`
	Responsibilities []form.Code      `json:"responsibilities"`
	Scenes           []form.Scene     `json:"scenes"`
	Tiers            []tierJSON       `json:"tiers"`
	Teams            []teamJSON       `json:"teams"`
	Departments      []departmentJSON `json:"departments"`
	Staff            []personJSON     `json:"staff"`
	Rules            form.Rules       `json:"rules"`
}

type tierJSON struct {
	Key  string    `json:"key"`
	Name form.Name `json:"name"`
}

type teamJSON struct {
	ID         id.ID  `json:"id"`
	Name       string `json:"name"`
	Department id.ID  `json:"department_id,omitzero"`
}

type departmentJSON struct {
	ID     id.ID  `json:"id"`
	Name   string `json:"name"`
	Parent id.ID  `json:"parent_id,omitzero"`
}

type personJSON struct {
	ID         id.ID       `json:"id"`
	Name       string      `json:"name"`
	Teams      []id.ID     `json:"team_ids"`
	Department id.ID       `json:"department_id,omitzero"`
	Active     bool        `json:"active"`
	Face       *staff.Face `json:"avatar,omitempty"`
}

func (d *Desk) registerConfig(api *web.API) {
	type out struct{ Body configJSON }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/config", ID: "config-read", Summary: "Types, fields, categories, codes, teams and people",
		Permission: web.SignedIn, Tags: []string{"Configuration"}},
		func(ctx context.Context, _ *struct{}) (*out, error) {
			a := staff.From(ctx)
			c, err := d.Forms.Get(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			dir, err := d.Staff.Directory(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			j := configJSON{
				Version: c.Version(), Types: some(c.Types()), Fields: some(c.Fields()), Categories: some(c.Categories()), Substatuses: some(c.Substatuses()),
				HoldReasons: some(c.Codes(form.HoldReasons)), CancelReasons: some(c.Codes(form.CancelReasons)),
				ResolutionCodes: some(c.Codes(form.ResolutionCodes)), Causes: some(c.Codes(form.Causes)), Responsibilities: some(c.Codes(form.Responsibilities)),
				Rules: c.Rules(), Scenes: some(c.Scenes()),
				Tiers: []tierJSON{}, Teams: []teamJSON{}, Departments: []departmentJSON{}, Staff: []personJSON{},
			}
			for _, t := range customer.Tiers() {
				j.Tiers = append(j.Tiers, tierJSON{t.Key, form.Name{ZH: t.ZH, EN: t.EN}})
			}
			for _, t := range dir.Teams() {
				j.Teams = append(j.Teams, teamJSON{t.ID, t.Name, t.Department})
			}
			for _, x := range dir.Departments() {
				j.Departments = append(j.Departments, departmentJSON{x.ID, x.Name, x.Parent})
			}
			for _, p := range dir.Users() {
				j.Staff = append(j.Staff, personJSON{p.ID, p.Name, some(p.Teams), p.Department, p.Active, p.Face()})
			}
			return &out{j}, nil
		})
}

// some is the list itself, or an empty one instead of null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
