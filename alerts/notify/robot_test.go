package notify

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// group is a chat robot as its vendor's documentation describes it: what it
// checks, how it counts, what it answers. All answers but bans are HTTP 200.
type group struct {
	t   *testing.T
	now func() time.Time

	mu     sync.Mutex
	texts  []string
	times  []time.Time
	banned time.Time
	tooBig int
	fast   int // how often we were too fast
}

// tooFast counts over a sliding window and, if that is the vendor's way, bans.
func (g *group) tooFast(window time.Duration, most int, ban time.Duration) bool {
	recent := 0
	for _, at := range g.times {
		if g.now().Sub(at) < window {
			recent++
		}
	}
	if recent >= most {
		g.fast++
		g.banned = g.now().Add(ban)
	}
	return recent >= most
}

func (g *group) take(text string) {
	g.texts = append(g.texts, text)
	g.times = append(g.times, g.now())
}

// dingTalk: token and signature in the address, 20 a minute, then ten minutes of
// redirects.
func (g *group) dingTalk(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var m textMessage
	body := readAll(g.t, r.Body)
	q := r.URL.Query()
	at := time.UnixMilli(atoi(q.Get("timestamp")))
	switch {
	case g.now().Before(g.banned):
		http.Redirect(w, r, "/punished", http.StatusFound)
	case q.Get("access_token") != "token":
		fmt.Fprint(w, `{"errcode":300005,"errmsg":"token is not exist"}`)
	case q.Get("sign") != hmacBase64("SECsecret", q.Get("timestamp")+"\nSECsecret"), g.now().Sub(at).Abs() > time.Hour:
		fmt.Fprint(w, `{"errcode":310000,"errmsg":"sign not match, more: [https://ding-doc.dingtalk.com]"}`)
	case json.Unmarshal(body, &m, json.RejectUnknownMembers(true)) != nil || m.Kind != "text" || m.Text.Content == "":
		fmt.Fprint(w, `{"errcode":400105,"errmsg":"unsupported msgtype"}`)
	case g.tooFast(time.Minute, 20, 10*time.Minute):
		fmt.Fprint(w, `{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`)
	default:
		g.take(m.Text.Content)
		fmt.Fprint(w, `{"errcode":0,"errmsg":"ok"}`)
	}
}

// weCom: key in the address, 2,048 bytes, 20 a minute.
func (g *group) weCom(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var m textMessage
	body := readAll(g.t, r.Body)
	switch {
	case r.URL.Query().Get("key") != "token":
		fmt.Fprint(w, `{"errcode":93000,"errmsg":"invalid webhook url, hint: [1]"}`)
	case json.Unmarshal(body, &m, json.RejectUnknownMembers(true)) != nil || m.Kind != "text":
		fmt.Fprint(w, `{"errcode":40008,"errmsg":"invalid message type"}`)
	case len(m.Text.Content) > 2048:
		g.tooBig++
		fmt.Fprint(w, `{"errcode":40058,"errmsg":"text.content exceed max length 2048"}`)
	case g.tooFast(time.Minute, 20, 0):
		fmt.Fprint(w, `{"errcode":45009,"errmsg":"api freq out of limit"}`)
	default:
		g.take(m.Text.Content)
		fmt.Fprint(w, `{"errcode":0,"errmsg":"ok"}`)
	}
}

// feishu: signature in the body, 20 KB of body, 5 a second and 100 a minute.
func (g *group) feishu(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var m feishuMessage
	body := readAll(g.t, r.Body)
	err := json.Unmarshal(body, &m, json.RejectUnknownMembers(true))
	switch {
	case len(body) > 20*1024:
		g.tooBig++
		fmt.Fprint(w, `{"code":9499,"msg":"Bad Request","data":{}}`)
	case err != nil || m.Kind != "text" || m.Content.Text == "":
		fmt.Fprint(w, `{"code":9499,"msg":"Bad Request","data":{}}`)
	case m.Sign != hmacBase64(m.Timestamp+"\nfs-secret", ""), g.now().Sub(time.Unix(atoi(m.Timestamp), 0)).Abs() > time.Hour:
		fmt.Fprint(w, `{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}`)
	case g.tooFast(time.Second, 5, 0), g.tooFast(time.Minute, 100, 0):
		fmt.Fprint(w, `{"code":11232,"msg":"frequency limited psm"}`)
	default:
		g.take(m.Content.Text)
		fmt.Fprint(w, `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`)
	}
}

func atoi(s string) (n int64) {
	for _, r := range s {
		n = n*10 + int64(r-'0')
	}
	return n
}

// robotCase is one vendor.
type robotCase struct {
	kind   Kind
	path   string
	secret []string
	serve  func(*group) http.HandlerFunc
}

var robotCases = []robotCase{
	{DingTalk, "/robot/send?access_token=token", []string{"SECsecret"}, func(g *group) http.HandlerFunc { return g.dingTalk }},
	{WeCom, "/cgi-bin/webhook/send?key=token", nil, func(g *group) http.HandlerFunc { return g.weCom }},
	{Feishu, "/open-apis/bot/v2/hook/token", []string{"fs-secret"}, func(g *group) http.HandlerFunc { return g.feishu }},
}

