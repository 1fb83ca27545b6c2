package ocds

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"yilu/audit"
	"yilu/ledger"
	read "yilu/ledger/ocds"
	"yilu/migrations/pgtest"
)

const testBook = ledger.Book("411025")

var (
	testMaker   = ledger.By{Role: ledger.Maker, Unit: "411025-CZ", User: "maker-1"}
	testChecker = ledger.By{Role: ledger.Checker, Unit: "411025-CZ", User: "checker-1"}
	testPayer   = ledger.By{Role: ledger.Payer, Unit: "411025-GK", User: "payer-1"}
	firm        = ledger.Party{Name: "许昌恒通路桥工程有限公司", Code: "91350100M000100Y43"}
	other       = ledger.Party{Name: "河南广厦建设有限公司", Code: "91350100M000100Y4X"}
	villagers   = ledger.Party{Name: "襄城县众和建筑队"}
)

// county posts as officers would.
type county struct {
	t *testing.T
	l *ledger.Ledger
	n int
}

func newCounty(t *testing.T) *county {
	t.Helper()
	db := pgtest.New(t)
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2021, 3, 1, 1, 0, 0, 0, time.UTC)
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: func() time.Time { at = at.Add(time.Hour); return at }})
	t.Cleanup(l.Close)
	if err := l.CreateBook(t.Context(), testBook); err != nil {
		t.Fatal(err)
	}
	return &county{t: t, l: l}
}

func (c *county) draft(kind ledger.Kind, b ledger.Body) ledger.Draft {
	c.n++
	return ledger.Draft{ID: "e" + strconv.Itoa(c.n), Kind: kind, On: "2020-03-18", By: testMaker, Corrects: ledger.None, Body: b}
}

func (c *county) post(d ledger.Draft) ledger.Receipt {
	c.t.Helper()
	r, err := c.l.Post(c.t.Context(), testBook, d)
	if err != nil {
		c.t.Fatalf("%s: %v", d.Kind, err)
	}
	return r[0]
}

// settle submits and approves.
func (c *county) settle(drafts ...ledger.Draft) []ledger.Receipt {
	c.t.Helper()
	c.n++
	id := "S" + strconv.Itoa(c.n)
	r, err := c.l.Submit(c.t.Context(), testBook, id, ledger.SubmissionMade{Submission: id, Title: "提交"}, drafts)
	if err != nil {
		c.t.Fatal(err)
	}
	sub, err := c.l.Submission(c.t.Context(), testBook, id)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.l.Approve(c.t.Context(), testBook, id+"-ok", id, sub.ContentHash, "2020-03-18", testChecker); err != nil {
		c.t.Fatal(err)
	}
	return r[1:]
}

func (c *county) reverse(seq ledger.Seq) {
	d := c.draft("entry.reversed", &ledger.EntryReversed{Reason: "amount"})
	d.Corrects = seq
	c.settle(d)
}

func (c *county) pay(id, contract string, a ledger.Amount, who ledger.Party) {
	c.t.Helper()
	r := c.post(c.draft("payment.requested", &ledger.PaymentRequested{Payment: id, Project: "P1", Fund: "F1", Contract: contract, Amount: a, Purpose: "工程款", Payee: who}))
	ok := c.draft("payment.approved", &ledger.PaymentApproved{Payment: id, Hash: base64.StdEncoding.EncodeToString(r.Hash[:])})
	ok.By = testChecker
	c.post(ok)
	paid := c.draft("payment.paid", &ledger.PaymentPaid{Payment: id})
	paid.By = testPayer
	c.post(paid)
}

