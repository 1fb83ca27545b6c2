package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
	"yilu/publicity"
	"yilu/publicity/workday"
)

// Orders of the lists that filters and tables show.
var (
	noticeStages = []string{"P0", "P1", "P2", "P3", "P4", "P5a", "P5b", "P5c", "P6", "P7", "P8", "P9", "P10", "P11"}
	noticeLevels = []string{"county", "township", "village", "unit"}
	noticeStates = []string{ledger.StatePosted, ledger.StateEnded, ledger.StateWithdrawn}
)

// today is the day in Shanghai, by which postings hang and duties fall due.
func (s *server) today() ledger.Date { return ledger.DateOf(s.Now()) }

// noticeRow is a notice in a list, with how long it still hangs.
type noticeRow struct {
	ledger.Notice
	// Left is how many days it still hangs; Hanging is set while it does.
	Left    int
	Hanging bool
}

func (s *server) noticeRows(notices []ledger.Notice) []noticeRow {
	rows := make([]noticeRow, len(notices))
	for i, n := range notices {
		rows[i] = noticeRow{Notice: n}
		if n.State == ledger.StatePosted {
			rows[i].Left, rows[i].Hanging = publicity.DaysLeft(n.Starts, n.Ends, s.today())
		}
	}
	return rows
}

// noticesView lists notices; every filter stands in its address.
type noticesView struct {
	*frame
	Filter              ledger.NoticeFilter
	Notices             []noticeRow
	Next, After         string
	Townships           []ledger.Division
	Stage, Level, State wordFilter
}

func (s *server) noticesPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	filter := known(noticeList, c.QueryParams())
	p := &noticesView{
		frame: f, Townships: f.names.Townships(s.Book), After: c.QueryParam("after"),
		Filter: ledger.NoticeFilter{Stage: filter.Get("stage"), Level: filter.Get("level"), State: filter.Get("state"), Place: filter.Get("place")},
		Stage:  f.choose(noticeList, filter, "stage", "notice.matter", "notice_stage"), Level: f.choose(noticeList, filter, "level", "notice.publisher", "notice_level"),
		State: f.choose(noticeList, filter, "state", "col.state", "state"),
	}
	if f.status != 0 {
		return p, nil
	}
	notices, next, err := f.ledger.Notices(ctx, s.Book, p.Filter, ledger.Page{After: p.After})
	p.Notices, p.Next = s.noticeRows(notices), next
	return p, err
}

// noticeView is one notice with its versions, its proofs, and what was said to it.
type noticeView struct {
	*frame
	noticeRow
	Content ledger.NoticeContent
	// Versions are the later ones, each with what it changed.
	Versions []noticeVersion
	Proofs   []ledger.NoticeProof
	// Photos are the pictures of the proofs that are public.
	Photos   []shownPhoto
	Answered []reply
	// Missing are mandatory fields that it does not have.
	Missing []string
	// Doubts are what looks mistyped.
	Doubts []string
	// Strict and Inclusive count its days, Minimum is how many the policy asks for.
	Strict, Inclusive, Minimum int
	Basis                      string
	// About are the entries it is about, the first of them.
	About []ledger.Seq
	More  int
}

// noticeVersion is a later version: what it changed, old beside new.
type noticeVersion struct {
	ledger.NoticeVersion
	Kind    ledger.Kind
	Reason  string
	Changes []publicity.Change
}

// reply is an objection with its public answer, if there is one.
type reply struct {
	ledger.Objection
	Answer *ledger.ObjectionAnswered
	// AnsweredOn is its day, Due the last day for it, Late that this has passed.
	AnsweredOn, Due ledger.Date
	Late            bool
}

// shownAbout is how many entries a notice's page links to.
const shownAbout = 20

func (s *server) noticePage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	p := &noticeView{frame: f}
	n, err := f.ledger.Notice(ctx, s.Book, c.Param("notice"))
	if err != nil {
		return nil, err
	}
	p.noticeRow = s.noticeRows([]ledger.Notice{n})[0]
	if err := s.readVersions(ctx, p); err != nil {
		return nil, err
	}
	if p.Proofs, err = f.ledger.NoticeProofs(ctx, s.Book, n.Notice); err != nil {
		return nil, err
	}
	if p.Photos, err = s.shownPhotos(ctx, f.ledger, seqsOf(p.Proofs)); err != nil {
		return nil, err
	}
	objections, _, err := f.ledger.Objections(ctx, s.Book, n.Notice, ledger.Page{Limit: 100})
	if err != nil {
		return nil, err
	}
	for _, o := range objections {
		a, err := s.answerOf(ctx, p.ledger, o)
		if err != nil {
			return nil, err
		}
		p.Answered = append(p.Answered, a)
	}
	p.Missing = publicity.Missing(&p.Content)
	for _, x := range publicity.Doubts(&p.Content) {
		p.Doubts = append(p.Doubts, f.lang.pick(x))
	}
	if n.Ends != "" {
		p.Strict, p.Inclusive = publicity.PostingDays(n.Starts, n.Ends)
	}
	if d, ok := publicity.DutyOf(n.Stage, n.Level, n.Starts); ok {
		p.Minimum, p.Basis = d.Minimum, f.basisText(strings.ReplaceAll(d.Basis, "为"+assumed, assumed))
	}
	p.About = p.Content.About[:min(len(p.Content.About), shownAbout)]
	p.More = len(p.Content.About) - len(p.About)
	return p, nil
}

