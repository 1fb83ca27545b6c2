package alerts

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
)

// TestBackfillSweepAtOnce runs a sweep over slots of the past, by two at once and cut off
// in between: what is found is a case once, whose level rises with the days, told of once.
func TestBackfillSweepAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.tellsOf()
	w.now = moment("2022-01-12T04:00:00Z")
	w.engine.Clock = func() time.Time { return w.now }
	cut, cancel := context.WithCancel(t.Context())
	fill := Backfill{Codes: []string{"A05"}, From: "2021-10-25", To: "2099-12-31", Progress: func(done, of int64) {
		if of != 12 {
			t.Errorf("%d slots, want the Mondays that have come", of)
		}
		if done == 5 {
			cancel()
		}
	}}
	if _, err := fill.Run(cut, w.engine, testBook); !errors.Is(err, context.Canceled) {
		t.Errorf("cut off: %v", err)
	}
	fill.Progress = nil
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for { // who was slower is told so, and asks again
				done, err := fill.Run(t.Context(), w.engine, testBook)
				if err != nil && t.Context().Err() == nil {
					continue
				}
				if want := (Backfilled{Code: "A05", Version: 1, Slots: 12, Found: 2}); len(done) != 1 || done[0] != want {
					t.Errorf("%+v", done)
				}
				return
			}
		})
	}
	all.Wait()
	c := w.find("A05")
	if c.Origin != "backfill" || c.Level != "red" || c.Count != 2 || c.State != Open || c.Value != "10000.00" {
		t.Errorf("%+v", c)
	}
	if diff := cmp.Diff([]string{"raised A05"}, w.told()); diff != "" {
		t.Error("told (-want +got):\n" + diff)
	}
	w.at("2022-01-12T12:00:00")
	w.at("2022-01-18T12:00:00") // the slot of its own day
	if c = w.find("A05"); c.Count != 2 {
		t.Errorf("a week later it is no news: %+v", c)
	}
	w.rebuilds()
}

// TestBackfillFaultySweep: a query that fails is a finding of its slot, and the next slots
// are looked at.
func TestBackfillFaultySweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.breakSweep("sum(l.amount) as value", "sum(l.amount / 0) as value")
	w.funded()
	fill := Backfill{Codes: []string{"A05"}, From: "2021-12-20", To: "2022-01-03"}
	w.now = moment("2022-01-12T04:00:00Z")
	w.engine.Clock = func() time.Time { return w.now }
	if done, err := fill.Run(t.Context(), w.engine, testBook); err != nil || done[0].Slots != 3 || done[0].Found != 0 {
		t.Errorf("%+v %v", done, err)
	}
	list, err := List(t.Context(), w.db.Pool, testBook, Filter{Code: "A05"}, -1, 10)
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	for _, c := range list {
		if c.State != Recorded || c.Outcome != "not_evaluable" || c.Reason != "error" || c.Origin != "backfill" {
			t.Errorf("%+v", c)
		}
	}
}

// sweepPast back-fills a sweep over twenty years until it is killed.
func sweepPast(ctx context.Context, _, url string) error {
	g, err := engineAt(ctx, url)
	if err != nil {
		return err
	}
	g.Clock = func() time.Time { return moment("2042-01-01T00:00:00Z") }
	for { // the database may be down: the next round tries again
		if _, err := longPast.Run(ctx, g, testBook); err == nil {
			time.Sleep(time.Millisecond)
		}
	}
}

// longPast has 1,096 Mondays.
var longPast = Backfill{Codes: []string{"A05"}, From: "2020-01-01", To: "2040-12-31"}

