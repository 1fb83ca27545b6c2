package alerts

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/alerts/fact"
	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// sweepTimeout ends a query that has become too slow; its rule is then not evaluable.
const sweepTimeout = 2 * time.Minute

// mostEntries bounds the entries shown as evidence of one row, and those whose makers
// are asked for.
const mostEntries = 50

// Swept is what one sweep finds as of a day (全面扫描): hits, and what could not be
// judged.
type Swept struct {
	Code string
	// Outcome is "3 rows", "error", or the state that kept it from being asked.
	Outcome  string
	Findings []Finding
	// rows are those of the findings.
	rows []rule.Row
}

// runSweep judges the rows of one slot and raises what they say, in one post with the
// slot's row.
func (g *Engine) runSweep(ctx context.Context, s slot, x *active) error {
	b := g.newBatch(s.book, "sweep")
	act, err := g.sweepAct(ctx, s.book, s.day())
	if err != nil {
		return err
	}
	swept, err := g.sweep(ctx, x, act, s.upto, func(do func(pgx.Tx) error) error { return g.readAlone(ctx, s, do) })
	if err != nil {
		return err
	}
	if _, err := b.takeSwept(ctx, s, swept); err != nil {
		return err
	}
	if err := b.calm(ctx); err != nil {
		return err
	}
	return b.enter(ctx, func(ctx context.Context, tx pgx.Tx) error { return record(ctx, tx, s, swept.Outcome) })
}

// sweep asks what a rule finds as of the day of an act, among the entries up to one of
// them; read runs the query. A query that fails for a fault of its own is a finding too:
// the rule was not evaluable.
func (g *Engine) sweep(ctx context.Context, x *active, act rule.Act, upto ledger.Seq, read func(func(pgx.Tx) error) error) (Swept, error) {
	s := Swept{Code: x.Code}
	add := func(f Finding, row rule.Row) {
		row.Region = cmp.Or(row.Region, act.Region)
		s.Findings, s.rows = append(s.Findings, f), append(s.rows, row)
	}
	if x.compiled() == nil {
		s.Outcome = "error"
		add(x.broken(act), rule.Row{})
		return s, nil
	}
	q, state, reason := x.compiled().Query(act, int64(upto))
	if state != "" {
		s.Outcome = string(state)
		if state == rule.NotEvaluable {
			add(x.unjudged(act, reason), rule.Row{})
		}
		return s, nil
	}
	if err := measure(ctx, g.Pool); err != nil {
		return s, err
	}
	var rows []rule.Row
	err := read(func(tx pgx.Tx) (err error) {
		rows, err = readRows(ctx, tx, q)
		return err
	})
	if fault, ok := errors.AsType[*pgconn.PgError](err); ctx.Err() == nil && (ok && !passing(fault) || errors.Is(err, errRow)) {
		if g.Log != nil {
			g.Log.ErrorContext(ctx, "sweep", "rule", x.Code, "book", act.Book, "error", err)
		}
		s.Outcome = "error"
		add(x.unjudged(act, "error"), rule.Row{})
		return s, nil
	}
	if err != nil {
		return s, err
	}
	for _, row := range rows {
		f, err := x.find(act, row)
		if err != nil {
			return s, err
		}
		add(f, row)
	}
	s.Outcome = fmt.Sprintf("%d rows", len(rows))
	return s, nil
}

// sweepAct is what a sweep of a day judges, in the currency of its book.
func (g *Engine) sweepAct(ctx context.Context, book ledger.Book, day ledger.Date) (rule.Act, error) {
	act := rule.Act{Book: string(book), Day: fact.Day(day), Region: string(book)}
	currency, err := g.Ledger.Currency(ctx, book)
	if err != nil {
		return act, err
	}
	if currency != ledger.Yuan {
		act.Foreign = currency
	}
	return act, nil
}

