package web

import (
	"cmp"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"yilu/alerts"
	"yilu/ledger"
	"yilu/publicity"
)

// 拟稿与张贴: officers compose notices of what is in the book, see them as they will be
// printed, and send them to a second person; once they hang, the photograph is recorded.

// noticeDesk is the page on which a notice is composed.
type noticeDesk struct {
	*officer
	// The names of what was typed are noticeInputs.
	typedFields
	// Matters and Levels are what can be chosen.
	Matters, Levels, Channels []string
	// Poster is the notice as it will be printed, nil before it is composed; Lacking are
	// the fields that the policy asks for and the book does not know.
	Poster  *posterView
	Lacking []string
	// Findings are what the rules say of it, Accepted that nothing would refuse it.
	Findings []seenLine
	Accepted bool
	// Told is a sentence about what has changed since it was shown.
	Told string
	// ID makes the notice the same when the form is sent twice; Seen is the digest of what
	// was shown.
	ID, Seen string
	// drafts are what would be sent, check what was said of them.
	drafts []ledger.Draft
	check  alerts.Precheck
	// Hanging are notices that hang now; First and Next are the addresses of the list's
	// other pages.
	Hanging     []noticeRow
	First, Next string
}

// seenLine is a finding in the reader's language.
type seenLine struct{ Code, Level, Sentence string }

// hangingPerPage is how many of the notices that hang a page lists.
const hangingPerPage = 30

// noticeInputs are what an officer types of a notice; the rest follows from the book.
var noticeInputs = []string{"matter", "level", "channel", "entries", "project", "document", "place", "starts", "days", "issuer", "title", "period", "hotline", "phone", "mail", "address"}

// composable are the matters that have a layout.
var composable = []string{"P0", "P1", "P2", "P3", "P4", "P5b", "P5c", "P6", "P7", "P8", "P9", "P11"}

// typedFields is what was typed into a form, and what is wrong with it.
type typedFields struct {
	Typed map[string]string
	formProblems
}

// Of is what was typed.
func (f *typedFields) Of(name string) string { return f.Typed[name] }

// KeepsFiles says that photographs can be recorded.
func (p *noticeDesk) KeepsFiles() bool { return p.keepsFiles }

// noticesDesk shows the form, filled in by the address.
func (s *server) noticesDesk(c *call, o *officer) error {
	p := newNoticeDesk(o)
	p.Typed = map[string]string{"level": "village", "channel": "board", "starts": string(s.today()), "hotline": "12317"}
	for _, name := range noticeInputs {
		if v := c.QueryParam(name); v != "" {
			p.Typed[name] = clip(v, 200)
		}
	}
	return s.showNoticeDesk(c, http.StatusOK, p)
}

func newNoticeDesk(o *officer) *noticeDesk {
	o.template = "desknotices"
	return &noticeDesk{officer: o, typedFields: typedFields{Typed: map[string]string{}}, Matters: composable, Levels: noticeLevels, Channels: []string{"board", "site", "portal", "platform"}, ID: newID()}
}

func (s *server) showNoticeDesk(c *call, status int, p *noticeDesk) error {
	after := c.QueryParam("after")
	notices, next, err := s.ledger.Notices(c.ctx(), s.Book, ledger.NoticeFilter{State: ledger.StatePosted, Place: c.who.region(), OnBoards: s.today()}, ledger.Page{After: after, Limit: hangingPerPage})
	if err != nil {
		return err
	}
	p.Hanging = s.noticeRows(notices)
	if after != "" {
		p.First = p.site.href(p.lang, "/desk/notices") + "#hanging"
	}
	if next != "" {
		p.Next = p.site.live(p.lang, "/desk/notices", "after", next) + "#hanging"
	}
	p.Zh, p.En = s.other(p.frame, p.site.href(p.lang, "/desk/notices"))
	return s.showStaff(c, status, p)
}

