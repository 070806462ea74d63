package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"zhidan/internal/platform/fault"
)

var ctx = context.Background()

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// files lists everything under a directory, temporary files too.
func files(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			list = append(list, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestPutAndOpen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for _, content := range []string{"", "hello", strings.Repeat("工单", 100_000)} {
		sum := sha256.Sum256([]byte(content))
		ref, err := s.Put(ctx, iotest.HalfReader(strings.NewReader(content)), int64(len(content)))
		if err != nil || ref != (Ref{hex.EncodeToString(sum[:]), int64(len(content))}) {
			t.Fatalf("put: %v, %v", ref, err)
		}
		f, err := s.Open(ctx, ref.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		if err != nil || string(got) != content {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
		if n, err := f.Seek(-int64(min(2, len(content))), io.SeekEnd); err != nil || n != int64(len(content)-min(2, len(content))) {
			t.Errorf("seek: %d, %v", n, err)
		}
		f.Close()
		if n, err := s.Size(ctx, ref.SHA256); err != nil || n != ref.Size {
			t.Errorf("size %d, %v", n, err)
		}
		if err := s.Verify(ctx, ref.SHA256); err != nil {
			t.Error(err)
		}
	}
	s.Close()
	again := open(t, dir)
	n := 0
	if err := again.Walk(ctx, func(i Info) error { n++; return again.Verify(ctx, i.SHA256) }); err != nil || n != 3 {
		t.Errorf("after opening again: %d, %v", n, err)
	}
}

func TestSameContentOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := s.Put(ctx, strings.NewReader("same"), 10); err != nil {
				t.Error(err)
			}
			if _, err := s.Put(ctx, strings.NewReader(fmt.Sprint("own ", i)), 10); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if list := files(t, dir); len(list) != 21 {
		t.Errorf("%d files: %v", len(list), list)
	}
}

func TestNothingIsLeftOfAFailure(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if _, err := s.Put(ctx, strings.NewReader("12345"), 4); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("too large: %v", err)
	}
	broken := errors.New("the sender went away")
	if _, err := s.Put(ctx, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), 100); !errors.Is(err, broken) {
		t.Errorf("broken reader: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Put(cancelled, strings.NewReader("x"), 100); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if list := files(t, dir); len(list) != 0 {
		t.Errorf("left: %v", list)
	}
}

func TestNamesNeverBecomePaths(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "blobs"))
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := strings.Repeat("a", 64)
	for _, name := range []string{"", "../secret", "/etc/passwd", "..", "tmp", h[:63], h + "a", strings.ToUpper(h), "../" + h[3:], h[:60] + "/../", strings.Repeat("\x00", 64), h[:63] + "/", h} {
		if f, err := s.Open(ctx, name); fault.KindOf(err) != fault.NotFound {
			t.Errorf("open %q: %v, %v", name, f, err)
		}
		if ok, err := s.Delete(ctx, name, time.Now().Add(time.Hour)); ok || err != nil {
			t.Errorf("delete %q: %v, %v", name, ok, err)
		}
		if err := s.Verify(ctx, name); fault.KindOf(err) != fault.NotFound {
			t.Errorf("verify %q: %v", name, err)
		}
	}
	// Not even a link inside leads out.
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "aa", "aa"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "secret"), filepath.Join(dir, "blobs", "aa", "aa", h)); err != nil {
		t.Fatal(err)
	}
	if f, err := s.Open(ctx, h); err == nil {
		t.Errorf("followed a link out of the store: %v", f)
	}
}

func TestDelete(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	ref, _ := s.Put(ctx, strings.NewReader("x"), 10)
	_, file := place(ref.SHA256)
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, file), old, old); err != nil {
		t.Fatal(err)
	}
	searched := time.Now().Add(-time.Hour)
	if _, err := s.Put(ctx, strings.NewReader("x"), 10); err != nil { // somebody needs it again
		t.Fatal(err)
	}
	if ok, err := s.Delete(ctx, ref.SHA256, searched); ok || err != nil {
		t.Errorf("content that was put again was deleted: %v, %v", ok, err)
	}
	if ok, err := s.Delete(ctx, ref.SHA256, time.Now().Add(time.Minute)); !ok || err != nil {
		t.Errorf("delete: %v, %v", ok, err)
	}
	if _, err := s.Open(ctx, ref.SHA256); fault.KindOf(err) != fault.NotFound {
		t.Errorf("still there: %v", err)
	}
}

func TestDamageIsFound(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	ref, _ := s.Put(ctx, strings.NewReader("hello"), 10)
	_, file := place(ref.SHA256)
	if err := os.WriteFile(filepath.Join(dir, file), []byte("hellp"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(ctx, ref.SHA256); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
	// A shortened file is replaced when the content comes again.
	if err := os.WriteFile(filepath.Join(dir, file), []byte("he"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(ctx, strings.NewReader("hello"), 10); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(ctx, ref.SHA256); err != nil {
		t.Errorf("not healed: %v", err)
	}
}

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var want []string
	for i := range 50 {
		ref, err := s.Put(ctx, strings.NewReader(fmt.Sprint(i)), 10)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, ref.SHA256)
	}
	slices.Sort(want)
	for _, stray := range []string{"README", "aa/x", "tmp/half", strings.Repeat("b", 64)} {
		_ = os.MkdirAll(filepath.Dir(filepath.Join(dir, stray)), 0o700)
		if err := os.WriteFile(filepath.Join(dir, stray), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	err := s.Walk(ctx, func(i Info) error {
		if i.Size == 0 || time.Since(i.StoredAt) > time.Hour {
			t.Errorf("info %+v", i)
		}
		got = append(got, i.SHA256)
		return nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("walked %d of %d, %v", len(got), len(want), err)
	}
	stop := errors.New("enough")
	if err := s.Walk(ctx, func(Info) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("stop: %v", err)
	}
}

func TestLeftoversAreSwept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	s.Close()
	now := time.Now()
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "young": time.Hour} {
		p := filepath.Join(dir, "tmp", name)
		if err := os.WriteFile(p, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir)
	if list := files(t, dir); !slices.Equal(list, []string{filepath.Join("tmp", "young")}) {
		t.Errorf("left: %v", list)
	}
}

func TestDiskErrorsAreTemporary(t *testing.T) {
	for err, code := range map[error]string{syscall.ENOSPC: "blob.full", syscall.EDQUOT: "blob.full", syscall.EIO: "blob.unavailable", syscall.EROFS: "blob.unavailable"} {
		var f *fault.Error
		if e := unavailable(&os.PathError{Op: "write", Path: "x", Err: err}); !errors.As(e, &f) || f.Kind != fault.Unavailable || f.Code != code || !errors.Is(e, err) {
			t.Errorf("%v: %v", err, e)
		}
	}
	dir := t.TempDir()
	s := open(t, dir)
	if err := os.RemoveAll(filepath.Join(dir, "tmp")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(ctx, strings.NewReader("x"), 10); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a store that lost its directory: %v", err)
	}
}

func BenchmarkPut(b *testing.B) {
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	content := make([]byte, 100<<10)
	b.SetBytes(int64(len(content)))
	for i := 0; b.Loop(); i++ {
		copy(content, fmt.Sprint(i))
		if _, err := s.Put(ctx, bytes.NewReader(content), 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}
