package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"yilu/alerts/rule"
	"yilu/alerts/rules"
	"yilu/ledger"
	"yilu/publicity/workday"
)

// set puts a parameter in effect.
func (w *world) set(code, name, category, value string) {
	w.Helper()
	w.settle("set-"+code+name+category+value, w.draft("par-"+code+name+category, &ledger.ParameterSet{
		Code: code, Name: name, Category: category, Value: value, Region: "411025", From: "2020-01-01", Basis: "县审计局规定"}, maker))
}

// TestParametersThatMeanNothingAreRefused as they are submitted, so that no rule becomes
// unable to judge.
func TestParametersThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		body ledger.Body
		want string
	}{
		"where the default holds":       {&ledger.ParameterSet{Code: "P13", Name: "d", Value: "20", From: "2020-01-01", Basis: "x"}, "body.region parameter_overlap"},
		"of the county":                 {&ledger.ParameterSet{Code: "P13", Name: "d", Value: "20", Region: "411025", From: "2020-01-01", Basis: "x"}, ""},
		"of the city, as a county code": {&ledger.ParameterSet{Code: "P13", Name: "d", Value: "20", Region: "411000", From: "2020-01-01", Basis: "x"}, ""},
		"below zero":                    {&ledger.ParameterSet{Code: "P13", Name: "d", Value: "-5", Region: "411025", From: "2020-01-01", Basis: "x"}, "body.value parameter"},
		"no number":                     {&ledger.ParameterSet{Code: "P13", Name: "d", Value: "many", Region: "411025", From: "2020-01-01", Basis: "x"}, "body.value parameter"},
		"no such parameter":             {&ledger.ParameterSet{Code: "P13", Name: "dd", Value: "20", Region: "411025", From: "2020-01-01", Basis: "x"}, "body.name unknown_parameter"},
		"no such rule":                  {&ledger.ParameterSet{Code: "Z99", Name: "d", Value: "20", Region: "411025", From: "2020-01-01", Basis: "x"}, "body.code unknown_rule"},
		"no categories":                 {&ledger.ParameterSet{Code: "P13", Name: "d", Value: "20", Category: "works", Region: "411025", From: "2020-01-01", Basis: "x"}, "body.category parameter"},
		"a limit of handling":           {&ledger.ParameterSet{Code: "L18", Name: "answer", Category: "red", Value: "1", Region: "411025", From: "2020-01-01", Basis: "x"}, ""},
		"a limit for the whole country": {&ledger.ParameterSet{Code: "L18", Name: "storm", Value: "1", From: "2020-01-01", Basis: "x"}, "body.region parameter_overlap"},
		"white list by what is no text": {&ledger.ExemptionSet{Code: "P13", Fact: "entry.amount", Text: "1", From: "2020-01-01", To: "2020-12-31", Basis: "x"}, "body.fact exemption"},
		"white list by a payment":       {&ledger.ExemptionSet{Code: "P13", Fact: "payment.id", Text: "Z1", From: "2020-01-01", To: "2020-12-31", Basis: "x"}, ""},
	} {
		made := ledger.Submitted("S-"+hashID("t", name)[:9], ledger.SubmissionMade{Submission: "S-" + hashID("t", name)[:9], Title: "参数"}, []ledger.Draft{w.draft("d", c.body, maker)})
		tried, err := w.ledger.Try(t.Context(), testBook, made...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := ""
		for _, p := range tried.Problems {
			got = strings.TrimSpace(got + " " + p.Field + " " + p.Rule)
		}
		if got != c.want {
			t.Errorf("%s: refused by %q, want %q", name, got, c.want)
		}
	}
	w.set("P13", "d", "", "20")
	w.settle("again", w.draft("again-p", &ledger.ParameterSet{Code: "P13", Name: "d", Value: "25", Region: "411025", From: "2020-01-01", Basis: "x"}, maker)) // takes its place
	w.funded()
	w.tells("judged still", "-P13", w.draft("z1", w.request("Z1", 10000), maker))
}

