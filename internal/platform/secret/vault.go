// Package secret keeps what must not be readable in the store.
//
// A master key (a file beside the data, or bytes from the environment) wraps
// each tenant's data keys; a tenant's key wraps one small key for each owner of
// personal data (a customer), so that forgetting that one key makes all that
// was sealed under it unreadable, in backups too. It promises:
//
//   - what is sealed opens only for the same tenant, the same owner and the
//     same purpose; a changed byte is an error, never other text;
//   - after Rotate new values are sealed under the new key and old ones open;
//   - equal values of one kind have equal blind indexes inside a tenant, so
//     that they can be looked up, and nothing else can be learned from them;
//   - a wrong or lost master key is a clear error at start, before anything is
//     written.
//
// Keys are read and made through the database; sealing, opening, blinding and
// signing are plain computation, so that they can be done before a transaction.
// Cryptography is Tink's: AES-256-GCM and HMAC-SHA256.
package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Purposes of a tenant's keys. Field and Sign can be rotated; blind indexes and
// commitments are compared with stored ones, so their keys stay.
const (
	PurposeField  = "field"
	PurposeBlind  = "blind"
	PurposeCommit = "commit"
	PurposeSign   = "sign"

	purposeCheck = "check"
)

var purposes = []string{PurposeField, PurposeBlind, PurposeCommit, PurposeSign}

// refresh is how long a node goes on with the keys it has read, before it looks
// for a rotation that another node made. Unknown keys are looked for at once.
const refresh = 10 * time.Minute

// Config says where the master key is.
type Config struct {
	DB    *db.DB
	IDs   *id.Source
	Clock *clock.Clock
	Log   *slog.Logger
	// MasterKey holds the key itself, in base64 or hex (from the environment
	// or a key service). When empty, MasterFile is read, and made at the
	// first start.
	MasterKey  Text
	MasterFile string
	OwnerCache int // keys of owners kept ready; 0 = 4096
}

// Vault holds the master key and the keys of tenants that it has opened.
type Vault struct {
	db     *db.DB
	ids    *id.Source
	clock  *clock.Clock
	master *master
	owners *lru

	mu      sync.Mutex
	tenants map[id.ID]*Tenant
}

// Open finds the master key and checks that it is the one of this store.
func Open(ctx context.Context, c Config) (*Vault, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.OwnerCache == 0 {
		c.OwnerCache = 4096
	}
	v := &Vault{db: c.DB, ids: c.IDs, clock: c.Clock, tenants: map[id.ID]*Tenant{}, owners: newLRU(c.OwnerCache)}
	check, err := v.checkRow(ctx)
	if err != nil {
		return nil, err
	}
	made := false
	switch {
	case c.MasterKey.Reveal() != "":
		v.master, err = parseMaster(c.MasterKey.Reveal(), "the configured master key")
	case c.MasterFile == "":
		err = errors.New("secret: no master key is configured")
	default:
		v.master, err = readMaster(c.MasterFile)
		if errors.Is(err, errNoMaster) {
			if check != nil {
				return nil, fmt.Errorf("secret: %s is missing, but the store holds data sealed with it; put it back from your copy", c.MasterFile)
			}
			v.master, made, err = makeMaster(c.MasterFile)
		}
		if st, serr := os.Stat(c.MasterFile); serr == nil && st.Mode().Perm()&0o077 != 0 {
			c.Log.Warn("the master key can be read by other users of this machine; set its mode to 0600", "file", c.MasterFile)
		}
	}
	if err != nil {
		return nil, err
	}
	if check == nil {
		if check, err = v.writeCheck(ctx); err != nil {
			return nil, err
		}
	}
	if _, err := v.master.unwrap(check, wrapAAD(0, 0, purposeCheck)); err != nil {
		if made { // another node was first with its own key; ours never sealed anything
			_ = os.Remove(c.MasterFile)
		}
		return nil, err
	}
	return v, nil
}

func (v *Vault) checkRow(ctx context.Context) ([]byte, error) {
	rows, err := v.db.Query(ctx, `select wrapped from secret_key where tenant_id = 0 and purpose = $1 and retired_at is null`, purposeCheck)
	found, err := db.Each(rows, err, scanBytes)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// writeCheck marks a fresh store with the master key and gives back the mark
// that counts: of several nodes that start at once, the first one's.
func (v *Vault) writeCheck(ctx context.Context) ([]byte, error) {
	w, err := v.master.wrap([]byte("zhidan"), wrapAAD(0, 0, purposeCheck))
	if err != nil {
		return nil, err
	}
	err = v.db.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error {
		return v.insert(ctx, tx, 0, v.ids.Next(), purposeCheck, w)
	})
	if err != nil {
		return nil, err
	}
	return v.checkRow(ctx)
}

