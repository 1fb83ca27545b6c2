package sheet

import (
	"strings"

	"yilu/ledger"
)

// Columns that several forms share.
var (
	orderColumn   = Column{Name: "序号", Aliases: []string{"编号序列", "No", "顺序号"}, unhashed: true, example: "1"}
	townColumn    = Column{Name: "乡镇", Aliases: []string{"乡", "镇", "乡(镇)", "乡镇街道", "乡镇(街道)", "所在乡镇", "乡镇名称"}, example: "颍阳镇"}
	villageColumn = Column{Name: "村", Aliases: []string{"行政村", "村名", "村(社区)", "所在村", "村名称"}, example: "某村"}
	placeColumn   = Column{Name: "区划代码", Aliases: []string{"村代码", "行政区划代码", "乡镇代码"}, kind: number, example: "411025103205"}
	remarkColumn  = Column{Name: "备注", Aliases: []string{"说明"}, unhashed: true}
	fundColumn    = Column{Name: "资金编号", Aliases: []string{"指标编号", "指标ID"}, kind: id, example: "F2020-01"}
	projectColumn = Column{Name: "项目编号", Aliases: []string{"项目代码", "项目编码", "项目库编号"}, kind: id, example: "P2020-001"}
)

// Plan is 计划安排表: the county's yearly plan, one approved project a row, with
// its money by source. Fields: domain §6, PLAN9 of §2.
var Plan = &Form{
	Name: "plan", Text: ledger.Text{Zh: "计划安排表", En: "plan of projects"}, Wan: true, main: "计划投入资金",
	Columns: []Column{
		orderColumn, projectColumn,
		{Name: "部门", Aliases: []string{"主管部门", "行业主管部门", "主管单位"}, example: "县农业农村局"},
		townColumn, villageColumn, placeColumn,
		{Name: "项目名称", required: true, Aliases: []string{"项目", "名称"}, example: "颍阳镇某村道路硬化项目"},
		{Name: "项目类型", Aliases: []string{"类型", "项目类别"}, example: "乡村建设行动"},
		{Name: "项目子类型", Aliases: []string{"子类型", "二级项目类型"}, example: "农村道路建设"},
		{Name: "建设内容", required: true, Aliases: []string{"建设内容及规模", "建设任务", "建设内容与规模", "项目内容"}, example: "硬化道路1.2公里"},
		{Name: "补助标准", example: "每公里40万元"},
		fundColumn,
		{Name: "计划投入资金", kind: amount, Aliases: []string{"计划总投资", "资金规模", "投资规模", "总投资", "计划投资", "投入资金", "资金总额"}, example: "48.5"},
		{Name: "中央衔接", kind: amount, Aliases: []string{"中央衔接资金", "中央", "中央资金", "中央财政衔接", "中央专项", "中央财政专项扶贫资金"}, example: "48.5"},
		{Name: "省级衔接", kind: amount, Aliases: []string{"省级衔接资金", "省级", "省级资金", "省财政衔接", "省级专项"}},
		{Name: "省级财政", kind: amount, Aliases: []string{"省级财政资金", "省财政"}},
		{Name: "市级", kind: amount, Aliases: []string{"市级资金", "市级衔接", "市级财政"}},
		{Name: "县级", kind: amount, Aliases: []string{"县级资金", "县级衔接", "县级财政", "县级配套"}},
		{Name: "其他", kind: amount, Aliases: []string{"其他资金", "其它", "其他来源"}},
		{Name: "实施期限", kind: period, required: true, Aliases: []string{"实施期限(年/月-年/月)", "建设期限", "时间进度", "起止时间", "实施时间"}, example: "2020/3-2020/6"},
		{Name: "预期绩效目标", required: true, Aliases: []string{"绩效目标", "预期绩效", "绩效"}, example: "改善320户出行"},
		{Name: "联农带农机制", Aliases: []string{"联农带农富农利益联结机制", "利益联结机制", "带贫减贫机制", "联农机制", "带贫机制"}, example: "优先使用本村劳力"},
		{Name: "受益户", kind: count, Aliases: []string{"受益户数", "受益户(户)"}, example: "320"},
		{Name: "脱贫户", kind: count, Aliases: []string{"其中脱贫户", "受益脱贫户", "受益脱贫户数"}},
		{Name: "责任单位", required: true, Aliases: []string{"实施单位", "项目实施单位", "责任单位及责任人单位"}, example: "颍阳镇人民政府"},
		{Name: "责任人", Aliases: []string{"项目负责人", "负责人"}, example: "李某"},
		{Name: "批复文号", Aliases: []string{"批复", "文号"}, example: "襄扶〔2020〕3号"},
		remarkColumn,
	},
	fields: map[string]string{
		"body.project": "项目编号", "body.name": "项目名称", "body.document": "批复文号", "body.content": "建设内容", "body.targets": "预期绩效目标",
		"body.linkage": "联农带农机制", "body.standard": "补助标准", "body.remark": "备注", "body.department": "部门", "body.type": "项目类型",
		"body.subtype": "项目子类型", "body.place": "区划代码", "body.place_name": "村", "body.unit": "责任单位", "body.responsible": "责任人",
		"body.start": "实施期限", "body.finish": "实施期限", "body.beneficiaries": "受益户", "body.poor": "脱贫户", "body.budget": "计划投入资金",
	},
	row: planRow,
}

// sources are the money columns of the plan with the level each comes from.
var sources = []struct{ column, level string }{
	{"中央衔接", "central"}, {"省级衔接", "province"}, {"省级财政", "province"}, {"市级", "city"}, {"县级", "county"}, {"其他", "other"},
}

