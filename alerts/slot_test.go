package alerts

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"yilu/alerts/rule"
	"yilu/ledger"
)

// slots lists the slots of a job that were run, as "SLOT OUTCOME SKIPPED".
func (w *world) slots(job string) []string {
	w.Helper()
	rows, err := w.db.Pool.Query(w.Context(), `select slot, outcome, skipped from alert.job_run where book = $1 and job = $2 order by slot`, testBook, job)
	if err != nil {
		w.Fatal(err)
	}
	var out []string
	var at time.Time
	var outcome string
	var skipped int64
	_, err = pgx.ForEachRow(rows, []any{&at, &outcome, &skipped}, func() error {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %d", at.In(ledger.Shanghai).Format("01-02T15:04"), outcome, skipped)))
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return out
}

// at moves the clock of slots and of the ledger and runs what is due.
func (w *world) at(now string) {
	w.Helper()
	t, err := time.ParseInLocation("2006-01-02T15:04:05", now, ledger.Shanghai)
	if err != nil {
		w.Fatal(err)
	}
	w.now = t.UTC()
	w.engine.Clock = func() time.Time { return t }
	if err := w.engine.Tick(w.Context(), testBook); err != nil {
		w.Fatal(err)
	}
}

// TestSlotsComeOnceEach: counting begins at the first look; a slot waits until what
// was posted before it is committed; one kind of job catches up, the other jumps.
func TestSlotsComeOnceEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2020-03-18T12:00:00")
	w.at("2020-03-19T00:10:10")
	if diff := cmp.Diff([]string{"03-18T12:00 first 0"}, w.slots("canary")); diff != "" {
		t.Error("too early:", diff)
	}
	w.at("2020-03-19T00:10:15")
	w.at("2020-03-19T00:10:15")
	w.at("2020-03-22T09:00:00")
	if diff := cmp.Diff([]string{"03-18T12:00 first 0", "03-19T00:10 alive 0", "03-22T00:10 alive 2"}, w.slots("canary")); diff != "" {
		t.Error(diff)
	}
	got := w.slots("summary")
	if len(got) != 5 || !strings.HasPrefix(got[4], "03-22T00:10") || !strings.HasSuffix(got[4], " 0") {
		t.Errorf("a summary for each day: %q", got)
	}
	jobs, err := w.engine.Jobs(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(jobs, func(j JobState) bool { return j.Job == "canary" })
	if j := jobs[i]; j.Skipped != 2 || j.Age != 8*time.Hour+50*time.Minute || j.Overdue != 0 || j.Next.Format(time.RFC3339) != "2020-03-23T00:10:00+08:00" {
		t.Errorf("the canary: %+v", j)
	}
	if !slices.ContainsFunc(jobs, func(j JobState) bool { return j.Job == "sweep.A05" && !j.Last.IsZero() }) {
		t.Errorf("no sweep among %+v", jobs)
	}
}

// TestSummaryCountsTheDay: what was judged on the day before, and with what result.
func TestSummaryCountsTheDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2020-03-18T12:00:00")
	w.funded()
	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	z2 := w.draft("z2", w.request("Z2", 10000), maker)
	w.post(w.draft("why", &ledger.AlertAcknowledged{Code: "P13", Version: 1, Of: "z2", Ground: "agreed", File: paper}, maker), z2)
	before, err := w.ledger.Head(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	w.at("2020-03-19T01:00:00")
	entries, err := w.ledger.Entries(t.Context(), testBook, ledger.Seq(before.Size), 10)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(entries, func(e *ledger.Entry) bool { return e.Kind == "alert.summary" })
	if i < 0 {
		t.Fatal("no summary")
	}
	b := entries[i].Body.(*ledger.AlertSummary)
	if b.Day != "2020-03-18" || int64(b.Judged) != before.Size || int64(b.Until) != before.Size-1 || b.Flagged < 1 {
		t.Errorf("%+v of %d entries", b, before.Size)
	}
}

// TestEachSlotOnceUnderAborts: three processes run the slots of days, any of them may
// be cut off at any moment, and each slot is run and summed up exactly once.
func TestEachSlotOnceUnderAborts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2020-03-18T12:00:00")
	var mu sync.Mutex
	now := w.now
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	var aborted [3]int
	for n := range 3 {
		other := *w
		other.start(w.engine.Rules)
		g := other.engine
		g.Clock = clock
		random := rand.New(rand.NewPCG(1, uint64(n)))
		wait.Go(func() {
			for ctx.Err() == nil {
				short, cut := context.WithTimeout(ctx, time.Duration(random.IntN(40))*time.Millisecond)
				if err := g.Tick(short, testBook); err != nil {
					aborted[n]++
				}
				cut()
			}
		})
	}
	const days = 12
	for day := range days {
		deadline := time.Now().Add(time.Second) // a day may be left to the next round
		for len(w.slots("summary")) < day && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
		}
		mu.Lock()
		now = now.AddDate(0, 0, 1)
		w.now = now
		mu.Unlock()
	}
	stop()
	wait.Wait()
	w.engine.Clock = clock
	if err := w.engine.Tick(t.Context(), testBook); err != nil {
		t.Fatal(err)
	}
	if got := w.slots("summary"); len(got) != days+1 {
		t.Errorf("%d slots, want %d after the first: %q", len(got)-1, days, got)
	}
	head, err := w.ledger.Head(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := w.ledger.Entries(t.Context(), testBook, 0, int(head.Size))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[ledger.Date]int{}
	for _, e := range entries {
		if b, ok := e.Body.(*ledger.AlertSummary); ok {
			seen[b.Day]++
		}
	}
	if len(seen) != days {
		t.Errorf("summaries of %d days, want %d", len(seen), days)
	}
	for day, n := range seen {
		if n != 1 {
			t.Errorf("%d summaries of %s", n, day)
		}
	}
	if aborted[0]+aborted[1]+aborted[2] == 0 {
		t.Error("nobody was cut off")
	}
	t.Logf("cut off %v times", aborted)
}

// TestSweepRaisesOnce: two years after the fund's year what is left is a warning, at
// the slot and not before; that it is still so next week is no news; when money moves
// later the slot that was missed still finds the state of its own day.
func TestSweepRaisesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.at("2021-12-20T12:00:00")
	w.at("2021-12-28T12:00:00")
	c := w.find("A05")
	if c.Level != "blue" || c.Value != "10000.00" || c.Origin != "sweep" || c.State != Open || c.Subject[0] != "F1" || len(c.Makers) != 1 {
		t.Errorf("before the end: %+v", c)
	}
	w.at("2022-01-05T12:00:00")
	if c = w.find("A05"); c.Level != "red" || c.Count != 2 {
		t.Errorf("after the end: %+v", c)
	}
	w.at("2022-01-12T12:00:00")
	if c = w.find("A05"); c.Count != 2 {
		t.Errorf("a week later it is no news: %+v", c)
	}
	if got := w.slots("sweep.A05"); len(got) != 4 {
		t.Errorf("slots %q", got)
	}
	var unmeasured int
	if err := w.engine.Pool.QueryRow(t.Context(), `
		select count(*) from pg_class where oid = 'proj.fund'::regclass and reltuples < 0`).Scan(&unmeasured); err != nil || unmeasured != 0 {
		t.Errorf("the planner knows nothing of the funds after a sweep over them: %v", err)
	}
}

