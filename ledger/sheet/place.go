package sheet

import (
	"fmt"

	"yilu/ledger"
)

// Places is 区划名称表: the county's townships and villages with their codes, as the civil
// affairs office has them, or the statistics' list of codes (code, name).
var Places = &Form{
	Name: "place", Text: ledger.Text{Zh: "区划名称表", En: "names of townships and villages"}, main: "名称",
	Columns: []Column{
		orderColumn,
		{Name: "区划代码", kind: number, required: true, Aliases: []string{"代码", "行政区划代码", "统计用区划代码", "村代码", "乡镇代码", "code"}, example: "411025103205"},
		{Name: "名称", required: true, Aliases: []string{"区划名称", "单位名称", "村名", "村名称", "乡镇名称", "村(居)委会名称", "name"}, example: "某村"},
		{Name: "英文名称", Aliases: []string{"英文名", "拼音"}},
		remarkColumn,
	},
	fields: map[string]string{"body.place": "区划代码", "body.name": "名称", "body.english_name": "英文名称"},
	row:    placeRow,
}

// placeRow names one place. A code of a county or township may stand without its zeros.
func placeRow(b *builder, r *record) {
	code := r.get("区划代码")
	switch len(code) {
	case 6:
		code += "000000"
	case 9:
		code += "000"
	}
	if len(code) == 12 && code[:6] != string(b.opt.Book) {
		r.problem("区划代码", "place", "不在本县（"+string(b.opt.Book)+"）", "is not in this county ("+string(b.opt.Book)+")")
	}
	if first := b.named[code]; first != 0 {
		r.problem("区划代码", "twice", fmt.Sprintf("与第 %d 行代码相同", first), fmt.Sprintf("has the code of row %d", first))
	}
	digest := r.digest()
	if r.bad || b.again(r, digest) {
		return
	}
	b.named[code] = r.row
	b.emit(r, ledger.Draft{ID: b.rowID(r, digest, "place"), Kind: "place.named", Body: &ledger.PlaceNamed{
		Basis: or(b.opt.Document, b.src.File.Name), English: r.get("英文名称"), Name: r.get("名称"), Place: code,
	}})
}
