package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"reflect"
	"strconv"
	"testing"
	"time"

	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
)

// countyFixture posts a small county as officers would, through the ledger
// alone: every figure on a page has entries behind it.
type countyFixture struct {
	t  testing.TB
	db *pgtest.DB
	l  *ledger.Ledger
	// dress changes every free text, to make hostile ones.
	dress func(string) string
	n     int
	day   ledger.Date
}

// fixedNow is the clock of pages that are read at pageNow.
func fixedNow() time.Time { return pageNow }

const pageBook = ledger.Book("411025")

var (
	pageMaker   = ledger.By{Role: ledger.Maker, Unit: "411025-CZ", User: "maker-1"}
	pageChecker = ledger.By{Role: ledger.Checker, Unit: "411025-CZ", User: "checker-1"}
	pagePayer   = ledger.By{Role: ledger.Payer, Unit: "411025-GK", User: "payer-1"}
	pageKinds   = kindsByBody()
)

func kindsByBody() map[reflect.Type]ledger.Kind {
	m := map[reflect.Type]ledger.Kind{}
	for _, k := range ledger.Kinds() {
		m[reflect.TypeOf(ledger.NewBody(k.Kind))] = k.Kind
	}
	return m
}

// newFixture opens an empty county on a database of its own.
func newFixture(t testing.TB, dress func(string) string) *countyFixture {
	t.Helper()
	x := fixtureOn(t, pgtest.New(t), dress)
	if err := x.l.CreateBook(t.Context(), pageBook); err != nil {
		t.Fatal(err)
	}
	return x
}

// newTypical is a county as typical fills it.
func newTypical(t testing.TB, dress func(string) string) *countyFixture {
	t.Helper()
	return newFilled(t, "typical", dress, func(x *countyFixture) { x.typical() })
}

// newWarned is a typical county with warnings.
func newWarned(t testing.TB, dress func(string) string) *countyFixture {
	t.Helper()
	return newFilled(t, "warned", dress, func(x *countyFixture) { x.typical(); x.warned() })
}

// newFilled is a county that was filled once for all tests.
func newFilled(t testing.TB, name string, dress func(string) string, fill func(*countyFixture)) *countyFixture {
	t.Helper()
	x := fixtureOn(t, pgtest.Filled(t, name+" "+dress("字"), func(db *pgtest.DB) {
		first := fixtureOn(t, db, dress)
		if err := first.l.CreateBook(t.Context(), pageBook); err != nil {
			t.Fatal(err)
		}
		fill(first)
		first.l.Close()
	}), dress)
	x.goOn()
	return x
}

// goOn takes number and day from the last entry that was posted here.
func (x *countyFixture) goOn() {
	x.t.Helper()
	var last ledger.Seq
	err := x.db.Owner.QueryRow(context.Background(), `
		select substring(id from '[0-9]+$')::int, seq from log.entry where id ~ '^(e|S|ok)[0-9]+$' order by 1 desc limit 1`).Scan(&x.n, &last)
	if err != nil {
		x.t.Fatal(err)
	}
	e, err := x.l.Entry(context.Background(), pageBook, last)
	if err != nil {
		x.t.Fatal(err)
	}
	x.day = e.On
}

func fixtureOn(t testing.TB, db *pgtest.DB, dress func(string) string) *countyFixture {
	t.Helper()
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2020, 6, 30, 1, 0, 0, 0, time.UTC)
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: func() time.Time { return at }, Judge: testRules().Judge()})
	t.Cleanup(l.Close)
	return &countyFixture{t: t, db: db, l: l, dress: dress, day: "2020-03-18"}
}

func (x *countyFixture) draft(b ledger.Body, by ledger.By) ledger.Draft {
	x.n++
	return ledger.Draft{ID: "e" + strconv.Itoa(x.n), Kind: pageKinds[reflect.TypeOf(b)], On: x.day, By: by, Corrects: ledger.None, Body: b}
}

// post posts facts that need no second person.
func (x *countyFixture) post(by ledger.By, bodies ...ledger.Body) ledger.Seq {
	x.t.Helper()
	var last ledger.Seq
	for _, b := range bodies {
		r, err := x.l.Post(context.Background(), pageBook, x.draft(b, by))
		if err != nil {
			x.t.Fatalf("post %T: %v", b, err)
		}
		last = r[0].Seq
	}
	return last
}

