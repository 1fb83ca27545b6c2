package ledger

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPaymentBodies(t *testing.T) {
	t.Parallel()
	testBody(t, []badBody[*PaymentRequested]{
		{func(b *PaymentRequested) { b.Payment = "" }, "payment", "字母", "letters"},
		{func(b *PaymentRequested) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *PaymentRequested) { b.Fund = "" }, "fund", "字母", "letters"},
		{func(b *PaymentRequested) { b.Contract = "合同" }, "contract", "字母", "letters"},
		{func(b *PaymentRequested) { b.Amount = 0 }, "amount", "大于零", "above zero"},
		{func(b *PaymentRequested) { b.Purpose = "" }, "purpose", "必填", "is required"},
		{func(b *PaymentRequested) { b.Purpose = "付6217000000000000004" }, "purpose", "银行卡号", "bank card"},
		{func(b *PaymentRequested) { b.FunctionCode = "x" }, "function_code", "功能科目", "function code"},
		{func(b *PaymentRequested) { b.EconomicCode = "3100" }, "economic_code", "经济科目", "economic code"},
		{func(b *PaymentRequested) { b.Method = "cash" }, "method", "财政直接支付", "want one of"},
		{func(b *PaymentRequested) { b.Stage = "second" }, "stage", "质保金", "want one of"},
		{func(b *PaymentRequested) { b.Payee.Name = "" }, "payee.name", "必填", "is required"},
		{func(b *PaymentRequested) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
	testBody(t, []badBody[*PaymentApproved]{
		{func(b *PaymentApproved) { b.Payment = "" }, "payment", "字母", "letters"},
		{func(b *PaymentApproved) { b.Hash = "" }, "hash", "SHA-256", "SHA-256"},
	})
	testBody(t, []badBody[*PaymentRejected]{
		{func(b *PaymentRejected) { b.Payment = "" }, "payment", "字母", "letters"},
		{func(b *PaymentRejected) { b.Reason = "no" }, "reason", "资料不全", "want one of"},
	})
	testBody(t, []badBody[*PaymentPaid]{
		{func(b *PaymentPaid) { b.Payment = "" }, "payment", "字母", "letters"},
		{func(b *PaymentPaid) { b.Voucher = strings.Repeat("1", 65) }, "voucher", "最多64字", "at most 64"},
	})
	testBody(t, []badBody[*PaymentReturned]{
		{func(b *PaymentReturned) { b.Payment = "" }, "payment", "字母", "letters"},
		{func(b *PaymentReturned) { b.Amount = -1 }, "amount", "大于零", "above zero"},
		{func(b *PaymentReturned) { b.Reason = "" }, "reason", "银行退回", "want one of"},
		{func(b *PaymentReturned) { b.Line = -1 }, "line", "整数", "whole number"},
	})
	testBody(t, []badBody[*GrantRequested]{
		{func(b *GrantRequested) { b.Payment = "" }, "payment", "字母", "letters"},
		{func(b *GrantRequested) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *GrantRequested) { b.Fund = "" }, "fund", "字母", "letters"},
		{func(b *GrantRequested) { b.Amount = 0 }, "amount", "大于零", "above zero"},
		{func(b *GrantRequested) { b.Item = "" }, "item", "必填", "is required"},
		{func(b *GrantRequested) { b.Lines = 0 }, "lines", "须有1–120000行", "1 to 120000"},
		{func(b *GrantRequested) { b.Lines = 120001 }, "lines", "须有1–120000行", "1 to 120000"},
		{func(b *GrantRequested) { b.LinesHash = "x" }, "lines_hash", "SHA-256", "SHA-256"},
		{func(b *GrantRequested) { b.Period = "2020-13" }, "period", "发放期间", "want a period"},
		{func(b *GrantRequested) { b.Period = "2020-Q5" }, "period", "发放期间", "want a period"},
		{func(b *GrantRequested) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
	testBody(t, []badBody[*GrantLine]{
		{func(b *GrantLine) { b.Payment = "" }, "payment", "字母", "letters"},
		{func(b *GrantLine) { b.Place = "411025103" }, "place", "12位", "12-digit"},
		{func(b *GrantLine) { b.Amount, b.Quantity = 0, "0" }, "amount", "大于零", "above zero"},
		{func(b *GrantLine) { b.Amount = 3101 }, "amount", "标准×数量（20.00×1.5）", "standard × quantity"},
		{func(b *GrantLine) { b.Amount = 2899 }, "amount", "标准×数量（20.00×1.5）", "standard × quantity"},
		{func(b *GrantLine) { b.Category = strings.Repeat("长", 21) }, "category", "最多20字", "at most 20"},
		{func(b *GrantLine) { b.Line = 0 }, "line", "从1起", "count from 1"},
		{func(b *GrantLine) { b.Quantity = "1.1234567" }, "quantity", "最多六位小数", "six decimals"},
		{func(b *GrantLine) { b.Quantity = "一亩" }, "quantity", "最多六位小数", "six decimals"},
	})
}

// TestPartsOfAFenAreRounded: 2.37 mu at 33.33 yuan are 78.9921 yuan, which nobody
// can pay. Rule E08 allows one 分, unless a parameter says otherwise.
func TestPartsOfAFenAreRounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		standard Amount
		quantity string
		amount   Amount
		fine     bool
	}{
		{3333, "2.37", 7899, true}, {3333, "2.37", 7900, true}, {3333, "2.37", 7901, false}, {3333, "2.37", 7898, false},
		{20000, "3", 60000, true}, {20000, "3", 60002, false}, {1, "0.000001", 1, true}, {MaxAmount, "999999999999", MaxAmount, false},
	} {
		if got := IsProduct(c.standard, c.quantity, c.amount, aRounding); got != c.fine {
			t.Errorf("%s × %s = %s: %v, want %v", c.standard, c.quantity, c.amount, got, c.fine)
		}
	}
}

// TestPayeeIsAFirmOrAPerson holds who may be named where.
func TestPayeeIsAFirmOrAPerson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		firm   bool
		sealed map[string]string
		want   string
	}{
		"a firm":                 {true, nil, ""},
		"a firm with its bank":   {true, map[string]string{fieldAccount: "1700 0000 0001", fieldBank: "农商行"}, ""},
		"a person":               {false, map[string]string{fieldName: "张三", fieldIDNumber: anID, fieldAccount: "6217000000000000004"}, ""},
		"nobody":                 {false, nil, "sealed.payee_name"},
		"an account of nobody":   {false, map[string]string{fieldAccount: "6217000000000000004"}, "sealed.payee_name"},
		"both":                   {true, map[string]string{fieldName: "张三", fieldIDNumber: anID}, "sealed.payee_name"},
		"a person without ID":    {false, map[string]string{fieldName: "张三"}, "sealed.id_number"},
		"a person without name":  {false, map[string]string{fieldIDNumber: anID}, "sealed.id_number"},
		"a person with wrong ID": {false, map[string]string{fieldName: "张三", fieldIDNumber: "411025199001010011"}, "sealed.id_number"},
	} {
		d := samples()["payment.requested"]
		if !c.firm {
			d.Body.(*PaymentRequested).Payee = Party{}
		}
		d.Sealed = c.sealed
		var got string
		for _, p := range checkDraft(d) {
			got += p.Field
		}
		if got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
	}
	line := samples()["grant.line"]
	line.Sealed = nil
	if ps := checkDraft(line); len(ps) != 2 || ps[0].Field != "sealed.payee_name" || ps[1].Field != "sealed.id_number" || !strings.Contains(ps[0].Zh, "户主") {
		t.Errorf("a line without household: %v", ps)
	}
}