// composeNotice composes the notice and shows it, or sends it if it is what was shown.
func (s *server) composeNotice(c *call, o *officer) error {
	p := newNoticeDesk(o)
	for _, name := range noticeInputs {
		p.Typed[name] = oneLine(clip(c.FormValue(name), 500))
	}
	if id := c.FormValue("id"); formID.MatchString(id) {
		p.ID = id
	}
	body, err := s.compose(c, p)
	if err == nil && len(p.Problems) == 0 {
		err = s.weighNotice(c, p, body)
	}
	if problems, ok := sheetProblems(err); ok {
		for _, x := range problems {
			p.Problems = append(p.Problems, formProblem{strings.TrimPrefix(x.Field, "announcement."), o.lang.pick(x.Text)})
		}
	} else if err != nil {
		return err
	}
	if len(p.Problems) > 0 {
		return s.showNoticeDesk(c, http.StatusUnprocessableEntity, p)
	}
	switch c.FormValue("act") {
	case "send":
		if c.FormValue("seen") == p.Seen && p.Accepted {
			return s.sendNotice(c, p)
		}
		p.Told = p.t("notices.changed")
		return s.showNoticeDesk(c, http.StatusConflict, p)
	case "form":
		return s.noticeAsForm(c, p, body)
	}
	return s.showNoticeDesk(c, http.StatusOK, p)
}

