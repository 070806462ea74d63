package notify_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/guard"
	"zhidan/internal/zhidantest"
)

// peer is a platform on loopback that speaks its protocol and keeps what it
// got.
type peer struct {
	*httptest.Server
	t      *testing.T
	mu     sync.Mutex
	got    []string          // texts, with whom they are for
	answer map[string]string // by path: what to answer next instead of ok
	tokens int               // access tokens given
	stale  bool              // the next token that is shown is over
}

func newPeer(t *testing.T) *peer {
	p := &peer{t: t, answer: map[string]string{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func (p *peer) take(format string, args ...any) { p.got = append(p.got, fmt.Sprintf(format, args...)) }

func (p *peer) last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.got) == 0 {
		return ""
	}
	return p.got[len(p.got)-1]
}

func mac(key, text string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	io.WriteString(h, text)
	return h.Sum(nil)
}

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

func (p *peer) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	raw, _ := io.ReadAll(r.Body)
	body := M{}
	_ = json.Unmarshal(raw, &body)
	text := func(path ...string) string {
		v := any(body)
		for _, k := range path {
			m, _ := v.(M)
			v = m[k]
		}
		s, _ := v.(string)
		return s
	}
	if a, ok := p.answer[r.URL.Path]; ok {
		delete(p.answer, r.URL.Path)
		status, rest, _ := strings.Cut(a, " ")
		if status == "429" {
			w.Header().Set("Retry-After", "120")
		}
		var n int
		fmt.Sscan(status, &n)
		w.WriteHeader(n)
		io.WriteString(w, rest)
		return
	}
	say := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	q := r.URL.Query()
	token := func() bool {
		if p.stale {
			p.stale = false
			return false
		}
		return q.Get("access_token") == fmt.Sprint("t", p.tokens) || r.Header.Get("Authorization") == fmt.Sprint("Bearer t", p.tokens)
	}
	switch path := r.URL.Path; {
	case path == "/cgi-bin/webhook/send":
		if q.Get("key") != "robot-key" {
			say(M{"errcode": 93000, "errmsg": "invalid webhook url"})
			return
		}
		p.take("wecom group: %s", text("text", "content"))
		say(M{"errcode": 0, "errmsg": "ok"})
	case path == "/cgi-bin/gettoken", path == "/gettoken":
		if q.Get("corpsecret")+q.Get("appsecret") != "s3cret" {
			say(M{"errcode": 40001, "errmsg": "invalid credential"})
			return
		}
		p.tokens++
		say(M{"errcode": 0, "access_token": fmt.Sprint("t", p.tokens), "expires_in": 7200})
	case path == "/cgi-bin/message/send":
		if !token() {
			say(M{"errcode": 42001, "errmsg": "access_token expired"})
			return
		}
		if text("touser") == "nobody" {
			say(M{"errcode": 0, "invaliduser": "nobody"})
			return
		}
		p.take("wecom %s %.0f %v: %s", text("touser"), body["agentid"], body["enable_duplicate_check"], text("text", "content"))
		say(M{"errcode": 0, "errmsg": "ok", "msgid": "wm1"})
	case path == "/robot/send":
		want := base64.StdEncoding.EncodeToString(mac("SECdemo", q.Get("timestamp")+"\nSECdemo"))
		if q.Get("access_token") != "robot-token" || q.Get("sign") != want {
			say(M{"errcode": 310000, "errmsg": "sign not match"})
			return
		}
		p.take("dingtalk group: %s", text("text", "content"))
		say(M{"errcode": 0, "errmsg": "ok"})
	case path == "/topapi/message/corpconversation/asyncsend_v2":
		if !token() {
			say(M{"errcode": 42001, "errmsg": "expired"})
			return
		}
		p.take("dingtalk %s %.0f: %s", text("userid_list"), body["agent_id"], text("msg", "text", "content"))
		say(M{"errcode": 0, "task_id": 256271667526})
	case path == "/open-apis/bot/v2/hook/robot-hook":
		want := base64.StdEncoding.EncodeToString(mac(text("timestamp")+"\ndemo", ""))
		if text("sign") != want {
			say(M{"code": 19021, "msg": "sign match fail"})
			return
		}
		p.take("feishu group: %s", text("content", "text"))
		say(M{"code": 0, "msg": "success"})
	case path == "/open-apis/auth/v3/tenant_access_token/internal":
		if text("app_secret") != "s3cret" {
			w.WriteHeader(400)
			say(M{"code": 10014, "msg": "app secret invalid"})
			return
		}
		p.tokens++
		say(M{"code": 0, "tenant_access_token": fmt.Sprint("t", p.tokens), "expire": 7200})
	case path == "/open-apis/im/v1/messages":
		if !token() {
			w.WriteHeader(400)
			say(M{"code": 99991663, "msg": "Invalid access token"})
			return
		}
		inner := M{}
		_ = json.Unmarshal([]byte(text("content")), &inner)
		if text("uuid") == "" || len(text("uuid")) > 50 {
			p.t.Errorf("uuid %q", text("uuid"))
		}
		p.take("feishu %s %s: %s", q.Get("receive_id_type"), text("receive_id"), inner["text"])
		say(M{"code": 0, "data": M{"message_id": "om_1"}})
	case r.Header.Get("X-Acs-Action") == "SendSms":
		p.aliyun(r, say)
	case r.Header.Get("X-Tc-Action") == "SendSms":
		p.tencent(r, raw, say)
	case strings.HasPrefix(path, "/2010-04-01/Accounts/ACdemo/Messages.json"):
		user, password, _ := r.BasicAuth()
		form, _ := url.ParseQuery(string(raw))
		if user != "ACdemo" || password != "s3cret" {
			w.WriteHeader(401)
			say(M{"code": 20003, "message": "Authenticate"})
			return
		}
		p.take("twilio %s from %s: %s", form.Get("To"), form.Get("From"), form.Get("Body"))
		w.WriteHeader(201)
		say(M{"sid": "SM1", "status": "queued"})
	case path == "/hook":
		want := "v1," + base64.StdEncoding.EncodeToString(mac("0123456789abcdef", r.Header.Get("Webhook-Id")+"."+r.Header.Get("Webhook-Timestamp")+"."+string(raw)))
		if r.Header.Get("Webhook-Signature") != want || r.Header.Get("Idempotency-Key") != r.Header.Get("Webhook-Id") {
			w.WriteHeader(401)
			return
		}
		p.take("hook %s %s %s", text("type"), text("data", "number"), text("data", "subject"))
		w.WriteHeader(204)
	default:
		p.t.Errorf("nobody asked for %s", path)
		w.WriteHeader(404)
	}
}

