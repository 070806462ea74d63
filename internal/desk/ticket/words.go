package ticket

import (
	"context"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// SentFile is an attachment with what kind of message it came.
type SentFile struct {
	Attachment
	Kind MessageKind
}

// SentFiles reads the attachments of several tickets, by ticket, oldest first.
// Reach is the caller's business.
func (d *Desk) SentFiles(ctx context.Context, tenant id.ID, tickets []id.ID) (map[id.ID][]SentFile, error) {
	out := map[id.ID][]SentFile{}
	if len(tickets) == 0 {
		return out, nil
	}
	rows, err := d.DB.Query(ctx, `select `+attachmentColumns+`, m.kind from ticket_attachment a
		join ticket_message m on m.tenant_id = a.tenant_id and m.ticket_id = a.ticket_id and m.id = a.message_id
		where a.tenant_id = $1 and a.ticket_id `+inIDs(d.DB, "$2")+` and m.withdrawn_at is null order by a.id`, tenant, idList(tickets))
	list, err := db.Each(rows, err, func(r rower) (SentFile, error) {
		var f SentFile
		return f, r.Scan(&f.ID, zero(&f.Ticket), zero(&f.Message), zero(&f.Uploader), &f.Name, &f.Type, &f.Size, &f.SHA256, &f.ContentID, &f.Inline, &f.CreatedAt, &f.Kind)
	})
	for _, f := range list {
		out[f.Ticket] = append(out[f.Ticket], f)
	}
	return out, err
}

// CustomerWords reads one message of a customer; nothing when it is not one, or
// is gone. Reach is the caller's business.
func (d *Desk) CustomerWords(ctx context.Context, tenant, ticket, message id.ID) (string, error) {
	var text string
	err := d.DB.QueryRow(ctx, `select substr(text, 1, 20000) from ticket_message where tenant_id = $1 and ticket_id = $2 and id = $3 and kind = 'customer' and withdrawn_at is null`,
		tenant, ticket, message).Scan(&text)
	if isNoRows(err) {
		return "", nil
	}
	return text, err
}

// Reindex brings tickets in the full-text index up to date: after words were
// found that MoreWords gives.
func (d *Desk) Reindex(ctx context.Context, tenant id.ID, tickets []id.ID) error {
	list, err := loadMany(ctx, d.DB, tenant, tickets)
	if err != nil || len(list) == 0 {
		return err
	}
	docs, err := d.documents(ctx, tenant, list)
	if err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return d.Index.Put(ctx, tx, tenant, docs) })
}
