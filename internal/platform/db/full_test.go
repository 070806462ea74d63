package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
)

// limit lets the database grow by n pages and no further, as a full disk does;
// 0 takes the limit away.
func limit(t testing.TB, d *db.DB, n int) {
	t.Helper()
	err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
		var pages int
		if err := tx.QueryRow(ctx, "pragma page_count").Scan(&pages); err != nil {
			return err
		}
		to := pages + n
		if n == 0 {
			to = 1 << 30
		}
		return tx.QueryRow(ctx, fmt.Sprintf("pragma max_page_count(%d)", to)).Scan(&pages)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// big writes more than limit(t, d, 100) allows.
func big(ctx context.Context, tx *db.Tx, id int) error {
	_, err := tx.Exec(ctx, "insert into item (tenant_id, id, name, open) values ($1,$2,$3,$4)", 1, id, strings.Repeat("x", 2<<20), true)
	return err
}

// TestFullInsideGroup: a member of a group fills the disk, which makes SQLite
// roll back everybody. One that does not look at the error must not go on by
// itself outside the transaction.
func TestFullInsideGroup(t *testing.T) {
	d := dbtest.SQLite(t)
	make2(t, d)
	limit(t, d, 100)
	results := make([]error, 64)
	var runs [64]atomic.Int32
	after := make([]atomic.Int32, 64)
	together(t, d, 64, func(i int) {
		results[i] = d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			runs[i].Add(1)
			tx.AfterCommit(func() { after[i].Add(1) })
			switch i {
			case 20, 40:
				return big(ctx, tx, i)
			case 30:
				if big(ctx, tx, i) == nil {
					return errors.New("the disk is not full")
				}
				put(ctx, tx, 1030) // its error is not looked at either
				return nil
			}
			return put(ctx, tx, i)
		})
	}, nil)
	again := 0
	for i := range 64 {
		want := int32(1)
		if i == 20 || i == 30 || i == 40 {
			want = 0
			if fault.KindOf(results[i]) != fault.Unavailable {
				t.Errorf("%d: %v", i, results[i])
			}
		} else if results[i] != nil {
			t.Errorf("%d: %v", i, results[i])
		}
		if after[i].Load() != want {
			t.Errorf("%d: AfterCommit ran %d times", i, after[i].Load())
		}
		if runs[i].Load() > 1 {
			again++
		}
	}
	if again < 2 {
		t.Error("no group was broken: the test shows nothing")
	}
	if n := count(t, d); n != 61 {
		t.Errorf("%d rows, want 61", n)
	}
	limit(t, d, 0)
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return big(ctx, tx, 20) }); err != nil {
		t.Errorf("with space again: %v", err)
	}
}

// TestDiskFull fills a real small disk under load.
func TestDiskFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small tmpfs; TestFullInsideGroup covers a full database for everybody")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"); err != nil {
		t.Skipf("a small tmpfs cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, 0) })
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	d := dbtest.Open(t, "sqlite:"+filepath.Join(dir, "zhidan.db"))
	make2(t, d)
	var mu sync.Mutex
	acknowledged := map[int]bool{}
	after := map[int]int{}
	var refused atomic.Int64
	var over atomic.Bool
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := 0; !over.Load(); i++ {
				id := w*1_000_000 + i
				err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
					tx.AfterCommit(func() { mu.Lock(); after[id]++; mu.Unlock() })
					_, err := tx.Exec(ctx, "insert into item (tenant_id, id, name, open) values ($1,$2,$3,$4)", 1, id, strings.Repeat("满", 300), true)
					return err
				})
				switch {
				case err == nil:
					mu.Lock()
					acknowledged[id] = true
					n := len(acknowledged)
					mu.Unlock()
					if n > 200_000 {
						t.Error("the disk never filled")
						return
					}
				case fault.KindOf(err) == fault.Unavailable:
					refused.Add(1)
				default:
					t.Errorf("not a temporary error: %v", err)
					return
				}
			}
		})
	}
	until(t, func() bool { return refused.Load() > 50 })
	if n := count(t, d); n == 0 {
		t.Error("reads do not work while the disk is full")
	}
	mu.Lock()
	before := len(acknowledged)
	mu.Unlock()
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	until(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(acknowledged) > before+50 })
	t.Logf("%d rows, %d refused, writes came back %v after there was space", before, refused.Load(), time.Since(start))
	over.Store(true)
	wg.Wait()
	same(t, d, acknowledged)
	for id, n := range after {
		if n != 1 || !acknowledged[id] {
			t.Errorf("%d: AfterCommit ran %d times, acknowledged %v", id, n, acknowledged[id])
		}
	}
}

// same compares what callers were told with what is there.
func same(t testing.TB, r db.Reader, acknowledged map[int]bool) {
	t.Helper()
	there := map[int]bool{}
	for _, id := range ids(t, r) {
		there[id] = true
		if !acknowledged[id] {
			t.Errorf("row %d is there and was not acknowledged", id)
		}
	}
	for id := range acknowledged {
		if !there[id] {
			t.Errorf("row %d was acknowledged and is lost", id)
		}
	}
}

// TestWALStaysBounded: writers that never pause do not let the log grow for
// ever, although no commit copies it.
func TestWALStaysBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 150 MB")
	}
	url := dbtest.SQLiteURL(t)
	d := dbtest.Open(t, url)
	make2(t, d)
	wal := strings.TrimPrefix(url, "sqlite:") + "-wal"
	var most atomic.Int64
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 300 {
				err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
					for j := range 16 {
						if _, err := tx.Exec(ctx, "insert into item (tenant_id, id, name, open) values ($1,$2,$3,$4)", 1, w*1_000_000+i*16+j, strings.Repeat("x", 4000), true); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				if s, err := os.Stat(wal); err == nil && s.Size() > most.Load() {
					most.Store(s.Size())
				}
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
	t.Logf("the log was %d MB at most", most.Load()>>20)
	if most.Load() > 100<<20 {
		t.Errorf("the log grew to %d MB", most.Load()>>20)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(wal); !errors.Is(err, os.ErrNotExist) {
		t.Error("the log is still there after Close")
	}
}
