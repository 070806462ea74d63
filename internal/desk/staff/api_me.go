package staff

import (
	"context"
	"encoding/json"
	"net/http"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// Me is the caller as the screen needs them.
type Me struct {
	ID          id.ID                `json:"id"`
	Name        string               `json:"name"`
	Email       string               `json:"email"`
	Locale      string               `json:"locale"`
	RoleNames   []string             `json:"role_names"`
	Permissions map[Permission]Scope `json:"permissions"`
	Teams       []Named              `json:"teams"`
	Department  *Named               `json:"department"`
	Tenant      Tenant               `json:"tenant"`
	Version     int64                `json:"version"`
	Preferences json.RawMessage      `json:"preferences"`
	Viewing     *View                `json:"viewing,omitempty" doc:"somebody looks as this person or role, and only looks"`
	Session     SessionPolicy        `json:"session"`
}

// SessionPolicy says when a session ends by itself.
type SessionPolicy struct {
	Idle     int `json:"idle_seconds" doc:"without use"`
	Absolute int `json:"absolute_seconds" doc:"after signing in"`
}

// Named is a thing by its name.
type Named struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
}

type meOut struct {
	SetCookie string `header:"Set-Cookie"`
	ETag      string `header:"ETag"`
	Body      Me
}

func (h *House) me(ctx context.Context, a *Actor) (*meOut, error) {
	dir, err := h.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	p, ok := dir.User(a.ID)
	if !ok {
		return nil, fault.Missing("user")
	}
	m := Me{ID: p.ID, Name: p.Name, Email: p.Email, Locale: p.Locale, RoleNames: []string{}, Permissions: a.Grants, Teams: []Named{}, Tenant: dir.Tenant, Version: p.Version, Preferences: p.Preferences,
		Session: SessionPolicy{int(h.Idle.Seconds()), int(h.Absolute.Seconds())}}
	if m.Viewing, err = h.viewing(ctx, dir, a); err != nil {
		return nil, err
	}
	if m.Viewing != nil {
		m.Locale, m.Preferences = a.Locale, json.RawMessage("{}")
		if m.Viewing.Role != nil {
			m.RoleNames = append(m.RoleNames, m.Viewing.Role.Name)
			p.Roles = nil
		}
	}
	for _, r := range p.Roles {
		if role, ok := dir.Role(r); ok {
			m.RoleNames = append(m.RoleNames, role.Name)
		}
	}
	for _, t := range p.Teams {
		if team, ok := dir.Team(t); ok {
			m.Teams = append(m.Teams, Named{t, team.Name})
		}
	}
	if d, ok := dir.Department(p.Department); ok {
		m.Department = &Named{d.ID, d.Name}
	}
	return &meOut{ETag: web.ETag(p.Version), Body: m}, nil
}

// cookie holds a session: no script reads it, no foreign page sends it with a
// write.
func (h *House) cookie(ctx context.Context, secret string) string {
	c := http.Cookie{Name: web.SessionCookie, Value: secret, Path: "/", HttpOnly: true, Secure: web.Secure(ctx), SameSite: http.SameSiteLaxMode, MaxAge: int(h.Absolute.Seconds())}
	if secret == "" {
		c.MaxAge = -1
	}
	return c.String()
}

// Register adds the operations of this room.
func (h *House) Register(api *web.API) {
	h.registerSession(api)
	h.registerOwn(api)
	h.registerUsers(api)
	h.registerUnits(api)
	h.registerTrail(api)
	h.registerView(api)
	h.registerBrand(api)
	h.registerPicture(api)
}

