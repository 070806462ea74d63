package staff

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"zhidan/internal/platform/fault"
)

// Passwords are hashed with argon2id (RFC 9106) at t=2, m=19 MiB, p=1, written
// in the form $argon2id$v=19$m=…,t=…,p=…$salt$hash. Each hash takes 19 MiB for
// some 20 ms, so only a few run at once and the rest wait in a bounded line.
const (
	argonTime    = 2
	argonMemory  = 19 << 10 // KiB
	argonThreads = 1
	saltLength   = 16
	hashLength   = 32

	minPassword = 10
	maxPassword = 200
	maxWaiting  = 100
)

//go:embed common_passwords.txt
var commonPasswords string

var common = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(commonPasswords) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			m[line] = true
		}
	}
	return m
})

// CheckPassword is the policy: long enough, not one that everybody tries, and
// not the account itself.
func CheckPassword(field, password, email string) error {
	n := utf8.RuneCountInString(password)
	lower := strings.ToLower(password)
	local, _, _ := strings.Cut(email, "@")
	switch {
	case n < minPassword:
		return fault.Bad(field, "password.short", "at least %d characters", minPassword).With("min", fmt.Sprint(minPassword))
	case len(password) > maxPassword:
		return fault.Bad(field, "password.long", "at most %d bytes", maxPassword)
	case !utf8.ValidString(password):
		return fault.Bad(field, "password.characters", "the password is not valid text")
	case common()[lower] || common()[strings.TrimRight(lower, "0123456789!@#$%.?*")] || monotonous(lower):
		return fault.Bad(field, "password.common", "this password is one of the first that are guessed")
	case len(local) > 2 && strings.Contains(lower, local):
		return fault.Bad(field, "password.account", "the password contains the account's name")
	}
	return nil
}

// monotonous finds passwords of few characters, and runs such as 1234567890.
func monotonous(s string) bool {
	distinct := map[rune]bool{}
	steps := map[rune]int{}
	var last rune
	n := 0
	for _, r := range s {
		if n > 0 {
			steps[r-last]++
		}
		distinct[r] = true
		last = r
		n++
	}
	return len(distinct) < 4 || steps[1] >= n-2 || steps[-1] >= n-2
}

// hasher bounds how many passwords are hashed at once.
type hasher struct {
	slots chan struct{}
	line  chan struct{}

	derive func(password, salt []byte, time, memory uint32, threads uint8, length uint32) []byte // argon2id
}

func newHasher() *hasher {
	return &hasher{slots: make(chan struct{}, max(2, runtime.NumCPU())), line: make(chan struct{}, maxWaiting), derive: argon2.IDKey}
}

func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.line <- struct{}{}:
	default:
		return nil, fault.New(fault.Unavailable, "auth.busy", "too many people sign in at this moment")
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; <-h.line }, nil
	case <-ctx.Done():
		<-h.line
		return nil, ctx.Err()
	}
}

// hash makes the stored form of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, saltLength)
	rand.Read(salt)
	sum := h.derive([]byte(password), salt, argonTime, argonMemory, argonThreads, hashLength)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// unknownHash is compared with when there is no account or no password, so
// that the answer takes as long. No password has it.
var unknownHash = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
	base64.RawStdEncoding.EncodeToString(make([]byte, saltLength)), base64.RawStdEncoding.EncodeToString(make([]byte, hashLength)))

// verify says whether the password is the one that was hashed.
func (h *hasher) verify(ctx context.Context, password, stored string) (bool, error) {
	known := stored != ""
	if !known {
		stored = unknownHash
	}
	var version int
	var memory, time uint32
	var threads uint8
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("staff: a stored password has an unknown form")
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &time, &threads); err != nil || version != argon2.Version || memory > 1<<20 || time > 20 || threads == 0 {
		return false, fmt.Errorf("staff: a stored password has unknown parameters")
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) == 0 {
		return false, fmt.Errorf("staff: a stored password cannot be read")
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	if len(password) > maxPassword {
		password = password[:maxPassword]
		known = false
	}
	got := h.derive([]byte(password), salt, time, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}