// submit posts entries that wait for a second person.
func (x *countyFixture) submit(title string, drafts ...ledger.Draft) (ledger.Submission, []ledger.Receipt) {
	x.t.Helper()
	x.n++
	id := "S" + strconv.Itoa(x.n)
	r, err := x.l.Submit(context.Background(), pageBook, id, ledger.SubmissionMade{Submission: id, Title: x.dress(title)}, drafts)
	if err != nil {
		x.t.Fatalf("submit %s: %v", title, err)
	}
	sub, err := x.l.Submission(context.Background(), pageBook, id)
	if err != nil {
		x.t.Fatal(err)
	}
	return sub, r[1:]
}

// settle submits entries and has them approved.
func (x *countyFixture) settle(title string, bodies ...ledger.Body) []ledger.Receipt {
	x.t.Helper()
	var drafts []ledger.Draft
	for _, b := range bodies {
		drafts = append(drafts, x.draft(b, pageMaker))
	}
	return x.settleDrafts(title, drafts...)
}

func (x *countyFixture) settleDrafts(title string, drafts ...ledger.Draft) []ledger.Receipt {
	x.t.Helper()
	sub, r := x.submit(title, drafts...)
	x.n++
	if _, err := x.l.Approve(context.Background(), pageBook, "ok"+strconv.Itoa(x.n), sub.Submission, sub.ContentHash, x.day, pageChecker); err != nil {
		x.t.Fatalf("approve %s: %v", title, err)
	}
	return r
}

// pay requests, approves and pays.
func (x *countyFixture) pay(p *ledger.PaymentRequested, sealed map[string]string) ledger.Seq {
	x.t.Helper()
	d := x.draft(p, pageMaker)
	d.Sealed = sealed
	r, err := x.l.Post(context.Background(), pageBook, d)
	if err != nil {
		x.t.Fatalf("request %s: %v", p.Payment, err)
	}
	return x.post(x.approved(p.Payment, r[0].Hash[:]), &ledger.PaymentPaid{Payment: p.Payment, Voucher: "V-" + p.Payment})
}

// approved approves a payment and returns who may pay it then.
func (x *countyFixture) approved(payment string, hash []byte) ledger.By {
	x.post(pageChecker, &ledger.PaymentApproved{Payment: payment, Hash: base64.StdEncoding.EncodeToString(hash)})
	return pagePayer
}

// reverse takes an entry back with a second person's approval.
func (x *countyFixture) reverse(seq ledger.Seq, reason string) {
	d := x.draft(&ledger.EntryReversed{Reason: reason}, pageMaker)
	d.Corrects = seq
	x.settleDrafts("红字冲销", d)
}

func yuan(n int64) ledger.Amount { return ledger.Amount(n * 100) }

// idNumber makes a valid ID number of an invented person.
func idNumber(n int) string {
	s := fmt.Sprintf("411025%04d0101%03d", 1950+n%50, n%1000)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(s[i]-'0') * w
	}
	return s + "10X98765432"[sum%11:sum%11+1]
}

// typical fills the county: five documents, projects in every state, tenders,
// contracts, grants, a private payee, corrections, and what waits or was refused.
func (x *countyFixture) typical() {
	x.funds()
	x.road()
	x.grants()
	x.others()
	x.notices()
}

