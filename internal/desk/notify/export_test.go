package notify

import (
	"crypto/x509"
	"errors"
	"slices"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Trust makes the room take certificates of a test's own authority.
func (m *Room) Trust(roots *x509.CertPool) { m.roots = roots }

// OnSent runs f between sending and recording.
func (m *Room) OnSent(f func(delivery id.ID) error) { m.sent = f }

// bad says whether an error names a field.
func bad(err error, field string) bool {
	var f *fault.Error
	var l fault.List
	if errors.As(err, &l) {
		return slices.ContainsFunc(l, func(f *fault.Error) bool { return f.Field == field })
	}
	return errors.As(err, &f) && f.Field == field
}
