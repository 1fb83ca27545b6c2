package sheet

import (
	"fmt"
	"maps"
	"slices"

	"yilu/ledger"
)

// The sealed fields of a person on a list.
const (
	sealedPerson    = "name"
	sealedHousehold = "household"
	sealedClass     = "class"
	sealedPost      = "post"
	sealedDied      = "died_on"
	sealedFirst     = "first_on"
	sealedLast      = "last_on"
)

var (
	personColumn   = Column{Name: "姓名", required: true, Aliases: []string{"人员姓名", "成员姓名", "死者姓名"}, example: "张某某"}
	idNumberColumn = Column{Name: "身份证号", kind: number, required: true, Aliases: []string{"身份证", "公民身份号码", "身份证号码", "证件号码"}, example: "11010519491231002X"}
	postColumn     = Column{Name: "职务", Aliases: []string{"职务职级", "岗位", "任职"}, example: "科员"}
	firmColumn     = Column{Name: "供应商名称", required: true, Aliases: []string{"供应商", "企业名称", "单位名称", "名称"}, example: "河南某建筑有限公司"}
	homeColumn     = Column{Name: "户编号", kind: id, required: true, Aliases: []string{"户编码", "家庭编号", "户号"}, example: "H0001"}
	relationColumn = Column{Name: "与户主关系", Aliases: []string{"关系"}, unhashed: true, example: "户主"}
)

