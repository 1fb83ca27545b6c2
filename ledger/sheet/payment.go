package sheet

import (
	"unicode/utf8"

	"yilu/ledger"
)

// Names of the sealed fields that a payee's personal values go to.
const (
	sealedName    = "payee_name"
	sealedID      = "id_number"
	sealedAccount = "payee_account"
	sealedHolder  = "account_holder"
	sealedBank    = "payee_bank"
	sealedPhone   = "phone"
)

// holderColumn is whose account it is, where that is not the payee. It came later than
// the ids of rows, which do not look at it.
var holderColumn = Column{Name: "户名", Aliases: []string{"账户名称", "开户名", "账户户名", "开户人", "账户姓名"}, unhashed: true}

// Payment is 支付表: requests to pay, one a row. Fields: domain §6. A firm or
// office is public with its code; a private person is sealed.
var Payment = &Form{
	Name: "payment", Text: ledger.Text{Zh: "支付表", En: "payments"}, main: "金额", apart: true,
	Columns: []Column{
		orderColumn,
		{Name: "申请号", kind: id, Aliases: []string{"支付申请号", "申请编号", "支付编号", "支付申请编码"}, example: "ZF2020-0001"},
		{Name: "日期", kind: day, Aliases: []string{"申请日期", "支付日期", "业务日期"}, example: "2020-04-10"},
		fundColumn,
		{Name: "指标文号", Aliases: []string{"资金文号", "文号"}, example: "豫财农〔2020〕12号"},
		{Name: "级次", Aliases: []string{"资金级次"}},
		projectColumn,
		{Name: "项目名称", Aliases: []string{"项目"}, example: "颍阳镇某村道路硬化项目"},
		{Name: "合同编号", kind: id, Aliases: []string{"合同号"}},
		{Name: "收款人全称", required: true, Aliases: []string{"收款人", "收款单位", "收款人名称", "收款单位全称"}, example: "河南某建筑有限公司"},
		{Name: "统一社会信用代码", kind: id, Aliases: []string{"信用代码", "收款人代码", "社会信用代码"}, example: "91350100M000100Y43"},
		{Name: "身份证号", kind: number, Aliases: []string{"身份证", "公民身份号码", "收款人身份证号", "身份证号码"}},
		{Name: "账号", kind: number, Aliases: []string{"收款账号", "银行账号", "帐号", "收款人账号"}},
		holderColumn,
		{Name: "开户行", Aliases: []string{"开户银行", "收款人开户行"}},
		{Name: "金额", kind: amount, required: true, Aliases: []string{"金额(小写)", "支付金额", "申请金额", "小写金额", "小写"}, example: "120000.00"},
		{Name: "大写金额", kind: upper, Aliases: []string{"金额(大写)", "大写"}, example: "壹拾贰万元整", unhashed: true},
		{Name: "用途", required: true, Aliases: []string{"资金用途", "摘要"}, example: "工程进度款"},
		{Name: "功能科目", kind: id, Aliases: []string{"支出功能分类", "功能分类科目", "功能科目编码"}, example: "2130504"},
		{Name: "经济科目", kind: id, Aliases: []string{"支出经济分类", "经济分类科目", "经济科目编码"}, example: "31005"},
		{Name: "支付方式", Aliases: []string{"付款方式"}, example: "财政直接支付"},
		{Name: "款项性质", Aliases: []string{"款项类别"}, example: "进度款"},
		remarkColumn,
	},
	fields: map[string]string{
		"body.payment": "申请号", "body.project": "项目编号", "body.fund": "指标文号", "body.contract": "合同编号", "body.amount": "金额", "body.purpose": "用途",
		"body.function_code": "功能科目", "body.economic_code": "经济科目", "body.method": "支付方式", "body.stage": "款项性质",
		"body.payee": "收款人全称", "body.payee.code": "统一社会信用代码", "on": "日期",
		"sealed.payee_name": "收款人全称", "sealed.id_number": "身份证号", "sealed.payee_account": "账号", "sealed.account_holder": "户名", "sealed.payee_bank": "开户行",
	},
	row: paymentRow,
}

