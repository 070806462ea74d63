package channel

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

const itemColumns = `id, tenant_id, channel, kind, state, reason, detail, blob, size, ticket_id, message_id, received_at, done_at, dedup_key`

type scanner interface{ Scan(dest ...any) error }

func scanItem(r scanner) (Item, error) {
	var it Item
	var ticket, message, done sql.NullInt64
	err := r.Scan(&it.ID, &it.Tenant, &it.Channel, &it.Kind, &it.State, &it.Reason, &it.Detail, &it.Blob, &it.Size,
		&ticket, &message, &it.ReceivedAt, &done, &it.dedup)
	it.Ticket, it.Message, it.DoneAt = id.ID(ticket.Int64), id.ID(message.Int64), clock.Time(done.Int64)
	return it, err
}

func orNull[T ~int64](v T) any {
	if v == 0 {
		return nil
	}
	return int64(v)
}

// insertItem adds the record; false means that the same item is there already.
func insertItem(ctx context.Context, tx *db.Tx, it Item) (bool, error) {
	n, err := tx.Exec(ctx, `insert into inbound (id, tenant_id, channel, kind, state, reason, detail, blob, size, ticket_id, message_id, received_at, done_at, dedup_key)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict do nothing`,
		it.ID, it.Tenant, it.Channel, it.Kind, string(it.State), it.Reason, it.Detail, it.Blob, it.Size,
		orNull(it.Ticket), orNull(it.Message), it.ReceivedAt, orNull(it.DoneAt), it.dedup)
	if err == nil && n == 1 && it.Blob == "" {
		_, err = tx.Exec(ctx, `insert into inbound_raw (tenant_id, inbound_id, content) values ($1, $2, $3)`, it.Tenant, it.ID, it.raw)
	}
	return n == 1, err
}

// finishItem writes how an item ended, if it is still waiting.
func finishItem(ctx context.Context, tx *db.Tx, it Item) (bool, error) {
	n, err := tx.Exec(ctx, `update inbound set state = $3, reason = $4, detail = $5, ticket_id = $6, message_id = $7, done_at = $8
		where tenant_id = $1 and id = $2 and state = 'received'`,
		it.Tenant, it.ID, string(it.State), it.Reason, it.Detail, orNull(it.Ticket), orNull(it.Message), orNull(it.DoneAt))
	return n == 1, err
}

func findItem(ctx context.Context, r db.Reader, tenant, item id.ID) (Item, error) {
	it, err := scanItem(r.QueryRow(ctx, `select `+itemColumns+` from inbound where tenant_id = $1 and id = $2`, tenant, item))
	if errors.Is(err, sql.ErrNoRows) {
		return it, fault.Missing("inbound")
	}
	return it, err
}

func findByDedup(ctx context.Context, r db.Reader, tenant id.ID, channel, dedup string) (Item, bool, error) {
	it, err := scanItem(r.QueryRow(ctx, `select `+itemColumns+` from inbound where tenant_id = $1 and channel = $2 and dedup_key = $3`, tenant, channel, dedup))
	if errors.Is(err, sql.ErrNoRows) {
		return it, false, nil
	}
	return it, err == nil, err
}

// hashKey is the stored form of an outside key.
func hashKey(space, key string) string {
	sum := sha256.Sum256([]byte(space + "\x00" + key))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

type threadRow struct{ ticket, message id.ID }

// threads looks keys up.
func threads(ctx context.Context, r db.Reader, tenant id.ID, kind string, keys []string) (map[string]threadRow, error) {
	out := map[string]threadRow{}
	if len(keys) == 0 {
		return out, nil
	}
	args := []any{tenant, kind}
	marks := make([]string, len(keys))
	for i, k := range keys {
		args = append(args, k)
		marks[i] = fmt.Sprintf("$%d", len(args))
	}
	rows, err := r.Query(ctx, `select external_key, ticket_id, message_id from thread where tenant_id = $1 and channel = $2 and external_key in (`+strings.Join(marks, ", ")+`)`, args...)
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var key string
		var t threadRow
		var m sql.NullInt64
		err := r.Scan(&key, &t.ticket, &m)
		t.message = id.ID(m.Int64)
		out[key] = t
		return struct{}{}, err
	})
	return out, err
}

// reserve claims a key for the caller's transaction. When another holds it, its
// ticket is returned.
func reserve(ctx context.Context, tx *db.Tx, tenant id.ID, kind, key string, at clock.Time) (mine bool, held threadRow, err error) {
	n, err := tx.Exec(ctx, `insert into thread (tenant_id, channel, external_key, ticket_id, at) values ($1, $2, $3, 0, $4) on conflict do nothing`, tenant, kind, key, at)
	if err != nil || n == 1 {
		return n == 1, threadRow{}, err
	}
	found, err := threads(ctx, tx, tenant, kind, []string{key})
	return false, found[key], err
}

// bind gives reserved keys their ticket.
func bind(ctx context.Context, tx *db.Tx, tenant id.ID, kind string, keys []string, t threadRow) error {
	for _, k := range keys {
		if _, err := tx.Exec(ctx, `update thread set ticket_id = $4, message_id = $5 where tenant_id = $1 and channel = $2 and external_key = $3`,
			tenant, kind, k, t.ticket, orNull(t.message)); err != nil {
			return err
		}
	}
	return nil
}