// TestLimitsOfHandlingAreParameters: days, silence and bulk follow what was set, and a
// rebuild knows which held when.
func TestLimitsOfHandlingAreParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	raise := func(id string) Current {
		t.Helper()
		if err := w.twin(id, 1); err != nil {
			t.Fatal(err)
		}
		w.run()
		page, err := Newest(t.Context(), w.db.Pool, testBook, Filter{Code: "P13"}, 1<<60, 1)
		if err != nil {
			t.Fatal(err)
		}
		return page[0]
	}
	before := raise("z2")
	w.set("L18", "answer", before.Level, "1")
	w.set("L18", "silence", "", "5")
	w.set("L18", "bulk", "", "2")
	after := raise("z3")
	if before.Due != "2020-03-25" || after.Due != "2020-03-19" {
		t.Errorf("due %s, then %s", before.Due, after.Due)
	}
	silence := func(until ledger.Date) error {
		_, err := w.engine.Take(t.Context(), testBook, w.draft("silence-"+string(until), &ledger.AlertSilenced{Step: ledger.Step{Alert: after.Alert, Seen: 1}, Ground: "waiting", Until: until}, auditor))
		return err
	}
	if got := refusedBy(silence("2020-03-24")); !slices.Equal(got, []string{"silence"}) {
		t.Errorf("silenced for six days: %v", got)
	}
	if err := silence("2020-03-18"); err == nil || !strings.Contains(err.Error(), "today") {
		t.Errorf("silenced until today: %v", err)
	}
	if err := silence("2020-03-23"); err != nil {
		t.Error(err)
	}
	three := make([]ledger.Draft, 3)
	for i := range three {
		three[i] = w.draft(fmt.Sprint("c", i), &ledger.AlertCommented{Step: ledger.Step{Alert: after.Alert, Seen: ledger.Count(2 + i)}}, auditor)
	}
	var invalid *ledger.Invalid
	if _, err := w.engine.Take(t.Context(), testBook, three...); !errors.As(err, &invalid) {
		t.Errorf("three at once: %v", err)
	}
	if _, err := w.engine.Take(t.Context(), testBook, three[:2]...); err != nil {
		t.Error(err)
	}
	w.rebuilds()
}

// TestStorm: of more new warnings of a rule than the limit one tells; all are cases.
func TestStorm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set("L18", "storm", "", "5")
	w.busy()
	w.run()
	page, err := List(t.Context(), w.db.Pool, testBook, Filter{Code: "P13"}, -1, 100)
	if err != nil {
		t.Fatal(err)
	}
	var parents []Current
	children := 0
	for _, c := range page {
		if c.Subject[0] == "storm" {
			parents = append(parents, c)
		} else if c.State == Open {
			children++
		}
	}
	if len(parents) != 1 || children < 6 || parents[0].Value != fmt.Sprint(children) || parents[0].Limit != "5" || parents[0].State != Open {
		t.Fatalf("%d children of %+v", children, parents)
	}
	for _, c := range page {
		if want := parents[0].Alert; c.Alert != want && c.State == Open && c.Parent != want {
			t.Errorf("%s belongs to %q", c.Alert, c.Parent)
		}
	}
	test := BackTest{Rules: []*rule.Rule{w.engine.Rules.files["P13@1"]}, From: "2020-01-01", To: "2020-12-31", Live: true}
	if report, err := test.Run(t.Context(), w.engine, testBook); err != nil || *report.Rules[0].New != 0 || *report.Rules[0].Lost != 0 {
		t.Errorf("the one that tells of all counts as a matter of its own: %+v %v", report, err)
	}
	w.rebuilds()
}

// timers lists the deadlines of a rule as "STATE DUE".
func (w *world) timers(code string) []string {
	w.Helper()
	rows, err := w.db.Pool.Query(w.Context(), `select state || ' ' || coalesce(due::text, '') from alert.timer where book = $1 and code = $2 order by opened_seq, match`, testBook, code)
	if err != nil {
		w.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.Fatal(err)
	}
	return list
}

func (w *world) wantTimers(when, code string, want ...string) {
	w.Helper()
	w.run()
	if diff := cmp.Diff(want, w.timers(code)); diff != "" {
		w.Errorf("%s: %s", when, diff)
	}
}

func (w *world) reverse(id, target string) {
	w.Helper()
	w.settle("s-"+id, ledger.Draft{ID: id, Kind: "entry.reversed", On: "2020-03-18", By: maker, Corrects: w.seqOf(target), Body: &ledger.EntryReversed{Reason: "amount"}})
}

