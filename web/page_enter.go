package web

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"yilu/account"
	"yilu/ledger"
	"yilu/ledger/document"
)

// sessionCookie is sent to this host alone, over TLS alone (or on the machine
// itself), to no script and with no request that another site caused.
const sessionCookie = "__Host-yilu"

// setSession gives the browser a cookie; an empty value takes it away.
func setSession(w http.ResponseWriter, value string) {
	c := &http.Cookie{Name: sessionCookie, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// entrance asks who somebody is.
type entrance struct {
	*frame
	// To is the page that was asked for, Account what was typed.
	To, Account string
	// Problem is a sentence about why the last try failed.
	Problem string
	// Kept is a form that was sent without a session, sealed; Files says that it had files,
	// which are lost.
	Kept string
	// Idle and Whole are how long a session lasts.
	Idle, Whole string
	// SignOn says that one can log in at the office's provider, Ended is where a session
	// there is ended, after our own.
	SignOn bool
	Ended  string
	// Codes says that codes of a second factor are asked for: not in a demonstration.
	Codes bool
}

// enterPage is the entrance by itself.
func (s *server) enterPage(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "private, no-store")
	p := &entrance{To: c.QueryParam("to")}
	if s.Accounts.SignOn != nil && c.QueryParam("left") != "" {
		p.Ended = s.Accounts.EndAddress(takeHint(c))
	}
	return s.showEntrance(c, http.StatusOK, p)
}

// showEntrance shows the form for log-ins. Coming from another site, such as a mail in the
// browser, the cookie is not sent; the form has a link for that.
func (s *server) showEntrance(c echo.Context, status int, p *entrance) error {
	p.frame = s.newFrame(c, "enter", "enter")
	p.To, p.Codes = s.backTo(p.To), !s.Accounts.Demo
	p.SignOn = s.Accounts.SignOn != nil
	p.Idle, p.Whole = p.span(s.Accounts.Limits.Idle), p.span(s.Accounts.Limits.Whole)
	to := p.To
	if to == "" {
		to = p.site.href(p.lang, "/desk/enter")
	}
	p.Zh, p.En = s.other(p.frame, to)
	return s.render(c, status, p)
}

// try is what somebody typed about who they are.
func (s *server) try(c echo.Context) account.Try {
	return account.Try{
		Person: strings.TrimSpace(c.FormValue("account")), Password: c.FormValue("password"), Code: c.FormValue("code"),
		Network: account.Network(c.RealIP()), Agent: agentOf(c.Request().UserAgent()),
	}
}

// enter begins a session for whoever logs in.
func (s *server) enter(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "private, no-store")
	try := s.try(c)
	p := &entrance{To: c.FormValue("to"), Account: try.Person, Kept: c.FormValue("kept")}
	opened, err := s.Accounts.LogIn(c.Request().Context(), try)
	s.Metrics.entered(err)
	if status, key, args := failure(c, err); key != "" {
		p.Problem = s.newFrame(c, "", "").t(key, args...)
		return s.showEntrance(c, status, p)
	}
	if err != nil {
		return err
	}
	r, o, err := s.begun(c, opened)
	if err != nil {
		return err
	}
	if p.Kept != "" && !s.Accounts.NeedsFactor(r.who.session) && !s.Accounts.NeedsPassword(r.who.session) {
		return s.offerAgain(r, o, p.Kept, http.StatusOK)
	}
	to := s.backTo(p.To)
	if to == "" {
		to = o.home()
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// failure is the answer to a log-in that failed: its status and sentence, none for success
// and for our own faults.
func failure(c echo.Context, err error) (status int, key string, args []any) {
	if delayed, ok := errors.AsType[*account.Delayed](err); ok {
		seconds := int((delayed.After + time.Second - 1) / time.Second)
		c.Response().Header().Set("Retry-After", strconv.Itoa(seconds))
		if seconds > 90 {
			return http.StatusTooManyRequests, "enter.later_minutes", []any{(seconds + 59) / 60}
		}
		return http.StatusTooManyRequests, "enter.later", []any{seconds}
	}
	switch {
	case errors.Is(err, account.ErrWrong):
		return http.StatusForbidden, "enter.wrong", nil
	case errors.Is(err, account.ErrBusy):
		return http.StatusServiceUnavailable, "enter.busy", nil
	}
	return 0, "", nil
}

// begun gives the browser its new session, and reads it as the next request would.
func (s *server) begun(c echo.Context, opened account.Opened) (*call, *officer, error) {
	setSession(c.Response(), opened.Cookie)
	request := c.Request()
	request.Header.Del("Cookie")
	request.AddCookie(&http.Cookie{Name: sessionCookie, Value: opened.Cookie})
	r := &call{Context: c, book: s.Book}
	if err := s.identifyPerson(r); err != nil {
		return nil, nil, err
	}
	return r, s.officer(c, r.who, "me"), nil
}

// leave ends the session.
func (s *server) leave(c *call, o *officer) error {
	hint, err := s.Accounts.Leave(c.ctx(), c.who.session)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	setSession(c.Response(), "")
	if c.who.session.SignedOn {
		setSignOn(c.Response(), base64.RawURLEncoding.EncodeToString(hint))
		return c.Redirect(http.StatusSeeOther, o.site.live(o.lang, "/desk/enter", "left", "1"))
	}
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/"))
}

// rolesOf are the roles that a session's person may act in: those that the log gives, of
// the account's duty. In a book to which no security administrator was ever named, the
// accounts that the operator made for it act as such, so that the first can be.
func (s *server) rolesOf(ctx context.Context, session *account.Session) ([]ledger.Holding, error) {
	all, err := s.ledger.Holdings(ctx, s.Book, session.Person)
	if err != nil {
		return nil, err
	}
	today := s.today()
	held := slices.DeleteFunc(all, func(h ledger.Holding) bool { return h.Duty != session.Duty || !h.InForce(today) })
	if len(held) > 0 || session.Duty != ledger.DutySecurity && session.Duty != ledger.DutyAudit {
		return held, nil
	}
	named, err := s.named(ctx)
	if err != nil || named {
		return nil, err
	}
	return []ledger.Holding{{Grant: firstGrant, Person: session.Person, Duty: session.Duty, Role: ledger.Role(session.Duty), Unit: session.Unit}}, nil
}

// firstGrant stands for the grant that there is not yet. No grant of the ledger is called
// so: its ids have no such sign.
const firstGrant = "(first)"

// named says whether the book ever had a security administrator.
func (s *server) named(ctx context.Context) (bool, error) {
	all, err := s.ledger.Holdings(ctx, s.Book, "")
	return slices.ContainsFunc(all, func(h ledger.Holding) bool { return h.Role == ledger.SecurityAdmin }), err
}

// agentOf names a browser and its system in two words, which is enough to know one's own.
func agentOf(header string) string {
	pick := func(words ...string) string {
		for _, w := range words {
			if sign, name, _ := strings.Cut(w, "="); strings.Contains(header, sign) {
				return name
			}
		}
		return ""
	}
	browser := pick("MicroMessenger=WeChat", "Edg=Edge", "Firefox=Firefox", "QQBrowser=QQ", "Chrome=Chrome", "Safari=Safari")
	system := pick("Windows=Windows", "HarmonyOS=HarmonyOS", "Android=Android", "iPhone=iPhone", "iPad=iPad", "Mac OS=macOS", "Linux=Linux")
	return joined(browser, system)
}

// keptForm is a form that could not be taken, so that nothing that was typed is lost. It is
// sealed: whoever logs in gets back only what they sent themselves.
type keptForm struct {
	Path string `json:"path"`
	// Word is the word for forms of the session that it was sent in.
	Word string `json:"word"`
	// Fields are names and values in turn.
	Fields []keptField `json:"fields"`
	// Files came with it and are kept, Unkept are the names of those that are not.
	Files  []keptFile `json:"kept,omitzero"`
	Unkept []string   `json:"unkept,omitzero"`
	At     time.Time  `json:"at"`
}

// keptFile is an upload that waits for whoever sent it.
type keptFile struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// FileNames are the names of the files that are kept.
func (f *keptForm) FileNames() []string {
	var names []string
	for _, x := range f.Files {
		names = append(names, x.Name)
	}
	return names
}

// useAgain is what such an upload waits for.
const useAgain = "again"

// keptFiles is the input that names such uploads in a form that is sent again.
const keptFiles = "kept_file"

// keptField is one input of a form.
type keptField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

const (
	// longestForm bounds a form that is kept, in bytes, and mostFields its inputs; formKept is
	// how long it can be sent again.
	longestForm = 128 << 10
	mostFields  = 2500
	formKept    = 12 * time.Hour
)

// unkept are inputs that are not kept: secrets, and what belongs to one session.
var unkept = []string{"form", "password", "old_password", "again", "code", "confirm_code"}

// keepForm seals the form of a request, "" if there is none or it is too long. Its files
// are kept for the person whose session it came in, ended or not; of strangers none.
func (s *server) keepForm(c echo.Context) string {
	if c.Request().Method != http.MethodPost || spoolForm(c.Request()) != nil {
		return ""
	}
	kept, ok := typedForm(c)
	if !ok || s.backTo(kept.Path) == "" {
		return ""
	}
	kept.At = s.Now()
	s.keepFiles(c, &kept)
	text, err := json.Marshal(kept)
	if err != nil || len(text) > longestForm {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(s.Accounts.Seal("kept form", text))
}

// keepFiles keeps the files of a form, each with the input that it came in. That one cannot
// be kept is no fault of the form's: it is asked for again.
func (s *server) keepFiles(c echo.Context, form *keptForm) {
	r := c.Request()
	person := ""
	if cookie, err := r.Cookie(sessionCookie); err == nil && s.Files != nil {
		person, _ = s.Accounts.Whose(r.Context(), cookie.Value)
	}
	for _, file := range filesOf(r) {
		w, err := document.Waiting{}, errRole
		if person != "" && len(form.Files) < document.MostEach {
			w, err = s.keepFile(person, file)
		}
		if err != nil {
			form.Unkept = append(form.Unkept, file.header.Filename)
			continue
		}
		form.Files = append(form.Files, keptFile{w.ID, w.Name})
	}
}

// keepFile keeps one file for a person.
func (s *server) keepFile(person string, file sentFile) (document.Waiting, error) {
	f, err := file.header.Open()
	if err != nil {
		return document.Waiting{}, err
	}
	defer func() { _ = f.Close() }() // reading only
	input, err := json.Marshal(file.input)
	if err != nil {
		return document.Waiting{}, err
	}
	return s.Files.Keep(document.Waiting{Owner: person, Use: useAgain, Name: file.header.Filename, At: s.Now(), Facts: input}, f)
}

// typedForm reads the inputs of a form, in the order of their names, without secrets.
func typedForm(c echo.Context) (keptForm, bool) {
	kept := keptForm{Path: c.Request().URL.RequestURI(), Word: c.FormValue("form")}
	values, err := c.FormParams()
	if err != nil {
		return kept, false
	}
	names := make([]string, 0, len(values))
	for name := range values {
		if !slices.Contains(unkept, name) && !c.QueryParams().Has(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range values[name] {
			if value != "" { // most cells of a grid are empty
				kept.Fields = append(kept.Fields, keptField{name, value})
			}
		}
	}
	return kept, (len(kept.Fields) > 0 || len(filesOf(c.Request())) > 0) && len(kept.Fields) <= mostFields
}

// againView offers a kept form once more.
type againView struct {
	*officer
	// called are the names of the inputs of a desk's form, which has many.
	called map[string]string
	// Lost says that it was somebody else's, or cannot be read.
	Lost bool
	keptForm
}

// unshown are inputs that nobody types.
var unshown = []string{"id", "kind", "seen", "hash", "do", "act", "rows", "draft", "version", keptFiles}

// Shown are the inputs that a person typed, those of a grid row by row; the others travel
// unseen.
func (p *againView) Shown() []keptField {
	shown := slices.DeleteFunc(slices.Clone(p.Fields), func(f keptField) bool {
		_, part, dotted := strings.Cut(f.Name, ".")
		return strings.TrimSpace(f.Value) == "" || slices.Contains(unshown, f.Name) || dotted && (part == "kind" || p.called[f.Name] == "")
	})
	slices.SortStableFunc(shown, func(a, b keptField) int { return gridRowOf(a.Name) - gridRowOf(b.Name) })
	return shown
}

// gridRowOf is the row of an input of the grid, 0 for any other.
func gridRowOf(name string) int {
	column, row, _ := strings.Cut(name, "-")
	if !slices.ContainsFunc(gridColumns, func(c gridColumn) bool { return c.Name == column }) {
		return 0
	}
	n, _ := smallNumber(row)
	return n
}

// Step is the business that the form is, "" if it has none or several.
func (p *againView) Step() ledger.Kind {
	for _, f := range p.Fields {
		if _, known := ledger.SpecOf(ledger.Kind(f.Value)); known && f.Name == "kind" {
			return ledger.Kind(f.Value)
		}
	}
	return ""
}

// Label names an input as its page does, if it has a word of the ledger's.
func (p *againView) Label(name string) string {
	if called := p.called[name]; called != "" {
		return called
	}
	if name == "sheetform" {
		return p.t("import.form")
	}
	if n := gridRowOf(name); n > 0 {
		column, _, _ := strings.Cut(name, "-")
		return p.t("desk.row", n) + " · " + p.t("grid.col."+column)
	}
	for _, key := range []string{"field." + name, "sealed." + name, "people." + name, "step." + name, "import.in." + name, "import." + name} {
		if p.site.locales[p.lang].has(key) {
			return p.t(key)
		}
	}
	return name
}

// offerAgain shows a kept form, to be sent in this session: only to the account that
// filled it in.
func (s *server) offerAgain(c *call, o *officer, sealed string, status int) error {
	o.template = "again"
	p := &againView{officer: o, Lost: true}
	p.Zh, p.En = o.site.href(chinese, "/desk/me"), o.site.href(english, "/desk/me")
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err == nil {
		var text []byte
		if text, err = s.Accounts.Open("kept form", raw); err == nil {
			err = json.Unmarshal(text, &p.keptForm)
		}
	}
	if err == nil && s.Accounts.MadeFor(c.who.User, p.Word) && s.Now().Sub(p.At) <= formKept {
		p.Lost = false
		p.called = p.desksNames()
	} else {
		p.keptForm = keptForm{}
	}
	return s.showStaff(c, status, p)
}

// desksNames names the inputs of a desk's form by their labels.
func (p *againView) desksNames() map[string]string {
	f := &deskForm{values: url.Values{}}
	for _, x := range p.Fields {
		f.values.Add(x.Name, x.Value)
	}
	a, names := &asker{f: p.frame, values: f.values}, map[string]string{}
	entries := a.entries(f)
	for name := range f.values {
		if at, _, ok := strings.Cut(name, ".ack."); ok {
			code, _, _ := strings.Cut(name[len(at+".ack."):], ".")
			entries = append(entries, &entryForm{Inputs: a.acknowledge(at+".ack."+code, 0).Inputs})
		}
	}
	labelsOf(names, entries)
	return names
}

// confirmView asks for a fresh code before a decision, with the form that it is about.
type confirmView struct {
	*officer
	keptForm
	// Good is how long a code is good.
	Good    string
	Problem string
}

// prove takes the fresh code that came with a form, or asks for it.
func (s *server) prove(c *call, o *officer) (bool, error) {
	code := c.FormValue("confirm_code")
	p := &confirmView{officer: o, Good: o.span(s.Accounts.Limits.Proof)}
	status := http.StatusForbidden
	if code != "" {
		err := s.Accounts.Prove(c.ctx(), c.who.session, code, account.Network(c.RealIP()))
		if err == nil {
			return true, nil
		}
		var key string
		var args []any
		if status, key, args = failure(c, err); key == "" {
			return false, err
		}
		if key == "enter.wrong" {
			key = "prove.wrong"
		}
		p.Problem = o.t(key, args...)
	}
	o.template = "prove"
	var ok bool
	if p.keptForm, ok = typedForm(c); !ok {
		return false, errRole
	}
	p.Zh, p.En = o.site.href(chinese, "/desk/me"), o.site.href(english, "/desk/me")
	return false, s.showStaff(c, status, p)
}