// passing faults are the server's and not the query's: it is asked again.
func passing(p *pgconn.PgError) bool {
	return slices.ContainsFunc([]string{"40", "08", "53", "57P"}, func(class string) bool { return strings.HasPrefix(p.Code, class) })
}

// readAlone reads the views for a slot, unless another process is at it or has been: an
// advisory lock keeps others from doing the same work; it decides nothing.
func (g *Engine) readAlone(ctx context.Context, s slot, do func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, g.Pool, readOnly, func(tx pgx.Tx) error {
		var free, done bool
		if err := tx.QueryRow(ctx, `
			select pg_try_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0)),
				exists (select from alert.job_run where book = $1 and job = $2 and slot = $3)`, s.book, s.job, s.at).Scan(&free, &done); err != nil {
			return fmt.Errorf("lock slot: %w", err)
		}
		switch {
		case done:
			return errRaced
		case !free:
			return errBusy
		}
		if err := becomeReader(ctx, tx); err != nil {
			return err
		}
		return do(tx)
	})
}

var readOnly = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// measure gives the planner statistics of tables that have none yet: of a county that was
// loaded a moment ago, or rebuilt, it would think that each holds a row.
func measure(ctx context.Context, pool *pgxpool.Pool) error {
	if _, err := pool.Exec(ctx, `select proj.measure_new()`); err != nil {
		return fmt.Errorf("measure tables: %w", err)
	}
	return nil
}

// readViews does something as a role that can read the views alone, on one snapshot.
func readViews(ctx context.Context, pool *pgxpool.Pool, do func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, pool, readOnly, func(tx pgx.Tx) error {
		if err := becomeReader(ctx, tx); err != nil {
			return err
		}
		return do(tx)
	})
}

// becomeReader gives up all rights but those on the views, until the transaction ends. A
// sweep sorts a year of payments, and runs alone.
func becomeReader(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `
		set local statement_timeout = `+strconv.FormatInt(sweepTimeout.Milliseconds(), 10)+`;
		set local work_mem = '64MB';
		set local search_path = rules_v1, pg_catalog;
		set local timezone = 'Asia/Shanghai';
		set local role yilu_rule_ro`)
	if err != nil {
		return fmt.Errorf("become reader of views: %w", err)
	}
	return nil
}

// CheckSweeps has the database read every sweep there is a file of: whether its tables,
// columns and types exist, and whether it gives what a sweep has to give.
func (r *Rules) CheckSweeps(ctx context.Context, pool *pgxpool.Pool) error {
	compiler, err := rule.NewCompiler(fact.Surroundings(r.calendar))
	if err != nil {
		return err
	}
	var wrong []error
	for _, file := range r.Known() {
		if file.Kind != rule.OnSweep {
			continue
		}
		compiled, problems := compiler.Compile(file)
		if wrong = append(wrong, problems...); len(problems) > 0 {
			continue
		}
		err := readViews(ctx, pool, func(tx pgx.Tx) error { return checkSweep(ctx, tx, compiled.Plan()) })
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", file.File, err))
		}
	}
	return errors.Join(wrong...)
}

// checkSweep explains a query and looks at its columns.
func checkSweep(ctx context.Context, tx pgx.Tx, q rule.Query) error {
	if _, err := tx.Exec(ctx, "explain "+q.SQL, q.Args...); err != nil {
		return fmt.Errorf("explain sweep: %w", err)
	}
	described, err := tx.Prepare(ctx, "", q.SQL)
	if err != nil {
		return fmt.Errorf("describe sweep: %w", err)
	}
	types := map[string][]uint32{
		"subject": {pgtype.TextOID, pgtype.TextArrayOID}, "entries": {pgtype.Int8ArrayOID}, "value": cellTypes, "limit_value": cellTypes,
		"level": {pgtype.TextOID}, "region": {pgtype.TextOID}, "reason": {pgtype.TextOID},
	}
	for _, field := range described.Fields {
		if !slices.Contains(types[field.Name], field.DataTypeOID) {
			return fmt.Errorf("column %s: %w", field.Name, errRow)
		}
	}
	return nil
}

