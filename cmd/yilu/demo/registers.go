package demo

import (
	"fmt"
	"slices"

	"yilu/ledger"
)

// The comparison lists of the year, and whom they find. What the officers answered to
// the warnings is in explained and answers.
//
//	villager    died in November, and was paid for a public post in December     E02
//	newcomer    was recognised in spring, and is not on January's list           E01
//	cadre       of a village, gets an industry grant as the head of a household  E06
//	a firm      wins one lot while it is banned                                  W10
//	six cards   of one village were opened one after the other on one day        E12
//	a watched   household has two measures left, and its village less than three H08
//	a student   of a household that got no 雨露计划 for the year before          H11

// found are the households that the lists find something about.
type found struct{ villager, newcomer, cadre household }

// lists hands in all comparison lists of the year.
func (y *year) lists(grants []*grants) {
	who := y.findable(grants)
	var poor, payroll, cadres, spring, autumn []act
	for _, t := range y.towns {
		for _, v := range t.villages {
			for _, h := range v.households {
				if h.number == who.newcomer.number {
					continue
				}
				class := "脱贫户"
				if h.watched {
					class = "监测户"
				}
				poor = append(poor, y.member(h, map[string]string{"household": h.home(), "class": class}))
			}
		}
		payroll = append(payroll, y.stranger(len(payroll)+1, "", map[string]string{"post": t.government() + "科员"}), y.stranger(100+len(payroll)+1, "", map[string]string{"post": t.government() + "中学教师"}))
		cadres = append(cadres, y.stranger(200+len(cadres)+1, t.villages[0].code, map[string]string{"post": "村支书"}))
		spring = append(spring, y.stranger(300+len(spring)+1, t.villages[1].code, map[string]string{"died_on": string(after("2020-02-03", 5*len(spring)))}))
	}
	cadres = append(cadres, y.member(who.cadre, map[string]string{"post": "村委会副主任"}))
	autumn = append(slices.Clone(spring), y.member(who.villager, map[string]string{"died_on": "2020-11-05"}))
	y.list("2020-01-03", reliefMaker, &ledger.RegisterLoaded{List: ledger.ListPoor, Source: "襄城县扶贫办（演示）", Stated: "2020-01-02", From: "2020-01-06", To: "2020-12-31"}, poor)
	y.list("2020-05-27", reliefMaker, &ledger.RegisterLoaded{List: ledger.ListPayroll, Source: "襄城县财政局（演示）", Stated: "2020-05-25", From: "2020-06-01", To: "2020-12-31"}, payroll)
	y.list("2020-05-27", reliefMaker, &ledger.RegisterLoaded{List: ledger.ListCadres, Source: "中共襄城县委组织部（演示）", Stated: "2020-05-25", From: "2020-06-01", To: "2020-12-31"}, cadres)
	y.list("2020-05-28", reliefMaker, &ledger.RegisterLoaded{List: ledger.ListDeceased, Source: "襄城县公安局（演示）", Stated: "2020-05-25", From: "2020-06-01", To: "2020-11-30"}, spring)
	y.list("2020-11-26", reliefMaker, &ledger.RegisterLoaded{List: ledger.ListDeceased, Source: "襄城县公安局（演示）", Stated: "2020-11-25", From: "2020-12-01", To: "2020-12-31"}, autumn)
}

// helped are the measures of each watched household.
var helped = []string{"产业帮扶", "基本医疗保险参保资助", "驻村干部结对帮扶"}

// measureList hands in what each watched household is helped by. Of one the first measure
// ended in autumn.
func (y *year) measureList() {
	var measures []act
	short := y.towns[4]
	for _, t := range y.towns {
		for _, v := range t.villages {
			for _, h := range v.households {
				if !h.watched {
					continue
				}
				for i, name := range helped {
					sealed := map[string]string{"household": h.home(), "class": name, "first_on": "2020-01-06"}
					if t == short && i == 0 {
						sealed["last_on"], short = "2020-09-30", nil
					}
					measures = append(measures, y.member(h, sealed))
				}
			}
		}
	}
	y.list("2020-11-26", reliefMaker, &ledger.RegisterLoaded{List: ledger.ListMeasures, Source: "襄城县扶贫办（演示）", Stated: "2020-11-25", From: "2020-12-01", To: "2020-12-31"}, measures)
}

// entitledList hands in who may have 雨露计划 for the school year before: of each township
// a household that got it in autumn, and of one another that did not.
func (y *year) entitledList(all []*grants) {
	got := map[int]bool{}
	var entitled []act
	student := func(h household) {
		entitled = append(entitled, y.member(h, map[string]string{"class": "雨露计划", "first_on": "2019-09-01"}))
	}
	for _, g := range all {
		if g.item.code != "YL" {
			continue
		}
		student(g.rounds[0][0].household)
		for _, l := range g.rounds[0] {
			got[l.number] = true
		}
	}
	others := y.towns[5].villages[0].households
	student(others[slices.IndexFunc(others, func(h household) bool { return !got[h.number] })])
	y.list("2020-11-26", reliefMaker, &ledger.RegisterLoaded{List: ledger.ListEntitled, Source: "襄城县教育体育局（演示）", Stated: "2020-11-25", From: "2020-12-01", To: "2020-12-31"}, entitled)
}

