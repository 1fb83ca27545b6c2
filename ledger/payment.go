package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"yilu/audit"
)

// 资金拨付: payments are requested, approved or rejected, paid and returned;
// grants to households are one batch with one entry per household line.
var paymentKinds = []Spec{
	{Kind: "payment.requested", Stage: StagePayment, Text: Text{"支付申请", "payment requested"}, Roles: []Role{Maker}, Sealed: []string{fieldName, fieldIDNumber, fieldAccount, fieldHolder, fieldBank, fieldNote},
		opened: []string{fieldName, fieldAccount, fieldHolder}, new: func() Body { return new(PaymentRequested) }},
	{Kind: "payment.approved", Stage: StagePayment, Text: Text{"支付审批", "payment approved"}, Roles: []Role{Checker}, Sealed: []string{fieldNote}, new: func() Body { return new(PaymentApproved) }},
	{Kind: "payment.rejected", Stage: StagePayment, Text: Text{"支付退回", "payment rejected"}, Roles: []Role{Checker}, Sealed: []string{fieldNote}, new: func() Body { return new(PaymentRejected) }},
	{Kind: "payment.paid", Stage: StagePayment, Text: Text{"支付", "payment paid"}, Roles: []Role{Payer, Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(PaymentPaid) }},
	{Kind: "payment.returned", Stage: StagePayment, Text: Text{"支付退款", "payment returned"}, Roles: []Role{Payer, Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(PaymentReturned) }},
	{Kind: "grant.requested", Stage: StagePayment, Text: Text{"到户补助批次", "household grants requested"}, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(GrantRequested) }},
	{Kind: "grant.line", Stage: StagePayment, Text: Text{"到户补助明细", "household grant line"}, Roles: []Role{Maker}, Sealed: []string{fieldName, fieldIDNumber, fieldAccount, fieldHolder, fieldPhone, fieldNote},
		opened: []string{fieldName, fieldIDNumber, fieldAccount, fieldHolder, fieldPhone}, new: func() Body { return new(GrantLine) }},
}

// PayStages are the parts of a contract a payment may serve (款项性质).
var PayStages = codes{
	"advance":   {"预付款", "advance"},
	"progress":  {"进度款", "progress"},
	"final":     {"结算款", "final settlement"},
	"retention": {"质保金", "retention"},
	"whole":     {"一次性", "in one sum"},
	"other":     {"其他", "other"},
}

// PayMethods are the ways the money leaves the treasury (支付方式).
var PayMethods = codes{
	"direct":   {"财政直接支付", "direct payment by the treasury"},
	"entrust":  {"授权支付", "authorised payment"},
	"passbook": {"一卡通", "household subsidy card"},
	"claim":    {"报账制", "claim"},
}

// payeeKey is the account name of a firm or office: its code, or a short hash
// of its name where no code is known, so that it can stand in a URL.
func payeeKey(p Party) string {
	if p.Code != "" {
		return p.Code
	}
	h := sha256.Sum256([]byte(p.Name))
	return "n-" + hex.EncodeToString(h[:8])
}

// personKey is the account name of a private payee: a keyed token that only the
// server can make from an ID number. It stands in projections, never in a leaf.
func personKey(token audit.Token) string { return "p-" + hex.EncodeToString(token[:]) }

// PaymentRequested asks to pay one payee from one fund of a project (支付申请,
// 用款申请). Fields: domain §6 支付表. A firm is named in payee; a private person
// is sealed (payee_name, id_number) and payee stays empty.
//
// Effect: the amount is reserved. Refused: a project not approved or cancelled,
// more than is allocated to the project from this fund and neither paid nor
// requested, more than the contract with its amendments, a supplier other than
// the contract's.
type PaymentRequested struct {
	Amount       Amount `json:"amount"`
	Contract     string `json:"contract,omitzero"`
	EconomicCode string `json:"economic_code,omitzero"`
	Files        []File `json:"files,omitzero"`
	FunctionCode string `json:"function_code,omitzero"`
	Fund         string `json:"fund"`
	// Invoice is the invoice that is paid, whole or in part.
	Invoice Invoice `json:"invoice,omitzero"`
	// Mandate is the paper by which somebody else's account may be paid (委托收款书).
	Mandate File   `json:"mandate,omitzero"`
	Method  string `json:"method,omitzero"`
	Payee   Party  `json:"payee,omitzero"`
	Payment string `json:"payment"`
	Project string `json:"project"`
	Purpose string `json:"purpose"`
	Stage   string `json:"stage,omitzero"`
}

