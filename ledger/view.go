package ledger

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
)

// View is a book as it stands just before an entry takes effect. Its answers are
// copies, but for lists of payments, which nobody may change. Asked before judging (see Judge.Touch) it may know nothing, and loads.
type View struct{ s *state }

// Book is the county's code.
func (v View) Book() Book { return v.s.book }

// Fund returns a fund by its id.
func (v View) Fund(id string) (Fund, bool) { return copied(v.s.fund(id)) }

// Project returns a project and its money.
func (v View) Project(id string) (Project, bool) {
	p := v.s.project(id)
	if p == nil {
		return Project{}, false
	}
	return Project{*p, v.s.total(id)}, true
}

// Quota returns one fund's money in one project.
func (v View) Quota(project, fund string) (Quota, bool) { return copied(v.s.quota(project, fund)) }

// Tender returns a lot by its id.
func (v View) Tender(id string) (Tender, bool) { return copied(v.s.tender(id)) }

// Bid returns a bidder's bid in a tender.
func (v View) Bid(tender string, bidder Party) (Bid, bool) {
	return copied(v.s.bid(tender, payeeKey(bidder)))
}

// Contract returns a contract by its id.
func (v View) Contract(id string) (Contract, bool) { return copied(v.s.contract(id)) }

// Payment returns a payment or grant batch by its id.
func (v View) Payment(id string) (Payment, bool) { return copied(v.s.payment(id)) }

// Payee returns whoever a payment request names.
func (v View) Payee(e *Entry) (Payee, bool) {
	b, ok := e.Body.(*PaymentRequested)
	if !ok {
		return Payee{}, false
	}
	key, _ := b.payee(e)
	return copied(v.s.payee(key))
}

// Twins returns the payments of one amount to one payee, the latest 200.
func (v View) Twins(payee string, a Amount) iter.Seq[*Payment] {
	return v.s.paymentsOf(v.s.twins, twinKey(payee, a))
}

// Invoiced returns the payments on an invoice, by its key, in the order of their
// entries, the latest 200.
func (v View) Invoiced(invoice string) iter.Seq[*Payment] {
	return v.s.paymentsOf(v.s.invoiced, invoice)
}

// Bids returns the bids in a tender that count, in the order of their entries.
func (v View) Bids(tender string) []Bid {
	return slices.DeleteFunc(slices.Collect(rowsOf(v.s.bidsOf, tender, v.s.bids)), func(b Bid) bool { return b.Withdrawn })
}

// Receipts returns the funds that came by a document.
func (v View) Receipts(document string) iter.Seq[Fund] {
	return rowsOf(v.s.receipts, document, v.s.funds)
}

// Tenders returns the lots of a project.
func (v View) Tenders(project string) iter.Seq[Tender] {
	return rowsOf(v.s.tendersOf, project, v.s.tenders)
}

// PayeeOf is the key under which whoever a request names is paid.
func PayeeOf(b *PaymentRequested, e *Entry) string {
	key, _ := b.payee(e)
	return key
}

// PayeeKey is the key under which a firm or office is paid.
func PayeeKey(p Party) string { return payeeKey(p) }

// Events returns the entries of one kind about a project that took effect and were
// not taken back, in their order, the latest 200.
func (v View) Events(project string, k Kind) []*Entry {
	var entries []*Entry
	for _, key := range v.s.eventsOf.get(eventKey(project, k)) {
		q, err := strconv.ParseInt(key, 10, 64)
		if err != nil {
			panic(fmt.Sprintf("ledger: event %q of project %s", key, project)) // a bug
		}
		if v.s.reversal(Seq(q)) != nil {
			continue
		}
		if e, ok := v.Entry(Seq(q)); ok {
			entries = append(entries, e)
		}
	}
	return entries
}

// Happened says whether entries of a kind about a project ever took effect.
func (v View) Happened(project string, k Kind) bool {
	return len(v.s.eventsOf.get(eventKey(project, k))) > 0
}

// PaidOn returns the payments to a payee that were asked for on a day, the latest 200.
// Before judging it gives none if all of them are loaded: there may be many, and who
// asks then asks for nothing else.
func (v View) PaidOn(payee string, on Date) iter.Seq[*Payment] {
	if v.s.paidOn.isWhole(paidOnKey(payee, on)) {
		return func(func(*Payment) bool) {}
	}
	return v.s.paymentsOf(v.s.paidOn, paidOnKey(payee, on))
}

// Grants returns the lines of grants to a person, by its key, the latest 200, in the
// order of their entries.
func (v View) Grants(who string) []Line {
	if who == "" {
		return nil
	}
	return slices.Collect(rowsOf(v.s.grantsOf, who, v.s.lines))
}

// Notice returns a notice by its id.
func (v View) Notice(id string) (Notice, bool) { return copied(v.s.notice(id)) }