// The comparison lists (比对名单), one load a file. Persons are sealed. When the list is
// of, and how long it holds, stands in Options: no sheet says so.
var (
	// Poor is 脱贫户、监测户名单: every member of each household.
	Poor = &Form{
		Name: "poor", Text: ledger.Lists[ledger.ListPoor], main: "身份证号", list: ledger.ListPoor,
		Columns: []Column{
			orderColumn, townColumn, villageColumn, placeColumn,
			homeColumn, personColumn, idNumberColumn, relationColumn,
			{Name: "户类别", required: true, Aliases: []string{"户类型", "户属性", "类别", "农户类型", "监测对象类别"}, example: "脱贫户"},
			remarkColumn,
		},
		fields: registerFields, row: registerPersonRow, done: registerDone,
	}
	// Payroll is 财政供养人员名单.
	Payroll = &Form{
		Name: "payroll", Text: ledger.Lists[ledger.ListPayroll], main: "身份证号", list: ledger.ListPayroll,
		Columns: []Column{orderColumn, personColumn, idNumberColumn, {Name: "单位", Aliases: []string{"工作单位", "单位名称"}, example: "某局"}, postColumn, remarkColumn},
		fields:  registerFields, row: registerPersonRow, done: registerDone,
	}
	// Cadres is 村干部名单.
	Cadres = &Form{
		Name: "cadres", Text: ledger.Lists[ledger.ListCadres], main: "身份证号", list: ledger.ListCadres,
		Columns: []Column{orderColumn, townColumn, villageColumn, placeColumn, personColumn, idNumberColumn, postColumn, remarkColumn},
		fields:  registerFields, row: registerPersonRow, done: registerDone,
	}
	// Deceased is 死亡人员名单, as the police or the civil affairs office hand it over.
	Deceased = &Form{
		Name: "deceased", Text: ledger.Lists[ledger.ListDeceased], main: "死亡日期", list: ledger.ListDeceased,
		Columns: []Column{
			orderColumn, townColumn, villageColumn, placeColumn, personColumn, idNumberColumn,
			{Name: "死亡日期", kind: day, required: true, Aliases: []string{"死亡时间", "去世日期", "注销日期"}, example: "2020-02-03"},
			remarkColumn,
		},
		fields: registerFields, row: registerPersonRow, done: registerDone,
	}
	// Debarred is 禁入供应商名单: firms that a decision in force bars from procurement.
	Debarred = &Form{
		Name: "debarred", Text: ledger.Lists[ledger.ListDebarred], main: "统一社会信用代码", list: ledger.ListDebarred,
		Columns: []Column{
			orderColumn,
			firmColumn,
			{Name: "统一社会信用代码", kind: number, required: true, Aliases: []string{"信用代码", "社会信用代码"}, example: "91350100M000100Y43"},
			{Name: "起始日期", kind: day, required: true, Aliases: []string{"开始日期", "生效日期", "处罚日期"}, example: "2019-06-01"},
			{Name: "截止日期", kind: day, Aliases: []string{"结束日期", "终止日期", "到期日期"}, example: "2022-05-31"},
			{Name: "依据", required: true, Aliases: []string{"处罚决定书", "决定文号", "处罚依据", "文号"}, example: "财采罚〔2019〕5号"},
			remarkColumn,
		},
		fields: registerFields, row: registerSupplierRow, done: registerDone,
	}
	// Firms is 市场主体登记名单, as the market regulator has it.
	Firms = &Form{
		Name: "firms", Text: ledger.Lists[ledger.ListFirms], main: "统一社会信用代码", list: ledger.ListFirms,
		Columns: []Column{
			orderColumn, firmColumn,
			{Name: "统一社会信用代码", kind: number, required: true, Aliases: []string{"信用代码", "社会信用代码"}, example: "91350100M000100Y43"},
			{Name: "起始日期", kind: day, required: true, Aliases: []string{"成立日期", "注册日期", "登记日期"}, example: "2015-06-01"},
			{Name: "截止日期", kind: day, Aliases: []string{"注销日期", "吊销日期"}},
			{Name: "住所", Aliases: []string{"注册地址", "地址", "经营场所"}, example: "襄城县文化路1号"},
			remarkColumn,
		},
		fields: registerFields, row: registerSupplierRow, done: registerDone,
	}
	// FirmPersons is 企业关联人员名单: heads, owners and officers of firms.
	FirmPersons = &Form{
		Name: "firm_persons", Text: ledger.Lists[ledger.ListPersons], main: "身份证号", list: ledger.ListPersons,
		Columns: []Column{
			orderColumn, {Name: "供应商名称", Aliases: firmColumn.Aliases, unhashed: true, example: "河南某建筑有限公司"},
			{Name: "统一社会信用代码", kind: number, required: true, Aliases: []string{"信用代码", "社会信用代码"}, example: "91350100M000100Y43"},
			personColumn, idNumberColumn, postColumn, remarkColumn,
		},
		fields: registerFields, row: registerPersonRow, done: registerDone,
	}
	// Accounts is 银行开户清单: the accounts that a bank opened, as its own file has them.
	Accounts = &Form{
		Name: "accounts", Text: ledger.Lists[ledger.ListAccounts], main: "开户序号", list: ledger.ListAccounts,
		Columns: []Column{
			orderColumn,
			{Name: "账号", kind: number, required: true, Aliases: []string{"卡号", "社保卡号", "银行账号", "一卡通账号", "账户"}, example: "6217000000000000004"},
			{Name: "户名", Aliases: []string{"姓名", "客户姓名", "客户名称", "账户名称"}, example: "张某某"},
			{Name: "身份证号", kind: number, Aliases: idNumberColumn.Aliases, example: "11010519491231002X"},
			{Name: "开户网点", required: true, Aliases: []string{"开户行", "开户机构", "网点", "网点名称", "机构名称"}, example: "某银行襄城支行"},
			{Name: "开户日期", kind: day, required: true, Aliases: []string{"开户时间", "开户日"}, example: "2020-02-03"},
			{Name: "开户序号", kind: count, required: true, Aliases: []string{"开户流水号", "流水号", "开户流水"}, example: "127"},
			remarkColumn,
		},
		fields: registerFields, row: registerAccountRow, done: registerDone,
	}
	// Measures is 帮扶措施台账: a line for each measure that a household is helped by.
	Measures = &Form{
		Name: "measures", Text: ledger.Lists[ledger.ListMeasures], main: "帮扶措施", list: ledger.ListMeasures,
		Columns: []Column{
			orderColumn, townColumn, villageColumn, placeColumn, homeColumn, personColumn, idNumberColumn,
			{Name: "帮扶措施", required: true, Aliases: []string{"措施", "措施名称", "措施类型", "帮扶项目"}, example: "产业帮扶"},
			firstColumn, lastColumn, remarkColumn,
		},
		fields: ofClass("帮扶措施"), row: registerPersonRow, done: registerDone,
	}
	// Entitled is 应享政策名单: a line for each person and policy.
	Entitled = &Form{
		Name: "entitled", Text: ledger.Lists[ledger.ListEntitled], main: "享受政策", list: ledger.ListEntitled,
		Columns: []Column{
			orderColumn, townColumn, villageColumn, placeColumn, personColumn, idNumberColumn,
			{Name: "享受政策", required: true, Aliases: []string{"应享政策", "政策", "政策名称", "救助类型", "保障类型"}, example: "雨露计划"},
			firstColumn, lastColumn, remarkColumn,
		},
		fields: ofClass("享受政策"), row: registerPersonRow, done: registerDone,
	}
)

