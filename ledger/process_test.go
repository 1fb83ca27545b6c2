package ledger

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// recordOf is what a record of process OP-1 begins with.
func recordOf(object string, version Count) Recorded {
	return Recorded{Currency: "CNY", Object: object, Process: "ocds-abc-1", Released: "2020-03-20", Version: version}
}

func processSamples() []Body {
	told := Moment("2020-03-18T09:00:00+08:00")
	firm, person := Participant{Code: "CN-USCC:91350100M000100Y43", Name: "某建筑公司"}, Participant{Name: "王某", Person: true}
	amendments := []ProcessAmendment{{At: "2020-03-10", Reason: "延期"}}
	return []Body{
		&ProcessTender{Recorded: recordOf("L1", 1), Amendments: amendments, Amount: 78000, Bidders: 3, Buyer: firm, Category: "works", Criteria: "priceOnly", Deadline: told,
			Description: "硬化道路1公里", Documents: []string{"tenderNotice"}, Eligibility: "二级资质", Items: []ProcessItem{{Class: "CPV:45233", Name: "道路", Quantity: "1.5", Unit: "km"}},
			Method: "open", MethodDetails: "公开招标", Name: "道路硬化", Opens: "2020-02-20T09:00:00", Status: "complete"},
		&ProcessBid{Recorded: recordOf("B1", 1), At: told, Bidders: []Participant{firm, person}, Documents: []string{"submissionDocuments"}, Foreign: "USD", Lots: []string{"L1"}, Status: "valid"},
		&ProcessAward{Recorded: recordOf("A1", 1), Amount: 77000, At: told, Bids: []string{"B1"}, Lots: []string{"L1"}, Name: "道路硬化", Status: "active", Suppliers: []Participant{firm}},
		&ProcessContract{Recorded: recordOf("K1", 1), Amendments: amendments, Amount: 77000, Awards: []string{"A1"}, Extends: "K0", Finish: "2020-06-30", Name: "道路硬化施工合同", Signed: "2020-03-20",
			Start: "2020-03-21", Status: "active", Suppliers: []Participant{firm}, Values: []ProcessValue{{Amount: 76000, Released: "2020-03-20"}, {Amount: 77000}}},
		&ProcessTransaction{Recorded: recordOf("K1/1", 1), Amount: -500, At: told, Of: "K1", Payee: firm, Payer: Participant{Name: "县交通局"}},
		&ProcessFindings{Recorded: recordOf("all", 1), Counts: []FindingCount{{"date_no_zone", 2}}, Details: []Finding{{Code: "date_no_zone", Found: "2020-03-18", Made: "2020-03-18", Path: "tender/date"}}},
		&ImportRecorded{Counts: []FindingCount{{"date_no_zone", 2}}, File: paper, Licences: []string{"CC BY 4.0"}, Objects: 9, Processes: 1, Publishers: []string{"某交易中心"}},
		&BookOpened{Currency: "UAH", Name: "公开采购记录"},
	}
}

