package email_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhidan/internal/channel/email"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/config"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
	"zhidan/internal/zhidantest"
)

// writeMbox makes a box of conversations of three mails each, the answers
// before what they answer.
func writeMbox(t testing.TB, path string, mails int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for i := range mails {
		talk, n := i/3, 2-i%3
		fmt.Fprintf(w, "From a@b.cn Sat Nov 21 12:00:00 2026\nFrom: =?utf-8?B?5a6i5oi3?= <c%d@example.com>\nTo: kf@example.com\nSubject: =?utf-8?B?5Yaw566x?= %d\nMessage-ID: <%d.%d@example.com>\n", talk%500, talk, talk, n)
		for k := range n {
			if k == 0 {
				fmt.Fprint(w, "References:")
			}
			fmt.Fprintf(w, " <%d.%d@example.com>", talk, k)
		}
		if n > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "Content-Type: text/plain; charset=utf-8\n\n冰箱不制冷，第 %d 封。\n请安排师傅上门维修，地址见工单，电话同前。\n>From the start\n\n", n)
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, s *server.Server, tenant id.ID) (tickets, messages, items int) {
	t.Helper()
	ctx := context.Background()
	err := errors.Join(
		s.DB.QueryRow(ctx, `select count(*) from ticket where tenant_id = $1`, tenant).Scan(&tickets),
		s.DB.QueryRow(ctx, `select count(*) from ticket_message where tenant_id = $1`, tenant).Scan(&messages),
		s.DB.QueryRow(ctx, `select count(*) from inbound where tenant_id = $1`, tenant).Scan(&items))
	if err != nil {
		t.Fatal(err)
	}
	return tickets, messages, items
}

func TestImportOfAnMbox(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		box := filepath.Join(t.TempDir(), "box")
		writeMbox(t, box, 150)
		for round := range 2 {
			r, err := email.Import(context.Background(), h.Intake, h.Tenant, box, email.ImportOptions{})
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case round == 0 && (r.Read != 150 || r.Created != 50 || r.Joined != 100),
				round == 1 && (r.Read != 150 || r.Duplicates != 150):
				t.Errorf("round %d: %+v", round, r)
			}
		}
		if tickets, messages, _ := count(t, h.Server, h.Tenant); tickets != 50 || messages != 150 {
			t.Errorf("%d tickets with %d messages, want 50 with 150", tickets, messages)
		}
	})
}

func TestImportStopsAndGoesOn(t *testing.T) {
	h := zhidantest.New(t)
	box := filepath.Join(t.TempDir(), "box")
	writeMbox(t, box, 300)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := email.Import(ctx, h.Intake, h.Tenant, box, email.ImportOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := email.Import(context.Background(), h.Intake, h.Tenant, filepath.Join(t.TempDir(), "none"), email.ImportOptions{}); err == nil {
		t.Error("a missing path is no error")
	}
	r, err := email.Import(context.Background(), h.Intake, h.Tenant, box, email.ImportOptions{})
	if err != nil || r.Created != 100 || r.Joined != 200 {
		t.Errorf("%+v %v", r, err)
	}
}

// openServer opens a store as a command does.
func openServer(t testing.TB, dir string) *server.Server {
	t.Helper()
	c := config.Default()
	c.Data = dir
	s, err := server.New(context.Background(), server.Options{Config: c, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestImportChild is the process that TestImportSurvivesKill kills.
func TestImportChild(t *testing.T) {
	dir := os.Getenv("IMPORT_CHILD")
	if dir == "" {
		t.Skip("only as a child of TestImportSurvivesKill")
	}
	tenant, err := id.Parse(os.Getenv("IMPORT_TENANT"))
	if err != nil {
		t.Fatal(err)
	}
	s := openServer(t, dir)
	defer s.Close()
	fmt.Println("importing")
	if _, err := email.Import(context.Background(), s.Intake, tenant, filepath.Join(dir, "box"), email.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
}

// kill -9 in the middle of an import, ten times: nothing is lost, nothing is
// doubled.
func TestImportSurvivesKill(t *testing.T) {
	kills, mails := 10, 1998
	if testing.Short() {
		kills, mails = 2, 300
	}
	dir := t.TempDir()
	s := openServer(t, dir)
	tenant, err := s.Staff.CreateTenant(context.Background(), staff.NewTenant{Name: "测试公司"})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	writeMbox(t, filepath.Join(dir, "box"), mails)
	killed := 0
	for round := range kills + 1 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestImportChild$", "-test.v")
		cmd.Env = append(os.Environ(), "IMPORT_CHILD="+dir, "IMPORT_TENANT="+tenant.ID.String())
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() && !strings.Contains(lines.Text(), "importing") {
		}
		if round < kills {
			time.Sleep(time.Duration(rand.IntN(250)) * time.Millisecond) // the moment of the kill is what is random here
			if cmd.Process.Kill() == nil {
				killed++
			}
		}
		rest, _ := io.ReadAll(out)
		err = cmd.Wait()
		if round == kills && err != nil {
			t.Fatalf("the last round: %v\n%s", err, rest)
		}
	}
	s = openServer(t, dir)
	defer s.Close()
	tickets, messages, items := count(t, s, tenant.ID)
	if tickets != mails/3 || messages != mails || items != mails {
		t.Errorf("after %d kills: %d tickets, %d messages, %d items; want %d, %d, %d", killed, tickets, messages, items, mails/3, mails, mails)
	}
}

func BenchmarkImport(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		s := openServer(b, dir)
		tenant, err := s.Staff.CreateTenant(context.Background(), staff.NewTenant{Name: "测试公司"})
		if err != nil {
			b.Fatal(err)
		}
		box := filepath.Join(dir, "box")
		writeMbox(b, box, 3000)
		r, err := email.Import(context.Background(), s.Intake, tenant.ID, box, email.ImportOptions{})
		if err != nil || r.Created != 1000 {
			b.Fatal(r, err)
		}
		b.ReportMetric(float64(r.Read)/r.Seconds, "mails/s")
		s.Close()
	}
}
