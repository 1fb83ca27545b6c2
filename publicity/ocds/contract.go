package ocds

import (
	"slices"
	"strings"

	"yilu/ledger"
)

// clone is the contract as it is now.
func (c *Contract) clone() Contract {
	out := *c
	out.Amendments = slices.Clone(c.Amendments)
	if c.Implementation != nil {
		i := *c.Implementation
		i.Transactions = slices.Clone(i.Transactions)
		out.Implementation = &i
	}
	return out
}

func (p *process) contractOf(id string) *Contract {
	for _, x := range p.contract {
		if x.ID == id {
			return x
		}
	}
	return nil
}

// tell puts a contract into the release as it is, without what was paid, which its
// own releases tell.
func (p *process) tell(c *Contract) {
	told := c.clone()
	if told.Implementation != nil {
		told.Implementation.Transactions = nil
		if told.Implementation.FinalValue == nil {
			told.Implementation = nil
		}
	}
	p.now.Contracts = []Contract{told}
}

func (p *process) sign(s step, b *ledger.ContractSigned) {
	if s.undone {
		p.begin(s, "contractTermination")
		if c := p.contractOf(b.Contract); c != nil {
			c.Status = "cancelled"
			p.tell(c)
		}
		return
	}
	p.begin(s, "contract")
	c := &Contract{ID: b.Contract, Title: b.Name, Status: "active", Value: yuan(b.Amount), Signed: midnight(s.entry.On)}
	if b.Start != "" || b.Finish != "" {
		c.Period = &Period{midnight(b.Start), midnight(b.Finish)}
	}
	c.AwardID = p.awardFor(b, s)
	p.contract = append(p.contract, c)
	p.tell(c)
}

// awardFor is the award that a contract is signed on. The standard wants one for
// each contract: without a tender, or with a supplier that did not win it, the
// contract itself is the decision.
func (p *process) awardFor(b *ledger.ContractSigned, s step) string {
	supplier := partyOf(b.Supplier)
	for _, x := range slices.Backward(p.awards) {
		if x.Status == "active" && x.Suppliers[0].ID == supplier.ID {
			return x.ID
		}
	}
	x := &Award{ID: "contract-" + b.Contract, Title: b.Name, Status: "active", Date: midnight(s.entry.On), Value: yuan(b.Amount), Suppliers: []Reference{p.party(b.Supplier, "supplier")}}
	p.awards = append(p.awards, x)
	p.now.Awards = []Award{*x}
	if b.Tender == "" {
		t := p.tender
		t.Title, t.Status, t.Category, t.Value = b.Name, "complete", b.Category, yuan(b.Amount)
		t.Method, t.MethodDetails = "direct", ledger.Methods.Name("direct").Zh
		if e := p.builder.exemption; e != nil {
			t.Method, t.MethodDetails, t.Rationale = methods[e.Method], ledger.Methods.Name(e.Method).Zh, ledger.Grounds.Name(e.Ground).Zh
		}
		p.tellTender()
	}
	return x.ID
}

func (p *process) amend(s step, b *ledger.ContractAmended) {
	p.begin(s, "contractAmendment")
	c := p.contractOf(b.Contract)
	a, why := b.Amount, ledger.Reasons.Name(b.Reason).Zh
	if s.undone {
		a, why = -a, "红字冲销第 "+seqText(s.entry.Seq)+" 号分录"
	}
	if c.Value != nil {
		c.Value = &Value{c.Value.Amount + Number(a), "CNY"}
	}
	if b.Finish != "" && !s.undone {
		period := Period{End: midnight(b.Finish)}
		if c.Period != nil {
			period.Start = c.Period.Start
		}
		c.Period = &period
	}
	c.Amendments = append(c.Amendments, Amendment{
		ID: seqText(s.at) + "-" + seqText(s.entry.Seq), Date: p.now.Date, Rationale: why,
		Description: strings.TrimSpace(b.Document + "，金额变动 " + a.Comma() + " 元"),
	})
	p.tell(c)
}

func (p *process) settle(s step, b *ledger.SettlementAudited) {
	p.begin(s, "implementationUpdate")
	c := p.contractOf(b.Contract)
	if c.Implementation == nil {
		c.Implementation = &Implementation{}
	}
	c.Implementation.FinalValue = yuan(b.Amount)
	c.Implementation.FinalValueDetails = "结算审定：" + b.Document
	if s.undone {
		c.Implementation.FinalValue = c.Value
		c.Implementation.FinalValueDetails = "结算审定已冲销，以合同价为准"
	}
	p.tell(c)
}

// pay tells of a payment and of what came back of it. A private payee is not named.
func (p *process) pay(s step) {
	pay := s.payment
	c := p.contractOf(pay.Contract)
	p.begin(s, "implementation")
	if len(p.contract) > 0 && c.Implementation != nil && len(c.Implementation.Transactions) > 0 {
		p.now.Tag = []string{"implementationUpdate"}
	}
	payer := p.known(partyOf(ledger.Party{Name: p.builder.publisher.Payer}), "payer")
	t := Transaction{ID: pay.Payment, Date: midnight(pay.PaidOn), Value: &Value{Number(pay.Amount), "CNY"}, Payer: &payer}
	if who, ok := organisation(pay); ok {
		t.Payee = new(p.party(who, "payee"))
	}
	told := []Transaction{t}
	if pay.Returned != 0 {
		back := Transaction{ID: pay.Payment + "-returned", Value: &Value{Number(-pay.Returned), "CNY"}, Payer: t.Payee, Payee: &payer}
		told = append(told, back)
	}
	if c.Implementation == nil {
		c.Implementation = &Implementation{}
	}
	c.Implementation.Transactions = append(c.Implementation.Transactions, told...)
	p.now.Contracts = []Contract{{ID: c.ID, AwardID: c.AwardID, Status: c.Status, Implementation: &Implementation{Transactions: told}}}
}

// organisation is who a payment went to, unless that is a private person.
func organisation(pay *ledger.Payment) (ledger.Party, bool) {
	switch {
	case strings.HasPrefix(pay.Payee, "p-"), strings.HasPrefix(pay.Payee, "g-"):
		return ledger.Party{}, false
	case strings.HasPrefix(pay.Payee, "n-"):
		return ledger.Party{Name: pay.PayeeName}, true
	}
	return ledger.Party{Code: pay.Payee, Name: pay.PayeeName}, true
}
