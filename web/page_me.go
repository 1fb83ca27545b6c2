package web

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"yilu/account"
	"yilu/ledger"
)

// accountRoutes are the pages about accounts.
func (s *server) accountRoutes(get, post func(path string, h echo.HandlerFunc)) {
	get("/desk/enter", s.enterPage)
	post("/desk/enter", s.enter)
	if s.Accounts.SignOn != nil {
		get("/desk/enter/on", s.signOn)
		get(SignOnBack, s.signedOn)
	}
	get("/desk/begin", s.beginPage)
	post("/desk/begin", s.begin)
	post("/desk/leave", s.inSession("me", s.leave))
	get("/desk/password", s.inSession("me", s.passwordPage))
	post("/desk/password", s.inSession("me", s.changePassword))
	get("/desk/factor", s.inSession("me", s.factorPage))
	post("/desk/factor", s.inSession("me", s.enrol))
	get("/desk/me", s.staff(ownAccount, "me", s.mePage))
	post("/desk/me/role", s.staff(ownAccount, "me", s.actAs))
	post("/desk/me/session", s.staff(ownAccount, "me", s.endSession))
	get("/desk/rights", s.staff(seeRights, "rights", s.rightsPage))
	get("/desk/tokens", s.staff(seePeople, "tokens", s.tokensPage))
	get("/desk/trail", s.staff(readTrail, "trail", s.trailPage))
	s.peopleRoutes(get, post)
}

// beginView is the form for a first or new password.
type beginView struct {
	*frame
	Account  string
	Code     string
	Problems []string
	Policy   account.Policy
}

// beginPage shows it.
func (s *server) beginPage(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return s.render(c, http.StatusOK, &beginView{frame: s.newFrame(c, "begin", "enter"), Policy: s.Accounts.Policy})
}

// begin sets the password by the one-time code. Whatever is wrong with account or code
// has one answer.
func (s *server) begin(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "private, no-store")
	try := s.try(c)
	p := &beginView{frame: s.newFrame(c, "begin", "enter"), Account: try.Person, Code: try.Code, Policy: s.Accounts.Policy}
	if try.Password != c.FormValue("again") {
		p.Problems = []string{p.t("password.differ")}
		return s.render(c, http.StatusUnprocessableEntity, p)
	}
	opened, err := s.Accounts.Begin(c.Request().Context(), try)
	status, problems := p.problems(c, err, "begin.wrong")
	if problems != nil {
		p.Problems = problems
		return s.render(c, status, p)
	}
	if err != nil {
		return err
	}
	_, o, err := s.begun(c, opened)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/factor"))
}

// problems says why a password was not taken; wrong is the sentence for what is not right
// about the person.
func (f *frame) problems(c echo.Context, err error, wrong string) (status int, out []string) {
	if bad, ok := errors.AsType[*account.Weak](err); ok {
		for _, r := range bad.Reasons {
			out = append(out, f.lang.pick(r))
		}
		return http.StatusUnprocessableEntity, out
	}
	status, key, args := failure(c, err)
	switch key {
	case "":
		return 0, nil
	case "enter.wrong":
		key = wrong
	}
	return status, []string{f.t(key, args...)}
}

// passwordView is the form for another password.
type passwordView struct {
	*officer
	Problems []string
	// Old says that the present one is too old, and nothing else can be done.
	Old    bool
	Policy account.Policy
}

func (s *server) passwordPage(c *call, o *officer) error {
	return s.showPassword(c, o, http.StatusOK, nil)
}

func (s *server) showPassword(c *call, o *officer, status int, problems []string) error {
	o.template = "password"
	return s.showStaff(c, status, &passwordView{o, problems, s.Accounts.NeedsPassword(c.who.session), s.Accounts.Policy})
}

// changePassword takes another password. Other sessions of the person end.
func (s *server) changePassword(c *call, o *officer) error {
	if c.FormValue("password") != c.FormValue("again") {
		return s.showPassword(c, o, http.StatusUnprocessableEntity, []string{o.t("password.differ")})
	}
	opened, err := s.Accounts.ChangePassword(c.ctx(), c.who.session, c.FormValue("old_password"), c.FormValue("password"), account.Network(c.RealIP()))
	if status, problems := o.problems(c, err, "password.wrong"); problems != nil {
		return s.showPassword(c, o, status, problems)
	}
	if err != nil {
		return err
	}
	setSession(c.Response(), opened.Cookie)
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/me"))
}

