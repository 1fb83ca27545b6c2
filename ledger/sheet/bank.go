package sheet

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"yilu/ledger"
)

// 银行回盘: what a bank says became of each line of a grant batch. Every bank has a form
// of its own, so columns are known by many names, and a line by its number, or else by
// its account or name together with its amount.

// BankLine is a line of a grant batch as the bank was told of it.
type BankLine struct {
	Line          ledger.Count
	Name, Account string
	Amount        ledger.Amount
	// Returned is what has come back of it before.
	Returned ledger.Amount
}

// Credited is what a bank says of one line.
type Credited struct {
	BankLine
	// Row is the row of the bank's file, 0 for a line that it does not name.
	Row int
	// Failed is set when it could not be credited; Why is what the bank says, Reason the
	// word of ledger.Reasons for it.
	Failed bool
	Why    string
	Reason string
}

// BankReturn is a bank's file on one batch.
type BankReturn struct {
	File ledger.File
	// Lines are the lines that the file names, by their number; Missing those it does not.
	Lines    []Credited
	Missing  []BankLine
	Problems []RowProblem
	// On is the latest day that the file names, "" for none.
	On ledger.Date
}

// bankForm is the bank's file.
var bankForm = &Form{
	Name: "return", Text: ledger.Text{Zh: "银行回盘文件", En: "return file of the bank"}, main: "金额",
	Columns: []Column{
		{Name: "序号", kind: id, Aliases: []string{"行号", "明细序号", "明细行号", "顺序号", "流水序号", "编号"}},
		{Name: "户名", Aliases: []string{"户主", "姓名", "收款人", "收款人名称", "收款人姓名", "客户名称", "客户姓名", "账户名称", "帐户名称", "户主姓名"}},
		{Name: "账号", kind: number, Aliases: []string{"帐号", "卡号", "收款账号", "收款帐号", "银行账号", "银行卡号", "一卡通账号", "社保卡号", "账/卡号", "收款人账号"}},
		{Name: "金额", kind: amount, required: true, Aliases: []string{"发生额", "交易金额", "发放金额", "补贴金额", "实发金额", "应发金额"}},
		{Name: "处理结果", required: true, Aliases: []string{"结果", "状态", "交易状态", "处理状态", "回执", "银行回执", "入账状态", "发放状态", "成功标志", "交易结果"}},
		{Name: "失败原因", Aliases: []string{"原因", "退回原因", "备注", "附言", "错误信息", "说明", "失败信息", "返回信息"}},
		{Name: "日期", kind: day, Aliases: []string{"交易日期", "入账日期", "处理日期", "发放日期", "记账日期"}},
	},
	row: func(b *builder, r *record) {
		b.batch.bank = append(b.batch.bank, r)
	},
}

// ReadReturn reads a bank's file on a batch with some lines. What is wrong with rows is in
// the answer; an error means that the file cannot be read as a bank's answer.
func ReadReturn(src *Source, lines []BankLine) (*BankReturn, error) {
	batch, err := Read(src, bankForm, Options{Book: "000000"})
	if err != nil {
		return nil, err
	}
	a := &BankReturn{File: src.File, Problems: batch.Problems}
	m := newBankMatch(lines)
	for _, r := range batch.bank {
		i, wrong := m.find(r)
		failed, known := outcomeOf(r.get("处理结果"))
		switch {
		case wrong != nil:
			a.Problems = append(a.Problems, r.at("", "no_line", wrong.Zh, wrong.En))
			continue
		case !known:
			a.Problems = append(a.Problems, r.at("处理结果", "form", "看不出是成功还是失败", "says neither success nor failure"))
			continue
		}
		m.taken[i] = r.row
		c := Credited{BankLine: lines[i], Row: r.row, Failed: failed}
		if failed {
			c.Why = strings.TrimSuffix(strings.TrimPrefix(short(r.get("失败原因")), "“"), "”")
			c.Reason = reasonOf(r.get("失败原因") + r.get("处理结果"))
		}
		a.Lines = append(a.Lines, c)
		a.On = max(a.On, ledger.Date(r.get("日期")))
	}
	for i, l := range lines {
		if m.taken[i] == 0 {
			a.Missing = append(a.Missing, l)
		}
	}
	slices.SortFunc(a.Lines, func(x, y Credited) int { return int(x.Line - y.Line) })
	slices.SortStableFunc(a.Problems, func(x, y RowProblem) int { return x.Row - y.Row })
	return a, nil
}

