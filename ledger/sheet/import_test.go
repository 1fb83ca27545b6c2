package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
)

const book = ledger.Book("411025")

var (
	maker  = ledger.By{Role: ledger.Maker, Unit: "411025-CZ", User: "u1"}
	second = ledger.By{Role: ledger.Checker, Unit: "411025-CZ", User: "u2"}
)

func newLedger(t testing.TB) *ledger.Ledger {
	t.Helper()
	db := pgtest.New(t)
	sealer, err := audit.NewSealer(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: time.Now})
	t.Cleanup(l.Close)
	if err := l.CreateBook(t.Context(), book); err != nil {
		t.Fatal(err)
	}
	return l
}

// open opens a file from memory.
func open(t testing.TB, name string, content []byte) *Source {
	t.Helper()
	src, err := Open(name, bytes.NewReader(content), int64(len(content)), "")
	if err != nil {
		t.Fatalf("open %s: %v", name, err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}

// options read against a book.
func options(t testing.TB, l *ledger.Ledger) Options {
	t.Helper()
	o := Options{Book: book, By: maker, On: "2020-03-18", Source: "县公安局", Stated: "2020-02-29", From: "2020-03-01", To: "2020-04-30"}
	if l != nil {
		var err error
		if o.Known, err = KnownOf(t.Context(), l, book); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// file writes a sheet of a form.
func file(t testing.TB, form *Form, format Format, rows ...Record) []byte {
	t.Helper()
	var columns []string
	for _, c := range form.Columns {
		if slices.ContainsFunc(rows, func(r Record) bool { return r[c.Name] != "" }) {
			columns = append(columns, c.Name)
		}
	}
	var b bytes.Buffer
	if err := Write(&b, form, format, columns, slices.Values(rows)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// load imports a sheet and has it approved.
func load(t testing.TB, l *ledger.Ledger, form *Form, o Options, content []byte) Result {
	t.Helper()
	r := submit(t, l, form, o, content)
	if _, err := l.Approve(t.Context(), book, r.Submission+"-ok", r.Submission, r.ContentHash, "2020-03-18", second); err != nil {
		t.Fatalf("approve %s: %v", form.Name, err)
	}
	return r
}

func submit(t testing.TB, l *ledger.Ledger, form *Form, o Options, content []byte) Result {
	t.Helper()
	b, err := Read(open(t, form.Name+".xlsx", content), form, o)
	if err != nil {
		t.Fatalf("read %s: %v", form.Name, err)
	}
	r, err := b.Import(t.Context(), l)
	if err != nil {
		t.Fatalf("import %s: %v%s", form.Name, err, problems(b))
	}
	if int(r.Last-r.First)+1 != r.Entries {
		t.Errorf("%d entries from %d to %d", r.Entries, r.First, r.Last)
	}
	return r
}

func problems(b *Batch) string {
	var s strings.Builder
	for _, p := range b.Problems {
		fmt.Fprintf(&s, "\n%s %s %q: %s / %s", p.Cell(), p.Header, p.Value, p.Zh, p.En)
	}
	return s.String()
}

// seen lists problems as cell and rule.
func seen(ps []RowProblem) []string {
	out := []string{}
	for _, p := range ps {
		out = append(out, p.Cell()+" "+p.Rule)
	}
	return out
}

var ledgerRows = []Record{
	{"序号": "1", "资金编号": "F1", "资金文号": "豫财农〔2019〕12号", "资金名称": "财政专项扶贫资金", "级次": "中央", "下达日期": "2020-01-07", "指标金额": "1245", "功能科目": "2130599",
		"项目编号": "P1", "项目名称": "颍阳镇道路硬化", "项目类型": "乡村建设行动", "建设内容": "硬化道路1公里", "乡镇": "颍阳镇", "实施单位": "颍阳镇人民政府", "责任人": "李某", "批复文号": "襄扶〔2020〕3号",
		"批复日期": "2020-03-18", "批复资金": "48.5", "中标单位": "河南某建筑有限公司", "统一社会信用代码": "91350100M000100Y43", "合同编号": "HT1", "合同价": "47.123456",
		"计划开工": "2020-03-20", "计划完工": "2020-06-30", "受益户": "320", "绩效目标": "改善出行"},
	{"序号": "2", "资金编号": "F1", "资金文号": "豫财农〔2019〕12号", "资金名称": "财政专项扶贫资金", "级次": "中央", "下达日期": "2020-01-07", "指标金额": "1245", "功能科目": "2130599",
		"项目编号": "P2", "项目名称": "到户产业奖补", "项目类型": "产业发展", "建设内容": "奖补脱贫户", "乡镇": "麦岭镇", "实施单位": "县农业农村局", "责任人": "王某", "批复文号": "襄扶〔2020〕3号",
		"批复日期": "2020-03-18", "批复资金": "10", "计划开工": "2020-03-20", "计划完工": "2020-12-31", "绩效目标": "增收"},
}

var paymentRows = []Record{
	{"申请号": "Z1", "日期": "2020-04-10", "资金编号": "F1", "项目编号": "P1", "合同编号": "HT1", "收款人全称": "河南某建筑有限公司", "统一社会信用代码": "91350100M000100Y43", "账号": "4100123456789", "开户行": "农行襄城支行",
		"金额": "120000.00", "大写金额": "壹拾贰万元整", "用途": "工程进度款", "功能科目": "2130599", "经济科目": "31005", "支付方式": "财政直接支付", "款项性质": "进度款"},
	{"日期": "2020-04-11", "资金编号": "F1", "项目编号": "P2", "收款人全称": "张三", "身份证号": "11010519491231002x", "账号": "6200000000000005", "金额": "500.05", "用途": "奖补"},
}

var grantRows = []Record{
	{"乡镇": "颍阳镇", "村": "某村", "户主": "张三", "身份证号": "11010519491231002X", "账号": "6200000000000005", "项目编号": "P2", "资金编号": "F1", "补助项目": "产业奖补", "标准": "500", "数量": "3.5", "金额": "1750", "人员类别": "脱贫户", "电话": "13800000000", "批次": "2020-01"},
	{"乡镇": "麦岭镇", "村": "二村", "户主": "李四", "身份证号": "440524188001010014", "项目编号": "P2", "资金编号": "F1", "补助项目": "产业奖补", "标准": "500", "数量": "2", "金额": "1000", "人员类别": "监测户", "批次": "2020-01"},
}

func TestFromSheetsToBalances(t *testing.T) {
	t.Parallel()
	for _, format := range []Format{XLSX, CSV} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			l := newLedger(t)
			load(t, l, FundLedger, options(t, l), file(t, FundLedger, format, ledgerRows...))
			pay := load(t, l, Payment, options(t, l), file(t, Payment, format, paymentRows...))
			if pay.Amount != 12050005 || pay.Upper != "壹拾贰万零伍佰元零伍分" {
				t.Errorf("payments total %s %s", pay.Amount, pay.Upper)
			}
			load(t, l, Grant, options(t, l), file(t, Grant, format, grantRows...))
			f, err := l.Fund(t.Context(), book, "F1")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([2]ledger.Amount{1245_000_000, 58_500_000}, [2]ledger.Amount{f.Received, f.Allocated}); diff != "" {
				t.Error("fund (-want +got):\n" + diff)
			}
			c, err := l.Contract(t.Context(), book, "HT1")
			if err != nil || c.Amount != 47_123_456 || c.Requested != 12_000_000 {
				t.Errorf("contract %+v, %v", c, err)
			}
			p, err := l.Payment(t.Context(), book, "2020-01")
			if err != nil || p.Lines != 2 || p.Amount != 275000 || p.State != ledger.StateApproved {
				t.Errorf("grant batch %+v, %v", p, err)
			}
			lines, err := l.LinesByPlace(t.Context(), book, "2020-01")
			if err != nil || len(lines) != 2 || lines[0].Place != "411025102000" {
				t.Errorf("lines by place %+v, %v", lines, err)
			}
		})
	}
}

func TestOneBadRowStopsAll(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	load(t, l, FundLedger, options(t, l), file(t, FundLedger, XLSX, ledgerRows...))
	over := Record{"申请号": "Z9", "日期": "2020-04-12", "资金编号": "F1", "项目编号": "P2", "收款人全称": "襄城县某合作社", "金额": "999999", "用途": "奖补"}
	b, err := Read(open(t, "a.xlsx", file(t, Payment, XLSX, append(slices.Clone(paymentRows), over)...)), Payment, options(t, l))
	if err != nil || len(b.Problems) > 0 {
		t.Fatalf("read: %v%s", err, problems(b))
	}
	if _, err := b.Import(t.Context(), l); !errors.Is(err, ErrBadRows) {
		t.Fatalf("got %v, want ErrBadRows", err)
	}
	// The book names its limit; the sheet names the cell: row 6, column 金额.
	if diff := cmp.Diff([]string{"K6 over_payment"}, seen(b.Problems)); diff != "" {
		t.Error("problems (-want +got):\n" + diff)
	}
	if _, err := l.Payment(t.Context(), book, "Z1"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("payment Z1: %v, want none of the sheet posted", err)
	}
}

func TestSameFileAndSameRowAreNoticed(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	load(t, l, FundLedger, options(t, l), file(t, FundLedger, XLSX, ledgerRows...))
	content := file(t, Payment, CSV, paymentRows...)
	first := submit(t, l, Payment, options(t, l), content)
	b, err := Read(open(t, "again.csv", content), Payment, options(t, l))
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Import(t.Context(), l)
	if same, ok := errors.AsType[*SameFile](err); !ok || same.Submission.Submission != first.Submission {
		t.Fatalf("same file: %v", err)
	}
	// The same private payee in another file, written in another way.
	row := Record{"日期": "2020年4月11日", "资金编号": "F1", "项目编号": "P2", "收款人全称": "张三", "身份证号": "１１０１０５１９４９１２３１００２Ｘ", "账号": "6200 0000 0000 0005", "金额": "５００．０５", "用途": "奖补"}
	other := file(t, Payment, XLSX, row)
	b, err = Read(open(t, "other.xlsx", other), Payment, options(t, l))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Import(t.Context(), l); !errors.Is(err, ErrBadRows) || len(b.Problems) != 1 || b.Problems[0].Row != 4 || b.Problems[0].Rule != "duplicate" {
		t.Fatalf("same row: %v%s", err, problems(b))
	}
	o := options(t, l)
	o.AllowDuplicates = true
	load(t, l, Payment, o, other)
}

func TestRejectedAndReversedMayComeAgain(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	ctx := t.Context()
	load(t, l, FundLedger, options(t, l), file(t, FundLedger, XLSX, ledgerRows...))
	for _, form := range []struct {
		form *Form
		rows []Record
	}{{Payment, paymentRows[1:]}, {Grant, []Record{without(grantRows[0], "批次"), without(grantRows[1], "批次")}}} {
		content := file(t, form.form, XLSX, form.rows...)
		r := submit(t, l, form.form, options(t, l), content)
		if _, err := l.Post(ctx, book, ledger.Draft{ID: r.Submission + "-no", Kind: "submission.rejected", On: "2020-03-18", By: second, Corrects: ledger.None,
			Body: &ledger.SubmissionRejected{Submission: r.Submission, Reason: "amount"}}); err != nil {
			t.Fatal(err)
		}
		r = load(t, l, form.form, options(t, l), content)
		requested := project(t, l, "P2").Requested
		if requested != r.Amount {
			t.Fatalf("%s: requested %s, want %s", form.form.Name, requested, r.Amount)
		}
		back, err := Reverse(ctx, l, book, Reversal{Submission: r.Submission, Reason: "duplicate", On: "2020-03-19", By: maker})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Approve(ctx, book, back.Submission+"-ok", back.Submission, back.ContentHash, "2020-03-19", second); err != nil {
			t.Fatal(err)
		}
		if p := project(t, l, "P2"); p.Requested != 0 {
			t.Errorf("%s: requested %s after the reversal", form.form.Name, p.Requested)
		}
		if _, err := Reverse(ctx, l, book, Reversal{Submission: r.Submission, Reason: "duplicate", On: "2020-03-19", By: maker}); err == nil {
			t.Errorf("%s: reversed twice", form.form.Name)
		}
	}
}

func TestReverseFundLedger(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	ctx := t.Context()
	r := load(t, l, FundLedger, options(t, l), file(t, FundLedger, XLSX, ledgerRows...))
	back, err := Reverse(ctx, l, book, Reversal{Submission: r.Submission, Reason: "other", On: "2020-03-19", By: maker})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Approve(ctx, book, "ok", back.Submission, back.ContentHash, "2020-03-19", second); err != nil {
		t.Fatal(err)
	}
	f, err := l.Fund(ctx, book, "F1")
	if err != nil || f.Received != 0 || f.InHand != 0 || f.Allocated != 0 {
		t.Errorf("fund %+v, %v", f, err)
	}
}

func without(r Record, column string) Record {
	out := Record{}
	for k, v := range r {
		if k != column {
			out[k] = v
		}
	}
	return out
}

func project(t testing.TB, l *ledger.Ledger, id string) ledger.Project {
	t.Helper()
	p, err := l.Project(t.Context(), book, id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTryAsksTheBook: a preview says what balances would refuse, by row, and posts
// nothing; what it finds nothing wrong with is imported.
func TestTryAsksTheBook(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	load(t, l, FundLedger, options(t, l), file(t, FundLedger, XLSX, ledgerRows...))
	before, err := l.Head(t.Context(), book)
	if err != nil {
		t.Fatal(err)
	}
	pay := Record{"申请号": "Z1", "日期": "2020-04-10", "资金编号": "F1", "项目编号": "P1", "合同编号": "HT1", "收款人全称": "河南某建筑有限公司", "统一社会信用代码": "91350100M000100Y43", "金额": "471234.57", "用途": "工程款"}
	b, err := Read(open(t, "z.xlsx", file(t, Payment, XLSX, pay)), Payment, options(t, l))
	if err != nil {
		t.Fatal(err)
	}
	if trial, err := b.Try(t.Context(), l); err != nil || !trial.Judged {
		t.Fatal(trial, err)
	}
	if len(b.Problems) != 1 || b.Problems[0].Header != "金额" || b.Problems[0].Rule != "over_contract" {
		t.Errorf("one fen beyond: %v%s", seen(b.Problems), problems(b))
	}
	if after, err := l.Head(t.Context(), book); err != nil || after.Size != before.Size {
		t.Errorf("a preview posted %d entries, %v", after.Size-before.Size, err)
	}
}
