package web

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// projectsView lists projects; every filter stands in its address.
type projectsView struct {
	*frame
	Filter ledger.ProjectFilter
	Table  table
	// First and Next are the addresses of other pages of the list, "" where there is
	// none.
	First, Next string
	Townships   []ledger.Division
	Type, State wordFilter
	Funds       []ledger.Fund
}

func (s *server) projectsPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	filter, after := known(projectList, c.QueryParams()), c.QueryParam("after")
	p := &projectsView{frame: f, Townships: f.names.Townships(s.Book), Filter: projectFilter(filter)}
	p.Type, p.State = f.choose(projectList, filter, "type", "col.type", "type"), f.choose(projectList, filter, "state", "col.state", "state")
	var err error
	if p.Funds, err = f.ledger.Funds(ctx, s.Book); err != nil {
		return nil, err
	}
	if f.status != 0 {
		return p, nil
	}
	rows, next, err := f.ledger.Projects(ctx, s.Book, p.Filter, ledger.Page{After: after})
	p.Table = projectList.table(f, rows, filter)
	p.First, p.Next = f.pager(projectList.Path, filter, after, next)
	return p, err
}

// clip cuts what a reader typed to a length that a search can bear.
func clip(s string, most int) string {
	r := []rune(s)
	return string(r[:min(len(r), most)])
}

// projectView is everything about one project.
type projectView struct {
	*frame
	Project ledger.Project
	// Plan is the approval with its later changes, nil before it.
	Plan     *ledger.ProjectApproved
	Quotas   []projectQuota
	Total    ledger.Quota
	Stages   []projectStage
	Tenders  []tenderOffers
	Contract contractTable
	// ContractTable and PaymentTable are what stands on the page.
	ContractTable, PaymentTable table
	Payments                    []ledger.Payment
	// More is set when there are more payments than the page shows.
	More    bool
	Shares  shareTable
	Checks  []check
	Picture *picture
	Notices []noticeRow
	// Objections are what citizens said about the project, the newest first.
	Objections []reply
	// Photos are the pictures of the works that are public, MorePhotos how many there are
	// besides.
	Photos     []shownPhoto
	MorePhotos int
	// Corrections are the entries of the timeline that were taken back.
	Corrections []ledger.TimelineEvent
}

// projectQuota is the money of one fund in the project, with the fund it is of.
type projectQuota struct {
	ledger.Quota
	Source ledger.Fund
}

// tenderOffers is a tender with its bids, lowest first.
type tenderOffers struct {
	ledger.Tender
	Offers []ledger.Bid
}

// contractTable is the project's contracts with their sums.
type contractTable struct {
	Rows         []ledger.ContractLine
	Amount, Paid ledger.Amount
}

// projectStage is one of the five stages and what happened in it.
type projectStage struct {
	Stage  ledger.Stage
	Steps  []step
	Amount ledger.Amount
}

// step is one line of the timeline.
type step struct {
	On     ledger.Date
	Kind   ledger.Kind
	Amount ledger.Amount
	Entry  ledger.Seq
	// ReversedBy is the entry that took it back, or ledger.None.
	ReversedBy ledger.Seq
	// Fund is set where the step is the sum of what a fund gave: On is then the day
	// of the fund's document.
	Fund    string
	Payment string
	// State is a payment's, where it is not paid.
	State string
	Note  string
	// Paper is the paper of 一项一档 that was filed, or does not apply; one outside the
	// list has a Chinese name alone.
	Paper ledger.Text
}

// Struck says whether the step was taken back.
func (s step) Struck() bool { return s.ReversedBy != ledger.None }

// Void says whether the step is a payment that came to nothing.
func (s step) Void() bool { return s.State == ledger.StateRejected || s.State == ledger.StateWithdrawn }

// mostPayments, mostObjections and mostPhotos are how many of them a project's page lists.
const (
	mostPayments   = 100
	mostObjections = 20
	mostPhotos     = 6
)

func (s *server) projectPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	p := &projectView{frame: f}
	var err error
	if p.Project, err = f.ledger.Project(ctx, s.Book, c.Param("project")); err != nil {
		return nil, err
	}
	events, err := f.ledger.Timeline(ctx, s.Book, p.Project.Project)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.readPlan(ctx, p, events), s.readQuotas(ctx, p), s.readTenders(ctx, p), s.readPayments(ctx, p)); err != nil {
		return nil, err
	}
	notices, err := p.ledger.NoticesOf(ctx, s.Book, p.Project.Project)
	if err != nil {
		return nil, err
	}
	p.Notices = s.noticeRows(notices)
	if err := s.readObjections(ctx, p); err != nil {
		return nil, err
	}
	if err := s.readPhotos(ctx, p, events); err != nil {
		return nil, err
	}
	papers, err := s.papersOf(ctx, p, events)
	if err != nil {
		return nil, err
	}
	p.Stages = stagesOf(p, events, papers)
	for _, e := range events {
		if e.ReversedBy != ledger.None {
			p.Corrections = append(p.Corrections, e)
		}
	}
	if p.Total.Allocated > 0 {
		p.Picture = f.projectPicture(p)
	}
	return p, nil
}