// factorView shows a new second factor, once.
type factorView struct {
	*officer
	// Secret and QR are empty after a code that did not fit: they were shown.
	Secret  string
	QR      *qrCode
	Problem string
	// First says that a code of the present phone ends the log-in.
	First bool
	// Refused says that a phone may only be changed with a fresh code of the old one.
	Refused bool
}

// factorPage makes a new second factor.
func (s *server) factorPage(c *call, o *officer) error {
	o.template = "factor"
	p := &factorView{officer: o}
	if c.Request().Method == http.MethodHead {
		return s.showStaff(c, http.StatusOK, p)
	}
	f, err := s.Accounts.NewFactor(c.ctx(), c.who.session, o.t("factor.issuer", o.County))
	if errors.Is(err, account.ErrProof) {
		p.First, p.Refused = c.who.session.Proved == nil, true
		return s.showStaff(c, http.StatusForbidden, p)
	}
	if err != nil {
		return err
	}
	for i := 0; i < len(f.Secret); i += 4 {
		p.Secret += f.Secret[i:min(i+4, len(f.Secret))] + " "
	}
	if p.QR, err = newQR(f.URI); err != nil {
		return err
	}
	return s.showStaff(c, http.StatusOK, p)
}

// enrol takes the first code of it, or a code of the old one to begin.
func (s *server) enrol(c *call, o *officer) error {
	if code := c.FormValue("confirm_code"); code != "" {
		first := c.who.session.Proved == nil
		if err := s.Accounts.Prove(c.ctx(), c.who.session, code, account.Network(c.RealIP())); err != nil {
			return s.showFactor(c, o, err, true)
		}
		if first {
			return c.Redirect(http.StatusSeeOther, o.home())
		}
		return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/factor"))
	}
	opened, err := s.Accounts.Enrol(c.ctx(), c.who.session, c.FormValue("code"), account.Network(c.RealIP()))
	if err != nil {
		return s.showFactor(c, o, err, errors.Is(err, account.ErrProof))
	}
	setSession(c.Response(), opened.Cookie)
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/me"))
}

// showFactor says why a code was not taken.
func (s *server) showFactor(c *call, o *officer, err error, refused bool) error {
	o.template = "factor"
	p := &factorView{officer: o, First: refused && c.who.session.Proved == nil, Refused: refused}
	status, key, args := failure(c, err)
	switch {
	case errors.Is(err, account.ErrProof):
		status = http.StatusForbidden
	case key == "":
		return err
	case key == "enter.wrong":
		p.Problem = o.t("prove.wrong")
	default:
		p.Problem = o.t(key, args...)
	}
	return s.showStaff(c, status, p)
}

// meView is one's own account.
type meView struct {
	*officer
	Held     []roleRow
	Sessions []sessionRow
}

// roleRow is a role as pages show it.
type roleRow struct {
	ledger.Holding
	Place string
	// Now says that it is acted in, or in force.
	Now bool
}

// sessionRow is a session as its person sees it.
type sessionRow struct {
	account.Session
	Begun, Used string
	Here        bool
}

// Factor says whether there is a second factor.
func (p *meView) Factor() bool { return p.Who.session.Enrolled }

// roleRow says where a role holds.
func (o *frame) roleRow(h ledger.Holding, now bool) roleRow {
	r := roleRow{Holding: h, Now: now}
	if h.Area != "" {
		r.Place = o.division(h.Area)
	}
	return r
}

func (s *server) mePage(c *call, o *officer) error {
	o.template = "me"
	p := &meView{officer: o}
	for _, h := range c.who.held {
		p.Held = append(p.Held, o.roleRow(h, h.Grant == c.who.session.Grant))
	}
	list, err := s.Accounts.Sessions(c.ctx(), c.who.User)
	if err != nil {
		return err
	}
	for _, x := range list {
		p.Sessions = append(p.Sessions, sessionRow{x, inShanghai(x.Begun), inShanghai(x.Used), x.ID == c.who.session.ID})
	}
	return s.showStaff(c, http.StatusOK, p)
}

