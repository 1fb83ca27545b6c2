package web

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"yilu/ledger"
)

// revealView shows one sealed value, once.
type revealView struct {
	*officer
	Back string
	// Entry and Field name the value, Label says what it is.
	Entry        ledger.Seq
	Field, Label string
	Value        string
	// Erased says that it was erased by law, Repeated that it was shown before: the form
	// came twice.
	Erased, Repeated bool
	// Logged is the entry that says who opened it, and why.
	Logged ledger.Seq
}

// RevealID makes the form for a sealed value the same when it is sent twice.
func (p *alertView) RevealID() string { return rand.Text() }

// mostReason is the longest reason for opening a value, in bytes.
const mostReason = 600

// revealPage opens one sealed value of the entry that a warning is about. That it is
// opened, by whom and why, is an entry first; the value is in no address, no cache and
// on no page that can be asked for again.
func (s *server) revealPage(c *call, o *officer) error {
	alert, err := c.name("alert")
	if err != nil {
		return err
	}
	found, err := s.findAlert(c, alert)
	if err != nil {
		return err
	}
	field, reason, id := c.FormValue("field"), oneLine(c.FormValue("reason")), c.FormValue("id")
	o.template = "reveal"
	p := &revealView{officer: o, Back: o.site.href(o.lang, "/alerts/", alert), Entry: found.Entry, Field: field, Logged: ledger.None}
	e, err := s.ledger.Entry(c.ctx(), s.Book, max(found.Entry, 0))
	if err != nil || found.Entry < 0 {
		return ledger.ErrNotFound
	}
	_, sealed := e.Commitments[field]
	switch {
	case !sealed:
		return one("field", "该分录没有这个保密字段", "the entry has no such sealed value")
	case strings.TrimSpace(reason) == "" || len(reason) > mostReason:
		return one("reason", "请填写查看理由（200字以内）", "say why, in at most 200 characters")
	case id == "" || len(id) > 40 || !plain(id):
		return one("id", "请从预警页面重新提交", "send the form of the warning's page")
	}
	if err := s.mayEnter(); err != nil {
		return err
	}
	r, err := s.ledger.Post(c.ctx(), s.Book, ledger.Draft{
		ID: "web-" + id, Kind: "seal.disclosed", On: ledger.DateOf(s.Now()), By: c.who.by(), Corrects: ledger.None,
		Body: &ledger.SealDisclosed{Entry: ledger.Count(found.Entry), Field: field, To: c.who.Unit}, Sealed: map[string]string{"note": reason},
	})
	if err != nil {
		return err
	}
	p.Logged, p.Label = r[0].Seq, o.t("sealed."+field)
	if p.Repeated = r[0].Repeated; p.Repeated {
		return s.showStaff(c, http.StatusConflict, p)
	}
	opened, err := s.ledger.Sealer.Open(c.ctx(), s.ledger.Read, string(s.Book), uint64(found.Entry))
	if err != nil {
		return err
	}
	value, there := opened[field]
	p.Value, p.Erased = value.Value, !there
	if slices.Contains([]string{"evidence", "subject", "fingerprint"}, field) { // of a warning about a warning
		p.Value = hideKey(p.Value)
	}
	s.Log.InfoContext(c.ctx(), "value opened", "request", requestIDOf(c), "book", string(s.Book), "token", c.who.ID, "entry", found.Entry)
	return s.showStaff(c, http.StatusOK, p)
}
