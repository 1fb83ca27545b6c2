package sheet

import (
	"fmt"
	"regexp"
	"strings"

	"yilu/ledger"
)

// Allocation is 资金分配表: how a fund document was divided, to projects or to
// units, one allocation a row. Fields: domain §6, P1 of §2.
var Allocation = &Form{
	Name: "allocation", Text: ledger.Text{Zh: "资金分配表", En: "allocation of funds"}, Wan: true, main: "投资规模", apart: true,
	Columns: []Column{
		orderColumn, fundColumn,
		{Name: "指标文号", Aliases: []string{"资金文号", "指标文"}, example: "豫财农〔2020〕12号"},
		{Name: "级次", Aliases: []string{"资金级次", "资金来源级次", "资金来源"}, example: "中央"},
		{Name: "分配文号", Aliases: []string{"下达文号", "文号", "分配文件"}, example: "襄财预〔2020〕31号"},
		{Name: "日期", kind: day, Aliases: []string{"分配日期", "下达日期"}, example: "2020-03-20"},
		projectColumn,
		{Name: "项目名称", Aliases: []string{"项目"}, example: "颍阳镇某村道路硬化项目"},
		{Name: "建设地点", Aliases: []string{"实施地点", "地点"}},
		{Name: "建设内容", Aliases: []string{"建设内容及规模"}, unhashed: true},
		{Name: "投资规模", kind: amount, required: true, Aliases: []string{"分配金额", "安排金额", "金额", "分配资金", "安排资金", "下达金额", "资金规模"}, example: "48.5"},
		{Name: "占比", kind: share, Aliases: []string{"占比%", "比例", "所占比例"}, unhashed: true},
		{Name: "责任单位", Aliases: []string{"单位", "实施单位", "分配单位", "县区", "接收单位", "分配对象"}, example: "颍阳镇人民政府"},
		{Name: "单位编号", Aliases: []string{"单位编码", "单位代码"}, kind: id},
		remarkColumn,
	},
	fields: map[string]string{
		"body.fund": "指标文号", "body.document": "分配文号", "body.project": "项目编号", "body.unit": "单位编号", "body.amount": "投资规模", "on": "日期",
	},
	row: allocationRow,
}

func allocationRow(b *builder, r *record) {
	digest := r.digest(b.opt.Fund, b.opt.Project, b.opt.Document)
	if b.again(r, digest) {
		return
	}
	b.lintYear(r, "指标文号")
	a := &ledger.FundAllocated{
		Fund: r.fund("指标文号"), Amount: r.amount("投资规模"), Document: or(r.get("分配文号"), or(b.opt.Document, r.get("指标文号"))),
	}
	if a.Fund == "" && !r.bad {
		r.problem("指标文号", "required", "须填写资金编号或指标文号，或为整张表指定资金", "give the fund's id or document, or name one fund for the whole sheet")
	}
	place := ""
	if r.get("项目编号") == "" && r.get("项目名称") == "" && (r.get("单位编号") != "" || r.get("责任单位") != "") {
		a.Unit = r.unit()
	} else {
		a.Project = r.project()
		place = b.placeOf(a.Project)
	}
	b.emit(r, ledger.Draft{ID: b.rowID(r, digest, "alloc"), Kind: "fund.allocated", On: ledger.Date(r.get("日期")), Body: a})
	if !r.bad {
		b.tally(a.Fund, place, a.Amount)
		if r.get("占比") != "" {
			b.cumul = append(b.cumul, shareRow{r, a.Amount})
		}
	}
}

// unit is the number of the unit that gets the money: as given, or the
// division code of a township.
func (r *record) unit() string {
	if v := r.get("单位编号"); v != "" {
		return v
	}
	name := strings.TrimSuffix(strings.TrimSuffix(fold(r.get("责任单位")), "人民政府"), "政府")
	code := r.b.township(name)
	if code == "" {
		r.problem("责任单位", "unit", "不是本县乡镇，请填写单位编号", "is no township of this county; give the unit's id")
	}
	return code
}

// placeOf is where a known project is, for the totals by township.
func (b *builder) placeOf(project string) string {
	return b.known[project].Place
}

var documentPattern = regexp.MustCompile(`^(.*)\((20\d{2})\)(\d+)号?$`)

// lintYear warns of a document number that differs from another one of the
// sheet in its year alone: a typing error more often than not (G5).
func (b *builder) lintYear(r *record, column string) {
	m := documentPattern.FindStringSubmatch(fold(r.get(column)))
	if m == nil {
		return
	}
	var year int
	if _, err := fmt.Sscan(m[2], &year); err != nil {
		return
	}
	key := m[1] + "#" + m[3]
	if other, ok := b.years[key]; ok && other != year {
		r.warn(column, fmt.Sprintf("文号年份疑似有误：同表另有〔%d〕%s号", other, m[3]), fmt.Sprintf("the year of this document may be wrong: the sheet also has %d with the same number", other))
		return
	}
	b.years[key] = year
}