func (b *PaymentRequested) check(c *checker) {
	c.id("payment", b.Payment)
	c.id("project", b.Project)
	c.id("fund", b.Fund)
	c.optionalID("contract", b.Contract)
	c.positive("amount", b.Amount)
	c.text("purpose", b.Purpose, 500)
	c.function("function_code", b.FunctionCode)
	if b.EconomicCode != "" && !economicPattern.MatchString(b.EconomicCode) {
		c.bad("economic_code", "经济科目须为3或5位数字，如 31005", "want an economic code of 3 or 5 digits, such as 31005")
	}
	if b.Method != "" {
		c.oneOf("method", b.Method, PayMethods)
	}
	if b.Stage != "" {
		c.oneOf("stage", b.Stage, PayStages)
	}
	c.files("files", b.Files)
	c.invoice("invoice", b.Invoice)
	c.optionalFile("mandate", b.Mandate)
	if b.Payee != (Party{}) {
		c.party("payee", b.Payee)
	}
}

func (b *PaymentRequested) checkSealed(c *checker, sealed map[string]string) {
	person := sealed[fieldName] != "" || sealed[fieldIDNumber] != ""
	if (b.Payee == Party{}) == !person {
		c.bad(fieldName, "付给单位的填收款单位（payee），付给个人的填个人信息中的姓名和身份证号（payee_name、id_number），须且只填一种", "name a payee: a firm in payee, or a person in the sealed fields payee_name and id_number")
	}
	if person && (sealed[fieldName] == "" || sealed[fieldIDNumber] == "") {
		c.bad(fieldIDNumber, "个人收款须同时填写姓名与身份证号", "a person needs both name and ID number")
	}
}

// payee is the key and shown name of whoever gets the money.
func (b *PaymentRequested) payee(e *Entry) (key, name string) {
	if b.Payee != (Party{}) {
		return payeeKey(b.Payee), b.Payee.Name
	}
	return personKey(e.Person), ""
}

func (b *PaymentRequested) touch(s *state, e *Entry) {
	s.payment(b.Payment)
	s.project(b.Project)
	s.quota(b.Project, b.Fund)
	if b.Contract != "" {
		s.contract(b.Contract)
	}
	key, _ := b.payee(e)
	s.payee(key)
}

func (b *PaymentRequested) apply(s *state, e *Entry) {
	key, name := b.payee(e)
	s.request(e, Payment{
		Payment: b.Payment, Project: b.Project, Fund: b.Fund, Contract: b.Contract, Payee: key, PayeeName: name,
		Purpose: b.Purpose, Stage: b.Stage, Amount: b.Amount, Invoice: b.Invoice.Key(), InvoiceTotal: b.Invoice.Amount,
	})
}

// twinKey is what payments of one amount to one payee have in common.
func twinKey(payee string, a Amount) string { return payee + "/" + strconv.FormatInt(int64(a), 10) }

// paidOnKey is what payments to one payee that were asked for on one day have in
// common.
func paidOnKey(payee string, on Date) string { return payee + "/" + string(on) }

// Invoice is the invoice that a payment pays, or a part of it (发票): its code, if
// it has one, its number, its total with tax, and its day.
type Invoice struct {
	Amount Amount `json:"amount"`
	Code   string `json:"code,omitzero"`
	Number string `json:"number"`
	On     Date   `json:"on,omitzero"`
}

