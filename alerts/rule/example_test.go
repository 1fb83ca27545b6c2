package rule_test

import (
	"fmt"
	"testing/fstest"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
)

// state answers facts from a map; the engine's does so from the ledger's state.
type state map[string]formula.Value

func (s state) Fact(name string) (formula.Value, bool) {
	v, ok := s[name]
	return v, ok
}

const overContract = `
code: P01
version: 1
kind: event
stage: payment
name: {zh: 超合同付款, en: payment over contract}
kinds: [payment.requested]
handling: "B"
level: red
category: 量
basis: 算术
formula: {zh: 付款不超过合同, en: payments stay within the contract}
facts: [contract.id, contract.amount, contract.paid, entry.amount]
when: contract.paid + entry.amount > contract.amount
value: contract.paid + entry.amount
limit: contract.amount
subject: [contract.id]
message: {zh: "付款累计{value}元，合同{limit}元，请核实", en: "{value} yuan of {limit} would be paid, please verify"}
`

func Example() {
	facts := []rule.Fact{
		{Name: "entry.amount", Type: formula.Amount, Unit: "元", Source: "body.amount"},
		{Name: "contract.id", Type: formula.Text, Source: "body.contract"},
		{Name: "contract.amount", Type: formula.Amount, Unit: "元", Source: "contract with its amendments"},
		{Name: "contract.paid", Type: formula.Amount, Unit: "元", Source: "Σ paid − returned"},
	}
	set, err := rule.Load(fstest.MapFS{"P01.yaml": {Data: []byte(overContract)}}, rule.Surroundings{
		Catalogue: rule.Catalogue{"payment.requested": facts},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	asked := state{"contract.id": formula.String("K1"), "contract.amount": formula.Yuan(1_000_000_00), "entry.amount": formula.Yuan(400_000_01)}
	for _, paid := range []formula.Value{formula.Yuan(500_000_00), formula.Yuan(600_000_00), {}} {
		asked["contract.paid"] = paid
		for _, r := range set.At("payment.requested") {
			result := r.Eval(rule.Act{Book: "411623", Facts: asked})
			fmt.Printf("%s %q\n", result.State, result.Reason+result.Message.En)
		}
	}
	// Output:
	// clear ""
	// flag "1,000,000.01 yuan of 1,000,000.00 would be paid, please verify"
	// not_evaluable "field:contract.paid"
}
