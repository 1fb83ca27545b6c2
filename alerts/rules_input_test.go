package alerts

import (
	"fmt"
	"testing"

	"yilu/ledger"
)

// TestFlowOfBills: a contract by unit prices is paid in the end for what was accepted
// above township level, at its prices as last amended.
func TestFlowOfBills(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	k := w.contract("K1", "", builder, 100000)
	k.Pricing, k.SME = "unit", false
	k.Bill = []ledger.ContractItem{{Item: "路面", Price: 333, Quantity: "200.5", Unit: "平方米"}, {Item: "边沟", Price: 100, Quantity: "10"}}
	w.settle("k", w.on("2020-04-12", "k1", k, maker))
	amend := func(id string, items ...ledger.ContractItem) ledger.Draft {
		return w.on("2020-05-13", id, &ledger.ContractAmended{Contract: "K1", Bill: items, Document: "补充协议", Reason: "quantity"}, maker)
	}
	w.tells("an item that the bill does not have", "C11?", amend("am0", ledger.ContractItem{Item: "路灯", Price: 100, Quantity: "1"}))
	w.tells("a tenth more of one, the other as it was", "-C11", amend("am1", ledger.ContractItem{Item: "路面", Price: 333, Quantity: "220.55"}, ledger.ContractItem{Item: "边沟", Price: 200, Quantity: "10"}))
	w.tells("a millionth more than a tenth of what it is now", "C11", amend("am2", ledger.ContractItem{Item: "路面", Price: 333, Quantity: "242.605001"}))
	w.settle("undo", ledger.Draft{ID: "rv", Kind: "entry.reversed", On: "2020-05-13", By: maker, Corrects: w.seqOf("am2"), Body: &ledger.EntryReversed{Reason: "amount"}})

	pay := func(id, stage string, a ledger.Amount) ledger.Draft {
		b := w.request(id, a)
		b.Contract, b.Stage = "K1", stage
		return w.on("2020-06-28", id, b, maker)
	}
	w.tells("nothing accepted yet", "V04 acknowledgement", pay("Z0", "final", 100))
	w.tells("an advance of as much", "-V04", pay("Z1", "advance", 30000))
	w.post(w.on("2020-05-20", "st", &ledger.WorksStarted{Project: "P1", Contract: "K1"}, maker), w.on("2020-06-20", "done", &ledger.WorksCompleted{Project: "P1", Content: "1公里"}, maker))
	passed := func(id, level string, quantities ...ledger.AcceptedQuantity) ledger.Draft {
		return w.on("2020-06-25", id, &ledger.AcceptancePassed{Project: "P1", Level: level, Conclusion: "合格", Acceptors: []ledger.Party{bureau}, Files: []ledger.File{paper}, Quantities: quantities}, maker)
	}
	w.post(passed("ac1", "township", ledger.AcceptedQuantity{Contract: "K1", Item: "路面", Quantity: "900"}))
	w.post(passed("ac2", "county", ledger.AcceptedQuantity{Contract: "K1", Item: "路面", Quantity: "210.1"}, ledger.AcceptedQuantity{Contract: "K1", Item: "边沟", Quantity: "9"}, ledger.AcceptedQuantity{Contract: "K9", Item: "路面", Quantity: "900"}))
	// 210.1 × 3.33 + 9 × 2.00 = 717.633, of which 300.00 are asked for.
	w.tells("what was accepted, raised to the fen", "-V04", pay("Z2", "final", 41764))
	w.tells("one fen more", "V04", pay("Z3", "retention", 1))
	w.tells("a progress payment", "-V04", pay("Z4", "progress", 1))
	w.replays()
}

