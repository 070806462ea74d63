// Package demo fills an empty store with a company that does not exist, so
// that somebody who tries Zhidan sees a desk that has been at work for two
// months and is busy at this moment. It promises:
//
//   - it only ever writes to a store without any tenant;
//   - nothing in it is real or looks as if it were: addresses lie in domains
//     that are reserved for examples, telephone numbers in blocks that nobody
//     has, and the company says in its name that it is a demo;
//   - everything goes through the same operations as in real life, told by a
//     clock that moves through the past, so that every history, number, timer
//     and search result is what a desk would really have;
//   - it is the only place in Zhidan with passwords that are known.
package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
)

// Password is the same for everybody in the demo.
const Password = "yunling-demo-8480"

// Company is the demo's.
const Company = "云岭电器（演示）"

const (
	past = 60 * 24 * time.Hour // how far back the story begins
	node = id.Nodes - 1        // its ids are of the past, where no running node makes any
	seed = 20261121
)

// ErrNotEmpty says that the store has a tenant already.
var ErrNotEmpty = errors.New("the store is not empty; the demo fills only an empty one")

// ErrBroken says that an earlier filling did not come to its end.
var ErrBroken = errors.New("an earlier filling with demo data was cut off; remove the data and start again")

// Sign is somebody who can sign in to the demo.
type Sign struct {
	Email string `json:"email"`
	Name  string `json:"name"`
	Role  string `json:"role"`
}

// Signs are the sign-ins to show to a visitor.
func Signs() []Sign {
	var out []Sign
	for _, m := range members {
		if m.shown {
			out = append(out, Sign{m.email, m.name, m.role})
		}
	}
	return out
}

// Filled says whether the store holds the demo company, whole.
func Filled(ctx context.Context, s *server.Server) (bool, error) {
	var filled sql.NullInt64
	err := s.DB.QueryRow(ctx, `select filled_at from demo`).Scan(&filled)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err == nil && !filled.Valid {
		return false, ErrBroken
	}
	return err == nil, err
}

// Fill tells the story into an empty store. progress, which may be nil, hears
// now and then how much of it has been told, from 0 to 1.
func Fill(ctx context.Context, s *server.Server, progress func(part float64)) error {
	if done, err := Filled(ctx, s); err != nil {
		return err
	} else if done {
		return ErrNotEmpty
	}
	if empty, err := s.Staff.NeedsSetup(ctx); err != nil {
		return err
	} else if !empty {
		return ErrNotEmpty
	}
	t := newTeller(ctx, s, progress)
	if err := t.house(); err != nil {
		return fmt.Errorf("demo company: %w", err)
	}
	s.Mind.Warm(ctx, t.tenant) // its tickets come faster than models are made
	if err := t.tell(); err != nil {
		return fmt.Errorf("demo tickets: %w", err)
	}
	if err := t.floor(); err != nil {
		return fmt.Errorf("demo floor: %w", err)
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update demo set filled_at = $2 where tenant_id = $1`, int64(t.tenant), clock.From(time.Now()))
		return err
	})
}

// PrintSigns writes who can sign in, when the store is a demo.
func PrintSigns(ctx context.Context, s *server.Server, w io.Writer) error {
	filled, err := Filled(ctx, s)
	if err != nil || !filled {
		return err
	}
	fmt.Fprintf(w, "  demo sign-ins 演示账号 (password 密码: %s)\n", Password)
	for _, x := range Signs() {
		fmt.Fprintf(w, "    %-26s %-14s %s\n", x.Email, x.Role, x.Name)
	}
	return nil
}
