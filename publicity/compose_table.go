package publicity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// composeLibrary is the table of the project library (项目库表).
func composeLibrary(ctx context.Context, c *composer) error {
	c.out.Columns = libraryFields
	for _, e := range c.entries {
		b, ok := e.Body.(*ledger.ProjectListed)
		if !ok {
			return c.unfit(e)
		}
		if _, err := c.project(ctx, b.Project); err != nil {
			return err
		}
		c.of(cmp.Or(string(b.Start), string(e.On)))
		c.line(b.Estimate, b.Name, strings.Trim(ledger.ProjectTypes.Name(b.Type).Zh+"·"+b.Subtype, "·"), b.Nature, b.PlaceName, span(b.Start, b.Finish), b.Unit,
			b.Content, sources(b.Sources, b.Estimate), people(b.Beneficiaries, b.Poor), b.Targets, b.Linkage)
	}
	return nil
}

// plan is what of a project is public: the nine facts and whom it serves.
type plan struct {
	standard, responsible, beneficiaries string
	sources                              []string
	funds                                []ledger.Fund
}

// composePlan is the plan table (计划安排表) with the nine facts; before works start,
// with the beneficiaries as well.
func composePlan(ctx context.Context, c *composer) error {
	c.out.Columns = slices.Clone(plan9)
	if c.out.Stage == "P4" {
		c.out.Columns = append(c.out.Columns, "beneficiaries")
	}
	var documents []string
	for _, e := range c.entries {
		p, a, document, err := c.planned(ctx, e)
		if err != nil {
			return err
		}
		documents = append(documents, document)
		x := c.plans[p.Project]
		c.ofFunds(x.funds, e.On)
		values := []string{p.Name, p.PlaceName, p.Content, x.standard, joinedOnce(x.sources), span(p.Start, p.Finish), p.Unit, x.responsible, p.Targets, p.Linkage}
		if c.out.Stage == "P4" {
			values = append(values, x.beneficiaries)
		}
		c.line(a, values...)
	}
	c.fact("document", joinedOnce(documents))
	return nil
}

// planned is the project of an approval or change, with the sum that its notice states.
func (c *composer) planned(ctx context.Context, e *ledger.Entry) (p ledger.Project, a ledger.Amount, document string, err error) {
	var id string
	switch b := e.Body.(type) {
	case *ledger.ProjectApproved:
		id, document = b.Project, b.Document
		for _, l := range b.Budget {
			a += l.Amount
		}
	case *ledger.ProjectChanged:
		id, document = b.Project, b.Document
	case *ledger.ProjectCancelled:
		id, document = b.Project, b.Document
	default:
		return p, 0, "", c.unfit(e)
	}
	if p, err = c.project(ctx, id); err != nil {
		return p, 0, "", err
	}
	if e.Kind == "project.changed" {
		a = p.Budget
	}
	return p, a, document, c.readPlan(ctx, p)
}

// readPlan reads what only the approval and the quotas say of a project.
func (c *composer) readPlan(ctx context.Context, p ledger.Project) error {
	if _, ok := c.plans[p.Project]; ok || p.Approved == ledger.None {
		return nil
	}
	e, err := c.Ledger.Entry(ctx, c.book, p.Approved)
	if err != nil {
		return err
	}
	b, ok := e.Body.(*ledger.ProjectApproved)
	if !ok {
		return c.unfit(e)
	}
	x := plan{standard: b.Standard, responsible: strings.TrimSpace(b.Responsible.Name + " " + b.Responsible.Post), beneficiaries: people(b.Beneficiaries, b.Poor)}
	quotas, err := c.Ledger.Quotas(ctx, c.book, p.Project)
	if err != nil {
		return err
	}
	for _, q := range quotas {
		f, err := c.fund(ctx, q.Fund)
		if err != nil {
			return err
		}
		if q.Budget > 0 {
			x.funds = append(x.funds, f)
			x.sources = append(x.sources, ledger.Levels.Name(f.Level).Zh+q.Budget.Comma()+"元")
		}
	}
	c.plans[p.Project] = x
	return nil
}

// composeCandidates lists the ranked candidates of tenders (中标候选人公示).
func composeCandidates(ctx context.Context, c *composer) error {
	c.out.Columns = []string{"tender", "rank", "bidder", "price"}
	for _, e := range c.entries {
		b, ok := e.Body.(*ledger.TenderCandidates)
		if !ok {
			return c.unfit(e)
		}
		t, err := c.Ledger.Tender(ctx, c.book, b.Tender)
		if err != nil {
			return err
		}
		if _, err := c.project(ctx, t.Project); err != nil {
			return err
		}
		c.of(string(e.On))
		for i, x := range b.Candidates {
			c.line(0, t.Name, strconv.Itoa(i+1), x.Bidder.Name, x.Amount.Comma())
		}
	}
	return nil
}

// composeResults lists awards and contracts (结果公告、合同公告).
func composeResults(ctx context.Context, c *composer) error {
	c.out.Columns = []string{"name", "tender", "winner"}
	for _, e := range c.entries {
		c.of(string(e.On))
		switch b := e.Body.(type) {
		case *ledger.TenderAwarded:
			t, err := c.Ledger.Tender(ctx, c.book, b.Tender)
			if err != nil {
				return err
			}
			p, err := c.project(ctx, t.Project)
			if err != nil {
				return err
			}
			c.line(b.Amount, p.Name, t.Name, b.Winner.Name)
		case *ledger.ContractSigned:
			p, err := c.project(ctx, b.Project)
			if err != nil {
				return err
			}
			c.line(b.Amount, p.Name, b.Name, b.Supplier.Name)
		default:
			return c.unfit(e)
		}
	}
	return nil
}

