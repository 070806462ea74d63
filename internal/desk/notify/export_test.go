package notify

import (
	"crypto/x509"

	"zhidan/internal/platform/id"
)

// Trust makes the room take certificates of a test's own authority.
func (m *Room) Trust(roots *x509.CertPool) { m.roots = roots }

// OnSent runs f between sending and recording.
func (m *Room) OnSent(f func(delivery id.ID) error) { m.sent = f }
