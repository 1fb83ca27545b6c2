package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"yilu/ledger"
)

// lines makes a CSV of rows.
func lines(t testing.TB, rows ...[]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var payHeader = []string{"申请号", "日期", "资金编号", "项目编号", "收款人全称", "统一社会信用代码", "金额（小写）", "金额（大写）", "用途"}

func payLine(id, day, amount, capitals string) []string {
	return []string{id, day, "F1", "P1", "河南某建筑有限公司", "91350100M000100Y43", amount, capitals, "进度款"}
}

func read(t testing.TB, name string, content []byte, form *Form) *Batch {
	t.Helper()
	b, err := Read(open(t, name, content), form, options(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func encoded(t testing.TB, name string, utf8 []byte) []byte {
	t.Helper()
	var b []byte
	var err error
	switch name {
	case "gb18030":
		b, err = simplifiedchinese.GB18030.NewEncoder().Bytes(utf8)
	case "utf16":
		b, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes(bytes.ReplaceAll(utf8, []byte(","), []byte("\t")))
	case "bom":
		b = append([]byte("\ufeff"), utf8...)
	default:
		b = utf8
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	plain := lines(t, []string{"支付表"}, payHeader, payLine("Z1", "2020-04-10", "1,409.50", "壹仟肆佰零玖元伍角"), payLine("Z2", "2020年4月11日", "￥６００７．１４", "陆仟零柒元壹角肆分"))
	for _, enc := range []string{"utf8", "bom", "gb18030", "utf16"} {
		b := read(t, enc+".csv", encoded(t, enc, plain), Payment)
		if len(b.Problems) > 0 || len(b.Drafts) != 2 || b.Amount != 741664 {
			t.Errorf("%s: %d drafts, %s%s", enc, len(b.Drafts), b.Amount, problems(b))
		}
	}
}

// TestSeparators: lines that end as on old Macs, and cells parted by bars or the comma of
// Chinese texts, are told apart; of quotes that do not match the first is named.
func TestSeparators(t *testing.T) {
	t.Parallel()
	plain := string(lines(t, payHeader, payLine("Z1", "2020-04-10", "100.00", "壹佰元整"), payLine("Z2", "2020-04-11", "6007.14", "陆仟零柒元壹角肆分")))
	for name, content := range map[string]string{
		"returns": strings.ReplaceAll(strings.ReplaceAll(plain, "\r", ""), "\n", "\r"), "bars": strings.ReplaceAll(plain, ",", "|"), "Chinese commas": strings.ReplaceAll(plain, ",", "，"),
		"tabs": strings.ReplaceAll(plain, ",", "\t"), "semicolons": strings.ReplaceAll(plain, ",", ";"),
	} {
		b := read(t, "x.csv", []byte(content), Payment)
		if len(b.Problems) > 0 || len(b.Drafts) != 2 || b.Amount != 610714 || b.DraftRows[1] != 3 {
			t.Errorf("%s: %d drafts at %v, %s%s", name, len(b.Drafts), b.DraftRows, b.Amount, problems(b))
		}
	}
	open := strings.Replace(plain, "Z1,", "Z1,\"", 1)
	src, err := Open("x.csv", strings.NewReader(open), int64(len(open)), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = Read(src, Payment, Options{}); err == nil || !strings.Contains(err.Error(), "begin in line 2") {
		t.Errorf("quotes that do not match: %v", err)
	}
}

// TestPassword: a workbook under a password is told from an old one.
func TestPassword(t *testing.T) {
	t.Parallel()
	old := "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 65_520)
	for content, want := range map[string]string{old: "an old .xls", old + string(encryptedPart): "has a password", old[:8]: "an old .xls"} {
		if _, err := Open("x.xlsx", strings.NewReader(content), int64(len(content)), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestLedgerOfDocuments: a ledger without projects has the total of its documents, each once.
func TestLedgerOfDocuments(t *testing.T) {
	t.Parallel()
	head := []string{"资金文号", "资金名称", "级次", "下达日期", "指标金额（万元）"}
	b := read(t, "x.csv", lines(t, head, []string{"豫财农〔2020〕1号", "扶贫资金", "中央", "2020-01-07", "1.5"}, []string{"豫财农〔2020〕2号", "扶贫资金", "省级", "2020-01-07", "2"}), FundLedger)
	if len(b.Problems) > 0 || b.Amount != 3500000 || !strings.Contains(b.title(), "35,000.00 元") {
		t.Errorf("%s %s%s", b.Amount, b.title(), problems(b))
	}
}

func TestAllBadRowsAtOnce(t *testing.T) {
	t.Parallel()
	b := read(t, "bad.csv", lines(t, []string{"支付表"}, []string{"单位：元"}, payHeader,
		payLine("Z1", "2020-04-10", "100.00", "壹佰元整"),
		payLine("Z2", "2020-02-30", "12.345", ""),
		payHeader, // printed on every page
		payLine("Z3", "2020-04-11", "100.00", "贰佰元整"),
		payLine("", "2020-04-10", "约100", ""),
		payLine("Z1/一", "2020-04-10", "1", ""),
		[]string{"Z5", "", "F1", "P1", "张三", "", "5", "", "奖补"},
		payLine("Z1", "2020-04-10", "100.00", ""),
		[]string{"Z6", "", "F1", "P1", "某建筑有限公司", "", "5", "", "张三13800000000"},
		[]string{"", "", "", "", "合计", "", "300.00", "", ""},
		[]string{"注：以上为四月支付"}), Payment)
	want := []string{"B5 form", "G5 form", "H7 upper", "G8 form", "A9 form", "E10 payee", "0 duplicate", "I12 personal_data"}
	want[6] = "11 duplicate"
	if diff := cmp.Diff(want, seen(b.Problems)); diff != "" {
		t.Error("problems (-want +got):\n" + diff + problems(b))
	}
	if len(b.Drafts) != 1 || b.DraftRows[0] != 4 || b.Rows != 8 {
		t.Errorf("%d drafts at %v of %d rows", len(b.Drafts), b.DraftRows, b.Rows)
	}
}

// workbook makes an XLSX of cells.
func workbook(t testing.TB, edit func(f *excelize.File), rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, r := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &r); err != nil {
			t.Fatal(err)
		}
	}
	if edit != nil {
		edit(f)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSerialDates(t *testing.T) {
	t.Parallel()
	for _, from1904 := range []bool{false, true} {
		serial := 43931 // 2020-04-10 counted from 1900
		if from1904 {
			serial -= 1462
		}
		content := workbook(t, func(f *excelize.File) {
			if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &from1904}); err != nil {
				t.Fatal(err)
			}
		}, []any{"申请号", "日期", "资金编号", "项目编号", "收款人全称", "金额", "用途"},
			[]any{"Z1", serial, "F1", "P1", "河南某建筑有限公司", 1234.56, "进度款"},
			[]any{"Z2", "20200410", "F1", "P1", "河南某建筑有限公司", 54.27, "进度款"})
		src := open(t, "a.xlsx", content)
		b, err := Read(src, Payment, options(t, nil))
		if err != nil || len(b.Problems) > 0 || b.Drafts[0].On != "2020-04-10" || b.Drafts[1].On != "2020-04-10" || b.Amount != 128883 {
			t.Errorf("1904 %v: %v %s", from1904, err, problems(b))
		}
	}
}

func TestMergedCells(t *testing.T) {
	t.Parallel()
	content := workbook(t, func(f *excelize.File) {
		for _, m := range [][2]string{{"A1", "G1"}, {"C3", "C4"}, {"A5", "C5"}} {
			if err := f.MergeCell("Sheet1", m[0], m[1]); err != nil {
				t.Fatal(err)
			}
		}
	}, []any{"支付表"}, []any{"申请号", "日期", "资金编号", "项目编号", "收款人全称", "金额", "用途"},
		[]any{"Z1", "2020-04-10", "F1", "P1", "河南某建筑有限公司", "10", "进度款"},
		[]any{"Z2", "2020-04-10", nil, "P1", "河南某建筑有限公司", "10", "进度款"},
		[]any{"合计", nil, nil, nil, nil, "20"})
	b := read(t, "merged.xlsx", content, Payment)
	if diff := cmp.Diff([]string{"C3 merged", "C4 merged"}, seen(b.Problems)); diff != "" {
		t.Error("a merged title and total are fine, data is not (-want +got):\n" + diff)
	}
	if !strings.Contains(b.Problems[0].Zh, "C3:C4") {
		t.Errorf("the range is not named: %s", b.Problems[0].Zh)
	}
}

func TestTwoRowHeaderOfThePlan(t *testing.T) {
	t.Parallel()
	content := lines(t,
		[]string{"襄城县2020年计划安排表"}, []string{"", "", "单位：万元"},
		[]string{"序号", "乡镇", "村", "项目名称", "项目子类型", "建设内容", "计划投入资金", "资金来源", "", "", "", "实施期限（年/月-年/月）", "预期绩效目标", "责任单位", "责任人", "批复文号"},
		[]string{"", "", "", "", "", "", "", "中央衔接", "省级衔接", "省级财政", "其他", "", "", "", "", ""},
		[]string{"合计", "", "", "", "", "", "113.5", "47", "66.5", "", "", "", "", "", "", ""},
		[]string{"1", "颍阳镇", "某村", "道路硬化", "农村道路建设", "硬化", "20", "20", "", "", "", "2020/3-2020/6", "改善出行", "颍阳镇政府", "李某", "襄扶〔2020〕3号"},
		[]string{"2", "麦岭", "二村", "种植基地", "种植业基地", "大棚", "20", "20", "-", "", "", "2020年3月至12月", "增收", "麦岭镇政府", "王某", "襄扶〔2020〕3号"},
		[]string{"3", "襄城县王洛镇", "", "饮水", "水利", "管网", "73.5", "7", "66.5", "", "", "2020-03-01至2020-06-30", "饮水安全", "王洛镇政府", "赵某", "襄扶〔2020〕3号"})
	o := options(t, nil)
	o.Funds = map[string]string{"central": "F1", "省级衔接": "F2"}
	b, err := Read(open(t, "plan.csv", content), Plan, o)
	if err != nil || len(b.Problems) > 0 || len(b.Drafts) != 3 {
		t.Fatalf("%v%s", err, problems(b))
	}
	p := b.Drafts[2].Body.(*ledger.ProjectApproved)
	want := []ledger.BudgetLine{{Fund: "F1", Amount: 7_000_000}, {Fund: "F2", Amount: 66_500_000}}
	if diff := cmp.Diff(want, p.Budget); diff != "" || p.Place != "411025104000" || p.Start != "2020-03-01" || p.Finish != "2020-06-30" || p.Type != "construction" {
		t.Errorf("plan %+v\n%s", p, diff)
	}
	if b.Amount != 113_500_000 || len(b.ByFund) != 2 || b.ByFund[1].Amount != 66_500_000 {
		t.Errorf("totals %s %+v", b.Amount, b.ByFund)
	}
}

// zipped makes an archive of parts; a nil writer leaves a part out.
func zipped(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// parts unpacks an XLSX so that tests can spoil it.
func parts(t testing.TB, content []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		m[f.Name] = string(b)
	}
	return m
}

func TestHostileFiles(t *testing.T) {
	t.Parallel()
	good := workbook(t, nil, []any{"申请号", "金额"}, []any{"Z1", "1"})
	spoil := func(edit func(m map[string]string)) []byte {
		m := parts(t, good)
		edit(m)
		return zipped(t, m)
	}
	const sheet = "xl/worksheets/sheet1.xml"
	for _, c := range []struct {
		name, zh string
		content  []byte
	}{
		{"empty", "空的", nil},
		{"old.xls", ".xls", []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1more")},
		{"picture", "不是表格", []byte("\x89PNG\r\n\x1a\n")},
		{"page.xls", "不是表格", []byte("<html><table>")},
		{"binary", "不是表格", []byte("a,b\n1,\x002\n")},
		{"broken zip", "损坏", good[:len(good)/2]},
		{"docx", "不是 .xlsx", zipped(t, map[string]string{"word/document.xml": "<w/>"})},
		{"macros", "宏", spoil(func(m map[string]string) { m["xl/vbaProject.bin"] = "x" })},
		{"links", "外部链接", spoil(func(m map[string]string) { m["xl/externalLinks/externalLink1.xml"] = "<x/>" })},
		{"climbing", "结构异常", spoil(func(m map[string]string) { m["../../etc/passwd"] = "x" })},
		{"bomb", "炸弹", spoil(func(m map[string]string) { m["xl/media/a.xml"] = strings.Repeat("0", 20<<20) })},
		{"many parts", "结构异常", spoil(func(m map[string]string) {
			for i := range 300 {
				m[fmt.Sprint("xl/media/", i)] = "x"
			}
		})},
		{"entities", "DOCTYPE", spoil(func(m map[string]string) {
			m[sheet] = strings.Replace(m[sheet], "<worksheet", `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet`, 1)
		})},
		{"cut sheet", "损坏", spoil(func(m map[string]string) { m[sheet] = m[sheet][:len(m[sheet])/2] })},
		{"no rows", "没有读到", spoil(func(m map[string]string) { m[sheet] = "<worksheet><sheetData/></worksheet>" })},
		{"two sheets", "多个工作表", workbook(t, func(f *excelize.File) {
			if _, err := f.NewSheet("Sheet2"); err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellStr("Sheet2", "A1", "x"); err != nil {
				t.Fatal(err)
			}
		}, []any{"申请号", "金额"})},
	} {
		err := readWhole(c.name, c.content)
		if bad, ok := errors.AsType[*ledger.Invalid](err); !ok || !strings.Contains(bad.Problems[0].Zh, c.zh) {
			t.Errorf("%s: %v, want a reason with %q", c.name, err, c.zh)
		}
	}
	if err := readWhole("good.xlsx", good); err != nil {
		t.Errorf("the unspoilt file: %v", err)
	}
}

// TestFaultNeverShortensASheet puts a sign that breaks XML in each place of a worksheet:
// the file is refused, or all of its rows are read.
func TestFaultNeverShortensASheet(t *testing.T) {
	t.Parallel()
	const sheet = "xl/worksheets/sheet1.xml"
	whole := parts(t, workbook(t, nil, []any{"申请号", "金额"}, []any{"Z1", "1"}, []any{}, []any{"Z3", "3"}))
	rows := func(spoilt string) (n int, err error) {
		m := maps.Clone(whole)
		m[sheet] = spoilt
		content := zipped(t, m)
		src, err := Open("z.xlsx", bytes.NewReader(content), int64(len(content)), "")
		if err != nil {
			return 0, err
		}
		defer src.Close()
		for _, err := range src.Lines() {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	want, err := rows(whole[sheet])
	if err != nil || want != 3 {
		t.Fatal(want, err)
	}
	refused := 0
	for at := range len(whole[sheet]) {
		for _, sign := range []string{"<", ""} {
			n, err := rows(whole[sheet][:at] + sign + whole[sheet][at+1:])
			if err != nil {
				refused++
			} else if n != want {
				t.Errorf("%q at %d: %d rows of %d", sign, at, n, want)
			}
		}
	}
	if refused < len(whole[sheet]) {
		t.Errorf("of %d faults %d were refused", 2*len(whole[sheet]), refused)
	}
}

// readWhole opens a file and reads it to its end: some faults show only there.
func readWhole(name string, content []byte) error {
	src, err := Open(name, bytes.NewReader(content), int64(len(content)), "")
	if err != nil {
		return err
	}
	for _, err := range src.Lines() {
		if err != nil {
			_ = src.Close() // the fault says more
			return err
		}
	}
	return src.Close()
}

func TestFileProblems(t *testing.T) {
	t.Parallel()
	template := func(f *Form) []byte {
		var b bytes.Buffer
		if err := Template(&b, f); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, c := range []struct {
		name, zh string
		content  []byte
	}{
		{"no header", "找不到", lines(t, []string{"甲", "乙"}, []string{"1", "2"})},
		{"column missing", "用途", lines(t, []string{"申请号", "收款人全称", "金额"}, []string{"Z1", "某公司某公司", "1"})},
		{"column twice", "都是", lines(t, append(slices.Clone(payHeader), "支付金额"), payLine("Z1", "", "1", ""))},
		{"odd unit", "千元", lines(t, []string{"单位：千元"}, payHeader, payLine("Z1", "", "1", ""))},
		{"other template", "资金台账", template(FundLedger)},
		{"latin", "编码", append(lines(t, payHeader, payLine("Z1", "", "1", "")), 0xff, 0xff, 0xff, '\n')},
		{"quotes", "引号", append(lines(t, payHeader), "\"a\"b,c\n"...)},
	} {
		src, err := Open(c.name, bytes.NewReader(c.content), int64(len(c.content)), "")
		if err == nil {
			_, err = Read(src, Payment, options(t, nil))
		}
		if bad, ok := errors.AsType[*ledger.Invalid](err); !ok || !strings.Contains(bad.Problems[0].Zh, c.zh) {
			t.Errorf("%s: %v, want a reason with %q", c.name, err, c.zh)
		}
	}
}

func TestTemplatesAreFilledAndRead(t *testing.T) {
	t.Parallel()
	for _, form := range Forms {
		var b bytes.Buffer
		if err := Template(&b, form); err != nil {
			t.Fatal(err)
		}
		empty := read(t, "template.xlsx", b.Bytes(), form)
		want := []string{"4 empty"}
		if form == Debarred {
			want = []string{}
		}
		if diff := cmp.Diff(want, seen(empty.Problems)); diff != "" {
			t.Errorf("%s: an unfilled template (-want +got):\n%s", form.Name, diff)
		}
		f, err := excelize.OpenReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range form.Columns {
			if err := f.SetCellStr(form.Zh, columnName(i)+"4", c.example); err != nil {
				t.Fatal(err)
			}
		}
		var filled bytes.Buffer
		if err := f.Write(&filled); err != nil {
			t.Fatal(err)
		}
		o := options(t, nil)
		o.Known.Projects = []ledger.Project{{ProjectFacts: ledger.ProjectFacts{Project: "P2020-001", State: ledger.StateApproved, Name: "颍阳镇某村道路硬化项目"}}}
		got, err := Read(open(t, "filled.xlsx", filled.Bytes()), form, o)
		if err != nil || len(got.Problems) > 0 || len(got.Drafts) == 0 {
			t.Errorf("%s: the examples of the template: %v%s", form.Name, err, problems(got))
		}
	}
}

func TestErrorSheetComesBack(t *testing.T) {
	t.Parallel()
	from1904 := true
	content := workbook(t, func(f *excelize.File) {
		if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &from1904}); err != nil {
			t.Fatal(err)
		}
	}, []any{"支付表"}, []any{"单位：万元"}, []any{"申请号", "日期", "资金编号", "项目编号", "收款人全称", "金额", "用途"},
		[]any{"Z1", 42469, "F1", "P1", "河南某建筑有限公司", 0.1, "进度款"},
		[]any{"Z2", 42469, "F1", "P1", "河南某建筑有限公司", "一万", "=1+1"},
		[]any{"合计", nil, nil, nil, nil, 1.1})
	src := open(t, "a.xlsx", content)
	b, err := Read(src, Payment, options(t, nil))
	if err != nil || len(b.Problems) != 1 {
		t.Fatalf("%v%s", err, problems(b))
	}
	var out bytes.Buffer
	if err := WriteErrors(&out, src, b); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.GetRows("问题行")
	if err != nil || len(rows) != 4 || rows[2][7] != "错误原因" || !strings.Contains(rows[3][7], "不是金额") || rows[3][6] != "'=1+1" {
		t.Fatalf("rows %q, %v", rows, err)
	}
	if err := f.SetCellStr("问题行", "F4", "1"); err != nil {
		t.Fatal(err)
	}
	var mended bytes.Buffer
	if err := f.Write(&mended); err != nil {
		t.Fatal(err)
	}
	again := read(t, "mended.xlsx", mended.Bytes(), Payment)
	if len(again.Problems) > 0 || len(again.Drafts) != 1 || again.Drafts[0].On != "2020-04-10" || again.Amount != 1_000_000 {
		t.Fatalf("mended: %+v%s", again.Drafts, problems(again))
	}
	if p := again.Drafts[0].Body.(*ledger.PaymentRequested); p.Purpose != "=1+1" {
		t.Errorf("the guard stayed: %q", p.Purpose)
	}
}

func TestNumbersSpreadsheetsSpoil(t *testing.T) {
	t.Parallel()
	header := []string{"户主", "身份证号", "账号", "项目编号", "资金编号", "补助项目", "标准", "数量", "金额"}
	b := read(t, "g.csv", lines(t, header,
		[]string{"张三", "1.10105E+17", "6.2E+18", "P2", "F1", "奖补", "500", "0.10000000000000001", "50"},
		[]string{"张三", "110105194912310021", "", "P2", "F1", "奖补", "500", "1", "500"},
		[]string{"李四", "440524188001010014", "", "P2", "F1", "奖补", "500", "2", "999"},
		[]string{"王五", "440308199901101512", "6217000000000000006", "P2", "F1", "奖补", "500", "2", "1000"}), Grant)
	if diff := cmp.Diff([]string{"B2 form", "C2 form", "B3 form", "I4 product"}, seen(b.Problems)); diff != "" {
		t.Error("problems (-want +got):\n" + diff + problems(b))
	}
	if diff := cmp.Diff([]string{"C5 warning"}, seen(b.Warnings)); diff != "" {
		t.Error("warnings (-want +got):\n" + diff)
	}
	for _, p := range b.Problems {
		if strings.Contains(p.Value+p.Zh, "1105") {
			t.Errorf("an ID number is shown: %+v", p)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add(lines(f, payHeader, payLine("Z1", "2020-04-10", "1", "壹元整")))
	f.Add([]byte("\xff\xfe\x00a"))
	f.Add([]byte("\xb5\xa5\xce\xbb\n,\"\n"))
	f.Fuzz(func(t *testing.T, content []byte) { readAny(t, content) })
}

func FuzzReadXLSX(f *testing.F) {
	f.Add(workbook(f, nil, []any{"支付表"}, []any{"申请号", "收款人全称", "金额", "用途"}, []any{"Z1", "某建筑有限公司", 1, "x"}))
	f.Add(file(f, Grant, XLSX, grantRows...))
	f.Fuzz(func(t *testing.T, content []byte) {
		readAny(t, append([]byte("PK\x03\x04"), content...))
		readAny(t, content)
	})
}

// readAny holds that whatever the bytes are, reading ends with an error we
// word ourselves or with drafts that the ledger would accept.
func readAny(t *testing.T, content []byte) {
	if len(content) > 1<<20 {
		return
	}
	src, err := Open("f", bytes.NewReader(content), int64(len(content)), "")
	if err != nil {
		if _, ok := errors.AsType[*ledger.Invalid](err); !ok {
			t.Fatalf("open: %v", err)
		}
		return
	}
	defer src.Close()
	for _, form := range Forms {
		b, err := Read(src, form, Options{Book: book, By: maker, On: "2020-03-18"})
		if err != nil {
			if _, ok := errors.AsType[*ledger.Invalid](err); !ok {
				t.Fatalf("read: %v", err)
			}
			continue
		}
		for _, d := range b.Drafts {
			if ps := ledger.Check(d); len(ps) > 0 {
				t.Fatalf("draft %+v: %v", d, ps)
			}
		}
		if len(b.Problems) > 0 {
			if err := WriteErrors(io.Discard, src, b); err != nil {
				t.Fatalf("write errors: %v", err)
			}
		}
	}
}
