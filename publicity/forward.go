package publicity

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
	"yilu/publicity/workday"
)

// Forwarding is one hand-over of an objection to another unit (转办). The clock goes on
// from the day on which the objection was received: whoever has it answers in time.
type Forwarding struct {
	To string
	By ledger.By
	At time.Time
}

// mostForwarded is how often an objection is handed on: who has had it as often as that
// answers it.
const mostForwarded = 20

// Forward hands an objection without an answer to a unit. That is a *ledger.Invalid
// where it is no id, has the objection already, or somebody else has just handed it on.
func Forward(ctx context.Context, pool *pgxpool.Pool, book ledger.Book, f Forwarding, objection string) error {
	refuse := func(zh, en string) error {
		return &ledger.Invalid{Problems: []ledger.Problem{{Field: "to_unit", Rule: "form", Text: ledger.Text{Zh: zh, En: en}}}}
	}
	if !ledger.ValidID(f.To) {
		return refuse("单位代码须为1–64位字母、数字、点、横线或下划线", "want the code of a unit: 1 to 64 letters, digits, dots, hyphens or underscores")
	}
	past, err := Forwardings(ctx, pool, book, objection)
	switch {
	case err != nil:
		return err
	case len(past) > 0 && past[len(past)-1].To == f.To:
		return refuse("已在该单位办理", "that unit has it already")
	case len(past) >= mostForwarded:
		return refuse("转办次数过多，请直接答复", "it was handed on too often: answer it")
	}
	tag, err := pool.Exec(ctx, `
		insert into publicity.forwarding (book, objection, step, to_unit, by_user, by_unit, by_role, at) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict do nothing`, book, objection, len(past)+1, f.To, f.By.User, f.By.Unit, f.By.Role, f.At)
	switch {
	case err != nil:
		return fmt.Errorf("forward objection %s: %w", objection, err)
	case tag.RowsAffected() == 0:
		return refuse("刚刚已由他人转办，请刷新后再看", "somebody else has just handed it on: look again")
	}
	return nil
}

// Forwardings lists the hand-overs of an objection, the first first.
func Forwardings(ctx context.Context, q querier, book ledger.Book, objection string) ([]Forwarding, error) {
	rows, err := q.Query(ctx, `
		select to_unit, by_role, by_unit, by_user, at from publicity.forwarding where book = $1 and objection = $2 order by step`, book, objection)
	if err != nil {
		return nil, fmt.Errorf("hand-overs of objection %s: %w", objection, err)
	}
	var all []Forwarding
	var x Forwarding
	_, err = pgx.ForEachRow(rows, []any{&x.To, &x.By.Role, &x.By.Unit, &x.By.User, &x.At}, func() error {
		all = append(all, x)
		return nil
	})
	return all, err
}

// ForwardedTo lists the objections that a unit was handed last of all, the newest first.
func ForwardedTo(ctx context.Context, q querier, book ledger.Book, unit string) ([]string, error) {
	rows, err := q.Query(ctx, `
		select f.objection from publicity.forwarding f
		where f.book = $1 and f.to_unit = $2
			and not exists (select from publicity.forwarding l where l.book = f.book and l.objection = f.objection and l.step > f.step)
		order by f.at desc limit 1000`, book, unit)
	if err != nil {
		return nil, fmt.Errorf("objections of unit %s: %w", unit, err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// WorkdaysLeft is how many working days there are after a day up to the last one, less
// than zero once that is past, and false where the calendar does not know them.
func WorkdaysLeft(c workday.Calendar, today, due ledger.Date) (int, bool) {
	if due == "" {
		return 0, false
	}
	n, err := c.Between(today, due)
	return n, err == nil
}
