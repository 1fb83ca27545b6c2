package sheet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"yilu/ledger"
)

// Grant is 一卡通发放表: grants to households, one line each, as one batch for
// each 批次, project and fund. Fields: domain §6. Names, ID numbers, accounts
// and phones are sealed.
var Grant = &Form{
	Name: "grant", Text: ledger.Text{Zh: "一卡通发放表", En: "grants to households"}, main: "金额", apart: true,
	Columns: []Column{
		orderColumn, townColumn, villageColumn,
		{Name: "组", Aliases: []string{"村民组", "组别"}, unhashed: true, example: "3组"},
		placeColumn,
		{Name: "户主", required: true, Aliases: []string{"户主姓名", "姓名", "领款人", "收款人"}, example: "张某某"},
		{Name: "身份证号", kind: number, required: true, Aliases: []string{"身份证", "公民身份号码", "户主身份证号", "身份证号码"}, example: "11010519491231002X"},
		{Name: "账号", kind: number, Aliases: []string{"社保卡", "社保卡号", "社保卡/账号", "一卡通账号", "银行账号", "银行卡号", "帐号", "卡号", "一卡通号"}, example: "6200000000000005"},
		holderColumn,
		fundColumn, projectColumn,
		{Name: "项目名称", Aliases: []string{"项目"}},
		{Name: "补助项目", Aliases: []string{"补贴项目", "补贴名称", "补助名称"}, example: "脱贫户产业奖补"},
		{Name: "发放期间", Aliases: []string{"期间", "补助期间", "所属期", "所属期间"}, example: "2020-03"},
		{Name: "标准", kind: amount, required: true, loose: true, Aliases: []string{"补助标准", "补贴标准"}, example: "500.00"},
		{Name: "数量", kind: quantity, required: true, Aliases: []string{"补助数量", "补贴面积", "面积", "补贴数量"}, example: "3.5"},
		{Name: "金额", kind: amount, required: true, Aliases: []string{"补助金额", "补贴金额", "发放金额"}, example: "1750.00"},
		{Name: "人员类别", Aliases: []string{"类别", "户类型", "户属性", "农户类型"}, example: "脱贫户"},
		{Name: "电话", kind: number, Aliases: []string{"联系电话", "手机", "手机号"}, unhashed: true},
		{Name: "批次", Aliases: []string{"发放批次", "批次号"}, example: "2020-01"},
		{Name: "银行回执", Aliases: []string{"回执"}, unhashed: true},
		remarkColumn,
	},
	fields: map[string]string{
		"body.payment": "批次", "body.project": "项目编号", "body.fund": "资金编号", "body.item": "补助项目", "body.period": "发放期间", "body.place": "区划代码", "body.category": "人员类别",
		"body.standard": "标准", "body.quantity": "数量", "body.amount": "金额", "grant.requested:body.amount": "金额",
		"sealed.payee_name": "户主", "sealed.id_number": "身份证号", "sealed.payee_account": "账号", "sealed.account_holder": "户名", "sealed.phone": "电话",
	},
	row: grantRow, done: grantDone,
}

// grantGroup is one batch of a sheet while its lines come.
type grantGroup struct {
	key   string
	first *record
	head  *ledger.GrantRequested
	named bool
	lines []draft
}

func grantRow(b *builder, r *record) {
	place, _ := r.place()
	fund, project := r.fund("资金编号"), r.project()
	item := or(r.get("补助项目"), or(b.opt.Item, r.get("项目名称")))
	if fund == "" && !r.bad {
		r.problem("资金编号", "required", "须填写资金编号，或为整张表指定资金", "give the fund's id, or name one fund for the whole sheet")
	}
	if item == "" && !r.bad {
		r.problem("补助项目", "required", "须填写补助项目，或为整张表指定", "say what is granted, or name it for the whole sheet")
	}
	batch := or(r.get("批次"), b.opt.Payment)
	period := or(grantPeriod(r.get("发放期间")), b.opt.Period)
	digest := r.digest(batch, fund, project, item, period)
	if b.again(r, digest) {
		return
	}
	g := &grantGroup{head: &ledger.GrantRequested{Payment: "none"}} // of a row that is refused already
	if !r.bad {
		g = b.group(r, batch, &ledger.GrantRequested{Fund: fund, Project: project, Item: item, Period: period})
	}
	line := &ledger.GrantLine{
		Payment: g.head.Payment, Line: ledger.Count(len(g.lines) + 1), Place: place, Amount: r.amount("金额"), Standard: r.amount("标准"),
		Quantity: r.get("数量"), Category: r.get("人员类别"),
	}
	sealed := map[string]string{sealedName: r.get("户主"), sealedID: r.get("身份证号")}
	put(sealed, sealedAccount, r.get("账号"))
	put(sealed, sealedHolder, r.get("户名"))
	put(sealed, sealedPhone, r.get("电话"))
	r.checkCard("账号")
	r.checkProduct(line)
	kept := b.drafts
	b.drafts = g.lines
	b.emit(r, ledger.Draft{ID: b.rowID(r, digest, "line"), Kind: "grant.line", Body: line, Sealed: sealed})
	b.drafts, g.lines = kept, b.drafts
	if !r.bad {
		g.head.Amount += line.Amount
		b.tally(fund, place, line.Amount)
	}
}