// Key tells invoices apart, empty for none.
func (i Invoice) Key() string {
	if i == (Invoice{}) {
		return ""
	}
	return i.Code + "-" + i.Number
}

var invoicePattern = regexp.MustCompile(`^[0-9A-Z]{1,30}$`)

func (c *checker) invoice(field string, i Invoice) {
	if i == (Invoice{}) {
		return
	}
	if i.Code != "" && !invoicePattern.MatchString(i.Code) || !invoicePattern.MatchString(i.Number) {
		c.bad(field+".number", "发票代码、号码须为数字和大写字母", "want the code and number of the invoice in digits and capital letters")
	}
	c.positive(field+".amount", i.Amount)
	c.optionalDay(field+".on", i.On)
}

// request reserves the amount of a new payment, or refuses it. A request that
// came in an approved submission was seen by the second person and is approved
// with it.
func (s *state) request(e *Entry, p Payment) {
	if s.payment(p.Payment) != nil {
		s.refuse("body.payment", "exists", "支付编号 "+p.Payment+" 已存在", "payment "+p.Payment+" exists")
		return
	}
	if s.needApproved("body.project", p.Project) == nil {
		return
	}
	q := s.quota(p.Project, p.Fund)
	if q == nil || q.Available() < p.Amount {
		s.refuseQuota(q, p)
		return
	}
	if p.Contract != "" && !s.reserveContract(p) {
		return
	}
	// A copy of the hash: the row stays, and would keep the whole entry with it.
	p.State, p.On, p.Requested, p.RequestedBy, p.Hash = StateRequested, e.On, e.Seq, e.By.User, bytes.Clone(e.Hash[:])
	p.Approved, p.Paid = None, None
	if s.approvedBy != nil {
		p.State, p.Approved = StateApproved, s.approvedBy.Seq
	}
	s.share(&p.Project, &p.Fund, &p.Contract, &p.Payee, &p.PayeeName, &p.Purpose, &p.Stage, &p.RequestedBy, (*string)(&p.On))
	row := s.payments.add(p.Payment, p)
	s.addPayment(s.twins, twinKey(p.Payee, p.Amount), row)
	s.addPayment(s.paidOn, paidOnKey(p.Payee, p.On), row)
	if p.Invoice != "" {
		s.addPayment(s.invoiced, p.Invoice, row)
	}
	s.editQuota(p.Project, p.Fund).Requested += p.Amount
	s.editTotal(p.Project).Requested += p.Amount
	if s.payee(p.Payee) == nil {
		s.payees.add(p.Payee, Payee{Payee: p.Payee, Name: p.PayeeName, First: e.Seq})
	}
	y := s.payees.edit(p.Payee)
	y.Payments++
	y.Requested += p.Amount
	y.use(accountOrNone(e.Account), e.On)
}

// use notes the account that a payee names. The first one is no change.
func (y *Payee) use(account string, on Date) {
	switch {
	case account == "" || account == y.Account:
		return
	case y.Account != "":
		y.AccountOn = on
	}
	y.Account = account
}

func (s *state) refuseQuota(q *Quota, p Payment) {
	if q == nil {
		s.refuse("body.fund", "over_payment", "项目 "+p.Project+" 没有分到资金 "+p.Fund+" 的钱，请核对指标编号", "no money of fund "+p.Fund+" was allocated to project "+p.Project+": check the fund")
		return
	}
	s.refuse("body.amount", "over_payment",
		fmt.Sprintf("超过指标：项目 %s 使用资金 %s 已分配 %s 元，已支付 %s 元，在途 %s 元，可申请 %s 元，本次 %s 元", p.Project, p.Fund, q.Allocated.Comma(), q.Paid.Comma(), q.Requested.Comma(), q.Available().Comma(), p.Amount.Comma()),
		fmt.Sprintf("project %s has %s yuan of fund %s left (allocated %s, paid %s, requested %s), asked %s", p.Project, q.Available().Comma(), p.Fund, q.Allocated.Comma(), q.Paid.Comma(), q.Requested.Comma(), p.Amount.Comma()))
}

