package demo

import (
	"fmt"
	"strconv"

	"yilu/ledger"
	councils "yilu/publicity/workday"
)

// grantItem is a sort of household grant. Standards are plausible and invented.
type grantItem struct {
	code, name, kind, subtype, content, targets, linkage string
	choices                                              []grantChoice
	// percent of the households get it, in as many rounds as there are days.
	percent int
	days    []ledger.Date
	// every says whether each household is in each round, or in one of them.
	every bool
}

// grantChoice is what a household may get: yuan a unit, from low to high units.
type grantChoice struct {
	standard, low, high int
}

var grantItems = []grantItem{
	{"CY", "脱贫户产业奖补", "industry", "到户产业", "对发展种植、养殖的脱贫户按标准奖补", "户均增收1500元以上", "验收后通过一卡通直接到户",
		[]grantChoice{{600, 1, 4}, {400, 2, 5}, {30, 15, 45}}, 100, []ledger.Date{"2020-06-08", "2020-10-19"}, false},
	{"GW", "公益性岗位补贴", "employment", "公益岗位", "对聘用的脱贫劳动力发放公益性岗位补贴", "稳定就业，岗位补贴按时足额发放", "聘用脱贫劳动力，一卡通直接到户",
		[]grantChoice{{500, 3, 6}, {600, 3, 6}}, 19, []ledger.Date{"2020-07-06", "2020-12-01"}, true},
	{"YL", "雨露计划职业教育补助", "guarantees", "教育扶贫", "对接受职业教育的脱贫家庭学生补助", "脱贫家庭学生不因贫失学", "一卡通直接到户",
		[]grantChoice{{1500, 1, 2}}, 5, []ledger.Date{"2020-09-21"}, true},
}

// grantLine is a household's part in a round.
type grantLine struct {
	household
	standard, quantity int
}

func (l grantLine) amount() ledger.Amount { return yuan(int64(l.standard) * int64(l.quantity)) }

// grants is one item in one township with its rounds.
type grants struct {
	*project
	item   grantItem
	rounds [][]grantLine
}

// spare is what a grant's budget exceeds its lines by: a household's part is never
// split over two funds, so a rest may stay with the first.
const spare = 5_000_00

// planGrants makes up who gets what, and a project for each township and item.
func (y *year) planGrants() []*grants {
	var out []*grants
	for n, item := range grantItems {
		for i, t := range y.towns {
			g := &grants{item: item, rounds: y.rounds(item, t)}
			var sum ledger.Amount
			for _, lines := range g.rounds {
				for _, l := range lines {
					sum += l.amount()
				}
			}
			g.project = y.grantProject(fmt.Sprintf("DH2020-%s-%02d", item.code, i+1), t, item, (sum+spare)/yuan(1_000)*yuan(1_000))
			g.beneficiaries = len(g.rounds[0])
			if n == 0 {
				g.beneficiaries += len(g.rounds[1])
			}
			g.poor = g.beneficiaries
			out = append(out, g)
		}
	}
	return out
}

// rounds draws the households of an item and shares them out to its rounds.
func (y *year) rounds(item grantItem, t *township) [][]grantLine {
	out := make([][]grantLine, len(item.days))
	for _, v := range t.villages {
		for _, h := range v.households {
			if y.rand.IntN(100) >= item.percent {
				continue
			}
			c := pick(y.story, item.choices)
			only := y.rand.IntN(len(item.days))
			for round := range out {
				if item.every || round == only {
					out[round] = append(out[round], grantLine{h, c.standard, y.between(c.low, c.high)})
				}
			}
		}
	}
	return out
}