// where is a payment's state beside all that its money changes.
type where struct {
	State    string
	Returned Amount
	Fund     [5]Amount
	// Quota is allocated, under way and paid; Payee asked for in all and paid.
	Quota [3]Amount
	Payee [2]Amount
}

func whereIs(t *testing.T, l *Ledger, payment string) where {
	t.Helper()
	p, err := l.Payment(t.Context(), testBook, payment)
	if err != nil {
		t.Fatal(err)
	}
	y, err := l.Payee(t.Context(), testBook, p.Payee)
	if err != nil {
		t.Fatal(err)
	}
	q, err := l.Quotas(t.Context(), testBook, p.Project)
	if err != nil || len(q) != 1 {
		t.Fatal(q, err)
	}
	return where{p.State, p.Returned, moneyOf(t, l, p.Fund), [3]Amount{q[0].Allocated, q[0].Requested, q[0].Paid}, [2]Amount{y.Requested, y.Paid}}
}

// TestPaymentMoves follows one payment through every kind and reversal.
func TestPaymentMoves(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	fund := func(allocated, paid Amount) [5]Amount { return [5]Amount{100000, 40000, allocated, paid, 0} }
	var requested, wasPaid, returned Seq
	var hash string
	for _, step := range []struct {
		name string
		do   func()
		want where
	}{
		{"requested", func() {
			r := mustPost(t, l, draft("r1", request("Z1", 20000), maker))[0]
			requested, hash = r.Seq, encodeHash(r.Hash[:])
		}, where{StateRequested, 0, fund(60000, 0), [3]Amount{60000, 20000, 0}, [2]Amount{20000, 0}}},
		{"approved", func() { mustPost(t, l, draft("ok", &PaymentApproved{Payment: "Z1", Hash: hash}, second)) },
			where{StateApproved, 0, fund(60000, 0), [3]Amount{60000, 20000, 0}, [2]Amount{20000, 0}}},
		{"paid", func() {
			wasPaid = mustPost(t, l, draft("paid", &PaymentPaid{Payment: "Z1", Voucher: "00123"}, payer))[0].Seq
		},
			where{StatePaid, 0, fund(40000, 20000), [3]Amount{60000, 0, 20000}, [2]Amount{20000, 20000}}},
		{"partly returned", func() {
			returned = mustPost(t, l, draft("back", &PaymentReturned{Payment: "Z1", Amount: 500, Reason: "account"}, payer))[0].Seq
		}, where{StatePaid, 500, fund(40500, 19500), [3]Amount{60000, 0, 19500}, [2]Amount{20000, 19500}}},
		{"return reversed", func() {
			if err := reverse(t, l, "x1", returned); err != nil {
				t.Fatal(err)
			}
		}, where{StatePaid, 0, fund(40000, 20000), [3]Amount{60000, 0, 20000}, [2]Amount{20000, 20000}}},
		{"payment reversed", func() {
			if err := reverse(t, l, "x2", wasPaid); err != nil {
				t.Fatal(err)
			}
		}, where{StateApproved, 0, fund(60000, 0), [3]Amount{60000, 20000, 0}, [2]Amount{20000, 0}}},
		{"paid again", func() { wasPaid = mustPost(t, l, draft("paid2", &PaymentPaid{Payment: "Z1"}, payer))[0].Seq },
			where{StatePaid, 0, fund(40000, 20000), [3]Amount{60000, 0, 20000}, [2]Amount{20000, 20000}}},
		{"reversed again", func() {
			if err := reverse(t, l, "x3", wasPaid); err != nil {
				t.Fatal(err)
			}
		}, where{StateApproved, 0, fund(60000, 0), [3]Amount{60000, 20000, 0}, [2]Amount{20000, 0}}},
		{"request reversed", func() {
			if err := reverse(t, l, "x4", requested); err != nil {
				t.Fatal(err)
			}
		}, where{StateWithdrawn, 0, fund(60000, 0), [3]Amount{60000, 0, 0}, [2]Amount{0, 0}}},
	} {
		step.do()
		if diff := cmp.Diff(step.want, whereIs(t, l, "Z1")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	mustPost(t, l, draft("r2", request("Z2", 60000), maker))
	mustPost(t, l, draft("no", &PaymentRejected{Payment: "Z2", Reason: "incomplete"}, second))
	if diff := cmp.Diff(where{StateRejected, 0, fund(60000, 0), [3]Amount{60000, 0, 0}, [2]Amount{0, 0}}, whereIs(t, l, "Z2")); diff != "" {
		t.Error("rejected (-want +got):\n" + diff)
	}
	rebuilds(t, db)
}

func TestPaymentRefusals(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	settle(t, l, "S2",
		draft("p9", approvedProject("P9", "F1", 500), maker),
		draft("a9", &FundAllocated{Fund: "F1", Project: "P9", Document: "文", Amount: 500}, maker),
		draft("k1", &ContractSigned{Contract: "K1", Project: "P1", Name: "合同", Supplier: builder, Amount: 10000}, maker))
	listed := samples()["project.listed"].Body.(*ProjectListed)
	listed.Project = "P8"
	mustPost(t, l, draft("p8", listed, maker))
	r := mustPost(t, l, draft("r1", request("Z1", 20000), maker))
	hash := encodeHash(r[0].Hash[:])
	ask := func(change func(*PaymentRequested)) []Draft {
		b := request("Z9", 1)
		change(b)
		return []Draft{draft("", b, maker)}
	}
	self := By{Role: Checker, Unit: "411025-CZ", User: maker.User}
	refuses(t, l,
		refusal{"taken number", []Draft{draft("", request("Z1", 1), maker)}, []string{"0 body.payment exists"}},
		refusal{"no project", ask(func(b *PaymentRequested) { b.Project = "P404" }), []string{"0 body.project not_found"}},
		refusal{"not approved", ask(func(b *PaymentRequested) { b.Project = "P8" }), []string{"0 body.project unapproved"}},
		refusal{"no such money in it", ask(func(b *PaymentRequested) { b.Fund = "F404" }), []string{"0 body.fund over_payment"}},
		refusal{"more than is left", ask(func(b *PaymentRequested) { b.Amount = 40001 }), []string{"0 body.amount over_payment"}},
		refusal{"no contract", ask(func(b *PaymentRequested) { b.Contract = "K404" }), []string{"0 body.contract not_found"}},
		refusal{"another project's contract", ask(func(b *PaymentRequested) { b.Contract, b.Project = "K1", "P9" }), []string{"0 body.contract other_project"}},
		refusal{"more than the contract", ask(func(b *PaymentRequested) { b.Contract, b.Amount = "K1", 10001 }), []string{"0 body.amount over_contract"}},
		refusal{"approved by oneself", []Draft{draft("", &PaymentApproved{Payment: "Z1", Hash: hash}, self)}, []string{"0 by.user self_approval"}},
		refusal{"approved unseen", []Draft{draft("", &PaymentApproved{Payment: "Z1", Hash: zeroHash}, second)}, []string{"0 body.hash other_content"}},
		refusal{"approved none", []Draft{draft("", &PaymentApproved{Payment: "Z404", Hash: zeroHash}, second)}, []string{"0 body.payment not_found"}},
		refusal{"paid unapproved", []Draft{draft("", &PaymentPaid{Payment: "Z1"}, payer)}, []string{"0 body.payment state"}},
		refusal{"returned unpaid", []Draft{draft("", &PaymentReturned{Payment: "Z1", Amount: 1, Reason: "account"}, payer)}, []string{"0 body.payment state"}},
		refusal{"two that fit alone", append(ask(func(b *PaymentRequested) { b.Amount = 30000 }), draft("", request("Z8", 30000), maker)), []string{"1 body.amount over_payment"}},
	)
	mustPost(t, l, draft("ok", &PaymentApproved{Payment: "Z1", Hash: hash}, second))
	refuses(t, l,
		refusal{"approved twice", []Draft{draft("", &PaymentApproved{Payment: "Z1", Hash: hash}, second)}, []string{"0 body.payment state"}},
		refusal{"rejected when approved", []Draft{draft("", &PaymentRejected{Payment: "Z1", Reason: "plan"}, second)}, []string{"0 body.payment state"}},
	)
	wasPaid := mustPost(t, l, draft("paid", &PaymentPaid{Payment: "Z1"}, payer))[0].Seq
	back := mustPost(t, l, draft("back", &PaymentReturned{Payment: "Z1", Amount: 15000, Reason: "account"}, payer))[0].Seq
	refuses(t, l,
		refusal{"paid twice", []Draft{draft("", &PaymentPaid{Payment: "Z1"}, payer)}, []string{"0 body.payment state"}},
		refusal{"more back than out", []Draft{draft("", &PaymentReturned{Payment: "Z1", Amount: 5001, Reason: "account"}, payer)}, []string{"0 body.amount over_return"}},
		refusal{"request reversed when paid", []Draft{reversal(r[0].Seq, maker)}, []string{"0 corrects state"}},
		refusal{"payment reversed when returned", []Draft{reversal(wasPaid, maker)}, []string{"0 corrects in_use"}},
	)
	mustPost(t, l, draft("r2", request("Z2", 55000), maker))
	refuses(t, l, refusal{"return reversed when used", []Draft{reversal(back, maker)}, []string{"0 corrects not_available"}})
	rebuilds(t, db)
}

// TestReturnIntoACancelledProject: it is taken, since it is a fact, and the money
// can be recalled.
func TestReturnIntoACancelledProject(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	r := mustPost(t, l, draft("r1", request("Z1", 60000), maker))
	paid(t, l, "Z1", encodeHash(r[0].Hash[:]))
	settle(t, l, "S2", draft("c", &ProjectCancelled{Project: "P1", Document: "文", Reason: "plan"}, maker))
	mustPost(t, l, draft("back", &PaymentReturned{Payment: "Z1", Amount: 60000, Reason: "returned"}, payer))
	refuses(t, l,
		refusal{"paid again", []Draft{draft("", request("Z2", 1), maker)}, []string{"0 body.project cancelled"}},
	)
	settle(t, l, "S3", draft("rc", &FundRecalled{Fund: "F1", Project: "P1", Document: "文", Amount: 60000, Reason: "surplus"}, maker))
	if diff := cmp.Diff([5]Amount{100000, 100000}, moneyOf(t, l, "F1")); diff != "" {
		t.Error("fund (-want +got):\n" + diff)
	}
	rebuilds(t, db)
}

// TestPersonsArePaid: a private payee has no name in any projection, and is found
// by the ID number alone.
func TestPersonsArePaid(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	ask := func(id string, n int) Draft {
		b := request(id, 100)
		b.Payee = Party{}
		d := draft(id, b, maker)
		d.Sealed = map[string]string{fieldName: "张三", fieldIDNumber: citizen(n), fieldAccount: "6217000000000000004"}
		return d
	}
	r := mustPost(t, l, ask("Z1", 1), ask("Z2", 1), ask("Z3", 2))
	paid(t, l, "Z1", encodeHash(r[0].Hash[:]))
	paid(t, l, "Z2", encodeHash(r[1].Hash[:]))
	one, err := l.Payment(ctx, testBook, "Z1")
	if err != nil {
		t.Fatal(err)
	}
	two, err := l.Payment(ctx, testBook, "Z2")
	if err != nil {
		t.Fatal(err)
	}
	other, err := l.Payment(ctx, testBook, "Z3")
	if err != nil {
		t.Fatal(err)
	}
	if one.Payee != two.Payee || one.Payee == other.Payee || !strings.HasPrefix(one.Payee, "p-") || strings.Contains(fmt.Sprintf("%+v", one), "张三") {
		t.Errorf("payees %+v %+v %+v", one, two, other)
	}
	if rows, _, err := l.Payees(ctx, testBook, Page{}); err != nil || len(rows) != 0 {
		t.Errorf("the list of payees shows %+v, %v", rows, err)
	}
	leaf, err := l.Leaf(ctx, testBook, r[0].Seq)
	if err != nil || strings.Contains(string(leaf), "张三") || strings.Contains(string(leaf), citizen(1)) || strings.Contains(string(leaf), "6217") {
		t.Errorf("the leaf tells %s, %v", leaf, err)
	}
	if r, err := Rebuild(ctx, db.Owner, testBook, Replay{Sealer: l.Sealer}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}

// TestAccountsOfPayees: the account that a payee names last is kept as a token, and the
// day since which it is another. What is erased is known no more.
func TestAccountsOfPayees(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	ask := func(id string, on Date, account string) Draft {
		b := request(id, 100)
		b.Mandate = paper
		d := draft(id, b, maker)
		d.On, d.Sealed = on, map[string]string{fieldHolder: "张三"}
		if account != "" {
			d.Sealed[fieldAccount] = account
		}
		return d
	}
	holds := func(name, account string, since Date) {
		t.Helper()
		var got string
		var on *string
		if err := db.Owner.QueryRow(ctx, `select account, account_on::text from proj.payee`).Scan(&got, &on); err != nil {
			t.Fatal(err)
		}
		want := ""
		if account != "" {
			want = accountOrNone(l.Sealer.Token("account " + account))
		}
		if got != want || (on == nil) != (since == "") || on != nil && Date(*on) != since {
			t.Errorf("%s: account %q since %v, want %q since %q", name, got, on, want, since)
		}
		if r, err := Rebuild(ctx, db.Owner, testBook, Replay{Sealer: l.Sealer}); err != nil {
			t.Errorf("%s: rebuild: %+v %v", name, r, err)
		}
	}
	mustPost(t, l, ask("Z0", "2020-03-01", ""))
	holds("none", "", "")
	mustPost(t, l, ask("Z1", "2020-03-02", "6217000000000000004"))
	mustPost(t, l, ask("Z2", "2020-03-03", "6217 0000 0000 0000 004"))
	holds("the first, written in two ways", "6217000000000000004", "")
	last := mustPost(t, l, ask("Z3", "2020-03-04", "6200000000000005"))[0].Seq
	mustPost(t, l, ask("Z4", "2020-03-05", ""))
	holds("another", "6200000000000005", "2020-03-04")
	settle(t, l, "S2", draft("e1", &SealErased{Entry: Count(last), Field: fieldAccount, Ground: "order"}, maker))
	holds("erased", "", "")
}

// TestGrantAllTheWay: a batch with its lines, a line that came back, and its
// second payment; each household is found by its ID number.
func TestGrantAllTheWay(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	r := mustPost(t, l, batch("g1", "G1", 3)...)
	p, err := l.Payment(ctx, testBook, "G1")
	if err != nil {
		t.Fatal(err)
	}
	want := Payment{Payment: "G1", State: StateRequested, Project: "P1", Fund: "F1", Payee: "g-G1", PayeeName: "产业奖补", Purpose: "产业奖补", Lines: 3, Amount: 300,
		On: "2020-03-18", RequestedBy: "u1", Hash: r[0].Hash[:], Requested: r[0].Seq, Approved: None, Paid: None}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error("batch (-want +got):\n" + diff)
	}
	paid(t, l, "G1", encodeHash(r[0].Hash[:]))
	mustPost(t, l, draft("back", &PaymentReturned{Payment: "G1", Line: 2, Amount: 100, Reason: "account"}, payer))
	again := batch("g2", "G2", 1)
	again[1].Sealed[fieldIDNumber] = citizen(2)
	r2 := mustPost(t, l, again...)
	paid(t, l, "G2", encodeHash(r2[0].Hash[:]))
	lines, next, err := l.Lines(ctx, testBook, "G1", Page{})
	if err != nil || next != "" || len(lines) != 3 {
		t.Fatalf("lines %+v %q %v", lines, next, err)
	}
	if lines[1].Returned != 100 || lines[1].Person == "" || lines[1].Person == lines[0].Person || lines[1].Seq != r[2].Seq || lines[1].Place != aVillage {
		t.Errorf("line %+v", lines[1])
	}
	shares, err := l.TracePerson(ctx, testBook, citizen(2))
	if err != nil {
		t.Fatal(err)
	}
	share := PersonShare{Document: "豫财农〔2019〕1号", Fund: "F1", FundName: "财政专项扶贫资金", Level: "central", Project: "P1", ProjectName: "道路硬化", Purpose: "产业奖补", PaidOn: "2020-03-18"}
	first, then := share, share
	first.Payment, first.Line, first.Returned = "G1", 2, 100
	then.Payment, then.Line, then.Paid = "G2", 1, 100
	if diff := cmp.Diff([]PersonShare{first, then}, shares); diff != "" {
		t.Error("person (-want +got):\n" + diff)
	}
	sums, err := l.LinesByPlace(ctx, testBook, "G1")
	if diff := cmp.Diff([]PlaceSum{{aVillage, 3, 300, 100}}, sums); diff != "" || err != nil {
		t.Errorf("places %v (-want +got):\n%s", err, diff)
	}
	if s, err := l.Summary(ctx, testBook); err != nil || s.Households != 3 || s.Paid != 300 {
		t.Errorf("summary %+v %v", s, err)
	}
	refuses(t, l,
		refusal{"paid batch reversed by its request", []Draft{reversal(r[0].Seq, maker)}, []string{"0 corrects state"}},
		refusal{"a line reversed", []Draft{reversal(r[1].Seq, maker)}, []string{"0 corrects kind"}},
		refusal{"a line that was returned", []Draft{draft("", &PaymentReturned{Payment: "G1", Line: 2, Amount: 1, Reason: "account"}, payer)}, []string{"0 body.amount over_return"}},
		refusal{"returned without a line", []Draft{draft("", &PaymentReturned{Payment: "G1", Amount: 1, Reason: "account"}, payer)}, []string{"0 body.line line"}},
		refusal{"a line of a single payment", []Draft{draft("", &PaymentReturned{Payment: "G1", Line: 4, Amount: 1, Reason: "account"}, payer)}, []string{"0 body.line not_found"}},
	)
	rebuilds(t, db)
}

func TestGrantRefusals(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l)
	spoil := func(change func(d []Draft)) []Draft {
		d := batch("gx", "GX", 3)
		for i := range d {
			d[i].ID = ""
		}
		change(d)
		return d
	}
	refuses(t, l,
		refusal{"a line alone", spoil(func([]Draft) {})[1:2], []string{"0 body.payment outside_batch"}},
		refusal{"too few lines", spoil(func(d []Draft) { d[0].Body.(*GrantRequested).Lines = 4 }), []string{"0 entries incomplete"}},
		refusal{"too many lines", spoil(func(d []Draft) { d[0].Body.(*GrantRequested).Lines, d[0].Body.(*GrantRequested).Amount = 2, 200 }), []string{"3 body.payment outside_batch"}},
		refusal{"order", spoil(func(d []Draft) { d[1].Body.(*GrantLine).Line, d[2].Body.(*GrantLine).Line = 2, 1 }), []string{"1 body.line line", "2 body.line line"}},
		refusal{"sum", spoil(func(d []Draft) { d[0].Body.(*GrantRequested).Amount = 299 }), []string{"3 body.amount sum"}},
		refusal{"hash", spoil(func(d []Draft) { d[0].Body.(*GrantRequested).LinesHash = zeroHash }), []string{"3 body.lines_hash hash"}},
		refusal{"line of another batch", spoil(func(d []Draft) { d[2].Body.(*GrantLine).Payment = "GY" }), []string{"2 body.payment outside_batch", "3 body.line line"}},
		refusal{"more than there is", spoil(func(d []Draft) {
			d[0].Body.(*GrantRequested).Amount = 60100
			last := d[3].Body.(*GrantLine)
			last.Amount, last.Standard = 59900, 59900
		}), []string{"0 body.amount over_payment"}},
		refusal{"something between", append(spoil(func([]Draft) {})[:2], draft("", request("Z9", 1), maker)), []string{"2 kind lines"}},
	)
}

// TestGrantInASubmission: an imported batch is approved with its submission, and
// reversed as one.
func TestGrantInASubmission(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	r := settle(t, l, "S2", batch("g1", "G1", 3)...)
	p, err := l.Payment(ctx, testBook, "G1")
	if err != nil || p.State != StateApproved {
		t.Fatalf("%+v %v", p, err)
	}
	if err := reverse(t, l, "x1", r[0].Seq); err != nil {
		t.Fatal(err)
	}
	gone, err := l.Withdrawn(ctx, testBook, []Seq{r[0].Seq, r[1].Seq, r[3].Seq, 3})
	if diff := cmp.Diff(map[Seq]bool{r[0].Seq: true, r[1].Seq: true, r[3].Seq: true}, gone); diff != "" || err != nil {
		t.Errorf("withdrawn %v (-want +got):\n%s", err, diff)
	}
	if shares, err := l.TracePerson(ctx, testBook, citizen(1)); err != nil || len(shares) != 0 {
		t.Errorf("a withdrawn batch is traced: %+v %v", shares, err)
	}
	refuses(t, l, refusal{"paid when withdrawn", []Draft{draft("", &PaymentPaid{Payment: "G1"}, payer)}, []string{"0 body.payment state"}})
	rebuilds(t, db)
}
