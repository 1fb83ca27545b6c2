package alerts

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"

	"yilu/alerts/notify"
	"yilu/ledger"
)

// runRemind tells once a day of what will be late soon: steps of cases whose last day is
// near, and deadlines that their rules remind of before they end (到期提醒). A silenced
// case is due on the day its silence ends, so that it is remembered in time too.
func (g *Engine) runRemind(ctx context.Context, s slot, rules *inForce) error {
	count := 0
	err := takenBack(pgx.BeginFunc(ctx, g.Pool, func(tx pgx.Tx) error {
		soon, err := g.soon(ctx, tx, s.book, s.day())
		if err != nil {
			return err
		}
		list, err := cases(ctx, tx, `
			select `+columns+` from alert.current
			where book || '' = $1 and due between $2::date and $3::date and state not in ('dismissed', 'closed', 'recorded')
			order by due, raised_seq`, s.book, string(s.day()), string(soon))
		if err != nil {
			return err
		}
		for _, c := range list {
			if err := g.tell(ctx, tx, s.book, told{c, notify.DueSoon}); err != nil {
				return err
			}
		}
		ended, err := g.tellSilenceEnded(ctx, tx, s)
		if err != nil {
			return err
		}
		deadlines, err := g.remindTimers(ctx, tx, s, rules)
		if err != nil {
			return err
		}
		count = len(list) + ended + deadlines
		return record(ctx, tx, s, fmt.Sprintf("%d steps, %d deadlines", len(list), deadlines))
	}))
	if err == nil && count > 0 {
		g.raised()
	}
	return err
}

// tellSilenceEnded tells once of all cases whose silence has ended since the last slot
// (暂停提醒到期): each of them would come back with a message of its own. It says how many
// there are.
func (g *Engine) tellSilenceEnded(ctx context.Context, tx pgx.Tx, s slot) (int, error) {
	list, err := cases(ctx, tx, `
		select `+columns+` from alert.current
		where book || '' = $1 and silenced_until >= $2::date and silenced_until < $3::date and state not in ('dismissed', 'closed', 'recorded')
		order by raised_seq`, s.book, string(ledger.DateOf(s.last)), string(s.day()))
	if err != nil || len(list) == 0 {
		return 0, err
	}
	c := Current{
		Alert: hashID("q", string(s.book), string(s.day())), Code: termsCode, Level: list[0].Level, Region: string(s.book), Step: 1, Last: list[0].Last,
		Zh: fmt.Sprintf("%d件预警的暂停提醒已到期，请继续办理", len(list)),
		En: fmt.Sprintf("the silence of %d warnings has ended, please go on with them", len(list)),
	}
	for _, x := range list {
		if c.Last = max(c.Last, x.Last); severity(x.Level) < severity(c.Level) {
			c.Level = x.Level
		}
	}
	return len(list), g.tellOfMany(ctx, tx, s.book, c, notify.Reopened)
}

// tellOfMany tells of many cases at once; it leads to the list.
func (g *Engine) tellOfMany(ctx context.Context, tx pgx.Tx, book ledger.Book, c Current, what notify.Event) error {
	if g.Notify == nil {
		return nil
	}
	m, err := g.message(book, c, what)
	if err != nil {
		return err
	}
	m.Link = strings.TrimSuffix(g.Link(""), "/")
	return g.Notify.Enqueue(ctx, tx, m)
}

// soon is the last day that is near as of a day: so many working days ahead as is set.
func (g *Engine) soon(ctx context.Context, tx pgx.Tx, book ledger.Book, day ledger.Date) (ledger.Date, error) {
	t, err := g.terms(ctx, tx, book)
	if err != nil {
		return "", err
	}
	n := t.number("remind", string(book), "", day)
	soon, err := g.Calendar.Add(day, n)
	if err != nil { // the calendar of that year is not known
		return day.AddDays(n), nil
	}
	return soon, nil
}