// cellTypes are the types of a value: money, a count, a text, a list of them, a day.
var cellTypes = []uint32{pgtype.NumericOID, pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.TextOID, pgtype.TextArrayOID, pgtype.DateOID}

// errRow is a row that is not what a sweep has to give.
var errRow = errors.New("want subject, entries, value, limit_value, and at most level, region, reason")

// readRows runs a query and reads its rows, in the order of their subjects.
func readRows(ctx context.Context, tx pgx.Tx, q rule.Query) ([]rule.Row, error) {
	rows, err := tx.Query(ctx, q.SQL, q.Args...)
	if err != nil {
		return nil, fmt.Errorf("run sweep: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return nil, fmt.Errorf("run sweep: %w", err)
	}
	slices.SortFunc(found, func(a, b rule.Row) int { return slices.Compare(a.Subject, b.Subject) })
	return found, nil
}

func scanRow(r pgx.CollectableRow) (row rule.Row, err error) {
	values, err := r.Values()
	if err != nil {
		return row, err
	}
	for i, field := range r.FieldDescriptions() {
		v := values[i]
		switch field.Name {
		case "subject":
			row.Subject, err = texts(v)
		case "entries":
			row.Entries, err = seqs(v)
		case "value":
			row.Value, err = cell(v)
		case "limit_value":
			row.Limit, err = cell(v)
		case "level":
			row.Level, _ = v.(string)
		case "region":
			row.Region, _ = v.(string)
		case "reason":
			row.Reason, _ = v.(string)
		default:
			err = fmt.Errorf("%w: got %s", errRow, field.Name)
		}
		if err != nil {
			return row, fmt.Errorf("column %s: %w", field.Name, err)
		}
	}
	return row, nil
}

// texts is a text or a list of them.
func texts(v any) (list []string, err error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []any:
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("%w: a list of texts", errRow)
			}
			list = append(list, s)
		}
		return list, nil
	}
	return nil, fmt.Errorf("%w: a subject of texts", errRow)
}

