package ledger

import (
	"testing"
)

// bare is a draft without an id: refuses gives it one.
func bare(body Body, by By) Draft { return draft("", body, by) }

// tendered is a funded book with a tender, a bid and a contract of 300 yuan on
// P1, P2 cancelled, P3 only listed, and P4 funded with 100 yuan.
func tendered(t *testing.T) *Ledger {
	t.Helper()
	l, _ := testLedger(t)
	funded(t, l)
	listed := *samples()["project.listed"].Body.(*ProjectListed)
	listed.Project = "P3"
	open := *samples()["tender.announced"].Body.(*TenderAnnounced)
	bid := *samples()["tender.bid"].Body.(*TenderBid)
	if _, err := l.Post(t.Context(), testBook, draft("p3", &listed, maker), draft("t1", &open, maker), draft("b1", &bid, maker)); err != nil {
		t.Fatal(err)
	}
	settle(t, l, "S2",
		draft("p2", approvedProject("P2", "F1", 100), maker),
		draft("p2c", &ProjectCancelled{Document: "襄扶〔2020〕9号", Project: "P2", Reason: "plan"}, maker),
		draft("p4", approvedProject("P4", "F1", 10000), maker),
		draft("a4", &FundAllocated{Fund: "F1", Project: "P4", Document: "襄财〔2020〕2号", Amount: 10000}, maker),
		draft("k1", &ContractSigned{Contract: "K1", Project: "P1", Tender: "T1", Name: "施工合同", Supplier: builder, Amount: 30000}, maker))
	return l
}

// under is a payment request of P1 under contract K1.
func under(id string, a Amount) *PaymentRequested {
	r := request(id, a)
	r.Contract = "K1"
	return r
}

func TestFundsAndProjectsRefuse(t *testing.T) {
	t.Parallel()
	l := tendered(t)
	received := *samples()["fund.received"].Body.(*FundReceived)
	listed := *samples()["project.listed"].Body.(*ProjectListed)
	refuses(t, l,
		refusal{"a fund twice", []Draft{bare(&received, maker)}, []string{"0 body.fund exists"}},
		refusal{"no such fund", []Draft{bare(&FundAdjusted{Amount: 1, Document: "x", Fund: "F9"}, maker)}, []string{"0 body.fund not_found"}},
		refusal{"more back than is in hand", []Draft{bare(&FundAdjusted{Amount: -30001, Document: "x", Fund: "F1"}, maker)}, []string{"0 body.amount insufficient"}},
		refusal{"more than the approved budget", []Draft{bare(&FundAllocated{Amount: 20001, Document: "x", Fund: "F1", Project: "P1"}, maker)}, []string{"0 body.amount over_budget"}},
		refusal{"recall of more than is free", []Draft{bare(&FundRecalled{Amount: 60001, Document: "x", Fund: "F1", Project: "P1", Reason: "plan"}, maker)}, []string{"0 body.amount not_available"}},
		refusal{"money for a cancelled project", []Draft{bare(&FundAllocated{Amount: 1, Document: "x", Fund: "F1", Project: "P2"}, maker)}, []string{"0 body.project cancelled"}},
		refusal{"a project twice", []Draft{bare(&listed, maker)}, []string{"0 body.project exists"}},
		refusal{"approved twice", []Draft{bare(approvedProject("P1", "F1", 1), maker)}, []string{"0 body.project state"}},
		refusal{"no such project", []Draft{bare(&ProjectCancelled{Document: "x", Project: "P9", Reason: "plan"}, maker)}, []string{"0 body.project not_found"}},
		refusal{"cancelled with money in it", []Draft{bare(&ProjectCancelled{Document: "x", Project: "P1", Reason: "plan"}, maker)}, []string{"0 body.project in_use"}},
		refusal{"limits change without a second person", []Draft{bare(&PaymentApproved{Hash: zeroHash, Payment: "Z0"}, second)}, []string{"0 body.payment not_found"}},
	)
	_, err := l.Post(t.Context(), testBook, draft("alone", &received, maker))
	if got := said(err, false); len(got) != 1 || got[0] != "0 kind two_persons" {
		t.Errorf("outside a submission: %v", got)
	}
}

