package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
)

// backoff are the waits between the twelve tries: from 30 seconds to 12 hours,
// two days and four hours in all, so that a receiver may be gone over a night or
// a whole day.
var backoff = [...]time.Duration{
	30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour,
	4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 12 * time.Hour, 12 * time.Hour,
}

const (
	mostTries = len(backoff) + 1
	// lease is how long a claimed row is a worker's own. It is far longer than
	// the claim's sendings take, and than clocks of two servers may differ.
	lease = 5 * time.Minute
	// A receiver that could not be reached is called again after a tenth of the
	// time it has been away, within these bounds: with one row, not with each.
	leastRest = 30 * time.Second
	mostRest  = 10 * time.Minute
	// mostLetters and mostDigested bound what one claim takes.
	mostLetters  = 10
	mostDigested = 500
)

// row is a claimed row of the outbox.
type row struct {
	Book    string
	ID      string
	Claim   int
	Tries   int
	Level   int
	Was     string    // outcome of the claim before
	Due     time.Time // when it was due; later than the claim if it is a probe
	Message string
	At      time.Time
	message Message
	probe   bool
}

// parcel is what goes in one sending.
type parcel struct {
	rows   []row
	letter letter
}

// round claims, sends and settles once. more is true if it is worth coming back
// at once.
func (n *Notifier) round(ctx context.Context, c *channel) (more bool, err error) {
	start := n.instant()
	due, err := n.due(ctx, c, start)
	if err != nil || !due {
		return false, err
	}
	parcels, err := n.claim(ctx, c, start)
	if err != nil {
		return false, fmt.Errorf("claim notifications of %s: %w", c.Name, err)
	}
	stop := false
	for _, p := range parcels {
		o := outcome{verdict: released}
		if !stop && ctx.Err() == nil && n.now().Before(start.Add(lease/2)) {
			o = n.send(ctx, c, p.letter)
		}
		stop = stop || o.verdict != sent && o.verdict != refused
		if err := n.settle(ctx, c, p.rows, o); err != nil {
			return false, fmt.Errorf("settle notification on %s: %w", c.Name, err)
		}
	}
	return len(parcels) > 0 && !stop, nil
}

// due says whether a claim may find something. It takes no lock, so that idle
// polls write nothing.
func (n *Notifier) due(ctx context.Context, c *channel, now time.Time) (due bool, err error) {
	err = n.pool.QueryRow(ctx, `
		select exists (select from notify.outbox
				where channel = $1 and state = 'waiting' and (due_at <= $2 or outcome = 'unreachable'))
			and not exists (select from notify.channel where name = $1 and paused_until > $2)`,
		c.Name, now).Scan(&due)
	if err != nil {
		return false, fmt.Errorf("notifications of %s that are due: %w", c.Name, err)
	}
	return due, nil
}

func (n *Notifier) send(ctx context.Context, c *channel, l letter) outcome {
	l.at = n.now()
	limited, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	o := c.sender.send(limited, l)
	if ctx.Err() != nil && o.verdict == unreachable {
		o = outcome{verdict: interrupted, reason: "stopped while sending"}
	}
	if o.verdict != sent {
		n.log.WarnContext(ctx, "notification not sent", slog.String("channel", c.Name), slog.String("delivery", l.id),
			slog.String("outcome", string(o.verdict)), slog.String("reason", o.reason))
	}
	return o
}

// pace is a row of notify.channel.
type pace struct {
	free, pausedUntil time.Time
	failingSince      *time.Time
}

// lockPace locks the channel's row. The lock orders all who take from its
// bucket or change its pace; it is held for the claim or the settling only.
func lockPace(ctx context.Context, tx pgx.Tx, c *channel) (p pace, err error) {
	for range 2 { // the first round on a new channel makes its row
		err = tx.QueryRow(ctx, `
			select free_at, paused_until, failing_since from notify.channel where name = $1 for update`,
			c.Name).Scan(&p.free, &p.pausedUntil, &p.failingSince)
		if !errors.Is(err, pgx.ErrNoRows) {
			return p, err
		}
		if _, err := tx.Exec(ctx, `insert into notify.channel (name) values ($1) on conflict (name) do nothing`, c.Name); err != nil {
			return p, err
		}
	}
	return p, err
}