// readPhotos reads the pictures of the works, the latest first.
func (s *server) readPhotos(ctx context.Context, p *projectView, events []ledger.TimelineEvent) error {
	kinds := map[ledger.Seq]ledger.Kind{}
	for _, e := range events {
		if e.ReversedBy == ledger.None {
			kinds[e.Entry] = e.Kind
		}
	}
	photos, err := s.shownPhotos(ctx, p.ledger, slices.Sorted(maps.Keys(kinds)))
	if err != nil {
		return err
	}
	slices.Reverse(photos)
	for i := range photos {
		photos[i].Kind = kinds[photos[i].Entry]
	}
	p.Photos = photos[:min(len(photos), mostPhotos)]
	p.MorePhotos = len(photos) - len(p.Photos)
	return nil
}

// papersOf names the paper of each entry that filed one or said that it does not apply. A
// document outside the list has the name it was filed under.
func (s *server) papersOf(ctx context.Context, p *projectView, events []ledger.TimelineEvent) (map[ledger.Seq]ledger.Text, error) {
	var seqs []ledger.Seq
	for _, e := range events {
		if e.Kind == "document.filed" || e.Kind == "document.waived" {
			seqs = append(seqs, e.Entry)
		}
	}
	entries, err := p.ledger.EntriesAt(ctx, s.Book, seqs)
	papers := map[ledger.Seq]ledger.Text{}
	for seq, e := range entries {
		switch b := e.Body.(type) {
		case *ledger.DocumentFiled:
			if papers[seq] = (ledger.Text{Zh: b.File.Name}); b.Item > 0 {
				papers[seq] = ledger.Papers[b.Item-1].Text
			}
		case *ledger.DocumentWaived:
			papers[seq] = ledger.Papers[b.Item-1].Text
		}
	}
	return papers, err
}

// readObjections reads what was said about the project, with the answers.
func (s *server) readObjections(ctx context.Context, p *projectView) error {
	objections, err := p.ledger.ObjectionsOf(ctx, s.Book, p.Project.Project)
	if err != nil {
		return err
	}
	for _, o := range objections[:min(len(objections), mostObjections)] {
		a, err := s.answerOf(ctx, p.ledger, o)
		if err != nil {
			return err
		}
		p.Objections = append(p.Objections, a)
	}
	return nil
}

// readPlan reads the approval itself, and what changed it, for the facts that the
// projection leaves out.
func (s *server) readPlan(ctx context.Context, p *projectView, events []ledger.TimelineEvent) error {
	if p.Project.Approved == ledger.None {
		return nil
	}
	e, err := p.ledger.Entry(ctx, s.Book, p.Project.Approved)
	if err != nil {
		return err
	}
	p.Plan, _ = e.Body.(*ledger.ProjectApproved)
	for _, event := range events {
		if p.Plan == nil || event.Kind != "project.changed" || event.ReversedBy != ledger.None {
			continue
		}
		if e, err = p.ledger.Entry(ctx, s.Book, event.Entry); err != nil {
			return err
		}
		if b, ok := e.Body.(*ledger.ProjectChanged); ok {
			p.Plan.Standard = cmp.Or(b.Standard, p.Plan.Standard)
			p.Plan.Responsible = cmp.Or(b.Responsible, p.Plan.Responsible)
		}
	}
	return nil
}

func (s *server) readQuotas(ctx context.Context, p *projectView) error {
	quotas, err := p.ledger.Quotas(ctx, s.Book, p.Project.Project)
	if err != nil {
		return err
	}
	for _, q := range quotas {
		source, err := p.ledger.Fund(ctx, s.Book, q.Fund)
		if err != nil {
			return err
		}
		p.Quotas = append(p.Quotas, projectQuota{q, source})
		p.Total.Budget += q.Budget
		p.Total.Allocated += q.Allocated
		p.Total.Requested += q.Requested
		p.Total.Paid += q.Paid
	}
	slices.SortStableFunc(p.Quotas, func(a, b projectQuota) int {
		return slices.Index(levelOrder, a.Source.Level) - slices.Index(levelOrder, b.Source.Level)
	})
	return nil
}

