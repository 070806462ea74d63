package secret

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

type sqlRows = sql.Rows

func scanBytes(r *sqlRows) ([]byte, error) {
	var b []byte
	err := r.Scan(&b)
	return b, err
}

// ErrSealed is the answer for what does not open: changed, sealed for another
// tenant, owner or purpose, or under a key that was erased.
var ErrSealed = errors.New("secret: the sealed value does not open")

// Tenant seals, opens, blinds and signs for one tenant. All but the rare look
// for a key that another node has made is plain computation.
type Tenant struct {
	vault  *Vault
	id     id.ID
	keys   atomic.Pointer[keys]
	loaded atomic.Int64 // clock, milliseconds
	mu     sync.Mutex   // one reload at a time
	tried  time.Time    // the last search for an unknown key
}

// ID is the tenant.
func (t *Tenant) ID() id.ID { return t.id }

func (t *Tenant) set(k *keys) {
	t.keys.Store(k)
	t.loaded.Store(t.vault.clock.Millis())
}

func (t *Tenant) reload(ctx context.Context) error {
	k, err := t.vault.load(ctx, t.id)
	if err != nil {
		return err
	}
	if k == nil {
		return errors.New("secret: the tenant's keys are gone")
	}
	t.set(k)
	return nil
}

// search reads the keys again for one that this node does not know, at most
// once a second: the key's number may come from a forged token.
func (t *Tenant) search(known func(*keys) bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known(t.keys.Load()) {
		return true
	}
	if time.Since(t.tried) < time.Second {
		return false
	}
	t.tried = time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return t.reload(ctx) == nil && known(t.keys.Load())
}

// Seal encrypts a value for the tenant. The purpose says what and where it is,
// such as "channel.password:42"; only the same purpose opens it.
func (t *Tenant) Seal(purpose string, plain []byte) ([]byte, error) {
	k := t.keys.Load()
	return k.fields[k.field].Encrypt(plain, []byte(purpose))
}

// Open gives back what Seal took, or ErrSealed.
func (t *Tenant) Open(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) < 5 {
		return nil, ErrSealed
	}
	key := binary.BigEndian.Uint32(sealed[1:5]) // Tink: one byte of format, then the key's number
	a := t.keys.Load().fields[key]
	if a == nil {
		if !t.search(func(k *keys) bool { return k.fields[key] != nil }) {
			return nil, ErrSealed
		}
		a = t.keys.Load().fields[key]
	}
	plain, err := a.Decrypt(sealed, []byte(purpose))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// BlindSize is the length of a blind index.
const BlindSize = 16

// Blind is the index of a normalised value for look-ups by equality. Equal
// values of different kinds or tenants have different indexes.
func (t *Tenant) Blind(kind, value string) ([]byte, error) {
	return t.keys.Load().blind.ComputePRF([]byte(kind+"\x00"+value), BlindSize)
}

// Commitment stands for a personal value in a timeline event: two events show
// whether the value was the same, and who has the value and the tenant's key
// can prove it, but the value cannot be read from it.
func (t *Tenant) Commitment(value string) (string, error) {
	h, err := t.keys.Load().commit.ComputePRF([]byte(value), 16)
	return base64.RawURLEncoding.EncodeToString(h), err
}

func (t *Tenant) now() clock.Time { return t.vault.clock.Now() }

// Commitment is that of a tenant whose keys exist. It may stand inside a
// transaction: it makes no keys, and reads them only when this node has not
// used the tenant yet. When the store fails even that, it is empty.
func (v *Vault) Commitment(tenant id.ID, value string) string {
	v.mu.Lock()
	t := v.tenants[tenant]
	v.mu.Unlock()
	if t == nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		k, err := v.load(ctx, tenant)
		if err != nil || k == nil {
			return ""
		}
		t = v.keep(tenant, k)
	}
	c, err := t.Commitment(value)
	if err != nil {
		return ""
	}
	return c
}
