// Package dbtest gives a test a fresh, migrated database of each engine.
//
// PostgreSQL is the server that ZHIDAN_TEST_POSTGRES names, else one that is
// started from the installed binaries once per test process and ends with it.
// Every test gets a copy of a database that was migrated once.
package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest/pgserver"
	"zhidan/internal/platform/schema"
)

// Each runs fn as a subtest on SQLite and on PostgreSQL.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite opens a fresh migrated SQLite database.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return Open(t, SQLiteURL(t))
}

// Postgres opens a fresh migrated PostgreSQL database. Without an installed
// server the test is skipped, in CI it fails.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return Open(t, PostgresURL(t))
}

// Open opens a database and closes it when the test ends.
func Open(t testing.TB, url string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), db.Config{URL: url, MaxConns: 16, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// SQLiteURL is the address of a fresh migrated SQLite database.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	file, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "zhidan.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "zhidan-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "zhidan.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(url string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Config{URL: url, Log: quiet})
	if err != nil {
		return err
	}
	defer d.Close()
	return schema.Up(ctx, d)
}

var server = sync.OnceValues(func() (string, error) {
	if u := os.Getenv("ZHIDAN_TEST_POSTGRES"); u != "" {
		return u, nil
	}
	s, err := pgserver.Start(context.Background(), pgserver.Options{})
	if err != nil {
		return "", err
	}
	kept.Store(s)
	return s.URL, nil
})

// kept holds the server's pipe open until the process ends.
var kept atomic.Pointer[pgserver.Server]

// Server is the URL of the test server's own database.
func Server(t testing.TB) string {
	t.Helper()
	u, err := server()
	if errors.Is(err, pgserver.ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

var databases atomic.Int64

// PostgresURL is the address of a fresh migrated PostgreSQL database, which is
// dropped when the test ends.
func PostgresURL(t testing.TB) string {
	t.Helper()
	Server(t)
	tpl, err := postgresTemplate()
	if err != nil {
		t.Fatal(err)
	}
	return copyOf(t, tpl)
}

// EmptyPostgresURL is the address of a fresh PostgreSQL database without
// tables, which is dropped when the test ends.
func EmptyPostgresURL(t testing.TB) string {
	t.Helper()
	return copyOf(t, "template0")
}

func copyOf(t testing.TB, tpl string) string {
	t.Helper()
	u := Server(t)
	name := fmt.Sprintf("zhidan_test_%d_%d", os.Getpid(), databases.Add(1))
	if err := admin(u, "create database "+name+" template "+tpl); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin(u, "drop database "+name+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	return pgserver.Named(u, name)
}

// postgresTemplate makes the migrated database that the others are copied
// from, once per server and set of migrations.
var postgresTemplate = sync.OnceValues(func() (string, error) {
	u, err := server()
	if err != nil {
		return "", err
	}
	print, err := schema.Fingerprint(db.Postgres)
	if err != nil {
		return "", err
	}
	name, draft := "zhidan_tpl_"+print, "zhidan_draft_"+print
	ctx := context.Background()
	h, err := sql.Open("pgx", u)
	if err != nil {
		return "", err
	}
	defer h.Close()
	h.SetMaxOpenConns(1) // the lock belongs to the connection
	// Test processes that share a server do this one after another.
	if _, err := h.ExecContext(ctx, "select pg_advisory_lock(20261121)"); err != nil {
		return "", err
	}
	var n int
	if err := h.QueryRowContext(ctx, "select count(*) from pg_database where datname = $1", name).Scan(&n); err != nil {
		return "", err
	}
	if n == 1 {
		return name, nil
	}
	for _, q := range []string{"drop database if exists " + draft + " with (force)", "create database " + draft} {
		if _, err := h.ExecContext(ctx, q); err != nil {
			return "", err
		}
	}
	if err := migrate(pgserver.Named(u, draft)); err != nil {
		return "", err
	}
	_, err = h.ExecContext(ctx, "alter database "+draft+" rename to "+name)
	return name, err
})

func admin(url, q string) error {
	h, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer h.Close()
	_, err = h.ExecContext(context.Background(), q)
	return err
}