// composePayments is a village's statement of what was paid (资金拨付).
func composePayments(ctx context.Context, c *composer) error {
	c.out.Columns = []string{"name", "payee", "contract_price", "cumulative", "progress", "basis", "paid_on"}
	for _, e := range c.entries {
		b, ok := e.Body.(*ledger.PaymentPaid)
		if !ok {
			return c.unfit(e)
		}
		x, err := c.Ledger.Payment(ctx, c.book, b.Payment)
		if err != nil {
			return err
		}
		p, err := c.project(ctx, x.Project)
		if err != nil {
			return err
		}
		price, so, payee := "无合同", p.Paid, x.PayeeName
		if x.Contract != "" {
			k, err := c.Ledger.Contract(ctx, c.book, x.Contract)
			if err != nil {
				return err
			}
			price, so = k.Limit().Comma(), k.Paid
		}
		switch {
		case x.Lines > 0:
			payee = fmt.Sprintf("到户%d户", x.Lines)
		case payee == "":
			payee = "个人" // never a name
		}
		progress := ledger.States.Name(p.State).Zh
		if x.Stage != "" {
			progress += "·" + ledger.PayStages.Name(x.Stage).Zh
		}
		c.of(string(x.PaidOn))
		c.line(x.Amount, p.Name, payee, price, so.Comma(), progress, x.Purpose, string(x.PaidOn))
	}
	if c.out.Period != "" {
		c.fact("period", c.out.Period)
	}
	return nil
}

// composeAcceptance tells what a project cost and how its acceptance went.
func composeAcceptance(ctx context.Context, c *composer) error {
	c.out.Columns = []string{"name", "conclusion", "targets", "started", "finished", "accepted"}
	for _, e := range c.entries {
		b, ok := e.Body.(*ledger.AcceptancePassed)
		if !ok {
			return c.unfit(e)
		}
		p, err := c.project(ctx, b.Project)
		if err != nil {
			return err
		}
		events, err := c.Ledger.Timeline(ctx, c.book, b.Project)
		if err != nil {
			return err
		}
		var started, finished ledger.Date
		for _, x := range events {
			switch {
			case x.ReversedBy != ledger.None:
			case started == "" && (x.Kind == "works.started" || x.Kind == "works.progressed"):
				started = x.On
			case x.Kind == "works.completed":
				finished = x.On
			}
		}
		c.of(string(e.On))
		c.line(p.Paid, p.Name, b.Conclusion, p.Targets, string(started), string(finished), string(e.On))
	}
	return nil
}

// composeGrants tells of household grants in sums by village and standard: who they are
// stands on the village's own list, never here.
func composeGrants(ctx context.Context, c *composer) error {
	c.out.Columns = []string{"item", "group", "standard", "households"}
	for _, e := range c.entries {
		b, ok := e.Body.(*ledger.GrantRequested)
		if !ok {
			return c.unfit(e)
		}
		if _, err := c.project(ctx, b.Project); err != nil {
			return err
		}
		c.of(cmp.Or(b.Period, string(e.On)))
		type group struct {
			place    string
			standard ledger.Amount
		}
		sums, counts := map[group]ledger.Amount{}, map[group]int{}
		var order []group
		lines, err := c.Ledger.Entries(ctx, c.book, e.Seq+1, int(b.Lines))
		if err != nil {
			return err
		}
		for _, l := range lines {
			line, ok := l.Body.(*ledger.GrantLine)
			if !ok || line.Payment != b.Payment {
				continue
			}
			g := group{line.Place, line.Standard}
			if counts[g] == 0 {
				order = append(order, g)
			}
			sums[g] += line.Amount
			counts[g]++
		}
		for _, g := range order {
			name, err := placeName(ctx, c.Ledger, c.names, c.book, g.place)
			if err != nil {
				return err
			}
			c.line(sums[g], b.Item, name, g.standard.Comma()+"元", strconv.Itoa(counts[g]))
		}
	}
	return nil
}

// placeName is a village's name as it was entered, or as a project tells it, or its code.
func placeName(ctx context.Context, l *ledger.Ledger, names ledger.Places, book ledger.Book, place string) (string, error) {
	name := names.Of(place).Name
	if names.Knows(place) {
		return name, nil
	}
	err := l.Read.QueryRow(ctx, `select place_name from publicity.project where book = $1 and place = $2 order by project limit 1`, book, place).Scan(&name)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("name of place %s: %w", place, err)
	}
	return name, nil
}

// span is a term as notices print it.
func span(from, to ledger.Date) string {
	if from == "" && to == "" {
		return ""
	}
	return string(from) + "至" + string(to)
}

// people is whom a project serves.
func people(all, poor ledger.Count) string {
	switch {
	case all == 0 && poor == 0:
		return ""
	case poor == 0:
		return fmt.Sprintf("%d户", all)
	}
	return fmt.Sprintf("%d户，其中脱贫户、监测户%d户", all, poor)
}

// sources is where money shall come from, with how much.
func sources(words string, a ledger.Amount) string {
	if words == "" || a == 0 {
		return words
	}
	return words + a.Comma() + "元"
}