func (v *Vault) insert(ctx context.Context, tx *db.Tx, tenant, key id.ID, purpose string, wrapped []byte) error {
	_, err := tx.Exec(ctx, `insert into secret_key (tenant_id, id, purpose, wrapped, created_at) values ($1,$2,$3,$4,$5)
		on conflict (tenant_id, purpose) where retired_at is null do nothing`,
		int64(tenant), int64(key), purpose, wrapped, v.clock.Millis())
	return err
}

func wrapAAD(tenant, key id.ID, purpose string) string {
	return "zhidan/secret/1|" + tenant.String() + "|" + key.String() + "|" + purpose
}

// Tenant gives the keys of a tenant, and makes them when it has none yet. The
// first call for a tenant uses the database and must not come inside a
// transaction; later ones cost a map look-up.
func (v *Vault) Tenant(ctx context.Context, tenant id.ID) (*Tenant, error) {
	if tenant == 0 {
		return nil, errors.New("secret: no tenant")
	}
	v.mu.Lock()
	t := v.tenants[tenant]
	v.mu.Unlock()
	if t != nil {
		if v.clock.Now().Sub(clock.Time(t.loaded.Load())) > refresh {
			if err := t.reload(ctx); err != nil {
				return nil, err
			}
		}
		return t, nil
	}
	k, err := v.load(ctx, tenant)
	if err != nil {
		return nil, err
	}
	if k == nil {
		if err := v.makeKeys(ctx, tenant); err != nil {
			return nil, err
		}
		if k, err = v.load(ctx, tenant); err != nil {
			return nil, err
		}
		if k == nil {
			return nil, errors.New("secret: the tenant's keys are not there after they were made")
		}
	}
	return v.keep(tenant, k), nil
}

// keep remembers the tenant, or gives the one that was kept before.
func (v *Vault) keep(tenant id.ID, k *keys) *Tenant {
	t := &Tenant{vault: v, id: tenant}
	t.set(k)
	v.mu.Lock()
	defer v.mu.Unlock()
	if had := v.tenants[tenant]; had != nil {
		return had
	}
	v.tenants[tenant] = t
	return t
}

// keys are the open keys of one tenant, by Tink's key id. They do not change;
// a rotation makes a new value.
type keys struct {
	fields        map[uint32]tink.AEAD
	signs         map[uint32]prf.PRF
	field, sign   uint32 // the ones in use
	blind, commit prf.PRF
}

// load is nil when the tenant has not all its keys.
func (v *Vault) load(ctx context.Context, tenant id.ID) (*keys, error) {
	type row struct {
		key     id.ID
		purpose string
		wrapped []byte
		active  bool
	}
	rows, err := v.db.Query(ctx, `select id, purpose, wrapped, retired_at is null from secret_key where tenant_id = $1 order by id`, int64(tenant))
	found, err := db.Each(rows, err, func(r *sqlRows) (row, error) {
		var k row
		err := r.Scan(&k.key, &k.purpose, &k.wrapped, &k.active)
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("secret: keys of tenant %s: %w", tenant, err)
	}
	k := &keys{fields: map[uint32]tink.AEAD{}, signs: map[uint32]prf.PRF{}}
	for _, r := range found {
		h, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(r.wrapped)),
			wrapper{v.master}, []byte(wrapAAD(tenant, r.key, r.purpose)))
		if err != nil {
			return nil, fmt.Errorf("secret: key %s of tenant %s: %w", r.key, tenant, err)
		}
		if r.purpose == PurposeField {
			e, err := h.Primary()
			if err != nil {
				return nil, err
			}
			a, err := aead.New(h)
			if err != nil {
				return nil, err
			}
			k.fields[e.KeyID()] = a
			if r.active {
				k.field = e.KeyID()
			}
			continue
		}
		set, err := prf.NewPRFSet(h)
		if err != nil {
			return nil, err
		}
		p := set.PRFs[set.PrimaryID]
		switch r.purpose {
		case PurposeBlind:
			k.blind = p
		case PurposeCommit:
			k.commit = p
		case PurposeSign:
			k.signs[set.PrimaryID] = p
			if r.active {
				k.sign = set.PrimaryID
			}
		}
	}
	if k.field == 0 || k.sign == 0 || k.blind == nil || k.commit == nil {
		return nil, nil
	}
	return k, nil
}

// wrapper lets Tink write and read keysets under the master key.
type wrapper struct{ m *master }

func (w wrapper) Encrypt(plain, aad []byte) ([]byte, error) { return w.m.wrap(plain, string(aad)) }
func (w wrapper) Decrypt(ct, aad []byte) ([]byte, error)    { return w.m.unwrap(ct, string(aad)) }

