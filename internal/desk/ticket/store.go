package ticket

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// columns is the order of every select of a whole ticket; scanTicket and
// values keep to it.
const columns = `t.tenant_id, t.id, t.number, t.subject, t.status, t.substatus_id, t.priority, t.type,
	t.category_id, t.channel, t.language, t.requester_id, t.company_id, t.creator_kind, t.creator_id,
	t.assignee_id, t.team_id, t.department_id, t.tags, t.fields, t.hold_reason, t.cancel_reason,
	t.snoozed_until, t.parent_id, t.merged_into, t.resolution, t.reopen_count, t.repeat_count,
	t.message_count, t.child_count, t.open_child_count, t.last_message, t.first_replied_at,
	t.solved_at, t.closed_at, t.created_at, t.updated_at, t.sentiment, t.risk, t.unsure,
	t.due_at, t.sla, t.sla_metric, t.sla_from, t.warn_at, t.handed, t.return_count, t.weight, t.ruling_asked_at,
	t.ruling, t.assists, t.version`

const columnCount = 52

type scanner interface{ Scan(dest ...any) error }

func scanTicket(row scanner) (*Ticket, error) {
	t := &Ticket{}
	var tags, fields, handed, assists string
	var resolution, last, ruling sql.NullString
	var sentiment sql.NullInt64
	var unsure int
	err := row.Scan(&t.Tenant, &t.ID, &t.Number, &t.Subject, &t.Status, zero(&t.Substatus), &t.Priority, &t.Type,
		zero(&t.Category), &t.Channel, &t.Language, zero(&t.Requester), zero(&t.Company), &t.CreatorKind, zero(&t.Creator),
		zero(&t.Assignee), zero(&t.Team), zero(&t.Department), &tags, &fields, &t.HoldReason, &t.CancelReason,
		zero(&t.SnoozedUntil), zero(&t.Parent), zero(&t.MergedInto), &resolution, &t.ReopenCount, &t.RepeatCount,
		&t.MessageCount, &t.ChildCount, &t.OpenChildren, &last, zero(&t.FirstReplied),
		zero(&t.SolvedAt), zero(&t.ClosedAt), &t.CreatedAt, &t.UpdatedAt, &sentiment, &t.Risk, &unsure,
		&t.DueAt, &t.SLA, &t.SLAMetric, zero(&t.SLAFrom), zero(&t.WarnAt), &handed, &t.ReturnCount, &t.Weight, zero(&t.RulingAsked),
		&ruling, &assists, &t.Version)
	if err != nil {
		return nil, err
	}
	t.Unsure = unsure > 0
	if t.DueAt == Never {
		t.DueAt = 0
	}
	if sentiment.Valid {
		n := int(sentiment.Int64)
		t.Sentiment = &n
	}
	if err := errors.Join(unpack(tags, &t.Tags), unpack(fields, &t.Fields), unpack(handed, &t.Handed),
		unpack(resolution.String, &t.Resolution), unpack(last.String, &t.LastMessage),
		unpack(ruling.String, &t.Ruling), unpack(assists, &t.Assists)); err != nil {
		return nil, fmt.Errorf("ticket %s: %w", t.ID, err)
	}
	return t, nil
}

// values are of the types that a driver takes as they are: others cost it a
// look at each by reflection.
func (t *Ticket) values() []any {
	var sentiment any
	if t.Sentiment != nil {
		sentiment = *t.Sentiment
	}
	unsure := 0
	if t.Unsure {
		unsure = 1
	}
	return []any{int64(t.Tenant), int64(t.ID), t.Number, t.Subject, int64(t.Status), null(t.Substatus), int64(t.Priority), t.Type,
		null(t.Category), t.Channel, t.Language, null(t.Requester), null(t.Company), t.CreatorKind, null(t.Creator),
		null(t.Assignee), null(t.Team), null(t.Department), pack(t.Tags, "[]", len(t.Tags)), pack(t.Fields, "{}", len(t.Fields)), t.HoldReason, t.CancelReason,
		null(t.SnoozedUntil), null(t.Parent), null(t.MergedInto), packPtr(t.Resolution), t.ReopenCount, t.RepeatCount,
		t.MessageCount, t.ChildCount, t.OpenChildren, packPtr(t.LastMessage), null(t.FirstReplied),
		null(t.SolvedAt), null(t.ClosedAt), int64(t.CreatedAt), int64(t.UpdatedAt), sentiment, t.Risk, unsure,
		t.dueKey(), int64(t.SLA), t.SLAMetric, null(t.SLAFrom), null(t.WarnAt), pack(t.Handed, "[]", len(t.Handed)), t.ReturnCount, t.Weight, null(t.RulingAsked),
		packPtr(t.Ruling), pack(t.Assists, "[]", len(t.Assists)), t.Version}
}

// zeroScanner reads NULL as zero.
type zeroScanner[T ~int64] struct{ p *T }

func zero[T ~int64](p *T) sql.Scanner { return zeroScanner[T]{p} }

func (z zeroScanner[T]) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*z.p = 0
	case int64:
		*z.p = T(v)
	default:
		return fmt.Errorf("cannot read %T as a number", v)
	}
	return nil
}

// null writes zero as NULL.
func null[T ~int64](v T) any {
	if v == 0 {
		return nil
	}
	return int64(v)
}

func pack(v any, empty string, n int) string {
	if n == 0 {
		return empty
	}
	return encode(v)
}

func packPtr[T any](p *T) any {
	if p == nil {
		return nil
	}
	return encode(p)
}

func unpack(s string, into any) error {
	if s == "" || s == "[]" || s == "{}" {
		return nil
	}
	return json.Unmarshal([]byte(s), into)
}

