package llm

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const maxEvent = 1 << 20 // bytes of one event

var errEventTooLarge = errors.New("an event is too large")

// readEvents reads a stream of server-sent events (WHATWG HTML, section 9.2)
// and hands over each with its name, until the stream ends (io.EOF) or
// fn wants no more (nil). Comments,
// ids and retry times are passed over. data is valid during the call only.
func readEvents(r io.Reader, fn func(name string, data []byte) (more bool, err error)) error {
	in := lines{br: bufio.NewReaderSize(r, 8<<10)}
	var line, data []byte
	name, has, first := "", false, true
	dispatch := func() (bool, error) {
		if !has {
			name = ""
			return true, nil
		}
		more, err := fn(name, bytes.TrimSuffix(data, []byte("\n")))
		name, has, data = "", false, data[:0]
		return more, err
	}
	for {
		var err error
		line, err = in.next(line[:0], maxEvent)
		if first {
			line, first = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")), false
		}
		if err != nil {
			// An event that no empty line ends is not delivered, says the
			// standard; some servers forget the last one.
			if err == io.EOF {
				field(line, &name, &data, &has)
				if more, fault := dispatch(); fault != nil || !more {
					return fault
				}
			}
			return err
		}
		if len(line) == 0 {
			if more, err := dispatch(); err != nil || !more {
				return err
			}
			continue
		}
		field(line, &name, &data, &has)
		if len(data) > maxEvent {
			return errEventTooLarge
		}
	}
}

func field(line []byte, name *string, data *[]byte, has *bool) {
	key, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(key) {
	case "data":
		*data = append(append(*data, value...), '\n')
		*has = true
	case "event":
		*name = string(value)
	}
}

// lines reads lines that end with CR, LF or CRLF.
type lines struct {
	br     *bufio.Reader
	skipLF bool // the last line ended with CR: an LF that follows belongs to it
}

// next appends a line without its end; at the end of the stream it gives what
// is left with io.EOF.
func (l *lines) next(buf []byte, limit int) ([]byte, error) {
	for {
		c, err := l.br.ReadByte()
		if err != nil {
			return buf, err
		}
		skip := l.skipLF
		l.skipLF = c == '\r'
		switch {
		case c == '\n' && skip:
			continue
		case c == '\n', c == '\r':
			return buf, nil
		case len(buf) >= limit:
			return buf, errEventTooLarge
		}
		buf = append(buf, c)
	}
}