// checkProduct holds an amount to standard × quantity as the book will, so that the row
// is named with the others. What is far off is refused in any case, and said there.
func (r *record) checkProduct(line *ledger.GrantLine) {
	tolerance := r.b.opt.Known.Rules.GrantTolerance(r.b.opt.Book, r.b.opt.On)
	if r.bad || len(line.Quantity) > 20 || ledger.IsProduct(line.Standard, line.Quantity, line.Amount, tolerance) || !ledger.IsProduct(line.Standard, line.Quantity, line.Amount, ledger.MostRounding) {
		return
	}
	r.problem("金额", "product", fmt.Sprintf("金额应等于标准×数量（%s×%s），相差不超过%s元", line.Standard, line.Quantity, tolerance), fmt.Sprintf("want standard × quantity (%s × %s), give or take %s yuan", line.Standard, line.Quantity, tolerance))
}

var (
	monthWords   = regexp.MustCompile(`^(\d{4})年(\d{1,2})月份?$`)
	quarterWords = regexp.MustCompile(`^(\d{4})年第?([一二三四1-4])季度$`)
	yearWords    = regexp.MustCompile(`^(\d{4})年(度)?$`)
)

// grantPeriod turns the words of officers into a period of entries: 2020年3月 into
// 2020-03, 2020年第一季度 into 2020-Q1. Other texts stay, and are refused as they are.
func grantPeriod(s string) string {
	if m := monthWords.FindStringSubmatch(s); m != nil {
		return fmt.Sprintf("%s-%02s", m[1], m[2])
	}
	if m := quarterWords.FindStringSubmatch(s); m != nil {
		return m[1] + "-Q" + strings.NewReplacer("一", "1", "二", "2", "三", "3", "四", "4").Replace(m[2])
	}
	if m := yearWords.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return s
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// group finds or begins the batch of a row. Its payment id is the 批次 where
// that can be one; words such as 2020年第一批 are hashed, and a sheet without
// any is a batch of its own.
func (b *builder) group(r *record, batch string, head *ledger.GrantRequested) *grantGroup {
	key := fmt.Sprintf("%s\x1f%s\x1f%s\x1f%s\x1f%s", batch, head.Fund, head.Project, head.Item, head.Period)
	for _, g := range b.groups {
		if g.key == key {
			return g
		}
	}
	g := &grantGroup{key: key, first: r, head: head}
	taken := false
	for _, other := range b.groups {
		taken = taken || other.head.Payment == batch
	}
	switch {
	case plainID.MatchString(batch) && !taken:
		head.Payment, g.named = batch, true
	case batch != "":
		head.Payment = "G-" + b.opt.Known.token(hash(key))
	default:
		head.Payment = "G-" + b.opt.Known.token(hash(key, b.src.File.SHA256))
	}
	b.groups = append(b.groups, g)
	return g
}

func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%s\x1e", p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// grantDone puts each batch's header before its lines.
func grantDone(b *builder) {
	for _, g := range b.groups {
		if len(g.lines) == 0 {
			continue
		}
		g.head.Lines = ledger.Count(len(g.lines))
		// The header is no row: it is another one when any of its lines is.
		lines := make([]string, len(g.lines))
		for i, d := range g.lines {
			lines[i] = d.ID
		}
		head := ledger.Draft{ID: "grant-" + b.opt.Known.token(hash(append(lines, g.key)...)), Kind: "grant.requested", Body: g.head}
		first := *g.first
		first.bad = false // its line may be: the header is another matter
		if wrong := b.emit(&first, head); len(wrong) > 0 {
			b.standIn(g, head, wrong)
		}
		if len(b.drafts)+len(g.lines) >= ledger.MaxUnit {
			b.tooMany = true
		}
		if b.tooMany {
			b.drafts = nil
			continue
		}
		b.drafts = append(b.drafts, g.lines...)
	}
	b.groups = nil
}

// standIn keeps a header that can be taken in the place of one that was refused.
func (b *builder) standIn(g *grantGroup, d ledger.Draft, wrong []ledger.Problem) {
	head := *g.head
	for _, p := range wrong {
		switch p.Field {
		case "body.project":
			head.Project = "none"
		case "body.fund":
			head.Fund = "none"
		case "body.item":
			head.Item = "—"
		case "body.period":
			head.Period = ""
		}
	}
	d.By, d.On, d.Corrects, d.Body = b.opt.By, b.opt.On, ledger.None, &head
	b.batch.standIns[g.first.row] = true
	b.keep(g.first.row, d)
}
