package channel

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// jobKind is the queue's name for items that wait to be understood. Its key is
// the door, so that a conversation keeps its order.
const jobKind = "inbound"

// patience is how often an item is tried before it is a person's matter.
const patience = 6

// Intake takes items in. It is safe for concurrent use.
type Intake struct {
	desk  *ticket.Desk
	kinds map[string]Kind
}

// New makes the intake and registers its job, so it comes before the queue's
// Start. The kinds are the table of what can come in.
func New(desk *ticket.Desk, kinds ...Kind) *Intake {
	in := &Intake{desk: desk, kinds: map[string]Kind{}}
	for _, k := range kinds {
		in.kinds[k.Name] = k
	}
	desk.OnErase(in.erase)
	desk.KeepsFiles(in.names)
	desk.Jobs.Handle(job.Kind{Name: jobKind, Concurrency: 4, MaxAttempts: patience + 4, Timeout: time.Minute}, in.work)
	return in
}

// Arrival is something at the door.
type Arrival struct {
	Tenant  id.ID
	Channel string // which door
	Kind    string
	// Dedup is equal when the same item arrives again at the same door; empty:
	// the content's hash.
	Dedup string
	Raw   io.Reader
}

// Receipt is given when an item is durable.
type Receipt struct {
	ID    id.ID
	Again bool // it was here before
}

type payload struct {
	Item id.ID `json:"item"`
}

// Accept stores an item durably and leaves the rest to a job. When it returns
// without error the channel may acknowledge; on an error of kind Unavailable
// the sender should come again.
func (in *Intake) Accept(ctx context.Context, a Arrival) (Receipt, error) {
	it, err := in.draft(ctx, a)
	if err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	err = in.desk.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		fresh, err := insertItem(ctx, tx, it)
		if err != nil {
			return err
		}
		if !fresh {
			old, _, err := findByDedup(ctx, tx, a.Tenant, it.Channel, it.dedup)
			receipt = Receipt{old.ID, true}
			return err
		}
		receipt = Receipt{it.ID, false}
		return in.desk.Jobs.Add(ctx, tx, job.New{Tenant: a.Tenant, Kind: jobKind, Key: it.Channel, Payload: payload{it.ID}})
	})
	return receipt, err
}

// draft makes the record of an arrival. Content that is too large for the
// database is durable when draft returns.
func (in *Intake) draft(ctx context.Context, a Arrival) (Item, error) {
	k, ok := in.kinds[a.Kind]
	if !ok {
		return Item{}, fault.Bad("kind", "unknown", "there is no channel of kind %q", a.Kind)
	}
	if a.Channel == "" || len(a.Channel) > MaxChannel {
		return Item{}, fault.Bad("channel", "invalid", "a channel's name has 1 to %d bytes", MaxChannel)
	}
	if len(a.Dedup) > MaxDedup {
		sum := sha256.Sum256([]byte(a.Dedup))
		a.Dedup = hex.EncodeToString(sum[:])
	}
	it := Item{ID: in.desk.IDs.Next(), Tenant: a.Tenant, Channel: a.Channel, Kind: a.Kind, State: Received,
		ReceivedAt: in.desk.Clock.Now(), dedup: a.Dedup}
	head, err := io.ReadAll(io.LimitReader(a.Raw, smallRaw+1))
	if err != nil {
		return Item{}, err
	}
	hash := ""
	if len(head) > smallRaw {
		ref, err := in.desk.Blobs.Put(ctx, io.MultiReader(bytes.NewReader(head), a.Raw), k.MaxRaw)
		if err != nil {
			return Item{}, err
		}
		it.Blob, it.Size, hash = ref.SHA256, ref.Size, ref.SHA256
	} else {
		it.raw, it.Size = head, int64(len(head))
		sum := sha256.Sum256(head)
		hash = hex.EncodeToString(sum[:])
	}
	if it.dedup == "" {
		it.dedup = hash
	}
	return it, nil
}

// work carries one accepted item to the desk.
func (in *Intake) work(ctx context.Context, jobs []job.Job) error {
	for _, j := range jobs {
		var p payload
		if err := json.Unmarshal(j.Payload, &p); err != nil {
			return job.Park(err)
		}
		it, err := findItem(ctx, in.desk.DB, j.Tenant, p.Item)
		if err != nil {
			return err
		}
		if it.State != Received {
			continue
		}
		raw, err := in.content(ctx, it)
		if err == nil {
			_, err = in.handle(ctx, delivery{item: it, done: job.Done(ctx)}, raw)
		}
		if err == nil || errors.Is(err, job.ErrGone) || j.Attempt < patience {
			return err
		}
		// It failed again and again: others wait behind it.
		it.State, it.Reason, it.Detail = Quarantined, "failed", err.Error()
		return in.end(ctx, delivery{item: it, done: job.Done(ctx)})
	}
	return nil
}

