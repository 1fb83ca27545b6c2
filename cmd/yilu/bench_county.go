package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"yilu/cmd/yilu/demo"
	"yilu/ledger"
)

// A county of many years, which the sweeps are measured on beside the payments of few
// projects that the large book is made of.
const (
	countyProjects = 8_000
	countyFirms    = 400
	countyVillages = 300
	countyHomes    = 20_000
	// countyRounds is how often the households got grants.
	countyRounds = 12
	// countyPart is how many projects or households stand in one submission.
	countyPart = 500
)

// county is the story of that county as it is posted.
type county struct {
	b    *bench
	rand *rand.Rand
	// drafts wait to be posted together.
	drafts []ledger.Draft
	units  int
	// winner and price are those of each project's tender.
	winner []int
	price  []ledger.Amount
}

// county posts the county, once.
func (b *bench) county(ctx context.Context) error {
	if b.kept["county"] != 0 {
		return nil
	}
	if err := b.start(ctx); err != nil {
		return err
	}
	b.kept["county"] = 1
	c := &county{b: b, rand: rand.New(rand.NewPCG(1, 2)), winner: make([]int, countyProjects), price: make([]ledger.Amount, countyProjects)}
	c.draft("WF.received", "fund.received", "2020-01-03", &ledger.FundReceived{Fund: "WF", Document: "测〔2020〕99号", Name: "测试资金", Level: "central", Amount: ledger.MaxAmount, Issued: "2020-01-03", Year: "2020"})
	if err := c.submit(ctx); err != nil {
		return err
	}
	progress := b.env.progress("county")
	for _, stage := range []struct {
		of, each int
		tell     func(int)
		enter    func(context.Context) error
	}{
		{countyProjects, countyPart, c.list, c.post}, {countyProjects, countyPart, c.approve, c.submit}, {countyProjects, countyPart, c.tender, c.post},
		{countyProjects, countyPart, c.sign, c.submit}, {countyProjects, countyPart, c.build, c.post}, {countyProjects, countyPart, c.ask, c.submit},
		{countyProjects, countyPart, c.pay, c.post}, {countyRounds * countyHomes / countyPart, 1, c.grant, c.submit},
	} {
		for i := range stage.of {
			stage.tell(i)
			if (i+1)%stage.each != 0 {
				continue
			}
			if err := stage.enter(ctx); err != nil {
				return err
			}
			progress(int64(i+1), int64(stage.of))
		}
	}
	return nil
}

func (c *county) draft(id string, kind ledger.Kind, on ledger.Date, body ledger.Body) {
	c.drafts = append(c.drafts, ledger.Draft{ID: id, Kind: kind, On: on, By: ledger.By{Role: ledger.Maker, Unit: "bench", User: "maker"}, Corrects: ledger.None, Body: body})
}

// post posts what waits.
func (c *county) post(ctx context.Context) error {
	_, err := c.b.ledger.Post(ctx, ledger.Book(c.b.env.Book), c.drafts...)
	c.drafts = c.drafts[:0]
	return err
}

// submit has a second person approve what waits.
func (c *county) submit(ctx context.Context) error {
	book, id, on := ledger.Book(c.b.env.Book), "WU"+strconv.Itoa(c.units), c.drafts[0].On
	c.units++
	if _, err := c.b.ledger.Submit(ctx, book, id, ledger.SubmissionMade{Submission: id, Title: "bench"}, c.drafts); err != nil {
		return err
	}
	c.drafts = c.drafts[:0]
	sub, err := c.b.ledger.Submission(ctx, book, id)
	if err != nil {
		return err
	}
	_, err = c.b.ledger.Approve(ctx, book, id+"-ok", id, sub.ContentHash, on, ledger.By{Role: ledger.Checker, Unit: "bench", User: "checker"})
	return err
}

func project(i int) string { return fmt.Sprintf("W%05d", i) }

// day is the n-th day of the year's projects: they are spread over three months.
func (c *county) day(i, n int) ledger.Date {
	return ledger.DateOf(time.Date(2020, 1, 4+i%90+n, 4, 0, 0, 0, time.UTC))
}

func village(i int) string { return fmt.Sprintf("411025%03d%03d", 101+i%16, 200+i/16) }

func firm(i int) ledger.Party {
	return ledger.Party{Code: fmt.Sprintf("914110250000%06d", i), Name: fmt.Sprintf("测试建设%03d公司", i)}
}

// budget is what project i has: of one kind much alike.
func (c *county) budget(i int) ledger.Amount { return ledger.Amount(10_000_000 + i%977*100_000 + i%7) }

