package alerts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/robfig/cron/v3"

	"yilu/ledger"
)

// A scheduled job runs at the slots of its schedule, and a slot is a row of
// alert.job_run that is inserted in the transaction of what the job found: both are
// there, or neither. Which slot comes next follows from the last row, so a process
// that was down, killed or late loses none; of two that run the same slot the
// primary key takes one back. The clock of cron only pumps.
//
// A slot looks at the entries recorded up to its instant, whenever it is run: a
// late run finds what a punctual one would have, as far as the views keep history.

// job is something done at the slots of a schedule.
type job struct {
	name     string
	schedule cron.Schedule
	// all catches up on every slot, oldest first; else the latest alone is run.
	all bool
	// run does the work of a slot and stores what it found together with record.
	run func(ctx context.Context, s slot) error
}

// slot is one run of a job.
type slot struct {
	book ledger.Book
	job  string
	at   time.Time
	// last is the slot that was run before.
	last time.Time
	// upto is the last entry recorded until then, skipped the slots left out before.
	upto    ledger.Seq
	skipped int64
}

// day is the day of the slot.
func (s slot) day() ledger.Date { return ledger.DateOf(s.at) }

// settleAfter is how long after its instant a slot is due: an entry that was stamped
// before it has been committed by then, unless the clock of the process that posted
// it is that far behind the database's.
const settleAfter = 15 * time.Second

// JobState is how a scheduled job stands, for whoever watches that none has died.
type JobState struct {
	Job string `json:"job"`
	// Last is the last slot that was run, Next the one to come; a job that was never
	// looked at has neither.
	Last time.Time `json:"last,omitzero"`
	Next time.Time `json:"next,omitzero"`
	// Age is the time since Last, Overdue that since Next, zero before it.
	Age     time.Duration `json:"age_ns"`
	Overdue time.Duration `json:"overdue_ns"`
	// Skipped counts the slots that were left out at the last run.
	Skipped int64 `json:"skipped"`
	// Outcome is what became of the last run, such as "3 rows" or "error".
	Outcome string `json:"outcome"`
}

// first marks the row from which a job's slots are counted; nothing was run.
const first = "first"

// Tick runs what is due of a book's jobs, each slot once whoever else runs them. A
// job that fails does not keep the others.
func (g *Engine) Tick(ctx context.Context, book ledger.Book) error {
	now, err := g.clock(ctx)
	if err != nil {
		return err
	}
	jobs, err := g.jobs(ctx, book)
	if err != nil {
		return err
	}
	var failed []error
	for _, j := range jobs {
		if err := g.runDue(ctx, book, j, now); err != nil {
			failed = append(failed, fmt.Errorf("job %s of book %s: %w", j.name, book, err))
		}
	}
	return errors.Join(failed...)
}

// clock is the database's, the only one that all processes share.
func (g *Engine) clock(ctx context.Context) (time.Time, error) {
	if g.Clock != nil {
		return g.Clock(), nil
	}
	var now time.Time
	if err := g.Pool.QueryRow(ctx, `select clock_timestamp()`).Scan(&now); err != nil {
		return now, fmt.Errorf("read the database's clock: %w", err)
	}
	return now, nil
}

// runDue runs a job's slots until none is due.
func (g *Engine) runDue(ctx context.Context, book ledger.Book, j job, now time.Time) error {
	for ctx.Err() == nil {
		state, known, err := g.lastRun(ctx, book, j.name)
		if err != nil {
			return err
		}
		if !known { // count from now on
			return g.begin(ctx, slot{book: book, job: j.name, at: now.Truncate(time.Second), upto: ledger.None})
		}
		s, due := j.due(state.Last, now.Add(-settleAfter))
		if !due {
			return nil
		}
		s.book = book
		if s.upto, err = g.lastSeqAt(ctx, book, s.at); err != nil {
			return err
		}
		err = j.run(ctx, s)
		if errors.Is(err, errBusy) {
			return nil
		}
		if err != nil && !errors.Is(err, errRaced) {
			return fmt.Errorf("slot %s: %w", s.at.Format(time.RFC3339), err)
		}
	}
	return ctx.Err()
}

// errBusy says that another process is at a slot: its work need not be done twice.
var errBusy = errors.New("another process is at it")

// due is the slot to be run after the last one, if its time has come.
func (j job) due(last, now time.Time) (s slot, due bool) {
	s.job, s.last = j.name, last
	for next := j.schedule.Next(last.In(ledger.Shanghai)); !next.IsZero() && !next.After(now); next = j.schedule.Next(next) {
		if due {
			s.skipped++
		}
		s.at, due = next, true
		if j.all {
			break
		}
	}
	return s, due
}

