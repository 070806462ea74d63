package staff

import (
	"context"
	"io"
	"net/http"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/web"
)

// brandJSON is what anybody may see of a company before signing in.
type brandJSON struct {
	Name   string `json:"name"`
	Locale string `json:"locale"`
	Brand  Brand  `json:"brand"`
}

func (h *House) registerBrand(api *web.API) {
	tags := []string{"Company"}
	web.Register(api, web.Op{Method: "GET", Path: "/brand", ID: "brand-read", Summary: "Name and look of the company whose address this is", Public: true, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*struct{ Body brandJSON }, error) {
			t, err := h.hosted(ctx)
			if fault.KindOf(err) == fault.NotFound { // an address of nobody has the product's own look
				t, err = Tenant{}, nil
			}
			return &struct{ Body brandJSON }{brandJSON{t.Name, t.Locale, t.Brand}}, err
		})
	web.Handle(api, web.Op{Method: "GET", Path: "/brand/logo/{hash}", ID: "brand-logo", Summary: "The company's picture, a PNG", Public: true, Tags: tags},
		func(w http.ResponseWriter, r *http.Request) error {
			t, err := h.hosted(r.Context())
			if err != nil {
				return err
			}
			content, err := h.Logo(r.Context(), t.ID, r.PathValue("hash"))
			if err != nil {
				return err
			}
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // the hash is in its address
			_, err = w.Write(content)
			return err
		})
	type tenantOut struct {
		ETag string `header:"ETag"`
		Body Tenant
	}
	type change struct {
		web.IfMatch
		Body struct {
			Name     *string `json:"name,omitempty" maxLength:"200"`
			Locale   *string `json:"locale,omitempty" maxLength:"20"`
			TimeZone *string `json:"time_zone,omitempty" maxLength:"64"`
			Color    *string `json:"color,omitempty" maxLength:"7" doc:"#rrggbb on which white can be read; empty: the product's own"`
		}
	}
	web.Register(api, web.Op{Method: "PATCH", Path: "/company", ID: "company-settings", Summary: "Change the company's own name, language, time zone and colour", Permission: string(ConfigManage), Tags: tags},
		func(ctx context.Context, in *change) (*tenantOut, error) {
			t, err := h.UpdateTenant(ctx, From(ctx), in.Version(), TenantChange{Name: in.Body.Name, Locale: in.Body.Locale, TimeZone: in.Body.TimeZone, Color: in.Body.Color})
			return &tenantOut{web.ETag(t.Version), t}, err
		})
	web.Handle(api, web.Op{Method: "PUT", Path: "/company/logo", ID: "company-logo", Summary: "Change the company's picture; an empty body takes it away", Permission: string(ConfigManage), MaxBody: maxLogo + 1, Status: http.StatusNoContent, Tags: tags},
		func(w http.ResponseWriter, r *http.Request) error {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			if _, err := h.SetLogo(r.Context(), From(r.Context()), raw); err != nil {
				return err
			}
			w.WriteHeader(http.StatusNoContent)
			return nil
		})
}

// hosted is the tenant of the caller, or the one whose address the request was
// sent to.
func (h *House) hosted(ctx context.Context) (Tenant, error) {
	if a := From(ctx); a != nil {
		dir, err := h.Directory(ctx, a.Tenant)
		if err != nil {
			return Tenant{}, err
		}
		return dir.Tenant, nil
	}
	tenant, err := h.tenantOf(ctx, web.Host(ctx))
	if err != nil {
		return Tenant{}, fault.Missing("tenant")
	}
	dir, err := h.Directory(ctx, tenant)
	if err != nil {
		return Tenant{}, err
	}
	return dir.Tenant, nil
}
