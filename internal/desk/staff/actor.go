package staff

import (
	"context"
	"slices"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Kind says what sort of being acts.
type Kind string

// Who can act on a ticket.
const (
	KindStaff    Kind = "staff"
	KindCustomer Kind = "customer"
	KindSystem   Kind = "system"
	KindAI       Kind = "ai"
)

// Scope is how far a permission reaches.
type Scope int8

// Scopes from nothing to the whole tenant; a wider one includes the narrower.
const (
	ScopeNone Scope = iota
	ScopeOwn
	ScopeTeam
	ScopeDepartment
	ScopeAll
)

// Actor is who does something, with all that a decision about it needs, so
// that no check has to read the database. It is a snapshot: the credential
// cache replaces it when roles, teams or departments change.
type Actor struct {
	Tenant id.ID
	Kind   Kind
	ID     id.ID // of the staff user or customer; zero for the system
	Name   string
	Locale string
	// Credential tells sessions and tokens of one user apart (idempotency, limits).
	Credential string
	Teams      []id.ID
	// Departments holds the actor's department and all below it.
	Departments []id.ID
	Grants      map[Permission]Scope

	credential   credential // what the actor came with
	credentialID id.ID
	limited      bool  // a token that may do less than its user
	viewer       id.ID // who looks at the workspace as this actor; see view.go
}

// System is the tenant itself acting: timers, imports, rules. It may do all.
func System(tenant id.ID) *Actor {
	return &Actor{Tenant: tenant, Kind: KindSystem}
}

// AI is the actor of the tenant's models: what they may do is decided by the
// operation that speaks for them, so it has no grants of its own.
func AI(tenant id.ID) *Actor {
	return &Actor{Tenant: tenant, Kind: KindAI}
}

// TenantID is the tenant that the actor belongs to.
func (a *Actor) TenantID() id.ID { return a.Tenant }

// Key names the credential for idempotency and rate limits.
func (a *Actor) Key() string { return string(a.Kind) + ":" + a.ID.String() + ":" + a.Credential }

// Scope is how far the permission reaches for this actor.
func (a *Actor) Scope(p Permission) Scope {
	if a.Kind == KindSystem {
		return ScopeAll
	}
	return a.Grants[p]
}

// Can reports whether the actor holds the permission at any scope.
func (a *Actor) Can(p string) bool { return a.Scope(Permission(p)) > ScopeNone }

// InTeam reports membership.
func (a *Actor) InTeam(team id.ID) bool { return team != 0 && slices.Contains(a.Teams, team) }

// InDepartment reports whether the department is the actor's or below it.
func (a *Actor) InDepartment(d id.ID) bool { return d != 0 && slices.Contains(a.Departments, d) }

// OnScreen says that a person acts in a browser, and not a program with a token
// or the house itself.
func (a *Actor) OnScreen() bool { return a.credentialID != 0 && !a.credential.token && a.viewer == 0 }

// Actor is a person of the directory acting, without a credential of their own:
// for work that was ordered earlier and for the command line.
func (h *House) Actor(ctx context.Context, tenant, user id.ID) (*Actor, error) {
	dir, err := h.Directory(ctx, tenant)
	if err != nil {
		return nil, err
	}
	p, ok := dir.User(user)
	if !ok {
		return nil, fault.Missing("user")
	}
	return dir.actor(&p), nil
}
