package fact

import (
	"slices"
	"strings"
	"unicode"

	"yilu/alerts/formula"
	"yilu/ledger"
)

// recordProviders know what was published of a process.
var recordProviders = map[string]func(*subject) formula.Value{
	"entry.on":   recordOn,
	"entry.unit": func(s *subject) formula.Value { return formula.String(s.e.By.Unit) },
	"entry.amount": func(s *subject) formula.Value {
		return recorded(amountOf(s.e.Body))
	},
	"entry.names": recordNames,
	"entry.currency": func(s *subject) formula.Value {
		if _, foreign := amountOf(s.e.Body); foreign != "" {
			return formula.String(foreign)
		}
		return formula.String(ledger.RecordedOf(s.e.Body).Currency)
	},
	"book.currency": func(s *subject) formula.Value { return formula.String(ledger.RecordedOf(s.e.Body).Currency) },
	"record.id": func(s *subject) formula.Value {
		r := ledger.RecordedOf(s.e.Body)
		return formula.String(strings.TrimSuffix(r.Process+"/"+r.Object, "/"))
	},
	"record.gone": recordGone,
	"project.id":  func(s *subject) formula.Value { return formula.String(ledger.RecordedOf(s.e.Body).Process) },

	"tender.id": func(s *subject) formula.Value {
		if _, ok := s.e.Body.(*ledger.ProcessContract); ok { // its award need not name a lot
			return formula.String(ledger.RecordedOf(s.e.Body).Process)
		}
		object, why, ok := s.lot()
		if !ok {
			return why
		}
		return formula.String(strings.TrimSuffix(ledger.RecordedOf(s.e.Body).Process+"/"+object, "/"))
	},
	"tender.issued_on": ofTold(func(t *ledger.ProcessTender) formula.Value { return toldDay(t.Opens) }),
	"tender.deadline":  ofTold(func(t *ledger.ProcessTender) formula.Value { return toldAt(t.Deadline) }),
	"tender.method": ofTold(func(t *ledger.ProcessTender) formula.Value {
		if t.Method == "" {
			return nothing
		}
		return formula.String(recordMethods[t.Method])
	}),
	"tender.price_only": func(s *subject) formula.Value {
		t, why := s.told()
		if t == nil && why != nothing {
			return why
		}
		return formula.True(t != nil && slices.Contains(priceOnly, strings.ToLower(t.Criteria)))
	},
	"tender.estimate":    ofTold(func(t *ledger.ProcessTender) formula.Value { return recorded(t.Amount, t.Foreign) }),
	"tender.has_ceiling": func(*subject) formula.Value { return nothing }, // publishers tell an estimate, no ceiling
	"tender.ceiling":     func(*subject) formula.Value { return nothing },
	"tender.bidders": func(s *subject) formula.Value {
		bids, why, ok := s.lotBids()
		if !ok {
			if t, _ := s.told(); t != nil && t.Bidders > 0 { // counted, and nobody named
				return formula.Whole(int64(t.Bidders))
			}
			return why
		}
		return bidders(bids, nothing)
	},
	"tender.bids": func(s *subject) formula.Value {
		own, ok := s.e.Body.(*ledger.ProcessBid)
		bids, why, there := s.lotBids()
		if !ok || !there {
			return why
		}
		amounts := []int64{}
		for _, b := range bids {
			if keyOf(b.Bidders) != keyOf(own.Bidders) && b.Foreign == "" && b.Amount != 0 {
				amounts = append(amounts, int64(b.Amount))
			}
		}
		slices.Sort(amounts)
		return formula.Fens(amounts)
	},

	"winner.id": func(s *subject) formula.Value {
		a, ok := s.e.Body.(*ledger.ProcessAward)
		if !ok || len(a.Suppliers) == 0 {
			return nothing
		}
		if a.Status == "other" {
			return formula.Unfit("status")
		}
		return formula.String(keyOf(a.Suppliers))
	},
	"winner.bid_at": winnerBidAt,

	"bids.n":                 recordBidders(false),
	"bids.lowest":            ofValid(func(b screen) formula.Value { return b.nth(0) }),
	"bids.second":            ofValid(func(b screen) formula.Value { return b.nth(1) }),
	"bids.highest":           ofValid(func(b screen) formula.Value { return b.nth(len(b) - 1) }),
	"bids.cv":                ofValid(screen.cv),
	"bids.losers_deviation":  ofValid(func(b screen) formula.Value { return b[min(1, len(b)):].deviation() }),
	"bids.gap_deviation":     ofValid(screen.gapDeviation),
	"bids.percent_deviation": ofValid(screen.percentDeviation),
	"bids.common_unit":       ofValid(screen.unit),
	"bids.span":              recordSpan,
	"rejected.n":             recordBidders(true),
	"rejected.lowest":        ofRecordScreen(true, func(rejected screen) formula.Value { return rejected.nth(0) }),

	"award.made": func(s *subject) formula.Value {
		_, why, ok := s.restsOn()
		if !ok && why == nothing {
			b, isContract := s.e.Body.(*ledger.ProcessContract)
			if isContract && len(b.Awards) == 1 { // the award it names is nowhere
				return formula.True(false)
			}
			return nothing
		}
		return formula.True(ok)
	},
	"award.on":     ofRestsOn(func(a *ledger.ProcessAward) formula.Value { return toldDay(a.At) }),
	"award.price":  awardPrice,
	"award.winner": recordWinner,

	"contract.id": recordContract,
	"contract.supplier": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.ProcessContract)
		if ok && len(b.Suppliers) > 0 {
			return formula.String(keyOf(b.Suppliers))
		}
		a, why, ok := s.restsOn() // who tells no others means those of the award [OCDS 1.1]
		if !ok || len(a.Suppliers) == 0 {
			return why
		}
		return formula.String(keyOf(a.Suppliers))
	},
	"contract.has_term": ofRecordContract(func(b *ledger.ProcessContract) formula.Value { return formula.True(b.Start != "" && b.Finish != "") }),
	"contract.start":    ofRecordContract(func(b *ledger.ProcessContract) formula.Value { return toldDay(b.Start) }),
	"contract.finish":   ofRecordContract(func(b *ledger.ProcessContract) formula.Value { return toldDay(b.Finish) }),
	"dates.known":       ofRecordContract(func(b *ledger.ProcessContract) formula.Value { return formula.True(b.Start != "" && b.Finish != "") }),
	"dates.first":       ofRecordContract(func(b *ledger.ProcessContract) formula.Value { return toldDay(b.Start) }),
	"dates.last":        ofRecordContract(func(b *ledger.ProcessContract) formula.Value { return toldDay(b.Finish) }),
	"contract.amount": func(s *subject) formula.Value {
		if k := s.paidContract(); k != nil {
			return recorded(k.Amount, k.Foreign)
		}
		return nothing
	},
	"contract.is_settled": func(*subject) formula.Value { return formula.True(false) },
	"contract.signed_on": func(s *subject) formula.Value {
		if k := s.paidContract(); k != nil {
			return toldDay(k.Signed)
		}
		return nothing
	},
	"contract.paid":      recordPaid,
	"contract.requested": func(*subject) formula.Value { return yuan(0) },
	"payment.id": func(s *subject) formula.Value { // one process says nothing of another's ids
		r := ledger.RecordedOf(s.e.Body)
		return formula.String(r.Process + "/" + r.Object)
	},
}