// compose makes the notice of what was typed, by publicity, as the command does.
func (s *server) compose(c *call, p *noticeDesk) (*ledger.NoticePosted, error) {
	bad := func(field, key string) { p.Problems = append(p.Problems, formProblem{field, p.t(key)}) }
	order := publicity.Order{
		Stage: p.Of("matter"), Level: p.Of("level"), Channel: p.Of("channel"), Place: p.Of("place"), Issuer: p.Of("issuer"), Title: p.Of("title"), Period: p.Of("period"), Signed: s.today(),
		Contacts: ledger.NoticeContacts{Hotline: p.Of("hotline"), Phone: p.Of("phone"), Mail: p.Of("mail"), Address: p.Of("address")},
	}
	if !slices.Contains(composable, order.Stage) {
		bad("matter", "step.required")
	}
	if !slices.Contains(noticeLevels, order.Level) {
		bad("level", "step.required")
	}
	if order.Issuer == "" {
		bad("issuer", "step.required")
	}
	var err error
	if order.Starts, err = ledger.ParseDate(plainDate(p.Of("starts"))); err != nil {
		bad("starts", "form.bad_day")
	}
	if days := p.Of("days"); days != "" {
		if order.Days, err = strconv.Atoi(days); err != nil || order.Days < 1 {
			bad("days", "form.bad_count")
		}
	}
	if order.Entries, err = s.aboutNotice(c, p, order); err != nil || len(p.Problems) > 0 {
		return nil, err
	}
	content, err := s.Duties.Compose(c.ctx(), s.Book, order)
	if errors.Is(err, ledger.ErrNotFound) {
		bad("entries", "notices.no_entry")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &ledger.NoticePosted{Content: content, Notice: "GS-" + order.Stage + "-" + p.ID[:8]}, nil
}

// aboutNotice are the entries that the notice is about: those that were typed, or what of
// a project or document is still to be published.
func (s *server) aboutNotice(c *call, p *noticeDesk, o publicity.Order) (seqs []ledger.Seq, err error) {
	typed, project, document := p.Of("entries"), p.Of("project"), p.Of("document")
	switch {
	case typed != "":
		for _, n := range entrySeqs(typed) {
			seqs = append(seqs, ledger.Seq(n))
		}
		if len(seqs) == 0 {
			p.Problems = append(p.Problems, formProblem{"entries", p.t("step.seqs")})
		}
		return seqs, nil
	case o.Stage == "P11" && project == "" && document == "": // there are no arrears
		return nil, nil
	case project != "":
		seqs, err = s.Duties.Unpublished(c.ctx(), s.Book, o.Stage, o.Level, project)
	case document != "":
		seqs, err = s.Duties.UnpublishedOf(c.ctx(), s.Book, o.Stage, o.Level, document)
	default:
		p.Problems = append(p.Problems, formProblem{"entries", p.t("notices.about_what")})
		return nil, nil
	}
	if err == nil && len(seqs) == 0 {
		p.Problems = append(p.Problems, formProblem{"entries", p.t("notices.nothing_due")})
	}
	return seqs, err
}

// draftsOf are the entries by which a notice is sent to a second person.
func (p *noticeDesk) draftsOf(body *ledger.NoticePosted) []ledger.Draft {
	d := ledger.Draft{ID: "web-" + p.ID + "-0", Kind: "notice.posted", On: body.Content.Signed, By: p.Who.by(), Corrects: ledger.None, Body: body}
	return ledger.Submitted("web-"+p.ID, ledger.SubmissionMade{Submission: p.submission(), Title: body.Content.Title}, []ledger.Draft{d})
}

func (p *noticeDesk) submission() string { return "TJ-" + p.ID }

// weighNotice asks what the book and the rules would answer, and draws the notice as it
// will be printed.
func (s *server) weighNotice(c *call, p *noticeDesk, body *ledger.NoticePosted) error {
	p.drafts = p.draftsOf(body)
	if err := s.mayTouch(c, p.drafts); err != nil {
		return err
	}
	check, err := alerts.Check(c.ctx(), s.ledger, s.Book, p.drafts...)
	if err != nil {
		return err
	}
	p.check = check
	raw, err := ledger.EncodeBody(body)
	if err != nil {
		return err
	}
	p.Poster, p.Lacking, p.Accepted = s.unposted(p.frame, body), publicity.Missing(&body.Content), check.Accepted
	p.Seen = hashText(string(raw) + hex.EncodeToString(check.Digest[:]))
	for _, x := range check.Findings {
		if !x.Shadow {
			hideFinding(&x.Finding)
			p.Findings = append(p.Findings, seenLine{x.Code, x.Level, p.lang.pick(x.Sentence)})
		}
	}
	for _, x := range check.Problems {
		p.Problems = append(p.Problems, formProblem{"entries", p.lang.pick(x.Text)})
	}
	return nil
}

// unposted is a notice as it will be printed once it is posted: without the check code,
// which is made of its entry.
func (s *server) unposted(f *frame, body *ledger.NoticePosted) *posterView {
	n := &body.Content
	row := noticeRow{Notice: ledger.Notice{Notice: body.Notice, Title: n.Title, Stage: n.Stage, Level: n.Level, Channel: n.Channel, Starts: n.Starts, Ends: n.Ends, Total: n.Total}}
	v := &noticeView{frame: f, noticeRow: row, Content: *n}
	if n.Ends != "" {
		v.Strict, v.Inclusive = publicity.PostingDays(n.Starts, n.Ends)
	}
	return &posterView{noticeView: v}
}

// sendNotice submits the notice, as it was weighed, for approval. Sent twice it is one submission.
func (s *server) sendNotice(c *call, p *noticeDesk) error {
	if err := s.mayEnter(); err != nil {
		return err
	}
	began := s.Now()
	_, err := s.ledger.PostWith(c.ctx(), s.Book, keepPrecheck(s.Book, p.submission(), p.check), p.drafts...)
	s.Metrics.posted(s.Book, s.Now().Sub(began), err)
	if problems, ok := sheetProblems(err); ok {
		for _, x := range problems {
			p.Problems = append(p.Problems, formProblem{"entries", p.lang.pick(x.Text)})
		}
		return s.showNoticeDesk(c, http.StatusConflict, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, p.site.live(p.lang, "/desk/submissions/"+url.PathEscape(p.submission()), "done", "1"))
}

// noticeAsForm goes on with the notice in the full form, as a draft, where what the book
// does not know can be typed.
func (s *server) noticeAsForm(c *call, p *noticeDesk, body *ledger.NoticePosted) error {
	f := &deskForm{values: url.Values{}, draft: newID(), id: newID()}
	f.typeEntry(0, &ledger.Entry{Draft: ledger.Draft{Kind: "notice.posted", On: s.today(), Corrects: ledger.None, Body: body}})
	if err := s.drafts().save(c.ctx(), c.who, f, s.Now()); err != nil {
		if errors.Is(err, errFull) {
			p.Told = p.t("draft.full", mostDrafts)
			return s.showNoticeDesk(c, http.StatusConflict, p)
		}
		return err
	}
	return c.Redirect(http.StatusSeeOther, p.site.href(p.lang, "/desk/drafts/", f.draft))
}

// hungView records that a notice hangs (张贴存证).
type hungView struct {
	*officer
	typedFields
	Notice ledger.Notice
	Proofs []ledger.NoticeProof
	ID     string
	Done   bool
}

// hungInputs are what is typed beside the photograph.
var hungInputs = []string{"board", "place", "on", "hanger", "post", "position", "end"}

func (s *server) hungPage(c *call, o *officer) error {
	p := &hungView{officer: o, ID: newID(), Done: c.QueryParam("done") != ""}
	if err := s.findHung(c, p); err != nil {
		return err
	}
	p.Typed = map[string]string{"place": p.Notice.Place, "on": string(s.today())}
	return s.showHung(c, http.StatusOK, p)
}

// findHung finds the notice, if it is the officer's to see.
func (s *server) findHung(c *call, p *hungView) error {
	notice, err := c.name("notice")
	if err != nil {
		return err
	}
	if p.Notice, err = s.ledger.Notice(c.ctx(), s.Book, notice); err != nil {
		return err
	}
	return s.ofArea(c, p.Notice.Place)
}

func (s *server) showHung(c *call, status int, p *hungView) error {
	p.template = "deskhung"
	var err error
	if p.Proofs, err = s.ledger.NoticeProofs(c.ctx(), s.Book, p.Notice.Notice); err != nil {
		return err
	}
	return s.showStaff(c, status, p)
}

// takeHung stores the photograph and posts notice.hung with its hash. Sent twice it is
// one entry.
func (s *server) takeHung(c *call, o *officer) error {
	p := &hungView{officer: o, ID: newID(), typedFields: typedFields{Typed: map[string]string{}}}
	for _, name := range hungInputs {
		p.Typed[name] = oneLine(clip(c.FormValue(name), 200))
	}
	if id := c.FormValue("id"); formID.MatchString(id) {
		p.ID = id
	}
	if err := s.findHung(c, p); err != nil {
		return err
	}
	err := s.postHung(c, p)
	if problems, ok := sheetProblems(err); ok {
		for _, x := range problems {
			field := strings.TrimPrefix(x.Field, "body.")
			p.Problems = append(p.Problems, formProblem{cmp.Or(map[string]string{"photo": "file", "hanger.name": "hanger", "hanger.post": "post"}[field], field), o.lang.pick(x.Text)})
		}
		return s.showHung(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.site.live(o.lang, "/desk/notices/"+url.PathEscape(p.Notice.Notice)+"/hung", "done", "1"))
}

func (s *server) postHung(c *call, p *hungView) error {
	on, err := ledger.ParseDate(plainDate(p.Of("on")))
	if err != nil || on > s.today() {
		return one("on", "须为日期，且不晚于今天", "want a day that is not after today")
	}
	if p.Of("hanger") == "" || p.Of("board") == "" {
		return one("hanger", "请填写公示栏和张贴人", "name the board and who put it up")
	}
	if err := s.mayEnter(); err != nil {
		return err
	}
	f, err := s.storeDocument(c)
	if err != nil {
		return err
	}
	if f.Kind != "jpg" && f.Kind != "png" {
		return one("photo", "须为照片（jpg、png）", "want a photograph (jpg or png)")
	}
	_, err = s.post(c, ledger.Draft{ID: "web-" + p.ID, Kind: "notice.hung", On: on, By: c.who.by(), Corrects: ledger.None, Body: &ledger.NoticeHung{
		Board: p.Of("board"), End: p.Of("end") != "", Hanger: ledger.Person{Name: p.Of("hanger"), Post: p.Of("post")}, Notice: p.Notice.Notice, Photo: f.File(), Place: p.Of("place"), Position: p.Of("position"),
	}})
	return err
}
