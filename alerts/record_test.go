package alerts

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/ledger"
	"yilu/ledger/ocds"
	"yilu/migrations/pgtest"
)

const recordBook = ledger.Book("ocds-test")

// newRecords is a book of published records in a currency with all rules in force.
func newRecords(t *testing.T, currency string) *world {
	t.Helper()
	w := &world{T: t, now: moment("2020-06-01T04:00:00Z")}
	w.db = pgtest.Filled(t, "records in "+currency, func(db *pgtest.DB) {
		first := &world{T: t, db: db, now: w.now}
		first.start(programRules(t))
		first.openRecords(currency)
		first.ledger.Close()
	})
	w.start(programRules(t))
	return w
}

func (w *world) openRecords(currency string) {
	w.Helper()
	if err := w.ledger.CreateBook(w.Context(), recordBook); err != nil {
		w.Fatal(err)
	}
	if _, err := w.ledger.Post(w.Context(), recordBook, w.draft("book-opened", &ledger.BookOpened{Currency: currency, Name: "公开采购记录"}, maker)); err != nil {
		w.Fatal(err)
	}
	var drafts []ledger.Draft
	for i, a := range w.engine.Rules.Activations() {
		a.State = "active"
		drafts = append(drafts, w.draft(fmt.Sprintf("rule-%d", i), a, maker))
	}
	if _, err := w.ledger.Submit(w.Context(), recordBook, "rules", ledger.SubmissionMade{Submission: "rules", Title: "规则"}, drafts); err != nil {
		w.Fatal(err)
	}
	sub, err := w.ledger.Submission(w.Context(), recordBook, "rules")
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.ledger.Approve(w.Context(), recordBook, "rules-ok", "rules", sub.ContentHash, "2020-03-18", checker); err != nil {
		w.Fatal(err)
	}
}

// publish imports releases as yilu import ocds does, judges them, and lists what was
// raised of flags as "CODE SUBJECT", and of what could not be judged as "CODE?REASON".
func (w *world) publish(currency string, releases ...string) (flags, unjudged []string) {
	w.Helper()
	findings := ocds.NewFindings(nil)
	g, err := ocds.Gather(w.Context(), "test.json", strings.NewReader(strings.Join(releases, "\n")), ocds.Options{Currency: currency, Report: findings.Report, Temp: w.TempDir()})
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	im := &ocds.Import{Ledger: w.ledger, Book: recordBook, By: maker, On: "2020-06-01", Findings: findings}
	if sum, err := im.Run(w.Context(), g); err != nil || sum.Refused > 0 {
		w.Fatalf("%+v %v", sum, err)
	}
	if err := w.engine.catchUp(w.Context(), recordBook); err != nil {
		w.Fatal(err)
	}
	page, err := List(w.Context(), w.db.Pool, recordBook, Filter{}, -1, 5000)
	if err != nil {
		w.Fatal(err)
	}
	for _, c := range page {
		if c.Outcome == "flag" {
			flags = append(flags, c.Code+" "+strings.Join(c.Subject, " "))
		} else {
			unjudged = append(unjudged, c.Code+"?"+c.Reason)
		}
	}
	slices.Sort(flags)
	slices.Sort(unjudged)
	return slices.Compact(flags), slices.Compact(unjudged)
}

// made is one process, with what a test changes of it.
type made struct {
	ocid, method, deadline, tender string
	bids                           []string // bidder, amount, time, status
	award, supplier, awarded       string
	contract, signed, paid         string
}

