package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"yilu/ledger"
	"yilu/ledger/sheet"
)

// forms says which submissions come as a sheet that an officer filled in: the
// subject of the submission, the form, and whether as CSV. All others are typed.
var forms = map[string]*sheet.Form{
	"taizhang": sheet.FundLedger,
	"jihua":    sheet.Plan,
	"fenpei":   sheet.Allocation,
	"zhifu":    sheet.Payment,
	"fafang":   sheet.Grant,
	// The comparison lists, by their own names.
	ledger.ListPoor: sheet.Poor, ledger.ListPayroll: sheet.Payroll, ledger.ListCadres: sheet.Cadres, ledger.ListDeceased: sheet.Deceased, ledger.ListDebarred: sheet.Debarred,
	"quhua":          sheet.Places,
	ledger.ListFirms: sheet.Firms, ledger.ListPersons: sheet.FirmPersons, ledger.ListAccounts: sheet.Accounts,
	ledger.ListMeasures: sheet.Measures, ledger.ListEntitled: sheet.Entitled,
}

// sheet is the submission's file, as the officer would upload it. It is the same
// bytes each time, so that the book knows it again.
func (sub *submission) sheet() (name string, content []byte, err error) {
	var rows []sheet.Record
	var columns []string
	for _, a := range sub.acts {
		r := record(a)
		if r == nil {
			continue
		}
		rows = append(rows, r)
	}
	for _, c := range sub.form.Columns {
		if slices.ContainsFunc(rows, func(r sheet.Record) bool { return r[c.Name] != "" }) {
			columns = append(columns, c.Name)
		}
	}
	format := sheet.XLSX
	if slices.Contains([]*sheet.Form{sheet.Payment, sheet.Grant, sheet.Poor, sheet.Measures}, sub.form) { // systems write CSV
		format = sheet.CSV
	}
	var b bytes.Buffer
	if err := sheet.Write(&b, sub.form, format, columns, slices.Values(rows)); err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("%s-%s.%s", sub.title, sub.acts[0].On, format), b.Bytes(), nil
}

// record is the row of a sheet that says what an act says, or nil for a batch's
// header, which is no row.
func record(a act) sheet.Record {
	switch b := a.Body.(type) {
	case *ledger.FundReceived:
		return sheet.Record{
			"资金编号": b.Fund, "资金文号": b.Document, "资金名称": b.Name, "级次": ledger.Levels.Name(b.Level).Zh, "下达日期": string(b.Issued),
			"指标金额": b.Amount.Wan(), "功能科目": b.FunctionCode,
		}
	case *ledger.ProjectApproved:
		return planRecord(b)
	case *ledger.PlaceNamed:
		return sheet.Record{"区划代码": b.Place, "名称": b.Name}
	case *ledger.FundAllocated:
		return sheet.Record{"资金编号": b.Fund, "分配文号": b.Document, "日期": string(a.On), "项目编号": b.Project, "投资规模": b.Amount.Wan()}
	case *ledger.PaymentRequested:
		return sheet.Record{
			"申请号": b.Payment, "日期": string(a.On), "资金编号": b.Fund, "项目编号": b.Project, "合同编号": b.Contract,
			"收款人全称": b.Payee.Name, "统一社会信用代码": b.Payee.Code, "账号": a.Sealed["payee_account"], "开户行": a.Sealed["payee_bank"],
			"金额": b.Amount.String(), "大写金额": b.Amount.Upper(), "用途": b.Purpose, "功能科目": b.FunctionCode, "经济科目": b.EconomicCode,
			"支付方式": ledger.PayMethods.Name(b.Method).Zh, "款项性质": ledger.PayStages.Name(b.Stage).Zh,
		}
	case *ledger.RegisterPerson:
		class := a.Sealed["class"] // under the header that the list's form has for it
		r := sheet.Record{
			"姓名": a.Sealed["name"], "身份证号": a.Sealed["id_number"], "户编号": a.Sealed["household"], "户类别": class, "帮扶措施": class, "享受政策": class, "职务": a.Sealed["post"],
			"死亡日期": a.Sealed["died_on"], "起始日期": a.Sealed["first_on"], "截止日期": a.Sealed["last_on"], "统一社会信用代码": b.Firm,
		}
		if b.Place != "" {
			r["乡镇"], r["区划代码"] = ledger.DivisionOf(b.Place).Name, b.Place
		}
		return r
	case *ledger.RegisterSupplier:
		return sheet.Record{"供应商名称": b.Supplier.Name, "统一社会信用代码": b.Supplier.Code, "起始日期": string(b.From), "截止日期": string(b.To), "依据": b.Basis, "住所": b.Address}
	case *ledger.RegisterAccount:
		return sheet.Record{"账号": a.Sealed["payee_account"], "开户网点": b.Branch, "开户日期": string(b.Opened), "开户序号": strconv.Itoa(int(b.Serial))}
	case *ledger.GrantLine:
		return sheet.Record{
			"乡镇": ledger.DivisionOf(b.Place).Name, "区划代码": b.Place, "户主": a.Sealed["payee_name"], "身份证号": a.Sealed["id_number"],
			"账号": a.Sealed["payee_account"], "电话": a.Sealed["phone"], "批次": b.Payment, "发放期间": a.On.Month(),
			"标准": b.Standard.String(), "数量": b.Quantity, "金额": b.Amount.String(), "人员类别": b.Category,
		}
	}
	return nil
}

