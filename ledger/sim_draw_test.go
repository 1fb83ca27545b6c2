package ledger

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// draw makes random drafts: mostly such as the book may well take, judged by
// the model, and always some that it must refuse.
type draw struct {
	r *rand.Rand
	m *model
	n int
}

var (
	simMakers   = []By{{Maker, "411025-CZ", "u1"}, {Maker, "411025-NY", "u4"}}
	simCheckers = []By{{Checker, "411025-CZ", "u2"}, {Checker, "411025-NY", "u5"}}
	simFirms    = []Party{{Name: "甲公司", Code: "91350100M000100Y43"}, {Name: "乙公司"}, {Name: "丙公司", Code: "91410000000000001X"}}
)

func (d *draw) chance(percent int) bool { return d.r.IntN(100) < percent }

func pick[T any](d *draw, from ...T) T { return from[d.r.IntN(len(from))] }

// id makes a new id.
func (d *draw) id(prefix string) string {
	d.n++
	return fmt.Sprintf("%s%d", prefix, d.n)
}

// known picks a key of the model, the newest more often; rarely one that there
// is not.
func known[V any](d *draw, of map[string]V, fits func(V) bool) string {
	keys := make([]string, 0, len(of))
	for _, k := range slices.Sorted(maps.Keys(of)) {
		if fits == nil || fits(of[k]) {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 || d.chance(3) {
		keys = slices.Sorted(maps.Keys(of))
	}
	if len(keys) == 0 || d.chance(1) {
		return "X9"
	}
	return pick(d, keys...)
}

// amount is at most limit, mostly; at it, or one fen above it, often.
func (d *draw) amount(limit Amount) Amount {
	switch n := d.r.IntN(10); {
	case limit <= 1:
		return 1 + Amount(d.r.IntN(100))
	case n == 0:
		return limit + 1
	case n <= 2:
		return limit
	case n == 3:
		return 1
	}
	return 1 + Amount(d.r.Int64N(int64(limit)))
}

// day is a business day, rarely in a month that is closed.
func (d *draw) day() Date {
	from := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	if t, err := time.Parse("2006-01", d.m.closed); err == nil && !d.chance(3) {
		from = t.AddDate(0, 1, 0)
	}
	return Date(from.AddDate(0, 0, d.r.IntN(500)).Format(time.DateOnly))
}

func (d *draw) fund() string { return known(d, d.m.funds, nil) }

func (d *draw) project(states ...string) string {
	return known(d, d.m.projects, func(s string) bool { return slices.Contains(states, s) })
}

// holder picks a project and a fund that it has something of.
func (d *draw) holder() (project, fund string) {
	var held [][2]string
	for _, p := range slices.Sorted(maps.Keys(d.m.projects)) {
		for _, f := range slices.Sorted(maps.Keys(d.m.funds)) {
			if d.m.available(p, f) > 0 {
				held = append(held, [2]string{p, f})
			}
		}
	}
	if len(held) == 0 || d.chance(5) {
		return d.project(StateApproved, StateStarted), d.fund()
	}
	h := pick(d, held...)
	return h[0], h[1]
}

func (d *draw) paymentIn(states ...string) string {
	return known(d, d.m.payments, func(p modelPayment) bool { return slices.Contains(states, p.state) })
}

func (d *draw) tenderIn(states ...string) string {
	return known(d, d.m.tenders, func(t modelTender) bool { return slices.Contains(states, t.state) })
}

func (d *draw) fresh(prefix string, taken string) string {
	if d.chance(4) && taken != "" {
		return taken
	}
	return d.id(prefix)
}

// wrap puts a body into a draft by a person who may post it.
func (d *draw) wrap(b Body, sealed map[string]string) Draft {
	k := kindOf[typeOf(b)]
	by := pick(d, simMakers...)
	if !slices.Contains(kinds[k].Roles, Maker) {
		by = pick(d, simCheckers...)
		if d.chance(10) { // the maker with a checker's role
			by = By{Checker, simMakers[0].Unit, pick(d, simMakers...).User}
		}
	}
	e := Draft{ID: d.id("e"), Kind: k, On: d.day(), By: by, Corrects: None, Body: b, Sealed: sealed}
	if d.chance(4) && len(d.m.log) > 0 {
		e.Corrects = Seq(d.r.IntN(len(d.m.log)))
		if done := slices.Sorted(maps.Keys(d.m.reversed)); len(done) > 0 && d.chance(80) {
			e.Corrects = pick(d, done...)
		}
	}
	if d.chance(5) {
		if e.Sealed == nil {
			e.Sealed = map[string]string{}
		}
		e.Sealed[fieldNote] = "备注 " + e.ID
	}
	return e
}

// drafts is one thing of the day: one draft, or a grant batch with its lines;
// mostly one that the book will take. alone says that it will not stand in a
// submission.
func (d *draw) drafts(alone bool) []Draft {
	for {
		if drafts := d.any(alone); d.chance(15) || d.m.likes(drafts) {
			return drafts
		}
	}
}

func (d *draw) any(alone bool) []Draft {
	if !alone && d.chance(55) {
		return []Draft{d.twoPersons()}
	}
	switch n := d.r.IntN(100); {
	case n < 12:
		return d.batch()
	case n < 45, alone && n < 75:
		return []Draft{d.payments(alone)}
	case n < 60, alone && n < 82:
		return []Draft{d.tenders()}
	case n < 75, alone && n < 90:
		return []Draft{d.works()}
	case n < 80, alone && n < 93:
		return []Draft{d.wrap(&ProjectListed{Project: d.fresh("P", d.project(StateListed)), Name: "项目", Content: "内容", Type: "industry", Place: "411025103205", PlaceName: "某村", Unit: "镇政府", Estimate: d.amount(1000)}, nil)}
	case n < 98 && alone:
		return []Draft{d.payments(alone)}
	}
	return []Draft{d.twoPersons()}
}

func (d *draw) batch() []Draft {
	project, fund := d.holder()
	lines := 1 + d.r.IntN(4)
	each := max(1, d.amount(d.m.available(project, fund))/Amount(lines))
	b := &GrantRequested{Payment: d.fresh("G", d.paymentIn(StatePaid, StateRequested)), Project: project, Fund: fund, Item: "奖补", Amount: each * Amount(lines), Lines: Count(lines)}
	switch d.r.IntN(30) {
	case 0:
		b.Amount++
	case 1:
		b.Lines++
	case 2:
		b.Lines = max(1, b.Lines-1)
	case 3:
		b.LinesHash = encodeHash(make([]byte, 32))
	}
	head := d.wrap(b, nil)
	unit := []Draft{head}
	for i := 1; i <= lines; i++ {
		l := d.wrap(&GrantLine{Payment: b.Payment, Line: Count(i), Place: "411025103205", Standard: each, Quantity: "1", Amount: each},
			map[string]string{fieldName: "户主", fieldIDNumber: citizen(d.r.IntN(20))})
		if l.By = head.By; d.chance(1) {
			l.Body.(*GrantLine).Line++
		}
		unit = append(unit, l)
	}
	return unit
}

func (d *draw) payments(alone bool) Draft {
	if n := d.r.IntN(10); n < 4 || !alone && n < 8 {
		return d.request()
	}
	switch d.r.IntN(9) {
	case 0, 1, 2:
		id := d.paymentIn(StateRequested)
		hash := encodeHash(d.m.log[max(0, d.m.payments[id].entry)].hash[:])
		if d.chance(6) {
			hash = encodeHash(make([]byte, 32))
		}
		return d.wrap(&PaymentApproved{Payment: id, Hash: hash}, nil)
	case 3:
		return d.wrap(&PaymentRejected{Payment: d.paymentIn(StateRequested), Reason: "incomplete"}, nil)
	case 4, 5, 6:
		return d.wrap(&PaymentPaid{Payment: d.paymentIn(StateApproved)}, nil)
	}
	id := d.paymentIn(StatePaid)
	p := d.m.payments[id]
	b := &PaymentReturned{Payment: id, Amount: d.amount(p.amount - p.returned), Reason: "account"}
	if p.lines > 0 && !d.chance(5) {
		b.Line = Count(1 + d.r.IntN(p.lines))
		l := d.m.lines[fmt.Sprintf("%s/%d", id, b.Line)]
		b.Amount = d.amount(l.amount - l.returned)
	}
	return d.wrap(b, nil)
}

func (d *draw) request() Draft {
	project, fund := d.holder()
	b := &PaymentRequested{Payment: d.fresh("Z", d.paymentIn(StatePaid)), Project: project, Fund: fund, Purpose: "进度款", Amount: d.amount(d.m.available(project, fund))}
	if d.chance(25) {
		return d.wrap(b, map[string]string{fieldName: "某人", fieldIDNumber: citizen(d.r.IntN(20))})
	}
	b.Payee = pick(d, simFirms...)
	if id := known(d, d.m.contracts, func(k modelContract) bool { return k.project == project && !k.withdrawn }); d.chance(60) {
		k := d.m.contracts[id]
		b.Contract = id
		b.Amount = d.amount(min(d.m.available(project, fund), k.most()-d.m.used(id)))
		for _, f := range simFirms {
			if firmKey(f) == k.supplier && !d.chance(5) {
				b.Payee = f
			}
		}
	}
	return d.wrap(b, nil)
}

func (d *draw) tenders() Draft {
	at := instant("2020-03-01T01:00:00.000000Z")
	living := []string{StateListed, StateApproved, StateStarted, StateCompleted}
	switch d.r.IntN(10) {
	case 0, 1:
		return d.wrap(&TenderAnnounced{Tender: d.fresh("T", d.tenderIn(StateAnnounced)), Project: d.project(living...), Name: "招标", Method: "open", Category: "works", Deadline: at, Estimate: d.amount(10000)}, nil)
	case 2, 3, 4, 5:
		return d.wrap(&TenderBid{Tender: d.tenderIn(StateAnnounced), Bidder: pick(d, simFirms...), Amount: d.amount(10000), At: at}, nil)
	case 6:
		return d.wrap(&TenderOpened{Tender: d.tenderIn(StateAnnounced), At: at}, nil)
	case 7:
		return d.wrap(&TenderCandidates{Tender: d.tenderIn(StateOpened), Candidates: []Candidate{{Bidder: simFirms[0], Amount: 5}}}, nil)
	case 8:
		if d.chance(20) {
			return d.wrap(&TenderFailed{Tender: d.tenderIn(StateOpened), Reason: "bidders"}, nil)
		}
		return d.wrap(&TenderAwarded{Tender: d.tenderIn(StateOpened, StateCandidates), Winner: pick(d, simFirms...), Amount: d.amount(10000)}, nil)
	}
	return d.wrap(&TenderExempted{Project: d.project(living...), Ground: "below_limit", Method: "direct"}, nil)
}

func (d *draw) works() Draft {
	file := File{Name: "照片", SHA256: encodeHash(make([]byte, 32)), Size: 1}
	switch d.r.IntN(8) {
	case 0:
		b := &WorksStarted{Project: d.project(StateApproved)}
		if d.chance(30) {
			b.Contract = known(d, d.m.contracts, func(k modelContract) bool { return k.project == b.Project })
		}
		return d.wrap(b, nil)
	case 1:
		return d.wrap(&WorksProgressed{Project: d.project(StateStarted), Content: "过半", Percent: 50, Value: d.amount(1000)}, nil)
	case 2:
		return d.wrap(&WorksCompleted{Project: d.project(StateStarted), Content: "完工"}, nil)
	case 3, 4:
		return d.wrap(&AcceptancePassed{Project: d.project(StateCompleted), Level: pick(d, "township", "county"), Conclusion: "合格"}, nil)
	case 5:
		return d.wrap(&AcceptanceFailed{Project: d.project(StateCompleted), Level: "county", Conclusion: "不合格"}, nil)
	case 6:
		return d.wrap(&AssetRegistered{Asset: d.id("A"), Project: d.project(StateAccepted, StateCompleted), Name: "路", Class: "public", Owner: "村集体", Place: "411025103205", Value: d.amount(1000)}, nil)
	}
	return d.wrap(&DocumentFiled{Project: d.project(StateApproved, StateStarted), Item: 24, File: file}, nil)
}

// twoPersons draws what needs a second person.
func (d *draw) twoPersons() Draft {
	doc := "襄财〔2020〕1号"
	switch n := d.r.IntN(100); {
	case n < 10:
		return d.wrap(&FundReceived{Fund: d.fresh("F", d.fund()), Document: doc, Name: "资金", Level: pick(d, "central", "county"), Amount: 1 + Amount(d.r.IntN(1_000_000)), Issued: "2020-01-07", Year: "2020"}, nil)
	case n < 14:
		f := d.fund()
		a := d.amount(d.m.balance("hand/" + f))
		return d.wrap(&FundAdjusted{Fund: f, Document: doc, Amount: pick(d, a, -a)}, nil)
	case n < 38:
		return d.wrap(d.allocation(doc), nil)
	case n < 44:
		return d.wrap(d.recall(doc), nil)
	case n < 54:
		p := d.project(StateListed)
		if d.chance(60) {
			p = d.id("P")
		}
		b := approvedProject(p, d.fund(), 1+Amount(d.r.IntN(300_000)))
		if f := d.fund(); f != b.Budget[0].Fund {
			b.Budget = append(b.Budget, BudgetLine{Fund: f, Amount: 1 + Amount(d.r.IntN(300_000))})
		}
		return d.wrap(b, nil)
	case n < 59:
		p, f := d.project(StateApproved, StateStarted), d.fund()
		return d.wrap(&ProjectChanged{Project: p, Document: doc, Reason: "plan", Budget: []BudgetLine{{Fund: f, Amount: max(1, d.m.allocated(p, f)+Amount(d.r.IntN(100_000)-1000))}}}, nil)
	case n < 61:
		return d.wrap(&ProjectCancelled{Project: d.project(StateListed, StateApproved), Document: doc, Reason: "plan"}, nil)
	case n < 69:
		p := d.project(StateApproved, StateStarted, StateListed)
		b := &ContractSigned{Contract: d.fresh("K", known(d, d.m.contracts, nil)), Project: p, Name: "合同", Supplier: pick(d, simFirms...), Amount: 1 + Amount(d.r.IntN(100_000))}
		if d.chance(20) {
			b.Tender = known(d, d.m.tenders, func(t modelTender) bool { return t.project == p })
		}
		return d.wrap(b, nil)
	case n < 76:
		k := known(d, d.m.contracts, func(k modelContract) bool { return !k.withdrawn })
		rest := d.amount(d.m.contracts[k].amount - d.m.used(k))
		if d.chance(40) {
			return d.wrap(&SettlementAudited{Contract: k, Amount: max(1, d.m.used(k)+rest-2), Auditor: simFirms[0], Document: doc}, nil)
		}
		return d.wrap(&ContractAmended{Contract: k, Amount: pick(d, rest, -rest), Document: doc, Reason: "plan"}, nil)
	case n < 97 && len(d.m.log) > 0:
		return d.reversal()
	}
	month := max(d.m.closed, pick(d, "2019-10", "2019-11", "2019-12"))
	if t, err := time.Parse("2006-01", month); err == nil && d.chance(70) {
		month = t.AddDate(0, 1, 0).Format("2006-01")
	}
	return d.wrap(&PeriodClosed{Period: month}, nil)
}

func (d *draw) allocation(doc string) Body {
	f := d.fund()
	from, b := "hand/"+f, &FundAllocated{Fund: f, Document: doc}
	if d.chance(25) {
		b.FromUnit = pick(d, "U1", "U2")
		from = "unit/" + b.FromUnit + "/" + f
	}
	rest := d.m.balance(from)
	if d.chance(20) && b.FromUnit != "U1" {
		b.Unit = "U1"
	} else {
		b.Project = d.project(StateApproved, StateStarted, StateListed)
		if d.m.projects[b.Project] != StateListed {
			rest = min(rest, d.m.budget(b.Project, f)-d.m.allocated(b.Project, f))
		}
	}
	b.Amount = d.amount(rest)
	return b
}

func (d *draw) recall(doc string) Body {
	b := &FundRecalled{Fund: d.fund(), Document: doc, Reason: "plan"}
	switch d.r.IntN(3) {
	case 0:
		b.Amount = d.amount(d.m.balance("hand/" + b.Fund))
	case 1:
		b.Unit = pick(d, "U1", "U2")
		b.Amount = d.amount(d.m.balance("unit/" + b.Unit + "/" + b.Fund))
	default:
		b.Project, b.Fund = d.holder()
		b.Amount = d.amount(d.m.available(b.Project, b.Fund))
	}
	return b
}

// reversal names mostly an entry that can be reversed and took effect.
func (d *draw) reversal() Draft {
	e := d.wrap(&EntryReversed{Reason: "amount"}, nil)
	e.Corrects = Seq(d.r.IntN(len(d.m.log)))
	for range 20 {
		t := d.m.log[e.Corrects]
		_, can := t.Body.(reversible)
		_, done := d.m.reversed[t.seq]
		if can && !done && (t.in == "" || d.m.subs[t.in].state == StateApproved) {
			break
		}
		e.Corrects = Seq(d.r.IntN(len(d.m.log)))
	}
	switch d.r.IntN(40) {
	case 0:
		e.Corrects = None
	case 1:
		e.Corrects = Seq(len(d.m.log) + 1000)
	}
	return e
}

// submit wraps drafts of one maker into a submission, as Submit does.
func (d *draw) submit(drafts []Draft) []Draft {
	by := pick(d, simMakers...)
	for i := range drafts {
		if drafts[i].By.Role == Maker && !d.chance(1) {
			drafts[i].By = by
		}
	}
	b := &SubmissionMade{Submission: d.fresh("S", known(d, d.m.subs, nil)), Title: "提交", Entries: Count(len(drafts))}
	switch d.r.IntN(50) {
	case 0:
		b.Entries++
	case 1:
		b.ContentHash = encodeHash(make([]byte, 32))
	}
	head := d.wrap(b, nil)
	head.By, head.Corrects = by, None
	return append([]Draft{head}, drafts...)
}

// decide approves or rejects a submission, mostly an open one, rightly.
func (d *draw) decide(id string) []Draft {
	if id == "" {
		id = known(d, d.m.subs, func(s modelSub) bool { return s.state == StateOpen })
	}
	if d.chance(8) {
		return []Draft{d.wrap(&SubmissionRejected{Submission: id, Reason: "incomplete"}, nil)}
	}
	hash := encodeHash(make([]byte, 32))
	if sub, ok := d.m.subs[id]; ok && !d.chance(4) {
		hash = d.m.contentHash(sub)
	}
	return []Draft{d.wrap(&SubmissionApproved{Submission: id, ContentHash: hash}, nil)}
}