func (m made) release() string {
	var bids []string
	for i, b := range m.bids {
		f := strings.Fields(b)
		bids = append(bids, fmt.Sprintf(`{"id":"b%d","tenderers":[{"id":"%s","name":"Firm %s"}],"value":{"amount":%s,"currency":"%s"},"date":"%s","status":"%s"}`, i, f[0], f[0], f[1], f[4], f[2], f[3]))
	}
	supplier := fmt.Sprintf(`[{"id":"%s","name":"Firm %s"}]`, m.supplier, m.supplier)
	return fmt.Sprintf(`{"ocid":"%s","id":"r1","date":"2020-05-01T00:00:00Z","tag":["compiled"],"initiationType":"tender",
"tender":{"id":"t","title":"Road","procurementMethod":"%s","mainProcurementCategory":"works","value":{"amount":%s,"currency":"CNY"},"tenderPeriod":{"startDate":"2020-02-01T00:00:00Z","endDate":"%s"}},
"bids":{"details":[%s]},"awards":[{"id":"a1","date":"%s","status":"active","suppliers":%s,"value":{"amount":%s,"currency":"CNY"}}],
"contracts":[{"id":"c1","awardID":"a1","status":"active","dateSigned":"%s","value":{"amount":%s,"currency":"CNY"},"period":{"startDate":"2020-04-01T00:00:00Z","endDate":"2020-09-01T00:00:00Z"},
"implementation":{"transactions":[{"id":"t1","date":"2020-04-20T00:00:00Z","value":{"amount":%s,"currency":"CNY"}}]}}]}`,
		m.ocid, m.method, m.tender, m.deadline, strings.Join(bids, ","), m.awarded, supplier, m.award, m.signed, m.contract, m.paid)
}

func clean(ocid string) made {
	return made{ocid: ocid, method: "open", deadline: "2020-03-01T09:00:00+08:00", tender: "1000000",
		bids:  []string{"S1 930000.01 2020-02-20T09:00:00+08:00 valid CNY", "S2 951234.56 2020-02-25T09:00:00+08:00 valid CNY", "S3 987654.32 2020-02-28T09:00:00+08:00 valid CNY"},
		award: "930000.01", supplier: "S1", awarded: "2020-03-10T00:00:00+08:00", contract: "930000.01", signed: "2020-03-20T00:00:00+08:00", paid: "100000"}
}

// TestRulesComeInForceUnread: 199 rules that come in force together are not read once for
// each of them, which took a slow machine longer than a post may take.
func TestRulesComeInForceUnread(t *testing.T) {
	t.Parallel()
	w := &world{T: t, now: moment("2020-06-01T04:00:00Z"), db: pgtest.New(t)}
	w.start(programRules(t))
	w.openRecords("CNY")
	if n := len(w.engine.Rules.books); n != 0 {
		t.Errorf("the rules of %d books were read for entries that no rule is about", n)
	}
	w.publish("CNY", oneLine(clean("ok").release()))
	if w.engine.Rules.books[recordBook] == nil {
		t.Error("the rules judge nothing")
	}
}

// TestPartiesUnderTwoCodes: a firm under one code in the award and another in the contract
// is one by its name, two codes of one scheme are two firms, and a contract with one of
// several suppliers is not held to the price of all.
func TestPartiesUnderTwoCodes(t *testing.T) {
	t.Parallel()
	w := newRecords(t, "CNY")
	release := func(ocid, award, contract, price string) string {
		return fmt.Sprintf(`{"ocid":"%s","id":"r1","date":"2020-05-01T00:00:00Z","tag":["compiled"],"tender":{"id":"t"},
"awards":[{"id":"a1","date":"2020-03-10T00:00:00+08:00","status":"active","suppliers":[%s],"value":{"amount":900,"currency":"CNY"}}],
"contracts":[{"id":"c1","awardID":"a1","dateSigned":"2020-03-20T00:00:00+08:00","suppliers":[%s],"value":{"amount":%s,"currency":"CNY"}}]}`, ocid, award, contract, price)
	}
	firm := func(scheme, id, name string) string {
		if scheme == "" {
			return fmt.Sprintf(`{"id":"%s","name":"%s"}`, id, name)
		}
		return fmt.Sprintf(`{"name":"%s","identifier":{"scheme":"%s","id":"%s"}}`, name, scheme, id)
	}
	flags, unjudged := w.publish("CNY",
		oneLine(release("named", firm("", "f1", "INFOCENTER S.A"), firm("PY-RUC", "80023118-0", "Infocenter S.A."), "900")),
		oneLine(release("other", firm("", "f2", "INFOCENTER S.A"), firm("PY-RUC", "80023118-1", "Trafosur"), "900")),
		oneLine(release("scheme", firm("PY-RUC", "1", "Alpha"), firm("PY-RUC", "2", "Alpha"), "900")),
		oneLine(release("joint", firm("PY-RUC", "3", "Beta")+","+firm("PY-RUC", "4", "Gamma"), firm("PY-RUC", "4", "Gamma"), "400")),
		oneLine(release("less", firm("PY-RUC", "5", "Delta"), firm("PY-RUC", "5", "Delta"), "400")))
	got := slices.DeleteFunc(flags, func(f string) bool { return !strings.HasPrefix(f, "C13") && !strings.HasPrefix(f, "C03") })
	if diff := cmp.Diff([]string{"C03 less/c1", "C13 other/c1", "C13 scheme/c1"}, got); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(unjudged, "C03?shared") {
		t.Errorf("%v", unjudged)
	}
}

