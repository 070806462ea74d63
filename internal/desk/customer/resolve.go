package customer

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/secret"
)

// Prepared is a contact that was checked and computed: all that is left needs
// the store. ResolveIn may be called with it more than once.
type Prepared struct {
	by         id.ID // known by id
	fresh      Customer
	identities []prepared // in the order in which they decide
	company    id.ID      // whose people write from the mail address
	terms      []string
	attach     bool
	keys       *secret.Tenant
}

type prepared struct {
	id     id.ID
	kind   string
	value  string // normalised
	blind  []byte
	sealed []byte
	last4  string
	head   []byte
}

// Prepare checks a contact and computes what it takes to find or make its
// customer: normal forms, blind indexes, a key and sealed values. It is called
// before the transaction; only the very first call for a tenant reads the
// store. Faults name fields below "requester".
func (b *Book) Prepare(tenant id.ID, in Contact) (Prepared, error) {
	var bad fault.List
	check := func(err error) {
		var f *fault.Error
		if asFault(err, &f) {
			bad = append(bad, f)
		}
	}
	if in.ID != 0 {
		if in.Email != "" || in.Phone != "" || in.OtherValue != "" {
			return Prepared{}, fault.Bad("requester", "mixed", "name the requester by id or by addresses, not both")
		}
		return Prepared{by: in.ID, fresh: Customer{Tenant: tenant}}, nil
	}
	name, err := cleanName("requester.name", in.Name)
	check(err)
	check(checkLanguage("requester.language", in.Language))
	keys, err := b.Vault.Tenant(context.Background(), tenant)
	if err != nil {
		return Prepared{}, err
	}
	p := Prepared{attach: in.Attach, keys: keys}
	for _, x := range []struct{ field, kind, value string }{
		{"requester.other", in.OtherKind, in.OtherValue},
		{"requester.phone", KindPhone, in.Phone},
		{"requester.email", KindEmail, in.Email},
	} {
		if x.value == "" {
			continue
		}
		v, err := normalize(x.field, x.kind, x.value, b.Region)
		check(err)
		if err == nil && !slices.ContainsFunc(p.identities, func(o prepared) bool { return o.kind == x.kind && o.value == v }) {
			p.identities = append(p.identities, prepared{id: b.IDs.Next(), kind: x.kind, value: v})
		}
	}
	if name == "" && len(p.identities) == 0 && len(bad) == 0 {
		bad = append(bad, fault.Bad("requester", "required", "a requester needs an id, a name, a phone number or a mail address"))
	}
	if err := bad.Err(); err != nil {
		return Prepared{}, err
	}
	now := b.Clock.Now()
	p.fresh = Customer{Tenant: tenant, ID: b.IDs.Next(), Name: name, Named: name != "", Tier: TierNormal,
		Tags: []string{}, Language: in.Language, CreatedAt: now, UpdatedAt: now, Version: 1}
	if name != "" {
		p.terms = nameTerms(name)
	} else {
		p.fresh.Name = mask(p.identities[0].kind, p.identities[0].value)
	}
	var owner *secret.Owner
	if p.fresh.wrappedKey, owner, err = keys.NewOwner(p.fresh.ID); err != nil {
		return Prepared{}, err
	}
	for i := range p.identities {
		if err := p.identities[i].seal(keys, owner); err != nil {
			return Prepared{}, err
		}
	}
	p.company, err = b.companyOf(context.Background(), tenant, p.identities)
	p.fresh.Company = p.company
	return p, err
}

// seal computes what is stored of an identity.
func (x *prepared) seal(keys *secret.Tenant, owner *secret.Owner) (err error) {
	if x.blind, err = keys.Blind(x.kind, x.value); err != nil {
		return err
	}
	x.last4 = lastFour(x.kind, x.value)
	if x.head, err = headOf(keys, x.kind, x.value); err != nil {
		return err
	}
	x.sealed, err = owner.Seal(identityPurpose(x.kind, x.id), []byte(x.value))
	return err
}

// identityPurpose binds a sealed address to its row.
func identityPurpose(kind string, identity id.ID) string {
	return "identity:" + kind + ":" + identity.String()
}

