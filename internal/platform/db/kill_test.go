package db_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
)

// TestMain runs the process that TestKill kills, when it is asked to.
func TestMain(m *testing.M) {
	if url := os.Getenv("ZHIDAN_KILL_ME"); url != "" {
		writeUntilKilled(url)
		return
	}
	os.Exit(m.Run())
}

// writeUntilKilled prints the number of each row after it was acknowledged.
func writeUntilKilled(url string) {
	d, err := db.Open(bg, db.Config{URL: url})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	from, _ := strconv.Atoi(os.Getenv("ZHIDAN_KILL_FROM"))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := from + w*10_000 + i
				if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, id) }); err != nil {
					fmt.Println("error", err)
					return
				}
				mu.Lock()
				fmt.Println("row", id)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestKill: what was acknowledged is there after kill -9, five times over.
func TestKill(t *testing.T) {
	url := dbtest.SQLiteURL(t)
	d := dbtest.Open(t, url)
	make2(t, d)
	d.Close()
	acknowledged := map[int]bool{}
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "ZHIDAN_KILL_ME="+url, fmt.Sprint("ZHIDAN_KILL_FROM=", (round+1)*1_000_000))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		n, after := 0, 100+round*177
		for lines.Scan() {
			what, id, _ := strings.Cut(lines.Text(), " ")
			if what != "row" {
				t.Error(lines.Text())
				continue
			}
			v, err := strconv.Atoi(id)
			if err != nil {
				continue // the line that the kill cut off
			}
			acknowledged[v] = true
			if n++; n == after {
				cmd.Process.Kill()
			}
		}
		cmd.Wait()
		if n < after {
			t.Fatalf("the process ended by itself after %d rows", n)
		}
	}
	d = dbtest.Open(t, url)
	there := map[int]bool{}
	for _, id := range ids(t, d) {
		there[id] = true
	}
	for id := range acknowledged {
		if !there[id] {
			t.Errorf("row %d was acknowledged and is lost", id)
		}
	}
	// At most the 16 writes under way at each kill may be there unacknowledged
	// (or acknowledged on a line that was not read).
	if len(there)-len(acknowledged) > 5*16 {
		t.Errorf("%d rows there, %d acknowledged", len(there), len(acknowledged))
	}
	var ok string
	if err := d.QueryRow(bg, "pragma integrity_check").Scan(&ok); err != nil || ok != "ok" {
		t.Errorf("integrity: %s %v", ok, err)
	}
}

func ids(t testing.TB, r db.Reader) []int {
	t.Helper()
	rows, err := r.Query(bg, "select id from item where tenant_id = 1")
	out, err := db.Each(rows, err, func(r *sql.Rows) (int, error) { var n int; return n, r.Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	sort.Ints(out)
	return out
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Close()
		before := goleak.IgnoreCurrent()
		url := dbtest.SQLiteURL(t)
		if d.Engine() == db.Postgres {
			url = dbtest.PostgresURL(t)
		}
		d = dbtest.Open(t, url)
		make2(t, d)
		for i := range 20 {
			if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, i) }); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(bg)
		if err := d.Snapshot(ctx, func(ctx context.Context, r db.Reader) error { ids(t, r); return nil }); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		goleak.VerifyNone(t, before)
	})
}