func (h *House) registerSession(api *web.API) {
	tags := []string{"Session"}
	type setup struct {
		Needed bool `json:"needed"`
		Demo   bool `json:"demo"`
	}
	web.Register(api, web.Op{Method: "GET", Path: "/setup", ID: "setup-read", Summary: "Whether the system needs to be set up", Public: true, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*struct{ Body setup }, error) {
			needed, err := h.NeedsSetup(ctx)
			return &struct{ Body setup }{setup{needed, h.Demo}}, err
		})
	type setupIn struct {
		Body struct {
			Token    string `json:"token" maxLength:"200"`
			Company  string `json:"company" maxLength:"200"`
			Name     string `json:"name" maxLength:"200"`
			Email    string `json:"email" maxLength:"300"`
			Password string `json:"password" maxLength:"1000"`
			Locale   string `json:"locale,omitempty" maxLength:"20"`
			TimeZone string `json:"time_zone,omitempty" maxLength:"64"`
		}
	}
	web.Register(api, web.Op{Method: "POST", Path: "/setup", ID: "setup", Summary: "Set the system up with the one-time token", Public: true, Strict: true, Status: 201, Tags: tags},
		func(ctx context.Context, in *setupIn) (*meOut, error) {
			b := in.Body
			secret, a, err := h.SetUp(ctx, Setup{Token: b.Token, Tenant: NewTenant{Name: b.Company, Locale: b.Locale, TimeZone: b.TimeZone}, Name: b.Name, Email: b.Email, Password: b.Password,
				Addr: web.Address(ctx), Agent: web.UserAgent(ctx)})
			if err != nil {
				return nil, err
			}
			return h.signedIn(ctx, secret, a)
		})
	type signIn struct {
		Body struct {
			Email    string `json:"email" minLength:"1" maxLength:"300"`
			Password string `json:"password" minLength:"1" maxLength:"1000"`
		}
	}
	web.Register(api, web.Op{Method: "POST", Path: "/session", ID: "session-open", Summary: "Sign in", Public: true, Strict: true, Tags: tags},
		func(ctx context.Context, in *signIn) (*meOut, error) {
			secret, a, err := h.SignIn(ctx, SignIn{Email: in.Body.Email, Password: in.Body.Password, Host: web.Host(ctx), Addr: web.Address(ctx), Agent: web.UserAgent(ctx)})
			if err != nil {
				return nil, err
			}
			return h.signedIn(ctx, secret, a)
		})
	web.Register(api, web.Op{Method: "DELETE", Path: "/session", ID: "session-end", Summary: "Sign out", Permission: web.SignedIn, Looking: true, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*struct {
			SetCookie string `header:"Set-Cookie"`
		}, error) {
			return &struct {
				SetCookie string `header:"Set-Cookie"`
			}{h.cookie(ctx, "")}, h.SignOut(ctx, From(ctx))
		})
}

func (h *House) signedIn(ctx context.Context, secret string, a *Actor) (*meOut, error) {
	out, err := h.me(ctx, a)
	if err != nil {
		return nil, err
	}
	out.SetCookie = h.cookie(ctx, secret)
	return out, nil
}

func (h *House) registerOwn(api *web.API) {
	tags := []string{"Me"}
	web.Register(api, web.Op{Method: "GET", Path: "/me", ID: "me", Summary: "Who I am and what I may do", Permission: web.SignedIn, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*meOut, error) { return h.me(ctx, From(ctx)) })
	type patch struct {
		web.IfMatch
		Body struct {
			Locale      *string         `json:"locale,omitempty" maxLength:"20"`
			Name        *string         `json:"name,omitempty" maxLength:"200"`
			Preferences json.RawMessage `json:"preferences,omitempty"`
		}
	}
	web.Register(api, web.Op{Method: "PATCH", Path: "/me", ID: "me-update", Summary: "Change my name, language and preferences", Permission: web.SignedIn, Tags: tags},
		func(ctx context.Context, in *patch) (*meOut, error) {
			a := From(ctx)
			if _, err := h.UpdateUser(ctx, a, a.ID, in.Version(), UserChange{Locale: in.Body.Locale, Name: in.Body.Name, Preferences: in.Body.Preferences}); err != nil {
				return nil, err
			}
			return h.me(ctx, a)
		})
	type password struct {
		Body struct {
			Old string `json:"old" maxLength:"1000"`
			New string `json:"new" maxLength:"1000"`
		}
	}
	web.Register(api, web.Op{Method: "POST", Path: "/me/password", ID: "me-password", Summary: "Change my password; my other sessions end", Permission: web.SignedIn, Strict: true, SecretIn: true, Tags: tags},
		func(ctx context.Context, in *password) (*struct{}, error) {
			return nil, h.ChangePassword(ctx, From(ctx), SignIn{Password: in.Body.Old, Addr: web.Address(ctx)}, in.Body.New)
		})
	web.Register(api, web.Op{Method: "GET", Path: "/me/sessions", ID: "me-sessions", Summary: "Where I am signed in", Permission: web.SignedIn, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*struct{ Body web.List[Session] }, error) {
			if err := h.Flush(ctx); err != nil { // so that what is shown is of now
				return nil, err
			}
			list, err := h.Sessions(ctx, From(ctx))
			return &struct{ Body web.List[Session] }{web.Cut(list, len(list), func(s Session) id.ID { return s.ID })}, err
		})
	web.Register(api, web.Op{Method: "DELETE", Path: "/me/sessions/{id}", ID: "me-session-end", Summary: "End one of my sessions", Permission: web.SignedIn, Tags: tags},
		func(ctx context.Context, in *struct {
			ID web.ID `path:"id"`
		}) (*struct{}, error) {
			return nil, h.EndSession(ctx, From(ctx), in.ID.ID)
		})
	h.registerTokens(api, tags)
}

