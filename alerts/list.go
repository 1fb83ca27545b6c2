package alerts

import (
	"context"
	"fmt"
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
	// Active leaves out what has ended and what was only recorded.
	Active bool
}

// filtered is the condition of a Filter, whose values are $2 to $7.
const filtered = ` book = $1 and raised_seq >= 0
	and ($2 = '' or code = $2) and ($3 = '' or level = $3) and ($4 = '' or state = $4) and ($5 = '' or unit = $5)
	and ($6 = '' or region like $6 || '%') and (not $7 or state not in ('dismissed', 'closed', 'recorded')) `

// args are the values for filtered.
func (f Filter) args(book ledger.Book, more ...any) []any {
	return append([]any{book, f.Code, f.Level, f.State, f.Unit, f.Region, f.Active}, more...)
}

// List returns warnings raised after a seq, in the order in which they were raised,
// at most so many. After -1 it begins at the first. What was seen never moves: new
// warnings come at the end.
func List(ctx context.Context, q querier, book ledger.Book, f Filter, after ledger.Seq, limit int) ([]Current, error) {
	return cases(ctx, q, `select `+columns+` from alert.current where `+filtered+` and raised_seq > $8 order by raised_seq limit $9`, f.args(book, after, limit)...)
}

// Newest returns warnings raised before a seq, the newest first, at most so many.
func Newest(ctx context.Context, q querier, book ledger.Book, f Filter, before ledger.Seq, limit int) ([]Current, error) {
	return cases(ctx, q, `select `+columns+` from alert.current where `+filtered+` and raised_seq < $8 order by raised_seq desc limit $9`, f.args(book, before, limit)...)
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
	rows, err := q.Query(ctx, `
		select code,
			count(*) filter (where level = 'red' and active) as red, count(*) filter (where level = 'orange' and active) as orange,
			count(*) filter (where level = 'yellow' and active) as yellow, count(*) filter (where level = 'blue' and active) as blue,
			count(*) filter (where state in ('dismissed', 'closed')) as ended, count(*) filter (where state = 'recorded') as recorded, max(raised_seq) as newest
		from (
			select code, level, state, raised_seq, state not in ('dismissed', 'closed', 'recorded') as active
			from alert.current where `+filtered+`
		) one
		group by code order by red desc, orange desc, yellow desc, blue desc, code`, f.args(book)...)
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
}

const eventColumns = `e.seq, e.alert, e.kind, e.at, e.by_user, e.unit, c.code, c.level, c.state, c.unit as to_unit
	from alert.event e join alert.current c on c.book = e.book and c.alert = e.alert`

// Events lists the entries about one warning, oldest first.
func Events(ctx context.Context, q querier, book ledger.Book, alert string) ([]Event, error) {
	return events(ctx, q, `select `+eventColumns+` where e.alert = $2 and e.book = $1 order by e.seq`, book, alert)
}

// Feed lists entries about warnings after a seq, oldest first, at most so many; of
// the warnings that a unit has, or of all for no unit.
func Feed(ctx context.Context, q querier, book ledger.Book, unit string, after ledger.Seq, limit int) ([]Event, error) {
	return events(ctx, q, `select `+eventColumns+` where e.book = $1 and e.seq > $3 and ($2 = '' or c.unit = $2) order by e.seq limit $4`, book, unit, after, limit)
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
