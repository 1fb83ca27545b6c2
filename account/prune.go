package account

import (
	"context"
	"fmt"
	"time"
)

// FloorDays is the least that sessions, tries and the trail are kept: six months, which
// are never longer (网络安全法 art. 21 (3)). The database refuses less.
const FloorDays = 184

// pruneChunk is how many rows go in one statement.
const pruneChunk = 1000

// Pruned says how many rows went.
type Pruned struct{ Sessions, Attempts, Events int64 }

// Prune removes sessions and tries from before a time, and lines of the trail from before
// another. Tries that came too soon and were not looked at go after a day.
func (a *Accounts) Prune(ctx context.Context, logins, trail time.Time) (p Pruned, err error) {
	for _, step := range []struct {
		n      *int64
		sql    string
		before time.Time
	}{
		{&p.Sessions, `
			delete from account.session where hash in (select hash from account.session where book = $1 and begun_at < $2 order by begun_at limit $3)`, logins},
		{&p.Attempts, `
			delete from account.attempt where id in (select id from account.attempt where book = $1 and at < $2 order by at limit $3)`, logins},
		{&p.Attempts, `
			delete from account.attempt where id in (select id from account.attempt where book = $1 and at < $2 and state = 'held' order by at limit $3)`, a.Now().Add(-24 * time.Hour)},
		{&p.Events, `
			delete from account.event where id in (select id from account.event where book = $1 and at < $2 order by at limit $3)`, trail},
	} {
		for {
			tag, err := a.Pool.Exec(ctx, step.sql, a.Book, step.before, pruneChunk)
			if err != nil {
				return p, fmt.Errorf("prune what is kept of log-ins: %w", err)
			}
			*step.n += tag.RowsAffected()
			if tag.RowsAffected() < pruneChunk {
				break
			}
		}
	}
	return p, nil
}

// ClosedBefore are the accounts that were closed before a time and are so still.
func (a *Accounts) ClosedBefore(ctx context.Context, at time.Time) ([]string, error) {
	people, err := a.People(ctx)
	if err != nil {
		return nil, err
	}
	var closed []string
	for _, p := range people {
		if p.Disabled != nil && p.Disabled.Before(at) {
			closed = append(closed, p.ID)
		}
	}
	return closed, nil
}
