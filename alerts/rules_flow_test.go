package alerts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yilu/alerts/fact"
	"yilu/ledger"
)

// These stories post real entries through the ledger, so that what rules read is
// what the book really holds.

var (
	rival  = ledger.Party{Name: "某工程公司", Code: "91120222MA06DG3067"}
	third  = ledger.Party{Name: "某路桥公司", Code: "93411025MA4AB12C7F"}
	bureau = ledger.Party{Name: "农业农村局"}
)

// says posts drafts that stand or fall together and lists what the rules say of the
// last: of what is refused or held "P12" or "P13 acknowledgement", of what is posted
// "B03", of what could not be judged "V05?", of a deadline "A03 2020-09-14".
func (w *world) says(drafts ...ledger.Draft) []string {
	w.Helper()
	last := drafts[len(drafts)-1]
	receipts, err := w.try(drafts)
	if said := refusedBy(err); said != nil {
		return said
	}
	if err != nil {
		w.Fatalf("post %s: %v", last.ID, err)
	}
	return w.noted(receipts[len(receipts)-1].Seq)
}

// try posts drafts, in a submission that a second person approves if they need it.
func (w *world) try(drafts []ledger.Draft) ([]ledger.Receipt, error) {
	w.Helper()
	if !slices.ContainsFunc(drafts, func(d ledger.Draft) bool { spec, _ := ledger.SpecOf(d.Kind); return spec.TwoPersons }) {
		return w.ledger.Post(w.Context(), testBook, drafts...)
	}
	id := "s-" + drafts[0].ID
	receipts, err := w.ledger.Submit(w.Context(), testBook, id, ledger.SubmissionMade{Submission: id, Title: "测试"}, drafts)
	if err != nil {
		return nil, err
	}
	sub, err := w.ledger.Submission(w.Context(), testBook, id)
	if err != nil {
		return nil, err
	}
	_, err = w.ledger.Approve(w.Context(), testBook, id+"-ok", id, sub.ContentHash, drafts[0].On, checker)
	return receipts, err
}

// noted lists what was kept of the rules about an entry.
func (w *world) noted(seq ledger.Seq) []string {
	w.Helper()
	verdicts, err := ledger.ReadVerdicts(w.Context(), w.db.Pool, testBook, -1, 1<<30)
	if err != nil {
		w.Fatal(err)
	}
	said := []string{}
	for _, n := range verdicts.Notes {
		var note Note
		if n.Entry != seq {
			continue
		}
		if err := json.Unmarshal(n.Note, &note); err != nil {
			w.Fatal(err)
		}
		for _, f := range note.Findings {
			switch {
			case f.State != "flag":
				said = append(said, f.Code+"?")
			case f.Due != "":
				said = append(said, fmt.Sprint(f.Code, " ", f.Due))
			default:
				said = append(said, f.Code)
			}
		}
		for _, met := range note.Met {
			said = append(said, "met "+met.Name)
		}
	}
	return said
}

// tells posts drafts and wants the rules to say some things and not others, which
// are given with a minus before them.
func (w *world) tells(name string, want string, drafts ...ledger.Draft) {
	w.Helper()
	said := w.says(drafts...)
	for _, x := range strings.Split(want, ", ") {
		code, never := strings.CutPrefix(x, "-")
		held := slices.ContainsFunc(said, func(s string) bool {
			return s == code || never && strings.TrimSuffix(strings.Fields(s)[0], "?") == code
		})
		if x != "" && held == never {
			w.Errorf("%s: the rules say %q, want %s", name, said, x)
		}
	}
}

// replays makes all projections again from the log: the rules say the same of every
// entry as they did when it was posted.
func (w *world) replays() {
	w.Helper()
	if _, err := ledger.Rebuild(w.Context(), w.db.Owner, testBook, ledger.Replay{Judge: w.engine.Rules.Judge(), Sealer: w.ledger.Sealer}); err != nil {
		w.Error(err)
	}
}

// reach moves the clock to a day, unless it is there already.
func (w *world) reach(day ledger.Date) {
	w.Helper()
	noon, err := time.ParseInLocation(time.DateOnly, string(day), ledger.Shanghai)
	if err != nil {
		w.Fatal(err)
	}
	if noon = noon.Add(12 * time.Hour); noon.After(w.now) {
		w.now = noon
	}
}

