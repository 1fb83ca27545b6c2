package web

import (
	"crypto/rand"
	"net/http"

	"yilu/ledger"
	"yilu/ledger/sheet"
)

// importedView is a submission that came from a sheet, and how it can be taken back.
type importedView struct {
	*officer
	Submission ledger.Submission
	FormName   string
	// Rows are its first entries, More how many are not shown.
	Rows     []entryRow
	More     int64
	Reasons  []any
	Reason   string
	Problems []string
}

// Entries is how many entries it has.
func (p *importedView) Entries() int64 { return int64(p.Submission.Last-p.Submission.First) + 1 }

// mostBatchRows is how many entries of a batch its page shows.
const mostBatchRows = 100

func (s *server) importedPage(c *call, o *officer) error {
	p := &importedView{officer: o}
	return s.showBatch(c, http.StatusOK, p)
}

func (s *server) showBatch(c *call, status int, p *importedView) error {
	p.template = "importbatch"
	var err error
	if p.Submission, err = s.ledger.Submission(c.ctx(), s.Book, c.Param("submission")); err != nil {
		return err
	}
	p.FormName, p.Reasons = p.formName(p.Submission.Form), sortedWords(ledger.Reasons)
	if p.Rows, err = entryRows(c.ctx(), s.ledger, s.Book, p.Submission.First, int(min(p.Entries(), mostBatchRows))); err != nil {
		return err
	}
	p.More = p.Entries() - int64(len(p.Rows))
	return s.showStaff(c, status, p)
}

// reverseBatch submits the reversal of a whole batch (撤销整批): one submission, which
// takes effect when a second person approves it.
func (s *server) reverseBatch(c *call, o *officer) error {
	p := &importedView{officer: o, Reason: c.FormValue("reason")}
	if _, ok := ledger.Reasons[p.Reason]; !ok {
		p.Problems = []string{o.t("batch.no_reason")}
		return s.showBatch(c, http.StatusUnprocessableEntity, p)
	}
	if err := s.mayEnter(); err != nil {
		return err
	}
	r, err := sheet.Reverse(c.ctx(), s.ledger, s.Book, sheet.Reversal{Submission: c.Param("submission"), Reason: p.Reason, On: s.today(), By: c.who.by()})
	if problems, ok := sheetProblems(err); ok {
		for _, x := range problems {
			p.Problems = append(p.Problems, o.lang.pick(x.Text))
		}
		return s.showBatch(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/batches/", r.Submission))
}

// newWord is a random word that makes a form the same form when it is sent twice.
func newWord() string { return rand.Text() }
