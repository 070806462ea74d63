// Package bus carries short messages between the nodes of one installation, by
// LISTEN and NOTIFY of PostgreSQL, so that no broker is needed.
//
// It promises little, and what uses it must live with that: a message reaches
// every other node that is connected at the moment, once and in the order of
// its sender; while the connection is down messages are lost, and after it
// every subscriber is told so. What must not be lost stands in a table; the
// bus only says "look".
//
// Messages are sent outside of transactions and many at a time: a NOTIFY in a
// transaction makes PostgreSQL commit one such transaction after another.
//
// A nil *Bus is that of a single node: it sends to nobody.
package bus

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"zhidan/internal/platform/fault"
)

const (
	// MaxMessage is the longest message. PostgreSQL takes 7,999 bytes; the
	// rest is room for the sender's name.
	MaxMessage = 7900

	channel = "zhidan"
	// maxQueue bounds what waits to be sent while the database is away. What
	// does not fit is counted as lost, and all nodes are told.
	maxQueue = 16384
	maxBatch = 512
	// lingering collects the messages of a moment into one statement.
	linger   = 3 * time.Millisecond
	maxDelay = 5 * time.Second
)

// Config says where the bus runs.
type Config struct {
	URL string // of the database; an engine other than PostgreSQL has no bus
	Log *slog.Logger
}