// TestFlowOfTerms: what contracts say of payment and wages, and who does the work.
func TestFlowOfTerms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.post(w.announce("T1"), w.bid("T1", builder, 80000, "2020-04-10T08:00:00+08:00"), w.bid("T1", rival, 85000, "2020-04-10T08:00:00+08:00"), w.award("T1", builder, 80000))
	sign := func(days ledger.Count, audit bool, months ledger.Count, share string, account bool) ledger.Draft {
		k := w.contract("K1", "T1", builder, 80000)
		k.PaymentDays, k.SettledByAudit, k.LabourMonths, k.LabourShare, k.WageAccount = days, audit, months, share, account
		return w.on("2020-10-12", "k1", k, maker)
	}
	w.tells("61 days, wages each second month", "C16 acknowledgement", sign(61, false, 2, "20", true))
	w.tells("settled by an audit", "C16 acknowledgement", sign(0, true, 1, "20", true))
	w.tells("60 days, no account for wages", "-C16, C17", sign(60, false, 1, "20", false))
	direct := w.contract("K2", "", rival, 1000)
	direct.Category = "works"
	w.tells("nothing stated", "C16?, C17?", w.on("2020-10-12", "k2", direct, maker))

	part := func(id string, to ledger.Party, a ledger.Amount, part string, by ledger.Party) ledger.Draft {
		return w.on("2020-10-20", id, &ledger.ContractSubcontracted{Contract: "K1", Amount: a, Part: part, Subcontractor: to, PassedBy: by}, maker)
	}
	w.tells("labour, however much", "-C15, -B25", part("u1", third, 70000, "labour", ledger.Party{}))
	w.tells("three tenths", "-C15, -B25", part("u2", third, 24000, "other", ledger.Party{}))
	w.tells("one fen more, to a loser", "C15, B25", part("u3", rival, 1, "other", ledger.Party{}))
	w.tells("a key part", "C15 acknowledgement", part("u4", third, 1, "key", ledger.Party{}))
	w.tells("passed on once more", "C15 acknowledgement", part("u4", bureau, 1, "labour", third))
	w.tells("of a contract without a tender", "-B25", w.on("2020-10-20", "u5", &ledger.ContractSubcontracted{Contract: "K2", Amount: 1, Part: "other", Subcontractor: third}, maker))
	w.replays()
}

// TestFlowOfLateChanges: a change of the documents puts the deadline off, and bids are
// late by the new one.
func TestFlowOfLateChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	open := w.announce("T1")
	open.Body.(*ledger.TenderAnnounced).Method = "open"
	w.post(open) // until 10 April
	change := func(id string, on ledger.Date, until string) ledger.Draft {
		b := &ledger.TenderChanged{Tender: "T1", Content: "补充图纸"}
		if until != "" {
			b.Deadline = ledger.Instant(moment(until))
		}
		return w.on(on, id, b, maker)
	}
	w.tells("15 days before", "-T09", change("c1", "2020-03-26", ""))
	w.tells("14 days before", "T09 acknowledgement", change("c2", "2020-03-27", ""))
	w.tells("put off to the 15th day", "-T09", change("c2", "2020-03-27", "2020-04-11T09:00:00+08:00"))
	w.tells("14 days before the new one", "T09 acknowledgement", change("c3", "2020-03-28", ""))
	for i, p := range []ledger.Party{builder, rival, third} {
		w.post(w.bid("T1", p, ledger.Amount(80000+7777*i), "2020-04-11T08:00:00+08:00"))
	}
	w.tells("opened at the new deadline", "-T10", w.draft("open-T1", &ledger.TenderOpened{Tender: "T1", At: ledger.Instant(moment("2020-04-11T09:00:00+08:00")), Members: 5, Experts: 4}, maker))
	named := w.on("2020-04-12", "cand", &ledger.TenderCandidates{Tender: "T1", Candidates: []ledger.Candidate{{Amount: 80000, Bidder: builder}}, Reported: "2020-04-12"}, maker)
	w.tells("one candidate", "-T20", named)
	w.tells("a winner who came after the first deadline", "-B12", w.award("T1", builder, 80000))
	w.replays()
}

