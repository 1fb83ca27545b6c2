package sheet

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

var formulaHeader = []any{"申请号", "日期", "资金编号", "项目编号", "收款人全称", "账号", "金额", "用途"}

func formulaRow(id string) []any {
	return []any{id, "2020-04-10", "F1", "P1", "河南某建筑有限公司", "", "10", "进度款"}
}

// TestFormulas: a formula that failed or was never computed makes a bad row, also in a
// column that may be empty; one whose result is an empty text is an empty cell.
func TestFormulas(t *testing.T) {
	t.Parallel()
	failed, empty := formulaRow("Z6"), formulaRow("Z7")
	failed[4], empty[5] = "#N/A", ""
	content := workbook(t, func(f *excelize.File) {
		for _, cell := range []string{"F2", "F3", "G4", "H5", "F7"} {
			if err := f.SetCellFormula("Sheet1", cell, `=CONCATENATE("1","")`); err != nil {
				t.Fatal(err)
			}
		}
	}, formulaHeader, formulaRow("Z1"), formulaRow("Z2"), formulaRow("Z3"), formulaRow("Z4"), failed, empty)
	m := parts(t, content)
	const sheet = "xl/worksheets/sheet1.xml"
	replace := func(cell, result string) {
		before, after, ok := strings.Cut(m[sheet], `<c r="`+cell+`"`)
		inner, rest, closed := strings.Cut(after, "</c>")
		_, formula, formed := strings.Cut(inner, "<f>")
		formula, _, _ = strings.Cut(formula, "</f>")
		if !ok || !closed || !formed {
			t.Fatalf("no formula in %s of %s", cell, m[sheet])
		}
		m[sheet] = before + `<c r="` + cell + `"` + strings.Replace(result, "F", "<f>"+formula+"</f>", 1) + "</c>" + rest
	}
	replace("F2", `>F<v>62</v>`)
	replace("F3", `>F<v></v>`)
	replace("G4", `>F<v/>`)
	replace("H5", ` t="n">F`)
	replace("F7", ` t="str">F<v></v>`)
	b := read(t, "formulas.xlsx", zipped(t, m), Payment)
	if diff := cmp.Diff([]string{"F3 formula", "G4 formula", "H5 formula", "E6 formula"}, seen(b.Problems)); diff != "" {
		t.Error("problems (-want +got):\n" + diff + problems(b))
	}
	if len(b.Drafts) != 2 || b.Drafts[0].Sealed[sealedAccount] != "62" || b.Drafts[1].Sealed[sealedAccount] != "" {
		t.Errorf("drafts %+v", b.Drafts)
	}
}

// TestHidden: rows and columns that the sheet does not show are read, and that is said.
func TestHidden(t *testing.T) {
	t.Parallel()
	rows := [][]any{formulaHeader}
	for _, id := range []string{"Z1", "Z2", "Z3", "Z4", "Z5", "Z6"} {
		rows = append(rows, formulaRow(id))
	}
	b := read(t, "hidden.xlsx", workbook(t, func(f *excelize.File) {
		for _, row := range []int{3, 5, 6, 9} { // there is nothing in row 9
			if err := f.SetRowVisible("Sheet1", row, false); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.SetColVisible("Sheet1", "G:J", false); err != nil {
			t.Fatal(err)
		}
	}, rows...), Payment)
	if diff := cmp.Diff([]string{"G1 warning", "H1 warning", "3 warning"}, seen(b.Warnings)); diff != "" || len(b.Problems) > 0 || len(b.Drafts) != 6 {
		t.Errorf("%d drafts, warnings (-want +got):\n%s%s", len(b.Drafts), diff, problems(b))
	}
	if last := b.Warnings[2].Zh; !strings.Contains(last, "有 3 行") || !strings.Contains(last, "（3、5–6）") {
		t.Error(last)
	}
	if shown := read(t, "shown.xlsx", workbook(t, nil, rows...), Payment); len(shown.Warnings) > 0 {
		t.Errorf("warnings of a sheet without hidden rows: %v", shown.Warnings)
	}
}

// TestNumbersThatAreNone: of 3-5, typed as an amount, a spreadsheet makes a day, and its
// number would pass for money; so would TRUE.
func TestNumbersThatAreNone(t *testing.T) {
	t.Parallel()
	day, truth, money, own := formulaRow("Z1"), formulaRow("Z2"), formulaRow("Z3"), formulaRow("Z4")
	day[6], truth[6], money[6], own[6], own[1] = 43895, true, 43895, 43895, 43895
	b := read(t, "days.xlsx", workbook(t, func(f *excelize.File) {
		yuan, custom := `[Red]"元/day"#,##0.00_);\y0.00`, `yyyy"年"m"月"`
		for cell, style := range map[string]excelize.Style{"G2": {NumFmt: 58}, "G4": {CustomNumFmt: &yuan}, "G5": {CustomNumFmt: &custom}, "B5": {NumFmt: 14}} {
			id, err := f.NewStyle(&style)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellStyle("Sheet1", cell, cell, id); err != nil {
				t.Fatal(err)
			}
		}
	}, formulaHeader, day, truth, money, own), Payment)
	if diff := cmp.Diff([]string{"G2 formula", "G3 formula", "G5 formula"}, seen(b.Problems)); diff != "" || len(b.Drafts) != 1 || b.Amount != 43895_00 {
		t.Errorf("%s, problems (-want +got):\n%s%s", b.Amount, diff, problems(b))
	}
}

// TestNotRead: what stands on hidden worksheets, and beside the columns, is said not to
// have been read.
func TestNotRead(t *testing.T) {
	t.Parallel()
	row := formulaRow("Z1")
	content := workbook(t, func(f *excelize.File) {
		for _, name := range []string{"去年", "空白"} {
			if _, err := f.NewSheet(name); err != nil {
				t.Fatal(err)
			}
			if err := f.SetSheetVisible(name, false); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.SetCellValue("去年", "B7", "Z0"); err != nil {
			t.Fatal(err)
		}
	}, append(formulaHeader, "", "备注"), append(row, "另付", ""), append(formulaRow("Z2"), "", "", "另付"))
	b := read(t, "beside.xlsx", content, Payment)
	var said []string
	for _, w := range b.Warnings {
		said = append(said, w.Cell()+" "+w.Zh)
	}
	want := []string{"0 隐藏的工作表“去年”有内容，没有读取；要读取的请取消隐藏后单独导入", "I2 这一列没有表头，从这一行起的内容没有读取", "K3 这一列没有表头，从这一行起的内容没有读取"}
	if diff := cmp.Diff(want, said); diff != "" || len(b.Problems) > 0 {
		t.Error(diff, problems(b))
	}
	_, err := Open("beside.xlsx", bytes.NewReader(content), int64(len(content)), "今年")
	if err == nil || !strings.Contains(err.Error(), "Sheet1、去年") {
		t.Errorf("a worksheet that is not there: %v", err)
	}
}