// TestFaultySweepIsNotSilent: a query that fails, or names an entry that is none, is a
// finding, its slot is done, and the other jobs run.
func TestFaultySweepIsNotSilent(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string][2]string{
		"query": {"sum(l.amount) as value", "sum(l.amount / 0) as value"},
		"entry": {"array[f.seq] as entries", "array[-1]::bigint[] as entries"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testFaultySweep(t, fault[0], fault[1])
		})
	}
}

// breakSweep puts something wrong into the query of A05.
func (w *world) breakSweep(right, wrong string) {
	w.Helper()
	file := w.engine.Rules.files["A05@1"]
	if !strings.Contains(file.SQL, right) {
		w.Fatalf("A05 has no %q", right)
	}
	file.SQL = strings.Replace(file.SQL, right, wrong, 1)
	w.engine.Rules.books = map[ledger.Book]*inForce{}
}

func testFaultySweep(t *testing.T, right, wrong string) {
	w := newWorld(t)
	w.at("2020-03-18T12:00:00")
	w.breakSweep(right, wrong)
	w.funded()
	w.at("2021-12-28T12:00:00")
	got := w.slots("sweep.A05")
	if len(got) != 2 || !strings.Contains(got[1], "error") {
		t.Fatalf("slots %q", got)
	}
	if c := w.find("A05"); c.State != Recorded || c.Outcome != "not_evaluable" || c.Reason != "error" {
		t.Errorf("%+v", c)
	}
	if len(w.slots("canary")) != 2 {
		t.Errorf("the canary: %q", w.slots("canary"))
	}
}

