// Package pgserver runs a throwaway PostgreSQL from the installed binaries. A
// watchdog shell owns the server and ends it, and removes its files, when the
// process that started it is gone, however that happened.
package pgserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// ErrMissing says that no PostgreSQL is installed, and how to get one.
var ErrMissing = errors.New("PostgreSQL is not installed: apt-get install -y postgresql")

// Options of a server.
type Options struct {
	Durable  bool     // keep fsync on, as for measuring
	Settings []string // more settings, each "name=value"
}

// Server is one that runs.
type Server struct {
	URL  string // of its database "postgres", over a socket in Dir
	Dir  string
	cmd  *exec.Cmd
	pipe *os.File // the watchdog lives as long as this is open
}

// watchdog starts the server ($1 is its directory, the rest its command) and
// waits for the end of its standard input.
const watchdog = `dir=$1; shift
"$@" >"$dir/log" 2>&1 </dev/null & pid=$!
trap '' INT TERM HUP
cat >/dev/null
kill -QUIT $pid 2>/dev/null
wait $pid
cd /; rm -rf "$dir"`

// Start makes a cluster in a new directory and waits until it answers. It
// listens on a Unix socket only, so that no port can be taken.
func Start(ctx context.Context, o Options) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent(o.Durable), "zhidan-pg-")
	if err != nil {
		return nil, err
	}
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 { // the server refuses to run as root
		if attr.Credential, err = otherUser(); err == nil {
			err = os.Chown(dir, int(attr.Credential.Uid), int(attr.Credential.Gid))
		}
		if err != nil {
			os.RemoveAll(dir)
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = dir, attr
	if out, err := initdb.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	args := []string{"-c", watchdog, "sh", dir, filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=",
		"-c", "max_connections=300", "-c", "shared_buffers=128MB", "-c", "deadlock_timeout=100ms"}
	if !o.Durable {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	for _, s := range o.Settings {
		args = append(args, "-c", s)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd := exec.Command("sh", args...)
	cmd.Dir, cmd.SysProcAttr, cmd.Stdin = dir, attr, r
	if err := cmd.Start(); err != nil {
		w.Close()
		os.RemoveAll(dir)
		return nil, err
	}
	s := &Server{Dir: dir, cmd: cmd, pipe: w, URL: "postgres://postgres@/postgres?host=" + url.QueryEscape(dir)}
	if err := s.ready(ctx); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		s.Stop()
		return nil, fmt.Errorf("PostgreSQL did not start: %w\n%s", err, log)
	}
	return s, nil
}

// parent is where the cluster lies: in memory when there is plenty of it and
// nothing has to last, since copying a database makes hundreds of files. It is
// never below a long TMPDIR, because the path of a socket is limited to some
// 100 bytes.
func parent(durable bool) string {
	const shm, plenty = "/dev/shm", 2 << 30
	var s syscall.Statfs_t
	if !durable && syscall.Statfs(shm, &s) == nil && uint64(s.Bsize)*s.Bavail > plenty {
		return shm
	}
	return "/tmp"
}

func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	h, err := sql.Open("pgx", s.URL)
	if err != nil {
		return err
	}
	defer h.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = h.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

// Stop ends the server and removes its files.
func (s *Server) Stop() error {
	s.pipe.Close()
	return s.cmd.Wait()
}

// Named is the URL of another database on the server of url.
func Named(u, database string) string {
	p, err := url.Parse(u)
	if err != nil {
		return u
	}
	p.Path = "/" + database
	return p.String()
}

func binaries() (string, error) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	best, newest := "", -1
	for _, d := range dirs {
		v, _ := strconv.Atoi(filepath.Base(filepath.Dir(d)))
		if _, err := os.Stat(filepath.Join(d, "initdb")); err == nil && v > newest {
			best, newest = d, v
		}
	}
	if best != "" {
		return best, nil
	}
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return filepath.Dir(p), nil
		}
	}
	return "", ErrMissing
}

func otherUser() (*syscall.Credential, error) {
	for _, name := range strings.Fields("postgres nobody") {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}