// aliyun checks an ACS3 signature over what arrived.
func (p *peer) aliyun(r *http.Request, say func(any)) {
	_, list, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	names, sign, _ := strings.Cut(list, ",Signature=")
	canonical := ""
	for name := range strings.SplitSeq(names, ";") {
		v := r.Header.Get(name)
		if name == "host" {
			v = r.Host
		}
		canonical += name + ":" + v + "\n"
	}
	parts := strings.Split(r.URL.RawQuery, "&")
	sort.Strings(parts)
	request := "POST\n/\n" + strings.Join(parts, "&") + "\n" + canonical + "\n" + names + "\n" + r.Header.Get("X-Acs-Content-Sha256")
	if hex.EncodeToString(mac("s3cret", "ACS3-HMAC-SHA256\n"+sum(request))) != sign {
		say(M{"Code": "SignatureDoesNotMatch", "Message": "no"})
		return
	}
	q := r.URL.Query()
	p.take("aliyun %s %s %s: %s", q.Get("PhoneNumbers"), q.Get("SignName"), q.Get("TemplateCode"), q.Get("TemplateParam"))
	say(M{"Code": "OK", "BizId": "9006", "Message": "OK"})
}

// tencent checks a TC3 signature over what arrived.
func (p *peer) tencent(r *http.Request, raw []byte, say func(any)) {
	auth := r.Header.Get("Authorization")
	_, sign, _ := strings.Cut(auth, "Signature=")
	_, scope, _ := strings.Cut(auth, "Credential=AKdemo/")
	scope, _, _ = strings.Cut(scope, ",")
	day, _, _ := strings.Cut(scope, "/")
	request := "POST\n/\n\ncontent-type:" + r.Header.Get("Content-Type") + "\nhost:" + r.Host + "\nx-tc-action:sendsms\n\ncontent-type;host;x-tc-action\n" + sum(string(raw))
	text := "TC3-HMAC-SHA256\n" + r.Header.Get("X-Tc-Timestamp") + "\n" + scope + "\n" + sum(request)
	key := mac(string(mac(string(mac("TC3s3cret", day)), "sms")), "tc3_request")
	if hex.EncodeToString(mac(string(key), text)) != sign {
		say(M{"Response": M{"Error": M{"Code": "AuthFailure.SignatureFailure", "Message": "no"}}})
		return
	}
	var in struct {
		PhoneNumberSet, TemplateParamSet                  []string
		SmsSdkAppId, SignName, TemplateId, SessionContext string
	}
	_ = json.Unmarshal(raw, &in)
	p.take("tencent %v %s %s %s: %v", in.PhoneNumberSet, in.SmsSdkAppId, in.SignName, in.TemplateId, in.TemplateParamSet)
	say(M{"Response": M{"SendStatusSet": []M{{"SerialNo": "5000:1", "Code": "Ok", "Message": "send success"}}}})
}

