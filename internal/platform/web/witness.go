package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"zhidan/internal/platform/db"
)

// Seen is what the door knows of an operation of which a trace must stay: which
// it was, on what, and the names of what it was sent. Values are not among it:
// the door cannot tell which are secret or personal.
type Seen struct {
	Operation string
	Subject   string // the last part of the path that varies
	Fields    []string
}

// Operation is the id of the operation of a context, or empty.
func Operation(ctx context.Context) string {
	if c := callOf(ctx); c != nil && c.op != nil {
		return c.op.ID
	}
	return ""
}

// Recorded says that the operation itself has left its trace in the
// transaction, so that the door leaves none.
func Recorded(ctx context.Context, tx *db.Tx) {
	if c := callOf(ctx); c != nil {
		c.recorded = tx
	}
}

// look reads the names of what a request sends; the operation reads the body
// after it.
func (a *API) look(c *Call, r *http.Request) error {
	seen := Seen{Operation: c.op.ID}
	if names := pathParams.FindAllStringSubmatch(c.op.huma.Path, -1); len(names) > 0 {
		last := strings.TrimSuffix(names[len(names)-1][1], "...")
		if seen.Subject = r.PathValue(last); len(seen.Subject) > 100 {
			seen.Subject = seen.Subject[:100]
		}
	}
	if c.op.hasBody && r.Body != nil && strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		raw, err := io.ReadAll(io.LimitReader(r.Body, c.op.MaxBody+1))
		if err != nil {
			return err
		}
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(raw), r.Body), r.Body}
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) == nil { // what is no object is refused by the operation
			seen.Fields = slices.Sorted(maps.Keys(members))
			seen.Fields = seen.Fields[:min(len(seen.Fields), 100)]
		}
	}
	c.seen = seen
	return nil
}

// witness runs in the transaction of an operation, before it commits.
func (a *API) witness(ctx context.Context, c *Call, tx *db.Tx) error {
	if !c.op.audited || c.recorded == tx {
		return nil
	}
	return a.cfg.Witness(ctx, tx, c.seen)
}
