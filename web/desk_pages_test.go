package web

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"yilu/ledger"
)

// deskPaths are pages of sheets and documents for the small county.
var deskPaths = []string{
	"/desk/import", "/desk/grid", "/desk/files", "/desk/dossier", "/desk/dossier/XC2020-001", "/desk/bank", "/desk/bank/DF-0001", "/desk/ledger",
	"/desk/ledger/funds/2020-SJ-1", "/desk/ledger/projects/XC2020-001",
}

// TestDeskPagesEscapeAndHideNames shows hostile texts on every page, in both languages.
func TestDeskPagesEscapeAndHideNames(t *testing.T) {
	t.Parallel()
	d := &sheetDesk{countyFixture: newTypical(t, hostile), dir: t.TempDir(), public: t.TempDir(), now: pageNow}
	d.start()
	b := d.as(ledger.Maker, "maker-9")
	for _, path := range deskPaths {
		for _, l := range languages {
			w := b.do("GET", l.Prefix+path, nil)
			page := w.Body.String()
			if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "private, no-store" {
				t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Cache-Control"))
			}
			for _, bad := range []string{"<script>", "style=", "onclick", "javascript:", "ZgotmplZ", "<no value>", "%!", "张1", "李一", "6200000000000005", idNumber(1)} {
				if strings.Contains(page, bad) {
					t.Errorf("%s%s holds %q", l.Prefix, path, bad)
				}
			}
			if n := strings.Count(page, "<h1"); n != 1 {
				t.Errorf("%s has %d h1", path, n)
			}
		}
	}
}

// TestTwoOfficersImportAtOnce: both get their own preview and submission; one officer's
// second sheet waits its turn.
func TestTwoOfficersImportAtOnce(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	officers := []*browser{d.as(ledger.Maker, "maker-1"), d.as(ledger.Maker, "maker-2")}
	before := d.size()
	var wait sync.WaitGroup
	for i, b := range officers {
		for j, name := range []string{"甲.csv", "乙.csv"} {
			wait.Go(func() {
				b := &browser{t: t, h: d.h, cookie: b.cookie}
				at, _ := b.hand("payment", name, paySheet(t, payRow("ZF-20"+string(rune('0'+i))+string(rune('0'+j)), "1."+string(rune('1'+i))+string(rune('0'+j)))))
				for until := time.Now().Add(time.Minute); time.Now().Before(until); { // another sheet may be under way
					if w := b.decide(at, "submit"); w.Code == http.StatusSeeOther {
						break
					}
				}
				want(t, b.settled(at), "已提交待审批")
			})
		}
	}
	wait.Wait()
	if got := d.size() - before; got != 8 {
		t.Errorf("%d entries, want four submissions of one request", got)
	}
}