// reserveContract holds a payment to the contract with its amendments. That it goes to
// another than the supplier, such as an assignee (受让人), is rule P09's to hold.
func (s *state) reserveContract(p Payment) bool {
	k := s.needContract("body.contract", p.Contract)
	switch {
	case k == nil:
		return false
	case k.Project != p.Project:
		s.refuse("body.contract", "other_project", "合同不属于该项目", "the contract belongs to project "+k.Project)
	case k.Available() < p.Amount:
		s.refuse("body.amount", "over_contract",
			fmt.Sprintf("超过合同：合同（含变更、审定）%s 元，已支付 %s 元，在途 %s 元，可申请 %s 元，本次 %s 元", k.Limit().Comma(), k.Paid.Comma(), k.Requested.Comma(), k.Available().Comma(), p.Amount.Comma()),
			fmt.Sprintf("contract %s has %s yuan left (with its amendments %s, paid %s, requested %s), asked %s", p.Contract, k.Available().Comma(), k.Limit().Comma(), k.Paid.Comma(), k.Requested.Comma(), p.Amount.Comma()))
	default:
		s.contracts.edit(p.Contract).Requested += p.Amount
		return true
	}
	return false
}

func (b *PaymentRequested) revert(s *state, e *Entry) { s.withdraw(b.Payment, StateWithdrawn) }

// withdraw releases what a payment had reserved.
func (s *state) withdraw(payment, to string) {
	p := s.needPayment(payment, StateRequested, StateApproved)
	if p == nil {
		return
	}
	p = s.payments.edit(payment)
	p.State = to
	s.release(p)
	s.payees.edit(p.Payee).Requested -= p.Amount
}

// release ends the reservation of a payment's amount.
func (s *state) release(p *Payment) {
	s.editQuota(p.Project, p.Fund).Requested -= p.Amount
	s.editTotal(p.Project).Requested -= p.Amount
	if p.Contract != "" {
		s.contracts.edit(p.Contract).Requested -= p.Amount
	}
}

func (s *state) touchPayment(payment string) {
	p := s.payment(payment)
	if p == nil {
		return
	}
	s.project(p.Project)
	s.quota(p.Project, p.Fund)
	s.fund(p.Fund)
	s.payee(p.Payee)
	s.account(projectAccount(p.Project, p.Fund))
	s.account(payeeAccount(p.Payee))
	if p.Contract != "" {
		s.contract(p.Contract)
	}
}

// PaymentApproved is the second person's approval of a requested payment or
// grant batch (审批), bound to what was seen.
//
// Effect: the payment may be paid. Refused: the approver is the requester, the
// hash is not the request's, the request is not open.
type PaymentApproved struct {
	// Hash is base64 of the request's content hash (内容摘要) that the approver
	// saw: SHA-256 of the submitted members of payment.requested.
	Hash    string `json:"hash"`
	Payment string `json:"payment"`
}

func (b *PaymentApproved) check(c *checker) {
	c.id("payment", b.Payment)
	c.hash("hash", b.Hash)
}

func (b *PaymentApproved) touch(s *state, _ *Entry) { s.touchPayment(b.Payment) }

func (b *PaymentApproved) apply(s *state, e *Entry) {
	p := s.needPayment(b.Payment, StateRequested)
	if p == nil || !s.secondPerson(e, p.RequestedBy, b.Hash, p.Hash) {
		return
	}
	if s.needApproved("body.payment", p.Project) == nil {
		return
	}
	p = s.payments.edit(b.Payment)
	p.State, p.Approved = StateApproved, e.Seq
}