// sourceColumns are the plan's money columns of the five lines; the minority
// line shares the central column, so its project names its fund instead.
var sourceColumns = [5]string{"中央衔接", "", "市级", "省级衔接", "县级"}

func planRecord(b *ledger.ProjectApproved) sheet.Record {
	town := ledger.DivisionOf(b.Place).Name
	r := sheet.Record{
		"项目编号": b.Project, "部门": b.Department, "乡镇": town, "村": b.PlaceName[len(town):], "区划代码": b.Place, "项目名称": b.Name,
		"项目类型": ledger.ProjectTypes.Name(b.Type).Zh, "项目子类型": b.Subtype, "建设内容": b.Content, "补助标准": b.Standard,
		"实施期限": string(b.Start) + "-" + string(b.Finish), "预期绩效目标": b.Targets, "联农带农机制": b.Linkage,
		"受益户": strconv.Itoa(int(b.Beneficiaries)), "脱贫户": strconv.Itoa(int(b.Poor)), "责任单位": b.Unit, "责任人": b.Responsible.Name,
		"批复文号": b.Document, "备注": b.Remark,
	}
	var sum ledger.Amount
	for _, l := range b.Budget {
		line := slices.IndexFunc(fundLines[:], func(f fundLine) bool { return f.id == l.Fund })
		sum += l.Amount
		if sourceColumns[line] == "" {
			r["资金编号"] = l.Fund
			continue
		}
		r[sourceColumns[line]] = l.Amount.Wan()
	}
	r["计划投入资金"] = sum.Wan()
	return r
}

// options say what the sheet of a submission leaves open, as an officer would on
// the import page.
func (sub *submission) options(known sheet.Known) sheet.Options {
	o := sheet.Options{Book: Book, By: sub.acts[0].By, On: sub.acts[0].On, Known: known, Funds: map[string]string{}}
	for line, column := range sourceColumns {
		o.Funds[column] = fundLines[line].id
	}
	if h, ok := sub.acts[0].Body.(*ledger.GrantRequested); ok {
		o.Fund, o.Project, o.Item = h.Fund, h.Project, h.Item
	}
	if h, ok := sub.acts[0].Body.(*ledger.RegisterLoaded); ok {
		o.Source, o.Stated, o.From, o.To = h.Source, h.Stated, h.From, h.To
	}
	return o
}

// importSheet reads the submission's sheet and imports it, unless the book has
// it already.
func (n *loading) importSheet(ctx context.Context, sub *submission) error {
	name, content, err := sub.sheet()
	if err != nil {
		return err
	}
	sub.hash = hashOf(content)
	src, err := sheet.Open(name, bytes.NewReader(content), int64(len(content)), "")
	if err != nil {
		return err
	}
	defer src.Close()
	known, err := sheet.KnownOf(ctx, n.ledger, Book)
	if err != nil {
		return err
	}
	options := sub.options(known)
	options.Explain = n.explain
	batch, err := sheet.Read(src, sub.form, options)
	if err != nil {
		return err
	}
	_, err = batch.Import(ctx, n.ledger)
	if _, again := errors.AsType[*sheet.SameFile](err); again {
		return nil
	}
	if errors.Is(err, sheet.ErrBadRows) {
		p := batch.Problems[0]
		return fmt.Errorf("%w: %s %s: %s", err, p.Cell(), p.Header, p.En)
	}
	return err
}

// importedAs finds the submission that a sheet became.
func (n *loading) importedAs(ctx context.Context, sub *submission) (ledger.Submission, error) {
	if sub.hash == "" { // it was imported by a load that was cut off
		_, content, err := sub.sheet()
		if err != nil {
			return ledger.Submission{}, err
		}
		sub.hash = hashOf(content)
	}
	return n.ledger.SubmissionByFile(ctx, Book, sub.hash)
}
