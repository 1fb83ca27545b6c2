package fact

import (
	"strconv"
	"strings"

	"yilu/alerts/formula"
	"yilu/ledger"
)

// outlayProviders know funds on their way down, payments and grants.
var outlayProviders = map[string]func(*subject) formula.Value{
	"payment.freezes": ofPayment(func(s *subject, p *ledger.Payment) formula.Value {
		n := int64(0)
		for _, f := range s.v.Freezes() {
			if f.Subject == map[string]string{"project": p.Project, "contract": p.Contract, "fund": p.Fund, "payee": p.Payee}[f.What] {
				n++
			}
		}
		return formula.Whole(n)
	}),
	"fund.level": ofFundEntry(func(b *ledger.FundReceived, _ *ledger.Entry) formula.Value { return formula.String(b.Level) }),
	"fund.uses":  ofFundEntry(func(b *ledger.FundReceived, _ *ledger.Entry) formula.Value { return formula.Strings(b.Uses) }),
	"fund.received_on": ofFundEntry(func(_ *ledger.FundReceived, e *ledger.Entry) formula.Value {
		return day(e.On)
	}),
	"fund.carry_until": ofFundEntry(func(b *ledger.FundReceived, _ *ledger.Entry) formula.Value {
		year, err := strconv.Atoi(b.Year)
		if err != nil {
			return formula.Unfit("dates")
		}
		return day(ledger.Date(strconv.Itoa(year+1) + "-12-31"))
	}),
	"fund.passed_down": func(s *subject) formula.Value {
		switch b := s.e.Body.(type) {
		case *ledger.FundReceived:
			return formula.String(b.Fund)
		case *ledger.FundAllocated:
			if f, ok := s.v.Fund(b.Fund); ok && b.FromUnit == "" && f.InHand == b.Amount {
				return formula.String(b.Fund)
			}
		}
		return nothing
	},

	"payment.economic_code": ofRequest(func(_ *subject, b *ledger.PaymentRequested) formula.Value { return formula.String(b.EconomicCode) }),
	"payment.to_person": ofRequest(func(_ *subject, b *ledger.PaymentRequested) formula.Value {
		return formula.True(b.Payee == ledger.Party{})
	}),
	"payment.payee_name": ofRequest(func(_ *subject, b *ledger.PaymentRequested) formula.Value { return formula.String(b.Payee.Name) }),
	"payment.is_grant":   ofPayment(func(_ *subject, p *ledger.Payment) formula.Value { return formula.True(p.Lines > 0) }),
	"payment.same_day": ofPayment(func(s *subject, p *ledger.Payment) formula.Value {
		return yuan(s.sameDay(p).sum)
	}),
	"payment.same_day_most": ofPayment(func(s *subject, p *ledger.Payment) formula.Value {
		return yuan(s.sameDay(p).most)
	}),
	"twin.near_invoiced": ofPayment(func(s *subject, p *ledger.Payment) formula.Value {
		n := int64(0)
		for _, q := range s.twins(p) {
			if q.Invoice != p.Invoice && q.Invoice != "" && p.Invoice != "" && bareNumber(q.Invoice) == bareNumber(p.Invoice) {
				n++
			}
		}
		return formula.Whole(n)
	}),
	"invoice.other_payees": ofPayment(func(s *subject, p *ledger.Payment) formula.Value {
		n := int64(0)
		if p.Invoice != "" {
			for q := range s.v.Invoiced(p.Invoice) {
				if q.Payment != p.Payment && q.Effective() && q.Returned < q.Amount && q.Amount == p.Amount && q.Payee != p.Payee {
					n++
				}
			}
		}
		return formula.Whole(n)
	}),
	"invoice.dated": ofRequest(func(_ *subject, b *ledger.PaymentRequested) formula.Value { return formula.True(b.Invoice.On != "") }),
	"invoice.on":    ofRequest(func(_ *subject, b *ledger.PaymentRequested) formula.Value { return day(b.Invoice.On) }),
	"refund.payee": ofPayment(func(s *subject, p *ledger.Payment) formula.Value {
		if s.e.Kind != "payment.returned" && !s.v.Happened(p.Project, "payment.returned") {
			return nothing // a deadline of P31 cannot run: most payments meet none
		}
		return formula.String(p.Payee)
	}),
	"refund.reason": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.PaymentReturned)
		if !ok {
			return nothing
		}
		return formula.String(b.Reason)
	},

	"grant.item":   ofBatch(func(b *ledger.GrantRequested) formula.Value { return formula.String(b.Item) }),
	"grant.period": ofBatch(func(b *ledger.GrantRequested) formula.Value { return formula.String(b.Period) }),
	"line.number": func(s *subject) formula.Value {
		if b, ok := s.e.Body.(*ledger.GrantLine); ok {
			return formula.Whole(int64(b.Line))
		}
		return formula.Whole(0)
	},
	"line.standard": ofLine(func(b *ledger.GrantLine) formula.Value {
		return yuan(b.Standard)
	}),
	"line.quantity": ofLine(func(b *ledger.GrantLine) formula.Value {
		d, err := formula.ParseDecimal(b.Quantity)
		if err != nil {
			return formula.Unfit("value")
		}
		return formula.Number(d)
	}),
	"person.twins": personTwins,

	"approval.by": func(s *subject) formula.Value { return formula.String(s.e.By.User) },
	"approval.maker": func(s *subject) formula.Value {
		switch b := s.e.Body.(type) {
		case *ledger.PaymentApproved:
			if p, ok := s.v.Payment(b.Payment); ok {
				return formula.String(p.RequestedBy)
			}
		case *ledger.SubmissionApproved:
			if sub, ok := s.v.Submission(b.Submission); ok {
				return formula.String(sub.Maker)
			}
		}
		return nothing
	},
}