// bankMatch finds lines of a batch.
type bankMatch struct {
	lines  []BankLine
	byLine map[ledger.Count]int
	// byAccount and byName are lines by account or name with the amount.
	byAccount, byName map[string][]int
	// taken is the row that named each line.
	taken []int
}

func newBankMatch(lines []BankLine) *bankMatch {
	m := &bankMatch{lines: lines, byLine: map[ledger.Count]int{}, byAccount: map[string][]int{}, byName: map[string][]int{}, taken: make([]int, len(lines))}
	for i, l := range lines {
		m.byLine[l.Line] = i
		if l.Account != "" {
			m.byAccount[accountKey(l.Account, l.Amount)] = append(m.byAccount[accountKey(l.Account, l.Amount)], i)
		}
		m.byName[accountKey(fold(l.Name), l.Amount)] = append(m.byName[accountKey(fold(l.Name), l.Amount)], i)
	}
	return m
}

func accountKey(s string, a ledger.Amount) string { return s + "/" + a.String() }

// find is the line that a row of the bank's is about. The number counts only if the
// amount, and the account where both have one, agree: banks number rows anew.
func (m *bankMatch) find(r *record) (int, *reason) {
	amount, account, name := r.amount("金额"), r.get("账号"), fold(r.get("户名"))
	fits := func(i int) bool {
		l := m.lines[i]
		return l.Amount == amount && (account == "" || l.Account == "" || l.Account == account) && (name == "" || l.Name == "" || fold(l.Name) == name)
	}
	if i, ok := m.byLine[r.count("序号")]; ok && fits(i) && m.taken[i] == 0 {
		return i, nil
	}
	candidates := m.byAccount[accountKey(account, amount)]
	if account == "" || len(candidates) == 0 {
		candidates = m.byName[accountKey(name, amount)]
	}
	var open []int
	for _, i := range candidates {
		if fits(i) && m.taken[i] == 0 {
			open = append(open, i)
		}
	}
	switch {
	case len(open) == 1, len(open) > 1 && account != "": // the same household twice: in their order
		return open[0], nil
	case len(open) > 1:
		return 0, &reason{Zh: fmt.Sprintf("本批次有 %d 行姓名、金额都相同，请补序号或账号", len(open)), En: fmt.Sprintf("%d lines of the batch have this name and amount; give the number or account", len(open))}
	case len(candidates) > 0:
		return 0, &reason{Zh: "本批次这一行在文件里出现了两次", En: "the file names this line of the batch twice"}
	}
	return 0, &reason{Zh: "本批次没有这一行（账号或姓名、金额对不上）", En: "the batch has no such line: account or name, and amount"}
}

var (
	failedWords  = []string{"失败", "退回", "退汇", "退票", "不成功", "未成功", "未入账", "拒绝", "错误", "fail", "refus", "reject"}
	creditedWord = []string{"成功", "已入账", "入账", "已发放", "已支付", "正常", "success", "ok", "00", "0000", "0", "s", "y", "1"}
)

// outcomeOf reads what a bank says of a line: whether it failed.
func outcomeOf(said string) (failed, known bool) {
	s := strings.ToLower(fold(said))
	for _, w := range failedWords {
		if strings.Contains(s, w) {
			return true, true
		}
	}
	switch {
	case s == "n", s == "f", s == "否":
		return true, true
	case s == "是", slices.Contains(creditedWord, s), strings.Contains(s, "成功"), strings.Contains(s, "已入账"):
		return false, true
	}
	return false, false
}

// reasonOf is the word of the book for what a bank says.
func reasonOf(said string) string {
	for _, w := range []string{"账", "帐", "户名", "销户", "卡"} {
		if strings.Contains(said, w) {
			return "account"
		}
	}
	return "returned"
}

// WriteBank writes the lines of a batch for the bank. Cells that a spreadsheet would run
// are guarded, and numbers stay whole.
func WriteBank(w io.Writer, format Format, purpose string, lines []BankLine) error {
	return WriteLines(w, format, "一卡通发放", func(yield func([]string, error) bool) {
		if !yield([]string{"序号", "户名", "账号", "金额", "用途"}, nil) {
			return
		}
		for _, l := range lines {
			if !yield([]string{fmt.Sprint(int64(l.Line)), l.Name, l.Account, l.Amount.String(), purpose}, nil) {
				return
			}
		}
	})
}
