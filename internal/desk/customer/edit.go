package customer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/secret"
	"zhidan/internal/platform/web"
)

// Names of what is recorded about customers.
const (
	EventCreated         = "created"
	EventChanged         = "changed"
	EventIdentityAdded   = "identity_added"
	EventIdentityRemoved = "identity_removed"
	EventVerified        = "identity_verified"
	EventRevealed        = "revealed"
	EventMerged          = "merged"
	EventUnmerged        = "unmerged"
	EventErased          = "erased"
	EventCare            = "care"
	EventCareEnded       = "care_ended"
	EventBlocked         = "blocked"
	EventUnblocked       = "unblocked"
	EventPlaced          = "placed" // into the company of their mail domain
)

// NewIdentity is an address in its raw form.
type NewIdentity struct{ Kind, Value string }

// Create makes a customer by hand. An address that somebody has already is a
// conflict that names the customer.
func (b *Book) Create(ctx context.Context, a *staff.Actor, in Change, identities []NewIdentity) (*Customer, error) {
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	now := b.Clock.Now()
	fresh := Customer{Tenant: a.Tenant, ID: b.IDs.Next(), Tier: TierNormal, Tags: []string{}, Fields: map[string]any{},
		CreatedAt: now, UpdatedAt: now, Version: 1}
	if in.ID != 0 {
		fresh.ID = in.ID
	}
	if in.Name == nil && len(identities) == 0 {
		return nil, fault.Bad("name", "required", "a customer needs a name or an address")
	}
	if len(identities) > MaxIdentities {
		return nil, tooManyIdentities()
	}
	if _, err := in.apply(&fresh); err != nil {
		return nil, err
	}
	var owner *secret.Owner
	if fresh.wrappedKey, owner, err = keys.NewOwner(fresh.ID); err != nil {
		return nil, err
	}
	list := make([]prepared, len(identities))
	seen := map[NewIdentity]bool{}
	for i, x := range identities {
		field := fmt.Sprintf("identities.%d.value", i)
		v, err := normalize(field, x.Kind, x.Value, b.Region)
		if err != nil {
			return nil, err
		}
		if seen[NewIdentity{x.Kind, v}] {
			return nil, fault.Bad(field, "duplicate", "the address is given twice")
		}
		seen[NewIdentity{x.Kind, v}] = true
		list[i] = prepared{id: b.IDs.Next(), kind: x.Kind, value: v}
		if err := list[i].seal(keys, owner); err != nil {
			return nil, err
		}
	}
	if !fresh.Named {
		fresh.Name = mask(list[0].kind, list[0].value)
	}
	if err := fresh.seal(keys); err != nil {
		return nil, err
	}
	placed := false
	if fresh.Company == 0 {
		if fresh.Company, err = b.companyOf(ctx, a.Tenant, list); err != nil {
			return nil, err
		}
		placed = fresh.Company != 0
	}
	err = b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := b.checkCompany(ctx, tx, a.Tenant, fresh.Company); err != nil {
			return err
		}
		if err := insertCustomer(ctx, tx, &fresh); err != nil {
			return err
		}
		for i, x := range list {
			if err := b.claim(ctx, tx, &fresh, x, fmt.Sprintf("identities.%d.value", i)); err != nil {
				return err
			}
		}
		if err := reindex(ctx, tx, &fresh, found{}); err != nil {
			return err
		}
		if err := b.record(ctx, tx, a, fresh.ID, EventCreated, EventData{}); err != nil || !placed {
			return err
		}
		return b.notePlaced(ctx, tx, &fresh)
	})
	if err != nil {
		return nil, err
	}
	return &fresh, nil
}

// claim adds one address, or says whose it is.
func (b *Book) claim(ctx context.Context, tx *db.Tx, c *Customer, x prepared, field string) error {
	all, err := b.insertIdentities(ctx, tx, c.Tenant, c.ID, c.ID, []prepared{x}, b.Clock.Now())
	if err != nil || all {
		return err
	}
	var owner id.ID
	err = tx.QueryRow(ctx, `select customer_id from customer_identity where tenant_id = $1 and blind = $2`, int64(c.Tenant), x.blind).Scan(&owner)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if owner == c.ID {
		return fault.Bad(field, "duplicate", "the customer has this address already")
	}
	f := fault.New(fault.Conflict, "identity.taken", "the address belongs to another customer").With("customer", owner.String())
	f.Field = field
	return f
}