// on is a draft of an own day, which the clock reaches.
func (w *world) on(day ledger.Date, id string, b ledger.Body, by ledger.By) ledger.Draft {
	w.Helper()
	w.reach(day)
	d := w.draft(id, b, by)
	d.On = day
	return d
}

// approved approves a payment and is the draft by which it is paid.
func (w *world) approved(id string, day ledger.Date) ledger.Draft {
	w.Helper()
	p, err := w.ledger.Payment(w.Context(), testBook, id)
	if err != nil {
		w.Fatal(err)
	}
	w.post(w.on(day, "ok-"+id, &ledger.PaymentApproved{Payment: id, Hash: encodeHash([32]byte(p.Hash))}, checker))
	return w.on(day, "paid-"+id, &ledger.PaymentPaid{Payment: id}, payer)
}

// ack explains a warning of a rule about an entry.
func (w *world) ack(code, of string) ledger.Draft {
	return w.draft("why-"+code+"-"+of, &ledger.AlertAcknowledged{Code: code, Version: w.engine.Rules.Version(code), Of: of, Ground: "agreed", File: paper}, maker)
}

func moment(clock string) time.Time {
	t, err := time.Parse(time.RFC3339, clock)
	if err != nil {
		panic(err)
	}
	return t
}

// announce is a tender of the project with a ceiling of 900 yuan.
func (w *world) announce(id string) ledger.Draft {
	return w.on("2020-03-18", "ann-"+id, &ledger.TenderAnnounced{
		Tender: id, Project: "P1", Name: "道路施工", Method: "inquiry", Category: "works", Estimate: 100000, Ceiling: 90000, Deadline: ledger.Instant(moment("2020-04-10T09:00:00+08:00")),
	}, maker)
}

func (w *world) bid(tender string, p ledger.Party, a ledger.Amount, clock string) ledger.Draft {
	return w.draft(fmt.Sprint("bid-", tender, "-", p.Code, "-", a), &ledger.TenderBid{Tender: tender, Bidder: p, Amount: a, At: ledger.Instant(moment(clock)), Bond: 2000}, maker)
}

func (w *world) award(tender string, p ledger.Party, a ledger.Amount) ledger.Draft {
	return w.on("2020-04-12", fmt.Sprint("award-", tender, "-", a), &ledger.TenderAwarded{Tender: tender, Winner: p, Amount: a}, maker)
}

func (w *world) contract(id, tender string, p ledger.Party, a ledger.Amount) *ledger.ContractSigned {
	return &ledger.ContractSigned{Contract: id, Project: "P1", Tender: tender, Name: "施工合同", Supplier: p, Amount: a, Start: "2020-04-20", Finish: "2020-07-29", Retention: "3", SME: true}
}

// TestEveryRuleInUseHasItsFacts: nothing that a rule reads is provided by nobody.
func TestEveryRuleInUseHasItsFacts(t *testing.T) {
	t.Parallel()
	if names := fact.Missing(); len(names) > 0 {
		t.Errorf("nothing provides %v", names)
	}
}

