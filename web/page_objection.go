package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
	"yilu/publicity/scan"
)

// 我要反映: a form without scripts, anonymous if one wishes. What is typed is sealed;
// the public sees the topic, the day, and the answer.

const (
	maxObjection = 1000
	maxContact   = 100
)

// objectionForm is the form, and what was typed into it.
type objectionForm struct {
	*frame
	Topics          []string
	Notice, Project string
	// About is the title of the notice or project that is objected to.
	About                string
	Topic, Text, Contact string
	// Form tells two objections apart that are sent twice.
	Form string
	formProblems
}

// formProblem is one thing wrong with a form: which field, and what would be right.
type formProblem struct{ Field, Text string }

// formProblems are sentences about what is wrong with a form, by field.
type formProblems struct{ Problems []formProblem }

// Wrong says whether a field has a problem.
func (p *formProblems) Wrong(field string) bool {
	return slices.ContainsFunc(p.Problems, func(x formProblem) bool { return x.Field == field })
}

// objectionTopics are the topics in the order of the form.
var objectionTopics = []string{"amount", "person", "unpaid", "quality", "progress", "posting", "tender", "other"}

// newObjectionForm says what is objected to, in words.
func (s *server) newObjectionForm(c echo.Context) (*objectionForm, string, error) {
	f := s.newFrame(c, "object", "notices")
	p := &objectionForm{frame: f, Topics: objectionTopics, Notice: c.FormValue("notice"), Project: c.FormValue("project"), Form: c.FormValue("form")}
	stage := ""
	ctx := c.Request().Context()
	switch {
	case p.Notice != "":
		n, err := s.ledger.Notice(ctx, s.Book, p.Notice)
		if err != nil {
			return nil, "", err
		}
		p.About, stage = n.Title, n.Stage
	case p.Project != "":
		project, err := s.ledger.Project(ctx, s.Book, p.Project)
		if err != nil {
			return nil, "", err
		}
		p.About = project.Name
	}
	return p, trackOf(stage), nil
}

// trackOf is the law by which an objection to a notice of a stage is answered.
func trackOf(stage string) string {
	switch stage {
	case "P5a", "P5b":
		return "tender"
	case "P5c":
		return "procurement"
	}
	return "general"
}

func (s *server) showObjectionForm(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	p, _, err := s.newObjectionForm(c)
	if err != nil {
		return err
	}
	p.Form = rand.Text()
	return s.render(c, http.StatusOK, p)
}

// takeObjection enters what was sent and shows its receipt. The receipt number follows
// from the form, so that a form that is sent twice is one objection with one receipt.
func (s *server) takeObjection(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	p, track, err := s.newObjectionForm(c)
	if err != nil {
		return err
	}
	p.Topic, p.Text, p.Contact = c.FormValue("topic"), oneLine(c.FormValue("text")), oneLine(c.FormValue("contact"))
	if p.check(); len(p.Problems) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, p)
	}
	if !s.objections.take(c.RealIP(), s.Now()) {
		p.Problems = append(p.Problems, formProblem{"text", p.t("object.busy")})
		return s.render(c, http.StatusTooManyRequests, p)
	}
	receipt := receiptOf(p.Form)
	on := s.today()
	d := ledger.Draft{
		ID: "yj-" + p.Form, Kind: "objection.received", On: on, By: ledger.By{Role: ledger.Public, Unit: string(s.Book), User: "public"}, Corrects: ledger.None,
		Body:   &ledger.ObjectionReceived{CodeHash: hashOfReceipt(receipt), Notice: p.Notice, Objection: objectionID(on, p.Form), Project: p.Project, Topic: p.Topic, Track: track},
		Sealed: map[string]string{"note": p.Text},
	}
	if p.Contact != "" {
		d.Sealed["contact"] = p.Contact
	}
	ctx := c.Request().Context()
	if err := s.mayEnter(); err != nil {
		return err
	}
	if _, err := s.ledger.Post(ctx, s.Book, d); err != nil {
		return err
	}
	o, err := s.ledger.ObjectionByCode(ctx, s.Book, hashOfReceipt(receipt))
	if err != nil {
		return err
	}
	return s.showReceipt(c, o, receipt, append(scan.Numbers(p.Text), scan.Numbers(p.Contact)...))
}

