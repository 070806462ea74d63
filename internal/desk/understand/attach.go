package understand

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/nlp"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/extract"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

const kindAttach = "understand.attach"

// Bounds of what is kept of a file, and of what reading it may cost. One file
// is read at a time on a node, so that a flood of them takes one core at most.
const (
	attachRunes = 20_000
	attachShown = 2_000 // runes on the wire
	attachTime  = 1500 * time.Millisecond
	attachBytes = 64 << 20 // what a file may inflate to
)

// Kinds of extras.
const (
	extraAttachment  = "attachment"
	extraSummary     = "summary"
	extraEntities    = "entities"
	extraTranslation = "translation"
)

// fileText is what was read out of an attachment, or why nothing was.
type fileText struct {
	Text  string `json:"text,omitempty"`
	Cut   bool   `json:"cut,omitempty"`
	Kind  string `json:"kind,omitempty"`
	Pages int    `json:"pages,omitempty"`
	Code  string `json:"code,omitempty"`  // encrypted, too_large, too_long, broken, unsupported, missing
	Model string `json:"model,omitempty"` // a language model that looked at it or listened
}

func (m *Mind) registerAttach() {
	m.Jobs.Handle(job.Kind{Name: kindAttach, Concurrency: 1, MaxAttempts: 8, Timeout: 5 * time.Minute}, func(ctx context.Context, jobs []job.Job) error {
		t, err := id.Parse(jobs[0].Key)
		if err != nil {
			return err
		}
		return m.attachments(ctx, jobs[0].Tenant, t)
	})
}

// attachments reads the files of a ticket that were not read yet. Words of the
// customer's files are looked through for risk, and all become words by which
// the ticket is found. It may run again at any point.
func (m *Mind) attachments(ctx context.Context, tenant, of id.ID) error {
	all, err := m.Desk.SentFiles(ctx, tenant, []id.ID{of})
	if err != nil {
		return err
	}
	have, err := m.extrasOf(ctx, tenant, of, extraAttachment)
	if err != nil {
		return err
	}
	here := map[id.ID]bool{}
	media := false
	for _, f := range all[of] {
		here[f.ID] = true
		if _, done := have[f.ID]; done {
			continue
		}
		if task := mediaTask(f); task != "" {
			media = true
			continue
		}
		text, err := m.readFile(ctx, f)
		if err != nil {
			return err
		}
		if err := m.keepFileText(ctx, tenant, f, text); err != nil {
			return err
		}
	}
	for ref := range have { // moved to another ticket, or withdrawn
		if !here[ref] {
			if err := m.dropExtra(ctx, tenant, of, extraAttachment, ref); err != nil {
				return err
			}
		}
	}
	if media && m.canMedia(ctx, tenant) {
		if err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindRefine, Key: of.String(), Payload: refineJob{Media: true}})
		}); err != nil {
			return err
		}
	}
	if len(here) == 0 && len(have) == 0 {
		return nil
	}
	return m.Desk.Reindex(ctx, tenant, []id.ID{of})
}

// readFile gives the text of a file, or the code of why it has none; an error
// means that it should be tried again.
func (m *Mind) readFile(ctx context.Context, f ticket.SentFile) (fileText, error) {
	blob, err := m.Blobs.Open(ctx, f.SHA256)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return fileText{Code: "missing"}, nil
	}
	if err != nil {
		return fileText{}, err
	}
	defer blob.Close()
	at, ok := blob.(io.ReaderAt)
	if !ok {
		data, err := io.ReadAll(io.LimitReader(blob, mailInput+1))
		if err != nil {
			return fileText{}, err
		}
		at = bytes.NewReader(data)
	}
	limited, cancel := context.WithTimeout(ctx, attachTime)
	defer cancel()
	var res extract.Result
	if isMail(f.Name, f.Type) {
		res, err = mailText(limited, at, f.Size)
	} else {
		res, err = extract.Text(limited, f.Name, f.Type, at, f.Size, extract.Limits{Inflated: attachBytes, Time: attachTime})
	}
	if ctx.Err() != nil {
		return fileText{}, ctx.Err()
	}
	var why *fault.Error
	if errors.As(err, &why) && strings.HasPrefix(why.Code, "extract.") {
		return fileText{Code: strings.TrimPrefix(why.Code, "extract.")}, nil
	}
	if err != nil {
		return fileText{}, err
	}
	out := fileText{Text: res.Text, Cut: res.Truncated, Kind: string(res.Kind), Pages: res.Pages}
	if r := []rune(out.Text); len(r) > attachRunes {
		out.Text, out.Cut = string(r[:attachRunes]), true
	}
	return out, nil
}

