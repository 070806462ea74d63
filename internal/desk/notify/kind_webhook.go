package notify

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

var webhookKind = &Kind{
	Key: "webhook",
	Fields: []Field{
		{Key: "url", Type: "address", ZH: "接收地址", EN: "Address", Required: true, Binds: true},
		{Key: "secret", Type: "secret", ZH: "签名密钥", EN: "Secret for signing", Required: true},
		subjectField(false),
	},
	check: func(c *Channel) error {
		if len(webhookSecret(c.secret("secret"))) < 16 {
			return fault.Bad("secrets.secret", "short", "at least 16 bytes")
		}
		return nil
	},
	send: sendWebhook,
}

// hookBody is what another system gets.
type hookBody struct {
	Type string     `json:"type"` // notification.assigned
	At   clock.Time `json:"timestamp"`
	Data hookData   `json:"data"`
}

type hookData struct {
	ID       id.ID  `json:"id"` // the same when it comes again
	Event    string `json:"event"`
	Ticket   id.ID  `json:"ticket_id,omitzero"`
	Number   string `json:"number,omitempty"`
	Subject  string `json:"subject,omitempty"`
	Status   string `json:"status,omitempty"`
	Priority string `json:"priority,omitempty"`
	Team     string `json:"team,omitempty"`
	Title    string `json:"title"`
	Text     string `json:"text,omitempty"`
	URL      string `json:"url,omitempty"`
	Urgent   bool   `json:"urgent,omitempty"`
}

// webhookSecret is the key of a secret: base64 after "whsec_", else its bytes.
func webhookSecret(s string) []byte {
	if rest, ok := strings.CutPrefix(s, "whsec_"); ok {
		if key, err := base64.StdEncoding.DecodeString(rest); err == nil {
			return key
		}
	}
	return []byte(s)
}

// webhookSign signs id, seconds and body by the specification Standard Webhooks
// (version 1, symmetric): any of its libraries can check it.
func webhookSign(key []byte, messageID string, seconds int64, body []byte) string {
	return "v1," + base64.StdEncoding.EncodeToString(hmac256(key, messageID+"."+strconv.FormatInt(seconds, 10)+"."+string(body)))
}

// sendWebhook posts to another system.
func sendWebhook(ctx context.Context, m *Room, c *Channel, out *Message) (string, error) {
	now := m.Clock.Now()
	v := out.Values
	body, err := json.Marshal(hookBody{"notification." + out.Event, now, hookData{out.ID, out.Event, out.Ticket, v["number"], v["subject"], v["status"], v["priority"], v["team"],
		out.Title, out.Text, out.URL, out.Urgent}})
	if err != nil {
		return "", err
	}
	messageID, seconds := out.ID.String(), int64(now)/1000
	_, res, err := m.exchange(ctx, http.MethodPost, c.field("url"), http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {messageID}, "Webhook-Timestamp": {strconv.FormatInt(seconds, 10)},
		"Webhook-Signature": {webhookSign(webhookSecret(c.secret("secret")), messageID, seconds, body)}, "Idempotency-Key": {messageID},
	}, body)
	if err != nil {
		return "", err
	}
	return strconv.Itoa(res.StatusCode), nil
}