// firmLists hands in who is registered as a firm, and the head of each.
func (y *year) firmLists() {
	var firms, heads []act
	for i, f := range slices.Concat(builders, dealers, auditors, advisers, []firm{school, lender}) {
		firms = append(firms, newAct("", ledger.By{}, "", &ledger.RegisterSupplier{
			Supplier: f.Party, Address: fmt.Sprintf("襄城县示例路%d号", i+1), From: after("2012-03-01", 31*i)}))
		head := y.stranger(400+i, "", map[string]string{"post": "法定代表人"})
		head.Body = &ledger.RegisterPerson{Firm: f.Code}
		heads = append(heads, head)
	}
	y.list("2020-01-08", financeMaker, &ledger.RegisterLoaded{List: ledger.ListFirms, Source: "襄城县市场监督管理局（演示）", Stated: "2020-01-06", From: "2020-01-10", To: "2020-12-31"}, firms)
	y.list("2020-01-08", financeMaker, &ledger.RegisterLoaded{List: ledger.ListPersons, Source: "襄城县市场监督管理局（演示）", Stated: "2020-01-06", From: "2020-01-10", To: "2020-12-31"}, heads)
}

// cardsAtOnce is how many cards a branch opened one after the other.
const cardsAtOnce = 6

// bankList hands in what the branch of one village has opened: a card each for thirty
// households, on days of their own but for the last ones.
func (y *year) bankList() {
	var opened []act
	households := y.towns[0].villages[0].households
	households = households[:min(len(households), 30)]
	for i, h := range households {
		on, serial := after("2016-03-01", 17*i), 3*i+1
		if rest := i - (len(households) - cardsAtOnce); rest >= 0 {
			on, serial = "2018-09-12", 200+rest
		}
		a := newAct("", ledger.By{}, "", &ledger.RegisterAccount{Branch: "襄城农商行示例支行（演示）", Opened: on, Serial: ledger.Count(serial)})
		a.Sealed = map[string]string{"payee_account": Card(h.number)}
		opened = append(opened, a)
	}
	y.list("2020-06-03", reliefMaker, &ledger.RegisterLoaded{List: ledger.ListAccounts, Source: "襄城农商行（演示）", Stated: "2020-06-01", From: "2020-06-05", To: "2020-12-31"}, opened)
}

// home is the household's number on lists (户编号).
func (h household) home() string { return fmt.Sprintf("H%05d", h.number) }

// list hands in one load: its header, and the members behind it.
func (y *year) list(on ledger.Date, by ledger.By, head *ledger.RegisterLoaded, members []act) {
	head.Region = string(Book)
	head.Lines = ledger.Count(len(members))
	id := head.List + "." + string(head.Stated)
	acts := []act{newAct(on, by, id, head)}
	for i, m := range members {
		m.ID, m.On, m.By = fmt.Sprintf("%s%s.%05d", idPrefix, id, i+1), on, by
		acts = append(acts, m)
	}
	y.submit(head.List, ledger.Lists.Name(head.List).Zh, acts...)
}

// member is a household's head on a list.
func (y *year) member(h household, sealed map[string]string) act {
	a := newAct("", ledger.By{}, "", &ledger.RegisterPerson{Place: h.place})
	a.Sealed = map[string]string{"name": h.head, "id_number": h.id}
	for field, value := range sealed {
		a.Sealed[field] = value
	}
	return a
}

// strangers begins the numbers of persons on lists who get no grant.
const strangers = households + 1000

// stranger is somebody on a list of whom nothing else is told.
func (y *year) stranger(n int, place string, sealed map[string]string) act {
	return y.member(household{head: surnames[n%len(surnames)] + given[n%len(given)], id: IDNumber(strangers + n), place: place}, sealed)
}

// findable chooses the households: the villager has a public post to the end of the
// year; the others get one industry grant and nothing else.
func (y *year) findable(all []*grants) found {
	lines := map[int]int{}
	for _, g := range all {
		for _, round := range g.rounds {
			for _, l := range round {
				lines[l.number]++
			}
		}
	}
	var who found
	for _, g := range all {
		last := g.rounds[len(g.rounds)-1]
		switch {
		case g.item.code == "GW" && who.villager.number == 0:
			who.villager = last[len(last)-1].household
		case g.item.code == "CY" && g.townIndex() == 2:
			once := slices.DeleteFunc(slices.Clone(g.rounds[0]), func(l grantLine) bool { return lines[l.number] > 1 })
			who.newcomer, who.cadre = once[0].household, once[1].household
		}
	}
	return who
}

// banFirm puts a firm on the list of debarred suppliers that wins one lot of the year,
// and has the award explained.
func (y *year) banFirm() {
	awards := map[string][]*ledger.TenderAwarded{}
	for _, d := range y.days {
		for _, a := range d.acts {
			if b, ok := a.Body.(*ledger.TenderAwarded); ok {
				awards[b.Winner.Code] = append(awards[b.Winner.Code], b)
			}
		}
	}
	at := slices.IndexFunc(builders, func(f firm) bool { return len(awards[f.Code]) == 1 })
	banned := builders[at]
	ban := func(p ledger.Party, from, to ledger.Date, basis string) act {
		return newAct("", ledger.By{}, "", &ledger.RegisterSupplier{Supplier: p, From: from, To: to, Basis: basis})
	}
	y.list("2020-01-08", financeMaker, &ledger.RegisterLoaded{List: ledger.ListDebarred, Source: "河南省财政厅（演示）", Stated: "2020-01-07", From: "2020-01-10", To: "2020-12-31"}, []act{
		ban(newFirm(900, "河南示例远山建设工程有限公司").Party, "2018-06-01", "2021-05-31", "演示处罚决定〔2018〕6号"),
		ban(banned.Party, "2019-12-20", "2020-12-19", "演示处罚决定〔2019〕12号"),
		ban(newFirm(901, "河南示例平川市政工程有限公司").Party, "2019-03-01", "", "演示处罚决定〔2019〕3号"),
	})
	for _, d := range y.days {
		for i, a := range d.acts {
			if a.Body == awards[banned.Code][0] {
				d.acts = slices.Replace(d.acts, i, i+1, y.explained("other", a, "W10")...)
				return
			}
		}
	}
}
