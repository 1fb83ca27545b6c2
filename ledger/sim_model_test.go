package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// model says in plain maps and sums what a book must be: it keeps every
// movement that took effect and every state, and adds up the rest when asked.
// It shares the bodies of the entries with the ledger and nothing else.
//
// Its maps hold values, never pointers, so that clone is a copy of each map and
// a refused unit is dropped by dropping the clone.
type model struct {
	log  []modelEntry
	ids  map[string]Seq
	open *modelCover // a submission whose entries are still coming
	lots *modelLots  // a grant batch whose lines are still coming

	moves     []modelMove
	funds     map[string]bool
	projects  map[string]string        // id → state
	listed    map[string]bool          // projects that came by the library
	budgets   map[[2]string]Amount     // project, fund
	changes   map[string][]modelChange // project → those that stand
	tenders   map[string]modelTender
	bids      map[[2]string]bool // tender, bidder → stands
	contracts map[string]modelContract
	payments  map[string]modelPayment
	lines     map[string]modelLine // payment/line
	subs      map[string]modelSub
	reversed  map[Seq]Seq
	closed    string
	steps     []modelStep
	events    map[string]Amount // project/at/entry
	person    func(idNumber string) string
}

type modelEntry struct {
	Draft
	seq  Seq
	at   Seq // when it took effect; None while it has not
	hash [32]byte
	in   string // the submission it stands in
}

type modelMove struct {
	at, entry      Seq
	on             Date
	fund, from, to string
	amount         Amount
	why, contract  string
}

type modelTender struct {
	project, state, winner string
	bids                   int64
	price                  Amount
}

type modelContract struct {
	project, supplier       string
	signed, amount, settled Amount
	withdrawn               bool
}

type modelPayment struct {
	state, project, fund, contract, payee, by string
	amount, returned                          Amount
	lines                                     int
	entry                                     Seq
}

type modelLine struct{ amount, returned Amount }

type modelSub struct {
	state, maker string
	first, last  Seq
}

type modelCover struct {
	made  modelEntry
	body  *SubmissionMade
	left  int
	trial *model
}

type modelLots struct {
	head *GrantRequested
	seen int
	sum  Amount
}

func newModel(person func(string) string) *model {
	return &model{
		ids: map[string]Seq{}, funds: map[string]bool{}, projects: map[string]string{}, listed: map[string]bool{}, budgets: map[[2]string]Amount{}, changes: map[string][]modelChange{},
		tenders: map[string]modelTender{}, bids: map[[2]string]bool{}, contracts: map[string]modelContract{},
		payments: map[string]modelPayment{}, lines: map[string]modelLine{}, subs: map[string]modelSub{},
		reversed: map[Seq]Seq{}, events: map[string]Amount{}, person: person,
	}
}

func (m *model) clone() *model {
	c := *m
	c.log, c.moves = slices.Clip(m.log), slices.Clip(m.moves)
	c.listed = maps.Clone(m.listed)
	c.ids, c.funds, c.projects, c.budgets = maps.Clone(m.ids), maps.Clone(m.funds), maps.Clone(m.projects), maps.Clone(m.budgets)
	c.changes = maps.Clone(m.changes)
	c.tenders, c.bids, c.contracts, c.payments = maps.Clone(m.tenders), maps.Clone(m.bids), maps.Clone(m.contracts), maps.Clone(m.payments)
	c.lines, c.subs, c.reversed, c.events = maps.Clone(m.lines), maps.Clone(m.subs), maps.Clone(m.reversed), maps.Clone(m.events)
	if m.lots != nil {
		lots := *m.lots
		c.lots = &lots
	}
	return &c
}

// ruledOut is the rule word by which the model refuses an entry.
type ruledOut string

func refuse(rule string) { panic(ruledOut(rule)) }

// The words post answers with beside the rules.
const (
	accepted = ""
	repeated = "(repeated)"
	conflict = "(conflict)"
)

