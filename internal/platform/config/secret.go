package config

import "log/slog"

// Secret is a value that does not show itself: printed, logged or written as
// JSON or YAML it is "[secret]". Only Reveal gives it.
type Secret struct{ value string }

const hidden = "[secret]"

// NewSecret hides a value.
func NewSecret(v string) Secret { return Secret{v} }

// Reveal is the value itself, for the one place that uses it.
func (s Secret) Reveal() string { return s.value }

// Set says whether there is a value.
func (s Secret) Set() bool { return s.value != "" }

func (s Secret) String() string {
	if s.value == "" {
		return ""
	}
	return hidden
}

// GoString keeps %#v quiet too.
func (s Secret) GoString() string { return s.String() }

// MarshalText covers JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a configured value.
func (s *Secret) UnmarshalText(b []byte) error { s.value = string(b); return nil }

// LogValue covers slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
