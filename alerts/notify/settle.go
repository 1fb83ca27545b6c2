package notify

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// settleTime is the settling's own deadline: who is stopped still writes down
// what was sent.
const settleTime = 10 * time.Second

func compareRows(a, b row) int {
	return cmp.Or(cmp.Compare(a.Level, b.Level), a.At.Compare(b.At), cmp.Compare(a.message.Seq, b.message.Seq), cmp.Compare(a.ID, b.ID))
}

// settle writes down what became of a parcel, and what it says of its channel.
// Rows that were claimed again in the meantime are left to who has them now.
func (n *Notifier) settle(ctx context.Context, c *channel, rows []row, o outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	now := n.instant()
	return pgx.BeginFunc(ctx, n.pool, func(tx pgx.Tx) error {
		p, err := lockPace(ctx, tx, c)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for _, r := range rows {
			after := c.after(r, o, now)
			batch.Queue(`
				update notify.outbox set state = $4, due_at = $5, tries = $6, outcome = $7, reason = $8, sent_at = $9
				where book = $1 and id = $2 and claim = $3 and state = 'waiting'`,
				r.Book, r.ID, r.Claim, after.state, after.due, after.tries, after.outcome, o.reason, after.sentAt)
			if o.verdict != released {
				queueAttempt(batch, r, now, o)
			}
		}
		c.queuePace(batch, p, o, now)
		return tx.SendBatch(ctx, batch).Close()
	})
}

// fate is what a row becomes.
type fate struct {
	state   string
	due     time.Time
	tries   int
	outcome string
	sentAt  *time.Time
}

// after decides. What was not the letter's fault costs it no try: being too
// fast, being stopped, not being sent at all.
func (c *channel) after(r row, o outcome, now time.Time) fate {
	f := fate{state: "waiting", due: now, tries: r.Tries, outcome: string(o.verdict)}
	switch o.verdict {
	case sent:
		f.state, f.sentAt = "sent", &now
	case throttled, interrupted:
		f.tries--
	case released:
		f.tries, f.outcome = r.Tries-1, r.released()
	case refused, unreachable:
		switch {
		case r.probe && o.verdict == unreachable:
			f.due, f.tries = r.Due, r.Tries-1
		case r.Tries >= mostTries:
			f.state = "failed"
		default:
			f.due = now.Add(backoff[r.Tries-1])
		}
	}
	return f
}

// released is the outcome of a row that goes back as it was.
func (r row) released() string {
	if r.Was == "sending" {
		return string(lost)
	}
	return r.Was
}

// queuePace slows the channel down, or lets it go again. When a receiver has
// answered at last, whatever it said, all that waited for it is due at once, so
// that it goes out in order of level. Rows on their way are "sending" and not
// touched.
func (c *channel) queuePace(batch *pgx.Batch, p pace, o outcome, now time.Time) {
	switch o.verdict {
	case interrupted, released:
		return
	case unreachable:
		since := now
		if p.failingSince != nil {
			since = *p.failingSince
		}
		rest := min(max(now.Sub(since)/10, leastRest), mostRest)
		batch.Queue(`
			update notify.channel set paused_until = $2, failing_since = $3, reason = $4 where name = $1`,
			c.Name, now.Add(rest), since, o.reason)
		return
	case throttled:
		pause := cmp.Or(o.pause, time.Duration(c.limit(now).Pause))
		batch.Queue(`
			update notify.channel set paused_until = greatest(paused_until, $2), reason = $3 where name = $1`,
			c.Name, now.Add(pause), o.reason)
	}
	if p.failingSince != nil {
		batch.Queue(`
			update notify.channel set failing_since = null where name = $1`, c.Name)
		batch.Queue(`
			update notify.outbox set due_at = $2
			where channel = $1 and state = 'waiting' and outcome = 'unreachable' and due_at > $2`, c.Name, now)
	}
}
