package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/ledger/sheet"
)

// 一卡通: an approved batch of grants goes to the bank as a file; what the bank sends
// back says which lines were credited; those that failed are asked for again. Officers
// see names and accounts in part; only the bank's file has them whole.

// bankRow is a batch in the list.
type bankRow struct {
	ledger.Payment
	ProjectName string
}

// bankDesk lists grant batches: approved and not paid, or paid with lines that came back.
type bankDesk struct {
	*officer
	Waiting, Failed []bankRow
	// More says that there are more than are listed.
	More bool
}

// mostBatches bounds each list, mostBatchPages how many payments are looked through.
const (
	mostBatches    = 100
	mostBatchPages = 20
)

func (s *server) bankDesk(c *call, o *officer) error {
	o.template = "bank"
	p := &bankDesk{officer: o}
	names := map[string]string{}
	for _, state := range []string{ledger.StateApproved, ledger.StatePaid} {
		page := ledger.Page{Limit: ledger.MaxPage}
		for n := 0; ; n++ {
			payments, next, err := s.ledger.Payments(c.ctx(), s.Book, ledger.PaymentFilter{State: state}, page)
			if err != nil {
				return err
			}
			for _, pay := range payments {
				if err := s.addBatch(c, p, pay, names); err != nil {
					return err
				}
			}
			if page.After = next; next == "" || n == mostBatchPages {
				p.More = p.More || next != ""
				break
			}
		}
	}
	return s.showStaff(c, http.StatusOK, p)
}

// addBatch puts a batch into the list that it belongs to.
func (s *server) addBatch(c *call, p *bankDesk, pay ledger.Payment, names map[string]string) error {
	list := &p.Waiting
	if pay.State == ledger.StatePaid {
		list = &p.Failed
	}
	switch {
	case pay.Lines == 0 || pay.State == ledger.StatePaid && pay.Returned == 0:
		return nil
	case len(*list) == mostBatches:
		p.More = true
		return nil
	}
	name, known := names[pay.Project]
	if !known {
		project, err := s.projectIn(c.ctx(), c.who, s.ledger, pay.Project)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil // not of the officer's area
		}
		if err != nil {
			return err
		}
		name = project.Name
		names[pay.Project] = name
	}
	*list = append(*list, bankRow{pay, name})
	return nil
}

// bankLine is a line as officers see it.
type bankLine struct {
	Line                 ledger.Count
	Place, Name, Account string
	Amount, Returned     ledger.Amount
	Seq                  ledger.Seq
	// Replace is the account that was typed in place of the old one, Chosen says that it
	// is to be asked for again.
	Replace string
	Chosen  bool
}

// bankBatch is one batch with what can be done with it.
type bankBatch struct {
	*officer
	Payment ledger.Payment
	Project ledger.Project
	// Failed are lines that came back and were not asked for again; Again are batches that
	// asked for others.
	Failed   []bankLine
	Again    []ledger.Payment
	Next     string
	Problems []string
	Business string
	ID       string
}

// Waits says whether the batch can go to the bank.
func (p *bankBatch) Waits() bool { return p.Payment.State == ledger.StateApproved }

// mostAgain is how many lines can be asked for again on a page.
const mostAgain = 200

// batchOf finds a grant batch of the officer's area.
func (s *server) batchOf(c *call) (ledger.Payment, ledger.Project, error) {
	pay, err := s.ledger.Payment(c.ctx(), s.Book, c.Param("payment"))
	if err == nil && pay.Lines == 0 {
		err = ledger.ErrNotFound
	}
	if err != nil {
		return pay, ledger.Project{}, err
	}
	project, err := s.projectIn(c.ctx(), c.who, s.ledger, pay.Project)
	return pay, project, err
}

func (s *server) bankPage(c *call, o *officer) error {
	return s.showBank(c, http.StatusOK, &bankBatch{officer: o, Business: string(s.today()), ID: newWord()})
}

