package server

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zhidan/internal/platform/db"
)

// roomNeeded is how much must fit on the disk before a store that could not be
// written is opened again: enough for its first writes.
const roomNeeded = 4 << 20

// ServeReading answers what can be read of a store that cannot be written when
// the server starts (its disk is full), and returns when it can be written again
// or the context ends: in the first case the caller opens it anew. Nobody writes meanwhile, so that no
// reader meets a half-way state.
func ServeReading(ctx context.Context, o Options) error {
	o.ReadOnly = true
	s, err := New(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	s.Log.Error("the store cannot be written: it is served for reading until there is room on its disk")
	until, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-until.Done():
				return
			case <-tick.C:
			}
			if err := s.canWrite(until); err == nil {
				stop()
			}
		}
	}()
	err = s.Run(until)
	if ctx.Err() == nil && err == nil {
		s.Log.Info("the store can be written again")
	}
	return err
}

// canWrite tries what a write needs.
func (s *Server) canWrite(ctx context.Context) error {
	if s.DB.Engine() == db.SQLite {
		return roomIn(filepath.Dir(strings.TrimPrefix(DatabaseURL(s.Config), "sqlite:")))
	}
	d, err := db.Open(ctx, db.Config{URL: DatabaseURL(s.Config), MaxConns: 1, Log: s.Log})
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update lease set beat = beat where name = 'node/next'`)
		return err
	})
}

// roomIn writes a file and takes it away again.
func roomIn(dir string) error {
	f, err := os.CreateTemp(dir, ".room-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(make([]byte, roomNeeded))
	return errors.Join(err, f.Sync(), f.Close())
}
