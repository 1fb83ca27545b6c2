package demo

import (
	"fmt"
	"strconv"
	"strings"

	"yilu/ledger"
)

// worksKind is a sort of works: what it is called, costs and leaves behind.
// Prices are plausible and invented.
type worksKind struct {
	name, kind, subtype, department string
	// content has one place for the quantity.
	content string
	// price is yuan a unit; from low to high units, in tenths.
	price, low, high int
	standard         string
	targets, linkage string
	asset            string
	economic         string
}

var worksKinds = []worksKind{
	{"村内道路硬化项目", "construction", "农村道路建设", "县交通运输局", "硬化村内道路%s公里，路面宽4米、C25混凝土厚18厘米", 392_000, 14, 38, "每公里39.2万元", "改善群众出行条件，工程验收合格率100%", "优先使用本村脱贫劳力", "public", "31005"},
	{"标准化大棚项目", "industry", "种植业基地", "县农业农村局", "新建标准化日光大棚%s座，每座占地2亩", 52_600, 140, 300, "每座5.26万元", "年增加村集体收入不低于投资的6%", "收益用于公益岗位和脱贫户分红", "operating", "31006"},
	{"太阳能路灯项目", "construction", "村容村貌提升", "县住建局", "安装6米太阳能路灯%s盏", 3_180, 1400, 2700, "每盏3180元", "方便群众夜间出行，设施完好率100%", "优先使用本村脱贫劳力", "public", "31005"},
	{"烟叶密集烘烤房项目", "industry", "产业园（区）", "县烟草产业中心", "新建烟叶密集烘烤房%s座", 68_400, 110, 230, "每座6.84万元", "服务烟农增收，年增加村集体收入不低于投资的6%", "吸纳脱贫户务工，收益归村集体", "operating", "31006"},
	{"排水管网项目", "construction", "农村污水治理", "县住建局", "铺设排水管网%s公里，管径400毫米", 584_000, 10, 25, "每公里58.4万元", "解决村内积水，受益群众满意度95%以上", "优先使用本村脱贫劳力", "public", "31005"},
	{"扶贫车间建设项目", "industry", "加工业", "县工信局", "新建钢结构扶贫车间%s平方米", 1_150, 6000, 14000, "每平方米1150元", "提供就业岗位不少于40个，其中脱贫人口不少于12个", "吸纳脱贫人口就业，租金归村集体", "operating", "31001"},
	{"文化活动广场项目", "construction", "公共服务设施", "县文化广电和旅游局", "新建文化活动广场%s平方米及配套设施", 425, 8000, 19000, "每平方米425元", "改善群众文化生活，设施完好率100%", "优先使用本村脱贫劳力", "public", "31005"},
	{"光伏发电站项目", "industry", "光伏电站", "县发展改革委", "新建村级光伏电站%s千瓦", 5_620, 2000, 4100, "每千瓦5620元", "年发电收益不低于投资的9%", "收益的80%用于公益岗位和公益事业", "operating", "31006"},
	{"安全饮水巩固提升项目", "construction", "农村供水保障", "县水利局", "更换饮水管网%s公里，新打机井1眼", 186_000, 30, 78, "每公里18.6万元", "供水保证率95%以上，水质达标", "优先使用本村脱贫劳力", "public", "31005"},
	{"生态养殖小区项目", "industry", "养殖业基地", "县农业农村局", "新建标准化羊舍%s平方米", 880, 9000, 21000, "每平方米880元", "年增加村集体收入不低于投资的6%", "带动脱贫户入股分红", "operating", "31006"},
	{"保鲜冷库项目", "industry", "农产品仓储保鲜冷链", "县农业农村局", "新建果蔬保鲜冷库%s立方米", 2_310, 3000, 7400, "每立方米2310元", "减少产后损失，年增加村集体收入不低于投资的6%", "租金归村集体，吸纳脱贫户务工", "operating", "31006"},
	{"生产桥改建项目", "construction", "农村道路建设", "县交通运输局", "改建生产桥%s座，桥宽5.5米", 612_000, 10, 20, "每座61.2万元", "消除出行安全隐患，工程验收合格率100%", "优先使用本村脱贫劳力", "public", "31005"},
}

// countyWorks are the works that are not a village's; the first two are named in
// the seed, as is when they are to be finished.
var countyWorks = []struct {
	town   int
	amount ledger.Amount
	k      worksKind
}{
	{0, wan(486), worksKind{name: "人民医院精神科病区改造项目", kind: "guarantees", subtype: "医疗卫生", department: "县卫生健康委", content: "改造精神科病区%s张床位及附属设施", low: 1000, standard: "按审定预算", targets: "贫困精神障碍患者应收尽收", linkage: "为脱贫户精神障碍患者提供住院服务", asset: "public", economic: "31006"}},
	{5, wan(318), worksKind{name: "敬老院提升改造及居村联养点项目", kind: "guarantees", subtype: "养老服务", department: "县民政局", content: "改造敬老院3所、居村联养点%s个", low: 120, standard: "按审定预算", targets: "失能特困人员集中照护", linkage: "优先入住脱贫户老人", asset: "public", economic: "31006"}},
	{8, wan(437), worksKind{name: "农产品冷链物流中心项目", kind: "industry", subtype: "农产品仓储保鲜冷链", department: "县农业农村局", content: "新建冷链物流中心%s平方米", low: 24000, standard: "按审定预算", targets: "年周转果蔬6000吨", linkage: "租金的60%分配到脱贫村", asset: "operating", economic: "31001"}},
	{11, wan(264), worksKind{name: "乡村道路连通工程项目", kind: "construction", subtype: "农村道路建设", department: "县交通运输局", content: "新建连村道路%s公里，路面宽5.5米", low: 42, standard: "每公里62.9万元", targets: "连通6个行政村", linkage: "优先使用脱贫劳力", asset: "public", economic: "31005"}},
}