// TestKillBackfill kills a process that runs a sweep over the past, and PostgreSQL under
// it: each slot is done once, and what was found is entered once.
func TestKillBackfill(t *testing.T) {
	t.Parallel()
	w, c, owner, r := newMortal(t, "P01", "A05")
	w.rich()
	child := startChild(t, "past", c.ServiceURL())
	for round := range *slotRounds {
		waitForPast(t, owner, 1+r.Int64N(150))
		if round%4 == 3 {
			c.Kill()
			c.Start()
			continue
		}
		kill(t, child)
		child = startChild(t, "past", c.ServiceURL())
	}
	waitForPast(t, owner, longPastSlots)
	kill(t, child)
	owner.Reset() // its connections of before may be dead
	rows, err := owner.Query(t.Context(), `
		select (select pos || ' of ' || until || ', found ' || found from alert.backfill where book = $1) || ': ' || string_agg(e.kind, ' ' order by e.seq)
		from rules_v1.entry e where e.book = $1 and e.kind like 'alert.r%'`, testBook)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	want := []string{fmt.Sprintf("%d of %d, found 2: alert.raised alert.repeated", longPastSlots-1, longPastSlots-1)}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q %v, want %q", got, err, want)
	}
	if _, err := ledger.Rebuild(t.Context(), owner, testBook, ledger.Replay{Judge: w.engine.Rules.Judge()}); err != nil {
		t.Error(err)
	}
}

const longPastSlots = 1096