// Notices returns the notices about a project, in the order of their entries, the
// latest 200.
func (v View) Notices(project string) []Notice {
	var notices []Notice
	for _, row := range slices.Collect(rowsOf(v.s.noticesOf, project, v.s.noticeProjects)) {
		if n := v.s.notice(row.Notice); n != nil {
			notices = append(notices, *n)
		}
	}
	return notices
}

// Photos returns the proofs of posting that show one photograph, by its hash.
func (v View) Photos(sha256 string) []NoticeProof {
	return slices.Collect(rowsOf(v.s.photosOf, sha256, v.s.proofs))
}

// Objection returns an objection by its id.
func (v View) Objection(id string) (Objection, bool) { return copied(v.s.objection(id)) }

// Announced is the sum that a notice has to state by its entries, of the sources it
// names; false where none of them has a sum, or its total is its own.
func (v View) Announced(c *NoticeContent) (sum Amount, stated bool) {
	if ownTotals[c.Stage] {
		return 0, false
	}
	for _, q := range c.About {
		e, ok := v.Entry(q)
		if !ok {
			continue
		}
		if !v.s.judging {
			v.s.touchSubject(e)
		}
		if a, ok := v.s.announced(e, c.Sources); ok {
			sum, stated = sum+a, true
		}
	}
	return sum, stated
}

// Submission returns a submission by its id.
func (v View) Submission(id string) (Submission, bool) { return copied(v.s.submission(id)) }

// Entry returns an earlier entry of the log, or of the unit that is judged.
func (v View) Entry(q Seq) (*Entry, bool) {
	if u := v.s.unit; len(u) > 0 && q >= u[0].Seq && q < u[0].Seq+Seq(len(u)) {
		return u[q-u[0].Seq], true
	}
	e := v.s.entry(q)
	return e, e != nil
}

// Begun is the day on which the first entry of the book was recorded.
func (v View) Begun() (Date, bool) {
	if v.s.begun != "" {
		return v.s.begun, true
	}
	first, ok := v.Entry(0)
	if !ok {
		return "", false
	}
	if len(v.s.unit) == 0 || v.s.unit[0].Seq > 0 { // the first unit may not be entered
		v.s.begun = DateOf(first.At)
	}
	return DateOf(first.At), true
}

// Rulebook returns the rules in force.
func (v View) Rulebook() (Rulebook, bool) { return copied(v.s.rulebook()) }

// RuleFile returns the text of a file that was put in force, by its hash.
func (v View) RuleFile(hash string) ([]byte, bool) {
	row, ok := copied(v.s.rulebooks.get(fileKey(hash)))
	return row.Rules, ok
}

// Acknowledged returns the answers that the unit at hand gives to warnings about an
// entry.
func (v View) Acknowledged(id string) []*AlertAcknowledged { return v.s.acks[id] }

// Sheet says whether the entry at hand came with a file as a whole, such as an imported
// sheet: that of the submission it is posted in.
func (v View) Sheet() bool {
	if v.s.cover != nil {
		return v.s.cover.body.File != (File{})
	}
	if v.s.approvedBy == nil {
		return false
	}
	b, ok := v.s.approvedBy.Body.(*SubmissionApproved)
	if !ok {
		return false
	}
	sub := v.s.submission(b.Submission)
	return sub != nil && sub.File != ""
}

// AfterFact says whether the entry at hand tells what had already happened when it was
// recorded: what a bank has paid, another's record, or an older book that is taken over
// in a submission that says so.
func (v View) AfterFact(e *Entry) bool {
	return v.Recorded(e) || e.Kind == "payment.paid" || v.TakenOver()
}

// TakenOver says whether the submission of the entry at hand says that it tells what had
// happened before (补录).
func (v View) TakenOver() bool {
	if v.s.cover != nil {
		return v.s.cover.body.AfterFact
	}
	if v.s.approvedBy == nil {
		return false
	}
	b, ok := v.s.approvedBy.Body.(*SubmissionApproved)
	if !ok {
		return false
	}
	sub := v.s.submission(b.Submission)
	return sub != nil && sub.AfterFact
}

// Records returns the newest version of each object of a published process; whole is
// false when there are more than are looked at.
func (v View) Records(process string) (records []Record, whole bool) {
	records = slices.Collect(rowsOf(v.s.recordsOf, process, v.s.records))
	return records, len(records) < mostFound
}

// Recorded says whether an entry is a record of what others published: it is no act,
// so nothing of it can be refused or held.
func (v View) Recorded(e *Entry) bool { return RecordedOf(e.Body) != nil }

// Foreign is the currency of the amounts of a record where it is not yuan, else empty.
func (v View) Foreign(e *Entry) string {
	if r := RecordedOf(e.Body); r != nil && r.Currency != Yuan {
		return r.Currency
	}
	return ""
}

// Approval is the entry by which the one at hand takes effect, nil for itself.
func (v View) Approval() *Entry { return v.s.approvedBy }

func copied[R any](r *R) (R, bool) {
	if r == nil {
		var none R
		return none, false
	}
	return *r, true
}
