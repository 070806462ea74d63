package customer

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// MaxQuery is how many characters a search may have.
const MaxQuery = 200

// Page is one page of a list. Next is empty on the last one.
type Page[T any] struct {
	Items []T
	Next  string
}

// Query says which customers are wanted.
type Query struct {
	// Q is a name or part of one, a phone number, its end (from four digits) or
	// its beginning (from seven), a mail address, or another address as it is.
	// Empty: all.
	Q      string
	Narrow Narrow // only of customers
	Cursor string
	Limit  int // 1 … 200
}

// search is a Query that was understood.
type search struct {
	part  *partial // the text may be a part of a number
	blind [][]byte // addresses that the text may be, in full
	terms []string
	name  bool // look for the terms
}

// Search lists customers by falling id, an owner of a whole address first.
// Who may not see all customers finds those in reach.
func (b *Book) Search(ctx context.Context, r db.Reader, a *staff.Actor, q Query) (Page[Customer], error) {
	var page Page[Customer]
	q.Q = strings.TrimSpace(norm.NFKC.String(q.Q))
	before, err := q.before()
	if err != nil {
		return page, err
	}
	s, err := b.understand(ctx, a.Tenant, q.Q)
	if err != nil {
		return page, err
	}
	var first []id.ID
	if q.Cursor == "" && len(s.blind) > 0 {
		if first, err = b.owners(ctx, r, a.Tenant, s.blind); err != nil {
			return page, err
		}
		if first, err = b.within(ctx, r, a, Read, first); err != nil {
			return page, err
		}
		if first, err = b.narrow(ctx, r, a.Tenant, q.Narrow, first); err != nil {
			return page, err
		}
		if len(first) > 0 && !s.name {
			page.Items, err = b.some(ctx, r, a.Tenant, first)
			return page, err
		}
	}
	ids, next, err := b.scan(ctx, r, a, s, q, before)
	if err != nil {
		return page, err
	}
	for _, x := range ids {
		if !slices.Contains(first, x) {
			first = append(first, x)
		}
	}
	if next != 0 {
		page.Next = next.String()
	}
	page.Items, err = b.some(ctx, r, a.Tenant, first)
	return page, err
}

// understand decides what the text can be.
func (b *Book) understand(ctx context.Context, tenant id.ID, q string) (s search, err error) {
	if q == "" {
		return s, nil
	}
	digits, other := 0, 0
	for _, r := range q {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune("+-() .", r):
			other++
		}
	}
	var tries []NewIdentity
	switch {
	case strings.Contains(q, "@"):
		tries = []NewIdentity{{KindEmail, q}}
	case other == 0 && digits > tailDigits:
		tries = []NewIdentity{{KindPhone, q}, {KindWhatsApp, q}}
	}
	s.name = len(tries) == 0
	if !strings.ContainsAny(q, " \t") && utf8.RuneCountInString(q) >= 5 {
		for _, k := range lookupKinds {
			tries = append(tries, NewIdentity{k, q})
		}
	}
	keys, err := b.Vault.Tenant(ctx, tenant)
	if err != nil {
		return s, err
	}
	if s.part, err = b.partOf(keys, q); err != nil {
		return s, err
	}
	if s.part == nil {
		s.terms = queryTerms(q)
	}
	for _, t := range tries {
		v, err := normalize("q", t.Kind, t.Value, b.Region)
		if err != nil {
			continue // then it is something else
		}
		blind, err := keys.Blind(t.Kind, v)
		if err != nil {
			return s, err
		}
		s.blind = append(s.blind, blind)
	}
	return s, nil
}

// owners are the customers who have one of the addresses.
func (b *Book) owners(ctx context.Context, r db.Reader, tenant id.ID, blinds [][]byte) ([]id.ID, error) {
	args := []any{int64(tenant)}
	var in strings.Builder
	for i, x := range blinds {
		if i > 0 {
			in.WriteByte(',')
		}
		fmt.Fprintf(&in, "$%d", i+2)
		args = append(args, x)
	}
	// Put in order here: asked to do it, SQLite walks along another index.
	rows, err := r.Query(ctx, `select customer_id from customer_identity where tenant_id = $1 and blind in (`+in.String()+`)`, args...)
	ids, err := db.Each(rows, err, scanID)
	slices.SortFunc(ids, func(a, b id.ID) int { return cmp.Compare(b, a) })
	return slices.Compact(ids), err
}

