package web

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"

	"yilu/ledger"
	"yilu/ledger/sheet"
)

// actsView lists who did what, the newest first. All of the filter is in the address.
type actsView struct {
	*officer
	User, Unit, Kind string
	From, To         ledger.Date
	Kinds            []ledger.Kind
	Rows             []actRow
	// Before is where the next page begins, None at the end; First says that this is not
	// the first one.
	Before ledger.Seq
	First  bool
	// Until is the last entry that the trail knows of, Behind that there are more.
	Until  ledger.Seq
	Behind bool
	filter actFilter
}

// actRow is an act as people read it.
type actRow struct {
	act
	When string
}

const (
	actsPerPage = 50
	// mostActs is how many lines a file holds.
	mostActs = 200_000
)

// Link is the trail with changes of its filter, from its beginning.
func (p *actsView) Link(changes ...any) string { return p.address("/desk/acts", changes...) }

// Older is the next page, File the trail as a file.
func (p *actsView) Older() string             { return p.Link("before", p.Before) }
func (p *actsView) File(format string) string { return p.address("/desk/acts/list." + format) }

func (p *actsView) address(path string, changes ...any) string {
	return p.site.live(p.lang, path, append([]any{"user", p.User, "unit", p.Unit, "kind", p.Kind, "from", p.From, "to", p.To}, changes...)...)
}

// readActs reads the filter of the trail, and how far it is.
func (s *server) readActs(c *call, o *officer) (*actsView, error) {
	o.template = "acts"
	q := c.query("user", "unit", "kind", "from", "to", "before")
	p := &actsView{officer: o, User: q.text("user"), Unit: q.text("unit"), Kind: q.text("kind"), From: q.day("from"), To: q.day("to"), Before: ledger.None}
	if _, known := ledger.SpecOf(ledger.Kind(p.Kind)); p.Kind != "" && !known {
		q.bad("kind", "没有这种业务类型", "there is no such kind")
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	for _, spec := range ledger.Kinds() {
		if !ledger.IsLine(spec.Kind) && !slices.Equal(spec.Roles, []ledger.Role{ledger.Engine}) {
			p.Kinds = append(p.Kinds, spec.Kind)
		}
	}
	var err error
	if p.Until, err = s.Trail.catchUp(c.ctx(), s.Book); err != nil {
		return nil, err
	}
	head, err := s.ledger.Head(c.ctx(), s.Book)
	if err != nil {
		return nil, err
	}
	p.Behind = int64(p.Until) < head.Size-1
	p.filter = actFilter{User: p.User, Unit: p.Unit, Kind: p.Kind, Last: math.MaxInt64}
	if p.From != "" { // entries are in the order in which they were recorded
		if p.filter.First, err = s.Alerts.LastSeqOf(c.ctx(), s.Book, p.From.AddDays(-1)); err != nil {
			return nil, err
		}
		p.filter.First++
	}
	if p.To != "" {
		if p.filter.Last, err = s.Alerts.LastSeqOf(c.ctx(), s.Book, p.To); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (s *server) actsPage(c *call, o *officer) error {
	p, err := s.readActs(c, o)
	if err != nil {
		return err
	}
	q := &query{values: c.QueryParams()}
	before := ledger.Seq(q.number("before", math.MaxInt64))
	if err := q.err(); err != nil {
		return err
	}
	p.First = q.values.Has("before")
	acts, err := s.Trail.list(c.ctx(), s.Book, p.filter, before, actsPerPage)
	if err != nil {
		return err
	}
	for _, a := range acts {
		p.Rows = append(p.Rows, actRow{a, inShanghai(a.At)})
	}
	if len(acts) == actsPerPage {
		p.Before = acts[len(acts)-1].Seq
	}
	return s.showStaff(c, http.StatusOK, p)
}

// actsFile sends all of the trail that the filter leaves, in one format.
func (s *server) actsFile(format string) func(*call, *officer) error {
	return func(c *call, o *officer) error {
		p, err := s.readActs(c, o)
		if err != nil {
			return err
		}
		title := o.t("acts.title")
		as, mediaType := sheet.CSV, csvType
		if format == "xlsx" {
			as, mediaType = sheet.XLSX, xlsxType
		}
		s.Log.InfoContext(c.ctx(), "trail exported", "request", requestIDOf(c), "book", string(s.Book), "token", c.who.ID)
		return s.sendStaff(c, o.County+title+"."+format, mediaType, func(w io.Writer) error {
			return sheet.WriteLines(w, as, title, func(yield func([]string, error) bool) { s.actsLines(c, p, yield) })
		})
	}
}

// actsLines yields the lines of the file.
func (s *server) actsLines(c *call, p *actsView, yield func([]string, error) bool) {
	if !yield([]string{p.t("acts.entry"), p.t("acts.at"), p.t("acts.on"), p.t("acts.user"), p.t("acts.unit"), p.t("acts.role"), p.t("acts.kind"), p.t("acts.id")}, nil) {
		return
	}
	before := ledger.Seq(math.MaxInt64)
	for n := 0; n < mostActs; {
		acts, err := s.Trail.list(c.ctx(), s.Book, p.filter, before, 5000)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, a := range acts {
			if !yield([]string{fmt.Sprint(a.Seq), inShanghai(a.At), string(a.On), a.User, a.Unit, p.t("role." + string(a.Role)), p.name("kind", string(a.Kind)), a.ID}, nil) {
				return
			}
			before = a.Seq
		}
		if n += len(acts); len(acts) < 5000 {
			return
		}
	}
}
