package fact

import (
	"math/big"
	"strconv"
	"strings"

	"yilu/alerts/formula"
	"yilu/ledger"
)

// deedProviders know contracts, their amendments, and the awards before them.
var deedProviders = map[string]func(*subject) formula.Value{
	"award.made": func(s *subject) formula.Value {
		_, ok := s.award()
		return formula.True(ok)
	},
	"award.on": func(s *subject) formula.Value {
		e, ok := s.award()
		if !ok {
			return nothing
		}
		return day(e.On)
	},
	"award.winner": func(s *subject) formula.Value {
		e, ok := s.award()
		if !ok {
			return nothing
		}
		return formula.String(ledger.PayeeKey(e.Body.(*ledger.TenderAwarded).Winner))
	},

	"contract.supplier": ofContract(func(k ledger.Contract) formula.Value { return formula.String(k.Supplier) }),
	"contract.direct": func(s *subject) formula.Value {
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
		return formula.True(t.Method == "direct" || t.Method == "single")
	},
	"contract.has_term": ofDeed(func(b *ledger.ContractSigned) formula.Value {
		return formula.True(b.Start != "" && b.Finish != "")
	}),
	"contract.start":  ofDeed(func(b *ledger.ContractSigned) formula.Value { return day(b.Start) }),
	"contract.finish": ofDeed(func(b *ledger.ContractSigned) formula.Value { return day(b.Finish) }),
	"contract.has_retention": ofDeed(func(b *ledger.ContractSigned) formula.Value {
		return formula.True(b.Retention != "")
	}),
	"contract.retention": ofDeed(func(b *ledger.ContractSigned) formula.Value {
		return percent(b.Retention)
	}),
	"contract.is_settled": ofContract(func(k ledger.Contract) formula.Value { return formula.True(k.Settled != 0) }),
	"contract.settled": ofContract(func(k ledger.Contract) formula.Value {
		if k.Settled == 0 {
			return nothing
		}
		return yuan(k.Settled)
	}),

	"sme.contract": smeContract,
	"contract.amendments": func(s *subject) formula.Value {
		before, ok := s.amendments()
		if !ok {
			return nothing
		}
		return formula.Whole(int64(len(before)))
	},
	"contract.amended_on": func(s *subject) formula.Value {
		before, ok := s.amendments()
		if !ok || len(before) == 0 {
			return nothing
		}
		last := ledger.Date("")
		for _, e := range before {
			last = max(last, e.On)
		}
		return day(last)
	},
	"amendment.has_finish": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.ContractAmended)
		if !ok {
			return nothing
		}
		return formula.True(b.Finish != "")
	},
	"amendment.finish": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.ContractAmended)
		if !ok {
			return nothing
		}
		return day(b.Finish)
	},
}

// smeContract is whose money is due after an acceptance, and which payment pays it.
func smeContract(s *subject) formula.Value {
	if b, ok := s.e.Body.(*ledger.PaymentPaid); ok {
		p, _ := s.v.Payment(b.Payment)
		k, ok := s.contract()
		if deed, found := s.deed(); ok && found && cleared(k, deed, p.Amount) {
			return formula.String(k.Contract)
		}
		return nothing
	}
	var contracts []string
	for _, e := range s.steps("contract.signed") {
		b, ok := e.Body.(*ledger.ContractSigned)
		if !ok || !b.SME {
			continue
		}
		if k, ok := s.v.Contract(b.Contract); ok && !cleared(k, b, 0) {
			contracts = append(contracts, b.Contract)
		}
	}
	if len(contracts) != 1 {
		return formula.String("")
	}
	return formula.String(contracts[0])
}

// cleared says whether no more than the retention of a contract is unpaid once
// something more is paid.
func cleared(k ledger.Contract, deed *ledger.ContractSigned, more ledger.Amount) bool {
	const all = 10_000 // hundredths of a per cent
	paid, due := big.NewInt(int64(k.Paid+more)), big.NewInt(int64(k.Limit()))
	return paid.Mul(paid, big.NewInt(all)).Cmp(due.Mul(due, big.NewInt(all-hundredthsOf(deed.Retention)))) >= 0
}

// hundredthsOf reads what the ledger holds to a percentage, in hundredths of a per
// cent: 3.5 is 350.
func hundredthsOf(text string) int64 {
	whole, part, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// percent is a percentage as a share: 3 is 0.03.
func percent(text string) formula.Value {
	if text == "" {
		return nothing
	}
	return share(big.NewInt(hundredthsOf(text) * (micro / 10_000)))
}

// award is the entry by which the entry's tender was decided.
func (s *subject) award() (*ledger.Entry, bool) {
	t, ok := s.tender()
	if !ok || t.State != ledger.StateAwarded {
		return nil, false
	}
	e, ok := s.v.Entry(t.Awarded)
	if !ok {
		return nil, false
	}
	_, ok = e.Body.(*ledger.TenderAwarded)
	return e, ok
}

// ofDeed asks the contract as it was signed.
func ofDeed(get func(*ledger.ContractSigned) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		b, ok := s.deed()
		if !ok {
			return nothing
		}
		return get(b)
	}
}

func (s *subject) deed() (*ledger.ContractSigned, bool) {
	if b, ok := s.e.Body.(*ledger.ContractSigned); ok {
		return b, true
	}
	k, ok := s.contract()
	if !ok {
		return nil, false
	}
	e, ok := s.v.Entry(k.Seq)
	if !ok {
		return nil, false
	}
	b, ok := e.Body.(*ledger.ContractSigned)
	return b, ok
}

// amendments are the earlier amendments of the entry's contract.
func (s *subject) amendments() ([]*ledger.Entry, bool) {
	k, ok := s.contract()
	if !ok {
		return nil, false
	}
	var before []*ledger.Entry
	for _, e := range s.v.Events(k.Project, "contract.amended") {
		if b, ok := e.Body.(*ledger.ContractAmended); ok && b.Contract == k.Contract {
			before = append(before, e)
		}
	}
	return before, true
}