// TestFlowOfLinks: bidders, evaluators and winners are held against the persons of firms.
func TestFlowOfLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.post(w.announce("T1"))
	w.tells("no list", "B27?", w.bid("T1", builder, 80000, "2020-04-10T08:00:00+08:00"))
	persons := w.register("FP", ledger.ListPersons, "2020-03-01", "2020-12-31", person(zhang), person(li), person(zhang), person(wang))
	for i, firm := range []ledger.Party{builder, rival, rival, third} {
		persons[1+i].Body.(*ledger.RegisterPerson).Firm = firm.Code
	}
	w.settle("fp", persons...)
	w.tells("a head in common with a bidder", "B27 acknowledgement", w.bid("T1", rival, 85000, "2020-04-10T08:01:00+08:00"))
	w.tells("nobody in common", "-B27", w.bid("T1", third, 88000, "2020-04-10T08:02:00+08:00"))
	evaluator := func(id, number string) ledger.Draft {
		d := w.draft(id, &ledger.TenderEvaluator{Tender: "T1", Expert: true}, maker)
		d.Sealed = map[string]string{"name": "某专家", "id_number": number}
		return d
	}
	w.tells("the head of a bidder", "T13 acknowledgement", evaluator("ev1", wang))
	w.tells("an officer of a firm that does not bid", "-T13", evaluator("ev1", li))
	award := w.award("T1", third, 88000)
	w.tells("no list of public employees", "W14?", award)
	w.settle("undo", ledger.Draft{ID: "rv", Kind: "entry.reversed", On: "2020-04-12", By: maker, Corrects: w.seqOf(award.ID), Body: &ledger.EntryReversed{Reason: "amount"}})
	w.settle("pay", w.register("PAY", ledger.ListPayroll, "2020-03-01", "2020-12-31", person(li))...)
	w.settle("cad", w.register("CAD", ledger.ListCadres, "2020-03-01", "2020-12-31", person(wang))...)
	w.tells("a village cadre behind the winner", "W14", w.on("2020-04-12", "award2", &ledger.TenderAwarded{Tender: "T1", Winner: third, Amount: 88000}, maker))

	firms := w.debarred("FIRMS", "2020-03-01", "2020-12-31", ban(third, "2015-01-01", ""), ban(builder, "2015-01-01", "2020-04-11"))
	firms[0].Body.(*ledger.RegisterLoaded).List = ledger.ListFirms
	sign := func(id string, p ledger.Party) ledger.Draft {
		return w.on("2020-04-12", id, w.contract(id, "", p, 1000), maker)
	}
	w.tells("no list of firms", "E14?", sign("K1", third))
	w.settle("firms", firms...)
	w.tells("registered", "-E14", sign("K2", third))
	w.tells("struck off the day before", "E14", sign("K3", builder))
	w.tells("not on the list", "E14", sign("K4", rival))
	w.replays()
}

// TestFlowOfWaivedPapers: a paper that does not apply is not missing, as long as that
// stands.
func TestFlowOfWaivedPapers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	waive := func(item ledger.Count) ledger.Draft {
		return w.on("2020-04-14", fmt.Sprint("waive", item), &ledger.DocumentWaived{Project: "P1", Item: item, Explanation: "村级自建"}, maker)
	}
	file := func(item ledger.Count) ledger.Draft {
		return w.on("2020-04-14", fmt.Sprint("file", item), &ledger.DocumentFiled{Project: "P1", Item: item, File: paper}, maker)
	}
	w.post(w.announce("T1"), file(17))
	for i, p := range []ledger.Party{builder, rival, third} {
		w.post(w.bid("T1", p, ledger.Amount(80000+7777*i), "2020-04-10T08:00:00+08:00"))
	}
	open := w.draft("open", &ledger.TenderOpened{Tender: "T1", At: ledger.Instant(moment("2020-04-10T09:00:00+08:00")), Members: 5, Experts: 4}, maker)
	w.tells("item 19 is missing", "T06", open)
	w.reverse("rv-open", open.ID)
	w.post(waive(19))
	open.ID = "open2"
	w.tells("it does not apply", "-T06", open)

	w.settle("k1", w.on("2020-04-14", "k1d", w.contract("K1", "", rival, 1000), maker))
	w.run()
	w.wantTimers("signed", "C19", "running 2020-04-23")
	w.tells("the contract's own paper does not apply", "-met C19", waive(20))
	w.tells("nor does what holds its filing", "met C19", waive(18))
	w.run()
	w.wantTimers("waived", "C19", "met 2020-04-23")
	w.settle("k2", w.on("2020-04-14", "k2d", w.contract("K2", "", rival, 1000), maker))
	w.run()
	w.wantTimers("signed when there is nothing to be filed", "C19", "met 2020-04-23")
	w.reverse("rv-18", "waive18")
	w.run()
	w.wantTimers("it applies after all", "C19", "running 2020-04-23")
	w.tells("filed", "met C19", file(18))

	w.post(w.on("2020-04-20", "st", &ledger.WorksStarted{Project: "P1"}, maker))
	w.post(w.on("2020-06-18", "done", &ledger.WorksCompleted{Project: "P1", Content: "1公里"}, maker))
	w.tells("accepted", "V09 2020-09-24", w.on("2020-06-26", "acc", &ledger.AcceptancePassed{Project: "P1", Level: "county", Conclusion: "合格", Acceptors: []ledger.Party{bureau}}, maker))
	w.tells("there are no final accounts", "met V09", waive(22))
	w.replays()
}

