package rules_test

import (
	"testing"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/alerts/rules"
)

// ordinary is a payment that no rule minds.
type ordinary map[string]formula.Value

func (o ordinary) Fact(name string) (formula.Value, bool) {
	v, ok := o[name]
	return v, ok
}

// BenchmarkPayment judges one payment request by every rule that looks at it.
func BenchmarkPayment(b *testing.B) {
	set, err := rule.Load(rules.Files, surroundings())
	if err != nil {
		b.Fatal(err)
	}
	on, err := formula.ParseDay("2020-03-02")
	if err != nil {
		b.Fatal(err)
	}
	hundredth, err := formula.ParseValue(formula.Share, "0.10")
	if err != nil {
		b.Fatal(err)
	}
	act := rule.Act{Book: "411623", Day: on, Region: "411623", Facts: ordinary{
		"entry.on": formula.On(on), "entry.amount": formula.Yuan(100_00), "project.id": formula.String("X1"), "fund.id": formula.String("F1"),
		"project.accepted": formula.True(false), "contract.id": formula.String("K1"), "contract.signed_on": formula.On(on - 30),
		"contract.amount": formula.Yuan(1_000_000_00), "contract.paid": formula.Yuan(100_000_00), "contract.requested": formula.Yuan(0),
		"contract.payees": formula.Strings([]string{"S1"}), "payment.id": formula.String("Z1"), "payment.payee": formula.String("S1"),
		"allocation.amount": formula.Yuan(1_000_000_00), "allocation.paid": formula.Yuan(0), "allocation.requested": formula.Yuan(0),
		"twin.invoiced": formula.Whole(0), "twin.exists": formula.True(false), "invoice.id": formula.String("I1"),
		"invoice.amount": formula.Yuan(100_00), "invoice.paid": formula.Yuan(0), "invoice.requested": formula.Yuan(0),
		"contract.is_settled": formula.True(false), "works.percent": hundredth, "payment.economic_code": formula.String("31005"), "payment.to_person": formula.True(false),
		"payment.payee_name": formula.String("某建筑公司"), "payment.same_day": formula.Yuan(0), "payment.same_day_most": formula.Yuan(0), "twin.near_invoiced": formula.Whole(0),
		"invoice.other_payees": formula.Whole(0), "invoice.dated": formula.True(true), "invoice.on": formula.On(on - 1), "entry.files": formula.Whole(1),
		"entry.names": formula.Strings([]string{"进度款", "某建筑公司"}), "entry.wording": formula.String("进度款"), "entry.bad_codes": formula.Whole(0),
		"entry.unit": formula.String("U1"), "entry.day_before": formula.On(on - 1), "dates.known": formula.True(true), "dates.first": formula.On(on - 1), "dates.last": formula.On(on),
		"fund.carry_until": formula.On(on + 300), "contract.has_retention": formula.True(false), "contract.pricing": formula.String(""), "payment.stage": formula.String(""),
		"payment.freezes": formula.Whole(0), "posting.exists": formula.True(true), "posting.until": formula.On(on - 1), "person.dead": formula.True(false), "account.stated": formula.True(false),
		"account.has_holder": formula.True(false), "account.mandate": formula.True(false),
	}}
	rules := set.At("payment.requested")
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range rules {
			if result := r.Eval(act); result.State != rule.Clear && result.State != rule.NotApplicable && result.Reason != "param:limit" {
				b.Fatal(result.Code, result.State, result.Reason)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rules)), "ns/rule")
}

// BenchmarkLoad compiles all rules.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := rule.Load(rules.Files, surroundings()); err != nil {
			b.Fatal(err)
		}
	}
}
