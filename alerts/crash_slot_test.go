package alerts

import (
	"context"
	"flag"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
)

var slotRounds = flag.Int("slotrounds", 4, "rounds of kill -9 of processes that run slots, and of PostgreSQL")

// slotDay is how long a day of the slots' clock lasts in the harness.
const slotDay = 100 * time.Millisecond

// fastClock runs through days from a beginning in real time.
func fastClock(began time.Time) func() time.Time {
	first := time.Date(2020, 3, 18, 4, 0, 0, 0, time.UTC)
	return func() time.Time {
		return first.Add(time.Since(began) / slotDay * 24 * time.Hour)
	}
}

// serveSlots runs what is due until it is killed. The run's name tells when the clock
// began: slots-1711111111111.
func serveSlots(ctx context.Context, run, url string) error {
	ms, err := strconv.ParseInt(strings.TrimPrefix(run, "slots-"), 10, 64)
	if err != nil {
		return err
	}
	g, err := engineAt(ctx, url)
	if err != nil {
		return err
	}
	g.Clock = fastClock(time.UnixMilli(ms))
	for {
		_ = g.Tick(ctx, testBook) // the database may be down: the next round tries again
		time.Sleep(time.Millisecond)
	}
}

// TestKillSlots kills processes that run scheduled jobs, and PostgreSQL under them. Each
// slot of a job that catches up is run once; one that jumps leaves none uncounted.
func TestKillSlots(t *testing.T) {
	t.Parallel()
	w, c, owner, r := newMortal(t, "P01", "A05")
	g := w.engine
	began := time.Now().Truncate(time.Millisecond)
	g.Clock = fastClock(began)
	if err := g.Tick(t.Context(), testBook); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprint("slots-", began.UnixMilli())
	children := []*exec.Cmd{startChild(t, name, c.ServiceURL()), startChild(t, name, c.ServiceURL())}
	for round := range *slotRounds {
		waitForSlots(t, owner, 1+r.IntN(3))
		if round%4 == 3 {
			c.Kill()
			c.Start()
			continue
		}
		n := r.IntN(2)
		kill(t, children[n])
		children[n] = startChild(t, name, c.ServiceURL())
	}
	for _, child := range children {
		kill(t, child)
	}
	now := g.Clock()
	g.Clock = func() time.Time { return now }
	for deadline := time.Now().Add(time.Minute); g.Tick(t.Context(), testBook) != nil; { // connections of before are dead
		if time.Now().After(deadline) {
			t.Fatal("slots cannot be run")
		}
	}
	owner.Reset() // its connections of before may be dead too
	w.slotsWhole(owner)
}

// waitForSlots waits until so many more summaries were made.
func waitForSlots(t *testing.T, owner *pgxpool.Pool, more int) {
	t.Helper()
	first, deadline := -1, time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		var n int
		err := owner.QueryRow(t.Context(), `select count(*) from alert.job_run where book = $1 and job = 'summary'`, testBook).Scan(&n)
		switch {
		case err != nil: // it was killed a moment ago
		case first < 0:
			first = n
		case n >= first+more:
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("no slot is run")
}

// slotsWhole holds the slots to their schedules, and what they left to the slots.
func (w *world) slotsWhole(owner *pgxpool.Pool) {
	w.Helper()
	rows, err := owner.Query(w.Context(), `
		select job, count(*) - 1, sum(skipped)::bigint, extract(epoch from max(slot) - min(slot))::bigint / 86400
		from alert.job_run where book = $1 group by job order by job`, testBook)
	if err != nil {
		w.Fatal(err)
	}
	var job string
	var run, skipped, days int64
	var summaries int64
	if _, err := pgx.ForEachRow(rows, []any{&job, &run, &skipped, &days}, func() error {
		switch job {
		case "summary", "replay":
			if run != days+1 && run != days || skipped != 0 || run < 5 {
				w.Errorf("%s: %d slots in %d days, %d skipped", job, run, days, skipped)
			}
			if job == "summary" {
				summaries = run
			}
		case "canary", "calendar":
			if run+skipped != days+1 && run+skipped != days {
				w.Errorf("%s: %d slots in %d days, %d skipped", job, run, days, skipped)
			}
		}
		return nil
	}); err != nil {
		w.Fatal(err)
	}
	var entries, distinct int64
	if err := owner.QueryRow(w.Context(), `
		select count(*), count(distinct convert_from(leaf, 'UTF8')::json -> 'body' ->> 'day') from log.entry
		where book = $1 and convert_from(leaf, 'UTF8')::json ->> 'kind' = 'alert.summary'`, testBook).Scan(&entries, &distinct); err != nil {
		w.Fatal(err)
	}
	if entries != summaries || distinct != summaries {
		w.Errorf("%d slots of the summary left %d entries of %d days", summaries, entries, distinct)
	}
	w.Logf("%d days", summaries)
	if _, err := ledger.Rebuild(w.Context(), owner, testBook, ledger.Replay{Judge: w.engine.Rules.Judge()}); err != nil {
		w.Error(err)
	}
}