// runningTimer is a deadline that somebody may have to be reminded of.
type runningTimer struct {
	Code, Match string
	Opened      ledger.Seq
	Entry       ledger.Seq
	Due         string
	Finding     []byte
	Region      string
	Reminded    string
}

// remindTimers tells of each deadline once for each reminder of its rule.
func (g *Engine) remindTimers(ctx context.Context, tx pgx.Tx, s slot, rules *inForce) (told int, err error) {
	rows, err := tx.Query(ctx, `
		select code, match, opened_seq, entry_seq, due::text, finding, region, reminded from alert.timer
		where book || '' = $1 and state = 'running' and due >= $2::date order by due, opened_seq`, s.book, string(s.day()))
	if err != nil {
		return 0, fmt.Errorf("read deadlines: %w", err)
	}
	timers, err := pgx.CollectRows(rows, pgx.RowToStructByPos[runningTimer])
	if err != nil {
		return 0, fmt.Errorf("read deadlines: %w", err)
	}
	for _, t := range timers {
		x := rules.rules[t.Code]
		if x == nil || x.file == nil || x.State == "shadow" {
			continue
		}
		n := 0
		for i, before := range x.file.Remind { // the longest first
			if day := g.before(ledger.Date(t.Due), before); day != "" && day <= s.day() {
				n = i + 1
			}
		}
		if n == 0 || t.Reminded == x.file.Remind[n-1] {
			continue
		}
		if err := g.remindOf(ctx, tx, s.book, t, int64(n)); err != nil {
			return told, err
		}
		if _, err := tx.Exec(ctx, `update alert.timer set reminded = $5 where book = $1 and code = $2 and match = $3 and opened_seq = $4`,
			s.book, t.Code, t.Match, t.Opened, x.file.Remind[n-1]); err != nil {
			return told, fmt.Errorf("note reminder of rule %s: %w", t.Code, err)
		}
		told++
	}
	return told, nil
}

// remindOf tells of one deadline. There is no case yet: it leads to the list.
func (g *Engine) remindOf(ctx context.Context, tx pgx.Tx, book ledger.Book, t runningTimer, version int64) error {
	if g.Notify == nil {
		return nil
	}
	var f Finding
	if err := json.Unmarshal(t.Finding, &f); err != nil {
		return fmt.Errorf("read deadline of rule %s: %w", t.Code, err)
	}
	if f.Suppressed != "" {
		return nil
	}
	c := Current{
		Alert: hashID("t", string(book), t.Code, t.Match, fmt.Sprint(t.Opened)), Code: t.Code, Level: f.Level, Region: t.Region, Step: version, Last: t.Entry, Due: ledger.Date(t.Due),
		Zh: fmt.Sprintf("规则%s的期限%s将到，事项%s尚未办结，请留意", t.Code, t.Due, strings.Join(f.Subject, "、")),
		En: fmt.Sprintf("the deadline of rule %s on %s is near, %s is still open, please see to it", t.Code, t.Due, strings.Join(f.Subject, ", ")),
	}
	return g.tellOfMany(ctx, tx, book, c, notify.DueSoon)
}

// before is the day so long before another: 14d, 3wd or 1mo. It is empty when the
// calendar is not known.
func (g *Engine) before(due ledger.Date, length string) ledger.Date {
	unit := strings.TrimLeft(length, "0123456789")
	n, err := strconv.Atoi(strings.TrimSuffix(length, unit))
	if err != nil {
		return ""
	}
	switch unit {
	case "d":
		return due.AddDays(-n)
	case "mo":
		return due.AddDays(-30 * n)
	}
	for day := due; ; day = day.AddDays(-1) {
		counted, errCount := g.Calendar.Between(day, due)
		works, errWorks := g.Calendar.IsWorkday(day)
		if errCount != nil || errWorks != nil {
			return ""
		}
		if counted >= n && works { // somebody is there to read it
			return day
		}
	}
}
