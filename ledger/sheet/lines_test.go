package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

func linesOf(lines [][]string, end error) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
		if end != nil {
			yield(nil, end)
		}
	}
}

// TestLinesAreTextToASpreadsheet: no cell runs, none is rounded, none is 乱码.
func TestLinesAreTextToASpreadsheet(t *testing.T) {
	t.Parallel()
	lines := [][]string{
		{"名称", "编号", "金额"},
		{"=1+1", "91411025000000001", "1234567.89"},
		{"＝cmd", "411025103205", "-12.30"},
		{"@x", "\tx", "+1"},
		{"一,二\"三", "-", "0123"},
	}
	var b bytes.Buffer
	if err := WriteLines(&b, CSV, "测试", linesOf(lines, nil)); err != nil {
		t.Fatal(err)
	}
	text, found := strings.CutPrefix(b.String(), "\ufeff")
	if !found {
		t.Error("no byte order mark")
	}
	got, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"名称", "编号", "金额"},
		{"'=1+1", "'91411025000000001", "1234567.89"},
		{"'＝cmd", "'411025103205", "-12.30"},
		{"'@x", "'\tx", "+1"},
		{"一,二\"三", "'-", "0123"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
	var first []byte
	for range 2 {
		b.Reset()
		if err := WriteLines(&b, XLSX, "测试", linesOf(lines, nil)); err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(first, b.Bytes()) {
			t.Error("the same lines gave other bytes")
		}
		first = bytes.Clone(b.Bytes())
	}
	f, err := excelize.OpenReader(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.GetRows("测试")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines, rows); diff != "" {
		t.Errorf("XLSX (-want +got):\n%s", diff)
	}
	for _, at := range []string{"A2", "B2", "C2"} {
		if kind, err := f.GetCellType("测试", at); err != nil || kind != excelize.CellTypeInlineString {
			t.Errorf("%s is %v, not text: %v", at, kind, err)
		}
		if formula, _ := f.GetCellFormula("测试", at); formula != "" {
			t.Errorf("%s runs %s", at, formula)
		}
	}
}

func TestLinesEndWithTheirError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, format := range []Format{CSV, XLSX} {
		if err := WriteLines(new(bytes.Buffer), format, "x", linesOf([][]string{{"a"}}, broken)); !errors.Is(err, broken) {
			t.Errorf("%s: %v", format, err)
		}
	}
}