// fill makes a project whose tender has everything that can happen, one with a
// contract that needed no tender, and one with a tender that failed.
func (c *county) fill() {
	instant := ledger.Instant
	deadline := time.Date(2020, 3, 20, 1, 0, 0, 0, time.UTC)
	drafts := []ledger.Draft{c.draft("fund.received", &ledger.FundReceived{Fund: "F1", Document: "豫财农〔2019〕112号", Name: "专项资金", Level: "central", Amount: 500000000, Issued: "2020-01-07", Year: "2020"})}
	for _, id := range []string{"P1", "P2", "P3"} {
		drafts = append(drafts, c.draft("project.approved", &ledger.ProjectApproved{
			Project: id, Name: "道路硬化" + id, Document: "襄扶〔2020〕3号", Content: "硬化", Targets: "出行", Type: "construction", Place: "411025103205", PlaceName: "颍阳镇后楚村",
			Unit: "颍阳镇人民政府", Responsible: ledger.Person{Name: "王建设"}, Start: "2020-03-01", Finish: "2020-06-30", Budget: []ledger.BudgetLine{{Fund: "F1", Amount: 100000000}},
		}), c.draft("fund.allocated", &ledger.FundAllocated{Fund: "F1", Project: id, Document: "襄财〔2020〕21号", Amount: 100000000}))
	}
	c.settle(drafts...)
	c.post(c.draft("tender.announced", &ledger.TenderAnnounced{Tender: "ZB-1", Project: "P1", Name: "一标段", Method: "open", Category: "works", Estimate: 90000000, Ceiling: 95000000, Deadline: instant(deadline)}))
	bid := func(who ledger.Party, a ledger.Amount) ledger.Seq {
		return c.post(c.draft("tender.bid", &ledger.TenderBid{Tender: "ZB-1", Bidder: who, Amount: a, At: instant(deadline.Add(-time.Hour))})).Seq
	}
	wrong := bid(other, 1)
	c.reverse(wrong)
	bid(other, 88000001)
	bid(firm, 87000000)
	bid(villagers, 60000000)
	c.post(c.draft("tender.opened", &ledger.TenderOpened{Tender: "ZB-1", At: instant(deadline), Rejected: []ledger.RejectedBid{{Bidder: villagers, Ground: "qualification"}}}))
	award := c.post(c.draft("tender.awarded", &ledger.TenderAwarded{Tender: "ZB-1", Winner: other, Amount: 88000001}))
	c.reverse(award.Seq)
	c.post(c.draft("tender.awarded", &ledger.TenderAwarded{Tender: "ZB-1", Winner: firm, Amount: 87000000}))
	signed := c.settle(c.draft("contract.signed", &ledger.ContractSigned{Contract: "HT-0", Project: "P1", Tender: "ZB-1", Name: "误录合同", Supplier: firm, Amount: 1}))
	c.reverse(signed[0].Seq)
	c.settle(c.draft("contract.signed", &ledger.ContractSigned{Contract: "HT-1", Project: "P1", Tender: "ZB-1", Name: "施工合同", Supplier: firm, Amount: 87000000, Start: "2020-04-01", Finish: "2020-06-30"}))
	amended := c.settle(c.draft("contract.amended", &ledger.ContractAmended{Contract: "HT-1", Amount: 5000000, Document: "襄扶〔2020〕9号", Reason: "plan"}))
	c.reverse(amended[0].Seq)
	c.settle(c.draft("contract.amended", &ledger.ContractAmended{Contract: "HT-1", Amount: 500000, Document: "襄扶〔2020〕9号", Reason: "plan"}))
	c.pay("ZF-1", "HT-1", 26100033, firm)
	back := c.draft("payment.returned", &ledger.PaymentReturned{Payment: "ZF-1", Amount: 1234, Reason: "account"})
	back.By = testPayer
	c.post(back)
	c.settle(c.draft("settlement.audited", &ledger.SettlementAudited{Contract: "HT-1", Amount: 87400012, Auditor: ledger.Party{Name: "许昌中正工程咨询公司"}, Document: "许中审〔2020〕7号"}))
	c.post(c.draft("tender.exempted", &ledger.TenderExempted{Project: "P2", Ground: "below_limit", Method: "direct"}))
	c.settle(c.draft("contract.signed", &ledger.ContractSigned{Contract: "HT-2", Project: "P2", Name: "监理合同", Category: "services", Supplier: villagers, Amount: 300000}))
	c.post(c.draft("tender.announced", &ledger.TenderAnnounced{Tender: "ZB-3", Project: "P3", Name: "流标的标段", Method: "inquiry", Category: "goods", Estimate: 100, Deadline: instant(deadline)}))
	c.post(c.draft("tender.failed", &ledger.TenderFailed{Tender: "ZB-3", Reason: "bidders"}))
}

