package channel

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/guard"
	"zhidan/internal/platform/id"
)

// delivery is one item on its way to the desk.
type delivery struct {
	item  Item
	fresh bool // its record is not written yet
	// claim lets the item also stand for the messages that it names as its
	// forerunners, so that a conversation becomes one ticket even when an answer
	// is read before what it answers. Only imports do: a live sender could
	// otherwise catch a message that is still on its way.
	claim bool
	done  func(ctx context.Context, tx *db.Tx) error
}

// errAgain: the store has changed since the item was looked at.
var errAgain = errors.New("look again")

// deliver makes an item a message on its ticket. What must be computed is
// computed before the transaction; inside it the thread keys are reserved
// first, so that of two nodes with two items of one conversation the second
// sees the first one's ticket.
func (in *Intake) deliver(ctx context.Context, d *delivery, m *Inbound, raw []byte) (Taken, error) {
	kind, tenant := d.item.Kind, d.item.Tenant
	var print, own string
	if m.Fingerprint != "" {
		print = hashKey("print", m.Fingerprint)
	}
	if m.Key != "" {
		own = hashKey("key", m.Key)
	}
	var after []string
	for _, k := range m.After[:min(len(m.After), maxAfter)] {
		if h := hashKey("key", k); h != own && !slices.Contains(after, h) {
			after = append(after, h)
		}
	}
	var files []ticket.File
	stored := false
	for try := 0; try < 10; try++ {
		known, err := in.known(ctx, d, m, own, after)
		if err != nil {
			return Taken{}, err
		}
		if err := in.welcome(ctx, tenant, m, known); err != nil {
			return Taken{}, err
		}
		if !stored {
			if files, err = in.keepFiles(ctx, m, raw); err != nil {
				return Taken{}, err
			}
			stored = true
		}
		contact := ticket.Contact{NewTicket: in.words(m, known != 0), Known: known}
		if at := m.SentAt; d.claim && ticket.Plausible(at, in.desk.Clock.Now()) { // imported: it came when it was sent
			contact.SaidAt, contact.Origin = at, &ticket.Origin{CreatedAt: at}
		}
		more, err := in.overflow(ctx, m, &contact)
		if err != nil {
			return Taken{}, err
		}
		contact.Channel, contact.Files = kind, append(slices.Clone(files), more...)
		ready, err := in.desk.PrepareContact(ctx, tenant, contact)
		if err != nil {
			return Taken{}, err
		}
		var taken Taken
		err = in.desk.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			item := d.item
			at := in.desk.Clock.Now()
			if print != "" {
				mine, held, err := reserve(ctx, tx, tenant, kind, print, at)
				if err != nil {
					return err
				}
				if !mine {
					item.State, item.Reason, item.Ticket, item.Message = Duplicate, "same message by another way", held.ticket, held.message
					taken = Taken{State: Duplicate, Reason: item.Reason, Ticket: held.ticket, Joined: true}
					return in.record(ctx, tx, delivery{item: item, fresh: d.fresh, done: d.done})
				}
			}
			mine, err := in.reserveKeys(ctx, tx, d, known, own, after, at)
			if err != nil {
				return err
			}
			t, msg, err := in.desk.ReceiveIn(ctx, tx, tenant, ready)
			if err != nil {
				return err
			}
			held := threadRow{ticket: t.ID}
			if msg != nil {
				held.message = msg.ID
			}
			if print != "" {
				mine = append(mine, print)
			}
			if err := bind(ctx, tx, tenant, kind, mine, held); err != nil {
				return err
			}
			item.State, item.Ticket, item.Message = Done, held.ticket, held.message
			taken = Taken{State: Done, Ticket: t.ID, Joined: t.ID == known}
			return in.record(ctx, tx, delivery{item: item, fresh: d.fresh, done: d.done})
		})
		var f *fault.Error
		switch {
		case err == nil:
			return taken, nil
		case errors.Is(err, errTaken):
			return Taken{State: Duplicate, Reason: "taken meanwhile", Joined: true}, nil
		case errors.Is(err, errAgain), errors.As(err, &f) && f.Code == "ticket.moved_on":
			continue
		default:
			return Taken{}, err
		}
	}
	return Taken{}, fault.New(fault.Unavailable, "inbound.busy", "the conversation keeps changing; try again")
}