// ofFundEntry asks the entry by which the fund came.
func ofFundEntry(get func(*ledger.FundReceived, *ledger.Entry) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		if b, ok := s.e.Body.(*ledger.FundReceived); ok {
			return get(b, s.e)
		}
		id, ok := s.fundID()
		if !ok {
			return nothing
		}
		f, ok := s.v.Fund(id)
		if !ok {
			return nothing
		}
		e, ok := s.v.Entry(f.Seq)
		if !ok {
			return nothing
		}
		b, ok := e.Body.(*ledger.FundReceived)
		if !ok {
			return nothing
		}
		return get(b, e)
	}
}

func ofRequest(get func(*subject, *ledger.PaymentRequested) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.PaymentRequested)
		if !ok {
			return nothing
		}
		return get(s, b)
	}
}

func ofLine(get func(*ledger.GrantLine) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.GrantLine)
		if !ok {
			return nothing
		}
		return get(b)
	}
}

// ofBatch asks the header of a line's batch.
func ofBatch(get func(*ledger.GrantRequested) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.GrantLine)
		if !ok {
			return nothing
		}
		header, ok := s.header(b.Payment)
		if !ok {
			return nothing
		}
		return get(header)
	}
}

func (s *subject) header(payment string) (*ledger.GrantRequested, bool) {
	p, ok := s.v.Payment(payment)
	if !ok {
		return nil, false
	}
	return s.headerOf(p)
}

func (s *subject) headerOf(p ledger.Payment) (*ledger.GrantRequested, bool) {
	e, ok := s.v.Entry(p.Requested)
	if !ok {
		return nil, false
	}
	b, ok := e.Body.(*ledger.GrantRequested)
	return b, ok
}

// personTwins counts what the person of a line has of the same item and period
// already, in this batch or another that counts.
func personTwins(s *subject) formula.Value {
	b, ok := s.e.Body.(*ledger.GrantLine)
	if !ok {
		return nothing
	}
	who, known := ledger.PersonOf(s.e)
	others := s.granted(b, who)
	header, ok := s.header(b.Payment)
	if !ok || !known {
		return nothing
	}
	n := int64(0)
	for _, g := range others {
		if g.line.Returned < g.line.Amount && g.header.Period == header.Period && formula.NormalName(g.header.Item) == formula.NormalName(header.Item) {
			n++
		}
	}
	return formula.Whole(n)
}

// granted is an effective line of a grant with its batch.
type granted struct {
	line   ledger.Line
	batch  ledger.Payment
	header *ledger.GrantRequested
}

// granted lists the effective lines of persons but for one. It asks for all of it before
// the batch of that one is known, so that many lines of a batch are few readings.
func (s *subject) granted(but *ledger.GrantLine, persons ...string) []granted {
	var all []granted
	for _, who := range persons {
		for _, l := range s.v.Grants(who) {
			p, known := s.v.Payment(l.Payment)
			if !known {
				continue
			}
			if header, ok := s.headerOf(p); ok && p.Effective() && (l.Payment != but.Payment || l.Line != int64(but.Line)) {
				all = append(all, granted{l, p, header})
			}
		}
	}
	return all
}

// outlays are payments of one day: their sum, and the largest.
type outlays struct{ sum, most ledger.Amount }

// sameDay adds up the other payments to the payee, under the same contract if there
// is one, that were asked for on the same day.
func (s *subject) sameDay(p *ledger.Payment) outlays {
	var day outlays
	switch {
	case s.today != nil:
		return *s.today
	case p.Payee == "":
		return day
	}
	for q := range s.v.PaidOn(p.Payee, p.On) {
		if q.Payment != p.Payment && q.Effective() && q.Contract == p.Contract {
			day.sum, day.most = day.sum+q.Amount, max(day.most, q.Amount)
		}
	}
	s.today = &day
	return day
}

// bareNumber is an invoice's number without its code and leading zeros.
func bareNumber(key string) string {
	return strings.TrimLeft(key[strings.LastIndexByte(key, '-')+1:], "0")
}
