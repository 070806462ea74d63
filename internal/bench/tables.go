package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"zhidan/internal/desk/exchange"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/sheet"
	"zhidan/internal/server"
)

// TablesOptions say how much goes out and how much comes in.
type TablesOptions struct {
	Tickets  int               // exported
	Rows     int               // of each import
	Progress func(what string) // may be nil
}

// Table is how fast a table went out or came in, in this process, and what it
// held in memory: what was reachable after a collection, at most, and at most in
// its first tenth. Where both are alike, memory does not grow with the rows.
type Table struct {
	Name      string  `json:"name"`
	Rows      int64   `json:"rows"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"per_second"`
	PeakMB    float64 `json:"peak_mb"`
	EarlyMB   float64 `json:"early_mb"`
}

// Tables fills an empty store, takes all its tickets out as CSV and as XLSX, and
// brings customers and tickets in. Nobody's jobs are running: what follows of
// the rows, such as the search index, is not in the figures.
func Tables(ctx context.Context, s *server.Server, o TablesOptions) ([]Table, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if tenants, err := s.Staff.Tenants(ctx); err != nil || len(tenants) > 0 {
		return nil, errors.Join(err, ErrNotEmpty)
	}
	o.Progress(fmt.Sprintf("%d tickets", o.Tickets))
	if _, err := Seed(ctx, s, SeedOptions{Tickets: o.Tickets}); err != nil {
		return nil, err
	}
	a, err := administrator(ctx, s)
	if err != nil {
		return nil, err
	}
	var out []Table
	for _, f := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		o.Progress("export as " + string(f))
		t, err := measure("export "+string(f), func() (int64, error) {
			s.Exchange.Patience = time.Hour
			e, err := s.Exchange.StartExport(ctx, a, f, exchange.Spec{What: exchange.Tickets})
			if err == nil && (e.State != exchange.Done || e.Done != int64(o.Tickets)) {
				err = fmt.Errorf("the export is %s with %d rows", e.State, e.Done)
			}
			if err != nil {
				return 0, err
			}
			return e.Done, nil
		})
		if err != nil {
			return out, err
		}
		out = append(out, t)
	}
	for _, what := range []string{exchange.Customers, exchange.Tickets} {
		o.Progress("import of " + what + "s")
		table := imported(what, o.Rows)
		t, err := measure("import "+what+"s", func() (int64, error) {
			rep, err := s.Exchange.Take(ctx, a, bytes.NewReader(table), exchange.Order{What: what, Name: "bench"})
			if err == nil && rep.Created != int64(o.Rows) {
				err = fmt.Errorf("%d of %d rows were taken: %v", rep.Created, o.Rows, rep.Errors[:min(3, len(rep.Errors))])
			}
			return rep.Created, err
		})
		if err != nil {
			return out, err
		}
		out = append(out, t)
	}
	return out, nil
}

// imported is a table as somebody would bring it.
func imported(what string, rows int) []byte {
	var b bytes.Buffer
	if what == exchange.Customers {
		b.WriteString("姓名,手机号,邮箱,等级,标签,备注\n")
		for n := range rows {
			fmt.Fprintf(&b, "导入客户 %d,170%08d,import%d@bench.example,vip,导入;老客户,来自旧系统的客户\n", n, n, n)
		}
		return b.Bytes()
	}
	b.WriteString("编号,标题,描述,客户,手机号,优先级,状态,创建时间\n")
	states := []string{"已关闭", "处理中", "待受理", "已解决"}
	for n := range rows {
		fmt.Fprintf(&b, "B-%d,请问第 %d 件什么时候发货,订单已经三天了，物流没有更新，请帮忙看一下,导入诉求人 %d,171%08d,普通,%s,2026-%02d-%02d 09:30\n", n, n, n%2000, n%2000, states[n%4], 1+n%9, 1+n%28)
	}
	return b.Bytes()
}

func administrator(ctx context.Context, s *server.Server) (*staff.Actor, error) {
	tenants, err := s.Staff.Tenants(ctx)
	if err != nil || len(tenants) != 1 {
		return nil, errors.Join(err, errors.New("not one tenant"))
	}
	dir, err := s.Staff.Directory(ctx, tenants[0].ID)
	if err != nil {
		return nil, err
	}
	var user id.ID
	for _, u := range dir.Users() {
		if u.Grants[staff.Export] == staff.ScopeAll && (user == 0 || u.ID < user) {
			user = u.ID
		}
	}
	return s.Staff.Actor(ctx, tenants[0].ID, user)
}

// measure runs a piece of work and looks at the live heap beside it.
func measure(name string, work func() (int64, error)) (Table, error) {
	type look struct {
		at time.Duration
		mb float64
	}
	var looks []look
	runtime.GC() // what was there before is not this table's
	stop := make(chan struct{})
	var wg sync.WaitGroup
	started := time.Now()
	wg.Go(func() {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				metrics.Read(sample)
				looks = append(looks, look{time.Since(started), float64(sample[0].Value.Uint64()) / (1 << 20)})
			}
		}
	})
	rows, err := work()
	took := time.Since(started)
	close(stop)
	wg.Wait()
	t := Table{Name: name, Rows: rows, Seconds: took.Seconds(), PerSecond: float64(rows) / took.Seconds()}
	for _, l := range looks {
		t.PeakMB = max(t.PeakMB, l.mb)
		if l.at < took/10 {
			t.EarlyMB = max(t.EarlyMB, l.mb)
		}
	}
	return t, err
}
