// Package keep holds in memory what was read of each tenant, until it changes.
//
// It promises that nothing is kept that was read before a change of which this
// node knows: who reads takes a Mark first, and what comes back after a change
// is used by the reader and not kept. A change on this node counts at once; one
// of another node as soon as the bus says so, and when the bus may have lost
// messages everything is read anew.
//
// What is kept is shared by all who ask, so it must not be changed.
package keep

import (
	"sync"

	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/id"
)

// Tenants keeps one V of each tenant. It is safe for concurrent use.
type Tenants[V any] struct {
	bus   *bus.Bus
	topic string

	mu    sync.RWMutex
	kept  map[id.ID]V
	drops Mark
}

// Mark is a moment between two changes.
type Mark int64

// New makes an empty one. The nodes tell each other of changes by the topic; a
// nil bus is that of a single node.
func New[V any](b *bus.Bus, topic string) *Tenants[V] {
	k := &Tenants[V]{bus: b, topic: topic, kept: map[id.ID]V{}}
	b.Subscribe(topic, func(text string) {
		if tenant, err := id.Parse(text); err == nil {
			k.Drop(tenant)
		}
	}, k.dropAll)
	return k
}

// Get is what is kept of a tenant, if anything is, and the mark with which to
// keep what is read instead.
func (k *Tenants[V]) Get(tenant id.ID) (v V, ok bool, mark Mark) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	v, ok = k.kept[tenant]
	return v, ok, k.drops
}

// Put keeps what was read since the mark, unless something has changed
// meanwhile.
func (k *Tenants[V]) Put(tenant id.ID, v V, mark Mark) {
	k.Join(tenant, mark, func(V, bool) V { return v })
}

// Join is Put for what takes something over from its predecessor, if there is
// one. join runs under the lock and must be quick.
func (k *Tenants[V]) Join(tenant id.ID, mark Mark, join func(was V, ok bool) V) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if mark == k.drops {
		was, ok := k.kept[tenant]
		k.kept[tenant] = join(was, ok)
	}
}

// Drop forgets what is kept of a tenant, on this node.
func (k *Tenants[V]) Drop(tenant id.ID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, tenant)
	k.drops++
}

func (k *Tenants[V]) dropAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.kept)
	k.drops++
}

// Changed forgets what is kept of a tenant on every node. It is called after
// the commit of the change.
func (k *Tenants[V]) Changed(tenant id.ID) {
	k.Drop(tenant)
	_ = k.bus.Send(k.topic, tenant.String()) // when it is lost, every node is told of a gap
}
