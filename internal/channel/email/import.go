package email

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"zhidan/internal/channel"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// ImportDoor is the channel name of imported mail. The de-duplication key is the
// raw content's hash, so that an import that was stopped goes on where it was.
const ImportDoor = "import"

// ImportOptions steer an import.
type ImportOptions struct {
	Workers  int          // messages worked on at the same time; 48, so that commits are shared
	Progress func(Report) // called now and then, and at the end; never concurrently
}

// maxInFlight is how many bytes of raw mail are in memory at the same time.
const maxInFlight = 128 << 20

// Report says what became of the messages.
type Report struct {
	Read        int       `json:"read"`
	Created     int       `json:"created"`     // new tickets
	Joined      int       `json:"joined"`      // messages of known conversations
	Duplicates  int       `json:"duplicates"`  // taken before, or the same by another way
	Quarantined int       `json:"quarantined"` // stored, waiting for a person
	Failed      []Failure `json:"failed"`      // not stored: too large for the intake
	Bytes       int64     `json:"bytes"`
	Seconds     float64   `json:"seconds"`
}

// Failure is a message that was not taken in.
type Failure struct {
	Name  string `json:"name"`
	Error string `json:"error"`
}

// Import takes in every message at path (see Walk). It can be stopped at any
// moment and started again: what was taken is taken once. The error is that of
// reading the source, or of a store that stayed unavailable.
func Import(ctx context.Context, in *channel.Intake, tenant id.ID, path string, o ImportOptions) (Report, error) {
	if o.Workers <= 0 {
		o.Workers = 48
	}
	start := time.Now()
	r := Report{Failed: []Failure{}}
	var mu sync.Mutex
	shown := start
	count := func(size int, f func()) {
		mu.Lock()
		defer mu.Unlock()
		r.Read++
		r.Bytes += int64(size)
		f()
		if o.Progress != nil && time.Since(shown) > 500*time.Millisecond {
			shown = time.Now()
			r.Seconds = shown.Sub(start).Seconds()
			o.Progress(r)
		}
	}
	inFlight := semaphore.NewWeighted(maxInFlight)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	work := make(chan Source)
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for s := range work {
				taken, err := take(ctx, in, tenant, s)
				inFlight.Release(int64(len(s.Raw)))
				if err != nil {
					stop(fmt.Errorf("%s: %w", s.Name, err))
					continue
				}
				count(len(s.Raw), func() {
					switch {
					case taken.State == channel.Duplicate:
						r.Duplicates++
					case taken.State == channel.Quarantined:
						r.Quarantined++
					case taken.Joined:
						r.Joined++
					default:
						r.Created++
					}
				})
			}
		}()
	}
	limit := Kind().MaxRaw
	err := Walk(ctx, path, limit, func(s Source) error {
		if s.TooBig {
			count(0, func() {
				r.Failed = append(r.Failed, Failure{s.Name, fmt.Sprintf("larger than %d bytes", limit)})
			})
			return nil
		}
		if err := inFlight.Acquire(ctx, int64(len(s.Raw))); err != nil {
			return err
		}
		select {
		case work <- s:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	close(work)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil && (err == nil || errors.Is(err, context.Canceled)) {
		err = cause
	}
	r.Seconds = time.Since(start).Seconds()
	if o.Progress != nil {
		o.Progress(r)
	}
	return r, err
}

// take waits out a store that is unavailable for a moment.
func take(ctx context.Context, in *channel.Intake, tenant id.ID, s Source) (channel.Taken, error) {
	for pause := 50 * time.Millisecond; ; pause *= 2 {
		taken, err := in.Take(ctx, channel.Arrival{Tenant: tenant, Channel: ImportDoor, Kind: "email"}, s.Raw)
		if err == nil || fault.KindOf(err) != fault.Unavailable || pause > 10*time.Second {
			return taken, err
		}
		select {
		case <-ctx.Done():
			return taken, ctx.Err()
		case <-time.After(pause):
		}
	}
}