func tooManyIdentities() error {
	return fault.Bad("identities", "too_many", "a customer has at most %d addresses", MaxIdentities).With("max", fmt.Sprint(MaxIdentities))
}

// Update edits a customer.
func (b *Book) Update(ctx context.Context, a *staff.Actor, customer id.ID, in Change) (*Customer, error) {
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var c *Customer
	err = b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if c, err = b.lockForChange(ctx, tx, keys, customer); err != nil {
			return err
		}
		if in.Version != 0 && in.Version != c.Version {
			return fault.New(fault.Precondition, "version", "the customer has changed since it was read")
		}
		old, company := c.found(), c.Company
		changed, err := in.apply(c)
		if err != nil || len(changed) == 0 {
			return err
		}
		if in.Company != nil {
			if err := b.checkCompany(ctx, tx, a.Tenant, c.Company); err != nil {
				return err
			}
		}
		if err := b.update(ctx, tx, keys, c); err != nil {
			return err
		}
		if err := b.settle(ctx, tx, a, c, old, company); err != nil {
			return err
		}
		return b.record(ctx, tx, a, c.ID, EventChanged, EventData{Fields: changed})
	})
	return c, err
}

// Identities gives the addresses of some customers, masked, in the order in
// which they were added.
func (b *Book) Identities(ctx context.Context, r db.Reader, tenant id.ID, customers []id.ID) (map[id.ID][]Identity, error) {
	keys, err := b.Vault.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	all, err := b.identities(ctx, r, keys, customers)
	out := map[id.ID][]Identity{}
	for _, x := range all {
		out[x.Customer] = append(out[x.Customer], x)
	}
	return out, err
}

const identityColumns = `i.id, i.customer_id, i.kind, coalesce(i.verified_at, 0), i.created_at, i.blind, i.sealed, i.origin_id, k.wrapped_key`

func (b *Book) identities(ctx context.Context, r db.Reader, keys *secret.Tenant, customers []id.ID) ([]Identity, error) {
	var out []Identity
	err := b.eachIdentity(ctx, r, keys, customers, func(x Identity, value string) (err error) {
		x.Display = mask(x.Kind, value)
		x.domain, err = domainBlind(keys, x.Kind, value)
		out = append(out, x)
		return err
	})
	return out, err
}

// eachIdentity reads the addresses of some customers with their normal forms.
func (b *Book) eachIdentity(ctx context.Context, r db.Reader, keys *secret.Tenant, customers []id.ID, do func(x Identity, value string) error) error {
	for part := range slices.Chunk(customers, maxList) {
		in, args := list(2, part)
		rows, err := r.Query(ctx, `select `+identityColumns+`
			from customer_identity i join customer k on k.tenant_id = i.tenant_id and k.id = i.origin_id
			where i.tenant_id = $1 and i.customer_id in (`+in+`) order by i.customer_id, i.id`, append([]any{int64(keys.ID())}, args...)...)
		if _, err := db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
			x, value, err := scanIdentity(r, keys)
			if err == nil {
				err = do(x, value)
			}
			return struct{}{}, err
		}); err != nil {
			return err
		}
	}
	return nil
}

func scanIdentity(r scanner, keys *secret.Tenant) (x Identity, value string, err error) {
	var sealed, wrapped []byte
	var origin id.ID
	if err := r.Scan(&x.ID, &x.Customer, &x.Kind, &x.VerifiedAt, &x.CreatedAt, &x.blind, &sealed, &origin, &wrapped); err != nil {
		return x, "", err
	}
	owner, err := keys.Owner(origin, wrapped)
	if err != nil {
		return x, "", fmt.Errorf("key of customer %s: %w", origin, err)
	}
	plain, err := owner.Open(identityPurpose(x.Kind, x.ID), sealed)
	if err != nil {
		return x, "", fmt.Errorf("identity %s: %w", x.ID, err)
	}
	return x, string(plain), nil
}