// The first and last day of a measure or policy.
var (
	firstColumn = Column{Name: "起始日期", kind: day, required: true, Aliases: []string{"开始日期", "实施日期", "生效日期", "认定日期"}, example: "2020-01-01"}
	lastColumn  = Column{Name: "截止日期", kind: day, Aliases: []string{"结束日期", "终止日期", "到期日期"}}
)

var registerFields = map[string]string{
	"body.place": "区划代码", "body.line": "身份证号", "sealed.name": "姓名", "sealed.id_number": "身份证号", "sealed.household": "户编号", "sealed.class": "户类别",
	"sealed.post": "职务", "sealed.died_on": "死亡日期", "sealed.first_on": "起始日期", "sealed.last_on": "截止日期",
	"body.supplier.name": "供应商名称", "body.supplier.code": "统一社会信用代码", "body.firm": "统一社会信用代码", "body.address": "住所", "body.from": "起始日期", "body.to": "截止日期", "body.basis": "依据",
	"sealed.payee_account": "账号", "body.branch": "开户网点", "body.opened": "开户日期", "body.serial": "开户序号",
}

// ofClass are the columns of a list whose lines are of a measure or policy.
func ofClass(column string) map[string]string {
	fields := maps.Clone(registerFields)
	fields["sealed.class"] = column
	return fields
}

// registerID is the id of the load that this file is: the list and the day it states,
// and a word that tells files apart.
func (b *builder) registerID() string {
	return b.form.list + "-" + string(b.opt.Stated) + "-" + hash("register", b.src.File.SHA256)[:12]
}

func registerPersonRow(b *builder, r *record) {
	body := &ledger.RegisterPerson{Register: b.registerID(), Line: ledger.Count(len(b.drafts) + 1), Firm: r.get("统一社会信用代码")}
	if r.get("区划代码") != "" || r.get("乡镇") != "" {
		body.Place, _ = r.place()
	}
	sealed := map[string]string{sealedPerson: r.get("姓名"), sealedID: r.get("身份证号")}
	put(sealed, sealedHousehold, r.get("户编号"))
	class := r.get("户类别") + r.get("帮扶措施") + r.get("享受政策") // a list has one of them
	put(sealed, sealedClass, class)
	put(sealed, sealedPost, r.get("单位")+r.get("职务"))
	died := r.get("死亡日期")
	put(sealed, sealedDied, died)
	put(sealed, sealedFirst, r.get("起始日期"))
	put(sealed, sealedLast, r.get("截止日期"))
	if b.opt.Stated != "" && died > string(b.opt.Stated) {
		r.problem("死亡日期", "future", "晚于数据截止日 "+string(b.opt.Stated), "is after the day that the list states, "+string(b.opt.Stated))
	}
	once := r.get("身份证号") + body.Firm
	if first := r.get("起始日期"); first != "" { // of a measure or policy
		once += " " + class + " " + first
	}
	if r.bad || b.listed(r, "身份证号", once) {
		return
	}
	b.emit(r, ledger.Draft{ID: b.rowID(r, r.digest(b.registerID()), "reg"), Kind: "register.person", Body: body, Sealed: sealed})
}

func registerSupplierRow(b *builder, r *record) {
	body := &ledger.RegisterSupplier{
		Register: b.registerID(), Line: ledger.Count(len(b.drafts) + 1), Supplier: ledger.Party{Name: r.get("供应商名称"), Code: r.get("统一社会信用代码")},
		Address: r.get("住所"), Basis: r.get("依据"), From: ledger.Date(r.get("起始日期")), To: ledger.Date(r.get("截止日期")),
	}
	if !ledger.ValidUSCC(body.Supplier.Code) {
		r.warn("统一社会信用代码", "校验码不对，请核对（早期代码可能如此）", "the check character is wrong; look again (early codes may fail it)")
	}
	once := body.Supplier.Code
	if b.form.list == ledger.ListDebarred { // by two decisions
		once += " " + string(body.From)
	}
	if b.listed(r, "统一社会信用代码", once) {
		return
	}
	b.emit(r, ledger.Draft{ID: b.rowID(r, r.digest(b.registerID()), "reg"), Kind: "register.supplier", Body: body})
}