func TestTendersAndContractsRefuse(t *testing.T) {
	t.Parallel()
	l := tendered(t)
	open := *samples()["tender.announced"].Body.(*TenderAnnounced)
	bid := *samples()["tender.bid"].Body.(*TenderBid)
	lost := bid
	lost.Tender = "T9"
	signed := &ContractSigned{Contract: "K1", Project: "P1", Name: "合同", Supplier: builder, Amount: 1}
	elsewhere := under("Z4", 100)
	elsewhere.Project = "P4"
	refuses(t, l,
		refusal{"a tender twice", []Draft{bare(&open, maker)}, []string{"0 body.tender exists"}},
		refusal{"no such tender", []Draft{bare(&lost, maker)}, []string{"0 body.tender not_found"}},
		refusal{"a second bid", []Draft{bare(&bid, maker)}, []string{"0 body.bidder duplicate"}},
		refusal{"a winner who did not bid", []Draft{bare(&TenderAwarded{Amount: 1, Tender: "T1", Winner: stranger}, maker)}, []string{"0 body.winner not_a_bidder"}},
		refusal{"on a cancelled project", []Draft{bare(&TenderExempted{Ground: "other", Method: "direct", Project: "P2"}, maker)}, []string{"0 body.project cancelled"}},
		refusal{"a contract twice", []Draft{bare(signed, maker)}, []string{"0 body.contract exists"}},
		refusal{"a contract of another project", []Draft{bare(elsewhere, maker)}, []string{"0 body.contract other_project"}},
		refusal{"more than the contract", []Draft{bare(under("Z6", 30001), maker)}, []string{"0 body.amount over_contract"}},
		refusal{"more than is allocated", []Draft{bare(request("Z7", 60001), maker)}, []string{"0 body.amount over_payment"}},
	)
	if _, err := l.Post(t.Context(), testBook, draft("z1", under("Z1", 15000), maker)); err != nil {
		t.Fatal(err)
	}
	listedOnly := request("Z8", 1)
	listedOnly.Project = "P3"
	refuses(t, l,
		refusal{"amended below what is requested", []Draft{bare(&ContractAmended{Amount: -15001, Contract: "K1", Document: "x", Reason: "plan"}, maker)}, []string{"0 body.amount below_paid"}},
		refusal{"a payment twice", []Draft{bare(under("Z1", 1), maker)}, []string{"0 body.payment exists"}},
		refusal{"a project without approval", []Draft{bare(listedOnly, maker)}, []string{"0 body.project unapproved"}},
		refusal{"one's own approval", []Draft{bare(&PaymentApproved{Hash: zeroHash, Payment: "Z1"}, By{Role: Checker, Unit: "411025-CZ", User: maker.User})}, []string{"0 by.user self_approval"}},
		refusal{"another content", []Draft{bare(&PaymentApproved{Hash: zeroHash, Payment: "Z1"}, second)}, []string{"0 body.hash other_content"}},
		refusal{"paid before approval", []Draft{bare(&PaymentPaid{Payment: "Z1"}, payer)}, []string{"0 body.payment state"}},
	)
}