// TestAwardsOfUnknownStatus: nobody knows whether they are in force, so what rests on them
// is not judged, and that is said.
func TestAwardsOfUnknownStatus(t *testing.T) {
	t.Parallel()
	w := newRecords(t, "CNY")
	m := clean("unknown")
	m.contract, m.bids[1] = "400000", "S2 930000.01 2020-02-25T09:00:00+08:00 valid CNY"
	known := m
	known.ocid = "known"
	flags, unjudged := w.publish("CNY", oneLine(known.release()), oneLine(strings.Replace(m.release(), `"status":"active","suppliers"`, `"status":"Adjudicado","suppliers"`, 1)))
	if !slices.Contains(flags, "C03 known/c1") || slices.Contains(flags, "C03 unknown/c1") || slices.ContainsFunc(flags, func(f string) bool { return strings.HasSuffix(f, " unknown/a1") }) {
		t.Errorf("%q", flags)
	}
	if !slices.Contains(unjudged, "C03?status") {
		t.Errorf("%q", unjudged)
	}
}

// TestSentencesNameTheCurrency: amounts of a book that is not in yuan are in its own.
func TestSentencesNameTheCurrency(t *testing.T) {
	t.Parallel()
	w := newRecords(t, "PYG")
	w.publish("PYG", oneLine(`{"ocid":"o","id":"r1","date":"2020-05-01T00:00:00Z","tag":["compiled"],"tender":{"id":"t"},
"awards":[{"id":"a1","date":"2020-03-10T00:00:00+08:00","status":"active","suppliers":[{"name":"A"}],"value":{"amount":900,"currency":"PYG"}}],
"contracts":[{"id":"c1","awardID":"a1","dateSigned":"2020-03-20T00:00:00+08:00","value":{"amount":400,"currency":"PYG"}}]}`))
	var zh, en string
	if err := w.db.Pool.QueryRow(t.Context(), `select sentence_zh, sentence_en from alert.current where book = $1 and code = 'C03'`, recordBook).Scan(&zh, &en); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(zh, "400.00 PYG") || !strings.Contains(en, "400.00 PYG") || strings.Contains(zh, "元") || strings.Contains(en, "yuan") {
		t.Errorf("%s %s", zh, en)
	}
}

// TestSweepsNameTheCurrency: so do sentences of sweeps, and the words for their values.
func TestSweepsNameTheCurrency(t *testing.T) {
	t.Parallel()
	w := newRecords(t, "PYG")
	act, err := w.engine.sweepAct(t.Context(), recordBook, "2020-06-01")
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.engine.inForce(t.Context(), recordBook)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		code         string
		value, limit formula.Value
	}{{"W02", formula.Whole(900), formula.Whole(500)}, {"W03", formula.String("won 900.00 6"), formula.String("won 500.00 5")}} {
		x := f.rules[row.code]
		if x == nil {
			t.Fatalf("%s is not in force", row.code)
		}
		said, err := x.find(act, rule.Row{Subject: []string{"S1"}, Value: row.value, Limit: row.limit})
		if err != nil {
			t.Fatal(err)
		}
		if text := said.Sentence.Zh + said.Sentence.En; strings.Count(text, " PYG") != 4 || strings.Contains(text, "元") || strings.Contains(text, "yuan") {
			t.Errorf("%s: %s", row.code, text)
		}
	}
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }

