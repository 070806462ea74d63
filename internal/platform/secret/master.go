package secret

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/subtle/random"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const masterSize = 32

// errNoMaster says that there is no master key yet.
var errNoMaster = errors.New("no master key")

// master wraps the tenants' keys. The first key wraps; all of them unwrap, so
// that the master key can be changed: put the new one first, start, Rewrap,
// then take the old one away.
type master struct {
	keys []masterKey
	from string // where it was read, for messages
}

type masterKey struct {
	fingerprint [4]byte
	aead        tink.AEAD
}

// parseMaster reads keys of 32 bytes in base64 or hex, one a line or separated
// by commas; lines that begin with # are comments.
func parseMaster(text, from string) (*master, error) {
	m := &master{from: from}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		for part := range strings.SplitSeq(line, ",") {
			part = strings.TrimSpace(part)
			if part == "" {
				continue
			}
			raw, err := decodeKey(part)
			if err != nil {
				return nil, fmt.Errorf("secret: %s: a master key is %d random bytes in base64 or hex", from, masterSize)
			}
			a, err := subtle.NewAESGCM(raw)
			if err != nil {
				return nil, err
			}
			sum := sha256.Sum256(append([]byte("zhidan master key fingerprint\x00"), raw...))
			k := masterKey{aead: a}
			copy(k.fingerprint[:], sum[:4])
			m.keys = append(m.keys, k)
		}
	}
	if len(m.keys) == 0 {
		return nil, fmt.Errorf("secret: %s holds no master key", from)
	}
	return m, nil
}

func decodeKey(s string) ([]byte, error) {
	if b, err := hex.DecodeString(s); err == nil && len(b) == masterSize {
		return b, nil
	}
	s = strings.TrimRight(s, "=")
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := enc.DecodeString(s); err == nil && len(b) == masterSize {
			return b, nil
		}
	}
	return nil, errors.New("not a key")
}

func readMaster(path string) (*master, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoMaster
	}
	if err != nil {
		return nil, fmt.Errorf("secret: the master key cannot be read: %w", err)
	}
	return parseMaster(string(b), path)
}

// makeMaster writes a fresh key, whole or not at all, unless another process
// was faster; then it reads that one. made says whether it is ours.
func makeMaster(path string) (m *master, made bool, err error) {
	text := "# The master key of this Zhidan store. Without it sealed personal data and\n" +
		"# credentials cannot be read. Keep a copy apart from the backups of the store.\n" +
		base64.StdEncoding.EncodeToString(random.GetRandomBytes(masterSize)) + "\n"
	tmp, err := os.CreateTemp(filepath.Dir(path), ".master-*") // mode 0600
	if err != nil {
		return nil, false, fmt.Errorf("secret: the master key cannot be written: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(text)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		// Unlike a rename, a link never replaces what is there.
		err = os.Link(tmp.Name(), path)
	}
	if errors.Is(err, fs.ErrExist) {
		m, err = readMaster(path)
		return m, false, err
	}
	if err != nil {
		return nil, false, fmt.Errorf("secret: the master key cannot be written: %w", err)
	}
	if d, err := os.Open(filepath.Dir(path)); err == nil {
		_ = d.Sync() // some file systems cannot; the file itself is synced
		_ = d.Close()
	}
	m, err = parseMaster(text, path)
	return m, true, err
}

// wrap is version, fingerprint of the master key, AES-256-GCM of the data.
func (m *master) wrap(plain []byte, aad string) ([]byte, error) {
	k := m.keys[0]
	ct, err := k.aead.Encrypt(plain, []byte(aad))
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, 5+len(ct))
	out = append(out, 1)
	out = append(out, k.fingerprint[:]...)
	return append(out, ct...), nil
}

func (m *master) unwrap(wrapped []byte, aad string) ([]byte, error) {
	if len(wrapped) < 5 || wrapped[0] != 1 {
		return nil, errors.New("secret: a stored key is damaged")
	}
	for _, k := range m.keys {
		if string(k.fingerprint[:]) == string(wrapped[1:5]) {
			plain, err := k.aead.Decrypt(wrapped[5:], []byte(aad))
			if err != nil {
				return nil, errors.New("secret: a stored key was changed or belongs to another row")
			}
			return plain, nil
		}
	}
	return nil, fmt.Errorf("secret: wrong master key: the store was sealed with key %x, but %s holds %s; "+
		"put back the master key that belongs to this store", wrapped[1:5], m.from, m.fingerprints())
}

// current reports whether the first key wrapped this.
func (m *master) current(wrapped []byte) bool {
	return len(wrapped) >= 5 && string(wrapped[1:5]) == string(m.keys[0].fingerprint[:])
}

func (m *master) fingerprints() string {
	s := make([]string, len(m.keys))
	for i, k := range m.keys {
		s[i] = hex.EncodeToString(k.fingerprint[:])
	}
	return strings.Join(s, ", ")
}
