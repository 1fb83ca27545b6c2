package web

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

func TestMoneyAllTheWay(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.fill()
	for _, c := range []struct {
		path    string
		pointer string
		want    any
	}{
		{"/head", "/size", 22.0},
		{"/summary", "/paid", "280.00"},
		{"/funds", "/items/0/in_hand", "400.00"},
		{"/funds/F1", "/received", "1000.00"},
		{"/funds/F1/trace", "/payees/0/paid", "200.00"},
		{"/funds/trace?document=豫财农〔2019〕1号", "/funds/0/fund", "F1"},
		{"/projects?place=411025&type=construction&state=approved&fund=F1&q=道路&limit=1", "/items/0/project", "P1"},
		{"/projects/P1", "/quotas/0/paid", "280.00"},
		{"/projects/P1", "/contract_list/0/supplier_name", "某建筑公司"},
		{"/projects/P1", "/tenders/0/bid_list/0/amount", "480.00"},
		{"/projects/P1/timeline", "/items/0/kind", "project.approved"},
		{"/projects/P1/trace", "/items/0/document", "豫财农〔2019〕1号"},
		{"/payments?state=paid&project=P1", "/items/2/payment", "Z1"},
		{"/payments?payee=91350100M000100Y43", "/items/0/payment", "Z1"},
		{"/payments/Z1", "/state", "paid"},
		{"/payments/Z3/lines", "/places/0/amount", "30.00"},
		{"/payees", "/items/0/payee", "91350100M000100Y43"},
		{"/payees/91350100M000100Y43", "/paid", "200.00"},
		{"/payees/91350100M000100Y43/trace", "/items/0/fund", "F1"},
		{"/balances?prefix=hand/", "/items/0/balance", "400.00"},
		{"/balances?prefix=hand/&as_of_seq=4", "/items/0/balance", "400.00"},
		{"/balances?prefix=hand/&as_of_day=2020-12-31", "/items/0/balance", "400.00"},
		{"/flows", "/items/0/level", "central"},
		{"/kinds", "/items/0/stage", "fund"},
		{"/entries?from=1&limit=1", "/items/0/id", "f1"},
		{"/entries?from=1&limit=1", "/next", "2"},
		{"/entries/1", "/kind", "fund.received"},
		{"/entries/1", "/corrects", nil},
		{"/entries/1/leaf", "/seq", "1"},
		{"/submissions?state=open", "/items/0/submission", "S3"},
		{"/submissions/S3", "/items/0/id", "a2"},
		{"/submissions/S1?limit=2", "/next", "3"},
		{"/submissions/S1?from=3", "/items/0/id", "a1"},
	} {
		if got := a.get(strings.ReplaceAll(c.path, "〔", "%E3%80%94")).field(pointer(c.pointer)); got != c.want {
			t.Errorf("GET %s %s = %v, want %v", c.path, c.pointer, got, c.want)
		}
	}
	if got := a.send(200, "GET", "/books", "", "").field("/items/0/book"); got != "411025" {
		t.Errorf("books: %v", got)
	}
	if got := a.send(200, "GET", book("/ids/f1"), a.tokens[ledger.Auditor], "").field("/seq"); got != 1.0 {
		t.Errorf("outcome: %v", got)
	}
	if got := a.send(200, "GET", book("/payments/Z3/lines"), a.tokens[ledger.Auditor], "").field("/items/0/line"); got != 1.0 {
		t.Errorf("lines for an officer: %v", got)
	}
	person := a.post(200, ledger.Checker, "/persons/trace", `{"id_number":"`+secretNumber+`"}`)
	if person.field("/items/0/paid") != "50.00" || person.field("/items/1/paid") != "30.00" {
		t.Errorf("person: %s", person.Body)
	}
}

// TestPrivatePersonsStayPrivate posts personal values and looks for them, and
// for the keys made of them, in the log and in every public answer.
func TestPrivatePersonsStayPrivate(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var key string
	a.answered = func(r *http.Request, _ []byte, w *recorder) {
		for _, secret := range []string{secretName, secretNumber, secretAccount, `"p-`, "payee/p-"} {
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("%s %s shows %s: %s", r.Method, r.URL, secret, w.Body)
			}
		}
	}
	a.fill()
	a.post(200, ledger.Checker, "/persons/trace", `{"id_number":"`+secretNumber+`"}`)
	a.post(422, ledger.Checker, "/persons/trace", `{"id_number":"110105194912310021"}`)
	for _, path := range publicPaths() {
		a.get(path)
	}
	if err := a.db.Owner.QueryRow(t.Context(), `select payee from proj.payee where payee like 'p-%'`).Scan(&key); err != nil {
		t.Fatal(err)
	}
	a.send(404, "GET", book("/payees/"+key), "", "")
	a.send(404, "GET", book("/payees/"+key+"/trace"), a.tokens[ledger.Auditor], "")
	a.send(422, "GET", book("/payments?payee="+key), "", "")
	a.send(422, "GET", book("/balances?prefix=payee/"+key), "", "")
	a.send(422, "GET", book("/balances?after=payee/"+key), "", "")
	a.send(404, "GET", book("/projects/"+secretNumber), "", "", "Accept-Language", "en")
	for _, secret := range []string{secretName, secretNumber, secretAccount, key} {
		if strings.Contains(a.log.String(), secret) {
			t.Errorf("the log holds %s: %s", secret, a.log)
		}
	}
	if !strings.Contains(a.log.String(), `"person traced"`) {
		t.Errorf("who traced a person is not logged: %s", a.log)
	}
}