func planRow(b *builder, r *record) {
	digest := r.digest()
	if b.again(r, digest) {
		return
	}
	start, finish, _ := strings.Cut(r.get("实施期限"), "/")
	place, name := r.place()
	p := &ledger.ProjectApproved{
		Project: r.get("项目编号"), Name: r.get("项目名称"), Document: or(r.get("批复文号"), b.opt.Document), Content: r.get("建设内容"),
		Targets: r.get("预期绩效目标"), Linkage: r.get("联农带农机制"), Standard: r.get("补助标准"), Remark: r.get("备注"), Department: r.get("部门"),
		Type: r.projectType("项目类型", "项目子类型"), Subtype: r.get("项目子类型"), Place: place, PlaceName: name, Unit: r.get("责任单位"),
		Responsible: ledger.Person{Name: or(r.get("责任人"), b.opt.Responsible)}, Start: ledger.Date(start), Finish: ledger.Date(finish),
		Beneficiaries: r.count("受益户"), Poor: r.count("脱贫户"), Budget: r.budget(),
	}
	entry := b.rowID(r, digest, "plan")
	if p.Project == "" {
		p.Project = or(r.listed(), "P"+strings.TrimPrefix(entry, "plan"))
	}
	if r.bad {
		return
	}
	b.emit(r, ledger.Draft{ID: entry, Kind: "project.approved", Body: p})
	if !r.bad {
		for _, l := range p.Budget {
			b.tally(l.Fund, p.Place, l.Amount)
		}
	}
}

// listed is the project of the library (项目库) that a row without a number approves by
// its name, "" if the library has none.
func (r *record) listed() string {
	var found []string
	for _, id := range r.b.projects[fold(r.get("项目名称"))] {
		if r.b.known[id].State == ledger.StateListed {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return ""
	case 1:
		r.warn("项目名称", "按名称认作项目库中的 "+found[0], "taken by its name as "+found[0]+" of the library")
	default:
		r.problem("项目名称", "ambiguous", "项目库有多个同名项目（"+strings.Join(found, "、")+"），请填写项目编号", "the library has several projects of this name ("+strings.Join(found, ", ")+"); give the id")
	}
	return found[0]
}

// budget makes the budget lines of a plan row and holds their sum against the
// printed total.
func (r *record) budget() []ledger.BudgetLine {
	total := r.amount("计划投入资金")
	var lines []ledger.BudgetLine
	var sum ledger.Amount
	for _, s := range sources {
		a := r.amount(s.column)
		if a == 0 {
			continue
		}
		sum += a
		fund := or(r.get("资金编号"), or(r.b.opt.Funds[s.column], or(r.b.opt.Funds[s.level], r.b.opt.Fund)))
		if fund == "" {
			r.problem(s.column, "fund", "未指明这一列是哪笔资金：请为"+ledger.Levels.Name(s.level).Zh+"资金指定编号（命令行：--fund "+s.level+"=编号）", "which fund is this column? Name one for the level "+s.level+" (on the command line: --fund "+s.level+"=ID)")
			continue
		}
		lines = addLine(lines, fund, a)
	}
	switch fund := or(r.get("资金编号"), r.b.opt.Fund); {
	case sum == 0 && fund != "":
		lines = []ledger.BudgetLine{{Fund: fund, Amount: total}}
	case sum == 0:
		r.problem("计划投入资金", "fund", "未填写资金来源各列，也没有资金编号", "neither the source columns nor a fund id are filled")
	case total != 0 && total != sum:
		r.problem("计划投入资金", "sum", "计划投入资金 "+total.Comma()+" 元，与资金来源合计 "+sum.Comma()+" 元不符", "the total is "+total.String()+" yuan, its sources add up to "+sum.String())
	}
	return lines
}

func addLine(lines []ledger.BudgetLine, fund string, a ledger.Amount) []ledger.BudgetLine {
	for i := range lines {
		if lines[i].Fund == fund {
			lines[i].Amount += a
			return lines
		}
	}
	return append(lines, ledger.BudgetLine{Fund: fund, Amount: a})
}

// hints tell the project type from the words of a subtype, in order.
var hints = []struct{ words, code string }{
	{"管理费", "management"}, {"搬迁", "relocation"}, {"公益岗 就业 务工 交通补", "employment"}, {"雨露 教育 医疗 危房 住房 饮水安全", "guarantees"},
	{"产业 种植 养殖 加工 光伏 合作社 电商 基地 大棚 旅游 贷款", "industry"}, {"道路 桥 饮水 水利 灌溉 路灯 环境 厕 污水 基础设施 硬化 人居", "construction"}, {"治理 文明", "governance"},
}

// projectType reads the project type, or tells it from the subtype and says so.
func (r *record) projectType(column, subtype string) string {
	if r.get(column) != "" {
		return r.code(column, ledger.ProjectTypes)
	}
	if r.b.opt.Type != "" {
		return r.b.opt.Type
	}
	if code, ok := lookup(ledger.ProjectTypes, r.get(subtype)); ok {
		return code
	}
	said := r.get(subtype) + " " + r.get("项目名称")
	for _, h := range hints {
		for w := range strings.FieldsSeq(h.words) {
			if strings.Contains(said, w) {
				r.warn(subtype, "没有项目类型，按“"+w+"”归为"+ledger.ProjectTypes.Name(h.code).Zh, "no project type; by the word "+w+" it is taken as "+ledger.ProjectTypes.Name(h.code).En)
				return h.code
			}
		}
	}
	r.problem(column, "required", "须填写项目类型（"+typeNames()+"）", "give the project type ("+typeNames()+")")
	return ""
}

func typeNames() string {
	var names []string
	for _, t := range ledger.ProjectTypes {
		names = append(names, t.Zh)
	}
	return sorted(names)
}

func or(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}
