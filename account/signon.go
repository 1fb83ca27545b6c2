package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-json-experiment/json"
	"golang.org/x/oauth2"
)

// SignOn lets persons log in where they have an account of the office (统一身份认证): OpenID
// Connect, authorization code flow with PKCE, state and nonce. It says who somebody is and
// nothing else: the account must be there, and what it may do stands in the log.
type SignOn struct {
	// Issuer is the provider's address, Client our name there, Secret our password there,
	// "" for none.
	Issuer, Client, Secret string
	// Claim holds the account's name.
	Claim string
	// Back is where the provider sends the browser back to, in full.
	Back string
	// HTTP asks the provider. It decides which addresses may be asked.
	HTTP *http.Client

	mu       sync.Mutex
	provider *oidc.Provider
	foundAt  time.Time
}

// Errors of signing on.
var (
	// ErrProvider is a provider that does not answer, or not as it should.
	ErrProvider = errors.New("the provider of sign-on does not answer as it should")
	// ErrStale is a sign-on that was not begun in this browser, or too long ago.
	ErrStale = errors.New("the sign-on was not begun here, or too long ago")
	// ErrDenied is a provider's no.
	ErrDenied = errors.New("the provider let nobody in")
)

const (
	// signOnAge is how long somebody may take at the provider.
	signOnAge = 10 * time.Minute
	// mostOfProvider is what is read of one answer of the provider, in bytes, and
	// providerTime how long it may take.
	mostOfProvider = 1 << 20
	providerTime   = 10 * time.Second
	// foundFor is how long what the provider says of itself is believed.
	foundFor   = time.Hour
	signOnSeal = "sign-on"
	hintSeal   = "sign-on hint"
	// mostOfHint is the longest token that is shown to the provider again: sealed, it passes
	// through a cookie.
	mostOfHint = 2800
)

// begunSignOn is what a browser keeps, sealed, while it is at the provider.
type begunSignOn struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	To       string    `json:"to"`
	At       time.Time `json:"at"`
}

// bounded reads no more than so much of each answer.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, mostOfProvider), answer.Body}
	}
	return answer, err
}

// asking is a context in which the provider is asked by our client.
func (o *SignOn) asking(ctx context.Context) (context.Context, context.CancelFunc) {
	client := *o.HTTP
	if client.Transport == nil {
		client.Transport = http.DefaultTransport
	}
	client.Transport = bounded{client.Transport}
	ctx, cancel := context.WithTimeout(ctx, providerTime)
	return oidc.ClientContext(ctx, &client), cancel
}

// found asks the provider for its addresses and keys, and again after a while: they
// change. While it does not answer, what it said before is still good.
func (o *SignOn) found(ctx context.Context, now time.Time) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if age := now.Sub(o.foundAt); o.provider != nil && age >= 0 && age < foundFor {
		return o.provider, nil
	}
	p, err := oidc.NewProvider(ctx, o.Issuer)
	if err == nil {
		o.provider, o.foundAt = p, now
	} else if o.provider == nil {
		return nil, fmt.Errorf("%w: %w", ErrProvider, err)
	}
	return o.provider, nil
}

// doubt has the provider asked anew before it is believed again: what it said of itself
// may have changed.
func (o *SignOn) doubt() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.foundAt = time.Time{}
}

// config is ours for the provider.
func (o *SignOn) config(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: o.Client, ClientSecret: o.Secret, Endpoint: p.Endpoint(), RedirectURL: o.Back, Scopes: []string{oidc.ScopeOpenID, "profile"}}
}

// BeginSignOn returns where to send the browser, and what it keeps until it is back. to is
// where it goes on then.
func (a *Accounts) BeginSignOn(ctx context.Context, to string) (address, kept string, err error) {
	ctx, cancel := a.SignOn.asking(ctx)
	defer cancel()
	p, err := a.SignOn.found(ctx, a.Now())
	if err != nil {
		return "", "", err
	}
	b := begunSignOn{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), To: to, At: a.Now()}
	text, err := json.Marshal(b)
	if err != nil {
		return "", "", fmt.Errorf("begin sign-on: %w", err)
	}
	address = a.SignOn.config(p).AuthCodeURL(b.State, oidc.Nonce(b.Nonce), oauth2.S256ChallengeOption(b.Verifier))
	return address, base64.RawURLEncoding.EncodeToString(a.Seal(signOnSeal, text)), nil
}