// notices posts a plan on the county's page and on the village's board, with a proof, a
// correction, an extension, an objection with its answer and one without, and a copy of
// what was published elsewhere.
func (x *countyFixture) notices() {
	p, err := x.l.Project(context.Background(), pageBook, "XC2020-001")
	if err != nil {
		x.t.Fatal(err)
	}
	x.day = "2020-02-10"
	content := ledger.NoticeContent{
		About: []ledger.Seq{p.Approved}, Channel: "board", Columns: []string{"name", "place", "content", "unit", "responsible", "targets"},
		Contacts: ledger.NoticeContacts{Hotline: "12317", Phone: "0374-3560000", Mail: "fupin@example.gov.cn", Address: x.dress("襄城县文化路1号")}, Ends: "2020-02-25",
		Facts:  []ledger.NoticeFact{{Field: "document", Value: x.dress("襄扶〔2020〕3号")}, {Field: "principle", Value: x.dress("因素法分配")}},
		Issuer: x.dress("颍阳镇人民政府"), Level: "village", Lines: []ledger.NoticeLine{{Amount: yuan(1900000), Share: "100", Values: []string{p.Name, p.PlaceName, p.Content, p.Unit, "王建设", p.Targets}}},
		Place: p.Place, PlaceName: p.PlaceName, Signed: "2020-02-10", Stage: "P3", Starts: "2020-02-10", Title: x.dress("颍阳镇后楚村2020年项目公示"), Total: yuan(1900000),
	}
	x.post(pageMaker, &ledger.NoticePosted{Notice: "GS-001", Content: content},
		&ledger.NoticeHung{Notice: "GS-001", Board: x.dress("村委会公示栏"), Hanger: ledger.Person{Name: "楚某", Post: "村会计"}, Photo: ledger.File{Name: "照片.jpg", SHA256: base64.StdEncoding.EncodeToString(make([]byte, 32)), Size: 100}, Place: p.Place, Position: "33.851,113.482"})
	for i, id := range []string{"YJ-1", "YJ-2"} {
		d := x.draft(&ledger.ObjectionReceived{CodeHash: hashOfReceipt("ABCD-EFGH-2345-WXY" + strconv.Itoa(2+i)), Notice: "GS-001", Objection: id, Topic: "quality", Track: "general"}, ledger.By{Role: ledger.Public, Unit: "411025", User: "public"})
		d.Sealed = map[string]string{"note": "李一家门口的路没修，电话13800138000", "contact": "张1"}
		if _, err := x.l.Post(context.Background(), pageBook, d); err != nil {
			x.t.Fatal(err)
		}
	}
	x.day = "2020-02-14"
	x.post(pageMaker, &ledger.ObjectionAnswered{Objection: "YJ-1", Question: x.dress("东头一段路是否在内"), Answer: x.dress("东头200米已列入，三月开工"), Unit: x.dress("颍阳镇人民政府"), Outcome: "explained"})
	content.Lines = []ledger.NoticeLine{{Amount: yuan(1900000), Share: "100", Values: []string{p.Name, p.PlaceName, p.Content, p.Unit, "王建设", x.dress("216户出行")}}}
	x.post(pageMaker, &ledger.NoticeCorrected{Notice: "GS-001", Content: content, Reason: "other"}, &ledger.NoticeExtended{Notice: "GS-001", Ends: "2020-03-02", Reason: "plan"})
	copied := content
	copied.Level, copied.Channel, copied.Ends, copied.Copy, copied.Contacts.Phone = "county", "portal", "", x.dress("襄城县人民政府网站"), ""
	x.post(pageMaker, &ledger.NoticePosted{Notice: "GG-001", Content: copied})
}

func (x *countyFixture) funds() {
	fund := func(id, doc, name, level string, a ledger.Amount) ledger.Body {
		return &ledger.FundReceived{Fund: id, Document: doc, Name: x.dress(name), Level: level, Amount: a, Issued: "2020-01-07", Year: "2020", FunctionCode: "2130599", Principle: x.dress("因素法分配，向深度贫困村倾斜")}
	}
	x.day = "2020-01-15"
	x.settle("登记指标",
		fund("2020-ZY-1", "豫财农〔2019〕112号", "2020年中央财政专项扶贫资金（发展）", "central", yuan(12863500)),
		fund("2020-ZY-2", "豫财农〔2019〕112号", "2020年中央财政专项扶贫资金（少数民族）", "central", 54000050),
		fund("2020-SJ-1", "豫财农〔2020〕8号", "2020年省级财政专项扶贫资金", "province", yuan(8000000)),
		fund("2020-SJ-2", "许财预〔2020〕3号", "2020年市级财政扶贫资金", "city", yuan(500000)),
		fund("2020-XJ-1", "襄财〔2020〕15号", "2020年县级配套扶贫资金", "county", yuan(12000000)),
		fund("2020-XJ-2", "襄财〔2020〕16号", "2020年县级整合涉农资金", "county", yuan(3000000)))
}

