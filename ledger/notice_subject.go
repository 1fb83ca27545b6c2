package ledger

import "slices"

// projectOf is the project that an entry is about, "" for none.
func (s *state) projectOf(e *Entry) string {
	switch b := e.Body.(type) {
	case *FundAllocated:
		return b.Project
	case *FundRecalled:
		return b.Project
	case *ProjectListed:
		return b.Project
	case *ProjectApproved:
		return b.Project
	case *ProjectChanged:
		return b.Project
	case *ProjectCancelled:
		return b.Project
	case *TenderExempted:
		return b.Project
	case *TenderAnnounced:
		return b.Project
	case *ContractSigned:
		return b.Project
	case *PaymentRequested:
		return b.Project
	case *GrantRequested:
		return b.Project
	case *WorksStarted:
		return b.Project
	case *WorksCompleted:
		return b.Project
	case *AcceptancePassed:
		return b.Project
	case *TenderCandidates:
		return s.projectOfTender(b.Tender)
	case *TenderAwarded:
		return s.projectOfTender(b.Tender)
	case *PaymentPaid:
		if p := s.payment(b.Payment); p != nil {
			return p.Project
		}
	}
	return ""
}

func (s *state) projectOfTender(tender string) string {
	if t := s.tender(tender); t != nil {
		return t.Project
	}
	return ""
}

// touchSubject asks for what projectOf and announced read.
func (s *state) touchSubject(e *Entry) {
	if project := s.projectOf(e); project != "" {
		s.project(project)
	}
	switch b := e.Body.(type) {
	case *FundReceived:
		s.fund(b.Fund)
	case *FundAdjusted:
		s.fund(b.Fund)
	case *FundAllocated:
		s.fund(b.Fund)
	case *FundRecalled:
		s.fund(b.Fund)
	case *ProjectApproved:
		for _, l := range b.Budget {
			s.fund(l.Fund)
		}
	}
}

// announced is the sum that a notice of an entry states, of the sources it names;
// false where the entry has none.
func (s *state) announced(e *Entry, sources []string) (Amount, bool) {
	of := func(fund string, a Amount) (Amount, bool) {
		f := s.fund(fund)
		if len(sources) > 0 && (f == nil || !slices.Contains(sources, f.Level)) {
			return 0, true
		}
		return a, true
	}
	switch b := e.Body.(type) {
	case *FundReceived:
		return of(b.Fund, b.Amount)
	case *FundAdjusted:
		return of(b.Fund, max(b.Amount, -b.Amount))
	case *FundAllocated:
		return of(b.Fund, b.Amount)
	case *FundRecalled:
		return of(b.Fund, b.Amount)
	case *ProjectListed:
		return b.Estimate, true
	case *ProjectApproved:
		var sum Amount
		for _, l := range b.Budget {
			a, _ := of(l.Fund, l.Amount)
			sum += a
		}
		return sum, true
	case *ProjectChanged: // what the project is approved for now
		return s.total(b.Project).Budget, true
	case *TenderAwarded:
		return b.Amount, true
	case *ContractSigned:
		return b.Amount, true
	case *PaymentPaid:
		if p := s.payment(b.Payment); p != nil {
			return p.Amount, true
		}
	case *GrantRequested:
		return b.Amount, true
	case *AcceptancePassed: // 资金使用: what was paid so far
		return s.total(b.Project).Paid, true
	}
	return 0, false
}
