package ticket

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/guard"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// MaxFile is the size of one attachment in bytes.
const MaxFile = 50 << 20

// Attachment is a file of a message. Its content is in the blob store by hash;
// its name is a label and never becomes a path.
type Attachment struct {
	ID        id.ID
	Ticket    id.ID
	Message   id.ID
	Uploader  id.ID
	Name      string
	Type      string
	Size      int64
	SHA256    string
	ContentID string
	Inline    bool
	CreatedAt clock.Time
}

// AttachmentJSON is an attachment on the wire.
type AttachmentJSON struct {
	ID     id.ID  `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	URL    string `json:"url"`
	Image  bool   `json:"image" doc:"safe to show in place"`
	Inline bool   `json:"inline,omitempty"`
}

func (a *Attachment) json() AttachmentJSON {
	return AttachmentJSON{ID: a.ID, Name: a.Name, Type: a.Type, Size: a.Size, URL: web.Base + "/attachments/" + a.ID.String(),
		Image: guard.InlineSafe(a.Type), Inline: a.Inline}
}

const attachmentColumns = `a.id, a.ticket_id, a.message_id, a.uploader_id, a.name, a.type, a.size, a.sha256, a.content_id, a.inline, a.created_at`

func scanAttachment(r scanner, more ...any) (*Attachment, error) {
	a := &Attachment{}
	return a, r.Scan(append([]any{&a.ID, zero(&a.Ticket), zero(&a.Message), zero(&a.Uploader), &a.Name, &a.Type, &a.Size, &a.SHA256, &a.ContentID, &a.Inline, &a.CreatedAt}, more...)...)
}

// Upload stores a file that a message will name.
func (d *Desk) Upload(ctx context.Context, a *staff.Actor, name, declared string, content io.Reader) (*Attachment, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(content, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	head = head[:n]
	ref, err := d.Blobs.Put(ctx, io.MultiReader(newReader(head), content), MaxFile)
	if err != nil {
		return nil, err
	}
	x := &Attachment{ID: d.IDs.Next(), Uploader: a.ID, Name: guard.Filename(name), Type: guard.ContentType(head, declared, name),
		Size: ref.Size, SHA256: ref.SHA256, CreatedAt: d.Clock.Now()}
	return x, d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into ticket_attachment (tenant_id, id, uploader_kind, uploader_id, name, type, size, sha256, content_id, inline, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, '', $9, $10)`, a.Tenant, x.ID, string(a.Kind), null(a.ID), x.Name, x.Type, x.Size, x.SHA256, false, x.CreatedAt)
		return err
	})
}

// FileJSON is a file of a ticket with who sent it and when.
type FileJSON struct {
	AttachmentJSON
	Message id.ID       `json:"message_id"`
	Kind    MessageKind `json:"kind" enum:"customer,reply,note" doc:"of its message"`
	By      ActorRef    `json:"by"`
	At      clock.Time  `json:"at"`
}

// Files are those of a ticket's messages, newest first, before one of them.
func (d *Desk) Files(ctx context.Context, a *staff.Actor, ticket, before id.ID, limit int) ([]FileJSON, error) {
	if _, err := d.Get(ctx, a, ticket); err != nil {
		return nil, err
	}
	if before == 0 {
		before = 1<<63 - 1
	}
	type row struct {
		file   *Attachment
		kind   MessageKind
		by     string
		author id.ID
		at     clock.Time
	}
	rows, err := d.DB.Query(ctx, `select `+attachmentColumns+`, m.kind, m.author_kind, m.author_id, m.created_at
		from ticket_attachment a join ticket_message m on m.tenant_id = a.tenant_id and m.ticket_id = a.ticket_id and m.id = a.message_id
		where a.tenant_id = $1 and a.ticket_id = $2 and a.id < $3 order by a.id desc limit $4`, a.Tenant, ticket, before, limit)
	list, err := db.Each(rows, err, func(r rower) (x row, err error) {
		x.file, err = scanAttachment(r, &x.kind, &x.by, zero(&x.author), &x.at)
		return x, err
	})
	if err != nil {
		return nil, err
	}
	var customers []id.ID
	for _, x := range list {
		if x.by == string(staff.KindCustomer) && x.author != 0 {
			customers = append(customers, x.author)
		}
	}
	n, err := d.names(ctx, d.DB, a.Tenant, customers)
	out := make([]FileJSON, len(list))
	for i, x := range list {
		out[i] = FileJSON{x.file.json(), x.file.Message, x.kind, n.actor(x.by, x.author), x.at}
	}
	return out, err
}