func (x *countyFixture) plan(id, name, place, placeName, kind string, budget ...ledger.BudgetLine) *ledger.ProjectApproved {
	return &ledger.ProjectApproved{
		Project: id, Name: x.dress(name), Document: "襄扶〔2020〕3号", Content: x.dress("硬化村内道路3.2公里，宽4米，厚0.18米，配套排水沟"), Targets: x.dress("解决216户群众出行难"), Type: kind, Subtype: x.dress("村内道路"),
		Place: place, PlaceName: x.dress(placeName), Unit: x.dress("颍阳镇人民政府"), Responsible: ledger.Person{Name: "王<b>建设", Post: "镇长"}, Start: "2020-03-01", Finish: "2020-06-30",
		Linkage: x.dress("优先雇用脱贫户劳力"), Standard: x.dress("按县级控制价"), Department: x.dress("县农业农村局"), Beneficiaries: 216, Poor: 41, Budget: budget,
	}
}

// road is a project with everything: tender, contract, corrections, acceptance.
func (x *countyFixture) road() {
	firm := ledger.Party{Name: x.dress("许昌恒通路桥工程有限公司"), Code: "91350100M000100Y43"}
	x.day = "2020-01-20"
	x.post(pageMaker, &ledger.ProjectListed{Project: "XC2020-001", Name: x.dress("颍阳镇后楚村道路硬化"), Content: x.dress("硬化道路"), Type: "construction", Place: "411025103205", PlaceName: x.dress("颍阳镇后楚村"), Unit: x.dress("颍阳镇人民政府"), Estimate: yuan(1900000)})
	x.day = "2020-02-03"
	x.settle("批复", x.plan("XC2020-001", "颍阳镇后楚村道路硬化", "411025103205", "颍阳镇后楚村", "construction", ledger.BudgetLine{Fund: "2020-ZY-1", Amount: yuan(1500000)}, ledger.BudgetLine{Fund: "2020-XJ-1", Amount: yuan(400000)}),
		&ledger.FundAllocated{Fund: "2020-ZY-1", Project: "XC2020-001", Document: "襄财〔2020〕21号", Amount: yuan(1500000)},
		&ledger.FundAllocated{Fund: "2020-XJ-1", Project: "XC2020-001", Document: "襄财〔2020〕21号", Amount: yuan(400000)})
	x.post(pageMaker, &ledger.TenderAnnounced{Tender: "ZB-001", Project: "XC2020-001", Name: x.dress("道路硬化一标段"), Method: "open", Category: "works", Estimate: yuan(1900000), Deadline: ledger.Instant(time.Date(2020, 2, 25, 1, 0, 0, 0, time.UTC)), Platform: x.dress("许昌市公共资源交易中心")})
	for i, b := range []ledger.Party{firm, {Name: x.dress("河南广厦建设有限公司")}, {Name: x.dress("襄城县众和建筑队")}} {
		x.post(pageMaker, &ledger.TenderBid{Tender: "ZB-001", Bidder: b, Amount: yuan(1780000) + ledger.Amount(i)*1234567, At: ledger.Instant(time.Date(2020, 2, 24, 1, 0, 0, 0, time.UTC))})
	}
	x.day = "2020-02-25"
	x.post(pageMaker, &ledger.TenderOpened{Tender: "ZB-001", At: ledger.Instant(time.Date(2020, 2, 25, 1, 0, 0, 0, time.UTC)), Members: 5, Experts: 4},
		&ledger.TenderCandidates{Tender: "ZB-001", Candidates: []ledger.Candidate{{Bidder: firm, Amount: yuan(1780000)}}},
		&ledger.TenderAwarded{Tender: "ZB-001", Winner: firm, Amount: yuan(1780000)})
	x.day = "2020-03-05"
	x.settle("合同", &ledger.ContractSigned{Contract: "HT-001", Project: "XC2020-001", Tender: "ZB-001", Name: x.dress("后楚村道路硬化施工合同"), Supplier: firm, Amount: yuan(1780000), Retention: "3"})
	wrong := x.settle("变更", &ledger.ContractAmended{Contract: "HT-001", Amount: yuan(980000), Document: "襄扶〔2020〕9号", Reason: "plan"})
	x.reverse(wrong[0].Seq, "amount")
	x.settle("变更", &ledger.ContractAmended{Contract: "HT-001", Amount: yuan(98000), Document: "襄扶〔2020〕9号", Reason: "plan"})
	x.post(pageMaker, &ledger.WorksStarted{Project: "XC2020-001", Contract: "HT-001"})
	x.day = "2020-03-18"
	pay := func(id, fund, purpose, stage string, a ledger.Amount) *ledger.PaymentRequested {
		return &ledger.PaymentRequested{Payment: id, Project: "XC2020-001", Fund: fund, Contract: "HT-001", Amount: a, Purpose: x.dress(purpose), Stage: stage, Payee: firm, Method: "direct", EconomicCode: "31005", FunctionCode: "2130504"}
	}
	x.pay(pay("ZF-0001", "2020-ZY-1", "道路硬化预付款", "advance", 53400000), nil)
	x.day = "2020-04-20"
	x.post(pageMaker, &ledger.WorksProgressed{Project: "XC2020-001", Content: x.dress("路基完成"), Percent: 60, Value: yuan(1000000)})
	x.pay(pay("ZF-0002", "2020-ZY-1", "道路硬化进度款", "progress", 70123456), nil)
	x.pay(pay("ZF-0003", "2020-XJ-1", "道路硬化进度款", "progress", yuan(300000)), nil)
	x.post(pagePayer, &ledger.PaymentReturned{Payment: "ZF-0003", Amount: 1234, Reason: "account"})
	x.day = "2020-06-20"
	x.post(pageMaker, &ledger.WorksCompleted{Project: "XC2020-001", Content: x.dress("完成3.2公里")},
		&ledger.AcceptancePassed{Project: "XC2020-001", Level: "county", Conclusion: x.dress("合格")},
		&ledger.AssetRegistered{Asset: "ZC-1", Project: "XC2020-001", Name: x.dress("村内道路"), Class: "public", Owner: x.dress("后楚村集体"), Place: "411025103205", Value: yuan(1878000)},
		&ledger.DocumentFiled{Project: "XC2020-001", Item: 20, File: ledger.File{Name: x.dress("施工合同.pdf"), SHA256: base64.StdEncoding.EncodeToString(make([]byte, 32)), Size: 48213}})
	x.settle("结算", &ledger.SettlementAudited{Contract: "HT-001", Amount: 185000012, Auditor: ledger.Party{Name: x.dress("许昌中正工程咨询公司")}, Document: "许中审〔2020〕7号"})
	req := pay("ZF-0004", "2020-ZY-1", "道路硬化结算款", "final", yuan(100000))
	x.post(pageMaker, req)
	x.post(pageChecker, &ledger.PaymentRejected{Payment: "ZF-0004", Reason: "incomplete"})
}