// reserveKeys claims the item's keys, always in the same order so that two
// transactions cannot wait for each other. A key that another ticket holds
// since we looked sends us back.
func (in *Intake) reserveKeys(ctx context.Context, tx *db.Tx, d *delivery, known id.ID, own string, after []string, at clock.Time) ([]string, error) {
	var keys []string
	if own != "" {
		keys = append(keys, own)
	}
	if d.claim {
		keys = append(keys, after...)
	}
	sort.Strings(keys)
	var mine []string
	for _, k := range keys {
		ok, held, err := reserve(ctx, tx, d.item.Tenant, d.item.Kind, k, at)
		if err != nil {
			return nil, err
		}
		if ok {
			mine = append(mine, k)
		} else if known == 0 && held.ticket != 0 {
			return nil, errAgain
		}
	}
	return mine, nil
}

// known finds the ticket that an item belongs to: by what it answers, the
// nearest first; by its own name, when an answer to it came before it; by a
// ticket number in its subject, when it is from that ticket's customer.
func (in *Intake) known(ctx context.Context, d *delivery, m *Inbound, own string, after []string) (id.ID, error) {
	keys := after
	if own != "" {
		keys = append(slices.Clone(after), own)
	}
	found, err := threads(ctx, in.desk.DB, d.item.Tenant, d.item.Kind, keys)
	if err != nil {
		return 0, err
	}
	for _, k := range keys {
		if t := found[k]; t.ticket != 0 {
			return t.ticket, nil
		}
	}
	return in.byNumber(ctx, d.item.Tenant, m)
}

// numberRE finds what can be a ticket number in a subject.
var numberRE = regexp.MustCompile(`[\p{L}\d][\p{L}\d]{0,15}[-–]?\d{3,12}(?:-\d{1,12})?`)

func (in *Intake) byNumber(ctx context.Context, tenant id.ID, m *Inbound) (id.ID, error) {
	candidates := numberRE.FindAllString(m.Subject, 4)
	if len(candidates) == 0 || m.Sender.Email == "" {
		return 0, nil
	}
	var sender *customer.Customer
	for _, n := range candidates {
		t, err := in.desk.Number(ctx, staff.System(tenant), n)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return 0, err
		}
		if sender == nil {
			sender, err = in.desk.Customers.Lookup(ctx, in.desk.DB, tenant, customer.KindEmail, m.Sender.Email)
			if sender == nil || err != nil {
				if fault.KindOf(err) == fault.Invalid {
					err = nil
				}
				return 0, err
			}
		}
		// A number can be guessed; that it is the sender's own ticket cannot.
		if t.Requester == sender.ID {
			return t.ID, nil
		}
	}
	return 0, nil
}

// welcome keeps out who is on the blocklist, and automatic answers and bounces
// unless they belong to a ticket that is still being worked on or was just
// solved. What is kept out waits in quarantine: when the block is lifted it can
// be tried again.
func (in *Intake) welcome(ctx context.Context, tenant id.ID, m *Inbound, known id.ID) error {
	if m.Sender.Email != "" {
		x, err := in.desk.Customers.Blocked(ctx, in.desk.DB, tenant, customer.KindEmail, m.Sender.Email)
		if err != nil {
			return err
		}
		if x != nil {
			return &Unreadable{"blocked", "the sender is on the blocklist: " + x.Reason}
		}
	}
	if m.Origin != AutoReply && m.Origin != Bounce {
		return nil
	}
	reason := "auto_reply"
	if m.Origin == Bounce {
		reason = "bounce"
	}
	if known == 0 {
		return &Unreadable{reason, "written by a machine and not part of a known conversation"}
	}
	t, err := in.desk.Get(ctx, staff.System(tenant), known)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	if err != nil || !t.Status.Active() && t.Status != ticket.Solved || t.MergedInto != 0 {
		return &Unreadable{reason, "written by a machine for a ticket that has ended"}
	}
	return nil
}