// TestRulesJudgePublishedRecords: what each rule finds in processes that others
// published, beside one in which it finds nothing.
func TestRulesJudgePublishedRecords(t *testing.T) {
	t.Parallel()
	w := newRecords(t, "CNY")
	var releases []string
	add := func(ocid string, change func(*made)) {
		m := clean(ocid)
		change(&m)
		releases = append(releases, strings.ReplaceAll(m.release(), "\n", " "))
	}
	add("ok", func(*made) {})
	add("two", func(m *made) { m.bids = m.bids[:2] })
	add("same", func(m *made) { m.bids[2] = strings.Replace(m.bids[1], "S2", "S3", 1) })
	add("twice", func(m *made) { m.bids = append(m.bids, strings.Replace(m.bids[1], "2020-02-25", "2020-02-26", 1)) }) // one bidder twice
	add("late", func(m *made) {
		m.bids[0] = strings.Replace(m.bids[0], "2020-02-20T09:00:00+08:00", "2020-03-01T01:00:01Z", 1)
	})
	add("intime", func(m *made) {
		m.bids[0] = strings.Replace(m.bids[0], "2020-02-20T09:00:00+08:00", "2020-03-01T09:30:00+09:00", 1)
	}) // a later string, an earlier instant
	add("zone", func(m *made) { m.bids[0] = strings.Replace(m.bids[0], "+08:00", "", 1) })
	add("short", func(m *made) { m.deadline = "2020-02-20T09:00:00+08:00" })
	add("over", func(m *made) { m.award, m.contract = "1000000.01", "1000000.01" })
	add("early", func(m *made) { m.signed = "2020-03-09T00:00:00+08:00" })
	add("dearer", func(m *made) { m.contract = "930000.02" })
	add("paid", func(m *made) { m.paid = "930000.02" })
	add("before", func(m *made) { m.signed = "2020-04-21T00:00:00+08:00" })
	add("dollars", func(m *made) { m.bids[1] = strings.Replace(m.bids[1], "CNY", "USD", 1) })
	add("rejected", func(m *made) {
		for i := 1; i < 3; i++ {
			m.bids[i] = strings.Replace(m.bids[i], "valid", "disqualified", 1)
		}
	})
	add("regular", func(m *made) {
		for i, a := range []string{"900000", "910000", "920000"} {
			f := strings.Fields(m.bids[i])
			f[1] = a
			m.bids[i] = strings.Join(f, " ")
		}
		m.bids = append(m.bids, "S4 930000 2020-02-28T09:00:00+08:00 valid CNY")
		m.award, m.contract = "900000", "900000"
	})
	flags, unjudged := w.publish("CNY", releases...)
	for _, want := range []string{
		"B01 two", "B03 same", "B12 late", "T07 short", "W12 over", "C01 early/c1", "C03 dearer/c1", "P01 paid/c1", "P03 t1", "Q05 dollars/b1", "B13 rejected", "B08 regular", "C02 before/c1",
	} {
		if !slices.ContainsFunc(flags, func(f string) bool {
			return f == want || strings.HasPrefix(want, "P03") && strings.HasPrefix(f, "P03 ")
		}) {
			t.Errorf("not found: %s", want)
		}
	}
	for _, f := range flags {
		for _, quiet := range []string{" ok", " twice", " intime"} {
			if strings.HasSuffix(f, quiet) || strings.Contains(f, quiet+"/") {
				t.Errorf("found: %s", f)
			}
		}
	}
	for _, want := range []string{"B12?zone", "B06?currency", "B06?n<3"} {
		if !slices.Contains(unjudged, want) {
			t.Errorf("%s is not among %v", want, unjudged)
		}
	}
	if _, err := ledger.Rebuild(t.Context(), w.db.Owner, recordBook, ledger.Replay{Judge: w.engine.Rules.Judge()}); err != nil {
		t.Error(err)
	}
	if _, err := w.engine.Rebuild(t.Context(), w.db.Owner, recordBook, false); err != nil {
		t.Error(err)
	}
	head, err := w.ledger.Head(t.Context(), recordBook)
	if err != nil {
		t.Fatal(err)
	}
	if differ, err := w.engine.rejudge(t.Context(), recordBook, ledger.None, ledger.Seq(head.Size-1), nil); err != nil || len(differ) > 0 {
		t.Errorf("judged again: %v %v", differ, err)
	}
	// The same in another order is found the same.
	other := newRecords(t, "CNY")
	slices.Reverse(releases)
	again, unjudgedAgain := other.publish("CNY", releases...)
	if diff := cmp.Diff(flags, again); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(unjudged, unjudgedAgain); diff != "" {
		t.Error(diff)
	}
}