type newTokenOut struct {
	Body struct {
		Token
		Secret string `json:"secret" doc:"Shown this once."`
	}
}

func (h *House) registerTokens(api *web.API, tags []string) {
	list := func(all bool) func(ctx context.Context, in *struct{ web.Page }) (*struct{ Body web.List[Token] }, error) {
		return func(ctx context.Context, in *struct{ web.Page }) (*struct{ Body web.List[Token] }, error) {
			a := From(ctx)
			var before id.ID
			if _, err := web.ParseCursor(in.Cursor, &before); err != nil {
				return nil, err
			}
			user := a.ID
			if all {
				user = 0
			}
			if err := h.Flush(ctx); err != nil {
				return nil, err
			}
			tokens, err := h.Tokens(ctx, a.Tenant, user, before, in.Limit+1)
			return &struct{ Body web.List[Token] }{web.Cut(tokens, in.Limit, func(t Token) id.ID { return t.ID })}, err
		}
	}
	type path struct {
		ID web.ID `path:"id"`
	}
	web.Register(api, web.Op{Method: "GET", Path: "/me/tokens", ID: "me-tokens", Summary: "My API tokens", Permission: string(TokenOwn), Tags: tags}, list(false))
	web.Register(api, web.Op{Method: "GET", Path: "/staff/tokens", ID: "staff-tokens", Summary: "Everybody's API tokens", Permission: string(StaffManage), Tags: []string{"Staff"}}, list(true))
	type create struct {
		Body struct {
			Name        string        `json:"name" maxLength:"200"`
			Permissions *[]Permission `json:"permissions,omitempty" maxItems:"100" doc:"What the token may do; absent: all that I may."`
			ExpiresAt   clock.Time    `json:"expires_at,omitempty"`
		}
	}
	web.Register(api, web.Op{Method: "POST", Path: "/me/tokens", ID: "me-token-create", Summary: "Make an API token", Permission: string(TokenOwn), Status: 201, SecretOut: true, Tags: tags},
		func(ctx context.Context, in *create) (*newTokenOut, error) {
			a := From(ctx)
			nt := NewToken{Name: in.Body.Name, ExpiresAt: in.Body.ExpiresAt}
			if in.Body.Permissions != nil {
				nt.Permissions = append([]Permission{}, *in.Body.Permissions...)
			}
			secret, t, err := h.CreateToken(ctx, a, a.ID, nt)
			if err != nil {
				return nil, err
			}
			out := &newTokenOut{}
			out.Body.Token, out.Body.Secret = t, secret
			return out, nil
		})
	web.Register(api, web.Op{Method: "DELETE", Path: "/me/tokens/{id}", ID: "me-token-revoke", Summary: "Revoke one of my API tokens", Permission: string(TokenOwn), Tags: tags},
		func(ctx context.Context, in *path) (*struct{}, error) {
			a := From(ctx)
			return nil, h.RevokeToken(ctx, a, a.ID, in.ID.ID)
		})
	web.Register(api, web.Op{Method: "DELETE", Path: "/staff/tokens/{id}", ID: "staff-token-revoke", Summary: "Revoke anybody's API token", Permission: string(StaffManage), Tags: []string{"Staff"}},
		func(ctx context.Context, in *path) (*struct{}, error) {
			return nil, h.RevokeToken(ctx, From(ctx), 0, in.ID.ID)
		})
}