// keepFileText raises the alert that a file calls for, then stores its text:
// in this order, so that a restart between the two loses nothing.
func (m *Mind) keepFileText(ctx context.Context, tenant id.ID, f ticket.SentFile, text fileText) error {
	if f.Kind == ticket.FromCustomer && text.Text != "" {
		if err := m.riskOf(ctx, tenant, f.Ticket, text.Text); err != nil {
			return err
		}
	}
	return m.keepExtra(ctx, tenant, f.Ticket, extraAttachment, f.ID, text)
}

// riskOf raises risk and priority by words that stand outside the messages.
func (m *Mind) riskOf(ctx context.Context, tenant, of id.ID, text string) error {
	r, err := m.resident(ctx, tenant)
	if err != nil {
		return err
	}
	list, err := m.Desk.Load(ctx, tenant, []id.ID{of})
	if err != nil || len(list) == 0 {
		return err
	}
	t := list[0]
	p := nlp.Prepare(text)
	x := &Reading{}
	for _, s := range nlp.Risk(p, r.risk) {
		x.Risks = append(x.Risks, Risk{Signal: s, In: "body"})
	}
	var out []ticket.Decision
	at := m.Clock.Now()
	if d, ok := r.risk1(x, t, at); ok {
		out = append(out, d)
	}
	if level, _ := riskLevel(x.Risks); level >= ticket.AtRisk {
		if d, ok := r.priority(x, t, nil, at); ok && d.State == ticket.DecisionSet && d.Value != d.Before {
			out = append(out, d)
		}
	}
	if len(out) == 0 {
		return nil
	}
	for i := range out { // the places are in the file, not in a message
		out[i].Evidence, out[i].Reason = nil, "attachment: "+strings.TrimPrefix(out[i].Reason, "risk: ")
	}
	return m.Desk.Decide(ctx, tenant, of, out)
}

// attachWords are what tickets are found by beside their messages.
func (m *Mind) attachWords(ctx context.Context, tenant id.ID, tickets []id.ID) (map[id.ID][]string, error) {
	list, err := json.Marshal(tickets)
	if err != nil {
		return nil, err
	}
	rows, err := m.DB.Query(ctx, `select e.ticket_id, a.name, e.data from understand_extra e
		join ticket_attachment a on a.tenant_id = e.tenant_id and a.id = e.ref and a.ticket_id = e.ticket_id
		where e.tenant_id = $1 and e.ticket_id in (select cast(x.value as bigint) from `+m.DB.Engine().JSONEach("$2", "x")+`) and e.kind = 'attachment' order by e.ref`, tenant, string(list))
	out := map[id.ID][]string{}
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var t id.ID
		var name, raw string
		if err := r.Scan(&t, &name, &raw); err != nil {
			return struct{}{}, err
		}
		var f fileText
		err := json.Unmarshal([]byte(raw), &f)
		if f.Text != "" {
			out[t] = append(out[t], name+"\n"+f.Text)
		}
		return struct{}{}, err
	})
	return out, err
}

// extra is a stored row: something that was added to a ticket after its commit.
type extra struct {
	kind string
	ref  id.ID
	data string
	at   clock.Time
	name string // of the attachment
}