// ResolveIn finds the customer of a prepared contact or makes one, inside the
// transaction of whatever the contact is about. known says that the customer
// was there before. It costs one select when the customer exists and three
// inserts when not; two transactions with the same new address get the same
// customer.
func (b *Book) ResolveIn(ctx context.Context, tx *db.Tx, p Prepared) (c *Customer, known bool, err error) {
	if p.by != 0 {
		c, err := b.Find(ctx, tx, p.fresh.Tenant, p.by)
		if fault.KindOf(err) == fault.NotFound {
			err = fault.Bad("requester.id", "unknown", "there is no such customer")
		}
		return c, true, err
	}
	if len(p.identities) > 0 {
		c, taken, err := b.byIdentities(ctx, tx, p)
		if err != nil {
			return nil, false, err
		}
		if c != nil {
			return c, true, b.learn(ctx, tx, c, p, taken)
		}
		// When another contact takes one of the addresses at this moment, the
		// transaction runs again and finds its customer.
		again := func() error { return db.ErrAgain }
		q, args := identityRows(p.fresh.Tenant, p.fresh.ID, p.fresh.ID, p.identities, p.fresh.CreatedAt)
		if err := tx.QueueUnique(ctx, again, q, args...); err != nil {
			return nil, false, err
		}
	}
	fresh := p.fresh
	if err := insertCustomer(ctx, tx, &fresh); err != nil {
		return nil, false, err
	}
	if fresh.Company != 0 {
		if err := b.notePlaced(ctx, tx, &fresh); err != nil {
			return nil, false, err
		}
	}
	return &fresh, false, customerTerms.add(ctx, tx, fresh.Tenant, fresh.ID, p.terms)
}

// Known finds the customer of a prepared contact as of now, without a
// transaction; nil when there is none yet.
func (b *Book) Known(ctx context.Context, p Prepared) (*Customer, error) {
	switch {
	case p.by != 0:
		c, err := b.Find(ctx, b.DB, p.fresh.Tenant, p.by)
		if fault.KindOf(err) == fault.NotFound {
			return nil, nil
		}
		return c, err
	case len(p.identities) == 0:
		return nil, nil
	}
	c, _, err := b.byIdentities(ctx, b.DB, p)
	return c, err
}

// byIdentities finds the customer whose address comes first in the contact's
// order, and says which addresses belong to somebody.
func (b *Book) byIdentities(ctx context.Context, tx db.Reader, p Prepared) (*Customer, []bool, error) {
	args := []any{int64(p.fresh.Tenant)}
	in := "$2"
	for i, x := range p.identities {
		args = append(args, x.blind)
		if i > 0 {
			in += [...]string{",$3", ",$4"}[i-1]
		}
	}
	type hit struct {
		Customer
		blind []byte
	}
	rows, err := tx.Query(ctx, `select `+core+`, i.blind from customer_identity i
		join customer c on c.tenant_id = i.tenant_id and c.id = i.customer_id
		where i.tenant_id = $1 and i.blind in (`+in+`)`, args...)
	hits, err := db.Each(rows, err, func(r *sql.Rows) (hit, error) {
		var h hit
		var err error
		h.Customer, err = scanCore(r, p.fresh.Tenant, &h.blind)
		return h, err
	})
	if err != nil {
		return nil, nil, err
	}
	var found *Customer
	taken := make([]bool, len(p.identities))
	for i, x := range p.identities {
		for j := range hits {
			if bytes.Equal(hits[j].blind, x.blind) {
				taken[i] = true
				if found == nil {
					found = &hits[j].Customer
				}
			}
		}
	}
	return found, taken, nil
}

