package main

import (
	"fmt"
	"math"
)

// fund is where the money of one fund line is: received = in hand + allocated
// + paid + returned.
type fund struct{ received, inHand, allocated, paid, returned fen }

// project is a project's money.
type project struct {
	budget, allocated, requested, paid, contracts fen
	// approved binds what is allocated to the budget.
	approved bool
	// changes are those that stand since the approval, oldest first.
	changes []change
}

// change is a change of a project, with the budgets that it replaced.
type change struct {
	seq    uint64
	before []budgetLine
}

// quota is one fund's money in one project.
type quota struct {
	fund, project                      name
	budget, allocated, requested, paid fen
}

// contract is a contract's project and amount.
type contract struct {
	project name
	amount  fen
}

// payment is kept for every payment and grant batch, so it is 16 bytes.
type payment struct {
	amount fen
	quota  uint32
	state  paymentState
}

type paymentState uint8

const (
	requested paymentState = iota + 1
	approved
	paid
	closed // rejected or withdrawn
)

// money is every total, as the entries so far make them. It is our own replay
// and shares nothing with the server's.
type money struct {
	names     *names
	funds     map[name]*fund
	projects  map[name]*project
	quotas    []quota
	quotaOf   map[[2]name]uint32 // project, fund
	units     map[[2]name]*fen   // unit, fund
	contracts map[name]*contract
	payments  map[uint64]payment
	returned  map[uint64]fen // of payments that had returns
	// fault is the first thing that cannot be, of the effect under way.
	fault text
}

func newMoney() *money {
	return &money{
		names: newNames(), funds: map[name]*fund{}, projects: map[name]*project{}, quotaOf: map[[2]name]uint32{},
		units: map[[2]name]*fen{}, contracts: map[name]*contract{}, payments: map[uint64]payment{}, returned: map[uint64]fen{},
	}
}

// refuse keeps the first fault.
func (m *money) refuse(zh, en string, args ...any) {
	if m.fault == (text{}) {
		m.fault = text{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}
	}
}

// The totals, as faults name them.
var (
	ofReceived  = text{"到位资金", "what was received of fund"}
	ofInHand    = text{"县本级未分配资金", "what is in hand of fund"}
	ofAllocated = text{"已分配未拨付资金", "what is allocated of fund"}
	ofPaid      = text{"已拨付资金", "what is paid of fund"}
	ofReturned  = text{"已上缴资金", "what was returned of fund"}
	ofUnit      = text{"单位资金", "the money of unit"}
	ofBudget    = text{"批复金额，项目", "the budget of project"}
	ofGiven     = text{"已分配金额，项目", "what is allocated to project"}
	ofRequested = text{"在途金额，项目", "what is requested of project"}
	ofPayments  = text{"已支付金额，项目", "what is paid of project"}
	ofContract  = text{"合同", "contract"}
	ofContracts = text{"合同总额，项目", "the sum of contracts of project"}
	ofBack      = text{"该支付的退款", "what came back of this payment"}
)

// add changes a total, called what of whom. None may ever fall below zero.
func (m *money) add(total *fen, a fen, what text, whom name) {
	switch {
	case a > 0 && *total > math.MaxInt64-a:
		m.refuse(what.Zh+" %s 超出可计范围", what.En+" %s is beyond what can be counted", m.text(whom))
	case *total+a < 0:
		m.refuse(what.Zh+" %s 为 %s 元，不能减去 %s", what.En+" %s is %s yuan, %s are taken off", m.text(whom), *total, -a)
	default:
		*total += a
	}
}

func (m *money) text(n name) string { return m.names.text[n] }

// fund is a fund that was received.
func (m *money) fund(n name) *fund {
	f := m.funds[n]
	if f == nil {
		m.refuse("没有资金 %q", "there is no fund %q", m.text(n))
		f = &fund{}
	}
	return f
}

// project is a project that was listed or approved.
func (m *money) project(n name) *project {
	p := m.projects[n]
	if p == nil {
		m.refuse("没有项目 %q", "there is no project %q", m.text(n))
		p = &project{}
	}
	return p
}

// quota is the number of a fund's share in a project, made if there is none.
func (m *money) quota(project, fund name) uint32 {
	i, ok := m.quotaOf[[2]name{project, fund}]
	if !ok {
		i = uint32(len(m.quotas))
		m.quotas = append(m.quotas, quota{fund: fund, project: project})
		m.quotaOf[[2]name{project, fund}] = i
	}
	return i
}