// seqs is a list of entries, each once and in order. None is no entry: a warning with it
// could never be entered, and its slot would be tried for ever.
func seqs(v any) (list []int64, err error) {
	all, ok := v.([]any)
	if !ok && v != nil {
		return nil, fmt.Errorf("%w: entries as bigint[]", errRow)
	}
	for _, e := range all {
		n, ok := e.(int64)
		if !ok || ledger.Seq(n) <= ledger.None {
			return nil, fmt.Errorf("%w: entries as bigint[], from 0", errRow)
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// cell is a value of a row: numeric is money, a whole number a count.
func cell(v any) (formula.Value, error) {
	switch v := v.(type) {
	case nil:
		return formula.Value{}, nil
	case string:
		return formula.String(v), nil
	case []any:
		list, err := texts(v)
		return formula.Strings(list), err
	case int16:
		return formula.Whole(int64(v)), nil
	case int32:
		return formula.Whole(int64(v)), nil
	case int64:
		return formula.Whole(v), nil
	case time.Time:
		return formula.On(fact.Day(ledger.Date(v.Format(time.DateOnly)))), nil
	case pgtype.Numeric:
		text, err := v.Value()
		if err != nil {
			return formula.Value{}, err
		}
		s, ok := text.(string)
		if !ok {
			return formula.Value{}, nil
		}
		d, err := formula.ParseDecimal(s)
		if err != nil {
			return formula.Value{}, fmt.Errorf("%w: %s is no amount: %w", errRow, s, err)
		}
		return formula.Number(d), nil
	}
	return formula.Value{}, fmt.Errorf("%w: %T is neither numeric nor bigint nor text nor text[] nor date", errRow, v)
}

// find makes a finding of a row.
func (x *active) find(act rule.Act, row rule.Row) (Finding, error) {
	res, err := x.compiled().Found(act, row)
	if err != nil {
		return Finding{}, err
	}
	if res.State == rule.NotEvaluable {
		return x.unjudged(act, res.Reason), nil
	}
	f := Finding{
		Code: res.Code, Version: ledger.Count(res.Version), State: res.State, Handling: res.Handling, Level: res.Level, Subject: res.Subject, Window: res.Window,
		Fingerprint: hex.EncodeToString(res.Fingerprint[:]), Value: res.Value.String(), Limit: res.Limit.String(),
		Sentence: ledger.Text{Zh: res.Message.Zh, En: res.Message.En}, Suppressed: res.SuppressedBy, Shadow: x.State == "shadow",
	}
	f.Facts = append(f.Facts, Input{"as_of", act.Day.String()})
	for _, p := range x.compiled().Settings(act) {
		f.Facts = append(f.Facts, Input{p.Expression, p.Value.String()})
	}
	shown := row.Entries[:min(len(row.Entries), mostEntries)]
	if len(row.Entries) > 0 {
		text, err := json.Marshal(shown)
		if err != nil {
			return f, fmt.Errorf("write evidence: %w", err)
		}
		f.Facts = append(f.Facts, Input{"entries", string(text)}, Input{"entries.count", strconv.Itoa(len(row.Entries))})
	}
	return f, nil
}

// unjudged is the finding of a sweep that could not be decided.
func (x *active) unjudged(act rule.Act, reason string) Finding {
	f := x.broken(act)
	f.Reason = reason
	f.notEvaluable(act)
	return f
}

// takeSwept takes what a sweep of a slot found, and counts the hits that are news.
func (b *batch) takeSwept(ctx context.Context, s slot, swept Swept) (hits int64, err error) {
	for i, f := range swept.Findings {
		before := len(b.drafts)
		if err := b.sweepHit(ctx, s, f, swept.rows[i]); err != nil {
			return hits, err
		}
		if f.State == rule.Flag && len(b.drafts) > before {
			hits++
		}
	}
	return hits, nil
}

// sweepHit raises a finding of a slot, unless it says nothing new: a case that is open
// stays open without a word unless its level rises, and one that has ended begins
// anew only if the numbers are not those that were decided on.
func (b *batch) sweepHit(ctx context.Context, s slot, f Finding, row rule.Row) error {
	b.count(s.day().Month(), f)
	last, err := b.lastCase(ctx, f.Fingerprint)
	if err != nil {
		return err
	}
	switch {
	case last == nil:
	case last.State.Ended() && last.State != Recorded:
		if last.Value == f.Value && last.Limit == f.Limit {
			return nil
		}
	case severity(f.Level) >= severity(last.Level):
		return nil
	}
	m := matter{Finding: f, origin: b.origin, region: cmp.Or(row.Region, string(b.book)), at: s.upto, entry: ledger.None, makers: []string{}}
	for _, seq := range row.Entries[:min(len(row.Entries), mostEntries)] {
		e, err := b.g.Ledger.Entry(ctx, b.book, ledger.Seq(seq))
		if err != nil {
			return err
		}
		if m.entry == ledger.None {
			m.entry = e.Seq
		}
		if !slices.Contains(m.makers, e.By.User) {
			m.makers = append(m.makers, e.By.User)
		}
	}
	return b.raise(ctx, m)
}

// lastCase is the latest case about a matter, open or ended, nil for none.
func (b *batch) lastCase(ctx context.Context, fingerprint string) (*Current, error) {
	c, err := one(ctx, b.g.Pool, `select `+columns+` from alert.current where fingerprint = $2 and book = $1 order by episode desc limit 1`, b.book, fingerprint)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// countResults adds up what the judge said.
func countResults(notes []ledger.Note, into *ledger.AlertSummary) error {
	for _, n := range notes {
		note, err := readNote(n)
		if err != nil {
			return err
		}
		for _, f := range note.Findings {
			if f.State == rule.Flag {
				into.Flagged++
			} else {
				into.NotEvaluable++
			}
		}
	}
	return nil
}