func (y *year) grantProject(id string, t *township, item grantItem, a ledger.Amount) *project {
	p := &project{
		id: id, name: t.Name + item.name + "项目", kind: item.kind, subtype: item.subtype, content: item.content, targets: item.targets,
		linkage: item.linkage, unit: t.government(), department: "县扶贫办", town: t, place: t.Code + "000", placeName: t.Name,
		start: "2020-03-31", finish: "2020-12-31", responsible: ledger.Person{Name: y.name(), Post: "财政所长"}, standard: "按县级到户补助标准",
	}
	if item.kind == "industry" {
		p.holdings = y.purse.take(a, centralFund)
	} else {
		p.holdings = y.purse.take(a, provinceFund)
	}
	y.projects = append(y.projects, p)
	return p
}

// tellGrants has every round handed in by the township, approved by the county
// and paid.
func (y *year) tellGrants(g *grants) {
	for n, lines := range g.rounds {
		id := fmt.Sprintf("%s-P%d", g.id, n+1)
		y.grant(workdays(g.item.days[n], g.townIndex()%5), id, g, lines)
	}
}

func (g *grants) townIndex() int {
	n, _ := strconv.Atoi(g.id[len(g.id)-2:])
	return n - 1
}

// grant hands in a batch, or two if it draws on two lines.
func (y *year) grant(on ledger.Date, id string, g *grants, lines []grantLine) {
	for i := range g.holdings {
		h := &g.holdings[i]
		rest := h.given - h.used
		n := 0
		var sum ledger.Amount
		for n < len(lines) && sum+lines[n].amount() <= rest {
			sum += lines[n].amount()
			n++
		}
		if n == 0 {
			continue
		}
		h.used += sum
		y.batch(on, id, g, grantBatch{fund: fundLines[h.line].id, lines: lines[:n], sum: sum})
		lines = lines[n:]
		id += "b"
	}
	if len(lines) > 0 {
		panic("demo: " + g.id + " grants more than it has") // a bug of the story
	}
}

type grantBatch struct {
	fund  string
	lines []grantLine
	sum   ledger.Amount
}

func (y *year) batch(on ledger.Date, id string, g *grants, b grantBatch) {
	y.submit("fafang."+id, g.name+"一卡通发放", batchActs(on, id, g, b)...)
	y.add(y.explained("fact", newAct(paidOut(on, id), treasury, id+".paid", &ledger.PaymentPaid{Payment: id, Voucher: voucher(id)}), held(id)...)...)
}

// batchActs is a batch with its lines.
func batchActs(on ledger.Date, id string, g *grants, b grantBatch) []act {
	by := cashier(g.town.Code)
	acts := []act{newAct(on, by, id+".requested", &ledger.GrantRequested{
		Payment: id, Project: g.id, Fund: b.fund, Item: g.item.name, Amount: b.sum, Lines: ledger.Count(len(b.lines)), Period: on.Month(),
		Files: []ledger.File{paper(id + "发放花名册公示照片")},
	})}
	for i, l := range b.lines {
		category := "脱贫户"
		if l.watched {
			category = "监测户"
		}
		a := newAct(on, by, fmt.Sprintf("%s.%04d", id, i+1), &ledger.GrantLine{
			Payment: id, Line: ledger.Count(i + 1), Place: l.place, Category: category,
			Standard: yuan(int64(l.standard)), Quantity: strconv.Itoa(l.quantity), Amount: l.amount(),
		})
		a.Sealed = map[string]string{"payee_name": l.head, "id_number": l.id, "payee_account": l.account, "phone": l.phone}
		acts = append(acts, a)
	}
	return acts
}

// paidOut is when a batch that was handed in on a day is paid: once its list has hung
// for ten days, but for one that was paid three days too soon.
func paidOut(on ledger.Date, id string) ledger.Date {
	ends, err := councils.StateCouncil().PostingEnd(workdays(on, 2), 10, councils.Strict)
	if err != nil {
		panic("demo: " + err.Error()) // a day of the story: a bug
	}
	if id == paidTooEarly {
		return workday(after(ends, -3))
	}
	return workday(after(ends, 1))
}

// held are the rules that hold the payment of a batch.
func held(id string) []string {
	if id == paidTooEarly {
		return []string{"D09"}
	}
	return nil
}
