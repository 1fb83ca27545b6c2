package fact

import (
	"math/big"
	"strings"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// Facts of what contracts say of price, payment and labour, of their bills of
// quantities (工程量清单), of subcontracts, and of assets that are given up.
var (
	bill = []rule.Fact{
		{Name: "contract.pricing", Type: formula.Text, Source: "pricing of contract.signed: a code of ledger.Pricings; empty when not stated, and without a contract"},
		{Name: "contract.accepted", Type: formula.Amount, Unit: "元", Source: "Σ quantities of the contract's items in effective acceptance.passed above township level × their prices as last amended, raised to the 分; missing when no quantity was accepted or an item has no price"},
		{Name: "payment.stage", Type: formula.Text, Source: "stage of the payment: a code of ledger.PayStages; empty for none"},
	}
	quantities = []rule.Fact{
		{Name: "amendment.has_items", Type: formula.Bool, Source: "the entry changes items of the bill"},
		{Name: "amendment.quantity_change", Type: formula.Share, Source: "max |new − old| ÷ old of the quantities it changes, raised at six decimals; missing when the bill has none of these items with a quantity"},
	}
	conditions = []rule.Fact{
		{Name: "contract.sme", Type: formula.Bool, Source: "the supplier is a small or medium enterprise, as contract.signed says"},
		{Name: "contract.payment_days", Type: formula.Count, Unit: "天", Source: "payment_days of contract.signed; missing when not stated"},
		{Name: "contract.settled_by_audit", Type: formula.Bool, Source: "settled_by_audit of contract.signed"},
		{Name: "contract.labour_lacks", Type: formula.Count, Unit: "项", Source: "how many of share, interval and special account of wages contract.signed does not state; missing when it states none of the three"},
		{Name: "contract.labour_months", Type: formula.Count, Unit: "个月", Source: "labour_months of contract.signed; 0 when not stated"},
	}
	subcontract = []rule.Fact{
		{Name: "subcontract.part", Type: formula.Text, Source: "subcontract_part of the entry: a code of ledger.SubcontractParts"},
		{Name: "subcontract.second_tier", Type: formula.Bool, Source: "the entry has passed_by: a subcontractor passes it on"},
		{Name: "subcontract.to", Type: formula.Text, Source: "payee key of the subcontractor"},
		{Name: "contract.subcontracted", Type: formula.Amount, Unit: "元", Source: "Σ amounts of earlier effective contract.subcontracted of the contract, but for labour alone and what a subcontractor passes on"},
		{Name: "tender.losers", Type: formula.Texts, Source: "payee keys of the bidders of the contract's tender but for its winner, in the order of their seq; missing when no bid is recorded"},
	}
	disposal = []rule.Fact{
		{Name: "asset.id", Type: formula.Text, Source: "the asset of the entry"},
		{Name: "disposal.decision", Type: formula.Text, Source: "decision of the entry; empty for none"},
	}
	shortlist = []rule.Fact{
		{Name: "candidates.count", Type: formula.Count, Unit: "家", Source: "candidates of the entry"},
	}
	candidacy = []rule.Fact{
		{Name: "candidates.announced", Type: formula.Bool, Source: "an entry that the notice is about is an effective tender.candidates"},
		{Name: "candidates.reported_on", Type: formula.Civil, Source: "its reported_on, the latest of several; missing when not stated"},
	}
)

var termProviders = map[string]func(*subject) formula.Value{
	"contract.pricing": func(s *subject) formula.Value {
		if id, ok := s.contractID(); ok && id == "" {
			return formula.String("")
		}
		b, ok := s.deed()
		return text(pricingOf(b), ok)
	},
	"contract.accepted":         acceptedValue,
	"payment.stage":             ofPayment(func(_ *subject, p *ledger.Payment) formula.Value { return formula.String(p.Stage) }),
	"amendment.has_items":       ofAmendment(func(_ *subject, b *ledger.ContractAmended) formula.Value { return formula.True(len(b.Bill) > 0) }),
	"amendment.quantity_change": ofAmendment(quantityChange),

	"contract.sme":              ofDeed(func(b *ledger.ContractSigned) formula.Value { return formula.True(b.SME) }),
	"contract.settled_by_audit": ofDeed(func(b *ledger.ContractSigned) formula.Value { return formula.True(b.SettledByAudit) }),
	"contract.labour_months":    ofDeed(func(b *ledger.ContractSigned) formula.Value { return formula.Whole(int64(b.LabourMonths)) }),
	"contract.payment_days": ofDeed(func(b *ledger.ContractSigned) formula.Value {
		if b.PaymentDays == 0 {
			return nothing
		}
		return formula.Whole(int64(b.PaymentDays))
	}),
	"contract.labour_lacks": ofDeed(func(b *ledger.ContractSigned) formula.Value {
		lacks := int64(0)
		for _, stated := range []bool{b.LabourShare != "", b.LabourMonths != 0, b.WageAccount} {
			if !stated {
				lacks++
			}
		}
		if lacks == 3 {
			return nothing
		}
		return formula.Whole(lacks)
	}),

	"subcontract.part": ofSubcontract(func(_ *subject, b *ledger.ContractSubcontracted) formula.Value { return formula.String(b.Part) }),
	"subcontract.second_tier": ofSubcontract(func(_ *subject, b *ledger.ContractSubcontracted) formula.Value {
		return formula.True(b.PassedBy != ledger.Party{})
	}),
	"subcontract.to": ofSubcontract(func(_ *subject, b *ledger.ContractSubcontracted) formula.Value {
		return formula.String(ledger.PayeeKey(b.Subcontractor))
	}),
	"contract.subcontracted": ofSubcontract(subcontracted),
	"tender.losers":          losers,

	"asset.id": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.AssetDisposed)
		if !ok {
			return nothing
		}
		return formula.String(b.Asset)
	},
	"disposal.decision": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.AssetDisposed)
		if !ok {
			return nothing
		}
		return formula.String(strings.TrimSpace(b.Decision))
	},
	"candidates.count": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.TenderCandidates)
		if !ok {
			return nothing
		}
		return formula.Whole(int64(len(b.Candidates)))
	},
	"candidates.announced": func(s *subject) formula.Value {
		found, ok := s.announcedCandidates()
		if !ok {
			return nothing
		}
		return formula.True(len(found) > 0)
	},
	"candidates.reported_on": func(s *subject) formula.Value {
		last := ledger.Date("")
		found, _ := s.announcedCandidates()
		for _, b := range found {
			last = max(last, b.Reported)
		}
		return day(last)
	},
}

