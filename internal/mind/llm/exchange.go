package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"zhidan/internal/platform/fault"
)

// alarm ends an attempt when a step takes too long.
type alarm struct {
	mu     sync.Mutex
	timer  *time.Timer
	cancel context.CancelCauseFunc
	over   bool
}

// set replaces the alarm that is pending.
func (a *alarm) set(d time.Duration, outcome string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
	}
	if !a.over {
		a.timer = time.AfterFunc(d, func() { a.cancel(timeoutCause(outcome)) })
	}
}

func (a *alarm) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	if a.timer != nil {
		a.timer.Stop()
	}
}

// exchange makes one HTTP exchange. sent says that the provider may have begun
// to work, and so to charge.
func (c *call) exchange(ctx context.Context, e *endpoint, q *prompt) (rep reply, sent bool, f *failure) {
	ctx, stop := context.WithTimeoutCause(ctx, c.plan.Attempt, timeoutCause(OutcomeAttempt))
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a := &alarm{cancel: cancel}
	defer a.stop()
	var wrote atomic.Bool

	path, contentType, header, body, err := e.wire.request(e.Provider, q, c.fn != nil)
	if err != nil {
		return reply{}, false, &failure{outcome: OutcomeIncapable, err: ErrRejected, detail: err.Error()}
	}
	afterConnect := func() {
		if c.fn != nil {
			a.set(c.plan.FirstToken, OutcomeFirst)
		} else {
			a.set(c.plan.Attempt, OutcomeAttempt)
		}
	}
	a.set(c.plan.Connect, OutcomeConnect)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { afterConnect() },
		WroteHeaders: func() { wrote.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url(path), bytes.NewReader(body))
	if err != nil {
		return reply{}, false, &failure{outcome: OutcomeRejected, err: ErrRejected, detail: "the address is wrong"}
	}
	req.Header = header
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", "zhidan")
	resp, err := c.c.http.Do(req)
	if err != nil {
		if f := ended(ctx); f != nil {
			return reply{}, wrote.Load(), f
		}
		f := &failure{outcome: OutcomeNetwork, err: ErrServer, detail: "no connection with " + hostOf(e.BaseURL), retry: true, sick: true}
		var refused *fault.Error
		if errors.As(err, &refused) { // by the guard, for good
			f.detail, f.retry = f.detail+": "+refused.Message, false
		}
		return reply{}, wrote.Load(), f
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return reply{}, false, c.refusal(resp, e)
	}
	limited := &limitReader{r: resp.Body, left: e.MaxBytes}
	if c.fn != nil {
		rep, f = c.stream(ctx, e, limited, a)
	} else {
		rep, f = c.whole(ctx, e, q, limited, a)
	}
	if f == nil && rep.finish == "declined" {
		f = &failure{outcome: OutcomeDeclined, err: ErrDeclined}
	}
	return rep, true, f
}

// whole reads an answer in one piece. Blank lines, by which some providers keep
// a waiting connection open, are no progress.
func (c *call) whole(ctx context.Context, e *endpoint, q *prompt, body io.Reader, a *alarm) (reply, *failure) {
	var b bytes.Buffer
	buf := make([]byte, 16<<10)
	for {
		n, err := body.Read(buf)
		p := buf[:n]
		if b.Len() == 0 {
			p = bytes.TrimLeft(p, " \r\n\t")
		}
		if len(p) > 0 {
			a.set(c.plan.Stall, OutcomeStall)
			b.Write(p)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return reply{}, readFailure(ctx, err)
		}
	}
	if b.Len() == 0 {
		return reply{}, readFailure(ctx, io.ErrUnexpectedEOF)
	}
	rep, err := e.wire.answer(b.Bytes(), q)
	if err != nil {
		return rep, formatFailure(err, e)
	}
	if c.rec.FirstToken == 0 {
		c.rec.FirstToken = time.Since(c.started)
	}
	t := thinking{}
	text := t.write(rep.text)
	rep.text = text + t.flush()
	if c.p.schema == nil {
		rep.text = c.p.redactor.Restore(rep.text)
	}
	return rep, nil
}