// post predicts what becomes of a unit: the book after it, and "" or why there
// is none. Content hashes are not known yet: see learn.
func (m *model) post(unit []Draft) (after *model, word string) {
	same, known := 0, 0
	for _, d := range unit {
		if q, ok := m.ids[d.ID]; ok {
			if known++; reflect.DeepEqual(m.log[q].Draft, d) {
				same++
			}
		}
	}
	switch {
	case known == len(unit) && same == known:
		return m, repeated
	case known > 0:
		return m, conflict
	}
	next := m.clone()
	defer func() {
		if r := recover(); r != nil {
			rule, ok := r.(ruledOut)
			if !ok {
				panic(r)
			}
			after, word = m, string(rule)
		}
	}()
	for _, d := range unit {
		e := modelEntry{Draft: d, seq: Seq(len(next.log)), at: None}
		if next.open != nil {
			e.in = next.open.body.Submission
		}
		next.log = append(next.log, e)
		next.ids[d.ID] = e.seq
		next.judge(e)
	}
	if next.open != nil || next.lots != nil {
		refuse("incomplete")
	}
	return next, accepted
}

// likes says whether drafts could take effect now, once approved.
func (m *model) likes(drafts []Draft) (likes bool) {
	c := m.clone()
	defer func() {
		if _, no := recover().(ruledOut); no {
			likes = false
		}
	}()
	for i, d := range drafts {
		c.log = append(c.log, modelEntry{Draft: d, seq: Seq(len(m.log) + i)})
		c.inOpenPeriod(d.On)
		c.effect(c.log[len(m.log)+i], Seq(len(m.log)+i), true)
	}
	return c.lots == nil
}

// learn keeps the content hashes that the book gave.
func (m *model) learn(rs []Receipt) {
	for _, r := range rs {
		m.log[r.Seq].hash = r.Hash
	}
}