// identity reads one address of a customer, and its normal form.
func (b *Book) identity(ctx context.Context, r db.Reader, keys *secret.Tenant, customer, identity id.ID) (Identity, string, error) {
	x, value, err := scanIdentity(r.QueryRow(ctx, `select `+identityColumns+`
		from customer_identity i join customer k on k.tenant_id = i.tenant_id and k.id = i.origin_id
		where i.tenant_id = $1 and i.customer_id = $2 and i.id = $3`, int64(keys.ID()), int64(customer), int64(identity)), keys)
	if errors.Is(err, sql.ErrNoRows) {
		err = fault.Missing("identity")
	}
	return x, value, err
}

// AddIdentity adds an address to a customer.
func (b *Book) AddIdentity(ctx context.Context, a *staff.Actor, customer id.ID, in NewIdentity) (Identity, error) {
	v, err := normalize("value", in.Kind, in.Value, b.Region)
	if err != nil {
		return Identity{}, err
	}
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return Identity{}, err
	}
	x := prepared{id: b.IDs.Next(), kind: in.Kind, value: v}
	company, err := b.companyOf(ctx, a.Tenant, []prepared{x})
	if err != nil {
		return Identity{}, err
	}
	err = b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := b.lockForChange(ctx, tx, keys, customer)
		if err != nil {
			return err
		}
		if n, err := countIdentities(ctx, tx, a.Tenant, c.ID); err != nil {
			return err
		} else if n >= MaxIdentities {
			return tooManyIdentities()
		}
		owner, err := keys.Owner(c.ID, c.wrappedKey)
		if err != nil {
			return err
		}
		if err := x.seal(keys, owner); err != nil {
			return err
		}
		if err := b.claim(ctx, tx, c, x, "value"); err != nil {
			return err
		}
		if err := b.identityEvent(ctx, tx, keys, a, c.ID, EventIdentityAdded, x.id, x.kind, v); err != nil {
			return err
		}
		if ok, err := b.mayPlace(ctx, tx, c, company); err != nil || !ok {
			return err
		}
		// It follows the address, which has no part in the version either.
		c.Company = company
		if err := tx.Queue(ctx, `update customer set company_id = $3, updated_at = $4 where tenant_id = $1 and id = $2`,
			int64(a.Tenant), int64(c.ID), int64(company), b.Clock.Millis()); err != nil {
			return err
		}
		if err := b.settle(ctx, tx, a, c, c.found(), 0); err != nil {
			return err
		}
		return b.notePlaced(ctx, tx, c)
	})
	return Identity{ID: x.id, Customer: customer, Kind: x.kind, Display: mask(x.kind, v), CreatedAt: b.Clock.Now()}, err
}

func (b *Book) identityEvent(ctx context.Context, tx *db.Tx, keys *secret.Tenant, a *staff.Actor, customer id.ID, name string, identity id.ID, kind, value string) error {
	commit, err := keys.Commitment(kind + ":" + value)
	if err != nil {
		return err
	}
	return b.record(ctx, tx, a, customer, name, EventData{Identity: identity, Kind: kind, Value: commit})
}

// RemoveIdentity takes an address away from a customer.
func (b *Book) RemoveIdentity(ctx context.Context, a *staff.Actor, customer, identity id.ID) error {
	return b.withIdentity(ctx, a, customer, identity, EventIdentityRemoved, func(ctx context.Context, tx *db.Tx, x Identity) error {
		_, err := tx.Exec(ctx, `delete from customer_identity where tenant_id = $1 and customer_id = $2 and id = $3`,
			int64(a.Tenant), int64(customer), int64(identity))
		return err
	})
}

// Verify notes that the address was proved to be the customer's.
func (b *Book) Verify(ctx context.Context, a *staff.Actor, customer, identity id.ID) error {
	return b.withIdentity(ctx, a, customer, identity, EventVerified, func(ctx context.Context, tx *db.Tx, x Identity) error {
		_, err := tx.Exec(ctx, `update customer_identity set verified_at = $4 where tenant_id = $1 and customer_id = $2 and id = $3`,
			int64(a.Tenant), int64(customer), int64(identity), b.Clock.Millis())
		return err
	})
}