func TestGrantsAndReturnsRefuse(t *testing.T) {
	t.Parallel()
	l := tendered(t)
	line := func(n Count, a Amount) Draft {
		d := bare(&GrantLine{Amount: a, Line: n, Payment: "G1", Place: aVillage, Quantity: "1", Standard: a}, maker)
		d.Sealed = map[string]string{fieldName: "张三", fieldIDNumber: anID}
		return d
	}
	header := func(lines Count, a Amount) *GrantRequested {
		return &GrantRequested{Amount: a, Fund: "F1", Item: "产业奖补", Lines: lines, Payment: "G1", Project: "P1"}
	}
	forged := header(1, 100)
	forged.LinesHash = zeroHash
	refuses(t, l,
		refusal{"a line without its batch", []Draft{line(1, 100)}, []string{"0 body.payment outside_batch"}},
		refusal{"lines out of order", []Draft{bare(header(2, 200), maker), line(2, 100), line(2, 100)}, []string{"1 body.line line"}},
		refusal{"a sum that differs", []Draft{bare(header(1, 101), maker), line(1, 100)}, []string{"1 body.amount sum"}},
		refusal{"lines of another hash", []Draft{bare(forged, maker), line(1, 100)}, []string{"1 body.lines_hash hash"}},
		refusal{"a batch that does not end", []Draft{bare(header(2, 200), maker), line(1, 100)}, []string{"0 entries incomplete"}},
		refusal{"a batch with something between", []Draft{bare(header(2, 200), maker), bare(request("Z9", 1), maker)}, []string{"1 kind lines"}},
	)
	d := line(1, 100)
	d.ID = "g1-1"
	r, err := l.Post(t.Context(), testBook, draft("g1", header(1, 100), maker), d)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []Draft{draft("g1-ok", &PaymentApproved{Hash: encodeHash(r[0].Hash[:]), Payment: "G1"}, second), draft("g1-paid", &PaymentPaid{Payment: "G1"}, payer)} {
		if _, err := l.Post(t.Context(), testBook, d); err != nil {
			t.Fatal(err)
		}
	}
	refuses(t, l,
		refusal{"a return without its line", []Draft{bare(&PaymentReturned{Amount: 1, Payment: "G1", Reason: "account"}, payer)}, []string{"0 body.line line"}},
		refusal{"a return of no line", []Draft{bare(&PaymentReturned{Amount: 1, Line: 2, Payment: "G1", Reason: "account"}, payer)}, []string{"0 body.line not_found"}},
		refusal{"more back than was paid", []Draft{bare(&PaymentReturned{Amount: 101, Line: 1, Payment: "G1", Reason: "account"}, payer)}, []string{"0 body.amount over_return"}},
	)
}

func TestReversalsAndPeriodsRefuse(t *testing.T) {
	t.Parallel()
	l := tendered(t)
	ctx := t.Context()
	found, err := l.FindIDs(ctx, testBook, []string{"t1", "S1", "p1", "a1"})
	if err != nil {
		t.Fatal(err)
	}
	reverse := func(target Seq) Draft {
		d := bare(&EntryReversed{Reason: "amount"}, maker)
		d.Corrects = target
		return d
	}
	replaced := bare(request("Z9", 1), maker)
	replaced.Corrects = found["a1"]
	refuses(t, l,
		refusal{"what is not named", []Draft{reverse(None)}, []string{"0 corrects required"}},
		refusal{"what is not there", []Draft{reverse(100000)}, []string{"0 corrects not_found"}},
		refusal{"an act of approval", []Draft{reverse(found["S1"])}, []string{"0 corrects kind"}},
		refusal{"a tender with bids", []Draft{reverse(found["t1"])}, []string{"0 corrects in_use"}},
		refusal{"a replacement of what stands", []Draft{replaced}, []string{"0 corrects not_reversed"}},
		refusal{"one entry of a submission missing", []Draft{bare(&SubmissionMade{Entries: 2, Submission: "S8", Title: "x"}, maker), bare(request("Z9", 1), maker)}, []string{"0 entries incomplete"}},
		refusal{"a submission twice", []Draft{bare(&SubmissionMade{Entries: 1, Submission: "S1", Title: "x"}, maker), bare(request("Z9", 1), maker)}, []string{"0 body.submission exists"}},
		refusal{"a submitted batch that does not end", []Draft{bare(&SubmissionMade{Entries: 1, Submission: "S8", Title: "x"}, maker), bare(&GrantRequested{Amount: 2, Fund: "F1", Item: "x", Lines: 2, LinesHash: zeroHash, Payment: "G9", Project: "P1"}, maker)}, []string{"1 body.lines lines"}},
		refusal{"two makers", []Draft{bare(&SubmissionMade{Entries: 1, Submission: "S8", Title: "x"}, maker), bare(request("Z9", 1), By{Role: Maker, Unit: "411025-CZ", User: "u9"})}, []string{"1 by.user maker"}},
		refusal{"an approval inside", []Draft{bare(&SubmissionMade{Entries: 1, Submission: "S8", Title: "x"}, maker), bare(&PaymentPaid{Payment: "Z9"}, By{Role: Maker, Unit: "411025-CZ", User: maker.User})}, []string{"1 kind kind"}},
		refusal{"another hash", []Draft{bare(&SubmissionMade{ContentHash: zeroHash, Entries: 1, Submission: "S8", Title: "x"}, maker), bare(request("Z9", 1), maker)}, []string{"1 body.content_hash hash"}},
		refusal{"no such submission", []Draft{bare(&SubmissionRejected{Reason: "plan", Submission: "S9"}, second)}, []string{"0 body.submission not_found"}},
		refusal{"a month that is not over", []Draft{bare(&PeriodClosed{Period: "2020-03"}, maker)}, []string{"0 on closed"}},
	)
	settle(t, l, "SR", func() Draft { d := reverse(found["a1"]); d.ID = "ra1"; return d }(), draft("close", &PeriodClosed{Period: "2020-02"}, maker))
	late := bare(request("Z9", 1), maker)
	late.On = "2020-02-29"
	refuses(t, l,
		refusal{"a second reversal", []Draft{reverse(found["a1"])}, []string{"0 corrects reversed"}},
		refusal{"a day in a closed month", []Draft{late}, []string{"0 on closed_period", "0 body.amount over_payment"}},
		refusal{"a month closed already", []Draft{bare(&PeriodClosed{Period: "2020-01"}, maker)}, []string{"0 body.period closed"}},
	)
}