var countySubtypes = []string{"农村道路建设", "种植业基地", "村容村貌提升", "产业园（区）", "农村污水治理", "加工业"}

func (c *county) list(i int) {
	kind := []string{"construction", "industry"}[i%2]
	c.draft(project(i)+".listed", "project.listed", c.day(i, 0), &ledger.ProjectListed{
		Project: project(i), Name: fmt.Sprintf("测试村%d%s项目", i%countyVillages, countySubtypes[i%6]), Type: kind, Subtype: countySubtypes[i%6], Content: "测试", Nature: "新建",
		Place: village(i % countyVillages), PlaceName: "测试村", Unit: fmt.Sprintf("测试乡镇%d", i%16), Estimate: c.budget(i), Sources: "财政", Start: c.day(i, 60), Finish: c.day(i, 150),
		Targets: "测试", Linkage: "测试", Beneficiaries: ledger.Count(50 + i%91), Poor: ledger.Count(i % 40)})
}

func (c *county) approve(i int) {
	kind := []string{"construction", "industry"}[i%2]
	c.draft(project(i)+".approved", "project.approved", c.day(i, 2), &ledger.ProjectApproved{
		Project: project(i), Name: fmt.Sprintf("测试村%d%s项目", i%countyVillages, countySubtypes[i%6]), Document: "测批〔2020〕2号", Content: "测试", Targets: "测试", Linkage: "测试", Type: kind, Subtype: countySubtypes[i%6],
		Place: village(i % countyVillages), PlaceName: "测试村", Unit: fmt.Sprintf("测试乡镇%d", i%16), Responsible: ledger.Person{Name: "测试"}, Start: c.day(i, 60), Finish: c.day(i, 150),
		Beneficiaries: ledger.Count(50 + i%91), Poor: ledger.Count(i % 40), Budget: []ledger.BudgetLine{{Fund: "WF", Amount: c.budget(i)}}})
	c.draft(project(i)+".allocated", "fund.allocated", c.day(i, 5), &ledger.FundAllocated{Fund: "WF", Project: project(i), Document: "测分〔2020〕2号", Amount: c.budget(i)})
}

// tender tells a lot with three to six bids.
func (c *county) tender(i int) {
	id, day := project(i)+"-ZB", c.day(i, 8)
	deadline := time.Date(2020, 1, 4+i%90+30, 1, 30, 0, 0, time.UTC)
	c.draft(id+".announced", "tender.announced", day, &ledger.TenderAnnounced{Tender: id, Project: project(i), Name: project(i), Method: []string{"open", "consultation"}[i%2], Category: "works",
		Estimate: c.budget(i), Ceiling: c.budget(i), Deadline: ledger.Instant(deadline), Platform: "测试平台", SaleFrom: day, SaleTo: c.day(i, 15)})
	n, low := 3+c.rand.IntN(4), ledger.Amount(0)
	var named []ledger.Candidate
	for k, f := range c.rand.Perm(countyFirms)[:n] {
		amount := c.budget(i)/100*ledger.Amount(85+c.rand.IntN(14)) + ledger.Amount(c.rand.IntN(9999))
		c.draft(fmt.Sprintf("%s.bid%d", id, k), "tender.bid", c.day(i, 30), &ledger.TenderBid{Tender: id, Bidder: firm(f), Amount: amount, At: ledger.Instant(deadline.Add(-time.Duration(1+c.rand.IntN(600)) * time.Minute)), Bond: amount / 100, BondPayer: firm(f)})
		if low == 0 || amount < low {
			low, c.winner[i] = amount, f
		}
		named = append(named, ledger.Candidate{Bidder: firm(f), Amount: amount})
	}
	c.price[i] = low
	c.draft(id+".opened", "tender.opened", c.day(i, 30), &ledger.TenderOpened{Tender: id, At: ledger.Instant(deadline), Members: 5, Experts: 4, Place: "测试"})
	c.draft(id+".candidates", "tender.candidates", c.day(i, 31), &ledger.TenderCandidates{Tender: id, Candidates: named[:3], Reported: c.day(i, 31)})
	c.draft(id+".awarded", "tender.awarded", c.day(i, 36), &ledger.TenderAwarded{Tender: id, Winner: firm(c.winner[i]), Amount: low, Files: []ledger.File{countyFile}})
}

var countyFile = ledger.File{Name: "测试", SHA256: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}

