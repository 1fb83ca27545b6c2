package web

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"yilu/account"
	"yilu/alerts/notify"
	"yilu/ledger"
)

// signOnProvider is an OpenID provider on this machine: the other side, not ours.
type signOnProvider struct {
	*httptest.Server
	t *testing.T
	// key is the one that is published, signing the one that signs.
	key, signing *rsa.PrivateKey
	// person is who is logged in there; change changes what an id token says, and spoil
	// what an answer is.
	person string
	change func(claims map[string]any)
	spoil  func(w http.ResponseWriter, r *http.Request) bool

	// last is the id token that was given last, keysAt where the keys are, asked how often
	// it was asked what it is.
	last, keysAt string
	asked        int

	mu    sync.Mutex
	codes map[string]url.Values
}

func newSignOnProvider(t *testing.T) *signOnProvider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &signOnProvider{t: t, key: key, signing: key, codes: map[string]url.Values{}, keysAt: "/keys"}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func (p *signOnProvider) serve(w http.ResponseWriter, r *http.Request) {
	if p.spoil != nil && p.spoil(w, r) {
		return
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		p.asked++
		p.answer(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + p.keysAt, "end_session_endpoint": p.URL + "/end", "id_token_signing_alg_values_supported": []string{"RS256"}})
	case p.keysAt:
		p.answer(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1", "n": p.encode(p.key.N.Bytes()), "e": p.encode(big.NewInt(int64(p.key.E)).Bytes())}}})
	case "/authorize": // the person is logged in here
		code := rand.Text()
		p.mu.Lock()
		p.codes[code] = r.URL.Query()
		p.mu.Unlock()
		back := r.URL.Query().Get("redirect_uri") + "?" + url.Values{"code": {code}, "state": {r.URL.Query().Get("state")}}.Encode()
		http.Redirect(w, r, back, http.StatusFound)
	case "/token":
		p.token(w, r)
	default:
		http.NotFound(w, r)
	}
}

// token holds the code to the challenge it was given for, once.
func (p *signOnProvider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	p.mu.Lock()
	asked, known := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !known || id != "yilu" || secret != "s3cret" || asked.Get("code_challenge") != p.encode(sum[:]) || asked.Get("code_challenge_method") != "S256" || r.FormValue("redirect_uri") != asked.Get("redirect_uri") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	claims := map[string]any{"iss": p.URL, "aud": "yilu", "sub": "4711", "exp": pageNow.Add(time.Hour).Unix(), "iat": pageNow.Unix(), "nonce": asked.Get("nonce"), "preferred_username": p.person}
	if p.change != nil {
		p.change(claims)
	}
	p.last = p.sign(claims)
	p.answer(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.last})
}

func (p *signOnProvider) sign(claims map[string]any) string {
	body, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	text := p.encode([]byte(`{"alg":"RS256","kid":"k1"}`)) + "." + p.encode(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.signing, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return text + "." + p.encode(signature)
}

func (p *signOnProvider) encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (p *signOnProvider) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.MarshalWrite(w, v); err != nil {
		p.t.Error(err)
	}
}

// signOnServer is a county whose officers sign on at a provider.
func signOnServer(t *testing.T, p *signOnProvider, now func() time.Time, private string) (*countyFixture, *account.Accounts, *echo.Echo) {
	t.Helper()
	x := newTypical(t, plainText)
	s, _ := x.staffOf(now, false)
	client, err := notify.Outward([]netip.Prefix{netip.MustParsePrefix(private)}, "")
	if err != nil {
		t.Fatal(err)
	}
	s.Accounts.SignOn = &account.SignOn{Issuer: p.URL, Client: "yilu", Secret: "s3cret", Claim: "preferred_username", Back: "https://yilu.example.gov.cn" + SignOnBack, HTTP: client}
	_, e := newServer(s.Config) // now with its routes
	return x, s.Accounts, e
}

// signOnBrowser goes the way of a browser through both sides.
type signOnBrowser struct {
	t *testing.T
	h http.Handler
	// kept is the cookie of the way, session that of the session.
	kept, session string
}

func (b *signOnBrowser) get(path string) *httptest.ResponseRecorder { return b.do("GET", path, nil) }

func (b *signOnBrowser) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range map[string]string{signOnCookie: b.kept, sessionCookie: b.session} {
		if value != "" {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		value := c.Value
		if c.MaxAge < 0 {
			value = ""
		}
		switch c.Name {
		case signOnCookie:
			if b.kept = value; value != "" && (!c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode) {
				b.t.Errorf("cookie: %+v", c)
			}
		case sessionCookie:
			b.session = value
		}
	}
	return w
}