// claim takes what is due, the most urgent first, as far as the bucket goes.
func (n *Notifier) claim(ctx context.Context, c *channel, now time.Time) (parcels []parcel, err error) {
	err = pgx.BeginFunc(ctx, n.pool, func(tx pgx.Tx) error {
		p, err := lockPace(ctx, tx, c)
		if err != nil {
			return err
		}
		limit := c.limit(now)
		tokens := min(limit.tokens(p.free, now), mostLetters)
		if p.pausedUntil.After(now) || tokens == 0 {
			return nil
		}
		most := tokens
		switch {
		case p.failingSince != nil:
			most = 1 // one letter finds out whether the receiver is back
		case c.digests():
			most += mostDigested
		}
		rows, err := claimRows(ctx, tx, c.Name, demand{now, most, p.failingSince != nil})
		if err != nil || len(rows) == 0 {
			return err
		}
		parcels = c.pack(rows, tokens, limit.MaxBytes)
		_, err = tx.Exec(ctx, `update notify.channel set free_at = $2 where name = $1`,
			c.Name, limit.spend(p.free, now, len(parcels)))
		return err
	})
	return parcels, err
}

// demand is what a claim asks for.
type demand struct {
	at    time.Time
	most  int
	probe bool // the receiver is away: take the reddest row, due or not
}

// claimRows takes due rows by moving due_at to the end of a lease. A row whose
// last claim was never settled was lost with its worker: that counts as a try,
// and after the twelfth there is no other. While the receiver is away, the most
// urgent row is taken whether it is due or not: to probe costs it no try, and it
// is the first to arrive.
func claimRows(ctx context.Context, tx pgx.Tx, channel string, d demand) ([]row, error) {
	_, err := tx.Exec(ctx, `
		with lost as (
			update notify.outbox set state = 'failed', outcome = 'lost', reason = $3
			where channel = $1 and state = 'waiting' and due_at <= $2 and tries >= $4
			returning book, id, claim)
		insert into notify.attempt (book, id, claim, at, outcome, reason)
		select book, id, claim, $2, 'lost', $3 from lost`, channel, d.at, lostBy.reason, mostTries)
	if err != nil {
		return nil, err
	}
	found, err := tx.Query(ctx, `
		with due as (
			select book, id, outcome as was, due_at as due from notify.outbox
			where channel = $1 and state = 'waiting' and (due_at <= $2 or $5 and outcome = 'unreachable')
			order by level, at, seq, id
			limit $4
			for update skip locked)
		update notify.outbox o set due_at = $3, tries = tries + 1, claim = claim + 1, outcome = 'sending'
		from due where o.book = due.book and o.id = due.id
		returning o.book, o.id, o.claim, o.tries, o.level, due.was, due.due, o.message, o.at`,
		channel, d.at, d.at.Add(lease), d.most, d.probe)
	if err != nil {
		return nil, err
	}
	rows, err := pgx.CollectRows(found, pgx.RowToStructByName[row])
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].probe = rows[i].Due.After(d.at)
		if err := json.Unmarshal([]byte(rows[i].Message), &rows[i].message); err != nil {
			return nil, fmt.Errorf("message %s: %w", rows[i].ID, err)
		}
	}
	slices.SortFunc(rows, compareRows)
	return rows, noteLost(ctx, tx, d.at, rows)
}

var lostBy = outcome{verdict: lost, reason: "the worker ended before it knew what became of it"}

// noteLost keeps that claims before these ended without a word.
func noteLost(ctx context.Context, tx pgx.Tx, now time.Time, rows []row) error {
	batch := &pgx.Batch{}
	for _, r := range rows {
		if r.Was == "sending" {
			r.Claim--
			queueAttempt(batch, r, now, lostBy)
		}
	}
	if batch.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, batch).Close()
}

func queueAttempt(batch *pgx.Batch, r row, at time.Time, o outcome) {
	batch.Queue(`
		insert into notify.attempt (book, id, claim, at, outcome, reason) values ($1, $2, $3, $4, $5, $6)
		on conflict (book, id, claim) do nothing`, r.Book, r.ID, r.Claim, at, o.verdict, o.reason)
}

// pack makes letters of rows: one each, and if there are more rows than tokens
// the last token takes a digest of the rest.
func (c *channel) pack(rows []row, tokens, most int) []parcel {
	singles := len(rows)
	if singles > tokens {
		singles = tokens - 1
	}
	var parcels []parcel
	for _, r := range rows[:singles] {
		l := letter{id: r.ID, messages: []Message{r.message}}
		l.subject, l.text = single(r.message, c.Language, c.Kind != Mail, most)
		parcels = append(parcels, parcel{[]row{r}, l})
	}
	if rest := rows[singles:]; len(rest) > 0 {
		l := letter{id: rest[0].ID}
		for _, r := range rest {
			l.messages = append(l.messages, r.message)
		}
		l.subject, l.text = digest(l.messages, c.Language, c.list, most)
		parcels = append(parcels, parcel{rest, l})
	}
	return parcels
}