var (
	insertTicket = `insert into ticket (` + strings.ReplaceAll(columns, "t.", "") + `) values ` + db.Values(1, columnCount)
	selectTicket = `select ` + columns + ` from ticket t where t.tenant_id = $1 and t.id = $2`
	updateTicket = buildUpdate()
)

// buildUpdate writes every column after the key. One statement text for every
// operation keeps the statement cache small, and an engine only touches the
// indexes whose columns really changed.
func buildUpdate() string {
	names := strings.Split(strings.Join(strings.Fields(strings.ReplaceAll(columns, "t.", "")), ""), ",")
	if len(names) != columnCount {
		panic(fmt.Sprintf("ticket: %d columns, not %d", len(names), columnCount))
	}
	var set []string
	for i, n := range names {
		if i > 1 {
			set = append(set, fmt.Sprintf("%s = $%d", n, i+1))
		}
	}
	return `update ticket set ` + strings.Join(set, ", ") + ` where tenant_id = $1 and id = $2`
}

func load(ctx context.Context, r db.Reader, tenant, ticket id.ID) (*Ticket, error) {
	t, err := scanTicket(r.QueryRow(ctx, selectTicket, tenant, ticket))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Missing("ticket")
	}
	return t, err
}

// loadForUpdate reads the ticket and keeps other writers of it out until the
// transaction ends. (On SQLite there is only one writer anyway.)
func loadForUpdate(ctx context.Context, tx *db.Tx, tenant, ticket id.ID) (*Ticket, error) {
	t, err := scanTicket(tx.QueryRow(ctx, selectTicket+tx.Engine().ForUpdate(), tenant, ticket))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Missing("ticket")
	}
	return t, err
}

const messageColumns = `m.id, m.ticket_id, m.seq, m.kind, m.author_kind, m.author_id, m.channel, m.text, m.html,
	m.signature, m.external_id, m.created_at, m.undo_until, m.withdrawn_at`

func scanMessage(row scanner) (*Message, error) {
	m := &Message{}
	err := row.Scan(&m.ID, &m.Ticket, &m.Seq, &m.Kind, &m.AuthorKind, zero(&m.Author), &m.Channel, &m.Text, &m.HTML,
		&m.Signature, &m.ExternalID, &m.CreatedAt, zero(&m.UndoUntil), zero(&m.WithdrawnAt))
	return m, err
}

func insertMessage(ctx context.Context, tx *db.Tx, tenant id.ID, m *Message) error {
	return tx.Queue(ctx, `insert into ticket_message (tenant_id, ticket_id, id, seq, kind, author_kind, author_id,
		channel, text, html, external_id, created_at, undo_until, withdrawn_at, signature)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, null, $14)`,
		int64(tenant), int64(m.Ticket), int64(m.ID), m.Seq, string(m.Kind), m.AuthorKind, null(m.Author), m.Channel, m.Text, m.HTML,
		m.ExternalID, int64(m.CreatedAt), null(m.UndoUntil), m.Signature)
}

func insertEvents(ctx context.Context, tx *db.Tx, events []Event) error {
	args := make([]any, 0, len(events)*10)
	for _, e := range events {
		args = append(args, e.values()...)
	}
	return tx.Queue(ctx, `insert into ticket_event (tenant_id, ticket_id, seq, at, actor_kind, actor_id, name, data, cause, depth)
		values `+db.Values(len(events), 10), args...)
}

func (e *Event) values() []any {
	return []any{int64(e.Tenant), int64(e.Ticket), e.Seq, int64(e.At), e.ActorKind, null(e.Actor), e.Name, encode(e.Data), e.Cause, int64(e.Depth)}
}

const eventColumns = `e.tenant_id, e.ticket_id, e.seq, e.at, e.actor_kind, e.actor_id, e.name, e.data, e.cause, e.depth`

func scanEvent(row scanner) (Event, error) {
	var e Event
	var data string
	err := row.Scan(&e.Tenant, &e.Ticket, &e.Seq, &e.At, &e.ActorKind, zero(&e.Actor), &e.Name, &data, &e.Cause, &e.Depth)
	if err == nil {
		err = json.Unmarshal([]byte(data), &e.Data)
	}
	return e, err
}

// setIndex replaces the rows by which lists find a ticket's tags.
func setTags(ctx context.Context, tx *db.Tx, t *Ticket, old []string) error {
	for _, tag := range old {
		if !slices.Contains(t.Tags, tag) {
			if err := tx.Queue(ctx, `delete from ticket_tag where tenant_id = $1 and tag = $2 and ticket_id = $3`, t.Tenant, tag, t.ID); err != nil {
				return err
			}
		}
	}
	for _, tag := range t.Tags {
		if !slices.Contains(old, tag) {
			if err := tx.Queue(ctx, `insert into ticket_tag (tenant_id, tag, ticket_id) values ($1, $2, $3) on conflict do nothing`, t.Tenant, tag, t.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func isPerson(ctx context.Context, r db.Reader, tenant, ticket, user id.ID) (bool, error) {
	var n int
	err := r.QueryRow(ctx, `select count(*) from ticket_person where tenant_id = $1 and ticket_id = $2 and user_id = $3`,
		tenant, ticket, user).Scan(&n)
	return n > 0, err
}

func setPerson(ctx context.Context, tx *db.Tx, tenant, ticket, user id.ID, role string, at clock.Time, on bool) error {
	q := `insert into ticket_person (tenant_id, user_id, role, ticket_id, at) values ($1, $2, $3, $4, $5) on conflict do nothing`
	args := []any{tenant, user, role, ticket, at}
	if !on {
		q = `delete from ticket_person where tenant_id = $1 and user_id = $2 and role = $3 and ticket_id = $4`
		args = args[:4]
	}
	return tx.Queue(ctx, q, args...)
}