// apply does what an entry in effect does, or with undo takes it back, and says
// what cannot be, nothing if all can. approving marks entries of a submission.
func (m *money) apply(e *effect, undo, approving bool) text {
	m.fault = text{}
	a := e.amount
	if undo {
		a = -a
	}
	switch e.kind {
	case fundReceived:
		m.receive(e, a, undo)
	case fundAdjusted:
		m.receive(e, a, true)
	case fundRecalled:
		m.recall(e, a)
	case fundAllocated:
		m.allocate(e, a)
	case projectListed:
		m.list(e, undo)
	case projectApproved, projectChanged:
		m.setBudget(e, undo)
	case contractSigned, contractAmended:
		m.contract(e, a, undo)
	case paymentRequested, grantRequested:
		m.request(e, undo, approving)
	case paymentPaid:
		m.pay(e, undo)
	case paymentReturned:
		m.payBack(e, a)
	}
	return m.fault
}

// receive brings money from its source into the county's hand.
func (m *money) receive(e *effect, a fen, known bool) {
	if f := m.funds[e.fund]; known == (f == nil) {
		m.refuse("资金 %q 重复到位，或尚未到位即调整", "fund %q: received twice, or adjusted before it was received", m.text(e.fund))
		return
	} else if f == nil {
		m.funds[e.fund] = &fund{}
	}
	f := m.funds[e.fund]
	m.add(&f.received, a, ofReceived, e.fund)
	m.add(&f.inHand, a, ofInHand, e.fund)
}

// recall brings allocated money back into the hand, or what is in hand back to
// its source.
func (m *money) recall(e *effect, a fen) {
	if e.project != 0 || e.unit != 0 {
		m.allocate(e, -a)
		return
	}
	f := m.fund(e.fund)
	m.add(&f.inHand, -a, ofInHand, e.fund)
	m.add(&f.returned, a, ofReturned, e.fund)
}

// allocate gives money from the hand, or from a unit, to a project or a unit.
func (m *money) allocate(e *effect, a fen) {
	f := m.fund(e.fund)
	if e.kind == fundAllocated && e.from != 0 {
		m.add(m.unit(e.from, e.fund), -a, ofUnit, e.from)
	} else {
		m.add(&f.inHand, -a, ofInHand, e.fund)
		m.add(&f.allocated, a, ofAllocated, e.fund)
	}
	if e.project == 0 {
		m.add(m.unit(e.unit, e.fund), a, ofUnit, e.unit)
		return
	}
	p, q := m.project(e.project), &m.quotas[m.quota(e.project, e.fund)]
	m.add(&q.allocated, a, ofGiven, e.project)
	m.add(&p.allocated, a, ofGiven, e.project)
	m.available(q)
	if a > 0 && p.approved && q.allocated > q.budget {
		m.refuse("项目 %s 批复 %s 元（资金 %s），分配达 %s", "project %s is approved for %s yuan of fund %s and gets %s", m.text(e.project), q.budget, m.text(e.fund), q.allocated)
	}
}

func (m *money) unit(unit, fund name) *fen {
	u := m.units[[2]name{unit, fund}]
	if u == nil {
		u = new(fen)
		m.units[[2]name{unit, fund}] = u
	}
	return u
}

// available holds a project's share to not being paid or asked for twice.
func (m *money) available(q *quota) {
	if rest := q.allocated - q.requested - q.paid; rest < 0 {
		m.refuse("项目 %s 有 %s 元（资金 %s），已支付 %s，在途 %s", "project %s has %s yuan of fund %s, %s are paid and %s requested", m.text(q.project), q.allocated, m.text(q.fund), q.paid, q.requested)
	}
}

// list makes a project known. One whose listing is taken back stays known, with
// no money.
func (m *money) list(e *effect, undo bool) {
	p := m.projects[e.project]
	switch {
	case undo && p != nil && p.allocated != 0:
		m.refuse("项目 %s 已有 %s 元", "project %s has %s yuan", m.text(e.project), p.allocated)
	case !undo && p != nil:
		m.refuse("项目 %s 重复入库", "project %s is listed twice", m.text(e.project))
	case !undo:
		m.projects[e.project] = &project{}
	}
}

// setBudget replaces the budget lines of a project's funds, or makes them zero. An
// approval makes the project known: plans of old years come without a listing.
func (m *money) setBudget(e *effect, undo bool) {
	if e.kind == projectApproved && !undo && m.projects[e.project] == nil {
		m.projects[e.project] = &project{}
	}
	p := m.project(e.project)
	lines := e.budget
	switch {
	case e.kind == projectApproved:
		p.approved, p.changes = !undo, nil
	case undo:
		lines = m.before(e, p)
	default:
		m.noteChange(e, p)
	}
	for _, line := range lines {
		m.fund(line.fund)
		q := &m.quotas[m.quota(e.project, line.fund)]
		amount := line.amount
		if undo && e.kind == projectApproved {
			amount = 0
		}
		m.add(&p.budget, amount-q.budget, ofBudget, e.project)
		q.budget = amount
		if amount < q.allocated {
			m.refuse("项目 %s 批复 %s 元（资金 %s），已分配 %s", "project %s is approved for %s yuan of fund %s and has %s", m.text(e.project), amount, m.text(line.fund), q.allocated)
		}
	}
}

