package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

var deskPaper = ledger.File{Name: "正式文件.pdf", SHA256: base64.StdEncoding.EncodeToString(make([]byte, 32)), Size: 2048}

// formCase is what an officer types into the form of a kind.
type formCase struct {
	body ledger.Body
	more url.Values
	// first is posted before, by others' forms.
	first func(d *desk)
}

// formCases hold, for every kind that has a form, something that the typical county
// takes.
func formCases() []formCase {
	noon := ledger.Instant(time.Date(2020, 6, 1, 1, 0, 0, 0, time.UTC))
	firm := ledger.Party{Name: "许昌恒通路桥工程有限公司", Code: "91350100M000100Y43"}
	sum := sha256.Sum256([]byte("code: P01\n"))
	file := base64.StdEncoding.EncodeToString(sum[:])
	content := ledger.NoticeContent{
		Channel: "board", Columns: []string{"name", "unit"}, Contacts: ledger.NoticeContacts{Hotline: "12317", Phone: "0374-3560000"}, Ends: "2020-07-20", Facts: []ledger.NoticeFact{{Field: "document", Value: "襄扶〔2020〕3号"}},
		Issuer: "颍阳镇人民政府", Level: "village", Lines: []ledger.NoticeLine{{Amount: yuan(80), Share: "100", Values: []string{"道路硬化", "颍阳镇政府"}}},
		Place: "411025103205", PlaceName: "颍阳镇后楚村", Signed: "2020-06-29", Sources: []string{"central"}, Stage: "P3", Starts: "2020-06-29", Title: "公示", Total: yuan(80),
	}
	recorded := ledger.Recorded{Currency: "CNY", Object: "o-1", Process: "ocds-1", Released: "2020-06-01", Version: 1}
	tender := func(id string) func(d *desk) {
		return func(d *desk) {
			d.post(pageMaker, &ledger.TenderAnnounced{Tender: id, Project: "XC2020-020", Name: "一标段", Method: "open", Category: "works", Estimate: yuan(100), Deadline: noon})
		}
	}
	completed := func(project string) func(d *desk) {
		return func(d *desk) {
			d.post(pageMaker, &ledger.WorksStarted{Project: project}, &ledger.WorksCompleted{Project: project, Content: "全部完成"})
		}
	}
	return []formCase{
		{body: &ledger.FundReceived{Amount: yuan(1000), Document: "豫财农〔2020〕99号", Files: []ledger.File{deskPaper}, FunctionCode: "2130599", Fund: "2020-N1", Issued: "2020-06-01", Level: "central", Name: "新资金", Principle: "因素法", Uses: []string{"construction", "industry"}, Year: "2020"}},
		{body: &ledger.FundAdjusted{Amount: yuan(-5), Document: "豫财农〔2020〕100号", Fund: "2020-XJ-1"}},
		{body: &ledger.FundRecalled{Amount: yuan(3), Document: "襄财〔2020〕70号", Fund: "2020-SJ-1", Project: "XC2020-020", Reason: "plan"}},
		{body: &ledger.FundAllocated{Amount: yuan(1), Document: "襄财〔2020〕71号", Fund: "2020-XJ-2", FromUnit: "411025203-CZS", Unit: "411025205-CZS"}},
		{body: &ledger.ProjectListed{Beneficiaries: 120, Content: "硬化道路1公里", Estimate: yuan(800), Finish: "2020-12-30", Linkage: "务工", Name: "道路", Nature: "新建", Place: "411025103205", PlaceName: "后楚村", Poor: 40, Project: "XC2020-910", Sources: "中央", Start: "2020-07-01", Subtype: "通村路", Targets: "通行", Type: "construction", Unit: "颍阳镇政府"}},
		{body: &ledger.ProjectApproved{Budget: []ledger.BudgetLine{{Amount: yuan(100), Fund: "2020-XJ-1"}}, Content: "大棚12座", Document: "襄扶〔2020〕30号", Finish: "2020-12-30", Name: "蔬菜大棚", Place: "411025106202", PlaceName: "灵树村", Project: "XC2020-010", Responsible: ledger.Person{Name: "张某", Post: "镇长"}, Start: "2020-07-01", Targets: "增收", Type: "industry", Unit: "库庄镇"}},
		{body: &ledger.ProjectChanged{Document: "襄扶〔2020〕31号", Finish: "2020-12-31", Project: "XC2020-020", Reason: "plan", Responsible: ledger.Person{Name: "李某"}}},
		{body: &ledger.ProjectCancelled{Document: "襄扶〔2020〕32号", Project: "XC2020-010", Reason: "plan"}},
		{body: &ledger.TenderAnnounced{Ceiling: yuan(79), Category: "works", Deadline: noon, Estimate: yuan(78), Method: "open", Name: "二标段", Platform: "交易中心", Project: "XC2020-020", SaleFrom: "2020-05-20", SaleTo: "2020-05-26", Tender: "ZB-901"}},
		{body: &ledger.TenderBid{Amount: yuan(77), At: noon, Bidder: firm, Bond: yuan(1), BondPayer: firm, Tender: "ZB-911"}, first: tender("ZB-911")},
		{body: &ledger.TenderOpened{At: noon, Experts: 4, Members: 5, Place: "开标一室", Rejected: []ledger.RejectedBid{{Bidder: firm, Ground: "seal"}}, Tender: "ZB-912"}, first: tender("ZB-912")},
		{body: &ledger.TenderCandidates{Candidates: []ledger.Candidate{{Amount: yuan(77), Bidder: firm}, {Amount: yuan(78), Bidder: ledger.Party{Name: "某工程公司"}}}, Tender: "ZB-913"}, first: tender("ZB-913")},
		{body: &ledger.TenderAwarded{Amount: yuan(77), Tender: "ZB-914", Winner: firm}, first: tender("ZB-914")},
		{body: &ledger.TenderChanged{Content: "补充图纸", Deadline: noon, Tender: "ZB-916"}, first: tender("ZB-916")},
		{body: &ledger.TenderEvaluator{Expert: true, Tender: "ZB-917"}, first: tender("ZB-917"), more: url.Values{"0.sealed.name": {"钱评委"}, "0.sealed.id_number": {idNumber(6)}}},
		{body: &ledger.TenderFailed{Reason: "bidders", Tender: "ZB-915"}, first: tender("ZB-915")},
		{body: &ledger.TenderExempted{Ground: "work_relief", Method: "self_built", Project: "XC2020-020"}},
		{body: &ledger.ContractSigned{Amount: yuan(77), Category: "works", Contract: "HT-900", Finish: "2020-12-30", Name: "施工合同", Project: "XC2020-020", Retention: "3", SME: true, Start: "2020-07-01", Supplier: firm}},
		{body: &ledger.ContractAmended{Amount: yuan(1), Contract: "HT-001", Document: "补充协议1", Reason: "plan"}},
		{body: &ledger.ContractSubcontracted{Amount: yuan(1), Contract: "HT-001", Document: "分包合同1", Part: "other", Subcontractor: ledger.Party{Name: "某劳务公司"}}},
		{body: &ledger.PaymentRequested{Amount: yuan(20), EconomicCode: "31005", FunctionCode: "2130599", Fund: "2020-SJ-1", Invoice: ledger.Invoice{Amount: yuan(30), Number: "12345678", On: "2020-06-10"}, Method: "direct", Payment: "ZF-9201", Project: "XC2020-020", Purpose: "补助", Stage: "other"},
			more: url.Values{"0.sealed.payee_name": {"王五"}, "0.sealed.id_number": {idNumber(7)}, "0.sealed.payee_account": {"6200000000000005"}}},
		{body: &ledger.PaymentPaid{Payment: "ZF-9202", Voucher: "0012"}, first: func(d *desk) {
			seq := d.post(pageMaker, &ledger.PaymentRequested{Payment: "ZF-9202", Project: "XC2020-020", Fund: "2020-SJ-1", Amount: yuan(10), Purpose: "水表", Payee: firm})
			e, err := d.l.Entry(context.Background(), pageBook, seq)
			if err != nil {
				d.t.Fatal(err)
			}
			d.approved("ZF-9202", e.Hash[:])
		}},
		{body: &ledger.PaymentReturned{Amount: yuan(1), Payment: "ZF-0200", Reason: "account"}},
		{body: &ledger.GrantRequested{Amount: yuan(4500), Fund: "2020-SJ-1", Item: "产业奖补", Payment: "DF-9001", Period: "2020-Q2", Project: "XC2020-002"}, more: url.Values{
			"0.line.0.body.place": {"411025101201"}, "0.line.0.body.standard": {"1,500"}, "0.line.0.body.quantity": {"2"}, "0.line.0.body.amount": {"3000"}, "0.line.0.sealed.payee_name": {"赵一"}, "0.line.0.sealed.id_number": {idNumber(8)},
			"0.line.3.body.place": {"411025101202"}, "0.line.3.body.standard": {"1500"}, "0.line.3.body.quantity": {"1"}, "0.line.3.body.amount": {"1500"}, "0.line.3.sealed.payee_name": {"赵二"}, "0.line.3.sealed.id_number": {idNumber(9)},
		}},
		{body: &ledger.WorksStarted{Project: "XC2020-021"}},
		{body: &ledger.WorksProgressed{Content: "路基完成", Percent: 40, Project: "XC2020-021", Value: yuan(30)}},
		{body: &ledger.WorksCompleted{Content: "完成", Project: "XC2020-021"}},
		{body: &ledger.AcceptancePassed{Acceptors: []ledger.Party{firm}, Conclusion: "合格", Files: []ledger.File{deskPaper}, Level: "county", Project: "XC2020-022"}, first: completed("XC2020-022")},
		{body: &ledger.AcceptanceFailed{Conclusion: "厚度不足", Level: "township", Project: "XC2020-023"}, first: completed("XC2020-023")},
		{body: &ledger.SettlementAudited{Amount: yuan(70), Auditor: firm, Contract: "HT-901", Document: "审字〔2020〕5号"}, first: func(d *desk) {
			d.settle("合同", &ledger.ContractSigned{Contract: "HT-901", Project: "XC2020-020", Name: "合同", Supplier: firm, Amount: yuan(77)})
		}},
		{body: &ledger.AssetRegistered{Asset: "ZC-9", Class: "public", Income: "无", Keeper: "村委会", Name: "通村路", Operator: "合作社", Owner: "村集体", Place: "411025103205", Project: "XC2020-001", State: "used", Value: yuan(70)}},
		{body: &ledger.AssetDisposed{Asset: "ZC-10", Decision: "村民代表会议决议〔2020〕2号", Proceeds: yuan(1), Project: "XC2020-001", Value: yuan(70), Way: "sold"}, first: func(d *desk) {
			d.post(pageMaker, &ledger.AssetRegistered{Asset: "ZC-10", Class: "public", Keeper: "村委会", Name: "通村路", Owner: "村集体", Place: "411025103205", Project: "XC2020-001", State: "used", Value: yuan(70)})
		}},
		{body: &ledger.DocumentFiled{File: deskPaper, Item: 24, Project: "XC2020-001"}},
		{body: &ledger.DocumentWaived{Explanation: "村级自建，无施工合同", Item: 20, Project: "XC2020-001"}},
		{body: &ledger.NoticePosted{Content: content, Notice: "GS-900"}},
		{body: &ledger.NoticeHung{Board: "公示栏", End: true, Hanger: ledger.Person{Name: "王某"}, Notice: "GS-001", Photo: deskPaper, Place: "411025103205", Position: "33.851,113.482"}},
		{body: &ledger.PhotoReleased{Basis: "政府信息公开条例20", Caption: "后楚村公示栏", Height: 480, Looked: "nobody", Original: deskPaper.SHA256, Picture: deskPaper, Width: 640}, more: url.Values{"0.body.entry": {"PROOF"}}},
		{body: &ledger.PhotoWithdrawn{Ground: "consent", Original: deskPaper.SHA256}, more: url.Values{"0.body.entry": {"PROOF"}}, first: func(d *desk) {
			b := &ledger.PhotoReleased{Basis: "政府信息公开条例20", Caption: "公示栏", Entry: d.proof(), Height: 480, Looked: "nobody", Original: deskPaper.SHA256, Picture: deskPaper, Width: 640}
			d.settle("照片", b)
		}},
		{body: &ledger.NoticeCorrected{Content: content, Notice: "GS-001", Reason: "amount"}},
		{body: &ledger.NoticeExtended{Ends: "2020-07-30", Notice: "GS-001", Reason: "plan"}},
		{body: &ledger.NoticeEnded{Notice: "GG-001", Outcome: "none"}},
		{body: &ledger.NoticeWaived{Basis: "政府信息公开条例14", Entry: 5, Level: "county", Stage: "P3"}},
		{body: &ledger.NoticeRequired{Basis: "甘政办发〔2016〕1号", Days: 10, From: "2020-01-01", Level: "county", Minimum: 10, Mode: "strict", Region: "62", Stage: "P3", To: "2020-12-31", Unit: "wd"}},
		{body: &ledger.ObjectionReceived{Notice: "GS-001", Objection: "YJ-900", Topic: "amount", Track: "general"}, more: url.Values{"0.sealed.note": {"路没有修完"}}},
		{body: &ledger.ObjectionAnswered{Answer: "已核实", Objection: "YJ-2", Outcome: "upheld", Question: "金额不一致", Unit: "颍阳镇人民政府"}},
		{body: &ledger.EntryReversed{Reason: "amount"}, more: url.Values{"0.corrects": {"REVERSED"}}},
		{body: &ledger.PeriodClosed{Period: "2019-12"}},
		{body: &ledger.ExemptionSet{Basis: "会议纪要〔2020〕3号", Code: "A10", Fact: "project.id", From: "2020-01-01", Text: "XC2020-001", To: "2020-12-31"}},
		{body: &ledger.FreezeSet{Document: "襄审〔2020〕1号", Subject: "XC2020-020", What: "project"}},
		{body: &ledger.RuleActivated{Code: "P01", FileHash: file, FileLines: []string{"code: P01"}, State: "retired", TestHash: deskPaper.SHA256, Version: 1}},
		{body: &ledger.ParameterSet{Basis: "襄政办〔2020〕1号", Code: "P08", From: "2020-01-01", Name: "p", Region: "411025", Value: "0.30"}},
		{body: &ledger.RegisterLoaded{From: "2020-06-01", List: ledger.ListPoor, Region: "411025", Register: "MD-1", Source: "县扶贫办", Stated: "2020-05-31", To: "2020-12-31"}, more: url.Values{
			"0.line.0.sealed.name": {"张三"}, "0.line.0.sealed.id_number": {idNumber(3)}, "0.line.0.sealed.household": {"H1"}, "0.line.0.sealed.class": {"脱贫户"}, "0.line.0.body.place": {"411025103205"},
		}},
		{body: &ledger.RegisterLoaded{From: "2020-06-01", List: ledger.ListMeasures, Region: "411025", Register: "MD-4", Source: "县扶贫办", Stated: "2020-05-31", To: "2020-12-31"}, more: url.Values{
			"0.line.0.sealed.name": {"张三"}, "0.line.0.sealed.id_number": {idNumber(3)}, "0.line.0.sealed.household": {"H1"}, "0.line.0.sealed.class": {"产业帮扶"}, "0.line.0.sealed.first_on": {"2020-01-01"}, "0.line.0.sealed.last_on": {"2020-12-31"},
		}},
		{body: &ledger.PlaceNamed{Basis: "2020年区划代码", English: "Houchu", Name: "后楚村", Place: "411025103205"}},
		{body: &ledger.RegisterLoaded{From: "2020-06-01", List: ledger.ListFirms, Region: "411025", Register: "MD-2", Source: "县市场监管局", Stated: "2020-05-31", To: "2020-12-31"}, more: url.Values{
			"0.line.0.body.supplier.name": {"某公司"}, "0.line.0.body.supplier.code": {"91350100M000100Y43"}, "0.line.0.body.from": {"2015-06-01"},
		}},
		{body: &ledger.RegisterLoaded{From: "2020-06-01", List: ledger.ListAccounts, Region: "411025", Register: "MD-3", Source: "某银行", Stated: "2020-05-31", To: "2020-12-31"}, more: url.Values{
			"0.line.0.sealed.payee_account": {"6217000000000000004"}, "0.line.0.body.branch": {"某支行"}, "0.line.0.body.opened": {"2020-02-03"}, "0.line.0.body.serial": {"127"},
		}},
		{body: &ledger.KeyRotated{Next: "log.example/1+00000002+AQ==", Old: "log.example/1+00000001+AQ==", Until: "2020-12-30"}},
		{body: &ledger.SealErased{Entry: 0, Field: "payee_name", Ground: "order"}, more: url.Values{"0.body.entry": {"SEALED"}}},
		{body: &ledger.SealDisclosed{Entry: 0, Field: "payee_name", To: "县审计局"}, more: url.Values{"0.body.entry": {"SEALED"}}},
		{body: &ledger.ProcessTender{Recorded: recorded, Amendments: []ledger.ProcessAmendment{{At: "2020-06-02", Reason: "改期"}}, Amount: yuan(9), Buyer: ledger.Participant{Name: "某局"}, Category: "works", Deadline: "2020-06-20T09:00:00+08:00", Documents: []string{"tenderNotice"}, Items: []ledger.ProcessItem{{Name: "路", Quantity: "1"}}, Method: "open", Name: "道路", Status: "active"}},
		{body: &ledger.ProcessBid{Recorded: recorded, Amount: yuan(9), Bidders: []ledger.Participant{{Name: "某公司"}}}},
		{body: &ledger.ProcessAward{Recorded: recorded, Amount: yuan(9), Suppliers: []ledger.Participant{{Name: "某公司"}}, Lots: []string{"l-1"}}},
		{body: &ledger.ProcessContract{Recorded: recorded, Amount: yuan(9), Values: []ledger.ProcessValue{{Amount: yuan(8), Released: "2020-05-01"}}}},
		{body: &ledger.ProcessTransaction{Recorded: recorded, Amount: yuan(9), Of: "c-1", Payee: ledger.Participant{Name: "某公司"}}},
		{body: &ledger.ProcessFindings{Recorded: ledger.Recorded{Currency: "CNY", Process: "ocds-1", Version: 1}, Counts: []ledger.FindingCount{{Code: "dates", Count: 2}}, Details: []ledger.Finding{{Code: "dates", Found: "1", Made: "2", Path: "/x"}}}},
		{body: &ledger.ImportRecorded{File: deskPaper, Objects: 1, Processes: 1, Publishers: []string{"某平台"}}},
	}
}

