package notify

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
)

// Providers in China take no free text, only a template that they have approved
// and the values of its variables.
var templateFields = []Field{
	{Key: "sign_name", Type: "text", ZH: "短信签名", EN: "Signature of the messages", Required: true},
	{Key: "template", Type: "text", ZH: "模板编号", EN: "Template", Required: true},
	{Key: "params", Type: "text", ZH: "模板变量(按顺序,逗号分隔)", EN: "Variables of the template, in order", Default: "title"},
	subjectField(false),
}

var aliyunKind = &Kind{
	Key: "sms_aliyun", Means: SMS,
	Fields: append([]Field{
		{Key: "access_key_id", Type: "text", ZH: "AccessKey ID", EN: "AccessKey ID", Required: true},
		{Key: "access_key_secret", Type: "secret", ZH: "AccessKey Secret", EN: "AccessKey secret", Required: true},
		endpointField("https://dysmsapi.aliyuncs.com"),
	}, templateFields...),
	check: checkParams, send: sendAliyun,
}

var tencentKind = &Kind{
	Key: "sms_tencent", Means: SMS,
	Fields: append([]Field{
		{Key: "secret_id", Type: "text", ZH: "SecretId", EN: "SecretId", Required: true},
		{Key: "secret_key", Type: "secret", ZH: "SecretKey", EN: "SecretKey", Required: true},
		{Key: "app_id", Type: "text", ZH: "短信应用 SdkAppId", EN: "SdkAppId", Required: true},
		{Key: "region", Type: "text", ZH: "地域", EN: "Region", Default: "ap-guangzhou"},
		endpointField("https://sms.tencentcloudapi.com"),
	}, templateFields...),
	check: checkParams, send: sendTencent,
}

var twilioKind = &Kind{
	Key: "sms_twilio", Means: SMS,
	Fields: []Field{
		{Key: "account_sid", Type: "text", ZH: "Account SID", EN: "Account SID", Required: true, Binds: true},
		{Key: "auth_token", Type: "secret", ZH: "Auth Token", EN: "Auth token", Required: true},
		{Key: "from", Type: "text", ZH: "发送号码或 Messaging Service SID", EN: "Sender's number or messaging service", Required: true},
		endpointField("https://api.twilio.com"),
		subjectField(false),
	},
	check: func(c *Channel) error {
		if !sid.MatchString(c.field("account_sid")) {
			return fault.Bad("config.account_sid", "characters", "letters and digits only")
		}
		return nil
	},
	send: sendTwilio,
}

var sid = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)

// smsValues may stand in a template's variables.
var smsValues = []string{"title", "number", "subject", "status", "priority", "team", "due", "metric", "actor", "count", "time"}

func params(c *Channel) []string {
	var out []string
	for p := range strings.SplitSeq(c.field("params"), ",") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

func checkParams(c *Channel) error {
	for _, p := range params(c) {
		if !slices.Contains(smsValues, p) {
			return fault.Bad("config.params", "placeholder", "there is no %q; there are %s", p, strings.Join(smsValues, ", "))
		}
	}
	return nil
}

// maxParam is what providers let a variable have, in characters.
const maxParam = 35

func (o *Message) param(name string) string {
	v := o.Values[name]
	if name == "title" {
		v = o.Title
	}
	if v = cut(oneLine(v), maxParam); v == "" {
		return "-" // an empty variable is refused
	}
	return v
}

func hmac256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hash256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// escape3986 is the escaping that Aliyun signs: RFC 3986, spaces as %20.
func escape3986(s string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(s))
}