func (s *server) showBank(c *call, status int, p *bankBatch) error {
	p.template = "bankbatch"
	var err error
	if p.Payment, p.Project, err = s.batchOf(c); err != nil {
		return err
	}
	if p.Payment.State == ledger.StatePaid && p.Payment.Returned > 0 {
		if err := s.readFailed(c, p); err != nil {
			return err
		}
	}
	return s.showStaff(c, status, p)
}

// allLines reads the lines of a batch.
func (s *server) allLines(ctx context.Context, payment string) ([]ledger.Line, error) {
	var all []ledger.Line
	for page := (ledger.Page{Limit: ledger.MaxPage}); ; {
		lines, next, err := s.ledger.Lines(ctx, s.Book, payment, page)
		if err != nil {
			return nil, err
		}
		all = append(all, lines...)
		if page.After = next; next == "" {
			return all, nil
		}
	}
}

// readFailed finds the lines that came back and were not asked for again: a household
// that stands in a later batch of the same batch was.
func (s *server) readFailed(c *call, p *bankBatch) error {
	lines, err := s.allLines(c.ctx(), p.Payment.Payment)
	if err != nil {
		return err
	}
	asked := map[string]int{}
	for n := 1; ; n++ {
		again, err := s.ledger.Payment(c.ctx(), s.Book, againID(p.Payment.Payment, n))
		if errors.Is(err, ledger.ErrNotFound) {
			p.Next = againID(p.Payment.Payment, n)
			break
		}
		if err != nil {
			return err
		}
		p.Again = append(p.Again, again)
		if !again.Effective() {
			continue
		}
		more, err := s.allLines(c.ctx(), again.Payment)
		if err != nil {
			return err
		}
		for _, l := range more {
			asked[l.Person]++
		}
	}
	var failed []ledger.Line
	for _, l := range lines {
		switch {
		case l.Returned != l.Amount:
		case asked[l.Person] > 0:
			asked[l.Person]--
		default:
			failed = append(failed, l)
		}
	}
	p.Failed, err = s.masked(c.ctx(), failed[:min(len(failed), mostAgain)])
	return err
}

// againID is the number of a batch that asks again for lines of another.
func againID(payment string, n int) string { return fmt.Sprintf("%s-R%d", clip(payment, 58), n) }

// opened reads what the bank has to know of some lines.
func (s *server) opened(ctx context.Context, lines []ledger.Line) ([]sheet.BankLine, error) {
	out := make([]sheet.BankLine, 0, len(lines))
	for chunk := range slices.Chunk(lines, 500) {
		seqs := make([]uint64, len(chunk))
		for i, l := range chunk {
			seqs[i] = uint64(l.Seq)
		}
		values, err := s.ledger.Sealer.OpenMany(ctx, s.Pool, string(s.Book), seqs)
		if err != nil {
			return nil, err
		}
		for _, l := range chunk {
			v := values[uint64(l.Seq)]
			out = append(out, sheet.BankLine{Line: ledger.Count(l.Line), Name: v["payee_name"].Value, Account: v["payee_account"].Value, Amount: l.Amount, Returned: l.Returned})
		}
	}
	return out, nil
}

// masked shows lines to officers: the family name, and the end of the account.
func (s *server) masked(ctx context.Context, lines []ledger.Line) ([]bankLine, error) {
	known, err := s.opened(ctx, lines)
	if err != nil {
		return nil, err
	}
	var out []bankLine
	for i, l := range lines {
		out = append(out, bankLine{
			Line: known[i].Line, Place: l.Place, Name: maskedName(known[i].Name), Account: maskedAccount(known[i].Account), Amount: l.Amount, Returned: l.Returned, Seq: l.Seq, Chosen: true,
		})
	}
	return out, nil
}

// maskedName leaves the first character of a name.
func maskedName(name string) string {
	n := utf8.RuneCountInString(name)
	if n == 0 {
		return "—"
	}
	return clip(name, 1) + strings.Repeat("*", n-1)
}

// maskedAccount leaves the last four digits of an account.
func maskedAccount(account string) string {
	if len(account) <= 4 {
		return strings.Repeat("*", len(account))
	}
	return "****" + account[len(account)-4:]
}

