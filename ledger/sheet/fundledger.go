package sheet

import (
	"fmt"
	"slices"

	"yilu/ledger"
)

// FundLedger is 资金台账: the whole way of the money, one project and fund a
// row. Each document is recorded once however many rows repeat it; a row's
// project is approved, gets its money, and has its contract where one is named.
// What comes later (payments, acceptance) has forms of its own and is not read.
var FundLedger = &Form{
	Name: "ledger", Text: ledger.Text{Zh: "资金台账", En: "fund ledger"}, Wan: true, main: "批复资金",
	Columns: []Column{
		orderColumn, fundColumn,
		{Name: "资金文号", required: true, Aliases: []string{"指标文号", "文号"}, example: "豫财农〔2020〕12号"},
		{Name: "资金名称", required: true, example: "财政专项扶贫资金"},
		{Name: "级次", required: true, Aliases: []string{"资金级次", "资金来源级次"}, example: "中央"},
		{Name: "下达日期", kind: day, required: true, Aliases: []string{"指标下达日期", "发文日期"}, example: "2020-01-07"},
		{Name: "指标金额", kind: amount, required: true, loose: true, Aliases: []string{"下达金额", "指标数"}, example: "1245"},
		{Name: "功能科目", kind: id, Aliases: []string{"支出功能分类", "功能科目编码"}, example: "2130599"},
		projectColumn,
		{Name: "项目名称", Aliases: []string{"项目"}, example: "颍阳镇某村道路硬化项目"},
		{Name: "项目类型", Aliases: []string{"类型", "类型/子类型", "项目类别"}, example: "乡村建设行动"},
		{Name: "项目子类型", Aliases: []string{"子类型"}, example: "农村道路建设"},
		{Name: "建设内容", Aliases: []string{"建设内容及规模", "建设任务"}, example: "硬化道路1.2公里"},
		townColumn, villageColumn, placeColumn,
		{Name: "主管单位", Aliases: []string{"主管部门"}, example: "县农业农村局"},
		{Name: "实施单位", Aliases: []string{"责任单位", "项目实施单位"}, example: "颍阳镇人民政府"},
		{Name: "责任人", Aliases: []string{"项目负责人", "负责人"}, example: "李某"},
		{Name: "批复文号", example: "襄扶〔2020〕3号"},
		{Name: "批复日期", kind: day, example: "2020-03-18"},
		{Name: "批复资金", kind: amount, Aliases: []string{"批复金额", "批复资金额"}, example: "48.5"},
		{Name: "采购方式", unhashed: true},
		{Name: "中标单位", Aliases: []string{"施工单位", "承建单位", "供应商"}, example: "河南某建筑有限公司"},
		{Name: "统一社会信用代码", kind: id, Aliases: []string{"信用代码"}},
		{Name: "合同编号", kind: id, Aliases: []string{"合同号"}},
		{Name: "合同价", kind: amount, Aliases: []string{"合同金额", "合同价款"}, example: "47.1"},
		{Name: "合同日期", kind: day, Aliases: []string{"签订日期", "合同签订日期"}},
		{Name: "计划开工", kind: day, Aliases: []string{"计划开工日期", "计划开工时间"}, example: "2020-03-20"},
		{Name: "计划完工", kind: day, Aliases: []string{"计划完工日期", "计划完工时间", "计划竣工"}, example: "2020-06-30"},
		{Name: "受益户", kind: count, Aliases: []string{"受益户数", "受益户/人"}},
		{Name: "脱贫户", kind: count, Aliases: []string{"其中脱贫户", "脱贫户/监测户"}},
		{Name: "联农带农机制", Aliases: []string{"联农机制", "利益联结机制", "带贫机制"}},
		{Name: "绩效目标", Aliases: []string{"预期绩效目标", "绩效目标/完成"}, example: "改善320户出行"},
		remarkColumn,
	},
	fields: map[string]string{
		"fund.received:on": "下达日期", "fund.received:body.amount": "指标金额", "fund.received:body.fund": "资金编号", "fund.received:body.document": "资金文号",
		"fund.received:body.name": "资金名称", "body.level": "级次", "body.issued": "下达日期", "body.function_code": "功能科目", "body.year": "下达日期",
		"body.project": "项目编号", "project.approved:body.name": "项目名称", "project.approved:body.document": "批复文号", "body.content": "建设内容",
		"body.type": "项目类型", "body.subtype": "项目子类型", "body.place": "区划代码", "body.place_name": "村", "body.department": "主管单位", "body.unit": "实施单位",
		"body.responsible": "责任人", "body.targets": "绩效目标", "body.linkage": "联农带农机制", "body.start": "计划开工", "body.finish": "计划完工",
		"body.beneficiaries": "受益户", "body.poor": "脱贫户", "body.budget": "批复资金", "body.remark": "备注",
		"fund.allocated:body.amount": "批复资金", "fund.allocated:body.document": "资金文号", "body.fund": "资金编号",
		"contract.signed:body.amount": "合同价", "contract.signed:body.contract": "合同编号", "contract.signed:body.name": "项目名称", "body.supplier": "中标单位", "body.supplier.code": "统一社会信用代码",
		"contract.signed:on": "合同日期", "on": "批复日期",
	},
	row: ledgerRow, done: ledgerDone,
}