func registerAccountRow(b *builder, r *record) {
	body := &ledger.RegisterAccount{
		Register: b.registerID(), Line: ledger.Count(len(b.drafts) + 1), Branch: r.get("开户网点"), Opened: ledger.Date(r.get("开户日期")), Serial: r.count("开户序号"),
	}
	sealed := map[string]string{sealedAccount: r.get("账号")}
	put(sealed, sealedPerson, r.get("户名"))
	put(sealed, sealedID, r.get("身份证号"))
	r.checkCard("账号")
	if b.opt.Stated != "" && body.Opened > b.opt.Stated {
		r.problem("开户日期", "future", "晚于数据截止日 "+string(b.opt.Stated), "is after the day that the list states, "+string(b.opt.Stated))
	}
	if r.bad || b.listed(r, "账号", r.get("账号")) {
		return
	}
	b.emit(r, ledger.Draft{ID: b.rowID(r, r.digest(b.registerID()), "reg"), Kind: "register.account", Body: body, Sealed: sealed})
}

// listed reports a member that an earlier row has. Nobody is on a list twice, for one
// firm, decision, measure or policy, whatever else the rows say.
func (b *builder) listed(r *record, column, who string) bool {
	key := [16]byte([]byte(hash("member", who))[:16])
	first, twice := b.seen[key]
	if !twice {
		b.seen[key] = r.row
		return false
	}
	r.problem(column, "duplicate", fmt.Sprintf("与第 %d 行重复", first), fmt.Sprintf("is on the list already, in row %d", first))
	return true
}

// registerDone puts the header before the members. An empty list of debarred
// suppliers is one too.
func registerDone(b *builder) {
	o := b.opt
	head := &ledger.RegisterLoaded{
		Register: b.registerID(), List: b.form.list, Region: or(o.Region, string(o.Book)), Source: o.Source, Stated: o.Stated, From: o.From, To: o.To,
		Lines: ledger.Count(len(b.drafts)),
	}
	r := &record{b: b, row: b.table.from, values: make([]string, len(b.form.Columns))}
	stated := true
	for _, missing := range []struct{ value, flag, zh, en string }{
		{o.Source, "--source", "数据来源单位", "the office that the list comes from"}, {string(o.Stated), "--stated", "数据截止日", "the day whose state it tells"},
		{string(o.From), "--valid-from", "比对起始日", "the first day that it holds for"}, {string(o.To), "--valid-to", "有效期截止日", "the last day that it holds for"},
	} {
		if missing.value == "" {
			stated = false
			b.add(RowProblem{Rule: "required", Text: ledger.Text{
				Zh: "表外须说明" + missing.zh + "（命令行：" + missing.flag + "）", En: "say " + missing.en + " beside the sheet (on the command line: " + missing.flag + ")",
			}})
		}
	}
	if !stated {
		return
	}
	members := b.drafts
	b.drafts = nil
	b.emit(r, ledger.Draft{ID: "register-" + o.Known.token(hash("load", head.Register)), Kind: "register.loaded", Body: head})
	if b.tooMany = b.tooMany || len(b.drafts)+len(members) >= ledger.MaxUnit; !b.tooMany {
		b.drafts = append(slices.Clip(b.drafts), members...)
	}
}

// renewRegister gives a load that was rejected or reversed another id, and its members
// with it.
func renewRegister(d ledger.Draft, mark string) ledger.Draft {
	switch body := d.Body.(type) {
	case *ledger.RegisterLoaded:
		c := *body
		c.Register += mark
		d.Body = &c
	case *ledger.RegisterPerson:
		c := *body
		c.Register += mark
		d.Body = &c
	case *ledger.RegisterSupplier:
		c := *body
		c.Register += mark
		d.Body = &c
	case *ledger.RegisterAccount:
		c := *body
		c.Register += mark
		d.Body = &c
	}
	return d
}
