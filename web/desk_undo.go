package web

import (
	"net/http"
	"net/url"

	"yilu/alerts"
	"yilu/ledger"
)

// postUndo submits the reversal of a submission if nothing stands against it.
func (s *server) postUndo(c *call, p *undoView, u *unitOfForm) error {
	check, err := alerts.Check(c.ctx(), s.ledger, s.Book, u.drafts...)
	if err == nil && !check.Accepted {
		err = &ledger.Refused{Problems: check.Problems}
	}
	if err == nil {
		if err := s.mayEnter(); err != nil {
			return err
		}
		_, err = s.ledger.PostWith(c.ctx(), c.book, keepPrecheck(c.book, u.submission, check), u.drafts...)
	}
	if err == nil {
		return c.Redirect(http.StatusSeeOther, p.site.live(p.lang, "/desk/submissions/"+url.PathEscape(u.submission), "done", "1"))
	}
	why := problemOf(err)
	if len(why.Problems) == 0 {
		return err
	}
	for _, x := range why.Problems {
		text := p.lang.pick(x.Text)
		if n := x.Index - 1; n >= 0 && n < len(p.Entries) {
			text = p.t("undo.problem", int64(p.Entries[n].Seq), text)
		}
		p.Problems = append(p.Problems, text)
	}
	return s.showStaff(c, why.Status, p)
}

// voucherView is the payment voucher (支付凭证), to be printed.
type voucherView struct {
	*officer
	Payment  ledger.Payment
	Request  *ledger.PaymentRequested
	Project  ledger.Project
	Fund     ledger.Fund
	Sealed   []sealedLine
	Requests actOf
	Approves actOf
	Pays     actOf
	Voucher  string
}

// actOf says who did something, and when; Seq is None before it is done.
type actOf struct {
	Seq      ledger.Seq
	By       ledger.By
	On       ledger.Date
	Recorded string
}

func (s *server) voucherPage(c *call, o *officer) error {
	o.template = "deskvoucher"
	id, err := c.name("payment")
	if err != nil {
		return err
	}
	p := &voucherView{officer: o}
	if p.Payment, err = s.ledger.Payment(c.ctx(), s.Book, id); err != nil {
		return err
	}
	if p.Project, err = s.ledger.Project(c.ctx(), s.Book, p.Payment.Project); err != nil {
		return err
	}
	if p.Fund, err = s.ledger.Fund(c.ctx(), s.Book, p.Payment.Fund); err != nil {
		return err
	}
	for _, x := range []struct {
		seq ledger.Seq
		act *actOf
	}{{p.Payment.Requested, &p.Requests}, {p.Payment.Approved, &p.Approves}, {p.Payment.Paid, &p.Pays}} {
		x.act.Seq = ledger.None
		if x.seq == ledger.None {
			continue
		}
		e, err := s.ledger.Entry(c.ctx(), s.Book, x.seq)
		if err != nil {
			return err
		}
		*x.act = actOf{e.Seq, e.By, e.On, inShanghai(e.At)}
		switch b := e.Body.(type) {
		case *ledger.PaymentRequested:
			p.Request = b
			sealed, err := s.sealedOf(c, []*ledger.Entry{e})
			if err != nil {
				return err
			}
			p.Sealed = sealed[e.Seq]
		case *ledger.PaymentPaid:
			p.Voucher = b.Voucher
		}
	}
	return s.showStaff(c, http.StatusOK, p)
}

// Printed is when the voucher was shown.
func (p *voucherView) Firm() string { return firmCode(p.Payment.Payee) }

// Good says whether the voucher stands for a payment that counts.
func (p *voucherView) Good() bool { return p.Payment.Effective() && p.Approves.Seq != ledger.None }

// mendPage opens a form with the entries of a submission that was sent back.
func (s *server) mendPage(c *call, o *officer) error {
	id, err := c.name("submission")
	if err != nil {
		return err
	}
	sub, err := s.ledger.Submission(c.ctx(), s.Book, id)
	if err != nil {
		return err
	}
	if sub.Maker != c.who.User || sub.State != ledger.StateRejected || sub.Last-sub.First >= mostEntries {
		return ledger.ErrNotFound
	}
	entries, err := s.ledger.Entries(c.ctx(), s.Book, sub.First, int(sub.Last-sub.First)+1)
	if err != nil {
		return err
	}
	f := &deskForm{values: url.Values{"title": {sub.Title}}, draft: newID(), id: newID()}
	if sub.AfterFact {
		f.values.Set("after_fact", "1")
	}
	n := 0
	for _, e := range entries {
		if spec, _ := ledger.SpecOf(e.Kind); mayFill(spec, c.who.Role) {
			f.typeEntry(n, e)
			n++
		}
	}
	if n == 0 {
		return ledger.ErrNotFound
	}
	p := &formView{officer: o, form: f, Told: []string{o.t("mend.note")}}
	return s.showForm(c, http.StatusOK, p)
}
