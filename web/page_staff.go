package web

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/alerts"
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
	// keepsFiles says that there are pages of sheets and documents.
	keepsFiles bool
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
	{"grid", "/desk/grid", enterForms},
	{"import", "/desk/import", enterForms},
	{"bank", "/desk/bank", useDesk},
	{"files", "/desk/files", useDesk},
	{"ledger", "/desk/ledger", useDesk},
}

// onFiles are the sections that are not there on a server that keeps no files.
var onFiles = []string{"grid", "import", "bank", "files", "ledger"}

// Menu are the items that the officer has a right to.
func (o *officer) Menu() []menuItem {
	var out []menuItem
	for _, item := range menu {
		if o.Who.may(item.want) && (o.keepsFiles || !slices.Contains(onFiles, item.section)) {
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
	s.sheetRoutes(g, l)
	if s.Alerts == nil {
		return
	}
	get("/rules", s.showRules)
	get("/rules/:code", s.showRule)
	get("/alerts", s.staff(readWarnings, "alerts", s.alertsPage))
	get("/alerts/:alert", s.staff(readWarnings, "alerts", s.alertPage))
	g.POST(l.Prefix+"/alerts/:alert", s.staff(readWarnings, "alerts", s.stepPage))
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
		if err := spoolForm(c.Request()); err != nil {
			return err
		}
		if c.Request().Method == http.MethodPost && subtle.ConstantTimeCompare([]byte(c.FormValue("form")), []byte(session.form)) != 1 {
			return errCrossOrigin
		}
		return handle(r, &officer{frame: s.newFrame(c, "", section), Who: r.who, Form: session.form, keepsFiles: s.Files != nil})
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

// warningRow is a warning in a list.
type warningRow struct {
	alerts.Current
	Name     string
	Sentence string
	// Late is set when the step was due before today, Day is that of the warning.
	Late bool
	Day  ledger.Date
}

// alertsView is the list of warnings, by rule and one by one, the newest first.
type alertsView struct {
	*officer
	Filter alerts.Filter
	// Show is the filter of states as the form has it: "" for what is not ended, "all",
	// or a state.
	Show   string
	Groups []groupRow
	Rows   []warningRow
	States []alerts.State
	// Upto is the last warning raised when the list was opened, Newer says that there
	// are more by now.
	Upto  ledger.Seq
	Newer int
	// Before is where the next page begins, None at the end.
	Before ledger.Seq
	First  bool
}

// Levels are the levels, the most severe first.
func (p *alertsView) Levels() []string { return []string{"red", "orange", "yellow", "blue"} }

// Everything says whether the officer sees the warnings of all units.
func (p *alertsView) Everything() bool { return unitOf(p.Who) == "" }

// link is the list with a rule and places in it.
func (p *alertsView) link(code string, more ...any) string {
	unit := p.Filter.Unit
	if !p.Everything() {
		unit = ""
	}
	return p.site.live(p.lang, "/alerts", append([]any{"state", p.Show, "level", p.Filter.Level, "code", code, "region", p.Filter.Region, "unit", unit}, more...)...)
}

// Link is the list from its beginning, Of that of one rule, Older the next page.
func (p *alertsView) Link() string          { return p.link(p.Filter.Code) }
func (p *alertsView) Of(code string) string { return p.link(code) }
func (p *alertsView) Older() string {
	return p.link(p.Filter.Code, "before", p.Before, "upto", p.Upto)
}

// groupRow counts a rule's warnings.
type groupRow struct {
	alerts.Group
	Name string
}

const (
	warningsPerPage = 50
	mostNewer       = 100
)

// alertsPage lists warnings. All of the filter is in the address, and a page is read
// back from where it began: what came since is said, and not put in between.
func (s *server) alertsPage(c *call, o *officer) error {
	o.template = "alerts"
	q := &query{values: c.QueryParams()}
	p := &alertsView{officer: o, Show: q.text("state"), States: alertStates, Before: ledger.None}
	q.values = url.Values{}
	for name, v := range c.QueryParams() {
		if name != "state" && len(v) == 1 {
			q.values[name] = v
		}
	}
	switch p.Show {
	case "":
		q.values.Set("active", "true")
	case "all":
	default:
		q.values.Set("state", p.Show)
	}
	before, upto := ledger.Seq(q.number("before", 1<<62)), ledger.Seq(q.number("upto", -1))
	var err error
	if p.Filter, err = q.filter(c.who); err != nil {
		return err
	}
	pool := s.Alerts.Pool
	groups, err := alerts.Groups(c.ctx(), pool, s.Book, p.Filter)
	if err != nil {
		return err
	}
	names := s.ruleNames(o.lang)
	for _, g := range groups {
		p.Groups = append(p.Groups, groupRow{g, names[g.Code]})
		p.Upto = max(p.Upto, g.Newest)
	}
	p.First = q.values.Has("before")
	if q.values.Has("upto") {
		newer, err := alerts.List(c.ctx(), pool, s.Book, p.Filter, upto, mostNewer)
		if err != nil {
			return err
		}
		p.Newer, p.Upto = len(newer), upto
		before = min(before, upto+1)
	}
	rows, err := alerts.Newest(c.ctx(), pool, s.Book, p.Filter, before, warningsPerPage)
	if err != nil {
		return err
	}
	today := ledger.DateOf(s.Now())
	for _, r := range rows {
		hideCase(&r)
		p.Rows = append(p.Rows, warningRow{r, names[r.Code], o.lang.pick(ledger.Text{Zh: r.Zh, En: r.En}), r.Due != "" && r.Due < today, ledger.DateOf(r.RaisedAt)})
	}
	if len(rows) == warningsPerPage {
		p.Before = rows[len(rows)-1].Raised
	}
	return s.showStaff(c, http.StatusOK, p)
}

// ruleNames name the rules by their codes.
func (s *server) ruleNames(l language) map[string]string {
	names := map[string]string{}
	for _, r := range s.Alerts.Rules.Known() {
		names[r.Code] = l.pick(ledger.Text(r.Name))
	}
	return names
}
