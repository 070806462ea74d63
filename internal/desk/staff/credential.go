package staff

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"zhidan/internal/platform/id"
)

// A credential is a secret of 256 random bits behind a word that says what it
// is and the tenant, so that it is looked up inside its tenant and a leaked
// one is recognised by scanners:
//
//	zds_<tenant>_<43 characters>   a session, in a cookie
//	zdt_<tenant>_<43 characters>   an API token, in the Authorization header
//
// Only its SHA-256 is stored; with 256 bits nothing slower is needed.
const (
	sessionPrefix = "zds_"
	tokenPrefix   = "zdt_"
)

type digest [sha256.Size]byte

// credential is what a request brings.
type credential struct {
	tenant id.ID
	token  bool
	hash   digest
}

func newSecret(prefix string, tenant id.ID) (string, digest) {
	var b [32]byte
	rand.Read(b[:])
	s := prefix + strconv.FormatInt(int64(tenant), 36) + "_" + base64.RawURLEncoding.EncodeToString(b[:])
	return s, sha256.Sum256([]byte(s))
}

func parseCredential(s string, token bool) (credential, bool) {
	prefix := sessionPrefix
	if token {
		prefix = tokenPrefix
	}
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok || len(s) > 100 {
		return credential{}, false
	}
	tenant, secret, ok := strings.Cut(rest, "_")
	n, err := strconv.ParseInt(tenant, 36, 64)
	if !ok || err != nil || n <= 0 || len(secret) != 43 {
		return credential{}, false
	}
	return credential{id.ID(n), token, sha256.Sum256([]byte(s))}, true
}
