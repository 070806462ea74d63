package customer

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/secret"
)

// KindDomain is the kind of a block that holds for all mail of a domain.
const KindDomain = "domain"

// Block is a line of the blocklist (黑名单): an address or mail domain whose
// contacts are refused until it ends.
type Block struct {
	ID        id.ID
	Kind      string
	Display   string // masked; a domain whole
	Reason    string
	Until     clock.Time // Forever: without end
	By        id.ID
	CreatedAt clock.Time

	blind []byte
}

const blockColumns = `s.id, s.kind, s.display, s.reason, coalesce(s.until_at, 0), coalesce(s.created_by, 0), s.created_at, s.blind`

func scanBlock(r *sql.Rows) (Block, error) {
	var x Block
	err := r.Scan(&x.ID, &x.Kind, &x.Display, &x.Reason, &x.Until, &x.By, &x.CreatedAt, &x.blind)
	if x.Until == 0 {
		x.Until = Forever
	}
	return x, err
}

// Holds says whether a block is in force at a moment.
func (x *Block) Holds(now clock.Time) bool { return x.Until > now }

// ends is how an end is stored: NULL for none.
func ends(until clock.Time) any {
	if until == Forever {
		return nil
	}
	return int64(until)
}

// normalBlock gives the normal form of what is blocked, and how it is shown.
func (b *Book) normalBlock(field, kind, value string) (normal, display string, err error) {
	if kind == KindDomain {
		d, err := cleanDomain(strings.TrimPrefix(strings.TrimSpace(value), "@"))
		if err == nil && d == "" {
			err = fault.Bad(field, "required", "a domain is such as example.com")
		}
		var f *fault.Error
		if asFault(err, &f) {
			f.Field = field
		}
		if u, uerr := idna.Display.ToUnicode(d); uerr == nil {
			return d, u, err
		}
		return d, d, err
	}
	v, err := normalize(field, kind, value, b.Region)
	return v, mask(kind, v), err
}

// AddBlock puts an address or a domain on the blocklist until a moment (zero:
// for good). One that is there already gets the new reason and end.
func (b *Book) AddBlock(ctx context.Context, a *staff.Actor, in NewIdentity, reason string, until clock.Time) (Block, error) {
	normal, display, err := b.normalBlock("value", in.Kind, in.Value)
	if err != nil {
		return Block{}, err
	}
	if reason, err = cleanReason(reason); err != nil {
		return Block{}, err
	}
	if until, err = b.cleanEnd(until); err != nil {
		return Block{}, err
	}
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return Block{}, err
	}
	x := Block{ID: b.IDs.Next(), Kind: in.Kind, Display: display, Reason: reason, Until: until, By: a.ID, CreatedAt: b.Clock.Now()}
	if x.blind, err = keys.Blind(in.Kind, normal); err != nil {
		return x, err
	}
	err = b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if x, err = putBlock(ctx, tx, a.Tenant, x); err != nil {
			return err
		}
		return b.recordOwner(ctx, tx, a, x.blind, EventBlocked, x.Kind)
	})
	return x, err
}

func putBlock(ctx context.Context, tx *db.Tx, tenant id.ID, x Block) (Block, error) {
	err := tx.QueryRow(ctx, `insert into blocked_sender (tenant_id, blind, id, kind, display, reason, until_at, created_by, created_at)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9) on conflict (tenant_id, blind) do update set reason = excluded.reason, until_at = excluded.until_at
		returning id, created_at`, int64(tenant), x.blind, int64(x.ID), x.Kind, x.Display, x.Reason, ends(x.Until), orNull(x.By), int64(x.CreatedAt)).
		Scan(&x.ID, &x.CreatedAt)
	return x, err
}

// recordOwner notes a block with the customer whose address it is, if any.
func (b *Book) recordOwner(ctx context.Context, tx *db.Tx, a *staff.Actor, blind []byte, event, kind string) error {
	var who id.ID
	err := tx.QueryRow(ctx, `select customer_id from customer_identity where tenant_id = $1 and blind = $2`, int64(a.Tenant), blind).Scan(&who)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return b.record(ctx, tx, a, who, event, EventData{Kind: kind})
}