func (m *Mind) extraRows(ctx context.Context, tenant, of id.ID) ([]extra, error) {
	rows, err := m.DB.Query(ctx, `select e.kind, e.ref, e.data, e.at, coalesce(a.name, '') from understand_extra e
		left join ticket_attachment a on e.kind = 'attachment' and a.tenant_id = e.tenant_id and a.id = e.ref and a.ticket_id = e.ticket_id
		where e.tenant_id = $1 and e.ticket_id = $2 order by e.kind, e.ref`, tenant, of)
	return db.Each(rows, err, func(r *sql.Rows) (extra, error) {
		var e extra
		return e, r.Scan(&e.kind, &e.ref, &e.data, &e.at, &e.name)
	})
}

// extrasOf are the rows of one kind by what they are about.
func (m *Mind) extrasOf(ctx context.Context, tenant, of id.ID, kind string) (map[id.ID]string, error) {
	list, err := m.extraRows(ctx, tenant, of)
	out := map[id.ID]string{}
	for _, e := range list {
		if e.kind == kind {
			out[e.ref] = e.data
		}
	}
	return out, err
}

func (m *Mind) keepExtra(ctx context.Context, tenant, of id.ID, kind string, ref id.ID, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into understand_extra (tenant_id, ticket_id, kind, ref, data, at) values ($1, $2, $3, $4, $5, $6)
			on conflict (tenant_id, ticket_id, kind, ref) do update set data = excluded.data, at = excluded.at`, tenant, of, kind, int64(ref), string(raw), m.Clock.Now())
		return err
	})
}

func (m *Mind) dropExtra(ctx context.Context, tenant, of id.ID, kind string, ref id.ID) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `delete from understand_extra where tenant_id = $1 and ticket_id = $2 and kind = $3 and ref = $4`, tenant, of, kind, int64(ref))
		return err
	})
}

// filesChange are the events after which a ticket may have other files, or its
// place in the index may have been written without their words.
var filesChange = []string{ticket.EventCreated, ticket.EventMessage, ticket.EventWithdrawn, ticket.EventMerged, ticket.EventMergeIn, ticket.EventSplit, ticket.EventSplitFrom, ticket.EventUndo}

// withFiles are the tickets of a batch whose attachments have to be looked at.
func (m *Mind) withFiles(ctx context.Context, tenant id.ID, batch []ticket.Occurrence) ([]id.ID, error) {
	var maybe []id.ID
	gone := map[id.ID]bool{}          // files may have left
	changed := map[id.ID]clock.Time{} // only changed: worth it shortly after a file came
	for _, o := range batch {
		if o.Ticket.Tenant != tenant {
			continue
		}
		switch {
		case slices.ContainsFunc(o.Events, func(e ticket.Event) bool { return slices.Contains(filesChange, e.Name) }):
			maybe = append(maybe, o.Ticket.ID)
			gone[o.Ticket.ID] = slices.ContainsFunc(o.Events, func(e ticket.Event) bool {
				return slices.Contains(filesChange, e.Name) && e.Name != ticket.EventCreated && e.Name != ticket.EventMessage
			})
		case slices.ContainsFunc(o.Events, func(e ticket.Event) bool { return e.Name == ticket.EventChange }):
			maybe = append(maybe, o.Ticket.ID)
			changed[o.Ticket.ID] = o.Events[0].At
		}
	}
	files, err := m.Desk.SentFiles(ctx, tenant, maybe)
	var out []id.ID
	for _, t := range maybe {
		list := files[t]
		if at, only := changed[t]; only {
			list = slices.DeleteFunc(list, func(f ticket.SentFile) bool { return f.CreatedAt < at.Add(-time.Minute) })
		}
		if len(list) > 0 || gone[t] {
			out = append(out, t)
		}
	}
	return out, err
}
