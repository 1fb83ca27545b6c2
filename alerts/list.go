package alerts

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// Filter narrows a list of warnings; empty members take all.
type Filter struct {
	Code   string
	Level  string
	State  State
	Unit   string
	Region string
	// Only leaves out what lies within Region and is not of it as a whole.
	Only bool
	// Active leaves out what has ended and what was only recorded.
	Active bool
	// Project is a project's id, Payee a payee's key, and Household the key of a private
	// person: of grants and of single payments alike.
	Project, Payee, Household string
	// From and To bound the days on which they were raised.
	From, To ledger.Date
	// DueBy is the last day on which the next step may be due.
	DueBy ledger.Date
	// Desk leaves what waits for one officer.
	Desk *Desk
}

// Desk is whose work is asked for (我的待办): an auditor's is what nobody has yet, what
// waits for a decision or a second person, and what the own unit has; another officer's
// is what the unit has to answer or to mend.
type Desk struct {
	User, Unit string
	Auditor    bool
}

// condition puts a filter into SQL, over alert.current as c. Each condition stands only
// when it is asked for, so that the planner can use the index of those that are.
func (f Filter) condition(book ledger.Book) (sql string, args []any) {
	sql, args = ` where c.book = $1 and c.raised_seq >= 0`, []any{book}
	add := func(before string, value any, after string) {
		args = append(args, value)
		sql += before + "$" + strconv.Itoa(len(args)) + after
	}
	for _, x := range []struct{ before, value, after string }{
		{" and c.code = ", f.Code, ""}, {" and c.level = ", f.Level, ""}, {" and c.state = ", string(f.State), ""}, {" and c.unit = ", f.Unit, ""},
		{" and starts_with(c.region, ", f.Region, ")"}, {" and c.project = ", f.Project, ""}, {" and c.payee = ", f.Payee, ""},
		{" and c.raised_at >= ", beginOf(f.From), "::timestamptz"}, {" and c.raised_at < ", endOf(f.To), "::timestamptz"}, {" and c.due <= ", string(f.DueBy), "::date"},
	} {
		if x.value != "" {
			add(x.before, x.value, x.after)
		}
	}
	if f.Only {
		add(" and c.region = ", f.Region, "")
	}
	if f.Active {
		sql += notEnded
	}
	if f.Household != "" {
		args = append(args, f.Household)
		n := "$" + strconv.Itoa(len(args))
		sql += ` and (c.payee = ` + n + ` or c.entry_seq in (select l.seq from rules_v1.grant_line l where l.book = $1 and l.person = ` + n + `))`
	}
	if d := f.Desk; d != nil && d.Auditor {
		args = append(args, d.Unit, d.User)
		unit, user := "$"+strconv.Itoa(len(args)-1), "$"+strconv.Itoa(len(args))
		sql += notEnded + ` and (c.state = 'open' or c.unit = ` + unit + ` or c.state = 'dismissing' and c.dismisser <> ` + user + ` or c.state = 'review' and c.rectifier <> ` + user + `) and not ` + user + ` = any (c.makers)`
	} else if d != nil {
		add(` and c.state in ('verifying', 'rectifying') and c.unit = `, d.Unit, "")
	}
	return sql, args
}

// beginOf is the instant at which a day begins here, endOf that at which it is over.
func beginOf(day ledger.Date) string {
	if day == "" {
		return ""
	}
	return string(day) + "T00:00:00+08:00"
}

func endOf(day ledger.Date) string {
	if day == "" {
		return ""
	}
	return beginOf(day.AddDays(1))
}

// notEnded is what has not ended.
const notEnded = ` and c.state not in ('dismissed', 'closed', 'recorded')`

// list asks for the cases of a filter, with what comes behind its condition: $A and $B
// there stand for two values.
func (f Filter) list(ctx context.Context, q querier, book ledger.Book, rest string, a, b any) ([]Current, error) {
	sql, args := f.condition(book)
	n := len(args)
	rest = strings.NewReplacer("$A", "$"+strconv.Itoa(n+1), "$B", "$"+strconv.Itoa(n+2)).Replace(rest)
	return cases(ctx, q, `select `+columns+` from alert.current c`+sql+rest, append(args, a, b)...)
}

// List returns warnings raised after a seq, in the order in which they were raised,
// at most so many. After -1 it begins at the first. What was seen never moves: new
// warnings come at the end.
func List(ctx context.Context, q querier, book ledger.Book, f Filter, after ledger.Seq, limit int) ([]Current, error) {
	return f.list(ctx, q, book, ` and c.raised_seq > $A order by c.raised_seq limit $B`, after, limit)
}

// Newest returns warnings raised before a seq, the newest first, at most so many.
func Newest(ctx context.Context, q querier, book ledger.Book, f Filter, before ledger.Seq, limit int) ([]Current, error) {
	return f.list(ctx, q, book, ` and c.raised_seq < $A order by c.raised_seq desc limit $B`, before, limit)
}

// Count says how many warnings a filter leaves.
func Count(ctx context.Context, q querier, book ledger.Book, f Filter) (n int, err error) {
	sql, args := f.condition(book)
	rows, err := q.Query(ctx, `select count(*) from alert.current c`+sql, args...)
	if err == nil {
		n, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
	}
	if err != nil {
		return 0, fmt.Errorf("count warnings: %w", err)
	}
	return n, nil
}

func cases(ctx context.Context, q querier, sql string, args ...any) ([]Current, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list warnings: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Current])
	if err != nil {
		return nil, fmt.Errorf("list warnings: %w", err)
	}
	return list, nil
}

