package exchange

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// EarlierJSON is an import of the very same table that has taken effect, and
// was not taken back. It is told before the rows are taken again, and stops
// nobody: a table of work may be meant twice.
type EarlierJSON struct {
	ID      id.ID      `json:"id"`
	Name    string     `json:"name" doc:"of the file then"`
	User    *RefJSON   `json:"user,omitempty"`
	At      clock.Time `json:"at"`
	Created int64      `json:"created"`
	Updated int64      `json:"updated"`
}

// digest is what a table is known by when it comes again. It tells nothing of
// the content to who does not have it.
func digest(tenant id.ID, raw []byte) string {
	h := sha256.New()
	h.Write([]byte(prefix(tenant)))
	h.Write(raw)
	return hex.EncodeToString(h.Sum(nil))
}

// earlier is the newest import of the same table that still stands; nil: none.
func (m *Room) earlier(ctx context.Context, i *Import) (*EarlierJSON, error) {
	switch i.State {
	case Uploaded, Checking, Checked:
	default:
		return nil, nil
	}
	var e EarlierJSON
	var user id.ID
	err := m.DB.QueryRow(ctx, `select y.id, y.name, coalesce(y.user_id, 0), coalesce(y.finished_at, y.created_at), y.created, y.updated
		from exchange_import x join exchange_import y on y.tenant_id = x.tenant_id and y.digest = x.digest and y.what = x.what and y.id <> x.id
		where x.tenant_id = $1 and x.id = $2 and x.digest <> '' and y.created + y.updated > 0 and y.state not in ('undoing', 'undone')
		order by y.id desc limit 1`, i.Tenant, i.ID).Scan(&e.ID, &e.Name, &user, &e.At, &e.Created, &e.Updated)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil || user == 0 {
		return &e, err
	}
	dir, err := m.Staff.Directory(ctx, i.Tenant)
	if err != nil {
		return nil, err
	}
	p, _ := dir.User(user)
	e.User = &RefJSON{user, p.Name}
	return &e, nil
}