// waitForPast waits until so many more slots are done, or all.
func waitForPast(t *testing.T, owner *pgxpool.Pool, more int64) {
	t.Helper()
	first, deadline := int64(-1), time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		var pos int64
		err := owner.QueryRow(t.Context(), `select coalesce(max(pos), -1) + 1 from alert.backfill where book = $1`, testBook).Scan(&pos)
		switch {
		case err != nil: // it was killed a moment ago
		case first < 0:
			first = pos
		case pos >= min(first+more, longPastSlots):
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("no slot is run")
}

// judgePastTogether back-fills the rules on events until it is killed.
func judgePastTogether(ctx context.Context, _, url string) error {
	g, err := engineAt(ctx, url)
	if err != nil {
		return err
	}
	for { // another process may be ahead, or the database down: the next round tries again
		if _, err := pastTogether.Run(ctx, g, testBook); err == nil {
			time.Sleep(time.Millisecond)
		}
	}
}

var pastTogether = Backfill{Codes: []string{"P13", "P24"}, From: "2020-01-01", To: "2020-12-31"}

// TestKillBackfillTogether kills processes that judge the past by two rules, two at once,
// and PostgreSQL under them: each hit is raised once, by one of them.
func TestKillBackfillTogether(t *testing.T) {
	t.Parallel()
	const payments = 5 * batchSize
	w, c, owner, r := newMortal(t, "P01")
	w.rich()
	for n := 0; n < payments; n += 500 {
		var drafts []ledger.Draft
		for i := n; i < n+500; i++ { // each second one is a twin, each fifth goes to an office
			p := w.request(fmt.Sprint("Z", i), ledger.Amount(100+i/2))
			if i%5 == 0 {
				p.Payee = ledger.Party{Name: "某县财政局"}
			}
			drafts = append(drafts, w.draft(fmt.Sprint("z", i), p, maker))
		}
		w.post(drafts...)
	}
	w.settle("on", w.frozen("P13", "active"), w.frozen("P24", "active"))
	children := []*exec.Cmd{startChild(t, "together", c.ServiceURL()), startChild(t, "together", c.ServiceURL())}
	for round := range *slotRounds {
		waitForTogether(t, owner, 1+r.Int64N(batchSize))
		if round%4 == 2 {
			c.Kill()
			c.Start()
			continue
		}
		n := r.IntN(2)
		kill(t, children[n])
		children[n] = startChild(t, "together", c.ServiceURL())
	}
	waitForTogether(t, owner, payments)
	for _, child := range children {
		kill(t, child)
	}
	owner.Reset() // its connections of before may be dead
	rows, err := owner.Query(t.Context(), `
		select b.code || ' found ' || b.found || ': ' ||
			(select count(*) || ' cases about ' || count(distinct subject) || ', ' || sum(count) || ' hits' from alert.current x where x.book = b.book and x.code = b.code and x.subject <> '{storm}')
		from alert.backfill b where b.book = $1 and b.pos = b.until order by 1`, testBook)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	want := []string{"P13 found 1500: 1500 cases about 1500, 1500 hits", "P24 found 1000: 1000 cases about 1000, 1000 hits"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q %v, want %q", got, err, want)
	}
	if _, err := ledger.Rebuild(t.Context(), owner, testBook, ledger.Replay{Judge: w.engine.Rules.Judge()}); err != nil {
		t.Error(err)
	}
}

// waitForTogether waits until so many more entries are judged, or all.
func waitForTogether(t *testing.T, owner *pgxpool.Pool, more int64) {
	t.Helper()
	first, deadline := int64(-1), time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		var rules, pos, until int64
		err := owner.QueryRow(t.Context(), `select count(*), coalesce(min(pos), -1) + 1, coalesce(max(until), 0) + 1 from alert.backfill where book = $1`, testBook).Scan(&rules, &pos, &until)
		switch {
		case err != nil: // it was killed a moment ago
		case first < 0:
			first = pos
		case rules == 2 && pos >= min(first+more, until):
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("nothing is judged")
}

// TestBackfillTogether judges by several rules in one reading: one that had come further
// says nothing twice, and a rule in shadow opens no case and is not told of.
func TestBackfillTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settle("off", w.frozen("P13", "frozen"), w.frozen("J06", "frozen"), w.frozen("P12", "frozen"))
	w.funded()
	for i := range 3 {
		w.post(w.draft(fmt.Sprint("z", i), w.request(fmt.Sprint("Z", i), 10000), maker))
	}
	w.settle("on", w.frozen("P13", "shadow"), w.frozen("J06", "active"))
	w.tellsOf()
	run := func(codes ...string) (said []string) {
		t.Helper()
		fill := Backfill{Codes: codes, From: "2020-01-01", To: "2020-12-31"}
		done, err := fill.Run(t.Context(), w.engine, testBook)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range done {
			if d.Found > 0 {
				said = append(said, fmt.Sprint(d.Code, " ", d.Found, " ", d.Judged > 0 && d.Slots == 0))
			}
		}
		return said
	}
	if diff := cmp.Diff([]string{"J06 1 true"}, run("J06")); diff != "" {
		t.Error(diff)
	}
	w.post(w.draft("z9", w.request("Z9", 10000), maker)) // for the rules that have not begun
	for range 2 {
		if diff := cmp.Diff([]string{"J06 1 true", "P13 2 true"}, run()); diff != "" {
			t.Error(diff)
		}
	}
	list, err := List(t.Context(), w.db.Pool, testBook, Filter{Code: "P13"}, -1, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.State != Recorded || !c.Shadow {
			t.Errorf("%+v", c)
		}
	}
	if len(list) == 0 || len(w.told()) != 1 {
		t.Errorf("%d cases, told %q", len(list), w.told())
	}
	before, err := w.ledger.Head(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	other := Backfill{Codes: []string{"P13"}, From: "2020-01-02", To: "2020-12-31"}
	if done, err := other.Run(t.Context(), w.engine, testBook); err != nil || done[0].Found != 0 {
		t.Errorf("the same over other days: %+v %v", done, err)
	}
	if after, err := w.ledger.Head(t.Context(), testBook); err != nil || after.Size != before.Size {
		t.Errorf("%d entries, want %d: %v", after.Size, before.Size, err)
	}
	w.wantTimers("its deadline", "J06", "running 2020-06-01")
	if _, err := (&Backfill{Codes: []string{"J06", "P12"}, From: "2020-01-01", To: "2020-12-31"}).Run(t.Context(), w.engine, testBook); !errors.Is(err, ErrNotBackfilled) {
		t.Errorf("one of them is frozen: %v", err)
	}
	w.rebuilds()
}