func TestFlowOfBids(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.tells("an inquiry of 17 working days", "-T07, -T04, -T01", w.announce("T1"))
	w.tells("the first bid", "-B03, -T11, -Q08", w.bid("T1", builder, 88000, "2020-04-10T08:00:00+08:00"))
	if _, err := w.ledger.Post(t.Context(), testBook, w.bid("T1", builder, 87000, "2020-04-10T08:10:00+08:00")); strings.Join(refusedBy(err), "") != "duplicate" {
		t.Errorf("the same bidder twice: %v", err)
	}
	w.tells("another bidder, the same price", "B03", w.bid("T1", rival, 88000, "2020-04-10T08:20:00+08:00"))
	late := w.bid("T1", third, 85000, "2020-04-10T01:00:01Z")
	late.Body.(*ledger.TenderBid).Bond = 2001
	w.tells("a bond one fen over two per cent", "T11, -B03", late)
	opening := &ledger.TenderOpened{Tender: "T1", At: ledger.Instant(moment("2020-04-10T01:00:00Z")), Members: 5, Experts: 4}
	w.tells("three bidders, opened at the deadline by another clock", "-B01, -T10, -T12", w.draft("open-T1", opening, maker))
	w.tells("the winner came a second late, across zones", "B12 acknowledgement", w.award("T1", third, 85000))
	w.tells("one fen over the ceiling", "W11", w.ack("B12", "award-T1-90001"), w.award("T1", third, 90001))
	w.settle("list", w.debarred("D1", "2020-04-01", "2020-04-30", ban(rival, "2020-04-12", ""), ban(third, "2020-04-12", "2020-04-12"))...)
	w.tells("a winner on the list of the day", "W10 acknowledgement", w.award("T1", rival, 88000))
	early := w.award("T1", rival, 88000)
	early.On = "2020-04-11"
	w.tells("the day before the ban begins", "-W10, W12, B22", early)
	w.settle("undo", ledger.Draft{ID: "rv", Kind: "entry.reversed", On: "2020-04-12", By: maker, Corrects: w.seqOf(early.ID), Body: &ledger.EntryReversed{Reason: "amount"}})
	w.tells("at the ceiling", "B24, -W10, -W11, -B12", w.award("T1", builder, 90000))

	w.post(w.announce("T2"), w.bid("T2", builder, 80000, "2020-04-10T08:00:00+08:00"), w.bid("T2", rival, 70000, "2020-04-10T08:00:00+08:00"), w.bid("T2", third, 79900, "2020-04-10T08:59:59+08:00"))
	rejecting := &ledger.TenderOpened{Tender: "T2", At: ledger.Instant(moment("2020-04-10T09:00:01+08:00")), Rejected: []ledger.RejectedBid{{Bidder: rival, Ground: "seal"}, {Bidder: third, Ground: "response"}}}
	w.tells("opened a second late", "T10, -B01", w.draft("open-T2", rejecting, maker))
	w.tells("the only valid bidder, and the lowest rejected", "B13, B14, -W12, B06?", w.award("T2", builder, 80000))
	w.replays()
}

// seqOf finds an entry by its id.
func (w *world) seqOf(id string) ledger.Seq {
	w.Helper()
	r, err := w.ledger.Outcome(w.Context(), testBook, id)
	if err != nil {
		w.Fatal(err)
	}
	return r.Seq
}

// TestFlowOfTies: a tie of the lowest bids says the same in both orders.
func TestFlowOfTies(t *testing.T) {
	t.Parallel()
	for _, order := range [][]ledger.Party{{builder, rival, third}, {third, rival, builder}} {
		w := newWorld(t)
		w.funded()
		prices := map[string]ledger.Amount{builder.Code: 70000, rival.Code: 70000, third.Code: 70700}
		w.post(w.announce("T1"))
		for _, p := range order {
			w.post(w.bid("T1", p, prices[p.Code], "2020-04-10T08:00:00+08:00"))
		}
		w.tells("a tie, the third a whole per cent above", "B04, B09, B06, B08?, -W12", w.award("T1", builder, 70000))
	}
}

func TestFlowOfContracts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.post(w.announce("T1"), w.bid("T1", builder, 80000, "2020-04-10T08:00:00+08:00"), w.award("T1", builder, 80000))
	for _, c := range []struct {
		name, want string
		day        ledger.Date
		b          *ledger.ContractSigned
	}{
		{"the day before the award", "C01 acknowledgement, -C13, -C02", "2020-04-11", w.contract("K1", "T1", builder, 80000)},
		{"another party", "C13 acknowledgement, -C01", "2020-04-12", w.contract("K1", "T1", rival, 80000)},
		{"one fen more than the award", "C03 acknowledgement, -C12", "2020-04-12", w.contract("K1", "T1", builder, 80001)},
		{"more than is allocated", "C12 acknowledgement", "2020-04-12", w.contract("K1", "T1", builder, 900001)},
		{"31 days later", "C02, -C01", "2020-05-13", w.contract("K1", "T1", builder, 80000)},
	} {
		w.tells(c.name, c.want, w.on(c.day, "k1", c.b, maker))
	}
	// What is recalled is not there; exactly the rest is.
	w.settle("back", w.draft("rec", &ledger.FundRecalled{Fund: "F1", Project: "P1", Amount: 100000, Document: "襄财〔2020〕9号", Reason: "plan"}, maker))
	w.tells("one fen over what is left after a recall", "C12 acknowledgement", w.on("2020-05-14", "k2", w.contract("K2", "", rival, 720001), maker))
	w.tells("exactly what is left", "-C12, -C01", w.on("2020-05-14", "k2", w.contract("K2", "", rival, 720000), maker))
	amend := func(id string, a ledger.Amount, day, finish ledger.Date) ledger.Draft {
		return w.on(day, id, &ledger.ContractAmended{Contract: "K1", Amount: a, Finish: finish, Document: "补充协议", Reason: "plan"}, maker)
	}
	w.tells("31 of 100 days more", "C09, -C06, -C05", amend("am1", 0, "2020-06-13", "2020-08-29"))
	w.tells("an amendment 90 days later, dearer and longer", "C05, C06", w.ack("C12", "am2"), amend("am2", 1, "2020-09-11", "2020-08-29"))
	w.replays()
}