func (c *county) sign(i int) {
	id := project(i) + "-HT"
	c.draft(id+".signed", "contract.signed", c.day(i, 40), &ledger.ContractSigned{Contract: id, Project: project(i), Tender: project(i) + "-ZB", Name: "测试合同", Supplier: firm(c.winner[i]), Amount: c.price[i],
		Start: c.day(i, 60), Finish: c.day(i, 150), Retention: "3", Pricing: "lump", PaymentDays: 30, LabourShare: "18", LabourMonths: 1, WageAccount: true, Files: []ledger.File{countyFile}})
	c.drafts[len(c.drafts)-1].Sealed = map[string]string{"payee_account": demo.Card(c.winner[i]), "payee_bank": "测试银行"}
}

func (c *county) build(i int) {
	id := project(i)
	c.draft(id+".started", "works.started", c.day(i, 60), &ledger.WorksStarted{Project: id, Contract: id + "-HT"})
	for n, percent := range []ledger.Count{40, 90} {
		c.draft(fmt.Sprintf("%s.progress%d", id, n), "works.progressed", c.day(i, 90+40*n), &ledger.WorksProgressed{Project: id, Percent: percent, Value: c.price[i] / 100 * ledger.Amount(percent), Content: "测试", Files: []ledger.File{countyFile}})
	}
	c.draft(id+".completed", "works.completed", c.day(i, 150), &ledger.WorksCompleted{Project: id, Content: "测试"})
	c.draft(id+".accepted", "acceptance.passed", c.day(i, 160), &ledger.AcceptancePassed{Project: id, Level: "county", Conclusion: "测试", Acceptors: []ledger.Party{{Name: "测试局"}, {Name: fmt.Sprintf("测试村%d", i%countyVillages)}}, Files: []ledger.File{countyFile}})
}

// countyStages are the parts of a contract that are paid, in percent.
var countyStages = []struct {
	stage   string
	percent ledger.Amount
}{{"advance", 30}, {"progress", 20}, {"progress", 25}, {"final", 20}}

func (c *county) ask(i int) {
	for n, s := range countyStages {
		id := fmt.Sprintf("%s-Z%d", project(i), n)
		c.draft(id+".requested", "payment.requested", c.day(i, 70+30*n), &ledger.PaymentRequested{Payment: id, Project: project(i), Contract: project(i) + "-HT", Payee: firm(c.winner[i]), Stage: s.stage, Amount: c.price[i] / 100 * s.percent, Fund: "WF",
			Purpose: "测试", FunctionCode: "2130504", EconomicCode: "31005", Method: "direct", Files: []ledger.File{countyFile}})
		c.drafts[len(c.drafts)-1].Sealed = map[string]string{"payee_account": demo.Card(c.winner[i]), "payee_bank": "测试银行"}
	}
}

func (c *county) pay(i int) {
	for n := range countyStages {
		id := fmt.Sprintf("%s-Z%d", project(i), n)
		c.draft(id+".paid", "payment.paid", c.day(i, 72+30*n), &ledger.PaymentPaid{Payment: id, Voucher: id})
		c.drafts[len(c.drafts)-1].By = ledger.By{Role: ledger.Payer, Unit: "bench", User: "payer"}
	}
}

// grant tells a batch of grants to households of one round.
func (c *county) grant(i int) {
	id, on := "WG"+strconv.Itoa(i), c.day(0, 70+i*countyPart/countyHomes*20)
	var sum ledger.Amount
	var lines []ledger.Draft
	for n := range countyPart {
		home := (i*countyPart + n) % countyHomes
		amount := ledger.Amount(50_000 + home%37*1_000)
		sum += amount
		lines = append(lines, ledger.Draft{ID: fmt.Sprintf("%s.%d", id, n+1), Kind: "grant.line", On: on, By: ledger.By{Role: ledger.Maker, Unit: "bench", User: "maker"}, Corrects: ledger.None,
			Body:   &ledger.GrantLine{Payment: id, Line: ledger.Count(n + 1), Place: village(home % countyVillages), Category: "脱贫户", Standard: amount, Quantity: "1", Amount: amount},
			Sealed: map[string]string{"payee_name": "测试户", "id_number": demo.IDNumber(home), "payee_account": demo.Card(home)}})
	}
	c.draft(id+".requested", "grant.requested", on, &ledger.GrantRequested{Payment: id, Project: "P0-0", Fund: "F0", Item: "产业奖补", Amount: sum, Lines: countyPart, Period: on.Month(), Files: []ledger.File{countyFile}})
	c.drafts = append(c.drafts, lines...)
}
