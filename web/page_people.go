package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/account"
	"yilu/ledger"
)

// peopleRoutes are the pages by which administrators look after accounts and roles: one
// makes accounts, another proposes roles, a third lets them be.
func (s *server) peopleRoutes(get, post func(path string, h echo.HandlerFunc)) {
	get("/desk/people", s.staff(seePeople, "people", s.peoplePage))
	post("/desk/people", s.staff(keepAccounts, "people", s.createPerson))
	post("/desk/roles", s.staff(proposeRoles, "people", s.proposeFirst))
	get("/desk/people/:person", s.staff(seePeople, "people", s.personPage))
	post("/desk/people/:person", s.staff(keepAccounts, "people", s.keepPerson))
	post("/desk/people/:person/release", s.staff(decideRoles, "people", s.releasePerson))
	post("/desk/people/:person/grant", s.staff(proposeRoles, "people", s.proposeGrant))
	post("/desk/people/:person/revoke", s.staff(proposeRoles, "people", s.proposeRevoke))
	post("/desk/roles/:submission", s.staff(decideRoles, "people", s.decideOnRoles))
}

// peopleView lists accounts with their roles, and what waits to be decided.
type peopleView struct {
	*officer
	Rows    []personRow
	Waiting []waitingRow
	Duties  []string
	// First says that the first administrators can be named, and by whom.
	First bool
	Typed account.Person
	// Code is a new account's one-time code, shown once, to be handed to For.
	Code, For string
	Problems  []string
	// ID makes what is proposed the same when a form is sent twice.
	ID string
}

// personRow is an account with what its person may do.
type personRow struct {
	account.Person
	Roles []roleRow
	Last  string
}

// State is how an account stands, in one word.
func (r personRow) State() string {
	switch {
	case r.Disabled != nil:
		return "disabled"
	case r.ResetBy != nil:
		return "reset"
	case !r.Set:
		return "fresh"
	case !r.Enrolled && !r.Demo:
		return "unfinished"
	}
	return "good"
}

// waitingRow is a submission about roles.
type waitingRow struct {
	ledger.Submission
	Entries []*ledger.Entry
	Lines   []fact
	// Own says that the officer may not decide on it: they made it, or would get a role.
	Own bool
	ID  string
}

// Reasons are the grounds of a rejection.
func (p *peopleView) Reasons() []string { return []string{"incomplete", "duplicate", "other"} }

func (s *server) peoplePage(c *call, o *officer) error {
	return s.showPeople(c, &peopleView{officer: o}, http.StatusOK)
}

// dutyOrder are the duties in the order of pages.
var dutyOrder = []string{ledger.DutyBusiness, ledger.DutySystem, ledger.DutySecurity, ledger.DutyAudit}

// showPeople reads everything and shows the page, with what was typed and is wrong.
func (s *server) showPeople(c *call, p *peopleView, status int) error {
	p.template, p.Duties, p.ID = "people", dutyOrder, rand.Text()
	p.Zh, p.En = p.site.href(chinese, "/desk/people"), p.site.href(english, "/desk/people")
	people, err := s.Accounts.People(c.ctx())
	if err != nil {
		return err
	}
	all, err := s.ledger.Holdings(c.ctx(), s.Book, "")
	if err != nil {
		return err
	}
	today, of, named := s.today(), map[string][]roleRow{}, false
	for _, h := range all {
		named = named || h.Role == ledger.SecurityAdmin
		if h.InForce(today) {
			of[h.Person] = append(of[h.Person], p.roleRow(h, true))
		}
	}
	for _, x := range people {
		p.Rows = append(p.Rows, personRow{x, of[x.ID], seenText(x.Seen)})
	}
	if p.Waiting, err = s.waiting(c.ctx(), p.officer); err != nil {
		return err
	}
	p.First = !named && len(p.Waiting) == 0
	return s.showStaff(c, status, p)
}

