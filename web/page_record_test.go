package web

import (
	"html"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"yilu/ledger"
)

// TestPagesOfRecords shows what a publisher told, as it was told, in words.
func TestPagesOfRecords(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	head := ledger.Recorded{Currency: "CNY", Object: "b1", Process: "ocds-abc-1", Released: "2020-03-18", Version: 1}
	x.post(pageMaker,
		&ledger.ProcessTender{Recorded: head, Items: []ledger.ProcessItem{{Class: "CPV:45233", Name: "road", Quantity: "2"}}, Method: "direct", Amendments: []ledger.ProcessAmendment{{At: "2020-03-01", Reason: "later"}}},
		&ledger.ProcessBid{Recorded: head, At: "2020-03-17T09:00:00", Bidders: []ledger.Participant{{Code: "S1"}, {Name: "Beta"}}, Status: "withdrawn"},
		&ledger.ProcessContract{Recorded: head, Values: []ledger.ProcessValue{{Amount: 123456, Released: "2020-03-01"}}, Status: "terminated"},
		&ledger.ProcessFindings{Recorded: head, Counts: []ledger.FindingCount{{Code: "date_no_zone", Count: 2}}, Details: []ledger.Finding{{Code: "date_day", Path: "bids[b1]/date", Found: "2020"}}},
	)
	site := x.site("")
	for seq, want := range [][]string{
		{"ocds-abc-1", "CPV:45233 · road · 2", "直接采购", "2020-03-01 · later", "招标记录"},
		{"2020-03-17T09:00:00", "S1", "Beta", "撤回", "投标记录"},
		{"1,234.56", "已终止"},
		{"date_no_zone × 2", "date_day · bids[b1]/date · 2020"},
	} {
		for _, prefix := range []string{"", "/en"} {
			w := answerTo(site, prefix+"/entries/"+strconv.Itoa(seq))
			if w.Code != http.StatusOK {
				t.Fatalf("%s entry %d: %d", prefix, seq, w.Code)
			}
			text := html.UnescapeString(w.Body.String())
			for _, s := range want {
				if prefix == "" && !strings.Contains(text, s) {
					t.Errorf("entry %d lacks %q", seq, s)
				}
			}
			if strings.Contains(text, "ledger.") || strings.Contains(text, "Value>") {
				t.Errorf("%s entry %d shows a Go value", prefix, seq)
			}
		}
	}
	if w := answerTo(site, "/entries"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "投标记录") || strings.Contains(w.Body.String(), "0.00") {
		t.Errorf("the list: %d", w.Code)
	}
}

// TestBooksOfOtherCurrencies name theirs wherever a book in yuan says yuan.
func TestBooksOfOtherCurrencies(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	h := x.site("")
	if page := answerTo(h, "/").Body.String(); !strings.Contains(page, "单位：元") {
		t.Error("an empty book is in yuan:", page)
	}
	x.post(pageMaker, &ledger.BookOpened{Currency: "UAH", Name: "Prozorro"},
		&ledger.ProcessContract{Recorded: ledger.Recorded{Currency: "UAH", Object: "c1", Process: "ocds-abc-1", Released: "2020-03-18", Version: 1}, Values: []ledger.ProcessValue{{Amount: 123456, Released: "2020-03-01"}}, Status: "terminated"})
	for path, want := range map[string]string{
		"/": "单位：UAH", "/entries": "单位：UAH", "/entries/1": "1,234.56\u00a0UAH", "/data": "金额单位为UAH", "/notices": "", "/contracts": "", "/coverage": "",
		"/en/": "Unit: UAH.", "/en/entries": "in UAH", "/en/entries/1": "1,234.56\u00a0UAH", "/entries/list.json": `"unit":"UAH"`,
	} {
		w := answerTo(h, path)
		text := html.UnescapeString(w.Body.String())
		if w.Code != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: %d, lacks %q: %s", path, w.Code, want, text)
		}
		for _, bad := range []string{"单位：元", "单位为元", "（元）", " 元", "\u00a0元", "万元", "yuan"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s says %q", path, bad)
			}
		}
	}
	for key, s := range siteIn("", "UAH").locales[english] {
		if strings.Contains(s.Other, "yuan") {
			t.Errorf("%s: %s", key, s.Other)
		}
	}
}