// priceOnly are the words of OCDS 1.0 and 1.1 for awards by the price alone, small.
var priceOnly = []string{"priceonly", "lowestcost"}

// recordWinner is whom a contract's award names: of several suppliers, each may sign for
// itself.
func recordWinner(s *subject) formula.Value {
	a, why, ok := s.restsOn()
	if !ok || len(a.Suppliers) == 0 {
		return why
	}
	if b, ok := s.e.Body.(*ledger.ProcessContract); ok && len(b.Suppliers) > 0 {
		other := func(p ledger.Participant) bool {
			return !slices.ContainsFunc(a.Suppliers, func(q ledger.Participant) bool { return sameParty(p, q) })
		}
		if !slices.ContainsFunc(b.Suppliers, other) {
			return formula.String(keyOf(b.Suppliers))
		}
	}
	return formula.String(keyOf(a.Suppliers))
}

func ofRecordContract(get func(*ledger.ProcessContract) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.ProcessContract)
		if !ok {
			return nothing
		}
		return get(b)
	}
}

// sameParty says whether two places name one party. Publishers give a firm one code in an
// award and another in its contract: unless both are of one scheme, the name decides.
func sameParty(p, q ledger.Participant) bool {
	if p.Key() == q.Key() {
		return true
	}
	scheme, _, ofScheme := strings.Cut(p.Code, ":")
	other, _, ofOther := strings.Cut(q.Code, ":")
	if ofScheme && ofOther && scheme == other {
		return false
	}
	name := bareName(p.Name)
	return name != "" && name == bareName(q.Name)
}

// bareName are the letters and digits of a name.
func bareName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, formula.NormalName(name))
}
