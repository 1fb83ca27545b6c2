package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"yilu/account"
)

// 统一身份认证: who has an account at the office's provider logs in there.

const (
	// SignOnBack is where the provider sends the browser back to, below our own address.
	SignOnBack = "/desk/enter/back"
	// signOnCookie keeps what was begun. The way back is another site's doing: it is lax.
	signOnCookie = "__Host-yilu-on"
	signOnKept   = 10 * time.Minute
)

// setSignOn keeps what was begun in the browser; an empty value takes it away.
func setSignOn(w http.ResponseWriter, value string) {
	c := &http.Cookie{Name: signOnCookie, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(signOnKept / time.Second)}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// takeHint is what the provider wants to see when the session there is to end, if the one
// here has just ended. It is good once.
func takeHint(c echo.Context) []byte {
	cookie, err := c.Request().Cookie(signOnCookie)
	if err != nil {
		return nil
	}
	setSignOn(c.Response(), "")
	hint, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return nil
	}
	return hint
}

// signOn sends the browser to the provider.
func (s *server) signOn(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "private, no-store")
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	f := s.newFrame(c, "", "")
	to := s.backTo(c.QueryParam("to"))
	if to == "" && f.lang != chinese {
		to = f.site.href(f.lang, "/desk/me")
	}
	address, kept, err := s.Accounts.BeginSignOn(c.Request().Context(), to)
	if err != nil {
		return s.notSignedOn(c, err)
	}
	setSignOn(c.Response(), kept)
	return c.Redirect(http.StatusSeeOther, address)
}

// arrivedView leads on: the session's cookie is not sent with a request that another site
// caused, so that we may not redirect.
type arrivedView struct {
	*officer
	To string
}

// signedOn opens a session for whom the provider says it is.
func (s *server) signedOn(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "private, no-store")
	kept := ""
	if cookie, err := c.Request().Cookie(signOnCookie); err == nil {
		kept = cookie.Value
	}
	setSignOn(c.Response(), "") // it is good once
	opened, to, err := s.Accounts.EndSignOn(c.Request().Context(), kept, c.QueryParams(), account.Try{Network: account.Network(c.RealIP()), Agent: agentOf(c.Request().UserAgent())})
	s.Metrics.entered(err)
	if err != nil {
		return s.notSignedOn(c, err)
	}
	r, o, err := s.begun(c, opened)
	if err != nil {
		return err
	}
	o.template = "arrived"
	p := &arrivedView{officer: o, To: s.backTo(to)}
	if p.To == "" {
		p.To = o.home()
	}
	p.Zh, p.En = o.site.href(chinese, "/desk/me"), o.site.href(english, "/desk/me")
	c.Response().Header().Set("Refresh", "0; url="+p.To)
	return s.showStaff(r, http.StatusOK, p)
}

// notSignedOn shows the entrance with why nobody was let in. What the provider said is for
// the log.
func (s *server) notSignedOn(c echo.Context, err error) error {
	status, key, args := failure(c, err)
	switch {
	case errors.Is(err, account.ErrStale):
		status, key = http.StatusForbidden, "signon.stale"
	case errors.Is(err, account.ErrDenied):
		status, key = http.StatusForbidden, "signon.denied"
	case errors.Is(err, account.ErrProvider):
		status, key = http.StatusBadGateway, "signon.provider"
	case errors.Is(err, account.ErrWrong):
		key = "signon.nobody"
	case key == "":
		return err
	}
	if !errors.Is(err, account.ErrStale) {
		s.Log.WarnContext(c.Request().Context(), "not signed on", "request", requestIDOf(c), "error", err)
	}
	return s.showEntrance(c, status, &entrance{Problem: s.newFrame(c, "", "").t(key, args...)})
}
