package notify

import (
	"context"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"zhidan/internal/platform/clock"
)

// Robots speak to a group chat. Who reads there is unknown, so by default they
// say which ticket, and not what is in it.

var weComRobotKind = &Kind{
	Key: "wecom_robot",
	Fields: []Field{
		{Key: "key", Type: "secret", ZH: "机器人地址中的 key", EN: "The key in the robot's address", Required: true},
		endpointField("https://qyapi.weixin.qq.com"), subjectField(false),
	},
	send: sendWeComRobot,
}

var dingTalkRobotKind = &Kind{
	Key: "dingtalk_robot",
	Fields: []Field{
		{Key: "access_token", Type: "secret", ZH: "机器人地址中的 access_token", EN: "The access_token in the robot's address", Required: true},
		{Key: "secret", Type: "secret", ZH: "加签密钥", EN: "Secret for signing"},
		endpointField("https://oapi.dingtalk.com"), subjectField(false),
	},
	send: sendDingTalkRobot,
}

var feishuRobotKind = &Kind{
	Key: "feishu_robot",
	Fields: []Field{
		{Key: "hook", Type: "secret", ZH: "机器人地址中 /hook/ 之后的部分", EN: "What follows /hook/ in the robot's address", Required: true},
		{Key: "secret", Type: "secret", ZH: "签名校验密钥", EN: "Secret for signing"},
		endpointField("https://open.feishu.cn"), subjectField(false),
	},
	send: sendFeishuRobot,
}

// after is what follows a mark; people paste the whole address.
func after(s, mark string) string {
	if i := strings.LastIndex(s, mark); i >= 0 {
		s = s[i+len(mark):]
	}
	s, _, _ = strings.Cut(s, "&")
	return s
}

// cutBytes ends a text within so many bytes, between two characters.
func cutBytes(s string, most int) string {
	if len(s) <= most {
		return s
	}
	s = s[:most-len("…")]
	for len(s) > 0 {
		if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s + "…"
}

// errcode is the answer of WeCom and DingTalk.
type errcode struct {
	Code int    `json:"errcode"`
	Msg  string `json:"errmsg"`
}

// err sorts the codes: those of limits and of the platform's own trouble pass.
func (e errcode) err(passing ...int) error {
	switch {
	case e.Code == 0:
		return nil
	case e.Code == -1 || slices.Contains(passing, e.Code):
		return retry("%d %s", e.Code, e.Msg)
	}
	return refuse("%d %s", e.Code, e.Msg)
}

// sendWeComRobot posts to a group (WeCom, "Group robot"): text of at most 2,048
// bytes. 45009 and 45033 are limits.
func sendWeComRobot(ctx context.Context, m *Room, c *Channel, out *Message) (string, error) {
	var answer errcode
	err := m.ask(ctx, endpoint(c)+"/cgi-bin/webhook/send?key="+url.QueryEscape(after(c.secret("key"), "key=")), nil,
		map[string]any{"msgtype": "text", "text": map[string]string{"content": cutBytes(out.body(), 2048)}}, &answer)
	if err != nil {
		return "", err
	}
	return "", answer.err(45009, 45033)
}

// dingTalkSign signs a moment (DingTalk, "Custom robot: signing"): the
// HMAC-SHA256 of "milliseconds\nsecret" under the secret, in base64.
func dingTalkSign(secret string, at clock.Time) (timestamp, sign string) {
	timestamp = strconv.FormatInt(int64(at), 10)
	return timestamp, base64.StdEncoding.EncodeToString(hmac256([]byte(secret), timestamp+"\n"+secret))
}

// sendDingTalkRobot posts to a group. 130101 is the limit of 20 a minute.
func sendDingTalkRobot(ctx context.Context, m *Room, c *Channel, out *Message) (string, error) {
	q := url.Values{"access_token": {after(c.secret("access_token"), "access_token=")}}
	if s := c.secret("secret"); s != "" {
		timestamp, sign := dingTalkSign(s, m.Clock.Now())
		q.Set("timestamp", timestamp)
		q.Set("sign", sign)
	}
	var answer errcode
	err := m.ask(ctx, endpoint(c)+"/robot/send?"+q.Encode(), nil,
		map[string]any{"msgtype": "text", "text": map[string]string{"content": cutBytes(out.body(), 16000)}}, &answer)
	if err != nil {
		return "", err
	}
	return "", answer.err(130101, 410100)
}

// feishuSign signs a moment (Feishu, "Custom bot: signature"): the HMAC-SHA256
// of nothing under "seconds\nsecret", in base64.
func feishuSign(secret string, at clock.Time) (timestamp, sign string) {
	timestamp = strconv.FormatInt(int64(at)/1000, 10)
	return timestamp, base64.StdEncoding.EncodeToString(hmac256([]byte(timestamp+"\n"+secret), ""))
}

// feishuAnswer is the answer of Feishu.
type feishuAnswer struct {
	Code int    `json:"code"`
	Msg  string `json:"msg"`
}

func (a feishuAnswer) err() error {
	switch a.Code {
	case 0:
		return nil
	case 11232, 99991400, 230020, 1500, 2200: // limits, and the platform's own trouble
		return retry("%d %s", a.Code, a.Msg)
	}
	return refuse("%d %s", a.Code, a.Msg)
}

// sendFeishuRobot posts to a group: at most 20 KB.
func sendFeishuRobot(ctx context.Context, m *Room, c *Channel, out *Message) (string, error) {
	body := map[string]any{"msg_type": "text", "content": map[string]string{"text": cutBytes(out.body(), 16000)}}
	if s := c.secret("secret"); s != "" {
		body["timestamp"], body["sign"] = feishuSign(s, m.Clock.Now())
	}
	var answer feishuAnswer
	if err := m.ask(ctx, endpoint(c)+"/open-apis/bot/v2/hook/"+url.PathEscape(after(c.secret("hook"), "/hook/")), nil, body, &answer); err != nil {
		return "", err
	}
	return "", answer.err()
}