// readVersions reads the present content and what each later version changed.
func (s *server) readVersions(ctx context.Context, p *noticeView) error {
	versions, err := p.ledger.NoticeVersions(ctx, p.Book, p.Notice.Notice)
	if err != nil {
		return err
	}
	for _, v := range versions {
		e, err := p.ledger.Entry(ctx, p.Book, v.Seq)
		if err != nil {
			return err
		}
		later := noticeVersion{NoticeVersion: v, Kind: e.Kind}
		next := p.Content
		switch b := e.Body.(type) {
		case *ledger.NoticePosted:
			p.Content = b.Content
			continue
		case *ledger.NoticeCorrected:
			next, later.Reason = b.Content, b.Reason
		case *ledger.NoticeExtended:
			next.Ends, later.Reason = b.Ends, b.Reason
		}
		later.Changes = publicity.Changes(&p.Content, &next)
		p.Content = next
		p.Versions = append(p.Versions, later)
	}
	return nil
}

// answerOf reads the public answer to an objection, and whether it is late.
func (s *server) answerOf(ctx context.Context, l *ledger.Ledger, o ledger.Objection) (reply, error) {
	a, err := readReply(ctx, l, s.calendar(), s.Book, o)
	if a.Answer == nil {
		a.Late = a.Due != "" && a.Due < s.today()
	}
	return a, err
}

// readReply reads an objection with its answer. Late is set where that came late.
func readReply(ctx context.Context, l *ledger.Ledger, calendar workday.Calendar, book ledger.Book, o ledger.Objection) (reply, error) {
	a := reply{Objection: o, Due: publicity.AnswerDue(calendar, o.Track, o.On)}
	if o.Answered == ledger.None {
		return a, nil
	}
	e, err := l.Entry(ctx, book, o.Answered)
	if err != nil {
		return a, err
	}
	a.Answer, _ = e.Body.(*ledger.ObjectionAnswered)
	a.AnsweredOn, a.Late = e.On, a.Due != "" && e.On > a.Due
	return a, nil
}

// seqsOf are the entries of proofs.
func seqsOf(proofs []ledger.NoticeProof) []ledger.Seq {
	seqs := make([]ledger.Seq, len(proofs))
	for i, x := range proofs {
		seqs[i] = x.Seq
	}
	return seqs
}

// PhotosOf are the pictures of one proof.
func (p *noticeView) PhotosOf(seq ledger.Seq) []shownPhoto { return photosOf(p.Photos, seq) }

func photosOf(all []shownPhoto, seq ledger.Seq) []shownPhoto {
	return slices.DeleteFunc(slices.Clone(all), func(x shownPhoto) bool { return x.Entry != seq })
}

// Ending says whether the notice ends at all.
func (p *noticeView) Ending() bool { return p.Ends != "" }

// Statement is the period that it is a statement of, "" where its facts say so already.
func (p *noticeView) Statement() string {
	if slices.ContainsFunc(p.Content.Facts, func(x ledger.NoticeFact) bool { return x.Field == "period" }) {
		return ""
	}
	return p.Content.Period
}

// HasAmounts says whether its rows have sums: those of candidates have none.
func (p *noticeView) HasAmounts() bool { return p.Content.Total > 0 }

// IsDay says whether a value is a day, which is never broken between lines.
func (p *noticeView) IsDay(value string) bool {
	_, err := ledger.ParseDate(value)
	return err == nil
}

// HasShares says whether it prints percentages.
func (p *noticeView) HasShares() bool {
	return slices.ContainsFunc(p.Content.Lines, func(l ledger.NoticeLine) bool { return l.Share != "" })
}

// paperView answers whether a poster still says what is in force (核验码).
type paperView struct {
	*frame
	Code string
	// Asked is set once a code was typed, Found when there is such a version.
	Asked, Found bool
	Version      ledger.NoticeVersion
	Notice       ledger.Notice
	// Same is set when the poster shows the last version; else Later is what changed.
	Same  bool
	Later []noticeVersion
}

func (s *server) paperPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	p := &paperView{frame: f, Code: normalCode(cmp.Or(c.Param("code"), c.QueryParam("code")))}
	if p.Code == "" {
		return p, nil
	}
	p.Asked = true
	v, err := f.ledger.NoticeByCode(ctx, s.Book, p.Code)
	if isNotFound(err) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	view := &noticeView{frame: f}
	if view.Notice, err = f.ledger.Notice(ctx, s.Book, v.Notice); err != nil {
		return nil, err
	}
	if err := s.readVersions(ctx, view); err != nil {
		return nil, err
	}
	p.Found, p.Version, p.Notice, p.Same = true, v, view.Notice, v.Version == view.Notice.Versions
	for _, later := range view.Versions {
		if later.Version > v.Version {
			p.Later = append(p.Later, later)
		}
	}
	return p, nil
}

// normalCode reads a check code as people type it: blanks and capitals do not matter.
func normalCode(text string) string {
	var code []rune
	for _, r := range text {
		switch {
		case r >= 'A' && r <= 'F':
			r += 'a' - 'A'
		case r >= '０' && r <= '９':
			r -= '０' - '0'
		}
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'f' {
			code = append(code, r)
		}
	}
	return string(code[:min(len(code), 64)])
}

// grouped writes a check code in groups of four, as posters print it.
func grouped(code string) string {
	if len(code) != 12 {
		return code
	}
	return fmt.Sprintf("%s %s %s", code[:4], code[4:8], code[8:])
}