// TestReaderReadsViewsAlone: a sweep can write nothing and read no table.
func TestReaderReadsViewsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, sql := range []string{
		`select 1 from proj.fund`, `select 1 from log.entry`, `select 1 from seal.private_field`, `select 1 from alert.current`, `select 1 from web.token`,
		`insert into alert.cursor (book, pos) values ('x', 1)`, `create temporary table x (n bigint)`,
	} {
		err := pgx.BeginTxFunc(t.Context(), w.db.Pool, readOnly, func(tx pgx.Tx) error {
			if err := becomeReader(t.Context(), tx); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
		if err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// TestLastEntryOfAnInstant finds entries by when they were recorded, and rule L19 looks
// back as many days as it says.
func TestLastEntryOfAnInstant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	before, err := w.ledger.Head(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	w.now = time.Date(2020, 3, 20, 4, 0, 0, 0, time.UTC)
	for i := range 20 {
		w.post(w.draft(fmt.Sprintf("z%d", i), w.request(fmt.Sprintf("Z%d", i), ledger.Amount(100+i)), maker))
	}
	head, err := w.ledger.Head(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]int64{
		"2020-03-17T00:00:00Z": -1, "2020-03-18T04:00:00Z": before.Size - 1, "2020-03-20T03:59:59.999999Z": before.Size - 1, "2020-03-20T04:00:00Z": head.Size - 1, "2030-01-01T00:00:00Z": head.Size - 1,
	} {
		var seq int64
		if err := w.db.Pool.QueryRow(t.Context(), `select rules_v1.last_seq($1, $2::timestamptz)`, testBook, at).Scan(&seq); err != nil || seq != want {
			t.Errorf("%s: %d, want %d (%v)", at, seq, want, err)
		}
	}
	_, err = w.db.Owner.Exec(t.Context(), `
		insert into proj.verdict (book, at_seq, entry_seq, note)
		select $1, seq, seq, convert_to('{"findings":[{"code":"P05","state":"not_evaluable","reason":"field:contract.amount"},{"code":"P13","state":"flag"}]}', 'UTF8')
		from generate_series($2::bigint, $2::bigint + 4) as s(seq)
		on conflict (book, at_seq, entry_seq) do update set note = excluded.note`, testBook, before.Size)
	if err != nil {
		t.Fatal(err)
	}
	x := must(w.engine.inForce(t.Context(), testBook)).rules["L19"]
	for day, want := range map[ledger.Date]int{"2020-04-19": 1, "2020-04-20": 0} {
		q, state, reason := x.compiled().Query(rule.Act{Book: string(testBook), Day: Today(day), Region: string(testBook)}, head.Size)
		if state != "" {
			t.Fatal(state, reason)
		}
		var rows []rule.Row
		err := pgx.BeginTxFunc(t.Context(), w.db.Pool, readOnly, func(tx pgx.Tx) (err error) {
			if err = becomeReader(t.Context(), tx); err == nil {
				rows, err = readRows(t.Context(), tx, q)
			}
			return err
		})
		rows = slices.DeleteFunc(rows, func(r rule.Row) bool { return r.Subject[0] == "P16" }) // nobody has set its limit here
		if err != nil || len(rows) != want || want == 1 && (rows[0].Subject[0] != "P05" || rows[0].Value.String() != "5/20") {
			t.Errorf("as of %s: %+v %v", day, rows, err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
