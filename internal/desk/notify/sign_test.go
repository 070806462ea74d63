package notify

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/clock"
)

// The example "fixed parameters" of Alibaba Cloud's page on the V3 signature.
func TestAliyunSignature(t *testing.T) {
	query := aliyunQuery(map[string]string{"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"})
	got := aliyunSign("YourAccessKeyId", "YourAccessKeySecret", "ecs.cn-shanghai.aliyuncs.com", "RunInstances", "2014-05-26", query,
		"2023-10-26T10:22:32Z", "3156853299f313e23d1673dc12e1703d").Get("Authorization")
	want := "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version," +
		"Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
	if got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	if got, want := aliyunQuery(map[string]string{"SignName": "阿里 +*~/"}), "SignName=%E9%98%BF%E9%87%8C%20%2B%2A~%2F"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}

// The worked example of Tencent Cloud's page on signature method v3, in which
// the keys are asterisks.
func TestTencentSignature(t *testing.T) {
	payload := `{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`
	got := tencentSign("AKID"+strings.Repeat("*", 32), strings.Repeat("*", 32), "cvm", "cvm.tencentcloudapi.com", "DescribeInstances", []byte(payload), clock.Time(1551113065000))
	want := "TC3-HMAC-SHA256 Credential=AKID" + strings.Repeat("*", 32) + "/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host;x-tc-action, " +
		"Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
	if got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
}

// The test vector of the specification Standard Webhooks.
func TestWebhookSignature(t *testing.T) {
	key := webhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if got, want := webhookSign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, []byte(`{"test": 2432232314}`)), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if string(webhookSecret("plain words")) != "plain words" {
		t.Error("a secret without prefix is its bytes")
	}
}

// The pages of DingTalk and Feishu give the algorithm and no values: these were
// computed with openssl from the words of the pages,
//
//	printf '1577262236757\nSECdemo' | openssl dgst -sha256 -hmac 'SECdemo' -binary | base64
//	printf '' | openssl dgst -sha256 -hmac $'1599360473\ndemo' -binary | base64
func TestRobotSignatures(t *testing.T) {
	if at, got := dingTalkSign("SECdemo", 1577262236757); at != "1577262236757" || got != dingTalkWant {
		t.Errorf("DingTalk: %s %s", at, got)
	}
	if at, got := feishuSign("demo", 1599360473999); at != "1599360473" || got != feishuWant {
		t.Errorf("Feishu: %s %s", at, got)
	}
}

// RFC 8291, section 5 and appendix A.
func TestWebPushEncryption(t *testing.T) {
	b := func(s string) []byte {
		t.Helper()
		raw, err := key64(s)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	browser, err := ecdh.P256().NewPublicKey(b("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"))
	if err != nil {
		t.Fatal(err)
	}
	sender, err := ecdh.P256().NewPrivateKey(b("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := sealPush([]byte("When I grow up, I want to be a watermelon"), browser, b("BTBZMqHH6r4Tts7J_aSIgg"), sender, b("DGv6ra1nlYgDCS1FRnbzlw"))
	if err != nil {
		t.Fatal(err)
	}
	want := "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
	if s := base64.RawURLEncoding.EncodeToString(got); s != want {
		t.Errorf("%s\nnot\n%s", s, want)
	}
	if _, err := sealPush(make([]byte, maxPush+1), browser, b("BTBZMqHH6r4Tts7J_aSIgg"), sender, b("DGv6ra1nlYgDCS1FRnbzlw")); err == nil {
		t.Error("a message that no service takes was sealed")
	}
	if long, err := sealPush(make([]byte, maxPush), browser, b("BTBZMqHH6r4Tts7J_aSIgg"), sender, b("DGv6ra1nlYgDCS1FRnbzlw")); err != nil || len(long) > 4096 {
		t.Errorf("the longest message has %d bytes: %v", len(long), err)
	}
}

// RFC 8292: who reads the token with the public key beside it finds the service
// and the sender.
func TestVAPID(t *testing.T) {
	now := clock.From(time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC))
	head, err := vapid("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", "desk@example.com", "https://push.example.com:8443/v2/x?y", now)
	if err != nil {
		t.Fatal(err)
	}
	claims := checkVAPID(t, head)
	if claims.Aud != "https://push.example.com:8443" || claims.Sub != "mailto:desk@example.com" || claims.Exp != int64(now)/1000+12*3600 {
		t.Errorf("%+v", claims)
	}
}

type vapidClaims struct {
	Aud, Sub string
	Exp      int64
}

func checkVAPID(t *testing.T, head string) (c vapidClaims) {
	t.Helper()
	token, key, ok := strings.Cut(strings.TrimPrefix(head, "vapid t="), ", k=")
	parts := strings.Split(token, ".")
	if !ok || len(parts) != 3 {
		t.Fatalf("not a token and a key: %s", head)
	}
	public, err := key64(key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public)
	if err != nil {
		t.Fatal(err)
	}
	sign, err := key64(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || len(sign) != 64 || !ecdsa.Verify(k, sum[:], new(big.Int).SetBytes(sign[:32]), new(big.Int).SetBytes(sign[32:])) {
		t.Fatal("the signature does not hold")
	}
	raw, err := key64(parts[1])
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	dingTalkWant = "sLRlUUvzoOXn5DR/+o+s6tOqX+bWe3JGaZ7JQ7844l8="
	feishuWant   = "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
)
