package web

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// The pages of officers: rendered like the public ones and without scripts, but for
// those who have shown a token. They stand beside the public pages, not on the
// administrator's listener, since mails and chats link to them from wherever
// officers are. Until there are log-ins the token is shown once, in a form, and a
// session stands for it.

// officer is what the pages of officers show around their content.
type officer struct {
	*frame
	// Who is the officer.
	Who *actor
	// Form is in every form, see session.
	Form string
}

// menuItem is a way to a page of officers.
type menuItem struct {
	section, path string
	want          right
}

// menu lists the pages of officers in the order in which their menu shows them. The
// text of an item is the sentence "menu." and its section.
var menu = []menuItem{
	{"alerts", "/alerts", readWarnings},
	{"reports", "/desk/reports", oversee},
	{"precision", "/desk/precision", oversee},
	{"proposals", "/desk/rules", oversee},
	{"acts", "/desk/acts", oversee},
	{"health", "/desk/health", operate},
}

// Menu are the items that the officer has a right to.
func (o *officer) Menu() []menuItem {
	var out []menuItem
	for _, item := range menu {
		if o.Who.may(item.want) {
			out = append(out, item)
		}
	}
	return out
}

// Path, Key and Here are for templates: its address, its text, and "true" on a page
// of its section.
func (i menuItem) Path() string { return i.path }
func (i menuItem) Key() string  { return "menu." + i.section }
func (i menuItem) Here(section string) string {
	return map[bool]string{true: "true"}[i.section == section]
}

// entrance asks for a token.
type entrance struct {
	*frame
	// To is the page that was asked for, Wrong says that the token was not good.
	To    string
	Wrong bool
}

// staffRoutes are the pages of officers in one language. They are not there on a
// server without warnings.
func (s *server) staffRoutes(g *echo.Group, l language) {
	get := func(path string, h echo.HandlerFunc) {
		g.Match([]string{http.MethodGet, http.MethodHead}, l.Prefix+path, h)
	}
	g.POST(l.Prefix+"/desk/enter", s.enter)
	g.POST(l.Prefix+"/desk/leave", s.staff(useDesk, "desk", s.leave))
	if s.Alerts == nil {
		return
	}
	get("/rules", s.showRules)
	get("/rules/:code", s.showRule)
	s.watchRoutes(g, l)
}

// staff lets an officer in who has a session and the right, and shows others the
// entrance. A post has to carry the session's own word. section is the item of the menu
// that the page belongs to.
func (s *server) staff(want right, section string, handle func(*call, *officer) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "private, no-store")
		r := &call{Context: c, book: s.Book}
		session, ok := s.sessions.of(c.Request(), s.Now())
		if !ok {
			return s.showEntrance(c, http.StatusUnauthorized, c.Request().URL.RequestURI(), false)
		}
		var err error
		if r.who, err = s.officerOf(r, session.token); err != nil {
			if !errors.Is(err, errBadToken) {
				return err
			}
			return s.showEntrance(c, http.StatusUnauthorized, c.Request().URL.RequestURI(), false)
		}
		if !r.who.may(want) {
			return errRole
		}
		if c.Request().Method == http.MethodPost && subtle.ConstantTimeCompare([]byte(c.FormValue("form")), []byte(session.form)) != 1 {
			return errCrossOrigin
		}
		return handle(r, &officer{frame: s.newFrame(c, "", section), Who: r.who, Form: session.form})
	}
}

// officerOf is whose token has a hash, if it is of this county.
func (s *server) officerOf(r *call, hash [32]byte) (*actor, error) {
	token, err := s.tokens.verifyHash(r.ctx(), hash)
	if err != nil {
		return nil, err
	}
	if token.Book != s.Book {
		return nil, errBadToken
	}
	return token.actor(), nil
}

// showEntrance shows the form for the token. Coming from another site, such as a mail
// in the browser, the cookie is not sent; the form has a link for that.
func (s *server) showEntrance(c echo.Context, status int, to string, wrong bool) error {
	p := &entrance{frame: s.newFrame(c, "enter", "alerts"), To: s.backTo(to), Wrong: wrong}
	p.Zh, p.En = s.other(p.frame, p.To)
	return s.render(c, status, p)
}

// other names a page in both languages.
func (s *server) other(f *frame, to string) (zh, en string) {
	path := strings.TrimPrefix(strings.TrimPrefix(to, s.BasePath), english.Prefix)
	return f.site.href(chinese, path), f.site.href(english, path)
}

// desks are the pages that a session may begin at, with what lies below them.
var desks = []string{"/alerts", "/desk"}

// backTo is a page of officers to go on to, their desk for anything else.
func (s *server) backTo(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return s.BasePath + desks[0]
	}
	for _, l := range languages {
		for _, desk := range desks {
			at := s.BasePath + l.Prefix + desk
			if u.Path == at+"/enter" || u.Path == at+"/leave" {
				return s.BasePath + desks[0]
			}
			if u.Path == at || strings.HasPrefix(u.Path, at+"/") && path.Clean(u.Path) == u.Path && plain(strings.ReplaceAll(u.Path[len(at)+1:], "/", "")) {
				return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
			}
		}
	}
	return s.BasePath + desks[0]
}

// enter begins a session for whoever shows a token.
func (s *server) enter(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "private, no-store")
	to := s.backTo(c.FormValue("to"))
	hash, ok := hashOf(strings.TrimSpace(c.FormValue("token")))
	if !ok {
		return s.showEntrance(c, http.StatusForbidden, to, true)
	}
	who, err := s.officerOf(&call{Context: c}, hash)
	if errors.Is(err, errBadToken) {
		return s.showEntrance(c, http.StatusForbidden, to, true)
	}
	if err != nil {
		return err
	}
	setSession(c.Response(), s.sessions.begin(hash, s.Now()))
	s.Log.InfoContext(c.Request().Context(), "session begun", "request", requestIDOf(c), "book", string(who.Book), "token", who.ID)
	return c.Redirect(http.StatusSeeOther, to)
}

// leave ends the session.
func (s *server) leave(c *call, o *officer) error {
	s.sessions.end(c.Request())
	setSession(c.Response(), "")
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/"))
}

// showStaff renders a page of an officer.
func (s *server) showStaff(c *call, status int, p page) error {
	return s.render(c, status, p)
}

// ruleNames name the rules by their codes.
func (s *server) ruleNames(l language) map[string]string {
	names := map[string]string{}
	for _, r := range s.Alerts.Rules.Known() {
		names[r.Code] = l.pick(ledger.Text(r.Name))
	}
	return names
}
