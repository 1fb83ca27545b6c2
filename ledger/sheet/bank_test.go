package sheet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

// household is a line of a batch as the bank was told of it.
func household(n int, name, account string, a ledger.Amount) BankLine {
	return BankLine{Line: ledger.Count(n), Name: name, Account: account, Amount: a}
}

func TestBanksSayItInManyWays(t *testing.T) {
	t.Parallel()
	for said, want := range map[string][2]bool{
		"成功": {false, true}, "交易成功": {false, true}, "已入账": {false, true}, "0000": {false, true}, "Y": {false, true}, "SUCCESS": {false, true},
		"失败": {true, true}, "未成功": {true, true}, "不成功": {true, true}, "退汇": {true, true}, "未入账": {true, true}, "Failed": {true, true}, "N": {true, true}, "否": {true, true},
		"": {false, false}, "处理中": {false, false}, "9999": {false, false},
	} {
		if failed, known := outcomeOf(said); failed != want[0] || known != want[1] {
			t.Errorf("%q: failed %t, known %t", said, failed, known)
		}
	}
}

func TestReturnFindsItsLines(t *testing.T) {
	t.Parallel()
	batch := []BankLine{
		household(1, "张三", "6200000000000001", 10000), household(2, "张三", "6200000000000002", 10000), household(3, "李四", "", 10000),
		household(4, "王五", "6200000000000004", 20000), household(5, "王五", "6200000000000004", 20000), household(6, "赵六", "6200000000000006", 30000),
	}
	content := lines(t,
		[]string{"某某银行代发回单"}, []string{"行号", "姓名", "卡号", "交易金额", "交易状态", "备注", "交易日期"},
		[]string{"901", "张三", "6200000000000002", "100.00", "成功", "", "2020-06-12"}, // numbered anew: the account tells
		[]string{"3", "李四", "", "100", "失败", "户名不符", "2020-06-13"},                  // by its number
		[]string{"902", "王五", "6200000000000004", "200.00", "成功", "", ""},           // twice the same: in their order
		[]string{"903", "王五", "6200000000000004", "200.00", "退回", "拒收", ""},
		[]string{"904", "王五", "6200000000000004", "200.00", "成功", "", ""}, // once too often
		[]string{"905", "赵六", "6200000000000006", "300.01", "成功", "", ""}, // another amount
		[]string{"906", "孙七", "6200000000000009", "100.00", "成功", "", ""},
		[]string{"1", "张三", "6200000000000001", "100.00", "处理中", "", ""},
		[]string{"合计", "", "", "1200.01", "", "", ""})
	r, err := ReadReturn(open(t, "return.csv", content), batch)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range r.Lines {
		got = append(got, fmt.Sprintf("%d %t %s", l.Line, l.Failed, l.Reason))
	}
	if diff := cmp.Diff([]string{"2 false ", "3 true account", "4 false ", "5 true returned"}, got); diff != "" {
		t.Error("lines (-want +got):\n" + diff)
	}
	if len(r.Missing) != 2 || r.On != "2020-06-13" || len(r.Problems) < 4 {
		t.Errorf("missing %+v, on %s, problems %+v", r.Missing, r.On, r.Problems)
	}
	if _, err := ReadReturn(open(t, "x.csv", []byte("甲,乙\n1,2\n")), batch); err == nil || !strings.Contains(err.Error(), "no header") {
		t.Errorf("another file: %v", err)
	}
}
