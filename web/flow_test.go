package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

func TestWrapKeepsPunctuation(t *testing.T) {
	for _, c := range []struct {
		name        string
		width, most int
		want        []string
	}{
		{"中央资金", 14, 3, []string{"中央资金"}},
		{"", 14, 3, []string{"—"}},
		{"Held by townships and departments", 14, 3, []string{"Held by", "townships and", "departments"}},
		{"Households (grants)", 14, 3, []string{"Households", "(grants)"}},
		{"2020年中央财政专项扶贫资金（发展）", 14, 3, []string{"2020年中央财政", "专项扶贫资金", "（发展）"}},
		{"一二三四五六七八九十", 6, 2, []string{"一二三", "四五六…"}},
		{"𬴊𫟅鿍𠅤人民公社", 8, 2, []string{"𬴊𫟅鿍𠅤", "人民公社"}},
	} {
		if diff := cmp.Diff(c.want, wrap(c.name, c.width, c.most)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestPictureKeepsMoneyAndLabelsApart draws one giant and many tiny flows: each
// bar shows what flows through it, and no two labels of a column meet.
func TestPictureKeepsMoneyAndLabelsApart(t *testing.T) {
	d := newDrawing(2)
	const many = 20
	for i := range many {
		a := ledger.Amount(1)
		if i == 3 {
			a = ledger.MaxAmount
		}
		d.flow(d.node(0, string(rune('a'+i%5)), "", "来源"), d.node(1, string(rune('a'+i)), "firm", strings.Repeat("长", 7), "去向"), "firm", a)
	}
	p := d.layout(narrow)
	var left, right ledger.Amount
	bottom := map[float64]float64{}
	for _, n := range p.Nodes {
		if n.Anchor == "end" {
			left += n.Total
		} else {
			right += n.Total
		}
		top := n.LabelY - 13
		if top < bottom[n.X]-0.01 {
			t.Errorf("label of %s begins at %.1f, the one above ends at %.1f", n.Name(), top, bottom[n.X])
		}
		bottom[n.X] = n.AmountY() + 3
		if n.AmountY() > float64(p.Height) {
			t.Errorf("label of %s ends below the picture", n.Name())
		}
	}
	if want := ledger.MaxAmount + many - 1; left != want || right != want {
		t.Errorf("columns hold %s and %s, want %s", left, right, want)
	}
	if len(p.Ribbons) != 1 || strings.Count(p.Ribbons[0].Path, "M") != many {
		t.Errorf("ribbons %+v, want one of %d parts", p.Ribbons, many)
	}
}

func TestBandsHoldEverythingThatCame(t *testing.T) {
	funds := []ledger.Fund{
		{Fund: "F1", Name: "一", Level: "county", Received: 1000, InHand: 300, Allocated: 400, Paid: 200, Returned: 100},
		{Fund: "F2", Name: "二", Level: "central", Received: 50, InHand: 50},
	}
	flows := []ledger.Flow{
		{Level: "county", Fund: "F1", FundName: "一", Township: "411025103", Class: "firm", Amount: 150},
		{Level: "county", Fund: "F1", FundName: "一", Township: "411025103", Class: "household", Amount: 50},
		{Level: "county", Fund: "F1", FundName: "一", Township: "411025103", Amount: 310},
	}
	bands := bandsOf(funds, flows)
	var sum ledger.Amount
	var classes []string
	for _, b := range bands {
		sum += b.Amount
		classes = append(classes, b.Class)
	}
	if sum != 1050 {
		t.Errorf("bands add up to %s", sum)
	}
	if diff := cmp.Diff([]string{"hand", "firm", "household", "unpaid", "unit", "hand", "returned"}, classes); diff != "" {
		t.Error("classes (-want +got):\n" + diff)
	}
}

// A fund of thousands of projects shows some and the rest in one row, so that the page is
// light and its columns add up.
func TestManyProjectsAddUp(t *testing.T) {
	f := &frame{site: siteOf(""), lang: chinese, template: "fund"}
	view := &fundView{frame: f, Fund: "F1", Trace: documentTrace{Funds: []ledger.Fund{{Fund: "F1"}}}}
	for i := range ledger.Amount(mostShares + 3) {
		q := ledger.FundQuota{Quota: ledger.Quota{Project: fmt.Sprintf("P%d", i), Budget: 100 + i, Allocated: 10 + i, Paid: i}}
		view.Trace.Quotas = append(view.Trace.Quotas, q)
		give(&view.Trace.QuotaTotal, q.Quota)
	}
	view.Trace.shorten(mostShares)
	sum := view.Trace.MoreTotal
	for _, q := range view.Trace.Quotas {
		give(&sum, q.Quota)
	}
	if diff := cmp.Diff(view.Trace.QuotaTotal, sum); diff != "" || view.Trace.MoreQuotas != 3 {
		t.Errorf("%d more, (-total +shown) %s", view.Trace.MoreQuotas, diff)
	}
	body, err := f.site.render(view)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(body), `href="/p/P`); n != mostShares || !strings.Contains(string(body), `<a href="/projects/-/fund=F1">其余 3 个项目合计</a>`) {
		t.Errorf("%d projects on the page: %s", n, body)
	}
}

func TestPersonsAreJoined(t *testing.T) {
	f := &frame{site: siteOf(""), lang: chinese}
	got := f.sharesOf([]ledger.Share{
		{Fund: "F1", Project: "P1", Payee: "p-1111", Payments: 1, Paid: 100, Returned: 5},
		{Fund: "F1", Project: "P1", Payee: "p-2222", Payments: 2, Paid: 30},
		{Fund: "F1", Project: "P1", Payee: "91350100M000100Y43", PayeeName: "公司", Payments: 1, Paid: 7},
		{Fund: "F1", Project: "P2", Payee: "p-1111", Payments: 1, Paid: 1},
	}, 2, nil)
	if len(got.Table.Rows) != 3 || len(got.Table.Foot) == 0 || got.Table.Foot[len(got.Table.Foot)-1].Text != "1.38" {
		t.Errorf("on the page %+v", got.Table)
	}
	if len(got.Rows) != 2 || got.Rows[0].Persons != 2 || got.Rows[0].Paid != 130 || got.Rows[0].Payee != "p-" {
		t.Errorf("rows %+v", got.Rows)
	}
	if got.Paid != 138 || got.Returned != 5 || got.Rest != 1 || got.RestPaid != 1 {
		t.Errorf("table %+v", got)
	}
}