// TestFlowOfAccounts: whose account is paid, and since when it is another.
func TestFlowOfAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	n := 0
	pay := func(on ledger.Date, account, holder string, mandate, invoiced bool) ledger.Draft {
		n++
		b := w.request(fmt.Sprint("Z", n), ledger.Amount(100+n))
		if mandate {
			b.Mandate = paper
		}
		if invoiced {
			b.Invoice = ledger.Invoice{Number: fmt.Sprint(1000 + 2*n), Amount: 10000, On: "2020-03-20"}
		}
		d := w.on(on, b.Payment, b, maker)
		d.Sealed = map[string]string{}
		if account != "" {
			d.Sealed["payee_account"] = account
		}
		if holder != "" {
			d.Sealed["account_holder"] = holder
		}
		return d
	}
	const one, two = "6217000000000000004", "6200000000000005"
	w.tells("the first account, the payee's own", "-P10, -E11", pay("2020-03-02", one, " "+builder.Name, false, false))
	w.tells("the same, another's name", "E11 acknowledgement", pay("2020-03-03", one, "张三", false, false))
	w.tells("with a mandate", "-E11", pay("2020-03-03", one, "张三", true, false))
	changed := pay("2020-03-21", two, "", false, false)
	w.tells("another account", "P10 acknowledgement", changed)
	w.tells("explained", "P10", w.ack("P10", changed.ID), changed)
	w.tells("none is stated", "-P10", pay("2020-03-22", "", "", false, false))
	w.tells("30 days later", "P10 acknowledgement", pay("2020-04-20", two, "", false, false))
	w.tells("31 days later", "-P10", pay("2020-04-21", two, "", false, false))
	w.tells("31 days later, since after the invoice", "P10 acknowledgement", pay("2020-04-21", two, "", false, true))

	grant := w.grants("G1", "产业奖补", "2020-Q1", zhang)
	grant[1].Sealed["account_holder"] = "另一户"
	w.tells("a household's line to another's account", "E11 acknowledgement", grant...)
	grant[1].Sealed["account_holder"] = "某户"
	w.tells("to its own", "-E11", grant...)
	w.replays()
}

// TestFlowOfDisposals: an asset is given up by a decision.
func TestFlowOfDisposals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	give := func(id, decision string) ledger.Draft {
		return w.draft(id, &ledger.AssetDisposed{Asset: "A1", Project: "P1", Value: 1000, Way: "sold", Decision: decision}, maker)
	}
	w.tells("no decision", "V19 acknowledgement", give("d1", ""))
	w.tells("blanks", "V19 acknowledgement", give("d1", " "))
	w.tells("a resolution", "-V19", give("d1", "村民代表会议决议〔2020〕2号"))
	w.replays()
}