func (in *Intake) content(ctx context.Context, it Item) ([]byte, error) {
	f, err := in.open(ctx, it)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw := make([]byte, it.Size)
	_, err = io.ReadFull(f, raw)
	return raw, err
}

// open opens the raw content wherever it is.
func (in *Intake) open(ctx context.Context, it Item) (io.ReadSeekCloser, error) {
	if it.Blob != "" {
		return in.desk.Blobs.Open(ctx, it.Blob)
	}
	var raw []byte
	err := in.desk.DB.QueryRow(ctx, `select content from inbound_raw where tenant_id = $1 and inbound_id = $2`, it.Tenant, it.ID).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Missing("inbound")
	}
	return inMemory{bytes.NewReader(raw)}, err
}

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

// Taken is how an item ended.
type Taken struct {
	State  State
	Reason string
	Ticket id.ID
	Joined bool // an existing ticket
}

// Take is Accept and all that follows, at once and in one transaction: for
// imports, whose source is still there until Take returns. An item that was
// taken before is left as it is and reported as Duplicate.
func (in *Intake) Take(ctx context.Context, a Arrival, raw []byte) (Taken, error) {
	if a.Dedup == "" {
		sum := sha256.Sum256(raw)
		a.Dedup = hex.EncodeToString(sum[:])
	}
	old, found, err := findByDedup(ctx, in.desk.DB, a.Tenant, a.Channel, a.Dedup)
	if err != nil {
		return Taken{}, err
	}
	if found && old.State != Received {
		return Taken{State: Duplicate, Reason: string(old.State), Ticket: old.Ticket, Joined: true}, nil
	}
	a.Raw = bytes.NewReader(raw)
	it, err := in.draft(ctx, a)
	if err != nil {
		return Taken{}, err
	}
	return in.handle(ctx, delivery{item: it, fresh: true, claim: true}, raw)
}

// handle understands an item and delivers it, or puts it into quarantine.
func (in *Intake) handle(ctx context.Context, d delivery, raw []byte) (Taken, error) {
	m, err := in.kinds[d.item.Kind].Read(ctx, raw)
	if err == nil {
		var taken Taken
		if taken, err = in.deliver(ctx, &d, m, raw); err == nil {
			return taken, nil
		}
	}
	var u *Unreadable
	switch {
	case errors.As(err, &u):
		d.item.Reason, d.item.Detail = u.Reason, u.Detail
	case refused(err):
		d.item.Reason, d.item.Detail = "refused", err.Error()
	default:
		return Taken{}, fmt.Errorf("inbound %s: %w", d.item.ID, err)
	}
	d.item.State = Quarantined
	if err := in.end(ctx, d); errors.Is(err, errTaken) {
		return Taken{State: Duplicate, Reason: "taken meanwhile", Joined: true}, nil
	} else if err != nil {
		return Taken{}, err
	}
	return Taken{State: Quarantined, Reason: d.item.Reason}, nil
}

// refused says whether the desk will not take an item however often it is
// tried.
func refused(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.TooLarge, fault.NotFound, fault.Conflict, fault.Forbidden:
		return !errors.Is(err, job.ErrGone)
	}
	return false
}

// end writes an item's end that has no effect on the desk.
func (in *Intake) end(ctx context.Context, d delivery) error {
	return in.desk.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return in.record(ctx, tx, d) })
}

// record writes the item inside the transaction of its effect, and deletes its
// job there.
func (in *Intake) record(ctx context.Context, tx *db.Tx, d delivery) error {
	d.item.DoneAt = in.desk.Clock.Now()
	d.item.Detail = cut(d.item.Detail, maxDetail)
	var ok bool
	var err error
	if d.fresh {
		ok, err = insertItem(ctx, tx, d.item)
	} else {
		ok, err = finishItem(ctx, tx, d.item)
	}
	if err != nil {
		return err
	}
	if !ok {
		return errTaken
	}
	if d.done != nil {
		return d.done(ctx, tx)
	}
	return nil
}

// errTaken: somebody else has finished the item meanwhile.
var errTaken = errors.New("the item is taken already")
