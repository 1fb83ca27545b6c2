package sheet

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"yilu/ledger"
)

// isIn says whether ascending spans hold a row or column.
func isIn(spans []span, n int) bool {
	_, found := slices.BinarySearchFunc(spans, n, func(s span, n int) int {
		if s.from <= n && n <= s.to {
			return 0
		}
		return cmp.Compare(s.from, n)
	})
	return found
}

// tellHidden warns of rows and columns that count although nobody sees them, filtered
// away or folded, and of what does not count although somebody may think so: hidden
// worksheets, and cells that stand beside the columns.
func (b *builder) tellHidden() {
	for n, i := range b.table.matched {
		if i >= 0 && isIn(b.src.hiddenColumns, n+1) {
			b.warnHidden(RowProblem{Row: b.table.from - 1, Column: columnName(n), Header: clean(b.table.headers[n])}, "这一列是隐藏的，也读取了", "this column is hidden, and was read all the same")
		}
	}
	for _, name := range b.src.unseen {
		b.warnHidden(RowProblem{}, "隐藏的工作表“"+name+"”有内容，没有读取；要读取的请取消隐藏后单独导入", "the hidden worksheet "+strconv.Quote(name)+" is filled and was not read; unhide it and import it apart if it should be")
	}
	for _, n := range slices.Sorted(maps.Keys(b.unheaded)) {
		b.warnHidden(RowProblem{Row: b.unheaded[n], Column: columnName(n)}, "这一列没有表头，从这一行起的内容没有读取", "this column has no header, and what stands in it from this row on was not read")
	}
	if len(b.hidden) == 0 {
		return
	}
	rows := 0
	for _, s := range b.hidden {
		rows += s.to - s.from + 1
	}
	b.warnHidden(RowProblem{Row: b.hidden[0].from}, fmt.Sprintf("有 %d 行是隐藏或筛选掉的（%s），也读取了；不应入账的请删去", rows, written(b.hidden, "、")),
		fmt.Sprintf("hidden or filtered rows were read all the same (%d: %s); delete what should not be entered", rows, written(b.hidden, ", ")))
}

func (b *builder) warnHidden(p RowProblem, zh, en string) {
	p.Rule, p.Text = "warning", ledger.Text{Zh: zh, En: en}
	b.batch.Warnings = append(b.batch.Warnings, p)
}

// written are spans for people, 3、5–9, and no more than so many.
func written(spans []span, comma string) string {
	const most = 10
	var out []string
	for _, s := range spans {
		text := strconv.Itoa(s.from)
		if s.to > s.from {
			text += "–" + strconv.Itoa(s.to)
		}
		if len(out) == most {
			text = "…"
		}
		if out = append(out, text); len(out) > most {
			break
		}
	}
	return strings.Join(out, comma)
}