// learn adds to a known customer what the contact says and nobody knew yet:
// the real name, the language, the company of their mail address, and addresses
// that the caller vouches for.
func (b *Book) learn(ctx context.Context, tx *db.Tx, c *Customer, p Prepared, taken []bool) error {
	attach := p.attach && slices.Contains(taken, false)
	name := !c.Named && p.fresh.Named
	language := c.Language == "" && p.fresh.Language != ""
	// A mail address beside another one may be somebody else's.
	company := c.Company == 0 && p.company != 0 && (len(p.identities) == 1 || attach)
	if !attach && !name && !language && !company || c.Erased {
		return nil
	}
	full, err := b.load(ctx, tx, p.keys, c.ID, true)
	if err != nil {
		return err
	}
	if full.MergedInto != 0 || full.Erased {
		return nil
	}
	if attach {
		owner, err := p.keys.Owner(c.ID, full.wrappedKey)
		if err != nil {
			return err
		}
		n, err := countIdentities(ctx, tx, c.Tenant, c.ID)
		if err != nil {
			return err
		}
		var more []prepared
		for i, x := range p.identities {
			if taken[i] || n+len(more) >= MaxIdentities {
				continue
			}
			if err := x.seal(p.keys, owner); err != nil {
				return err
			}
			more = append(more, x)
		}
		if len(more) > 0 {
			if _, err := b.insertIdentities(ctx, tx, c.Tenant, c.ID, c.ID, more, p.fresh.CreatedAt); err != nil {
				return err
			}
		}
	}
	if company {
		if company, err = b.mayPlace(ctx, tx, full, p.company); err != nil {
			return err
		}
	}
	if !attach && !name && !language && !company {
		return nil
	}
	old := full.found()
	if company {
		full.Company = p.company
		if err := b.notePlaced(ctx, tx, full); err != nil {
			return err
		}
		if b.moved != nil {
			if err := b.moved(ctx, tx, staff.System(c.Tenant), c.ID); err != nil {
				return err
			}
		}
	}
	if name && !full.Named {
		full.Name, full.Named = p.fresh.Name, true
	}
	if language && full.Language == "" {
		full.Language = p.fresh.Language
	}
	if err := b.update(ctx, tx, p.keys, full); err != nil {
		return err
	}
	if err := reindex(ctx, tx, full, old); err != nil {
		return err
	}
	*c = *full
	return nil
}

// insertIdentities adds addresses that nobody has; all says whether it could
// add every one.
func (b *Book) insertIdentities(ctx context.Context, tx *db.Tx, tenant, customer, origin id.ID, list []prepared, at clock.Time) (all bool, err error) {
	q, args := identityRows(tenant, customer, origin, list, at)
	n, err := tx.Exec(ctx, q+` on conflict (tenant_id, blind) do nothing`, args...)
	return n == int64(len(list)), err
}

// identityRows is the insert of addresses.
func identityRows(tenant, customer, origin id.ID, list []prepared, at clock.Time) (q string, args []any) {
	// In one order everywhere, so that two transactions with the same two
	// addresses wait for each other instead of both.
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b prepared) int { return bytes.Compare(a.blind, b.blind) })
	args = make([]any, 0, 10*len(list))
	for _, x := range list {
		args = append(args, int64(tenant), x.blind, int64(x.id), int64(customer), int64(origin), x.kind, x.sealed, x.last4, orNone(x.head), int64(at))
	}
	return `insert into customer_identity (tenant_id, blind, id, customer_id, origin_id, kind, sealed, last4, head, created_at)
		values ` + db.Values(len(list), 10), args
}

func countIdentities(ctx context.Context, r db.Reader, tenant, customer id.ID) (n int, err error) {
	err = r.QueryRow(ctx, `select count(*) from customer_identity where tenant_id = $1 and customer_id = $2`, int64(tenant), int64(customer)).Scan(&n)
	return n, err
}

// Resolve is Prepare and ResolveIn in a transaction of its own.
func (b *Book) Resolve(ctx context.Context, tenant id.ID, in Contact) (c *Customer, known bool, err error) {
	p, err := b.Prepare(tenant, in)
	if err != nil {
		return nil, false, err
	}
	err = b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, known, err = b.ResolveIn(ctx, tx, p)
		return err
	})
	return c, known, err
}

// Lookup finds the customer who has an address, or nil.
func (b *Book) Lookup(ctx context.Context, r db.Reader, tenant id.ID, kind, value string) (*Customer, error) {
	blind, _, _, err := b.blind(ctx, tenant, kind, value)
	if err != nil {
		return nil, err
	}
	c, err := scanCore(r.QueryRow(ctx, `select `+core+` from customer_identity i
		join customer c on c.tenant_id = i.tenant_id and c.id = i.customer_id
		where i.tenant_id = $1 and i.blind = $2`, int64(tenant), blind), tenant)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &c, err
}

// blind is the index of an address that somebody gave, the address in normal
// form, and the keys that made it. An address that is none is Invalid.
func (b *Book) blind(ctx context.Context, tenant id.ID, kind, value string) (blind []byte, normal string, keys *secret.Tenant, err error) {
	if normal, err = normalize("value", kind, value, b.Region); err != nil {
		return nil, "", nil, err
	}
	if keys, err = b.Vault.Tenant(ctx, tenant); err != nil {
		return nil, "", nil, err
	}
	blind, err = keys.Blind(kind, normal)
	return blind, normal, keys, err
}
