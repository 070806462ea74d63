package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// A POST with an Idempotency-Key has its effect once, however often it is
// sent. How, for one insert and no read on the way that matters:
//
//   - The key is inserted by a hook of the operation's first write transaction,
//     so that key and effect are one commit. Somebody who sends the key again
//     either runs into the row, and his transaction is rolled back, or fails
//     before (what he asks for has been done already); in both cases the row is
//     then found and its answer is sent instead.
//   - Requests with the same key on this node wait for the first one, those on
//     another node wait in the insert until the first one's commit.
//   - An operation may put its answer into the row by Keep. Else the answer is
//     written right after it was sent; a crash between the two loses the
//     answer, not the promise: the repeated request is told so (409).
//   - A request that failed without effect leaves no row and may be repeated.
//
// The hash over method, path and body tells a repetition from a mistake.

const (
	maxKey    = 255
	maxAnswer = 1 << 20
	// waitForFirst is how long a repetition waits for the first request.
	waitForFirst = 10 * time.Second
	// waitForAnswer is how long it waits for the answer of an effect that is
	// already committed, which only another node can still be writing.
	waitForAnswer = 2 * time.Second
	// answerLost is the age at which a missing answer will not come any more.
	answerLost = 30 * time.Second
)

// keptHeaders go with a kept answer.
var keptHeaders = []string{"Etag", "Location"}

// errKeyTaken is what the hook returns to roll back a repetition.
var errKeyTaken = fault.New(fault.Conflict, "idempotency.in_progress", "a request with this key is being worked on").With("retry_after", "1")

// idempotent is the state of one request with a key.
type idempotent struct {
	tenant    id.ID
	principal string
	key       string
	body      *hashedBody
	first     []byte // method and path, the beginning of what is hashed
	now       clock.Time

	committed bool // our row is there
	taken     bool // somebody else's row is there, or is about to be
	kept      answer
	status    int // of the answer held back
	holding   bool
	buf       bytes.Buffer
}

// answer is what a row remembers.
type answer struct {
	status      int
	contentType string
	header      string // JSON of keptHeaders
	body        []byte
	hash        []byte
	createdAt   clock.Time
}

// Keeps reports whether this request has a key, so that work for Keep alone can
// be spared.
func Keeps(ctx context.Context) bool {
	c := callOf(ctx)
	return c != nil && c.idem != nil
}

// Keep puts the answer of an operation into the same commit as its effect. It
// is called inside the operation's transaction, with what the operation will
// answer and, in pairs, the ETag and Location headers. Without a key it does
// nothing.
func Keep(ctx context.Context, status int, body any, header ...string) error {
	c := callOf(ctx)
	if c == nil || c.idem == nil || c.op.SecretOut {
		return nil
	}
	var b bytes.Buffer
	if err := encode(&b, body); err != nil {
		return err
	}
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	c.idem.kept = answer{status: status, contentType: "application/json", header: headerJSON(h), body: b.Bytes()}
	return nil
}

// keeps says whether the key of this request counts.
func (a *API) keeps(c *Call, r *http.Request) bool {
	return a.cfg.DB != nil && r.Method == http.MethodPost && c.principal != nil && !c.op.Public
}

