// Package blob keeps the contents of attachments, raw messages and exports.
//
// Content is named by its SHA-256, so the same content is stored once, a name
// given by a stranger never becomes a path, and damage can be found. What Put
// has returned is on the disk and survives a crash; what it has not returned
// is nowhere to be seen. Names, types and owners stand in the database.
//
// The store is a directory, two levels of fan-out deep (ab/cd/abcd…). Nothing
// of that shows in its methods, so that a bucket of objects can take its place.
package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
	"syscall"
	"time"

	"zhidan/internal/platform/fault"
)

// Ref names stored content.
type Ref struct {
	SHA256 string // lower-case hex
	Size   int64
}

// Info is what Walk tells of stored content.
type Info struct {
	Ref
	StoredAt time.Time // when it was last put
}

// Store is safe for concurrent use, also by several processes.
type Store struct {
	root *os.Root
	mu   sync.RWMutex // Delete against Put
	dirs sync.Map     // directories that this process has made durable; at most 65,536
}

const (
	incoming = "tmp"
	stale    = 24 * time.Hour // a file in tmp this old belongs to nobody
)

// Open opens the store in a directory, which is made when missing.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{root: root}
	if err := s.root.MkdirAll(incoming, 0o700); err != nil {
		root.Close()
		return nil, err
	}
	s.sweep(time.Now().Add(-stale))
	return s, nil
}

// Close lets go of the directory.
func (s *Store) Close() error { return s.root.Close() }

// Check says whether the directory can be reached.
func (s *Store) Check() error {
	_, err := s.root.Stat(".")
	return err
}

// sweep removes what a crash left half written. A failure waits for the next
// start.
func (s *Store) sweep(before time.Time) {
	list, err := fs.ReadDir(s.root.FS(), incoming)
	if err != nil {
		return
	}
	for _, e := range list {
		if i, err := e.Info(); err == nil && i.ModTime().Before(before) {
			_ = s.root.Remove(path.Join(incoming, e.Name()))
		}
	}
}

