package web

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"yilu/alerts"
	"yilu/ledger"
)

// around is what stands around a warning: what its inputs are now, the project's one
// timeline, other payments to the same payee and account, what citizens say of the
// project, and what is sealed of the entry.
type around struct {
	// Limits are those of the rule that hold today.
	Limits []ruleParameter
	// Now compares the inputs of the first and the last hit with today's, by the entry of
	// the hit.
	Now     map[ledger.Seq][]compared
	Project *ledger.Project
	Moments []moment
	// Related are payments to the payee, Grants those to the household, Account the lines
	// to the same account.
	Related    []ledger.Payment
	PayeeName  string
	Grants     []ledger.PersonShare
	Account    []ledger.AccountLine
	Objections []ledger.Objection
	// Sealed are the names of what is sealed of the entry, for those who may open it.
	Sealed []string
}

// compared is an input of a rule as it was and as it is.
type compared struct {
	Name, Was, Now string
	Differs        bool
}

// moment is a line of the project's timeline: money, approvals, notices, warnings and
// objections in one.
type moment struct {
	On ledger.Date
	// What is "event", "payment", "notice", "warning" or "objection".
	What   string
	Text   string
	Amount ledger.Amount
	// To is the page about it, Entry the entry.
	To    string
	Entry ledger.Seq
	// Struck says that it was taken back, Here that it is this warning.
	Struck, Here bool
}

const (
	// mostMoments is how many lines of a timeline are shown, the latest ones; of its
	// payments, which have three lines each, and its warnings so many are read.
	mostMoments = 200
	mostRelated = 50
)

// readAround fills what stands around a warning. An officer of a unit sees the project
// and the firm; what concerns private persons is for auditors.
func (s *server) readAround(c *call, p *alertView) error {
	p.Now = map[ledger.Seq][]compared{}
	return errors.Join(s.readLimits(c, p), s.readPresent(c, p), s.readProjectOf(c, p), s.readRelated(c, p), s.readSealed(c, p))
}

func (s *server) readLimits(c *call, p *alertView) error {
	if p.Rule == nil {
		return nil
	}
	inForce, _, err := s.ledger.RulesOf(c.ctx(), s.Book)
	p.Limits = p.parameters(p.Rule, inForce.Parameters, ledger.DateOf(s.Now()))
	return err
}

// readPresent asks what the inputs of the first and the last hit are now.
func (s *server) readPresent(c *call, p *alertView) error {
	hits := p.Detail.Evidence
	if len(hits) > 2 {
		hits = []alerts.Evidence{hits[0], hits[len(hits)-1]}
	}
	for _, hit := range hits {
		if hit.Entry < 0 || len(hit.Facts) == 0 {
			continue
		}
		var names []string
		for _, x := range hit.Facts {
			names = append(names, x.Name)
		}
		now, err := s.Alerts.Present(c.ctx(), s.Book, hit.Entry, names)
		if err != nil {
			return err
		}
		if now == nil {
			continue
		}
		is := map[string]string{}
		for _, x := range now {
			is[x.Name] = hideKey(x.Value)
		}
		for _, x := range hit.Facts {
			line := compared{Name: x.Name, Was: p.Value(x), Now: p.Value(alerts.Input{Name: x.Name, Value: is[x.Name]}), Differs: is[x.Name] != x.Value}
			p.Now[hit.Raised] = append(p.Now[hit.Raised], line)
		}
	}
	return nil
}

// readProjectOf reads the project with all that happened to it.
func (s *server) readProjectOf(c *call, p *alertView) error {
	if p.Detail.Project == "" {
		return nil
	}
	project, err := s.ledger.Project(c.ctx(), s.Book, p.Detail.Project)
	if errors.Is(err, ledger.ErrNotFound) { // it was never approved
		return nil
	}
	if err != nil {
		return err
	}
	p.Project = &project
	if p.Objections, err = s.ledger.ObjectionsOf(c.ctx(), s.Book, project.Project); err != nil {
		return err
	}
	return s.readMoments(c.ctx(), p)
}

