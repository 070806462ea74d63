package customer

import (
	"context"
	"database/sql"
	_ "embed"
	"slices"
	"strings"
	"sync"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// A customer who comes with a mail address of a company's domain and belongs to
// nobody is put into that company, once: whoever takes them out again is not
// overruled by the next letter. The domain must be the company's to the letter;
// a subdomain is named beside it where it belongs to it.
//
// That somebody writes from a domain is what the letter says. The address is
// not proved by it, and stands as not proved beside the name.

//go:embed freemail.txt
var freeMailText string

// freeMail are the domains at which anybody gets an address.
var freeMail = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(freeMailText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out[line] = true
		}
	}
	return out
})

// domainsKept is for how long a node may not know of a domain that another node
// has been told; its own it knows at once.
const domainsKept = 2 * time.Second

// domains are the mail domains of a tenant's companies, kept in memory: whoever
// comes new is looked up in them before the transaction.
type domains struct {
	mu   sync.Mutex
	of   map[id.ID]map[string]id.ID
	read map[id.ID]time.Time
}

func (d *domains) forget(tenant id.ID) {
	d.mu.Lock()
	delete(d.read, tenant)
	d.mu.Unlock()
}

// companyOf is whose people write from a mail address; zero for nobody's.
func (b *Book) companyOf(ctx context.Context, tenant id.ID, list []prepared) (id.ID, error) {
	i := slices.IndexFunc(list, func(x prepared) bool { return x.kind == KindEmail })
	if i < 0 {
		return 0, nil
	}
	domain := list[i].value[strings.LastIndexByte(list[i].value, '@')+1:]
	if freeMail()[domain] {
		return 0, nil
	}
	d := &b.domains
	d.mu.Lock()
	of, fresh := d.of[tenant], time.Since(d.read[tenant]) < domainsKept
	d.mu.Unlock()
	if fresh {
		return of[domain], nil
	}
	at := time.Now()
	type row struct {
		domain  string
		company id.ID
	}
	rows, err := b.DB.Query(ctx, `select domain, company_id from company_domain where tenant_id = $1`, int64(tenant))
	found, err := db.Each(rows, err, func(r *sql.Rows) (x row, err error) { return x, r.Scan(&x.domain, &x.company) })
	if err != nil {
		return 0, err
	}
	of = make(map[string]id.ID, len(found))
	for _, x := range found {
		of[x.domain] = x.company
	}
	d.mu.Lock()
	if d.of == nil {
		d.of, d.read = map[id.ID]map[string]id.ID{}, map[id.ID]time.Time{}
	}
	d.of[tenant], d.read[tenant] = of, at
	d.mu.Unlock()
	return of[domain], nil
}

// domainsChanged lets this node read the domains anew once the change is
// committed.
func (b *Book) domainsChanged(tx *db.Tx, tenant id.ID) {
	tx.AfterCommit(func() { b.domains.forget(tenant) })
}

// notePlaced records that a customer was put into a company by the domain of
// their mail: nobody's act.
func (b *Book) notePlaced(ctx context.Context, tx *db.Tx, c *Customer) error {
	return b.record(ctx, tx, staff.System(c.Tenant), c.ID, EventPlaced, EventData{Other: c.Company})
}

// mayPlace reports whether a customer who is known may still be put into a
// company: they belong to none and were not in this one by their domain before.
func (b *Book) mayPlace(ctx context.Context, tx *db.Tx, c *Customer, company id.ID) (bool, error) {
	if company == 0 || c.Company != 0 || c.Erased {
		return false, nil
	}
	list, err := b.events(ctx, tx, c.Tenant, c.ID, EventPlaced, 0, 50)
	return err == nil && !slices.ContainsFunc(list, func(e Event) bool { return e.Data.Other == company }), err
}
