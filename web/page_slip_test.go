package web

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"yilu/ledger"
	"yilu/publicity"
)

var slipCode = regexp.MustCompile(`[34679ACDEFHJKMNPQRTVWXY]{5}(-[34679ACDEFHJKMNPQRTVWXY]{5}){2}`)

// paperDesk is a maker's browser on the desk of papers.
func (x *countyFixture) paperDesk(t *testing.T, unit string) (*browser, url.Values) {
	t.Helper()
	b := &browser{t: t, h: x.officers("", func() time.Time { return pageNow })}
	w := b.enter(x.token(ledger.Maker, "maker-1", unit, pageNow), "/desk/slips/DF-0001")
	form := hiddenForm.FindStringSubmatch(w.Body.String())
	if w.Code != http.StatusOK || form == nil || w.Header().Get("Cache-Control") != "private, no-store" {
		t.Fatal(w.Code, w.Body)
	}
	return b, url.Values{"form": {form[1]}, "what": {publicity.PaperSlips}, "place": {"411025101201"}}
}

// TestVillagerFindsTheGrant: an officer prints the slips of a village, a villager types
// the code of one and sees that household's grants, and no other's.
func TestVillagerFindsTheGrant(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	desk, form := x.paperDesk(t, "411025-CZ")
	printed := desk.do("POST", "/desk/slips/DF-0001", form)
	page := printed.Body.String()
	codes := slipCode.FindAllString(page, -1)
	if printed.Code != http.StatusOK || len(codes) != 8 || printed.Header().Get("Cache-Control") != "private, no-store" || !strings.Contains(page, "张3") || strings.Contains(page, "张1<") || strings.Contains(page, idNumber(3)) || strings.Contains(page, "6200000000000005") {
		t.Fatal(printed.Code, codes, page)
	}
	h := x.site("")
	form2 := answerTo(h, "/mine")
	if form2.Code != http.StatusOK || form2.Header().Get("Cache-Control") != "private, no-store" || !strings.Contains(form2.Body.String(), `action="/mine"`) {
		t.Error(form2.Code, form2.Header())
	}
	found := sendForm(h, "/mine", url.Values{"code": {strings.ToLower(strings.ReplaceAll(codes[1], "-", " "))}})
	mine := found.Body.String()
	for _, want := range []string{"脱贫户产业奖补", "查到 1 笔补助", "1,500.00", "壹仟伍佰元整", "500.00 元 × 数量 3", "2020-04-01 发放", "/payments/DF-0001", "/proof"} {
		if !strings.Contains(mine, want) {
			t.Errorf("the household does not see %q", want)
		}
	}
	if found.Code != http.StatusOK || found.Header().Get("Cache-Control") != "private, no-store" || strings.Contains(mine, "张") || strings.Contains(mine, codes[1]) {
		t.Error(found.Code, mine)
	}
	lookSafe(t, "/mine", mine)
	for typed, want := range map[string]int{"": 422, "34679-34679-34679": 422, codes[0][:16] + "O": 422, strings.Repeat("3", 200): 422} {
		if w := sendForm(h, "/mine", url.Values{"code": {typed}}); w.Code != want {
			t.Errorf("%q: %d", typed, w.Code)
		}
	}
	if w := sendForm(h, "/mine?code="+codes[2], url.Values{}); w.Code != http.StatusUnprocessableEntity {
		t.Error("a code in the address was taken:", w.Code)
	}
	// The bank sent the second household's money back.
	form.Set("place", "411025101202")
	second := slipCode.FindAllString(desk.do("POST", "/desk/slips/DF-0001", form).Body.String(), -1)
	if page := sendForm(h, "/en/mine", url.Values{"code": {second[0]}}).Body.String(); !strings.Contains(page, "1,500.00 yuan came back from the bank") || !strings.Contains(page, `lang="zh-CN">脱贫户产业奖补`) {
		t.Error(page)
	}
}