// aliyunQuery is the query in its canonical form.
func aliyunQuery(values map[string]string) string {
	var parts []string
	for k, v := range values {
		parts = append(parts, escape3986(k)+"="+escape3986(v))
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

// aliyunSign makes the headers of a call without body by ACS3-HMAC-SHA256
// (Alibaba Cloud, "V3 request structure and signature").
func aliyunSign(keyID, key, host, action, version, query, date, nonce string) http.Header {
	empty := hash256(nil)
	head := [][2]string{{"host", host}, {"x-acs-action", action}, {"x-acs-content-sha256", empty}, {"x-acs-date", date}, {"x-acs-signature-nonce", nonce}, {"x-acs-version", version}}
	var canonical strings.Builder
	var names []string
	out := http.Header{}
	for _, h := range head {
		canonical.WriteString(h[0] + ":" + h[1] + "\n")
		names = append(names, h[0])
		if h[0] != "host" {
			out.Set(h[0], h[1])
		}
	}
	signed := strings.Join(names, ";")
	request := "POST\n/\n" + query + "\n" + canonical.String() + "\n" + signed + "\n" + empty
	sign := hex.EncodeToString(hmac256([]byte(key), "ACS3-HMAC-SHA256\n"+hash256([]byte(request))))
	out.Set("Authorization", "ACS3-HMAC-SHA256 Credential="+keyID+",SignedHeaders="+signed+",Signature="+sign)
	return out
}

// sendAliyun calls SendSms of 2017-05-25.
func sendAliyun(ctx context.Context, m *Room, c *Channel, out *Message) (string, error) {
	values := map[string]string{}
	for _, p := range params(c) {
		values[p] = out.param(p)
	}
	filled, err := json.Marshal(values)
	if err != nil {
		return "", err
	}
	query := aliyunQuery(map[string]string{
		"PhoneNumbers": strings.TrimPrefix(strings.TrimPrefix(out.To, "+86"), "+"), "SignName": c.field("sign_name"), "TemplateCode": c.field("template"),
		"TemplateParam": string(filled), "OutId": out.ID.String(),
	})
	address, err := url.Parse(endpoint(c))
	if err != nil {
		return "", refuse("the address is not valid")
	}
	head := aliyunSign(c.field("access_key_id"), c.secret("access_key_secret"), address.Host, "SendSms", "2017-05-25", query,
		m.Clock.Now().Std().Format("2006-01-02T15:04:05Z"), nonce())
	raw, _, err := m.exchange(ctx, http.MethodPost, endpoint(c)+"/?"+query, head, nil)
	var answer struct{ Code, Message, BizId string }
	if json.Unmarshal(raw, &answer) != nil || answer.Code == "" {
		if err == nil {
			err = retry("the answer is not JSON")
		}
		return "", err
	}
	switch {
	case answer.Code == "OK":
		return answer.BizId, nil
	case strings.Contains(answer.Code, "LIMIT") || strings.Contains(answer.Code, "SYSTEM_ERROR") || strings.HasPrefix(answer.Code, "Throttling") || answer.Code == "ServiceUnavailable" || answer.Code == "InternalError":
		return "", retry("%s %s", answer.Code, answer.Message)
	}
	return "", refuse("%s %s", answer.Code, answer.Message)
}

func nonce() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// tencentSign makes the Authorization header by TC3-HMAC-SHA256 (Tencent Cloud,
// "Signature method v3") over the headers content-type, host and x-tc-action.
func tencentSign(secretID, secretKey, service, host, action string, payload []byte, at clock.Time) string {
	const signed = "content-type;host;x-tc-action"
	request := "POST\n/\n\ncontent-type:application/json; charset=utf-8\nhost:" + host + "\nx-tc-action:" + strings.ToLower(action) + "\n\n" + signed + "\n" + hash256(payload)
	day := at.Std().Format("2006-01-02")
	scope := day + "/" + service + "/tc3_request"
	text := "TC3-HMAC-SHA256\n" + strconv.FormatInt(int64(at)/1000, 10) + "\n" + scope + "\n" + hash256([]byte(request))
	key := hmac256(hmac256(hmac256([]byte("TC3"+secretKey), day), service), "tc3_request")
	return "TC3-HMAC-SHA256 Credential=" + secretID + "/" + scope + ", SignedHeaders=" + signed + ", Signature=" + hex.EncodeToString(hmac256(key, text))
}

// sendTencent calls SendSms of 2021-01-11.
func sendTencent(ctx context.Context, m *Room, c *Channel, out *Message) (string, error) {
	values := []string{}
	for _, p := range params(c) {
		values = append(values, out.param(p))
	}
	payload, err := json.Marshal(map[string]any{"PhoneNumberSet": []string{out.To}, "SmsSdkAppId": c.field("app_id"), "SignName": c.field("sign_name"),
		"TemplateId": c.field("template"), "TemplateParamSet": values, "SessionContext": out.ID.String()})
	if err != nil {
		return "", err
	}
	address, err := url.Parse(endpoint(c))
	if err != nil {
		return "", refuse("the address is not valid")
	}
	now := m.Clock.Now()
	head := http.Header{}
	for k, v := range map[string]string{
		"Authorization": tencentSign(c.field("secret_id"), c.secret("secret_key"), "sms", address.Host, "SendSms", payload, now),
		"Content-Type":  "application/json; charset=utf-8", "X-TC-Action": "SendSms", "X-TC-Version": "2021-01-11", "X-TC-Region": c.field("region"),
		"X-TC-Timestamp": strconv.FormatInt(int64(now)/1000, 10),
	} {
		head.Set(k, v)
	}
	raw, _, err := m.exchange(ctx, http.MethodPost, endpoint(c)+"/", head, payload)
	if err != nil {
		return "", err
	}
	var answer struct {
		Response struct {
			Error         *struct{ Code, Message string }
			SendStatusSet []struct{ SerialNo, Code, Message string }
		}
	}
	if json.Unmarshal(raw, &answer) != nil {
		return "", retry("the answer is not JSON")
	}
	code, words := "", ""
	switch r := answer.Response; {
	case r.Error != nil:
		code, words = r.Error.Code, r.Error.Message
	case len(r.SendStatusSet) == 1 && r.SendStatusSet[0].Code == "Ok":
		return r.SendStatusSet[0].SerialNo, nil
	case len(r.SendStatusSet) == 1:
		code, words = r.SendStatusSet[0].Code, r.SendStatusSet[0].Message
	default:
		return "", retry("the answer says nothing of the message")
	}
	if strings.HasPrefix(code, "LimitExceeded") || strings.HasPrefix(code, "InternalError") || strings.HasPrefix(code, "RequestLimitExceeded") {
		return "", retry("%s %s", code, words)
	}
	return "", refuse("%s %s", code, words)
}

// maxSMS keeps a free text within a few segments.
const maxSMS = 300

// sendTwilio creates a message resource (API of 2010-04-01).
func sendTwilio(ctx context.Context, m *Room, c *Channel, out *Message) (string, error) {
	form := url.Values{"To": {out.To}, "Body": {cut(out.body(), maxSMS)}}
	if from := c.field("from"); strings.HasPrefix(from, "MG") {
		form.Set("MessagingServiceSid", from)
	} else {
		form.Set("From", from)
	}
	head := http.Header{"Content-Type": {"application/x-www-form-urlencoded"},
		"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(c.field("account_sid")+":"+c.secret("auth_token")))}}
	raw, _, err := m.exchange(ctx, http.MethodPost, endpoint(c)+"/2010-04-01/Accounts/"+c.field("account_sid")+"/Messages.json", head, []byte(form.Encode()))
	var answer struct {
		SID     string `json:"sid"`
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	jerr := json.Unmarshal(raw, &answer)
	var f *refusal
	if errors.As(err, &f) && answer.Message != "" {
		return "", &refusal{Why: strconv.Itoa(answer.Code) + " " + answer.Message, Permanent: f.Permanent, After: f.After}
	}
	if err == nil && jerr != nil {
		err = retry("the answer is not JSON")
	}
	return answer.SID, err
}