// TestDeadlinesEndWithWhatBeganThem: what met one may be taken back, and then it runs
// again; a cancelled project has none; a rebuild finds the same.
func TestDeadlinesEndWithWhatBeganThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.wantTimers("approved", "J06", "running 2020-06-01")
	w.post(w.ack("J14", "begin"), w.draft("begin", &ledger.WorksStarted{Project: "P1"}, maker))
	w.wantTimers("begun", "J06", "met 2020-06-01")
	w.reverse("undo", "begin")
	w.wantTimers("not begun after all", "J06", "running 2020-06-01")
	w.settle("back", w.draft("recall", &ledger.FundRecalled{Fund: "F1", Project: "P1", Document: "襄财〔2020〕9号", Amount: 900000, Reason: "amount"}, maker))
	w.settle("end", w.draft("cancel", &ledger.ProjectCancelled{Project: "P1", Document: "襄扶〔2020〕9号", Reason: "amount"}, maker))
	w.wantTimers("cancelled", "J06", "ended 2020-06-01")
	w.reverse("undo-2", "cancel")
	w.wantTimers("cancelled by mistake", "J06", "running 2020-06-01")
	w.now = moment("2020-06-02T01:00:00Z")
	w.wantTimers("late", "J06", "fired 2020-06-01")
	if c := w.find("J06"); c.Entry != w.seqOf("p1") || c.At == c.Entry {
		t.Errorf("about entry %d, in effect by %d", c.Entry, c.At)
	}
	if _, err := w.engine.Rebuild(t.Context(), w.db.Owner, testBook, false); err != nil {
		t.Error(err)
	}
	for _, sql := range []string{
		`update alert.timer set state = 'running' where state = 'fired'`, `delete from alert.timer where code = 'J06'`,
		`update alert.tally set count = count + 1 where state = 'flag'`, `delete from alert.tally where state = 'flag'`,
	} {
		if _, err := w.db.Owner.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		if _, err := w.engine.Rebuild(t.Context(), w.db.Owner, testBook, false); !errors.Is(err, ErrDiverged) {
			t.Errorf("after %s: %v", sql, err)
		}
		if _, err := w.engine.Rebuild(t.Context(), w.db.Owner, testBook, true); err != nil {
			t.Error(err)
		}
		if _, err := w.engine.Rebuild(t.Context(), w.db.Owner, testBook, false); err != nil {
			t.Errorf("replaced after %s: %v", sql, err)
		}
	}
	w.wantTimers("rebuilt", "J06", "fired 2020-06-01")
}

// TestDeadlinesWaitForTheCalendar: one whose last day cannot be told yet waits, and a
// nightly job computes it when the notice is there.
func TestDeadlinesWaitForTheCalendar(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var days []workday.Day
	for d := ledger.Date("2020-01-01"); d < "2021-01-01"; d = d.AddDays(1) {
		if day, ok := workday.StateCouncil().Lookup(d); ok {
			days = append(days, day)
		}
	}
	only2020, err := workday.Calendar{}.With(days...)
	if err != nil {
		t.Fatal(err)
	}
	early, err := LoadRules(rules.Files, only2020)
	if err != nil {
		t.Fatal(err)
	}
	full := w.engine.Rules
	w.ledger.Close()
	w.start(early)
	w.engine.Calendar = only2020
	w.at("2020-11-30T12:00:00")
	w.funded()
	a := w.on("2020-12-01", "a2", &ledger.FundAllocated{Fund: "F1", Project: "P1", Document: "襄财〔2020〕2号", Amount: 100, Files: []ledger.File{paper}}, maker)
	change := w.draft("more", &ledger.ProjectChanged{Project: "P1", Document: "襄扶〔2020〕7号", Reason: "amount", Budget: []ledger.BudgetLine{{Fund: "F1", Amount: 910000}}}, maker)
	w.settle("change", change)
	w.settle("more-money", a)
	w.wantTimers("in December", "A03", "fired 2020-09-14", "waiting ")
	if !slices.ContainsFunc(w.cases(), func(c string) bool { return c == "A03 recorded 1" }) {
		t.Errorf("nobody is told that it cannot be judged: %v", w.cases())
	}
	w.at("2020-12-02T01:00:00")
	w.wantTimers("no notice yet", "A03", "fired 2020-09-14", "waiting ")
	w.engine.Rules, w.engine.Calendar = full, workday.StateCouncil()
	w.at("2020-12-03T01:00:00")
	w.wantTimers("with the notice", "A03", "fired 2020-09-14", "running 2021-05-31")
	got := w.slots("calendar")
	if last := got[len(got)-1]; !strings.Contains(last, "1 deadlines, ") {
		t.Errorf("the job's log: %q", got)
	}
	if _, err := w.engine.Rebuild(t.Context(), w.db.Owner, testBook, false); err != nil {
		t.Error(err)
	}
}