func (c robotCase) start(t *testing.T, change func(*Channel)) (*world, *group, *Notifier) {
	w := newWorld(t)
	g := &group{t: t, now: w.clock.now}
	channel := w.channelTo(t, c.kind, newReceiver(t, c.serve(g)), c.path, c.secret...)
	change(&channel)
	return w, g, w.notifier(t, channel)
}

func same(*Channel) {}

func TestRobotsTakeOneWarning(t *testing.T) {
	t.Parallel()
	for _, c := range robotCases {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			_, g, n := c.start(t, same)
			n.enqueue(t, message(1, Red))
			n.rounds(t, string(c.kind))
			const want = "【红色】新预警 P08\n首次进度前已付 300000.01 元，上限 300000.00 元，请核实\n地区 411025001，办理期限 2026-03-05\n详情 https://yilu.example/alerts/a0001"
			if !slices.Equal(g.texts, []string{want}) || n.status(t, string(c.kind)).Waiting != 0 {
				t.Errorf("%q, %v", g.texts, n.outcomes(t, "a0001"))
			}
		})
	}
}

// TestRobotsSayNoWithHTTP200: a wrong secret or address is a failure that stands
// in the outbox, whatever the status of the answer.
func TestRobotsSayNoWithHTTP200(t *testing.T) {
	t.Parallel()
	for _, c := range robotCases {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			if c.secret == nil {
				c.path = "/cgi-bin/webhook/send?key=wrong"
			} else {
				c.secret = []string{"wrong-secret"}
			}
			w, g, n := c.start(t, same)
			n.enqueue(t, message(1, Red))
			n.rounds(t, string(c.kind))
			if s := n.status(t, string(c.kind)); len(g.texts) != 0 || s.Waiting != 1 || !slices.Equal(n.outcomes(t, "a0001"), []string{"refused"}) {
				t.Errorf("%q, %v", g.texts, n.outcomes(t, "a0001"))
			}
			w.holdsNo(t, "wrong-secret", "key=wrong")
		})
	}
}

// TestStormStaysWithinTheLimits raises 400 warnings within ten minutes. No robot
// is ever asked too fast, each warning is told by itself or counted in a digest,
// and the red ones come first.
func TestStormStaysWithinTheLimits(t *testing.T) {
	t.Parallel()
	for _, c := range robotCases {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			w, g, n := c.start(t, same)
			const all = 400
			for i := 0; i < all; i += 8 {
				var some []Message
				for j := range 8 {
					some = append(some, message(i+j, Level(j%4)))
				}
				n.enqueue(t, some...)
				n.rounds(t, string(c.kind))
				w.clock.move(time.Duration(i%7) * 700 * time.Millisecond)
			}
			for range 40 {
				n.rounds(t, string(c.kind))
				w.clock.move(3 * time.Second)
			}
			if s := n.status(t, string(c.kind)); s.Waiting+s.Failed != 0 || g.fast+g.tooBig > 0 {
				t.Fatalf("%+v, %d too fast, %d too big", s, g.fast, g.tooBig)
			}
			told := 0
			for _, text := range g.texts {
				var n int
				if _, err := fmt.Sscanf(text, "预警汇总 %d 条", &n); err != nil {
					n = 1
				}
				told += n
			}
			if told != all {
				t.Errorf("%d told of %d, in %d texts", told, all, len(g.texts))
			}
		})
	}
}

// TestRedGoesFirst: of thirty warnings at once, the robot's first texts are the
// red ones by themselves, and the last token takes a digest of all the rest.
func TestRedGoesFirst(t *testing.T) {
	t.Parallel()
	_, g, n := robotCases[0].start(t, same)
	var thirty []Message
	for i := range 30 {
		thirty = append(thirty, message(i, []Level{Blue, Yellow, Orange, Blue, Blue, Red}[i%6]))
	}
	n.enqueue(t, thirty...)
	n.rounds(t, "dingtalk")
	if len(g.texts) != 9 {
		t.Fatalf("%d texts", len(g.texts))
	}
	for i, text := range g.texts[:5] {
		if !strings.HasPrefix(text, "【红色】") {
			t.Errorf("text %d: %s", i, text)
		}
	}
	const want = "预警汇总 22 条：橙色 2，黄色 5，蓝色 15\n411025200205：橙色 2\n411025001：黄色 5，蓝色 5\n411025：蓝色 10\n详情 https://yilu.example/alerts"
	if g.texts[8] != want {
		t.Errorf("%q", g.texts[8])
	}
}