// contentHash is what the approver of a submission signs off.
func (m *model) contentHash(sub modelSub) string {
	h := sha256.New()
	for q := sub.first; q <= sub.last; q++ {
		h.Write(m.log[q].hash[:])
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func (m *model) judge(e modelEntry) {
	if m.open != nil {
		m.open.trial.inOpenPeriod(e.On) // the submission may close it itself
		m.cover(e)
		return
	}
	m.inOpenPeriod(e.On)
	switch e.Body.(type) {
	case *FundReceived, *FundAdjusted, *FundRecalled, *FundAllocated, *ProjectApproved, *ProjectChanged, *ProjectCancelled,
		*ContractSigned, *ContractAmended, *SettlementAudited, *EntryReversed, *PeriodClosed, *KeyRotated, *SealErased:
		refuse("two_persons")
	}
	m.effect(e, e.seq, false)
}

func (m *model) inOpenPeriod(on Date) {
	if m.closed != "" && string(on[:7]) <= m.closed {
		refuse("closed_period")
	}
}

// cover takes an entry into the open submission and tries it on a copy.
func (m *model) cover(e modelEntry) {
	c := m.open
	if e.By.User != c.made.By.User {
		refuse("maker")
	}
	switch e.Body.(type) {
	case *SubmissionMade, *SubmissionApproved, *SubmissionRejected, *PaymentApproved, *PaymentRejected, *PaymentPaid:
		refuse("kind")
	}
	c.trial.log = m.log
	c.trial.effect(e, c.made.seq, true)
	if c.left--; c.left > 0 {
		return
	}
	if c.trial.lots != nil {
		refuse("lines")
	}
	if c.body.ContentHash != "" { // the tests never know it before
		refuse("hash")
	}
	m.open = nil
	m.subs[c.body.Submission] = modelSub{StateOpen, c.made.By.User, c.made.seq + 1, e.seq}
}

// effect lets an entry take effect at a seq; second says that a second person
// approved it.
func (m *model) effect(e modelEntry, at Seq, second bool) {
	if _, line := e.Body.(*GrantLine); m.lots != nil && !line {
		refuse("lines")
	}
	_, reversal := e.Body.(*EntryReversed)
	if _, done := m.reversed[e.Corrects]; e.Corrects != None && !reversal && !done {
		refuse("not_reversed")
	}
	e.at = at
	switch b := e.Body.(type) {
	case *FundReceived, *FundAdjusted, *FundRecalled, *FundAllocated:
		m.fundKinds(e, 1)
	case *ProjectListed, *ProjectApproved, *ProjectChanged, *ProjectCancelled:
		m.projectKinds(e)
	case *TenderAnnounced, *TenderBid, *TenderOpened, *TenderCandidates, *TenderAwarded, *TenderFailed, *TenderExempted:
		m.tenderKinds(e)
	case *ContractSigned, *ContractAmended, *SettlementAudited:
		m.contractKinds(e)
	case *PaymentRequested:
		payee := ""
		if b.Payee.Name == "" {
			payee = m.person(e.Sealed[fieldIDNumber])
		} else {
			payee = firmKey(b.Payee)
		}
		m.request(e, b.Payment, modelPayment{project: b.Project, fund: b.Fund, contract: b.Contract, payee: payee, amount: b.Amount}, second)
	case *GrantRequested:
		m.request(e, b.Payment, modelPayment{project: b.Project, fund: b.Fund, payee: "g-" + b.Payment, amount: b.Amount, lines: int(b.Lines)}, second)
		m.lots = &modelLots{head: b}
	case *GrantLine:
		m.line(b)
	case *PaymentApproved, *PaymentRejected, *PaymentPaid:
		m.decidePayment(e)
	case *PaymentReturned:
		m.returned(e, b, b.Amount)
	case *WorksStarted, *WorksProgressed, *WorksCompleted, *AcceptancePassed, *AcceptanceFailed, *AssetRegistered, *DocumentFiled:
		m.worksKinds(e)
	case *SubmissionMade, *SubmissionApproved, *SubmissionRejected, *EntryReversed, *PeriodClosed:
		m.governanceKinds(e)
	default:
		panic(fmt.Sprintf("the model does not know %T", b))
	}
}

// Sums over the movements.

func (m *model) balance(account string) (sum Amount) {
	for _, v := range m.moves {
		switch account {
		case v.from:
			sum -= v.amount
		case v.to:
			sum += v.amount
		}
	}
	return sum
}

func (m *model) requested(of func(modelPayment) bool) (sum Amount) {
	for _, p := range m.payments {
		if (p.state == StateRequested || p.state == StateApproved) && of(p) {
			sum += p.amount
		}
	}
	return sum
}

// paid sums what was paid and did not come back.
func (m *model) paid(of func(modelMove) bool) (sum Amount) {
	for _, v := range m.moves {
		switch {
		case v.why == "pay" && of(v):
			sum += v.amount
		case v.why == "back" && of(v):
			sum -= v.amount
		}
	}
	return sum
}

// available is what a project may still request or give back of a fund.
func (m *model) available(project, fund string) Amount {
	return m.balance("project/"+project+"/"+fund) - m.requested(func(p modelPayment) bool { return p.project == project && p.fund == fund })
}

// allocated is what a project got of a fund, net of recalls.
func (m *model) allocated(project, fund string) Amount {
	account := "project/" + project + "/" + fund
	return m.balance(account) + m.paid(func(v modelMove) bool { return v.from == account || v.to == account })
}

// total sums something over the funds of a project.
func (m *model) total(project string, of func(project, fund string) Amount) (sum Amount) {
	for f := range m.funds {
		sum += of(project, f)
	}
	return sum
}

func (m *model) contracted(project string) (sum Amount) {
	for _, k := range m.contracts {
		if k.project == project && !k.withdrawn {
			sum += k.amount
		}
	}
	return sum
}

// used is what is paid and what is requested under a contract.
func (m *model) used(contract string) Amount {
	return m.paid(func(v modelMove) bool { return v.contract == contract }) +
		m.requested(func(p modelPayment) bool { return p.contract == contract })
}

func (k modelContract) most() Amount {
	if k.settled != 0 {
		return k.settled
	}
	return k.amount
}

// move books a movement; a negative amount goes back, and then it is why
// turned round that counts in the sums.
func (m *model) move(e modelEntry, v modelMove) {
	if v.amount < 0 {
		v.from, v.to, v.amount = v.to, v.from, -v.amount
	}
	if v.from != "source/"+v.fund && m.balance(v.from) < v.amount {
		refuse("insufficient")
	}
	v.at, v.entry, v.on = e.at, e.seq, e.On
	m.moves = append(m.moves, v)
}

func (m *model) event(e modelEntry, project string, a Amount) {
	m.events[fmt.Sprintf("%s/%d/%d", project, e.at, e.seq)] = a
}

func firmKey(p Party) string {
	if p.Code != "" {
		return p.Code
	}
	h := sha256.Sum256([]byte(p.Name))
	return "n-" + hex.EncodeToString(h[:8])
}

func oneOf(state string, states ...string) {
	if !slices.Contains(states, state) {
		refuse("state")
	}
}

func (m *model) living(project string) string {
	state, ok := m.projects[project]
	if !ok {
		refuse("not_found")
	}
	if state == StateCancelled || state == StateWithdrawn {
		refuse("cancelled")
	}
	return state
}

func (m *model) approved(project string) string {
	state := m.living(project)
	if state == StateListed {
		refuse("unapproved")
	}
	return state
}

func (m *model) hasFund(fund string) {
	if !m.funds[fund] {
		refuse("not_found")
	}
}

// mayHave refuses a project more of a fund than it was approved for.
func (m *model) mayHave(project, fund string, a Amount) {
	if m.living(project) != StateListed && m.allocated(project, fund)+a > m.budgets[[2]string{project, fund}] {
		refuse("over_budget")
	}
}

// fundKinds: sign is -1 for a reversal.
func (m *model) fundKinds(e modelEntry, sign Amount) {
	switch b := e.Body.(type) {
	case *FundReceived:
		if sign > 0 && m.funds[b.Fund] {
			refuse("exists")
		}
		m.funds[b.Fund] = true
		m.move(e, modelMove{fund: b.Fund, from: "source/" + b.Fund, to: "hand/" + b.Fund, amount: sign * b.Amount, why: "receive"})
	case *FundAdjusted:
		m.hasFund(b.Fund)
		m.move(e, modelMove{fund: b.Fund, from: "source/" + b.Fund, to: "hand/" + b.Fund, amount: sign * b.Amount, why: "receive"})
	case *FundRecalled:
		m.hasFund(b.Fund)
		if b.Project == "" && b.Unit == "" {
			m.move(e, modelMove{fund: b.Fund, from: "hand/" + b.Fund, to: "source/" + b.Fund, amount: sign * b.Amount, why: "recall"})
			return
		}
		if sign < 0 && b.Project != "" {
			m.mayHave(b.Project, b.Fund, b.Amount)
		}
		m.allocate(e, b.Fund, b.Project, "unit/"+b.Unit+"/"+b.Fund, "hand/"+b.Fund, -sign*b.Amount)
	case *FundAllocated:
		m.hasFund(b.Fund)
		if b.Project != "" && sign > 0 {
			m.mayHave(b.Project, b.Fund, b.Amount)
		}
		from := "hand/" + b.Fund
		if b.FromUnit != "" {
			from = "unit/" + b.FromUnit + "/" + b.Fund
		}
		m.allocate(e, b.Fund, b.Project, "unit/"+b.Unit+"/"+b.Fund, from, sign*b.Amount)
	}
}

func (m *model) allocate(e modelEntry, fund, project, to, from string, a Amount) {
	if project != "" {
		to = "project/" + project + "/" + fund
		if a < 0 && m.available(project, fund) < -a {
			refuse("not_available")
		}
	}
	m.move(e, modelMove{fund: fund, from: from, to: to, amount: a, why: "allocate"})
}

func (m *model) projectKinds(e modelEntry) {
	switch b := e.Body.(type) {
	case *ProjectListed:
		if state, ok := m.projects[b.Project]; ok && (state != StateWithdrawn || m.listed[b.Project]) {
			refuse("exists")
		}
		m.projects[b.Project], m.listed[b.Project] = StateListed, true
		m.event(e, b.Project, b.Estimate)
	case *ProjectApproved:
		if state, ok := m.projects[b.Project]; ok && (state != StateWithdrawn || m.listed[b.Project]) {
			oneOf(state, StateListed)
		}
		m.projects[b.Project] = StateApproved
		delete(m.changes, b.Project)
		m.setBudget(e, b.Project, b.Budget)
		for f := range m.funds {
			if m.allocated(b.Project, f) > m.budget(b.Project, f) {
				refuse("below_allocated")
			}
		}
	case *ProjectChanged:
		m.approved(b.Project)
		m.changes[b.Project] = append(slices.Clip(m.changes[b.Project]), modelChange{e.seq, maps.Clone(m.budgets)})
		m.setBudget(e, b.Project, b.Budget)
	case *ProjectCancelled:
		state, ok := m.projects[b.Project]
		if !ok {
			refuse("not_found")
		}
		if state == StateCancelled || state == StateWithdrawn {
			refuse("state")
		}
		for f := range m.funds {
			if m.balance("project/"+b.Project+"/"+f) != 0 {
				refuse("in_use")
			}
		}
		m.moved(e, "p/"+b.Project, state, StateCancelled)
		m.projects[b.Project] = StateCancelled
		m.event(e, b.Project, 0)
	}
}

// modelChange is a change of a project with all budgets before it.
type modelChange struct {
	entry  Seq
	before map[[2]string]Amount
}

// takeBackChange restores the budgets that the last change replaced.
func (m *model) takeBackChange(e modelEntry, b *ProjectChanged) {
	m.approved(b.Project)
	stand := m.changes[b.Project]
	if len(stand) == 0 || stand[len(stand)-1].entry != e.Corrects {
		refuse("in_use")
	}
	for _, l := range b.Budget {
		key := [2]string{b.Project, l.Fund}
		before := stand[len(stand)-1].before[key]
		if before < m.allocated(b.Project, l.Fund) {
			refuse("below_allocated")
		}
		m.budgets[key] = before
	}
	m.changes[b.Project] = stand[:len(stand)-1]
}

func (m *model) budget(project, fund string) Amount { return m.budgets[[2]string{project, fund}] }

func (m *model) setBudget(e modelEntry, project string, lines []BudgetLine) {
	for _, l := range lines {
		m.hasFund(l.Fund)
		if l.Amount < m.allocated(project, l.Fund) {
			refuse("below_allocated")
		}
		m.budgets[[2]string{project, l.Fund}] = l.Amount
	}
	m.event(e, project, m.total(project, m.budget))
}

func (m *model) tender(id string, states ...string) modelTender {
	t, ok := m.tenders[id]
	if !ok {
		refuse("not_found")
	}
	m.living(t.project)
	oneOf(t.state, states...)
	return t
}

func (m *model) tenderKinds(e modelEntry) {
	advance := func(id, to string, from ...string) {
		t := m.tender(id, from...)
		m.moved(e, "t/"+id, t.state, to)
		t.state = to
		m.tenders[id] = t
		m.event(e, t.project, 0)
	}
	switch b := e.Body.(type) {
	case *TenderAnnounced:
		m.living(b.Project)
		if _, ok := m.tenders[b.Tender]; ok {
			refuse("exists")
		}
		m.tenders[b.Tender] = modelTender{project: b.Project, state: StateAnnounced}
		m.event(e, b.Project, b.Estimate)
	case *TenderBid:
		t := m.tender(b.Tender, StateAnnounced)
		key := [2]string{b.Tender, firmKey(b.Bidder)}
		if m.bids[key] {
			refuse("duplicate")
		}
		m.bids[key] = true
		t.bids++
		m.tenders[b.Tender] = t
		m.event(e, t.project, b.Amount)
	case *TenderOpened:
		advance(b.Tender, StateOpened, StateAnnounced)
	case *TenderCandidates:
		advance(b.Tender, StateCandidates, StateAnnounced, StateOpened)
	case *TenderFailed:
		advance(b.Tender, StateFailed, StateAnnounced, StateOpened, StateCandidates)
	case *TenderAwarded:
		t := m.tender(b.Tender, StateAnnounced, StateOpened, StateCandidates)
		if t.bids > 0 && !m.bids[[2]string{b.Tender, firmKey(b.Winner)}] {
			refuse("not_a_bidder")
		}
		m.moved(e, "t/"+b.Tender, t.state, StateAwarded)
		t.state, t.winner, t.price = StateAwarded, firmKey(b.Winner), b.Amount
		m.tenders[b.Tender] = t
		m.event(e, t.project, b.Amount)
	case *TenderExempted:
		m.living(b.Project)
		m.event(e, b.Project, 0)
	}
}

func (m *model) contract(id string) modelContract {
	k, ok := m.contracts[id]
	if !ok || k.withdrawn {
		refuse("not_found")
	}
	return k
}

func (m *model) contractKinds(e modelEntry) {
	switch b := e.Body.(type) {
	case *ContractSigned:
		m.living(b.Project)
		if _, ok := m.contracts[b.Contract]; ok {
			refuse("exists")
		}
		if t, ok := m.tenders[b.Tender]; b.Tender != "" && (!ok || t.project != b.Project || t.state == StateWithdrawn) {
			refuse("not_found")
		}
		m.contracts[b.Contract] = modelContract{project: b.Project, supplier: firmKey(b.Supplier), signed: b.Amount, amount: b.Amount}
		m.event(e, b.Project, b.Amount)
	case *ContractAmended:
		m.amend(e, b, b.Amount)
	case *SettlementAudited:
		k := m.contract(b.Contract)
		if k.settled != 0 {
			refuse("exists")
		}
		if b.Amount < m.used(b.Contract) {
			refuse("below_paid")
		}
		k.settled = b.Amount
		m.contracts[b.Contract] = k
		m.event(e, k.project, b.Amount)
	}
}

func (m *model) amend(e modelEntry, b *ContractAmended, a Amount) {
	k := m.contract(b.Contract)
	if least := m.used(b.Contract); k.amount+a < 0 || k.settled == 0 && k.amount+a < least {
		refuse("below_paid")
	}
	k.amount += a
	m.contracts[b.Contract] = k
	m.event(e, k.project, a)
}

func (m *model) request(e modelEntry, id string, p modelPayment, second bool) {
	if _, ok := m.payments[id]; ok {
		refuse("exists")
	}
	m.approved(p.project)
	if m.available(p.project, p.fund) < p.amount {
		refuse("over_payment")
	}
	if p.contract != "" {
		k := m.contract(p.contract)
		switch {
		case k.project != p.project:
			refuse("other_project")
		case m.used(p.contract)+p.amount > k.most():
			refuse("over_contract")
		}
	}
	p.state, p.by, p.entry = StateRequested, e.By.User, e.seq
	if second {
		p.state = StateApproved
	}
	m.payments[id] = p
}

func (m *model) line(b *GrantLine) {
	l := m.lots
	if l == nil || l.head.Payment != b.Payment {
		refuse("outside_batch")
	}
	if l.seen++; int(b.Line) != l.seen {
		refuse("line")
	}
	l.sum += b.Amount
	m.lines[fmt.Sprintf("%s/%d", b.Payment, b.Line)] = modelLine{amount: b.Amount}
	if l.seen < int(l.head.Lines) {
		return
	}
	m.lots = nil
	if l.sum != l.head.Amount {
		refuse("sum")
	}
	if l.head.LinesHash != "" { // the tests never know it before
		refuse("hash")
	}
}

func (m *model) payment(id string, states ...string) modelPayment {
	p, ok := m.payments[id]
	if !ok {
		refuse("not_found")
	}
	oneOf(p.state, states...)
	return p
}

func (m *model) decidePayment(e modelEntry) {
	switch b := e.Body.(type) {
	case *PaymentApproved:
		p := m.payment(b.Payment, StateRequested)
		if p.by == e.By.User {
			refuse("self_approval")
		}
		if b.Hash != base64.StdEncoding.EncodeToString(m.log[p.entry].hash[:]) {
			refuse("other_content")
		}
		m.approved(p.project)
		p.state = StateApproved
		m.payments[b.Payment] = p
	case *PaymentRejected:
		p := m.payment(b.Payment, StateRequested)
		p.state = StateRejected
		m.payments[b.Payment] = p
	case *PaymentPaid:
		p := m.payment(b.Payment, StateApproved)
		m.approved(p.project)
		p.state = StatePaid
		m.payments[b.Payment] = p
		m.pay(e, p, p.amount, "pay")
	}
}

// pay moves money to the payee, or back.
func (m *model) pay(e modelEntry, p modelPayment, a Amount, why string) {
	m.move(e, modelMove{fund: p.fund, from: "project/" + p.project + "/" + p.fund, to: "payee/" + p.payee, amount: a, why: why, contract: p.contract})
}

func (m *model) returned(e modelEntry, b *PaymentReturned, a Amount) {
	p := m.payment(b.Payment, StatePaid)
	if p.lines > 0 && b.Line == 0 {
		refuse("line")
	}
	if a > p.amount-p.returned {
		refuse("over_return")
	}
	if b.Line > 0 {
		key := fmt.Sprintf("%s/%d", b.Payment, b.Line)
		l, ok := m.lines[key]
		if !ok {
			refuse("not_found")
		}
		if a > l.amount-l.returned {
			refuse("over_return")
		}
		l.returned += a
		m.lines[key] = l
	}
	why := "back"
	if a < 0 {
		if why = "pay"; m.available(p.project, p.fund) < -a {
			refuse("not_available")
		}
		if p.contract != "" && m.used(p.contract)-a > m.contract(p.contract).most() {
			refuse("over_contract")
		}
	}
	p.returned += a
	m.payments[b.Payment] = p
	m.pay(e, p, -a, why)
	m.event(e, p.project, a)
}

func (m *model) worksKinds(e modelEntry) {
	advance := func(project, to string, a Amount, from ...string) {
		before := m.approved(project)
		oneOf(before, from...)
		m.moved(e, "p/"+project, before, to)
		m.projects[project] = to
		m.event(e, project, a)
	}
	switch b := e.Body.(type) {
	case *WorksStarted:
		if b.Contract != "" && m.contract(b.Contract).project != b.Project {
			refuse("other_project")
		}
		advance(b.Project, StateStarted, 0, StateApproved)
	case *WorksProgressed:
		advance(b.Project, StateStarted, b.Value, StateStarted, StateApproved)
	case *WorksCompleted:
		advance(b.Project, StateCompleted, 0, StateStarted, StateApproved)
	case *AcceptancePassed:
		to := StateAccepted
		if b.Level == "township" {
			to = StateCompleted
		}
		advance(b.Project, to, 0, StateCompleted)
	case *AcceptanceFailed:
		advance(b.Project, StateStarted, 0, StateCompleted)
	case *AssetRegistered:
		m.approved(b.Project)
		m.event(e, b.Project, b.Value)
	case *DocumentFiled:
		if _, ok := m.projects[b.Project]; !ok {
			refuse("not_found")
		}
		m.event(e, b.Project, 0)
	}
}

func (m *model) submission(id string) modelSub {
	sub, ok := m.subs[id]
	if !ok {
		refuse("not_found")
	}
	oneOf(sub.state, StateOpen)
	return sub
}

func (m *model) governanceKinds(e modelEntry) {
	switch b := e.Body.(type) {
	case *SubmissionMade:
		if _, ok := m.subs[b.Submission]; ok {
			refuse("exists")
		}
		m.open = &modelCover{made: e, body: b, left: int(b.Entries), trial: m.clone()}
	case *SubmissionApproved:
		sub := m.submission(b.Submission)
		if sub.maker == e.By.User {
			refuse("self_approval")
		}
		if b.ContentHash != m.contentHash(sub) {
			refuse("other_content")
		}
		for q := sub.first; q <= sub.last; q++ {
			m.inOpenPeriod(m.log[q].On)
			m.effect(m.log[q], e.seq, true)
		}
		sub.state = StateApproved
		m.subs[b.Submission] = sub
	case *SubmissionRejected:
		sub := m.submission(b.Submission)
		sub.state = StateRejected
		m.subs[b.Submission] = sub
	case *PeriodClosed:
		if b.Period <= m.closed || string(e.On[:7]) <= b.Period {
			refuse("closed")
		}
		m.closed = b.Period
	case *EntryReversed:
		m.reverse(e)
	}
}

// reverse takes an entry back, if it can be.
func (m *model) reverse(e modelEntry) {
	if e.Corrects == None {
		refuse("required")
	}
	if int(e.Corrects) >= len(m.log) || e.Corrects >= e.seq {
		refuse("not_found")
	}
	target := m.log[e.Corrects]
	switch target.Body.(type) {
	case *FundReceived, *FundAdjusted, *FundRecalled, *FundAllocated, *ProjectListed, *ProjectApproved, *TenderAnnounced, *TenderBid,
		*ContractSigned, *ContractAmended, *SettlementAudited, *PaymentRequested, *GrantRequested, *PaymentPaid, *PaymentReturned,
		*WorksStarted, *AssetRegistered, *DocumentFiled, *WorksProgressed, *WorksCompleted, *AcceptancePassed, *AcceptanceFailed, *ProjectCancelled,
		*TenderOpened, *TenderCandidates, *TenderAwarded, *TenderFailed, *TenderExempted, *ProjectChanged:
	default:
		refuse("kind")
	}
	if target.in != "" && m.subs[target.in].state != StateApproved {
		refuse("no_effect")
	}
	if _, done := m.reversed[e.Corrects]; done {
		refuse("reversed")
	}
	m.reversed[e.Corrects] = e.seq
	m.takeBack(e, target.Body)
}

func (m *model) takeBack(e modelEntry, body Body) {
	switch b := body.(type) {
	case *FundReceived, *FundAdjusted, *FundRecalled, *FundAllocated:
		e.Body = body
		m.fundKinds(e, -1)
	case *ProjectListed:
		if m.projects[b.Project] != StateListed || m.total(b.Project, m.allocated) != 0 {
			refuse("in_use")
		}
		m.projects[b.Project] = StateWithdrawn
	case *ProjectApproved:
		m.takeBackApproval(b)
	case *ProjectChanged:
		m.takeBackChange(e, b)
	case *TenderAnnounced:
		t := m.tender(b.Tender, StateAnnounced)
		if t.bids != 0 {
			refuse("in_use")
		}
		t.state = StateWithdrawn
		m.tenders[b.Tender] = t
	case *TenderBid:
		t := m.tender(b.Tender, StateAnnounced)
		t.bids--
		m.tenders[b.Tender] = t
		delete(m.bids, [2]string{b.Tender, firmKey(b.Bidder)})
	case *ContractSigned:
		k := m.contracts[b.Contract]
		if m.used(b.Contract) != 0 || k.amount != k.signed || k.settled != 0 {
			refuse("in_use")
		}
		k.withdrawn, k.amount = true, 0
		m.contracts[b.Contract] = k
	case *ContractAmended:
		m.amend(e, b, -b.Amount)
	case *SettlementAudited:
		k := m.contract(b.Contract)
		if k.amount < m.used(b.Contract) {
			refuse("below_paid")
		}
		k.settled = 0
		m.contracts[b.Contract] = k
	case *PaymentRequested:
		m.withdraw(b.Payment)
	case *GrantRequested:
		m.withdraw(b.Payment)
	case *PaymentPaid:
		p := m.payment(b.Payment, StatePaid)
		if p.returned != 0 {
			refuse("in_use")
		}
		p.state = StateApproved
		m.payments[b.Payment] = p
		m.pay(e, p, -p.amount, "back")
	case *PaymentReturned:
		m.returned(e, b, -b.Amount)
	case *WorksStarted:
		m.projectBack(b.Project, e.Corrects)
	case *WorksProgressed:
		m.projectBack(b.Project, e.Corrects)
	case *WorksCompleted:
		m.projectBack(b.Project, e.Corrects)
	case *AcceptancePassed:
		m.projectBack(b.Project, e.Corrects)
	case *AcceptanceFailed:
		m.projectBack(b.Project, e.Corrects)
	case *ProjectCancelled:
		m.projectBack(b.Project, e.Corrects)
	case *TenderOpened:
		m.tenderBack(b.Tender, e.Corrects)
	case *TenderCandidates:
		m.tenderBack(b.Tender, e.Corrects)
	case *TenderFailed:
		m.tenderBack(b.Tender, e.Corrects)
	case *TenderAwarded:
		m.tenderBack(b.Tender, e.Corrects)
		t := m.tenders[b.Tender]
		t.winner, t.price = "", 0
		m.tenders[b.Tender] = t
	}
}

// modelStep is a change of state: by which entry, of what, from what.
type modelStep struct {
	entry         Seq
	thing, before string
}

// moved remembers a change of state, unless it is none.
func (m *model) moved(e modelEntry, thing, before, after string) {
	if before != after {
		m.steps = append(slices.Clip(m.steps), modelStep{e.seq, thing, before})
	}
}

// back finds the state before an entry: no later step of the same thing may be
// left. An entry that changed nothing leaves the state as it is.
func (m *model) back(thing string, q Seq, now string) string {
	at := slices.IndexFunc(m.steps, func(s modelStep) bool { return s.entry == q && s.thing == thing })
	if at < 0 {
		return now
	}
	if slices.ContainsFunc(m.steps[at+1:], func(s modelStep) bool { return s.thing == thing }) {
		refuse("in_use")
	}
	before := m.steps[at].before
	m.steps = slices.Delete(slices.Clone(m.steps), at, at+1)
	return before
}

func (m *model) projectBack(project string, q Seq) {
	m.projects[project] = m.back("p/"+project, q, m.projects[project])
}

func (m *model) tenderBack(tender string, q Seq) {
	t := m.tenders[tender]
	t.state = m.back("t/"+tender, q, t.state)
	m.tenders[tender] = t
}

func (m *model) takeBackApproval(b *ProjectApproved) {
	state, rest := m.projects[b.Project], m.total(b.Project, m.budget)
	for _, l := range b.Budget {
		if m.budget(b.Project, l.Fund) != l.Amount {
			refuse("in_use")
		}
		rest -= l.Amount
	}
	if state != StateApproved || rest != 0 || m.total(b.Project, m.allocated) != 0 || m.contracted(b.Project) != 0 {
		refuse("in_use")
	}
	m.projects[b.Project] = StateListed
	if !m.listed[b.Project] {
		m.projects[b.Project] = StateWithdrawn
	}
	for _, l := range b.Budget {
		delete(m.budgets, [2]string{b.Project, l.Fund})
	}
}

func (m *model) withdraw(payment string) {
	p := m.payment(payment, StateRequested, StateApproved)
	p.state = StateWithdrawn
	m.payments[payment] = p
}
