package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"path"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// An absent list is written as [], so that clients need not handle null twice.
func init() { huma.DefaultArrayNullable = false }

var (
	idType    = reflect.TypeFor[id.ID]()
	clockType = reflect.TypeFor[clock.Time]()
)

// spec is the OpenAPI document, written once when it is first asked for.
type spec struct {
	once sync.Once
	json []byte
	etag string
}

func (a *API) humaConfig() huma.Config {
	names := schemaNames{}
	c := huma.DefaultConfig(a.cfg.Title, a.cfg.Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", names.name)
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "An API token."},
		"session": {Type: "apiKey", In: "cookie", Name: SessionCookie, Description: "The session of a browser; writes need the header X-Zhidan: 1."},
	}
	c.Info.Description = "Times are RFC 3339 in UTC, ids are strings. Errors are application/problem+json with a stable code. " +
		"A POST may carry an Idempotency-Key: sent again, it has no second effect and gets the first answer."
	c.Transformers = []huma.Transformer{a.translate}
	format := huma.Format{
		Marshal:   func(w io.Writer, v any) error { return huma.DefaultJSONFormat.Marshal(w, v) },
		Unmarshal: json.Unmarshal,
	}
	c.Formats = map[string]huma.Format{"application/json": format, "json": format}
	return c
}

// SessionCookie is the name of the cookie that holds a session.
const SessionCookie = "zhidan_session"

// schemaNames gives every Go type a name of its own: that of the type, and
// when two packages use the same one, the package before it.
type schemaNames map[string]reflect.Type

func (n schemaNames) name(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return name
	}
	if have, ok := n[name]; ok && have != t {
		if pkg := path.Base(t.PkgPath()); pkg != "." && pkg != "" {
			name = strings.ToUpper(pkg[:1]) + pkg[1:] + name
		}
		for have, ok := n[name]; ok && have != t; have, ok = n[name] {
			name += "2"
		}
	}
	n[name] = t
	return name
}

// refine completes what huma wrote of an operation: the problem answer, and
// what ids and times look like, so that a bad one is refused by its name.
func (a *API) refine(o *operation) {
	o.huma.Responses["default"] = a.errorResponse()
	r := a.huma.OpenAPI().Components.Schemas
	delete(r.Map(), "ErrorModel")
	delete(r.Map(), "ErrorDetail")
	for name, s := range r.Map() {
		t := r.TypeFromRef("#/components/schemas/" + name)
		if t == nil {
			continue
		}
		refineStruct(t, s)
	}
}

func refineStruct(t reflect.Type, s *huma.Schema) {
	if t.Kind() != reflect.Struct || s.Type != huma.TypeObject {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			e := f.Type
			for e.Kind() == reflect.Pointer {
				e = e.Elem()
			}
			refineStruct(e, s)
			continue
		}
		if name == "" {
			name = f.Name
		}
		p := s.Properties[name]
		ft := f.Type
		for p != nil && (ft.Kind() == reflect.Pointer || ft.Kind() == reflect.Slice || ft.Kind() == reflect.Map) {
			if ft.Kind() == reflect.Slice && p.Items != nil {
				p = p.Items
			} else if ft.Kind() == reflect.Map {
				if v, ok := p.AdditionalProperties.(*huma.Schema); ok {
					p = v
				}
			}
			ft = ft.Elem()
		}
		switch {
		case p == nil || p.Type != huma.TypeString:
		case ft == idType && p.Pattern == "":
			p.Pattern, p.PatternDescription = idPattern, "an id"
			p.PrecomputeMessages()
		case ft == clockType && p.Format == "":
			p.Format = "date-time"
			p.PrecomputeMessages()
		}
	}
}

func (a *API) errorResponse() *huma.Response {
	r := a.huma.OpenAPI().Components.Schemas
	return &huma.Response{
		Description: "An error",
		Content:     map[string]*huma.MediaType{problemType: {Schema: r.Schema(reflect.TypeFor[Problem](), true, "Problem")}},
	}
}

// OpenAPI is the document that /openapi.json serves.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

func (s *spec) get(a *API) ([]byte, string) {
	s.once.Do(func() {
		b, err := json.Marshal(a.huma.OpenAPI())
		if err != nil {
			a.cfg.Log.Error("openapi document", "error", err)
			return
		}
		var indented bytes.Buffer
		json.Indent(&indented, b, "", " ")
		sum := sha256.Sum256(indented.Bytes())
		s.json, s.etag = indented.Bytes(), `"`+hex.EncodeToString(sum[:8])+`"`
	})
	return s.json, s.etag
}
