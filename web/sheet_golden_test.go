package web

import (
	"net/http"
	"strings"
	"testing"

	"yilu/ledger"
)

// TestSheetPagesAreAsBefore looks at the pages of sheets and documents of a small county,
// with what breaks pages in every text of it, in both languages.
func TestSheetPagesAreAsBefore(t *testing.T) {
	t.Parallel()
	for name, dress := range map[string]func(string) string{"sheet": plainText, "sheethostile": hostile} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &sheetDesk{countyFixture: newTypical(t, dress), dir: t.TempDir(), public: t.TempDir(), now: pageNow}
			d.start()
			maker, payer := d.as(ledger.Maker, "maker-1"), d.as(ledger.Payer, "payer-1")
			stored := maker.upload("/desk/files", "说明<b>.txt", []byte("开工令"), "form", maker.word("/desk/files"))
			if stored.Code != http.StatusSeeOther {
				t.Fatalf("%d %s", stored.Code, mainOf(stored.Body.String()))
			}
			for page, at := range map[string]struct {
				b    *browser
				path string
			}{
				"import": {maker, "/desk/import"}, "grid": {maker, "/desk/grid"}, "files": {maker, "/desk/files"},
				"bank": {payer, "/desk/bank"}, "bankbatch": {payer, "/desk/bank/DF-0001"},
				"dossiers": {maker, "/desk/dossier"}, "dossier": {maker, "/desk/dossier/XC2020-001"},
				"ledgers": {maker, "/desk/ledger"}, "ledgerfund": {maker, "/desk/ledger/funds/2020-SJ-1"}, "ledgerproject": {maker, "/desk/ledger/projects/XC2020-001"},
			} {
				for _, l := range languages {
					w := at.b.do("GET", l.Prefix+at.path, nil)
					got := w.Body.String()
					if w.Code != http.StatusOK {
						t.Errorf("%s: %d", at.path, w.Code)
					}
					for _, bad := range []string{"<script>", "style=", "onclick", "javascript:", "ZgotmplZ", "<no value>", "%!", "6200000000000005", idNumber(0)} {
						if strings.Contains(got, bad) {
							t.Errorf("%s holds %q", l.Prefix+at.path, bad)
						}
					}
					if strings.Count(got, "<h1") != 1 {
						t.Errorf("%s has %d h1", at.path, strings.Count(got, "<h1"))
					}
					if l == chinese || name == "sheet" && page == "dossier" {
						golden(t, name+"_"+l.Code+"_"+page+".html", hiddenOfDesk.ReplaceAllString(mainOf(got), `name="$1" value="HIDDEN"`))
					}
				}
			}
		})
	}
}