func (b *Book) withIdentity(ctx context.Context, a *staff.Actor, customer, identity id.ID, event string,
	do func(ctx context.Context, tx *db.Tx, x Identity) error) error {
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	return b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := b.lockForChange(ctx, tx, keys, customer); err != nil {
			return err
		}
		x, value, err := b.identity(ctx, tx, keys, customer, identity)
		if err != nil {
			return err
		}
		if err := do(ctx, tx, x); err != nil {
			return err
		}
		return b.identityEvent(ctx, tx, keys, a, customer, event, x.ID, x.Kind, value)
	})
}

// Reveal gives an address whole. It is given only after the act was recorded.
func (b *Book) Reveal(ctx context.Context, a *staff.Actor, customer, identity id.ID) (string, error) {
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return "", err
	}
	var value string
	err = b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		x, v, err := b.identity(ctx, tx, keys, customer, identity)
		if err != nil {
			return err
		}
		value = show(x.Kind, v)
		return b.record(ctx, tx, a, customer, EventRevealed, EventData{Identity: x.ID, Kind: x.Kind})
	})
	if err != nil {
		return "", err
	}
	return value, nil
}

// Addresses gives what a customer can be reached by, whole, for channels that
// send; it is not for display.
func (b *Book) Addresses(ctx context.Context, r db.Reader, tenant, customer id.ID, kind string) ([]secret.Text, error) {
	keys, err := b.Vault.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	rows, err := r.Query(ctx, `select `+identityColumns+`
		from customer_identity i join customer k on k.tenant_id = i.tenant_id and k.id = i.origin_id
		where i.tenant_id = $1 and i.customer_id = $2 and i.kind = $3 order by i.id`, int64(tenant), int64(customer), kind)
	return db.Each(rows, err, func(r *sql.Rows) (secret.Text, error) {
		_, value, err := scanIdentity(r, keys)
		return secret.NewText(value), err
	})
}

// Erase makes a customer, and those merged into it, nobody: the key goes, and
// with it what was sealed in older copies of the store; names, addresses, terms
// and tags go too. What was done stays, without personal values.
func (b *Book) Erase(ctx context.Context, a *staff.Actor, customer id.ID) error {
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	return b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		root, err := b.load(ctx, tx, keys, customer, true)
		if err != nil {
			return err
		}
		if root.MergedInto != 0 {
			return mergedFault(root)
		}
		todo := []id.ID{root.ID}
		for i := 0; i < len(todo); i++ {
			c, err := b.load(ctx, tx, keys, todo[i], true)
			if err != nil {
				return err
			}
			rows, err := tx.Query(ctx, `select id from customer where tenant_id = $1 and merged_into = $2`, int64(a.Tenant), int64(c.ID))
			merged, err := db.Each(rows, err, scanID)
			if err != nil {
				return err
			}
			todo = append(todo, merged...)
			if err := b.eraseOne(ctx, tx, keys, c); err != nil {
				return err
			}
			if err := b.record(ctx, tx, a, c.ID, EventErased, EventData{}); err != nil {
				return err
			}
		}
		if err := web.ForgetAnswers(ctx, tx, a.Tenant); err != nil { // they may speak of them
			return err
		}
		for _, hook := range b.eraseHooks {
			if err := hook(ctx, tx, a.Tenant, todo); err != nil {
				return err
			}
		}
		tx.AfterCommit(func() {
			for _, c := range todo {
				keys.ForgetOwner(c)
			}
		})
		return nil
	})
}

func (b *Book) eraseOne(ctx context.Context, tx *db.Tx, keys *secret.Tenant, c *Customer) error {
	old := c.found()
	if _, err := tx.Exec(ctx, `delete from customer_identity where tenant_id = $1 and customer_id = $2`, int64(c.Tenant), int64(c.ID)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update customer_merge set data = '{}', kept = null where tenant_id = $1 and into_id = $2`, int64(c.Tenant), int64(c.ID)); err != nil {
		return err
	}
	c.Name, c.Named, c.Language, c.Tags, c.Note, c.Fields = "", false, "", nil, "", nil
	c.CareUntil, c.Care = 0, Care{}
	c.Erased, c.wrappedKey, c.sealedNote, c.sealedFields, c.sealedCare = true, nil, nil, nil, nil
	if err := reindex(ctx, tx, c, old); err != nil {
		return err
	}
	return b.update(ctx, tx, keys, c)
}

func scanID(r *sql.Rows) (id.ID, error) {
	var x id.ID
	return x, r.Scan(&x)
}