// within picks those that the actor reaches with the permission.
func (b *Book) within(ctx context.Context, r db.Reader, a *staff.Actor, p staff.Permission, ids []id.ID) ([]id.ID, error) {
	scope := a.Scope(p)
	switch {
	case len(ids) == 0 || scope == staff.ScopeAll:
		return ids, nil
	case scope == staff.ScopeNone || b.reach.Among == nil:
		return nil, nil
	}
	in, err := b.reach.Among(ctx, r, a, scope, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(ids), func(x id.ID) bool { return !slices.Contains(in, x) }), nil
}

// May is nil when the permission reaches the customer. One whom the actor may
// not even read does not exist for the actor. Who may read a ticket may read
// its requester: the rule for that is set with ReachWith.
func (b *Book) May(ctx context.Context, r db.Reader, a *staff.Actor, p staff.Permission, customer id.ID) error {
	in, err := b.within(ctx, r, a, p, []id.ID{customer})
	if err != nil || len(in) == 1 {
		return err
	}
	if p != Read {
		if err := b.May(ctx, r, a, Read, customer); err != nil {
			return err
		}
		return fault.New(fault.Forbidden, "forbidden", "this customer is outside what your permission reaches").With("permission", string(p))
	}
	return fault.Missing("customer")
}

// maxRounds is how many batches a search with a narrow reach looks through for
// one page; then it gives what it has and where to go on.
const maxRounds = 10

// scan gives the next page of ids, and the last id looked at when there may be
// more.
func (b *Book) scan(ctx context.Context, r db.Reader, a *staff.Actor, s search, q Query, before id.ID) (ids []id.ID, next id.ID, err error) {
	scope, limit, all := a.Scope(Read), q.Limit, q.Q == ""
	if scope == staff.ScopeNone || !all && s.part == nil && len(s.terms) == 0 {
		return nil, 0, nil
	}
	finer := s.part != nil && s.part.finer()
	if scope == staff.ScopeAll && !finer {
		ids, err = b.batch(ctx, r, a.Tenant, s, q, before, limit+1)
		return cut(ids, limit, err)
	}
	if all && b.reach.Before == nil {
		return nil, 0, nil
	}
	for range maxRounds {
		var batch, seen []id.ID
		if all {
			batch, err = b.reach.Before(ctx, r, a, scope, before, maxList)
			if err == nil {
				seen, err = b.narrow(ctx, r, a.Tenant, q.Narrow, batch)
			}
		} else if batch, err = b.batch(ctx, r, a.Tenant, s, q, before, maxList); err == nil {
			seen, err = b.within(ctx, r, a, Read, batch)
		}
		if err == nil && finer {
			seen, err = b.fits(ctx, r, a, s.part, seen)
		}
		if err != nil {
			return nil, 0, err
		}
		ids = append(ids, seen...)
		if len(ids) > limit {
			return cut(ids, limit, nil)
		}
		if len(batch) < maxList {
			return ids, 0, nil
		}
		before = batch[len(batch)-1]
		if len(ids) == limit {
			break
		}
	}
	return ids, before, nil
}

// cut makes a page of limit+1 ids.
func cut(ids []id.ID, limit int, err error) ([]id.ID, id.ID, error) {
	if err != nil || len(ids) <= limit {
		return ids, 0, err
	}
	return ids[:limit], ids[limit-1], nil
}

func (b *Book) batch(ctx context.Context, r db.Reader, tenant id.ID, s search, q Query, before id.ID, limit int) ([]id.ID, error) {
	args := []any{int64(tenant), int64(before), int64(limit)}
	switch {
	case q.Q == "" && q.Narrow.Tag != "": // the tag leads
		n := q.Narrow
		n.Tag = ""
		args = append(args, q.Narrow.Tag)
		rows, err := r.Query(ctx, `select g.customer_id from customer_tag g join customer c on c.tenant_id = g.tenant_id and c.id = g.customer_id
			where g.tenant_id = $1 and g.tag = $4 and g.customer_id < $2 and c.merged_into is null`+n.where(b.Clock.Now(), &args)+`
			order by g.customer_id desc limit $3`, args...)
		return db.Each(rows, err, scanID)
	case q.Q == "":
		rows, err := r.Query(ctx, `select c.id from customer c where c.tenant_id = $1 and c.id < $2 and c.merged_into is null`+q.Narrow.where(b.Clock.Now(), &args)+`
			order by c.id desc limit $3`, args...)
		return db.Each(rows, err, scanID)
	case s.part != nil:
		more := q.Narrow.where(b.Clock.Now(), &args)
		return s.part.batch(ctx, r, more, args)
	}
	return customerTerms.find(ctx, r, tenant, s.terms, before, limit, func(args *[]any) string {
		return `and exists (select 1 from customer c where c.tenant_id = t.tenant_id and c.id = t.customer_id and c.merged_into is null` +
			q.Narrow.where(b.Clock.Now(), args) + `)`
	})
}