func (s *server) readTenders(ctx context.Context, p *projectView) error {
	tenders, err := p.ledger.Tenders(ctx, s.Book, p.Project.Project)
	if err != nil {
		return err
	}
	for _, t := range tenders {
		offers, err := p.ledger.Bids(ctx, s.Book, t.Tender)
		if err != nil {
			return err
		}
		p.Tenders = append(p.Tenders, tenderOffers{t, offers})
	}
	contracts, err := p.ledger.Contracts(ctx, s.Book, p.Project.Project)
	for _, k := range contracts {
		p.Contract.Rows = append(p.Contract.Rows, ledger.ContractLine{Contract: k, ProjectName: p.Project.Name, Place: p.Project.Place})
		p.Contract.Amount += k.Amount
		p.Contract.Paid += k.Paid
	}
	p.ContractTable = contractList.table(p.frame, p.Contract.Rows, url.Values{"project": {p.Project.Project}}).
		total(p.frame, map[string]ledger.Amount{"amended": p.Contract.Amount, "paid": p.Contract.Paid})
	return err
}

func (s *server) readPayments(ctx context.Context, p *projectView) error {
	var next string
	var err error
	p.Payments, next, err = p.ledger.Payments(ctx, s.Book, ledger.PaymentFilter{Project: p.Project.Project}, ledger.Page{Limit: mostPayments})
	if err != nil {
		return err
	}
	p.More = next != ""
	slices.Reverse(p.Payments) // oldest first, as a story
	shares, err := p.ledger.TraceProject(ctx, s.Book, p.Project.Project)
	if err != nil {
		return err
	}
	filter := url.Values{"project": {p.Project.Project}}
	p.PaymentTable = paymentList.table(p.frame, p.Payments, filter)
	p.Shares = p.frame.sharesOf(shares, mostShares, filter)
	p.Checks = []check{{"check.project_payees", p.Shares.Paid, p.Project.Paid}, {"check.project_funds", p.Total.Paid, p.Project.Paid}}
	return nil
}

// stagesOf sorts what happened into the five stages. Bids stand in the table of
// tenders and would only fill the list.
func stagesOf(p *projectView, events []ledger.TimelineEvent, papers map[ledger.Seq]ledger.Text) []projectStage {
	stages := []projectStage{
		{Stage: ledger.StageFund}, {Stage: ledger.StageProject}, {Stage: ledger.StageTender},
		{Stage: ledger.StagePayment}, {Stage: ledger.StageAcceptance},
	}
	add := func(stage ledger.Stage, st step) {
		for i := range stages {
			if stages[i].Stage == stage {
				stages[i].Steps = append(stages[i].Steps, st)
			}
		}
	}
	for _, e := range events {
		spec, ok := ledger.SpecOf(e.Kind)
		if !ok || e.Kind == "tender.bid" && e.ReversedBy == ledger.None {
			continue
		}
		add(spec.Stage, step{On: e.On, Kind: e.Kind, Amount: e.Amount, Entry: e.Entry, ReversedBy: e.ReversedBy, Paper: papers[e.Entry]})
	}
	if !slices.ContainsFunc(stages[0].Steps, func(st step) bool { return st.Kind == "fund.allocated" }) {
		for _, q := range p.Quotas {
			add(ledger.StageFund, step{On: q.Source.Issued, Kind: "fund.allocated", Amount: q.Allocated, Entry: q.Source.Seq, ReversedBy: ledger.None, Fund: q.Fund, Note: q.Source.Document})
		}
	}
	for _, pay := range p.Payments {
		st := step{On: pay.On, Kind: "payment.requested", Amount: pay.Amount, Entry: pay.Requested, ReversedBy: ledger.None, Payment: pay.Payment, State: pay.State, Note: pay.Purpose}
		if pay.State == ledger.StatePaid {
			st.On, st.Kind, st.Entry, st.State = pay.PaidOn, "payment.paid", pay.Paid, ""
			stages[3].Amount += pay.Amount - pay.Returned
		}
		add(ledger.StagePayment, st)
	}
	for i := range stages {
		slices.SortStableFunc(stages[i].Steps, func(a, b step) int {
			switch {
			case a.On < b.On:
				return -1
			case a.On > b.On:
				return 1
			}
			return int(a.Entry - b.Entry)
		})
	}
	stages[0].Amount, stages[1].Amount, stages[2].Amount = p.Total.Allocated, p.Project.Budget, p.Contract.Amount
	return stages
}