// secondPerson refuses an approver who made the thing, or who saw another one.
func (s *state) secondPerson(e *Entry, maker, hash string, want []byte) bool {
	if e.By.User == maker {
		s.refuse("by.user", "self_approval", "不能审批本人提交的内容", "nobody approves what they entered")
		return false
	}
	if hash != base64.StdEncoding.EncodeToString(want) {
		s.refuse("body.hash", "other_content", "内容与审批人所见不一致，请刷新后重新审批", "the content is not what the approver saw; look again")
		return false
	}
	return true
}

// PaymentRejected sends a request back (退回).
//
// Effect: the reservation ends. Refused when the request is not open.
type PaymentRejected struct {
	Payment string `json:"payment"`
	Reason  string `json:"reason"`
}

func (b *PaymentRejected) check(c *checker) {
	c.id("payment", b.Payment)
	c.oneOf("reason", b.Reason, Reasons)
}

func (b *PaymentRejected) touch(s *state, _ *Entry) { s.touchPayment(b.Payment) }

func (b *PaymentRejected) apply(s *state, e *Entry) {
	if p := s.needPayment(b.Payment, StateRequested); p != nil {
		s.withdraw(b.Payment, StateRejected)
	}
}

// PaymentPaid records that treasury or bank paid an approved payment (支付).
// on is the day the money left. The act itself needs no further person: it was
// approved, and cannot be changed on the way.
//
// Effect: project/P/F → payee/K. Refused unless approved and not yet paid.
type PaymentPaid struct {
	Payment string `json:"payment"`
	// Voucher is the treasury's voucher number (凭证号).
	Voucher string `json:"voucher,omitzero"`
}

func (b *PaymentPaid) check(c *checker) {
	c.id("payment", b.Payment)
	c.optional("voucher", b.Voucher, 64)
}

func (b *PaymentPaid) touch(s *state, _ *Entry) { s.touchPayment(b.Payment) }

func (b *PaymentPaid) apply(s *state, e *Entry) {
	p := s.needPayment(b.Payment, StateApproved)
	if p == nil || s.needApproved("body.payment", p.Project) == nil {
		return
	}
	p = s.payments.edit(b.Payment)
	p.State, p.Paid, p.PaidOn = StatePaid, e.Seq, e.On
	s.release(p)
	s.pay(e, p, p.Amount)
}

func (b *PaymentPaid) revert(s *state, e *Entry) {
	p := s.needPayment(b.Payment, StatePaid)
	if p == nil {
		return
	}
	if p.Returned != 0 {
		s.refuse("corrects", "in_use", "该支付已有退款，请先冲销退款", "the payment has returns; reverse them first")
		return
	}
	p = s.payments.edit(b.Payment)
	p.State, p.Paid, p.PaidOn = StateApproved, None, ""
	s.pay(e, p, -p.Amount)
	s.editQuota(p.Project, p.Fund).Requested += p.Amount
	s.editTotal(p.Project).Requested += p.Amount
	if p.Contract != "" {
		s.contracts.edit(p.Contract).Requested += p.Amount
	}
}

// pay moves money from the project to the payee, or back when negative.
func (s *state) pay(e *Entry, p *Payment, a Amount) {
	if !s.move(e, p.Fund, projectAccount(p.Project, p.Fund), payeeAccount(p.Payee), a) {
		return
	}
	s.editQuota(p.Project, p.Fund).Paid += a
	s.editTotal(p.Project).Paid += a
	f := s.funds.edit(p.Fund)
	f.Allocated -= a
	f.Paid += a
	y := s.payees.edit(p.Payee)
	y.Paid += a
	if p.Contract != "" {
		s.contracts.edit(p.Contract).Paid += a
	}
}

// PaymentReturned records money that came back (退款), such as a grant line the
// bank could not credit. It can then be paid again by a new request.
//
// Effect: payee/K → project/P/F. Refused beyond what was paid and not yet
// returned, for the payment and for the line.
type PaymentReturned struct {
	Amount  Amount `json:"amount"`
	Line    Count  `json:"line,omitzero"`
	Payment string `json:"payment"`
	Reason  string `json:"reason"`
}

