package blob

import (
	"bytes"
	"errors"
	"strings"
	"syscall"
	"testing"

	"zhidan/internal/platform/fault"
)

// A full disk is a temporary fault, leaves nothing behind, hurts no reader and
// is over when there is room.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("needs the right to mount a small tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	s := open(t, dir)
	kept, err := s.Put(ctx, bytes.NewReader(make([]byte, 300<<10)), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Put(ctx, bytes.NewReader(bytes.Repeat([]byte("x"), 2<<20)), 4<<20)
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Unavailable || f.Code != "blob.full" {
		t.Errorf("full disk: %v", err)
	}
	if list := files(t, dir); len(list) != 1 {
		t.Errorf("left: %v", list)
	}
	if err := s.Verify(ctx, kept.SHA256); err != nil {
		t.Errorf("reading on a full disk: %v", err)
	}
	if _, err := s.Put(ctx, strings.NewReader("small"), 10); err != nil {
		t.Errorf("after there is room: %v", err)
	}
}