// ledgerDone puts documents before the projects that rest on them, and those
// before their money: a later row may bring a fund that an earlier one uses. A sheet
// without projects has the total of its receipts.
func ledgerDone(b *builder) {
	var received ledger.Amount
	for _, p := range b.receipts {
		received += p.amount
	}
	if b.batch.Amount == 0 {
		b.batch.Amount, b.batch.shares = received, b.receipts
	} else {
		b.batch.Received, b.batch.Receipts = received, len(b.receipts)
	}
	order := []ledger.Kind{"fund.received", "project.approved", "fund.allocated", "contract.signed"}
	slices.SortStableFunc(b.drafts, func(x, y draft) int {
		return slices.Index(order, x.Kind) - slices.Index(order, y.Kind)
	})
}

func ledgerRow(b *builder, r *record) {
	digest := r.digest()
	if b.again(r, digest) {
		return
	}
	b.lintYear(r, "资金文号")
	fund := b.receive(r)
	if r.bad || r.get("项目名称") == "" && r.get("项目编号") == "" {
		return
	}
	a := r.amount("批复资金")
	if a == 0 {
		r.problem("批复资金", "required", "有项目的行必填", "is required where a project stands")
		return
	}
	entry := b.rowID(r, digest, "alloc")
	on := ledger.Date(or(r.get("批复日期"), r.get("下达日期")))
	project := b.approve(r, fund, a, on)
	if r.bad {
		return
	}
	b.emit(r, ledger.Draft{ID: entry, Kind: "fund.allocated", On: on, Body: &ledger.FundAllocated{
		Fund: fund, Project: project.Project, Amount: a, Document: or(r.get("批复文号"), r.get("资金文号")),
	}})
	if !r.bad {
		b.tally(fund, project.Place, a)
		b.contract(r, project, on)
	}
}

// receive records the row's document unless a row before it, or the book, has
// it, and returns the fund's id.
func (b *builder) receive(r *record) string {
	level, ok := levelOf(r.get("级次"))
	if !ok {
		r.problem("级次", "form", "须为中央、省级、市级、县级或其他，不是"+short(r.get("级次")), "want 中央, 省级, 市级, 县级 or 其他, not "+short(r.get("级次")))
		return ""
	}
	f := &ledger.FundReceived{
		Fund: r.get("资金编号"), Document: r.get("资金文号"), Name: r.get("资金名称"), Level: level, Amount: r.amount("指标金额"),
		Issued: ledger.Date(r.get("下达日期")), FunctionCode: r.get("功能科目"),
	}
	if len(f.Issued) >= 4 {
		f.Year = string(f.Issued[:4])
	}
	for _, k := range b.opt.Known.Funds {
		if k.Fund == f.Fund || f.Fund == "" && foldDocument(k.Document) == foldDocument(f.Document) && k.Level == level && fold(k.Name) == fold(f.Name) {
			return k.Fund
		}
	}
	key := foldDocument(f.Document) + "\x1f" + level + "\x1f" + fold(f.Name)
	if f.Fund == "" {
		f.Fund = "F-" + hash(key)[:16]
	}
	if first := b.received[key]; first != nil {
		if first.Amount != f.Amount || first.Issued != f.Issued {
			r.problem("指标金额", "differs", fmt.Sprintf("同一文号、级次的指标金额或日期与前面的行不一致（前面为 %s 元、%s）", first.Amount.Comma(), first.Issued),
				fmt.Sprintf("an earlier row gives this document %s yuan and the day %s", first.Amount, first.Issued))
		}
		return first.Fund
	}
	b.emit(r, ledger.Draft{ID: "fund-" + b.opt.Known.token(hash(key, f.Amount.String(), string(f.Issued), f.Fund)), Kind: "fund.received", On: f.Issued, Body: f})
	b.received[key] = f
	if !r.bad {
		b.receipts = append(b.receipts, piece{row: r.row, amount: f.Amount})
	}
	return f.Fund
}