// words makes the desk's input of an item.
func (in *Intake) words(m *Inbound, joins bool) ticket.NewTicket {
	n := ticket.NewTicket{
		Subject: cutRunes(m.Subject, ticket.MaxSubject), Body: m.Text, HTML: m.HTML, Language: m.Language,
		Kind: ticket.FromCustomer, ExternalID: cut(m.Key, 200), Requester: requester(m.Sender),
	}
	if joins && strings.TrimSpace(m.NewText) != "" && m.NewText != m.Text {
		// The conversation shows already what was quoted.
		n.Body, n.HTML = m.NewText, ""
	}
	switch m.Origin {
	case AutoReply, Bounce:
		n.Kind = ticket.Note
	case Generated, Bulk:
		n.Tags = []string{"auto"}
	}
	if strings.TrimSpace(n.Body) == "" && strings.TrimSpace(n.HTML) == "" && (joins || m.Subject == "") {
		// An item may be nothing but its subject or its files.
		if n.Body = m.Subject; n.Body == "" {
			n.Body = "—"
		}
	}
	return n
}

// requester is the sender as far as the desk can hold it. An address that is
// none is kept as a name.
func requester(s Sender) customer.Contact {
	c := customer.Contact{Name: cutRunes(s.Name, 100), Email: s.Email}
	if at := strings.LastIndexByte(s.Email, '@'); at < 1 || strings.ContainsAny(s.Email, " <>(),;:\"[]\\\t") || strings.Count(s.Email, "@") != 1 || len(s.Email) > 254 ||
		strings.Contains(s.Email[at:], "..") || strings.HasSuffix(s.Email, "@") || strings.HasPrefix(s.Email[at+1:], ".") {
		c.Email = ""
		if c.Name == "" {
			c.Name = cutRunes(s.Email, 100)
		}
	}
	if c.Name == "" && c.Email == "" {
		c.Name = "?"
	}
	return c
}

// keepFiles stores the attachments. More than the desk takes are kept together:
// the last file is then the whole raw item.
func (in *Intake) keepFiles(ctx context.Context, m *Inbound, raw []byte) ([]ticket.File, error) {
	const room = ticket.MaxFiles - 2 // for a text or HTML that is too long
	var out []ticket.File
	for i, f := range m.Files {
		if i == room-1 && len(m.Files) > room {
			whole, err := in.keep(ctx, File{Name: "message.eml", Type: "message/rfc822", Content: raw})
			return append(out, whole), err
		}
		kept, err := in.keep(ctx, f)
		if err != nil {
			return nil, err
		}
		out = append(out, kept)
	}
	return out, nil
}

func (in *Intake) keep(ctx context.Context, f File) (ticket.File, error) {
	ref, err := in.desk.Blobs.Put(ctx, bytes.NewReader(f.Content), int64(len(f.Content)))
	return ticket.File{Name: guard.Filename(f.Name), Type: guard.ContentType(f.Content[:min(len(f.Content), 512)], f.Type, f.Name),
		SHA256: ref.SHA256, ContentID: cut(f.ContentID, 200), Inline: f.Inline, Size: ref.Size}, err
}

// overflow cuts text and HTML to what the desk takes; what was cut is whole in
// the files it returns.
func (in *Intake) overflow(ctx context.Context, m *Inbound, c *ticket.Contact) (out []ticket.File, err error) {
	keep := func(f File) {
		if err == nil {
			var kept ticket.File
			kept, err = in.keep(ctx, f)
			out = append(out, kept)
		}
	}
	if len(c.Body) > ticket.MaxBody {
		keep(File{Name: "text.txt", Type: "text/plain", Content: []byte(m.Text)})
		c.Body = cut(c.Body, ticket.MaxBody)
	}
	if len(c.HTML) > ticket.MaxHTML {
		keep(File{Name: "text.html", Type: "text/html", Content: []byte(m.HTML)})
		c.HTML = ""
	}
	return out, err
}

// cut shortens s to n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func cutRunes(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