// filesOf reads attachments by their ids, in that order.
func (d *Desk) filesOf(ctx context.Context, tenant id.ID, ids []id.ID) ([]*Attachment, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := d.DB.Query(ctx, `select `+attachmentColumns+` from ticket_attachment a where a.tenant_id = $1 and a.id `+inIDs(d.DB, "$2")+` order by a.id`, tenant, idList(ids))
	return db.Each(rows, err, func(r rower) (*Attachment, error) { return scanAttachment(r) })
}

// File finds an attachment that the actor may read: with its ticket, or before
// it has one only by who uploaded it.
func (d *Desk) File(ctx context.Context, a *staff.Actor, attachment id.ID) (*Attachment, error) {
	x, err := scanAttachment(d.DB.QueryRow(ctx, `select `+attachmentColumns+` from ticket_attachment a where a.tenant_id = $1 and a.id = $2`, a.Tenant, attachment))
	if isNoRows(err) {
		return nil, fault.Missing("attachment")
	}
	if err != nil {
		return nil, err
	}
	if x.Ticket == 0 {
		if x.Uploader != a.ID {
			return nil, fault.Missing("attachment")
		}
		return x, nil
	}
	if _, err := d.Get(ctx, a, x.Ticket); err != nil {
		return nil, fault.Missing("attachment")
	}
	return x, nil
}

func (d *Desk) registerFiles(api *web.API) {
	web.Handle(api, web.Op{Method: http.MethodPost, Path: "/attachments", ID: "attachment-upload", Summary: "Upload a file for a message",
		Permission: string(staff.TicketRead), Tags: []string{"Attachments"}, MaxBody: MaxFile, Status: http.StatusCreated},
		func(w http.ResponseWriter, r *http.Request) error {
			x, err := d.Upload(r.Context(), actor(r.Context()), r.URL.Query().Get("name"), r.Header.Get("Content-Type"), r.Body)
			if err != nil {
				return err
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			_, err = io.WriteString(w, encode(x.json()))
			return err
		})
	type listIn struct {
		TicketID
		web.Page
	}
	type listOut struct{ Body web.List[FileJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/tickets/{id}/attachments", ID: "ticket-attachments", Summary: "The files of a ticket, newest first",
		Permission: string(staff.TicketRead), Tags: []string{"Attachments"}},
		func(ctx context.Context, in *listIn) (*listOut, error) {
			a := actor(ctx)
			var before id.ID
			if _, err := web.ParseCursor(in.Cursor, &before); err != nil {
				return nil, err
			}
			files, err := d.Files(ctx, a, in.ID.ID, before, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return &listOut{web.Cut(files, in.Limit, func(f FileJSON) id.ID { return f.ID })}, nil
		})
	web.Handle(api, web.Op{Method: http.MethodGet, Path: "/attachments/{id}", ID: "attachment-read", Summary: "Read a file",
		Permission: string(staff.TicketRead), Tags: []string{"Attachments"}},
		func(w http.ResponseWriter, r *http.Request) error {
			file, err := id.Parse(r.PathValue("id"))
			if err != nil {
				return fault.Missing("attachment")
			}
			x, err := d.File(r.Context(), actor(r.Context()), file)
			if err != nil {
				return err
			}
			content, err := d.Blobs.Open(r.Context(), x.SHA256)
			if err != nil {
				return err
			}
			defer content.Close()
			// Only plain raster images are shown in place; all else is downloaded,
			// whatever it claims to be.
			disposition, kind := "attachment", "application/octet-stream"
			if guard.InlineSafe(x.Type) {
				disposition, kind = "inline", x.Type
			}
			h := w.Header()
			h.Set("Content-Type", kind)
			h.Set("Content-Disposition", fmt.Sprintf("%s; filename*=UTF-8''%s", disposition, url.PathEscape(x.Name)))
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
			h.Set("Cache-Control", "private, max-age=86400")
			http.ServeContent(w, r, "", x.CreatedAt.Std(), content)
			return nil
		})
}