// bankFile gives the file for the bank. It holds the names and accounts of households,
// whole: who took it is in the log of the server.
func (s *server) bankFile(format sheet.Format) func(c *call, o *officer) error {
	return func(c *call, _ *officer) error {
		pay, _, err := s.batchOf(c)
		if err != nil {
			return err
		}
		if pay.State != ledger.StateApproved {
			return one("payment", "只有已审批、未支付的批次可以发给银行", "only a batch that is approved and not paid goes to the bank")
		}
		lines, err := s.allLines(c.ctx(), pay.Payment)
		if err != nil {
			return err
		}
		known, err := s.opened(c.ctx(), lines)
		if err != nil {
			return err
		}
		var made spool
		defer func() { _ = made.Close() }() // nameless: nothing is left
		if err := sheet.WriteBank(&made, format, pay.Purpose, known); err != nil {
			return err
		}
		s.Log.InfoContext(c.ctx(), "file for the bank taken", "request", requestIDOf(c), "book", string(s.Book), "by", c.who.ID, "payment", pay.Payment)
		mediaType := mediaXLSX
		if format == sheet.CSV {
			mediaType = "text/csv; charset=utf-8"
		}
		return sendSpool(c, &made, "一卡通-"+pay.Payment+"."+string(format), mediaType)
	}
}

// useBank is what uploads of banks wait for.
const useBank = "bank"

// bankFacts is what is known of such an upload.
type bankFacts struct {
	Payment string `json:"payment"`
	Day     string `json:"day"`
	// Others says that lines which the file does not name were credited.
	Others bool `json:"others"`
}

// returnView shows what a bank's file says, before anything is entered.
type returnView struct {
	*officer
	Upload  document.Waiting
	Facts   bankFacts
	Payment ledger.Payment
	Return  *sheet.BankReturn
	// Faults are what is wrong with the file as a whole.
	Faults []string
	// Failed are the lines that came back, as officers see them; Credited and Sum count the
	// others.
	Failed     []failedLine
	Credited   int
	Paid, Back ledger.Amount
	// Entered counts failed lines that were entered before.
	Entered  int
	Problems []string
}

// failedLine is a line that a bank could not credit.
type failedLine struct {
	Line                       ledger.Count
	Row                        int
	Name, Account, Why, Reason string
	Amount                     ledger.Amount
}

// Ready says whether what the bank says can be entered.
func (p *returnView) Ready() bool {
	return p.Return != nil && len(p.Return.Problems) == 0 && (len(p.Return.Missing) == 0 || p.Facts.Others) && (p.Payment.State == ledger.StateApproved || len(p.Failed) > 0)
}

// Told says whether all of what the bank says is entered already.
func (p *returnView) Told() bool {
	return p.Return != nil && len(p.Return.Problems) == 0 && p.Payment.State == ledger.StatePaid && len(p.Failed) == 0
}

// Say picks the page's language.
func (p *returnView) Say(zh, en string) string { return p.lang.pick(ledger.Text{Zh: zh, En: en}) }

