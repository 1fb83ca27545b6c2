package web

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"yilu/ledger"
	"yilu/publicity"
)

// 群众反映的办理: officers read what citizens wrote, hand it on, and answer it in public.
// A township's officers see what is about their places and what was handed to them.

// deskReply is an objection on the desk, with how many working days are left.
type deskReply struct {
	reply
	Left int
	// Counted says that Left is: the calendar may not know the year.
	Counted bool
}

// Overdue is by how many working days an answer is late: one that was due on a Friday is
// late on Saturday.
func (d deskReply) Overdue() int { return max(-d.Left, 1) }

// objectionsDeskView lists objections, those without an answer first of all.
type objectionsDeskView struct {
	*officer
	Rows []deskReply
	// Show is "" for those without an answer, or "all".
	Show        string
	First, Next string
}

func (s *server) objectionsDesk(c *call, o *officer) error {
	o.template = "objectionsdesk"
	q := c.query("state", "after")
	p := &objectionsDeskView{officer: o, Show: word(q, "state", []string{"all"})}
	if err := q.err(); err != nil {
		return err
	}
	filter, err := s.objectionsFor(c)
	if err != nil {
		return err
	}
	if p.Show != "all" {
		p.Show, filter.State = "", ledger.StateReceived
	}
	after := c.QueryParam("after")
	found, next, err := s.ledger.FindObjections(c.ctx(), s.Book, filter, ledger.Page{After: after})
	if err != nil {
		return err
	}
	for _, x := range found {
		r, err := s.deskReplyOf(c, x)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, r)
	}
	if after != "" {
		p.First = o.site.live(o.lang, "/desk/objections", "state", p.Show)
	}
	if next != "" {
		p.Next = o.site.live(o.lang, "/desk/objections", "state", p.Show, "after", next)
	}
	return s.showStaff(c, http.StatusOK, p)
}

// objectionsFor is the filter of what an officer may see: an auditor all, others what is
// about their area or was handed to their unit.
func (s *server) objectionsFor(c *call) (ledger.ObjectionFilter, error) {
	f := ledger.ObjectionFilter{}
	if c.who.Role == ledger.Auditor {
		return f, nil
	}
	var err error
	if f.Place = areaOf(c.who); f.Place != "" {
		f.Also, err = publicity.ForwardedTo(c.ctx(), s.ledger.Read, s.Book, c.who.Unit)
	}
	return f, err
}

func (s *server) deskReplyOf(c *call, x ledger.Objection) (deskReply, error) {
	a, err := s.answerOf(c.ctx(), s.ledger, x)
	d := deskReply{reply: a}
	d.Left, d.Counted = publicity.WorkdaysLeft(s.calendar(), s.today(), a.Due)
	return d, err
}

// objectionDeskView is one objection with what was written, and what can be done.
type objectionDeskView struct {
	*officer
	deskReply
	// Text and Contact are what was written, "" once erased.
	Text, Contact string
	// About is the title of the notice or project objected to.
	About   string
	Past    []forwardLine
	Answers *stepForm
	Forward *stepForm
	// Problems are what no field of a form is to blame for.
	Problems []string
}

// forwardLine is a hand-over in words.
type forwardLine struct {
	publicity.Forwarding
	When string
}

func (s *server) objectionDesk(c *call, o *officer) error {
	p, err := s.readObjection(c, o)
	if err != nil {
		return err
	}
	return s.showStaff(c, http.StatusOK, p)
}

// readObjection opens an objection that the officer may see. That its words were opened
// is logged.
func (s *server) readObjection(c *call, o *officer) (*objectionDeskView, error) {
	o.template = "objectiondesk"
	id, err := c.name("objection")
	if err != nil {
		return nil, err
	}
	x, err := s.ledger.Objection(c.ctx(), s.Book, id)
	if err != nil {
		return nil, err
	}
	p := &objectionDeskView{officer: o}
	if p.deskReply, err = s.deskReplyOf(c, x); err != nil {
		return nil, err
	}
	if err := s.mayHandle(c, x, p); err != nil {
		return nil, err
	}
	s.Log.InfoContext(c.ctx(), "objection opened", "request", requestIDOf(c), "book", string(s.Book), "token", c.who.ID, "objection", id)
	opened, err := s.ledger.Sealer.Open(c.ctx(), s.ledger.Pool, string(s.Book), uint64(x.Seq))
	if err != nil {
		return nil, err
	}
	p.Text, p.Contact = opened["note"].Value, opened["contact"].Value
	past, err := publicity.Forwardings(c.ctx(), s.ledger.Read, s.Book, id)
	for _, f := range past {
		p.Past = append(p.Past, forwardLine{f, inShanghai(f.At)})
	}
	p.setForms()
	if p.Forward != nil && err == nil {
		p.Forward.Fields[0].Suggests, err = s.units(c.ctx())
	}
	return p, err
}