// TestBannedRobotIsLeftAlone: if others spend the robot's minute, we are told so
// once, wait out the ban and lose neither message nor try.
func TestBannedRobotIsLeftAlone(t *testing.T) {
	t.Parallel()
	w, g, n := robotCases[0].start(t, same)
	for range 20 {
		g.times = append(g.times, w.clock.now())
	}
	n.enqueue(t, message(1, Red), message(2, Orange))
	for range 9 {
		n.rounds(t, "dingtalk")
		w.clock.move(time.Minute)
	}
	if s := n.status(t, "dingtalk"); s.Waiting != 2 || !s.PausedUntil.After(w.clock.now()) || !strings.Contains(s.Reason, "130101") {
		t.Fatalf("%+v", s)
	}
	w.clock.move(time.Minute)
	n.rounds(t, "dingtalk")
	if len(g.texts) != 2 || !slices.Equal(n.outcomes(t, "a0001"), []string{"throttled", "sent"}) || !slices.Equal(n.outcomes(t, "a0002"), []string{"sent"}) {
		t.Errorf("%q %v %v", g.texts, n.outcomes(t, "a0001"), n.outcomes(t, "a0002"))
	}
}

// TestTwoProcessesShareTheBucket: the limit is the robot's.
func TestTwoProcessesShareTheBucket(t *testing.T) {
	t.Parallel()
	w, g, n := robotCases[1].start(t, same)
	other := w.notifier(t, n.channels[0].Channel)
	for i := range 20 {
		n.enqueue(t, message(i, Red))
		n.rounds(t, "wecom")
		other.rounds(t, "wecom")
	}
	if len(g.texts) != 9 || n.status(t, "wecom").Waiting != 11 {
		t.Errorf("%d texts at once, %+v", len(g.texts), n.status(t, "wecom"))
	}
}

func TestRobotsAnswersAreJudged(t *testing.T) {
	for _, c := range []struct {
		kind   Kind
		status int
		body   string
		want   verdict
	}{
		{DingTalk, 200, `{"errcode":0,"errmsg":"ok"}`, sent},
		{DingTalk, 200, `{"errcode":130101,"errmsg":"send too fast"}`, throttled},
		{DingTalk, 200, `{"status":1111,"wait":5,"source":"x5","punish":"deny"}`, throttled},
		{DingTalk, 302, ``, throttled},
		{DingTalk, 200, `{"errcode":310000,"errmsg":"keywords not in content"}`, refused},
		{DingTalk, 200, `{"errcode":-1,"errmsg":"系统繁忙"}`, unreachable},
		{DingTalk, 200, `{}`, unreachable},
		{DingTalk, 200, `<html>log in to the network</html>`, unreachable},
		{DingTalk, 502, `{"errcode":0}`, unreachable},
		{WeCom, 200, `{"errcode":0,"errmsg":"ok"}`, sent},
		{WeCom, 200, `{"errcode":45009,"errmsg":"api freq out of limit"}`, throttled},
		{WeCom, 200, `{"errcode":93000,"errmsg":"invalid webhook url"}`, refused},
		{WeCom, 200, `{"errmsg":"ok"}`, unreachable},
		{Feishu, 200, `{"code":0,"msg":"success","data":{}}`, sent},
		{Feishu, 200, `{"Extra":null,"StatusCode":0,"StatusMessage":"success"}`, sent},
		{Feishu, 200, `{"code":0,"StatusCode":19024,"StatusMessage":"Key Words Not Found"}`, refused},
		{Feishu, 200, `{"code":19021,"msg":"sign match fail"}`, refused},
		{Feishu, 400, `{"code":9499,"msg":"Bad Request"}`, refused},
		{Feishu, 400, `{"code":11232,"msg":"frequency limited"}`, throttled},
		{Feishu, 429, `{"code":99991400,"msg":"request trigger frequency limit"}`, throttled},
		{Feishu, 200, `{"StatusMessage":"success"}`, unreachable},
		{Feishu, 200, ``, unreachable},
	} {
		got := dialects[c.kind].judge(answer{c.status, http.Header{}, []byte(c.body)})
		if got.verdict != c.want || (got.verdict != sent) != (got.reason != "") {
			t.Errorf("%s %d %s: %+v, want %s", c.kind, c.status, c.body, got, c.want)
		}
	}
}

// TestSignaturesAreTheDocumentedOnes compares with what the vendors' examples in
// other languages give for the same input.
func TestSignaturesAreTheDocumentedOnes(t *testing.T) {
	at := time.UnixMilli(1599360473123)
	address, _, err := dingTalkRequest("https://oapi.dingtalk.com/robot/send?access_token=x", "SECabc", "t", at)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if q := u.Query(); q.Get("timestamp") != "1599360473123" || q.Get("sign") != "WTmPOAnx8ZVo+xZKX7g+o52vstWy10neVWw7vKA4UbY=" || q.Get("access_token") != "x" {
		t.Error(address)
	}
	_, body, err := feishuRequest("https://open.feishu.cn/x", "abc", "t", at)
	if m, ok := body.(feishuMessage); err != nil || !ok || m.Timestamp != "1599360473" || m.Sign != "cgtpJzI2j6bUDggbdGYjskCK3FPgKpTkwosfWsMzKqM=" {
		t.Errorf("%+v %v", body, err)
	}
}
