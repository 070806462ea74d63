package secret

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a string that must not be seen: a password, a token, a customer's
// phone number on its way through the program. However it is printed, logged
// or written as JSON it shows only that it is there; Reveal gives it.
type Text struct{ value string }

// NewText hides a string.
func NewText(s string) Text { return Text{s} }

// Reveal is the string itself. Each call is a place to look at in review.
func (t Text) Reveal() string { return t.value }

// Format covers every verb of fmt, on nested values too.
func (t Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// String is empty when there is nothing to hide.
func (t Text) String() string {
	if t.value == "" {
		return ""
	}
	return redacted
}

// LogValue is what slog writes.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText is what JSON and other encodings hold.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText takes the string in: configuration and request bodies.
func (t *Text) UnmarshalText(b []byte) error {
	t.value = string(b)
	return nil
}
