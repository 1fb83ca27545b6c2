package fact

import (
	"strings"

	"yilu/alerts/formula"
	"yilu/ledger"
)

// wordingProviders know what an entry itself says, without the book.
var wordingProviders = map[string]func(*subject) formula.Value{
	"book.id":         func(s *subject) formula.Value { return formula.String(string(s.v.Book())) },
	"entry.files":     entryFiles,
	"entry.names":     func(s *subject) formula.Value { return formula.Strings(namesIn(s.e.Body)) },
	"entry.wording":   func(s *subject) formula.Value { return formula.String(strings.Join(wordingOf(s.e.Body), "\n")) },
	"entry.bad_codes": badCodes,
	"entry.place":     entryPlace,
	"dates.known": func(s *subject) formula.Value {
		first, last := datesOf(s.e)
		return formula.True(first != "" && last != "")
	},
	"dates.first": func(s *subject) formula.Value { first, _ := datesOf(s.e); return day(first) },
	"dates.last":  func(s *subject) formula.Value { _, last := datesOf(s.e); return day(last) },
}

func entryFiles(s *subject) formula.Value {
	var files []ledger.File
	switch b := s.e.Body.(type) {
	case *ledger.FundAllocated:
		files = b.Files
	case *ledger.ProjectApproved:
		files = b.Files
	case *ledger.PaymentRequested:
		files = b.Files
	case *ledger.GrantRequested:
		files = b.Files
	case *ledger.AcceptancePassed:
		files = b.Files
	default:
		return nothing
	}
	n := int64(len(files))
	if s.v.Sheet() { // what is imported came with its sheet
		n++
	}
	return formula.Whole(n)
}

// namesIn lists what an entry calls things, places and parties.
func namesIn(body ledger.Body) []string {
	switch b := body.(type) {
	case *ledger.ProjectListed:
		return []string{b.Name, b.PlaceName, b.Unit, b.Content}
	case *ledger.ProjectApproved:
		return []string{b.Name, b.PlaceName, b.Unit, b.Content, b.Responsible.Name}
	case *ledger.TenderAnnounced:
		return []string{b.Name}
	case *ledger.ContractSigned:
		return []string{b.Name, b.Supplier.Name}
	case *ledger.PaymentRequested:
		return []string{b.Purpose, b.Payee.Name}
	}
	var list []string
	for _, p := range parties(body) {
		list = append(list, p.Name)
	}
	return list
}

// parties are the firms that an entry names.
func parties(body ledger.Body) []ledger.Party {
	switch b := body.(type) {
	case *ledger.TenderBid:
		return []ledger.Party{b.Bidder}
	case *ledger.TenderAwarded:
		return []ledger.Party{b.Winner}
	case *ledger.ContractSigned:
		return []ledger.Party{b.Supplier}
	case *ledger.PaymentRequested:
		return []ledger.Party{b.Payee}
	}
	return nil
}

// badCodes counts credit codes whose check character is wrong. Older codes of
// another length have none.
func badCodes(s *subject) formula.Value {
	n := int64(0)
	for _, p := range parties(s.e.Body) {
		if len(p.Code) == 18 && !ledger.ValidUSCC(p.Code) {
			n++
		}
	}
	return formula.Whole(n)
}

// wordingOf lists the public texts in which an entry says what money is for.
func wordingOf(body ledger.Body) []string {
	switch b := body.(type) {
	case *ledger.ProjectListed:
		return []string{b.Name, b.Content}
	case *ledger.ProjectApproved:
		return []string{b.Name, b.Content, b.Remark}
	case *ledger.PaymentRequested:
		return []string{b.Purpose}
	case *ledger.GrantRequested:
		return []string{b.Item}
	}
	return nil
}

func entryPlace(s *subject) formula.Value {
	switch b := s.e.Body.(type) {
	case *ledger.ProjectListed:
		return formula.String(b.Place)
	case *ledger.ProjectApproved:
		return formula.String(b.Place)
	case *ledger.GrantLine:
		return formula.String(b.Place)
	}
	return nothing
}

// datesOf gives two days of an entry of which the first cannot come after the last.
func datesOf(e *ledger.Entry) (first, last ledger.Date) {
	switch b := e.Body.(type) {
	case *ledger.FundReceived:
		return b.Issued, e.On
	case *ledger.ContractSigned:
		return e.On, b.Finish
	case *ledger.PaymentRequested:
		return b.Invoice.On, e.On
	}
	return "", ""
}