// mayHandle refuses an objection of another area that was not handed to the officer's
// unit, as one that is not there, and names what it is about.
func (s *server) mayHandle(c *call, x ledger.Objection, p *objectionDeskView) error {
	place := string(s.Book) + "000000"
	switch {
	case x.Notice != "":
		n, err := s.ledger.Notice(c.ctx(), s.Book, x.Notice)
		if err != nil {
			return err
		}
		place, p.About = n.Place, n.Title
	case x.Project != "":
		project, err := s.ledger.Project(c.ctx(), s.Book, x.Project)
		if err != nil {
			return err
		}
		place, p.About = project.Place, project.Name
	}
	f, err := s.objectionsFor(c)
	if err == nil && !strings.HasPrefix(place, f.Place) && !slices.Contains(f.Also, x.Objection) {
		err = ledger.ErrNotFound
	}
	return err
}

// Whose are the units that have had it, the present one last; "" is whoever is
// responsible for the place.
func (p *objectionDeskView) Whose() string {
	if len(p.Past) == 0 {
		return ""
	}
	return p.Past[len(p.Past)-1].To
}

// setForms makes the forms that the officer's role allows while there is no answer.
func (p *objectionDeskView) setForms() {
	if p.Answer != nil {
		return
	}
	spec, ok := ledger.SpecOf("objection.answered")
	if ok && slices.Contains(spec.Roles, p.Who.Role) {
		p.Answers = &stepForm{Kind: "objection.answered", ID: rand.Text(), Fields: []stepField{
			{Name: "question", Label: p.t("objection.ask"), Long: true, Required: true, Form: "answer"},
			{Name: "answer", Label: p.t("objection.answer"), Long: true, Required: true, Form: "answer"},
			{Name: "objection_outcome", Label: p.t("objection.outcome"), Required: true, List: "objection_outcome", Options: []string{"upheld", "partly", "unfounded", "explained", "transferred"}, Form: "answer"},
			{Name: "answered_by", Label: p.t("objection.unit"), Required: true, Form: "answer"},
		}}
	}
	p.Forward = &stepForm{Kind: "forward", Fields: []stepField{{Name: "to_unit", Label: p.t("objection.to_unit"), Required: true, Form: "forward"}}}
}

// takeObjectionStep answers an objection or hands it on. What is refused comes again
// with what was typed.
func (s *server) takeObjectionStep(c *call, o *officer) error {
	p, err := s.readObjection(c, o)
	if err != nil {
		return err
	}
	form := p.Answers
	if c.FormValue("kind") == "forward" {
		form = p.Forward
	}
	if form == nil {
		return errRole // answered meanwhile, or not this role's to answer
	}
	for i := range form.Fields {
		form.Fields[i].Value = oneLine(c.FormValue(form.Fields[i].Name))
	}
	if id := c.FormValue("id"); plain(id) && len(id) == len(rand.Text()) {
		form.ID = id
	}
	if err = form.missing(o); err == nil {
		err = s.mayEnter()
	}
	if err == nil {
		err = s.takeStepOf(c, p, form)
	}
	if err == nil {
		return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/objections/", p.Objection.Objection))
	}
	why := problemOf(err)
	if len(why.Problems) == 0 {
		return err
	}
	for _, x := range why.Problems {
		if form.mark(strings.TrimPrefix(x.Field, "body."), o.lang.pick(x.Text)) == nil {
			p.Problems = append(p.Problems, o.lang.pick(x.Text))
		}
	}
	return s.showStaff(c, why.Status, p)
}

func (s *server) takeStepOf(c *call, p *objectionDeskView, form *stepForm) error {
	objection := p.Objection.Objection
	if form.Kind == "forward" {
		return publicity.Forward(c.ctx(), s.ledger.Pool, s.Book, publicity.Forwarding{To: form.value("to_unit"), By: c.who.by(), At: s.Now()}, objection)
	}
	_, err := s.ledger.Post(c.ctx(), s.Book, ledger.Draft{
		ID: "web-" + form.ID, Kind: form.Kind, On: s.today(), By: c.who.by(), Corrects: ledger.None,
		Body: &ledger.ObjectionAnswered{
			Objection: objection, Question: form.value("question"), Answer: form.value("answer"), Outcome: form.value("objection_outcome"), Unit: form.value("answered_by"),
		},
	})
	return err
}