// grants pays households in three villages, one of them sent back by the bank.
func (x *countyFixture) grants() {
	x.day = "2020-04-01"
	x.settle("批复", x.plan("XC2020-002", "颍桥回族镇产业奖补到户", "411025101000", "颍桥回族镇", "industry", ledger.BudgetLine{Fund: "2020-ZY-2", Amount: yuan(300000)}, ledger.BudgetLine{Fund: "2020-SJ-1", Amount: yuan(600000)}),
		&ledger.FundAllocated{Fund: "2020-ZY-2", Project: "XC2020-002", Document: "襄财〔2020〕22号", Amount: yuan(300000)},
		&ledger.FundAllocated{Fund: "2020-SJ-1", Project: "XC2020-002", Document: "襄财〔2020〕22号", Amount: yuan(600000)})
	const lines = 24
	drafts := []ledger.Draft{x.draft(&ledger.GrantRequested{Payment: "DF-0001", Project: "XC2020-002", Fund: "2020-ZY-2", Item: x.dress("脱贫户产业奖补"), Lines: lines, Amount: yuan(lines * 1500)}, pageMaker)}
	for i := range lines {
		d := x.draft(&ledger.GrantLine{Payment: "DF-0001", Line: ledger.Count(i + 1), Place: "41102510120" + strconv.Itoa(1+i%3), Standard: yuan(500), Quantity: "3", Amount: yuan(1500), Category: "脱贫户"}, pageMaker)
		d.Sealed = map[string]string{"payee_name": "张" + strconv.Itoa(i), "id_number": idNumber(i), "payee_account": "6200000000000005"}
		drafts = append(drafts, d)
	}
	r, err := x.l.Post(context.Background(), pageBook, drafts...)
	if err != nil {
		x.t.Fatal(err)
	}
	x.post(x.approved("DF-0001", r[0].Hash[:]), &ledger.PaymentPaid{Payment: "DF-0001"})
	x.post(pagePayer, &ledger.PaymentReturned{Payment: "DF-0001", Line: 2, Amount: yuan(1500), Reason: "account"})
	for i, name := range []string{"李一", "李二"} {
		x.pay(&ledger.PaymentRequested{Payment: "ZF-010" + strconv.Itoa(i), Project: "XC2020-002", Fund: "2020-SJ-1", Amount: yuan(8000), Purpose: x.dress("致富带头人奖补")},
			map[string]string{"payee_name": name, "id_number": idNumber(500 + i)})
	}
}