// TestEveryKindByForm fills in the form of every kind, and finds in the book what was
// typed: nothing of a body is beyond a form.
func TestEveryKindByForm(t *testing.T) {
	t.Parallel()
	seen := map[ledger.Kind]bool{"book.opened": true} // only the first entry of a book can be it
	d := newDesk(t)
	b := d.as(t, pageMaker)
	for _, c := range formCases() {
		kind := ledger.KindOf(c.body)
		seen[kind] = true
		t.Run(string(kind), func(t *testing.T) {
			if c.first != nil {
				d.day = "2020-06-25"
				c.first(d)
			}
			submitKind(t, d, b, c, kind)
		})
	}
	for _, spec := range ledger.Kinds() {
		if (mayFill(spec, ledger.Maker) || mayFill(spec, ledger.ProjectOfficer) || mayFill(spec, ledger.Payer)) && !seen[spec.Kind] {
			t.Errorf("no form of %s is tried", spec.Kind)
		}
	}
}

// submitKind types a case, submits it, and compares what is in the book.
func submitKind(t *testing.T, d *desk, b *browser, c formCase, kind ledger.Kind) {
	if c.more["0.corrects"] != nil { // the private payee's request
		sub, _, err := d.l.Submissions(t.Context(), pageBook, ledger.StateApproved, ledger.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sub {
			if s.Title == "结算" {
				c.more.Set("0.corrects", seqText(s.First))
			}
		}
	}
	for name, v := range c.more {
		if v[0] == "PROOF" {
			c.more.Set(name, seqText(d.proof()))
		}
		if v[0] == "SEALED" {
			p, err := d.l.Payment(t.Context(), pageBook, "ZF-0100")
			if err != nil {
				t.Fatal(err)
			}
			c.more.Set(name, seqText(p.Requested))
		}
	}
	form := fill(t, b, kind, c.body, c.more)
	to := submitForm(t, b, form)
	e := enteredBy(t, d, to)
	if e.Kind != kind || e.On != "2020-06-29" || e.By != pageMaker {
		t.Fatalf("entered %+v", e.Draft)
	}
	want := c.body
	switch x := e.Body.(type) { // what the server fills in
	case *ledger.GrantRequested:
		if x.Lines != 2 {
			t.Errorf("%d lines", x.Lines)
		}
		x.Lines, x.LinesHash = 0, ""
	case *ledger.RegisterLoaded:
		x.Lines, x.LinesHash = 0, ""
	case *ledger.ObjectionReceived:
		if x.CodeHash != hashOfReceipt(form.Get("0.receipt")) {
			t.Error("another receipt")
		}
		x.CodeHash = ""
	case *ledger.PhotoReleased:
		x.Entry = 0
	case *ledger.PhotoWithdrawn:
		x.Entry = 0
	case *ledger.SealErased:
		x.Entry = 0
	case *ledger.SealDisclosed:
		x.Entry = 0
	}
	if diff := cmp.Diff(want, e.Body); diff != "" {
		t.Errorf("(-typed +entered):\n%s", diff)
	}
	again := url.Values{}
	typeBody(again, reflect.ValueOf(e.Body).Elem(), "0.body")
	page := formPageOf(t, b, kind, again)
	for name := range again {
		if !strings.Contains(page, `"`+name) {
			t.Errorf("the form has no input %s", name)
			break
		}
	}
}

// proof is the entry of a proof of posting, by the first notice of the county.
func (d *desk) proof() ledger.Seq {
	proofs, err := d.l.NoticeProofs(context.Background(), pageBook, "GS-001")
	if err != nil || len(proofs) == 0 {
		d.t.Fatal(proofs, err)
	}
	return proofs[0].Seq
}

// formPageOf is the form as it comes back with values.
func formPageOf(t *testing.T, b *browser, kind ledger.Kind, values url.Values) string {
	form := fill(t, b, kind, nil, values)
	w := press(b, form, "save")
	if w.Code != http.StatusOK {
		t.Fatalf("%d", w.Code)
	}
	return w.Body.String()
}

// enteredBy is the entry that a form led to: itself, or the first of its submission.
func enteredBy(t *testing.T, d *desk, to string) *ledger.Entry {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	if id, ok := strings.CutPrefix(u.Path, "/desk/submissions/"); ok {
		sub, err := d.l.Submission(t.Context(), pageBook, id)
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/desk/entries/" + seqText(sub.First)
	}
	var seq ledger.Seq
	if err := seq.UnmarshalText([]byte(strings.TrimPrefix(u.Path, "/desk/entries/"))); err != nil {
		t.Fatalf("%s: %v", to, err)
	}
	e, err := d.l.Entry(t.Context(), pageBook, seq)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
