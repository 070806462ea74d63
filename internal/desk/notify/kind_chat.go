package notify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Messages of an app of the company to one person.

var weComKind = &Kind{
	Key: "wecom_app", Means: WeCom,
	Fields: []Field{
		{Key: "corp_id", Type: "text", ZH: "企业 ID", EN: "Corp ID", Required: true},
		{Key: "agent_id", Type: "number", ZH: "应用 AgentId", EN: "AgentId of the app", Required: true},
		{Key: "secret", Type: "secret", ZH: "应用 Secret", EN: "Secret of the app", Required: true},
		endpointField("https://qyapi.weixin.qq.com"), subjectField(true),
	},
	send: sendWeCom,
}

var dingTalkKind = &Kind{
	Key: "dingtalk_work", Means: DingTalk,
	Fields: []Field{
		{Key: "app_key", Type: "text", ZH: "AppKey", EN: "AppKey", Required: true},
		{Key: "app_secret", Type: "secret", ZH: "AppSecret", EN: "AppSecret", Required: true},
		{Key: "agent_id", Type: "number", ZH: "应用 AgentId", EN: "AgentId of the app", Required: true},
		endpointField("https://oapi.dingtalk.com"), subjectField(true),
	},
	send: sendDingTalk,
}

var feishuKind = &Kind{
	Key: "feishu_app", Means: Feishu,
	Fields: []Field{
		{Key: "app_id", Type: "text", ZH: "App ID", EN: "App ID", Required: true},
		{Key: "app_secret", Type: "secret", ZH: "App Secret", EN: "App secret", Required: true},
		{Key: "id_type", Type: "choice", ZH: "用户标识类型", EN: "What names a person", Choices: []string{"open_id", "user_id", "union_id", "email"}, Default: "open_id"},
		endpointField("https://open.feishu.cn"), subjectField(true),
	},
	send: sendFeishu,
}

// staleTokens are the codes of WeCom and DingTalk for a token that is over.
var staleTokens = []int{40001, 40014, 42001, 33001}

// sendWeCom sends an app message. The same words to the same person within half
// an hour are one message to WeCom, which covers a repetition after a crash.
func sendWeCom(ctx context.Context, m *Room, c *Channel, out *Message) (receipt string, err error) {
	agent, err := strconv.Atoi(c.field("agent_id"))
	if err != nil {
		return "", refuse("the AgentId is not a number")
	}
	err = m.withPass(ctx, c, func() (string, time.Duration, error) {
		var t struct {
			errcode
			Token   string `json:"access_token"`
			Expires int    `json:"expires_in"`
		}
		q := url.Values{"corpid": {c.field("corp_id")}, "corpsecret": {c.secret("secret")}}
		if err := m.ask(ctx, endpoint(c)+"/cgi-bin/gettoken?"+q.Encode(), nil, nil, &t); err != nil {
			return "", 0, err
		}
		return t.Token, time.Duration(t.Expires) * time.Second, t.err()
	}, func(token string) (bool, error) {
		var answer struct {
			errcode
			ID      string `json:"msgid"`
			Invalid string `json:"invaliduser"`
		}
		err := m.ask(ctx, endpoint(c)+"/cgi-bin/message/send?access_token="+url.QueryEscape(token), nil, map[string]any{
			"touser": out.To, "msgtype": "text", "agentid": agent, "text": map[string]string{"content": cutBytes(out.body(), 2048)},
			"enable_duplicate_check": 1, "duplicate_check_interval": 1800,
		}, &answer)
		if err != nil {
			return false, err
		}
		if answer.Code == 0 && answer.Invalid != "" {
			return false, refuse("WeCom does not know this userid")
		}
		receipt = answer.ID
		return slices.Contains(staleTokens, answer.Code), answer.err(45009, 45033)
	})
	return receipt, err
}

// sendDingTalk sends a work notice. DingTalk takes the same words to the same
// person once a day.
func sendDingTalk(ctx context.Context, m *Room, c *Channel, out *Message) (receipt string, err error) {
	err = m.withPass(ctx, c, func() (string, time.Duration, error) {
		var t struct {
			errcode
			Token   string `json:"access_token"`
			Expires int    `json:"expires_in"`
		}
		q := url.Values{"appkey": {c.field("app_key")}, "appsecret": {c.secret("app_secret")}}
		if err := m.ask(ctx, endpoint(c)+"/gettoken?"+q.Encode(), nil, nil, &t); err != nil {
			return "", 0, err
		}
		return t.Token, time.Duration(t.Expires) * time.Second, t.err()
	}, func(token string) (bool, error) {
		var answer struct {
			errcode
			Task json.Number `json:"task_id"`
		}
		err := m.ask(ctx, endpoint(c)+"/topapi/message/corpconversation/asyncsend_v2?access_token="+url.QueryEscape(token), nil, map[string]any{
			"agent_id": c.number("agent_id"), "userid_list": out.To,
			"msg": map[string]any{"msgtype": "text", "text": map[string]string{"content": cutBytes(out.body(), 2000)}},
		}, &answer)
		if err != nil {
			return false, err
		}
		receipt = answer.Task.String()
		return slices.Contains(staleTokens, answer.Code), answer.err(88, 90018, 143105)
	})
	return receipt, err
}

// sendFeishu sends a message of the app's bot. uuid makes a repetition within
// an hour the same message.
func sendFeishu(ctx context.Context, m *Room, c *Channel, out *Message) (receipt string, err error) {
	text, err := json.Marshal(map[string]string{"text": cutBytes(out.body(), 16000)})
	if err != nil {
		return "", err
	}
	err = m.withPass(ctx, c, func() (string, time.Duration, error) {
		var t struct {
			feishuAnswer
			Token  string `json:"tenant_access_token"`
			Expire int    `json:"expire"`
		}
		if err := m.ask(ctx, endpoint(c)+"/open-apis/auth/v3/tenant_access_token/internal", nil,
			map[string]string{"app_id": c.field("app_id"), "app_secret": c.secret("app_secret")}, &t); err != nil && t.Code == 0 {
			return "", 0, err
		}
		return t.Token, time.Duration(t.Expire) * time.Second, t.err()
	}, func(token string) (bool, error) {
		var answer struct {
			feishuAnswer
			Data struct {
				ID string `json:"message_id"`
			} `json:"data"`
		}
		err := m.ask(ctx, endpoint(c)+"/open-apis/im/v1/messages?receive_id_type="+c.field("id_type"), http.Header{"Authorization": {"Bearer " + token}},
			map[string]string{"receive_id": out.To, "msg_type": "text", "content": string(text), "uuid": "zhidan-" + out.ID.String()}, &answer)
		stale := answer.Code == 99991663 || answer.Code == 99991661 || answer.Code == 99991668
		var f *refusal
		if err != nil && answer.Code == 0 || err != nil && errors.As(err, &f) && !f.Permanent {
			return false, err
		}
		receipt = answer.Data.ID
		return stale, answer.err() // its refusals come with a status of 400, and say more than that
	})
	return receipt, err
}