// lastRun reads the last slot of a job.
func (g *Engine) lastRun(ctx context.Context, book ledger.Book, name string) (s JobState, known bool, err error) {
	s.Job = name
	err = g.Pool.QueryRow(ctx, `
		select slot, skipped, outcome from alert.job_run
		where book = $1 and job = $2 order by slot desc limit 1`, book, name).Scan(&s.Last, &s.Skipped, &s.Outcome)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fmt.Errorf("read last slot of %s: %w", name, err)
	}
	return s, true, nil
}

// begin stores from when on a job's slots count.
func (g *Engine) begin(ctx context.Context, s slot) error {
	_, err := g.Pool.Exec(ctx, `
		insert into alert.job_run (book, job, slot, upto, at, outcome, skipped)
		select $1, $2, $3, $4, clock_timestamp(), $5, 0
		where not exists (select from alert.job_run where book = $1 and job = $2)
		on conflict do nothing`, s.book, s.job, s.at, s.upto, first)
	if err != nil {
		return fmt.Errorf("begin job %s: %w", s.job, err)
	}
	return nil
}

// record stores a slot in the transaction of its result, or says that another
// process was faster.
func record(ctx context.Context, tx pgx.Tx, s slot, outcome string) error {
	// The lock orders those who would run different slots of a job at once: of them one
	// has counted as skipped what the other is running.
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 1))`, s.book, s.job); err != nil {
		return fmt.Errorf("lock job: %w", err)
	}
	tag, err := tx.Exec(ctx, `
		insert into alert.job_run (book, job, slot, upto, at, outcome, skipped)
		select $1, $2, $3, $4, clock_timestamp(), $5, $6
		where (select max(slot) from alert.job_run where book = $1 and job = $2) = $7
		on conflict do nothing`, s.book, s.job, s.at, s.upto, outcome, s.skipped, s.last)
	if err != nil {
		return fmt.Errorf("store slot: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return &ledger.TakeBack{Reason: errRaced}
	}
	return nil
}

// jobs lists the scheduled jobs of a book: its own, and the sweeps in force.
func (g *Engine) jobs(ctx context.Context, book ledger.Book) ([]job, error) {
	rules, err := g.inForce(ctx, book)
	if err != nil {
		return nil, err
	}
	jobs := []job{
		{name: "calendar", schedule: daily, run: g.runCalendar},
		{name: "canary", schedule: daily, run: g.runCanary},
		{name: "remind", schedule: mornings, run: func(ctx context.Context, s slot) error { return g.runRemind(ctx, s, rules) }},
		{name: "replay", schedule: nightly, all: true, run: g.runReplay},
		{name: "unset", schedule: mornings, run: func(ctx context.Context, s slot) error { return g.runUnset(ctx, s, rules) }},
		{name: "summary", schedule: daily, all: true, run: func(ctx context.Context, s slot) error { return g.runSummary(ctx, s, rules) }},
	}
	for _, x := range rules.rules {
		file := x.file
		if file == nil || file.Schedule == "" {
			continue
		}
		schedule, err := cron.ParseStandard(file.Schedule)
		if err != nil {
			return nil, fmt.Errorf("schedule of rule %s: %w", file.Code, err) // Load has read it already
		}
		jobs = append(jobs, job{name: "sweep." + x.Code, schedule: schedule, all: file.CatchUp == "all",
			run: func(ctx context.Context, s slot) error { return g.runSweep(ctx, s, x) }})
	}
	slices.SortFunc(jobs, func(a, b job) int { return strings.Compare(a.name, b.name) })
	return jobs, nil
}

// daily is ten past midnight in Shanghai: the day that is summed up is over.
var daily = mustSchedule("10 0 * * *")

// mornings is when people begin to work.
var mornings = mustSchedule("0 8 * * *")

// nightly is when nobody works.
var nightly = mustSchedule("20 2 * * *")

func mustSchedule(text string) cron.Schedule {
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		panic(err) // the text is constant
	}
	return schedule
}

// runCanary does nothing but leave its row: while it is young, slots are run.
func (g *Engine) runCanary(ctx context.Context, s slot) error {
	return takenBack(pgx.BeginFunc(ctx, g.Pool, func(tx pgx.Tx) error { return record(ctx, tx, s, "alive") }))
}

// takenBack is the answer of a transaction that may have been taken back.
func takenBack(err error) error {
	if back, ok := errors.AsType[*ledger.TakeBack](err); ok {
		return back.Reason
	}
	return err
}

// runSummary enters how many entries of the day before the slot were judged, and with
// what result, so that silence is provable. Verdicts stand beside their entries, so
// none can be missing here.
func (g *Engine) runSummary(ctx context.Context, s slot, rules *inForce) error {
	from, err := g.LastSeqOf(ctx, s.book, s.day().AddDays(-2))
	if err != nil {
		return err
	}
	until, err := g.LastSeqOf(ctx, s.book, s.day().AddDays(-1))
	if err != nil {
		return err
	}
	verdicts, err := ledger.ReadVerdicts(ctx, g.Pool, s.book, from, int(until-from))
	if err != nil {
		return err
	}
	body := &ledger.AlertSummary{Day: s.day().AddDays(-1), Judged: ledger.Count(until - from), Rules: encodeHash(rules.hash), Until: ledger.Count(max(until, 0))}
	if err := countResults(verdicts.Notes, body); err != nil {
		return err
	}
	_, err = g.Ledger.PostWith(ctx, s.book, func(ctx context.Context, tx pgx.Tx, _ []ledger.Receipt) error {
		if err := tallyJudged(ctx, tx, s, from, until, rules); err != nil {
			return err
		}
		return record(ctx, tx, s, fmt.Sprintf("%d judged", body.Judged))
	}, ledger.Draft{
		ID: hashID("s", string(s.book), string(body.Day)), Kind: "alert.summary", On: ledger.DateOf(g.Ledger.Now()), Corrects: ledger.None, Body: body,
		By: ledger.By{Role: ledger.Engine, Unit: string(s.book), User: "engine"},
	})
	return err
}

// tallyJudged adds to each rule how many entries of the day were of a kind that it
// judges: what its hits are a share of.
func tallyJudged(ctx context.Context, tx pgx.Tx, s slot, from, until ledger.Seq, rules *inForce) error {
	rows, err := tx.Query(ctx, `select kind, count(*) from rules_v1.entry where book = $1 and seq > $2 and seq <= $3 group by kind`, s.book, from, until)
	if err != nil {
		return fmt.Errorf("count entries of the day: %w", err)
	}
	judged := map[string]int64{}
	var kind ledger.Kind
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&kind, &n}, func() error {
		if k := rules.kinds[kind]; k != nil {
			for _, x := range k.rules {
				judged[x.Code] += n
			}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("count entries of the day: %w", err)
	}
	month := s.day().AddDays(-1).Month()
	return send(ctx, tx, func(q *pgx.Batch) {
		for _, code := range slices.Sorted(maps.Keys(judged)) {
			queueTally(q, s.book, tallyKey{month, code, "judged"}, judged[code])
		}
	})
}

// LastSeqOf is the last entry recorded on a day or before.
func (g *Engine) LastSeqOf(ctx context.Context, book ledger.Book, day ledger.Date) (seq ledger.Seq, err error) {
	err = g.Pool.QueryRow(ctx, `
		select rules_v1.last_seq($1, (($2::date + 1)::timestamp at time zone 'Asia/Shanghai') - interval '1 microsecond')`, book, string(day)).Scan(&seq)
	if err != nil {
		return seq, fmt.Errorf("find the last entry of %s: %w", day, err)
	}
	return seq, nil
}

// Jobs lists how the scheduled jobs of a book stand.
func (g *Engine) Jobs(ctx context.Context, book ledger.Book) ([]JobState, error) {
	now, err := g.clock(ctx)
	if err != nil {
		return nil, err
	}
	jobs, err := g.jobs(ctx, book)
	if err != nil {
		return nil, err
	}
	states := make([]JobState, len(jobs))
	for i, j := range jobs {
		s, known, err := g.lastRun(ctx, book, j.name)
		if err != nil {
			return nil, err
		}
		if known {
			s.Next = j.schedule.Next(s.Last.In(ledger.Shanghai))
			s.Age, s.Overdue = now.Sub(s.Last), max(0, now.Sub(s.Next))
		}
		states[i] = s
	}
	return states, nil
}

// slotsBetween lists the slots of a schedule from the first day to the last.
func slotsBetween(schedule string, from, to ledger.Date) ([]time.Time, error) {
	s, err := cron.ParseStandard(schedule)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", schedule, err)
	}
	first, errFrom := time.ParseInLocation(time.DateOnly, string(from), ledger.Shanghai)
	last, errTo := time.ParseInLocation(time.DateOnly, string(to.AddDays(1)), ledger.Shanghai)
	if err := errors.Join(errFrom, errTo); err != nil {
		return nil, err
	}
	var all []time.Time
	for at := s.Next(first.Add(-time.Second)); !at.IsZero() && at.Before(last); at = s.Next(at) {
		all = append(all, at)
	}
	return all, nil
}