// check says what is wrong with the form.
func (p *objectionForm) check() {
	bad := func(field, key string, args ...any) {
		p.Problems = append(p.Problems, formProblem{field, p.t(key, args...)})
	}
	if _, ok := ledger.ObjectionTopics[p.Topic]; !ok {
		bad("topic", "object.no_topic")
	}
	switch n := len([]rune(p.Text)); {
	case n == 0:
		bad("text", "object.no_text")
	case n > maxObjection:
		bad("text", "object.long", n-maxObjection)
	}
	if len([]rune(p.Contact)) > maxContact {
		bad("contact", "object.contact_long")
	}
	if !plain(p.Form) || len(p.Form) != len(rand.Text()) {
		bad("text", "object.form")
		p.Form = rand.Text()
	}
}

// oneLine makes of what people type a text without line breaks and controls.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Join(strings.FieldsFunc(unturned(strings.ToValidUTF8(text, "")), func(r rune) bool {
		return r == '\n' || r == '\r' || r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0
	}), "　"))
}

// unturned leaves out what turns the direction of text: calculators and address books put it
// around what is copied from them, and nobody sees it.
func unturned(text string) string {
	return strings.Map(func(r rune) rune {
		if ledger.Turns(r) {
			return -1
		}
		return r
	}, text)
}

// receiptOf derives the receipt number (回执号) of a form: 80 bits that nobody guesses.
func receiptOf(form string) string {
	sum := sha256.Sum256([]byte("receipt of objection " + form))
	t := base32.StdEncoding.EncodeToString(sum[:10])
	return t[:4] + "-" + t[4:8] + "-" + t[8:12] + "-" + t[12:]
}

// objectionID is the public number of an objection, which says nothing of its receipt.
func objectionID(on ledger.Date, form string) string {
	sum := sha256.Sum256([]byte("number of objection " + form))
	return "YJ" + strings.ReplaceAll(string(on), "-", "") + "-" + base32.StdEncoding.EncodeToString(sum[:5])
}

// hashOfReceipt is what the book holds of a receipt number, however it is typed.
func hashOfReceipt(receipt string) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '2' && r <= '7':
			return r
		}
		return -1
	}, receipt)
	sum := sha256.Sum256([]byte(kept))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// receiptView shows what became of an objection to whoever has its receipt.
type receiptView struct {
	*frame
	reply
	// Receipt is shown once, right after the objection was sent.
	Receipt string
	// Asked is set once a number was typed, Found when it is a receipt.
	Asked, Found bool
	// Held are kinds of personal numbers that were typed.
	Held []scan.Kind
}

func (s *server) showReceipt(c echo.Context, o ledger.Objection, receipt string, held []scan.Kind) error {
	p := &receiptView{frame: s.newFrame(c, "receipt", "notices"), Receipt: receipt, Asked: true, Found: true, Held: held}
	p.Zh, p.En = p.site.href(chinese, "/receipt"), p.site.href(english, "/receipt")
	var err error
	if p.reply, err = s.answerOf(c.Request().Context(), s.ledger, o); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p)
}

// receiptPage asks for a receipt number, and shows what became of it. The number comes
// by POST: it stands in no address and no log.
func (s *server) receiptPage(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	p := &receiptView{frame: s.newFrame(c, "receipt", "notices")}
	number := c.FormValue("number")
	if c.Request().Method != http.MethodPost || number == "" {
		return s.render(c, http.StatusOK, p)
	}
	if !s.objections.take(c.RealIP(), s.Now()) {
		return echo.NewHTTPError(http.StatusTooManyRequests)
	}
	o, err := s.ledger.ObjectionByCode(c.Request().Context(), s.Book, hashOfReceipt(number))
	if errors.Is(err, ledger.ErrNotFound) {
		p.Asked = true
		return s.render(c, http.StatusNotFound, p)
	}
	if err != nil {
		return err
	}
	return s.showReceipt(c, o, "", nil)
}

// objectionsView lists objections with their answers, never with what was typed.
type objectionsView struct {
	*frame
	Rows        []reply
	Next, After string
	// Files are those of the whole list.
	Files files
}

func (s *server) objectionsPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	p := &objectionsView{frame: f, After: c.QueryParam("after"), Files: objectionList.files(f, nil)}
	objections, next, err := f.ledger.Objections(ctx, s.Book, "", ledger.Page{After: p.After, Limit: 30})
	if err != nil {
		return nil, err
	}
	p.Next = next
	for _, o := range objections {
		a, err := s.answerOf(ctx, f.ledger, o)
		if err != nil {
			return nil, err
		}
		p.Rows = append(p.Rows, a)
	}
	return p, nil
}
