package ledger

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTenderBodies(t *testing.T) {
	t.Parallel()
	testBody(t, []badBody[*TenderAnnounced]{
		{func(b *TenderAnnounced) { b.Tender = "" }, "tender", "字母", "letters"},
		{func(b *TenderAnnounced) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *TenderAnnounced) { b.Name = "" }, "name", "必填", "is required"},
		{func(b *TenderAnnounced) { b.Method = "auction" }, "method", "open（公开招标）", "want one of"},
		{func(b *TenderAnnounced) { b.Category = "" }, "category", "works（施工）", "want one of"},
		{func(b *TenderAnnounced) { b.Estimate = 0 }, "estimate", "大于零", "above zero"},
		{func(b *TenderAnnounced) { b.Ceiling = -1 }, "ceiling", "为负", "negative"},
		{func(b *TenderAnnounced) { b.Deadline = "" }, "deadline", "须带时区", "with an offset"},
		{func(b *TenderAnnounced) { b.Deadline = "2020-03-18T12:00:00+08:00" }, "deadline", "须带时区", "with an offset"},
		{func(b *TenderAnnounced) { b.Platform = strings.Repeat("长", 201) }, "platform", "最多200字", "at most 200"},
		{func(b *TenderAnnounced) { b.SaleTo = "2020-02-19" }, "sale_to", "不得早于2020-02-20", "must not be before"},
		{func(b *TenderAnnounced) { b.SaleFrom = "2020-02-00" }, "sale_from", "日期", "want a day"},
	})
	testBody(t, []badBody[*TenderChanged]{
		{func(b *TenderChanged) { b.Tender = "" }, "tender", "字母", "letters"},
		{func(b *TenderChanged) { b.Content = "" }, "content", "必填", "is required"},
		{func(b *TenderChanged) { b.Deadline = "2020-03-18" }, "deadline", "须带时区", "with an offset"},
		{func(b *TenderChanged) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
	testBody(t, []badBody[*TenderBid]{
		{func(b *TenderBid) { b.Tender = "" }, "tender", "字母", "letters"},
		{func(b *TenderBid) { b.Bidder = Party{} }, "bidder.name", "必填", "is required"},
		{func(b *TenderBid) { b.Bidder.Code = citizen(1) }, "bidder.code", "身份证号", "ID number"},
		{func(b *TenderBid) { b.Amount = 0 }, "amount", "大于零", "above zero"},
		{func(b *TenderBid) { b.Bond = -1 }, "bond", "为负", "negative"},
		{func(b *TenderBid) { b.At = "" }, "at", "须带时区", "with an offset"},
	})
	testBody(t, []badBody[*TenderOpened]{
		{func(b *TenderOpened) { b.Tender = "" }, "tender", "字母", "letters"},
		{func(b *TenderOpened) { b.At = "" }, "at", "须带时区", "with an offset"},
		{func(b *TenderOpened) { b.Members, b.Experts = -1, 0 }, "members", "整数", "whole number"},
		{func(b *TenderOpened) { b.Experts = -1 }, "experts", "整数", "whole number"},
		{func(b *TenderOpened) { b.Experts = 6 }, "experts", "不能多于", "more experts"},
		{func(b *TenderOpened) { b.Place = strings.Repeat("长", 201) }, "place", "最多200字", "at most 200"},
		{func(b *TenderOpened) { b.Rejected[0].Bidder.Name = "" }, "rejected.0.bidder.name", "必填", "is required"},
		{func(b *TenderOpened) { b.Rejected[0].Ground = "" }, "rejected.0.ground", "逾期送达", "want one of"},
		{func(b *TenderOpened) { b.Rejected = slices.Repeat(b.Rejected, 101) }, "rejected", "最多100家", "at most 100"},
	})
	testBody(t, []badBody[*TenderCandidates]{
		{func(b *TenderCandidates) { b.Tender = "" }, "tender", "字母", "letters"},
		{func(b *TenderCandidates) { b.Candidates = nil }, "candidates", "1–10名", "1 to 10"},
		{func(b *TenderCandidates) {
			b.Candidates = nil
			for i := range 11 {
				b.Candidates = append(b.Candidates, Candidate{1, Party{Name: fmt.Sprint("甲", i)}})
			}
		}, "candidates", "1–10名", "1 to 10"},
		{func(b *TenderCandidates) { b.Reported = "2020-02-30" }, "reported_on", "日期", "want a day"},
		{func(b *TenderCandidates) { b.Candidates[0].Amount = 0 }, "candidates.0.amount", "大于零", "above zero"},
		{func(b *TenderCandidates) { b.Candidates[0].Bidder.Name = "" }, "candidates.0.bidder.name", "必填", "is required"},
		{func(b *TenderCandidates) { b.Candidates = append(b.Candidates, b.Candidates[0]) }, "candidates.1.bidder", "只能出现一次", "once"},
	})
	testBody(t, []badBody[*TenderAwarded]{
		{func(b *TenderAwarded) { b.Tender = "" }, "tender", "字母", "letters"},
		{func(b *TenderAwarded) { b.Winner.Name = "" }, "winner.name", "必填", "is required"},
		{func(b *TenderAwarded) { b.Amount = 0 }, "amount", "大于零", "above zero"},
		{func(b *TenderAwarded) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
	testBody(t, []badBody[*TenderFailed]{
		{func(b *TenderFailed) { b.Tender = "" }, "tender", "字母", "letters"},
		{func(b *TenderFailed) { b.Reason = "" }, "reason", "投标人少于三家", "want one of"},
	})
	testBody(t, []badBody[*TenderExempted]{
		{func(b *TenderExempted) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *TenderExempted) { b.Ground = "small" }, "ground", "以工代赈", "want one of"},
		{func(b *TenderExempted) { b.Method = "" }, "method", "村民自建", "want one of"},
		{func(b *TenderExempted) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
	testBody(t, []badBody[*ContractSigned]{
		{func(b *ContractSigned) { b.Contract = "合同1" }, "contract", "字母", "letters"},
		{func(b *ContractSigned) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *ContractSigned) { b.Tender = " " }, "tender", "字母", "letters"},
		{func(b *ContractSigned) { b.Name = "" }, "name", "必填", "is required"},
		{func(b *ContractSigned) { b.Supplier = Party{} }, "supplier.name", "必填", "is required"},
		{func(b *ContractSigned) { b.Category = "road" }, "category", "施工", "want one of"},
		{func(b *ContractSigned) { b.Amount = 0 }, "amount", "大于零", "above zero"},
		{func(b *ContractSigned) { b.Finish = "2020-03-19" }, "finish", "不得早于", "must not be before"},
		{func(b *ContractSigned) { b.Start = "2020-02-30" }, "start", "日期", "want a day"},
		{func(b *ContractSigned) { b.Retention = "3%" }, "retention", "百分数", "percentage"},
		{func(b *ContractSigned) { b.Retention = "101" }, "retention", "百分数", "percentage"},
		{func(b *ContractSigned) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
		{func(b *ContractSigned) { b.Pricing = "price" }, "pricing", "单价合同", "want one of"},
		{func(b *ContractSigned) { b.PaymentDays = -1 }, "payment_days", "整数", "whole number"},
		{func(b *ContractSigned) { b.LabourMonths = -1 }, "labour_months", "整数", "whole number"},
		{func(b *ContractSigned) { b.LabourShare = "a fifth" }, "labour_share", "百分数", "percentage"},
		{func(b *ContractSigned) { b.Bill[0].Item = "" }, "bill.0.item", "必填", "is required"},
		{func(b *ContractSigned) { b.Bill[0].Price = -1 }, "bill.0.unit_price", "为负", "negative"},
		{func(b *ContractSigned) { b.Bill[0].Unit = strings.Repeat("长", 21) }, "bill.0.unit", "最多20字", "at most 20"},
		{func(b *ContractSigned) { b.Bill[0].Quantity = "1.0000001" }, "bill.0.quantity", "六位小数", "six decimals"},
		{func(b *ContractSigned) { b.Bill = append(b.Bill, b.Bill[0]) }, "bill.1.item", "只能出现一次", "once"},
		{func(b *ContractSigned) {
			b.Bill = nil
			for i := range 201 {
				b.Bill = append(b.Bill, ContractItem{fmt.Sprint(i), 1, "1", ""})
			}
		}, "bill", "最多200项", "at most 200"},
	})
	testBody(t, []badBody[*ContractSubcontracted]{
		{func(b *ContractSubcontracted) { b.Contract = "" }, "contract", "字母", "letters"},
		{func(b *ContractSubcontracted) { b.Amount = 0 }, "amount", "大于零", "above zero"},
		{func(b *ContractSubcontracted) { b.Part = "half" }, "subcontract_part", "劳务作业", "want one of"},
		{func(b *ContractSubcontracted) { b.Document = strings.Repeat("长", 101) }, "document", "最多100字", "at most 100"},
		{func(b *ContractSubcontracted) { b.PassedBy.Name = "" }, "passed_by.name", "必填", "is required"},
		{func(b *ContractSubcontracted) { b.Subcontractor.Name = "" }, "subcontractor.name", "必填", "is required"},
		{func(b *ContractSubcontracted) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
	testBody(t, []badBody[*ContractAmended]{
		{func(b *ContractAmended) { b.Contract = "" }, "contract", "字母", "letters"},
		{func(b *ContractAmended) { b.Document = "" }, "document", "必填", "is required"},
		{func(b *ContractAmended) { b.Reason = "" }, "reason", "工程量变化", "want one of"},
		{func(b *ContractAmended) { b.Amount, b.Finish, b.Bill = 0, "", nil }, "amount", "至少变更一项", "the amount, the finish day or an item"},
		{func(b *ContractAmended) { b.Bill[0].Item = "" }, "bill.0.item", "必填", "is required"},
		{func(b *ContractAmended) { b.Amount = MaxAmount + 1 }, "amount", "单笔最多", "at most"},
		{func(b *ContractAmended) { b.Finish = "2020" }, "finish", "日期", "want a day"},
		{func(b *ContractAmended) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
}

func TestInstantsAreKeptInUTC(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]instant{
		"2020-03-18T12:00:00+08:00":        "2020-03-18T04:00:00.000000Z",
		"2020-03-18T04:00:00Z":             "2020-03-18T04:00:00.000000Z",
		"2020-03-18T04:00:00.1234567Z":     "2020-03-18T04:00:00.123456Z",
		"2020-01-01T03:00:00.000001+08:00": "2019-12-31T19:00:00.000001Z",
	} {
		var got instant
		if err := got.UnmarshalText([]byte(in)); err != nil || got != want {
			t.Errorf("%s is kept as %s, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "2020-03-18", "2020-03-18 12:00", "2020-03-18T12:00:00", "2020-03-18T25:00:00Z"} {
		var got instant
		if err := got.UnmarshalText([]byte(in)); err == nil {
			t.Errorf("%q is taken as %s", in, got)
		}
	}
}

// TestTenderAllTheWay: announced, bids, opened, candidates, awarded, contract.
func TestTenderAllTheWay(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	all := samples()
	tender := func() Tender {
		t.Helper()
		ts, err := l.Tenders(ctx, testBook, "P1")
		if err != nil || len(ts) == 0 {
			t.Fatal(ts, err)
		}
		return ts[0]
	}
	opened := mustPost(t, l, all["tender.announced"])
	want := Tender{Tender: "T1", Project: "P1", State: StateAnnounced, Name: "道路硬化施工", Method: "open", Category: "works", Estimate: 78000, Seq: opened[0].Seq, Awarded: None}
	if diff := cmp.Diff(want, tender()); diff != "" {
		t.Error("announced (-want +got):\n" + diff)
	}
	higher := *all["tender.bid"].Body.(*TenderBid)
	higher.Bidder, higher.Amount = Party{Name: "无代码公司"}, 77500
	mustPost(t, l, draft("b2", &higher, maker))
	mustPost(t, l, all["tender.bid"])
	bids, err := l.Bids(ctx, testBook, "T1")
	if err != nil || len(bids) != 2 || bids[0].Bidder != builder.Code || bids[0].Amount != 77000 || bids[1].Name != "无代码公司" || !strings.HasPrefix(bids[1].Bidder, "n-") {
		t.Errorf("bids %+v %v", bids, err)
	}
	for _, step := range []struct{ kind, state string }{{"tender.opened", StateOpened}, {"tender.candidates", StateCandidates}} {
		mustPost(t, l, all[Kind(step.kind)])
		if got := tender(); got.State != step.state || got.Bids != 2 {
			t.Errorf("after %s: %+v", step.kind, got)
		}
	}
	awarded := mustPost(t, l, all["tender.awarded"])
	want.State, want.Bids, want.Winner, want.WinnerName, want.Price, want.Awarded = StateAwarded, 2, builder.Code, builder.Name, 77000, awarded[0].Seq
	want.Trail = "8:announced 9:opened 10:candidates"
	if diff := cmp.Diff(want, tender()); diff != "" {
		t.Error("awarded (-want +got):\n" + diff)
	}
	signed := settle(t, l, "S2", all["contract.signed"])
	contract := Contract{Contract: "K1", Project: "P1", Tender: "T1", Name: "道路硬化施工合同", Supplier: builder.Code, SupplierName: builder.Name, On: "2020-03-18",
		Signed: 77000, Amount: 77000, Seq: signed[0].Seq}
	hold := func(name string) {
		t.Helper()
		got, err := l.Contract(ctx, testBook, "K1")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(contract, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		p, err := l.Project(ctx, testBook, "P1")
		if err != nil || p.Contracts != contract.Amount {
			t.Errorf("%s: the project's contracts are %s, %v", name, p.Contracts, err)
		}
	}
	hold("signed")
	settle(t, l, "S3", all["contract.amended"])
	contract.Amount = 76900
	hold("amended")
	list, err := l.Contracts(ctx, testBook, "P1")
	if err != nil || len(list) != 1 {
		t.Errorf("%+v %v", list, err)
	}
	rebuilds(t, db)
}

func TestTenderRefusals(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	all := samples()
	bid := func(tender string, who Party) *TenderBid {
		b := *samples()["tender.bid"].Body.(*TenderBid)
		b.Tender, b.Bidder = tender, who
		return &b
	}
	announce := func(tender, project string) *TenderAnnounced {
		b := *samples()["tender.announced"].Body.(*TenderAnnounced)
		b.Tender, b.Project = tender, project
		return &b
	}
	seqs := mustPost(t, l, all["tender.announced"], draft("t2", announce("T2", "P1"), maker), draft("t3", announce("T3", "P1"), maker), all["tender.bid"])
	settle(t, l, "S2",
		draft("p9", approvedProject("P9", "F1", 1), maker),
		draft("k1", &ContractSigned{Contract: "K1", Project: "P1", Tender: "T1", Name: "合同", Supplier: builder, Amount: 100}, maker))
	mustPost(t, l, draft("t9", announce("T9", "P9"), maker))
	settle(t, l, "S3", draft("p9c", &ProjectCancelled{Project: "P9", Document: "文", Reason: "plan"}, maker))
	if err := reverse(t, l, "x1", seqs[2].Seq); err != nil {
		t.Fatal(err)
	}
	mustPost(t, l, draft("t2f", &TenderFailed{Tender: "T2", Reason: "bidders"}, maker))
	sign := func(b ContractSigned) []Draft {
		b.Name, b.Supplier, b.Amount = "合同", builder, 100
		return []Draft{draft("", &b, maker)}
	}
	refuses(t, l,
		refusal{"announced twice", []Draft{draft("", announce("T1", "P1"), maker)}, []string{"0 body.tender exists"}},
		refusal{"number of a withdrawn one", []Draft{draft("", announce("T3", "P1"), maker)}, []string{"0 body.tender exists"}},
		refusal{"for no project", []Draft{draft("", announce("T4", "P404"), maker)}, []string{"0 body.project not_found"}},
		refusal{"for a cancelled project", []Draft{draft("", announce("T4", "P9"), maker)}, []string{"0 body.project cancelled"}},
		refusal{"bid in none", []Draft{draft("", bid("T404", builder), maker)}, []string{"0 body.tender not_found"}},
		refusal{"second bid", []Draft{draft("", bid("T1", builder), maker)}, []string{"0 body.bidder duplicate"}},
		refusal{"bid after failure", []Draft{draft("", bid("T2", builder), maker)}, []string{"0 body.tender state"}},
		refusal{"bid of a cancelled project", []Draft{draft("", bid("T9", builder), maker)}, []string{"0 body.tender cancelled"}},
		refusal{"winner without bid", []Draft{draft("", &TenderAwarded{Tender: "T1", Winner: stranger, Amount: 1}, maker)}, []string{"0 body.winner not_a_bidder"}},
		refusal{"failed twice", []Draft{draft("", &TenderFailed{Tender: "T2", Reason: "bidders"}, maker)}, []string{"0 body.tender state"}},
		refusal{"exempted none", []Draft{draft("", &TenderExempted{Project: "P404", Ground: "other", Method: "direct"}, maker)}, []string{"0 body.project not_found"}},
		refusal{"contract twice", sign(ContractSigned{Contract: "K1", Project: "P1"}), []string{"0 body.contract exists"}},
		refusal{"contract of no tender", sign(ContractSigned{Contract: "K2", Project: "P1", Tender: "T404"}), []string{"0 body.tender not_found"}},
		refusal{"contract of a withdrawn tender", sign(ContractSigned{Contract: "K2", Project: "P1", Tender: "T3"}), []string{"0 body.tender not_found"}},
		refusal{"contract of no project", sign(ContractSigned{Contract: "K2", Project: "P404"}), []string{"0 body.project not_found"}},
		refusal{"contract of a cancelled project", sign(ContractSigned{Contract: "K2", Project: "P9"}), []string{"0 body.project cancelled"}},
		refusal{"amended none", []Draft{draft("", &ContractAmended{Contract: "K404", Document: "文", Amount: 1, Reason: "plan"}, maker)}, []string{"0 body.contract not_found"}},
		refusal{"amended below zero", []Draft{draft("", &ContractAmended{Contract: "K1", Document: "文", Amount: -101, Reason: "plan"}, maker)}, []string{"0 body.amount below_paid"}},
		refusal{"reversed with bids", []Draft{reversal(seqs[0].Seq, maker)}, []string{"0 corrects in_use"}},
		refusal{"reversed after failure", []Draft{reversal(seqs[1].Seq, maker)}, []string{"0 corrects state"}},
		refusal{"failure reversed", []Draft{reversal(18, maker)}, []string{"0 corrects kind"}},
	)
	// A bid that is taken back can be made again, and its bidder win.
	if err := reverse(t, l, "x2", seqs[3].Seq); err != nil {
		t.Fatal(err)
	}
	other := mustPost(t, l, draft("b2", bid("T1", stranger), maker))
	refuses(t, l, refusal{"winner whose bid is withdrawn", []Draft{draft("", &TenderAwarded{Tender: "T1", Winner: builder, Amount: 1}, maker)}, []string{"0 body.winner not_a_bidder"}})
	mustPost(t, l, draft("b3", bid("T1", builder), maker), draft("w", &TenderAwarded{Tender: "T1", Winner: builder, Amount: 1}, maker))
	refuses(t, l,
		refusal{"bid reversed after the award", []Draft{reversal(other[0].Seq, maker)}, []string{"0 corrects state"}},
		refusal{"awarded twice", []Draft{draft("", &TenderAwarded{Tender: "T1", Winner: builder, Amount: 1}, maker)}, []string{"0 body.tender state"}},
		refusal{"candidates after the award", []Draft{draft("", &TenderCandidates{Tender: "T1", Candidates: []Candidate{{1, builder}}}, maker)}, []string{"0 body.tender state"}},
	)
	rebuilds(t, db)
}

// TestContractLimits follows the limit of payment through amendment, settlement
// and their reversal.
func TestContractLimits(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	signed := settle(t, l, "S2", draft("k1", &ContractSigned{Contract: "K1", Project: "P1", Name: "合同", Supplier: builder, Amount: 1000}, maker))[0].Seq
	amend := func(id string, a Amount) Draft {
		return draft(id, &ContractAmended{Contract: "K1", Document: "文", Amount: a, Finish: "2020-08-01", Reason: "quantity"}, maker)
	}
	audit := func(id string, a Amount) Draft {
		return draft(id, &SettlementAudited{Contract: "K1", Document: "文", Amount: a, Auditor: stranger}, maker)
	}
	ask := func(id string, a Amount) Draft {
		r := request(id, a)
		r.Contract = "K1"
		return draft(id, r, maker)
	}
	empty := func(d Draft) Draft { d.ID = ""; return d }
	more := settle(t, l, "S3", amend("more", 200))[0].Seq
	asked := mustPost(t, l, ask("Z1", 1100))[0].Seq
	refuses(t, l,
		refusal{"over the amended contract", []Draft{empty(ask("Z2", 101))}, []string{"0 body.amount over_contract"}},
		refusal{"amended below the requested", []Draft{empty(amend("", -101))}, []string{"0 body.amount below_paid"}},
		refusal{"amendment reversed under a request", []Draft{reversal(more, maker)}, []string{"0 corrects below_paid"}},
		refusal{"settled below the requested", []Draft{empty(audit("", 1099))}, []string{"0 body.amount below_paid"}},
		refusal{"contract reversed under a request", []Draft{reversal(signed, maker)}, []string{"0 corrects in_use"}},
	)
	settled := settle(t, l, "S4", audit("set", 1500))[0].Seq
	refuses(t, l,
		refusal{"settled twice", []Draft{empty(audit("", 1400))}, []string{"0 body.contract exists"}},
		refusal{"over the settled price", []Draft{empty(ask("Z2", 401))}, []string{"0 body.amount over_contract"}},
	)
	mustPost(t, l, ask("Z3", 400))
	// Settled above the contract: a new finish day does not touch the limit.
	settle(t, l, "S5", amend("day", 0))
	refuses(t, l,
		refusal{"settlement reversed under a request", []Draft{reversal(settled, maker)}, []string{"0 corrects below_paid"}},
		refusal{"amended below zero", []Draft{empty(amend("", -1201))}, []string{"0 body.amount below_paid"}},
	)
	z3 := mustPost(t, l, draft("Z3-no", &PaymentRejected{Payment: "Z3", Reason: "plan"}, second))
	if z3 == nil || reverse(t, l, "x1", settled) != nil || reverse(t, l, "x2", asked) != nil || reverse(t, l, "x3", more) != nil {
		t.Fatal("what nothing rests on is not reversed")
	}
	again := settle(t, l, "S6", audit("set2", 900))[0].Seq
	refuses(t, l, refusal{"contract reversed when settled", []Draft{reversal(signed, maker)}, []string{"0 corrects in_use"}})
	if err := reverse(t, l, "x4", again); err != nil {
		t.Fatal(err)
	}
	if err := reverse(t, l, "x5", signed); err != nil {
		t.Fatal(err)
	}
	refuses(t, l,
		refusal{"paid under none", []Draft{empty(ask("Z4", 1))}, []string{"0 body.contract not_found"}},
		refusal{"amended when withdrawn", []Draft{empty(amend("", 1))}, []string{"0 body.contract not_found"}},
		refusal{"settled when withdrawn", []Draft{empty(audit("", 1))}, []string{"0 body.contract not_found"}},
	)
	if p, err := l.Project(t.Context(), testBook, "P1"); err != nil || p.Contracts != 0 {
		t.Errorf("%+v %v", p, err)
	}
	rebuilds(t, db)
}

// TestChangesOfTendersAndSubcontracts are facts of their time: they need a tender that is
// open, and a contract, and can be taken back.
func TestChangesOfTendersAndSubcontracts(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	all := samples()
	change := func(id string) Draft {
		return draft(id, &TenderChanged{Tender: "T1", Content: "补充图纸", Deadline: "2020-04-18T01:00:00.000000Z"}, maker)
	}
	part := func(id string, to Party) Draft {
		return draft(id, &ContractSubcontracted{Contract: "K1", Amount: 1000, Part: "labour", Subcontractor: to}, maker)
	}
	given := func(id, project string) Draft {
		return draft(id, &AssetDisposed{Asset: "A1", Project: project, Value: 100, Way: "sold"}, maker)
	}
	refuses(t, l,
		refusal{"a change of no tender", []Draft{change("")}, []string{"0 body.tender not_found"}},
		refusal{"a part of no contract", []Draft{part("", stranger)}, []string{"0 body.contract not_found"}},
		refusal{"an asset of no project", []Draft{given("", "P404")}, []string{"0 body.project not_found"}},
	)
	mustPost(t, l, all["tender.announced"])
	changed := mustPost(t, l, change("c1"))[0].Seq
	settle(t, l, "S9", draft("k1", &ContractSigned{Contract: "K1", Project: "P1", Name: "合同", Supplier: builder, Amount: 50000}, maker))
	passed := mustPost(t, l, part("u1", stranger))[0].Seq
	disposed := mustPost(t, l, given("g1", "P1"))[0].Seq
	for i, target := range []Seq{changed, passed, disposed} {
		if err := reverse(t, l, fmt.Sprint("x", i), target); err != nil {
			t.Fatal(err)
		}
	}
	kept := mustPost(t, l, change("c2"))[0].Seq
	sealed := map[string]string{fieldPerson: "张三", fieldIDNumber: anID}
	member := draft("e1", &TenderEvaluator{Tender: "T1", Expert: true}, maker)
	member.Sealed = sealed
	evaluator := mustPost(t, l, member)[0].Seq
	if err := reverse(t, l, "x8", evaluator); err != nil {
		t.Error(err)
	}
	if member.ID, member.Sealed = "e2", map[string]string{fieldPerson: "张三"}; len(checkDraft(member)) == 0 {
		t.Error("an evaluator without a number is taken")
	}
	mustPost(t, l, all["tender.bid"])
	mustPost(t, l, all["tender.opened"])
	refuses(t, l,
		refusal{"a change after the opening", []Draft{change("")}, []string{"0 body.tender state"}},
		refusal{"passed on to oneself", []Draft{part("", builder)}, []string{"0 body.subcontractor same_party"}},
	)
	if err := reverse(t, l, "x9", kept); err == nil {
		t.Error("a change was taken back after the opening")
	}
	rebuilds(t, db)
}

// TestLimitsAreParameters: how many candidates there may be, and how far a grant is
// rounded, is what two persons have set for the day and the place, else three and a 分.
func TestLimitsAreParameters(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	four := &TenderCandidates{Tender: "T1"}
	for i := range 4 {
		four.Candidates = append(four.Candidates, Candidate{70000, Party{Name: fmt.Sprint("甲", i)}})
	}
	rounded := func(id string, off Amount) []Draft {
		b := batch(id, id, 1)
		line := b[1].Body.(*GrantLine)
		line.Amount += off
		b[0].Body.(*GrantRequested).Amount += off
		return b
	}
	mustPost(t, l, samples()["tender.announced"])
	refuses(t, l,
		refusal{"four candidates", []Draft{draft("", four, maker)}, []string{"0 body.candidates too_many"}},
		refusal{"two fen off", rounded("G1", 2), []string{"1 body.amount product"}},
	)
	mustPost(t, l, rounded("G2", 1)...)
	set := func(code, name, value, region string, from, to Date) Draft {
		return draft(code+region+string(from), &ParameterSet{Basis: "襄政办〔2020〕1号", Code: code, Name: name, Value: value, Region: region, From: from, To: to}, maker)
	}
	settle(t, l, "S7", set("T20", "most", "4", "", "2020-01-01", ""), set("E08", "tol", "0.02", "41", "2020-01-01", ""), set("E08", "tol", "0.01", "", "2020-01-01", ""),
		set("E08", "tol", "0.50", "4111", "2020-01-01", ""), set("E08", "tol", "0.40", "411025", "2019-01-01", "2020-03-17"), set("E08", "tol", "0.30", "411025", "2020-03-19", ""))
	mustPost(t, l, rounded("G3", 2)...)
	refuses(t, l, refusal{"three fen off", rounded("G4", 3), []string{"1 body.amount product"}})
	mustPost(t, l, draft("c4", four, maker))
	if r, err := Rebuild(t.Context(), db.Owner, testBook, Replay{Sealer: l.Sealer}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}