// actAs lets the session act in another of its person's roles.
func (s *server) actAs(c *call, o *officer) error {
	grant := c.FormValue("grant")
	i := slices.IndexFunc(c.who.held, func(h ledger.Holding) bool { return h.Grant == grant })
	if i < 0 {
		return ledger.ErrNotFound
	}
	opened, err := s.Accounts.Act(c.ctx(), c.who.session, c.who.held[i])
	if err != nil {
		return err
	}
	_, next, err := s.begun(c, opened)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, next.home())
}

// endSession ends one of one's own sessions.
func (s *server) endSession(c *call, o *officer) error {
	id := c.FormValue("session")
	if err := s.Accounts.End(c.ctx(), c.who.session, id); err != nil {
		return err
	}
	if id == c.who.session.ID {
		setSession(c.Response(), "")
		return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/"))
	}
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/me"))
}

// rightsView is the table of who may do what, from the table itself.
type rightsView struct {
	*officer
	Roles []ledger.Role
	Rows  []rightRow
	// Posts are the kinds of entries that each role may post.
	Posts []postRow
}

// rightRow is a right with a mark for each role.
type rightRow struct {
	Key string
	Has []bool
}

// postRow are the kinds that a role posts; of two-person kinds it proposes.
type postRow struct {
	Role  ledger.Role
	Kinds []ledger.Spec
}

func (s *server) rightsPage(c *call, o *officer) error {
	o.template = "rights"
	p := &rightsView{officer: o, Roles: roleOrder}
	for _, r := range rightOrder {
		row := rightRow{Key: "right." + string(r)}
		for _, role := range roleOrder {
			row.Has = append(row.Has, slices.Contains(rights[r], role))
		}
		p.Rows = append(p.Rows, row)
	}
	for _, role := range roleOrder {
		row := postRow{Role: role}
		for _, k := range ledger.Kinds() {
			if slices.Contains(k.Roles, role) && k.Stage != "" && !isProcess(k.Kind) {
				row.Kinds = append(row.Kinds, k)
			}
		}
		p.Posts = append(p.Posts, row)
	}
	return s.showStaff(c, http.StatusOK, p)
}

// isProcess says of a kind that it records what others published: an import's work.
func isProcess(k ledger.Kind) bool {
	return len(k) > 8 && k[:8] == "process." || k == "import.recorded" || k == "book.opened"
}

// tokensView lists the tokens of programs.
type tokensView struct {
	*officer
	Tokens []tokenRow
}

// tokenRow is a token as a page shows it.
type tokenRow struct {
	Token
	Place string
	Until ledger.Date
	// State is "good", "used" or "revoked".
	State string
}

func (s *server) tokensPage(c *call, o *officer) error {
	o.template = "tokens"
	p := &tokensView{officer: o}
	list, err := Tokens(c.ctx(), s.Pool, s.Book)
	if err != nil {
		return err
	}
	for _, t := range list {
		row := tokenRow{Token: t, Until: ledger.DateOf(t.Expires), State: "good"}
		switch {
		case t.Revoked != nil:
			row.State = "revoked"
		case !s.Now().Before(t.Expires):
			row.State = "used"
		}
		if t.Area != "" {
			row.Place = o.division(t.Area)
		}
		p.Tokens = append(p.Tokens, row)
	}
	return s.showStaff(c, http.StatusOK, p)
}

// trailView lists what was done to accounts, newest first.
type trailView struct {
	*officer
	Events []eventRow
	Before int64
}

// eventRow is a line of it.
type eventRow struct {
	account.Event
	When string
	Key  string
}

// eventRows are lines as pages show them.
func eventRows(events []account.Event) (out []eventRow) {
	for _, e := range events {
		key := "event." + e.What
		if e.What == "reset asked" {
			key = "event.reset_asked"
		}
		out = append(out, eventRow{e, inShanghai(e.At), key})
	}
	return out
}

const eventsPerPage = 50

func (s *server) trailPage(c *call, o *officer) error {
	o.template = "trail"
	q := c.query("before")
	before := q.number("before", 0)
	if err := q.err(); err != nil {
		return err
	}
	events, err := s.Accounts.Events(c.ctx(), "", before, eventsPerPage)
	if err != nil {
		return err
	}
	p := &trailView{officer: o, Events: eventRows(events)}
	if len(events) == eventsPerPage {
		p.Before = events[len(events)-1].ID
	}
	return s.showStaff(c, http.StatusOK, p)
}

// seenText is the words for a time that may not be.
func seenText(at *time.Time) string {
	if at == nil {
		return ""
	}
	return inShanghai(*at)
}