// waiting lists what is proposed and not decided.
func (s *server) waiting(ctx context.Context, o *officer) ([]waitingRow, error) {
	subs, err := s.ledger.RoleSubmissions(ctx, s.Book, ledger.StateOpen)
	if err != nil {
		return nil, err
	}
	var out []waitingRow
	for _, sub := range subs {
		row := waitingRow{Submission: sub, ID: rand.Text(), Own: sub.Maker == o.Who.User}
		if row.Entries, err = s.ledger.Entries(ctx, s.Book, sub.First, int(min(sub.Last-sub.First+1, 100))); err != nil {
			return nil, err
		}
		for _, e := range row.Entries {
			line := fact{Label: o.name("kind", string(e.Kind)), List: o.facts(e)}
			if b, ok := e.Body.(*ledger.RoleRevoked); ok {
				line.List = append(s.grantFacts(ctx, o, b.Grant), line.List...)
			}
			row.Lines = append(row.Lines, line)
		}
		out = append(out, row)
	}
	return out, nil
}

// grantFacts says whose grant is to be taken back.
func (s *server) grantFacts(ctx context.Context, o *officer, grant string) []fact {
	all, err := s.ledger.Holdings(ctx, s.Book, "")
	if err != nil {
		return nil
	}
	for _, h := range all {
		if h.Grant == grant {
			return []fact{{Label: o.t("field.holder"), Kind: "text", Value: h.Person}, {Label: o.t("field.role"), Kind: "text", Value: o.name("role", string(h.Role))}}
		}
	}
	return nil
}

// createPerson makes an account and shows its one-time code.
func (s *server) createPerson(c *call, o *officer) error {
	p := &peopleView{officer: o, Typed: account.Person{
		ID: strings.TrimSpace(c.FormValue("account")), Name: strings.TrimSpace(c.FormValue("name")), Unit: strings.TrimSpace(c.FormValue("unit")), Duty: c.FormValue("duty"),
	}}
	code, err := s.Accounts.Create(c.ctx(), c.who.User, p.Typed)
	switch {
	case errors.Is(err, account.ErrExists):
		p.Problems = []string{o.t("people.exists", p.Typed.ID)}
		return s.showPeople(c, p, http.StatusConflict)
	case errors.Is(err, account.ErrName):
		p.Problems = []string{o.t("people.name_rule")}
		return s.showPeople(c, p, http.StatusUnprocessableEntity)
	case err != nil:
		return err
	}
	p.Code, p.For, p.Typed = code, p.Typed.ID, account.Person{}
	return s.showPeople(c, p, http.StatusCreated)
}

// proposeFirst proposes the roles of the first administrators: of every account that was
// made for it.
func (s *server) proposeFirst(c *call, o *officer) error {
	people, err := s.Accounts.People(c.ctx())
	if err != nil {
		return err
	}
	var bodies []ledger.Body
	for _, x := range people {
		if x.Duty != ledger.DutyBusiness && x.Disabled == nil {
			bodies = append(bodies, &ledger.RoleGranted{Grant: "G-" + x.ID + "-1", Person: x.ID, Role: ledger.Role(x.Duty), Unit: x.Unit})
		}
	}
	err = s.propose(c, o.t("people.first_title"), bodies...)
	return s.afterRoles(c, &peopleView{officer: o}, err)
}

// afterRoles goes back to the people, or shows what the ledger has against it.
func (s *server) afterRoles(c *call, p *peopleView, err error) error {
	if err == nil {
		return c.Redirect(http.StatusSeeOther, p.site.href(p.lang, "/desk/people"))
	}
	problem := problemOf(err)
	if len(problem.Problems) == 0 {
		return err
	}
	p.Problems = problemTexts(p.frame, problem)
	return s.showPeople(c, p, problem.Status)
}

// problemTexts are the sentences of an answer in the page's language.
func problemTexts(f *frame, p *problem) (out []string) {
	for _, x := range p.Problems {
		out = append(out, f.lang.pick(x.Text))
	}
	return out
}

