package fact

import (
	"slices"
	"strconv"

	"yilu/alerts/formula"
	"yilu/ledger"
)

// workProviders know projects: their plan, their money, and how far they have come.
var workProviders = map[string]func(*subject) formula.Value{
	"project.allocated":   ofProject(func(p ledger.Project) formula.Value { return yuan(p.Allocated) }),
	"project.paid":        ofProject(func(p ledger.Project) formula.Value { return yuan(p.Paid) }),
	"project.type":        ofProject(func(p ledger.Project) formula.Value { return formula.String(p.Type) }),
	"project.targets":     ofProject(func(p ledger.Project) formula.Value { return formula.String(p.Targets) }),
	"project.has_term":    ofProject(func(p ledger.Project) formula.Value { return formula.True(p.Start != "" && p.Finish != "") }),
	"project.start":       ofProject(func(p ledger.Project) formula.Value { return day(p.Start) }),
	"project.finish":      ofProject(func(p ledger.Project) formula.Value { return day(p.Finish) }),
	"project.is_approved": ofProject(func(p ledger.Project) formula.Value { return formula.True(p.Approved != ledger.None) }),
	"project.approved_on": func(s *subject) formula.Value {
		p, ok := s.project()
		if !ok || p.Approved == ledger.None {
			return nothing
		}
		e, ok := s.v.Entry(p.Approved)
		if !ok {
			return nothing
		}
		return day(e.On)
	},
	"project.has_estimate": func(s *subject) formula.Value {
		_, ok := s.estimate()
		return formula.True(ok)
	},
	"project.estimate": func(s *subject) formula.Value {
		a, ok := s.estimate()
		if !ok {
			return nothing
		}
		return yuan(a)
	},
	"approval.budget": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.ProjectApproved)
		if !ok {
			return nothing
		}
		var sum ledger.Amount
		for _, l := range b.Budget {
			sum += l.Amount
		}
		return yuan(sum)
	},

	"plan.type":          ofPlan(func(p planned) formula.Value { return formula.String(p.kind) }),
	"plan.beneficiaries": ofPlan(func(p planned) formula.Value { return formula.Whole(int64(p.beneficiaries)) }),
	"plan.start":         ofPlan(func(p planned) formula.Value { return day(p.start) }),
	"plan.linkage":       ofPlan(func(p planned) formula.Value { return formula.String(p.linkage) }),

	"project.accepted_on": func(s *subject) formula.Value {
		last := ledger.Date("")
		for _, e := range s.steps("acceptance.passed") {
			if b, ok := e.Body.(*ledger.AcceptancePassed); ok && b.Level != "township" {
				last = e.On
			}
		}
		return day(last)
	},
	"works.value": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.WorksProgressed)
		if !ok {
			return nothing
		}
		return yuan(b.Value)
	},
	"works.percent": func(s *subject) formula.Value {
		if p, ok := s.project(); !ok || p.Project == "" {
			return nothing
		}
		return formula.Number(formula.Hundredths(s.percent()))
	},
	"works.is_started": func(s *subject) formula.Value {
		if _, ok := s.project(); !ok {
			return nothing
		}
		return formula.True(s.firstDay("works.started", "works.progressed") != "")
	},
	"works.started_on": func(s *subject) formula.Value {
		if _, ok := s.project(); !ok {
			return nothing
		}
		return day(s.firstDay("works.started", "works.progressed"))
	},
	"works.latest_on": func(s *subject) formula.Value {
		last := ledger.Date("")
		for _, e := range s.steps("works.started", "works.progressed", "works.completed") {
			last = max(last, e.On)
		}
		return day(last)
	},
	"acceptance.level": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.AcceptancePassed)
		if !ok {
			return nothing
		}
		return formula.String(b.Level)
	},
	"acceptance.failures": func(s *subject) formula.Value {
		if _, ok := s.project(); !ok {
			return nothing
		}
		return formula.Whole(int64(len(s.steps("acceptance.failed"))))
	},
	"acceptance.acceptors": func(s *subject) formula.Value {
		b, ok := s.e.Body.(*ledger.AcceptancePassed)
		if !ok || len(b.Acceptors) == 0 {
			return nothing
		}
		var names []string
		for _, p := range b.Acceptors {
			names = append(names, formula.NormalName(p.Name))
		}
		return formula.Strings(names)
	},
	"acceptance.parties": func(s *subject) formula.Value {
		p, ok := s.project()
		if !ok {
			return nothing
		}
		names := []string{formula.NormalName(p.Unit)}
		for _, e := range s.steps("contract.signed") {
			if b, ok := e.Body.(*ledger.ContractSigned); ok {
				names = append(names, formula.NormalName(b.Supplier.Name))
			}
		}
		return formula.Strings(names)
	},
	"filing.project": func(s *subject) formula.Value {
		switch b := s.e.Body.(type) {
		case *ledger.DocumentFiled:
			if b.Item != filingItem && b.Item != contractItem {
				return nothing
			}
		case *ledger.DocumentWaived:
			if b.Item != filingItem {
				return nothing
			}
		}
		return text(s.projectID())
	},
	"accounts.project": func(s *subject) formula.Value {
		if n, ok := paperOf(s.e.Body); ok && n != accountsItem {
			return nothing
		}
		return text(s.projectID())
	},
	"project.filed":  func(s *subject) formula.Value { return s.papers("document.filed") },
	"project.waived": func(s *subject) formula.Value { return s.papers("document.waived") },
}