// once runs the operation, or answers as it was answered before.
func (a *API) once(ctx context.Context, c *Call, r *http.Request, key string, next http.HandlerFunc) {
	if len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r < 0x21 || r > 0x7e }) {
		a.writeProblem(c, r, describe(fault.Bad("Idempotency-Key", "idempotency.key", "the key has 1 to %d visible ASCII characters", maxKey)))
		return
	}
	fk := flightKey{c.principal.TenantID(), c.principal.Key(), key}
	s := &idempotent{
		tenant: fk.tenant, principal: fk.principal, key: key, now: a.cfg.Clock.Now(),
		first: []byte(r.Method + " " + r.URL.RequestURI() + "\n"),
		body:  hashBody(r.Body, c.op.MaxBody, c.op.SecretIn),
	}
	s.body.sum.Write(s.first)
	r.Body = s.body

	// One at a time on this node; who had to wait looks for an answer first.
	deadline := time.NewTimer(waitForFirst)
	defer deadline.Stop()
	for {
		first, mine := a.flights.enter(fk)
		if mine {
			break
		}
		select {
		case <-first:
		case <-deadline.C:
			a.writeProblem(c, r, inProgress())
			return
		case <-ctx.Done():
			a.writeProblem(c, r, a.problem(ctx, ctx.Err()))
			return
		}
		if done, err := a.replay(ctx, c, r, s); done || err != nil {
			if err != nil {
				a.writeProblem(c, r, a.problem(ctx, err))
			}
			return
		}
	}
	defer a.flights.leave(fk)

	if !c.op.hasBody {
		s.body.drain()
	}
	before := c.Header().Clone()
	c.idem, s.holding = s, true
	next(c, r.WithContext(db.WithTxHook(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := a.witness(ctx, c, tx); err != nil {
			return err
		}
		return s.insert(ctx, tx)
	})))
	c.idem, s.holding = nil, false
	if !s.committed {
		// No effect of ours. Was there one before?
		fresh := c.Header().Clone()
		restore(c.Header(), before)
		done, err := a.replay(ctx, c, r, s)
		if done {
			return
		}
		if err != nil {
			a.writeProblem(c, r, a.problem(ctx, err))
			return
		}
		restore(c.Header(), fresh)
	}
	s.release(c)
	if s.committed && s.kept.status == 0 && !c.op.SecretOut {
		// The client need not wait for the answer to be written down.
		http.NewResponseController(c.ResponseWriter).Flush()
		if err := a.store(context.WithoutCancel(ctx), c, s); err != nil {
			a.cfg.Log.Error("idempotency: answer not kept", "request_id", c.id, "error", err)
		}
	}
}

// insert is the hook: it runs in the operation's transaction, at its end.
func (s *idempotent) insert(ctx context.Context, tx *db.Tx) error {
	taken := func() error {
		s.taken = true
		return errKeyTaken
	}
	err := tx.QueueUnique(ctx, taken, `insert into idempotency (tenant_id, principal, key, hash, status, content_type, header, answer, created_at)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
		s.tenant, s.principal, s.key, s.body.digest(), s.kept.status, s.kept.contentType, s.kept.header, s.kept.body, int64(s.now))
	if err != nil {
		return err
	}
	tx.AfterCommit(func() { s.committed = true })
	return nil
}

// store writes the answer that was sent into the row.
func (a *API) store(ctx context.Context, c *Call, s *idempotent) error {
	body := s.buf.Bytes()
	if len(body) > maxAnswer {
		return errors.New("the answer is too large to be kept")
	}
	ct := c.Header().Get("Content-Type")
	header := headerJSON(c.Header())
	return a.cfg.DB.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update idempotency set status = $4, content_type = $5, header = $6, answer = $7
			where tenant_id = $1 and principal = $2 and key = $3`, s.tenant, s.principal, s.key, s.status, ct, header, body)
		return err
	})
}

