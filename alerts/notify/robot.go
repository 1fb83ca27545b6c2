package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
)

// robot speaks to a chat group. The three differ in how they sign, how a text is
// wrapped, and how they say no: all of them with HTTP 200.
type robot struct {
	dialect
	client  *http.Client
	address string
	secret  string // "" if the robot does not check signatures
}

// dialect is what one vendor's robots understand and say.
type dialect struct {
	// request wraps a text; it may change the address.
	request func(address, secret, text string, at time.Time) (string, any, error)
	judge   func(answer) outcome
}

var dialects = map[Kind]dialect{
	DingTalk: {dingTalkRequest, judgeDingTalk},
	WeCom:    {weComRequest, judgeWeCom},
	Feishu:   {feishuRequest, judgeFeishu},
}

func (r *robot) send(ctx context.Context, l letter) outcome {
	address, content, err := r.request(r.address, r.secret, l.text, l.at)
	if err != nil {
		return outcome{verdict: refused, reason: "the url cannot be used"}
	}
	body, err := json.Marshal(content)
	if err != nil {
		return outcome{verdict: refused, reason: clean(err.Error())}
	}
	a, o, ok := post(ctx, r.client, address, http.Header{}, body)
	if !ok {
		return o
	}
	return r.judge(a)
}

// textMessage is a text as 钉钉 and 企业微信 take it.
type textMessage struct {
	Kind string `json:"msgtype"`
	Text struct {
		Content string `json:"content"`
	} `json:"text"`
}

func newTextMessage(text string) textMessage {
	m := textMessage{Kind: "text"}
	m.Text.Content = text
	return m
}

// dingTalkRequest signs (加签) in the address: base64 of HMAC-SHA256 by the
// secret over milliseconds, newline, secret.
func dingTalkRequest(address, secret, text string, at time.Time) (string, any, error) {
	if secret == "" {
		return address, newTextMessage(text), nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", nil, err
	}
	t := strconv.FormatInt(at.UnixMilli(), 10)
	query := u.Query()
	query.Set("timestamp", t)
	query.Set("sign", hmacBase64(secret, t+"\n"+secret))
	u.RawQuery = query.Encode()
	return u.String(), newTextMessage(text), nil
}

func weComRequest(address, _, text string, _ time.Time) (string, any, error) {
	return address, newTextMessage(text), nil
}

type feishuMessage struct {
	Timestamp string `json:"timestamp,omitzero"`
	Sign      string `json:"sign,omitzero"`
	Kind      string `json:"msg_type"`
	Content   struct {
		Text string `json:"text"`
	} `json:"content"`
}

// feishuRequest signs (签名校验) in the body, and the other way round: the key is
// seconds, newline, secret, and nothing is hashed with it.
func feishuRequest(address, secret, text string, at time.Time) (string, any, error) {
	m := feishuMessage{Kind: "text"}
	m.Content.Text = text
	if secret != "" {
		m.Timestamp = strconv.FormatInt(at.Unix(), 10)
		m.Sign = hmacBase64(m.Timestamp+"\n"+secret, "")
	}
	return address, m, nil
}

func hmacBase64(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// said is the part of an answer that a judge needs. What is absent is nil: an
// answer without a code is no success.
type said struct {
	ErrCode    *int64 `json:"errcode"`
	ErrMsg     string `json:"errmsg"`
	Code       *int64 `json:"code"`
	Msg        string `json:"msg"`
	StatusCode *int64 `json:"StatusCode"`
	Punish     string `json:"punish"`
}

// read takes an answer apart. A status other than 2xx, or no JSON, is judged
// here already.
func (a answer) read() (said, outcome, bool) {
	if o := judgeStatus(a); o.verdict != sent {
		return said{}, o, false
	}
	var s said
	if err := json.Unmarshal(a.body, &s); err != nil {
		return s, outcome{verdict: unreachable, reason: clean("no answer in JSON: " + string(a.body[:min(len(a.body), 200)]))}, false
	}
	return s, outcome{}, true
}

// judgeCode judges a vendor's code. -1 is "system busy" with all of them.
func judgeCode(code *int64, message string, tooFast []int64) outcome {
	if code == nil {
		return outcome{verdict: unreachable, reason: "an answer without a code"}
	}
	reason := clean(fmt.Sprintf("code %d: %s", *code, message))
	switch {
	case *code == 0:
		return outcome{verdict: sent}
	case slices.Contains(tooFast, *code):
		return outcome{verdict: throttled, reason: reason}
	case *code == -1:
		return outcome{verdict: unreachable, reason: reason}
	}
	return outcome{verdict: refused, reason: reason}
}

// judgeDingTalk: too fast is 130101, or 410100 in newer tables; 90030 is the quota
// of a day. Who goes on sending is met with a redirect, or with
// {"status":1111,"punish":"deny"} and no code.
func judgeDingTalk(a answer) outcome {
	if a.status == http.StatusFound {
		return outcome{verdict: throttled, reason: "HTTP 302: the robot is banned for a while"}
	}
	s, o, ok := a.read()
	if !ok {
		return o
	}
	if s.Punish != "" && s.ErrCode == nil {
		return outcome{verdict: throttled, reason: clean("punish " + s.Punish)}
	}
	return judgeCode(s.ErrCode, s.ErrMsg, []int64{130101, 410100, 90030})
}

func judgeWeCom(a answer) outcome {
	s, o, ok := a.read()
	if !ok {
		return o
	}
	return judgeCode(s.ErrCode, s.ErrMsg, []int64{45009, 45033})
}

// judgeFeishu: code is the one to go by; StatusCode is kept for old callers and,
// in old answers, the only one.
func judgeFeishu(a answer) outcome {
	if a.status == http.StatusBadRequest { // refusals come with 400 as well as with 200
		a.status = http.StatusOK
	}
	s, o, ok := a.read()
	if !ok {
		return o
	}
	if s.Code == nil {
		s.Code = s.StatusCode
	}
	if s.Code != nil && *s.Code == 0 && s.StatusCode != nil && *s.StatusCode != 0 {
		s.Code = s.StatusCode
	}
	return judgeCode(s.Code, s.Msg, []int64{11232, 99991400})
}
