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

	"yilu/account"
	"yilu/alerts"
	"yilu/ledger"
)

// The pages of officers: rendered like the public ones and without scripts, but for
// those who have logged in. They stand beside the public pages, not on the
// administrator's listener, since mails and chats link to them from wherever officers
// are.

// officer is what the pages of officers show around their content.
type officer struct {
	*frame
	// Who is the officer.
	Who *actor
	// Form is in every form, see account.Session.
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
	{"desk", "/desk", useDesk},
	{"new", "/desk/new", enterForms},
	{"drafts", "/desk/drafts", enterForms},
	{"approvals", "/desk/approvals", decide},
	{"pay", "/desk/pay", pay},
	{"entered", "/desk/entries", useDesk},
	{"alerts", "/alerts", readWarnings},
	{"grid", "/desk/grid", enterForms},
	{"import", "/desk/import", enterForms},
	{"bank", "/desk/bank", useDesk},
	{"files", "/desk/files", useDesk},
	{"ledger", "/desk/ledger", useDesk},
	{"reports", "/desk/reports", oversee},
	{"precision", "/desk/precision", oversee},
	{"proposals", "/desk/rules", oversee},
	{"acts", "/desk/acts", oversee},
	{"health", "/desk/health", operate},
	{"objections", "/desk/objections", answerObjections},
	{"compose", "/desk/notices", publish},
	{"photos", "/desk/photos", publish},
	{"slips", "/desk/slips", enterForms},
	{"people", "/desk/people", seePeople},
	{"trail", "/desk/trail", readTrail},
	{"tokens", "/desk/tokens", seePeople},
	{"rights", "/desk/rights", seeRights},
	{"me", "/desk/me", ownAccount},
}

// onFiles are the sections that are not there on a server that keeps no files.
var onFiles = []string{"grid", "import", "bank", "files", "ledger", "photos"}

// Menu are the items that the officer has a right to.
func (o *officer) Menu() []menuItem {
	return slices.DeleteFunc(slices.Clone(menu), func(item menuItem) bool {
		return !o.Who.may(item.want) || item.section == "alerts" && !o.HasRules || !o.keepsFiles && slices.Contains(onFiles, item.section)
	})
}

// May says for templates whether the officer has a right.
func (o *officer) May(r string) bool { return o.Who.may(right(r)) }

// Path, Key and Here are for templates: its address, its text, and "true" on a page
// of its section.
func (i menuItem) Path() string { return i.path }
func (i menuItem) Key() string  { return "menu." + i.section }
func (i menuItem) Here(section string) string {
	return map[bool]string{true: "true"}[i.section == section]
}

// officer is what all pages of an officer have.
func (s *server) officer(c echo.Context, who *actor, section string) *officer {
	return &officer{frame: s.newFrame(c, "", section), Who: who, Form: who.session.Form, keepsFiles: s.Files != nil}
}

// staffRoutes are the pages of officers in one language. Those of warnings are not there
// on a server without any, and none are without accounts.
func (s *server) staffRoutes(g *echo.Group, l language) {
	get := func(path string, h echo.HandlerFunc) {
		g.Match([]string{http.MethodGet, http.MethodHead}, l.Prefix+path, h)
	}
	post := func(path string, h echo.HandlerFunc) { g.POST(l.Prefix+path, h) }
	if s.Alerts != nil {
		get("/rules", s.showRules)
		get("/rules/:code", s.showRule)
	}
	if s.Accounts == nil {
		return
	}
	s.accountRoutes(get, post)
	s.deskRoutes(get, post)
	s.publicityRoutes(get, post)
	s.sheetRoutes(g, l)
	if s.Alerts == nil {
		return
	}
	s.watchRoutes(g, l)
}

