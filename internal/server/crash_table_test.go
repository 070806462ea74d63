package server_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/db/dbtest"
)

// moving is an import or export as far as the test looks at it.
type moving struct {
	ID, State, URL  string
	Created, Failed int64
}

// look reads one, while the server may be on its way up or down.
func (p *process) look(path string) (m moving) {
	_, raw, err := p.call(context.Background(), http.MethodGet, path, "")
	if err == nil {
		_ = json.Unmarshal(raw, &m)
	}
	return m
}

// await asks until it holds; how long that takes is the machine's affair.
func (p *process) await(path, what string, holds func(moving) bool) moving {
	p.t.Helper()
	for end := time.Now().Add(4 * time.Minute); ; {
		m := p.look(path)
		if holds(m) {
			return m
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s: %+v", what, m)
		}
		time.Sleep(5 * time.Millisecond) // polling another process
	}
}

// TestKillDuringTables kills the server with SIGKILL in the middle of an import
// and in the middle of an export: each row is there once, and the file is whole.
func TestKillDuringTables(t *testing.T) {
	run := func(t *testing.T, database string) {
		const rows = 2000
		p := newProcess(t, database)
		p.start()
		var table strings.Builder
		table.WriteString("编号,标题,客户,手机号,状态\n") // closed ones: what follows of tickets is not in question
		for n := range rows {
			fmt.Fprintf(&table, "K-%d,row %d,客户 %d,139%08d,已关闭\n", n, n, n%300, n%300)
		}
		status, raw, err := p.call(t.Context(), http.MethodPost, "/imports?what=ticket&name=k.csv", table.String(), "Content-Type", "text/csv")
		var i moving
		if err != nil || status != http.StatusCreated || json.Unmarshal(raw, &i) != nil {
			t.Fatalf("upload: %d %v %s", status, err, raw)
		}
		path := "/imports/" + i.ID
		if status, raw, err := p.call(t.Context(), http.MethodPost, path+"/run", "{}"); err != nil || status != http.StatusOK {
			t.Fatalf("run: %d %v %s", status, err, raw)
		}
		for _, at := range []int64{1, rows / 2} {
			m := p.await(path, "the import moves", func(m moving) bool { return m.Created >= at })
			if m.State != "running" {
				t.Logf("it had ended before it could be killed at %d rows", at)
			}
			p.kill()
			p.start()
		}
		if m := p.await(path, "the import ends", func(m moving) bool { return m.State == "done" }); m.Created != rows || m.Failed != 0 {
			t.Errorf("%+v", m)
		}
		got := p.tickets()
		for n := range rows {
			if c := got[fmt.Sprintf("row %d", n)]; c != 1 {
				t.Errorf("row %d is there %d times", n, c)
			}
		}

		// Whenever the server is killed, an export whose order is there comes to a
		// whole file. A moment in the middle is tried for: the order is there and
		// the file is not.
		var export moving
		for try := 0; try < 12 && export.State != "running"; try++ {
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				_, _, _ = p.call(context.Background(), http.MethodPost, "/exports", `{"what":"ticket","format":"csv","locale":"en","columns":["number","subject"]}`)
			}()
			time.Sleep(time.Duration(20*(try+1)) * time.Millisecond) // a moment to kill at
			p.kill()
			<-gone
			p.start()
			var list struct{ Items []moving }
			if _, raw, err := p.call(t.Context(), http.MethodGet, "/exports?limit=1", ""); err != nil || json.Unmarshal(raw, &list) != nil {
				t.Fatalf("%v %s", err, raw)
			}
			if len(list.Items) > 0 {
				export = list.Items[0]
			}
		}
		if export.ID == "" {
			t.Fatal("no order outlived the server")
		}
		t.Logf("an export that was %s when the server came back", export.State)
		export = p.await("/exports/"+export.ID, "the export ends", func(m moving) bool { return m.State == "done" && m.URL != "" })
		status, raw, err = p.call(t.Context(), http.MethodGet, strings.TrimPrefix(export.URL, "/api/v1"), "")
		if err != nil || status != http.StatusOK {
			t.Fatalf("file: %d %v", status, err)
		}
		records, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for _, r := range records[1:] {
			seen[r[1]]++
		}
		if len(records)-1 != rows || len(seen) != rows {
			t.Errorf("%d rows, %d different", len(records)-1, len(seen))
		}
	}
	t.Run("sqlite", func(t *testing.T) { run(t, "") })
	if soak() {
		t.Run("postgres", func(t *testing.T) { run(t, dbtest.PostgresURL(t)) })
	}
}