// Put stores what r gives, at most maxBytes of it: more is a fault of kind
// TooLarge. A disk that is full or failing is a fault of kind Unavailable. An
// error of r is returned as it is. After any error nothing was stored.
func (s *Store) Put(ctx context.Context, r io.Reader, maxBytes int64) (Ref, error) {
	name := path.Join(incoming, rand.Text())
	f, err := s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return Ref{}, unavailable(err)
	}
	kept := false
	defer func() {
		f.Close()
		if !kept {
			_ = s.root.Remove(name)
		}
	}()
	ref, err := receive(ctx, f, r, maxBytes)
	if err != nil {
		return Ref{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	dir, file := place(ref.SHA256)
	now := time.Now()
	if i, err := s.root.Stat(file); err == nil && i.Size() == ref.Size && s.root.Chtimes(file, now, now) == nil {
		return ref, s.syncDirs(dir) // who stored it may not be done with that yet
	}
	if err := f.Sync(); err != nil {
		return Ref{}, unavailable(err)
	}
	if err := f.Close(); err != nil {
		return Ref{}, unavailable(err)
	}
	if err := s.root.MkdirAll(dir, 0o700); err != nil {
		return Ref{}, unavailable(err)
	}
	if err := s.root.Rename(name, file); err != nil {
		return Ref{}, unavailable(err)
	}
	kept = true
	return ref, s.syncDirs(dir)
}

// receive copies and hashes.
func receive(ctx context.Context, w io.Writer, r io.Reader, maxBytes int64) (Ref, error) {
	sum := sha256.New()
	buf := make([]byte, 64<<10)
	var size int64
	for {
		if err := ctx.Err(); err != nil {
			return Ref{}, err
		}
		n, rerr := r.Read(buf)
		if size += int64(n); size > maxBytes {
			return Ref{}, fault.New(fault.TooLarge, "blob.too_large", "the file is larger than %d bytes", maxBytes)
		}
		sum.Write(buf[:n])
		if _, err := w.Write(buf[:n]); err != nil {
			return Ref{}, unavailable(err)
		}
		if rerr == io.EOF {
			return Ref{SHA256: hex.EncodeToString(sum.Sum(nil)), Size: size}, nil
		}
		if rerr != nil {
			return Ref{}, rerr
		}
	}
}

// syncDirs makes a name durable: its directory, and once those above, which
// may be new.
func (s *Store) syncDirs(dir string) error {
	for d := dir; ; d = path.Dir(d) {
		if err := s.syncDir(d); err != nil {
			return unavailable(err)
		}
		if _, known := s.dirs.Load(dir); known || d == "." {
			s.dirs.Store(dir, nil)
			return nil
		}
	}
}

func (s *Store) syncDir(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Open reads stored content.
func (s *Store) Open(ctx context.Context, hash string) (io.ReadSeekCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !valid(hash) {
		return nil, fault.Missing("blob")
	}
	_, file := place(hash)
	f, err := s.root.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Missing("blob")
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return f, nil
}

// Size tells how large stored content is.
func (s *Store) Size(ctx context.Context, hash string) (int64, error) {
	f, err := s.Open(ctx, hash)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.Seek(0, io.SeekEnd)
}

// Delete removes content that was last put before a time. The caller has found
// that no row names it; the time, taken before that search, spares content
// that somebody puts again meanwhile. Content that is not there is no error.
func (s *Store) Delete(ctx context.Context, hash string, before time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if !valid(hash) {
		return false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	dir, file := place(hash)
	i, err := s.root.Stat(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !i.ModTime().Before(before) {
		return false, nil
	}
	if err != nil {
		return false, unavailable(err)
	}
	if err := s.root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, unavailable(err)
	}
	return true, s.syncDirs(dir)
}

// Walk shows all stored content in the order of its hash. Content that is put
// or deleted meanwhile may be missed or shown.
func (s *Store) Walk(ctx context.Context, fn func(Info) error) error {
	return fs.WalkDir(s.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return unavailable(err)
		case ctx.Err() != nil:
			return ctx.Err()
		case e.IsDir() && name == incoming:
			return fs.SkipDir
		case !e.Type().IsRegular() || !valid(e.Name()):
			return nil
		}
		if _, file := place(e.Name()); file != name {
			return nil
		}
		i, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return unavailable(err)
		}
		return fn(Info{Ref{e.Name(), i.Size()}, i.ModTime()})
	})
}

// ErrDamaged is what Verify finds: content that is not what its name says.
var ErrDamaged = fault.New(fault.Internal, "blob.damaged", "the stored content is damaged")

// Verify reads content and compares it with its name.
func (s *Store) Verify(ctx context.Context, hash string) error {
	f, err := s.Open(ctx, hash)
	if err != nil {
		return err
	}
	defer f.Close()
	ref, err := receive(ctx, io.Discard, f, 1<<62)
	if err != nil {
		return err
	}
	if ref.SHA256 != hash {
		return fmt.Errorf("%s: %w", hash, ErrDamaged)
	}
	return nil
}

func place(hash string) (dir, file string) {
	dir = path.Join(hash[:2], hash[2:4])
	return dir, path.Join(dir, hash)
}

// valid says whether a string has the one form of a hash: nothing else ever
// comes near a path.
func valid(hash string) bool {
	if len(hash) != 2*sha256.Size {
		return false
	}
	for i := range len(hash) {
		if c := hash[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// unavailable makes errors of the disk temporary for the one who waits: a mail
// sender tries again, a browser says so.
func unavailable(err error) error {
	e := fault.New(fault.Unavailable, "blob.unavailable", "the file store cannot be used now")
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		e = fault.New(fault.Unavailable, "blob.full", "the file store is full")
	}
	e.Cause = err
	return e
}
