package fact

import (
	"fmt"
	"strings"
	"time"

	"yilu/alerts/formula"
	"yilu/ledger"
)

// Facts are the facts of one entry that some rules read. They are gathered before
// any rule is judged: asking the book may unwind and load.
type Facts struct {
	*Reading
	values []formula.Value
}

// Fact returns a gathered fact.
func (f *Facts) Fact(name string) (formula.Value, bool) {
	i, known := f.places[name]
	if !known {
		return formula.Value{}, false
	}
	return f.values[i], !f.values[i].IsZero()
}

// Reading is how some facts of the entries of a kind are known. It is made once for the
// rules that read them.
type Reading struct {
	places   map[string]int
	provides []func(*subject) formula.Value
}

// NewReading prepares the named facts of a kind.
func NewReading(kind ledger.Kind, names []string) *Reading {
	r := &Reading{places: map[string]int{}}
	known := providersOf(kind)
	for _, name := range names {
		if provide := known[name]; provide != nil {
			r.places[name] = len(r.provides)
			r.provides = append(r.provides, provide)
		}
	}
	return r
}

// Gather asks the book for the facts of an entry.
func (r *Reading) Gather(v ledger.View, e *ledger.Entry) *Facts {
	f := &Facts{Reading: r, values: make([]formula.Value, len(r.provides))}
	s := &subject{v: v, e: e}
	for i, provide := range r.provides {
		f.values[i] = provide(s)
	}
	return f
}

// Touch asks the book for all that Gather will, and keeps nothing.
func (r *Reading) Touch(v ledger.View, e *ledger.Entry) {
	s := &subject{v: v, e: e}
	for _, provide := range r.provides {
		provide(s)
	}
}

// Gather asks the book for the named facts of one entry.
func Gather(v ledger.View, e *ledger.Entry, names []string) *Facts {
	return NewReading(e.Kind, names).Gather(v, e)
}

// providersOf is how the facts of a kind are known.
func providersOf(kind ledger.Kind) map[string]func(*subject) formula.Value {
	if strings.HasPrefix(string(kind), "process.") {
		return recordProviders
	}
	return providers
}

// Region is the division code of the place that an entry is about: its project's,
// or the county's.
func Region(v ledger.View, e *ledger.Entry) string {
	s := &subject{v: v, e: e}
	if p, ok := s.project(); ok && p.Place != "" {
		return p.Place
	}
	return string(v.Book())
}

// Project is the project that an entry is about, empty for none.
func Project(v ledger.View, e *ledger.Entry) string {
	id, _ := (&subject{v: v, e: e}).projectID()
	return id
}

// Day is a business day as formulas have it.
func Day(d ledger.Date) formula.Day {
	day, err := formula.ParseDay(string(d))
	if err != nil {
		return 0
	}
	return day
}

// subject finds the things that an entry is about.
type subject struct {
	v ledger.View
	e *ledger.Entry
	// paid keeps the payment: nearly every fact of one asks for it, and its payee's key is
	// the hash of a name. It is empty, and pays false, for an entry without one.
	paid *ledger.Payment
	pays bool
	// today keeps what sameDay found: several facts ask for it, and there may be many.
	today *outlays
	// alike keeps what twins found.
	alike []*ledger.Payment
	// process keeps what file found.
	process *file
}

// nothing is a fact that is not known.
var nothing formula.Value

func yuan(a ledger.Amount) formula.Value { return formula.Yuan(int64(a)) }

func day(d ledger.Date) formula.Value {
	if d == "" {
		return nothing
	}
	return formula.On(Day(d))
}

// payment is the payment of the entry: the one it asks for, or the one it names.
func (s *subject) payment() (*ledger.Payment, bool) {
	if s.paid == nil {
		p, ok := s.findPayment()
		s.paid, s.pays = &p, ok
	}
	return s.paid, s.pays
}

func (s *subject) findPayment() (ledger.Payment, bool) {
	switch b := s.e.Body.(type) {
	case *ledger.PaymentRequested:
		return ledger.Payment{
			Payment: b.Payment, Project: b.Project, Fund: b.Fund, Contract: b.Contract, Payee: ledger.PayeeOf(b, s.e),
			Amount: b.Amount, Stage: b.Stage, Invoice: b.Invoice.Key(), InvoiceTotal: b.Invoice.Amount, On: s.e.On,
		}, true
	case *ledger.GrantRequested:
		return ledger.Payment{Payment: b.Payment, Project: b.Project, Fund: b.Fund, Amount: b.Amount, Lines: int64(b.Lines), On: s.e.On}, true
	case *ledger.PaymentApproved:
		return s.v.Payment(b.Payment)
	case *ledger.PaymentPaid:
		return s.v.Payment(b.Payment)
	case *ledger.PaymentReturned:
		return s.v.Payment(b.Payment)
	case *ledger.GrantLine:
		return s.v.Payment(b.Payment)
	}
	return ledger.Payment{}, false
}

// reserved is what this entry's own payment holds already of a sum of requests.
func (s *subject) reserved(p *ledger.Payment) ledger.Amount {
	if asks := s.e.Kind == "payment.requested" || s.e.Kind == "grant.requested"; asks {
		return 0
	}
	if p.State == ledger.StateRequested || p.State == ledger.StateApproved {
		return p.Amount
	}
	return 0
}