// outside is a house on SQLite with a platform on loopback.
func outside(t *testing.T) (*scene, *peer) {
	h := zhidantest.New(t)
	loopback(h.Server)
	return &scene{House: h, t: t}, newPeer(t)
}

func TestEveryChannelSpeaksItsProtocol(t *testing.T) {
	s, p := outside(t)
	at := func(config M) M {
		config["endpoint"] = p.URL
		return config
	}
	sms := M{"sign_name": "智单", "template": "SMS_1", "params": "number, title"}
	with := func(more M) M {
		for k, v := range sms {
			more[k] = v
		}
		return at(more)
	}
	const words = "智单通知测试\n如果您收到这条消息，说明该渠道可以使用。"
	for _, c := range []struct {
		kind            string
		config, secrets M
		to, got         string
		receipt         string
		wrong           M      // secrets that the platform refuses
		error           string // with these words
	}{
		{"wecom_robot", at(M{}), M{"key": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=robot-key"}, "", "wecom group: " + words, "", M{"key": "x"}, "93000 invalid webhook url"},
		{"wecom_app", at(M{"corp_id": "ww1", "agent_id": "1000002"}), M{"secret": "s3cret"}, "limin", "wecom limin 1000002 1: " + words, "wm1", M{"secret": "x"}, "40001 invalid credential"},
		{"dingtalk_robot", at(M{}), M{"access_token": "robot-token", "secret": "SECdemo"}, "", "dingtalk group: " + words, "", M{"secret": "x"}, "310000 sign not match"},
		{"dingtalk_work", at(M{"app_key": "k", "agent_id": "7"}), M{"app_secret": "s3cret"}, "limin", "dingtalk limin 7: " + words, "256271667526", M{"app_secret": "x"}, "40001 invalid credential"},
		{"feishu_robot", at(M{}), M{"hook": p.URL + "/open-apis/bot/v2/hook/robot-hook", "secret": "demo"}, "", "feishu group: " + words, "", M{"secret": "x"}, "19021 sign match fail"},
		{"feishu_app", at(M{"app_id": "cli_1"}), M{"app_secret": "s3cret"}, "ou_1", "feishu open_id ou_1: " + words, "om_1", M{"app_secret": "x"}, "10014 app secret invalid"},
		{"sms_aliyun", with(M{"access_key_id": "AKdemo"}), M{"access_key_secret": "s3cret"}, "+8613800138000", `aliyun 13800138000 智单 SMS_1: {"number":"TEST-0001","title":"智单通知测试"}`, "9006", M{"access_key_secret": "x"}, "SignatureDoesNotMatch no"},
		{"sms_tencent", with(M{"secret_id": "AKdemo", "app_id": "1400"}), M{"secret_key": "s3cret"}, "+8613800138000", "tencent [+8613800138000] 1400 智单 SMS_1: [TEST-0001 智单通知测试]", "5000:1", M{"secret_key": "x"}, "AuthFailure.SignatureFailure no"},
		{"sms_twilio", at(M{"account_sid": "ACdemo", "from": "+15005550006"}), M{"auth_token": "s3cret"}, "+14155550100", "twilio +14155550100 from +15005550006: " + words, "SM1", M{"auth_token": "x"}, "20003 Authenticate"},
		{"webhook", M{"url": p.URL + "/hook"}, M{"secret": "0123456789abcdef"}, "", "hook notification.test TEST-0001 智单通知测试", "204", M{"secret": "another long secret"}, "the other side answered 401"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			s.t = t
			path := "/notify/channels/" + c.kind
			in := M{"kind": c.kind, "name": c.kind, "active": true, "config": c.config, "secrets": c.secrets}
			if c.kind == "webhook" {
				c.config["show_subject"] = "true"
			}
			saved := s.call(s.Admin, "PUT", path, in, 200)
			for _, v := range c.secrets {
				if strings.Contains(string(saved.Body), v.(string)) {
					t.Errorf("a secret is shown again: %s", saved.Body)
				}
				var n int
				if err := s.DB.QueryRow(ctx, `select count(*) from notify_channel where tenant_id = $1 and (body like $2 or cast(secrets as text) like $2)`, s.Tenant, "%"+v.(string)+"%").Scan(&n); err != nil || n > 0 {
					t.Errorf("a secret lies open in the store: %v", err)
				}
			}
			test := func() (out struct {
				OK             bool
				Receipt, Error string
			}) {
				s.call(s.Admin, "POST", path+"/test", M{"to": c.to}, 200).JSON(t, &out)
				return out
			}
			if got := test(); !got.OK || got.Receipt != c.receipt || p.last() != c.got {
				t.Errorf("%+v\ngot  %q\nwant %q", got, p.last(), c.got)
			}
			in["secrets"] = c.wrong
			s.call(s.Admin, "PUT", path, in, 200)
			if got := test(); got.OK || got.Error != c.error {
				t.Errorf("with a wrong secret: %+v, not %q", got, c.error)
			}
			in["secrets"] = M{}
			in["active"] = false
			s.call(s.Admin, "PUT", path, in, 200)
		})
	}
}

// A token that the platform has ended is fetched anew, once; one that holds is
// used again.
func TestAccessTokensAreKeptAndRenewed(t *testing.T) {
	s, p := outside(t)
	s.call(s.Admin, "PUT", "/notify/channels/chat", M{"kind": "wecom_app", "name": "x", "active": true, "config": M{"corp_id": "ww1", "agent_id": "1", "endpoint": p.URL}, "secrets": M{"secret": "s3cret"}}, 200)
	test := func(to string) string {
		return string(s.call(s.Admin, "POST", "/notify/channels/chat/test", M{"to": to}, 200).Body)
	}
	test("a")
	test("b")
	if p.tokens != 1 {
		t.Errorf("%d tokens for two messages", p.tokens)
	}
	p.stale = true
	if got := test("c"); !strings.Contains(got, `"ok":true`) || p.tokens != 2 || len(p.got) != 3 {
		t.Errorf("%s, %d tokens, %d messages", got, p.tokens, len(p.got))
	}
	if got := test("nobody"); !strings.Contains(got, "does not know this userid") {
		t.Error(got)
	}
	s.Clock.Advance(2 * 3600 * 1e9)
	test("d")
	if p.tokens != 3 {
		t.Errorf("a token is used after its end")
	}
}

// What the other side says decides whether it is tried again.
func TestWhatIsTriedAgain(t *testing.T) {
	s, p := outside(t)
	server := newMailServer(t, "tls")
	s.Notify.Trust(server.roots)
	s.call(s.Admin, "PUT", "/notify/channels/mail", server.settings("tls"), 200)
	s.call(s.Admin, "PUT", "/notify/channels/hook", M{"kind": "webhook", "name": "x", "active": true, "events": []string{"roster_published"},
		"config": M{"url": p.URL + "/hook"}, "secrets": M{"secret": "0123456789abcdef"}}, 200)
	li := s.User("li@example.com", "李明", staff.Agent)
	state := func() string {
		var out []string
		for _, d := range s.deliveries() {
			if d.Event == "roster_published" {
				out = append(out, fmt.Sprintf("%s %s %d %s", d.Channel, d.State, d.Attempts, d.Error))
			}
		}
		sort.Strings(out)
		return strings.Join(out, "\n")
	}
	want := func(name, state, want string) {
		t.Helper()
		if state != want {
			t.Errorf("%s:\n%s\nnot\n%s", name, state, want)
		}
	}
	server.fail(&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "try later"})
	p.answer["/hook"] = "429 slow down"
	s.tell(noticeOf("roster_published", li, "a"))
	s.Settle()
	got := state()
	if !strings.HasPrefix(got, "hook waiting 1 the other side answered 429\nmail waiting 1 ") || !strings.Contains(got, "451") {
		t.Errorf("after a refusal that passes: %s", got)
	}
	s.later(15e9)
	if got := state(); !strings.Contains(got, "hook waiting 1") || !strings.Contains(got, "mail sent 2 ") {
		t.Errorf("the mail is tried again after seconds, the hook as late as it asked: %s", got)
	}
	s.later(110e9)
	want("in the end", state(), "hook sent 2 \nmail sent 2 ")

	server.fail(&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"})
	p.answer["/hook"] = "410 gone"
	s.tell(noticeOf("roster_published", li, "b"))
	s.Settle()
	if got := state(); !strings.Contains(got, "hook failed 1 the other side answered 410") || !strings.Contains(got, "mail failed 1 ") || !strings.Contains(got, "550") {
		t.Errorf("what is final is not tried again: %s", got)
	}
	// Who looks after channels is told once, and can order another try.
	if n := strings.Count(s.events(s.Admin), "delivery_failed"); n != 2 {
		t.Errorf("told %d times of two channels", n)
	}
	for _, d := range s.deliveries() {
		if d.State == "failed" {
			s.call(s.Admin, "POST", "/notify/deliveries/"+d.ID.String()+"/retry", nil, 202)
		} else if d.State == "sent" {
			s.call(s.Admin, "POST", "/notify/deliveries/"+d.ID.String()+"/retry", nil, 409)
		}
	}
	s.Settle()
	want("tried again by hand", state(), "hook sent 1 \nhook sent 2 \nmail sent 1 \nmail sent 2 ")
	if n := len(server.letters()); n != 2 {
		t.Errorf("%d mails", n)
	}
	s.call(s.Admin, "GET", "/notify/deliveries?state=failed", nil, 200)

	// A server that nobody reaches: eight times, then it is given up.
	s.call(s.Admin, "PUT", "/notify/channels/hook", M{"kind": "webhook", "name": "x", "active": true, "events": []string{"roster_published"},
		"config": M{"url": "http://127.0.0.1:1/hook"}, "secrets": M{"secret": "0123456789abcdef"}}, 200)
	s.tell(noticeOf("roster_published", li, "c"))
	s.Settle()
	for range 10 {
		s.later(31 * 60e9)
	}
	if got := state(); !strings.Contains(got, "hook failed 8 the other side could not be reached") {
		t.Error(got)
	}
}

// An address inside the operator's network is refused, whatever it is called.
func TestAddressesInsideAreRefused(t *testing.T) {
	s, p := outside(t)
	d := guard.NewDialer(guard.Policy{})
	s.Notify.HTTP, s.Notify.Dial = d.Client(guard.Limits{}), d.DialContext
	s.call(s.Admin, "PUT", "/notify/channels/hook", M{"kind": "webhook", "name": "x", "active": true, "config": M{"url": p.URL + "/hook"}, "secrets": M{"secret": "0123456789abcdef"}}, 200)
	s.call(s.Admin, "PUT", "/notify/channels/mail", M{"kind": "mail", "name": "x", "active": true, "config": M{"host": "127.0.0.1", "port": "25", "from": "a@example.com", "security": "none"}}, 200)
	for _, key := range []string{"hook", "mail"} {
		if got := string(s.call(s.Admin, "POST", "/notify/channels/"+key+"/test", M{"to": "a@example.com"}, 200).Body); !strings.Contains(got, "this host is not allowed") {
			t.Errorf("%s: %s", key, got)
		}
	}
	if p.last() != "" {
		t.Error("it was reached")
	}
}

// Who changes where a secret goes has to know it.
func TestASecretStaysWithItsAddress(t *testing.T) {
	s, p := outside(t)
	in := M{"kind": "webhook", "name": "x", "active": true, "config": M{"url": p.URL + "/hook"}, "secrets": M{"secret": "0123456789abcdef"}}
	s.call(s.Admin, "PUT", "/notify/channels/hook", in, 200)
	delete(in, "secrets")
	s.call(s.Admin, "PUT", "/notify/channels/hook", in, 200)
	in["config"] = M{"url": "https://elsewhere.example.com/"}
	if got := s.call(s.Admin, "PUT", "/notify/channels/hook", in, 422); !strings.Contains(string(got.Body), "secrets.secret") {
		t.Errorf("%s", got.Body)
	}
}

// pushService is a push service with one browser behind it.
type pushService struct {
	*httptest.Server
	key  *ecdh.PrivateKey
	auth []byte
	mu   sync.Mutex
	got  []M
	head []http.Header
	gone bool
}

func newPushService(t *testing.T) *pushService {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &pushService{key: key, auth: make([]byte, 16)}
	rand.Read(p.auth)
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.gone {
			w.WriteHeader(http.StatusGone)
			return
		}
		plain, err := p.open(raw)
		if err != nil || r.Header.Get("Content-Encoding") != "aes128gcm" || r.Header.Get("TTL") == "" {
			t.Errorf("the browser cannot read it: %v %v", err, r.Header)
			w.WriteHeader(400)
			return
		}
		body := M{}
		_ = json.Unmarshal(plain, &body)
		p.got, p.head = append(p.got, body), append(p.head, r.Header)
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(p.Close)
	return p
}

// open decrypts as a browser does (RFC 8291 §3.3, RFC 8188 §2).
func (p *pushService) open(raw []byte) ([]byte, error) {
	if len(raw) < 21 || binary.BigEndian.Uint32(raw[16:20]) < 18 {
		return nil, fmt.Errorf("no header")
	}
	salt, n := raw[:16], int(raw[20])
	sender, err := ecdh.P256().NewPublicKey(raw[21 : 21+n])
	if err != nil {
		return nil, err
	}
	shared, err := p.key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	ikm, _ := hkdf.Key(sha256.New, shared, p.auth, "WebPush: info\x00"+string(p.key.PublicKey().Bytes())+string(sender.Bytes()), 32)
	key, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	block, _ := aes.NewCipher(key)
	gcm, _ := cipher.NewGCM(block)
	plain, err := gcm.Open(nil, nonce, raw[21+n:], nil)
	if err != nil {
		return nil, err
	}
	i := strings.LastIndexByte(string(plain), 2)
	if i < 0 {
		return nil, fmt.Errorf("no end")
	}
	return plain[:i], nil
}

func TestWebPushReachesTheBrowser(t *testing.T) {
	s, _ := outside(t)
	p := newPushService(t)
	d := guard.NewDialer(guard.Policy{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	trusting := p.Client().Transport.(*http.Transport).Clone()
	trusting.DialContext = d.DialContext
	s.Notify.HTTP = &http.Client{Transport: trusting}
	li := s.User("li@example.com", "李明", staff.Agent)
	s.call(s.Admin, "PUT", "/notify/channels/push", M{"kind": "web_push", "name": "推送", "active": true, "config": M{"contact": "desk@example.com"}}, 200)
	var prefs struct {
		Key string `json:"web_push_key"`
	}
	s.call(li, "GET", "/me/notifications", nil, 200).JSON(t, &prefs)
	if raw, err := base64.RawURLEncoding.DecodeString(prefs.Key); err != nil || len(raw) != 65 {
		t.Fatalf("a browser cannot subscribe with %q", prefs.Key)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	in := M{"endpoint": p.URL + "/send/abc", "keys": M{"p256dh": b64(p.key.PublicKey().Bytes()), "auth": b64(p.auth)}}
	s.call(li, "POST", "/me/push-subscriptions", in, 201)
	s.call(li, "POST", "/me/push-subscriptions", in, 201) // the same browser
	for field, bad := range map[string]M{
		"endpoint":    {"endpoint": "http://127.0.0.1/", "keys": in["keys"]},
		"keys.p256dh": {"endpoint": p.URL, "keys": M{"p256dh": "AAAA", "auth": b64(p.auth)}},
		"keys.auth":   {"endpoint": p.URL, "keys": M{"p256dh": b64(p.key.PublicKey().Bytes()), "auth": "AAAA"}},
	} {
		if got := s.call(li, "POST", "/me/push-subscriptions", bad, 422); !strings.Contains(string(got.Body), field) {
			t.Errorf("%s: %s", field, got.Body)
		}
	}
	tk := s.open("屏幕碎了")
	s.assign(tk, li)
	s.Settle()
	if len(p.got) != 1 || p.got[0]["title"] != "新派工单 "+tk.Number || p.got[0]["ticket_id"] != tk.ID.String() || !strings.Contains(p.got[0]["text"].(string), "屏幕碎了") {
		t.Fatalf("%v %+v", p.got, s.deliveries())
	}
	token, key, _ := strings.Cut(strings.TrimPrefix(p.head[0].Get("Authorization"), "vapid t="), ", k=")
	claims, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if key != prefs.Key || !strings.Contains(string(claims), p.URL) {
		t.Errorf("%s %s", key, claims)
	}
	p.gone = true
	s.tell(noticeOn("chased", tk.ID, li, "z"))
	s.Settle()
	s.later(61e9) // what follows closely on the same ticket waits a minute
	var after struct{ Browsers []M }
	s.call(li, "GET", "/me/notifications", nil, 200).JSON(t, &after)
	if len(after.Browsers) != 0 {
		t.Errorf("a browser that is gone is kept: %v", after.Browsers)
	}
}