// Numbers in the list of one file a project (一项一档).
const (
	// filingItem are 实施手续, with the 合同备案 in it, and contractItem the 施工合同: a
	// contract is filed by either.
	filingItem   = 18
	contractItem = 20
	// accountsItem are the final accounts: 决算表及公示照片.
	accountsItem = 22
)

// paperOf is the number of the paper that an entry files, or says not to apply.
func paperOf(b ledger.Body) (ledger.Count, bool) {
	switch b := b.(type) {
	case *ledger.DocumentFiled:
		return b.Item, true
	case *ledger.DocumentWaived:
		return b.Item, true
	}
	return 0, false
}

// papers are the numbers of the papers of the project that steps of a kind are about.
func (s *subject) papers(kind ledger.Kind) formula.Value {
	if id, ok := s.projectID(); !ok || id == "" {
		return nothing
	}
	var items []int
	for _, e := range s.steps(kind) {
		if n, ok := paperOf(e.Body); ok {
			items = append(items, int(n))
		}
	}
	slices.Sort(items)
	names := []string{}
	for _, n := range slices.Compact(items) {
		names = append(names, strconv.Itoa(n))
	}
	return formula.Strings(names)
}

// planned is what listing and approval of a project say alike.
type planned struct {
	kind, linkage string
	start         ledger.Date
	beneficiaries ledger.Count
}

func ofPlan(get func(planned) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		switch b := s.e.Body.(type) {
		case *ledger.ProjectListed:
			return get(planned{b.Type, b.Linkage, b.Start, b.Beneficiaries})
		case *ledger.ProjectApproved:
			return get(planned{b.Type, b.Linkage, b.Start, b.Beneficiaries})
		}
		return nothing
	}
}

// estimate is what the project was listed with.
func (s *subject) estimate() (ledger.Amount, bool) {
	p, ok := s.project()
	if !ok || p.Listed == ledger.None {
		return 0, false
	}
	e, ok := s.v.Entry(p.Listed)
	if !ok {
		return 0, false
	}
	b, ok := e.Body.(*ledger.ProjectListed)
	return b.Estimate, ok && b.Estimate > 0
}

// steps are the earlier entries of some kinds about the entry's project.
func (s *subject) steps(kinds ...ledger.Kind) []*ledger.Entry {
	project, ok := s.projectID()
	if !ok || project == "" {
		return nil
	}
	var all []*ledger.Entry
	for _, k := range kinds {
		all = append(all, s.v.Events(project, k)...)
	}
	return all
}

func (s *subject) firstDay(kinds ...ledger.Kind) ledger.Date {
	first := ledger.Date("")
	for _, e := range s.steps(kinds...) {
		if first == "" || e.On < first {
			first = e.On
		}
	}
	return first
}

// percent is the last recorded progress of the project: 100 once it is completed,
// nothing before the first.
func (s *subject) percent() int64 {
	p, _ := s.project()
	if p.State == ledger.StateCompleted || p.State == ledger.StateAccepted {
		return 100
	}
	done := int64(0)
	for _, e := range s.steps("works.progressed") {
		if b, ok := e.Body.(*ledger.WorksProgressed); ok {
			done = int64(b.Percent)
		}
	}
	return done
}
