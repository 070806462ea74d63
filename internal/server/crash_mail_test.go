package server_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKillDuringMailImport kills an import of mails with SIGKILL again and
// again and runs it once more to its end: each mail has made one ticket, and
// answers have joined theirs.
func TestKillDuringMailImport(t *testing.T) {
	threads, kills := 150, 3
	if soak() {
		threads, kills = 1000, 10
	}
	p := newProcess(t, "")
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "\n", "\r\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for n := range threads {
		head := "From: Kunde %[1]d <kunde%[1]d@example.com>\nTo: help@example.com\nContent-Type: text/plain; charset=utf-8\n"
		write(fmt.Sprintf("%05d-a.eml", n), fmt.Sprintf(head+"Subject: leak %[1]d\nMessage-ID: <a%[1]d@example.com>\n\n洗衣机漏水 %[1]d\n", n))
		write(fmt.Sprintf("%05d-b.eml", n), fmt.Sprintf(head+"Subject: Re: leak %[1]d\nMessage-ID: <b%[1]d@example.com>\nReferences: <a%[1]d@example.com>\nIn-Reply-To: <a%[1]d@example.com>\n\nstill leaking %[1]d\n", n))
	}
	for range kills {
		cmd := exec.Command(p.bin, append([]string{"import", "mail", dir}, p.args...)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(150+rand.IntN(500)) * time.Millisecond) // a kill at a random moment
		cmd.Process.Kill()
		cmd.Wait()
	}
	var report struct {
		Read, Created, Joined, Duplicates, Quarantined int
		Failed                                         []any
	}
	if err := json.Unmarshal([]byte(p.command(nil, "--json", "import", "mail", dir)), &report); err != nil {
		t.Fatal(err)
	}
	if report.Read != 2*threads || report.Quarantined != 0 || len(report.Failed) != 0 {
		t.Errorf("the last run: %+v", report)
	}
	p.start()
	got := p.tickets()
	if len(got) != threads {
		t.Errorf("%d tickets, not %d", len(got), threads)
	}
	for n := range threads {
		if c := got[fmt.Sprintf("leak %d", n)]; c != 1 {
			t.Errorf("leak %d is there %d times", n, c)
		}
	}
	status, raw, err := p.call(t.Context(), "GET", "/tickets?filter="+"message_count+!%3D+2", "")
	if err != nil || status != 200 || !strings.Contains(string(raw), `"items":[]`) {
		t.Errorf("tickets without exactly two messages: %d %v %.300s", status, err, raw)
	}
}