// TestScreensOfRejectedBids: rejected bids without a price mute no screen of the valid ones
// and are counted, one price of a rejected and a valid one is found whichever comes first, a
// lowest one is found where the price alone decides, bidders who are only counted are too
// few or enough, and of a cancelled tender nothing is judged.
func TestScreensOfRejectedBids(t *testing.T) {
	t.Parallel()
	w := newRecords(t, "CNY")
	var releases []string
	add := func(ocid, old, put string, change func(*made)) {
		m := clean(ocid)
		change(&m)
		releases = append(releases, strings.ReplaceAll(strings.ReplaceAll(m.release(), "\n", " "), old, put))
	}
	reject := func(m *made, bids ...int) {
		for _, i := range bids {
			m.bids[i] = strings.Replace(m.bids[i], "valid", "disqualified", 1)
		}
	}
	none := `"value":{"amount":0,"currency":"CNY"},`
	add("unpriced", none, "", func(m *made) {
		m.bids = append(m.bids, "S4 0 2020-02-25T09:00:00+08:00 disqualified CNY", "S5 0 2020-02-25T09:00:00+08:00 disqualified CNY")
		m.bids[1] = strings.Replace(m.bids[1], "951234.56", "930512.34", 1)
		m.bids[2] = strings.Replace(m.bids[2], "987654.32", "933333.33", 1)
	})
	add("counted", none, "", func(m *made) {
		reject(m, 1, 2)
		m.bids[1] = strings.Replace(m.bids[1], "951234.56", "0", 1)
	})
	add("cheapest", `"procurementMethod"`, `"awardCriteria":"priceOnly","procurementMethod"`, func(m *made) {
		reject(m, 2)
		m.bids[2] = strings.Replace(m.bids[2], "987654.32", "900000", 1)
	})
	add("points", `"procurementMethod"`, `"awardCriteria":"ratedCriteria","procurementMethod"`, func(m *made) {
		reject(m, 2)
		m.bids[2] = strings.Replace(m.bids[2], "987654.32", "900000", 1)
	})
	for ocid, counted := range map[string]int{"uncounted": 0, "two": 2, "three": 3} { // nobody is named
		add(ocid, `"procurementMethod"`, fmt.Sprintf(`"numberOfTenderers":%d,"procurementMethod"`, counted), func(m *made) { m.bids = nil })
	}
	add("cancelled", `"procurementMethod"`, `"status":"cancelled","procurementMethod"`, func(m *made) { m.bids[2] = strings.Replace(m.bids[1], "S2", "S3", 1) })
	for i, ocid := range []string{"same-first", "same-last"} { // the rejected one is entered before the valid one, or after
		add(ocid, none, "", func(m *made) {
			reject(m, i)
			m.bids[1-i] = strings.Replace(m.bids[1-i], strings.Fields(m.bids[1-i])[1], strings.Fields(m.bids[i])[1], 1)
		})
	}
	flags, _ := w.publish("CNY", releases...)
	for _, want := range []string{"B03 same-first", "B03 same-last", "B06 unpriced", "B13 counted", "B14 cheapest", "B01 two"} {
		if !slices.Contains(flags, want) {
			t.Errorf("not found: %s among %q", want, flags)
		}
	}
	for _, f := range flags {
		if f == "B14 points" || f == "B01 three" || f == "B01 uncounted" || strings.HasPrefix(f, "B") && strings.Contains(f, " cancelled") {
			t.Errorf("found: %s", f)
		}
	}
}