// works is a works project, how it is built, and what came of it.
type works struct {
	*project
	sort     worksKind
	estimate ledger.Amount
	schedule schedule
	contract *contract
}

// planWorks makes up the 56 works projects: one for each village out of poverty
// and the county's four.
func (y *year) planWorks() []*works {
	var out []*works
	n := 0
	for i, t := range y.towns {
		for j, v := range t.poor() {
			k := worksKinds[(3*i+j*5+n/12)%len(worksKinds)]
			if i == 2 && j == 0 {
				k = worksKinds[9] // the Hui township's flock is the minority line's
			}
			units := y.between(k.low, k.high)
			if !strings.Contains(k.content, "公里") { // only roads and pipes come in parts
				units = units / 10 * 10
			}
			a := ledger.Amount(int64(k.price) * int64(units) / 10 * 100 / 10_000 * 10_000)
			if i == 2 && j == 0 {
				units, a = 6200, wan(53)
			}
			n++
			w := y.newWorks(n, t, k, units, a)
			w.place, w.placeName, w.name = v.code, t.Name+v.name, t.Name+v.name+k.name
			w.beneficiaries = len(v.households) + y.between(60, 260)
			w.poor = len(v.households)
			out = append(out, w)
		}
	}
	for _, c := range countyWorks {
		n++
		t := y.towns[c.town]
		w := y.newWorks(n, t, c.k, c.k.low, c.amount)
		w.place, w.placeName, w.name = t.Code+"000", t.Name, "襄城县"+c.k.name
		w.beneficiaries, w.poor = y.between(900, 2600), y.between(300, 800)
		out = append(out, w)
	}
	return out
}

func (y *year) newWorks(n int, t *township, k worksKind, units int, a ledger.Amount) *works {
	quantity := strconv.Itoa(units / 10)
	if units%10 != 0 {
		quantity += "." + strconv.Itoa(units%10)
	}
	p := &project{
		id: fmt.Sprintf("GC2020-%03d", n), kind: k.kind, subtype: k.subtype, content: fmt.Sprintf(k.content, quantity), standard: k.standard,
		targets: k.targets, linkage: k.linkage, unit: t.government(), department: k.department, town: t,
		start: "2020-03-31", finish: "2020-06-30", responsible: ledger.Person{Name: y.name(), Post: "副乡镇长"}, economic: k.economic,
	}
	switch {
	case a == wan(53):
		p.holdings = y.purse.take(a, minorityFund)
	case k.asset == "public" && k.price == 3_180 && a < wan(49) && y.purse[cityFund] >= a:
		p.holdings = y.purse.take(a, cityFund)
	case k.kind == "industry" && y.purse[centralFund] > wan(560):
		p.holdings = y.purse.take(a, centralFund)
	case k.kind != "industry" && y.purse[provinceFund] > wan(360):
		p.holdings = y.purse.take(a, provinceFund)
	default:
		p.holdings = y.purse.take(a)
	}
	y.projects = append(y.projects, p)
	return &works{project: p, sort: k, estimate: share(a, 985, 1000)}
}

// schedule is when a project's works go through their stages.
type schedule struct {
	announced, deadline, candidates, awarded ledger.Date
	signed, started, completed               ledger.Date
	township, county, settled                ledger.Date
}

// newSchedule spreads the works: tenders from mid-January with a long window over
// the Spring Festival, or in February; works from March to the end of June.
func (y *year) newSchedule(i int) schedule {
	var c schedule
	if i%3 == 0 {
		c.announced = workdays("2020-01-15", y.between(0, 4))
		c.deadline = workdays("2020-02-10", y.between(0, 5))
	} else {
		c.announced = workdays("2020-02-10", y.between(0, 6))
		c.deadline = workday(after(c.announced, 21))
	}
	c.candidates = workdays(c.deadline, 1)
	c.awarded = workday(after(c.candidates, 4))
	c.signed = workdays(c.awarded, y.between(1, 3))
	c.started = workdays(c.signed, y.between(3, 4))
	c.completed = workday(after(c.started, y.between(68, 92)))
	if c.completed > "2020-06-30" {
		c.completed = "2020-06-30"
	}
	if i == 7 || i == 31 { // two were late, and it shows
		c.completed = workdays("2020-07-08", i/7)
	}
	c.township = workdays(c.completed, y.between(3, 8))
	c.county = workdays(c.township, y.between(5, 12))
	c.settled = workdays(c.county, y.between(8, 18))
	return c
}

// tellWorks tells one project from tender to settlement.
func (y *year) tellWorks(i int, w *works) {
	c := y.newSchedule(i)
	y.file("2020-01-13", w.project, 17, "实施方案")
	l := lot{project: w.project, id: w.id + "-ZB", category: "works", estimate: w.estimate, market: builders}
	l.method = pick(y.story, []string{"open", "open", "consultation", "negotiation"})
	switch {
	case w.estimate >= wan(400):
		l.method = "open"
	case w.id == boughtApart:
		l.method = "consultation"
	}
	if i == failedTender {
		y.failTender(&l)
		c.announced, c.deadline = "2020-02-12", "2020-03-04"
		c.candidates, c.awarded, c.signed, c.started = "2020-03-05", "2020-03-09", "2020-03-12", "2020-03-18"
	}
	best := y.tender(l, c)
	w.schedule = c
	w.contract = y.sign(i, w, l.id, contract{firm: best.firm, amount: best.amount})
	y.build(i, w)
	y.close(i, w)
}
