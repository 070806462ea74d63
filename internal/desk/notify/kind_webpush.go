package notify

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Web push: the message is encrypted for the browser (RFC 8291, over RFC 8188)
// and given to the browser's push service (RFC 8030), to which the company
// names itself (VAPID, RFC 8292).
var webPushKind = &Kind{
	Key: "web_push", Means: WebPush,
	Fields: []Field{
		{Key: "contact", Type: "text", ZH: "联系邮箱(告知推送服务商)", EN: "Mail address, told to push services", Required: true},
		{Key: "public_key", Type: "text", ZH: "公钥", EN: "Public key", ReadOnly: true},
		{Key: "private_key", Type: "secret", ZH: "私钥(留空则自动生成)", EN: "Private key; made when empty"},
		subjectField(true),
	},
	prepare: vapidKeys,
	check: func(c *Channel) error {
		if _, err := mail.ParseAddress(c.field("contact")); err != nil || strings.ContainsAny(c.field("contact"), "<> ") {
			return fault.Bad("config.contact", "email", "this is not a mail address")
		}
		return nil
	},
	send: sendWebPush,
}

// vapidKeys makes the key pair when there is none, and the public key from the
// private one.
func vapidKeys(c *Channel) error {
	raw, err := key64(c.secret("private_key"))
	if err != nil {
		return fault.Bad("secrets.private_key", "key", "32 bytes in base64url")
	}
	var key *ecdh.PrivateKey
	if len(raw) == 0 {
		key, err = ecdh.P256().GenerateKey(rand.Reader)
	} else {
		key, err = ecdh.P256().NewPrivateKey(raw)
	}
	if err != nil {
		return fault.Bad("secrets.private_key", "key", "this is not a private key on P-256")
	}
	c.hide("private_key", base64.RawURLEncoding.EncodeToString(key.Bytes()))
	c.Config["public_key"] = base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())
	return nil
}

// vapid is the Authorization header for a push service (RFC 8292 §3): a token
// signed with ES256 that names the service and ends within a day.
func vapid(private, contact, endpoint string, now clock.Time) (string, error) {
	raw, err := key64(private)
	if err != nil {
		return "", err
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{"aud": u.Scheme + "://" + u.Host, "exp": int64(now.Add(12*time.Hour)) / 1000, "sub": "mailto:" + contact})
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return "", err
	}
	sign := make([]byte, 64) // RFC 7518 §3.4
	r.FillBytes(sign[:32])
	s.FillBytes(sign[32:])
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return "", err
	}
	return "vapid t=" + text + "." + base64.RawURLEncoding.EncodeToString(sign) + ", k=" + base64.RawURLEncoding.EncodeToString(public), nil
}

// pushRecord is the record size of RFC 8188; a message is one record.
const pushRecord = 4096

// maxPush is the longest message: what every push service takes, less header,
// padding mark and tag.
const maxPush = 4096 - 86 - 17

// sealPush encrypts a message for a browser: RFC 8291 §3.4 with the sender's
// one-time key and salt.
func sealPush(plain []byte, browser *ecdh.PublicKey, auth []byte, sender *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	if len(plain) > maxPush {
		return nil, errors.New("the message is too long for web push")
	}
	shared, err := sender.ECDH(browser)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(browser.Bytes()) + string(sender.PublicKey().Bytes())
	ikm, err := hkdf.Key(sha256.New, shared, auth, info, 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	out := append([]byte{}, salt...)
	out = binary.BigEndian.AppendUint32(out, pushRecord)
	own := sender.PublicKey().Bytes()
	out = append(append(out, byte(len(own))), own...)
	return gcm.Seal(out, nonce, append(append([]byte{}, plain...), 2), nil), nil // 2: the last record
}

// pushBody is what the browser's worker gets.
type pushBody struct {
	ID     id.ID  `json:"id"`
	Event  string `json:"event"`
	Ticket id.ID  `json:"ticket_id,omitzero"`
	Title  string `json:"title"`
	Text   string `json:"text,omitempty"`
	URL    string `json:"url,omitempty"`
	Urgent bool   `json:"urgent,omitempty"`
}

// sendWebPush pushes to every browser of a person: one that takes it is enough.
// A browser that its service knows no more is forgotten. The topic makes a
// repetition replace what still waits.
func sendWebPush(ctx context.Context, m *Room, c *Channel, out *Message) (string, error) {
	list, err := m.opened(ctx, out.Tenant, out.User)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(pushBody{out.ID, out.Event, out.Ticket, cut(out.Title, 200), cut(out.Text, 700), out.URL, out.Urgent})
	if err != nil {
		return "", err
	}
	taken := 0
	why := error(refuse("the person has no browser that takes pushes"))
	for _, s := range list {
		gone, err := m.pushTo(ctx, c, s, out, plain)
		switch {
		case gone:
			if err := m.unsubscribe(ctx, out.Tenant, out.User, s.ID); err != nil && fault.KindOf(err) != fault.NotFound {
				return "", err
			}
		case err != nil:
			why = err
		default:
			taken++
		}
	}
	if taken == 0 {
		return "", why
	}
	return strconv.Itoa(taken), nil
}

func (m *Room) pushTo(ctx context.Context, c *Channel, s subscription, out *Message, plain []byte) (gone bool, err error) {
	if s.check() != nil {
		return true, nil
	}
	public, _ := key64(s.Public)
	auth, _ := key64(s.Auth)
	browser, err := ecdh.P256().NewPublicKey(public)
	if err != nil {
		return true, nil
	}
	sender, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return false, err
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	body, err := sealPush(plain, browser, auth, sender, salt)
	if err != nil {
		return false, err
	}
	name, err := vapid(c.secret("private_key"), c.field("contact"), s.Endpoint, m.Clock.Now())
	if err != nil {
		return false, refuse("the key of web push does not open")
	}
	urgency := "normal"
	if out.Urgent {
		urgency = "high"
	}
	_, res, err := m.exchange(ctx, http.MethodPost, s.Endpoint, http.Header{
		"Content-Type": {"application/octet-stream"}, "Content-Encoding": {"aes128gcm"}, "Authorization": {name},
		"Ttl": {"86400"}, "Urgency": {urgency}, "Topic": {out.ID.String()},
	}, body)
	if res != nil && (res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone) {
		return true, nil
	}
	return false, err
}
