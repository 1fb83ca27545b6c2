package ledger

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Statement lists the movements of one account in their order, with the balance after
// each (明细账).
func (l *Ledger) Statement(ctx context.Context, book Book, account string, p Page) ([]Leg, string, error) {
	at, entry, _ := strings.Cut(p.After, "~")
	after := [2]int64{-1, -1}
	for i, text := range []string{at, entry} {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			after[i] = n
		}
	}
	rows, err := collect[Leg](ctx, l.Read, "statement", `
		select account, at_seq, entry_seq, fund, on_day::text, amount, balance from proj.leg
		where book = $1 and account = $2 and (at_seq, entry_seq) > ($3, $4)
		order by at_seq, entry_seq limit $5`, book, account, after[0], after[1], p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r Leg) string { return fmt.Sprintf("%d~%d", r.At, r.Entry) })
	return rows, next, nil
}

// HandAccount is the account of what a fund has in hand, ProjectAccount that of a
// project's money of a fund.
func HandAccount(fund string) string { return handAccount(fund) }

// ProjectAccount is the account of a project's money of a fund.
func ProjectAccount(project, fund string) string { return projectAccount(project, fund) }

// PaidTimes counts the payments that a fund made to each of its projects (拨付次数).
type PaidTimes struct {
	Project string `json:"project"`
	Times   int64  `json:"times"`
}

// PaidTimes counts payments of a fund that were paid, by project.
func (l *Ledger) PaidTimes(ctx context.Context, book Book, fund string) ([]PaidTimes, error) {
	return collect[PaidTimes](ctx, l.Read, "paid times", `
		select project, count(*) from proj.payment
		where book = $1 and fund = $2 and state = 'paid' group by project order by project`, book, fund)
}
