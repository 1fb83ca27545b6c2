package sheet

import (
	"strings"

	"yilu/ledger"
)

// Assets is 资产台账: what projects left behind, one asset a row. Fields: domain §6; the
// classes are those of 国办函〔2021〕51号.
var Assets = &Form{
	Name: "asset", Text: ledger.Text{Zh: "资产台账", En: "register of assets"}, Wan: true, main: "原值", apart: true,
	Columns: []Column{
		orderColumn,
		{Name: "资产编号", Aliases: []string{"资产代码", "资产编码"}, kind: id, example: "ZC2020-001"},
		{Name: "资产名称", required: true, Aliases: []string{"名称", "资产"}, example: "某村扶贫车间"},
		{Name: "资产类别", required: true, Aliases: []string{"类别", "资产类型", "资产性质"}, example: "经营性"},
		projectColumn,
		{Name: "项目名称", Aliases: []string{"来源项目", "项目", "形成资产的项目", "来源项目名称"}, example: "颍阳镇某村扶贫车间建设项目"},
		{Name: "原值", kind: amount, required: true, Aliases: []string{"资产原值", "资产价值", "价值", "资产规模"}, example: "48.5"},
		townColumn, villageColumn, placeColumn,
		{Name: "所有权", required: true, Aliases: []string{"所有权人", "所有权归属", "产权归属", "产权人", "确权单位"}, example: "某村集体"},
		{Name: "经营权", Aliases: []string{"承包人", "经营权/承包人", "经营主体", "经营者"}, example: "某村股份经济合作社"},
		{Name: "收益及分配", Aliases: []string{"收益分配", "收益", "收益及分配方式"}, example: "年租金2万元，归村集体"},
		{Name: "管护人", Aliases: []string{"管护责任人", "管护单位", "管护责任单位", "管护主体"}, example: "某村村委会"},
		{Name: "状态", Aliases: []string{"资产状态", "使用状态", "运行状态"}, example: "正常使用"},
		remarkColumn,
	},
	fields: map[string]string{
		"body.asset": "资产编号", "body.name": "资产名称", "body.class": "资产类别", "body.project": "项目名称", "body.value": "原值", "body.place": "区划代码",
		"body.owner": "所有权", "body.operator": "经营权", "body.income": "收益及分配", "body.keeper": "管护人", "body.state": "状态",
	},
	row: assetRow,
}

// assetRow registers one asset. A row that names no place is where its project is.
func assetRow(b *builder, r *record) {
	digest := r.digest(b.opt.Project)
	if b.again(r, digest) {
		return
	}
	a := &ledger.AssetRegistered{
		Asset: r.get("资产编号"), Name: r.get("资产名称"), Class: r.code("资产类别", ledger.AssetClasses), Project: r.project(), Value: r.amount("原值"),
		Owner: r.get("所有权"), Operator: r.get("经营权"), Income: r.get("收益及分配"), Keeper: r.get("管护人"), State: r.code("状态", ledger.AssetStates),
	}
	if a.Place = b.placeOf(a.Project); a.Place == "" || r.get("乡镇") != "" || r.get("区划代码") != "" {
		a.Place, _ = r.place()
	}
	entry := b.rowID(r, digest, "asset")
	if a.Asset == "" {
		a.Asset = "ZC" + strings.TrimPrefix(entry, "asset")
	}
	b.emit(r, ledger.Draft{ID: entry, Kind: "asset.registered", Body: a})
	if !r.bad {
		b.tally("", a.Place, a.Value)
	}
}