func (v *Vault) makeKey(tenant id.ID, purpose string) (id.ID, []byte, error) {
	var t *tinkpb.KeyTemplate
	if purpose == PurposeField {
		t = aead.AES256GCMKeyTemplate()
	} else {
		t = prf.HMACSHA256PRFKeyTemplate()
	}
	h, err := keyset.NewHandle(t)
	if err != nil {
		return 0, nil, err
	}
	key := v.ids.Next()
	var out bytes.Buffer
	err = h.WriteWithAssociatedData(keyset.NewBinaryWriter(&out), wrapper{v.master}, []byte(wrapAAD(tenant, key, purpose)))
	return key, out.Bytes(), err
}

func (v *Vault) makeKeys(ctx context.Context, tenant id.ID) error {
	type fresh struct {
		key     id.ID
		wrapped []byte
	}
	made := map[string]fresh{}
	for _, p := range purposes {
		key, w, err := v.makeKey(tenant, p)
		if err != nil {
			return err
		}
		made[p] = fresh{key, w}
	}
	return v.db.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error {
		for _, p := range purposes {
			if err := v.insert(ctx, tx, tenant, made[p].key, p, made[p].wrapped); err != nil {
				return err
			}
		}
		return nil
	})
}

// Rotate makes a new key for a purpose of the tenant. What the old keys sealed
// or signed is still accepted.
func (v *Vault) Rotate(ctx context.Context, tenant id.ID, purpose string) error {
	if purpose != PurposeField && purpose != PurposeSign {
		return fault.Bad("purpose", "secret.purpose", "only keys for %s and %s can be rotated", PurposeField, PurposeSign)
	}
	t, err := v.Tenant(ctx, tenant)
	if err != nil {
		return err
	}
	key, w, err := v.makeKey(tenant, purpose)
	if err != nil {
		return err
	}
	err = v.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update secret_key set retired_at = $1 where tenant_id = $2 and purpose = $3 and retired_at is null`,
			v.clock.Millis(), int64(tenant), purpose)
		if err != nil {
			return err
		}
		return v.insert(ctx, tx, tenant, key, purpose, w)
	})
	if err != nil {
		return err
	}
	return t.reload(ctx)
}

// Rewrap wraps every tenant key with the first master key, after which the
// other master keys can be taken away. It says how many it wrapped anew.
func (v *Vault) Rewrap(ctx context.Context) (int, error) {
	type row struct {
		tenant, key id.ID
		purpose     string
		wrapped     []byte
	}
	done := 0
	for at := (row{tenant: -1}); ; {
		rows, err := v.db.Query(ctx, `select tenant_id, id, purpose, wrapped from secret_key
			where (tenant_id, id) > ($1, $2) order by tenant_id, id limit 200`, int64(at.tenant), int64(at.key))
		page, err := db.Each(rows, err, func(r *sqlRows) (row, error) {
			var k row
			err := r.Scan(&k.tenant, &k.key, &k.purpose, &k.wrapped)
			return k, err
		})
		if err != nil || len(page) == 0 {
			return done, err
		}
		at = page[len(page)-1]
		for _, r := range page {
			w, ok, err := v.rewrap(r.tenant, r.key, r.purpose, r.wrapped)
			if err != nil {
				return done, err
			}
			if !ok {
				continue
			}
			err = v.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `update secret_key set wrapped = $1 where tenant_id = $2 and id = $3`, w, int64(r.tenant), int64(r.key))
				return err
			})
			if err != nil {
				return done, err
			}
			done++
		}
	}
}

func (v *Vault) rewrap(tenant, key id.ID, purpose string, wrapped []byte) ([]byte, bool, error) {
	if purpose == purposeCheck { // not a keyset, and its row's id is not bound
		if v.master.current(wrapped) {
			return nil, false, nil
		}
		plain, err := v.master.unwrap(wrapped, wrapAAD(0, 0, purpose))
		if err != nil {
			return nil, false, err
		}
		w, err := v.master.wrap(plain, wrapAAD(0, 0, purpose))
		return w, true, err
	}
	aad := []byte(wrapAAD(tenant, key, purpose))
	spy := &watcher{wrapper: wrapper{v.master}}
	h, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(wrapped)), spy, aad)
	if err != nil || spy.current {
		return nil, false, err
	}
	var out bytes.Buffer
	err = h.WriteWithAssociatedData(keyset.NewBinaryWriter(&out), wrapper{v.master}, aad)
	return out.Bytes(), true, err
}

// watcher notes whether a keyset that Tink unwraps is under the first key.
type watcher struct {
	wrapper
	current bool
}

func (w *watcher) Decrypt(ct, aad []byte) ([]byte, error) {
	w.current = w.m.current(ct)
	return w.wrapper.Decrypt(ct, aad)
}
