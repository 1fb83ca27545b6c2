package fact

import (
	"slices"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// Facts of whose account is paid, of firms as they are registered, and of the persons
// behind them. Accounts and persons are keyed tokens; names of account holders are
// opened from the seal and compared here, and go nowhere.
var (
	holder = []rule.Fact{
		{Name: "account.has_holder", Type: formula.Bool, Source: "the entry seals the name of the account's holder"},
		{Name: "account.holder_same", Type: formula.Bool, Source: "that name (normalised) is the payee's, or the head of household's; missing once either is erased"},
		{Name: "account.mandate", Type: formula.Bool, Source: "the entry has a mandate, by which another's account may be paid"},
		{Name: "line.number", Type: formula.Count, Source: "line of the entry; 0 for a single payment"},
	}
	account = []rule.Fact{
		{Name: "account.stated", Type: formula.Bool, Source: "the entry seals an account number"},
		{Name: "account.changed", Type: formula.Bool, Source: "the payee has named another account before, now or earlier"},
		{Name: "account.changed_on", Type: formula.Civil, Source: "the day since which it names this one: the entry's if it is new; missing when it has named no other"},
	}
	registration = []rule.Fact{
		{Name: "supplier.registered", Type: formula.Bool, Source: "the supplier's credit code is on a list of registered firms (市场主体登记名单) in force, registered by the day of the entry and not struck off; missing for a supplier without a code; unfit without a list, or when one that is out of date does not have it"},
	}
	linked = []rule.Fact{
		{Name: "evaluator.linked", Type: formula.Texts, Source: "payee keys of the bidders of the tender for which the member is on a list of persons of firms (企业关联人员名单) in force, in the order of their bids; unfit without a list, or when one is out of date"},
	}
	shared = []rule.Fact{
		{Name: "bidder.linked", Type: formula.Texts, Source: "payee keys of the other bidders with an effective bid with which the bidder shares a person on these lists, in the order of their bids; unfit without a list, or when one is out of date"},
	}
	related = []rule.Fact{
		{Name: "winner.related", Type: formula.Count, Unit: "人", Source: "persons of the winner on these lists who are on a list of persons paid by the budget or of village cadres in force; unfit without the lists, or when one is out of date"},
	}
)

var holderProviders = map[string]func(*subject) formula.Value{
	"account.has_holder": func(s *subject) formula.Value {
		_, sealed := s.e.Commitments["account_holder"]
		return formula.True(sealed)
	},
	"account.holder_same": func(s *subject) formula.Value {
		owner, payee := s.e.Sealed["account_holder"], s.e.Sealed["payee_name"]
		if b, ok := s.e.Body.(*ledger.PaymentRequested); ok && b.Payee != (ledger.Party{}) {
			payee = b.Payee.Name
		}
		if owner == "" || payee == "" {
			return nothing
		}
		return formula.True(formula.NormalName(owner) == formula.NormalName(payee))
	},
	"account.mandate": func(s *subject) formula.Value {
		switch b := s.e.Body.(type) {
		case *ledger.PaymentRequested:
			return formula.True(b.Mandate != ledger.File{})
		case *ledger.GrantLine:
			return formula.True(b.Mandate != ledger.File{})
		}
		return nothing
	},
	"account.stated": func(s *subject) formula.Value {
		_, sealed := s.e.Commitments["payee_account"]
		return formula.True(sealed)
	},
	"account.changed": func(s *subject) formula.Value {
		since, known := s.accountSince()
		if !known {
			return nothing
		}
		return formula.True(since != "")
	},
	"account.changed_on": func(s *subject) formula.Value {
		since, _ := s.accountSince()
		return day(since)
	},

	"supplier.registered": func(s *subject) formula.Value {
		b, ok := s.deed()
		if !ok || b.Supplier.Code == "" { // lists name firms by their codes
			return nothing
		}
		found, reason := s.onList(ledger.ListFirms, ledger.PayeeKey(b.Supplier))
		for _, m := range found {
			if m.From <= s.e.On && (m.To == "" || s.e.On <= m.To) {
				return formula.True(true)
			}
		}
		if reason != "" {
			return formula.Unfit(reason)
		}
		return formula.True(false)
	},

	"evaluator.linked": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.TenderEvaluator)
		who, known := ledger.PersonOf(s.e)
		if !ok || !known {
			return nothing
		}
		found, reason := s.onList(ledger.ListPersons, who)
		if reason != "" {
			return formula.Unfit(reason)
		}
		return s.bidders(b.Tender, "", func(firm string) bool {
			return slices.ContainsFunc(found, func(m ledger.Member) bool { return m.Household == firm })
		})
	},
	"bidder.linked": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.TenderBid)
		if !ok {
			return nothing
		}
		own, reason := s.personsOf(ledger.PayeeKey(b.Bidder))
		if reason != "" {
			return formula.Unfit(reason)
		}
		return s.bidders(b.Tender, ledger.PayeeKey(b.Bidder), func(firm string) bool {
			others, _ := s.personsOf(firm)
			return slices.ContainsFunc(others, func(who string) bool { return slices.Contains(own, who) })
		})
	},
	"winner.related": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.TenderAwarded)
		if !ok {
			return nothing
		}
		persons, reason := s.personsOf(ledger.PayeeKey(b.Winner))
		n := int64(0)
		for _, list := range []string{ledger.ListPayroll, ledger.ListCadres} {
			_, lacking := s.onList(list, "")
			if reason == "" {
				reason = lacking
			}
		}
		if reason != "" {
			return formula.Unfit(reason)
		}
		for _, who := range persons {
			paid, _ := s.onList(ledger.ListPayroll, who)
			cadre, _ := s.onList(ledger.ListCadres, who)
			if len(paid)+len(cadre) > 0 {
				n++
			}
		}
		return formula.Whole(n)
	},
}

// accountSince is the day since which the payee of a request names its account, empty if
// it has named no other.
func (s *subject) accountSince() (since ledger.Date, known bool) {
	named := ledger.AccountOf(s.e)
	if named == "" { // none, or erased
		return "", false
	}
	y, paid := s.v.Payee(s.e)
	switch {
	case !paid || y.Account == "":
		return "", true
	case y.Account != named:
		return s.e.On, true
	}
	return y.AccountOn, true
}

// personsOf are the keys of the persons of a firm, each once.
func (s *subject) personsOf(firm string) (persons []string, reason string) {
	loads, reason := s.loads(ledger.ListPersons)
	for _, r := range loads {
		for _, m := range s.v.Household(r.Register, firm) {
			if m.Who != "" && !slices.Contains(persons, m.Who) {
				persons = append(persons, m.Who)
			}
		}
	}
	return persons, reason
}

// bidders are the bidders of a tender but for one, as far as they are wanted.
func (s *subject) bidders(tender, but string, wanted func(firm string) bool) formula.Value {
	keys := []string{}
	for _, b := range s.v.Bids(tender) {
		if b.Bidder != but && wanted(b.Bidder) {
			keys = append(keys, b.Bidder)
		}
	}
	return formula.Strings(keys)
}