// TestLimitsInYuanAreOfYuan: in a book of another currency a limit of money is not known
// until it is set there.
func TestLimitsInYuanAreOfYuan(t *testing.T) {
	t.Parallel()
	w := newRecords(t, "PYG")
	m := clean("o1")
	for i := range m.bids {
		f := strings.Fields(m.bids[i])
		f[1] = fmt.Sprint(900000 + 20000*i)
		m.bids[i] = strings.Join(f, " ")
	}
	flags, unjudged := w.publish("PYG", strings.ReplaceAll(strings.ReplaceAll(m.release(), "CNY", "PYG"), "\n", " "))
	if !slices.Contains(unjudged, "B11?param:u") || slices.ContainsFunc(flags, func(f string) bool { return strings.HasPrefix(f, "B11") }) {
		t.Errorf("%v %v", flags, unjudged)
	}
}

// TestRulesJudgeRealTenders: an excerpt of what authorities have published is judged
// whole, with an honest answer where they tell too little.
func TestRulesJudgeRealTenders(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../ledger/ocds/testdata/excerpt.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	w := newRecords(t, "PYG")
	flags, unjudged := w.publish("PYG", string(text))
	if slices.ContainsFunc(unjudged, func(u string) bool { return strings.HasSuffix(u, "?error") }) || !slices.Contains(unjudged, "B06?field:bids.n") {
		t.Errorf("%v", unjudged)
	}
	if !slices.ContainsFunc(flags, func(f string) bool { return strings.HasPrefix(f, "C01 ") }) {
		t.Errorf("the contract that was signed before its award: %v", flags)
	}
}

// TestTransactionsOfTwoProcesses: c1/t1 of one process is another payment than c1/t1 of the
// next, and each is a case of its own.
func TestTransactionsOfTwoProcesses(t *testing.T) {
	t.Parallel()
	w := newRecords(t, "CNY")
	var releases []string
	for _, ocid := range []string{"ocds-x-1", "ocds-x-2"} {
		m := clean(ocid)
		m.signed = "2020-04-21T00:00:00Z" // a day after the payment
		releases = append(releases, m.release())
	}
	flags, _ := w.publish("CNY", releases...)
	for _, want := range []string{"P03 ocds-x-1/c1/t1", "P03 ocds-x-2/c1/t1"} {
		if !slices.Contains(flags, want) {
			t.Errorf("no %s among %q", want, flags)
		}
	}
}

// TestBidsOfUnknownStatus: with a bid of which nobody knows whether it counts, nothing is
// said of the lot's prices.
func TestBidsOfUnknownStatus(t *testing.T) {
	t.Parallel()
	w := newRecords(t, "CNY")
	m := clean("ocds-x-1")
	m.bids = []string{"S1 930000.01 2020-02-20T09:00:00+08:00 valid CNY", "S2 930000.01 2020-02-25T09:00:00+08:00 unsuccessful CNY", "S3 987654.32 2020-02-28T09:00:00+08:00 valid CNY"}
	flags, unjudged := w.publish("CNY", m.release())
	if slices.Contains(flags, "B03 ocds-x-1") || !slices.Contains(unjudged, "B03?status") {
		t.Errorf("flags %q, not judged %q", flags, unjudged)
	}
}
