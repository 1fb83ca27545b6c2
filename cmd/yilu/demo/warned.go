package demo

import (
	"yilu/ledger"
)

// adoptRules puts the warning rules in force on the first days of the year.
func (y *year) adoptRules(rules []*ledger.RuleActivated) {
	var acts []act
	y.rules = map[string]ledger.Count{}
	for _, r := range rules {
		y.rules[r.Code] = r.Version
		acts = append(acts, newAct("2020-01-02", auditor, "rule."+r.Code, r))
	}
	if len(acts) == 0 {
		return
	}
	acts = append(acts, newAct("2020-01-02", auditor, "parameter.P16", &ledger.ParameterSet{
		Code: "P16", Name: "limit", Region: string(Book), From: "2020-01-01", Value: "500000.00", Basis: "襄城县财政资金审批限额（演示）",
	}))
	y.submit("guize", "启用预警规则", acts...)
}

// explained puts what the officer answered to warnings before the entry that they
// hold. Without a rule there is nothing to answer.
func (y *year) explained(ground string, a act, codes ...string) []act {
	var acts []act
	for _, code := range codes {
		if version := y.rules[code]; version > 0 {
			acts = append(acts, newAct(a.On, a.By, a.ID[len(idPrefix):]+"."+code, &ledger.AlertAcknowledged{
				Code: code, Version: version, Of: a.ID, Ground: ground, File: paper(a.ID[len(idPrefix):] + "情况说明"),
			}))
		}
	}
	return append(acts, a)
}
