package secret

import (
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"strings"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
)

// Tokens are lower-case letters and digits and survive the local part of a
// mail address, which some programs turn to upper case.
var tokenText = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

const (
	tokenHead = 4 + 5 // number of the key, expiry in seconds
	tokenTag  = 16    // bytes of HMAC-SHA256 that are kept: 128 bits
	// MaxTokenPayload is how many bytes a token may carry.
	MaxTokenPayload = 256
)

// Sign makes a token that holds for one purpose ("attachment", "reply") and
// one object until the expiry (zero: for ever), and carries the payload in
// the open. A token with an eight-byte payload has 53 characters.
func (t *Tenant) Sign(purpose, object string, payload []byte, expiry clock.Time) (string, error) {
	if len(payload) > MaxTokenPayload {
		return "", fault.Bad("payload", "token.payload", "a token carries at most %d bytes", MaxTokenPayload)
	}
	k := t.keys.Load()
	body := make([]byte, tokenHead, tokenHead+len(payload)+tokenTag)
	binary.BigEndian.PutUint32(body, k.sign)
	secs := uint64(expiry) / 1000
	body[4] = byte(secs >> 32)
	binary.BigEndian.PutUint32(body[5:], uint32(secs))
	body = append(body, payload...)
	tag, err := k.signs[k.sign].ComputePRF(tokenInput(purpose, object, body), tokenTag)
	if err != nil {
		return "", err
	}
	return tokenText.EncodeToString(append(body, tag...)), nil
}

// Verify gives the payload of a token that this tenant signed for the same
// purpose and object, and that has not expired.
func (t *Tenant) Verify(purpose, object, token string) ([]byte, error) {
	bad := fault.New(fault.Forbidden, "token.invalid", "the token is not valid here")
	if len(token) > tokenText.EncodedLen(tokenHead+MaxTokenPayload+tokenTag) {
		return nil, bad
	}
	token = strings.ToLower(token)
	raw, err := tokenText.DecodeString(token)
	// Spare bits at the end would let one token be written in several ways.
	if err != nil || len(raw) < tokenHead+tokenTag || tokenText.EncodeToString(raw) != token {
		return nil, bad
	}
	body, tag := raw[:len(raw)-tokenTag], raw[len(raw)-tokenTag:]
	key := binary.BigEndian.Uint32(body)
	p := t.keys.Load().signs[key]
	if p == nil {
		if !t.search(func(k *keys) bool { return k.signs[key] != nil }) {
			return nil, bad
		}
		p = t.keys.Load().signs[key]
	}
	want, err := p.ComputePRF(tokenInput(purpose, object, body), tokenTag)
	if err != nil || subtle.ConstantTimeCompare(want, tag) != 1 {
		return nil, bad
	}
	secs := uint64(body[4])<<32 | uint64(binary.BigEndian.Uint32(body[5:]))
	if secs != 0 && uint64(t.now())/1000 >= secs {
		return nil, fault.New(fault.Forbidden, "token.expired", "the token has expired")
	}
	return body[tokenHead:], nil
}

// tokenInput puts the parts one after another with their lengths, so that no
// two different sets of parts give the same bytes.
func tokenInput(purpose, object string, body []byte) []byte {
	b := make([]byte, 0, 8+len(purpose)+len(object)+len(body))
	b = binary.BigEndian.AppendUint32(b, uint32(len(purpose)))
	b = append(b, purpose...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(object)))
	b = append(b, object...)
	return append(b, body...)
}
