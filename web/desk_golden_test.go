package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"yilu/ledger"
)

var (
	hiddenOfDesk = regexp.MustCompile(`name="(form|id|seen|draft)" value="[^"]*"`)
	suggestedID  = regexp.MustCompile(`(ZF|TJ-)[0-9]{8}-[A-Z2-7]{4}`)
)

// TestDeskPagesAreAsBefore looks at the desks of a small county, with what breaks pages
// in every text of it, in both languages.
func TestDeskPagesAreAsBefore(t *testing.T) {
	t.Parallel()
	for name, dress := range map[string]func(string) string{"desk": plainText, "deskhostile": hostile} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newTypical(t, dress)
			d := &desk{x, x.officers("", fixedNow)}
			open, _, err := d.l.Submissions(t.Context(), pageBook, ledger.StateOpen, ledger.Page{})
			if err != nil || len(open) == 0 {
				t.Fatal(err)
			}
			maker, checker, payer := d.as(t, pageMaker), d.as(t, pageChecker), d.as(t, pagePayer)
			for page, at := range map[string]struct {
				b    *browser
				path string
			}{
				"day": {maker, "/desk"}, "checkerday": {checker, "/desk"}, "new": {maker, "/desk/new"}, "form": {maker, "/desk/new/payment.requested?project=XC2020-001&fund=2020-ZY-1&contract=HT-001"},
				"drafts": {maker, "/desk/drafts"}, "approvals": {checker, "/desk/approvals"}, "submission": {checker, "/desk/submissions/" + open[0].Submission},
				"payment": {checker, "/desk/payments/ZF-0003"}, "grants": {checker, "/desk/payments/DF-0001"}, "pay": {payer, "/desk/pay"}, "voucher": {payer, "/desk/payments/ZF-0003/voucher"},
				"entries": {maker, "/desk/entries?kind=payment.requested"}, "entry": {maker, "/desk/entries/10"}, "reversal": {maker, "/desk/new/entry.reversed?corrects=10"},
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
					if l == chinese || name == "desk" && page == "submission" {
						got = suggestedID.ReplaceAllString(hiddenOfDesk.ReplaceAllString(mainOf(got), `name="$1" value="HIDDEN"`), "$1")
						golden(t, name+"_"+l.Code+"_"+page+".html", got)
					}
				}
			}
		})
	}
}