// ChangeBlock gives a block another reason or end.
func (b *Book) ChangeBlock(ctx context.Context, a *staff.Actor, block id.ID, reason *string, until *clock.Time) (Block, error) {
	var x Block
	err := b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if x, err = b.block(ctx, tx, a.Tenant, block); err != nil {
			return err
		}
		if reason != nil {
			if x.Reason, err = cleanReason(*reason); err != nil {
				return err
			}
		}
		if until != nil {
			if x.Until, err = b.cleanEnd(*until); err != nil {
				return err
			}
		}
		return tx.Queue(ctx, `update blocked_sender set reason = $3, until_at = $4 where tenant_id = $1 and id = $2`,
			int64(a.Tenant), int64(block), x.Reason, ends(x.Until))
	})
	return x, err
}

func (b *Book) block(ctx context.Context, r db.Reader, tenant, block id.ID) (Block, error) {
	rows, err := r.Query(ctx, `select `+blockColumns+` from blocked_sender s where s.tenant_id = $1 and s.id = $2`, int64(tenant), int64(block))
	list, err := db.Each(rows, err, scanBlock)
	if err == nil && len(list) == 0 {
		err = fault.Missing("block")
	}
	if err != nil {
		return Block{}, err
	}
	return list[0], nil
}

// RemoveBlock takes a line off the blocklist.
func (b *Book) RemoveBlock(ctx context.Context, a *staff.Actor, block id.ID) error {
	return b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		x, err := b.block(ctx, tx, a.Tenant, block)
		if err != nil {
			return err
		}
		if err := b.recordOwner(ctx, tx, a, x.blind, EventUnblocked, x.Kind); err != nil {
			return err
		}
		return tx.Queue(ctx, `delete from blocked_sender where tenant_id = $1 and id = $2`, int64(a.Tenant), int64(block))
	})
}

// BlockCustomer blocks all addresses that a customer has now.
func (b *Book) BlockCustomer(ctx context.Context, a *staff.Actor, customer id.ID, reason string, until clock.Time) error {
	reason, err := cleanReason(reason)
	if err != nil {
		return err
	}
	if until, err = b.cleanEnd(until); err != nil {
		return err
	}
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	return b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := b.lockForChange(ctx, tx, keys, customer); err != nil {
			return err
		}
		list, err := b.identities(ctx, tx, keys, []id.ID{customer})
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.New(fault.Conflict, "customer.no_address", "this customer has no address that could be blocked")
		}
		for _, x := range list {
			if _, err := putBlock(ctx, tx, a.Tenant, Block{ID: b.IDs.Next(), Kind: x.Kind, Display: x.Display, Reason: reason, Until: until, By: a.ID,
				CreatedAt: b.Clock.Now(), blind: x.blind}); err != nil {
				return err
			}
		}
		return b.record(ctx, tx, a, customer, EventBlocked, EventData{})
	})
}

// UnblockCustomer lifts the blocks of all addresses of a customer. A block of
// the mail domain stays: it is not about this customer.
func (b *Book) UnblockCustomer(ctx context.Context, a *staff.Actor, customer id.ID) error {
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	return b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := b.lockForChange(ctx, tx, keys, customer); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `delete from blocked_sender where tenant_id = $1 and blind in
			(select i.blind from customer_identity i where i.tenant_id = $1 and i.customer_id = $2)`, int64(a.Tenant), int64(customer))
		if err != nil || n == 0 {
			return err
		}
		return b.record(ctx, tx, a, customer, EventUnblocked, EventData{})
	})
}

