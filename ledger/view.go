package ledger

import (
	"fmt"
	"slices"
	"strconv"

	"yilu/audit"
)

// View is a book as it stands just before an entry takes effect. Its answers are
// copies. Asked before judging (see Judge.Touch) it knows nothing and loads.
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
func (v View) Twins(payee string, a Amount) []Payment {
	return many(v.s.twins.get(twinKey(payee, a)), v.s.payments)
}

// Invoiced returns the payments on an invoice, by its key.
func (v View) Invoiced(invoice string) []Payment {
	return many(v.s.invoiced.get(invoice), v.s.payments)
}

// Bids returns the bids in a tender that count, in the order of their entries.
func (v View) Bids(tender string) []Bid {
	return slices.DeleteFunc(many(v.s.bidsOf.get(tender), v.s.bids), func(b Bid) bool { return b.Withdrawn })
}

// Receipts returns the funds that came by a document.
func (v View) Receipts(document string) []Fund { return many(v.s.receipts.get(document), v.s.funds) }

// Tenders returns the lots of a project.
func (v View) Tenders(project string) []Tender { return many(v.s.tendersOf.get(project), v.s.tenders) }

func many[R row](keys []string, t *table[R]) []R {
	if len(keys) == 0 {
		return nil
	}
	rows := make([]R, 0, len(keys))
	for _, key := range keys {
		if r := t.get(key); r != nil {
			rows = append(rows, *r)
		}
	}
	return rows
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

// PaidOn returns the payments to a payee that were asked for on a day.
func (v View) PaidOn(payee string, on Date) []Payment {
	return many(v.s.paidOn.get(paidOnKey(payee, on)), v.s.payments)
}

// Grants returns the lines of grants to whoever an entry is sealed for, the latest
// 200, in the order of their entries. ok is false when nobody is known.
func (v View) Grants(e *Entry) (lines []Line, ok bool) {
	if e.Person == (audit.Token{}) {
		return nil, false
	}
	return many(v.s.grantsOf.get(personKey(e.Person)), v.s.lines), true
}

// Notice returns a notice by its id.
func (v View) Notice(id string) (Notice, bool) { return copied(v.s.notice(id)) }

// Notices returns the notices about a project, in the order of their entries, the
// latest 200.
func (v View) Notices(project string) []Notice {
	var notices []Notice
	for _, row := range many(v.s.noticesOf.get(project), v.s.noticeProjects) {
		if n := v.s.notice(row.Notice); n != nil {
			notices = append(notices, *n)
		}
	}
	return notices
}

// Photos returns the proofs of posting that show one photograph, by its hash.
func (v View) Photos(sha256 string) []NoticeProof { return many(v.s.photosOf.get(sha256), v.s.proofs) }

// Objection returns an objection by its id.
func (v View) Objection(id string) (Objection, bool) { return copied(v.s.objection(id)) }

// Announced is the sum that a notice of some entries has to state, of the sources it
// names; false where none of them has a sum.
func (v View) Announced(entries []Seq, sources []string) (sum Amount, stated bool) {
	for _, q := range entries {
		e, ok := v.Entry(q)
		if !ok {
			continue
		}
		if !v.s.judging {
			v.s.touchSubject(e)
		}
		if a, ok := v.s.announced(e, sources); ok {
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

// Rulebook returns the rules in force.
func (v View) Rulebook() (Rulebook, bool) { return copied(v.s.rulebook()) }

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

// Approval is the entry by which the one at hand takes effect, nil for itself.
func (v View) Approval() *Entry { return v.s.approvedBy }

func copied[R any](r *R) (R, bool) {
	if r == nil {
		var none R
		return none, false
	}
	return *r, true
}