func TestReversalsOfWhatOthersRestOnRefuse(t *testing.T) {
	t.Parallel()
	l := tendered(t)
	ctx := t.Context()
	open, err := l.Submit(ctx, testBook, "S7", SubmissionMade{Submission: "S7", Title: "待批"}, []Draft{draft("adj", &FundAdjusted{Amount: 5, Document: "x", Fund: "F1"}, maker)})
	if err != nil {
		t.Fatal(err)
	}
	settled := settle(t, l, "S9", draft("set", &SettlementAudited{Amount: 50000, Auditor: stranger, Contract: "K1", Document: "x"}, maker))
	r, err := l.Post(ctx, testBook, draft("z1", under("Z1", 40000), maker))
	if err != nil {
		t.Fatal(err)
	}
	var returned Seq
	for _, d := range []Draft{
		draft("z1-ok", &PaymentApproved{Hash: encodeHash(r[0].Hash[:]), Payment: "Z1"}, second),
		draft("z1-paid", &PaymentPaid{Payment: "Z1"}, payer),
		draft("z1-back", &PaymentReturned{Amount: 500, Payment: "Z1", Reason: "account"}, payer),
	} {
		got, err := l.Post(ctx, testBook, d)
		if err != nil {
			t.Fatal(err)
		}
		returned = got[0].Seq
	}
	reverse := func(target Seq) Draft {
		d := bare(&EntryReversed{Reason: "amount"}, maker)
		d.Corrects = target
		return d
	}
	refuses(t, l,
		refusal{"what waits for approval", []Draft{reverse(open[1].Seq)}, []string{"0 corrects no_effect"}},
		refusal{"a settlement that payments rest on", []Draft{reverse(settled[0].Seq)}, []string{"0 corrects below_paid"}},
	)
	if _, err := l.Post(ctx, testBook, draft("z2", under("Z2", 10500), maker)); err != nil {
		t.Fatal(err)
	}
	refuses(t, l, refusal{"a return whose room in the contract is taken", []Draft{reverse(returned)}, []string{"0 corrects over_contract"}})
	if _, err := l.Post(ctx, testBook, draft("z3", request("Z3", 10000), maker)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Post(ctx, testBook, draft("z2-no", &PaymentRejected{Payment: "Z2", Reason: "plan"}, second), draft("z4", request("Z4", 10500), maker)); err != nil {
		t.Fatal(err)
	}
	refuses(t, l, refusal{"a return whose money is taken", []Draft{reverse(returned)}, []string{"0 corrects not_available"}})
}

// TestBalanceDoesNotOverflow needs more entries than a test can post, so it asks
// the state itself.
func TestBalanceDoesNotOverflow(t *testing.T) {
	t.Parallel()
	s := newState(testBook)
	s.accounts.add("hand/F1", Account{Account: "hand/F1", Balance: 1<<63 - 1})
	s.leg(&Entry{}, "F1", "hand/F1", 1)
	if got := said(&Refused{Problems: s.problems}, false); len(got) != 1 || got[0] != "0 body.amount overflow" {
		t.Errorf("got %v", got)
	}
}