// published writes a package.
func (c *county) published(kind Kind, project string) []byte {
	c.t.Helper()
	p := &Publisher{Book: testBook, Prefix: DefaultPrefix, Name: "襄城县扶贫资金公开账", Payer: "襄城县国库支付中心"}
	var b bytes.Buffer
	err := c.l.Snapshot(c.t.Context(), testBook, func(at *ledger.Ledger, head ledger.Head) error {
		return p.Write(c.t.Context(), &b, at, head, kind, project)
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return b.Bytes()
}

// official are the schemas of the standard, read from testdata.
type official struct{}

func (official) Load(url string) (any, error) {
	f, err := os.Open(path.Join("testdata/schema", strings.TrimSuffix(path.Base(url), "#")))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return jsonschema.UnmarshalJSON(f)
}

// validate holds a package to the schema of its kind, formats included.
func validate(t *testing.T, kind Kind, raw []byte) {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.UseLoader(official{})
	c.DefaultDraft(jsonschema.Draft4)
	c.AssertFormat()
	s, err := c.Compile("https://standard.open-contracting.org/schema/1__1__5/" + strings.TrimSuffix(string(kind), "s") + "-package-schema.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v: %.300s", err, raw)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%s: %v", kind, err)
	}
}

func TestPackagesAreValid(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	c.fill()
	for _, kind := range []Kind{Releases, Records} {
		for _, project := range []string{"", "P1", "P2", "P3"} {
			raw := c.published(kind, project)
			validate(t, kind, raw)
			if !bytes.Equal(raw, c.published(kind, project)) {
				t.Errorf("%s of %q are not the same twice", kind, project)
			}
			for _, private := range []string{"李一", "11010519491231002X", "p-", "maker-1", "王建设"} {
				if bytes.Contains(raw, []byte(private)) {
					t.Errorf("%s of %q hold %q", kind, project, private)
				}
			}
		}
	}
	p := &Publisher{Book: testBook, Prefix: DefaultPrefix}
	var b bytes.Buffer
	if err := p.Write(t.Context(), &b, c.l, ledger.Head{}, Records, "none"); !errors.Is(err, ledger.ErrNotFound) || b.Len() > 0 {
		t.Errorf("no project: %v, %s", err, &b)
	}
	p.Book = "411024"
	if err := p.Write(t.Context(), &b, c.l, ledger.Head{}, Releases, ""); !errors.Is(err, ledger.ErrNotFound) || b.Len() > 0 {
		t.Errorf("no tender: %v, %s", err, &b)
	}
}

// reread imports a package as anybody would, and returns its processes.
func reread(t *testing.T, raw []byte) map[string]*read.Process {
	t.Helper()
	var said []string
	g, err := read.Gather(t.Context(), "package.json", bytes.NewReader(raw), read.Options{Currency: "CNY", Temp: t.TempDir(), Report: func(r read.Report) error {
		if r.Code != "refund" && r.Code != "award_no_supplier" {
			said = append(said, r.Process+" "+r.Code+" "+r.Path+" "+r.Found)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	out := map[string]*read.Process{}
	for p, err := range g.Processes(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range p.Findings {
			if f.Code != "refund" && f.Code != "amount_zero" {
				said = append(said, p.ID+" "+f.Code+" "+f.Path+" "+f.Found)
			}
		}
		p.Whole, p.Released, p.Findings = false, "", nil
		for _, b := range p.Bodies {
			ledger.RecordedOf(b).Released = ""
		}
		out[p.ID] = p
	}
	if len(said) > 0 {
		t.Errorf("a strict reader has to repair: %s", strings.Join(said, "\n"))
	}
	return out
}

// TestReadersGetTheSameFacts: from the single releases, from the records, and as
// they stand in the book.
func TestReadersGetTheSameFacts(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	c.fill()
	releases, records := reread(t, c.published(Releases, "")), reread(t, c.published(Records, ""))
	if diff := cmp.Diff(records, releases); diff != "" {
		t.Errorf("(-records +releases):\n%s", diff)
	}
	if len(records) != 3 {
		t.Fatalf("%d processes", len(records))
	}
	got := map[string]string{}
	for _, p := range records {
		for _, b := range p.Bodies {
			r := ledger.RecordedOf(b)
			at := p.ID[len(DefaultPrefix)+8:] + " " + r.Object
			switch b := b.(type) {
			case *ledger.ProcessTender:
				got[at] = strings.Join([]string{b.Name, b.Status, b.Method, b.Category, b.Amount.String(), string(b.Deadline), b.Buyer.Name}, " ")
			case *ledger.ProcessBid:
				got[at] = strings.Join([]string{b.Bidders[0].Name, b.Status, b.Amount.String(), string(b.At)}, " ")
			case *ledger.ProcessAward:
				got[at] = strings.Join([]string{b.Suppliers[0].Name, b.Status, b.Amount.String()}, " ")
			case *ledger.ProcessContract:
				got[at] = strings.Join([]string{b.Name, b.Status, b.Amount.String(), b.Awards[0], strconv.Itoa(len(b.Amendments))}, " ")
			case *ledger.ProcessTransaction:
				got[at] = strings.Join([]string{b.Payee.Name, b.Amount.String(), b.Of}, " ")
			}
		}
	}
	want := map[string]string{
		"ZB-1 ":                   "一标段 complete open works 900000.00 2020-03-20T01:00:00Z 颍阳镇人民政府",
		"ZB-1 ZB-1-10":            "河南广厦建设有限公司 withdrawn 0.01 2020-03-20T00:00:00Z",
		"ZB-1 ZB-1-14":            "河南广厦建设有限公司 valid 880000.01 2020-03-20T00:00:00Z",
		"ZB-1 ZB-1-15":            "许昌恒通路桥工程有限公司 valid 870000.00 2020-03-20T00:00:00Z",
		"ZB-1 ZB-1-16":            "襄城县众和建筑队 disqualified 600000.00 2020-03-20T00:00:00Z",
		"ZB-1 ZB-1-18":            "河南广厦建设有限公司 cancelled 880000.01",
		"ZB-1 ZB-1-22":            "许昌恒通路桥工程有限公司 active 870000.00",
		"ZB-1 HT-0":               "误录合同 cancelled 0.01 ZB-1-22 0",
		"ZB-1 HT-1":               "施工合同 active 875000.00 ZB-1-22 3",
		"ZB-1 HT-1/ZF-1":          "许昌恒通路桥工程有限公司 261000.33 HT-1",
		"ZB-1 HT-1/ZF-1-returned": "襄城县国库支付中心 -12.34 HT-1",
		"HT-2 ":                   "监理合同 complete direct services 3000.00  颍阳镇人民政府",
		"HT-2 contract-HT-2":      "襄城县众和建筑队 active 3000.00",
		"HT-2 HT-2":               "监理合同 active 3000.00 contract-HT-2 0",
		"ZB-3 ":                   "流标的标段 unsuccessful limited goods 1.00 2020-03-20T01:00:00Z 颍阳镇人民政府",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	contract, err := c.l.Contract(t.Context(), testBook, "HT-1")
	if err != nil || contract.Amount.String() != "875000.00" || contract.Settled.String() != "874000.12" {
		t.Errorf("the book says %+v %v", contract, err)
	}
}

// TestNumbersAreExact: an amount is a JSON number with two decimals, never a float.
func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	for _, a := range []ledger.Amount{1, 10, 123456789012345678, -1234} {
		raw, err := json.Marshal(yuan(a))
		if want := `{"amount":` + a.String() + `,"currency":"CNY"}`; err != nil || string(raw) != want {
			t.Errorf("%s %v, want %s", raw, err, want)
		}
	}
}

// TestDeadlineIsPutOff: bids are due by the last change that stands.
func TestDeadlineIsPutOff(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	c.settle(c.draft("fund.received", &ledger.FundReceived{Fund: "F1", Document: "豫财农〔2019〕112号", Name: "专项资金", Level: "central", Amount: 500000000, Issued: "2020-01-07", Year: "2020"}),
		c.draft("project.approved", &ledger.ProjectApproved{
			Project: "P1", Name: "道路硬化", Document: "襄扶〔2020〕3号", Content: "硬化", Targets: "出行", Type: "construction", Place: "411025103205", PlaceName: "颍阳镇后楚村",
			Unit: "颍阳镇人民政府", Responsible: ledger.Person{Name: "王建设"}, Start: "2020-03-01", Finish: "2020-06-30", Budget: []ledger.BudgetLine{{Fund: "F1", Amount: 100000000}},
		}))
	day := func(n int) time.Time { return time.Date(2020, 4, n, 1, 0, 0, 0, time.UTC) }
	c.post(c.draft("tender.announced", &ledger.TenderAnnounced{Tender: "ZB-1", Project: "P1", Name: "一标段", Method: "open", Category: "works", Estimate: 90000000, Deadline: ledger.Instant(day(10))}))
	c.post(c.draft("tender.changed", &ledger.TenderChanged{Tender: "ZB-1", Content: "补充图纸", Deadline: ledger.Instant(day(15))}))
	wrong := c.post(c.draft("tender.changed", &ledger.TenderChanged{Tender: "ZB-1", Content: "误录", Deadline: ledger.Instant(day(29))}))
	c.post(c.draft("tender.changed", &ledger.TenderChanged{Tender: "ZB-1", Content: "答疑"}))
	c.reverse(wrong.Seq)
	p := &Publisher{Book: testBook, Prefix: DefaultPrefix, Name: "襄城县扶贫资金公开账", Payer: "襄城县国库支付中心"}
	all, err := p.Processes(t.Context(), c.l, "P1")
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	var ends []string
	for _, r := range all[0].Releases {
		ends = append(ends, r.Tag[0]+" "+r.Tender.Period.End[:10])
	}
	want := []string{"tender 2020-04-10", "tenderAmendment 2020-04-15", "tenderAmendment 2020-04-29", "tenderAmendment 2020-04-29", "tenderAmendment 2020-04-15"}
	if diff := cmp.Diff(want, ends); diff != "" {
		t.Error("deadlines (-want +got):\n" + diff)
	}
}
