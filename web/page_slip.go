package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"strings"

	"yilu/ledger"
	"yilu/publicity"
)

// 领款凭条与公示名单: officers print the papers on which households stand by name, for
// one village of one batch at a time.

// areaOf is the division whose households an officer may see: that of the account, else
// the digits that the unit's code begins with; "" is the whole county.
func areaOf(a *actor) string {
	return cmp.Or(a.Area, a.Unit[:len(a.Unit)-len(strings.TrimLeft(a.Unit, "0123456789"))])
}

// batchesView lists the batches of grants whose papers can be printed.
type batchesView struct {
	*officer
	Batches []ledger.Payment
	// First and Next are the addresses of other pages, "" where there is none.
	First, Next string
}

func (s *server) batchesPage(c *call, o *officer) error {
	o.template = "batches"
	p := &batchesView{officer: o}
	after := c.QueryParam("after")
	batches, next, err := s.ledger.GrantBatches(c.ctx(), s.Book, areaOf(c.who), ledger.Page{After: after})
	if err != nil {
		return err
	}
	p.Batches = batches
	if after != "" {
		p.First = o.site.href(o.lang, "/desk/slips")
	}
	if next != "" {
		p.Next = o.site.live(o.lang, "/desk/slips", "after", next)
	}
	return s.showStaff(c, http.StatusOK, p)
}

// batchView is one batch with its villages, and who had its papers printed.
type batchView struct {
	*officer
	Payment  ledger.Payment
	Project  ledger.Project
	Villages []villagePaper
	History  []printedLine
	// Names is the policy of names on boards.
	Names string
	// Problem is what stood against printing, Place where.
	Problem, Place string
	// Line is what was typed as the number of one household.
	Line string
}

// villagePaper is what of a batch can be printed for one village.
type villagePaper struct {
	villageGrant
	// InForce is how many slips of it are good.
	InForce int64
}

// printedLine is one printing in words.
type printedLine struct {
	publicity.Printing
	Village, When string
}

func (s *server) batchPage(c *call, o *officer) error {
	p, err := s.readBatch(c, o)
	if err != nil {
		return err
	}
	return s.showStaff(c, http.StatusOK, p)
}

// readBatch reads a batch as far as the officer may see it.
func (s *server) readBatch(c *call, o *officer) (*batchView, error) {
	o.template = "batch"
	payment, err := c.name("payment")
	if err != nil {
		return nil, err
	}
	p := &batchView{officer: o, Names: cmp.Or(s.BoardNames, publicity.NamesMasked)}
	if p.Payment, err = s.ledger.Payment(c.ctx(), s.Book, payment); err != nil {
		return nil, err
	}
	if p.Project, err = s.ledger.Project(c.ctx(), s.Book, p.Payment.Project); err != nil {
		return nil, err
	}
	area := areaOf(c.who)
	if p.History, err = s.printed(c, payment, area); err != nil {
		return nil, err
	}
	public := &paymentView{frame: o.frame, Payment: p.Payment, Project: p.Project}
	if err := s.readVillages(c.ctx(), public); err != nil {
		return nil, err
	}
	for _, v := range public.Villages {
		if !strings.HasPrefix(v.Place, area) {
			continue
		}
		paper := villagePaper{villageGrant: v}
		for i, h := range p.History {
			if h.Place == v.Place {
				p.History[i].Village = v.Village
				paper.InForce += h.InForce
			}
		}
		p.Villages = append(p.Villages, paper)
	}
	if p.Payment.Lines == 0 || len(p.Villages) == 0 {
		return nil, ledger.ErrNotFound
	}
	return p, nil
}

func (s *server) printed(c *call, payment, area string) ([]printedLine, error) {
	printings, err := s.printer().Printings(c.ctx(), s.Book, payment, area)
	if err != nil {
		return nil, err
	}
	lines := make([]printedLine, len(printings))
	for i, x := range printings {
		lines[i] = printedLine{Printing: x, Village: x.Place, When: inShanghai(x.At)}
	}
	return lines, nil
}

// paperSheet is a printable paper: slips, or a list for the board.
type paperSheet struct {
	*frame
	publicity.Sheet
	// Slips tells slips from a list.
	Slips bool
	// Address is where slips lead to, or a list's notice; QR draws it.
	Address string
	QR      *qrCode
	// Back is the page of the batch, "" in a file.
	Back string
	// Style is that of a file, which links to nothing.
	Style template.CSS
}