// deskRoutes are the pages by which officers enter, decide and pay.
func (s *server) deskRoutes(get, post func(string, echo.HandlerFunc)) {
	get("/desk", s.staff(useDesk, "desk", s.dayPage))
	get("/desk/new", s.staff(enterForms, "new", s.newPage))
	get("/desk/new/:kind", s.staff(enterForms, "new", s.kindPage))
	post("/desk/form", s.staff(enterForms, "new", s.formPage))
	get("/desk/rest", s.staff(enterForms, "new", s.restPage))
	get("/desk/mend/:submission", s.staff(enterForms, "new", s.mendPage))
	get("/desk/drafts", s.staff(enterForms, "drafts", s.draftsPage))
	post("/desk/drafts", s.staff(enterForms, "drafts", s.dropDraft))
	get("/desk/drafts/:draft", s.staff(enterForms, "drafts", s.draftPage))
	get("/desk/approvals", s.staff(useDesk, "approvals", s.approvalsPage))
	post("/desk/approvals", s.staff(decide, "approvals", s.bulkPage))
	get("/desk/submissions/:submission", s.staff(useDesk, "approvals", s.decisionPage("submission", s.readSubmission)))
	post("/desk/submissions/:submission", s.staff(decide, "approvals", s.decidePage("submission", s.readSubmission)))
	get("/desk/submissions/:submission/undo", s.staff(enterForms, "entered", s.undoPage))
	post("/desk/submissions/:submission/undo", s.staff(enterForms, "entered", s.undoSubmission))
	get("/desk/payments/:payment", s.staff(useDesk, "approvals", s.decisionPage("payment", s.readPayment)))
	post("/desk/payments/:payment", s.staff(decide, "approvals", s.decidePage("payment", s.readPayment)))
	get("/desk/payments/:payment/voucher", s.staff(useDesk, "entered", s.voucherPage))
	get("/desk/pay", s.staff(pay, "pay", s.payPage))
	get("/desk/entries", s.staff(useDesk, "entered", s.entriesDesk))
	post("/desk/entries", s.staff(useDesk, "entered", s.keepFilter))
	get("/desk/entries/:seq", s.staff(useDesk, "entered", s.entryDesk))
	for _, format := range fileFormats[:2] {
		get("/desk/entries/list."+format.name, s.staff(useDesk, "entered", s.entriesFile(format)))
	}
}

// publicityRoutes are the pages by which officers answer citizens and print what they get.
func (s *server) publicityRoutes(get, post func(string, echo.HandlerFunc)) {
	get("/desk/objections", s.staff(answerObjections, "objections", s.objectionsDesk))
	get("/desk/objections/:objection", s.staff(answerObjections, "objections", s.objectionDesk))
	post("/desk/objections/:objection", s.staff(answerObjections, "objections", s.takeObjectionStep))
	get("/desk/notices", s.staff(publish, "compose", s.noticesDesk))
	post("/desk/notices", s.staff(publish, "compose", s.composeNotice))
	get("/desk/slips", s.staff(enterForms, "slips", s.batchesPage))
	get("/desk/slips/:payment", s.staff(enterForms, "slips", s.batchPage))
	post("/desk/slips/:payment", s.staff(enterForms, "slips", s.printPage))
}

// openPages are the addresses of officers' pages that need no right: who comes to them is not
// logged in yet, or cannot do anything else.
var openPages = []string{"/desk/enter", "/desk/enter/on", SignOnBack, "/desk/begin", "/desk/password", "/desk/factor", "/desk/leave"}

// staff lets an officer in who has a session and the right, and shows others the
// entrance. A post has to carry the session's own word, and a decision a fresh code.
// section is the item of the menu that the page belongs to.
func (s *server) staff(want right, section string, handle func(*call, *officer) error) echo.HandlerFunc {
	return s.inSession(section, func(c *call, o *officer) error {
		switch session := c.who.session; {
		case s.Accounts.NeedsPassword(session):
			return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/password"))
		case s.Accounts.NeedsFactor(session):
			return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/factor"))
		case !c.who.may(want):
			return errRole
		}
		if c.Request().Method == http.MethodPost && slices.Contains(decisions, want) && !s.Accounts.Proven(c.who.session) {
			if proven, err := s.prove(c, o); !proven || err != nil {
				return err
			}
		}
		return handle(c, o)
	})
}

