package customer

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/secret"
)

// A number of which only some digits are known is found by its last four, which
// the store holds readable, or by its first seven after the country code, of
// which it holds a blind index. What both give away to who has the store and not
// the keys: the last four, and whose numbers begin alike.
//
// More digits than that narrow the search down only where the searcher may see
// addresses whole. For anybody else they count for nothing: whoever could see
// that 38000 is found and 48000 is not would feel their way to a masked number
// in forty searches, none of them recorded.

const (
	headDigits = 7
	tailDigits = 4
	// wholeDigits of a national number are no part of one, whatever the tables
	// of numbers say of it.
	wholeDigits = 11
)

// partial is what is known of a number.
type partial struct {
	tail   string   // its end, at least tailDigits; empty: it is a beginning
	heads  []string // what it may begin with after the country code, each at least headDigits
	blinds [][]byte // of the heads
}

func isPhone(kind string) bool { return kind == KindPhone || kind == KindWhatsApp }

// national is a normalised number without its country code and extension.
func national(normal string) string {
	normal, _, _ = strings.Cut(normal, ";")
	digits, ok := strings.CutPrefix(normal, "+")
	if !ok {
		return digits
	}
	return digits[len(countryCode(digits)):]
}

// countryCode is the code at the beginning of an international number. None is
// the beginning of another.
func countryCode(digits string) string {
	for n := 1; n <= 3 && n <= len(digits); n++ {
		code, err := strconv.Atoi(digits[:n])
		if err == nil && phonenumbers.GetRegionCodeForCountryCode(code) != phonenumbers.UNKNOWN_REGION {
			return digits[:n]
		}
	}
	return ""
}

// headOf is what is stored of the beginning of an address; nil for one that is
// no number.
func headOf(keys *secret.Tenant, kind, normal string) ([]byte, error) {
	if !isPhone(kind) {
		return nil, nil
	}
	n := national(normal)
	return keys.Blind("phone.head", n[:min(len(n), headDigits)])
}

// partOf reads a text as a part of a number; nil when it is something else, or
// a whole number.
func (b *Book) partOf(keys *secret.Tenant, q string) (*partial, error) {
	var d strings.Builder
	for i, r := range q {
		switch {
		case r >= '0' && r <= '9':
			d.WriteRune(r)
		case r == '+' && i == 0:
		case !strings.ContainsRune("-() .", r):
			return nil, nil
		}
	}
	digits := d.String()
	if len(digits) < tailDigits || len(digits) > 20 || b.wholeNumber(q) {
		return nil, nil
	}
	p := &partial{}
	abroad, international := strings.CutPrefix(digits, "00")
	if strings.HasPrefix(q, "+") {
		abroad, international = digits, true
	}
	own := strconv.Itoa(phonenumbers.GetCountryCodeForRegion(b.Region))
	tries := []string{abroad[len(countryCode(abroad)):]}
	if !international {
		p.tail = digits
		tries = []string{digits, strings.TrimPrefix(digits, "0"), strings.TrimPrefix(digits, own)}
	}
	for _, t := range tries {
		if len(t) < headDigits || slices.Contains(p.heads, t) {
			continue
		}
		blind, err := keys.Blind("phone.head", t[:headDigits])
		if err != nil {
			return nil, err
		}
		p.heads = append(p.heads, t)
		if !slices.ContainsFunc(p.blinds, func(x []byte) bool { return bytes.Equal(x, blind) }) {
			p.blinds = append(p.blinds, blind)
		}
	}
	if p.tail == "" && len(p.heads) == 0 {
		return nil, nil
	}
	return p, nil
}

// wholeNumber reports whether nothing is missing of a number: the customers who
// have nearly the same one are not meant then.
func (b *Book) wholeNumber(q string) bool {
	normal, ok := normalizePhone(q, b.Region)
	if !ok {
		return false
	}
	if len(national(normal)) >= wholeDigits {
		return true
	}
	n, err := phonenumbers.Parse(normal, b.Region)
	return err == nil && phonenumbers.IsValidNumber(n)
}

