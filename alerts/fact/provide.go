package fact

import (
	"maps"

	"yilu/alerts/formula"
	"yilu/ledger"
)

// providers is how each fact of the catalogue is known.
var providers = func() map[string]func(*subject) formula.Value {
	all := maps.Clone(mainProviders)
	for _, more := range []map[string]func(*subject) formula.Value{bidProviders, deedProviders, workProviders, outlayProviders, wordingProviders, registerProviders, noticeProviders, termProviders, holderProviders} {
		maps.Copy(all, more)
	}
	return all
}()

// mainProviders know the things that an entry is about, as the book has them.
var mainProviders = map[string]func(*subject) formula.Value{
	"entry.on":     func(s *subject) formula.Value { return day(s.e.On) },
	"entry.unit":   func(s *subject) formula.Value { return formula.String(s.e.By.Unit) },
	"entry.amount": entryAmount,

	"entry.recorded_on": func(s *subject) formula.Value { return day(ledger.DateOf(s.e.At)) },
	"entry.taken_over":  func(s *subject) formula.Value { return formula.True(s.v.TakenOver()) },
	"book.begun_on": func(s *subject) formula.Value {
		begun, ok := s.v.Begun()
		if !ok {
			return nothing
		}
		return day(begun)
	},

	"fund.id":       func(s *subject) formula.Value { return text(s.fundID()) },
	"fund.received": ofFund(func(f ledger.Fund) formula.Value { return yuan(f.Received) }),
	"fund.allocated": ofFund(func(f ledger.Fund) formula.Value {
		return yuan(f.Received - f.InHand - f.Returned)
	}),
	"receipt.twins": receiptTwins,

	"project.id": func(s *subject) formula.Value { return text(s.projectID()) },
	"project.in_library": func(s *subject) formula.Value {
		if id, ok := s.projectID(); !ok || id == "" {
			return nothing
		}
		p, ok := s.project()
		return formula.True(ok && p.Listed != ledger.None && living(p.State))
	},
	"project.accepted": ofProject(func(p ledger.Project) formula.Value { return formula.True(p.State == ledger.StateAccepted) }),
	"project.cap": ofProject(func(p ledger.Project) formula.Value {
		if p.Approved == ledger.None {
			return nothing
		}
		return yuan(p.Budget)
	}),
	"project.contracts":    ofProject(func(p ledger.Project) formula.Value { return yuan(p.Contracts) }),
	"project.exempted":     ofProject(func(p ledger.Project) formula.Value { return formula.True(p.Exempted != ledger.None) }),
	"project.investment":   investment,
	"project.public_money": ofProject(func(p ledger.Project) formula.Value { return yuan(max(p.Allocated, p.Budget)) }),

	"tender.id":         func(s *subject) formula.Value { return text(s.tenderID()) },
	"tender.method":     ofTender(func(t ledger.Tender) formula.Value { return formula.String(t.Method) }),
	"tender.price_only": func(*subject) formula.Value { return formula.True(false) }, // the method tells it
	"tender.deadline":   deadline,
	"tender.issued_on": func(s *subject) formula.Value {
		if s.e.Kind == "tender.announced" {
			return day(s.e.On)
		}
		t, ok := s.tender()
		if !ok {
			return nothing
		}
		e, ok := s.v.Entry(t.Seq)
		if !ok {
			return nothing
		}
		return day(e.On)
	},
	"tender.bidders": func(s *subject) formula.Value {
		bids, ok := s.bids()
		if !ok {
			return nothing
		}
		return formula.Whole(int64(len(bids)))
	},
	"tender.bids": otherBids,

	"winner.id": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.TenderAwarded)
		if !ok {
			return nothing
		}
		return formula.String(ledger.PayeeKey(b.Winner))
	},
	"winner.bid_at": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.TenderAwarded)
		if !ok {
			return nothing
		}
		bid, ok := s.v.Bid(b.Tender, b.Winner)
		if !ok || bid.Withdrawn {
			return nothing
		}
		return instant(bid.At)
	},

	"purchase.method": func(s *subject) formula.Value {
		if t, ok := s.tender(); ok {
			return formula.String(t.Method)
		}
		if id, ok := s.tenderID(); ok && id == "" {
			return formula.String("direct")
		}
		return nothing
	},
	"purchase.category": purchaseCategory,
	"purchase.estimate": purchaseEstimate,

	"contract.id":        func(s *subject) formula.Value { return text(s.contractID()) },
	"contract.signed_on": ofContract(func(k ledger.Contract) formula.Value { return day(k.On) }),
	"contract.original":  ofContract(func(k ledger.Contract) formula.Value { return yuan(k.Signed) }),
	"contract.amount":    ofContract(func(k ledger.Contract) formula.Value { return yuan(k.Limit()) }),
	"contract.increases": ofContract(func(k ledger.Contract) formula.Value { return yuan(k.Increases) }),
	"contract.paid":      ofContract(func(k ledger.Contract) formula.Value { return yuan(k.Paid) }),
	"contract.payees":    ofContract(func(k ledger.Contract) formula.Value { return formula.Strings([]string{k.Supplier}) }),
	"contract.requested": func(s *subject) formula.Value {
		k, ok := s.contract()
		if !ok {
			return nothing
		}
		p, _ := s.payment()
		return yuan(k.Requested - s.reserved(p))
	},
	"contract.procurement": procurement,
	"award.price": func(s *subject) formula.Value {
		t, ok := s.tender()
		if !ok || t.State != ledger.StateAwarded {
			return nothing
		}
		return yuan(t.Price)
	},

	"allocation.amount": ofQuota(func(s *subject, q ledger.Quota) formula.Value { return yuan(q.Allocated) }),
	"allocation.paid":   ofQuota(func(s *subject, q ledger.Quota) formula.Value { return yuan(q.Paid) }),
	"allocation.requested": ofQuota(func(s *subject, q ledger.Quota) formula.Value {
		p, _ := s.payment()
		return yuan(q.Requested - s.reserved(p))
	}),

	"payment.id":    ofPayment(func(_ *subject, p *ledger.Payment) formula.Value { return formula.String(p.Payment) }),
	"payment.payee": ofPayment(func(_ *subject, p *ledger.Payment) formula.Value { return formula.String(p.Payee) }),
	"twin.invoiced": ofPayment(func(s *subject, p *ledger.Payment) formula.Value {
		n := int64(0)
		for _, q := range s.twins(p) {
			if q.Invoice == p.Invoice && p.Invoice != "" {
				n++
			}
		}
		return formula.Whole(n)
	}),
	"twin.exists": ofPayment(func(s *subject, p *ledger.Payment) formula.Value {
		_, ok := s.lastTwin(p)
		return formula.True(ok)
	}),
	"twin.on": ofPayment(func(s *subject, p *ledger.Payment) formula.Value {
		q, ok := s.lastTwin(p)
		if !ok {
			return nothing
		}
		return day(q.On)
	}),

	"invoice.id":        ofPayment(func(_ *subject, p *ledger.Payment) formula.Value { return formula.String(p.Invoice) }),
	"invoice.amount":    invoiceAmount,
	"invoice.paid":      ofPayment(func(s *subject, p *ledger.Payment) formula.Value { paid, _ := s.invoiced(p); return yuan(paid) }),
	"invoice.requested": ofPayment(func(s *subject, p *ledger.Payment) formula.Value { _, asked := s.invoiced(p); return yuan(asked) }),
}