// others are projects in other states and places, and money elsewhere.
func (x *countyFixture) others() {
	x.day = "2020-05-06"
	x.post(pageMaker, &ledger.ProjectListed{Project: "XC2020-010", Name: x.dress("库庄镇灵树村蔬菜大棚"), Content: x.dress("新建大棚12座"), Type: "industry", Place: "411025106202", PlaceName: x.dress("库庄镇灵树村"), Unit: x.dress("库庄镇人民政府"), Estimate: yuan(960000)})
	for i, at := range []struct{ place, name string }{{"411025104203", "王洛镇东村"}, {"411025203206", "丁营乡霍庄村"}, {"411025205201", "范湖乡城上村"}, {"411025107204", "十里铺镇二甲王村"}} {
		id := "XC2020-02" + strconv.Itoa(i)
		x.settle("批复", x.plan(id, at.name+"安全饮水巩固提升", at.place, at.name, "guarantees", ledger.BudgetLine{Fund: "2020-SJ-1", Amount: yuan(800000)}),
			&ledger.FundAllocated{Fund: "2020-SJ-1", Project: id, Document: "襄财〔2020〕30号", Amount: yuan(int64(500000 + 100000*i))})
		x.pay(&ledger.PaymentRequested{Payment: "ZF-02" + strconv.Itoa(i) + "0", Project: id, Fund: "2020-SJ-1", Amount: yuan(int64(120000 + i)), Purpose: x.dress("水管及水表采购款"), Payee: ledger.Party{Name: x.dress("襄城县惠民水务设备有限公司")}}, nil)
	}
	wrong := x.settle("分配", &ledger.FundAllocated{Fund: "2020-XJ-2", Unit: "411025203-CZS", Document: "襄财〔2020〕31号", Amount: yuan(900000)})
	x.reverse(wrong[0].Seq, "amount")
	x.settle("分配", &ledger.FundAllocated{Fund: "2020-XJ-2", Unit: "411025203-CZS", Document: "襄财〔2020〕31号", Amount: yuan(90000)},
		&ledger.FundRecalled{Fund: "2020-SJ-2", Document: "许财预〔2020〕40号", Amount: yuan(50000), Reason: "plan"})
	x.settle("批复", x.plan("XC2020-030", "紫云镇雪楼村文化广场", "411025105208", "紫云镇雪楼村", "governance", ledger.BudgetLine{Fund: "2020-XJ-1", Amount: yuan(120000)}))
	x.settle("取消", &ledger.ProjectCancelled{Project: "XC2020-030", Document: "襄扶〔2020〕11号", Reason: "plan"})
	sub, _ := x.submit("待退回", x.draft(&ledger.FundReceived{Fund: "2020-XX", Document: "襄财〔2020〕99号", Name: x.dress("误录资金"), Level: "county", Amount: yuan(1), Issued: "2020-05-01", Year: "2020"}, pageMaker))
	x.post(pageChecker, &ledger.SubmissionRejected{Submission: sub.Submission, Reason: "duplicate"})
	x.submit("待审批", x.draft(&ledger.FundReceived{Fund: "2020-XJ-3", Document: "襄财〔2020〕17号", Name: x.dress("待审批资金"), Level: "county", Amount: yuan(100), Issued: "2020-05-01", Year: "2020"}, pageMaker))
}
