package notify

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// hook is a receiver of webhooks that holds one secret, checks signatures as the
// documentation of the header says, and drops what it has already.
type hook struct {
	t      *testing.T
	secret string
	now    func() time.Time

	mu       sync.Mutex
	status   int // answered instead of taking it, if not 0
	requests int
	got      []webhookBody       // in order of arrival, repeats included
	seen     map[string]int      // delivery id to how often
	meet     func(*http.Request) // called before the answer
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := readAll(h.t, r.Body)
	h.mu.Lock()
	h.requests++
	status, meet := h.status, h.meet
	h.mu.Unlock()
	if status != 0 {
		http.Error(w, "no", status)
		return
	}
	var m webhookBody
	if err := json.Unmarshal(body, &m, json.RejectUnknownMembers(true)); err != nil {
		h.t.Error(err)
	}
	t, rest, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Yilu-Signature"), "t="), ",")
	want := strings.TrimPrefix(signature([]string{h.secret}, h.now().Unix(), body), "t="+t+",")
	if !slices.Contains(strings.Split(rest, ","), want) || m.Delivery != r.Header.Get("Yilu-Delivery") {
		http.Error(w, "bad signature", http.StatusForbidden)
		return
	}
	h.mu.Lock()
	h.got = append(h.got, m)
	if h.seen == nil {
		h.seen = map[string]int{}
	}
	h.seen[m.Delivery]++
	h.mu.Unlock()
	if meet != nil {
		meet(r)
	}
}

func (h *hook) set(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

func newHook(t *testing.T, w *world, secret string) (*hook, *receiver) {
	h := &hook{t: t, secret: secret, now: w.clock.now}
	return h, newReceiver(t, h.ServeHTTP)
}

// TestSignatureIsTheDocumentedOne compares with what openssl says:
// printf '%s' '1790000000.{"a":1}' | openssl dgst -sha256 -hmac whsec
func TestSignatureIsTheDocumentedOne(t *testing.T) {
	const want = "t=1790000000,v1=10eafca9f78117bc724863bcd4b5c7d926c944a32a6ab8e96770849ab3e84a49,v1="
	got := signature([]string{"whsec", "other"}, 1790000000, []byte(`{"a":1}`))
	if !strings.HasPrefix(got, want) || len(got) != len(want)+64 {
		t.Error(got)
	}
}

func TestWebhookIsSignedBySecretsOldAndNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h, r := newHook(t, w, "the-old-secret")
	n := w.notifier(t, w.channelTo(t, Webhook, r, "/in", "the-new-secret", "the-old-secret"))
	m := message(1, Red)
	n.enqueue(t, m)
	n.rounds(t, "webhook")
	h.set(func() { h.secret = "the-new-secret" })
	n.enqueue(t, message(2, Blue))
	n.rounds(t, "webhook")
	if len(h.got) != 2 {
		t.Fatalf("%d arrived", len(h.got))
	}
	if diff := cmp.Diff(webhookBody{m.deliveryID("webhook"), m}, h.got[0]); diff != "" {
		t.Error(diff)
	}
	h.set(func() { h.secret = "a-stranger's" })
	n.enqueue(t, message(3, Blue))
	n.rounds(t, "webhook")
	if diff := cmp.Diff([]string{"refused"}, n.outcomes(t, "a0003")); diff != "" || n.status(t, "webhook").Waiting != 1 {
		t.Error(diff, n.status(t, "webhook"))
	}
	w.holdsNo(t, "the-old-secret", "the-new-secret", r.URL)
}

func TestAnswersAreJudged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		header string
		want   outcome
	}{
		{204, "", outcome{verdict: sent}},
		{301, "", outcome{verdict: refused}},
		{302, "", outcome{verdict: refused}},
		{400, "", outcome{verdict: refused}},
		{408, "", outcome{verdict: unreachable}},
		{429, "", outcome{verdict: throttled}},
		{429, "90", outcome{verdict: throttled, pause: 90 * time.Second}},
		{429, "999999", outcome{verdict: throttled, pause: time.Hour}},
		{429, "-5", outcome{verdict: throttled}},
		{500, "", outcome{verdict: unreachable}},
		{503, "", outcome{verdict: unreachable}},
	} {
		got := judgeStatus(answer{c.status, http.Header{"Retry-After": {c.header}}, []byte("why\nnot")})
		if got.verdict != c.want.verdict || got.pause != c.want.pause || (got.verdict != sent) != (got.reason != "") || strings.Contains(got.reason, "\n") {
			t.Errorf("%d %q: %+v", c.status, c.header, got)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	followed := false
	r := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		followed = followed || r.URL.Path == "/inside"
		http.Redirect(w, r, "/inside", http.StatusTemporaryRedirect)
	})
	n := w.notifier(t, w.channelTo(t, Webhook, r, "/in", "s"))
	n.enqueue(t, message(1, Red))
	n.rounds(t, "webhook")
	if followed || !slices.Equal(n.outcomes(t, "a0001"), []string{"refused"}) {
		t.Error("followed:", followed, n.outcomes(t, "a0001"))
	}
}