// deadline is that of the entry's tender as last put off, by the entry itself if it does.
func deadline(s *subject) formula.Value {
	b, ok := s.announced()
	if !ok {
		return nothing
	}
	at := string(b.Deadline)
	for _, e := range s.v.Events(b.Project, "tender.changed") {
		if c, is := e.Body.(*ledger.TenderChanged); is && c.Tender == b.Tender && c.Deadline != "" {
			at = string(c.Deadline)
		}
	}
	if c, is := s.e.Body.(*ledger.TenderChanged); is && c.Deadline != "" {
		at = string(c.Deadline)
	}
	return instant(at)
}

// text is a name that an entry has; empty is a value.
func text(s string, ok bool) formula.Value {
	if !ok {
		return nothing
	}
	return formula.String(s)
}

func ofFund(get func(ledger.Fund) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		id, ok := s.fundID()
		if !ok {
			return nothing
		}
		f, ok := s.v.Fund(id)
		if !ok {
			return nothing
		}
		return get(f)
	}
}

func ofProject(get func(ledger.Project) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		p, ok := s.project()
		if !ok {
			return nothing
		}
		return get(p)
	}
}

func ofTender(get func(ledger.Tender) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		t, ok := s.tender()
		if !ok {
			return nothing
		}
		return get(t)
	}
}