// TestBackfill judges the past by a rule that came later: each matter once, marked, and
// not what was said already.
func TestBackfill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settle("off", w.frozen("P13", "frozen"), w.frozen("J06", "frozen"))
	w.funded()
	for i := range 3 {
		w.post(w.draft(fmt.Sprint("z", i), w.request(fmt.Sprint("Z", i), 10000), maker))
	}
	fill := Backfill{Codes: []string{"P13"}, From: "2020-01-01", To: "2020-12-31"}
	if _, err := fill.Run(t.Context(), w.engine, testBook); !errors.Is(err, ErrNotBackfilled) {
		t.Errorf("a frozen rule: %v", err)
	}
	w.settle("on", w.frozen("P13", "active"), w.frozen("J06", "active"))
	if err := w.twin("z4", 1); err != nil { // said live
		t.Fatal(err)
	}
	w.run()
	w.tellsOf()
	cut, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fill.Run(cut, w.engine, testBook); err == nil {
		t.Error("cut off")
	}
	for range 2 { // the second time nothing is left
		done, err := fill.Run(t.Context(), w.engine, testBook)
		if err != nil || done[0].Found != 2 || done[0].Version != 1 {
			t.Fatalf("%+v %v", done, err)
		}
	}
	page, err := List(t.Context(), w.db.Pool, testBook, Filter{Code: "P13"}, -1, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range page {
		got = append(got, fmt.Sprintf("%s %s %d", c.Origin, c.Subject[0], c.Count))
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"backfill Z1 1", "backfill Z2 1", "live Z4 1"}, got); diff != "" {
		t.Error(diff)
	}
	deadlines := Backfill{Codes: []string{"J06"}, From: "2020-01-01", To: "2020-12-31"}
	if done, err := deadlines.Run(t.Context(), w.engine, testBook); err != nil || done[0].Found != 1 {
		t.Errorf("%+v %v", done, err)
	}
	if diff := cmp.Diff([]string{"raised J06", "raised P13"}, w.told()); diff != "" {
		t.Error("told (-want +got):\n" + diff)
	}
	w.wantTimers("a deadline that began then", "J06", "running 2020-06-01")
	w.rebuilds()
}

// frozen is an activation of a rule's file in some state.
func (w *world) frozen(code, state string) ledger.Draft {
	for _, a := range w.engine.Rules.Activations() {
		if a.Code == code {
			a.State = state
			return w.draft(state+"-"+code, a, maker)
		}
	}
	w.Fatalf("no rule %s", code)
	return ledger.Draft{}
}

// TestAfterTheFact: what has happened is recorded, explained, and warned of in red,
// where the same act would be refused.
func TestAfterTheFact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.post(w.announce("T1"), w.bid("T1", builder, 90001, "2020-04-10T08:00:00+08:00"))
	award := w.award("T1", builder, 90001)
	if _, err := w.ledger.Post(t.Context(), testBook, award); !slices.Contains(refusedBy(err), "W11") {
		t.Errorf("an award over the ceiling: %v", err)
	}
	past := ledger.SubmissionMade{Submission: "OLD", Title: "补录", AfterFact: true}
	_, err := w.ledger.Submit(t.Context(), testBook, "OLD", past, []ledger.Draft{award})
	if !slices.Contains(refusedBy(err), "W11 acknowledgement") {
		t.Errorf("the same as a fact: %v", err)
	}
	explained := []ledger.Draft{award}
	for _, r := range refusedBy(err) {
		explained = append([]ledger.Draft{w.ack(strings.Fields(r)[0], award.ID)}, explained...)
	}
	for i := range explained { // one maker, one day
		explained[i].On = award.On
	}
	if _, err := w.ledger.Submit(t.Context(), testBook, "OLD", past, explained); err != nil {
		t.Fatal(err)
	}
	sub, err := w.ledger.Submission(t.Context(), testBook, "OLD")
	if err != nil || !sub.AfterFact {
		t.Fatalf("%+v %v", sub, err)
	}
	if _, err := w.ledger.Approve(t.Context(), testBook, "OLD-ok", "OLD", sub.ContentHash, "2020-04-12", checker); err != nil {
		t.Fatal(err)
	}
	w.run()
	if c := w.find("W11"); c.Handling != "A" || c.Level != "red" || c.State != Open {
		t.Errorf("%+v", c)
	}
	w.replays()
	w.rebuilds()
}

// TestDeadlineMetInTheLastMoment: an entry that was posted after the cursor was read ends
// the deadline before its warning.
func TestDeadlineMetInTheLastMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.run()
	w.now = moment("2020-06-02T01:00:00Z")
	pos, err := w.engine.cursor(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := w.db.Pool.Query(t.Context(), `select code, match, opened_seq, entry_seq, finding, region, makers from alert.timer where code = 'J06'`)
	if err != nil {
		t.Fatal(err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[dueTimer])
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	w.post(w.ack("J14", "begin"), w.draft("begin", &ledger.WorksStarted{Project: "P1"}, maker))
	if err := w.engine.fire(t.Context(), testBook, pos, due); !errors.Is(err, errRaced) {
		t.Errorf("fired: %v", err)
	}
	w.wantTimers("met", "J06", "met 2020-06-01")
}