// Masked, Nameless and Hotline are for the template.
func (p *paperSheet) Masked() bool   { return p.Names == publicity.NamesMasked }
func (p *paperSheet) Nameless() bool { return p.Names == publicity.NamesNone }
func (p *paperSheet) Hotline() string {
	return strings.TrimSuffix(cmp.Or(p.Contacts.Hotline, "12317")+"、"+p.Contacts.Phone, "、")
}

// Code is the check code of a list's notice.
func (p *paperSheet) Code() string { return p.Notice.Code }

// printPage prints slips or the list of a village. Slips that were printed before end
// with it, which the form says and the officer has to tick.
func (s *server) printPage(c *call, o *officer) error {
	p, err := s.readBatch(c, o)
	if err != nil {
		return err
	}
	p.Place, p.Line = c.FormValue("place"), strings.TrimSpace(c.FormValue("line"))
	w := publicity.Wanted{Payment: p.Payment.Payment, Place: p.Place, By: c.who.by()}
	at := -1
	for i, v := range p.Villages {
		if v.Place == p.Place {
			at = i
		}
	}
	if at < 0 {
		return ledger.ErrNotFound // another township's, or none
	}
	slips := c.FormValue("what") == publicity.PaperSlips
	if slips && p.Line != "" {
		if w.Line, err = strconv.ParseInt(p.Line, 10, 64); err != nil || w.Line < 1 {
			return s.refusePrinting(c, p, "slip.bad_line")
		}
	}
	if slips && w.Line == 0 && p.Villages[at].InForce > 0 && c.FormValue("again") == "" {
		return s.refusePrinting(c, p, "slip.tick")
	}
	if err := s.mayEnter(); err != nil {
		return err
	}
	sheet, err := s.print(c.ctx(), slips, w)
	switch {
	case errors.Is(err, publicity.ErrNothingToPrint):
		return s.refusePrinting(c, p, "slip.nothing")
	case errors.Is(err, publicity.ErrTooManyToPrint):
		return s.refusePrinting(c, p, "slip.too_many")
	case err != nil:
		return err
	}
	s.Log.InfoContext(c.ctx(), "names of households printed", "request", requestIDOf(c), "book", string(s.Book), "token", c.who.ID, "payment", w.Payment, "place", w.Place, "households", len(sheet.Households))
	o.template = "papersheet"
	view, err := paperOf(s.Config, o.frame, sheet, slips)
	if err != nil {
		return err
	}
	view.Back = o.site.href(o.lang, "/desk/slips/", p.Payment.Payment)
	return s.showStaff(c, http.StatusOK, view)
}

func (s *server) print(ctx context.Context, slips bool, w publicity.Wanted) (publicity.Sheet, error) {
	if slips {
		return s.printer().Slips(ctx, s.Book, w)
	}
	return s.printer().List(ctx, s.Book, w)
}

// refusePrinting shows the batch again with what stands against printing.
func (s *server) refusePrinting(c *call, p *batchView, key string) error {
	p.Problem = p.t(key)
	return s.showStaff(c, http.StatusUnprocessableEntity, p)
}

// paperOf lays a sheet out.
func paperOf(c Config, f *frame, sheet publicity.Sheet, slips bool) (*paperSheet, error) {
	p := &paperSheet{frame: f, Sheet: sheet, Slips: slips}
	home := cmp.Or(strings.TrimSuffix(c.PublicURL, "/"), c.Origin+c.BasePath)
	switch {
	case slips:
		p.Address = home + "/mine"
	case sheet.Notice != nil:
		p.Address = home + "/c/" + sheet.Notice.Code
	default:
		return p, nil
	}
	var err error
	p.QR, err = newQR(p.Address)
	return p, err
}

// WritePaper writes a sheet as a page of its own, which needs nothing else to be
// printed: slips, or a list for the board. It holds names; who writes it into a file
// lets nobody else read it.
func WritePaper(w io.Writer, c Config, sheet publicity.Sheet, slips bool) error {
	site := siteOf(c.BasePath)
	f := &frame{site: site, lang: chinese, Lang: chinese.Tag, Book: c.Book, Demo: c.Demo, Origin: c.Origin}
	f.County = f.division(string(c.Book))
	p, err := paperOf(c, f, sheet, slips)
	if err != nil {
		return err
	}
	p.Style = template.CSS(site.assets["poster.css"].plain)
	if err := site.pages[chinese]["papersheet"].ExecuteTemplate(w, "file", p); err != nil {
		return fmt.Errorf("write paper: %w", err)
	}
	return nil
}