// propose submits entries about roles for another administrator to approve. The form's id
// makes them the same when it is sent twice.
func (s *server) propose(c *call, title string, bodies ...ledger.Body) error {
	id := c.FormValue("id")
	if len(id) != len(rand.Text()) || !plain(id) {
		return one("id", "表单不完整，请重新打开", "the form is not whole, open it again")
	}
	if err := s.mayEnter(); err != nil {
		return err
	}
	var ds []ledger.Draft
	for i, b := range bodies {
		ds = append(ds, ledger.Draft{ID: "role-" + id + "-" + string(rune('a'+i%26)) + strings.Repeat("x", i/26), Kind: ledger.KindOf(b), On: s.today(), By: c.who.by(), Corrects: ledger.None, Body: b})
	}
	_, err := s.submit(c, "role-"+id, ledger.SubmissionMade{Submission: "role-" + id, Title: title, Form: ledger.RoleForm}, ds)
	return inSubmission(err)
}

// personView is one account.
type personView struct {
	*officer
	Row      personRow
	Held     []roleRow
	Events   []eventRow
	Failures int
	Problems []string
	// Typed is the grant that was refused.
	Typed ledger.RoleGranted
	Code  string
	ID    string
	// Choice are the roles of the account's duty.
	Choice []ledger.Role
}

// RevokeGrounds are why a role is taken back.
func (p *personView) RevokeGrounds() []string {
	return []string{"moved", "left", "misuse", "mistake", "other"}
}

func (s *server) personPage(c *call, o *officer) error {
	return s.showPerson(c, &personView{officer: o}, http.StatusOK)
}

// showPerson reads the account that the path names.
func (s *server) showPerson(c *call, p *personView, status int) error {
	p.template, p.ID = "person", rand.Text()
	id, err := c.name("person")
	if err != nil {
		return err
	}
	p.Zh, p.En = p.site.href(chinese, "/desk/people/", id), p.site.href(english, "/desk/people/", id)
	if p.Row.Person, err = s.Accounts.Person(c.ctx(), id); err != nil {
		return err
	}
	p.Row.Last = seenText(p.Row.Seen)
	held, err := s.ledger.Holdings(c.ctx(), s.Book, id)
	if err != nil {
		return err
	}
	for _, h := range held {
		p.Held = append(p.Held, p.roleRow(h, h.InForce(s.today())))
	}
	for _, role := range roleOrder {
		if ledger.DutyOf(role) == p.Row.Duty {
			p.Choice = append(p.Choice, role)
		}
	}
	if p.Typed.Unit == "" {
		p.Typed.Unit = p.Row.Unit
	}
	if p.Failures, err = s.Accounts.Failures(c.ctx(), id); err != nil {
		return err
	}
	events, err := s.Accounts.Events(c.ctx(), id, 0, eventsPerPage)
	if err != nil {
		return err
	}
	p.Events = eventRows(events)
	return s.showStaff(c, status, p)
}

// keepPerson disables and enables an account, or asks that it be reset.
func (s *server) keepPerson(c *call, o *officer) error {
	id, err := c.name("person")
	if err != nil {
		return err
	}
	switch c.FormValue("act") {
	case "disable":
		err = s.Accounts.Disable(c.ctx(), c.who.User, id)
	case "enable":
		err = s.Accounts.Enable(c.ctx(), c.who.User, id)
	case "reset":
		err = s.Accounts.AskReset(c.ctx(), c.who.User, id)
	default:
		return one("act", "没有这种操作", "there is no such act")
	}
	return s.afterPerson(c, o, id, err)
}