func ofContract(get func(ledger.Contract) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		k, ok := s.contract()
		if !ok {
			return nothing
		}
		return get(k)
	}
}

func ofPayment(get func(*subject, *ledger.Payment) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		p, ok := s.payment()
		if !ok {
			return nothing
		}
		return get(s, p)
	}
}

func ofQuota(get func(*subject, ledger.Quota) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		p, ok := s.payment()
		if !ok {
			return nothing
		}
		if _, ok := s.v.Project(p.Project); !ok {
			return nothing // of what is not there, nothing can be said
		}
		if _, ok := s.v.Fund(p.Fund); !ok {
			return nothing
		}
		q, _ := s.v.Quota(p.Project, p.Fund) // none is nothing allocated
		return get(s, q)
	}
}

func entryAmount(s *subject) formula.Value {
	switch b := s.e.Body.(type) {
	case *ledger.FundReceived:
		return yuan(b.Amount)
	case *ledger.FundAllocated:
		return yuan(b.Amount)
	case *ledger.TenderBid:
		return yuan(b.Amount)
	case *ledger.TenderAwarded:
		return yuan(b.Amount)
	case *ledger.ContractSigned:
		return yuan(b.Amount)
	case *ledger.ContractAmended:
		return yuan(b.Amount)
	case *ledger.ContractSubcontracted:
		return yuan(b.Amount)
	case *ledger.AssetDisposed:
		return yuan(b.Value)
	case *ledger.SettlementAudited:
		return yuan(b.Amount)
	case *ledger.GrantLine:
		return yuan(b.Amount)
	case *ledger.PaymentReturned:
		return yuan(b.Amount)
	}
	p, ok := s.payment()
	if !ok {
		return nothing
	}
	return yuan(p.Amount)
}

// receiptTwins counts receipts of the same document, level, budget line and year.
func receiptTwins(s *subject) formula.Value {
	b, ok := s.e.Body.(*ledger.FundReceived)
	if !ok {
		return nothing
	}
	n := int64(0)
	for f := range s.v.Receipts(b.Document) {
		if f.Level == b.Level && f.Year == b.Year && f.FunctionCode == b.FunctionCode && f.Name == b.Name {
			n++
		}
	}
	return formula.Whole(n)
}

// investment is the approved budget, or the estimate before there is one.
func investment(s *subject) formula.Value {
	p, ok := s.project()
	switch {
	case !ok:
		return nothing
	case p.Approved != ledger.None:
		return yuan(p.Budget)
	}
	e, ok := s.v.Entry(p.Listed)
	if !ok {
		return nothing
	}
	b, ok := e.Body.(*ledger.ProjectListed)
	if !ok || b.Estimate == 0 {
		return nothing
	}
	return yuan(b.Estimate)
}

// bids are the bids of the entry's tender, with the bidder at hand if it is a bid.
func (s *subject) bids() ([]ledger.Bid, bool) {
	id, ok := s.tenderID()
	if !ok || id == "" {
		return nil, false
	}
	return s.v.Bids(id), true
}

