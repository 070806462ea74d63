package email

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func walkAll(t *testing.T, path string, limit int64) []Source {
	t.Helper()
	var out []Source
	if err := Walk(context.Background(), path, limit, func(s Source) error { out = append(out, s); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWalkMbox(t *testing.T) {
	box := filepath.Join(t.TempDir(), "inbox")
	write(t, box, "From a@b.c Tue Jan  2 09:00:00 2024\nSubject: one\n\nbody\n>From here on\n>>From there on\nFrom the start it failed\n\nFrom my view it is broken\n\n"+
		"From d@e.f Tue Jan  2 10:00:00 2024\nSubject: two\n\nsecond\n\n"+
		"From MAILER-DAEMON Tue Jan  2 11:00:00 2024\r\nSubject: three\r\n\r\nthird\r\n")
	got := walkAll(t, box, 0)
	if len(got) != 3 {
		t.Fatalf("%d messages, want 3", len(got))
	}
	for i, want := range []string{
		"Subject: one\n\nbody\nFrom here on\n>From there on\nFrom the start it failed\n\nFrom my view it is broken\n",
		"Subject: two\n\nsecond\n",
		"Subject: three\r\n\r\nthird",
	} {
		if string(got[i].Raw) != want {
			t.Errorf("message %d: %q, want %q", i, got[i].Raw, want)
		}
	}
	if got[1].Name != box+"#2" {
		t.Errorf("name %q", got[1].Name)
	}
}

func TestWalkMboxWithBareSeparators(t *testing.T) {
	box := filepath.Join(t.TempDir(), "box.mbox")
	write(t, box, "From a@b.c\nSubject: one\n\nx\n\nFrom d@e.f\nSubject: two\n\ny\n")
	if got := walkAll(t, box, 0); len(got) != 2 {
		t.Errorf("%d messages, want 2", len(got))
	}
}

func TestWalkFolders(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.eml"), "From a@b.c Tue Jan  2 09:00:00 2024\nSubject: single\n\nx\n\nFrom d@e.f Tue Jan  2 10:00:00 2024\nstill the same message\n")
	write(t, filepath.Join(dir, "sub", "b.txt"), "Subject: other\n\ny\n")
	write(t, filepath.Join(dir, "sub", ".hidden"), "no")
	write(t, filepath.Join(dir, "maildir", "cur", "1:2,S"), "Subject: read\n\nz\n")
	write(t, filepath.Join(dir, "maildir", "new", "2"), "Subject: fresh\n\nz\n")
	write(t, filepath.Join(dir, "maildir", "tmp", "3"), "Subject: unfinished")
	var names []string
	for _, s := range walkAll(t, dir, 0) {
		rel, _ := filepath.Rel(dir, s.Name)
		names = append(names, rel)
	}
	if got := strings.Join(names, " "); got != "a.eml maildir/cur/1:2,S maildir/new/2 sub/b.txt" {
		t.Errorf("got %s", got)
	}
}

func TestWalkMarksWhatIsTooBig(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "box"), "From a@b.c Tue Jan  2 09:00:00 2024\nSubject: big\n\n"+strings.Repeat("x", 200)+"\n\nFrom a@b.c Tue Jan  2 09:00:00 2024\nSubject: ok\n\nx\n")
	write(t, filepath.Join(dir, "c.eml"), strings.Repeat("y", 300))
	got := walkAll(t, dir, 100)
	if len(got) != 3 || !got[0].TooBig || got[1].TooBig || !got[2].TooBig || len(got[0].Raw) > 100 || len(got[2].Raw) > 100 {
		t.Errorf("got %d: %+v", len(got), got)
	}
}

func TestWalkStopsAtAnError(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "x")
	write(t, filepath.Join(dir, "b"), "x")
	n, stop := 0, errors.New("enough")
	err := Walk(context.Background(), dir, 0, func(Source) error { n++; return stop })
	if n != 1 || !errors.Is(err, stop) {
		t.Errorf("%d calls, %v", n, err)
	}
	if err := Walk(context.Background(), filepath.Join(dir, "none"), 0, func(Source) error { return nil }); err == nil {
		t.Error("a missing path is no error")
	}
}

func FuzzMbox(f *testing.F) {
	f.Add("From a@b.c Tue Jan  2 09:00:00 2024\nSubject: one\n\nbody\n>From x\n\nFrom a@b.c Tue Jan  2 09:00:00 2024\n\n")
	f.Fuzz(func(t *testing.T, s string) {
		box := filepath.Join(t.TempDir(), "box")
		write(t, box, s)
		total := 0
		for _, m := range walkAll(t, box, 0) {
			total += len(m.Raw)
		}
		if total > len(s) {
			t.Fatalf("%d bytes from %d", total, len(s))
		}
	})
}
