package sheet

import (
	"fmt"

	"yilu/ledger"
)

// sums holds the totals a sheet prints against the rows it has. They are
// compared at the end, since some forms put the total first.
type sums struct {
	// all and group are running sums by form column: of the sheet, and since the
	// last total row. doubtful columns had a cell that could not be read.
	all, group []ledger.Amount
	doubtful   []bool
	totals     []totalRow
}

// totalRow is a total as printed, with the sums before it; after is filled in
// when the next total row, or the end, is reached.
type totalRow struct {
	r             *record
	word          string
	before, after []ledger.Amount
}

func newSums(n int) sums {
	return sums{all: make([]ledger.Amount, n), group: make([]ledger.Amount, n), doubtful: make([]bool, n)}
}

// sum adds a data row to the running sums, also one that has other faults: a
// total is about what stands in the column.
func (b *builder) sum(r *record) {
	for i, c := range b.form.Columns {
		if c.kind != amount || b.table.at[i] < 0 {
			continue
		}
		if r.values[i] == "" {
			if n := b.table.at[i]; n < len(r.cells) && !none(fold(r.cells[n])) {
				b.sums.doubtful[i] = true
			}
			continue
		}
		a := r.amount(c.Name)
		all, ok1 := b.sums.all[i].Add(a)
		group, ok2 := b.sums.group[i].Add(a)
		if !ok1 || !ok2 {
			b.sums.doubtful[i] = true
			continue
		}
		b.sums.all[i], b.sums.group[i] = all, group
	}
}

// total keeps a total row until the sums are known.
func (b *builder) total(l Line, word string) {
	r := &record{b: b, row: l.Row, cells: l.Cells, values: make([]string, len(b.form.Columns))}
	for i, c := range b.form.Columns {
		n := b.table.at[i]
		if c.kind != amount || n < 0 || n >= len(l.Cells) || none(fold(l.Cells[n])) {
			continue
		}
		v, wrong := b.canonical(i, clean(l.Cells[n]))
		if wrong != nil {
			r.problem(c.Name, "form", wrong.Zh, wrong.En)
			continue
		}
		r.values[i] = v
	}
	b.closeGroup()
	b.sums.totals = append(b.sums.totals, totalRow{r: r, word: word, before: b.sums.group})
	b.sums.group = make([]ledger.Amount, len(b.form.Columns))
}

// closeGroup gives the last total row the sum of what followed it.
func (b *builder) closeGroup() {
	if n := len(b.sums.totals); n > 0 {
		b.sums.totals[n-1].after = b.sums.group
	}
}

// checkTotals compares. 合计 is the sum of all rows, unless there are several;
// 小计 may stand above its rows or below them. Differences are problems that
// name both figures (G13: one 万 that no line explains).
func (b *builder) checkTotals() {
	b.closeGroup()
	whole := 0
	for _, t := range b.sums.totals {
		if t.word == "合计" {
			whole++
		}
	}
	for _, t := range b.sums.totals {
		for i, c := range b.form.Columns {
			if c.kind != amount || c.loose || b.sums.doubtful[i] || t.r.values[i] == "" {
				continue
			}
			printed := t.r.amount(c.Name)
			group := t.word == "小计" || whole > 1
			switch {
			case printed == b.sums.all[i] && t.word == "合计":
			case group && (printed == t.before[i] || printed == t.after[i]):
			case group:
				b.differs(t.r, c.Name, printed, t.before[i])
			default:
				b.differs(t.r, c.Name, printed, b.sums.all[i])
			}
		}
	}
}

func (b *builder) differs(r *record, column string, printed, sum ledger.Amount) {
	r.problem(column, "total",
		fmt.Sprintf("合计与明细不符：表上 %s 元，各行相加 %s 元，相差 %s 元", printed.Comma(), sum.Comma(), (printed-sum).Comma()),
		fmt.Sprintf("the total differs from its rows: printed %s yuan, the rows add up to %s, the difference is %s", printed, sum, printed-sum))
}