func otherBids(s *subject) formula.Value {
	bids, ok := s.bids()
	if !ok {
		return nothing
	}
	self := ""
	if b, ok := s.e.Body.(*ledger.TenderBid); ok {
		self = ledger.PayeeKey(b.Bidder)
	}
	amounts := make([]int64, 0, len(bids))
	for _, b := range bids {
		if b.Bidder != self {
			amounts = append(amounts, int64(b.Amount))
		}
	}
	return formula.Fens(amounts)
}

// purchaseCategory is what is bought: by the tender, or as the contract says.
func purchaseCategory(s *subject) formula.Value {
	if t, ok := s.tender(); ok {
		return formula.String(t.Category)
	}
	if b, ok := s.deed(); ok && b.Category != "" {
		return formula.String(b.Category)
	}
	return nothing
}

// purchaseEstimate sums what is bought of one category for a project: lots that
// could be one tender are one (发改委令16号 2).
func purchaseEstimate(s *subject) formula.Value {
	project, ok := s.projectID()
	if !ok {
		return nothing
	}
	var sum ledger.Amount
	own, hasOwn := s.tender()
	switch b := s.e.Body.(type) {
	case *ledger.TenderAnnounced:
		sum = b.Estimate
	case *ledger.ContractSigned:
		if b.Tender == "" {
			return yuan(b.Amount)
		}
	}
	if !hasOwn {
		return nothing
	}
	for t := range s.v.Tenders(project) {
		if t.Category == own.Category && t.State != ledger.StateWithdrawn && t.State != ledger.StateFailed {
			sum += t.Estimate
		}
	}
	return yuan(sum)
}

// procurement says whether the procurement law holds for the contract: all but
// works that were tendered (采购法 4).
func procurement(s *subject) formula.Value {
	k, ok := s.contract()
	if !ok {
		return nothing
	}
	if k.Tender == "" {
		return formula.True(true)
	}
	t, ok := s.v.Tender(k.Tender)
	if !ok {
		return nothing
	}
	tendered := t.Category == "works" && (t.Method == "open" || t.Method == "invited")
	return formula.True(!tendered)
}

// twins are earlier payments to the same payee of the same amount that count.
func (s *subject) twins(p *ledger.Payment) []*ledger.Payment {
	if s.alike != nil || p.Payee == "" {
		return s.alike
	}
	s.alike = []*ledger.Payment{}
	for q := range s.v.Twins(p.Payee, p.Amount) {
		if q.Payment != p.Payment && q.Effective() && q.Returned < q.Amount {
			s.alike = append(s.alike, q)
		}
	}
	return s.alike
}

// lastTwin is the latest of them for the same project.
func (s *subject) lastTwin(p *ledger.Payment) (last *ledger.Payment, ok bool) {
	for _, q := range s.twins(p) {
		if q.Project == p.Project && (last == nil || q.On >= last.On) {
			last = q
		}
	}
	return last, last != nil
}

// invoiced is what was paid and what is asked for on the payment's invoice.
func (s *subject) invoiced(p *ledger.Payment) (paid, asked ledger.Amount) {
	if p.Invoice == "" {
		return 0, 0
	}
	for q := range s.v.Invoiced(p.Invoice) {
		switch {
		case q.Payment == p.Payment || !q.Effective():
		case q.State == ledger.StatePaid:
			paid += q.Amount - q.Returned
		default:
			asked += q.Amount
		}
	}
	return paid, asked
}

// invoiceAmount is the total that the invoice was first entered with: a later
// payment cannot raise it.
func invoiceAmount(s *subject) formula.Value {
	p, ok := s.payment()
	if !ok || p.Invoice == "" {
		return nothing
	}
	for q := range s.v.Invoiced(p.Invoice) { // in the order of their entries
		if q.Payment != p.Payment && q.Effective() {
			return yuan(q.InvoiceTotal)
		}
	}
	return yuan(p.InvoiceTotal)
}