// inSession is staff without a right: for what whoever logs in can do before anything.
func (s *server) inSession(section string, handle func(*call, *officer) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "private, no-store")
		c.Request().URL.RawQuery = withoutCarried(c.Request().URL.RawQuery)
		r := &call{Context: c, book: s.Book}
		if err := s.identifyPerson(r); err != nil {
			if !errors.Is(err, account.ErrNoSession) {
				return err
			}
			p := &entrance{Kept: s.keepForm(c)}
			if c.Request().Method != http.MethodPost {
				p.To = c.Request().URL.RequestURI()
			}
			return s.showEntrance(c, http.StatusUnauthorized, p)
		}
		o := s.officer(c, r.who, section)
		if err := errors.Join(s.read(r.ctx(), o.frame, s.ledger), spoolForm(c.Request())); err != nil {
			return err
		}
		if c.Request().Method == http.MethodPost {
			word := c.FormValue("form")
			switch {
			case subtle.ConstantTimeCompare([]byte(word), []byte(o.Form)) == 1 && !r.who.moved:
			case s.Accounts.MadeFor(r.who.User, word): // another tab has logged in again since, or the role is gone
				return s.offerAgain(r, o, s.keepForm(c), http.StatusConflict)
			default:
				return errCrossOrigin
			}
		}
		return handle(r, o)
	}
}

// identifyPerson finds out whose session a request belongs to, and what the person may
// act as: what the session says, if the log still does, or else the first of their roles.
func (s *server) identifyPerson(r *call) error {
	cookie, err := r.Request().Cookie(sessionCookie)
	if err != nil || s.Accounts == nil {
		return account.ErrNoSession
	}
	session, err := s.Accounts.Session(r.ctx(), cookie.Value)
	if err != nil {
		return err
	}
	held, err := s.rolesOf(r.ctx(), session)
	if err != nil {
		return err
	}
	act := ledger.Holding{Unit: session.Unit}
	if len(held) > 0 {
		act = held[max(0, slices.IndexFunc(held, func(h ledger.Holding) bool { return h.Grant == session.Grant }))]
	}
	moved := session.Grant != "" && session.Grant != firstGrant && session.Grant != act.Grant
	if act.Grant != session.Grant || act.Role != session.Role {
		if err := s.Accounts.Settle(r.ctx(), session, act.Role, act.Grant); err != nil {
			return err
		}
	}
	r.who = &actor{moved: moved, ID: session.ID, Book: s.Book, User: session.Person, Unit: act.Unit, Role: act.Role, Area: act.Area, session: session, held: held}
	return nil
}

// other names a page in both languages.
func (s *server) other(f *frame, to string) (zh, en string) {
	path := strings.TrimPrefix(strings.TrimPrefix(to, s.BasePath), english.Prefix)
	return f.site.href(chinese, path), f.site.href(english, path)
}

// desks are the pages that a session may begin at, with what lies below them.
var desks = []string{"/desk", "/alerts"}

// backTo is a page of officers to go on to, "" for anything else.
func (s *server) backTo(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Path == "" {
		return ""
	}
	for _, l := range languages {
		if slices.Contains(openPages, strings.TrimPrefix(u.Path, s.BasePath+l.Prefix)) {
			return ""
		}
		for _, desk := range desks {
			at := s.BasePath + l.Prefix + desk
			if u.Path == at || strings.HasPrefix(u.Path, at+"/") && path.Clean(u.Path) == u.Path && plain(strings.ReplaceAll(u.Path[len(at)+1:], "/", "")) {
				return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
			}
		}
	}
	return ""
}

// home is where somebody begins who asked for nothing.
func (o *officer) home() string {
	for _, item := range o.Menu() {
		return o.site.href(o.lang, item.path)
	}
	return o.site.href(o.lang, "/desk/me")
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
	for code, own := range alerts.OwnChecks {
		names[code] = l.pick(own.Name)
	}
	return names
}