func (b *PaymentReturned) check(c *checker) {
	c.id("payment", b.Payment)
	c.positive("amount", b.Amount)
	c.oneOf("reason", b.Reason, Reasons)
	c.count("line", b.Line)
}

func (b *PaymentReturned) touch(s *state, _ *Entry) {
	s.touchPayment(b.Payment)
	if b.Line > 0 {
		s.line(b.Payment, b.Line)
	}
}

func (b *PaymentReturned) apply(s *state, e *Entry)  { b.back(s, e, b.Amount) }
func (b *PaymentReturned) revert(s *state, e *Entry) { b.back(s, e, -b.Amount) }

func (b *PaymentReturned) back(s *state, e *Entry, a Amount) {
	p := s.needPayment(b.Payment, StatePaid)
	if p == nil {
		return
	}
	if p.Lines > 0 && b.Line == 0 {
		s.refuse("body.line", "line", "到户补助退款须指明明细行号", "say which line of the grant batch came back")
		return
	}
	if a > p.Amount-p.Returned {
		s.refuse("body.amount", "over_return", fmt.Sprintf("退款超过已支付未退的 %s 元", (p.Amount-p.Returned).Comma()), fmt.Sprintf("only %s yuan are paid and not returned", p.Amount-p.Returned))
		return
	}
	if b.Line > 0 && !b.backLine(s, a) {
		return
	}
	if a < 0 && !s.canPayAgain(p, -a) {
		return
	}
	p = s.payments.edit(b.Payment)
	p.Returned += a
	s.pay(e, p, -a)
	s.event(e, p.Project, a)
}

// canPayAgain refuses to take a return back when the money, or the room under
// the contract, has been used since.
func (s *state) canPayAgain(p *Payment, a Amount) bool {
	if q := s.quota(p.Project, p.Fund); q.Available() < a {
		s.refuse("corrects", "not_available", "退回的资金已另行使用，不能冲销", "the returned money has been used again")
		return false
	}
	if p.Contract == "" {
		return true
	}
	k := s.needContract("corrects", p.Contract)
	if k != nil && k.Available() < a {
		s.refuse("corrects", "over_contract", "退款后合同额度已另行使用，不能冲销", "the room under the contract has been used again")
		return false
	}
	return k != nil
}

func (b *PaymentReturned) backLine(s *state, a Amount) bool {
	l := s.line(b.Payment, b.Line)
	if l == nil {
		s.refuse("body.line", "not_found", "批次没有这一行", "the batch has no such line")
		return false
	}
	if a > l.Amount-l.Returned {
		s.refuse("body.amount", "over_return", fmt.Sprintf("该户已发未退 %s 元", (l.Amount-l.Returned).Comma()), fmt.Sprintf("the line has %s yuan not returned", l.Amount-l.Returned))
		return false
	}
	s.lines.edit(lineKey(b.Payment, b.Line)).Returned += a
	return true
}

// GrantRequested is the header of a batch of household grants (一卡通发放批次).
// All its lines follow it at once, in the same unit: count, sum and hash must
// agree to the fen, so that approving the header approves every line.
//
// Effect and refusals: as PaymentRequested, for the batch's total.
type GrantRequested struct {
	Amount Amount `json:"amount"`
	Files  []File `json:"files,omitzero"`
	Fund   string `json:"fund"`
	// Item is what is granted (补助项目), such as 脱贫户产业奖补.
	Item  string `json:"item"`
	Lines Count  `json:"lines"`
	// LinesHash is base64 SHA-256 over the lines' content hashes in order.
	LinesHash string `json:"lines_hash"`
	Payment   string `json:"payment"`
	// Period is what the grant is for (发放期间): a year, quarter or month, such as
	// 2020, 2020-Q1 or 2020-03; empty for what is given once.
	Period  string `json:"period,omitzero"`
	Project string `json:"project"`
}