func (s *subject) fundID() (string, bool) {
	switch b := s.e.Body.(type) {
	case *ledger.FundReceived:
		return b.Fund, true
	case *ledger.FundAllocated:
		return b.Fund, true
	}
	p, ok := s.payment()
	return p.Fund, ok
}

func (s *subject) tenderID() (string, bool) {
	switch b := s.e.Body.(type) {
	case *ledger.TenderAnnounced:
		return b.Tender, true
	case *ledger.TenderChanged:
		return b.Tender, true
	case *ledger.TenderBid:
		return b.Tender, true
	case *ledger.TenderEvaluator:
		return b.Tender, true
	case *ledger.TenderOpened:
		return b.Tender, true
	case *ledger.TenderCandidates:
		return b.Tender, true
	case *ledger.TenderAwarded:
		return b.Tender, true
	case *ledger.ContractSigned:
		return b.Tender, true
	case *ledger.ContractAmended:
		k, ok := s.v.Contract(b.Contract)
		return k.Tender, ok
	case *ledger.ContractSubcontracted:
		k, ok := s.v.Contract(b.Contract)
		return k.Tender, ok
	}
	return "", false
}

func (s *subject) tender() (ledger.Tender, bool) {
	if b, ok := s.e.Body.(*ledger.TenderAnnounced); ok {
		return ledger.Tender{Tender: b.Tender, Project: b.Project, Method: b.Method, Category: b.Category, Estimate: b.Estimate, Seq: ledger.None}, true
	}
	id, ok := s.tenderID()
	if !ok || id == "" {
		return ledger.Tender{}, false
	}
	return s.v.Tender(id)
}

// announced is the announcement of the entry's tender.
func (s *subject) announced() (*ledger.TenderAnnounced, bool) {
	if b, ok := s.e.Body.(*ledger.TenderAnnounced); ok {
		return b, true
	}
	t, ok := s.tender()
	if !ok {
		return nil, false
	}
	e, ok := s.v.Entry(t.Seq)
	if !ok {
		return nil, false
	}
	b, ok := e.Body.(*ledger.TenderAnnounced)
	return b, ok
}

func (s *subject) contractID() (string, bool) {
	switch b := s.e.Body.(type) {
	case *ledger.ContractSigned:
		return b.Contract, true
	case *ledger.ContractAmended:
		return b.Contract, true
	case *ledger.ContractSubcontracted:
		return b.Contract, true
	case *ledger.SettlementAudited:
		return b.Contract, true
	}
	p, ok := s.payment()
	return p.Contract, ok
}

func (s *subject) contract() (ledger.Contract, bool) {
	if b, ok := s.e.Body.(*ledger.ContractSigned); ok {
		return ledger.Contract{Contract: b.Contract, Project: b.Project, Tender: b.Tender, Supplier: ledger.PayeeKey(b.Supplier), On: s.e.On, Signed: b.Amount, Amount: b.Amount}, true
	}
	id, ok := s.contractID()
	if !ok || id == "" {
		return ledger.Contract{}, false
	}
	return s.v.Contract(id)
}

func (s *subject) projectID() (string, bool) {
	switch b := s.e.Body.(type) {
	case *ledger.FundAllocated:
		return b.Project, true
	case *ledger.ProjectListed:
		return b.Project, true
	case *ledger.ProjectApproved:
		return b.Project, true
	case *ledger.ProjectChanged:
		return b.Project, true
	case *ledger.WorksStarted:
		return b.Project, true
	case *ledger.WorksProgressed:
		return b.Project, true
	case *ledger.WorksCompleted:
		return b.Project, true
	case *ledger.AcceptancePassed:
		return b.Project, true
	case *ledger.AcceptanceFailed:
		return b.Project, true
	case *ledger.AssetRegistered:
		return b.Project, true
	case *ledger.AssetDisposed:
		return b.Project, true
	case *ledger.DocumentFiled:
		return b.Project, true
	case *ledger.DocumentWaived:
		return b.Project, true
	case *ledger.ContractSigned:
		return b.Project, true
	}
	if p, ok := s.payment(); ok {
		return p.Project, true
	}
	if k, ok := s.contract(); ok {
		return k.Project, true
	}
	t, ok := s.tender()
	return t.Project, ok
}

func (s *subject) project() (ledger.Project, bool) {
	id, ok := s.projectID()
	if !ok || id == "" {
		return ledger.Project{}, false
	}
	return s.v.Project(id)
}

// instant reads a moment that the ledger holds: it always has an offset.
func instant(text string) formula.Value {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return formula.Unfit("zone")
	}
	return formula.At(at)
}

// living says whether a project counts.
func living(state string) bool {
	return state != ledger.StateCancelled && state != ledger.StateWithdrawn
}

// Missing lists the facts of the catalogue that nothing provides.
func Missing() []string {
	var names []string
	for kind, facts := range Catalogue() {
		for _, f := range facts {
			if providersOf(ledger.Kind(kind))[f.Name] == nil {
				names = append(names, fmt.Sprint(kind, " ", f.Name))
			}
		}
	}
	return names
}