// Blocked finds the block in force on an address or its mail domain, or nil.
// An address that is none is not blocked.
func (b *Book) Blocked(ctx context.Context, r db.Reader, tenant id.ID, kind, value string) (*Block, error) {
	blind, v, keys, err := b.blind(ctx, tenant, kind, value)
	if fault.KindOf(err) == fault.Invalid {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	blinds := [][]byte{blind}
	if d, err := domainBlind(keys, kind, v); err != nil {
		return nil, err
	} else if d != nil {
		blinds = append(blinds, d)
	}
	list, err := b.blocks(ctx, r, tenant, blinds)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// domainBlind is the index of the domain of a mail address; nil for others.
func domainBlind(keys *secret.Tenant, kind, normal string) ([]byte, error) {
	if kind != KindEmail {
		return nil, nil
	}
	return keys.Blind(KindDomain, normal[strings.LastIndexByte(normal, '@')+1:])
}

// blocks are those in force on the blind indexes, the longest first.
func (b *Book) blocks(ctx context.Context, r db.Reader, tenant id.ID, blinds [][]byte) ([]Block, error) {
	var out []Block
	now := b.Clock.Now()
	for len(blinds) > 0 {
		n := min(len(blinds), maxList)
		args := []any{int64(tenant)}
		var in strings.Builder
		for i, x := range blinds[:n] {
			if i > 0 {
				in.WriteByte(',')
			}
			args = append(args, x)
			in.WriteString(mark(len(args)))
		}
		blinds = blinds[n:]
		rows, err := r.Query(ctx, `select `+blockColumns+` from blocked_sender s where s.tenant_id = $1 and s.blind in (`+in.String()+`)`, args...)
		found, err := db.Each(rows, err, scanBlock)
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			if x.Holds(now) {
				out = append(out, x)
			}
		}
	}
	slices.SortStableFunc(out, func(x, y Block) int { return cmp.Compare(y.Until, x.Until) })
	return out, nil
}

// Blocks lists the blocklist by falling id. Q is a whole address or domain;
// over picks those that have ended instead of those in force.
func (b *Book) Blocks(ctx context.Context, r db.Reader, tenant id.ID, q Query, over bool) (Page[Block], error) {
	var page Page[Block]
	before, err := q.before()
	if err != nil {
		return page, err
	}
	args := []any{int64(tenant), int64(before), int64(q.Limit + 1), int64(b.Clock.Now())}
	where := `(s.until_at is null or s.until_at > $4)`
	if over {
		where = `s.until_at <= $4`
	}
	if q.Q = strings.TrimSpace(q.Q); q.Q != "" {
		keys, err := b.Vault.Tenant(ctx, tenant)
		if err != nil {
			return page, err
		}
		var in []string
		for _, kind := range append([]string{KindDomain, KindEmail, KindPhone, KindWhatsApp}, lookupKinds...) {
			normal, _, err := b.normalBlock("q", kind, q.Q)
			if err != nil {
				continue
			}
			blind, err := keys.Blind(kind, normal)
			if err != nil {
				return page, err
			}
			args = append(args, blind)
			in = append(in, mark(len(args)))
		}
		if len(in) == 0 {
			return page, nil
		}
		where += ` and s.blind in (` + strings.Join(in, ",") + `)`
	}
	rows, err := r.Query(ctx, `select `+blockColumns+` from blocked_sender s where s.tenant_id = $1 and s.id < $2 and `+where+` order by s.id desc limit $3`, args...)
	page.Items, err = db.Each(rows, err, scanBlock)
	if err == nil && len(page.Items) > q.Limit {
		page.Items = page.Items[:q.Limit]
		page.Next = page.Items[q.Limit-1].ID.String()
	}
	return page, err
}

// before checks the bounds of a query and reads its cursor.
func (q Query) before() (id.ID, error) {
	if q.Limit < 1 || q.Limit > maxList {
		return 0, fault.Bad("limit", "invalid", "limit is 1 to %d", maxList)
	}
	if len([]rune(q.Q)) > MaxQuery {
		return 0, fault.Bad("q", "too_long", "a search has at most %d characters", MaxQuery).With("max", fmt.Sprint(MaxQuery))
	}
	if q.Cursor == "" {
		return id.ID(math.MaxInt64), nil
	}
	before, err := id.Parse(q.Cursor)
	if err != nil {
		return 0, fault.Bad("cursor", "invalid", "the cursor is not one of this list")
	}
	return before, nil
}

func mark(n int) string { return fmt.Sprintf("$%d", n) }
