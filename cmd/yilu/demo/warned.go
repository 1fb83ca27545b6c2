package demo

import (
	"yilu/ledger"
	"yilu/ledger/sheet"
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

// answers are what the officers say to rules that hold rows of sheets: lamps are
// guaranteed for half a year only, a household was recognised after the list was made,
// the post of a villager who died was taken over by his family.
func answers(rules []*ledger.RuleActivated) map[string]sheet.Explanation {
	explain := map[string]sheet.Explanation{}
	for _, r := range rules {
		switch r.Code {
		case "P07":
			explain[r.Code] = sheet.Explanation{Version: r.Version, Ground: "agreed", File: paper("路灯质保期约定")}
		case "E01":
			explain[r.Code] = sheet.Explanation{Version: r.Version, Ground: "approved", File: paper("新识别监测户认定文件")}
		case "E02":
			explain[r.Code] = sheet.Explanation{Version: r.Version, Ground: "fact", File: paper("公益岗由家属顶岗情况说明")}
		}
	}
	return explain
}
