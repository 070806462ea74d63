package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// ID is an id in a path or query. (In a body an id.ID can stand as it is.)
type ID struct{ id.ID }

// Schema is the id in the OpenAPI document.
func (ID) Schema(huma.Registry) *huma.Schema { return idSchema(false) }

// PathID is the input of an operation on one thing: embed it. (What is
// embedded must be exported, or its fields are not seen.)
type PathID struct {
	ID ID `path:"id"`
}

// Time is a moment in a query.
type Time struct{ clock.Time }

// Schema is the moment in the OpenAPI document.
func (Time) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeString} }

func idSchema(nullable bool) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Nullable: nullable, Pattern: idPattern, PatternDescription: "an id"}
}

const idPattern = "^[0-9]{0,19}$"

// Maybe is a member of a PATCH body that can be absent (Set is false), null
// (Null is true) or have a value.
type Maybe[T any] struct {
	Set   bool
	Null  bool
	Value T
}

// UnmarshalJSON notes that the member was there.
func (m *Maybe[T]) UnmarshalJSON(b []byte) error {
	*m = Maybe[T]{Set: true}
	if string(b) == "null" {
		m.Null = true
		return nil
	}
	return json.Unmarshal(b, &m.Value)
}

// MarshalJSON writes the value or null; an absent member wants omitzero.
func (m Maybe[T]) MarshalJSON() ([]byte, error) {
	if !m.Set || m.Null {
		return []byte("null"), nil
	}
	return json.Marshal(m.Value)
}

// Schema is that of the value, or null.
func (Maybe[T]) Schema(r huma.Registry) *huma.Schema {
	t := reflect.TypeFor[T]()
	if t == idType {
		return idSchema(true)
	}
	s := r.Schema(t, true, "")
	if s.Ref == "" {
		c := *s
		c.Nullable = true
		return &c
	}
	return &huma.Schema{OneOf: []*huma.Schema{s, {Type: "null"}}}
}

// Page is what a list takes: embed it in the input of the operation.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items at most."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"The next_cursor of the page before."`
}

// List is what a list answers.
type List[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty"`
	// Partial says that the time was up before the page was full.
	Partial bool `json:"partial,omitempty"`
}

// Cut makes the answer of a list from up to limit+1 rows: the one too many
// says that there is a next page, which begins after the last one shown.
func Cut[T, K any](rows []T, limit int, key func(T) K) List[T] {
	l := List[T]{Items: rows}
	if l.Items == nil {
		l.Items = []T{}
	}
	if len(rows) > limit {
		l.Items = rows[:limit]
		l.NextCursor = Cursor(key(l.Items[limit-1]))
	}
	return l
}

// Cursor writes where a page ended. It is opaque to the client and plain to
// the store: a cursor gives no rights, it only names a place in an order.
func Cursor(key any) string {
	b, err := json.Marshal(key)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseCursor reads what Cursor wrote. The empty cursor is the beginning and
// leaves the key as it is (false).
func ParseCursor(s string, key any) (bool, error) {
	if s == "" {
		return false, nil
	}
	bad := fault.Bad("cursor", "cursor", "the cursor is not one of this list")
	if len(s) > 1024 {
		return false, bad
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return false, bad
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(key); err != nil || d.More() {
		return false, bad
	}
	return true, nil
}

// ETag is the tag of a version.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// IfMatch is what a write with optimistic locking takes: embed it.
type IfMatch struct {
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag that was read; 412 when there is a newer one."`
}

// Check compares with the present version. No header is no condition.
func (m IfMatch) Check(version int64) error {
	if m.IfMatch == "" || matches(m.IfMatch, ETag(version)) {
		return nil
	}
	return fault.New(fault.Precondition, "precondition", "somebody else has changed this; read it again").With("version", itoa(version))
}

// Version is the version that the header names, or zero when it names none or
// several.
func (m IfMatch) Version() int64 {
	s := strings.TrimPrefix(strings.TrimSpace(m.IfMatch), "W/")
	v, err := strconv.ParseInt(strings.Trim(s, `"`), 10, 64)
	if err != nil {
		return 0
	}
	return v
}

// IfNoneMatch is what a conditional read takes: embed it.
type IfNoneMatch struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"200" doc:"The ETag that is known; 304 when it is still the present one."`
}

// Check returns the 304 answer when the client knows the tag already.
func (m IfNoneMatch) Check(etag string) error {
	if m.IfNoneMatch == "" || !matches(m.IfNoneMatch, etag) {
		return nil
	}
	p := newProblem(http.StatusNotModified, "not_modified", "")
	p.header = http.Header{"Etag": {etag}}
	return p
}

func matches(header, etag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == "*" || part == etag {
			return true
		}
	}
	return false
}
