package email

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Source is one raw message found by Walk.
type Source struct {
	Name    string // file, or file#number inside an mbox
	Raw     []byte
	TooBig  bool // Raw is only the first bytes: the message is larger than the limit
	ModTime time.Time
}

// Walk calls fn for every message at path: a file with one message, an mbox, a
// Maildir, a folder of any of these (searched in depth, in the order of names),
// or "-" for standard input. Messages larger than limit bytes (0: 50 MiB) come
// cut and marked. It stops at the first error of fn, or when the context ends.
func Walk(ctx context.Context, path string, limit int64, fn func(Source) error) error {
	if limit <= 0 {
		limit = Limits{}.withDefaults().Size
	}
	w := &walker{ctx: ctx, limit: limit, fn: fn}
	if path == "-" {
		return w.stream("-", os.Stdin, time.Time{}, true)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return w.file(path)
	}
	return filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if name != path && (base == "tmp" && isMaildir(filepath.Dir(name)) || base == ".git") {
				return fs.SkipDir // a Maildir's tmp holds unfinished deliveries
			}
			return nil
		}
		if !d.Type().IsRegular() || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "dovecot") {
			return nil
		}
		return w.file(name)
	})
}

func isMaildir(dir string) bool {
	for _, sub := range []string{"cur", "new"} {
		if info, err := os.Stat(filepath.Join(dir, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

type walker struct {
	ctx   context.Context
	limit int64
	fn    func(Source) error
}

func (w *walker) file(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var mod time.Time
	if info, err := f.Stat(); err == nil {
		mod = info.ModTime()
	}
	// An .eml file is one message even when it begins like an mbox: its body
	// may hold lines that look like separators.
	single := strings.EqualFold(filepath.Ext(name), ".eml")
	return w.stream(name, f, mod, !single)
}

func (w *walker) emit(s Source) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	return w.fn(s)
}

// stream reads one message or an mbox.
func (w *walker) stream(name string, r io.Reader, mod time.Time, mayBeMbox bool) error {
	br := bufio.NewReaderSize(r, 64<<10)
	if start, _ := br.Peek(5); mayBeMbox && bytes.Equal(start, []byte("From ")) {
		return w.mbox(name, br, mod)
	}
	raw, err := io.ReadAll(io.LimitReader(br, w.limit+1))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(raw) == 0 && name == "-" {
		return nil
	}
	s := Source{Name: name, Raw: raw, ModTime: mod}
	if int64(len(raw)) > w.limit {
		s.TooBig, s.Raw = true, raw[:w.limit]
	}
	return w.emit(s)
}

// separatorRE is the envelope line of an mbox: an address and a date.
var separatorRE = regexp.MustCompile(`^From \S.*\d{1,2}:\d{2}(:\d{2})?.*\d{4}|^From \S.*\d{4}.*\d{1,2}:\d{2}`)

// mbox iterates the messages of an mbox file (mboxo and mboxrd: RFC 4155 and
// its variants). A message begins at a "From " line after an empty line; one
// ">" is taken off quoted "From " lines.
func (w *walker) mbox(name string, br *bufio.Reader, mod time.Time) error {
	var cur []byte
	n := 0
	tooBig := false
	strict := true // separators carry a date, unless the first one does not
	blank, started := true, false
	flush := func() error {
		if !started {
			return nil
		}
		n++
		s := Source{Name: fmt.Sprintf("%s#%d", name, n), Raw: trimLineEnd(cur), TooBig: tooBig, ModTime: mod}
		cur, tooBig = nil, false
		return w.emit(s)
	}
	for {
		line, err := br.ReadSlice('\n')
		whole := err == nil
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: %w", name, err)
		}
		if len(line) > 0 {
			switch {
			case blank && bytes.HasPrefix(line, []byte("From ")) && (!started || !strict || separatorRE.Match(bytes.TrimSpace(line))):
				if !started {
					strict = separatorRE.Match(bytes.TrimSpace(line))
				}
				if err := flush(); err != nil {
					return err
				}
				started = true
				blank = false
				for !whole && err != nil && errors.Is(err, bufio.ErrBufferFull) {
					_, err = br.ReadSlice('\n')
				}
				if errors.Is(err, io.EOF) {
					return flush()
				}
				continue
			default:
				keep := line
				if keep[0] == '>' && bytes.HasPrefix(bytes.TrimLeft(keep, ">"), []byte("From ")) {
					keep = keep[1:]
				}
				if room := w.limit - int64(len(cur)); int64(len(keep)) > room {
					keep, tooBig = keep[:max(0, room)], true
				}
				cur = append(cur, keep...)
				blank = whole && len(bytes.TrimRight(line, "\r\n")) == 0
			}
		}
		if errors.Is(err, io.EOF) {
			return flush()
		}
	}
}
