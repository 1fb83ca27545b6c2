package fact

import (
	"slices"
	"time"

	"yilu/alerts/formula"
	"yilu/ledger"
)

// bidProviders know tenders: their terms, their opening, and their bids.
var bidProviders = map[string]func(*subject) formula.Value{
	"tender.estimate": ofTender(func(t ledger.Tender) formula.Value { return yuan(t.Estimate) }),
	"tender.has_ceiling": ofAnnouncement(func(b *ledger.TenderAnnounced) formula.Value {
		return formula.True(b.Ceiling != 0)
	}),
	"tender.ceiling": ofAnnouncement(func(b *ledger.TenderAnnounced) formula.Value {
		if b.Ceiling == 0 {
			return nothing
		}
		return yuan(b.Ceiling)
	}),
	"tender.has_sale": ofAnnouncement(func(b *ledger.TenderAnnounced) formula.Value {
		return formula.True(b.SaleFrom != "" && b.SaleTo != "")
	}),
	"tender.sale_from": ofAnnouncement(func(b *ledger.TenderAnnounced) formula.Value { return day(b.SaleFrom) }),
	"tender.sale_to":   ofAnnouncement(func(b *ledger.TenderAnnounced) formula.Value { return day(b.SaleTo) }),

	"tender.opened_at": ofOpening(func(b *ledger.TenderOpened) formula.Value { return instant(string(b.At)) }),
	"committee.members": ofCommittee(func(b *ledger.TenderOpened) formula.Value {
		return formula.Whole(int64(b.Members))
	}),
	"committee.experts": ofCommittee(func(b *ledger.TenderOpened) formula.Value {
		return formula.Whole(int64(b.Experts))
	}),
	"committee.even": ofCommittee(func(b *ledger.TenderOpened) formula.Value {
		return formula.True(b.Members%2 == 0)
	}),
	"bid.bond": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.TenderBid)
		if !ok {
			return nothing
		}
		return yuan(b.Bond)
	},

	"bid.bond_payer": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.TenderBid)
		if !ok || b.BondPayer == (ledger.Party{}) {
			return nothing
		}
		return formula.String(ledger.PayeeKey(b.BondPayer))
	},
	"tender.bond_payers": bondPayers,

	"bids.n":                 ofScreen(func(b screen) formula.Value { return formula.Whole(int64(len(b))) }),
	"bids.lowest":            ofScreen(func(b screen) formula.Value { return b.nth(0) }),
	"bids.second":            ofScreen(func(b screen) formula.Value { return b.nth(1) }),
	"bids.highest":           ofScreen(func(b screen) formula.Value { return b.nth(len(b) - 1) }),
	"bids.cv":                ofScreen(screen.cv),
	"bids.losers_deviation":  ofScreen(func(b screen) formula.Value { return b[min(1, len(b)):].deviation() }),
	"bids.gap_deviation":     ofScreen(screen.gapDeviation),
	"bids.percent_deviation": ofScreen(screen.percentDeviation),
	"bids.common_unit":       ofScreen(screen.unit),
	"bids.span":              bidSpan,
	"rejected.n":             ofRejected(func(b screen) formula.Value { return formula.Whole(int64(len(b))) }),
	"rejected.lowest":        ofRejected(func(b screen) formula.Value { return b.nth(0) }),
}

// bondPayers paid the bonds of the other bidders.
func bondPayers(s *subject) formula.Value {
	own, ok := s.e.Body.(*ledger.TenderBid)
	bids, there := s.bids()
	if !ok || !there {
		return nothing
	}
	payers := []string{}
	for _, b := range bids {
		if b.Bidder == ledger.PayeeKey(own.Bidder) {
			continue
		}
		e, ok := s.v.Entry(b.Seq)
		if !ok {
			continue
		}
		if other, ok := e.Body.(*ledger.TenderBid); ok && other.BondPayer != (ledger.Party{}) {
			payers = append(payers, ledger.PayeeKey(other.BondPayer))
		}
	}
	return formula.Strings(payers)
}

func (b screen) nth(i int) formula.Value {
	if i < 0 || i >= len(b) {
		return nothing
	}
	return formula.Yuan(b[i])
}

func ofAnnouncement(get func(*ledger.TenderAnnounced) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		b, ok := s.announced()
		if !ok {
			return nothing
		}
		return get(b)
	}
}

func ofOpening(get func(*ledger.TenderOpened) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.TenderOpened)
		if !ok {
			return nothing
		}
		return get(b)
	}
}

// ofCommittee knows nothing of a committee without members.
func ofCommittee(get func(*ledger.TenderOpened) formula.Value) func(*subject) formula.Value {
	return ofOpening(func(b *ledger.TenderOpened) formula.Value {
		if b.Members == 0 {
			return nothing
		}
		return get(b)
	})
}

// sorted parts the bids of the entry's tender into valid and rejected ones, one a
// bidder, the lowest first.
func (s *subject) sorted() (valid, rejected screen, ok bool) {
	bids, ok := s.bids()
	if !ok {
		return nil, nil, false
	}
	out := s.rejected()
	var in, off []int64
	for _, b := range bids {
		if slices.Contains(out, b.Bidder) {
			off = append(off, int64(b.Amount))
		} else {
			in = append(in, int64(b.Amount))
		}
	}
	return screenOf(in), screenOf(off), true
}

// rejected are the bidders whose bids were found invalid at the opening.
func (s *subject) rejected() (keys []string) {
	id, _ := s.tenderID()
	project, ok := s.projectID()
	if !ok {
		return nil
	}
	for _, e := range s.v.Events(project, "tender.opened") {
		if b, ok := e.Body.(*ledger.TenderOpened); ok && b.Tender == id {
			for _, x := range b.Rejected {
				keys = append(keys, ledger.PayeeKey(x.Bidder))
			}
		}
	}
	return keys
}

func ofScreen(get func(screen) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		valid, _, ok := s.sorted()
		if !ok {
			return nothing
		}
		return get(valid)
	}
}

func ofRejected(get func(screen) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		_, rejected, ok := s.sorted()
		if !ok {
			return nothing
		}
		return get(rejected)
	}
}

// bidSpan is the minutes between the first and the last valid bid.
func bidSpan(s *subject) formula.Value {
	bids, ok := s.bids()
	out := s.rejected()
	bids = slices.DeleteFunc(bids, func(b ledger.Bid) bool { return slices.Contains(out, b.Bidder) })
	if !ok || len(bids) == 0 {
		return nothing
	}
	var first, last time.Time
	for _, b := range bids {
		at, err := time.Parse(time.RFC3339Nano, b.At)
		if err != nil {
			return formula.Unfit("zone")
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	return formula.Whole(int64(last.Sub(first) / time.Minute))
}