func TestProcessBodies(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 1001)
	testBody(t, []badBody[*ProcessTender]{
		{func(b *ProcessTender) { b.Process = "" }, "process", "必填", "is required"},
		{func(b *ProcessTender) { b.Process = " x" }, "process", "首尾无空格", "without blanks"},
		{func(b *ProcessTender) { b.Object = "a\nb" }, "object", "一行", "one line"},
		{func(b *ProcessTender) { b.Object = anID }, "object", "身份证号", "citizen's ID number"},
		{func(b *ProcessTender) { b.Version = 0 }, "version", "从1起", "from 1"},
		{func(b *ProcessTender) { b.Currency = "yuan" }, "currency", "三位大写字母", "three capital letters"},
		{func(b *ProcessTender) { b.Released = "18.3.2020" }, "released", "带时区", "with its offset"},
		{func(b *ProcessTender) { b.Bidders = -1 }, "bidders_told", "不小于零", "whole number from 0"},
		{func(b *ProcessTender) { b.Deadline = "2020-03-18T09:00" }, "bids_until", "带时区", "with its offset"},
		{func(b *ProcessTender) { b.Opens = "2020-03-18T09:00:00.10" }, "bids_from", "带时区", "with its offset"},
		{func(b *ProcessTender) { b.Amount = -1 }, "amount", "不得为负", "not be negative"},
		{func(b *ProcessTender) { b.Foreign = "USD" }, "foreign_currency", "已按账套币种", "currency of the book"},
		{func(b *ProcessTender) { b.Buyer = Participant{Code: "X", Person: true} }, "buyer.code", "自然人", "natural person"},
		{func(b *ProcessTender) { b.Category = "art" }, "category", "须为", "want one of"},
		{func(b *ProcessTender) { b.Method = "lottery" }, "way", "须为", "want one of"},
		{func(b *ProcessTender) { b.Status = "gone" }, "status_told", "须为", "want one of"},
		{func(b *ProcessTender) { b.Criteria = long }, "criteria", "最多100字", "at most 100"},
		{func(b *ProcessTender) { b.MethodDetails = long }, "way_details", "最多200字", "at most 200"},
		{func(b *ProcessTender) { b.Name = long }, "name", "最多500字", "at most 500"},
		{func(b *ProcessTender) { b.Description = long }, "description", "最多1000字", "at most 1000"},
		{func(b *ProcessTender) { b.Eligibility = "电话 13800138000" }, "eligibility", "手机号", "mobile number"},
		{func(b *ProcessTender) { b.Documents = make([]string, 201) }, "document_types", "最多200项", "at most 200"},
		{func(b *ProcessTender) { b.Documents = []string{""} }, "document_types.0", "必填", "is required"},
		{func(b *ProcessTender) { b.Items = make([]ProcessItem, 201) }, "lot_items", "最多200项", "at most 200"},
		{func(b *ProcessTender) { b.Items[0].Quantity = "-1" }, "lot_items.0.quantity", "须为数量", "want a quantity"},
		{func(b *ProcessTender) { b.Amendments = make([]ProcessAmendment, 201) }, "amendments", "最多200项", "at most 200"},
		{func(b *ProcessTender) { b.Amendments[0].At = "soon" }, "amendments.0.at", "带时区", "with its offset"},
	})
	testBody(t, []badBody[*ProcessBid]{
		{func(b *ProcessBid) { b.Object = "" }, "object", "必填", "is required"},
		{func(b *ProcessBid) { b.Bidders = []Participant{{}} }, "bidders.0", "名称或代码", "a name or a code"},
		{func(b *ProcessBid) { b.Bidders = rep(201) }, "bidders", "最多200项", "at most 200"},
		{func(b *ProcessBid) { b.Foreign = "usd" }, "foreign_currency", "三位大写字母", "three capital letters"},
		{func(b *ProcessBid) { b.Status = "lost" }, "status_told", "须为", "want one of"},
		{func(b *ProcessBid) { b.Foreign, b.Amount = "", MaxAmount+1 }, "amount", "单笔最多", "at most"},
	})
	testBody(t, []badBody[*ProcessAward]{
		{func(b *ProcessAward) { b.Status = "lost" }, "status_told", "须为", "want one of"},
		{func(b *ProcessAward) { b.At = "2020" }, "told_at", "带时区", "with its offset"},
	})
	testBody(t, []badBody[*ProcessContract]{
		{func(b *ProcessContract) { b.Values = make([]ProcessValue, 201) }, "value_history", "最多200项", "at most 200"},
		{func(b *ProcessContract) { b.Values[0].Amount = -1 }, "value_history.0.amount", "不得为负", "not be negative"},
		{func(b *ProcessContract) { b.Status = "lost" }, "status_told", "须为", "want one of"},
		{func(b *ProcessContract) { b.Extends = " K" }, "extends_contract", "一行", "one line"},
	})
	testBody(t, []badBody[*ProcessTransaction]{{func(b *ProcessTransaction) { b.Of = "" }, "of_contract", "必填", "is required"}})
	testBody(t, []badBody[*ProcessFindings]{
		{func(b *ProcessFindings) { b.Counts = make([]FindingCount, 101) }, "counts", "最多100项", "at most 100"},
		{func(b *ProcessFindings) { b.Counts[0].Count = -1 }, "counts.0.count", "不小于零", "from 0"},
		{func(b *ProcessFindings) { b.Details = make([]Finding, 201) }, "details", "最多200项", "at most 200"},
		{func(b *ProcessFindings) { b.Details[0].Code = "" }, "details.0.code", "字母", "letters"},
	})
	testBody(t, []badBody[*ImportRecorded]{
		{func(b *ImportRecorded) { b.Publishers = make([]string, 21) }, "publishers", "最多20项", "at most 20"},
		{func(b *ImportRecorded) { b.File.SHA256 = "x" }, "file.sha256", "SHA-256", "SHA-256"},
	})
	testBody(t, []badBody[*BookOpened]{
		{func(b *BookOpened) { b.Currency = "¥" }, "currency", "三位大写字母", "three capital letters"},
		{func(b *BookOpened) { b.Name = "" }, "name", "必填", "is required"},
	})
}

// rep is n participants with names.
func rep(n int) []Participant {
	out := make([]Participant, n)
	for i := range out {
		out[i].Name = "某"
	}
	return out
}

