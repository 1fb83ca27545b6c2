package sheet

import (
	"strings"

	"yilu/ledger"
)

// Library is 项目库表: the projects that townships put into the library (入库), one a row.
// A plan takes what it approves from there. Fields: domain §6, P2 of §2.
var Library = &Form{
	Name: "library", Text: ledger.Text{Zh: "项目库表", En: "project library"}, Wan: true, main: "资金规模", apart: true,
	Columns: []Column{
		orderColumn, projectColumn, townColumn, villageColumn, placeColumn,
		{Name: "项目名称", required: true, Aliases: []string{"项目", "名称"}, example: "颍阳镇某村道路硬化项目"},
		{Name: "项目类型", Aliases: []string{"类型", "类别", "项目类别"}, example: "乡村建设行动"},
		{Name: "项目子类型", Aliases: []string{"子类型", "二级项目类型"}, example: "农村道路建设"},
		{Name: "建设性质", Aliases: []string{"性质"}, example: "新建"},
		{Name: "建设任务", required: true, Aliases: []string{"建设内容", "建设内容及规模", "建设内容与规模", "项目内容"}, example: "硬化道路1.2公里"},
		{Name: "资金规模", kind: amount, Aliases: []string{"投资规模", "总投资", "计划投资", "估算投资", "资金总额", "计划投入资金"}, example: "48.5"},
		{Name: "筹资方式", Aliases: []string{"资金来源", "资金筹措", "资金筹措方式"}, example: "衔接资金"},
		{Name: "时间进度", kind: period, Aliases: []string{"实施期限", "实施期限(年/月-年/月)", "建设期限", "起止时间", "实施时间"}, example: "2020/3-2020/6"},
		{Name: "受益户", kind: count, Aliases: []string{"受益对象", "受益户数", "受益户(户)"}, example: "320"},
		{Name: "脱贫户", kind: count, Aliases: []string{"其中脱贫户", "受益脱贫户", "受益脱贫户数"}},
		{Name: "绩效目标", Aliases: []string{"预期绩效目标", "预期绩效", "绩效"}, example: "改善320户出行"},
		{Name: "利益联结机制", Aliases: []string{"联农带农机制", "联农带农富农利益联结机制", "利益联结", "带贫减贫机制", "带贫机制"}, example: "优先使用本村劳力"},
		{Name: "责任单位", required: true, Aliases: []string{"实施单位", "项目实施单位", "申报单位"}, example: "颍阳镇人民政府"},
		remarkColumn,
	},
	fields: map[string]string{
		"body.project": "项目编号", "body.name": "项目名称", "body.type": "项目类型", "body.subtype": "项目子类型", "body.nature": "建设性质", "body.content": "建设任务",
		"body.estimate": "资金规模", "body.sources": "筹资方式", "body.start": "时间进度", "body.finish": "时间进度", "body.beneficiaries": "受益户", "body.poor": "脱贫户",
		"body.targets": "绩效目标", "body.linkage": "利益联结机制", "body.unit": "责任单位", "body.place": "区划代码", "body.place_name": "村",
	},
	row: libraryRow,
}

func libraryRow(b *builder, r *record) {
	digest := r.digest()
	if b.again(r, digest) {
		return
	}
	start, finish, _ := strings.Cut(r.get("时间进度"), "/")
	place, name := r.place()
	p := &ledger.ProjectListed{
		Project: r.get("项目编号"), Name: r.get("项目名称"), Type: r.projectType("项目类型", "项目子类型"), Subtype: r.get("项目子类型"), Nature: r.get("建设性质"),
		Content: r.get("建设任务"), Estimate: r.amount("资金规模"), Sources: r.get("筹资方式"), Start: ledger.Date(start), Finish: ledger.Date(finish),
		Beneficiaries: r.count("受益户"), Poor: r.count("脱贫户"), Targets: r.get("绩效目标"), Linkage: r.get("利益联结机制"), Unit: r.get("责任单位"),
		Place: place, PlaceName: name,
	}
	entry := b.rowID(r, digest, "lib")
	if p.Project == "" {
		p.Project = "P" + strings.TrimPrefix(entry, "lib")
	}
	b.emit(r, ledger.Draft{ID: entry, Kind: "project.listed", Body: p})
	if !r.bad {
		b.tally("", p.Place, p.Estimate)
	}
}