// finer reports whether more is known than the store can look up.
func (p *partial) finer() bool {
	return len(p.tail) > tailDigits || slices.ContainsFunc(p.heads, func(h string) bool { return len(h) > headDigits })
}

// batch gives the next customers who may have the number, by falling id. The
// first arguments are tenant, before and limit.
func (p *partial) batch(ctx context.Context, r db.Reader, more string, args []any) ([]id.ID, error) {
	var from []string
	source := func(condition string) {
		from = append(from, `select customer_id from (select distinct i.customer_id from customer_identity i join customer c on c.tenant_id = i.tenant_id and c.id = i.customer_id
			where i.tenant_id = $1 and `+condition+` and i.customer_id < $2`+more+` order by i.customer_id desc limit $3) x`+strconv.Itoa(len(from)))
	}
	if p.tail != "" {
		args = append(args, p.tail[len(p.tail)-tailDigits:])
		source(`i.last4 = ` + mark(len(args)) + ` and i.last4 <> ''`)
	}
	for _, blind := range p.blinds {
		args = append(args, blind)
		source(`i.head = ` + mark(len(args)))
	}
	rows, err := r.Query(ctx, strings.Join(from, ` union `)+` order by customer_id desc limit $3`, args...)
	return db.Each(rows, err, scanID)
}

// fits leaves out those of some customers who have no number with all that is
// known of it, as far as the actor may see their numbers.
func (b *Book) fits(ctx context.Context, r db.Reader, a *staff.Actor, p *partial, ids []id.ID) ([]id.ID, error) {
	open, err := b.within(ctx, r, a, Revealing, ids)
	if err != nil || len(open) == 0 {
		return ids, err
	}
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	fit := map[id.ID]bool{}
	err = b.eachIdentity(ctx, r, keys, open, func(x Identity, value string) error {
		if !isPhone(x.Kind) {
			return nil
		}
		whole, _, _ := strings.Cut(value, ";")
		n := national(value)
		if p.tail != "" && strings.HasSuffix(whole, p.tail) || slices.ContainsFunc(p.heads, func(h string) bool { return strings.HasPrefix(n, h) }) {
			fit[x.Customer] = true
		}
		return nil
	})
	return slices.DeleteFunc(slices.Clone(ids), func(x id.ID) bool { return slices.Contains(open, x) && !fit[x] }), err
}

const (
	fillChunk = 200 // numbers of one transaction
	fillLot   = 50  // transactions at a time
)

// FillHeads gives numbers of an older store what they are found by when only
// their beginning is known, some thousands at a time.
func (b *Book) FillHeads(ctx context.Context, tenant id.ID) error {
	keys, err := b.Vault.Tenant(ctx, tenant)
	if err != nil {
		return err
	}
	for range fillLot {
		type row struct{ blind, head []byte }
		var list []row
		// Read outside the transaction: most often there is nothing to do.
		rows, err := b.DB.Query(ctx, fmt.Sprintf(`select `+identityColumns+` from customer_identity i join customer k on k.tenant_id = i.tenant_id and k.id = i.origin_id
			where i.tenant_id = $1 and i.head is null and i.kind in ('phone', 'whatsapp') order by i.id limit %d`, fillChunk), int64(tenant))
		list, err = db.Each(rows, err, func(r *sql.Rows) (row, error) {
			x, value, err := scanIdentity(r, keys)
			if err != nil {
				return row{}, err
			}
			head, err := headOf(keys, x.Kind, value)
			return row{x.blind, head}, err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		if err := b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, x := range list {
				if err := tx.Queue(ctx, `update customer_identity set head = $3 where tenant_id = $1 and blind = $2`, int64(tenant), x.blind, x.head); err != nil {
					return err
				}
			}
			return nil
		}); err != nil || len(list) < fillChunk {
			return err
		}
	}
	return nil
}