func TestFlowOfPayments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.settle("limit", w.draft("lim", &ledger.ParameterSet{Code: "P16", Name: "limit", Value: "1000.00", From: "2020-01-01", Basis: "县财政局内控办法"}, maker))
	pay := func(id string, a ledger.Amount, change func(*ledger.PaymentRequested)) ledger.Draft {
		b := w.request(id, a)
		if change != nil {
			change(b)
		}
		return w.draft(id, b, maker)
	}
	invoice := func(code, number string, payee ledger.Party) func(*ledger.PaymentRequested) {
		return func(b *ledger.PaymentRequested) {
			b.Invoice, b.Payee = ledger.Invoice{Code: code, Number: number, Amount: 200000, On: "2020-03-18"}, payee
		}
	}
	w.tells("the first", "-P13, -P14, -P15, -P16, -P21, -P24, -P25, -P30", pay("Z1", 100000, invoice("041", "00123", builder)))
	w.tells("the same number without its zeros", "P13 acknowledgement", pay("Z2", 100000, invoice("", "123", builder)))
	w.tells("explained", "P13, P14, P16", w.ack("P13", "Z2"), pay("Z2", 100000, invoice("", "123", builder)))
	w.tells("the same invoice and amount, another payee", "P15, -P13, -P14, -P16", pay("Z3", 100000, invoice("041", "00123", rival)))
	w.tells("a part of the invoice, another amount", "-P13, -P15, -P12", pay("Z4", 50000, invoice("041", "00999", third)))
	w.tells("the rest of it", "-P13, -P12, P16", pay("Z5", 60000, invoice("041", "00999", third)))
	w.tells("an invoice of the year before last", "P21", pay("Z6", 110, func(b *ledger.PaymentRequested) {
		b.Invoice = ledger.Invoice{Number: "7", Amount: 110, On: "2019-03-18"}
	}))
	w.tells("an invoice of tomorrow", "Q02", pay("Z7", 120, func(b *ledger.PaymentRequested) {
		b.Invoice = ledger.Invoice{Number: "8", Amount: 120, On: "2020-03-19"}
	}))
	w.tells("to a township", "P24 acknowledgement", pay("Z8", 130, func(b *ledger.PaymentRequested) { b.Payee = ledger.Party{Name: "颍阳镇人民政府"} }))
	w.tells("a reception", "A09 acknowledgement", pay("Z8", 130, func(b *ledger.PaymentRequested) { b.EconomicCode = "30217" }))
	w.tells("to a person for works", "P25 acknowledgement", w.toPerson("Z8", "31005"))
	w.tells("to a person for labour", "-P25, -P24", w.toPerson("Z8", "30226"))
	w.tells("no file", "P30 acknowledgement", pay("Z9", 140, func(b *ledger.PaymentRequested) { b.Files = nil }))
	// Taken back, and asked for again.
	w.tells("once", "-P13", pay("Z10", 150, nil))
	seq := w.post(w.draft("no", &ledger.PaymentRejected{Payment: "Z10", Reason: "incomplete"}, checker))
	w.tells("again after it was rejected", "-P13", pay("Z11", 150, nil))
	_ = seq
	got := w.post(pay("Z12", 160, nil))
	w.settle("rev", ledger.Draft{ID: "rv", Kind: "entry.reversed", On: "2020-03-18", By: maker, Corrects: got[0].Seq, Body: &ledger.EntryReversed{Reason: "amount"}})
	w.tells("again after it was reversed", "-P13", pay("Z13", 160, nil))
	w.tells("a third time", "P13 acknowledgement", pay("Z14", 160, nil))
	w.replays()
}