func (b *GrantRequested) check(c *checker) {
	c.id("payment", b.Payment)
	c.id("project", b.Project)
	c.id("fund", b.Fund)
	c.positive("amount", b.Amount)
	c.text("item", b.Item, 200)
	c.hash("lines_hash", b.LinesHash)
	c.files("files", b.Files)
	if b.Period != "" && !periodPattern.MatchString(b.Period) {
		c.bad("period", "发放期间须形如 2020、2020-Q1 或 2020-03", "want a period such as 2020, 2020-Q1 or 2020-03")
	}
	if b.Lines < 1 || b.Lines > MaxUnit-2 {
		c.bad("lines", fmt.Sprintf("须有1–%d行", MaxUnit-2), fmt.Sprintf("want 1 to %d lines", MaxUnit-2))
	}
}

var periodPattern = regexp.MustCompile(`^(19|20|21)[0-9]{2}(-Q[1-4]|-(0[1-9]|1[0-2]))?$`)

func (b *GrantRequested) touch(s *state, _ *Entry) {
	s.payment(b.Payment)
	s.project(b.Project)
	s.quota(b.Project, b.Fund)
	s.payee(grantPayee(b.Payment))
	s.rulebook()
}

// grantPayee is the account through which a batch reaches its households.
func grantPayee(payment string) string { return "g-" + payment }

func (b *GrantRequested) apply(s *state, e *Entry) {
	s.request(e, Payment{
		Payment: b.Payment, Project: b.Project, Fund: b.Fund, Payee: grantPayee(b.Payment), PayeeName: b.Item,
		Purpose: b.Item, Amount: b.Amount, Lines: int64(b.Lines),
	})
	if s.keepAll && s.payment(b.Payment) == nil { // refused: what rules say of its lines is named with that
		s.payments.add(b.Payment, Payment{Payment: b.Payment, Project: b.Project, Fund: b.Fund, Payee: grantPayee(b.Payment), State: StateRequested, On: e.On, Amount: b.Amount, Lines: int64(b.Lines), Requested: e.Seq, Approved: None, Paid: None})
	}
	s.batch = &openBatch{of: b.Payment, line: "grant.line", left: int(b.Lines), amount: b.Amount, linesHash: b.LinesHash, hash: sha256.New(), tolerance: s.inForce().GrantTolerance(s.book, e.On)}
}

func (b *GrantRequested) revert(s *state, e *Entry) { s.withdraw(b.Payment, StateWithdrawn) }

// GrantLine is one household's line of a batch (到户补助). Public: village,
// item's standard, quantity, amount. Sealed: the head of household (户主), ID
// number, account, phone (domain §7).
//
// Effect: the line belongs to the batch. Refused outside its batch.
type GrantLine struct {
	Amount Amount `json:"amount"`
	// Category is the household's class (脱贫户, 监测户…), public only in sums.
	Category string `json:"category,omitzero"`
	Line     Count  `json:"line"`
	// Mandate is the paper by which somebody else's account may be paid (委托收款书).
	Mandate File   `json:"mandate,omitzero"`
	Payment string `json:"payment"`
	// Place is the 12-digit code of the village.
	Place    string `json:"place"`
	Quantity string `json:"quantity"`
	// Standard is yuan per unit; amount = standard × quantity, give or take the parameter
	// tol of rule E08.
	Standard Amount `json:"standard"`
}

func (b *GrantLine) check(c *checker) {
	c.id("payment", b.Payment)
	c.place("place", b.Place)
	c.positive("amount", b.Amount)
	c.positive("standard", b.Standard)
	c.optional("category", b.Category, 20)
	c.optionalFile("mandate", b.Mandate)
	if b.Line < 1 {
		c.bad("line", "行号从1起", "lines count from 1")
	}
	if !quantityPattern.MatchString(b.Quantity) {
		c.bad("quantity", "数量须为数字，最多六位小数", "want a number with at most six decimals")
	} else if !IsProduct(b.Standard, b.Quantity, b.Amount, MostRounding) {
		c.rule("amount", "product", fmt.Sprintf("金额应等于标准×数量（%s×%s）", b.Standard, b.Quantity), fmt.Sprintf("want standard × quantity (%s × %s)", b.Standard, b.Quantity))
	}
}