func paymentRow(b *builder, r *record) {
	digest := r.digest(b.opt.Fund, b.opt.Project)
	if b.again(r, digest) {
		return
	}
	p := &ledger.PaymentRequested{
		Payment: r.get("申请号"), Fund: r.fund("指标文号"), Project: r.project(), Contract: r.get("合同编号"), Amount: r.amount("金额"),
		Purpose: r.get("用途"), FunctionCode: r.get("功能科目"), EconomicCode: r.get("经济科目"),
		Method: r.code("支付方式", ledger.PayMethods), Stage: r.code("款项性质", ledger.PayStages),
	}
	if p.Fund == "" && !r.bad {
		r.problem("指标文号", "required", "须填写资金编号或指标文号，或为整张表指定资金", "give the fund's id or document, or name one fund for the whole sheet")
	}
	if u := r.get("大写金额"); u != "" && u != r.get("金额") {
		r.problem("大写金额", "upper", "大小写不一致：小写 "+p.Amount.Comma()+" 元应为 "+p.Amount.Upper(), "the two amounts differ: "+p.Amount.String()+" yuan is written "+p.Amount.Upper())
	}
	sealed := r.payee(p)
	entry := b.rowID(r, digest, "pay")
	if p.Payment == "" {
		p.Payment = "Z" + entry[len("pay"):]
	}
	b.emit(r, ledger.Draft{ID: entry, Kind: "payment.requested", On: ledger.Date(r.get("日期")), Body: p, Sealed: sealed})
	if !r.bad {
		b.tally(p.Fund, b.placeOf(p.Project), p.Amount)
	}
}

// shortName is how long the name of a person may be. No firm or office has so
// short a full name, so without a code it is taken for a person's and not made
// public.
const shortName = 4

// payee fills in a firm, or returns a person's values to be sealed.
func (r *record) payee(p *ledger.PaymentRequested) map[string]string {
	name, code, citizen := r.get("收款人全称"), r.get("统一社会信用代码"), r.get("身份证号")
	sealed := map[string]string{}
	put(sealed, sealedAccount, r.get("账号"))
	put(sealed, sealedHolder, r.get("户名"))
	put(sealed, sealedBank, r.get("开户行"))
	switch {
	case citizen != "" && code != "":
		r.problem("身份证号", "payee", "统一社会信用代码与身份证号只能填一个", "give the firm's code or the person's ID number, not both")
	case citizen != "":
		sealed[sealedName], sealed[sealedID] = name, citizen
		r.checkCard("账号")
	case code == "" && utf8.RuneCountInString(fold(name)) <= shortName:
		r.problem("收款人全称", "payee", "像是个人姓名：个人须填身份证号（姓名不会公开），单位须填全称和统一社会信用代码", "looks like a person's name: a person needs an ID number (the name is not published), a firm its full name and code")
	default:
		p.Payee = ledger.Party{Name: name, Code: code}
		if code != "" && !ledger.ValidUSCC(code) {
			r.warn("统一社会信用代码", "校验码不对，请核对（早期代码可能如此）", "the check character is wrong; look again (early codes may fail it)")
		}
	}
	if len(sealed) == 0 {
		return nil
	}
	return sealed
}

func put(m map[string]string, key, value string) {
	if value != "" {
		m[key] = value
	}
}

// checkCard warns of a personal card number whose last digit is wrong. Passbooks
// and old accounts follow no such rule, so it is never refused.
func (r *record) checkCard(column string) {
	s := r.get(column)
	if len(s) < 16 || len(s) > 19 {
		return
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if d < 0 || d > 9 {
			return
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	if sum%10 != 0 {
		r.warn(column, "银行卡号校验位不对，请核对", "the card number's check digit is wrong; look again")
	}
}