func (w *world) toPerson(id, code string) ledger.Draft {
	b := w.request(id, 130)
	b.Payee, b.EconomicCode = ledger.Party{}, code
	d := w.draft(id, b, maker)
	d.Sealed = map[string]string{"payee_name": "张三", "id_number": "411025199001010012"}
	return d
}

// grants is a batch of lines of 100 yuan for the persons.
func (w *world) grants(id, item, period string, persons ...string) []ledger.Draft {
	drafts := []ledger.Draft{w.draft(id, &ledger.GrantRequested{
		Payment: id, Project: "P1", Fund: "F1", Item: item, Period: period, Lines: ledger.Count(len(persons)), Amount: ledger.Amount(len(persons)) * 10000, Files: []ledger.File{paper},
	}, maker)}
	for i, p := range persons {
		d := w.draft(fmt.Sprint(id, "-", i), &ledger.GrantLine{Payment: id, Line: ledger.Count(i + 1), Amount: 10000, Standard: 10000, Quantity: "1", Place: "411025103205"}, maker)
		d.Sealed = map[string]string{"payee_name": "某户", "id_number": p}
		drafts = append(drafts, d)
	}
	return drafts
}

func TestFlowOfGrants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()

	w.tells("the same person twice in a batch", "E03", w.grants("G1", "产业奖补", "2020-Q1", zhang, zhang)...)
	w.tells("two persons", "-E03, -E08, -Q11", w.grants("G1", "产业奖补", "2020-Q1", zhang, li)...)
	w.tells("one of them again, the item written otherwise", "E03", w.grants("G2", " 产业 奖补", "2020-Q1", zhang)...)
	w.tells("the next quarter", "-E03", w.grants("G2", "产业奖补", "2020-Q2", zhang)...)
	w.tells("another item", "-E03", w.grants("G3", "务工补贴", "2020-Q1", zhang)...)
	w.post(w.draft("no", &ledger.PaymentRejected{Payment: "G3", Reason: "incomplete"}, checker))
	w.tells("again after the batch was rejected", "-E03", w.grants("G4", "务工补贴", "2020-Q1", zhang)...)
	w.tells("no period", "-E03", w.grants("G5", "临时救助", "", li)...)
	w.tells("no period again", "E03 acknowledgement", w.grants("G6", "临时救助", "", li)...)
	abroad := w.grants("G7", "务工补贴", "2020-Q2", li)
	abroad[1].Body.(*ledger.GrantLine).Place = "411024103205"
	w.tells("a place in the next county", "Q11, -E03", abroad...)
	w.replays()
}

func TestFlowOfWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	start := w.on("2020-04-20", "st", &ledger.WorksStarted{Project: "P1"}, maker)
	w.tells("no contract", "J14 acknowledgement", start)
	w.settle("k", w.on("2020-04-12", "k1", w.contract("K1", "", builder, 100000), maker))
	pay := func(id string, a ledger.Amount) ledger.Draft {
		b := w.request(id, a)
		b.Contract = "K1"
		return w.on("2020-04-21", id, b, maker)
	}
	w.tells("30 per cent before any progress", "-P08, -P04", pay("Z1", 30000))
	w.tells("one fen more", "P08 acknowledgement, -P04", pay("Z2", 1))
	w.tells("money and a contract", "-J14, J07 2020-06-30", start)
	progress := func(id string, day ledger.Date, percent ledger.Count) ledger.Draft {
		return w.on(day, id, &ledger.WorksProgressed{Project: "P1", Percent: percent, Value: 1, Content: "路基"}, maker)
	}
	dear := progress("pr0", "2020-05-01", 10)
	dear.Body.(*ledger.WorksProgressed).Value = 945001
	w.tells("work for one fen more than the money and five per cent", "J15", dear)
	wrong := w.post(progress("pr1", "2020-05-01", 90))
	w.settle("undo", ledger.Draft{ID: "rv", Kind: "entry.reversed", On: "2020-05-01", By: maker, Corrects: wrong[0].Seq, Body: &ledger.EntryReversed{Reason: "amount"}})
	w.post(progress("pr2", "2020-05-02", 40))
	w.tells("half, at 40 per cent", "-P04, -P08", pay("Z3", 20000))
	w.tells("one fen more than half", "P04 acknowledgement, -P08", pay("Z4", 1))
	w.tells("59 days after the start", "V02, V07 2020-08-17", w.on("2020-06-18", "done", &ledger.WorksCompleted{Project: "P1", Content: "1公里"}, maker))
	passed := func(day ledger.Date, files []ledger.File, acceptors ...ledger.Party) ledger.Draft {
		return w.on(day, "acc", &ledger.AcceptancePassed{Project: "P1", Level: "county", Conclusion: "合格", Files: files, Acceptors: acceptors}, maker)
	}
	w.tells("the day before completion", "V01 acknowledgement, -V05, -V11", passed("2020-06-17", nil, bureau))
	w.tells("the builder alone", "V05, -V01", passed("2020-06-18", nil, builder))
	w.tells("the builder among others", "V05 acknowledgement", passed("2020-06-18", nil, bureau, builder))
	w.post(w.on("2020-06-19", "bad", &ledger.AcceptanceFailed{Project: "P1", Level: "county", Conclusion: "厚度不足"}, maker),
		w.on("2020-06-25", "again", &ledger.WorksCompleted{Project: "P1", Content: "1公里"}, maker))
	w.tells("passed after it failed, without a paper", "V11 acknowledgement", passed("2020-06-26", nil, bureau))
	w.tells("with a paper", "-V11, -V05, -V01, -C18, V13 2020-08-25, V09 2020-09-24, P27 2020-07-27, met V07", passed("2020-06-26", []ledger.File{paper}, bureau))
	w.tells("settled at a tenth more", "-V08", w.on("2020-07-01", "set", &ledger.SettlementAudited{Contract: "K1", Amount: 110000, Auditor: bureau, Document: "审字〔2020〕1号"}, maker))
	late := func(id string, a ledger.Amount, day ledger.Date) ledger.Draft {
		w.reach(day)
		d := pay(id, a)
		d.On = day
		return d
	}
	w.tells("all but the retention", "-P07, -P04, -P05, -P20", late("Z5", 56700, "2020-07-02"))
	w.tells("the first part", "met P32, -met P27", w.approved("Z1", "2020-07-03"))
	w.tells("the second", "met P32, -met P27", w.approved("Z3", "2020-07-03"))
	w.tells("all but the retention is paid", "met P27", w.approved("Z5", "2020-07-06"))
	w.tells("one fen of it, on a Sunday", "P07 acknowledgement, -P20", late("Z6", 1, "2021-06-25"))
	w.tells("one fen of it, a year after the acceptance", "-P07, P20", late("Z6", 1, "2021-06-26"))
	w.replays()
}