// stream reads an answer in pieces and hands them over.
func (c *call) stream(ctx context.Context, e *endpoint, body io.Reader, a *alarm) (rep reply, f *failure) {
	var text strings.Builder
	t := thinking{}
	restore := c.p.redactor.Stream()
	var stopped error
	emit := func(s string) bool {
		if s == "" {
			return true
		}
		text.WriteString(s)
		c.emitted = true
		if stopped = c.fn(s); stopped != nil {
			return false
		}
		return true
	}
	err := readEvents(body, func(_ string, data []byte) (bool, error) {
		if err := context.Cause(ctx); err != nil { // data may lie ready after the switch
			return false, err
		}
		delta, last, err := e.wire.event(data, &rep)
		if err != nil {
			return false, err
		}
		if delta != "" {
			if c.rec.FirstToken == 0 {
				c.rec.FirstToken = time.Since(c.started)
			}
			a.set(c.plan.Stall, OutcomeStall)
			if !emit(restore.Write(t.write(delta))) {
				return false, stopped
			}
		}
		return !last, nil
	})
	switch {
	case stopped != nil:
		return rep, &failure{outcome: OutcomeStopped, err: ErrCancelled, final: true, cause: stopped}
	case err == io.EOF && rep.finish != "": // the last event is missing, the answer is not
	case err == io.EOF:
		return rep, readFailure(ctx, io.ErrUnexpectedEOF)
	case err != nil:
		var we *wireError
		if f := ended(ctx); f != nil {
			return rep, f
		}
		if errors.As(err, &we) || isFormat(err) {
			return rep, formatFailure(err, e)
		}
		return rep, readFailure(ctx, err)
	}
	if rep.finish != "declined" {
		if !emit(restore.Write(t.flush())) || !emit(restore.Flush()) {
			return rep, &failure{outcome: OutcomeStopped, err: ErrCancelled, final: true, cause: stopped}
		}
	}
	rep.text = text.String()
	return rep, nil
}

// refusal reads an answer that is an error.
func (c *call) refusal(resp *http.Response, e *endpoint) *failure {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 8<<10))
	we := errorBody(body)
	f := &failure{detail: strconv.Itoa(resp.StatusCode) + " " + short(we.Error(), e.Key.Reveal())}
	f.after = retryAfter(resp.Header, c.c.c.Clock.Now().Std())
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests, s == 529:
		f.outcome, f.err, f.retry = OutcomeLimited, ErrLimited, true
		f.sick = f.after > c.plan.MaxWait || s == 529
	case s >= 500, s == http.StatusRequestTimeout:
		f.outcome, f.err, f.retry, f.sick = OutcomeServer, ErrServer, true, true
	case s >= 300 && s < 400:
		f.outcome, f.err, f.sick = OutcomeRejected, ErrRejected, true
		f.detail = strconv.Itoa(s) + " redirects are not followed"
	default: // a wrong key or model stays wrong; a wrong request says nothing of the provider
		f.outcome, f.err = OutcomeRejected, ErrRejected
		f.sick = s == http.StatusUnauthorized || s == http.StatusForbidden || s == http.StatusNotFound || s == http.StatusPaymentRequired
	}
	return f
}

// retryAfter reads the header in both forms (RFC 9110, 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		if s > 0 && s < 86400 {
			return time.Duration(s * float64(time.Second))
		}
		if s >= 86400 {
			return 24 * time.Hour
		}
		return 0
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(now), 0), 24*time.Hour)
	}
	return 0
}

// readFailure says why a body ended early.
func readFailure(ctx context.Context, err error) *failure {
	if f := ended(ctx); f != nil {
		return f
	}
	if errors.Is(err, errTooLarge) || errors.Is(err, errEventTooLarge) || fault.KindOf(err) == fault.TooLarge { // or the guard's own limit
		return &failure{outcome: OutcomeTooLarge, err: ErrTooLarge}
	}
	return &failure{outcome: OutcomeCut, err: ErrCut, retry: true, sick: true}
}

// formatFailure says what a body's content means.
func formatFailure(err error, e *endpoint) *failure {
	var we *wireError
	if !errors.As(err, &we) {
		return &failure{outcome: OutcomeInvalid, err: ErrInvalid, detail: "not the provider's format", retry: true, sick: true}
	}
	f := &failure{detail: short(we.Error(), e.Key.Reveal()), retry: true, sick: true, outcome: OutcomeServer, err: ErrServer}
	switch we.kind {
	case "rate_limit_error", "overloaded_error", "rate_limit_exceeded":
		f.outcome, f.err = OutcomeLimited, ErrLimited
	}
	return f
}

// isFormat tells errors of decoding from errors of reading.
func isFormat(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind)
}

var errTooLarge = errors.New("the answer is too large")

// limitReader fails when a body is larger than it may be, where io.LimitReader
// would end it silently.
type limitReader struct {
	r    io.Reader
	left int64
}

func (l *limitReader) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n - 1, errTooLarge
	}
	return n, err
}