// EndSignOn opens a session for whom the provider says that the browser is. kept is what the
// browser kept, answer the provider's parameters. The session has no second factor yet: it
// is asked for as after any log-in.
func (a *Accounts) EndSignOn(ctx context.Context, kept string, answer url.Values, t Try) (o Opened, to string, err error) {
	b, err := a.readSignOn(kept, answer.Get("state"))
	if err != nil {
		return Opened{}, "", err
	}
	if answer.Get("error") != "" || answer.Get("code") == "" {
		return Opened{}, "", ErrDenied
	}
	var token string
	if t.Person, token, err = a.SignOn.who(ctx, b, answer.Get("code"), a.Now); err != nil {
		return Opened{}, "", err
	}
	found, err := a.find(ctx, t.Person)
	if err != nil {
		return Opened{}, "", err
	}
	if found.Duty == "" {
		return Opened{}, "", ErrWrong
	}
	attempt, err := a.begin(ctx, t.Person, t.Network)
	if err != nil {
		return Opened{}, "", err
	}
	s := Session{Person: t.Person, Duty: found.Duty, Agent: t.Agent, Begun: a.Now(), SignedOn: true}
	if len(token) <= mostOfHint {
		s.hint = a.Seal(hintSeal, []byte(token))
	}
	o, err = a.enter(ctx, attempt, s)
	return o, b.To, err
}

// readSignOn opens what the browser kept, and holds the provider's answer to it.
func (a *Accounts) readSignOn(kept, state string) (b begunSignOn, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil {
		return b, ErrStale
	}
	text, err := a.Open(signOnSeal, raw)
	if err != nil || json.Unmarshal(text, &b) != nil {
		return b, ErrStale
	}
	if age := a.Now().Sub(b.At); age < 0 || age > signOnAge || subtle.ConstantTimeCompare([]byte(state), []byte(b.State)) != 1 {
		return b, ErrStale
	}
	return b, nil
}

// who asks the provider whose code it is, and returns the account's name with the token
// that says so.
func (o *SignOn) who(ctx context.Context, b begunSignOn, code string, now func() time.Time) (name, raw string, err error) {
	ctx, cancel := o.asking(ctx)
	defer cancel()
	p, err := o.found(ctx, now())
	if err != nil {
		return "", "", err
	}
	token, err := o.config(p).Exchange(ctx, code, oauth2.VerifierOption(b.Verifier))
	if err != nil {
		o.doubt()
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response.StatusCode < http.StatusInternalServerError {
		return "", "", fmt.Errorf("%w: %s", ErrDenied, refused.ErrorCode)
	}
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrProvider, err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return "", "", fmt.Errorf("%w: no id token", ErrProvider)
	}
	verified, err := o.verify(ctx, p, raw, now)
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrProvider, err)
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(b.Nonce)) != 1 {
		return "", "", fmt.Errorf("%w: another nonce", ErrProvider)
	}
	var claims map[string]any
	if err := verified.Claims(&claims); err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrProvider, err)
	}
	name, _ = claims[o.Claim].(string)
	if !idPattern.MatchString(name) {
		return "", "", ErrWrong
	}
	return name, raw, nil
}

// verify holds a token to the provider's keys, and when it does not hold once more to those
// that the provider names now: its keys may be elsewhere since it was asked.
func (o *SignOn) verify(ctx context.Context, p *oidc.Provider, raw string, now func() time.Time) (*oidc.IDToken, error) {
	config := &oidc.Config{ClientID: o.Client, Now: now}
	token, err := p.Verifier(config).Verify(ctx, raw)
	if err == nil {
		return token, nil
	}
	o.doubt()
	again, foundErr := o.found(ctx, now())
	if foundErr != nil || again == p { // it does not answer: nothing new is known
		return nil, err
	}
	return again.Verifier(config).Verify(ctx, raw)
}

// EndAddress is where a browser ends its session at the provider, "" if it says nowhere or
// has not been asked yet. hint is what Leave returned, if anything: with it the provider
// knows which session is meant, and need not ask.
func (a *Accounts) EndAddress(hint []byte) string {
	address := a.SignOn.endAddress()
	token, err := a.Open(hintSeal, hint)
	if address == "" || err != nil {
		return address
	}
	return address + "&id_token_hint=" + url.QueryEscape(string(token))
}

func (o *SignOn) endAddress() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider == nil {
		return ""
	}
	var more struct {
		End string `json:"end_session_endpoint"`
	}
	if err := o.provider.Claims(&more); err != nil || !strings.HasPrefix(more.End, "http") {
		return ""
	}
	u, err := url.Parse(more.End)
	if err != nil {
		return ""
	}
	query := u.Query()
	query.Set("client_id", o.Client)
	u.RawQuery = query.Encode()
	return u.String()
}
