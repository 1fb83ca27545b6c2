package fact

import (
	"slices"
	"strings"
	"time"

	"yilu/alerts/formula"
	"yilu/ledger"
)

// registerProviders hold whoever gets money or a contract against the comparison lists.
// No list, or one that is out of date, is never an answer: the fact is unfit then, and
// says why.
var registerProviders = map[string]func(*subject) formula.Value{
	"person.listed": func(s *subject) formula.Value {
		found, reason := s.listed(ledger.ListPoor)
		if reason != "" {
			return formula.Unfit(reason)
		}
		return formula.True(len(found) > 0)
	},
	"person.listed_elsewhere": listedElsewhere,
	// The dead stay dead: whoever is on a list that is out of date is so still.
	"person.dead": func(s *subject) formula.Value {
		found, reason := s.listed(ledger.ListDeceased)
		if reason != "" && len(found) == 0 {
			return formula.Unfit(reason)
		}
		return formula.True(len(found) > 0)
	},
	"person.died_on": func(s *subject) formula.Value {
		found, _ := s.listed(ledger.ListDeceased)
		var first ledger.Date
		for _, m := range found {
			if m.From != "" && (first == "" || m.From < first) {
				first = m.From
			}
		}
		return day(first)
	},
	"person.public": func(s *subject) formula.Value {
		reasons := ""
		for _, list := range []string{ledger.ListPayroll, ledger.ListCadres} {
			found, reason := s.listed(list)
			if reason == "" && len(found) > 0 {
				return formula.True(true)
			}
			if reasons == "" {
				reasons = reason
			}
		}
		if reasons != "" {
			return formula.Unfit(reasons)
		}
		return formula.True(false)
	},
	"person.age": personAge,

	"household.granted": householdGranted,

	"line.category": ofLine(func(b *ledger.GrantLine) formula.Value { return formula.String(b.Category) }),
	"grant.period_start": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.GrantLine)
		if !ok {
			return day(s.e.On)
		}
		header, ok := s.header(b.Payment)
		if !ok {
			return nothing
		}
		return day(periodStart(header.Period, s.e.On))
	},

	"winner.debarred": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.TenderAwarded)
		if !ok || b.Winner.Code == "" { // lists name firms by their codes
			return nothing
		}
		found, reason := s.onList(ledger.ListDebarred, ledger.PayeeKey(b.Winner))
		if reason != "" {
			return formula.Unfit(reason)
		}
		for _, m := range found {
			if m.From <= s.e.On && (m.To == "" || s.e.On <= m.To) {
				return formula.True(true)
			}
		}
		return formula.True(false)
	},
}

// listed finds the person of the entry on a list; see onList.
func (s *subject) listed(list string) (found []ledger.Member, reason string) {
	if b, ok := s.e.Body.(*ledger.PaymentRequested); ok && b.Payee != (ledger.Party{}) {
		return nil, "" // a firm is on no list of persons
	}
	who, known := ledger.PersonOf(s.e)
	if !known {
		return nil, "field:person" // erased
	}
	return s.onList(list, who)
}

// onList finds somebody on the loads of a list that hold for the day and the place of
// the entry. reason says why what was not found means nothing: there is no list, or one
// of them is out of date.
func (s *subject) onList(list, who string) (found []ledger.Member, reason string) {
	loads, reason := s.loads(list)
	for _, r := range loads {
		found = append(found, s.v.Members(r.Register, who)...)
	}
	return found, reason
}

// loads are those of a list that hold for the day and the place of the entry, and why
// they do not say it all.
func (s *subject) loads(list string) (loads []ledger.Register, reason string) {
	if loads = s.v.Registers(list, s.place(), s.e.On); len(loads) == 0 {
		return nil, "register:" + list
	}
	if slices.ContainsFunc(loads, func(r ledger.Register) bool { return r.To < s.e.On }) {
		reason = "stale:register"
	}
	return loads, reason
}

// place is where the household of a line lives, or where the project is.
func (s *subject) place() string {
	if b, ok := s.e.Body.(*ledger.GrantLine); ok {
		return b.Place
	}
	return Region(s.v, s.e)
}

// listedElsewhere says whether the household is on the list with a place, and none in
// the township of the line.
func listedElsewhere(s *subject) formula.Value {
	b, ok := s.e.Body.(*ledger.GrantLine)
	if !ok {
		return nothing
	}
	found, reason := s.listed(ledger.ListPoor)
	if reason != "" {
		return formula.Unfit(reason)
	}
	elsewhere := false
	for _, m := range found {
		if m.Place == "" {
			continue
		}
		if m.Place[:9] == b.Place[:9] {
			return formula.True(false)
		}
		elsewhere = true
	}
	return formula.True(elsewhere)
}

// householdGranted sums what the household of the person has of the line's item in the
// year of its batch. Whoever is on no list is a household alone.
func householdGranted(s *subject) formula.Value {
	b, ok := s.e.Body.(*ledger.GrantLine)
	if !ok {
		return nothing
	}
	found, reason := s.listed(ledger.ListPoor)
	if reason != "" {
		return formula.Unfit(reason)
	}
	who, _ := ledger.PersonOf(s.e)
	household := []string{who}
	for _, m := range found {
		for _, h := range s.v.Household(m.Register, m.Household) {
			if h.Who != "" && !slices.Contains(household, h.Who) {
				household = append(household, h.Who)
			}
		}
	}
	others := s.granted(b, household...)
	header, ok := s.header(b.Payment)
	own, known := s.v.Payment(b.Payment)
	if !ok || !known {
		return nothing
	}
	var sum ledger.Amount
	for _, g := range others {
		if g.batch.On[:4] == own.On[:4] && formula.NormalName(g.header.Item) == formula.NormalName(header.Item) {
			sum += g.line.Amount - g.line.Returned
		}
	}
	return yuan(sum)
}

// personAge is the age in full years on the day of the entry.
func personAge(s *subject) formula.Value {
	born, err := time.Parse(time.DateOnly, string(ledger.BirthDay(s.e.Sealed["id_number"])))
	if err != nil {
		return nothing
	}
	on, err := time.Parse(time.DateOnly, string(s.e.On))
	if err != nil {
		return nothing
	}
	years := on.Year() - born.Year()
	if on.Month() < born.Month() || on.Month() == born.Month() && on.Day() < born.Day() {
		years--
	}
	return formula.Whole(int64(years))
}

// periodStart is the first day of a year, quarter or month, or the day of the request
// where no period is stated.
func periodStart(period string, on ledger.Date) ledger.Date {
	year, part, _ := strings.Cut(period, "-")
	switch {
	case period == "":
		return on
	case part == "":
		return ledger.Date(year + "-01-01")
	case part[0] == 'Q':
		return ledger.Date(year + "-" + map[byte]string{'1': "01", '2': "04", '3': "07", '4': "10"}[part[1]] + "-01")
	}
	return ledger.Date(year + "-" + part + "-01")
}