// narrow picks those of some customers that are wanted.
func (b *Book) narrow(ctx context.Context, r db.Reader, tenant id.ID, n Narrow, ids []id.ID) ([]id.ID, error) {
	if n.none() || len(ids) == 0 {
		return ids, nil
	}
	in, args := list(2, ids)
	args = append([]any{int64(tenant)}, args...)
	rows, err := r.Query(ctx, `select c.id from customer c where c.tenant_id = $1 and c.id in (`+in+`)`+n.where(b.Clock.Now(), &args), args...)
	found, err := db.Each(rows, err, scanID)
	return slices.DeleteFunc(slices.Clone(ids), func(x id.ID) bool { return !slices.Contains(found, x) }), err
}

// find gives the owners that have all the terms, by falling id. It walks along
// the rarest term and looks the others up.
func (t terms) find(ctx context.Context, r db.Reader, tenant id.ID, list []string, before id.ID, limit int, also func(args *[]any) string) ([]id.ID, error) {
	if len(list) > 1 {
		var err error
		if list, err = t.rarestFirst(ctx, r, tenant, list); err != nil || list == nil {
			return nil, err
		}
	}
	args := []any{int64(tenant), int64(before), int64(limit), list[0]}
	q := `select t.` + t.owner + ` from ` + t.table + ` t where t.tenant_id = $1 and t.` + t.owner + ` < $2 and t.term = $4`
	for i, term := range list[1:] {
		q += fmt.Sprintf(` and exists (select 1 from %s x where x.tenant_id = $1 and x.term = $%d and x.%s = t.%s)`, t.table, i+5, t.owner, t.owner)
		args = append(args, term)
	}
	if also != nil {
		q += ` ` + also(&args)
	}
	rows, err := r.Query(ctx, q+` order by t.`+t.owner+` desc limit $3`, args...)
	return db.Each(rows, err, scanID)
}

// countCap is how far the owners of a term are counted.
const countCap = 1000

func (t terms) rarestFirst(ctx context.Context, r db.Reader, tenant id.ID, list []string) ([]string, error) {
	q, args := "select ", []any{int64(tenant), int64(countCap)}
	counts := make([]int, len(list))
	dest := make([]any, len(list))
	for i, term := range list {
		if i > 0 {
			q += ", "
		}
		q += fmt.Sprintf(`(select count(*) from (select 1 from %s where tenant_id = $1 and term = $%d limit $2) x%d)`, t.table, i+3, i)
		args = append(args, term)
		dest[i] = &counts[i]
	}
	if err := r.QueryRow(ctx, q, args...).Scan(dest...); err != nil {
		return nil, err
	}
	least := 0
	for i := range counts {
		if counts[i] < counts[least] {
			least = i
		}
	}
	if counts[least] == 0 {
		return nil, nil
	}
	list = slices.Clone(list)
	list[0], list[least] = list[least], list[0]
	return list, nil
}

// some reads customers with note and fields, in the order of the ids.
func (b *Book) some(ctx context.Context, r db.Reader, tenant id.ID, ids []id.ID) ([]Customer, error) {
	keys, err := b.Vault.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	at := map[id.ID]Customer{}
	for rest := ids; len(rest) > 0; {
		n := min(len(rest), maxList)
		in, args := list(2, rest[:n])
		rest = rest[n:]
		rows, err := r.Query(ctx, `select `+full+` from customer c where c.tenant_id = $1 and c.id in (`+in+`)`, append([]any{int64(tenant)}, args...)...)
		found, err := db.Each(rows, err, func(r *sql.Rows) (Customer, error) { return b.scanFull(r, keys) })
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			at[c.ID] = c
		}
	}
	out := make([]Customer, 0, len(ids))
	for _, x := range ids {
		if c, ok := at[x]; ok {
			out = append(out, c)
		}
	}
	return out, nil
}
