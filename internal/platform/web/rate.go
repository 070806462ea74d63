package web

import (
	"hash/maphash"
	"strconv"
	"sync"
	"time"

	"zhidan/internal/platform/clock"
)

// Rate is a token bucket: PerSecond requests on average, Burst at once. A
// PerSecond below zero is no limit.
type Rate struct {
	PerSecond float64
	Burst     float64
}

// Limits are the rates of one node; zero values are the defaults.
type Limits struct {
	Principal Rate // of one credential
	Anonymous Rate // of one address without a credential, or with bad ones
	Strict    Rate // of one address on sign-in and set-up
}

func (l Limits) orDefault() Limits {
	if l.Principal == (Rate{}) {
		l.Principal = Rate{PerSecond: 5000, Burst: 10000}
	}
	if l.Anonymous == (Rate{}) {
		l.Anonymous = Rate{PerSecond: 50, Burst: 200}
	}
	// A whole floor of agents may sit behind one address at nine o'clock.
	if l.Strict == (Rate{}) {
		l.Strict = Rate{PerSecond: 1, Burst: 60}
	}
	return l
}

type rates struct{ principal, anonymous, strict buckets }

func (r *rates) init(l Limits, c *clock.Clock) {
	r.principal.init(l.Principal, c)
	r.anonymous.init(l.Anonymous, c)
	r.strict.init(l.Strict, c)
}

// buckets holds one token bucket per key, in shards so that cores do not wait
// for each other, and forgets those that are full again.
type buckets struct {
	rate   Rate
	clock  *clock.Clock
	seed   maphash.Seed
	shards [16]shard
}

type shard struct {
	mu sync.Mutex
	m  map[string]bucket
	// next is the size at which full buckets are looked for.
	next int
}

type bucket struct {
	tokens float64
	at     clock.Time
}

const sweepAt = 1024

func (b *buckets) init(r Rate, c *clock.Clock) {
	b.rate, b.clock, b.seed = r, c, maphash.MakeSeed()
	for i := range b.shards {
		b.shards[i] = shard{m: map[string]bucket{}, next: sweepAt}
	}
}

// take takes one token, or says when one will be there.
func (b *buckets) take(key string) error {
	if b.rate.PerSecond < 0 {
		return nil
	}
	now := b.clock.Now()
	s := &b.shards[maphash.String(b.seed, key)%uint64(len(b.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.m[key]
	if !ok {
		if len(s.m) >= s.next {
			b.sweep(s, now)
		}
		v = bucket{tokens: b.rate.Burst, at: now}
	}
	v.tokens = b.filled(v, now) - 1
	v.at = now
	if v.tokens < 0 {
		wait := time.Duration(-v.tokens / b.rate.PerSecond * float64(time.Second))
		v.tokens++
		s.m[key] = v
		return retryAfter("rate.limited", wait, "too many requests")
	}
	s.m[key] = v
	return nil
}

func (b *buckets) filled(v bucket, now clock.Time) float64 {
	return min(b.rate.Burst, v.tokens+b.rate.PerSecond*max(0, now.Sub(v.at).Seconds()))
}

func (b *buckets) sweep(s *shard, now clock.Time) {
	for k, v := range s.m {
		if b.filled(v, now) >= b.rate.Burst {
			delete(s.m, k)
		}
	}
	s.next = max(sweepAt, 2*len(s.m))
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