// Bus is one node's end.
type Bus struct {
	url  string
	log  *slog.Logger
	self string

	mu     sync.Mutex
	subs   map[string][]*sub
	queue  []message
	lost   bool // the queue ran over
	closed bool
	up     bool
	upSig  chan struct{} // closed when up, replaced when down

	send   chan struct{}
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

type message struct{ topic, text string }

type sub struct {
	on  func(text string)
	gap func()
}

// Open starts the two connections of a node, one that listens and one that
// sends. It returns nil for a store that is not PostgreSQL. It does not wait
// for the connections: see Ready.
func Open(c Config) *Bus {
	if !strings.HasPrefix(c.URL, "postgres://") && !strings.HasPrefix(c.URL, "postgresql://") {
		return nil
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	var name [8]byte
	rand.Read(name[:])
	ctx, cancel := context.WithCancel(context.Background())
	b := &Bus{url: c.URL, log: c.Log, self: hex.EncodeToString(name[:]), subs: map[string][]*sub{},
		send: make(chan struct{}, 1), upSig: make(chan struct{}), cancel: cancel}
	b.wg.Add(2)
	go b.listen(ctx)
	go b.sender(ctx)
	return b
}

// Close ends the connections. What is still queued is not sent.
func (b *Bus) Close() {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cancel()
	b.wg.Wait()
}

// Ready waits until this node hears the others.
func (b *Bus) Ready(ctx context.Context) error {
	if b == nil {
		return nil
	}
	for {
		b.mu.Lock()
		up, sig := b.up, b.upSig
		b.mu.Unlock()
		if up {
			return nil
		}
		select {
		case <-sig:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Subscribe calls on for every message of a topic that another node sent, and
// gap whenever messages may have been lost. Both are called one at a time from
// one goroutine and must be quick. The returned function ends it; after that
// a call that was under way may still finish.
func (b *Bus) Subscribe(topic string, on func(text string), gap func()) (cancel func()) {
	if b == nil {
		return func() {}
	}
	s := &sub{on: on, gap: gap}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs[topic] = append(b.subs[topic], s)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		list := b.subs[topic]
		for i, o := range list {
			if o == s {
				b.subs[topic] = append(list[:i:i], list[i+1:]...)
				return
			}
		}
	}
}

// Send queues a message for the other nodes. It does not wait.
func (b *Bus) Send(topic, text string) error {
	if b == nil {
		return nil
	}
	if len(topic)+len(text) > MaxMessage {
		return fault.New(fault.TooLarge, "bus.message", "a message between nodes may have %d bytes", MaxMessage)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	if len(b.queue) >= maxQueue {
		b.lost = true
		return nil
	}
	b.queue = append(b.queue, message{topic, text})
	signal(b.send)
	return nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// The text of a notification is "<sender> <topic> <text>"; the topic "!" says
// that the sender had to drop messages.

func (b *Bus) listen(ctx context.Context) {
	defer b.wg.Done()
	delay := 100 * time.Millisecond
	first := true
	for ctx.Err() == nil {
		conn, err := connect(ctx, b.url, "listen")
		if err == nil {
			_, err = conn.Exec(ctx, "listen "+channel)
		}
		if err == nil {
			delay = 100 * time.Millisecond
			b.setUp(true)
			if !first {
				b.tellGap()
			}
			first = false
			err = b.hear(ctx, conn)
			b.setUp(false)
		}
		if conn != nil {
			conn.Close(context.WithoutCancel(ctx))
		}
		if ctx.Err() != nil {
			return
		}
		b.log.Warn("the connection between nodes is down, trying again", "error", err)
		if !pause(ctx, delay) {
			return
		}
		delay = min(2*delay, maxDelay)
	}
}

func connect(ctx context.Context, url, what string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.ConnectTimeout = 5 * time.Second
	cfg.RuntimeParams["application_name"] = "zhidan " + what
	return pgx.ConnectConfig(ctx, cfg)
}

func (b *Bus) setUp(up bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if up == b.up {
		return
	}
	b.up = up
	if up {
		close(b.upSig)
	} else {
		b.upSig = make(chan struct{})
	}
}

// hear reads notifications until the connection fails. A connection that is
// silent for a while is asked whether it still lives: a peer that vanished
// without a word would otherwise never be noticed.
func (b *Bus) hear(ctx context.Context, conn *pgx.Conn) error {
	for {
		wait, cancel := context.WithTimeout(ctx, 15*time.Second)
		n, err := conn.WaitForNotification(wait)
		quiet := wait.Err() != nil && ctx.Err() == nil
		cancel()
		if err != nil {
			if quiet && !conn.IsClosed() {
				ask, cancel := context.WithTimeout(ctx, 5*time.Second)
				_, err = conn.Exec(ask, "select 1")
				cancel()
				if err == nil {
					continue
				}
			}
			return err
		}
		from, rest, _ := strings.Cut(n.Payload, " ")
		topic, text, _ := strings.Cut(rest, " ")
		if from == b.self {
			continue
		}
		if topic == "!" {
			b.tellGap()
			continue
		}
		b.mu.Lock()
		subs := append([]*sub(nil), b.subs[topic]...)
		b.mu.Unlock()
		for _, s := range subs {
			s.on(text)
		}
	}
}

func (b *Bus) tellGap() {
	b.mu.Lock()
	var all []*sub
	for _, list := range b.subs {
		all = append(all, list...)
	}
	b.mu.Unlock()
	for _, s := range all {
		if s.gap != nil {
			s.gap()
		}
	}
}

func (b *Bus) sender(ctx context.Context) {
	defer b.wg.Done()
	var conn *pgx.Conn
	defer func() {
		if conn != nil {
			conn.Close(context.WithoutCancel(ctx))
		}
	}()
	delay := 100 * time.Millisecond
	for {
		select {
		case <-b.send:
		case <-ctx.Done():
			return
		}
		if !pause(ctx, linger) {
			return
		}
		for {
			batch := b.take()
			if len(batch) == 0 {
				break
			}
			err := error(nil)
			if conn == nil || conn.IsClosed() {
				conn, err = connect(ctx, b.url, "notify")
			}
			if err == nil {
				_, err = conn.Exec(ctx, "select pg_notify($1, m) from unnest($2::text[]) as m", channel, batch)
			}
			if err != nil {
				// Whether it was sent is not known, so the others look anew.
				b.mu.Lock()
				b.lost = true
				b.mu.Unlock()
				b.log.Warn("messages to other nodes were lost", "messages", len(batch), "error", err)
				if conn != nil {
					conn.Close(context.WithoutCancel(ctx))
					conn = nil
				}
				if !pause(ctx, delay) {
					return
				}
				delay = min(2*delay, maxDelay)
				continue
			}
			delay = 100 * time.Millisecond
		}
	}
}

// take makes the next batch of notifications. Equal texts in one batch are sent
// once: PostgreSQL would drop them anyhow.
func (b *Bus) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	if b.lost {
		b.lost = false
		out = append(out, b.self+" ! ")
	}
	n := min(len(b.queue), maxBatch)
	for _, m := range b.queue[:n] {
		out = append(out, b.self+" "+m.topic+" "+m.text)
	}
	b.queue = append(b.queue[:0], b.queue[n:]...)
	return out
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
