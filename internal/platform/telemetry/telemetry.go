// Package telemetry shows what a node is doing: a log for people and machines,
// Prometheus metrics that are collected when they are asked for, and
// OpenTelemetry traces that cost nothing unless an endpoint is configured. It
// sends nothing anywhere by itself.
package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// NewLog makes the log. Format is "text", "json", or "auto": text on a
// terminal, else JSON. Level is debug, info, warn or error.
func NewLog(w io.Writer, level, format string) (*slog.Logger, error) {
	var l slog.Level
	if level != "" {
		if err := l.UnmarshalText([]byte(strings.ToUpper(level))); err != nil {
			return nil, fmt.Errorf("log level %q is not debug, info, warn or error", level)
		}
	}
	opt := &slog.HandlerOptions{Level: l}
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(w, opt)), nil
	case "text":
		return slog.New(slog.NewTextHandler(w, opt)), nil
	case "auto", "":
		if terminal(w) {
			return slog.New(slog.NewTextHandler(w, opt)), nil
		}
		return slog.New(slog.NewJSONHandler(w, opt)), nil
	}
	return nil, fmt.Errorf("log format %q is not auto, text or json", format)
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}