// Group counts the warnings of one rule.
type Group struct {
	Code string `db:"code"`
	// Red to Blue count those that are not yet ended, by level.
	Red    int64 `db:"red"`
	Orange int64 `db:"orange"`
	Yellow int64 `db:"yellow"`
	Blue   int64 `db:"blue"`
	// Ended were closed or dismissed, Recorded never were cases.
	Ended    int64 `db:"ended"`
	Recorded int64 `db:"recorded"`
	// Newest is the seq of the last one raised.
	Newest ledger.Seq `db:"newest"`
}

// Active counts what is not yet ended.
func (g Group) Active() int64 { return g.Red + g.Orange + g.Yellow + g.Blue }

// Groups counts warnings by rule, the rule with the most severe first. Its code and
// what of the filter parts the ended from the others do not narrow it.
func Groups(ctx context.Context, q querier, book ledger.Book, f Filter) ([]Group, error) {
	f.Code, f.Level, f.State, f.Active = "", "", "", false
	sql, args := f.condition(book)
	rows, err := q.Query(ctx, `
		select code,
			count(*) filter (where level = 'red' and active) as red, count(*) filter (where level = 'orange' and active) as orange,
			count(*) filter (where level = 'yellow' and active) as yellow, count(*) filter (where level = 'blue' and active) as blue,
			count(*) filter (where state in ('dismissed', 'closed')) as ended, count(*) filter (where state = 'recorded') as recorded, max(raised_seq) as newest
		from (
			select c.code, c.level, c.state, c.raised_seq, c.state not in ('dismissed', 'closed', 'recorded') as active
			from alert.current c`+sql+`
		) one
		group by code order by red desc, orange desc, yellow desc, blue desc, code`, args...)
	if err != nil {
		return nil, fmt.Errorf("count warnings: %w", err)
	}
	groups, err := pgx.CollectRows(rows, pgx.RowToStructByName[Group])
	if err != nil {
		return nil, fmt.Errorf("count warnings: %w", err)
	}
	return groups, nil
}

// Event is one entry about a warning, with the warning as it is now.
type Event struct {
	Seq   ledger.Seq  `db:"seq" json:"seq"`
	Alert string      `db:"alert" json:"alert"`
	Kind  ledger.Kind `db:"kind" json:"kind"`
	At    time.Time   `db:"at" json:"at"`
	User  string      `db:"by_user" json:"user"`
	Unit  string      `db:"unit" json:"unit"`
	// Code, Level and State are the warning's, To the unit that has it.
	Code  string `db:"code" json:"code"`
	Level string `db:"level" json:"level"`
	State State  `db:"state" json:"state"`
	To    string `db:"to_unit" json:"to_unit"`
	// Region is where the warning lies, "" for none: a division code.
	Region string `db:"region" json:"-"`
}

// Reader is who reads the feed: a unit hears of the warnings that it has, an area of
// those that lie in it. Empty members hear all.
type Reader struct{ Unit, Region string }

// Hears says whether the reader hears of an event.
func (r Reader) Hears(e Event) bool {
	return (r.Unit == "" || r.Unit == e.To) && strings.HasPrefix(e.Region, r.Region)
}

const eventColumns = `e.seq, e.alert, e.kind, e.at, e.by_user, e.unit, c.code, c.level, c.state, c.unit as to_unit, c.region
	from alert.event e join alert.current c on c.book = e.book and c.alert = e.alert`

// Events lists the entries about one warning, oldest first.
func Events(ctx context.Context, q querier, book ledger.Book, alert string) ([]Event, error) {
	return events(ctx, q, `select `+eventColumns+` where e.alert = $2 and e.book = $1 order by e.seq`, book, alert)
}

// Feed lists entries about warnings after a seq, oldest first, at most so many: those that
// a reader hears of.
func Feed(ctx context.Context, q querier, book ledger.Book, of Reader, after ledger.Seq, limit int) ([]Event, error) {
	return events(ctx, q, `
		select `+eventColumns+`
		where e.book = $1 and e.seq > $4 and ($2 = '' or c.unit = $2) and starts_with(c.region, $3) order by e.seq limit $5`, book, of.Unit, of.Region, after, limit)
}

// LastEvent is the last entry about a warning, ledger.None for none: where a reader of a
// list goes on with the feed.
func LastEvent(ctx context.Context, q querier, book ledger.Book) (ledger.Seq, error) {
	rows, err := q.Query(ctx, `select coalesce(max(seq), -1) from alert.event where book = $1`, book)
	if err != nil {
		return ledger.None, fmt.Errorf("read end of feed: %w", err)
	}
	last, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[ledger.Seq])
	if err != nil {
		return ledger.None, fmt.Errorf("read end of feed: %w", err)
	}
	return last, nil
}

func events(ctx context.Context, q querier, sql string, args ...any) ([]Event, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read events of warnings: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Event])
	if err != nil {
		return nil, fmt.Errorf("read events of warnings: %w", err)
	}
	return list, nil
}

// Tally is how often a rule hit, could not be judged, or refused an attempt, of all
// months; the rule "" counts entries.
type Tally struct {
	Code  string `db:"code"`
	State string `db:"state"`
	Count int64  `db:"count"`
}

// Tallies sums up what each rule did in a book.
func Tallies(ctx context.Context, q querier, book ledger.Book) ([]Tally, error) {
	rows, err := q.Query(ctx, `select code, state, sum(count)::bigint as count from alert.tally where book = $1 group by code, state order by code, state`, book)
	if err != nil {
		return nil, fmt.Errorf("read results of rules: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Tally])
	if err != nil {
		return nil, fmt.Errorf("read results of rules: %w", err)
	}
	return list, nil
}
