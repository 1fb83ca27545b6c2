package fact

import (
	"testing"

	"yilu/ledger"
)

func TestNames(t *testing.T) {
	known := map[string]bool{}
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

func TestInWords(t *testing.T) {
	zh := func(text ledger.Text) string { return text.Zh }
	got := InWords("contract.paid + entry.amount > contract.amount * param.p && gone.fact != 'a.b'", zh)
	want := "合同已付金额 + 本笔金额 > 合同金额（含变更，已结算的按结算价） * param.p && gone.fact != 'a.b'"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