// noteChange keeps the budgets that a change of a project replaces.
func (m *money) noteChange(e *effect, p *project) {
	c := change{seq: e.seq}
	for _, line := range e.budget {
		c.before = append(c.before, budgetLine{line.fund, m.quotas[m.quota(e.project, line.fund)].budget})
	}
	p.changes = append(p.changes, c)
}

// before takes the last change of a project back, and says which budgets it replaced.
func (m *money) before(e *effect, p *project) []budgetLine {
	last := len(p.changes) - 1
	if last < 0 || p.changes[last].seq != e.seq || !p.approved {
		m.refuse("项目 %s 的该变更不是最后一次变更，不能冲销", "project %s: it is not the last change that stands", m.text(e.project))
		return nil
	}
	lines := p.changes[last].before
	p.changes = p.changes[:last]
	return lines
}

// contract signs a contract, or changes its amount.
func (m *money) contract(e *effect, a fen, undo bool) {
	k := m.contracts[e.contract]
	if known := e.kind == contractAmended || undo; known == (k == nil) {
		m.refuse("合同 %q 重复签订，或未签先改", "contract %q: signed twice, or amended before it was signed", m.text(e.contract))
		return
	}
	if k == nil {
		k = &contract{project: e.project}
		m.contracts[e.contract] = k
	}
	m.add(&k.amount, a, ofContract, e.contract)
	m.add(&m.project(k.project).contracts, a, ofContracts, k.project)
}

// reserve moves an amount into or out of what is requested.
func (m *money) reserve(q *quota, a fen) {
	m.add(&q.requested, a, ofRequested, q.project)
	m.add(&m.project(q.project).requested, a, ofRequested, q.project)
	m.available(q)
}

// request opens a payment, or withdraws it before it is paid.
func (m *money) request(e *effect, undo, approving bool) {
	if undo {
		m.close(e)
		return
	}
	if _, there := m.payments[e.payment]; there {
		m.refuse("同一支付重复申请", "a second request of the same payment")
		return
	}
	i := m.quota(e.project, e.fund)
	p := payment{e.amount, i, requested}
	if approving {
		p.state = approved
	}
	m.payments[e.payment] = p
	m.reserve(&m.quotas[i], e.amount)
}

// close ends a request that was not paid.
func (m *money) close(e *effect) {
	p := m.payments[e.payment]
	if p.state != requested && p.state != approved {
		m.refuse("所撤回的支付不在途", "it takes back a payment that is not open")
		return
	}
	m.reserve(&m.quotas[p.quota], -p.amount)
	p.state = closed
	m.payments[e.payment] = p
}

// pay moves an approved payment's money to its payee, or back.
func (m *money) pay(e *effect, undo bool) {
	p := m.payments[e.payment]
	from, to, a := approved, paid, p.amount
	if undo {
		from, to, a = paid, approved, -p.amount
	}
	if p.state != from {
		m.refuse("支付未经审批，或已支付", "it pays what is not approved, or is paid already")
		return
	}
	q := &m.quotas[p.quota]
	if !undo {
		m.reserve(q, -a)
	}
	m.move(q, a)
	if undo {
		m.reserve(q, -a)
	}
	p.state = to
	m.payments[e.payment] = p
}

// move adds to what is paid.
func (m *money) move(q *quota, a fen) {
	f := m.fund(q.fund)
	m.add(&f.allocated, -a, ofAllocated, q.fund)
	m.add(&f.paid, a, ofPaid, q.fund)
	m.add(&q.paid, a, ofPayments, q.project)
	m.add(&m.project(q.project).paid, a, ofPayments, q.project)
	m.available(q)
}

// payBack records money that came back, or takes that back.
func (m *money) payBack(e *effect, a fen) {
	p := m.payments[e.payment]
	if p.state != paid {
		m.refuse("所退的款未曾支付", "it returns what was not paid")
		return
	}
	back := m.returned[e.payment]
	m.add(&back, a, ofBack, 0)
	if back > p.amount {
		m.refuse("退款 %s 元超过支付的 %s 元", "it returns %s yuan of %s", back, p.amount)
	}
	m.returned[e.payment] = back
	m.move(&m.quotas[p.quota], -a)
}