func TestFlowOfFunds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	receive := w.on("2020-03-20", "f2", &ledger.FundReceived{Fund: "F2", Document: "豫财农〔2020〕2号", Name: "衔接资金", Level: "county", Amount: 50000, Issued: "2020-03-21", Year: "2020", Uses: []string{"industry"}}, maker)
	w.tells("issued a day after it was received", "Q02, A02 2020-05-19", receive)
	w.settle("listing", w.draft("c1", &ledger.ProjectChanged{Project: "P1", Document: "襄扶〔2020〕8号", Reason: "plan", Budget: []ledger.BudgetLine{{Fund: "F2", Amount: 50000}}}, maker))
	allocate := func(day ledger.Date) ledger.Draft {
		return w.on(day, "a2", &ledger.FundAllocated{Fund: "F2", Project: "P1", Document: "襄财〔2020〕2号", Amount: 20000, Files: []ledger.File{paper}}, maker)
	}
	w.tells("industry money for a road", "A08 acknowledgement, -A15", allocate("2020-03-20"))
	w.tells("the day before the receipt", "A08 acknowledgement, A15 acknowledgement", allocate("2020-03-19"))
	w.tells("explained", "A08, -A15, -J02, A03 2020-09-16", w.ack("A08", "a2"), allocate("2020-03-20"))
	l := &ledger.ProjectListed{Project: "P2", Name: "无", Content: "购置办公楼", Type: "industry", Place: "411024103205", PlaceName: "某村", Unit: "颍阳镇政府", Estimate: 10000}
	w.tells("a placeholder, a word of the negative list, another county", "Q07, A10, Q11, -D10", w.draft("l2", l, maker))
	p := &ledger.ProjectApproved{
		Project: "P2", Name: "蔬菜大棚", Document: "襄扶〔2020〕4号", Content: "大棚2座", Targets: "增收", Type: "industry", Place: "411025103205", PlaceName: "某村", Unit: "颍阳镇政府",
		Responsible: ledger.Person{Name: "张某"}, Start: "2020-03-01", Finish: "2020-06-30", Budget: []ledger.BudgetLine{{Fund: "F2", Amount: 11001}}, Files: []ledger.File{paper},
	}
	w.tells("one fen over the estimate and a tenth, and no linkage", "J10 acknowledgement", w.draft("p2", p, maker))
	q := *p
	q.Budget, q.Beneficiaries, q.Linkage = []ledger.BudgetLine{{Fund: "F2", Amount: 11000}}, 1, "土地流转"
	w.tells("exactly a tenth more", "-J10, -J11, -A16", w.draft("p2", &q, maker))
	w.replays()
}

// TestFlowOfDeadlines: money that is wholly passed down, and paid once, meets its
// deadlines; what is not is told on the day after the last.
func TestFlowOfDeadlines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded() // 9,000 of 10,000 yuan are allocated
	w.run()
	fired := func(clock string) []string {
		w.now = moment(clock)
		for {
			more, err := w.engine.Fire(t.Context(), testBook)
			if err != nil {
				t.Fatal(err)
			}
			w.run()
			if !more {
				break
			}
		}
		var codes []string
		for _, c := range w.cases() {
			codes = append(codes, strings.Fields(c)[0])
		}
		return codes
	}
	if got := fired("2020-04-17T20:00:00+08:00"); slices.Contains(got, "A02") {
		t.Errorf("on the last day: %q", got)
	}
	if got := fired("2020-04-18T20:00:00+08:00"); !slices.Contains(got, "A02") {
		t.Errorf("a tenth is still in hand: %q", got)
	}
	w.post(w.on("2020-04-18", "z1", w.request("Z1", 100), maker))
	w.post(w.approved("Z1", "2020-04-20"))
	w.run()
	if got := fired("2020-12-30T20:00:00+08:00"); slices.Contains(got, "A03") || slices.Contains(got, "P32") || !slices.Contains(got, "J06") {
		t.Errorf("paid in time, and works never started: %q", got)
	}
	w.replays()
}

// TestApprovalOfManyAfterARestart: a process that has kept nothing approves more
// than it could load one by one.
func TestApprovalOfManyAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	var drafts []ledger.Draft
	for i := range 80 {
		b := w.request(fmt.Sprint("Z", i), ledger.Amount(1000+i))
		b.Invoice = ledger.Invoice{Number: fmt.Sprint(1000 + i), Amount: b.Amount}
		drafts = append(drafts, w.draft(b.Payment, b, maker))
	}
	for i := range 20 {
		id := fmt.Sprint("11010519491231", 100+i)
		for check := range 10 {
			if n := fmt.Sprint(id, check); ledger.ValidIDNumber(n) {
				drafts = append(drafts, w.grants(fmt.Sprint("G", i), "产业奖补", "2020", n)...)
			}
		}
	}
	if _, err := w.ledger.Submit(t.Context(), testBook, "S", ledger.SubmissionMade{Submission: "S", Title: "测试"}, drafts); err != nil {
		t.Fatal(err)
	}
	fresh := *w
	fresh.start(w.engine.Rules)
	sub, err := fresh.ledger.Submission(t.Context(), testBook, "S")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.ledger.Approve(t.Context(), testBook, "S-ok", "S", sub.ContentHash, "2020-03-18", checker); err != nil {
		t.Fatal(err)
	}
}