func pricingOf(b *ledger.ContractSigned) string {
	if b == nil {
		return ""
	}
	return b.Pricing
}

func ofAmendment(get func(*subject, *ledger.ContractAmended) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.ContractAmended)
		if !ok {
			return nothing
		}
		return get(s, b)
	}
}

func ofSubcontract(get func(*subject, *ledger.ContractSubcontracted) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.ContractSubcontracted)
		if !ok {
			return nothing
		}
		return get(s, b)
	}
}

// items is the bill of the entry's contract as last amended.
func (s *subject) items() map[string]ledger.ContractItem {
	deed, ok := s.deed()
	before, known := s.amendments()
	if !ok || !known {
		return nil
	}
	bill := map[string]ledger.ContractItem{}
	for _, x := range deed.Bill {
		bill[x.Item] = x
	}
	for _, e := range before {
		if b, ok := e.Body.(*ledger.ContractAmended); ok {
			for _, x := range b.Bill {
				bill[x.Item] = x
			}
		}
	}
	return bill
}

// millionths reads a quantity, which has at most six decimals.
func millionths(quantity string) *big.Int {
	whole, part, _ := strings.Cut(quantity, ".")
	n, ok := new(big.Int).SetString(whole+(part + "000000")[:6], 10)
	if !ok {
		return new(big.Int)
	}
	return n
}

// acceptedValue is what of the entry's contract was accepted, at its prices.
func acceptedValue(s *subject) formula.Value {
	k, ok := s.contract()
	deed, known := s.deed()
	if !ok || !known || deed.Pricing != "unit" { // most contracts are at a lump sum
		return nothing
	}
	bill := s.items()
	sum, found := new(big.Int), false
	for _, e := range s.v.Events(k.Project, "acceptance.passed") {
		b, ok := e.Body.(*ledger.AcceptancePassed)
		if !ok || b.Level == "township" {
			continue
		}
		for _, q := range b.Quantities {
			if q.Contract != k.Contract {
				continue
			}
			x, priced := bill[q.Item]
			if !priced {
				return nothing
			}
			price := big.NewInt(int64(x.Price))
			sum.Add(sum, price.Mul(price, millionths(q.Quantity)))
			found = true
		}
	}
	if !found {
		return nothing
	}
	fen := raised(sum, big.NewInt(micro))
	if !fen.IsInt64() {
		return formula.Unfit("value")
	}
	return formula.Yuan(fen.Int64())
}

// quantityChange is the largest change of a quantity that the bill has.
func quantityChange(s *subject, b *ledger.ContractAmended) formula.Value {
	bill := s.items()
	var most *big.Int
	for _, x := range b.Bill {
		old, now := millionths(bill[x.Item].Quantity), millionths(x.Quantity)
		if old.Sign() == 0 {
			continue
		}
		now.Sub(now, old).Abs(now)
		change := raised(now.Mul(now, big.NewInt(micro)), old)
		if most == nil || change.Cmp(most) > 0 {
			most = change
		}
	}
	if most == nil {
		return nothing
	}
	return share(most)
}

// subcontracted sums what was passed on before.
func subcontracted(s *subject, b *ledger.ContractSubcontracted) formula.Value {
	k, ok := s.v.Contract(b.Contract)
	if !ok {
		return nothing
	}
	var sum ledger.Amount
	for _, e := range s.v.Events(k.Project, "contract.subcontracted") {
		o, ok := e.Body.(*ledger.ContractSubcontracted)
		if ok && o.Contract == b.Contract && o.Part != "labour" && o.PassedBy == (ledger.Party{}) {
			sum += o.Amount
		}
	}
	return yuan(sum)
}

// losers are the bidders that did not win the tender of the entry's contract.
func losers(s *subject) formula.Value {
	t, ok := s.tender()
	if !ok {
		return nothing
	}
	bids := s.v.Bids(t.Tender)
	if len(bids) == 0 {
		return nothing
	}
	var keys []string
	for _, b := range bids {
		if b.Bidder != t.Winner {
			keys = append(keys, b.Bidder)
		}
	}
	return formula.Strings(keys)
}

// announcedCandidates are the lists of candidates that the notice is about.
func (s *subject) announcedCandidates() (found []*ledger.TenderCandidates, ok bool) {
	c, ok := s.content()
	if !ok {
		return nil, false
	}
	for _, q := range c.About {
		e, known := s.v.Entry(q)
		if !known {
			continue
		}
		if b, is := e.Body.(*ledger.TenderCandidates); is {
			found = append(found, b)
		}
	}
	return found, true
}