// approve records the row's project, or adds this fund's line to the budget of
// a project that an earlier row began.
func (b *builder) approve(r *record, fund string, a ledger.Amount, on ledger.Date) *ledger.ProjectApproved {
	key := or(r.get("项目编号"), fold(r.get("项目名称"))+"\x1f"+fold(r.get("乡镇"))+fold(r.get("村")))
	if p := b.approved[key]; p != nil {
		p.Budget = addLine(p.Budget, fund, a)
		return p
	}
	place, name := r.place()
	p := &ledger.ProjectApproved{
		Project: r.get("项目编号"), Name: r.get("项目名称"), Document: or(r.get("批复文号"), b.opt.Document), Content: r.get("建设内容"), Targets: r.get("绩效目标"),
		Linkage: r.get("联农带农机制"), Remark: r.get("备注"), Department: r.get("主管单位"), Type: r.projectType("项目类型", "项目子类型"), Subtype: r.get("项目子类型"),
		Place: place, PlaceName: name, Unit: r.get("实施单位"), Responsible: ledger.Person{Name: or(r.get("责任人"), b.opt.Responsible)},
		Start: ledger.Date(r.get("计划开工")), Finish: ledger.Date(r.get("计划完工")), Beneficiaries: r.count("受益户"), Poor: r.count("脱贫户"),
		Budget: []ledger.BudgetLine{{Fund: fund, Amount: a}},
	}
	if p.Project == "" {
		p.Project = "P-" + hash(key, p.Document)[:16]
	}
	b.approved[key] = p
	if r.bad || b.isApproved(p.Project) {
		return p
	}
	b.emit(r, ledger.Draft{ID: "plan-" + b.opt.Known.token(hash(key, p.Document, p.Content, fund, a.String())), Kind: "project.approved", On: on, Body: p})
	return p
}

// isApproved says whether the book has the project approved already.
func (b *builder) isApproved(project string) bool {
	return slices.ContainsFunc(b.opt.Known.Projects, func(p ledger.Project) bool {
		return p.Project == project && p.State != ledger.StateListed
	})
}

// contract records the row's contract where its price and party are filled.
func (b *builder) contract(r *record, p *ledger.ProjectApproved, on ledger.Date) {
	price := r.amount("合同价")
	if price == 0 {
		return
	}
	c := &ledger.ContractSigned{
		Contract: r.get("合同编号"), Project: p.Project, Name: p.Name, Amount: price,
		Supplier: ledger.Party{Name: r.get("中标单位"), Code: r.get("统一社会信用代码")}, Start: p.Start, Finish: p.Finish,
	}
	content := hash(p.Project, c.Supplier.Name, c.Supplier.Code, price.String(), c.Contract)
	if c.Contract == "" {
		c.Contract = "C-" + content[:16]
	}
	if b.contracts[c.Contract] { // the project's other fund repeats it
		return
	}
	b.contracts[c.Contract] = true
	if c.Supplier.Name == "" {
		r.problem("中标单位", "required", "有合同价时必填", "is required with a contract price")
		return
	}
	b.emit(r, ledger.Draft{ID: "contract-" + b.opt.Known.token(content), Kind: "contract.signed", On: ledger.Date(or(r.get("合同日期"), string(on))), Body: c})
}