// replay sends the answer that the key had, when there is one. It says
// whether the request is answered.
func (a *API) replay(ctx context.Context, c *Call, r *http.Request, s *idempotent) (bool, error) {
	until := time.Now().Add(waitForAnswer)
	for {
		row, err := a.lookup(ctx, s)
		missing := errors.Is(err, sql.ErrNoRows)
		if missing && (!s.taken || time.Now().After(until)) {
			return false, nil
		}
		if err != nil && !missing {
			return false, err
		}
		s.body.drain()
		if !missing && !bytes.Equal(row.hash, s.body.digest()) {
			return false, fault.Bad("Idempotency-Key", "idempotency.mismatch", "this key was used for another request")
		}
		switch {
		case missing: // the commit that we ran into is under way
		case row.status != 0:
			h := c.Header()
			var kept map[string]string
			if json.Unmarshal([]byte(row.header), &kept) == nil {
				for k, v := range kept {
					h.Set(k, v)
				}
			}
			if row.contentType != "" {
				h.Set("Content-Type", row.contentType)
			}
			h.Set("Idempotency-Replayed", "true")
			c.WriteHeader(row.status)
			if len(row.body) > 0 {
				c.Write(row.body)
			}
			return true, nil
		case c.op.SecretOut || a.cfg.Clock.Now().Sub(row.createdAt) > answerLost:
			return false, fault.New(fault.Conflict, "idempotency.answer_lost", "the request was carried out, but its answer is lost; read the present state")
		case time.Now().After(until):
			a.writeProblem(c, r, inProgress())
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (a *API) lookup(ctx context.Context, s *idempotent) (answer, error) {
	var v answer
	err := a.cfg.DB.QueryRow(ctx, `select hash, status, content_type, header, answer, created_at from idempotency
		where tenant_id = $1 and principal = $2 and key = $3`, s.tenant, s.principal, s.key).
		Scan(&v.hash, &v.status, &v.contentType, &v.header, &v.body, (*int64)(&v.createdAt))
	return v, err
}

func inProgress() *Problem {
	p := describe(errKeyTaken)
	p.header = http.Header{"Retry-After": {"1"}}
	return p
}

// PurgeIdempotency forgets keys older than before, at most limit of them, and
// says how many. It is for the whole house, not for one tenant.
func PurgeIdempotency(ctx context.Context, tx *db.Tx, before clock.Time, limit int) (int64, error) {
	type row struct {
		tenant         id.ID
		principal, key string
	}
	rows, err := tx.Query(ctx, `select tenant_id, principal, key from idempotency where created_at < $1 order by created_at limit $2`, int64(before), limit)
	old, err := db.Each(rows, err, func(r *sql.Rows) (row, error) {
		var v row
		return v, r.Scan(&v.tenant, &v.principal, &v.key)
	})
	if err != nil {
		return 0, err
	}
	var n int64
	for _, v := range old {
		m, err := tx.Exec(ctx, `delete from idempotency where tenant_id = $1 and principal = $2 and key = $3`, v.tenant, v.principal, v.key)
		if err != nil {
			return n, err
		}
		n += m
	}
	return n, nil
}

// ForgetAnswers removes the answers that are kept for a tenant, but not the
// keys: for the erasure of a person, of whom answers may speak.
func ForgetAnswers(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	_, err := tx.Exec(ctx, `update idempotency set status = 0, header = '', answer = null where tenant_id = $1 and status <> 0`, tenant)
	return err
}

// hold keeps the answer back until it is known whether it counts.
func (s *idempotent) hold(status int) bool {
	if !s.holding {
		return false
	}
	if s.status == 0 {
		s.status = status
	}
	return true
}

// release sends the answer that was held back.
func (s *idempotent) release(c *Call) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	c.WriteHeader(s.status)
	if s.buf.Len() > 0 {
		c.Write(s.buf.Bytes())
	}
}

func headerJSON(h http.Header) string {
	kept := map[string]string{}
	for _, k := range keptHeaders {
		if v := h.Get(k); v != "" {
			kept[k] = v
		}
	}
	if len(kept) == 0 {
		return ""
	}
	b, _ := json.Marshal(kept)
	return string(b)
}

func restore(h, to http.Header) {
	clear(h)
	for k, v := range to {
		h[k] = slices.Clone(v)
	}
}

// hashedBody hashes a body while the operation reads it.
type hashedBody struct {
	io.ReadCloser
	sum  hash.Hash
	left int64
	end  bool
	// secret bodies are left out: a plain hash of a password can be guessed.
	secret bool
}

func hashBody(b io.ReadCloser, limit int64, secret bool) *hashedBody {
	if b == nil {
		b = http.NoBody
	}
	return &hashedBody{ReadCloser: b, sum: sha256.New(), left: limit, secret: secret}
}

func (b *hashedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if !b.secret {
		b.sum.Write(p[:n])
	}
	b.left -= int64(n)
	if err != nil {
		b.end = true
	}
	return n, err
}

// Close leaves the body open for drain; net/http closes it in the end.
func (b *hashedBody) Close() error { return nil }

// drain reads what the operation left unread.
func (b *hashedBody) drain() {
	var p [4096]byte
	for !b.end && b.left >= 0 {
		b.Read(p[:])
	}
}

func (b *hashedBody) digest() []byte { return b.sum.Sum(nil) }

// flights are the requests with a key that run on this node now.
type flights struct {
	mu  sync.Mutex
	now map[flightKey]chan struct{}
}

type flightKey struct {
	tenant         id.ID
	principal, key string
}

func (f *flights) init() { f.now = map[flightKey]chan struct{}{} }

// enter makes the caller the one who runs, or gives a channel that is closed
// when the one who does has finished.
func (f *flights) enter(k flightKey) (<-chan struct{}, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.now[k]; ok {
		return c, false
	}
	f.now[k] = make(chan struct{})
	return nil, true
}

func (f *flights) leave(k flightKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.now[k])
	delete(f.now, k)
}