func TestMoments(t *testing.T) {
	t.Parallel()
	for text, zoned := range map[string]bool{
		"2020-03-18": false, "2020-03-18T09:00:00": false, "2020-03-18T09:00:00Z": true, "2020-03-18T09:00:00.5+08:00": true, "2020-03-18T23:59:59.000001-04:00": true,
	} {
		m, err := ParseMoment(text)
		if _, has := m.Instant(); err != nil || string(m) != text || has != zoned || m.Day() != "2020-03-18" {
			t.Errorf("%s: %q %v, zone %v", text, m, err, has)
		}
	}
	for _, text := range []string{"", "2020", "2020-02-30", "2020-03-18T09:00", "2020-03-18 09:00:00", "2020-03-18T09:00:00+0800", "2020-03-18T09:00:00+00:00",
		"2020-03-18T09:00:00.50Z", "2020-03-18T09:00:00.1234567Z", "1900-01-01", "2020-03-18T25:00:00Z", "2020-03-18T09:00:00z"} {
		if m, err := ParseMoment(text); err == nil {
			t.Errorf("%q is taken as %q", text, m)
		}
	}
	early, _ := Moment("2020-03-18T10:00:00+08:00").Instant()
	late, _ := Moment("2020-03-18T03:00:00Z").Instant()
	if !early.Before(late) || early.Location() != time.UTC {
		t.Error("moments are compared as texts", early, late)
	}
}

// TestRecordsOfAProcess: a record needs no project, moves no money, and a new
// version follows the newest.
func TestRecordsOfAProcess(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	var drafts []Draft
	for _, b := range processSamples()[:7] {
		drafts = append(drafts, draft(string(kindOfBody(b)), b, maker))
	}
	mustPost(t, l, drafts...)
	second := &ProcessBid{Recorded: recordOf("B1", 2), Amount: 100}
	mustPost(t, l, draft("again", second, maker))
	refuses(t, l,
		refusal{"a version again", []Draft{draft("", &ProcessBid{Recorded: recordOf("B1", 2), Amount: 200}, maker)}, []string{"0 body.version version"}},
		refusal{"a version left out", []Draft{draft("", &ProcessBid{Recorded: recordOf("B2", 2)}, maker)}, []string{"0 body.version version"}},
		refusal{"another currency", []Draft{draft("", &ProcessBid{Recorded: Recorded{Currency: "UAH", Object: "B3", Process: "p", Version: 1}}, maker)}, []string{"0 body.currency currency"}},
		refusal{"a book opened late", []Draft{draft("", &BookOpened{Currency: "UAH", Name: "x"}, maker)}, []string{"0 body not_first"}},
	)
	records, err := l.Records(t.Context(), testBook, "ocds-abc-1", "none")
	if err != nil || len(records) != 6 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	want := Record{Key: "ocds-abc-1\nprocess.bid\nB1", Process: "ocds-abc-1", Kind: "process.bid", Object: "B1", Released: "2020-03-20", Digest: RecordDigest(second), Version: 2, Seq: 7}
	if diff := cmp.Diff(want, records[1]); diff != "" {
		t.Error("the bid (-want +got):\n" + diff)
	}
	if got := balances(t, l); len(got) != 0 {
		t.Errorf("records moved money: %v", got)
	}
	rebuilds(t, db)
}

func kindOfBody(b Body) Kind { return draft("", b, maker).Kind }

func TestRecordDigest(t *testing.T) {
	t.Parallel()
	a := &ProcessBid{Recorded: recordOf("B1", 1), Amount: 100}
	b := &ProcessBid{Recorded: recordOf("B1", 7), Amount: 100}
	b.Released = "2021-01-01"
	c := &ProcessBid{Recorded: recordOf("B1", 1), Amount: 101}
	if RecordDigest(a) != RecordDigest(b) || RecordDigest(a) == RecordDigest(c) || RecordDigest(a) == "" || RecordDigest(&BookOpened{}) != "" {
		t.Error(RecordDigest(a), RecordDigest(b), RecordDigest(c))
	}
}

// TestCurrencyOfABook comes from its first entry or is yuan, whatever records
// come first.
func TestCurrencyOfABook(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	const other = Book("ocds-ua")
	if _, err := l.Currency(t.Context(), other); !errors.Is(err, ErrNotFound) {
		t.Errorf("no book: %v", err)
	}
	if err := l.CreateBook(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if c, err := l.Currency(t.Context(), other); c != "CNY" || err != nil {
		t.Errorf("an empty book: %s %v", c, err)
	}
	bid := func(currency string) Draft {
		return draft("b"+currency, &ProcessBid{Recorded: Recorded{Currency: currency, Object: "B3", Process: "p", Version: 1}}, maker)
	}
	if _, err := l.Post(t.Context(), other, draft("o", &BookOpened{Currency: "UAH", Name: "Prozorro"}, maker)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Post(t.Context(), other, bid("CNY")); err == nil {
		t.Error("a record in another currency was taken")
	}
	if _, err := l.Post(t.Context(), other, bid("UAH")); err != nil {
		t.Error(err)
	}
	if c, err := l.Currency(t.Context(), other); c != "UAH" || err != nil {
		t.Errorf("the book: %s %v", c, err)
	}
	if _, err := Rebuild(t.Context(), db.Owner, other, Replay{}); err != nil {
		t.Error(err)
	}
	for _, name := range []Book{"41102", "Ocds", "ocds_ua", "-a", "a-", "a--b", "", Book(strings.Repeat("a", 33))} {
		if err := l.CreateBook(t.Context(), name); err == nil {
			t.Errorf("book %q", name)
		}
	}
}