// away begins, lets the provider answer, and returns the path that it sends back to.
func (b *signOnBrowser) away(path string) string {
	b.t.Helper()
	w := b.get(path)
	if w.Code != http.StatusSeeOther {
		b.t.Fatalf("begin: %d %s", w.Code, mainOf(w.Body.String()))
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(w.Header().Get("Location"))
	if err != nil {
		b.t.Fatal(err)
	}
	answer.Body.Close()
	back, ok := strings.CutPrefix(answer.Header.Get("Location"), "https://yilu.example.gov.cn")
	if !ok {
		b.t.Fatalf("the provider sends to %q", answer.Header.Get("Location"))
	}
	return back
}

// TestSignOn: who is known at the provider and has an account gets a session, gives the
// second factor as ever, and leaves both.
func TestSignOn(t *testing.T) {
	t.Parallel()
	p := newSignOnProvider(t)
	p.person = "maker-7"
	clock := pageNow
	x, accounts, e := signOnServer(t, p, func() time.Time { return clock }, "127.0.0.0/8")
	code, err := accounts.Create(t.Context(), account.Console, account.Person{ID: "maker-7", Duty: ledger.DutyBusiness, Name: "王小明", Unit: "411025-CZ"})
	if err != nil || code == "" {
		t.Fatal(err)
	}
	b := &signOnBrowser{t: t, h: e}
	want(t, b.get("/desk/enter?to=%2Fdesk%2Fentries").Body.String(), `href="/desk/enter/on?to=%2fdesk%2fentries"`)
	back := b.away("/desk/enter/on?to=/desk/entries")
	w := b.get(back)
	if w.Code != http.StatusOK || w.Header().Get("Refresh") != "0; url=/desk/entries" || b.session == "" || b.kept != "" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), mainOf(w.Body.String()))
	}
	if w := b.get("/desk/me"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/desk/factor" {
		t.Errorf("without a second factor: %d %s", w.Code, w.Header().Get("Location"))
	}
	session, err := accounts.Session(t.Context(), b.session)
	if err != nil || !session.SignedOn || session.Role != "" || len(x.holdings("maker-7")) != 0 {
		t.Fatalf("%+v %v", session, err)
	}
	factor, err := accounts.NewFactor(t.Context(), session, "x")
	if err != nil {
		t.Fatal(err)
	}
	present := func() string {
		code, err := account.Code(factor.Secret, clock)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	opened, err := accounts.Enrol(t.Context(), session, present(), "127.0.0.0/24")
	if err != nil || !opened.SignedOn {
		t.Fatal(opened, err)
	}
	b.session = opened.Cookie
	if w := b.get("/desk/me"); w.Code != http.StatusOK {
		t.Errorf("with it, and never a password: %d %s", w.Code, w.Header().Get("Location"))
	}
	word := formWord(t, b.get("/desk/me").Body.String())
	if w := b.do("POST", "/desk/leave", url.Values{"form": {word}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/desk/enter?left=1" {
		t.Errorf("leave: %d %s", w.Code, w.Header().Get("Location"))
	}
	// The provider is shown its own token, so that it knows which session is meant; once.
	left := b.get("/desk/enter?left=1").Body.String()
	end := regexp.MustCompile(`href="([^"]+/end\?client_id=yilu[^"]+)"`).FindStringSubmatch(left)
	if len(end) == 0 {
		t.Fatalf("no end at the provider: %s", mainOf(left))
	}
	if u, err := url.Parse(html.UnescapeString(end[1])); err != nil || u.Query().Get("id_token_hint") != p.last {
		t.Errorf("the hint is %s, should be %s", end[1], p.last)
	}
	want(t, b.get("/desk/enter?left=1").Body.String(), `href="`+p.URL+`/end?client_id=yilu"`)
	var kept int
	if err := x.db.Owner.QueryRow(t.Context(), `select count(*) from account.session where hint is not null`).Scan(&kept); err != nil || kept > 0 {
		t.Errorf("%d tokens are kept of sessions that have ended, %v", kept, err)
	}
	// The next time the phone is asked for, as after a password.
	b.get(b.away("/desk/enter/on"))
	if w := b.get("/desk/me"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/desk/factor" {
		t.Errorf("without a code: %d", w.Code)
	}
	page := b.get("/desk/factor")
	want(t, page.Body.String(), `name="confirm_code"`, "完成登录")
	word = formWord(t, page.Body.String())
	if w := b.do("POST", "/desk/factor", url.Values{"form": {word}, "confirm_code": {"000000"}}); w.Code != http.StatusForbidden {
		t.Errorf("a wrong code: %d", w.Code)
	}
	if w := b.do("POST", "/desk/factor", url.Values{"form": {word}, "confirm_code": {present()}}); w.Code != http.StatusForbidden { // it was spent as the phone was enrolled
		t.Errorf("a spent code: %d", w.Code)
	}
	clock = clock.Add(time.Minute)
	if w := b.do("POST", "/desk/factor", url.Values{"form": {word}, "confirm_code": {present()}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") == "/desk/factor" {
		t.Errorf("a fresh code: %d %s", w.Code, w.Header().Get("Location"))
	}
	if w := b.get("/desk/me"); w.Code != http.StatusOK {
		t.Errorf("with a code: %d", w.Code)
	}
}

// TestSignOnIsRefused: whatever is wrong on the way lets nobody in, and says so in words.
func TestSignOnIsRefused(t *testing.T) {
	t.Parallel()
	p := newSignOnProvider(t)
	_, accounts, e := signOnServer(t, p, always(pageNow), "127.0.0.0/8")
	for _, id := range []string{"maker-7", "gone-7"} {
		if _, err := accounts.Create(t.Context(), account.Console, account.Person{ID: id, Duty: ledger.DutyBusiness, Name: "王小明", Unit: "411025-CZ"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := accounts.Disable(t.Context(), "sys-0", "gone-7"); err != nil {
		t.Fatal(err)
	}
	set := func(name string, v any) func(map[string]any) {
		return func(claims map[string]any) { claims[name] = v }
	}
	for name, test := range map[string]struct {
		person string
		change func(map[string]any)
		bend   func(b *signOnBrowser, back string) string
		code   int
		says   string
	}{
		"no account":       {person: "stranger", code: 403, says: "没有与您的统一身份对应的账号"},
		"a disabled one":   {person: "gone-7", code: 403, says: "没有与您的统一身份对应的账号"},
		"no name":          {person: "", code: 403, says: "没有与您的统一身份对应的账号"},
		"another's token":  {person: "maker-7", change: set("aud", "other"), code: 502, says: "暂时不可用"},
		"another issuer":   {person: "maker-7", change: set("iss", "https://evil.example"), code: 502, says: "暂时不可用"},
		"an old token":     {person: "maker-7", change: set("exp", pageNow.Add(-time.Hour).Unix()), code: 502, says: "暂时不可用"},
		"a replayed token": {person: "maker-7", change: set("nonce", "another"), code: 502, says: "暂时不可用"},
		"another state":    {person: "maker-7", bend: func(_ *signOnBrowser, back string) string { return strings.Replace(back, "state=", "state=x", 1) }, code: 403, says: "不是在这个浏览器里开始的"},
		"another browser":  {person: "maker-7", bend: func(b *signOnBrowser, back string) string { b.kept = ""; return back }, code: 403, says: "不是在这个浏览器里开始的"},
		"a forged cookie": {person: "maker-7", bend: func(b *signOnBrowser, back string) string {
			b.kept = "AQ" + b.kept[2:len(b.kept)-2] + "AA"
			return back
		}, code: 403, says: "不是在这个浏览器里开始的"},
		"another code": {person: "maker-7", bend: func(_ *signOnBrowser, back string) string { return strings.Replace(back, "code=", "code=x", 1) }, code: 403, says: "没有通过"},
		"the provider says no": {person: "maker-7", bend: func(_ *signOnBrowser, back string) string {
			return SignOnBack + "?error=access_denied&" + back[strings.Index(back, "state="):]
		}, code: 403, says: "没有通过"},
		"another begun since": {person: "maker-7", bend: func(b *signOnBrowser, back string) string { b.away("/desk/enter/on"); return back }, code: 403, says: "不是在这个浏览器里开始的"},
	} {
		p.person, p.change = test.person, test.change
		b := &signOnBrowser{t: t, h: e}
		back := b.away("/desk/enter/on")
		if test.bend != nil {
			back = test.bend(b, back)
		}
		w := b.get(back)
		if w.Code != test.code || b.session != "" || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%s: %d %q %s", name, w.Code, b.session, mainOf(w.Body.String()))
		}
	}
	p.person, p.change = "maker-7", nil
	b := &signOnBrowser{t: t, h: e}
	back := b.away("/desk/enter/on")
	kept := b.kept
	if w := b.get(back); w.Code != http.StatusOK {
		t.Fatalf("%d", w.Code)
	}
	b.kept, b.session = kept, "" // somebody has seen the address and the cookie
	if w := b.get(back); w.Code != http.StatusForbidden || b.session != "" {
		t.Errorf("the same answer twice: %d", w.Code)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	b = &signOnBrowser{t: t, h: e}
	back = b.away("/desk/enter/on")
	p.signing = other
	if w := b.get(back); w.Code != http.StatusBadGateway || b.session != "" {
		t.Errorf("signed by somebody else: %d", w.Code)
	}
	p.key = other // the provider has changed its key
	b = &signOnBrowser{t: t, h: e}
	if w := b.get(b.away("/desk/enter/on")); w.Code != http.StatusOK || b.session == "" {
		t.Errorf("a new key: %d", w.Code)
	}
	for _, to := range []string{"https://evil.example/", "//evil.example", "/desk/leave"} {
		b := &signOnBrowser{t: t, h: e}
		if w := b.get(b.away("/desk/enter/on?to=" + url.QueryEscape(to))); strings.Contains(w.Header().Get("Refresh"), "evil") || strings.Contains(w.Header().Get("Refresh"), "leave") {
			t.Errorf("leads to %s: %s", to, w.Header().Get("Refresh"))
		}
	}
}

// TestSignOnAsksTheProviderAlone: addresses inside are not asked unless they are listed, a
// redirect is not followed, and a provider that is down is no reason to stop.
func TestSignOnAsksTheProviderAlone(t *testing.T) {
	t.Parallel()
	p := newSignOnProvider(t)
	_, _, e := signOnServer(t, p, always(pageNow), "10.9.0.0/16")
	if w := (&signOnBrowser{t: t, h: e}).get("/en/desk/enter/on"); w.Code != http.StatusBadGateway || !strings.Contains(w.Body.String(), "does not answer as it should") || strings.Contains(w.Body.String(), "127.0.0.1") {
		t.Errorf("inside: %d %s", w.Code, mainOf(w.Body.String()))
	}
	_, accounts, e := signOnServer(t, p, always(pageNow), "127.0.0.0/8")
	asked := 0
	for name, spoil := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"down": func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		},
		"elsewhere": func(w http.ResponseWriter, r *http.Request) bool {
			asked++
			http.Redirect(w, r, p.URL+"/inside", http.StatusFound)
			return true
		},
		"endless": func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprint(w, `{"issuer":"`+strings.Repeat("x", 3<<20)+`"}`)
			return true
		},
		"another issuer": func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprint(w, `{"issuer":"https://evil.example"}`)
			return true
		},
	} {
		p.spoil = spoil
		if w := (&signOnBrowser{t: t, h: e}).get("/desk/enter/on"); w.Code != http.StatusBadGateway || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if asked != 1 {
		t.Errorf("the redirect was followed: %d requests", asked)
	}
	if accounts.EndAddress(nil) != "" {
		t.Error("an end at a provider that never answered")
	}
	p.spoil, p.person = nil, "nobody"
	if back := (&signOnBrowser{t: t, h: e}).away("/desk/enter/on"); !strings.HasPrefix(back, SignOnBack) {
		t.Errorf("once it is back: %s", back)
	}
}

// TestSignOnFollowsTheProvider: when its keys are elsewhere the next who comes is let in,
// what it says of itself is asked for again after an hour, and while it does not answer
// what it said before is good.
func TestSignOnFollowsTheProvider(t *testing.T) {
	t.Parallel()
	p := newSignOnProvider(t)
	p.person = "maker-7"
	clock := pageNow
	p.change = func(claims map[string]any) {
		claims["iat"], claims["exp"] = clock.Unix(), clock.Add(time.Minute).Unix()
	}
	_, accounts, e := signOnServer(t, p, func() time.Time { return clock }, "127.0.0.0/8")
	if _, err := accounts.Create(t.Context(), account.Console, account.Person{ID: "maker-7", Duty: ledger.DutyBusiness, Name: "王小明", Unit: "411025-CZ"}); err != nil {
		t.Fatal(err)
	}
	enter := func(what string) {
		t.Helper()
		b := &signOnBrowser{t: t, h: e}
		if w := b.get(b.away("/desk/enter/on")); w.Code != http.StatusOK || b.session == "" {
			t.Errorf("%s: %d %s", what, w.Code, mainOf(w.Body.String()))
		}
	}
	enter("first")
	enter("second")
	if p.asked != 1 {
		t.Errorf("asked %d times what it is", p.asked)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p.key, p.signing, p.keysAt = key, key, "/new-keys"
	enter("with keys elsewhere")
	if p.asked != 2 {
		t.Errorf("asked %d times what it is", p.asked)
	}
	clock = clock.Add(59 * time.Minute)
	enter("an hour later, nearly")
	clock = clock.Add(2 * time.Minute)
	enter("an hour later")
	if p.asked != 3 {
		t.Errorf("asked %d times what it is", p.asked)
	}
	clock = clock.Add(2 * time.Hour)
	p.spoil = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/.well-known/openid-configuration" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	}
	enter("while it does not say what it is")
}

// holdings are the roles of a person.
func (x *countyFixture) holdings(person string) []ledger.Holding {
	x.t.Helper()
	all, err := x.l.Holdings(x.t.Context(), pageBook, person)
	if err != nil {
		x.t.Fatal(err)
	}
	return all
}