// MostRounding is how far from it no parameter can reach: grants are rounded to a yuan at
// most. Where none is set a 分 is allowed.
const MostRounding, aRounding = Amount(100), Amount(1)

// GrantTolerance is how far the amount of a grant line may be from standard × quantity
// on a day (取整差), as set for rule E08.
func (r Rules) GrantTolerance(book Book, on Date) Amount {
	text, set := r.setting(book, "E08", "tol", on)
	tol, err := ParseAmount(text)
	if !set || err != nil || tol < 0 {
		return aRounding
	}
	return tol
}

func (b *GrantLine) checkSealed(c *checker, sealed map[string]string) {
	if sealed[fieldName] == "" {
		c.bad(fieldName, "户主姓名必填", "the head of household is required")
	}
	if sealed[fieldIDNumber] == "" {
		c.bad(fieldIDNumber, "身份证号必填", "the ID number is required")
	}
}

// IsProduct says whether standard × quantity is the amount, give or take so much: a
// product may have parts of a 分, which counties round in either direction.
func IsProduct(standard Amount, quantity string, amount, tolerance Amount) bool {
	q, _, err := apd.NewFromString(quantity)
	if err != nil {
		return false
	}
	exact, off := apd.BaseContext.WithPrecision(60), new(apd.Decimal)
	if _, err := exact.Mul(off, apd.New(int64(standard), 0), q); err != nil {
		return false
	}
	if _, err := exact.Sub(off, off, apd.New(int64(amount), 0)); err != nil {
		return false
	}
	return off.Abs(off).Cmp(apd.New(int64(tolerance), 0)) <= 0
}

func (b *GrantLine) touch(s *state, _ *Entry) {}

func (b *GrantLine) apply(s *state, e *Entry) {
	if !s.takeLine(e, b.Payment, b.Line) {
		return
	}
	o := s.batch
	if !IsProduct(b.Standard, b.Quantity, b.Amount, o.tolerance) {
		s.refuse("body.amount", "product", fmt.Sprintf("金额应等于标准×数量（%s×%s），相差不超过%s元", b.Standard, b.Quantity, o.tolerance), fmt.Sprintf("want standard × quantity (%s × %s), give or take %s yuan", b.Standard, b.Quantity, o.tolerance))
	}
	o.sum += b.Amount
	s.lines.add(lineKey(b.Payment, b.Line), Line{
		Key: lineKey(b.Payment, b.Line), Payment: b.Payment, Line: int64(b.Line), Place: b.Place,
		Amount: b.Amount, Person: personOrNone(e.Person), Account: accountOrNone(e.Account), Phone: phoneOrNone(e.Phone), Seq: e.Seq,
	})
	if e.Person != (audit.Token{}) {
		s.grantsOf.add(personKey(e.Person), lineKey(b.Payment, b.Line))
	}
	if o.left == 0 {
		s.closeBatch()
	}
}

func personOrNone(token audit.Token) string {
	if token == (audit.Token{}) {
		return ""
	}
	return personKey(token)
}

// accountOrNone is the key of an account: a keyed token, as that of a person.
func accountOrNone(token audit.Token) string {
	if token == (audit.Token{}) {
		return ""
	}
	return "a-" + hex.EncodeToString(token[:])
}

// phoneOrNone is the key of a phone number, likewise.
func phoneOrNone(token audit.Token) string {
	if token == (audit.Token{}) {
		return ""
	}
	return "t-" + hex.EncodeToString(token[:])
}