// TestPrivateAddressIsRefusedWhenDialled gives a name that leads inside: what
// counts is where it leads at the moment of the call, as with DNS rebinding.
func TestPrivateAddressIsRefusedWhenDialled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reached := false
	r := newReceiver(t, func(http.ResponseWriter, *http.Request) { reached = true })
	c := w.channelTo(t, Webhook, r, "/in", "s")
	c.Private = nil
	c.URL = w.secret(t, strings.Replace(r.URL, "127.0.0.1", "localhost", 1))
	n := w.notifier(t, c)
	n.enqueue(t, message(1, Red))
	n.rounds(t, "webhook")
	history, err := n.History(t.Context(), "411025", "a0001")
	if err != nil || reached || len(history) != 1 || !strings.Contains(history[0].Reason, "not public") {
		t.Errorf("reached: %v, %+v, %v", reached, history, err)
	}
}

func TestPublicAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8:443": true, "[2400:3200::1]:443": true, "223.5.5.5:443": true,
		"127.0.0.1:443": false, "10.1.2.3:443": false, "172.31.0.1:443": false, "192.168.1.1:443": false, "169.254.169.254:80": false,
		"100.64.0.1:443": false, "0.0.0.0:443": false, "255.255.255.255:443": false, "224.0.0.1:443": false,
		"[::1]:443": false, "[::]:443": false, "[::ffff:10.0.0.1]:443": false, "[64:ff9b::a00:1]:443": false, "[2002:a00:1::]:443": false,
		"[fe80::1%eth0]:443": false, "[fd00::1]:443": false, "[ff02::1]:443": false, "nonsense": false,
		"192.168.7.7:443": true, // listed below
		"192.168.8.1:443": false,
	} {
		err := public([]netip.Prefix{netip.MustParsePrefix("192.168.7.0/24")})("tcp", address, nil)
		if (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestEndlessAndSilentReceivers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/silent" {
			readAll(t, r.Body) // only then does the server notice that the client left
			<-r.Context().Done()
			return
		}
		chunk := []byte(strings.Repeat("x", 32<<10))
		for range 1000 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	endless := w.notifier(t, w.channelTo(t, Webhook, r, "/endless", "s")).channel("webhook")
	if o := endless.sender.send(t.Context(), letter{messages: []Message{message(1, Red)}}); o.verdict != sent {
		t.Errorf("2xx with an endless body: %+v", o)
	}
	silent := w.notifier(t, w.channelTo(t, Webhook, r, "/silent", "s")).channel("webhook")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if o := silent.sender.send(ctx, letter{messages: []Message{message(1, Red)}}); o.verdict != unreachable {
		t.Errorf("no answer: %+v", o)
	}
}

// TestReasonsHoldNoAddress: the errors of net/http name the address, and that of
// a robot is as good as a password.
func TestReasonsHoldNoAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newReceiver(t, func(http.ResponseWriter, *http.Request) {})
	channels := []Channel{w.channelTo(t, WeCom, r, "/send?key=the-robots-key"), w.channelTo(t, DingTalk, r, "/send?access_token=the-robots-token", "SECsecret")}
	n := w.notifier(t, channels...)
	r.Close()
	n.enqueue(t, message(1, Red))
	n.rounds(t, "wecom")
	n.rounds(t, "dingtalk")
	if got := n.outcomes(t, "a0001"); !slices.Equal(got, []string{"unreachable", "unreachable"}) {
		t.Error(got)
	}
	w.holdsNo(t, "the-robots-key", "the-robots-token", "SECsecret")
	if !strings.Contains(w.log.String(), "refused") {
		t.Error("the log does not say why:", w.log.String())
	}
	if s := fmt.Sprintf("%+v %v", n.channel("wecom").Channel, n.channel("dingtalk").Channel); strings.Contains(s, "the-robots") {
		t.Error("a printed channel shows its secret")
	}
}
