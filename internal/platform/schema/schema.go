// Package schema holds every migration of the store, in one text for both
// engines, and brings a store up to date.
//
// A file is named YYYYMMDDhhmmss_what.sql and written in goose's format. Three
// markers stand for what differs and are rewritten when a file is read:
//
//	ctext           text collate "C" on PostgreSQL, text on SQLite
//	bytea           blob on SQLite
//	/*clustered*/   after the closing parenthesis of a table: without rowid on
//	                SQLite, where the primary key then is the table itself
//
// A file that ends in .sqlite.sql or .postgres.sql is for that engine only.
package schema

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"zhidan/internal/platform/db"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Up applies the migrations that the store does not have yet, each in a
// transaction of its own. Several nodes may call it at the same time.
func Up(ctx context.Context, d *db.DB) error {
	h, err := d.OpenStd()
	if err != nil {
		return err
	}
	defer h.Close()
	p, err := provider(d.Engine(), h)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if d.Engine() == db.SQLite {
		if err := assumeStatistics(ctx, h); err != nil {
			return fmt.Errorf("statistics: %w", err)
		}
	}
	return nil
}

// Pending says how many migrations a store lacks, without writing to it.
func Pending(ctx context.Context, d *db.DB) (int, error) {
	fsys, err := Files(d.Engine())
	if err != nil {
		return 0, err
	}
	all := len(fsys.(files))
	known := `select count(*) from sqlite_schema where name = 'goose_db_version'`
	if d.Engine() == db.Postgres {
		known = `select count(to_regclass('goose_db_version'))`
	}
	var n int
	if err := d.QueryRow(ctx, known).Scan(&n); err != nil || n == 0 {
		return all, err
	}
	if err := d.QueryRow(ctx, `select count(*) from goose_db_version where is_applied and version_id > 0`).Scan(&n); err != nil {
		return 0, err
	}
	return max(all-n, 0), nil
}

func provider(e db.Engine, h *sql.DB) (*goose.Provider, error) {
	fsys, err := Files(e)
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	// A branch may be merged after a later one has been applied.
	opts := []goose.ProviderOption{goose.WithAllowOutofOrder(true), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger())}
	if e == db.Postgres {
		dialect = goose.DialectPostgres
		l, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, err
		}
		opts = append(opts, goose.WithSessionLocker(l))
	}
	return goose.NewProvider(dialect, h, fsys, opts...)
}

var (
	ctext = regexp.MustCompile(`\bctext\b`)
	bytea = regexp.MustCompile(`\bbytea\b`)
)

// Rewrite replaces the markers in the text of a migration.
func Rewrite(e db.Engine, text string) string {
	if e == db.Postgres {
		text = ctext.ReplaceAllString(text, `text collate "C"`)
		return strings.ReplaceAll(text, "/*clustered*/", "")
	}
	text = ctext.ReplaceAllString(text, "text")
	text = bytea.ReplaceAllString(text, "blob")
	return strings.ReplaceAll(text, "/*clustered*/", "without rowid")
}

// Files is the migrations of one engine, rewritten.
func Files(e db.Engine) (fs.FS, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	other := ".postgres.sql"
	if e == db.Postgres {
		other = ".sqlite.sql"
	}
	out := files{}
	for _, n := range names {
		if strings.HasSuffix(n, other) {
			continue
		}
		b, err := migrations.ReadFile(n)
		if err != nil {
			return nil, err
		}
		out[path.Base(n)] = Rewrite(e, string(b))
	}
	return out, nil
}

// files is a flat read-only file system in memory.
type files map[string]string

func (f files) Open(name string) (fs.File, error) {
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &file{info: info{name, int64(len(text))}, r: bytes.NewReader([]byte(text))}, nil
}

func (f files) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	var out []fs.DirEntry
	for n, text := range f {
		out = append(out, fs.FileInfoToDirEntry(info{n, int64(len(text))}))
	}
	return out, nil
}

// Glob lets fs.Glob do without opening the root.
func (f files) Glob(pattern string) ([]string, error) {
	var out []string
	for n := range f {
		ok, err := path.Match(pattern, n)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, n)
		}
	}
	return out, nil
}

type file struct {
	info info
	r    io.Reader
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Read(b []byte) (int, error) { return f.r.Read(b) }
func (f *file) Close() error               { return nil }

type info struct {
	name string
	size int64
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return 0o444 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }

// Fingerprint names the set of migrations of an engine: stores with the same
// fingerprint have the same schema.
func Fingerprint(e db.Engine) (string, error) {
	fsys, err := Files(e)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	m := fsys.(files)
	for _, n := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(h, "%s\n%d\n%s", n, len(m[n]), m[n])
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}
