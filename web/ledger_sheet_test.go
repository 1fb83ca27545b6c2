package web

import (
	"encoding/csv"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"yilu/ledger"
)

// TestLedgerSheetsAreWhatIsSeen reads the figures off the page and off the file.
func TestLedgerSheetsAreWhatIsSeen(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Auditor, "auditor-1")
	page := b.do("GET", "/desk/ledger/projects/XC2020-001", nil).Body.String()
	want(t, page, "项目台账", "预付款", "许昌恒通路桥工程有限公司", "壹佰伍拾叁万伍仟贰佰贰拾贰元贰角贰分", "300,000.00", "12.34")
	fund := b.do("GET", "/desk/ledger/funds/2020-SJ-1", nil).Body.String()
	want(t, fund, "资金台账", "豫财农〔2020〕8号", "拨付率", "待分配资金明细", "8,000,000.00")
	for path, page := range map[string]string{"/desk/ledger/projects/XC2020-001": page, "/desk/ledger/funds/2020-SJ-1": fund} {
		w := b.do("GET", path+"/list.csv", nil)
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(w.Body.String(), "\ufeff")))
		r.FieldsPerRecord = -1
		lines, err := r.ReadAll()
		if err != nil || w.Header().Get("Cache-Control") != "private, no-store" {
			t.Fatalf("%s: %v %v", path, err, w.Header())
		}
		seen := regexp.MustCompile(`(?s)<tbody>.*?</table>`).FindAllString(page, -1)
		rows := strings.Count(strings.Join(seen, ""), "<tr")
		tables := len(seen)
		// Each table has its caption and its headings above its rows.
		heads := slices.IndexFunc(lines, func(line []string) bool { return len(line) > 2 }) - 1
		if got := len(lines) - heads - 2*tables; got != rows {
			t.Errorf("%s: the file has %d rows, the page %d", path, got, rows)
		}
		if x := b.do("GET", path+"/list.xlsx", nil); !strings.HasPrefix(x.Body.String(), "PK") {
			t.Errorf("%s: no workbook", path)
		}
	}
	for _, path := range []string{"/desk/ledger/projects/none", "/desk/ledger/funds/none", "/desk/ledger/funds/none/list.csv"} {
		if w := b.do("GET", path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := (&browser{t: t, h: d.h}).do("GET", "/desk/ledger/funds/2020-SJ-1/list.csv", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("the public: %d", w.Code)
	}
	want(t, b.do("GET", "/desk/ledger", nil).Body.String(), "/desk/ledger/funds/2020-SJ-1", "/desk/ledger/projects/XC2020-001")
}

// TestStatementEndsAtTheBalance adds the movements of an account up.
func TestStatementEndsAtTheBalance(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	account := ledger.ProjectAccount("XC2020-001", "2020-XJ-1")
	var sum ledger.Amount
	after, last := "", ledger.Amount(0)
	for pages := 0; ; pages++ {
		legs, next, err := x.l.Statement(t.Context(), pageBook, account, ledger.Page{After: after, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range legs {
			sum += g.Amount
			last = g.Balance
			if sum != g.Balance {
				t.Errorf("after entry %d: %s, the book says %s", g.Entry, sum, g.Balance)
			}
		}
		if after = next; next == "" {
			if pages < 2 {
				t.Errorf("only %d pages", pages)
			}
			break
		}
	}
	accounts, _, err := x.l.Balances(t.Context(), pageBook, account, ledger.As{}, ledger.Page{})
	if err != nil || len(accounts) != 1 || accounts[0].Balance != last {
		t.Errorf("%+v %v, want %s", accounts, err, last)
	}
}