// TestUnknownAndEndedCodesGetOneAnswer: which of the two a code is nobody learns.
func TestUnknownAndEndedCodesGetOneAnswer(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	desk, form := x.paperDesk(t, "411025-CZ")
	first := slipCode.FindAllString(desk.do("POST", "/desk/slips/DF-0001", form).Body.String(), -1)
	if w := desk.do("POST", "/desk/slips/DF-0001", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "原来的全部作废") || slipCode.MatchString(w.Body.String()) {
		t.Error("printed again without a word:", w.Code)
	}
	form.Set("again", "yes")
	if w := desk.do("POST", "/desk/slips/DF-0001", form); w.Code != http.StatusOK {
		t.Error(w.Code, w.Body)
	}
	h := x.site("")
	never, err := publicity.NewSlipCode()
	if err != nil {
		t.Fatal(err)
	}
	ended := sendForm(h, "/mine", url.Values{"code": {first[0]}})
	unknown := sendForm(h, "/mine", url.Values{"code": {never.Grouped()}})
	if ended.Code != http.StatusNotFound || unknown.Code != http.StatusNotFound ||
		strings.ReplaceAll(ended.Body.String(), first[0], "") != strings.ReplaceAll(unknown.Body.String(), never.Grouped(), "") {
		t.Error("the answers differ:", ended.Body, unknown.Body)
	}
	form.Del("again")
	for _, line := range []string{"3", "x", "-1", "9999999999999999999"} {
		form.Set("line", line)
		if w := desk.do("POST", "/desk/slips/DF-0001", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="`+line+`"`) {
			t.Errorf("line %s: %d", line, w.Code)
		}
	}
	form.Set("line", "4")
	one := slipCode.FindAllString(desk.do("POST", "/desk/slips/DF-0001", form).Body.String(), -1)
	if len(one) != 1 || sendForm(h, "/mine", url.Values{"code": {one[0]}}).Code != http.StatusOK {
		t.Error("one household alone:", one)
	}
}

// TestCodesAreNotGuessed: one address asks so often, and all together so often.
func TestCodesAreNotGuessed(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	var log bytes.Buffer
	h := New(Config{Ledger: x.l, Pool: x.db.Pool, Log: slog.New(slog.NewJSONHandler(&log, nil)), Now: time.Now, Book: pageBook, Limits: Limits{SlipsEach: 3}})
	code, err := publicity.NewSlipCode()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{404, 404, 404, 429, 429} {
		if w := sendForm(h, "/mine", url.Values{"code": {code.Grouped()}}); w.Code != want {
			t.Errorf("try %d: %d, want %d", i+1, w.Code, want)
		}
	}
	if strings.Contains(log.String(), string(code)) || strings.Contains(log.String(), code.Grouped()) {
		t.Error("the log has the code:", log.String())
	}
}

// TestWhoMayPrint: makers of the county, and of a township what is its own.
func TestWhoMayPrint(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	h := x.officers("", func() time.Time { return pageNow })
	for _, c := range []struct {
		role ledger.Role
		unit string
		want int
	}{
		{ledger.Maker, "411025-CZ", 200}, {ledger.ProjectOfficer, "411025101-ZF", 200}, {ledger.Maker, "411025103-ZF", 404}, {ledger.Checker, "411025-CZ", 403}, {ledger.Auditor, "411025-SJ", 403},
	} {
		b := &browser{t: t, h: h}
		if w := b.enter(x.token(c.role, "u-"+string(c.role)+c.unit, c.unit, pageNow), "/desk/slips/DF-0001"); w.Code != c.want {
			t.Errorf("%s of %s: %d, want %d", c.role, c.unit, w.Code, c.want)
		}
	}
	own := &browser{t: t, h: h}
	page := own.enter(x.token(ledger.Maker, "u-village", "411025101201-CWH", pageNow), "/desk/slips/DF-0001").Body.String()
	if strings.Contains(page, `value="411025101202"`) || !strings.Contains(page, `value="411025101201"`) {
		t.Error("a village's officer sees another village")
	}
	form := url.Values{"form": {hiddenForm.FindStringSubmatch(page)[1]}, "what": {publicity.PaperList}, "place": {"411025101202"}}
	if w := own.do("POST", "/desk/slips/DF-0001", form); w.Code != http.StatusNotFound {
		t.Error("prints another village's list:", w.Code)
	}
	form.Set("form", "x")
	if w := own.do("POST", "/desk/slips/DF-0001", form); w.Code != http.StatusForbidden {
		t.Error("a form of nobody's:", w.Code)
	}
	for _, path := range []string{"/desk/slips", "/desk/slips/DF-0001", "/desk/objections", "/desk/objections/YJ-1"} {
		if w := answerTo(h, path); w.Code != http.StatusUnauthorized {
			t.Errorf("%s without a session: %d", path, w.Code)
		}
	}
	for path, want := range map[string]int{"/desk/slips/none": 404, "/desk/slips/ZF-0001": 404} {
		b := &browser{t: t, h: h}
		if w := b.enter(x.token(ledger.Maker, "u-"+path[len("/desk/slips/"):], "411025-CZ", pageNow), path); w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestListsHideNames as the county has decided, and say that a notice is missing.
func TestListsHideNames(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	desk, form := x.paperDesk(t, "411025-CZ")
	form.Set("what", publicity.PaperList)
	page := desk.do("POST", "/desk/slips/DF-0001", form).Body.String()
	for _, want := range []string{"张*", "姓名已遮挡", "12,000.00", "壹万贰仟元整", "还没有发布公示", "12317"} {
		if !strings.Contains(page, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	if strings.Contains(page, "张3") || strings.Contains(page, "脱贫户</td>") || slipCode.MatchString(page) {
		t.Error("the list says too much:", page)
	}
	x.postGrantNotice(t)
	page = desk.do("POST", "/desk/slips/DF-0001", form).Body.String()
	n, err := x.l.Notice(t.Context(), pageBook, "GS-P8")
	if err != nil || !strings.Contains(page, "/c/"+n.Code) || !strings.Contains(page, grouped(n.Code)) || strings.Contains(page, "还没有发布公示") {
		t.Error(err, page)
	}
	hasQR(t, page, "/c/"+n.Code)
	if page := desk.do("GET", "/desk/slips/DF-0001", nil).Body.String(); strings.Count(page, "公示名单</td>") != 2 || !strings.Contains(page, "maker-1") {
		t.Error("the history:", page)
	}
}

// postGrantNotice announces the batch of the fixture.
func (x *countyFixture) postGrantNotice(t *testing.T) {
	t.Helper()
	p, err := x.l.Payment(context.Background(), pageBook, "DF-0001")
	if err != nil {
		t.Fatal(err)
	}
	x.day = "2020-03-20"
	x.post(pageMaker, &ledger.NoticePosted{Notice: "GS-P8", Content: ledger.NoticeContent{
		About: []ledger.Seq{p.Requested}, Channel: "board", Columns: []string{"item", "standard", "group", "households"}, Contacts: ledger.NoticeContacts{Hotline: "12317", Phone: "0374-3560000"},
		Issuer: x.dress("颍桥回族镇人民政府"), Level: "township", Lines: []ledger.NoticeLine{{Amount: p.Amount, Values: []string{"奖补", "500.00元", "全镇", "24"}}},
		Place: "411025101000", PlaceName: x.dress("颍桥回族镇"), Signed: "2020-03-20", Stage: "P8", Starts: "2020-03-20", Ends: "2020-04-01", Title: x.dress("到户补助公示"), Total: p.Amount,
	}})
}

// TestPapersAreAsBefore looks at every page of papers, also with what breaks pages.
func TestPapersAreAsBefore(t *testing.T) {
	t.Parallel()
	for name, dress := range map[string]func(string) string{"typical": plainText, "hostile": hostile} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newTypical(t, dress)
			x.postGrantNotice(t)
			desk, form := x.paperDesk(t, "411025-CZ")
			pages := map[string]string{"batches": desk.do("GET", "/desk/slips", nil).Body.String()}
			pages["slips"] = desk.do("POST", "/desk/slips/DF-0001", form).Body.String()
			form.Set("what", publicity.PaperList)
			pages["list"] = desk.do("POST", "/desk/slips/DF-0001", form).Body.String()
			pages["papers"] = desk.do("GET", "/desk/slips/DF-0001", nil).Body.String()
			code := slipCode.FindString(pages["slips"])
			pages["grants_mine"] = sendForm(x.site(""), "/mine", url.Values{"code": {code}}).Body.String()
			for page, got := range pages {
				for _, bad := range []string{"<script", "style=", "onclick", "javascript:", "ZgotmplZ", "<no value>", "%!", "6200000000000005"} {
					if strings.Contains(got, bad) {
						t.Errorf("%s holds %q", page, bad)
					}
				}
				if strings.Count(got, "<h1") != 1 {
					t.Errorf("%s has %d h1", page, strings.Count(got, "<h1"))
				}
				got = slipCode.ReplaceAllString(hidden.ReplaceAllString(mainOf(got), `name="$1" value="HIDDEN"`), "CODE")
				got = regexp.MustCompile(`<path d="[^"]*"/>`).ReplaceAllString(got, `<path d="QR"/>`)
				got = regexp.MustCompile(`[0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4}`).ReplaceAllString(got, "ROOT")
				golden(t, name+"_zh_"+page+".html", got)
			}
		})
	}
}