// takeReturn keeps a bank's file.
func (s *server) takeReturn(c *call, o *officer) error {
	pay, _, err := s.batchOf(c)
	if err != nil {
		return err
	}
	facts := bankFacts{Payment: pay.Payment, Day: c.said("day"), Others: c.FormValue("others") != ""}
	w, err := s.keepUpload(c, useBank, facts, func() error {
		if _, err := ledger.ParseDate(facts.Day); err != nil {
			return one("day", "请填写银行付款日期，如 2020-03-18", "say on which day the bank paid, such as 2020-03-18")
		}
		return nil
	})
	if problems, ok := sheetProblems(err); ok {
		p := &bankBatch{officer: o, Business: facts.Day, ID: newWord()}
		for _, x := range problems {
			p.Problems = append(p.Problems, o.lang.pick(x.Text))
		}
		return s.showBank(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/return/", w.ID))
}

func (s *server) returnPage(c *call, o *officer) error {
	p := &returnView{officer: o}
	if err := s.readReturn(c, p); err != nil {
		return err
	}
	return s.showReturn(c, http.StatusOK, p)
}

func (s *server) showReturn(c *call, status int, p *returnView) error {
	p.template = "return"
	return s.showStaff(c, status, p)
}

// readReturn reads a bank's file and holds it against the batch.
func (s *server) readReturn(c *call, p *returnView) error {
	var err error
	if p.Upload, err = s.Files.Waiting(c.Param("upload"), c.who.owner(), useBank, s.Now()); err != nil {
		return err
	}
	if err := json.Unmarshal(p.Upload.Facts, &p.Facts); err != nil {
		return err
	}
	if p.Payment, err = s.ledger.Payment(c.ctx(), s.Book, p.Facts.Payment); err != nil {
		return err
	}
	lines, err := s.allLines(c.ctx(), p.Payment.Payment)
	if err != nil {
		return err
	}
	known, err := s.opened(c.ctx(), lines)
	if err != nil {
		return err
	}
	src, err := s.openSheet(p.Upload, "")
	if err == nil {
		p.Return, err = sheet.ReadReturn(src.Source, known)
		err = errors.Join(err, src.Close())
	}
	if problems, ok := sheetProblems(err); ok {
		for _, x := range problems {
			p.Faults = append(p.Faults, p.lang.pick(x.Text))
		}
		return nil
	}
	if err != nil {
		return err
	}
	p.sum()
	return nil
}

// sum counts what the file says.
func (p *returnView) sum() {
	for _, l := range p.Return.Lines {
		switch {
		case !l.Failed:
			p.Credited++
			p.Paid += l.Amount
		case l.Returned >= l.Amount: // entered before
			p.Entered++
		default:
			p.Failed = append(p.Failed, failedLine{l.Line, l.Row, maskedName(l.Name), maskedAccount(l.Account), l.Why, l.Reason, l.Amount - l.Returned})
			p.Back += l.Amount - l.Returned
		}
	}
	if p.Facts.Others {
		for _, l := range p.Return.Missing {
			p.Credited++
			p.Paid += l.Amount
		}
	}
}

// postReturn enters what happened: the batch was paid, and some lines came back. The
// same file sent twice is entered once.
func (s *server) postReturn(c *call, o *officer) error {
	p := &returnView{officer: o}
	if err := s.readReturn(c, p); err != nil {
		return err
	}
	at := o.site.href(o.lang, "/desk/bank/", p.Payment.Payment)
	switch {
	case p.Told(): // sent twice
		return c.Redirect(http.StatusSeeOther, at)
	case !p.Ready():
		return s.showReturn(c, http.StatusUnprocessableEntity, p)
	}
	if err := s.mayEnter(); err != nil {
		return err
	}
	_, err := s.post(c, p.drafts(c.who.by())...)
	if problems, ok := sheetProblems(err); ok {
		for _, x := range problems {
			p.Problems = append(p.Problems, o.lang.pick(x.Text))
		}
		return s.showReturn(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, at)
}

// drafts are the entries that a bank's file makes.
func (p *returnView) drafts(by ledger.By) []ledger.Draft {
	id := "bank-" + hashText(p.Payment.Payment + " " + p.Return.File.SHA256)[:24]
	on := ledger.Date(p.Facts.Day)
	var out []ledger.Draft
	if p.Payment.State == ledger.StateApproved {
		out = append(out, ledger.Draft{ID: id, Kind: "payment.paid", On: on, By: by, Corrects: ledger.None, Body: &ledger.PaymentPaid{Payment: p.Payment.Payment}})
	}
	for _, l := range p.Failed {
		out = append(out, ledger.Draft{
			ID: fmt.Sprintf("%s-%d", id, l.Line), Kind: "payment.returned", On: on, By: by, Corrects: ledger.None,
			Body: &ledger.PaymentReturned{Payment: p.Payment.Payment, Line: l.Line, Amount: l.Amount, Reason: cmp.Or(l.Reason, "returned")},
		})
	}
	return out
}
