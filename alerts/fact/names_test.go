package fact

import (
	"strings"
	"testing"

	"yilu/alerts/rule"
	"yilu/ledger"
)

func TestNames(t *testing.T) {
	known := map[string]bool{"as_of": true, "entries": true, "entries.count": true} // of sweeps
	for kind, facts := range Catalogue() {
		for _, f := range facts {
			known[f.Name] = true
			if text, ok := called()[f.Name]; !ok || text.Zh == "" || text.En == "" {
				t.Errorf("names.yaml lacks %s of %s in Chinese or English", f.Name, kind)
			}
		}
	}
	for name := range called() {
		if !known[name] {
			t.Errorf("names.yaml has %s, which no kind of entry has", name)
		}
	}
}

// TestSay: codes are said in words, what is none as it is.
func TestSay(t *testing.T) {
	for _, test := range []struct {
		kinds, subject []string
		zh, en         string
	}{
		{[]string{"", "category"}, []string{"颍阳镇政府", "works", "2020"}, "颍阳镇政府 施工 2020", "颍阳镇政府 works 2020"},
		{[]string{"matter", "level", "place"}, []string{"P3", "village", "411025103205"}, "年度计划 村级 颍阳镇（411025103205）", "annual plan village Yingyang (411025103205)"},
		{[]string{"matter", "level", "place"}, []string{"P3", "county", "411025103000"}, "年度计划 县级 颍阳镇", "annual plan county Yingyang"},
		{[]string{"obligation"}, []string{"P6/village/411025103205/2020-Q2"}, "资金拨付、村级、颍阳镇（411025103205）、2020-Q2", "payments, village, Yingyang (411025103205), 2020-Q2"},
		{[]string{"obligation"}, []string{"P5c/unit/9"}, "采购结果和合同、实施、采购单位、9", "results and contracts, unit, 9"},
		{[]string{"list", "place"}, []string{"accounts", "411025"}, "银行开户清单 襄城县", "opened bank accounts Xiangcheng"},
		{[]string{"place"}, []string{"poor-2020-01-02", "2945"}, "poor-2020-01-02 2945", "poor-2020-01-02 2945"},
		{[]string{"level"}, []string{"nation"}, "nation", "nation"},
	} {
		var zh, en []string
		for _, n := range Say(&rule.Rule{Sweep: rule.Sweep{Said: test.kinds}}, test.subject) {
			zh, en = append(zh, n.Zh), append(en, n.En)
		}
		if got := strings.Join(zh, " "); got != test.zh {
			t.Errorf("got %s, want %s", got, test.zh)
		}
		if got := strings.Join(en, " "); got != test.en {
			t.Errorf("got %s, want %s", got, test.en)
		}
	}
}

func TestInWords(t *testing.T) {
	zh := func(text ledger.Text) string { return text.Zh }
	got := InWords("contract.paid + entry.amount > contract.amount * param.p && gone.fact != 'a.b'", zh)
	want := "合同已付金额 + 本笔金额 > 合同金额（含变更，已结算的按结算价） * param.p && gone.fact != 'a.b'"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
