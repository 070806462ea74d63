package secret

import (
	"bytes"
	"container/list"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/subtle/random"
	"github.com/tink-crypto/tink-go/v2/tink"

	"zhidan/internal/platform/id"
)

// Owner seals and opens the personal data of one customer.
type Owner struct{ aead tink.AEAD }

// NewOwner makes a key for an owner. The wrapped key is stored in the owner's
// row; when it is removed there, everything sealed under it is unreadable.
func (t *Tenant) NewOwner(owner id.ID) (wrapped []byte, o *Owner, err error) {
	raw := random.GetRandomBytes(32)
	a, err := subtle.NewAESGCM(raw)
	if err != nil {
		return nil, nil, err
	}
	wrapped, err = t.Seal(ownerPurpose(owner), raw)
	return wrapped, &Owner{a}, err
}

// Owner opens an owner's wrapped key. Opened keys are kept ready, but only for
// who brings the wrapped key: once that is erased, no node can go on with it.
func (t *Tenant) Owner(owner id.ID, wrapped []byte) (*Owner, error) {
	if len(wrapped) == 0 {
		return nil, ErrSealed
	}
	at := ownerKey{t.id, owner}
	if o := t.vault.owners.get(at, wrapped); o != nil {
		return o, nil
	}
	raw, err := t.Open(ownerPurpose(owner), wrapped)
	if err != nil {
		return nil, err
	}
	a, err := subtle.NewAESGCM(raw)
	if err != nil {
		return nil, err
	}
	o := &Owner{a}
	t.vault.owners.put(at, wrapped, o)
	return o, nil
}

// ForgetOwner drops an opened key from memory; call it when the wrapped key
// has been erased.
func (t *Tenant) ForgetOwner(owner id.ID) { t.vault.owners.drop(ownerKey{t.id, owner}) }

func ownerPurpose(owner id.ID) string { return "owner:" + owner.String() }

// Seal encrypts a value of the owner for a purpose.
func (o *Owner) Seal(purpose string, plain []byte) ([]byte, error) {
	return o.aead.Encrypt(plain, []byte(purpose))
}

// Open gives back what Seal took, or ErrSealed.
func (o *Owner) Open(purpose string, sealed []byte) ([]byte, error) {
	plain, err := o.aead.Decrypt(sealed, []byte(purpose))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

type ownerKey struct{ tenant, owner id.ID }

// lru keeps the opened keys that were used last.
type lru struct {
	mu    sync.Mutex
	max   int
	order *list.List // front: used last
	at    map[ownerKey]*list.Element
}

type lruEntry struct {
	key     ownerKey
	wrapped []byte
	owner   *Owner
}

func newLRU(max int) *lru {
	return &lru{max: max, order: list.New(), at: map[ownerKey]*list.Element{}}
}

func (l *lru) get(k ownerKey, wrapped []byte) *Owner {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.at[k]
	if e == nil || !bytes.Equal(e.Value.(*lruEntry).wrapped, wrapped) {
		return nil
	}
	l.order.MoveToFront(e)
	return e.Value.(*lruEntry).owner
}

func (l *lru) put(k ownerKey, wrapped []byte, o *Owner) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.at[k]; e != nil {
		l.order.Remove(e)
	}
	l.at[k] = l.order.PushFront(&lruEntry{k, bytes.Clone(wrapped), o})
	for l.order.Len() > l.max {
		last := l.order.Back()
		l.order.Remove(last)
		delete(l.at, last.Value.(*lruEntry).key)
	}
}

func (l *lru) drop(k ownerKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.at[k]; e != nil {
		l.order.Remove(e)
		delete(l.at, k)
	}
}

func (l *lru) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.order.Len()
}
