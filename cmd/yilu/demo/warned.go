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
	if len(acts) > 0 {
		y.submit("guize", "启用预警规则", acts...)
	}
}

// explained puts what the officer answered to a warning before the entry that it
// holds. Without the rule there is nothing to answer.
func (y *year) explained(code, ground string, a act) []act {
	version := y.rules[code]
	if version == 0 {
		return []act{a}
	}
	return []act{newAct(a.On, a.By, a.ID[len(idPrefix):]+"."+code, &ledger.AlertAcknowledged{
		Code: code, Version: version, Of: a.ID, Ground: ground, File: paper(a.ID[len(idPrefix):] + "情况说明"),
	}), a}
}