// TestPaperFiles: what a command writes stands alone, and is the same paper.
func TestPaperFiles(t *testing.T) {
	t.Parallel()
	x := newTypical(t, hostile)
	config := Config{Ledger: x.l, Book: pageBook, PublicURL: "https://fund.example.gov.cn/yilu/"}
	p := &publicity.Printer{Ledger: x.l, Pool: x.db.Pool}
	if err := (&publicity.Duties{Ledger: x.l, Pool: x.db.Pool}).CatchUp(t.Context(), pageBook); err != nil {
		t.Fatal(err)
	}
	sheet, err := p.Slips(t.Context(), pageBook, publicity.Wanted{Payment: "DF-0001", Place: "411025101201", By: pageMaker})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WritePaper(&b, config, sheet, true); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, bad := range []string{"<script", "href=\"/", "src=", "ZgotmplZ", "<no value>", "%!"} {
		if strings.Contains(page, bad) {
			t.Errorf("the file holds %q", bad)
		}
	}
	if !strings.Contains(page, "@page slip{size:A4") || len(slipCode.FindAllString(page, -1)) != 8 || !strings.Contains(page, "https://fund.example.gov.cn/yilu/mine") {
		t.Error(page)
	}
	hasQR(t, page, "https://fund.example.gov.cn/yilu/mine")
	if at := os.Getenv("YILU_PAPER"); at != "" { // to look at
		if err := os.WriteFile(filepath.Join(at, "slips.html"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// hasQR wants a page to draw a text as a QR code; that scanners read it is seen to in
// web/e2e.
func hasQR(t *testing.T, page, text string) {
	t.Helper()
	code, err := newQR(text)
	if err != nil || !strings.Contains(page, code.Path) {
		t.Errorf("no QR code of %s: %v", text, err)
	}
}