// readMoments puts the project's timeline together.
func (s *server) readMoments(ctx context.Context, p *alertView) error {
	id := p.Project.Project
	events, err := s.ledger.Timeline(ctx, s.Book, id)
	if err != nil {
		return err
	}
	for _, e := range events {
		p.add(moment{On: e.On, What: "event", Text: p.name("kind", string(e.Kind)), Amount: e.Amount, Entry: e.Entry, Struck: e.ReversedBy != ledger.None})
	}
	payments, _, err := s.ledger.Payments(ctx, s.Book, ledger.PaymentFilter{Project: id}, ledger.Page{Limit: mostRelated})
	if err != nil {
		return err
	}
	if err := s.addPayments(ctx, p, payments); err != nil {
		return err
	}
	notices, err := s.ledger.NoticesOf(ctx, s.Book, id)
	if err != nil {
		return err
	}
	for _, n := range notices {
		p.add(moment{On: n.Starts, What: "notice", Text: n.Title, To: p.site.href(p.lang, "/notices/", n.Notice), Entry: n.Posted})
	}
	f := alerts.Filter{Project: id, Unit: unitOf(p.Who)}
	warnings, err := alerts.Newest(ctx, s.Alerts.Pool, s.Book, f, 1<<62, mostRelated)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		hideCase(&w)
		p.add(moment{On: ledger.DateOf(w.RaisedAt), What: "warning", Text: w.Code + " " + p.lang.pick(ledger.Text{Zh: w.Zh, En: w.En}), To: p.site.href(p.lang, "/alerts/", w.Alert), Entry: w.Raised, Here: w.Alert == p.Detail.Alert})
	}
	for _, o := range p.Objections {
		p.add(moment{On: o.On, What: "objection", Text: p.name("topic", o.Topic), Entry: o.Seq})
	}
	slices.SortStableFunc(p.Moments, func(a, b moment) int { return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Entry, b.Entry)) })
	p.Moments = p.Moments[max(0, len(p.Moments)-mostMoments):]
	return nil
}

func (p *alertView) add(m moment) { p.Moments = append(p.Moments, m) }

// addPayments adds what was asked for, approved and paid, each on its own day.
func (s *server) addPayments(ctx context.Context, p *alertView, payments []ledger.Payment) error {
	var seqs []ledger.Seq
	for _, x := range payments {
		seqs = append(seqs, x.Requested, x.Approved, x.Paid)
	}
	seqs = slices.DeleteFunc(seqs, func(q ledger.Seq) bool { return q < 0 })
	entries, err := s.ledger.EntriesAt(ctx, s.Book, seqs)
	if err != nil {
		return err
	}
	for _, x := range payments {
		for _, seq := range []ledger.Seq{x.Requested, x.Approved, x.Paid} {
			if e := entries[seq]; e != nil {
				p.add(moment{On: e.On, What: "payment", Text: p.name("kind", string(e.Kind)) + " " + x.Payment, Amount: x.Amount, To: p.site.href(p.lang, "/payments/", x.Payment), Entry: seq,
					Struck: !x.Effective()})
			}
		}
	}
	return nil
}

// readRelated reads other payments to the payee, the household and the account. Nobody
// sees a number: all is found by keyed tokens.
func (s *server) readRelated(c *call, p *alertView) error {
	d := &p.Detail
	private := isPrivate(d.Payee) || d.Payee == ""
	var err error
	if !private && !isBatch(d.Payee) {
		if p.Related, _, err = s.ledger.Payments(c.ctx(), s.Book, ledger.PaymentFilter{Payee: d.Payee}, ledger.Page{Limit: mostRelated}); err != nil {
			return err
		}
		payee, err := s.ledger.Payee(c.ctx(), s.Book, d.Payee)
		p.PayeeName = payee.Name
		return ignoreMissing(err)
	}
	if !c.who.may(inspect) || d.Entry < 0 {
		return nil
	}
	person, err := alerts.PersonOf(c.ctx(), s.Alerts.Pool, s.Book, d.Alert)
	if err != nil {
		return err
	}
	if person != "" {
		if p.Grants, err = s.ledger.TraceKey(c.ctx(), s.Book, person); err != nil {
			return err
		}
		p.Grants = p.Grants[max(0, len(p.Grants)-mostRelated):]
	}
	if len(d.Subject) == 2 && isBatch(d.Payee) {
		if line, err := strconv.ParseInt(d.Subject[1], 10, 64); err == nil {
			p.Account, err = s.ledger.SameAccount(c.ctx(), s.Book, d.Subject[0], line)
			return err
		}
	}
	return nil
}

// isBatch says of a payee that it is a batch of grants on its way to households.
func isBatch(payee string) bool { return len(payee) > 2 && payee[:2] == "g-" }

// readSealed lists what can be opened of the entry by those who may.
func (s *server) readSealed(c *call, p *alertView) error {
	if !c.who.may(inspect) || p.Detail.Entry < 0 {
		return nil
	}
	e, err := s.ledger.Entry(c.ctx(), s.Book, p.Detail.Entry)
	if err != nil {
		return ignoreMissing(err)
	}
	p.Sealed = slices.Sorted(maps.Keys(e.Commitments))
	return nil
}
