package publicity

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// Coverage says how much of what must be public is (公开覆盖率), for one key: a stage, a
// publisher, a township, a village, or a month.
type Coverage struct {
	Key string `json:"key"`
	// Arisen counts all obligations, Waiting those not yet due, Waived those that a
	// basis excuses. Of those that fell due Met are met, OnTime of these in time, and
	// Missing are not.
	Arisen  int64 `json:"arisen"`
	Waiting int64 `json:"waiting"`
	Waived  int64 `json:"waived"`
	Met     int64 `json:"met"`
	OnTime  int64 `json:"on_time"`
	Missing int64 `json:"missing"`
}

// Due is how many fell due, or were met before they did.
func (c Coverage) Due() int64 { return c.Met + c.Missing }

// Late is how many were met late.
func (c Coverage) Late() int64 { return c.Met - c.OnTime }

// Share is met ÷ fallen due in percent, and "—" where nothing fell due: no share of
// nothing.
func (c Coverage) Share() string { return ledger.Amount(c.Met).Percent(ledger.Amount(c.Due())) }

// OnTimeShare is met in time ÷ fallen due.
func (c Coverage) OnTimeShare() string {
	return ledger.Amount(c.OnTime).Percent(ledger.Amount(c.Due()))
}

// By is what coverage is counted by.
type By string

// The ways to count coverage.
const (
	ByCounty   By = "county"
	ByStage    By = "stage"
	ByLevel    By = "level"
	ByTownship By = "township"
	ByVillage  By = "village"
	ByMonth    By = "month"
)

// Filter narrows obligations; empty members leave it wide.
type Filter struct {
	Stage, Level string
	// Place is a division code or its beginning.
	Place string
	// Month is that of the act, such as 2020-03.
	Month   string
	Project string
}

const filtered = `
	book = $1 and ended_how <> 'reversed' and ($2 = '' or stage = $2) and ($3 = '' or level = $3) and starts_with(place, $4)
	and ($5 = '' or to_char(on_day, 'YYYY-MM') = $5) and ($6 = '' or project = $6)`

func (f Filter) args(book ledger.Book, more ...any) []any {
	return append([]any{book, f.Stage, f.Level, f.Place, f.Month, f.Project}, more...)
}

// Coverage counts obligations as they stand on a day, after catching up with the log.
func (d *Duties) Coverage(ctx context.Context, book ledger.Book, by By, f Filter, today ledger.Date) ([]Coverage, error) {
	if err := d.CatchUp(ctx, book); err != nil {
		return nil, err
	}
	rows, err := d.Ledger.Read.Query(ctx, `
		select case $7 when 'stage' then stage when 'level' then level when 'township' then left(place, 9) when 'village' then place
				when 'month' then to_char(on_day, 'YYYY-MM') else book end as key,
			count(*), count(*) filter (where ended_how = '' and met_seq is null and (due is null or due >= $8::date)),
			count(*) filter (where ended_how = 'waived'),
			count(*) filter (where ended_how = '' and met_seq is not null),
			count(*) filter (where ended_how = '' and met_seq is not null and (due is null or met_on <= due)),
			count(*) filter (where ended_how = '' and met_seq is null and due < $8::date)
		from publicity.obligation
		where `+filtered+` and ($7 <> 'village' or place not like '%000')
		group by 1 order by 1`, f.args(book, string(by), today)...)
	if err != nil {
		return nil, fmt.Errorf("coverage: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Coverage])
}

// Obligation is one thing that must be public (公开义务).
type Obligation struct {
	Obligation string      `json:"obligation"`
	Stage      string      `json:"stage"`
	Level      string      `json:"level"`
	Place      string      `json:"place"`
	Project    string      `json:"project"`
	Entry      ledger.Seq  `json:"entry"`
	On         ledger.Date `json:"on"`
	// Due is the last day, "" before it falls due.
	Due    ledger.Date   `json:"due"`
	Amount ledger.Amount `json:"amount"`
	// Notice met it, on MetOn; both are empty before.
	Notice string      `json:"notice"`
	MetOn  ledger.Date `json:"met_on"`
	// Basis is why it need not be met, "" for most.
	Basis string `json:"basis"`
}

// The states of an obligation.
const (
	NotYetDue = "not_yet_due"
	Met       = "met"
	MetLate   = "met_late"
	IsMissing = "missing"
	Waived    = "waived"
)

// State is how the obligation stands on a day.
func (o Obligation) State(today ledger.Date) string {
	switch {
	case o.Basis != "":
		return Waived
	case o.MetOn != "" && (o.Due == "" || o.MetOn <= o.Due):
		return Met
	case o.MetOn != "":
		return MetLate
	case o.Due != "" && o.Due < today:
		return IsMissing
	}
	return NotYetDue
}

const obligationColumns = `
	select obligation, stage, level, place, project, entry_seq, on_day::text, coalesce(due::text, ''), amount, notice, coalesce(met_on::text, ''), ended_why
	from publicity.obligation where `

// Obligations lists those of a filter in the order in which they fall due, the missing
// ones alone if asked. next is the cursor of the next page.
func (d *Duties) Obligations(ctx context.Context, book ledger.Book, f Filter, missing bool, today ledger.Date, p ledger.Page) (list []Obligation, next string, err error) {
	if err := d.CatchUp(ctx, book); err != nil {
		return nil, "", err
	}
	after, err := strconv.ParseInt(p.After, 10, 64)
	if err != nil {
		after = 0
	}
	limit := min(max(p.Limit, 1), ledger.MaxPage)
	if p.Limit == 0 {
		limit = 50
	}
	rows, err := d.Ledger.Read.Query(ctx, obligationColumns+filtered+`
		and (not $7 or ended_how = '' and met_seq is null and due < $8::date)
		order by due nulls last, obligation offset $9 limit $10`, f.args(book, missing, today, max(after, 0), limit+1)...)
	if err != nil {
		return nil, "", fmt.Errorf("obligations: %w", err)
	}
	if list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Obligation]); err != nil || len(list) <= limit {
		return list, "", err
	}
	return list[:limit], strconv.FormatInt(max(after, 0)+int64(limit), 10), nil
}