// TestBalancesSkipPrivateAccounts walks pages of one row across private
// accounts: no cursor may show their names.
func TestBalancesSkipPrivateAccounts(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.fill()
	var seen []string
	for after := ""; ; {
		w := a.get("/balances?limit=1&after=" + after)
		var page struct {
			Items []ledger.Account `json:"items"`
			Next  string           `json:"next"`
		}
		w.into(&page)
		for _, x := range page.Items {
			seen = append(seen, x.Account)
		}
		if after = page.Next; after == "" {
			break
		}
		if strings.HasPrefix(after, "payee/p-") {
			t.Fatalf("cursor %s", after)
		}
	}
	if diff := cmp.Diff([]string{"hand/F1", "payee/91350100M000100Y43", "payee/g-Z3", "project/P1/F1", "source/F1"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestCursorsShowEverythingOnce(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.fill()
	for path, want := range map[string]int{"/entries": 22, "/payments": 3, "/projects": 1, "/payees": 2, "/submissions": 3} {
		seen, after := map[string]bool{}, ""
		param := "after"
		if path == "/entries" {
			param = "from"
		}
		for page := 0; page < 50; page++ {
			url := path + "?limit=1"
			if after != "" {
				url += "&" + param + "=" + after
			}
			w := a.get(url)
			items, _ := w.field("/items").([]any)
			for range items {
				seen[w.Body.String()] = true
			}
			next, more := w.field("/next").(string)
			if after = next; !more {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("%s: saw %d, want %d", path, len(seen), want)
		}
	}
	a.send(422, "GET", book("/payments?after=x"), "", "")
	a.send(422, "GET", book("/payments?limit=501"), "", "")
	a.send(422, "GET", book("/payments?limit=0"), "", "")
	a.send(422, "GET", book("/payments?projekt=P1"), "", "")
	a.send(422, "GET", book("/payments?state=paid&state=open"), "", "")
	a.send(422, "GET", book("/payments?project=a%00b"), "", "")
	a.send(422, "GET", book("/payments?project=a%FF"), "", "")
	a.send(422, "GET", book("/projects?place=41%25"), "", "")
	a.send(422, "GET", book("/balances?as_of_seq=-1"), "", "")
	last := a.get("/head").field("/size").(float64) - 1
	a.get(fmt.Sprintf("/balances?as_of_seq=%.0f", last))
	beyond := a.send(422, "GET", book(fmt.Sprintf("/balances?as_of_seq=%.0f", last+1)), "", "")
	if beyond.field("/problems/0/field") != "as_of_seq" || !strings.Contains(beyond.Body.String(), fmt.Sprintf("the book has %.0f entries", last+1)) {
		t.Errorf("beyond the head: %s", beyond.Body)
	}
	a.send(422, "GET", book("/balances?as_of_day=2020-02-30"), "", "")
	a.send(422, "GET", book("/balances?as_of_day=2020-02-28&as_of_seq=3"), "", "")
	a.send(422, "GET", book("/funds/trace"), "", "")
}

func TestSendingAgain(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.settle("S1", fundEntry+","+projectEntry+","+allocateEntry)
	body := requestEntry("r1", "Z1", "200.00")
	first := a.post(201, ledger.Maker, "/entries", body)
	again := a.post(200, ledger.Maker, "/entries", body)
	if first.field("/leaf_hash") != again.field("/leaf_hash") || again.field("/repeated") != true || first.field("/repeated") != false {
		t.Errorf("first %s, again %s", first.Body, again.Body)
	}
	if first.Header().Get("Location") != "/api/v1/books/411025/entries/5" {
		t.Errorf("location %q", first.Header().Get("Location"))
	}
	conflict := a.post(409, ledger.Maker, "/entries", requestEntry("r1", "Z1", "200.01"))
	if conflict.field("/seq") != 5.0 || conflict.field("/type") != "urn:yilu:problem:conflict" {
		t.Errorf("conflict %s", conflict.Body)
	}
	submission := `{"submission":"S1","title":"测试","entries":[` + fundEntry + "," + projectEntry + "," + allocateEntry + `]}`
	if w := a.post(200, ledger.Maker, "/submissions", submission); w.field("/receipts/3/repeated") != true {
		t.Errorf("submission again: %s", w.Body)
	}
	for _, key := range []string{"k-1", `"k-1"`} {
		noID := strings.Replace(requestEntry("r1", "Z2", "1.00"), `"id":"r1",`, "", 1)
		w := a.send([]int{201, 200}[len(key)/5], "POST", book("/entries"), a.tokens[ledger.Maker], noID, "Idempotency-Key", key)
		if w.field("/id") != "k-1" {
			t.Errorf("key %s: %s", key, w.Body)
		}
	}
	a.send(422, "POST", book("/entries"), a.tokens[ledger.Maker], body, "Idempotency-Key", "other")
	a.send(422, "POST", book("/entries"), a.tokens[ledger.Maker], strings.Replace(body, `"id":"r1",`, "", 1))
}

func TestSendingTwiceAtOnce(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.settle("S1", fundEntry+","+projectEntry+","+allocateEntry)
	var wg sync.WaitGroup
	var mu sync.Mutex
	codes, hashes := map[int]int{}, map[any]bool{}
	for range 8 {
		wg.Go(func() {
			w := a.try("POST", book("/entries"), a.tokens[ledger.Maker], personEntry)
			mu.Lock()
			defer mu.Unlock()
			codes[w.Code]++
			hashes[w.field("/leaf_hash")] = true
		})
	}
	wg.Wait()
	if codes[201] != 1 || codes[200] != 7 || len(hashes) != 1 {
		t.Errorf("codes %v, hashes %v", codes, hashes)
	}
}

func TestAllOrNothing(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.settle("S1", fundEntry+","+projectEntry+","+allocateEntry)
	w := a.post(422, ledger.Maker, "/units", `{"entries":[`+requestEntry("r1", "Z1", "1.00")+","+requestEntry("r2", "Z2", "600.00")+`]}`)
	if w.field("/problems/0/index") != 1.0 || w.field("/problems/0/rule") != "over_payment" || w.field("/type") != "urn:yilu:problem:refused" {
		t.Errorf("unit: %s", w.Body)
	}
	a.send(404, "GET", book("/ids/r1"), a.tokens[ledger.Maker], "")
	w = a.post(422, ledger.Maker, "/submissions", `{"submission":"S9","title":"","entries":[`+strings.Replace(allocateEntry, "a1", "a9", 1)+`]}`)
	if w.field("/problems/0/index") != -1.0 || w.field("/problems/0/field") != "title" {
		t.Errorf("submission: %s", w.Body)
	}
	w = a.post(422, ledger.Maker, "/submissions", `{"submission":"S9","title":"超额","entries":[`+strings.NewReplacer("600.00", "6000.00", "a1", "a9").Replace(allocateEntry)+`]}`)
	if w.field("/problems/0/index") != 0.0 || w.field("/problems/0/rule") != "over_budget" {
		t.Errorf("submission: %s", w.Body)
	}
	a.post(422, ledger.Maker, "/units", `{"entries":[]}`)
	a.post(422, ledger.Maker, "/units", `{"entries":[`+strings.Repeat(`{},`, 1000)+`{}]}`)
}

func TestRejecting(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.settle("S1", fundEntry+","+projectEntry+","+allocateEntry)
	a.post(201, ledger.Maker, "/submissions", `{"submission":"S2","title":"分配","entries":[`+strings.NewReplacer(`"a1"`, `"a2"`, "600.00", "10.00").Replace(allocateEntry)+`]}`)
	a.post(201, ledger.Checker, "/submissions/S2/reject", `{"id":"S2-no","reason":"plan","on":"2020-03-18"}`)
	a.post(200, ledger.Checker, "/submissions/S2/reject", `{"id":"S2-no","reason":"plan","on":"2020-03-18"}`)
	a.post(422, ledger.Checker, "/submissions/S2/reject", `{"id":"S2-no2","reason":"plan","on":"2020-03-18"}`)
	a.post(201, ledger.Maker, "/entries", requestEntry("r1", "Z1", "1.00"))
	a.post(422, ledger.Checker, "/payments/Z1/reject", `{"id":"Z1-no","reason":"nonsense","on":"2020-03-18"}`)
	a.post(201, ledger.Checker, "/payments/Z1/reject", `{"id":"Z1-no","reason":"account","on":"2020-03-18"}`)
	if got := a.get("/payments/Z1").field("/state"); got != "rejected" {
		t.Errorf("state %v", got)
	}
}