// afterPerson goes back to the account. What cannot be done any more was done already, or
// is about oneself.
func (s *server) afterPerson(c *call, o *officer, id string, err error) error {
	switch {
	case errors.Is(err, account.ErrOwn):
		return s.showPerson(c, &personView{officer: o, Problems: []string{o.t("people.own")}}, http.StatusConflict)
	case errors.Is(err, ledger.ErrNotFound):
		return s.showPerson(c, &personView{officer: o, Problems: []string{o.t("people.moved_on")}}, http.StatusConflict)
	case err != nil:
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/people/", id))
}

// releasePerson resets an account on another administrator's word, and shows the code.
func (s *server) releasePerson(c *call, o *officer) error {
	id, err := c.name("person")
	if err != nil {
		return err
	}
	code, err := s.Accounts.Release(c.ctx(), c.who.User, id)
	if err != nil {
		return s.afterPerson(c, o, id, err)
	}
	return s.showPerson(c, &personView{officer: o, Code: code}, http.StatusCreated)
}

// proposeGrant proposes a role for an account that there is.
func (s *server) proposeGrant(c *call, o *officer) error {
	id, err := c.name("person")
	if err != nil {
		return err
	}
	if _, err := s.Accounts.Person(c.ctx(), id); err != nil {
		return err
	}
	word := c.FormValue("id")
	b := &ledger.RoleGranted{
		Grant: "G-" + word[:min(len(word), 12)], Person: id, Role: ledger.Role(c.FormValue("role")), Unit: strings.TrimSpace(c.FormValue("unit")),
		Area: strings.TrimSpace(c.FormValue("area")), Until: ledger.Date(c.FormValue("until")),
	}
	err = s.propose(c, o.site.sentence(chinese, "people.grant_title")+" "+id, b)
	return s.afterGrant(c, &personView{officer: o, Typed: *b}, err)
}

// proposeRevoke proposes that a role be taken back.
func (s *server) proposeRevoke(c *call, o *officer) error {
	id, err := c.name("person")
	if err != nil {
		return err
	}
	held, err := s.ledger.Holdings(c.ctx(), s.Book, id)
	if err != nil {
		return err
	}
	grant := c.FormValue("grant")
	for _, h := range held {
		if h.Grant == grant {
			err := s.propose(c, o.site.sentence(chinese, "people.revoke_title")+" "+id, &ledger.RoleRevoked{Grant: grant, Ground: c.FormValue("ground")})
			return s.afterGrant(c, &personView{officer: o}, err)
		}
	}
	return ledger.ErrNotFound
}

// afterGrant goes to what waits, or shows the account again with what is wrong.
func (s *server) afterGrant(c *call, p *personView, err error) error {
	if err == nil {
		return c.Redirect(http.StatusSeeOther, p.site.href(p.lang, "/desk/people")+"#waiting")
	}
	problem := problemOf(err)
	if len(problem.Problems) == 0 {
		return err
	}
	p.Problems = problemTexts(p.frame, problem)
	return s.showPerson(c, p, problem.Status)
}

// decideOnRoles approves or rejects what another administrator proposed, as it was seen.
func (s *server) decideOnRoles(c *call, o *officer) error {
	name, err := c.name("submission")
	if err != nil {
		return err
	}
	id := c.FormValue("id")
	if len(id) != len(rand.Text()) || !plain(id) {
		return one("id", "表单不完整，请重新打开", "the form is not whole, open it again")
	}
	if err := s.mayEnter(); err != nil {
		return err
	}
	d := ledger.Draft{ID: "role-" + id, On: s.today(), By: c.who.by(), Corrects: ledger.None}
	switch c.FormValue("decision") {
	case "approve":
		d.Body = &ledger.SubmissionApproved{Submission: name, ContentHash: c.FormValue("hash")}
	case "reject":
		d.Body = &ledger.SubmissionRejected{Submission: name, Reason: c.FormValue("reason")}
	default:
		return one("decision", "请选择通过或退回", "approve or reject")
	}
	d.Kind = ledger.KindOf(d.Body)
	_, err = s.post(c, d)
	return s.afterRoles(c, &peopleView{officer: o}, err)
}
