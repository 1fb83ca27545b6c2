package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sendTime is all that one sending may take.
const sendTime = 10 * time.Second

// mostAnswer is what is read of an answer.
const mostAnswer = 64 << 10

// verdict is what became of one sending.
type verdict string

const (
	sent        verdict = "sent"
	refused     verdict = "refused"     // by reason of this letter, or of our settings
	unreachable verdict = "unreachable" // the receiver's trouble: others would fare alike
	throttled   verdict = "throttled"   // we are too fast
	interrupted verdict = "interrupted" // we are stopping: it may have arrived
	lost        verdict = "lost"        // the worker died with it: it may have arrived
	released    verdict = "released"    // not sent at all
)

// outcome is a verdict with its reason, which is stored and must hold no secret.
type outcome struct {
	verdict verdict
	reason  string
	pause   time.Duration // if throttled and the receiver said how long
}

// notPublic are the addresses that no receiver on the internet has. Those that
// wrap an IPv4 address are among them, since they lead back inside.
var notPublic = func() []netip.Prefix {
	var all []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
		"5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
	} {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}()

// errPrivate says that a name led to an address inside.
type errPrivate struct{ addr netip.Addr }

func (e errPrivate) Error() string {
	return fmt.Sprintf("address %s is not public: list it under private if it is meant", e.addr)
}

// public judges the address that is really dialled, after the name was resolved:
// a name that changes between a check and the call gains nothing.
func public(allowed []netip.Prefix) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("dial %s: %w", address, err)
		}
		addr := at.Addr().Unmap().WithZone("")
		holds := func(p netip.Prefix) bool { return p.Contains(addr) }
		if slices.ContainsFunc(notPublic, holds) && !slices.ContainsFunc(allowed, holds) {
			return errPrivate{addr}
		}
		return nil
	}
}

// Outward is a client that others take to ask what their settings name: public addresses
// and those of the networks that are listed, no redirect followed, no proxy asked. caFile
// holds further authorities, "" for none.
func Outward(private []netip.Prefix, caFile string) (*http.Client, error) {
	return newClient(Channel{Private: private, CAFile: caFile})
}

// newClient makes a client that follows no redirect, asks no proxy, and reaches
// public addresses and the listed ones only.
func newClient(c Channel) (*http.Client, error) {
	config, err := tlsConfig(c.CAFile)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: public(c.Private)}
	return &http.Client{
		Timeout:       sendTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        config,
			TLSHandshakeTimeout:    5 * time.Second,
			ResponseHeaderTimeout:  sendTime,
			MaxResponseHeaderBytes: mostAnswer,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        time.Minute,
			ForceAttemptHTTP2:      true,
		},
	}, nil
}

func tlsConfig(caFile string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return config, nil
	}
	data, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	if config.RootCAs, err = x509.SystemCertPool(); err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	if !config.RootCAs.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("ca_file: %s holds no certificate", caFile)
	}
	return config, nil
}

// answer is what a receiver said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// post sends JSON. If there was an answer, ok is true and the caller judges it.
func post(ctx context.Context, client *http.Client, address string, header http.Header, body []byte) (a answer, o outcome, ok bool) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return a, outcome{verdict: refused, reason: "the url cannot be used"}, false
	}
	request.Header = header
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", "yilu")
	response, err := client.Do(request)
	if err != nil {
		return a, failure(err), false
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return a, failure(err), false
	}
	return answer{response.StatusCode, response.Header, data}, outcome{}, true
}

// failure is a call without an answer. *url.Error would print the address, which
// of a robot is a secret.
func failure(err error) outcome {
	if private := (errPrivate{}); errors.As(err, &private) {
		return outcome{verdict: refused, reason: private.Error()}
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return outcome{verdict: unreachable, reason: clean(err.Error())}
}

// judgeStatus judges an answer by HTTP alone; 2xx is sent.
func judgeStatus(a answer) outcome {
	said := clean("HTTP " + strconv.Itoa(a.status) + " " + string(a.body[:min(len(a.body), 300)]))
	switch {
	case a.status >= 200 && a.status <= 299:
		return outcome{verdict: sent}
	case a.status == http.StatusTooManyRequests:
		return outcome{throttled, said, retryAfter(a.header)}
	case a.status >= 300 && a.status <= 399:
		return outcome{verdict: refused, reason: "HTTP " + strconv.Itoa(a.status) + ": redirects are not followed"}
	case a.status >= 500, a.status == http.StatusRequestTimeout:
		return outcome{verdict: unreachable, reason: said}
	}
	return outcome{verdict: refused, reason: said}
}

// retryAfter reads seconds, of which at most an hour is believed.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 1 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, time.Hour)
}

// clean makes a stranger's words fit to be stored and shown.
func clean(s string) string { return cut(oneLine(strings.ToValidUTF8(s, "?")), 300) }
